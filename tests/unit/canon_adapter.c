// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_adapter.c: generated adapters against the generic form of the canonical ABI: the same call by both must give
// the callee the same arguments, the caller the same result, and both the same calls of realloc. Arguments are random;
// in a second round the caller's memory and core values are damaged, and both must trap or both go on alike.
#include "canon_guest.h"
#include "component/canon/adapter.h"

enum {
  OUT = 64,    // where the caller wants a result that is not flat
  LOOK = 8192, // bytes of memory that are compared
};

typedef struct outcome {
  cv_run run;
  cv_cval args[4], result;            // as the callee and as the caller see them
  cv_value slots[CV_MAX_FLAT_PARAMS]; // what the callee got
  bool called;
  uint8_t caller_memory[LOOK], callee_memory[LOOK];
  realloc_call caller_log[64], callee_log[64];
  uint32_t caller_logged, callee_logged;
} outcome;

typedef struct pair {
  world w;
  cv_mem mem;
  cv_arena arena;
  guest caller, callee;
  cv_cinstance parent;
  const cv_cfunctype *type;
  cv_cval result; // what the callee returns
  outcome *now;
  uint64_t damage; // seed; 0 for none
} pair;

static const cv_cresource RESOURCES[] = {{.index = 0}, {.index = 1}};
static const cv_resource_type TYPES[] = {{.key = &TYPES[0]}, {.key = &TYPES[1]}};

// The callee's core function: looks at its arguments and lowers the result.
static cv_run callee_core(void *env, cv_instance *caller, cv_value *values) {
  pair *p = env;
  (void)caller;
  p->now->called = true;
  cv_flat_functype type;
  cv_flatten_functype(p->type, false, false, CV_PTR32, true, &type);
  for (uint32_t i = 0; i < type.param_count; i++) // the upper half of an i32's slot says nothing
    p->now->slots[i].u64 = type.params[i] == CV_I64 || type.params[i] == CV_F64 ? values[i].u64 : values[i].u32;
  cv_canon_context cx = {.options = &p->callee.options, .instance = &p->callee.instance, .arena = &p->arena};
  if (cv_lift_values(&cx, p->type->params, p->type->param_count, CV_MAX_FLAT_PARAMS, values, p->now->args) != CV_RUN_OK)
    fail_msg("the callee cannot lift its arguments: %s", p->w.context->trap.text);
  if (p->type->result == NULL)
    return CV_RUN_OK;
  uint32_t logged = p->callee.logged; // the callee's own allocations do not count
  cv_cfield field = {.type = p->type->result};
  cv_run run = cv_lower_values(&cx, &field, 1, CV_MAX_FLAT_RESULTS, &p->result, NULL, values);
  p->callee.logged = logged;
  return run;
}

static void damage(pair *p, cv_value *flat, uint32_t count) {
  uint64_t seed = p->damage;
  for (uint64_t n = next_random(&seed) % 4; n > 0; n--)
    *guest_at(&p->caller, 4096 + next_random(&seed) % 256) ^= (uint8_t)(1u << next_random(&seed) % 8);
  if (count != 0 && next_random(&seed) % 3 == 0)
    flat[next_random(&seed) % count].u64 ^= (uint64_t)1 << next_random(&seed) % 32;
}

static void run_call(pair *p, cv_func *func, const cv_cval *args, outcome *out) {
  guest *guests[] = {&p->caller, &p->callee};
  *out = (outcome){0};
  p->now = out;
  p->parent.may_enter.value.u64 = 1;
  for (size_t i = 0; i < 2; i++) {
    cv_handles_free(&guests[i]->instance);
    guests[i]->instance.handles.limit = 100;
    guest_reset(guests[i]);
    memset(guest_at(guests[i], 0), 0, LOOK);
  }
  cv_canon_context cx = {.options = &p->caller.options, .instance = &p->caller.instance, .arena = &p->arena};
  cv_value flat[CV_MAX_FLAT_PARAMS + 1];
  assert_int_equal(cv_lower_values(&cx, p->type->params, p->type->param_count, CV_MAX_FLAT_PARAMS, args, NULL, flat),
                   CV_RUN_OK);
  cv_flat_functype type;
  cv_flatten_functype(p->type, false, false, CV_PTR32, false, &type);
  if (type.results_spilled)
    flat[type.param_count - 1].u64 = OUT;
  if (p->damage != 0)
    damage(p, flat, type.param_count - type.results_spilled);
  p->caller.logged = 0;
  out->run = cv_call(p->w.context, func, flat);
  out->caller_logged = p->caller.logged;
  out->callee_logged = p->callee.logged;
  memcpy(out->caller_log, p->caller.log, sizeof out->caller_log);
  memcpy(out->callee_log, p->callee.log, sizeof out->callee_log);
  memcpy(out->caller_memory, guest_at(&p->caller, 0), LOOK);
  memcpy(out->callee_memory, guest_at(&p->callee, 0), LOOK);
  if (out->run != CV_RUN_OK || p->type->result == NULL)
    return;
  cv_cfield field = {.type = p->type->result};
  cv_value address = {.u64 = OUT};
  if (cv_lift_values(&cx, &field, 1, CV_MAX_FLAT_RESULTS, type.results_spilled ? &address : flat, &out->result) !=
      CV_RUN_OK)
    fail_msg("the caller cannot lift the result: %s", p->w.context->trap.text);
}

static void compare(const pair *p, const char *text, const outcome *a, const outcome *b) {
  if (a->run != b->run || (a->run == CV_RUN_OK && a->called != b->called))
    fail_msg("%s: the generic form ends with %d, the adapter with %d", text, a->run, b->run);
  if (a->run != CV_RUN_OK)
    return;
  for (uint32_t i = 0; i < p->type->param_count; i++)
    if (!values_equal(p->type->params[i].type, &a->args[i], &b->args[i]))
      fail_msg("%s: the callee sees another argument %u", text, i);
  if (p->type->result != NULL && !values_equal(p->type->result, &a->result, &b->result))
    fail_msg("%s: the caller sees another result", text);
  // Damage makes NaNs, which may differ.
  if (p->damage == 0 && memcmp(a->slots, b->slots, sizeof a->slots) != 0)
    fail_msg("%s: the callee gets other core values", text);
  if (p->damage == 0 &&
      (memcmp(a->caller_memory, b->caller_memory, LOOK) != 0 || memcmp(a->callee_memory, b->callee_memory, LOOK) != 0))
    fail_msg("%s: memories differ after the call", text);
  if (a->caller_logged != b->caller_logged || a->callee_logged != b->callee_logged ||
      memcmp(a->caller_log, b->caller_log, a->caller_logged * sizeof a->caller_log[0]) != 0 ||
      memcmp(a->callee_log, b->callee_log, a->callee_logged * sizeof a->callee_log[0]) != 0)
    fail_msg("%s: realloc is called differently", text);
}

static void pair_init(pair *p, const cv_engine_options *options) {
  *p = (pair){.w = world_new(options, NULL)};
  cv_mem_init(&p->mem, UINT64_MAX);
  cv_arena_init(&p->arena, &p->mem);
  cv_cinstance_init(&p->parent, p->w.store, NULL, NULL);
  guest_init(&p->caller, &p->w, false, CV_UTF8, &p->parent);
  guest_init(&p->callee, &p->w, false, CV_UTF8, &p->parent);
  for (size_t i = 0; i < 2; i++)
    p->caller.resources[i] = p->callee.resources[i] = &TYPES[i];
}

static void pair_free(pair *p) {
  guest_free(&p->caller);
  guest_free(&p->callee);
  cv_arena_free(&p->arena);
  world_delete(&p->w);
  assert_int_equal(p->mem.used, 0);
}

static cv_func *new_func(pair *p, bool is_lift, cv_host_fn *fn, void *env) {
  cv_flat_functype flat;
  cv_flatten_functype(p->type, false, false, CV_PTR32, is_lift, &flat);
  return host_func(&p->w, flat.params, flat.param_count, flat.results, flat.result_count, fn, env).as.func;
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
      cv_cval args[4];
      for (uint32_t i = 0; i < p->type->param_count; i++)
        random_value(&p->arena, seed, p->type->params[i].type, p->caller.resources, &args[i]);
      if (p->type->result != NULL)
        random_value(&p->arena, seed, p->type->result, p->caller.resources, &p->result);
      p->damage = round % 2 != 0 ? next_random(seed) : 0;
      outcome *a = CV_ARENA_NEW(&p->arena, outcome), *b = CV_ARENA_NEW(&p->arena, outcome);
      run_call(p, generic, args, a);
      run_call(p, adapter, args, b);
      if (p->damage == 0 && a->run != CV_RUN_OK)
        fail_msg("%s: %s", text, p->w.context->trap.text);
      compare(p, text, a, b);
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
};

static void test_random_calls(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  EACH_TIER(options) {
    pair p;
    pair_init(&p, &options);
    uint64_t seed = 0x2545f4914f6cdd1d;
    for (size_t i = 0; i < CV_COUNT(FUNCTIONS); i++)
      check_type(&p, FUNCTIONS[i], &seed, 8);
    pair_free(&p);
  }
}

// Strings of every length around those that wasm handles itself, with a byte that is wrong at every place.
static void test_short_strings(void **state) {
  (void)state;
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  EACH_TIER(options) {
    pair p;
    pair_init(&p, &options);
    p.type = parse_functype(&p.arena, "string->", NULL);
    cv_cfunc func = {.kind = CV_CFUNC_LIFTED,
                     .type = p.type,
                     .instance = &p.callee.instance,
                     .options = p.callee.options,
                     .core = new_func(&p, true, callee_core, &p)};
    cv_lowered lowered = {.func = &func, .instance = &p.caller.instance, .type = p.type, .options = p.caller.options};
    cv_func *adapter = cv_adapter_func(p.w.store, &lowered);
    assert_non_null(adapter);
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
        cv_run run = cv_call(p.w.context, adapter, flat);
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
  } rows[] = {
      {"char->", {0xd800}, 1, "invalid `char` bit pattern"},
      {"char->", {0x110000}, 1, "invalid `char` bit pattern"},
      {"enum<3>->", {3}, 1, "invalid variant discriminant"},
      {"option<u8>->", {2}, 1, "invalid variant discriminant"},
      {"string->", {0x80000000, 1}, 1, "string content out-of-bounds"},
      {"string->", {0x3ffff, 2}, 1, "string content out-of-bounds"},
      {"string->", {0xffffffff, 0xfffffff}, 1, "string content out-of-bounds"},
      {"string->", {0, 0x10000000}, 1, "string is too long"},
      {"string->", {0, 0xffffffff}, 1, "string is too long"},
      {"list<u32>->", {2, 0}, 1, "unaligned pointer"},
      {"list<u32>->", {0x3fffc, 2}, 1, "list content out-of-bounds"},
      {"list<u32>->", {0, 0xffffffff}, 1, "list is too long"},
      {"list<u8,17>->", {0x3fff0}, 1, "pointer out of bounds of memory"},
      {"list<u32,17>->", {2}, 1, "unaligned pointer"},
      {"list<u32>->", {0, 1}, 2, "unaligned pointer"},
      {"list<u8>->", {0, 0}, 0xffffffff, "list content out-of-bounds"},
      {"string->", {0, 0}, 0x40001, "string content out-of-bounds"},
      {"list<u32,17>->", {0}, 2, "unaligned pointer"},
      {"->tuple<u32,u32>", {2}, 1, "unaligned pointer"},
      {"->tuple<u32,u32>", {0x3fffc}, 1, "pointer out of bounds of memory"},
      {"own<0>->", {1}, 1, "unknown handle index 1"},
  };
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  EACH_TIER(options) {
    pair p;
    pair_init(&p, &options);
    p.now = CV_ARENA_NEW(&p.arena, outcome);
    for (size_t i = 0; i < CV_COUNT(rows); i++) {
      p.type = parse_functype(&p.arena, rows[i].type, RESOURCES);
      cv_cval items[2] = {{.kind = CV_CT_U32}, {.kind = CV_CT_U32}};
      p.result = (cv_cval){.kind = CV_CT_TUPLE, .as.list = {items, 2}};
      cv_cfunc func = {.kind = CV_CFUNC_LIFTED,
                       .type = p.type,
                       .instance = &p.callee.instance,
                       .options = p.callee.options,
                       .core = new_func(&p, true, callee_core, &p)};
      cv_lowered lowered = {.func = &func, .instance = &p.caller.instance, .type = p.type, .options = p.caller.options};
      cv_func *adapter = cv_adapter_func(p.w.store, &lowered);
      assert_non_null(adapter);
      guest_reset(&p.callee);
      p.parent.may_enter.value.u64 = 1;
      if (rows[i].answer != 1)
        guest_answer(&p.callee, rows[i].answer);
      cv_value flat[3] = {{.u64 = rows[i].slots[0]}, {.u64 = rows[i].slots[1]}, {.u64 = rows[i].slots[2]}};
      if (cv_call(p.w.context, adapter, flat) != CV_RUN_TRAP)
        fail_msg("%s, row %zu: no trap", rows[i].type, i);
      expect_trap_text(&p.w, rows[i].text);
      // The callee is poisoned, and then also that is told.
      assert_int_equal(cv_call(p.w.context, adapter, flat), CV_RUN_TRAP);
      expect_trap_text(&p.w, "cannot enter component instance");
      p.caller.instance.may_leave.value.u64 = 0;
      assert_int_equal(cv_call(p.w.context, adapter, flat), CV_RUN_TRAP);
      expect_trap_text(&p.w, "cannot leave component instance");
      p.caller.instance.may_leave.value.u64 = 1;
    }
    pair_free(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_calls),
      cmocka_unit_test(test_short_strings),
      cmocka_unit_test(test_traps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
