// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instr.c: reading one instruction (core specification, 5.4).
#include "wasm/binary/instr.h"

#include "wasm/limits.h"

cv_status cv_read_block_type(cv_reader *r, cv_block_type *out) {
  *out = (cv_block_type){CV_NO_TYPE, CV_BOT};
  if (r->at >= r->end)
    return cv_read_end(r);
  if (*r->at == 0x40) {
    r->at++;
    return CV_OK;
  }
  if ((*r->at & 0xc0) == 0x40)
    return cv_read_val_type(r, &out->result);
  int64_t index;
  const uint8_t *at = r->at;
  CV_TRY(cv_read_s33(r, &index));
  if (index < 0) {
    r->at = at;
    return cv_reader_fail(r, "malformed block type");
  }
  if ((r->features & CV_FEAT(MULTI_VALUE)) == 0)
    return cv_fail(r->diag, CV_EUNSUPPORTED, (uint64_t)(at - r->start),
                   "unsupported: block of a function type (the feature multi-value is off)");
  out->index = (uint32_t)index;
  return CV_OK;
}

cv_status cv_read_memarg(cv_reader *r, cv_memarg *out) {
  uint32_t flags, offset = cv_reader_offset(r);
  CV_TRY(cv_read_u32(r, &flags));
  out->memory = 0;
  if (flags >= 0x80 || (flags >= 0x40 && (r->features & CV_FEAT(MULTI_MEMORY)) == 0))
    return cv_fail(r->diag, CV_EMALFORMED, offset, "malformed memop flags");
  if (flags & 0x40)
    CV_TRY(cv_read_u32(r, &out->memory));
  out->align = flags & 0x3f;
  if (r->features & CV_FEAT(MEMORY64))
    return cv_read_u64(r, &out->offset);
  uint32_t narrow;
  CV_TRY(cv_read_u32(r, &narrow));
  out->offset = narrow;
  return CV_OK;
}

cv_status cv_read_catch(cv_reader *r, cv_catch_clause *out) {
  CV_TRY(cv_read_byte(r, &out->kind));
  if (out->kind > CV_CATCH_ALL_REF) {
    r->at--;
    return cv_reader_fail(r, "malformed catch clause");
  }
  out->tag = 0;
  if (out->kind <= CV_CATCH_REF)
    CV_TRY(cv_read_u32(r, &out->tag));
  return cv_read_u32(r, &out->label);
}

// The legacy exception instructions throw with the same instruction as today's.
static bool is_enabled(cv_features features, const cv_op_info *info) {
  if (info->code == CV_OPC_THROW && (features & CV_FEAT(LEGACY_EXCEPTIONS)) != 0)
    return true;
  return features >> info->feature & 1;
}

cv_status cv_read_opcode(cv_reader *r, uint32_t *code) {
  uint32_t offset = cv_reader_offset(r);
  uint8_t byte;
  CV_TRY(cv_read_byte(r, &byte));
  *code = byte;
  const cv_op_info *info;
  if (cv_op_is_prefix(byte)) {
    uint32_t sub;
    CV_TRY(cv_read_u32(r, &sub));
    *code = (uint32_t)byte << 12 | CV_MIN(sub, 0xfff);
    info = cv_op_info_of(*code);
    if (info == NULL)
      return cv_fail(r->diag, CV_EMALFORMED, offset, "illegal opcode %02x %02x", byte, sub);
  } else {
    info = cv_op_info_of(byte);
    if (info == NULL)
      return cv_fail(r->diag, CV_EMALFORMED, offset, "illegal opcode %02x", byte);
  }
  if (!is_enabled(r->features, info))
    return cv_fail(r->diag, CV_EUNSUPPORTED, offset, "unsupported: %s (the feature %s is off)", cv_op_mnemonic(info),
                   cv_feature_name(info->feature));
  return CV_OK;
}

static cv_status read_fixed(cv_reader *r, size_t size, uint64_t *bits) {
  const uint8_t *bytes;
  CV_TRY(cv_read_bytes(r, size, &bytes));
  *bits = 0;
  memcpy(bits, bytes, size);
  return CV_OK;
}

static cv_status read_labels(cv_reader *r, cv_instr *out) {
  CV_TRY(cv_read_count(r, CV_MAX_BR_TABLE, "labels", &out->count));
  out->bytes = r->at;
  for (uint32_t i = 0; i <= out->count; i++)
    CV_TRY(cv_read_u32(r, &out->index)); // the last one is the default
  return CV_OK;
}

static cv_status read_select_types(cv_reader *r, cv_instr *out) {
  CV_TRY(cv_read_count(r, CV_MAX_RESULTS, "types", &out->count));
  out->bytes = r->at;
  for (uint32_t i = 0; i < out->count; i++) {
    cv_valtype type;
    CV_TRY(cv_read_val_type(r, &type));
  }
  return CV_OK;
}

static cv_status read_try_table(cv_reader *r, cv_instr *out) {
  CV_TRY(cv_read_block_type(r, &out->block));
  CV_TRY(cv_read_count(r, CV_MAX_BR_TABLE, "catch clauses", &out->count));
  out->bytes = r->at;
  for (uint32_t i = 0; i < out->count; i++) {
    cv_catch_clause clause;
    CV_TRY(cv_read_catch(r, &clause));
  }
  return CV_OK;
}

static cv_status read_cast(cv_reader *r, cv_instr *out) {
  CV_TRY(cv_read_byte(r, &out->lane));
  if (out->lane > 3) {
    r->at--;
    return cv_reader_fail(r, "malformed cast flags");
  }
  CV_TRY(cv_read_u32(r, &out->index));
  CV_TRY(cv_read_heap_type(r, &out->heap[0]));
  return cv_read_heap_type(r, &out->heap[1]);
}

static cv_status read_zero(cv_reader *r) {
  uint8_t byte;
  CV_TRY(cv_read_byte(r, &byte));
  if (byte != 0) {
    r->at--;
    return cv_reader_fail(r, "zero byte expected");
  }
  return CV_OK;
}

static cv_status read_index_pair(cv_reader *r, cv_instr *out) {
  CV_TRY(cv_read_u32(r, &out->index));
  return cv_read_u32(r, &out->index2);
}

static cv_status read_immediates(cv_reader *r, cv_instr *out) {
  switch ((cv_imm)out->info->imm) {
  case CV_IMM_NONE:
  case CV_IMM_COUNT:
    return CV_OK;
  case CV_IMM_BLOCK:
    return cv_read_block_type(r, &out->block);
  case CV_IMM_LABEL:
  case CV_IMM_FUNC:
  case CV_IMM_TYPE:
  case CV_IMM_LOCAL:
  case CV_IMM_GLOBAL:
  case CV_IMM_TABLE:
  case CV_IMM_MEMORY:
  case CV_IMM_TAG:
  case CV_IMM_DATA:
  case CV_IMM_ELEM:
    return cv_read_u32(r, &out->index);
  case CV_IMM_CALL_INDIRECT:
  case CV_IMM_DATA_MEM:
  case CV_IMM_MEM_MEM:
  case CV_IMM_ELEM_TABLE:
  case CV_IMM_TABLE_TABLE:
  case CV_IMM_TYPE_FIELD:
  case CV_IMM_TYPE_COUNT:
  case CV_IMM_TYPE_DATA:
  case CV_IMM_TYPE_ELEM:
  case CV_IMM_TYPE_TYPE:
    return read_index_pair(r, out);
  case CV_IMM_LABELS:
    return read_labels(r, out);
  case CV_IMM_I32: {
    int32_t value;
    CV_TRY(cv_read_s32(r, &value));
    out->bits = (uint64_t)(int64_t)value;
    return CV_OK;
  }
  case CV_IMM_I64: {
    int64_t value;
    CV_TRY(cv_read_s64(r, &value));
    out->bits = (uint64_t)value;
    return CV_OK;
  }
  case CV_IMM_F32:
    return read_fixed(r, 4, &out->bits);
  case CV_IMM_F64:
    return read_fixed(r, 8, &out->bits);
  case CV_IMM_V128:
  case CV_IMM_SHUFFLE:
    return cv_read_bytes(r, 16, &out->bytes);
  case CV_IMM_LANE:
    return cv_read_byte(r, &out->lane);
  case CV_IMM_MEMARG:
    return cv_read_memarg(r, &out->memarg);
  case CV_IMM_MEMARG_LANE:
    CV_TRY(cv_read_memarg(r, &out->memarg));
    return cv_read_byte(r, &out->lane);
  case CV_IMM_HEAP:
    return cv_read_heap_type(r, &out->heap[0]);
  case CV_IMM_SELECT_TYPES:
    return read_select_types(r, out);
  case CV_IMM_TRY_TABLE:
    return read_try_table(r, out);
  case CV_IMM_ZERO:
    return read_zero(r);
  case CV_IMM_CAST:
    return read_cast(r, out);
  }
  return CV_OK;
}

cv_status cv_read_instr(cv_reader *r, cv_instr *out) {
  *out = (cv_instr){.offset = cv_reader_offset(r)};
  CV_TRY(cv_read_opcode(r, &out->code));
  out->info = cv_op_info_of(out->code);
  return read_immediates(r, out);
}
