// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_linker.c: what a host defines for components, and matching it with what they import.
//
// Definitions stand under the full name of what they serve. One of an interface may be a generated table (glue), loose
// functions and resources (members, which come first), or both. Other definitions are ready items. Items for a
// component's imports are made when it is first instantiated and kept, so that a further instance costs no matching.
#include "api/scratch.h"

typedef struct member {
  cv_bytes name;
  const char *signature;            // functions: NULL for any
  cove_component_fn *fn;            // NULL for a resource
  void *env;                        // of fn
  const cv_resource_type *resource; // or NULL
} member;

typedef struct definition {
  cv_bytes name, base, version; // name: whole; empty for what a world has without an interface
  const cove_glue_interface *glue;
  void *host; // of glue
  bool denied, when_called;
  bool has_all; // denied, and has whatever is asked of it, each resource type a new one that no value will have
  const char *grant;
  bool is_item;
  cv_citem item;
  CV_VEC(member) members;
} definition;

// A component whose imports are matched.
typedef struct match {
  const cv_component *component;
  const cv_citem *imports; // in the store
} match;

// Enough for all interfaces of WASI 0.2, so that they leave no holes in the heap.
enum { ENOUGH_DEFINITIONS = 40 };

struct cove_component_linker {
  cove_store *store; // borrowed
  cv_arena arena;    // names, signatures
  CV_VEC(definition) definitions;
  CV_VEC(match) matches;
  const char *rest, *rest_grant; // what cove_component_linker_deny_rest was told; NULL when it was not
};

cove_component_linker *cove_component_linker_new(cove_store *store) {
  cove_component_linker *linker = cv_mem_zalloc(&cv_api_mem, sizeof *linker);
  if (linker == NULL)
    return NULL;
  linker->store = store;
  cv_arena_init(&linker->arena, &cv_api_mem);
  if (cv_vec_reserve(&cv_api_mem, &linker->definitions, ENOUGH_DEFINITIONS) != CV_OK) {
    cove_component_linker_delete(linker);
    return NULL;
  }
  return linker;
}

void cove_component_linker_delete(cove_component_linker *linker) {
  if (linker == NULL)
    return;
  for (size_t i = 0; i < linker->definitions.count; i++)
    cv_vec_free(&cv_api_mem, &linker->definitions.data[i].members);
  cv_vec_free(&cv_api_mem, &linker->definitions);
  cv_vec_free(&cv_api_mem, &linker->matches);
  cv_arena_free(&linker->arena);
  cv_mem_free(&cv_api_mem, linker, sizeof *linker);
}

cove_store *cv_api_component_linker_store(const cove_component_linker *linker) {
  return linker->store;
}

// ---- resource types of the host ------------------------------------------------------------------------------------

static void drop_resource(void *env, uint64_t rep) {
  const struct cv_api_resource *r = env;
  r->definition->drop(r->host, (void *)(uintptr_t)rep);
}

const cv_resource_type *cv_api_resource_type(cove_store *store, const cove_glue_resource *key, void *host) {
  for (struct cv_api_resource *r = store->resources; r != NULL; r = r->next)
    if (r->definition == key && r->host == host)
      return &r->type;
  struct cv_api_resource *r = cv_store_alloc(store->store, sizeof *r);
  if (r == NULL)
    return NULL;
  *r = (struct cv_api_resource){.definition = key, .host = host, .next = store->resources};
  r->type.key = key;
  r->type.name = cv_bytes_of(key->full_name);
  r->type.drop = key->drop != NULL ? drop_resource : NULL;
  r->type.env = r;
  store->resources = r;
  return &r->type;
}

const cove_resource_type *cove_component_linker_resource(const cove_component_linker *linker,
                                                         const cove_glue_resource *resource) {
  for (struct cv_api_resource *r = linker->store->resources; r != NULL; r = r->next)
    if (r->definition == resource)
      return (const cove_resource_type *)&r->type;
  return NULL;
}

// ---- defining ------------------------------------------------------------------------------------------------------

static bool copy_text(cove_component_linker *linker, cv_bytes text, cv_bytes *out) {
  uint8_t *copy = cv_arena_alloc(&linker->arena, text.size + 1);
  if (copy == NULL)
    return false;
  if (text.size != 0)
    memcpy(copy, text.data, text.size);
  copy[text.size] = '\0';
  *out = (cv_bytes){copy, text.size};
  return true;
}

// The definition of that name, made when there is none. Every change makes matches void. NULL when out of memory.
static definition *define(cove_component_linker *linker, cv_bytes name) {
  linker->matches.count = 0;
  for (size_t i = 0; i < linker->definitions.count; i++)
    if (cv_bytes_equal(linker->definitions.data[i].name, name))
      return &linker->definitions.data[i];
  definition d = {.glue = NULL};
  if (!copy_text(linker, name, &d.name))
    return NULL;
  cv_cname_split(d.name, &d.base, &d.version);
  if (cv_vec_push(&cv_api_mem, &linker->definitions, d) != CV_OK)
    return NULL;
  return &cv_vec_last(&linker->definitions);
}

cove_status cove_component_linker_define_interface(cove_component_linker *linker, const cove_glue_interface *interface,
                                                   void *host, cove_error **error) {
  definition *d = define(linker, cv_bytes_of(interface->name));
  if (d == NULL)
    return cv_api_no_memory(error);
  d->glue = interface;
  d->host = host;
  d->denied = d->is_item = false;
  return COVE_OK;
}

cove_status cove_component_linker_define_world(cove_component_linker *linker, const cove_glue_world *world, void *host,
                                               cove_error **error) {
  for (size_t i = 0; i < world->interface_count; i++) {
    cove_status status = cove_component_linker_define_interface(linker, world->interfaces[i], host, error);
    if (status != COVE_OK)
      return status;
  }
  return COVE_OK;
}

cove_status cove_component_linker_deny(cove_component_linker *linker, const cove_glue_interface *interface,
                                       const char *grant, bool when_called, cove_error **error) {
  definition *d = define(linker, cv_bytes_of(interface->name));
  cv_bytes copy;
  if (d == NULL || !copy_text(linker, cv_bytes_of(grant), &copy))
    return cv_api_no_memory(error);
  d->glue = interface;
  d->denied = true;
  d->when_called = when_called;
  d->grant = (const char *)copy.data;
  d->is_item = false;
  return COVE_OK;
}

cove_status cove_component_linker_deny_rest(cove_component_linker *linker, const char *prefix, const char *grant,
                                            cove_error **error) {
  cv_bytes prefix_copy, grant_copy;
  linker->matches.count = 0;
  if (!copy_text(linker, cv_bytes_of(prefix), &prefix_copy) || !copy_text(linker, cv_bytes_of(grant), &grant_copy))
    return cv_api_no_memory(error);
  linker->rest = (const char *)prefix_copy.data;
  linker->rest_grant = (const char *)grant_copy.data;
  return COVE_OK;
}

static cove_status add_member(cove_component_linker *linker, const char *interface, const char *name, member m,
                              cove_error **error) {
  definition *d = define(linker, cv_api_text(interface));
  cv_bytes signature = {0};
  if (d == NULL || !copy_text(linker, cv_bytes_of(name), &m.name) ||
      (m.signature != NULL && !copy_text(linker, cv_bytes_of(m.signature), &signature)))
    return cv_api_no_memory(error);
  m.signature = (const char *)signature.data;
  for (size_t i = 0; i < d->members.count; i++)
    if (cv_bytes_equal(d->members.data[i].name, m.name)) {
      d->members.data[i] = m;
      return COVE_OK;
    }
  return cv_vec_push(&cv_api_mem, &d->members, m) == CV_OK ? COVE_OK : cv_api_no_memory(error);
}

cove_status cove_component_linker_define_func(cove_component_linker *linker, const char *interface, const char *name,
                                              const char *signature, cove_component_fn *fn, void *env,
                                              void (*finalize)(void *env), cove_error **error) {
  cove_status status =
      add_member(linker, interface, name, (member){.signature = signature, .fn = fn, .env = env}, error);
  if (status == COVE_OK && finalize != NULL && cv_store_on_delete(linker->store->store, finalize, env) != CV_OK)
    return cv_api_no_memory(error);
  return status;
}

cove_status cove_component_linker_define_resource(cove_component_linker *linker, const char *interface,
                                                  const char *name, const cove_glue_resource *resource, void *host,
                                                  cove_error **error) {
  const cv_resource_type *type = cv_api_resource_type(linker->store, resource, host);
  if (type == NULL)
    return cv_api_no_memory(error);
  return add_member(linker, interface, name, (member){.resource = type}, error);
}

static cove_status define_item(cove_component_linker *linker, const char *name, cv_citem item, cove_error **error) {
  definition *d = define(linker, cv_bytes_of(name));
  if (d == NULL)
    return cv_api_no_memory(error);
  d->is_item = true;
  d->item = item;
  return COVE_OK;
}

cove_status cove_component_linker_define_instance(cove_component_linker *linker, const char *name,
                                                  cove_component_instance *instance, const char *export_name,
                                                  cove_error **error) {
  cv_cexports *exports = cv_api_exports(instance);
  cv_citem item = {.sort = CV_SORT_INSTANCE, .as.instance = exports};
  if (exports->instance != NULL && exports->instance->store != linker->store->store)
    return cv_api_fail(error, COVE_USAGE, "the instance for \"%s\" belongs to another store", name);
  if (export_name != NULL) {
    const cv_cnamed *found = cv_cexports_find(exports, cv_bytes_of(export_name));
    if (found == NULL)
      return cv_api_fail(error, COVE_NOT_FOUND, "the instance has no export \"%s\"", export_name);
    item = found->item;
  }
  return define_item(linker, name, item, error);
}

cove_status cove_component_linker_define_component(cove_component_linker *linker, const char *name,
                                                   const cove_component *component, cove_error **error) {
  if (!component->compiled || component->engine != linker->store->engine)
    return cv_api_fail(error, COVE_USAGE, "the component \"%s\" was only inspected, or belongs to another engine",
                       name);
  cv_cclosure *closure = cv_store_alloc(linker->store->store, sizeof *closure);
  if (closure == NULL || cv_api_keep_component(linker->store, (cove_component *)(uintptr_t)component) != CV_OK)
    return cv_api_no_memory(error);
  closure->component = component->component;
  return define_item(linker, name, (cv_citem){.sort = CV_SORT_COMPONENT, .as.component = closure}, error);
}

cove_status cove_component_linker_define_module(cove_component_linker *linker, const char *name,
                                                const cove_module *module, cove_error **error) {
  if (module->code == NULL || module->engine != linker->store->engine)
    return cv_api_fail(error, COVE_USAGE, "the module \"%s\" was only inspected, or belongs to another engine", name);
  if (cv_api_keep_module(linker->store, (cove_module *)(uintptr_t)module) != CV_OK)
    return cv_api_no_memory(error);
  return define_item(linker, name, (cv_citem){.sort = CV_SORT_MODULE, .as.module = module->code}, error);
}

// ---- matching ------------------------------------------------------------------------------------------------------

typedef struct matcher {
  cove_component_linker *linker;
  const cove_component *component;
  const cv_resource_type **resources; // bound so far, of the store
  cv_buf why;
  bool no_memory;
} matcher;

static bool out_of_memory(matcher *m) {
  m->no_memory = true;
  return false;
}

static int shown(cv_bytes name) {
  return (int)CV_MIN(name.size, 160);
}

#define NAME(bytes) shown(bytes), (const char *)(bytes).data

// A function of a host that was denied: `env` is the sentence.
static cv_run denied_call(void *env, cv_canon_call *call, cv_value *values) {
  (void)values;
  return cv_trap_set(call->instance->context, CV_TRAP_HOST, "%s", (const char *)env);
}

static const char *denied_text(matcher *m, const definition *d, cv_bytes func) {
  cv_buf text;
  cv_buf_init(&text, &cv_api_mem);
  cv_buf_printf(&text, "%.*s of %.*s is not granted: it needs %s", NAME(func), NAME(d->name), d->grant);
  char *copy = cv_buf_status(&text) == CV_OK ? cv_store_alloc(m->linker->store->store, text.size + 1) : NULL;
  if (copy != NULL)
    memcpy(copy, text.data, text.size);
  cv_buf_free(&text);
  return copy;
}

// A function as the import's type has it. NULL when out of memory.
static cv_cfunc *host_func(matcher *m, const cv_cfunctype *type, cv_bytes name) {
  cv_cfunc *func = cv_store_alloc(m->linker->store->store, sizeof *func);
  if (func == NULL) {
    m->no_memory = true;
    return NULL;
  }
  func->kind = CV_CFUNC_HOST;
  func->type = type;
  func->name = name;
  func->resources = m->resources;
  func->component = m->component->component;
  func->context = cv_store_context(m->linker->store->store);
  return func;
}

static bool signature_fits(matcher *m, const definition *d, const cv_cextern *e, const char *there) {
  cv_buf wanted;
  cv_buf_init(&wanted, &cv_api_mem);
  cv_signature_write(&wanted, e->type.as.func, m->component->names);
  const char *text = cv_buf_cstr(&wanted);
  bool fits = text != NULL && strcmp(text, there) == 0;
  if (text == NULL)
    m->no_memory = true;
  else if (!fits)
    cv_buf_printf(&m->why, "%.*s of \"%.*s\" has another type: the component wants %s, the host has %s", NAME(e->name),
                  NAME(d->name), text, there);
  cv_buf_free(&wanted);
  return fits;
}

static const member *find_member(const definition *d, cv_bytes name) {
  for (size_t i = 0; i < d->members.count; i++)
    if (cv_bytes_equal(d->members.data[i].name, name))
      return &d->members.data[i];
  return NULL;
}

static const cove_glue_func *find_glue(const cove_glue_interface *glue, cv_bytes name) {
  size_t low = 0, high = glue->func_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    cv_bytes there = cv_bytes_of(glue->funcs[middle].name);
    size_t n = CV_MIN(there.size, name.size);
    int by = n != 0 ? memcmp(there.data, name.data, n) : 0;
    by = by != 0 ? by : there.size < name.size ? -1 : there.size > name.size;
    if (by == 0)
      return &glue->funcs[middle];
    if (by < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

static bool match_func(matcher *m, const definition *d, const cv_cextern *e, cv_citem *out) {
  const member *given = find_member(d, e->name);
  const cove_glue_func *glue = given == NULL && d->glue != NULL ? find_glue(d->glue, e->name) : NULL;
  const char *signature = given != NULL ? given->signature : glue != NULL ? glue->signature : NULL;
  if ((given == NULL || given->fn == NULL) && glue == NULL && !d->has_all) {
    cv_buf_printf(&m->why, "\"%.*s\" of the host has no function \"%.*s\"", NAME(d->name), NAME(e->name));
    return false;
  }
  if (signature != NULL && !signature_fits(m, d, e, signature))
    return false;
  cv_cfunc *func = host_func(m, e->type.as.func, e->name);
  if (func == NULL)
    return false;
  if (given != NULL) {
    func->lifted = cv_api_call_values;
    func->env = cv_store_alloc(m->linker->store->store, sizeof(cv_api_host_func));
    if (func->env == NULL)
      return out_of_memory(m);
    *(cv_api_host_func *)func->env = (cv_api_host_func){given->fn, given->env};
  } else if (d->denied) {
    func->flat = denied_call;
    func->env = (void *)(uintptr_t)denied_text(m, d, e->name);
    if (func->env == NULL)
      return out_of_memory(m);
  } else {
    // The public function has the very convention of the internal one, under public names.
    func->flat = (cv_flat_fn *)(void (*)(void))glue->fn;
    func->env = d->host;
    func->lifted = cv_scratch_call;
  }
  out->as.func = func;
  return true;
}

static const cv_resource_type *host_resource(matcher *m, const definition *d, cv_bytes name) {
  const member *given = find_member(d, name);
  if (given != NULL)
    return given->resource;
  for (size_t i = 0; d->glue != NULL && i < d->glue->resource_count; i++) {
    const cove_glue_resource *r = d->glue->resources[i];
    if (!cv_bytes_equal(cv_bytes_of(r->name), name))
      continue;
    const cv_resource_type *type = cv_api_resource_type(m->linker->store, r, d->host);
    m->no_memory |= type == NULL;
    return type;
  }
  return NULL;
}

// A resource type of an interface that is not there.
static const cv_resource_type *absent_resource(matcher *m, cv_bytes name) {
  cv_resource_type *type = cv_store_alloc(m->linker->store->store, sizeof *type);
  m->no_memory |= type == NULL;
  if (type != NULL)
    type->name = name;
  return type;
}

static bool match_type(matcher *m, const definition *d, const cv_cextern *e, cv_citem *out) {
  if (e->type.as.type.kind != CV_DEF_RESOURCE)
    return true; // the functions that use it are compared
  const cv_resource_type **bound = &m->resources[e->type.as.type.as.resource->index];
  const cv_resource_type *there = host_resource(m, d, e->name);
  if (d->has_all && *bound == NULL && (there = absent_resource(m, e->name)) == NULL)
    return false;
  if (there == NULL && *bound == NULL) {
    cv_buf_printf(&m->why, "\"%.*s\" of the host has no resource \"%.*s\"", NAME(d->name), NAME(e->name));
    return false;
  }
  if (*bound == NULL)
    *bound = there;
  if (there != NULL && *bound != there) {
    cv_buf_printf(&m->why, "resource \"%.*s\" of \"%.*s\" is not the one that the component means", NAME(e->name),
                  NAME(d->name));
    return false;
  }
  out->as.resource = (cv_resource_type *)(uintptr_t)*bound;
  return true;
}

static bool match_export(matcher *m, const definition *d, const cv_cextern *e, cv_citem *out) {
  *out = (cv_citem){.sort = e->type.sort};
  switch (e->type.sort) {
  case CV_SORT_FUNC:
    return match_func(m, d, e, out);
  case CV_SORT_TYPE:
    return match_type(m, d, e, out);
  default:
    cv_buf_printf(&m->why, "\"%.*s\": the host defines functions and resources only, not the %s \"%.*s\"",
                  NAME(d->name), cv_csort_text(e->type.sort), NAME(e->name));
    return false;
  }
}

// An instance of what a definition has, as far as the import asks for it.
static bool match_interface(matcher *m, const definition *d, const cv_cinstancetype *type, cv_citem *out) {
  cv_cexports *made = cv_store_alloc(m->linker->store->store, sizeof *made + type->export_count * sizeof *made->items);
  if (made == NULL)
    return out_of_memory(m);
  made->items = (cv_cnamed *)(made + 1);
  for (; made->count < type->export_count; made->count++) {
    const cv_cextern *e = &type->exports[made->count];
    made->items[made->count].name = e->name;
    if (!match_export(m, d, e, &made->items[made->count].item))
      return false;
  }
  out->as.instance = made;
  return true;
}

// The definition that serves a name: of that name, or the newest compatible one that is new enough.
static const definition *find_definition(matcher *m, const cv_cextern *import) {
  const cove_component_linker *linker = m->linker;
  cv_bytes base, version;
  cv_cname_split(import->name, &base, &version);
  const definition *best = NULL, *near = NULL;
  cv_version_fit near_fit = CV_VERSION_OTHER;
  for (size_t i = 0; i < linker->definitions.count; i++) {
    const definition *d = &linker->definitions.data[i];
    if (cv_bytes_equal(d->name, import->name))
      return d;
    if (!cv_bytes_equal(d->base, base) || base.size == 0 || version.size == 0)
      continue;
    cv_version_fit fit = cv_version_fits(version, import->version_suffix, d->version);
    if (fit == CV_VERSION_FITS && (best == NULL || cv_version_compare(d->version, best->version) > 0))
      best = d;
    if (near == NULL || (fit == CV_VERSION_NEWER && near_fit == CV_VERSION_OTHER)) {
      near = d;
      near_fit = fit;
    }
  }
  if (best == NULL && near != NULL)
    cv_buf_printf(&m->why, "\"%.*s%.*s\" is %s the host's version %.*s", NAME(import->name),
                  NAME(import->version_suffix), near_fit == CV_VERSION_NEWER ? "newer than" : "not compatible with",
                  NAME(near->version));
  return best;
}

static bool is_rest(const cove_component_linker *linker, cv_bytes name) {
  size_t n = linker->rest != NULL ? strlen(linker->rest) : 0;
  return linker->rest != NULL && name.size >= n && memcmp(name.data, linker->rest, n) == 0;
}

// An interface of records and the like has nothing that a host could provide.
static bool has_types_only(const cv_cinstancetype *type) {
  for (uint32_t i = 0; i < type->export_count; i++) {
    const cv_cexterntype *e = &type->exports[i].type;
    if (e->sort != CV_SORT_TYPE || e->as.type.kind == CV_DEF_RESOURCE)
      return false;
  }
  return true;
}

static bool match_import(matcher *m, const cv_cextern *import, cv_citem *out) {
  cv_binding binding = {m->component->component, m->resources};
  // A function or a type by itself may be a member of the world.
  const definition *world = NULL;
  for (size_t i = 0; i < m->linker->definitions.count; i++)
    if (m->linker->definitions.data[i].name.size == 0)
      world = &m->linker->definitions.data[i];
  const definition *d = find_definition(m, import);
  *out = (cv_citem){.sort = import->type.sort};
  if (d != NULL && d->denied && !d->when_called) {
    cv_buf_printf(&m->why, "\"%.*s\" is not granted: it needs %s", NAME(import->name), d->grant);
    return false;
  }
  if (d != NULL && d->is_item) {
    *out = d->item;
    return cv_citem_fits(&binding, &import->type, import->name, &d->item, &m->why);
  }
  if (d != NULL && import->type.sort == CV_SORT_INSTANCE)
    return match_interface(m, d, import->type.as.instance, out);
  if (world != NULL && (import->type.sort == CV_SORT_FUNC || import->type.sort == CV_SORT_TYPE))
    return match_export(m, world, import, out);
  if (import->type.sort == CV_SORT_TYPE && import->type.as.type.kind != CV_DEF_RESOURCE)
    return true;
  if (m->why.size == 0 && import->type.sort == CV_SORT_INSTANCE && has_types_only(import->type.as.instance))
    return match_interface(m, &(const definition){.name = import->name}, import->type.as.instance, out);
  if (m->why.size == 0 && import->type.sort == CV_SORT_INSTANCE && is_rest(m->linker, import->name)) {
    const definition rest = {.name = import->name, .denied = true, .has_all = true, .grant = m->linker->rest_grant};
    return match_interface(m, &rest, import->type.as.instance, out);
  }
  if (m->why.size == 0)
    cv_buf_printf(&m->why, "unknown import: %s \"%.*s\"", cv_csort_text(import->type.sort), NAME(import->name));
  return false;
}

static cove_status failed(matcher *m, const cv_cextern *import, cove_error **error) {
  const char *why = cv_buf_cstr(&m->why);
  if (m->no_memory || why == NULL)
    return cv_api_no_memory(error);
  return cv_api_unlinkable_text(error, import->name, (cv_bytes){0}, why);
}

static cove_status match_imports(cove_component_linker *linker, const cove_component *component, const cv_citem **out,
                                 cove_error **error) {
  const cv_component *c = component->component;
  for (size_t i = 0; i < linker->matches.count; i++)
    if (linker->matches.data[i].component == c) {
      *out = linker->matches.data[i].imports;
      return COVE_OK;
    }
  matcher m = {.linker = linker, .component = component};
  m.resources = cv_store_alloc(linker->store->store, (c->resource_count + 1u) * sizeof *m.resources);
  cv_citem *imports = cv_store_alloc(linker->store->store, (c->type.import_count + 1u) * sizeof *imports);
  if (m.resources == NULL || imports == NULL)
    return cv_api_no_memory(error);
  cv_buf_init(&m.why, &cv_api_mem);
  cove_status status = COVE_OK;
  for (uint32_t i = 0; i < c->type.import_count && status == COVE_OK; i++)
    if (!match_import(&m, &c->type.imports[i], &imports[i]))
      status = failed(&m, &c->type.imports[i], error);
  cv_buf_free(&m.why);
  if (status == COVE_OK && cv_vec_push(&cv_api_mem, &linker->matches, (match){c, imports}) != CV_OK)
    status = cv_api_no_memory(error);
  *out = imports;
  return status;
}

cove_status cove_component_linker_instantiate(cove_component_linker *linker, const cove_component *component,
                                              cove_component_instance **out, cove_error **error) {
  cove_store *store = linker->store;
  if (!component->compiled)
    return cv_api_fail(error, COVE_USAGE, "the component was only inspected");
  if (component->engine != store->engine)
    return cv_api_fail(error, COVE_USAGE, "the component belongs to another engine");
  if (cv_api_keep_component(store, (cove_component *)(uintptr_t)component) != CV_OK)
    return cv_api_no_memory(error);
  const cv_citem *imports = NULL;
  cove_status matched = match_imports(linker, component, &imports, error);
  if (matched != COVE_OK)
    return matched;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_cexports *exports;
  cv_status status = cv_component_instantiate(store->store, component->component, imports, &exports, &diag);
  if (status == CV_ETRAP)
    return cv_api_trap(error, store, CV_RUN_TRAP);
  if (status != CV_OK)
    return cv_api_diag(error, status, &diag);
  *out = (cove_component_instance *)exports;
  return COVE_OK;
}
