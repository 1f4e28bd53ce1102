// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_api.c: components by the public interface, as component.h and glue.h promise it. Sees include/cove only.
#include <cove/cove.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
  cove_engine *engine;
  cove_store *store;
  cove_component_linker *linker;
  cove_component *components[4];
  size_t count;
} fixture;

static void open_fixture(fixture *f) {
  *f = (fixture){0};
  assert_int_equal(cove_engine_new(NULL, &f->engine, NULL), COVE_OK);
  assert_int_equal(cove_store_new(f->engine, NULL, &f->store, NULL), COVE_OK);
  f->linker = cove_component_linker_new(f->store);
  assert_non_null(f->linker);
}

static void close_fixture(fixture *f) {
  cove_component_linker_delete(f->linker);
  cove_store_delete(f->store);
  for (size_t i = 0; i < f->count; i++)
    cove_component_delete(f->components[i]);
  cove_engine_delete(f->engine);
}

static cove_component *compile(fixture *f, const char *text) {
  cove_error *error = NULL;
  cove_buffer binary;
  cove_component **out = &f->components[f->count++];
  if (cove_text_parse(f->engine, text, strlen(text), &binary, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  if (cove_component_new(f->engine, binary.data, binary.size, out, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  cove_buffer_delete(&binary);
  return *out;
}

static cove_component_instance *instantiate(fixture *f, const char *text) {
  cove_error *error = NULL;
  cove_component_instance *instance = NULL;
  if (cove_component_linker_instantiate(f->linker, compile(f, text), &instance, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  return instance;
}

// The failure has this status, and its message this piece.
static void assert_failure(cove_status status, cove_error **error, cove_status expected, const char *piece) {
  assert_int_equal(status, expected);
  if (strstr(cove_error_message(*error), piece) == NULL)
    fail_msg("\"%s\" is not in \"%s\"", piece, cove_error_message(*error));
  cove_error_delete(*error);
  *error = NULL;
}

#define MEMORY                                                                                                         \
  "(core module $Memory (memory (export \"memory\") 1) (global $top (mut i32) (i32.const 1024))"                       \
  "  (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (local $at i32)"                                  \
  "    (if (local.get 0) (then (return (local.get 0))))" /* it only ever shrinks */                                    \
  "    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))"                             \
  "    (global.set $top (i32.add (local.get $at) (local.get 3))) (local.get $at)))"                                    \
  "(core instance $memory (instantiate $Memory))"
#define OPTIONS "(memory (core memory $memory \"memory\")) (realloc (core func $memory \"realloc\"))"

// Lifts a core function that gives its one parameter back as `same`: func(v: TYPE) -> TYPE.
#define SAME(types, type)                                                                                              \
  "(component " types " (core module $M (func (export \"f\") (param i32) (result i32) (local.get 0)))"                 \
  " (core instance $m (instantiate $M))"                                                                               \
  " (func (export \"same\") (param \"v\" " type ") (result " type ") (canon lift (core func $m \"f\"))))"

// ---- values --------------------------------------------------------------------------------------------------------

static const char all_types[] =
    "(component " MEMORY "(core module $M"
    " (import \"m\" \"realloc\" (func $realloc (param i32 i32 i32 i32) (result i32)))"
    " (import \"m\" \"memory\" (memory 1))"
    " (func (export \"f\") (param i32) (result i32) (local.get 0)))"
    "(core instance $m (instantiate $M (with \"m\" (instance $memory))))"
    // 17 flat values and more go by memory, so that the tuple of parameters is the tuple that is the result.
    "(type $point (record (field \"x\" f32) (field \"y\" f64)))"
    "(type $shape (variant (case \"none\") (case \"circle\" $point) (case \"name\" string)))"
    "(type $color (enum \"red\" \"green\"))"
    "(type $may (flags \"read\" \"write\" \"ok\"))"
    "(export $point' \"point\" (type $point))"
    "(type $shape' (variant (case \"none\") (case \"circle\" $point') (case \"name\" string)))"
    "(export $shape'' \"shape\" (type $shape'))"
    "(export $color' \"color\" (type $color))"
    "(export $may' \"may\" (type $may))"
    "(type $all (tuple bool s8 u8 s16 u16 s32 u32 s64 u64 f32 f64 char string (list u16) $point' $shape'' $color' $may'"
    " (option string) (result u8 (error string)) (result) (list (tuple u8 (list string)))))"
    "(func (export \"same\") (param \"v\" $all) (result $all)"
    " (canon lift (core func $m \"f\") " OPTIONS ")))";

// What is read, and how it is printed; NULL when the same.
static const struct {
  const char *text, *printed;
} good_values[] = {
    {"(true, -128, 255, -32768, 65535, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615, 1.5, -0.1, "
     "'x', \"text\", [1, 2], {x: 1, y: 2}, circle({x: 0.5, y: nan}), red, {read, %ok}, some(\"\"), ok(1), ok, [(1, "
     "[\"a\", \"b\"]), (2, [])])",
     NULL},
    {"(false,0,0,0,0,0,0,0,0,inf,-inf,'\\'',\"\\\"\\\\\\n\\u{e9}\",[],{y:1e300,x:-1},%none,green,{},none,err(\"no\"),"
     "err,[],)",
     "(false, 0, 0, 0, 0, 0, 0, 0, 0, inf, -inf, '\\'', \"\\\"\\\\\\n\xc3\xa9\", [], {x: -1, y: 1e+300}, %none, green, "
     "{}, none, err(\"no\"), err, [])"},
    {" ( true , 1 , 2 , 3 , 4 , 5 , 6 , 7 , 8 , 9 , 10 , '\xe2\x82\xac' , \"\" , [ ] , { x : 1 , y : 2 } , name( \"n\" "
     ") , red , { write } , \"bare\" , 7 , ok , [ ] ) // as it is",
     "(true, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, '\xe2\x82\xac', \"\", [], {x: 1, y: 2}, name(\"n\"), red, {write}, "
     "some(\"bare\"), ok(7), ok, [])"},
};

static void values_go_through_a_component(void **state) {
  fixture f;
  open_fixture(&f);
  cove_component_func *same = cove_component_instance_func(instantiate(&f, all_types), NULL, "same");
  const cove_component_functype *type = cove_component_func_type(same);
  for (size_t i = 0; i < sizeof good_values / sizeof good_values[0]; i++) {
    cove_error *error = NULL;
    cove_component_value arg, result;
    cove_buffer text;
    if (cove_component_functype_parse_args(type, good_values[i].text, strlen(good_values[i].text), &arg, &error) !=
        COVE_OK)
      fail_msg("%zu: %s", i, cove_error_message(error));
    if (cove_component_func_call(same, &arg, 1, &result, &error) != COVE_OK)
      fail_msg("%zu: %s", i, cove_error_message(error));
    assert_int_equal(cove_component_value_text(cove_component_functype_result(type), &result, &text, NULL), COVE_OK);
    assert_string_equal(text.data, good_values[i].printed != NULL ? good_values[i].printed : good_values[i].text);
    cove_buffer_delete(&text);
    cove_component_value_delete(&arg);
    cove_component_value_delete(&result);
  }
  close_fixture(&f);
}

static const struct {
  const char *type, *text, *why;
} bad_values[] = {
    {"u8", "256", "256 is not a value of u8"},
    {"u8", "-1", "-1 is not a value of u8"},
    {"s8", "128", "128 is not a value of s8"},
    {"s8", "-129", "-129 is not"},
    {"u64", "18446744073709551616", "is not a value of u64"},
    {"u8", "0x10", "is not a value"},
    {"u8", "1 2", "character 3: the function has 1 parameter, more is given"},
    {"u8", "", "the parameter \"v\" is missing"},
    {"bool", "yes", "expected true or false"},
    {"f32", "0x1p3", "is not a number"},
    {"char", "''", "a character is missing"},
    {"char", "'ab'", "expected the end of a character"},
    {"char", "'\\u{d800}'", "is no character"},
    {"char", "'\\u{110000}'", "is no character"},
    {"string", "\"open", "a string does not end"},
    {"string", "\"\\x\"", "an escape is one of"},
    {"string", "\"\xff\"", "not UTF-8"},
    {"(list u8)", "[1", "expected ',' or ']'"},
    {"(list u8)", "[1 2]", "expected ',' or ']'"},
    {"(tuple u8 u8)", "(1)", "expected ','"},
    {"(tuple u8 u8)", "(1, 2, 3)", "expected ')'"},
    {"(option (option u8))", "1", "expected none or some"},
    {"(result)", "1", "expected ok or err"},
    {"(result u8)", "err(1)", "more is given"},
};

static void bad_values_are_refused_with_their_place(void **state) {
  for (size_t i = 0; i < sizeof bad_values / sizeof bad_values[0]; i++) {
    fixture f;
    open_fixture(&f);
    char text[600];
    snprintf(text, sizeof text, "(component (import \"f\" (func (param \"v\" %s))))", bad_values[i].type);
    const cove_component_functype *type = cove_component_extern_func(cove_component_import(compile(&f, text), 0));
    cove_error *error = NULL;
    cove_component_value value;
    cove_status status =
        cove_component_functype_parse_args(type, bad_values[i].text, strlen(bad_values[i].text), &value, &error);
    assert_failure(status, &error, COVE_MALFORMED, bad_values[i].why);
    close_fixture(&f);
  }
}

static void calls_check_their_arguments(void **state) {
  fixture f;
  open_fixture(&f);
  cove_component_func *same = cove_component_instance_func(instantiate(&f, SAME("", "u32")), NULL, "same");
  cove_error *error = NULL;
  cove_component_value arg = {.kind = COVE_COMPONENT_U32, .as.u64 = 7}, result;
  assert_int_equal(cove_component_func_call(same, &arg, 1, &result, NULL), COVE_OK);
  assert_int_equal(result.as.u64, 7);
  assert_failure(cove_component_func_call(same, &arg, 0, &result, &error), &error, COVE_USAGE, "has 1 parameters");
  arg.kind = COVE_COMPONENT_S32;
  assert_failure(cove_component_func_call(same, &arg, 1, &result, &error), &error, COVE_USAGE, "not a value of u32");
  close_fixture(&f);
}

// ---- linking -------------------------------------------------------------------------------------------------------

static cove_host_result no_glue(void *host, cove_call *call, cove_value *values) {
  (void)host, (void)values;
  return cove_call_trap(call, "never called");
}

static int drops;
static void count_drop(void *host, void *rep) {
  (void)host, (void)rep;
  drops++;
}

static const cove_glue_resource thing = {"thing", "test:host/things/thing", count_drop};
static const cove_glue_resource *const resources[] = {&thing};
static const cove_glue_func funcs[] = {
    {"[method]thing.size", "(borrow<test:host/things/thing>)->u32", no_glue, NULL},
    {"make", "(string)->own<test:host/things/thing>", no_glue, NULL},
    {"plain", "(record{a:u8,b:list<string>},flags{x,y})->result<_,variant{p,q:u32}>", no_glue, NULL},
};
static const cove_glue_interface things = {"test:host/things@1.4.2", funcs, 3, resources, 1};
static const cove_glue_interface denied = {"test:host/secrets@0.3.1", funcs + 2, 1, NULL, 0};
static const cove_glue_interface *const interfaces[] = {&things};
static const cove_glue_world world = {"test:host/all", interfaces, 1};

#define PLAIN                                                                                                          \
  "(type $r (record (field \"a\" u8) (field \"b\" (list string)))) (export \"r\" (type $r' (eq $r)))"                  \
  "(type $f (flags \"x\" \"y\")) (export \"f\" (type $f' (eq $f)))"                                                    \
  "(type $v (variant (case \"p\") (case \"q\" u32))) (export \"v\" (type $v' (eq $v)))"                                \
  "(export \"plain\" (func (param \"a\" $r') (param \"b\" $f') (result (result (error $v')))))"

static const struct {
  const char *imports; // of the component
  const char *why;     // NULL: it is linked
} links[] = {
    {"(import \"test:host/things@1.4.2\" (instance))", NULL},
    {"(import \"test:host/things@1.0.0\" (instance " PLAIN "))", NULL},
    {"(import \"test:host/things@1.4.1\" (instance (export \"thing\" (type $t (sub resource)))"
     " (export \"[method]thing.size\" (func (param \"self\" (borrow $t)) (result u32)))))",
     NULL},
    {"(import \"test:host/things@1.5.0\" (instance))", "is newer than the host's version 1.4.2"},
    {"(import \"test:host/things@1.4.3\" (instance))", "is newer than the host's version 1.4.2"},
    {"(import \"test:host/things@2.0.0\" (instance))", "is not compatible with the host's version 1.4.2"},
    {"(import \"test:host/things@0.4.2\" (instance))", "is not compatible with"},
    {"(import \"test:host/things@1.4.2-rc.1\" (instance))", "is not compatible with"},
    {"(import \"test:host/things\" (instance (export \"f\" (func))))", "unknown import: instance \"test:host/things\""},
    {"(import \"test:host/others@1.0.0\" (instance (export \"f\" (func))))",
     "unknown import: instance \"test:host/others@1.0.0\""},
    {"(import \"test:host/others@1.0.0\" (instance (type $e (enum \"a\")) (export \"e\" (type (eq $e)))))",
     NULL}, // types only
    {"(import \"f\" (func))", "unknown import: func \"f\""},
    {"(import \"test:host/things@1.0.0\" (instance (export \"missing\" (func))))", "has no function \"missing\""},
    {"(import \"test:host/things@1.0.0\" (instance (export \"other\" (type (sub resource)))))",
     "has no resource \"other\""},
    {"(import \"test:host/things@1.0.0\" (instance (export \"plain\" (func (param \"a\" u8)))))",
     "the component wants (u8), the host has (record{a:u8,b:list<string>},flags{x,y})->result<_,variant{p,q:u32}>"},
    {"(import \"test:host/secrets@0.3.0\" (instance " PLAIN "))",
     "\"test:host/secrets@0.3.0\" is not granted: it needs --secrets"},
    {"(import \"test:host/secrets@0.2.0\" (instance))", "is not compatible with the host's version 0.3.1"},
    {"(import \"t\" (type (sub resource)))", "unknown import: type \"t\""},
    {"(import \"c\" (component))", "unknown import: component \"c\""},
    {"(import \"m\" (core module))", "unknown import: module \"m\""},
};

static void imports_are_matched(void **state) {
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
    fixture f;
    open_fixture(&f);
    char text[900];
    snprintf(text, sizeof text, "(component %s)", links[i].imports);
    assert_int_equal(cove_component_linker_define_world(f.linker, &world, NULL, NULL), COVE_OK);
    assert_int_equal(cove_component_linker_deny(f.linker, &denied, "--secrets", false, NULL), COVE_OK);
    cove_error *error = NULL;
    cove_component_instance *instance;
    cove_status status = cove_component_linker_instantiate(f.linker, compile(&f, text), &instance, &error);
    if (links[i].why != NULL)
      assert_failure(status, &error, COVE_UNLINKABLE, links[i].why);
    else if (status != COVE_OK)
      fail_msg("%zu: %s", i, cove_error_message(error));
    close_fixture(&f);
  }
}

#define CALLS_PLAIN(interface)                                                                                         \
  "(component (import \"" interface "\" (instance $i " PLAIN "))" MEMORY                                               \
  "(core func $plain (canon lower (func $i \"plain\") " OPTIONS "))"                                                   \
  "(core module $M (import \"i\" \"plain\" (func $f (param i32 i32 i32 i32 i32)))"                                     \
  " (func (export \"go\") (call $f (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16))))"          \
  "(core instance $m (instantiate $M (with \"i\" (instance (export \"plain\" (func $plain))))))"                       \
  "(func (export \"go\") (canon lift (core func $m \"go\"))))"

static void a_denied_interface_may_answer_when_it_is_called(void **state) {
  fixture f;
  open_fixture(&f);
  assert_int_equal(cove_component_linker_deny(f.linker, &denied, "--secrets", true, NULL), COVE_OK);
  cove_component_func *go =
      cove_component_instance_func(instantiate(&f, CALLS_PLAIN("test:host/secrets@0.3.0")), NULL, "go");
  cove_error *error = NULL;
  cove_status status = cove_component_func_call(go, NULL, 0, NULL, &error);
  assert_failure(status, &error, COVE_TRAP, "plain of test:host/secrets@0.3.1 is not granted: it needs --secrets");
  // An instance that trapped is not entered again.
  status = cove_component_func_call(go, NULL, 0, NULL, &error);
  assert_failure(status, &error, COVE_TRAP, "cannot enter component instance");
  close_fixture(&f);
}

// What nothing serves is there in name: its resource types are each its own, and a call ends who calls.
static void the_rest_may_be_denied(void **state) {
  static const char wants[] = "(component (import \"other:host/r\" (instance $r (export \"t\" (type (sub resource)))))"
                              "(alias export $r \"t\" (type $t))"
                              "(import \"other:host/f\" (instance (export \"t\" (type (eq $t)))"
                              " (export \"f\" (func (result (own $t)))))))";
  fixture f;
  open_fixture(&f);
  cove_error *error = NULL;
  cove_component_instance *instance;
  assert_int_equal(cove_component_linker_deny_rest(f.linker, "test:", "a spell", NULL), COVE_OK);
  cove_status status = cove_component_linker_instantiate(f.linker, compile(&f, wants), &instance, &error);
  assert_failure(status, &error, COVE_UNLINKABLE, "unknown import: instance \"other:host/r\"");
  assert_int_equal(cove_component_linker_deny_rest(f.linker, "other:", "a spell", NULL), COVE_OK);
  assert_non_null(instantiate(&f, wants));
  cove_component_func *go =
      cove_component_instance_func(instantiate(&f, CALLS_PLAIN("other:host/any@1.0.0")), NULL, "go");
  status = cove_component_func_call(go, NULL, 0, NULL, &error);
  assert_failure(status, &error, COVE_TRAP, "plain of other:host/any@1.0.0 is not granted: it needs a spell");
  // A newer version of what is defined is refused all the same.
  assert_int_equal(cove_component_linker_deny_rest(f.linker, "test:", "a spell", NULL), COVE_OK);
  assert_int_equal(cove_component_linker_deny(f.linker, &denied, "--secrets", true, NULL), COVE_OK);
  status = cove_component_linker_instantiate(f.linker, compile(&f, CALLS_PLAIN("test:host/secrets@0.3.9")), &instance,
                                             &error);
  assert_failure(status, &error, COVE_UNLINKABLE, "newer than the host's version 0.3.1");
  close_fixture(&f);
}

static void untyped_functions_stand_in_for_any(void **state) {
  fixture f;
  open_fixture(&f);
  cove_error *error = NULL;
  cove_component_instance *instance;
  static const char wants[] = "(component (import \"f\" (func (param \"v\" (list u8)) (result string))))";
  assert_int_equal(cove_component_linker_define_func(f.linker, "", "f", "(list<u8>)->char", NULL, NULL, NULL, NULL),
                   COVE_OK);
  // No function at all is as good as none of that name.
  cove_status status = cove_component_linker_instantiate(f.linker, compile(&f, wants), &instance, &error);
  assert_failure(status, &error, COVE_UNLINKABLE, "has no function \"f\"");
  close_fixture(&f);
}

// ---- components among themselves -----------------------------------------------------------------------------------

static const char twice[] = "(component (core module $M (func (export \"f\") (param i32) (result i32)"
                            "  (i32.mul (local.get 0) (i32.const 2))))"
                            "(core instance $m (instantiate $M))"
                            "(func $f (param \"n\" u32) (result u32) (canon lift (core func $m \"f\")))"
                            "(instance (export \"test:math/twice@1.1.0\") (export \"twice\" (func $f))))";
static const char four_times[] =
    "(component (import \"test:math/twice@1.0.0\" (instance $t (export \"twice\""
    "  (func (param \"n\" u32) (result u32)))))"
    "(core func $twice (canon lower (func $t \"twice\")))"
    "(core module $M (import \"t\" \"f\" (func $f (param i32) (result i32)))"
    " (func (export \"f\") (param i32) (result i32) (call $f (call $f (local.get 0)))))"
    "(core instance $m (instantiate $M (with \"t\" (instance (export \"f\" (func $twice))))))"
    "(func (export \"four-times\") (param \"n\" u32) (result u32) (canon lift (core func $m \"f\"))))";

static void an_instance_serves_another_component(void **state) {
  fixture f;
  open_fixture(&f);
  cove_component_instance *first = instantiate(&f, twice);
  cove_error *error = NULL;
  assert_failure(cove_component_linker_define_instance(f.linker, "x", first, "nothing", &error), &error, COVE_NOT_FOUND,
                 "no export \"nothing\"");
  assert_int_equal(
      cove_component_linker_define_instance(f.linker, "test:math/twice@1.1.0", first, "test:math/twice@1.1.0", NULL),
      COVE_OK);
  cove_component_func *func = cove_component_instance_func(instantiate(&f, four_times), "", "four-times");
  cove_component_value arg = {.kind = COVE_COMPONENT_U32, .as.u64 = 10}, result;
  assert_int_equal(cove_component_func_call(func, &arg, 1, &result, NULL), COVE_OK);
  assert_int_equal(result.as.u64, 40);
  close_fixture(&f);
}

static void an_instance_of_another_type_does_not(void **state) {
  static const char wants[] = "(component (import \"test:math/twice@1.0.0\" (instance (export \"twice\""
                              "  (func (param \"n\" s32) (result u32))))))";
  fixture f;
  open_fixture(&f);
  assert_int_equal(cove_component_linker_define_instance(f.linker, "test:math/twice@1.1.0", instantiate(&f, twice),
                                                         "test:math/twice@1.1.0", NULL),
                   COVE_OK);
  cove_error *error = NULL;
  cove_component_instance *instance;
  cove_status status = cove_component_linker_instantiate(f.linker, compile(&f, wants), &instance, &error);
  assert_failure(status, &error, COVE_UNLINKABLE,
                 "the component wants func(n: s32) -> u32, there is func(n: u32) -> u32");
  close_fixture(&f);
}

static void components_and_modules_are_given(void **state) {
  static const char outer[] =
      "(component"
      " (import \"twice\" (component $C (export \"test:math/twice@1.1.0\" (instance (export \"twice\""
      "   (func (param \"n\" u32) (result u32)))))))"
      " (import \"add\" (core module $A (export \"add\" (func (param i32 i32) (result i32)))))"
      " (instance $c (instantiate $C)) (core instance $a (instantiate $A))"
      " (alias export $c \"test:math/twice@1.1.0\" (instance $t))"
      " (export \"twice\" (func $t \"twice\"))"
      " (func (export \"add\") (param \"a\" u32) (param \"b\" u32) (result u32) (canon lift (core func $a \"add\"))))";
  static const char add[] = "(module (func (export \"add\") (param i32 i32) (result i32)"
                            " (i32.add (local.get 0) (local.get 1))))";
  fixture f;
  open_fixture(&f);
  cove_buffer binary;
  cove_module *module;
  assert_int_equal(cove_text_parse(f.engine, add, strlen(add), &binary, NULL), COVE_OK);
  assert_int_equal(cove_module_new(f.engine, binary.data, binary.size, &module, NULL), COVE_OK);
  assert_int_equal(cove_component_linker_define_component(f.linker, "twice", compile(&f, twice), NULL), COVE_OK);
  assert_int_equal(cove_component_linker_define_module(f.linker, "add", module, NULL), COVE_OK);
  cove_component_instance *instance = instantiate(&f, outer);
  cove_module_delete(module);
  cove_component_value args[2] = {{.kind = COVE_COMPONENT_U32, .as.u64 = 20},
                                  {.kind = COVE_COMPONENT_U32, .as.u64 = 1}};
  cove_component_value result;
  cove_component_func *func = cove_component_instance_func(instance, NULL, "add");
  assert_int_equal(cove_component_func_call(func, args, 2, &result, NULL), COVE_OK);
  assert_int_equal(result.as.u64, 21);
  func = cove_component_instance_func(instance, NULL, "twice");
  assert_int_equal(cove_component_func_call(func, args, 1, &result, NULL), COVE_OK);
  assert_int_equal(result.as.u64, 40);
  cove_buffer_delete(&binary);
  close_fixture(&f);
}

// ---- resources -----------------------------------------------------------------------------------------------------

// A resource of the component: `make`, `peek` lends, `take` gives it back for good. The destructor counts.
static const char guest_resource[] =
    "(component"
    " (core module $D (global $drops (mut i32) (i32.const 0))"
    "  (func (export \"dtor\") (param i32) (global.set $drops (i32.add (global.get $drops) (local.get 0))))"
    "  (func (export \"drops\") (result i32) (global.get $drops)))"
    " (core instance $d (instantiate $D))"
    " (type $r (resource (rep i32) (dtor (core func $d \"dtor\"))))"
    " (core func $new (canon resource.new $r)) (core func $rep (canon resource.rep $r))"
    " (core func $drop (canon resource.drop $r))"
    " (core module $M (import \"r\" \"new\" (func $new (param i32) (result i32)))"
    "  (import \"r\" \"rep\" (func $rep (param i32) (result i32))) (import \"r\" \"drop\" (func $drop (param i32)))"
    "  (func (export \"make\") (param i32) (result i32) (call $new (local.get 0)))"
    "  (func (export \"peek\") (param i32) (result i32) (local.get 0))"
    "  (func (export \"take\") (param i32) (result i32) (local $v i32)"
    "   (local.set $v (call $rep (local.get 0))) (call $drop (local.get 0)) (local.get $v)))"
    " (core instance $m (instantiate $M (with \"r\" (instance (export \"new\" (func $new)) (export \"rep\" (func $rep))"
    "  (export \"drop\" (func $drop))))))"
    " (export $r' \"thing\" (type $r))"
    " (func (export \"make\") (param \"v\" u32) (result (own $r')) (canon lift (core func $m \"make\")))"
    " (func (export \"peek\") (param \"t\" (borrow $r')) (result u32) (canon lift (core func $m \"peek\")))"
    " (func (export \"take\") (param \"t\" (own $r')) (result u32) (canon lift (core func $m \"take\")))"
    " (func (export \"drops\") (result u32) (canon lift (core func $d \"drops\"))))";

static uint64_t call_one(cove_component_instance *instance, const char *name, const cove_component_value *arg) {
  cove_error *error = NULL;
  cove_component_value result;
  cove_component_func *func = cove_component_instance_func(instance, NULL, name);
  assert_non_null(func);
  if (cove_component_func_call(func, arg, arg != NULL ? 1 : 0, &result, &error) != COVE_OK)
    fail_msg("%s: %s", name, cove_error_message(error));
  return result.as.u64;
}

static void the_host_holds_resources_of_a_component(void **state) {
  fixture f;
  open_fixture(&f);
  cove_component_instance *instance = instantiate(&f, guest_resource);
  cove_component_func *make = cove_component_instance_func(instance, NULL, "make");
  cove_component_value arg = {.kind = COVE_COMPONENT_U32, .as.u64 = 5}, held, other;
  assert_int_equal(cove_component_func_call(make, &arg, 1, &held, NULL), COVE_OK);
  assert_int_equal(held.kind, COVE_COMPONENT_OWN);
  assert_ptr_equal(held.as.handle.type, cove_component_instance_resource(instance, NULL, "thing"));
  cove_component_value lent = held;
  lent.kind = COVE_COMPONENT_BORROW;
  assert_int_equal(call_one(instance, "peek", &lent), 5);
  assert_int_equal(call_one(instance, "take", &held), 5);
  assert_int_equal(call_one(instance, "drops", NULL), 5);
  arg.as.u64 = 7;
  assert_int_equal(cove_component_func_call(make, &arg, 1, &other, NULL), COVE_OK);
  assert_int_equal(cove_handle_drop(f.store, &other.as.handle, NULL), COVE_OK);
  assert_null(other.as.handle.type);
  assert_int_equal(cove_handle_drop(f.store, &other.as.handle, NULL), COVE_OK);
  assert_int_equal(call_one(instance, "drops", NULL), 12);
  close_fixture(&f);
}

// ---- glue ----------------------------------------------------------------------------------------------------------

// upper: func(text: string) -> string, as `cove bindgen` would write it: of a world's imports...
static cove_host_result upper(void *host, cove_call *call, cove_value *values) {
  cove_string text;
  uint32_t address, units;
  COVE_GLUE_TRY(cove_glue_lift_string(call, values[0].u32, values[1].u32, &text));
  char *copy = cove_call_alloc(call, text.size + 1);
  if (copy == NULL)
    return cove_call_trap(call, "out of memory");
  for (size_t i = 0; i < text.size; i++)
    copy[i] = (char)(text.data[i] >= 'a' && text.data[i] <= 'z' ? text.data[i] - 32 : text.data[i]);
  ++*(int *)host;
  uint8_t *out;
  COVE_GLUE_TRY(cove_glue_range(call, values[2].u32, 8, 4, &out));
  COVE_GLUE_TRY(cove_glue_lower_string(call, (cove_string){copy, text.size}, &address, &units));
  cove_glue_store32(out, address);
  cove_glue_store32(out + 4, units);
  return COVE_HOST_OK;
}

static const cove_glue_func text_funcs[] = {{"upper", "(string)->string", upper, NULL}};
static const cove_glue_interface text_interface = {"test:text/cases@1.0.0", text_funcs, 1, NULL, 0};

static const char passes_on[] =
    "(component (import \"test:text/cases@1.0.0\" (instance $i (export \"upper\""
    "  (func (param \"text\" string) (result string)))))" MEMORY
    "(core func $upper (canon lower (func $i \"upper\") string-encoding=utf16 " OPTIONS "))"
    "(core module $M (import \"i\" \"f\" (func $f (param i32 i32 i32)))"
    " (func (export \"go\") (param i32 i32) (result i32)"
    "  (call $f (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16)))"
    "(core instance $m (instantiate $M (with \"i\" (instance (export \"f\" (func $upper))))))"
    "(func $go (param \"text\" string) (result string)"
    " (canon lift (core func $m \"go\") string-encoding=utf16 " OPTIONS "))"
    "(instance (export \"test:text/shout@2.0.0\") (export \"shout\" (func $go))))";

// ... and of its exports.
static cove_host_result shout(cove_call *call, cove_value *values, cove_string text, cove_string *out) {
  uint8_t *result;
  COVE_GLUE_TRY(cove_glue_lower_string(call, text, &values[0].u32, &values[1].u32));
  COVE_GLUE_TRY(cove_glue_invoke(call, values));
  COVE_GLUE_TRY(cove_glue_range(call, values[0].u32, 8, 4, &result));
  return cove_glue_keep_string(call, cove_glue_load32(result), cove_glue_load32(result + 4), out);
}

static void glue_carries_calls_both_ways(void **state) {
  fixture f;
  open_fixture(&f);
  int calls = 0;
  assert_int_equal(cove_component_linker_define_interface(f.linker, &text_interface, &calls, NULL), COVE_OK);
  cove_component_instance *instance = instantiate(&f, passes_on);
  cove_error *error = NULL;
  cove_component_func *func = NULL;
  cove_glue_export what = {"test:text/shout", "shout", "(string)->u32"};
  assert_failure(cove_glue_find_export(instance, &what, &func, &error), &error, COVE_UNLINKABLE,
                 "the host wants (string)->u32, the component has (string)->string");
  what.signature = "(string)->string";
  assert_int_equal(cove_glue_find_export(instance, &what, &func, NULL), COVE_OK);
  cove_results results = {0};
  cove_call call;
  cove_value values[COVE_GLUE_SLOTS];
  cove_string out = {0};
  for (int i = 0; i < 3; i++) {
    cove_host_result run = cove_glue_enter(&call, func, &results);
    if (run == COVE_HOST_OK)
      run = shout(&call, values, (cove_string){"sch\xc3\xb6n \xf0\x9f\x8e\x89", 11}, &out);
    if (cove_glue_leave(&call, run, &error) != COVE_OK)
      fail_msg("%s", cove_error_message(error));
    assert_string_equal(out.data, "SCH\xc3\xb6N \xf0\x9f\x8e\x89");
    assert_int_equal(out.size, 11);
  }
  assert_int_equal(calls, 3);
  cove_results_free(&results);
  what.name = "whisper";
  assert_failure(cove_glue_find_export(instance, &what, &func, &error), &error, COVE_NOT_FOUND,
                 "exports no \"whisper\"");
  close_fixture(&f);
}

static void a_glue_trap_ends_the_call(void **state) {
  fixture f;
  open_fixture(&f);
  assert_int_equal(cove_component_linker_define_world(f.linker, &world, NULL, NULL), COVE_OK);
  cove_component_func *go =
      cove_component_instance_func(instantiate(&f, CALLS_PLAIN("test:host/things@1.0.0")), NULL, "go");
  cove_error *error = NULL;
  assert_failure(cove_component_func_call(go, NULL, 0, NULL, &error), &error, COVE_TRAP, "never called");
  cove_call call;
  cove_host_result run = cove_glue_enter(&call, go, NULL);
  assert_int_equal(run, COVE_HOST_TRAP);
  assert_failure(cove_glue_leave(&call, run, &error), &error, COVE_TRAP, "cannot enter component instance");
  close_fixture(&f);
}

// ---- looking into components ---------------------------------------------------------------------------------------

static void components_can_be_looked_into(void **state) {
  fixture f;
  open_fixture(&f);
  cove_component *c = compile(&f, four_times);
  assert_int_equal(cove_component_import_count(c), 1);
  const cove_component_extern *import = cove_component_import(c, 0);
  assert_null(cove_component_import(c, 1));
  assert_int_equal(cove_component_extern_sort(import), COVE_SORT_INSTANCE);
  assert_int_equal(cove_component_extern_item_count(import), 1);
  const cove_component_functype *type = cove_component_extern_func(cove_component_extern_item(import, 0));
  assert_int_equal(cove_component_functype_param_count(type), 1);
  cove_bytes name;
  const cove_component_type *param;
  assert_true(cove_component_functype_param(type, 0, &name, &param));
  assert_false(cove_component_functype_param(type, 1, &name, &param));
  assert_memory_equal(name.data, "n", name.size);
  assert_int_equal(cove_component_type_kind(param), COVE_COMPONENT_U32);
  assert_int_equal(cove_component_part_count(c), 1);
  cove_component_part part;
  assert_true(cove_component_part_at(c, 0, &part));
  assert_true(part.is_module && part.func_count == 1 && part.depth == 0);
  assert_false(cove_component_part_at(c, 1, &part));
  close_fixture(&f);
}

static void one_component_serves_many_stores(void **state) {
  fixture f;
  open_fixture(&f);
  cove_component *c = compile(&f, SAME("", "u8"));
  for (int i = 0; i < 3; i++) {
    cove_store *store;
    cove_component_instance *instance;
    assert_int_equal(cove_store_new(f.engine, NULL, &store, NULL), COVE_OK);
    cove_component_linker *linker = cove_component_linker_new(store);
    for (int k = 0; k < 3; k++)
      assert_int_equal(cove_component_linker_instantiate(linker, c, &instance, NULL), COVE_OK);
    cove_component_linker_delete(linker);
    cove_component_value arg = {.kind = COVE_COMPONENT_U8, .as.u64 = 9};
    assert_int_equal(call_one(instance, "same", &arg), 9);
    cove_store_delete(store);
  }
  close_fixture(&f);
}

// Of one call from a component, over all strings that the glue lifts, one by one.
static void values_of_one_call_are_limited(void **state) {
  fixture f;
  open_fixture(&f);
  cove_component_linker_delete(f.linker);
  cove_store_delete(f.store);
  cove_limits *limits = cove_limits_new();
  cove_limits_set_values(limits, 40);
  assert_int_equal(cove_store_new(f.engine, limits, &f.store, NULL), COVE_OK);
  cove_limits_delete(limits);
  f.linker = cove_component_linker_new(f.store);
  int calls = 0;
  assert_int_equal(cove_component_linker_define_interface(f.linker, &text_interface, &calls, NULL), COVE_OK);
  cove_component_instance *instance = instantiate(&f, passes_on);
  cove_component_func *func = cove_component_instance_func(instance, "test:text/shout", "shout");
  cove_component_value arg = {.kind = COVE_COMPONENT_STRING, .as.string = {"ten of them", 10}}, result;
  assert_int_equal(cove_component_func_call(func, &arg, 1, &result, NULL), COVE_OK);
  cove_component_value_delete(&result);
  arg.as.string = (cove_string){"twenty-one characters", 21};
  cove_error *error = NULL;
  cove_status status = cove_component_func_call(func, &arg, 1, &result, &error);
  assert_failure(status, &error, COVE_TRAP, "more than 40 bytes of lists and strings");
  close_fixture(&f);
}

static void instances_are_limited(void **state) {
  fixture f;
  open_fixture(&f);
  cove_limits *limits = cove_limits_new();
  cove_limits_set_instances(limits, 4);
  cove_store *store;
  assert_int_equal(cove_store_new(f.engine, limits, &store, NULL), COVE_OK);
  cove_limits_delete(limits);
  cove_component_linker *linker = cove_component_linker_new(store);
  // Every level makes two of the next.
  cove_component *c = compile(&f, "(component (component $A) (component $B (alias outer 1 $A (component $a))"
                                  " (instance (instantiate $a)) (instance (instantiate $a)))"
                                  " (instance (instantiate $B)) (instance (instantiate $B)))");
  cove_error *error = NULL;
  cove_component_instance *instance;
  cove_status status = cove_component_linker_instantiate(linker, c, &instance, &error);
  assert_failure(status, &error, COVE_LIMIT, "limit of 4 component instances reached");
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  close_fixture(&f);
}

// realloc runs in a task of its own, also where it is asked for room for a result: neither sees the other's storage.
static void realloc_has_its_own_task(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  cove_component_instance *instance = instantiate(
      &f, "(component"
          " (component $A"
          "  (core module $M (memory (export \"memory\") 1)"
          "   (data (i32.const 16) \"\\20\\00\\00\\00\\02\\00\\00\\00\") (data (i32.const 32) \"hi\")"
          "   (func (export \"text\") (result i32) (i32.const 16)))"
          "  (core instance $m (instantiate $M))"
          "  (func (export \"text\") (result string) (canon lift (core func $m \"text\")"
          "   (memory (core memory $m \"memory\")))))"
          " (component $B"
          "  (import \"text\" (func $text (result string)))"
          "  (core func $get (canon context.get i32 0)) (core func $set (canon context.set i32 0))"
          "  (core instance $tasks (export \"get\" (func $get)) (export \"set\" (func $set)))"
          "  (core module $Memory (import \"\" \"get\" (func $get (result i32))) (import \"\" \"set\" (func $set "
          "(param i32)))"
          "   (memory (export \"memory\") 1)"
          "   (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
          "    (if (call $get) (then unreachable)) (call $set (i32.const 5)) (i32.const 64)))"
          "  (core instance $memory (instantiate $Memory (with \"\" (instance $tasks))))"
          "  (core func $lowered (canon lower (func $text) (memory (core memory $memory \"memory\"))"
          "   (realloc (core func $memory \"realloc\"))))"
          "  (core instance $imports (export \"get\" (func $get)) (export \"set\" (func $set))"
          "   (export \"text\" (func $lowered)))"
          "  (core module $Program (import \"\" \"get\" (func $get (result i32)))"
          "   (import \"\" \"set\" (func $set (param i32))) (import \"\" \"text\" (func $text (param i32)))"
          "   (func (export \"run\") (result i32) (call $set (i32.const 7)) (call $text (i32.const 16)) (call $get)))"
          "  (core instance $program (instantiate $Program (with \"\" (instance $imports))))"
          "  (func (export \"run\") (result u32) (canon lift (core func $program \"run\"))))"
          " (instance $a (instantiate $A))"
          " (instance $b (instantiate $B (with \"text\" (func $a \"text\"))))"
          " (export \"run\" (func $b \"run\")))");
  cove_component_value result;
  cove_error *error = NULL;
  cove_component_func *run = cove_component_instance_func(instance, NULL, "run");
  assert_non_null(run);
  for (int i = 0; i < 2; i++) {
    if (cove_component_func_call(run, NULL, 0, &result, &error) != COVE_OK)
      fail_msg("%s", cove_error_message(error));
    assert_int_equal(result.as.u64, 7);
  }
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_go_through_a_component),
      cmocka_unit_test(bad_values_are_refused_with_their_place),
      cmocka_unit_test(calls_check_their_arguments),
      cmocka_unit_test(imports_are_matched),
      cmocka_unit_test(a_denied_interface_may_answer_when_it_is_called),
      cmocka_unit_test(the_rest_may_be_denied),
      cmocka_unit_test(untyped_functions_stand_in_for_any),
      cmocka_unit_test(an_instance_serves_another_component),
      cmocka_unit_test(an_instance_of_another_type_does_not),
      cmocka_unit_test(components_and_modules_are_given),
      cmocka_unit_test(the_host_holds_resources_of_a_component),
      cmocka_unit_test(glue_carries_calls_both_ways),
      cmocka_unit_test(a_glue_trap_ends_the_call),
      cmocka_unit_test(components_can_be_looked_into),
      cmocka_unit_test(one_component_serves_many_stores),
      cmocka_unit_test(values_of_one_call_are_limited),
      cmocka_unit_test(instances_are_limited),
      cmocka_unit_test(realloc_has_its_own_task),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
