// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_adapter.c: generated adapters against the generic form of the canonical ABI: the same call by both must give
// the callee the same arguments, the caller the same result, and both the same calls of realloc. Arguments are random;
// in a second round the caller's memory and core values are damaged, and both must trap or both go on alike.
#include "canon_pair.h"

// One function of the callee's, called by both ways.
typedef struct both {
  cv_cfunc func;
  cv_lowered lowered;
  cv_func *generic, *adapter;
} both;

static void both_init(both *b, pair *p, const char *type) {
  p->type = parse_functype(&p->arena, type, RESOURCES);
  b->func = (cv_cfunc){.kind = CV_CFUNC_LIFTED,
                       .type = p->type,
                       .instance = &p->callee.instance,
                       .options = p->callee.options,
                       .core = new_func(p, true, callee_core, p)};
  b->lowered =
      (cv_lowered){.func = &b->func, .instance = &p->caller.instance, .type = p->type, .options = p->caller.options};
  b->generic = new_func(p, false, cv_lowered_call, &b->lowered);
  b->adapter = cv_adapter_func(p->w.store, &b->lowered);
  assert_non_null(b->adapter);
}

static void check_type(pair *p, const char *text, uint64_t *seed, int rounds) {
  cv_arena_mark mark = cv_arena_save(&p->arena);
  p->type = parse_functype(&p->arena, text, RESOURCES);
  cv_cfunc func = {.kind = CV_CFUNC_LIFTED, .type = p->type, .instance = &p->callee.instance};
  func.core = new_func(p, true, callee_core, p);
  for (unsigned encodings = 0; encodings < 9; encodings++) {
    p->caller.options.encoding = (cv_string_encoding)(encodings % 3);
    p->callee.options.encoding = func.options.encoding = (cv_string_encoding)(encodings / 3);
    func.options = p->callee.options;
    cv_lowered lowered = {.func = &func, .instance = &p->caller.instance, .type = p->type};
    lowered.options = p->caller.options;
    cv_func *generic = new_func(p, false, cv_lowered_call, &lowered), *adapter = cv_adapter_func(p->w.store, &lowered);
    if (adapter == NULL)
      fail_msg("%s: no adapter", text);
    for (int round = 0; round < rounds; round++) {
      cv_arena_mark inner = cv_arena_save(&p->arena);
      cv_cval args[10];
      for (uint32_t i = 0; i < p->type->param_count; i++)
        random_value(&p->arena, seed, p->type->params[i].type, p->caller.resources, &args[i]);
      if (p->type->result != NULL)
        random_value(&p->arena, seed, p->type->result, p->caller.resources, &p->result);
      p->damage = round % 2 != 0 ? next_random(seed) : 0;
      assert_true(check_call(p, text, generic, adapter, args));
      if (p->damage == 0 && p->now->run != CV_RUN_OK)
        fail_msg("%s: %s", text, p->w.context->trap.text);
      cv_arena_restore(&p->arena, inner);
    }
  }
  cv_arena_restore(&p->arena, mark);
}

static const char *const FUNCTIONS[] = {
    "->",
    "bool,s8,u8,s16->u16",
    "u32,s64,f32,f64->u64",
    "u8->s8",
    "u64->bool",
    "f32->f64",
    "f64->f32",
    "char->char",
    "flags<3>,flags<32>,flags<8>->flags<12>",
    "enum<3>->enum<300>",
    "string->string",
    "string,u8,string->u32",
    "list<u8>->list<u8>",
    "list<u64>,list<f32>->list<s16>",
    "list<char>,list<bool>->list<enum<5>>",
    "list<string>->list<list<string>>",
    "map<string,u32>->map<u8,f64>",
    "list<u16,3>,list<string,2>->list<u8,20>",
    "tuple<u8,u64,string>->tuple<string,u8,f32>",
    "record<u32,u32>->record<u8,u16>",
    "list<record<u32,u32>>->list<record<u8,u32>>",
    "list<list<u8,20>>->list<list<bool,20>>",
    "option<u8>,option<string>->option<u64>",
    "option<option<f32>>->result<_,_>",
    "result<u64,string>->result<f32,f64>",
    "result<tuple<u8,f32>,tuple<f64,u8>>->option<tuple<u8,u8>>",
    "variant<_,u8,f32,f64,string>->variant<u8,_>",
    "list<variant<u8,option<string>,record<f64,char>>>->variant<tuple<f32,f32>,list<bool>>",
    "variant<u8,u16,u32,u64,f32,f64,char,string,list<u8>,_,bool>->variant<u8,u16,u32,u64,f32,f64,char,string,_,bool>",
    "list<variant<u8,u16,u32,u64,f32,f64,char,string,list<u8>,_,bool>>->",
    "list<u8,16>,u32,string->list<u8,17>",
    "tuple<string,string,string,string>,tuple<string,string,string,string>,option<string>->u8",
    "own<0>->own<1>",
    "list<own<0>>,option<own<1>>->result<own<0>,tuple<own<1>,string>>",
    "borrow<0>,string,borrow<1>->u32",
    "list<borrow<0>>->",
    "option<borrow<1>>,list<tuple<borrow<0>,string>>,own<0>->result<own<1>,string>",
    "record<borrow<0>,u64>,variant<borrow<1>,string,list<borrow<1>>>->string",
    "borrow<0>,string,string,string,string,string,string,string,string,borrow<0>->",
};

static void test_random_calls(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  EACH_QUICK_TIER(options) {
    uint64_t seed = 0x2545f4914f6cdd1d;
    for (unsigned wide = 0; wide < 4; wide++) { // addresses of caller and callee
      pair p;
      world w = world_new(&options, NULL);
      pair_init_wide(&p, w, wide & 1, wide & 2);
      // LLVM takes so long to compile an adapter that it gets each type in one of the four ways.
      bool slow = strcmp(options.tier, "llvm") == 0;
      for (size_t i = slow ? wide : 0; i < CV_COUNT(FUNCTIONS); i += slow ? 4 : 1)
        check_type(&p, FUNCTIONS[i], &seed, wide == 0 ? 8 : 4);
      pair_free(&p);
      world_delete(&w);
    }
  }
}

// Strings of every length around those that wasm handles itself, with a byte that is wrong at every place.
static void test_short_strings(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  EACH_QUICK_TIER(options) {
    pair p;
    world w = world_new(&options, NULL);
    pair_init(&p, w);
    both f;
    both_init(&f, &p, "string->");
    outcome *now = p.now = CV_ARENA_NEW(&p.arena, outcome);
    for (uint32_t size = 0; size <= 70; size++)
      for (uint32_t bad = 0; bad <= size; bad++) {
        uint8_t *at = guest_at(&p.caller, 1024);
        for (uint32_t i = 0; i < 80; i++)
          at[i] = (uint8_t)('a' + i % 26);
        at[size] = 0xff; // behind it
        at[bad] = bad < size ? 0x80 : at[bad];
        guest_reset(&p.callee);
        p.parent.may_enter.value.u64 = 1;
        memset(guest_at(&p.callee, 4096), '.', 80);
        cv_value flat[2] = {{.u64 = 1024}, {.u64 = size}};
        cv_run run = cv_call(p.w.context, f.adapter, flat);
        assert_int_equal(run, bad < size ? CV_RUN_TRAP : CV_RUN_OK);
        if (bad < size) {
          expect_trap_text(&p.w, "invalid utf-8 sequence at byte");
          continue;
        }
        assert_int_equal(now->args[0].as.string.size, size);
        assert_memory_equal(now->args[0].as.string.data, at, size);
        assert_int_equal(*guest_at(&p.callee, 4096 + size), '.');
        assert_int_equal(*guest_at(&p.callee, 4096 + 79), '.');
      }
    pair_free(&p);
    world_delete(&w);
  }
}

// Strings that end where 4 GiB end, behind which there is no address.
static void test_end_of_memory(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  EACH_QUICK_TIER(options) {
    pair p;
    world w = world_new(&options, NULL);
    pair_init(&p, w);
    both f;
    both_init(&f, &p, "string->");
    bool refused;
    cv_memory *memory = p.caller.options.memory;
    assert_int_equal(cv_memory_grow(memory, 65536 - cv_memory_size(memory) / 65536, &refused), 4);
    outcome *now = p.now = CV_ARENA_NEW(&p.arena, outcome);
    for (uint32_t size = 1; size <= 20; size++)
      for (uint32_t bad = 0; bad < 2; bad++) {
        uint64_t from = ((uint64_t)1 << 32) - size;
        for (uint32_t i = 0; i < size; i++)
          *guest_at(&p.caller, from + i) = (uint8_t)(bad ? 0x80 : 'a' + i);
        guest_reset(&p.callee);
        p.parent.may_enter.value.u64 = 1;
        memset(guest_at(&p.callee, 4096), '.', 80);
        cv_value flat[2] = {{.u64 = from}, {.u64 = size}};
        assert_int_equal(cv_call(p.w.context, f.adapter, flat), bad ? CV_RUN_TRAP : CV_RUN_OK);
        if (!bad)
          assert_memory_equal(now->args[0].as.string.data, guest_at(&p.caller, from), size);
      }
    pair_free(&p);
    world_delete(&w);
  }
}

// What the generic form traps with, word for word at the start.
static void test_traps(void **state) {
  (void)state;
  static const struct {
    const char *type;
    uint64_t slots[3];
    uint64_t answer; // of the callee's realloc; 1 for the usual one
    const char *text;
    bool is_64;
  } rows[] = {
      {"char->", {0xd800}, 1, "invalid `char` bit pattern", false},
      {"char->", {0x110000}, 1, "invalid `char` bit pattern", false},
      {"enum<3>->", {3}, 1, "invalid variant discriminant", false},
      {"option<u8>->", {2}, 1, "invalid variant discriminant", false},
      {"string->", {0x80000000, 1}, 1, "string content out-of-bounds", false},
      {"string->", {0x3ffff, 2}, 1, "string content out-of-bounds", false},
      {"string->", {0xffffffff, 0xfffffff}, 1, "string content out-of-bounds", false},
      {"string->", {0, 0x10000000}, 1, "string is too long", false},
      {"string->", {0, 0xffffffff}, 1, "string is too long", false},
      {"list<u32>->", {2, 0}, 1, "unaligned pointer", false},
      {"list<u32>->", {0x3fffc, 2}, 1, "list content out-of-bounds", false},
      {"list<u32>->", {0, 0xffffffff}, 1, "list is too long", false},
      {"list<u8,17>->", {0x3fff0}, 1, "pointer out of bounds of memory", false},
      {"list<u32,17>->", {2}, 1, "unaligned pointer", false},
      {"list<u32>->", {0, 1}, 2, "unaligned pointer", false},
      {"list<u8>->", {0, 0}, 0xffffffff, "list content out-of-bounds", false},
      {"string->", {0, 0}, 0x40001, "string content out-of-bounds", false},
      {"list<u32,17>->", {0}, 2, "unaligned pointer", false},
      {"->tuple<u32,u32>", {2}, 1, "unaligned pointer", false},
      {"->tuple<u32,u32>", {0x3fffc}, 1, "pointer out of bounds of memory", false},
      {"own<0>->", {1}, 1, "unknown handle index 1", false},
      // with addresses of 64 bits
      {"string->", {(uint64_t)1 << 32, 1}, 1, "string content out-of-bounds", true},
      {"string->", {UINT64_MAX, 1}, 1, "string content out-of-bounds", true},
      {"string->", {UINT64_MAX - 15, 16}, 1, "string content out-of-bounds", true},
      {"string->", {0, (uint64_t)1 << 32}, 1, "string is too long", true},
      {"string->", {0, UINT64_MAX}, 1, "string is too long", true},
      {"list<u32>->", {0, (uint64_t)1 << 62}, 1, "list is too long", true},
      {"list<u32>->", {(uint64_t)1 << 32, 1}, 1, "list content out-of-bounds", true},
      {"list<u32>->", {UINT64_MAX - 3, 1}, 1, "list content out-of-bounds", true},
      {"list<u32>->", {UINT64_MAX - 4, 1}, 1, "unaligned pointer", true},
      {"list<u8,17>->", {UINT64_MAX - 15}, 1, "pointer out of bounds of memory", true},
      {"list<u32>->", {0, 1}, (uint64_t)1 << 32, "list content out-of-bounds", true},
      {"list<u8>->", {0, 0}, UINT64_MAX, "list content out-of-bounds", true},
      {"string->", {0, 1}, UINT64_MAX, "string content out-of-bounds", true},
  };
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  EACH_QUICK_TIER(options) {
    for (size_t i = 0; i < CV_COUNT(rows); i++) {
      pair p;
      world w = world_new(&options, NULL);
      pair_init_wide(&p, w, rows[i].is_64, rows[i].is_64);
      p.now = CV_ARENA_NEW(&p.arena, outcome);
      both f;
      both_init(&f, &p, rows[i].type);
      cv_cval items[2] = {{.kind = CV_CT_U32}, {.kind = CV_CT_U32}};
      p.result = (cv_cval){.kind = CV_CT_TUPLE, .as.list = {items, 2}};
      guest_reset(&p.callee);
      p.parent.may_enter.value.u64 = 1;
      if (rows[i].answer != 1)
        guest_answer(&p.callee, rows[i].answer);
      cv_value flat[3] = {{.u64 = rows[i].slots[0]}, {.u64 = rows[i].slots[1]}, {.u64 = rows[i].slots[2]}};
      if (cv_call(p.w.context, f.adapter, flat) != CV_RUN_TRAP)
        fail_msg("%s, row %zu: no trap", rows[i].type, i);
      expect_trap_text(&p.w, rows[i].text);
      // The callee is poisoned, and then also that is told.
      assert_int_equal(cv_call(p.w.context, f.adapter, flat), CV_RUN_TRAP);
      expect_trap_text(&p.w, "cannot enter component instance");
      p.caller.instance.may_leave.value.u64 = 0;
      assert_int_equal(cv_call(p.w.context, f.adapter, flat), CV_RUN_TRAP);
      expect_trap_text(&p.w, "cannot leave component instance");
      pair_free(&p);
      world_delete(&w);
    }
  }
}

// A callee that implements a resource gets what it stands for; any other gets a handle, and must give it back.
static void test_borrows(void **state) {
  (void)state;
  static const char *const types[] = {"borrow<0>,borrow<0>->", "list<borrow<0>>,u8->u8",
                                      "option<borrow<0>>,tuple<string,borrow<0>>->string"};
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  EACH_QUICK_TIER(options)
  for (unsigned way = 0; way < 4; way++)
    for (size_t i = 0; i < CV_COUNT(types); i++) {
      pair p;
      world w = world_new(&options, NULL);
      pair_init(&p, w);
      const cv_resource_type own = {.impl = &p.callee.instance};
      bool keeps = way & 1, implements = way & 2;
      p.caller.resources[0] = p.callee.resources[0] = implements ? &own : &TYPES[0];
      p.keeps = keeps;
      both f;
      both_init(&f, &p, types[i]);
      cv_cval handle = {.kind = CV_CT_BORROW, .as.handle = {p.caller.resources[0], 77}}, args[2] = {handle, handle};
      cv_cval string = {.kind = CV_CT_STRING, .as.string = {"text", 4}}, parts[2] = {string, handle};
      cv_cval items[3] = {handle, handle, handle};
      p.result = i == 1 ? (cv_cval){.kind = CV_CT_U8, .as.u64 = 5} : string;
      if (i == 1) {
        args[0] = (cv_cval){.kind = CV_CT_LIST, .as.list = {items, 3}};
        args[1] = (cv_cval){.kind = CV_CT_U8, .as.u64 = 200};
      } else if (i == 2) {
        args[0] = (cv_cval){.kind = CV_CT_OPTION, .which = 1, .as.payload = &handle};
        args[1] = (cv_cval){.kind = CV_CT_TUPLE, .as.list = {parts, 2}};
      }
      assert_true(check_call(&p, types[i], f.generic, f.adapter, args));
      bool kept = keeps && !implements;
      assert_int_equal(p.now->run, kept ? CV_RUN_TRAP : CV_RUN_OK);
      if (kept)
        expect_trap_text(&w, i == 1 ? "borrow handles still remain at the end of the call: 3"
                                    : "borrow handles still remain at the end of the call: 2");
      assert_int_equal(p.callee.instance.may_enter.value.u64, !kept);
      if (i == 0 && implements)
        assert_true(p.now->slots[0].u32 == 77 && p.now->slots[1].u32 == 77);
      pair_free(&p);
      world_delete(&w);
    }
}

// One handle can be lent again and again: so far as its list may be long.
static void test_lends_have_a_limit(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  EACH_QUICK_TIER(options) {
    pair p;
    world w = world_new(&options, NULL);
    pair_init(&p, w);
    const cv_resource_type own = {.impl = &p.callee.instance};
    p.caller.resources[0] = p.callee.resources[0] = &own;
    both f;
    both_init(&f, &p, "list<list<borrow<0>>>->");
    cv_cval handle = {.kind = CV_CT_BORROW, .as.handle = {&own, 77}}, handles[8];
    for (size_t i = 0; i < CV_COUNT(handles); i++)
      handles[i] = handle;
    cv_cval lists[2] = {{.kind = CV_CT_LIST, .as.list = {handles, 8}}, {.kind = CV_CT_LIST, .as.list = {handles, 8}}};
    cv_cval arg = {.kind = CV_CT_LIST, .as.list = {lists, 2}};
    p.caller.instance.value_limit = 2 * 8 + 16 * 4;
    assert_true(check_call(&p, "at the limit", f.generic, f.adapter, &arg));
    assert_int_equal(p.now->run, CV_RUN_OK);
    p.caller.instance.value_limit = 15 * 4;
    assert_true(check_call(&p, "beyond the limit", f.generic, f.adapter, &arg));
    assert_int_equal(p.now->run, CV_RUN_TRAP);
    assert_int_equal(w.context->trap.kind, CV_TRAP_VALUE_LIMIT);
    assert_int_equal(w.context->trap.limit, 15 * 4);
    pair_free(&p);
    world_delete(&w);
  }
}

static cv_run count_call(void *env, cv_instance *caller, cv_value *values) {
  (void)caller;
  ++*(int *)env;
  if (values[0].u32 == 9)
    return CV_RUN_TRAP;
  values[0].u64 = values[0].u32 + 1;
  return CV_RUN_OK;
}

// The core function becomes the adapter by its first call, however that ends, and goes by types where there is none.
static void test_made_when_called(void **state) {
  (void)state;
  enum { MOST = 32, DEPTHS = 3 }; // lists in each other that an adapter is made for
  static const uint32_t depths[DEPTHS] = {0, MOST, MOST + 1};
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT, .stack_bytes = 1};
  EACH_QUICK_TIER(options)
  for (size_t i = 0; i < DEPTHS; i++)
    for (uint32_t trap = 0; trap < 2; trap++) {
      bool has_adapter = depths[i] <= MOST;
      char type[400] = "";
      for (uint32_t k = 0; k < depths[i]; k++)
        strcat(type, "list<");
      strcat(type, "u32");
      for (uint32_t k = 0; k < depths[i]; k++)
        strcat(type, ">");
      strcat(type, "->u32");
      pair p;
      world w = world_new(&options, NULL);
      pair_init(&p, w);
      p.type = parse_functype(&p.arena, type, NULL);
      int calls = 0;
      cv_flat_functype flat;
      cv_flatten_functype(p.type, false, false, CV_PTR32, true, &flat);
      cv_cfunc func = {.kind = CV_CFUNC_LIFTED,
                       .type = p.type,
                       .instance = &p.callee.instance,
                       .options = p.callee.options,
                       .core = new_func(&p, true, count_call, &calls)};
      cv_lowered lowered = {.func = &func, .instance = &p.caller.instance, .type = p.type, .options = p.caller.options};
      cv_typeid id = cv_engine_functype(w.engine, flat.params, flat.param_count, flat.results, flat.result_count);
      cv_func *core = cv_adapter_func_late(w.store, &lowered, id);
      assert_non_null(core);
      assert_ptr_equal(lowered.core, core);
      cv_value values[2] = {{.u64 = depths[i] == 0 ? 4 + 5 * trap : 0}, {.u64 = trap ? UINT32_MAX : 0}};
      assert_int_equal(cv_call(w.context, core, values), trap ? CV_RUN_TRAP : CV_RUN_OK);
      assert_int_equal(core->instance != NULL, has_adapter);
      assert_int_equal(core->type, id);
      assert_int_equal(calls, depths[i] == 0 || !trap);
      if (!trap && depths[i] == 0)
        assert_int_equal(values[0].u32, 5);
      // Again: as it has become.
      values[0].u64 = values[1].u64 = 0;
      p.parent.may_enter.value.u64 = p.callee.instance.may_enter.value.u64 = 1;
      assert_int_equal(cv_call(w.context, core, values), CV_RUN_OK);
      pair_free(&p);
      world_delete(&w);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_calls),
      cmocka_unit_test(test_short_strings),
      cmocka_unit_test(test_traps),
      cmocka_unit_test(test_borrows),
      cmocka_unit_test(test_made_when_called),
      cmocka_unit_test(test_end_of_memory),
      cmocka_unit_test(test_lends_have_a_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
