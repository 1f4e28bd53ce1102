// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_kv.c: buckets of keys and values, each kind by the same tests: in memory, and of SQLite where cove has it. Class
// of fault: host memory exhausted through host calls.
#include "wasi_tree.h"

#include "wasi/core/kv.h"

static cv_wasi *open_context(cv_mem *mem, const char *file, const cv_wasi_limits *limits) {
  cv_wasi *w;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_mem_init(mem, UINT64_MAX);
  cv_wasi_config *c = cv_wasi_config_new(mem);
  assert_non_null(c);
  if (limits != NULL)
    c->limits = *limits;
  assert_int_equal(cv_wasi_config_bucket(c, &(cv_bucket_grant){.name = "b", .file = file}), CV_OK);
  cv_status status = cv_wasi_new(mem, c, &w, &diag);
  cv_wasi_config_delete(c);
  if (status == CV_EUNSUPPORTED && file != NULL) {
    assert_int_equal(mem->used, 0);
    return NULL;
  }
  if (status != CV_OK)
    fail_msg("%s", diag.text);
  return w;
}

static void close_context(cv_wasi *w, cv_mem *mem) {
  cv_wasi_delete(w);
  assert_int_equal(mem->used, 0);
}

static cv_wasi_limits defaults(void) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_wasi_config *c = cv_wasi_config_new(&mem);
  cv_wasi_limits limits = c->limits;
  cv_wasi_config_delete(c);
  return limits;
}

#define TEXT(s) CV_BYTES_LITERAL(s)

static void holds(cv_bucket *b, cv_bytes key, const char *value) {
  cv_kv_value v;
  assert_int_equal(cv_bucket_get(b, key, &v), CV_ERR_OK);
  if (value == NULL) {
    assert_int_equal(v.version, 0);
    return;
  }
  assert_int_not_equal(v.version, 0);
  assert_int_equal(v.bytes.size, strlen(value));
  assert_memory_equal(v.bytes.data, value, v.bytes.size);
}

static uint64_t version_of(cv_bucket *b, cv_bytes key) {
  cv_kv_value v;
  assert_int_equal(cv_bucket_get(b, key, &v), CV_ERR_OK);
  return v.version;
}

typedef struct keys {
  char text[256];
  size_t left;
} keys;

static bool collect(void *env, cv_bytes key) {
  keys *k = env;
  if (k->left-- == 0)
    return false;
  strncat(k->text, (const char *)key.data, key.size);
  strcat(k->text, " ");
  return true;
}

static void lists(cv_bucket *b, const cv_bytes *after, size_t most, const char *expected) {
  keys k = {.left = most};
  assert_int_equal(cv_bucket_list(b, after, collect, &k), CV_ERR_OK);
  assert_string_equal(k.text, expected);
}

static void check_bucket(const char *file) {
  cv_mem mem;
  cv_wasi *w = open_context(&mem, file, NULL);
  if (w == NULL)
    skip();
  cv_bucket *b = cv_bucket_find(w, TEXT("b"));
  int64_t number;
  bool swapped;
  assert_non_null(b);
  assert_null(cv_bucket_find(w, TEXT("")));
  assert_null(cv_bucket_find(w, TEXT("bb")));
  lists(b, NULL, 9, "");
  assert_int_equal(cv_bucket_set(b, TEXT("m"), TEXT("1")), CV_ERR_OK);
  assert_int_equal(cv_bucket_set(b, TEXT("a"), TEXT("2")), CV_ERR_OK);
  assert_int_equal(cv_bucket_set(b, TEXT("z"), TEXT("")), CV_ERR_OK);
  assert_int_equal(cv_bucket_set(b, TEXT("ab"), TEXT("3")), CV_ERR_OK);
  assert_int_equal(cv_bucket_set(b, TEXT("m"), TEXT("long enough")), CV_ERR_OK);
  holds(b, TEXT("m"), "long enough");
  holds(b, TEXT("z"), "");
  holds(b, TEXT("b"), NULL);
  lists(b, NULL, 9, "a ab m z ");
  lists(b, NULL, 2, "a ab ");
  lists(b, &TEXT("ab"), 9, "m z ");
  lists(b, &TEXT("abc"), 9, "m z ");
  lists(b, &TEXT("z"), 9, "");
  assert_int_equal(cv_bucket_remove(b, TEXT("ab")), CV_ERR_OK);
  assert_int_equal(cv_bucket_remove(b, TEXT("ab")), CV_ERR_OK);
  lists(b, &TEXT("a"), 1, "m ");
  // A version is never seen twice.
  uint64_t first = version_of(b, TEXT("m")), version = first;
  assert_int_equal(cv_bucket_remove(b, TEXT("m")), CV_ERR_OK);
  assert_int_equal(cv_bucket_set(b, TEXT("m"), TEXT("long enough")), CV_ERR_OK);
  assert_true(version_of(b, TEXT("m")) != first);
  assert_int_equal(cv_bucket_swap(b, TEXT("m"), &version, TEXT("x"), &swapped), CV_ERR_OK);
  assert_false(swapped);
  assert_int_equal(version, version_of(b, TEXT("m")));
  assert_int_equal(cv_bucket_swap(b, TEXT("m"), &version, TEXT("x"), &swapped), CV_ERR_OK);
  assert_true(swapped);
  assert_int_equal(version, version_of(b, TEXT("m")));
  version = 0; // only when it is not there
  assert_int_equal(cv_bucket_swap(b, TEXT("new"), &version, TEXT("5"), &swapped), CV_ERR_OK);
  assert_true(swapped);
  assert_int_equal(cv_bucket_increment(b, TEXT("new"), 37, &number), CV_ERR_OK);
  assert_int_equal(number, 42);
  static const char *const no_numbers[] = {
      "", "-", "1 ", "+1", "0x1", "1e3", "9223372036854775808", "-9223372036854775809"};
  for (size_t i = 0; i < CV_COUNT(no_numbers); i++) {
    assert_int_equal(cv_bucket_set(b, TEXT("n"), cv_bytes_of(no_numbers[i])), CV_ERR_OK);
    assert_int_equal(cv_bucket_increment(b, TEXT("n"), 1, &number), CV_ERR_INVAL);
    holds(b, TEXT("n"), no_numbers[i]);
  }
  assert_int_equal(cv_bucket_set(b, TEXT("n"), TEXT("-9223372036854775808")), CV_ERR_OK);
  assert_int_equal(cv_bucket_increment(b, TEXT("n"), -1, &number), CV_ERR_OVERFLOW);
  assert_int_equal(cv_bucket_increment(b, TEXT("n"), INT64_MAX, &number), CV_ERR_OK);
  assert_int_equal(number, -1);
  close_context(w, &mem);
}

static void test_memory(void **state) {
  check_bucket(NULL);
}

static void test_sqlite(void **state) {
  check_bucket(":memory:");
}

// Each limit is kept, and said.
static void check_limits(const char *file) {
  cv_mem mem;
  cv_wasi_limits limits = defaults();
  limits.kv_key = 4;
  limits.kv_value = 10;
  cv_wasi *w = open_context(&mem, file, &limits);
  if (w == NULL)
    skip();
  cv_bucket *b = cv_bucket_find(w, TEXT("b"));
  cv_kv_value v;
  int64_t number;
  bool swapped;
  uint64_t version = 0;
  assert_int_equal(cv_bucket_set(b, TEXT("four"), TEXT("ten bytes.")), CV_ERR_OK);
  assert_int_equal(cv_bucket_set(b, TEXT("fives"), TEXT("")), CV_ERR_TOOBIG);
  assert_string_equal(cv_bucket_why(b, CV_ERR_TOOBIG), "a key of 5 bytes: the limit is 4");
  assert_int_equal(cv_bucket_get(b, TEXT("fives"), &v), CV_ERR_TOOBIG);
  assert_int_equal(cv_bucket_remove(b, TEXT("fives")), CV_ERR_TOOBIG);
  assert_int_equal(cv_bucket_increment(b, TEXT("fives"), 1, &number), CV_ERR_TOOBIG);
  assert_int_equal(cv_bucket_set(b, TEXT("k"), TEXT("eleven byte")), CV_ERR_TOOBIG);
  assert_string_equal(cv_bucket_why(b, CV_ERR_TOOBIG), "a value of 11 bytes: the limit is 10");
  assert_int_equal(cv_bucket_swap(b, TEXT("k"), &version, TEXT("eleven byte"), &swapped), CV_ERR_TOOBIG);
  assert_false(swapped);
  lists(b, NULL, 9, "four ");
  close_context(w, &mem);
}

static void test_limits_memory(void **state) {
  check_limits(NULL);
}

static void test_limits_sqlite(void **state) {
  check_limits(":memory:");
}

// What buckets hold in memory: keys, and bytes, which come back when they are let go.
static void test_room(void **state) {
  cv_mem mem;
  cv_wasi_limits limits = defaults();
  limits.kv_keys = 3;
  limits.kv_bytes = 1000;
  static const char large[900];
  cv_bytes value = {(const uint8_t *)large, sizeof large};
  cv_wasi *w = open_context(&mem, NULL, &limits);
  cv_bucket *b = cv_bucket_find(w, TEXT("b"));
  for (int i = 0; i < 5; i++) {
    assert_int_equal(cv_bucket_set(b, TEXT("a"), value), CV_ERR_OK);
    assert_int_equal(cv_bucket_set(b, TEXT("b"), value), CV_ERR_NOSPC);
    assert_string_equal(cv_bucket_why(b, CV_ERR_NOSPC), "buckets in memory hold 965 bytes: the limit is 1000 "
                                                        "(--max-keyvalue SIZE gives them more)");
    assert_int_equal(cv_bucket_remove(b, TEXT("a")), CV_ERR_OK);
    assert_int_equal(w->kv_used, 0);
  }
  assert_int_equal(cv_bucket_set(b, TEXT("a"), TEXT("")), CV_ERR_OK);
  assert_int_equal(cv_bucket_set(b, TEXT("b"), TEXT("")), CV_ERR_OK);
  assert_int_equal(cv_bucket_set(b, TEXT("c"), TEXT("")), CV_ERR_OK);
  assert_int_equal(cv_bucket_set(b, TEXT("d"), TEXT("")), CV_ERR_NOSPC);
  assert_string_equal(cv_bucket_why(b, CV_ERR_NOSPC), "the bucket has 3 keys: the limit is 3");
  assert_int_equal(cv_bucket_set(b, TEXT("a"), value), CV_ERR_NOSPC);
  holds(b, TEXT("a"), "");
  close_context(w, &mem);
}

static bool yes(void *env) {
  return *(bool *)env;
}

// Nothing goes on when the host wants the program to end: one call may have any number of keys.
static void check_stop(const char *file) {
  cv_mem mem;
  bool stop = true, swapped;
  cv_kv_value v;
  int64_t number;
  uint64_t version = 0;
  cv_wasi *w = open_context(&mem, file, NULL);
  if (w == NULL)
    skip();
  w->should_stop = yes;
  w->should_stop_env = &stop;
  cv_bucket *b = cv_bucket_find(w, TEXT("b"));
  assert_int_equal(cv_bucket_set(b, TEXT("a"), TEXT("1")), CV_ERR_STOPPED);
  assert_int_equal(cv_bucket_get(b, TEXT("a"), &v), CV_ERR_STOPPED);
  assert_int_equal(cv_bucket_remove(b, TEXT("a")), CV_ERR_STOPPED);
  assert_int_equal(cv_bucket_increment(b, TEXT("a"), 1, &number), CV_ERR_STOPPED);
  assert_int_equal(cv_bucket_swap(b, TEXT("a"), &version, TEXT("1"), &swapped), CV_ERR_STOPPED);
  stop = false;
  holds(b, TEXT("a"), NULL);
  close_context(w, &mem);
}

static void test_stop_memory(void **state) {
  check_stop(NULL);
}

static void test_stop_sqlite(void **state) {
  check_stop(":memory:");
}

// What was refused is told in the program's words, which terminals must not obey.
static void test_refused_names(void **state) {
  cv_mem mem;
  cv_wasi *w = open_context(&mem, NULL, NULL);
  assert_null(cv_bucket_find(w, TEXT("x\x1b[31m\ny\xc2\x9bz")));
  assert_int_equal(w->refusals.count, 1);
  assert_string_equal(w->refusals.data[0].what, "open the bucket \"x?[31m?y??z\"");
  assert_string_equal(w->refusals.data[0].grant, "--keyvalue x?[31m?y??z");
  close_context(w, &mem);
}

// What a configuration refuses.
static void test_grants(void **state) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_wasi_config *c = cv_wasi_config_new(&mem);
  assert_int_equal(cv_wasi_config_bucket(c, &(cv_bucket_grant){.name = "b"}), CV_OK);
  assert_int_equal(cv_wasi_config_bucket(c, &(cv_bucket_grant){.name = "b", .file = "f"}), CV_EUSAGE);
  assert_int_equal(cv_wasi_config_bucket(c, &(cv_bucket_grant){.name = "c", .file = ""}), CV_EUSAGE);
  assert_int_equal(cv_wasi_config_bucket(c, &(cv_bucket_grant){.name = "c", .read_only = true}), CV_EUSAGE);
  assert_int_equal(cv_wasi_config_bucket(c, &(cv_bucket_grant){.name = ""}), CV_OK);
  assert_int_equal(cv_wasi_config_setting(c, "", "x"), CV_EUSAGE);
  cv_wasi_config_delete(c);
  assert_int_equal(mem.used, 0);
}

// Whatever allocation fails, nothing is lost and nothing leaks.
static void test_no_memory(void **state) {
  cv_mem mem;
  cv_wasi *w = open_context(&mem, NULL, NULL);
  cv_bucket *b = cv_bucket_find(w, TEXT("b"));
  assert_int_equal(cv_bucket_set(b, TEXT("a"), TEXT("kept")), CV_ERR_OK);
  uint64_t held = mem.used;
  static const char large[5000];
  mem.limit = held + 100; // the key fits, the value does not
  assert_int_equal(cv_bucket_set(b, TEXT("new"), (cv_bytes){(const uint8_t *)large, sizeof large}), CV_ERR_NOMEM);
  assert_int_equal(cv_bucket_set(b, TEXT("a"), (cv_bytes){(const uint8_t *)large, sizeof large}), CV_ERR_NOMEM);
  assert_int_equal(mem.used, held);
  mem.limit = UINT64_MAX;
  holds(b, TEXT("a"), "kept");
  holds(b, TEXT("new"), NULL);
  close_context(w, &mem);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory),        cmocka_unit_test(test_sqlite),      cmocka_unit_test(test_limits_memory),
      cmocka_unit_test(test_limits_sqlite), cmocka_unit_test(test_room),        cmocka_unit_test(test_grants),
      cmocka_unit_test(test_no_memory),     cmocka_unit_test(test_stop_memory), cmocka_unit_test(test_stop_sqlite),
      cmocka_unit_test(test_refused_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
