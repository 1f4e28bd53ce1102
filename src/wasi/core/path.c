// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// path.c: operations on paths: copy and check the path, do it, record a refusal.
#include "base/utf8.h"
#include "wasi/core/wasi.h"

#include <stdio.h>

static cv_err take(cv_wasi *w, unsigned slot, cv_bytes path, const char **out) {
  char *copy = w->path[slot];
  *out = copy;
  copy[0] = '\0';
  if (path.size > w->limits.path_size)
    return CV_ERR_NAMETOOLONG;
  if (path.size != 0)
    memcpy(copy, path.data, path.size);
  copy[path.size] = '\0';
  if (memchr(copy, 0, path.size) != NULL)
    return CV_ERR_INVAL;
  return cv_utf8_is_valid((cv_bytes){(const uint8_t *)copy, path.size}) ? CV_ERR_OK : CV_ERR_ILSEQ;
}

// "/data" and "x/y" make "/data/x/y"; "." and "x" make "x".
static void join(char *out, size_t size, const cv_descriptor *dir, const char *path) {
  const char *label = dir->label != NULL ? dir->label : "?";
  size_t n = strlen(label);
  if (path[0] == '/' || strcmp(label, ".") == 0)
    (void)snprintf(out, size, "%s", path);
  else
    (void)snprintf(out, size, "%s%s%s", label, n != 0 && label[n - 1] == '/' ? "" : "/", path);
}

char *cv_path_label(cv_wasi *w, const cv_descriptor *dir, cv_bytes path) {
  char text[512], name[256];
  size_t n = CV_MIN(path.size, sizeof name - 1);
  if (n != 0)
    memcpy(name, path.data, n);
  name[n] = '\0';
  join(text, sizeof text, dir, name);
  size_t size = strlen(text) + 1;
  char *copy = cv_mem_alloc(w->mem, size);
  return copy != NULL ? memcpy(copy, text, size) : NULL;
}

// A path that does not exist for the program, but names something of the host that is granted under another name.
static void hint_other_name(cv_wasi *w, const char *op, const char *name) {
  for (size_t i = 0; i < w->dir_count; i++) {
    const char *host = w->dirs[i].host;
    size_t n = host != NULL ? strlen(host) : 0;
    while (n > 1 && host[n - 1] == '/')
      n--;
    if (n < 2 || strncmp(name, host, n) != 0 || (name[n] != '/' && name[n] != '\0') ||
        strcmp(host, w->dirs[i].guest) == 0)
      continue;
    char grant[600];
    (void)snprintf(grant, sizeof grant, "--dir %s (instead of --dir %s::%s)", host, host, w->dirs[i].guest);
    cv_wasi_refuse(w, grant, "%s \"%s\": the host's %s is granted, but the program finds it as \"%s\"", op, name, host,
                   w->dirs[i].guest);
    return;
  }
}

// Resolves "." and ".." by text alone: what the program meant, not what the file system says. In place.
static void normalise(char *name) {
  char *out = name;
  bool absolute = *name == '/';
  for (const char *in = name; *in != '\0';) {
    size_t n = strcspn(in, "/");
    bool dotdot = n == 2 && in[0] == '.' && in[1] == '.';
    if (dotdot && absolute) {
      do
        out -= out != name;
      while (out != name && *out != '/');
    } else if (n != 0 && !(n == 1 && in[0] == '.')) {
      if (absolute || out != name)
        *out++ = '/';
      memmove(out, in, n);
      out += n;
    }
    in += n;
    while (*in == '/')
      in++;
  }
  if (out == name)
    *out++ = absolute ? '/' : '.';
  *out = '\0';
}

static void refuse_escape(cv_wasi *w, const char *op, const char *name, const char *guest) {
  char meant[400], grant[440] = "";
  (void)snprintf(meant, sizeof meant, "%s", name);
  normalise(meant);
  size_t n = strlen(guest);
  bool inside = strncmp(meant, guest, n) == 0 && (meant[n] == '/' || meant[n] == '\0' || strcmp(guest, "/") == 0);
  if (inside) {
    cv_wasi_refuse(w, "", "%s \"%s\": a symbolic link in it leads outside the granted directory \"%s\"", op, name,
                   guest);
    return;
  }
  char *slash = strrchr(meant, '/');
  if (meant[0] == '/') {
    slash[slash == meant] = '\0';
    (void)snprintf(grant, sizeof grant, "--dir HOST::%s", meant);
  }
  cv_wasi_refuse(w, grant, "%s \"%s\": it lies outside the granted directory \"%s\"", op, name, guest);
}

// Notes what a refusal means, and passes the error on. `dir` is the side that it is about.
static cv_err done(cv_wasi *w, const char *op, const cv_descriptor *dir, const char *path, cv_err err) {
  if (CV_LIKELY(err != CV_ERR_ESCAPE && err != CV_ERR_ROFS && err != CV_ERR_NOENT && err != CV_ERR_ACCESS))
    return cv_wasi_note_limit(w, dir->file, err);
  char name[400], grant[600] = "";
  join(name, sizeof name, dir, path);
  const cv_dir *g = dir->grant < w->dir_count ? &w->dirs[dir->grant] : NULL;
  const char *guest = g != NULL ? g->guest : "?";
  if (err == CV_ERR_NOENT) {
    hint_other_name(w, op, name);
  } else if (err == CV_ERR_ESCAPE) {
    refuse_escape(w, op, name, guest);
  } else if (err == CV_ERR_ROFS && g != NULL && g->read_only) {
    if (g->kind == CV_DIR_HOST)
      (void)snprintf(grant, sizeof grant, "--dir %.250s::%.250s (without :ro)", g->host, g->guest);
    cv_wasi_refuse(w, grant, "%s \"%s\": \"%s\" is granted read-only", op, name, guest);
  } else if (err == CV_ERR_ACCESS) {
    cv_wasi_refuse(w, "", "%s \"%s\": the host's own permissions forbid it, or it is a device, pipe or socket", op,
                   name);
  }
  return err;
}

static cv_err need_file(const cv_descriptor *dir) {
  return dir->kind == CV_DESCRIPTOR_FILE ? CV_ERR_OK : CV_ERR_NOTDIR;
}

static cv_err start(cv_wasi *w, const cv_descriptor *dir, cv_bytes path, const char **out) {
  CV_ERR_TRY(take(w, 0, path, out));
  return need_file(dir);
}

cv_err cv_path_open(cv_wasi *w, const cv_descriptor *dir, cv_bytes path, const cv_open_how *how, cv_file **out) {
  const char *p;
  *out = NULL;
  CV_ERR_TRY(start(w, dir, path, &p));
  const char *op = how->write || how->create || how->truncate ? "open for writing" : "open";
  return done(w, op, dir, p, cv_file_open(dir->file, p, how, out));
}

cv_err cv_path_stat(cv_wasi *w, const cv_descriptor *dir, cv_bytes path, bool follow, cv_stat *out) {
  const char *p;
  CV_ERR_TRY(start(w, dir, path, &p));
  return done(w, "look at", dir, p, cv_file_stat_at(dir->file, p, follow, out));
}

cv_err cv_path_set_times(cv_wasi *w, const cv_descriptor *dir, cv_bytes path, bool follow, const cv_set_times *times) {
  const char *p;
  CV_ERR_TRY(start(w, dir, path, &p));
  return done(w, "set times of", dir, p, cv_file_set_times_at(dir->file, p, follow, times));
}

cv_err cv_path_mkdir(cv_wasi *w, const cv_descriptor *dir, cv_bytes path) {
  const char *p;
  CV_ERR_TRY(start(w, dir, path, &p));
  return done(w, "make directory", dir, p, cv_file_mkdir(dir->file, p));
}

cv_err cv_path_rmdir(cv_wasi *w, const cv_descriptor *dir, cv_bytes path) {
  const char *p;
  CV_ERR_TRY(start(w, dir, path, &p));
  return done(w, "remove directory", dir, p, cv_file_rmdir(dir->file, p));
}

cv_err cv_path_unlink(cv_wasi *w, const cv_descriptor *dir, cv_bytes path) {
  const char *p;
  CV_ERR_TRY(start(w, dir, path, &p));
  return done(w, "remove", dir, p, cv_file_unlink(dir->file, p));
}

cv_err cv_path_symlink(cv_wasi *w, cv_bytes target, const cv_descriptor *dir, cv_bytes path) {
  const char *p, *t;
  CV_ERR_TRY(start(w, dir, path, &p));
  CV_ERR_TRY(take(w, 1, target, &t));
  return done(w, "make symbolic link", dir, t[0] == '/' ? t : p, cv_file_symlink(dir->file, t, p));
}

cv_err cv_path_readlink(cv_wasi *w, const cv_descriptor *dir, cv_bytes path, char *buf, size_t size, size_t *got) {
  const char *p;
  *got = 0;
  CV_ERR_TRY(start(w, dir, path, &p));
  return done(w, "read symbolic link", dir, p, cv_file_readlink(dir->file, p, buf, size, got));
}

typedef cv_err two_paths_fn(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to);

static cv_err two_paths(cv_wasi *w, const char *op, two_paths_fn *fn, const cv_descriptor *from_dir, cv_bytes from,
                        const cv_descriptor *to_dir, cv_bytes to) {
  const char *a, *b;
  CV_ERR_TRY(start(w, from_dir, from, &a));
  CV_ERR_TRY(take(w, 1, to, &b));
  CV_ERR_TRY(need_file(to_dir));
  cv_err err = fn(from_dir->file, a, to_dir->file, b);
  bool about_to = to_dir->file->fs->read_only && !from_dir->file->fs->read_only;
  return done(w, op, about_to ? to_dir : from_dir, about_to ? b : a, err);
}

cv_err cv_path_link(cv_wasi *w, const cv_descriptor *from_dir, cv_bytes from, const cv_descriptor *to_dir,
                    cv_bytes to) {
  return two_paths(w, "link", cv_file_link, from_dir, from, to_dir, to);
}

cv_err cv_path_rename(cv_wasi *w, const cv_descriptor *from_dir, cv_bytes from, const cv_descriptor *to_dir,
                      cv_bytes to) {
  return two_paths(w, "rename", cv_file_rename, from_dir, from, to_dir, to);
}
