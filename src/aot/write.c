// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// write.c: the file of a compiled program (runtime/archive.h).
#include "aot/aot.h"
#include "base/digest.h"

static size_t piece_size(const cv_aot_piece *p) {
  return cv_code_piece_size(&p->object);
}

static size_t aligned(size_t size) {
  return cv_align_up(size, CV_ARCHIVE_ALIGNMENT);
}

static const uint8_t *piece_bytes(const cv_aot_piece *p) {
  return p->in != NULL ? p->in->data + p->at : p->object.bytes;
}

// `size` bytes, then zeros up to the alignment.
static cv_status put(const cv_aot_sink *sink, const void *bytes, size_t size) {
  static const uint8_t none[CV_ARCHIVE_ALIGNMENT];
  bool ok = (size == 0 || sink->write(sink->env, bytes, size)) &&
            (aligned(size) == size || sink->write(sink->env, none, aligned(size) - size));
  return ok ? CV_OK : CV_ENOMEM;
}

// The pieces of a module: its own, and those of the tier above. NULL when there are none.
enum { LISTS = 2 };

static const cv_aot_piece *list_of(const cv_aot_module *m, unsigned list) {
  return list == 0 ? m->pieces : m->upper;
}

static uint64_t index_size(const cv_aot_module *m, unsigned list) {
  return list_of(m, list) != NULL ? (uint64_t)m->func_count * CV_ARCHIVE_INDEX_SIZE : 0;
}

typedef struct sizes {
  uint64_t head, program_at, objects_at, whole;
} sizes;

static sizes sizes_of(const cv_aot_program *p) {
  sizes s = {.head = CV_ARCHIVE_HEADER_SIZE + (uint64_t)p->module_count * CV_ARCHIVE_MODULE_SIZE};
  uint64_t objects = 0;
  for (uint32_t i = 0; i < p->module_count * LISTS; i++) {
    const cv_aot_module *m = &p->modules[i / LISTS];
    const cv_aot_piece *list = list_of(m, i % LISTS);
    s.head += index_size(m, i % LISTS);
    for (uint32_t f = 0; list != NULL && f < m->func_count; f++)
      objects += aligned(piece_size(&list[f]));
  }
  s.program_at = s.head; // which is aligned
  s.objects_at = aligned(s.program_at + p->size);
  s.whole = s.objects_at + objects;
  return s;
}

static void write_header(cv_engine *engine, const cv_aot_program *p, const sizes *s, uint8_t *h) {
  const cv_tier *tier = cv_engine_tier(engine);
  const cv_compile_options *options = cv_engine_compile_options(engine);
  uint32_t flags = (p->is_component ? CV_ARCHIVE_COMPONENT : 0u) | (p->is_entry ? CV_ARCHIVE_ENTRY : 0u) |
                   (cv_archive_flags(options) & (p->is_entry ? UINT32_MAX : ~(uint32_t)CV_ARCHIVE_POLLS));
  memset(h, 0, CV_ARCHIVE_HEADER_SIZE);
  memcpy(h, CV_ARCHIVE_MAGIC, 8);
  cv_store_le64(h + CV_ARCHIVE_AT_FORMAT, CV_ARCHIVE_FORMAT);
  cv_store_le32(h + CV_ARCHIVE_AT_FLAGS, flags);
  cv_store_le64(h + CV_ARCHIVE_AT_STAMP, cv_archive_stamp());
  cv_store_le64(h + CV_ARCHIVE_AT_SIZE, s->whole);
  cv_store_le64(h + CV_ARCHIVE_AT_HEAD_SIZE, s->head);
  cv_store_le64(h + CV_ARCHIVE_AT_PROGRAM, s->program_at);
  cv_store_le64(h + CV_ARCHIVE_AT_PROGRAM + 8, p->size);
  cv_store_le64(h + CV_ARCHIVE_AT_CPU,
                p->is_entry ? cv_archive_entry_cpu(options) : tier->maker->cpu_needs(options->cpu));
  cv_store_le64(h + CV_ARCHIVE_AT_FEATURES, cv_engine_features(engine));
  cv_store_le32(h + CV_ARCHIVE_AT_MODULES, p->module_count);
  memcpy(h + CV_ARCHIVE_AT_TIER, tier->name, CV_MIN(strlen(tier->name), (size_t)CV_ARCHIVE_TIER_SIZE));
}

static void write_modules(const cv_aot_program *p, cv_buf *out) {
  uint64_t index = CV_ARCHIVE_HEADER_SIZE + (uint64_t)p->module_count * CV_ARCHIVE_MODULE_SIZE;
  for (uint32_t i = 0; i < p->module_count; i++) {
    const cv_aot_module *m = &p->modules[i];
    uint8_t entry[CV_ARCHIVE_MODULE_SIZE] = {0};
    cv_store_le64(entry, m->key);
    cv_store_le64(entry + 8, index);
    cv_store_le32(entry + 16, m->func_count);
    cv_store_le64(entry + 24, m->key + m->code->module->code_section.offset);
    cv_store_le64(entry + 32, m->code->module->code_section.size);
    index += index_size(m, 0);
    if (m->upper != NULL)
      cv_store_le64(entry + 40, index);
    index += index_size(m, 1);
    cv_buf_bytes(out, entry, sizeof entry);
  }
}

static void write_indices(const cv_aot_program *p, const sizes *s, cv_buf *out) {
  uint64_t at = s->objects_at;
  for (uint32_t i = 0; i < p->module_count * LISTS; i++) {
    const cv_aot_module *m = &p->modules[i / LISTS];
    const cv_aot_piece *list = list_of(m, i % LISTS);
    const cv_module *module = m->code->module;
    for (uint32_t f = 0; list != NULL && f < m->func_count; f++) {
      const cv_aot_piece *piece = &list[f];
      size_t size = piece_size(piece);
      uint8_t entry[CV_ARCHIVE_INDEX_SIZE] = {0};
      cv_store_le64(entry, at);
      cv_store_le64(entry + 8, size != 0 ? cv_digest(piece_bytes(piece), size) : 0);
      cv_store_le32(entry + 16, piece->object.text_size);
      cv_store_le32(entry + 20, piece->object.reloc_count);
      cv_store_le32(entry + 24, piece->object.map_size);
      cv_store_le32(entry + 28, piece->object.pads_size);
      cv_store_le32(entry + 32, module->funcs[module->imported_funcs + f].code.offset);
      cv_store_le32(entry + 36, piece->object.polls_size);
      cv_buf_bytes(out, entry, sizeof entry);
      at += aligned(size);
    }
  }
}

static cv_status make_head(cv_engine *engine, const cv_aot_program *p, const sizes *s, cv_buf *out, cv_diag *diag) {
  uint8_t header[CV_ARCHIVE_HEADER_SIZE];
  write_header(engine, p, s, header);
  cv_buf_bytes(out, header, sizeof header);
  write_modules(p, out);
  write_indices(p, s, out);
  CV_TRY(cv_buf_status(out));
  uint8_t *head = out->data;
  if (!p->is_entry) { // else whoever uses it looks at every byte of the program
    uint64_t digest;
    if (!cv_archive_program_digest((cv_bytes){p->bytes, p->size}, head + CV_ARCHIVE_HEADER_SIZE, p->module_count,
                                   &digest))
      return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: modules out of order");
    cv_store_le64(head + CV_ARCHIVE_AT_PROGRAM + 16, digest);
    cv_store_le64(head + CV_ARCHIVE_AT_WHOLE, cv_digest(p->bytes, p->size));
  }
  cv_store_le64(head + CV_ARCHIVE_AT_DIGEST, cv_digest(head + CV_ARCHIVE_AT_SIZE, s->head - CV_ARCHIVE_AT_SIZE));
  return CV_OK;
}

cv_status cv_aot_write(cv_engine *engine, const cv_aot_program *p, const cv_aot_sink *sink, cv_diag *diag) {
  const sizes s = sizes_of(p);
  cv_buf head;
  cv_buf_init(&head, cv_engine_mem(engine));
  cv_status status = make_head(engine, p, &s, &head, diag);
  if (status == CV_OK)
    status = put(sink, head.data, head.size);
  cv_buf_free(&head);
  CV_TRY(status);
  CV_TRY(put(sink, p->bytes, p->size));
  for (uint32_t i = 0; i < p->module_count * LISTS; i++) {
    const cv_aot_piece *list = list_of(&p->modules[i / LISTS], i % LISTS);
    for (uint32_t f = 0; list != NULL && f < p->modules[i / LISTS].func_count; f++)
      CV_TRY(put(sink, piece_bytes(&list[f]), piece_size(&list[f])));
  }
  return CV_OK;
}
