// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The type registry: equal types get equal ids across modules, ids die with their last holder, subtyping, threads.
#include <pthread.h>

#include "wasm_support.h"

// Types of two modules: which are the same.
static void same_structure_same_id(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid_wat(&f, "(type $a (func (param i32)))"                                               // 0
                        "(type $b (func (param i32)))"                                               // 1: as 0
                        "(rec (type $c (func (param (ref $d)))) (type $d (func (result (ref $c)))))" // 2, 3
                        "(rec (type $e (func (param (ref $g)))) (type $g (func (result (ref $e)))))" // 4, 5: as 2, 3
                        "(rec (type $h (func (param (ref $d)))) (type (func (result (ref $c)))))"    // 6, 7: not
                        "(type $i (sub (func (param i32))))"                                         // 8: not as 0
                        "(type $j (sub $i (func (param i32))))"                                      // 9
                        "(type $k (sub final $i (func (param i32))))"                                // 10: not as 9
                        "(type (func (param (ref null $a)))) (type (func (param (ref null $b))))"    // 11, 12: same
                        "(type (struct (field i8))) (type (struct (field (mut i8)))) (type (array i8))"); // 13, 14, 15
  const cv_type *t = f.module->types;
  static const struct {
    uint32_t a, b;
    bool same;
  } pairs[] = {{0, 1, true},  {2, 4, true},   {3, 5, true},   {2, 3, false},   {2, 6, false},  {3, 7, false},
               {0, 8, false}, {9, 10, false}, {11, 12, true}, {13, 14, false}, {13, 15, false}};
  for (size_t i = 0; i < CV_COUNT(pairs); i++)
    if ((t[pairs[i].a].id == t[pairs[i].b].id) != pairs[i].same)
      fail_msg("types %u and %u", pairs[i].a, pairs[i].b);
  cv_typeid a = t[0].id, c = t[2].id;
  cv_module *first = f.module;
  uint8_t *first_bytes = f.bytes;
  f.module = NULL;
  f.bytes = NULL;
  fixture_valid_wat(&f, "(type (func)) (rec (type $c (func (param (ref $d)))) (type $d (func (result (ref $c)))))"
                        "(type (func (param i32)))");
  assert_int_equal(f.module->types[1].id, c);
  assert_int_equal(f.module->types[3].id, a);
  uint32_t all = cv_type_registry_count(f.registry);
  cv_module_delete(first);
  free(first_bytes);
  assert_int_equal(cv_type_registry_count(f.registry), 4); // those of the second module
  assert_true(all > 4);
  assert_int_equal(cv_canon_type_of(f.registry, c)->as.func.param_count, 1);
  fixture_free(&f);
}

static void subtypes(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid_wat(&f, "(type $a (sub (struct))) (type $b (sub $a (struct (field i32))))"
                        "(type $c (sub $b (struct (field i32 i32)))) (type $d (sub $a (struct (field f32))))"
                        "(type $f (func)) (type $v (array i32))");
  const cv_type *t = f.module->types;
  static const bool below[4][4] = {
      {true, false, false, false}, {true, true, false, false}, {true, true, true, false}, {true, false, false, true}};
  for (unsigned i = 0; i < 4; i++)
    for (unsigned k = 0; k < 4; k++)
      assert_int_equal(cv_type_is_subtype(f.registry, t[i].id, t[k].id), below[i][k]);
  // Heap types in the order of their hierarchy: row matches column.
  const uint32_t heaps[] = {CV_HEAP_ANY,  CV_HEAP_EQ,     CV_HEAP_STRUCT, CV_HEAP_ARRAY,    CV_HEAP_I31, CV_HEAP_NONE,
                            CV_HEAP_FUNC, CV_HEAP_NOFUNC, CV_HEAP_EXTERN, CV_HEAP_NOEXTERN, CV_HEAP_EXN, CV_HEAP_NOEXN,
                            t[1].id,      t[4].id,        t[5].id,        CV_HEAP_BOT};
  static const char *const want[] = {
      "x...............", "xx..............", "xxx.............", "xx.x............",
      "xx..x...........", "xxxxxx......x.x.", "......x.........", "......xx.....x..",
      "........x.......", "........xx......", "..........x.....", "..........xx....",
      "xxx.........x...", "......x......x..", "xx.x..........x.", "xxxxxxxxxxxxxxxx",
  };
  for (size_t i = 0; i < CV_COUNT(heaps); i++)
    for (size_t k = 0; k < CV_COUNT(heaps); k++)
      if (cv_canon_heap_matches(f.registry, heaps[i], heaps[k]) != (want[i][k] == 'x'))
        fail_msg("heap type %zu against %zu", i, k);
  assert_true(cv_canon_matches(f.registry, CV_REF_TYPE(false, CV_HEAP_FUNC), CV_FUNCREF));
  assert_false(cv_canon_matches(f.registry, CV_FUNCREF, CV_REF_TYPE(false, CV_HEAP_FUNC)));
  assert_false(cv_canon_matches(f.registry, CV_I32, CV_I64));
  assert_true(cv_canon_matches(f.registry, CV_BOT, CV_I64));
  fixture_free(&f);
}

static void deepest_subtypes(void **state) {
  for (unsigned depth = 63; depth <= 64; depth++) {
    fixture f;
    fixture_init(&f);
    char hex[2000] = PREAMBLE;
    size_t size = 5; // bytes of the section: count, then the types
    char types[1800] = "5000 600000";
    for (unsigned i = 0; i < depth; i++) {
      snprintf(types + strlen(types), sizeof types - strlen(types), " 5001 %02x 600000", i);
      size += 6;
    }
    snprintf(hex + strlen(hex), sizeof hex - strlen(hex), "01 %02zx%02zx %02x %s", ((size + 1) & 0x7f) | 0x80,
             (size + 1) >> 7, depth + 1, types);
    fixture_hex(&f, hex);
    assert_int_equal(fixture_check(&f, CV_FEATURES_ALL), depth == 63 ? CV_OK : CV_ELIMIT);
    fixture_free(&f);
  }
}

static void host_function_types(void **state) {
  fixture f;
  fixture_init(&f);
  static const cv_valtype types[] = {CV_I32, CV_I64, CV_F32};
  const cv_functype type = {2, 1, types};
  cv_typeid id = cv_type_registry_func(f.registry, &type), again = cv_type_registry_func(f.registry, &type);
  assert_int_equal(id, again);
  fixture_valid_wat(&f, "(type (func (param i32) (result i64 f32))) (type (func (param i32 i64) (result f32)))");
  assert_int_not_equal(f.module->types[0].id, id);
  assert_int_equal(f.module->types[1].id, id);
  const cv_functype none = {0, 0, NULL};
  cv_typeid empty = cv_type_registry_func(f.registry, &none);
  assert_int_not_equal(empty, CV_NO_TYPE);
  cv_type_registry_release(f.registry, empty);
  cv_type_registry_release(f.registry, id);
  cv_type_registry_release(f.registry, again);
  assert_int_equal(cv_type_registry_count(f.registry), 2);
  fixture_free(&f);
}

// A long chain of types that hold each other must not be released by recursion.
static void long_chain(void **state) {
  enum { LENGTH = 100000 };
  fixture f;
  fixture_init(&f);
  cv_type *types = cv_mem_calloc(&f.mem, LENGTH, sizeof *types);
  cv_valtype *params = cv_mem_calloc(&f.mem, LENGTH, sizeof *params);
  assert_true(types != NULL && params != NULL);
  for (uint32_t i = 0; i < LENGTH; i++) {
    params[i] = i == 0 ? CV_I32 : CV_REF_TYPE(true, i - 1);
    types[i] = (cv_type){.kind = CV_COMP_FUNC,
                         .is_final = true,
                         .super = CV_NO_TYPE,
                         .group_start = i,
                         .group_size = 1,
                         .as = {.func = {1, 0, &params[i]}}};
    assert_int_equal(cv_type_registry_add(f.registry, types, i, 1), CV_OK);
    if (i > 0)
      cv_type_registry_release(f.registry, types[i - 1].id); // the next one holds it
  }
  assert_int_equal(cv_type_registry_count(f.registry), LENGTH);
  cv_type_registry_release(f.registry, types[LENGTH - 1].id);
  assert_int_equal(cv_type_registry_count(f.registry), 0);
  cv_mem_free(&f.mem, types, LENGTH * sizeof *types);
  cv_mem_free(&f.mem, params, LENGTH * sizeof *params);
  fixture_free(&f);
}

typedef struct worker {
  cv_type_registry *registry;
  unsigned seed;
  bool failed;
} worker;

static void *work(void *arg) {
  worker *w = arg;
  for (unsigned round = 0; round < 3000; round++) {
    cv_valtype types[4];
    w->seed = w->seed * 1103515245 + 12345;
    for (unsigned i = 0; i < 4; i++)
      types[i] = CV_KIND_V128 + (w->seed >> (8 + 3 * i)) % 5;
    const cv_functype type = {3, 1, types};
    cv_typeid id = cv_type_registry_func(w->registry, &type);
    if (id == CV_NO_TYPE || memcmp(cv_canon_type_of(w->registry, id)->as.func.types, types, sizeof types) != 0)
      w->failed = true;
    if (id != CV_NO_TYPE)
      cv_type_registry_release(w->registry, id);
  }
  return NULL;
}

static void threads(void **state) {
  fixture f;
  fixture_init(&f);
  worker workers[4];
  pthread_t ids[4];
  for (unsigned i = 0; i < 4; i++) {
    workers[i] = (worker){f.registry, i + 1, false};
    assert_int_equal(pthread_create(&ids[i], NULL, work, &workers[i]), 0);
  }
  for (unsigned i = 0; i < 4; i++) {
    pthread_join(ids[i], NULL);
    assert_false(workers[i].failed);
  }
  fixture_free(&f);
}

static void texts(void **state) {
  static const struct {
    cv_valtype type;
    const char *text;
  } types[] = {
      {CV_I32, "i32"},
      {CV_V128, "v128"},
      {CV_KIND_I8, "i8"},
      {CV_FUNCREF, "funcref"},
      {CV_EXNREF, "exnref"},
      {CV_REF_TYPE(true, CV_HEAP_NOFUNC), "nullfuncref"},
      {CV_REF_TYPE(true, CV_HEAP_NONE), "nullref"},
      {CV_REF_TYPE(false, CV_HEAP_EXTERN), "(ref extern)"},
      {CV_REF_TYPE(true, 12), "(ref null 12)"},
      {CV_REF_TYPE(false, 8388607), "(ref 8388607)"},
      {CV_REF_TYPE(false, CV_HEAP_BOT), "(ref bot)"},
      {CV_BOT, "bot"},
  };
  for (size_t i = 0; i < CV_COUNT(types); i++) {
    char text[CV_VALTYPE_TEXT_SIZE];
    assert_string_equal(cv_valtype_text(types[i].type, text), types[i].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_structure_same_id),
      cmocka_unit_test(subtypes),
      cmocka_unit_test(deepest_subtypes),
      cmocka_unit_test(host_function_types),
      cmocka_unit_test(long_chain),
      cmocka_unit_test(threads),
      cmocka_unit_test(texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
