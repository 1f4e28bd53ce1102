// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast_value.c: the values of scripts: arguments and patterns of results, of core functions and of components'.
#include "component/text/wast.h"

#include "base/utf8.h"
#include "wasm/text/number.h"

// ---- values --------------------------------------------------------------------------------------------------------

static const struct {
  const char *word;
  cv_valtype type;
  uint8_t bits;
  bool is_float;
} consts[] = {{"i32.const", CV_I32, 32, false},
              {"i64.const", CV_I64, 64, false},
              {"f32.const", CV_F32, 32, true},
              {"f64.const", CV_F64, 64, true}};

// References of results that are told by their type alone.
static const struct {
  const char *word;
  uint32_t heap;
} ref_patterns[] = {
    {"ref", CV_HEAP_ANY},         {"ref.eq", CV_HEAP_EQ},     {"ref.i31", CV_HEAP_I31}, {"ref.struct", CV_HEAP_STRUCT},
    {"ref.array", CV_HEAP_ARRAY}, {"ref.func", CV_HEAP_FUNC}, {"ref.exn", CV_HEAP_EXN}, {"ref.extern", CV_HEAP_EXTERN},
};

static bool accept_nan(cv_wat *p, bool allowed, uint8_t *nan) {
  if (allowed && cv_wat_accept_word(p, "nan:canonical"))
    *nan = CV_WAST_NAN_CANONICAL;
  else if (allowed && cv_wat_accept_word(p, "nan:arithmetic"))
    *nan = CV_WAST_NAN_ARITHMETIC;
  return *nan != CV_WAST_NAN_NONE;
}

static cv_status read_vector(cv_wat *p, bool is_result, cv_wast_value *v) {
  static const struct {
    const char *word;
    uint8_t bits;
    bool is_float;
  } shapes[] = {{"i8x16", 8, false},  {"i16x8", 16, false}, {"i32x4", 32, false},
                {"i64x2", 64, false}, {"f32x4", 32, true},  {"f64x2", 64, true}};
  size_t s = 0;
  while (s < CV_COUNT(shapes) && !cv_wat_at_word(p, shapes[s].word))
    s++;
  if (s == CV_COUNT(shapes))
    return cv_wat_unexpected(p);
  p->at++;
  v->kind = CV_WAST_VECTOR;
  v->lane_bits = shapes[s].bits;
  for (unsigned lane = 0; lane < 128u / shapes[s].bits; lane++) {
    if (shapes[s].is_float && accept_nan(p, is_result, &v->nan[lane]))
      continue;
    uint64_t bits;
    CV_TRY(cv_wat_number(p, shapes[s].is_float, shapes[s].bits, &bits));
    memcpy(v->bytes + lane * (shapes[s].bits / 8u), &bits, shapes[s].bits / 8u);
  }
  return CV_OK;
}

static cv_status read_number(cv_wat *p, size_t which, bool is_result, cv_wast_value *v) {
  v->kind = CV_WAST_NUMBER;
  v->type = consts[which].type;
  if (consts[which].is_float && accept_nan(p, is_result, &v->nan[0]))
    return CV_OK;
  return cv_wat_number(p, consts[which].is_float, consts[which].bits, &v->bits);
}

static cv_status read_ref(cv_wat *p, bool is_result, cv_wast_value *v) {
  bool is_host = cv_wat_at_word(p, "ref.host"), is_extern = cv_wat_at_word(p, "ref.extern");
  if (cv_wat_accept_word(p, "ref.null")) {
    v->kind = CV_WAST_NULL;
    v->heap = CV_HEAP_BOT;
    return is_result && cv_wat_kind(p) == CV_TOK_RPAR ? CV_OK : cv_wat_heap_type(p, &v->heap);
  }
  if ((is_host || is_extern) && p->text->tokens.data[p->at + 1].kind == CV_TOK_NAT) {
    v->kind = is_host ? CV_WAST_HOST : CV_WAST_EXTERN;
    uint32_t n = 0;
    p->at++;
    CV_TRY(cv_wat_u32(p, &n));
    v->bits = n;
    return CV_OK;
  }
  for (size_t i = 0; is_result && i < CV_COUNT(ref_patterns); i++) {
    if (cv_wat_accept_word(p, ref_patterns[i].word)) {
      v->kind = CV_WAST_REF;
      v->heap = ref_patterns[i].heap;
      return CV_OK;
    }
  }
  return cv_wat_unexpected(p);
}

static cv_status note_float(cv_wat *p, cv_wast_value *v);

// One value that is not an `either`, with its parentheses.
static cv_status read_simple_value(cv_wat *p, bool is_result, cv_wast_value *v) {
  *v = (cv_wast_value){.kind = CV_WAST_NUMBER};
  if (cv_wat_kind(p) != CV_TOK_LPAR)
    return cv_wat_unexpected(p);
  p->at++;
  for (size_t i = 0; i < CV_COUNT(consts); i++) {
    if (cv_wat_accept_word(p, consts[i].word)) {
      CV_TRY(read_number(p, i, is_result, v));
      if (consts[i].is_float)
        CV_TRY(note_float(p, v));
      return cv_wat_close(p);
    }
  }
  if (cv_wat_accept_word(p, "v128.const"))
    CV_TRY(read_vector(p, is_result, v));
  else
    CV_TRY(read_ref(p, is_result, v));
  return cv_wat_close(p);
}

// ---- values of components ------------------------------------------------------------------------------------------

enum { MAX_DEPTH = 100 };

static const struct {
  const char *word;
  uint8_t kind;
  uint8_t bits; // of a number
  uint8_t which;
} component_consts[] = {
    {"bool.const", CV_CT_BOOL, 0, 0},     {"u8.const", CV_CT_U8, 8, 0},        {"s8.const", CV_CT_S8, 8, 0},
    {"u16.const", CV_CT_U16, 16, 0},      {"s16.const", CV_CT_S16, 16, 0},     {"u32.const", CV_CT_U32, 32, 0},
    {"s32.const", CV_CT_S32, 32, 0},      {"u64.const", CV_CT_U64, 64, 0},     {"s64.const", CV_CT_S64, 64, 0},
    {"f32.const", CV_CT_F32, 32, 0},      {"f64.const", CV_CT_F64, 64, 0},     {"char.const", CV_CT_CHAR, 0, 0},
    {"str.const", CV_CT_STRING, 0, 0},    {"list.const", CV_CT_LIST, 0, 0},    {"map.const", CV_CT_MAP, 0, 0},
    {"record.const", CV_CT_RECORD, 0, 0}, {"tuple.const", CV_CT_TUPLE, 0, 0},  {"variant.const", CV_CT_VARIANT, 0, 0},
    {"enum.const", CV_CT_ENUM, 0, 0},     {"option.none", CV_CT_OPTION, 0, 0}, {"option.some", CV_CT_OPTION, 0, 1},
    {"result.ok", CV_CT_RESULT, 0, 0},    {"result.err", CV_CT_RESULT, 0, 1},  {"flags.const", CV_CT_FLAGS, 0, 0},
};

static cv_status read_component_value(cv_wast *w, bool is_result, cv_wast_cval *v);

// How many items there are up to the parenthesis that closes what is around them.
static uint32_t count_items(const cv_wat *p) {
  const cv_token *tokens = p->text->tokens.data;
  uint32_t count = 0, last = (uint32_t)p->text->tokens.count - 1;
  for (uint32_t i = p->at; i < last && tokens[i].kind != CV_TOK_RPAR; count++)
    i = tokens[i].kind == CV_TOK_LPAR ? tokens[i].extent + 1 : i + 1;
  return count;
}

static cv_status read_char(cv_wat *p, uint64_t *bits) {
  cv_bytes text;
  uint32_t token = p->at, scalar;
  CV_TRY(cv_wat_name(p, &text));
  if (text.size == 0 || cv_utf8_decode(text.data, text.size, &scalar) != text.size)
    return cv_wat_fail_at(p, token, "one character expected");
  *bits = scalar;
  return CV_OK;
}

static cv_status read_component_number(cv_wat *p, bool is_result, unsigned bits, cv_wast_cval *v) {
  bool is_float = v->kind == CV_CT_F32 || v->kind == CV_CT_F64;
  bool is_signed = v->kind == CV_CT_S8 || v->kind == CV_CT_S16 || v->kind == CV_CT_S32 || v->kind == CV_CT_S64;
  if (is_float && accept_nan(p, is_result, &v->nan)) {
    v->bits = bits == 32 ? 0x7fc00000u : UINT64_C(0x7ff8) << 48;
    return CV_OK;
  }
  CV_TRY(cv_wat_number(p, is_float, bits, &v->bits));
  v->bits = v->bits << (64 - bits) >> (64 - bits);
  if (is_signed && (v->bits >> (bits - 1) & 1) != 0)
    v->bits |= bits < 64 ? UINT64_MAX << bits : 0;
  return CV_OK;
}

// "(u8.const 1)"
static cv_status read_parenthesized(cv_wast *w, bool is_result, cv_wast_cval *v) {
  if (cv_wat_kind(&w->hand) != CV_TOK_LPAR)
    return cv_wat_unexpected(&w->hand);
  w->hand.at++;
  CV_TRY(read_component_value(w, is_result, v));
  return cv_wat_close(&w->hand);
}

// One item of a list, tuple, record, flags or map; a map's entry makes two parts.
static cv_status read_part(cv_wast *w, bool is_result, uint8_t kind, cv_wast_cval *part) {
  cv_wat *p = &w->hand;
  if (kind == CV_CT_FLAGS) {
    part->kind = CV_CT_BOOL;
    return cv_wat_name(p, &part->label);
  }
  if (kind == CV_CT_RECORD) {
    if (!cv_wat_accept_open(p, "field"))
      return cv_wat_unexpected(p);
    CV_TRY(cv_wat_name(p, &part->label));
    CV_TRY(read_component_value(w, is_result, part));
    return cv_wat_close(p);
  }
  if (kind != CV_CT_MAP)
    return read_parenthesized(w, is_result, part);
  if (!cv_wat_accept_open(p, "entry"))
    return cv_wat_unexpected(p);
  CV_TRY(read_parenthesized(w, is_result, &part[0]));
  CV_TRY(read_parenthesized(w, is_result, &part[1]));
  return cv_wat_close(p);
}

static cv_status read_parts(cv_wast *w, bool is_result, cv_wast_cval *v) {
  uint32_t items = count_items(&w->hand), stride = v->kind == CV_CT_MAP ? 2 : 1;
  cv_wast_cval *parts = CV_ARENA_ARRAY(&w->hand.arena, cv_wast_cval, (size_t)items * stride);
  if (parts == NULL)
    return cv_wat_no_memory(&w->hand);
  v->parts = parts;
  for (uint32_t i = 0; i < items; i++)
    CV_TRY(read_part(w, is_result, v->kind, &parts[i * stride]));
  v->count = items * stride;
  return CV_OK;
}

static cv_status read_payload(cv_wast *w, bool is_result, bool is_needed, cv_wast_cval *v) {
  if (!is_needed && cv_wat_kind(&w->hand) != CV_TOK_LPAR)
    return CV_OK;
  cv_wast_cval *payload = CV_ARENA_NEW(&w->hand.arena, cv_wast_cval);
  if (payload == NULL)
    return cv_wat_no_memory(&w->hand);
  v->parts = payload;
  v->count = 1;
  return read_parenthesized(w, is_result, payload);
}

static cv_status read_contents(cv_wast *w, bool is_result, unsigned bits, cv_wast_cval *v) {
  cv_wat *p = &w->hand;
  switch (v->kind) {
  case CV_CT_BOOL:
    v->bits = cv_wat_at_word(p, "true");
    return cv_wat_accept_word(p, "true") || cv_wat_accept_word(p, "false") ? CV_OK : cv_wat_unexpected(p);
  case CV_CT_CHAR:
    return read_char(p, &v->bits);
  case CV_CT_STRING:
    return cv_wat_name(p, &v->text);
  case CV_CT_VARIANT:
    CV_TRY(cv_wat_name(p, &v->text));
    return read_payload(w, is_result, false, v);
  case CV_CT_ENUM:
    return cv_wat_name(p, &v->text);
  case CV_CT_OPTION:
    return v->which == 0 ? CV_OK : read_payload(w, is_result, true, v);
  case CV_CT_RESULT:
    return read_payload(w, is_result, false, v);
  case CV_CT_LIST:
  case CV_CT_MAP:
  case CV_CT_TUPLE:
  case CV_CT_RECORD:
  case CV_CT_FLAGS:
    return read_parts(w, is_result, v);
  default:
    return read_component_number(p, is_result, bits, v);
  }
}

// At the word of a value. A record's field has its label already.
static cv_status read_component_value(cv_wast *w, bool is_result, cv_wast_cval *v) {
  cv_wat *p = &w->hand;
  for (size_t i = 0; i < CV_COUNT(component_consts); i++) {
    if (!cv_wat_accept_word(p, component_consts[i].word))
      continue;
    v->kind = component_consts[i].kind;
    v->which = component_consts[i].which;
    if (++w->depth > MAX_DEPTH)
      return cv_wat_fail(p, "values are nested more than %d deep", MAX_DEPTH);
    CV_TRY(read_contents(w, is_result, component_consts[i].bits, v));
    w->depth--;
    return CV_OK;
  }
  return cv_wat_unexpected(p);
}

// A value that only a component has, in its parentheses, which are passed. *is_one is false, and nothing read, when it
// is not one.
static cv_status try_component_value(cv_wast *w, bool is_result, cv_wast_value *v, bool *is_one) {
  cv_wat *p = &w->hand;
  *is_one = false;
  for (size_t i = 0; i < CV_COUNT(component_consts); i++)
    *is_one |= cv_wat_at_open(p, component_consts[i].word);
  if (!*is_one || cv_wat_at_open(p, "f32.const") || cv_wat_at_open(p, "f64.const")) {
    *is_one = false;
    return CV_OK;
  }
  cv_wast_cval *c = CV_ARENA_NEW(&p->arena, cv_wast_cval);
  if (c == NULL)
    return cv_wat_no_memory(p);
  *v = (cv_wast_value){.kind = CV_WAST_COMPONENT, .component = c};
  w->depth = 0;
  p->at++;
  CV_TRY(read_component_value(w, is_result, c));
  return cv_wat_close(p);
}

// A float is a value of both worlds.
static cv_status note_float(cv_wat *p, cv_wast_value *v) {
  cv_wast_cval *c = CV_ARENA_NEW(&p->arena, cv_wast_cval);
  if (c == NULL)
    return cv_wat_no_memory(p);
  *c = (cv_wast_cval){.kind = v->type == CV_F32 ? CV_CT_F32 : CV_CT_F64, .nan = v->nan[0], .bits = v->bits};
  v->component = c;
  return CV_OK;
}

// ---- lists of values -----------------------------------------------------------------------------------------------

static cv_status read_either(cv_wast *w, cv_wast_value *v) {
  cv_wat *p = &w->hand;
  *v = (cv_wast_value){.kind = CV_WAST_EITHER, .first = (uint32_t)w->patterns.count};
  while (cv_wat_kind(p) == CV_TOK_LPAR) {
    cv_wast_value choice;
    CV_TRY(read_simple_value(p, true, &choice));
    if (cv_vec_push(p->mem, &w->patterns, choice) != CV_OK)
      return cv_wat_no_memory(p);
    v->count++;
  }
  return cv_wat_close(p);
}

cv_status cv_wast_values(cv_wast *w, bool is_result, uint32_t *count) {
  cv_wat *p = &w->hand;
  for (*count = 0; cv_wat_kind(p) == CV_TOK_LPAR; ++*count) {
    cv_wast_value v;
    bool is_component;
    CV_TRY(try_component_value(w, is_result, &v, &is_component));
    if (is_component) {
      // read
    } else if (is_result && cv_wat_accept_open(p, "either"))
      CV_TRY(read_either(w, &v));
    else
      CV_TRY(read_simple_value(p, is_result, &v));
    if (cv_vec_push(p->mem, &w->values, v) != CV_OK)
      return cv_wat_no_memory(p);
  }
  return CV_OK;
}
