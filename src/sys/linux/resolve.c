// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// resolve.c: opening a path beneath a directory, by the kernel (openat2) or by a walk of single components.
//
// The walk's invariants: every handle on the stack was opened without following a link, from the handle below it; ".."
// drops the top of the stack and never asks the file system, so that a host process that moves directories about
// cannot turn it into a way out; a link's text is put in front of what is left of the path and is walked by the same
// rules; an absolute text ends the walk.
#include "sys/linux/resolve.h"

#include "sys/linux/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void cv_sys_close(cv_handle handle) {
  if (handle != CV_NO_HANDLE)
    (void)close(handle); // EINTR: the number is free all the same on Linux
}

static int openat2_beneath(int dir, const char *path, int flags, unsigned mode) {
  struct open_how how = {
      .flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
      .mode = mode,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
  };
  return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

bool cv_sys_has_kernel_resolver(void) {
  static int known; // 0 unknown, 1 yes, 2 no; every thread computes the same
  int state = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (state == 0) {
    int fd = openat2_beneath(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
    state = fd >= 0 || (errno != ENOSYS && errno != EPERM) ? 1 : 2;
    cv_sys_close(fd);
    __atomic_store_n(&known, state, __ATOMIC_RELAXED);
  }
  return state == 1;
}

// ---- the walk ----

typedef struct walk {
  int root;
  int stack[CV_MAX_WALK_DEPTH]; // handles below the root, outermost first
  unsigned depth;
  unsigned links;      // symbolic links followed
  char *rest;          // what is left of the path, terminated, inside `text`
  char text[PATH_MAX]; // filled from its end
} walk;

static int walk_top(const walk *w) {
  return w->depth != 0 ? w->stack[w->depth - 1] : w->root;
}

static cv_err walk_set(walk *w, const char *path) {
  size_t size = strlen(path) + 1;
  if (size > sizeof w->text)
    return CV_ERR_NAMETOOLONG;
  w->rest = memcpy(w->text + sizeof w->text - size, path, size);
  return path[0] == '/' ? CV_ERR_ESCAPE : CV_ERR_OK;
}

// Puts the text of the link in front of the rest. `name` is "" when `at` is the link itself.
static cv_err walk_link(walk *w, int at, const char *name) {
  char target[PATH_MAX];
  if (++w->links > CV_MAX_SYMLINKS)
    return CV_ERR_LOOP;
  ssize_t n = readlinkat(at, name, target, sizeof target);
  if (n < 0)
    return cv_sys_last_error();
  if (n == 0)
    return CV_ERR_NOENT;
  if (target[0] == '/')
    return CV_ERR_ESCAPE;
  bool join = w->rest[0] != '\0' && w->rest[0] != '/';
  if ((size_t)n + join > (size_t)(w->rest - w->text))
    return CV_ERR_NAMETOOLONG;
  if (join)
    *--w->rest = '/';
  w->rest -= n;
  memcpy(w->rest, target, (size_t)n);
  return CV_ERR_OK;
}

// Takes the next component off the rest. *slash: it was followed by a slash. "" at the end of the path.
static cv_err walk_next(walk *w, char name[NAME_MAX + 1], bool *slash) {
  while (*w->rest == '/')
    w->rest++;
  size_t n = strcspn(w->rest, "/");
  if (n > NAME_MAX)
    return CV_ERR_NAMETOOLONG;
  memcpy(name, w->rest, n);
  name[n] = '\0';
  w->rest += n;
  *slash = *w->rest == '/';
  while (*w->rest == '/')
    w->rest++;
  return CV_ERR_OK;
}

// Enters a directory or follows a link that stands where a directory must be.
static cv_err walk_enter(walk *w, const char *name, bool slash) {
  int fd = openat(walk_top(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return cv_sys_last_error();
  struct stat st;
  cv_err err = fstat(fd, &st) != 0 ? cv_sys_last_error() : CV_ERR_OK;
  if (err == CV_ERR_OK && S_ISLNK(st.st_mode)) {
    // The slash that followed the link still follows its text.
    if (slash && w->rest[0] == '\0')
      *--w->rest = '/';
    err = walk_link(w, fd, "");
    cv_sys_close(fd);
    return err;
  }
  if (err == CV_ERR_OK && !S_ISDIR(st.st_mode))
    err = CV_ERR_NOTDIR;
  if (err == CV_ERR_OK && w->depth == CV_MAX_WALK_DEPTH)
    err = CV_ERR_NAMETOOLONG;
  if (err != CV_ERR_OK) {
    cv_sys_close(fd);
    return err;
  }
  w->stack[w->depth++] = fd;
  return CV_ERR_OK;
}

// The last component. CV_ERR_AGAIN: it was a link, and the walk goes on.
static cv_err walk_last(walk *w, const char *name, int flags, unsigned mode, int *out) {
  bool follow = (flags & O_NOFOLLOW) == 0;
  int top = walk_top(w);
  int fd = openat(top, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd >= 0 && (flags & O_PATH) != 0 && follow) {
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
      cv_err err = walk_link(w, fd, "");
      cv_sys_close(fd);
      return err != CV_ERR_OK ? err : CV_ERR_AGAIN;
    }
  }
  if (fd < 0 && follow && (errno == ELOOP || errno == ENOTDIR)) {
    // ENOTDIR: O_DIRECTORY on a link. Anything that is not a link makes readlinkat say EINVAL.
    cv_err first = cv_sys_last_error();
    cv_err err = walk_link(w, top, name);
    return err == CV_ERR_OK ? CV_ERR_AGAIN : err == CV_ERR_INVAL ? first : err;
  }
  if (fd < 0) {
    cv_err err = cv_sys_last_error();
    return err == CV_ERR_AGAIN ? CV_ERR_BUSY : err;
  }
  *out = fd;
  return CV_ERR_OK;
}

static cv_err walk_run(walk *w, int flags, unsigned mode, int *out) {
  char name[NAME_MAX + 1];
  for (;;) {
    bool slash;
    CV_ERR_TRY(walk_next(w, name, &slash));
    bool last = *w->rest == '\0';
    if (strcmp(name, "..") == 0) {
      if (w->depth == 0)
        return CV_ERR_ESCAPE;
      cv_sys_close(w->stack[--w->depth]);
    }
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
      if (!last)
        continue;
      *out = openat(walk_top(w), ".", (flags & ~O_NOFOLLOW) | O_CLOEXEC, mode);
      return *out < 0 ? cv_sys_last_error() : CV_ERR_OK;
    }
    if (last && slash && (flags & O_CREAT) != 0)
      return CV_ERR_ISDIR; // as the kernel says, whatever is there
    if (!last || slash) {
      CV_ERR_TRY(walk_enter(w, name, slash));
      continue;
    }
    cv_err err = walk_last(w, name, flags, mode, out);
    if (err != CV_ERR_AGAIN)
      return err;
  }
}

static cv_err walk_open(int dir, const char *path, int flags, unsigned mode, int *out) {
  walk w = {.root = dir};
  cv_err err = walk_set(&w, path);
  if (err == CV_ERR_OK)
    err = walk_run(&w, flags, mode, out);
  if (err == CV_ERR_OK && (*out = cv_above_stdio(*out)) < 0)
    err = cv_sys_last_error();
  while (w.depth != 0)
    cv_sys_close(w.stack[--w.depth]);
  return err;
}

// ---- both ----

cv_err cv_resolve_open(cv_handle dir, cv_resolver r, const char *path, int flags, unsigned mode, cv_handle *out) {
  *out = CV_NO_HANDLE;
  if (path[0] == '\0')
    return CV_ERR_NOENT;
  if (r == CV_RESOLVE_WALK || (r == CV_RESOLVE_AUTO && !cv_sys_has_kernel_resolver()))
    return walk_open(dir, path, flags, mode, out);
  // The kernel says EAGAIN when something was renamed while it looked; after a few times the walk answers.
  for (int tries = 0; tries < 16; tries++) {
    int fd = cv_above_stdio(openat2_beneath(dir, path, flags, mode));
    if (fd >= 0) {
      *out = fd;
      return CV_ERR_OK;
    }
    if (errno == EXDEV)
      return CV_ERR_ESCAPE;
    if (errno != EAGAIN && errno != EINTR)
      return cv_sys_last_error();
  }
  return walk_open(dir, path, flags, mode, out);
}

cv_err cv_resolve_parent(cv_handle dir, cv_resolver r, const char *path, cv_resolved *out) {
  *out = (cv_resolved){.parent = dir};
  if (path[0] == '\0')
    return CV_ERR_NOENT;
  if (path[0] == '/')
    return CV_ERR_ESCAPE;
  size_t size = strlen(path);
  if (size >= PATH_MAX)
    return CV_ERR_NAMETOOLONG;
  while (path[size - 1] == '/') {
    size--;
    out->slash = true;
  }
  size_t start = size;
  while (start != 0 && path[start - 1] != '/')
    start--;
  if (size - start > NAME_MAX)
    return CV_ERR_NAMETOOLONG;
  memcpy(out->name, path + start, size - start);
  out->dot = strcmp(out->name, ".") == 0;
  out->dotdot = strcmp(out->name, "..") == 0;
  // ".." is resolved whole, so that one that leads out is an escape and not something milder.
  size_t prefix = out->dotdot ? size : start;
  if (prefix == 0)
    return CV_ERR_OK;
  char text[PATH_MAX];
  memcpy(text, path, prefix);
  text[prefix] = '\0';
  CV_ERR_TRY(cv_resolve_open(dir, r, text, O_PATH | O_DIRECTORY, 0, &out->parent));
  out->owned = true;
  return CV_ERR_OK;
}

void cv_resolved_done(cv_resolved *resolved) {
  if (resolved->owned)
    cv_sys_close(resolved->parent);
  resolved->owned = false;
}
