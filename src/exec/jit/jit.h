// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// jit.h: the state of tier 1 while it compiles one function, and what its files offer each other.
//
//   compile.c   the tier: makes function objects (exec/code/native.h), tells what addresses in their code mean
//   function.c  one function: prologue, the loop over instructions, epilogue, trap sites
//   plan.h      values: the compile-time stack, registers, pinned locals
//   int.c float.c memory.c bulk.c control.c call.c object.c simd.c exception.c   instructions, by kind
//   poll.c      leaving for another tier
//   map.c       what a machine address means
//   throw.c     finding the handler of an exception
//
// Terms
//   entry    a value of the operand stack at compile time: a constant, a local, a register or its frame slot. Constants
//            and locals are references, not yet code.
//   slot     the frame cell of a local (0 to local_count - 1) or of operand stack position i (local_count + i).
//   pin      a register that holds one local for the whole function, chosen by use weighted with loop depth.
//   valid    a pin whose register holds the local now. A pin that is not valid has its value in the slot.
//   clean    a valid pin whose slot holds the same value, so that it need not be stored before a call.
//   weak     a pin of a local that is used little more often than calls happen. It stays in its slot across calls until
//            it is used again.
//   label    a place that several jumps reach. There every strong pin is valid, a weak one if it was at the first jump
//            (at a loop: if no call is in it), one result is in rax or xmm0, several results and all values below are
//            in their slots (or constants).
//   op_at    offset in the function's code of the instruction being compiled.
#ifndef COVE_EXEC_JIT_JIT_H
#define COVE_EXEC_JIT_JIT_H

#include "base/leb.h"
#include "exec/code/emit.h"
#include "exec/code/native.h"
#include "wasm/opcodes.h"
#include "wasm/validate/facts.h"

// CPU abilities that the emitter uses when they are there.
typedef struct cv_jit_cpu {
  bool avx, bmi2, lzcnt, tzcnt, popcnt;
  bool avx2_level; // the second level of the stencils
} cv_jit_cpu;

enum { K_CONST = 0, K_LOCAL = 1, K_REG = 2, K_SLOT = 3 };

// Types are the kinds of cv_valtype; a reference is CV_I64.
typedef struct ent {
  uint8_t kind;
  uint8_t type;
  uint8_t reg; // K_REG
  bool wide;   // K_CONST: the value is j->consts[v]
  uint32_t v;  // K_CONST: low 32 bits, sign-extended for CV_I64; K_LOCAL: index of the local
} ent;

typedef struct ctl {
  uint8_t op; // CV_OPC_BLOCK, LOOP, IF, ELSE, TRY, CATCH, TRY_TABLE; FUNC is CV_OPC_BLOCK at depth 0
  bool dead;  // the code being skipped up to its end cannot be reached
  uint32_t height;
  uint32_t params, results;
  const cv_valtype *types;     // params, then results
  uint32_t chain;              // jumps to its end: place of the last one's field, which holds the one before; 0 ends
  uint32_t table_chain;        // likewise cells of jump tables
  uint32_t else_chain;         // if: the jump to else
  uint32_t loop_at;            // loop: its code
  uint32_t weight;             // loop: j->weight around it
  bool met;                    // a jump to the label has fixed `wanted`
  uint32_t wanted;             // pins valid at the label; if: also at else
  uint32_t clean, clean_else;  // pins clean at every jump to the end; at the jump to else
  uint32_t try_start, try_end; // try, try_table: the protected code
  const uint8_t *clauses;      // try_table: its catch clauses in the code
} ctl;

typedef struct trap_site {
  uint32_t field;  // of the jcc
  uint32_t offset; // op_at
  cv_trap_kind kind;
} trap_site;

// A poll, whose slow path is behind the code.
typedef struct poll_site {
  uint32_t jump;   // its field; the way back is behind it
  uint32_t offset; // op_at
  uint32_t loop;   // index in poll_loops, or CV_NO_LOOP
} poll_site;

typedef struct const_use {
  uint32_t field;
  uint32_t index; // in j->pool, in units of 8 bytes
} const_use;

// A clause of a handler, as the throw looks for it: the first whose range holds the call.
typedef struct handler {
  uint32_t start, end; // code offsets in the function
  uint32_t pad;        // where to go on
  uint32_t tag;
  uint32_t depth;       // control depth of the try
  uint32_t delegate_to; // CV_HANDLER_LEGACY_DELEGATE
  uint32_t kind;        // cv_handler_kind
} handler;

enum { MAX_FLIGHT = 4 }; // operands of one instruction

typedef struct jit {
  cv_emit e;
  const uint8_t *at, *code, *code_end; // next byte; the function's instructions
  uint32_t op_at;
  uint32_t used, pinned, valid, clean; // registers (bits): temporaries in use; pins and their state
  uint32_t weak;                       // of the pins
  uint32_t avoid;                      // not to be allocated now
  uint32_t weight;                     // of a local's use here, as validation counted it: 1 outside of loops
  uint32_t left[32];                   // by pin: weight of its local's uses to come; UINT32_MAX when not known
  ent *stack;
  uint32_t sp;
  uint32_t local_count;
  uint32_t slot_size; // 8, or 16 when the function has vectors
  uint32_t max_slot;  // slots used so far
  const cv_valtype *locals;
  int8_t *pin;             // register of each local, -1 for none
  uint32_t pin_local[32];  // local of each pinned register
  uint32_t owner[32];      // stack position of each used register, or OWNER_FLIGHT
  ent *flight[MAX_FLIGHT]; // popped operands that fixed registers may push aside
  uint32_t flight_count;
  ctl *ctls;
  uint32_t ctl_count;
  uint32_t loop_count; // loops met so far, dead ones included

  // Destination that dest() chose.
  uint32_t dest_local;
  bool dest_pinned, dest_tee;
  ctl *fuse_target; // br_if: where it goes

  // The flags say whether this register (with this width) is zero, for the instruction at flags_next if it is compiled
  // to this very place of the code.
  uint32_t flags_at;
  uint8_t flags_reg, flags_w;
  const uint8_t *flags_next;

  const cv_module *module;
  const cv_layout *layout;
  const cv_func_facts *facts;
  const cv_functype *type;
  uint32_t func;
  cv_jit_cpu cpu;
  bool fuel, canonical_nan, tier_up;
  bool module_has_vectors; // among its function types and globals
  bool reload_after_calls; // direct calls, too, may return with another instance's registers
  bool unsupported;
  uint32_t unsupported_op;
  uint32_t fuel_pending;
  uint32_t fuel_trap; // 0, or the code of the function's out-of-fuel exit

  uint32_t frame_fields[2]; // places of the frame size
  uint32_t frame_field_count;

  cv_mem *mem;
  uint8_t *buffer;
  size_t buffer_size;
  bool no_memory;
  CV_VEC(uint64_t) consts; // wide constants of the stack
  CV_VEC(uint64_t) pool;   // constants behind the code
  CV_VEC(const_use) const_uses;
  CV_VEC(cv_code_reloc) relocs;
  CV_VEC(trap_site) traps;
  CV_VEC(handler) handlers;
  CV_VEC(poll_site) polls;
  CV_VEC(cv_poll_loop) poll_loops;
  CV_VEC(uint32_t) poll_table; // words of a cv_poll_table
  CV_VEC(uint32_t) frame_leas; // places of frame sizes, negative and with what is above them: jit_frame_lea
  CV_VEC(uint8_t) map;         // map.c
  uint32_t map_pc, map_offset;
  // memory for stack, ctls, pin: grown to the largest function
  size_t stack_capacity, ctl_capacity, pin_capacity;
} jit;

enum { OWNER_FLIGHT = UINT32_MAX };

// ---- map.c ----
// Classes of machine addresses in the map.
typedef enum map_class {
  MAP_CALL = 0,   // a return address
  MAP_MEMORY = 1, // an instruction that faults when it leaves a memory
  MAP_TRAP = 2,   // an instruction that traps with the kind given
  MAP_REGION = 3, // MAP_MEMORY for every instruction from here to the next entry
} map_class;
void jit_map_add(jit *j, map_class class, uint32_t pc, cv_trap_kind kind);
bool jit_map_find(const uint8_t *map, const uint8_t *end, uint32_t pc, bool exact, cv_code_place *out);

// ---- function.c ----
// Compiles function `func` of the module into j->e and the vectors. False: out of memory or unsupported.
bool jit_function(jit *j, uint32_t func);
void jit_frame_field(jit *j);
void jit_frame_lea(jit *j, unsigned reg);
void jit_unsupported(jit *j, uint32_t op);

// ---- poll.c ----
void jit_poll_at_entry(jit *j);
void jit_poll_at_loop(jit *j);
void jit_emit_polls(jit *j);
const cv_poll_table *jit_poll_table(jit *j);

// ---- instructions; each reads its immediates at j->at ----
void jit_int(jit *j, unsigned op);       // 0x45 to 0x5a, 0x67 to 0x8a, integer conversions, sign extension
void jit_float(jit *j, unsigned op);     // 0x5b to 0x66, 0x8b to 0xbf
void jit_condition(jit *j, unsigned op); // br_if, if, select with a plain i32 as condition
void jit_memory(jit *j, unsigned op);    // 0x28 to 0x40
void jit_object(jit *j, uint32_t op);    // globals, tables, references, bulk operations (0xFC)
void jit_simd(jit *j, uint32_t op);      // 0xFD
void jit_atomic(jit *j, uint32_t op);    // 0xFE
void jit_local_get(jit *j, uint32_t local);
void jit_local_set(jit *j, uint32_t local, bool tee);
void jit_call(jit *j, uint32_t op);    // call and its kind
void jit_throw(jit *j, uint32_t op);   // throw, throw_ref, rethrow
void jit_control(jit *j, uint32_t op); // block to br_table
void jit_ref_branch(jit *j, uint32_t op);

// A condition in the flags.
typedef struct cond {
  uint8_t cc;
  uint8_t parity; // 0; 1: and not parity (float eq); 2: or parity (float ne)
} cond;
// A comparison and the instruction that consumes its result are compiled together:
//   jit_fusion       looks ahead: consumes eqz and the opcode of br_if, if or select. FUSE_NONE: the result is wanted
//   jit_fuse_before  everything that must precede the comparison; its operands must be in flight (plan.h)
//   (the comparison sets the flags and releases its operands)
//   jit_fuse_after   the jump or the conditional move
typedef enum fusion { FUSE_NONE, FUSE_BR_IF, FUSE_IF, FUSE_SELECT } fusion;
fusion jit_fusion(jit *j, bool *invert);
void jit_fuse_before(jit *j, fusion f);
void jit_fuse_after(jit *j, fusion f, cond c, bool invert);
void jit_set_bool(jit *j, cond c, unsigned reg); // reg (not an operand's any more) = condition

void jit_jump_to(jit *j, ctl *c, int cc);
void jit_trap_if(jit *j, int cc, cv_trap_kind kind); // cc -1: always
void jit_fuel_charge(jit *j, uint32_t op);
void jit_helper(jit *j, cv_native_helper helper); // call of a helper's stub; the caller has saved and placed all
void jit_trap_if_returned(jit *j);                // eax is a cv_trap_kind
cv_addr jit_table_field(jit *j, uint32_t table, size_t field, unsigned temp); // of a table, loading into temp
void jit_save_all(jit *j, uint32_t keep);
void jit_store_argument(jit *j, const ent *a, uint32_t index); // to context->args[index]
void jit_reload_instance(jit *j);
// Takes the top `count` entries to these registers, all at once.
void jit_operands_to(jit *j, uint32_t count, const uint8_t *regs);
void jit_after_call(jit *j);
void jit_xmm_op3(jit *j, uint32_t op, unsigned to, unsigned a, unsigned b); // to = op(a, b)
unsigned jit_sig_type(char letter);
struct cv_stencil_insn;
void jit_single(jit *j, const struct cv_stencil_insn *insn, const char *sig, unsigned imm8);
bool jit_stencil(jit *j, uint32_t op, const uint8_t *imm, unsigned lane);
void jit_handlers_of_try(jit *j, ctl *c);
void jit_legacy_catch(jit *j, uint32_t op);
void jit_delegate(jit *j);
void jit_values_to_label(jit *j, ctl *c);
void jit_validate_and_jump(jit *j, ctl *c);
void jit_end(jit *j);
bool jit_label_in_reg(const ctl *c);
void jit_resolve_chain(jit *j, uint32_t chain);
void jit_skip_dead(jit *j);
void jit_push_results(jit *j, const cv_valtype *types, uint32_t count, bool in_res);

#endif
