// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// decode.c: the preamble, the sections in whatever order they come, nested components, and the list of definitions
// that they make (Binary.md, "Component Definitions").
#include "wasm/binary/decode.h"
#include "component/binary/sections.h"
#include "component/canon/adapter.h"
#include "runtime/engine.h"
#include "wasm/canon.h"
#include "wasm/limits.h"

cv_status cv_cread_leading(cv_reader *r, uint8_t byte, const char *what) {
  r->at--;
  return cv_reader_fail(r, "invalid leading byte (0x%x) for %s", byte, what);
}

cv_status cv_cread_expect(cv_reader *r, uint8_t wanted, const char *what) {
  uint8_t byte;
  CV_TRY(cv_read_byte(r, &byte));
  return byte == wanted ? CV_OK : cv_cread_leading(r, byte, what);
}

cv_status cv_cread_bool(cv_reader *r, bool *out) {
  uint8_t byte;
  CV_TRY(cv_read_byte(r, &byte));
  *out = byte != 0;
  if (byte <= 1)
    return CV_OK;
  r->at--;
  return cv_reader_fail(r, "invalid boolean value");
}

cv_status cv_cdecoder_add(cv_cdecoder *d, cv_cdef def, cv_cspace space, uint32_t adds) {
  if (d->defs.count >= CV_MAX_CDEFS)
    return cv_fail(d->r.diag, CV_ELIMIT, def.entry, "too many definitions: at most %u", CV_MAX_CDEFS);
  def.space = space;
  def.adds = space == CV_CS_COUNT ? 0 : adds;
  if (space != CV_CS_COUNT) {
    uint32_t *count = &d->c->space_counts[space];
    def.index = *count;
    if (adds > CV_MAX_CDEFS || *count > CV_MAX_CDEFS - adds)
      return cv_fail(d->r.diag, CV_ELIMIT, def.entry, "too many items in an index space: at most %u", CV_MAX_CDEFS);
    *count += adds;
  }
  return cv_vec_push(d->mem, &d->defs, def);
}

static cv_status decode_component(cv_cdecoder *d);

static cv_component *new_component(cv_mem *mem, cv_features features, const cv_component *outer) {
  cv_component *c = cv_mem_zalloc(mem, sizeof *c);
  if (c == NULL)
    return NULL;
  c->mem = mem;
  c->features = features;
  c->outer = outer;
  cv_arena_init(&c->arena, mem);
  return c;
}

// Decodes what lies between the reader's place and its end. On success *out is the caller's.
static cv_status decode_new(cv_reader *r, cv_component *c, uint32_t depth) {
  cv_cdecoder d = {.r = *r, .c = c, .mem = c->mem, .arena = &c->arena, .depth = depth};
  cv_status status = decode_component(&d);
  // A failure leaves the nested components to their definitions, which the component takes over.
  if (d.defs.count != 0) {
    c->defs = cv_arena_copy(&c->arena, d.defs.data, d.defs.count * sizeof *d.defs.data);
    c->def_count = c->defs == NULL ? 0 : (uint32_t)d.defs.count;
    if (c->defs == NULL) {
      for (size_t i = 0; i < d.defs.count; i++)
        if (d.defs.data[i].kind == CV_CDEF_COMPONENT)
          cv_component_delete(d.defs.data[i].as.component);
      status = CV_ENOMEM;
    }
  }
  if (status == CV_OK && d.customs.count != 0) {
    c->customs = cv_arena_copy(&c->arena, d.customs.data, d.customs.count * sizeof *d.customs.data);
    c->custom_count = (uint32_t)d.customs.count;
    if (c->customs == NULL)
      status = CV_ENOMEM;
  }
  if (status == CV_OK)
    cv_cdecode_names(c);
  cv_vec_free(c->mem, &d.defs);
  cv_vec_free(c->mem, &d.customs);
  *r = d.r;
  return status;
}

// ---- sections ----

static cv_status decode_custom(cv_cdecoder *d) {
  cv_custom_section custom = {.after = (uint32_t)d->defs.count};
  CV_TRY(cv_read_name(&d->r, &custom.name));
  custom.bytes = (cv_span){cv_reader_offset(&d->r), (uint32_t)cv_reader_left(&d->r)};
  d->r.at = d->r.end;
  return cv_vec_push(d->mem, &d->customs, custom);
}

static cv_status decode_core_module(cv_cdecoder *d) {
  cv_cdef def = {.kind = CV_CDEF_CORE_MODULE, .entry = cv_reader_offset(&d->r)};
  def.span = (cv_span){def.entry, (uint32_t)cv_reader_left(&d->r)};
  if (def.span.size >= 8 && cv_load_le16(d->r.at + 6) == 1)
    return cv_fail(d->r.diag, CV_EMALFORMED, def.entry + 4, "expected a version header for a module");
  d->r.at = d->r.end;
  return cv_cdecoder_add(d, def, CV_CS_CORE_MODULE, 1);
}

static cv_status decode_nested(cv_cdecoder *d) {
  cv_cdef def = {.kind = CV_CDEF_COMPONENT, .entry = cv_reader_offset(&d->r)};
  def.span = (cv_span){def.entry, (uint32_t)cv_reader_left(&d->r)};
  if (d->depth + 1 >= CV_MAX_COMPONENT_DEPTH)
    return cv_reader_fail(&d->r, "components nested too deeply: at most %u", CV_MAX_COMPONENT_DEPTH);
  cv_component *c = new_component(d->mem, d->c->features, d->c);
  if (c == NULL)
    return CV_ENOMEM;
  c->bytes = d->c->bytes;
  c->size = d->c->size;
  def.as.component = c;
  cv_status status = decode_new(&d->r, c, d->depth + 1);
  if (status == CV_OK)
    status = cv_cdecoder_add(d, def, CV_CS_COMPONENT, 1);
  if (status != CV_OK)
    cv_component_delete(c);
  return status;
}

typedef cv_status element_fn(cv_cdecoder *d);
// By section id: what reads one element of a vector, or the whole of a section that is none.
static const struct {
  element_fn *element, *whole;
  const char *what;
} sections[CV_CSECT_COUNT] = {
    [CV_CSECT_CUSTOM] = {.whole = decode_custom},
    [CV_CSECT_CORE_MODULE] = {.whole = decode_core_module},
    [CV_CSECT_CORE_INSTANCE] = {.element = cv_cdecode_core_instance, .what = "core instances"},
    [CV_CSECT_CORE_TYPE] = {.element = cv_cdecode_core_type, .what = "core types"},
    [CV_CSECT_COMPONENT] = {.whole = decode_nested},
    [CV_CSECT_INSTANCE] = {.element = cv_cdecode_instance, .what = "instances"},
    [CV_CSECT_ALIAS] = {.element = cv_cdecode_alias, .what = "aliases"},
    [CV_CSECT_TYPE] = {.element = cv_cdecode_type, .what = "types"},
    [CV_CSECT_CANON] = {.element = cv_cdecode_canon, .what = "canonical definitions"},
    [CV_CSECT_START] = {.whole = cv_cdecode_start},
    [CV_CSECT_IMPORT] = {.element = cv_cdecode_import, .what = "imports"},
    [CV_CSECT_EXPORT] = {.element = cv_cdecode_export, .what = "exports"},
    [CV_CSECT_VALUE] = {.element = cv_cdecode_value, .what = "values"},
};

static cv_status read_contents(cv_cdecoder *d, uint8_t id) {
  if (sections[id].whole != NULL)
    return sections[id].whole(d);
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_CDEFS, sections[id].what, &count));
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(sections[id].element(d));
  return CV_OK;
}

static cv_status read_section(cv_cdecoder *d) {
  cv_reader *r = &d->r;
  uint32_t offset = cv_reader_offset(r), size;
  uint8_t id;
  CV_TRY(cv_read_byte(r, &id));
  if (id >= CV_CSECT_COUNT)
    return cv_fail(r->diag, CV_EMALFORMED, offset, "malformed section id: %u", id);
  CV_TRY(cv_read_u32(r, &size));
  if (size > cv_reader_left(r))
    return cv_read_end(r);
  const uint8_t *end = r->end;
  r->end = r->at + size;
  CV_TRY(read_contents(d, id));
  if (r->at != r->end)
    return cv_reader_fail(r, "section size mismatch: unexpected content in the component section");
  r->end = end;
  return CV_OK;
}

static cv_status read_preamble(cv_reader *r) {
  static const uint8_t magic[4] = {0x00, 'a', 's', 'm'}, version[4] = {0x0d, 0, 1, 0};
  if (cv_reader_left(r) < 4)
    return cv_read_end(r);
  if (memcmp(r->at, magic, 4) != 0)
    return cv_reader_fail(r, "magic header not detected");
  r->at += 4;
  if (cv_reader_left(r) < 4)
    return cv_read_end(r);
  if (memcmp(r->at, version, 4) != 0) {
    if (cv_load_le32(r->at) == 1)
      return cv_reader_fail(r, "expected a version header for a component, found a core module's");
    return cv_reader_fail(r, "unknown binary version and encoding combination: %#x and %#x", cv_load_le16(r->at),
                          cv_load_le16(r->at + 2));
  }
  r->at += 4;
  return CV_OK;
}

static cv_status decode_component(cv_cdecoder *d) {
  cv_reader *r = &d->r;
  d->c->span = (cv_span){cv_reader_offset(r), (uint32_t)cv_reader_left(r)};
  CV_TRY(read_preamble(r));
  while (r->at < r->end)
    CV_TRY(read_section(d));
  return CV_OK;
}

static cv_status take_bytes(cv_component *c, const uint8_t *bytes, size_t size, bool copy) {
  static const uint8_t nothing[1];
  c->bytes = size == 0 ? nothing : bytes; // a place to point to
  c->size = size;
  if (!copy || size == 0)
    return CV_OK;
  uint8_t *mine = cv_mem_alloc(c->mem, size);
  if (mine == NULL)
    return CV_ENOMEM;
  memcpy(mine, bytes, size);
  c->bytes = mine;
  c->bytes_owned = true;
  return CV_OK;
}

cv_status cv_component_decode(cv_component **out, cv_mem *mem, const uint8_t *bytes, size_t size, bool copy,
                              cv_features features, cv_diag *diag) {
  *out = NULL;
  if (size > CV_MAX_MODULE_SIZE)
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "component too large: at most %u bytes", CV_MAX_MODULE_SIZE);
  cv_component *c = new_component(mem, features, NULL);
  if (c == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  cv_status status = take_bytes(c, bytes, size, copy);
  if (status == CV_OK) {
    cv_reader r = {.start = c->bytes, .at = c->bytes, .end = c->bytes + size, .features = features, .diag = diag};
    r.is_component = true;
    status = decode_new(&r, c, 0);
  }
  if (status != CV_OK) {
    cv_component_delete(c);
    return status == CV_ENOMEM ? cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory") : status;
  }
  *out = c;
  return CV_OK;
}

void cv_component_delete(cv_component *c) {
  if (c == NULL)
    return;
  for (uint32_t i = 0; i < c->def_count; i++) {
    cv_cdef *def = &c->defs[i];
    if (def->kind == CV_CDEF_COMPONENT) {
      cv_component_delete(def->as.component);
    } else if (def->kind == CV_CDEF_CORE_MODULE) {
      // A code owns its module.
      if (def->code != NULL)
        cv_code_release(def->code);
      else
        cv_module_delete(def->as.module);
    }
  }
  cv_adapters_delete(c->adapters);
  for (uint32_t i = 0; i < c->held_type_count; i++)
    cv_type_registry_release(c->registry, c->held_types[i]);
  cv_mem_free(c->mem, c->held_types, c->held_type_capacity * sizeof *c->held_types);
  if (c->bytes_owned)
    cv_mem_free(c->mem, (void *)(uintptr_t)c->bytes, c->size);
  cv_arena_free(&c->arena);
  cv_mem_free(c->mem, c, sizeof *c);
}
