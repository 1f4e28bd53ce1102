// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// vm.c: address space on Linux.
#include "sys/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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

// ---- which pages are the process's own ----
//
// PAGEMAP_SCAN (Linux 6.7; Documentation/admin-guide/mm/pagemap.rst) lists ranges of pages by what they are. A page of
// a private mapping that was written is present (or swapped out) and neither the file's nor the page of zeros.

typedef struct page_range {
  uint64_t start, end, categories;
} page_range;

typedef struct scan_arg { // struct pm_scan_arg, which is younger than many systems' headers
  uint64_t size, flags, start, end, walk_end, ranges, range_count, most_pages;
  uint64_t inverted, all_of, any_of, reported;
} scan_arg;

enum { PAGE_FILE = 1 << 2, PAGE_PRESENT = 1 << 3, PAGE_SWAPPED = 1 << 4, PAGE_ZERO = 1 << 5, MOST_RANGES = 64 };
static const unsigned long SCAN = _IOWR('f', 16, scan_arg);

// What is in the page is `known`, which a child process finds empty (MADV_WIPEONFORK): the file speaks of the address
// space of the process that opened it, and a child must not believe what it says of the parent.
typedef struct known {
  int file; // and 1 more; 0 when not opened, -1 when it cannot be
} known;

static known *known_page(void) {
  static known *page;
  known *k = __atomic_load_n(&page, __ATOMIC_ACQUIRE);
  if (CV_LIKELY(k != NULL))
    return k != MAP_FAILED ? k : NULL;
  size_t size = cv_vm_page_size();
  k = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (k != MAP_FAILED && madvise(k, size, MADV_WIPEONFORK) != 0) {
    munmap(k, size);
    k = MAP_FAILED;
  }
  known *none = NULL;
  if (!__atomic_compare_exchange_n(&page, &none, k, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    if (k != MAP_FAILED)
      munmap(k, size); // another thread was first
    k = none;
  }
  return k != MAP_FAILED ? k : NULL;
}

// The kernel may look for pages of the same contents and keep one of them (Documentation/admin-guide/mm/ksm.rst). Then
// a page that was written with zeros over an image can be the page of zeros: written, but in no list.
static bool may_merge(void) {
  enum { GET_MEMORY_MERGE = 68 }; // PR_GET_MEMORY_MERGE
  return prctl(GET_MEMORY_MERGE, 0, 0, 0, 0) > 0;
}

static int scan_file(void) {
  known *k = known_page();
  if (k == NULL)
    return -1;
  int file = __atomic_load_n(&k->file, __ATOMIC_ACQUIRE);
  if (CV_LIKELY(file > 0))
    return file - 1;
  if (file < 0)
    return -1;
  int opened = may_merge() ? -1 : open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  int mine = opened >= 0 ? opened + 1 : -1;
  if (!__atomic_compare_exchange_n(&k->file, &file, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    if (opened >= 0)
      close(opened);
    mine = file;
  }
  return mine > 0 ? mine - 1 : -1;
}

// Ranges of the process's own pages, or -1 when there are more than `keep` bytes of them or nobody can tell.
static long own_pages(void *start, size_t size, size_t keep, page_range ranges[MOST_RANGES]) {
  int file = scan_file();
  uint64_t pages = keep / cv_vm_page_size();
  if (file < 0 || pages == 0)
    return -1;
  scan_arg arg = {.size = sizeof arg,
                  .start = (uintptr_t)start,
                  .end = (uintptr_t)start + size,
                  .ranges = (uintptr_t)ranges,
                  .range_count = MOST_RANGES,
                  .most_pages = pages,
                  .inverted = PAGE_FILE | PAGE_ZERO,
                  .all_of = PAGE_FILE | PAGE_ZERO,
                  .any_of = PAGE_PRESENT | PAGE_SWAPPED,
                  .reported = 0};
  long count = ioctl(file, SCAN, &arg);
  // The walk ends early when either limit is reached.
  return count >= 0 && count < MOST_RANGES && arg.walk_end == arg.end ? count : -1;
}

static void restore(uint8_t *start, uint64_t from, uint64_t to, const uint8_t *image, uint64_t image_size) {
  uint64_t mapped = CV_MIN(CV_MAX(from, image_size), to); // the image's part ends here
  if (mapped > from)
    memcpy(start + from, image + from, mapped - from);
  memset(start + mapped, 0, to - mapped);
}

bool cv_vm_clean(void *start, size_t size, const void *image, size_t image_size, size_t keep) {
  page_range ranges[MOST_RANGES];
  if (size == 0)
    return true;
  long count = own_pages(start, size, keep, ranges);
  if (count < 0)
    return cv_vm_reset(start, size);
  uintptr_t base = (uintptr_t)start;
  for (long i = 0; i < count; i++)
    restore(start, ranges[i].start - base, ranges[i].end - base, image, image_size);
  return true;
}

// ---- images ----

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

const void *cv_vm_image_view(int image, size_t size) {
  void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, image, 0);
  return p != MAP_FAILED ? p : NULL;
}

bool cv_vm_image_map(int image, void *start, size_t size, uint64_t offset) {
  return mmap(start, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, image, (off_t)offset) !=
         MAP_FAILED;
}
