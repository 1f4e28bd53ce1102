// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// control.c: blocks, branches and calls (core specification, 3.4.1 to 3.4.3).
#include "base/leb.h"
#include "wasm/limits.h"
#include "wasm/validate/validator.h"

const cv_valtype *cv_frame_params(const cv_frame *f, uint32_t *count) {
  *count = f->type != NULL ? f->type->as.func.param_count : 0;
  return f->type != NULL ? cv_functype_params(&f->type->as.func) : NULL;
}

const cv_valtype *cv_frame_results(const cv_frame *f, uint32_t *count) {
  if (f->type == NULL) {
    *count = f->result != CV_BOT;
    return &f->result;
  }
  *count = f->type->as.func.result_count;
  return cv_functype_results(&f->type->as.func);
}

const cv_valtype *cv_frame_label(const cv_frame *f, uint32_t *count) {
  return f->kind == CV_FRAME_LOOP ? cv_frame_params(f, count) : cv_frame_results(f, count);
}

// ---- blocks ----

cv_status cv_push_frame(cv_validator *v, cv_frame_kind kind, const cv_type *type, cv_valtype result) {
  if (v->frames.count >= CV_MAX_BLOCK_DEPTH)
    return cv_fail(v->diag, CV_ELIMIT, (uint64_t)(v->pc - v->r.start), "blocks nested too deep: at most %u",
                   CV_MAX_BLOCK_DEPTH);
  cv_frame f = {
      .kind = kind,
      .height = (uint32_t)(v->sp - v->stack),
      .type = type,
      .result = result,
      .init_mark = (uint32_t)v->initialised.count,
      .weight = v->weight,
      .loops = v->loops,
      .chain = CV_NO_ENTRY,
      .if_entry = CV_NO_ENTRY,
      .start_pc = cv_validator_pc(v, v->r.at),
      .start_side = (uint32_t)v->side.count,
      .clauses = (uint32_t)v->clauses.count,
  };
  CV_TRY(cv_vec_push(v->mem, &v->frames, f));
  v->base = v->sp;
  v->max_depth = CV_MAX(v->max_depth, (uint32_t)v->frames.count);
  return CV_OK;
}

cv_status cv_on_block(cv_validator *v, cv_frame_kind kind, cv_block_type block) {
  const cv_type *type = NULL;
  const cv_functype *func = NULL;
  if (block.index != CV_NO_TYPE) {
    CV_TRY(cv_find_func_type(v, block.index, &func));
    type = &v->m->types[block.index];
  } else {
    CV_TRY(cv_check_type(v->m, block.result, (uint64_t)(v->pc - v->r.start), v->diag));
  }
  if (kind == CV_FRAME_IF)
    CV_TRY(cv_pop(v, CV_I32));
  if (func != NULL)
    CV_TRY(cv_pop_types(v, cv_functype_params(func), func->param_count));
  CV_TRY(cv_push_frame(v, kind, type, block.result));
  if (func != NULL)
    CV_TRY(cv_push_types(v, cv_functype_params(func), func->param_count));
  if (kind == CV_FRAME_LOOP) {
    v->weight = CV_MIN(v->weight * 8, CV_MAX_WEIGHT);
    if (v->loop_count < 64)
      v->loops |= (uint64_t)1 << v->loop_count++;
    v->fact_flags |= CV_FACT_LOOPS;
  } else if (kind == CV_FRAME_IF) {
    CV_TRY(cv_side_if(v, &cv_vec_last(&v->frames)));
  }
  return CV_OK;
}

static cv_status block_mismatch(cv_validator *v, const cv_valtype *results, uint32_t count) {
  char needs[CV_TYPES_TEXT_SIZE], has[CV_TYPES_TEXT_SIZE];
  return cv_invalid(v, "type mismatch: block requires %s but stack has %s", cv_types_text(results, count, needs),
                    cv_types_text(v->base, (size_t)(v->sp - v->base), has));
}

cv_status cv_end_arm(cv_validator *v, cv_frame *f) {
  uint32_t count;
  const cv_valtype *results = cv_frame_results(f, &count);
  if (count != 0)
    CV_TRY(cv_check_top(v, results, count));
  return (size_t)(v->sp - v->base) <= count ? CV_OK : block_mismatch(v, results, count);
}

void cv_restart_frame(cv_validator *v, cv_frame *f) {
  f->unreachable = false;
  v->sp = v->base;
  cv_forget_initialised(v, f->init_mark);
}

cv_status cv_on_else(cv_validator *v) {
  cv_frame *f = &cv_vec_last(&v->frames);
  if (f->kind != CV_FRAME_IF)
    return cv_fail(v->diag, CV_EMALFORMED, (uint64_t)(v->pc - v->r.start), "misplaced ELSE opcode");
  CV_TRY(cv_end_arm(v, f));
  CV_TRY(cv_side_branch(v, f, false, NULL));
  cv_side_resolve_if(v, f, cv_validator_pc(v, v->r.at));
  f->kind = CV_FRAME_ELSE;
  cv_restart_frame(v, f);
  uint32_t count;
  const cv_valtype *params = cv_frame_params(f, &count);
  return cv_push_types(v, params, count);
}

// An if without else: its else arm does nothing, so the parameters must do for results.
static cv_status end_if(cv_validator *v, cv_frame *f) {
  uint32_t param_count, result_count;
  const cv_valtype *params = cv_frame_params(f, &param_count), *results = cv_frame_results(f, &result_count);
  bool same = param_count == result_count;
  for (uint32_t i = 0; same && i < param_count; i++)
    same = cv_module_type_matches(v->m, params[i], results[i]);
  if (!same) {
    char needs[CV_TYPES_TEXT_SIZE], has[CV_TYPES_TEXT_SIZE];
    return cv_invalid(v, "type mismatch: if without else requires %s but has parameters %s",
                      cv_types_text(results, result_count, needs), cv_types_text(params, param_count, has));
  }
  cv_side_resolve_if(v, f, cv_validator_pc(v, v->r.at));
  return CV_OK;
}

cv_status cv_on_end(cv_validator *v, bool *done) {
  cv_frame *f = &cv_vec_last(&v->frames);
  CV_TRY(cv_end_arm(v, f));
  uint32_t end_pc = cv_validator_pc(v, v->pc);
  if (f->kind == CV_FRAME_IF)
    CV_TRY(end_if(v, f));
  else if (v->clauses.count != f->clauses)
    CV_TRY(cv_end_handlers(v, f, f->kind == CV_FRAME_TRY_TABLE ? end_pc : f->end_pc));
  *done = v->frames.count == 1;
  cv_side_resolve(v, f, *done ? end_pc : cv_validator_pc(v, v->r.at));
  cv_forget_initialised(v, f->init_mark);
  v->weight = f->weight;
  v->loops = f->loops;
  v->sp = v->base;
  uint32_t count;
  cv_frame ended = *f;
  const cv_valtype *results = cv_frame_results(&ended, &count);
  v->frames.count--;
  if (*done)
    return CV_OK;
  v->base = v->stack + cv_vec_last(&v->frames).height;
  return cv_push_types(v, results, count);
}

// ---- branches ----

cv_status cv_on_br(cv_validator *v, uint32_t label) {
  cv_frame *target;
  uint32_t count;
  CV_TRY(cv_find_label(v, label, &target));
  const cv_valtype *types = cv_frame_label(target, &count);
  CV_TRY(cv_pop_types(v, types, count));
  CV_TRY(cv_side_branch(v, target, false, NULL));
  cv_set_unreachable(v);
  return CV_OK;
}

cv_status cv_on_br_if(cv_validator *v, uint32_t label) {
  cv_frame *target;
  uint32_t count;
  CV_TRY(cv_pop(v, CV_I32));
  CV_TRY(cv_find_label(v, label, &target));
  const cv_valtype *types = cv_frame_label(target, &count);
  if (count != 0) {
    CV_TRY(cv_pop_types(v, types, count));
    CV_TRY(cv_push_types(v, types, count));
  }
  return cv_side_branch(v, target, false, NULL);
}

cv_status cv_on_br_table(cv_validator *v, const cv_instr *in) {
  cv_frame *target, *last = NULL;
  uint32_t arity;
  CV_TRY(cv_pop(v, CV_I32));
  CV_TRY(cv_find_label(v, in->index, &target));
  (void)cv_frame_label(target, &arity);
  const uint8_t *at = in->bytes;
  for (uint32_t i = 0; i <= in->count; i++) {
    uint32_t count;
    CV_TRY(cv_find_label(v, cv_leb_u32(&at), &target));
    const cv_valtype *types = cv_frame_label(target, &count);
    if (count != arity)
      return cv_invalid(v, "type mismatch: labels of br_table take %u and %u values", arity, count);
    if (target != last)
      CV_TRY(cv_check_top(v, types, count));
    last = target;
    CV_TRY(cv_side_branch(v, target, false, NULL));
  }
  cv_set_unreachable(v);
  return CV_OK;
}

cv_status cv_on_br_on_null(cv_validator *v, uint32_t label) {
  cv_frame *target;
  cv_valtype ref;
  uint32_t count;
  CV_TRY(cv_pop_ref(v, &ref));
  CV_TRY(cv_find_label(v, label, &target));
  const cv_valtype *types = cv_frame_label(target, &count);
  CV_TRY(cv_pop_types(v, types, count));
  CV_TRY(cv_push_types(v, types, count));
  CV_TRY(cv_push(v, CV_REF_TYPE(false, cv_type_heap(ref))));
  return cv_side_branch(v, target, false, NULL);
}

cv_status cv_on_br_on_non_null(cv_validator *v, uint32_t label) {
  cv_frame *target;
  uint32_t count;
  CV_TRY(cv_find_label(v, label, &target));
  const cv_valtype *types = cv_frame_label(target, &count);
  char has[CV_TYPES_TEXT_SIZE];
  if (count == 0 || !cv_type_is_ref(types[count - 1]))
    return cv_invalid(v, "type mismatch: instruction requires reference type but label has %s",
                      cv_types_text(types, count, has));
  CV_TRY(cv_pop(v, CV_REF_TYPE(true, cv_type_heap(types[count - 1]))));
  CV_TRY(cv_pop_types(v, types, count - 1));
  CV_TRY(cv_push_types(v, types, count - 1));
  return cv_side_branch(v, target, false, NULL);
}

cv_status cv_on_return(cv_validator *v) {
  CV_TRY(cv_pop_types(v, cv_functype_results(v->type), v->type->result_count));
  cv_set_unreachable(v);
  return CV_OK;
}

// ---- calls ----

static void count_call(cv_validator *v) {
  v->fact_flags |= CV_FACT_CALLS;
  v->facts->calling_loops |= v->loops;
  if (cv_add_overflows(v->facts->call_weight, v->weight, &v->facts->call_weight))
    v->facts->call_weight = UINT32_MAX;
}

static cv_status plain_call(cv_validator *v, const cv_functype *type) {
  count_call(v);
  CV_TRY(cv_pop_types(v, cv_functype_params(type), type->param_count));
  return cv_push_types(v, cv_functype_results(type), type->result_count);
}

// The callee's results are those of the function.
static cv_status tail_call(cv_validator *v, const cv_functype *type) {
  const cv_valtype *have = cv_functype_results(type), *want = cv_functype_results(v->type);
  bool same = type->result_count == v->type->result_count;
  for (uint32_t i = 0; same && i < type->result_count; i++)
    same = cv_module_type_matches(v->m, have[i], want[i]);
  if (!same) {
    char needs[CV_TYPES_TEXT_SIZE], has[CV_TYPES_TEXT_SIZE];
    return cv_invalid(v, "type mismatch: current function requires result type %s but callee returns %s",
                      cv_types_text(want, v->type->result_count, needs), cv_types_text(have, type->result_count, has));
  }
  count_call(v);
  v->fact_flags |= CV_FACT_TAIL_CALLS;
  CV_TRY(cv_pop_types(v, cv_functype_params(type), type->param_count));
  cv_set_unreachable(v);
  return CV_OK;
}

static cv_status find_callee(cv_validator *v, uint32_t func, const cv_functype **out) {
  if (func >= v->m->func_count)
    return cv_invalid(v, "unknown function %u", func);
  *out = cv_module_func_type(v->m, func);
  return CV_OK;
}

cv_status cv_on_call(cv_validator *v, uint32_t func) {
  const cv_functype *type;
  CV_TRY(find_callee(v, func, &type));
  return plain_call(v, type);
}

// Pops the index of an indirect call and finds its type.
static cv_status indirect_callee(cv_validator *v, const cv_instr *in, const cv_functype **out) {
  if (in->index2 >= v->m->table_count)
    return cv_invalid(v, "unknown table %u", in->index2);
  const cv_tabletype *table = &v->m->tables[in->index2].type;
  CV_TRY(cv_find_func_type(v, in->index, out));
  char has[CV_VALTYPE_TEXT_SIZE];
  if (!cv_module_type_matches(v->m, table->elem, CV_FUNCREF))
    return cv_invalid(v, "type mismatch: instruction requires table of function type but table has element type %s",
                      cv_valtype_text(table->elem, has));
  return cv_pop(v, cv_limits_index_type(&table->limits));
}

cv_status cv_on_call_instr(cv_validator *v, const cv_instr *in) {
  const cv_functype *type;
  switch (in->code) {
  case CV_OPC_RETURN_CALL:
    CV_TRY(find_callee(v, in->index, &type));
    return tail_call(v, type);
  case CV_OPC_CALL_INDIRECT:
    CV_TRY(indirect_callee(v, in, &type));
    return plain_call(v, type);
  case CV_OPC_RETURN_CALL_INDIRECT:
    CV_TRY(indirect_callee(v, in, &type));
    return tail_call(v, type);
  default: // call_ref, return_call_ref
    CV_TRY(cv_find_func_type(v, in->index, &type));
    CV_TRY(cv_pop(v, CV_REF_TYPE(true, in->index)));
    return in->code == CV_OPC_CALL_REF ? plain_call(v, type) : tail_call(v, type);
  }
}
