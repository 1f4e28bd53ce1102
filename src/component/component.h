// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component.h: a decoded component: what every later pass reads. Immutable once validated, so that threads share it.
//
//   component/binary decodes  ->  component/validate checks, and fills what is marked "validated"  ->  instantiation
//
// A component is a list of definitions in the order of the binary. Each adds to index spaces that start empty; a
// definition refers only to what came before it. Instantiation (component/instantiate.c) walks the same list.
// Names follow Binary.md.
#ifndef COVE_COMPONENT_COMPONENT_H
#define COVE_COMPONENT_COMPONENT_H

#include "base/arena.h"
#include "component/types.h"
#include "wasm/module.h"

typedef struct cv_component cv_component;
typedef struct cv_code cv_code; // runtime/tier.h

// Index spaces of a component. The first eight are the sorts of core WebAssembly.
typedef enum cv_cspace {
  CV_CS_CORE_FUNC,
  CV_CS_CORE_TABLE,
  CV_CS_CORE_MEMORY,
  CV_CS_CORE_GLOBAL,
  CV_CS_CORE_TAG,
  CV_CS_CORE_TYPE,
  CV_CS_CORE_MODULE,
  CV_CS_CORE_INSTANCE,
  CV_CS_FUNC,
  CV_CS_VALUE,
  CV_CS_TYPE,
  CV_CS_COMPONENT,
  CV_CS_INSTANCE,
  CV_CS_COUNT,
} cv_cspace;

// An item of an index space.
typedef struct cv_csortidx {
  cv_cspace space;
  uint32_t index;
} cv_csortidx;

// (with name item), (export name item)
typedef struct cv_carg {
  cv_bytes name;
  cv_csortidx item;
  uint32_t entry; // where it is in the binary
  // Inline exports of an instance: the name with its attributes, for the printer (component/binary/syntax.h); else
  // NULL.
  const struct cv_syn_extern *syntax;
} cv_carg;

typedef enum cv_cdef_kind {
  CV_CDEF_CORE_MODULE,      // module
  CV_CDEF_CORE_INSTANTIATE, // source, args (instances)
  CV_CDEF_CORE_BUNDLE,      // args: inline exports of a core instance
  CV_CDEF_CORE_TYPE,
  CV_CDEF_COMPONENT,         // component
  CV_CDEF_INSTANTIATE,       // source, args
  CV_CDEF_BUNDLE,            // args: inline exports of an instance
  CV_CDEF_ALIAS_EXPORT,      // space, source (instance), name
  CV_CDEF_ALIAS_CORE_EXPORT, // space, source (core instance), name
  CV_CDEF_ALIAS_OUTER,       // space, outer, source
  CV_CDEF_TYPE,
  CV_CDEF_CANON, // canon
  CV_CDEF_START,
  CV_CDEF_IMPORT, // external
  CV_CDEF_EXPORT, // external, item
  CV_CDEF_VALUE,
} cv_cdef_kind;

// Canonical built-ins; the numbers are the binary format's.
typedef enum cv_canon_kind {
  CV_CANON_LIFT = 0x00,
  CV_CANON_LOWER = 0x01,
  CV_CANON_RESOURCE_NEW = 0x02,
  CV_CANON_RESOURCE_DROP = 0x03,
  CV_CANON_RESOURCE_REP = 0x04,
  // The rest belongs to async, error-context and threads: decoded and validated; instantiation answers "unsupported".
  CV_CANON_TASK_CANCEL = 0x05,
  CV_CANON_SUBTASK_CANCEL = 0x06,
  CV_CANON_TASK_RETURN = 0x09,
  CV_CANON_CONTEXT_GET = 0x0a,
  CV_CANON_CONTEXT_SET = 0x0b,
  CV_CANON_THREAD_YIELD = 0x0c,
  CV_CANON_SUBTASK_DROP = 0x0d,
  CV_CANON_STREAM_NEW = 0x0e,
  CV_CANON_STREAM_READ = 0x0f,
  CV_CANON_STREAM_WRITE = 0x10,
  CV_CANON_STREAM_CANCEL_READ = 0x11,
  CV_CANON_STREAM_CANCEL_WRITE = 0x12,
  CV_CANON_STREAM_DROP_READABLE = 0x13,
  CV_CANON_STREAM_DROP_WRITABLE = 0x14,
  CV_CANON_FUTURE_NEW = 0x15,
  CV_CANON_FUTURE_READ = 0x16,
  CV_CANON_FUTURE_WRITE = 0x17,
  CV_CANON_FUTURE_CANCEL_READ = 0x18,
  CV_CANON_FUTURE_CANCEL_WRITE = 0x19,
  CV_CANON_FUTURE_DROP_READABLE = 0x1a,
  CV_CANON_FUTURE_DROP_WRITABLE = 0x1b,
  CV_CANON_ERROR_CONTEXT_NEW = 0x1c,
  CV_CANON_ERROR_CONTEXT_DEBUG_MESSAGE = 0x1d,
  CV_CANON_ERROR_CONTEXT_DROP = 0x1e,
  CV_CANON_WAITABLE_SET_NEW = 0x1f,
  CV_CANON_WAITABLE_SET_WAIT = 0x20,
  CV_CANON_WAITABLE_SET_POLL = 0x21,
  CV_CANON_WAITABLE_SET_DROP = 0x22,
  CV_CANON_WAITABLE_JOIN = 0x23,
  CV_CANON_BACKPRESSURE_INC = 0x24,
  CV_CANON_BACKPRESSURE_DEC = 0x25,
  CV_CANON_THREAD_INDEX = 0x26,
  CV_CANON_THREAD_NEW_INDIRECT = 0x27,
  CV_CANON_THREAD_RESUME_LATER = 0x28,
  CV_CANON_THREAD_SUSPEND = 0x29,
  CV_CANON_THREAD_SUSPEND_THEN_RESUME = 0x2a,
  CV_CANON_THREAD_YIELD_THEN_RESUME = 0x2b,
  CV_CANON_THREAD_SUSPEND_THEN_PROMOTE = 0x2c,
  CV_CANON_THREAD_YIELD_THEN_PROMOTE = 0x2d,
  CV_CANON_THREAD_SPAWN_REF = 0x40,
  CV_CANON_THREAD_SPAWN_INDIRECT = 0x41,
  CV_CANON_THREAD_AVAILABLE_PARALLELISM = 0x42,
} cv_canon_kind;

typedef enum cv_string_encoding { CV_UTF8 = 0, CV_UTF16 = 1, CV_LATIN1_UTF16 = 2 } cv_string_encoding;

// Canonical options (canonopt*). Indices are CV_NO_INDEX where an option is absent.
typedef struct cv_canon_options {
  cv_string_encoding encoding;
  bool has_encoding;
  bool is_async;
  bool memory_is_64;    // validated: of `memory`
  uint32_t memory;      // core memory
  uint32_t realloc;     // core func
  uint32_t post_return; // core func
  uint32_t callback;    // core func
} cv_canon_options;

typedef struct cv_canon {
  cv_canon_kind kind;
  cv_canon_options options;
  uint32_t core_func; // lift: the core function
  uint32_t func;      // lower: the function
  uint32_t type;      // lift: type index; resource, stream and future built-ins: type index
  uint32_t operand;   // what else a built-in has: memory, table, slot, core type
  uint32_t operand2;
  bool flag;               // async?, cancellable?, shared? of a built-in
  cv_valtype context_type; // context.get, context.set
  // validated
  const cv_cfunctype *func_type; // lift, lower; task.return: its parameters
  const cv_cresource *resource;  // resource built-ins
  const cv_ctype *element;       // stream and future built-ins: the element type, or NULL
  cv_typeid core_type;           // lower and built-ins: type of the core function that it makes
} cv_canon;

typedef struct cv_cdef {
  cv_cdef_kind kind;
  uint32_t entry;  // where it starts in the binary
  cv_span span;    // core module, component: its bytes
  cv_cspace space; // the index space that the definition adds to; CV_CS_COUNT for none
  uint32_t index;  // where there: of the first item that it adds
  uint32_t adds;   // how many items: 1, but for core types (the types of a recursive group) and start
  uint32_t source; // what is instantiated, aliased; outer alias: the index there
  uint32_t outer;  // outer alias: how many scopes outwards
  cv_bytes name;   // export alias
  const cv_carg *args;
  uint32_t arg_count;
  cv_csortidx item; // export: what is exported
  union {
    cv_module *module;       // owned by the component; made ready to run by cv_component_compile
    cv_component *component; // owned
    const cv_canon *canon;
    const cv_cextern *external; // validated: import, export
  } as;
  const void *syntax; // as decoded, for the validator and the printer: component/binary/syntax.h says which
  cv_code *code;      // core module, after cv_component_compile
  // validated: type of what the definition adds
  cv_cexterntype type;
  // validated; import, instantiate, export: the resources that are introduced here. The numbers are consecutive.
  uint32_t first_resource, resource_count;
} cv_cdef;

struct cv_component {
  cv_mem *mem;                // borrowed quota
  cv_arena arena;             // owns all below but modules and nested components
  cv_type_registry *registry; // borrowed from the engine
  cv_features features;       // of the core modules
  const cv_component *outer;  // NULL for the outermost
  const uint8_t *bytes;       // of the outermost, from its preamble on
  size_t size;
  bool bytes_owned;
  cv_span span;  // of this component in bytes
  cv_bytes name; // from the component-name section, or empty

  cv_cdef *defs;
  uint32_t def_count;
  uint32_t space_counts[CV_CS_COUNT]; // items of each index space at the end
  const cv_custom_section *customs;   // `after` is the number of definitions before it
  uint32_t custom_count;

  // validated
  cv_ccomponenttype type;               // imports and exports
  uint32_t resource_count;              // resources in this component's numbering
  const uint32_t *resource_definitions; // cv_cdef index of each `resource` type that it defines itself
  uint32_t resource_definition_count;
  uint32_t core_instance_count, instance_count; // made by instantiation
};

// Decodes (all nested ones too). Errors as for core modules: offset and the specification's rule. With `copy` the bytes
// are copied, else they outlive the component. Core modules are decoded and validated by the validator.
CV_MUST_USE cv_status cv_component_decode(cv_component **out, cv_mem *mem, const uint8_t *bytes, size_t size, bool copy,
                                          cv_features features, cv_diag *diag);
// Validates all of it, core modules included. On failure the component is good for deletion only.
CV_MUST_USE cv_status cv_component_validate(cv_component *component, cv_type_registry *registry, unsigned module_flags,
                                            cv_diag *diag);
void cv_component_delete(cv_component *component); // NULL is allowed; releases codes

// A cursor over the names that the component-name section gives to items of one index space, as cv_name_cursor of
// wasm/binary/decode.h: names come in the order of the file, each in valid UTF-8; indices may be any number. What is
// malformed reads as absent.
typedef struct cv_cname_cursor {
  const uint8_t *at, *end; // of what is left
  uint32_t left;
  uint32_t index; // of the name last given
  cv_bytes name;
} cv_cname_cursor;
void cv_cname_cursor_init(cv_cname_cursor *cursor, const cv_component *component, cv_cspace space);
bool cv_cname_cursor_next(cv_cname_cursor *cursor); // false at the end

#endif
