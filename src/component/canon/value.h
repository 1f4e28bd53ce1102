// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// value.h: a value of a component-level type, outside of any linear memory. Its type is known from elsewhere (a
// cv_ctype); `kind` repeats it for those who look at values alone. The public cove_component_value has this layout.
#ifndef COVE_COMPONENT_CANON_VALUE_H
#define COVE_COMPONENT_CANON_VALUE_H

#include "component/types.h"

struct cv_resource_type;
typedef struct cv_cval cv_cval;

struct cv_cval {
  uint32_t kind;  // cv_ctype_kind
  uint32_t which; // variant, enum, option, result: index of the case; option: 0 none, 1 some; result: 0 ok, 1 error
  union {
    bool boolean;
    int64_t s64;  // s8 to s64
    uint64_t u64; // u8 to u64
    float f32;
    double f64;
    uint32_t character; // Unicode scalar value
    struct {
      const char *data; // UTF-8, not terminated
      size_t size;      // bytes
    } string;
    struct {
      cv_cval *items; // record, tuple, list, fixed list; map: 2 * count items, key and value in turn
      size_t count;
    } list;
    cv_cval *payload; // variant, option, result: NULL when the case has none
    uint32_t flags;   // bit i is label i
    struct {
      const struct cv_resource_type *type;
      uint64_t rep;
    } handle; // own, borrow
  } as;
  // string: how it was encoded where it came from, because the specification lets that show in how memory is asked for
  // when it is lowered again. 0 and 0 from the host: UTF-8.
  uint32_t source_encoding; // cv_string_encoding; CV_LATIN1_UTF16 with bit 31 of source_units for UTF-16
  uint32_t source_units;    // code units there
};

#endif
