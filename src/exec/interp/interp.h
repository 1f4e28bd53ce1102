// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// interp.h: the reference interpreter, inside. It runs the code bytes in place; the side table of validation says where
// branches go. One C call of cv_interp_execute is one wasm call; a tail call returns to its caller (interp.c) with what
// to call next.
//
//   frame, in the C stack:  locals (arguments first) | operands, facts->max_height of them | caught, legacy handlers
#ifndef COVE_EXEC_INTERP_INTERP_H
#define COVE_EXEC_INTERP_INTERP_H

#include "runtime/tier.h"
#include "wasm/validate/facts.h"

typedef struct cv_interp_frame {
  cv_activation activation; // linked into the context
  cv_context *context;
  cv_instance *instance;
  const cv_module *module;
  const cv_func_facts *facts;
  const uint8_t *code;   // the function's instructions
  const uint8_t *end;    // past the last one
  uint32_t code_offset;  // of `code` in the module
  cv_value *stack;       // first operand
  cv_exception **caught; // by control depth: what a legacy catch arm may rethrow; NULL without legacy handlers
} cv_interp_frame;

// Where execution goes on.
typedef struct cv_interp_point {
  const uint8_t *pc;
  const cv_side_entry *side; // the next entry
  cv_value *sp;              // next free operand
} cv_interp_point;

// How cv_interp_execute ended, beside the values of cv_run.
enum { CV_INTERP_TAIL_CALL = 3 };

// Runs a function whose frame is set up: locals are initialised. On CV_RUN_OK the results are at frame->stack. On
// CV_INTERP_TAIL_CALL *tail is to be called with the arguments in context->args.
int cv_interp_execute(cv_interp_frame *frame, cv_value *locals, cv_func **tail);

// Finds the handler of `exception`, thrown at `pc`. True with *point at the handler's code; false when the function has
// none and the exception goes on to the caller.
bool cv_interp_catch(cv_interp_frame *frame, const uint8_t *pc, cv_exception *exception, cv_interp_point *point);

#endif
