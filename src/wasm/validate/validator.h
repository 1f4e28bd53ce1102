// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// validator.h: the state of function validation and its stack primitives; internal to wasm/validate.
//
// The algorithm is that of the specification's appendix A.3: an operand stack of value types, a control stack of
// frames. Values of a frame lie above its height; in unreachable code the stack below is as if it had any types.
#ifndef COVE_WASM_VALIDATE_VALIDATOR_H
#define COVE_WASM_VALIDATE_VALIDATOR_H

#include "base/vec.h"
#include "wasm/binary/instr.h"
#include "wasm/validate/validate.h"

typedef enum cv_frame_kind {
  CV_FRAME_FUNC,
  CV_FRAME_BLOCK,
  CV_FRAME_LOOP,
  CV_FRAME_IF,
  CV_FRAME_ELSE,
  CV_FRAME_TRY_TABLE,
  CV_FRAME_TRY, // legacy, in its body
  CV_FRAME_CATCH,
  CV_FRAME_CATCH_ALL,
} cv_frame_kind;

enum { CV_NO_ENTRY = UINT32_MAX };

typedef struct cv_frame {
  cv_frame_kind kind;
  bool unreachable;
  uint32_t height;     // of the operand stack, below the parameters
  const cv_type *type; // function type of the block, or NULL: no parameters and `result`
  cv_valtype result;   // CV_BOT for none
  uint32_t init_mark;  // height of the list of locals initialised
  uint32_t weight;     // of the code around the frame
  uint64_t loops;      // likewise
  uint32_t chain;      // side entries that wait for the end of the frame, linked by target_entry
  uint32_t if_entry;   // side entry of an if
  uint32_t start_pc;   // first instruction of a loop or try
  uint32_t start_side; // side table index there
  uint32_t end_pc;     // of the body of a legacy try
  uint32_t clauses;    // first of the frame's catch clauses
} cv_frame;

// A catch clause of an open frame; becomes a handler when the frame ends.
typedef struct cv_clause {
  cv_handler_kind kind;
  uint32_t tag;
  uint32_t entry;       // try_table: index of its side entry; CV_NO_ENTRY: `target` is final
  uint32_t delegate_to; // legacy delegate
  cv_side_entry target; // legacy catch
} cv_clause;

struct cv_validator {
  const cv_module *m;
  cv_mem *mem;
  unsigned flags;
  uint8_t plain[256]; // shape of a one-byte instruction (opcode_table.h), those of features that are off masked
  bool memory0_is_32; // there is a memory 0, addressed by i32

  // The function at hand.
  cv_reader r;          // in its code span; .at is stale while the hot loop runs
  const uint8_t *start; // of the code span
  const uint8_t *end;   // of the code span; the reader's limit is the end of the module
  const uint8_t *pc;    // of the instruction at hand
  cv_diag *diag;
  const cv_functype *type;
  cv_func_facts *facts;
  cv_valtype *locals; // in the caller's arena
  uint16_t *local_weight;
  uint32_t local_count, param_count;
  uint32_t weight; // 8 to the power of the loop depth, at most MAX_WEIGHT
  uint64_t loops;  // those of the first 64 loops that the code is in, by number
  uint32_t loop_count;
  uint32_t fact_flags;

  // Operand stack: values in [stack, sp), those of the innermost frame from base on. `water` is the highest that sp has
  // been: pushing beyond it is the one place that counts the height and looks for room.
  cv_valtype *stack, *sp, *base, *water, *limit;

  CV_VEC(cv_frame) frames;
  uint32_t max_depth;
  CV_VEC(uint32_t) initialised; // locals without default that were set, in order
  CV_VEC(uint8_t) is_set;       // by local; sized only when there are such locals
  CV_VEC(cv_side_entry) side;
  CV_VEC(cv_clause) clauses;
  CV_VEC(cv_handler) handlers;
  CV_VEC(uint32_t) handler_entries; // side entry whose target a handler takes at the end, or CV_NO_ENTRY
};

#define CV_MAX_WEIGHT (1u << 28) // eight times as much still fits, and so does the sum with any weight of a local

static inline uint32_t cv_validator_pc(const cv_validator *v, const uint8_t *at) {
  return (uint32_t)(at - v->start);
}
// Fails at the instruction at hand.
#define cv_invalid(v, ...) cv_fail((v)->diag, CV_EINVALID, (uint64_t)((v)->pc - (v)->r.start), __VA_ARGS__)

// ---- operand stack (stack.c) ----

CV_MUST_USE cv_status cv_push_slow(cv_validator *v, cv_valtype type);  // at the high-water mark
CV_MUST_USE cv_status cv_pop_slow(cv_validator *v, cv_valtype wanted); // anything but an equal type on top

CV_MUST_USE static inline cv_status cv_push(cv_validator *v, cv_valtype type) {
  if (CV_UNLIKELY(v->sp == v->water))
    return cv_push_slow(v, type);
  *v->sp++ = type;
  return CV_OK;
}
CV_MUST_USE static inline cv_status cv_pop(cv_validator *v, cv_valtype wanted) {
  if (CV_UNLIKELY(v->sp == v->base || v->sp[-1] != wanted))
    return cv_pop_slow(v, wanted);
  v->sp--;
  return CV_OK;
}
// Any value; CV_BOT when unknown.
CV_MUST_USE cv_status cv_pop_any(cv_validator *v, cv_valtype *out);
// Any reference; a non-null reference to the bottom heap type when unknown.
CV_MUST_USE cv_status cv_pop_ref(cv_validator *v, cv_valtype *out);
CV_MUST_USE cv_status cv_pop_types(cv_validator *v, const cv_valtype *types, uint32_t count);
CV_MUST_USE cv_status cv_push_types(cv_validator *v, const cv_valtype *types, uint32_t count);
// As pop and push of the same types, but what is known of the operands stays.
CV_MUST_USE cv_status cv_check_top(cv_validator *v, const cv_valtype *types, uint32_t count);
bool cv_module_type_matches(const cv_module *m, cv_valtype a, cv_valtype b);
// After this point code is not reached.
void cv_set_unreachable(cv_validator *v);
// "[i32 i64]", cut when long.
enum { CV_TYPES_TEXT_SIZE = 160 };
const char *cv_types_text(const cv_valtype *types, size_t count, char out[CV_TYPES_TEXT_SIZE]);

// ---- indices ----

CV_MUST_USE cv_status cv_find_func_type(cv_validator *v, uint32_t index, const cv_functype **out);
CV_MUST_USE cv_status cv_check_heap(const cv_module *m, uint32_t heap, uint64_t offset, cv_diag *diag);
CV_MUST_USE static inline cv_status cv_check_type(const cv_module *m, cv_valtype t, uint64_t offset, cv_diag *diag) {
  return cv_type_is_ref(t) ? cv_check_heap(m, cv_type_heap(t), offset, diag) : CV_OK;
}
CV_MUST_USE cv_status cv_find_label(cv_validator *v, uint32_t label, cv_frame **out);

// ---- control (control.c) ----

// The values that a branch to the frame takes.
const cv_valtype *cv_frame_params(const cv_frame *f, uint32_t *count);
const cv_valtype *cv_frame_results(const cv_frame *f, uint32_t *count);
const cv_valtype *cv_frame_label(const cv_frame *f, uint32_t *count);
CV_MUST_USE cv_status cv_on_block(cv_validator *v, cv_frame_kind kind, cv_block_type type);
CV_MUST_USE cv_status cv_on_else(cv_validator *v);
// *done: the end was that of the function.
CV_MUST_USE cv_status cv_on_end(cv_validator *v, bool *done);
CV_MUST_USE cv_status cv_on_br(cv_validator *v, uint32_t label);
CV_MUST_USE cv_status cv_on_br_if(cv_validator *v, uint32_t label);
CV_MUST_USE cv_status cv_on_br_table(cv_validator *v, const cv_instr *in);
CV_MUST_USE cv_status cv_on_br_on_null(cv_validator *v, uint32_t label);
CV_MUST_USE cv_status cv_on_br_on_non_null(cv_validator *v, uint32_t label);
CV_MUST_USE cv_status cv_on_return(cv_validator *v);
CV_MUST_USE cv_status cv_on_call(cv_validator *v, uint32_t func);
CV_MUST_USE cv_status cv_on_call_instr(cv_validator *v, const cv_instr *in); // the other kinds of call
CV_MUST_USE cv_status cv_push_frame(cv_validator *v, cv_frame_kind kind, const cv_type *type, cv_valtype result);
// Ends the arm of a frame: its results are on the stack and nothing else.
CV_MUST_USE cv_status cv_end_arm(cv_validator *v, cv_frame *f);
// Begins the next arm: parameters are as they were at the start of the frame, and locals as initialised as then.
void cv_restart_frame(cv_validator *v, cv_frame *f);

// ---- exceptions (exceptions.c) ----

CV_MUST_USE cv_status cv_on_exception_instr(cv_validator *v, const cv_instr *in);
// Makes handlers of the frame's clauses. `end` is where the protected code ends.
CV_MUST_USE cv_status cv_end_handlers(cv_validator *v, const cv_frame *f, uint32_t end_pc);

// ---- side table (side.c) ----

// Whether anything needs entries: side tables are wanted, or (force) a handler keeps its target in one.
CV_MUST_USE cv_status cv_side_branch(cv_validator *v, cv_frame *target, bool force, uint32_t *entry);
// An entry for the if at hand, or for the fall out of an arm.
CV_MUST_USE cv_status cv_side_if(cv_validator *v, cv_frame *f);
CV_MUST_USE cv_status cv_side_raw(cv_validator *v, cv_side_entry entry);
// Points the entries that wait for the frame to `pc` and the next side entry.
void cv_side_resolve(cv_validator *v, cv_frame *f, uint32_t pc);
void cv_side_resolve_if(cv_validator *v, cv_frame *f, uint32_t pc);

// ---- locals (func.c) ----

CV_MUST_USE cv_status cv_mark_initialised(cv_validator *v, uint32_t local);
void cv_forget_initialised(cv_validator *v, uint32_t mark);

// ---- the rest of the instructions (instructions.c) ----

// Reads the instruction at v->pc whole and applies it.
CV_MUST_USE cv_status cv_on_other(cv_validator *v);

// ---- constant expressions (const_expr.c) ----

// `globals` is how many of the module's globals may be read.
CV_MUST_USE cv_status cv_const_expr_validate(const cv_module *m, const cv_const_expr *expr, cv_valtype wanted,
                                             uint32_t globals, cv_diag *diag);

#endif
