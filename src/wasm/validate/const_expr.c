// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// const_expr.c: constant expressions (core specification, 3.4.14). Their form was checked when they were decoded.
#include "wasm/limits.h"
#include "wasm/validate/opcode_table.h"
#include "wasm/validate/validator.h"

typedef struct const_stack {
  const cv_module *m;
  cv_diag *diag;
  cv_valtype types[CV_MAX_CONST_EXPR_STACK];
  uint32_t count;
} const_stack;

static cv_status push(const_stack *s, cv_valtype type, uint32_t offset) {
  if (s->count == CV_MAX_CONST_EXPR_STACK)
    return cv_fail(s->diag, CV_ELIMIT, offset, "constant expression too deep: at most %u values",
                   CV_MAX_CONST_EXPR_STACK);
  s->types[s->count++] = type;
  return CV_OK;
}

// An instruction of extended-const: two operands of one type, of which it gives one.
static cv_status arithmetic(const_stack *s, cv_valtype type, const cv_instr *in) {
  if ((s->m->features & CV_FEAT(EXTENDED_CONST)) == 0)
    return cv_fail(s->diag, CV_EINVALID, in->offset,
                   "constant expression required (the feature extended-const is off)");
  if (s->count < 2 || s->types[s->count - 1] != type || s->types[s->count - 2] != type) {
    char has[CV_TYPES_TEXT_SIZE], needs[CV_TYPES_TEXT_SIZE];
    const cv_valtype wanted[2] = {type, type};
    return cv_fail(s->diag, CV_EINVALID, in->offset, "type mismatch: instruction requires %s but stack has %s",
                   cv_types_text(wanted, 2, needs), cv_types_text(s->types, s->count, has));
  }
  s->count--;
  return CV_OK;
}

static cv_status global_get(const_stack *s, const cv_instr *in, uint32_t globals) {
  const cv_module *m = s->m;
  if (in->index >= globals)
    return cv_fail(s->diag, CV_EINVALID, in->offset, "unknown global %u", in->index);
  if (m->globals[in->index].type.is_mutable)
    return cv_fail(s->diag, CV_EINVALID, in->offset, "constant expression required: global %u is mutable", in->index);
  // Before 3.0 only imported globals were constant.
  if (in->index >= m->imported_globals && (m->features & (CV_FEAT(FUNCTION_REFERENCES) | CV_FEAT(GC))) == 0)
    return cv_fail(s->diag, CV_EINVALID, in->offset, "constant expression required: global %u is not imported",
                   in->index);
  return push(s, m->globals[in->index].type.type, in->offset);
}

static cv_status apply(const_stack *s, const cv_instr *in, uint32_t globals) {
  const cv_module *m = s->m;
  switch (in->code) {
  case CV_OPC_I32_CONST:
    return push(s, CV_I32, in->offset);
  case CV_OPC_I64_CONST:
    return push(s, CV_I64, in->offset);
  case CV_OPC_F32_CONST:
    return push(s, CV_F32, in->offset);
  case CV_OPC_F64_CONST:
    return push(s, CV_F64, in->offset);
  case CV_OPC_V128_CONST:
    return push(s, CV_V128, in->offset);
  case CV_OPC_I32_ADD:
  case CV_OPC_I32_SUB:
  case CV_OPC_I32_MUL:
    return arithmetic(s, CV_I32, in);
  case CV_OPC_I64_ADD:
  case CV_OPC_I64_SUB:
  case CV_OPC_I64_MUL:
    return arithmetic(s, CV_I64, in);
  case CV_OPC_GLOBAL_GET:
    return global_get(s, in, globals);
  case CV_OPC_REF_NULL:
    CV_TRY(cv_check_heap(m, in->heap[0], in->offset, s->diag));
    return push(s, CV_REF_TYPE(true, in->heap[0]), in->offset);
  case CV_OPC_REF_FUNC:
    if (in->index >= m->func_count)
      return cv_fail(s->diag, CV_EINVALID, in->offset, "unknown function %u", in->index);
    return push(s, CV_REF_TYPE(false, m->funcs[in->index].type), in->offset);
  case CV_OPC_STRUCT_NEW:
  case CV_OPC_STRUCT_NEW_DEFAULT:
  case CV_OPC_ARRAY_NEW:
  case CV_OPC_ARRAY_NEW_DEFAULT:
  case CV_OPC_ARRAY_NEW_FIXED:
  case CV_OPC_REF_I31:
  case CV_OPC_ANY_CONVERT_EXTERN:
  case CV_OPC_EXTERN_CONVERT_ANY:
    return cv_fail(s->diag, CV_EUNSUPPORTED, in->offset, "unsupported: garbage collection (%s)",
                   cv_op_mnemonic(in->info));
  default:
    return cv_fail(s->diag, CV_EINVALID, in->offset, "constant expression required: %s is not constant",
                   cv_op_mnemonic(in->info));
  }
}

cv_status cv_const_expr_validate(const cv_module *m, const cv_const_expr *expr, cv_valtype wanted, uint32_t globals,
                                 cv_diag *diag) {
  const uint8_t *at = cv_span_start(m, expr->code);
  if (*at == (wanted == CV_I32 ? CV_OPC_I32_CONST : CV_OPC_I64_CONST) && (wanted == CV_I32 || wanted == CV_I64) &&
      cv_plain_const(at, m->bytes + m->size) == at + expr->code.size)
    return CV_OK;
  const_stack s;
  s.m = m;
  s.diag = diag;
  s.count = 0;
  cv_reader r = {.start = m->bytes, .at = at, .end = at + expr->code.size, .features = m->features, .diag = diag};
  for (;;) {
    cv_instr in;
    CV_TRY(cv_read_instr(&r, &in));
    if (in.code == CV_OPC_END)
      break;
    CV_TRY(apply(&s, &in, globals));
  }
  if (s.count == 1 && cv_module_type_matches(m, s.types[0], wanted))
    return CV_OK;
  char has[CV_TYPES_TEXT_SIZE], needs[CV_TYPES_TEXT_SIZE];
  return cv_fail(diag, CV_EINVALID, expr->code.offset,
                 "type mismatch: constant expression requires %s but stack has %s", cv_types_text(&wanted, 1, needs),
                 cv_types_text(s.types, s.count, has));
}
