// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// glue.c: what generated bindings are built on (cove/glue.h): lifting and lowering step by step, over the canonical
// ABI's own functions; and calls of exports. A cove_call is a cv_canon_call under another name, with room behind it for
// what a call of an export needs.
#include "api/scratch.h"
#include "base/utf8.h"
#include "component/canon/access.h"

#define SAME_PLACE(ours, theirs) (offsetof(cv_canon_call, ours) == offsetof(cove_call, theirs))
static_assert(SAME_PLACE(memory, memory) && SAME_PLACE(host, host) && SAME_PLACE(memory_is_64, memory_is_64),
              "the head of a call is public");
#undef SAME_PLACE
static_assert(offsetof(cv_memory, base) == offsetof(cove_glue_memory, base) &&
                  offsetof(cv_memory, size) == offsetof(cove_glue_memory, size),
              "the head of a memory is public");
static_assert((int)COVE_HOST_TRAP == CV_RUN_TRAP && (int)COVE_HOST_OK == CV_RUN_OK, "same numbers");

typedef struct export_call {
  cv_canon_call call;
  cv_task task;
  const cv_cfunc *func;
  cove_results *results;
  cv_context *context; // with scratch
  cv_scratch *scratch; // for values that do not go to a 32-bit memory; NULL where they do
  uint8_t flat_result[sizeof(cv_value)];
  bool entered;
} export_call;
static_assert(sizeof(export_call) <= sizeof(cove_call), "the public structure has room");

static cv_canon_call *call_of(cove_call *call) {
  return (cv_canon_call *)call;
}

static cv_canon_context context_of(cv_canon_call *call) {
  return (cv_canon_context){.options = call->options,
                            .instance = call->instance,
                            .arena = &call->scratch,
                            .call = call,
                            .task = call->task,
                            .taken = &call->taken,
                            .taken_room = &call->first_taken,
                            .host_side = true,
                            .lifted_bytes = call->lifted_bytes};
}

static cove_host_result out_of_memory(const cv_canon_call *call) {
  return (cove_host_result)cv_trap_set(call->instance->context, CV_TRAP_OUT_OF_MEMORY,
                                       "no host memory for values of a call");
}

// ---- ends of a call ------------------------------------------------------------------------------------------------

void *cove_call_alloc(cove_call *call, size_t size) {
  return cv_canon_alloc(call_of(call), size);
}

cove_host_result cove_call_trap(cove_call *call, const char *text) {
  return (cove_host_result)cv_trap_set(call_of(call)->instance->context, CV_TRAP_HOST, "%s", text);
}

cove_host_result cove_call_exit(cove_call *call, int32_t status) {
  cv_context *context = call_of(call)->instance->context;
  cv_run run = cv_trap_set(context, CV_TRAP_EXIT, NULL);
  context->trap.exit_status = status;
  return (cove_host_result)run;
}

// ---- memory --------------------------------------------------------------------------------------------------------

cove_host_result cove_glue_range_trap(cove_call *call, uint64_t address, uint64_t size, uint32_t align) {
  cv_canon_call *c = call_of(call);
  cv_canon_context cx = context_of(c);
  if ((address & (align - 1)) != 0)
    return (cove_host_result)cv_canon_trap(&cx, "unaligned pointer: address 0x%llx", (unsigned long long)address);
  return (cove_host_result)cv_canon_trap(&cx, "pointer out of bounds of memory: %llu bytes at address 0x%llx",
                                         (unsigned long long)size, (unsigned long long)address);
}

cove_host_result cove_glue_list(cove_call *call, uint32_t address, uint32_t count, uint32_t size, uint32_t align,
                                uint8_t **out) {
  uint64_t bytes = (uint64_t)count * size;
  cv_canon_context cx = context_of(call_of(call));
  if (bytes > CV_MAX_VALUE_BYTES)
    return (cove_host_result)cv_canon_trap(&cx, "list too long: %llu bytes", (unsigned long long)bytes);
  COVE_GLUE_TRY(cove_glue_range(call, address, bytes, align, out));
  cv_run run = cv_canon_count(&cx, bytes);
  call_of(call)->lifted_bytes = cx.lifted_bytes;
  return (cove_host_result)run;
}

// What most calls need is done here step by step, and what goes wrong is told by the general form, which looks anew.
// That is UTF-8 in a memory with 32-bit addresses which no other thread writes to.
static bool is_plain(const cv_canon_call *call) {
  const cv_canon_env *options = call->options;
  return options->encoding == CV_UTF8 && !options->is_64 && options->memory != NULL && options->memory->shared == NULL;
}

static bool is_utf8(const void *data, size_t size) {
  return cv_utf8_valid_prefix(data, size) == size;
}

cove_host_result cove_glue_alloc(cove_call *call, uint64_t size, uint32_t align, uint32_t *address, uint8_t **out) {
  cv_canon_context cx = context_of(call_of(call));
  uint64_t at;
  cv_run run = cv_canon_realloc(&cx, 0, 0, align, size, &at);
  if (run != CV_RUN_OK)
    return (cove_host_result)run;
  *address = (uint32_t)at;
  *out = cx.options->memory->base + at;
  return COVE_HOST_OK;
}

CV_COLD static cove_host_result lift_string(cv_canon_call *call, uint32_t address, uint32_t units, cove_string *out) {
  cv_canon_context cx = context_of(call);
  cv_cval value;
  cv_run run = cv_lift_string(&cx, address, units, true, &value);
  call->lifted_bytes = cx.lifted_bytes;
  if (run == CV_RUN_OK)
    *out = (cove_string){value.as.string.data, value.as.string.size};
  return (cove_host_result)run;
}

cove_host_result cove_glue_lift_string(cove_call *call, uint32_t address, uint32_t units, cove_string *out) {
  cv_canon_call *c = call_of(call);
  if (CV_UNLIKELY(!is_plain(c) || units > CV_MAX_VALUE_BYTES ||
                  !cv_range_fits(address, units, cv_memory_size(c->memory)) ||
                  c->lifted_bytes + units > c->instance->value_limit))
    return lift_string(c, address, units, out);
  const uint8_t *data = c->memory->base + address;
  if (CV_UNLIKELY(!is_utf8(data, units)))
    return lift_string(c, address, units, out);
  c->lifted_bytes += units;
  *out = (cove_string){(const char *)data, units};
  return COVE_HOST_OK;
}

CV_COLD static cove_host_result lower_string(cv_canon_call *call, cove_string string, uint32_t *address,
                                             uint32_t *units) {
  cv_canon_context cx = context_of(call);
  const cv_cval value = {.kind = CV_CT_STRING, .as.string = {string.data, string.size}};
  uint64_t at, count;
  cv_run run = cv_lower_string(&cx, &value, &at, &count);
  if (run == CV_RUN_OK) {
    *address = (uint32_t)at;
    *units = (uint32_t)count;
  }
  return (cove_host_result)run;
}

cove_host_result cove_glue_lower_string(cove_call *call, cove_string string, uint32_t *address, uint32_t *units) {
  cv_canon_call *c = call_of(call);
  if (CV_UNLIKELY(!is_plain(c) || string.size > CV_MAX_VALUE_BYTES || cv_memory_holds(c->memory, string.data) ||
                  !is_utf8(string.data, string.size)))
    return lower_string(c, string, address, units);
  uint8_t *to;
  COVE_GLUE_TRY(cove_glue_alloc(call, string.size, 1, address, &to));
  if (string.size != 0)
    memcpy(to, string.data, string.size);
  *units = (uint32_t)string.size;
  return COVE_HOST_OK;
}

cove_host_result cove_glue_case_trap(cove_call *call, uint32_t which, const char *type) {
  cv_canon_context cx = context_of(call_of(call));
  return (cove_host_result)cv_canon_trap(&cx, "invalid discriminant %u of %s", (unsigned)which, type);
}

cove_host_result cove_glue_char_trap(cove_call *call, uint32_t character) {
  cv_canon_context cx = context_of(call_of(call));
  return (cove_host_result)cv_canon_trap(&cx, "invalid character 0x%x", (unsigned)character);
}

// ---- handles -------------------------------------------------------------------------------------------------------

static const cv_resource_type *type_among(const cv_component *component, const cv_resource_type *const *resources,
                                          const cove_glue_resource *resource) {
  for (uint32_t k = 0; k < component->resource_count; k++)
    if (resources[k] != NULL && resources[k]->key == resource)
      return resources[k];
  return NULL;
}

// The resource type that the component knows a resource of the host by. A component that is linked with functions of
// this resource has one; a trap is for glue that was written wrong.
static const cv_resource_type *type_of(const cv_canon_call *call, const cove_glue_resource *resource) {
  const cv_cinstance *i = call->instance;
  const cv_resource_type *type = type_among(i->component, i->resources, resource);
  if (type == NULL)
    cv_trap_set(i->context, CV_TRAP_HOST, "the component knows no resource %s of the host", resource->full_name);
  return type;
}

// Those in the type of a function that the host calls.
static const cv_component *resources_of(const cv_cfunc *f, const cv_resource_type *const **out) {
  bool is_host = f->kind == CV_CFUNC_HOST;
  *out = is_host ? f->resources : (const cv_resource_type *const *)f->instance->resources;
  return is_host ? f->component : f->instance->component;
}

// The quick way: the entry of the handle says its type.
static const cv_resource_type *type_at(const cv_canon_call *call, const cove_glue_resource *resource, uint32_t handle) {
  const cv_handles *h = &call->instance->handles;
  if (handle < h->count && h->entries[handle].kind != CV_HANDLE_FREE && h->entries[handle].type->key == resource)
    return h->entries[handle].type;
  return type_of(call, resource);
}

static cove_host_result lift(cove_call *call, const cove_glue_resource *resource, bool own, uint32_t handle,
                             void **rep) {
  cv_canon_call *c = call_of(call);
  cv_canon_context cx = context_of(c);
  const cv_resource_type *type = type_at(c, resource, handle);
  uint64_t bits;
  if (type == NULL || cv_lift_handle(&cx, type, own, handle, &bits) != CV_RUN_OK)
    return COVE_HOST_TRAP;
  *rep = (void *)(uintptr_t)bits;
  return COVE_HOST_OK;
}

cove_host_result cove_glue_lift_own(cove_call *call, const cove_glue_resource *resource, uint32_t handle, void **rep) {
  return lift(call, resource, true, handle, rep);
}

cove_host_result cove_glue_lift_borrow(cove_call *call, const cove_glue_resource *resource, uint32_t handle,
                                       void **rep) {
  return lift(call, resource, false, handle, rep);
}

// What the component does not know has no type here, and the host of a call of an export is not told.
static void drop_now(const cv_canon_call *call, const cv_resource_type *type, const cove_glue_resource *resource,
                     void *rep) {
  if (type != NULL && type->drop != NULL)
    type->drop(type->env, (uintptr_t)rep);
  else if (type == NULL && resource->drop != NULL && !call->is_export)
    resource->drop(call->host, rep);
}

cove_host_result cove_glue_note_own(cove_call *call, const cove_glue_resource *resource, void *rep) {
  cv_canon_call *c = call_of(call);
  if (CV_UNLIKELY(c->instance == NULL)) { // a call that was not entered, for want of memory
    const cv_resource_type *const *resources;
    const cv_component *component = resources_of(((const export_call *)call)->func, &resources);
    drop_now(c, type_among(component, resources, resource), resource, rep);
    return COVE_HOST_TRAP;
  }
  cv_canon_context cx = context_of(c);
  const cv_resource_type *type = type_of(c, resource);
  if (type != NULL && cv_taken_note_one(&cx, type, (uintptr_t)rep) == CV_RUN_OK)
    return COVE_HOST_OK;
  drop_now(c, type, resource, rep);
  return COVE_HOST_TRAP;
}

void cove_glue_give_all(cove_call *call) {
  call_of(call)->taken = NULL;
}

// One that was noted is dropped with the rest, when the call ends.
static bool is_noted(const cv_canon_call *call, const cove_glue_resource *resource, const void *rep) {
  for (const cv_taken *t = cv_taken_next(call->taken, NULL); t != NULL; t = cv_taken_next(call->taken, t))
    if (t->type->key == resource && t->rep == (uintptr_t)rep)
      return true;
  return false;
}

cove_host_result cove_glue_lower_own(cove_call *call, const cove_glue_resource *resource, void *rep, uint32_t *handle) {
  cv_canon_call *c = call_of(call);
  cv_canon_context cx = context_of(c);
  const cv_resource_type *type = type_of(c, resource);
  if (type != NULL && cv_lower_handle(&cx, type, true, (uintptr_t)rep, handle) == CV_RUN_OK)
    return COVE_HOST_OK;
  if (!is_noted(c, resource, rep))
    drop_now(c, type, resource, rep);
  return COVE_HOST_TRAP;
}

cove_host_result cove_glue_lower_borrow(cove_call *call, const cove_glue_resource *resource, void *rep,
                                        uint32_t *handle) {
  cv_canon_call *c = call_of(call);
  cv_canon_context cx = context_of(c);
  const cv_resource_type *type = type_of(c, resource);
  if (type == NULL)
    return COVE_HOST_TRAP;
  return (cove_host_result)cv_lower_handle(&cx, type, false, (uintptr_t)rep, handle);
}

cove_host_result cove_glue_lift_handle(cove_call *call, const cove_resource_type *type, uint32_t index,
                                       cove_handle *out) {
  cv_canon_context cx = context_of(call_of(call));
  uint64_t rep;
  if (cv_lift_handle(&cx, (const cv_resource_type *)type, true, index, &rep) != CV_RUN_OK)
    return COVE_HOST_TRAP;
  *out = (cove_handle){type, rep};
  return COVE_HOST_OK;
}

static cove_host_result lower_handle(cove_call *call, const cove_handle *handle, bool own, uint32_t *index) {
  cv_canon_context cx = context_of(call_of(call));
  if (handle->type == NULL)
    return (cove_host_result)cv_trap_set(cx.instance->context, CV_TRAP_HOST, "the host holds no such resource");
  return (cove_host_result)cv_lower_handle(&cx, (const cv_resource_type *)handle->type, own, handle->rep, index);
}

cove_host_result cove_glue_lower_handle(cove_call *call, cove_handle *handle, uint32_t *index) {
  cove_host_result run = lower_handle(call, handle, true, index);
  if (run == COVE_HOST_OK)
    *handle = (cove_handle){0};
  return run;
}

cove_host_result cove_glue_lend_handle(cove_call *call, const cove_handle *handle, uint32_t *index) {
  return lower_handle(call, handle, false, index);
}

// ---- results -------------------------------------------------------------------------------------------------------

// Chunks of memory, the newest first; each hands out what it has from its start on.
typedef struct chunk {
  struct chunk *next;
  size_t size, used; // of `bytes`
  _Alignas(16) uint8_t bytes[];
} chunk;

enum {
  FIRST_CHUNK = 1024 - sizeof(chunk), // most results are short, and freed after one call
  LEAST_CHUNK = 4096 - sizeof(chunk),
};

// One chunk of FIRST_CHUNK bytes that is at hand for the next call of whatever thread, charged all the while.
static chunk *spare_chunk;

static void free_chunk(chunk *c) {
  chunk *none = NULL;
  if (c->size == FIRST_CHUNK && __atomic_load_n(&spare_chunk, __ATOMIC_RELAXED) == NULL &&
      __atomic_compare_exchange_n(&spare_chunk, &none, c, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
    return;
  cv_mem_free(&cv_api_mem, c, sizeof *c + c->size);
}

static chunk *new_chunk(size_t size) {
  chunk *c = size == FIRST_CHUNK && __atomic_load_n(&spare_chunk, __ATOMIC_RELAXED) != NULL
                 ? __atomic_exchange_n(&spare_chunk, NULL, __ATOMIC_ACQUIRE)
                 : NULL;
  return c != NULL ? c : cv_mem_alloc(&cv_api_mem, sizeof *c + size);
}

void cove_results_free(cove_results *results) {
  for (chunk *c = results->chunks, *next; c != NULL; c = next) {
    next = c->next;
    free_chunk(c);
  }
  results->chunks = NULL;
}

void cove_results_reset(cove_results *results) {
  chunk *newest = results->chunks;
  if (newest == NULL)
    return;
  results->chunks = newest->next;
  cove_results_free(results);
  newest->next = NULL;
  newest->used = 0;
  results->chunks = newest;
}

// The newest chunk has no room for `need` bytes.
static cove_host_result add_chunk(cv_canon_call *call, cove_results *results, size_t need, void **out) {
  size_t size = CV_MAX(need, results->chunks == NULL ? (size_t)FIRST_CHUNK : (size_t)LEAST_CHUNK);
  chunk *c = new_chunk(size);
  if (c == NULL)
    return out_of_memory(call);
  *c = (chunk){.next = results->chunks, .size = size, .used = need};
  results->chunks = c;
  *out = c->bytes;
  return COVE_HOST_OK;
}

cove_host_result cove_glue_keep(cove_call *call, size_t size, void **out) {
  cove_results *results = ((export_call *)call)->results;
  if (results == NULL)
    return cove_call_trap(call, "a result with strings or lists needs memory for them");
  if (size > SIZE_MAX / 2)
    return out_of_memory(call_of(call));
  size_t need = (size + 15) & ~(size_t)15;
  chunk *c = results->chunks;
  if (CV_UNLIKELY(c == NULL || c->size - c->used < need))
    return add_chunk(call_of(call), results, need, out);
  *out = c->bytes + c->used;
  c->used += need;
  return COVE_HOST_OK;
}

cove_host_result cove_glue_keep_string(cove_call *call, uint32_t address, uint32_t units, cove_string *out) {
  cove_string there;
  void *copy;
  COVE_GLUE_TRY(cove_glue_lift_string(call, address, units, &there));
  COVE_GLUE_TRY(cove_glue_keep(call, there.size + 1, &copy));
  if (there.size != 0)
    memcpy(copy, there.data, there.size);
  ((char *)copy)[there.size] = '\0';
  *out = (cove_string){copy, there.size};
  return COVE_HOST_OK;
}

// ---- exports -------------------------------------------------------------------------------------------------------

static cove_status not_found(const char *interface, const char *name, cove_error **error) {
  bool inside = interface != NULL && interface[0] != '\0';
  return cv_api_fail(error, COVE_NOT_FOUND, "the component exports no \"%s\"%s%s%s", name, inside ? " in \"" : "",
                     inside ? interface : "", inside ? "\"" : "");
}

static cove_status check_signature(cv_cexports *exports, const cv_cfunctype *type, const cove_glue_export *what,
                                   cove_error **error) {
  cv_arena arena;
  cv_arena_init(&arena, &cv_api_mem);
  cv_buf text;
  cv_buf_init(&text, &cv_api_mem);
  cove_status status = COVE_OK;
  const cv_resource_name *names = cv_resource_names(exports->instance->component, &arena);
  if (names != NULL)
    cv_signature_write(&text, type, names);
  const char *there = names != NULL ? cv_buf_cstr(&text) : NULL;
  if (there == NULL)
    status = cv_api_no_memory(error);
  else if (strcmp(there, what->signature) != 0)
    status = cv_api_fail(error, COVE_UNLINKABLE, "\"%s\" has another type: the host wants %s, the component has %s",
                         what->name, what->signature, there);
  cv_buf_free(&text);
  cv_arena_free(&arena);
  return status;
}

cove_status cove_glue_find_export(cove_component_instance *instance, const cove_glue_export *what,
                                  cove_component_func **out, cove_error **error) {
  cv_cexports *exports = cv_api_exports(instance);
  const cv_cextern *type;
  const cv_cnamed *found = cv_api_find_export(exports, cv_api_text(what->interface), cv_bytes_of(what->name), &type);
  if (found == NULL || found->item.sort != CV_SORT_FUNC || type == NULL)
    return not_found(what->interface, what->name, error);
  cv_cfunc *func = found->item.as.func;
  cove_status status = check_signature(exports, type->type.as.func, what, error);
  if (status != COVE_OK)
    return status;
  if (func->options.is_async)
    return cv_api_fail(error, COVE_UNSUPPORTED, "unsupported: async");
  *out = (cove_component_func *)func;
  return COVE_OK;
}

cove_status cove_glue_find_resource(cove_component_instance *instance, const char *interface, const char *name,
                                    const cove_resource_type **out, cove_error **error) {
  *out = cove_component_instance_resource(instance, interface, name);
  return *out != NULL ? COVE_OK : not_found(interface, name, error);
}

// The way for functions with a 64-bit memory, and for those of the host that a component only passes on: the values are
// lowered into memory of the host's own, and called with from there.
static cove_host_result enter_scratch(export_call *e, const cv_cfunc *f, cv_context *context) {
  const cv_resource_type *const *resources;
  const cv_component *component = resources_of(f, &resources);
  e->entered = false;
  e->context = context;
  e->scratch = cv_scratch_new(context, component, (const cv_resource_type **)(uintptr_t)resources);
  if (e->scratch == NULL) {
    e->call.instance = NULL; // leaving has no more than the context to go by, and noting than the function
    e->call.is_export = true;
    return COVE_HOST_TRAP;
  }
  cv_canon_call_begin(&e->call, &e->scratch->instance, &e->scratch->options, f->type, NULL);
  e->call.is_export = true;
  e->task = (cv_task){.instance = &e->scratch->instance};
  e->call.task = &e->task;
  return COVE_HOST_OK;
}

static cove_host_result invoke_scratch(export_call *e, cv_value *values) {
  const cv_cfunctype *type = e->func->type;
  cv_canon_context cx = context_of(&e->call);
  cv_cval *args = cv_canon_array(&cx, type->param_count + 1u, sizeof *args), result = {0};
  if (args == NULL)
    return COVE_HOST_TRAP;
  cv_run run = cv_lift_values(&cx, type->params, type->param_count, CV_MAX_FLAT_PARAMS, values, args);
  if (run != CV_RUN_OK)
    return (cove_host_result)run;
  e->call.taken = NULL; // the function's now
  run =
      cv_cfunc_call(cx.instance->context, e->func, NULL, args, type->result != NULL ? &result : NULL, &e->call.scratch);
  if (run != CV_RUN_OK || type->result == NULL)
    return (cove_host_result)run;
  const cv_cfield field = {.type = type->result};
  run = cv_taken_note(&cx, type->result, &result);
  if (run == CV_RUN_OK)
    run = cv_lower_values(&cx, &field, 1, CV_MAX_FLAT_RESULTS, &result, NULL, values);
  return (cove_host_result)run;
}

static cove_status leave_scratch(export_call *e, cv_run run, cove_error **error) {
  cv_store *store = e->scratch->instance.store;
  if (run == CV_RUN_OK)
    e->call.taken = NULL; // the caller's now
  cove_status status = run == CV_RUN_OK ? COVE_OK : cv_api_trap(error, cv_api_store_of(store), run);
  cv_canon_call_end(&e->call);
  cv_scratch_delete(e->scratch);
  return status;
}

cove_host_result cove_glue_enter(cove_call *call, cove_component_func *func, cove_results *results) {
  export_call *e = (export_call *)call;
  const cv_cfunc *f = cv_api_cfunc(func);
  e->scratch = NULL;
  if (CV_UNLIKELY(f->kind == CV_CFUNC_HOST || f->options.is_64)) {
    e->func = f;
    e->results = results;
    return enter_scratch(e, f, f->kind == CV_CFUNC_HOST ? f->context : f->instance->context);
  }
  cv_canon_call_begin(&e->call, f->instance, &f->options, f->type, NULL);
  e->call.is_export = true;
  e->func = f;
  e->results = results;
  e->entered = cv_task_enter(f->instance->context, &e->task, f->instance, f, NULL) == CV_RUN_OK;
  e->call.task = &e->task;
  return e->entered ? COVE_HOST_OK : COVE_HOST_TRAP;
}

cove_host_result cove_glue_invoke(cove_call *call, cove_value *values) {
  export_call *e = (export_call *)call;
  if (CV_UNLIKELY(e->scratch != NULL))
    return invoke_scratch(e, (cv_value *)values);
  cv_run run = cv_task_call_core(e->call.instance->context, e->func->core, (cv_value *)values);
  if (e->func->options.post_return != NULL) // the caller's slots may be used for what else it does
    memcpy(e->flat_result, values, sizeof e->flat_result);
  return (cove_host_result)run;
}

cove_status cove_glue_leave(cove_call *call, cove_host_result result, cove_error **error) {
  export_call *e = (export_call *)call;
  if (CV_UNLIKELY(e->scratch != NULL))
    return leave_scratch(e, (cv_run)result, error);
  if (CV_UNLIKELY(e->call.instance == NULL))
    return cv_api_trap(error, cv_api_store_of(e->context->store), (cv_run)result);
  cv_cinstance *instance = e->call.instance;
  cv_context *context = instance->context;
  cv_run run = (cv_run)result;
  if (CV_LIKELY(run == CV_RUN_OK))
    run = cv_task_return(context, &e->task);
  if (CV_LIKELY(run == CV_RUN_OK)) {
    cv_value flat; // set when it is looked at: by post-return
    if (e->func->options.post_return != NULL)
      memcpy(&flat, e->flat_result, sizeof flat);
    run = cv_task_leave(context, &e->task, &flat);
  } else if (e->entered) {
    cv_task_abandon(context, &e->task);
  }
  if (CV_LIKELY(run == CV_RUN_OK)) {
    e->call.taken = NULL; // the caller's now
    cv_canon_call_end(&e->call);
    return COVE_OK;
  }
  cove_status status = cv_api_trap(error, cv_api_store_of(instance->store), run);
  cv_canon_call_end(&e->call);
  return status;
}
