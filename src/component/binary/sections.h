// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sections.h: what the section decoders of components share; internal to component/binary. A section may come any
// number of times and in any order. Its decoder reads one element at a time; the reader ends with the section.
#ifndef COVE_COMPONENT_BINARY_SECTIONS_H
#define COVE_COMPONENT_BINARY_SECTIONS_H

#include "base/vec.h"
#include "component/binary/syntax.h"
#include "component/limits.h"
#include "wasm/binary/reader.h"

// Section ids (Binary.md, "Component Definitions").
enum {
  CV_CSECT_CUSTOM = 0,
  CV_CSECT_CORE_MODULE = 1,
  CV_CSECT_CORE_INSTANCE = 2,
  CV_CSECT_CORE_TYPE = 3,
  CV_CSECT_COMPONENT = 4,
  CV_CSECT_INSTANCE = 5,
  CV_CSECT_ALIAS = 6,
  CV_CSECT_TYPE = 7,
  CV_CSECT_CANON = 8,
  CV_CSECT_START = 9,
  CV_CSECT_IMPORT = 10,
  CV_CSECT_EXPORT = 11,
  CV_CSECT_VALUE = 12,
  CV_CSECT_COUNT = 13,
};

// The decoder of one component.
typedef struct cv_cdecoder {
  cv_reader r;
  cv_component *c;
  cv_mem *mem;
  cv_arena *arena; // of c
  CV_VEC(cv_cdef) defs;
  CV_VEC(cv_custom_section) customs;
  uint32_t depth;      // components around this one
  uint32_t type_depth; // component and instance types around the one at hand
} cv_cdecoder;

// "invalid leading byte (0x7) for WHAT", at the byte just read.
CV_COLD CV_MUST_USE cv_status cv_cread_leading(cv_reader *r, uint8_t byte, const char *what);
// Reads a byte that must be this one.
CV_MUST_USE cv_status cv_cread_expect(cv_reader *r, uint8_t wanted, const char *what);
CV_MUST_USE cv_status cv_cread_bool(cv_reader *r, bool *out);
// Appends a definition, which adds `adds` items to `space` (CV_CS_COUNT for none).
CV_MUST_USE cv_status cv_cdecoder_add(cv_cdecoder *d, cv_cdef def, cv_cspace space, uint32_t adds);

// One element of each section.
CV_MUST_USE cv_status cv_cdecode_core_instance(cv_cdecoder *d);
CV_MUST_USE cv_status cv_cdecode_core_type(cv_cdecoder *d);
CV_MUST_USE cv_status cv_cdecode_instance(cv_cdecoder *d);
CV_MUST_USE cv_status cv_cdecode_alias(cv_cdecoder *d);
CV_MUST_USE cv_status cv_cdecode_type(cv_cdecoder *d);
CV_MUST_USE cv_status cv_cdecode_canon(cv_cdecoder *d);
CV_MUST_USE cv_status cv_cdecode_import(cv_cdecoder *d);
CV_MUST_USE cv_status cv_cdecode_export(cv_cdecoder *d);
CV_MUST_USE cv_status cv_cdecode_value(cv_cdecoder *d);
CV_MUST_USE cv_status cv_cdecode_start(cv_cdecoder *d);

// ---- parts that several sections have ----
// The byte (or two) of a sort as they are; `core` is 0 unless the first byte is 0.
typedef struct cv_sort_bytes {
  uint8_t sort, core;
  const uint8_t *at;
} cv_sort_bytes;
CV_MUST_USE cv_status cv_cread_sort_bytes(cv_reader *r, cv_sort_bytes *out);
// What a component may import, export or be given: no core sorts but modules.
CV_MUST_USE cv_status cv_csort_external(cv_reader *r, cv_sort_bytes bytes, cv_cspace *out);
// What a core instance has: functions, tables, memories, globals, tags.
CV_MUST_USE cv_status cv_csort_core(cv_reader *r, cv_sort_bytes bytes, cv_cspace *out);
CV_MUST_USE cv_status cv_cread_sort_index(cv_reader *r, cv_csortidx *out);
CV_MUST_USE cv_status cv_cread_core_sort_index(cv_reader *r, cv_csortidx *out);
CV_MUST_USE cv_status cv_cread_alias(cv_reader *r, cv_syn_alias *out);
CV_MUST_USE cv_status cv_cread_type_ref(cv_reader *r, cv_syn_ref *out);
CV_MUST_USE cv_status cv_cread_result(cv_reader *r, cv_syn_ref *out); // of a function
CV_MUST_USE cv_status cv_cread_core_type(cv_cdecoder *d, bool in_module_type, cv_syn_core_type *out);
CV_MUST_USE cv_status cv_cread_extern_name(cv_reader *r, cv_syn_extern *out);
CV_MUST_USE cv_status cv_cread_extern_type(cv_reader *r, cv_syn_externtype *out);
// The index space of what an externtype of this sort names.
cv_cspace cv_csort_space(cv_csort sort);

// Name and contents of the component-name section. CV_ENOMEM is the one failure.
void cv_cdecode_names(cv_component *c);

#endif
