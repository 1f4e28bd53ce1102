// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fs_at.c: operations on paths beneath a directory. Each finds the directory that holds the last component, then acts
// on that one name without following it. A trailing slash is never handed to the kernel, which would follow a link for
// it: what a slash asks for (the object is a directory) is checked here.
#include "sys/linux/resolve.h"
#include "sys/linux/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// Character devices that neither block nor do harm: memory class (major 1) null, zero, full, random, urandom.
static bool is_harmless_device(const struct stat *st) {
  if (!S_ISCHR(st->st_mode) || major(st->st_rdev) != 1)
    return false;
  unsigned m = minor(st->st_rdev);
  return m == 3 || m == 5 || m == 7 || m == 8 || m == 9;
}

static cv_err check_openable(const struct stat *st, const cv_open_how *how) {
  if (S_ISLNK(st->st_mode))
    return CV_ERR_LOOP;
  if (S_ISDIR(st->st_mode))
    return how->write || how->truncate ? CV_ERR_ISDIR : CV_ERR_OK;
  if (how->directory)
    return CV_ERR_NOTDIR;
  return S_ISREG(st->st_mode) || is_harmless_device(st) ? CV_ERR_OK : CV_ERR_ACCESS;
}

static int open_flags(const cv_open_how *how) {
  int flags = how->read && how->write ? O_RDWR : how->write ? O_WRONLY : O_RDONLY;
  flags |= how->create ? O_CREAT : 0;
  flags |= how->exclusive ? O_EXCL : 0;
  flags |= how->truncate ? O_TRUNC : 0;
  flags |= how->directory ? O_DIRECTORY : 0;
  flags |= how->follow ? 0 : O_NOFOLLOW;
  flags |= how->sync ? O_SYNC : how->dsync ? O_DSYNC : 0;
  // Should a fifo or a terminal be put in the file's place at the last moment, opening it neither waits nor adopts it.
  return flags | O_NONBLOCK | O_NOCTTY;
}

cv_err cv_sys_open_at(cv_handle dir, cv_resolver r, const char *path, const cv_open_how *how, cv_handle *out,
                      cv_stat *stat) {
  *out = CV_NO_HANDLE;
  if (how->create && how->directory)
    return CV_ERR_INVAL;
  size_t size = strlen(path);
  if (how->create && size != 0 && path[size - 1] == '/') {
    cv_resolved at;
    CV_ERR_TRY(cv_resolve_parent(dir, r, path, &at));
    cv_resolved_done(&at);
    return CV_ERR_ISDIR;
  }
  struct stat st;
  cv_handle probe;
  int probe_flags = O_PATH | (how->follow && !(how->create && how->exclusive) ? 0 : O_NOFOLLOW);
  cv_err err = cv_resolve_open(dir, r, path, probe_flags, 0, &probe);
  if (err == CV_ERR_OK) {
    err = fstat(probe, &st) != 0 ? cv_sys_last_error() : CV_ERR_OK;
    cv_sys_close(probe);
    CV_ERR_TRY(err);
    if (how->create && how->exclusive)
      return CV_ERR_EXIST;
    CV_ERR_TRY(check_openable(&st, how));
  } else if (err != CV_ERR_NOENT || !how->create) {
    return err;
  }
  cv_handle fd;
  CV_ERR_TRY(cv_resolve_open(dir, r, path, open_flags(how), how->create ? 0666 : 0, &fd));
  err = fstat(fd, &st) != 0 ? cv_sys_last_error() : check_openable(&st, how);
  if (err != CV_ERR_OK) {
    cv_sys_close(fd);
    return err;
  }
  cv_stat_of(&st, stat);
  *out = fd;
  return CV_ERR_OK;
}

// The object at the end of `path`, as an O_PATH handle.
static cv_err open_path(cv_handle dir, cv_resolver r, const char *path, bool follow, cv_handle *out) {
  return cv_resolve_open(dir, r, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0, out);
}

cv_err cv_sys_stat_at(cv_handle dir, cv_resolver r, const char *path, bool follow, cv_stat *out) {
  cv_handle fd;
  CV_ERR_TRY(open_path(dir, r, path, follow, &fd));
  cv_err err = cv_sys_stat(fd, out);
  cv_sys_close(fd);
  return err;
}

cv_err cv_sys_set_times_at(cv_handle dir, cv_resolver r, const char *path, bool follow, const cv_set_times *times) {
  cv_handle fd;
  CV_ERR_TRY(open_path(dir, r, path, follow, &fd));
  struct timespec ts[2];
  cv_timespecs_of(times, ts);
  cv_err err = CV_ERR_OK;
  if (utimensat(fd, "", ts, AT_EMPTY_PATH) != 0) {
    err = cv_sys_last_error();
    if (errno == EINVAL || errno == ENOENT) {
      // A kernel before 5.8 knows no empty path: go by the name in its directory, which is not followed.
      cv_resolved at;
      err = follow ? CV_ERR_NOSYS : cv_resolve_parent(dir, r, path, &at);
      if (err == CV_ERR_OK) {
        const char *name = at.dot || at.dotdot ? "." : at.name;
        err = utimensat(at.parent, name, ts, AT_SYMLINK_NOFOLLOW) != 0 ? cv_sys_last_error() : CV_ERR_OK;
        cv_resolved_done(&at);
      }
    }
  }
  cv_sys_close(fd);
  return err;
}

// What is at the name, without following it. CV_ERR_NOENT when nothing is.
static cv_err look(const cv_resolved *at, struct stat *st) {
  return fstatat(at->parent, at->name, st, AT_SYMLINK_NOFOLLOW) != 0 ? cv_sys_last_error() : CV_ERR_OK;
}

cv_err cv_sys_mkdir_at(cv_handle dir, cv_resolver r, const char *path) {
  cv_resolved at;
  CV_ERR_TRY(cv_resolve_parent(dir, r, path, &at));
  cv_err err = CV_ERR_OK;
  if (at.dot || at.dotdot)
    err = CV_ERR_EXIST;
  else if (mkdirat(at.parent, at.name, 0777) != 0)
    err = cv_sys_last_error();
  cv_resolved_done(&at);
  return err;
}

cv_err cv_sys_rmdir_at(cv_handle dir, cv_resolver r, const char *path) {
  cv_resolved at;
  CV_ERR_TRY(cv_resolve_parent(dir, r, path, &at));
  cv_err err = CV_ERR_OK;
  if (at.dot || at.dotdot)
    err = at.dot ? CV_ERR_INVAL : CV_ERR_NOTEMPTY;
  else if (unlinkat(at.parent, at.name, AT_REMOVEDIR) != 0)
    err = errno == EEXIST ? CV_ERR_NOTEMPTY : cv_sys_last_error();
  cv_resolved_done(&at);
  return err;
}

cv_err cv_sys_unlink_at(cv_handle dir, cv_resolver r, const char *path) {
  cv_resolved at;
  CV_ERR_TRY(cv_resolve_parent(dir, r, path, &at));
  cv_err err = CV_ERR_OK;
  struct stat st;
  if (at.dot || at.dotdot) {
    err = CV_ERR_ISDIR;
  } else if (at.slash) {
    err = look(&at, &st);
    if (err == CV_ERR_OK)
      err = S_ISDIR(st.st_mode) ? CV_ERR_ISDIR : CV_ERR_NOTDIR;
  } else if (unlinkat(at.parent, at.name, 0) != 0) {
    err = cv_sys_last_error();
  }
  cv_resolved_done(&at);
  return err;
}

cv_err cv_sys_symlink_at(const char *target, cv_handle dir, cv_resolver r, const char *path) {
  if (target[0] == '/')
    return CV_ERR_ESCAPE;
  cv_resolved at;
  CV_ERR_TRY(cv_resolve_parent(dir, r, path, &at));
  cv_err err = CV_ERR_OK;
  struct stat st;
  if (at.dot || at.dotdot) {
    err = CV_ERR_EXIST;
  } else if (at.slash) {
    err = look(&at, &st);
    if (err == CV_ERR_OK)
      err = S_ISDIR(st.st_mode) ? CV_ERR_EXIST : CV_ERR_NOTDIR;
  } else if (symlinkat(target, at.parent, at.name) != 0) {
    err = cv_sys_last_error();
  }
  cv_resolved_done(&at);
  return err;
}

cv_err cv_sys_readlink_at(cv_handle dir, cv_resolver r, const char *path, char *buf, size_t size, size_t *done) {
  *done = 0;
  size_t path_size = strlen(path);
  bool slash = path_size != 0 && path[path_size - 1] == '/';
  cv_handle fd;
  // A slash asks for the directory that the link leads to, which is not a link.
  CV_ERR_TRY(cv_resolve_open(dir, r, path, O_PATH | O_NOFOLLOW | (slash ? O_DIRECTORY : 0), 0, &fd));
  ssize_t n = size != 0 ? readlinkat(fd, "", buf, size) : 0;
  // An empty name and something that is no link: ENOENT on some kernels.
  cv_err err = n >= 0 ? CV_ERR_OK : errno == ENOENT ? CV_ERR_INVAL : cv_sys_last_error();
  cv_sys_close(fd);
  if (err == CV_ERR_OK)
    *done = (size_t)n;
  return err;
}

// The order of the checks is the kernel's own: the old name, then the new one, then what kind of thing it is.
static cv_err link_resolved(const cv_resolved *a, const cv_resolved *b) {
  struct stat st;
  if (!a->dot && !a->dotdot && (a->slash || b->slash || b->dot || b->dotdot)) {
    CV_ERR_TRY(look(a, &st));
    if (a->slash && !S_ISDIR(st.st_mode))
      return CV_ERR_NOTDIR;
  }
  if (b->dot || b->dotdot)
    return CV_ERR_EXIST;
  if (b->slash) {
    CV_ERR_TRY(look(b, &st));
    return S_ISDIR(st.st_mode) ? CV_ERR_EXIST : CV_ERR_NOTDIR;
  }
  if (a->slash || a->dot || a->dotdot)
    return look(b, &st) == CV_ERR_OK ? CV_ERR_EXIST : CV_ERR_PERM;
  return linkat(a->parent, a->name, b->parent, b->name, 0) != 0 ? cv_sys_last_error() : CV_ERR_OK;
}

cv_err cv_sys_link_at(cv_handle from_dir, const char *from, cv_handle to_dir, const char *to, cv_resolver r) {
  cv_resolved a = {0}, b = {0};
  cv_err err = cv_resolve_parent(from_dir, r, from, &a);
  if (err == CV_ERR_OK)
    err = cv_resolve_parent(to_dir, r, to, &b);
  if (err == CV_ERR_OK)
    err = link_resolved(&a, &b);
  cv_resolved_done(&a);
  cv_resolved_done(&b);
  return err;
}

cv_err cv_sys_rename_at(cv_handle from_dir, const char *from, cv_handle to_dir, const char *to, cv_resolver r) {
  cv_resolved a = {0}, b = {0};
  struct stat st;
  cv_err err = cv_resolve_parent(from_dir, r, from, &a);
  if (err == CV_ERR_OK)
    err = cv_resolve_parent(to_dir, r, to, &b);
  if (err == CV_ERR_OK && (a.dot || a.dotdot || b.dot || b.dotdot))
    err = CV_ERR_BUSY;
  if (err == CV_ERR_OK && (a.slash || b.slash)) {
    err = look(&a, &st);
    if (err == CV_ERR_OK && !S_ISDIR(st.st_mode))
      err = CV_ERR_NOTDIR;
  }
  if (err == CV_ERR_OK && renameat(a.parent, a.name, b.parent, b.name) != 0)
    err = errno == EEXIST ? CV_ERR_NOTEMPTY : cv_sys_last_error();
  cv_resolved_done(&a);
  cv_resolved_done(&b);
  return err;
}
