// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// modules.c: core modules as binaries: one that is given, and those that tie the others together.
#include "compose/modules.h"

#include "compose/compose.h"
#include "wasm/opcodes.h"

#include <stdio.h>
#include <string.h>

void cv_compose_put_name(cv_buf *out, cv_bytes name) {
  cv_buf_uleb(out, name.size);
  cv_buf_bytes(out, name.data, name.size);
}

static void put_preamble(cv_buf *out) {
  static const uint8_t preamble[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00};
  cv_buf_bytes(out, preamble, sizeof preamble);
}

static void put_functype(cv_buf *out, const cv_functype *type) {
  cv_buf_byte(out, 0x60);
  cv_buf_uleb(out, type->param_count);
  for (uint32_t i = 0; i < type->param_count; i++)
    cv_buf_byte(out, (uint8_t)cv_type_kind(type->types[i]));
  cv_buf_uleb(out, type->result_count);
  for (uint32_t i = 0; i < type->result_count; i++)
    cv_buf_byte(out, (uint8_t)cv_type_kind(type->types[type->param_count + i]));
}

void cv_compose_put_section(cv_buf *out, uint8_t id, cv_buf *contents) {
  cv_buf_byte(out, id);
  cv_buf_uleb(out, contents->size);
  cv_buf_bytes(out, contents->data, contents->size);
  out->failed |= contents->failed;
  contents->size = 0;
}

// ---- a module that is given ----------------------------------------------------------------------------------------

bool cv_compose_is_world(cv_bytes name) {
  static const char prefix[] = "component-type";
  size_t size = sizeof prefix - 1;
  return name.size >= size && memcmp(name.data, prefix, size) == 0 && (name.size == size || name.data[size] == ':');
}

// Some import has the name of this one with the suffix behind it.
static bool is_taken(const cv_module *module, const cv_import *import, const char *suffix) {
  size_t size = strlen(suffix);
  for (uint32_t i = 0; i < module->import_count; i++) {
    const cv_import *other = &module->imports[i];
    if (other->name.size == import->name.size + size && cv_bytes_equal(other->module, import->module) &&
        memcmp(other->name.data, import->name.data, import->name.size) == 0 &&
        memcmp(other->name.data + import->name.size, suffix, size) == 0)
      return true;
  }
  return false;
}

void cv_compose_put_import_name(const cv_module *module, uint32_t index, cv_buf *out) {
  const cv_import *import = &module->imports[index];
  uint32_t version = 1;
  for (uint32_t i = 0; i < index; i++)
    version += cv_bytes_equal(module->imports[i].module, import->module) &&
               cv_bytes_equal(module->imports[i].name, import->name);
  char suffix[32] = "";
  if (version > 1) {
    snprintf(suffix, sizeof suffix, " [v%u]", version);
    for (uint32_t i = 1; is_taken(module, import, suffix); i++)
      snprintf(suffix, sizeof suffix, " [v%u.%u]", version, i);
  }
  cv_buf_uleb(out, import->name.size + strlen(suffix));
  cv_buf_bytes(out, import->name.data, import->name.size);
  cv_buf_text(out, suffix);
}

// The contents of the import section, which ends at `end`, with a name of its own for each import. Names are in the
// module's bytes, and what follows a name is kept as it is.
void cv_compose_put_imports(const cv_module *module, const uint8_t *end, cv_buf *s) {
  cv_buf_uleb(s, module->import_count);
  for (uint32_t i = 0; i < module->import_count; i++) {
    const cv_import *import = &module->imports[i];
    const uint8_t *type = import->name.data + import->name.size;
    const uint8_t *after = i + 1 < module->import_count ? module->bytes + module->imports[i + 1].entry : end;
    cv_compose_put_name(s, import->module);
    cv_compose_put_import_name(module, i, s);
    cv_buf_bytes(s, type, (size_t)(after - type));
  }
}

bool cv_compose_next_section(const cv_module *module, cv_compose_section *section) {
  const uint8_t *at = section->after, *end = module->bytes + module->size;
  if (at >= end)
    return false;
  uint32_t size = 0, shift = 0;
  section->start = at;
  section->id = *at++;
  while (at < end && (*at & 0x80) && shift < 28) {
    size |= (uint32_t)(*at++ & 0x7f) << shift;
    shift += 7;
  }
  size |= (uint32_t)*at++ << shift;
  section->contents = at;
  section->size = size;
  section->after = at + size;
  return true;
}

static bool is_world_section(const cv_module *module, const cv_compose_section *section) {
  if (section->id != CV_SECT_CUSTOM)
    return false;
  for (uint32_t i = 0; i < module->custom_count; i++) {
    const cv_custom_section *custom = &module->customs[i];
    const uint8_t *contents = cv_span_start(module, custom->bytes);
    if (cv_compose_is_world(custom->name) && contents > section->contents && contents <= section->after)
      return true;
  }
  return false;
}

void cv_compose_put_module(const cv_module *module, bool rename, cv_mem *mem, cv_buf *out) {
  cv_compose_section section = {.after = module->bytes + CV_COMPOSE_PREAMBLE};
  cv_buf s;
  cv_buf_init(&s, mem);
  cv_buf_bytes(out, module->bytes, CV_COMPOSE_PREAMBLE);
  while (cv_compose_next_section(module, &section)) {
    if (section.id == CV_SECT_IMPORT && rename) {
      cv_compose_put_imports(module, section.after, &s);
      cv_compose_put_section(out, CV_SECT_IMPORT, &s);
    } else if (!is_world_section(module, &section)) {
      cv_buf_bytes(out, section.start, (size_t)(section.after - section.start));
    }
  }
  cv_buf_free(&s);
}

// ---- modules that tie others together ------------------------------------------------------------------------------

static void put_types(const cv_functype *const *types, uint32_t count, cv_buf *s) {
  cv_buf_uleb(s, count);
  for (uint32_t i = 0; i < count; i++)
    put_functype(s, types[i]);
}

// (table funcref N N)
static void put_shim_table(uint32_t count, cv_buf *s) {
  cv_buf_byte(s, 0x70);
  cv_buf_byte(s, 0x01);
  cv_buf_uleb(s, count);
  cv_buf_uleb(s, count);
}

// A module whose function i is (call_indirect (type i) args... (i32.const i)).
void cv_compose_put_shim(const cv_functype *const *types, uint32_t count, cv_mem *mem, cv_buf *out) {
  cv_buf s, body;
  cv_buf_init(&s, mem);
  cv_buf_init(&body, mem);
  put_preamble(out);
  put_types(types, count, &s);
  cv_compose_put_section(out, 1, &s);
  cv_buf_uleb(&s, count);
  for (uint32_t i = 0; i < count; i++)
    cv_buf_uleb(&s, i);
  cv_compose_put_section(out, 3, &s);
  cv_buf_uleb(&s, 1);
  put_shim_table(count, &s);
  cv_compose_put_section(out, 4, &s);
  cv_buf_uleb(&s, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    char name[16];
    snprintf(name, sizeof name, "%u", i);
    cv_compose_put_name(&s, cv_bytes_of(name));
    cv_buf_byte(&s, CV_EXTERN_FUNC);
    cv_buf_uleb(&s, i);
  }
  cv_compose_put_name(&s, CV_BYTES_LITERAL("$imports"));
  cv_buf_byte(&s, CV_EXTERN_TABLE);
  cv_buf_uleb(&s, 0);
  cv_compose_put_section(out, 7, &s);
  cv_buf_uleb(&s, count);
  for (uint32_t i = 0; i < count; i++) {
    body.size = 0;
    cv_buf_uleb(&body, 0);
    for (uint32_t p = 0; p < types[i]->param_count; p++) {
      cv_buf_byte(&body, 0x20);
      cv_buf_uleb(&body, p);
    }
    cv_buf_byte(&body, 0x41);
    cv_buf_sleb(&body, i);
    cv_buf_byte(&body, 0x11);
    cv_buf_uleb(&body, i);
    cv_buf_uleb(&body, 0);
    cv_buf_byte(&body, 0x0b);
    cv_compose_put_name(&s, (cv_bytes){body.data, body.size});
  }
  cv_compose_put_section(out, 10, &s);
  out->failed |= body.failed;
  cv_buf_free(&body);
  cv_buf_free(&s);
}

// A module that puts its imports into the shim's table, and then calls `start` when there is one.
void cv_compose_put_fixup(const cv_functype *const *types, uint32_t count, bool has_start, cv_mem *mem, cv_buf *out) {
  cv_buf s;
  cv_buf_init(&s, mem);
  put_preamble(out);
  cv_buf_uleb(&s, count + 1);
  for (uint32_t i = 0; i < count; i++)
    put_functype(&s, types[i]);
  put_functype(&s, &(cv_functype){.param_count = 0});
  cv_compose_put_section(out, 1, &s);
  cv_buf_uleb(&s, count + (count > 0) + has_start);
  for (uint32_t i = 0; i < count; i++) {
    char name[16];
    snprintf(name, sizeof name, "%u", i);
    cv_compose_put_name(&s, (cv_bytes){NULL, 0});
    cv_compose_put_name(&s, cv_bytes_of(name));
    cv_buf_byte(&s, CV_EXTERN_FUNC);
    cv_buf_uleb(&s, i);
  }
  if (count > 0) {
    cv_compose_put_name(&s, (cv_bytes){NULL, 0});
    cv_compose_put_name(&s, CV_BYTES_LITERAL("$imports"));
    cv_buf_byte(&s, CV_EXTERN_TABLE);
    put_shim_table(count, &s);
  }
  if (has_start) {
    cv_compose_put_name(&s, (cv_bytes){NULL, 0});
    cv_compose_put_name(&s, CV_BYTES_LITERAL("$start"));
    cv_buf_byte(&s, CV_EXTERN_FUNC);
    cv_buf_uleb(&s, count);
  }
  cv_compose_put_section(out, 2, &s);
  if (has_start) {
    cv_buf_uleb(&s, count);
    cv_compose_put_section(out, 8, &s);
  }
  if (count > 0) {
    cv_buf_uleb(&s, 1);
    cv_buf_uleb(&s, 0); // active, table 0, function indices
    cv_buf_byte(&s, 0x41);
    cv_buf_sleb(&s, 0);
    cv_buf_byte(&s, 0x0b);
    cv_buf_uleb(&s, count);
    for (uint32_t i = 0; i < count; i++)
      cv_buf_uleb(&s, i);
    cv_compose_put_section(out, 9, &s);
  }
  cv_buf_free(&s);
}

void cv_compose_put_traps(const cv_functype *const *types, uint32_t count, cv_mem *mem, cv_buf *out) {
  static const uint8_t body[] = {3, 0 /* locals */, CV_OPC_UNREACHABLE, CV_OPC_END};
  cv_buf s;
  cv_buf_init(&s, mem);
  put_preamble(out);
  put_types(types, count, &s);
  cv_compose_put_section(out, CV_SECT_TYPE, &s);
  cv_buf_uleb(&s, count);
  for (uint32_t i = 0; i < count; i++)
    cv_buf_uleb(&s, i);
  cv_compose_put_section(out, CV_SECT_FUNCTION, &s);
  cv_buf_uleb(&s, count);
  for (uint32_t i = 0; i < count; i++) {
    char name[16];
    snprintf(name, sizeof name, "%u", i);
    cv_compose_put_name(&s, cv_bytes_of(name));
    cv_buf_byte(&s, CV_EXTERN_FUNC);
    cv_buf_uleb(&s, i);
  }
  cv_compose_put_section(out, CV_SECT_EXPORT, &s);
  cv_buf_uleb(&s, count);
  for (uint32_t i = 0; i < count; i++)
    cv_buf_bytes(&s, body, sizeof body);
  cv_compose_put_section(out, CV_SECT_CODE, &s);
  cv_buf_free(&s);
}
