// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// prune.h: which functions of a core module can be called. An adapter imports all that it could need for any program;
// what is out of reach from the functions that one program calls need not be asked of the host.
#ifndef COVE_COMPOSE_PRUNE_H
#define COVE_COMPOSE_PRUNE_H

#include "wasm/module.h"

// `reached` has a flag for each function, imports first; those that are called from outside are set. Sets those that
// they can come to, and those that are reachable anyhow: the start function, functions in element segments and in
// initial values. The module is decoded; it need not be valid.
CV_MUST_USE cv_status cv_prune_reach(const cv_module *module, bool *reached, cv_mem *mem, cv_diag *diag);

#endif
