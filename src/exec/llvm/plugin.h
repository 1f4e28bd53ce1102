// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plugin.h: what libcove and the loadable library libcove-llvm.so say to each other. The library knows LLVM and makes
// an object file of each function; libcove knows nothing of LLVM, places the code and runs it (tier.c, object.c).
//
// Names in the object files
//   f        the function itself
//   f<n>     the direct entry of function n of the same module
//   h<n>     the stub of helper n (exec/code/stubs.h)
//   t<n>     no address, but the canonical id of type n of the module
//   jump     two bytes that go where the cv_func in rax leads: a tail call has no register left for the address
//
// Convention. A function keeps the native convention of exec/code/abi.h, as tier 1's do, so a call between the tiers is
// a call like any other and costs the same. LLVM's preserve_none convention is that convention by another order of
// parameters: its integer registers are, in this order, r12 r13 r14 r15 rdi rsi rdx rcx r8 r9 r11 rax, and it keeps rbp
// and rsp alone. So parameter 2 is the instance, 3 the base of memory 0, and a call through a cv_func has twelve. One
// thing is less than tier 1 promises: a direct call does not bring r14 and r15 back, so tier 1's code that calls such a
// function has to reload them (as it does in modules with tail calls).
//
// A function may also be compiled to be entered at one of its loops, with the state of a frame of tier 1: `loop` is the
// offset of the loop instruction in the function's code. Such code has the function's own signature, but for its
// arguments: the locals, then the operand stack with the loop's parameters, are context->args from 0 on, one slot each.
//
// Nothing survives a call in registers, so an exception goes on at a landing pad with no registers but rbp and rsp
// restored.
#ifndef COVE_EXEC_LLVM_PLUGIN_H
#define COVE_EXEC_LLVM_PLUGIN_H

#include "code_stamp.h" // written by the build
#include "exec/code/stubs.h"

// Raised when the first two members of cv_llvm_plugin change; the stamp tells all else.
enum { CV_LLVM_ABI = 3 };

// The lines of an object's line table are places: offsets in the function's code, plus one. A place in a callee that
// was inlined is CV_LLVM_INLINED | offset of the call << CV_LLVM_INNER_BITS | offset in the callee; the column is then
// the callee's function index.
enum { CV_LLVM_INLINED = 1 << 30, CV_LLVM_INNER_BITS = 7, CV_LLVM_PLACE_BITS = 30 - CV_LLVM_INNER_BITS };

// A number that two libraries made of the same sources agree on: of this header, of whatever structure either hands to
// the other or generated code addresses, and of what makes that code.
#define CV_LLVM_STAMP CV_CODE_STAMP

// An object file (ELF, x86-64, relocatable) in memory.
typedef struct cv_llvm_object {
  const uint8_t *bytes;
  size_t size;
  void *owner; // for object_free
} cv_llvm_object;

typedef struct cv_llvm_compiler cv_llvm_compiler;

typedef struct cv_llvm_plugin {
  uint32_t abi; // CV_LLVM_ABI
  uint64_t stamp;
  const char *version; // of LLVM
  // A compiler for the functions of one module; for one thread at a time. The module, the layout and the options
  // outlive it. NULL: no memory, or this LLVM cannot make code for this CPU.
  cv_llvm_compiler *(*compiler_new)(const cv_module *module, const cv_layout *layout,
                                    const cv_compile_options *options);
  void (*compiler_delete)(cv_llvm_compiler *compiler);
  // `loop` is CV_NO_LOOP for the function itself. False: *why, a sentence that lives as long as the compiler or until
  // its next function, says what is missing.
  bool (*compile)(cv_llvm_compiler *compiler, uint32_t func, uint32_t loop, cv_llvm_object *out, const char **why);
  void (*object_free)(cv_llvm_object *object);
} cv_llvm_plugin;

// The one symbol of the library: cove_llvm_plugin. Its first call makes LLVM ready; called by one thread at a time.
typedef const cv_llvm_plugin *cv_llvm_plugin_fn(void);

#endif
