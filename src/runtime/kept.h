// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kept.h: function objects of a module that were compiled while it ran, kept for its next run. They are copied, since
// the compiler makes the next one in the same buffers. aot/entry.c writes them to a file.
//
// That next run has the file's objects in cv_compile_options.objects. The functions that it finds damaged there, and
// those that are not there, are compiled again, and kept.
#ifndef COVE_RUNTIME_KEPT_H
#define COVE_RUNTIME_KEPT_H

#include "base/mem.h"
#include "runtime/object.h"

typedef struct cv_kept cv_kept;

// For a module with so many defined functions. NULL when out of memory.
CV_MUST_USE cv_kept *cv_kept_new(cv_mem *mem, uint32_t func_count);
void cv_kept_delete(cv_kept *kept); // NULL is allowed
// Copies the object of a function, by its index among the defined ones. Without memory for it, it is not kept.
// Thread-safe.
void cv_kept_add(cv_kept *kept, uint32_t index, const cv_code_object *object);

// Its bytes, NULL when it was not kept, live as long as `kept`.
cv_code_piece cv_kept_get(cv_kept *kept, uint32_t index);
// Whether nothing was kept so far.
bool cv_kept_is_empty(const cv_kept *kept);

#endif
