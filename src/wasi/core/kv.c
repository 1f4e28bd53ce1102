// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv.c: what all kinds of bucket share: which there are, limits, and what takes several steps.
#include "wasi/core/kv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

// ---- which there are ----

cv_status cv_buckets_open(cv_wasi *w, const cv_wasi_config *c, cv_diag *diag) {
  w->buckets = CV_ARENA_ARRAY(&w->arena, cv_bucket *, c->buckets.count + 1);
  if (w->buckets == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  for (size_t i = 0; i < c->buckets.count; i++) {
    const cv_bucket_grant *grant = &c->buckets.data[i];
    const char *name = cv_arena_copy(&w->arena, grant->name, strlen(grant->name) + 1);
    cv_bucket *b = NULL;
    if (name == NULL || (grant->file == NULL && cv_bucket_memory_new(w, &b) != CV_ERR_OK))
      return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
    if (grant->file != NULL)
      CV_TRY(cv_bucket_sqlite_new(w, grant->file, name, grant->read_only, &b, diag));
    b->w = w;
    b->name = name;
    b->read_only = grant->read_only;
    w->buckets[w->bucket_count++] = b;
  }
  return CV_OK;
}

void cv_buckets_close(cv_wasi *w) {
  while (w->bucket_count != 0) {
    cv_bucket *b = w->buckets[--w->bucket_count];
    b->ops->close(b);
  }
}

cv_bucket *cv_bucket_find(cv_wasi *w, cv_bytes name) {
  for (size_t i = 0; i < w->bucket_count; i++)
    if (strlen(w->buckets[i]->name) == name.size && memcmp(w->buckets[i]->name, name.data, name.size) == 0)
      return w->buckets[i];
  char grant[160];
  int shown = (int)CV_MIN(name.size, 100u);
  (void)snprintf(grant, sizeof grant, "--keyvalue %.*s", shown, (const char *)name.data);
  cv_wasi_refuse_other(w, grant, "open the bucket \"%.*s\"", shown, (const char *)name.data);
  return NULL;
}

// ---- failures ----

cv_err cv_bucket_fail(cv_bucket *b, cv_err err, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  (void)vsnprintf(b->why, sizeof b->why, fmt, args);
  va_end(args);
  return err;
}

const char *cv_bucket_why(const cv_bucket *b, cv_err err) {
  return b->why[0] != '\0' ? b->why : cv_err_text(err);
}

static cv_err check_key(cv_bucket *b, cv_bytes key) {
  uint64_t limit = b->w->limits.kv_key;
  b->why[0] = '\0';
  if (cv_wasi_is_stopped(b->w)) // there may be many in one call of the program
    return CV_ERR_STOPPED;
  if (key.size > limit)
    return cv_bucket_fail(b, CV_ERR_TOOBIG, "a key of %zu bytes: the limit is %" PRIu64, key.size, limit);
  return CV_ERR_OK;
}

static cv_err check_change(cv_bucket *b, cv_bytes key, size_t value_size) {
  uint64_t limit = b->w->limits.kv_value;
  CV_ERR_TRY(check_key(b, key));
  if (b->read_only) {
    cv_wasi_refuse_other(b->w, "", "change the bucket \"%s\": it is granted read-only", b->name);
    return CV_ERR_ROFS;
  }
  if (value_size > limit)
    return cv_bucket_fail(b, CV_ERR_TOOBIG, "a value of %zu bytes: the limit is %" PRIu64, value_size, limit);
  return CV_ERR_OK;
}

// ---- one step ----

cv_err cv_bucket_get(cv_bucket *b, cv_bytes key, cv_kv_value *out) {
  *out = (cv_kv_value){.version = 0};
  CV_ERR_TRY(check_key(b, key));
  return b->ops->get(b, key, out);
}

cv_err cv_bucket_set(cv_bucket *b, cv_bytes key, cv_bytes value) {
  CV_ERR_TRY(check_change(b, key, value.size));
  return b->ops->set(b, key, value);
}

cv_err cv_bucket_remove(cv_bucket *b, cv_bytes key) {
  CV_ERR_TRY(check_change(b, key, 0));
  return b->ops->remove(b, key);
}

cv_err cv_bucket_list(cv_bucket *b, const cv_bytes *after, cv_kv_key_fn *fn, void *env) {
  b->why[0] = '\0';
  return b->ops->list(b, after, fn, env);
}

// ---- several ----

static cv_err begin(cv_bucket *b) {
  return b->ops->begin != NULL ? b->ops->begin(b) : CV_ERR_OK;
}

// Keeps what was done when all of it went well.
static cv_err end(cv_bucket *b, cv_err err) {
  if (b->ops->end == NULL)
    return err;
  cv_err ended = b->ops->end(b, err == CV_ERR_OK);
  return err != CV_ERR_OK ? err : ended;
}

// Digits with a sign or without, and nothing else.
static bool parse_number(cv_bytes text, int64_t *out) {
  int64_t n = 0;
  size_t i = text.size != 0 && text.data[0] == '-';
  bool negative = i != 0;
  if (i == text.size)
    return false;
  for (; i < text.size; i++) {
    int64_t digit = text.data[i] - '0';
    if (digit < 0 || digit > 9 || __builtin_mul_overflow(n, 10, &n) ||
        __builtin_add_overflow(n, negative ? -digit : digit, &n))
      return false;
  }
  *out = n;
  return true;
}

static cv_err add(cv_bucket *b, cv_bytes key, int64_t delta, int64_t *result) {
  cv_kv_value value;
  char text[24];
  *result = 0;
  CV_ERR_TRY(b->ops->get(b, key, &value));
  if (value.version != 0 && !parse_number(value.bytes, result))
    return cv_bucket_fail(b, CV_ERR_INVAL, "the value is not a number in decimal");
  if (__builtin_add_overflow(*result, delta, result))
    return cv_bucket_fail(b, CV_ERR_OVERFLOW, "the number does not fit in 64 bits");
  int size = snprintf(text, sizeof text, "%" PRId64, *result);
  return b->ops->set(b, key, (cv_bytes){(const uint8_t *)text, (size_t)size});
}

cv_err cv_bucket_increment(cv_bucket *b, cv_bytes key, int64_t delta, int64_t *result) {
  *result = 0;
  CV_ERR_TRY(check_change(b, key, 0));
  CV_ERR_TRY(begin(b));
  return end(b, add(b, key, delta, result));
}

static cv_err swap(cv_bucket *b, cv_bytes key, uint64_t *version, cv_bytes value, bool *swapped) {
  cv_kv_value now;
  CV_ERR_TRY(b->ops->get(b, key, &now));
  *swapped = now.version == *version;
  if (*swapped) {
    CV_ERR_TRY(b->ops->set(b, key, value));
    CV_ERR_TRY(b->ops->get(b, key, &now));
  }
  *version = now.version;
  return CV_ERR_OK;
}

cv_err cv_bucket_swap(cv_bucket *b, cv_bytes key, uint64_t *version, cv_bytes value, bool *swapped) {
  *swapped = false;
  CV_ERR_TRY(check_change(b, key, value.size));
  CV_ERR_TRY(begin(b));
  return end(b, swap(b, key, version, value, swapped));
}
