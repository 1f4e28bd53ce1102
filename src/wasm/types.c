// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// types.c: value types in words.
#include "wasm/types.h"

#include <stdio.h>

const char *cv_heap_text(uint32_t heap) {
  switch (heap) {
  case CV_HEAP_FUNC:
    return "func";
  case CV_HEAP_NOFUNC:
    return "nofunc";
  case CV_HEAP_EXTERN:
    return "extern";
  case CV_HEAP_NOEXTERN:
    return "noextern";
  case CV_HEAP_ANY:
    return "any";
  case CV_HEAP_EQ:
    return "eq";
  case CV_HEAP_I31:
    return "i31";
  case CV_HEAP_STRUCT:
    return "struct";
  case CV_HEAP_ARRAY:
    return "array";
  case CV_HEAP_NONE:
    return "none";
  case CV_HEAP_EXN:
    return "exn";
  case CV_HEAP_NOEXN:
    return "noexn";
  case CV_HEAP_BOT:
    return "bot";
  default:
    return NULL;
  }
}

// The bottoms' short reference types do not follow the pattern "HEAPref": nullfuncref and so on.
static const char *short_null_ref(uint32_t heap) {
  switch (heap) {
  case CV_HEAP_NONE:
    return "nullref";
  case CV_HEAP_NOFUNC:
    return "nullfuncref";
  case CV_HEAP_NOEXTERN:
    return "nullexternref";
  case CV_HEAP_NOEXN:
    return "nullexnref";
  default:
    return NULL;
  }
}

static const char *ref_text(cv_valtype type, char out[CV_VALTYPE_TEXT_SIZE]) {
  uint32_t heap = cv_type_heap(type);
  const char *null = cv_type_is_nullable(type) ? "null " : "", *name = cv_heap_text(heap);
  if (name == NULL)
    snprintf(out, CV_VALTYPE_TEXT_SIZE, "(ref %s%u)", null, heap);
  else if (!cv_type_is_nullable(type) || heap == CV_HEAP_BOT)
    snprintf(out, CV_VALTYPE_TEXT_SIZE, "(ref %s%s)", null, name);
  else if (short_null_ref(heap) != NULL)
    snprintf(out, CV_VALTYPE_TEXT_SIZE, "%s", short_null_ref(heap));
  else
    snprintf(out, CV_VALTYPE_TEXT_SIZE, "%sref", name);
  return out;
}

const char *cv_valtype_text(cv_valtype type, char out[CV_VALTYPE_TEXT_SIZE]) {
  static const char *const numbers[] = {"v128", "f64", "f32", "i64", "i32"};
  unsigned kind = cv_type_kind(type);
  if (cv_type_is_ref(type))
    return ref_text(type, out);
  const char *text = kind >= CV_KIND_V128 && kind <= CV_KIND_I32 ? numbers[kind - CV_KIND_V128]
                     : kind == CV_KIND_I8                        ? "i8"
                     : kind == CV_KIND_I16                       ? "i16"
                                                                 : "bot";
  snprintf(out, CV_VALTYPE_TEXT_SIZE, "%s", text);
  return out;
}
