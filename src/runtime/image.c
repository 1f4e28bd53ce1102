// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// image.c: initial contents of memories, made once per module and mapped copy-on-write by every instance.
//
// An image stands for all data segments of its memory, so it may only be used when applying them one by one could not
// be told apart: offsets are constants and in bounds, the memory is the module's own, and no instance can leave a trace
// of itself behind before its segments are applied (an element segment that puts its functions into an imported table
// and then traps would). The first instance of a module copies its segments: an image pays from the second on.
#include "runtime/internal.h"

#include "sys/vm.h"

// Larger initial contents are copied: an image of mostly holes would cost more than it saves.
static const uint64_t MOST_IMAGE = 256 << 20;

typedef struct cv_images {
  uint32_t count; // defined memories
  bool are_all;   // every data segment is in one of them
  cv_image image[];
} cv_images;

static const uint64_t NOT_STATIC = UINT64_MAX;

// End of the segment in its memory, or NOT_STATIC.
static uint64_t segment_end(const cv_module *m, const cv_data_decl *d, uint64_t *offset) {
  const cv_memtype *type = &m->memories[d->memory];
  uint64_t size;
  if (!cv_const_is_static(m, &d->offset, offset) ||
      cv_mul_overflows(type->limits.min, 1ull << type->page_log2, &size) ||
      !cv_range_fits(*offset, d->bytes.size, CV_MIN(size, MOST_IMAGE)))
    return NOT_STATIC;
  return *offset + d->bytes.size;
}

static bool module_allows(const cv_module *m) {
  for (uint32_t e = 0; e < m->elem_count; e++)
    if (m->elems[e].mode == CV_SEGMENT_ACTIVE && m->elems[e].table < m->imported_tables)
      return false;
  return true;
}

// Bytes of initial contents; 0 when there are none or they are not static.
static uint64_t image_size(const cv_module *m, uint32_t memory) {
  uint64_t size = 0;
  for (uint32_t s = 0; s < m->data_count; s++) {
    const cv_data_decl *d = &m->datas[s];
    if (d->mode != CV_SEGMENT_ACTIVE || d->memory != memory)
      continue;
    uint64_t offset, end = segment_end(m, d, &offset);
    if (end == NOT_STATIC)
      return 0;
    size = CV_MAX(size, end);
  }
  const cv_memtype *type = &m->memories[memory];
  uint64_t whole = cv_vm_page_up(size);
  // The last page of a memory with small pages may reach beyond its end: the reservation covers it.
  return type->limits.is_shared ? 0 : whole;
}

static void fill(const cv_module *m, uint32_t memory, cv_image *image) {
  image->file = cv_vm_image_new("cove-memory", image->size);
  if (image->file < 0)
    return;
  for (uint32_t s = 0; s < m->data_count; s++) {
    const cv_data_decl *d = &m->datas[s];
    uint64_t offset;
    if (d->mode != CV_SEGMENT_ACTIVE || d->memory != memory)
      continue;
    if (segment_end(m, d, &offset) == NOT_STATIC ||
        !cv_vm_image_write(image->file, cv_span_start(m, d->bytes), d->bytes.size, offset)) {
      cv_vm_image_delete(image->file);
      image->file = -1;
      return;
    }
  }
  image->view = cv_vm_image_view(image->file, image->size);
  image->id = cv_image_id();
}

static size_t images_bytes(uint32_t count) {
  return sizeof(cv_images) + count * sizeof(cv_image);
}

static void images_free(cv_mem *mem, cv_images *images) {
  for (uint32_t i = 0; i < images->count; i++) {
    cv_vm_release((void *)images->image[i].view, images->image[i].size);
    cv_vm_image_delete(images->image[i].file);
  }
  cv_mem_free(mem, images, images_bytes(images->count));
}

// Failure leaves the module without images, which is only slower.
static void build(cv_code *code) {
  const cv_module *m = code->module;
  uint32_t count = m->memory_count - m->imported_memories;
  cv_mem *mem = &code->engine->mem;
  cv_images *images = cv_mem_zalloc(mem, images_bytes(count));
  if (images == NULL)
    return;
  images->count = count;
  bool allowed = module_allows(m);
  for (uint32_t i = 0; i < count; i++) {
    cv_image *image = &images->image[i];
    image->file = -1;
    image->size = allowed ? image_size(m, m->imported_memories + i) : 0;
    if (image->size != 0)
      fill(m, m->imported_memories + i, image);
  }
  images->are_all = true;
  for (uint32_t s = 0; s < m->data_count && images->are_all; s++) {
    const cv_data_decl *d = &m->datas[s];
    images->are_all = d->mode == CV_SEGMENT_ACTIVE && d->memory >= m->imported_memories &&
                      images->image[d->memory - m->imported_memories].file >= 0;
  }
  cv_images *none = NULL;
  if (!__atomic_compare_exchange_n(&code->images, &none, images, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    images_free(mem, images); // another thread was first
}

bool cv_code_wants_images(cv_code *code) {
  if (code->module->data_count == 0 || code->module->memory_count == code->module->imported_memories)
    return false;
  if (__atomic_add_fetch(&code->uses, 1, __ATOMIC_RELAXED) < 2)
    return false;
  if (__atomic_load_n(&code->images, __ATOMIC_ACQUIRE) == NULL)
    build(code);
  return __atomic_load_n(&code->images, __ATOMIC_ACQUIRE) != NULL;
}

const cv_image *cv_code_image(cv_code *code, uint32_t memory) {
  const cv_images *images = __atomic_load_n(&code->images, __ATOMIC_ACQUIRE);
  if (images == NULL || images->image[memory].file < 0)
    return NULL;
  return &images->image[memory];
}

bool cv_images_are_all(cv_code *code) {
  const cv_images *images = __atomic_load_n(&code->images, __ATOMIC_ACQUIRE);
  return images != NULL && images->are_all;
}

void cv_images_delete(cv_code *code) {
  if (code->images != NULL)
    images_free(&code->engine->mem, code->images);
  code->images = NULL;
}
