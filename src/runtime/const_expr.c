// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// const_expr.c: constant expressions (core specification, 3.3.10), validated before: no instruction here can fail.
#include "runtime/internal.h"

#include "base/leb.h"
#include "wasm/limits.h"
#include "wasm/opcodes.h"

static uint32_t read_opcode(const uint8_t **at) {
  uint32_t code = *(*at)++;
  if (cv_op_is_prefix((uint8_t)code))
    code = code << 12 | cv_leb_u32(at);
  return code;
}

// Runs to the `end`. Without an instance (static evaluation) what needs one ends with CV_EUNSUPPORTED.
static cv_status run(const cv_module *m, cv_instance *instance, const uint8_t *at, cv_value *stack, cv_value *out) {
  cv_value *sp = stack; // next free
  for (;;) {
    uint32_t code = read_opcode(&at);
    switch (code) {
    case CV_OPC_I32_CONST:
      (sp++)->u64 = (uint32_t)cv_leb_s32(&at);
      break;
    case CV_OPC_I64_CONST:
      (sp++)->i64 = cv_leb_s64(&at);
      break;
    case CV_OPC_F32_CONST:
      (sp++)->u64 = cv_load_le32(at);
      at += 4;
      break;
    case CV_OPC_F64_CONST:
      (sp++)->u64 = cv_load_le64(at);
      at += 8;
      break;
    case CV_OPC_V128_CONST:
      memcpy((sp++)->v128, at, 16);
      at += 16;
      break;
    case CV_OPC_I32_ADD:
      sp--;
      sp[-1].u64 = sp[-1].u32 + sp->u32;
      break;
    case CV_OPC_I32_SUB:
      sp--;
      sp[-1].u64 = sp[-1].u32 - sp->u32;
      break;
    case CV_OPC_I32_MUL:
      sp--;
      sp[-1].u64 = sp[-1].u32 * sp->u32;
      break;
    case CV_OPC_I64_ADD:
      sp--;
      sp[-1].u64 += sp->u64;
      break;
    case CV_OPC_I64_SUB:
      sp--;
      sp[-1].u64 -= sp->u64;
      break;
    case CV_OPC_I64_MUL:
      sp--;
      sp[-1].u64 *= sp->u64;
      break;
    case CV_OPC_REF_NULL:
      cv_leb_skip(&at);
      (sp++)->ref = NULL;
      break;
    case CV_OPC_REF_FUNC: {
      uint32_t index = cv_leb_u32(&at);
      if (instance == NULL)
        return CV_EUNSUPPORTED;
      (sp++)->func = cv_instance_func(instance, index);
      break;
    }
    case CV_OPC_GLOBAL_GET: {
      uint32_t index = cv_leb_u32(&at);
      if (instance == NULL)
        return CV_EUNSUPPORTED;
      *sp++ = cv_instance_global(instance, index)->value;
      break;
    }
    case CV_OPC_END:
      *out = sp[-1];
      return CV_OK;
    default:
      return CV_EUNSUPPORTED;
    }
  }
}

// Each instruction pushes at most one value and takes at least two bytes with its successor or its immediate, so the
// number of code bytes bounds the stack.
static cv_status eval(const cv_module *m, cv_instance *instance, const cv_const_expr *expr, cv_value *out) {
  const uint8_t *at = cv_span_start(m, expr->code);
  if (expr->code.size <= 32) {
    cv_value stack[32];
    return run(m, instance, at, stack, out);
  }
  size_t count = CV_MIN(expr->code.size, CV_MAX_CONST_EXPR_STACK + 1);
  cv_mem *mem = instance != NULL ? &instance->store->mem : m->mem;
  cv_value *stack = cv_mem_calloc(mem, count, sizeof *stack);
  if (stack == NULL)
    return CV_ENOMEM;
  cv_status status = run(m, instance, at, stack, out);
  cv_mem_free(mem, stack, count * sizeof *stack);
  return status;
}

cv_status cv_const_eval(cv_instance *instance, const cv_const_expr *expr, cv_value *out) {
  return eval(instance->module, instance, expr, out);
}

bool cv_const_is_static(const cv_module *m, const cv_const_expr *expr, uint64_t *out) {
  cv_value v;
  if (eval(m, NULL, expr, &v) != CV_OK)
    return false;
  *out = v.u64;
  return true;
}
