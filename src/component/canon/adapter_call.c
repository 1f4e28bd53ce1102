// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter_call.c: writes the adapter function: the rules of leaving and entering, arguments, the call, the result.
#include "component/canon/adapter_emit.h"

// A check of `size` bytes at the address in a local, which spilled values have.
static void check_range(gen *g, unsigned side, uint32_t local, const cv_tuple_layout *layout) {
  get(g, local);
  i32(g, (uint32_t)layout->size);
  i32(g, layout->align - 1);
  i32(g, CV_ADAPTER_TRAP_POINTER);
  call_local(g, FUNC_CHECK, side);
}

static void enter(gen *g) {
  op_u(g, CV_OPC_GLOBAL_GET, GLOBAL_MAY_LEAVE + CV_SIDE_CALLER);
  op(g, CV_OPC_I32_EQZ);
  trap_if(g, CV_ADAPTER_TRAP_LEAVE);
  for (uint32_t i = 0; i < g->plan->entered; i++) {
    op_u(g, CV_OPC_GLOBAL_GET, GLOBAL_MAY_ENTER + i);
    op(g, CV_OPC_I32_EQZ);
    trap_if(g, CV_ADAPTER_TRAP_ENTER);
  }
  for (uint32_t i = 0; i < g->plan->entered; i++)
    set_flag(g, GLOBAL_MAY_ENTER + i, false);
  if (g->plan->imports[CV_ADAPTER_BEGIN]) {
    g->mark = new_local(g, CV_KIND_I32);
    call_import(g, CV_ADAPTER_BEGIN);
    set(g, g->mark);
  }
}

// A borrow of a resource that the callee implements: it gets what the handle stands for. True when `t` is one.
static bool move_borrow(gen *g, const cv_ctype *t, const slot *from, const slot *to) {
  if (t->kind != CV_CT_BORROW || !g->plan->imports[CV_ADAPTER_BORROW])
    return false;
  i32(g, t->resource->index);
  get(g, from->local);
  call_import(g, CV_ADAPTER_BORROW);
  set(g, to->local);
  return true;
}

static cv_tuple_layout params_layout(gen *g, unsigned side, const cv_cfunctype *type) {
  cv_tuple_layout layout = cv_fields_layout(type->params, type->param_count, g->is_64[side] ? CV_PTR64 : CV_PTR32);
  g->failed |= layout.size > CV_MAX_TYPE_SIZE;
  return layout;
}

static void move_params(gen *g, const cv_flat_functype *lift, const slot *params, slot *args) {
  const cv_cfunctype *ts = g->plan->lowered->type, *tt = g->plan->lowered->func->type;
  for (uint32_t i = 0; i < lift->param_count; i++)
    args[i] = (slot){new_local(g, (uint8_t)lift->params[i]), (uint8_t)lift->params[i]};
  place from = {.side = CV_SIDE_CALLER, .slots = params}, to = {.side = CV_SIDE_CALLEE, .slots = args};
  if (lift->params_spilled) {
    cv_tuple_layout layout = params_layout(g, CV_SIDE_CALLER, ts), there = params_layout(g, CV_SIDE_CALLEE, tt);
    from = (place){.side = CV_SIDE_CALLER, .in_memory = true, .base = params[0].local};
    to = (place){.side = CV_SIDE_CALLEE, .in_memory = true, .base = args[0].local};
    check_range(g, CV_SIDE_CALLER, from.base, &layout);
    i32(g, there.align);
    i32(g, (uint32_t)there.size);
    i32(g, CV_ADAPTER_TRAP_POINTER);
    call_local(g, FUNC_ALLOC, CV_SIDE_CALLEE);
    set(g, to.base);
    cv_adapter_move_fields(g, ts->params, tt->params, ts->param_count, &from, &to);
    return;
  }
  for (uint32_t i = 0; i < ts->param_count && !g->failed; i++) {
    const cv_ctype *t = ts->params[i].type;
    if (!move_borrow(g, t, from.slots, to.slots))
      cv_adapter_move(g, t, tt->params[i].type, &from, &to);
    from.slots += t->flat_count;
    to.slots += t->flat_count;
  }
}

// The result, from what the callee returned (`ret`) to the adapter's own result or the address in `out`.
static void move_result(gen *g, const cv_flat_functype *lower, const slot *ret, uint32_t out, slot *result) {
  const cv_ctype *ts = g->plan->lowered->func->type->result, *tt = g->plan->lowered->type->result;
  if (ts == NULL)
    return;
  place from = {.side = CV_SIDE_CALLEE, .slots = ret}, to = {.side = CV_SIDE_CALLER, .slots = result};
  if (lower->results_spilled) {
    const cv_clayout *l = layout_of(g, CV_SIDE_CALLEE, ts), *m = layout_of(g, CV_SIDE_CALLER, tt);
    cv_tuple_layout layout = {.size = l->size, .align = l->align}, there = {.size = m->size, .align = m->align};
    from = (place){.side = CV_SIDE_CALLEE, .in_memory = true, .base = ret->local};
    to = (place){.side = CV_SIDE_CALLER, .in_memory = true, .base = out};
    check_range(g, CV_SIDE_CALLEE, from.base, &layout);
    check_range(g, CV_SIDE_CALLER, to.base, &there);
  } else {
    *result = (slot){new_local(g, (uint8_t)lower->results[0]), (uint8_t)lower->results[0]};
  }
  cv_adapter_move(g, ts, tt, &from, &to);
}

static void leave(gen *g, const cv_flat_functype *lift, const slot *ret, const slot *params) {
  if (g->plan->imports[CV_ADAPTER_END]) {
    get(g, g->mark);
    call_import(g, CV_ADAPTER_END);
  }
  if (g->plan->imports[CV_ADAPTER_POST_RETURN]) {
    set_flag(g, GLOBAL_MAY_LEAVE + CV_SIDE_CALLEE, false);
    if (lift->result_count != 0)
      get(g, ret->local);
    call_import(g, CV_ADAPTER_POST_RETURN);
    set_flag(g, GLOBAL_MAY_LEAVE + CV_SIDE_CALLEE, true);
  }
  for (uint32_t i = 0; i < g->plan->entered; i++)
    set_flag(g, GLOBAL_MAY_ENTER + i, true);
  const cv_cfunctype *type = g->plan->lowered->type;
  for (uint32_t i = 0; i < type->param_count && g->plan->imports[CV_ADAPTER_GIVE_BACK]; i++) {
    if (type->params[i].type->kind == CV_CT_BORROW) {
      get(g, params->local);
      call_import(g, CV_ADAPTER_GIVE_BACK);
    }
    params += type->params[i].type->flat_count;
  }
}

void cv_adapter_write(gen *g, const cv_flat_functype *lower, const cv_flat_functype *lift) {
  slot params[CV_MAX_FLAT_PARAMS + 1], args[CV_MAX_FLAT_PARAMS], ret = {0, 0}, result = {0, 0};
  for (uint32_t i = 0; i < lower->param_count; i++)
    params[i] = (slot){i, (uint8_t)lower->params[i]};
  // No exception crosses: block $caught (try_table (catch_all $caught) ... return)
  block(g, CV_OPC_BLOCK);
  block(g, CV_OPC_TRY_TABLE);
  cv_buf_byte(&g->code, 1);
  cv_buf_byte(&g->code, CV_CATCH_ALL);
  cv_buf_byte(&g->code, 0);
  enter(g);
  move_params(g, lift, params, args);
  for (uint32_t i = 0; i < lift->param_count; i++)
    get(g, args[i].local);
  call_import(g, CV_ADAPTER_CALLEE);
  if (lift->result_count != 0) {
    ret = (slot){new_local(g, (uint8_t)lift->results[0]), (uint8_t)lift->results[0]};
    set(g, ret.local);
  }
  move_result(g, lower, &ret, lower->param_count - (lower->results_spilled ? 1 : 0), &result);
  leave(g, lift, &ret, params);
  if (lower->result_count != 0)
    get(g, result.local);
  op(g, CV_OPC_RETURN);
  end(g);
  op(g, CV_OPC_UNREACHABLE);
  end(g);
  i32(g, CV_ADAPTER_TRAP_EXCEPTION);
  call_import(g, CV_ADAPTER_TRAP);
  op(g, CV_OPC_UNREACHABLE);
}
