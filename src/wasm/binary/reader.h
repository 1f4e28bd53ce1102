// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// reader.h: the checking reader of the binary format: every read stays inside its limit and failures carry the offset
// and the specification's words. Errors are CV_EMALFORMED. On failure the reader's place is unspecified.
#ifndef COVE_WASM_BINARY_READER_H
#define COVE_WASM_BINARY_READER_H

#include "base/arena.h"
#include "base/status.h"
#include "wasm/features.h"
#include "wasm/types.h"

typedef struct cv_reader {
  const uint8_t *start; // of the module: offsets count from here
  const uint8_t *at, *end;
  cv_features features;
  cv_diag *diag;     // may be NULL
  bool is_component; // an end is told in the words of the Component Model's scripts
} cv_reader;

static inline size_t cv_reader_left(const cv_reader *r) {
  return (size_t)(r->end - r->at);
}
static inline uint32_t cv_reader_offset(const cv_reader *r) {
  return (uint32_t)(r->at - r->start);
}
// Fails at the place of the reader.
#define cv_reader_fail(r, ...) cv_fail((r)->diag, CV_EMALFORMED, cv_reader_offset(r), __VA_ARGS__)

CV_COLD CV_MUST_USE cv_status cv_read_end(const cv_reader *r); // "unexpected end"
CV_MUST_USE cv_status cv_read_u32_slow(cv_reader *r, uint32_t *out);
CV_MUST_USE cv_status cv_read_u64_slow(cv_reader *r, uint64_t *out);
CV_MUST_USE cv_status cv_read_s33(cv_reader *r, int64_t *out);
CV_MUST_USE cv_status cv_read_s32(cv_reader *r, int32_t *out);
CV_MUST_USE cv_status cv_read_s64(cv_reader *r, int64_t *out);

CV_MUST_USE static inline cv_status cv_read_byte(cv_reader *r, uint8_t *out) {
  if (CV_UNLIKELY(r->at >= r->end)) {
    *out = 0;
    return cv_read_end(r);
  }
  *out = *r->at++;
  return CV_OK;
}
CV_MUST_USE static inline cv_status cv_read_u32(cv_reader *r, uint32_t *out) {
  if (CV_LIKELY(r->at < r->end && *r->at < 0x80)) {
    *out = *r->at++;
    return CV_OK;
  }
  return cv_read_u32_slow(r, out);
}
CV_MUST_USE static inline cv_status cv_read_u64(cv_reader *r, uint64_t *out) {
  if (CV_LIKELY(r->at < r->end && *r->at < 0x80)) {
    *out = *r->at++;
    return CV_OK;
  }
  return cv_read_u64_slow(r, out);
}

// The number of elements of a vector, of which there may be at most `most`. It is no more than the bytes left to read,
// since an element takes one at least, so that an array for them is bounded by the input. `what` names them.
CV_MUST_USE cv_status cv_read_count(cv_reader *r, uint32_t most, const char *what, uint32_t *out);
// `size` bytes as they are.
CV_MUST_USE cv_status cv_read_bytes(cv_reader *r, size_t size, const uint8_t **out);
// A vector of bytes.
CV_MUST_USE cv_status cv_read_byte_vector(cv_reader *r, cv_bytes *out);
// A name: a vector of bytes in valid UTF-8.
CV_MUST_USE cv_status cv_read_name(cv_reader *r, cv_bytes *out);

CV_MUST_USE cv_status cv_read_heap_type(cv_reader *r, uint32_t *out);
CV_MUST_USE cv_status cv_read_ref_type(cv_reader *r, cv_valtype *out);
CV_MUST_USE cv_status cv_read_val_type(cv_reader *r, cv_valtype *out);
CV_MUST_USE cv_status cv_read_storage_type(cv_reader *r, cv_valtype *out); // also i8 and i16
CV_MUST_USE cv_status cv_read_mutability(cv_reader *r, bool *out);
CV_MUST_USE cv_status cv_read_table_type(cv_reader *r, cv_tabletype *out);
CV_MUST_USE cv_status cv_read_memory_type(cv_reader *r, cv_memtype *out);
CV_MUST_USE cv_status cv_read_global_type(cv_reader *r, cv_globaltype *out);
CV_MUST_USE cv_status cv_read_tag_type(cv_reader *r, uint32_t *type);
// One sub type of a recursive group; its group is the caller's to fill in. What it points to lives in `arena`.
CV_MUST_USE cv_status cv_read_sub_type(cv_reader *r, cv_arena *arena, cv_type *out);

#endif
