// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// call.h: private to wasi/p1: one call under way, and access to the guest's memory.
//
// The guest's memory may be shared with other threads: nothing is read twice. Records are copied out before they are
// looked at; addresses and lengths are checked together, in 64 bits.
#ifndef COVE_WASI_P1_CALL_H
#define COVE_WASI_P1_CALL_H

#include "wasi/p1/p1.h"

typedef struct p1_call {
  cv_wasi *w;
  cv_context *context; // NULL when unknown
  uint8_t *base;       // the guest's memory
  uint64_t size;       // bytes of it
  const cv_value *a;   // arguments
  bool unstable;       // by the rules of wasi_unstable
  bool exits;          // the call ends the program (proc_exit, proc_raise)
} p1_call;

// What every function looks like: the error that it ends with.
typedef cv_err cv_p1_handler(p1_call *c);
#define CV_P1(name, in_unstable, ...) cv_err cv_p1_##name(p1_call *c);
#include "wasi/p1/p1.def"

static inline cv_err p1_mem(const p1_call *c, uint32_t at, uint64_t size, uint8_t **out) {
  if (!cv_range_fits(at, size, c->size))
    return CV_ERR_FAULT;
  *out = c->base + at;
  return CV_ERR_OK;
}

static inline cv_err p1_put32(const p1_call *c, uint32_t at, uint32_t value) {
  uint8_t *p;
  CV_ERR_TRY(p1_mem(c, at, 4, &p));
  cv_store_le32(p, value);
  return CV_ERR_OK;
}

static inline cv_err p1_put64(const p1_call *c, uint32_t at, uint64_t value) {
  uint8_t *p;
  CV_ERR_TRY(p1_mem(c, at, 8, &p));
  cv_store_le64(p, value);
  return CV_ERR_OK;
}

// The path that arguments `i` and `i` + 1 name; still in the guest's memory, to be copied once.
static inline cv_err p1_path(const p1_call *c, unsigned i, cv_bytes *out) {
  uint8_t *p;
  CV_ERR_TRY(p1_mem(c, c->a[i].u32, c->a[i + 1].u32, &p));
  *out = (cv_bytes){p, c->a[i + 1].u32};
  return CV_ERR_OK;
}

// The buffers that arguments `i` and `i` + 1 name, copied to the context's array.
CV_MUST_USE cv_err cv_p1_iovecs(const p1_call *c, unsigned i, size_t *count);

static inline cv_err p1_fd(const p1_call *c, unsigned i, uint64_t rights, cv_descriptor **out) {
  return cv_descriptors_get(&c->w->descriptors, c->a[i].u32, rights, out);
}

enum {
  P1_FDFLAG_APPEND = 1,
  P1_FDFLAG_DSYNC = 2,
  P1_FDFLAG_NONBLOCK = 4,
  P1_FDFLAG_RSYNC = 8,
  P1_FDFLAG_SYNC = 16,
  P1_FDFLAGS = 31,
};

uint8_t cv_p1_filetype(cv_filetype type);
// A filestat record at `at`, in the layout of the call's module.
CV_MUST_USE cv_err cv_p1_put_filestat(const p1_call *c, uint32_t at, const cv_stat *stat);
// Times and flags in arguments `i`, `i` + 1, `i` + 2.
CV_MUST_USE cv_err cv_p1_times(const p1_call *c, unsigned i, cv_set_times *out);

#endif
