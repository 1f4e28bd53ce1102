// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// type_section.c: recursive groups of sub types (core specification, 5.3.5 to 5.3.8, 5.5.4). Indices are checked by
// validation.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

enum { CODE_SUB = 0x50, CODE_SUB_FINAL = 0x4f, CODE_REC = 0x4e };

static cv_status read_result_type(cv_reader *r, uint32_t most, const char *what, const uint8_t **at, uint32_t *count) {
  CV_TRY(cv_read_count(r, most, what, count));
  *at = r->at;
  for (uint32_t i = 0; i < *count; i++) {
    cv_valtype type;
    CV_TRY(cv_read_val_type(r, &type));
  }
  return CV_OK;
}

// Reads both lists once to check and count them, and again into one array.
static cv_status read_func(cv_reader *r, cv_arena *arena, cv_functype *out) {
  const uint8_t *params, *results;
  CV_TRY(read_result_type(r, CV_MAX_PARAMS, "parameters", &params, &out->param_count));
  CV_TRY(read_result_type(r, CV_MAX_RESULTS, "results", &results, &out->result_count));
  const uint8_t *end = r->at;
  cv_valtype *types = CV_ARENA_ARRAY(arena, cv_valtype, (size_t)out->param_count + out->result_count);
  if (types == NULL)
    return CV_ENOMEM;
  out->types = types;
  r->at = params;
  for (uint32_t i = 0; i < out->param_count; i++)
    CV_TRY(cv_read_val_type(r, types++));
  r->at = results;
  for (uint32_t i = 0; i < out->result_count; i++)
    CV_TRY(cv_read_val_type(r, types++));
  r->at = end;
  return CV_OK;
}

static cv_status read_fields(cv_reader *r, cv_arena *arena, uint32_t count, cv_type *out) {
  cv_fieldtype *fields = CV_ARENA_ARRAY(arena, cv_fieldtype, count);
  if (fields == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++) {
    CV_TRY(cv_read_storage_type(r, &fields[i].type));
    CV_TRY(cv_read_mutability(r, &fields[i].is_mutable));
  }
  out->as.aggregate.fields = fields;
  out->as.aggregate.count = count;
  return CV_OK;
}

static cv_status read_composite(cv_reader *r, cv_arena *arena, uint8_t code, cv_type *out) {
  out->kind = (cv_composite)code;
  if (code == CV_COMP_FUNC)
    return read_func(r, arena, &out->as.func);
  if (code >= 0x80) { // the code is an s7
    r->at--;
    return cv_reader_fail(r, "integer representation too long");
  }
  bool known = code == CV_COMP_STRUCT || code == CV_COMP_ARRAY;
  if (!known || (r->features & CV_FEAT(GC)) == 0) {
    r->at--;
    return cv_reader_fail(r, known ? "malformed definition type (the feature gc is off)" : "malformed definition type");
  }
  uint32_t count = 1;
  if (code == CV_COMP_STRUCT)
    CV_TRY(cv_read_count(r, CV_MAX_STRUCT_FIELDS, "fields", &count));
  return read_fields(r, arena, count, out);
}

cv_status cv_read_sub_type(cv_reader *r, cv_arena *arena, cv_type *out) {
  uint8_t code;
  *out = (cv_type){.is_final = true, .super = CV_NO_TYPE, .id = CV_NO_TYPE, .entry = cv_reader_offset(r)};
  CV_TRY(cv_read_byte(r, &code));
  if ((code == CODE_SUB || code == CODE_SUB_FINAL) && (r->features & CV_FEAT(GC)) != 0) {
    out->is_final = code == CODE_SUB_FINAL;
    uint32_t count, offset = cv_reader_offset(r);
    CV_TRY(cv_read_count(r, CV_MAX_TYPES, "supertypes", &count));
    if (count > 1)
      return cv_fail(r->diag, CV_EINVALID, offset, "sub type has more than one supertype");
    if (count == 1)
      CV_TRY(cv_read_u32(r, &out->super));
    if (out->super == CV_NO_TYPE && count == 1) // the one index that means none is out of range anyway
      return cv_fail(r->diag, CV_EINVALID, offset, "unknown type %u", CV_NO_TYPE);
    CV_TRY(cv_read_byte(r, &code));
  }
  return read_composite(r, arena, code, out);
}

static cv_status read_group(cv_decoder *d) {
  uint32_t count = 1;
  if (d->r.at < d->r.end && *d->r.at == CODE_REC && (d->r.features & CV_FEAT(GC)) != 0) {
    d->r.at++;
    CV_TRY(cv_read_count(&d->r, CV_MAX_RECURSIVE_GROUP, "types in a recursive group", &count));
  }
  uint32_t start = (uint32_t)d->types.count;
  if (count > CV_MAX_TYPES - start)
    return cv_fail(d->r.diag, CV_ELIMIT, cv_reader_offset(&d->r), "too many types: at most %u", CV_MAX_TYPES);
  for (uint32_t i = 0; i < count; i++) {
    cv_type type;
    CV_TRY(cv_read_sub_type(&d->r, &d->m->arena, &type));
    type.group_start = start;
    type.group_size = count;
    CV_TRY(cv_vec_push(d->mem, &d->types, type));
  }
  return CV_OK;
}

cv_status cv_decode_type_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_TYPES, "types", &count));
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(read_group(d));
  return CV_OK;
}
