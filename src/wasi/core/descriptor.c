// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// descriptor.c: the descriptor table.
#include "wasi/core/descriptor.h"

void cv_descriptors_init(cv_descriptors *t, cv_mem *mem, uint32_t limit) {
  *t = (cv_descriptors){.mem = mem, .limit = limit};
}

static void drop(cv_descriptors *t, cv_descriptor *d) {
  // Out of the table before the objects are let go.
  cv_descriptor old = *d;
  *d = (cv_descriptor){.kind = CV_DESCRIPTOR_FREE};
  cv_file_release(old.file);
  cv_stream_release(old.stream);
  if (old.label != NULL)
    cv_mem_free(t->mem, old.label, strlen(old.label) + 1);
}

void cv_descriptors_close_all(cv_descriptors *t) {
  for (size_t i = 0; i < t->all.count; i++)
    drop(t, &t->all.data[i]);
  cv_vec_free(t->mem, &t->all);
  t->lowest = 0;
}

cv_err cv_descriptors_open(cv_descriptors *t, const cv_descriptor *d, uint32_t *number) {
  cv_descriptor copy = *d;
  uint32_t n = t->lowest;
  while (n < t->all.count && t->all.data[n].kind != CV_DESCRIPTOR_FREE)
    n++;
  cv_err err = CV_ERR_OK;
  if (n >= t->limit)
    err = CV_ERR_MFILE;
  else if (n == t->all.count && cv_vec_push(t->mem, &t->all, (cv_descriptor){0}) != CV_OK)
    err = CV_ERR_NOMEM;
  if (err != CV_ERR_OK) {
    drop(t, &copy);
    return err;
  }
  t->all.data[n] = copy;
  t->lowest = n + 1;
  *number = n;
  return CV_ERR_OK;
}

static cv_descriptor *find(cv_descriptors *t, uint32_t number) {
  if (number >= t->all.count || t->all.data[number].kind == CV_DESCRIPTOR_FREE)
    return NULL;
  return &t->all.data[number];
}

cv_err cv_descriptors_get(cv_descriptors *t, uint32_t number, uint64_t rights, cv_descriptor **out) {
  cv_descriptor *d = find(t, number);
  *out = d;
  if (d == NULL || d->kind == CV_DESCRIPTOR_INVALID)
    return CV_ERR_BADF;
  return (d->rights & rights) == rights ? CV_ERR_OK : CV_ERR_NOTCAPABLE;
}

uint32_t cv_descriptors_own(const cv_descriptors *t) {
  for (uint32_t i = 0; i < t->all.count; i++)
    if (t->all.data[i].kind != CV_DESCRIPTOR_FREE && !t->all.data[i].granted)
      return i;
  return CV_NO_INDEX;
}

cv_err cv_descriptors_close(cv_descriptors *t, uint32_t number) {
  cv_descriptor *d = find(t, number);
  if (d == NULL)
    return CV_ERR_BADF;
  drop(t, d);
  t->lowest = CV_MIN(t->lowest, number);
  return CV_ERR_OK;
}

cv_err cv_descriptors_renumber(cv_descriptors *t, uint32_t from, uint32_t to) {
  cv_descriptor *a = find(t, from), *b = find(t, to);
  if (a == NULL || b == NULL || a->kind == CV_DESCRIPTOR_INVALID)
    return CV_ERR_BADF;
  if (a == b)
    return CV_ERR_OK;
  drop(t, b);
  *b = *a;
  *a = (cv_descriptor){.kind = CV_DESCRIPTOR_FREE};
  t->lowest = CV_MIN(t->lowest, from);
  return CV_ERR_OK;
}

cv_err cv_descriptors_invalidate(cv_descriptors *t, uint32_t number) {
  cv_descriptor *d = find(t, number);
  if (d == NULL)
    return CV_ERR_BADF;
  drop(t, d);
  d->kind = CV_DESCRIPTOR_INVALID;
  return CV_ERR_OK;
}

cv_err cv_descriptor_set_rights(cv_descriptor *d, uint64_t rights, uint64_t inheriting) {
  if ((rights & ~d->rights) != 0 || (inheriting & ~d->inheriting) != 0)
    return CV_ERR_NOTCAPABLE;
  d->rights = rights;
  d->inheriting = inheriting;
  return CV_ERR_OK;
}
