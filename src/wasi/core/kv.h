// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv.h: buckets of keys and values: in memory, or in a file of the host that SQLite keeps. A bucket is there for a
// program when its configuration names it.
//
// Terms
//   key      UTF-8, at most limits.kv_key bytes; a value is any bytes, at most limits.kv_value.
//   version  of the value under a key: not 0, and never the same for two values of one key, also when the key was taken
//            away in between; 0 is a key that is not there.
//
// Files: kv.c what all kinds share: limits, and what takes several steps; kv_memory.c; kv_sqlite_*.c.
//
// Threads: those of the context. A file may be in use by other processes meanwhile.
#ifndef COVE_WASI_CORE_KV_H
#define COVE_WASI_CORE_KV_H

#include "wasi/core/wasi.h"

typedef struct cv_kv_value {
  cv_bytes bytes;   // borrowed until the bucket is used again
  uint64_t version; // 0: the key is not there
} cv_kv_value;

// Gets keys in order; false when it has enough.
typedef bool cv_kv_key_fn(void *env, cv_bytes key);

typedef struct cv_bucket_ops {
  const char *name; // "memory", "sqlite"
  cv_err (*get)(cv_bucket *b, cv_bytes key, cv_kv_value *out);
  cv_err (*set)(cv_bucket *b, cv_bytes key, cv_bytes value);
  cv_err (*remove)(cv_bucket *b, cv_bytes key);
  // Keys behind `after`, all with NULL.
  cv_err (*list)(cv_bucket *b, const cv_bytes *after, cv_kv_key_fn *fn, void *env);
  // Around steps that belong together; may be NULL.
  cv_err (*begin)(cv_bucket *b);
  cv_err (*end)(cv_bucket *b, bool keep);
  void (*close)(cv_bucket *b);
} cv_bucket_ops;

struct cv_bucket {
  const cv_bucket_ops *ops;
  cv_wasi *w;       // borrowed; owns the bucket
  const char *name; // frozen
  bool read_only;
  char why[192]; // what the last failure was, in words; "" when its error says it
};

// What the configuration names; files are opened now. On failure those made are in the context, which ends them.
CV_MUST_USE cv_status cv_buckets_open(cv_wasi *w, const cv_wasi_config *c, cv_diag *diag);
void cv_buckets_close(cv_wasi *w);
// NULL when none is granted by this name, which is recorded.
cv_bucket *cv_bucket_find(cv_wasi *w, cv_bytes name);

// Errors: CV_ERR_ROFS for a change of what is read-only; CV_ERR_TOOBIG and CV_ERR_NOSPC for limits; CV_ERR_STOPPED.
CV_MUST_USE cv_err cv_bucket_get(cv_bucket *b, cv_bytes key, cv_kv_value *out);
CV_MUST_USE cv_err cv_bucket_set(cv_bucket *b, cv_bytes key, cv_bytes value);
CV_MUST_USE cv_err cv_bucket_remove(cv_bucket *b, cv_bytes key);
CV_MUST_USE cv_err cv_bucket_list(cv_bucket *b, const cv_bytes *after, cv_kv_key_fn *fn, void *env);
// The value is a number in decimal; 0 when the key is not there. CV_ERR_INVAL for what is no number, CV_ERR_OVERFLOW.
CV_MUST_USE cv_err cv_bucket_increment(cv_bucket *b, cv_bytes key, int64_t delta, int64_t *result);
// Sets the value if the key's version is still this one; *version is the one that it has then.
CV_MUST_USE cv_err cv_bucket_swap(cv_bucket *b, cv_bytes key, uint64_t *version, cv_bytes value, bool *swapped);
// Notes why, and is `err`.
CV_PRINTF(3, 4) cv_err cv_bucket_fail(cv_bucket *b, cv_err err, const char *fmt, ...);
// "out of memory", or what was noted.
const char *cv_bucket_why(const cv_bucket *b, cv_err err);

// ---- makers ----
CV_MUST_USE cv_err cv_bucket_memory_new(cv_wasi *w, cv_bucket **out);
// CV_EUNSUPPORTED where cove is built without SQLite, or the machine does not have it.
CV_MUST_USE cv_status cv_bucket_sqlite_new(cv_wasi *w, const char *file, const char *name, bool read_only,
                                           cv_bucket **out, cv_diag *diag);

#endif
