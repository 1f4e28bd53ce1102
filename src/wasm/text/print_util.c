// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// print_util.c: identifiers, strings and types.
#include "base/utf8.h"
#include "wasm/text/printer.h"

// ---- identifiers ---------------------------------------------------------------------------------------------------

// name, name_3, name_3_, name_3__ ...: the first that is free.
static cv_status unique_id(cv_printer *p, cv_arena *arena, cv_map *taken, cv_bytes name, uint32_t index, cv_bytes *id) {
  cv_buf text;
  cv_buf_init(&text, p->mem);
  cv_buf_bytes(&text, name.data, name.size);
  cv_buf_printf(&text, "_%u", index);
  while (!text.failed && cv_map_get(taken, (cv_bytes){text.data, text.size}) != NULL)
    cv_buf_byte(&text, '_');
  cv_status status = cv_buf_status(&text);
  if (status == CV_OK) {
    *id = (cv_bytes){cv_arena_copy(arena, text.data, text.size), text.size};
    status = id->data != NULL ? cv_map_put(taken, *id, index, NULL) : CV_ENOMEM;
  }
  cv_buf_free(&text);
  return status;
}

static cv_status fill_ids(cv_printer *p, cv_arena *arena, uint32_t kind, uint32_t outer, uint32_t count, cv_map *taken,
                          cv_ids *out) {
  cv_bytes *ids = CV_ARENA_ARRAY(arena, cv_bytes, count), *names = CV_ARENA_ARRAY(arena, cv_bytes, count);
  if (ids == NULL || names == NULL)
    return CV_ENOMEM;
  out->ids = ids;
  out->names = names;
  const cv_name_map *map = &p->names.maps[kind];
  const cv_name_entry *first = cv_names_from(&p->names, kind, outer), *end = map->data + map->count;
  // Names that are free go first, so that a made one never takes theirs.
  for (const cv_name_entry *e = first; e < end && e->outer == outer && e->index < count; e++) {
    if (e->name.size == 0 || cv_map_get(taken, e->name) != NULL)
      continue;
    CV_TRY(cv_map_put(taken, e->name, e->index, NULL));
    ids[e->index] = e->name;
  }
  for (const cv_name_entry *e = first; e < end && e->outer == outer && e->index < count; e++) {
    if (ids[e->index].data != NULL)
      continue;
    CV_TRY(unique_id(p, arena, taken, e->name, e->index, &ids[e->index]));
    names[e->index] = (cv_bytes){e->name.size != 0 ? e->name.data : (const uint8_t *)"", e->name.size};
  }
  return CV_OK;
}

cv_status cv_print_make_ids(cv_printer *p, cv_arena *arena, uint32_t kind, uint32_t outer, uint32_t count,
                            cv_ids *ids) {
  *ids = (cv_ids){.count = count};
  const cv_name_map *map = &p->names.maps[kind];
  if (map->count == 0)
    return CV_OK;
  const cv_name_entry *first = cv_names_from(&p->names, kind, outer);
  if (first == map->data + map->count || first->outer != outer)
    return CV_OK;
  cv_map taken;
  cv_map_init(&taken, p->mem);
  cv_status status = fill_ids(p, arena, kind, outer, count, &taken, ids);
  cv_map_free(&taken);
  return status;
}

static bool is_plain_id(cv_bytes id) {
  for (size_t i = 0; i < id.size; i++) {
    uint8_t c = id.data[i];
    if (c <= ' ' || c >= 0x7f || memchr("\"(),;[]{}", c, 9) != NULL)
      return false;
  }
  return id.size != 0;
}

void cv_print_id(cv_buf *out, cv_bytes id) {
  cv_buf_byte(out, '$');
  if (is_plain_id(id))
    cv_buf_bytes(out, id.data, id.size);
  else
    cv_print_string(out, id, true);
}

static void print_name(cv_buf *out, const char *annotation, cv_bytes name) {
  cv_buf_printf(out, " (@%s ", annotation);
  cv_print_string(out, name, true);
  cv_buf_byte(out, ')');
}

void cv_print_nesting(cv_buf *out, const cv_wat_nesting *nesting, cv_bytes own) {
  // What the module would be called without an annotation for its own name.
  cv_bytes given = nesting->name.data != NULL ? nesting->name : nesting->id;
  if (nesting->id.data != NULL) {
    cv_buf_byte(out, ' ');
    cv_print_id(out, nesting->id);
  }
  if (nesting->name.data != NULL)
    print_name(out, "name", nesting->name);
  if (own.data == NULL ? given.data != NULL : given.data == NULL || !cv_bytes_equal(given, own))
    print_name(out, "own-name", own);
  cv_buf_printf(out, " (;%u;)", nesting->index);
}

void cv_print_binding(cv_printer *p, const cv_ids *ids, uint32_t index) {
  if (ids->ids != NULL && index < ids->count && ids->ids[index].data != NULL) {
    cv_buf_byte(p->out, ' ');
    cv_print_id(p->out, ids->ids[index]);
    if (ids->names[index].data != NULL)
      print_name(p->out, "name", ids->names[index]);
  }
}

void cv_print_definition(cv_printer *p, const cv_ids *ids, uint32_t index) {
  cv_print_binding(p, ids, index);
  cv_buf_printf(p->out, " (;%u;)", index);
}

void cv_print_use(cv_printer *p, const cv_ids *ids, uint32_t index) {
  if (ids->ids != NULL && index < ids->count && ids->ids[index].data != NULL)
    cv_print_id(p->out, ids->ids[index]);
  else
    cv_buf_printf(p->out, "%u", index);
}

void cv_print_space_use(cv_printer *p, cv_print_space space, uint32_t index) {
  cv_print_use(p, &p->spaces[space], index);
}

// ---- strings -------------------------------------------------------------------------------------------------------

// A byte of a control character from U+0080 to U+009F, which terminals obey as well.
static bool is_c1(cv_bytes text, size_t i) {
  const uint8_t *at = text.data + i;
  return (at[0] == 0xc2 && i + 1 < text.size && (at[1] & 0xe0) == 0x80) ||
         (i != 0 && at[-1] == 0xc2 && (at[0] & 0xe0) == 0x80);
}

void cv_print_string(cv_buf *out, cv_bytes bytes, bool is_text) {
  static const char hex[] = "0123456789abcdef";
  cv_buf_byte(out, '"');
  for (size_t i = 0; i < bytes.size; i++) {
    uint8_t c = bytes.data[i];
    if (c == '"' || c == '\\') {
      cv_buf_byte(out, '\\');
      cv_buf_byte(out, c);
    } else if (c >= ' ' && c != 0x7f && (c < 0x7f || (is_text && !is_c1(bytes, i)))) {
      cv_buf_byte(out, c);
    } else {
      cv_buf_byte(out, '\\');
      cv_buf_byte(out, (uint8_t)hex[c >> 4]);
      cv_buf_byte(out, (uint8_t)hex[c & 15]);
    }
  }
  cv_buf_byte(out, '"');
}

// ---- types ---------------------------------------------------------------------------------------------------------

static const struct {
  uint32_t heap;
  const char *word, *nullable; // the abbreviation of (ref null word)
} heaps[] = {
    {CV_HEAP_FUNC, "func", "funcref"},       {CV_HEAP_NOFUNC, "nofunc", "nullfuncref"},
    {CV_HEAP_EXTERN, "extern", "externref"}, {CV_HEAP_NOEXTERN, "noextern", "nullexternref"},
    {CV_HEAP_ANY, "any", "anyref"},          {CV_HEAP_EQ, "eq", "eqref"},
    {CV_HEAP_I31, "i31", "i31ref"},          {CV_HEAP_STRUCT, "struct", "structref"},
    {CV_HEAP_ARRAY, "array", "arrayref"},    {CV_HEAP_NONE, "none", "nullref"},
    {CV_HEAP_EXN, "exn", "exnref"},          {CV_HEAP_NOEXN, "noexn", "nullexnref"},
};

static size_t find_heap(uint32_t heap) {
  size_t i = 0;
  while (i < CV_COUNT(heaps) && heaps[i].heap != heap)
    i++;
  return i;
}

void cv_print_heap_type(cv_printer *p, uint32_t heap) {
  size_t i = find_heap(heap);
  if (i < CV_COUNT(heaps))
    cv_buf_text(p->out, heaps[i].word);
  else
    cv_print_space_use(p, CV_PRINT_TYPE, heap);
}

void cv_print_val_type(cv_printer *p, cv_valtype type) {
  static const struct {
    unsigned kind;
    const char *word;
  } plain[] = {{CV_KIND_I32, "i32"},   {CV_KIND_I64, "i64"}, {CV_KIND_F32, "f32"}, {CV_KIND_F64, "f64"},
               {CV_KIND_V128, "v128"}, {CV_KIND_I8, "i8"},   {CV_KIND_I16, "i16"}};
  for (size_t i = 0; i < CV_COUNT(plain); i++) {
    if (cv_type_kind(type) == plain[i].kind) {
      cv_buf_text(p->out, plain[i].word);
      return;
    }
  }
  size_t i = find_heap(cv_type_heap(type));
  if (cv_type_is_nullable(type) && i < CV_COUNT(heaps)) {
    cv_buf_text(p->out, heaps[i].nullable);
    return;
  }
  cv_buf_text(p->out, cv_type_is_nullable(type) ? "(ref null " : "(ref ");
  cv_print_heap_type(p, cv_type_heap(type));
  cv_buf_byte(p->out, ')');
}

void cv_print_newline(cv_printer *p, size_t depth) {
  static const char spaces[] = "                                                                                ";
  enum { DEEPEST = 40 }; // deeper levels are not indented further: the text stays linear in the module
  cv_buf_byte(p->out, '\n');
  cv_buf_bytes(p->out, spaces, 2 * CV_MIN(p->depth + depth, (size_t)DEEPEST));
}
