// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component.c: a component with the state of its instance: its binary, with other core modules in the places of those
// that have state. No index changes, so that all else stays to the byte.
#include "base/vec.h"
#include "component/instantiate.h"
#include "runtime/tier.h"
#include "snapshot/snapshot.h"
#include "wasm/binary/walk.h"

#include <stdio.h>

enum { SECTION_CORE_MODULE = 1, SECTION_COMPONENT = 4 };

typedef struct work {
  cv_mem *mem;
  cv_diag *diag;
  CV_VEC(cv_instance *) instances; // those that have state
  CV_VEC(cv_buf) modules;          // of each
} work;

static CV_COLD cv_status no_memory(work *w) {
  return cv_fail(w->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// ---- what there is -------------------------------------------------------------------------------------------------

static cv_status check_handles(void *env, const cv_cinstance *instance) {
  work *w = env;
  const cv_handles *h = &instance->handles;
  if (h->used == 0)
    return CV_OK;
  cv_bytes name = {0};
  for (uint32_t i = 1; i < h->count && name.size == 0; i++)
    if (h->entries[i].kind != CV_HANDLE_FREE)
      name = h->entries[i].type->name;
  return cv_fail(w->diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                 "unsupported: snapshot of a component that holds a resource%s%.*s", name.size != 0 ? ": " : "",
                 (int)name.size, (const char *)name.data);
}

// Whether a second instance of a module would differ from a first one, or a later one from the first.
static bool has_state(const cv_module *m) {
  bool has = m->memory_count != m->imported_memories || m->table_count != m->imported_tables || m->elem_count != 0 ||
             m->data_count != 0 || m->has_start;
  for (uint32_t i = m->imported_globals; i < m->global_count; i++)
    has |= m->globals[i].type.is_mutable;
  return has;
}

static cv_status add_instance(void *env, cv_instance *instance) {
  work *w = env;
  const cv_module *m = instance->module;
  if (!has_state(m))
    return CV_OK;
  for (size_t i = 0; i < w->instances.count; i++)
    if (w->instances.data[i]->module == m)
      return cv_fail(w->diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                     "unsupported: snapshot of a component that has several instances of one core module%s%.*s",
                     m->name.size != 0 ? ": " : "", (int)CV_MIN(m->name.size, 100), (const char *)m->name.data);
  return cv_vec_push(w->mem, &w->instances, instance) == CV_OK ? CV_OK : no_memory(w);
}

// ---- the binary ----------------------------------------------------------------------------------------------------

// The snapshot of the module that stands at `at`; NULL when it stays as it is.
static const cv_buf *module_at(const work *w, const uint8_t *at) {
  for (size_t i = 0; i < w->modules.count; i++)
    if (w->instances.data[i]->module->bytes == at)
      return &w->modules.data[i];
  return NULL;
}

static void put_component(const work *w, const uint8_t *binary, const uint8_t *end, cv_buf *out);

static void put_section(const work *w, const cv_section *section, cv_buf *out) {
  const cv_buf *module = section->id == SECTION_CORE_MODULE ? module_at(w, section->contents) : NULL;
  cv_buf inner;
  cv_buf_init(&inner, w->mem);
  if (section->id == SECTION_COMPONENT) {
    put_component(w, section->contents, section->after, &inner);
    module = &inner;
  }
  if (module != NULL) {
    cv_buf_byte(out, section->id);
    cv_buf_uleb(out, module->size);
    cv_buf_bytes(out, module->data, module->size);
    out->failed |= module->failed;
  } else {
    cv_buf_bytes(out, section->start, (size_t)(section->after - section->start));
  }
  cv_buf_free(&inner);
}

// Components are nested no deeper than the decoder allows.
static void put_component(const work *w, const uint8_t *binary, const uint8_t *end, cv_buf *out) {
  cv_buf_bytes(out, binary, CV_PREAMBLE_SIZE);
  for (cv_section section = cv_section_before(binary); cv_section_next(&section, end);)
    put_section(w, &section, out);
}

static cv_status make_module(work *w, const cv_snapshot_group *group, uint32_t i) {
  static const cv_snapshot_options as_it_is;
  cv_buf empty;
  cv_buf_init(&empty, w->mem);
  if (cv_vec_push(w->mem, &w->modules, empty) != CV_OK)
    return no_memory(w);
  cv_status status = cv_snapshot_one(group, i, &as_it_is, w->mem, &w->modules.data[i], w->diag);
  const cv_bytes name = group->instances[i]->module->name;
  if (status == CV_OK || status == CV_ENOMEM || name.size == 0)
    return status;
  size_t length = strlen(w->diag->text);
  snprintf(w->diag->text + length, sizeof w->diag->text - length, ", in the core module %.*s",
           (int)CV_MIN(name.size, 100), (const char *)name.data);
  return status;
}

static cv_status make_modules(work *w) {
  cv_snapshot_group group;
  CV_TRY(cv_snapshot_group_init(&group, w->instances.data, (uint32_t)w->instances.count, w->mem, w->diag));
  cv_status status = CV_OK;
  for (uint32_t i = 0; i < group.count && status == CV_OK; i++)
    status = make_module(w, &group, i);
  cv_snapshot_group_free(&group, w->mem);
  return status;
}

cv_status cv_snapshot_component(const cv_cinstance *instance, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  work w = {.mem = mem, .diag = diag};
  const cv_component *c = instance->component;
  cv_status status = cv_cinstance_walk(instance, &(cv_cwalk){check_handles, add_instance, &w});
  if (status == CV_OK)
    status = make_modules(&w);
  if (status == CV_OK) {
    put_component(&w, c->bytes, c->bytes + c->size, out);
    if (out->failed)
      status = no_memory(&w);
  }
  for (size_t i = 0; i < w.modules.count; i++)
    cv_buf_free(&w.modules.data[i]);
  cv_vec_free(mem, &w.modules);
  cv_vec_free(mem, &w.instances);
  return status;
}
