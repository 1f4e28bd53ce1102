// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse_component.c: a component as a whole.
#include "component/text/cwat.h"

cv_status cv_cwat_parse_fields(cv_text *text, uint32_t open, uint32_t *at, cv_features features, cv_mem *mem,
                               cv_buf *out, cv_diag *diag) {
  (void)text, (void)open, (void)at, (void)features, (void)mem, (void)out;
  return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: component (in the text format)");
}
