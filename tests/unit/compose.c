// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Components out of preview 1 programs: what they import; names that are imported twice; modules with several worlds;
// memory that runs out.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "component/component.h"
#include "compose/compose.h"
#include "compose/modules.h"
#include "compose/prune.h"
#include "wasm/binary/decode.h"
#include "wasm/canon.h"
#include "wasm/text/wat.h"
#include "wit/encode.h"

static cv_mem mem;
static cv_diag diag;

static void parse(const char *text, cv_buf *module) {
  cv_buf_init(module, &mem);
  cv_diag_init(&diag);
  if (cv_wat_parse(text, strlen(text), CV_FEATURES_ALL, &mem, module, &diag) != CV_OK)
    fail_msg("%s", diag.text);
}

// "io/error{error} cli/run{run}": names without what all have in common.
static void put_externs(cv_buf *out, const cv_cextern *externs, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const cv_cextern *e = &externs[i];
    bool is_wasi = e->name.size > 11 && memcmp(e->name.data, "wasi:", 5) == 0;
    cv_buf_printf(out, "%s%.*s", i ? " " : "", (int)(is_wasi ? e->name.size - 11 : e->name.size),
                  (const char *)e->name.data + (is_wasi ? 5 : 0));
    if (is_wasi)
      assert_memory_equal(e->name.data + e->name.size - 6, "@0.2.0", 6);
    if (e->type.sort == CV_SORT_INSTANCE) {
      cv_buf_byte(out, '{');
      put_externs(out, e->type.as.instance->exports, e->type.as.instance->export_count);
      cv_buf_byte(out, '}');
    }
  }
}

#define FUNC(name, type) "(import \"wasi_snapshot_preview1\" \"" name "\" (func " type "))"
#define FD_WRITE FUNC("fd_write", "(param i32 i32 i32 i32) (result i32)")
#define START "(func (export \"_start\"))"
#define MEMORY "(memory (export \"memory\") 1)"
// What comes with every stream, and what all who write have besides.
#define STREAMS "io/error{error} io/streams{error pollable stream-error input-stream output-stream"
#define WRITES                                                                                                         \
  "io/poll{pollable} " STREAMS " [method]output-stream.blocking-write-and-flush} cli/stdout{output-stream get-stdout}" \
  " cli/stderr{output-stream get-stderr}"
// All types of the interface come with one function of it.
#define FILE_TYPES                                                                                                     \
  "input-stream output-stream error datetime filesize descriptor-type descriptor-flags link-count descriptor-stat "    \
  "path-flags open-flags new-timestamp directory-entry error-code advice metadata-hash-value descriptor "              \
  "directory-entry-stream"

static const struct {
  const char *name, *module;
  cv_preview1_kind kind;
  const char *imports, *exports, *sentence; // sentence: why not
} rows[] = {
    {"nothing", "(module " START ")", CV_PREVIEW1_COMMAND, "", "cli/run{run}", NULL},
    {"exit", "(module " FUNC("proc_exit", "(param i32)") MEMORY START ")", CV_PREVIEW1_COMMAND, "cli/exit{exit}",
     "cli/run{run}", NULL},
    {"clock", "(module " FUNC("clock_time_get", "(param i32 i64 i32) (result i32)") MEMORY START ")",
     CV_PREVIEW1_COMMAND,
     "io/poll{pollable} clocks/monotonic-clock{pollable instant duration now} clocks/wall-clock{datetime now}",
     "cli/run{run}", NULL},
    {"arguments", "(module " FUNC("args_sizes_get", "(param i32 i32) (result i32)") MEMORY START ")",
     CV_PREVIEW1_COMMAND, "cli/environment{get-arguments}", "cli/run{run}", NULL},
    {"yield", "(module " FUNC("sched_yield", "(result i32)") ")", CV_PREVIEW1_REACTOR, "", "", NULL},
    {"write", "(module " FD_WRITE MEMORY START ")", CV_PREVIEW1_COMMAND, WRITES, "cli/run{run}", NULL},
    {"write twice", "(module " FD_WRITE FD_WRITE FD_WRITE MEMORY START ")", CV_PREVIEW1_COMMAND, WRITES, "cli/run{run}",
     NULL},
    {"a library", "(module " FD_WRITE MEMORY "(func (export \"_initialize\")))", CV_PREVIEW1_REACTOR, WRITES, "", NULL},
    {"a file", "(module " FUNC("path_unlink_file", "(param i32 i32 i32) (result i32)") MEMORY START ")",
     CV_PREVIEW1_COMMAND,
     "io/poll{pollable} clocks/wall-clock{datetime} " STREAMS "} filesystem/types{" FILE_TYPES
     " [method]descriptor.unlink-file-at} filesystem/preopens{descriptor get-directories}",
     "cli/run{run}", NULL},
    {"no adapter", "(module " FD_WRITE MEMORY START ")", CV_PREVIEW1_NONE, NULL, NULL, "needs an adapter"},
    {"no start", "(module " FD_WRITE MEMORY ")", CV_PREVIEW1_COMMAND, NULL, NULL, "export `_start`"},
    {"no memory", "(module " FD_WRITE START ")", CV_PREVIEW1_COMMAND, NULL, NULL, "export it as `memory`"},
    {"no such function", "(module " FUNC("fd_wrote", "") MEMORY START ")", CV_PREVIEW1_COMMAND, NULL, NULL,
     "imports `fd_wrote`, which adapter wasi_snapshot_preview1 does not have"},
};

static void check_component(size_t i, const cv_buf *bytes) {
  cv_component *component;
  cv_buf imports, exports;
  cv_type_registry *registry = cv_type_registry_new(&mem);
  cv_buf_init(&imports, &mem);
  cv_buf_init(&exports, &mem);
  assert_int_equal(cv_component_decode(&component, &mem, bytes->data, bytes->size, false, CV_FEATURES_ALL, &diag),
                   CV_OK);
  if (cv_component_validate(component, registry, 0, &diag) != CV_OK)
    fail_msg("%s: %s", rows[i].name, diag.text);
  put_externs(&imports, component->type.imports, component->type.import_count);
  put_externs(&exports, component->type.exports, component->type.export_count);
  assert_string_equal(cv_buf_cstr(&imports), rows[i].imports);
  assert_string_equal(cv_buf_cstr(&exports), rows[i].exports);
  cv_buf_free(&imports);
  cv_buf_free(&exports);
  cv_component_delete(component);
  cv_type_registry_delete(registry);
}

static void test_preview1(void **state) {
  (void)state;
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_buf module, out;
    cv_new_options options = {.preview1 = rows[i].kind};
    parse(rows[i].module, &module);
    cv_buf_init(&out, &mem);
    cv_status status = cv_compose_new((cv_bytes){module.data, module.size}, &options, &mem, &out, &diag);
    if ((status == CV_OK) != (rows[i].sentence == NULL) || (rows[i].sentence && !strstr(diag.text, rows[i].sentence)))
      fail_msg("%s: %s", rows[i].name, diag.text);
    if (status == CV_OK)
      check_component(i, &out);
    cv_buf_free(&module);
    cv_buf_free(&out);
    assert_int_equal(mem.used, 0);
  }
}

// ---- several worlds ------------------------------------------------------------------------------------------------

static const struct {
  const char *module;
  const char *first, *second; // contents of the package t:w
  const char *imports, *sentence;
} worlds[] = {
    // Each part of a program brings the world that it knows; they know different parts of one interface.
    {"(module (import \"$root\" \"g\" (func (param i32))) (import \"t:w/i\" \"two\" (func (result i32))))",
     "interface i { resource r; mk: func() -> r; } world w { use i.{r}; import f: func(x: borrow<r>); }",
     "interface i { resource r; two: func() -> u32; } world w { use i.{r}; import g: func(x: borrow<r>); }",
     "t:w/i{r two} r g", NULL},
    {"(module (import \"$root\" \"g\" (func (param i32 i32))) (memory (export \"memory\") 1))",
     "world w { type t = list<u8>; import f: func(x: t); }", "world w { type t = list<u8>; import g: func(x: t); }",
     "t g", NULL},
    {"(module (import \"$root\" \"g\" (func (param i32))))", "world w { record t { a: u8 } import f: func(x: t); }",
     "world w { record t { a: u16 } import g: func(x: t); }", NULL, "two worlds have a type `t`, each its own"},
    {"(module (import \"$root\" \"g\" (func (param i32))))", "world w { resource t; import f: func(x: borrow<t>); }",
     "world w { resource t; import g: func(x: borrow<t>); }", "t g", NULL},
};

// Appends a section with the world.
static void put_world(const char *text, cv_buf *module) {
  cv_buf whole, section;
  cv_wit *wit = cv_wit_new(&mem);
  const cv_wit_options options = {0};
  cv_buf_init(&whole, &mem);
  cv_buf_init(&section, &mem);
  cv_diag_init(&diag);
  cv_buf_printf(&whole, "package t:w; %s", text);
  if (cv_wit_add_text(wit, 0, "world", (const char *)whole.data, whole.size, &diag) != CV_OK ||
      cv_wit_resolve(wit, &options, &diag) != CV_OK)
    fail_msg("%s", diag.text);
  cv_compose_put_name(&section, CV_BYTES_LITERAL("component-type:part"));
  assert_int_equal(cv_wit_encode_world(cv_wit_root(wit)->worlds, &mem, &section, &diag), CV_OK);
  cv_compose_put_section(module, 0, &section);
  cv_buf_free(&whole);
  cv_buf_free(&section);
  cv_wit_delete(wit);
}

static void test_worlds(void **state) {
  (void)state;
  for (size_t i = 0; i < CV_COUNT(worlds); i++) {
    cv_buf module, out, imports;
    cv_component *component;
    const cv_new_options options = {0};
    parse(worlds[i].module, &module);
    put_world(worlds[i].first, &module);
    put_world(worlds[i].second, &module);
    cv_buf_init(&out, &mem);
    cv_buf_init(&imports, &mem);
    cv_diag_init(&diag);
    cv_status status = cv_compose_new((cv_bytes){module.data, module.size}, &options, &mem, &out, &diag);
    if ((status == CV_OK) != (worlds[i].sentence == NULL) ||
        (worlds[i].sentence && !strstr(diag.text, worlds[i].sentence)))
      fail_msg("world %zu: %s", i, diag.text);
    if (status == CV_OK) {
      cv_type_registry *registry = cv_type_registry_new(&mem);
      assert_int_equal(cv_component_decode(&component, &mem, out.data, out.size, false, CV_FEATURES_ALL, &diag), CV_OK);
      if (cv_component_validate(component, registry, 0, &diag) != CV_OK)
        fail_msg("world %zu: %s", i, diag.text);
      put_externs(&imports, component->type.imports, component->type.import_count);
      assert_string_equal(cv_buf_cstr(&imports), worlds[i].imports);
      cv_component_delete(component);
      cv_type_registry_delete(registry);
    }
    cv_buf_free(&imports);
    cv_buf_free(&out);
    cv_buf_free(&module);
    assert_int_equal(mem.used, 0);
  }
}

// Memory grows with the number of imports, not with its square.
static void test_many_interfaces(void **state) {
  enum { COUNT = 1000 };
  cv_buf text, world, module, out;
  const cv_new_options options = {0};
  (void)state;
  cv_buf_init(&text, &mem);
  cv_buf_init(&world, &mem);
  cv_buf_init(&out, &mem);
  cv_diag_init(&diag);
  cv_buf_text(&text, "(module");
  cv_buf_text(&world, "world w {");
  for (int i = 0; i < COUNT; i++) {
    cv_buf_printf(&text, "(import \"i%d\" \"[static]r.fn%d\" (func))", i % 2, i);
    cv_buf_printf(&text, "(import \"j%d\" \"g\" (func))", i);
    cv_buf_printf(&world, "import j%d: interface { g: func(); }", i);
  }
  for (int i = 0; i < 2; i++) {
    cv_buf_printf(&world, "import i%d: interface { resource r {", i);
    for (int k = i; k < COUNT; k += 2)
      cv_buf_printf(&world, "fn%d: static func();", k);
    cv_buf_text(&world, "} }");
  }
  cv_buf_text(&text, ")");
  cv_buf_text(&world, "}");
  parse(cv_buf_cstr(&text), &module);
  put_world(cv_buf_cstr(&world), &module);
  mem.peak = mem.used;
  if (cv_compose_new((cv_bytes){module.data, module.size}, &options, &mem, &out, &diag) != CV_OK)
    fail_msg("%s", diag.text);
  assert_in_range(mem.peak, 1, 6 << 20);
  cv_buf_free(&text);
  cv_buf_free(&world);
  cv_buf_free(&module);
  cv_buf_free(&out);
  assert_int_equal(mem.used, 0);
}

// ---- which functions can be called ---------------------------------------------------------------------------------

static const struct {
  const char *module;
  const char *reached; // a character for each function, imports first; '*' for those that are called from outside
  const char *then;    // '1' for those that they can come to
} walks[] = {
    {"(module (func) (func (call 0)) (func (call 1)) (func (call 3)))", "..*.", "1110"},
    {"(module (import \"a\" \"a\" (func)) (import \"a\" \"b\" (func)) (func (block (loop (call 1)))) (func (call 0)))",
     "..*.", "0110"},
    {"(module (table 1 funcref) (func) (func) (func) (elem (i32.const 0) 1))", "...", "010"},
    {"(module (func) (func) (func) (elem declare func 1) (func (drop (ref.func 1))))", "...*", "0101"},
    {"(module (func) (func) (elem funcref (ref.func 1) (ref.null func)))", "..", "01"},
    {"(module (func) (func) (global funcref (ref.func 0)))", "..", "10"},
    {"(module (func) (func) (start 1))", "..", "01"},
    {"(module (func) (func (return_call 0)) (func))", ".*.", "110"},
    {"(module (func) (func (call 1)))", "..", "00"},
};

static void test_reach(void **state) {
  (void)state;
  for (size_t i = 0; i < CV_COUNT(walks); i++) {
    cv_buf bytes;
    cv_module *module;
    bool reached[8] = {false};
    parse(walks[i].module, &bytes);
    cv_type_registry *registry = cv_type_registry_new(&mem);
    assert_int_equal(
        cv_module_decode(&module, &mem, registry, CV_FEATURES_ALL, bytes.data, bytes.size, CV_DECODE_BORROW, &diag),
        CV_OK);
    assert_int_equal(module->func_count, strlen(walks[i].reached));
    for (uint32_t f = 0; f < module->func_count; f++)
      reached[f] = walks[i].reached[f] == '*';
    assert_int_equal(cv_prune_reach(module, reached, &mem, &diag), CV_OK);
    for (uint32_t f = 0; f < module->func_count; f++)
      if (reached[f] != (walks[i].then[f] == '1'))
        fail_msg("%s: function %u", walks[i].module, f);
    cv_module_delete(module);
    cv_type_registry_delete(registry);
    cv_buf_free(&bytes);
  }
}

// Every allocation on the way may fail.
static void test_no_memory(void **state) {
  (void)state;
  cv_buf module;
  cv_new_options options = {.preview1 = CV_PREVIEW1_COMMAND};
  parse(rows[6].module, &module);
  uint64_t used = mem.used;
  cv_status status = CV_ENOMEM;
  for (uint64_t site = 1; status != CV_OK; site++) {
    cv_buf out;
    cv_diag_init(&diag);
    cv_buf_init(&out, &mem);
    mem.fail_at = mem.calls + site;
    status = cv_compose_new((cv_bytes){module.data, module.size}, &options, &mem, &out, &diag);
    mem.fail_at = 0;
    cv_buf_free(&out);
    assert_int_equal(mem.used, used);
    if (status != CV_OK && status != CV_ENOMEM)
      fail_msg("allocation %u: %s", (unsigned)site, diag.text);
  }
  cv_buf_free(&module);
  assert_int_equal(mem.used, 0);
}

int main(void) {
  cv_mem_init(&mem, UINT64_MAX);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_preview1), cmocka_unit_test(test_worlds),    cmocka_unit_test(test_many_interfaces),
      cmocka_unit_test(test_reach),    cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
