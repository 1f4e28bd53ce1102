// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fs.c: operations on open files, and the files that the host itself names.
#include "sys/fs.h"
#include "sys/linux/stat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static_assert(sizeof(cv_iovec) == sizeof(struct iovec) &&
                  offsetof(cv_iovec, data) == offsetof(struct iovec, iov_base) &&
                  offsetof(cv_iovec, size) == offsetof(struct iovec, iov_len),
              "cv_iovec is the kernel's iovec");

static const struct iovec *os_iov(const cv_iovec *iov) {
  return (const struct iovec *)(const void *)iov;
}

static uint64_t nanoseconds(const struct timespec *ts) {
  return ts->tv_sec < 0 ? 0 : (uint64_t)ts->tv_sec * 1000000000u + (uint64_t)ts->tv_nsec;
}

static cv_filetype type_of_mode(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFBLK:
    return CV_FILE_BLOCK;
  case S_IFCHR:
    return CV_FILE_CHAR;
  case S_IFDIR:
    return CV_FILE_DIR;
  case S_IFREG:
    return CV_FILE_REGULAR;
  case S_IFLNK:
    return CV_FILE_SYMLINK;
  case S_IFSOCK:
    return CV_FILE_SOCKET_STREAM;
  case S_IFIFO:
    return CV_FILE_FIFO;
  default:
    return CV_FILE_UNKNOWN;
  }
}

void cv_stat_of(const struct stat *st, cv_stat *out) {
  *out = (cv_stat){
      .dev = st->st_dev,
      .ino = st->st_ino,
      .nlink = st->st_nlink,
      .size = (uint64_t)st->st_size,
      .atim = nanoseconds(&st->st_atim),
      .mtim = nanoseconds(&st->st_mtim),
      .ctim = nanoseconds(&st->st_ctim),
      .type = type_of_mode(st->st_mode),
  };
}

static struct timespec timespec_of(cv_time_mode mode, uint64_t ns) {
  if (mode == CV_TIME_KEEP)
    return (struct timespec){.tv_nsec = UTIME_OMIT};
  if (mode == CV_TIME_NOW)
    return (struct timespec){.tv_nsec = UTIME_NOW};
  return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

void cv_timespecs_of(const cv_set_times *times, struct timespec out[2]) {
  out[0] = timespec_of(times->atim_mode, times->atim);
  out[1] = timespec_of(times->mtim_mode, times->mtim);
}

static cv_err result(int rc) {
  return rc == 0 ? CV_ERR_OK : cv_sys_last_error();
}

static cv_err count_of(ssize_t n, size_t *done) {
  *done = n < 0 ? 0 : (size_t)n;
  return n < 0 ? cv_sys_last_error() : CV_ERR_OK;
}

// ---- of the host itself ----

// A host that closed a standard stream must not find a guest's file under its number, nor the guest's output in it.
int cv_above_stdio(int fd) {
  if (fd < 0 || fd > 2)
    return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3), error = errno;
  (void)close(fd);
  errno = error;
  return moved;
}

cv_err cv_sys_open_root(const char *host_path, cv_handle *out) {
  *out = open(host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (*out < 0 && errno == EACCES) // may be entered but not listed
    *out = open(host_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  *out = cv_above_stdio(*out);
  return *out < 0 ? cv_sys_last_error() : CV_ERR_OK;
}

cv_err cv_sys_open_host_file(const char *host_path, bool write, cv_handle *out) {
  *out = open(host_path, (write ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY) | O_CLOEXEC | O_NOCTTY, 0666);
  *out = cv_above_stdio(*out);
  return *out < 0 ? cv_sys_last_error() : CV_ERR_OK;
}

cv_handle cv_sys_stdio(unsigned which) {
  return (cv_handle)which;
}

bool cv_sys_is_terminal(cv_handle handle) {
  return isatty(handle) == 1;
}

cv_err cv_sys_dup(cv_handle handle, cv_handle *out) {
  *out = fcntl(handle, F_DUPFD_CLOEXEC, 3);
  return *out < 0 ? cv_sys_last_error() : CV_ERR_OK;
}

// ---- open files ----

cv_err cv_sys_stat(cv_handle handle, cv_stat *out) {
  struct stat st;
  if (fstat(handle, &st) != 0)
    return cv_sys_last_error();
  cv_stat_of(&st, out);
  return CV_ERR_OK;
}

cv_err cv_sys_read(cv_handle handle, const cv_iovec *iov, size_t count, size_t *done) {
  return count_of(readv(handle, os_iov(iov), (int)count), done);
}

cv_err cv_sys_write(cv_handle handle, const cv_iovec *iov, size_t count, size_t *done) {
  return count_of(writev(handle, os_iov(iov), (int)count), done);
}

static ssize_t write_now(int fd, const struct iovec *iov, int count) {
  ssize_t n = pwritev2(fd, iov, count, -1, RWF_NOWAIT);
  if (n >= 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS))
    return n;
  return writev(fd, iov, count);
}

// A pipe whose reader is gone raises SIGPIPE in the thread that writes. The signal is held back for the write and taken
// away afterwards, so that a library call never ends its process.
cv_err cv_sys_write_pipe(cv_handle handle, const cv_iovec *iov, size_t count, size_t *done) {
  sigset_t pipe_set, old, pending;
  sigemptyset(&pipe_set);
  sigaddset(&pipe_set, SIGPIPE);
  if (pthread_sigmask(SIG_BLOCK, &pipe_set, &old) != 0)
    return CV_ERR_IO;
  cv_err err = count_of(write_now(handle, os_iov(iov), (int)count), done);
  if (err == CV_ERR_PIPE && sigismember(&old, SIGPIPE) == 0 && sigpending(&pending) == 0 &&
      sigismember(&pending, SIGPIPE) == 1) {
    struct timespec zero = {0};
    (void)sigtimedwait(&pipe_set, NULL, &zero);
  }
  (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
  return err;
}

cv_err cv_sys_pread(cv_handle handle, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  *done = 0;
  if (offset > INT64_MAX)
    return CV_ERR_INVAL;
  return count_of(preadv(handle, os_iov(iov), (int)count, (off_t)offset), done);
}

cv_err cv_sys_pwrite(cv_handle handle, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  *done = 0;
  if (offset > INT64_MAX)
    return CV_ERR_INVAL;
  return count_of(pwritev(handle, os_iov(iov), (int)count, (off_t)offset), done);
}

cv_err cv_sys_append(cv_handle handle, const cv_iovec *iov, size_t count, size_t *done, uint64_t *end) {
  ssize_t n = pwritev2(handle, os_iov(iov), (int)count, -1, RWF_APPEND);
  if (n < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
    // An older kernel, or a device: seek and write, which another writer may come between.
    (void)lseek(handle, 0, SEEK_END);
    n = writev(handle, os_iov(iov), (int)count);
  }
  off_t at = n < 0 ? 0 : lseek(handle, 0, SEEK_CUR);
  *end = at < 0 ? 0 : (uint64_t)at;
  return count_of(n, done);
}

cv_err cv_sys_set_size(cv_handle handle, uint64_t size) {
  return size > INT64_MAX ? CV_ERR_INVAL : result(ftruncate(handle, (off_t)size));
}

cv_err cv_sys_set_times(cv_handle handle, const cv_set_times *times) {
  struct timespec ts[2];
  cv_timespecs_of(times, ts);
  return result(futimens(handle, ts));
}

cv_err cv_sys_sync(cv_handle handle, bool data_only) {
  return result(data_only ? fdatasync(handle) : fsync(handle));
}

cv_err cv_sys_advise(cv_handle handle, uint64_t offset, uint64_t size, cv_advice advice) {
  static const int numbers[] = {
      [CV_ADVICE_NORMAL] = POSIX_FADV_NORMAL,     [CV_ADVICE_SEQUENTIAL] = POSIX_FADV_SEQUENTIAL,
      [CV_ADVICE_RANDOM] = POSIX_FADV_RANDOM,     [CV_ADVICE_WILLNEED] = POSIX_FADV_WILLNEED,
      [CV_ADVICE_DONTNEED] = POSIX_FADV_DONTNEED, [CV_ADVICE_NOREUSE] = POSIX_FADV_NOREUSE,
  };
  if (offset > INT64_MAX || size > INT64_MAX || (unsigned)advice >= CV_COUNT(numbers))
    return CV_ERR_INVAL;
  return cv_sys_error(posix_fadvise(handle, (off_t)offset, (off_t)size, numbers[advice]));
}

// Not posix_fallocate, which writes every block itself where the file system cannot: an order to the host to be busy
// for as long as the guest likes.
cv_err cv_sys_allocate(cv_handle handle, uint64_t offset, uint64_t size) {
  if (size == 0 || offset > INT64_MAX || size > INT64_MAX)
    return CV_ERR_INVAL;
  return result(fallocate(handle, 0, (off_t)offset, (off_t)size));
}

static cv_filetype type_of_dirent(unsigned char type) {
  return type == DT_UNKNOWN ? CV_FILE_UNKNOWN : type_of_mode(DTTOIF(type));
}

// Cookies are the kernel's own positions (d_off), which stay good while entries come and go.
cv_err cv_sys_read_dir(cv_handle dir, uint64_t cookie, cv_dirent_fn *fn, void *env) {
  _Alignas(struct dirent64) char buf[4096];
  if (cookie > INT64_MAX || lseek(dir, (off_t)cookie, SEEK_SET) < 0)
    return cookie > INT64_MAX ? CV_ERR_INVAL : cv_sys_last_error();
  for (;;) {
    ssize_t n = getdents64(dir, buf, sizeof buf);
    if (n <= 0)
      return n < 0 ? cv_sys_last_error() : CV_ERR_OK;
    for (ssize_t at = 0; at < n;) {
      const struct dirent64 *d = (const struct dirent64 *)(const void *)(buf + at);
      cv_dirent entry = {
          .name = d->d_name,
          .name_size = strlen(d->d_name),
          .ino = d->d_ino,
          .next = (uint64_t)d->d_off,
          .type = type_of_dirent(d->d_type),
      };
      struct stat st;
      if (entry.type == CV_FILE_UNKNOWN && fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        entry.type = type_of_mode(st.st_mode);
      if (!fn(env, &entry))
        return CV_ERR_OK;
      at += d->d_reclen;
    }
  }
}

cv_err cv_sys_set_nonblocking(cv_handle handle, bool on) {
  int flags = fcntl(handle, F_GETFL);
  if (flags < 0)
    return cv_sys_last_error();
  int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  return wanted == flags ? CV_ERR_OK : result(fcntl(handle, F_SETFL, wanted));
}
