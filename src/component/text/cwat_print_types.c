// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_print_types.c: types of components, and core types in them.
#include "component/text/cwat_printer.h"

#include "component/binary/sections.h"

void cv_cprint_ref(cv_cprinter *p, cv_syn_ref type) {
  if (type.code == CV_SYN_INDEX)
    cv_cprint_use(p, CV_CS_TYPE, type.index);
  else
    cv_buf_text(p->w.out, cv_ctype_kind_text(type.code));
}

// ---- value types ---------------------------------------------------------------------------------------------------

static const struct {
  uint8_t code;
  const char *word;
  const char *part; // the word of each part, NULL for bare ones
} constructors[] = {
    {CV_CT_RECORD, "record", "field"}, {CV_CT_VARIANT, "variant", "case"}, {CV_CT_LIST, "list", NULL},
    {CV_CT_FIXED_LIST, "list", NULL},  {CV_CT_TUPLE, "tuple", NULL},       {CV_CT_FLAGS, "flags", NULL},
    {CV_CT_ENUM, "enum", NULL},        {CV_CT_OPTION, "option", NULL},     {CV_CT_STREAM, "stream", NULL},
    {CV_CT_FUTURE, "future", NULL},    {CV_CT_MAP, "map", NULL},
};

static void print_part(cv_cprinter *p, const char *word, bool has_name, const cv_syn_field *part) {
  cv_buf *out = p->w.out;
  if (word != NULL)
    cv_buf_printf(out, " (%s", word);
  if (has_name) {
    cv_buf_byte(out, ' ');
    cv_print_string(out, part->name, true);
  }
  if (part->type.code != CV_SYN_NONE) {
    cv_buf_byte(out, ' ');
    cv_cprint_ref(p, part->type);
  }
  cv_buf_text(out, word != NULL ? ")" : "");
}

static void print_result_type(cv_cprinter *p, const cv_syn_type *t) {
  cv_buf *out = p->w.out;
  cv_buf_text(out, "(result");
  print_part(p, NULL, false, &t->fields[0]);
  if (t->fields[1].type.code != CV_SYN_NONE)
    print_part(p, "error", false, &t->fields[1]);
  cv_buf_byte(out, ')');
}

static void print_value_type(cv_cprinter *p, const cv_syn_type *t) {
  cv_buf *out = p->w.out;
  if (cv_ctype_kind_is_simple(t->code)) {
    cv_buf_text(out, cv_ctype_kind_text(t->code));
    return;
  }
  if (t->code == CV_CT_RESULT) {
    print_result_type(p, t);
    return;
  }
  if (t->code == CV_CT_OWN || t->code == CV_CT_BORROW) {
    cv_buf_text(out, t->code == CV_CT_OWN ? "(own " : "(borrow ");
    cv_cprint_use(p, CV_CS_TYPE, t->index);
    cv_buf_byte(out, ')');
    return;
  }
  size_t i = 0;
  while (i + 1 < CV_COUNT(constructors) && constructors[i].code != t->code)
    i++;
  bool has_names = constructors[i].part != NULL || t->code == CV_CT_FLAGS || t->code == CV_CT_ENUM;
  cv_buf_printf(out, "(%s", constructors[i].word);
  for (uint32_t k = 0; k < t->count; k++)
    print_part(p, constructors[i].part, has_names, &t->fields[k]);
  if (t->code == CV_CT_FIXED_LIST)
    cv_buf_printf(out, " %u", t->length);
  cv_buf_byte(out, ')');
}

// ---- functions, resources, components, instances -------------------------------------------------------------------

static void print_func_type(cv_cprinter *p, const cv_syn_type *t) {
  cv_buf *out = p->w.out;
  cv_buf_text(out, t->code == CV_SYN_ASYNC_FUNC ? "(func async" : "(func");
  for (uint32_t i = 0; i < t->count; i++)
    print_part(p, "param", true, &t->fields[i]);
  if (t->result.code != CV_SYN_NONE) {
    cv_buf_text(out, " (result ");
    cv_cprint_ref(p, t->result);
    cv_buf_byte(out, ')');
  }
  cv_buf_byte(out, ')');
}

static void print_resource_type(cv_cprinter *p, const cv_syn_type *t) {
  cv_buf_text(p->w.out, "(resource (rep ");
  cv_print_val_type(&p->w, t->rep);
  cv_buf_byte(p->w.out, ')');
  if (t->dtor != CV_NO_INDEX) {
    cv_buf_text(p->w.out, " (dtor (core func ");
    cv_cprint_use(p, CV_CS_CORE_FUNC, t->dtor);
    cv_buf_text(p->w.out, "))");
  }
  cv_buf_byte(p->w.out, ')');
}

static cv_status print_extern_decl(cv_cprinter *p, const cv_syn_decl *d) {
  cv_cprint_line(p);
  cv_buf_text(p->w.out, d->kind == CV_SYN_DECL_IMPORT ? "(import" : "(export");
  CV_TRY(cv_cprint_extern_name(p, d->as.external));
  cv_buf_byte(p->w.out, ' ');
  cv_cprint_extern_type(p, &d->as.external->type, true);
  cv_buf_byte(p->w.out, ')');
  return CV_OK;
}

static cv_status print_decl(cv_cprinter *p, const cv_syn_decl *d) {
  switch (d->kind) {
  case CV_SYN_DECL_CORE_TYPE:
    return cv_cprint_core_type(p, d->as.core_type);
  case CV_SYN_DECL_TYPE:
    return cv_cprint_type(p, d->as.type);
  case CV_SYN_DECL_ALIAS:
    cv_cprint_line(p);
    cv_cprint_alias(p, d->as.alias);
    return CV_OK;
  default:
    return print_extern_decl(p, d);
  }
}

// The declarations of a component or instance type, in index spaces of their own.
static cv_status print_scope_type(cv_cprinter *p, const cv_syn_type *t) {
  cv_ids core_types = p->w.spaces[CV_PRINT_TYPE];
  cv_cprint_scope scope = {.outer = p->scope}, *back = p->scope;
  p->scope = &scope;
  p->w.spaces[CV_PRINT_TYPE] = (cv_ids){.count = 0};
  cv_buf_text(p->w.out, t->code == CV_SYN_COMPONENT ? "(component" : "(instance");
  p->w.depth++;
  cv_status status = CV_OK;
  for (uint32_t i = 0; i < t->decl_count && status == CV_OK; i++)
    status = print_decl(p, &t->decls[i]);
  p->w.depth--;
  cv_buf_byte(p->w.out, ')');
  p->w.spaces[CV_PRINT_TYPE] = core_types;
  p->scope = back;
  return status;
}

cv_status cv_cprint_type(cv_cprinter *p, const cv_syn_type *t) {
  cv_cprint_line(p);
  cv_buf_text(p->w.out, "(type");
  // What the type refers to comes before it, so its own identifier is not in scope yet.
  uint32_t index = p->scope->met[CV_CS_TYPE];
  cv_print_definition(&p->w, &p->scope->ids[CV_CS_TYPE], index);
  cv_buf_byte(p->w.out, ' ');
  switch (t->code) {
  case CV_SYN_FUNC:
  case CV_SYN_ASYNC_FUNC:
    print_func_type(p, t);
    break;
  case CV_SYN_RESOURCE:
    print_resource_type(p, t);
    break;
  case CV_SYN_COMPONENT:
  case CV_SYN_INSTANCE:
    CV_TRY(print_scope_type(p, t));
    break;
  default:
    print_value_type(p, t);
  }
  p->scope->met[CV_CS_TYPE]++;
  cv_buf_byte(p->w.out, ')');
  return CV_OK;
}

// ---- types of imports and exports ----------------------------------------------------------------------------------

void cv_cprint_extern_type(cv_cprinter *p, const cv_syn_externtype *t, bool defines) {
  cv_buf *out = p->w.out;
  cv_cspace space = cv_csort_space(t->sort);
  cv_buf_printf(out, "(%s", cv_cprint_sort(space));
  if (defines)
    cv_print_definition(&p->w, &p->scope->ids[space], p->scope->met[space]);
  cv_buf_byte(out, ' ');
  if (t->sort == CV_SORT_TYPE && !t->is_eq)
    cv_buf_text(out, "(sub resource)");
  else if (t->sort == CV_SORT_VALUE && !t->is_eq)
    cv_cprint_ref(p, t->type);
  else {
    bool is_bound = t->sort == CV_SORT_TYPE || t->sort == CV_SORT_VALUE;
    cv_buf_text(out, is_bound ? "(eq " : "(type ");
    cv_cprint_use(p,
                  t->sort == CV_SORT_VALUE    ? CV_CS_VALUE
                  : t->sort == CV_SORT_MODULE ? CV_CS_CORE_TYPE
                                              : CV_CS_TYPE,
                  t->index);
    cv_buf_byte(out, ')');
  }
  cv_buf_byte(out, ')');
  if (defines)
    p->scope->met[space]++;
}

// ---- core types ----------------------------------------------------------------------------------------------------

static void print_core_extern(cv_cprinter *p, const cv_syn_core_extern *e) {
  cv_buf *out = p->w.out;
  static const char *const words[] = {[CV_EXTERN_FUNC] = "func",
                                      [CV_EXTERN_TABLE] = "table",
                                      [CV_EXTERN_MEMORY] = "memory",
                                      [CV_EXTERN_GLOBAL] = "global",
                                      [CV_EXTERN_TAG] = "tag"};
  cv_buf_printf(out, " (%s", words[e->kind]);
  switch (e->kind) {
  case CV_EXTERN_FUNC:
  case CV_EXTERN_TAG:
    cv_buf_printf(out, " (type %u)", e->as.type);
    break;
  case CV_EXTERN_TABLE:
    cv_print_table_type(&p->w, &e->as.table);
    break;
  case CV_EXTERN_MEMORY:
    cv_print_memory_type(&p->w, &e->as.memory);
    break;
  case CV_EXTERN_GLOBAL:
    cv_print_global_type(&p->w, &e->as.global);
    break;
  }
  cv_buf_byte(out, ')');
}

// The definitions of one core type: " (func)", or each as "(type ...)" in a group; `core` before the words outside of a
// module type.
static cv_status print_definitions(cv_cprinter *p, const cv_syn_core_type *t, const char *core, uint32_t *next,
                                   const cv_ids *ids) {
  cv_buf *out = p->w.out;
  bool is_group = t->is_group && t->type_count != 1;
  if (is_group)
    cv_buf_printf(out, "(%srec", core);
  p->w.depth += is_group;
  for (uint32_t i = 0; i < t->type_count; i++) {
    if (is_group)
      cv_cprint_line(p);
    cv_buf_printf(out, "(%stype", is_group ? "" : core);
    cv_print_definition(&p->w, ids, *next);
    ++*next;
    CV_TRY(cv_print_composite(&p->w, &t->types[i], i));
    cv_buf_byte(out, ')');
  }
  p->w.depth -= is_group;
  cv_buf_text(out, is_group ? ")" : "");
  return CV_OK;
}

static cv_status print_module_decl(cv_cprinter *p, const cv_syn_core_decl *d, uint32_t *types) {
  static const cv_ids none = {.count = 0};
  cv_buf *out = p->w.out;
  cv_cprint_line(p);
  switch (d->kind) {
  case CV_SYN_CORE_TYPE:
    return print_definitions(p, d->type, "", types, &none);
  case CV_SYN_CORE_ALIAS:
    cv_buf_printf(out, "(alias outer %u %u (type (;%u;)))", d->outer, d->index, *types);
    ++*types;
    return CV_OK;
  case CV_SYN_CORE_IMPORT:
    cv_buf_text(out, "(import ");
    cv_print_string(out, d->module, true);
    cv_buf_byte(out, ' ');
    break;
  case CV_SYN_CORE_EXPORT:
    cv_buf_text(out, "(export ");
    break;
  }
  cv_print_string(out, d->name, true);
  print_core_extern(p, &d->external);
  cv_buf_byte(out, ')');
  return CV_OK;
}

static cv_status print_module_type(cv_cprinter *p, const cv_syn_core_type *t) {
  uint32_t types = 0;
  cv_ids back = p->w.spaces[CV_PRINT_TYPE];
  p->w.spaces[CV_PRINT_TYPE] = (cv_ids){.count = 0};
  cv_buf_text(p->w.out, " (module");
  p->w.depth++;
  for (uint32_t i = 0; i < t->decl_count; i++)
    CV_TRY(print_module_decl(p, &t->decls[i], &types));
  p->w.depth--;
  cv_buf_byte(p->w.out, ')');
  p->w.spaces[CV_PRINT_TYPE] = back;
  return CV_OK;
}

cv_status cv_cprint_core_type(cv_cprinter *p, const cv_syn_core_type *t) {
  uint32_t *met = &p->scope->met[CV_CS_CORE_TYPE];
  const cv_ids *ids = &p->scope->ids[CV_CS_CORE_TYPE];
  cv_cprint_line(p);
  // Identifiers of later definitions are not there yet.
  p->w.spaces[CV_PRINT_TYPE].count = CV_MIN(ids->count, *met + t->type_count);
  if (!t->is_module)
    return print_definitions(p, t, "core ", met, ids);
  cv_buf_text(p->w.out, "(core type");
  cv_print_definition(&p->w, ids, *met);
  CV_TRY(print_module_type(p, t));
  ++*met;
  cv_buf_byte(p->w.out, ')');
  return CV_OK;
}
