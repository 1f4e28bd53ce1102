// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fs_host.c: a directory of the host. Everything about confinement is in sys/fs.h; this file only carries handles.
#include "wasi/core/fs.h"

typedef struct host_fs {
  cv_fs base;
  cv_handle root;
  cv_resolver resolver;
} host_fs;

typedef struct host_file {
  cv_file base;
  cv_handle handle; // owned, except the root's
  bool borrowed;
} host_file;

static host_fs *fs_of(const cv_file *file) {
  return (host_fs *)file->fs;
}

static cv_handle handle_of(const cv_file *file) {
  return ((const host_file *)file)->handle;
}

static cv_err file_new(host_fs *fs, cv_handle handle, bool borrowed, cv_file **out) {
  host_file *f = cv_mem_zalloc(fs->base.mem, sizeof *f);
  if (f == NULL)
    return CV_ERR_NOMEM;
  f->base = (cv_file){.fs = &fs->base, .refs = 1, .type = CV_FILE_DIR};
  f->handle = handle;
  f->borrowed = borrowed;
  cv_fs_retain(&fs->base);
  *out = &f->base;
  return CV_ERR_OK;
}

static void host_fs_delete(cv_fs *base) {
  host_fs *fs = (host_fs *)base;
  cv_sys_close(fs->root);
  cv_mem_free(base->mem, fs, sizeof *fs);
}

static cv_err host_root(cv_fs *base, cv_file **out) {
  host_fs *fs = (host_fs *)base;
  return file_new(fs, fs->root, true, out);
}

static void host_close(cv_file *file) {
  if (!((host_file *)file)->borrowed)
    cv_sys_close(handle_of(file));
  cv_mem_free(file->fs->mem, file, sizeof(host_file));
}

static cv_err host_open(cv_file *dir, const char *path, const cv_open_how *how, cv_file **out) {
  cv_handle handle;
  cv_stat st;
  CV_ERR_TRY(cv_sys_open_at(handle_of(dir), fs_of(dir)->resolver, path, how, &handle, &st));
  cv_err err = file_new(fs_of(dir), handle, false, out);
  if (err != CV_ERR_OK) {
    cv_sys_close(handle);
    return err;
  }
  (*out)->type = st.type;
  (*out)->readable = how->read && st.type != CV_FILE_DIR;
  (*out)->writable = how->write && st.type != CV_FILE_DIR;
  return CV_ERR_OK;
}

static cv_err host_stat_at(cv_file *dir, const char *path, bool follow, cv_stat *out) {
  return cv_sys_stat_at(handle_of(dir), fs_of(dir)->resolver, path, follow, out);
}

static cv_err host_set_times_at(cv_file *dir, const char *path, bool follow, const cv_set_times *times) {
  return cv_sys_set_times_at(handle_of(dir), fs_of(dir)->resolver, path, follow, times);
}

static cv_err host_mkdir(cv_file *dir, const char *path) {
  return cv_sys_mkdir_at(handle_of(dir), fs_of(dir)->resolver, path);
}

static cv_err host_rmdir(cv_file *dir, const char *path) {
  return cv_sys_rmdir_at(handle_of(dir), fs_of(dir)->resolver, path);
}

static cv_err host_unlink(cv_file *dir, const char *path) {
  return cv_sys_unlink_at(handle_of(dir), fs_of(dir)->resolver, path);
}

static cv_err host_symlink(cv_file *dir, const char *target, const char *path) {
  return cv_sys_symlink_at(target, handle_of(dir), fs_of(dir)->resolver, path);
}

static cv_err host_readlink(cv_file *dir, const char *path, char *buf, size_t size, size_t *done) {
  return cv_sys_readlink_at(handle_of(dir), fs_of(dir)->resolver, path, buf, size, done);
}

static cv_err host_link(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to) {
  return cv_sys_link_at(handle_of(from_dir), from, handle_of(to_dir), to, fs_of(from_dir)->resolver);
}

static cv_err host_rename(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to) {
  return cv_sys_rename_at(handle_of(from_dir), from, handle_of(to_dir), to, fs_of(from_dir)->resolver);
}

// ".." is told as the directory itself: what is above a granted directory is not the guest's business.
typedef struct hide_parent {
  cv_dirent_fn *fn;
  void *env;
  uint64_t ino;
} hide_parent;

static bool hide_parent_entry(void *env, const cv_dirent *entry) {
  const hide_parent *h = env;
  cv_dirent e = *entry;
  if (e.name_size == 2 && memcmp(e.name, "..", 2) == 0)
    e.ino = h->ino;
  return h->fn(h->env, &e);
}

static cv_err host_read_dir(cv_file *dir, uint64_t cookie, cv_dirent_fn *fn, void *env) {
  cv_stat st;
  CV_ERR_TRY(cv_sys_stat(handle_of(dir), &st));
  hide_parent h = {.fn = fn, .env = env, .ino = st.ino};
  return cv_sys_read_dir(handle_of(dir), cookie, hide_parent_entry, &h);
}

static cv_err host_stat(cv_file *file, cv_stat *out) {
  return cv_sys_stat(handle_of(file), out);
}

static cv_err host_set_times(cv_file *file, const cv_set_times *times) {
  return cv_sys_set_times(handle_of(file), times);
}

static cv_err host_sync(cv_file *file, bool data_only) {
  return cv_sys_sync(handle_of(file), data_only);
}

static cv_err host_read(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  return cv_sys_pread(handle_of(file), iov, count, offset, done);
}

static cv_err host_write(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  return cv_sys_pwrite(handle_of(file), iov, count, offset, done);
}

static cv_err host_append(cv_file *file, const cv_iovec *iov, size_t count, size_t *done, uint64_t *end) {
  return cv_sys_append(handle_of(file), iov, count, done, end);
}

static cv_err host_set_size(cv_file *file, uint64_t size) {
  return cv_sys_set_size(handle_of(file), size);
}

static cv_err host_advise(cv_file *file, uint64_t offset, uint64_t size, cv_advice advice) {
  return cv_sys_advise(handle_of(file), offset, size, advice);
}

static cv_err host_allocate(cv_file *file, uint64_t offset, uint64_t size) {
  return cv_sys_allocate(handle_of(file), offset, size);
}

static const cv_fs_ops host_ops = {
    .name = "host",
    .fs_delete = host_fs_delete,
    .root = host_root,
    .open = host_open,
    .stat_at = host_stat_at,
    .set_times_at = host_set_times_at,
    .mkdir = host_mkdir,
    .rmdir = host_rmdir,
    .unlink = host_unlink,
    .symlink = host_symlink,
    .readlink = host_readlink,
    .link = host_link,
    .rename = host_rename,
    .read_dir = host_read_dir,
    .stat = host_stat,
    .set_times = host_set_times,
    .sync = host_sync,
    .close = host_close,
    .read = host_read,
    .write = host_write,
    .append = host_append,
    .set_size = host_set_size,
    .advise = host_advise,
    .allocate = host_allocate,
};

cv_err cv_fs_host_new(cv_mem *mem, const char *host_path, cv_resolver resolver, cv_fs **out) {
  *out = NULL;
  if (resolver == CV_RESOLVE_KERNEL && !cv_sys_has_kernel_resolver())
    return CV_ERR_NOSYS;
  host_fs *fs = cv_mem_zalloc(mem, sizeof *fs);
  if (fs == NULL)
    return CV_ERR_NOMEM;
  fs->base = (cv_fs){.ops = &host_ops, .mem = mem, .refs = 1};
  fs->resolver = resolver;
  cv_err err = cv_sys_open_root(host_path, &fs->root);
  if (err != CV_ERR_OK) {
    cv_mem_free(mem, fs, sizeof *fs);
    return err;
  }
  *out = &fs->base;
  return CV_ERR_OK;
}
