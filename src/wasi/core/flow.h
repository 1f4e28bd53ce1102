// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// flow.h: streams as interfaces with typed handles give them out: inputs and outputs that wait only when they are told
// to, and pollables, which say when they would not have to wait.
//
// Terms
//   input, output  over a file from an offset on, or over a stream (stream.h). Counted. Closed for good after the end
//                  and after the first error: everything is CV_ERR_END then.
//   room           how many bytes an output takes without waiting. What the host does not take of them at once is held
//                  here: at most CV_OUTPUT_ROOM bytes of each output.
//   pollable       something that becomes ready: an input, an output, a moment.
//
// CV_ERR_STOPPED, CV_ERR_OUTPUT_LIMIT: not answers to the program; nothing is closed by the first.
#ifndef COVE_WASI_CORE_FLOW_H
#define COVE_WASI_CORE_FLOW_H

#include "wasi/core/wasi.h"

enum {
  CV_OUTPUT_ROOM = 64 << 10,   // of what may have to wait
  CV_PROMPT_ROOM = 1024 << 10, // of what never has to: files, memory
};

typedef struct cv_input {
  cv_wasi *w; // borrowed; outlives it
  uint32_t refs;
  bool closed;
  cv_descriptor d; // its own: keeps the file or stream; a position of its own
} cv_input;

typedef struct cv_output {
  cv_wasi *w;
  uint32_t refs;
  bool closed;
  cv_descriptor d;
  uint8_t *held; // CV_OUTPUT_ROOM bytes, made when needed; not yet taken by the host: held_start to held_end
  size_t held_start, held_end;
} cv_output;

// Keep the file or stream. CV_ERR_MFILE when the program has too many open: inputs and outputs of files count.
CV_MUST_USE cv_err cv_input_of_file(cv_wasi *w, cv_file *file, uint64_t offset, cv_input **out);
CV_MUST_USE cv_err cv_input_of_stream(cv_wasi *w, cv_stream *stream, cv_input **out);
CV_MUST_USE cv_err cv_output_of_file(cv_wasi *w, cv_file *file, uint64_t offset, cv_output **out);
CV_MUST_USE cv_err cv_output_of_append(cv_wasi *w, cv_file *file, cv_output **out); // at the end, wherever that is
CV_MUST_USE cv_err cv_output_of_stream(cv_wasi *w, cv_stream *stream, cv_output **out);
void cv_input_retain(cv_input *in);
void cv_input_release(cv_input *in); // NULL is allowed
void cv_output_retain(cv_output *out);
// What is held and is not taken by the host without waiting is lost with the last reference.
void cv_output_release(cv_output *out); // NULL is allowed

// *done 0: nothing is there now (when it does not wait), or `size` was 0.
CV_MUST_USE cv_err cv_input_read(cv_input *in, void *data, size_t size, bool wait, size_t *done);
// Reads into nothing. `scratch` has room for `scratch_size` bytes, and no more are skipped of what is not a file.
CV_MUST_USE cv_err cv_input_skip(cv_input *in, uint64_t size, bool wait, void *scratch, size_t scratch_size,
                                 uint64_t *done);

// 0: wait for a pollable.
CV_MUST_USE cv_err cv_output_room(cv_output *out, uint64_t *room);
// Takes all of the data, which is at most the room asked for last. When it waits: any size, and all of it, with what
// was held before, has gone when it returns.
CV_MUST_USE cv_err cv_output_write(cv_output *out, const void *data, size_t size, bool wait);
// Passes on what is held.
CV_MUST_USE cv_err cv_output_flush(cv_output *out, bool wait);

// ---- pollables ----
typedef struct cv_pollable {
  cv_wasi *w;
  cv_input *input;   // kept, or NULL
  cv_output *output; // kept, or NULL
  uint64_t when;     // else: a moment of the monotonic clock
} cv_pollable;

// Keeps what it is of. NULL when out of memory.
CV_MUST_USE cv_pollable *cv_pollable_of_input(cv_input *in);
CV_MUST_USE cv_pollable *cv_pollable_of_output(cv_output *out);
CV_MUST_USE cv_pollable *cv_pollable_of_moment(cv_wasi *w, uint64_t when);
void cv_pollable_delete(cv_pollable *p); // NULL is allowed
// Waits until one at least is ready; `wait` false: only looks. ready[i] is set for each of the `count`, of which there
// are at most the limit on subscriptions (CV_ERR_INVAL), and not none.
CV_MUST_USE cv_err cv_pollables_poll(cv_wasi *w, cv_pollable *const *list, size_t count, bool wait, bool *ready);

#endif
