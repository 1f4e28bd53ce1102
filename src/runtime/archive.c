// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// archive.c: reading compiled programs (archive.h).
#include "runtime/archive.h"

#include "base/digest.h"
#include "code_stamp.h" // written by the build
#include "runtime/engine.h"

#define AGAIN "make it again: cove compile"

uint64_t cv_archive_stamp(void) {
  return CV_CODE_STAMP;
}

bool cv_archive_is(const uint8_t *bytes, size_t size) {
  return size >= 8 && memcmp(bytes, CV_ARCHIVE_MAGIC, 8) == 0;
}

// In its head or its program, so that no other one can be made of it.
static cv_status damaged(cv_diag *diag, const char *what) {
  return cv_fail(diag, CV_EMALFORMED, CV_NO_OFFSET, "this compiled program is damaged: %s; compile the original", what);
}

// What is the same in every format: the rest of the header is not to be read before the format is known.
static cv_status check_format(const uint8_t *bytes, size_t size, cv_diag *diag) {
  if (!cv_archive_is(bytes, size))
    return cv_fail(diag, CV_EMALFORMED, CV_NO_OFFSET, "this is no compiled program");
  if (size < CV_ARCHIVE_HEADER_SIZE)
    return damaged(diag, "it is cut off");
  if (cv_load_le64(bytes + CV_ARCHIVE_AT_FORMAT) != CV_ARCHIVE_FORMAT)
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                   "this program was compiled by a cove of another version; " AGAIN);
  if (!cv_digest_available())
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                   "unsupported: compiled programs (cove was built without xxhash's header)");
  if (cv_load_le64(bytes + CV_ARCHIVE_AT_SIZE) != size)
    return damaged(diag, "its size is not what it was");
  return CV_OK;
}

static cv_status check_head(const uint8_t *bytes, size_t size, cv_diag *diag) {
  uint64_t head = cv_load_le64(bytes + CV_ARCHIVE_AT_HEAD_SIZE), modules = cv_load_le32(bytes + CV_ARCHIVE_AT_MODULES);
  if (head > size || head < CV_ARCHIVE_HEADER_SIZE + modules * CV_ARCHIVE_MODULE_SIZE ||
      cv_digest(bytes + CV_ARCHIVE_AT_SIZE, head - CV_ARCHIVE_AT_SIZE) != cv_load_le64(bytes + CV_ARCHIVE_AT_DIGEST))
    return damaged(diag, "its head is not what it was");
  for (uint64_t i = 0; i < modules; i++) {
    const uint8_t *m = bytes + CV_ARCHIVE_HEADER_SIZE + i * CV_ARCHIVE_MODULE_SIZE;
    uint64_t index = cv_load_le64(m + 8), upper = cv_load_le64(m + 40),
             index_size = (uint64_t)cv_load_le32(m + 16) * CV_ARCHIVE_INDEX_SIZE;
    if (!cv_range_fits(index, index_size, head) || !cv_range_fits(upper, index_size, head))
      return damaged(diag, "an index is not inside of its head");
  }
  return CV_OK;
}

static cv_status find_program(const uint8_t *bytes, size_t size, cv_bytes *program, cv_diag *diag) {
  uint64_t at = cv_load_le64(bytes + CV_ARCHIVE_AT_PROGRAM), length = cv_load_le64(bytes + CV_ARCHIVE_AT_PROGRAM + 8);
  if (!cv_range_fits(at, length, size))
    return damaged(diag, "its program is not inside of it");
  *program = (cv_bytes){bytes + at, length};
  return CV_OK;
}

static cv_status check_kind(uint32_t flags, cv_diag *diag) {
  if ((flags & CV_ARCHIVE_ENTRY) != 0)
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "this is an entry of a cache, not a compiled program");
  return CV_OK;
}

cv_status cv_archive_facts(const uint8_t *bytes, size_t size, uint32_t *flags, uint64_t *features, cv_diag *diag) {
  CV_TRY(check_format(bytes, size, diag));
  *flags = cv_load_le32(bytes + CV_ARCHIVE_AT_FLAGS);
  *features = cv_load_le64(bytes + CV_ARCHIVE_AT_FEATURES);
  return check_kind(*flags, diag);
}

cv_status cv_archive_program(const uint8_t *bytes, size_t size, cv_bytes *program, bool *is_component, cv_diag *diag) {
  uint32_t flags;
  uint64_t features;
  CV_TRY(cv_archive_facts(bytes, size, &flags, &features, diag));
  CV_TRY(check_head(bytes, size, diag));
  CV_TRY(find_program(bytes, size, program, diag));
  if (cv_digest(program->data, program->size) != cv_load_le64(bytes + CV_ARCHIVE_AT_WHOLE))
    return damaged(diag, "the program in it is not what it was");
  *is_component = (flags & CV_ARCHIVE_COMPONENT) != 0;
  return CV_OK;
}

bool cv_archive_program_digest(cv_bytes program, const uint8_t *modules, uint32_t count, uint64_t *out) {
  uint64_t at = 0, digest = 0;
  for (uint64_t i = 0; i <= count; i++) { // what is before each code section, and behind the last
    const uint8_t *m = modules + i * CV_ARCHIVE_MODULE_SIZE;
    uint64_t code = i < count ? cv_load_le64(m + 24) : program.size, size = i < count ? cv_load_le64(m + 32) : 0;
    if (code < at || !cv_range_fits(code, size, program.size))
      return false;
    digest = digest * 31 + cv_digest(program.data + at, code - at);
    at = code + size;
  }
  *out = digest;
  return true;
}

static const cv_tier *tier_of(const uint8_t *bytes) {
  for (const cv_tier *const *t = cv_tiers; *t != NULL; t++)
    if ((*t)->maker != NULL && strncmp((*t)->name, (const char *)bytes + CV_ARCHIVE_AT_TIER, CV_ARCHIVE_TIER_SIZE) == 0)
      return *t;
  return NULL;
}

// All but the program.
static cv_status open(cv_archive *out, const uint8_t *bytes, size_t size, cv_diag *diag) {
  *out = (cv_archive){.bytes = bytes, .size = size};
  CV_TRY(check_format(bytes, size, diag));
  if ((uintptr_t)bytes % CV_ARCHIVE_ALIGNMENT != 0)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "a compiled program is to be at an address that is a multiple of %d",
                   CV_ARCHIVE_ALIGNMENT);
  if (cv_load_le64(bytes + CV_ARCHIVE_AT_STAMP) != CV_CODE_STAMP)
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "this program was compiled by another build of cove; " AGAIN);
  CV_TRY(check_head(bytes, size, diag));
  out->tier = tier_of(bytes);
  if (out->tier == NULL || !out->tier->maker->can_place())
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                   "this program was compiled for the tier \"%.8s\", whose code cannot run here; " AGAIN,
                   (const char *)bytes + CV_ARCHIVE_AT_TIER);
  const char *lacking = out->tier->maker->cpu_lacks(cv_load_le64(bytes + CV_ARCHIVE_AT_CPU));
  if (lacking != NULL)
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                   "this program was compiled for a CPU with %s, which this one has not; " AGAIN
                   " here, or with --cpu common, or --cpu least",
                   lacking);
  out->flags = cv_load_le32(bytes + CV_ARCHIVE_AT_FLAGS);
  out->features = cv_load_le64(bytes + CV_ARCHIVE_AT_FEATURES);
  out->module_count = cv_load_le32(bytes + CV_ARCHIVE_AT_MODULES);
  return CV_OK;
}

cv_status cv_archive_open(cv_archive *out, const uint8_t *bytes, size_t size, cv_diag *diag) {
  uint64_t digest;
  CV_TRY(open(out, bytes, size, diag));
  CV_TRY(check_kind(out->flags, diag));
  CV_TRY(find_program(bytes, size, &out->program, diag));
  if (!cv_archive_program_digest(out->program, bytes + CV_ARCHIVE_HEADER_SIZE, out->module_count, &digest) ||
      digest != cv_load_le64(bytes + CV_ARCHIVE_AT_PROGRAM + 16))
    return damaged(diag, "the program in it is not what it was");
  return CV_OK;
}

cv_status cv_archive_open_entry(cv_archive *out, const uint8_t *bytes, size_t size, cv_bytes program, cv_diag *diag) {
  CV_TRY(open(out, bytes, size, diag));
  CV_TRY(find_program(bytes, size, &out->program, diag));
  if ((out->flags & CV_ARCHIVE_ENTRY) == 0 || out->program.size != program.size ||
      memcmp(out->program.data, program.data, program.size) != 0)
    return cv_fail(diag, CV_EINVALID, CV_NO_OFFSET, "this is no entry of a cache, or one of another program");
  out->keeps = true;
  return CV_OK;
}

uint32_t cv_archive_flags(const cv_compile_options *options) {
  return (options->fuel ? CV_ARCHIVE_FUEL : 0u) | (options->canonical_nan ? CV_ARCHIVE_CANONICAL_NAN : 0u) |
         (options->tier_up != CV_TIER_UP_NEVER ? CV_ARCHIVE_POLLS : 0u);
}

uint64_t cv_archive_entry_cpu(const cv_compile_options *options) {
  uint64_t needs = 0;
  for (const cv_tier *const *t = cv_tiers; *t != NULL; t++)
    if ((*t)->maker != NULL)
      needs |= (*t)->maker->cpu_needs(options->cpu);
  return needs;
}

bool cv_archive_find(const cv_archive *archive, uint64_t key, cv_code_objects *out, cv_code_objects *upper) {
  *out = *upper = (cv_code_objects){0};
  for (uint64_t i = 0; i < archive->module_count; i++) {
    const uint8_t *m = archive->bytes + CV_ARCHIVE_HEADER_SIZE + i * CV_ARCHIVE_MODULE_SIZE;
    if (cv_load_le64(m) != key)
      continue;
    *out = (cv_code_objects){.bytes = archive->bytes,
                             .size = archive->size,
                             .index = archive->bytes + cv_load_le64(m + 8),
                             .count = cv_load_le32(m + 16)};
    if (cv_load_le64(m + 40) != 0) {
      *upper = *out;
      upper->index = archive->bytes + cv_load_le64(m + 40);
    }
    return true;
  }
  return archive->keeps;
}

cv_status cv_code_objects_get(const cv_code_objects *objects, uint32_t index, cv_code_object *out) {
  if (index >= objects->count)
    return CV_EMALFORMED;
  const uint8_t *entry = objects->index + (size_t)index * CV_ARCHIVE_INDEX_SIZE;
  uint64_t at = cv_load_le64(entry);
  *out = (cv_code_object){0};
  if (cv_code_objects_text_size(objects, index) == 0)
    return CV_OK;
  cv_code_piece piece = {.text_size = cv_load_le32(entry + 16),
                         .reloc_count = cv_load_le32(entry + 20),
                         .map_size = cv_load_le32(entry + 24),
                         .pads_size = cv_load_le32(entry + 28),
                         .polls_size = cv_load_le32(entry + 36)};
  uint64_t size = cv_code_piece_size(&piece);
  if (!cv_range_fits(at, size, objects->size) || at % CV_ARCHIVE_ALIGNMENT != 0)
    return CV_EMALFORMED;
  piece.bytes = objects->bytes + at;
  if (cv_digest(piece.bytes, size) != cv_load_le64(entry + 8))
    return CV_EMALFORMED;
  *out = cv_code_piece_object(&piece);
  out->lasts = true;
  return CV_OK;
}

uint32_t cv_code_objects_text_size(const cv_code_objects *objects, uint32_t index) {
  return cv_load_le32(objects->index + (size_t)index * CV_ARCHIVE_INDEX_SIZE + 16);
}

uint32_t cv_code_objects_offset(const cv_code_objects *objects, uint32_t index) {
  return cv_load_le32(objects->index + (size_t)index * CV_ARCHIVE_INDEX_SIZE + 32);
}
