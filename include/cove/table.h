// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// table.h: tables of references. A cove_table belongs to its store and lives as long.
#ifndef COVE_TABLE_H
#define COVE_TABLE_H

#include <cove/store.h>
#include <cove/value.h>

COVE_BEGIN

typedef struct cove_table cove_table;

// All elements are `init` (NULL for null references).
COVE_API COVE_MUST_USE cove_status cove_table_new(cove_store *store, const cove_tabletype *type, const cove_value *init,
                                                  cove_table **out, cove_error **error);
// `minimum` is the present size.
COVE_API cove_tabletype cove_table_type(const cove_table *table);
// In elements.
COVE_API uint64_t cove_table_size(const cove_table *table);
// COVE_LIMIT when `index` is out of range, as with set.
COVE_API COVE_MUST_USE cove_status cove_table_get(const cove_table *table, uint64_t index, cove_value *out,
                                                  cove_error **error);
// COVE_USAGE when the reference is null, or a function, and not of the table's element type and store.
COVE_API COVE_MUST_USE cove_status cove_table_set(cove_table *table, uint64_t index, const cove_value *value,
                                                  cove_error **error);
// Grows by `delta` elements. *old_size (may be NULL) is the size before. COVE_LIMIT when it cannot.
COVE_API COVE_MUST_USE cove_status cove_table_grow(cove_table *table, uint64_t delta, const cove_value *init,
                                                   uint64_t *old_size, cove_error **error);

COVE_END

#endif
