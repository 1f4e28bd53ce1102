// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// value.h: a value of any type. It does not carry its type: the type of the function, global or table says which member
// counts. Arrays of values are 16-byte aligned and are what the engine itself passes, so that a call converts nothing.
#ifndef COVE_VALUE_H
#define COVE_VALUE_H

#include <cove/types.h>

COVE_BEGIN

typedef struct cove_func cove_func;
typedef struct cove_store cove_store;

// 16 bytes. A null reference is a NULL pointer. References that a host hands over are checked: that they are of the
// store that gets them, and not null, and functions of the right type, where that is asked for. Members smaller than
// the value leave the rest unspecified.
typedef union __attribute__((aligned(16))) cove_value {
  int32_t i32;
  uint32_t u32;
  int64_t i64;
  uint64_t u64;
  float f32;
  double f64;
  uint8_t v128[16]; // little-endian, as in linear memory
  cove_func *func;  // a funcref
  void *ref;        // any other reference: see cove_externref_new
} cove_value;

// A value of type externref that stands for `data`, a pointer of the host (which may be NULL). `finalize` (may be NULL)
// gets `data` when neither the guest can reach the value nor the host holds it; the host holds it from its making until
// cove_externref_release. NULL when out of memory. The store owns it.
COVE_API void *cove_externref_new(cove_store *store, void *data, void (*finalize)(void *data));
// The `data` of an externref; NULL for a null reference.
COVE_API void *cove_externref_data(void *ref);
COVE_API void cove_externref_release(void *ref);

COVE_END

#endif
