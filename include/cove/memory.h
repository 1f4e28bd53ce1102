// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// memory.h: linear memories. A cove_memory belongs to its store and lives as long.
#ifndef COVE_MEMORY_H
#define COVE_MEMORY_H

#include <cove/store.h>
#include <cove/types.h>

COVE_BEGIN

typedef struct cove_memory cove_memory;

// COVE_LIMIT when the minimum is over a limit of the store.
COVE_API COVE_MUST_USE cove_status cove_memory_new(cove_store *store, const cove_memorytype *type, cove_memory **out,
                                                   cove_error **error);
// `minimum` is the present size.
COVE_API cove_memorytype cove_memory_type(const cove_memory *memory);
// The first byte. Never moves: it stays valid as long as the store. Threads that share a memory order their accesses
// themselves.
COVE_API uint8_t *cove_memory_data(cove_memory *memory);
// In bytes. Only grows.
COVE_API uint64_t cove_memory_size(const cove_memory *memory);
// Grows by `delta` pages. *old_pages (may be NULL) is the size before. COVE_LIMIT when it cannot.
COVE_API COVE_MUST_USE cove_status cove_memory_grow(cove_memory *memory, uint64_t delta, uint64_t *old_pages,
                                                    cove_error **error);
// The bytes [offset, offset + size), or NULL when they do not all lie inside. Never overflows.
COVE_API void *cove_memory_range(cove_memory *memory, uint64_t offset, uint64_t size);

COVE_END

#endif
