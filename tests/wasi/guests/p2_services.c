// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// p2_services.c: what wasi:config, wasi:logging and wasi:keyvalue answer, right or wrong; the first argument says what
// to do. Granted for "all": the settings a=1 and "b c"=x=y, messages from debug up, an empty bucket "b".
#include "p2.h"

#define NAMED(interface, name, result, c_name)                                                                         \
  __attribute__((import_module("wasi:" interface), import_name(name))) result c_name
#define STORE(name, result, c_name) NAMED("keyvalue/store@0.2.0-draft2", name, result, c_name)
#define ATOMICS(name, result, c_name) NAMED("keyvalue/atomics@0.2.0-draft2", name, result, c_name)
#define BATCH(name, result, c_name) NAMED("keyvalue/batch@0.2.0-draft2", name, result, c_name)

NAMED("config/store@0.2.0-draft", "get", void, config_get)(PTR, u32, PTR);
NAMED("config/store@0.2.0-draft", "get-all", void, config_get_all)(PTR);
NAMED("logging/logging@0.1.0-draft", "log", void, log_)(u32, PTR, u32, PTR, u32);
STORE("open", void, kv_open)(PTR, u32, PTR);
STORE("[method]bucket.get", void, kv_get)(u32, PTR, u32, PTR);
STORE("[method]bucket.set", void, kv_set)(u32, PTR, u32, PTR, u32, PTR);
STORE("[method]bucket.delete", void, kv_delete)(u32, PTR, u32, PTR);
STORE("[method]bucket.exists", void, kv_exists)(u32, PTR, u32, PTR);
STORE("[method]bucket.list-keys", void, kv_list)(u32, u32, PTR, u32, PTR);
STORE("[resource-drop]bucket", void, drop_bucket)(u32);
ATOMICS("[static]cas.new", void, cas_new)(u32, PTR, u32, PTR);
ATOMICS("[method]cas.current", void, cas_current)(u32, PTR);
ATOMICS("[resource-drop]cas", void, drop_cas)(u32);
ATOMICS("increment", void, kv_increment)(u32, PTR, u32, u64, PTR);
ATOMICS("swap", void, cas_swap)(u32, PTR, u32, PTR);
BATCH("get-many", void, kv_get_many)(u32, PTR, u32, PTR);
BATCH("set-many", void, kv_set_many)(u32, PTR, u32, PTR);
BATCH("delete-many", void, kv_delete_many)(u32, PTR, u32, PTR);

enum { NO_SUCH_STORE, ACCESS_DENIED, OTHER };
enum { TRACE, DEBUG, INFO, WARN, ERROR, CRITICAL };

static char word[32];

static int is(const char *s) {
  u32 n = text_size(s);
  return text_size(word) == n && same((const u8 *)word, s, n);
}

// Whether the text that `ret` names at `at` is this one.
static u32 text_is(u32 at, const char *s) {
  return load32(ret + at + 4) == text_size(s) && same((const u8 *)load32(ret + at), s, text_size(s));
}

static void print_text(u32 at) {
  static char text[200];
  u32 n = load32(ret + at + 4);
  for (u32 i = 0; i < n && i < sizeof text - 1; i++)
    text[i] = ((const char *)load32(ret + at))[i];
  text[n] = 0;
  print(1, text);
  print(1, "\n");
}

static u32 open_bucket(const char *name) {
  kv_open(name, text_size(name), ret);
  return ret[0] ? 0 : load32(ret + 4);
}

// OK, or the error of a function that answers nothing.
#define SET(b, key, value) (kv_set(b, key, text_size(key), value, text_size(value), ret), code(4))
#define DELETE(b, key) (kv_delete(b, key, text_size(key), ret), code(4))

// 1: the value is there and is this one, 2: another one, 0: it is not there.
static u32 value_is(u32 b, const char *key, const char *value) {
  kv_get(b, key, text_size(key), ret);
  if (ret[0])
    return OK + ret[4];
  return ret[4] ? text_is(8, value) ? 1 : 2 : 0;
}

static void settings(void) {
  config_get(STR("a"), ret);
  CHECK(ret[0] == 0 && ret[4] == 1 && text_is(8, "1"), 1);
  config_get(STR("b c"), ret);
  CHECK(ret[0] == 0 && ret[4] == 1 && text_is(8, "x=y"), 1);
  config_get(STR("A"), ret);
  CHECK(ret[0] == 0 && ret[4] == 0, 1);
  config_get(STR(""), ret);
  CHECK(ret[0] == 0 && ret[4] == 0, 1);
  config_get_all(ret);
  CHECK(ret[0], 0);
  CHECK(load32(ret + 8), 2);
  u32 row = load32(ret + 4);
  CHECK(load32((PTR)(row + 4)) == 1 && same((const u8 *)load32((PTR)row), "a", 1), 1);
  CHECK(load32((PTR)(row + 28)) == 3 && same((const u8 *)load32((PTR)(row + 24)), "x=y", 3), 1);
}

static void messages(void) {
  log_(TRACE, STR("here"), STR("too little to be told"));
  log_(DEBUG, STR("here"), STR("a fine point"));
  log_(INFO, STR(""), STR("without context"));
  log_(WARN, STR("a\tb"), STR("two\nlines, \x1b[31mred\x1b[0m, \xc2\x9b, \xc3\xa9\r"));
  log_(ERROR, STR("x"), STR(""));
  log_(CRITICAL, STR("x"), STR("y"));
}

static void one_key(u32 b) {
  CHECK(value_is(b, "k", ""), 0);
  CHECK(SET(b, "k", "value"), OK);
  CHECK(value_is(b, "k", "value"), 1);
  CHECK(SET(b, "k", ""), OK);
  CHECK(value_is(b, "k", ""), 1);
  kv_exists(b, STR("k"), ret);
  CHECK(ret[0] == 0 && ret[4] == 1, 1);
  CHECK(DELETE(b, "k"), OK);
  CHECK(DELETE(b, "k"), OK);
  kv_exists(b, STR("k"), ret);
  CHECK(ret[0] == 0 && ret[4] == 0, 1);
  kv_set(b, STR("zero\0byte"), STR("a\0b"), ret); // any text is a key
  CHECK(ret[0], 0);
  kv_get(b, STR("zero\0byte"), ret);
  CHECK(ret[0] == 0 && ret[4] == 1 && load32(ret + 12) == 3 && same((const u8 *)load32(ret + 8), "a\0b", 3), 1);
  CHECK(value_is(b, "zero", ""), 0);
  kv_delete(b, STR("zero\0byte"), ret);
  CHECK(SET(b, "", "nameless"), OK);
  CHECK(value_is(b, "", "nameless"), 1);
  CHECK(DELETE(b, ""), OK);
}

static void listing(u32 b) {
  char key[3] = "aa";
  kv_list(b, 0, 0, 0, ret);
  CHECK(ret[0] == 0 && load32(ret + 8) == 0 && ret[12] == 0, 1);
  for (key[0] = 'a'; key[0] <= 'z'; key[0]++)
    for (key[1] = 0x21; key[1] < 0x60; key[1]++)
      SET(b, key, key);
  u32 all = 0, pages = 0;
  kv_list(b, 0, 0, 0, ret);
  do {
    all += load32(ret + 8);
    pages++;
    if (!ret[12])
      break;
    u32 cursor = load32(ret + 16), size = load32(ret + 20);
    u32 last = load32(ret + 4) + 8 * (load32(ret + 8) - 1); // a listing goes on when its last key is gone
    kv_delete(b, (PTR)load32((PTR)last), load32((PTR)(last + 4)), ret);
    kv_list(b, 1, (PTR)cursor, size, ret);
  } while (!ret[0] && pages < 100);
  CHECK(all, 26 * 63);
  CHECK(pages, 2);
  kv_list(b, 1, STR("zzz"), ret);
  CHECK(ret[0] == 0 && load32(ret + 8) == 0 && ret[12] == 0, 1);
  for (key[0] = 'a'; key[0] <= 'z'; key[0]++)
    for (key[1] = 0x21; key[1] < 0x60; key[1]++)
      DELETE(b, key);
}

static void atomics(u32 b) {
  kv_increment(b, STR("n"), 5, ret);
  CHECK(ret[0] == 0 && load64(ret + 8) == 5, 1);
  kv_increment(b, STR("n"), (u64)-7, ret);
  CHECK(ret[0] == 0 && load64(ret + 8) == (u64)-2, 1);
  CHECK(value_is(b, "n", "-2"), 1);
  SET(b, "n", "9223372036854775807");
  kv_increment(b, STR("n"), 1, ret);
  CHECK(ret[0] == 1 && ret[8] == OTHER && text_is(12, "the number does not fit in 64 bits"), 1);
  SET(b, "n", "-9223372036854775808");
  kv_increment(b, STR("n"), 1, ret);
  CHECK(ret[0] == 0 && load64(ret + 8) == 0x8000000000000001ull, 1);
  SET(b, "n", "12 ");
  kv_increment(b, STR("n"), 1, ret);
  CHECK(ret[0] == 1 && ret[8] == OTHER && text_is(12, "the value is not a number in decimal"), 1);
  CHECK(value_is(b, "n", "12 "), 1);
  // The first of two that saw the same wins; the second sees what it became, and wins then.
  cas_new(b, STR("s"), ret);
  CHECK(ret[0], 0);
  u32 one = load32(ret + 4);
  cas_new(b, STR("s"), ret);
  u32 two = load32(ret + 4);
  cas_current(one, ret);
  CHECK(ret[0] == 0 && ret[4] == 0, 1);
  cas_swap(one, STR("first"), ret);
  CHECK(ret[0], 0);
  cas_swap(two, STR("second"), ret);
  CHECK(ret[0] == 1 && ret[4] == 1, 1);
  two = load32(ret + 8);
  CHECK(value_is(b, "s", "first"), 1);
  cas_current(two, ret);
  CHECK(ret[0] == 0 && ret[4] == 1 && text_is(8, "first"), 1);
  cas_swap(two, STR("second"), ret);
  CHECK(ret[0], 0);
  CHECK(value_is(b, "s", "second"), 1);
  // The same bytes again are another state.
  cas_new(b, STR("s"), ret);
  one = load32(ret + 4);
  DELETE(b, "s");
  SET(b, "s", "second");
  cas_swap(one, STR("third"), ret);
  CHECK(ret[0] == 1 && ret[4] == 1, 1);
  drop_cas(load32(ret + 8));
  DELETE(b, "s");
  DELETE(b, "n");
}

static void batch(u32 b) {
  const struct {
    const char *key;
    u32 key_size;
    const char *value;
    u32 value_size;
  } pairs[] = {{STR("x"), STR("1")}, {STR("y"), STR("22")}, {STR("x"), STR("333")}};
  const struct {
    const char *key;
    u32 size;
  } keys[] = {{STR("y")}, {STR("absent")}, {STR("x")}, {STR("y")}};
  kv_set_many(b, pairs, 3, ret);
  CHECK(ret[0], 0);
  kv_get_many(b, keys, 4, ret);
  CHECK(ret[0] == 0 && load32(ret + 8) == 4, 1);
  u32 row = load32(ret + 4);
  CHECK(load32((PTR)row) & 255, 1);
  CHECK(same((const u8 *)load32((PTR)(row + 4)), "y", 1) && same((const u8 *)load32((PTR)(row + 12)), "22", 2), 1);
  CHECK(load32((PTR)(row + 20)) & 255, 0);
  CHECK(load32((PTR)(row + 56)) == 3 && same((const u8 *)load32((PTR)(row + 52)), "333", 3), 1);
  kv_delete_many(b, keys, 4, ret);
  CHECK(ret[0], 0);
  kv_get_many(b, keys, 0, ret);
  CHECK(ret[0] == 0 && load32(ret + 8) == 0, 1);
  CHECK(value_is(b, "x", ""), 0);
  // Two million empty keys: the answer's rows alone are more than one call answers.
  u32 pages = (u32)__builtin_wasm_memory_grow(0, 300);
  kv_get_many(b, (PTR)(pages << 16), 2000000, ret);
  CHECK(ret[0], 1);
}

static void all(void) {
  settings();
  messages();
  kv_open(STR("absent"), ret);
  CHECK(ret[0] == 1 && ret[4] == NO_SUCH_STORE, 1);
  u32 b = open_bucket("b"), again = open_bucket("b");
  SET(again, "shared", "yes");
  CHECK(value_is(b, "shared", "yes"), 1);
  drop_bucket(again);
  DELETE(b, "shared");
  one_key(b);
  listing(b);
  atomics(b);
  batch(b);
  drop_bucket(b);
}

// Prints what is said to a key or value that is too large, or does not fit any more.
static void limits(void) {
  static char large[700000];
  u32 b = open_bucket("b"), n = 0;
  for (u32 i = 0; i < sizeof large; i++)
    large[i] = 'x';
  kv_get(b, large, 2000, ret);
  if (ret[0] && ret[4] == OTHER)
    print_text(8);
  do {
    large[0] = (char)('a' + n);
    kv_set(b, large, 3, large, sizeof large, ret);
  } while (!ret[0] && ++n < 20);
  print_number(1, n);
  print(1, " values\n");
  if (ret[0] && ret[4] == OTHER)
    print_text(8);
}

__attribute__((export_name("run"))) u32 run(void) {
  get_arguments(ret);
  u32 row = load32(ret) + 8, n = load32((PTR)(row + 4));
  for (u32 i = 0; i < n && i < sizeof word - 1; i++)
    word[i] = ((const char *)load32((PTR)row))[i];
  if (is("all"))
    all();
  if (is("limits"))
    limits();
  if (is("read settings"))
    settings();
  if (is("log"))
    messages();
  if (is("log much"))
    for (;;)
      log_(ERROR, STR("here"), STR("0123456789"));
  if (is("open"))
    CHECK(open_bucket("b") != 0, 1);
  if (is("open many"))
    while (open_bucket("b"))
      ;
  if (is("make many"))
    for (u32 b = open_bucket("b");;)
      cas_new(b, STR("k"), ret);
  if (is("put"))
    CHECK(SET(open_bucket("b"), "kept", "there"), OK);
  if (is("take"))
    CHECK(value_is(open_bucket("b"), "kept", "there"), 1);
  if (is("put read-only")) {
    u32 b = open_bucket("b");
    CHECK(SET(b, "kept", "changed"), ACCESS_DENIED);
    CHECK(DELETE(b, "kept"), ACCESS_DENIED);
    kv_increment(b, STR("n"), 1, ret);
    CHECK(ret[0] == 1 && ret[8] == ACCESS_DENIED, 1);
    CHECK(value_is(b, "kept", "there"), 1);
  }
  if (is("count"))
    for (u32 i = 0, b = open_bucket("b"); i < 200; i++) {
      kv_increment(b, STR("n"), 1, ret);
      CHECK(ret[0], 0);
    }
  if (is("say")) {
    u32 b = open_bucket("b");
    kv_get(b, STR("n"), ret);
    print_text(8);
  }
  return failures != 0;
}
