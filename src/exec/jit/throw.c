// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// throw.c: finds the handler of an exception in one function (exception.c has the other half; exec/code/throw.c walks
// the frames).
#include "exec/jit/code.h"

static bool catches(const handler *h, const cv_instance *instance, const cv_exception *exception) {
  if (h->kind != CV_HANDLER_CATCH && h->kind != CV_HANDLER_CATCH_REF && h->kind != CV_HANDLER_LEGACY_CATCH)
    return true;
  const cv_tag *const *tags = (const cv_tag *const *)((const char *)instance + instance->layout->tags);
  return tags[h->tag] == exception->tag;
}

// The landing pad in the function that holds the call before `pc`, NULL when it does not catch.
const uint8_t *jit_pad(const cv_code *base, uintptr_t pc, const cv_instance *instance, const cv_exception *e) {
  uint32_t index, at, deepest = UINT32_MAX;
  const cv_native_func *f = cv_native_find((const cv_native_code *)base, pc, &index, &at);
  if (f == NULL)
    return NULL;
  const handler *handlers = f->pads;
  const uint32_t count = f->pads_size / sizeof *handlers;
  for (uint32_t i = 0; i < count; i++) {
    const handler *h = &handlers[i];
    if (at < h->start || at >= h->end || h->depth > deepest)
      continue;
    if (h->kind == CV_HANDLER_LEGACY_DELEGATE)
      deepest = h->delegate_to;
    else if (catches(h, instance, e))
      return cv_native_entry_of(f) + h->pad;
  }
  return NULL;
}
