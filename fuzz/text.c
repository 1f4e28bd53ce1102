// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text.c: fuzzes the text format: a text is read as a script and as a module; what parses is decoded, printed, and must
// parse back to the same bytes. A binary module is printed first.
#include "target.h"

#include <stdio.h>
#include <stdlib.h>

#include "component/text/wast.h"
#include "wasm/binary/decode.h"
#include "wasm/canon.h"
#include "wasm/text/wat.h"

#define FEATURES (CV_FEATURES_DEFAULT | CV_FEAT(CUSTOM_PAGE_SIZES) | CV_FEAT(WIDE_ARITHMETIC))

typedef struct world {
  cv_mem mem;
  cv_type_registry *registry;
} world;

static void die(const char *what, const cv_diag *diag) {
  char text[700];
  fprintf(stderr, "text: %s: %s\n", what, cv_diag_message(diag, text, sizeof text));
  abort();
}

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
    if (more && diag.status == CV_OK && command.kind == CV_WAST_MODULE) {
      cv_buf bytes;
      cv_buf_init(&bytes, &w->mem);
      if (cv_wast_module_bytes(&script, &command.module, FEATURES, &bytes, &diag) == CV_OK &&
          command.module.form != CV_WAST_BINARY)
        check_exact(w, &bytes);
      cv_buf_free(&bytes);
    }
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
