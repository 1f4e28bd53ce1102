// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_linker.c: what a host defines for components: see component_linker.h.
#include "api/component_linker.h"

// Enough for what most components import, so that the list leaves no holes in the heap.
enum { ENOUGH_DEFINITIONS = 16 };

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

cv_api_definition *cv_api_find_defined(const cove_component_linker *linker, cv_bytes name) {
  for (size_t i = 0; i < linker->definitions.count; i++)
    if (cv_bytes_equal(linker->definitions.data[i].name, name))
      return &linker->definitions.data[i];
  return NULL;
}

// `name` lives as long as the linker. NULL when out of memory.
static cv_api_definition *add_definition(cove_component_linker *linker, cv_bytes name) {
  cv_api_definition d = {.name = name};
  cv_cname_split(d.name, &d.base, &d.version);
  if (cv_vec_push(&cv_api_mem, &linker->definitions, d) != CV_OK)
    return NULL;
  return &cv_vec_last(&linker->definitions);
}

static void set_glue(cv_api_definition *d, const cove_glue_interface *glue, void *host) {
  d->glue = glue;
  d->host = host;
  d->denied = d->is_item = false;
}

static void set_late(cv_api_definition *d, const cv_api_late_world *late, const cove_glue_interface *glue) {
  set_glue(d, glue, late->host);
  d->grant = late->missing != NULL ? late->missing(late->host, glue->name) : NULL;
  d->denied = d->grant != NULL;
  d->when_called = false;
}

// Where in the late world the first name is that is not before `name`.
size_t cv_api_late_place(const cv_api_late_world *late, cv_bytes name) {
  size_t low = 0, high = late->world != NULL ? late->world->interface_count : 0;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const char *there = late->world->interfaces[middle]->name;
    int by = strncmp(there, (const char *)name.data, name.size);
    if (by < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// The late interface number `i`, where its name begins with `start`; NULL where it does not.
const cove_glue_interface *cv_api_late_at(const cv_api_late_world *late, size_t i, cv_bytes start) {
  if (late->world == NULL || i >= late->world->interface_count)
    return NULL;
  const cove_glue_interface *glue = late->world->interfaces[i];
  return strncmp(glue->name, (const char *)start.data, start.size) == 0 ? glue : NULL;
}

const cove_glue_interface *cv_api_late_named(const cv_api_late_world *late, cv_bytes name) {
  if (late->world == NULL || name.size == 0)
    return NULL;
  const cove_glue_interface *glue = cv_api_late_at(late, cv_api_late_place(late, name), name);
  return glue != NULL && glue->name[name.size] == '\0' ? glue : NULL;
}

cv_api_definition *cv_api_add_late(cove_component_linker *linker, const cove_glue_interface *glue) {
  cv_api_definition *d = add_definition(linker, cv_bytes_of(glue->name));
  if (d != NULL)
    set_late(d, &linker->late, glue);
  return d;
}

// The definition of that name, made when there is none. Every change makes matches void. NULL when out of memory.
static cv_api_definition *define(cove_component_linker *linker, cv_bytes name) {
  linker->matches.count = 0;
  cv_api_definition *d = cv_api_find_defined(linker, name);
  if (d != NULL)
    return d;
  const cove_glue_interface *late = cv_api_late_named(&linker->late, name);
  if (late != NULL)
    return cv_api_add_late(linker, late);
  cv_bytes copy;
  return copy_text(linker, name, &copy) ? add_definition(linker, copy) : NULL;
}

void cv_api_component_linker_define_late(cove_component_linker *linker, const cv_api_late_world *late) {
  linker->matches.count = 0;
  linker->late = *late;
  for (size_t i = 0; i < linker->definitions.count; i++) {
    const cove_glue_interface *glue = cv_api_late_named(late, linker->definitions.data[i].name);
    if (glue != NULL)
      set_late(&linker->definitions.data[i], late, glue);
  }
}

cove_status cove_component_linker_define_interface(cove_component_linker *linker, const cove_glue_interface *interface,
                                                   void *host, cove_error **error) {
  cv_api_definition *d = define(linker, cv_bytes_of(interface->name));
  if (d == NULL)
    return cv_api_no_memory(error);
  set_glue(d, interface, host);
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
  cv_api_definition *d = define(linker, cv_bytes_of(interface->name));
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

static cove_status add_member(cove_component_linker *linker, const char *interface, const char *name, cv_api_member m,
                              cove_error **error) {
  cv_api_definition *d = define(linker, cv_api_text(interface));
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
      add_member(linker, interface, name, (cv_api_member){.signature = signature, .fn = fn, .env = env}, error);
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
  return add_member(linker, interface, name, (cv_api_member){.resource = type}, error);
}

static cove_status define_item(cove_component_linker *linker, const char *name, cv_citem item, cove_error **error) {
  cv_api_definition *d = define(linker, cv_bytes_of(name));
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
