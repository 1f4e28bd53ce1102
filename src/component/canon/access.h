// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// access.h: what lifting and lowering share: checked access to a guest's memory.
#ifndef COVE_COMPONENT_CANON_ACCESS_H
#define COVE_COMPONENT_CANON_ACCESS_H

#include "component/canon/canon.h"

enum {
  CV_MAX_VALUE_BYTES = (1 << 28) - 1, // of one string or list where it is lifted (MAX_STRING_BYTE_LENGTH...)
};

static inline unsigned cv_canon_ptr(const cv_canon_context *cx) {
  return cx->options->is_64 ? CV_PTR64 : CV_PTR32;
}

static inline bool cv_canon_fits(const cv_canon_context *cx, uint64_t address, uint64_t size) {
  const cv_memory *memory = cx->options->memory;
  return memory != NULL && cv_range_fits(address, size, cv_memory_size(memory));
}

// Of an address that was checked.
static inline uint8_t *cv_canon_at(const cv_canon_context *cx, uint64_t address) {
  return cx->options->memory->base + address;
}

// Whether what the host has lies in a guest's memory, as part of an argument: the guest's realloc may write there, or
// give a place that overlaps.
static inline bool cv_memory_holds(const cv_memory *memory, const void *data) {
  return memory != NULL && (uintptr_t)data - (uintptr_t)memory->base < memory->reserved;
}

static inline bool cv_is_aligned(uint64_t address, uint32_t align) {
  return (address & (align - 1)) == 0;
}

// Zeroed; NULL with a trap set.
static inline void *cv_canon_array(const cv_canon_context *cx, size_t count, size_t size) {
  void *p = cv_arena_calloc(cx->arena, count, size);
  if (p == NULL)
    cv_trap_set(cx->instance->context, CV_TRAP_OUT_OF_MEMORY, "no host memory for values of a call");
  return p;
}

// The tuple of all parameters. No validation has bounded its size.
typedef struct cv_tuple_layout {
  uint64_t size;
  uint32_t align;
} cv_tuple_layout;
cv_tuple_layout cv_fields_layout(const cv_cfield *fields, uint32_t count, unsigned ptr);

// Counts bytes of a string or list that leaves the guest's memory, against the instance's limit.
CV_MUST_USE cv_run cv_canon_count(cv_canon_context *cx, uint64_t bytes);
// The trap when that limit is reached.
CV_COLD cv_run cv_canon_value_limit(cv_cinstance *instance);

#endif
