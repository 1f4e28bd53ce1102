// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// trace.h: what a host call was: its name, its arguments taken apart, how it ended, how long it took. An adapter fills
// one in per call when somebody listens; printers make a line of text or a line of JSON of it.
#ifndef COVE_WASI_CORE_TRACE_H
#define COVE_WASI_CORE_TRACE_H

#include "base/buf.h"
#include "sys/error.h"

typedef enum cv_trace_kind {
  CV_TRACE_UNSIGNED,
  CV_TRACE_SIGNED,
  CV_TRACE_HEX,        // addresses, flags
  CV_TRACE_TEXT,       // a string of the guest
  CV_TRACE_DESCRIPTOR, // number, and text when it has a name
  CV_TRACE_FLAGS,      // number, and text: the names of its bits
  CV_TRACE_VALUE,      // text that is written as it is: "some(3)"
} cv_trace_kind;

typedef struct cv_trace_value {
  const char *name;
  cv_trace_kind kind;
  uint64_t number;
  cv_bytes text; // borrowed for the call
  bool is_cut;   // CV_TRACE_TEXT: there is more
} cv_trace_value;

enum { CV_MAX_TRACE_ARGS = 10, CV_MAX_TRACE_RESULTS = 4 };

typedef struct cv_trace_call {
  const char *interface, *name;
  cv_trace_value args[CV_MAX_TRACE_ARGS];
  size_t arg_count;
  cv_trace_value results[CV_MAX_TRACE_RESULTS]; // after success; and what an error carries
  size_t result_count;
  const char *outcome; // "success", or the name of the error in the interface; "exit", "trap"
  bool failed;
  uint64_t start;    // nanoseconds since the context was made, real time
  uint64_t duration; // nanoseconds
} cv_trace_call;

// Called after each host call, in the thread of the instance. The call is borrowed.
typedef void cv_trace_fn(void *env, const cv_trace_call *call);

// "fd_write(fd=1 <stdout>, iovs=0x1000, iovs_len=1) = success nwritten=6 [1.2 us]" and a newline. Strings of the guest
// are cut at 256 bytes. Functions of an interface that belong to no resource have its name before their own:
// "wall-clock.now()".
void cv_trace_print_text(cv_buf *out, const cv_trace_call *call);
// One JSON object and a newline. Bytes of the guest that are not valid UTF-8 become U+FFFD.
void cv_trace_print_json(cv_buf *out, const cv_trace_call *call);
// A JSON string with its quotes.
void cv_json_string(cv_buf *out, cv_bytes text);

#endif
