// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_match.c: what a host has defined, for what a component imports: names, versions, types.
#include "api/component_linker.h"
#include "api/scratch.h"

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

static const char *denied_text(matcher *m, const cv_api_definition *d, cv_bytes func) {
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

static bool signature_fits(matcher *m, const cv_api_definition *d, const cv_cextern *e, const char *there) {
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

static const cv_api_member *find_member(const cv_api_definition *d, cv_bytes name) {
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

static bool match_func(matcher *m, const cv_api_definition *d, const cv_cextern *e, cv_citem *out) {
  const cv_api_member *given = find_member(d, e->name);
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

static const cv_resource_type *host_resource(matcher *m, const cv_api_definition *d, cv_bytes name) {
  const cv_api_member *given = find_member(d, name);
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

static bool match_type(matcher *m, const cv_api_definition *d, const cv_cextern *e, cv_citem *out) {
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

static bool match_export(matcher *m, const cv_api_definition *d, const cv_cextern *e, cv_citem *out) {
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
static bool match_interface(matcher *m, const cv_api_definition *d, const cv_cinstancetype *type, cv_citem *out) {
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

// What a name was compared with: the newest compatible version that is new enough, and else what is near.
typedef struct versions {
  const cv_api_definition *best;
  const cove_glue_interface *late; // the best one is not defined yet
  cv_bytes best_version, near_version;
  cv_version_fit near_fit;
} versions;

static bool is_better(versions *v, const cv_cextern *import, cv_bytes wanted, cv_bytes there) {
  cv_version_fit fit = cv_version_fits(wanted, import->version_suffix, there);
  if (v->near_version.data == NULL || (fit == CV_VERSION_NEWER && v->near_fit == CV_VERSION_OTHER)) {
    v->near_version = there;
    v->near_fit = fit;
  }
  if (fit != CV_VERSION_FITS || (v->best_version.data != NULL && cv_version_compare(there, v->best_version) <= 0))
    return false;
  v->best_version = there;
  return true;
}

// The definition that serves a name: of that name, or the newest compatible one that is new enough.
static const cv_api_definition *find_definition(matcher *m, const cv_cextern *import) {
  cove_component_linker *linker = m->linker;
  const cv_api_definition *d = cv_api_find_defined(linker, import->name);
  const cove_glue_interface *late = d == NULL ? cv_api_late_named(&linker->late, import->name) : NULL;
  if (d != NULL)
    return d;
  cv_bytes base, version;
  cv_cname_split(import->name, &base, &version);
  if (late == NULL && base.size != 0 && version.size != 0) {
    versions v = {.near_fit = CV_VERSION_OTHER};
    for (size_t i = 0; i < linker->definitions.count; i++) {
      d = &linker->definitions.data[i];
      if (cv_bytes_equal(d->base, base) && is_better(&v, import, version, d->version))
        v.best = d;
    }
    const cv_bytes start = {base.data, base.size + 1}; // with its @
    for (size_t i = cv_api_late_place(&linker->late, start); (late = cv_api_late_at(&linker->late, i, start)) != NULL;
         i++)
      if (cv_api_find_defined(linker, cv_bytes_of(late->name)) == NULL &&
          is_better(&v, import, version, cv_bytes_of(late->name + start.size)))
        v.late = late;
    if (v.best_version.data == NULL && v.near_version.data != NULL)
      cv_buf_printf(&m->why, "\"%.*s%.*s\" is %s the host's version %.*s", NAME(import->name),
                    NAME(import->version_suffix), v.near_fit == CV_VERSION_NEWER ? "newer than" : "not compatible with",
                    NAME(v.near_version));
    if (v.late == NULL)
      return v.best;
    late = v.late;
  }
  d = late != NULL ? cv_api_add_late(linker, late) : NULL;
  m->no_memory |= late != NULL && d == NULL;
  return d;
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
  const cv_api_definition *d = find_definition(m, import); // which may make one
  if (m->no_memory)
    return false;
  // A function or a type by itself may be a member of the world.
  const cv_api_definition *world = cv_api_find_defined(m->linker, (cv_bytes){0});
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
    return match_interface(m, &(const cv_api_definition){.name = import->name}, import->type.as.instance, out);
  if (m->why.size == 0 && import->type.sort == CV_SORT_INSTANCE && is_rest(m->linker, import->name)) {
    const cv_api_definition rest = {
        .name = import->name, .denied = true, .has_all = true, .grant = m->linker->rest_grant};
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
  if (status == COVE_OK && cv_vec_push(&cv_api_mem, &linker->matches, (cv_api_match){c, imports}) != CV_OK)
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
