// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// profile.c: perf's two interfaces. The map file is text, one line a function. The jitdump file is binary; perf finds
// it because the process maps its first page executable (Linux, tools/perf/Documentation/jitdump-specification.txt).
//
//   jitdump header, 40 bytes:  0 magic "JiTD" u32, 4 version u32, 8 header size u32, 12 ELF machine u32, 16 pad u32,
//                              20 process u32, 24 time u64, 32 flags u64
//   code load record:          0 id u32, 4 record size u32, 8 time u64, 16 process u32, 20 thread u32, 24 address u64,
//                              32 code address u64, 40 code size u64, 48 code index u64, 56 name, zero, code
#include "exec/code/profile.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
  JITDUMP_MAGIC = 0x4a695444,
  JITDUMP_VERSION = 1,
  JITDUMP_CODE_LOAD = 0,
  HEADER_SIZE = 40,
  LOAD_SIZE = 56,
#if defined(__x86_64__)
  ELF_MACHINE = 62,
#elif defined(__aarch64__)
  ELF_MACHINE = 183,
#else
  ELF_MACHINE = 0,
#endif
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *map_file, *dump_file;
static uint64_t next_code_index;

static uint64_t monotonic_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Writes the printable form of the name into `out`; a name from a module may hold any character.
static void symbol_name(const cv_code_symbol *s, char *out, size_t out_size) {
  size_t n = 0;
  for (size_t i = 0; i < s->name.size && n + 1 < out_size; i++) {
    uint8_t c = s->name.data[i];
    out[n++] = c < 0x20 || c == 0x7f ? '_' : (char)c;
  }
  out[n] = '\0';
  if (n == 0)
    snprintf(out, out_size, "wasm-function[%u]", s->index);
}

static cv_status write_map(const cv_code_symbol *symbols, size_t count) {
  if (map_file == NULL) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
    // The name is fixed by perf and the folder is shared: do not follow a link that somebody else has put there.
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    map_file = fd >= 0 ? fdopen(fd, "a") : NULL;
    if (map_file == NULL)
      return CV_EIO;
  }
  for (size_t i = 0; i < count; i++) {
    char name[512];
    symbol_name(&symbols[i], name, sizeof name);
    fprintf(map_file, "%llx %zx %s\n", (unsigned long long)symbols[i].start, symbols[i].size, name);
  }
  return fflush(map_file) == 0 ? CV_OK : CV_EIO;
}

static cv_status open_dump(void) {
  char path[64];
  snprintf(path, sizeof path, "jit-%d.dump", (int)getpid());
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return CV_EIO;
  long page = sysconf(_SC_PAGESIZE);
  dump_file = fdopen(fd, "w");
  if (dump_file == NULL) {
    close(fd);
    return CV_EIO;
  }
  uint8_t header[HEADER_SIZE] = {0};
  cv_store_le32(header, JITDUMP_MAGIC);
  cv_store_le32(header + 4, JITDUMP_VERSION);
  cv_store_le32(header + 8, HEADER_SIZE);
  cv_store_le32(header + 12, ELF_MACHINE);
  cv_store_le32(header + 20, (uint32_t)getpid());
  cv_store_le64(header + 24, monotonic_ns());
  if (fwrite(header, sizeof header, 1, dump_file) != 1 || fflush(dump_file) != 0)
    return CV_EIO;
  // The mark that perf record looks for; it stays for the life of the process.
  void *mark = mmap(NULL, (size_t)page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  return mark != MAP_FAILED ? CV_OK : CV_EIO;
}

static cv_status write_dump(const cv_code_symbol *symbols, size_t count) {
  if (dump_file == NULL)
    CV_TRY(open_dump());
  for (size_t i = 0; i < count; i++) {
    char name[512];
    symbol_name(&symbols[i], name, sizeof name);
    size_t name_size = strlen(name) + 1;
    uint8_t record[LOAD_SIZE];
    cv_store_le32(record, JITDUMP_CODE_LOAD);
    cv_store_le32(record + 4, (uint32_t)(LOAD_SIZE + name_size + symbols[i].size));
    cv_store_le64(record + 8, monotonic_ns());
    cv_store_le32(record + 16, (uint32_t)getpid());
    cv_store_le32(record + 20, (uint32_t)syscall(SYS_gettid));
    cv_store_le64(record + 24, symbols[i].start);
    cv_store_le64(record + 32, symbols[i].start);
    cv_store_le64(record + 40, symbols[i].size);
    cv_store_le64(record + 48, next_code_index++);
    fwrite(record, sizeof record, 1, dump_file);
    fwrite(name, name_size, 1, dump_file);
    fwrite((const void *)symbols[i].start, symbols[i].size, 1, dump_file);
  }
  return fflush(dump_file) == 0 && !ferror(dump_file) ? CV_OK : CV_EIO;
}

cv_status cv_profile_symbols(const char *mode, const cv_code_symbol *symbols, size_t count) {
  bool map = strcmp(mode, "perfmap") == 0;
  if (!map && strcmp(mode, "jitdump") != 0)
    return CV_EUSAGE;
  pthread_mutex_lock(&lock);
  cv_status status = map ? write_map(symbols, count) : write_dump(symbols, count);
  pthread_mutex_unlock(&lock);
  return status;
}
