// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// api_wasi_p2.c: WASI 0.2 for an embedder: versions, denied interfaces, who is deleted first, with handles left in the
// program's tables. Sees include/cove only. What each function does: tests/wasi.
#include <cove/cove.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// A component whose run() is the body. The functions get-stdout, stdout (blocking-write-and-flush), drop-stdout, wall
// and random are there to call; a memory holds "hello\n" at 16.
#define STREAMS(version)                                                                                               \
  "(component\n"                                                                                                       \
  "(import \"wasi:io/error@" version "\" (instance $error (export \"error\" (type (sub resource)))))\n"                \
  "(alias export $error \"error\" (type $e))\n"                                                                        \
  "(import \"wasi:io/streams@" version "\" (instance $streams\n"                                                       \
  "  (export \"output-stream\" (type $out (sub resource)))\n"                                                          \
  "  (alias outer 1 $e (type $eo))\n"                                                                                  \
  "  (type $own (own $eo))\n"                                                                                          \
  "  (type $v (variant (case \"last-operation-failed\" $own) (case \"closed\")))\n"                                    \
  "  (export \"stream-error\" (type $stream-error (eq $v)))\n"                                                         \
  "  (type $bytes (list u8))\n"                                                                                        \
  "  (type $r (result (error $stream-error)))\n"                                                                       \
  "  (type $self (borrow $out))\n"                                                                                     \
  "  (export \"[method]output-stream.blocking-write-and-flush\"\n"                                                     \
  "    (func (param \"self\" $self) (param \"contents\" $bytes) (result $r)))))\n"                                     \
  "(alias export $streams \"output-stream\" (type $o))\n"                                                              \
  "(import \"wasi:cli/stdout@" version "\" (instance $stdout\n"                                                        \
  "  (alias outer 1 $o (type $oo))\n"                                                                                  \
  "  (export \"output-stream\" (type $oe (eq $oo)))\n"                                                                 \
  "  (type $own (own $oe))\n"                                                                                          \
  "  (export \"get-stdout\" (func (result $own)))))\n"                                                                 \
  "(core module $memory (memory (export \"memory\") 1) (data (i32.const 16) \"hello\\n\"))\n"                          \
  "(core instance $memory (instantiate $memory))\n"                                                                    \
  "(alias core export $memory \"memory\" (core memory $m))\n"                                                          \
  "(alias export $stdout \"get-stdout\" (func $get))\n"                                                                \
  "(core func $get (canon lower (func $get)))\n"                                                                       \
  "(alias export $streams \"[method]output-stream.blocking-write-and-flush\" (func $write))\n"                         \
  "(core func $write (canon lower (func $write) (memory $m)))\n"                                                       \
  "(core func $drop (canon resource.drop $o))\n"
#define CLOCK                                                                                                          \
  "(import \"wasi:clocks/wall-clock@0.2.0\" (instance $wall\n"                                                         \
  "  (type $d (record (field \"seconds\" u64) (field \"nanoseconds\" u32)))\n"                                         \
  "  (export \"datetime\" (type $datetime (eq $d)))\n"                                                                 \
  "  (export \"now\" (func (result $datetime)))))\n"                                                                   \
  "(alias export $wall \"now\" (func $now))\n"                                                                         \
  "(core func $extra (canon lower (func $now) (memory $m)))\n"
#define RANDOM                                                                                                         \
  "(import \"wasi:random/random@0.2.1\" (instance $random (export \"get-random-u64\" (func (result u64)))))\n"         \
  "(alias export $random \"get-random-u64\" (func $u64))\n"                                                            \
  "(core func $random (canon lower (func $u64)))\n"                                                                    \
  "(core module $wrap (import \"\" \"f\" (func $f (result i64))) (func (export \"f\") (param i32) (drop (call "        \
  "$f))))\n"                                                                                                           \
  "(core instance $wrap (instantiate $wrap (with \"\" (instance (export \"f\" (func $random))))))\n"                   \
  "(alias core export $wrap \"f\" (core func $extra))\n"
#define NO_EXTRA                                                                                                       \
  "(core module $none (func (export \"f\") (param i32)))\n"                                                            \
  "(core instance $none (instantiate $none))\n"                                                                        \
  "(alias core export $none \"f\" (core func $extra))\n"
#define RUN(body)                                                                                                      \
  "(core module $program\n"                                                                                            \
  "  (import \"\" \"get\" (func $get (result i32)))\n"                                                                 \
  "  (import \"\" \"write\" (func $write (param i32 i32 i32 i32)))\n"                                                  \
  "  (import \"\" \"drop\" (func $drop (param i32)))\n"                                                                \
  "  (import \"\" \"extra\" (func $extra (param i32)))\n"                                                              \
  "  (func (export \"run\") (result i32) " body " (i32.const 0)))\n"                                                   \
  "(core instance $program (instantiate $program (with \"\" (instance (export \"get\" (func $get))\n"                  \
  "  (export \"write\" (func $write)) (export \"drop\" (func $drop)) (export \"extra\" (func $extra))))))\n"           \
  "(alias core export $program \"run\" (core func $run))\n"                                                            \
  "(func $lifted (result (result)) (canon lift (core func $run)))\n"                                                   \
  "(instance $run (export \"run\" (func $lifted)))\n"                                                                  \
  "(export \"wasi:cli/run@0.2.0\" (instance $run)))\n"
#define HELLO                                                                                                          \
  "(local i32) (local.set 0 (call $get))"                                                                              \
  "(call $write (local.get 0) (i32.const 16) (i32.const 6) (i32.const 32)) (call $drop (local.get 0))"
// Standard output's handles are left in the table.
#define KEEP                                                                                                           \
  "(call $write (call $get) (i32.const 16) (i32.const 6) (i32.const 32)) (drop (call $get)) (drop (call $get))"

typedef struct fixture {
  cove_engine *engine;
  cove_store *store;
  cove_component_linker *linker;
  cove_component *component;
  cove_component_instance *instance;
  cove_wasi *wasi;
} fixture;

static cove_component *open_text(cove_engine *engine, const char *text) {
  cove_component *component = NULL;
  cove_error *error = NULL;
  cove_buffer binary;
  if (cove_text_parse(engine, text, strlen(text), &binary, &error) != COVE_OK ||
      cove_component_new(engine, binary.data, binary.size, &component, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  cove_buffer_delete(&binary);
  return component;
}

static void open_fixture(fixture *f, const char *text, const cove_wasi_config *config) {
  *f = (fixture){0};
  assert_int_equal(cove_engine_new(NULL, &f->engine, NULL), COVE_OK);
  assert_int_equal(cove_store_new(f->engine, NULL, &f->store, NULL), COVE_OK);
  f->linker = cove_component_linker_new(f->store);
  assert_non_null(f->linker);
  f->component = open_text(f->engine, text);
  assert_int_equal(cove_wasi_new(config, &f->wasi, NULL), COVE_OK);
  assert_int_equal(cove_component_linker_define_wasi(f->linker, f->wasi, NULL), COVE_OK);
}

static void close_fixture(fixture *f, bool wasi_first) {
  cove_component_linker_delete(f->linker);
  if (wasi_first)
    cove_wasi_delete(f->wasi);
  cove_store_delete(f->store);
  if (!wasi_first)
    cove_wasi_delete(f->wasi);
  cove_component_delete(f->component);
  cove_engine_delete(f->engine);
}

static cove_wasi_config *collecting(void) {
  cove_wasi_config *config = cove_wasi_config_new();
  assert_non_null(config);
  assert_int_equal(cove_wasi_config_stdio_collect(config, 1, NULL), COVE_OK);
  return config;
}

static cove_status run(fixture *f, cove_error **error) {
  cove_component_value result;
  cove_status status = cove_component_linker_instantiate(f->linker, f->component, &f->instance, error);
  if (status != COVE_OK)
    return status;
  cove_component_func *func = cove_component_instance_func(f->instance, "wasi:cli/run", "run");
  assert_non_null(func);
  status = cove_component_func_call(func, NULL, 0, &result, error);
  if (status == COVE_OK)
    cove_component_value_delete(&result);
  return status;
}

// Older versions are served; newer ones and other ones are not.
static void test_versions(void **state) {
  static const struct {
    const char *name, *text;
    cove_status expect;
  } rows[] = {
      {"0.2.0", STREAMS("0.2.0") NO_EXTRA RUN(HELLO), COVE_OK},
      {"0.2.6", STREAMS("0.2.6") NO_EXTRA RUN(HELLO), COVE_OK},
      {"0.2.12", STREAMS("0.2.12") NO_EXTRA RUN(HELLO), COVE_OK},
      {"0.2.13", STREAMS("0.2.13") NO_EXTRA RUN(HELLO), COVE_UNLINKABLE},
      {"0.3.0", STREAMS("0.3.0") NO_EXTRA RUN(HELLO), COVE_UNLINKABLE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    fixture f;
    cove_error *error = NULL;
    cove_wasi_config *config = collecting();
    open_fixture(&f, rows[i].text, config);
    cove_status status = run(&f, &error);
    if (status != rows[i].expect)
      fail_msg("%s: %s", rows[i].name, error != NULL ? cove_error_message(error) : "it ran");
    cove_bytes out = cove_wasi_output(f.wasi, 1);
    if (status == COVE_OK && (out.size != 6 || memcmp(out.data, "hello\n", 6) != 0))
      fail_msg("%s: wrong output", rows[i].name);
    cove_error_delete(error);
    cove_wasi_config_delete(config);
    close_fixture(&f, false);
  }
}

static cove_host_result seventy_seven(void *env, cove_call *call, const cove_component_value *args, size_t arg_count,
                                      cove_component_value *result) {
  *result = (cove_component_value){.kind = COVE_COMPONENT_U64, .as.u64 = 77};
  return COVE_HOST_OK;
}

static void define_seventy_seven(cove_component_linker *linker, const char *interface) {
  if (interface != NULL)
    assert_int_equal(cove_component_linker_define_func(linker, interface, "get-insecure-random-u64", NULL,
                                                       seventy_seven, NULL, NULL, NULL),
                     COVE_OK);
}

// What else is defined under names of WASI, before it or after it, is found by the same rules as all definitions.
static void test_definitions_beside_wasi(void **state) {
  static const char text[] =
      "(component (import \"wasi:random/insecure@0.2.3\" (instance $i"
      "  (export \"get-insecure-random-u64\" (func (result u64)))))"
      " (core func $f (canon lower (func $i \"get-insecure-random-u64\")))"
      " (core module $m (import \"\" \"f\" (func $f (result i64))) (func (export \"f\") (result i64) (call $f)))"
      " (core instance $c (instantiate $m (with \"\" (instance (export \"f\" (func $f))))))"
      " (func (export \"f\") (result u64) (canon lift (core func $c \"f\"))))";
  static const struct {
    const char *before, *after;
    bool is_own;
  } rows[] = {
      {NULL, NULL, false},
      {NULL, "wasi:random/insecure@0.2.3", true},   // the name that is asked for
      {"wasi:random/insecure@0.2.3", NULL, true},   //
      {NULL, "wasi:random/insecure@0.2.12", true},  // a member of the one that WASI has
      {"wasi:random/insecure@0.2.12", NULL, true},  //
      {NULL, "wasi:random/insecure@0.2.11", false}, // older than that
      {"wasi:random/insecure@0.2.11", NULL, false}, //
      {NULL, "wasi:random/insecure@0.2.13", true},  // newer
      {"wasi:random/insecure@0.2.13", NULL, true},  //
      {NULL, "wasi:random/insecure@0.2.2", false},  // not new enough
      {"wasi:random/insecure@0.3.0", "wasi:random/insecure-seed@0.2.3", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    fixture f = {0};
    cove_error *error = NULL;
    cove_component_value result;
    cove_wasi_config *config = collecting();
    assert_int_equal(cove_engine_new(NULL, &f.engine, NULL), COVE_OK);
    assert_int_equal(cove_store_new(f.engine, NULL, &f.store, NULL), COVE_OK);
    f.linker = cove_component_linker_new(f.store);
    f.component = open_text(f.engine, text);
    assert_int_equal(cove_wasi_new(config, &f.wasi, NULL), COVE_OK);
    define_seventy_seven(f.linker, rows[i].before);
    assert_int_equal(cove_component_linker_define_wasi(f.linker, f.wasi, NULL), COVE_OK);
    define_seventy_seven(f.linker, rows[i].after);
    if (cove_component_linker_instantiate(f.linker, f.component, &f.instance, &error) != COVE_OK)
      fail_msg("row %zu: %s", i, cove_error_message(error));
    cove_component_func *func = cove_component_instance_func(f.instance, NULL, "f");
    assert_int_equal(cove_component_func_call(func, NULL, 0, &result, NULL), COVE_OK);
    if ((result.as.u64 == 77) != rows[i].is_own)
      fail_msg("row %zu: the other definition was called", i);
    cove_wasi_config_delete(config);
    close_fixture(&f, false);
  }
}

// What is not granted is missing, or ends who calls it and is told.
static void test_denied(void **state) {
  static const struct {
    const char *name, *text, *needs;
  } rows[] = {
      {"wall clock", STREAMS("0.2.0") CLOCK RUN("(call $extra (i32.const 64))"), "it needs a wall clock"},
      {"random", STREAMS("0.2.0") RANDOM RUN("(call $extra (i32.const 64))"), "it needs randomness"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int granted = 0; granted < 2; granted++)
      for (int when_called = 0; when_called < 2; when_called++) {
        fixture f;
        cove_error *error = NULL;
        cove_wasi_config *config = collecting();
        cove_wasi_config_deny(config, when_called ? COVE_DENY_ERROR : COVE_DENY_MISSING);
        if (granted)
          cove_wasi_config_grant_basics(config);
        open_fixture(&f, rows[i].text, config);
        cove_status expect = granted ? COVE_OK : when_called ? COVE_TRAP : COVE_UNLINKABLE;
        cove_status status = run(&f, &error);
        if (status != expect || (!granted && strstr(cove_error_message(error), rows[i].needs) == NULL))
          fail_msg("%s, %d, %d: %s", rows[i].name, granted, when_called,
                   error != NULL ? cove_error_message(error) : "it ran");
        assert_int_equal(cove_wasi_refusal_count(f.wasi), !granted && when_called);
        cove_error_delete(error);
        cove_wasi_config_delete(config);
        close_fixture(&f, false);
      }
}

// Class of fault: type confusion by address. Grants that outlive their store serve no other, wherever that one lies;
// what they would ask whether to stop is gone with it.
static void test_kept_beyond_the_store(void **state) {
  fixture f;
  cove_error *error = NULL;
  cove_wasi_config *config = collecting();
  open_fixture(&f, STREAMS("0.2.0") NO_EXTRA RUN(HELLO), config);
  assert_int_equal(run(&f, NULL), COVE_OK);
  cove_component_linker_delete(f.linker);
  cove_store_delete(f.store);
  cove_wasi_flush(f.wasi);
  for (int i = 0; i < 20; i++) {
    assert_int_equal(cove_store_new(f.engine, NULL, &f.store, NULL), COVE_OK);
    f.linker = cove_component_linker_new(f.store);
    assert_int_equal(cove_component_linker_define_wasi(f.linker, f.wasi, &error), COVE_USAGE);
    assert_string_equal(cove_error_text(error), "these grants serve another store");
    cove_error_delete(error);
    error = NULL;
    cove_component_linker_delete(f.linker);
    cove_linker *modules = cove_linker_new(f.store);
    assert_int_equal(cove_linker_define_wasi(modules, f.wasi, NULL), COVE_USAGE);
    cove_linker_delete(modules);
    cove_store_delete(f.store);
  }
  assert_int_equal(cove_wasi_output(f.wasi, 1).size, 6);
  cove_wasi_delete(f.wasi);
  cove_wasi_config_delete(config);
  cove_component_delete(f.component);
  cove_engine_delete(f.engine);
}

// Class of fault: host memory exhausted through host calls, by output that is collected.
static void test_collected_output_ends(void **state) {
  fixture f;
  cove_error *error = NULL;
  cove_wasi_config *config = collecting();
  // 4,096 bytes at a time, for ever.
  open_fixture(&f,
               STREAMS("0.2.0")
                   NO_EXTRA RUN("(local i32) (local.set 0 (call $get)) (loop (call $write (local.get 0) (i32.const 16)"
                                " (i32.const 4096) (i32.const 32)) (br 0))"),
               config);
  assert_int_equal(run(&f, &error), COVE_TRAP);
  assert_int_equal(cove_trap_kind_of(cove_error_trap(error)), COVE_TRAP_OUTPUT_LIMIT);
  assert_int_equal(cove_wasi_output(f.wasi, 1).size, 256u << 20);
  cove_error_delete(error);
  cove_wasi_config_delete(config);
  close_fixture(&f, false);
}

static void count_lines(void *env, const char *line, size_t size) {
  ++*(int *)env;
  assert_int_equal(line[size - 1], '\n');
}

// Handles that the program left go with its store, or with the grants, whichever is deleted last, with a trace; also
// when it never ran, when it ended by a trap, and when two instances shared the grants.
static void test_deleting(void **state) {
  static const struct {
    const char *name, *text;
    int runs;
    cove_status expect;
  } rows[] = {
      {"never run", STREAMS("0.2.0") NO_EXTRA RUN(KEEP), 0, COVE_OK},
      {"handles left", STREAMS("0.2.0") NO_EXTRA RUN(KEEP), 1, COVE_OK},
      {"two instances", STREAMS("0.2.0") NO_EXTRA RUN(KEEP), 2, COVE_OK},
      {"a trap", STREAMS("0.2.0") NO_EXTRA RUN(KEEP "(unreachable)"), 1, COVE_TRAP},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int wasi_first = 0; wasi_first < 2; wasi_first++) {
      fixture f;
      int lines = 0, before;
      cove_wasi_config *config = collecting();
      cove_wasi_config_trace(config, COVE_TRACE_TEXT, count_lines, &lines);
      open_fixture(&f, rows[i].text, config);
      for (int k = 0; k < rows[i].runs; k++) {
        cove_error *error = NULL;
        if (run(&f, &error) != rows[i].expect)
          fail_msg("%s: %s", rows[i].name, error != NULL ? cove_error_message(error) : "it ran");
        cove_error_delete(error);
      }
      assert_int_equal(cove_wasi_output(f.wasi, 1).size, 6 * rows[i].runs);
      cove_wasi_config_delete(config);
      before = lines;
      close_fixture(&f, wasi_first);
      if (wasi_first)
        assert_int_equal(lines, before); // nobody is told any more
    }
}

// A call after the grants are deleted is the host's mistake: nothing of theirs is touched.
static void test_call_too_late(void **state) {
  int lines = 0;
  fixture f;
  cove_wasi_config *config = collecting();
  cove_wasi_config_trace(config, COVE_TRACE_TEXT, count_lines, &lines);
  open_fixture(&f, STREAMS("0.2.0") NO_EXTRA RUN(HELLO), config);
  assert_int_equal(run(&f, NULL), COVE_OK);
  int before = lines;
  cove_wasi_delete(f.wasi);
  f.wasi = NULL;
  assert_int_equal(run(&f, NULL), COVE_OK);
  assert_int_equal(lines, before);
  cove_wasi_config_delete(config);
  close_fixture(&f, false);
}

// The lines of a trace come while the program runs, in the order of its calls.
static void test_trace(void **state) {
  int lines = 0;
  fixture f;
  cove_wasi_config *config = collecting();
  cove_wasi_config_trace(config, COVE_TRACE_TEXT, count_lines, &lines);
  open_fixture(&f, STREAMS("0.2.0") NO_EXTRA RUN(HELLO), config);
  assert_int_equal(run(&f, NULL), COVE_OK);
  assert_int_equal(lines, 3); // the stream, what is written to it, and that it is dropped
  cove_wasi_config_delete(config);
  close_fixture(&f, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_definitions_beside_wasi),
      cmocka_unit_test(test_denied),
      cmocka_unit_test(test_deleting),
      cmocka_unit_test(test_kept_beyond_the_store),
      cmocka_unit_test(test_collected_output_ends),
      cmocka_unit_test(test_call_too_late),
      cmocka_unit_test(test_trace),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
