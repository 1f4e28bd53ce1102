// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// types.h: the types of the Component Model (Explainer.md, "Type Definitions") after validation. Indices are resolved
// to pointers, so that nobody behind the validator looks into an index space. Types are immutable and live in the arena
// of the component that they were validated for.
//
// Two value types are the same when they have the same structure and the same resources: cv_ctype_equal.
//
// Terms
//   resource   a resource type as validation knows it: an identity. Every component has its own numbering of the
//              resources that it defines, imports, or gets from instances that it makes; at run time an instance of the
//              component maps each number to a resource type of the store (component/instance.h).
#ifndef COVE_COMPONENT_TYPES_H
#define COVE_COMPONENT_TYPES_H

#include "wasm/types.h"

typedef struct cv_ctype cv_ctype;
typedef struct cv_cfunctype cv_cfunctype;
typedef struct cv_cexterntype cv_cexterntype;
typedef struct cv_coremoduletype cv_coremoduletype;

// Kinds of value types; the numbers are the codes of the binary format (kinds.def).
typedef enum cv_ctype_kind {
#define CV_CTYPE_KIND(name, code, word) CV_CT_##name = code,
#include "component/kinds.def"
} cv_ctype_kind;

// "u8", "list", "own"; "?" for a number that is no kind.
static inline const char *cv_ctype_kind_text(unsigned kind) {
  switch (kind) {
#define CV_CTYPE_KIND(name, code, word)                                                                                \
  case code:                                                                                                           \
    return word;
#include "component/kinds.def"
  default:
    return "?";
  }
}

// A kind that is written as its word alone, and has no parts.
static inline bool cv_ctype_kind_is_simple(unsigned kind) {
  return (kind >= CV_CT_STRING && kind <= CV_CT_BOOL) || kind == CV_CT_ERROR_CONTEXT;
}

// What validation knows of every type.
typedef struct cv_ctraits {
  uint32_t serial;   // unique in one validation
  uint32_t origin;   // serial of the definition that it was made from, by new names or by other resources
  uint32_t size;     // nodes when written out
  uint16_t depth;    // of instance, component and function types in each other
  bool has_resource; // speaks of resources, transitively
} cv_ctraits;

typedef struct cv_cresource {
  uint32_t index;      // in the numbering of the component (or of the component type) that it belongs to
  uint32_t id;         // identity: equal ids, the same resource; unique in one validation, whatever the numbering
  uint32_t serial;     // of this way to it: an import or export (eq) makes a new one with the same id
  bool is_local;       // defined by a `resource` type of the component itself
  bool is_imported;    // introduced by an import
  uint32_t definition; // is_local: index in cv_component.resource_definitions
  cv_bytes name;       // a name for messages, from an import or export; may be empty
} cv_cresource;

// A part of a compound type: record field, variant case, flag, tuple element, list element, function parameter.
typedef struct cv_cfield {
  cv_bytes name;        // empty where parts have no names
  const cv_ctype *type; // NULL where there is none (a case without payload, a flag)
} cv_cfield;

enum { CV_PTR32 = 0, CV_PTR64 = 1, CV_PTR_SIZES = 2 };

// What the canonical ABI makes of a value type, for memories with 32-bit and with 64-bit addresses (CanonicalABI.md,
// "Alignment", "Element Size", "Flattening").
typedef struct cv_clayout {
  uint32_t size, align;    // bytes
  uint32_t payload_offset; // variants: of the payload
} cv_clayout;

enum {
  CV_MAX_TYPE_SIZE = (1 << 28) - 1, // bytes of a value in memory ("Element Size")
  CV_MAX_TYPE_DEPTH = 100,          // nested value types; bounds every recursion over types
  CV_MAX_FLAT = 16,                 // core values that are passed without memory
};

// Whoever makes a type sets kind, fields, count, length, entry and resource; cv_ctype_lay_out sets the rest.
struct cv_ctype {
  uint8_t kind;         // cv_ctype_kind
  uint8_t discriminant; // variant, enum, option, result: bytes of it (1, 2, 4)
  uint8_t depth;        // 1 + that of the deepest part
  bool has_borrow;      // transitively
  bool has_handle;      // own, borrow, stream or future, transitively
  bool has_async;       // stream or future, transitively
  bool is_plain;        // its bytes in memory are the value: nothing to check, to cut, to leave out (padding)
  bool has_pointer;     // string, list or map, transitively: lowering it may need realloc
  uint32_t flat_count;  // core values when flattened; UINT32_MAX when above 65535
  uint8_t flat[CV_PTR_SIZES]
              [CV_MAX_FLAT]; // kinds of these core values (CV_KIND_I32...), when there are at most that many
  cv_clayout layout[CV_PTR_SIZES];
  // Parts:
  //   record, tuple          the fields
  //   variant, enum          the cases
  //   option                 "none", "some"        (so that option, result and enum are variants to the ABI)
  //   result                 "ok", "error"
  //   flags                  the labels
  //   list, stream, future   one: the element (type NULL for a stream or future without)
  //   fixed list             one: the element
  //   map                    two: key and value; to the ABI a list of tuples, of which `entry` is the type
  const cv_cfield *fields;
  uint32_t count;
  uint32_t length;              // fixed list
  const cv_ctype *entry;        // map
  const cv_cresource *resource; // own, borrow
  cv_ctraits traits;
};

struct cv_cfunctype {
  const cv_cfield *params;
  uint32_t param_count;
  const cv_ctype *result; // NULL when there is none
  bool is_async;
  cv_ctraits traits;
};

// Sorts of what components import and export; the numbers are the binary format's, with 0 for core modules.
typedef enum cv_csort {
  CV_SORT_MODULE = 0,
  CV_SORT_FUNC = 1,
  CV_SORT_VALUE = 2,
  CV_SORT_TYPE = 3,
  CV_SORT_COMPONENT = 4,
  CV_SORT_INSTANCE = 5,
} cv_csort;

// What a type definition can be.
typedef enum cv_cdeftype_kind {
  CV_DEF_VALUE,
  CV_DEF_FUNC,
  CV_DEF_COMPONENT,
  CV_DEF_INSTANCE,
  CV_DEF_RESOURCE,
} cv_cdeftype_kind;

typedef struct cv_cinstancetype cv_cinstancetype;
typedef struct cv_ccomponenttype cv_ccomponenttype;

typedef struct cv_cdeftype {
  cv_cdeftype_kind kind;
  union {
    const cv_ctype *value;
    const cv_cfunctype *func;
    const cv_ccomponenttype *component;
    const cv_cinstancetype *instance;
    const cv_cresource *resource;
  } as;
} cv_cdeftype;

// The type of an import or export.
struct cv_cexterntype {
  cv_csort sort;
  bool is_fresh; // sort type: as.type.as.resource was written as (sub resource), or is exported first here
  union {
    const cv_coremoduletype *module;
    const cv_cfunctype *func;
    const cv_ctype *value;
    cv_cdeftype type;
    const cv_ccomponenttype *component;
    const cv_cinstancetype *instance;
  } as;
};

// A named import or export, with its attributes.
typedef struct cv_cextern {
  cv_bytes name;           // "wasi:io/streams@0.2.3", "[method]output-stream.write", "run"
  cv_bytes implements;     // attribute, or empty
  cv_bytes external_id;    // likewise
  cv_bytes version_suffix; // likewise
  cv_cexterntype type;
} cv_cextern;

// Resources of a type definition are bound by it: whoever imports an instance of the type or instantiates a component
// of it gets resources of its own in their place. The type of an instance in an index space binds none: it speaks of
// the resources of the component that has it.
struct cv_cinstancetype {
  const cv_cextern *exports;
  uint32_t export_count;
  const cv_cextern *const *sorted;      // the exports in the order of their names (bytes)
  const cv_cresource *const *resources; // bound; ids ascend
  uint32_t resource_count;
  cv_ctraits traits;
};

struct cv_ccomponenttype {
  const cv_cextern *imports;
  uint32_t import_count;
  const cv_cextern *exports;
  uint32_t export_count;
  const cv_cextern *const *sorted_imports, *const *sorted_exports;
  const cv_cresource *const *resources; // bound: those that the imports introduce, then the others; each part ascends
  uint32_t imported_resource_count, resource_count;
  cv_ctraits traits;
};

// The import or export of this name among `count`, of which `sorted` is the order; NULL when there is none.
const cv_cextern *cv_cextern_find(const cv_cextern *const *sorted, uint32_t count, cv_bytes name);
// The order of `sorted`, of pointers to cv_cextern, for qsort.
int cv_cextern_compare(const void *a, const void *b);

// A core module type: what a module imports and exports. Type indices inside value types are canonical ids.
typedef struct cv_coreextern {
  cv_bytes module, name; // module is empty for exports
  cv_extern_kind kind;
  union {
    cv_typeid func; // canonical id; tags too
    cv_tabletype table;
    cv_memtype memory;
    cv_globaltype global;
  } as;
} cv_coreextern;

struct cv_coremoduletype {
  const cv_coreextern *imports;
  uint32_t import_count;
  const cv_coreextern *exports;
  uint32_t export_count;
  const cv_coreextern *const *sorted_imports, *const *sorted_exports; // by module and name
};
const cv_coreextern *cv_coreextern_find(const cv_coreextern *const *sorted, uint32_t count, cv_bytes module,
                                        cv_bytes name);
int cv_coreextern_compare(const void *a, const void *b);

// Computes what a type says about itself, from parts that are complete: discriminant, depth, the has_ flags, flat
// values and layout (component/canon/flatten.c). NULL, or the rule that the type breaks: too large or nested too
// deeply.
CV_MUST_USE const char *cv_ctype_lay_out(cv_ctype *type);
// Structure and resources are the same.
bool cv_ctype_equal(const cv_ctype *a, const cv_ctype *b);
// A short form for messages: "u32", "string", "list<u8>", "record", "own<input-stream>". Returns `out`.
const char *cv_ctype_text(const cv_ctype *type, char *out, size_t size);
// "func", "type", "instance"...
const char *cv_csort_text(cv_csort sort);

// The parts as the ABI sees them: true for record and tuple.
static inline bool cv_ctype_is_record(const cv_ctype *t) {
  return t->kind == CV_CT_RECORD || t->kind == CV_CT_TUPLE;
}
// Variant, enum, option, result.
static inline bool cv_ctype_is_variant(const cv_ctype *t) {
  return t->kind == CV_CT_VARIANT || t->kind == CV_CT_ENUM || t->kind == CV_CT_OPTION || t->kind == CV_CT_RESULT;
}

#endif
