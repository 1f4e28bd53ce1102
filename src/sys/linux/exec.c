// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exec.c: executable memory on Linux. Anonymous shared memory, given a second address by mremap with old size 0: such a
// mapping has the name that perf takes for generated code, which a memfd has not.
#include "sys/exec.h"

#include <sys/mman.h>

bool cv_exec_map(size_t size, uint8_t **write, uint8_t **run) {
  void *first = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (first == MAP_FAILED)
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

void cv_exec_discard(uint8_t *write, size_t size) {
  madvise(write, size, MADV_REMOVE);
}

void cv_exec_unmap_written(uint8_t *write, size_t size) {
  madvise(write, size, MADV_DONTNEED);
}
