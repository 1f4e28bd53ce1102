// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text.c: between the text format and the binary format; test scripts.
#include "api/api.h"
#include "api/component.h"
#include "api/wast.h"
#include "component/text/cwat.h"

cove_status cove_text_parse(const cove_engine *engine, const char *text, size_t size, cove_buffer *out,
                            cove_error **error) {
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  cv_diag diag;
  cv_diag_init(&diag);
  cv_features features = engine != NULL ? cv_engine_features((const cv_engine *)engine) : CV_FEATURES_DEFAULT;
  cv_status status = cv_cwat_parse(text, size, features, &cv_api_mem, &buf, &diag);
  if (status == CV_OK)
    return cv_api_hand_over(&buf, out, error);
  cv_buf_free(&buf);
  return cv_api_diag(error, status, &diag);
}

static cv_wat_print_options print_options(unsigned flags) {
  return (cv_wat_print_options){.fold = (flags & COVE_PRINT_FOLDED) != 0,
                                .no_names = (flags & COVE_PRINT_NO_NAMES) != 0,
                                .offsets = (flags & COVE_PRINT_OFFSETS) != 0};
}

cove_status cove_text_print(const cove_module *module, unsigned flags, cove_buffer *out, cove_error **error) {
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  cv_diag diag;
  cv_diag_init(&diag);
  const cv_wat_print_options options = print_options(flags);
  cv_status status = cv_wat_print(module->module, &options, &cv_api_mem, &buf, &diag);
  if (status == CV_OK)
    return cv_api_hand_over(&buf, out, error);
  cv_buf_free(&buf);
  return cv_api_diag(error, status, &diag);
}

cove_status cove_text_print_component(const cove_component *component, unsigned flags, cove_buffer *out,
                                      cove_error **error) {
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  cv_diag diag;
  cv_diag_init(&diag);
  const cv_wat_print_options options = print_options(flags);
  cv_status status = cv_cwat_print(component->component, &options, &cv_api_mem, &buf, &diag);
  if (status == CV_OK)
    return cv_api_hand_over(&buf, out, error);
  cv_buf_free(&buf);
  return cv_api_diag(error, status, &diag);
}

cove_status cove_wast_run(cove_engine *engine, const char *name, const char *text, size_t size,
                          cove_wast_report_fn *report, void *env, cove_wast_counts *counts, cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_status status = cv_wast_run((cv_engine *)engine, name, text, size, report, env, counts, &diag);
  return status == CV_OK ? COVE_OK : cv_api_diag(error, status, &diag);
}
