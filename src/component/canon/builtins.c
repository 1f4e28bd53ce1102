// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// builtins.c: the core functions of canonical built-ins (CanonicalABI.md, "Canonical Definitions"). What belongs to
// running tasks side by side is not built and says so by name, after the rule that all of it shares: an instance that
// may not leave may not use it.
#include "component/canon/access.h"

static const uint32_t MAX_BACKPRESSURE = 65535;

static cv_run resource_builtin(const cv_builtin *b, cv_value *values) {
  uint32_t index = values[0].u32;
  uint64_t rep = b->resource->rep_is_64 ? values[0].u64 : values[0].u32;
  cv_run run;
  switch (b->canon->kind) {
  case CV_CANON_RESOURCE_NEW:
    run = cv_resource_new(b->instance, b->resource, rep, &index);
    values[0] = (cv_value){.u64 = index};
    return run;
  case CV_CANON_RESOURCE_REP:
    run = cv_resource_rep(b->instance, b->resource, index, &rep);
    values[0] = (cv_value){.u64 = rep};
    return run;
  default:
    return cv_resource_drop(b->instance, b->resource, index);
  }
}

static cv_run context_builtin(const cv_builtin *b, cv_value *values) {
  cv_context *c = b->instance->context;
  cv_task *task = c->task;
  if (task == NULL)
    return cv_trap_set(c, CV_TRAP_COMPONENT, "%s outside of a task", cv_canon_text(b->canon->kind));
  uint64_t *slot = &task->storage[b->canon->operand % CV_COUNT(task->storage)]; // validated: 0 or 1
  bool is_64 = b->canon->context_type == CV_I64;
  if (b->canon->kind == CV_CANON_CONTEXT_SET)
    *slot = is_64 ? values[0].u64 : values[0].u32;
  else
    values[0] = (cv_value){.u64 = is_64 ? *slot : (uint32_t)*slot};
  return CV_RUN_OK;
}

static cv_run backpressure_builtin(const cv_builtin *b) {
  cv_cinstance *i = b->instance;
  if (b->canon->kind == CV_CANON_BACKPRESSURE_INC) {
    if (i->backpressure == MAX_BACKPRESSURE)
      return cv_trap_set(i->context, CV_TRAP_COMPONENT, "backpressure counter overflow");
    i->backpressure++;
    return CV_RUN_OK;
  }
  if (i->backpressure == 0)
    return cv_trap_set(i->context, CV_TRAP_COMPONENT, "backpressure counter underflow");
  i->backpressure--;
  return CV_RUN_OK;
}

static cv_run task_return_builtin(const cv_builtin *b, const cv_value *values) {
  cv_context *c = b->instance->context;
  cv_task *task = c->task;
  const cv_cfunctype *type = b->canon->func_type; // the result, when there is one, as the only parameter
  const cv_ctype *result = type->param_count != 0 ? type->params[0].type : NULL;
  if (task == NULL || task->func == NULL || !task->func->options.is_async || task->instance != b->instance)
    return cv_trap_set(c, CV_TRAP_COMPONENT, "task.return outside of an async-lifted function");
  const cv_cfunc *func = task->func;
  bool same = (result == NULL) == (func->type->result == NULL) &&
              (result == NULL || cv_ctype_equal(result, func->type->result)) &&
              b->options.encoding == func->options.encoding && b->options.memory == func->options.memory;
  if (!same)
    return cv_trap_set(c, CV_TRAP_COMPONENT, "task.return of another type or with other options than its function");
  if (task->state == CV_TASK_RESOLVED)
    return cv_trap_set(c, CV_TRAP_COMPONENT, "task.return called more than once for the current task");
  cv_canon_context cx = {
      .options = &b->options, .instance = b->instance, .arena = task->arena, .func_name = func->name};
  cv_cval value;
  cv_cfield field = {.type = result};
  if (result != NULL && cv_lift_values(&cx, &field, 1, CV_MAX_FLAT_PARAMS, values, &value) != CV_RUN_OK)
    return CV_RUN_TRAP;
  if (cv_task_return(c, task) != CV_RUN_OK)
    return CV_RUN_TRAP;
  return task->resolve(task, result != NULL ? &value : NULL);
}

cv_run cv_builtin_call(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  const cv_builtin *b = env;
  cv_canon_kind kind = b->canon->kind;
  switch (kind) {
  case CV_CANON_RESOURCE_NEW:
  case CV_CANON_RESOURCE_REP:
  case CV_CANON_RESOURCE_DROP:
    return resource_builtin(b, values);
  case CV_CANON_CONTEXT_GET:
  case CV_CANON_CONTEXT_SET:
    return context_builtin(b, values);
  case CV_CANON_BACKPRESSURE_INC:
  case CV_CANON_BACKPRESSURE_DEC:
    return backpressure_builtin(b);
  default:
    break;
  }
  cv_context *c = b->instance->context;
  if (!cv_cinstance_may_leave(b->instance))
    return cv_trap_set(c, CV_TRAP_COMPONENT, "cannot leave component instance: %s", cv_canon_text(kind));
  if (kind == CV_CANON_TASK_RETURN)
    return task_return_builtin(b, values);
  return cv_trap_set(c, CV_TRAP_UNSUPPORTED, "unsupported: async: %s", cv_canon_text(kind));
}
