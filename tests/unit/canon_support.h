// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_support.h: what the tests of the canonical ABI share: component types from a short text.
//
//   u8 s16 bool char string f32...   list<T>  list<T,4>  map<K,V>  tuple<T,U>  record<T,U>  option<T>
//   variant<T,_,U> (_ is a case without payload)  result<T,E> (each may be _)  enum<300>  flags<9>  own<N>  borrow<N>
//   stream<T>  future<T>; N is an index into the table of resources that the test gives.
#ifndef COVE_TESTS_CANON_SUPPORT_H
#define COVE_TESTS_CANON_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>

#include "canon_check.h"

#include "base/utf8.h"
#include "component/canon/canon.h"
#include "component/canon/scalar.h"

typedef struct type_parser {
  cv_arena *arena;
  const char *at;
  const cv_cresource *resources;
} type_parser;

static const cv_ctype *parse_type_at(type_parser *p);

static inline bool parse_word(type_parser *p, const char *word) {
  size_t n = strlen(word);
  if (strncmp(p->at, word, n) != 0)
    return false;
  p->at += n;
  return true;
}

static inline uint32_t parse_number(type_parser *p) {
  char *end;
  uint32_t n = (uint32_t)strtoul(p->at, &end, 10);
  assert_ptr_not_equal(end, p->at);
  p->at = end;
  return n;
}

static inline void parse_char(type_parser *p, char c) {
  assert_int_equal(*p->at, c);
  p->at++;
}

// T,U,_ until >
static inline void parse_parts(type_parser *p, cv_ctype *t, cv_cfield *fields) {
  t->fields = fields;
  do {
    assert_true(t->count < 300);
    fields[t->count++].type = parse_word(p, "_") ? NULL : parse_type_at(p);
  } while (parse_word(p, ","));
}

static inline const cv_ctype *parse_compound(type_parser *p, cv_ctype *t) {
  static const struct {
    const char *word;
    cv_ctype_kind kind;
  } words[] = {{"list<", CV_CT_LIST},     {"map<", CV_CT_MAP},       {"tuple<", CV_CT_TUPLE},
               {"record<", CV_CT_RECORD}, {"option<", CV_CT_OPTION}, {"variant<", CV_CT_VARIANT},
               {"result<", CV_CT_RESULT}, {"enum<", CV_CT_ENUM},     {"flags<", CV_CT_FLAGS},
               {"own<", CV_CT_OWN},       {"borrow<", CV_CT_BORROW}, {"stream<", CV_CT_STREAM},
               {"future<", CV_CT_FUTURE}};
  for (size_t i = 0; i < CV_COUNT(words) && t->kind == 0; i++)
    if (parse_word(p, words[i].word))
      t->kind = (uint8_t)words[i].kind;
  assert_int_not_equal(t->kind, 0);
  cv_cfield *fields = CV_ARENA_ARRAY(p->arena, cv_cfield, 70000);
  t->fields = fields;
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_ENUM:
  case CV_CT_FLAGS:
    t->count = parse_number(p);
    break;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    t->resource = &p->resources[parse_number(p)];
    break;
  case CV_CT_LIST:
    fields[t->count++].type = parse_type_at(p);
    if (parse_word(p, ",")) {
      t->kind = CV_CT_FIXED_LIST;
      t->length = parse_number(p);
    }
    break;
  case CV_CT_OPTION:
    fields[1].type = parse_type_at(p);
    t->count = 2;
    break;
  default:
    parse_parts(p, t, fields);
  }
  if (t->kind == CV_CT_MAP) {
    cv_ctype *entry = CV_ARENA_NEW(p->arena, cv_ctype);
    *entry = (cv_ctype){.kind = CV_CT_TUPLE, .fields = fields, .count = 2};
    assert_null(cv_ctype_lay_out(entry));
    t->entry = entry;
  }
  parse_char(p, '>');
  return t;
}

static const cv_ctype *parse_type_at(type_parser *p) {
  static const struct {
    const char *word;
    cv_ctype_kind kind;
  } words[] = {{"bool", CV_CT_BOOL},    {"s8", CV_CT_S8},   {"u8", CV_CT_U8},   {"s16", CV_CT_S16},
               {"u16", CV_CT_U16},      {"s32", CV_CT_S32}, {"u32", CV_CT_U32}, {"s64", CV_CT_S64},
               {"u64", CV_CT_U64},      {"f32", CV_CT_F32}, {"f64", CV_CT_F64}, {"char", CV_CT_CHAR},
               {"string", CV_CT_STRING}};
  cv_ctype *t = CV_ARENA_NEW(p->arena, cv_ctype);
  assert_non_null(t);
  for (size_t i = 0; i < CV_COUNT(words) && t->kind == 0; i++)
    if (parse_word(p, words[i].word))
      t->kind = (uint8_t)words[i].kind;
  if (t->kind == 0)
    parse_compound(p, t);
  assert_null(cv_ctype_lay_out(t));
  return t;
}

static inline const cv_ctype *parse_type(cv_arena *arena, const char *text, const cv_cresource *resources) {
  type_parser p = {arena, text, resources};
  const cv_ctype *t = parse_type_at(&p);
  assert_int_equal(*p.at, '\0');
  return t;
}

// "T,U->V" with either side empty: a function type.
static inline const cv_cfunctype *parse_functype(cv_arena *arena, const char *text, const cv_cresource *resources) {
  type_parser p = {arena, text, resources};
  cv_cfunctype *f = CV_ARENA_NEW(arena, cv_cfunctype);
  cv_cfield *params = CV_ARENA_ARRAY(arena, cv_cfield, 32);
  assert_non_null(f);
  assert_non_null(params);
  f->params = params;
  while (strncmp(p.at, "->", 2) != 0) {
    if (f->param_count != 0)
      parse_char(&p, ',');
    assert_true(f->param_count < 32);
    params[f->param_count].name = (cv_bytes){(const uint8_t *)"abcdefghijklmnopqrstuvwxyzABCDEF" + f->param_count, 1};
    params[f->param_count++].type = parse_type_at(&p);
  }
  p.at += 2;
  f->result = *p.at != '\0' ? parse_type_at(&p) : NULL;
  assert_int_equal(*p.at, '\0');
  return f;
}

#endif
