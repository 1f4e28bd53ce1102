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

typedef struct cove_component_instance cove_component_instance; // component.h
typedef struct cove_component_func cove_component_func;         // component.h
typedef struct cove_resource_type cove_resource_type;           // component.h

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
  void *private_[40];
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
  const char *params; // names with spaces between, for traces: "self len"
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
  if (size > limit || address > limit - size || (address & (align - 1)) != 0) {
    *out = 0;
    return cove_glue_range_trap(call, address, size, align);
  }
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
// Takes the handle out of the guest's table. For resources of the host *rep is the pointer. It is dropped when the call
// traps, until the host's function has it (cove_glue_give_all), or until a call of an export has ended well.
COVE_API COVE_MUST_USE cove_host_result cove_glue_lift_own(cove_call *call, const cove_glue_resource *resource,
                                                           uint32_t handle, void **rep);
// The pointer is good until the call ends.
COVE_API COVE_MUST_USE cove_host_result cove_glue_lift_borrow(cove_call *call, const cove_glue_resource *resource,
                                                              uint32_t handle, void **rep);
// All parameters are lifted: what they own is the function's from here on, which is called next.
COVE_API void cove_glue_give_all(cove_call *call);
// The host gave this one away, in a value of which other parts are lowered before it: should one of them trap, it is
// dropped. On a trap here it is dropped at once: go on with the others.
COVE_API COVE_MUST_USE cove_host_result cove_glue_note_own(cove_call *call, const cove_glue_resource *resource,
                                                           void *rep);
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

// ---- calling exports ----
//
// What the generated C of a world's exports is built on. The exports are looked up once for an instance:
//
//   static const cove_glue_export greet = {"demo:hello/greeter", "greet", "(string)->string"};
//   status = cove_glue_find_export(instance, &greet, &world->greet, error);
//
// and a call is these steps, on the stack of one function:
//
//   cove_call call;
//   cove_value values[COVE_GLUE_SLOTS];
//   cove_host_result run = cove_glue_enter(&call, world->greet, results);
//   if (run == COVE_HOST_OK)
//     run = lower(&call, values, arguments);   // cove_glue_alloc, cove_glue_lower_...
//   if (run == COVE_HOST_OK)
//     run = cove_glue_invoke(&call, values);
//   if (run == COVE_HOST_OK)
//     run = lift(&call, values, out);          // cove_glue_range, cove_glue_list, cove_glue_keep, cove_glue_lift_...
//   return cove_glue_leave(&call, run, error); // after each enter, whatever came in between
//
// `values` holds the core values of the lifted function's signature: at most 16, else the one address of a tuple in
// memory that cove_glue_alloc gave; afterwards the one result or its address. Strings that cove_glue_lift_string gives
// lie in guest memory, which changes when the call is left: what is to stay is copied with cove_glue_keep.
enum { COVE_GLUE_SLOTS = 17 };

// The memory of results, for one call or for many. Starts as {0}; freed by the host when it has read the results.
typedef struct cove_results {
  void *chunks;
} cove_results;
COVE_API void cove_results_free(cove_results *results);
// Ends the life of what is in it and keeps memory for the next call: for a host that calls again and again.
COVE_API void cove_results_reset(cove_results *results);

typedef struct cove_glue_export {
  const char *interface; // as the component exports it, any compatible version; "" for a function of the world itself
  const char *name;      // "greet", "[method]document.title"
  const char *signature; // resources that the interface exports have its name: "demo:hello/types/document"
} cove_glue_export;
// COVE_NOT_FOUND; COVE_UNLINKABLE with both signatures when the types differ. *out lives as long as the store.
COVE_API COVE_MUST_USE cove_status cove_glue_find_export(cove_component_instance *instance,
                                                         const cove_glue_export *what, cove_component_func **out,
                                                         cove_error **error);
// The resource type that the instance exports, by interface and name.
COVE_API COVE_MUST_USE cove_status cove_glue_find_resource(cove_component_instance *instance, const char *interface,
                                                           const char *name, const cove_resource_type **out,
                                                           cove_error **error);

// `results` may be NULL for a function whose result has no strings and no lists.
COVE_API COVE_MUST_USE cove_host_result cove_glue_enter(cove_call *call, cove_component_func *func,
                                                        cove_results *results);
COVE_API COVE_MUST_USE cove_host_result cove_glue_invoke(cove_call *call, cove_value *values);
// Runs the post-return function after a success. COVE_OK, COVE_TRAP or COVE_EXIT.
COVE_API COVE_MUST_USE cove_status cove_glue_leave(cove_call *call, cove_host_result run, cove_error **error);

// `size` bytes of the results; *out is aligned to 16 bytes.
COVE_API COVE_MUST_USE cove_host_result cove_glue_keep(cove_call *call, size_t size, void **out);
// cove_glue_lift_string and a copy, followed by a zero byte that is not counted.
COVE_API COVE_MUST_USE cove_host_result cove_glue_keep_string(cove_call *call, uint32_t address, uint32_t units,
                                                              cove_string *out);

// A resource that the host holds and whose type a component defined: what stands for it there. Owned ones are dropped
// with cove_handle_drop or given to a component; then the structure is empty.
typedef struct cove_handle {
  const cove_resource_type *type;
  uint64_t rep;
} cove_handle;
COVE_API COVE_MUST_USE cove_host_result cove_glue_lift_handle(cove_call *call, const cove_resource_type *type,
                                                              uint32_t index, cove_handle *out);
COVE_API COVE_MUST_USE cove_host_result cove_glue_lower_handle(cove_call *call, cove_handle *handle, uint32_t *index);
// A loan for the time of the call.
COVE_API COVE_MUST_USE cove_host_result cove_glue_lend_handle(cove_call *call, const cove_handle *handle,
                                                              uint32_t *index);
// Runs the destructor. The structure is empty afterwards, and an empty one is allowed.
COVE_API COVE_MUST_USE cove_status cove_handle_drop(cove_store *store, cove_handle *handle, cove_error **error);

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
