// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindgen_guest_flat.c: the code between C values and flat values in a guest's bindings (CanonicalABI.md, "Flattening",
// "Flat Lifting", "Flat Lowering"). A variant's cases share slots whose core type is the join of what each case has
// there.
#include "wit/gen_guest.h"

#include <stdarg.h>
#include <stdio.h>

#define PRINT cv_buf_printf

const char *cv_guest_core_text(cv_wit_core core) {
  static const char *const names[] = {
      [CV_WIT_I32] = "int32_t", [CV_WIT_I64] = "int64_t", [CV_WIT_F32] = "float", [CV_WIT_F64] = "double"};
  return names[core];
}

const char *cv_guest_text(cv_gen *g, const char *fmt, ...) {
  cv_buf out;
  va_list args;
  cv_buf_init(&out, g->mem);
  va_start(args, fmt);
  cv_buf_vprintf(&out, fmt, args);
  va_end(args);
  return cv_gen_keep(g, &out).text;
}

void cv_guest_line(cv_guest_body *body, const char *fmt, ...) {
  va_list args;
  PRINT(body->out, "%*s", (int)body->indent, "");
  va_start(args, fmt);
  cv_buf_vprintf(body->out, fmt, args);
  va_end(args);
  cv_buf_byte(body->out, '\n');
}

// ---- core types ----------------------------------------------------------------------------------------------------

static void add_slot(cv_guest_slots *slots, cv_wit_core core, const char *text) {
  if (slots->count < CV_COUNT(slots->slot))
    slots->slot[slots->count++] = (cv_guest_slot){core, text};
}

void cv_guest_flatten(const cv_wit_type *type, cv_guest_slots *slots) {
  cv_wit_flat flat = {.count = 0};
  cv_wit_flatten(type, &flat);
  for (uint32_t i = 0; i < flat.count; i++)
    add_slot(slots, flat.types[i], NULL);
}

// ---- parts of C values ---------------------------------------------------------------------------------------------

// "a.b"; of what p points to, "*p", "p->b".
static const char *member(cv_gen *g, const char *of, const char *name) {
  return of[0] == '*' ? cv_guest_text(g, "%s->%s", of + 1, name) : cv_guest_text(g, "%s.%s", of, name);
}

static const char *element(cv_gen *g, const char *of, uint32_t i) {
  return cv_guest_text(g, "%s[%u]", member(g, of, "items"), i);
}

// A case of a variant, option or result that has a payload.
typedef struct payload {
  const cv_wit_type *type;
  const char *member;
  uint32_t number;
} payload;

// The payloads of `type`, which is no record; *tag is the member with the discriminant, NULL when the value is that.
static cv_status payloads_of(cv_gen *g, const cv_wit_type *type, payload **out, uint32_t *count, const char **tag) {
  const cv_wit_typedef *def = type->kind == CV_WIT_NAMED ? cv_wit_definition(type->def) : NULL;
  uint32_t most = 2, number = 0;
  for (const cv_wit_part *part = def ? def->parts : NULL; part; part = part->next)
    most++;
  payload *all = CV_ARENA_ARRAY(&g->arena, payload, most);
  if (!all)
    return cv_gen_no_memory(g);
  *count = 0;
  *out = all;
  *tag = def ? def->kind == CV_WIT_VARIANT ? "tag" : NULL : type->kind == CV_CT_OPTION ? "has" : "is_error";
  for (const cv_wit_part *part = def && *tag ? def->parts : NULL; part; part = part->next, number++)
    if (part->type)
      all[(*count)++] =
          (payload){part->type, cv_gen_join(g, "as.", cv_gen_member_name(g, part->head.name).text), number};
  if (def)
    return CV_OK;
  const cv_wit_type *first = type->parts;
  if (type->kind == CV_CT_OPTION) {
    all[(*count)++] = (payload){first, "value", 1};
  } else if (first) {
    if (!first->is_absent)
      all[(*count)++] = (payload){first, "as.ok", 0};
    if (first->next && !first->next->is_absent)
      all[(*count)++] = (payload){first->next, "as.error", 1};
  }
  return CV_OK;
}

// `if (...) {` for one case, and `} else if (...) {` for the next.
static void open_case(cv_gen *g, const cv_wit_type *type, const payload *p, bool is_first, const char *tag,
                      cv_guest_body *body) {
  const char *condition = type->kind == CV_WIT_NAMED ? cv_guest_text(g, "%s == %u", tag, p->number)
                          : p->number == 0           ? cv_guest_text(g, "!%s", tag)
                                                     : tag;
  cv_guest_line(body, "%sif (%s) {", is_first ? "" : "} else ", condition);
}

// ---- C to flat values ----------------------------------------------------------------------------------------------

static void need_bits(cv_gen *g) {
  cv_status status;
  if (cv_gen_is_new(g, CV_STEP_PUSH, "bits", &status))
    cv_buf_text(&g->finds, cv_guest_bits_text);
  g->out_of_memory |= status != CV_OK;
}

// A flat value of type `have` in a slot of type `want`, and back.
static const char *widened(cv_gen *g, cv_guest_slot have, cv_wit_core want) {
  if (have.core == want)
    return have.text;
  need_bits(g);
  if (have.core == CV_WIT_F64)
    return cv_guest_text(g, "cove_bits_of_f64(%s)", have.text);
  const char *bits = have.core == CV_WIT_F32 ? cv_guest_text(g, "cove_bits_of_f32(%s)", have.text) : have.text;
  return want == CV_WIT_I32 ? bits : cv_guest_text(g, "(int64_t)(uint32_t)(%s)", bits);
}

static const char *narrowed(cv_gen *g, cv_guest_slot have, cv_wit_core want) {
  if (have.core == want)
    return have.text;
  need_bits(g);
  if (want == CV_WIT_F64)
    return cv_guest_text(g, "cove_f64_of_bits(%s)", have.text);
  const char *bits = have.core == CV_WIT_I64 ? cv_guest_text(g, "(int32_t)%s", have.text) : have.text;
  return want == CV_WIT_I32 ? bits : cv_guest_text(g, "cove_f32_of_bits(%s)", bits);
}

static cv_status lower_variant(cv_gen *g, const cv_wit_type *type, const char *from, cv_guest_slots *slots,
                               cv_guest_body *body) {
  payload *payloads;
  uint32_t count;
  const char *tag;
  cv_guest_slots whole = {.count = 0};
  CV_TRY(payloads_of(g, type, &payloads, &count, &tag));
  const char *value = tag ? member(g, from, tag) : from;
  add_slot(slots, CV_WIT_I32, cv_guest_text(g, "(int32_t)%s", value));
  cv_guest_flatten(type, &whole);
  uint32_t first = body->variables;
  for (uint32_t i = 1; i < whole.count; i++) {
    cv_guest_line(body, "%s F%u = 0;", cv_guest_core_text(whole.slot[i].core), body->variables);
    add_slot(slots, whole.slot[i].core, cv_guest_text(g, "F%u", body->variables++));
  }
  for (uint32_t i = 0; i < count; i++) {
    cv_guest_slots inner = {.count = 0};
    open_case(g, type, &payloads[i], i == 0, value, body);
    body->indent += 2;
    CV_TRY(cv_guest_lower(g, payloads[i].type, member(g, from, payloads[i].member), &inner, body));
    for (uint32_t k = 0; k < inner.count; k++)
      cv_guest_line(body, "F%u = %s;", first + k, widened(g, inner.slot[k], whole.slot[1 + k].core));
    body->indent -= 2;
  }
  if (count > 0)
    cv_guest_line(body, "}");
  return CV_OK;
}

static cv_status lower_def(cv_gen *g, const cv_wit_type *type, const char *from, cv_guest_slots *slots,
                           cv_guest_body *body) {
  const cv_wit_typedef *def = cv_wit_definition(type->def);
  if (def->kind != CV_WIT_RECORD)
    return lower_variant(g, type, from, slots, body);
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    CV_TRY(cv_guest_lower(g, part->type, member(g, from, cv_gen_member_name(g, part->head.name).text), slots, body));
  return CV_OK;
}

cv_status cv_guest_lower(cv_gen *g, const cv_wit_type *given, const char *from, cv_guest_slots *slots,
                         cv_guest_body *body) {
  const cv_wit_type *type = cv_gen_behind_alias(given);
  switch (type->kind) {
  case CV_WIT_NAMED:
    return lower_def(g, type, from, slots, body);
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    return lower_variant(g, type, from, slots, body);
  case CV_CT_STRING:
  case CV_CT_LIST:
  case CV_CT_MAP:
    add_slot(slots, CV_WIT_I32, cv_guest_text(g, "(int32_t)%s", member(g, from, "data")));
    add_slot(slots, CV_WIT_I32,
             cv_guest_text(g, "(int32_t)%s", member(g, from, type->kind == CV_CT_STRING ? "size" : "count")));
    return CV_OK;
  case CV_CT_TUPLE: {
    uint32_t i = 0;
    for (const cv_wit_type *part = type->parts; part; part = part->next)
      CV_TRY(cv_guest_lower(g, part, member(g, from, cv_guest_text(g, "f%u", i++)), slots, body));
    return CV_OK;
  }
  case CV_CT_FIXED_LIST:
    for (uint32_t i = 0; i < type->length; i++)
      CV_TRY(cv_guest_lower(g, type->parts, element(g, from, i), slots, body));
    return CV_OK;
  case CV_CT_BORROW:
    if (cv_gen_is_own_resource(g, type->def)) {
      add_slot(slots, CV_WIT_I32, cv_guest_text(g, "(int32_t)%s", from));
      return CV_OK;
    }
    // As an owned one.
    // fall through
  case CV_CT_OWN:
    add_slot(slots, CV_WIT_I32, member(g, from, "handle"));
    return CV_OK;
  default: {
    cv_wit_core core = cv_wit_scalar_core(type->kind);
    bool is_float = core == CV_WIT_F32 || core == CV_WIT_F64;
    add_slot(slots, core, is_float ? from : cv_guest_text(g, "(%s)%s", cv_guest_core_text(core), from));
    return CV_OK;
  }
  }
}

// ---- flat values to C ----------------------------------------------------------------------------------------------

static cv_status lift_variant(cv_gen *g, const cv_wit_type *type, const cv_guest_slots *slots, uint32_t *at,
                              const char *to, cv_guest_body *body) {
  payload *payloads;
  uint32_t count;
  const char *tag;
  cv_guest_slots whole = {.count = 0};
  CV_TRY(payloads_of(g, type, &payloads, &count, &tag));
  cv_guest_flatten(type, &whole);
  const char *value = tag ? member(g, to, tag) : to, *given = slots->slot[*at].text;
  if (type->kind == CV_WIT_NAMED)
    cv_guest_line(body, "%s = (uint%u_t)%s;", value,
                  (tag ? cv_wit_layout_of(type).discriminant : cv_wit_layout_of(type).size) * 8, given);
  else
    cv_guest_line(body, "%s = %s != 0;", value, given);
  for (uint32_t i = 0; i < count; i++) {
    cv_guest_slots inner = {.count = 0};
    uint32_t first = 0;
    cv_guest_flatten(payloads[i].type, &inner);
    for (uint32_t k = 0; k < inner.count; k++)
      inner.slot[k].text = narrowed(g, slots->slot[*at + 1 + k], inner.slot[k].core);
    open_case(g, type, &payloads[i], i == 0, value, body);
    body->indent += 2;
    CV_TRY(cv_guest_lift(g, payloads[i].type, &inner, &first, member(g, to, payloads[i].member), body));
    body->indent -= 2;
  }
  if (count > 0)
    cv_guest_line(body, "}");
  *at += whole.count;
  return CV_OK;
}

static cv_status lift_def(cv_gen *g, const cv_wit_type *type, const cv_guest_slots *slots, uint32_t *at, const char *to,
                          cv_guest_body *body) {
  const cv_wit_typedef *def = cv_wit_definition(type->def);
  if (def->kind != CV_WIT_RECORD)
    return lift_variant(g, type, slots, at, to, body);
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    CV_TRY(cv_guest_lift(g, part->type, slots, at, member(g, to, cv_gen_member_name(g, part->head.name).text), body));
  return CV_OK;
}

cv_status cv_guest_lift(cv_gen *g, const cv_wit_type *given, const cv_guest_slots *slots, uint32_t *at, const char *to,
                        cv_guest_body *body) {
  const cv_wit_type *type = cv_gen_behind_alias(given);
  switch (type->kind) {
  case CV_WIT_NAMED:
    return lift_def(g, type, slots, at, to, body);
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    return lift_variant(g, type, slots, at, to, body);
  case CV_CT_STRING:
  case CV_CT_LIST:
  case CV_CT_MAP:
    cv_guest_line(body, "%s = (void *)%s;", member(g, to, "data"), slots->slot[*at].text);
    cv_guest_line(body, "%s = (size_t)%s;", member(g, to, type->kind == CV_CT_STRING ? "size" : "count"),
                  slots->slot[*at + 1].text);
    *at += 2;
    return CV_OK;
  case CV_CT_TUPLE: {
    uint32_t i = 0;
    for (const cv_wit_type *part = type->parts; part; part = part->next)
      CV_TRY(cv_guest_lift(g, part, slots, at, member(g, to, cv_guest_text(g, "f%u", i++)), body));
    return CV_OK;
  }
  case CV_CT_FIXED_LIST:
    for (uint32_t i = 0; i < type->length; i++)
      CV_TRY(cv_guest_lift(g, type->parts, slots, at, element(g, to, i), body));
    return CV_OK;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    if (type->kind == CV_CT_BORROW && cv_gen_is_own_resource(g, type->def))
      cv_guest_line(body, "%s = (void *)%s;", to, slots->slot[(*at)++].text);
    else
      cv_guest_line(body, "%s = %s;", member(g, to, "handle"), slots->slot[(*at)++].text);
    return CV_OK;
  case CV_CT_BOOL:
    cv_guest_line(body, "%s = %s != 0;", to, slots->slot[(*at)++].text);
    return CV_OK;
  default:
    cv_guest_line(body, "%s = (%s)%s;", to, cv_gen_scalar_type(type->kind), slots->slot[(*at)++].text);
    return CV_OK;
  }
}
