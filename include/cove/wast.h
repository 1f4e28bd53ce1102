// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast.h: running test scripts (.wast), the format of the specification's test suite.
#ifndef COVE_WAST_H
#define COVE_WAST_H

#include <cove/engine.h>

COVE_BEGIN

// One assertion that failed, or a command that could not be carried out: the line it stands on, and what was expected
// and what came. Both strings live for the time of the call.
typedef void cove_wast_report_fn(void *env, const char *name, uint32_t line, const char *message);

typedef struct cove_wast_counts {
  uint64_t passed, failed; // assertions, and modules that stand for themselves
} cove_wast_counts;

// Runs a script on the engine's tier and features; `name` is for reports only. The host module "spectest" is there,
// modules that the script registers, and threads. `report` may be NULL. Adds to *counts. A failed assertion is no
// failure of this function; COVE_MALFORMED is, when the script is not one at all, and COVE_NO_MEMORY.
COVE_API COVE_MUST_USE cove_status cove_wast_run(cove_engine *engine, const char *name, const char *text, size_t size,
                                                 cove_wast_report_fn *report, void *env, cove_wast_counts *counts,
                                                 cove_error **error);

COVE_END

#endif
