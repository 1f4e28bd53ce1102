// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_values.c: lifting and lowering in a guest made by hand: round trips of every type, the bytes in memory, what
// realloc is asked for by each of the nine transcodings, and every rule whose breach is a trap.
#include "canon_guest.h"

typedef struct setting {
  world w;
  cv_mem mem;
  cv_arena arena;
  guest g32, g64;
} setting;

static void setting_init(setting *s, const cv_engine_options *options) {
  s->w = world_new(options, NULL);
  cv_mem_init(&s->mem, UINT64_MAX);
  cv_arena_init(&s->arena, &s->mem);
  guest_init(&s->g32, &s->w, false, CV_UTF8, NULL);
  guest_init(&s->g64, &s->w, true, CV_UTF8, NULL);
}

static void setting_free(setting *s) {
  guest_free(&s->g32);
  guest_free(&s->g64);
  cv_arena_free(&s->arena);
  world_delete(&s->w);
  assert_int_equal(s->mem.used, 0);
}

static cv_canon_context context_for(setting *s, guest *g) {
  return (cv_canon_context){.options = &g->options, .instance = &g->instance, .arena = &s->arena, .host_side = true};
}

// ---- round trips ----

static const char *const TYPES[] = {
    "bool",
    "s8",
    "u8",
    "s16",
    "u16",
    "s32",
    "u32",
    "s64",
    "u64",
    "f32",
    "f64",
    "char",
    "string",
    "list<u8>",
    "list<s64>",
    "list<string>",
    "list<list<string>>",
    "list<u16,3>",
    "list<string,9>",
    "map<string,u8>",
    "map<u8,list<f64>>",
    "tuple<u8,u64,u16,string>",
    "record<char,record<bool,f32>,s8>",
    "flags<3>",
    "flags<12>",
    "flags<32>",
    "enum<3>",
    "enum<300>",
    "option<u8>",
    "option<option<string>>",
    "result<_,_>",
    "result<u64,string>",
    "result<f32,tuple<u8,f64>>",
    "variant<_,u8,f32,f64,string>",
    "variant<tuple<f32,f32>,tuple<u8,u64>,list<bool>>",
    "list<variant<u8,option<string>,record<f64,char>>>",
    "tuple<list<u8,4>,option<flags<9>>,list<option<u64>>>",
    "own<0>",
    "list<own<0>>",
    "result<own<0>,own<1>>",
};

static void check_round_trip(setting *s, guest *g, const char *text, uint64_t *seed) {
  static const cv_cresource resources[] = {{.index = 0}, {.index = 1}};
  static const cv_resource_type types[] = {{.key = &types[0]}, {.key = &types[1]}};
  g->resources[0] = &types[0];
  g->resources[1] = &types[1];
  cv_canon_context cx = context_for(s, g);
  cv_cfield field = {.name = CV_BYTES_LITERAL("v"), .type = parse_type(&s->arena, text, resources)};
  cv_cval in, out;
  random_value(&s->arena, seed, field.type, g->resources, &in);
  for (uint32_t max = 0; max <= CV_MAX_FLAT; max += CV_MAX_FLAT) { // through memory, and flat where possible
    cv_value flat[CV_MAX_FLAT];
    memset(flat, 0xaa, sizeof flat);
    guest_reset(g);
    if (cv_lower_values(&cx, &field, 1, max, &in, NULL, flat) != CV_RUN_OK ||
        cv_lift_values(&cx, &field, 1, max, flat, &out) != CV_RUN_OK)
      fail_msg("%s: %s", text, s->w.context->trap.text);
    if (!values_equal(field.type, &in, &out))
      fail_msg("%s: another value comes back, %s", text, max == 0 ? "by memory" : "flat");
    assert_int_equal(g->instance.handles.used, 0);
  }
}

static void test_round_trips(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  EACH_TIER(options) {
    setting s;
    setting_init(&s, &options);
    uint64_t seed = 0x9e3779b97f4a7c15;
    for (size_t i = 0; i < CV_COUNT(TYPES); i++)
      for (int round = 0; round < 24; round++) {
        cv_arena_free(&s.arena);
        guest *g = round % 2 != 0 ? &s.g64 : &s.g32;
        g->options.encoding = (cv_string_encoding)(round % 3);
        check_round_trip(&s, g, TYPES[i], &seed);
      }
    setting_free(&s);
  }
}

// ---- scalars: from core values that are not in the type's range, and NaNs ----

static void test_scalars(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  setting s;
  setting_init(&s, &options);
  static const struct {
    const char *type;
    uint64_t core, lowered;
  } rows[] = {
      {"bool", 0, 0},
      {"bool", 0x100, 1},
      {"bool", 0x100000000, 0}, // the core value is an i32
      {"u8", 0xff02, 2},
      {"s8", 0x1ff, 0xffffffff},
      {"s8", 0x7f, 0x7f},
      {"u16", 0xff0004, 4},
      {"s16", 0x18000, 0xffff8000},
      {"s32", 0x80000000, 0x80000000},
      {"u32", 0xffffffff12345678, 0x12345678},
      {"s64", UINT64_MAX, UINT64_MAX},
      {"flags<3>", 0xff, 7},
      {"flags<32>", 0xffffffff, 0xffffffff},
      {"f32", 0x7f800001, 0x7fc00000},
      {"f32", 0xffc12345, 0x7fc00000},
      {"f32", 0xff800000, 0xff800000},
      {"f64", 0x7ff0000000000001, 0x7ff8000000000000},
      {"f64", 0xfff0000000000000, 0xfff0000000000000},
      {"char", 0x10ffff, 0x10ffff},
      {"char", 0xe000, 0xe000},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_canon_context cx = context_for(&s, &s.g32);
    cv_cfield field = {.type = parse_type(&s.arena, rows[i].type, NULL)};
    cv_value flat[CV_MAX_FLAT] = {{.u64 = rows[i].core}};
    cv_cval v;
    assert_int_equal(cv_lift_values(&cx, &field, 1, CV_MAX_FLAT, flat, &v), CV_RUN_OK);
    assert_int_equal(cv_lower_values(&cx, &field, 1, CV_MAX_FLAT, &v, NULL, flat), CV_RUN_OK);
    if (flat[0].u64 != rows[i].lowered)
      fail_msg("%s from 0x%llx gives 0x%llx", rows[i].type, (unsigned long long)rows[i].core,
               (unsigned long long)flat[0].u64);
  }
  setting_free(&s);
}

// Payloads in the shared slot of a variant: narrower ones are zero-extended, and the rest is zero.
static void test_joined_slots(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  setting s;
  setting_init(&s, &options);
  static const struct {
    const char *type;
    uint64_t in[4], out[4]; // slots
  } rows[] = {
      {"variant<u8,u32>", {0, 0xff02}, {0, 2}},
      {"variant<u16,u64>", {0, 0xff00000004}, {0, 4}},
      {"variant<f32,u64>", {0, 0xffffffff40490fdb}, {0, 0x40490fdb}},
      {"variant<f32,u64>", {1, 0xfedcba9876543210}, {1, 0xfedcba9876543210}},
      {"variant<_,tuple<u8,u64,f32>>", {0, 1, 2, 3}, {0, 0, 0, 0}},
      {"variant<s8,u64>", {0, 0xfff}, {0, 0xffffffff}},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_canon_context cx = context_for(&s, &s.g32);
    cv_cfield field = {.type = parse_type(&s.arena, rows[i].type, NULL)};
    cv_value flat[CV_MAX_FLAT];
    cv_cval v;
    memset(flat, 0xaa, sizeof flat);
    for (int k = 0; k < 4; k++)
      flat[k].u64 = rows[i].in[k];
    assert_int_equal(cv_lift_values(&cx, &field, 1, CV_MAX_FLAT, flat, &v), CV_RUN_OK);
    memset(flat, 0xaa, sizeof flat);
    assert_int_equal(cv_lower_values(&cx, &field, 1, CV_MAX_FLAT, &v, NULL, flat), CV_RUN_OK);
    for (uint32_t k = 0; k < field.type->flat_count; k++)
      if (flat[k].u64 != rows[i].out[k])
        fail_msg("%s: slot %u is 0x%llx", rows[i].type, k, (unsigned long long)flat[k].u64);
  }
  setting_free(&s);
}

// ---- strings ----

typedef struct transcoding {
  const char *name;
  cv_string_encoding from;
  const char *bytes; // in the source's memory
  uint64_t units;    // there
  cv_string_encoding to;
  const char *result; // hex in the target's memory
  uint64_t result_units;
  realloc_call calls[4]; // ends with size 0 and align 0; old is 1 for "what the call before gave"
} transcoding;

#define TAG 0x80000000u
// Sources: "hö☃🍰" in UTF-8 is 68 C3B6 E29883 F09F8DB0, in UTF-16 0068 00F6 2603 D83C DF70.
static const transcoding TRANSCODINGS[] = {
    {"utf8 to utf8", CV_UTF8, "68c3b6e29883", 6, CV_UTF8, "68c3b6e29883", 6, {{0, 0, 1, 6}}},
    {"empty", CV_UTF8, "", 0, CV_UTF8, "", 0, {{0, 0, 1, 0}}},
    {"utf8 to utf16",
     CV_UTF8,
     "68c3b6e29883f09f8db0",
     10,
     CV_UTF16,
     "6800f60003263cd870df",
     5,
     {{0, 0, 2, 20}, {1, 20, 2, 10}}},
    {"ascii to utf16", CV_UTF8, "6869", 2, CV_UTF16, "68006900", 2, {{0, 0, 2, 4}}},
    {"utf8 to latin1", CV_UTF8, "68c3b6", 3, CV_LATIN1_UTF16, "68f6", 2, {{0, 0, 2, 3}, {1, 3, 2, 2}}},
    {"ascii to latin1", CV_UTF8, "6869", 2, CV_LATIN1_UTF16, "6869", 2, {{0, 0, 2, 2}}},
    {"utf8 to latin1+utf16, wide",
     CV_UTF8,
     "68c3b6e29883",
     6,
     CV_LATIN1_UTF16,
     "6800f6000326",
     TAG | 3,
     {{0, 0, 2, 6}, {1, 6, 2, 12}, {1, 12, 2, 6}}},
    {"utf16 to utf8",
     CV_UTF16,
     "6800f60003263cd870df",
     5,
     CV_UTF8,
     "68c3b6e29883f09f8db0",
     10,
     {{0, 0, 1, 5}, {1, 5, 1, 15}, {1, 15, 1, 10}}},
    {"utf16 to utf8, worst", CV_UTF16, "03260326", 2, CV_UTF8, "e29883e29883", 6, {{0, 0, 1, 2}, {1, 2, 1, 6}}},
    {"utf16 to utf8, ascii", CV_UTF16, "68006900", 2, CV_UTF8, "6869", 2, {{0, 0, 1, 2}}},
    {"utf16 to utf16", CV_UTF16, "68003cd870df", 3, CV_UTF16, "68003cd870df", 3, {{0, 0, 2, 6}}},
    {"utf16 to latin1", CV_UTF16, "6800f600", 2, CV_LATIN1_UTF16, "68f6", 2, {{0, 0, 2, 2}}},
    {"utf16 to latin1+utf16, wide",
     CV_UTF16,
     "68000326",
     2,
     CV_LATIN1_UTF16,
     "68000326",
     TAG | 2,
     {{0, 0, 2, 2}, {1, 2, 2, 4}}},
    {"latin1 to utf8",
     CV_LATIN1_UTF16,
     "68f66c61",
     4,
     CV_UTF8,
     "68c3b66c61",
     5,
     {{0, 0, 1, 4}, {1, 4, 1, 8}, {1, 8, 1, 5}}},
    {"latin1 to utf8, worst", CV_LATIN1_UTF16, "f6f6", 2, CV_UTF8, "c3b6c3b6", 4, {{0, 0, 1, 2}, {1, 2, 1, 4}}},
    {"tagged to utf8",
     CV_LATIN1_UTF16,
     "6800f600",
     TAG | 2,
     CV_UTF8,
     "68c3b6",
     3,
     {{0, 0, 1, 2}, {1, 2, 1, 6}, {1, 6, 1, 3}}},
    {"latin1 to utf16", CV_LATIN1_UTF16, "68f6", 2, CV_UTF16, "6800f600", 2, {{0, 0, 2, 4}}},
    {"tagged to utf16", CV_LATIN1_UTF16, "68000326", TAG | 2, CV_UTF16, "68000326", 2, {{0, 0, 2, 4}}},
    {"latin1 to latin1", CV_LATIN1_UTF16, "68f6", 2, CV_LATIN1_UTF16, "68f6", 2, {{0, 0, 2, 2}}},
    {"tagged to latin1",
     CV_LATIN1_UTF16,
     "41004200",
     TAG | 2,
     CV_LATIN1_UTF16,
     "4142",
     2,
     {{0, 0, 2, 4}, {1, 4, 1, 2}}},
    {"tagged to tagged", CV_LATIN1_UTF16, "03264200", TAG | 2, CV_LATIN1_UTF16, "03264200", TAG | 2, {{0, 0, 2, 4}}},
};

static size_t from_hex(const char *hex, uint8_t *out) {
  size_t n = strlen(hex) / 2;
  for (size_t i = 0; i < n; i++) {
    char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
    out[i] = (uint8_t)strtoul(pair, NULL, 16);
  }
  return n;
}

static void check_calls(const transcoding *row, const guest *to, uint64_t first) {
  uint32_t n = 0;
  uint64_t at = 0;
  for (; n < CV_COUNT(row->calls) && row->calls[n].align != 0; n++) {
    const realloc_call *want = &row->calls[n], *have = &to->log[n];
    if (n >= to->logged || have->old != (want->old != 0 ? at : 0) || have->old_size != want->old_size ||
        have->align != want->align || have->size != want->size)
      fail_msg("%s: call %u of realloc is (%llu, %llu, %llu, %llu)", row->name, n, (unsigned long long)have->old,
               (unsigned long long)have->old_size, (unsigned long long)have->align, (unsigned long long)have->size);
    // The guest's realloc moves what grows, in a bump allocation aligned to 8.
    at = n == 0 ? first : want->size > want->old_size ? cv_align_up(at + to->log[n - 1].size, 8) : at;
  }
  if (n != to->logged)
    fail_msg("%s: realloc was called %u times", row->name, to->logged);
}

static void check_transcoding(setting *s, const transcoding *row, bool is_64) {
  guest *from = is_64 ? &s->g64 : &s->g32, *to = is_64 ? &s->g32 : &s->g64;
  guest_reset(from);
  guest_reset(to);
  from->options.encoding = row->from;
  to->options.encoding = row->to;
  uint8_t want[64];
  from_hex(row->bytes, guest_at(from, 64));
  size_t size = from_hex(row->result, want);
  cv_canon_context lift = context_for(s, from), lower = context_for(s, to);
  uint64_t units = is_64 && row->units >= TAG ? row->units - TAG + ((uint64_t)1 << 63) : row->units;
  uint64_t result =
      !is_64 && row->result_units >= TAG ? row->result_units - TAG + ((uint64_t)1 << 63) : row->result_units;
  cv_cval v;
  uint64_t address, out_units;
  if (cv_lift_string(&lift, 64, units, false, &v) != CV_RUN_OK ||
      cv_lower_string(&lower, &v, &address, &out_units) != CV_RUN_OK)
    fail_msg("%s: %s", row->name, s->w.context->trap.text);
  if (out_units != result || memcmp(guest_at(to, address), want, size) != 0)
    fail_msg("%s: %llu units", row->name, (unsigned long long)out_units);
  check_calls(row, to, 4096);
}

static void test_transcodings(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  setting s;
  setting_init(&s, &options);
  for (size_t i = 0; i < CV_COUNT(TRANSCODINGS); i++) {
    check_transcoding(&s, &TRANSCODINGS[i], false);
    check_transcoding(&s, &TRANSCODINGS[i], true);
  }
  setting_free(&s);
}

// How a string was encoded is a hint of the host's, not to be relied on.
static void test_source_hints(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  setting s;
  setting_init(&s, &options);
  static const cv_cval hints[] = {
      {.source_encoding = CV_UTF16, .source_units = 0},
      {.source_encoding = CV_UTF16, .source_units = 1u << 28},
      {.source_encoding = CV_LATIN1_UTF16, .source_units = 2},
      {.source_encoding = CV_LATIN1_UTF16, .source_units = TAG},
      {.source_encoding = 77, .source_units = 5},
  };
  for (size_t i = 0; i < CV_COUNT(hints); i++)
    for (unsigned to = CV_UTF8; to <= CV_LATIN1_UTF16; to++) {
      guest *g = &s.g32;
      guest_reset(g);
      g->options.encoding = (cv_string_encoding)to;
      cv_canon_context cx = context_for(&s, g);
      cv_cval v = hints[i], back;
      v.kind = CV_CT_STRING;
      v.as.string.data = "a\xe2\x98\x83";
      v.as.string.size = 4;
      uint64_t address, units;
      assert_int_equal(cv_lower_string(&cx, &v, &address, &units), CV_RUN_OK);
      assert_int_equal(cv_lift_string(&cx, address, units, true, &back), CV_RUN_OK);
      assert_int_equal(back.as.string.size, 4);
      assert_memory_equal(back.as.string.data, v.as.string.data, 4);
    }
  setting_free(&s);
}

// ---- rules whose breach is a trap ----

typedef struct lift_trap {
  const char *type;
  cv_string_encoding encoding;
  uint64_t slots[3];
  const char *host, *guest; // sentences with the host and with a component at the other end; NULL: the same
} lift_trap;

static const lift_trap LIFT_TRAPS[] = {
    {"char", CV_UTF8, {0xd800}, "invalid `char` bit pattern", NULL},
    {"char", CV_UTF8, {0xdfff}, "invalid `char` bit pattern", NULL},
    {"char", CV_UTF8, {0x110000}, "invalid `char` bit pattern", NULL},
    {"variant<u8,u8>", CV_UTF8, {2, 0}, "invalid variant discriminant", NULL},
    {"enum<2>", CV_UTF8, {0xffffffff}, "invalid variant discriminant", NULL},
    {"option<u8>", CV_UTF8, {2}, "invalid variant discriminant", NULL},
    {"string", CV_UTF8, {0x40000, 1}, "string pointer/length out of bounds of memory", "string content out-of-bounds"},
    {"string", CV_UTF8, {0x40001, 0}, "string pointer/length out of bounds of memory", "string content out-of-bounds"},
    {"string", CV_UTF8, {0xffffffff, 0xffffff}, "string pointer/length", "string content out-of-bounds"},
    {"string", CV_UTF8, {0, 0x10000000}, "string of 268435456 code units", NULL},
    {"string", CV_UTF16, {0, 0x8000000}, "string of 134217728 code units", NULL},
    {"string", CV_UTF16, {0, 0xffffffff}, "string of", NULL},
    {"string", CV_LATIN1_UTF16, {0, TAG | 0x8000000}, "string of", NULL},
    {"string", CV_UTF16, {1, 0}, "unaligned pointer", NULL},
    {"string", CV_LATIN1_UTF16, {1, 0}, "unaligned pointer", NULL},
    {"string", CV_LATIN1_UTF16, {1, TAG}, "unaligned pointer", NULL},
    {"string", CV_UTF16, {0x3fffe, 2}, "string pointer/length out of bounds of memory", "string content"},
    {"string", CV_UTF8, {16, 1}, "invalid utf-8", NULL},
    {"string", CV_UTF8, {17, 1}, "incomplete utf-8 byte sequence", NULL},
    {"string", CV_UTF8, {18, 2}, "incomplete utf-8 byte sequence", NULL}, // e0 a0
    {"string", CV_UTF8, {20, 3}, "invalid utf-8", NULL},                  // a surrogate
    {"string", CV_UTF16, {24, 1}, "unpaired surrogate", NULL},
    {"string", CV_UTF16, {26, 1}, "unpaired surrogate", NULL},
    {"string", CV_UTF16, {24, 3}, "unpaired surrogate", NULL},
    {"list<u8>", CV_UTF8, {0x40000, 1}, "list pointer/length out of bounds of memory", "list content out-of-bounds"},
    {"list<u32>", CV_UTF8, {0x3fffc, 2}, "list pointer/length out of bounds of memory", "list content out-of-bounds"},
    {"list<u32>", CV_UTF8, {2, 0}, "unaligned pointer", NULL},
    {"list<u64>", CV_UTF8, {0, 0x2000000}, "list of 33554432 elements", NULL},
    {"list<u64>", CV_UTF8, {0, 0xffffffff}, "list of 4294967295 elements", NULL},
    {"map<u8,u64>", CV_UTF8, {4, 0}, "unaligned pointer", NULL},
    {"own<0>", CV_UTF8, {0}, "unknown handle index 0", NULL},
    {"own<0>", CV_UTF8, {7}, "unknown handle index 7", NULL},
    {"own<0>", CV_UTF8, {0xffffffff}, "unknown handle index 4294967295", NULL},
    {"stream<u8>", CV_UTF8, {1}, "unsupported: async", NULL},
};

static void test_lift_traps(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  setting s;
  setting_init(&s, &options);
  static const cv_cresource resource;
  from_hex("ffc3e0a0eda0800000d800dc4100", guest_at(&s.g32, 16));
  memcpy(guest_at(&s.g32, 24), "\x00\xd8\x00\xdc\x00\xd8", 6); // at 24 a pair, then half of one
  memcpy(guest_at(&s.g32, 20), "\xed\xa0\x80", 3);
  for (size_t i = 0; i < CV_COUNT(LIFT_TRAPS); i++)
    for (int host = 0; host < 2; host++) {
      const lift_trap *row = &LIFT_TRAPS[i];
      guest *g = &s.g32;
      g->options.encoding = row->encoding;
      cv_canon_context cx = context_for(&s, g);
      cx.host_side = host != 0;
      cv_cfield field = {.name = CV_BYTES_LITERAL("p"), .type = parse_type(&s.arena, row->type, &resource)};
      cv_value flat[CV_MAX_FLAT] = {{.u64 = row->slots[0]}, {.u64 = row->slots[1]}, {.u64 = row->slots[2]}};
      cv_cval v;
      if (cv_lift_values(&cx, &field, 1, CV_MAX_FLAT, flat, &v) != CV_RUN_TRAP)
        fail_msg("%s from %llu, %llu: no trap", row->type, (unsigned long long)row->slots[0],
                 (unsigned long long)row->slots[1]);
      expect_trap_text(&s.w, host || row->guest == NULL ? row->host : row->guest);
    }
  setting_free(&s);
}

// Spilled values and addresses of 64 bits.
static void test_address_traps(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  setting s;
  setting_init(&s, &options);
  static const struct {
    uint64_t address;
    const char *text;
  } rows[] = {
      {4, "unaligned pointer"},
      {0x40000, "pointer out of bounds of memory"},
      {0x3fff8, "pointer out of bounds of memory"},
      {0xfffffff8, "pointer out of bounds of memory"},
      {0xfffffffffffffff8, "pointer out of bounds of memory"},
  };
  cv_cfield field = {.type = parse_type(&s.arena, "tuple<u64,u8>", NULL)};
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_canon_context cx = context_for(&s, &s.g64);
    cv_value flat = {.u64 = rows[i].address};
    cv_cval v, items[2] = {{.kind = CV_CT_U64}, {.kind = CV_CT_U8}};
    assert_int_equal(cv_lift_values(&cx, &field, 1, 1, &flat, &v), CV_RUN_TRAP);
    expect_trap_text(&s.w, rows[i].text);
    assert_int_equal(cv_lift_at(&cx, field.type, rows[i].address, &v), CV_RUN_TRAP);
    expect_trap_text(&s.w, rows[i].text);
    v = (cv_cval){.kind = CV_CT_TUPLE, .as.list = {items, 2}};
    assert_int_equal(cv_lower_values(&cx, &field, 1, 1, &v, &rows[i].address, &flat), CV_RUN_TRAP);
    expect_trap_text(&s.w, rows[i].text);
    assert_int_equal(cv_lower_at(&cx, field.type, &v, rows[i].address), CV_RUN_TRAP);
    expect_trap_text(&s.w, rows[i].text);
  }
  // A 64-bit length that would overflow once it is multiplied.
  cv_canon_context cx = context_for(&s, &s.g64);
  cv_cfield list = {.type = parse_type(&s.arena, "list<u64>", NULL)};
  cv_value flat[2] = {{.u64 = 8}, {.u64 = (uint64_t)1 << 61}};
  cv_cval v;
  assert_int_equal(cv_lift_values(&cx, &list, 1, CV_MAX_FLAT, flat, &v), CV_RUN_TRAP);
  expect_trap_text(&s.w, "list of 2305843009213693952 elements");
  setting_free(&s);
}

static void test_realloc_traps(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  setting s;
  setting_init(&s, &options);
  static const struct {
    const char *type;
    uint64_t answer;
    const char *host, *guest;
  } rows[] = {
      {"list<u32>", 2, "realloc return: result not aligned", "unaligned pointer"},
      {"list<u32>", 0xffffffff, "realloc return: result not aligned", "unaligned pointer"},
      {"list<u32>", 0xfffffffc, "realloc return: beyond end of memory", "list content out-of-bounds"},
      {"list<u8>", 0x40001, "realloc return: beyond end of memory", "list content out-of-bounds"},
      {"string", 0xffffffff, "realloc return: beyond end of memory", "string content out-of-bounds"},
      {"tuple<u8,u32>", 2, "realloc return: result not aligned", "unaligned pointer"},
      {"tuple<u8,u32>", 0x3fffc, "realloc return: beyond end of memory", "pointer out of bounds"},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (int host = 0; host < 2; host++) {
      guest *g = &s.g32;
      guest_reset(g);
      guest_answer(g, rows[i].answer);
      cv_canon_context cx = context_for(&s, g);
      cx.host_side = host != 0;
      cv_cfield field = {.type = parse_type(&s.arena, rows[i].type, NULL)};
      cv_cval items[2] = {{.kind = CV_CT_U8}, {.kind = CV_CT_U32}};
      cv_cval v = {.kind = field.type->kind};
      if (cv_ctype_is_record(field.type))
        v.as.list.items = items, v.as.list.count = 2;
      cv_value flat[2];
      assert_int_equal(cv_lower_values(&cx, &field, 1, cv_ctype_is_record(field.type) ? 1 : 16, &v, NULL, flat),
                       CV_RUN_TRAP);
      expect_trap_text(&s.w, host ? rows[i].host : rows[i].guest);
    }
  setting_free(&s);
}

// Values of the host that do not fit their types.
static void test_misfits(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  setting s;
  setting_init(&s, &options);
  static const cv_resource_type mine, other;
  static const cv_cresource resource;
  s.g32.resources[0] = &mine;
  const struct {
    const char *type;
    cv_cval value;
  } rows[] = {
      {"u8", {.kind = CV_CT_U16}},
      {"u8", {.kind = CV_CT_U8, .as.u64 = 256}},
      {"s8", {.kind = CV_CT_S8, .as.s64 = -129}},
      {"u16", {.kind = CV_CT_U16, .as.u64 = 65536}},
      {"s16", {.kind = CV_CT_S16, .as.s64 = 32768}},
      {"s32", {.kind = CV_CT_S32, .as.s64 = INT64_MIN}},
      {"u32", {.kind = CV_CT_U32, .as.u64 = UINT64_MAX}},
      {"char", {.kind = CV_CT_CHAR, .as.character = 0xd800}},
      {"flags<3>", {.kind = CV_CT_FLAGS, .as.flags = 8}},
      {"enum<3>", {.kind = CV_CT_ENUM, .which = 3}},
      {"option<u8>", {.kind = CV_CT_OPTION, .which = 1}},
      {"tuple<u8>", {.kind = CV_CT_TUPLE}},
      {"list<u8,2>", {.kind = CV_CT_FIXED_LIST}},
      {"list<u8>", {.kind = CV_CT_LIST, .as.list.count = 3}},
      {"own<0>", {.kind = CV_CT_OWN, .as.handle.type = &other}},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (uint32_t max = 0; max <= CV_MAX_FLAT; max += CV_MAX_FLAT) {
      cv_canon_context cx = context_for(&s, &s.g32);
      cv_cfield field = {.name = CV_BYTES_LITERAL("p"), .type = parse_type(&s.arena, rows[i].type, &resource)};
      cv_value flat[CV_MAX_FLAT];
      if (cv_lower_values(&cx, &field, 1, max, &rows[i].value, NULL, flat) != CV_RUN_TRAP)
        fail_msg("%s: a value that does not fit was lowered", rows[i].type);
      char type[64], text[160];
      snprintf(text, sizeof text, "the host gave a value that is no %s: parameter \"p\"",
               cv_ctype_text(field.type, type, sizeof type));
      expect_trap_text(&s.w, text);
    }
  cv_cval bad = {.kind = CV_CT_STRING, .as.string = {"a\xff", 2}};
  cv_canon_context cx = context_for(&s, &s.g32);
  uint64_t address, units;
  assert_int_equal(cv_lower_string(&cx, &bad, &address, &units), CV_RUN_TRAP);
  expect_trap_text(&s.w, "invalid utf-8 in a string of the host");
  setting_free(&s);
}

static void test_limits(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  setting s;
  setting_init(&s, &options);
  guest *g = &s.g32;
  g->instance.value_limit = 100;
  cv_cfield field = {.type = parse_type(&s.arena, "tuple<list<u8>,string>", NULL)};
  static const struct {
    uint64_t list, string;
    cv_run run;
  } rows[] = {{50, 50, CV_RUN_OK}, {50, 51, CV_RUN_TRAP}, {101, 0, CV_RUN_TRAP}, {0, 101, CV_RUN_TRAP}};
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_canon_context cx = context_for(&s, g);
    cv_value flat[4] = {{.u64 = 0}, {.u64 = rows[i].list}, {.u64 = 0}, {.u64 = rows[i].string}};
    cv_cval v;
    assert_int_equal(cv_lift_values(&cx, &field, 1, CV_MAX_FLAT, flat, &v), rows[i].run);
    if (rows[i].run == CV_RUN_TRAP) {
      assert_int_equal(s.w.context->trap.kind, CV_TRAP_VALUE_LIMIT);
      assert_int_equal(s.w.context->trap.limit, 100);
    }
  }
  // The host's memory is a quota: a small list in the guest is a large one outside.
  g->instance.value_limit = UINT64_MAX;
  cv_canon_context cx = context_for(&s, g);
  s.mem.limit = s.mem.used + 4096;
  cv_value flat[4] = {{.u64 = 0}, {.u64 = 65536}, {.u64 = 0}, {.u64 = 0}};
  cv_cval v;
  assert_int_equal(cv_lift_values(&cx, &field, 1, CV_MAX_FLAT, flat, &v), CV_RUN_TRAP);
  assert_int_equal(s.w.context->trap.kind, CV_TRAP_OUT_OF_MEMORY);
  setting_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trips),   cmocka_unit_test(test_scalars),       cmocka_unit_test(test_joined_slots),
      cmocka_unit_test(test_transcodings),  cmocka_unit_test(test_source_hints),  cmocka_unit_test(test_lift_traps),
      cmocka_unit_test(test_address_traps), cmocka_unit_test(test_realloc_traps), cmocka_unit_test(test_misfits),
      cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
