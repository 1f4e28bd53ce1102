// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// status.c: status texts and the diagnostic.
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

const char *cv_status_text(cv_status status) {
  switch (status) {
#define CV_STATUS(name, value, text)                                                                                   \
  case CV_E##name:                                                                                                     \
    return text;
#include "base/status.def"
  }
  return "unknown status";
}

void cv_diag_init(cv_diag *diag) {
  *diag = (cv_diag){.status = CV_OK, .offset = CV_NO_OFFSET, .func = CV_NO_INDEX};
}

void cv_diag_record(cv_diag *diag, cv_status status, uint64_t offset, const char *fmt, ...) {
  if (diag != NULL && diag->status == CV_OK) {
    diag->status = status;
    diag->offset = offset;
    va_list args;
    va_start(args, fmt);
    vsnprintf(diag->text, sizeof diag->text, fmt, args);
    va_end(args);
  }
}

const char *cv_diag_message(const cv_diag *diag, char *out, size_t out_size) {
  char place[64] = "", func[128] = "";
  if (diag->line != 0)
    snprintf(place, sizeof place, "line %u:%u: ", diag->line, diag->column);
  else if (diag->offset != CV_NO_OFFSET)
    snprintf(place, sizeof place, "offset 0x%llx: ", (unsigned long long)diag->offset);
  if (diag->func != CV_NO_INDEX) {
    if (diag->func_name[0] != '\0')
      snprintf(func, sizeof func, "function %u (%s): ", diag->func, diag->func_name);
    else
      snprintf(func, sizeof func, "function %u: ", diag->func);
  }
  snprintf(out, out_size, "%s%s%s", place, func, diag->text[0] != '\0' ? diag->text : cv_status_text(diag->status));
  return out;
}
