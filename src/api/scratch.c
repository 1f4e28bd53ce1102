// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// scratch.c: an instance for values on their way between generated bindings and who has no 32-bit memory (scratch.h).
#include "api/scratch.h"

#include "sys/vm.h"

enum {
  FIRST = 64, // address 0 is never given out
  STEP = 1 << 16,
};
static const uint64_t RESERVED = (uint64_t)1 << 32;

// What a guest's realloc does.
static cv_run give(cv_canon_context *cx, uint64_t old, uint64_t old_size, uint32_t align, uint64_t size,
                   uint64_t *out) {
  cv_scratch *s = CV_CONTAINER_OF(cx->options, cv_scratch, options);
  uint64_t at = (s->top + align - 1) & ~(uint64_t)(align - 1);
  if (size > RESERVED - at)
    return cv_trap_set(s->instance.context, CV_TRAP_OUT_OF_MEMORY, "no host memory for values of a call");
  uint64_t need = cv_align_up(at + size, (uint64_t)STEP);
  if (need > s->committed) {
    if (!cv_vm_commit(s->memory.base + s->committed, (size_t)(need - s->committed)))
      return cv_trap_set(s->instance.context, CV_TRAP_OUT_OF_MEMORY, "no host memory for values of a call");
    s->committed = s->memory.size = need;
  }
  if (old_size != 0)
    memmove(s->memory.base + at, s->memory.base + old, (size_t)CV_MIN(old_size, size));
  s->top = at + size;
  *out = at;
  return CV_RUN_OK;
}

cv_scratch *cv_scratch_new(cv_context *context, const cv_component *component, const cv_resource_type **resources) {
  cv_scratch *s = cv_mem_alloc(&cv_api_mem, sizeof *s);
  void *base = s != NULL ? cv_vm_reserve((size_t)RESERVED) : NULL;
  if (base == NULL) {
    cv_mem_free(&cv_api_mem, s, sizeof *s);
    cv_trap_set(context, CV_TRAP_OUT_OF_MEMORY, "no host memory for values of a call");
    return NULL;
  }
  memset(s, 0, sizeof *s);
  s->top = FIRST;
  s->reserved = (size_t)RESERVED;
  s->memory.base = base;
  s->options = (cv_canon_env){.encoding = CV_UTF8, .memory = &s->memory, .give = give};
  cv_cinstance_init(&s->instance, context->store, component, NULL);
  s->instance.value_limit = UINT64_MAX; // the guest's own instance counts
  s->instance.resources = resources;
  return s;
}

void cv_scratch_delete(cv_scratch *s) {
  if (s == NULL)
    return;
  cv_handles_free(&s->instance);
  cv_vm_release(s->memory.base, s->reserved);
  cv_mem_free(&cv_api_mem, s, sizeof *s);
}

static cv_canon_context context_of(cv_scratch *s, cv_canon_call *call) {
  return (cv_canon_context){
      .options = &s->options, .instance = &s->instance, .arena = &call->scratch, .host_side = true};
}

// Lowers the arguments as a guest would before it calls. Owned resources of the host among them are the function's.
static cv_run lower_args(cv_scratch *s, cv_canon_call *call, const cv_cfunctype *type, cv_task *task,
                         const cv_cval *args, cv_value *flat) {
  cv_canon_context cx = context_of(s, call);
  cv_taken *taken = NULL;
  cx.task = task;
  cx.taken = &taken;
  cv_run run = CV_RUN_OK;
  for (uint32_t i = 0; i < type->param_count && run == CV_RUN_OK; i++)
    run = cv_taken_note(&cx, type->params[i].type, &args[i]);
  if (run == CV_RUN_OK)
    run = cv_lower_values(&cx, type->params, type->param_count, CV_MAX_FLAT_PARAMS, args, NULL, flat);
  cv_taken_drop(&taken); // those that did not arrive
  return run;
}

cv_run cv_scratch_call(void *env, cv_canon_call *outer, const cv_cval *args, cv_cval *result) {
  const cv_cfunc *func = env;
  const cv_cfunctype *type = func->type;
  cv_context *context = outer->instance->context;
  cv_scratch *s = cv_scratch_new(context, func->component, (const cv_resource_type **)(uintptr_t)func->resources);
  if (s == NULL)
    return CV_RUN_TRAP;
  cv_task task = {.instance = &s->instance};
  cv_flat_functype flat;
  cv_flatten_functype(type, false, false, CV_PTR32, false, &flat);
  cv_value values[CV_MAX_FLAT_PARAMS + 1] = {{0}};
  cv_canon_context cx = context_of(s, outer);
  cv_taken *taken = NULL;
  cx.taken = &taken;
  cv_cfield field = {.type = type->result};
  uint64_t place = 0;
  cv_run run = lower_args(s, outer, type, &task, args, values);
  if (run == CV_RUN_OK && flat.results_spilled) {
    const cv_clayout *layout = &type->result->layout[CV_PTR32];
    run = give(&cx, 0, 0, layout->align, layout->size, &place);
    values[flat.param_count - 1].u64 = place;
  }
  if (run == CV_RUN_OK) {
    cv_canon_call call;
    cv_canon_call_begin(&call, &s->instance, &s->options, type, func->env);
    run = func->flat(func->env, &call, values);
    cv_canon_call_end(&call);
  }
  if (run == CV_RUN_OK && field.type != NULL) {
    if (flat.results_spilled)
      values[0].u64 = place;
    run = cv_lift_values(&cx, &field, 1, CV_MAX_FLAT_RESULTS, values, result);
    if (run != CV_RUN_OK)
      cv_taken_drop(&taken);
  }
  cv_scratch_delete(s);
  return run;
}
