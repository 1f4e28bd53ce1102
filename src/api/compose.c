// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose.c: components out of components, and back.
#include <cove/compose.h>

#include "api/api.h"
#include "compose/parts.h"

static cove_status give(cv_buf *buf, cv_status status, const cv_diag *diag, cove_buffer *out, cove_error **error) {
  if (status == CV_OK)
    return cv_api_hand_over(buf, out, error);
  cv_buf_free(buf);
  return cv_api_diag(error, status, diag);
}

// Up to the last slash and from the first dot on is left out: what people call the file.
static cv_bytes short_name(const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  return (cv_bytes){(const uint8_t *)name, strcspn(name, ".")};
}

static cv_compose_part part_of(const cove_component_file *part) {
  return (cv_compose_part){
      .name = short_name(part->name), .title = part->name, .bytes = {(const uint8_t *)part->data, part->size}};
}

enum { MAX_PARTS = 1000 };

cove_status cove_component_plug(const cove_component_file *socket, const cove_component_file *plugs, size_t plug_count,
                                cove_buffer *out, cove_error **error) {
  cv_diag diag;
  cv_buf buf;
  if (plug_count >= MAX_PARTS)
    return cv_api_fail(error, COVE_LIMIT, "more than %d plugs", MAX_PARTS - 1);
  size_t size = (plug_count + 1) * sizeof(cv_compose_part);
  cv_compose_part *parts = cv_mem_alloc(&cv_api_mem, size);
  if (!parts)
    return cv_api_no_memory(error);
  parts[0] = part_of(socket);
  for (size_t i = 0; i < plug_count; i++)
    parts[i + 1] = part_of(&plugs[i]);
  cv_diag_init(&diag);
  cv_buf_init(&buf, &cv_api_mem);
  cv_status status = cv_compose_plug(parts, (uint32_t)plug_count + 1, &cv_api_mem, &buf, &diag);
  cv_mem_free(&cv_api_mem, parts, size);
  return give(&buf, status, &diag, out, error);
}

// ---- graphs --------------------------------------------------------------------------------------------------------

typedef struct finder {
  cove_component_find *find;
  void *env;
} finder;

static cv_status find_part(void *env, cv_bytes name, cv_compose_part *part, bool *found, cv_diag *diag) {
  const finder *f = env;
  cove_component_file file = {0};
  char *text = cv_mem_alloc(&cv_api_mem, name.size + 1);
  if (!text)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  memcpy(text, name.data, name.size);
  text[name.size] = '\0';
  *found = f->find(f->env, text, &file);
  cv_mem_free(&cv_api_mem, text, name.size + 1);
  if (*found)
    *part = (cv_compose_part){.name = name, .title = file.name, .bytes = {(const uint8_t *)file.data, file.size}};
  return CV_OK;
}

cove_status cove_component_compose(const char *text, size_t size, cove_component_find *find, void *env,
                                   cove_buffer *out, cove_error **error) {
  cv_diag diag;
  cv_buf buf;
  finder f = {find, env};
  cv_diag_init(&diag);
  cv_buf_init(&buf, &cv_api_mem);
  cv_status status = cv_compose_text(text, size, find_part, &f, &cv_api_mem, &buf, &diag);
  return give(&buf, status, &diag, out, error);
}

// ---- pieces --------------------------------------------------------------------------------------------------------

typedef struct splitter {
  cove_status (*each)(void *env, const cove_component_piece *piece);
  void *env;
  cove_status status; // what `each` returned
} splitter;

static cv_status split_each(void *env, const cv_split_part *part, cv_diag *diag) {
  splitter *s = env;
  const cove_component_piece piece = {.path = (const char *)part->path.data,
                                      .is_component = part->is_component,
                                      .data = part->bytes.data,
                                      .size = part->bytes.size};
  s->status = s->each(s->env, &piece);
  return s->status == COVE_OK ? CV_OK : cv_fail(diag, (cv_status)s->status, CV_NO_OFFSET, "stopped by its user");
}

cove_status cove_component_split(const void *data, size_t size,
                                 cove_status (*each)(void *env, const cove_component_piece *piece), void *env,
                                 cove_error **error) {
  cv_diag diag;
  splitter s = {.each = each, .env = env};
  cv_diag_init(&diag);
  cv_status status = cv_compose_split((cv_bytes){data, size}, split_each, &s, &cv_api_mem, &diag);
  return status == CV_OK ? COVE_OK : cv_api_diag(error, status, &diag);
}
