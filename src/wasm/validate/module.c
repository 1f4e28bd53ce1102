// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// module.c: what a module declares outside its bodies (core specification, 3.5), and validation of the whole.
#include <stdlib.h>

#include "wasm/canon.h"
#include "wasm/limits.h"
#include "wasm/validate/validator.h"

#define FAIL(offset, ...) cv_fail(diag, CV_EINVALID, offset, __VA_ARGS__)

// ---- types ----

// Indices in a type may name the types before it and those of its group.
static cv_status check_type_index(const cv_type *t, cv_valtype v, cv_diag *diag) {
  uint32_t heap = cv_type_heap(v);
  if (cv_type_is_ref(v) && cv_heap_is_index(heap) && heap >= t->group_start + t->group_size)
    return FAIL(t->entry, "unknown type %u", heap);
  return CV_OK;
}

static cv_status check_type(const cv_module *m, uint32_t index, cv_diag *diag) {
  const cv_type *t = &m->types[index];
  if (t->kind == CV_COMP_FUNC) {
    uint32_t count = t->as.func.param_count + t->as.func.result_count;
    for (uint32_t i = 0; i < count; i++)
      CV_TRY(check_type_index(t, t->as.func.types[i], diag));
    if (t->as.func.result_count > 1 && (m->features & CV_FEAT(MULTI_VALUE)) == 0)
      return FAIL(t->entry, "invalid result arity: several results (the feature multi-value is off)");
  } else {
    for (uint32_t i = 0; i < t->as.aggregate.count; i++)
      CV_TRY(check_type_index(t, t->as.aggregate.fields[i].type, diag));
  }
  if (t->super == CV_NO_TYPE)
    return CV_OK;
  if (t->super >= t->group_start + t->group_size)
    return FAIL(t->entry, "unknown type %u", t->super);
  if (t->super >= index)
    return FAIL(t->entry, "unknown type %u: forward use in sub type definition", t->super);
  if (m->types[t->super].is_final)
    return FAIL(t->entry, "sub type %u has final super type %u", index, t->super);
  return CV_OK;
}

cv_status cv_type_group_validate(const cv_module *m, cv_type *types, uint32_t start, cv_diag *diag) {
  uint32_t size = types[start].group_size;
  for (uint32_t i = start; i < start + size; i++)
    CV_TRY(check_type(m, i, diag));
  cv_status status = cv_type_registry_add(m->registry, types, start, size);
  if (status == CV_ELIMIT)
    return cv_fail(diag, CV_ELIMIT, types[start].entry, "too many types alive, or sub types nested deeper than %u",
                   CV_MAX_SUBTYPE_DEPTH);
  CV_TRY(status);
  for (uint32_t i = start; i < start + size; i++) {
    if (types[i].super == CV_NO_TYPE)
      continue;
    const cv_canon_type *sub = cv_canon_type_of(m->registry, types[i].id);
    if (!cv_canon_composite_matches(m->registry, sub, cv_canon_type_of(m->registry, types[types[i].super].id)))
      return FAIL(types[i].entry, "sub type %u does not match super type %u", i, types[i].super);
  }
  return CV_OK;
}

static cv_status check_types(cv_module *m, cv_diag *diag) {
  cv_type *types = (cv_type *)(uintptr_t)m->types; // the module is still ours to write
  for (uint32_t i = 0; i < m->type_count; i += types[i].group_size)
    CV_TRY(cv_type_group_validate(m, types, i, diag));
  return CV_OK;
}

static cv_status check_func_type(const cv_module *m, uint32_t index, uint32_t entry, cv_diag *diag) {
  if (index >= m->type_count)
    return FAIL(entry, "unknown type %u", index);
  if (m->types[index].kind != CV_COMP_FUNC)
    return FAIL(entry, "type mismatch: type %u is not a function type", index);
  return CV_OK;
}

// ---- functions, tables, memories, globals, tags ----

static cv_status check_funcs(const cv_module *m, cv_diag *diag) {
  uint64_t in_all = 0;
  for (uint32_t i = 0; i < m->func_count; i++) {
    const cv_func_decl *f = &m->funcs[i];
    CV_TRY(check_func_type(m, f->type, f->entry, diag));
    if (i < m->imported_funcs)
      continue;
    uint64_t locals = (uint64_t)m->types[f->type].as.func.param_count + f->local_count;
    if (locals > CV_MAX_LOCALS)
      return cv_fail(diag, CV_ELIMIT, f->body.offset, "too many locals: %llu, at most %u", (unsigned long long)locals,
                     CV_MAX_LOCALS);
    in_all += locals;
    if (in_all > CV_MAX_LOCALS_IN_ALL)
      return cv_fail(diag, CV_ELIMIT, f->body.offset, "too many locals in all functions: at most %u",
                     CV_MAX_LOCALS_IN_ALL);
  }
  return CV_OK;
}

// What is wrong with the limits, or NULL.
static const char *limits_fault(const cv_limits *l, uint64_t most, const char *too_large) {
  if (l->min > most || (l->has_max && l->max > most))
    return too_large;
  return l->has_max && l->min > l->max ? "size minimum must not be greater than maximum" : NULL;
}

const char *cv_table_type_fault(const cv_tabletype *t) {
  return limits_fault(&t->limits, t->limits.is_64 ? UINT64_MAX : UINT32_MAX,
                      "table size must be at most 2^32-1 elements");
}

static cv_status check_table_type(const cv_module *m, const cv_table_decl *t, cv_diag *diag) {
  CV_TRY(cv_check_type(m, t->type.elem, t->entry, diag));
  const char *fault = cv_table_type_fault(&t->type);
  return fault == NULL ? CV_OK : FAIL(t->entry, "%s", fault);
}

static cv_status check_tables(const cv_module *m, cv_diag *diag) {
  if (m->table_count > 1 && (m->features & CV_FEAT(REFERENCE_TYPES)) == 0)
    return FAIL(m->tables[1].entry, "multiple tables");
  for (uint32_t i = 0; i < m->table_count; i++) {
    const cv_table_decl *t = &m->tables[i];
    CV_TRY(check_table_type(m, t, diag));
    if (t->has_init)
      CV_TRY(cv_const_expr_validate(m, &t->init, t->type.elem, m->imported_globals, diag));
    else if (i >= m->imported_tables && !cv_type_is_defaultable(t->type.elem))
      return FAIL(t->entry, "type mismatch: table of a type without default value needs an initializer");
  }
  return CV_OK;
}

// Memory types do not say where they are; their section or import does.
static uint64_t memory_entry(const cv_module *m, uint32_t index) {
  for (uint32_t i = 0; index < m->imported_memories && i < m->import_count; i++)
    if (m->imports[i].kind == CV_EXTERN_MEMORY && m->imports[i].index == index)
      return m->imports[i].entry;
  return m->sections[CV_SECT_MEMORY].offset;
}

const char *cv_memory_type_fault(const cv_memtype *t) {
  const char *fault;
  if (t->page_log2 == 0)
    fault = limits_fault(&t->limits, t->limits.is_64 ? UINT64_MAX : UINT32_MAX,
                         "memory size must be at most 2^32-1 pages of one byte");
  else if (t->page_log2 != 16)
    fault = "invalid custom page size";
  else if (t->limits.is_64)
    fault = limits_fault(&t->limits, (uint64_t)1 << 48, "memory size must be at most 2^48 pages (256 TiB)");
  else
    fault = limits_fault(&t->limits, 1 << 16, "memory size must be at most 65536 pages (4GiB)");
  if (fault == NULL && t->limits.is_shared && !t->limits.has_max)
    fault = "shared memory must have maximum";
  return fault;
}

static cv_status check_memories(const cv_module *m, cv_diag *diag) {
  if (m->memory_count > 1 && (m->features & CV_FEAT(MULTI_MEMORY)) == 0)
    return FAIL(memory_entry(m, 1), "multiple memories");
  for (uint32_t i = 0; i < m->memory_count; i++) {
    const char *fault = cv_memory_type_fault(&m->memories[i]);
    if (fault != NULL)
      return FAIL(memory_entry(m, i), "%s", fault);
  }
  return CV_OK;
}

static cv_status check_globals(const cv_module *m, cv_diag *diag) {
  for (uint32_t i = 0; i < m->global_count; i++) {
    const cv_global_decl *g = &m->globals[i];
    CV_TRY(cv_check_type(m, g->type.type, g->entry, diag));
    if (i >= m->imported_globals)
      CV_TRY(cv_const_expr_validate(m, &g->init, g->type.type, i, diag));
    else if (g->type.is_mutable && (m->features & CV_FEAT(MUTABLE_GLOBALS)) == 0)
      return FAIL(g->entry, "mutable globals cannot be imported (the feature mutable-globals is off)");
  }
  return CV_OK;
}

static cv_status check_tags(const cv_module *m, cv_diag *diag) {
  for (uint32_t i = 0; i < m->tag_count; i++) {
    CV_TRY(check_func_type(m, m->tags[i].type, m->tags[i].entry, diag));
    if (m->types[m->tags[i].type].as.func.result_count != 0)
      return FAIL(m->tags[i].entry, "non-empty tag result type");
  }
  return CV_OK;
}

// ---- segments ----

static cv_status check_elem_items(const cv_module *m, const cv_elem_decl *e, cv_diag *diag) {
  for (uint32_t i = 0; i < e->count; i++) {
    if (e->exprs != NULL)
      CV_TRY(cv_const_expr_validate(m, &e->exprs[i], e->type, m->global_count, diag));
    else if (e->funcs[i] >= m->func_count)
      return FAIL(e->entry, "unknown function %u", e->funcs[i]);
  }
  return CV_OK;
}

static cv_status check_elems(const cv_module *m, cv_diag *diag) {
  for (uint32_t i = 0; i < m->elem_count; i++) {
    const cv_elem_decl *e = &m->elems[i];
    CV_TRY(cv_check_type(m, e->type, e->entry, diag));
    CV_TRY(check_elem_items(m, e, diag));
    if (e->mode != CV_SEGMENT_ACTIVE)
      continue;
    if (e->table >= m->table_count)
      return FAIL(e->entry, "unknown table %u", e->table);
    const cv_tabletype *table = &m->tables[e->table].type;
    char text[2][CV_VALTYPE_TEXT_SIZE];
    if (!cv_module_type_matches(m, e->type, table->elem))
      return FAIL(e->entry, "type mismatch: element segment's type %s does not match table's element type %s",
                  cv_valtype_text(e->type, text[0]), cv_valtype_text(table->elem, text[1]));
    CV_TRY(cv_const_expr_validate(m, &e->offset, cv_limits_index_type(&table->limits), m->global_count, diag));
  }
  return CV_OK;
}

static cv_status check_datas(const cv_module *m, cv_diag *diag) {
  for (uint32_t i = 0; i < m->data_count; i++) {
    const cv_data_decl *d = &m->datas[i];
    if (d->mode != CV_SEGMENT_ACTIVE)
      continue;
    if (d->memory >= m->memory_count)
      return FAIL(d->entry, "unknown memory %u", d->memory);
    const cv_limits *limits = &m->memories[d->memory].limits;
    CV_TRY(cv_const_expr_validate(m, &d->offset, cv_limits_index_type(limits), m->global_count, diag));
  }
  return CV_OK;
}

// ---- start and exports ----

static cv_status check_start(const cv_module *m, cv_diag *diag) {
  if (!m->has_start)
    return CV_OK;
  if (m->start >= m->func_count)
    return FAIL(m->sections[CV_SECT_START].offset, "unknown function %u", m->start);
  const cv_functype *type = cv_module_func_type(m, m->start);
  if (type->param_count != 0 || type->result_count != 0)
    return FAIL(m->sections[CV_SECT_START].offset, "start function must not have parameters or results");
  return CV_OK;
}

static int compare_names(const void *a, const void *b) {
  const cv_bytes *x = &(*(const cv_export *const *)a)->name, *y = &(*(const cv_export *const *)b)->name;
  size_t size = CV_MIN(x->size, y->size);
  int order = size != 0 ? memcmp(x->data, y->data, size) : 0;
  return order != 0 ? order : (x->size > y->size) - (x->size < y->size);
}

// Sorted, so that names chosen to collide in a hash cost nothing.
static cv_status check_names(const cv_module *m, cv_diag *diag) {
  if (m->export_count < 2)
    return CV_OK;
  size_t size = m->export_count * sizeof(const cv_export *);
  const cv_export **sorted = cv_mem_alloc(m->mem, size);
  if (sorted == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < m->export_count; i++)
    sorted[i] = &m->exports[i];
  qsort(sorted, m->export_count, sizeof *sorted, compare_names);
  cv_status status = CV_OK;
  for (uint32_t i = 1; i < m->export_count && status == CV_OK; i++) {
    if (compare_names(&sorted[i - 1], &sorted[i]) == 0) {
      uint32_t later = CV_MAX(sorted[i - 1]->entry, sorted[i]->entry);
      status = FAIL(later, "duplicate export name \"%.*s\"", (int)CV_MIN(sorted[i]->name.size, (size_t)100),
                    (const char *)sorted[i]->name.data);
    }
  }
  cv_mem_free(m->mem, sorted, size);
  return status;
}

static cv_status check_exports(const cv_module *m, cv_diag *diag) {
  const struct {
    const char *what;
    uint32_t count;
  } spaces[] = {
      [CV_EXTERN_FUNC] = {"function", m->func_count},   [CV_EXTERN_TABLE] = {"table", m->table_count},
      [CV_EXTERN_MEMORY] = {"memory", m->memory_count}, [CV_EXTERN_GLOBAL] = {"global", m->global_count},
      [CV_EXTERN_TAG] = {"tag", m->tag_count},
  };
  for (uint32_t i = 0; i < m->export_count; i++) {
    const cv_export *e = &m->exports[i];
    if (e->index >= spaces[e->kind].count)
      return FAIL(e->entry, "unknown %s %u", spaces[e->kind].what, e->index);
    if (e->kind == CV_EXTERN_GLOBAL && m->globals[e->index].type.is_mutable &&
        (m->features & CV_FEAT(MUTABLE_GLOBALS)) == 0)
      return FAIL(e->entry, "mutable globals cannot be exported (the feature mutable-globals is off)");
  }
  return check_names(m, diag);
}

// ---- the whole ----

static cv_status check_head(cv_module *m, cv_diag *diag) {
  CV_TRY(check_types(m, diag));
  CV_TRY(check_tags(m, diag));
  CV_TRY(check_funcs(m, diag));
  CV_TRY(check_memories(m, diag));
  CV_TRY(check_tables(m, diag));
  CV_TRY(check_globals(m, diag));
  CV_TRY(check_datas(m, diag));
  CV_TRY(check_elems(m, diag));
  CV_TRY(check_start(m, diag));
  CV_TRY(check_exports(m, diag));
  m->facts = CV_ARENA_ARRAY(&m->arena, cv_func_facts, cv_module_defined(m));
  return m->facts != NULL ? CV_OK : CV_ENOMEM;
}

static cv_status report(cv_status status, cv_diag *diag) {
  return status == CV_ENOMEM ? cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory") : status;
}

cv_status cv_module_validate_head(cv_module *module, cv_diag *diag) {
  return report(check_head(module, diag), diag);
}

cv_status cv_module_validate(cv_module *module, unsigned flags, cv_diag *diag) {
  CV_TRY(cv_module_validate_head(module, diag));
  if (module->without_bodies || (flags & CV_VALIDATE_BODIES_LATE) != 0)
    return CV_OK;
  cv_validator *validator = cv_validator_new(module, module->mem, flags);
  if (validator == NULL)
    return report(CV_ENOMEM, diag);
  cv_status status = CV_OK;
  for (uint32_t i = module->imported_funcs; i < module->func_count && status == CV_OK; i++)
    status = cv_func_validate(validator, i, &module->arena, &module->facts[i - module->imported_funcs], diag);
  cv_validator_delete(validator);
  return status;
}
