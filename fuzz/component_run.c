// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Running any valid component: it is given whatever it imports by a host that answers with the least value of each
// type, and every function that it exports is called with such values, by generic lifting and by adapters alike.
// Nothing may be read or written out of bounds, nothing may leak, and a run must end.
#include <stdlib.h>

#include "base/buf.h"
#include "component/canon/canon.h"
#include "component/link.h"
#include "runtime/engine.h"
#include "target.h"
#include "wasm/validate/validate.h"

enum { FUEL = 20000, MAX_CALLS = 50 };

static void require(bool condition) {
  if (!condition)
    abort();
}

// ---- a host for everything ----

typedef struct host {
  cv_store *store;
  const cv_component *component;
  const cv_resource_type **resources; // bound so far
  uint32_t live;                      // representations that were given out and not dropped
} host;

static void dropped(void *env, uint64_t rep) {
  host *h = env;
  require(rep == 7 && h->live != 0);
  h->live--;
}

typedef struct maker {
  host *host;
  const cv_resource_type *const *resources;
  cv_arena *arena;
} maker;

// The least value of a type: 0, false, "", [], the first case. Handles are of the host. False when there is none.
static bool least(maker *m, const cv_ctype *type, cv_cval *out) {
  *out = (cv_cval){.kind = type->kind};
  uint32_t count = type->kind == CV_CT_FIXED_LIST ? CV_MIN(type->length, 4096u) : type->count;
  switch ((cv_ctype_kind)type->kind) {
  case CV_CT_STRING:
    out->as.string.data = "\xc3\xa9\xe2\x82\xac";
    out->as.string.size = 5;
    return true;
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
  case CV_CT_FIXED_LIST:
    out->as.list.items = cv_arena_calloc(m->arena, count + 1u, sizeof *out);
    out->as.list.count = count;
    if (out->as.list.items == NULL || (type->kind == CV_CT_FIXED_LIST && type->length != count))
      return false;
    for (uint32_t i = 0; i < count; i++)
      if (!least(m, type->fields[type->kind == CV_CT_FIXED_LIST ? 0 : i].type, &out->as.list.items[i]))
        return false;
    return true;
  case CV_CT_VARIANT:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
  case CV_CT_ENUM:
    out->which = type->kind == CV_CT_OPTION;
    if (type->fields[out->which].type == NULL)
      return true;
    out->as.payload = cv_arena_calloc(m->arena, 1, sizeof *out);
    return out->as.payload != NULL && least(m, type->fields[out->which].type, out->as.payload);
  case CV_CT_OWN:
  case CV_CT_BORROW:
    out->as.handle.type = m->resources != NULL ? m->resources[type->resource->index] : NULL;
    if (out->as.handle.type == NULL || out->as.handle.type->impl != NULL)
      return false;
    out->as.handle.rep = 7;
    m->host->live += type->kind == CV_CT_OWN;
    return true;
  case CV_CT_STREAM:
  case CV_CT_FUTURE:
  case CV_CT_ERROR_CONTEXT:
    return false;
  default:
    return true;
  }
}

static cv_run answer(void *env, cv_canon_call *call, const cv_cval *args, cv_cval *result) {
  host *h = env;
  maker m = {h, call->instance->resources, &call->scratch};
  for (uint32_t i = 0; i < call->type->param_count; i++) {
    require(args[i].kind == call->type->params[i].type->kind);
    h->live -= args[i].kind == CV_CT_OWN && args[i].as.handle.type->impl == NULL;
  }
  if (call->type->result == NULL || least(&m, call->type->result, result))
    return CV_RUN_OK;
  return cv_trap_set(call->instance->context, CV_TRAP_HOST, "no such value");
}

static bool give(host *h, const cv_cexterntype *type, cv_bytes name, cv_citem *out);

static bool give_instance(host *h, const cv_cinstancetype *type, cv_citem *out) {
  cv_cexports *made = cv_store_alloc(h->store, sizeof *made + type->export_count * sizeof *made->items);
  if (made == NULL)
    return false;
  made->items = (cv_cnamed *)(made + 1);
  for (; made->count < type->export_count; made->count++) {
    const cv_cextern *e = &type->exports[made->count];
    made->items[made->count].name = e->name;
    if (!give(h, &e->type, e->name, &made->items[made->count].item))
      return false;
  }
  out->as.instance = made;
  return true;
}

static bool give(host *h, const cv_cexterntype *type, cv_bytes name, cv_citem *out) {
  *out = (cv_citem){.sort = type->sort};
  switch (type->sort) {
  case CV_SORT_FUNC: {
    cv_cfunc *func = cv_store_alloc(h->store, sizeof *func);
    if (func == NULL)
      return false;
    *func = (cv_cfunc){.kind = CV_CFUNC_HOST, .type = type->as.func, .lifted = answer, .env = h, .name = name};
    func->resources = h->resources;
    out->as.func = func;
    return true;
  }
  case CV_SORT_TYPE: {
    if (type->as.type.kind != CV_DEF_RESOURCE)
      return true;
    const cv_resource_type **bound = &h->resources[type->as.type.as.resource->index];
    cv_resource_type *made = *bound == NULL ? cv_store_alloc(h->store, sizeof *made) : NULL;
    if (made != NULL) {
      *made = (cv_resource_type){.key = made, .drop = dropped, .env = h, .name = name};
      *bound = made;
    }
    out->as.resource = (cv_resource_type *)(uintptr_t)*bound;
    return *bound != NULL;
  }
  case CV_SORT_INSTANCE:
    return give_instance(h, type->as.instance, out);
  default:
    return false;
  }
}

// ---- calls ----

static void call_all(host *h, cv_cexports *exports, uint32_t *calls) {
  cv_context *context = cv_store_context(h->store);
  for (uint32_t i = 0; i < exports->count && *calls < MAX_CALLS; i++) {
    const cv_citem *item = &exports->items[i].item;
    if (item->sort == CV_SORT_INSTANCE && item->as.instance != NULL) {
      ++*calls;
      call_all(h, item->as.instance, calls);
      continue;
    }
    if (item->sort != CV_SORT_FUNC || item->as.func->instance == NULL)
      continue;
    const cv_cfunc *func = item->as.func;
    cv_arena arena;
    cv_arena_init(&arena, cv_store_mem(h->store));
    maker m = {h, func->instance->resources, &arena};
    cv_cval result, *args = CV_ARENA_ARRAY(&arena, cv_cval, func->type->param_count + 1u);
    uint32_t live = h->live;
    bool good = args != NULL;
    for (uint32_t k = 0; good && k < func->type->param_count; k++)
      good = least(&m, func->type->params[k].type, &args[k]);
    ++*calls;
    context->fuel = FUEL;
    // What a call that failed took of the host's resources is not told.
    if (!good)
      h->live = live;
    else if (cv_cfunc_call(context, func, NULL, args, &result, &arena) != CV_RUN_OK)
      h->live += 1000;
    cv_arena_free(&arena);
  }
}

static void run_in(cv_engine *engine, const cv_component *c) {
  const cv_store_options limits = {.host_bytes = 16 << 20,
                                   .memory_bytes = 4 << 20,
                                   .memory_total = 16 << 20,
                                   .table_elements = 10000,
                                   .instances = 100,
                                   .call_depth = 200};
  cv_diag diag;
  cv_diag_init(&diag);
  host h = {.component = c};
  if (cv_store_new(engine, &limits, &h.store, &diag) != CV_OK)
    return;
  cv_store_context(h.store)->fuel = FUEL;
  h.resources = cv_store_alloc(h.store, (c->resource_count + 1u) * sizeof *h.resources);
  cv_citem *imports = cv_store_alloc(h.store, (c->type.import_count + 1u) * sizeof *imports);
  bool given = h.resources != NULL && imports != NULL;
  for (uint32_t i = 0; given && i < c->type.import_count; i++)
    given = give(&h, &c->type.imports[i].type, c->type.imports[i].name, &imports[i]);
  cv_cexports *exports;
  uint32_t calls = 0;
  if (given && cv_component_instantiate(h.store, c, imports, &exports, &diag) == CV_OK)
    call_all(&h, exports, &calls);
  h.live += 1000000; // drops of what is left, when the store goes
  cv_store_delete(h.store);
}

static void run(const char *tier, const uint8_t *data, size_t size) {
  cv_engine_options options = {.tier = tier,
                               .features = CV_FEATURES_DEFAULT,
                               .compile = {.fuel = true, .lazy = true},
                               .memory_limit = 256 << 20};
  cv_diag diag;
  cv_diag_init(&diag);
  cv_engine *engine;
  if (cv_engine_new(&engine, &options, &diag) != CV_OK)
    return;
  cv_component *c;
  cv_status status =
      cv_component_decode(&c, cv_engine_mem(engine), data, size, false, cv_engine_features(engine), &diag);
  if (status == CV_OK) {
    status = cv_component_validate(c, cv_engine_registry(engine), CV_VALIDATE_SIDE_TABLES, &diag);
    if (status == CV_OK)
      status = cv_component_compile(c, engine, NULL, &diag);
    if (status == CV_OK)
      run_in(engine, c);
    cv_component_delete(c);
  }
  cv_engine_release(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t preamble[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf bytes;
  cv_buf_init(&bytes, &mem);
  if (size < 4 || memcmp(data, "\0asm", 4) != 0)
    cv_buf_bytes(&bytes, preamble, sizeof preamble);
  cv_buf_bytes(&bytes, data, size);
  if (cv_buf_status(&bytes) == CV_OK) {
    run("interp", bytes.data, bytes.size);
    run("jit", bytes.data, bytes.size);
  }
  cv_buf_free(&bytes);
  return 0;
}
