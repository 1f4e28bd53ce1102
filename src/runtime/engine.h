// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// engine.h: what stores share: the type registry, the tier, and pools of address space, stacks and blocks that are
// expensive to make. An engine is thread-safe; it lives until it was deleted and the last code and store are gone.
//
//   cv_engine_new -> cv_engine_load (decode, validate) -> cv_engine_compile -> cv_store_new -> cv_instantiate
#ifndef COVE_RUNTIME_ENGINE_H
#define COVE_RUNTIME_ENGINE_H

#include "runtime/archive.h"
#include "runtime/store.h"
#include "runtime/tier.h"

typedef struct cv_engine cv_engine;

typedef struct cv_engine_options {
  const char *tier;     // "interp", "jit", "llvm"; NULL for the first one that can run here
  cv_features features; // 0 for CV_FEATURES_DEFAULT
  cv_compile_options compile;
  uint64_t stack_bytes;  // native stack of a call; 0 for 8 MiB of address space
  int interrupt_signal;  // 0 for SIGURG; one number for the process, the first engine's
  uint32_t pool_slots;   // memory reservations kept for reuse; 0 for 64
  struct cv_pool *pool;  // a bounded one instead (runtime/pool.h), retained; NULL for none
  uint64_t memory_limit; // bytes for modules and code of the engine; 0 for no limit
} cv_engine_options;

// `options` may be NULL. CV_EUNSUPPORTED: no such tier, or it cannot run here.
CV_MUST_USE cv_status cv_engine_new(cv_engine **out, const cv_engine_options *options, cv_diag *diag);
void cv_engine_retain(cv_engine *engine);
void cv_engine_release(cv_engine *engine); // NULL is allowed
const cv_tier *cv_engine_tier(const cv_engine *engine);
cv_features cv_engine_features(const cv_engine *engine);
const cv_compile_options *cv_engine_compile_options(const cv_engine *engine);
cv_type_registry *cv_engine_registry(cv_engine *engine);
cv_mem *cv_engine_mem(cv_engine *engine);

// Decodes and validates. With `copy` the bytes are copied; otherwise they must outlive the module. Free the module with
// cv_module_delete (wasm/binary) unless its ownership went to a code.
CV_MUST_USE cv_status cv_engine_load(cv_engine *engine, const uint8_t *bytes, size_t size, bool copy, cv_module **out,
                                     cv_diag *diag);
// Makes a module ready to run. On success the code owns the module; on failure the caller still does. The code is
// counted: it starts with one reference, and each instance holds one.
CV_MUST_USE cv_status cv_engine_compile(cv_engine *engine, cv_module *module, cv_code **out, cv_diag *diag);
// The same with the code of a compiled program, or of an entry of a cache: `key` is the module's in it.
CV_MUST_USE cv_status cv_engine_compile_from(cv_engine *engine, const cv_archive *archive, uint64_t key,
                                             cv_module *module, cv_code **out, cv_diag *diag);
// Whether the engine's stores can run code of a native tier.
bool cv_engine_is_native(const cv_engine *engine);
// Whether the code in a compiled program does what the engine was made for. CV_EUSAGE: what to compile it with.
CV_MUST_USE cv_status cv_engine_check_archive(const cv_engine *engine, const cv_archive *archive, cv_diag *diag);
// Decodes the program of one that is a module. The bodies of functions are trusted, but where the archive is an entry
// of a cache that has nothing yet.
CV_MUST_USE cv_status cv_engine_load_archive(cv_engine *engine, const cv_archive *archive, cv_module **out,
                                             cv_diag *diag);
// How modules are validated for their code to come from `archive`, or to be compiled when that is NULL: flags of
// wasm/validate/validate.h.
unsigned cv_engine_validation(const cv_engine *engine, const cv_archive *archive);
void cv_code_retain(cv_code *code);
void cv_code_release(cv_code *code); // NULL is allowed

// The canonical id of a function type given by value types without type indices: host functions. CV_NO_TYPE when out of
// memory.
cv_typeid cv_engine_functype(cv_engine *engine, const cv_valtype *params, uint32_t param_count,
                             const cv_valtype *results, uint32_t result_count);

// All tiers that were built, in the order of choice, then NULL (exec/tiers.c).
extern const cv_tier *const cv_tiers[];

#endif
