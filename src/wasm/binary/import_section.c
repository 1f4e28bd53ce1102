// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// import_section.c: core specification, 5.5.5.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

static cv_status read_import(cv_decoder *d, cv_import *out) {
  cv_reader *r = &d->r;
  out->entry = cv_reader_offset(r);
  CV_TRY(cv_read_name(r, &out->module));
  CV_TRY(cv_read_name(r, &out->name));
  uint8_t kind;
  CV_TRY(cv_read_byte(r, &kind));
  out->kind = (cv_extern_kind)kind;
  switch (kind) {
  case CV_EXTERN_FUNC: {
    cv_func_decl func = {.entry = out->entry};
    CV_TRY(cv_read_u32(r, &func.type));
    out->index = (uint32_t)d->funcs.count;
    return cv_vec_push(d->mem, &d->funcs, func);
  }
  case CV_EXTERN_TABLE: {
    cv_table_decl table = {.entry = out->entry};
    CV_TRY(cv_read_table_type(r, &table.type));
    out->index = (uint32_t)d->tables.count;
    return cv_vec_push(d->mem, &d->tables, table);
  }
  case CV_EXTERN_MEMORY: {
    cv_memtype memory = {0};
    CV_TRY(cv_read_memory_type(r, &memory));
    out->index = (uint32_t)d->memories.count;
    return cv_vec_push(d->mem, &d->memories, memory);
  }
  case CV_EXTERN_GLOBAL: {
    cv_global_decl global = {.entry = out->entry};
    CV_TRY(cv_read_global_type(r, &global.type));
    out->index = (uint32_t)d->globals.count;
    return cv_vec_push(d->mem, &d->globals, global);
  }
  case CV_EXTERN_TAG:
    if (d->r.features & (CV_FEAT(EXCEPTIONS) | CV_FEAT(LEGACY_EXCEPTIONS))) {
      cv_tag_decl tag = {.entry = out->entry};
      CV_TRY(cv_read_tag_type(r, &tag.type));
      out->index = (uint32_t)d->tags.count;
      return cv_vec_push(d->mem, &d->tags, tag);
    }
    break;
  }
  r->at--;
  return cv_reader_fail(r, "malformed import kind");
}

cv_status cv_decode_import_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_IMPORTS, "imports", &count));
  cv_import *imports = CV_ARENA_ARRAY(&d->m->arena, cv_import, count);
  if (imports == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(read_import(d, &imports[i]));
  d->m->imports = imports;
  d->m->import_count = count;
  d->m->imported_funcs = (uint32_t)d->funcs.count;
  d->m->imported_tables = (uint32_t)d->tables.count;
  d->m->imported_memories = (uint32_t)d->memories.count;
  d->m->imported_globals = (uint32_t)d->globals.count;
  d->m->imported_tags = (uint32_t)d->tags.count;
  return CV_OK;
}
