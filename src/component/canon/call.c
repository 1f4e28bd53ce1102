// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// call.c: calls from the host into components, and from components into components and the host (CanonicalABI.md,
// "canon lift", "canon lower", "Component Instances", "Tasks"). Both ends of a call lift and lower: the callee's end
// (lifted function) asks the caller's end for arguments, and hands it the result before post-return runs.
//
// A trap leaves may_enter at 0 in every instance that was entered: nothing ever enters them again.
#include "component/canon/access.h"
#include "runtime/store.h"

static const uint32_t RETURNED = 2; // Subtask.State.RETURNED

// ---- tasks ----

cv_task *cv_current_task(cv_context *c) {
  return c->task;
}

// Field by field, here and below: this is on the way of every call, and compilers clear a whole structure slowly.
void cv_task_push(cv_context *c, cv_task *task, cv_cinstance *instance) {
  task->outer = c->task;
  task->instance = instance;
  task->common = NULL;
  task->func = NULL;
  task->state = CV_TASK_STARTED;
  task->borrows = 0;
  task->storage[0] = task->storage[1] = 0;
  task->resolve = NULL;
  task->resolve_env = NULL;
  task->arena = NULL;
  c->task = task;
}

void cv_task_pop(cv_context *c, cv_task *task) {
  c->task = task->outer;
}

void cv_task_abandon(cv_context *c, cv_task *task) {
  cv_task_pop(c, task);
}

bool cv_cinstance_uses_tasks(cv_cinstance *instance) {
  const cv_component *component = instance->component;
  for (uint32_t i = 0; instance->tasks == CV_TASKS_UNKNOWN && component != NULL && i < component->def_count; i++) {
    const cv_cdef *def = &component->defs[i];
    if (def->kind == CV_CDEF_CANON && def->as.canon->kind > CV_CANON_RESOURCE_REP)
      instance->tasks = CV_TASKS_USED;
  }
  if (instance->tasks == CV_TASKS_UNKNOWN)
    instance->tasks = CV_TASKS_UNUSED;
  return instance->tasks == CV_TASKS_USED;
}

const cv_cinstance *cv_common_instance(const cv_cinstance *a, const cv_cinstance *b) {
  while (a != b) {
    if (a == NULL || b == NULL)
      return NULL;
    bool a_up = a->level >= b->level, b_up = b->level >= a->level;
    a = a_up ? a->parent : a;
    b = b_up ? b->parent : b;
  }
  return a;
}

CV_COLD static cv_run cannot_enter(cv_context *c, const cv_cfunc *func) {
  cv_bytes name = func != NULL ? func->name : CV_BYTES_LITERAL("[destructor]");
  if (name.size == 0)
    return cv_trap_set(c, CV_TRAP_COMPONENT, "cannot enter component instance");
  return cv_trap_set(c, CV_TRAP_COMPONENT, "cannot enter component instance: call of \"%.*s\"",
                     (int)CV_MIN(name.size, 64), (const char *)name.data);
}

cv_run cv_task_enter(cv_context *c, cv_task *task, cv_cinstance *instance, const cv_cfunc *func, cv_cinstance *caller) {
  const cv_cinstance *common = cv_common_instance(instance, caller);
  for (cv_cinstance *i = instance; i != common; i = i->parent)
    if (CV_UNLIKELY(i->may_enter.value.i32 == 0))
      return cannot_enter(c, func);
  for (cv_cinstance *i = instance; i != common; i = i->parent)
    i->may_enter.value.u64 = 0;
  cv_task_push(c, task, instance);
  task->func = func;
  task->common = common;
  return CV_RUN_OK;
}

cv_run cv_task_call_core(cv_context *c, cv_func *core, cv_value *values) {
  cv_run run = cv_call(c, core, values);
  if (CV_UNLIKELY(run == CV_RUN_EXCEPTION))
    return cv_trap_set(c, CV_TRAP_UNCAUGHT_EXCEPTION, NULL);
  return run;
}

cv_run cv_task_return(cv_context *c, cv_task *task) {
  if (CV_UNLIKELY(task->borrows != 0))
    return cv_trap_set(c, CV_TRAP_COMPONENT, "borrow handles still remain at the end of the call: %u",
                       (unsigned)task->borrows);
  task->state = CV_TASK_RESOLVED;
  return CV_RUN_OK;
}

cv_run cv_task_leave(cv_context *c, cv_task *task, const cv_value *flat_results) {
  cv_cinstance *instance = task->instance;
  cv_func *post_return = task->func != NULL ? task->func->options.post_return : NULL;
  if (post_return != NULL) {
    cv_value values[1];
    values[0] = *flat_results;
    cv_cinstance_set_may_leave(instance, false);
    if (cv_task_call_core(c, post_return, values) != CV_RUN_OK) {
      cv_task_pop(c, task);
      return CV_RUN_TRAP;
    }
    cv_cinstance_set_may_leave(instance, true);
  }
  for (cv_cinstance *i = instance; i != task->common; i = i->parent)
    i->may_enter.value.u64 = 1;
  cv_task_pop(c, task);
  return CV_RUN_OK;
}

// ---- calls in progress on the side of who lowers ----

void cv_canon_call_begin(cv_canon_call *call, cv_cinstance *instance, const cv_canon_env *options,
                         const cv_cfunctype *type, void *host) {
  call->memory = options->memory;
  call->host = host;
  call->memory_is_64 = options->is_64;
  call->is_export = false;
  call->instance = instance;
  call->options = options;
  call->task = instance->context->task;
  call->type = type;
  cv_arena_init(&call->scratch, cv_store_mem(instance->store));
  call->lenders = call->first_lenders;
  call->lender_count = 0;
  call->lender_capacity = CV_COUNT(call->first_lenders);
  call->lifted_bytes = 0;
  call->taken = NULL;
  call->first_taken.type = NULL;
}

cv_run cv_canon_lend(cv_canon_call *call, uint32_t index) {
  if (call->lender_count == call->lender_capacity) {
    uint32_t capacity = call->lender_capacity * 2;
    uint32_t *lenders = capacity != 0 ? CV_ARENA_ARRAY(&call->scratch, uint32_t, capacity) : NULL;
    if (lenders == NULL)
      return cv_trap_set(call->instance->context, CV_TRAP_OUT_OF_MEMORY, "no host memory for lent handles");
    memcpy(lenders, call->lenders, call->lender_count * sizeof *lenders);
    call->lenders = lenders;
    call->lender_capacity = capacity;
  }
  call->lenders[call->lender_count++] = index;
  call->instance->handles.entries[index].lends++;
  return CV_RUN_OK;
}

void *cv_canon_alloc(cv_canon_call *call, size_t size) {
  return cv_arena_alloc(&call->scratch, size);
}

void cv_canon_call_end(cv_canon_call *call) {
  for (uint32_t i = 0; i < call->lender_count; i++)
    call->instance->handles.entries[call->lenders[i]].lends--;
  call->lender_count = 0;
  if (CV_UNLIKELY(call->taken != NULL))
    cv_taken_drop(&call->taken);
  cv_arena_free(&call->scratch);
}

// ---- canon lift ----

// The caller's end of a call: where arguments come from, and where the result goes.
typedef struct call_end {
  cv_run (*start)(struct call_end *end, const cv_cval **args);
  cv_run (*resolve)(cv_task *task, const cv_cval *result); // task->resolve_env is the end
  cv_arena *arena;                                         // for the result on its way
  cv_cinstance *caller;
  cv_taken *taken;
} call_end;

// CallbackCode: only EXIT needs no event loop.
static cv_run check_callback_code(cv_context *c, uint32_t packed) {
  uint32_t code = packed & 0xf;
  if (code == 0)
    return CV_RUN_OK;
  if (code > 2)
    return cv_trap_set(c, CV_TRAP_COMPONENT, "unsupported callback code: %u", (unsigned)code);
  return cv_trap_set(c, CV_TRAP_UNSUPPORTED, "unsupported: async: a task that %s", code == 1 ? "yields" : "waits");
}

// After the core function came back: its result, to the caller.
static cv_run finish(cv_context *c, cv_task *task, cv_canon_context *cx, const cv_value *values) {
  const cv_cfunc *func = task->func;
  if (func->options.is_async) {
    if (func->options.callback != NULL && check_callback_code(c, values[0].u32) != CV_RUN_OK)
      return CV_RUN_TRAP;
    if (task->state != CV_TASK_RESOLVED)
      return cv_trap_set(c, CV_TRAP_COMPONENT, "async-lifted export failed to produce a result");
    return CV_RUN_OK;
  }
  cv_cval result;
  cv_cfield field = {.type = func->type->result};
  if (field.type != NULL && cv_lift_values(cx, &field, 1, CV_MAX_FLAT_RESULTS, values, &result) != CV_RUN_OK)
    return CV_RUN_TRAP;
  if (cv_task_return(c, task) != CV_RUN_OK)
    return CV_RUN_TRAP;
  return task->resolve(task, field.type != NULL ? &result : NULL);
}

static cv_run run_task(cv_context *c, cv_task *task, call_end *end, cv_value *values) {
  const cv_cfunc *func = task->func;
  cv_canon_context cx = {.options = &func->options,
                         .instance = func->instance,
                         .arena = end->arena,
                         .task = task,
                         .taken = &end->taken,
                         .host_side = end->caller == NULL,
                         .func_name = func->name};
  const cv_cval *args;
  if (end->start(end, &args) != CV_RUN_OK)
    return CV_RUN_TRAP;
  if (cv_lower_values(&cx, func->type->params, func->type->param_count, CV_MAX_FLAT_PARAMS, args, NULL, values) !=
      CV_RUN_OK)
    return CV_RUN_TRAP;
  cv_run run = cv_task_call_core(c, func->core, values);
  return run == CV_RUN_OK ? finish(c, task, &cx, values) : run;
}

static cv_run call_lifted(cv_context *c, const cv_cfunc *func, call_end *end) {
  cv_task task;
  if (cv_task_enter(c, &task, func->instance, func, end->caller) != CV_RUN_OK) {
    cv_taken_drop(&end->taken);
    return CV_RUN_TRAP;
  }
  task.resolve = end->resolve;
  task.resolve_env = end;
  task.arena = end->arena;
  cv_value values[CV_MAX_FLAT_PARAMS];
  values[0] = (cv_value){0};
  cv_run run = run_task(c, &task, end, values);
  if (run == CV_RUN_OK)
    run = cv_task_leave(c, &task, values);
  else
    cv_task_abandon(c, &task);
  if (run != CV_RUN_OK)
    cv_taken_drop(&end->taken);
  return run;
}

// ---- from the host ----

typedef struct host_end {
  call_end end;
  const cv_cval *args;
  cv_cval *result;
} host_end;

static cv_run start_from_host(call_end *end, const cv_cval **args) {
  *args = CV_CONTAINER_OF(end, host_end, end)->args;
  return CV_RUN_OK;
}

static cv_run resolve_to_host(cv_task *task, const cv_cval *result) {
  host_end *h = CV_CONTAINER_OF(task->resolve_env, host_end, end);
  if (result != NULL && h->result != NULL)
    *h->result = *result;
  return CV_RUN_OK;
}

// How far a call got the host cannot know: so what it gives away is the function's, or dropped.
static cv_run note_given(const cv_cfunc *func, host_end *h) {
  cv_canon_context cx = {.instance = func->instance, .arena = h->end.arena, .taken = &h->end.taken};
  for (uint32_t i = 0; i < func->type->param_count; i++)
    if (cv_taken_note(&cx, func->type->params[i].type, &h->args[i]) != CV_RUN_OK) {
      cv_taken_drop(&h->end.taken);
      return CV_RUN_TRAP;
    }
  return CV_RUN_OK;
}

static void *lifted_env(const cv_cfunc *func) {
  return func->flat != NULL ? (void *)(uintptr_t)func : func->env;
}

// A function of the host that the host calls, by way of a component that only passed it on.
static cv_run call_host_func(cv_context *c, const cv_cfunc *func, const cv_cval *args, cv_cval *result,
                             cv_arena *arena) {
  static const cv_canon_env no_options;
  cv_cinstance outside = {.store = c->store, .context = c};
  cv_canon_call call;
  cv_canon_call_begin(&call, &outside, &no_options, func->type, func->env);
  call.scratch = *arena; // what the result points to is the caller's
  // Without a form over values it takes none: it only says why it is not there.
  cv_run run = func->lifted != NULL ? func->lifted(lifted_env(func), &call, args, result)
                                    : func->flat(func->env, &call, &(cv_value){0});
  *arena = call.scratch;
  return run;
}

cv_run cv_cfunc_call(cv_context *c, const cv_cfunc *func, cv_cinstance *caller, const cv_cval *args, cv_cval *result,
                     cv_arena *arena) {
  if (func->kind == CV_CFUNC_HOST)
    return call_host_func(c, func, args, result, arena);
  host_end h = {.end = {.start = start_from_host, .resolve = resolve_to_host, .arena = arena, .caller = caller},
                .args = args,
                .result = result};
  return note_given(func, &h) == CV_RUN_OK ? call_lifted(c, func, &h.end) : CV_RUN_TRAP;
}

// ---- canon lower ----

typedef struct lower_end {
  call_end end;
  const cv_lowered *lowered;
  cv_canon_call call;
  cv_value flat[CV_MAX_FLAT_PARAMS + 1]; // arguments
  uint64_t out_pointer;                  // where the result goes when it is not flat
  bool has_out_pointer;
  cv_value *values; // of the caller, for the flat result
} lower_end;

static cv_canon_context context_of(lower_end *l) {
  return (cv_canon_context){.options = &l->lowered->options,
                            .instance = l->lowered->instance,
                            .arena = &l->call.scratch,
                            .call = &l->call,
                            .taken = &l->end.taken,
                            .host_side = l->lowered->func->kind == CV_CFUNC_HOST,
                            .func_name = l->lowered->func->name};
}

static cv_run lift_args(lower_end *l, const cv_cval **args) {
  const cv_cfunctype *type = l->lowered->type;
  uint32_t max = l->lowered->options.is_async ? CV_MAX_FLAT_ASYNC_PARAMS : CV_MAX_FLAT_PARAMS;
  cv_canon_context cx = context_of(l);
  cv_cval *values = cv_canon_array(&cx, type->param_count, sizeof *values);
  if (values == NULL)
    return CV_RUN_TRAP;
  *args = values;
  return cv_lift_values(&cx, type->params, type->param_count, max, l->flat, values);
}

static cv_run lower_result(lower_end *l, const cv_cval *result) {
  const cv_cfunctype *type = l->lowered->type;
  uint32_t max = l->lowered->options.is_async ? 0 : CV_MAX_FLAT_RESULTS;
  cv_canon_context cx = context_of(l);
  cv_cfield field = {.type = type->result};
  if (field.type == NULL)
    return CV_RUN_OK;
  return cv_lower_values(&cx, &field, 1, max, result, l->has_out_pointer ? &l->out_pointer : NULL, l->values);
}

static cv_run start_from_lowered(call_end *end, const cv_cval **args) {
  return lift_args(CV_CONTAINER_OF(end, lower_end, end), args);
}

static cv_run resolve_to_lowered(cv_task *task, const cv_cval *result) {
  return lower_result(CV_CONTAINER_OF(task->resolve_env, lower_end, end), result);
}

static cv_run call_lifted_host(lower_end *l) {
  const cv_cfunc *func = l->lowered->func;
  const cv_cval *args;
  cv_cval result = {0};
  if (lift_args(l, &args) != CV_RUN_OK) {
    cv_taken_drop(&l->end.taken);
    return CV_RUN_TRAP;
  }
  l->end.taken = NULL; // the function's now
  const cv_ctype *type = func->type->result;
  cv_run run = func->lifted(lifted_env(func), &l->call, args, type != NULL ? &result : NULL);
  if (run != CV_RUN_OK)
    return run;
  cv_canon_context cx = context_of(l);
  if (type != NULL && cv_taken_note(&cx, type, &result) != CV_RUN_OK)
    run = CV_RUN_TRAP;
  else
    run = lower_result(l, &result);
  cv_taken_drop(&l->end.taken);
  return run;
}

CV_COLD static cv_run cannot_leave(const cv_lowered *lowered) {
  cv_bytes name = lowered->func->name;
  return cv_trap_set(lowered->instance->context, CV_TRAP_COMPONENT, "cannot leave component instance%s%.*s%s",
                     name.size != 0 ? ": call of \"" : "", (int)CV_MIN(name.size, 64), (const char *)name.data,
                     name.size != 0 ? "\"" : "");
}

// The caller's slots are on the stack of its code: safe while other code of the store runs.
static void take_flat(lower_end *l, cv_value *values) {
  const cv_lowered *lowered = l->lowered;
  cv_flat_functype flat;
  cv_flatten_functype(lowered->type, lowered->options.is_async, false, lowered->options.is_64 ? CV_PTR64 : CV_PTR32,
                      false, &flat);
  memcpy(l->flat, values, flat.param_count * sizeof *values);
  l->has_out_pointer = flat.results_spilled;
  if (flat.results_spilled) {
    const cv_value *last = &values[flat.param_count - 1];
    l->out_pointer = lowered->options.is_64 ? last->u64 : last->u32;
  }
  l->values = values;
}

// Generated glue: it lifts and lowers itself.
static cv_run call_flat_host(const cv_lowered *lowered, cv_value *values) {
  cv_cinstance *instance = lowered->instance;
  const cv_cfunc *func = lowered->func;
  if (CV_UNLIKELY(lowered->options.is_async))
    return cv_trap_set(instance->context, CV_TRAP_UNSUPPORTED,
                       "unsupported: async: a host function lowered with async");
  cv_canon_call call;
  cv_canon_call_begin(&call, instance, &lowered->options, lowered->type, func->env);
  cv_run run = func->flat(func->env, &call, values);
  cv_canon_call_end(&call);
  return run;
}

static cv_run call_generic(const cv_lowered *lowered, cv_value *values) {
  const cv_cfunc *func = lowered->func;
  lower_end l;
  l.lowered = lowered;
  cv_canon_call_begin(&l.call, lowered->instance, &lowered->options, lowered->type, func->env);
  take_flat(&l, values);
  l.end = (call_end){.start = start_from_lowered,
                     .resolve = resolve_to_lowered,
                     .arena = &l.call.scratch,
                     .caller = lowered->instance};
  cv_run run =
      func->kind == CV_CFUNC_HOST ? call_lifted_host(&l) : call_lifted(lowered->instance->context, func, &l.end);
  if (run == CV_RUN_OK && lowered->options.is_async)
    values[0] = (cv_value){.u64 = RETURNED};
  cv_canon_call_end(&l.call);
  return run;
}

cv_run cv_lowered_call(void *env, cv_instance *caller, cv_value *values) {
  (void)caller; // a core instance; the component instance is known from the definition
  const cv_lowered *lowered = env;
  if (CV_UNLIKELY(!cv_cinstance_may_leave(lowered->instance)))
    return cannot_leave(lowered);
  const cv_cfunc *func = lowered->func;
  if (func->kind == CV_CFUNC_HOST && func->flat != NULL && (!lowered->options.is_64 || func->lifted == NULL))
    return call_flat_host(lowered, values);
  return call_generic(lowered, values);
}
