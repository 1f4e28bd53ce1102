// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindgen_calls.c: for each function that a world exports, a C function that calls it.
#include "wit/gen.h"

#define PRINT cv_buf_printf

static const char *call_name(cv_gen *g, const cv_wit_item *item, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, "%s_call_", cv_gen_item_name(g, item));
  if (func->resource) {
    cv_bindgen_snake(func->resource->head.name, &out);
    cv_buf_byte(&out, '_');
  }
  if (func->kind == CV_WIT_CONSTRUCTOR)
    cv_buf_text(&out, "new");
  else
    cv_bindgen_snake(func->head.name, &out);
  return cv_gen_unique(g, cv_gen_key(g, "call", func, item), cv_gen_keep(g, &out).text);
}

void cv_gen_name_calls(cv_gen *g, const cv_wit_item *item) {
  for (const cv_wit_typedef *def = item->interface ? item->interface->types : NULL; def; def = def->next)
    for (const cv_wit_func *func = def->funcs; func; func = func->next)
      call_name(g, item, func);
  for (const cv_wit_func *func = item->interface ? item->interface->funcs : item->func; func; func = func->next)
    call_name(g, item, func);
}

// The two halves of a call.
static const char *lower_name(cv_gen *g, const char *cname) {
  return cv_gen_unique(g, cv_gen_join(g, "lower:", cname), cv_gen_join(g, "lower_", cname));
}

static const char *lift_name(cv_gen *g, const char *cname) {
  return cv_gen_unique(g, cv_gen_join(g, "lift:", cname), cv_gen_join(g, "lift_", cname));
}

// The only flat value of a result, into `to`: as put_flat_result, the other way round.
static cv_status put_flat_lift(cv_gen *g, const cv_wit_type *type, const char *to, cv_buf *out) {
  return cv_gen_put_move(g, type, CV_STEP_FLAT, "values", to, out);
}

static void put_call_prototype(cv_gen *g, const char *cname, const cv_gen_shape *s, cv_buf *out) {
  PRINT(out, "cove_status %s(const %s_exports *exports", cname, g->prefix);
  for (uint32_t i = 0; i < s->count; i++) {
    const cv_wit_type *type = cv_gen_behind_alias(s->params[i]);
    cv_buf_text(out, ", ");
    if (cv_gen_is_handle(type) && cv_gen_is_guest_resource(g, type->def))
      PRINT(out, "%scove_handle *%s", type->kind == CV_CT_BORROW ? "const " : "", s->names[i]);
    else if (cv_gen_by_pointer(s->params[i]))
      PRINT(out, "const %s *%s", cv_gen_c_type(g, s->params[i]).text, s->names[i]);
    else
      cv_gen_put_member(g, s->params[i], s->names[i], out);
  }
  if (s->result) {
    cv_buf_text(out, ", ");
    cv_gen_put_member(g, s->result, "*result", out);
    cv_buf_text(out, ", cove_results *results");
  }
  cv_buf_text(out, ", cove_error **error)");
}

// Lowers the parameters into `values`, or into memory when they are many.
static cv_status put_call_params(cv_gen *g, const cv_gen_shape *s, cv_buf *out) {
  bool spilled = s->tuple.flat > CV_GEN_MAX_FLAT_PARAMS;
  cv_gen_step way = spilled ? CV_STEP_STORE : CV_STEP_PUSH;
  uint32_t place = 0;
  if (spilled)
    PRINT(out,
          "  uint32_t address;\n  uint8_t *to;\n  COVE_GLUE_TRY(cove_glue_alloc(call, %u, %u, &address, &to));\n"
          "  values[0].u64 = address;\n",
          s->tuple.size, s->tuple.align);
  for (uint32_t i = 0; i < s->count; i++) {
    const cv_wit_type *type = cv_gen_behind_alias(s->params[i]);
    bool pointer =
        cv_gen_by_pointer(s->params[i]) || (cv_gen_is_handle(type) && cv_gen_is_guest_resource(g, type->def));
    uint32_t at = cv_gen_next_place(way, &place, cv_wit_layout_of(s->params[i]));
    const char *from = pointer ? cv_gen_join(g, cv_gen_join(g, "(*", s->names[i]), ")") : s->names[i];
    CV_TRY(cv_gen_put_move(g, s->params[i], way, cv_gen_offset_text(g, spilled ? "to" : "values", at), from, out));
  }
  return CV_OK;
}

static cv_status put_call_result(cv_gen *g, const cv_gen_shape *s, cv_buf *out) {
  if (!s->result)
    return CV_OK;
  if (s->out.flat <= 1)
    return put_flat_lift(g, s->result, "(*result)", out);
  PRINT(out, "  uint8_t *from;\n  COVE_GLUE_TRY(cove_glue_range(call, values[0].u32, %u, %u, &from));\n", s->out.size,
        s->out.align);
  return cv_gen_put_move(g, s->result, CV_STEP_KEEP, "from", "(*result)", out);
}

// The names of the parameters, each after a comma; with their types for the inner functions.
static void put_inner_params(cv_gen *g, const cv_gen_shape *s, bool with_types, cv_buf *out) {
  for (uint32_t i = 0; i < s->count; i++) {
    const cv_wit_type *type = cv_gen_behind_alias(s->params[i]);
    cv_buf_text(out, ", ");
    if (!with_types)
      cv_buf_text(out, s->names[i]);
    else if (cv_gen_is_handle(type) && cv_gen_is_guest_resource(g, type->def))
      PRINT(out, "%scove_handle *%s", type->kind == CV_CT_BORROW ? "const " : "", s->names[i]);
    else if (cv_gen_by_pointer(s->params[i]))
      PRINT(out, "const %s *%s", cv_gen_c_type(g, s->params[i]).text, s->names[i]);
    else
      cv_gen_put_member(g, s->params[i], s->names[i], out);
  }
}

// Owned resources of the host are the component's from the call on, whatever becomes of it.
static cv_status put_call_notes(cv_gen *g, const cv_gen_shape *s, cv_buf *out) {
  bool any = false;
  for (uint32_t i = 0; i < s->count; i++)
    any |= cv_gen_has_own(g, s->params[i]);
  if (!any)
    return CV_OK;
  cv_buf_text(out, "  cove_host_result noted = COVE_HOST_OK;\n");
  for (uint32_t i = 0; i < s->count; i++)
    CV_TRY(cv_gen_put_note(
        g, s->params[i],
        cv_gen_by_pointer(s->params[i]) ? cv_gen_join(g, cv_gen_join(g, "(*", s->names[i]), ")") : s->names[i], out));
  cv_buf_text(out, "  if (run == COVE_HOST_OK)\n    run = noted;\n");
  return CV_OK;
}

static cv_status put_call_body(cv_gen *g, const char *cname, const cv_gen_shape *s, cv_buf *out) {
  PRINT(out, "static cove_host_result %s(cove_call *call, cove_value *values", lower_name(g, cname));
  put_inner_params(g, s, true, out);
  cv_buf_text(out, ") {\n  (void)call, (void)values;\n");
  CV_TRY(put_call_params(g, s, out));
  cv_buf_text(out, "  return COVE_HOST_OK;\n}\n\n");
  if (!s->result)
    return CV_OK;
  PRINT(out, "static cove_host_result %s(cove_call *call, const cove_value *values, ", lift_name(g, cname));
  cv_gen_put_member(g, s->result, "*result", out);
  cv_buf_text(out, ") {\n  (void)call;\n");
  CV_TRY(put_call_result(g, s, out));
  cv_buf_text(out, "  return COVE_HOST_OK;\n}\n\n");
  return CV_OK;
}

static cv_status add_call(cv_gen *g, const cv_wit_item *item, const cv_wit_func *func) {
  cv_gen_shape *s = CV_ARENA_NEW(&g->arena, cv_gen_shape);
  cv_buf body, notes, signature;
  if (!s)
    return cv_gen_no_memory(g);
  if (func->is_async)
    return cv_fail(g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: async function %.*s in host bindings",
                   CV_BYTES_ARG(func->head.name));
  CV_TRY(cv_gen_func_shape(g, func, s));
  const char *cname = call_name(g, item, func);
  cv_buf_init(&body, g->mem);
  cv_buf_init(&notes, g->mem);
  cv_buf_init(&signature, g->mem);
  cv_bindgen_signature(func, &signature);
  cv_status status = put_call_body(g, cname, s, &body);
  if (status == CV_OK)
    status = put_call_notes(g, s, &notes);
  cv_buf *out = &g->calls;
  cv_buf_bytes(out, body.data, body.size);
  put_call_prototype(g, cname, s, out);
  PRINT(
      out,
      " {\n  cove_call call;\n  cove_value values[COVE_GLUE_SLOTS];\n"
      "  cove_host_result run = cove_glue_enter(&call, exports->%s, %s);\n  call.host = (void *)(uintptr_t)exports;\n",
      cname, s->result ? "results" : "NULL");
  cv_buf_bytes(out, notes.data, notes.size);
  PRINT(out, "  if (run == COVE_HOST_OK)\n    run = %s(&call, values", lower_name(g, cname));
  put_inner_params(g, s, false, out);
  cv_buf_text(out, ");\n  if (run == COVE_HOST_OK)\n    run = cove_glue_invoke(&call, values);\n");
  if (s->result)
    PRINT(out, "  if (run == COVE_HOST_OK)\n    run = %s(&call, values, result);\n", lift_name(g, cname));
  cv_buf_text(out, "  return cove_glue_leave(&call, run, error);\n}\n\n");
  cv_buf proto;
  cv_buf_init(&proto, g->mem);
  put_call_prototype(g, cname, s, &proto);
  cv_buf_byte(&proto, ';');
  cv_gen_put_prototype(g, func, cv_gen_keep(g, &proto).text);
  PRINT(&g->members, "  cove_component_func *%s;\n", cname);
  PRINT(&g->finds, "      {{\"%s\", \"%s\",\n        \"%s\"},\n       &out->%s},\n",
        item->interface ? cv_gen_label_of_item(g, item) : "", cv_gen_label_of(g, func), cv_gen_keep(g, &signature).text,
        cname);
  cv_buf_free(&body);
  cv_buf_free(&notes);
  return status;
}

static cv_status add_export(cv_gen *g, const cv_wit_item *item) {
  if (item->kind == CV_WIT_ITEM_FUNC)
    return add_call(g, item, item->func);
  const char *label = cv_gen_label_of_item(g, item);
  PRINT(g->types, "// ---- %s, as an instance exports it ----\n\n", label);
  PRINT(&g->protos, "\n// ---- %s: calls ----\n\n", label);
  for (const cv_wit_typedef *def = item->interface->types; def; def = def->next)
    if (def->kind != CV_WIT_USE)
      CV_TRY(cv_gen_need_def(g, def));
  for (const cv_wit_typedef *def = item->interface->types; def; def = def->next) {
    if (def->kind == CV_WIT_RESOURCE)
      PRINT(&g->members, "  const cove_resource_type *%s;\n", cv_gen_resource_member(g, def));
    for (const cv_wit_func *func = def->funcs; func; func = func->next)
      CV_TRY(add_call(g, item, func));
  }
  for (const cv_wit_func *func = item->interface->funcs; func; func = func->next)
    CV_TRY(add_call(g, item, func));
  return CV_OK;
}

// Resources of exported interfaces, looked up after the functions.
static void put_resource_finds(cv_gen *g, cv_buf *out) {
  for (const cv_wit_item *item = g->world->exports; item; item = item->next)
    for (const cv_wit_typedef *def = item->interface ? item->interface->types : NULL; def; def = def->next)
      if (def->kind == CV_WIT_RESOURCE)
        PRINT(out,
              "  if (status == COVE_OK)\n    status = cove_glue_find_resource(instance, \"%s\", \"%.*s\", &out->%s, "
              "error);\n",
              cv_gen_label_of_item(g, item), CV_BYTES_ARG(def->head.name), cv_gen_resource_member(g, def));
}

cv_status cv_gen_add_exports(cv_gen *g) {
  if (!g->world->exports)
    return CV_OK;
  for (const cv_wit_item *item = g->world->exports; item; item = item->next)
    CV_TRY(add_export(g, item));
  cv_buf *out = &g->calls;
  PRINT(out, "cove_status %s_exports_find(cove_component_instance *instance, %s_exports *out, cove_error **error) {\n",
        g->prefix, g->prefix);
  cv_buf_text(out, "  const struct {\n    cove_glue_export what;\n    cove_component_func **to;\n  } exports[] = {\n");
  cv_buf_bytes(out, g->finds.data, g->finds.size);
  cv_buf_text(out, "  };\n  cove_status status = COVE_OK;\n"
                   "  for (size_t i = 0; i < sizeof exports / sizeof exports[0] && status == COVE_OK; i++)\n"
                   "    status = cove_glue_find_export(instance, &exports[i].what, exports[i].to, error);\n");
  put_resource_finds(g, out);
  cv_buf_text(out, "  return status;\n}\n\n");
  return CV_OK;
}
