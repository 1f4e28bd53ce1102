// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exec.h: memory for generated code. It is mapped twice, once writable and once executable: no page is ever both, and
// code may be added while other code of the same page runs.
#ifndef COVE_SYS_EXEC_H
#define COVE_SYS_EXEC_H

#include "base/base.h"

// Reserves `size` bytes (whole pages), which take memory when touched. False when the system refuses.
CV_MUST_USE bool cv_exec_map(size_t size, uint8_t **write, uint8_t **run);
// Gives the pages of a range back; they read as zero again.
void cv_exec_discard(uint8_t *write, size_t size);
// Drops the writable view's hold on pages, which stay in the executable view: they are resident once, not twice.
void cv_exec_unmap_written(uint8_t *write, size_t size);

// The mapping is shared memory, which a forked process would share with this one. Before a fork: memory for a copy of
// its bytes, at the same offsets, which the caller fills; NULL when the system refuses. Behind it the parent deletes
// the copy, and the child puts it in the mapping's place, at the same addresses. Without a copy nothing is there any
// more.
uint8_t *cv_exec_copy_new(size_t size);
void cv_exec_copy_delete(uint8_t *copy, size_t size); // NULL is allowed
void cv_exec_replace(uint8_t *write, uint8_t *run, size_t size, uint8_t *copy);

#endif
