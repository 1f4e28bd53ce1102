// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// check.c: the references that a host hands to a guest: their types (core specification, 4.2.2 and appendix A.5, value
// typing), and that they are of the store. One of another store would be used after that store has ended, and by then
// what it refers to is free, or another tenant's.
#include "runtime/check.h"

#include "runtime/internal.h"

bool cv_value_fits(const cv_store *s, cv_valtype type, const cv_value *value) {
  if (!cv_type_is_ref(type))
    return true;
  if (value->ref == NULL)
    return cv_type_is_nullable(type);
  uint32_t heap = cv_type_heap(type);
  if (cv_heap_is_index(heap) || heap == CV_HEAP_FUNC)
    return cv_func_store(value->func) == s &&
           (heap == CV_HEAP_FUNC || cv_type_is_subtype(s->engine->registry, value->func->type, heap));
  if (heap == CV_HEAP_EXTERN)
    return ((const cv_externref *)value->ref)->store == s;
  return heap == CV_HEAP_EXN && value->exn->tag->store == s;
}

uint32_t cv_values_misfit(const cv_store *s, const cv_valtype *types, uint32_t count, const cv_value *values) {
  uint32_t i = 0;
  while (i < count && cv_value_fits(s, types[i], &values[i]))
    i++;
  return i;
}
