// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exec.c: executable memory on Linux. Anonymous shared memory, given a second address by mremap with old size 0: such a
// mapping has the name that perf takes for generated code, which a memfd has not.
#include "sys/exec.h"

#include <sys/mman.h>

uint8_t *cv_exec_copy_new(size_t size) {
  void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at != MAP_FAILED ? at : NULL;
}

void cv_exec_copy_delete(uint8_t *copy, size_t size) {
  if (copy != NULL)
    munmap(copy, size);
}

bool cv_exec_map(size_t size, uint8_t **write, uint8_t **run) {
  void *first = cv_exec_copy_new(size);
  if (first == NULL)
    return false;
  void *second = mremap(first, 0, size, MREMAP_MAYMOVE);
  if (second == MAP_FAILED || mprotect(second, size, PROT_READ | PROT_EXEC) != 0) {
    munmap(first, size);
    if (second != MAP_FAILED)
      munmap(second, size);
    return false;
  }
  *write = first;
  *run = second;
  return true;
}

void cv_exec_replace(uint8_t *write, uint8_t *run, size_t size, uint8_t *copy) {
  const int how = MREMAP_MAYMOVE | MREMAP_FIXED;
  if (copy != NULL && mremap(copy, 0, size, how, run) == run && mprotect(run, size, PROT_READ | PROT_EXEC) == 0 &&
      mremap(copy, size, size, how, write) == write)
    return;
  (void)mmap(run, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  (void)mmap(write, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

void cv_exec_discard(uint8_t *write, size_t size) {
  madvise(write, size, MADV_REMOVE);
}

void cv_exec_unmap_written(uint8_t *write, size_t size) {
  madvise(write, size, MADV_DONTNEED);
}
