// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text_support.h: what the tests of the text format share: modules from text, and text from modules.
#ifndef COVE_TESTS_TEXT_SUPPORT_H
#define COVE_TESTS_TEXT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wasm/binary/decode.h"
#include "wasm/canon.h"
#include "wasm/text/wat.h"

#define TEXT_FEATURES (CV_FEATURES_DEFAULT | CV_FEAT(CUSTOM_PAGE_SIZES) | CV_FEAT(WIDE_ARITHMETIC))

static inline cv_status parse(const char *text, size_t size, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  cv_diag_init(diag);
  return cv_wat_parse(text, size, TEXT_FEATURES, mem, out, diag);
}

static inline cv_status decode_and_print(const cv_buf *bytes, const cv_wat_print_options *options, cv_mem *mem,
                                         cv_buf *out, cv_diag *diag) {
  cv_diag_init(diag);
  cv_type_registry *registry = cv_type_registry_new(mem);
  if (registry == NULL)
    return CV_ENOMEM;
  cv_module *module;
  cv_status status =
      cv_module_decode(&module, mem, registry, TEXT_FEATURES, bytes->data, bytes->size, CV_DECODE_BORROW, diag);
  if (status == CV_OK) {
    status = cv_wat_print(module, options, mem, out, diag);
    cv_module_delete(module);
  }
  cv_type_registry_delete(registry);
  return status;
}

static inline void show(const char *what, const cv_diag *diag) {
  char text[700];
  print_error("%s: %s\n", what, cv_diag_message(diag, text, sizeof text));
}

#endif
