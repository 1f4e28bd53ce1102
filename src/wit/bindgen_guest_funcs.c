// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindgen_guest_funcs.c: the functions of a guest's bindings.
//
// An import is a core function of flat values, and a C function around it. An export is a core function, which makes C
// values and calls the one that the program provides; where its result owns memory, a second core function,
// cabi_post_NAME, frees it when the caller has read it. Parameters of more than 16 flat values and results of more than
// one are in memory, where C values are as they should be.
#include "wit/gen_guest.h"

#include <stdio.h>

#define PRINT cv_buf_printf

enum { MAX_FLAT_RESULTS = 1 };

static const char *func_name(cv_gen *g, cv_guest_place place, const cv_wit_func *func, bool is_export) {
  cv_buf text;
  cv_buf_init(&text, g->mem);
  PRINT(&text, "%s_", func->resource ? cv_gen_def_name(g, func->resource).text : place.prefix);
  if (func->kind == CV_WIT_CONSTRUCTOR)
    cv_buf_text(&text, "new");
  else
    cv_bindgen_snake(func->head.name, &text);
  return cv_gen_unique(g, cv_gen_key(g, is_export ? "export" : "import", func, place.item), cv_gen_keep(g, &text).text);
}

static void put_prototype(cv_gen *g, const char *cname, const cv_gen_shape *s, bool is_export, cv_buf *out) {
  if (s->result) {
    cv_buf_text(out, cv_guest_handle_note(g, s->result, is_export));
    cv_gen_put_member(g, s->result, cname, out);
  } else {
    PRINT(out, "void %s", cname);
  }
  cv_buf_byte(out, '(');
  for (uint32_t i = 0; i < s->count; i++) {
    cv_buf_text(out, i > 0 ? ", " : "");
    cv_buf_text(out, cv_guest_handle_note(g, s->params[i], is_export));
    if (cv_gen_by_pointer(s->params[i]))
      PRINT(out, "%s%s *%s", is_export ? "" : "const ", cv_gen_c_type(g, s->params[i]).text, s->names[i]);
    else
      cv_gen_put_member(g, s->params[i], s->names[i], out);
  }
  cv_buf_text(out, s->count == 0 ? "void)" : ")");
}

// The structure of parameters that do not fit.
static void put_args_type(cv_gen *g, const cv_gen_shape *s, cv_buf *out) {
  cv_buf_text(out, "struct {\n");
  for (uint32_t i = 0; i < s->count; i++) {
    cv_buf_text(out, "    ");
    cv_gen_put_member(g, s->params[i], cv_guest_text(g, "P%u", i), out);
    cv_buf_text(out, ";\n");
  }
  cv_buf_text(out, "  }");
}

// "(int32_t, double)" or, with names, "(int32_t P0, double P1)"
static void put_core_params(const cv_guest_slots *slots, bool named, cv_buf *out) {
  cv_buf_byte(out, '(');
  for (uint32_t i = 0; i < slots->count; i++) {
    PRINT(out, "%s%s", i > 0 ? ", " : "", cv_guest_core_text(slots->slot[i].core));
    if (named)
      PRINT(out, " P%u", i);
  }
  cv_buf_text(out, slots->count == 0 ? "void)" : ")");
}

static void put_core_func(cv_gen *g, const cv_gen_shape *s, const char *kind, const char *cname,
                          const cv_guest_slots *params, bool named, cv_buf *out) {
  cv_guest_slots result = {.count = 0};
  (void)g;
  if (s->result && s->out.flat <= MAX_FLAT_RESULTS)
    cv_guest_flatten(s->result, &result);
  PRINT(out, "%s cove_%s_%s", result.count ? cv_guest_core_text(result.slot[0].core) : "void", kind, cname);
  put_core_params(params, named, out);
}

// ---- imports -------------------------------------------------------------------------------------------------------

// A value of one core value, or a string, as an expression over core values; NULL for other types.
static const char *simple_value(cv_gen *g, const cv_wit_type *given, const char *first, const char *second) {
  const cv_wit_type *type = cv_gen_behind_alias(given);
  const char *cname = cv_gen_c_type(g, type).text;
  if (cv_gen_by_pointer(type))
    return NULL;
  if (type->kind == CV_CT_STRING)
    return second ? cv_guest_text(g, "(cove_string){(void *)%s, (size_t)%s}", first, second) : NULL;
  if (type->kind == CV_CT_BOOL)
    return cv_guest_text(g, "%s != 0", first);
  if (type->kind == CV_CT_BORROW && cv_gen_is_own_resource(g, type->def))
    return cv_guest_text(g, "(void *)%s", first);
  return cv_guest_text(g, cv_gen_is_handle(type) ? "(%s){%s}" : "(%s)%s", cname, first);
}

static cv_status put_import_body(cv_gen *g, const char *cname, const cv_gen_shape *s, const cv_guest_slots *args,
                                 cv_buf *out) {
  bool in_memory = s->result && s->out.flat > MAX_FLAT_RESULTS;
  cv_guest_body body = {out, 2, 0};
  cv_buf text;
  cv_buf_init(&text, g->mem);
  PRINT(&text, "cove_import_%s(", cname);
  for (uint32_t i = 0; i < args->count; i++)
    PRINT(&text, "%s%s", i > 0 ? ", " : "", args->slot[i].text);
  PRINT(&text, "%s)", !in_memory ? "" : args->count ? ", (int32_t)&R" : "(int32_t)&R");
  const char *call = cv_gen_keep(g, &text).text;
  const char *simple = s->result ? simple_value(g, s->result, call, NULL) : NULL;
  if (!s->result || simple) {
    PRINT(out, "  %s%s;\n", simple ? "return " : "", simple ? simple : call);
    return CV_OK;
  }
  cv_buf_text(out, "  ");
  cv_gen_put_member(g, s->result, "R;\n", out);
  if (in_memory) {
    PRINT(out, "  %s;\n", call);
  } else {
    cv_guest_slots flat = {.count = 0};
    uint32_t at = 0;
    cv_guest_flatten(s->result, &flat);
    PRINT(out, "  %s F = %s;\n", cv_guest_core_text(flat.slot[0].core), call);
    flat.slot[0].text = "F";
    CV_TRY(cv_guest_lift(g, s->result, &flat, &at, "R", &body));
  }
  cv_buf_text(out, "  return R;\n");
  return CV_OK;
}

// The flat arguments of an import, with the statements that make them.
static cv_status put_import_args(cv_gen *g, const cv_gen_shape *s, cv_guest_slots *args, cv_buf *out) {
  cv_guest_body body = {out, 2, 0};
  if (s->tuple.flat > CV_GEN_MAX_FLAT_PARAMS) {
    cv_buf_text(out, "  const ");
    put_args_type(g, s, out);
    cv_buf_text(out, " A = {");
    for (uint32_t i = 0; i < s->count; i++)
      PRINT(out, "%s%s%s", i > 0 ? ", " : "", cv_gen_by_pointer(s->params[i]) ? "*" : "", s->names[i]);
    cv_buf_text(out, "};\n");
    args->slot[args->count++] = (cv_guest_slot){CV_WIT_I32, "(int32_t)&A"};
    return CV_OK;
  }
  for (uint32_t i = 0; i < s->count; i++)
    CV_TRY(cv_guest_lower(g, s->params[i],
                          cv_gen_by_pointer(s->params[i]) ? cv_gen_join(g, "*", s->names[i]) : s->names[i], args,
                          &body));
  return CV_OK;
}

static cv_status new_shape(cv_gen *g, const cv_wit_func *func, cv_gen_shape **out) {
  *out = CV_ARENA_NEW(&g->arena, cv_gen_shape);
  if (!*out)
    return cv_gen_no_memory(g);
  if (func->is_async)
    return cv_fail(g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: async function %.*s in guest bindings",
                   CV_BYTES_ARG(func->head.name));
  return cv_gen_func_shape(g, func, *out);
}

cv_status cv_guest_add_import(cv_gen *g, cv_guest_place place, const cv_wit_func *func) {
  const char *cname = func_name(g, place, func, false);
  cv_gen_shape *s;
  // The parameters of the core function: one more than those of values, for the address of a result.
  cv_guest_slots args = {.count = 0}, core;
  CV_TRY(new_shape(g, func, &s));
  cv_bindgen_docs(func->head.docs, 0, &g->protos);
  put_prototype(g, cname, s, false, &g->protos);
  cv_buf_text(&g->protos, ";\n");
  cv_buf *out = &g->glue;
  cv_buf text;
  cv_buf_init(&text, g->mem);
  cv_status status = put_import_args(g, s, &args, &text);
  core = args;
  if (status == CV_OK)
    status = put_import_body(g, cname, s, &args, &text);
  PRINT(out, "COVE_IMPORT(\"%s\", \"%s\")\n", place.module, cv_gen_label_of(g, func));
  cv_buf raw;
  cv_buf_init(&raw, g->mem);
  put_core_func(g, s, "import", cname, &core, false, &raw);
  if (s->result && s->out.flat > MAX_FLAT_RESULTS) {
    // In place of `void)` or `)`.
    raw.size -= core.count ? 1 : sizeof "void)" - 1;
    cv_buf_text(&raw, core.count ? ", int32_t)" : "int32_t)");
  }
  cv_buf_bytes(out, raw.data, raw.size);
  cv_buf_text(out, ";\n\nCOVE_WEAK ");
  put_prototype(g, cname, s, false, out);
  cv_buf_text(out, " {\n");
  cv_buf_bytes(out, text.data, text.size);
  cv_buf_text(out, "}\n\n");
  out->failed |= text.failed | raw.failed;
  cv_buf_free(&text);
  cv_buf_free(&raw);
  return status;
}

// ---- exports -------------------------------------------------------------------------------------------------------

// Statements that make the arguments for the program's function, which are appended to `call`.
static cv_status put_export_params(cv_gen *g, const cv_gen_shape *s, const cv_guest_slots *core, cv_buf *call,
                                   cv_buf *out) {
  cv_guest_body body = {out, 2, 0};
  cv_guest_slots slots = *core;
  uint32_t at = 0;
  bool spilled = s->tuple.flat > CV_GEN_MAX_FLAT_PARAMS;
  if (spilled) {
    cv_buf_text(out, "  ");
    put_args_type(g, s, out);
    cv_buf_text(out, " *A = (void *)P0;\n");
  }
  for (uint32_t i = 0; i < slots.count; i++)
    slots.slot[i].text = cv_guest_text(g, "P%u", i);
  for (uint32_t i = 0; i < s->count; i++) {
    const char *before = i > 0 ? ", " : "", *address = cv_gen_by_pointer(s->params[i]) ? "&" : "";
    if (spilled) {
      PRINT(call, "%s%sA->P%u", before, address, i);
      continue;
    }
    const char *simple = simple_value(g, s->params[i], slots.slot[at].text, cv_guest_text(g, "P%u", at + 1));
    if (simple) {
      PRINT(call, "%s%s", before, simple);
      at += cv_wit_layout_of(s->params[i]).flat;
      continue;
    }
    PRINT(call, "%s%sA%u", before, address, i);
    cv_buf_text(out, "  ");
    cv_gen_put_member(g, s->params[i], cv_guest_text(g, "A%u;\n", i), out);
    CV_TRY(cv_guest_lift(g, s->params[i], &slots, &at, cv_guest_text(g, "A%u", i), &body));
  }
  return CV_OK;
}

static cv_status put_export_body(cv_gen *g, const char *cname, const cv_gen_shape *s, const cv_guest_slots *core,
                                 cv_buf *out) {
  bool in_memory = s->result && s->out.flat > MAX_FLAT_RESULTS;
  cv_guest_body body = {out, 2, 0};
  cv_buf call;
  cv_buf_init(&call, g->mem);
  if (in_memory) {
    cv_buf_text(out, "  static ");
    cv_gen_put_member(g, s->result, "R;\n", out);
  }
  cv_status status = put_export_params(g, s, core, &call, out);
  const char *args = cv_gen_keep(g, &call).text;
  if (status != CV_OK)
    return status;
  cv_buf_text(out, "  ");
  if (s->result && !in_memory)
    cv_gen_put_member(g, s->result, "", out);
  PRINT(out, "%s%s(%s);\n", s->result ? "R = " : "", cname, args);
  if (s->tuple.flat > CV_GEN_MAX_FLAT_PARAMS)
    cv_buf_text(out, "  free(A);\n");
  if (in_memory) {
    cv_buf_text(out, "  return (int32_t)&R;\n");
  } else if (s->result) {
    cv_guest_slots flat = {.count = 0};
    CV_TRY(cv_guest_lower(g, s->result, "R", &flat, &body));
    PRINT(out, "  return %s;\n", flat.slot[0].text);
  }
  return CV_OK;
}

static void put_post(cv_gen *g, cv_guest_place place, const char *label, const char *cname, const cv_gen_shape *s,
                     cv_buf *out) {
  if (!(cv_guest_owns(g, s->result) & CV_GUEST_MEMORY))
    return;
  const char *type = cv_gen_c_type(g, s->result).text;
  PRINT(out, "COVE_EXPORT(\"cabi_post_%s%s\")\nvoid cove_post_%s(%s *R);\n\nvoid cove_post_%s(%s *R) {\n", place.module,
        label, cname, type, cname, type);
  cv_guest_put_free(g, s->result, "*R", true, 2, out);
  cv_buf_text(out, "}\n\n");
}

cv_status cv_guest_add_export(cv_gen *g, cv_guest_place place, const cv_wit_func *func) {
  const char *cname = func_name(g, place, func, true), *label = cv_gen_label_of(g, func);
  cv_gen_shape *s;
  cv_guest_slots core = {.count = 0};
  CV_TRY(new_shape(g, func, &s));
  cv_bindgen_docs(func->head.docs, 0, &g->protos);
  put_prototype(g, cname, s, true, &g->protos);
  cv_buf_text(&g->protos, ";\n");
  if (s->tuple.flat > CV_GEN_MAX_FLAT_PARAMS)
    core = (cv_guest_slots){.slot = {{CV_WIT_I32, NULL}}, .count = 1};
  else
    for (uint32_t i = 0; i < s->count; i++)
      cv_guest_flatten(s->params[i], &core);
  cv_buf *out = &g->calls, raw;
  cv_buf_init(&raw, g->mem);
  if (s->result && s->out.flat > MAX_FLAT_RESULTS)
    PRINT(&raw, "int32_t cove_lift_%s", cname), put_core_params(&core, true, &raw);
  else
    put_core_func(g, s, "lift", cname, &core, true, &raw);
  const char *prototype = cv_gen_keep(g, &raw).text;
  PRINT(out, "COVE_EXPORT(\"%s%s\")\n%s;\n\n%s {\n", place.module, label, prototype, prototype);
  CV_TRY(put_export_body(g, cname, s, &core, out));
  cv_buf_text(out, "}\n\n");
  put_post(g, place, label, cname, s, out);
  return CV_OK;
}
