// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core_type_section.c: core types and core module types (Binary.md, "Type Definitions", core:type).
#include "component/binary/sections.h"
#include "wasm/limits.h"

// 0x50 begins a module type; a sub type that is not final has 0x00 before it here, but not inside of a module type.
enum { CODE_PREFIX = 0x00, CODE_REC = 0x4e, CODE_MODULE = 0x50, CODE_ALIAS_TYPE = 0x10, CODE_ALIAS_OUTER = 0x01 };

static cv_status read_group(cv_cdecoder *d, cv_syn_core_type *out) {
  cv_reader *r = &d->r;
  uint32_t count = 1;
  if (r->at < r->end && *r->at == CODE_REC) {
    r->at++;
    out->is_group = true;
    CV_TRY(cv_read_count(r, CV_MAX_CTYPE_PARTS, "types in a recursive group", &count));
  }
  cv_type *types = CV_ARENA_ARRAY(d->arena, cv_type, count);
  if (types == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++) {
    CV_TRY(cv_read_sub_type(r, d->arena, &types[i]));
    types[i].group_size = count;
  }
  out->types = types;
  out->type_count = count;
  return CV_OK;
}

static cv_status read_core_extern(cv_reader *r, cv_syn_core_extern *out) {
  uint8_t kind;
  CV_TRY(cv_read_byte(r, &kind));
  out->kind = (cv_extern_kind)kind;
  switch (kind) {
  case CV_EXTERN_FUNC:
    return cv_read_u32(r, &out->as.type);
  case CV_EXTERN_TABLE:
    return cv_read_table_type(r, &out->as.table);
  case CV_EXTERN_MEMORY:
    return cv_read_memory_type(r, &out->as.memory);
  case CV_EXTERN_GLOBAL:
    return cv_read_global_type(r, &out->as.global);
  case CV_EXTERN_TAG:
    return cv_read_tag_type(r, &out->as.type);
  default:
    return cv_cread_leading(r, kind, "external kind");
  }
}

static cv_status read_module_decl(cv_cdecoder *d, cv_syn_core_decl *out) {
  cv_reader *r = &d->r;
  uint8_t kind;
  *out = (cv_syn_core_decl){.entry = cv_reader_offset(r)};
  CV_TRY(cv_read_byte(r, &kind));
  out->kind = (cv_syn_core_decl_kind)kind;
  switch (kind) {
  case CV_SYN_CORE_IMPORT:
    CV_TRY(cv_read_name(r, &out->module));
    CV_TRY(cv_read_name(r, &out->name));
    return read_core_extern(r, &out->external);
  case CV_SYN_CORE_TYPE: {
    cv_syn_core_type *type = CV_ARENA_NEW(d->arena, cv_syn_core_type);
    if (type == NULL)
      return CV_ENOMEM;
    out->type = type;
    return cv_cread_core_type(d, true, type);
  }
  case CV_SYN_CORE_ALIAS:
    CV_TRY(cv_cread_expect(r, CODE_ALIAS_TYPE, "outer alias kind"));
    CV_TRY(cv_cread_expect(r, CODE_ALIAS_OUTER, "outer alias target"));
    CV_TRY(cv_read_u32(r, &out->outer));
    return cv_read_u32(r, &out->index);
  case CV_SYN_CORE_EXPORT:
    CV_TRY(cv_read_name(r, &out->name));
    return read_core_extern(r, &out->external);
  default:
    return cv_cread_leading(r, kind, "type definition");
  }
}

static cv_status read_module_type(cv_cdecoder *d, cv_syn_core_type *out) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_CTYPE_DECLS, "declarations of a module type", &count));
  CV_VEC(cv_syn_core_decl) decls = {0};
  cv_status status = CV_OK;
  for (uint32_t i = 0; i < count && status == CV_OK; i++) {
    cv_syn_core_decl decl;
    status = read_module_decl(d, &decl);
    if (status == CV_OK)
      status = cv_vec_push(d->mem, &decls, decl);
  }
  if (status == CV_OK && count != 0) {
    out->decls = cv_arena_copy(d->arena, decls.data, decls.count * sizeof *decls.data);
    out->decl_count = count;
    status = out->decls == NULL ? CV_ENOMEM : CV_OK;
  }
  cv_vec_free(d->mem, &decls);
  return status;
}

// In a module type 0x50 is a sub type; a module type there is invalid, which its bytes tell mostly.
static cv_status read_inner_sub(cv_cdecoder *d, cv_syn_core_type *out) {
  cv_diag *diag = d->r.diag, later;
  cv_diag_init(&later);
  d->r.diag = &later;
  cv_status status = read_group(d, out);
  d->r.diag = diag;
  if (status == CV_EMALFORMED)
    return cv_fail(diag, CV_EINVALID, later.offset,
                   "invalid leading byte for a sub type (a module type cannot be in a module type): %s", later.text);
  if (status != CV_OK && diag != NULL && diag->status == CV_OK)
    *diag = later;
  return status;
}

cv_status cv_cread_core_type(cv_cdecoder *d, bool in_module_type, cv_syn_core_type *out) {
  cv_reader *r = &d->r;
  *out = (cv_syn_core_type){.entry = cv_reader_offset(r)};
  if (r->at >= r->end)
    return cv_read_end(r);
  if (*r->at == CODE_MODULE) {
    if (in_module_type)
      return read_inner_sub(d, out);
    r->at++;
    out->is_module = true;
    return read_module_type(d, out);
  }
  if (*r->at == CODE_PREFIX) {
    r->at++;
    if (r->at < r->end && *r->at != CODE_MODULE) {
      uint8_t byte = *r->at++;
      return cv_cread_leading(r, byte, "non-final sub type");
    }
  }
  return read_group(d, out);
}

cv_status cv_cdecode_core_type(cv_cdecoder *d) {
  cv_cdef def = {.kind = CV_CDEF_CORE_TYPE, .entry = cv_reader_offset(&d->r)};
  cv_syn_core_type *type = CV_ARENA_NEW(d->arena, cv_syn_core_type);
  if (type == NULL)
    return CV_ENOMEM;
  CV_TRY(cv_cread_core_type(d, false, type));
  def.syntax = type;
  return cv_cdecoder_add(d, def, CV_CS_CORE_TYPE, type->is_module ? 1 : type->type_count);
}
