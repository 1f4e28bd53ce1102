// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gen.h: the state of one function on its way to LLVM's IR, and what the files of this folder offer each other.
//
//   plugin.c    the library's face: compilers, passes, code generation
//   function.c  one function: prologue, the loop over instructions, results
//   value.c     constants, casts, traps, fuel, debug locations
//   call.c      signatures in the native convention, calls, helpers
//   control.c   blocks and branches         exception.c  throwing and catching
//   widen.c     after the passes: addresses without zero extensions
//   inline.c    small leaf functions in place of their calls
//   recursive.c functions that call themselves only
//   loop_scan.c loop_reroll.c loop_clone.c   clones of loops that cannot trap (loop.h)
//   osr.c       entering a function at a loop
//   int.c float.c memory.c object.c atomic.c simd.c simd_int.c   instructions, by kind
//
// Terms
//   value    an LLVM value of the operand stack. i32, i64, f32, f64 have the types of these names, a reference is an
//            i64, a v128 is any vector of 128 bits: who takes it casts it (gen_vector).
//   place    the byte offset of an instruction in the function's code, plus one: the "line" of LLVM's debug locations,
//            by which machine addresses are explained (line 0 means none).
//   dead     code that cannot be reached; it is skipped, never generated.
//
// Rules
//   - Accesses of linear memory are volatile: each may trap, so none is moved, joined or left out. Those of a loop's
//     clone cannot trap and are not.
//   - So are writes of globals and of the context, which are seen after a trap.
//   - A trap is llvm.ubsantrap with its kind, in a block of its own, and never merged with another.
//   - LLVM may not fold what wasm defines and it does not: divisions are guarded, shift counts masked, and constants
//     that make an addition or multiplication vanish (and a signaling NaN stay one) are hidden from it.
#ifndef COVE_EXEC_LLVM_GEN_H
#define COVE_EXEC_LLVM_GEN_H

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/TargetMachine.h>

#include "base/leb.h"
#include "exec/llvm/plugin.h"
#include "wasm/opcodes.h"
#include "wasm/validate/facts.h"

typedef LLVMValueRef value;
typedef LLVMTypeRef type;
typedef LLVMBasicBlockRef block;

// Lanes of a v128.
typedef enum shape { I8X16, I16X8, I32X4, I64X2, F32X4, F64X2, SHAPES } shape;

typedef struct gen_types {
  type none, i1, i8, i16, i32, i64, i128, f32, f64, ptr;
  type vector[SHAPES];
} gen_types;

// The attributes that are used again and again.
typedef struct gen_attributes {
  LLVMAttributeRef nomerge, i32_result;
} gen_attributes;

typedef struct ctl {
  uint8_t op;   // CV_OPC_BLOCK, LOOP, IF, ELSE, TRY, CATCH, TRY_TABLE; the function is CV_OPC_BLOCK at depth 0
  bool dead;    // the code being skipped up to its end cannot be reached
  bool reached; // something jumps to the label
  bool saved;   // the operands below are in g->saved (osr.c)
  uint32_t height, params, results;
  const cv_valtype *types; // params, then results
  uint32_t edges;          // to the label, or to the arms of a try
  uint32_t sets_before;    // gen.set_count where it began
  block label;             // of a loop its first block, else what follows its end
  value *phis;             // of the label
  block otherwise;         // if: the else arm, until it is begun
  value *arguments;        // if: the parameters, for the else arm
  // try, try_table
  block dispatch;        // NULL before the first call that may throw here
  value exception, from; // in `dispatch`: what was thrown, and where the frame was left
  value caught;          // catch: the exception of the arm
  const uint8_t *clauses;
  // loop
  bool is_cloned;
  block clone_exit; // where the clone ends, until it is joined with what follows the br_if
} ctl;

struct cv_llvm_compiler {
  const cv_module *module;
  const cv_layout *layout;
  cv_compile_options options;
  char cpu[64], features[4096];
  LLVMTargetMachineRef optimizing, fast;
  LLVMContextRef context;
  uint32_t context_uses;
  char why[160];
  // Vectors that the functions share, grown to the largest.
  value *stack, *locals;
  ctl *ctls;
  size_t stack_capacity, local_capacity, ctl_capacity;
};

enum { HIDDEN = 8 };

typedef struct gen {
  struct cv_llvm_compiler *compiler;
  const cv_module *module;
  const cv_layout *layout;
  const cv_func_facts *facts;
  const cv_functype *signature;
  uint32_t index;
  LLVMContextRef c;
  LLVMModuleRef m;
  LLVMBuilderRef b;
  LLVMDIBuilderRef di;
  LLVMMetadataRef scope;
  gen_types t;
  gen_attributes a;
  value function, instance, memory, context;
  block entry; // allocas and what is computed once; ends in a branch made last
  block body;
  block rethrow; // goes on throwing in the caller; NULL before it is wanted
  value rethrow_exception, rethrow_from;
  uint32_t loop_at; // CV_NO_LOOP, or the loop that the function is entered at (osr.c)
  block osr;        // that entry; NULL until its loop was met
  value *saved;     // osr.c
  const uint8_t *at, *code;
  uint32_t op_at;
  bool inlined; // code, at, op_at, facts and locals are those of a callee (inline.c)
  uint32_t inlined_func, inlined_at, inlined_bytes;
  uint32_t function_ctl; // of the function whose instructions these are
  value *stack;
  uint32_t sp;
  value *locals;
  ctl *ctls;
  uint32_t ctl_count;
  uint32_t fuel_pending;
  bool fuel, canonical_nan, universal;
  bool recursive; // `function` is not "f" but its body (recursive.c)
  type recursive_type;
  LLVMMetadataRef entry_scope; // of "f" then
  bool placed;                 // the debug location is that of this instruction
  struct {
    uint64_t bits;
    bool is_64;
    value hidden;
  } hidden[HIDDEN];
  uint32_t hidden_count;
  struct loop_body *loop_body;   // room for the description of a loop, made when first wanted
  struct loop_clone *loop_clone; // of the loop whose clone is being generated, or NULL
  uint32_t loop_count;           // so far
  uint32_t set_count;            // so far, of locals
  uint64_t joined;               // values that come to joins, at most, over all edges: gen_end
  uint32_t expanded;             // so far, pieces of copies and fills in place
  cv_arena arena;                // phis and the like
  cv_mem mem;
  bool failed; // compiler->why says why
} gen;

// ---- value.c ----
void gen_fail(gen *g, const char *why);
type gen_type(const gen *g, cv_valtype t);
value gen_const32(const gen *g, uint32_t v);
value gen_const64(const gen *g, uint64_t v);
value gen_float_const(gen *g, uint64_t bits, bool is_64);
value gen_hidden(gen *g, uint64_t bits, bool is_64); // a float constant that LLVM must not reason with
value gen_zero(gen *g, cv_valtype t);
value gen_vector(gen *g, value v, shape s); // the same 128 bits as lanes
value gen_same(gen *g, value v, type t);    // the same bits as a vector type or whatever it is already
value gen_pointer(gen *g, value base, uint64_t offset);
value gen_field(gen *g, type t, value base, uint64_t offset);         // a load of what may change
value gen_field_forever(gen *g, type t, value base, uint64_t offset); // a load of what never does
void gen_set_field(gen *g, value v, value base, uint64_t offset);     // a volatile store
value gen_intrinsic(gen *g, const char *name, type *overloads, size_t overload_count, value *args, unsigned count);
value gen_intrinsic1(gen *g, const char *name, type overload, value a);
value gen_intrinsic2(gen *g, const char *name, type overload, value a, value b);
value gen_intrinsic3(gen *g, const char *name, type overload, value a, value b, value c);
void gen_place(gen *g);                   // what follows is explained by the present instruction
void gen_trap(gen *g, cv_trap_kind kind); // ends the block
void gen_trap_if(gen *g, value condition, cv_trap_kind kind);
void gen_trap_if_returned(gen *g, value kind);
void gen_fuel(gen *g, uint32_t op);
void gen_fuel_take(gen *g, value amount);
block gen_block(gen *g, const char *name);
void gen_at(gen *g, block b);
value gen_canonical(gen *g, uint32_t op, value v);

static inline void push(gen *g, value v) {
  g->stack[g->sp++] = v;
}
static inline value pop(gen *g) {
  return g->stack[--g->sp];
}
static inline uint32_t read_u32(gen *g) {
  return cv_leb_u32(&g->at);
}

// ---- function.c ----
bool gen_function(gen *g);
void gen_instruction(gen *g);

bool gen_asks_for_stack(const gen *g);
void gen_check_stack(gen *g);

// ---- osr.c ----
// Where a block begins; and where several ways into it or out of it meet: what is below it is loaded again.
void gen_osr_begin_block(gen *g, ctl *c);
void gen_osr_join(gen *g, const ctl *c);
// Where a loop is about to begin, before its clone; and in its first block.
void gen_osr_before_loop(gen *g, ctl *c);
void gen_osr_in_loop(gen *g, ctl *c);

// ---- call.c ----
enum { CALL_CONVENTION = 21, NATIVE_INTS = 12 }; // LLVM's number of preserve_none
type gen_function_type(gen *g, const cv_functype *f, bool universal, bool through_object);
void gen_take_parameters(gen *g);
void gen_call(gen *g, uint32_t op);
void gen_return(gen *g);                                                        // the results are on top of the stack
value gen_helper(gen *g, cv_native_helper helper, value *args, unsigned count); // an i64

void gen_native_parameters(gen *g, value function,
                           value *out); // of a function of the native signature, all in registers

// ---- recursive.c ----
// The function to generate: `f`, or the body that a function which calls itself only has beside it.
value gen_recursive_begin(gen *g, value f);
value gen_recursive_call(gen *g, const value *args, uint32_t count, LLVMTailCallKind tail); // the instance is args[0]
void gen_recursive_end(gen *g, value f);                                                    // fills f

// ---- inline.c ----
enum { GEN_INLINE_HEIGHT = 16, GEN_INLINE_DEPTH = 10 };
bool gen_inline(gen *g, uint32_t func); // instead of a call of `func`; false: it has to be one

// ---- widen.c ----
void gen_widen(gen *g); // after the passes

// ---- control.c ----
enum { GEN_MOST_JOINED = 1 << 18 }; // of gen.joined: more, and locals stay in memory
void gen_control(gen *g, uint32_t op);
bool gen_begin_block(gen *g, uint32_t results, const cv_valtype *types); // without parameters
void gen_branch(gen *g, ctl *c); // takes the label's values from the stack, leaves them there, ends the block
void gen_skip_dead(gen *g);
void gen_end(gen *g);
uint32_t gen_arity(const ctl *c);
const cv_valtype *gen_label_types(const ctl *c);
void *gen_alloc(gen *g, size_t size);

// ---- loop_clone.c ----
void gen_loop_clone(gen *g, ctl *c);          // before a loop is entered: its guard and clone, where it may have one
void gen_loop_back(gen *g, ctl *c, value br); // after `br`, a conditional branch to the loop, was made
void gen_clone_loaded(gen *g, value v);       // what the present access of the clone has loaded
value gen_clone_address(gen *g);              // of the next access of the clone; NULL: it is not made

// ---- exception.c ----
block gen_pad(gen *g); // where a call made now unwinds to; NULL when nothing catches
void gen_throw(gen *g, uint32_t op);
void gen_catch(gen *g, uint32_t op);
void gen_delegate(gen *g);
void gen_end_try(gen *g, ctl *c);

// ---- instructions; each reads its immediates at g->at ----
void gen_int(gen *g, uint32_t op);
void gen_float(gen *g, uint32_t op);
void gen_memory(gen *g, uint32_t op);
void gen_object(gen *g, uint32_t op);
void gen_atomic(gen *g, uint32_t op);
void gen_simd(gen *g, uint32_t op);

// ---- simd.c ----
bool gen_simd_int(gen *g, uint32_t op); // false: not one of these
bool gen_simd_float(gen *g, uint32_t op);
value gen_splat(gen *g, shape s, value lane);
value gen_shuffle(gen *g, value a, value b, const uint8_t *lanes, unsigned count);
value gen_half(gen *g, value v, bool high); // the lower or upper lanes, half as many

// ---- float.c ----
value gen_min_max(gen *g, bool is_max, value a, value b);
value gen_round(gen *g, const char *name, value a);

// ---- memory.c ----
typedef struct memarg {
  uint64_t offset;
  uint32_t memory;
  bool is_64, checked;
} memarg;
memarg gen_read_memarg(gen *g);
value gen_address(gen *g, const memarg *m, value index, unsigned size);
value gen_load(gen *g, type t, value address);
void gen_store(gen *g, value v, value address);
value gen_memory_object(gen *g, uint32_t memory);
value gen_table_object(gen *g, uint32_t table);
value gen_table_size(gen *g, uint32_t table);
value gen_table_elements(gen *g, uint32_t table);

#endif
