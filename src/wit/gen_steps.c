// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gen_steps.c: the steps of lifting and lowering, as C.
#include "wit/gen.h"

#include <stdio.h>

#define PRINT cv_buf_printf

bool cv_gen_is_flat(cv_gen_step way) {
  return way == CV_STEP_FLAT || way == CV_STEP_PUSH;
}

bool cv_gen_is_lower(cv_gen_step way) {
  return way == CV_STEP_STORE || way == CV_STEP_PUSH;
}

// A step is written as a static function, or, for a scalar, as an expression or call in place. `put_*` appends the
// statements that move one value; `need_step` writes the functions that these statements call.

static cv_status need_step(cv_gen *g, const cv_wit_type *type, cv_gen_step kind);

static const char *step_prefix(cv_gen_step kind) {
  static const char *const prefixes[] = {[CV_STEP_LOAD] = "load",
                                         [CV_STEP_FLAT] = "flat",
                                         [CV_STEP_STORE] = "store",
                                         [CV_STEP_KEEP] = "keep",
                                         [CV_STEP_PUSH] = "push"};
  return prefixes[kind];
}

static const char *step_name(cv_gen *g, const cv_wit_type *type, cv_gen_step kind) {
  const char *prefix = step_prefix(kind), *mangled = cv_gen_type_mangle(g, type, true).text;
  return cv_gen_unique(g, cv_gen_type_key(g, prefix, type, true), cv_gen_join(g, cv_gen_join(g, prefix, "_"), mangled));
}

const char *cv_gen_resource_def(cv_gen *g, const cv_wit_typedef *resource) {
  return cv_gen_unique(g, cv_gen_key(g, "resource", resource, NULL),
                       cv_gen_join(g, cv_gen_def_name(g, resource).text, "_resource"));
}

const char *cv_gen_resource_member(cv_gen *g, const cv_wit_typedef *resource) {
  return cv_gen_unique(g, cv_gen_key(g, "resource-member", resource, NULL),
                       cv_gen_join(g, cv_gen_def_name(g, resource).text, "_type"));
}

// Structures and unions have a function of their own.
const cv_wit_type *cv_gen_behind_alias(const cv_wit_type *type) {
  while (type->kind == CV_WIT_NAMED) {
    const cv_wit_typedef *def = cv_wit_definition(type->def);
    if (def->kind != CV_WIT_ALIAS)
      return type;
    type = def->type;
  }
  return type;
}

static const char *load_fn(uint32_t size) {
  return size == 1   ? "cove_glue_load8"
         : size == 2 ? "cove_glue_load16"
         : size == 4 ? "cove_glue_load32"
                     : "cove_glue_load64";
}

static const char *store_fn(uint32_t size) {
  return size == 1   ? "cove_glue_store8"
         : size == 2 ? "cove_glue_store16"
         : size == 4 ? "cove_glue_store32"
                     : "cove_glue_store64";
}

// Moves the 32 or 64 bits of a float.
static void put_float(cv_buf *out, uint16_t kind, cv_gen_step way, const char *at, const char *to) {
  unsigned bits = kind == CV_CT_F32 ? 32 : 64;
  const char *type = kind == CV_CT_F32 ? "float" : "double";
  if (way == CV_STEP_FLAT) {
    PRINT(out, "  %s = cove_glue_f%u((%s)->f%u);\n", to, bits, at, bits);
  } else if (way == CV_STEP_PUSH) {
    PRINT(out, "  (%s)->u64 = 0;\n  (%s)->f%u = cove_glue_f%u(%s);\n", at, at, bits, bits, to);
  } else if (!cv_gen_is_lower(way)) {
    PRINT(out,
          "  {\n    %s number_;\n    memcpy(&number_, %s, sizeof number_);\n    %s = cove_glue_f%u(number_);\n  }\n",
          type, at, to, bits);
  } else {
    PRINT(out, "  {\n    %s number_ = cove_glue_f%u(%s);\n    memcpy(%s, &number_, sizeof number_);\n  }\n", type, bits,
          to, at);
  }
}

static void put_scalar(cv_gen *g, const cv_wit_type *type, cv_gen_step way, const char *at, const char *to,
                       cv_buf *out) {
  uint32_t size = cv_wit_layout_of(type).size;
  if (type->kind == CV_CT_F32 || type->kind == CV_CT_F64) {
    put_float(out, type->kind, way, at, to);
    return;
  }
  const char *ctype = cv_gen_c_type(g, type).text;
  if (way == CV_STEP_STORE) {
    PRINT(out, "  %s(%s, (uint%u_t)%s);\n", store_fn(size), at, size * 8, to);
    return;
  }
  if (way == CV_STEP_PUSH) { // an i32 is extended by its sign, and is the low half of a joined slot
    bool is_signed = type->kind == CV_CT_S8 || type->kind == CV_CT_S16 || type->kind == CV_CT_S32;
    PRINT(out, "  (%s)->u64 = %s%s;\n", at,
          size == 8   ? "(uint64_t)"
          : is_signed ? "(uint64_t)(uint32_t)(int32_t)"
                      : "(uint32_t)",
          to);
    return;
  }
  if (way != CV_STEP_FLAT && type->kind == CV_CT_BOOL)
    PRINT(out, "  %s = %s(%s) != 0;\n", to, load_fn(size), at);
  else if (way != CV_STEP_FLAT)
    PRINT(out, "  %s = (%s)%s(%s);\n", to, ctype, load_fn(size), at);
  else if (type->kind == CV_CT_BOOL)
    PRINT(out, "  %s = (%s)->u32 != 0;\n", to, at);
  else
    PRINT(out, "  %s = (%s)(%s)->u%u;\n", to, ctype, at, size == 8 ? 64 : 32);
  if (type->kind == CV_CT_CHAR)
    PRINT(out, "  COVE_GLUE_TRY(cove_glue_char(call, %s));\n", to);
}

static void put_string(cv_gen_step way, const char *at, const char *to, cv_buf *out) {
  if (cv_gen_is_lower(way)) {
    PRINT(out,
          "  {\n    uint32_t place_, units_;\n    COVE_GLUE_TRY(cove_glue_lower_string(call, %s, &place_, "
          "&units_));\n",
          to);
    if (way == CV_STEP_STORE)
      PRINT(out, "    cove_glue_store32(%s, place_);\n    cove_glue_store32((%s) + 4, units_);\n  }\n", at, at);
    else
      PRINT(out, "    (%s)[0].u64 = place_;\n    (%s)[1].u64 = units_;\n  }\n", at, at);
    return;
  }
  const char *lift = way == CV_STEP_KEEP ? "cove_glue_keep_string" : "cove_glue_lift_string";
  if (way == CV_STEP_FLAT)
    PRINT(out, "  COVE_GLUE_TRY(%s(call, (%s)[0].u32, (%s)[1].u32, &%s));\n", lift, at, at, to);
  else
    PRINT(out, "  COVE_GLUE_TRY(%s(call, cove_glue_load32(%s), cove_glue_load32((%s) + 4), &%s));\n", lift, at, at, to);
}

// The index of a handle at `at`.
static void put_handle_index(cv_gen_step way, const char *at, cv_buf *out) {
  PRINT(out, way == CV_STEP_FLAT ? "(%s)->u32" : "cove_glue_load32(%s)", at);
}

static void put_guest_handle(cv_gen *g, const cv_wit_type *type, cv_gen_step way, const char *at, const char *to,
                             cv_buf *out) {
  if (cv_gen_is_lower(way)) {
    PRINT(out,
          "  {\n    uint32_t handle_;\n    COVE_GLUE_TRY(cove_glue_%s_handle(call, (cove_handle *)(uintptr_t)&%s, "
          "&handle_));\n",
          type->kind == CV_CT_OWN ? "lower" : "lend", to);
    PRINT(out, way == CV_STEP_PUSH ? "    (%s)->u64 = handle_;\n  }\n" : "    cove_glue_store32(%s, handle_);\n  }\n",
          at);
    return;
  }
  PRINT(out, "  COVE_GLUE_TRY(cove_glue_lift_handle(call, ((const %s_exports *)call->host)->%s, ", g->prefix,
        cv_gen_resource_member(g, type->def));
  put_handle_index(way, at, out);
  PRINT(out, ", &%s));\n", to);
}

static void put_handle(cv_gen *g, const cv_wit_type *type, cv_gen_step way, const char *at, const char *to,
                       cv_buf *out) {
  const char *word = type->kind == CV_CT_OWN ? "own" : "borrow", *def = cv_gen_resource_def(g, type->def);
  if (cv_gen_is_guest_resource(g, type->def)) {
    put_guest_handle(g, type, way, at, to, out);
    return;
  }
  if (cv_gen_is_lower(way)) {
    PRINT(out, "  {\n    uint32_t handle_;\n    COVE_GLUE_TRY(cove_glue_lower_%s(call, &%s, %s, &handle_));\n", word,
          def, to);
    PRINT(out, way == CV_STEP_PUSH ? "    (%s)->u64 = handle_;\n  }\n" : "    cove_glue_store32(%s, handle_);\n  }\n",
          at);
    return;
  }
  PRINT(out, "  {\n    void *rep_;\n    COVE_GLUE_TRY(cove_glue_lift_%s(call, &%s, ", word, def);
  put_handle_index(way, at, out);
  PRINT(out, ", &rep_));\n    %s = rep_;\n  }\n", to);
}

// Statements that move one value between `at` (guest memory, or flat values) and `to` (an lvalue of the C type).
cv_status cv_gen_put_move(cv_gen *g, const cv_wit_type *given, cv_gen_step way, const char *at, const char *to,
                          cv_buf *out) {
  const cv_wit_type *type = cv_gen_behind_alias(given);
  if (type->kind == CV_CT_STRING) {
    put_string(way, at, to, out);
  } else if (cv_gen_scalar_type(type->kind)) {
    put_scalar(g, type, way, at, to, out);
  } else if (cv_gen_is_handle(type)) {
    put_handle(g, type, way, at, to, out);
  } else {
    const char *name = step_name(g, type, way);
    CV_TRY(need_step(g, type, way));
    if (cv_gen_is_lower(way))
      PRINT(out, "  COVE_GLUE_TRY(%s(call, &%s, %s));\n", name, to, at);
    else
      PRINT(out, "  COVE_GLUE_TRY(%s(call, %s, &%s));\n", name, at, to);
  }
  return CV_OK;
}

// "at + 8", "values + 2"
const char *cv_gen_offset_text(cv_gen *g, const char *base, uint32_t offset) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, offset ? "%s + %u" : "%s", base, offset);
  return cv_gen_keep(g, &out).text;
}

static const char *place_name(cv_gen_step way) {
  return cv_gen_is_flat(way) ? "values" : "at";
}

static const char *value_name(cv_gen_step way) {
  return cv_gen_is_lower(way) ? "in->" : "out->";
}

// The next part of a record: its place, and the place after it.
uint32_t cv_gen_next_place(cv_gen_step way, uint32_t *place, cv_wit_layout layout) {
  uint32_t here = cv_gen_is_flat(way) ? *place : (*place + layout.align - 1) & ~(layout.align - 1);
  *place = here + (cv_gen_is_flat(way) ? layout.flat : layout.size);
  return here;
}

static cv_status put_record(cv_gen *g, const cv_wit_part *parts, cv_gen_step way, cv_buf *out) {
  uint32_t place = 0;
  for (const cv_wit_part *part = parts; part; part = part->next) {
    uint32_t at = cv_gen_next_place(way, &place, cv_wit_layout_of(part->type));
    CV_TRY(cv_gen_put_move(g, part->type, way, cv_gen_offset_text(g, place_name(way), at),
                           cv_gen_join(g, value_name(way), cv_gen_member_name(g, part->head.name).text), out));
  }
  return CV_OK;
}

static cv_status put_tuple(cv_gen *g, const cv_wit_type *parts, cv_gen_step way, cv_buf *out) {
  uint32_t place = 0, i = 0;
  for (const cv_wit_type *part = parts; part; part = part->next, i++) {
    uint32_t at = cv_gen_next_place(way, &place, cv_wit_layout_of(part));
    char member[16];
    snprintf(member, sizeof member, "f%u", i);
    CV_TRY(cv_gen_put_move(g, part, way, cv_gen_offset_text(g, place_name(way), at),
                           cv_gen_join(g, value_name(way), member), out));
  }
  return CV_OK;
}

static void put_discriminant(cv_gen_step way, const char *to, cv_wit_layout layout, cv_buf *out) {
  uint32_t bytes = layout.discriminant;
  if (way == CV_STEP_STORE)
    PRINT(out, "  %s(at, (uint%u_t)%s);\n", store_fn(bytes), bytes * 8, to);
  else if (way == CV_STEP_PUSH)
    PRINT(out, "  for (int i = 1; i < %u; i++)\n    values[i].u64 = 0;\n  values->u64 = (uint32_t)%s;\n", layout.flat,
          to);
  else if (way == CV_STEP_FLAT)
    cv_buf_text(out, "  uint32_t which = values->u32;\n");
  else
    PRINT(out, "  uint32_t which = %s(at);\n", load_fn(bytes));
}

static const char *payload_place(cv_gen *g, cv_gen_step way, cv_wit_layout layout) {
  return cv_gen_offset_text(g, place_name(way), cv_gen_is_flat(way) ? 1 : layout.payload);
}

static cv_status put_variant(cv_gen *g, const cv_wit_typedef *def, cv_gen_step way, const char *cname, cv_buf *out) {
  cv_wit_layout layout = cv_wit_layout_of_def(def);
  uint32_t count = 0;
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    count++;
  put_discriminant(way, def->kind == CV_WIT_ENUM ? "*in" : "in->tag", layout, out);
  if (!cv_gen_is_lower(way)) {
    // Set before the check: compilers warn of a value that the trap leaves as it was.
    if (def->kind == CV_WIT_ENUM)
      PRINT(out, "  *out = (%s)which;\n", cname);
    else
      PRINT(out, "  out->tag = (uint%u_t)which;\n", layout.discriminant * 8);
    PRINT(out, "  if (which >= %u)\n    return cove_glue_case_trap(call, which, \"%.*s\");\n", count,
          CV_BYTES_ARG(def->head.name));
  }
  if (!cv_gen_has_payload(def->parts))
    return CV_OK;
  PRINT(out, "  switch (%s) {\n", cv_gen_is_lower(way) ? "in->tag" : "which");
  uint32_t i = 0;
  for (const cv_wit_part *part = def->parts; part; part = part->next, i++) {
    if (!part->type)
      continue;
    PRINT(out, "  case %u:\n", i);
    CV_TRY(cv_gen_put_move(
        g, part->type, way, payload_place(g, way, layout),
        cv_gen_join(g, cv_gen_join(g, value_name(way), "as."), cv_gen_member_name(g, part->head.name).text), out));
    cv_buf_text(out, "    break;\n");
  }
  cv_buf_text(out, "  default:\n    break;\n  }\n");
  return CV_OK;
}

static cv_status put_option(cv_gen *g, const cv_wit_type *type, cv_gen_step way, cv_buf *out) {
  cv_wit_layout layout = cv_wit_layout_of(type);
  put_discriminant(way, "in->has", layout, out);
  if (!cv_gen_is_lower(way))
    cv_buf_text(
        out, "  if (which > 1)\n    return cove_glue_case_trap(call, which, \"option\");\n  out->has = which != 0;\n");
  PRINT(out, "  if (%s) {\n", cv_gen_is_lower(way) ? "in->has" : "out->has");
  CV_TRY(cv_gen_put_move(g, type->parts, way, payload_place(g, way, layout), cv_gen_join(g, value_name(way), "value"),
                         out));
  cv_buf_text(out, "  }\n");
  return CV_OK;
}

static cv_status put_result(cv_gen *g, const cv_wit_type *type, cv_gen_step way, cv_buf *out) {
  cv_wit_layout layout = cv_wit_layout_of(type);
  const cv_wit_type *ok = type->parts && !type->parts->is_absent ? type->parts : NULL;
  const cv_wit_type *error = type->parts ? type->parts->next : NULL;
  const char *place = payload_place(g, way, layout);
  put_discriminant(way, "in->is_error", layout, out);
  if (!cv_gen_is_lower(way))
    cv_buf_text(
        out,
        "  if (which > 1)\n    return cove_glue_case_trap(call, which, \"result\");\n  out->is_error = which != 0;\n");
  if (ok) {
    PRINT(out, "  if (!%sis_error) {\n", value_name(way));
    CV_TRY(cv_gen_put_move(g, ok, way, place, cv_gen_join(g, value_name(way), "as.ok"), out));
    cv_buf_text(out, "  }\n");
  }
  if (error) {
    PRINT(out, "  if (%sis_error) {\n", value_name(way));
    CV_TRY(cv_gen_put_move(g, error, way, place, cv_gen_join(g, value_name(way), "as.error"), out));
    cv_buf_text(out, "  }\n");
  }
  return CV_OK;
}

// Elements whose bytes in a guest's memory are their bytes in C.
static bool is_plain(const cv_wit_type *given) {
  const cv_wit_type *type = cv_gen_behind_alias(given);
  switch (type->kind) {
  case CV_CT_U8:
  case CV_CT_S8:
  case CV_CT_U16:
  case CV_CT_S16:
  case CV_CT_U32:
  case CV_CT_S32:
  case CV_CT_U64:
  case CV_CT_S64:
    return true;
  default:
    return false;
  }
}

static cv_status put_list_lower(cv_gen *g, const cv_wit_type *elem, cv_wit_layout layout, cv_gen_step way,
                                cv_buf *out) {
  PRINT(out,
        "  uint32_t address;\n  uint8_t *to;\n"
        "  if (in->count > UINT32_MAX)\n    return cove_call_trap(call, \"a list is too long for the guest\");\n"
        "  COVE_GLUE_TRY(cove_glue_alloc(call, (uint64_t)in->count * %u, %u, &address, &to));\n",
        layout.size, layout.align);
  if (is_plain(elem)) {
    PRINT(out, "  if (in->count > 0)\n    memmove(to, in->data, in->count * %u);\n", layout.size);
  } else {
    PRINT(out, "  for (size_t i = 0; i < in->count; i++, to += %u) {\n", layout.size);
    CV_TRY(cv_gen_put_move(g, elem, CV_STEP_STORE, "to", "in->data[i]", out));
    cv_buf_text(out, "  }\n");
  }
  cv_buf_text(out, way == CV_STEP_STORE
                       ? "  cove_glue_store32(at, address);\n  cove_glue_store32(at + 4, (uint32_t)in->count);\n"
                       : "  values[0].u64 = address;\n  values[1].u64 = in->count;\n");
  return CV_OK;
}

static cv_status put_list(cv_gen *g, const cv_wit_type *type, cv_gen_step way, cv_buf *out) {
  const cv_wit_type *elem = cv_gen_element(g, type);
  cv_wit_layout layout = cv_wit_layout_of(elem);
  if (cv_gen_is_lower(way))
    return put_list_lower(g, elem, layout, way, out);
  cv_buf_text(out,
              way != CV_STEP_FLAT
                  ? "  uint32_t address = cove_glue_load32(at), count = cove_glue_load32(at + 4);\n  uint8_t *from;\n"
                  : "  uint32_t address = values[0].u32, count = values[1].u32;\n  uint8_t *from;\n");
  PRINT(out, "  COVE_GLUE_TRY(cove_glue_list(call, address, count, %u, %u, &from));\n  out->count = count;\n",
        layout.size, layout.align);
  cv_gen_name ctype = cv_gen_c_type(g, elem);
  if (is_plain(elem) && way != CV_STEP_KEEP) {
    PRINT(out, "  out->data = (%s *)(void *)from;\n", ctype.text);
    return CV_OK;
  }
  if (way == CV_STEP_KEEP) {
    cv_buf_text(out, "  void *kept_;\n  COVE_GLUE_TRY(cove_glue_keep(call, count * sizeof *out->data, &kept_));\n"
                     "  out->data = kept_;\n");
    if (is_plain(elem)) {
      cv_buf_text(out, "  if (count > 0)\n    memcpy(out->data, from, count * sizeof *out->data);\n");
      return CV_OK;
    }
    PRINT(out, "  for (uint32_t i = 0; i < count; i++, from += %u) {\n", layout.size);
    CV_TRY(cv_gen_put_move(g, elem, CV_STEP_KEEP, "from", "out->data[i]", out));
    cv_buf_text(out, "  }\n");
    return CV_OK;
  }
  PRINT(out,
        "  out->data = cove_call_alloc(call, count * sizeof *out->data);\n"
        "  if (!out->data)\n    return cove_call_trap(call, \"out of memory\");\n"
        "  for (uint32_t i = 0; i < count; i++, from += %u) {\n",
        layout.size);
  CV_TRY(cv_gen_put_move(g, elem, CV_STEP_LOAD, "from", "out->data[i]", out));
  cv_buf_text(out, "  }\n");
  return CV_OK;
}

static cv_status put_fixed_list(cv_gen *g, const cv_wit_type *type, cv_gen_step way, cv_buf *out) {
  cv_wit_layout layout = cv_wit_layout_of(type->parts);
  PRINT(out, "  for (uint32_t i = 0; i < %u; i++) {\n", type->length);
  cv_buf place;
  cv_buf_init(&place, g->mem);
  PRINT(&place, "%s + i * %u", place_name(way), cv_gen_is_flat(way) ? layout.flat : layout.size);
  CV_TRY(cv_gen_put_move(g, type->parts, way, cv_gen_keep(g, &place).text, cv_gen_join(g, value_name(way), "items[i]"),
                         out));
  cv_buf_text(out, "  }\n");
  return CV_OK;
}

static void put_flags(const cv_wit_typedef *def, cv_gen_step way, cv_buf *out) {
  uint32_t size = cv_wit_layout_of_def(def).size, count = 0;
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    count++;
  unsigned mask = count >= 32 ? 0xffffffffu : (1u << count) - 1;
  if (way == CV_STEP_STORE)
    PRINT(out, "  %s(at, *in & 0x%xu);\n", store_fn(size), mask);
  else if (way == CV_STEP_PUSH)
    PRINT(out, "  values->u64 = *in & 0x%xu;\n", mask);
  else if (way != CV_STEP_FLAT)
    PRINT(out, "  *out = %s(at) & 0x%xu;\n", load_fn(size), mask);
  else
    PRINT(out, "  *out = (uint%u_t)(values->u32 & 0x%xu);\n", size * 8, mask);
}

static cv_status put_step_body(cv_gen *g, const cv_wit_type *type, cv_gen_step way, const char *ctype, cv_buf *out) {
  switch (type->kind) {
  case CV_CT_OPTION:
    return put_option(g, type, way, out);
  case CV_CT_RESULT:
    return put_result(g, type, way, out);
  case CV_CT_LIST:
  case CV_CT_MAP:
    return put_list(g, type, way, out);
  case CV_CT_FIXED_LIST:
    return put_fixed_list(g, type, way, out);
  case CV_CT_TUPLE:
    return put_tuple(g, type->parts, way, out);
  default:
    break;
  }
  const cv_wit_typedef *def = cv_wit_definition(type->def);
  if (def->kind == CV_WIT_RECORD)
    return put_record(g, def->parts, way, out);
  if (def->kind == CV_WIT_FLAGS)
    put_flags(def, way, out);
  else
    return put_variant(g, def, way, ctype, out);
  return CV_OK;
}

static cv_status need_step(cv_gen *g, const cv_wit_type *type, cv_gen_step kind) {
  cv_status status;
  const char *name = step_name(g, type, kind), *ctype = cv_gen_c_type(g, type).text;
  if (!cv_gen_is_new(g, kind, name, &status))
    return status;
  cv_buf body;
  cv_buf_init(&body, g->mem);
  status = put_step_body(g, type, kind, ctype, &body);
  cv_buf *out = &g->steps;
  PRINT(out, "static cove_host_result %s(cove_call *call, ", name);
  if (kind == CV_STEP_STORE)
    PRINT(out, "const %s *in, uint8_t *at) {\n", ctype);
  else if (kind == CV_STEP_PUSH)
    PRINT(out, "const %s *in, cove_value *values) {\n", ctype);
  else if (kind == CV_STEP_FLAT)
    PRINT(out, "const cove_value *values, %s *out) {\n", ctype);
  else
    PRINT(out, "const uint8_t *at, %s *out) {\n", ctype);
  cv_buf_text(out, "  (void)call;\n");
  cv_buf_bytes(out, body.data, body.size);
  cv_buf_text(out, "  return COVE_HOST_OK;\n}\n\n");
  cv_buf_free(&body);
  return status;
}
