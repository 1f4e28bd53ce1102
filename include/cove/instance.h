// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instance.h: instances, and the linker that makes them. A cove_instance belongs to its store and lives as long. A
// linker is a table from (module, name) to what an import of that name gets.
#ifndef COVE_INSTANCE_H
#define COVE_INSTANCE_H

#include <cove/func.h>
#include <cove/global.h>
#include <cove/memory.h>
#include <cove/module.h>
#include <cove/table.h>
#include <cove/tag.h>

COVE_BEGIN

// Anything that can be imported or exported.
typedef struct cove_extern {
  cove_extern_kind kind;
  union {
    cove_func *func;
    cove_table *table;
    cove_memory *memory;
    cove_global *global;
    cove_tag *tag;
  } as;
} cove_extern;

// The export of that name; false when there is none. The typed forms give NULL when there is none of that name and
// kind.
COVE_API bool cove_instance_export(cove_instance *instance, const char *name, cove_extern *out);
// The export `index` of the instance's module.
COVE_API bool cove_instance_export_at(cove_instance *instance, size_t index, cove_extern *out);
COVE_API cove_func *cove_instance_func(cove_instance *instance, const char *name);
COVE_API cove_memory *cove_instance_memory(cove_instance *instance, const char *name);
COVE_API cove_global *cove_instance_global(cove_instance *instance, const char *name);
COVE_API cove_table *cove_instance_table(cove_instance *instance, const char *name);

typedef struct cove_linker cove_linker;

// Belongs to the store's thread, and is deleted before the store. NULL when out of memory.
COVE_API cove_linker *cove_linker_new(cove_store *store);
// What was defined goes on living in the store.
COVE_API void cove_linker_delete(cove_linker *linker);
// A later definition of the same names replaces the earlier one. Names are copied. COVE_USAGE when the item belongs to
// another store than the linker (of globals and tags that is not checked).
COVE_API COVE_MUST_USE cove_status cove_linker_define(cove_linker *linker, const char *module, const char *name,
                                                      const cove_extern *item, cove_error **error);
// cove_func_new and cove_linker_define in one.
COVE_API COVE_MUST_USE cove_status cove_linker_define_func(cove_linker *linker, const char *module, const char *name,
                                                           const cove_functype *type, cove_host_fn *fn, void *env,
                                                           void (*finalize)(void *env), cove_error **error);
// All exports of an instance of the linker's store, under one module name.
COVE_API COVE_MUST_USE cove_status cove_linker_define_instance(cove_linker *linker, const char *module,
                                                               cove_instance *instance, cove_error **error);
// Instantiates (core specification, 4.5.4): finds the imports, makes the objects, applies the segments, runs the start
// function.
//   COVE_UNLINKABLE  cove_error_import names the import
//   COVE_TRAP, COVE_EXIT
//   COVE_LIMIT, COVE_NO_MEMORY
//   COVE_USAGE       the module was only inspected, or belongs to another engine
COVE_API COVE_MUST_USE cove_status cove_linker_instantiate(cove_linker *linker, const cove_module *module,
                                                           cove_instance **out, cove_error **error);

COVE_END

#endif
