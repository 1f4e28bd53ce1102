// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gen.h: what the files of the bindings' generators share. A guest's types have the names of the host's
// (gen_guest.h has the rest).
//
//   gen_names.c      names of types and members            gen_steps.c      lifting and lowering
//   gen_types.c      C types                               bindgen_calls.c  functions that call exports
//   bindgen_host.c   tables of imports, and the whole      bindgen_host_funcs.c  prototypes and glue of imports
#ifndef COVE_WIT_GEN_H
#define COVE_WIT_GEN_H

#include "base/map.h"
#include "wit/bindgen.h"
#include "wit/syntax.h"

// A step is written as a static function, or, for a scalar, as an expression or call in place.
typedef enum cv_gen_step {
  CV_STEP_TYPE,
  CV_STEP_LOAD,  // memory to C, for parameters of host functions: what can stay in guest memory stays there
  CV_STEP_FLAT,  // flat values to C
  CV_STEP_STORE, // C to memory
  CV_STEP_KEEP,  // memory to C, for results of exports: everything is copied
  CV_STEP_PUSH,  // C to flat values
  CV_STEP_NOTE,  // notes what C values own (gen_own.c)
} cv_gen_step;

typedef struct cv_gen {
  cv_mem *mem;
  cv_arena arena;
  cv_diag *diag;
  const cv_wit_world *world;
  const char *prefix;
  cv_buf *types;  // header: types
  cv_buf protos;  // header: prototypes
  cv_buf steps;   // source: steps
  cv_buf glue;    // source: glue functions
  cv_buf calls;   // source: functions that call exports
  cv_buf members; // header: members of the structure of exports
  cv_buf finds;   // source: looking them up
  cv_buf tables;  // source: tables
  cv_map done;    // names of what was written: "kind:name"
  cv_map names;   // what has a name -> address of its text; keys begin with a letter for the kind of thing
  cv_map taken;   // names that something has
  // For a guest. Writes what goes with a type: `def` is NULL for those without a name of their own.
  cv_status (*after_type)(struct cv_gen *g, const cv_wit_typedef *def, const cv_wit_type *type, const char *cname);
  bool out_of_memory; // a name could not be kept: what was written means nothing
  bool is_guest;
  bool is_export_side; // what is written now belongs to an interface that the guest exports
} cv_gen;

enum { CV_GEN_MAX_FLAT_PARAMS = 16 };

// A type larger than this is refused: values of it lie on the stack of a host function.
enum { CV_GEN_MAX_SIZE = 1 << 18 };

// A piece of text that lives as long as the generator.
typedef struct cv_gen_name {
  const char *text;
} cv_gen_name;

// The parameters with `self`, and the result with a constructor's, as types.
typedef struct cv_gen_shape {
  const cv_wit_type *params[1000];
  const char *names[1000];
  uint32_t count;
  const cv_wit_type *result;
  cv_wit_layout tuple; // of all parameters
  cv_wit_layout out;   // of the result
} cv_gen_shape;

// ---- gen_names.c ----
CV_COLD cv_status cv_gen_no_memory(cv_gen *g);
// The text of a buffer, which is freed.
cv_gen_name cv_gen_keep(cv_gen *g, cv_buf *buf);
// Both texts, one after the other.
const char *cv_gen_join(cv_gen *g, const char *a, const char *b);
// The name in C of the thing that `key` tells: `wanted`, or with underscores after it when another thing has that name.
// The same key gets the same name again.
const char *cv_gen_unique(cv_gen *g, const char *key, const char *wanted);
// A key made of a letter and addresses.
const char *cv_gen_key(cv_gen *g, const char *kind, const void *a, const void *b);
// "wasi_io_streams"; with the package's version when the world has the interface in two versions.
const char *cv_gen_interface_name(cv_gen *g, const cv_wit_interface *interface);
// The same for an import or export, which may have a label of its own.
const char *cv_gen_item_name(cv_gen *g, const cv_wit_item *item);
// "wasi_io_streams_input_stream"
cv_gen_name cv_gen_def_name(cv_gen *g, const cv_wit_typedef *def);
// A label as a name of its own in C.
cv_gen_name cv_gen_member_name(cv_gen *g, cv_bytes label);
// A parameter: a name that generated functions do not use themselves.
const char *cv_gen_param_name(cv_gen *g, cv_bytes label);
// The C type of a number, bool, char or string; NULL for others.
const char *cv_gen_scalar_type(uint16_t kind);
bool cv_gen_is_handle(const cv_wit_type *type);
// In a host's bindings: a resource that the instance defines, where calls of its exports are written.
bool cv_gen_is_guest_resource(const cv_gen *g, const cv_wit_typedef *resource);
// In a guest's bindings: a resource that the guest itself defines, where names are those of its exports.
bool cv_gen_is_own_resource(const cv_gen *g, const cv_wit_typedef *resource);
// The structure that such a resource is.
const char *cv_gen_rep_name(cv_gen *g, const cv_wit_typedef *resource);
// What a type is called inside names. Steps tell own from borrow, C types do not.
cv_gen_name cv_gen_type_mangle(cv_gen *g, const cv_wit_type *type, bool for_step);
// The same as a key: two types have the same one only when they are the same.
const char *cv_gen_type_key(cv_gen *g, const char *kind, const cv_wit_type *type, bool for_step);
// What the elements of a list are; of a map, which is a list of tuples, a tuple of key and value.
const cv_wit_type *cv_gen_element(cv_gen *g, const cv_wit_type *type);
// "uint32_t", "wasi_io_poll_pollable *", "p2_list_u8"
cv_gen_name cv_gen_c_type(cv_gen *g, const cv_wit_type *type);
// "T name" with the space where C wants it.
void cv_gen_put_member(cv_gen *g, const cv_wit_type *type, const char *member, cv_buf *out);
// True when it was not written before; it counts as written from now on.
bool cv_gen_is_new(cv_gen *g, cv_gen_step kind, const char *text, cv_status *status);
bool cv_gen_is_written(cv_gen *g, cv_gen_step kind, const char *text);

// ---- gen_types.c ----
// Writes the type, and those that it is made of, unless they are written.
CV_MUST_USE cv_status cv_gen_need_type(cv_gen *g, const cv_wit_type *type);
CV_MUST_USE cv_status cv_gen_need_def(cv_gen *g, const cv_wit_typedef *def);
bool cv_gen_has_payload(const cv_wit_part *parts);

// ---- gen_steps.c ----
bool cv_gen_is_flat(cv_gen_step way);
bool cv_gen_is_lower(cv_gen_step way);
// Appends statements that move one value between `at` (guest memory, or flat values) and `to` (an lvalue of the C
// type), and writes the functions that they call.
CV_MUST_USE cv_status cv_gen_put_move(cv_gen *g, const cv_wit_type *given, cv_gen_step way, const char *at,
                                      const char *to, cv_buf *out);
// Structures and unions have a function of their own; a name for anything else does not.
const cv_wit_type *cv_gen_behind_alias(const cv_wit_type *type);
// The next part of a record: its place; *place becomes the one after it.
uint32_t cv_gen_next_place(cv_gen_step way, uint32_t *place, cv_wit_layout layout);
// "at + 8"
const char *cv_gen_offset_text(cv_gen *g, const char *base, uint32_t offset);
// The name of the identity of a resource of the host.
const char *cv_gen_resource_def(cv_gen *g, const cv_wit_typedef *resource);
// The member of the structure of exports that has the type of a resource which the instance defines.
const char *cv_gen_resource_member(cv_gen *g, const cv_wit_typedef *resource);

// ---- gen_own.c ----
// Whether a value owns resources of the host.
bool cv_gen_has_own(const cv_gen *g, const cv_wit_type *type);
// And could be lowered in part only.
bool cv_gen_must_note(const cv_gen *g, const cv_wit_type *type);
// Appends statements that note what `from` owns, and set the variable `noted` when that fails.
CV_MUST_USE cv_status cv_gen_put_note(cv_gen *g, const cv_wit_type *type, const char *from, cv_buf *out);

// ---- bindgen_host_funcs.c ----
// What is a structure in C.
bool cv_gen_by_pointer(const cv_wit_type *given);
// Reads a function, and writes its types.
CV_MUST_USE cv_status cv_gen_func_shape(cv_gen *g, const cv_wit_func *func, cv_gen_shape *s);
// A prototype in the header: the function's documentation, what it is in WIT, and `text`, in lines of 110 columns.
void cv_gen_put_prototype(cv_gen *g, const cv_wit_func *func, const char *text);
// The host's functions: for one that the world imports, and for a handle that is dropped; and the glue of one.
const char *cv_gen_host_func_name(cv_gen *g, const cv_wit_item *item, const cv_wit_func *func);
const char *cv_gen_host_drop_name(cv_gen *g, const cv_wit_typedef *resource);
const char *cv_gen_host_glue_name(cv_gen *g, const char *cname);
void cv_gen_host_put_prototype(cv_gen *g, const cv_wit_func *func, const char *cname, const cv_gen_shape *s);
CV_MUST_USE cv_status cv_gen_host_put_glue(cv_gen *g, const char *cname, const cv_gen_shape *s);

// ---- bindgen_host.c ----
// "[method]input-stream.read"
const char *cv_gen_label_of(cv_gen *g, const cv_wit_func *func);
// "wasi:io/streams@0.2.12"
const char *cv_gen_label_of_item(cv_gen *g, const cv_wit_item *item);

// ---- bindgen_calls.c ----
// Gives the functions that call an export their names.
void cv_gen_name_calls(cv_gen *g, const cv_wit_item *item);
// The functions that call exports, and the structure that holds them.
CV_MUST_USE cv_status cv_gen_add_exports(cv_gen *g);

#endif
