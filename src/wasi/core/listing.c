// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// listing.c: directories are read in batches, so that an entry costs no system call of its own.
#include "wasi/core/listing.h"

#include "base/utf8.h"

enum { BATCH = 16 << 10 };

cv_err cv_listing_new(cv_wasi *w, cv_file *dir, cv_listing **out) {
  *out = NULL;
  if (dir->type != CV_FILE_DIR)
    return CV_ERR_NOTDIR;
  cv_listing *l = cv_mem_zalloc(w->mem, sizeof *l);
  if (l == NULL)
    return CV_ERR_NOMEM;
  cv_err err = cv_wasi_hold(w);
  if (err != CV_ERR_OK) {
    cv_mem_free(w->mem, l, sizeof *l);
    return err;
  }
  cv_file_retain(dir);
  l->w = w;
  l->dir = dir;
  cv_buf_init(&l->batch, w->mem);
  *out = l;
  return CV_ERR_OK;
}

void cv_listing_delete(cv_listing *l) {
  if (l == NULL)
    return;
  cv_buf_free(&l->batch);
  cv_file_release(l->dir);
  cv_wasi_let_go(l->w);
  cv_mem_free(l->w->mem, l, sizeof *l);
}

static bool is_told(const cv_dirent *e) {
  bool dots = e->name_size <= 2 && memcmp(e->name, "..", e->name_size) == 0;
  return !dots && e->name_size <= UINT16_MAX && cv_utf8_is_valid((cv_bytes){(const uint8_t *)e->name, e->name_size});
}

static bool add(void *env, const cv_dirent *e) {
  cv_listing *l = env;
  l->cookie = e->next;
  if (!is_told(e))
    return true;
  uint8_t head[3] = {(uint8_t)e->type};
  cv_store_le16(head + 1, (uint16_t)e->name_size);
  cv_buf_bytes(&l->batch, head, sizeof head);
  cv_buf_bytes(&l->batch, e->name, e->name_size);
  return l->batch.size < BATCH;
}

cv_err cv_listing_next(cv_listing *l, cv_bytes *name, cv_filetype *type) {
  if (l->at == l->batch.size && !l->ended) {
    l->batch.size = l->at = 0;
    CV_ERR_TRY(cv_file_read_dir(l->dir, l->cookie, add, l));
    l->ended = l->batch.size < BATCH;
    if (cv_buf_status(&l->batch) != CV_OK) {
      l->ended = true;
      l->batch.size = 0;
      return CV_ERR_NOMEM;
    }
  }
  if (l->at == l->batch.size)
    return CV_ERR_END;
  const uint8_t *p = l->batch.data + l->at;
  *type = (cv_filetype)p[0];
  *name = (cv_bytes){p + 3, cv_load_le16(p + 1)};
  l->at += 3 + name->size;
  return CV_ERR_OK;
}
