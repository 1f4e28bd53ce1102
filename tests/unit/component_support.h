// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_support.h: what the tests of the component decoder and validator share: components from hex or from text,
// with a registry and a quota that must be empty afterwards.
#ifndef COVE_TESTS_COMPONENT_SUPPORT_H
#define COVE_TESTS_COMPONENT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "component/binary/syntax.h"
#include "component/component.h"
#include "component/text/cwat.h"
#include "hex.h"
#include "wasm/canon.h"

#define PREAMBLE "0061736d 0d000100 "

typedef struct fixture {
  cv_mem mem;
  cv_type_registry *registry;
  cv_buf bytes;
  cv_component *component;
  cv_diag diag;
} fixture;

static inline void fixture_init(fixture *f) {
  *f = (fixture){0};
  cv_mem_init(&f->mem, UINT64_MAX);
  f->registry = cv_type_registry_new(&f->mem);
  assert_non_null(f->registry);
  cv_buf_init(&f->bytes, &f->mem);
  cv_diag_init(&f->diag);
}

static inline void fixture_drop(fixture *f) {
  cv_component_delete(f->component);
  f->component = NULL;
  cv_buf_free(&f->bytes);
  cv_buf_init(&f->bytes, &f->mem);
  cv_diag_init(&f->diag);
}

static inline void fixture_free(fixture *f) {
  fixture_drop(f);
  assert_int_equal(cv_type_registry_count(f->registry), 0);
  cv_type_registry_delete(f->registry);
  assert_int_equal(f->mem.used, 0);
}

static inline void fixture_hex(fixture *f, const char *hex) {
  uint8_t *bytes = malloc(strlen(hex) / 2 + 1);
  assert_non_null(bytes);
  fixture_drop(f);
  cv_buf_bytes(&f->bytes, bytes, hex_bytes(hex, bytes));
  free(bytes);
  assert_int_equal(cv_buf_status(&f->bytes), CV_OK);
}

static inline void fixture_text(fixture *f, const char *text) {
  fixture_drop(f);
  if (cv_cwat_parse(text, strlen(text), CV_FEATURES_ALL, &f->mem, &f->bytes, &f->diag) != CV_OK)
    fail_msg("%s: %s", text, f->diag.text);
}

static inline cv_status fixture_decode(fixture *f) {
  cv_component_delete(f->component);
  f->component = NULL;
  cv_diag_init(&f->diag);
  return cv_component_decode(&f->component, &f->mem, f->bytes.data, f->bytes.size, false, CV_FEATURES_ALL, &f->diag);
}

static inline cv_status fixture_check(fixture *f) {
  cv_status status = fixture_decode(f);
  return status == CV_OK ? cv_component_validate(f->component, f->registry, 0, &f->diag) : status;
}

static inline void fixture_valid(fixture *f, const char *text) {
  fixture_text(f, text);
  if (fixture_check(f) != CV_OK)
    fail_msg("%s: %s", text, f->diag.text);
}

#endif
