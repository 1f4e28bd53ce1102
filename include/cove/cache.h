// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cache.h: the machine code of a program, kept from one run to the next: for programs that are compiled while they run
// (compiled.h is for those that are compiled before).
//
//   cove_cache_name          the name under which the host looks for what a former run has left, an entry
//   cove_module_new_cached   the program with that entry, or with none
//   (the program runs)
//   cove_module_write_entry  what the next run begins with
//
// With an entry nothing is validated again, and functions that it has are not compiled again. An entry is trusted as a
// native program is: whoever wrote it can do what this process can. Where entries are kept is the host's business; the
// library opens no file.
#ifndef COVE_CACHE_H
#define COVE_CACHE_H

#include <cove/component.h>
#include <cove/module.h>

COVE_BEGIN

enum { COVE_CACHE_NAME_SIZE = 33 };
// A name in hexadecimal digits for the program, the build of the library, and what of the engine's configuration and of
// the machine changes code. Another program may have the same name, which is a digest of parts of it and no
// cryptographic one: an entry holds the whole program, which is compared. False when the engine cannot use entries: its
// tier makes no machine code, or it does not compile lazily.
COVE_API bool cove_cache_name(const cove_engine *engine, const void *data, size_t size,
                              char name[COVE_CACHE_NAME_SIZE]);

// As cove_module_new_borrowed, but without an entry (NULL) the code is kept, and with one (at a multiple of 8) the
// module begins with that. One that is damaged, or of another program, build or configuration, is no failure: *out is
// NULL then, and the host goes on without. The entry stays as it is until `release` (may be NULL) is called with `env`,
// which is when the module and all its instances are gone; `data` is not looked at any more. Without an entry it is
// `data` that stays. On failure, and when *out is NULL, `release` is not called.
//   COVE_USAGE   the engine cannot use entries
COVE_API COVE_MUST_USE cove_status cove_module_new_cached(cove_engine *engine, const void *data, size_t size,
                                                          const void *entry, size_t entry_size,
                                                          void (*release)(void *env), void *env, cove_module **out,
                                                          cove_error **error);
COVE_API COVE_MUST_USE cove_status cove_component_new_cached(cove_engine *engine, const void *data, size_t size,
                                                             const void *entry, size_t entry_size,
                                                             void (*release)(void *env), void *env,
                                                             cove_component **out, cove_error **error);

// Whether more was compiled, by a sixteenth at least, than there was in the entry, or there was none. False for what
// was not made by cove_module_new_cached.
COVE_API bool cove_module_wants_entry(const cove_module *module);
COVE_API bool cove_component_wants_entry(const cove_component *component);

// Gives the present entry to `write`, piece by piece, until it returns false. Instances may go on running.
//   COVE_IO      `write` has returned false
//   COVE_USAGE   not made by cove_module_new_cached
//   COVE_NO_MEMORY
typedef bool cove_write_fn(void *env, const void *data, size_t size);
COVE_API COVE_MUST_USE cove_status cove_module_write_entry(const cove_module *module, cove_write_fn *write, void *env,
                                                           cove_error **error);
COVE_API COVE_MUST_USE cove_status cove_component_write_entry(const cove_component *component, cove_write_fn *write,
                                                              void *env, cove_error **error);

COVE_END

#endif
