// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// trap.c: setting a trap with its backtrace, and leaving native code.
#include "base/text.h"
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

// Adds the frames of all activations. To learn the instance of a frame takes a search: it is done for those kept.
static void add_running(cv_context *c) {
  cv_trap *t = &c->trap;
  cv_frame_walk walk;
  cv_frame_walk_init(&walk, c);
  while (cv_frame_walk_next(&walk, t->frame_count < CV_MAX_BACKTRACE ? &t->frames[t->frame_count] : NULL)) {
    t->frame_count = CV_MIN(t->frame_count + 1, (uint32_t)CV_MAX_BACKTRACE);
    t->frames_total++;
  }
}

void cv_trap_capture(cv_context *c, cv_trap_kind kind) {
  cv_trap *t = &c->trap;
  t->kind = kind;
  t->inherited = c->inherited == (uint32_t)kind;
  t->limit = 0;
  t->text[0] = '\0';
  t->frame_count = t->frames_total = 0;
  add_running(c);
}

cv_run cv_trap_set(cv_context *c, cv_trap_kind kind, const char *fmt, ...) {
  cv_trap_capture(c, kind);
  if (fmt != NULL) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->trap.text, sizeof c->trap.text, fmt, args);
    va_end(args);
  } else if (kind == CV_TRAP_MEMORY_LIMIT || kind == CV_TRAP_TABLE_LIMIT) {
    snprintf(c->trap.text, sizeof c->trap.text, "%s", c->store->refusal);
    c->trap.limit = c->store->refusal_limit;
  }
  return CV_RUN_TRAP;
}

const char *cv_trap_sentence(cv_context *c) {
  cv_trap *t = &c->trap;
  char number[CV_TEXT_SIZE];
  if (t->text[0] != '\0')
    return t->text;
  if (t->kind == CV_TRAP_OUT_OF_FUEL) {
    t->limit = c->store->fuel_given;
    snprintf(t->text, sizeof t->text, "fuel limit %s used up", cv_count_text(t->limit, number, sizeof number));
  } else if (t->kind == CV_TRAP_DEADLINE && t->inherited) {
    snprintf(t->text, sizeof t->text, "deadline of the store that made this call passed");
  } else if (t->kind == CV_TRAP_DEADLINE) {
    t->limit = c->store->deadline_after;
    snprintf(t->text, sizeof t->text, "deadline of %s passed", cv_duration_text(t->limit, number, sizeof number));
  } else {
    return cv_trap_text(t->kind);
  }
  return t->text;
}

static cv_frame found_again(const cv_left_frame *left) {
  const cv_code *code = left->instance->code;
  cv_code_place place = {.func = (uint32_t)(left->place >> 32), .offset = (uint32_t)left->place};
  if (code->tier->thunk != NULL) { // the code may be above the instance's own
    code = cv_code_map_find((uintptr_t)left->place);
    if (code == NULL || !code->tier->place(code, (uintptr_t)left->place, &place))
      place = (cv_code_place){0};
  }
  return (cv_frame){.instance = left->instance, .func = place.func, .offset = place.offset};
}

void cv_trap_uncaught(cv_context *c) {
  cv_trap *t = &c->trap;
  uint32_t total = c->left_by == c->exception ? c->left_total : 0;
  *t = (cv_trap){.kind = CV_TRAP_UNCAUGHT_EXCEPTION, .frames_total = total};
  for (; t->frame_count < CV_MIN(total, (uint32_t)CV_MAX_BACKTRACE); t->frame_count++)
    t->frames[t->frame_count] = found_again(&c->left[t->frame_count]);
  add_running(c); // those of calls around this one
  c->exception = NULL;
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
