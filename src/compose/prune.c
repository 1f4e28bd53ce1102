// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// prune.c: a walk over the call graph of a core module.
#include "compose/prune.h"

#include "base/vec.h"
#include "wasm/binary/instr.h"

typedef struct walk {
  const cv_module *m;
  bool *reached;
  cv_mem *mem;
  cv_diag *diag;
  CV_VEC(uint32_t) waiting; // functions that are reached and were not looked at yet
} walk;

static cv_status reach(walk *w, uint32_t func) {
  if (func >= w->m->func_count || w->reached[func])
    return CV_OK;
  w->reached[func] = true;
  return cv_vec_push(w->mem, &w->waiting, func) == CV_OK ? CV_OK
                                                         : cv_fail(w->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// Every instruction that names a function (call, return_call, ref.func) reaches it.
static cv_status look_at(walk *w, cv_span code) {
  const uint8_t *start = cv_span_start(w->m, code);
  cv_reader r = {
      .start = w->m->bytes, .at = start, .end = start + code.size, .features = w->m->features, .diag = w->diag};
  while (r.at < r.end) {
    cv_instr in;
    CV_TRY(cv_read_instr(&r, &in));
    if (in.info->imm == CV_IMM_FUNC)
      CV_TRY(reach(w, in.index));
  }
  return CV_OK;
}

static cv_status reach_statics(walk *w) {
  const cv_module *m = w->m;
  for (uint32_t i = 0; i < m->elem_count; i++)
    for (uint32_t j = 0; j < m->elems[i].count; j++)
      if (m->elems[i].funcs)
        CV_TRY(reach(w, m->elems[i].funcs[j]));
      else
        CV_TRY(look_at(w, m->elems[i].exprs[j].code));
  for (uint32_t i = m->imported_globals; i < m->global_count; i++)
    CV_TRY(look_at(w, m->globals[i].init.code));
  for (uint32_t i = m->imported_tables; i < m->table_count; i++)
    if (m->tables[i].has_init)
      CV_TRY(look_at(w, m->tables[i].init.code));
  return m->has_start ? reach(w, m->start) : CV_OK;
}

static cv_status walk_all(walk *w) {
  for (uint32_t i = 0; i < w->m->func_count; i++)
    if (w->reached[i] && cv_vec_push(w->mem, &w->waiting, i) != CV_OK)
      return cv_fail(w->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  CV_TRY(reach_statics(w));
  while (w->waiting.count > 0) {
    uint32_t func = cv_vec_pop(&w->waiting);
    if (func >= w->m->imported_funcs)
      CV_TRY(look_at(w, w->m->funcs[func].code));
  }
  return CV_OK;
}

cv_status cv_prune_reach(const cv_module *module, bool *reached, cv_mem *mem, cv_diag *diag) {
  walk w = {.m = module, .reached = reached, .mem = mem, .diag = diag};
  cv_status status = walk_all(&w);
  cv_vec_free(mem, &w.waiting);
  return status;
}
