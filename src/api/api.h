// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// api.h: what the implementers of include/cove share. Where a public object is nothing more than a run-time object it
// is the same pointer under another name (cove_engine, cove_instance, cove_func, cove_memory, cove_table, cove_global,
// cove_tag); modules and stores have a structure of their own.
#ifndef COVE_API_API_H
#define COVE_API_API_H

#include <cove/cove.h>

#include "base/buf.h"
#include "base/vec.h"
#include "runtime/engine.h"
#include "runtime/runtime.h"
#include "wasm/dwarf.h"

// The quota of objects that belong to no engine and no store: configurations, errors, linkers.
extern cv_mem cv_api_mem;

struct cove_config {
  cv_engine_options options;
};

struct cove_module {
  uint32_t refs;     // atomic: its maker, and each store that instantiated it
  cv_engine *engine; // kept
  cv_module *module; // owned by `code` where there is one
  cv_code *code;     // NULL when only inspected
  bool owns_bytes;   // `bytes` is a block of cv_api_mem
  const uint8_t *bytes;
  size_t size;
  void (*release)(void *env); // borrowed bytes: called last; may be NULL
  void *release_env;
};
void cv_api_module_retain(cove_module *module);

typedef struct cv_api_dwarf {
  const cv_module *module;
  cv_dwarf *dwarf; // NULL: none was found
} cv_api_dwarf;

struct cove_store {
  uint64_t id; // never that of another, alive or deleted
  cv_store *store;
  cv_engine *engine; // kept
  void *data;
  CV_VEC(cove_module *) modules;       // kept
  CV_VEC(cove_component *) components; // kept
  struct cv_api_resource *resources;   // of the host (api/component.h), in the store's memory
  CV_VEC(cv_api_dwarf) dwarfs;
  cove_canceller *canceller; // shared with handles; NULL until first asked for
};
static inline cove_store *cv_api_store_of(cv_store *store) {
  return cv_store_data(store);
}

// ---- error.c ----
// Makes *error (when `error` is not NULL) and returns the status.
CV_COLD CV_PRINTF(3, 4) cove_status cv_api_fail(cove_error **error, cove_status status, const char *fmt, ...);
CV_COLD cove_status cv_api_diag(cove_error **error, cv_status status, const cv_diag *diag);
CV_COLD cove_status cv_api_no_memory(cove_error **error);
// `text` is the kind of failure, `why` what more there is to say, or "".
CV_COLD cove_status cv_api_unlinkable(cove_error **error, cv_bytes module, cv_bytes name, const char *text,
                                      const char *why);
// The same with a whole sentence.
CV_COLD cove_status cv_api_unlinkable_text(cove_error **error, cv_bytes module, cv_bytes name, const char *text);
// After CV_RUN_TRAP or CV_RUN_EXCEPTION: COVE_TRAP or COVE_EXIT.
CV_COLD cove_status cv_api_trap(cove_error **error, cove_store *store, cv_run run);

// ---- engine.c ----
// The contents of `buf` (whose quota is cv_api_mem) as an owned buffer of its exact size and a zero. Frees it on
// failure.
cove_status cv_api_hand_over(cv_buf *buf, cove_buffer *out, cove_error **error);

// ---- component_linker.c ----
cove_store *cv_api_component_linker_store(const cove_component_linker *linker);
// Interfaces that are defined when a component imports them. They are in the order of their names (strcmp). `missing`
// (may be NULL) names the grant that an interface lacks, or gives NULL; such ones are denied.
typedef struct cv_api_late_world {
  const cove_glue_world *world; // borrowed for the life of the store, as is `host`
  void *host;
  const char *(*missing)(const void *host, const char *interface);
} cv_api_late_world;
void cv_api_component_linker_define_late(cove_component_linker *linker, const cv_api_late_world *late);

// What a module or a component is made of.
typedef struct cv_api_source {
  const uint8_t *bytes;
  size_t size;
  bool copy;                  // it copies the bytes
  bool owned;                 // the bytes are a block of cv_api_mem that it takes; of a module only
  void (*release)(void *env); // when it does not need them any more; or NULL
  void *env;
  const cv_archive *archive; // whose program the bytes are, with its code; or NULL
} cv_api_source;

// ---- module.c ----
// A file in the binary format, or in the text format, as its binary: a block of cv_api_mem.
cove_status cv_api_read_binary(cv_engine *engine, const char *path, uint8_t **bytes, size_t *size, cove_error **error);
// The program in a compiled one, which is to be a component or a module; with its code, where the engine can run it.
CV_MUST_USE cove_status cv_api_source_compiled(cove_engine *engine, const void *data, size_t size, bool wants_component,
                                               cv_archive *archive, cv_api_source *out, cove_error **error);
// ---- cache.c ----
// A program with its entry of a cache, an empty one where `entry` is NULL. *fits: it is one of this program and engine.
CV_MUST_USE cove_status cv_api_source_cached(cove_engine *engine, cv_bytes program, cv_bytes entry, cv_archive *archive,
                                             cv_api_source *out, bool *fits, cove_error **error);

// ---- module.c ----
// Line `index` of the contents of a section `producers`; false when there are not so many.
bool cv_api_producer(const uint8_t *data, size_t size, size_t index, cove_producer *out);
// The store keeps a module that it instantiated: for the bytes that it may have borrowed.
CV_MUST_USE cv_status cv_api_keep_module(cove_store *store, cove_module *module);
cove_externtype cv_api_externtype(const cv_module *module, cv_extern_kind kind, uint32_t index);
cove_functype cv_api_functype(const cv_functype *type);
cove_memorytype cv_api_memorytype(const cv_memtype *type);
cove_tabletype cv_api_tabletype(const cv_tabletype *type);

static inline cove_bytes cv_api_bytes(cv_bytes bytes) {
  return (cove_bytes){(const char *)bytes.data, bytes.size};
}

#endif
