// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instantiate.c: instantiation (core specification, 4.7.2): match imports, make the instance's objects in its block,
// apply active segments in their order, run the start function. Until segments are applied a failure undoes all; from
// then on the instance stays in the store, for its functions may be in an imported table.
#include "runtime/internal.h"

// ---- external matching (core specification, 3.3.11) ----

static bool limits_match(const cv_limits *actual, const cv_limits *wanted) {
  return actual->is_64 == wanted->is_64 && actual->is_shared == wanted->is_shared && actual->min >= wanted->min &&
         (!wanted->has_max || (actual->has_max && actual->max <= wanted->max));
}

static bool types_equal(const cv_type_registry *registry, cv_valtype a, cv_valtype b) {
  return a == b || (cv_canon_matches(registry, a, b) && cv_canon_matches(registry, b, a));
}

bool cv_extern_matches(const cv_extern *e, const cv_module *m, const cv_import *import) {
  if (e->kind != import->kind || e->as.object == NULL)
    return false;
  switch (import->kind) {
  case CV_EXTERN_FUNC:
    return cv_type_is_subtype(m->registry, e->as.func->type, m->types[m->funcs[import->index].type].id);
  case CV_EXTERN_TABLE: {
    cv_tabletype actual = cv_table_present_type(e->as.table);
    const cv_tabletype *wanted = &m->tables[import->index].type;
    return limits_match(&actual.limits, &wanted->limits) &&
           types_equal(m->registry, actual.elem, cv_valtype_canonical(m->types, wanted->elem));
  }
  case CV_EXTERN_MEMORY: {
    cv_memtype actual = cv_memory_present_type(e->as.memory);
    const cv_memtype *wanted = &m->memories[import->index];
    return actual.page_log2 == wanted->page_log2 && limits_match(&actual.limits, &wanted->limits);
  }
  case CV_EXTERN_GLOBAL: {
    const cv_globaltype *actual = &e->as.global->type, *wanted = &m->globals[import->index].type;
    cv_valtype type = cv_valtype_canonical(m->types, wanted->type);
    if (actual->is_mutable != wanted->is_mutable)
      return false;
    return wanted->is_mutable ? types_equal(m->registry, actual->type, type)
                              : cv_canon_matches(m->registry, actual->type, type);
  }
  case CV_EXTERN_TAG:
    return e->as.tag->type == m->types[m->tags[import->index].type].id;
  }
  return false;
}

static int name_length(cv_bytes name) {
  return (int)CV_MIN(name.size, 40);
}

static cv_status match_imports(const cv_module *m, const cv_extern *imports, size_t count, cv_diag *diag) {
  if (count != m->import_count)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "%zu imports given, the module has %u", count, m->import_count);
  for (uint32_t i = 0; i < m->import_count; i++) {
    const cv_import *import = &m->imports[i];
    if (imports[i].as.object != NULL && cv_extern_matches(&imports[i], m, import))
      continue;
    char text[CV_MISMATCH_TEXT_SIZE] = "";
    bool unknown = imports[i].as.object == NULL;
    if (!unknown)
      cv_extern_mismatch(&imports[i], m, import, text);
    return cv_fail(diag, CV_EUNLINKABLE, CV_NO_OFFSET, "%s: \"%.*s\" \"%.*s\"%s%s",
                   unknown ? "unknown import" : "incompatible import type", name_length(import->module),
                   (const char *)import->module.data, name_length(import->name), (const char *)import->name.data,
                   unknown ? "" : ": ", text);
  }
  return CV_OK;
}

// ---- making the block ----

static void *at(cv_instance *i, uint32_t offset) {
  return (char *)i + offset;
}

static void place_imports(cv_instance *i, const cv_extern *imports) {
  const cv_module *m = i->module;
  const cv_layout *l = i->layout;
  for (uint32_t k = 0; k < m->import_count; k++) {
    uint32_t index = m->imports[k].index;
    void *object = imports[k].as.object;
    switch (m->imports[k].kind) {
    case CV_EXTERN_FUNC:
      ((void **)at(i, l->imported_funcs))[index] = object;
      break;
    case CV_EXTERN_TABLE:
      ((void **)at(i, l->imported_tables))[index] = object;
      break;
    case CV_EXTERN_MEMORY:
      ((void **)at(i, l->imported_memories))[index] = object;
      break;
    case CV_EXTERN_GLOBAL:
      ((void **)at(i, l->imported_globals))[index] = object;
      break;
    case CV_EXTERN_TAG:
      ((void **)at(i, l->tags))[index] = object;
      break;
    }
  }
}

static cv_status make_globals(cv_instance *i) {
  const cv_module *m = i->module;
  for (uint32_t g = m->imported_globals; g < m->global_count; g++) {
    const cv_global_decl *decl = &m->globals[g];
    cv_global *global = cv_instance_global(i, g);
    global->type =
        (cv_globaltype){.type = cv_valtype_canonical(m->types, decl->type.type), .is_mutable = decl->type.is_mutable};
    global->store = i->store;
    CV_TRY(cv_const_eval(i, &decl->init, &global->value));
  }
  return CV_OK;
}

static cv_status make_tables(cv_instance *i, cv_diag *diag) {
  const cv_module *m = i->module;
  for (uint32_t t = m->imported_tables; t < m->table_count; t++) {
    const cv_table_decl *decl = &m->tables[t];
    cv_value init = {.ref = NULL};
    if (decl->has_init)
      CV_TRY(cv_const_eval(i, &decl->init, &init));
    cv_tabletype type = decl->type;
    type.elem = cv_valtype_canonical(m->types, type.elem);
    CV_TRY(cv_table_init(i->store, cv_instance_table(i, t), &type, init.ref, diag));
  }
  return CV_OK;
}

static cv_status make_memories(cv_instance *i, cv_diag *diag) {
  const cv_module *m = i->module;
  bool images = cv_code_wants_images(i->code);
  for (uint32_t k = m->imported_memories; k < m->memory_count; k++) {
    const cv_image *image = images ? cv_code_image(i->code, k - m->imported_memories) : NULL;
    CV_TRY(cv_memory_init(i->store, cv_instance_memory(i, k), &m->memories[k], image, diag));
  }
  if (m->memory_count != 0) {
    i->memory0 = cv_instance_memory(i, 0);
    i->memory0_base = i->memory0->base;
  }
  return CV_OK;
}

// The tag objects follow the pointers to them (cv_layout_of).
static void make_tags(cv_instance *i) {
  const cv_module *m = i->module;
  cv_tag **tags = at(i, i->layout->tags);
  cv_tag *objects = (cv_tag *)(tags + m->tag_count);
  for (uint32_t t = m->imported_tags; t < m->tag_count; t++) {
    cv_typeid type = m->types[m->tags[t].type].id;
    objects[t] = (cv_tag){.type = type, .signature = &cv_canon_type_of(m->registry, type)->as.func, .store = i->store};
    tags[t] = &objects[t];
  }
}

static cv_status make_objects(cv_instance *i, const cv_extern *imports, cv_diag *diag) {
  place_imports(i, imports);
  make_tags(i);
  CV_TRY(make_globals(i));
  CV_TRY(make_tables(i, diag));
  return make_memories(i, diag);
}

static cv_instance *block_new(cv_store *s, cv_code *code, void *host_data) {
  cv_instance *i = cv_block_new(s, code);
  if (i == NULL)
    return NULL;
  i->context = &s->context;
  i->module = code->module;
  i->code = code;
  i->store = s;
  i->host_data = host_data;
  i->layout = &code->layout;
  i->block_size = code->layout.size;
  i->dropped_elems = (uint8_t *)i + code->layout.size - code->module->elem_count - code->module->data_count;
  i->dropped_datas = i->dropped_elems + code->module->elem_count;
  return i;
}

static void undo(cv_store *s, cv_instance *i, size_t memories, size_t tables) {
  while (s->memories.count > memories) {
    cv_memory *m = cv_vec_pop(&s->memories);
    s->memory_used -= m->size;
    cv_memory_free(m);
  }
  while (s->tables.count > tables)
    cv_table_free(cv_vec_pop(&s->tables));
  cv_block_free(s, i);
}

// ---- segments and start ----

static uint64_t offset_value(const cv_limits *limits, const cv_value *v) {
  return limits->is_64 ? v->u64 : v->u32;
}

static cv_status apply_elems(cv_instance *i, cv_trap_kind *trap) {
  const cv_module *m = i->module;
  for (uint32_t e = 0; e < m->elem_count; e++) {
    const cv_elem_decl *decl = &m->elems[e];
    if (decl->mode == CV_SEGMENT_ACTIVE) {
      cv_value offset;
      CV_TRY(cv_const_eval(i, &decl->offset, &offset));
      const cv_table *t = cv_instance_table(i, decl->table);
      *trap = cv_helper_table_init(i, decl->table, e, offset_value(&t->type.limits, &offset), 0, decl->count);
      if (*trap != CV_TRAP_NONE)
        return CV_ETRAP;
    }
    if (decl->mode != CV_SEGMENT_PASSIVE)
      cv_helper_elem_drop(i, e);
  }
  i->has_elem_funcs = true;
  return CV_OK;
}

// All data segments are in memory already. An image may have been made since this instance got its memories.
static bool is_made_of_images(const cv_instance *i) {
  const cv_module *m = i->module;
  bool has_images = cv_images_are_all(i->code);
  for (uint32_t k = m->imported_memories; k < m->memory_count && has_images; k++)
    has_images = cv_instance_memory(i, k)->slot->image != 0;
  return has_images;
}

static cv_status apply_datas(cv_instance *i, cv_trap_kind *trap) {
  const cv_module *m = i->module;
  if (is_made_of_images(i)) {
    memset(i->dropped_datas, 1, m->data_count);
    return CV_OK;
  }
  for (uint32_t d = 0; d < m->data_count; d++) {
    const cv_data_decl *decl = &m->datas[d];
    if (decl->mode != CV_SEGMENT_ACTIVE)
      continue;
    const cv_memory *memory = cv_instance_memory(i, decl->memory);
    // An image in the memory is this module's, and holds the segment already.
    if (decl->memory < m->imported_memories || memory->slot->image == 0) {
      cv_value offset;
      CV_TRY(cv_const_eval(i, &decl->offset, &offset));
      *trap =
          cv_helper_memory_init(i, decl->memory, d, offset_value(&memory->type.limits, &offset), 0, decl->bytes.size);
      if (*trap != CV_TRAP_NONE)
        return CV_ETRAP;
    }
    cv_helper_data_drop(i, d);
  }
  return CV_OK;
}

static cv_status run_start(cv_instance *i) {
  cv_value none;
  cv_func *start = cv_instance_func(i, i->module->start);
  switch (cv_call(i->context, start, &none)) {
  case CV_RUN_OK:
    return CV_OK;
  case CV_RUN_EXCEPTION:
    cv_trap_uncaught(i->context);
    return CV_ETRAP;
  case CV_RUN_TRAP:
    break;
  }
  return CV_ETRAP;
}

static cv_status fail_trap(cv_context *c, cv_diag *diag) {
  return cv_fail(diag, CV_ETRAP, CV_NO_OFFSET, "%s", cv_trap_sentence(c));
}

cv_status cv_instantiate(cv_store *s, cv_code *code, const cv_extern *imports, size_t import_count, void *host_data,
                         cv_instance **out, cv_diag *diag) {
  *out = NULL;
  if (code->engine != s->engine)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "the module was compiled by another engine than the store's");
  CV_TRY(match_imports(code->module, imports, import_count, diag));
  if (s->instances.count >= s->limits.instances) {
    cv_store_refuse(s, s->limits.instances, "limit of %u instance%s reached", s->limits.instances,
                    s->limits.instances == 1 ? "" : "s");
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "%s", s->refusal);
  }
  size_t memories = s->memories.count, tables = s->tables.count;
  cv_instance *i = block_new(s, code, host_data);
  cv_status status = i != NULL ? make_objects(i, imports, diag) : CV_ENOMEM;
  if (status == CV_OK)
    status = cv_vec_reserve(&s->mem, &s->instances, 1);
  if (status != CV_OK) {
    if (i != NULL)
      undo(s, i, memories, tables);
    return cv_fail(diag, status, CV_NO_OFFSET, "%s while instantiating", cv_status_text(status));
  }
  cv_code_retain(code);
  s->instances.data[s->instances.count++] = i;
  cv_trap_kind trap = CV_TRAP_NONE;
  status = apply_elems(i, &trap);
  if (status == CV_OK)
    status = apply_datas(i, &trap);
  if (trap != CV_TRAP_NONE)
    cv_trap_set(&s->context, trap, NULL);
  if (status == CV_OK && code->module->has_start)
    status = run_start(i);
  if (status == CV_ETRAP)
    return fail_trap(&s->context, diag);
  if (status != CV_OK)
    return cv_fail(diag, status, CV_NO_OFFSET, "%s while instantiating", cv_status_text(status));
  *out = i;
  return CV_OK;
}
