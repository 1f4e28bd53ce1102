// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile_object.c: cove compile --object: a compiled program as an object file for a linker, and a header with a typed
// C function for each function that the module exports.
//
// The object file (System V ABI, ELF-64) has one section, .rodata: the compiled program, and behind it its size, as two
// symbols NAME_program and NAME_program_size; NAME is the file's name without what follows its first dot, and
// with an underscore behind it where it is a word of C.
#include "app.h"
#include "compile.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

// ---- text and bytes that grow ----

typedef struct text {
  char *data;
  size_t size, capacity;
  bool failed;
} text;

static void put(text *t, const void *data, size_t size) {
  if (t->size + size + 1 > t->capacity && !t->failed) {
    size_t wanted = (t->size + size + 1) * 2;
    char *grown = realloc(t->data, wanted);
    t->failed = grown == NULL;
    if (grown != NULL) {
      t->data = grown;
      t->capacity = wanted;
    }
  }
  if (t->failed)
    return;
  if (size != 0)
    memcpy(t->data + t->size, data, size);
  t->size += size;
  t->data[t->size] = '\0';
}

CLI_PRINTF(2, 3) static void print(text *t, const char *fmt, ...) {
  char piece[1024];
  va_list args;
  va_start(args, fmt);
  int size = vsnprintf(piece, sizeof piece, fmt, args);
  va_end(args);
  if (size < 0 || (size_t)size >= sizeof piece)
    t->failed = true;
  else
    put(t, piece, (size_t)size);
}

static void put_number(text *t, uint64_t value, unsigned bytes) {
  unsigned char all[8];
  cli_app_put(all, value);
  put(t, all, bytes);
}

static void align(text *t, size_t to) {
  static const char zeros[64];
  put(t, zeros, (to - t->size % to) % to);
}

// ---- the object file ----

enum {
  ELF_HEADER = 64,
  SECTION_HEADER = 64,
  SYMBOL = 24,
  PROGRAM_ALIGNMENT = 64,
  MACHINE_X86_64 = 62, // the one whose machine code there is
  RELOCATABLE = 1,
};
enum { SECTION_RODATA = 1, SECTION_SYMBOLS = 2, SECTION_STRINGS = 3, SECTION_STACK = 4, SECTION_COUNT = 5 };

typedef struct section {
  uint32_t name, type, link, info;
  uint64_t flags, at, size, align, entry;
} section;

static void put_section(text *t, const section *s) {
  put_number(t, s->name, 4);
  put_number(t, s->type, 4);
  put_number(t, s->flags, 8);
  put_number(t, 0, 8);
  put_number(t, s->at, 8);
  put_number(t, s->size, 8);
  put_number(t, s->link, 4);
  put_number(t, s->info, 4);
  put_number(t, s->align, 8);
  put_number(t, s->entry, 8);
}

static void put_symbol(text *t, uint32_t name, uint64_t value, uint64_t size) {
  enum { GLOBAL_OBJECT = 1 << 4 | 1 };
  put_number(t, name, 4);
  put_number(t, name != 0 ? GLOBAL_OBJECT : 0, 1);
  put_number(t, 0, 1);
  put_number(t, name != 0 ? SECTION_RODATA : 0, 2);
  put_number(t, value, 8);
  put_number(t, size, 8);
}

// Appends a string and its zero; where it begins.
static uint32_t put_string(text *strings, const char *first, const char *second) {
  uint32_t at = (uint32_t)strings->size;
  put(strings, first, strlen(first));
  put(strings, second, strlen(second) + 1);
  return at;
}

static void put_elf_header(text *t) {
  static const unsigned char ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  put(t, ident, sizeof ident);
  put_number(t, RELOCATABLE, 2);
  put_number(t, MACHINE_X86_64, 2);
  put_number(t, 1, 4);
  put_number(t, 0, 8);
  put_number(t, 0, 8);
  put_number(t, ELF_HEADER, 8); // the section headers follow
  put_number(t, 0, 4);
  put_number(t, ELF_HEADER, 2);
  put_number(t, 0, 4);
  put_number(t, SECTION_HEADER, 2);
  put_number(t, SECTION_COUNT, 2);
  put_number(t, SECTION_STRINGS, 2);
}

static void make_object(text *out, const cove_buffer *compiled, const char *name) {
  enum { PROGBITS = 1, SYMTAB = 2, STRTAB = 3, ALLOC = 2 };
  text strings = {0}, symbols = {0};
  put_string(&strings, "", "");
  uint32_t rodata = put_string(&strings, ".rodata", ""), symtab = put_string(&strings, ".symtab", ""),
           strtab = put_string(&strings, ".strtab", ""), stack = put_string(&strings, ".note.GNU-stack", ""),
           program = put_string(&strings, name, "_program"), size = put_string(&strings, name, "_program_size");
  uint64_t data_at = ELF_HEADER + SECTION_COUNT * SECTION_HEADER;
  data_at = (data_at + PROGRAM_ALIGNMENT - 1) / PROGRAM_ALIGNMENT * PROGRAM_ALIGNMENT;
  uint64_t size_at = (compiled->size + 7) / 8 * 8;
  put_symbol(&symbols, 0, 0, 0);
  put_symbol(&symbols, program, 0, compiled->size);
  put_symbol(&symbols, size, size_at, 8);
  uint64_t symbols_at = data_at + size_at + 8, strings_at = symbols_at + symbols.size;
  put_elf_header(out);
  put_section(out, &(section){0});
  put_section(out, &(section){.name = rodata,
                              .type = PROGBITS,
                              .flags = ALLOC,
                              .at = data_at,
                              .size = size_at + 8,
                              .align = PROGRAM_ALIGNMENT});
  put_section(out, &(section){.name = symtab,
                              .type = SYMTAB,
                              .link = SECTION_STRINGS,
                              .info = 1,
                              .at = symbols_at,
                              .size = symbols.size,
                              .align = 8,
                              .entry = SYMBOL});
  put_section(out, &(section){.name = strtab, .type = STRTAB, .at = strings_at, .size = strings.size, .align = 1});
  put_section(out, &(section){.name = stack, .type = PROGBITS, .at = strings_at, .align = 1});
  align(out, PROGRAM_ALIGNMENT);
  put(out, compiled->data, compiled->size);
  align(out, 8);
  put_number(out, compiled->size, 8);
  put(out, symbols.data, symbols.size);
  put(out, strings.data, strings.size);
  out->failed |= strings.failed || symbols.failed;
  free(strings.data);
  free(symbols.data);
}

// ---- the header ----

// What cannot be the name of a type beside a function main, in C or C++.
static const char *const taken_words[] = {
    "alignas",  "alignof", "and",      "asm",    "auto",     "bool",      "break",    "case",      "catch",
    "char",     "class",   "concept",  "const",  "continue", "default",   "delete",   "do",        "double",
    "else",     "enum",    "explicit", "export", "extern",   "false",     "float",    "for",       "friend",
    "goto",     "if",      "inline",   "int",    "long",     "main",      "mutable",  "namespace", "new",
    "noexcept", "not",     "operator", "or",     "private",  "protected", "public",   "register",  "requires",
    "restrict", "return",  "short",    "signed", "sizeof",   "static",    "struct",   "switch",    "template",
    "this",     "throw",   "true",     "try",    "typedef",  "typeid",    "typename", "typeof",    "union",
    "unsigned", "using",   "virtual",  "void",   "volatile", "while",     "xor",
};

// The file's name without folders and without what follows its first dot, as a C name.
static void name_of(const char *path, char *out, size_t size) {
  const char *slash = strrchr(path, '/');
  if (slash != NULL)
    path = slash + 1;
  size_t n = 0;
  if (isdigit((unsigned char)path[0]) || path[0] == '.' || path[0] == '\0')
    out[n++] = '_';
  for (; *path != '\0' && *path != '.' && n + 1 < size; path++)
    out[n++] = isalnum((unsigned char)*path) ? *path : '_';
  out[n] = '\0';
  for (size_t i = 0; i < sizeof taken_words / sizeof *taken_words; i++)
    if (strcmp(out, taken_words[i]) == 0) // short ones: there is room
      memcpy(out + n, "_", 2);
}

static const char *c_type(cove_valtype type, const char **field) {
  static const struct {
    cove_valtype type;
    const char *name, *field;
  } plain[] = {{COVE_I32, "int32_t", ".i32"},
               {COVE_I64, "int64_t", ".i64"},
               {COVE_F32, "float", ".f32"},
               {COVE_F64, "double", ".f64"}};
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    if (plain[i].type == type) {
      *field = plain[i].field;
      return plain[i].name;
    }
  *field = "";
  return "cove_value";
}

// Letters and digits; anything else is an underscore.
static void c_name(cove_bytes name, char *out, size_t size) {
  size_t n = 0;
  for (size_t i = 0; i < name.size && n + 1 < size; i++)
    out[n++] = isalnum((unsigned char)name.data[i]) ? name.data[i] : '_';
  out[n] = '\0';
}

// A function that the header has: not the initialiser, which is called at the start, and none that C cannot ask for by
// its name, where it would find another one.
static bool is_function(const cove_module *module, size_t index, cove_export *item) {
  return cove_module_export(module, index, item) && item->type.kind == COVE_EXTERN_FUNC &&
         memchr(item->name.data, '\0', item->name.size) == NULL &&
         !(item->name.size == 11 && memcmp(item->name.data, "_initialize", 11) == 0);
}

// The exports by their C names, equal ones in their order.
typedef struct named {
  char *name;
  size_t index;
} named;

typedef struct names {
  named *sorted;
  size_t count;
  bool *repeats; // by export: an earlier one has the same C name
} names;

static int by_name(const void *a, const void *b) {
  const named *x = a, *y = b;
  int order = strcmp(x->name, y->name);
  return order != 0 ? order : x->index < y->index ? -1 : 1;
}

static void names_free(names *n) {
  for (size_t i = 0; i < n->count; i++)
    free(n->sorted[i].name);
  free(n->sorted);
  free(n->repeats);
}

static bool names_of(const cove_module *module, names *out) {
  size_t exports = cove_module_export_count(module);
  cove_export item;
  *out = (names){.sorted = calloc(exports + 1, sizeof *out->sorted), .repeats = calloc(exports + 1, 1)};
  if (out->sorted == NULL || out->repeats == NULL)
    return false;
  for (size_t i = 0; i < exports; i++) {
    if (!is_function(module, i, &item))
      continue;
    char name[160];
    c_name(item.name, name, sizeof name);
    char *copy = strdup(name);
    if (copy == NULL)
      return false;
    out->sorted[out->count++] = (named){copy, i};
  }
  qsort(out->sorted, out->count, sizeof *out->sorted, by_name);
  for (size_t i = 1; i < out->count; i++)
    out->repeats[out->sorted[i].index] = strcmp(out->sorted[i].name, out->sorted[i - 1].name) == 0;
  return true;
}

// Whether an export's name has its index behind it: where it comes out as that of the header's own functions, of an
// earlier export, or of one with its index behind it.
static bool needs_index(const cove_module *module, const names *n, size_t index) {
  static const char *const own[] = {"open", "start", "close", "program", "program_size"};
  cove_export item;
  char mine[160], other[160];
  cove_module_export(module, index, &item);
  c_name(item.name, mine, sizeof mine);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (strcmp(mine, own[i]) == 0)
      return true;
  if (n->repeats[index])
    return true;
  char *behind = strrchr(mine, '_'), *end;
  if (behind == NULL || !isdigit((unsigned char)behind[1]))
    return false;
  unsigned long first = strtoul(behind + 1, &end, 10);
  if (*end != '\0' || !is_function(module, first, &item))
    return false;
  c_name(item.name, other, sizeof other);
  *behind = '\0';
  return strcmp(mine, other) == 0 && needs_index(module, n, first);
}

// An export's name as the end of a C name.
static void put_export_name(text *t, const cove_module *module, const names *n, size_t index) {
  cove_export item;
  char name[160];
  cove_module_export(module, index, &item);
  c_name(item.name, name, sizeof name);
  put(t, name, strlen(name));
  if (needs_index(module, n, index))
    print(t, "_%zu", index);
}

// As a C string's contents.
static void put_escaped(text *t, cove_bytes name) {
  for (size_t i = 0; i < name.size; i++) {
    unsigned char c = (unsigned char)name.data[i];
    if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '?')
      print(t, "\\%03o", c);
    else
      put(t, &c, 1);
  }
}

// `number` is its place among the functions of the header.
static void put_function(text *t, const cove_module *module, const names *n, size_t index, size_t number,
                         const char *name) {
  cove_export item;
  cove_module_export(module, index, &item);
  const cove_functype *type = &item.type.as.func;
  size_t params = type->param_count, results = type->result_count, most = params > results ? params : results;
  const char *field;
  print(t, "\n// \"");
  put_escaped(t, item.name);
  print(t, "\"\nstatic inline cove_status %s_", name);
  put_export_name(t, module, n, index);
  print(t, "(%s *guest", name);
  for (size_t i = 0; i < params; i++)
    print(t, ", %s p%zu", c_type(type->params[i], &field), i);
  for (size_t i = 0; i < results; i++)
    print(t, ", %s *r%zu", c_type(type->results[i], &field), i);
  print(t, ", cove_error **error) {\n  cove_value v[%zu] = {{0}};\n  cove_status status;\n", most > 0 ? most : 1);
  for (size_t i = 0; i < params; i++) {
    (void)c_type(type->params[i], &field);
    print(t, "  v[%zu]%s = p%zu;\n", i, field, i);
  }
  print(t, "  status = cove_func_call(guest->funcs[%zu], v, %zu, v, %zu, error);\n", number, params, results);
  if (results != 0)
    print(t, "  if (status != COVE_OK)\n    return status;\n");
  for (size_t i = 0; i < results; i++) {
    (void)c_type(type->results[i], &field);
    print(t, "  *r%zu = v[%zu]%s;\n", i, i, field);
  }
  print(t, "  return status;\n}\n");
}

static const char beginning[] =
    "//\n"
    "//   %1$s_open    an engine, the module, a store, a linker; then define what the guest imports: guest.linker\n"
    "//   %1$s_start   the instance; calls its initialiser (_initialize), where it has one\n"
    "//   %1$s_close   ends all of it\n"
    "//\n"
    "// Link with the object file and with libcove: cc main.c %1$s.o $(pkg-config --cflags --libs cove). A guest is "
    "for one\n"
    "// thread at a time. *error, as everywhere in cove, is made on failure and deleted by the caller.\n"
    "#ifndef %2$s_GUEST_H\n"
    "#define %2$s_GUEST_H\n"
    "\n"
    "#include <cove/cove.h>\n"
    "\n"
    "#ifdef __cplusplus\n"
    "extern \"C\" {\n"
    "#endif\n"
    "extern const unsigned char %1$s_program[];\n"
    "extern const uint64_t %1$s_program_size;\n"
    "#ifdef __cplusplus\n"
    "}\n"
    "#endif\n"
    "\n"
    "typedef struct %1$s {\n"
    "  cove_engine *engine;\n"
    "  cove_module *module;\n"
    "  cove_store *store;\n"
    "  cove_linker *linker;\n"
    "  cove_instance *instance;\n"
    "  cove_func *funcs[%3$zu]; // there after %1$s_start\n"
    "} %1$s;\n"
    "\n"
    "static inline void %1$s_close(%1$s *guest) {\n"
    "  cove_linker_delete(guest->linker);\n"
    "  cove_store_delete(guest->store);\n"
    "  cove_module_delete(guest->module);\n"
    "  cove_engine_delete(guest->engine);\n"
    "}\n"
    "\n"
    "// `config` may be NULL. On failure there is nothing to close.\n"
    "static inline cove_status %1$s_open(%1$s *guest, const cove_config *config, cove_error **error) {\n"
    "  cove_status status;\n"
    "  guest->engine = NULL;\n"
    "  guest->module = NULL;\n"
    "  guest->store = NULL;\n"
    "  guest->linker = NULL;\n"
    "  guest->instance = NULL;\n"
    "  status = cove_engine_new(config, &guest->engine, error);\n"
    "  if (status == COVE_OK)\n"
    "    status = cove_module_load_compiled(guest->engine, %1$s_program, (size_t)%1$s_program_size, NULL, NULL,\n"
    "                                       &guest->module, error);\n"
    "  if (status == COVE_OK)\n"
    "    status = cove_store_new(guest->engine, NULL, &guest->store, error);\n"
    "  if (status == COVE_OK && (guest->linker = cove_linker_new(guest->store)) == NULL)\n"
    "    status = COVE_NO_MEMORY;\n"
    "  if (status != COVE_OK)\n"
    "    %1$s_close(guest);\n"
    "  return status;\n"
    "}\n"
    "\n"
    "// COVE_USAGE without an error: this header is not that of the object file.\n"
    "static inline cove_status %1$s_start(%1$s *guest, cove_error **error) {\n"
    "  static const char *const names[] = {%4$s};\n"
    "  cove_func *initialise;\n"
    "  size_t i;\n"
    "  cove_status status = cove_linker_instantiate(guest->linker, guest->module, &guest->instance, error);\n"
    "  if (status != COVE_OK)\n"
    "    return status;\n"
    "  for (i = 0; i < sizeof names / sizeof *names; i++) {\n"
    "    guest->funcs[i] = cove_instance_func(guest->instance, names[i]);\n"
    "    if (guest->funcs[i] == NULL && names[i][0] != '\\0')\n"
    "      return COVE_USAGE;\n"
    "  }\n"
    "  initialise = cove_instance_func(guest->instance, \"_initialize\");\n"
    "  return initialise != NULL ? cove_func_call(initialise, NULL, 0, NULL, 0, error) : COVE_OK;\n"
    "}\n";

static void make_header(text *out, const cove_module *module, const char *path, const char *name) {
  char upper[128], *piece = NULL;
  size_t n = 0;
  for (; name[n] != '\0' && n + 1 < sizeof upper; n++)
    upper[n] = (char)toupper((unsigned char)name[n]);
  upper[n] = '\0';
  const char *slash = strrchr(path, '/');
  print(out, "// Made by cove compile: the functions of ");
  put_escaped(out, (cove_bytes){slash != NULL ? slash + 1 : path, strlen(slash != NULL ? slash + 1 : path)});
  print(out, ", as C.\n");
  text list = {0};
  size_t count = 0, exports = cove_module_export_count(module);
  cove_export item;
  for (size_t i = 0; i < exports; i++)
    if (is_function(module, i, &item)) {
      print(&list, count++ == 0 ? "\"" : ",\n                                      \"");
      put_escaped(&list, item.name);
      print(&list, "\"");
    }
  // A module without functions: C has no empty arrays, and nothing is called like this.
  if (count == 0)
    print(&list, "\"\"");
  int size = list.failed ? -1 : asprintf(&piece, beginning, name, upper, count > 0 ? count : 1, list.data);
  free(list.data);
  if (size < 0) {
    out->failed = true;
    return;
  }
  put(out, piece, (size_t)size);
  free(piece);
  names c_names;
  if (!names_of(module, &c_names))
    out->failed = true;
  count = 0;
  for (size_t i = 0; i < exports && !out->failed; i++)
    if (is_function(module, i, &item))
      put_function(out, module, &c_names, i, count++, name);
  names_free(&c_names);
  print(out, "\n#endif\n");
}

static int write_header(const cli_line *line, cove_engine *engine, const cli_input *input, const char *name) {
  const char *path = cli_value(line, OPT_HEADER);
  cove_module *module;
  cove_error *error = NULL;
  if (cove_module_inspect(engine, input->data, input->size, &module, &error) != COVE_OK)
    return cli_report(input->path, error);
  text header = {0};
  make_header(&header, module, input->path, name);
  cove_module_delete(module);
  int status = CLI_EXIT_INTERNAL;
  if (header.failed)
    cli_error("out of memory");
  else
    status = cli_replace_file(path, header.data, header.size, false);
  free(header.data);
  return status;
}

int cli_compile_object(const cli_line *line, cove_engine *engine, const cli_input *input, const cove_buffer *compiled) {
  char name[100];
  name_of(cli_value(line, OPT_OUTPUT), name, sizeof name);
  if (cli_has(line, OPT_HEADER)) {
    int status = write_header(line, engine, input, name);
    if (status != 0)
      return status;
  }
  text object = {0};
  make_object(&object, compiled, name);
  int status = CLI_EXIT_INTERNAL;
  if (object.failed)
    cli_error("out of memory");
  else
    status = cli_replace_file(cli_value(line, OPT_OUTPUT), object.data, object.size, false);
  free(object.data);
  return status;
}
