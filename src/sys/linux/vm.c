// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// vm.c: address space on Linux.
#include "sys/vm.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

size_t cv_vm_page_size(void) {
  static size_t size;
  size_t known = __atomic_load_n(&size, __ATOMIC_RELAXED);
  if (known == 0) {
    known = (size_t)getpagesize();
    __atomic_store_n(&size, known, __ATOMIC_RELAXED);
  }
  return known;
}

void *cv_vm_reserve(size_t size) {
  void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return p == MAP_FAILED ? NULL : p;
}

void cv_vm_release(void *start, size_t size) {
  if (start != NULL)
    munmap(start, size);
}

bool cv_vm_commit(void *start, size_t size) {
  return size == 0 || mprotect(start, size, PROT_READ | PROT_WRITE) == 0;
}

// A fresh mapping rather than mprotect: it also forgets an image that was mapped there.
bool cv_vm_decommit(void *start, size_t size) {
  return size == 0 ||
         mmap(start, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

bool cv_vm_reset(void *start, size_t size) {
  return size == 0 || madvise(start, size, MADV_DONTNEED) == 0;
}

int cv_vm_image_new(const char *name, size_t size) {
  int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0)
    return -1;
  if (ftruncate(fd, (off_t)size) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

bool cv_vm_image_write(int image, const void *data, size_t size, uint64_t offset) {
  const char *p = data;
  while (size != 0) {
    ssize_t n = pwrite(image, p, size, (off_t)offset);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    p += n;
    size -= (size_t)n;
    offset += (uint64_t)n;
  }
  return true;
}

void cv_vm_image_delete(int image) {
  if (image >= 0)
    close(image);
}

bool cv_vm_image_map(int image, void *start, size_t size, uint64_t offset) {
  return mmap(start, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, image, (off_t)offset) !=
         MAP_FAILED;
}
