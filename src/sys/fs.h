// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fs.h: files of the host. Paths that come from a guest are resolved *beneath* a directory handle: no path, symbolic
// link, ".." or race with a host process that renames directories leads outside it.
//
// Two resolvers do the same: the kernel's (openat2 with RESOLVE_BENEATH) and a walk of one component at a time that
// keeps a handle of every directory it came through, so that ".." never asks the file system.
//
// Paths are zero-terminated, not empty, relative. Times are nanoseconds since 1970-01-01 UTC.
#ifndef COVE_SYS_FS_H
#define COVE_SYS_FS_H

#include "sys/handle.h"

typedef enum cv_filetype {
  CV_FILE_UNKNOWN,
  CV_FILE_BLOCK,
  CV_FILE_CHAR,
  CV_FILE_DIR,
  CV_FILE_REGULAR,
  CV_FILE_SOCKET_DGRAM,
  CV_FILE_SOCKET_STREAM,
  CV_FILE_SYMLINK,
  CV_FILE_FIFO,
} cv_filetype;

typedef struct cv_stat {
  uint64_t dev, ino, nlink;
  uint64_t size;             // bytes
  uint64_t atim, mtim, ctim; // nanoseconds; before 1970 counts as 1970
  cv_filetype type;
} cv_stat;

typedef enum cv_time_mode { CV_TIME_KEEP, CV_TIME_NOW, CV_TIME_SET } cv_time_mode;
typedef struct cv_set_times {
  cv_time_mode atim_mode, mtim_mode;
  uint64_t atim, mtim; // nanoseconds, for CV_TIME_SET
} cv_set_times;

typedef enum cv_resolver { CV_RESOLVE_AUTO, CV_RESOLVE_KERNEL, CV_RESOLVE_WALK } cv_resolver;

typedef struct cv_open_how {
  bool read, write;
  bool create, exclusive, truncate;
  bool directory; // must be one
  bool follow;    // a symbolic link as the last component
  bool sync, dsync;
} cv_open_how;

typedef struct cv_dirent {
  const char *name; // not terminated, valid during the callback
  size_t name_size;
  uint64_t ino;
  uint64_t next; // cookie of what follows this entry
  cv_filetype type;
} cv_dirent;
// False ends the reading.
typedef bool cv_dirent_fn(void *env, const cv_dirent *entry);

typedef enum cv_advice {
  CV_ADVICE_NORMAL,
  CV_ADVICE_SEQUENTIAL,
  CV_ADVICE_RANDOM,
  CV_ADVICE_WILLNEED,
  CV_ADVICE_DONTNEED,
  CV_ADVICE_NOREUSE,
} cv_advice;

// ---- of the host itself, for what it grants; follows links like any program of the host ----
CV_MUST_USE cv_err cv_sys_open_root(const char *host_path, cv_handle *out);                  // a directory
CV_MUST_USE cv_err cv_sys_open_host_file(const char *host_path, bool write, cv_handle *out); // write: create, truncate
cv_handle cv_sys_stdio(unsigned which); // 0, 1, 2: borrowed, never closed
bool cv_sys_is_terminal(cv_handle handle);
CV_MUST_USE cv_err cv_sys_dup(cv_handle handle, cv_handle *out);

// ---- beneath a directory ----
// Opens regular files, directories and the devices that neither block nor do harm (null, zero, full, random); every
// other special file is refused with CV_ERR_ACCESS without being opened. *stat is of what was opened.
CV_MUST_USE cv_err cv_sys_open_at(cv_handle dir, cv_resolver r, const char *path, const cv_open_how *how,
                                  cv_handle *out, cv_stat *stat);
CV_MUST_USE cv_err cv_sys_stat_at(cv_handle dir, cv_resolver r, const char *path, bool follow, cv_stat *out);
CV_MUST_USE cv_err cv_sys_set_times_at(cv_handle dir, cv_resolver r, const char *path, bool follow,
                                       const cv_set_times *times);
CV_MUST_USE cv_err cv_sys_mkdir_at(cv_handle dir, cv_resolver r, const char *path);
CV_MUST_USE cv_err cv_sys_rmdir_at(cv_handle dir, cv_resolver r, const char *path);
CV_MUST_USE cv_err cv_sys_unlink_at(cv_handle dir, cv_resolver r, const char *path);
// The target is stored as it is, and only relative ones are accepted (CV_ERR_ESCAPE otherwise).
CV_MUST_USE cv_err cv_sys_symlink_at(const char *target, cv_handle dir, cv_resolver r, const char *path);
// *done bytes, at most `size`, not terminated.
CV_MUST_USE cv_err cv_sys_readlink_at(cv_handle dir, cv_resolver r, const char *path, char *buf, size_t size,
                                      size_t *done);
// Never follows a link at the end of `from`.
CV_MUST_USE cv_err cv_sys_link_at(cv_handle from_dir, const char *from, cv_handle to_dir, const char *to,
                                  cv_resolver r);
CV_MUST_USE cv_err cv_sys_rename_at(cv_handle from_dir, const char *from, cv_handle to_dir, const char *to,
                                    cv_resolver r);
// True when the kernel's resolver exists here.
bool cv_sys_has_kernel_resolver(void);

// ---- of an open file ----
CV_MUST_USE cv_err cv_sys_stat(cv_handle handle, cv_stat *out);
CV_MUST_USE cv_err cv_sys_read(cv_handle handle, const cv_iovec *iov, size_t count, size_t *done); // 0: end
CV_MUST_USE cv_err cv_sys_write(cv_handle handle, const cv_iovec *iov, size_t count, size_t *done);
// For pipes: raises no signal, and says CV_ERR_AGAIN instead of waiting, where the host can do that without changing
// the handle for others who have it; where it cannot, the write waits.
CV_MUST_USE cv_err cv_sys_write_pipe(cv_handle handle, const cv_iovec *iov, size_t count, size_t *done);
CV_MUST_USE cv_err cv_sys_pread(cv_handle handle, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done);
CV_MUST_USE cv_err cv_sys_pwrite(cv_handle handle, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done);
// Writes at the end, whatever it is by then; *end is the offset after what was written.
CV_MUST_USE cv_err cv_sys_append(cv_handle handle, const cv_iovec *iov, size_t count, size_t *done, uint64_t *end);
CV_MUST_USE cv_err cv_sys_set_size(cv_handle handle, uint64_t size);
CV_MUST_USE cv_err cv_sys_set_times(cv_handle handle, const cv_set_times *times);
CV_MUST_USE cv_err cv_sys_sync(cv_handle handle, bool data_only);
CV_MUST_USE cv_err cv_sys_advise(cv_handle handle, uint64_t offset, uint64_t size, cv_advice advice);
CV_MUST_USE cv_err cv_sys_allocate(cv_handle handle, uint64_t offset, uint64_t size);
// Calls `fn` for the entries from `cookie` on (0: from the start), "." and ".." included.
CV_MUST_USE cv_err cv_sys_read_dir(cv_handle dir, uint64_t cookie, cv_dirent_fn *fn, void *env);
CV_MUST_USE cv_err cv_sys_set_nonblocking(cv_handle handle, bool on);

#endif
