// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile.c: the core modules of a validated component, its own and those of nested ones, made ready to run.
#include "component/component.h"
#include "runtime/engine.h"

cv_status cv_component_compile(cv_component *component, cv_engine *engine, const cv_archive *archive, cv_diag *diag) {
  for (uint32_t i = 0; i < component->def_count; i++) {
    cv_cdef *def = &component->defs[i];
    if (def->kind == CV_CDEF_COMPONENT)
      CV_TRY(cv_component_compile(def->as.component, engine, archive, diag));
    else if (def->kind == CV_CDEF_CORE_MODULE && archive != NULL)
      CV_TRY(cv_engine_compile_from(engine, archive, def->span.offset, def->as.module, &def->code, diag));
    else if (def->kind == CV_CDEF_CORE_MODULE)
      CV_TRY(cv_engine_compile(engine, def->as.module, &def->code, diag));
  }
  return CV_OK;
}
