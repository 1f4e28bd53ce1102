// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// side.c: the side table (facts.h). The target of a forward branch is not known when its entry is made: such entries
// wait in a chain of their frame.
#include "wasm/validate/validator.h"

cv_status cv_side_raw(cv_validator *v, cv_side_entry entry) {
  if ((v->flags & CV_VALIDATE_SIDE_TABLES) == 0)
    return CV_OK;
  return cv_vec_push(v->mem, &v->side, entry);
}

cv_status cv_side_branch(cv_validator *v, cv_frame *target, bool force, uint32_t *entry) {
  if ((v->flags & CV_VALIDATE_SIDE_TABLES) == 0 && !force)
    return CV_OK;
  cv_side_entry e = {.height = target->height};
  cv_frame_label(target, &e.keep);
  if (target->kind == CV_FRAME_LOOP) {
    e.target_pc = target->start_pc;
    e.target_entry = target->start_side;
  } else {
    e.target_entry = target->chain;
    target->chain = (uint32_t)v->side.count;
  }
  if (entry != NULL)
    *entry = (uint32_t)v->side.count;
  return cv_vec_push(v->mem, &v->side, e);
}

cv_status cv_side_if(cv_validator *v, cv_frame *f) {
  f->if_entry = (uint32_t)v->side.count;
  cv_side_entry e = {.height = f->height};
  cv_frame_params(f, &e.keep);
  return cv_side_raw(v, e);
}

void cv_side_resolve(cv_validator *v, cv_frame *f, uint32_t pc) {
  for (uint32_t i = f->chain, next; i != CV_NO_ENTRY; i = next) {
    cv_side_entry *e = &v->side.data[i];
    next = e->target_entry;
    e->target_pc = pc;
    e->target_entry = (uint32_t)v->side.count;
  }
  f->chain = CV_NO_ENTRY;
}

void cv_side_resolve_if(cv_validator *v, cv_frame *f, uint32_t pc) {
  if ((v->flags & CV_VALIDATE_SIDE_TABLES) == 0)
    return;
  v->side.data[f->if_entry].target_pc = pc;
  v->side.data[f->if_entry].target_entry = (uint32_t)v->side.count;
}
