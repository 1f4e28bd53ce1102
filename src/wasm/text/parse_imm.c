// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse_imm.c: plain instructions: each shape of immediates (cv_imm) from text to binary (core specification, 6.5).
#include "wasm/text/number.h"
#include "wasm/text/parser.h"

void cv_wat_encode_opcode(cv_buf *out, uint32_t code) {
  if (code < 0x100) {
    cv_buf_byte(out, (uint8_t)code);
    return;
  }
  cv_buf_byte(out, (uint8_t)(code >> 12));
  cv_buf_uleb(out, code & 0xfff);
}

// ---- numbers -------------------------------------------------------------------------------------------------------

cv_status cv_wat_number(cv_wat *p, bool is_float, unsigned bits, uint64_t *value) {
  cv_token_kind kind = cv_wat_kind(p);
  if (kind != CV_TOK_NAT && kind != CV_TOK_INT && kind != CV_TOK_FLOAT)
    return cv_wat_unexpected(p);
  bool ok = is_float ? cv_text_float(cv_wat_bytes(p), bits, value)
                     : kind != CV_TOK_FLOAT && cv_text_int(cv_wat_bytes(p), bits, value);
  if (!ok)
    return cv_wat_fail(p, "constant out of range");
  p->at++;
  return CV_OK;
}

static const struct {
  const char *word;
  uint8_t bits;
  bool is_float;
} shapes[] = {
    {"i8x16", 8, false},  {"i16x8", 16, false}, {"i32x4", 32, false},
    {"i64x2", 64, false}, {"f32x4", 32, true},  {"f64x2", 64, true},
};

cv_status cv_wat_v128(cv_wat *p, uint8_t value[16]) {
  size_t s = 0;
  while (s < CV_COUNT(shapes) && !cv_wat_at_word(p, shapes[s].word))
    s++;
  if (s == CV_COUNT(shapes))
    return cv_wat_unexpected(p);
  uint32_t shape = p->at++, size = shapes[s].bits / 8, lanes = 0;
  for (uint8_t kind; (kind = p->text->tokens.data[p->at + lanes].kind), kind >= CV_TOK_NAT && kind <= CV_TOK_FLOAT;)
    lanes++;
  if (lanes != 16 / size) {
    const cv_token *next = &p->text->tokens.data[p->at + lanes];
    bool is_unknown = next->kind == CV_TOK_RESERVED ||
                      (next->kind == CV_TOK_WORD && cv_word_find(cv_token_bytes(p->text, next)) == NULL);
    p->at += lanes;
    return is_unknown ? cv_wat_unexpected(p) : cv_wat_fail_at(p, shape, "wrong number of lane literals");
  }
  for (uint32_t lane = 0; lane < lanes; lane++) {
    uint64_t v = 0;
    CV_TRY(cv_wat_number(p, shapes[s].is_float, shapes[s].bits, &v));
    memcpy(value + lane * size, &v, size);
  }
  return CV_OK;
}

static cv_status lane_index(cv_wat *p, uint8_t *lane) {
  uint64_t v;
  if (cv_wat_kind(p) != CV_TOK_NAT)
    return cv_wat_unexpected(p);
  if (!cv_text_nat(cv_wat_bytes(p), 255, &v))
    return cv_wat_fail(p, "i8 constant out of range");
  p->at++;
  *lane = (uint8_t)v;
  return CV_OK;
}

static cv_status shuffle(cv_wat *p) {
  uint32_t start = p->at;
  uint8_t lane = 0;
  while (cv_wat_kind(p) == CV_TOK_NAT) {
    CV_TRY(lane_index(p, &lane));
    cv_buf_byte(&p->pending, lane);
  }
  if (cv_wat_kind(p) == CV_TOK_INT || cv_wat_kind(p) == CV_TOK_FLOAT)
    return cv_wat_fail(p, "i8 constant out of range");
  return p->at - start == 16 ? CV_OK : cv_wat_fail_at(p, start, "invalid lane length");
}

// ---- indices -------------------------------------------------------------------------------------------------------

static cv_status put_index(cv_wat *p, cv_wat_space space) {
  uint32_t index;
  CV_TRY(cv_wat_index(p, space, &index));
  cv_buf_uleb(&p->pending, index);
  return CV_OK;
}

static cv_status put_optional_index(cv_wat *p, cv_wat_space space) {
  if (cv_wat_at_index(p))
    return put_index(p, space);
  cv_buf_byte(&p->pending, 0);
  return CV_OK;
}

// Two of the same space, or none.
static cv_status put_pair(cv_wat *p, cv_wat_space space) {
  if (!cv_wat_at_index(p)) {
    cv_buf_bytes(&p->pending, "\0\0", 2);
    return CV_OK;
  }
  CV_TRY(put_index(p, space));
  return put_index(p, space);
}

// "table? segment" in text, segment and table in binary.
static cv_status put_segment(cv_wat *p, cv_wat_space segments, cv_wat_space targets) {
  uint32_t segment, target = 0, first = p->at;
  const cv_token *next = cv_wat_at_index(p) ? &p->text->tokens.data[p->at + 1] : NULL;
  if (next != NULL && (next->kind == CV_TOK_NAT || next->kind == CV_TOK_ID || next->kind == CV_TOK_QUOTED)) {
    p->at++;
    CV_TRY(cv_wat_index(p, segments, &segment));
    uint32_t after = p->at;
    p->at = first;
    CV_TRY(cv_wat_index(p, targets, &target));
    p->at = after;
  } else
    CV_TRY(cv_wat_index(p, segments, &segment));
  cv_buf_uleb(&p->pending, segment);
  cv_buf_uleb(&p->pending, target);
  return CV_OK;
}

static cv_status put_type_and(cv_wat *p, cv_wat_space second) {
  CV_TRY(put_index(p, CV_SPACE_TYPE));
  return put_index(p, second);
}

static cv_status put_field(cv_wat *p) {
  uint32_t type, field;
  CV_TRY(cv_wat_index(p, CV_SPACE_TYPE, &type));
  cv_wat_scope none = {.what = "field"};
  cv_wat_scope *scope =
      type < p->types.count && p->types.data[type].kind == CV_COMP_STRUCT ? &p->types.data[type].field_names : &none;
  CV_TRY(cv_wat_index_in(p, scope, &field));
  cv_buf_uleb(&p->pending, type);
  cv_buf_uleb(&p->pending, field);
  return CV_OK;
}

static cv_status put_local(cv_wat *p) {
  uint32_t index;
  CV_TRY(cv_wat_index_in(p, &p->locals, &index));
  cv_buf_uleb(&p->pending, index);
  return CV_OK;
}

static cv_status put_label(cv_wat *p) {
  uint32_t depth;
  CV_TRY(cv_wat_label(p, &depth));
  cv_buf_uleb(&p->pending, depth);
  return CV_OK;
}

static cv_status put_labels(cv_wat *p) {
  size_t at = p->pending.size;
  uint32_t count = 0;
  do {
    CV_TRY(put_label(p));
    count++;
  } while (cv_wat_at_index(p));
  cv_buf length = {.mem = p->mem};
  cv_buf_uleb(&length, count - 1);
  cv_buf_insert(&p->pending, at, length.data, length.size);
  p->pending.failed |= length.failed;
  cv_buf_free(&length);
  return CV_OK;
}

static cv_status put_call_indirect(cv_wat *p) {
  uint32_t type, table = 0;
  if (cv_wat_at_index(p))
    CV_TRY(cv_wat_index(p, CV_SPACE_TABLE, &table));
  CV_TRY(cv_wat_type_use(p, NULL, false, &type));
  cv_buf_uleb(&p->pending, type);
  cv_buf_uleb(&p->pending, table);
  return CV_OK;
}

// ---- memory accesses -----------------------------------------------------------------------------------------------

// "offset=8" or "align=4": *value, when the word is one. Anything that is not a number after the sign is unknown.
static cv_status accept_setting(cv_wat *p, const char *prefix, uint64_t *value, bool *found) {
  cv_bytes b = cv_wat_bytes(p);
  size_t n = strlen(prefix);
  *found = cv_wat_kind(p) == CV_TOK_WORD && b.size > n && memcmp(b.data, prefix, n) == 0;
  if (!*found)
    return CV_OK;
  b.data += n;
  b.size -= n;
  if (cv_text_number_kind(b.data, b.data + b.size) != CV_TOK_NAT)
    return cv_wat_unexpected(p);
  if (!cv_text_nat(b, UINT64_MAX, value))
    return cv_wat_fail(p, "i64 constant out of range");
  p->at++;
  return CV_OK;
}

static bool is_setting(const cv_wat *p, const cv_token *t) {
  cv_bytes b = cv_token_bytes(p->text, t);
  return t->kind == CV_TOK_WORD &&
         ((b.size > 7 && memcmp(b.data, "offset=", 7) == 0) || (b.size > 6 && memcmp(b.data, "align=", 6) == 0));
}

// Whether the memory is named here. Before a lane a lone number is the lane: a memory has more behind it.
static bool at_memory(const cv_wat *p, bool has_lane) {
  if (cv_wat_kind(p) != CV_TOK_NAT)
    return cv_wat_at_id(p);
  const cv_token *next = &p->text->tokens.data[p->at + 1];
  return !has_lane || next->kind == CV_TOK_NAT || is_setting(p, next);
}

static cv_status put_memarg(cv_wat *p, const cv_op_info *op, bool has_lane) {
  uint32_t memory = 0;
  if (at_memory(p, has_lane))
    CV_TRY(cv_wat_index(p, CV_SPACE_MEMORY, &memory));
  uint64_t offset = 0, align = (uint64_t)1 << op->align;
  bool found;
  CV_TRY(accept_setting(p, "offset=", &offset, &found));
  uint32_t token = p->at;
  CV_TRY(accept_setting(p, "align=", &align, &found));
  if (align == 0 || (align & (align - 1)) != 0)
    return cv_wat_fail_at(p, token, "alignment must be a power of two");
  unsigned log2 = (unsigned)__builtin_ctzll(align);
  cv_buf_uleb(&p->pending, log2 | (memory != 0 ? 64 : 0));
  if (memory != 0)
    cv_buf_uleb(&p->pending, memory);
  cv_buf_uleb(&p->pending, offset);
  return CV_OK;
}

static cv_status put_lane(cv_wat *p) {
  uint8_t lane = 0;
  CV_TRY(lane_index(p, &lane));
  cv_buf_byte(&p->pending, lane);
  return CV_OK;
}

// ---- constants -----------------------------------------------------------------------------------------------------

static cv_status put_number(cv_wat *p, cv_imm imm) {
  uint64_t v;
  unsigned bits = imm == CV_IMM_I32 || imm == CV_IMM_F32 ? 32 : 64;
  bool is_float = imm == CV_IMM_F32 || imm == CV_IMM_F64;
  CV_TRY(cv_wat_number(p, is_float, bits, &v));
  if (is_float)
    cv_buf_bytes(&p->pending, &v, bits / 8);
  else
    cv_buf_sleb(&p->pending, bits == 32 ? (int32_t)(uint32_t)v : (int64_t)v);
  return CV_OK;
}

static cv_status put_v128(cv_wat *p) {
  uint8_t value[16];
  CV_TRY(cv_wat_v128(p, value));
  cv_buf_bytes(&p->pending, value, sizeof value);
  return CV_OK;
}

// ---- references and exceptions -------------------------------------------------------------------------------------

// ref.test and ref.cast have one mnemonic for two opcodes, which differ in whether null is in the type.
static cv_status put_test_or_cast(cv_wat *p, uint32_t code) {
  cv_valtype type;
  CV_TRY(cv_wat_ref_type(p, &type));
  cv_wat_encode_opcode(&p->pending, code + cv_type_is_nullable(type));
  cv_wat_encode_heap_type(&p->pending, cv_type_heap(type));
  return CV_OK;
}

static cv_status put_branch_cast(cv_wat *p) {
  uint32_t depth;
  cv_valtype from, to;
  CV_TRY(cv_wat_label(p, &depth));
  CV_TRY(cv_wat_ref_type(p, &from));
  CV_TRY(cv_wat_ref_type(p, &to));
  cv_buf_byte(&p->pending, (uint8_t)(cv_type_is_nullable(from) | cv_type_is_nullable(to) << 1));
  cv_buf_uleb(&p->pending, depth);
  cv_wat_encode_heap_type(&p->pending, cv_type_heap(from));
  cv_wat_encode_heap_type(&p->pending, cv_type_heap(to));
  return CV_OK;
}

static cv_status put_heap(cv_wat *p) {
  uint32_t heap;
  CV_TRY(cv_wat_heap_type(p, &heap));
  cv_wat_encode_heap_type(&p->pending, heap);
  return CV_OK;
}

cv_status cv_wat_catches(cv_wat *p) {
  static const struct {
    const char *word;
    uint8_t kind;
    bool has_tag;
  } clauses[] = {{"catch", CV_CATCH, true},
                 {"catch_ref", CV_CATCH_REF, true},
                 {"catch_all", CV_CATCH_ALL, false},
                 {"catch_all_ref", CV_CATCH_ALL_REF, false}};
  size_t at = p->pending.size;
  uint32_t count = 0;
  for (size_t i = 0; i < CV_COUNT(clauses);) {
    if (!cv_wat_accept_open(p, clauses[i].word)) {
      i++;
      continue;
    }
    cv_buf_byte(&p->pending, clauses[i].kind);
    if (clauses[i].has_tag)
      CV_TRY(put_index(p, CV_SPACE_TAG));
    CV_TRY(put_label(p));
    CV_TRY(cv_wat_close(p));
    count++;
    i = 0;
  }
  cv_buf length = {.mem = p->mem};
  cv_buf_uleb(&length, count);
  cv_buf_insert(&p->pending, at, length.data, length.size);
  p->pending.failed |= length.failed;
  cv_buf_free(&length);
  return CV_OK;
}

static cv_status put_select(cv_wat *p) {
  uint32_t count = 0, more;
  p->scratch.count = 0;
  bool typed = false;
  while (cv_wat_accept_open(p, "result")) {
    typed = true;
    CV_TRY(cv_wat_declaration(p, NULL, false, &more));
    count += more;
  }
  cv_wat_encode_opcode(&p->pending, typed ? CV_OPC_SELECT_T : CV_OPC_SELECT);
  if (!typed)
    return CV_OK;
  cv_buf_uleb(&p->pending, count);
  for (uint32_t i = 0; i < count; i++)
    cv_wat_encode_val_type(&p->pending, p->scratch.data[i]);
  return CV_OK;
}

// ---- all shapes ----------------------------------------------------------------------------------------------------

static cv_status put_immediates(cv_wat *p, const cv_op_info *op) {
  switch ((cv_imm)op->imm) {
  case CV_IMM_NONE:
    return CV_OK;
  case CV_IMM_LABEL:
    return put_label(p);
  case CV_IMM_LABELS:
    return put_labels(p);
  case CV_IMM_FUNC:
    return put_index(p, CV_SPACE_FUNC);
  case CV_IMM_CALL_INDIRECT:
    return put_call_indirect(p);
  case CV_IMM_TYPE:
    return put_index(p, CV_SPACE_TYPE);
  case CV_IMM_LOCAL:
    return put_local(p);
  case CV_IMM_GLOBAL:
    return put_index(p, CV_SPACE_GLOBAL);
  case CV_IMM_TABLE:
    return put_optional_index(p, CV_SPACE_TABLE);
  case CV_IMM_MEMORY:
    return put_optional_index(p, CV_SPACE_MEMORY);
  case CV_IMM_TAG:
    return put_index(p, CV_SPACE_TAG);
  case CV_IMM_DATA:
    p->needs_data_count = true;
    return put_index(p, CV_SPACE_DATA);
  case CV_IMM_ELEM:
    return put_index(p, CV_SPACE_ELEM);
  case CV_IMM_I32:
  case CV_IMM_I64:
  case CV_IMM_F32:
  case CV_IMM_F64:
    return put_number(p, (cv_imm)op->imm);
  case CV_IMM_V128:
    return put_v128(p);
  case CV_IMM_SHUFFLE:
    return shuffle(p);
  case CV_IMM_LANE:
    return put_lane(p);
  case CV_IMM_MEMARG:
    return put_memarg(p, op, false);
  case CV_IMM_MEMARG_LANE:
    CV_TRY(put_memarg(p, op, true));
    return put_lane(p);
  case CV_IMM_DATA_MEM:
    p->needs_data_count = true;
    return put_segment(p, CV_SPACE_DATA, CV_SPACE_MEMORY);
  case CV_IMM_MEM_MEM:
    return put_pair(p, CV_SPACE_MEMORY);
  case CV_IMM_ELEM_TABLE:
    return put_segment(p, CV_SPACE_ELEM, CV_SPACE_TABLE);
  case CV_IMM_TABLE_TABLE:
    return put_pair(p, CV_SPACE_TABLE);
  case CV_IMM_HEAP:
    return put_heap(p);
  case CV_IMM_ZERO:
    cv_buf_byte(&p->pending, 0);
    return CV_OK;
  case CV_IMM_TYPE_FIELD:
    return put_field(p);
  case CV_IMM_TYPE_COUNT: {
    uint32_t count;
    CV_TRY(put_index(p, CV_SPACE_TYPE));
    CV_TRY(cv_wat_u32(p, &count));
    cv_buf_uleb(&p->pending, count);
    return CV_OK;
  }
  case CV_IMM_TYPE_DATA:
    p->needs_data_count = true;
    return put_type_and(p, CV_SPACE_DATA);
  case CV_IMM_TYPE_ELEM:
    return put_type_and(p, CV_SPACE_ELEM);
  case CV_IMM_TYPE_TYPE:
    return put_type_and(p, CV_SPACE_TYPE);
  case CV_IMM_CAST:
    return put_branch_cast(p);
  case CV_IMM_BLOCK:
  case CV_IMM_SELECT_TYPES:
  case CV_IMM_TRY_TABLE:
  case CV_IMM_COUNT:
    break;
  }
  return cv_wat_unexpected(p);
}

cv_status cv_wat_plain(cv_wat *p, const cv_op_info *op) {
  cv_status status;
  if (op->code == CV_OPC_SELECT)
    status = put_select(p);
  else if (op->code == CV_OPC_REF_TEST || op->code == CV_OPC_REF_CAST)
    status = put_test_or_cast(p, op->code);
  else {
    cv_wat_encode_opcode(&p->pending, op->code);
    status = put_immediates(p, op);
  }
  if (status == CV_OK && p->pending.failed)
    status = cv_wat_no_memory(p);
  return status;
}
