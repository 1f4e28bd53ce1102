// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// module.h: a core module: decoded, validated, compiled, and looked into. Immutable: any number of threads may
// instantiate one module at once, and every borrowed pointer below lives as long as the module.
#ifndef COVE_MODULE_H
#define COVE_MODULE_H

#include <cove/engine.h>
#include <cove/types.h>

COVE_BEGIN

typedef struct cove_module cove_module;

// What a file is, from its first bytes.
typedef enum cove_input_kind {
  COVE_INPUT_MODULE = 0,    // a core module in the binary format
  COVE_INPUT_COMPONENT = 1, // a component in the binary format
  COVE_INPUT_TEXT = 2,      // probably the text format
  COVE_INPUT_OTHER = 3,
  COVE_INPUT_COMPILED = 4, // a compiled program (compiled.h)
} cove_input_kind;
// *looks_like (may be NULL) is a phrase that lives for ever: "an ELF program or library".
COVE_API cove_input_kind cove_input_kind_of(const void *data, size_t size, const char **looks_like);

// Decodes, validates and compiles a binary module. The bytes are copied.
//   COVE_MALFORMED, COVE_INVALID   with offset and function
//   COVE_UNSUPPORTED               a feature or a kind of file that this version does not do
//   COVE_LIMIT, COVE_NO_MEMORY
COVE_API COVE_MUST_USE cove_status cove_module_new(cove_engine *engine, const void *data, size_t size,
                                                   cove_module **out, cove_error **error);
// As cove_module_new without a copy: the bytes stay as they are until `release` (may be NULL) is called with `env`,
// which is when the module and all its instances are gone. On failure `release` is not called.
COVE_API COVE_MUST_USE cove_status cove_module_new_borrowed(cove_engine *engine, const void *data, size_t size,
                                                            void (*release)(void *env), void *env, cove_module **out,
                                                            cove_error **error);
// Reads a file: the binary format (mapped), or the text format. COVE_IO when it cannot be read.
COVE_API COVE_MUST_USE cove_status cove_module_open(cove_engine *engine, const char *path, cove_module **out,
                                                    cove_error **error);
// Decodes and validates only: for looking into. Such a module cannot be instantiated (COVE_USAGE).
COVE_API COVE_MUST_USE cove_status cove_module_inspect(cove_engine *engine, const void *data, size_t size,
                                                       cove_module **out, cove_error **error);
// Decodes and validates, and keeps nothing.
COVE_API COVE_MUST_USE cove_status cove_module_validate(cove_engine *engine, const void *data, size_t size,
                                                        cove_error **error);
// Instances keep what they need of it.
COVE_API void cove_module_delete(cove_module *module);

// From the name section; empty when it has none.
COVE_API cove_bytes cove_module_name(const cove_module *module);

typedef struct cove_import {
  cove_bytes module, name;
  cove_externtype type;
} cove_import;
COVE_API size_t cove_module_import_count(const cove_module *module);
// False when `index` is out of range, as with all that take an index below.
COVE_API bool cove_module_import(const cove_module *module, size_t index, cove_import *out);

typedef struct cove_export {
  cove_bytes name;
  cove_externtype type;
} cove_export;
COVE_API size_t cove_module_export_count(const cove_module *module);
COVE_API bool cove_module_export(const cove_module *module, size_t index, cove_export *out);
COVE_API bool cove_module_find_export(const cove_module *module, const char *name, cove_export *out);

// A section that the specification gives no meaning (5.5.3).
typedef struct cove_custom {
  cove_bytes name, data;
} cove_custom;
COVE_API size_t cove_module_custom_count(const cove_module *module);
COVE_API bool cove_module_custom(const cove_module *module, size_t index, cove_custom *out);

// One line of the `producers` section: field "language", name "C", version "17".
typedef struct cove_producer {
  cove_bytes field, name, version;
} cove_producer;
COVE_API size_t cove_module_producer_count(const cove_module *module);
COVE_API bool cove_module_producer(const cove_module *module, size_t index, cove_producer *out);

// Memories, imported ones first.
COVE_API size_t cove_module_memory_count(const cove_module *module);
COVE_API bool cove_module_memory(const cove_module *module, size_t index, cove_memorytype *out);

// Sizes of a module.
typedef struct cove_module_facts {
  uint64_t size;      // bytes of the binary
  uint64_t code_size; // bytes of the code section
  uint32_t func_count, imported_funcs;
  uint32_t table_count, memory_count, global_count, tag_count;
  uint32_t data_count, elem_count;
  bool has_start, has_names, has_dwarf;
} cove_module_facts;
COVE_API void cove_module_facts_of(const cove_module *module, cove_module_facts *out);

// Whether the module fails to validate without feature `index` (of cove_feature_name). Validates once more.
COVE_API COVE_MUST_USE cove_status cove_module_needs_feature(const cove_module *module, size_t index, bool *out,
                                                             cove_error **error);

COVE_END

#endif
