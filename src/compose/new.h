// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// new.h: what the files of `component new` share.
//
//   new_units.c   reading the core modules     new_items.c      definitions of the component
//   new_slots.c   what serves an import        new_instances.c  core modules and their instances
//   new_reach.c   what of adapters is used     new_exports.c    exports
//   new_types.c   core types of functions      new.c            the order of all of it, and why there is a shim
//
// and adapter.h, an adapter as it goes into the component; peek.h and grow.h, modules that help adapters; prune.h, what
// of a module can be reached; modules.h, the other core modules.
#ifndef COVE_COMPOSE_NEW_H
#define COVE_COMPOSE_NEW_H

#include "base/map.h"
#include "base/vec.h"
#include "component/binary/sections.h"
#include "compose/adapter.h"
#include "compose/compose.h"
#include "wasm/canon.h"
#include "wasm/module.h"
#include "wit/encode.h"
#include "wit/syntax.h"

// The module, its world or an adapter is not as it must be.
#define CV_NEW_FAIL(b, ...) cv_fail((b)->diag, CV_EINVALID, CV_NO_OFFSET, __VA_ARGS__)

enum { CV_NEW_MAX_FLAT_PARAMS = 16, CV_NEW_MAX_FLAT_RESULTS = 1 };

// Sorts, as bytes of the binary.
enum {
  CV_NEW_SORT_CORE = 0x00,
  CV_NEW_SORT_FUNC = 0x01,
  CV_NEW_SORT_TYPE = 0x03,
  CV_NEW_SORT_INSTANCE = 0x05,
  CV_NEW_CORE_FUNC = 0x00,
  CV_NEW_CORE_TABLE = 0x01,
  CV_NEW_CORE_MEMORY = 0x02,
  CV_NEW_CORE_GLOBAL = 0x03,
  CV_NEW_CORE_INSTANCE = 0x12,
};

typedef enum cv_new_slot_kind {
  CV_SLOT_FUNC,          // item, func: canon lower
  CV_SLOT_RESOURCE_DROP, // resource
  CV_SLOT_RESOURCE_NEW,  // resource, of an export
  CV_SLOT_RESOURCE_REP,  //
  CV_SLOT_ADAPTER,       // provider: its export of the same name
  CV_SLOT_MAIN,          // an export of main, any sort
  CV_SLOT_TRAP,          // nobody calls it: function number `shim` of the module of traps
} cv_new_slot_kind;

typedef struct cv_new_slot {
  cv_new_slot_kind kind;
  const cv_wit_item *item;
  const cv_wit_func *func;
  const cv_wit_typedef *resource;
  bool is_exported; // the resource is
  uint32_t provider;
  bool is_indirect;
  uint32_t shim; // number of its function there
} cv_new_slot;

typedef struct cv_new_unit {
  const char *name;  // NULL for main
  const char *title; // what messages call it
  cv_bytes bytes;
  cv_module *module;
  cv_wit_world *world;
  cv_new_slot *slots;    // one for each import
  const cv_bytes *names; // of the imports (modules.h)
  bool *reached;         // of an adapter: the functions that somebody may call. NULL for main
  bool is_used;          // of an adapter: something of it is
  bool is_helper;        // it serves adapters: peek.h, grow.h
  bool hides_exports;    // the component does not export what its world does
  cv_adapter_stack stack;
  uint32_t core_module, core_instance;
  uint32_t memory;          // core memory that it works in, once it is instantiated; CV_NO_INDEX for none
  const char *memory_fault; // why it cannot work in its own
} cv_new_unit;

// A function of the shim: what it is and who puts it in.
typedef struct cv_new_shim {
  cv_new_unit *user;              // whose import it is; NULL for a destructor
  uint32_t import;                //
  const cv_wit_typedef *resource; // destructor of an exported resource
  const cv_wit_item *item;
} cv_new_shim;

typedef struct cv_new_builder {
  cv_mem *mem;
  cv_arena arena;
  cv_diag *diag;
  cv_wit *wit; // the worlds of all units
  cv_type_registry *registry;
  cv_new_unit *units;
  uint32_t unit_count;
  const cv_adapter *given; // by the user
  uint32_t given_count;
  cv_wit_item *imports, *exports; // of all worlds, each once
  cv_wit_encoder e;
  CV_VEC(cv_new_shim) shims;
  uint32_t shim_module, fixup_module, shim_instance;
  CV_VEC(const cv_functype *) traps; // types of functions that nobody calls
  uint32_t trap_instance;
  bool out_of_memory;                // a text could not be made: what came of it means nothing
  cv_map import_names, export_names; // of the items -> their addresses
  cv_map owners;                     // addresses of exports -> the module of the unit whose world has it
  cv_map used;                       // addresses of functions that some unit imports
  cv_map needed;                     // addresses of interfaces to import
} cv_new_builder;

// ---- new_units.c ----
CV_COLD cv_status cv_new_no_memory(cv_new_builder *b);
// What messages call it.
const char *cv_new_unit_title(const cv_new_unit *u);
// `rest` is what follows the prefix; it is left alone when there is no such prefix.
bool cv_new_starts_with(cv_bytes text, const char *prefix, cv_bytes *rest);
// A set of addresses: b->used, b->needed.
CV_MUST_USE cv_status cv_new_mark(cv_new_builder *b, cv_map *set, const void *address);
bool cv_new_is_marked(const cv_map *set, const void *address);
// The text of a buffer, which is freed; it lives as long as the builder.
cv_bytes cv_new_text_of(cv_new_builder *b, cv_buf *buf);
cv_bytes cv_new_item_name(cv_new_builder *b, const cv_wit_item *item);
cv_bytes cv_new_func_label(cv_new_builder *b, const cv_wit_func *func);
// Decodes the module and the worlds that it carries.
CV_MUST_USE cv_status cv_new_read_unit(cv_new_builder *b, cv_new_unit *u);
// The same function, or the same interface, of two worlds.
bool cv_new_same_item(const cv_wit_item *a, const cv_wit_item *b);
// Copies of the items of all worlds, each once.
CV_MUST_USE cv_status cv_new_add_items(cv_new_builder *b);
const cv_wit_item *cv_new_item_named(const cv_map *names, cv_bytes name); // b->import_names, b->export_names
// The number of the unit that provides a core import module; CV_NO_INDEX for none.
uint32_t cv_new_adapter_named(const cv_new_builder *b, cv_bytes name);
const cv_export *cv_new_export_named(const cv_module *module, cv_bytes name);
const cv_export *cv_new_export_called(const cv_module *module, const char *name);
// The unit whose world has the item of b->exports.
cv_new_unit *cv_new_owner_of(const cv_new_builder *b, const cv_wit_item *item);

// ---- new_reach.c ----
bool cv_new_is_used_import(const cv_new_unit *u, const cv_import *import);
// What one adapter calls may be in another.
CV_MUST_USE cv_status cv_new_find_reached(cv_new_builder *b);
// Adapters of which nothing is used are left out, so are the modules that help them: main need not have a memory then.
void cv_new_drop_unused(cv_new_builder *b);
// The imports of the component: the interfaces that are needed, with the functions that are used.
CV_MUST_USE cv_status cv_new_put_imports(cv_new_builder *b);

// ---- new_types.c ----
// What it takes to lift or lower a function.
typedef struct cv_new_needs {
  bool memory;
  bool param_pointers, result_pointers; // into memory
  bool spills;                          // the parameters are passed in memory
} cv_new_needs;
cv_new_needs cv_new_needs_of(const cv_wit_func *func);

// A core function type without references.
typedef struct cv_new_signature {
  cv_functype type; // its types are `types`: not to be copied
  cv_valtype types[CV_NEW_MAX_FLAT_PARAMS + 2];
} cv_new_signature;
// The type of a function of the world: as an import, or as an export, from which it is lifted.
void cv_new_signature_of(const cv_wit_func *func, bool is_lifted, cv_new_signature *out);
// Of a text: "ii>i" has two parameters and a result of type i32.
void cv_new_signature_parse(const char *text, cv_new_signature *out);
bool cv_new_is_numeric(const cv_functype *type); // no references
// Whether a function has this type, and is declared plainly so: without a supertype, and final.
CV_MUST_USE cv_status cv_new_has_type(cv_new_builder *b, const cv_module *module, uint32_t func,
                                      const cv_functype *type, bool *out);
const char *cv_new_type_text(cv_new_builder *b, const cv_functype *type); // "(func (param i32))"
// Fails when an imported or exported function has another type than it has `whose`: "in its world". The remedy, ":
// ...", ends the sentence.
#define CV_NEW_OTHER_BINDINGS ": its bindings are of another world, or of another version of it"
CV_MUST_USE cv_status cv_new_check_import(cv_new_builder *b, const cv_new_unit *u, const cv_import *import,
                                          const cv_functype *wanted, const char *whose, const char *remedy);
CV_MUST_USE cv_status cv_new_check_export(cv_new_builder *b, const cv_new_unit *u, const cv_export *export,
                                          const cv_functype *wanted, const char *whose, const char *remedy);
// The exports whose names mean something have the types that go with it.
CV_MUST_USE cv_status cv_new_check_conventions(cv_new_builder *b, const cv_new_unit *u);
// Why a component cannot use a memory, "is shared"; NULL when it can.
const char *cv_new_memory_fault(const cv_module *module, uint32_t memory);

// ---- new_slots.c ----
// Decides for each import of each unit what serves it; those that go through the shim get a number there.
CV_MUST_USE cv_status cv_new_find_slots(cv_new_builder *b);
// Destructors are called through the shim: the type is there before the module is.
CV_MUST_USE cv_status cv_new_find_destructors(cv_new_builder *b);

// ---- new_items.c ----
// One definition; the buffer is freed.
void cv_new_add_item(cv_new_builder *b, uint32_t section, cv_buf *item);
// A core module or a component is a section of its own.
void cv_new_add_binary(cv_new_builder *b, uint8_t section, cv_bytes bytes);
// (alias core export $instance "name" (sort))
uint32_t cv_new_alias_core(cv_new_builder *b, uint32_t instance, cv_bytes name, uint8_t sort, cv_cspace space);
uint32_t cv_new_alias_core_func(cv_new_builder *b, uint32_t instance, cv_bytes name);
uint32_t cv_new_shim_func(cv_new_builder *b, uint32_t number);
// The realloc for values that come into a unit's memory: results of imports, parameters of exports. A unit may tell
// them apart by the names "cabi_import_realloc" and "cabi_export_realloc".
uint32_t cv_new_realloc_of(cv_new_builder *b, const cv_new_unit *u, const char *name);
// Fails when the unit works in no memory: `what` it does ("imports") with `name` needs one.
CV_MUST_USE cv_status cv_new_need_memory(cv_new_builder *b, const cv_new_unit *u, const char *what, cv_bytes name);
// (canon lower ...) of the import in a slot.
CV_MUST_USE cv_status cv_new_lower(cv_new_builder *b, const cv_new_unit *u, const cv_new_slot *s, uint32_t *core_func);
// (canon resource.new/drop/rep type), by the byte of its kind.
uint32_t cv_new_resource_builtin(cv_new_builder *b, uint8_t kind, uint32_t type);
// A type of an imported interface, in the component's own index space.
CV_MUST_USE cv_status cv_new_imported_type(cv_new_builder *b, const cv_wit_typedef *def, uint32_t *index);
// The type of an exported resource before it is exported.
uint32_t cv_new_own_type(const cv_new_builder *b, const cv_wit_typedef *resource);
// The name of the core export that is its destructor.
cv_bytes cv_new_dtor_name(cv_new_builder *b, const cv_wit_item *item, const cv_wit_typedef *resource);
// Defines the exported resources.
CV_MUST_USE cv_status cv_new_put_resources(cv_new_builder *b);

// ---- new_instances.c ----
// The units, the shim and the fixup as core modules.
CV_MUST_USE cv_status cv_new_put_core_modules(cv_new_builder *b, bool has_start);
CV_MUST_USE cv_status cv_new_instantiate_unit(cv_new_builder *b, cv_new_unit *u);
// Sets the memory that an instantiated unit works in.
void cv_new_alias_memory(cv_new_builder *b, cv_new_unit *u);
// An instance of a module without imports.
uint32_t cv_new_instantiate_plain(cv_new_builder *b, uint32_t module);
// The module of traps and its instance.
void cv_new_put_traps(cv_new_builder *b);
CV_MUST_USE cv_status cv_new_instantiate_fixup(cv_new_builder *b, bool has_start);

// ---- new_exports.c ----
CV_MUST_USE cv_status cv_new_put_exports(cv_new_builder *b);

#endif
