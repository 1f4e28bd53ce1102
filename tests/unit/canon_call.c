// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_call.c: calls between component instances made by hand, and between them and the host: results, resources and
// their borrows, the rules of entering and leaving, and what a trap leaves behind.
#include "canon_guest.h"

// A component instance with one core instance.
typedef struct part {
  cv_cinstance instance;
  cv_instance *core;
  cv_canon_env options;
  const cv_resource_type *resources[2];
} part;

typedef struct setting {
  world w;
  cv_mem mem;
  cv_arena arena;
  part parent, a, b, c; // a, b and c are children of `parent`
  cv_resource_type resource;
} setting;

static const cv_cresource RESOURCE = {.index = 0};

static void part_init(setting *s, part *p, cv_cinstance *parent) {
  cv_cinstance_init(&p->instance, s->w.store, NULL, parent);
  p->resources[0] = &s->resource;
  p->instance.resources = p->resources;
}

static void part_code(setting *s, part *p, const char *wat, const cv_extern *imports, size_t count) {
  p->core = instantiate(s->w.store, wat, imports, count);
  const cv_export *memory = cv_instance_export(p->core, CV_BYTES_LITERAL("mem"), CV_EXTERN_MEMORY);
  const cv_export *realloc = cv_instance_export(p->core, CV_BYTES_LITERAL("realloc"), CV_EXTERN_FUNC);
  p->options = (cv_canon_env){.memory = memory != NULL ? cv_instance_memory(p->core, memory->index) : NULL,
                              .realloc = realloc != NULL ? cv_instance_func(p->core, realloc->index) : NULL};
}

static void setting_init(setting *s, const cv_engine_options *options) {
  *s = (setting){.w = world_new(options, NULL)};
  cv_mem_init(&s->mem, UINT64_MAX);
  cv_arena_init(&s->arena, &s->mem);
  part_init(s, &s->parent, NULL);
  part_init(s, &s->a, &s->parent.instance);
  part_init(s, &s->b, &s->parent.instance);
  part_init(s, &s->c, &s->parent.instance);
}

static void setting_free(setting *s) {
  part *parts[] = {&s->parent, &s->a, &s->b, &s->c};
  for (size_t i = 0; i < CV_COUNT(parts); i++)
    cv_handles_free(&parts[i]->instance);
  assert_null(cv_current_task(s->w.context));
  cv_arena_free(&s->arena);
  world_delete(&s->w);
  assert_int_equal(s->mem.used, 0);
}

#define EACH_SETTING(s)                                                                                                \
  cv_engine_options options_ = {.features = CV_FEATURES_DEFAULT};                                                      \
  EACH_TIER(options_)                                                                                                  \
  for (setting s, *once_ = (setting_init(&s, &options_), &s); once_ != NULL; setting_free(&s), once_ = NULL)

// canon lift of an export.
static cv_cfunc *lift(setting *s, part *p, const char *name, const char *type) {
  cv_cfunc *f = CV_ARENA_NEW(&s->arena, cv_cfunc);
  *f = (cv_cfunc){.kind = CV_CFUNC_LIFTED,
                  .type = parse_functype(&s->arena, type, &RESOURCE),
                  .instance = &p->instance,
                  .core = exported(p->core, name),
                  .options = p->options,
                  .name = cv_bytes_of(name)};
  return f;
}

static cv_extern core_func(setting *s, const cv_flat_functype *flat, cv_host_fn *fn, void *env) {
  return host_func(&s->w, flat->params, flat->param_count, flat->results, flat->result_count, fn, env);
}

// canon lower. `options` may still be filled in.
static cv_lowered *lower(setting *s, const cv_cfunc *f, part *p, cv_extern *out) {
  cv_lowered *l = CV_ARENA_NEW(&s->arena, cv_lowered);
  *l = (cv_lowered){.func = f, .instance = &p->instance, .type = f->type};
  cv_flat_functype flat;
  cv_flatten_functype(f->type, false, false, CV_PTR32, false, &flat);
  *out = core_func(s, &flat, cv_lowered_call, l);
  return l;
}

static cv_extern builtin(setting *s, part *p, cv_canon_kind kind, const char *type) {
  cv_canon *canon = CV_ARENA_NEW(&s->arena, cv_canon);
  cv_builtin *b = CV_ARENA_NEW(&s->arena, cv_builtin);
  const cv_cfunctype *signature = parse_functype(&s->arena, type, &RESOURCE);
  *canon = (cv_canon){.kind = kind, .context_type = CV_I32, .func_type = signature};
  *b = (cv_builtin){.canon = canon, .instance = &p->instance, .resource = &s->resource};
  cv_flat_functype flat;
  cv_flatten_functype(signature, false, false, CV_PTR32, true, &flat);
  return core_func(s, &flat, cv_builtin_call, b);
}

// Calls from the host with u32 arguments; the result, when there is one, is a u32.
static cv_run call(setting *s, const cv_cfunc *f, uint32_t a, uint32_t b, uint32_t *out) {
  cv_cval args[2] = {{.kind = CV_CT_U32, .as.u64 = a}, {.kind = CV_CT_U32, .as.u64 = b}}, result = {0};
  cv_run run = cv_cfunc_call(s->w.context, f, NULL, args, &result, &s->arena);
  if (out != NULL)
    *out = (uint32_t)result.as.u64;
  return run;
}

static uint32_t result_of(setting *s, const cv_cfunc *f, uint32_t a, uint32_t b) {
  uint32_t out;
  if (call(s, f, a, b, &out) != CV_RUN_OK)
    fail_msg("trap: %s (%s)", s->w.context->trap.text, cv_trap_text(s->w.context->trap.kind));
  return out;
}

static void expect_trap(setting *s, const cv_cfunc *f, uint32_t a, const char *text) {
  assert_int_equal(call(s, f, a, 0, NULL), CV_RUN_TRAP);
  expect_trap_text(&s->w, text);
}

#define REALLOC                                                                                                        \
  "(memory (export \"mem\") 1) (global $next (mut i32) (i32.const 1024))"                                              \
  "(func $realloc (export \"realloc\") (param i32 i32 i32 i32) (result i32)"                                           \
  " (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))"                            \
  " (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 3)))"                                  \
  " (memory.copy (i32.sub (global.get $next) (local.get 3)) (local.get 0) (local.get 1)))"

// ---- plain calls ----

static const char ADDER[] = "(module (func (export \"add\") (param i32 i32) (result i32)"
                            " (i32.add (local.get 0) (local.get 1))))";
static const char CALLER[] = "(module (import \"\" \"add\" (func $add (param i32 i32) (result i32)))"
                             " (func (export \"run\") (param i32 i32) (result i32)"
                             "  (i32.mul (call $add (local.get 0) (local.get 1)) (i32.const 10))))";

static void test_scalars(void **state) {
  (void)state;
  EACH_SETTING(s) {
    part_code(&s, &s.a, ADDER, NULL, 0);
    cv_extern add;
    lower(&s, lift(&s, &s.a, "add", "u32,u32->u32"), &s.b, &add);
    part_code(&s, &s.b, CALLER, &add, 1);
    const cv_cfunc *run = lift(&s, &s.b, "run", "u32,u32->u32");
    for (uint32_t i = 0; i < 3; i++)
      assert_int_equal(result_of(&s, run, i, 40), (i + 40) * 10);
    assert_int_equal(s.a.instance.may_enter.value.i32, 1);
    assert_int_equal(s.parent.instance.may_enter.value.i32, 1);
  }
}

// The greeter takes UTF-8 and gives a spilled string; the caller is UTF-16 and gives the room for the result.
static const char GREETER[] =
    "(module " REALLOC " (func (export \"greet\") (param $p i32) (param $n i32) (result i32)"
    "  (i32.store8 (i32.add (local.get $p) (local.get $n)) (i32.const 33))" // behind the string, which is the last
    "  (i32.store (i32.const 16) (local.get $p)) (i32.store (i32.const 20) (i32.add (local.get $n) (i32.const 1)))"
    "  (i32.const 16))"
    " (func (export \"greet-post\") (param i32)"
    "  (if (i32.ne (local.get 0) (i32.const 16)) (then unreachable))"
    "  (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))))";
static const char GREETED[] = "(module (import \"\" \"greet\" (func $greet (param i32 i32 i32))) " REALLOC
                              " (data (i32.const 64) \"h\\00\\f6\\00\\03&\")"
                              " (func (export \"run\") (param i32 i32) (result i32)"
                              "  (call $greet (i32.const 64) (i32.const 3) (i32.const 32))"
                              "  (i32.add (i32.mul (i32.load (i32.const 36)) (i32.const 65536))" // units
                              "   (i32.load16_u offset=6 (i32.load (i32.const 32))))))";         // the last one

static void test_strings(void **state) {
  (void)state;
  EACH_SETTING(s) {
    part_code(&s, &s.a, GREETER, NULL, 0);
    cv_cfunc *greet = lift(&s, &s.a, "greet", "string->string");
    greet->options.post_return = exported(s.a.core, "greet-post");
    cv_extern core;
    cv_lowered *lowered = lower(&s, greet, &s.b, &core);
    part_code(&s, &s.b, GREETED, &core, 1);
    lowered->options = s.b.options;
    lowered->options.encoding = CV_UTF16;
    const cv_cfunc *run = lift(&s, &s.b, "run", "u32,u32->u32");
    assert_int_equal(result_of(&s, run, 0, 0), 4 * 65536 + '!');
    assert_int_equal(cv_load_le32(s.a.options.memory->base), 1); // post-return ran once
    // The same from the host.
    cv_cval arg = {.kind = CV_CT_STRING, .as.string = {"you", 3}}, result;
    assert_int_equal(cv_cfunc_call(s.w.context, greet, NULL, &arg, &result, &s.arena), CV_RUN_OK);
    assert_int_equal(result.as.string.size, 4);
    assert_memory_equal(result.as.string.data, "you!", 4);
    assert_int_equal(cv_load_le32(s.a.options.memory->base), 2);
  }
}

// Seventeen parameters: a tuple in memory on both sides.
static void test_spilled_params(void **state) {
  (void)state;
  EACH_SETTING(s) {
    part_code(&s, &s.a,
              "(module " REALLOC " (func (export \"last\") (param i32) (result i32)"
              "  (i32.load8_u offset=16 (local.get 0))))",
              NULL, 0);
    cv_extern core;
    cv_lowered *lowered = lower(&s, lift(&s, &s.a, "last", "list<u8,16>,u8->u32"), &s.b, &core);
    part_code(&s, &s.b,
              "(module (import \"\" \"last\" (func $last (param i32) (result i32))) " REALLOC
              " (data (i32.const 64) \"0123456789abcdef@\")"
              " (func (export \"run\") (param i32 i32) (result i32) (call $last (i32.const 64))))",
              &core, 1);
    lowered->options = s.b.options;
    assert_int_equal(result_of(&s, lift(&s, &s.b, "run", "u32,u32->u32"), 0, 0), '@');
  }
}

// ---- functions of the host ----

static cv_run host_double(void *env, cv_canon_call *c, const cv_cval *args, cv_cval *result) {
  uint32_t *calls = env;
  ++*calls;
  if (args[0].as.u64 == 13)
    return cv_trap_set(c->instance->context, CV_TRAP_HOST, "no thirteen");
  char *text = cv_canon_alloc(c, 4);
  memcpy(text, "four", 4);
  cv_cval *items = cv_canon_alloc(c, 2 * sizeof *items);
  items[0] = (cv_cval){.kind = CV_CT_U32, .as.u64 = 2 * args[0].as.u64};
  items[1] = (cv_cval){.kind = CV_CT_STRING, .as.string = {text, 4}};
  *result = (cv_cval){.kind = CV_CT_TUPLE, .as.list = {items, 2}};
  return CV_RUN_OK;
}

static void test_host_functions(void **state) {
  (void)state;
  EACH_SETTING(s) {
    uint32_t calls = 0;
    const cv_cfunc f = {.kind = CV_CFUNC_HOST,
                        .type = parse_functype(&s.arena, "u32->tuple<u32,string>", NULL),
                        .lifted = host_double,
                        .env = &calls,
                        .name = CV_BYTES_LITERAL("double")};
    cv_extern core;
    cv_lowered *lowered = lower(&s, &f, &s.b, &core);
    part_code(&s, &s.b,
              "(module (import \"\" \"double\" (func $double (param i32 i32))) " REALLOC
              " (func (export \"run\") (param i32 i32) (result i32)"
              "  (call $double (local.get 0) (i32.const 32))"
              "  (i32.add (i32.load (i32.const 32)) (i32.load8_u (i32.load (i32.const 36))))))",
              &core, 1);
    lowered->options = s.b.options;
    const cv_cfunc *run = lift(&s, &s.b, "run", "u32,u32->u32");
    assert_int_equal(result_of(&s, run, 21, 0), 42 + 'f');
    expect_trap(&s, run, 13, "no thirteen");
    assert_int_equal(s.w.context->trap.kind, CV_TRAP_HOST);
    // A component that only passes it on: the host calls its own function.
    cv_cval arg = {.kind = CV_CT_U32, .as.u64 = 4}, result;
    assert_int_equal(cv_cfunc_call(s.w.context, &f, NULL, &arg, &result, &s.arena), CV_RUN_OK);
    assert_memory_equal(result.as.list.items[1].as.string.data, "four", 4);
    assert_int_equal(calls, 3);
  }
}

// ---- entering and leaving ----

static void test_trap_poisons(void **state) {
  (void)state;
  EACH_SETTING(s) {
    part_code(&s, &s.a, "(module (func (export \"f\") (param i32 i32) (result i32) unreachable))", NULL, 0);
    part_code(&s, &s.c, ADDER, NULL, 0);
    cv_extern core;
    lower(&s, lift(&s, &s.a, "f", "u32,u32->u32"), &s.b, &core);
    part_code(&s, &s.b, CALLER, &core, 1);
    const cv_cfunc *run = lift(&s, &s.b, "run", "u32,u32->u32");
    assert_int_equal(call(&s, run, 0, 0, NULL), CV_RUN_TRAP);
    assert_int_equal(s.w.context->trap.kind, CV_TRAP_UNREACHABLE);
    expect_trap(&s, run, 0, "cannot enter component instance: call of \"run\"");
    // Everything under the same parent went with it.
    expect_trap(&s, lift(&s, &s.c, "add", "u32,u32->u32"), 0, "cannot enter component instance");
  }
}

static void test_exceptions(void **state) {
  (void)state;
  EACH_SETTING(s) {
    part_code(&s, &s.a, "(module (tag $t) (func (export \"f\") (param i32 i32) (result i32) (throw $t)))", NULL, 0);
    cv_extern core;
    lower(&s, lift(&s, &s.a, "f", "u32,u32->u32"), &s.b, &core);
    part_code(&s, &s.b,
              "(module (import \"\" \"f\" (func $f (param i32 i32) (result i32)))"
              " (func (export \"run\") (param i32 i32) (result i32)"
              "  (block $h (drop (try_table (result i32) (catch_all $h) (call $f (local.get 0) (local.get 1)))))"
              "  (i32.const 1)))",
              &core, 1);
    assert_int_equal(call(&s, lift(&s, &s.b, "run", "u32,u32->u32"), 0, 0, NULL), CV_RUN_TRAP);
    assert_int_equal(s.w.context->trap.kind, CV_TRAP_UNCAUGHT_EXCEPTION);
  }
}

// What the host function `reenter` calls.
typedef struct reentry {
  setting *s;
  const cv_cfunc *func;
  cv_cinstance *caller;
} reentry;

static cv_run reenter(void *env, cv_canon_call *c, const cv_cval *args, cv_cval *result) {
  reentry *r = env;
  (void)c;
  return cv_cfunc_call(r->s->w.context, r->func, r->caller, args, result, &r->s->arena);
}

// host -> b -> host -> `func`. From the host any instance that is entered is closed, with all under its parent; and a
// call that is made inside b does not enter b, but may enter others.
static void test_reentrance(void **state) {
  (void)state;
  EACH_SETTING(s) {
    reentry r = {.s = &s};
    const cv_cfunc f = {
        .kind = CV_CFUNC_HOST, .type = parse_functype(&s.arena, "u32,u32->u32", NULL), .lifted = reenter, .env = &r};
    part_code(&s, &s.a, ADDER, NULL, 0);
    part_code(&s, &s.parent, ADDER, NULL, 0);
    cv_extern core;
    lower(&s, &f, &s.b, &core);
    part_code(&s, &s.b, CALLER, &core, 1);
    const cv_cfunc *run = lift(&s, &s.b, "run", "u32,u32->u32");
    part other;
    part_init(&s, &other, NULL);
    part_code(&s, &other, ADDER, NULL, 0);
    r.func = lift(&s, &other, "add", "u32,u32->u32");
    assert_int_equal(result_of(&s, run, 1, 2), 30);
    r.func = lift(&s, &s.a, "add", "u32,u32->u32");
    r.caller = &s.b.instance;
    assert_int_equal(result_of(&s, run, 1, 2), 30); // to a sibling
    r.func = lift(&s, &s.parent, "add", "u32,u32->u32");
    assert_int_equal(result_of(&s, run, 1, 2), 30); // back into the parent
    r.caller = NULL;
    expect_trap(&s, run, 1, "cannot enter component instance: call of \"add\"");
    cv_handles_free(&other.instance);
  }
}

static void test_realloc_may_not_leave(void **state) {
  (void)state;
  EACH_SETTING(s) {
    part_code(&s, &s.a, ADDER, NULL, 0);
    cv_extern core;
    lower(&s, lift(&s, &s.a, "add", "u32,u32->u32"), &s.b, &core);
    part_code(&s, &s.b,
              "(module (import \"\" \"add\" (func $add (param i32 i32) (result i32))) (memory (export \"mem\") 1)"
              " (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
              "  (call $add (i32.const 0) (i32.const 0)))"
              " (func (export \"take\") (param i32 i32) (result i32) (i32.const 0))"
              " (func (export \"post\") (param i32) (drop (call $add (i32.const 0) (i32.const 0)))))",
              &core, 1);
    cv_cval arg = {.kind = CV_CT_STRING, .as.string = {"x", 1}}, result;
    const cv_cfunc *take = lift(&s, &s.b, "take", "string->u32");
    assert_int_equal(cv_cfunc_call(s.w.context, take, NULL, &arg, &result, &s.arena), CV_RUN_TRAP);
    expect_trap_text(&s.w, "cannot leave component instance: call of \"add\"");
    s.b.instance.may_enter.value.u64 = s.b.instance.may_leave.value.u64 = 1;
    s.parent.instance.may_enter.value.u64 = 1;
    cv_cfunc *posted = lift(&s, &s.b, "take", "u32,u32->u32");
    posted->options.post_return = exported(s.b.core, "post");
    expect_trap(&s, posted, 0, "cannot leave component instance: call of \"add\"");
  }
}

// ---- resources: a defines one; b owns; c borrows ----

static const char DEFINER[] =
    "(module (import \"\" \"new\" (func $new (param i32) (result i32)))"
    " (import \"\" \"rep\" (func $rep (param i32) (result i32)))"
    " (import \"\" \"drop\" (func $drop (param i32)))"
    " (global $dropped (mut i32) (i32.const 0))"
    " (func (export \"make\") (param i32) (result i32) (call $new (local.get 0)))"
    " (func (export \"rep\") (param i32) (result i32) (call $rep (local.get 0)))"
    " (func (export \"get\") (param i32) (result i32) (local.get 0))" // a borrow comes as what it stands for
    " (func (export \"take\") (param i32 i32) (result i32) (call $drop (local.get 1)) (local.get 0))"
    " (func (export \"dropped\") (result i32) (global.get $dropped))"
    " (func (export \"drop-it\") (param i32) (call $drop (local.get 0)))"
    " (func (export \"dtor\") (param i32) (global.set $dropped (local.get 0))))";

static void define_resource(setting *s) {
  cv_extern imports[] = {builtin(s, &s->a, CV_CANON_RESOURCE_NEW, "u32->u32"),
                         builtin(s, &s->a, CV_CANON_RESOURCE_REP, "u32->u32"),
                         builtin(s, &s->a, CV_CANON_RESOURCE_DROP, "u32->")};
  part_code(s, &s->a, DEFINER, imports, CV_COUNT(imports));
  s->resource = (cv_resource_type){.impl = &s->a.instance, .dtor = exported(s->a.core, "dtor")};
}

static void test_resources(void **state) {
  (void)state;
  EACH_SETTING(s) {
    define_resource(&s);
    cv_extern imports[4];
    lower(&s, lift(&s, &s.a, "make", "u32->own<0>"), &s.b, &imports[0]);
    lower(&s, lift(&s, &s.a, "get", "borrow<0>->u32"), &s.b, &imports[1]);
    imports[2] = builtin(&s, &s.b, CV_CANON_RESOURCE_DROP, "u32->");
    lower(&s, lift(&s, &s.a, "take", "borrow<0>,own<0>->u32"), &s.b, &imports[3]);
    part_code(&s, &s.b,
              "(module (import \"\" \"make\" (func $make (param i32) (result i32)))"
              " (import \"\" \"get\" (func $get (param i32) (result i32)))"
              " (import \"\" \"drop\" (func $drop (param i32)))"
              " (import \"\" \"take\" (func $take (param i32 i32) (result i32)))"
              " (func (export \"run\") (param i32 i32) (result i32)"
              "  (if (i32.ne (call $make (i32.const 77)) (i32.const 1)) (then unreachable))"
              "  (if (i32.ne (call $make (i32.const 88)) (i32.const 2)) (then unreachable))"
              "  (if (i32.ne (call $get (i32.const 1)) (i32.const 77)) (then unreachable))"
              "  (if (i32.ne (call $take (i32.const 1) (i32.const 2)) (i32.const 77)) (then unreachable))"
              "  (call $drop (i32.const 1)) (call $make (i32.const 99)))"
              " (func (export \"lent\") (param i32 i32) (result i32)"
              "  (drop (call $make (i32.const 5)))"
              "  (call $take (i32.const 2) (i32.const 2))))",
              imports, CV_COUNT(imports));
    assert_int_equal(result_of(&s, lift(&s, &s.b, "run", "u32,u32->u32"), 0, 0), 1);
    assert_int_equal(result_of(&s, lift(&s, &s.a, "dropped", "->u32"), 0, 0), 77);
    assert_int_equal(s.a.instance.handles.used, 0);
    assert_int_equal(s.b.instance.handles.used, 1);
    assert_int_equal(s.b.instance.handles.entries[1].lends, 0);
    expect_trap(&s, lift(&s, &s.b, "lent", "u32,u32->u32"), 0, "cannot remove owned resource while borrowed");
  }
}

// c is lent a handle, and must give it back: by dropping it.
static void test_borrows(void **state) {
  (void)state;
  static const char BORROWER[] = "(module (import \"\" \"drop\" (func $drop (param i32)))"
                                 " (import \"\" \"get\" (func $get (param i32) (result i32)))"
                                 " (func (export \"use\") (param i32) (result i32)"
                                 "  (call $get (local.get 0)) (call $drop (local.get 0)))"
                                 " (func (export \"keep\") (param i32) (result i32) (i32.const 0)))";
  EACH_SETTING(s) {
    define_resource(&s);
    cv_extern imports[2] = {builtin(&s, &s.c, CV_CANON_RESOURCE_DROP, "u32->")};
    lower(&s, lift(&s, &s.a, "get", "borrow<0>->u32"), &s.c, &imports[1]);
    part_code(&s, &s.c, BORROWER, imports, 2);
    cv_cval own, out;
    cv_cval rep = {.kind = CV_CT_U32, .as.u64 = 7};
    const cv_cfunc *make = lift(&s, &s.a, "make", "u32->own<0>");
    assert_int_equal(cv_cfunc_call(s.w.context, make, NULL, &rep, &own, &s.arena), CV_RUN_OK);
    assert_ptr_equal(own.as.handle.type, &s.resource);
    assert_int_equal(own.as.handle.rep, 7);
    cv_cval borrow = own;
    borrow.kind = CV_CT_BORROW;
    const cv_cfunc *use = lift(&s, &s.c, "use", "borrow<0>->u32");
    assert_int_equal(cv_cfunc_call(s.w.context, use, NULL, &borrow, &out, &s.arena), CV_RUN_OK);
    assert_int_equal(out.as.u64, 7);
    assert_int_equal(s.c.instance.handles.used, 0);
    const cv_cfunc *keep = lift(&s, &s.c, "keep", "borrow<0>->u32");
    assert_int_equal(cv_cfunc_call(s.w.context, keep, NULL, &borrow, &out, &s.arena), CV_RUN_TRAP);
    expect_trap_text(&s.w, "borrow handles still remain at the end of the call: 1");
    s.parent.instance.may_enter.value.u64 = 1;
    assert_int_equal(cv_resource_destroy(s.w.context, NULL, &s.resource, own.as.handle.rep), CV_RUN_OK);
    assert_int_equal(result_of(&s, lift(&s, &s.a, "dropped", "->u32"), 0, 0), 7);
  }
}

static void count_drop(void *env, uint64_t rep) {
  *(uint64_t *)env += rep;
}

// Gives three resources, 7, 8 and 9.
static cv_run give_three(void *env, cv_canon_call *c, const cv_cval *args, cv_cval *result) {
  (void)args;
  cv_cval *items = cv_canon_alloc(c, 3 * sizeof *items);
  for (int i = 0; i < 3; i++)
    items[i] = (cv_cval){.kind = CV_CT_OWN, .as.handle = {env, 7 + (uint64_t)i}};
  *result = (cv_cval){.kind = CV_CT_LIST, .as.list = {items, 3}};
  return CV_RUN_OK;
}

static cv_run take_nothing(void *env, cv_canon_call *c, const cv_cval *args, cv_cval *result) {
  (void)env, (void)c, (void)args, (void)result;
  return CV_RUN_OK;
}

static void test_handle_table(void **state) {
  (void)state;
  EACH_SETTING(s) {
    define_resource(&s);
    uint64_t dropped = 0;
    const cv_resource_type other = {.impl = &s.b.instance},
                           hosts = {.key = &dropped, .drop = count_drop, .env = &dropped};
    cv_cinstance *i = &s.c.instance;
    uint32_t index;
    uint64_t rep;
    static const struct {
      char what; // n new, d drop
      uint32_t index;
    } rows[] = {{'n', 1}, {'n', 2}, {'n', 3}, {'d', 2}, {'n', 2}, {'d', 1},
                {'d', 2}, {'d', 3}, {'n', 3}, {'n', 2}, {'n', 1}, {'n', 4}};
    for (size_t k = 0; k < CV_COUNT(rows); k++)
      if (rows[k].what == 'n') {
        assert_int_equal(cv_resource_new(i, &hosts, 100 + k, &index), CV_RUN_OK);
        assert_int_equal(index, rows[k].index);
        assert_int_equal(cv_resource_rep(i, &hosts, index, &rep), CV_RUN_OK);
        assert_int_equal(rep, 100 + k);
      } else {
        assert_int_equal(cv_resource_drop(i, &hosts, rows[k].index), CV_RUN_OK);
      }
    assert_int_equal(dropped, 101 + 100 + 104 + 102);
    assert_int_equal(cv_resource_rep(i, &hosts, 0, &rep), CV_RUN_TRAP);
    expect_trap_text(&s.w, "unknown handle index 0");
    assert_int_equal(cv_resource_drop(i, &hosts, 5), CV_RUN_TRAP);
    expect_trap_text(&s.w, "unknown handle index 5");
    assert_int_equal(cv_resource_drop(i, &s.resource, 1), CV_RUN_TRAP);
    expect_trap_text(&s.w, "handle index 1 used with the wrong type, expected guest-defined resource but found a "
                           "host-defined resource");
    assert_int_equal(cv_resource_new(i, &s.resource, 1, &index), CV_RUN_OK);
    assert_int_equal(cv_resource_drop(i, &other, index), CV_RUN_TRAP);
    expect_trap_text(&s.w, "handle index 5 used with the wrong type, expected guest-defined resource but found a "
                           "different guest-defined resource");
    i->handles.limit = i->handles.used;
    assert_int_equal(cv_resource_new(i, &hosts, 1, &index), CV_RUN_TRAP);
    assert_int_equal(s.w.context->trap.kind, CV_TRAP_HANDLE_LIMIT);
    i->may_leave.value.u64 = 0;
    assert_int_equal(cv_resource_drop(i, &hosts, 1), CV_RUN_TRAP);
    expect_trap_text(&s.w, "cannot leave component instance");
    dropped = 0;
    cv_handles_free(i);
    assert_int_equal(dropped, 108 + 109 + 110 + 111); // what it still owned of the host's
  }
}

// Owned resources of the host that were on their way when the call trapped are dropped, once.
static void test_resources_on_their_way(void **state) {
  (void)state;
  EACH_SETTING(s) {
    uint64_t dropped = 0;
    s.resource = (cv_resource_type){.key = &dropped, .drop = count_drop, .env = &dropped};
    part_code(
        &s, &s.a,
        "(module (func (export \"take\") (param i32 i32))"
        " (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) unreachable) (memory (export \"mem\") 1))",
        NULL, 0);
    const cv_cfunc take_host = {
        .kind = CV_CFUNC_HOST, .type = parse_functype(&s.arena, "own<0>,char->", &RESOURCE), .lifted = take_nothing};
    cv_extern imports[3];
    lower(&s, lift(&s, &s.a, "take", "own<0>,char->"), &s.b, &imports[0]);
    cv_lowered *with_list = lower(&s, lift(&s, &s.a, "take", "own<0>,option<list<u8>>->"), &s.b, &imports[1]);
    lower(&s, &take_host, &s.b, &imports[2]);
    part_code(&s, &s.b,
              "(module (import \"\" \"char\" (func $char (param i32 i32)))"
              " (import \"\" \"list\" (func $list (param i32 i32 i32 i32)))"
              " (import \"\" \"host\" (func $host (param i32 i32)))"
              " (memory (export \"mem\") 1)"
              " (func (export \"char\") (param i32 i32) (result i32)"
              "  (call $char (i32.const 1) (i32.const -1)) (i32.const 0))"
              " (func (export \"list\") (param i32 i32) (result i32)"
              "  (call $list (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 0)) (i32.const 0))"
              " (func (export \"host\") (param i32 i32) (result i32)"
              "  (call $host (i32.const 1) (i32.const -1)) (i32.const 0))"
              " (func (export \"host-ok\") (param i32 i32) (result i32)"
              "  (call $host (i32.const 1) (i32.const 1)) (i32.const 0)))",
              imports, 3);
    with_list->options = s.b.options;
    static const struct {
      const char *name;
      uint64_t dropped;    // when the call has ended
      uint64_t dropped_by; // when the tables are gone
    } rows[] = {{"char", 5, 5}, {"list", 0, 5}, {"host", 5, 5}, {"host-ok", 0, 0}};
    for (size_t i = 0; i < CV_COUNT(rows); i++) {
      uint32_t index;
      part *parts[] = {&s.a, &s.b, &s.parent};
      for (size_t k = 0; k < CV_COUNT(parts); k++) {
        cv_handles_free(&parts[k]->instance);
        parts[k]->instance.handles.limit = 10;
        parts[k]->instance.may_enter.value.u64 = parts[k]->instance.may_leave.value.u64 = 1;
      }
      dropped = 0;
      assert_int_equal(cv_resource_new(&s.b.instance, &s.resource, 5, &index), CV_RUN_OK);
      cv_run run = call(&s, lift(&s, &s.b, rows[i].name, "u32,u32->u32"), 0, 0, NULL);
      assert_int_equal(run, i == 3 ? CV_RUN_OK : CV_RUN_TRAP);
      assert_int_equal(dropped, rows[i].dropped);
      cv_handles_free(&s.a.instance);
      cv_handles_free(&s.b.instance);
      assert_int_equal(dropped, rows[i].dropped_by);
    }
  }
}

// What the host gives away in arguments is the function's, or dropped when a trap comes before: in the instance's
// table at the latest when that goes.
static void test_resources_of_arguments(void **state) {
  (void)state;
  EACH_SETTING(s) {
    uint64_t dropped = 0;
    s.resource = (cv_resource_type){.key = &dropped, .drop = count_drop, .env = &dropped};
    part_code(&s, &s.a,
              "(module (memory (export \"mem\") 1) (func (export \"take\") (param i32 i32 i32 i32))"
              " (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) unreachable))",
              NULL, 0);
    const cv_cfunc *take = lift(&s, &s.a, "take", "own<0>,string,own<0>->");
    cv_cval own[2] = {{.kind = CV_CT_OWN, .as.handle = {&s.resource, 100}},
                      {.kind = CV_CT_OWN, .as.handle = {&s.resource, 10}}};
    cv_cval args[3] = {own[0], {.kind = CV_CT_STRING, .as.string = {"x", 1}}, own[1]};
    assert_int_equal(cv_cfunc_call(s.w.context, take, NULL, args, NULL, &s.arena), CV_RUN_TRAP);
    assert_int_equal(dropped, 10); // the first one has arrived
    assert_int_equal(cv_cfunc_call(s.w.context, take, NULL, args, NULL, &s.arena), CV_RUN_TRAP);
    expect_trap_text(&s.w, "cannot enter component instance");
    assert_int_equal(dropped, 10 + 110);
    cv_handles_free(&s.a.instance);
    assert_int_equal(dropped, 10 + 110 + 100);
  }
}

// What a host function gives away and the guest has no room for is dropped too.
static void test_resources_without_room(void **state) {
  (void)state;
  EACH_SETTING(s) {
    uint64_t dropped = 0;
    s.resource = (cv_resource_type){.key = &dropped, .drop = count_drop, .env = &dropped};
    const cv_cfunc give = {.kind = CV_CFUNC_HOST,
                           .type = parse_functype(&s.arena, "->list<own<0>>", &RESOURCE),
                           .lifted = give_three,
                           .env = &s.resource};
    cv_extern core;
    cv_lowered *lowered = lower(&s, &give, &s.b, &core);
    part_code(&s, &s.b,
              "(module (import \"\" \"give\" (func $give (param i32))) " REALLOC
              " (func (export \"run\") (param i32 i32) (result i32) (call $give (i32.const 32)) (i32.const 0)))",
              &core, 1);
    lowered->options = s.b.options;
    s.b.instance.handles.limit = 2;
    assert_int_equal(call(&s, lift(&s, &s.b, "run", "u32,u32->u32"), 0, 0, NULL), CV_RUN_TRAP);
    assert_int_equal(s.w.context->trap.kind, CV_TRAP_HANDLE_LIMIT);
    assert_int_equal(dropped, 9);
    cv_handles_free(&s.b.instance);
    assert_int_equal(dropped, 7 + 8 + 9);
  }
}

// ---- built-ins of tasks ----

static void test_context_and_backpressure(void **state) {
  (void)state;
  EACH_SETTING(s) {
    cv_extern imports[] = {
        builtin(&s, &s.a, CV_CANON_CONTEXT_GET, "->u32"), builtin(&s, &s.a, CV_CANON_CONTEXT_SET, "u32->"),
        builtin(&s, &s.a, CV_CANON_BACKPRESSURE_INC, "->"), builtin(&s, &s.a, CV_CANON_BACKPRESSURE_DEC, "->"),
        builtin(&s, &s.a, CV_CANON_WAITABLE_SET_NEW, "->u32")};
    part_code(&s, &s.a,
              "(module (import \"\" \"get\" (func $get (result i32))) (import \"\" \"set\" (func $set (param i32)))"
              " (import \"\" \"inc\" (func $inc)) (import \"\" \"dec\" (func $dec))"
              " (import \"\" \"set-new\" (func $set-new (result i32)))"
              " (func (export \"run\") (param i32 i32) (result i32)"
              "  (if (call $get) (then unreachable))"
              "  (call $set (local.get 0)) (call $inc) (call $dec) (call $get))"
              " (func (export \"dec\") (param i32 i32) (result i32) (call $dec) (i32.const 0))"
              " (func (export \"wait\") (param i32 i32) (result i32) (call $set-new)))",
              imports, CV_COUNT(imports));
    const cv_cfunc *run = lift(&s, &s.a, "run", "u32,u32->u32");
    assert_int_equal(result_of(&s, run, 5, 0), 5); // a task's storage starts at zero
    assert_int_equal(result_of(&s, run, 6, 0), 6);
    expect_trap(&s, lift(&s, &s.a, "dec", "u32,u32->u32"), 0, "backpressure counter underflow");
    s.a.instance.may_enter.value.u64 = s.parent.instance.may_enter.value.u64 = 1;
    expect_trap(&s, lift(&s, &s.a, "wait", "u32,u32->u32"), 0, "unsupported: async: waitable-set.new");
    assert_int_equal(s.w.context->trap.kind, CV_TRAP_UNSUPPORTED);
  }
}

static void test_async_without_waiting(void **state) {
  (void)state;
  EACH_SETTING(s) {
    cv_extern ret = builtin(&s, &s.a, CV_CANON_TASK_RETURN, "u32->");
    part_code(&s, &s.a,
              "(module (import \"\" \"return\" (func $return (param i32)))"
              " (func (export \"twice\") (param i32 i32) (result i32)"
              "  (call $return (local.get 0)) (call $return (local.get 0)) (i32.const 0))"
              " (func (export \"f\") (param i32 i32) (result i32)"
              "  (call $return (i32.add (local.get 0) (local.get 1))) (i32.const 0))"
              " (func (export \"none\") (param i32 i32) (result i32) (i32.const 0))"
              " (func (export \"wait\") (param i32 i32) (result i32) (call $return (i32.const 1)) (i32.const 2))"
              " (func (export \"bad\") (param i32 i32) (result i32) (call $return (i32.const 1)) (i32.const 3))"
              " (func (export \"cb\") (param i32 i32 i32) (result i32) (i32.const 0)))",
              &ret, 1);
    static const struct {
      const char *name, *trap;
    } rows[] = {{"f", NULL},
                {"twice", "task.return called more than once"},
                {"none", "async-lifted export failed to produce a result"},
                {"wait", "unsupported: async: a task that waits"},
                {"bad", "unsupported callback code"}};
    for (size_t i = 0; i < CV_COUNT(rows); i++) {
      s.a.instance.may_enter.value.u64 = s.parent.instance.may_enter.value.u64 = 1;
      cv_cfunc *f = lift(&s, &s.a, rows[i].name, "u32,u32->u32");
      f->options.is_async = true;
      f->options.callback = exported(s.a.core, "cb");
      if (rows[i].trap != NULL)
        expect_trap(&s, f, 1, rows[i].trap);
      else
        assert_int_equal(result_of(&s, f, 40, 2), 42);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scalars),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_spilled_params),
      cmocka_unit_test(test_host_functions),
      cmocka_unit_test(test_trap_poisons),
      cmocka_unit_test(test_exceptions),
      cmocka_unit_test(test_reentrance),
      cmocka_unit_test(test_realloc_may_not_leave),
      cmocka_unit_test(test_resources),
      cmocka_unit_test(test_borrows),
      cmocka_unit_test(test_handle_table),
      cmocka_unit_test(test_resources_on_their_way),
      cmocka_unit_test(test_resources_of_arguments),
      cmocka_unit_test(test_resources_without_room),
      cmocka_unit_test(test_context_and_backpressure),
      cmocka_unit_test(test_async_without_waiting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
