// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// validator.h: what the parts of component validation share. For them, and for compose/graph.h, which puts components
// together by the same rules and needs the state itself: it keeps a validator and a scope of its own, validates with
// cv_component_check, makes resources with cv_scope_resource and rewrites types with cv_subst_externs. No other room
// includes this (tools/check_layers).
//
//   component.c  one component: its definitions in order       scope.c     index spaces
//   types.c      value and function types                      decls.c     component and instance types
//   core.c       core types, modules, instances                externs.c   imports and exports
//   names.c      names of imports and exports                  visible.c   which types they may mention
//   match.c      subtyping                                     match_core.c
//   subst.c      types with resources replaced                 instances.c instantiation, bundles, aliases
//   canons.c     canonical definitions
//
// Terms
//   scope   a component, component type or instance type, with index spaces of its own.
//   open    to make resources of the scope for those that an instance type binds, and the type that speaks of them.
//   frame   a map from bound resources to what stands for them: while a type is matched, and when it is rewritten.
//   named   a type is named in a scope when an import or export gave it a name: only named ones may be mentioned by
//           further ones (Explainer.md, "External Visibility of Types").
//
// All types live in the arena of the outermost component, whatever scope made them.
#ifndef COVE_COMPONENT_VALIDATE_VALIDATOR_H
#define COVE_COMPONENT_VALIDATE_VALIDATOR_H

#include "base/map.h"
#include "base/vec.h"
#include "component/binary/syntax.h"
#include "component/limits.h"
#include "wasm/canon.h"

typedef struct cv_coreinstancetype {
  const cv_coreextern *exports;
  uint32_t export_count;
  const cv_coreextern *const *sorted;
} cv_coreinstancetype;

typedef enum cv_scope_kind {
  CV_SCOPE_COMPONENT,
  CV_SCOPE_COMPONENT_TYPE,
  CV_SCOPE_INSTANCE_TYPE,
  CV_SCOPE_BUNDLE, // the names of an inline instance; has no index spaces
} cv_scope_kind;

enum { CV_NAMED_IMPORT = 1, CV_NAMED_EXPORT = 2 };

typedef struct cv_scope {
  struct cv_scope *outer;
  cv_scope_kind kind;
  cv_component *component; // the innermost component around
  // Core types stand in a module that has nothing else, so that the rules of core validation apply.
  cv_module core;
  CV_VEC(cv_type) core_types; // a module type has an entry of kind 0 without id
  CV_VEC(const cv_coremoduletype *) core_type_modules;
  CV_VEC(cv_typeid) core_funcs;
  CV_VEC(cv_tabletype) tables;
  CV_VEC(cv_memtype) memories;
  CV_VEC(cv_globaltype) globals;
  CV_VEC(cv_typeid) tags;
  CV_VEC(const cv_coremoduletype *) modules;
  CV_VEC(const cv_coreinstancetype *) core_instances;
  CV_VEC(const cv_cfunctype *) funcs;
  CV_VEC(cv_cdeftype) types;
  CV_VEC(const cv_ccomponenttype *) components;
  CV_VEC(const cv_cinstancetype *) instances;
  CV_VEC(cv_cextern) imports;
  CV_VEC(cv_cextern) exports;
  CV_VEC(const cv_cresource *) resources; // introduced so far, by number
  CV_VEC(uint32_t) resource_definitions;
  cv_map import_names, export_names;         // canonical name -> index in `imports`, `exports`
  cv_map import_resources, export_resources; // name -> the address of its cv_cresource
  cv_map named;                              // serial of a type or resource -> CV_NAMED_*
} cv_scope;

typedef struct cv_cvalidator {
  cv_component *root;
  cv_mem *mem;
  cv_arena *arena; // of the root
  cv_type_registry *registry;
  unsigned module_flags;
  cv_diag *diag;
  uint64_t offset;      // of the definition at hand, for messages
  uint32_t next_serial; // of types and resources
  uint32_t next_id;     // of resources
  uint64_t steps;       // spent on comparing and rewriting types
  const cv_ctype *primitives[0x80];
} cv_cvalidator;

#define cv_cinvalid(v, ...) cv_fail((v)->diag, CV_EINVALID, (v)->offset, __VA_ARGS__)
// Names in messages: %.*s with CV_NAME(bytes), cut to a length that leaves room for the rule.
#define CV_NAME(b) (int)CV_MIN((b).size, (size_t)100), (const char *)(b).data

// CV_ELIMIT when a validation spends too much on its types. What is worked on once for each byte of the binary needs no
// steps; what a few bytes can ask for again and again does: CV_COPY_STEPS for each part that is copied, one otherwise.
CV_MUST_USE cv_status cv_cvalidator_step(cv_cvalidator *v, uint64_t steps);
enum { CV_COPY_STEPS = 4 };

// Puts where it was before what is wrong, in the message of a failure.
CV_PRINTF(3, 4) CV_MUST_USE cv_status cv_in_context(cv_cvalidator *v, cv_status status, const char *fmt, ...);

// ---- component.c ----
CV_MUST_USE cv_status cv_component_check(cv_cvalidator *v, cv_component *component, cv_scope *outer);

// ---- scope.c ----
void cv_scope_init(cv_cvalidator *v, cv_scope *scope, cv_scope_kind kind, cv_scope *outer);
void cv_scope_free(cv_cvalidator *v, cv_scope *scope);
size_t cv_scope_count(const cv_scope *scope, cv_cspace space);
// "func index out of bounds: 7, there are 3"
CV_MUST_USE cv_status cv_scope_check(cv_cvalidator *v, const cv_scope *scope, cv_cspace space, uint32_t index);
// The type of an item that components may import and export; the index is checked.
CV_MUST_USE cv_status cv_scope_item(cv_cvalidator *v, const cv_scope *scope, cv_csortidx item, cv_cexterntype *out);
// Appends an item to the index space of its sort.
CV_MUST_USE cv_status cv_scope_push(cv_cvalidator *v, cv_scope *scope, const cv_cexterntype *type);
CV_MUST_USE cv_status cv_scope_type(cv_cvalidator *v, const cv_scope *scope, uint32_t index, cv_cdeftype *out);
CV_MUST_USE cv_status cv_scope_core_func_type(cv_cvalidator *v, const cv_scope *scope, uint32_t index,
                                              const cv_functype **out);
// A new resource of the scope. NULL when out of memory.
CV_MUST_USE cv_cresource *cv_scope_resource(cv_cvalidator *v, cv_scope *scope, cv_bytes name);
// The scope `count` steps outwards; *crosses tells whether a component boundary lies between.
CV_MUST_USE cv_status cv_scope_outer(cv_cvalidator *v, cv_scope *scope, uint32_t count, cv_scope **out, bool *crosses);
// Keeps the reference that the caller has on a type id until the component goes.
CV_MUST_USE cv_status cv_scope_hold(cv_cvalidator *v, cv_scope *scope, cv_typeid id);

// ---- types.c ----
CV_MUST_USE const cv_ctype *cv_type_primitive(cv_cvalidator *v, uint8_t kind); // NULL when out of memory
CV_MUST_USE cv_status cv_type_ref(cv_cvalidator *v, const cv_scope *scope, cv_syn_ref ref, const cv_ctype **out);
CV_MUST_USE cv_status cv_type_define(cv_cvalidator *v, cv_scope *scope, const cv_syn_type *syntax, cv_cdeftype *out);
// Lays out a type whose parts are set, and gives it its traits.
CV_MUST_USE cv_status cv_type_finish(cv_cvalidator *v, cv_ctype *type);
CV_MUST_USE cv_status cv_functype_finish(cv_cvalidator *v, cv_cfunctype *type);
// A copy of the type with a serial of its own: what an import or export (eq) makes.
CV_MUST_USE cv_status cv_type_rename(cv_cvalidator *v, cv_cdeftype type, cv_bytes name, cv_cdeftype *out);
cv_ctraits cv_deftype_traits(cv_cdeftype type);
const uint32_t *cv_deftype_serial(cv_cdeftype type); // lives as long as the type
cv_ctraits cv_externtype_traits(const cv_cexterntype *type);
// "defined type", "resource", "func"...
const char *cv_deftype_text(cv_cdeftype type);
// The canonical type of an item of a bundle, an instance, a component type.
CV_MUST_USE cv_status cv_instancetype_new(cv_cvalidator *v, const cv_cextern *exports, uint32_t count,
                                          const cv_cresource *const *resources, uint32_t resource_count,
                                          const cv_cinstancetype **out);
CV_MUST_USE cv_status cv_componenttype_finish(cv_cvalidator *v, cv_ccomponenttype *type);
CV_MUST_USE cv_status cv_externs_sort(cv_cvalidator *v, const cv_cextern *externs, uint32_t count,
                                      const cv_cextern *const **out);

// ---- decls.c ----
CV_MUST_USE cv_status cv_type_decls(cv_cvalidator *v, cv_scope *outer, const cv_syn_type *syntax, cv_cdeftype *out);

// ---- core.c ----
CV_MUST_USE cv_status cv_coreexterns_sort(cv_cvalidator *v, const cv_coreextern *externs, uint32_t count,
                                          const cv_coreextern *const **out);
CV_MUST_USE cv_status cv_core_type_define(cv_cvalidator *v, cv_scope *scope, const cv_syn_core_type *syntax);
CV_MUST_USE cv_status cv_core_module_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def);
CV_MUST_USE cv_status cv_core_instance_define(cv_cvalidator *v, cv_scope *scope, const cv_cdef *def);
CV_MUST_USE cv_status cv_core_type_alias(cv_cvalidator *v, cv_scope *scope, uint32_t outer, uint32_t index);
CV_MUST_USE cv_status cv_core_alias_define(cv_cvalidator *v, cv_scope *scope, const cv_cdef *def);

// ---- externs.c ----
// The type that an import or export declares, opened in the scope.
CV_MUST_USE cv_status cv_externtype_resolve(cv_cvalidator *v, cv_scope *scope, const cv_syn_externtype *syntax,
                                            cv_bytes name, bool is_import, cv_cexterntype *out);
// Checks an import or export against all rules and adds it to the scope's, and to an index space.
CV_MUST_USE cv_status cv_extern_add(cv_cvalidator *v, cv_scope *scope, bool is_import, const cv_syn_extern *syntax,
                                    const cv_cexterntype *type, const cv_cextern **out);
CV_MUST_USE cv_status cv_import_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def);
CV_MUST_USE cv_status cv_export_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def);

// ---- names.c ----
// Checks name and attributes, uniqueness, and what an annotation demands of the type; enters the name.
CV_MUST_USE cv_status cv_extern_name_check(cv_cvalidator *v, cv_scope *scope, bool is_import,
                                           const cv_syn_extern *syntax, const cv_cexterntype *type);
bool cv_name_is_kebab(cv_bytes name);
// The name in the form in which it is compared with others, in the arena; data is NULL when out of memory.
CV_MUST_USE cv_bytes cv_name_canonical(cv_cvalidator *v, cv_bytes name);

// ---- visible.c ----
// False when the type mentions types without name; otherwise what it names itself is named from now on.
CV_MUST_USE cv_status cv_visible_check(cv_cvalidator *v, cv_scope *scope, bool is_import, const cv_cexterntype *type,
                                       bool *visible);

// ---- match.c ----
// Instantiation: the types that were given for those that imports asked for, by address.
typedef struct cv_given_types {
  cv_map by_serial; // of the type asked for
  cv_map by_origin; // of one without resources: whatever new name it has
} cv_given_types;
void cv_given_types_init(cv_given_types *types, cv_mem *mem);
void cv_given_types_free(cv_given_types *types);

typedef struct cv_rframe {
  const struct cv_rframe *outer;
  const cv_cresource *const *bound; // two runs of ascending ids
  uint32_t first_run, count;
  const cv_cresource **actual; // NULL where not bound yet
  cv_given_types *types;       // or NULL
} cv_rframe;
CV_MUST_USE cv_status cv_rframe_init(cv_cvalidator *v, cv_rframe *frame, const cv_rframe *outer,
                                     const cv_cresource *const *bound, uint32_t first_run, uint32_t count);
const cv_cresource *cv_rframe_resolve(const cv_rframe *frame, const cv_cresource *resource);
// The place where a resource is bound, or NULL.
const cv_cresource **cv_rframe_find(const cv_rframe *frame, const cv_cresource *resource);
// Whether `actual` can stand where `wanted` is. Resources that `wanted` introduces become bound in the frames.
CV_MUST_USE cv_status cv_match_extern(cv_cvalidator *v, const cv_rframe *frame, const cv_cexterntype *actual,
                                      const cv_cexterntype *wanted);
CV_MUST_USE cv_status cv_match_core_extern(cv_cvalidator *v, const cv_coreextern *actual, const cv_coreextern *wanted);
CV_MUST_USE cv_status cv_match_module(cv_cvalidator *v, const cv_coremoduletype *actual,
                                      const cv_coremoduletype *wanted);

// ---- subst.c ----
// With frame->types, whose by_serial becomes the memory of what was rewritten, types are replaced too.
CV_MUST_USE cv_status cv_subst_externs(cv_cvalidator *v, const cv_rframe *frame, const cv_cextern *externs,
                                       uint32_t count, const cv_cextern **out);
// Whether a type speaks of resources that it does not bind.
CV_MUST_USE cv_status cv_type_mentions(cv_cvalidator *v, cv_cdeftype type, bool *out);
// Opens an instance type in a scope: *out binds nothing.
CV_MUST_USE cv_status cv_instancetype_open(cv_cvalidator *v, cv_scope *scope, const cv_cinstancetype *type,
                                           bool is_import, const cv_cinstancetype **out);

// ---- instances.c ----
CV_MUST_USE cv_status cv_instantiate_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def);
CV_MUST_USE cv_status cv_bundle_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def);
CV_MUST_USE cv_status cv_alias_define(cv_cvalidator *v, cv_scope *scope, const cv_syn_alias *alias,
                                      cv_cexterntype *type);

// ---- canons.c ----
CV_MUST_USE cv_status cv_canon_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def);

#endif
