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
// The tier in use: "jit".
COVE_API const char *cove_engine_tier(const cove_engine *engine);

COVE_END

#endif
