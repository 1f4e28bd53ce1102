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
    printf("  %*s%s ", (int)(2 * (part.depth < 20 ? part.depth : 20)), "", part.is_module ? "module" : "component");
    cli_put(stdout, part.name);
    printf("%s%llu bytes", part.name.size != 0 ? ": " : "", (unsigned long long)part.size);
    if (part.is_module)
      printf(", %llu of them code, in %u function%s", (unsigned long long)part.code_size, part.func_count,
             part.func_count == 1 ? "" : "s");
    printf("\n");
  }
}

static void print_producers(const cove_component *component) {
  cove_producer line;
  for (size_t i = 0; cove_component_producer(component, i, &line); i++)
    cli_print_producer(&line);
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
      printf("  ");
      cli_put(stdout, name);
      printf(", which cove run does not provide\n");
      continue;
    }
    seen[seen_count++] = need;
    printf("  %s%s%s\n", need->what, need->option[0] != '\0' ? ", granted by " : "", need->option);
  }
  printf("%s", any ? "" : "\nAsks for nothing of the host.\n");
}

// The type of a function or of a value type as text; empty for the rest. 0, or an exit status after a message.
static int describe(const cove_component *component, const cove_component_extern *item, cove_buffer *out) {
  const cove_component_functype *func = cove_component_extern_func(item);
  const cove_component_type *type = cove_component_extern_type(item, NULL);
  cove_error *error = NULL;
  cove_status status = func != NULL   ? cove_component_describe_func(component, func, out, &error)
                       : type != NULL ? cove_component_describe_type(component, type, out, &error)
                                      : COVE_OK;
  return status == COVE_OK ? 0 : cli_report(NULL, error);
}

// "interface": what WIT calls an instance.
static const char *kind_of(const cove_component_extern *item) {
  bool is_resource;
  cove_component_sort sort = cove_component_extern_sort(item);
  (void)cove_component_extern_type(item, &is_resource);
  return is_resource ? "resource" : sort == COVE_SORT_INSTANCE ? "interface" : cove_component_sort_text(sort);
}

static void print_other(const cove_component_extern *item, int indent, const cli_need *need) {
  printf("%*s%s ", indent, "", kind_of(item));
  cli_put(stdout, cove_component_extern_name(item)); // a URL may hold anything
  printf("%s%s\n", need != NULL && need->option[0] != '\0' ? ": needs " : "", need != NULL ? need->option : "");
}

static int print_item(const cove_component *component, const cove_component_extern *item, int indent,
                      const cli_need *need) {
  cove_bytes name = cove_component_extern_name(item);
  cove_buffer text = {0};
  int status = describe(component, item, &text);
  if (status != 0)
    return status;
  if (cove_component_extern_func(item) != NULL)
    printf("%*s%.*s: %s\n", indent, "", (int)name.size, name.data, text.data);
  else if (text.size != 0)
    printf("%*stype %.*s = %s\n", indent, "", (int)name.size, name.data, text.data);
  else
    print_other(item, indent, need);
  cove_buffer_delete(&text);
  for (size_t i = 0; i < cove_component_extern_item_count(item) && status == 0; i++)
    status = print_item(component, cove_component_extern_item(item, i), indent + 2, NULL);
  return status;
}

static const cli_need *need_of(const cove_component_extern *import) {
  cove_bytes name = cove_component_extern_name(import);
  return cove_component_extern_sort(import) == COVE_SORT_INSTANCE ? cli_need_of_interface(name.data, name.size) : NULL;
}

static int print_imports(const cove_component *component) {
  size_t count = cove_component_import_count(component);
  int status = 0;
  printf("\nImports:%s\n", count == 0 ? " none" : "");
  for (size_t i = 0; i < count && status == 0; i++) {
    const cove_component_extern *import = cove_component_import(component, i);
    status = print_item(component, import, 2, need_of(import));
  }
  return status;
}

static int print_exports(const cove_component *component) {
  size_t count = cove_component_export_count(component);
  int status = 0;
  printf("\nExports:%s\n", count == 0 ? " none" : "");
  for (size_t i = 0; i < count && status == 0; i++)
    status = print_item(component, cove_component_export(component, i), 2, NULL);
  return status;
}

// ---- JSON ----

static void print_json_member(const char *name, cove_bytes text) {
  printf(",\"%s\":", name);
  cli_print_json(text);
}

static cove_bytes bytes_of(const char *text) {
  return (cove_bytes){text, strlen(text)};
}

static int print_json_item(const cove_component *component, const cove_component_extern *item, const cli_need *need) {
  cove_buffer text = {0};
  int status = describe(component, item, &text);
  if (status != 0)
    return status;
  printf("{\"name\":");
  cli_print_json(cove_component_extern_name(item));
  printf(",\"kind\":\"%s\"", kind_of(item));
  if (text.size != 0)
    print_json_member("type", (cove_bytes){text.data, text.size});
  cove_buffer_delete(&text);
  if (need != NULL && need->what[0] != '\0') {
    print_json_member("asks_for", bytes_of(need->what));
    print_json_member("granted_by", bytes_of(need->option));
  }
  size_t count = cove_component_extern_item_count(item);
  printf("%s", count != 0 ? ",\"items\":[" : "");
  for (size_t i = 0; i < count && status == 0; i++) {
    printf("%s", i != 0 ? "," : "");
    status = print_json_item(component, cove_component_extern_item(item, i), NULL);
  }
  printf("%s}", count != 0 ? "]" : "");
  return status;
}

static void print_json_parts(const cove_component *component) {
  cove_component_part part;
  for (size_t i = 0; cove_component_part_at(component, i, &part); i++) {
    printf("%s{\"kind\":\"%s\",\"depth\":%u", i != 0 ? "," : "", part.is_module ? "module" : "component", part.depth);
    print_json_member("name", part.name);
    printf(",\"size\":%llu", (unsigned long long)part.size);
    if (part.is_module)
      printf(",\"code_size\":%llu,\"functions\":%u", (unsigned long long)part.code_size, part.func_count);
    printf("}");
  }
}

static int print_json(const cove_component *component) {
  int status = 0;
  cove_producer line;
  printf("{\"size\":%llu,\"imports\":[", (unsigned long long)cove_component_size(component));
  for (size_t i = 0; i < cove_component_import_count(component) && status == 0; i++) {
    const cove_component_extern *import = cove_component_import(component, i);
    printf("%s", i != 0 ? "," : "");
    status = print_json_item(component, import, need_of(import));
  }
  printf("],\"exports\":[");
  for (size_t i = 0; i < cove_component_export_count(component) && status == 0; i++) {
    printf("%s", i != 0 ? "," : "");
    status = print_json_item(component, cove_component_export(component, i), NULL);
  }
  printf("],\"parts\":[");
  print_json_parts(component);
  printf("],\"producers\":[");
  for (size_t i = 0; cove_component_producer(component, i, &line); i++) {
    printf("%s{\"field\":", i != 0 ? "," : "");
    cli_print_json(line.field);
    print_json_member("name", line.name);
    print_json_member("version", line.version);
    printf("}");
  }
  printf("]}\n");
  return status;
}

static int print_graph(const cove_component *component, const char *path) {
  cove_buffer text;
  cove_error *error = NULL;
  if (cove_component_graph(component, &text, &error) != COVE_OK)
    return cli_report(path, error);
  fwrite(text.data, 1, text.size, stdout);
  cove_buffer_delete(&text);
  return 0;
}

static int print_words(const cove_component *component, const char *path) {
  printf("File:      %s\n", path);
  cli_print_name(cove_component_name(component));
  print_kind(component);
  print_parts(component);
  print_producers(component);
  print_grants(component);
  int status = print_imports(component);
  return status == 0 ? print_exports(component) : status;
}

int cli_inspect_component(cove_engine *engine, const cli_input *input, const cli_line *line) {
  cove_component *component;
  cove_error *error = NULL;
  cli_progress_begin("reading", input->path);
  cove_status made = cove_component_inspect(engine, input->data, input->size, &component, &error);
  cli_progress_end();
  if (made != COVE_OK)
    return cli_report(input->path, error);
  int status = cli_has(line, OPT_GRAPH)  ? print_graph(component, input->path)
               : cli_has(line, OPT_JSON) ? print_json(component)
                                         : print_words(component, input->path);
  cove_component_delete(component);
  return status;
}
