// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// syntax.h: what the decoder makes of types and of the other definitions that the printer writes as they stand: syntax
// trees with indices, before validation has resolved anything (Binary.md, "Type Definitions" and further). All of it
// lives in the arena of the component. Codes are the binary format's. `entry` is the offset of the first byte in the
// bytes of the outermost component.
//
//   cv_cdef.kind          cv_cdef.syntax
//   CV_CDEF_CORE_TYPE     const cv_syn_core_type *
//   CV_CDEF_TYPE          const cv_syn_type *
//   CV_CDEF_IMPORT        const cv_syn_extern *
//   CV_CDEF_EXPORT        const cv_syn_extern *   (its `type` only when has_type: the ascription)
//   CV_CDEF_CANON         const cv_syn_result *   of task.return, NULL otherwise
//   CV_CDEF_START         const cv_syn_start *
//   CV_CDEF_VALUE         const cv_syn_value *
#ifndef COVE_COMPONENT_BINARY_SYNTAX_H
#define COVE_COMPONENT_BINARY_SYNTAX_H

#include "component/component.h"

// What a valtype says: a primitive type by its code, or a type index.
enum {
  CV_SYN_NONE = 0,  // no type: a case without payload, a function without result
  CV_SYN_INDEX = 1, // `index`
};
typedef struct cv_syn_ref {
  uint8_t code;   // CV_SYN_NONE, CV_SYN_INDEX, or a cv_ctype_kind of a primitive type
  uint32_t index; // of CV_SYN_INDEX
} cv_syn_ref;

// Record field, variant case, flag, enum case, parameter; tuple member and element without name.
typedef struct cv_syn_field {
  cv_bytes name;
  cv_syn_ref type;
  uint32_t entry;
} cv_syn_field;

// Codes of type definitions that are no value types; value types have their cv_ctype_kind.
enum {
  CV_SYN_RESOURCE = 0x3f,
  CV_SYN_FUNC = 0x40,
  CV_SYN_COMPONENT = 0x41,
  CV_SYN_INSTANCE = 0x42,
  CV_SYN_ASYNC_FUNC = 0x43,
};

typedef struct cv_syn_decl cv_syn_decl;

typedef struct cv_syn_type {
  uint8_t code; // cv_ctype_kind or one of the above
  uint32_t entry;
  // record, variant, flags, enum, tuple: the parts; function: the parameters; list, fixed list, option, stream, future:
  // one; result: two, ok and error; map: two, key and value.
  const cv_syn_field *fields;
  uint32_t count;
  cv_syn_ref result; // function
  uint32_t index;    // own, borrow: type index
  uint32_t length;   // fixed list
  cv_valtype rep;    // resource
  uint32_t dtor;     // resource: core function, or CV_NO_INDEX
  const cv_syn_decl *decls;
  uint32_t decl_count; // component, instance
} cv_syn_type;

typedef struct cv_syn_core_decl cv_syn_core_decl;

// A core type definition: a recursive group (of one, mostly), or a module type.
typedef struct cv_syn_core_type {
  bool is_module;
  bool is_group; // written as a recursive group
  uint32_t entry;
  const cv_type *types; // group_start is 0; type indices are those of the scope
  uint32_t type_count;
  const cv_syn_core_decl *decls;
  uint32_t decl_count;
} cv_syn_core_type;

typedef enum cv_syn_core_decl_kind {
  CV_SYN_CORE_IMPORT = 0,
  CV_SYN_CORE_TYPE = 1,
  CV_SYN_CORE_ALIAS = 2, // outer alias of a core type
  CV_SYN_CORE_EXPORT = 3,
} cv_syn_core_decl_kind;

// The type of a core import or export with type indices.
typedef struct cv_syn_core_extern {
  cv_extern_kind kind;
  union {
    uint32_t type; // functions and tags: type index
    cv_tabletype table;
    cv_memtype memory;
    cv_globaltype global;
  } as;
} cv_syn_core_extern;

struct cv_syn_core_decl {
  cv_syn_core_decl_kind kind;
  uint32_t entry;
  cv_bytes module, name; // import; export: name
  cv_syn_core_extern external;
  const cv_syn_core_type *type;
  uint32_t outer, index; // alias
};

typedef enum cv_syn_alias_kind {
  CV_SYN_ALIAS_EXPORT = 0,
  CV_SYN_ALIAS_CORE_EXPORT = 1,
  CV_SYN_ALIAS_OUTER = 2,
} cv_syn_alias_kind;

typedef struct cv_syn_alias {
  cv_syn_alias_kind kind;
  cv_cspace space;
  uint32_t source; // instance; outer: the index there
  uint32_t outer;  // how many scopes outwards
  cv_bytes name;
} cv_syn_alias;

// An externtype. Bounds: type: (eq index) or (sub resource); value: (eq index) or a type.
typedef struct cv_syn_externtype {
  cv_csort sort;
  bool is_eq;      // type, value
  uint32_t index;  // module: core type; type and value: of the (eq); others: type
  cv_syn_ref type; // value
  uint32_t entry;
} cv_syn_externtype;

// An import or export with its name, of a component or of a type.
typedef struct cv_syn_extern {
  cv_bytes name;
  cv_bytes implements, external_id, version_suffix; // attributes
  bool has_implements, has_external_id, has_version_suffix;
  uint8_t form;           // first byte of the name: 0, 1, or 2 when attributes follow
  uint8_t duplicate;      // of attributes that were there twice: 1 << CV_SYN_IMPLEMENTS and so on
  bool has_type;          // false for an export without ascription and for inline exports
  cv_syn_externtype type; //
  uint32_t entry;
} cv_syn_extern;

enum { CV_SYN_IMPLEMENTS = 0, CV_SYN_VERSION_SUFFIX = 1, CV_SYN_EXTERNAL_ID = 2 }; // attributes

typedef enum cv_syn_decl_kind {
  CV_SYN_DECL_CORE_TYPE = 0,
  CV_SYN_DECL_TYPE = 1,
  CV_SYN_DECL_ALIAS = 2,
  CV_SYN_DECL_IMPORT = 3, // component types only
  CV_SYN_DECL_EXPORT = 4,
} cv_syn_decl_kind;

struct cv_syn_decl {
  cv_syn_decl_kind kind;
  uint32_t entry;
  union {
    const cv_syn_core_type *core_type;
    const cv_syn_type *type;
    const cv_syn_alias *alias;
    const cv_syn_extern *external;
  } as;
};

// Of task.return.
typedef struct cv_syn_result {
  cv_syn_ref type;
} cv_syn_result;

typedef struct cv_syn_start {
  uint32_t func;
  const uint32_t *args;
  uint32_t arg_count;
  uint32_t result_count;
} cv_syn_start;

typedef struct cv_syn_value {
  cv_syn_ref type;
  cv_span bytes;
} cv_syn_value;

#endif
