// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// names.c: the name section, written and read.
#include "wasm/text/names.h"

#include "base/utf8.h"

static bool is_indirect(unsigned kind) {
  return kind == CV_NAMES_LOCAL || kind == CV_NAMES_LABEL || kind == CV_NAMES_FIELD;
}

void cv_names_free(cv_names *names, cv_mem *mem) {
  for (unsigned i = 0; i < CV_NAMES_KINDS; i++)
    cv_vec_free(mem, &names->maps[i]);
}

bool cv_names_empty(const cv_names *names) {
  for (unsigned i = 0; i < CV_NAMES_KINDS; i++)
    if (names->maps[i].count != 0)
      return false;
  return !names->has_module;
}

// Index of the first entry that is not before (outer, index).
static size_t lower_bound(const cv_name_map *map, uint32_t outer, uint32_t index) {
  size_t low = 0, high = map->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const cv_name_entry *e = &map->data[middle];
    if (e->outer < outer || (e->outer == outer && e->index < index))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

const cv_name_entry *cv_names_from(const cv_names *names, uint32_t kind, uint32_t outer) {
  const cv_name_map *map = &names->maps[kind];
  return map->count == 0 ? map->data : map->data + lower_bound(map, outer, 0);
}

const cv_name_entry *cv_names_find(const cv_names *names, uint32_t kind, uint32_t outer, uint32_t index) {
  const cv_name_map *map = &names->maps[kind];
  size_t i = lower_bound(map, outer, index);
  if (i == map->count || map->data[i].outer != outer || map->data[i].index != index)
    return NULL;
  return &map->data[i];
}

// ---- writing -------------------------------------------------------------------------------------------------------

static void put_name(cv_buf *out, cv_bytes name) {
  cv_buf_uleb(out, name.size);
  cv_buf_bytes(out, name.data, name.size);
}

static void put_map(cv_buf *out, const cv_name_entry *first, size_t count) {
  cv_buf_uleb(out, count);
  for (size_t i = 0; i < count; i++) {
    cv_buf_uleb(out, first[i].index);
    put_name(out, first[i].name);
  }
}

static void put_indirect_map(cv_buf *out, const cv_name_map *map) {
  size_t outers = 0;
  for (size_t i = 0; i < map->count; i++)
    outers += i == 0 || map->data[i].outer != map->data[i - 1].outer;
  cv_buf_uleb(out, outers);
  for (size_t i = 0, end; i < map->count; i = end) {
    for (end = i + 1; end < map->count && map->data[end].outer == map->data[i].outer;)
      end++;
    cv_buf_uleb(out, map->data[i].outer);
    put_map(out, &map->data[i], end - i);
  }
}

void cv_names_encode(const cv_names *names, cv_buf *scratch, cv_buf *out) {
  for (unsigned kind = 0; kind < CV_NAMES_KINDS; kind++) {
    const cv_name_map *map = &names->maps[kind];
    scratch->size = 0;
    if (kind == CV_NAMES_MODULE && names->has_module)
      put_name(scratch, names->module);
    else if (map->count == 0)
      continue;
    else if (is_indirect(kind))
      put_indirect_map(scratch, map);
    else
      put_map(scratch, map->data, map->count);
    cv_buf_byte(out, (uint8_t)kind);
    cv_buf_uleb(out, scratch->size);
    cv_buf_bytes(out, scratch->data, scratch->size);
    out->failed |= scratch->failed;
  }
}

// ---- reading -------------------------------------------------------------------------------------------------------

typedef struct reader {
  const uint8_t *at, *end;
} reader;

static bool get_u32(reader *r, uint32_t *value) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (r->at >= r->end)
      return false;
    uint8_t byte = *r->at++;
    v |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      *value = (uint32_t)v;
      return v <= UINT32_MAX;
    }
  }
  return false;
}

static bool get_name(reader *r, cv_bytes *name) {
  uint32_t size;
  if (!get_u32(r, &size) || size > (size_t)(r->end - r->at))
    return false;
  *name = (cv_bytes){r->at, size};
  r->at += size;
  return cv_utf8_is_valid(*name);
}

static cv_status get_map(reader *r, cv_name_map *map, cv_mem *mem, uint32_t outer) {
  uint32_t count;
  if (!get_u32(r, &count) || count == 0)
    return CV_EMALFORMED;
  for (uint32_t i = 0; i < count; i++) {
    cv_name_entry e = {.outer = outer};
    if (!get_u32(r, &e.index) || !get_name(r, &e.name))
      return CV_EMALFORMED;
    if (i > 0 && cv_vec_last(map).index >= e.index)
      return CV_EMALFORMED;
    CV_TRY(cv_vec_push(mem, map, e));
  }
  return CV_OK;
}

static cv_status get_indirect_map(reader *r, cv_name_map *map, cv_mem *mem) {
  uint32_t count;
  if (!get_u32(r, &count) || count == 0)
    return CV_EMALFORMED;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t outer;
    if (!get_u32(r, &outer) || (i > 0 && cv_vec_last(map).outer >= outer))
      return CV_EMALFORMED;
    CV_TRY(get_map(r, map, mem, outer));
  }
  return CV_OK;
}

cv_status cv_names_decode(cv_names *names, cv_mem *mem, cv_bytes contents) {
  *names = (cv_names){.has_module = false};
  reader all = {contents.data, contents.data + contents.size};
  int last = -1;
  cv_status status = CV_OK;
  while (status == CV_OK && all.at < all.end) {
    uint8_t kind = *all.at++;
    uint32_t size;
    if (!get_u32(&all, &size) || size > (size_t)(all.end - all.at) || kind >= CV_NAMES_KINDS || (int)kind <= last) {
      status = CV_EMALFORMED;
      break;
    }
    last = kind;
    reader r = {all.at, all.at + size};
    all.at += size;
    if (kind == CV_NAMES_MODULE) {
      names->has_module = get_name(&r, &names->module);
      status = names->has_module ? CV_OK : CV_EMALFORMED;
    } else
      status =
          is_indirect(kind) ? get_indirect_map(&r, &names->maps[kind], mem) : get_map(&r, &names->maps[kind], mem, 0);
    if (status == CV_OK && r.at != r.end)
      status = CV_EMALFORMED;
  }
  if (status != CV_OK) {
    cv_names_free(names, mem);
    *names = (cv_names){.has_module = false};
  }
  return status;
}
