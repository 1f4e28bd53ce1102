// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fs.h: file systems as policy objects behind one interface: host directory, read-only wrapper, in-memory tree (also
// the home of archives). The core and the adapters see only cv_fs and cv_file; a new kind of file system is a new
// table.
//
// Terms
//   fs    a policy: what can be reached and changed. Counted.
//   file  an open file or directory of an fs. Counted; it keeps its fs. Positions belong to whoever holds the file
//         (descriptor, stream), so all transfers name an offset.
//   path  zero-terminated, relative to an open directory, resolved beneath it: an absolute path, or one that leads out
//         by "..", or by a link, is CV_ERR_ESCAPE.
//
// Threads: an fs and its files belong to one thread at a time.
#ifndef COVE_WASI_CORE_FS_H
#define COVE_WASI_CORE_FS_H

#include "base/status.h"
#include "base/vec.h"
#include "sys/fs.h"

typedef struct cv_fs cv_fs;
typedef struct cv_file cv_file;

typedef struct cv_fs_ops {
  const char *name; // "host", "memory", "read-only"
  void (*fs_delete)(cv_fs *fs);
  cv_err (*root)(cv_fs *fs, cv_file **out);
  // Of directories.
  cv_err (*open)(cv_file *dir, const char *path, const cv_open_how *how, cv_file **out);
  cv_err (*stat_at)(cv_file *dir, const char *path, bool follow, cv_stat *out);
  cv_err (*set_times_at)(cv_file *dir, const char *path, bool follow, const cv_set_times *times);
  cv_err (*mkdir)(cv_file *dir, const char *path);
  cv_err (*rmdir)(cv_file *dir, const char *path);
  cv_err (*unlink)(cv_file *dir, const char *path);
  cv_err (*symlink)(cv_file *dir, const char *target, const char *path);
  cv_err (*readlink)(cv_file *dir, const char *path, char *buf, size_t size, size_t *done);
  cv_err (*link)(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to);
  cv_err (*rename)(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to);
  cv_err (*read_dir)(cv_file *dir, uint64_t cookie, cv_dirent_fn *fn, void *env);
  // Of files and directories.
  cv_err (*stat)(cv_file *file, cv_stat *out);
  cv_err (*set_times)(cv_file *file, const cv_set_times *times);
  cv_err (*sync)(cv_file *file, bool data_only);
  void (*close)(cv_file *file);
  // Of files.
  cv_err (*read)(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done);
  cv_err (*write)(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done);
  cv_err (*append)(cv_file *file, const cv_iovec *iov, size_t count, size_t *done, uint64_t *end);
  cv_err (*set_size)(cv_file *file, uint64_t size);
  cv_err (*advise)(cv_file *file, uint64_t offset, uint64_t size, cv_advice advice);
  cv_err (*allocate)(cv_file *file, uint64_t offset, uint64_t size);
} cv_fs_ops;

struct cv_fs {
  const cv_fs_ops *ops;
  cv_mem *mem; // borrowed; outlives the fs
  uint32_t refs;
  bool read_only;
  const void *volume; // of which its files are when their numbers alone do not say it; NULL: the host's
};

struct cv_file {
  cv_fs *fs; // kept
  uint32_t refs;
  cv_filetype type;
  bool readable, writable; // how it was opened; a directory is neither
};

// ---- makers; the caller gets the one reference ----
// Opens the directory now.
CV_MUST_USE cv_err cv_fs_host_new(cv_mem *mem, const char *host_path, cv_resolver resolver, cv_fs **out);
// Refuses every change with CV_ERR_ROFS. Keeps `inner`.
CV_MUST_USE cv_err cv_fs_read_only_new(cv_mem *mem, cv_fs *inner, cv_fs **out);
// Times of files come from `now` (may be NULL: all times are 0).
typedef uint64_t cv_now_fn(void *env);
CV_MUST_USE cv_err cv_fs_memory_new(cv_mem *mem, uint64_t byte_limit, cv_now_fn *now, void *now_env, cv_fs **out);
void cv_fs_memory_set_clock(cv_fs *fs, cv_now_fn *now, void *now_env);
// A tar or zip file of the host, read into memory whole; at most `byte_limit` bytes. Mark it read-only by wrapping.
CV_MUST_USE cv_status cv_fs_archive_new(cv_mem *mem, const char *host_path, uint64_t byte_limit, cv_fs **out,
                                        cv_diag *diag);

void cv_fs_retain(cv_fs *fs);
void cv_fs_release(cv_fs *fs); // NULL is allowed
void cv_file_retain(cv_file *file);
void cv_file_release(cv_file *file); // NULL is allowed

// 128 bits that say which object and which state of its data it is. The same in every run: a program may keep them.
void cv_stat_hash(const cv_stat *stat, uint64_t out[2]);
// Whether both are the same object.
CV_MUST_USE cv_err cv_file_is_same(cv_file *a, cv_file *b, bool *same);

// ---- what both sides use: checks of kind and of the way it was opened come first ----
CV_MUST_USE cv_err cv_fs_root(cv_fs *fs, cv_file **out);
CV_MUST_USE cv_err cv_file_open(cv_file *dir, const char *path, const cv_open_how *how, cv_file **out);
CV_MUST_USE cv_err cv_file_stat_at(cv_file *dir, const char *path, bool follow, cv_stat *out);
CV_MUST_USE cv_err cv_file_set_times_at(cv_file *dir, const char *path, bool follow, const cv_set_times *times);
CV_MUST_USE cv_err cv_file_mkdir(cv_file *dir, const char *path);
CV_MUST_USE cv_err cv_file_rmdir(cv_file *dir, const char *path);
CV_MUST_USE cv_err cv_file_unlink(cv_file *dir, const char *path);
CV_MUST_USE cv_err cv_file_symlink(cv_file *dir, const char *target, const char *path);
CV_MUST_USE cv_err cv_file_readlink(cv_file *dir, const char *path, char *buf, size_t size, size_t *done);
CV_MUST_USE cv_err cv_file_link(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to);
CV_MUST_USE cv_err cv_file_rename(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to);
CV_MUST_USE cv_err cv_file_read_dir(cv_file *dir, uint64_t cookie, cv_dirent_fn *fn, void *env);
CV_MUST_USE cv_err cv_file_stat(cv_file *file, cv_stat *out);
CV_MUST_USE cv_err cv_file_set_times(cv_file *file, const cv_set_times *times);
CV_MUST_USE cv_err cv_file_sync(cv_file *file, bool data_only);
CV_MUST_USE cv_err cv_file_read(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done);
CV_MUST_USE cv_err cv_file_write(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done);
CV_MUST_USE cv_err cv_file_append(cv_file *file, const cv_iovec *iov, size_t count, size_t *done, uint64_t *end);
CV_MUST_USE cv_err cv_file_set_size(cv_file *file, uint64_t size);
CV_MUST_USE cv_err cv_file_advise(cv_file *file, uint64_t offset, uint64_t size, cv_advice advice);
CV_MUST_USE cv_err cv_file_allocate(cv_file *file, uint64_t offset, uint64_t size);

#endif
