// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// signature.c: the text by which host functions and imports are compared (cove/glue.h).
#include "wit/bindgen.h"
#include "wit/syntax.h"

static void put_type(const cv_wit_type *type, cv_buf *out);

static void put_parts(const cv_wit_part *parts, cv_buf *out) {
  cv_buf_byte(out, '{');
  for (const cv_wit_part *part = parts; part; part = part->next) {
    cv_buf_bytes(out, part->head.name.data, part->head.name.size);
    if (part->type) {
      cv_buf_byte(out, ':');
      put_type(part->type, out);
    }
    if (part->next)
      cv_buf_byte(out, ',');
  }
  cv_buf_byte(out, '}');
}

// wasi:io/streams/input-stream
static void put_resource(const cv_wit_typedef *resource, cv_buf *out) {
  if (resource->interface) {
    cv_wit_interface_name(resource->interface, false, out);
    cv_buf_byte(out, '/');
  }
  cv_buf_bytes(out, resource->head.name.data, resource->head.name.size);
}

static void put_def(const cv_wit_typedef *given, cv_buf *out) {
  static const char *const words[] = {
      [CV_WIT_RECORD] = "record", [CV_WIT_VARIANT] = "variant", [CV_WIT_ENUM] = "enum", [CV_WIT_FLAGS] = "flags"};
  const cv_wit_typedef *def = cv_wit_definition(given);
  if (def->kind == CV_WIT_ALIAS) {
    put_type(def->type, out);
    return;
  }
  cv_buf_text(out, words[def->kind]);
  put_parts(def->parts, out);
}

static void put_type(const cv_wit_type *type, cv_buf *out) {
  if (type->kind == CV_WIT_NAMED) {
    put_def(type->def, out);
    return;
  }
  cv_buf_text(out, cv_ctype_kind_text(type->kind));
  if (type->kind == CV_CT_OWN || type->kind == CV_CT_BORROW) {
    cv_buf_byte(out, '<');
    put_resource(type->def, out);
    cv_buf_byte(out, '>');
  } else if (type->parts) {
    const cv_wit_type *part = type->parts;
    // result<_> is result
    if (part->is_absent && !part->next)
      return;
    cv_buf_byte(out, '<');
    for (; part; part = part->next) {
      if (part->is_absent)
        cv_buf_byte(out, '_');
      else
        put_type(part, out);
      if (part->next)
        cv_buf_byte(out, ',');
    }
    if (type->kind == CV_CT_FIXED_LIST)
      cv_buf_printf(out, ",%u", type->length);
    cv_buf_byte(out, '>');
  }
}

void cv_bindgen_signature(const cv_wit_func *func, cv_buf *out) {
  bool first = func->kind != CV_WIT_METHOD;
  cv_buf_text(out, func->is_async ? "async(" : "(");
  if (func->kind == CV_WIT_METHOD) {
    cv_buf_text(out, "borrow<");
    put_resource(func->resource, out);
    cv_buf_byte(out, '>');
  }
  for (const cv_wit_part *part = func->params; part; part = part->next) {
    if (!first)
      cv_buf_byte(out, ',');
    first = false;
    put_type(part->type, out);
  }
  cv_buf_byte(out, ')');
  if (func->result) {
    cv_buf_text(out, "->");
    put_type(func->result, out);
  } else if (func->kind == CV_WIT_CONSTRUCTOR) {
    cv_buf_text(out, "->own<");
    put_resource(func->resource, out);
    cv_buf_byte(out, '>');
  }
}
