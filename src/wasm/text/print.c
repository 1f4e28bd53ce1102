// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// print.c: a module as text: fields in the order of the binary's sections (core specification, 6.6).
#include "wasm/limits.h"
#include "wasm/text/printer.h"
#include "wasm/text/sections.h"

// ---- types ---------------------------------------------------------------------------------------------------------

static void print_types(cv_printer *p, const char *word, const cv_valtype *types, uint32_t count) {
  if (count == 0)
    return;
  cv_buf_printf(p->out, " (%s", word);
  for (uint32_t i = 0; i < count; i++) {
    cv_buf_byte(p->out, ' ');
    cv_print_val_type(p, types[i]);
  }
  cv_buf_byte(p->out, ')');
}

static cv_status print_fields(cv_printer *p, uint32_t index, const cv_type *t) {
  cv_ids ids;
  CV_TRY(cv_print_make_ids(p, &p->func_arena, CV_NAMES_FIELD, index, t->as.aggregate.count, &ids));
  for (uint32_t i = 0; i < t->as.aggregate.count; i++) {
    const cv_fieldtype *f = &t->as.aggregate.fields[i];
    if (t->kind == CV_COMP_STRUCT)
      cv_buf_text(p->out, " (field");
    cv_print_binding(p, &ids, i);
    cv_buf_text(p->out, f->is_mutable ? " (mut " : " ");
    cv_print_val_type(p, f->type);
    cv_buf_text(p->out, f->is_mutable ? ")" : "");
    if (t->kind == CV_COMP_STRUCT)
      cv_buf_byte(p->out, ')');
  }
  return CV_OK;
}

cv_status cv_print_composite(cv_printer *p, const cv_type *t, uint32_t index) {
  bool is_sub = !t->is_final || t->super != CV_NO_TYPE;
  if (is_sub) {
    cv_buf_text(p->out, t->is_final ? " (sub final" : " (sub");
    if (t->super != CV_NO_TYPE) {
      cv_buf_byte(p->out, ' ');
      cv_print_space_use(p, CV_PRINT_TYPE, t->super);
    }
  }
  if (t->kind == CV_COMP_FUNC) {
    cv_buf_text(p->out, " (func");
    print_types(p, "param", cv_functype_params(&t->as.func), t->as.func.param_count);
    print_types(p, "result", cv_functype_results(&t->as.func), t->as.func.result_count);
  } else {
    cv_buf_text(p->out, t->kind == CV_COMP_STRUCT ? " (struct" : " (array");
    CV_TRY(print_fields(p, index, t));
    cv_arena_free(&p->func_arena);
  }
  cv_buf_text(p->out, is_sub ? "))" : ")");
  return CV_OK;
}

static cv_status print_type(cv_printer *p, uint32_t index) {
  cv_buf_text(p->out, "(type");
  cv_print_definition(p, &p->spaces[CV_PRINT_TYPE], index);
  CV_TRY(cv_print_composite(p, &p->m->types[index], index));
  cv_buf_byte(p->out, ')');
  return CV_OK;
}

static cv_status print_type_section(cv_printer *p) {
  const cv_module *m = p->m;
  for (uint32_t i = 0; i < m->type_count; i++) {
    const cv_type *t = &m->types[i];
    bool grouped = t->group_size != 1;
    if (grouped && t->group_start == i) {
      cv_print_newline(p, 1);
      cv_buf_text(p->out, "(rec");
    }
    cv_print_newline(p, grouped ? 2 : 1);
    CV_TRY(print_type(p, i));
    if (grouped && t->group_start + t->group_size - 1 == i) {
      cv_print_newline(p, 1);
      cv_buf_byte(p->out, ')');
    }
  }
  return CV_OK;
}

// ---- types of definitions ------------------------------------------------------------------------------------------

static void print_limits(cv_printer *p, const cv_limits *l) {
  cv_buf_printf(p->out, " %s%llu", l->is_64 ? "i64 " : "", (unsigned long long)l->min);
  if (l->has_max)
    cv_buf_printf(p->out, " %llu", (unsigned long long)l->max);
}

void cv_print_table_type(cv_printer *p, const cv_tabletype *t) {
  print_limits(p, &t->limits);
  cv_buf_byte(p->out, ' ');
  cv_print_val_type(p, t->elem);
}

void cv_print_memory_type(cv_printer *p, const cv_memtype *t) {
  print_limits(p, &t->limits);
  if (t->limits.is_shared)
    cv_buf_text(p->out, " shared");
  if (t->page_log2 != 16)
    cv_buf_printf(p->out, " (pagesize %llu)", 1ull << (t->page_log2 & 63));
}

void cv_print_global_type(cv_printer *p, const cv_globaltype *t) {
  cv_buf_text(p->out, t->is_mutable ? " (mut " : " ");
  cv_print_val_type(p, t->type);
  cv_buf_text(p->out, t->is_mutable ? ")" : "");
}

static void print_type_use(cv_printer *p, uint32_t type) {
  cv_buf_text(p->out, " (type ");
  cv_print_space_use(p, CV_PRINT_TYPE, type);
  cv_buf_byte(p->out, ')');
}

// One (param) or (local) for each named one; others together.
static void print_locals(cv_printer *p, const char *word, const cv_valtype *types, uint32_t first, uint32_t count) {
  const cv_ids *ids = &p->locals;
  for (uint32_t i = 0; i < count;) {
    cv_buf_printf(p->out, " (%s", word);
    if (ids->ids != NULL && ids->ids[first + i].data != NULL) {
      cv_print_binding(p, ids, first + i);
      cv_buf_byte(p->out, ' ');
      cv_print_val_type(p, types[i++]);
    } else {
      for (; i < count && (ids->ids == NULL || ids->ids[first + i].data == NULL); i++) {
        cv_buf_byte(p->out, ' ');
        cv_print_val_type(p, types[i]);
      }
    }
    cv_buf_byte(p->out, ')');
  }
}

static const cv_functype *function_type(const cv_module *m, uint32_t type) {
  return type < m->type_count && m->types[type].kind == CV_COMP_FUNC ? &m->types[type].as.func : NULL;
}

// (type x) (param ...) (result ...), with the names of the parameters; p->locals has been made.
static void print_signature(cv_printer *p, uint32_t type) {
  print_type_use(p, type);
  const cv_functype *f = function_type(p->m, type);
  if (f == NULL)
    return;
  print_locals(p, "param", cv_functype_params(f), 0, f->param_count);
  print_types(p, "result", cv_functype_results(f), f->result_count);
}

// ---- imports -------------------------------------------------------------------------------------------------------

static cv_status print_imported_func(cv_printer *p, uint32_t index) {
  const cv_functype *f = function_type(p->m, p->m->funcs[index].type);
  CV_TRY(cv_print_make_ids(p, &p->func_arena, CV_NAMES_LOCAL, index, f != NULL ? f->param_count : 0, &p->locals));
  cv_buf_text(p->out, "(func");
  cv_print_definition(p, &p->spaces[CV_PRINT_FUNC], index);
  print_signature(p, p->m->funcs[index].type);
  cv_arena_free(&p->func_arena);
  return CV_OK;
}

static cv_status print_import(cv_printer *p, const cv_import *import) {
  const cv_module *m = p->m;
  cv_print_newline(p, 1);
  cv_buf_text(p->out, "(import ");
  cv_print_string(p->out, import->module, true);
  cv_buf_byte(p->out, ' ');
  cv_print_string(p->out, import->name, true);
  cv_buf_byte(p->out, ' ');
  switch (import->kind) {
  case CV_EXTERN_FUNC:
    CV_TRY(print_imported_func(p, import->index));
    break;
  case CV_EXTERN_TABLE:
    cv_buf_text(p->out, "(table");
    cv_print_definition(p, &p->spaces[CV_PRINT_TABLE], import->index);
    cv_print_table_type(p, &m->tables[import->index].type);
    break;
  case CV_EXTERN_MEMORY:
    cv_buf_text(p->out, "(memory");
    cv_print_definition(p, &p->spaces[CV_PRINT_MEMORY], import->index);
    cv_print_memory_type(p, &m->memories[import->index]);
    break;
  case CV_EXTERN_GLOBAL:
    cv_buf_text(p->out, "(global");
    cv_print_definition(p, &p->spaces[CV_PRINT_GLOBAL], import->index);
    cv_print_global_type(p, &m->globals[import->index].type);
    break;
  case CV_EXTERN_TAG:
    cv_buf_text(p->out, "(tag");
    cv_print_definition(p, &p->spaces[CV_PRINT_TAG], import->index);
    print_type_use(p, m->tags[import->index].type);
    break;
  }
  cv_buf_text(p->out, "))");
  return CV_OK;
}

// ---- definitions ---------------------------------------------------------------------------------------------------

static cv_status print_tables(cv_printer *p) {
  for (uint32_t i = p->m->imported_tables; i < p->m->table_count; i++) {
    const cv_table_decl *t = &p->m->tables[i];
    cv_print_newline(p, 1);
    cv_buf_text(p->out, "(table");
    cv_print_definition(p, &p->spaces[CV_PRINT_TABLE], i);
    cv_print_table_type(p, &t->type);
    if (t->has_init)
      CV_TRY(cv_print_const_expr(p, t->init.code));
    cv_buf_byte(p->out, ')');
  }
  return CV_OK;
}

static void print_memories_and_tags(cv_printer *p) {
  for (uint32_t i = p->m->imported_memories; i < p->m->memory_count; i++) {
    cv_print_newline(p, 1);
    cv_buf_text(p->out, "(memory");
    cv_print_definition(p, &p->spaces[CV_PRINT_MEMORY], i);
    cv_print_memory_type(p, &p->m->memories[i]);
    cv_buf_byte(p->out, ')');
  }
  for (uint32_t i = p->m->imported_tags; i < p->m->tag_count; i++) {
    cv_print_newline(p, 1);
    cv_buf_text(p->out, "(tag");
    cv_print_definition(p, &p->spaces[CV_PRINT_TAG], i);
    print_type_use(p, p->m->tags[i].type);
    cv_buf_byte(p->out, ')');
  }
}

static cv_status print_globals(cv_printer *p) {
  for (uint32_t i = p->m->imported_globals; i < p->m->global_count; i++) {
    cv_print_newline(p, 1);
    cv_buf_text(p->out, "(global");
    cv_print_definition(p, &p->spaces[CV_PRINT_GLOBAL], i);
    cv_print_global_type(p, &p->m->globals[i].type);
    CV_TRY(cv_print_const_expr(p, p->m->globals[i].init.code));
    cv_buf_byte(p->out, ')');
  }
  return CV_OK;
}

static void print_exports_and_start(cv_printer *p) {
  static const struct {
    const char *word;
    cv_print_space space;
  } kinds[] = {[CV_EXTERN_FUNC] = {"func", CV_PRINT_FUNC},
               [CV_EXTERN_TABLE] = {"table", CV_PRINT_TABLE},
               [CV_EXTERN_MEMORY] = {"memory", CV_PRINT_MEMORY},
               [CV_EXTERN_GLOBAL] = {"global", CV_PRINT_GLOBAL},
               [CV_EXTERN_TAG] = {"tag", CV_PRINT_TAG}};
  for (uint32_t i = 0; i < p->m->export_count; i++) {
    const cv_export *e = &p->m->exports[i];
    cv_print_newline(p, 1);
    cv_buf_text(p->out, "(export ");
    cv_print_string(p->out, e->name, true);
    cv_buf_printf(p->out, " (%s ", kinds[e->kind].word);
    cv_print_space_use(p, kinds[e->kind].space, e->index);
    cv_buf_text(p->out, "))");
  }
  if (p->m->has_start) {
    cv_print_newline(p, 1);
    cv_buf_text(p->out, "(start ");
    cv_print_space_use(p, CV_PRINT_FUNC, p->m->start);
    cv_buf_byte(p->out, ')');
  }
}

// ---- segments ------------------------------------------------------------------------------------------------------

static cv_status print_offset(cv_printer *p, const char *word, cv_print_space space, uint32_t target, cv_span code) {
  if (target != 0) {
    cv_buf_printf(p->out, " (%s ", word);
    cv_print_space_use(p, space, target);
    cv_buf_byte(p->out, ')');
  }
  cv_buf_text(p->out, " (offset");
  CV_TRY(cv_print_const_expr(p, code));
  cv_buf_byte(p->out, ')');
  return CV_OK;
}

static cv_status print_elem(cv_printer *p, uint32_t index) {
  const cv_elem_decl *e = &p->m->elems[index];
  cv_print_newline(p, 1);
  cv_buf_text(p->out, "(elem");
  cv_print_definition(p, &p->spaces[CV_PRINT_ELEM], index);
  if (e->mode == CV_SEGMENT_ACTIVE)
    CV_TRY(print_offset(p, "table", CV_PRINT_TABLE, e->table, e->offset.code));
  else if (e->mode == CV_SEGMENT_DECLARATIVE)
    cv_buf_text(p->out, " declare");
  cv_buf_byte(p->out, ' ');
  if (e->funcs == NULL)
    cv_print_val_type(p, e->type);
  else
    cv_buf_text(p->out, "func");
  for (uint32_t i = 0; i < e->count; i++) {
    if (e->funcs != NULL) {
      cv_buf_byte(p->out, ' ');
      cv_print_space_use(p, CV_PRINT_FUNC, e->funcs[i]);
      continue;
    }
    cv_buf_text(p->out, " (item");
    CV_TRY(cv_print_const_expr(p, e->exprs[i].code));
    cv_buf_byte(p->out, ')');
  }
  cv_buf_byte(p->out, ')');
  return CV_OK;
}

// Bytes as strings of at most 64 bytes a line.
static void print_bytes(cv_printer *p, cv_span bytes) {
  enum { LINE = 64 };
  if (bytes.size <= LINE) {
    cv_buf_byte(p->out, ' ');
    cv_print_string(p->out, (cv_bytes){cv_span_start(p->m, bytes), bytes.size}, false);
    return;
  }
  for (uint32_t at = 0; at < bytes.size; at += LINE) {
    cv_print_newline(p, 2);
    cv_print_string(p->out, (cv_bytes){cv_span_start(p->m, bytes) + at, CV_MIN(bytes.size - at, (uint32_t)LINE)},
                    false);
  }
}

static cv_status print_data(cv_printer *p, uint32_t index) {
  const cv_data_decl *d = &p->m->datas[index];
  cv_print_newline(p, 1);
  cv_buf_text(p->out, "(data");
  cv_print_definition(p, &p->spaces[CV_PRINT_DATA], index);
  if (d->mode == CV_SEGMENT_ACTIVE)
    CV_TRY(print_offset(p, "memory", CV_PRINT_MEMORY, d->memory, d->offset.code));
  print_bytes(p, d->bytes);
  cv_buf_byte(p->out, ')');
  return CV_OK;
}

// ---- functions -----------------------------------------------------------------------------------------------------

// The local declarations of a body, spread out into the function's arena.
static cv_status read_locals(cv_printer *p, const cv_func_decl *f, cv_valtype **types, uint32_t *count) {
  cv_reader r = {.start = p->m->bytes,
                 .at = cv_span_start(p->m, f->body),
                 .end = cv_span_start(p->m, f->code),
                 .features = p->m->features,
                 .diag = p->diag};
  cv_reader again = r;
  uint32_t runs, n;
  cv_valtype type;
  *count = 0;
  CV_TRY(cv_read_u32(&r, &runs));
  for (uint32_t i = 0; i < runs; i++) {
    CV_TRY(cv_read_u32(&r, &n));
    CV_TRY(cv_read_val_type(&r, &type));
    if (n > CV_MAX_LOCALS || (*count += n) > CV_MAX_LOCALS)
      return cv_fail(p->diag, CV_ELIMIT, f->body.offset, "too many locals");
  }
  *types = CV_ARENA_ARRAY(&p->func_arena, cv_valtype, *count);
  if (*types == NULL)
    return CV_ENOMEM;
  cv_valtype *at = *types;
  CV_TRY(cv_read_u32(&again, &runs));
  for (uint32_t i = 0; i < runs; i++) {
    CV_TRY(cv_read_u32(&again, &n));
    CV_TRY(cv_read_val_type(&again, &type));
    while (n-- > 0)
      *at++ = type;
  }
  return CV_OK;
}

static cv_status print_function(cv_printer *p, uint32_t index) {
  const cv_func_decl *f = &p->m->funcs[index];
  const cv_functype *type = function_type(p->m, f->type);
  uint32_t params = type != NULL ? type->param_count : 0, locals = 0;
  cv_valtype *local_types = NULL;
  CV_TRY(read_locals(p, f, &local_types, &locals));
  CV_TRY(cv_print_make_ids(p, &p->func_arena, CV_NAMES_LOCAL, index, params + locals, &p->locals));
  cv_print_newline(p, 1);
  cv_buf_text(p->out, "(func");
  cv_print_definition(p, &p->spaces[CV_PRINT_FUNC], index);
  print_signature(p, f->type);
  if (locals != 0) {
    cv_print_newline(p, 1);
    cv_buf_byte(p->out, ' ');
    print_locals(p, "local", local_types, params, locals);
  }
  p->func = index;
  p->body_start = f->body.offset;
  while (p->hint < p->m->hint_count && p->m->hints[p->hint].func < index)
    p->hint++;
  for (p->hint_end = p->hint; p->hint_end < p->m->hint_count && p->m->hints[p->hint_end].func == index;)
    p->hint_end++;
  CV_TRY(cv_print_body(p, f->code));
  p->func = UINT32_MAX;
  cv_buf_byte(p->out, ')');
  cv_arena_free(&p->func_arena);
  return CV_OK;
}

// ---- custom sections -----------------------------------------------------------------------------------------------

static cv_bytes custom_bytes(const cv_module *m, const cv_custom_section *c) {
  return (cv_bytes){cv_span_start(m, c->bytes), c->bytes.size};
}

// Index of the section that the names come from, or custom_count.
static cv_status read_names(cv_printer *p, uint32_t *index) {
  const cv_module *m = p->m;
  *index = m->custom_count;
  for (uint32_t i = 0; i < m->custom_count && *index == m->custom_count && !p->options->no_names; i++) {
    if (!cv_bytes_equal(m->customs[i].name, CV_BYTES_LITERAL("name")))
      continue;
    cv_status status = cv_names_decode(&p->names, p->mem, custom_bytes(m, &m->customs[i]));
    if (status == CV_ENOMEM)
      return status;
    if (status == CV_OK)
      *index = i;
  }
  return CV_OK;
}

// All custom sections but those that became names and hints, each placed after the section that it stands behind.
static void print_customs(cv_printer *p, uint32_t names) {
  const cv_module *m = p->m;
  bool hints_done = !p->print_hints;
  for (uint32_t i = 0; i < m->custom_count; i++) {
    const cv_custom_section *c = &m->customs[i];
    bool is_name = cv_bytes_equal(c->name, CV_BYTES_LITERAL("name"));
    if (i == names || (is_name && p->options->no_names))
      continue;
    if (!hints_done && cv_bytes_equal(c->name, CV_BYTES_LITERAL("metadata.code.branch_hint"))) {
      hints_done = true;
      continue;
    }
    cv_print_newline(p, 1);
    cv_buf_text(p->out, "(@custom ");
    cv_print_string(p->out, c->name, true);
    unsigned rank = cv_section_rank_of_id(c->after);
    if (names < i)
      cv_buf_text(p->out, " (after last)");
    else if (rank != 0)
      cv_buf_printf(p->out, " (after %s)", cv_section_places[rank - 1].word);
    else
      cv_buf_text(p->out, " (before first)");
    print_bytes(p, c->bytes);
    cv_buf_byte(p->out, ')');
  }
}

// ---- the module ----------------------------------------------------------------------------------------------------

static cv_status make_spaces(cv_printer *p) {
  const cv_module *m = p->m;
  const struct {
    cv_print_space space;
    uint32_t kind, count;
  } all[] = {{CV_PRINT_FUNC, CV_NAMES_FUNCTION, m->func_count},   {CV_PRINT_TABLE, CV_NAMES_TABLE, m->table_count},
             {CV_PRINT_MEMORY, CV_NAMES_MEMORY, m->memory_count}, {CV_PRINT_GLOBAL, CV_NAMES_GLOBAL, m->global_count},
             {CV_PRINT_TAG, CV_NAMES_TAG, m->tag_count},          {CV_PRINT_ELEM, CV_NAMES_ELEM, m->elem_count},
             {CV_PRINT_DATA, CV_NAMES_DATA, m->data_count},       {CV_PRINT_TYPE, CV_NAMES_TYPE, m->type_count}};
  for (size_t i = 0; i < CV_COUNT(all); i++)
    CV_TRY(cv_print_make_ids(p, &p->arena, all[i].kind, 0, all[i].count, &p->spaces[all[i].space]));
  return CV_OK;
}

static void print_module_name(cv_printer *p) {
  if (!p->names.has_module)
    return;
  cv_buf_byte(p->out, ' ');
  if (p->names.module.size != 0)
    cv_print_id(p->out, p->names.module);
  else
    cv_buf_text(p->out, "(@name \"\")");
}

static void print_nested_head(cv_printer *p, const cv_wat_nesting *nesting) {
  cv_buf_text(p->out, "(core module");
  cv_print_nesting(p->out, nesting, p->names.has_module ? p->names.module : (cv_bytes){NULL, 0});
}

static cv_status print_module(cv_printer *p, const cv_wat_nesting *nesting) {
  const cv_module *m = p->m;
  uint32_t names;
  CV_TRY(read_names(p, &names));
  CV_TRY(make_spaces(p));
  CV_TRY(cv_print_check_hints(p, &p->print_hints));
  if (nesting != NULL)
    print_nested_head(p, nesting);
  else {
    cv_buf_text(p->out, "(module");
    print_module_name(p);
  }
  CV_TRY(print_type_section(p));
  for (uint32_t i = 0; i < m->import_count; i++)
    CV_TRY(print_import(p, &m->imports[i]));
  CV_TRY(print_tables(p));
  print_memories_and_tags(p);
  CV_TRY(print_globals(p));
  print_exports_and_start(p);
  for (uint32_t i = 0; i < m->elem_count; i++)
    CV_TRY(print_elem(p, i));
  for (uint32_t i = m->imported_funcs; i < m->func_count; i++)
    CV_TRY(print_function(p, i));
  for (uint32_t i = 0; i < m->data_count; i++)
    CV_TRY(print_data(p, i));
  print_customs(p, names);
  cv_buf_text(p->out, nesting != NULL ? ")" : ")\n");
  return cv_buf_status(p->out);
}

cv_status cv_wat_print_nested(const cv_module *module, const cv_wat_print_options *options,
                              const cv_wat_nesting *nesting, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  if (module->without_bodies)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "this module comes from a compiled program: print that program");
  static const cv_wat_print_options defaults;
  cv_printer p = {.m = module,
                  .options = options != NULL ? options : &defaults,
                  .mem = mem,
                  .out = out,
                  .diag = diag,
                  .depth = nesting != NULL ? nesting->depth : 0,
                  .func = UINT32_MAX};
  cv_arena_init(&p.arena, mem);
  cv_arena_init(&p.func_arena, mem);
  cv_map_init(&p.label_names, mem);
  cv_buf_init(&p.fold.text, mem);
  cv_status status = print_module(&p, nesting);
  if (status == CV_ENOMEM)
    status = cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory while printing a module");
  cv_names_free(&p.names, mem);
  cv_vec_free(mem, &p.labels);
  cv_map_free(&p.label_names);
  cv_print_fold_free(&p);
  cv_arena_free(&p.func_arena);
  cv_arena_free(&p.arena);
  return status;
}

cv_status cv_wat_print(const cv_module *module, const cv_wat_print_options *options, cv_mem *mem, cv_buf *out,
                       cv_diag *diag) {
  return cv_wat_print_nested(module, options, NULL, mem, out, diag);
}
