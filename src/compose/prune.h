// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// prune.h: which functions of a core module can be called, and stand-ins for those that cannot. An adapter imports all
// that it could need for any program; what is out of reach from the functions that one program calls need not be asked
// of the host.
#ifndef COVE_COMPOSE_PRUNE_H
#define COVE_COMPOSE_PRUNE_H

#include "base/buf.h"
#include "wasm/module.h"

// `reached` has a flag for each function, imports first; those that are called from outside are set. Sets those that
// they can come to, and those that are reachable anyhow: the start function, functions in element segments and in
// initial values. The module is decoded; it need not be valid.
CV_MUST_USE cv_status cv_prune_reach(const cv_module *module, bool *reached, cv_mem *mem, cv_diag *diag);

// A core module with a function for each of the types, exported under its number ("0", "1", ...), that traps.
void cv_prune_traps(const cv_functype *const *types, uint32_t count, cv_mem *mem, cv_buf *out);

// Pieces of core modules, for all who write them.
void cv_compose_put_name(cv_buf *out, cv_bytes name);
void cv_compose_put_preamble(cv_buf *out);
void cv_compose_put_functype(cv_buf *out, const cv_functype *type);
// A section of its contents, which are emptied.
void cv_compose_put_section(cv_buf *out, uint8_t id, cv_buf *contents);

#endif
