// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gen_names.c: what things are called in C (bindgen.h has the rules).
#include "wit/gen.h"

#include <stdio.h>

#define PRINT cv_buf_printf

CV_COLD cv_status cv_gen_no_memory(cv_gen *g) {
  return cv_fail(g->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

const char *cv_gen_join(cv_gen *g, const char *a, const char *b) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, "%s%s", a, b);
  return cv_gen_keep(g, &out).text;
}

cv_gen_name cv_gen_keep(cv_gen *g, cv_buf *buf) {
  const char *text = cv_buf_cstr(buf);
  const char *copy = text ? cv_arena_copy(&g->arena, text, strlen(text) + 1) : NULL;
  cv_buf_free(buf);
  g->out_of_memory |= copy == NULL;
  return (cv_gen_name){copy ? copy : ""};
}

// What the guest exports may be imported too. Of the types of such an interface those are two that are made of its
// resources; the others are one.
static bool holds_own_resource(const cv_gen *g, const cv_wit_typedef *def, const cv_wit_type *type) {
  if (type && type->kind == CV_WIT_NAMED)
    return holds_own_resource(g, cv_wit_definition(type->def), NULL);
  if (type && cv_gen_is_handle(type))
    return cv_gen_is_own_resource(g, type->def);
  for (const cv_wit_type *part = type ? type->parts : NULL; part; part = part->next)
    if (holds_own_resource(g, NULL, part))
      return true;
  if (!def)
    return false;
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    if (part->type && holds_own_resource(g, NULL, part->type))
      return true;
  return def->kind == CV_WIT_RESOURCE ? cv_gen_is_own_resource(g, def)
                                      : def->type && holds_own_resource(g, NULL, def->type);
}

// ---- names that nothing else has -----------------------------------------------------------------------------------

const char *cv_gen_key(cv_gen *g, const char *kind, const void *a, const void *b) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, "%s:%p:%p", kind, a, b);
  return cv_gen_keep(g, &out).text;
}

const char *cv_gen_unique(cv_gen *g, const char *key, const char *wanted) {
  const uint64_t *known = cv_map_get(&g->names, cv_bytes_of(key));
  if (known)
    return (const char *)(uintptr_t)*known;
  cv_buf out;
  cv_buf_init(&out, g->mem);
  bool is_ours = strncmp(wanted, "cove_", 5) == 0 || strncmp(wanted, "COVE_", 5) == 0;
  PRINT(&out, "%s%s%s", is_ours ? "wit_" : "", wanted, cv_bindgen_is_reserved(cv_bytes_of(wanted)) ? "_" : "");
  const char *name = cv_gen_keep(g, &out).text;
  while (*name && cv_map_get(&g->taken, cv_bytes_of(name)))
    name = cv_gen_join(g, name, "_");
  const char *kept = cv_gen_join(g, key, "");
  if (cv_map_put(&g->taken, cv_bytes_of(name), 1, NULL) != CV_OK ||
      cv_map_put(&g->names, cv_bytes_of(kept), (uintptr_t)name, NULL) != CV_OK)
    g->out_of_memory = true;
  return name;
}

// Another interface that the world has and that would get the same name.
static bool has_other_version(const cv_gen *g, const cv_wit_interface *interface) {
  const cv_wit_item *lists[] = {g->world->imports, g->world->exports};
  for (size_t i = 0; i < CV_COUNT(lists); i++)
    for (const cv_wit_item *item = lists[i]; item; item = item->next) {
      const cv_wit_interface *other = item->interface;
      if (other && other != interface && !other->is_inline && cv_bytes_equal(other->head.name, interface->head.name) &&
          cv_bytes_equal(other->package->ns, interface->package->ns) &&
          cv_bytes_equal(other->package->name, interface->package->name))
        return true;
    }
  return false;
}

const char *cv_gen_interface_name(cv_gen *g, const cv_wit_interface *interface) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (!interface->is_inline && interface->package->version.size && has_other_version(g, interface)) {
    cv_bytes version = interface->package->version;
    cv_bindgen_snake(interface->package->ns, &out);
    cv_buf_byte(&out, '_');
    cv_bindgen_snake(interface->package->name, &out);
    cv_buf_byte(&out, '_');
    for (size_t i = 0; i < version.size; i++) {
      uint8_t c = version.data[i];
      cv_buf_byte(&out, (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? c : '_');
    }
    cv_buf_byte(&out, '_');
    cv_bindgen_snake(interface->head.name, &out);
  } else {
    cv_bindgen_interface(interface, &out);
  }
  return cv_gen_unique(g, cv_gen_key(g, "interface", interface, NULL), cv_gen_keep(g, &out).text);
}

const char *cv_gen_item_name(cv_gen *g, const cv_wit_item *item) {
  if (!item->interface)
    return g->prefix;
  if (item->kind != CV_WIT_ITEM_INTERFACE || !item->head.name.size)
    return cv_gen_interface_name(g, item->interface);
  cv_buf out;
  cv_buf_init(&out, g->mem);
  cv_bindgen_snake(item->head.name, &out);
  return cv_gen_unique(g, cv_gen_key(g, "item", item, NULL), cv_gen_keep(g, &out).text);
}

static bool is_imported(const cv_gen *g, const cv_wit_interface *interface) {
  for (const cv_wit_item *item = g->world->imports; item; item = item->next)
    if (item->interface && item->interface == interface)
      return true;
  return false;
}

cv_gen_name cv_gen_def_name(cv_gen *g, const cv_wit_typedef *def) {
  bool is_own = g->is_export_side && holds_own_resource(g, def, NULL);
  const char *key = cv_gen_key(g, is_own ? "own-type" : "type", def, NULL);
  const uint64_t *known = cv_map_get(&g->names, cv_bytes_of(key));
  if (known)
    return (cv_gen_name){(const char *)(uintptr_t)*known};
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (is_own && (g->is_guest || is_imported(g, def->interface)))
    cv_buf_text(&out, "exports_");
  PRINT(&out, "%s_", def->interface ? cv_gen_interface_name(g, def->interface) : g->prefix);
  cv_bindgen_snake(def->head.name, &out);
  return (cv_gen_name){cv_gen_unique(g, key, cv_gen_keep(g, &out).text)};
}

static const char *scalar_mangle(uint16_t kind) {
  static const char *const names[] = {
      [CV_CT_BOOL] = "bool", [CV_CT_S8] = "s8",     [CV_CT_U8] = "u8",        [CV_CT_S16] = "s16", [CV_CT_U16] = "u16",
      [CV_CT_S32] = "s32",   [CV_CT_U32] = "u32",   [CV_CT_S64] = "s64",      [CV_CT_U64] = "u64", [CV_CT_F32] = "f32",
      [CV_CT_F64] = "f64",   [CV_CT_CHAR] = "char", [CV_CT_STRING] = "string"};
  return kind < CV_COUNT(names) ? names[kind] : NULL;
}

const char *cv_gen_scalar_type(uint16_t kind) {
  static const char *const names[] = {
      [CV_CT_BOOL] = "bool",         [CV_CT_S8] = "int8_t",   [CV_CT_U8] = "uint8_t",   [CV_CT_S16] = "int16_t",
      [CV_CT_U16] = "uint16_t",      [CV_CT_S32] = "int32_t", [CV_CT_U32] = "uint32_t", [CV_CT_S64] = "int64_t",
      [CV_CT_U64] = "uint64_t",      [CV_CT_F32] = "float",   [CV_CT_F64] = "double",   [CV_CT_CHAR] = "uint32_t",
      [CV_CT_STRING] = "cove_string"};
  return kind < CV_COUNT(names) ? names[kind] : NULL;
}

bool cv_gen_is_handle(const cv_wit_type *type) {
  return type->kind == CV_CT_OWN || type->kind == CV_CT_BORROW;
}

bool cv_gen_is_own_resource(const cv_gen *g, const cv_wit_typedef *resource) {
  if (!g->is_export_side)
    return false;
  for (const cv_wit_item *item = g->world->exports; item; item = item->next)
    if (item->interface && item->interface == resource->interface)
      return true;
  return false;
}

bool cv_gen_is_guest_resource(const cv_gen *g, const cv_wit_typedef *resource) {
  return !g->is_guest && cv_gen_is_own_resource(g, resource);
}

// ---- what types are called inside names ----------------------------------------------------------------------------

typedef struct mangler {
  cv_gen *g;
  cv_buf *out;
  bool for_step; // tells own from borrow; C types do not, but for what a guest defines
  bool is_key;   // where a part begins and ends can be told
} mangler;

static void put_mangled(const mangler *m, const cv_wit_type *type);

static void put_mangled_parts(const mangler *m, const char *word, const cv_wit_type *parts, const char *end) {
  cv_buf_text(m->out, word);
  cv_buf_byte(m->out, m->is_key ? '<' : '_');
  for (const cv_wit_type *part = parts; part; part = part->next) {
    put_mangled(m, part);
    if (part->next)
      cv_buf_byte(m->out, m->is_key ? ',' : '_');
  }
  cv_buf_text(m->out, end);
  if (m->is_key)
    cv_buf_byte(m->out, '>');
}

static void put_mangled_handle(const mangler *m, const cv_wit_type *type) {
  bool is_borrow = type->kind == CV_CT_BORROW;
  if (m->for_step || (is_borrow && m->g->is_guest && cv_gen_is_own_resource(m->g, type->def)))
    cv_buf_text(m->out, is_borrow ? "borrow_" : "own_");
  cv_buf_text(m->out, cv_gen_def_name(m->g, type->def).text);
}

static void put_mangled(const mangler *m, const cv_wit_type *type) {
  char word[40];
  const char *simple = type && !type->is_absent ? scalar_mangle(type->kind) : "void";
  if (simple) {
    cv_buf_text(m->out, simple);
    return;
  }
  uint32_t count = 0;
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    count++;
  switch (type->kind) {
  case CV_WIT_NAMED:
    cv_buf_text(m->out, cv_gen_def_name(m->g, type->def).text);
    return;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    put_mangled_handle(m, type);
    return;
  case CV_CT_LIST:
    put_mangled_parts(m, "list", type->parts, "");
    return;
  case CV_CT_MAP:
    put_mangled_parts(m, "map", type->parts, "");
    return;
  case CV_CT_FIXED_LIST:
    snprintf(word, sizeof word, "list%u", (unsigned)type->length);
    put_mangled_parts(m, word, type->parts, "");
    return;
  case CV_CT_OPTION:
    put_mangled_parts(m, "option", type->parts, "");
    return;
  case CV_CT_RESULT:
    if (count == 0)
      cv_buf_text(m->out, "result");
    else
      put_mangled_parts(m, "result", type->parts, count == 1 ? m->is_key ? ",void" : "_void" : "");
    return;
  default:
    snprintf(word, sizeof word, "tuple%u", (unsigned)count);
    put_mangled_parts(m, word, type->parts, "");
  }
}

cv_gen_name cv_gen_type_mangle(cv_gen *g, const cv_wit_type *type, bool for_step) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  put_mangled(&(mangler){.g = g, .out = &out, .for_step = for_step}, type);
  return cv_gen_keep(g, &out);
}

const char *cv_gen_type_key(cv_gen *g, const char *kind, const cv_wit_type *type, bool for_step) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, "%s:", kind);
  put_mangled(&(mangler){g, &out, for_step, true}, type);
  return cv_gen_keep(g, &out).text;
}

const cv_wit_type *cv_gen_element(cv_gen *g, const cv_wit_type *type) {
  if (type->kind != CV_CT_MAP)
    return type->parts;
  cv_wit_type *entry = CV_ARENA_NEW(&g->arena, cv_wit_type);
  if (!entry) {
    g->out_of_memory = true;
    return type->parts;
  }
  entry->kind = CV_CT_TUPLE;
  entry->parts = type->parts;
  return entry;
}

const char *cv_gen_rep_name(cv_gen *g, const cv_wit_typedef *resource) {
  return cv_gen_unique(g, cv_gen_key(g, "rep", resource, NULL),
                       cv_gen_join(g, cv_gen_def_name(g, resource).text, "_rep"));
}

// The C type: "uint32_t", "wasi_io_poll_pollable *", "p2_list_u8".
cv_gen_name cv_gen_c_type(cv_gen *g, const cv_wit_type *type) {
  const char *simple = cv_gen_scalar_type(type->kind);
  if (simple)
    return (cv_gen_name){simple};
  if (type->kind == CV_WIT_NAMED)
    return cv_gen_def_name(g, type->def);
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (g->is_guest && type->kind == CV_CT_BORROW && cv_gen_is_own_resource(g, type->def))
    PRINT(&out, "%s *", cv_gen_rep_name(g, type->def));
  else if (g->is_guest && cv_gen_is_handle(type))
    cv_buf_text(&out, cv_gen_def_name(g, type->def).text);
  else if (cv_gen_is_handle(type) && cv_gen_is_guest_resource(g, type->def))
    cv_buf_text(&out, "cove_handle");
  else if (cv_gen_is_handle(type))
    PRINT(&out, "%s *", cv_gen_def_name(g, type->def).text);
  else
    return (cv_gen_name){
        cv_gen_unique(g, cv_gen_type_key(g, "c-type", type, false),
                      cv_gen_join(g, cv_gen_join(g, g->prefix, "_"), cv_gen_type_mangle(g, type, false).text))};
  return cv_gen_keep(g, &out);
}

// "T name" with the space where C wants it.
void cv_gen_put_member(cv_gen *g, const cv_wit_type *type, const char *member, cv_buf *out) {
  cv_gen_name t = cv_gen_c_type(g, type);
  size_t size = strlen(t.text);
  PRINT(out, "%s%s%s", t.text, size && t.text[size - 1] == '*' ? "" : " ", member);
}

cv_gen_name cv_gen_member_name(cv_gen *g, cv_bytes label) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  cv_bindgen_member(label, &out);
  return cv_gen_keep(g, &out);
}

const char *cv_gen_param_name(cv_gen *g, cv_bytes label) {
  static const char *const ours[] = {"address", "error",   "exports", "from", "main", "memcpy",
                                     "noted",   "results", "run",     "self", "to"};
  const char *name = cv_gen_member_name(g, label).text;
  bool is_taken = strncmp(name, "cove_", 5) == 0 || cv_map_get(&g->taken, cv_bytes_of(name)) != NULL;
  for (size_t i = 0; i < CV_COUNT(ours); i++)
    is_taken |= strcmp(name, ours[i]) == 0;
  return is_taken ? cv_gen_join(g, name, "_") : name;
}

static const char *written_key(cv_gen *g, cv_gen_step kind, const char *text) {
  cv_buf key;
  cv_buf_init(&key, g->mem);
  PRINT(&key, "%d:%s", (int)kind, text);
  return cv_gen_keep(g, &key).text;
}

bool cv_gen_is_written(cv_gen *g, cv_gen_step kind, const char *text) {
  return cv_map_get(&g->done, cv_bytes_of(written_key(g, kind, text))) != NULL;
}

// True when it was not written before; it counts as written from now on.
bool cv_gen_is_new(cv_gen *g, cv_gen_step kind, const char *text, cv_status *status) {
  const char *kept = written_key(g, kind, text);
  bool existed = false;
  *status = cv_map_put(&g->done, cv_bytes_of(kept), 1, &existed);
  return *status == CV_OK && !existed;
}
