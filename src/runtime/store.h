// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// store.h: making stores and what lives in them, limits included, and instantiation. Everything of a store is freed
// with it, not before: references between its objects need no counting.
#ifndef COVE_RUNTIME_STORE_H
#define COVE_RUNTIME_STORE_H

#include "runtime/runtime.h"

typedef struct cv_engine cv_engine;

// Limits of one store. Zero means the default, UINT64_MAX (UINT32_MAX) none.
typedef struct cv_store_options {
  uint64_t host_bytes;     // the store's own objects, tables and exceptions; default 1 GiB
  uint64_t memory_bytes;   // of one linear memory; default none
  uint64_t memory_total;   // of all linear memories together; default none
  uint64_t table_elements; // of one table; default 10 000 000
  uint32_t instances;      // default 10 000
  uint32_t handles;        // that one component instance holds at a time; default 1 000 000
  uint64_t value_bytes;    // of lists and strings that one call between components and the host brings; default 256 MiB
  uint32_t exceptions;     // alive at a time; default 1 000 000
  uint64_t stack_bytes;    // native stack of a call; default the engine's
  uint32_t call_depth;     // nested wasm calls in the interpreter; default by stack alone
  bool trap_on_limit;      // memory.grow and table.grow beyond a limit trap instead of giving -1
} cv_store_options;

// `options` may be NULL.
CV_MUST_USE cv_status cv_store_new(cv_engine *engine, const cv_store_options *options, cv_store **out, cv_diag *diag);
void cv_store_delete(cv_store *store);                          // NULL is allowed; not while a call of the store runs
const cv_store_options *cv_store_limits(const cv_store *store); // with the defaults filled in
cv_context *cv_store_context(cv_store *store);
cv_engine *cv_store_engine(const cv_store *store);
cv_mem *cv_store_mem(cv_store *store);
void *cv_store_data(const cv_store *store); // whatever the host set
void cv_store_set_data(cv_store *store, void *data);
// The last limit that refused something, in a sentence ("memory limit 64 MiB reached growing by 1 page"), or "".
const char *cv_store_refusal(const cv_store *store);

// An object that can be imported or exported. `as.object` NULL means none.
typedef struct cv_extern {
  cv_extern_kind kind;
  union {
    void *object;
    cv_func *func;
    cv_table *table;
    cv_memory *memory;
    cv_global *global;
    cv_tag *tag;
  } as;
} cv_extern;

// Host objects; NULL (or a status) when out of memory or over a limit. They live as long as the store.
// `env` is given to every call; `finalize`, when not NULL, gets it when the store is deleted.
cv_func *cv_store_func_new(cv_store *store, cv_typeid type, cv_host_fn *fn, void *env, void (*finalize)(void *env));
CV_MUST_USE cv_status cv_store_memory_new(cv_store *store, const cv_memtype *type, cv_memory **out, cv_diag *diag);
// An object of this store for a shared memory that another store of the engine has: one store for each thread. The
// other store may go first, but may not run while this is called.
CV_MUST_USE cv_status cv_store_memory_share(cv_store *store, cv_memory *other, cv_memory **out, cv_diag *diag);
CV_MUST_USE cv_status cv_store_table_new(cv_store *store, const cv_tabletype *type, void *init, cv_table **out,
                                         cv_diag *diag);
cv_global *cv_store_global_new(cv_store *store, const cv_globaltype *type, const cv_value *value);
cv_tag *cv_store_tag_new(cv_store *store, cv_typeid type);

// ---- for those who build on stores (components) ----
// Zeroed, aligned to 16 bytes, until the store is deleted. NULL when out of memory.
void *cv_store_alloc(cv_store *store, size_t size);
// Calls `finalize(env)` when the store is deleted, before anything of it is freed.
CV_MUST_USE cv_status cv_store_on_delete(cv_store *store, void (*finalize)(void *env), void *env);
// Counts one more component instance; CV_ELIMIT, with the refusal told, when the store may have no more.
CV_MUST_USE cv_status cv_store_count_component(cv_store *store, cv_diag *diag);

// Instantiates: matches imports (one for each import of the module, in its order), makes the objects, applies segments,
// runs the start function. `host_data` is set before any code runs.
//   CV_EUNLINKABLE  an import is missing or of another type
//   CV_ETRAP        a segment or the start function trapped: context->trap says why; an exception that the start
//                   function let escape is UNCAUGHT_EXCEPTION. What was written to imported objects stays.
//   CV_ELIMIT, CV_ENOMEM
CV_MUST_USE cv_status cv_instantiate(cv_store *store, cv_code *code, const cv_extern *imports, size_t import_count,
                                     void *host_data, cv_instance **out, cv_diag *diag);

// The object behind an export; function objects are made when asked for (object NULL when out of memory).
cv_extern cv_instance_extern(cv_instance *instance, const cv_export *item);
// True when `object` may be imported as `import` of `module` (core specification, 4.5.2).
bool cv_extern_matches(const cv_extern *object, const cv_module *module, const cv_import *import);
// Why it may not: "expected (func (param i32)), got (func)". Returns `out`.
enum { CV_MISMATCH_TEXT_SIZE = 380 };
const char *cv_extern_mismatch(const cv_extern *object, const cv_module *module, const cv_import *import,
                               char out[CV_MISMATCH_TEXT_SIZE]);

#endif
