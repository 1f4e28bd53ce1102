// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasm_support.h: what the tests of src/wasm share: modules from hex or WAT, decoded and validated, with a registry and
// a quota that must be empty afterwards.
#ifndef COVE_TESTS_WASM_SUPPORT_H
#define COVE_TESTS_WASM_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "hex.h"
#include "wasm/binary/decode.h"
#include "wasm/canon.h"
#include "wasm/text/wat.h"
#include "wasm/validate/validate.h"

#define PREAMBLE "0061736d 01000000 "

typedef struct fixture {
  cv_mem mem;
  cv_type_registry *registry;
  uint8_t *bytes; // of the last module, in a block of its exact size
  size_t size;
  cv_module *module;
  cv_diag diag;
} fixture;

static inline void fixture_init(fixture *f) {
  *f = (fixture){0};
  cv_mem_init(&f->mem, UINT64_MAX);
  f->registry = cv_type_registry_new(&f->mem);
  assert_non_null(f->registry);
  cv_diag_init(&f->diag);
}

static inline void fixture_drop_module(fixture *f) {
  cv_module_delete(f->module);
  f->module = NULL;
  free(f->bytes);
  f->bytes = NULL;
}

static inline void fixture_free(fixture *f) {
  fixture_drop_module(f);
  assert_int_equal(cv_type_registry_count(f->registry), 0);
  cv_type_registry_delete(f->registry);
  assert_int_equal(f->mem.used, 0);
}

static inline void fixture_hex(fixture *f, const char *hex) {
  fixture_drop_module(f);
  f->bytes = malloc(strlen(hex) / 2 + 1);
  assert_non_null(f->bytes);
  f->size = hex_bytes(hex, f->bytes);
  uint8_t *exact = realloc(f->bytes, f->size != 0 ? f->size : 1);
  f->bytes = exact != NULL ? exact : f->bytes;
}

static inline void fixture_wat(fixture *f, const char *wat) {
  fixture_drop_module(f);
  cv_buf out;
  cv_buf_init(&out, &f->mem);
  cv_status status = cv_wat_parse(wat, strlen(wat), CV_FEATURES_ALL, &f->mem, &out, &f->diag);
  if (status != CV_OK)
    fail_msg("%s: %s", wat, f->diag.text);
  f->size = out.size;
  f->bytes = malloc(out.size);
  assert_non_null(f->bytes);
  memcpy(f->bytes, out.data, out.size);
  cv_buf_free(&out);
}

static inline cv_status fixture_decode(fixture *f, cv_features features) {
  cv_module_delete(f->module);
  cv_diag_init(&f->diag);
  return cv_module_decode(&f->module, &f->mem, f->registry, features, f->bytes, f->size, CV_DECODE_BORROW, &f->diag);
}

// Decodes, then validates with side tables.
static inline cv_status fixture_check(fixture *f, cv_features features) {
  cv_status status = fixture_decode(f, features);
  return status == CV_OK ? cv_module_validate(f->module, CV_VALIDATE_SIDE_TABLES, &f->diag) : status;
}

static inline void fixture_valid_wat(fixture *f, const char *wat) {
  fixture_wat(f, wat);
  if (fixture_check(f, CV_FEATURES_ALL) != CV_OK)
    fail_msg("%s: %s", wat, f->diag.text);
}

#endif
