// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sections.h: what the section decoders share; internal to wasm/binary. Each section has a file and one function,
// which reads the contents. The reader's limit is the end of the module: only afterwards is the place compared with the
// size that the section gave, so that a malformed element is told as such and not as an end.
#ifndef COVE_WASM_BINARY_SECTIONS_H
#define COVE_WASM_BINARY_SECTIONS_H

#include "base/vec.h"
#include "wasm/binary/instr.h"
#include "wasm/binary/reader.h"
#include "wasm/module.h"

// Index spaces that imports and definitions share grow here, and move to the module's arena at the end.
typedef struct cv_decoder {
  cv_reader r;
  cv_module *m;
  cv_mem *mem;
  CV_VEC(cv_type) types;
  CV_VEC(cv_func_decl) funcs;
  CV_VEC(cv_table_decl) tables;
  CV_VEC(cv_memtype) memories;
  CV_VEC(cv_global_decl) globals;
  CV_VEC(cv_tag_decl) tags;
  CV_VEC(cv_custom_section) customs;
  const uint8_t *section_end; // of the section at hand
  uint32_t bodies;            // entries of the code section read
  uint32_t data_count;        // of the data count section
  uint32_t last_section;      // id of the last section that was not custom
} cv_decoder;

CV_MUST_USE cv_status cv_decode_type_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_import_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_function_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_table_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_memory_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_tag_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_global_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_export_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_start_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_element_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_data_count_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_code_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_data_section(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_custom_section(cv_decoder *d);

// Fails when an instruction of a body read so far is malformed: after a failure further on, so that the earliest wins.
CV_MUST_USE cv_status cv_decode_scan_bodies(cv_decoder *d);

// A constant expression up to its end. Functions that it names become declared.
CV_MUST_USE cv_status cv_decode_const_expr(cv_decoder *d, cv_const_expr *out);
// Marks a function that something outside the bodies names. An index out of range is left to validation.
void cv_decode_declare_func(cv_decoder *d, uint32_t index);

// After all sections: function and module names, branch hints. What is malformed there is ignored; CV_ENOMEM is the
// one failure.
CV_MUST_USE cv_status cv_decode_names(cv_decoder *d);
CV_MUST_USE cv_status cv_decode_branch_hints(cv_decoder *d);

#endif
