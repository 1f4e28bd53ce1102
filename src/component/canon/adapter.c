// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter.c: which calls get an adapter, what its module imports, and the code that is generated already.
//
// The module depends on types and options alone, not on instances. So the outermost component of the caller keeps it,
// and the next instance of that component finds it by its bytes.
#include "component/canon/adapter.h"
#include "base/map.h"
#include "component/canon/access.h"
#include "component/link.h"
#include "runtime/engine.h"
#include "wasm/binary/decode.h"
#include "wasm/validate/validate.h"

enum {
  MAX_KEPT = 4096,    // modules that a component keeps; more are made anew each time
  MAX_LENT = 1 << 30, // handles lent at a time, however large the values may be: their counts must not overflow
};

// A list that only grows at its head, so that threads need no lock.
struct cv_adapters {
  cv_adapters *next;
  cv_engine *engine;
  uint32_t hash, count; // count: entries from here on
  cv_code *code;        // its module owns the bytes that it is found by
};

// ---- what it helps with ----

static cv_canon_context side_context(const cv_lowered *l, unsigned side, cv_arena *arena) {
  bool callee = side == CV_SIDE_CALLEE;
  return (cv_canon_context){.options = callee ? &l->func->options : &l->options,
                            .instance = callee ? l->func->instance : l->instance,
                            .arena = arena,
                            .func_name = l->func->name};
}

static cv_run help_trap(void *env, cv_instance *caller, cv_value *values) {
  static const char *const texts[] = {
#define CV_ADAPTER_TRAP_DEF(name, text) [CV_ADAPTER_TRAP_##name] = text,
#include "component/canon/adapter_traps.def"
  };
  (void)caller;
  const cv_lowered *l = env;
  cv_context *c = l->instance->context;
  uint32_t trap = values[0].u32;
  cv_bytes name = l->func->name;
  if (trap == CV_ADAPTER_TRAP_EXCEPTION || trap >= CV_COUNT(texts))
    return cv_trap_set(c, CV_TRAP_UNCAUGHT_EXCEPTION, NULL);
  if (name.size == 0)
    return cv_trap_set(c, CV_TRAP_COMPONENT, "%s", texts[trap]);
  return cv_trap_set(c, CV_TRAP_COMPONENT, "%s: call of \"%.*s\"", texts[trap], (int)CV_MIN(name.size, 64),
                     (const char *)name.data);
}

static cv_run help_utf8(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  cv_arena unused; // nothing is copied
  cv_canon_context cx = side_context(env, values[0].u32 & 1, &unused);
  return cv_check_utf8(&cx, values[1].u64, values[2].u64);
}

static cv_run help_utf16(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  cv_arena unused;
  cv_canon_context cx = side_context(env, values[0].u32 & 1, &unused);
  return cv_check_utf16(&cx, values[1].u64, values[2].u64);
}

static cv_run help_string(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  const cv_lowered *l = env;
  unsigned side = values[0].u32 & 1;
  cv_arena arena;
  cv_arena_init(&arena, cv_store_mem(l->instance->store));
  cv_canon_context from = side_context(l, side, &arena), to = side_context(l, !side, &arena);
  cv_cval string;
  uint64_t address = 0, units = 0;
  cv_run run = cv_lift_string(&from, values[1].u64, values[2].u64, false, &string);
  if (run == CV_RUN_OK)
    run = cv_lower_string(&to, &string, &address, &units);
  cv_arena_free(&arena);
  values[0] = (cv_value){.u64 = address};
  values[1] = (cv_value){.u64 = units};
  return run;
}

static cv_run help_own(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  const cv_lowered *l = env;
  unsigned side = values[0].u32 & 1;
  cv_canon_context from = side_context(l, side, NULL), to = side_context(l, !side, NULL);
  const cv_resource_type *type = from.instance->resources[values[1].u32];
  uint64_t rep;
  uint32_t index;
  if (cv_lift_handle(&from, type, true, values[3].u32, &rep) != CV_RUN_OK)
    return CV_RUN_TRAP;
  if (cv_lower_handle(&to, to.instance->resources[values[2].u32], true, rep, &index) != CV_RUN_OK) {
    if (type->impl == NULL && type->drop != NULL)
      type->drop(type->env, rep);
    return CV_RUN_TRAP;
  }
  values[0] = (cv_value){.u64 = index};
  return CV_RUN_OK;
}

static cv_run help_borrow(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  const cv_lowered *l = env;
  cv_handle_entry *e;
  if (cv_handles_get(l->instance, l->instance->resources[values[0].u32], values[1].u32, &e) != CV_RUN_OK)
    return CV_RUN_TRAP;
  e->lends++;
  values[0] = (cv_value){.u64 = e->rep};
  return CV_RUN_OK;
}

// A handle that is lent is not removed: it is still there.
static cv_run help_give_back(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  const cv_lowered *l = env;
  l->instance->handles.entries[values[0].u32].lends--;
  return CV_RUN_OK;
}

// ---- borrows in any place ----
//
// A borrow of a resource that somebody else implements is an entry of the callee's table and belongs to a task. Calls
// nest, and what a trap leaves in these lists is of instances that are never entered again.

static cv_run note_lent(cv_cinstance *i, uint32_t index) {
  cv_lent *lent = &i->lent;
  // A guest may lend one handle as often as it likes, in lists that lie on each other.
  if (CV_UNLIKELY(lent->count >= CV_MIN(i->value_limit / sizeof *lent->items, (uint64_t)MAX_LENT)))
    return cv_canon_value_limit(i);
  if (lent->count == lent->capacity) {
    uint32_t capacity = lent->capacity != 0 ? lent->capacity * 2 : 8;
    uint32_t *items =
        cv_mem_realloc(cv_store_mem(i->store), lent->items, lent->capacity * sizeof *items, capacity * sizeof *items);
    if (items == NULL)
      return cv_trap_set(i->context, CV_TRAP_OUT_OF_MEMORY, "no host memory for lent handles");
    lent->items = items;
    lent->capacity = capacity;
  }
  lent->items[lent->count++] = index;
  return CV_RUN_OK;
}

static cv_run help_begin(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  const cv_lowered *l = env;
  cv_cinstance *callee = l->func->instance;
  cv_task *task = callee->spare_tasks;
  if (task != NULL)
    callee->spare_tasks = task->outer;
  else if ((task = cv_store_alloc(callee->store, sizeof *task)) == NULL)
    return cv_trap_set(callee->context, CV_TRAP_OUT_OF_MEMORY, "no host memory for a task");
  cv_task_push(callee->context, task, callee);
  task->func = l->func;
  values[0] = (cv_value){.u64 = l->instance->lent.count};
  return CV_RUN_OK;
}

static cv_run help_lend(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  const cv_lowered *l = env;
  cv_canon_context to = side_context(l, CV_SIDE_CALLEE, NULL);
  to.task = to.instance->context->task;
  uint32_t index = values[2].u32, there;
  cv_handle_entry *e;
  if (cv_handles_get(l->instance, l->instance->resources[values[0].u32], index, &e) != CV_RUN_OK ||
      note_lent(l->instance, index) != CV_RUN_OK)
    return CV_RUN_TRAP;
  e->lends++;
  if (cv_lower_handle(&to, to.instance->resources[values[1].u32], false, e->rep, &there) != CV_RUN_OK)
    return CV_RUN_TRAP;
  values[0] = (cv_value){.u64 = there};
  return CV_RUN_OK;
}

static cv_run help_end(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  const cv_lowered *l = env;
  cv_cinstance *callee = l->func->instance;
  cv_context *c = callee->context;
  cv_task *task = c->task;
  if (cv_task_return(c, task) != CV_RUN_OK)
    return CV_RUN_TRAP;
  cv_task_pop(c, task);
  task->outer = callee->spare_tasks;
  callee->spare_tasks = task;
  for (cv_lent *lent = &l->instance->lent; lent->count > values[0].u32;)
    l->instance->handles.entries[lent->items[--lent->count]].lends--;
  return CV_RUN_OK;
}

static cv_host_fn *const HELPERS[CV_ADAPTER_IMPORT_COUNT] = {
    [CV_ADAPTER_TRAP] = help_trap,
    [CV_ADAPTER_UTF8] = help_utf8,
    [CV_ADAPTER_UTF16] = help_utf16,
    [CV_ADAPTER_STRING] = help_string,
    [CV_ADAPTER_OWN] = help_own,
    [CV_ADAPTER_BORROW] = help_borrow,
    [CV_ADAPTER_GIVE_BACK] = help_give_back,
    [CV_ADAPTER_BEGIN] = help_begin,
    [CV_ADAPTER_LEND] = help_lend,
    [CV_ADAPTER_END] = help_end,
};

// ---- the plan ----

static bool usable_memory(const cv_canon_env *options) {
  const cv_memory *m = options->memory;
  return m == NULL || (m->shared == NULL && m->type.page_log2 == 16);
}

typedef enum borrows { BORROWS_NONE, BORROWS_PLAIN, BORROWS_ANY } borrows;

// Plain ones are parameters themselves, of resources that the callee implements.
static borrows borrows_of(const cv_lowered *l) {
  borrows kind = BORROWS_NONE;
  for (uint32_t i = 0; i < l->type->param_count; i++) {
    const cv_ctype *t = l->type->params[i].type;
    if (!t->has_borrow)
      continue;
    if (t->kind != CV_CT_BORROW || l->instance->resources[t->resource->index]->impl != l->func->instance)
      return BORROWS_ANY;
    kind = BORROWS_PLAIN;
  }
  bool spilled = cv_flat_count(l->type->params, l->type->param_count) > CV_MAX_FLAT_PARAMS;
  return kind == BORROWS_PLAIN && spilled ? BORROWS_ANY : kind;
}

// Code that may ask for its task: the callee's, and the caller's realloc, which runs in a task of its own.
static bool uses_tasks(const cv_lowered *l, const cv_adapter_plan *plan) {
  return cv_cinstance_uses_tasks(l->func->instance) ||
         (plan->imports[CV_ADAPTER_REALLOC_CALLER] && cv_cinstance_uses_tasks(l->instance));
}

static bool has_async(const cv_cfunctype *type) {
  for (uint32_t i = 0; i < type->param_count; i++)
    if (type->params[i].type->has_async || type->params[i].type->kind == CV_CT_ERROR_CONTEXT)
      return true;
  return type->is_async || (type->result != NULL && type->result->has_async);
}

bool cv_adapter_plan_for(const cv_lowered *l, cv_adapter_plan *plan) {
  const cv_cfunc *func = l->func;
  *plan = (cv_adapter_plan){.lowered = l};
  if (func->kind != CV_CFUNC_LIFTED || func->options.is_async || l->options.is_async || has_async(l->type) ||
      !usable_memory(&l->options) || !usable_memory(&func->options))
    return false;
  const cv_ctype *result = l->type->result;
  bool *imports = plan->imports, pointers[2] = {false, result != NULL && result->has_pointer};
  bool handles = result != NULL && result->has_handle;
  for (uint32_t i = 0; i < l->type->param_count; i++) {
    const cv_ctype *t = l->type->params[i].type;
    pointers[CV_SIDE_CALLER] |= t->has_pointer;
    handles |= t->has_handle;
  }
  bool spilled = cv_flat_count(l->type->params, l->type->param_count) > CV_MAX_FLAT_PARAMS;
  imports[CV_ADAPTER_CALLEE] = imports[CV_ADAPTER_TRAP] = true;
  imports[CV_ADAPTER_REALLOC_CALLEE] = pointers[CV_SIDE_CALLER] || spilled;
  imports[CV_ADAPTER_REALLOC_CALLER] = pointers[CV_SIDE_CALLEE];
  imports[CV_ADAPTER_POST_RETURN] = func->options.post_return != NULL;
  bool any = pointers[0] || pointers[1], same = l->options.encoding == func->options.encoding;
  imports[CV_ADAPTER_UTF8] = any && same && l->options.encoding == CV_UTF8;
  imports[CV_ADAPTER_UTF16] = any && same && l->options.encoding == CV_UTF16;
  imports[CV_ADAPTER_STRING] = any && !imports[CV_ADAPTER_UTF8] && !imports[CV_ADAPTER_UTF16];
  imports[CV_ADAPTER_OWN] = handles;
  borrows kind = borrows_of(l);
  imports[CV_ADAPTER_BORROW] = imports[CV_ADAPTER_GIVE_BACK] = kind == BORROWS_PLAIN;
  imports[CV_ADAPTER_BEGIN] = imports[CV_ADAPTER_LEND] = imports[CV_ADAPTER_END] = kind == BORROWS_ANY;
  bool memory = any || spilled || (result != NULL && result->flat_count > CV_MAX_FLAT_RESULTS);
  plan->memories[0] = plan->memories[1] = memory;
  for (cv_cinstance *i = func->instance; i != cv_common_instance(func->instance, l->instance); i = i->parent)
    plan->entered++;
  bool complete = (!memory || (l->options.memory != NULL && func->options.memory != NULL)) &&
                  (!imports[CV_ADAPTER_REALLOC_CALLEE] || func->options.realloc != NULL) &&
                  (!imports[CV_ADAPTER_REALLOC_CALLER] || l->options.realloc != NULL);
  return complete && !uses_tasks(l, plan);
}

// ---- code ----

static const cv_component *outermost(const cv_component *component) {
  while (component != NULL && component->outer != NULL)
    component = component->outer;
  return component;
}

static cv_adapters **kept_of(const cv_component *component) {
  return component != NULL ? (cv_adapters **)(uintptr_t)&component->adapters : NULL;
}

// NULL when there is none of these bytes.
static cv_code *find_kept(const cv_adapters *kept, const cv_engine *engine, uint32_t hash, const cv_buf *bytes) {
  for (; kept != NULL; kept = kept->next) {
    const cv_module *m = kept->code->module;
    if (kept->hash == hash && kept->engine == engine && m->size == bytes->size &&
        memcmp(m->bytes, bytes->data, bytes->size) == 0)
      return kept->code;
  }
  return NULL;
}

// Two threads may keep the same module twice; that is only waste.
static void keep(cv_adapters **kept, cv_engine *engine, uint32_t hash, cv_code *code) {
  cv_adapters *head = __atomic_load_n(kept, __ATOMIC_ACQUIRE);
  if (head != NULL && head->count >= MAX_KEPT)
    return;
  cv_adapters *entry = cv_mem_zalloc(cv_engine_mem(engine), sizeof *entry);
  if (entry == NULL)
    return;
  *entry = (cv_adapters){.engine = engine, .hash = hash, .code = code};
  cv_code_retain(code);
  do {
    entry->next = head;
    entry->count = head != NULL ? head->count + 1 : 1;
  } while (!__atomic_compare_exchange_n(kept, &head, entry, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

void cv_adapters_delete(cv_adapters *adapters) {
  while (adapters != NULL) {
    cv_adapters *next = adapters->next;
    cv_code *code = adapters->code;
    cv_engine_retain(adapters->engine); // the code may hold the last reference
    cv_engine *engine = adapters->engine;
    cv_mem_free(cv_engine_mem(engine), adapters, sizeof *adapters);
    cv_code_release(code);
    cv_engine_release(engine);
    adapters = next;
  }
}

static cv_code *compile(cv_engine *engine, const cv_buf *bytes) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_module *module;
  cv_code *code;
  // What the guests may use is another matter.
  if (cv_module_decode(&module, cv_engine_mem(engine), cv_engine_registry(engine), CV_FEATURES_DEFAULT, bytes->data,
                       bytes->size, CV_DECODE_COPY, &diag) != CV_OK)
    return NULL;
  if (cv_module_validate(module, cv_engine_tier(engine)->side_tables ? CV_VALIDATE_SIDE_TABLES : 0, &diag) == CV_OK &&
      cv_engine_compile(engine, module, &code, &diag) == CV_OK)
    return code;
  cv_module_delete(module);
  return NULL;
}

// With a reference for the caller; NULL when there is no adapter.
static cv_code *code_for(cv_store *store, const cv_adapter_plan *plan) {
  cv_engine *engine = cv_store_engine(store);
  cv_adapters **kept = kept_of(outermost(plan->lowered->instance->component));
  cv_code *code = NULL;
  cv_buf bytes;
  cv_buf_init(&bytes, cv_store_mem(store));
  if (cv_adapter_generate(plan, cv_store_mem(store), &bytes) && cv_buf_status(&bytes) == CV_OK) {
    uint32_t hash = cv_hash_bytes(bytes.data, bytes.size);
    code = kept != NULL ? find_kept(__atomic_load_n(kept, __ATOMIC_ACQUIRE), engine, hash, &bytes) : NULL;
    if (code != NULL)
      cv_code_retain(code);
    else if ((code = compile(engine, &bytes)) != NULL && kept != NULL)
      keep(kept, engine, hash, code);
  }
  cv_buf_free(&bytes);
  return code;
}

// ---- instances ----

static cv_func *import_func(cv_store *store, const cv_adapter_plan *plan, cv_adapter_import import) {
  const cv_lowered *l = plan->lowered;
  switch (import) {
  case CV_ADAPTER_CALLEE:
    return l->func->core;
  case CV_ADAPTER_REALLOC_CALLER:
    return l->options.realloc;
  case CV_ADAPTER_REALLOC_CALLEE:
    return l->func->options.realloc;
  case CV_ADAPTER_POST_RETURN:
    return l->func->options.post_return;
  default:
    break;
  }
  cv_flat_functype type;
  cv_adapter_import_type(plan, import, &type);
  cv_typeid id =
      cv_engine_functype(cv_store_engine(store), type.params, type.param_count, type.results, type.result_count);
  return id != CV_NO_TYPE ? cv_store_func_new(store, id, HELPERS[import], (void *)(uintptr_t)l, NULL) : NULL;
}

static void add_import(cv_extern *imports, size_t *count, cv_extern_kind kind, void *object) {
  imports[(*count)++] = (cv_extern){.kind = kind, .as.object = object};
}

// In the order of the module. False when memory ran out.
static bool fill_imports(cv_store *store, const cv_adapter_plan *plan, cv_extern *imports, size_t *count) {
  const cv_lowered *l = plan->lowered;
  cv_cinstance *sides[2] = {l->instance, l->func->instance};
  cv_memory *const memories[2] = {l->options.memory, l->func->options.memory};
  for (unsigned side = 0; side < 2; side++)
    if (plan->memories[side])
      add_import(imports, count, CV_EXTERN_MEMORY, memories[side]);
  for (unsigned side = 0; side < 2; side++)
    add_import(imports, count, CV_EXTERN_GLOBAL, &sides[side]->may_leave);
  cv_cinstance *entered = l->func->instance;
  for (uint32_t i = 0; i < plan->entered; i++, entered = entered->parent)
    add_import(imports, count, CV_EXTERN_GLOBAL, &entered->may_enter);
  for (unsigned i = 0; i < CV_ADAPTER_IMPORT_COUNT; i++)
    if (plan->imports[i]) {
      cv_func *func = import_func(store, plan, (cv_adapter_import)i);
      if (func == NULL)
        return false;
      add_import(imports, count, CV_EXTERN_FUNC, func);
    }
  return true;
}

cv_func *cv_adapter_func(cv_store *store, const cv_lowered *lowered) {
  cv_adapter_plan plan;
  if (!cv_adapter_plan_for(lowered, &plan))
    return NULL;
  cv_code *code = code_for(store, &plan);
  if (code == NULL)
    return NULL;
  cv_func *func = NULL;
  size_t room = 4 + plan.entered + CV_ADAPTER_IMPORT_COUNT, count = 0;
  cv_extern *imports = cv_mem_calloc(cv_store_mem(store), room, sizeof *imports);
  cv_instance *instance;
  cv_diag diag;
  cv_diag_init(&diag);
  if (imports != NULL && fill_imports(store, &plan, imports, &count) &&
      cv_instantiate(store, code, imports, count, NULL, &instance, &diag) == CV_OK)
    func = cv_instance_func(instance, instance->module->exports[0].index);
  cv_mem_free(cv_store_mem(store), imports, room * sizeof *imports);
  cv_code_release(code);
  return func;
}

// ---- made when first called ----

// Generated code relies on both types being the same. Where a type came in with an imported component that may not be
// so: then, and where there is no such code, values are lifted and lowered by their types.
static cv_func *make_late(const cv_lowered *l) {
  const cv_cfunc *callee = l->func;
  if (!cv_cfunctype_same(l->type, l->instance->resources, callee->type, callee->instance->resources))
    return NULL;
  return cv_adapter_func(l->instance->store, l);
}

// The core function becomes the adapter in place, so that whoever has it calls that from now on.
static cv_run first_call(void *env, cv_instance *caller, cv_value *values) {
  const cv_lowered *l = env;
  cv_func *adapter = make_late(l);
  if (adapter == NULL) {
    l->core->host = cv_lowered_call;
    return cv_lowered_call(env, caller, values);
  }
  *l->core = *adapter;
  cv_run run = cv_call(l->instance->context, adapter, values);
  l->core->code = adapter->code; // compiled meanwhile
  return run;
}

cv_func *cv_adapter_func_late(cv_store *store, cv_lowered *lowered, cv_typeid type) {
  lowered->core = cv_store_func_new(store, type, first_call, lowered, NULL);
  return lowered->core;
}
