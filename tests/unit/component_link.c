// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_link.c: names and versions of interfaces, and types as signatures.
#include "component/link.h"
#include "component/text/cwat.h"
#include "wasm/canon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
  const char *wanted, *suffix, *there;
  cv_version_fit fit;
} versions[] = {
    {"1.2.3", "", "1.2.3", CV_VERSION_FITS},
    {"1.2.3", "", "1.2.4", CV_VERSION_FITS},
    {"1.2.3", "", "1.3.0", CV_VERSION_FITS},
    {"1.2.3", "", "1.2.2", CV_VERSION_NEWER},
    {"1.3.0", "", "1.2.9", CV_VERSION_NEWER},
    {"1.10.0", "", "1.9.0", CV_VERSION_NEWER},
    {"1.2.3", "", "2.2.3", CV_VERSION_OTHER},
    {"2.0.0", "", "1.9.9", CV_VERSION_OTHER},
    // Below 1.0 the minor number is what the major one is above.
    {"0.2.3", "", "0.2.12", CV_VERSION_FITS},
    {"0.2.13", "", "0.2.12", CV_VERSION_NEWER},
    {"0.1.0", "", "0.2.12", CV_VERSION_OTHER},
    {"0.3.0", "", "0.2.12", CV_VERSION_OTHER},
    {"0.0.1", "", "0.0.1", CV_VERSION_FITS},
    {"0.0.1", "", "0.0.2", CV_VERSION_OTHER},
    {"0.0.0", "", "0.0.0", CV_VERSION_FITS},
    // Before a release nothing fits but the same.
    {"1.0.0-rc.1", "", "1.0.0-rc.1", CV_VERSION_FITS},
    {"1.0.0-rc.1", "", "1.0.0-rc.2", CV_VERSION_OTHER},
    {"1.0.0-rc.1", "", "1.0.0", CV_VERSION_OTHER},
    {"1.0.0", "", "1.0.1-rc.1", CV_VERSION_OTHER},
    {"0.2.0-rc-2023-11-10", "", "0.2.12", CV_VERSION_OTHER},
    // Build metadata counts for nothing.
    {"1.2.3+one", "", "1.2.3+two", CV_VERSION_FITS},
    // Canonical versions, alone and with the suffix that says the rest.
    {"1", "", "1.2.3", CV_VERSION_FITS},
    {"0.2", "", "0.2.12", CV_VERSION_FITS},
    {"0.2", "", "0.3.0", CV_VERSION_OTHER},
    {"2", "", "1.2.3", CV_VERSION_OTHER},
    {"0", "", "0.2.12", CV_VERSION_OTHER},
    {"0.2", ".3", "0.2.12", CV_VERSION_FITS},
    {"0.2", ".13", "0.2.12", CV_VERSION_NEWER},
    {"1", ".2.3", "1.2.2", CV_VERSION_NEWER},
    // No versions at all.
    {"", "", "", CV_VERSION_FITS},
    {"", "", "1.0.0", CV_VERSION_OTHER},
    {"1.0.0", "", "", CV_VERSION_OTHER},
    {"one", "", "1.0.0", CV_VERSION_OTHER},
    {"1.0.0.0", "", "1.0.0", CV_VERSION_OTHER},
    {"99999999999999999999.0.0", "", "1.0.0", CV_VERSION_OTHER},
};

static void versions_fit(void **state) {
  for (size_t i = 0; i < CV_COUNT(versions); i++) {
    cv_version_fit fit = cv_version_fits(cv_bytes_of(versions[i].wanted), cv_bytes_of(versions[i].suffix),
                                         cv_bytes_of(versions[i].there));
    if (fit != versions[i].fit)
      fail_msg("%s%s and %s: %d", versions[i].wanted, versions[i].suffix, versions[i].there, (int)fit);
  }
}

// From the least to the greatest (semver.org, 11.4).
static const char *const ordered[] = {
    "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
    "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",       "1.0.0",
    "1.0.1",        "1.1.0",         "1.10.0",           "2.0.0",
};

static void versions_are_ordered(void **state) {
  for (size_t i = 0; i < CV_COUNT(ordered); i++)
    for (size_t k = 0; k < CV_COUNT(ordered); k++) {
      int by = cv_version_compare(cv_bytes_of(ordered[i]), cv_bytes_of(ordered[k]));
      assert_int_equal(by < 0, i < k);
      assert_int_equal(by > 0, i > k);
    }
}

static const struct {
  const char *name, *base, *version;
} names[] = {
    {"wasi:io/poll@0.2.3", "wasi:io/poll", "0.2.3"},
    {"wasi:io/poll", "wasi:io/poll", ""},
    {"run", "run", ""},
    {"[method]thing.do", "[method]thing.do", ""},
    {"url=<https://a.b/c@1>", "url=<https://a.b/c@1>", ""},
    {"locked-dep=<a:b@1.2.3>", "locked-dep=<a:b@1.2.3>", ""},
    {"", "", ""},
};

static void names_are_split(void **state) {
  for (size_t i = 0; i < CV_COUNT(names); i++) {
    cv_bytes base, version;
    cv_cname_split(cv_bytes_of(names[i].name), &base, &version);
    assert_true(cv_bytes_equal(base, cv_bytes_of(names[i].base)));
    assert_true(cv_bytes_equal(version, cv_bytes_of(names[i].version)));
  }
}

// A function of an interface "t:s/i@1.0.0": its declarations, its type; as a signature; for people.
static const struct {
  const char *types, *func, *signature, *shown;
} functions[] = {
    {"", "(func)", "()", "func()"},
    {"", "(func (param \"a\" bool) (param \"b-c\" s8) (result u16))", "(bool,s8)->u16",
     "func(a: bool, b-c: s8) -> u16"},
    {"", "(func (result (list (tuple f32 f64 char))))", "()->list<tuple<f32,f64,char>>",
     "func() -> list<tuple<f32, f64, char>>"},
    {"", "(func (param \"a\" (option string)) (result (result)))", "(option<string>)->result",
     "func(a: option<string>) -> result"},
    {"", "(func (result (result u8)))", "()->result<u8>", "func() -> result<u8>"},
    {"", "(func (result (result (error u8))))", "()->result<_,u8>", "func() -> result<_, u8>"},
    {"", "(func (result (result u8 (error s64))))", "()->result<u8,s64>", "func() -> result<u8, s64>"},
    {"(type $r' (record (field \"a\" u8) (field \"b\" u32))) (export \"r\" (type $r (eq $r')))",
     "(func (param \"r\" $r))", "(record{a:u8,b:u32})", "func(r: record { a: u8, b: u32 })"},
    {"(type $v' (variant (case \"a\") (case \"b\" u32))) (export \"v\" (type $v (eq $v')))", "(func (param \"v\" $v))",
     "(variant{a,b:u32})", "func(v: variant { a, b(u32) })"},
    {"(type $e' (enum \"a\" \"b\")) (export \"e\" (type $e (eq $e')))", "(func (result $e))", "()->enum{a,b}",
     "func() -> enum { a, b }"},
    {"(type $f' (flags \"a\" \"b\")) (export \"f\" (type $f (eq $f')))", "(func (result $f))", "()->flags{a,b}",
     "func() -> flags { a, b }"},
    {"(export \"res\" (type $res (sub resource)))", "(func (param \"self\" (borrow $res)) (result (own $res)))",
     "(borrow<t:s/i/res>)->own<t:s/i/res>", "func(self: borrow<res>) -> res"},
};

static void types_are_written(void **state) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  for (size_t i = 0; i < CV_COUNT(functions); i++) {
    char text[800];
    snprintf(text, sizeof text, "(component (import \"t:s/i@1.0.0\" (instance %s (export \"func\" %s))))",
             functions[i].types, functions[i].func);
    cv_buf binary, out;
    cv_buf_init(&binary, &mem);
    cv_buf_init(&out, &mem);
    cv_arena arena;
    cv_arena_init(&arena, &mem);
    cv_diag diag;
    cv_diag_init(&diag);
    cv_type_registry *registry = cv_type_registry_new(&mem);
    cv_component *component;
    if (cv_cwat_parse(text, strlen(text), CV_FEATURES_DEFAULT, &mem, &binary, &diag) != CV_OK ||
        cv_component_decode(&component, &mem, binary.data, binary.size, true, CV_FEATURES_DEFAULT, &diag) != CV_OK ||
        cv_component_validate(component, registry, 0, &diag) != CV_OK)
      fail_msg("%s: %s", functions[i].func, diag.text);
    const cv_resource_name *resource_names = cv_resource_names(component, &arena);
    const cv_cinstancetype *instance = component->type.imports[0].type.as.instance;
    const cv_cfunctype *type = instance->exports[instance->export_count - 1].type.as.func;
    cv_signature_write(&out, type, resource_names);
    assert_string_equal(cv_buf_cstr(&out), functions[i].signature);
    out.size = 0;
    cv_cfunctype_print(&out, type);
    assert_string_equal(cv_buf_cstr(&out), functions[i].shown);
    cv_component_delete(component);
    cv_type_registry_delete(registry);
    cv_arena_free(&arena);
    cv_buf_free(&binary);
    cv_buf_free(&out);
  }
  assert_int_equal(mem.used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(versions_fit),
      cmocka_unit_test(versions_are_ordered),
      cmocka_unit_test(names_are_split),
      cmocka_unit_test(types_are_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
