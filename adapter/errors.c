// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// errors.c: errors of 0.2 as errors of preview 1.
#include "adapter.h"

err err_of_code(u8 code) {
  // In the order of the enum error-code.
  static const u8 errors[] = {
      ACCES,      AGAIN, ALREADY, BADF,  BUSY,   DEADLK,   DQUOT,          EXIST,   FBIG,        ILSEQ,
      INPROGRESS, INTR,  INVAL,   IO,    ISDIR,  LOOP,     MLINK,          MSGSIZE, NAMETOOLONG, NODEV,
      NOENT,      NOLCK, NOMEM,   NOSPC, NOTDIR, NOTEMPTY, NOTRECOVERABLE, NOTSUP,  NOTTY,       NXIO,
      OVERFLOW,   PERM,  PIPE,    ROFS,  SPIPE,  TXTBSY,   XDEV,
  };
  return code < sizeof errors ? (err)errors[code] : IO;
}

err err_of_stream(const stream_error *e) {
  if (e->is_closed)
    return PIPE;
  err answer = IO;
  if (HAS_FILES) {
    maybe_code code;
    fs_error_code(e->error, &code);
    if (code.has)
      answer = err_of_code(code.code);
  }
  io_error_drop(e->error);
  return answer;
}

err done(const done_result *result) {
  return result->is_error ? err_of_code(result->code) : OK;
}
