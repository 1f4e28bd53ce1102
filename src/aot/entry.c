// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// entry.c: what a program leaves for its next run: its file (runtime/archive.h) with the functions that it has called.
#include "aot/aot.h"
#include "base/vec.h"
#include "runtime/kept.h"

typedef struct entry {
  cv_mem *mem;
  CV_VEC(cv_aot_module) modules;
} entry;

// The object of a function: as it was compiled in this run, else as it was left by a former one.
static cv_aot_piece piece_of(const cv_code *code, uint32_t index) {
  cv_kept_object kept = cv_kept_get(code->options.kept, index);
  if (kept.bytes != NULL)
    return (cv_aot_piece){.bytes = kept.bytes,
                          .text_size = kept.text_size,
                          .reloc_count = kept.reloc_count,
                          .map_size = kept.map_size,
                          .pads_size = kept.pads_size};
  cv_code_object o;
  if (code->options.objects.index == NULL || cv_code_objects_get(&code->options.objects, index, &o) != CV_OK ||
      o.text_size == 0)
    return (cv_aot_piece){0};
  return (cv_aot_piece){.bytes = (const uint8_t *)o.relocs,
                        .text_size = o.text_size,
                        .reloc_count = o.reloc_count,
                        .map_size = o.map_size,
                        .pads_size = o.pads_size};
}

static uint32_t defined_functions(const cv_code *code) {
  return code->module->func_count - code->module->imported_funcs;
}

static cv_status add_module(entry *e, uint64_t key, cv_code *code) {
  cv_aot_module m = {.key = key, .code = code, .func_count = defined_functions(code)};
  m.pieces = cv_mem_calloc(e->mem, m.func_count, sizeof *m.pieces);
  if (m.pieces == NULL)
    return CV_ENOMEM;
  cv_status status = cv_vec_push(e->mem, &e->modules, m);
  if (status != CV_OK) {
    cv_mem_free(e->mem, m.pieces, m.func_count * sizeof *m.pieces);
    return status;
  }
  for (uint32_t i = 0; i < m.func_count; i++)
    m.pieces[i] = piece_of(code, i);
  return CV_OK;
}

static cv_status add_component(entry *e, const cv_component *c) {
  for (uint32_t i = 0; i < c->def_count; i++) {
    const cv_cdef *def = &c->defs[i];
    if (def->kind == CV_CDEF_COMPONENT)
      CV_TRY(add_component(e, def->as.component));
    else if (def->kind == CV_CDEF_CORE_MODULE)
      CV_TRY(add_module(e, def->span.offset, def->code));
  }
  return CV_OK;
}

cv_status cv_aot_write_entry(cv_engine *engine, const cv_aot_entry *of, const cv_aot_sink *sink, cv_diag *diag) {
  entry e = {.mem = cv_engine_mem(engine)};
  cv_status status =
      of->component != NULL ? add_component(&e, of->component) : add_module(&e, 0, (cv_code *)(uintptr_t)of->code);
  if (status == CV_OK) {
    const cv_aot_program program = {.bytes = of->program.data,
                                    .size = of->program.size,
                                    .is_component = of->component != NULL,
                                    .is_entry = true,
                                    .modules = e.modules.data,
                                    .module_count = (uint32_t)e.modules.count};
    status = cv_aot_write(engine, &program, sink, diag);
  }
  for (size_t i = 0; i < e.modules.count; i++)
    cv_mem_free(e.mem, e.modules.data[i].pieces, e.modules.data[i].func_count * sizeof *e.modules.data[i].pieces);
  cv_vec_free(e.mem, &e.modules);
  return status;
}

// ---- whether it is worth it ----

enum { WORTH_ONE_IN = 16 };

typedef struct amount {
  uint64_t present, added; // bytes of text: in the former entry, and compiled since
  bool wanted;             // there was no former entry, or it is damaged
} amount;

static void count_module(amount *a, const cv_code *code) {
  const cv_code_objects *objects = &code->options.objects;
  a->wanted |= objects->index == NULL;
  for (uint32_t i = 0; i < defined_functions(code); i++) {
    uint32_t added = cv_kept_get(code->options.kept, i).text_size;
    uint32_t present = objects->index != NULL ? cv_code_objects_text_size(objects, i) : 0;
    a->added += added;
    a->present += present;
    a->wanted |= added != 0 && present != 0;
  }
}

static void count_component(amount *a, const cv_component *c) {
  for (uint32_t i = 0; i < c->def_count; i++) {
    const cv_cdef *def = &c->defs[i];
    if (def->kind == CV_CDEF_COMPONENT)
      count_component(a, def->as.component);
    else if (def->kind == CV_CDEF_CORE_MODULE)
      count_module(a, def->code);
  }
}

bool cv_aot_entry_is_worth_it(const cv_aot_entry *of) {
  amount a = {0};
  if (of->component != NULL)
    count_component(&a, of->component);
  else
    count_module(&a, of->code);
  return a.wanted || a.added > a.present / WORTH_ONE_IN;
}
