// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tier.h: what a tier is. A tier makes a validated module ready to run (cv_code) and fills in the entries of its
// function instances. Tiers do not know each other: they call through cv_func, and a thrown exception or a trap crosses
// from one to the next as a cv_run.
//
// Native convention (x86-64; exec/code documents the registers): a tier that makes machine code puts its entry in
// cv_func.code. Functions of tiers without machine code, and host functions, get a thunk there (tier->thunk) as soon as
// a native tier is in the engine.
#ifndef COVE_RUNTIME_TIER_H
#define COVE_RUNTIME_TIER_H

#include "runtime/object.h"
#include "runtime/runtime.h"

// Which instructions of the machine generated code may use: those of this machine; or, so that tests do not depend on
// it, the fewest that a native tier asks for, or those of the present common level (x86-64: SSE4.1 alone, and
// x86-64-v3).
typedef enum cv_cpu_level { CV_CPU_HOST, CV_CPU_LEAST, CV_CPU_COMMON } cv_cpu_level;

// Whether hot functions move to another tier while they run (runtime/tier_up.h). With CV_TIER_UP_RANDOM, which is for
// tests, chance decides at each poll, and code is compiled there and then.
typedef enum cv_tier_up_mode { CV_TIER_UP_NEVER, CV_TIER_UP_BACKGROUND, CV_TIER_UP_RANDOM } cv_tier_up_mode;

// Chosen when a module is compiled; part of the code.
typedef struct cv_compile_options {
  bool fuel;               // count fuel (rules: runtime/fuel.h)
  bool canonical_nan;      // every NaN that arithmetic makes is the canonical one
  bool lazy;               // compile a function when it is first called
  bool only_optimized;     // refuse a function that costs too much to optimize, rather than compile it badly
  bool debug_frames;       // register unwind information with debuggers
  uint8_t tier_up;         // cv_tier_up_mode; a tier that is the lower of none ignores it
  uint32_t tier_up_seed;   // CV_TIER_UP_RANDOM
  cv_cpu_level cpu;        // CV_CPU_COMMON must not run on a lesser machine
  const char *profile;     // NULL, "perfmap" or "jitdump"
  cv_code_objects objects; // functions are taken from here instead of compiled; `lazy`
  struct cv_kept *kept;    // NULL, or: functions that are not in `objects` are compiled, and kept here (runtime/kept.h)
  // The same for the code of the tier above: a function that is in `upper_objects` begins there. It is not compiled
  // when it is not; NULL and nothing without tier_up.
  cv_code_objects upper_objects;
  struct cv_kept *upper_kept;
} cv_compile_options;

// A module made ready by one tier. Immutable to its users and shared by threads; a tier derives from it.
struct cv_code {
  const cv_tier *tier;
  const cv_module *module; // lives as long as the code
  cv_compile_options options;
  cv_layout layout;
  cv_code *lower;        // of code above another one: that one, whose instances it runs; else NULL
  struct cv_tier_up *up; // of code that is below another one, or may come to be (runtime/tier_up.h); else NULL
  // The engine's part, zero when the tier hands the code over.
  struct cv_engine *engine;
  cv_module *owned;         // the module, to be freed with the code
  uint32_t references;      // atomic
  uint32_t uses;            // atomic: instantiations so far
  struct cv_images *images; // atomic: initial memory contents, once built (runtime/image.c)
  struct cv_parked *parked; // blocks of former instances (runtime/block.c)
};

// Instead of a loop: none.
enum { CV_NO_LOOP = UINT32_MAX };

// What a machine address in a tier's code means.
typedef struct cv_code_place {
  uint32_t func;     // function index
  uint32_t offset;   // byte offset in the module
  cv_trap_kind trap; // what a hardware fault at this very address means; CV_TRAP_NONE when it means a bug
  // The address is in a callee that was inlined there: `func` and `offset` are those of the call, these of the callee.
  bool is_inlined;
  uint32_t inlined_func, inlined_offset;
} cv_code_place;

// Makes function objects without placing them, for files, and tells where they may be placed. A compiler is for one
// thread at a time, allocates from `mem` alone, and ends before the code.
typedef struct cv_object_maker {
  cv_status (*compiler_new)(const cv_code *code, cv_mem *mem, void **compiler);
  // The object is good until the compiler's next function. `loop` is CV_NO_LOOP but for cv_tier.upper_compile.
  cv_status (*compile)(void *compiler, uint32_t func, uint32_t loop, cv_code_object *out, cv_diag *diag);
  bool (*keep)(const void *compiler); // false: it has grown so large that it is better made anew
  void (*compiler_delete)(void *compiler);
  // False: objects of this tier cannot run here, whether or not it can compile.
  bool (*can_place)(void);
  uint64_t (*cpu_needs)(cv_cpu_level level);    // the CPU's features that code of this level may use
  const char *(*cpu_lacks)(uint64_t cpu_needs); // the name of one that this CPU has not, or NULL
} cv_object_maker;

struct cv_tier {
  const char *name; // "interp", "jit", "llvm"
  // True when this tier can run here (CPU, executable memory, a library that it needs).
  bool (*available)(void);
  // After `available` said no: what is missing and how to get it, as a clause; NULL when there is nothing to say.
  const char *(*missing)(void);
  bool side_tables; // wants the side tables of validation (facts.h)
  bool guard_pages; // its code relies on faults: 32-bit memories need their whole guarded reservation
  cv_status (*compile)(cv_code **out, cv_mem *mem, const cv_module *module, const cv_compile_options *options,
                       cv_diag *diag);
  void (*code_delete)(cv_code *code, cv_mem *mem);
  // Fills code and invoke of the function instance of a defined function (instance and index are set).
  void (*bind)(cv_code *code, cv_func *func);
  // Native tiers: an entry in the native convention for any cv_func whose invoke is set, shared by all functions of
  // the same signature. NULL when out of memory or when the tier is not native.
  void *(*thunk)(const cv_functype *signature, cv_typeid type);
  // Native tiers: meaning of a pc in code made by this tier. False when it is not in this code.
  bool (*place)(const cv_code *code, uintptr_t pc, cv_code_place *out);
  // Native tiers: where the function that holds the call at `pc` goes on with an exception, NULL when it does not catch
  // it. The landing pad gets rbp and rsp of its frame, the exception in rax, and in edx what cv_native_throw_on wants.
  const uint8_t *(*pad)(const cv_code *code, uintptr_t pc, const cv_instance *instance, const cv_exception *exception);
  // Native tiers, for cv_native_compile: the entry of a direct call, of a function that is compiled now if need be. A
  // status other than CV_OK becomes a trap.
  cv_status (*compile_late)(cv_instance *instance, uint32_t func, const uint8_t **entry, cv_diag *diag);
  // Of a tier that can be above another: false when `available` would hardly be true. Without loading anything.
  bool (*may_be_available)(void);
  // A tier that can be above another: a code for the module of `lower`, in whose place it runs; calls of functions that
  // it does not have go to `lower`. It is deleted before `lower` is. NULL: it cannot.
  cv_status (*upper_new)(cv_code **out, cv_mem *mem, cv_code *lower, cv_diag *diag);
  // The direct entry of a function, compiled now; or of code that goes on with a frame of the lower tier at the loop
  // whose instruction is at that offset in the function's code: it takes the locals, then the operand stack, from
  // context->args.
  cv_status (*upper_compile)(cv_code *upper, uint32_t func, uint32_t loop, const uint8_t **entry, cv_diag *diag);
  // The direct entry of a function that is in the upper code's options.objects. CV_EUNSUPPORTED: it is not, or damaged.
  cv_status (*upper_take)(cv_code *upper, uint32_t func, const uint8_t **entry, cv_diag *diag);
  // A tier that can be below another: calls of the function go to this direct entry from now on.
  cv_status (*lead)(cv_code *lower, uint32_t func, const uint8_t *entry);
  const cv_object_maker *maker; // native tiers
  bool frames_tell_instance;    // the word below the saved frame pointer of each frame is its instance
};

extern const cv_tier cv_tier_interp;
extern const cv_tier cv_tier_jit;
extern const cv_tier cv_tier_llvm;

// Leaving native code early (traps, uncaught exceptions) is done by cv_raise (runtime.h): it makes the activation's
// outer one innermost and restores activation->sp, where the entry trampoline has pushed rbp, rbx, r12, r13, r14, r15
// in this order (sys/fiber.h: cv_stack_unwind). Native code calls it rather than doing so itself: between the two steps
// an interrupt signal must not find a pc of the code map.

// ---- executable code known to the process: used by the fault handler and by stack walks (runtime/code_map.c) ----
// Registered ranges may be looked up from a signal handler.
CV_MUST_USE cv_status cv_code_map_add(uintptr_t start, uintptr_t end, cv_code *code);
void cv_code_map_remove(uintptr_t start);
cv_code *cv_code_map_find(uintptr_t pc);

// ---- growing, for tiers in C: old size or -1; *refused says that a limit of the host was the reason ----
int64_t cv_memory_grow(cv_memory *memory, uint64_t delta_pages, bool *refused);
int64_t cv_table_grow(cv_table *table, void *init, uint64_t delta, bool *refused);

// ---- helpers that native code calls (runtime/helpers.c); a result that traps is told by cv_trap_kind ----
// Old size in pages or -1. These two raise a trap themselves (cv_raise) where the store wants one on a limit.
int64_t cv_helper_memory_grow(cv_memory *memory, uint64_t delta_pages);
int64_t cv_helper_table_grow(cv_table *table, void *init, uint64_t delta);
cv_trap_kind cv_helper_memory_copy(cv_memory *to, cv_memory *from, uint64_t d, uint64_t s, uint64_t n);
cv_trap_kind cv_helper_memory_fill(cv_memory *memory, uint64_t d, uint32_t byte, uint64_t n);
cv_trap_kind cv_helper_memory_init(cv_instance *i, uint32_t mem, uint32_t seg, uint64_t d, uint32_t s, uint32_t n);
void cv_helper_data_drop(cv_instance *instance, uint32_t seg);
cv_trap_kind cv_helper_table_copy(cv_table *to, cv_table *from, uint64_t d, uint64_t s, uint64_t n);
cv_trap_kind cv_helper_table_fill(cv_table *table, uint64_t d, void *value, uint64_t n);
cv_trap_kind cv_helper_table_init(cv_instance *i, uint32_t table, uint32_t seg, uint64_t d, uint32_t s, uint32_t n);
void cv_helper_elem_drop(cv_instance *instance, uint32_t seg);
// True when a function of type `actual` may be called as `expected`; the slow path after ids differed.
bool cv_helper_type_matches(cv_instance *instance, cv_typeid actual, cv_typeid expected);
// Atomics wait and notify (threads proposal); -1 in *trap-free* results never occurs: 0 ok, 1 not-equal, 2 timed out.
cv_trap_kind cv_helper_wait32(cv_context *c, cv_memory *m, uint64_t addr, uint32_t expect, int64_t ns, uint32_t *out);
cv_trap_kind cv_helper_wait64(cv_context *c, cv_memory *m, uint64_t addr, uint64_t expect, int64_t ns, uint32_t *out);
cv_trap_kind cv_helper_notify(cv_context *c, cv_memory *m, uint64_t addr, uint32_t count, uint32_t *out);
// A new exception of the store; NULL when out of memory. May collect unreachable ones (runtime/heap.c).
cv_exception *cv_exception_new(cv_context *context, const cv_tag *tag, const cv_value *payload);

#endif
