// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gen_own.c: what becomes of owned resources of the host that a call gives away, when the call traps halfway: before a
// value is lowered, those in it are noted (cove_glue_note_own), so that the ones that do not arrive are dropped.
#include "wit/gen.h"

#include <stdio.h>

#define PRINT cv_buf_printf

static bool any_part_has_own(const cv_gen *g, const cv_wit_part *part) {
  for (; part; part = part->next)
    if (part->type && cv_gen_has_own(g, part->type))
      return true;
  return false;
}

bool cv_gen_has_own(const cv_gen *g, const cv_wit_type *given) {
  const cv_wit_type *type = cv_gen_behind_alias(given);
  if (cv_gen_is_handle(type))
    return type->kind == CV_CT_OWN && !cv_gen_is_guest_resource(g, type->def);
  if (type->kind == CV_WIT_NAMED)
    return any_part_has_own(g, cv_wit_definition(type->def)->parts);
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    if (!part->is_absent && cv_gen_has_own(g, part))
      return true;
  return false;
}

static bool any_part_must_be_noted(const cv_gen *g, const cv_wit_part *part) {
  for (; part; part = part->next)
    if (part->type && cv_gen_must_note(g, part->type))
      return true;
  return false;
}

// The one resource of a value that can fail in no other way is dropped where it cannot be lowered.
bool cv_gen_must_note(const cv_gen *g, const cv_wit_type *given) {
  const cv_wit_type *type = cv_gen_behind_alias(given);
  if (cv_gen_is_handle(type) || !cv_gen_has_own(g, type))
    return false;
  if (type->kind == CV_WIT_NAMED) {
    const cv_wit_typedef *def = cv_wit_definition(type->def);
    return (def->kind == CV_WIT_RECORD && def->parts->next) || any_part_must_be_noted(g, def->parts);
  }
  if (type->kind != CV_CT_OPTION && type->kind != CV_CT_RESULT)
    return true;
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    if (!part->is_absent && cv_gen_must_note(g, part))
      return true;
  return false;
}

static cv_status put_parts(cv_gen *g, const cv_wit_typedef *def, cv_buf *out) {
  bool is_record = def->kind == CV_WIT_RECORD;
  if (!is_record)
    cv_buf_text(out, "  switch (in->tag) {\n");
  uint32_t i = 0;
  for (const cv_wit_part *part = def->parts; part; part = part->next, i++) {
    if (!part->type || !cv_gen_has_own(g, part->type))
      continue;
    if (!is_record)
      PRINT(out, "  case %u:\n", i);
    CV_TRY(cv_gen_put_note(g, part->type,
                           cv_gen_join(g, is_record ? "in->" : "in->as.", cv_gen_member_name(g, part->head.name).text),
                           out));
    if (!is_record)
      cv_buf_text(out, "    break;\n");
  }
  if (!is_record)
    cv_buf_text(out, "  default:\n    break;\n  }\n");
  return CV_OK;
}

// In braces after a condition or the head of a loop.
static cv_status put_inside(cv_gen *g, const cv_wit_type *type, const char *head, const char *what, cv_buf *out) {
  if (!type || type->is_absent || !cv_gen_has_own(g, type))
    return CV_OK;
  PRINT(out, "  %s {\n", head);
  CV_TRY(cv_gen_put_note(g, type, what, out));
  cv_buf_text(out, "  }\n");
  return CV_OK;
}

static cv_status put_note_body(cv_gen *g, const cv_wit_type *type, cv_buf *out) {
  uint32_t i = 0;
  char text[64];
  switch (type->kind) {
  case CV_CT_OPTION:
    return put_inside(g, type->parts, "if (in->has)", "in->value", out);
  case CV_CT_RESULT:
    CV_TRY(put_inside(g, type->parts, "if (!in->is_error)", "in->as.ok", out));
    return put_inside(g, type->parts->next, "if (in->is_error)", "in->as.error", out);
  case CV_CT_LIST:
  case CV_CT_MAP:
    return put_inside(g, cv_gen_element(g, type), "for (size_t i = 0; i < in->count; i++)", "in->data[i]", out);
  case CV_CT_FIXED_LIST:
    snprintf(text, sizeof text, "for (size_t i = 0; i < %u; i++)", (unsigned)type->length);
    return put_inside(g, type->parts, text, "in->items[i]", out);
  case CV_CT_TUPLE:
    for (const cv_wit_type *part = type->parts; part; part = part->next, i++) {
      snprintf(text, sizeof text, "in->f%u", (unsigned)i);
      CV_TRY(cv_gen_put_note(g, part, text, out));
    }
    return CV_OK;
  default:
    return put_parts(g, cv_wit_definition(type->def), out);
  }
}

static const char *note_name(cv_gen *g, const cv_wit_type *type) {
  return cv_gen_unique(g, cv_gen_type_key(g, "note", type, true),
                       cv_gen_join(g, "note_", cv_gen_type_mangle(g, type, true).text));
}

static cv_status need_note(cv_gen *g, const cv_wit_type *type) {
  cv_status status;
  const char *name = note_name(g, type);
  const char *ctype = cv_gen_c_type(g, type).text;
  if (!cv_gen_is_new(g, CV_STEP_NOTE, name, &status))
    return status;
  cv_buf body;
  cv_buf_init(&body, g->mem);
  status = put_note_body(g, type, &body);
  PRINT(&g->steps,
        "static cove_host_result %s(cove_call *call, const %s *in) {\n"
        "  cove_host_result noted = COVE_HOST_OK;\n",
        name, ctype);
  cv_buf_bytes(&g->steps, body.data, body.size);
  cv_buf_text(&g->steps, "  return noted;\n}\n\n");
  cv_buf_free(&body);
  return status;
}

cv_status cv_gen_put_note(cv_gen *g, const cv_wit_type *given, const char *from, cv_buf *out) {
  const cv_wit_type *type = cv_gen_behind_alias(given);
  if (!cv_gen_has_own(g, type))
    return CV_OK;
  if (cv_gen_is_handle(type)) {
    PRINT(out, "  if (cove_glue_note_own(call, &%s, %s) != COVE_HOST_OK) {\n    noted = COVE_HOST_TRAP;\n  }\n",
          cv_gen_resource_def(g, type->def), from);
    return CV_OK;
  }
  CV_TRY(need_note(g, type));
  PRINT(out, "  if (%s(call, &%s) != COVE_HOST_OK) {\n    noted = COVE_HOST_TRAP;\n  }\n", note_name(g, type), from);
  return CV_OK;
}
