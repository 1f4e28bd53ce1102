// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// global.h: global variables. A cove_global belongs to its store and lives as long.
#ifndef COVE_GLOBAL_H
#define COVE_GLOBAL_H

#include <cove/store.h>
#include <cove/value.h>

COVE_BEGIN

typedef struct cove_global cove_global;

// `value` NULL: zero, or null. COVE_USAGE as with cove_global_set.
COVE_API COVE_MUST_USE cove_status cove_global_new(cove_store *store, const cove_globaltype *type,
                                                   const cove_value *value, cove_global **out, cove_error **error);
COVE_API cove_globaltype cove_global_type(const cove_global *global);
COVE_API cove_value cove_global_get(const cove_global *global);
// COVE_USAGE when it is not mutable, or when the value is null, or a function, and not of the global's type and store.
COVE_API COVE_MUST_USE cove_status cove_global_set(cove_global *global, const cove_value *value, cove_error **error);

COVE_END

#endif
