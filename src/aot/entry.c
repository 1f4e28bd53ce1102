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
static cv_aot_piece piece_of(cv_kept *kept, const cv_code_objects *objects, uint32_t index) {
  cv_code_piece k = cv_kept_get(kept, index);
  if (k.bytes != NULL)
    return (cv_aot_piece){.object = k};
  cv_code_object o;
  if (objects->index == NULL || cv_code_objects_get(objects, index, &o) != CV_OK || o.text_size == 0)
    return (cv_aot_piece){0};
  cv_aot_piece piece = {.object = cv_code_piece_of(&o)};
  piece.object.bytes = (const uint8_t *)o.relocs; // which come first
  return piece;
}

static void free_pieces(entry *e, cv_aot_module *m) {
  cv_mem_free(e->mem, m->pieces, m->func_count * sizeof *m->pieces);
  if (m->upper != NULL)
    cv_mem_free(e->mem, m->upper, m->func_count * sizeof *m->upper);
}

// *out is NULL where no function has an object and that says it, as in the tier above.
static cv_status pieces_of(entry *e, cv_kept *kept, const cv_code_objects *objects, uint32_t count, bool may_be_none,
                           cv_aot_piece **out) {
  cv_aot_piece *pieces = cv_mem_calloc(e->mem, count, sizeof *pieces);
  bool some = !may_be_none;
  if (pieces == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++) {
    pieces[i] = piece_of(kept, objects, i);
    some |= pieces[i].object.text_size != 0;
  }
  if (!some)
    cv_mem_free(e->mem, pieces, count * sizeof *pieces);
  *out = some ? pieces : NULL;
  return CV_OK;
}

static cv_status add_module(entry *e, uint64_t key, cv_code *code) {
  const cv_compile_options *o = &code->options;
  cv_aot_module m = {.key = key, .code = code, .func_count = cv_module_defined(code->module)};
  cv_status status = pieces_of(e, o->kept, &o->objects, m.func_count, false, &m.pieces);
  if (status == CV_OK && o->upper_kept != NULL)
    status = pieces_of(e, o->upper_kept, &o->upper_objects, m.func_count, true, &m.upper);
  if (status == CV_OK)
    status = cv_vec_push(e->mem, &e->modules, m);
  if (status != CV_OK)
    free_pieces(e, &m);
  return status;
}

static cv_status add_part(void *env, cv_cdef *def) {
  return add_module(env, def->span.offset, def->code);
}

cv_status cv_aot_write_entry(cv_engine *engine, const cv_aot_entry *of, const cv_aot_sink *sink, cv_diag *diag) {
  entry e = {.mem = cv_engine_mem(engine)};
  cv_status status = of->component != NULL ? cv_component_each_module(of->component, add_part, &e)
                                           : add_module(&e, 0, (cv_code *)(uintptr_t)of->code);
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
    free_pieces(&e, &e.modules.data[i]);
  cv_vec_free(e.mem, &e.modules);
  return status;
}

// ---- whether it is worth it ----

enum { WORTH_ONE_IN = 16 };

typedef struct amount {
  uint64_t present, added; // bytes of text: in the former entry, and compiled since
  bool wanted;             // there was no former entry, or it is damaged
} amount;

static void count(amount *a, cv_kept *kept, const cv_code_objects *objects, uint32_t func_count) {
  const bool is_empty = cv_kept_is_empty(kept);
  for (uint32_t i = 0; i < func_count; i++) {
    uint32_t added = is_empty ? 0 : cv_kept_get(kept, i).text_size;
    uint32_t present = objects->index != NULL ? cv_code_objects_text_size(objects, i) : 0;
    a->added += added;
    a->present += present;
    a->wanted |= added != 0 && present != 0;
  }
}

typedef struct amounts {
  amount lower, upper;
} amounts;

static void count_module(amounts *a, const cv_code *code) {
  const cv_compile_options *o = &code->options;
  a->lower.wanted |= o->objects.index == NULL;
  count(&a->lower, o->kept, &o->objects, cv_module_defined(code->module));
  if (o->upper_kept != NULL)
    count(&a->upper, o->upper_kept, &o->upper_objects, cv_module_defined(code->module));
}

static cv_status count_part(void *env, cv_cdef *def) {
  count_module(env, def->code);
  return CV_OK;
}

static bool is_worth_it(const amount *a) {
  return a->wanted || a->added > a->present / WORTH_ONE_IN;
}

bool cv_aot_entry_is_worth_it(const cv_aot_entry *of) {
  amounts a = {0};
  cv_status status = CV_OK;
  if (of->component != NULL)
    status = cv_component_each_module(of->component, count_part, &a);
  else
    count_module(&a, of->code);
  return status == CV_OK && (is_worth_it(&a.lower) || is_worth_it(&a.upper));
}
