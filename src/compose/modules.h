// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// modules.h: the core modules that a component is made of, as binaries.
#ifndef COVE_COMPOSE_MODULES_H
#define COVE_COMPOSE_MODULES_H

#include "base/buf.h"
#include "wasm/module.h"

// A component may hold no module that imports one name twice, as some linkers have it: the second `f` becomes `f [v2]`.
// The names of all imports, in the arena; NULL when out of memory. `mem` is for work.
const cv_bytes *cv_compose_import_names(const cv_module *module, cv_mem *mem, cv_arena *arena);
// A decoded module without the sections that say what world it is for, and with those names unless they are NULL.
void cv_compose_put_module(const cv_module *module, const cv_bytes *names, cv_mem *mem, cv_buf *out);
// The contents of its import section, which ends at `end`, with those names.
void cv_compose_put_imports(const cv_module *module, const cv_bytes *names, const uint8_t *end, cv_buf *s);

// A module whose function number i is exported as "i" and calls element i of a table, which is exported as "$imports".
void cv_compose_put_shim(const cv_functype *const *types, uint32_t count, cv_mem *mem, cv_buf *out);
// A module that puts its imports, "0", "1", ..., into the table "$imports" of a shim, and then calls its import
// "$start" when there is one.
void cv_compose_put_fixup(const cv_functype *const *types, uint32_t count, bool has_start, cv_mem *mem, cv_buf *out);
// A module whose function number i is exported as "i" and traps.
void cv_compose_put_traps(const cv_functype *const *types, uint32_t count, cv_mem *mem, cv_buf *out);

// A name: its size and its bytes.
void cv_compose_put_name(cv_buf *out, cv_bytes name);
// A section of its contents, which are emptied.
void cv_compose_put_section(cv_buf *out, uint8_t id, cv_buf *contents);

#endif
