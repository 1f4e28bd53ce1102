// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// logging.c: wasi:logging: messages go to the host's function. What is logged counts as output.
#include "wasi/p2/host.h"

static_assert((int)WASI_LOGGING_LOGGING_LEVEL_TRACE == CV_LOG_TRACE &&
                  (int)WASI_LOGGING_LOGGING_LEVEL_CRITICAL == CV_LOG_CRITICAL,
              "same numbers");

cove_host_result wasi_logging_logging_log(void *host, cove_call *call, wasi_logging_logging_level level,
                                          cove_string context, cove_string message) {
  cv_p2 *p2 = host;
  cv_wasi *w = p2->w;
  if (w->log.fn == NULL) {
    cv_wasi_refuse_other(w, "--log", "log a message");
    return cv_p2_refuse(p2, call, "wasi:logging/logging");
  }
  if ((int)level < (int)w->log.least)
    return COVE_HOST_OK;
  uint64_t size = (uint64_t)context.size + message.size + 1;
  if (size > w->limits.output - w->output_used)
    return cv_p2_trap(p2, call, CV_ERR_OUTPUT_LIMIT);
  w->output_used += size;
  w->log.fn(w->log.env, (cv_log_level)level, p2_bytes(context), p2_bytes(message));
  return COVE_HOST_OK;
}
