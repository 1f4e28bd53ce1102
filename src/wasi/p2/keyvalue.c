// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// keyvalue.c: wasi:keyvalue: buckets of the core. A cas is a key with the version that its value had.
#include "base/utf8.h"
#include "wasi/core/kv.h"
#include "wasi/p2/host.h"

#include <inttypes.h>
#include <stdio.h>

enum { PAGE_KEYS = 1000, PAGE_BYTES = 256 << 10 }; // of one listing

struct wasi_keyvalue_store_bucket {
  p2_resource base;
  cv_bucket *bucket; // of the context
};

struct wasi_keyvalue_atomics_cas {
  p2_resource base;
  cv_bucket *bucket;
  uint64_t version;
  size_t key_size;
  uint8_t key[]; // as long as the key is
};

typedef wasi_keyvalue_store_bucket bucket_;
typedef wasi_keyvalue_atomics_cas cas_;
typedef wasi_keyvalue_store_error store_error;
typedef p2_result_void_wasi_keyvalue_store_error void_result;

// ---- errors ----

// An error for the program. The words are in memory of the call; the traps that end it are the caller's.
static bool say(cove_call *call, const cv_bucket *b, cv_err err, store_error *error) {
  if (err == CV_ERR_ROFS) {
    error->tag = WASI_KEYVALUE_STORE_ERROR_ACCESS_DENIED;
    return true;
  }
  const char *why = cv_bucket_why(b, err);
  size_t size = strlen(why);
  char *copy = cove_call_alloc(call, size + 1);
  if (copy == NULL)
    return false;
  memcpy(copy, why, size);
  error->tag = WASI_KEYVALUE_STORE_ERROR_OTHER;
  error->as.other = (cove_string){copy, cv_utf8_valid_prefix((const uint8_t *)copy, size)};
  return true;
}

static cove_host_result fail(cv_p2 *p2, cove_call *call, const cv_bucket *b, cv_err err, bool *is_error,
                             store_error *error) {
  if (err == CV_ERR_OK)
    return COVE_HOST_OK;
  if (p2_ends_program(err))
    return cv_p2_trap(p2, call, err);
  *is_error = true;
  return say(call, b, err, error) ? COVE_HOST_OK : cv_p2_trap(p2, call, CV_ERR_NOMEM);
}
#define DONE(host, call, bucket, err, result) fail(host, call, bucket, err, &(result)->is_error, &(result)->as.error)

// ---- buckets ----

static void end_bucket(cv_p2 *p2, p2_resource *r) {
  (void)p2, (void)r; // the bucket is the context's
}

void wasi_keyvalue_store_bucket_drop(void *host, bucket_ *self) {
  cv_p2_resource_drop(host, &wasi_keyvalue_store_bucket_resource, &self->base);
}

cove_host_result wasi_keyvalue_store_open(void *host, cove_call *call, cove_string identifier,
                                          p2_result_wasi_keyvalue_store_bucket_wasi_keyvalue_store_error *result) {
  cv_p2 *p2 = host;
  cv_bucket *found = cv_bucket_find(p2->w, p2_bytes(identifier));
  if (p2->w->bucket_count == 0)
    return cv_p2_refuse(p2, call, "wasi:keyvalue/store");
  if (found == NULL) {
    result->is_error = true;
    result->as.error.tag = WASI_KEYVALUE_STORE_ERROR_NO_SUCH_STORE;
    return COVE_HOST_OK;
  }
  bucket_ *r = cv_p2_resource_new(p2, sizeof *r, end_bucket);
  if (r == NULL)
    return cv_p2_trap(p2, call, CV_ERR_NOMEM);
  r->bucket = found;
  result->as.ok = r;
  return COVE_HOST_OK;
}

static p2_list_u8 bytes_of(const cv_kv_value *value) {
  return (p2_list_u8){(uint8_t *)(uintptr_t)value->bytes.data, value->bytes.size};
}

cove_host_result wasi_keyvalue_store_bucket_get(void *host, cove_call *call, bucket_ *self, cove_string key,
                                                p2_result_option_list_u8_wasi_keyvalue_store_error *result) {
  cv_kv_value value;
  cv_err err = cv_bucket_get(self->bucket, p2_bytes(key), &value);
  result->as.ok.has = value.version != 0;
  result->as.ok.value = bytes_of(&value);
  return DONE(host, call, self->bucket, err, result);
}

cove_host_result wasi_keyvalue_store_bucket_set(void *host, cove_call *call, bucket_ *self, cove_string key,
                                                const p2_list_u8 *value, void_result *result) {
  cv_err err = cv_bucket_set(self->bucket, p2_bytes(key), (cv_bytes){value->data, value->count});
  return DONE(host, call, self->bucket, err, result);
}

cove_host_result wasi_keyvalue_store_bucket_delete(void *host, cove_call *call, bucket_ *self, cove_string key,
                                                   void_result *result) {
  return DONE(host, call, self->bucket, cv_bucket_remove(self->bucket, p2_bytes(key)), result);
}

cove_host_result wasi_keyvalue_store_bucket_exists(void *host, cove_call *call, bucket_ *self, cove_string key,
                                                   p2_result_bool_wasi_keyvalue_store_error *result) {
  cv_kv_value value;
  cv_err err = cv_bucket_get(self->bucket, p2_bytes(key), &value);
  result->as.ok = value.version != 0;
  return DONE(host, call, self->bucket, err, result);
}

// ---- listings: the cursor is the last key that was told ----

typedef struct page {
  cove_call *call;
  cove_string *keys;            // PAGE_KEYS of them
  size_t count, bytes, longest; // keys, bytes of them, bytes of one
  bool more, no_memory;
} page;

static bool add_key(void *env, cv_bytes key) {
  page *p = env;
  if (key.size > p->longest || !cv_utf8_is_valid(key))
    return true; // somebody else's: no program can name it
  p->more = p->count == PAGE_KEYS || (p->count != 0 && p->bytes + key.size > PAGE_BYTES);
  if (p->more)
    return false;
  char *copy = cove_call_alloc(p->call, key.size + 1);
  p->no_memory = copy == NULL;
  if (copy == NULL)
    return false;
  if (key.size != 0)
    memcpy(copy, key.data, key.size);
  p->keys[p->count++] = (cove_string){copy, key.size};
  p->bytes += key.size;
  return true;
}

cove_host_result
wasi_keyvalue_store_bucket_list_keys(void *host, cove_call *call, bucket_ *self, const p2_option_string *cursor,
                                     p2_result_wasi_keyvalue_store_key_response_wasi_keyvalue_store_error *result) {
  const cv_p2 *p2 = host;
  page p = {.call = call, .keys = cove_call_alloc(call, PAGE_KEYS * sizeof *p.keys), .longest = p2->w->limits.kv_key};
  cv_bytes after = cursor->has ? p2_bytes(cursor->value) : (cv_bytes){NULL, 0};
  if (p.keys == NULL)
    return cv_p2_trap(host, call, CV_ERR_NOMEM);
  cv_err err = cv_bucket_list(self->bucket, cursor->has ? &after : NULL, add_key, &p);
  if (p.no_memory)
    return cv_p2_trap(host, call, CV_ERR_NOMEM);
  result->as.ok.keys = (p2_list_string){p.keys, p.count};
  result->as.ok.cursor.has = p.more;
  if (p.more)
    result->as.ok.cursor.value = p.keys[p.count - 1];
  return DONE(host, call, self->bucket, err, result);
}

// ---- atomics ----

static void end_cas(cv_p2 *p2, p2_resource *r) {
  (void)p2, (void)r; // nothing beside itself
}

void wasi_keyvalue_atomics_cas_drop(void *host, cas_ *self) {
  cv_p2_resource_drop(host, &wasi_keyvalue_atomics_cas_resource, &self->base);
}

cove_host_result wasi_keyvalue_atomics_cas_new(void *host, cove_call *call, bucket_ *bucket, cove_string key,
                                               p2_result_wasi_keyvalue_atomics_cas_wasi_keyvalue_store_error *result) {
  cv_p2 *p2 = host;
  cv_kv_value value;
  cv_err err = cv_bucket_get(bucket->bucket, p2_bytes(key), &value);
  if (err != CV_ERR_OK)
    return DONE(host, call, bucket->bucket, err, result);
  cas_ *r = cv_p2_resource_new(p2, sizeof *r + key.size, end_cas);
  if (r == NULL)
    return cv_p2_trap(p2, call, CV_ERR_NOMEM);
  r->bucket = bucket->bucket;
  r->version = value.version;
  r->key_size = key.size;
  if (key.size != 0)
    memcpy(r->key, key.data, key.size);
  result->as.ok = r;
  return COVE_HOST_OK;
}

static cv_bytes key_of(const cas_ *cas) {
  return (cv_bytes){cas->key, cas->key_size};
}

cove_host_result wasi_keyvalue_atomics_cas_current(void *host, cove_call *call, cas_ *self,
                                                   p2_result_option_list_u8_wasi_keyvalue_store_error *result) {
  cv_kv_value value;
  cv_err err = cv_bucket_get(self->bucket, key_of(self), &value);
  self->version = value.version; // what is swapped must be what was seen
  result->as.ok.has = value.version != 0;
  result->as.ok.value = bytes_of(&value);
  return DONE(host, call, self->bucket, err, result);
}

cove_host_result wasi_keyvalue_atomics_increment(void *host, cove_call *call, bucket_ *bucket, cove_string key,
                                                 int64_t delta, p2_result_s64_wasi_keyvalue_store_error *result) {
  int64_t number;
  cv_err err = cv_bucket_increment(bucket->bucket, p2_bytes(key), delta, &number);
  result->as.ok = number;
  return DONE(host, call, bucket->bucket, err, result);
}

// The cas is the host's now: it goes back to the program when the value has changed, and else it ends.
cove_host_result wasi_keyvalue_atomics_swap(void *host, cove_call *call, cas_ *cas, const p2_list_u8 *value,
                                            p2_result_void_wasi_keyvalue_atomics_cas_error *result) {
  bool swapped;
  cv_bucket *b = cas->bucket;
  cv_err err = cv_bucket_swap(b, key_of(cas), &cas->version, (cv_bytes){value->data, value->count}, &swapped);
  if (err == CV_ERR_OK && !swapped) {
    result->is_error = true;
    result->as.error.tag = WASI_KEYVALUE_ATOMICS_CAS_ERROR_CAS_FAILED;
    result->as.error.as.cas_failed = cas;
    return COVE_HOST_OK;
  }
  cv_p2_resource_drop(host, NULL, &cas->base);
  result->as.error.tag = WASI_KEYVALUE_ATOMICS_CAS_ERROR_STORE_ERROR;
  return fail(host, call, b, err, &result->is_error, &result->as.error.as.store_error);
}

// ---- batches: those before one that fails stay done ----

typedef p2_result_list_option_tuple2_string_list_u8_wasi_keyvalue_store_error many_result;

static cv_err too_many(const cv_p2 *p2, cv_bucket *b) {
  return cv_bucket_fail(b, CV_ERR_TOOBIG, "more than %" PRIu64 " bytes in the answer to one call",
                        p2->w->limits.call_bytes);
}

// One of many, in memory of the call: the next value may be read into the same place, and the key lies in the program's
// memory, which its realloc may change before the key is written there. *total counts their bytes.
static cv_err take_one(const cv_p2 *p2, cove_call *call, cv_bucket *b, cove_string key, uint64_t *total,
                       p2_option_tuple2_string_list_u8 *out) {
  cv_kv_value value;
  CV_ERR_TRY(cv_bucket_get(b, p2_bytes(key), &value));
  *out = (p2_option_tuple2_string_list_u8){.has = value.version != 0};
  if (!out->has)
    return CV_ERR_OK;
  *total += (uint64_t)value.bytes.size + key.size;
  if (*total > p2->w->limits.call_bytes)
    return too_many(p2, b);
  uint8_t *copy = cove_call_alloc(call, value.bytes.size + key.size + 1);
  if (copy == NULL)
    return CV_ERR_NOMEM;
  if (value.bytes.size != 0)
    memcpy(copy, value.bytes.data, value.bytes.size);
  if (key.size != 0)
    memcpy(copy + value.bytes.size, key.data, key.size);
  out->value.f0 = (cove_string){(char *)copy + value.bytes.size, key.size};
  out->value.f1 = (p2_list_u8){copy, value.bytes.size};
  return CV_ERR_OK;
}

cove_host_result wasi_keyvalue_batch_get_many(void *host, cove_call *call, bucket_ *bucket, const p2_list_string *keys,
                                              many_result *result) {
  const cv_p2 *p2 = host;
  p2_option_tuple2_string_list_u8 *all;
  uint64_t total = (uint64_t)keys->count * sizeof *all;
  if (total > p2->w->limits.call_bytes)
    return DONE(host, call, bucket->bucket, too_many(p2, bucket->bucket), result);
  all = cove_call_alloc(call, (size_t)total + 1);
  if (all == NULL)
    return cv_p2_trap(host, call, CV_ERR_NOMEM);
  cv_err err = CV_ERR_OK;
  for (size_t i = 0; i < keys->count && err == CV_ERR_OK; i++)
    err = take_one(host, call, bucket->bucket, keys->data[i], &total, &all[i]);
  result->as.ok.data = all;
  result->as.ok.count = keys->count;
  return DONE(host, call, bucket->bucket, err, result);
}

cove_host_result wasi_keyvalue_batch_set_many(void *host, cove_call *call, bucket_ *bucket,
                                              const p2_list_tuple2_string_list_u8 *key_values, void_result *result) {
  cv_err err = CV_ERR_OK;
  for (size_t i = 0; i < key_values->count && err == CV_ERR_OK; i++) {
    const p2_list_u8 *value = &key_values->data[i].f1;
    err = cv_bucket_set(bucket->bucket, p2_bytes(key_values->data[i].f0), (cv_bytes){value->data, value->count});
  }
  return DONE(host, call, bucket->bucket, err, result);
}

cove_host_result wasi_keyvalue_batch_delete_many(void *host, cove_call *call, bucket_ *bucket,
                                                 const p2_list_string *keys, void_result *result) {
  cv_err err = CV_ERR_OK;
  for (size_t i = 0; i < keys->count && err == CV_ERR_OK; i++)
    err = cv_bucket_remove(bucket->bucket, p2_bytes(keys->data[i]));
  return DONE(host, call, bucket->bucket, err, result);
}
