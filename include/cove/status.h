// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// status.h: how an operation of the library ended, and the error that says more. Three domains stay apart: a failure of
// the library (most of cove_status), a trap of the guest (COVE_TRAP: cove_error_trap says which), and the guest's own
// exit (COVE_EXIT, which is no failure of anybody).
#ifndef COVE_STATUS_H
#define COVE_STATUS_H

#include <cove/common.h>

COVE_BEGIN

typedef enum cove_status {
  COVE_OK = 0,
  COVE_NO_MEMORY = 1,   // the system, or a quota of the library, has no more
  COVE_MALFORMED = 2,   // not a module in the binary or text format (core specification, chapters 5 and 6)
  COVE_INVALID = 3,     // a module that breaks a rule of validation (chapter 3)
  COVE_UNSUPPORTED = 4, // something that this version does not do; the message names it
  COVE_LIMIT = 5,       // an implementation limit, or one that the host set
  COVE_UNLINKABLE = 6,  // an import is missing or has another type (4.5.4)
  COVE_IO = 7,          // the operating system refused
  COVE_NOT_FOUND = 8,   // no such thing
  COVE_USAGE = 9,       // the interface was used wrongly
  COVE_TRAP = 10,       // the guest trapped
  COVE_EXIT = 11,       // the guest asked to exit; cove_error_exit_status has its status
} cove_status;

// A short fixed text: "malformed".
COVE_API const char *cove_status_text(cove_status status);

typedef struct cove_error cove_error;
typedef struct cove_trap cove_trap;

COVE_API void cove_error_delete(cove_error *error);
COVE_API cove_status cove_error_status(const cove_error *error);

// The whole sentence with its place: "offset 0x1f: function 2 (main): type mismatch". Lives as long as the error, as
// all that follows.
COVE_API const char *cove_error_message(const cove_error *error);
// The sentence without its place.
COVE_API const char *cove_error_text(const cove_error *error);
// Byte offset in the binary; false when there is none.
COVE_API bool cove_error_offset(const cove_error *error, uint64_t *offset);
// Line and column in a text, both from 1; false when there is none.
COVE_API bool cove_error_line(const cove_error *error, uint32_t *line, uint32_t *column);
// Function index, and its name from the name section or ""; false when the failure is in no function.
COVE_API bool cove_error_func(const cove_error *error, uint32_t *index, const char **name);
// The missing or mistyped import of COVE_UNLINKABLE; false otherwise.
COVE_API bool cove_error_import(const cove_error *error, cove_bytes *module, cove_bytes *name);
// The trap of COVE_TRAP, NULL for any other status.
COVE_API const cove_trap *cove_error_trap(const cove_error *error);
// What the guest gave to its exit call; 0 unless the status is COVE_EXIT.
COVE_API int32_t cove_error_exit_status(const cove_error *error);

COVE_END

#endif
