// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// vm.h: address space: reserving it, giving it memory, taking the memory back, and copy-on-write images. All addresses
// and sizes are in bytes and whole pages (cv_vm_page_size). Functions return false when the system refuses.
#ifndef COVE_SYS_VM_H
#define COVE_SYS_VM_H

#include "base/base.h"

size_t cv_vm_page_size(void);
static inline uint64_t cv_vm_page_up(uint64_t bytes) {
  return cv_align_up(bytes, cv_vm_page_size());
}

// Address space without memory: every access faults. NULL when there is none of that size.
CV_MUST_USE void *cv_vm_reserve(size_t size);
void cv_vm_release(void *start, size_t size);

// Makes a part of a reservation readable and writable (its pages read as zero unless written before), or inaccessible
// with its contents given up.
CV_MUST_USE bool cv_vm_commit(void *start, size_t size);
CV_MUST_USE bool cv_vm_decommit(void *start, size_t size);
// Gives the pages back: anonymous ones read as zero again, those over an image as the image.
CV_MUST_USE bool cv_vm_reset(void *start, size_t size);
// The same for less when little was written: when no more than `keep` bytes of pages are the process's own, they are
// overwritten and stay. `image` is what cv_vm_image_view gave for the image that is mapped at `start` (its first
// `image_size` bytes; NULL and 0 when there is none).
CV_MUST_USE bool cv_vm_clean(void *start, size_t size, const void *image, size_t image_size, size_t keep);

// An image: anonymous file whose pages can be mapped copy-on-write. -1 when the system refuses.
CV_MUST_USE int cv_vm_image_new(const char *name, size_t size);
CV_MUST_USE bool cv_vm_image_write(int image, const void *data, size_t size, uint64_t offset);
void cv_vm_image_delete(int image);
// The image to read from, NULL when the system refuses. Give it to cv_vm_release.
const void *cv_vm_image_view(int image, size_t size);
// Replaces part of a reservation by a private, writable mapping of the image.
CV_MUST_USE bool cv_vm_image_map(int image, void *start, size_t size, uint64_t offset);

#endif
