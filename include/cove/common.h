// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// common.h: what every public header uses: visibility, C++ linkage, borrowed runs of bytes, owned buffers.
//
// C11 or C++11, gcc or clang. Conventions of all headers
//   Names      cove_noun_verb. A function `_new` makes what `_delete` ends; `_delete` takes NULL.
//   Ownership  A pointer to const, and anything that is not made by a `_new`, is borrowed; how long it lives is said.
//   Errors     A function that can fail returns a cove_status that must be looked at. It takes `cove_error **error`
//              last, which may be NULL; after a failure *error is a new error to be deleted, after success it is
//              untouched. Unless said otherwise nothing else is written on failure.
//   Threads    cove_engine and cove_module may be used by several threads at once. A store, and every object in it
//              (instance, function, memory, global, table, tag), belongs to one thread at a time. Other objects are
//              plain data of whoever made them.
//   Growth     Structures that the host fills are made by `_new` and set by functions, so that a newer library can
//              add settings. Structures that the library fills for reading may grow at their end.
#ifndef COVE_COMMON_H
#define COVE_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COVE_API __attribute__((visibility("default")))
#define COVE_MUST_USE __attribute__((warn_unused_result))

#ifdef __cplusplus
#define COVE_BEGIN extern "C" {
#define COVE_END }
#else
#define COVE_BEGIN
#define COVE_END
#endif

COVE_BEGIN

// A borrowed run of bytes, not terminated by a zero. Names in modules are such runs, in valid UTF-8.
typedef struct cove_bytes {
  const char *data;
  size_t size;
} cove_bytes;

// Bytes that the caller owns after the function that filled it in; end them with cove_buffer_delete.
typedef struct cove_buffer {
  char *data; // followed by a zero byte that `size` does not count
  size_t size;
} cove_buffer;

// Frees the bytes and empties the structure.
COVE_API void cove_buffer_delete(cove_buffer *buffer);

// The version of the library, as "0.1.0".
COVE_API const char *cove_version(void);

COVE_END

#endif
