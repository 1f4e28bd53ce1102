// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse_types.c: types, and what has them: fields, cases, parameters, functions.
#include "wit/parse.h"

enum { MAX_TYPE_DEPTH = 100 };

// ---- types ---------------------------------------------------------------------------------------------------------

// Up to `most` types between angle brackets; at least `least`. `_` stands for none where `absent_allowed`.
static cv_status read_type_args(cv_wit_parser *p, cv_wit_type *type, uint32_t least, uint32_t most,
                                bool absent_allowed) {
  cv_wit_type **last = &type->parts;
  if (least == 0 && !cv_wit_at_punct(p, '<'))
    return CV_OK;
  CV_TRY(cv_wit_expect_punct(p, '<'));
  for (uint32_t n = 0; n < most; n++) {
    if (n >= least && cv_wit_at_punct(p, '>'))
      break;
    if (absent_allowed && n == 0 && cv_wit_at_punct(p, '_')) {
      *last = CV_WIT_NEW(p, cv_wit_type);
      if (!*last)
        return cv_wit_parse_no_memory(p);
      (*last)->is_absent = true;
      cv_wit_next(&p->lex);
    } else {
      CV_TRY(cv_wit_read_type(p, last));
    }
    last = &(*last)->next;
    if (!cv_wit_accept_punct(p, ','))
      break;
  }
  return cv_wit_expect_punct(p, '>');
}

// list<T> or list<T, 4>
static cv_status read_list(cv_wit_parser *p, cv_wit_type *type) {
  CV_TRY(cv_wit_expect_punct(p, '<'));
  CV_TRY(cv_wit_read_type(p, &type->parts));
  if (cv_wit_accept_punct(p, ',')) {
    uint64_t length = 0;
    cv_bytes digits = p->lex.token.text;
    if (p->lex.token.kind != CV_WT_INT)
      return cv_wit_unexpected(p, "a length");
    for (size_t i = 0; i < digits.size && length <= UINT32_MAX; i++)
      length = length * 10 + (digits.data[i] - '0');
    if (length == 0 || length > UINT32_MAX)
      return cv_wit_fail(p->wit, cv_wit_here(p), CV_EMALFORMED, p->diag,
                         "the length of a list is from 1 to 4294967295");
    type->kind = CV_CT_FIXED_LIST;
    type->length = (uint32_t)length;
    cv_wit_next(&p->lex);
  }
  return cv_wit_expect_punct(p, '>');
}

static cv_status read_handle(cv_wit_parser *p, cv_wit_type *type) {
  CV_TRY(cv_wit_expect_punct(p, '<'));
  type->place = cv_wit_here(p);
  CV_TRY(cv_wit_read_id(p, &type->name));
  return cv_wit_expect_punct(p, '>');
}

static cv_status read_compound(cv_wit_parser *p, cv_wit_type *type) {
  static const struct {
    const char *word;
    uint8_t kind;
    uint32_t least, most;
  } forms[] = {
      {"option", CV_CT_OPTION, 1, 1}, {"result", CV_CT_RESULT, 0, 2}, {"tuple", CV_CT_TUPLE, 1, 1000},
      {"stream", CV_CT_STREAM, 0, 1}, {"future", CV_CT_FUTURE, 0, 1}, {"map", CV_CT_MAP, 2, 2},
  };
  for (size_t i = 0; i < CV_COUNT(forms); i++)
    if (cv_wit_accept_word(p, forms[i].word)) {
      type->kind = forms[i].kind;
      return read_type_args(p, type, forms[i].least, forms[i].most, type->kind == CV_CT_RESULT);
    }
  if (cv_wit_accept_word(p, "list")) {
    type->kind = CV_CT_LIST;
    return read_list(p, type);
  }
  if (cv_wit_accept_word(p, "borrow")) {
    type->kind = CV_CT_BORROW;
    return read_handle(p, type);
  }
  if (cv_wit_accept_word(p, "own")) {
    type->kind = CV_CT_OWN;
    return read_handle(p, type);
  }
  type->kind = CV_WIT_NAMED;
  if (!cv_wit_at_id(p))
    return cv_wit_unexpected(p, "a type");
  return cv_wit_read_id(p, &type->name);
}

cv_status cv_wit_read_type(cv_wit_parser *p, cv_wit_type **out) {
  cv_wit_type *type = *out = CV_WIT_NEW(p, cv_wit_type);
  if (!type)
    return cv_wit_parse_no_memory(p);
  type->place = cv_wit_here(p);
  for (unsigned kind = CV_CT_BOOL; kind >= CV_CT_ERROR_CONTEXT; kind--)
    if (cv_ctype_kind_is_simple(kind) && cv_wit_accept_word(p, cv_ctype_kind_text(kind))) {
      type->kind = (uint16_t)kind;
      return CV_OK;
    }
  if (p->depth >= MAX_TYPE_DEPTH)
    return cv_wit_fail(p->wit, type->place, CV_ELIMIT, p->diag, "types are nested more than %d deep", MAX_TYPE_DEPTH);
  p->depth++;
  CV_TRY(read_compound(p, type));
  p->depth--;
  return CV_OK;
}

// ---- parts: fields, cases, parameters ------------------------------------------------------------------------------

// Parts up to the closing punctuation, which is passed; separated by commas, of which one may end the list.
cv_status cv_wit_read_parts(cv_wit_parser *p, cv_wit_part_form form, char close, cv_wit_part **last) {
  while (!cv_wit_at_punct(p, close)) {
    cv_wit_part *part = *last = CV_WIT_NEW(p, cv_wit_part);
    if (!part)
      return cv_wit_parse_no_memory(p);
    CV_TRY(cv_wit_read_head(p, &part->head));
    CV_TRY(cv_wit_read_id(p, &part->head.name));
    if (form == CV_WIT_PART_TYPED) {
      CV_TRY(cv_wit_expect_punct(p, ':'));
      CV_TRY(cv_wit_read_type(p, &part->type));
    } else if (form == CV_WIT_PART_CASE && cv_wit_accept_punct(p, '(')) {
      CV_TRY(cv_wit_read_type(p, &part->type));
      CV_TRY(cv_wit_expect_punct(p, ')'));
    }
    last = &part->next;
    if (!cv_wit_accept_punct(p, ','))
      break;
  }
  return cv_wit_expect_punct(p, close);
}

// 'async'? 'func' param-list result-list
cv_status cv_wit_read_func_type(cv_wit_parser *p, cv_wit_func *func) {
  func->is_async = cv_wit_accept_word(p, "async");
  CV_TRY(cv_wit_expect_word(p, "func"));
  CV_TRY(cv_wit_expect_punct(p, '('));
  CV_TRY(cv_wit_read_parts(p, CV_WIT_PART_TYPED, ')', &func->params));
  if (p->lex.token.kind != CV_WT_ARROW)
    return CV_OK;
  cv_wit_next(&p->lex);
  return cv_wit_read_type(p, &func->result);
}

cv_status cv_wit_new_func(cv_wit_parser *p, const cv_wit_head *head, cv_wit_func **last, cv_wit_func **out) {
  *out = *last = CV_WIT_NEW(p, cv_wit_func);
  if (!*out)
    return cv_wit_parse_no_memory(p);
  (*out)->head = *head;
  return CV_OK;
}
