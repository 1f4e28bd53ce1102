// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// names.h: the contents of the name section (core specification, appendix A.4.1, and the extended name section
// proposal), as the parser collects and the printer reads them.
#ifndef COVE_WASM_TEXT_NAMES_H
#define COVE_WASM_TEXT_NAMES_H

#include "base/buf.h"
#include "base/vec.h"
#include "wasm/binary/decode.h"

// Kinds are the CV_NAMES_* of wasm/binary/decode.h, which are the ids of the subsections: all below CV_NAMES_KINDS. The
// outer index is the function of a local or a label, the type of a field. A label's index counts the block
// instructions of its function from 0. CV_NAMES_MODULE has no map.
enum { CV_NAMES_KINDS = CV_NAMES_TAG + 1 };

typedef struct cv_name_entry {
  uint32_t outer, index;
  cv_bytes name; // borrowed
} cv_name_entry;

typedef CV_VEC(cv_name_entry) cv_name_map;

typedef struct cv_names {
  bool has_module;
  cv_bytes module;
  cv_name_map maps[CV_NAMES_KINDS]; // sorted by outer, then index
} cv_names;

void cv_names_free(cv_names *names, cv_mem *mem);
bool cv_names_empty(const cv_names *names);
// Entries are added in their order.
static inline CV_MUST_USE cv_status cv_names_add(cv_names *names, cv_mem *mem, uint32_t kind, uint32_t outer,
                                                 uint32_t index, cv_bytes name) {
  return cv_vec_push(mem, &names->maps[kind], (cv_name_entry){outer, index, name});
}
// The first entry with this outer index or a later one; may be the end of the map.
const cv_name_entry *cv_names_from(const cv_names *names, uint32_t kind, uint32_t outer);
// NULL when there is none.
const cv_name_entry *cv_names_find(const cv_names *names, uint32_t kind, uint32_t outer, uint32_t index);

// Appends the contents of the section. `scratch` is emptied.
void cv_names_encode(const cv_names *names, cv_buf *scratch, cv_buf *out);
// Reads the contents of a section. CV_EMALFORMED (without a diagnostic) when it is not well-formed, has a name that is
// not UTF-8, repeats something or has a subsection that cv_names_encode would not write.
CV_MUST_USE cv_status cv_names_decode(cv_names *names, cv_mem *mem, cv_bytes contents);

#endif
