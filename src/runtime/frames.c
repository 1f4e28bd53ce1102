// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// frames.c: walking wasm frames.
#include "runtime/frames.h"

#include "runtime/internal.h"

// Reads whatever is at a frame pointer, which a signal may have found anywhere.
#define READS_STACK __attribute__((no_sanitize("address")))

void cv_frame_walk_init(cv_frame_walk *walk, cv_context *context) {
  *walk = (cv_frame_walk){.context = context, .activation = context->top};
}

// The stack that holds this frame, among those of the store.
static const cv_fiber *fiber_of(const cv_context *c, uintptr_t fp) {
  for (const cv_fiber *f = c->fiber; f != NULL; f = f->outer)
    if (cv_stack_has(f, fp))
      return f;
  return NULL;
}

// The instance of a native frame. What the frame holds may not be written yet: it counts only when it is an instance
// that runs this code.
READS_STACK const cv_instance *cv_frame_instance(const cv_context *context, uintptr_t fp, const cv_code *code) {
  const cv_store *s = context->store;
  const cv_instance *claimed = ((const cv_instance *const *)fp)[-1], *fallback = NULL;
  if (code->lower != NULL)
    code = code->lower;
  for (size_t i = 0; i < s->instances.count; i++) {
    const cv_instance *instance = s->instances.data[i];
    if (instance->code != code)
      continue;
    if (instance == claimed)
      return claimed;
    fallback = instance;
  }
  return fallback;
}

// One native frame; false at the end of the chain.
READS_STACK static bool native_next(cv_frame_walk *w, cv_frame *out, bool *found) {
  uintptr_t pc = w->exact ? w->pc : w->pc - 1;
  const cv_code *code = cv_code_map_find(pc);
  const cv_fiber *fiber = fiber_of(w->context, w->fp);
  if (code == NULL || fiber == NULL || w->fp % sizeof(uintptr_t) != 0 || !cv_stack_has(fiber, w->fp + 15) ||
      !cv_stack_has(fiber, w->fp - 8))
    return false;
  cv_code_place place = {0};
  *found = code->tier->place(code, pc, &place);
  bool inlined = *found && place.is_inlined && !w->inlined_told;
  if (*found && out != NULL)
    *out = (cv_frame){.instance = cv_frame_instance(w->context, w->fp, code),
                      .func = inlined ? place.inlined_func : place.func,
                      .offset = inlined ? place.inlined_offset : place.offset};
  w->inlined_told = inlined;
  if (inlined)
    return true;
  const uintptr_t *frame = (const uintptr_t *)w->fp;
  bool up = frame[0] > w->fp;
  w->pc = frame[1];
  w->exact = false;
  w->fp = up ? frame[0] : 0;
  return true;
}

bool cv_frame_walk_next(cv_frame_walk *w, cv_frame *out) {
  for (;;) {
    if (w->in_native) {
      bool found = false;
      if (!native_next(w, out, &found))
        w->in_native = false;
      if (found)
        return true;
      continue;
    }
    const cv_activation *a = w->activation;
    if (a == NULL)
      return false;
    w->activation = a->outer;
    if (a->kind == CV_ACTIVATION_NATIVE) {
      w->in_native = true;
      w->fp = (uintptr_t)a->frame;
      w->pc = (uintptr_t)a->pc;
      w->exact = a->faulted;
      continue;
    }
    if (out != NULL)
      *out = (cv_frame){.instance = a->func->instance, .func = a->func->index, .offset = a->offset};
    return true;
  }
}
