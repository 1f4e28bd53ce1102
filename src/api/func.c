// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// func.c: calling functions, and functions of the host.
#include "api/api.h"
#include "runtime/check.h"
#include "runtime/internal.h"

static_assert(sizeof(cove_value) == sizeof(cv_value) && _Alignof(cove_value) == _Alignof(cv_value), "one layout");
static_assert((int)COVE_HOST_TRAP == CV_RUN_TRAP && (int)COVE_HOST_EXCEPTION == CV_RUN_EXCEPTION, "same numbers");

cove_status cove_func_new(cove_store *store, const cove_functype *type, cove_host_fn *fn, void *env,
                          void (*finalize)(void *env), cove_func **out, cove_error **error) {
  cv_typeid id = cv_engine_functype(store->engine, type->params, (uint32_t)type->param_count, type->results,
                                    (uint32_t)type->result_count);
  if (id == CV_NO_TYPE)
    return cv_api_no_memory(error);
  // The public host function has the very convention of the run time, under public names.
  cv_func *func = cv_store_func_new(store->store, id, (cv_host_fn *)(void (*)(void))fn, env, finalize);
  if (func == NULL)
    return cv_api_no_memory(error);
  *out = (cove_func *)func;
  return COVE_OK;
}

cove_functype cove_func_type(const cove_func *func) {
  return cv_api_functype(((const cv_func *)func)->signature);
}

cove_status cove_func_call_in_place(cove_func *func, cove_value *values, cove_error **error) {
  cv_func *f = (cv_func *)func;
  cv_context *context = cv_store_context(cv_func_store(f));
  if (CV_UNLIKELY(cv_canon_of_signature(f->signature)->checks_params)) {
    const cv_functype *type = f->signature;
    uint32_t wrong =
        cv_values_misfit(cv_func_store(f), cv_functype_params(type), type->param_count, (cv_value *)values);
    if (wrong != type->param_count)
      return cv_api_fail(error, COVE_USAGE, "argument %u is not a reference of the parameter's type", wrong + 1);
  }
  cv_run run = cv_call(context, f, (cv_value *)values);
  if (CV_LIKELY(run == CV_RUN_OK))
    return COVE_OK;
  return cv_api_trap(error, cv_api_store_of(cv_func_store(f)), run);
}

cove_status cove_func_call(cove_func *func, const cove_value *args, size_t arg_count, cove_value *results,
                           size_t result_count, cove_error **error) {
  const cv_functype *type = ((const cv_func *)func)->signature;
  if (arg_count != type->param_count)
    return cv_api_fail(error, COVE_USAGE, "the function has %u parameters, %zu arguments were given",
                       (unsigned)type->param_count, arg_count);
  if (result_count != type->result_count)
    return cv_api_fail(error, COVE_USAGE, "the function has %u results, room for %zu was given",
                       (unsigned)type->result_count, result_count);
  enum { NEAR = 16 };
  cove_value near[NEAR], *values = near;
  size_t count = CV_MAX(arg_count, result_count);
  if (count > NEAR) {
    values = cv_mem_alloc(&cv_api_mem, count * sizeof *values);
    if (values == NULL)
      return cv_api_no_memory(error);
  }
  if (arg_count != 0)
    memcpy(values, args, arg_count * sizeof *values);
  cove_status status = cove_func_call_in_place(func, values, error);
  if (status == COVE_OK && result_count != 0)
    memcpy(results, values, result_count * sizeof *values);
  if (values != near)
    cv_mem_free(&cv_api_mem, values, count * sizeof *values);
  return status;
}

// ---- for host functions ----

// `caller` is NULL when the host called its own function: then the context is the one that runs.
static cv_context *context_of(const cove_caller *caller) {
  return caller != NULL ? ((const cv_instance *)caller)->context : cv_this_thread.context;
}

cove_host_result cove_caller_trap(cove_caller *caller, const char *text) {
  return (cove_host_result)cv_trap_set(context_of(caller), CV_TRAP_HOST, "%s", text);
}

cove_host_result cove_caller_exit(cove_caller *caller, int32_t status) {
  cv_context *context = context_of(caller);
  cv_run run = cv_trap_set(context, CV_TRAP_EXIT, NULL);
  context->trap.exit_status = status;
  return (cove_host_result)run;
}

cove_host_result cove_caller_throw(cove_caller *caller, const cove_tag *tag, const cove_value *payload) {
  cv_context *context = context_of(caller);
  const cv_functype *type = ((const cv_tag *)tag)->signature;
  if (((const cv_tag *)tag)->store != context->store)
    return (cove_host_result)cv_trap_set(context, CV_TRAP_HOST, "a host threw an exception of another store's tag");
  if (cv_canon_of_signature(type)->checks_params &&
      cv_values_misfit(context->store, cv_functype_params(type), type->param_count, (const cv_value *)payload) !=
          type->param_count)
    return (cove_host_result)cv_trap_set(context, CV_TRAP_HOST, "a host threw a value that is not of the tag's type");
  cv_exception *exception = cv_exception_new(context, (const cv_tag *)tag, (const cv_value *)payload);
  if (exception == NULL)
    return (cove_host_result)cv_trap_set(context, CV_TRAP_OUT_OF_MEMORY, NULL);
  context->exception = exception;
  return COVE_HOST_EXCEPTION;
}

cove_memory *cove_caller_memory(cove_caller *caller) {
  return caller != NULL ? (cove_memory *)cv_instance_wasi_memory((const cv_instance *)caller) : NULL;
}

cove_store *cove_caller_store(cove_caller *caller) {
  return cv_api_store_of(context_of(caller)->store);
}
