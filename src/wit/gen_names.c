// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gen_names.c: what things are called in C (bindgen.h has the rules).
#include "wit/gen.h"

#define PRINT cv_buf_printf

CV_COLD cv_status cv_gen_no_memory(cv_gen *g) {
  return cv_fail(g->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

const char *cv_gen_join(cv_gen *g, const char *a, const char *b) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, "%s%s", a, b);
  return cv_gen_keep(g, &out).text;
}

cv_gen_name cv_gen_keep(cv_gen *g, cv_buf *buf) {
  const char *text = cv_buf_cstr(buf);
  const char *copy = text ? cv_arena_copy(&g->arena, text, strlen(text) + 1) : NULL;
  cv_buf_free(buf);
  return (cv_gen_name){copy ? copy : ""};
}

cv_gen_name cv_gen_def_name(cv_gen *g, const cv_wit_typedef *def) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (def->interface)
    cv_bindgen_interface(def->interface, &out);
  else
    cv_buf_text(&out, g->prefix);
  cv_buf_byte(&out, '_');
  cv_bindgen_snake(def->head.name, &out);
  return cv_gen_keep(g, &out);
}

static const char *scalar_mangle(uint16_t kind) {
  static const char *const names[] = {
      [CV_CT_BOOL] = "bool", [CV_CT_S8] = "s8",     [CV_CT_U8] = "u8",        [CV_CT_S16] = "s16", [CV_CT_U16] = "u16",
      [CV_CT_S32] = "s32",   [CV_CT_U32] = "u32",   [CV_CT_S64] = "s64",      [CV_CT_U64] = "u64", [CV_CT_F32] = "f32",
      [CV_CT_F64] = "f64",   [CV_CT_CHAR] = "char", [CV_CT_STRING] = "string"};
  return kind < CV_COUNT(names) ? names[kind] : NULL;
}

const char *cv_gen_scalar_type(uint16_t kind) {
  static const char *const names[] = {
      [CV_CT_BOOL] = "bool",         [CV_CT_S8] = "int8_t",   [CV_CT_U8] = "uint8_t",   [CV_CT_S16] = "int16_t",
      [CV_CT_U16] = "uint16_t",      [CV_CT_S32] = "int32_t", [CV_CT_U32] = "uint32_t", [CV_CT_S64] = "int64_t",
      [CV_CT_U64] = "uint64_t",      [CV_CT_F32] = "float",   [CV_CT_F64] = "double",   [CV_CT_CHAR] = "uint32_t",
      [CV_CT_STRING] = "cove_string"};
  return kind < CV_COUNT(names) ? names[kind] : NULL;
}

bool cv_gen_is_handle(const cv_wit_type *type) {
  return type->kind == CV_CT_OWN || type->kind == CV_CT_BORROW;
}

// Defined by an interface that the world exports, and does not import.
bool cv_gen_is_guest_resource(const cv_gen *g, const cv_wit_typedef *resource) {
  for (const cv_wit_item *item = g->world->imports; item; item = item->next)
    if (item->interface && item->interface == resource->interface)
      return false;
  for (const cv_wit_item *item = g->world->exports; item; item = item->next)
    if (item->interface && item->interface == resource->interface)
      return true;
  return false;
}

// What a type is called inside names. Steps tell own from borrow, C types do not.
static void put_mangled(cv_gen *g, const cv_wit_type *type, bool for_step, cv_buf *out) {
  if (!type || type->is_absent) {
    cv_buf_text(out, "void");
    return;
  }
  const char *simple = scalar_mangle(type->kind);
  if (simple) {
    cv_buf_text(out, simple);
    return;
  }
  switch (type->kind) {
  case CV_WIT_NAMED:
    cv_buf_text(out, cv_gen_def_name(g, type->def).text);
    return;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    cv_buf_text(out, for_step ? type->kind == CV_CT_OWN ? "own_" : "borrow_" : "");
    cv_buf_text(out, cv_gen_def_name(g, type->def).text);
    return;
  case CV_CT_LIST:
    cv_buf_text(out, "list_");
    break;
  case CV_CT_FIXED_LIST:
    PRINT(out, "list%u_", type->length);
    break;
  case CV_CT_OPTION:
    cv_buf_text(out, "option_");
    break;
  case CV_CT_RESULT:
    cv_buf_text(out, type->parts ? "result_" : "result");
    if (type->parts && !type->parts->next) {
      put_mangled(g, type->parts, for_step, out);
      cv_buf_text(out, "_void");
      return;
    }
    break;
  default: {
    uint32_t count = 0;
    for (const cv_wit_type *part = type->parts; part; part = part->next)
      count++;
    PRINT(out, "tuple%u_", count);
  }
  }
  for (const cv_wit_type *part = type->parts; part; part = part->next) {
    put_mangled(g, part, for_step, out);
    if (part->next)
      cv_buf_byte(out, '_');
  }
}

cv_gen_name cv_gen_type_mangle(cv_gen *g, const cv_wit_type *type, bool for_step) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  put_mangled(g, type, for_step, &out);
  return cv_gen_keep(g, &out);
}

// The C type: "uint32_t", "wasi_io_poll_pollable *", "p2_list_u8".
cv_gen_name cv_gen_c_type(cv_gen *g, const cv_wit_type *type) {
  const char *simple = cv_gen_scalar_type(type->kind);
  if (simple)
    return (cv_gen_name){simple};
  if (type->kind == CV_WIT_NAMED)
    return cv_gen_def_name(g, type->def);
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (cv_gen_is_handle(type) && cv_gen_is_guest_resource(g, type->def))
    cv_buf_text(&out, "cove_handle");
  else if (cv_gen_is_handle(type))
    PRINT(&out, "%s *", cv_gen_def_name(g, type->def).text);
  else
    PRINT(&out, "%s_%s", g->prefix, cv_gen_type_mangle(g, type, false).text);
  return cv_gen_keep(g, &out);
}

// "T name" with the space where C wants it.
void cv_gen_put_member(cv_gen *g, const cv_wit_type *type, const char *member, cv_buf *out) {
  cv_gen_name t = cv_gen_c_type(g, type);
  size_t size = strlen(t.text);
  PRINT(out, "%s%s%s", t.text, size && t.text[size - 1] == '*' ? "" : " ", member);
}

cv_gen_name cv_gen_member_name(cv_gen *g, cv_bytes label) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  cv_bindgen_member(label, &out);
  return cv_gen_keep(g, &out);
}

static const char *written_key(cv_gen *g, cv_gen_step kind, const char *text) {
  cv_buf key;
  cv_buf_init(&key, g->mem);
  PRINT(&key, "%d:%s", (int)kind, text);
  return cv_gen_keep(g, &key).text;
}

bool cv_gen_is_written(cv_gen *g, cv_gen_step kind, const char *text) {
  return cv_map_get(&g->done, cv_bytes_of(written_key(g, kind, text))) != NULL;
}

// True when it was not written before; it counts as written from now on.
bool cv_gen_is_new(cv_gen *g, cv_gen_step kind, const char *text, cv_status *status) {
  const char *kept = written_key(g, kind, text);
  bool existed = false;
  *status = cv_map_put(&g->done, cv_bytes_of(kept), 1, &existed);
  return *status == CV_OK && !existed;
}
