// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// engine.h: what modules and stores share: types, a tier, pools of address space. One per process is usual.
// Thread-safe.
#ifndef COVE_ENGINE_H
#define COVE_ENGINE_H

#include <cove/config.h>

COVE_BEGIN

typedef struct cove_engine cove_engine;

// `config` may be NULL for the defaults; it is only read. COVE_UNSUPPORTED when the tier cannot run here.
COVE_API COVE_MUST_USE cove_status cove_engine_new(const cove_config *config, cove_engine **out, cove_error **error);
// Modules and stores keep what they need of the engine: the order of deletion is free.
COVE_API void cove_engine_delete(cove_engine *engine);
// The tier in use: "jit", also where functions move from it to another one while they run.
COVE_API const char *cove_engine_tier(const cove_engine *engine);

// Ends the process as exit(status) does, but does not wait: exit waits for a function that is being compiled in the
// background (cove_config_set_tier), or for LLVM to be loaded for that: milliseconds mostly, but some seconds for a
// function of 100 KB. Where it would wait, buffers of stdio are written and the process ends without the handlers of
// atexit.
COVE_API void cove_exit(int status);

COVE_END

#endif
