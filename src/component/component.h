// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component.h: a decoded component: what every later pass reads. Immutable once validated, so that threads share it.
//
//   component/binary decodes  ->  component/validate checks, and fills what is marked "validated"  ->  instantiation
//
// A component is a list of definitions in the order of the binary. Each adds to index spaces that start empty; a
// definition refers only to what came before it. Instantiation (component/instantiate.c) walks the same list.
// Names follow Binary.md.
//
// Resources. The resources of a component are numbered 0, 1, ... in the order of the definitions that introduce them;
// a run-time instance of it has a map from these numbers to resource types (cv_cinstance.resources). Every type in a
// cv_cdef of the component speaks of this numbering only (cv_cresource.index), but for what lies inside of a component
// type, which binds resources of its own. A definition introduces the numbers [first_resource, first_resource +
// resource_count):
//   type         a `resource` type: itself. The linker makes a new resource type; the destructor is named by
//                ((const cv_syn_type *)def->syntax)->dtor.
//   import       (type (sub resource)): itself; an instance: every resource that its type introduces.
//   instantiate  every resource that the component's exports introduce.
//   export       those that its ascribed type introduces, which are other names of what is exported.
//   others       none
// For the last three: each number n introduced by `def` is the resource of a type export somewhere in def->type, found
// by walking its exports and those of instances in it in order; the first that is found gives map[n]: the resource type
// that the actual import, the new instance, or the exported item has at the same path of names. A number that the walk
// does not find is never used. So to fill the map: walk def->type beside the actual item; at each export of a type
// whose kind is CV_DEF_RESOURCE and whose index is in the range and not yet filled, take the actual's resource type.
#ifndef COVE_COMPONENT_COMPONENT_H
#define COVE_COMPONENT_COMPONENT_H

#include "base/arena.h"
#include "component/types.h"
#include "wasm/module.h"

typedef struct cv_component cv_component;
typedef struct cv_code cv_code;       // runtime/tier.h
typedef struct cv_engine cv_engine;   // runtime/engine.h
typedef struct cv_archive cv_archive; // runtime/archive.h

// Index spaces of a component. The first eight are the sorts of core WebAssembly.
typedef enum cv_cspace {
  CV_CS_CORE_FUNC,
  CV_CS_CORE_TABLE,
  CV_CS_CORE_MEMORY,
  CV_CS_CORE_GLOBAL,
  CV_CS_CORE_TAG,
  CV_CS_CORE_TYPE,
  CV_CS_CORE_MODULE,
  CV_CS_CORE_INSTANCE,
  CV_CS_FUNC,
  CV_CS_VALUE,
  CV_CS_TYPE,
  CV_CS_COMPONENT,
  CV_CS_INSTANCE,
  CV_CS_COUNT,
} cv_cspace;

// An item of an index space.
typedef struct cv_csortidx {
  cv_cspace space;
  uint32_t index;
} cv_csortidx;

// (with name item), (export name item)
typedef struct cv_carg {
  cv_bytes name;
  cv_csortidx item;
  uint32_t entry; // where it is in the binary
  // Inline exports of an instance: the name with its attributes, for the printer (component/binary/syntax.h); else
  // NULL.
  const struct cv_syn_extern *syntax;
} cv_carg;

typedef enum cv_cdef_kind {
  CV_CDEF_CORE_MODULE,      // module
  CV_CDEF_CORE_INSTANTIATE, // source, args (instances)
  CV_CDEF_CORE_BUNDLE,      // args: inline exports of a core instance
  CV_CDEF_CORE_TYPE,
  CV_CDEF_COMPONENT,         // component
  CV_CDEF_INSTANTIATE,       // source, args
  CV_CDEF_BUNDLE,            // args: inline exports of an instance
  CV_CDEF_ALIAS_EXPORT,      // space, source (instance), name
  CV_CDEF_ALIAS_CORE_EXPORT, // space, source (core instance), name
  CV_CDEF_ALIAS_OUTER,       // space, outer, source
  CV_CDEF_TYPE,
  CV_CDEF_CANON, // canon
  CV_CDEF_START,
  CV_CDEF_IMPORT, // external
  CV_CDEF_EXPORT, // external, item
  CV_CDEF_VALUE,
} cv_cdef_kind;

// Canonical definitions; the numbers are the binary format's. What belongs to async, error-context and threads is
// decoded and validated; instantiation answers "unsupported".
typedef enum cv_canon_kind {
#define CV_CANON(name, code, text, immediates, signature) CV_CANON_##name = code,
#include "component/canon.def"
} cv_canon_kind;
// "lift", "resource.new"; NULL for a code that is none.
const char *cv_canon_text(cv_canon_kind kind);
// The immediates as canon.def writes them; NULL for a code that is none.
const char *cv_canon_immediates(cv_canon_kind kind);
// The core function that a built-in makes, as canon.def writes it; NULL where it depends on types or for none.
const char *cv_canon_signature(cv_canon_kind kind);

typedef enum cv_string_encoding { CV_UTF8 = 0, CV_UTF16 = 1, CV_LATIN1_UTF16 = 2 } cv_string_encoding;

// Canonical options (canonopt*). Indices are CV_NO_INDEX where an option is absent.
typedef struct cv_canon_options {
  cv_string_encoding encoding;
  bool has_encoding;
  bool is_async;
  bool memory_is_64;    // validated: of `memory`
  uint32_t memory;      // core memory
  uint32_t realloc;     // core func
  uint32_t post_return; // core func
  uint32_t callback;    // core func
} cv_canon_options;

typedef struct cv_canon {
  cv_canon_kind kind;
  cv_canon_options options;
  uint32_t core_func;      // lift: the core function
  uint32_t func;           // lower: the function
  uint32_t type;           // lift: type index; resource, stream and future built-ins: type index
  uint32_t operand;        // what else a built-in has: memory, slot, core type
  uint32_t operand2;       // table
  bool flag;               // async?, cancellable?, shared? of a built-in
  cv_valtype context_type; // context.get, context.set
  // validated
  const cv_cfunctype *func_type; // lift, lower; task.return: its parameters
  const cv_cresource *resource;  // resource built-ins
  const cv_ctype *element;       // stream and future built-ins: the element type, or NULL
  cv_typeid core_type;           // lower and built-ins: type of the core function that it makes
} cv_canon;

typedef struct cv_cdef {
  cv_cdef_kind kind;
  uint32_t entry;  // where it starts in the binary
  cv_span span;    // core module, component: its bytes
  cv_cspace space; // the index space that the definition adds to; CV_CS_COUNT for none
  uint32_t index;  // where there: of the first item that it adds
  uint32_t adds;   // how many items: 1, but for core types (the types of a recursive group) and start
  uint32_t source; // what is instantiated, aliased; outer alias: the index there
  uint32_t outer;  // outer alias: how many scopes outwards
  cv_bytes name;   // export alias
  const cv_carg *args;
  uint32_t arg_count;
  cv_csortidx item; // export: what is exported
  union {
    cv_module *module;       // owned by the component; made ready to run by cv_component_compile
    cv_component *component; // owned
    const cv_canon *canon;
    const cv_cextern *external; // validated: import, export
  } as;
  const void *syntax; // as decoded, for the validator and the printer: component/binary/syntax.h says which
  cv_code *code;      // core module, after cv_component_compile
  // validated: type of what the definition adds
  cv_cexterntype type;
  // validated: the resources that are introduced here, with consecutive numbers. See "Resources" above.
  uint32_t first_resource, resource_count;
} cv_cdef;

struct cv_component {
  cv_mem *mem;                // borrowed quota
  cv_arena arena;             // owns all below but modules and nested components
  cv_type_registry *registry; // borrowed from the engine
  cv_features features;       // of the core modules
  const cv_component *outer;  // NULL for the outermost
  const uint8_t *bytes;       // of the outermost, from its preamble on
  size_t size;
  bool bytes_owned;
  cv_span span;  // of this component in bytes
  cv_bytes name; // from the component-name section, or empty

  cv_cdef *defs;
  uint32_t def_count;
  uint32_t space_counts[CV_CS_COUNT]; // items of each index space at the end
  const cv_custom_section *customs;   // `after` is the number of definitions before it
  uint32_t custom_count;

  // Type ids of the registry that validation holds for types made here. Allocated from mem.
  cv_typeid *held_types;
  size_t held_type_count, held_type_capacity;

  // validated
  cv_ccomponenttype type;               // imports and exports
  uint32_t resource_count;              // resources in this component's numbering
  const uint32_t *resource_definitions; // cv_cdef index of each `resource` type that it defines itself
  uint32_t resource_definition_count;
  uint32_t core_instance_count, instance_count; // made by instantiation
  // Adapters that were generated for callers in this component, when it is an outermost one
  // (component/canon/adapter.h). The one part that changes, atomically, after validation.
  struct cv_adapters *adapters;
};

// Decodes (all nested ones too). Errors as for core modules: offset and the specification's rule. With `copy` the bytes
// are copied, else they outlive the component. Core modules are decoded and validated by the validator.
CV_MUST_USE cv_status cv_component_decode(cv_component **out, cv_mem *mem, const uint8_t *bytes, size_t size, bool copy,
                                          cv_features features, cv_diag *diag);
// Validates all of it, core modules included, but not the bodies of their functions where they were compiled before
// (CV_VALIDATE_WITHOUT_BODIES). On failure the component is good for deletion only.
CV_MUST_USE cv_status cv_component_validate(cv_component *component, cv_type_registry *registry, unsigned module_flags,
                                            cv_diag *diag);
// Makes the core modules ready to run (compile.c): fills cv_cdef.code, in nested components too. The codes own their
// modules. `archive` has their code, NULL to compile them. On failure the component is good for deletion only.
CV_MUST_USE cv_status cv_component_compile(cv_component *component, cv_engine *engine, const cv_archive *archive,
                                           cv_diag *diag);
// Calls `visit` with the definition of each core module, of nested components too, in the order of the program, until
// it fails.
typedef cv_status cv_component_visit(void *env, cv_cdef *module);
CV_MUST_USE cv_status cv_component_each_module(const cv_component *component, cv_component_visit *visit, void *env);
void cv_component_delete(cv_component *component); // NULL is allowed; releases codes

// A cursor over the names that the component-name section gives to items of one index space, as cv_name_cursor of
// wasm/binary/decode.h: names come in the order of the file, each in valid UTF-8; indices may be any number. What is
// malformed reads as absent.
typedef struct cv_cname_cursor {
  const uint8_t *at, *end; // of what is left
  uint32_t left;
  uint32_t index; // of the name last given
  cv_bytes name;
} cv_cname_cursor;
void cv_cname_cursor_init(cv_cname_cursor *cursor, const cv_component *component, cv_cspace space);
bool cv_cname_cursor_next(cv_cname_cursor *cursor); // false at the end

#endif
