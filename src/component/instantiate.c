// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instantiate.c: instantiation of components (Explainer.md, "Instance Definitions"; Binary.md): walks the definitions
// of a component in their order, each adding what it makes to its index space. Validation has seen to it that every
// index is good and that every argument fits; what comes from outside was matched by the linker.
//
// One block of the store holds an instance, its index spaces, its map of resource types and its exports.
#include "component/instantiate.h"
#include "component/binary/syntax.h"
#include "component/canon/adapter.h"
#include "component/link.h"
#include "runtime/tier.h"

// Index spaces as pointers. What they point at: the object of a core sort; cv_code (core module); core_instance;
// cv_cfunc; cv_resource_type or NULL (type); cv_cclosure; cv_cexports.
struct cv_cspaces {
  void **items[CV_CS_COUNT];
  uint32_t counts[CV_CS_COUNT]; // so far
  cv_cinstance *outer;          // where outer aliases look
  cv_cexports *exports;
};

// A core instance: one of a module, or a bundle of items.
typedef struct core_instance {
  cv_instance *instance; // NULL for a bundle
  const cv_carg *args;
  void **objects; // one for each of args
  uint32_t count;
  uint32_t next; // where the next search begins: what is looked for one after the other mostly stands so
} core_instance;

typedef struct maker {
  cv_store *store;
  cv_cinstance *instance;
  const cv_citem *imports;
  uint32_t import_at; // the next import
  cv_diag *diag;
} maker;

const cv_cnamed *cv_cexports_find(cv_cexports *exports, cv_bytes name) {
  for (uint32_t i = 0, at = exports->next; i < exports->count; i++, at++) {
    if (at >= exports->count)
      at = 0;
    if (cv_bytes_equal(exports->items[at].name, name)) {
      exports->next = at + 1;
      return &exports->items[at];
    }
  }
  return NULL;
}

static cv_status no_memory(cv_diag *diag) {
  return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory while instantiating a component");
}

// ---- index spaces --------------------------------------------------------------------------------------------------

static void add(cv_cinstance *instance, cv_cspace space, void *item) {
  struct cv_cspaces *s = instance->spaces;
  s->items[space][s->counts[space]++] = item;
}

static void *get(const cv_cinstance *instance, cv_cspace space, uint32_t index) {
  return index != CV_NO_INDEX ? instance->spaces->items[space][index] : NULL;
}

static cv_csort sort_of(cv_cspace space) {
  switch (space) {
  case CV_CS_CORE_MODULE:
    return CV_SORT_MODULE;
  case CV_CS_FUNC:
    return CV_SORT_FUNC;
  case CV_CS_COMPONENT:
    return CV_SORT_COMPONENT;
  case CV_CS_INSTANCE:
    return CV_SORT_INSTANCE;
  case CV_CS_VALUE:
    return CV_SORT_VALUE;
  default:
    return CV_SORT_TYPE;
  }
}

static cv_citem item_at(const cv_cinstance *instance, cv_csortidx at) {
  cv_citem item = {.sort = sort_of(at.space)};
  item.as.object = get(instance, at.space, at.index);
  return item;
}

// ---- resources -----------------------------------------------------------------------------------------------------

// Walks the type of what a definition brings beside the thing itself, and enters the resource types that are
// introduced.
static cv_status bind(maker *m, const cv_cdef *def, const cv_cexterntype *type, const cv_citem *item) {
  if (type->sort == CV_SORT_TYPE && type->as.type.kind == CV_DEF_RESOURCE) {
    uint32_t index = type->as.type.as.resource->index;
    if (index - def->first_resource < def->resource_count)
      m->instance->resources[index] = item->as.resource;
  } else if (type->sort == CV_SORT_INSTANCE) {
    for (uint32_t i = 0; i < type->as.instance->export_count; i++) {
      const cv_cextern *e = &type->as.instance->exports[i];
      if (e->type.sort != CV_SORT_TYPE && e->type.sort != CV_SORT_INSTANCE)
        continue;
      const cv_cnamed *found = cv_cexports_find(item->as.instance, e->name);
      if (found == NULL || found->item.sort != e->type.sort)
        return cv_fail(m->diag, CV_EUNLINKABLE, def->entry, "an instance lacks its export \"%.*s\"",
                       (int)CV_MIN(e->name.size, 100), (const char *)e->name.data);
      CV_TRY(bind(m, def, &e->type, &found->item));
    }
  }
  return CV_OK;
}

static cv_status bind_resources(maker *m, const cv_cdef *def, const cv_citem *item) {
  return def->resource_count != 0 ? bind(m, def, &def->type, item) : CV_OK;
}

// The resource type that a definition of the sort `type` adds: NULL for any other type.
static void *resource_of(const maker *m, const cv_cexterntype *type) {
  if (type->sort != CV_SORT_TYPE || type->as.type.kind != CV_DEF_RESOURCE)
    return NULL;
  return (void *)m->instance->resources[type->as.type.as.resource->index];
}

static cv_status define_type(maker *m, const cv_cdef *def) {
  const cv_cdeftype *type = &def->type.as.type;
  if (type->kind == CV_DEF_RESOURCE && type->as.resource->is_local) {
    const cv_syn_type *syntax = def->syntax;
    cv_resource_type *made = cv_store_alloc(m->store, sizeof *made);
    if (made == NULL)
      return no_memory(m->diag);
    made->impl = m->instance;
    made->dtor = get(m->instance, CV_CS_CORE_FUNC, syntax->dtor);
    made->name = type->as.resource->name;
    m->instance->resources[type->as.resource->index] = made;
  }
  add(m->instance, CV_CS_TYPE, resource_of(m, &def->type));
  return CV_OK;
}

// ---- core instances ------------------------------------------------------------------------------------------------

static const cv_cspace core_spaces[] = {
    [CV_EXTERN_FUNC] = CV_CS_CORE_FUNC,     [CV_EXTERN_TABLE] = CV_CS_CORE_TABLE,
    [CV_EXTERN_MEMORY] = CV_CS_CORE_MEMORY, [CV_EXTERN_GLOBAL] = CV_CS_CORE_GLOBAL,
    [CV_EXTERN_TAG] = CV_CS_CORE_TAG,
};

static cv_extern core_export(core_instance *from, cv_bytes name, cv_extern_kind kind) {
  cv_extern out = {.kind = kind};
  const cv_module *module = from->instance != NULL ? from->instance->module : NULL;
  uint32_t count = module != NULL ? module->export_count : from->count;
  for (uint32_t i = 0, at = from->next; i < count; i++, at++) {
    if (at >= count)
      at = 0;
    bool found = module != NULL
                     ? module->exports[at].kind == kind && cv_bytes_equal(module->exports[at].name, name)
                     : from->args[at].item.space == core_spaces[kind] && cv_bytes_equal(from->args[at].name, name);
    if (!found)
      continue;
    from->next = at + 1;
    if (module != NULL)
      return cv_instance_extern(from->instance, &module->exports[at]);
    out.as.object = from->objects[at];
    break;
  }
  return out;
}

static core_instance *core_argument(const maker *m, const cv_cdef *def, cv_bytes name) {
  for (uint32_t i = 0; i < def->arg_count; i++)
    if (cv_bytes_equal(def->args[i].name, name))
      return get(m->instance, CV_CS_CORE_INSTANCE, def->args[i].item.index);
  return NULL;
}

static cv_status core_instantiate(maker *m, const cv_cdef *def) {
  enum { NEAR = 32 };
  cv_extern near[NEAR], *imports = near;
  cv_code *code = get(m->instance, CV_CS_CORE_MODULE, def->source);
  const cv_module *module = code->module;
  cv_mem *mem = cv_store_mem(m->store);
  core_instance *made = cv_store_alloc(m->store, sizeof *made);
  if (made != NULL && module->import_count > NEAR)
    imports = cv_mem_alloc(mem, module->import_count * sizeof *imports);
  if (made == NULL || imports == NULL)
    return no_memory(m->diag);
  core_instance *from = NULL;
  cv_bytes from_name = {0};
  for (uint32_t i = 0; i < module->import_count; i++) {
    const cv_import *import = &module->imports[i];
    if (i == 0 || !cv_bytes_equal(from_name, import->module)) { // imports of one module stand together
      from = core_argument(m, def, import->module);
      from_name = import->module;
    }
    imports[i] = (cv_extern){.kind = import->kind};
    if (from != NULL)
      imports[i] = core_export(from, import->name, import->kind);
  }
  cv_task task; // the start function runs in the instance
  cv_task_push(m->instance->context, &task, m->instance);
  cv_status status = cv_instantiate(m->store, code, imports, module->import_count, NULL, &made->instance, m->diag);
  cv_task_pop(m->instance->context, &task);
  if (imports != near)
    cv_mem_free(mem, imports, module->import_count * sizeof *imports);
  if (status == CV_OK)
    add(m->instance, CV_CS_CORE_INSTANCE, made);
  return status;
}

static cv_status core_bundle(maker *m, const cv_cdef *def) {
  core_instance *made = cv_store_alloc(m->store, sizeof *made + def->arg_count * sizeof *made->objects);
  if (made == NULL)
    return no_memory(m->diag);
  made->args = def->args;
  made->count = def->arg_count;
  made->objects = (void **)(made + 1);
  for (uint32_t i = 0; i < def->arg_count; i++)
    made->objects[i] = get(m->instance, def->args[i].item.space, def->args[i].item.index);
  add(m->instance, CV_CS_CORE_INSTANCE, made);
  return CV_OK;
}

static cv_status alias_core_export(maker *m, const cv_cdef *def) {
  core_instance *from = get(m->instance, CV_CS_CORE_INSTANCE, def->source);
  for (unsigned kind = 0; kind < CV_COUNT(core_spaces); kind++) {
    if (core_spaces[kind] != def->space)
      continue;
    cv_extern e = core_export(from, def->name, (cv_extern_kind)kind);
    if (e.as.object == NULL)
      return no_memory(m->diag);
    add(m->instance, def->space, e.as.object);
  }
  return CV_OK;
}

// ---- canonical definitions -----------------------------------------------------------------------------------------

static cv_canon_env options_of(const cv_cinstance *instance, const cv_canon_options *o) {
  return (cv_canon_env){.encoding = o->encoding,
                        .is_async = o->is_async,
                        .is_64 = o->memory_is_64,
                        .memory = get(instance, CV_CS_CORE_MEMORY, o->memory),
                        .realloc = get(instance, CV_CS_CORE_FUNC, o->realloc),
                        .post_return = get(instance, CV_CS_CORE_FUNC, o->post_return),
                        .callback = get(instance, CV_CS_CORE_FUNC, o->callback)};
}

static cv_status lift(maker *m, const cv_canon *canon) {
  cv_cfunc *func = cv_store_alloc(m->store, sizeof *func);
  if (func == NULL)
    return no_memory(m->diag);
  func->kind = CV_CFUNC_LIFTED;
  func->type = canon->func_type;
  func->instance = m->instance;
  func->core = get(m->instance, CV_CS_CORE_FUNC, canon->core_func);
  func->options = options_of(m->instance, &canon->options);
  add(m->instance, CV_CS_FUNC, func);
  return CV_OK;
}

// Calls between components go through generated code, which is made when it is first called.
static cv_func *lowered_func(maker *m, const cv_canon *canon, cv_lowered *lowered) {
  return lowered->func->kind == CV_CFUNC_LIFTED
             ? cv_adapter_func_late(m->store, lowered, canon->core_type)
             : cv_store_func_new(m->store, canon->core_type, cv_lowered_call, lowered, NULL);
}

static cv_status lower(maker *m, const cv_canon *canon) {
  cv_lowered *lowered = cv_store_alloc(m->store, sizeof *lowered);
  if (lowered == NULL)
    return no_memory(m->diag);
  lowered->func = get(m->instance, CV_CS_FUNC, canon->func);
  lowered->instance = m->instance;
  lowered->options = options_of(m->instance, &canon->options);
  lowered->type = canon->func_type;
  cv_func *func = lowered_func(m, canon, lowered);
  if (func == NULL)
    return no_memory(m->diag);
  add(m->instance, CV_CS_CORE_FUNC, func);
  return CV_OK;
}

static cv_status builtin(maker *m, const cv_canon *canon) {
  cv_builtin *made = cv_store_alloc(m->store, sizeof *made);
  if (made != NULL) {
    made->canon = canon;
    made->instance = m->instance;
    made->options = options_of(m->instance, &canon->options);
    if (canon->resource != NULL)
      made->resource = m->instance->resources[canon->resource->index];
  }
  cv_func *func = made != NULL ? cv_store_func_new(m->store, canon->core_type, cv_builtin_call, made, NULL) : NULL;
  if (func == NULL)
    return no_memory(m->diag);
  add(m->instance, CV_CS_CORE_FUNC, func);
  return CV_OK;
}

static cv_status define_canon(maker *m, const cv_cdef *def) {
  const cv_canon *canon = def->as.canon;
  if (canon->kind > CV_CANON_LOWER)
    return builtin(m, canon);
  return canon->kind == CV_CANON_LIFT ? lift(m, canon) : lower(m, canon);
}

// ---- components and their instances --------------------------------------------------------------------------------

static cv_status instantiate(cv_store *store, const cv_cclosure *closure, cv_cinstance *parent, const cv_citem *imports,
                             cv_cexports **out, cv_diag *diag);

static cv_status define_component(maker *m, const cv_cdef *def) {
  cv_cclosure *closure = cv_store_alloc(m->store, sizeof *closure);
  if (closure == NULL)
    return no_memory(m->diag);
  *closure = (cv_cclosure){def->as.component, m->instance};
  add(m->instance, CV_CS_COMPONENT, closure);
  return CV_OK;
}

// The arguments in the order of the imports of the component, which may have come from elsewhere and import less.
static cv_status arguments(maker *m, const cv_cdef *def, const cv_ccomponenttype *type, cv_citem *out) {
  for (uint32_t i = 0; i < type->import_count; i++) {
    const cv_bytes name = type->imports[i].name;
    uint32_t k = 0;
    while (k < def->arg_count && !cv_bytes_equal(def->args[k].name, name))
      k++;
    if (k == def->arg_count)
      return cv_fail(m->diag, CV_EUNLINKABLE, def->entry, "missing import named \"%.*s\"", (int)CV_MIN(name.size, 100),
                     (const char *)name.data);
    out[i] = item_at(m->instance, def->args[k].item);
  }
  return CV_OK;
}

static cv_status instantiate_nested(maker *m, const cv_cdef *def) {
  enum { NEAR = 16 };
  cv_citem near[NEAR], *imports = near;
  const cv_cclosure *closure = get(m->instance, CV_CS_COMPONENT, def->source);
  const cv_ccomponenttype *type = &closure->component->type;
  cv_mem *mem = cv_store_mem(m->store);
  if (type->import_count > NEAR)
    imports = cv_mem_alloc(mem, type->import_count * sizeof *imports);
  if (imports == NULL)
    return no_memory(m->diag);
  cv_citem made = {.sort = CV_SORT_INSTANCE};
  cv_status status = arguments(m, def, type, imports);
  if (status == CV_OK)
    status = instantiate(m->store, closure, m->instance, imports, &made.as.instance, m->diag);
  if (imports != near)
    cv_mem_free(mem, imports, type->import_count * sizeof *imports);
  if (status != CV_OK)
    return status;
  add(m->instance, CV_CS_INSTANCE, made.as.instance);
  return bind_resources(m, def, &made);
}

static cv_status bundle(maker *m, const cv_cdef *def) {
  cv_cexports *made = cv_store_alloc(m->store, sizeof *made + def->arg_count * sizeof *made->items);
  if (made == NULL)
    return no_memory(m->diag);
  made->items = (cv_cnamed *)(made + 1);
  made->count = def->arg_count;
  for (uint32_t i = 0; i < def->arg_count; i++)
    made->items[i] = (cv_cnamed){def->args[i].name, item_at(m->instance, def->args[i].item)};
  add(m->instance, CV_CS_INSTANCE, made);
  return bind_resources(m, def, &(cv_citem){.sort = CV_SORT_INSTANCE, .as.instance = made});
}

static cv_status alias_export(maker *m, const cv_cdef *def) {
  cv_cexports *from = get(m->instance, CV_CS_INSTANCE, def->source);
  const cv_cnamed *found = cv_cexports_find(from, def->name);
  if (found == NULL)
    return cv_fail(m->diag, CV_EUNLINKABLE, def->entry, "an instance lacks its export \"%.*s\"",
                   (int)CV_MIN(def->name.size, 100), (const char *)def->name.data);
  add(m->instance, def->space, found->item.as.object);
  return CV_OK;
}

// Types need no closure: those that can be reached from inside refer to no resource.
static void alias_outer(maker *m, const cv_cdef *def) {
  const cv_cinstance *scope = m->instance;
  for (uint32_t i = 0; i < def->outer && scope != NULL; i++)
    scope = scope->spaces->outer;
  bool has_items = def->space == CV_CS_CORE_MODULE || def->space == CV_CS_COMPONENT;
  add(m->instance, def->space, has_items && scope != NULL ? get(scope, def->space, def->source) : NULL);
}

static cv_status take_import(maker *m, const cv_cdef *def) {
  cv_citem item = m->imports[m->import_at++];
  CV_TRY(bind_resources(m, def, &item));
  add(m->instance, def->space, def->space == CV_CS_TYPE ? resource_of(m, &def->type) : item.as.object);
  return CV_OK;
}

static cv_status give_export(maker *m, const cv_cdef *def) {
  cv_cexports *exports = m->instance->spaces->exports;
  cv_citem item = item_at(m->instance, def->item);
  CV_TRY(bind_resources(m, def, &item));
  exports->items[exports->count++] = (cv_cnamed){def->as.external->name, item};
  add(m->instance, def->space, item.as.object);
  return CV_OK;
}

// ---- the walk ------------------------------------------------------------------------------------------------------

static cv_status define(maker *m, const cv_cdef *def) {
  switch (def->kind) {
  case CV_CDEF_CORE_MODULE:
    add(m->instance, CV_CS_CORE_MODULE, def->code);
    return CV_OK;
  case CV_CDEF_CORE_INSTANTIATE:
    return core_instantiate(m, def);
  case CV_CDEF_CORE_BUNDLE:
    return core_bundle(m, def);
  case CV_CDEF_CORE_TYPE:
    for (uint32_t i = 0; i < def->adds; i++)
      add(m->instance, CV_CS_CORE_TYPE, NULL);
    return CV_OK;
  case CV_CDEF_COMPONENT:
    return define_component(m, def);
  case CV_CDEF_INSTANTIATE:
    return instantiate_nested(m, def);
  case CV_CDEF_BUNDLE:
    return bundle(m, def);
  case CV_CDEF_ALIAS_EXPORT:
    return alias_export(m, def);
  case CV_CDEF_ALIAS_CORE_EXPORT:
    return alias_core_export(m, def);
  case CV_CDEF_ALIAS_OUTER:
    alias_outer(m, def);
    return CV_OK;
  case CV_CDEF_TYPE:
    return define_type(m, def);
  case CV_CDEF_CANON:
    return define_canon(m, def);
  case CV_CDEF_IMPORT:
    return take_import(m, def);
  case CV_CDEF_EXPORT:
    return give_export(m, def);
  case CV_CDEF_START:
    return cv_fail(m->diag, CV_EUNSUPPORTED, def->entry, "unsupported: component start function");
  case CV_CDEF_VALUE:
    return cv_fail(m->diag, CV_EUNSUPPORTED, def->entry, "unsupported: component values");
  }
  return CV_OK;
}

static void finalize(void *env) {
  cv_handles_free(env);
}

static cv_cinstance *block_new(cv_store *store, const cv_cclosure *closure, cv_cinstance *parent) {
  const cv_component *c = closure->component;
  uint64_t items = c->resource_count;
  for (unsigned space = 0; space < CV_CS_COUNT; space++)
    items += c->space_counts[space];
  size_t head = cv_align_up(sizeof(cv_cinstance), 16) + cv_align_up(sizeof(struct cv_cspaces), 16);
  size_t exports = sizeof(cv_cexports) + c->type.export_count * sizeof(cv_cnamed);
  uint8_t *block = cv_store_alloc(store, head + exports + items * sizeof(void *));
  if (block == NULL)
    return NULL;
  cv_cinstance *instance = (cv_cinstance *)block;
  struct cv_cspaces *spaces = (struct cv_cspaces *)(block + cv_align_up(sizeof *instance, 16));
  spaces->exports = (cv_cexports *)(block + head);
  spaces->exports->instance = instance;
  spaces->exports->items = (cv_cnamed *)(spaces->exports + 1);
  spaces->outer = closure->outer;
  void **at = (void **)(block + head + exports);
  for (unsigned space = 0; space < CV_CS_COUNT; space++) {
    spaces->items[space] = at;
    at += c->space_counts[space];
  }
  cv_cinstance_init(instance, store, c, parent);
  instance->resources = (const cv_resource_type **)at;
  instance->spaces = spaces;
  return instance;
}

static cv_status instantiate(cv_store *store, const cv_cclosure *closure, cv_cinstance *parent, const cv_citem *imports,
                             cv_cexports **out, cv_diag *diag) {
  CV_TRY(cv_store_count_component(store, diag));
  maker m = {.store = store, .imports = imports, .diag = diag};
  m.instance = block_new(store, closure, parent);
  if (m.instance == NULL || cv_store_on_delete(store, finalize, m.instance) != CV_OK)
    return no_memory(diag);
  const cv_component *c = closure->component;
  for (uint32_t i = 0; i < c->def_count; i++)
    CV_TRY(define(&m, &c->defs[i]));
  *out = m.instance->spaces->exports;
  return CV_OK;
}

cv_status cv_component_instantiate(cv_store *store, const cv_component *component, const cv_citem *imports,
                                   cv_cexports **out, cv_diag *diag) {
  return instantiate(store, &(cv_cclosure){.component = component}, NULL, imports, out, diag);
}

cv_status cv_cinstance_walk(const cv_cinstance *instance, const cv_cwalk *walk) {
  CV_TRY(walk->component(walk->env, instance));
  for (uint32_t i = 0; i < instance->component->def_count; i++) {
    const cv_cdef *def = &instance->component->defs[i];
    if (def->kind == CV_CDEF_CORE_INSTANTIATE) {
      const core_instance *core = get(instance, CV_CS_CORE_INSTANCE, def->index);
      CV_TRY(walk->core(walk->env, core->instance));
    } else if (def->kind == CV_CDEF_INSTANTIATE) {
      const cv_cexports *inner = get(instance, CV_CS_INSTANCE, def->index);
      CV_TRY(cv_cinstance_walk(inner->instance, walk));
    }
  }
  return CV_OK;
}
