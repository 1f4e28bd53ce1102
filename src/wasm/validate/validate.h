// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// validate.h: the typing rules (core specification, chapter 3), one pass over each function body, leaving facts
// (validate/facts.h) for the tiers. Reading instructions also finds what is malformed in a body.
#ifndef COVE_WASM_VALIDATE_VALIDATE_H
#define COVE_WASM_VALIDATE_VALIDATE_H

#include "wasm/module.h"
#include "wasm/validate/facts.h"

enum {
  CV_VALIDATE_SIDE_TABLES = 1 << 0,    // leave side tables in the facts, for the interpreter
  CV_VALIDATE_WITHOUT_BODIES = 1 << 1, // of a component: its modules are decoded without bodies (CV_DECODE_...)
  CV_VALIDATE_BODIES_LATE = 1 << 2,    // bodies are known to be valid; who needs the facts of one asks for them
};

// Validates a decoded module: its types (which it registers), everything outside function bodies, then every body;
// module->facts is set on success. CV_EINVALID, CV_EMALFORMED (a body), CV_EUNSUPPORTED, CV_ELIMIT or CV_ENOMEM
// otherwise; the module is then good for deletion only. *diag has offset, function index and name. Without bodies, or
// with bodies left for later, the facts stay zero.
CV_MUST_USE cv_status cv_module_validate(cv_module *module, unsigned flags, cv_diag *diag);

// The same in parts, for callers that spread the bodies over threads: the head once, then each defined function once.
// The head allocates module->facts, all zero.
CV_MUST_USE cv_status cv_module_validate_head(cv_module *module, cv_diag *diag);

// The working memory of function validation: one for each thread, used for any number of functions of one module.
typedef struct cv_validator cv_validator;
CV_MUST_USE cv_validator *cv_validator_new(const cv_module *module, cv_mem *mem, unsigned flags);
void cv_validator_delete(cv_validator *validator);

// Validates the body of the function with this index (imports counted), which is a defined one. The facts and what
// they point to are written to *facts and `arena`, which is not shared with another thread at the time.
CV_MUST_USE cv_status cv_func_validate(cv_validator *validator, uint32_t func, cv_arena *arena, cv_func_facts *facts,
                                       cv_diag *diag);

// The facts of one function of a module whose bodies were left for later; does nothing when they are there. Safe in
// several threads, after cv_module_validate.
CV_MUST_USE cv_status cv_func_facts_late(const cv_module *module, uint32_t func, cv_diag *diag);

// ---- rules for types outside of modules: core types and module types of components ----
// Checks the recursive group that begins at types[start] and registers it. `module` stands for what is around: types,
// features and registry.
CV_MUST_USE cv_status cv_type_group_validate(const cv_module *module, cv_type *types, uint32_t start, cv_diag *diag);
// The rule that the limits break, or NULL.
const char *cv_table_type_fault(const cv_tabletype *type);
const char *cv_memory_type_fault(const cv_memtype *type);

#endif
