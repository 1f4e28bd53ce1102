// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// random.c: wasi:random.
#include "wasi/p2/host.h"

#include <inttypes.h>

static cove_host_result refuse(cv_p2 *p2, cove_call *call) {
  cv_wasi_refuse_random(p2->w);
  return cv_p2_refuse(p2, call, "wasi:random/random");
}

static cove_host_result fill(cv_p2 *p2, cove_call *call, cv_random *random, void *out, size_t size) {
  cv_err err = cv_random_fill(random, out, size);
  if (err == CV_ERR_NOTCAPABLE)
    return refuse(p2, call);
  return err == CV_ERR_OK ? COVE_HOST_OK : cv_p2_trap(p2, call, err);
}

static cove_host_result bytes(cv_p2 *p2, cove_call *call, cv_random *random, uint64_t len, p2_list_u8 *result) {
  if (len > p2->w->limits.random_bytes)
    return cv_p2_limit(
        p2, call, "%" PRIu64 " random bytes in one call: the limit is %" PRIu64 " (--max-random SIZE gives it more)",
        len, p2->w->limits.random_bytes);
  if (random->mode == CV_RANDOM_DENIED)
    return refuse(p2, call);
  result->count = (size_t)len;
  result->data = len <= P2_SCRATCH ? cv_p2_scratch(p2) : cove_call_alloc(call, result->count);
  if (result->data == NULL)
    return cv_p2_trap(p2, call, CV_ERR_NOMEM);
  return fill(p2, call, random, result->data, result->count);
}

cove_host_result wasi_random_random_get_random_bytes(void *host, cove_call *call, uint64_t len, p2_list_u8 *result) {
  cv_p2 *p2 = host;
  return bytes(p2, call, &p2->w->random, len, result);
}

cove_host_result wasi_random_random_get_random_u64(void *host, cove_call *call, uint64_t *result) {
  cv_p2 *p2 = host;
  return fill(p2, call, &p2->w->random, result, sizeof *result);
}

cove_host_result wasi_random_insecure_get_insecure_random_bytes(void *host, cove_call *call, uint64_t len,
                                                                p2_list_u8 *result) {
  cv_p2 *p2 = host;
  return bytes(p2, call, &p2->insecure, len, result);
}

cove_host_result wasi_random_insecure_get_insecure_random_u64(void *host, cove_call *call, uint64_t *result) {
  cv_p2 *p2 = host;
  return fill(p2, call, &p2->insecure, result, sizeof *result);
}

cove_host_result wasi_random_insecure_seed_insecure_seed(void *host, cove_call *call, p2_tuple2_u64_u64 *result) {
  cv_p2 *p2 = host;
  if (!p2->has_seed) {
    COVE_GLUE_TRY(fill(p2, call, &p2->insecure, p2->seed, sizeof p2->seed));
    p2->has_seed = true;
  }
  *result = (p2_tuple2_u64_u64){p2->seed[0], p2->seed[1]}; // the same each time
  return COVE_HOST_OK;
}
