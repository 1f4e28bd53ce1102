// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fs_readonly.c: a file system that passes questions on to another and refuses every change. Each function that could
// change something is written here as a refusal, whatever the callers of the interface checked before.
#include "wasi/core/fs.h"

typedef struct ro_fs {
  cv_fs base;
  cv_fs *inner; // kept
} ro_fs;

typedef struct ro_file {
  cv_file base;
  cv_file *inner; // owned
} ro_file;

static cv_file *inner_of(cv_file *file) {
  return ((ro_file *)file)->inner;
}

// Takes over `inner`.
static cv_err wrap(cv_fs *fs, cv_file *inner, cv_file **out) {
  ro_file *f = cv_mem_zalloc(fs->mem, sizeof *f);
  if (f == NULL) {
    cv_file_release(inner);
    return CV_ERR_NOMEM;
  }
  f->base = (cv_file){.fs = fs, .refs = 1, .type = inner->type, .readable = inner->readable};
  f->inner = inner;
  cv_fs_retain(fs);
  *out = &f->base;
  return CV_ERR_OK;
}

static void ro_fs_delete(cv_fs *fs) {
  cv_fs_release(((ro_fs *)fs)->inner);
  cv_mem_free(fs->mem, fs, sizeof(ro_fs));
}

static cv_err ro_root(cv_fs *fs, cv_file **out) {
  cv_file *inner;
  CV_ERR_TRY(cv_fs_root(((ro_fs *)fs)->inner, &inner));
  return wrap(fs, inner, out);
}

static cv_err ro_open(cv_file *dir, const char *path, const cv_open_how *how, cv_file **out) {
  if (how->write || how->create || how->truncate)
    return CV_ERR_ROFS;
  cv_file *inner;
  CV_ERR_TRY(cv_file_open(inner_of(dir), path, how, &inner));
  return wrap(dir->fs, inner, out);
}

static cv_err ro_stat_at(cv_file *dir, const char *path, bool follow, cv_stat *out) {
  return cv_file_stat_at(inner_of(dir), path, follow, out);
}

static cv_err ro_set_times_at(cv_file *dir, const char *path, bool follow, const cv_set_times *times) {
  return CV_ERR_ROFS;
}

static cv_err ro_change(cv_file *dir, const char *path) {
  return CV_ERR_ROFS;
}

static cv_err ro_symlink(cv_file *dir, const char *target, const char *path) {
  return CV_ERR_ROFS;
}

static cv_err ro_readlink(cv_file *dir, const char *path, char *buf, size_t size, size_t *done) {
  return cv_file_readlink(inner_of(dir), path, buf, size, done);
}

static cv_err ro_change_two(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to) {
  return CV_ERR_ROFS;
}

static cv_err ro_read_dir(cv_file *dir, uint64_t cookie, cv_dirent_fn *fn, void *env) {
  return cv_file_read_dir(inner_of(dir), cookie, fn, env);
}

static cv_err ro_stat(cv_file *file, cv_stat *out) {
  return cv_file_stat(inner_of(file), out);
}

static cv_err ro_set_times(cv_file *file, const cv_set_times *times) {
  return CV_ERR_ROFS;
}

static cv_err ro_sync(cv_file *file, bool data_only) {
  return CV_ERR_OK; // nothing was written through here
}

static void ro_close(cv_file *file) {
  cv_file_release(inner_of(file));
  cv_mem_free(file->fs->mem, file, sizeof(ro_file));
}

static cv_err ro_read(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  return cv_file_read(inner_of(file), iov, count, offset, done);
}

static cv_err ro_write(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  return CV_ERR_ROFS;
}

static cv_err ro_append(cv_file *file, const cv_iovec *iov, size_t count, size_t *done, uint64_t *end) {
  return CV_ERR_ROFS;
}

static cv_err ro_set_size(cv_file *file, uint64_t size) {
  return CV_ERR_ROFS;
}

static cv_err ro_advise(cv_file *file, uint64_t offset, uint64_t size, cv_advice advice) {
  return cv_file_advise(inner_of(file), offset, size, advice);
}

static cv_err ro_allocate(cv_file *file, uint64_t offset, uint64_t size) {
  return CV_ERR_ROFS;
}

static const cv_fs_ops ro_ops = {
    .name = "read-only",
    .fs_delete = ro_fs_delete,
    .root = ro_root,
    .open = ro_open,
    .stat_at = ro_stat_at,
    .set_times_at = ro_set_times_at,
    .mkdir = ro_change,
    .rmdir = ro_change,
    .unlink = ro_change,
    .symlink = ro_symlink,
    .readlink = ro_readlink,
    .link = ro_change_two,
    .rename = ro_change_two,
    .read_dir = ro_read_dir,
    .stat = ro_stat,
    .set_times = ro_set_times,
    .sync = ro_sync,
    .close = ro_close,
    .read = ro_read,
    .write = ro_write,
    .append = ro_append,
    .set_size = ro_set_size,
    .advise = ro_advise,
    .allocate = ro_allocate,
};

cv_err cv_fs_read_only_new(cv_mem *mem, cv_fs *inner, cv_fs **out) {
  ro_fs *fs = cv_mem_zalloc(mem, sizeof *fs);
  *out = NULL;
  if (fs == NULL)
    return CV_ERR_NOMEM;
  fs->base = (cv_fs){.ops = &ro_ops, .mem = mem, .refs = 1, .read_only = true, .volume = inner->volume};
  fs->inner = inner;
  cv_fs_retain(inner);
  *out = &fs->base;
  return CV_ERR_OK;
}
