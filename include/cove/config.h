// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// config.h: how an engine compiles and what it accepts. Built by setters, read by cove_engine_new, and not looked at
// afterwards.
#ifndef COVE_CONFIG_H
#define COVE_CONFIG_H

#include <cove/pool.h>

COVE_BEGIN

typedef struct cove_config cove_config;

// NULL when out of memory.
COVE_API cove_config *cove_config_new(void);
COVE_API void cove_config_delete(cove_config *config);

// The tier that runs code: "interp", "jit", "llvm" (compiles with LLVM, slowly; needs the library libcove-llvm beside
// this one), or "auto" ("jit" where it runs, else "interp"; the default). With "auto" and lazy compilation, functions
// and loops that run long move to "llvm" where its library is found: one thread of the process looks for them while
// code runs, another one compiles. Deleting a module may then wait for a function of it, and exit for any (cove_exit).
COVE_API COVE_MUST_USE cove_status cove_config_set_tier(cove_config *config, const char *tier, cove_error **error);
// A list of words applied to the default set, from left to right: "wasm1", "wasm2", "wasm3", "default", "all", "none",
// "simd", "-threads". COVE_USAGE when a word is unknown; the error names it.
COVE_API COVE_MUST_USE cove_status cove_config_set_features(cove_config *config, const char *list, cove_error **error);
// Compile a function when it is first called, or all before the first call. Default: lazily.
COVE_API void cove_config_set_lazy(cove_config *config, bool lazy);
// Count fuel (cove_store_set_fuel). Costs time in all code of the engine. Default: off.
COVE_API void cove_config_set_fuel(cove_config *config, bool fuel);
// Every NaN that arithmetic makes is the canonical one. Default: off.
COVE_API void cove_config_set_canonical_nan(cove_config *config, bool canonical);
// The CPU that code is made for: "host", this machine's (the default); "common", x86-64-v3, which is most of the last
// ten years; "least", what every tier needs at least: x86-64 with SSE4.1. COVE_USAGE for another word.
COVE_API COVE_MUST_USE cove_status cove_config_set_cpu(cove_config *config, const char *cpu, cove_error **error);
// Tell a profiler the names of compiled functions: "perfmap", "jitdump", NULL for none. COVE_USAGE for another word.
COVE_API COVE_MUST_USE cove_status cove_config_set_profile(cove_config *config, const char *profile,
                                                           cove_error **error);
// Tell debuggers about compiled code. Default: off.
COVE_API void cove_config_set_debug(cove_config *config, bool debug);
// Bytes that modules and their code may take together; 0 for no limit (the default).
COVE_API void cove_config_set_memory_limit(cove_config *config, uint64_t bytes);
// Native stack of a call, in bytes, at least 128 KiB; 0 for the default, 8 MiB of address space.
COVE_API void cove_config_set_stack_size(cove_config *config, uint64_t bytes);
// Memories and stacks of the engine's stores come from this pool (pool.h) instead of the engine's own. The engine keeps
// the pool; the configuration does not. NULL for the engine's own.
COVE_API void cove_config_set_pool(cove_config *config, cove_pool *pool);

// The tiers that were built, in the order of choice: name of the tier `index`, NULL past the last one.
COVE_API const char *cove_tier_name(size_t index);
// Whether it can run on this machine.
COVE_API bool cove_tier_available(size_t index);
// The features that can be named: option name of feature `index`, NULL past the last one. *text and *is_default may be
// NULL.
COVE_API const char *cove_feature_name(size_t index, const char **text, bool *is_default);

COVE_END

#endif
