// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast.h: what the files of the script runner share: values of scripts against values of the runtime, and the host
// module "spectest".
#ifndef COVE_API_WAST_H
#define COVE_API_WAST_H

#include <cove/wast.h>

#include "base/buf.h"
#include "component/canon/canon.h"
#include "component/instantiate.h"
#include "component/text/wast.h"
#include "runtime/engine.h"

// ---- wast.c ----
// cove_wast_run on a run-time engine.
CV_MUST_USE cv_status cv_wast_run(cv_engine *engine, const char *name, const char *text, size_t size,
                                  cove_wast_report_fn *report, void *env, cove_wast_counts *counts, cv_diag *diag);

// The same with every core module compiled ahead of time, and taken from the file that this makes.
CV_MUST_USE cv_status cv_wast_run_ahead(cv_engine *engine, const char *name, const char *text, size_t size,
                                        cove_wast_report_fn *report, void *env, cove_wast_counts *counts,
                                        cv_diag *diag);

// ---- wast_value.c ----
// An argument as a value of the store, for a parameter of type `type`. False, with a sentence in `why`, when the
// script's value is of another type or cannot be made.
CV_MUST_USE bool cv_wast_to_value(cv_store *store, const cv_wast_value *v, cv_valtype type, cv_value *out, cv_buf *why);
// Whether a result of this type fits the pattern. `patterns` are the command's.
bool cv_wast_matches(const cv_wast_value *v, const cv_wast_value *patterns, cv_valtype type, const cv_value *value);
void cv_wast_print_pattern(cv_buf *out, const cv_wast_value *v, const cv_wast_value *patterns);
void cv_wast_print_value(cv_buf *out, cv_valtype type, const cv_value *value);

// ---- wast_component.c ----
// From the script to a component that can be instantiated.
CV_MUST_USE cv_status cv_wast_component_compile(cv_engine *engine, cv_wast *wast, const cv_wast_module *m,
                                                cv_component **out, cv_diag *diag);
// The exports of the component instance that was registered under a name; NULL when there is none.
typedef cv_cexports *cv_wast_find_fn(void *env, cv_bytes name);
CV_MUST_USE cv_status cv_wast_component_instantiate(cv_store *store, const cv_component *component,
                                                    cv_wast_find_fn *find, void *env, cv_cexports **out, cv_diag *diag);
typedef struct cv_wast_component_outcome {
  cv_run run;
  const cv_ctype *type; // of the result, NULL without one
  cv_cval value;        // in the arena of the call
} cv_wast_component_outcome;
// False, with a sentence in `why`, when the call cannot be made.
CV_MUST_USE bool cv_wast_component_call(cv_cexports *exports, const cv_wast_action *action, cv_arena *arena,
                                        cv_wast_component_outcome *out, cv_buf *why);
bool cv_wast_component_matches(const cv_wast_command *command, const cv_wast_component_outcome *outcome);
void cv_wast_print_component_pattern(cv_buf *out, const cv_wast_cval *v);

// ---- wave.c ----
// A value of a component as WAVE.
void cv_wave_print(cv_buf *out, const cv_ctype *type, const cv_cval *value);

// ---- wast_spectest.c ----
enum { CV_SPECTEST_COUNT = 15 };
typedef struct cv_wast_item {
  cv_bytes name;
  cv_extern item;
} cv_wast_item;
// Makes the objects of the host module in a store (specification repository, interpreter/README.md).
CV_MUST_USE cv_status cv_wast_spectest(cv_store *store, cv_wast_item items[CV_SPECTEST_COUNT], cv_diag *diag);

#endif
