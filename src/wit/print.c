// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// print.c: WIT as text, two spaces for each level.
#include "wit/print.h"

#include "wit/syntax.h"

static void indent(cv_buf *out, unsigned level) {
  cv_buf_printf(out, "%*s", (int)(2 * level), "");
}

// A keyword as a name takes a percent sign.
static void put_id(cv_bytes name, cv_buf *out) {
  if (cv_wit_is_keyword(name))
    cv_buf_byte(out, '%');
  cv_buf_bytes(out, name.data, name.size);
}

// The contents of a string literal; versions and names have nothing to escape.
static void put_escaped(cv_bytes text, cv_buf *out) {
  for (size_t i = 0; i < text.size; i++) {
    uint8_t c = text.data[i];
    if (c == '"' || c == '\\' || c == '\n' || c == '\t' || c == '\r')
      cv_buf_byte(out, '\\');
    cv_buf_byte(out, c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : c);
  }
}

static void put_head(const cv_wit_head *head, unsigned level, cv_buf *out) {
  for (size_t at = 0; at < head->docs.size;) {
    size_t end = at;
    while (end < head->docs.size && head->docs.data[end] != '\n')
      end++;
    indent(out, level);
    cv_buf_text(out, end > at ? "/// " : "///");
    cv_buf_bytes(out, head->docs.data + at, end - at);
    cv_buf_byte(out, '\n');
    at = end + 1;
  }
  const struct {
    const char *before;
    cv_bytes text;
    const char *after;
  } marks[] = {{"@since(version = ", head->gate.since, ")"},
               {"@unstable(feature = ", head->gate.unstable, ")"},
               {"@deprecated(version = ", head->gate.deprecated, ")"},
               {"@external-id(\"", head->external_id, "\")"}};
  for (size_t i = 0; i < CV_COUNT(marks); i++)
    if (marks[i].text.size) {
      indent(out, level);
      cv_buf_text(out, marks[i].before);
      put_escaped(marks[i].text, out);
      cv_buf_text(out, marks[i].after);
      cv_buf_byte(out, '\n');
    }
  indent(out, level);
}

// ---- types ---------------------------------------------------------------------------------------------------------

void cv_wit_print_type(const cv_wit_type *type, cv_buf *out) {
  if (type->is_absent) {
    cv_buf_byte(out, '_');
    return;
  }
  if (type->kind == CV_WIT_NAMED || type->kind == CV_CT_OWN) {
    put_id(type->name, out);
    return;
  }
  cv_buf_text(out, cv_ctype_kind_text(type->kind));
  if (type->kind == CV_CT_BORROW) {
    cv_buf_byte(out, '<');
    put_id(type->name, out);
    cv_buf_byte(out, '>');
  }
  for (const cv_wit_type *part = type->parts; part; part = part->next) {
    cv_buf_text(out, part == type->parts ? "<" : ", ");
    cv_wit_print_type(part, out);
  }
  if (type->kind == CV_CT_FIXED_LIST)
    cv_buf_printf(out, ", %u", type->length);
  if (type->parts)
    cv_buf_byte(out, '>');
}

// ---- definitions ---------------------------------------------------------------------------------------------------

static void put_params(const cv_wit_func *func, cv_buf *out) {
  cv_buf_byte(out, '(');
  for (const cv_wit_part *part = func->params; part; part = part->next) {
    put_id(part->head.name, out);
    cv_buf_text(out, ": ");
    cv_wit_print_type(part->type, out);
    if (part->next)
      cv_buf_text(out, ", ");
  }
  cv_buf_byte(out, ')');
  if (func->result) {
    cv_buf_text(out, " -> ");
    cv_wit_print_type(func->result, out);
  }
}

static void put_func_text(const cv_wit_func *func, cv_buf *out) {
  if (func->kind == CV_WIT_CONSTRUCTOR) {
    cv_buf_text(out, "constructor");
  } else {
    put_id(func->head.name, out);
    cv_buf_printf(out, ": %s%sfunc", func->kind == CV_WIT_STATIC ? "static " : "", func->is_async ? "async " : "");
  }
  put_params(func, out);
}

void cv_wit_print_func(const cv_wit_func *func, cv_buf *out) {
  if (func->resource) {
    put_id(func->resource->head.name, out);
    cv_buf_byte(out, '.');
  }
  put_func_text(func, out);
}

static void put_func(const cv_wit_func *func, unsigned level, cv_buf *out) {
  put_head(&func->head, level, out);
  put_func_text(func, out);
  cv_buf_text(out, ";\n");
}

// An interface as seen from a package.
static void put_interface_name(const cv_wit_interface *interface, const cv_wit_package *package, cv_buf *out) {
  if (interface->package == package)
    put_id(interface->head.name, out);
  else
    cv_wit_interface_name(interface, true, out);
}

static void put_body(const cv_wit_typedef *def, unsigned level, cv_buf *out) {
  static const char *const words[] = {
      [CV_WIT_RECORD] = "record", [CV_WIT_VARIANT] = "variant", [CV_WIT_ENUM] = "enum", [CV_WIT_FLAGS] = "flags"};
  cv_buf_printf(out, "%s ", words[def->kind]);
  put_id(def->head.name, out);
  cv_buf_text(out, " {\n");
  for (const cv_wit_part *part = def->parts; part; part = part->next) {
    put_head(&part->head, level + 1, out);
    put_id(part->head.name, out);
    if (part->type) {
      cv_buf_text(out, def->kind == CV_WIT_RECORD ? ": " : "(");
      cv_wit_print_type(part->type, out);
      cv_buf_text(out, def->kind == CV_WIT_RECORD ? "" : ")");
    }
    cv_buf_text(out, ",\n");
  }
  indent(out, level);
  cv_buf_text(out, "}\n");
}

static void put_typedef(const cv_wit_typedef *def, unsigned level, cv_buf *out) {
  put_head(&def->head, level, out);
  switch (def->kind) {
  case CV_WIT_USE:
    cv_buf_text(out, "use ");
    put_interface_name(def->target->interface, def->interface ? def->interface->package : def->world->package, out);
    cv_buf_text(out, ".{");
    put_id(def->source, out);
    if (!cv_bytes_equal(def->source, def->head.name)) {
      cv_buf_text(out, " as ");
      put_id(def->head.name, out);
    }
    cv_buf_text(out, "};\n");
    break;
  case CV_WIT_ALIAS:
    cv_buf_text(out, "type ");
    put_id(def->head.name, out);
    cv_buf_text(out, " = ");
    cv_wit_print_type(def->type, out);
    cv_buf_text(out, ";\n");
    break;
  case CV_WIT_RESOURCE:
    cv_buf_text(out, "resource ");
    put_id(def->head.name, out);
    cv_buf_text(out, def->funcs ? " {\n" : ";\n");
    for (const cv_wit_func *func = def->funcs; func; func = func->next)
      put_func(func, level + 1, out);
    if (def->funcs) {
      indent(out, level);
      cv_buf_text(out, "}\n");
    }
    break;
  default:
    put_body(def, level, out);
  }
}

static void put_interface_body(const cv_wit_interface *interface, unsigned level, cv_buf *out) {
  for (const cv_wit_typedef *def = interface->types; def; def = def->next)
    put_typedef(def, level, out);
  for (const cv_wit_func *func = interface->funcs; func; func = func->next)
    put_func(func, level, out);
}

// ---- worlds --------------------------------------------------------------------------------------------------------

static void put_item(const cv_wit_world *world, const cv_wit_item *item, unsigned level, cv_buf *out) {
  put_head(&item->head, level, out);
  cv_buf_text(out, item->is_export ? "export " : "import ");
  if (item->head.name.size) {
    put_id(item->head.name, out);
    cv_buf_text(out, ": ");
  }
  switch (item->kind) {
  case CV_WIT_ITEM_FUNC:
    cv_buf_text(out, item->func->is_async ? "async func" : "func");
    put_params(item->func, out);
    cv_buf_text(out, ";\n");
    break;
  case CV_WIT_ITEM_INLINE:
    cv_buf_text(out, "interface {\n");
    put_interface_body(item->interface, level + 1, out);
    indent(out, level);
    cv_buf_text(out, "}\n");
    break;
  case CV_WIT_ITEM_INTERFACE:
    put_interface_name(item->interface, world->package, out);
    cv_buf_text(out, ";\n");
  }
}

static void put_world(const cv_wit_world *world, unsigned level, cv_buf *out) {
  put_head(&world->head, level, out);
  cv_buf_text(out, "world ");
  put_id(world->head.name, out);
  cv_buf_text(out, " {\n");
  for (const cv_wit_typedef *def = world->types; def; def = def->next)
    put_typedef(def, level + 1, out);
  for (const cv_wit_item *item = world->imports; item; item = item->next)
    put_item(world, item, level + 1, out);
  for (const cv_wit_item *item = world->exports; item; item = item->next)
    put_item(world, item, level + 1, out);
  indent(out, level);
  cv_buf_text(out, "}\n");
}

static void put_package(const cv_wit_package *package, bool in_braces, cv_buf *out) {
  unsigned level = in_braces;
  const cv_wit_head head = {.docs = package->docs};
  put_head(&head, 0, out);
  cv_buf_printf(out, "package %.*s:%.*s", CV_BYTES_ARG(package->ns), CV_BYTES_ARG(package->name));
  if (package->version.size)
    cv_buf_printf(out, "@%.*s", CV_BYTES_ARG(package->version));
  cv_buf_text(out, in_braces ? " {\n" : ";\n");
  for (const cv_wit_interface *interface = package->interfaces; interface; interface = interface->next) {
    if (!in_braces || interface != package->interfaces)
      cv_buf_byte(out, '\n');
    put_head(&interface->head, level, out);
    cv_buf_text(out, "interface ");
    put_id(interface->head.name, out);
    cv_buf_text(out, " {\n");
    put_interface_body(interface, level + 1, out);
    indent(out, level);
    cv_buf_text(out, "}\n");
  }
  for (const cv_wit_world *world = package->worlds; world; world = world->next) {
    if (!in_braces || world != package->worlds || package->interfaces)
      cv_buf_byte(out, '\n');
    put_world(world, level, out);
  }
  if (in_braces)
    cv_buf_text(out, "}\n");
}

void cv_wit_print(const cv_wit *wit, const cv_wit_package *first, cv_buf *out) {
  if (first)
    put_package(first, false, out);
  for (const cv_wit_package *package = wit->packages; package; package = package->next)
    if (package != first) {
      if (out->size)
        cv_buf_byte(out, '\n');
      put_package(package, true, out);
    }
}
