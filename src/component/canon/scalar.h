// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// scalar.h: values that are one core value, as bits: in memory and in slots (CanonicalABI.md, "Loading", "Storing").
#ifndef COVE_COMPONENT_CANON_SCALAR_H
#define COVE_COMPONENT_CANON_SCALAR_H

#include "component/canon/value.h"

static inline uint64_t cv_scalar_load(const uint8_t *p, uint32_t size) {
  switch (size) {
  case 1:
    return *p;
  case 2:
    return cv_load_le16(p);
  case 4:
    return cv_load_le32(p);
  default:
    return cv_load_le64(p);
  }
}

static inline void cv_scalar_store(uint8_t *p, uint32_t size, uint64_t bits) {
  switch (size) {
  case 1:
    *p = (uint8_t)bits;
    break;
  case 2:
    cv_store_le16(p, (uint16_t)bits);
    break;
  case 4:
    cv_store_le32(p, (uint32_t)bits);
    break;
  default:
    cv_store_le64(p, bits);
  }
}

// Every NaN becomes the canonical one.
static inline uint32_t cv_scalar_f32(uint32_t bits) {
  return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits;
}
static inline uint64_t cv_scalar_f64(uint64_t bits) {
  return (bits & INT64_MAX) > 0x7ff0000000000000 ? 0x7ff8000000000000 : bits;
}

static inline uint32_t cv_flags_mask(uint32_t labels) {
  return labels >= 32 ? UINT32_MAX : ((uint32_t)1 << labels) - 1;
}

// From at least the value's bits to the value; characters and handles apart. What lies above the value's width is cut.
static inline void cv_scalar_lift(const cv_ctype *t, uint64_t bits, cv_cval *out) {
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_BOOL:
    out->as.boolean = (uint32_t)bits != 0;
    break;
  case CV_CT_S8:
    out->as.s64 = (int8_t)bits;
    break;
  case CV_CT_U8:
    out->as.u64 = (uint8_t)bits;
    break;
  case CV_CT_S16:
    out->as.s64 = (int16_t)bits;
    break;
  case CV_CT_U16:
    out->as.u64 = (uint16_t)bits;
    break;
  case CV_CT_S32:
    out->as.s64 = (int32_t)bits;
    break;
  case CV_CT_U32:
    out->as.u64 = (uint32_t)bits;
    break;
  case CV_CT_F32: {
    uint32_t f = cv_scalar_f32((uint32_t)bits);
    memcpy(&out->as.f32, &f, sizeof f);
    break;
  }
  case CV_CT_F64: {
    uint64_t f = cv_scalar_f64(bits);
    memcpy(&out->as.f64, &f, sizeof f);
    break;
  }
  case CV_CT_FLAGS:
    out->as.flags = (uint32_t)bits & cv_flags_mask(t->count);
    break;
  default: // s64, u64
    out->as.u64 = bits;
  }
}

// The core value, zero-extended to 64 bits (s8 to s32: of their 32-bit form). False when the value is not in the type's
// range, which lifted values always are.
static inline bool cv_scalar_lower(const cv_ctype *t, const cv_cval *v, uint64_t *bits) {
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_BOOL:
    *bits = v->as.boolean;
    return true;
  case CV_CT_S8:
    *bits = (uint32_t)v->as.s64;
    return v->as.s64 == (int8_t)v->as.s64;
  case CV_CT_U8:
    *bits = v->as.u64;
    return v->as.u64 <= UINT8_MAX;
  case CV_CT_S16:
    *bits = (uint32_t)v->as.s64;
    return v->as.s64 == (int16_t)v->as.s64;
  case CV_CT_U16:
    *bits = v->as.u64;
    return v->as.u64 <= UINT16_MAX;
  case CV_CT_S32:
    *bits = (uint32_t)v->as.s64;
    return v->as.s64 == (int32_t)v->as.s64;
  case CV_CT_U32:
    *bits = v->as.u64;
    return v->as.u64 <= UINT32_MAX;
  case CV_CT_F32: {
    uint32_t f;
    memcpy(&f, &v->as.f32, sizeof f);
    *bits = cv_scalar_f32(f);
    return true;
  }
  case CV_CT_F64: {
    uint64_t f;
    memcpy(&f, &v->as.f64, sizeof f);
    *bits = cv_scalar_f64(f);
    return true;
  }
  case CV_CT_CHAR:
    *bits = v->as.character;
    return *bits < 0x110000 && (*bits < 0xd800 || *bits > 0xdfff);
  case CV_CT_FLAGS:
    *bits = v->as.flags;
    return (v->as.flags & ~cv_flags_mask(t->count)) == 0;
  default: // s64, u64
    *bits = v->as.u64;
    return true;
  }
}

#endif
