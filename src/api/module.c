// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// module.c: making modules, and looking into them.
#include "api/api.h"
#include "base/buf.h"
#include "base/leb.h"
#include "component/text/cwat.h"
#include "wasm/binary/decode.h"
#include "wasm/canon.h"
#include "wasm/limits.h"
#include "wasm/validate/validate.h"

#include <errno.h>
#include <stdio.h>

// ---- making ----

// What is known by its preamble; say so rather than "unknown binary version".
static cove_status refuse_others(const cv_api_source *from, cove_error **error) {
  const char *looks_like = NULL;
  cv_binary_kind kind = cv_binary_kind_of(from->bytes, from->size, &looks_like);
  if (kind == CV_BINARY_COMPILED)
    return cv_api_fail(error, COVE_UNSUPPORTED, "this is a compiled program: cove_module_load_compiled");
  if (kind != CV_BINARY_COMPONENT)
    return COVE_OK;
  return cv_api_fail(error, COVE_UNSUPPORTED, "unsupported: component");
}

static cove_status make(cove_engine *engine, const cv_api_source *from, bool compile, cove_module **out,
                        cove_error **error) {
  cove_status status = refuse_others(from, error);
  if (status != COVE_OK)
    return status;
  cv_engine *e = (cv_engine *)engine;
  cv_diag diag;
  cv_diag_init(&diag);
  cove_module *m = cv_mem_zalloc(&cv_api_mem, sizeof *m);
  if (m == NULL)
    return cv_api_no_memory(error);
  cv_status result = from->archive != NULL ? cv_engine_load_archive(e, from->archive, &m->module, &diag)
                                           : cv_engine_load(e, from->bytes, from->size, from->copy, &m->module, &diag);
  if (result == CV_OK && compile) {
    result = from->archive != NULL ? cv_engine_compile_from(e, from->archive, 0, m->module, &m->code, &diag)
                                   : cv_engine_compile(e, m->module, &m->code, &diag);
    if (result != CV_OK)
      cv_module_delete(m->module);
  }
  if (result != CV_OK) {
    cv_mem_free(&cv_api_mem, m, sizeof *m);
    return cv_api_diag(error, result, &diag);
  }
  m->refs = 1;
  m->engine = e;
  cv_engine_retain(e);
  if (!from->copy) {
    m->bytes = from->bytes;
    m->size = from->size;
  }
  m->owns_bytes = from->owned;
  m->release = from->release;
  m->release_env = from->env;
  *out = m;
  return COVE_OK;
}

cove_status cove_module_new(cove_engine *engine, const void *data, size_t size, cove_module **out, cove_error **error) {
  return make(engine, &(cv_api_source){.bytes = data, .size = size, .copy = true}, true, out, error);
}

cove_status cove_module_new_borrowed(cove_engine *engine, const void *data, size_t size, void (*release)(void *env),
                                     void *env, cove_module **out, cove_error **error) {
  return make(engine, &(cv_api_source){.bytes = data, .size = size, .release = release, .env = env}, true, out, error);
}

cove_status cv_api_source_compiled(cove_engine *engine, const void *data, size_t size, bool wants_component,
                                   cv_archive *archive, cv_api_source *out, cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  *archive = (cv_archive){0};
  bool is_component, has_code = cv_engine_is_native((cv_engine *)engine);
  cv_status status;
  if (has_code) {
    status = cv_archive_open(archive, data, size, &diag);
    if (status == CV_OK)
      status = cv_engine_check_archive((cv_engine *)engine, archive, &diag);
    is_component = (archive->flags & CV_ARCHIVE_COMPONENT) != 0;
  } else {
    status = cv_archive_program(data, size, &archive->program, &is_component, &diag);
  }
  if (status != CV_OK)
    return cv_api_diag(error, status, &diag);
  if (is_component != wants_component)
    return cv_api_fail(error, COVE_USAGE, "this is a compiled %s, not a %s", is_component ? "component" : "module",
                       wants_component ? "component" : "module");
  out->bytes = archive->program.data;
  out->size = archive->program.size;
  out->archive = has_code ? archive : NULL;
  return COVE_OK;
}

cove_status cove_module_load_compiled(cove_engine *engine, const void *data, size_t size, void (*release)(void *env),
                                      void *env, cove_module **out, cove_error **error) {
  cv_archive archive;
  cv_api_source from = {.release = release, .env = env};
  cove_status status = cv_api_source_compiled(engine, data, size, false, &archive, &from, error);
  return status == COVE_OK ? make(engine, &from, true, out, error) : status;
}

cove_status cove_module_new_cached(cove_engine *engine, const void *data, size_t size, const void *entry,
                                   size_t entry_size, void (*release)(void *env), void *env, cove_module **out,
                                   cove_error **error) {
  cv_archive archive;
  cv_api_source from = {.release = release, .env = env};
  bool fits;
  *out = NULL;
  cove_status status = cv_api_source_cached(engine, (cv_bytes){data, size}, (cv_bytes){entry, entry_size}, &archive,
                                            &from, &fits, error);
  return status == COVE_OK && fits ? make(engine, &from, true, out, error) : status;
}

cove_status cove_module_inspect(cove_engine *engine, const void *data, size_t size, cove_module **out,
                                cove_error **error) {
  return make(engine, &(cv_api_source){.bytes = data, .size = size, .copy = true}, false, out, error);
}

cove_status cove_module_validate(cove_engine *engine, const void *data, size_t size, cove_error **error) {
  cove_module *module;
  cove_status status = make(engine, &(cv_api_source){.bytes = data, .size = size}, false, &module, error);
  if (status == COVE_OK)
    cove_module_delete(module);
  return status;
}

static cove_status read_file(const char *path, cv_buf *out, cove_error **error) {
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return cv_api_fail(error, COVE_IO, "cannot open %s: %s", path, strerror(errno));
  uint8_t chunk[16384];
  size_t got;
  do {
    got = fread(chunk, 1, sizeof chunk, file);
    cv_buf_bytes(out, chunk, got);
  } while (got == sizeof chunk && out->size <= CV_MAX_MODULE_SIZE); // a short one is the end, or a failure
  bool failed = ferror(file) != 0;
  fclose(file);
  if (failed)
    return cv_api_fail(error, COVE_IO, "cannot read %s", path);
  if (out->size > CV_MAX_MODULE_SIZE)
    return cv_api_fail(error, COVE_LIMIT, "%s is larger than any module", path);
  return cv_buf_status(out) == CV_OK ? COVE_OK : cv_api_no_memory(error);
}

// Hands the contents of `buf` over as a block of exactly its size.
static uint8_t *take(cv_buf *buf) {
  uint8_t *block = cv_mem_realloc(&cv_api_mem, buf->data, buf->capacity, buf->size);
  if (block != NULL)
    *buf = (cv_buf){.mem = buf->mem};
  return block;
}

cove_status cv_api_read_binary(cv_engine *engine, const char *path, uint8_t **bytes, size_t *size, cove_error **error) {
  cv_buf file, binary;
  cv_buf_init(&file, &cv_api_mem);
  cv_buf_init(&binary, &cv_api_mem);
  cv_diag diag;
  cv_diag_init(&diag);
  cove_status status = read_file(path, &file, error);
  if (status != COVE_OK)
    goto done;
  cv_buf *from = &file;
  const char *looks_like = NULL;
  cv_binary_kind kind = cv_binary_kind_of(file.data, file.size, &looks_like);
  if (kind == CV_BINARY_TEXT) {
    cv_status parsed =
        cv_cwat_parse((const char *)file.data, file.size, cv_engine_features(engine), &cv_api_mem, &binary, &diag);
    if (parsed != CV_OK) {
      status = cv_api_diag(error, parsed, &diag);
      goto done;
    }
    from = &binary;
  } else if (kind == CV_BINARY_OTHER) {
    status = cv_api_fail(error, COVE_MALFORMED, "%s is not WebAssembly: it looks like %s", path,
                         looks_like != NULL ? looks_like : "something else");
    goto done;
  }
  *size = from->size;
  *bytes = take(from);
  if (*bytes == NULL)
    status = cv_api_no_memory(error);
done:
  cv_buf_free(&file);
  cv_buf_free(&binary);
  return status;
}

cove_status cove_module_open(cove_engine *engine, const char *path, cove_module **out, cove_error **error) {
  uint8_t *bytes;
  size_t size;
  cove_status status = cv_api_read_binary((cv_engine *)engine, path, &bytes, &size, error);
  if (status != COVE_OK)
    return status;
  status = make(engine, &(cv_api_source){.bytes = bytes, .size = size, .owned = true}, true, out, error);
  if (status != COVE_OK)
    cv_mem_free(&cv_api_mem, bytes, size);
  return status;
}

void cv_api_module_retain(cove_module *module) {
  __atomic_add_fetch(&module->refs, 1, __ATOMIC_RELAXED);
}

cv_status cv_api_keep_module(cove_store *store, cove_module *module) {
  for (size_t i = store->modules.count; i-- != 0;)
    if (store->modules.data[i] == module)
      return CV_OK;
  CV_TRY(cv_vec_push(&cv_api_mem, &store->modules, module));
  cv_api_module_retain(module);
  return CV_OK;
}

void cove_module_delete(cove_module *module) {
  if (module == NULL || __atomic_sub_fetch(&module->refs, 1, __ATOMIC_ACQ_REL) != 0)
    return;
  if (module->code != NULL)
    cv_code_release(module->code);
  else
    cv_module_delete(module->module);
  if (module->owns_bytes)
    cv_mem_free(&cv_api_mem, (void *)module->bytes, module->size);
  if (module->release != NULL)
    module->release(module->release_env);
  cv_engine_release(module->engine);
  cv_mem_free(&cv_api_mem, module, sizeof *module);
}

cove_input_kind cove_input_kind_of(const void *data, size_t size, const char **looks_like) {
  return (cove_input_kind)cv_binary_kind_of(data, size, looks_like);
}

// ---- types ----

static_assert((int)COVE_INPUT_OTHER == CV_BINARY_OTHER && (int)COVE_INPUT_COMPILED == CV_BINARY_COMPILED &&
                  (int)COVE_EXTERN_TAG == CV_EXTERN_TAG,
              "same numbers");
static_assert(COVE_FUNCREF == CV_FUNCREF && COVE_EXTERNREF == CV_EXTERNREF && COVE_EXNREF == CV_EXNREF, "same types");

bool cove_valtype_is_ref(cove_valtype type) {
  return cv_type_is_ref(type);
}

static const char *heap_name(uint32_t heap) {
  static const struct {
    uint32_t heap;
    const char *name;
  } names[] = {
      {CV_HEAP_FUNC, "func"},   {CV_HEAP_NOFUNC, "nofunc"}, {CV_HEAP_EXTERN, "extern"}, {CV_HEAP_NOEXTERN, "noextern"},
      {CV_HEAP_ANY, "any"},     {CV_HEAP_EQ, "eq"},         {CV_HEAP_I31, "i31"},       {CV_HEAP_STRUCT, "struct"},
      {CV_HEAP_ARRAY, "array"}, {CV_HEAP_NONE, "none"},     {CV_HEAP_EXN, "exn"},       {CV_HEAP_NOEXN, "noexn"},
  };
  for (size_t i = 0; i < CV_COUNT(names); i++)
    if (names[i].heap == heap)
      return names[i].name;
  return NULL;
}

const char *cove_valtype_name(cove_valtype type, char *out, size_t size) {
  const char *plain = NULL;
  switch (cv_type_kind(type)) {
  case CV_KIND_I32:
    plain = "i32";
    break;
  case CV_KIND_I64:
    plain = "i64";
    break;
  case CV_KIND_F32:
    plain = "f32";
    break;
  case CV_KIND_F64:
    plain = "f64";
    break;
  case CV_KIND_V128:
    plain = "v128";
    break;
  default:
    break;
  }
  if (plain != NULL) {
    snprintf(out, size, "%s", plain);
    return out;
  }
  const char *heap = heap_name(cv_type_heap(type));
  bool nullable = cv_type_is_nullable(type);
  if (type == COVE_FUNCREF || type == COVE_EXTERNREF || type == COVE_EXNREF)
    snprintf(out, size, "%sref", heap);
  else if (heap != NULL)
    snprintf(out, size, "(ref %s%s)", nullable ? "null " : "", heap);
  else
    snprintf(out, size, "(ref %s%u)", nullable ? "null " : "", cv_type_heap(type));
  return out;
}

const char *cove_extern_kind_name(cove_extern_kind kind) {
  static const char *const names[] = {"func", "table", "memory", "global", "tag"};
  return (size_t)kind < CV_COUNT(names) ? names[kind] : "unknown";
}

cove_functype cv_api_functype(const cv_functype *type) {
  return (cove_functype){cv_functype_params(type), type->param_count, cv_functype_results(type), type->result_count};
}

cove_memorytype cv_api_memorytype(const cv_memtype *type) {
  return (cove_memorytype){.minimum = type->limits.min,
                           .maximum = type->limits.has_max ? type->limits.max : COVE_NO_MAXIMUM,
                           .page_size = UINT32_C(1) << type->page_log2,
                           .is_64 = type->limits.is_64,
                           .is_shared = type->limits.is_shared};
}

cove_tabletype cv_api_tabletype(const cv_tabletype *type) {
  return (cove_tabletype){.element = type->elem,
                          .minimum = type->limits.min,
                          .maximum = type->limits.has_max ? type->limits.max : COVE_NO_MAXIMUM,
                          .is_64 = type->limits.is_64};
}

// Types of a module are given with canonical ids, which the module holds.
static cove_functype functype_of(const cv_module *module, uint32_t type) {
  return cv_api_functype(&cv_canon_type_of(module->registry, module->types[type].id)->as.func);
}

cove_externtype cv_api_externtype(const cv_module *module, cv_extern_kind kind, uint32_t index) {
  cove_externtype out = {.kind = (cove_extern_kind)kind};
  switch (kind) {
  case CV_EXTERN_FUNC:
    out.as.func = functype_of(module, module->funcs[index].type);
    break;
  case CV_EXTERN_TABLE:
    out.as.table = cv_api_tabletype(&module->tables[index].type);
    out.as.table.element = cv_valtype_canonical(module->types, out.as.table.element);
    break;
  case CV_EXTERN_MEMORY:
    out.as.memory = cv_api_memorytype(&module->memories[index]);
    break;
  case CV_EXTERN_GLOBAL:
    out.as.global.type = cv_valtype_canonical(module->types, module->globals[index].type.type);
    out.as.global.is_mutable = module->globals[index].type.is_mutable;
    break;
  case CV_EXTERN_TAG:
    out.as.func = functype_of(module, module->tags[index].type);
    break;
  }
  return out;
}

// ---- looking into modules ----

cove_bytes cove_module_name(const cove_module *module) {
  return cv_api_bytes(module->module->name);
}

size_t cove_module_import_count(const cove_module *module) {
  return module->module->import_count;
}

bool cove_module_import(const cove_module *module, size_t index, cove_import *out) {
  const cv_module *m = module->module;
  if (index >= m->import_count)
    return false;
  const cv_import *import = &m->imports[index];
  *out = (cove_import){.module = cv_api_bytes(import->module),
                       .name = cv_api_bytes(import->name),
                       .type = cv_api_externtype(m, import->kind, import->index)};
  return true;
}

size_t cove_module_export_count(const cove_module *module) {
  return module->module->export_count;
}

bool cove_module_export(const cove_module *module, size_t index, cove_export *out) {
  const cv_module *m = module->module;
  if (index >= m->export_count)
    return false;
  const cv_export *item = &m->exports[index];
  *out = (cove_export){.name = cv_api_bytes(item->name), .type = cv_api_externtype(m, item->kind, item->index)};
  return true;
}

bool cove_module_find_export(const cove_module *module, const char *name, cove_export *out) {
  for (size_t i = 0; i < module->module->export_count; i++)
    if (cv_bytes_equal(module->module->exports[i].name, cv_bytes_of(name)))
      return cove_module_export(module, i, out);
  return false;
}

static cove_bytes span_bytes(const cv_module *m, cv_span span) {
  return (cove_bytes){(const char *)cv_span_start(m, span), span.size};
}

size_t cove_module_custom_count(const cove_module *module) {
  return module->module->custom_count;
}

bool cove_module_custom(const cove_module *module, size_t index, cove_custom *out) {
  const cv_module *m = module->module;
  if (index >= m->custom_count)
    return false;
  *out = (cove_custom){.name = cv_api_bytes(m->customs[index].name), .data = span_bytes(m, m->customs[index].bytes)};
  return true;
}

static const cv_custom_section *find_custom(const cv_module *m, const char *name) {
  for (uint32_t i = 0; i < m->custom_count; i++)
    if (cv_bytes_equal(m->customs[i].name, cv_bytes_of(name)))
      return &m->customs[i];
  return NULL;
}

size_t cove_module_memory_count(const cove_module *module) {
  return module->module->memory_count;
}

bool cove_module_memory(const cove_module *module, size_t index, cove_memorytype *out) {
  if (index >= module->module->memory_count)
    return false;
  *out = cv_api_memorytype(&module->module->memories[index]);
  return true;
}

void cove_module_facts_of(const cove_module *module, cove_module_facts *out) {
  const cv_module *m = module->module;
  *out = (cove_module_facts){.size = m->size,
                             .code_size = m->code_section.size,
                             .func_count = m->func_count,
                             .imported_funcs = m->imported_funcs,
                             .table_count = m->table_count,
                             .memory_count = m->memory_count,
                             .global_count = m->global_count,
                             .tag_count = m->tag_count,
                             .data_count = m->data_count,
                             .elem_count = m->elem_count,
                             .has_start = m->has_start,
                             .has_names = find_custom(m, "name") != NULL,
                             .has_dwarf = find_custom(m, ".debug_line") != NULL};
}

// Whether the module validates without the features in `off`.
static cv_status validates_without(const cove_module *module, cv_features off, bool *out) {
  const cv_module *m = module->module;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_module *again;
  cv_status status = cv_module_decode(&again, cv_engine_mem(module->engine), m->registry, m->features & ~off, m->bytes,
                                      m->size, CV_DECODE_BORROW, &diag);
  if (status == CV_OK) {
    status = cv_module_validate(again, 0, &diag);
    cv_module_delete(again);
  }
  *out = status == CV_OK;
  return status == CV_ENOMEM ? status : CV_OK;
}

cove_status cove_module_needs_feature(const cove_module *module, size_t index, bool *out, cove_error **error) {
  if (index >= 64 || cv_feature_name((unsigned)index) == NULL)
    return cv_api_fail(error, COVE_USAGE, "there is no feature %zu", index);
  const cv_features legacy = CV_FEAT(LEGACY_EXCEPTIONS), both = legacy | CV_FEAT(EXCEPTIONS);
  bool valid, without_legacy = false;
  cv_status status = validates_without(module, (cv_features)1 << index, &valid);
  // Tags and `throw` belong to either kind of exceptions: who uses nothing else needs today's.
  if (status == CV_OK && valid && index == CV_FEATURE_BIT_EXCEPTIONS) {
    status = validates_without(module, legacy, &without_legacy);
    if (status == CV_OK && without_legacy)
      status = validates_without(module, both, &valid);
  }
  if (status != CV_OK)
    return cv_api_no_memory(error);
  *out = !valid;
  return COVE_OK;
}

// ---- producers (tool conventions, "ProducersSection") ----

// A reader of vectors of names; at the first byte that does not fit it is at its end.
typedef struct producers {
  const uint8_t *at, *end;
} producers;

static uint32_t read_count(producers *p) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 35 && p->at < p->end; shift += 7) {
    uint8_t byte = *p->at++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80 && value <= UINT32_MAX)
      return (uint32_t)value;
  }
  p->at = p->end;
  return 0;
}

static cove_bytes read_name(producers *p) {
  uint32_t size = read_count(p);
  if (size > (size_t)(p->end - p->at)) {
    p->at = p->end;
    return (cove_bytes){"", 0};
  }
  cove_bytes name = {(const char *)p->at, size};
  p->at += size;
  return name;
}

// Counts the lines, and gives line `wanted` to *out when there is one.
static size_t walk_producers(producers p, size_t wanted, cove_producer *out) {
  size_t lines = 0;
  for (uint32_t fields = read_count(&p); fields != 0 && p.at < p.end; fields--) {
    cove_bytes field = read_name(&p);
    for (uint32_t values = read_count(&p); values != 0 && p.at < p.end; values--) {
      cove_producer line = {.field = field};
      line.name = read_name(&p);
      line.version = read_name(&p);
      if (lines++ == wanted && out != NULL)
        *out = line;
    }
  }
  return lines;
}

bool cv_api_producer(const uint8_t *data, size_t size, size_t index, cove_producer *out) {
  return walk_producers((producers){data, data + size}, index, out) > index;
}

static producers producers_of(const cv_module *m) {
  const cv_custom_section *section = find_custom(m, "producers");
  if (section == NULL)
    return (producers){NULL, NULL};
  const uint8_t *start = cv_span_start(m, section->bytes);
  return (producers){start, start + section->bytes.size};
}

size_t cove_module_producer_count(const cove_module *module) {
  return walk_producers(producers_of(module->module), 0, NULL);
}

bool cove_module_producer(const cove_module *module, size_t index, cove_producer *out) {
  return walk_producers(producers_of(module->module), index, out) > index;
}
