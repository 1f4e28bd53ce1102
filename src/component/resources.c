// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// resources.c: the built-ins of resources (CanonicalABI.md, "canon resource.new", "resource.drop", "resource.rep"), and
// destructors. A destructor runs in the instance that implements the resource, entered as by any call.
#include "component/canon/canon.h"

CV_COLD static cv_run cannot_leave(const cv_cinstance *i) {
  return cv_trap_set(i->context, CV_TRAP_COMPONENT, "cannot leave component instance");
}

cv_run cv_resource_new(cv_cinstance *i, const cv_resource_type *type, uint64_t rep, uint32_t *index) {
  if (!cv_cinstance_may_leave(i))
    return cannot_leave(i);
  cv_handle_entry entry = {.kind = CV_HANDLE_OWN, .type = type, .rep = rep};
  return cv_handles_add(i, &entry, index);
}

cv_run cv_resource_rep(cv_cinstance *i, const cv_resource_type *type, uint32_t index, uint64_t *rep) {
  cv_handle_entry *e;
  if (cv_handles_get(i, type, index, &e) != CV_RUN_OK)
    return CV_RUN_TRAP;
  *rep = e->rep;
  return CV_RUN_OK;
}

cv_run cv_resource_drop(cv_cinstance *i, const cv_resource_type *type, uint32_t index) {
  if (!cv_cinstance_may_leave(i))
    return cannot_leave(i);
  cv_handle_entry *e;
  if (cv_handles_get(i, type, index, &e) != CV_RUN_OK)
    return CV_RUN_TRAP;
  if (e->lends != 0)
    return cv_trap_set(i->context, CV_TRAP_COMPONENT, "cannot remove owned resource while borrowed: handle %u",
                       (unsigned)index);
  const cv_handle_entry entry = *e;
  cv_handles_remove(i, index);
  if (entry.kind == CV_HANDLE_OWN)
    return cv_resource_destroy(i->context, i, type, entry.rep);
  entry.scope->borrows--;
  return CV_RUN_OK;
}

cv_run cv_resource_destroy(cv_context *c, cv_cinstance *caller, const cv_resource_type *type, uint64_t rep) {
  if (type->impl == NULL) {
    if (type->drop != NULL)
      type->drop(type->env, rep);
    return CV_RUN_OK;
  }
  cv_task task;
  if (cv_task_enter(c, &task, type->impl, NULL, caller) != CV_RUN_OK)
    return CV_RUN_TRAP;
  cv_value values[1] = {{.u64 = rep}};
  if (type->dtor != NULL) {
    cv_run run = cv_task_call_core(c, type->dtor, values);
    if (run != CV_RUN_OK) {
      cv_task_abandon(c, &task);
      return run;
    }
  }
  return cv_task_leave(c, &task, values);
}
