// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dump.c: writes what tier 1 makes of a module in text, before it is placed, for tests/disas/run.
//
//   dump FILE.wat least|common OUT
//
// OUT becomes the machine code of all defined functions, one behind the other. Standard output tells, a line each, by
// offset in OUT:
//   func INDEX START CODE_END END      its code ends where its constants begin
//   call OFFSET TEXT                   the instruction whose last four bytes are at OFFSET calls, or refers to, TEXT
//   trap OFFSET TEXT                   the instruction at OFFSET traps, or may
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec/jit/code.h"
#include "runtime/engine.h"
#include "wasm/binary/decode.h"
#include "wasm/text/wat.h"

static const char *const helper_names[] = {
#define CV_HELPER(name, function) #function,
    CV_HELPER_LIST(CV_HELPER)
#undef CV_HELPER
};

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "dump: %s\n", what);
  exit(1);
}

static void read_text(const char *path, cv_buf *out) {
  FILE *file = fopen(path, "rb");
  char chunk[4096];
  size_t n;
  if (file == NULL)
    fail("cannot open the input");
  while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
    cv_buf_bytes(out, chunk, n);
  fclose(file);
}

static void print_relocs(const jit *j, size_t base) {
  for (size_t i = 0; i < j->relocs.count; i++) {
    const cv_code_reloc *r = &j->relocs.data[i];
    printf("call %zu ", base + r->at);
    if (r->kind == CV_RELOC_FUNC)
      printf("function %u\n", (unsigned)r->value);
    else if (r->kind == CV_RELOC_HELPER)
      printf("%s\n", helper_names[r->value]);
    else if (r->kind == CV_RELOC_TYPE)
      printf("type %u\n", (unsigned)r->value);
    else
      printf("stencil constant\n");
  }
}

static void print_traps(const jit *j, size_t base, size_t size) {
  for (uint32_t pc = 0; pc < size; pc++) {
    cv_code_place place = {0};
    if (jit_map_find(j->map.data, j->map.data + j->map.count, pc, true, &place) && place.trap != CV_TRAP_NONE)
      printf("trap %zu %s\n", base + pc, cv_trap_text(place.trap));
  }
}

static void dump_function(jit *j, uint32_t func, FILE *out, size_t *base) {
  if (!jit_function(j, func))
    fail("cannot compile");
  size_t size = cv_emit_at(&j->e), code_end = size - 8 * j->pool.count;
  printf("func %u %zu %zu %zu\n", (unsigned)func, *base, *base + code_end, *base + size);
  print_relocs(j, *base);
  print_traps(j, *base, code_end);
  if (fwrite(j->e.start, 1, size, out) != size)
    fail("cannot write");
  *base += size;
}

int main(int argc, char **argv) {
  if (argc != 4)
    fail("usage: dump FILE.wat least|common OUT");
  cv_mem mem;
  cv_mem_init(&mem, 64 << 20);
  cv_buf text, binary;
  cv_buf_init(&text, &mem);
  cv_buf_init(&binary, &mem);
  read_text(argv[1], &text);
  cv_diag diag;
  cv_diag_init(&diag);
  cv_engine *engine;
  cv_engine_options options = {.tier = "interp"}; // for decoding and validating
  cv_module *module;
  jit_code code = {.native.mem = &mem};
  jit j;
  if (cv_wat_parse((const char *)text.data, text.size, CV_FEATURES_DEFAULT, &mem, &binary, &diag) != CV_OK ||
      cv_engine_new(&engine, &options, &diag) != CV_OK ||
      cv_engine_load(engine, binary.data, binary.size, true, &module, &diag) != CV_OK ||
      cv_layout_of(module, &code.native.base.layout, &diag) != CV_OK)
    fail(diag.text);
  bool least = strcmp(argv[2], "least") == 0;
  code.native.base.module = module;
  code.cpu = least ? (cv_jit_cpu){0} : (cv_jit_cpu){true, true, true, true, true, true};
  for (uint32_t i = 0; i < module->func_count - module->imported_funcs; i++)
    code.reload_after_calls |= (module->facts[i].flags & CV_FACT_TAIL_CALLS) != 0;
  FILE *out = fopen(argv[3], "wb");
  if (out == NULL || jit_init(&j, &code, &mem) != CV_OK)
    fail("cannot begin");
  size_t base = 0;
  for (uint32_t i = module->imported_funcs; i < module->func_count; i++)
    dump_function(&j, i, out, &base);
  jit_free(&j);
  cv_module_delete(module);
  cv_engine_release(engine);
  cv_buf_free(&text);
  cv_buf_free(&binary);
  return fclose(out) != 0;
}
