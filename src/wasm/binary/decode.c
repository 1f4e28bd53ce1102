// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// decode.c: the preamble, the order of the sections, and the module that they make (core specification, 5.5.2, 5.5.17).
#include "wasm/binary/decode.h"

#include "wasm/binary/sections.h"
#include "wasm/canon.h"
#include "wasm/limits.h"

typedef cv_status section_fn(cv_decoder *d);

// By section id; `order` is where it stands among the sections that are not custom.
static const struct {
  section_fn *decode;
  uint8_t order;
  cv_features features; // one of these is needed, 0 for none
} sections[CV_SECT_COUNT] = {
    [CV_SECT_CUSTOM] = {cv_decode_custom_section, 0, 0},
    [CV_SECT_TYPE] = {cv_decode_type_section, 1, 0},
    [CV_SECT_IMPORT] = {cv_decode_import_section, 2, 0},
    [CV_SECT_FUNCTION] = {cv_decode_function_section, 3, 0},
    [CV_SECT_TABLE] = {cv_decode_table_section, 4, 0},
    [CV_SECT_MEMORY] = {cv_decode_memory_section, 5, 0},
    [CV_SECT_TAG] = {cv_decode_tag_section, 6, CV_FEAT(EXCEPTIONS) | CV_FEAT(LEGACY_EXCEPTIONS)},
    [CV_SECT_GLOBAL] = {cv_decode_global_section, 7, 0},
    [CV_SECT_EXPORT] = {cv_decode_export_section, 8, 0},
    [CV_SECT_START] = {cv_decode_start_section, 9, 0},
    [CV_SECT_ELEMENT] = {cv_decode_element_section, 10, 0},
    [CV_SECT_DATA_COUNT] = {cv_decode_data_count_section, 11, CV_FEAT(BULK_MEMORY)},
    [CV_SECT_CODE] = {cv_decode_code_section, 12, 0},
    [CV_SECT_DATA] = {cv_decode_data_section, 13, 0},
};

static cv_status read_preamble(cv_reader *r) {
  static const uint8_t magic[4] = {0x00, 'a', 's', 'm'}, version[4] = {1, 0, 0, 0};
  size_t size = cv_reader_left(r);
  if (size < 4)
    return cv_fail(r->diag, CV_EMALFORMED, size, "unexpected end");
  if (memcmp(r->at, magic, 4) != 0)
    return cv_reader_fail(r, "magic header not detected");
  r->at += 4;
  if (size < 8)
    return cv_fail(r->diag, CV_EMALFORMED, size, "unexpected end");
  if (memcmp(r->at, version, 4) != 0)
    return cv_reader_fail(r, "unknown binary version%s", cv_load_le16(r->at + 2) == 1 ? " (this is a component)" : "");
  r->at += 4;
  return CV_OK;
}

static cv_status read_section(cv_decoder *d) {
  cv_reader *r = &d->r;
  uint32_t offset = cv_reader_offset(r);
  uint8_t id;
  CV_TRY(cv_read_byte(r, &id));
  if (id >= CV_SECT_COUNT || (sections[id].features != 0 && (sections[id].features & r->features) == 0))
    return cv_fail(r->diag, CV_EMALFORMED, offset, "malformed section id");
  if (id != CV_SECT_CUSTOM) {
    if (d->last_section != 0 && sections[id].order <= sections[d->last_section].order)
      return cv_fail(r->diag, CV_EMALFORMED, offset, "unexpected content after last section: section out of order");
    d->last_section = id;
  }
  uint32_t size_offset = cv_reader_offset(r), size;
  CV_TRY(cv_read_u32(r, &size));
  if (size > cv_reader_left(r))
    return cv_fail(r->diag, CV_EMALFORMED, size_offset, "length out of bounds");
  d->section_end = r->at + size;
  cv_span contents = {cv_reader_offset(r), size};
  if (id != CV_SECT_CUSTOM)
    d->m->sections[id] = contents;
  if (id == CV_SECT_CODE)
    d->m->code_section = contents;
  CV_TRY(sections[id].decode(d));
  if (r->at != d->section_end)
    return cv_reader_fail(r, "section size mismatch");
  return CV_OK;
}

static cv_status check_counts(const cv_decoder *d) {
  if (d->bodies != d->funcs.count - d->m->imported_funcs)
    return cv_reader_fail(&d->r, "function and code section have inconsistent lengths");
  if (d->m->has_data_count && d->data_count != d->m->data_count)
    return cv_reader_fail(&d->r, "data count and data section have inconsistent lengths");
  return CV_OK;
}

// Copies a vector of the decoder into the module's arena.
#define KEEP(field, counter, vector)                                                                                   \
  do {                                                                                                                 \
    if ((vector).count != 0) {                                                                                         \
      m->field = cv_arena_copy(&m->arena, (vector).data, (vector).count * sizeof *(vector).data);                      \
      if (m->field == NULL)                                                                                            \
        return CV_ENOMEM;                                                                                              \
      m->counter = (uint32_t)(vector).count;                                                                           \
    }                                                                                                                  \
  } while (0)

static cv_status finish(cv_decoder *d) {
  cv_module *m = d->m;
  KEEP(customs, custom_count, d->customs);
  CV_TRY(cv_decode_names(d));
  CV_TRY(cv_decode_branch_hints(d));
  KEEP(types, type_count, d->types);
  KEEP(funcs, func_count, d->funcs);
  KEEP(tables, table_count, d->tables);
  KEEP(memories, memory_count, d->memories);
  KEEP(globals, global_count, d->globals);
  KEEP(tags, tag_count, d->tags);
  return CV_OK;
}
#undef KEEP

static cv_status read_sections(cv_decoder *d) {
  while (d->r.at < d->r.end)
    CV_TRY(read_section(d));
  return check_counts(d);
}

static cv_status decode(cv_decoder *d) {
  CV_TRY(read_preamble(&d->r));
  cv_diag *diag = d->r.diag, later;
  cv_diag_init(&later);
  d->r.diag = &later;
  cv_status status = read_sections(d);
  d->r.diag = diag;
  if (status == CV_OK)
    return finish(d);
  if (status == CV_EMALFORMED && !d->m->without_bodies)
    CV_TRY(cv_decode_scan_bodies(d));
  if (diag != NULL && diag->status == CV_OK)
    *diag = later;
  return status;
}

static cv_status take_bytes(cv_module *m, const uint8_t *bytes, size_t size, cv_decode_bytes mode) {
  m->size = size;
  m->bytes = bytes;
  m->without_bodies = mode == CV_DECODE_WITHOUT_BODIES;
  if (mode == CV_DECODE_COPY) {
    uint8_t *copy = cv_mem_alloc(m->mem, size);
    if (copy == NULL)
      return CV_ENOMEM;
    if (size != 0)
      memcpy(copy, bytes, size);
    m->bytes = copy;
    m->bytes_owned = true;
  }
  return CV_OK;
}

cv_status cv_module_decode(cv_module **out, cv_mem *mem, cv_type_registry *registry, cv_features features,
                           const uint8_t *bytes, size_t size, cv_decode_bytes mode, cv_diag *diag) {
  *out = NULL;
  if (size > CV_MAX_MODULE_SIZE)
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "module too large: at most %u bytes", CV_MAX_MODULE_SIZE);
  cv_module *m = cv_mem_zalloc(mem, sizeof *m);
  if (m == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  m->mem = mem;
  m->registry = registry;
  m->features = features;
  cv_arena_init(&m->arena, mem);
  cv_decoder d = {.m = m, .mem = mem};
  cv_status status = take_bytes(m, bytes, size, mode);
  if (status == CV_OK) {
    d.r = (cv_reader){.start = m->bytes, .at = m->bytes, .end = m->bytes + size, .features = features, .diag = diag};
    status = decode(&d);
  }
  cv_vec_free(mem, &d.types);
  cv_vec_free(mem, &d.funcs);
  cv_vec_free(mem, &d.tables);
  cv_vec_free(mem, &d.memories);
  cv_vec_free(mem, &d.globals);
  cv_vec_free(mem, &d.tags);
  cv_vec_free(mem, &d.customs);
  if (status != CV_OK) {
    cv_module_delete(m);
    return status == CV_ENOMEM ? cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory") : status;
  }
  *out = m;
  return CV_OK;
}

void cv_module_delete(cv_module *m) {
  if (m == NULL)
    return;
  for (uint32_t i = 0; i < m->type_count; i += m->types[i].group_size)
    if (m->types[i].id != CV_NO_TYPE)
      cv_type_registry_release(m->registry, m->types[i].id);
  if (m->bytes_owned)
    cv_mem_free(m->mem, (void *)(uintptr_t)m->bytes, m->size);
  cv_arena_free(&m->arena);
  cv_mem_free(m->mem, m, sizeof *m);
}
