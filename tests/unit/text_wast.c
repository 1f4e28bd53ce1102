// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text_wast.c: scripts: what the runner passes and fails, and what it says.
#include "text_support.h"

#include <stdio.h>

#include "api/wast.h"

static const struct {
  const char *script;
  unsigned passed;
  const char *reports; // "LINE: MESSAGE\n" for each
} rows[] = {
    {"(module (func (export \"f\") (param i32) (result i32) (local.get 0)))\n"
     "(assert_return (invoke \"f\" (i32.const 3)) (i32.const 3))\n"
     "(assert_return (invoke \"f\" (i32.const 3)) (i32.const 4))\n",
     2, "3: expected (i32.const 4), got (i32.const 3)\n"},
    {"(module (func (export \"f\") unreachable))\n"
     "(assert_trap (invoke \"f\") \"unreachable\")\n"
     "(assert_trap (invoke \"f\") \"integer overflow\")\n"
     "(assert_return (invoke \"f\"))\n"
     "(invoke \"f\")",
     2,
     "3: expected the trap: integer overflow, got the trap: unreachable\n"
     "4: expected no values, got the trap: unreachable\n"
     "5: expected success, got the trap: unreachable\n"},
    {"(assert_invalid (module (func (result i32))) \"type mismatch\")\n"
     "(assert_invalid (module (func)) \"type mismatch\")\n"
     "(assert_malformed (module quote \"(func\") \"unexpected token\")\n"
     "(assert_malformed (module quote \"(func)\") \"unexpected token\")\n"
     "(assert_malformed (module binary \"\\00asm\") \"unexpected end\")\n",
     3,
     "2: expected an invalid module: type mismatch, but it is accepted\n"
     "4: expected a malformed module: unexpected token, but it is accepted\n"},
    {"(module (import \"spectest\" \"nothing\" (func)))\n"
     "(invoke \"f\")\n"
     "(assert_unlinkable (module (import \"spectest\" \"nothing\" (func))) \"unknown import\")\n"
     "(assert_unlinkable (module (import \"spectest\" \"table\" (func))) \"incompatible import type\")\n"
     "(assert_unlinkable (module (import \"spectest\" \"print\" (func))) \"unknown import\")\n",
     2,
     "1: expected an instance, got: unknown import \"spectest\" \"nothing\"\n"
     "2: there is no instance for \"f\"\n"
     "5: expected an unlinkable module: unknown import, but it is accepted\n"},
    {"(module $a (global (export \"g\") f32 (f32.const nan)) (func (export \"v\") (result v128) "
     "(v128.const f32x4 nan 1 2 3)))\n"
     "(assert_return (get $a \"g\") (f32.const nan:canonical))\n"
     "(assert_return (get $a \"g\") (f32.const 1))\n"
     "(assert_return (invoke $a \"v\") (v128.const f32x4 nan:arithmetic 1 2 3))\n"
     "(assert_return (invoke $a \"v\") (either (v128.const i32x4 0 0 0 0) (v128.const f32x4 nan 1 2 3)))\n"
     "(assert_return (invoke $a \"v\") (v128.const f32x4 1 1 2 3))\n",
     4,
     "3: expected (f32.const 1), got (f32.const nan)\n"
     "6: expected (v128.const i32x4 0x3f800000 0x3f800000 0x40000000 0x40400000), got (v128.const i32x4 0x7fc00000 "
     "0x3f800000 0x40000000 0x40400000)\n"},
    {"(module (func (export \"r\") (param externref) (result externref) (local.get 0))\n"
     " (elem declare func 0) (func (export \"f\") (result funcref) (ref.func 0)))\n"
     "(assert_return (invoke \"r\" (ref.extern 3)) (ref.extern 3))\n"
     "(assert_return (invoke \"r\" (ref.null extern)) (ref.null extern))\n"
     "(assert_return (invoke \"r\" (ref.extern 3)) (ref.extern 4))\n"
     "(assert_return (invoke \"f\") (ref.func))\n"
     "(assert_return (invoke \"f\") (ref.null))\n",
     4, "5: expected (ref.extern 4), got (ref.extern 3)\n7: expected (ref.null), got a reference of type funcref\n"},
    {"(module definition $d (memory (export \"m\") 1 1 shared) (func (export \"f\") (result i32) (i32.const 7)))\n"
     "(module instance $i $d) (register \"r\" $i)\n"
     "(module (import \"r\" \"f\" (func (result i32))) (export \"g\" (func 0)))\n"
     "(assert_return (invoke \"g\") (i32.const 7))\n"
     "(thread $t (shared (module $i)) (register \"mem\" $i)\n"
     "  (module (memory (import \"mem\" \"m\") 1 1 shared) (func (export \"s\") (i32.store8 (i32.const 0) (i32.const "
     "5))))\n"
     "  (invoke \"s\") (assert_return (invoke \"s\") (i32.const 1)))\n"
     "(wait $t)\n"
     "(module (memory (import \"r\" \"m\") 1 1 shared) (func (export \"l\") (result i32) (i32.load8_u (i32.const "
     "0))))\n"
     "(assert_return (invoke \"l\") (i32.const 5))\n",
     12, "7: expected (i32.const 1), got no values\n"},
    {"(module $m (memory (export \"m\") 1 1 shared))\n"
     "(thread $t (shared (module $m)) (register \"mem\" $m)\n"
     "  (module (memory (import \"mem\" \"m\") 1 1 shared) (func (export \"wait\") (result i32)\n"
     "    (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))\n"
     "  (assert_return (invoke \"wait\") (i32.const 0)))\n"
     "(register \"mem\" $m)\n"
     "(module (memory (import \"mem\" \"m\") 1 1 shared) (func (export \"notify\")\n"
     "  (loop (br_if 0 (i32.eqz (memory.atomic.notify (i32.const 0) (i32.const 1)))))))\n"
     "(invoke \"notify\")\n(wait $t)\n",
     9, ""},
    {"(module (tag $e) (func (export \"f\") (throw $e)) (func $r (export \"r\") (call $r)))\n"
     "(assert_exception (invoke \"f\"))\n(assert_exhaustion (invoke \"r\") \"call stack exhausted\")\n"
     "(assert_exception (invoke \"r\"))\n",
     3, "4: expected an uncaught exception, got the trap: call stack exhausted\n"},
    {"(module definition $d (func unreachable) (start 0))\n"
     "(assert_trap (module instance $i $d) \"unreachable\")\n(assert_trap (module instance) \"unreachable\")\n"
     "(module definition $e (import \"spectest\" \"nothing\" (func)))\n"
     "(assert_unlinkable (module instance $e) \"unknown import\")\n(assert_trap (module instance $x) "
     "\"unreachable\")\n",
     5, "6: expected a trapping module: unreachable, got: no such definition\n"},
    {"(component)\n(nonsense)\n(module)\n", 2, "2: unknown operator nonsense\n"},
    {"(func (export \"f\"))", 1, ""},
};

static void collect(void *env, const char *name, uint32_t line, const char *message) {
  cv_buf_printf(env, "%u: %s\n", line, message);
}

static void run_scripts(void **state) {
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_mem mem;
    cv_mem_init(&mem, UINT64_MAX);
    cv_buf reports;
    cv_buf_init(&reports, &mem);
    cv_engine *engine;
    cv_engine_options options = {.tier = "interp"};
    cv_diag diag;
    cv_diag_init(&diag);
    assert_int_equal(cv_engine_new(&engine, &options, &diag), CV_OK);
    cove_wast_counts counts = {0};
    cv_status status =
        cv_wast_run(engine, "row", rows[i].script, strlen(rows[i].script), collect, &reports, &counts, &diag);
    if (status != CV_OK)
      show(rows[i].script, &diag);
    assert_int_equal(status, CV_OK);
    assert_string_equal(cv_buf_cstr(&reports), rows[i].reports);
    assert_int_equal(counts.passed, rows[i].passed);
    cv_buf_free(&reports);
    cv_engine_release(engine);
  }
}

static void refuse_other_texts(void **state) {
  cv_engine *engine;
  cv_engine_options options = {.tier = "interp"};
  cv_diag diag;
  cv_diag_init(&diag);
  assert_int_equal(cv_engine_new(&engine, &options, &diag), CV_OK);
  cove_wast_counts counts = {0};
  const char *text = "\n \"unclosed";
  assert_int_equal(cv_wast_run(engine, "x", text, strlen(text), NULL, NULL, &counts, &diag), CV_EMALFORMED);
  assert_int_equal(diag.line, 2);
  cv_engine_release(engine);
}

// Every allocation of the engine's quota fails in turn: the run ends, says so, and gives everything back.
static void run_out_of_memory(void **state) {
  static const char script[] =
      "(module $a (memory (export \"m\") 1 1 shared) (func (export \"f\") (param externref) (result i32) (i32.const "
      "1)))\n"
      "(register \"a\" $a)\n"
      "(module (import \"a\" \"f\" (func (param externref) (result i32))) (export \"g\" (func 0)))\n"
      "(assert_return (invoke \"g\" (ref.extern 1)) (either (i32.const 1) (i32.const 2)))\n"
      "(assert_malformed (module quote \"(func $\\\"a\\\\41\\\" (i32.const 1x))\") \"unknown operator\")\n"
      "(thread $t (shared (module $a)) (register \"a\" $a) (module (memory (import \"a\" \"m\") 1 1 shared)))\n"
      "(wait $t)";
  cv_engine *engine;
  cv_engine_options options = {.tier = "interp"};
  cv_diag diag;
  cv_diag_init(&diag);
  assert_int_equal(cv_engine_new(&engine, &options, &diag), CV_OK);
  cv_mem *mem = cv_engine_mem(engine);
  uint64_t used = 0;
  cv_status status = CV_ENOMEM;
  cove_wast_counts counts = {.failed = 1};
  // The first round succeeds, and leaves in the engine what it keeps for ever.
  for (uint64_t n = 0; n == 0 || status != CV_OK || counts.failed != 0; n++) {
    cv_diag_init(&diag);
    counts = (cove_wast_counts){0};
    mem->fail_at = n != 0 ? mem->calls + n : 0;
    status = cv_wast_run(engine, "x", script, sizeof script - 1, NULL, NULL, &counts, &diag);
    mem->fail_at = 0;
    assert_true(status == CV_ENOMEM || status == CV_OK);
    if (n == 0) {
      assert_int_equal(counts.passed, 9);
      used = mem->used;
    }
    assert_int_equal(mem->used, used);
    assert_true(n < 10000);
  }
  cv_engine_release(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(run_scripts),
      cmocka_unit_test(refuse_other_texts),
      cmocka_unit_test(run_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
