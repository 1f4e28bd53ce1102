// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// snapshot.c: puts the module together: what the code needs is looked up first, then the sections follow in the order
// of the binary format, those that do not change as they are.
#include "snapshot/snapshot.h"

#include "compose/modules.h"
#include "snapshot/sections.h"
#include "wasm/binary/decode.h"
#include "wasm/binary/instr.h"
#include "wasm/binary/walk.h"
#include "wasm/limits.h"

// ---- what there is -------------------------------------------------------------------------------------------------

static cv_status refuse(cv_snapshot_work *w, const char *what) {
  return cv_fail(w->diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                 "unsupported: snapshot of a module that imports %s: its state is another's", what);
}

// What an instance defines is in its block.
static bool is_kept(const cv_snapshot_work *w, const void *object) {
  for (uint32_t i = 0; i < w->group->count; i++) {
    const cv_instance *instance = w->group->instances[i];
    if ((uintptr_t)object - (uintptr_t)instance < instance->block_size)
      return true;
  }
  return false;
}

// What is imported is kept by another one of the group, or by nobody.
static cv_status check_imports(cv_snapshot_work *w) {
  const cv_module *m = w->module;
  for (uint32_t i = 0; i < m->imported_memories; i++)
    if (!is_kept(w, cv_instance_memory(w->instance, i)))
      return refuse(w, "a memory");
  for (uint32_t i = 0; i < m->imported_tables; i++)
    if (!is_kept(w, cv_instance_table(w->instance, i)))
      return refuse(w, "a table");
  for (uint32_t i = 0; i < m->imported_globals; i++)
    if (!is_kept(w, cv_instance_global(w->instance, i)))
      return refuse(w, "a global");
  return CV_OK;
}

static cv_status look_at(cv_snapshot_work *w, cv_span code) {
  const uint8_t *start = cv_span_start(w->module, code);
  cv_reader r = {.start = w->module->bytes,
                 .at = start,
                 .end = start + code.size,
                 .features = w->module->features,
                 .diag = w->diag};
  while (r.at < r.end) {
    cv_instr in;
    CV_TRY(cv_read_instr(&r, &in));
    w->names_datas |=
        in.info->imm == CV_IMM_DATA || in.info->imm == CV_IMM_DATA_MEM || in.info->imm == CV_IMM_TYPE_DATA;
    w->names_elems |=
        in.info->imm == CV_IMM_ELEM || in.info->imm == CV_IMM_ELEM_TABLE || in.info->imm == CV_IMM_TYPE_ELEM;
    if (in.code == CV_OPC_REF_FUNC && !w->referenced[in.index]) {
      w->referenced[in.index] = true;
      w->referenced_count++;
    }
  }
  return CV_OK;
}

static cv_status look(cv_snapshot_work *w) {
  CV_TRY(check_imports(w));
  for (uint32_t i = w->module->imported_funcs; i < w->module->func_count; i++)
    CV_TRY(look_at(w, w->module->funcs[i].code));
  return CV_OK;
}

// ---- exports -------------------------------------------------------------------------------------------------------

static cv_status check_renames(cv_snapshot_work *w) {
  const cv_snapshot_options *o = w->options;
  for (uint32_t i = 0; i < o->rename_count; i++) {
    const cv_snapshot_rename *r = &o->renames[i];
    if (cv_instance_export(w->instance, r->from, CV_EXTERN_FUNC) == NULL)
      return cv_fail(w->diag, CV_EINVALID, CV_NO_OFFSET, "no function is exported as \"%.*s\"", (int)r->from.size,
                     (const char *)r->from.data);
    for (uint32_t j = 0; j < i; j++)
      if (cv_bytes_equal(o->renames[j].to, r->to))
        return cv_fail(w->diag, CV_EINVALID, CV_NO_OFFSET, "two functions are to be exported as \"%.*s\"",
                       (int)r->to.size, (const char *)r->to.data);
  }
  return CV_OK;
}

static void put_export(const cv_export *export, cv_bytes name, cv_buf *s, uint32_t *count) {
  cv_compose_put_name(s, name);
  cv_buf_byte(s, (uint8_t)export->kind);
  cv_buf_uleb(s, export->index);
  ++*count;
}

static void put_func(cv_snapshot_work *w, const cv_export *export, cv_buf *s, uint32_t *count) {
  const cv_snapshot_options *o = w->options;
  bool stays = true;
  for (uint32_t i = 0; i < o->rename_count; i++) {
    if (cv_bytes_equal(o->renames[i].from, export->name)) {
      put_export(export, o->renames[i].to, s, count);
      stays = false;
    }
    stays &= !cv_bytes_equal(o->renames[i].to, export->name);
  }
  for (uint32_t i = 0; i < o->without_count; i++)
    stays &= !cv_bytes_equal(o->without[i], export->name);
  if (stays)
    put_export(export, export->name, s, count);
}

static cv_status put_other(cv_snapshot_work *w, const cv_export *export, cv_buf *s, uint32_t *count) {
  for (uint32_t i = 0; i < w->options->rename_count; i++)
    if (cv_bytes_equal(w->options->renames[i].to, export->name))
      return cv_fail(w->diag, CV_EINVALID, CV_NO_OFFSET, "what is exported as \"%.*s\" is no function",
                     (int)export->name.size, (const char *)export->name.data);
  put_export(export, export->name, s, count);
  return CV_OK;
}

cv_status cv_snapshot_exports(cv_snapshot_work *w, cv_buf *s, uint32_t *count) {
  *count = 0;
  CV_TRY(check_renames(w));
  for (uint32_t i = 0; i < w->module->export_count; i++) {
    const cv_export *export = &w->module->exports[i];
    if (export->kind == CV_EXTERN_FUNC)
      put_func(w, export, s, count);
    else
      CV_TRY(put_other(w, export, s, count));
  }
  return CV_OK;
}

// ---- sections ------------------------------------------------------------------------------------------------------

typedef struct output {
  cv_snapshot_work *w;
  cv_section at; // the last one that was looked at
  cv_section found[CV_SECT_COUNT];
  cv_buf section[CV_SECT_COUNT]; // new entries, for those that change
  uint32_t count[CV_SECT_COUNT];
  cv_buf *out;
} output;

// In the order of the binary format (core specification, 5.5.16).
static const struct {
  uint8_t id;
  bool gone;
  cv_snapshot_section *make; // NULL: stays as it is
} order[] = {
    {CV_SECT_TYPE, false, NULL},
    {CV_SECT_IMPORT, false, NULL},
    {CV_SECT_FUNCTION, false, NULL},
    {CV_SECT_TABLE, false, cv_snapshot_tables},
    {CV_SECT_MEMORY, false, cv_snapshot_memories},
    {CV_SECT_TAG, false, NULL},
    {CV_SECT_GLOBAL, false, cv_snapshot_globals},
    {CV_SECT_EXPORT, false, cv_snapshot_exports},
    {CV_SECT_START, true, NULL},
    {CV_SECT_ELEMENT, false, cv_snapshot_elems},
    {CV_SECT_DATA_COUNT, true, NULL}, // made anew
    {CV_SECT_CODE, false, NULL},
    {CV_SECT_DATA, false, cv_snapshot_datas},
};

static void put_span(cv_buf *out, const cv_section *section) {
  cv_buf_bytes(out, section->start, (size_t)(section->after - section->start));
}

// A name section without the names of segments. `custom` is its contents.
static void put_names(output *o, cv_bytes name, cv_bytes custom) {
  cv_buf s;
  cv_buf_init(&s, o->w->mem);
  cv_compose_put_name(&s, name);
  cv_reader r = {.start = custom.data, .at = custom.data, .end = custom.data + custom.size};
  while (r.at < r.end) {
    const uint8_t *start = r.at;
    uint8_t id;
    uint32_t size;
    if (cv_read_byte(&r, &id) != CV_OK || cv_read_u32(&r, &size) != CV_OK || size > cv_reader_left(&r))
      break; // what cannot be read is no name
    r.at += size;
    if (id != CV_NAMES_ELEM && id != CV_NAMES_DATA)
      cv_buf_bytes(&s, start, (size_t)(r.at - start));
  }
  cv_compose_put_section(o->out, CV_SECT_CUSTOM, &s);
  cv_buf_free(&s);
}

static void put_custom(output *o, const cv_section *section) {
  const cv_module *m = o->w->module;
  const cv_custom_section *custom = cv_section_custom(m, section);
  if (cv_bytes_equal(custom->name, CV_BYTES_LITERAL("name")))
    put_names(o, custom->name, (cv_bytes){cv_span_start(m, custom->bytes), custom->bytes.size});
  else if (!cv_bytes_equal(custom->name, CV_BYTES_LITERAL("sourceMappingURL")))
    put_span(o->out, section);
}

// The custom sections before the next other one.
static void put_customs(output *o) {
  cv_section next = o->at;
  while (cv_section_next(&next, o->w->module->bytes + o->w->module->size) && next.id == CV_SECT_CUSTOM) {
    put_custom(o, &next);
    o->at = next;
  }
}

static void put_made(output *o, uint8_t id) {
  cv_buf *s = &o->section[id], count;
  if (o->count[id] == 0)
    return;
  cv_buf_init(&count, o->w->mem);
  cv_buf_uleb(&count, o->count[id]);
  cv_buf_byte(o->out, id);
  cv_buf_uleb(o->out, count.size + s->size);
  cv_buf_bytes(o->out, count.data, count.size);
  cv_buf_bytes(o->out, s->data, s->size);
  o->out->failed |= count.failed || s->failed;
  cv_buf_free(&count);
}

static void put_data_count(output *o) {
  cv_buf s;
  cv_buf_init(&s, o->w->mem);
  cv_buf_uleb(&s, o->count[CV_SECT_DATA]);
  cv_compose_put_section(o->out, CV_SECT_DATA_COUNT, &s);
  cv_buf_free(&s);
}

static void put_section(output *o, size_t which) {
  uint8_t id = order[which].id;
  const cv_section *found = &o->found[id];
  if (found->start != NULL) {
    put_customs(o);
    o->at = *found;
  }
  if (order[which].make != NULL)
    put_made(o, id);
  else if (id == CV_SECT_DATA_COUNT && found->start != NULL)
    put_data_count(o);
  else if (found->start != NULL && !order[which].gone)
    put_span(o->out, found);
}

static cv_status put_all(output *o) {
  const cv_module *m = o->w->module;
  cv_section section = cv_section_before(m->bytes);
  o->at = section;
  while (cv_section_next(&section, m->bytes + m->size))
    if (section.id != CV_SECT_CUSTOM && section.id < CV_SECT_COUNT)
      o->found[section.id] = section;
  for (size_t i = 0; i < CV_COUNT(order); i++)
    if (order[i].make != NULL)
      CV_TRY(order[i].make(o->w, &o->section[order[i].id], &o->count[order[i].id]));
  cv_buf_bytes(o->out, m->bytes, CV_PREAMBLE_SIZE);
  for (size_t i = 0; i < CV_COUNT(order); i++)
    put_section(o, i);
  put_customs(o);
  if (o->out->failed)
    return cv_fail(o->w->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  if (o->out->size > CV_MAX_MODULE_SIZE)
    return cv_fail(o->w->diag, CV_ELIMIT, CV_NO_OFFSET, "the state takes more bytes than a module may have");
  return CV_OK;
}

cv_status cv_snapshot_one(const cv_snapshot_group *group, uint32_t which, const cv_snapshot_options *options,
                          cv_mem *mem, cv_buf *out, cv_diag *diag) {
  const cv_module *m = group->instances[which]->module;
  cv_snapshot_work w = {.instance = group->instances[which],
                        .group = group,
                        .number = which,
                        .module = m,
                        .options = options,
                        .mem = mem,
                        .diag = diag};
  output o = {.w = &w, .out = out};
  for (size_t i = 0; i < CV_SECT_COUNT; i++)
    cv_buf_init(&o.section[i], mem);
  w.referenced = cv_mem_calloc(mem, m->func_count, sizeof *w.referenced);
  cv_status status;
  if (w.referenced == NULL && m->func_count != 0)
    status = cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  else
    status = look(&w);
  if (status == CV_OK)
    status = put_all(&o);
  for (size_t i = 0; i < CV_SECT_COUNT; i++)
    cv_buf_free(&o.section[i]);
  cv_mem_free(mem, w.referenced, m->func_count * sizeof *w.referenced);
  return status;
}

cv_status cv_snapshot(cv_instance *instance, const cv_snapshot_options *options, cv_mem *mem, cv_buf *out,
                      cv_diag *diag) {
  cv_snapshot_group group;
  CV_TRY(cv_snapshot_group_init(&group, &instance, 1, mem, diag));
  cv_status status = cv_snapshot_one(&group, 0, options, mem, out, diag);
  cv_snapshot_group_free(&group, mem);
  return status;
}
