// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// object.c: objects in one piece (object.h).
#include "runtime/object.h"

cv_code_piece cv_code_piece_of(const cv_code_object *object) {
  return (cv_code_piece){.text_size = object->text_size,
                         .reloc_count = object->reloc_count,
                         .map_size = object->map_size,
                         .pads_size = object->pads_size,
                         .polls_size = object->polls_size};
}

uint64_t cv_code_piece_size(const cv_code_piece *p) {
  return (uint64_t)p->reloc_count * sizeof(cv_code_reloc) + p->pads_size + p->polls_size + p->text_size + p->map_size;
}

void cv_code_object_write(const cv_code_object *o, bool (*write)(void *env, const void *data, size_t size), void *env) {
  const struct {
    const void *data;
    size_t size;
  } parts[] = {{o->relocs, o->reloc_count * sizeof *o->relocs},
               {o->pads, o->pads_size},
               {o->polls, o->polls_size},
               {o->text, o->text_size},
               {o->map, o->map_size}};
  for (size_t i = 0; i < CV_COUNT(parts); i++)
    if (parts[i].size != 0 && !write(env, parts[i].data, parts[i].size))
      return;
}

cv_code_object cv_code_piece_object(const cv_code_piece *p) {
  const uint8_t *pads = p->bytes + (size_t)p->reloc_count * sizeof(cv_code_reloc), *polls = pads + p->pads_size;
  return (cv_code_object){.relocs = (const cv_code_reloc *)(const void *)p->bytes,
                          .pads = pads,
                          .polls = p->polls_size != 0 ? polls : NULL,
                          .text = polls + p->polls_size,
                          .map = polls + p->polls_size + p->text_size,
                          .text_size = p->text_size,
                          .reloc_count = p->reloc_count,
                          .map_size = p->map_size,
                          .pads_size = p->pads_size,
                          .polls_size = p->polls_size};
}
