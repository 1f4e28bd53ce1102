// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// type_section.c: value types, function types, component and instance types, resources (Binary.md, "Type
// Definitions").
#include "component/binary/sections.h"

cv_status cv_cread_type_ref(cv_reader *r, cv_syn_ref *out) {
  *out = (cv_syn_ref){0};
  if (r->at < r->end && (*r->at & 0xc0) == 0x40) { // negative in one byte: a primitive type
    uint8_t code = *r->at++;
    if (!cv_ctype_kind_is_simple(code))
      return cv_cread_leading(r, code, "component value type");
    out->code = code;
    return CV_OK;
  }
  const uint8_t *at = r->at;
  int64_t index;
  CV_TRY(cv_read_s33(r, &index));
  if (index < 0) {
    r->at = at;
    return cv_reader_fail(r, "integer representation too long");
  }
  *out = (cv_syn_ref){.code = CV_SYN_INDEX, .index = (uint32_t)index};
  return CV_OK;
}

static cv_status read_optional_ref(cv_reader *r, cv_syn_ref *out) {
  uint8_t code;
  *out = (cv_syn_ref){0};
  CV_TRY(cv_read_byte(r, &code));
  if (code > 1)
    return cv_cread_leading(r, code, "optional component value type");
  return code == 0 ? CV_OK : cv_cread_type_ref(r, out);
}

cv_status cv_cread_result(cv_reader *r, cv_syn_ref *out) {
  uint8_t code;
  *out = (cv_syn_ref){0};
  CV_TRY(cv_read_byte(r, &code));
  if (code == 0)
    return cv_cread_type_ref(r, out);
  if (code != 1)
    return cv_cread_leading(r, code, "component function results");
  return cv_cread_expect(r, 0, "number of results");
}

// ---- parts ----

typedef cv_status part_fn(cv_reader *r, cv_syn_field *out);

static cv_status read_named(cv_reader *r, cv_syn_field *out) {
  CV_TRY(cv_read_name(r, &out->name));
  return cv_cread_type_ref(r, &out->type);
}
static cv_status read_case(cv_reader *r, cv_syn_field *out) {
  CV_TRY(cv_read_name(r, &out->name));
  CV_TRY(read_optional_ref(r, &out->type));
  return cv_cread_expect(r, 0, "zero byte required");
}
static cv_status read_label(cv_reader *r, cv_syn_field *out) {
  return cv_read_name(r, &out->name);
}
static cv_status read_plain(cv_reader *r, cv_syn_field *out) {
  return cv_cread_type_ref(r, &out->type);
}
static cv_status read_optional(cv_reader *r, cv_syn_field *out) {
  return read_optional_ref(r, &out->type);
}

static cv_status read_parts(cv_cdecoder *d, part_fn *read, uint32_t count, cv_syn_type *out) {
  cv_syn_field *fields = CV_ARENA_ARRAY(d->arena, cv_syn_field, count);
  if (fields == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++) {
    fields[i].entry = cv_reader_offset(&d->r);
    CV_TRY(read(&d->r, &fields[i]));
  }
  out->fields = fields;
  out->count = count;
  return CV_OK;
}

static cv_status read_vector(cv_cdecoder *d, part_fn *read, const char *what, cv_syn_type *out) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_CTYPE_PARTS, what, &count));
  return read_parts(d, read, count, out);
}

// ---- component and instance types ----

static cv_status read_type(cv_cdecoder *d, cv_syn_type *out);

static cv_status read_decl_as(cv_cdecoder *d, bool is_component, cv_syn_decl *out) {
  cv_reader *r = &d->r;
  switch (out->kind) {
  case CV_SYN_DECL_CORE_TYPE: {
    cv_syn_core_type *type = CV_ARENA_NEW(d->arena, cv_syn_core_type);
    out->as.core_type = type;
    return type == NULL ? CV_ENOMEM : cv_cread_core_type(d, false, type);
  }
  case CV_SYN_DECL_TYPE: {
    cv_syn_type *type = CV_ARENA_NEW(d->arena, cv_syn_type);
    out->as.type = type;
    return type == NULL ? CV_ENOMEM : read_type(d, type);
  }
  case CV_SYN_DECL_ALIAS: {
    cv_syn_alias *alias = CV_ARENA_NEW(d->arena, cv_syn_alias);
    out->as.alias = alias;
    return alias == NULL ? CV_ENOMEM : cv_cread_alias(r, alias);
  }
  case CV_SYN_DECL_IMPORT:
    if (!is_component)
      break;
    // fall through
  case CV_SYN_DECL_EXPORT: {
    cv_syn_extern *external = CV_ARENA_NEW(d->arena, cv_syn_extern);
    if (external == NULL)
      return CV_ENOMEM;
    out->as.external = external;
    CV_TRY(cv_cread_extern_name(r, external));
    external->has_type = true;
    return cv_cread_extern_type(r, &external->type);
  }
  }
  r->at = r->start + out->entry + 1;
  return cv_cread_leading(r, (uint8_t)out->kind, "component or instance type declaration");
}

static cv_status read_decl(cv_cdecoder *d, bool is_component, cv_syn_decl *out) {
  uint8_t kind;
  *out = (cv_syn_decl){.entry = cv_reader_offset(&d->r)};
  CV_TRY(cv_read_byte(&d->r, &kind));
  out->kind = (cv_syn_decl_kind)kind;
  return read_decl_as(d, is_component, out);
}

static cv_status read_decls(cv_cdecoder *d, bool is_component, cv_syn_type *out) {
  uint32_t count;
  if (d->type_depth >= CV_MAX_CTYPE_DEPTH)
    return cv_reader_fail(&d->r, "types nested too deeply: at most %u", CV_MAX_CTYPE_DEPTH);
  CV_TRY(cv_read_count(&d->r, CV_MAX_CTYPE_DECLS, "declarations", &count));
  d->type_depth++;
  // A vector that grows with what is read: nested counts are not to be believed.
  CV_VEC(cv_syn_decl) decls = {0};
  cv_status status = CV_OK;
  for (uint32_t i = 0; i < count && status == CV_OK; i++) {
    cv_syn_decl decl;
    status = read_decl(d, is_component, &decl);
    if (status == CV_OK)
      status = cv_vec_push(d->mem, &decls, decl);
  }
  if (status == CV_OK && count != 0) {
    out->decls = cv_arena_copy(d->arena, decls.data, decls.count * sizeof *decls.data);
    out->decl_count = count;
    status = out->decls == NULL ? CV_ENOMEM : CV_OK;
  }
  cv_vec_free(d->mem, &decls);
  d->type_depth--;
  return status;
}

static cv_status read_resource(cv_cdecoder *d, cv_syn_type *out) {
  uint8_t code;
  CV_TRY(cv_read_val_type(&d->r, &out->rep));
  CV_TRY(cv_read_byte(&d->r, &code));
  if (code > 1)
    return cv_cread_leading(&d->r, code, "resource destructor");
  out->dtor = CV_NO_INDEX;
  return code == 0 ? CV_OK : cv_read_u32(&d->r, &out->dtor);
}

static cv_status read_type(cv_cdecoder *d, cv_syn_type *out) {
  cv_reader *r = &d->r;
  *out = (cv_syn_type){.entry = cv_reader_offset(r), .dtor = CV_NO_INDEX};
  CV_TRY(cv_read_byte(r, &out->code));
  if (cv_ctype_kind_is_simple(out->code))
    return CV_OK;
  switch (out->code) {
  case CV_CT_RECORD:
    return read_vector(d, read_named, "fields of a record", out);
  case CV_CT_VARIANT:
    return read_vector(d, read_case, "cases of a variant", out);
  case CV_CT_TUPLE:
    return read_vector(d, read_plain, "members of a tuple", out);
  case CV_CT_FLAGS:
    return read_vector(d, read_label, "flags", out);
  case CV_CT_ENUM:
    return read_vector(d, read_label, "cases of an enum", out);
  case CV_CT_LIST:
  case CV_CT_OPTION:
    return read_parts(d, read_plain, 1, out);
  case CV_CT_FIXED_LIST:
    CV_TRY(read_parts(d, read_plain, 1, out));
    return cv_read_u32(r, &out->length);
  case CV_CT_MAP:
    return read_parts(d, read_plain, 2, out);
  case CV_CT_RESULT:
    return read_parts(d, read_optional, 2, out);
  case CV_CT_STREAM:
  case CV_CT_FUTURE:
    return read_parts(d, read_optional, 1, out);
  case CV_CT_OWN:
  case CV_CT_BORROW:
    return cv_read_u32(r, &out->index);
  case CV_SYN_FUNC:
  case CV_SYN_ASYNC_FUNC:
    CV_TRY(read_vector(d, read_named, "parameters", out));
    return cv_cread_result(r, &out->result);
  case CV_SYN_COMPONENT:
  case CV_SYN_INSTANCE:
    return read_decls(d, out->code == CV_SYN_COMPONENT, out);
  case CV_SYN_RESOURCE:
    return read_resource(d, out);
  default:
    return cv_cread_leading(r, out->code, "component defined type");
  }
}

cv_status cv_cdecode_type(cv_cdecoder *d) {
  cv_cdef def = {.kind = CV_CDEF_TYPE, .entry = cv_reader_offset(&d->r)};
  cv_syn_type *type = CV_ARENA_NEW(d->arena, cv_syn_type);
  if (type == NULL)
    return CV_ENOMEM;
  CV_TRY(read_type(d, type));
  def.syntax = type;
  return cv_cdecoder_add(d, def, CV_CS_TYPE, 1);
}
