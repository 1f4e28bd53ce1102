// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile.c: the core modules of a validated component, its own and those of nested ones, made ready to run.
#include "component/component.h"
#include "runtime/engine.h"

cv_status cv_component_each_module(const cv_component *component, cv_component_visit *visit, void *env) {
  for (uint32_t i = 0; i < component->def_count; i++) {
    cv_cdef *def = &component->defs[i];
    if (def->kind == CV_CDEF_COMPONENT)
      CV_TRY(cv_component_each_module(def->as.component, visit, env));
    else if (def->kind == CV_CDEF_CORE_MODULE)
      CV_TRY(visit(env, def));
  }
  return CV_OK;
}

typedef struct how {
  cv_engine *engine;
  const cv_archive *archive;
  cv_diag *diag;
} how;

static cv_status compile(void *env, cv_cdef *def) {
  how *h = env;
  if (h->archive == NULL)
    return cv_engine_compile(h->engine, def->as.module, &def->code, h->diag);
  return cv_engine_compile_from(h->engine, h->archive, def->span.offset, def->as.module, &def->code, h->diag);
}

cv_status cv_component_compile(cv_component *component, cv_engine *engine, const cv_archive *archive, cv_diag *diag) {
  return cv_component_each_module(component, compile, &(how){engine, archive, diag});
}
