// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter.h: an adapter as it goes into a component: without what one program does not use of it, and with a stack.
//
// An adapter that works in the memory of the module that it serves has no place there for its stack. By convention (of
// wit-component) its name section tells two mutable globals of type i32, both zero at first:
//
//   __stack_pointer    to be set to the end of a piece of memory
//   allocation_state   0: no stack yet; 1: it is being allocated; 2: it is there. What the adapter does in states 0 and
//                      1 needs no stack. It counts on from 2 itself
//
// The piece comes from memory.grow in a start function; or, when the adapter has both globals and imports the module's
// own cabi_realloc, from that, at the first call of any export: the module must have been started by then, and its
// cabi_realloc may call the adapter, which then sees state 1.
#ifndef COVE_COMPOSE_ADAPTER_H
#define COVE_COMPOSE_ADAPTER_H

#include "base/buf.h"
#include "wasm/module.h"

typedef struct cv_adapter_stack {
  uint32_t pointer; // global; CV_NO_INDEX: the adapter needs no stack
  uint32_t state;   // global, or CV_NO_INDEX
  uint32_t realloc; // function that allocates at the first call; CV_NO_INDEX: memory.grow in a start function
} cv_adapter_stack;

// What an adapter asks for; `realloc` is its import `__main_module__.cabi_realloc`, when it could be used for the
// stack. The module is valid.
cv_adapter_stack cv_adapter_stack_of(const cv_module *adapter);
// The adapter as a module: with the names of imports that are given (modules.h), without exported functions that are
// not reached (prune.h), without the bodies and names of such functions, and with its stack.
void cv_compose_put_adapter(const cv_module *adapter, const cv_bytes *names, const bool *reached,
                            const cv_adapter_stack *stack, cv_mem *mem, cv_buf *out);

#endif
