// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// interp.c: the interpreter as a tier: entering functions, tail calls, finding exception handlers.
#include "exec/interp/interp.h"

#include "runtime/interrupt.h"

static cv_invoke_fn invoke;

static bool handler_matches(const cv_interp_frame *f, const cv_handler *h, const cv_exception *e) {
  switch (h->kind) {
  case CV_HANDLER_CATCH:
  case CV_HANDLER_CATCH_REF:
  case CV_HANDLER_LEGACY_CATCH:
    return cv_instance_tag(f->instance, h->tag) == e->tag;
  case CV_HANDLER_CATCH_ALL:
  case CV_HANDLER_CATCH_ALL_REF:
  case CV_HANDLER_LEGACY_CATCH_ALL:
  case CV_HANDLER_LEGACY_DELEGATE:
    return true;
  }
  return false;
}

static void enter_handler(cv_interp_frame *f, const cv_handler *h, cv_exception *e, cv_interp_point *point) {
  bool payload = h->kind == CV_HANDLER_CATCH || h->kind == CV_HANDLER_CATCH_REF || h->kind == CV_HANDLER_LEGACY_CATCH;
  cv_value *sp = f->stack + h->target.height;
  if (payload && e->count != 0) {
    memcpy(sp, e->payload, e->count * sizeof *sp);
    sp += e->count;
  }
  if (h->kind == CV_HANDLER_CATCH_REF || h->kind == CV_HANDLER_CATCH_ALL_REF)
    (sp++)->exn = e;
  if (h->kind == CV_HANDLER_LEGACY_CATCH || h->kind == CV_HANDLER_LEGACY_CATCH_ALL)
    f->caught[h->depth] = e;
  *point = (cv_interp_point){f->code + h->target.target_pc, f->facts->side + h->target.target_entry, sp};
}

bool cv_interp_catch(cv_interp_frame *f, const uint8_t *pc, cv_exception *e, cv_interp_point *point) {
  uint32_t at = (uint32_t)(pc - f->code);
  uint32_t deepest = UINT32_MAX; // a delegate leaves the handlers of deeper tries out
  for (uint32_t k = 0; k < f->facts->handler_count; k++) {
    const cv_handler *h = &f->facts->handlers[k];
    if (at < h->start_pc || at >= h->end_pc || h->depth > deepest || !handler_matches(f, h, e))
      continue;
    if (h->kind != CV_HANDLER_LEGACY_DELEGATE) {
      enter_handler(f, h, e, point);
      return true;
    }
    if (h->delegate_to == 0)
      return false;
    deepest = h->delegate_to;
  }
  return false;
}

// The stack left for a frame of `bytes`, with the C frame of the loop itself.
static bool frame_fits(const cv_context *c, size_t bytes) {
  uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
  return sp > c->stack_limit && sp - c->stack_limit > bytes;
}

// Runs one function. Arguments are in `args`, which may be context->args; results go to `results`.
static int enter(cv_context *c, cv_func *func, const cv_value *args, cv_value *results, cv_func **tail) {
  cv_instance *instance = func->instance;
  const cv_module *m = instance->module;
  const cv_func_facts *facts = &m->facts[func->index - m->imported_funcs];
  const cv_func_decl *decl = &m->funcs[func->index];
  size_t slots = (size_t)facts->local_count + facts->max_height;
  size_t bytes = slots * sizeof(cv_value) + facts->max_depth * sizeof(cv_exception *);
  cv_interp_frame f = {.activation = {.outer = c->top, .kind = CV_ACTIVATION_INTERP, .func = func},
                       .context = c,
                       .instance = instance,
                       .module = m,
                       .facts = facts,
                       .code = cv_span_start(m, decl->code),
                       .end = cv_span_start(m, decl->code) + decl->code.size,
                       .code_offset = decl->code.offset};
  f.activation.offset = f.code_offset;
  c->top = &f.activation;
  int run;
  if (CV_UNLIKELY(!frame_fits(c, bytes))) {
    run = (int)cv_trap_set(c, CV_TRAP_STACK_OVERFLOW, NULL);
  } else if (CV_UNLIKELY(c->call_depth >= c->max_call_depth)) {
    run = (int)cv_trap_set(c, CV_TRAP_STACK_OVERFLOW, "call stack exhausted: limit of %u nested calls",
                           c->max_call_depth);
  } else if (CV_UNLIKELY(cv_context_interrupted(c))) {
    run = (int)cv_context_interrupt_trap(c);
  } else {
    cv_value *locals = __builtin_alloca_with_align(bytes != 0 ? bytes : sizeof *locals, 8 * sizeof *locals);
    uint32_t params = func->signature->param_count;
    if (params != 0)
      memcpy(locals, args, params * sizeof *locals);
    memset(locals + params, 0, (facts->local_count - params) * sizeof *locals);
    f.stack = locals + facts->local_count;
    f.caught = (cv_exception **)(f.stack + facts->max_height);
    c->call_depth++;
    run = cv_interp_execute(&f, locals, tail);
    c->call_depth--;
    if (run == CV_RUN_OK && func->signature->result_count != 0)
      memcpy(results, f.stack, func->signature->result_count * sizeof *results);
  }
  c->top = f.activation.outer;
  return run;
}

// The last call of a chain of tail calls goes to another tier or to the host: the array convention wants arguments and
// results in one array.
static cv_run leave_by_tail_call(cv_context *c, cv_func *func, cv_instance *caller, cv_value *results) {
  const cv_functype *type = func->signature;
  size_t count = CV_MAX(type->param_count, type->result_count);
  if (CV_UNLIKELY(!frame_fits(c, count * sizeof(cv_value))))
    return cv_trap_set(c, CV_TRAP_STACK_OVERFLOW, NULL);
  cv_value *values = __builtin_alloca_with_align((count + 1) * sizeof *values, 8 * sizeof *values);
  if (type->param_count != 0)
    memcpy(values, c->args, type->param_count * sizeof *values);
  cv_run run = func->invoke(c, func, caller, values);
  if (run == CV_RUN_OK && type->result_count != 0)
    memcpy(results, values, type->result_count * sizeof *values);
  return run;
}

static cv_run invoke(cv_context *c, cv_func *func, cv_instance *caller, cv_value *values) {
  cv_func *next = NULL;
  int run = enter(c, func, values, values, &next);
  while (run == CV_INTERP_TAIL_CALL) {
    if (next->invoke != invoke)
      return leave_by_tail_call(c, next, func->instance, values);
    func = next;
    run = enter(c, func, c->args, values, &next);
  }
  return (cv_run)run;
}

// ---- the tier ----

static bool available(void) {
  return true;
}

static cv_status compile(cv_code **out, cv_mem *mem, const cv_module *module, const cv_compile_options *options,
                         cv_diag *diag) {
  cv_code *code = cv_mem_zalloc(mem, sizeof *code);
  if (code == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory for a module's code");
  code->tier = &cv_tier_interp;
  code->module = module;
  code->options = *options;
  cv_status status = cv_layout_of(module, &code->layout, diag);
  if (status != CV_OK) {
    cv_mem_free(mem, code, sizeof *code);
    return status;
  }
  *out = code;
  return CV_OK;
}

static void code_delete(cv_code *code, cv_mem *mem) {
  cv_mem_free(mem, code, sizeof *code);
}

static void bind(cv_code *code, cv_func *func) {
  func->invoke = invoke;
}

static bool place(const cv_code *code, uintptr_t pc, cv_code_place *out) {
  return false;
}

const cv_tier cv_tier_interp = {.name = "interp",
                                .available = available,
                                .side_tables = true,
                                .compile = compile,
                                .code_delete = code_delete,
                                .bind = bind,
                                .place = place};
