// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// output.c: files that the command writes. A new file takes the place of the old one when all of it is there
// (new_file.c), so that a full disk or a signal leaves the old one as it was.
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

// ---- where a path leads --------------------------------------------------------------------------------------------

typedef struct target {
  char *path;    // owned; behind the links of the last name
  bool is_there; // then `st` is what it is
  bool direct;   // nothing to take the place of: a device, a pipe, a descriptor of a process
  struct stat st;
} target;

// The folder of `path` and its last name. A descriptor for names, or -1.
static int open_folder(const char *path, const char **name) {
  const char *slash = strrchr(path, '/');
  *name = slash != NULL ? slash + 1 : path;
  if ((*name)[0] == '\0') {
    errno = path[0] == '\0' ? ENOENT : EISDIR;
    return -1;
  }
  char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
  int fd = folder != NULL ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  free(folder);
  return fd;
}

// /proc/self/fd/1 is a link that leads to what is open, and not to a name.
static bool is_in_proc(const char *path) {
  enum { PROC = 0x9fa0 }; // PROC_SUPER_MAGIC
  struct statfs fs;
  const char *name;
  int folder = open_folder(path, &name);
  bool in_proc = folder >= 0 && fstatfs(folder, &fs) == 0 && fs.f_type == PROC;
  if (folder >= 0)
    close(folder);
  return in_proc;
}

// The path that a link leads to, from where the link is. NULL: errno.
static char *follow(const char *path) {
  char to[4096];
  ssize_t size = readlink(path, to, sizeof to);
  if (size < 0)
    return NULL;
  const char *slash = to[0] == '/' ? NULL : strrchr(path, '/');
  size_t before_it = slash != NULL ? (size_t)(slash - path) + 1 : 0;
  char *out = malloc(before_it + (size_t)size + 1);
  if (out != NULL) {
    memcpy(out, path, before_it);
    memcpy(out + before_it, to, (size_t)size);
    out[before_it + (size_t)size] = '\0';
  }
  return out;
}

// False: errno. To be freed in either case.
static bool resolve(const char *path, target *out) {
  enum { MOST_LINKS = 40 };
  *out = (target){.path = strdup(path)};
  for (int links = 0; out->path != NULL; links++) {
    out->is_there = lstat(out->path, &out->st) == 0;
    if (!out->is_there)
      return errno == ENOENT;
    if (!S_ISLNK(out->st.st_mode) || is_in_proc(out->path)) {
      out->direct = !S_ISREG(out->st.st_mode);
      return true;
    }
    if (links == MOST_LINKS) {
      errno = ELOOP;
      return false;
    }
    char *next = follow(out->path);
    free(out->path);
    out->path = next;
  }
  return false;
}

bool cli_same_output(const char *a, const char *b) {
  target x = {0}, y = {0};
  struct stat s, t;
  bool same = strcmp(a, b) == 0;
  if (!same && strcmp(a, "-") != 0 && strcmp(b, "-") != 0 && resolve(a, &x) && resolve(b, &y) &&
      x.is_there == y.is_there && !x.direct && !y.direct) {
    if (x.is_there) {
      same = x.st.st_dev == y.st.st_dev && x.st.st_ino == y.st.st_ino;
    } else {
      const char *m, *n;
      int f = open_folder(x.path, &m), g = open_folder(y.path, &n);
      same = f >= 0 && g >= 0 && strcmp(m, n) == 0 && fstat(f, &s) == 0 && fstat(g, &t) == 0 && s.st_dev == t.st_dev &&
             s.st_ino == t.st_ino;
      if (f >= 0)
        close(f);
      if (g >= 0)
        close(g);
    }
  }
  free(x.path);
  free(y.path);
  return same;
}

// ---- writing -------------------------------------------------------------------------------------------------------

static bool write_all(int fd, const char *data, size_t size) {
  while (size != 0) {
    ssize_t n = write(fd, data, size);
    if (n < 0 && errno != EINTR)
      return false;
    if (n > 0) {
      data += n;
      size -= (size_t)n;
    }
  }
  return true;
}

static bool write_direct(const char *path, const void *data, size_t size) {
  void (*limit_signal)(int) = signal(SIGXFSZ, SIG_IGN);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  bool written = fd >= 0 && write_all(fd, data, size);
  int error = errno;
  if (fd >= 0 && close(fd) != 0 && written) {
    error = errno;
    written = false;
  }
  signal(SIGXFSZ, limit_signal);
  errno = error;
  return written;
}

// The new file keeps the mode of the old one, and where that may be its owner.
static bool set_mode(const target *t, int fd, bool executable) {
  mode_t mask = umask(0), mode = (executable ? 0777 : 0666) & ~mask;
  umask(mask);
  if (t->is_there) {
    mode = t->st.st_mode & 0777;
    if (executable)
      mode |= (mode & 0444) >> 2;
    if ((t->st.st_uid != geteuid() || t->st.st_gid != getegid()) && fchown(fd, t->st.st_uid, t->st.st_gid) != 0)
      errno = 0; // it is the caller's then
  }
  return fchmod(fd, mode) == 0;
}

// A file that nobody may write is not replaced either.
static bool may_write(const target *t) {
  if (t->is_there && S_ISDIR(t->st.st_mode)) {
    errno = EISDIR;
    return false;
  }
  return !t->is_there || faccessat(AT_FDCWD, t->path, W_OK, AT_EACCESS) == 0;
}

static bool replace(const target *t, const void *data, size_t size, bool executable) {
  cli_new_file file;
  const char *name;
  int folder = open_folder(t->path, &name);
  bool written = false;
  if (folder >= 0 && cli_new_file_make(&file, folder, ".cove-")) {
    written = write_all(file.fd, data, size) && set_mode(t, file.fd, executable) && cli_new_file_place(&file, name);
    cli_new_file_drop(&file);
  }
  int error = errno;
  if (folder >= 0)
    close(folder);
  errno = error;
  return written;
}

// Into the file itself, where none can take its place: its folder cannot be written, or it is mounted. `data` may be
// mapped from it.
static bool overwrite(const target *t, const void *data, size_t size) {
  bool can = t->is_there && (errno == EACCES || errno == EPERM || errno == EROFS || errno == EBUSY || errno == EXDEV);
  char *copy = can ? malloc(size + 1) : NULL;
  if (copy == NULL)
    return false;
  memcpy(copy, data, size);
  bool written = write_direct(t->path, copy, size);
  free(copy);
  return written;
}

static int cannot_write(const char *path) {
  cli_error("cannot write %s: %s", path, strerror(errno));
  return CLI_EXIT_FAILED;
}

static int write_path(const char *path, const void *data, size_t size, bool executable, bool in_use) {
  // main() reports standard output, once for whoever wrote to it.
  if (strcmp(path, "-") == 0)
    return fwrite(data, 1, size, stdout) == size && fflush(stdout) == 0 ? 0 : CLI_EXIT_FAILED;
  target t;
  bool written = resolve(path, &t) && may_write(&t);
  if (written && t.direct)
    written = write_direct(t.path, data, size);
  else if (written)
    written = replace(&t, data, size, executable) || (!in_use && overwrite(&t, data, size));
  int status = written ? 0 : cannot_write(path);
  free(t.path);
  return status;
}

int cli_write_output(const cli_line *line, const void *data, size_t size) {
  const char *path = cli_value(line, OPT_OUTPUT);
  return cli_write_file(path != NULL ? path : "-", data, size);
}

int cli_write_file(const char *path, const void *data, size_t size) {
  return write_path(path, data, size, false, false);
}

int cli_replace_file(const char *path, const void *data, size_t size, bool executable) {
  return write_path(path, data, size, executable, true);
}

int cli_check_output(const char *path) {
  if (strcmp(path, "-") == 0)
    return 0;
  target t;
  const char *name;
  cli_new_file file;
  bool can = resolve(path, &t) && may_write(&t);
  if (can && !t.direct) {
    int folder = open_folder(t.path, &name);
    can = folder >= 0 && cli_new_file_make(&file, folder, ".cove-");
    if (can)
      cli_new_file_drop(&file);
    if (folder >= 0)
      close(folder);
  }
  int status = can ? 0 : cannot_write(path);
  free(t.path);
  return status;
}
