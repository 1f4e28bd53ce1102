// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// types.h: types of values and of what is imported and exported (core specification, 2.3).
#ifndef COVE_TYPES_H
#define COVE_TYPES_H

#include <cove/common.h>

COVE_BEGIN

// A value type. Those that have no name here (references to a type of a module) print with cove_valtype_name.
typedef uint32_t cove_valtype;
#define COVE_I32 UINT32_C(0x7f)
#define COVE_I64 UINT32_C(0x7e)
#define COVE_F32 UINT32_C(0x7d)
#define COVE_F64 UINT32_C(0x7c)
#define COVE_V128 UINT32_C(0x7b)
#define COVE_FUNCREF UINT32_C(0x80007063)
#define COVE_EXTERNREF UINT32_C(0x80006f63)
#define COVE_EXNREF UINT32_C(0x80006963)

COVE_API bool cove_valtype_is_ref(cove_valtype type);
// Writes the text format's name, cut to `size` with its zero, and returns `out`: "i32", "(ref null 3)".
COVE_API const char *cove_valtype_name(cove_valtype type, char *out, size_t size);

typedef enum cove_extern_kind {
  COVE_EXTERN_FUNC = 0,
  COVE_EXTERN_TABLE = 1,
  COVE_EXTERN_MEMORY = 2,
  COVE_EXTERN_GLOBAL = 3,
  COVE_EXTERN_TAG = 4,
} cove_extern_kind;

// "func", "table", "memory", "global", "tag".
COVE_API const char *cove_extern_kind_name(cove_extern_kind kind);

// Both arrays are borrowed.
typedef struct cove_functype {
  const cove_valtype *params;
  size_t param_count;
  const cove_valtype *results;
  size_t result_count;
} cove_functype;

#define COVE_NO_MAXIMUM UINT64_MAX

typedef struct cove_memorytype {
  uint64_t minimum, maximum; // pages; COVE_NO_MAXIMUM when absent
  uint32_t page_size;        // bytes: 65536, or 1 with custom page sizes
  bool is_64;                // addressed by i64
  bool is_shared;
} cove_memorytype;

typedef struct cove_tabletype {
  cove_valtype element;
  uint64_t minimum, maximum; // elements; COVE_NO_MAXIMUM when absent
  bool is_64;
} cove_tabletype;

typedef struct cove_globaltype {
  cove_valtype type;
  bool is_mutable;
} cove_globaltype;

// The type of an import or export. `as.func` is also the type of a tag.
typedef struct cove_externtype {
  cove_extern_kind kind;
  union {
    cove_functype func;
    cove_tabletype table;
    cove_memorytype memory;
    cove_globaltype global;
  } as;
} cove_externtype;

COVE_END

#endif
