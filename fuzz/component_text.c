// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_text.c: fuzzes the text format of components: what parses and decodes is printed, and must parse back to
// the same bytes, as it was decoded and, where it is valid, as it was validated. A binary component is printed first.
#include "target.h"

#include <stdio.h>
#include <stdlib.h>

#include "component/text/cwat.h"
#include "component/text/wast.h"
#include "wasm/canon.h"

#define FEATURES (CV_FEATURES_DEFAULT | CV_FEAT(CUSTOM_PAGE_SIZES) | CV_FEAT(WIDE_ARITHMETIC))

typedef struct world {
  cv_mem mem;
  cv_type_registry *registry;
} world;

static void die(const char *what, const cv_diag *diag) {
  char text[700];
  fprintf(stderr, "component_text: %s: %s\n", what, cv_diag_message(diag, text, sizeof text));
  abort();
}

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

static void run_script(world *w, const uint8_t *data, size_t size) {
  cv_text text;
  cv_wast script;
  cv_diag diag;
  cv_diag_init(&diag);
  if (cv_text_init(&text, &w->mem, (const char *)data, size, &diag) != CV_OK)
    return;
  cv_wast_init(&script, &text, &w->mem);
  for (bool more = true; more;) {
    cv_wast_command command;
    cv_diag_init(&diag);
    if (cv_wast_next(&script, &command, &more, &diag) != CV_OK && diag.status == CV_OK)
      die("an error without a diagnostic", &diag);
    cv_buf bytes;
    cv_buf_init(&bytes, &w->mem);
    if (more && diag.status == CV_OK && command.kind == CV_WAST_MODULE && command.module.is_component &&
        cv_wast_module_bytes(&script, &command.module, FEATURES, &bytes, &diag) == CV_OK &&
        command.module.form != CV_WAST_BINARY)
      check_exact(w, &bytes, false, true);
    cv_buf_free(&bytes);
  }
  cv_wast_free(&script);
  cv_text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  world w;
  cv_mem_init(&w.mem, 1u << 30);
  w.registry = cv_type_registry_new(&w.mem);
  if (w.registry == NULL)
    abort();
  if (size >= 4 && memcmp(data, "\0asm", 4) == 0)
    run_binary(&w, data, size);
  else {
    run_text(&w, data, size);
    run_script(&w, data, size);
  }
  cv_type_registry_delete(w.registry);
  if (w.mem.used != 0)
    abort(); // something leaked
  return 0;
}
