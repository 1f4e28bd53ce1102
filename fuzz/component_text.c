// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_text.c: fuzzes the text format of components: what parses and decodes is printed, and must parse back to
// the same bytes, as it was decoded and, where it is valid, as it was validated. A binary component is printed first.
#include "text_world.h"

#include "component/text/cwat.h"

// Decodes, perhaps validates, and prints. False when that cannot be.
static bool print(world *w, const uint8_t *bytes, size_t size, bool validate, cv_buf *out, cv_diag *diag) {
  const cv_wat_print_options options = {.fold = size % 2 != 0};
  cv_diag_init(diag);
  cv_component *c;
  if (cv_component_decode(&c, &w->mem, bytes, size, false, FEATURES, diag) != CV_OK)
    return false;
  bool good = !validate || cv_component_validate(c, w->registry, 0, diag) == CV_OK;
  good = good && cv_cwat_print(c, &options, &w->mem, out, diag) == CV_OK;
  cv_component_delete(c);
  return good;
}

// A text may have a name section of its own making as a custom section, which becomes identifiers.
static bool mentions_names(const cv_buf *bytes) {
  return memmem(bytes->data, bytes->size, "component-name", strlen("component-name")) != NULL;
}

// `bytes` come from our parser: printing and parsing gives them again. With names from elsewhere that is so from the
// second time on.
static void check_exact(world *w, const cv_buf *bytes, bool validate, bool is_first) {
  cv_buf text, again;
  cv_buf_init(&text, &w->mem);
  cv_buf_init(&again, &w->mem);
  cv_diag diag;
  if (print(w, bytes->data, bytes->size, validate, &text, &diag)) {
    if (cv_cwat_parse((const char *)text.data, text.size, FEATURES, &w->mem, &again, &diag) != CV_OK)
      die("a printed component does not parse", &diag);
    bool equal = again.size == bytes->size && memcmp(again.data, bytes->data, again.size) == 0;
    if (!equal && is_first && mentions_names(bytes))
      check_exact(w, &again, validate, false);
    else if (!equal)
      die("a printed component parses to other bytes", &diag);
  }
  cv_buf_free(&text);
  cv_buf_free(&again);
}

static void run_text(world *w, const uint8_t *data, size_t size) {
  cv_buf bytes;
  cv_buf_init(&bytes, &w->mem);
  cv_diag diag;
  cv_diag_init(&diag);
  if (cv_cwat_parse((const char *)data, size, FEATURES, &w->mem, &bytes, &diag) == CV_OK) {
    if (bytes.size >= 8 && bytes.data[6] == 1) {
      check_exact(w, &bytes, false, true);
      check_exact(w, &bytes, true, true);
    }
  } else if (diag.status == CV_OK)
    die("an error without a diagnostic", &diag);
  cv_buf_free(&bytes);
}

// A binary that is valid, and whose names and attributes each say one thing, has a text.
static void run_binary(world *w, const uint8_t *data, size_t size) {
  cv_buf text;
  cv_buf_init(&text, &w->mem);
  cv_diag diag;
  if (print(w, data, size, true, &text, &diag))
    run_text(w, text.data, text.size);
  cv_buf_free(&text);
}

static void check_script_module(world *w, bool is_component, const cv_buf *bytes) {
  if (is_component)
    check_exact(w, bytes, false, true);
}

static void run_text_or_script(world *w, const uint8_t *data, size_t size) {
  run_text(w, data, size);
  each_module(w, data, size, check_script_module);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  in_world(data, size, run_binary, run_text_or_script);
  return 0;
}
