// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A compiled program that was changed: it is refused, or all of its functions are placed. None is run: machine code in
// it is trusted.
//
// Input: byte 0: bit 0 makes the digests right again, bit 1 cuts the file off at the first place, bit 2 makes it an
// entry of a cache; then changes of five bytes each: the place (modulo the file's size), then the new byte.
#include <stdlib.h>

#include "aot/aot.h"
#include "base/digest.h"
#include "runtime/archive.h"
#include "target.h"
#include "wasm/binary/decode.h"
#include "wasm/text/wat.h"

static const char wat[] = "(module (type $t (func (param i32) (result i32))) (table 2 funcref) (elem (i32.const 0) $a)"
                          " (memory 1) (data (i32.const 8) \"data\") (tag $e (param i32))"
                          " (func $a (type $t) (i32.mul (local.get 0) (i32.const 2)))"
                          " (func (param i32) (result i32) (call $a (memory.grow (local.get 0))))"
                          " (func (param i32) (result i32) (call_indirect (type $t) (i32.const 21) (local.get 0)))"
                          " (func (param i32) (result i32) (block $c (result i32)"
                          "  (try_table (catch $e $c) (throw $e (local.get 0))) (i32.const 1)))"
                          " (func (param i32) (result v128) (i8x16.popcnt (i8x16.splat (local.get 0)))))";

static cv_mem mem;
static cv_engine *engine;
static cv_buf original;

static void must(bool ok) {
  if (!ok)
    abort();
}

// False where programs cannot be compiled.
static bool ready(void) {
  static bool tried, made;
  if (tried)
    return made;
  tried = true;
  cv_mem_init(&mem, UINT64_MAX);
  cv_engine_options options = {.tier = "jit", .features = CV_FEATURES_ALL, .compile = {.lazy = true}};
  cv_buf binary;
  cv_buf_init(&binary, &mem);
  cv_buf_init(&original, &mem);
  if (!cv_digest_available() || cv_engine_new(&engine, &options, NULL) != CV_OK)
    return false;
  must(cv_wat_parse(wat, sizeof wat - 1, CV_FEATURES_ALL, &mem, &binary, NULL) == CV_OK);
  must(cv_aot_compile(engine, binary.data, binary.size, &(cv_aot_options){.jobs = 1}, &original, NULL) == CV_OK);
  cv_buf_free(&binary);
  made = true;
  return true;
}

// What cv_archive_open compares, made right, as far as it can be.
static void sign(uint8_t *bytes, size_t size) {
  if (size < CV_ARCHIVE_HEADER_SIZE)
    return;
  memcpy(bytes, original.data, CV_ARCHIVE_AT_DIGEST);
  cv_store_le64(bytes + CV_ARCHIVE_AT_SIZE, size);
  uint64_t head = cv_load_le64(bytes + CV_ARCHIVE_AT_HEAD_SIZE), modules = cv_load_le32(bytes + CV_ARCHIVE_AT_MODULES);
  uint64_t at = cv_load_le64(bytes + CV_ARCHIVE_AT_PROGRAM), length = cv_load_le64(bytes + CV_ARCHIVE_AT_PROGRAM + 8);
  if (head > size || head < CV_ARCHIVE_HEADER_SIZE + modules * CV_ARCHIVE_MODULE_SIZE)
    return;
  for (uint64_t m = 0; m < modules; m++) {
    uint8_t *module = bytes + CV_ARCHIVE_HEADER_SIZE + m * CV_ARCHIVE_MODULE_SIZE;
    uint64_t index = cv_load_le64(module + 8);
    for (uint64_t f = 0; f < cv_load_le32(module + 16); f++) {
      if (!cv_range_fits(index, (f + 1) * CV_ARCHIVE_INDEX_SIZE, head))
        break;
      uint8_t *entry = bytes + index + f * CV_ARCHIVE_INDEX_SIZE;
      uint64_t object = cv_load_le64(entry), whole = (uint64_t)cv_load_le32(entry + 20) * sizeof(cv_code_reloc) +
                                                     cv_load_le32(entry + 16) + cv_load_le32(entry + 24) +
                                                     (uint64_t)cv_load_le32(entry + 28);
      if (cv_range_fits(object, whole, size))
        cv_store_le64(entry + 8, cv_digest(bytes + object, whole));
    }
  }
  uint64_t digest;
  if (cv_range_fits(at, length, size))
    cv_store_le64(bytes + CV_ARCHIVE_AT_WHOLE, cv_digest(bytes + at, length));
  if (cv_range_fits(at, length, size) &&
      cv_archive_program_digest((cv_bytes){bytes + at, length}, bytes + CV_ARCHIVE_HEADER_SIZE, (uint32_t)modules,
                                &digest))
    cv_store_le64(bytes + CV_ARCHIVE_AT_PROGRAM + 16, digest);
  cv_store_le64(bytes + CV_ARCHIVE_AT_DIGEST, cv_digest(bytes + CV_ARCHIVE_AT_SIZE, head - CV_ARCHIVE_AT_SIZE));
}

static void place_all(cv_code *code) {
  cv_instance instance = {.code = code};
  for (uint32_t i = code->module->imported_funcs; i < code->module->func_count; i++) {
    const uint8_t *entry = NULL;
    cv_diag diag;
    cv_diag_init(&diag);
    cv_status status = code->tier->compile_late(&instance, i, &entry, &diag);
    if (status == CV_OK)
      must(cv_code_map_find((uintptr_t)entry) == code);
    else
      must(status == CV_ENOMEM || diag.text[0] != '\0'); // ENOMEM: also what reaches too far
  }
}

static cv_bytes original_program(void) {
  cv_bytes program;
  bool is_component;
  must(cv_archive_program(original.data, original.size, &program, &is_component, NULL) == CV_OK);
  return program;
}

static void use(const uint8_t *bytes, size_t size) {
  cv_archive archive;
  cv_module *module;
  cv_code *code;
  cv_bytes program;
  bool is_component;
  cv_diag diag;
  cv_diag_init(&diag);
  if (cv_archive_program(bytes, size, &program, &is_component, &diag) == CV_OK)
    must(program.data >= bytes && program.size <= size && (size_t)(program.data - bytes) <= size - program.size);
  cv_diag_init(&diag);
  bool is_entry = size >= CV_ARCHIVE_HEADER_SIZE && (cv_load_le32(bytes + CV_ARCHIVE_AT_FLAGS) & CV_ARCHIVE_ENTRY) != 0;
  cv_status opened = is_entry ? cv_archive_open_entry(&archive, bytes, size, original_program(), &diag)
                              : cv_archive_open(&archive, bytes, size, &diag);
  if (opened != CV_OK) {
    must(diag.text[0] != '\0');
    return;
  }
  if (cv_engine_load_archive(engine, &archive, &module, &diag) != CV_OK)
    return;
  if (cv_engine_compile_from(engine, &archive, 0, module, &code, &diag) != CV_OK) {
    cv_module_delete(module);
    return;
  }
  place_all(code);
  cv_code_release(code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || !ready())
    return 0;
  size_t length = original.size;
  if ((data[0] & 2) != 0 && size >= 5)
    length = cv_load_le32(data + 1) % original.size;
  uint8_t *bytes = malloc(length + 1);
  must(bytes != NULL);
  memcpy(bytes, original.data, length);
  for (size_t at = 1; at + 5 <= size && length > 0; at += 5)
    bytes[cv_load_le32(data + at) % length] = data[at + 4];
  if ((data[0] & 4) != 0 && length >= CV_ARCHIVE_HEADER_SIZE)
    bytes[CV_ARCHIVE_AT_FLAGS] |= CV_ARCHIVE_ENTRY;
  if ((data[0] & 1) != 0)
    sign(bytes, length);
  use(bytes, length);
  free(bytes);
  return 0;
}
