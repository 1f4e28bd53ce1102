// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// split.c: what is inside of a component: core modules and components, with a name for each.
//
// A part is called what the component's name section calls it, else what it calls itself (a module's own name section,
// a component's), else by its kind and index: "module-0". Names become such that they can stand in file names; a part
// that has the name of one before it gets its kind and index behind it. The path of a part begins with that of the
// component that it is in.
#include "compose/parts.h"

#include "base/map.h"
#include "component/component.h"
#include "wasm/binary/decode.h"

#include <stdio.h>

enum { MAX_NAME = 64 };

typedef struct splitting {
  cv_mem *mem;
  cv_diag *diag;
  cv_split_each *each;
  void *env;
  cv_arena arena; // of paths
  cv_map paths;   // those that are taken
} splitting;

// Letters, digits and some signs stay; runs of others become one "-". A name of dots only would be a folder. Linkers
// name modules after files: ".wasm" at the end goes, since the part's file will have it.
static size_t clean(cv_bytes name, char *out) {
  static const char suffix[] = {'.', 'w', 'a', 's', 'm'};
  size_t size = 0;
  bool any = false;
  if (name.size > sizeof suffix && memcmp(name.data + name.size - sizeof suffix, suffix, sizeof suffix) == 0)
    name.size -= sizeof suffix;
  for (size_t i = 0; i < name.size && size < MAX_NAME; i++) {
    uint8_t c = name.data[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    bool sign = c == '_' || c == '-' || c == '.' || c == '@' || c == '+';
    any |= letter;
    if (letter || (sign && size != 0))
      out[size++] = (char)c;
    else if (size != 0 && out[size - 1] != '-')
      out[size++] = '-';
  }
  while (size != 0 && (out[size - 1] == '-' || out[size - 1] == '.'))
    size--;
  return any ? size : 0;
}

// What the component's name section calls item `index` of a space.
static cv_bytes name_in(const cv_component *c, cv_cspace space, uint32_t index) {
  cv_cname_cursor cursor;
  cv_cname_cursor_init(&cursor, c, space);
  while (cv_cname_cursor_next(&cursor))
    if (cursor.index == index)
      return cursor.name;
  return (cv_bytes){NULL, 0};
}

// What a core module calls itself; empty when it cannot be read.
static cv_bytes own_name(splitting *s, cv_bytes bytes) {
  cv_module *module = NULL;
  cv_bytes name = {NULL, 0};
  cv_diag ignored;
  cv_diag_init(&ignored);
  if (cv_module_decode(&module, s->mem, NULL, CV_FEATURES_ALL, bytes.data, bytes.size, CV_DECODE_BORROW, &ignored) !=
      CV_OK)
    return name;
  name = module->name; // in the borrowed bytes
  cv_module_delete(module);
  return name;
}

static CV_COLD cv_status no_memory(splitting *s) {
  return cv_fail(s->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// The path of a part in that of its component, different from all others.
static cv_status make_path(splitting *s, cv_bytes outer, cv_bytes name, const char *kind, uint32_t index,
                           cv_bytes *out) {
  char last[MAX_NAME + 1], number[32], more[64] = "";
  last[clean(name, last)] = '\0';
  snprintf(number, sizeof number, "%s-%u", kind, index);
  for (unsigned attempt = 0;; attempt++) {
    const char *base = last[0] != '\0' ? last : number;
    size_t size = outer.size + (outer.size != 0) + strlen(base) + strlen(more);
    char *path = cv_arena_alloc(&s->arena, size + 1);
    bool existed = false;
    if (!path)
      return no_memory(s);
    snprintf(path, size + 1, "%.*s%s%s%s", (int)outer.size, (const char *)outer.data, outer.size != 0 ? "." : "", base,
             more);
    *out = (cv_bytes){(const uint8_t *)path, size};
    if (cv_map_put(&s->paths, *out, 0, &existed) != CV_OK)
      return no_memory(s);
    if (!existed)
      return CV_OK;
    if (attempt == 0)
      snprintf(more, sizeof more, "-%s", number);
    else
      snprintf(more, sizeof more, "-%s-%u", number, attempt);
  }
}

static cv_status split(splitting *s, const cv_component *c, cv_bytes outer) {
  for (uint32_t i = 0; i < c->def_count; i++) {
    const cv_cdef *def = &c->defs[i];
    bool is_component = def->kind == CV_CDEF_COMPONENT;
    if (!is_component && def->kind != CV_CDEF_CORE_MODULE)
      continue;
    cv_split_part part = {.is_component = is_component, .bytes = {c->bytes + def->span.offset, def->span.size}};
    cv_bytes name = name_in(c, def->space, def->index);
    if (name.size == 0)
      name = is_component ? def->as.component->name : own_name(s, part.bytes);
    CV_TRY(make_path(s, outer, name, is_component ? "component" : "module", def->index, &part.path));
    CV_TRY(s->each(s->env, &part, s->diag));
    if (is_component)
      CV_TRY(split(s, def->as.component, part.path));
  }
  return CV_OK;
}

cv_status cv_compose_split(cv_bytes bytes, cv_split_each *each, void *env, cv_mem *mem, cv_diag *diag) {
  splitting s = {.mem = mem, .diag = diag, .each = each, .env = env};
  cv_component *component = NULL;
  CV_TRY(cv_component_decode(&component, mem, bytes.data, bytes.size, false, CV_FEATURES_ALL, diag));
  cv_arena_init(&s.arena, mem);
  cv_map_init(&s.paths, mem);
  cv_status status = split(&s, component, (cv_bytes){NULL, 0});
  cv_map_free(&s.paths);
  cv_arena_free(&s.arena);
  cv_component_delete(component);
  return status;
}
