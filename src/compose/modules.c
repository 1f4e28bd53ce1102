// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// modules.c: core modules as binaries: one that is given, and those that tie the others together.
#include "compose/modules.h"

#include "base/map.h"
#include "compose/compose.h"
#include "wasm/binary/walk.h"
#include "wasm/opcodes.h"

#include <inttypes.h>
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

// A module name and a name in it as one key.
static cv_bytes import_key(cv_bytes module, cv_bytes name, cv_arena *arena) {
  uint64_t size = module.size;
  uint8_t *key = cv_arena_alloc(arena, sizeof size + module.size + name.size);
  if (!key)
    return (cv_bytes){NULL, 0};
  memcpy(key, &size, sizeof size);
  memcpy(key + sizeof size, module.data, module.size);
  memcpy(key + sizeof size + module.size, name.data, name.size);
  return (cv_bytes){key, sizeof size + module.size + name.size};
}

// "f [v2]", unless another import is called so: "f [v2.1]", ...
static cv_bytes name_again(const cv_import *import, uint64_t version, const cv_map *seen, cv_arena *arena) {
  char suffix[40];
  cv_bytes key;
  uint32_t i = 0;
  do {
    int size = i == 0 ? snprintf(suffix, sizeof suffix, " [v%" PRIu64 "]", version)
                      : snprintf(suffix, sizeof suffix, " [v%" PRIu64 ".%u]", version, i);
    uint8_t *text = cv_arena_alloc(arena, import->name.size + (size_t)size);
    if (!text)
      return (cv_bytes){NULL, 0};
    memcpy(text, import->name.data, import->name.size);
    memcpy(text + import->name.size, suffix, (size_t)size);
    key = import_key(import->module, (cv_bytes){text, import->name.size + (size_t)size}, arena);
    i++;
  } while (key.data && cv_map_get(seen, key));
  size_t prefix = sizeof(uint64_t) + import->module.size;
  return key.data ? (cv_bytes){key.data + prefix, key.size - prefix} : key;
}

static bool name_imports(const cv_module *m, cv_map *seen, cv_arena *arena, cv_bytes *names) {
  for (uint32_t i = 0; i < m->import_count; i++) {
    cv_bytes key = import_key(m->imports[i].module, m->imports[i].name, arena);
    if (!key.data || cv_map_put(seen, key, 0, NULL) != CV_OK)
      return false;
  }
  for (uint32_t i = 0; i < m->import_count; i++) {
    uint64_t *count = cv_map_get(seen, import_key(m->imports[i].module, m->imports[i].name, arena));
    if (!count)
      return false;
    names[i] = ++*count > 1 ? name_again(&m->imports[i], *count, seen, arena) : m->imports[i].name;
    if (!names[i].data && *count > 1)
      return false;
  }
  return true;
}

const cv_bytes *cv_compose_import_names(const cv_module *module, cv_mem *mem, cv_arena *arena) {
  cv_map seen;
  cv_bytes *names = CV_ARENA_ARRAY(arena, cv_bytes, module->import_count + 1);
  cv_map_init(&seen, mem);
  if (names && !name_imports(module, &seen, arena, names))
    names = NULL;
  cv_map_free(&seen);
  return names;
}

// What follows a name in the import section is kept as it is: names are in the module's bytes.
void cv_compose_put_imports(const cv_module *module, const cv_bytes *names, const uint8_t *end, cv_buf *s) {
  cv_buf_uleb(s, module->import_count);
  for (uint32_t i = 0; i < module->import_count; i++) {
    const cv_import *import = &module->imports[i];
    const uint8_t *type = import->name.data + import->name.size;
    const uint8_t *after = i + 1 < module->import_count ? module->bytes + module->imports[i + 1].entry : end;
    cv_compose_put_name(s, import->module);
    cv_compose_put_name(s, names[i]);
    cv_buf_bytes(s, type, (size_t)(after - type));
  }
}

static bool is_world_section(const cv_module *module, const cv_section *section) {
  const cv_custom_section *custom = cv_section_custom(module, section);
  return custom != NULL && cv_compose_is_world(custom->name);
}

void cv_compose_put_module(const cv_module *module, const cv_bytes *names, cv_mem *mem, cv_buf *out) {
  cv_section section = cv_section_before(module->bytes);
  cv_buf s;
  cv_buf_init(&s, mem);
  cv_buf_bytes(out, module->bytes, CV_PREAMBLE_SIZE);
  while (cv_section_next(&section, module->bytes + module->size)) {
    if (section.id == CV_SECT_IMPORT && names) {
      cv_compose_put_imports(module, names, section.after, &s);
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
