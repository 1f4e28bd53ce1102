// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// make.c: worlds for the test of host bindings, and for each of them bindings, a host that answers every call with its
// arguments, and a guest that passes every call on. Runs while the tests are built.
//
// usage: make WORLD.wit|SEED NAME FOLDER    writes NAME.h, NAME.c and NAME_host.c
//        make rSEED NAME FOLDER             NAME.h and NAME.c of a world with resources, for compiling only
//
// Each function of a world of the first kind gives back its argument, or the tuple of its arguments.
#include "random_wit.h"
#include "wit/bindgen.h"
#include "wit/encode.h"
#include "wit/load.h"
#include "wit/syntax.h"

#include <stdio.h>
#include <stdlib.h>

#define PRINT cv_buf_printf

static cv_mem mem;
static cv_diag diag;

static void die(const char *what) {
  char text[700];
  fprintf(stderr, "bindings_make: %s: %s\n", what, cv_diag_message(&diag, text, sizeof text));
  exit(1);
}

// ---- flat types (CanonicalABI.md, "Flattening") --------------------------------------------------------------------

enum { MAX_FLAT = 16 };

// i, I, f, F: i32, i64, f32, f64
typedef struct flat {
  char of[MAX_FLAT + 1];
  unsigned count;
} flat;

static void add_flat(const cv_wit_type *type, flat *out);

static char join(char a, char b) {
  if (a == b)
    return a;
  return (a == 'i' && b == 'f') || (a == 'f' && b == 'i') ? 'i' : 'I';
}

static void put_flat(flat *out, char c) {
  if (out->count < MAX_FLAT)
    out->of[out->count] = c;
  out->count++;
}

// A case joins the slots after the discriminant.
static void join_case(flat *out, unsigned start, const cv_wit_type *payload) {
  flat one = {.count = 0};
  if (payload && !payload->is_absent)
    add_flat(payload, &one);
  for (unsigned i = 0; i < one.count && i < MAX_FLAT; i++)
    if (start + i < out->count && start + i < MAX_FLAT)
      out->of[start + i] = join(out->of[start + i], one.of[i]);
    else
      put_flat(out, one.of[i]);
}

static void add_def(const cv_wit_typedef *def, flat *out) {
  switch (def->kind) {
  case CV_WIT_ALIAS:
    add_flat(def->type, out);
    return;
  case CV_WIT_RECORD:
    for (const cv_wit_part *part = def->parts; part; part = part->next)
      add_flat(part->type, out);
    return;
  default:
    put_flat(out, 'i');
    unsigned start = out->count;
    for (const cv_wit_part *part = def->kind == CV_WIT_VARIANT ? def->parts : NULL; part; part = part->next)
      join_case(out, start, part->type);
  }
}

static void add_flat(const cv_wit_type *type, flat *out) {
  if (cv_wit_layout_of(type).flat > MAX_FLAT) { // spilled, however it looks
    out->count = MAX_FLAT + 1;
    return;
  }
  switch (type->kind) {
  case CV_WIT_NAMED:
    add_def(cv_wit_definition(type->def), out);
    return;
  case CV_CT_S64:
  case CV_CT_U64:
    put_flat(out, 'I');
    return;
  case CV_CT_F32:
    put_flat(out, 'f');
    return;
  case CV_CT_F64:
    put_flat(out, 'F');
    return;
  case CV_CT_STRING:
  case CV_CT_LIST:
  case CV_CT_MAP:
    put_flat(out, 'i');
    break;
  case CV_CT_TUPLE:
    for (const cv_wit_type *part = type->parts; part; part = part->next)
      add_flat(part, out);
    return;
  case CV_CT_FIXED_LIST:
    for (uint32_t i = 0; i < type->length; i++)
      add_flat(type->parts, out);
    return;
  default:
    break;
  }
  put_flat(out, 'i');
  unsigned start = out->count;
  if (type->kind == CV_CT_OPTION || type->kind == CV_CT_RESULT)
    for (const cv_wit_type *part = type->parts; part; part = part->next)
      join_case(out, start, part);
}

static const char *core_type(char c) {
  return c == 'i' ? "i32" : c == 'I' ? "i64" : c == 'f' ? "f32" : "f64";
}

static void put_core_params(const flat *f, cv_buf *out) {
  for (unsigned i = 0; i < f->count; i++)
    PRINT(out, " (param %s)", core_type(f->of[i]));
}

// ---- the guest -----------------------------------------------------------------------------------------------------

static const char memory_text[] =
    "  (memory (export \"memory\") 2)\n"
    "  (global $at (mut i32) (i32.const 65536))\n"
    "  (func (export \"cabi_realloc\") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32)\n"
    "    (result i32) (local $r i32)\n"
    "    (local.set $r (i32.and (i32.sub (i32.add (global.get $at) (local.get $align)) (i32.const 1))\n"
    "                           (i32.sub (i32.const 0) (local.get $align))))\n"
    "    (global.set $at (i32.add (local.get $r) (local.get $size)))\n"
    "    (if (i32.gt_u (global.get $at) (i32.mul (memory.size) (i32.const 65536)))\n"
    "      (then (drop (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))))))\n"
    "    (if (i32.gt_u (local.get $old-size) (local.get $size)) (then (local.set $old-size (local.get $size))))\n"
    "    (memory.copy (local.get $r) (local.get $old) (local.get $old-size))\n"
    "    (local.get $r))\n";

static void put_core_func(const char *interface, const cv_wit_func *func, unsigned index, cv_buf *imports,
                          cv_buf *out) {
  flat params = {.count = 0}, results = {.count = 0};
  uint32_t count = 0;
  for (const cv_wit_part *part = func->params; part; part = part->next) {
    add_flat(part->type, &params);
    count += cv_wit_layout_of(part->type).flat;
  }
  if (count > MAX_FLAT)
    params = (flat){.of = "i", .count = 1};
  if (func->result)
    add_flat(func->result, &results);
  bool in_memory = results.count > 1;
  cv_bytes name = func->head.name;
  PRINT(imports, "  (import \"%s\" \"%.*s\" (func $import%u", interface, CV_BYTES_ARG(name), index);
  put_core_params(&params, imports);
  if (in_memory)
    cv_buf_text(imports, " (param i32)))\n");
  else
    PRINT(imports, results.count ? " (result %s)))\n" : "))\n", core_type(results.of[0]));
  PRINT(out, "  (func (export \"%s#%.*s\")", interface, CV_BYTES_ARG(name));
  put_core_params(&params, out);
  if (func->result)
    PRINT(out, " (result %s)", in_memory ? "i32" : core_type(results.of[0]));
  PRINT(out, "\n    (call $import%u", index);
  for (unsigned i = 0; i < params.count; i++)
    PRINT(out, " (local.get %u)", i);
  cv_buf_text(out, in_memory ? " (i32.const 64)) (i32.const 64))\n" : "))\n");
  PRINT(out, "  (func (export \"cabi_post_%s#%.*s\")", interface, CV_BYTES_ARG(name));
  if (func->result)
    PRINT(out, " (param %s)", in_memory ? "i32" : core_type(results.of[0]));
  cv_buf_text(out, " (global.set $at (i32.const 65536)))\n");
}

static void put_core(const cv_wit_world *world, cv_buf *out) {
  cv_buf imports, funcs;
  unsigned index = 0;
  cv_buf_init(&imports, &mem);
  cv_buf_init(&funcs, &mem);
  for (const cv_wit_item *item = world->exports; item; item = item->next) {
    cv_buf name;
    cv_buf_init(&name, &mem);
    cv_wit_item_name(item, &name);
    for (const cv_wit_func *func = item->interface->funcs; func; func = func->next)
      put_core_func(cv_buf_cstr(&name), func, index++, &imports, &funcs);
    cv_buf_free(&name);
  }
  PRINT(out, "(module\n%s%s%s)\n", cv_buf_cstr(&imports), memory_text, cv_buf_cstr(&funcs));
  cv_buf_free(&imports);
  cv_buf_free(&funcs);
}

// ---- the host ------------------------------------------------------------------------------------------------------

// The names of the parameters in a prototype, after those that all have: "a", "b", "result".
typedef struct param {
  char name[200];
  bool by_pointer;
} param;

static unsigned read_params(const char *at, const char *end, param *out) {
  unsigned count = 0;
  for (const char *next; at < end && count < 40; at = next) {
    const char *stop = memchr(at, ',', (size_t)(end - at));
    stop = stop ? stop : end;
    next = stop < end ? stop + 1 : end;
    while (next < end && (*next == ' ' || *next == '\n'))
      next++;
    const char *name = stop;
    while (name > at && name[-1] != ' ' && name[-1] != '*')
      name--;
    out[count].by_pointer = strncmp(at, "const ", 6) == 0;
    snprintf(out[count++].name, sizeof out->name, "%.*s", (int)(stop - name), name);
  }
  return count;
}

// The nth prototype that begins with `start` and has `mark` in it.
static const char *prototype(const char *header, const char *start, const char *mark, unsigned n) {
  for (const char *line = header; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
    const char *end = strstr(line, ");\n"), *found = strstr(line, mark);
    if (strncmp(line, start, strlen(start)) == 0 && found && found < end && n-- == 0)
      return line;
  }
  return NULL;
}

static void put_answer(const char *name, const char *line, const char *call, cv_buf *out) {
  const char *end = strstr(line, ");\n"), *from = strchr(line, '(') + 1;
  const char *call_name = call + strlen("cove_status ");
  param params[40];
  const unsigned first = 2; // after host and call
  unsigned count = read_params(from, end, params);
  bool has_result = count > first && strcmp(params[count - 1].name, "result") == 0;
  count -= has_result;
  PRINT(out, "%.*s) {\n  echo *host_ = host;\n  (void)call;\n", (int)(end - line), line);
  PRINT(out,
        "  if (host_->exports != NULL) {\n    cove_results_free(&host_->results);\n    return %.*s((const %s_exports "
        "*)host_->exports",
        (int)(strchr(call_name, '(') - call_name), call_name, name);
  for (unsigned i = first; i < count; i++)
    PRINT(out, ", %s", params[i].name);
  PRINT(out,
        "%s, &host_->error) == COVE_OK ? COVE_HOST_OK\n      : cove_call_trap(call, \"the second instance "
        "trapped\");\n  }\n",
        has_result ? ", result, &host_->results" : "");
  for (unsigned i = first; i < count && has_result; i++) {
    if (count == first + 1)
      PRINT(out, "  *result = %s%s;\n", params[i].by_pointer ? "*" : "", params[i].name);
    else
      PRINT(out, "  result->f%u = %s%s;\n", i - first, params[i].by_pointer ? "*" : "", params[i].name);
  }
  for (unsigned i = first; i < count && !has_result; i++)
    PRINT(out, "  (void)%s;\n", params[i].name);
  cv_buf_text(out, "  return COVE_HOST_OK;\n}\n\n");
}

static void put_text(const char *word, const char *text, cv_buf *out) {
  PRINT(out, "static const char %s[] =\n    \"", word);
  for (; *text; text++)
    if (*text == '\n')
      cv_buf_text(out, text[1] ? "\\n\"\n    \"" : "\\n");
    else
      PRINT(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
  cv_buf_text(out, "\";\n\n");
}

static void put_host(const char *name, const char *header, const char *wit, const char *core, cv_buf *out) {
  PRINT(out, "#include \"%s.h\"\n#include \"bindings.h\"\n\n#include <stdlib.h>\n\n", name);
  const char *line, *call;
  for (unsigned i = 0; (line = prototype(header, "cove_host_result ", "(void *host", i)) != NULL; i++) {
    if ((call = prototype(header, "cove_status ", "_exports *exports", i)) == NULL)
      die("a function without a call");
    put_answer(name, line, call, out);
  }
  put_text("wit", wit, out);
  put_text("core", core, out);
  PRINT(out,
        "static cove_status find(cove_component_instance *instance, void **exports, cove_error **error) {\n"
        "  *exports = calloc(1, sizeof(%s_exports));\n"
        "  return *exports != NULL ? %s_exports_find(instance, *exports, error) : COVE_NO_MEMORY;\n}\n\n"
        "extern const echo_world %s_echo;\n"
        "const echo_world %s_echo = {\"%s\", wit, core, &%s_world, find};\n",
        name, name, name, name, name, name);
}

// ---- the whole -----------------------------------------------------------------------------------------------------

static void write_file(const char *folder, const char *name, const char *suffix, cv_buf *contents) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
  FILE *file = fopen(path, "wb");
  bool good = file && fwrite(contents->data, 1, contents->size, file) == contents->size;
  if (!file || fclose(file) != 0 || !good || cv_buf_status(contents) != CV_OK)
    die(path);
}

static void read_file(const char *path, cv_buf *out) {
  char block[4096];
  size_t n;
  FILE *file = fopen(path, "rb");
  if (!file)
    die(path);
  while ((n = fread(block, 1, sizeof block, file)) > 0)
    cv_buf_bytes(out, block, n);
  fclose(file);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: bindings_make WORLD.wit|SEED|rSEED NAME FOLDER\n");
    return 2;
  }
  cv_buf wit_text, header, source, core, host;
  cv_buf *all[] = {&wit_text, &header, &source, &core, &host};
  char header_name[200];
  cv_wit_world *world;
  cv_mem_init(&mem, UINT64_MAX);
  cv_diag_init(&diag);
  for (size_t i = 0; i < CV_COUNT(all); i++)
    cv_buf_init(all[i], &mem);
  bool compile_only = argv[1][0] == 'r' && argv[1][1] >= '0' && argv[1][1] <= '9';
  if (compile_only)
    random_wit_with_resources(strtoull(argv[1] + 1, NULL, 10), &wit_text);
  else if (argv[1][0] >= '0' && argv[1][0] <= '9')
    random_wit(strtoull(argv[1], NULL, 10), &wit_text);
  else
    read_file(argv[1], &wit_text);
  write_file(argv[3], argv[2], ".wit", &wit_text);
  snprintf(header_name, sizeof header_name, "%s.h", argv[2]);
  cv_wit *wit = cv_wit_new(&mem);
  if (!wit || cv_wit_add_text(wit, 0, argv[1], (const char *)wit_text.data, wit_text.size, &diag) != CV_OK ||
      cv_wit_resolve(wit, NULL, &diag) != CV_OK || cv_wit_find_world(wit, NULL, &world, &diag) != CV_OK ||
      cv_bindgen_host(world, &(cv_bindgen_options){argv[2], header_name}, &mem, &header, &source, &diag) != CV_OK)
    die(argv[1]);
  write_file(argv[3], argv[2], ".h", &header);
  write_file(argv[3], argv[2], ".c", &source);
  if (!compile_only) {
    put_core(world, &core);
    put_host(argv[2], cv_buf_cstr(&header), cv_buf_cstr(&wit_text), cv_buf_cstr(&core), &host);
    write_file(argv[3], argv[2], "_host.c", &host);
  }
  for (size_t i = 0; i < CV_COUNT(all); i++)
    cv_buf_free(all[i]);
  cv_wit_delete(wit);
  return 0;
}
