// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of imports and exports: labels, annotations, interfaces, versions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "component/validate/names.h"

typedef struct row {
  const char *name;
  bool valid;
  cv_name_kind kind;
  const char *first, *second, *version; // label or resource; label or package; version; NULL for empty
} row;

static const row rows[] = {
    {"a", true, CV_NAME_LABEL, "a", NULL, NULL},
    {"a1-B2-c3-4", true, CV_NAME_LABEL, "a1-B2-c3-4", NULL, NULL},
    {"HTTP-server", true, CV_NAME_LABEL, "HTTP-server", NULL, NULL},
    {"", false, 0, NULL, NULL, NULL},
    {"1a", false, 0, NULL, NULL, NULL},
    {"-a", false, 0, NULL, NULL, NULL},
    {"a-", false, 0, NULL, NULL, NULL},
    {"a--b", false, 0, NULL, NULL, NULL},
    {"aB", false, 0, NULL, NULL, NULL},
    {"Ab", false, 0, NULL, NULL, NULL},
    {"a_b", false, 0, NULL, NULL, NULL},
    {"a b", false, 0, NULL, NULL, NULL},
    {"\xc3\xa9", false, 0, NULL, NULL, NULL},
    {"[constructor]r", true, CV_NAME_CONSTRUCTOR, "r", NULL, NULL},
    {"[constructor]", false, 0, NULL, NULL, NULL},
    {"[method]r.m-2", true, CV_NAME_METHOD, "r", "m-2", NULL},
    {"[static]r.m", true, CV_NAME_STATIC, "r", "m", NULL},
    {"[method]r", false, 0, NULL, NULL, NULL},
    {"[method]r.", false, 0, NULL, NULL, NULL},
    {"[method].m", false, 0, NULL, NULL, NULL},
    {"[method]r.m.n", false, 0, NULL, NULL, NULL},
    {"[other]r", false, 0, NULL, NULL, NULL},
    {"wasi:io/streams", true, CV_NAME_INTERFACE, "streams", "io", NULL},
    {"wasi:io/streams@0.2.12", true, CV_NAME_INTERFACE, "streams", "io", "0.2.12"},
    {"a-1:b-2/C-3@1.0.0-rc.1+x.05", true, CV_NAME_INTERFACE, "C-3", "b-2", "1.0.0-rc.1+x.05"},
    {"a:b/c@1", true, CV_NAME_INTERFACE, "c", "b", "1"},
    {"a:b/c@0.2", true, CV_NAME_INTERFACE, "c", "b", "0.2"},
    {"a:b/c@0.0.3", true, CV_NAME_INTERFACE, "c", "b", "0.0.3"},
    {"a:b/c@0.0", false, 0, NULL, NULL, NULL},
    {"a:b/c@1.2", false, 0, NULL, NULL, NULL},
    {"a:b/c@", false, 0, NULL, NULL, NULL},
    {"a:b/c@01.0.0", false, 0, NULL, NULL, NULL},
    {"a:b/c@1.0.0-01", false, 0, NULL, NULL, NULL},
    {"a:b/c@1.0.0-", false, 0, NULL, NULL, NULL},
    {"a:b/c@1.0.0+", false, 0, NULL, NULL, NULL},
    {"a:b/c@1.0.0-a..b", false, 0, NULL, NULL, NULL},
    {"a:b/c@1.0.0 ", false, 0, NULL, NULL, NULL},
    {"a:b/c@99999999999999999999.0.0", false, 0, NULL, NULL, NULL},
    {"a:b", false, 0, NULL, NULL, NULL},
    {"a:b/", false, 0, NULL, NULL, NULL},
    {":b/c", false, 0, NULL, NULL, NULL},
    {"A:b/c", false, 0, NULL, NULL, NULL},
    {"a:B/c", false, 0, NULL, NULL, NULL},
    {"a:b:c/d", false, 0, NULL, NULL, NULL},
    {"a:b/c/d", false, 0, NULL, NULL, NULL},
};

static bool is(cv_bytes part, const char *text) {
  return cv_bytes_equal(part, cv_bytes_of(text == NULL ? "" : text));
}

static void check_row(const row *r) {
  cv_name name;
  bool valid = cv_name_parse(cv_bytes_of(r->name), &name);
  if (valid != r->valid)
    fail_msg("%s: %s", r->name, valid ? "accepted" : name.fault);
  if (!valid) {
    if (name.fault[0] == '\0')
      fail_msg("%s: no fault is told", r->name);
    return;
  }
  bool by_resource = name.kind != CV_NAME_LABEL && name.kind != CV_NAME_INTERFACE;
  if (name.kind != r->kind || !is(by_resource ? name.resource : name.label, r->first) ||
      !is(by_resource ? name.label : name.package, r->second) || !is(name.version, r->version))
    fail_msg("%s: wrong parts", r->name);
}

static void test_names(void **state) {
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    check_row(&rows[i]);
}

// Every name that is cut short is read within its bounds: the copies have no room to spare.
static void test_prefixes(void **state) {
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_bytes whole = cv_bytes_of(rows[i].name);
    for (size_t size = 0; size <= whole.size; size++) {
      uint8_t *exact = test_malloc(size + (size == 0));
      memcpy(exact, whole.data, size);
      cv_name name;
      bool valid = cv_name_parse((cv_bytes){exact, size}, &name);
      assert_true(valid || name.fault[0] != '\0');
      test_free(exact);
    }
  }
}

static void test_versions(void **state) {
  assert_true(cv_version_is_semver(CV_BYTES_LITERAL("0.0.0")));
  assert_true(cv_version_is_semver(CV_BYTES_LITERAL("10.20.30-x-y.7+001")));
  assert_false(cv_version_is_semver(CV_BYTES_LITERAL("1.2")));
  assert_false(cv_version_is_semver(CV_BYTES_LITERAL("1.2.x")));
  cv_name name;
  assert_true(cv_name_parse(CV_BYTES_LITERAL("a:b/c@0.2"), &name) && name.is_canon_version);
  assert_true(cv_name_parse(CV_BYTES_LITERAL("a:b/c@0.0.3"), &name) && name.is_canon_version);
  assert_true(cv_name_parse(CV_BYTES_LITERAL("a:b/c@0.2.1"), &name) && !name.is_canon_version);
  assert_true(cv_name_parse(CV_BYTES_LITERAL("a:b/c@1.0.0"), &name) && !name.is_canon_version);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_versions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
