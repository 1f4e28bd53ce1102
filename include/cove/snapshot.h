// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// snapshot.h: the present state of an instance as a module, so that a program starts initialised.
#ifndef COVE_SNAPSHOT_H
#define COVE_SNAPSHOT_H

#include <cove/component.h>
#include <cove/instance.h>

COVE_BEGIN

// The function that is exported as `from` is exported as `to` instead; a function that was exported as `to` no longer
// is.
typedef struct cove_snapshot_rename {
  const char *to, *from;
} cove_snapshot_rename;

// All is borrowed until cove_instance_snapshot returns.
typedef struct cove_snapshot_options {
  const char *const *without; // exported functions to leave out, such as the initialiser; need not be there
  size_t without_count;
  const cove_snapshot_rename *renames;
  size_t rename_count;
} cove_snapshot_options;

// A module like the instance's own one, whose instances begin where this instance is now: the contents of its memories
// and tables and the values of its globals are the initial ones, and its start function is gone. It is ordinary
// WebAssembly for any runtime. What the program has read until now (files, variables, random numbers, the time) is
// fixed in it. `options` may be NULL. The buffer is to be ended with cove_buffer_delete; the instance stays as it is.
//   COVE_UNSUPPORTED  the module imports a memory, a table or a global; a reference in a table or a global is no
//                     function of the module; a file is open
//   COVE_INVALID      a renaming does not fit the exports
//   COVE_LIMIT        the state is larger than a module may be
//   COVE_USAGE        code of the store is running
COVE_API COVE_MUST_USE cove_status cove_instance_snapshot(cove_instance *instance, const cove_snapshot_options *options,
                                                          cove_buffer *out, cove_error **error);

// The same of a component: its binary with the state of this instance in its core modules. Imports and exports are
// those of the component; what was called to initialise it stays among them.
//   COVE_UNSUPPORTED  as above, and: the component holds a resource; a core module with state has several instances
//   COVE_LIMIT, COVE_USAGE
COVE_API COVE_MUST_USE cove_status cove_component_instance_snapshot(cove_component_instance *instance, cove_buffer *out,
                                                                    cove_error **error);

COVE_END

#endif
