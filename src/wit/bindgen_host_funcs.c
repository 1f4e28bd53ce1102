// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindgen_host_funcs.c: what a host implements, as prototypes, and the glue that calls it: see bindgen_host.c.
#include "wit/gen.h"
#include "wit/print.h"

#include <stdio.h>

#define PRINT cv_buf_printf

// The host's function for one that the world imports.
const char *cv_gen_host_func_name(cv_gen *g, const cv_wit_item *item, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, "%s_", func->resource ? cv_gen_def_name(g, func->resource).text : cv_gen_item_name(g, item));
  if (func->kind == CV_WIT_CONSTRUCTOR)
    cv_buf_text(&out, "new");
  else
    cv_bindgen_snake(func->head.name, &out);
  return cv_gen_unique(g, cv_gen_key(g, "func", func, item), cv_gen_keep(g, &out).text);
}

const char *cv_gen_host_drop_name(cv_gen *g, const cv_wit_typedef *resource) {
  return cv_gen_unique(g, cv_gen_key(g, "drop", resource, NULL),
                       cv_gen_join(g, cv_gen_def_name(g, resource).text, "_drop"));
}

// By pointer: what is a structure in C.
bool cv_gen_by_pointer(const cv_wit_type *given) {
  const cv_wit_type *type = cv_gen_behind_alias(given);
  if (cv_gen_scalar_type(type->kind) || cv_gen_is_handle(type))
    return false;
  if (type->kind != CV_WIT_NAMED)
    return true;
  const cv_wit_typedef *def = cv_wit_definition(type->def);
  return def->kind == CV_WIT_RECORD || def->kind == CV_WIT_VARIANT;
}

cv_status cv_gen_func_shape(cv_gen *g, const cv_wit_func *func, cv_gen_shape *s) {
  s->count = 0;
  s->tuple = (cv_wit_layout){.align = 1};
  s->result = func->result;
  cv_wit_type *self = NULL;
  if (func->kind == CV_WIT_METHOD || (func->kind == CV_WIT_CONSTRUCTOR && !func->result)) {
    self = CV_ARENA_NEW(&g->arena, cv_wit_type);
    if (!self)
      return cv_gen_no_memory(g);
    self->kind = func->kind == CV_WIT_METHOD ? CV_CT_BORROW : CV_CT_OWN;
    self->def = func->resource;
    self->name = func->resource->head.name;
    if (func->kind == CV_WIT_CONSTRUCTOR)
      s->result = self;
  }
  if (func->kind == CV_WIT_METHOD) {
    s->params[0] = self;
    s->names[s->count++] = "self";
  }
  for (const cv_wit_part *part = func->params; part; part = part->next) {
    if (s->count == CV_COUNT(s->params))
      return cv_fail(g->diag, CV_ELIMIT, CV_NO_OFFSET, "function %.*s has too many parameters",
                     CV_BYTES_ARG(func->head.name));
    s->params[s->count] = part->type;
    s->names[s->count++] = cv_gen_param_name(g, part->head.name);
  }
  for (uint32_t i = 0; i < s->count; i++) {
    cv_wit_layout l = cv_wit_layout_of(s->params[i]);
    s->tuple.size = ((s->tuple.size + l.align - 1) & ~(l.align - 1)) + l.size;
    s->tuple.align = CV_MAX(s->tuple.align, l.align);
    s->tuple.flat += l.flat;
    CV_TRY(cv_gen_need_type(g, s->params[i]));
  }
  s->out = cv_wit_layout_of(s->result);
  return s->result ? cv_gen_need_type(g, s->result) : CV_OK;
}

// Breaks lines after commas.
static void put_wrapped(const char *text, const char *head, const char *next_head, cv_buf *out) {
  enum { COLUMNS = 110 };
  size_t column = strlen(head);
  cv_buf_text(out, head);
  for (const char *end; *text; text = end) {
    end = strstr(text, ", ");
    end = end ? end + 2 : text + strlen(text);
    size_t size = (size_t)(end - text);
    if (column + size > COLUMNS + 1 && column > strlen(next_head)) {
      out->size -= !out->failed && out->size > 0 && out->data[out->size - 1] == ' ';
      PRINT(out, "\n%s", next_head);
      column = strlen(next_head);
    }
    cv_buf_bytes(out, text, size);
    column += size;
  }
  cv_buf_byte(out, '\n');
}

void cv_gen_put_prototype(cv_gen *g, const cv_wit_func *func, const char *text) {
  cv_buf wit;
  cv_buf_init(&wit, g->mem);
  cv_wit_print_func(func, &wit);
  cv_bindgen_docs(func->head.docs, 0, &g->protos);
  put_wrapped(cv_gen_keep(g, &wit).text, func->head.docs.size ? "//   " : "// ", "//     ", &g->protos);
  put_wrapped(text, "", "    ", &g->protos);
}

void cv_gen_host_put_prototype(cv_gen *g, const cv_wit_func *func, const char *cname, const cv_gen_shape *s) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, "cove_host_result %s(void *host, cove_call *call", cname);
  for (uint32_t i = 0; i < s->count; i++) {
    cv_buf_text(&out, ", ");
    if (cv_gen_by_pointer(s->params[i]))
      PRINT(&out, "const %s *%s", cv_gen_c_type(g, s->params[i]).text, s->names[i]);
    else
      cv_gen_put_member(g, s->params[i], s->names[i], &out);
  }
  if (s->result) {
    cv_buf_text(&out, ", ");
    cv_gen_put_member(g, s->result, "*result", &out);
  }
  cv_buf_text(&out, ");");
  cv_gen_put_prototype(g, func, cv_gen_keep(g, &out).text);
}

static cv_status put_params(cv_gen *g, const cv_gen_shape *s, cv_buf *out) {
  bool spilled = s->tuple.flat > CV_GEN_MAX_FLAT_PARAMS;
  for (uint32_t i = 0; i < s->count; i++) {
    cv_buf_text(out, "  ");
    cv_gen_put_member(g, s->params[i], s->names[i], out);
    cv_buf_text(out, ";\n");
  }
  if (spilled)
    PRINT(out, "  uint8_t *from;\n  COVE_GLUE_TRY(cove_glue_range(call, values[0].u32, %u, %u, &from));\n",
          s->tuple.size, s->tuple.align);
  uint32_t place = 0;
  for (uint32_t i = 0; i < s->count; i++) {
    uint32_t at = cv_gen_next_place(spilled ? CV_STEP_LOAD : CV_STEP_FLAT, &place, cv_wit_layout_of(s->params[i]));
    CV_TRY(cv_gen_put_move(g, s->params[i], spilled ? CV_STEP_LOAD : CV_STEP_FLAT,
                           cv_gen_offset_text(g, spilled ? "from" : "values", at), s->names[i], out));
  }
  return CV_OK;
}

// The only flat value of `type`, which `from` is: a scalar, a handle, a discriminant, or a structure around one.
static cv_status put_flat_result(cv_gen *g, const cv_wit_type *given, const char *from, cv_buf *out) {
  const cv_wit_type *type = cv_gen_behind_alias(given);
  uint32_t bits = cv_wit_layout_of(type).size * 8;
  switch (type->kind) {
  case CV_CT_F32:
  case CV_CT_F64:
    PRINT(out, "  values[0].f%u = cove_glue_f%u(%s);\n", bits, bits, from);
    return CV_OK;
  case CV_CT_S8:
  case CV_CT_S16:
  case CV_CT_S32:
    PRINT(out, "  values[0].i32 = %s;\n", from);
    return CV_OK;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    PRINT(out, "  COVE_GLUE_TRY(cove_glue_lower_%s(call, &%s, %s, &values[0].u32));\n",
          type->kind == CV_CT_OWN ? "own" : "borrow", cv_gen_resource_def(g, type->def), from);
    return CV_OK;
  case CV_CT_TUPLE:
    return put_flat_result(g, type->parts, cv_gen_join(g, from, ".f0"), out);
  case CV_CT_FIXED_LIST:
    return put_flat_result(g, type->parts, cv_gen_join(g, from, ".items[0]"), out);
  case CV_CT_OPTION:
    PRINT(out, "  values[0].u32 = %s.has;\n", from);
    return CV_OK;
  case CV_CT_RESULT:
    PRINT(out, "  values[0].u32 = %s.is_error;\n", from);
    return CV_OK;
  default:
    break;
  }
  const cv_wit_typedef *def = type->kind == CV_WIT_NAMED ? cv_wit_definition(type->def) : NULL;
  if (def && def->kind == CV_WIT_RECORD)
    return put_flat_result(g, def->parts->type,
                           cv_gen_join(g, cv_gen_join(g, from, "."), cv_gen_member_name(g, def->parts->head.name).text),
                           out);
  if (def && def->kind == CV_WIT_VARIANT)
    PRINT(out, "  values[0].u32 = %s.tag;\n", from);
  else
    PRINT(out, "  values[0].u%u = (uint%u_t)%s;\n", bits == 64 ? 64 : 32, bits == 64 ? 64 : 32, from);
  return CV_OK;
}

const char *cv_gen_host_glue_name(cv_gen *g, const char *cname) {
  return cv_gen_unique(g, cv_gen_join(g, "glue:", cname), cv_gen_join(g, "glue_", cname));
}

cv_status cv_gen_host_put_glue(cv_gen *g, const char *cname, const cv_gen_shape *s) {
  cv_buf body;
  cv_buf_init(&body, g->mem);
  uint32_t slot = s->tuple.flat > CV_GEN_MAX_FLAT_PARAMS ? 1 : s->tuple.flat;
  bool in_memory = s->result && s->out.flat > 1;
  cv_status status = put_params(g, s, &body);
  if (in_memory)
    PRINT(&body, "  uint8_t *to;\n  COVE_GLUE_TRY(cove_glue_range(call, values[%u].u32, %u, %u, &to));\n", slot,
          s->out.size, s->out.align);
  if (s->result) {
    cv_buf_text(&body, "  ");
    cv_gen_put_member(g, s->result, "result = {0}", &body);
    cv_buf_text(&body, ";\n");
  }
  for (uint32_t i = 0; i < s->count; i++)
    if (cv_gen_has_own(g, s->params[i])) {
      cv_buf_text(&body, "  cove_glue_give_all(call);\n");
      break;
    }
  PRINT(&body, "  COVE_GLUE_TRY(%s(host, call", cname);
  for (uint32_t i = 0; i < s->count; i++)
    PRINT(&body, ", %s%s", cv_gen_by_pointer(s->params[i]) ? "&" : "", s->names[i]);
  PRINT(&body, "%s));\n", s->result ? ", &result" : "");
  if (status == CV_OK && s->result && cv_gen_must_note(g, s->result)) {
    cv_buf_text(&body, "  cove_host_result noted = COVE_HOST_OK;\n");
    status = cv_gen_put_note(g, s->result, "result", &body);
    cv_buf_text(&body, "  COVE_GLUE_TRY(noted);\n");
  }
  if (status == CV_OK && in_memory)
    status = cv_gen_put_move(g, s->result, CV_STEP_STORE, "to", "result", &body);
  else if (status == CV_OK && s->result)
    status = put_flat_result(g, s->result, "result", &body);
  cv_buf *out = &g->glue;
  PRINT(out, "static cove_host_result %s(void *host, cove_call *call, cove_value *values) {\n  (void)values;\n",
        cv_gen_host_glue_name(g, cname));
  cv_buf_bytes(out, body.data, body.size);
  cv_buf_text(out, "  return COVE_HOST_OK;\n}\n\n");
  cv_buf_free(&body);
  return status;
}
