// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decoding and validating any bytes. The answer must not depend on whether side tables are wanted, the facts of a valid
// module must be in bounds, and nothing may leak. Bytes that do not begin like a module are taken for the body of a
// function in a module with one of everything, so that instructions are reached without luck.
#include <stdlib.h>

#include "base/buf.h"
#include "target.h"
#include "wasm/binary/decode.h"
#include "wasm/canon.h"
#include "wasm/limits.h"
#include "wasm/validate/validate.h"

static void require(bool condition) {
  if (!condition)
    abort();
}

static void check_entry(const cv_module *m, uint32_t func, const cv_side_entry *e) {
  const cv_func_facts *f = &m->facts[func - m->imported_funcs];
  require(e->target_pc <= m->funcs[func].code.size);
  require(e->target_entry <= f->side_count || f->side == NULL);
  require(e->keep <= CV_MAX(f->max_height, CV_MAX_RESULTS)); // more than the height only where it is not reached
}

static void check_facts(const cv_module *m) {
  for (uint32_t i = m->imported_funcs; i < m->func_count; i++) {
    const cv_func_facts *f = &m->facts[i - m->imported_funcs];
    require(f->max_depth >= 1);
    require(f->local_count == cv_module_func_type(m, i)->param_count + m->funcs[i].local_count);
    for (uint32_t k = 0; k < f->side_count; k++)
      check_entry(m, i, &f->side[k]);
    for (uint32_t k = 0; k < f->handler_count; k++) {
      const cv_handler *h = &f->handlers[k];
      require(h->start_pc <= h->end_pc && h->end_pc <= m->funcs[i].code.size);
      require(h->depth < f->max_depth && h->delegate_to < f->max_depth);
      check_entry(m, i, &h->target);
    }
  }
}

static cv_status run(const uint8_t *data, size_t size, unsigned flags) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_type_registry *registry = cv_type_registry_new(&mem);
  if (registry == NULL)
    return CV_ENOMEM;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_module *m;
  cv_status status = cv_module_decode(&m, &mem, registry, CV_FEATURES_ALL, data, size, CV_DECODE_BORROW, &diag);
  if (status == CV_OK) {
    status = cv_module_validate(m, flags, &diag);
    if (status == CV_OK)
      check_facts(m);
  }
  require(status == diag.status);
  cv_module_delete(m);
  require(cv_type_registry_count(registry) == 0);
  cv_type_registry_delete(registry);
  require(mem.used == 0);
  return status;
}

// Types, an import of each kind, tables, memories, tags, globals and segments for a body to use, then the body.
// clang-format off
static const uint8_t before[] = {
    // preamble
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    // six function types
    1, 0x22, 6, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7e, 2, 0x7d, 0x7c, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 1, 0x64, 0, 1, 0x63, 0, 0x60, 3, 0x7f, 0x7e, 0x7b, 1, 0x7f, 0x60, 1, 0x7d, 0,
    // an imported function of type 2
    2, 7, 1, 1, 0x6d, 1, 0x66, 0, 2,
    // the function, of type 4
    3, 2, 1, 4,
    // tables of funcref, externref, and funcref by i64
    4, 0xa, 3, 0x70, 0, 1, 0x6f, 0, 1, 0x70, 4, 1,
    // memories: one by i32, one shared by i64
    5, 6, 2, 0, 1, 7, 1, 2,
    // tags of types 0 and 5
    0xd, 5, 2, 0, 0, 0, 5,
    // globals: mutable i32, mutable reference to type 0, constant f32
    6, 0x14, 3, 0x7f, 1, 0x41, 0, 0xb, 0x63, 0, 1, 0xd0, 0, 0xb, 0x7d, 0, 0x43, 0, 0, 0, 0, 0xb,
    // an element segment that declares function 1
    9, 5, 1, 3, 0, 1, 1,
    // data count
    0xc, 1, 1,
};
// clang-format on
static const uint8_t after[] = {11, 4, 1, 1, 1, 'x'};

static void wrap(cv_buf *out, const uint8_t *body, size_t size) {
  cv_buf section, function;
  cv_buf_init(&section, out->mem);
  cv_buf_init(&function, out->mem);
  static const uint8_t locals[] = {4, 2, 0x7f, 1, 0x63, 0, 1, 0x64, 0, 1, 0x7b};
  cv_buf_bytes(&function, locals, sizeof locals);
  cv_buf_bytes(&function, body, size);
  cv_buf_byte(&function, 0x0b);
  cv_buf_byte(&section, 1);
  cv_buf_uleb(&section, function.size);
  cv_buf_bytes(&section, function.data, function.size);
  cv_buf_bytes(out, before, sizeof before);
  cv_buf_byte(out, 10);
  cv_buf_uleb(out, section.size);
  cv_buf_bytes(out, section.data, section.size);
  cv_buf_bytes(out, after, sizeof after);
  cv_buf_free(&section);
  cv_buf_free(&function);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf module;
  cv_buf_init(&module, &mem);
  if (size >= 4 && memcmp(data, "\0asm", 4) == 0)
    cv_buf_bytes(&module, data, size);
  else
    wrap(&module, data, size);
  if (cv_buf_status(&module) == CV_OK)
    require(run(module.data, module.size, 0) == run(module.data, module.size, CV_VALIDATE_SIDE_TABLES));
  cv_buf_free(&module);
  return 0;
}
