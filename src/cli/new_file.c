// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// new_file.c: files that take the place of others when all of them is there. Until then they have no name where the
// file system can do that (O_TMPFILE), else one of their own, which goes when a signal ends the process.
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { END_COUNT = sizeof ends / sizeof ends[0] };

// The file that has a name, for the handler: one at a time.
static volatile sig_atomic_t pending;
static int pending_folder;
static char pending_name[CLI_NEW_NAME_SIZE];
static struct sigaction before[END_COUNT];

// The default action is back already (SA_RESETHAND), and comes when this returns.
static void remove_pending(int signal_number) {
  if (pending != 0)
    (void)unlinkat(pending_folder, pending_name, 0);
  raise(signal_number);
}

static void watch(const cli_new_file *file) {
  const struct sigaction action = {.sa_handler = remove_pending, .sa_flags = (int)SA_RESETHAND};
  pending_folder = file->folder;
  memcpy(pending_name, file->name, sizeof pending_name);
  pending = 1;
  for (size_t i = 0; i < END_COUNT; i++)
    if (sigaction(ends[i], NULL, &before[i]) == 0 && before[i].sa_handler == SIG_DFL)
      sigaction(ends[i], &action, NULL);
}

static void unwatch(void) {
  if (pending == 0)
    return;
  pending = 0;
  for (size_t i = 0; i < END_COUNT; i++)
    sigaction(ends[i], &before[i], NULL);
}

static void block_signals(sigset_t *old) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, old);
}

static int make_named(const cli_new_file *file) {
  return openat(file->folder, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool cli_new_file_make(cli_new_file *file, int folder, const char *prefix) {
  uint64_t random;
  *file = (cli_new_file){.folder = folder, .fd = -1};
  if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
    return false;
  snprintf(file->name, sizeof file->name, "%s%016llx", prefix, (unsigned long long)random);
  if (access("/proc/self/fd", X_OK) == 0) // which gives it a name
    file->fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file->fd < 0) {
    sigset_t old;
    block_signals(&old);
    file->fd = make_named(file);
    int error = errno;
    file->named = file->fd >= 0;
    if (file->named)
      watch(file);
    sigprocmask(SIG_SETMASK, &old, NULL);
    errno = error;
  }
  // A limit on the size of files is told as a full disk is.
  file->limit_signal = file->fd >= 0 ? signal(SIGXFSZ, SIG_IGN) : SIG_ERR;
  return file->fd >= 0;
}

// Gives it its name; signals are blocked. By a copy where the file system has no links.
static bool give_name(cli_new_file *file) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file->fd);
  if (linkat(AT_FDCWD, link, file->folder, file->name, AT_SYMLINK_FOLLOW) == 0)
    return true;
  struct stat st;
  off_t at = 0;
  ssize_t copied = 1;
  int fd = make_named(file);
  bool done = fd >= 0 && fstat(file->fd, &st) == 0 && fchmod(fd, st.st_mode & 0777) == 0;
  while (done && at < st.st_size && copied > 0)
    copied = sendfile(fd, file->fd, &at, (size_t)(st.st_size - at));
  done = done && at == st.st_size;
  int error = errno;
  if (fd >= 0 && close(fd) != 0 && done) {
    error = errno;
    done = false;
  }
  if (fd >= 0 && !done)
    (void)unlinkat(file->folder, file->name, 0);
  errno = error;
  return done;
}

bool cli_new_file_place(cli_new_file *file, const char *name) {
  sigset_t old;
  int error = 0;
  block_signals(&old);
  if (!file->named && !give_name(file))
    error = errno;
  else
    file->named = true;
  if (close(file->fd) != 0 && error == 0)
    error = errno;
  file->fd = -1;
  if (error == 0 && renameat(file->folder, file->name, file->folder, name) != 0)
    error = errno;
  if (error == 0)
    file->named = false;
  cli_new_file_drop(file);
  sigprocmask(SIG_SETMASK, &old, NULL);
  errno = error;
  return error == 0;
}

void cli_new_file_drop(cli_new_file *file) {
  int error = errno;
  if (file->named)
    (void)unlinkat(file->folder, file->name, 0);
  unwatch();
  if (file->fd >= 0)
    close(file->fd);
  if (file->limit_signal != SIG_ERR)
    signal(SIGXFSZ, file->limit_signal);
  file->fd = -1;
  file->named = false;
  file->limit_signal = SIG_ERR;
  errno = error;
}
