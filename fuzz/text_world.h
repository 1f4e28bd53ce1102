// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text_world.h: what the fuzz targets of the text format share, of modules and of components.
#ifndef COVE_FUZZ_TEXT_WORLD_H
#define COVE_FUZZ_TEXT_WORLD_H

#include "target.h"

#include <stdio.h>
#include <stdlib.h>

#include "component/text/wast.h"
#include "wasm/canon.h"

#define FEATURES (CV_FEATURES_DEFAULT | CV_FEAT(CUSTOM_PAGE_SIZES) | CV_FEAT(WIDE_ARITHMETIC))

typedef struct world {
  cv_mem mem;
  cv_type_registry *registry;
} world;

static inline void die(const char *what, const cv_diag *diag) {
  char text[700];
  fprintf(stderr, "%s: %s\n", what, cv_diag_message(diag, text, sizeof text));
  abort();
}

// Gives every module and component of a script that stands there as text.
static inline void each_module(world *w, const uint8_t *data, size_t size,
                               void (*check)(world *w, bool is_component, const cv_buf *bytes)) {
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
    if (more && diag.status == CV_OK && command.kind == CV_WAST_MODULE &&
        cv_wast_module_bytes(&script, &command.module, FEATURES, &bytes, &diag) == CV_OK &&
        command.module.form != CV_WAST_BINARY)
      check(w, command.module.is_component, &bytes);
    cv_buf_free(&bytes);
  }
  cv_wast_free(&script);
  cv_text_free(&text);
}

// One input, as a binary or as a text.
static inline void in_world(const uint8_t *data, size_t size,
                            void (*binary)(world *w, const uint8_t *data, size_t size),
                            void (*text)(world *w, const uint8_t *data, size_t size)) {
  world w;
  cv_mem_init(&w.mem, 1u << 30);
  w.registry = cv_type_registry_new(&w.mem);
  if (w.registry == NULL)
    abort();
  if (size >= 4 && memcmp(data, "\0asm", 4) == 0)
    binary(&w, data, size);
  else
    text(&w, data, size);
  cv_type_registry_delete(w.registry);
  if (w.mem.used != 0)
    abort(); // something leaked
}

#endif
