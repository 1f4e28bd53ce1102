// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// p2.h: the WASI 0.2 host: the functions whose prototypes are generated from wit/ (p2_bindings.h), over the resource
// core. Like any other host it is a client of the public interface: generated glue in front, cove_call behind.
//
// Use: cv_p2_new, define cv_p2_world with the cv_p2 as its host, release the references when the program is over.
//
// Files: io.c, cli.c, clocks.c, filesystem.c, random.c, sockets.c: one for each package; p2.c what they share.
#ifndef COVE_WASI_P2_P2_H
#define COVE_WASI_P2_P2_H

#include "wasi/core/wasi.h"

#include <cove/glue.h>

typedef struct cv_p2 cv_p2;

// How a call ends when the resource core has no answer for the program. Each may be NULL: a trap with a sentence.
typedef struct cv_p2_ends {
  cove_host_result (*stopped)(cove_call *call);                 // the host wanted the wait to end (cv_wasi.should_stop)
  cove_host_result (*output_limit)(cove_call *call);            // too much was written to the standard streams
  cove_host_result (*limit)(cove_call *call, const char *text); // another limit was reached, which the sentence names
} cv_p2_ends;

// One reference. From success on the context belongs to it: both end with the last reference, and with them whatever
// handles are still in the program's tables. So whoever may still drop handles keeps a reference: the store does.
CV_MUST_USE cv_status cv_p2_new(cv_mem *mem, cv_wasi *wasi, const cv_p2_ends *ends, cv_p2 **out);
void cv_p2_retain(cv_p2 *p2);
// cv_wasi.should_stop is asked no more: for the end of what answers it.
void cv_p2_detach(cv_p2 *p2);
// Waits until standard output and error have taken what they hold: for the end of a program.
void cv_p2_flush(cv_p2 *p2);
void cv_p2_release(cv_p2 *p2); // NULL is allowed

// The generated table, or with a trace (cv_wasi.trace) one like it that lives as long as the cv_p2, which is its host.
// NULL when out of memory.
const cove_glue_world *cv_p2_world(cv_p2 *p2);
// What would grant an interface ("wasi:clocks/wall-clock@0.2.12") that the context does not grant; NULL when it does.
const char *cv_p2_missing_grant(const cv_p2 *p2, const char *interface);

#endif
