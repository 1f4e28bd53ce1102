// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// error.c: texts of the error domain, and errno to it.
#include "sys/error.h"

#include <errno.h>

// Switches, not tables of pointers, which every start would have to relocate.
const char *cv_err_text(cv_err err) {
  switch ((unsigned)err) {
#define CV_ERR(name, value, text)                                                                                      \
  case value:                                                                                                          \
    return text;
#include "sys/error.def"
  }
  return "unknown error";
}

const char *cv_err_name(cv_err err) {
  switch ((unsigned)err) {
#define CV_ERR(name, value, text)                                                                                      \
  case value:                                                                                                          \
    return #name;
#include "sys/error.def"
  }
  return "UNKNOWN";
}

#define CV_ERR(name, value, text) +1
enum {
  ERR_ROWS = 0
#include "sys/error.def"
};
static_assert((int)ERR_ROWS == (int)CV_ERR_COUNT, "error.def and CV_ERR_COUNT differ");

// errno to cv_err; what is not listed is an input/output error. EXDEV is not ESCAPE here: only path resolution knows
// which of the two it means.
static const struct {
  int number;
  cv_err err;
} numbers[] = {
    {EACCES, CV_ERR_ACCESS},
    {EADDRINUSE, CV_ERR_ADDRINUSE},
    {EADDRNOTAVAIL, CV_ERR_ADDRNOTAVAIL},
    {EAGAIN, CV_ERR_AGAIN},
    {EALREADY, CV_ERR_ALREADY},
    {EBADF, CV_ERR_BADF},
    {EBUSY, CV_ERR_BUSY},
    {ECONNABORTED, CV_ERR_CONNABORTED},
    {ECONNREFUSED, CV_ERR_CONNREFUSED},
    {ECONNRESET, CV_ERR_CONNRESET},
    {EDEADLK, CV_ERR_DEADLOCK},
    {EDESTADDRREQ, CV_ERR_DESTADDRREQ},
    {EDQUOT, CV_ERR_DQUOT},
    {EEXIST, CV_ERR_EXIST},
    {EFAULT, CV_ERR_FAULT},
    {EFBIG, CV_ERR_FBIG},
    {EHOSTUNREACH, CV_ERR_HOSTUNREACH},
    {EILSEQ, CV_ERR_ILSEQ},
    {EINPROGRESS, CV_ERR_INPROGRESS},
    {EINTR, CV_ERR_INTR},
    {EINVAL, CV_ERR_INVAL},
    {EIO, CV_ERR_IO},
    {EISCONN, CV_ERR_ISCONN},
    {EISDIR, CV_ERR_ISDIR},
    {ELOOP, CV_ERR_LOOP},
    {EMFILE, CV_ERR_MFILE},
    {EMLINK, CV_ERR_MLINK},
    {EMSGSIZE, CV_ERR_MSGSIZE},
    {ENAMETOOLONG, CV_ERR_NAMETOOLONG},
    {ENETDOWN, CV_ERR_NETDOWN},
    {ENETUNREACH, CV_ERR_NETUNREACH},
    {ENFILE, CV_ERR_MFILE},
    {ENOBUFS, CV_ERR_NOBUFS},
    {ENODEV, CV_ERR_NODEV},
    {ENOENT, CV_ERR_NOENT},
    {ENOLCK, CV_ERR_NOLOCK},
    {ENOMEM, CV_ERR_NOMEM},
    {ENOSPC, CV_ERR_NOSPC},
    {ENOSYS, CV_ERR_NOSYS},
    {ENOTCONN, CV_ERR_NOTCONN},
    {ENOTDIR, CV_ERR_NOTDIR},
    {ENOTEMPTY, CV_ERR_NOTEMPTY},
    {ENOTSOCK, CV_ERR_NOTSOCK},
    {EOPNOTSUPP, CV_ERR_NOTSUP},
    {ENOTTY, CV_ERR_NOTTY},
    {ENXIO, CV_ERR_NXIO},
    {EOVERFLOW, CV_ERR_OVERFLOW},
    {EPERM, CV_ERR_PERM},
    {EPIPE, CV_ERR_PIPE},
    {EROFS, CV_ERR_ROFS},
    {ESPIPE, CV_ERR_SPIPE},
    {ETIMEDOUT, CV_ERR_TIMEDOUT},
    {E2BIG, CV_ERR_TOOBIG},
    {ETXTBSY, CV_ERR_TXTBSY},
    {EXDEV, CV_ERR_XDEV},
};

cv_err cv_sys_error(int os_error) {
  if (os_error == 0)
    return CV_ERR_OK;
  for (size_t i = 0; i < CV_COUNT(numbers); i++)
    if (numbers[i].number == os_error)
      return numbers[i].err;
  return CV_ERR_IO;
}

cv_err cv_sys_last_error(void) {
  cv_err err = cv_sys_error(errno);
  return err != CV_ERR_OK ? err : CV_ERR_IO;
}
