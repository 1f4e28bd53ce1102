// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text.c: fuzzes the text format: a text is read as a script and as a module; what parses is decoded, printed, and must
// parse back to the same bytes. A binary module is printed first.
#include "text_world.h"

#include "wasm/binary/decode.h"
#include "wasm/text/wat.h"

// Decodes and prints. False when the module does not decode, or its bodies cannot be read.
static bool print(world *w, const uint8_t *bytes, size_t size, cv_buf *out, cv_diag *diag) {
  const cv_wat_print_options options = {.fold = size % 2 != 0};
  cv_diag_init(diag);
  cv_module *module;
  if (cv_module_decode(&module, &w->mem, w->registry, FEATURES, bytes, size, CV_DECODE_BORROW, diag) != CV_OK)
    return false;
  cv_status status = cv_wat_print(module, &options, &w->mem, out, diag);
  cv_module_delete(module);
  return status == CV_OK;
}

// `bytes` come from our parser: printing and parsing gives them again.
static void check_exact(world *w, const cv_buf *bytes) {
  cv_buf text, again;
  cv_buf_init(&text, &w->mem);
  cv_buf_init(&again, &w->mem);
  cv_diag diag;
  if (print(w, bytes->data, bytes->size, &text, &diag)) {
    if (cv_wat_parse((const char *)text.data, text.size, FEATURES, &w->mem, &again, &diag) != CV_OK)
      die("a printed module does not parse", &diag);
    if (again.size != bytes->size || memcmp(again.data, bytes->data, again.size) != 0)
      die("a printed module parses to other bytes", &diag);
  }
  cv_buf_free(&text);
  cv_buf_free(&again);
}

static void run_binary(world *w, const uint8_t *data, size_t size) {
  cv_buf text, bytes;
  cv_buf_init(&text, &w->mem);
  cv_buf_init(&bytes, &w->mem);
  cv_diag diag;
  if (print(w, data, size, &text, &diag)) {
    if (cv_wat_parse((const char *)text.data, text.size, FEATURES, &w->mem, &bytes, &diag) != CV_OK)
      die("a printed module does not parse", &diag);
    check_exact(w, &bytes);
  }
  cv_buf_free(&text);
  cv_buf_free(&bytes);
}

static void run_text(world *w, const uint8_t *data, size_t size) {
  cv_buf bytes;
  cv_buf_init(&bytes, &w->mem);
  cv_diag diag;
  cv_diag_init(&diag);
  if (cv_wat_parse((const char *)data, size, FEATURES, &w->mem, &bytes, &diag) == CV_OK)
    check_exact(w, &bytes);
  else if (diag.status == CV_OK)
    die("an error without a diagnostic", &diag);
  cv_buf_free(&bytes);
}

static void check_script_module(world *w, bool is_component, const cv_buf *bytes) {
  if (!is_component)
    check_exact(w, bytes);
}

static void run_text_or_script(world *w, const uint8_t *data, size_t size) {
  run_text(w, data, size);
  each_module(w, data, size, check_script_module);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  in_world(data, size, run_binary, run_text_or_script);
  return 0;
}
