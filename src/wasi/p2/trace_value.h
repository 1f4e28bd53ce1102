// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// trace_value.h: private to wasi/p2: values of calls as a trace shows them.
//
// `type` is a place in a signature: "result<list<u8>,enum{a,b}>" (cove/glue.h, "Signature").
#ifndef COVE_WASI_P2_TRACE_VALUE_H
#define COVE_WASI_P2_TRACE_VALUE_H

#include "wasi/p2/host.h"

enum { P2_TRACE_STRING = 64 }; // most bytes of buffers, and of strings in other values

// Sizes in memory, and the number of flat values.
typedef struct p2_shape {
  uint32_t size, align, flat;
} p2_shape;

// Room for the text of one value.
typedef struct p2_text {
  cv_mem *mem; // for scratch
  size_t size;
  char text[320];
} p2_text;

bool p2_type_is(const char *type, const char *word); // its first word is this
// The type at *at, which moves behind it.
p2_shape p2_measure(const char **at);
// The first bytes of a text: at most `most`, whole characters.
cv_bytes p2_cut(const uint8_t *data, size_t size, size_t most);

// A value in its flat form, and one in memory, where `at` has room for the type. *out keeps pointers to `room` and to
// the program's memory.
void p2_show_flat(const cove_call *call, const char *type, const cove_value *flat, p2_text *room, cv_trace_value *out);
void p2_show_stored(const cove_call *call, const char *type, const uint8_t *at, p2_text *room, cv_trace_value *out);

// A case of a variant, enum or result; of a result without its label. False when there is none of that number.
typedef struct p2_case_info {
  const char *label;
  size_t label_size;
  const char *payload;     // its type; NULL for none
  uint32_t payload_offset; // in memory
} p2_case_info;
bool p2_case(const char *type, uint32_t which, p2_case_info *out);

#endif
