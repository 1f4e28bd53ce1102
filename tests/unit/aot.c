// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiled programs: what is written is read again and runs the same; another build, another CPU and every kind of
// damage are refused with a sentence.
#include "runtime_support.h"

#include <stdio.h>
#include <stdlib.h>

#include "aot/aot.h"
#include "base/digest.h"
#include "runtime/archive.h"
#include "runtime/internal.h"
#include "wasm/binary/decode.h"

static const cv_engine_options jit = {.tier = "jit", .features = CV_FEATURES_ALL, .compile = {.lazy = true}};

// Every kind of relocation, a landing pad, a trap.
static const char program[] =
    "(module (type $t (func (param i32) (result i32))) (table 2 funcref) (elem (i32.const 0) $double)"
    " (memory 1) (data (i32.const 8) \"data\") (tag $e (param i32))"
    " (func $double (type $t) (i32.mul (local.get 0) (i32.const 2)))"
    " (func $thrower (param i32) (throw $e (local.get 0)))"
    " (func (export \"direct\") (param i32) (result i32) (call $double (local.get 0)))"
    " (func (export \"indirect\") (param i32) (result i32) (call_indirect (type $t) (i32.const 21) (local.get 0)))"
    " (func (export \"catch\") (param i32) (result i32)"
    "  (block $caught (result i32) (try_table (catch $e $caught) (call $thrower (local.get 0))) (i32.const 1)))"
    " (func (export \"lanes\") (param i32) (result i32)"
    "  (i8x16.extract_lane_u 3 (i8x16.popcnt (i8x16.splat (local.get 0)))))"
    " (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))"
    " (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0))))";

static cv_mem test_mem;

static cv_buf binary_of(const char *wat) {
  cv_buf binary;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_buf_init(&binary, &test_mem);
  must(cv_wat_parse(wat, strlen(wat), CV_FEATURES_ALL, &test_mem, &binary, &diag), &diag);
  return binary;
}

static cv_buf compiled(cv_engine *engine, const char *wat, uint32_t jobs) {
  cv_buf binary = binary_of(wat), file;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_buf_init(&file, &test_mem);
  must(cv_aot_compile(engine, binary.data, binary.size, &(cv_aot_options){.jobs = jobs}, &file, &diag), &diag);
  cv_buf_free(&binary);
  return file;
}

static cv_status open_at(const uint8_t *bytes, size_t size, cv_archive *out, char *why, size_t why_size) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_status status = cv_archive_open(out, bytes, size, &diag);
  snprintf(why, why_size, "%s", diag.text);
  if (status != CV_OK)
    assert_int_not_equal(diag.text[0], '\0');
  return status;
}

static cv_status open_file(const cv_buf *file, cv_archive *out) {
  char why[512];
  return open_at(file->data, file->size, out, why, sizeof why);
}

static bool takes_program(const cv_buf *file) {
  cv_bytes taken;
  bool is_component;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_status status = cv_archive_program(file->data, file->size, &taken, &is_component, &diag);
  return status == CV_OK;
}

// The digest of the head made right again.
static void sign(cv_buf *file) {
  uint64_t head = cv_load_le64(file->data + CV_ARCHIVE_AT_HEAD_SIZE);
  cv_store_le64(file->data + CV_ARCHIVE_AT_DIGEST,
                cv_digest(file->data + CV_ARCHIVE_AT_SIZE, head - CV_ARCHIVE_AT_SIZE));
}

static cv_instance *instance_of(world *w, const cv_archive *archive) {
  cv_module *module;
  cv_code *code;
  cv_instance *instance;
  cv_diag diag;
  cv_diag_init(&diag);
  must(cv_engine_load_archive(w->engine, archive, &module, &diag), &diag);
  must(cv_engine_compile_from(w->engine, archive, 0, module, &code, &diag), &diag);
  must(cv_instantiate(w->store, code, NULL, 0, NULL, &instance, &diag), &diag);
  cv_code_release(code);
  return instance;
}

// What one tier compiled in one engine runs in another, whose type ids differ.
static void runs_the_same_by(const char *tier, uint32_t jobs) {
  cv_engine_options options = jit;
  options.tier = tier;
  world other = world_new(&options, NULL);
  cv_buf file = compiled(other.engine, program, jobs);
  world_delete(&other);
  options.tier = NULL;
  world w = world_new(&options, NULL);
  (void)instantiate(w.store, "(module (type (func (param f32))) (type (func (param f64 i64))))", NULL, 0);
  cv_archive archive;
  assert_int_equal(open_file(&file, &archive), CV_OK);
  assert_string_equal(archive.tier->name, tier != NULL ? tier : "jit");
  cv_instance *i = instance_of(&w, &archive);
  assert_null(i->code->up);
  assert_int_equal(result1(i, "direct", 4), 8);
  assert_int_equal(result1(i, "indirect", 0), 42);
  assert_int_equal(result1(i, "catch", 9), 9);
  assert_int_equal(result1(i, "lanes", 7), 3);
  assert_int_equal(result1(i, "grow", 1), 1);
  assert_int_equal(result1(i, "load", 8), 0x61746164);
  assert_int_equal(call1(i, "indirect", 1, NULL), CV_RUN_TRAP);
  assert_int_equal(w.context->trap.kind, CV_TRAP_UNINITIALIZED_ELEMENT);
  assert_int_equal(call1(i, "load", 0x7fffffff, NULL), CV_RUN_TRAP);
  assert_int_equal(w.context->trap.frames_total, 1);
  uint32_t offset = w.context->trap.frames[0].offset;
  world_delete(&w);
  cv_buf_free(&file);
  w = world_new(&jit, NULL);
  i = instantiate(w.store, program, NULL, 0);
  assert_int_equal(call1(i, "load", 0x7fffffff, NULL), CV_RUN_TRAP);
  assert_int_equal(w.context->trap.frames[0].offset, offset);
  world_delete(&w);
}

static void runs_the_same(void **state) {
  runs_the_same_by(NULL, 1); // with tier-up, were it not ahead of time
  for (const cv_tier *const *t = cv_tiers; *t != NULL; t++)
    if ((*t)->maker != NULL && (*t)->available()) {
      runs_the_same_by((*t)->name, 1);
      runs_the_same_by((*t)->name, 3);
    }
}

static void threads_write_the_same(void **state) {
  world w = world_new(&jit, NULL);
  cv_buf one = compiled(w.engine, program, 1), three = compiled(w.engine, program, 3);
  assert_int_equal(one.size, three.size);
  assert_memory_equal(one.data, three.data, one.size);
  cv_buf_free(&one);
  cv_buf_free(&three);
  world_delete(&w);
}

// One byte of the file changed: the file is refused, or the one function that it belongs to, or it is of no concern.
static void damage_is_found(void **state) {
  world w = world_new(&jit, NULL);
  cv_buf file = compiled(w.engine, program, 1);
  cv_archive archive;
  assert_int_equal(open_file(&file, &archive), CV_OK);
  const uint8_t *m = file.data + CV_ARCHIVE_HEADER_SIZE;
  size_t head = cv_load_le64(file.data + CV_ARCHIVE_AT_HEAD_SIZE), code = head + cv_load_le64(m + 24),
         code_end = code + cv_load_le64(m + 32), program_end = head + archive.program.size;
  size_t found = 0, unread = 0;
  for (size_t at = 0; at < file.size; at++) {
    file.data[at] ^= 0x10;
    bool opens = open_file(&file, &archive) == CV_OK;
    if (at < program_end && (at < code || at >= code_end))
      assert_false(opens);
    // All of it, the code section, too; one of another build is as good.
    bool of_stamp = at >= CV_ARCHIVE_AT_STAMP && at < CV_ARCHIVE_AT_STAMP + 8;
    assert_int_equal(takes_program(&file), of_stamp || at >= program_end);
    if (opens) {
      cv_code_objects objects, upper;
      cv_code_object object;
      uint32_t bad = 0;
      assert_true(cv_archive_find(&archive, 0, &objects, &upper));
      for (uint32_t i = 0; i < objects.count; i++)
        bad += cv_code_objects_get(&objects, i, &object) != CV_OK;
      assert_true(bad <= 1);
      found += bad;
      unread += bad == 0;
    }
    file.data[at] ^= 0x10;
  }
  assert_true(found > 100);
  assert_true(unread <= code_end - code + 9 * (CV_ARCHIVE_ALIGNMENT - 1)); // and what is between the objects
  assert_int_equal(open_file(&file, &archive), CV_OK);
  cv_buf_free(&file);
  world_delete(&w);
}

static void cut_off_is_found(void **state) {
  world w = world_new(&jit, NULL);
  cv_buf file = compiled(w.engine, program, 1);
  cv_archive archive;
  cv_diag diag;
  bool is_component;
  for (size_t size = 0; size < file.size; size++) {
    uint8_t *part = malloc(size + 1); // so that a sanitizer sees who reads beyond
    memcpy(part, file.data, size);
    cv_diag_init(&diag);
    assert_int_not_equal(cv_archive_open(&archive, part, size, &diag), CV_OK);
    cv_diag_init(&diag);
    assert_int_not_equal(cv_archive_program(part, size, &archive.program, &is_component, &diag), CV_OK);
    free(part);
  }
  cv_buf_free(&file);
  world_delete(&w);
}

// Heads that are signed, and wrong. Each row stores 8 bytes.
static void wrong_heads_are_refused(void **state) {
  static const struct {
    const char *name;
    size_t at;
    uint64_t value;
    cv_status status;
    const char *says;
  } rows[] = {
      {"stamp", CV_ARCHIVE_AT_STAMP, 1, CV_EUNSUPPORTED, "another build"},
      {"CPU", CV_ARCHIVE_AT_CPU, 1ull << 63, CV_EUNSUPPORTED, "CPU with"},
      {"tier", CV_ARCHIVE_AT_TIER, 0x7072657469 /* "iterp" */, CV_EUNSUPPORTED, "tier"},
      {"tier that makes no code", CV_ARCHIVE_AT_TIER, 0x707265746e69 /* "interp" */, CV_EUNSUPPORTED, "tier"},
      {"size", CV_ARCHIVE_AT_SIZE, 7, CV_EMALFORMED, "size"},
      {"head", CV_ARCHIVE_AT_HEAD_SIZE, UINT64_MAX, CV_EMALFORMED, "head"},
      {"short head", CV_ARCHIVE_AT_HEAD_SIZE, CV_ARCHIVE_HEADER_SIZE, CV_EMALFORMED, "head"},
      {"program", CV_ARCHIVE_AT_PROGRAM, UINT64_MAX, CV_EMALFORMED, "program"},
      {"program's size", CV_ARCHIVE_AT_PROGRAM + 8, UINT64_MAX, CV_EMALFORMED, "program"},
      {"program's digest", CV_ARCHIVE_AT_PROGRAM + 16, 5, CV_EMALFORMED, "program"},
      {"modules", CV_ARCHIVE_AT_MODULES, UINT32_MAX, CV_EMALFORMED, "head"},
      {"index", CV_ARCHIVE_HEADER_SIZE + 8, UINT64_MAX - 8, CV_EMALFORMED, "index"},
      {"functions", CV_ARCHIVE_HEADER_SIZE + 16, UINT32_MAX, CV_EMALFORMED, "index"},
      {"code section", CV_ARCHIVE_HEADER_SIZE + 24, UINT64_MAX, CV_EMALFORMED, "program"},
      {"code section's size", CV_ARCHIVE_HEADER_SIZE + 32, UINT64_MAX, CV_EMALFORMED, "program"},
  };
  world w = world_new(&jit, NULL);
  cv_archive archive;
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_buf file = compiled(w.engine, program, 1);
    uint64_t head = cv_load_le64(file.data + CV_ARCHIVE_AT_HEAD_SIZE);
    cv_store_le64(file.data + rows[i].at, rows[i].value);
    if (cv_load_le64(file.data + CV_ARCHIVE_AT_HEAD_SIZE) <= head)
      sign(&file);
    char why[512];
    cv_status status = open_at(file.data, file.size, &archive, why, sizeof why);
    if (status != rows[i].status || strstr(why, rows[i].says) == NULL)
      print_error("%s: %d: %s\n", rows[i].name, status, why);
    assert_int_equal(status, rows[i].status);
    assert_non_null(strstr(why, rows[i].says));
    cv_buf_free(&file);
  }
  world_delete(&w);
}

static void addresses_are_aligned(void **state) {
  world w = world_new(&jit, NULL);
  cv_buf file = compiled(w.engine, program, 1);
  cv_buf_insert(&file, 0, "x", 1);
  cv_archive archive;
  char why[512];
  assert_int_equal(open_at(file.data + 1, file.size - 1, &archive, why, sizeof why), CV_EUSAGE);
  cv_buf_free(&file);
  world_delete(&w);
}

// The first relocation of the first function that has one, with another kind, value or place; the digests are right.
static void wrong_relocations_are_refused(void **state) {
  static const cv_code_reloc wrong[] = {
      {.at = 9, .kind = CV_RELOC_FUNC, .value = 1000},
      {.at = 9, .kind = CV_RELOC_HELPER, .value = 1000},
      {.at = 9, .kind = CV_RELOC_POOL, .value = 900000},
      {.at = 9, .kind = CV_RELOC_TYPE, .value = 1000},
      {.at = 9, .kind = 15, .value = 0},
      {.at = UINT32_MAX - 3, .kind = CV_RELOC_HELPER, .value = 0},
      {.at = 4000, .kind = CV_RELOC_HELPER, .value = 0},
  };
  for (size_t i = 0; i < CV_COUNT(wrong); i++) {
    world w = world_new(&jit, NULL);
    cv_buf file = compiled(w.engine, program, 1);
    uint8_t *index = file.data + cv_load_le64(file.data + CV_ARCHIVE_HEADER_SIZE + 8) +
                     2 * CV_ARCHIVE_INDEX_SIZE; // "direct", whose one relocation is its call
    uint64_t at = cv_load_le64(index);
    assert_int_equal(cv_load_le32(index + 20), 1);
    size_t size = sizeof wrong[i] + cv_load_le32(index + 16) + cv_load_le32(index + 24) + cv_load_le32(index + 28);
    memcpy(file.data + at, &wrong[i], sizeof wrong[i]);
    cv_store_le64(index + 8, cv_digest(file.data + at, size));
    sign(&file);
    cv_archive archive;
    assert_int_equal(open_file(&file, &archive), CV_OK);
    cv_instance *instance = instance_of(&w, &archive);
    assert_int_equal(call1(instance, "direct", 1, NULL), CV_RUN_TRAP);
    assert_non_null(strstr(cv_trap_sentence(w.context), "damaged: function 2; make it again: cove compile"));
    assert_int_equal(result1(instance, "grow", 1), 1);
    world_delete(&w);
    cv_buf_free(&file);
  }
}

// A module whose functions are others than the file has code for.
static void another_module_is_refused(void **state) {
  world w = world_new(&jit, NULL);
  cv_buf file = compiled(w.engine, program, 1);
  cv_store_le32(file.data + CV_ARCHIVE_HEADER_SIZE + 16, 3);
  sign(&file);
  cv_archive archive;
  cv_module *module;
  cv_code *code;
  cv_diag diag;
  cv_diag_init(&diag);
  assert_int_equal(open_file(&file, &archive), CV_OK);
  must(cv_engine_load_archive(w.engine, &archive, &module, &diag), &diag);
  assert_int_equal(cv_engine_compile_from(w.engine, &archive, 0, module, &code, &diag), CV_EMALFORMED);
  cv_diag_init(&diag);
  assert_int_equal(cv_engine_compile_from(w.engine, &archive, 4, module, &code, &diag), CV_EMALFORMED);
  cv_module_delete(module);
  cv_buf_free(&file);
  world_delete(&w);
}

static void failures_come_from_any_thread(void **state) {
  world w = world_new(&jit, NULL);
  cv_buf binary = binary_of(program), file;
  cv_buf_init(&file, &test_mem);
  cv_diag diag;
  cv_mem *mem = cv_engine_mem(w.engine);
  cv_buf warm = compiled(w.engine, program, 1); // what the engine keeps of types, it has now
  cv_buf_free(&warm);
  // Every allocation in turn fails; then it succeeds.
  cv_status status = CV_ENOMEM;
  for (uint64_t n = 1; status != CV_OK; n++) {
    assert_true(n < 100000);
    cv_diag_init(&diag);
    uint64_t used = mem->used;
    mem->fail_at = mem->calls + n;
    status = cv_aot_compile(w.engine, binary.data, binary.size, &(cv_aot_options){.jobs = 1 + (n & 1)}, &file, &diag);
    mem->fail_at = 0;
    if (status != CV_OK)
      assert_int_equal(status, CV_ENOMEM);
    assert_int_equal(mem->used, used);
  }
  cv_archive archive;
  assert_int_equal(open_file(&file, &archive), CV_OK);
  cv_buf_free(&binary);
  cv_buf_free(&file);
  world_delete(&w);
}

int main(void) {
  bool here = false;
  for (const cv_tier *const *t = cv_tiers; *t != NULL; t++)
    here |= strcmp((*t)->name, "jit") == 0 && (*t)->available();
  if (!here || !cv_digest_available()) {
    print_message("skipped: compiled programs cannot run here\n");
    return 77;
  }
  cv_mem_init(&test_mem, UINT64_MAX);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_the_same),
      cmocka_unit_test(threads_write_the_same),
      cmocka_unit_test(damage_is_found),
      cmocka_unit_test(cut_off_is_found),
      cmocka_unit_test(wrong_heads_are_refused),
      cmocka_unit_test(addresses_are_aligned),
      cmocka_unit_test(wrong_relocations_are_refused),
      cmocka_unit_test(another_module_is_refused),
      cmocka_unit_test(failures_come_from_any_thread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
