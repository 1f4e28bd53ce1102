// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// host.h: private to wasi/p2: the host's side of the resources, and the ways that a call ends.
#ifndef COVE_WASI_P2_HOST_H
#define COVE_WASI_P2_HOST_H

#include "p2_bindings.h"
#include "wasi/core/flow.h"
#include "wasi/core/listing.h"
#include "wasi/p2/p2.h"

enum { P2_SCRATCH = 256 << 10 }; // most bytes of one read

// What every resource begins with: all that are alive are in one list.
typedef struct p2_resource {
  struct p2_resource *next, **link;
  size_t size;
  uint32_t handle; // the number under which a program last saw it, when there is a trace; 0 for none
  void (*end)(cv_p2 *p2, struct p2_resource *r); // lets go what it holds
} p2_resource;

struct cv_p2 {
  cv_mem *mem; // borrowed
  cv_wasi *w;  // owned
  uint32_t refs;
  cv_p2_ends ends;
  p2_resource *alive;
  uint32_t alive_count;
  cv_stream *stdio[3];   // kept
  cv_output *outputs[3]; // of standard output and error (1, 2): shared, so that what they hold keeps its order
  cv_random insecure;
  bool has_seed;
  bool is_over;                   // the program: what is dropped now, it has not dropped
  uint64_t seed[2];               // insecure-seed, once it was asked for
  struct p2_traced_world *traced; // made when there is a trace
  uint8_t *scratch;               // what cv_p2_scratch gave, NULL before
};

struct wasi_io_error_error {
  cv_err err;
};

struct wasi_io_poll_pollable {
  p2_resource base;
  cv_pollable *pollable;
};

struct wasi_io_streams_input_stream {
  p2_resource base;
  cv_input *input;
};

struct wasi_io_streams_output_stream {
  p2_resource base;
  cv_output *output;
  uint64_t permit; // bytes that check-write has allowed and write has not used
};

struct wasi_filesystem_types_descriptor {
  p2_resource base;
  cv_descriptor d;
  uint8_t flags; // descriptor-flags
};

struct wasi_filesystem_types_directory_entry_stream {
  p2_resource base;
  cv_listing *listing;
};

// ---- p2.c ----
// P2_SCRATCH bytes, made when first asked for; NULL when out of memory. A result may point into it, as the next call
// comes after it was lowered.
uint8_t *cv_p2_scratch(cv_p2 *p2);
// Zeroed, in the list; NULL when out of memory, or when there are too many (cv_p2_trap knows).
void *cv_p2_resource_new(cv_p2 *p2, size_t size, void (*end)(cv_p2 *p2, p2_resource *r));
// `resource` is its type, for the trace; NULL when it is not the program that drops it.
void cv_p2_resource_drop(cv_p2 *p2, const cove_glue_resource *resource, p2_resource *r);

// A trap of CV_ERR_STOPPED, CV_ERR_OUTPUT_LIMIT, CV_ERR_NOMEM, or of any other error as a sentence.
CV_MUST_USE cove_host_result cv_p2_trap(cv_p2 *p2, cove_call *call, cv_err err);
CV_PRINTF(2, 3) CV_MUST_USE cove_host_result cv_p2_trapf(cove_call *call, const char *fmt, ...);
// A trap for a limit that was reached.
CV_PRINTF(3, 4) CV_MUST_USE cove_host_result cv_p2_limit(cv_p2 *p2, cove_call *call, const char *fmt, ...);
// A trap for what was not granted; the caller has recorded it.
CV_MUST_USE cove_host_result cv_p2_refuse(cv_p2 *p2, cove_call *call, const char *interface);

// Errors that are not for the program.
static inline bool p2_ends_program(cv_err err) {
  return err == CV_ERR_STOPPED || err == CV_ERR_OUTPUT_LIMIT;
}

// Valid UTF-8: what is not becomes U+FFFD, in memory of the call. False when out of memory.
CV_MUST_USE bool cv_p2_string(cove_call *call, const char *text, cove_string *out);

static inline cv_bytes p2_bytes(cove_string s) {
  return (cv_bytes){(const uint8_t *)s.data, s.size};
}

// ---- trace.c ----
// The generated table with tracing around each function; NULL when out of memory.
const cove_glue_world *cv_p2_traced_world(cv_p2 *p2);
void cv_p2_traced_world_delete(cv_p2 *p2);
// A program has dropped a resource; to be called while it is there.
void cv_p2_trace_drop(cv_p2 *p2, const cove_glue_resource *resource, const void *rep);

// ---- io.c ----
// The error as a resource: one for each error of the core, for ever.
wasi_io_error_error *cv_p2_error(cv_err err);
// Take over the reference, also on failure (NULL).
wasi_io_streams_input_stream *cv_p2_input(cv_p2 *p2, cv_input *input);
wasi_io_streams_output_stream *cv_p2_output(cv_p2 *p2, cv_output *output);
wasi_io_poll_pollable *cv_p2_pollable(cv_p2 *p2, cv_pollable *pollable);

#endif
