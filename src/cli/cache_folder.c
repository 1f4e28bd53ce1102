// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cache_folder.c: where the cache is, what is in it, and how it is held to its size (cache.h).
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const uint64_t DEFAULT_LIMIT = (uint64_t)1 << 30;
static const time_t STALE_AFTER = 3600; // seconds; nobody writes an entry for so long

static char *join(const char *a, const char *b) {
  size_t size = strlen(a) + strlen(b) + 1;
  char *path = malloc(size);
  if (path != NULL)
    snprintf(path, size, "%s%s", a, b);
  return path;
}

char *cli_cache_path(void) {
  const char *own = getenv("COVE_CACHE_DIR"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (own != NULL && own[0] != '\0')
    return strdup(own);
  if (xdg != NULL && xdg[0] == '/') // others are to be ignored (XDG Base Directory Specification)
    return join(xdg, "/cove");
  return home != NULL && home[0] == '/' ? join(home, "/.cache/cove") : NULL;
}

bool cli_cache_is_ours(const struct stat *st) {
  return st->st_uid == geteuid() && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// The folder and those above it that are missing.
static void make_folders(const char *path) {
  char *part = strdup(path);
  for (char *at = part; at != NULL && *at != '\0'; at++) {
    if (*at != '/' || at == part)
      continue;
    *at = '\0';
    (void)mkdir(part, 0700); // it may be there
    *at = '/';
  }
  free(part);
  (void)mkdir(path, 0700);
}

int cli_cache_open(const char *path, bool make, const char **why) {
  struct stat st;
  *why = NULL;
  if (make)
    make_folders(path);
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    *why = errno == ENOENT ? NULL : strerror(errno);
    return -1;
  }
  bool known = fstat(folder, &st) == 0;
  if (known && cli_cache_is_ours(&st))
    return folder;
  *why = !known                   ? strerror(errno)
         : st.st_uid != geteuid() ? "it belongs to somebody else"
                                  : "somebody else may write into it (its mode)";
  close(folder);
  return -1;
}

bool cli_cache_limit(uint64_t *out) {
  const char *text = getenv("COVE_CACHE_SIZE");
  *out = DEFAULT_LIMIT;
  return text == NULL || text[0] == '\0' || cli_parse_size(text, out);
}

// ---- what is in it ----

typedef struct file {
  char name[COVE_CACHE_NAME_SIZE];
  uint64_t size;
  struct timespec used;
} file;

typedef struct files {
  file *list;
  size_t count, capacity;
} files;

static bool is_entry(const char *name) {
  return strlen(name) == COVE_CACHE_NAME_SIZE - 1 && strspn(name, "0123456789abcdef") == COVE_CACHE_NAME_SIZE - 1;
}

static void add(files *all, const char *name, const struct stat *st) {
  if (all->count == all->capacity) {
    size_t capacity = all->capacity * 2 + 16;
    file *bigger = realloc(all->list, capacity * sizeof *bigger);
    if (bigger == NULL)
      return;
    all->list = bigger;
    all->capacity = capacity;
  }
  file *f = &all->list[all->count++];
  snprintf(f->name, sizeof f->name, "%s", name);
  f->size = (uint64_t)st->st_size;
  f->used = st->st_mtim;
}

static files list(int folder) {
  files all = {0};
  int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (dir == NULL) {
    if (fd >= 0)
      close(fd);
    return all;
  }
  const time_t now = time(NULL);
  struct stat st;
  for (const struct dirent *d; (d = readdir(dir)) != NULL;) {
    bool unfinished = strncmp(d->d_name, ".new-", 5) == 0;
    if ((!unfinished && !is_entry(d->d_name)) || fstatat(folder, d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (!unfinished)
      add(&all, d->d_name, &st);
    else if (now - st.st_mtim.tv_sec > STALE_AFTER)
      (void)unlinkat(folder, d->d_name, 0);
  }
  closedir(dir);
  return all;
}

cli_cache_total cli_cache_count(int folder) {
  cli_cache_total total = {0};
  files all = list(folder);
  for (size_t i = 0; i < all.count; i++) {
    total.entries++;
    total.bytes += all.list[i].size;
  }
  free(all.list);
  return total;
}

static int by_use(const void *a, const void *b) {
  const struct timespec *x = &((const file *)a)->used, *y = &((const file *)b)->used;
  if (x->tv_sec != y->tv_sec)
    return x->tv_sec < y->tv_sec ? -1 : 1;
  return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

cli_cache_total cli_cache_shrink(int folder, uint64_t bytes) {
  cli_cache_total removed = {0};
  files all = list(folder);
  uint64_t left = 0;
  for (size_t i = 0; i < all.count; i++)
    left += all.list[i].size;
  if (left > bytes)
    qsort(all.list, all.count, sizeof *all.list, by_use);
  for (size_t i = 0; i < all.count && left > bytes; i++) {
    left -= all.list[i].size; // another process may have removed it already
    if (unlinkat(folder, all.list[i].name, 0) == 0) {
      removed.entries++;
      removed.bytes += all.list[i].size;
    }
  }
  free(all.list);
  return removed;
}
