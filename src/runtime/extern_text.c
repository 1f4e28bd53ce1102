// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// extern_text.c: the types of an import and of what it was given, as the text format writes them, for messages.
#include "runtime/internal.h"

#include <stdarg.h>
#include <stdio.h>

// A sentence that is cut where its room ends, and says so.
typedef struct line {
  char *text;
  size_t size, used;
} line;

CV_PRINTF(2, 3) static void put(line *l, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(l->text + l->used, l->size - l->used, fmt, args);
  va_end(args);
  if (n < 0 || (size_t)n < l->size - l->used) {
    l->used += n > 0 ? (size_t)n : 0;
    return;
  }
  l->used = l->size - 1;
  memcpy(l->text + l->size - 4, "...", 4);
}

// `type` is canonical; a type that the module has is named by its index there.
static void put_valtype(line *l, const cv_module *m, cv_valtype type) {
  char text[CV_VALTYPE_TEXT_SIZE];
  uint32_t heap = cv_type_heap(type), index = 0;
  if (!cv_type_is_ref(type) || !cv_heap_is_index(heap)) {
    put(l, "%s", cv_valtype_text(type, text));
    return;
  }
  while (index < m->type_count && m->types[index].id != heap)
    index++;
  const char *null = cv_type_is_nullable(type) ? "null " : "";
  if (index < m->type_count)
    put(l, "(ref %s%u)", null, index);
  else
    put(l, "(ref %s(;not in this module;))", null);
}

static void put_types(line *l, const cv_module *m, const char *word, const cv_valtype *types, uint32_t count) {
  for (uint32_t i = 0; i < count && l->used + 1 < l->size; i++) {
    put(l, i == 0 ? " (%s " : " ", word);
    put_valtype(l, m, types[i]);
  }
  if (count != 0)
    put(l, ")");
}

static void put_signature(line *l, const cv_module *m, cv_typeid id) {
  const cv_functype *f = &cv_canon_type_of(m->registry, id)->as.func;
  put_types(l, m, "param", cv_functype_params(f), f->param_count);
  put_types(l, m, "result", cv_functype_results(f), f->result_count);
}

static void put_limits(line *l, const cv_limits *limits) {
  put(l, " %s%llu", limits->is_64 ? "i64 " : "", (unsigned long long)limits->min);
  if (limits->has_max)
    put(l, " %llu", (unsigned long long)limits->max);
}

static void put_table(line *l, const cv_module *m, const cv_tabletype *type) {
  put_limits(l, &type->limits);
  put(l, " ");
  put_valtype(l, m, type->elem);
}

static void put_memory(line *l, const cv_memtype *type) {
  put_limits(l, &type->limits);
  put(l, "%s", type->limits.is_shared ? " shared" : "");
  if (type->page_log2 != 16)
    put(l, " (pagesize %llu)", 1ull << (type->page_log2 & 63));
}

static void put_global(line *l, const cv_module *m, const cv_globaltype *type) {
  put(l, type->is_mutable ? " (mut " : " ");
  put_valtype(l, m, type->type);
  put(l, type->is_mutable ? ")" : "");
}

static const char *kind_word(cv_extern_kind kind) {
  static const char *const words[] = {"(func", "(table", "(memory", "(global", "(tag"};
  return words[kind];
}

// What the module declares.
static void put_wanted(line *l, const cv_module *m, const cv_import *import) {
  put(l, "%s", kind_word(import->kind));
  switch (import->kind) {
  case CV_EXTERN_FUNC:
    put_signature(l, m, m->types[m->funcs[import->index].type].id);
    break;
  case CV_EXTERN_TABLE: {
    cv_tabletype type = m->tables[import->index].type;
    type.elem = cv_valtype_canonical(m->types, type.elem);
    put_table(l, m, &type);
    break;
  }
  case CV_EXTERN_MEMORY:
    put_memory(l, &m->memories[import->index]);
    break;
  case CV_EXTERN_GLOBAL: {
    cv_globaltype type = m->globals[import->index].type;
    type.type = cv_valtype_canonical(m->types, type.type);
    put_global(l, m, &type);
    break;
  }
  case CV_EXTERN_TAG:
    put_signature(l, m, m->types[m->tags[import->index].type].id);
    break;
  }
  put(l, ")");
}

// What it was given, as it is now: tables and memories have grown.
static void put_given(line *l, const cv_module *m, const cv_extern *e) {
  put(l, "%s", kind_word(e->kind));
  switch (e->kind) {
  case CV_EXTERN_FUNC:
    put_signature(l, m, e->as.func->type);
    break;
  case CV_EXTERN_TABLE: {
    cv_tabletype type = cv_table_present_type(e->as.table);
    put_table(l, m, &type);
    break;
  }
  case CV_EXTERN_MEMORY: {
    cv_memtype type = cv_memory_present_type(e->as.memory);
    put_memory(l, &type);
    break;
  }
  case CV_EXTERN_GLOBAL:
    put_global(l, m, &e->as.global->type);
    break;
  case CV_EXTERN_TAG:
    put_signature(l, m, e->as.tag->type);
    break;
  }
  put(l, ")");
}

const char *cv_extern_mismatch(const cv_extern *given, const cv_module *m, const cv_import *import,
                               char out[CV_MISMATCH_TEXT_SIZE]) {
  enum { ROOM = (CV_MISMATCH_TEXT_SIZE - 80) / 2 };
  char wanted_text[ROOM], given_text[ROOM];
  line wanted = {wanted_text, ROOM, 0}, got = {given_text, ROOM, 0};
  put_wanted(&wanted, m, import);
  put_given(&got, m, given);
  bool alike = strcmp(wanted_text, given_text) == 0 && wanted.used + 1 < ROOM;
  snprintf(out, CV_MISMATCH_TEXT_SIZE, "expected %s, got %s%s", wanted_text, given_text,
           alike ? " of another recursive group or with another supertype" : "");
  return out;
}
