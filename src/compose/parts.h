// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parts.h: components out of components, and a component back into what it is made of.
#ifndef COVE_COMPOSE_PARTS_H
#define COVE_COMPOSE_PARTS_H

#include "base/buf.h"
#include "base/status.h"

// A component that is given. All is borrowed.
typedef struct cv_compose_part {
  cv_bytes name;     // "ns:pkg", "ns:pkg@1.0.0"; of a plug or a socket for people, and may be empty
  const char *title; // for messages: a file name
  cv_bytes bytes;
} cv_compose_part;

// The first part with its imports plugged by the exports of the others. CV_EINVALID says which import does not fit.
CV_MUST_USE cv_status cv_compose_plug(const cv_compose_part *parts, uint32_t count, cv_mem *mem, cv_buf *out,
                                      cv_diag *diag);

// Finds the component that a text names. *found is false when there is none; another failure is told by status.
typedef cv_status cv_compose_find(void *env, cv_bytes name, cv_compose_part *part, bool *found, cv_diag *diag);
// A composition that is written down, in the part of the WAC language that docs/compose.md describes. Failures of the
// text have a line and a column.
CV_MUST_USE cv_status cv_compose_text(const char *text, size_t size, cv_compose_find *find, void *env, cv_mem *mem,
                                      cv_buf *out, cv_diag *diag);

// A core module or a component inside of another.
typedef struct cv_split_part {
  cv_bytes path; // "module-0", "component-1.module-0", with names where the name sections have some
  bool is_component;
  cv_bytes bytes;
} cv_split_part;
typedef cv_status cv_split_each(void *env, const cv_split_part *part, cv_diag *diag);
// All that is inside, what is outside before what is inside of it. The path lives until `each` returns.
CV_MUST_USE cv_status cv_compose_split(cv_bytes component, cv_split_each *each, void *env, cv_mem *mem, cv_diag *diag);

#endif
