// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast.h: what the files of the script runner share: values of scripts against values of the runtime, and the host
// module "spectest".
#ifndef COVE_API_WAST_H
#define COVE_API_WAST_H

#include <cove/wast.h>

#include "base/buf.h"
#include "runtime/engine.h"
#include "component/text/wast.h"

// ---- wast.c ----
// cove_wast_run on a run-time engine.
CV_MUST_USE cv_status cv_wast_run(cv_engine *engine, const char *name, const char *text, size_t size,
                                  cove_wast_report_fn *report, void *env, cove_wast_counts *counts, cv_diag *diag);

// ---- wast_value.c ----
// An argument as a value of the store, for a parameter of type `type`. False, with a sentence in `why`, when the
// script's value is of another type or cannot be made.
CV_MUST_USE bool cv_wast_to_value(cv_store *store, const cv_wast_value *v, cv_valtype type, cv_value *out, cv_buf *why);
// Whether a result of this type fits the pattern. `patterns` are the command's.
bool cv_wast_matches(const cv_wast_value *v, const cv_wast_value *patterns, cv_valtype type, const cv_value *value);
void cv_wast_print_pattern(cv_buf *out, const cv_wast_value *v, const cv_wast_value *patterns);
void cv_wast_print_value(cv_buf *out, cv_valtype type, const cv_value *value);

// ---- wast_spectest.c ----
enum { CV_SPECTEST_COUNT = 15 };
typedef struct cv_wast_item {
  cv_bytes name;
  cv_extern item;
} cv_wast_item;
// Makes the objects of the host module in a store (specification repository, interpreter/README.md).
CV_MUST_USE cv_status cv_wast_spectest(cv_store *store, cv_wast_item items[CV_SPECTEST_COUNT], cv_diag *diag);

#endif
