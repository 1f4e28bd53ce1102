// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compiled.c: compiling ahead of time.
#include <cove/compiled.h>

#include "aot/aot.h"
#include "api/api.h"
#include "wasm/binary/decode.h"

cove_status cove_compile(cove_engine *engine, const void *data, size_t size, const cove_compile_options *options,
                         cove_buffer *out, cove_error **error) {
  cv_aot_options o = {0};
  if (cv_archive_is(data, size))
    return cv_api_fail(error, COVE_UNSUPPORTED, "this is a compiled program: cove_compiled_program has the one in it");
  if (options != NULL)
    o = (cv_aot_options){.jobs = options->jobs, .progress = options->progress, .env = options->env};
  cv_diag diag;
  cv_diag_init(&diag);
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  cv_status status = cv_aot_compile((cv_engine *)engine, data, size, &o, &buf, &diag);
  if (status != CV_OK) {
    cv_buf_free(&buf);
    return cv_api_diag(error, status, &diag);
  }
  return cv_api_hand_over(&buf, out, error);
}

cove_status cove_compiled_program(const void *data, size_t size, cove_bytes *out, bool *is_component,
                                  cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_bytes program;
  cv_status status = cv_archive_program(data, size, &program, is_component, &diag);
  if (status != CV_OK)
    return cv_api_diag(error, status, &diag);
  *out = cv_api_bytes(program);
  return COVE_OK;
}

static cove_status facts_of(const void *data, size_t size, uint32_t *flags, uint64_t *features, cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_status status = cv_archive_facts(data, size, flags, features, &diag);
  return status == CV_OK ? COVE_OK : cv_api_diag(error, status, &diag);
}

cove_status cove_compiled_is_component(const void *data, size_t size, bool *is_component, cove_error **error) {
  uint32_t flags;
  uint64_t features;
  cove_status status = facts_of(data, size, &flags, &features, error);
  if (status == COVE_OK)
    *is_component = (flags & CV_ARCHIVE_COMPONENT) != 0;
  return status;
}

cove_status cove_config_set_compiled(cove_config *config, const void *data, size_t size, cove_error **error) {
  uint32_t flags;
  uint64_t features;
  cove_status status = facts_of(data, size, &flags, &features, error);
  if (status != COVE_OK)
    return status;
  config->options.features = (features & CV_FEATURES_ALL) | CV_FEAT(MVP);
  config->options.compile.fuel = (flags & CV_ARCHIVE_FUEL) != 0;
  config->options.compile.canonical_nan = (flags & CV_ARCHIVE_CANONICAL_NAN) != 0;
  return COVE_OK;
}
