// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_instance.c: exports of component instances, calls with values in both directions, resources that the host
// holds.
#include "api/component.h"

// ---- exports -------------------------------------------------------------------------------------------------------

// What the component says of the export `name`; NULL for instances that are no component's.
static const cv_cextern *type_of(const cv_cextern *externs, uint32_t count, cv_bytes name) {
  for (uint32_t i = 0; i < count; i++)
    if (cv_bytes_equal(externs[i].name, name))
      return &externs[i];
  return NULL;
}

// The exported instance of that name or, when there is none, of a compatible version.
static const cv_cnamed *find_interface(cv_cexports *exports, cv_bytes interface) {
  const cv_cnamed *found = cv_cexports_find(exports, interface);
  if (found != NULL)
    return found->item.sort == CV_SORT_INSTANCE ? found : NULL;
  cv_bytes base, version;
  cv_cname_split(interface, &base, &version);
  for (uint32_t i = 0; i < exports->count; i++) {
    const cv_cnamed *e = &exports->items[i];
    cv_bytes e_base, e_version;
    cv_cname_split(e->name, &e_base, &e_version);
    if (e->item.sort == CV_SORT_INSTANCE && e_version.size != 0 && cv_bytes_equal(base, e_base) &&
        (version.size == 0 || cv_version_fits(version, (cv_bytes){0}, e_version) != CV_VERSION_OTHER))
      return e;
  }
  return NULL;
}

const cv_cnamed *cv_api_find_export(cv_cexports *exports, cv_bytes interface, cv_bytes name, const cv_cextern **type) {
  const cv_cextern *externs = NULL;
  uint32_t count = 0;
  if (exports->instance != NULL) {
    externs = exports->instance->component->type.exports;
    count = exports->instance->component->type.export_count;
  }
  if (interface.size != 0) {
    const cv_cnamed *inside = find_interface(exports, interface);
    if (inside == NULL)
      return NULL;
    const cv_cextern *e = type_of(externs, count, inside->name);
    externs = e != NULL ? e->type.as.instance->exports : NULL;
    count = e != NULL ? e->type.as.instance->export_count : 0;
    exports = inside->item.as.instance;
  }
  if (type != NULL)
    *type = type_of(externs, count, name);
  return cv_cexports_find(exports, name);
}

cove_component_func *cove_component_instance_func(cove_component_instance *instance, const char *interface,
                                                  const char *name) {
  const cv_cnamed *found =
      cv_api_find_export(cv_api_exports(instance), cv_api_text(interface), cv_bytes_of(name), NULL);
  if (found == NULL || found->item.sort != CV_SORT_FUNC)
    return NULL;
  return (cove_component_func *)found->item.as.func;
}

const cove_resource_type *cove_component_instance_resource(cove_component_instance *instance, const char *interface,
                                                           const char *name) {
  const cv_cnamed *found =
      cv_api_find_export(cv_api_exports(instance), cv_api_text(interface), cv_bytes_of(name), NULL);
  if (found == NULL || found->item.sort != CV_SORT_TYPE)
    return NULL;
  return (const cove_resource_type *)found->item.as.resource;
}

// ---- calls of exports ----------------------------------------------------------------------------------------------

const cove_component_functype *cove_component_func_type(const cove_component_func *func) {
  return (const cove_component_functype *)cv_api_cfunc(func)->type;
}

static cove_status check_args(const cv_cfunctype *type, const cove_component_value *args, size_t count,
                              cove_error **error) {
  char shown[80];
  if (count != type->param_count)
    return cv_api_fail(error, COVE_USAGE, "the function has %u parameters, %zu arguments were given",
                       (unsigned)type->param_count, count);
  for (uint32_t i = 0; i < type->param_count; i++)
    if (!cv_api_value_fits(type->params[i].type, &args[i], 0))
      return cv_api_fail(error, COVE_USAGE, "argument %u is not a value of %s", (unsigned)i,
                         cv_ctype_text(type->params[i].type, shown, sizeof shown));
  return COVE_OK;
}

cove_status cove_component_func_call(cove_component_func *func, const cove_component_value *args, size_t arg_count,
                                     cove_component_value *result, cove_error **error) {
  cv_cfunc *f = cv_api_cfunc(func);
  if (f->instance == NULL)
    return cv_api_fail(error, COVE_UNSUPPORTED, "unsupported: the host calls its own function by way of a component");
  cove_status status = check_args(f->type, args, arg_count, error);
  if (status != COVE_OK)
    return status;
  cove_store *store = cv_api_store_of(f->instance->store);
  cv_arena arena;
  cv_arena_init(&arena, cv_store_mem(f->instance->store));
  cv_cval value;
  cv_run run = cv_cfunc_call(f->instance->context, f, NULL, (const cv_cval *)args, &value, &arena);
  if (run != CV_RUN_OK)
    status = cv_api_trap(error, store, run);
  else if (f->type->result != NULL && result != NULL && cv_api_value_copy(&value, result) != CV_OK)
    status = cv_api_no_memory(error);
  cv_arena_free(&arena);
  return status;
}

cove_status cove_handle_drop(cove_store *store, cove_handle *handle, cove_error **error) {
  const cv_resource_type *type = (const cv_resource_type *)handle->type;
  uint64_t rep = handle->rep;
  *handle = (cove_handle){0};
  if (type == NULL)
    return COVE_OK;
  cv_run run = cv_resource_destroy(cv_store_context(store->store), NULL, type, rep);
  return run == CV_RUN_OK ? COVE_OK : cv_api_trap(error, store, run);
}

// ---- functions of the host over values -----------------------------------------------------------------------------

cv_run cv_api_call_values(void *env, cv_canon_call *call, const cv_cval *args, cv_cval *result) {
  const cv_api_host_func *func = env;
  const cv_cfunctype *type = call->type;
  call->host = func->env;
  cove_component_value *out = type->result != NULL ? (cove_component_value *)result : NULL;
  if (out != NULL)
    *out = (cove_component_value){.kind = type->result->kind};
  cove_host_result ended =
      func->fn(func->env, (cove_call *)call, (const cove_component_value *)args, type->param_count, out);
  if (ended == COVE_HOST_OK && out != NULL && !cv_api_value_fits(type->result, out, 0))
    return cv_trap_set(call->instance->context, CV_TRAP_HOST, "a function of the host gave a value of another type");
  return (cv_run)ended;
}

const cove_component_functype *cove_call_functype(const cove_call *call) {
  return (const cove_component_functype *)((const cv_canon_call *)call)->type;
}
