// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Components out of any bytes: as a module with our own adapter for preview 1, or as an adapter of others for a module
// that is given. What becomes a component decodes and validates. Nothing is left allocated, and a failure is told.
//
// Bytes that begin with a preamble are a module, as a command. Otherwise the first byte says what the rest is.
#include <stdlib.h>

#include "component/component.h"
#include "compose/compose.h"
#include "target.h"
#include "wasm/canon.h"
#include "wasm/text/wat.h"

enum {
  MODE_REACTOR = 1 << 0,     // a library, not a program
  MODE_NO_PREVIEW1 = 1 << 1, // without our adapter
  MODE_ADAPTER = 1 << 2,     // an adapter
  MODE_REALLOC = 1 << 3,     // for a module with an allocator
};

// The modules that an adapter is tried with.
#define MAIN(more)                                                                                                     \
  "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))"               \
  " (import \"wasi_snapshot_preview1\" \"proc_exit\" (func (param i32)))"                                              \
  " (memory (export \"memory\") 1) (func (export \"_start\"))" more ")"
static const char *const mains[] = {
    MAIN(""), MAIN("(func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 8))")};

static void require(bool condition) {
  if (!condition)
    abort();
}

static void check_component(const cv_buf *bytes, cv_mem *mem) {
  cv_component *component;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_type_registry *registry = cv_type_registry_new(mem);
  require(registry != NULL);
  cv_status status = cv_component_decode(&component, mem, bytes->data, bytes->size, false, CV_FEATURES_ALL, &diag);
  if (status == CV_OK)
    status = cv_component_validate(component, registry, 0, &diag);
  require(status == CV_OK || status == CV_ENOMEM || status == CV_ELIMIT);
  cv_component_delete(component);
  cv_type_registry_delete(registry);
}

static void run(const uint8_t *data, size_t size, unsigned mode) {
  cv_mem mem;
  cv_diag diag;
  cv_buf out, main;
  cv_mem_init(&mem, (uint64_t)1 << 30);
  cv_diag_init(&diag);
  cv_buf_init(&out, &mem);
  cv_buf_init(&main, &mem);
  cv_bytes module = {data, size};
  const cv_adapter adapter = {"wasi_snapshot_preview1", module};
  cv_new_options options = {.preview1 = mode & MODE_NO_PREVIEW1 ? CV_PREVIEW1_NONE
                                        : mode & MODE_REACTOR   ? CV_PREVIEW1_REACTOR
                                                                : CV_PREVIEW1_COMMAND};
  if (mode & MODE_ADAPTER) {
    const char *text = mains[(mode & MODE_REALLOC) != 0];
    require(cv_wat_parse(text, strlen(text), CV_FEATURES_ALL, &mem, &main, &diag) == CV_OK);
    options = (cv_new_options){.adapters = &adapter, .adapter_count = 1};
    module = (cv_bytes){main.data, main.size};
  }
  cv_status status = cv_compose_new(module, &options, &mem, &out, &diag);
  require(status == diag.status);
  if (status == CV_OK)
    check_component(&out, &mem);
  cv_buf_free(&out);
  cv_buf_free(&main);
  require(mem.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size >= 4 && memcmp(data, "\0asm", 4) == 0)
    run(data, size, 0);
  else if (size > 0)
    run(data + 1, size - 1, data[0]);
  return 0;
}
