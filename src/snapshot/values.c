// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// values.c: globals, tables and element segments of a snapshot (core specification, 5.5.7, 5.5.9, 5.5.12). References
// are to functions, by their number; the types before them are taken as they are in the module.
#include "base/leb.h"
#include "snapshot/sections.h"
#include "wasm/binary/instr.h"
#include "wasm/limits.h"

#include <inttypes.h>

// Flags of an element segment: bit 0 passive or declarative, bit 1 an explicit table (or declarative, with bit 0),
// bit 2 expressions instead of function indices.
enum { NOT_ACTIVE = 1, EXPLICIT = 2, EXPRESSIONS = 4 };

static cv_status unsupported(cv_snapshot_work *w, const char *what, uint64_t number) {
  return cv_fail(w->diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                 "unsupported: snapshot of a reference that is no function of the module, in %s %" PRIu64, what,
                 number);
}

static void put_ref_func(cv_buf *s, uint32_t index) {
  cv_buf_byte(s, CV_OPC_REF_FUNC);
  cv_buf_uleb(s, index);
}

// The reference type that stands at `at`: how many bytes it has.
static size_t ref_type_size(const uint8_t *at) {
  const uint8_t *end = at + 1;
  if (*at == CV_KIND_REF || *at == CV_KIND_REF_NULL)
    cv_leb_skip(&end);
  return (size_t)(end - at);
}

// Whether a heap type holds functions. Where it does, a value that is not null is a cv_func.
static bool holds_funcs(const cv_module *m, cv_valtype type) {
  uint32_t heap = cv_type_heap(type);
  return cv_heap_is_index(heap) ? heap < m->type_count && m->types[heap].kind == CV_COMP_FUNC
                                : heap == CV_HEAP_FUNC || heap == CV_HEAP_NOFUNC;
}

// ---- globals -------------------------------------------------------------------------------------------------------

// `type` is where the global's type stands in the module: (ref null HEAP) in one byte for some, else 0x63 HEAP.
static cv_status put_ref(cv_snapshot_work *w, uint32_t index, const cv_value *value, const uint8_t *type, cv_buf *s) {
  if (value->ref == NULL) {
    size_t prefix = *type == CV_KIND_REF_NULL ? 1 : 0;
    cv_buf_byte(s, CV_OPC_REF_NULL);
    cv_buf_bytes(s, type + prefix, ref_type_size(type) - prefix);
    return CV_OK;
  }
  if (!holds_funcs(w->module, w->module->globals[index].type.type))
    return unsupported(w, "global", index);
  uint32_t func;
  if (!cv_snapshot_can_name(w->group, w->number, value->func, &func))
    return unsupported(w, "global", index);
  put_ref_func(s, func);
  return CV_OK;
}

static cv_status put_value(cv_snapshot_work *w, uint32_t index, const cv_value *value, const uint8_t *type, cv_buf *s) {
  switch (cv_type_kind(w->module->globals[index].type.type)) {
  case CV_KIND_I32:
    cv_buf_byte(s, CV_OPC_I32_CONST);
    cv_buf_sleb(s, value->i32);
    return CV_OK;
  case CV_KIND_I64:
    cv_buf_byte(s, CV_OPC_I64_CONST);
    cv_buf_sleb(s, value->i64);
    return CV_OK;
  case CV_KIND_F32:
    cv_buf_byte(s, CV_OPC_F32_CONST);
    cv_buf_bytes(s, &value->u32, 4);
    return CV_OK;
  case CV_KIND_F64:
    cv_buf_byte(s, CV_OPC_F64_CONST);
    cv_buf_bytes(s, &value->u64, 8);
    return CV_OK;
  case CV_KIND_V128:
    cv_buf_byte(s, CV_OPC_V128_CONST >> 12);
    cv_buf_uleb(s, CV_OPC_V128_CONST & 0xfff);
    cv_buf_bytes(s, value->v128, sizeof value->v128);
    return CV_OK;
  default:
    return put_ref(w, index, value, type, s);
  }
}

cv_status cv_snapshot_globals(cv_snapshot_work *w, cv_buf *s, uint32_t *count) {
  const cv_module *m = w->module;
  *count = m->global_count - m->imported_globals;
  for (uint32_t i = m->imported_globals; i < m->global_count; i++) {
    const uint8_t *entry = m->bytes + m->globals[i].entry;
    cv_buf_bytes(s, entry, m->globals[i].init.code.offset - m->globals[i].entry);
    CV_TRY(put_value(w, i, &cv_instance_global(w->instance, i)->value, entry, s));
    cv_buf_byte(s, CV_OPC_END);
  }
  return CV_OK;
}

// ---- tables --------------------------------------------------------------------------------------------------------

// Where the type of a table's elements stands in the module.
static const uint8_t *elem_type(const cv_module *m, uint32_t index) {
  if (index >= m->imported_tables)
    return m->bytes + m->tables[index].entry + (m->tables[index].has_init ? 2 : 0);
  const cv_import *import = m->imports;
  while (import->kind != CV_EXTERN_TABLE || import->index != index)
    import++;
  return import->name.data + import->name.size + 1; // behind the kind
}

static bool sees(const cv_instance *instance, const cv_table *table) {
  for (uint32_t i = 0; i < instance->module->table_count; i++)
    if (cv_instance_table(instance, i) == table)
      return true;
  return false;
}

// A nullable table starts with nulls. One that is not keeps its expression, which the elements then replace.
cv_status cv_snapshot_tables(cv_snapshot_work *w, cv_buf *s, uint32_t *count) {
  const cv_module *m = w->module;
  *count = m->table_count - m->imported_tables;
  for (uint32_t i = m->imported_tables; i < m->table_count; i++) {
    const cv_table_decl *decl = &m->tables[i];
    const cv_limits *l = &decl->type.limits;
    const uint8_t *type = elem_type(m, i);
    bool keeps = !cv_type_is_nullable(decl->type.elem);
    if (keeps)
      cv_buf_bytes(s, m->bytes + decl->entry, 2);
    cv_buf_bytes(s, type, ref_type_size(type));
    cv_buf_byte(s, (uint8_t)((l->has_max ? 1 : 0) | (l->is_64 ? 4 : 0)));
    cv_buf_uleb(s, cv_instance_table(w->instance, i)->size);
    if (l->has_max)
      cv_buf_uleb(s, l->max);
    if (keeps)
      cv_buf_bytes(s, cv_span_start(m, decl->init.code), decl->init.code.size);
  }
  return CV_OK;
}

// Whether an element is for this instance to write: it is the first of the group that sees the table and can name the
// function. A table's own instance comes first; what it cannot name was put there by another one, and is again.
static cv_status find_mine(cv_snapshot_work *w, uint32_t index, uint64_t at, bool *mine, uint32_t *func) {
  const cv_table *table = cv_instance_table(w->instance, index);
  *mine = false;
  if (table->elems[at] == NULL)
    return CV_OK;
  if (!holds_funcs(w->module, w->module->tables[index].type.elem))
    return unsupported(w, "table", index);
  for (uint32_t i = 0; i < w->group->count; i++)
    if (sees(w->group->instances[i], table) && cv_snapshot_can_name(w->group, i, table->elems[at], func)) {
      *mine = i == w->number;
      return CV_OK;
    }
  return unsupported(w, "table", index);
}

// Elements from..to of a table, all of them the instance's.
static cv_status put_elems(cv_snapshot_work *w, uint32_t index, uint64_t from, uint64_t to, cv_buf *s) {
  const cv_tabletype *table = &w->module->tables[index].type;
  const uint8_t *type = elem_type(w->module, index);
  // Function indices are of type (ref func), which fits no other types than these.
  bool plain = cv_type_heap(table->elem) == CV_HEAP_FUNC;
  cv_buf_byte(s, plain && index == 0 ? 0 : plain ? EXPLICIT : EXPLICIT | EXPRESSIONS);
  if (!plain || index != 0)
    cv_buf_uleb(s, index);
  cv_snapshot_put_offset(s, &table->limits, from);
  if (!plain)
    cv_buf_bytes(s, type, ref_type_size(type));
  else if (index != 0)
    cv_buf_byte(s, 0);
  cv_buf_uleb(s, to - from);
  for (uint64_t i = from; i < to; i++) {
    bool mine;
    uint32_t func;
    CV_TRY(find_mine(w, index, i, &mine, &func));
    if (plain) {
      cv_buf_uleb(s, func);
    } else {
      put_ref_func(s, func);
      cv_buf_byte(s, CV_OPC_END);
    }
  }
  return CV_OK;
}

static cv_status put_table(cv_snapshot_work *w, uint32_t index, cv_buf *s, uint32_t *count) {
  uint64_t size = cv_instance_table(w->instance, index)->size;
  for (uint64_t from = 0, to, next; from < size; from = next) {
    bool mine = true;
    uint32_t func;
    for (to = from; to < size && to - from < CV_MAX_TABLE_INIT; to++) {
      CV_TRY(find_mine(w, index, to, &mine, &func));
      if (!mine)
        break;
    }
    next = mine ? to : to + 1;
    if (to == from)
      continue;
    if (*count >= CV_MAX_ELEM_SEGMENTS)
      return cv_fail(w->diag, CV_ELIMIT, CV_NO_OFFSET, "the state takes more element segments than a module may have");
    ++*count;
    CV_TRY(put_elems(w, index, from, to, s));
  }
  return CV_OK;
}

// ---- element segments ----------------------------------------------------------------------------------------------

static const uint8_t *end_of_elem(const cv_module *m, uint32_t index) {
  const cv_span *section = &m->sections[CV_SECT_ELEMENT];
  return m->bytes + (index + 1 < m->elem_count ? m->elems[index + 1].entry : section->offset + section->size);
}

// As it was, or an empty passive one of the same type.
static void put_old(const cv_snapshot_work *w, uint32_t index, cv_buf *s) {
  const cv_module *m = w->module;
  const cv_elem_decl *elem = &m->elems[index];
  const uint8_t *at = m->bytes + elem->entry;
  if (elem->mode == CV_SEGMENT_PASSIVE && !w->instance->dropped_elems[index]) {
    cv_buf_bytes(s, at, (size_t)(end_of_elem(m, index) - at));
    return;
  }
  uint32_t flags = cv_leb_u32(&at);
  cv_buf_byte(s, NOT_ACTIVE | (flags & EXPRESSIONS));
  if (elem->mode == CV_SEGMENT_ACTIVE)
    at = cv_span_start(m, elem->offset.code) + elem->offset.code.size;
  if ((flags & EXPRESSIONS) == 0)
    cv_buf_byte(s, 0);
  else if (flags == EXPRESSIONS)
    cv_buf_byte(s, CV_HEAP_FUNC & 0xff);
  else
    cv_buf_bytes(s, at, ref_type_size(at));
  cv_buf_uleb(s, 0);
}

// Code may only make references to functions that are named outside of it.
static void put_declared(const cv_snapshot_work *w, cv_buf *s) {
  cv_buf_byte(s, NOT_ACTIVE | EXPLICIT);
  cv_buf_byte(s, 0);
  cv_buf_uleb(s, w->referenced_count);
  for (uint32_t i = 0; i < w->module->func_count; i++)
    if (w->referenced[i])
      cv_buf_uleb(s, i);
}

cv_status cv_snapshot_elems(cv_snapshot_work *w, cv_buf *s, uint32_t *count) {
  const cv_module *m = w->module;
  *count = w->names_elems ? m->elem_count : 0;
  for (uint32_t i = 0; i < *count; i++)
    put_old(w, i, s);
  for (uint32_t i = 0; i < m->table_count; i++)
    CV_TRY(put_table(w, i, s, count));
  if (w->referenced_count != 0) {
    put_declared(w, s);
    ++*count;
  }
  return CV_OK;
}
