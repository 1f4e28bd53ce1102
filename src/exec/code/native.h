// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// native.h: the machine code of a module, whichever tier made it: function objects are placed in the arena, all at once
// or each when it is first called, and found again by the addresses in them.
//
// Terms
//   function object  the machine code of one function before it is placed, with its tables (runtime/object.h)
//   index            of a function among the defined ones of its module; `func` is one among all.
//   external entry   where cv_func.code leads (abi.h); its CV_EXTERNAL_ENTRY bytes load r14 and r15. Behind it is the
//   direct entry     where calls inside the module go.
//   loop entry       a function object of its own, which enters its function at a loop (runtime/tier_up.h). It comes
//                    after the functions: its index is not that of a function.
//   stub             stands in for a function's two entries while it is not placed, or for good; it jumps through
//                    its slot. Code that runs is never changed: only the slot is.
//
// A direct call to a function that is not placed yet:
//   eager  is linked into a chain through its field, and filled in when the callee is placed
//   lazy   goes to the callee's stub, whose slot leads to the lazy entry (stubs.h) until the callee is placed. Calls
//          that are compiled from then on go straight to it, but with `through_stubs`: then all calls and all
//          cv_func.code go through stubs for good, and one store of a slot exchanges a function for another
//          (cv_native_lead).
//
// A stub is 32 bytes, aligned to 16:
//   0  external entry   8  jmp [slot]   14  call to the lazy entry   19  padding   20  function (u32)
//   24 the slot: at first the address of byte 14
//
// An eager module is complete before anybody sees it. A lazy one grows while threads run in it: who compiles holds
// `compiling`, who places holds `lock`, taken later and never for long; everybody else, signal handlers too, reads
// without. What readers follow is written once, before the atomic that leads to it: a function and its place in `order`
// before `placed`, a block before `blocks`, all of that before cv_native_func.ready and the function's slot, through
// which calls come.
#ifndef COVE_EXEC_CODE_NATIVE_H
#define COVE_EXEC_CODE_NATIVE_H

#include "base/arena.h"
#include "base/vec.h"
#include "exec/code/arena.h"
#include "exec/code/poll.h"
#include "exec/code/profile.h"
#include "exec/code/stubs.h"
#include "sys/thread.h"

enum { CV_EXTERNAL_ENTRY = 8 };

typedef struct cv_native_func {
  uint32_t at;   // offset in the arena of its external entry
  uint32_t size; // bytes from there; 0 while not placed
  // Lazy: the offset in the arena of its stub, 0 without one. Eager: while not placed, the last field of the chain of
  // calls that wait for it, as an offset in the arena.
  uint32_t waits;
  bool ready; // atomic: placed, and may be called
  uint32_t map_size, pads_size;
  const uint8_t *map;
  const void *pads;
  const cv_poll_table *polls;
} cv_native_func;

// One block of the arena. Its functions are order[first] up to the next block's.
typedef struct cv_native_block {
  cv_code_block block;
  uint32_t first;
  struct cv_native_block *older;
} cv_native_block;

typedef struct cv_native_code cv_native_code;

// What is the tier's own about its code.
typedef struct cv_native_kind {
  uint32_t alignment;         // of texts, at least 16
  uint32_t entry_at;          // where in a text the external entry is
  bool plain_frames;          // functions are `push rbp; mov rbp, rsp` from the direct entry on: gdb may walk them
  const uint8_t *const *pool; // what CV_RELOC_POOL counts from
  const size_t *pool_size;    // bytes
} cv_native_kind;

struct cv_native_code {
  cv_code base;
  const cv_native_kind *kind;
  cv_mem *mem;
  cv_lock compiling;  // of the compiler and the number of loop entries
  cv_lock lock;       // of all that is placed
  bool through_stubs; // lazy: see above; set before the first function
  // Lazy, or NULL: calls of functions that are not placed here go through the stubs of this code of the same module,
  // which outlives this one. Its lock is taken while this one's is held.
  cv_native_code *stubs_of;
  cv_native_block *blocks; // atomic: newest first
  size_t used;             // of the newest
  size_t next_block;       // size of the next block
  intptr_t write_delta;    // from the arena's executable view to its writable one
  cv_native_func *funcs;   // defined functions, then loop entries
  uint32_t *order;         // indices of the placed ones, in the order of placing
  uint32_t most_loops;     // loop entries that there is room for; set before cv_native_begin
  uint32_t loop_count;
  uint32_t *loop_func; // by loop entry: the index of its function
  const uint8_t *flag; // of polls, where code reads it; NULL without
  uint32_t placed;     // atomic
  cv_arena tables;
  void *compiler;              // lazy: kept from one function to the next; NULL before the first
  uint32_t stub_at, stub_last; // offset in the arena of the next stub, and the end of the room for stubs
  CV_VEC(cv_gdb_entry *) debug_entries;
};

// ---- native.c: what tiers fill cv_tier with ----

// `code` is zero but for what says otherwise; base.tier, module, options and layout are set here. Call cv_native_end
// also when this fails.
CV_MUST_USE cv_status cv_native_begin(cv_native_code *code, const cv_tier *tier, const cv_native_kind *kind,
                                      cv_mem *mem, const cv_module *module, const cv_compile_options *options,
                                      cv_diag *diag);
void cv_native_end(cv_native_code *code);
// Compiles and places all functions.
CV_MUST_USE cv_status cv_native_compile_all(cv_native_code *code, cv_diag *diag);
// cv_tier.upper_compile, upper_take, compile_late, bind, thunk and lead.
cv_status cv_native_upper_compile(cv_code *upper, uint32_t func, uint32_t loop, const uint8_t **entry, cv_diag *diag);
cv_status cv_native_upper_take(cv_code *upper, uint32_t func, const uint8_t **entry, cv_diag *diag);
cv_status cv_native_compile_late(cv_instance *instance, uint32_t func, const uint8_t **entry, cv_diag *diag);
void cv_native_bind(cv_code *base, cv_func *func);
void *cv_native_thunk_for(const cv_functype *signature, cv_typeid type);
cv_status cv_native_lead_to(cv_code *lower, uint32_t func, const uint8_t *entry);

// ---- place.c ----

// Copies function `index` to the arena and makes it callable. With the lock held, where the code is shared.
CV_MUST_USE cv_status cv_native_place(cv_native_code *code, uint32_t index, const cv_code_object *object);
// The function or loop entry whose code holds `pc`, the index of its function, and how far behind its external entry.
// Safe in signal handlers.
const cv_native_func *cv_native_find(const cv_native_code *code, uintptr_t pc, uint32_t *index, uint32_t *at);
// Lazy: the stub of a function, made when it is first wanted. With the lock held.
CV_MUST_USE cv_status cv_native_stub(cv_native_code *code, uint32_t index, const uint8_t **stub);
// With through_stubs: from now on calls of the function, which was placed, go to this direct entry. Takes the lock.
CV_MUST_USE cv_status cv_native_lead(cv_native_code *code, uint32_t index, const uint8_t *entry);

// The function that the code at this index, which may be a loop entry, belongs to.
static inline uint32_t cv_native_func_index(const cv_native_code *code, uint32_t index) {
  uint32_t defined = cv_module_defined(code->base.module);
  return index < defined ? index : code->loop_func[index - defined];
}

static inline const uint8_t *cv_native_entry_of(const cv_native_func *f) {
  return cv_code_arena_base() + f->at;
}

// Where the instructions of a function are, in the bytes of the module.
static inline uint32_t cv_native_code_offset(const cv_code *base, uint32_t index) {
  const cv_module *m = base->module;
  return base->options.objects.index != NULL ? cv_code_objects_offset(&base->options.objects, index)
                                             : m->funcs[m->imported_funcs + index].code.offset;
}

// ---- announce.c ----

// Tells profilers and debuggers, where the options ask for it, of the functions placed since `first` of them were.
CV_MUST_USE cv_status cv_native_announce(cv_native_code *code, uint32_t first);
void cv_native_announce_end(cv_native_code *code);

#endif
