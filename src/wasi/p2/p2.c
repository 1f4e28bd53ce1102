// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// p2.c: what the interfaces share: the host, the list of resources, how calls end.
#include "base/utf8.h"
#include "wasi/p2/host.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

cv_status cv_p2_new(cv_mem *mem, cv_wasi *wasi, const cv_p2_ends *ends, cv_p2 **out) {
  cv_p2 *p2 = *out = cv_mem_zalloc(mem, sizeof *p2);
  if (p2 == NULL)
    return CV_ENOMEM;
  *p2 = (cv_p2){.mem = mem, .w = wasi, .refs = 1};
  if (ends != NULL)
    p2->ends = *ends;
  // Insecure numbers say nothing of the host: without a grant they are the same in every run.
  cv_random_mode mode = wasi->random.mode;
  cv_random_init(&p2->insecure, mode == CV_RANDOM_DENIED ? CV_RANDOM_SEEDED : mode, 0);
  if (mode == CV_RANDOM_SEEDED) {
    memcpy(p2->insecure.state, wasi->random.state, sizeof p2->insecure.state);
    p2->insecure.state[14] = 1; // the nonce: another sequence than that of `random`
  }
  for (uint32_t i = 0; i < 3; i++) {
    p2->stdio[i] = wasi->descriptors.all.data[i].stream; // made first, in every context
    cv_stream_retain(p2->stdio[i]);
  }
  return CV_OK;
}

uint8_t *cv_p2_scratch(cv_p2 *p2) {
  if (p2->scratch == NULL)
    p2->scratch = cv_mem_alloc(p2->mem, P2_SCRATCH);
  return p2->scratch;
}

void cv_p2_retain(cv_p2 *p2) {
  p2->refs++;
}

void cv_p2_detach(cv_p2 *p2) {
  p2->w->should_stop = NULL;
}

void cv_p2_flush(cv_p2 *p2) {
  p2->is_over = true;
  for (unsigned i = 1; i < 3; i++)
    if (p2->outputs[i] != NULL && cv_output_flush(p2->outputs[i], true) != CV_ERR_OK)
      continue; // the reader is gone, or who asks for the wait to end: the rest is lost
}

static void end_resource(cv_p2 *p2, p2_resource *r) {
  *r->link = r->next;
  if (r->next != NULL)
    r->next->link = r->link;
  r->end(p2, r);
  p2->alive_count--;
  cv_mem_free(p2->mem, r, r->size);
}

void cv_p2_release(cv_p2 *p2) {
  if (p2 == NULL || --p2->refs != 0)
    return;
  p2->w->should_stop = NULL; // nobody is left to ask
  while (p2->alive != NULL)
    end_resource(p2, p2->alive);
  for (unsigned i = 0; i < 3; i++) {
    cv_output_release(p2->outputs[i]);
    cv_stream_release(p2->stdio[i]);
  }
  cv_wasi_delete(p2->w);
  cv_p2_traced_world_delete(p2);
  cv_mem_free(p2->mem, p2->scratch, P2_SCRATCH);
  cv_mem_free(p2->mem, p2, sizeof *p2);
}

const cove_glue_world *cv_p2_world(cv_p2 *p2) {
  if (p2->w->trace == NULL)
    return &p2_world;
  return cv_p2_traced_world(p2);
}

static bool is_interface(const char *name, const char *interface) {
  size_t n = strlen(interface);
  return strncmp(name, interface, n) == 0 && (name[n] == '@' || name[n] == '\0');
}

const char *cv_p2_missing_grant(const cv_p2 *p2, const char *name) {
  if (is_interface(name, "wasi:clocks/monotonic-clock") && p2->w->clock.monotonic == CV_CLOCK_DENIED)
    return "a monotonic clock (--clock monotonic, or --clock real)";
  if (is_interface(name, "wasi:clocks/wall-clock") && p2->w->clock.wall == CV_CLOCK_DENIED)
    return "a wall clock (--clock real)";
  if (is_interface(name, "wasi:random/random") && p2->w->random.mode == CV_RANDOM_DENIED)
    return "randomness (--random real, or --seed N)";
  if (strncmp(name, "wasi:config/", 12) == 0 && !p2->w->has_settings)
    return "configuration values (--config NAME=VALUE)";
  if (strncmp(name, "wasi:logging/", 13) == 0 && p2->w->log.fn == NULL)
    return "a place to log to (--log)";
  if (strncmp(name, "wasi:keyvalue/", 14) == 0 && p2->w->bucket_count == 0)
    return "a bucket (--keyvalue BUCKET[=FILE])";
  return NULL;
}

// ---- resources ----

void *cv_p2_resource_new(cv_p2 *p2, size_t size, void (*end)(cv_p2 *p2, p2_resource *r)) {
  p2_resource *r = p2->alive_count < p2->w->limits.resources ? cv_mem_zalloc(p2->mem, size) : NULL;
  if (r == NULL)
    return NULL;
  p2->alive_count++;
  *r = (p2_resource){.next = p2->alive, .link = &p2->alive, .size = size, .end = end};
  if (r->next != NULL)
    r->next->link = &r->next;
  p2->alive = r;
  return r;
}

void cv_p2_resource_drop(cv_p2 *p2, const cove_glue_resource *resource, p2_resource *r) {
  if (resource != NULL)
    cv_p2_trace_drop(p2, resource, r);
  end_resource(p2, r);
}

// ---- ends of calls ----

cove_host_result cv_p2_trapf(cove_call *call, const char *fmt, ...) {
  char text[192];
  va_list args;
  va_start(args, fmt);
  (void)vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return cove_call_trap(call, text);
}

cove_host_result cv_p2_limit(cv_p2 *p2, cove_call *call, const char *fmt, ...) {
  char text[192];
  va_list args;
  va_start(args, fmt);
  (void)vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return p2->ends.limit != NULL ? p2->ends.limit(call, text) : cove_call_trap(call, text);
}

cove_host_result cv_p2_trap(cv_p2 *p2, cove_call *call, cv_err err) {
  if (err == CV_ERR_STOPPED && p2->ends.stopped != NULL)
    return p2->ends.stopped(call);
  if (err == CV_ERR_OUTPUT_LIMIT && p2->ends.output_limit != NULL)
    return p2->ends.output_limit(call);
  if (err == CV_ERR_NOMEM && p2->alive_count >= p2->w->limits.resources)
    return cv_p2_limit(p2, call,
                       "%" PRIu32 " streams, pollables and descriptors are open: the limit is %" PRIu32
                       " (--max-resources N gives it more)",
                       p2->alive_count, p2->w->limits.resources);
  return cove_call_trap(call, cv_err_text(err));
}

cove_host_result cv_p2_refuse(cv_p2 *p2, cove_call *call, const char *interface) {
  const char *grant = cv_p2_missing_grant(p2, interface);
  return cv_p2_trapf(call, "%s is not granted: it needs %s", interface, grant != NULL ? grant : "a grant");
}

bool cv_p2_string(cove_call *call, const char *text, cove_string *out) {
  size_t size = strlen(text), at = 0, n = 0;
  *out = (cove_string){text, size};
  if (cv_utf8_is_valid((cv_bytes){(const uint8_t *)text, size}))
    return true;
  char *copy = cove_call_alloc(call, 3 * size); // U+FFFD has three bytes
  if (copy == NULL)
    return false;
  while (at < size) {
    size_t good = cv_utf8_valid_prefix((const uint8_t *)text + at, size - at);
    memcpy(copy + n, text + at, good);
    n += good;
    at += good;
    if (at < size) {
      memcpy(copy + n, "\xef\xbf\xbd", 3);
      n += 3;
      at++;
    }
  }
  *out = (cove_string){copy, n};
  return true;
}
