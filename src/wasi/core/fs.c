// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fs.c: counting, and the checks that hold for every file system.
#include "wasi/core/fs.h"

#include "wasi/core/random.h"

void cv_fs_retain(cv_fs *fs) {
  fs->refs++;
}

void cv_fs_release(cv_fs *fs) {
  if (fs != NULL && --fs->refs == 0)
    fs->ops->fs_delete(fs);
}

void cv_file_retain(cv_file *file) {
  file->refs++;
}

void cv_file_release(cv_file *file) {
  if (file == NULL || --file->refs != 0)
    return;
  cv_fs *fs = file->fs;
  fs->ops->close(file);
  cv_fs_release(fs);
}

static cv_err need_dir(const cv_file *file) {
  return file->type == CV_FILE_DIR ? CV_ERR_OK : CV_ERR_NOTDIR;
}

static cv_err need_change(const cv_file *dir) {
  CV_ERR_TRY(need_dir(dir));
  return dir->fs->read_only ? CV_ERR_ROFS : CV_ERR_OK;
}

static cv_err need_readable(const cv_file *file) {
  return file->type == CV_FILE_DIR ? CV_ERR_ISDIR : file->readable ? CV_ERR_OK : CV_ERR_BADF;
}

static cv_err need_writable(const cv_file *file) {
  if (file->type == CV_FILE_DIR)
    return CV_ERR_ISDIR;
  return file->fs->read_only ? CV_ERR_ROFS : file->writable ? CV_ERR_OK : CV_ERR_BADF;
}

cv_err cv_fs_root(cv_fs *fs, cv_file **out) {
  *out = NULL;
  return fs->ops->root(fs, out);
}

cv_err cv_file_open(cv_file *dir, const char *path, const cv_open_how *how, cv_file **out) {
  *out = NULL;
  CV_ERR_TRY(need_dir(dir));
  if (dir->fs->read_only && (how->write || how->truncate))
    return CV_ERR_ROFS;
  if (dir->fs->read_only && how->create) {
    // As on any read-only file system: what exists may be opened, what does not cannot be made.
    cv_stat st;
    cv_err err = dir->fs->ops->stat_at(dir, path, how->follow, &st);
    if (err == CV_ERR_OK && how->exclusive)
      return CV_ERR_EXIST;
    if (err != CV_ERR_OK)
      return err == CV_ERR_NOENT ? CV_ERR_ROFS : err;
    cv_open_how existing = *how;
    existing.create = false;
    return dir->fs->ops->open(dir, path, &existing, out);
  }
  return dir->fs->ops->open(dir, path, how, out);
}

cv_err cv_file_stat_at(cv_file *dir, const char *path, bool follow, cv_stat *out) {
  CV_ERR_TRY(need_dir(dir));
  return dir->fs->ops->stat_at(dir, path, follow, out);
}

cv_err cv_file_set_times_at(cv_file *dir, const char *path, bool follow, const cv_set_times *times) {
  CV_ERR_TRY(need_change(dir));
  return dir->fs->ops->set_times_at(dir, path, follow, times);
}

cv_err cv_file_mkdir(cv_file *dir, const char *path) {
  CV_ERR_TRY(need_change(dir));
  return dir->fs->ops->mkdir(dir, path);
}

cv_err cv_file_rmdir(cv_file *dir, const char *path) {
  CV_ERR_TRY(need_change(dir));
  return dir->fs->ops->rmdir(dir, path);
}

cv_err cv_file_unlink(cv_file *dir, const char *path) {
  CV_ERR_TRY(need_change(dir));
  return dir->fs->ops->unlink(dir, path);
}

cv_err cv_file_symlink(cv_file *dir, const char *target, const char *path) {
  CV_ERR_TRY(need_change(dir));
  return target[0] == '\0' ? CV_ERR_NOENT : dir->fs->ops->symlink(dir, target, path);
}

cv_err cv_file_readlink(cv_file *dir, const char *path, char *buf, size_t size, size_t *done) {
  *done = 0;
  CV_ERR_TRY(need_dir(dir));
  return dir->fs->ops->readlink(dir, path, buf, size, done);
}

// A hard link to a file of a read-only grant, made in a writable one, would be a way to write it: both sides count.
static cv_err need_two(const cv_file *from, const cv_file *to) {
  CV_ERR_TRY(need_change(from));
  CV_ERR_TRY(need_change(to));
  bool both_host = from->fs->ops == to->fs->ops && strcmp(from->fs->ops->name, "host") == 0;
  return from->fs == to->fs || both_host ? CV_ERR_OK : CV_ERR_XDEV;
}

cv_err cv_file_link(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to) {
  CV_ERR_TRY(need_two(from_dir, to_dir));
  return from_dir->fs->ops->link(from_dir, from, to_dir, to);
}

cv_err cv_file_rename(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to) {
  CV_ERR_TRY(need_two(from_dir, to_dir));
  return from_dir->fs->ops->rename(from_dir, from, to_dir, to);
}

cv_err cv_file_read_dir(cv_file *dir, uint64_t cookie, cv_dirent_fn *fn, void *env) {
  CV_ERR_TRY(need_dir(dir));
  return dir->fs->ops->read_dir(dir, cookie, fn, env);
}

cv_err cv_file_stat(cv_file *file, cv_stat *out) {
  return file->fs->ops->stat(file, out);
}

cv_err cv_file_set_times(cv_file *file, const cv_set_times *times) {
  return file->fs->read_only ? CV_ERR_ROFS : file->fs->ops->set_times(file, times);
}

cv_err cv_file_sync(cv_file *file, bool data_only) {
  return file->fs->ops->sync(file, data_only);
}

cv_err cv_file_read(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  *done = 0;
  CV_ERR_TRY(need_readable(file));
  if (offset > INT64_MAX)
    return CV_ERR_INVAL;
  return file->fs->ops->read(file, iov, count, offset, done);
}

cv_err cv_file_write(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  *done = 0;
  CV_ERR_TRY(need_writable(file));
  if (offset > INT64_MAX)
    return CV_ERR_INVAL;
  return file->fs->ops->write(file, iov, count, offset, done);
}

cv_err cv_file_append(cv_file *file, const cv_iovec *iov, size_t count, size_t *done, uint64_t *end) {
  *done = 0;
  CV_ERR_TRY(need_writable(file));
  return file->fs->ops->append(file, iov, count, done, end);
}

cv_err cv_file_set_size(cv_file *file, uint64_t size) {
  CV_ERR_TRY(need_writable(file));
  return file->fs->ops->set_size(file, size);
}

cv_err cv_file_advise(cv_file *file, uint64_t offset, uint64_t size, cv_advice advice) {
  uint64_t end;
  if (file->type == CV_FILE_DIR)
    return CV_ERR_BADF;
  if (offset > INT64_MAX || size > INT64_MAX || cv_add_overflows(offset, size, &end))
    return CV_ERR_INVAL;
  return file->fs->ops->advise(file, offset, size, advice);
}

cv_err cv_file_allocate(cv_file *file, uint64_t offset, uint64_t size) {
  uint64_t end;
  CV_ERR_TRY(need_writable(file));
  if (size == 0 || cv_add_overflows(offset, size, &end) || end > INT64_MAX)
    return size == 0 ? CV_ERR_INVAL : CV_ERR_FBIG;
  return file->fs->ops->allocate(file, offset, size);
}

cv_err cv_file_is_same(cv_file *a, cv_file *b, bool *same) {
  cv_stat x, y;
  *same = false;
  CV_ERR_TRY(cv_file_stat(a, &x));
  CV_ERR_TRY(cv_file_stat(b, &y));
  *same = a->fs->volume == b->fs->volume && x.dev == y.dev && x.ino == y.ino;
  return CV_ERR_OK;
}

void cv_stat_hash(const cv_stat *s, uint64_t out[2]) {
  const uint64_t input[] = {s->dev, s->ino, s->size, s->mtim};
  uint32_t state[16] = {0x65766f63, 0x74617473, (uint32_t)s->type};
  uint8_t block[64];
  for (size_t i = 0; i < CV_COUNT(input); i++) {
    state[8 + 2 * i] = (uint32_t)input[i];
    state[9 + 2 * i] = (uint32_t)(input[i] >> 32);
  }
  cv_chacha20_block(state, block);
  out[0] = cv_load_le64(block);
  out[1] = cv_load_le64(block + 8);
}
