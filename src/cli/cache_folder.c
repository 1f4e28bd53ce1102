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

// Keeps the first reason why a folder is not there.
static void make_one(const char *path, int *error) {
  if (mkdir(path, 0700) != 0 && errno != EEXIST && *error == 0)
    *error = errno;
}

// The folder and those above it that are missing. 0, or why one could not be made.
static int make_folders(const char *path) {
  int error = 0;
  char *part = strdup(path);
  for (char *at = part; at != NULL && *at != '\0'; at++) {
    if (*at != '/' || at == part)
      continue;
    *at = '\0';
    make_one(part, &error);
    *at = '/';
  }
  free(part);
  make_one(path, &error);
  return error;
}

int cli_cache_open(const char *path, bool make, const char **why) {
  struct stat st;
  int error = make ? make_folders(path) : 0;
  *why = NULL;
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    static char cannot_make[128];
    snprintf(cannot_make, sizeof cannot_make, "it cannot be made: %s", strerror(error != 0 ? error : ENOENT));
    *why = errno != ENOENT ? strerror(errno) : make ? cannot_make : NULL;
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
  bool unfinished;
  uint64_t size;
  struct timespec used;
} file;

typedef struct files {
  file *list;
  size_t count, capacity;
  int error; // why there may be more; 0: there is no more
} files;

static bool is_hexadecimal(const char *text, size_t digits) {
  return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

// Whether it begins as every entry does. It is not looked into any further.
static bool begins_as_entry(int folder, const char *name) {
  char start[16];
  int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  bool is = fd >= 0 && pread(fd, start, sizeof start, 0) == (ssize_t)sizeof start &&
            cove_input_kind_of(start, sizeof start, NULL) == COVE_INPUT_COMPILED;
  if (fd >= 0)
    close(fd);
  return is;
}

static void add(files *all, const file *found) {
  if (all->count == all->capacity) {
    size_t capacity = all->capacity * 2 + 16;
    file *bigger = realloc(all->list, capacity * sizeof *bigger);
    if (bigger == NULL) {
      all->error = ENOMEM;
      return;
    }
    all->list = bigger;
    all->capacity = capacity;
  }
  all->list[all->count++] = *found;
}

static void look_at(files *all, int folder, const char *name) {
  struct stat st;
  static const size_t before = sizeof CLI_CACHE_NEW - 1;
  bool unfinished = strncmp(name, CLI_CACHE_NEW, before) == 0 && is_hexadecimal(name + before, 16);
  if (!unfinished && !is_hexadecimal(name, COVE_CACHE_NAME_SIZE - 1))
    return;
  if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
      (!unfinished && !begins_as_entry(folder, name)))
    return;
  file found = {.unfinished = unfinished, .size = (uint64_t)st.st_size, .used = st.st_mtim};
  snprintf(found.name, sizeof found.name, "%s", name);
  add(all, &found);
}

static files list(int folder) {
  files all = {0};
  int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (dir == NULL) {
    all.error = errno;
    if (fd >= 0)
      close(fd);
    return all;
  }
  const struct dirent *d;
  while (errno = 0, (d = readdir(dir)) != NULL)
    look_at(&all, folder, d->d_name);
  all.error = all.error != 0 ? all.error : errno;
  closedir(dir);
  return all;
}

static void count(cli_cache_total *total, const file *f) {
  *(f->unfinished ? &total->unfinished : &total->entries) += 1;
  total->bytes += f->size;
}

// Ends a list.
static bool done(files *all) {
  free(all->list);
  errno = all->error;
  return all->error == 0;
}

bool cli_cache_count(int folder, cli_cache_total *out) {
  *out = (cli_cache_total){0};
  files all = list(folder);
  for (size_t i = 0; i < all.count; i++)
    count(out, &all.list[i]);
  return done(&all);
}

static int by_use(const void *a, const void *b) {
  const struct timespec *x = &((const file *)a)->used, *y = &((const file *)b)->used;
  if (x->tv_sec != y->tv_sec)
    return x->tv_sec < y->tv_sec ? -1 : 1;
  return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

// What another process has removed meanwhile is gone as well.
static void drop(files *all, int folder, const file *f, cli_cache_total *removed) {
  if (unlinkat(folder, f->name, 0) == 0)
    count(removed, f);
  else if (errno != ENOENT && all->error == 0)
    all->error = errno;
}

bool cli_cache_shrink(int folder, uint64_t bytes, const char *new_name, cli_cache_total *out) {
  *out = (cli_cache_total){0};
  files all = list(folder);
  const time_t now = time(NULL);
  uint64_t left = 0;
  for (size_t i = 0; i < all.count; i++) {
    file *f = &all.list[i];
    if (new_name != NULL && strcmp(f->name, new_name) == 0)
      continue;
    if (f->unfinished && now - f->used.tv_sec > STALE_AFTER)
      drop(&all, folder, f, out);
    else
      left += f->size;
  }
  if (left > bytes)
    qsort(all.list, all.count, sizeof *all.list, by_use);
  for (size_t i = 0; i < all.count && left > bytes; i++)
    if (!all.list[i].unfinished) {
      left -= all.list[i].size;
      drop(&all, folder, &all.list[i], out);
    }
  return done(&all);
}

bool cli_cache_clear(int folder, cli_cache_total *out) {
  *out = (cli_cache_total){0};
  files all = list(folder);
  for (size_t i = 0; i < all.count; i++)
    drop(&all, folder, &all.list[i], out);
  return done(&all);
}
