// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// trap.c: setting a trap with its backtrace, and leaving native code.
#include "runtime/frames.h"
#include "runtime/internal.h"

#include <stdarg.h>
#include <stdio.h>

const char *cv_trap_text(cv_trap_kind kind) {
  switch (kind) {
#define CV_TRAP(name, value, text)                                                                                     \
  case CV_TRAP_##name:                                                                                                 \
    return text;
#include "runtime/traps.def"
  }
  return "unknown trap";
}

void cv_trap_capture(cv_context *c) {
  cv_trap *t = &c->trap;
  t->frame_count = t->frames_total = 0;
  cv_frame_walk walk;
  cv_frame frame;
  cv_frame_walk_init(&walk, c);
  while (cv_frame_walk_next(&walk, &frame)) {
    if (t->frame_count < CV_MAX_BACKTRACE)
      t->frames[t->frame_count++] = frame;
    t->frames_total++;
  }
}

cv_run cv_trap_set(cv_context *c, cv_trap_kind kind, const char *fmt, ...) {
  c->trap.kind = kind;
  c->trap.text[0] = '\0';
  if (fmt != NULL) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->trap.text, sizeof c->trap.text, fmt, args);
    va_end(args);
  } else if (kind == CV_TRAP_MEMORY_LIMIT || kind == CV_TRAP_TABLE_LIMIT) {
    snprintf(c->trap.text, sizeof c->trap.text, "%s", c->store->refusal);
  }
  cv_trap_capture(c);
  return CV_RUN_TRAP;
}

void cv_raise(cv_context *c, cv_run run) {
  cv_activation *a = c->top;
  assert(a != NULL && a->kind == CV_ACTIVATION_NATIVE);
  c->top = a->outer;
  cv_stack_unwind(a->sp, (int)run);
}

void cv_raise_trap(cv_context *c, cv_trap_kind kind) {
  cv_trap_set(c, kind, NULL);
  cv_raise(c, CV_RUN_TRAP);
}
