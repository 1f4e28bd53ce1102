// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// stack.c: the slow sides of the operand stack, and what it says when types do not match.
#include <stdio.h>

#include "wasm/canon.h"
#include "wasm/limits.h"
#include "wasm/validate/validator.h"

const char *cv_types_text(const cv_valtype *types, size_t count, char out[CV_TYPES_TEXT_SIZE]) {
  size_t size = 0;
  out[size++] = '[';
  for (size_t i = 0; i < count; i++) {
    char one[CV_VALTYPE_TEXT_SIZE];
    if (size + CV_VALTYPE_TEXT_SIZE + 8 > CV_TYPES_TEXT_SIZE) {
      size += (size_t)snprintf(out + size, CV_TYPES_TEXT_SIZE - size, " ...");
      break;
    }
    size += (size_t)snprintf(out + size, CV_TYPES_TEXT_SIZE - size, "%s%s", i == 0 ? "" : " ",
                             cv_valtype_text(types[i], one));
  }
  out[size] = ']';
  out[size + 1] = '\0';
  return out;
}

bool cv_module_type_matches(const cv_module *m, cv_valtype a, cv_valtype b) {
  if (a == b || a == CV_BOT)
    return true;
  if (!cv_type_is_ref(a) || !cv_type_is_ref(b))
    return false;
  return cv_canon_matches(m->registry, cv_valtype_canonical(m->types, a), cv_valtype_canonical(m->types, b));
}

cv_status cv_push_slow(cv_validator *v, cv_valtype type) {
  if (v->water == v->limit) {
    size_t count = (size_t)(v->sp - v->stack), base = (size_t)(v->base - v->stack);
    size_t capacity = (size_t)(v->limit - v->stack), bigger = capacity * 2;
    if (count >= CV_MAX_OPERANDS)
      return cv_fail(v->diag, CV_ELIMIT, (uint64_t)(v->pc - v->r.start), "operand stack too deep: at most %u values",
                     CV_MAX_OPERANDS);
    cv_valtype *stack = cv_mem_realloc(v->mem, v->stack, capacity * sizeof *stack, bigger * sizeof *stack);
    if (stack == NULL)
      return CV_ENOMEM;
    v->stack = stack;
    v->sp = v->water = stack + count;
    v->base = stack + base;
    v->limit = stack + bigger;
  }
  *v->sp++ = type;
  v->water = v->sp;
  return CV_OK;
}

static bool is_unreachable(const cv_validator *v) {
  return cv_vec_last(&v->frames).unreachable;
}

static cv_status mismatch(cv_validator *v, const cv_valtype *wanted, size_t count) {
  char needs[CV_TYPES_TEXT_SIZE], has[CV_TYPES_TEXT_SIZE];
  size_t available = (size_t)(v->sp - v->base), shown = CV_MIN(available, CV_MAX(count, (size_t)1));
  return cv_invalid(v, "type mismatch: instruction requires %s but stack has %s", cv_types_text(wanted, count, needs),
                    cv_types_text(v->sp - shown, shown, has));
}

cv_status cv_pop_slow(cv_validator *v, cv_valtype wanted) {
  if (v->sp == v->base)
    return is_unreachable(v) ? CV_OK : mismatch(v, &wanted, 1);
  if (!cv_module_type_matches(v->m, v->sp[-1], wanted))
    return mismatch(v, &wanted, 1);
  v->sp--;
  return CV_OK;
}

cv_status cv_pop_any(cv_validator *v, cv_valtype *out) {
  *out = CV_BOT;
  if (v->sp == v->base)
    return is_unreachable(v) ? CV_OK : cv_invalid(v, "type mismatch: instruction requires a value but stack has []");
  *out = *--v->sp;
  return CV_OK;
}

cv_status cv_pop_ref(cv_validator *v, cv_valtype *out) {
  CV_TRY(cv_pop_any(v, out));
  if (*out == CV_BOT) {
    *out = CV_REF_TYPE(false, CV_HEAP_BOT);
    return CV_OK;
  }
  char has[CV_VALTYPE_TEXT_SIZE];
  if (!cv_type_is_ref(*out))
    return cv_invalid(v, "type mismatch: instruction requires reference type but stack has %s",
                      cv_valtype_text(*out, has));
  return CV_OK;
}

// Lists may have a thousand types, and a module may name them in every other byte: whole lists are compared and copied
// at once where that will do.
static bool is_on_top(const cv_validator *v, const cv_valtype *types, uint32_t count) {
  return (size_t)(v->sp - v->base) >= count && memcmp(v->sp - count, types, count * sizeof *types) == 0;
}

cv_status cv_pop_types(cv_validator *v, const cv_valtype *types, uint32_t count) {
  if (count == 0)
    return CV_OK;
  if (is_on_top(v, types, count)) {
    v->sp -= count;
    return CV_OK;
  }
  for (uint32_t i = count; i-- > 0;) {
    if (v->sp == v->base && is_unreachable(v))
      return CV_OK;
    CV_TRY(cv_pop(v, types[i]));
  }
  return CV_OK;
}

cv_status cv_push_types(cv_validator *v, const cv_valtype *types, uint32_t count) {
  if ((size_t)(v->water - v->sp) >= count) {
    if (count != 0)
      memcpy(v->sp, types, count * sizeof *types);
    v->sp += count;
    return CV_OK;
  }
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(cv_push(v, types[i]));
  return CV_OK;
}

cv_status cv_check_top(cv_validator *v, const cv_valtype *types, uint32_t count) {
  size_t available = (size_t)(v->sp - v->base);
  if (count == 0 || is_on_top(v, types, count))
    return CV_OK;
  if (available < count && !is_unreachable(v))
    return mismatch(v, types, count);
  size_t known = CV_MIN(available, (size_t)count);
  for (size_t i = 1; i <= known; i++)
    if (!cv_module_type_matches(v->m, v->sp[-(ptrdiff_t)i], types[count - i]))
      return mismatch(v, types, count);
  return CV_OK;
}

void cv_set_unreachable(cv_validator *v) {
  cv_vec_last(&v->frames).unreachable = true;
  v->sp = v->base;
}

cv_status cv_check_heap(const cv_module *m, uint32_t heap, uint64_t offset, cv_diag *diag) {
  if (cv_heap_is_index(heap) && heap >= m->type_count)
    return cv_fail(diag, CV_EINVALID, offset, "unknown type %u", heap);
  return CV_OK;
}

cv_status cv_find_func_type(cv_validator *v, uint32_t index, const cv_functype **out) {
  if (index >= v->m->type_count)
    return cv_invalid(v, "unknown type %u", index);
  if (v->m->types[index].kind != CV_COMP_FUNC)
    return cv_invalid(v, "type mismatch: type %u is not a function type", index);
  *out = &v->m->types[index].as.func;
  return CV_OK;
}

cv_status cv_find_label(cv_validator *v, uint32_t label, cv_frame **out) {
  if (label >= v->frames.count)
    return cv_invalid(v, "unknown label %u", label);
  *out = &v->frames.data[v->frames.count - 1 - label];
  return CV_OK;
}
