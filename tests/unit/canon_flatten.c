// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_flatten.c: layouts and flattening against CanonicalABI.md, worked out by hand.
#include "canon_support.h"

typedef struct arena_state {
  cv_mem mem;
  cv_arena arena;
} arena_state;

static int setup(void **state) {
  arena_state *s = calloc(1, sizeof *s);
  cv_mem_init(&s->mem, UINT64_MAX);
  cv_arena_init(&s->arena, &s->mem);
  *state = s;
  return s == NULL;
}

static int teardown(void **state) {
  arena_state *s = *state;
  cv_arena_free(&s->arena);
  bool leaked = s->mem.used != 0;
  free(s);
  return leaked;
}

// Letters: i I f F for i32 i64 f32 f64.
static void flat_text(const cv_valtype *types, uint32_t count, char *out) {
  for (uint32_t i = 0; i < count; i++)
    *out++ = types[i] == CV_I32 ? 'i' : types[i] == CV_I64 ? 'I' : types[i] == CV_F32 ? 'f' : 'F';
  *out = '\0';
}

static void check_type(cv_arena *arena, const char *text, unsigned ptr, uint32_t size, uint32_t align,
                       const char *flat) {
  const cv_ctype *t = parse_type(arena, text, NULL);
  cv_valtype types[CV_MAX_FLAT];
  uint32_t count = 0;
  char got[CV_MAX_FLAT + 1] = "-";
  if (cv_flatten_type(t, ptr, types, &count, CV_MAX_FLAT))
    flat_text(types, count, got);
  if (t->layout[ptr].size != size || t->layout[ptr].align != align || strcmp(got, flat) != 0)
    fail_msg("%s with pointer size %u: size %u align %u flat %s", text, 4 << ptr, t->layout[ptr].size,
             t->layout[ptr].align, got);
}

static void test_layouts(void **state) {
  arena_state *s = *state;
  static const struct {
    const char *type;
    uint32_t size32, align32;
    const char *flat32;
    uint32_t size64, align64;
    const char *flat64;
  } rows[] = {
      {"bool", 1, 1, "i", 1, 1, "i"},
      {"s16", 2, 2, "i", 2, 2, "i"},
      {"char", 4, 4, "i", 4, 4, "i"},
      {"u64", 8, 8, "I", 8, 8, "I"},
      {"f32", 4, 4, "f", 4, 4, "f"},
      {"f64", 8, 8, "F", 8, 8, "F"},
      {"string", 8, 4, "ii", 16, 8, "II"},
      {"list<u64>", 8, 4, "ii", 16, 8, "II"},
      {"map<u8,u64>", 8, 4, "ii", 16, 8, "II"},
      {"list<u16,3>", 6, 2, "iii", 6, 2, "iii"},
      {"list<string,8>", 64, 4, "iiiiiiiiiiiiiiii", 128, 8, "IIIIIIIIIIIIIIII"},
      {"list<u8,17>", 17, 1, "-", 17, 1, "-"},
      {"tuple<u8,u32,u8>", 12, 4, "iii", 12, 4, "iii"},
      {"record<u8,u16,u8,u64>", 16, 8, "iiiI", 16, 8, "iiiI"},
      {"record<u8,string>", 12, 4, "iii", 24, 8, "iII"},
      {"flags<8>", 1, 1, "i", 1, 1, "i"},
      {"flags<9>", 2, 2, "i", 2, 2, "i"},
      {"flags<17>", 4, 4, "i", 4, 4, "i"},
      {"flags<32>", 4, 4, "i", 4, 4, "i"},
      {"enum<256>", 1, 1, "i", 1, 1, "i"},
      {"enum<257>", 2, 2, "i", 2, 2, "i"},
      {"enum<65536>", 2, 2, "i", 2, 2, "i"},
      {"enum<65537>", 4, 4, "i", 4, 4, "i"},
      {"option<u8>", 2, 1, "ii", 2, 1, "ii"},
      {"option<u64>", 16, 8, "iI", 16, 8, "iI"},
      {"option<string>", 12, 4, "iii", 24, 8, "iII"},
      {"result<_,_>", 1, 1, "i", 1, 1, "i"},
      {"result<u8,string>", 12, 4, "iii", 24, 8, "iII"},
      {"result<u64,string>", 16, 8, "iIi", 24, 8, "iII"},
      {"variant<f32,u32>", 8, 4, "ii", 8, 4, "ii"},
      {"variant<f32,u64>", 16, 8, "iI", 16, 8, "iI"},
      {"variant<f32,f64>", 16, 8, "iI", 16, 8, "iI"},
      {"variant<f32,_,f32>", 8, 4, "if", 8, 4, "if"},
      {"variant<f64,f64>", 16, 8, "iF", 16, 8, "iF"},
      {"variant<tuple<u8,f32>,tuple<f64,u8,u8>,_>", 24, 8, "iIii", 24, 8, "iIii"},
      {"variant<option<f32>,option<f64>>", 24, 8, "iiI", 24, 8, "iiI"},
      {"option<list<u8,15>>", 16, 1, "iiiiiiiiiiiiiiii", 16, 1, "iiiiiiiiiiiiiiii"},
      {"option<list<u8,16>>", 17, 1, "-", 17, 1, "-"},
      {"own<0>", 4, 4, "i", 4, 4, "i"},
      {"stream<string>", 4, 4, "i", 4, 4, "i"},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    check_type(&s->arena, rows[i].type, CV_PTR32, rows[i].size32, rows[i].align32, rows[i].flat32);
    check_type(&s->arena, rows[i].type, CV_PTR64, rows[i].size64, rows[i].align64, rows[i].flat64);
  }
}

// What a type says about its parts.
static void test_flags(void **state) {
  arena_state *s = *state;
  static const cv_cresource resource;
  static const struct {
    const char *type;
    bool borrow, handle, async, pointer;
    uint32_t flat;
    uint8_t depth;
  } rows[] = {
      {"u8", false, false, false, false, 1, 1},
      {"list<u8>", false, false, false, true, 2, 2},
      {"map<u8,string>", false, false, false, true, 2, 3},
      {"option<list<own<0>>>", false, true, false, true, 3, 3},
      {"tuple<borrow<0>,u8>", true, true, false, false, 2, 2},
      {"stream<string>", false, true, true, false, 1, 2},
      {"list<u8,65535>", false, false, false, false, 65535, 2},
      {"list<u8,65536>", false, false, false, false, UINT32_MAX, 2},
      {"option<list<u8,65535>>", false, false, false, false, UINT32_MAX, 3},
      {"tuple<list<u64,40000>,list<u8,40000>>", false, false, false, false, UINT32_MAX, 3},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    const cv_ctype *t = parse_type(&s->arena, rows[i].type, &resource);
    if (t->has_borrow != rows[i].borrow || t->has_handle != rows[i].handle || t->has_async != rows[i].async ||
        t->has_pointer != rows[i].pointer || t->flat_count != rows[i].flat || t->depth != rows[i].depth)
      fail_msg("%s: borrow %d handle %d async %d pointer %d flat %u depth %u", rows[i].type, t->has_borrow,
               t->has_handle, t->has_async, t->has_pointer, t->flat_count, t->depth);
  }
}

static void test_limits(void **state) {
  arena_state *s = *state;
  const cv_ctype *string = parse_type(&s->arena, "string", NULL), *byte = parse_type(&s->arena, "u8", NULL);
  cv_cfield of_string = {.type = string}, of_byte = {.type = byte};
  cv_ctype t = {.kind = CV_CT_FIXED_LIST, .fields = &of_byte, .count = 1, .length = 268435455};
  assert_null(cv_ctype_lay_out(&t));
  t = (cv_ctype){.kind = CV_CT_FIXED_LIST, .fields = &of_byte, .count = 1, .length = 268435456};
  assert_non_null(cv_ctype_lay_out(&t));
  t = (cv_ctype){.kind = CV_CT_FIXED_LIST, .fields = &of_string, .count = 1, .length = 16777215};
  assert_null(cv_ctype_lay_out(&t));
  t = (cv_ctype){.kind = CV_CT_FIXED_LIST, .fields = &of_string, .count = 1, .length = 16777216};
  assert_non_null(cv_ctype_lay_out(&t));
  // Nesting.
  const cv_ctype *part = byte;
  for (unsigned depth = 2; depth <= CV_MAX_TYPE_DEPTH + 1; depth++) {
    cv_cfield *field = CV_ARENA_NEW(&s->arena, cv_cfield);
    cv_ctype *list = CV_ARENA_NEW(&s->arena, cv_ctype);
    field->type = part;
    *list = (cv_ctype){.kind = CV_CT_LIST, .fields = field, .count = 1};
    const char *error = cv_ctype_lay_out(list);
    assert_int_equal(error != NULL, depth > CV_MAX_TYPE_DEPTH);
    part = list;
  }
}

static void test_functions(void **state) {
  arena_state *s = *state;
  static const struct {
    const char *type, *options; // options: a async, c callback, 6 64-bit memory
    const char *lift_params, *lift_results, *lower_params, *lower_results;
  } rows[] = {
      {"->", "", "", "", "", ""},
      {"u8->u8", "", "i", "i", "i", "i"},
      {"string,f64->string", "", "iiF", "i", "iiFi", ""},
      {"string,f64->string", "6", "IIF", "I", "IIFI", ""},
      {"->tuple<u8,u8>", "", "", "i", "i", ""},
      {"list<u8,16>->f32", "", "iiiiiiiiiiiiiiii", "f", "iiiiiiiiiiiiiiii", "f"},
      {"list<u8,16>,u8->f32", "", "i", "f", "i", "f"},
      {"list<u8,16>,u8->string", "", "i", "i", "ii", ""},
      {"list<u8,16>->string", "6", "iiiiiiiiiiiiiiii", "I", "iiiiiiiiiiiiiiiiI", ""},
      {"list<u8,4>->u8", "a", "iiii", "", "iiiii", "i"},
      {"list<u8,5>->", "a", "iiiii", "", "i", "i"},
      {"list<u8,5>->u8", "ac", "iiiii", "i", "ii", "i"},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    const cv_cfunctype *f = parse_functype(&s->arena, rows[i].type, NULL);
    bool is_async = strchr(rows[i].options, 'a') != NULL, callback = strchr(rows[i].options, 'c') != NULL;
    unsigned ptr = strchr(rows[i].options, '6') != NULL ? CV_PTR64 : CV_PTR32;
    for (int lift = 0; lift < 2; lift++) {
      cv_flat_functype flat;
      cv_flatten_functype(f, is_async, callback, ptr, lift, &flat);
      char params[CV_MAX_FLAT_PARAMS + 2], results[2];
      flat_text(flat.params, flat.param_count, params);
      flat_text(flat.results, flat.result_count, results);
      if (strcmp(params, lift ? rows[i].lift_params : rows[i].lower_params) != 0 ||
          strcmp(results, lift ? rows[i].lift_results : rows[i].lower_results) != 0)
        fail_msg("%s [%s] %s: (%s)->(%s)", rows[i].type, rows[i].options, lift ? "lift" : "lower", params, results);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_layouts, setup, teardown),
      cmocka_unit_test_setup_teardown(test_flags, setup, teardown),
      cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
      cmocka_unit_test_setup_teardown(test_functions, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
