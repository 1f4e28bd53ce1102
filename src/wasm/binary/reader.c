// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// reader.c: LEB128 with bounds, vectors and names, and the types of the binary format (core specification, 5.2, 5.3).
#include "wasm/binary/reader.h"

#include "base/utf8.h"

cv_status cv_read_end(const cv_reader *r) {
  return cv_fail(r->diag, CV_EMALFORMED, (uint64_t)(r->end - r->start), "%s",
                 r->is_component ? "unexpected end-of-file" : "unexpected end of section or function");
}

static cv_status too_long(const cv_reader *r) {
  return cv_reader_fail(r, "integer representation too long");
}
static cv_status too_large(const cv_reader *r) {
  return cv_reader_fail(r, "integer too large");
}

// An unsigned number of `bits` bits: at most ceil(bits / 7) bytes, and no bit set beyond.
static cv_status read_unsigned(cv_reader *r, unsigned bits, uint64_t *out) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (shift >= bits)
      return too_long(r);
    if (r->at >= r->end)
      return cv_read_end(r);
    uint8_t byte = *r->at;
    if (bits - shift < 7 && (byte & 0x7f) >> (bits - shift) != 0)
      return too_large(r);
    r->at++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0)
      break;
  }
  *out = value;
  return CV_OK;
}

// A signed number of `bits` bits. The unused bits of the last byte repeat the sign.
static cv_status read_signed(cv_reader *r, unsigned bits, int64_t *out) {
  uint64_t value = 0;
  unsigned shift = 0;
  uint8_t byte;
  do {
    if (shift >= bits)
      return too_long(r);
    if (r->at >= r->end)
      return cv_read_end(r);
    byte = *r->at;
    if (bits - shift < 7) {
      unsigned mask = (0x7fu << (bits - shift - 1)) & 0x7f;
      if ((byte & mask) != 0 && (byte & mask) != mask)
        return too_large(r);
    }
    r->at++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    shift += 7;
  } while ((byte & 0x80) != 0);
  if (shift < 64 && (byte & 0x40) != 0)
    value |= ~(uint64_t)0 << shift;
  *out = (int64_t)value;
  return CV_OK;
}

cv_status cv_read_u32_slow(cv_reader *r, uint32_t *out) {
  uint64_t value;
  CV_TRY(read_unsigned(r, 32, &value));
  *out = (uint32_t)value;
  return CV_OK;
}

cv_status cv_read_u64_slow(cv_reader *r, uint64_t *out) {
  return read_unsigned(r, 64, out);
}

cv_status cv_read_s33(cv_reader *r, int64_t *out) {
  return read_signed(r, 33, out);
}

cv_status cv_read_s32(cv_reader *r, int32_t *out) {
  int64_t value;
  CV_TRY(read_signed(r, 32, &value));
  *out = (int32_t)value;
  return CV_OK;
}

cv_status cv_read_s64(cv_reader *r, int64_t *out) {
  return read_signed(r, 64, out);
}

// A length: "out of bounds" when it is more than all that follows its own first byte, which is where the
// specification's interpreter draws the line; a little less than that is an unexpected end.
static cv_status read_length(cv_reader *r, uint32_t *out) {
  uint32_t offset = cv_reader_offset(r);
  size_t left = cv_reader_left(r);
  CV_TRY(cv_read_u32(r, out));
  if (*out > left && !r->is_component)
    return cv_fail(r->diag, CV_EMALFORMED, offset, "length out of bounds");
  return *out > cv_reader_left(r) ? cv_read_end(r) : CV_OK;
}

cv_status cv_read_count(cv_reader *r, uint32_t most, const char *what, uint32_t *out) {
  uint32_t offset = cv_reader_offset(r);
  CV_TRY(read_length(r, out));
  if (*out > most)
    return cv_fail(r->diag, CV_ELIMIT, offset, "too many %s: %u, at most %u", what, *out, most);
  return CV_OK;
}

cv_status cv_read_bytes(cv_reader *r, size_t size, const uint8_t **out) {
  if (size > cv_reader_left(r))
    return cv_read_end(r);
  *out = r->at;
  r->at += size;
  return CV_OK;
}

cv_status cv_read_byte_vector(cv_reader *r, cv_bytes *out) {
  uint32_t size;
  CV_TRY(read_length(r, &size));
  *out = (cv_bytes){r->at, size};
  r->at += size;
  return CV_OK;
}

cv_status cv_read_name(cv_reader *r, cv_bytes *out) {
  CV_TRY(cv_read_byte_vector(r, out));
  size_t good = cv_utf8_valid_prefix(out->data, out->size);
  if (good != out->size)
    return cv_fail(r->diag, CV_EMALFORMED, (uint64_t)(out->data + good - r->start), "malformed UTF-8 encoding");
  return CV_OK;
}

// ---- types ----

static cv_status need(const cv_reader *r, const uint8_t *at, unsigned feature, const char *what) {
  if (r->features >> feature & 1)
    return CV_OK;
  return cv_fail(r->diag, CV_EUNSUPPORTED, (uint64_t)(at - r->start), "unsupported: %s (the feature %s is off)", what,
                 cv_feature_name(feature));
}

// The feature that brought an abstract heap type, or -1 when the code is none.
static int heap_feature(uint8_t code) {
  switch (CV_HEAP_ABSTRACT | code) {
  case CV_HEAP_FUNC:
    return CV_FEATURE_BIT_MVP;
  case CV_HEAP_EXTERN:
    return CV_FEATURE_BIT_REFERENCE_TYPES;
  case CV_HEAP_EXN:
  case CV_HEAP_NOEXN:
    return CV_FEATURE_BIT_EXCEPTIONS;
  case CV_HEAP_NOFUNC:
  case CV_HEAP_NOEXTERN:
  case CV_HEAP_ANY:
  case CV_HEAP_EQ:
  case CV_HEAP_I31:
  case CV_HEAP_STRUCT:
  case CV_HEAP_ARRAY:
  case CV_HEAP_NONE:
    return CV_FEATURE_BIT_GC;
  default:
    return -1;
  }
}

cv_status cv_read_heap_type(cv_reader *r, uint32_t *out) {
  const uint8_t *at = r->at;
  if (at < r->end && (*at & 0xc0) == 0x40) { // one byte, negative: an abstract type
    int feature = heap_feature(*at);
    if (feature < 0)
      return cv_reader_fail(r, "malformed heap type");
    CV_TRY(need(r, at, (unsigned)feature, "heap type"));
    *out = CV_HEAP_ABSTRACT | *r->at++;
    return CV_OK;
  }
  int64_t index;
  CV_TRY(cv_read_s33(r, &index));
  if (index < 0) { // a code in more than one byte
    r->at = at;
    return too_long(r);
  }
  CV_TRY(need(r, at, CV_FEATURE_BIT_FUNCTION_REFERENCES, "heap type"));
  // An index that no module can have stays one, and keeps out of the abstract codes.
  *out = (uint32_t)CV_MIN(index, (int64_t)CV_HEAP_ABSTRACT - 1);
  return CV_OK;
}

cv_status cv_read_ref_type(cv_reader *r, cv_valtype *out) {
  const uint8_t *at = r->at;
  if (at >= r->end)
    return cv_read_end(r);
  if (*at == CV_KIND_REF || *at == CV_KIND_REF_NULL) {
    CV_TRY(need(r, at, CV_FEATURE_BIT_FUNCTION_REFERENCES, "reference type"));
    uint8_t kind = *r->at++;
    uint32_t heap;
    CV_TRY(cv_read_heap_type(r, &heap));
    *out = heap << 8 | kind;
    return CV_OK;
  }
  int feature = heap_feature(*at);
  if (feature < 0)
    return *at >= 0x80 ? too_long(r) : cv_reader_fail(r, "malformed reference type");
  CV_TRY(need(r, at, (unsigned)feature, "reference type"));
  *out = CV_REF_TYPE(true, CV_HEAP_ABSTRACT | *at);
  r->at++;
  return CV_OK;
}

cv_status cv_read_val_type(cv_reader *r, cv_valtype *out) {
  if (r->at >= r->end)
    return cv_read_end(r);
  uint8_t code = *r->at;
  if (code >= CV_KIND_V128 && code <= CV_KIND_I32) {
    if (code == CV_KIND_V128)
      CV_TRY(need(r, r->at, CV_FEATURE_BIT_SIMD, "value type v128"));
    *out = code;
    r->at++;
    return CV_OK;
  }
  if (code != CV_KIND_REF && code != CV_KIND_REF_NULL && heap_feature(code) < 0)
    return code >= 0x80 ? too_long(r) : cv_reader_fail(r, "malformed value type");
  if (code == 0x70)
    CV_TRY(need(r, r->at, CV_FEATURE_BIT_REFERENCE_TYPES, "value type funcref"));
  return cv_read_ref_type(r, out);
}

cv_status cv_read_storage_type(cv_reader *r, cv_valtype *out) {
  if (r->at < r->end && (*r->at == CV_KIND_I8 || *r->at == CV_KIND_I16)) {
    *out = *r->at++;
    return CV_OK;
  }
  return cv_read_val_type(r, out);
}

cv_status cv_read_mutability(cv_reader *r, bool *out) {
  uint8_t byte;
  CV_TRY(cv_read_byte(r, &byte));
  if (byte > 1) {
    r->at--;
    return cv_reader_fail(r, "malformed mutability");
  }
  *out = byte == 1;
  return CV_OK;
}

enum { LIMITS_MAX = 1, LIMITS_SHARED = 2, LIMITS_64 = 4, LIMITS_PAGE_SIZE = 8 };

static cv_status read_limits(cv_reader *r, unsigned allowed, uint8_t *flags, cv_limits *out) {
  CV_TRY(cv_read_byte(r, flags));
  if ((*flags & ~allowed) != 0) {
    r->at--;
    return cv_reader_fail(r, "malformed limits flags");
  }
  bool wide = (r->features & CV_FEAT(MEMORY64)) != 0;
  *out = (cv_limits){.max = UINT64_MAX,
                     .has_max = (*flags & LIMITS_MAX) != 0,
                     .is_64 = (*flags & LIMITS_64) != 0,
                     .is_shared = (*flags & LIMITS_SHARED) != 0};
  CV_TRY(read_unsigned(r, wide ? 64 : 32, &out->min));
  if (out->has_max)
    CV_TRY(read_unsigned(r, wide ? 64 : 32, &out->max));
  return CV_OK;
}

cv_status cv_read_table_type(cv_reader *r, cv_tabletype *out) {
  uint8_t flags;
  CV_TRY(cv_read_ref_type(r, &out->elem));
  return read_limits(r, LIMITS_MAX | (r->features & CV_FEAT(MEMORY64) ? LIMITS_64 : 0), &flags, &out->limits);
}

cv_status cv_read_memory_type(cv_reader *r, cv_memtype *out) {
  unsigned allowed = LIMITS_MAX | (r->features & CV_FEAT(THREADS) ? LIMITS_SHARED : 0) |
                     (r->features & CV_FEAT(MEMORY64) ? LIMITS_64 : 0) |
                     (r->features & CV_FEAT(CUSTOM_PAGE_SIZES) ? LIMITS_PAGE_SIZE : 0);
  uint8_t flags;
  CV_TRY(read_limits(r, allowed, &flags, &out->limits));
  out->page_log2 = 16;
  if (flags & LIMITS_PAGE_SIZE) {
    uint32_t offset = cv_reader_offset(r), page_log2;
    CV_TRY(cv_read_u32(r, &page_log2));
    if (page_log2 > 64)
      return cv_fail(r->diag, CV_EMALFORMED, offset, "invalid custom page size");
    out->page_log2 = (uint8_t)page_log2;
  }
  return CV_OK;
}

cv_status cv_read_global_type(cv_reader *r, cv_globaltype *out) {
  CV_TRY(cv_read_val_type(r, &out->type));
  return cv_read_mutability(r, &out->is_mutable);
}

cv_status cv_read_tag_type(cv_reader *r, uint32_t *type) {
  uint8_t attribute;
  CV_TRY(cv_read_byte(r, &attribute));
  if (attribute != 0) {
    r->at--;
    return cv_reader_fail(r, "zero byte expected");
  }
  return cv_read_u32(r, type);
}
