// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// inspect.c: cove inspect: in words, what a module is, what it needs, what it offers, and what it would have to be
// granted.
#include "cli.h"

#include <string.h>

static bool is(cove_bytes text, const char *word) {
  return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static bool is_wasi(cove_bytes module) {
  return is(module, "wasi_snapshot_preview1") || is(module, "wasi_unstable");
}

static void print_types(const cove_valtype *types, size_t count) {
  char shown[64];
  for (size_t i = 0; i < count; i++)
    printf("%s%s", i != 0 ? " " : "", cove_valtype_name(types[i], shown, sizeof shown));
}

static void print_memory(const cove_memorytype *type) {
  printf("%llu page%s", (unsigned long long)type->minimum, type->minimum == 1 ? "" : "s");
  if (type->page_size == 65536)
    printf(" (%llu KiB)", (unsigned long long)type->minimum * 64);
  if (type->maximum != COVE_NO_MAXIMUM)
    printf(", at most %llu", (unsigned long long)type->maximum);
  printf("%s%s", type->is_64 ? ", 64-bit" : "", type->is_shared ? ", shared" : "");
}

static void print_type(const cove_externtype *type) {
  char shown[64];
  switch (type->kind) {
  case COVE_EXTERN_FUNC:
  case COVE_EXTERN_TAG:
    printf("(");
    print_types(type->as.func.params, type->as.func.param_count);
    printf(") -> (");
    print_types(type->as.func.results, type->as.func.result_count);
    printf(")");
    break;
  case COVE_EXTERN_TABLE:
    printf("%llu of %s", (unsigned long long)type->as.table.minimum,
           cove_valtype_name(type->as.table.element, shown, sizeof shown));
    break;
  case COVE_EXTERN_MEMORY:
    print_memory(&type->as.memory);
    break;
  case COVE_EXTERN_GLOBAL:
    printf("%s%s", type->as.global.is_mutable ? "mutable " : "",
           cove_valtype_name(type->as.global.type, shown, sizeof shown));
    break;
  }
}

// ---- sections of the report ----

static void print_kind(const cove_module *module) {
  cove_export item;
  cove_import import;
  bool wasi = false;
  for (size_t i = 0; cove_module_import(module, i, &import); i++)
    wasi = wasi || is_wasi(import.module);
  bool command = cove_module_find_export(module, "_start", &item);
  bool reactor = cove_module_find_export(module, "_initialize", &item);
  const char *what = command   ? "a program (it has a start, \"_start\")"
                     : reactor ? "a reactor (functions to call: --invoke NAME)"
                               : "a module without a program (functions to call: --invoke NAME)";
  printf("Kind:      %s\n", what);
  printf("Interface: %s\n", wasi                                    ? "WASI preview 1"
                            : cove_module_import_count(module) == 0 ? "none"
                                                                    : "of its own host");
}

static void print_sizes(const cove_module *module) {
  cove_module_facts facts;
  cove_module_facts_of(module, &facts);
  printf("Size:      %llu bytes, %llu of them code, in %u function%s\n", (unsigned long long)facts.size,
         (unsigned long long)facts.code_size, facts.func_count - facts.imported_funcs,
         facts.func_count - facts.imported_funcs == 1 ? "" : "s");
  cove_memorytype memory;
  for (size_t i = 0; cove_module_memory(module, i, &memory); i++) {
    printf("Memory:    ");
    print_memory(&memory);
    printf("\n");
  }
  printf("Debugging: %s, %s\n", facts.has_names ? "function names" : "no function names",
         facts.has_dwarf ? "source lines (DWARF)" : "no source lines");
}

void cli_print_producer(const cove_producer *line) {
  printf("Made by:   ");
  cli_put(stdout, line->name);
  putchar(' ');
  cli_put(stdout, line->version);
  printf(" (");
  cli_put(stdout, line->field);
  printf(")\n");
}

void cli_print_name(cove_bytes name) {
  if (name.size == 0)
    return;
  printf("Name:      ");
  cli_put(stdout, name);
  putchar('\n');
}

// Module and name of an import.
static void print_names(cove_bytes module, cove_bytes name) {
  cli_put(stdout, module);
  putchar(' ');
  cli_put(stdout, name);
}

static void print_producers(const cove_module *module) {
  cove_producer line;
  for (size_t i = 0; cove_module_producer(module, i, &line); i++)
    cli_print_producer(&line);
}

static int print_features(const cove_module *module) {
  printf("Features:  ");
  const char *name;
  size_t shown = 0;
  for (size_t i = 0; (name = cove_feature_name(i, NULL, NULL)) != NULL; i++) {
    bool needed;
    cove_error *error = NULL;
    if (strcmp(name, "mvp") == 0)
      continue;
    if (cove_module_needs_feature(module, i, &needed, &error) != COVE_OK)
      return cli_report(NULL, error);
    if (needed)
      printf("%s%s", shown++ != 0 ? ", " : "", name);
  }
  printf("%s\n", shown == 0 ? "WebAssembly 1.0 only" : "");
  return 0;
}

static void print_imports(const cove_module *module) {
  size_t count = cove_module_import_count(module);
  printf("\nImports:%s\n", count == 0 ? " none" : "");
  cove_import import;
  for (size_t i = 0; cove_module_import(module, i, &import); i++) {
    printf("  %s ", cove_extern_kind_name(import.type.kind));
    print_names(import.module, import.name);
    printf(": ");
    print_type(&import.type);
    printf("\n");
  }
}

static void print_exports(const cove_module *module) {
  size_t count = cove_module_export_count(module);
  printf("\nExports:%s\n", count == 0 ? " none" : "");
  cove_export item;
  for (size_t i = 0; cove_module_export(module, i, &item); i++) {
    printf("  %s ", cove_extern_kind_name(item.type.kind));
    cli_put(stdout, item.name);
    printf(": ");
    print_type(&item.type);
    printf("\n");
  }
}

// What the WASI imports can reach, each thing once, with the option that grants it.
static void print_grants(const cove_module *module) {
  const cli_need *seen[32];
  size_t seen_count = 0;
  cove_import import;
  bool any = false;
  for (size_t i = 0; cove_module_import(module, i, &import); i++) {
    if (!is_wasi(import.module)) {
      if (!any)
        printf("\nAsks for:\n");
      any = true;
      printf("  ");
      print_names(import.module, import.name);
      printf(", which cove run does not provide\n");
      continue;
    }
    const cli_need *need = cli_need_of(import.name.data, import.name.size);
    bool known = need == NULL;
    for (size_t j = 0; j < seen_count; j++)
      known = known || strcmp(seen[j]->what, need->what) == 0;
    if (known || seen_count == sizeof seen / sizeof seen[0])
      continue;
    seen[seen_count++] = need;
    if (!any)
      printf("\nAsks for:\n");
    any = true;
    printf("  %s%s%s\n", need->what, need->option[0] != '\0' ? ", granted by " : "", need->option);
  }
  if (!any)
    printf("\nAsks for nothing of the host.\n");
}

// ---- JSON ----

void cli_print_json(cove_bytes text) {
  putchar('"');
  for (size_t i = 0; i < text.size; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c == '"' || c == '\\')
      printf("\\%c", c);
    else if (c < 0x20 || c == 0x7f) // and C1 controls, which are two bytes in UTF-8: terminals obey them as well
      printf("\\u%04x", c);
    else if (c == 0xc2 && i + 1 < text.size && ((unsigned char)text.data[i + 1] & 0xe0) == 0x80)
      printf("\\u%04x", (unsigned char)text.data[++i]);
    else
      putchar(c);
  }
  putchar('"');
}

static void print_json(const cove_module *module) {
  cove_module_facts facts;
  cove_module_facts_of(module, &facts);
  printf("{\"size\":%llu,\"code_size\":%llu,\"functions\":%u,\"imports\":[", (unsigned long long)facts.size,
         (unsigned long long)facts.code_size, facts.func_count - facts.imported_funcs);
  cove_import import;
  for (size_t i = 0; cove_module_import(module, i, &import); i++) {
    printf("%s{\"module\":", i != 0 ? "," : "");
    cli_print_json(import.module);
    printf(",\"name\":");
    cli_print_json(import.name);
    printf(",\"kind\":\"%s\"}", cove_extern_kind_name(import.type.kind));
  }
  printf("],\"exports\":[");
  cove_export item;
  for (size_t i = 0; cove_module_export(module, i, &item); i++) {
    printf("%s{\"name\":", i != 0 ? "," : "");
    cli_print_json(item.name);
    printf(",\"kind\":\"%s\"}", cove_extern_kind_name(item.type.kind));
  }
  printf("]}\n");
}

static int print_words(const cove_module *module, const char *path) {
  printf("File:      %s\n", path);
  cli_print_name(cove_module_name(module));
  print_kind(module);
  print_sizes(module);
  print_producers(module);
  int status = print_features(module);
  print_grants(module);
  print_imports(module);
  print_exports(module);
  return status;
}

int cli_inspect(const cli_line *line) {
  if (line->operand_count != 1) {
    cli_error(line->operand_count == 0 ? "which file?" : "one file at a time");
    return CLI_EXIT_USAGE;
  }
  if (cli_has(line, OPT_JSON) && cli_has(line, OPT_GRAPH)) {
    cli_error("--json and --graph are two forms of output: choose one");
    return CLI_EXIT_USAGE;
  }
  const char *path = line->operands[0];
  cove_engine *engine;
  int status = cli_make_engine(line, &engine);
  if (status != 0)
    return status;
  cli_input input;
  status = cli_read_input(path, engine, &input);
  if (status == 0 && input.is_component) {
    status = cli_inspect_component(engine, &input, line);
    cli_input_free(&input);
  } else if (status == 0 && cli_has(line, OPT_GRAPH)) {
    cli_error("%s is a core module: there is a graph of components only", path);
    cli_input_free(&input);
    status = CLI_EXIT_DATA;
  } else if (status == 0) {
    cove_module *module;
    cove_error *error = NULL;
    cli_progress_begin("reading", path);
    cove_status made = cove_module_inspect(engine, input.data, input.size, &module, &error);
    if (made != COVE_OK) {
      status = cli_report(path, error);
    } else {
      if (cli_has(line, OPT_JSON))
        print_json(module);
      else
        status = print_words(module, path);
      cove_module_delete(module);
    }
    cli_progress_end();
    cli_input_free(&input);
  }
  cove_engine_delete(engine);
  return status;
}
