// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// descriptor.h: the table of what an instance has open, as a first-class structure. A number stands for a file or a
// stream, with rights, a position and flags. Interfaces that hand out numbers keep one; interfaces with typed handles
// hold cv_file and cv_stream objects themselves and need none of this.
//
// Invariants: a number below `count` is free or holds exactly one counted object; the lowest free number is given out.
#ifndef COVE_WASI_CORE_DESCRIPTOR_H
#define COVE_WASI_CORE_DESCRIPTOR_H

#include "wasi/core/fs.h"
#include "wasi/core/stream.h"

enum {
#define CV_RIGHT(name, bit) CV_RIGHT_BIT_##name = bit,
#include "wasi/core/rights.def"
};
#define CV_CAN(name) (1ull << CV_RIGHT_BIT_##name)
#define CV_ALL_RIGHTS ((1ull << 30) - 1)

typedef enum cv_descriptor_kind {
  CV_DESCRIPTOR_FREE,
  CV_DESCRIPTOR_FILE, // file or directory
  CV_DESCRIPTOR_STREAM,
  CV_DESCRIPTOR_INVALID, // taken back by the host: the number stays used until the guest closes it
} cv_descriptor_kind;

typedef struct cv_descriptor {
  cv_descriptor_kind kind;
  bool append, dsync, rsync, sync, nonblock;
  bool preopen;
  bool granted; // by the host, before the program began
  uint64_t rights, inheriting;
  uint64_t offset; // files
  cv_file *file;
  cv_stream *stream;
  char *label;    // name for people and for traces: the guest's path; owned, terminated, may be NULL
  uint32_t grant; // the directory grant that it came through (cv_wasi.dirs), or CV_NO_INDEX
} cv_descriptor;

typedef struct cv_descriptors {
  cv_mem *mem; // borrowed
  CV_VEC(cv_descriptor) all;
  uint32_t limit;  // most numbers in use
  uint32_t lowest; // no number below is free
} cv_descriptors;

void cv_descriptors_init(cv_descriptors *t, cv_mem *mem, uint32_t limit);
void cv_descriptors_close_all(cv_descriptors *t);

// Puts the descriptor under the lowest free number. Takes over its object and label, also on failure.
CV_MUST_USE cv_err cv_descriptors_open(cv_descriptors *t, const cv_descriptor *d, uint32_t *number);
// The descriptor when it is open and has all of `rights`: CV_ERR_BADF, CV_ERR_NOTCAPABLE. Valid until the table
// changes.
CV_MUST_USE cv_err cv_descriptors_get(cv_descriptors *t, uint32_t number, uint64_t rights, cv_descriptor **out);
CV_MUST_USE cv_err cv_descriptors_close(cv_descriptors *t, uint32_t number);
// `to`, which must be open, becomes what `from` was, and `from` becomes free. Onto itself: nothing happens.
CV_MUST_USE cv_err cv_descriptors_renumber(cv_descriptors *t, uint32_t from, uint32_t to);
// Closes the object at once; every use of the number says CV_ERR_BADF until the guest has closed it.
CV_MUST_USE cv_err cv_descriptors_invalidate(cv_descriptors *t, uint32_t number);
// The first number that the program opened itself and still has open, CV_NO_INDEX for none.
uint32_t cv_descriptors_own(const cv_descriptors *t);
// Narrows the rights; CV_ERR_NOTCAPABLE when something would be added.
CV_MUST_USE cv_err cv_descriptor_set_rights(cv_descriptor *d, uint64_t rights, uint64_t inheriting);

#endif
