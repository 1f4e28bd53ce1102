// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gen_types.c: the C types of WIT types. A type is written after those that it is made of.
#include "wit/gen.h"

#include <stdio.h>

#define PRINT cv_buf_printf

static cv_status need_parts(cv_gen *g, const cv_wit_part *parts) {
  for (const cv_wit_part *part = parts; part; part = part->next)
    if (part->type)
      CV_TRY(cv_gen_need_type(g, part->type));
  return CV_OK;
}

static void put_constants(cv_gen *g, const cv_wit_typedef *def, const char *cname, bool is_flags) {
  uint32_t i = 0;
  cv_buf upper;
  cv_buf_init(&upper, g->mem);
  cv_bindgen_upper(cv_bytes_of(cname), &upper);
  const char *prefix = cv_gen_keep(g, &upper).text;
  for (const cv_wit_part *part = def->parts; part; part = part->next, i++) {
    // Bit 31 is no value that an int has, and so none of an enumeration in C17.
    bool is_macro = is_flags && i == 31;
    cv_buf_text(g->types, is_macro ? "};\n" : "");
    cv_bindgen_docs(part->head.docs, is_macro ? 0 : 2, g->types);
    cv_buf name;
    cv_buf_init(&name, g->mem);
    PRINT(&name, "%s_", prefix);
    cv_bindgen_upper(part->head.name, &name);
    const char *wanted = cv_gen_keep(g, &name).text;
    const char *unique = cv_gen_unique(g, cv_gen_key(g, cname, part, NULL), wanted);
    if (is_macro)
      PRINT(g->types, "#define %s UINT32_C(0x80000000)\n\n", unique);
    else if (is_flags)
      PRINT(g->types, "  %s = 1 << %u,\n", unique, i);
    else
      PRINT(g->types, "  %s = %u,\n", unique, i);
  }
  if (is_flags && i < 32)
    cv_buf_text(g->types, "};\n\n");
}

static void put_payloads(cv_gen *g, const cv_wit_part *parts, unsigned indent) {
  for (const cv_wit_part *part = parts; part; part = part->next) {
    if (!part->type)
      continue;
    PRINT(g->types, "%*s", (int)indent, "");
    cv_gen_put_member(g, part->type, cv_gen_member_name(g, part->head.name).text, g->types);
    cv_buf_text(g->types, ";\n");
  }
}

bool cv_gen_has_payload(const cv_wit_part *parts) {
  for (; parts; parts = parts->next)
    if (parts->type)
      return true;
  return false;
}

// Of flags, and of an enum.
static uint32_t flags_bits(const cv_wit_typedef *def) {
  return cv_wit_layout_of_def(def).size * 8;
}

static cv_status put_def(cv_gen *g, const cv_wit_typedef *def, const char *cname) {
  cv_buf *out = g->types;
  cv_bindgen_docs(def->head.docs, 0, out);
  switch (def->kind) {
  case CV_WIT_ALIAS:
    cv_buf_text(out, "typedef ");
    cv_gen_put_member(g, def->type, cname, out);
    cv_buf_text(out, ";\n\n");
    break;
  case CV_WIT_RECORD:
    PRINT(out, "typedef struct %s {\n", cname);
    for (const cv_wit_part *part = def->parts; part; part = part->next) {
      cv_bindgen_docs(part->head.docs, 2, out);
      cv_buf_text(out, "  ");
      cv_gen_put_member(g, part->type, cv_gen_member_name(g, part->head.name).text, out);
      cv_buf_text(out, ";\n");
    }
    PRINT(out, "} %s;\n\n", cname);
    break;
  case CV_WIT_VARIANT:
    cv_buf_text(out, "enum {\n");
    put_constants(g, def, cname, false);
    PRINT(out, "};\ntypedef struct %s {\n  uint%u_t tag; // one of the above\n", cname,
          cv_wit_layout_of_def(def).discriminant * 8);
    if (cv_gen_has_payload(def->parts)) {
      cv_buf_text(out, "  union {\n");
      put_payloads(g, def->parts, 4);
      cv_buf_text(out, "  } as;\n");
    }
    PRINT(out, "} %s;\n\n", cname);
    break;
  case CV_WIT_ENUM:
    // A guest's is as large as the canonical ABI has it.
    PRINT(out, "%s%s {\n", g->is_guest ? "enum" : "typedef enum ", g->is_guest ? "" : cname);
    put_constants(g, def, cname, false);
    if (g->is_guest)
      PRINT(out, "};\ntypedef uint%u_t %s;\n\n", flags_bits(def), cname);
    else
      PRINT(out, "} %s;\n\n", cname);
    break;
  case CV_WIT_FLAGS:
    PRINT(out, "typedef uint%u_t %s;\nenum {\n", flags_bits(def), cname);
    put_constants(g, def, cname, true);
    break;
  case CV_WIT_RESOURCE:
    if (g->is_guest)
      PRINT(out, "typedef struct %s {\n  int32_t handle;\n} %s;\n\n", cname, cname);
    else if (cv_gen_is_guest_resource(g, def))
      PRINT(out, "// %s: a cove_handle\n\n", cname);
    else
      PRINT(out, "typedef struct %s %s; // defined by the host\n\n", cname, cname);
    break;
  case CV_WIT_USE:
    break;
  }
  return CV_OK;
}

cv_status cv_gen_need_def(cv_gen *g, const cv_wit_typedef *def) {
  cv_status status;
  while (def->kind == CV_WIT_USE)
    def = def->target;
  const char *cname = cv_gen_def_name(g, def).text;
  if (!cv_gen_is_new(g, CV_STEP_TYPE, cname, &status))
    return status;
  if (def->type)
    CV_TRY(cv_gen_need_type(g, def->type));
  CV_TRY(need_parts(g, def->parts));
  CV_TRY(put_def(g, def, cname));
  return g->after_type ? g->after_type(g, def, NULL, cname) : CV_OK;
}

static void put_anonymous(cv_gen *g, const cv_wit_type *type, const char *cname) {
  cv_buf *out = g->types;
  const cv_wit_type *part = type->parts;
  PRINT(out, "typedef struct %s {\n", cname);
  switch (type->kind) {
  case CV_CT_LIST:
  case CV_CT_MAP:
    cv_buf_text(out, "  ");
    cv_gen_put_member(g, cv_gen_element(g, type), "*data", out);
    cv_buf_text(out, ";\n  size_t count;\n");
    break;
  case CV_CT_FIXED_LIST:
    cv_buf_text(out, "  ");
    cv_gen_put_member(g, part, "items", out);
    PRINT(out, "[%u];\n", type->length);
    break;
  case CV_CT_OPTION:
    cv_buf_text(out, "  bool has;\n  ");
    cv_gen_put_member(g, part, "value", out);
    cv_buf_text(out, "; // when it has one\n");
    break;
  case CV_CT_RESULT: {
    const cv_wit_type *ok = part && !part->is_absent ? part : NULL, *error = part ? part->next : NULL;
    cv_buf_text(out, "  bool is_error;\n");
    if (ok || error) {
      cv_buf_text(out, "  union {\n");
      if (ok) {
        cv_buf_text(out, "    ");
        cv_gen_put_member(g, ok, "ok", out);
        cv_buf_text(out, ";\n");
      }
      if (error) {
        cv_buf_text(out, "    ");
        cv_gen_put_member(g, error, "error", out);
        cv_buf_text(out, ";\n");
      }
      cv_buf_text(out, "  } as;\n");
    }
    break;
  }
  default:
    for (unsigned i = 0; part; part = part->next, i++) {
      char member[16];
      snprintf(member, sizeof member, "f%u", i);
      cv_buf_text(out, "  ");
      cv_gen_put_member(g, part, member, out);
      cv_buf_text(out, ";\n");
    }
  }
  PRINT(out, "} %s;\n\n", cname);
}

cv_status cv_gen_need_type(cv_gen *g, const cv_wit_type *type) {
  cv_status status;
  if (type->is_absent || cv_gen_scalar_type(type->kind))
    return CV_OK;
  if (type->kind == CV_WIT_NAMED || cv_gen_is_handle(type))
    return cv_gen_need_def(g, type->def);
  if (type->kind == CV_CT_STREAM || type->kind == CV_CT_FUTURE || type->kind == CV_CT_ERROR_CONTEXT)
    return cv_fail(g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: %s in %s bindings",
                   cv_ctype_kind_text(type->kind), g->is_guest ? "guest" : "host");
  if (cv_wit_layout_of(type).size > CV_GEN_MAX_SIZE)
    return cv_fail(g->diag, CV_ELIMIT, CV_NO_OFFSET, "a fixed-length list is too long for bindings");
  const char *cname = cv_gen_c_type(g, type).text;
  if (!cv_gen_is_new(g, CV_STEP_TYPE, cname, &status))
    return status;
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    CV_TRY(cv_gen_need_type(g, part));
  if (type->kind == CV_CT_MAP)
    CV_TRY(cv_gen_need_type(g, cv_gen_element(g, type)));
  put_anonymous(g, type, cname);
  return g->after_type ? g->after_type(g, NULL, type, cname) : CV_OK;
}
