// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast_value.c: values of scripts: made, matched, printed.
#include "api/wast.h"
#include "runtime/extern.h"
#include "wasm/text/number.h"

// An externref of a script is known by its number; the box holds the number plus one, so that 0 is not null.
static void *data_of_number(uint64_t n) {
  return (void *)(uintptr_t)(n + 1);
}

static bool is_null_pattern_of(const cv_wast_value *v, cv_valtype type) {
  return v->kind == CV_WAST_NULL && cv_type_is_ref(type);
}

bool cv_wast_to_value(cv_store *store, const cv_wast_value *v, cv_valtype type, cv_value *out, cv_buf *why) {
  memset(out, 0, sizeof *out);
  bool fits = false;
  switch ((cv_wast_value_kind)v->kind) {
  case CV_WAST_NUMBER:
    fits = v->type == type;
    out->u64 = v->bits;
    break;
  case CV_WAST_VECTOR:
    fits = type == CV_V128;
    memcpy(out->v128, v->bytes, sizeof v->bytes);
    break;
  case CV_WAST_NULL:
    fits = is_null_pattern_of(v, type);
    break;
  case CV_WAST_EXTERN:
    fits = cv_type_is_ref(type) && cv_type_heap(type) == CV_HEAP_EXTERN;
    out->ref = fits ? cv_externref_new(store, data_of_number(v->bits), NULL) : NULL;
    if (fits && out->ref == NULL) {
      cv_buf_text(why, "out of memory for an externref");
      return false;
    }
    break;
  case CV_WAST_HOST:
    cv_buf_text(why, "unsupported: garbage collection (a reference of the host in the type any)");
    return false;
  case CV_WAST_REF:
  case CV_WAST_EITHER:
  case CV_WAST_COMPONENT:
    break;
  }
  if (!fits) {
    cv_buf_text(why, "the argument ");
    cv_wast_print_pattern(why, v, NULL);
    cv_buf_text(why, " is not of the parameter's type");
  }
  return fits;
}

// ---- matching ------------------------------------------------------------------------------------------------------

// `bits` of a float of 32 or 64 bits.
static bool float_matches(unsigned width, uint64_t bits, uint8_t nan, uint64_t want) {
  uint64_t quiet = width == 32 ? 0x7fc00000 : 0x7ff8000000000000;
  uint64_t magnitude = width == 32 ? 0x7fffffff : 0x7fffffffffffffff;
  if (nan == CV_WAST_NAN_CANONICAL)
    return (bits & magnitude) == quiet;
  if (nan == CV_WAST_NAN_ARITHMETIC)
    return (bits & quiet) == quiet;
  return bits == want;
}

static bool vector_matches(const cv_wast_value *v, const uint8_t bytes[16]) {
  unsigned size = v->lane_bits / 8u;
  for (unsigned lane = 0; lane < 16 / size; lane++) {
    uint64_t bits = 0, want = 0;
    memcpy(&bits, bytes + lane * size, size);
    memcpy(&want, v->bytes + lane * size, size);
    uint8_t nan = size >= 4 ? v->nan[lane] : (uint8_t)CV_WAST_NAN_NONE;
    if (!(nan != CV_WAST_NAN_NONE ? float_matches(v->lane_bits, bits, nan, 0) : bits == want))
      return false;
  }
  return true;
}

// Whether references of this static type belong to the hierarchy of the pattern. Without garbage collection a type
// with an index is a function type.
static bool ref_kind_matches(uint32_t pattern, cv_valtype type) {
  uint32_t heap = cv_type_heap(type);
  if (pattern == CV_HEAP_FUNC)
    return cv_heap_is_index(heap) || heap == CV_HEAP_FUNC || heap == CV_HEAP_NOFUNC;
  if (pattern == CV_HEAP_EXTERN)
    return heap == CV_HEAP_EXTERN || heap == CV_HEAP_NOEXTERN;
  if (pattern == CV_HEAP_EXN)
    return heap == CV_HEAP_EXN || heap == CV_HEAP_NOEXN;
  return false;
}

bool cv_wast_matches(const cv_wast_value *v, const cv_wast_value *patterns, cv_valtype type, const cv_value *value) {
  unsigned width = type == CV_I32 || type == CV_F32 ? 32 : 64;
  uint64_t bits = width == 32 ? value->u32 : value->u64;
  switch ((cv_wast_value_kind)v->kind) {
  case CV_WAST_NUMBER:
    return v->type == type && float_matches(width, bits, v->nan[0], v->bits);
  case CV_WAST_VECTOR:
    return type == CV_V128 && vector_matches(v, value->v128);
  case CV_WAST_NULL:
    return cv_type_is_ref(type) && value->ref == NULL;
  case CV_WAST_EXTERN:
    return cv_type_is_ref(type) && cv_type_heap(type) == CV_HEAP_EXTERN && value->ref != NULL &&
           cv_externref_data(value->ref) == data_of_number(v->bits);
  case CV_WAST_REF:
    return cv_type_is_ref(type) && value->ref != NULL && ref_kind_matches(v->heap, type);
  case CV_WAST_HOST:
  case CV_WAST_COMPONENT:
    return false;
  case CV_WAST_EITHER:
    for (uint32_t i = 0; i < v->count; i++)
      if (cv_wast_matches(&patterns[v->first + i], NULL, type, value))
        return true;
    return false;
  }
  return false;
}

// ---- printing ------------------------------------------------------------------------------------------------------

static void print_number(cv_buf *out, cv_valtype type, uint64_t bits) {
  switch (type) {
  case CV_I32:
    cv_buf_printf(out, "(i32.const %d)", (int32_t)(uint32_t)bits);
    break;
  case CV_I64:
    cv_buf_printf(out, "(i64.const %lld)", (long long)bits);
    break;
  default:
    cv_buf_text(out, type == CV_F32 ? "(f32.const " : "(f64.const ");
    cv_text_print_float(out, type == CV_F32 ? (uint32_t)bits : bits, type == CV_F32 ? 32 : 64);
    cv_buf_byte(out, ')');
  }
}

static const char *nan_word(uint8_t nan) {
  return nan == CV_WAST_NAN_CANONICAL ? "nan:canonical" : "nan:arithmetic";
}

static void print_vector(cv_buf *out, const uint8_t bytes[16], unsigned lane_bits, const uint8_t nan[4]) {
  unsigned size = lane_bits / 8;
  cv_buf_printf(out, "(v128.const i%ux%u", lane_bits, 128 / lane_bits);
  for (unsigned lane = 0; lane < 16 / size; lane++) {
    uint64_t bits = 0;
    memcpy(&bits, bytes + lane * size, size);
    if (size >= 4 && nan != NULL && nan[lane] != CV_WAST_NAN_NONE)
      cv_buf_printf(out, " %s", nan_word(nan[lane]));
    else
      cv_buf_printf(out, " 0x%llx", (unsigned long long)bits);
  }
  cv_buf_byte(out, ')');
}

void cv_wast_print_pattern(cv_buf *out, const cv_wast_value *v, const cv_wast_value *patterns) {
  switch ((cv_wast_value_kind)v->kind) {
  case CV_WAST_NUMBER:
    if (v->nan[0] != CV_WAST_NAN_NONE)
      cv_buf_printf(out, "(%s.const %s)", v->type == CV_F32 ? "f32" : "f64", nan_word(v->nan[0]));
    else
      print_number(out, v->type, v->bits);
    break;
  case CV_WAST_VECTOR:
    print_vector(out, v->bytes, v->lane_bits, v->nan);
    break;
  case CV_WAST_NULL:
    cv_buf_text(out, "(ref.null)");
    break;
  case CV_WAST_EXTERN:
    cv_buf_printf(out, "(ref.extern %llu)", (unsigned long long)v->bits);
    break;
  case CV_WAST_HOST:
    cv_buf_printf(out, "(ref.host %llu)", (unsigned long long)v->bits);
    break;
  case CV_WAST_REF: {
    char text[CV_VALTYPE_TEXT_SIZE];
    cv_buf_printf(out, "a reference of type %s", cv_valtype_text(CV_REF_TYPE(false, v->heap), text));
    break;
  }
  case CV_WAST_COMPONENT:
    cv_buf_text(out, "a component's value");
    break;
  case CV_WAST_EITHER:
    cv_buf_text(out, "either");
    for (uint32_t i = 0; i < v->count; i++) {
      cv_buf_byte(out, ' ');
      cv_wast_print_pattern(out, &patterns[v->first + i], NULL);
    }
    break;
  }
}

void cv_wast_print_value(cv_buf *out, cv_valtype type, const cv_value *value) {
  char text[CV_VALTYPE_TEXT_SIZE];
  if (type == CV_V128)
    print_vector(out, value->v128, 32, NULL);
  else if (!cv_type_is_ref(type))
    print_number(out, type, type == CV_I32 || type == CV_F32 ? value->u32 : value->u64);
  else if (value->ref == NULL)
    cv_buf_text(out, "(ref.null)");
  else if (cv_type_heap(type) == CV_HEAP_EXTERN)
    cv_buf_printf(out, "(ref.extern %llu)", (unsigned long long)((uintptr_t)cv_externref_data(value->ref) - 1));
  else
    cv_buf_printf(out, "a reference of type %s", cv_valtype_text(type, text));
}
