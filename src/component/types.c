// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// types.c: equality of types, their short forms, and look-up by name.
#include "component/types.h"

#include <stdio.h>

static bool parts_equal(const cv_ctype *a, const cv_ctype *b) {
  for (uint32_t i = 0; i < a->count; i++) {
    const cv_cfield *f = &a->fields[i], *g = &b->fields[i];
    if (!cv_bytes_equal(f->name, g->name) || (f->type == NULL) != (g->type == NULL))
      return false;
    if (f->type != NULL && !cv_ctype_equal(f->type, g->type))
      return false;
  }
  return true;
}

bool cv_ctype_equal(const cv_ctype *a, const cv_ctype *b) {
  if (a == b)
    return true;
  if (a->kind != b->kind || a->count != b->count || a->length != b->length)
    return false;
  if (a->resource != NULL && (b->resource == NULL || a->resource->id != b->resource->id))
    return false;
  return parts_equal(a, b);
}

// A cursor over the output; what does not fit is left out.
typedef struct text_out {
  char *at, *end;
} text_out;

static void put(text_out *out, const char *text, size_t size) {
  size_t room = (size_t)(out->end - out->at);
  size = CV_MIN(size, room);
  memcpy(out->at, text, size);
  out->at += size;
}
static void puts_to(text_out *out, const char *text) {
  put(out, text, strlen(text));
}

static void put_type(text_out *out, const cv_ctype *t, unsigned depth) {
  puts_to(out, cv_ctype_kind_text(t->kind));
  bool opens = t->kind == CV_CT_LIST || t->kind == CV_CT_FIXED_LIST || t->kind == CV_CT_OPTION ||
               t->kind == CV_CT_STREAM || t->kind == CV_CT_FUTURE || t->kind == CV_CT_TUPLE || t->kind == CV_CT_MAP;
  if (t->resource != NULL && t->resource->name.size != 0) {
    puts_to(out, "<");
    put(out, (const char *)t->resource->name.data, t->resource->name.size);
    puts_to(out, ">");
  }
  if (!opens || depth == 0 || out->at == out->end)
    return;
  uint32_t first = t->kind == CV_CT_OPTION ? 1 : 0;
  bool any = false;
  for (uint32_t i = first; i < t->count && out->at < out->end; i++) {
    if (t->fields[i].type == NULL)
      continue;
    puts_to(out, any ? ", " : "<");
    any = true;
    put_type(out, t->fields[i].type, depth - 1);
  }
  if (any && t->kind == CV_CT_FIXED_LIST) {
    char number[16];
    snprintf(number, sizeof number, ", %u", t->length);
    puts_to(out, number);
  }
  if (any)
    puts_to(out, ">");
}

const char *cv_ctype_text(const cv_ctype *type, char *out, size_t size) {
  if (size == 0)
    return "";
  text_out text = {out, out + size - 1};
  put_type(&text, type, 4);
  *text.at = 0;
  return out;
}

const char *cv_csort_text(cv_csort sort) {
  static const char *const texts[] = {
      [CV_SORT_MODULE] = "module", [CV_SORT_FUNC] = "func",           [CV_SORT_VALUE] = "value",
      [CV_SORT_TYPE] = "type",     [CV_SORT_COMPONENT] = "component", [CV_SORT_INSTANCE] = "instance",
  };
  return (unsigned)sort < CV_COUNT(texts) ? texts[sort] : "?";
}

static int compare_names(cv_bytes a, cv_bytes b) {
  size_t size = CV_MIN(a.size, b.size);
  int order = size == 0 ? 0 : memcmp(a.data, b.data, size);
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

const cv_cextern *cv_cextern_find(const cv_cextern *const *sorted, uint32_t count, cv_bytes name) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = compare_names(sorted[middle]->name, name);
    if (order == 0)
      return sorted[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

int cv_cextern_compare(const void *a, const void *b) {
  return compare_names((*(const cv_cextern *const *)a)->name, (*(const cv_cextern *const *)b)->name);
}

static int compare_core(const cv_coreextern *e, cv_bytes module, cv_bytes name) {
  int order = compare_names(e->module, module);
  return order != 0 ? order : compare_names(e->name, name);
}

const cv_coreextern *cv_coreextern_find(const cv_coreextern *const *sorted, uint32_t count, cv_bytes module,
                                        cv_bytes name) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = compare_core(sorted[middle], module, name);
    if (order == 0)
      return sorted[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

int cv_coreextern_compare(const void *a, const void *b) {
  const cv_coreextern *other = *(const cv_coreextern *const *)b;
  return compare_core(*(const cv_coreextern *const *)a, other->module, other->name);
}
