// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// glue.h: what the C code that `cove bindgen` writes is built on: host functions over flat core values, and the steps
// of lifting and lowering them. Code written by hand has no need of it, except for cove_call_alloc and cove_call_trap.
//
// A generated interface has one cove_glue_func for each function. When a component that imports the interface is
// linked, the type that the component gives the function is written as a signature and compared with the one here:
// only equal ones are linked, so that glue can trust the number and the types of the values that it gets.
//
// Signature: types without white space; resources by full name without version.
//   (borrow<wasi:io/streams/input-stream>,u64)->result<list<u8>,variant{closed,failed:own<wasi:io/error/error>}>
//   bool s8 u8 s16 u16 s32 u32 s64 u64 f32 f64 char string error-context list<T> list<T,4> map<K,V> tuple<T,U>
//   record{a:T,b:U} variant{a,b:T} enum{a,b} flags{a,b} option<T> result result<T> result<_,E> result<T,E> own<R>
//   borrow<R> stream stream<T> future future<T>; a function: (T,U) or (T,U)->R, with `async` in front when it is.
#ifndef COVE_GLUE_H
#define COVE_GLUE_H

#include <cove/func.h>

#include <string.h>

COVE_BEGIN

// The part of a linear memory that glue reads itself. `base` never moves; `size` may grow whenever guest code runs.
typedef struct cove_glue_memory {
  uint8_t *base;
  uint64_t size; // bytes
} cove_glue_memory;

// One call across the boundary in progress: of a host function by a component, or of an export by the host. Lives on
// the stack of the glue or of the runtime; belongs to the store's thread.
typedef struct cove_call {
  const cove_glue_memory *memory; // NULL when the component named none
  void *host;                     // as given when the world was defined
  bool memory_is_64;
  void *private_[30];
} cove_call;

// Memory until the call ends: for results of a host function. NULL when out of memory.
COVE_API void *cove_call_alloc(cove_call *call, size_t size);
// Ends the guest with a trap of kind COVE_TRAP_HOST and this sentence, which is copied. `return cove_call_trap(...)`.
COVE_API COVE_MUST_USE cove_host_result cove_call_trap(cove_call *call, const char *text);
// Ends the guest without an error, as an exit with this status.
COVE_API COVE_MUST_USE cove_host_result cove_call_exit(cove_call *call, int32_t status);

// UTF-8, not terminated.
typedef struct cove_string {
  const char *data;
  size_t size; // bytes
} cove_string;

// `values` holds the arguments of the lowered signature and has room for the result.
typedef cove_host_result cove_glue_fn(void *host, cove_call *call, cove_value *values);

typedef struct cove_glue_func {
  const char *name; // "[method]input-stream.read"
  const char *signature;
  cove_glue_fn *fn;
} cove_glue_func;

// A resource type of the host. Its address is its identity.
typedef struct cove_glue_resource {
  const char *name;                    // "input-stream"
  const char *full_name;               // "wasi:io/streams/input-stream"
  void (*drop)(void *host, void *rep); // an owned handle was dropped, or its table went; may be NULL
} cove_glue_resource;

typedef struct cove_glue_interface {
  const char *name;            // "wasi:io/streams@0.2.12"; "" for functions that a world imports by themselves
  const cove_glue_func *funcs; // sorted by name (bytes)
  size_t func_count;
  const cove_glue_resource *const *resources; // those that it defines
  size_t resource_count;
} cove_glue_interface;

typedef struct cove_glue_world {
  const char *name;                             // "wasi:cli/imports@0.2.12"
  const cove_glue_interface *const *interfaces; // sorted by name (bytes)
  size_t interface_count;
} cove_glue_world;

// ---- steps of lifting and lowering. Each that returns a cove_host_result has set a trap when it is not COVE_HOST_OK,
//      which the glue then returns. Addresses are of 32-bit memories. ----

// *out is the place of `size` bytes at `address`, which is a multiple of `align` (a power of two), or a trap.
COVE_API COVE_MUST_USE cove_host_result cove_glue_range_trap(cove_call *call, uint64_t address, uint64_t size,
                                                             uint32_t align);
COVE_MUST_USE static inline cove_host_result cove_glue_range(cove_call *call, uint32_t address, uint64_t size,
                                                             uint32_t align, uint8_t **out) {
  const cove_glue_memory *memory = call->memory;
  uint64_t limit = memory ? __atomic_load_n(&memory->size, __ATOMIC_RELAXED) : 0;
  if (size > limit || address > limit - size || (address & (align - 1)) != 0)
    return cove_glue_range_trap(call, address, size, align);
  *out = memory->base + address;
  return COVE_HOST_OK;
}
// `count` elements of `size` bytes; checked against overflow and against the limit for one list.
COVE_API COVE_MUST_USE cove_host_result cove_glue_list(cove_call *call, uint32_t address, uint32_t count, uint32_t size,
                                                       uint32_t align, uint8_t **out);
// The guest's realloc for `size` new bytes; *out is their place and *address what the guest calls it.
COVE_API COVE_MUST_USE cove_host_result cove_glue_alloc(cove_call *call, uint64_t size, uint32_t align,
                                                        uint32_t *address, uint8_t **out);
// In the component's encoding. UTF-8 is not copied: the string lies in guest memory until guest code runs again.
COVE_API COVE_MUST_USE cove_host_result cove_glue_lift_string(cove_call *call, uint32_t address, uint32_t units,
                                                              cove_string *out);
COVE_API COVE_MUST_USE cove_host_result cove_glue_lower_string(cove_call *call, cove_string string, uint32_t *address,
                                                               uint32_t *units);
// Takes the handle out of the guest's table. For resources of the host *rep is the pointer.
COVE_API COVE_MUST_USE cove_host_result cove_glue_lift_own(cove_call *call, const cove_glue_resource *resource,
                                                           uint32_t handle, void **rep);
// The pointer is good until the call ends.
COVE_API COVE_MUST_USE cove_host_result cove_glue_lift_borrow(cove_call *call, const cove_glue_resource *resource,
                                                              uint32_t handle, void **rep);
// Gives it to the guest. On a trap (the guest holds too many) the resource is dropped.
COVE_API COVE_MUST_USE cove_host_result cove_glue_lower_own(cove_call *call, const cove_glue_resource *resource,
                                                            void *rep, uint32_t *handle);
COVE_API COVE_MUST_USE cove_host_result cove_glue_lower_borrow(cove_call *call, const cove_glue_resource *resource,
                                                               void *rep, uint32_t *handle);
// "invalid discriminant 7 of TYPE"; "invalid character"
COVE_API COVE_MUST_USE cove_host_result cove_glue_case_trap(cove_call *call, uint32_t which, const char *type);
COVE_API COVE_MUST_USE cove_host_result cove_glue_char_trap(cove_call *call, uint32_t character);

COVE_MUST_USE static inline cove_host_result cove_glue_char(cove_call *call, uint32_t character) {
  if (character >= 0x110000 || (character >= 0xd800 && character <= 0xdfff))
    return cove_glue_char_trap(call, character);
  return COVE_HOST_OK;
}

#define COVE_GLUE_TRY(expr)                                                                                            \
  do {                                                                                                                 \
    cove_host_result cove_glue_result_ = (expr);                                                                       \
    if (__builtin_expect(cove_glue_result_ != COVE_HOST_OK, 0))                                                        \
      return cove_glue_result_;                                                                                        \
  } while (0)

static inline uint8_t cove_glue_load8(const uint8_t *at) {
  return *at;
}
static inline uint16_t cove_glue_load16(const uint8_t *at) {
  uint16_t value;
  memcpy(&value, at, sizeof value);
  return value;
}
static inline uint32_t cove_glue_load32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}
static inline uint64_t cove_glue_load64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return value;
}
static inline void cove_glue_store8(uint8_t *at, uint8_t value) {
  *at = value;
}
static inline void cove_glue_store16(uint8_t *at, uint16_t value) {
  memcpy(at, &value, sizeof value);
}
static inline void cove_glue_store32(uint8_t *at, uint32_t value) {
  memcpy(at, &value, sizeof value);
}
static inline void cove_glue_store64(uint8_t *at, uint64_t value) {
  memcpy(at, &value, sizeof value);
}
// Floats as their bits; every NaN becomes the canonical one.
static inline float cove_glue_f32(float value) {
  return value == value ? value : __builtin_nanf("");
}
static inline double cove_glue_f64(double value) {
  return value == value ? value : __builtin_nan("");
}

COVE_END

#endif
