// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component.h: components: compiled, looked into, linked, instantiated, and their functions called.
//
//   cove_component_new                     decode, validate and compile once; immutable, shared among threads
//   cove_component_linker_define_world     what the host provides, by the C that `cove bindgen` made of WIT
//   cove_component_linker_define_func      or one function over values
//   cove_component_linker_instantiate  ->  cove_component_instance_func  ->  cove_component_func_call
//
// A linker, an instance and a function belong to a store and to its thread.
#ifndef COVE_COMPONENT_H
#define COVE_COMPONENT_H

#include <cove/glue.h>
#include <cove/module.h>
#include <cove/store.h>

COVE_BEGIN

typedef struct cove_component cove_component;
typedef struct cove_component_linker cove_component_linker;
typedef struct cove_component_instance cove_component_instance;
typedef struct cove_component_func cove_component_func;
// A resource type of a store: one that the host defined, or one of an instance.
typedef struct cove_resource_type cove_resource_type;

// ---- components ----

// Decodes, validates and compiles a binary component. The bytes are copied. Failures as cove_module_new.
COVE_API COVE_MUST_USE cove_status cove_component_new(cove_engine *engine, const void *data, size_t size,
                                                      cove_component **out, cove_error **error);
// Without a copy: the bytes stay as they are until `release` (may be NULL) is called with `env`, which is when the
// component and all stores that instantiated it are gone. On failure `release` is not called.
COVE_API COVE_MUST_USE cove_status cove_component_new_borrowed(cove_engine *engine, const void *data, size_t size,
                                                               void (*release)(void *env), void *env,
                                                               cove_component **out, cove_error **error);
// Reads a file in the binary or the text format.
COVE_API COVE_MUST_USE cove_status cove_component_open(cove_engine *engine, const char *path, cove_component **out,
                                                       cove_error **error);
// Decodes and validates only: for looking into; it cannot be instantiated (COVE_USAGE).
COVE_API COVE_MUST_USE cove_status cove_component_inspect(cove_engine *engine, const void *data, size_t size,
                                                          cove_component **out, cove_error **error);
// Decodes and validates, and keeps nothing.
COVE_API COVE_MUST_USE cove_status cove_component_validate(cove_engine *engine, const void *data, size_t size,
                                                           cove_error **error);
// Stores that instantiated it keep what they need of it.
COVE_API void cove_component_delete(cove_component *component);

// ---- types: borrowed from the component, as long as it (and any store that instantiated it) lives ----

typedef enum cove_component_kind {
  COVE_COMPONENT_BOOL = 0x7f,
  COVE_COMPONENT_S8 = 0x7e,
  COVE_COMPONENT_U8 = 0x7d,
  COVE_COMPONENT_S16 = 0x7c,
  COVE_COMPONENT_U16 = 0x7b,
  COVE_COMPONENT_S32 = 0x7a,
  COVE_COMPONENT_U32 = 0x79,
  COVE_COMPONENT_S64 = 0x78,
  COVE_COMPONENT_U64 = 0x77,
  COVE_COMPONENT_F32 = 0x76,
  COVE_COMPONENT_F64 = 0x75,
  COVE_COMPONENT_CHAR = 0x74,
  COVE_COMPONENT_STRING = 0x73,
  COVE_COMPONENT_RECORD = 0x72,
  COVE_COMPONENT_VARIANT = 0x71,
  COVE_COMPONENT_LIST = 0x70,
  COVE_COMPONENT_TUPLE = 0x6f,
  COVE_COMPONENT_FLAGS = 0x6e,
  COVE_COMPONENT_ENUM = 0x6d,
  COVE_COMPONENT_OPTION = 0x6b,
  COVE_COMPONENT_RESULT = 0x6a,
  COVE_COMPONENT_OWN = 0x69,
  COVE_COMPONENT_BORROW = 0x68,
  COVE_COMPONENT_FIXED_LIST = 0x67,
  COVE_COMPONENT_STREAM = 0x66,
  COVE_COMPONENT_FUTURE = 0x65,
  COVE_COMPONENT_ERROR_CONTEXT = 0x64,
  COVE_COMPONENT_MAP = 0x63,
} cove_component_kind;

typedef struct cove_component_type cove_component_type;
COVE_API cove_component_kind cove_component_type_kind(const cove_component_type *type);
// Parts: record fields, variant cases ("none" and "some", "ok" and "error"), enum cases, flags, tuple members; of list,
// option... the element alone is part 0 (of option part 1, of result 0 and 1, of map 0 and 1).
COVE_API size_t cove_component_type_part_count(const cove_component_type *type);
// `name` and `part` may be NULL. *part is NULL where a part has no type. False when `index` is out of range.
COVE_API bool cove_component_type_part(const cove_component_type *type, size_t index, cove_bytes *name,
                                       const cove_component_type **part);
// Elements of a fixed-length list.
COVE_API uint32_t cove_component_type_length(const cove_component_type *type);
// "result<list<u8>, variant { closed, failed(own<error>) }>", as WIT writes it. To be ended with cove_buffer_delete.
COVE_API COVE_MUST_USE cove_status cove_component_type_text(const cove_component_type *type, cove_buffer *out,
                                                            cove_error **error);

typedef struct cove_component_functype cove_component_functype;
COVE_API size_t cove_component_functype_param_count(const cove_component_functype *type);
COVE_API bool cove_component_functype_param(const cove_component_functype *type, size_t index, cove_bytes *name,
                                            const cove_component_type **param);
// NULL when the function has no result.
COVE_API const cove_component_type *cove_component_functype_result(const cove_component_functype *type);
COVE_API bool cove_component_functype_is_async(const cove_component_functype *type);
// "func(name: string) -> u32"
COVE_API COVE_MUST_USE cove_status cove_component_functype_text(const cove_component_functype *type, cove_buffer *out,
                                                                cove_error **error);

typedef enum cove_component_sort {
  COVE_SORT_MODULE = 0,
  COVE_SORT_FUNC = 1,
  COVE_SORT_VALUE = 2,
  COVE_SORT_TYPE = 3,
  COVE_SORT_COMPONENT = 4,
  COVE_SORT_INSTANCE = 5,
} cove_component_sort;
// "func", "instance"
COVE_API const char *cove_component_sort_text(cove_component_sort sort);

// An import or export of a component, or an export of an instance type.
typedef struct cove_component_extern cove_component_extern;
COVE_API size_t cove_component_import_count(const cove_component *component);
COVE_API const cove_component_extern *cove_component_import(const cove_component *component, size_t index);
COVE_API size_t cove_component_export_count(const cove_component *component);
COVE_API const cove_component_extern *cove_component_export(const cove_component *component, size_t index);
COVE_API cove_bytes cove_component_extern_name(const cove_component_extern *item);
COVE_API cove_component_sort cove_component_extern_sort(const cove_component_extern *item);
// Of a function, else NULL.
COVE_API const cove_component_functype *cove_component_extern_func(const cove_component_extern *item);
// Of a value type, else NULL; *is_resource (may be NULL) says that it is a resource type.
COVE_API const cove_component_type *cove_component_extern_type(const cove_component_extern *item, bool *is_resource);
// Exports of an instance; of a component: what it exports.
COVE_API size_t cove_component_extern_item_count(const cove_component_extern *item);
COVE_API const cove_component_extern *cove_component_extern_item(const cove_component_extern *item, size_t index);

// For people, with the names that imports and exports of the component give to types: "func(of: shape) -> result<f64,
// error-code>". Of a type: its definition, "record { at: point }". To be ended with cove_buffer_delete.
COVE_API COVE_MUST_USE cove_status cove_component_describe_func(const cove_component *component,
                                                                const cove_component_functype *type, cove_buffer *out,
                                                                cove_error **error);
COVE_API COVE_MUST_USE cove_status cove_component_describe_type(const cove_component *component,
                                                                const cove_component_type *type, cove_buffer *out,
                                                                cove_error **error);
// The name of a type among them; empty when it has none.
COVE_API cove_bytes cove_component_type_name(const cove_component *component, const cove_component_type *type);
// What is connected with what inside of it, as a graph in the DOT language of Graphviz: imports, instances, exports.
COVE_API COVE_MUST_USE cove_status cove_component_graph(const cove_component *component, cove_buffer *out,
                                                        cove_error **error);

// A module or component inside a component, in the order of the binary, those of nested components after their own.
typedef struct cove_component_part {
  bool is_module;
  uint32_t depth;     // 0 for those of the outermost component
  cove_bytes name;    // from its name section, or empty
  uint64_t size;      // bytes of the binary
  uint64_t code_size; // modules: bytes of the code section
  uint32_t func_count;
} cove_component_part;
COVE_API size_t cove_component_part_count(const cove_component *component);
COVE_API bool cove_component_part_at(const cove_component *component, size_t index, cove_component_part *out);
COVE_API cove_bytes cove_component_name(const cove_component *component);
COVE_API uint64_t cove_component_size(const cove_component *component);
// Lines of the `producers` sections, the component's own and those of its modules, each once.
COVE_API size_t cove_component_producer_count(const cove_component *component);
COVE_API bool cove_component_producer(const cove_component *component, size_t index, cove_producer *out);

// ---- values ----
//
// A value of any type; `kind` is the type's. What a value points at belongs to whoever made it: arguments are borrowed
// for the call, but owned resources of the host among them are given away by it (those that a trap keeps from the
// callee are dropped); results belong to the caller, who ends them with cove_component_value_delete.
typedef struct cove_component_value cove_component_value;
struct cove_component_value {
  uint32_t kind;  // cove_component_kind
  uint32_t which; // variant, enum, option, result: index of the case; option: 0 none, 1 some; result: 0 ok, 1 error
  union {
    bool boolean;
    int64_t s64;  // s8 to s64
    uint64_t u64; // u8 to u64
    float f32;
    double f64;
    uint32_t character; // Unicode scalar value
    cove_string string;
    struct {
      cove_component_value *items; // record, tuple, list, fixed list; map: 2 * count items, key and value in turn
      size_t count;
    } list;
    cove_component_value *payload; // variant, option, result: NULL when the case has none
    uint32_t flags;                // bit i is label i
    cove_handle handle;            // own, borrow; of a resource of the host `rep` is the pointer
  } as;
  uint32_t private_[2]; // zero
};

// Frees what a value that the library made points at, and empties it. Resources in it are not dropped: take the handles
// out, and drop them (cove_handle_drop) or pass them on.
COVE_API void cove_component_value_delete(cove_component_value *value);
// Parses WAVE, "[{name: \"a\", size: 3}]", as a value of this type. COVE_MALFORMED says where it is wrong.
COVE_API COVE_MUST_USE cove_status cove_component_value_parse(const cove_component_type *type, const char *text,
                                                              size_t size, cove_component_value *out,
                                                              cove_error **error);
// The arguments of a call, "1, \"a\"", one value for each parameter. On failure nothing is left in `out`.
COVE_API COVE_MUST_USE cove_status cove_component_functype_parse_args(const cove_component_functype *type,
                                                                      const char *text, size_t size,
                                                                      cove_component_value *out, cove_error **error);
// Prints WAVE. Resources print as their type's name.
COVE_API COVE_MUST_USE cove_status cove_component_value_text(const cove_component_type *type,
                                                             const cove_component_value *value, cove_buffer *out,
                                                             cove_error **error);

// ---- the linker ----

// NULL when out of memory. Deleted before its store; what was defined goes on living there.
COVE_API cove_component_linker *cove_component_linker_new(cove_store *store);
COVE_API void cove_component_linker_delete(cove_component_linker *linker);

// All interfaces of a generated table. `host` is given to each of its functions; the table lives as long as the store.
// An import "wasi:io/streams@0.2.3" is served by what is defined as "wasi:io/streams@0.2.12": same major version (of
// 0.x: same minor), and not newer than what is defined. A later definition of the same name replaces the earlier one.
COVE_API COVE_MUST_USE cove_status cove_component_linker_define_world(cove_component_linker *linker,
                                                                      const cove_glue_world *world, void *host,
                                                                      cove_error **error);
COVE_API COVE_MUST_USE cove_status cove_component_linker_define_interface(cove_component_linker *linker,
                                                                          const cove_glue_interface *interface,
                                                                          void *host, cove_error **error);
// What is said of an interface that is known and not granted. Either instantiating a component that imports it fails
// with "wasi:clocks/wall-clock@0.2.12 is not granted: it needs GRANT", or, with `when_called`, its functions trap so
// when they are called. `interface` is what would be granted and may be of a table that other components are granted.
COVE_API COVE_MUST_USE cove_status cove_component_linker_deny(cove_component_linker *linker,
                                                              const cove_glue_interface *interface, const char *grant,
                                                              bool when_called, cove_error **error);
// Interfaces whose names begin with `prefix` and that nothing else serves: a component that imports one is
// instantiated, and their functions trap with "... is not granted: it needs GRANT" when they are called. An import of a
// version that is newer than what is defined stays refused.
COVE_API COVE_MUST_USE cove_status cove_component_linker_deny_rest(cove_component_linker *linker, const char *prefix,
                                                                   const char *grant, cove_error **error);

// A function over values. `interface` is "" for a function that the component imports by itself. *result (absent when
// the function has none: NULL) is filled by the function; what it points to is of cove_call_alloc or lives longer than
// the call. `args` are borrowed; owned resources among them become the host's.
typedef cove_host_result cove_component_fn(void *env, cove_call *call, const cove_component_value *args,
                                           size_t arg_count, cove_component_value *result);
// The function takes whatever types the component gives it, unless `signature` (glue.h; may be NULL) says what they
// must be. Names are copied. `finalize` (may be NULL) gets `env` when the store is deleted; on failure it is not
// called.
COVE_API COVE_MUST_USE cove_status cove_component_linker_define_func(cove_component_linker *linker,
                                                                     const char *interface, const char *name,
                                                                     const char *signature, cove_component_fn *fn,
                                                                     void *env, void (*finalize)(void *env),
                                                                     cove_error **error);
// The type of the arguments and of the result, in a function over values.
COVE_API const cove_component_functype *cove_call_functype(const cove_call *call);

// A resource type of the host. `resource` lives as long as the store; `host` is given to its `drop`.
COVE_API COVE_MUST_USE cove_status cove_component_linker_define_resource(cove_component_linker *linker,
                                                                         const char *interface, const char *name,
                                                                         const cove_glue_resource *resource, void *host,
                                                                         cove_error **error);
// The resource type of the store that stands for `resource`, for values; NULL when it was not defined.
COVE_API const cove_resource_type *cove_component_linker_resource(const cove_component_linker *linker,
                                                                  const cove_glue_resource *resource);
// Serves the import `name` with an instance of the linker's store: the instance that it exports as `export_name`, or
// all its exports when that is NULL.
COVE_API COVE_MUST_USE cove_status cove_component_linker_define_instance(cove_component_linker *linker,
                                                                         const char *name,
                                                                         cove_component_instance *instance,
                                                                         const char *export_name, cove_error **error);
// Imports of components and of core modules.
COVE_API COVE_MUST_USE cove_status cove_component_linker_define_component(cove_component_linker *linker,
                                                                          const char *name,
                                                                          const cove_component *component,
                                                                          cove_error **error);
COVE_API COVE_MUST_USE cove_status cove_component_linker_define_module(cove_component_linker *linker, const char *name,
                                                                       const cove_module *module, cove_error **error);

// ---- instances ----

// Matches the imports (an interface that has types only needs no definition), makes the instance and runs the start
// functions of its modules.
//   COVE_UNLINKABLE   an import is missing, not granted, of another version or of another type; the sentence says which
//   COVE_UNSUPPORTED  the component uses something that this version does not run: "unsupported: async"
//   COVE_TRAP, COVE_EXIT, COVE_LIMIT, COVE_NO_MEMORY
// What fails after code has run stays in the store.
COVE_API COVE_MUST_USE cove_status cove_component_linker_instantiate(cove_component_linker *linker,
                                                                     const cove_component *component,
                                                                     cove_component_instance **out, cove_error **error);

// The function `name` that the instance exports itself (`interface` "" or NULL) or in the instance that it exports as
// `interface`, with its version or a compatible one, or without: "wasi:cli/run". NULL when there is none.
COVE_API cove_component_func *cove_component_instance_func(cove_component_instance *instance, const char *interface,
                                                           const char *name);
// The resource type that it exports, likewise.
COVE_API const cove_resource_type *cove_component_instance_resource(cove_component_instance *instance,
                                                                    const char *interface, const char *name);

COVE_API const cove_component_functype *cove_component_func_type(const cove_component_func *func);
// Calls a function with values. `arg_count` and the kinds of the values are checked against the type (COVE_USAGE).
// *result, when the function has one, belongs to the caller: cove_component_value_delete. After COVE_TRAP the instance
// cannot be entered again.
COVE_API COVE_MUST_USE cove_status cove_component_func_call(cove_component_func *func, const cove_component_value *args,
                                                            size_t arg_count, cove_component_value *result,
                                                            cove_error **error);

COVE_END

#endif
