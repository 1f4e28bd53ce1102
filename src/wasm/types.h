// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// types.h: value types, heap types, recursive type groups and external types of core WebAssembly (core specification,
// 2.3). A module's types are decoded into cv_type entries; the engine-wide registry (wasm/canon.h) then gives each a
// canonical id, so that two function types are the same exactly when their ids are equal.
#ifndef COVE_WASM_TYPES_H
#define COVE_WASM_TYPES_H

#include "base/base.h"

// A value type in 32 bits: bits 0..7 the kind, bits 8..31 the heap type of a reference (0 otherwise).
typedef uint32_t cv_valtype;

enum {
  CV_KIND_I32 = 0x7f,
  CV_KIND_I64 = 0x7e,
  CV_KIND_F32 = 0x7d,
  CV_KIND_F64 = 0x7c,
  CV_KIND_V128 = 0x7b,
  CV_KIND_I8 = 0x78,  // storage type of fields only
  CV_KIND_I16 = 0x77, // likewise
  CV_KIND_REF = 0x64,
  CV_KIND_REF_NULL = 0x63,
  CV_KIND_BOT = 0x00, // unknown type on the polymorphic stack
};

// Heap types: a type index below CV_HEAP_ABSTRACT, or CV_HEAP_ABSTRACT | code byte of the binary format.
enum {
  CV_HEAP_ABSTRACT = 0x800000,
  CV_HEAP_FUNC = CV_HEAP_ABSTRACT | 0x70,
  CV_HEAP_NOFUNC = CV_HEAP_ABSTRACT | 0x73,
  CV_HEAP_EXTERN = CV_HEAP_ABSTRACT | 0x6f,
  CV_HEAP_NOEXTERN = CV_HEAP_ABSTRACT | 0x72,
  CV_HEAP_ANY = CV_HEAP_ABSTRACT | 0x6e,
  CV_HEAP_EQ = CV_HEAP_ABSTRACT | 0x6d,
  CV_HEAP_I31 = CV_HEAP_ABSTRACT | 0x6c,
  CV_HEAP_STRUCT = CV_HEAP_ABSTRACT | 0x6b,
  CV_HEAP_ARRAY = CV_HEAP_ABSTRACT | 0x6a,
  CV_HEAP_NONE = CV_HEAP_ABSTRACT | 0x71,
  CV_HEAP_EXN = CV_HEAP_ABSTRACT | 0x69,
  CV_HEAP_NOEXN = CV_HEAP_ABSTRACT | 0x74,
  CV_HEAP_BOT = CV_HEAP_ABSTRACT | 0x00, // bottom of all, validation only
};

#define CV_REF_TYPE(nullable, heap) ((cv_valtype)(heap) << 8 | ((nullable) ? CV_KIND_REF_NULL : CV_KIND_REF))

enum {
  CV_I32 = CV_KIND_I32,
  CV_I64 = CV_KIND_I64,
  CV_F32 = CV_KIND_F32,
  CV_F64 = CV_KIND_F64,
  CV_V128 = CV_KIND_V128,
  CV_BOT = CV_KIND_BOT,
};
#define CV_FUNCREF CV_REF_TYPE(true, CV_HEAP_FUNC)
#define CV_EXTERNREF CV_REF_TYPE(true, CV_HEAP_EXTERN)
#define CV_EXNREF CV_REF_TYPE(true, CV_HEAP_EXN)

static inline unsigned cv_type_kind(cv_valtype t) {
  return t & 0xff;
}
static inline uint32_t cv_type_heap(cv_valtype t) {
  return t >> 8;
}
static inline bool cv_type_is_ref(cv_valtype t) {
  return cv_type_kind(t) == CV_KIND_REF || cv_type_kind(t) == CV_KIND_REF_NULL;
}
static inline bool cv_type_is_nullable(cv_valtype t) {
  return cv_type_kind(t) == CV_KIND_REF_NULL;
}
static inline bool cv_type_is_defaultable(cv_valtype t) {
  return cv_type_kind(t) != CV_KIND_REF;
}
static inline bool cv_heap_is_index(uint32_t heap) {
  return heap < CV_HEAP_ABSTRACT;
}

// A v128 value: 16 bytes, lane 0 first. wasm/simd.h has the lane views (cv_i16x8 and so on), which are casts of it.
typedef uint8_t cv_v128 __attribute__((vector_size(16)));

// Writes the type as the text format has it ("i32", "funcref", "(ref null 3)", "bot") and returns `out`.
enum { CV_VALTYPE_TEXT_SIZE = 32 };
const char *cv_valtype_text(cv_valtype type, char out[CV_VALTYPE_TEXT_SIZE]);
// The keyword of an abstract heap type: "func", "noextern"; NULL for an index.
const char *cv_heap_text(uint32_t heap);

// Index of a type in the engine's registry: equal ids, equal types. CV_NO_TYPE is none.
typedef uint32_t cv_typeid;
#define CV_NO_TYPE UINT32_MAX

typedef struct cv_functype {
  uint32_t param_count, result_count;
  const cv_valtype *types; // params, then results; in the module these use module type indices, in the registry ids
} cv_functype;

static inline const cv_valtype *cv_functype_params(const cv_functype *f) {
  return f->types;
}
static inline const cv_valtype *cv_functype_results(const cv_functype *f) {
  return f->types + f->param_count;
}

typedef struct cv_fieldtype {
  cv_valtype type; // may be CV_KIND_I8, CV_KIND_I16
  bool is_mutable;
} cv_fieldtype;

typedef enum cv_composite { CV_COMP_FUNC = 0x60, CV_COMP_STRUCT = 0x5f, CV_COMP_ARRAY = 0x5e } cv_composite;

// A defined type: one sub type of a recursive group.
typedef struct cv_type {
  cv_composite kind;
  bool is_final;
  uint32_t super;       // type index of the declared supertype, or CV_NO_TYPE
  uint32_t group_start; // first type index of its recursive group
  uint32_t group_size;
  cv_typeid id;   // canonical id, set when the module's types were registered
  uint32_t entry; // where it is in the module
  union {
    cv_functype func;
    struct {
      const cv_fieldtype *fields; // one for an array
      uint32_t count;
    } aggregate;
  } as;
} cv_type;

typedef enum cv_extern_kind {
  CV_EXTERN_FUNC = 0,
  CV_EXTERN_TABLE = 1,
  CV_EXTERN_MEMORY = 2,
  CV_EXTERN_GLOBAL = 3,
  CV_EXTERN_TAG = 4,
} cv_extern_kind;

// Limits of a memory (in pages) or a table (in elements).
typedef struct cv_limits {
  uint64_t min, max; // max is UINT64_MAX when absent
  bool has_max;
  bool is_64;     // addressed by i64
  bool is_shared; // memories only
} cv_limits;

typedef struct cv_memtype {
  cv_limits limits;
  uint8_t page_log2; // 16; 0 with the custom page sizes proposal
} cv_memtype;

typedef struct cv_tabletype {
  cv_limits limits;
  cv_valtype elem;
} cv_tabletype;

typedef struct cv_globaltype {
  cv_valtype type;
  bool is_mutable;
} cv_globaltype;

// Addresses: the value type of a memory's or table's index.
static inline cv_valtype cv_limits_index_type(const cv_limits *l) {
  return l->is_64 ? CV_I64 : CV_I32;
}

#endif
