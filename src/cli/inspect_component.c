// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// inspect_component.c: cove inspect of a component: its parts, what it imports in words and with the grants that it
// needs, what it exports.
#include "cli.h"

#include <string.h>

static bool starts_with(cove_bytes text, const char *word) {
  return text.size >= strlen(word) && memcmp(text.data, word, strlen(word)) == 0;
}

static bool exports(const cove_component *component, const char *prefix) {
  for (size_t i = 0; i < cove_component_export_count(component); i++)
    if (starts_with(cove_component_extern_name(cove_component_export(component, i)), prefix))
      return true;
  return false;
}

static void print_kind(const cove_component *component) {
  const char *what = exports(component, "wasi:cli/run@0.2.")            ? "a program of WASI 0.2"
                     : exports(component, "wasi:cli/run@")              ? "a program of another WASI than 0.2"
                     : exports(component, "wasi:http/incoming-handler") ? "a component that answers HTTP requests"
                                                                        : "a component with functions to call";
  printf("Kind:      %s\n", what);
}

static void print_parts(const cove_component *component) {
  size_t modules = 0, components = 0;
  uint64_t code = 0;
  cove_component_part part;
  for (size_t i = 0; cove_component_part_at(component, i, &part); i++) {
    modules += part.is_module;
    components += !part.is_module;
    code += part.code_size;
  }
  printf("Size:      %llu bytes, %llu of them code\n", (unsigned long long)cove_component_size(component),
         (unsigned long long)code);
  printf("Parts:     %zu core module%s, %zu component%s\n", modules, modules == 1 ? "" : "s", components,
         components == 1 ? "" : "s");
  for (size_t i = 0; cove_component_part_at(component, i, &part); i++) {
    printf("  %*s%s %.*s%s%llu bytes", (int)(2 * (part.depth < 20 ? part.depth : 20)), "",
           part.is_module ? "module" : "component", (int)part.name.size, part.name.data,
           part.name.size != 0 ? ": " : "", (unsigned long long)part.size);
    if (part.is_module)
      printf(", %llu of them code, in %u function%s", (unsigned long long)part.code_size, part.func_count,
             part.func_count == 1 ? "" : "s");
    printf("\n");
  }
}

static void print_producers(const cove_component *component) {
  cove_producer line;
  for (size_t i = 0; cove_component_producer(component, i, &line); i++)
    printf("Made by:   %.*s %.*s (%.*s)\n", (int)line.name.size, line.name.data, (int)line.version.size,
           line.version.data, (int)line.field.size, line.field.data);
}

// What the imports can reach, each thing once, with the option that grants it.
static void print_grants(const cove_component *component) {
  const cli_need *seen[32];
  size_t seen_count = 0;
  bool any = false;
  for (size_t i = 0; i < cove_component_import_count(component); i++) {
    const cove_component_extern *import = cove_component_import(component, i);
    cove_bytes name = cove_component_extern_name(import);
    if (cove_component_extern_type(import, NULL) != NULL)
      continue; // the type of a value: asks for nothing
    const cli_need *need = cli_need_of_interface(name.data, name.size);
    bool known = false;
    for (size_t k = 0; k < seen_count && need != NULL; k++)
      known = known || strcmp(seen[k]->what, need->what) == 0;
    if (known || seen_count == sizeof seen / sizeof seen[0] || (need != NULL && need->what[0] == '\0'))
      continue;
    printf("%s", any ? "" : "\nAsks for:\n");
    any = true;
    if (need == NULL) {
      printf("  %.*s, which cove run does not provide\n", (int)name.size, name.data);
      continue;
    }
    seen[seen_count++] = need;
    printf("  %s%s%s\n", need->what, need->option[0] != '\0' ? ", granted by " : "", need->option);
  }
  printf("%s", any ? "" : "\nAsks for nothing of the host.\n");
}

static int print_item(const cove_component_extern *item, int indent) {
  cove_bytes name = cove_component_extern_name(item);
  cove_error *error = NULL;
  cove_buffer text = {0};
  bool is_resource;
  const cove_component_functype *func = cove_component_extern_func(item);
  const cove_component_type *type = cove_component_extern_type(item, &is_resource);
  if (func != NULL && cove_component_functype_text(func, &text, &error) != COVE_OK)
    return cli_report(NULL, error);
  if (type != NULL && cove_component_type_text(type, &text, &error) != COVE_OK)
    return cli_report(NULL, error);
  if (func != NULL)
    printf("%*s%.*s: %s\n", indent, "", (int)name.size, name.data, text.data);
  else if (type != NULL)
    printf("%*stype %.*s = %s\n", indent, "", (int)name.size, name.data, text.data);
  else
    printf("%*s%s %.*s\n", indent, "",
           is_resource ? "resource" : cove_component_sort_text(cove_component_extern_sort(item)), (int)name.size,
           name.data);
  cove_buffer_delete(&text);
  int status = 0;
  for (size_t i = 0; i < cove_component_extern_item_count(item) && status == 0; i++)
    status = print_item(cove_component_extern_item(item, i), indent + 2);
  return status;
}

static int print_items(const char *title, const cove_component *component, size_t count,
                       const cove_component_extern *(*at)(const cove_component *component, size_t index)) {
  int status = 0;
  printf("\n%s:%s\n", title, count == 0 ? " none" : "");
  for (size_t i = 0; i < count && status == 0; i++)
    status = print_item(at(component, i), 2);
  return status;
}

// ---- JSON ----

static void print_json_text(cove_bytes text) {
  putchar('"');
  for (size_t i = 0; i < text.size; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c == '"' || c == '\\')
      printf("\\%c", c);
    else if (c < 0x20)
      printf("\\u%04x", c);
    else
      putchar(c);
  }
  putchar('"');
}

static void print_json_items(const cove_component *component, size_t count,
                             const cove_component_extern *(*at)(const cove_component *component, size_t index)) {
  for (size_t i = 0; i < count; i++) {
    const cove_component_extern *item = at(component, i);
    printf("%s{\"name\":", i != 0 ? "," : "");
    print_json_text(cove_component_extern_name(item));
    printf(",\"kind\":\"%s\"}", cove_component_sort_text(cove_component_extern_sort(item)));
  }
}

static void print_json(const cove_component *component) {
  printf("{\"size\":%llu,\"imports\":[", (unsigned long long)cove_component_size(component));
  print_json_items(component, cove_component_import_count(component), cove_component_import);
  printf("],\"exports\":[");
  print_json_items(component, cove_component_export_count(component), cove_component_export);
  printf("],\"parts\":[");
  cove_component_part part;
  for (size_t i = 0; cove_component_part_at(component, i, &part); i++) {
    printf("%s{\"kind\":\"%s\",\"depth\":%u,\"name\":", i != 0 ? "," : "", part.is_module ? "module" : "component",
           part.depth);
    print_json_text(part.name);
    printf(",\"size\":%llu}", (unsigned long long)part.size);
  }
  printf("]}\n");
}

int cli_inspect_component(cove_engine *engine, const cli_input *input, bool json) {
  cove_component *component;
  cove_error *error = NULL;
  cli_progress_begin("reading", input->path);
  cove_status made = cove_component_inspect(engine, input->data, input->size, &component, &error);
  cli_progress_end();
  if (made != COVE_OK)
    return cli_report(input->path, error);
  int status = 0;
  if (json) {
    print_json(component);
  } else {
    printf("File:      %s\n", input->path);
    cove_bytes name = cove_component_name(component);
    if (name.size != 0)
      printf("Name:      %.*s\n", (int)name.size, name.data);
    print_kind(component);
    print_parts(component);
    print_producers(component);
    print_grants(component);
    status = print_items("Imports", component, cove_component_import_count(component), cove_component_import);
    if (status == 0)
      status = print_items("Exports", component, cove_component_export_count(component), cove_component_export);
  }
  cove_component_delete(component);
  return status;
}
