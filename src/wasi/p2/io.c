// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// io.c: wasi:io: errors, streams, pollables.
#include "wasi/p2/host.h"

#include <inttypes.h>

enum { BLOCKING_WRITE = 4096 }; // most bytes of blocking-write-and-flush

// ---- errors ----

wasi_io_error_error *cv_p2_error(cv_err err) {
  static wasi_io_error_error errors[] = {
#define CV_ERR(name, value, text) [value] = {CV_ERR_##name},
#include "sys/error.def"
  };
  return &errors[err];
}

void wasi_io_error_error_drop(void *host, wasi_io_error_error *self) {
  cv_p2_trace_drop(host, &wasi_io_error_error_resource, self); // there for ever
}

cove_host_result wasi_io_error_error_to_debug_string(void *host, cove_call *call, wasi_io_error_error *self,
                                                     cove_string *result) {
  const char *text = cv_err_text(self->err);
  *result = (cove_string){text, strlen(text)};
  return COVE_HOST_OK;
}

// What a failed operation answers: `is_error` and `error` are of its result.
static cove_host_result fail(cv_p2 *p2, cove_call *call, cv_err err, bool *is_error,
                             wasi_io_streams_stream_error *error) {
  if (err == CV_ERR_OK)
    return COVE_HOST_OK;
  if (p2_ends_program(err))
    return cv_p2_trap(p2, call, err);
  *is_error = true;
  *error = (wasi_io_streams_stream_error){.tag = WASI_IO_STREAMS_STREAM_ERROR_CLOSED};
  if (err != CV_ERR_END) {
    error->tag = WASI_IO_STREAMS_STREAM_ERROR_LAST_OPERATION_FAILED;
    error->as.last_operation_failed = cv_p2_error(err);
  }
  return COVE_HOST_OK;
}
#define DONE(host, call, err, result) fail(host, call, err, &(result)->is_error, &(result)->as.error)

// ---- pollables ----

static void end_pollable(cv_p2 *p2, p2_resource *r) {
  cv_pollable_delete(((wasi_io_poll_pollable *)r)->pollable);
}

wasi_io_poll_pollable *cv_p2_pollable(cv_p2 *p2, cv_pollable *pollable) {
  if (pollable == NULL)
    return NULL;
  wasi_io_poll_pollable *r = cv_p2_resource_new(p2, sizeof *r, end_pollable);
  if (r == NULL)
    cv_pollable_delete(pollable);
  else
    r->pollable = pollable;
  return r;
}

void wasi_io_poll_pollable_drop(void *host, wasi_io_poll_pollable *self) {
  cv_p2_resource_drop(host, &wasi_io_poll_pollable_resource, &self->base);
}

cove_host_result wasi_io_poll_pollable_ready(void *host, cove_call *call, wasi_io_poll_pollable *self, bool *result) {
  cv_p2 *p2 = host;
  cv_err err = cv_pollables_poll(p2->w, &self->pollable, 1, false, result);
  return err == CV_ERR_OK ? COVE_HOST_OK : cv_p2_trap(p2, call, err);
}

cove_host_result wasi_io_poll_pollable_block(void *host, cove_call *call, wasi_io_poll_pollable *self) {
  cv_p2 *p2 = host;
  bool ready;
  cv_err err = cv_pollables_poll(p2->w, &self->pollable, 1, true, &ready);
  return err == CV_ERR_OK ? COVE_HOST_OK : cv_p2_trap(p2, call, err);
}

cove_host_result wasi_io_poll_poll(void *host, cove_call *call, const p2_list_wasi_io_poll_pollable *in,
                                   p2_list_u32 *result) {
  cv_p2 *p2 = host;
  size_t count = in->count;
  if (count == 0)
    return cove_call_trap(call, "poll of an empty list");
  if (count > p2->w->limits.subscriptions)
    return cv_p2_limit(p2, call, "poll of %zu pollables: the limit is %" PRIu32 " (--max-poll N gives it more)", count,
                       p2->w->limits.subscriptions);
  cv_pollable **list = cove_call_alloc(call, count * sizeof *list);
  bool *ready = cove_call_alloc(call, count * sizeof *ready);
  result->data = cove_call_alloc(call, count * sizeof *result->data);
  if (list == NULL || ready == NULL || result->data == NULL)
    return cv_p2_trap(p2, call, CV_ERR_NOMEM);
  for (size_t i = 0; i < count; i++)
    list[i] = in->data[i]->pollable;
  cv_err err = cv_pollables_poll(p2->w, list, count, true, ready);
  if (err != CV_ERR_OK)
    return cv_p2_trap(p2, call, err);
  for (size_t i = 0; i < count; i++)
    if (ready[i])
      result->data[result->count++] = (uint32_t)i;
  return COVE_HOST_OK;
}

// ---- input streams ----

static void end_input(cv_p2 *p2, p2_resource *r) {
  cv_input_release(((wasi_io_streams_input_stream *)r)->input);
}

wasi_io_streams_input_stream *cv_p2_input(cv_p2 *p2, cv_input *input) {
  wasi_io_streams_input_stream *r = cv_p2_resource_new(p2, sizeof *r, end_input);
  if (r == NULL)
    cv_input_release(input);
  else
    r->input = input;
  return r;
}

void wasi_io_streams_input_stream_drop(void *host, wasi_io_streams_input_stream *self) {
  cv_p2_resource_drop(host, &wasi_io_streams_input_stream_resource, &self->base);
}

static cove_host_result read_some(cv_p2 *p2, cove_call *call, cv_input *input, uint64_t len, bool wait,
                                  p2_result_list_u8_wasi_io_streams_stream_error *result) {
  size_t size = (size_t)CV_MIN(len, (uint64_t)P2_SCRATCH), n = 0;
  uint8_t *scratch = cv_p2_scratch(p2);
  cv_err err = scratch != NULL ? cv_input_read(input, scratch, size, wait, &n) : CV_ERR_NOMEM;
  result->as.ok = (p2_list_u8){scratch, n};
  return DONE(p2, call, err, result);
}

cove_host_result wasi_io_streams_input_stream_read(void *host, cove_call *call, wasi_io_streams_input_stream *self,
                                                   uint64_t len,
                                                   p2_result_list_u8_wasi_io_streams_stream_error *result) {
  return read_some(host, call, self->input, len, false, result);
}

cove_host_result wasi_io_streams_input_stream_blocking_read(void *host, cove_call *call,
                                                            wasi_io_streams_input_stream *self, uint64_t len,
                                                            p2_result_list_u8_wasi_io_streams_stream_error *result) {
  return read_some(host, call, self->input, len, true, result);
}

static cove_host_result skip_some(cv_p2 *p2, cove_call *call, cv_input *input, uint64_t len, bool wait,
                                  p2_result_u64_wasi_io_streams_stream_error *result) {
  uint64_t n = 0;
  uint8_t *scratch = cv_p2_scratch(p2);
  cv_err err = scratch != NULL ? cv_input_skip(input, len, wait, scratch, P2_SCRATCH, &n) : CV_ERR_NOMEM;
  result->as.ok = n;
  return DONE(p2, call, err, result);
}

cove_host_result wasi_io_streams_input_stream_skip(void *host, cove_call *call, wasi_io_streams_input_stream *self,
                                                   uint64_t len, p2_result_u64_wasi_io_streams_stream_error *result) {
  return skip_some(host, call, self->input, len, false, result);
}

cove_host_result wasi_io_streams_input_stream_blocking_skip(void *host, cove_call *call,
                                                            wasi_io_streams_input_stream *self, uint64_t len,
                                                            p2_result_u64_wasi_io_streams_stream_error *result) {
  return skip_some(host, call, self->input, len, true, result);
}

cove_host_result wasi_io_streams_input_stream_subscribe(void *host, cove_call *call, wasi_io_streams_input_stream *self,
                                                        wasi_io_poll_pollable **result) {
  *result = cv_p2_pollable(host, cv_pollable_of_input(self->input));
  return *result != NULL ? COVE_HOST_OK : cv_p2_trap(host, call, CV_ERR_NOMEM);
}

// ---- output streams ----

static void end_output(cv_p2 *p2, p2_resource *r) {
  cv_output_release(((wasi_io_streams_output_stream *)r)->output);
}

wasi_io_streams_output_stream *cv_p2_output(cv_p2 *p2, cv_output *output) {
  wasi_io_streams_output_stream *r = cv_p2_resource_new(p2, sizeof *r, end_output);
  if (r == NULL)
    cv_output_release(output);
  else
    r->output = output;
  return r;
}

void wasi_io_streams_output_stream_drop(void *host, wasi_io_streams_output_stream *self) {
  cv_p2_resource_drop(host, &wasi_io_streams_output_stream_resource, &self->base);
}

cove_host_result wasi_io_streams_output_stream_check_write(void *host, cove_call *call,
                                                           wasi_io_streams_output_stream *self,
                                                           p2_result_u64_wasi_io_streams_stream_error *result) {
  cv_err err = cv_output_room(self->output, &self->permit);
  result->as.ok = self->permit;
  return DONE(host, call, err, result);
}

// Traps unless check-write has allowed as much.
static cove_host_result use_permit(cove_call *call, wasi_io_streams_output_stream *s, uint64_t size) {
  if (size > s->permit)
    return cv_p2_trapf(call, "write of %" PRIu64 " bytes where check-write has allowed %" PRIu64, size, s->permit);
  s->permit -= size;
  return COVE_HOST_OK;
}

static cove_host_result check_blocking(cove_call *call, uint64_t size) {
  if (size > BLOCKING_WRITE)
    return cv_p2_trapf(call, "blocking-write-and-flush of %" PRIu64 " bytes: at most %d are allowed", size,
                       BLOCKING_WRITE);
  return COVE_HOST_OK;
}

cove_host_result wasi_io_streams_output_stream_write(void *host, cove_call *call, wasi_io_streams_output_stream *self,
                                                     const p2_list_u8 *contents,
                                                     p2_result_void_wasi_io_streams_stream_error *result) {
  COVE_GLUE_TRY(use_permit(call, self, contents->count));
  return DONE(host, call, cv_output_write(self->output, contents->data, contents->count, false), result);
}

cove_host_result
wasi_io_streams_output_stream_blocking_write_and_flush(void *host, cove_call *call, wasi_io_streams_output_stream *self,
                                                       const p2_list_u8 *contents,
                                                       p2_result_void_wasi_io_streams_stream_error *result) {
  COVE_GLUE_TRY(check_blocking(call, contents->count));
  return DONE(host, call, cv_output_write(self->output, contents->data, contents->count, true), result);
}

cove_host_result wasi_io_streams_output_stream_flush(void *host, cove_call *call, wasi_io_streams_output_stream *self,
                                                     p2_result_void_wasi_io_streams_stream_error *result) {
  return DONE(host, call, cv_output_flush(self->output, false), result);
}

cove_host_result wasi_io_streams_output_stream_blocking_flush(void *host, cove_call *call,
                                                              wasi_io_streams_output_stream *self,
                                                              p2_result_void_wasi_io_streams_stream_error *result) {
  return DONE(host, call, cv_output_flush(self->output, true), result);
}

cove_host_result wasi_io_streams_output_stream_subscribe(void *host, cove_call *call,
                                                         wasi_io_streams_output_stream *self,
                                                         wasi_io_poll_pollable **result) {
  *result = cv_p2_pollable(host, cv_pollable_of_output(self->output));
  return *result != NULL ? COVE_HOST_OK : cv_p2_trap(host, call, CV_ERR_NOMEM);
}

// At most CV_PROMPT_ROOM zeroes: what check-write allows.
static cv_err write_zeroes(cv_p2 *p2, cv_output *output, uint64_t len, bool wait) {
  uint8_t *scratch = cv_p2_scratch(p2);
  if (scratch == NULL)
    return CV_ERR_NOMEM;
  memset(scratch, 0, (size_t)CV_MIN(len, (uint64_t)P2_SCRATCH));
  cv_err err = cv_output_write(output, scratch, 0, wait);
  while (len != 0 && err == CV_ERR_OK) {
    size_t n = (size_t)CV_MIN(len, (uint64_t)P2_SCRATCH);
    err = cv_output_write(output, scratch, n, wait);
    len -= n;
  }
  return err;
}

cove_host_result wasi_io_streams_output_stream_write_zeroes(void *host, cove_call *call,
                                                            wasi_io_streams_output_stream *self, uint64_t len,
                                                            p2_result_void_wasi_io_streams_stream_error *result) {
  COVE_GLUE_TRY(use_permit(call, self, len));
  return DONE(host, call, write_zeroes(host, self->output, len, false), result);
}

cove_host_result
wasi_io_streams_output_stream_blocking_write_zeroes_and_flush(void *host, cove_call *call,
                                                              wasi_io_streams_output_stream *self, uint64_t len,
                                                              p2_result_void_wasi_io_streams_stream_error *result) {
  COVE_GLUE_TRY(check_blocking(call, len));
  return DONE(host, call, write_zeroes(host, self->output, len, true), result);
}

// ---- from input to output ----

static cv_err wait_for(cv_p2 *p2, cv_pollable *pollable) {
  bool ready;
  cv_err err = pollable != NULL ? cv_pollables_poll(p2->w, &pollable, 1, true, &ready) : CV_ERR_NOMEM;
  cv_pollable_delete(pollable);
  return err;
}

static cv_err splice(cv_p2 *p2, cv_output *output, cv_input *input, uint64_t len, bool wait, uint64_t *done) {
  uint64_t room;
  size_t n;
  *done = 0;
  if (wait)
    CV_ERR_TRY(wait_for(p2, cv_pollable_of_output(output)));
  if (wait && len != 0)
    CV_ERR_TRY(wait_for(p2, cv_pollable_of_input(input)));
  CV_ERR_TRY(cv_output_room(output, &room));
  size_t size = (size_t)CV_MIN(CV_MIN(len, room), (uint64_t)P2_SCRATCH);
  uint8_t *scratch = cv_p2_scratch(p2);
  if (scratch == NULL)
    return CV_ERR_NOMEM;
  CV_ERR_TRY(cv_input_read(input, scratch, size, false, &n));
  CV_ERR_TRY(cv_output_write(output, scratch, n, false));
  *done = n;
  return CV_ERR_OK;
}

static cove_host_result splice_some(cv_p2 *p2, cove_call *call, wasi_io_streams_output_stream *self,
                                    wasi_io_streams_input_stream *src, uint64_t len, bool wait,
                                    p2_result_u64_wasi_io_streams_stream_error *result) {
  uint64_t n;
  cv_err err = splice(p2, self->output, src->input, len, wait, &n);
  self->permit = 0; // what was allowed may be used up
  result->as.ok = n;
  return DONE(p2, call, err, result);
}

cove_host_result wasi_io_streams_output_stream_splice(void *host, cove_call *call, wasi_io_streams_output_stream *self,
                                                      wasi_io_streams_input_stream *src, uint64_t len,
                                                      p2_result_u64_wasi_io_streams_stream_error *result) {
  return splice_some(host, call, self, src, len, false, result);
}

cove_host_result wasi_io_streams_output_stream_blocking_splice(void *host, cove_call *call,
                                                               wasi_io_streams_output_stream *self,
                                                               wasi_io_streams_input_stream *src, uint64_t len,
                                                               p2_result_u64_wasi_io_streams_stream_error *result) {
  return splice_some(host, call, self, src, len, true, result);
}
