// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// flow.c: inputs and outputs.
#include "wasi/core/flow.h"

// Whether the host may make a transfer wait.
static bool may_wait(const cv_descriptor *d) {
  return d->kind == CV_DESCRIPTOR_STREAM && d->stream->handle != CV_NO_HANDLE && d->stream->type != CV_FILE_REGULAR;
}

static cv_err hold_file(cv_wasi *w, cv_file *file, cv_descriptor *d) {
  CV_ERR_TRY(cv_wasi_hold(w));
  cv_file_retain(file);
  *d = (cv_descriptor){.kind = CV_DESCRIPTOR_FILE, .file = file, .grant = CV_NO_INDEX};
  return CV_ERR_OK;
}

static void hold_stream(cv_stream *stream, cv_descriptor *d) {
  cv_stream_retain(stream);
  *d = (cv_descriptor){.kind = CV_DESCRIPTOR_STREAM, .stream = stream, .grant = CV_NO_INDEX};
}

static void let_go(cv_wasi *w, cv_descriptor *d) {
  if (d->kind == CV_DESCRIPTOR_FILE)
    cv_wasi_let_go(w);
  cv_file_release(d->file);
  cv_stream_release(d->stream);
  *d = (cv_descriptor){.kind = CV_DESCRIPTOR_FREE};
}

// ---- inputs ----

static cv_input *input_new(cv_wasi *w) {
  cv_input *in = cv_mem_zalloc(w->mem, sizeof *in);
  if (in != NULL)
    *in = (cv_input){.w = w, .refs = 1};
  return in;
}

cv_err cv_input_of_file(cv_wasi *w, cv_file *file, uint64_t offset, cv_input **out) {
  *out = NULL;
  if (file->type == CV_FILE_DIR)
    return CV_ERR_ISDIR;
  if (!file->readable)
    return CV_ERR_BADF;
  cv_input *in = input_new(w);
  if (in == NULL)
    return CV_ERR_NOMEM;
  cv_err err = hold_file(w, file, &in->d);
  if (err != CV_ERR_OK) {
    cv_mem_free(w->mem, in, sizeof *in);
    return err;
  }
  in->d.offset = offset;
  *out = in;
  return CV_ERR_OK;
}

cv_err cv_input_of_stream(cv_wasi *w, cv_stream *stream, cv_input **out) {
  cv_input *in = *out = input_new(w);
  if (in == NULL)
    return CV_ERR_NOMEM;
  hold_stream(stream, &in->d);
  return CV_ERR_OK;
}

void cv_input_retain(cv_input *in) {
  in->refs++;
}

void cv_input_release(cv_input *in) {
  if (in == NULL || --in->refs != 0)
    return;
  let_go(in->w, &in->d);
  cv_mem_free(in->w->mem, in, sizeof *in);
}

// What an error does to the input: all but a wish of the host to stop close it.
static cv_err input_failed(cv_input *in, cv_err err) {
  if (err != CV_ERR_STOPPED && err != CV_ERR_NOMEM)
    in->closed = true;
  return err;
}

cv_err cv_input_read(cv_input *in, void *data, size_t size, bool wait, size_t *done) {
  *done = 0;
  if (in->closed)
    return CV_ERR_END;
  if (size == 0)
    return CV_ERR_OK;
  in->d.nonblock = !wait;
  cv_err err = cv_io_read(in->w, &in->d, &(cv_iovec){data, size}, 1, done);
  if (err == CV_ERR_AGAIN && !wait)
    return CV_ERR_OK;
  if (err == CV_ERR_OK && *done == 0)
    err = CV_ERR_END;
  return err == CV_ERR_OK ? CV_ERR_OK : input_failed(in, err);
}

cv_err cv_input_skip(cv_input *in, uint64_t size, bool wait, void *scratch, size_t scratch_size, uint64_t *done) {
  *done = 0;
  if (!in->closed && size != 0 && in->d.kind == CV_DESCRIPTOR_FILE && in->d.file->type == CV_FILE_REGULAR) {
    cv_stat st;
    cv_err err = cv_file_stat(in->d.file, &st);
    if (err == CV_ERR_OK && st.size <= in->d.offset)
      err = CV_ERR_END;
    if (err != CV_ERR_OK)
      return input_failed(in, err);
    *done = CV_MIN(size, st.size - in->d.offset);
    in->d.offset += *done;
    return CV_ERR_OK;
  }
  size_t n;
  cv_err err = cv_input_read(in, scratch, (size_t)CV_MIN(size, (uint64_t)scratch_size), wait, &n);
  *done = n;
  return err;
}

// ---- outputs ----

static cv_output *output_new(cv_wasi *w) {
  cv_output *out = cv_mem_zalloc(w->mem, sizeof *out);
  if (out != NULL)
    *out = (cv_output){.w = w, .refs = 1};
  return out;
}

static cv_err output_of_file(cv_wasi *w, cv_file *file, uint64_t offset, bool append, cv_output **result) {
  *result = NULL;
  if (file->type == CV_FILE_DIR)
    return CV_ERR_ISDIR;
  if (file->fs->read_only || !file->writable)
    return file->fs->read_only ? CV_ERR_ROFS : CV_ERR_BADF;
  cv_output *out = output_new(w);
  if (out == NULL)
    return CV_ERR_NOMEM;
  cv_err err = hold_file(w, file, &out->d);
  if (err != CV_ERR_OK) {
    cv_mem_free(w->mem, out, sizeof *out);
    return err;
  }
  out->d.offset = offset;
  out->d.append = append;
  *result = out;
  return CV_ERR_OK;
}

cv_err cv_output_of_file(cv_wasi *w, cv_file *file, uint64_t offset, cv_output **out) {
  return output_of_file(w, file, offset, false, out);
}

cv_err cv_output_of_append(cv_wasi *w, cv_file *file, cv_output **out) {
  return output_of_file(w, file, 0, true, out);
}

cv_err cv_output_of_stream(cv_wasi *w, cv_stream *stream, cv_output **result) {
  cv_output *out = *result = output_new(w);
  if (out == NULL)
    return CV_ERR_NOMEM;
  hold_stream(stream, &out->d);
  return CV_ERR_OK;
}

void cv_output_retain(cv_output *out) {
  out->refs++;
}

static size_t held(const cv_output *out) {
  return out->held_end - out->held_start;
}

static void drop_held(cv_output *out) {
  if (out->held != NULL)
    cv_mem_free(out->w->mem, out->held, CV_OUTPUT_ROOM);
  out->held = NULL;
  out->held_start = out->held_end = 0;
}

void cv_output_release(cv_output *out) {
  if (out == NULL || --out->refs != 0)
    return;
  if (held(out) != 0 && !out->closed)
    (void)(cv_output_flush(out, false) == CV_ERR_OK);
  drop_held(out);
  let_go(out->w, &out->d);
  cv_mem_free(out->w->mem, out, sizeof *out);
}

// A pipe whose reader has gone is an output that is closed, not one that failed.
static cv_err output_failed(cv_output *out, cv_err err) {
  if (err == CV_ERR_STOPPED || err == CV_ERR_NOMEM)
    return err;
  out->closed = true;
  drop_held(out);
  return err == CV_ERR_PIPE ? CV_ERR_END : err;
}

// Writes until all has gone, or (when it does not wait) until the host would wait.
static cv_err push(cv_output *out, const uint8_t *data, size_t size, bool wait, size_t *done) {
  out->d.nonblock = !wait;
  *done = 0;
  while (*done < size) {
    size_t n = 0;
    cv_iovec part = {(void *)(uintptr_t)(data + *done), size - *done};
    cv_err err = cv_io_write(out->w, &out->d, &part, 1, &n);
    *done += n;
    if (err == CV_ERR_AGAIN && !wait)
      return CV_ERR_OK;
    if (err == CV_ERR_OK && n == 0)
      err = CV_ERR_NOSPC;
    if (err != CV_ERR_OK)
      return output_failed(out, err);
  }
  return CV_ERR_OK;
}

cv_err cv_output_flush(cv_output *out, bool wait) {
  if (out->closed)
    return CV_ERR_END;
  if (held(out) == 0)
    return CV_ERR_OK;
  size_t done;
  cv_err err = push(out, out->held + out->held_start, held(out), wait, &done);
  if (out->held == NULL)
    return err; // it failed
  out->held_start += done;
  if (held(out) == 0)
    drop_held(out);
  return err;
}

cv_err cv_output_room(cv_output *out, uint64_t *room) {
  *room = 0;
  if (out->closed)
    return CV_ERR_END;
  if (!may_wait(&out->d)) {
    *room = CV_PROMPT_ROOM;
    return CV_ERR_OK;
  }
  if (held(out) != 0)
    CV_ERR_TRY(cv_output_flush(out, false));
  if (held(out) != 0)
    return CV_ERR_OK;
  cv_poll_item item = {.handle = out->d.stream->handle, .want_write = true};
  cv_err err = cv_wasi_wait(out->w, &item, 1, 0);
  if (err == CV_ERR_OK)
    *room = CV_OUTPUT_ROOM;
  return err == CV_ERR_TIMEDOUT ? CV_ERR_OK : err;
}

cv_err cv_output_write(cv_output *out, const void *data, size_t size, bool wait) {
  if (out->closed)
    return CV_ERR_END;
  // What is held goes first. With room for both nothing waits; without (the same stream was given out twice, and both
  // had been told that there is room) the older bytes are waited for.
  if (held(out) != 0)
    CV_ERR_TRY(cv_output_flush(out, wait || size > CV_OUTPUT_ROOM - held(out)));
  size_t done = 0;
  if (held(out) == 0)
    CV_ERR_TRY(push(out, data, size, wait || !may_wait(&out->d), &done));
  size_t rest = size - done;
  if (rest == 0)
    return CV_ERR_OK;
  if (rest > CV_OUTPUT_ROOM)
    return push(out, (const uint8_t *)data + done, rest, true, &done);
  if (out->held == NULL)
    out->held = cv_mem_alloc(out->w->mem, CV_OUTPUT_ROOM);
  if (out->held == NULL) {
    out->closed = true; // a part of it has gone, the rest is lost
    return CV_ERR_NOMEM;
  }
  memmove(out->held, out->held + out->held_start, held(out));
  out->held_end = held(out);
  out->held_start = 0;
  memcpy(out->held + out->held_end, (const uint8_t *)data + done, rest);
  out->held_end += rest;
  return CV_ERR_OK;
}
