// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tag.h: exception tags. A cove_tag belongs to its store and lives as long.
#ifndef COVE_TAG_H
#define COVE_TAG_H

#include <cove/store.h>
#include <cove/types.h>

COVE_BEGIN

typedef struct cove_tag cove_tag;

// The parameters of `type` are the payload; it has no results (COVE_USAGE).
COVE_API COVE_MUST_USE cove_status cove_tag_new(cove_store *store, const cove_functype *type, cove_tag **out,
                                                cove_error **error);
COVE_API cove_functype cove_tag_type(const cove_tag *tag);

COVE_END

#endif
