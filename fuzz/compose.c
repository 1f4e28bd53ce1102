// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compositions. A text composes two components that are always there; a component is instantiated alone, which must
// work whatever it imports (but for what is unsupported), plugged into another, has another plugged in, and is taken
// apart. A failure must be told, and nothing may be left allocated.
#include <stdlib.h>
#include <string.h>

#include "component/text/cwat.h"
#include "compose/parts.h"
#include "target.h"

static const char *const texts[] = {
    "(component (core module $M (func (export \"f\") (param i32) (result i32) local.get 0))"
    " (core instance $m (instantiate $M)) (type $t (resource (rep i32)))"
    " (func $f (param \"x\" u32) (result u32) (canon lift (core func $m \"f\")))"
    " (func $g (param \"x\" (borrow $t)) (result u32) (canon lift (core func $m \"f\")))"
    " (component $I (import \"t\" (type $t (sub resource))) (import \"g\" (func $g (param \"x\" (borrow $t)) (result "
    "u32)))"
    "  (export $e \"t\" (type $t)) (export \"g\" (func $g) (func (param \"x\" (borrow $e)) (result u32))))"
    " (instance $i (instantiate $I (with \"t\" (type $t)) (with \"g\" (func $g))))"
    " (export \"a:b/c@1.0.0\" (instance $i)) (export \"f\" (func $f)))",
    "(component (import \"a:b/c@1.0.0\" (instance $i (export \"t\" (type $t (sub resource)))"
    "  (export \"g\" (func (param \"x\" (borrow $t)) (result u32)))))"
    " (import \"f\" (func $f (param \"x\" u32) (result u32))) (alias export $i \"t\" (type $t))"
    " (export \"a:b/d@1.0.0\" (instance $i)) (export \"h\" (func $f)))",
};

typedef struct given {
  cv_compose_part parts[3]; // those that are always there, and the input
  cv_mem mem;
} given;

static void require(bool condition) {
  if (!condition)
    abort();
}

static void prepare(given *g) {
  static cv_mem kept;
  static cv_buf binaries[CV_COUNT(texts)];
  static const char *const names[] = {"t:a", "t:b", "t:in"};
  for (size_t i = 0; i < CV_COUNT(texts); i++) {
    cv_diag diag;
    cv_diag_init(&diag);
    if (kept.limit == 0)
      cv_mem_init(&kept, UINT64_MAX);
    if (binaries[i].mem == NULL) {
      cv_buf_init(&binaries[i], &kept);
      require(cv_cwat_parse(texts[i], strlen(texts[i]), CV_FEATURES_ALL, &kept, &binaries[i], &diag) == CV_OK);
    }
    g->parts[i].bytes = (cv_bytes){binaries[i].data, binaries[i].size};
  }
  for (size_t i = 0; i < CV_COUNT(names); i++) {
    g->parts[i].name = cv_bytes_of(names[i]);
    g->parts[i].title = names[i];
  }
  cv_mem_init(&g->mem, 256 << 20);
}

static cv_status find(void *env, cv_bytes name, cv_compose_part *part, bool *found, cv_diag *diag) {
  const given *g = env;
  (void)diag;
  for (size_t i = 0; i < CV_COUNT(g->parts); i++)
    if (g->parts[i].bytes.size != 0 && cv_bytes_equal(g->parts[i].name, name)) {
      *part = g->parts[i];
      *found = true;
    }
  return CV_OK;
}

static cv_status ended(given *g, cv_status status, const cv_diag *diag, cv_buf *out) {
  require(status == CV_OK ? out->size >= 8 : diag->status == status && diag->text[0] != '\0');
  cv_buf_free(out);
  require(g->mem.used == 0);
  return status;
}

static cv_status compose(given *g, const char *text, size_t size, cv_diag *diag) {
  cv_buf out;
  cv_buf_init(&out, &g->mem);
  cv_diag_init(diag);
  return ended(g, cv_compose_text(text, size, find, g, &g->mem, &out, diag), diag, &out);
}

static void plug(given *g, size_t socket, size_t with) {
  const cv_compose_part parts[] = {g->parts[socket], g->parts[with]};
  cv_diag diag;
  cv_buf out;
  cv_buf_init(&out, &g->mem);
  cv_diag_init(&diag);
  (void)ended(g, cv_compose_plug(parts, 2, &g->mem, &out, &diag), &diag, &out);
}

static cv_status each(void *env, const cv_split_part *part, cv_diag *diag) {
  (void)env;
  (void)diag;
  require(part->path.size == strlen((const char *)part->path.data) && !strchr((const char *)part->path.data, '/'));
  return CV_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char alone[] = "package t:it; let x = new t:in {...};", wrong[] = "the composition is not valid";
  given g = {0};
  cv_diag diag;
  prepare(&g);
  if (size < 8 || memcmp(data, "\0asm\x0d\0\1\0", 8) != 0) {
    (void)compose(&g, (const char *)data, size, &diag);
    return 0;
  }
  g.parts[2].bytes = (cv_bytes){data, size};
  if (compose(&g, alone, sizeof alone - 1, &diag) == CV_EINVALID)
    require(strncmp(diag.text, wrong, sizeof wrong - 1) != 0);
  plug(&g, 2, 0);
  plug(&g, 1, 2);
  cv_diag_init(&diag);
  cv_status status = cv_compose_split(g.parts[2].bytes, each, NULL, &g.mem, &diag);
  require(status == CV_OK || diag.status == status);
  require(g.mem.used == 0);
  return 0;
}
