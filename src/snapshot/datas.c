// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// datas.c: memories and data segments of a snapshot (core specification, 5.5.8, 5.5.14). Zero runs are left out when
// they are longer than what another segment costs. Engines bound the number of segments, so the least zero run that
// counts doubles until there are few enough.
#include "snapshot/sections.h"
#include "wasm/limits.h"
#include "wasm/opcodes.h"

enum {
  SHORTEST_GAP = 16,   // bytes; a segment takes about ten beside its contents
  MOST_SEGMENTS = 4000 // of one memory
};

// ---- sizes ---------------------------------------------------------------------------------------------------------

static void put_limits(cv_buf *s, const cv_memtype *type, uint64_t pages) {
  const cv_limits *l = &type->limits;
  bool custom = type->page_log2 != 16;
  cv_buf_byte(s, (uint8_t)((l->has_max ? 1 : 0) | (l->is_shared ? 2 : 0) | (l->is_64 ? 4 : 0) | (custom ? 8 : 0)));
  cv_buf_uleb(s, pages);
  if (l->has_max)
    cv_buf_uleb(s, l->max);
  if (custom)
    cv_buf_uleb(s, type->page_log2);
}

cv_status cv_snapshot_memories(cv_snapshot_work *w, cv_buf *s, uint32_t *count) {
  const cv_module *m = w->module;
  *count = m->memory_count - m->imported_memories;
  for (uint32_t i = m->imported_memories; i < m->memory_count; i++)
    put_limits(s, &m->memories[i], cv_memory_size(cv_instance_memory(w->instance, i)) >> m->memories[i].page_log2);
  return CV_OK;
}

void cv_snapshot_put_offset(cv_buf *s, const cv_limits *limits, uint64_t at) {
  cv_buf_byte(s, limits->is_64 ? CV_OPC_I64_CONST : CV_OPC_I32_CONST);
  cv_buf_sleb(s, limits->is_64 ? (int64_t)at : (int32_t)(uint32_t)at);
  cv_buf_byte(s, CV_OPC_END);
}

// ---- contents ------------------------------------------------------------------------------------------------------

// The first byte from `at` on that is not zero, or `size`.
static uint64_t skip_zeros(const uint8_t *base, uint64_t at, uint64_t size) {
  while (at < size && at % 8 != 0 && base[at] == 0)
    at++;
  if (at % 8 == 0)
    while (size - at >= 8 && cv_load_le64(base + at) == 0)
      at += 8;
  while (at < size && base[at] == 0)
    at++;
  return at;
}

// The end of the run that begins at `at`, which is not zero: zeros follow it, more than `gap` or to the end.
static uint64_t run_end(const uint8_t *base, uint64_t at, uint64_t size, uint64_t gap) {
  for (;;) {
    while (at < size && base[at] != 0)
      at++;
    uint64_t next = skip_zeros(base, at, size);
    if (next == size || next - at > gap)
      return at;
    at = next;
  }
}

// How many runs there are, or MOST_SEGMENTS + 1 for more; *bytes is what is in them.
static uint32_t count_runs(const uint8_t *base, uint64_t size, uint64_t gap, uint64_t *bytes) {
  uint32_t count = 0;
  *bytes = 0;
  for (uint64_t at = skip_zeros(base, 0, size); at < size && count <= MOST_SEGMENTS; count++) {
    uint64_t end = run_end(base, at, size, gap);
    *bytes += end - at;
    at = skip_zeros(base, end, size);
  }
  return count;
}

static cv_status put_memory(cv_snapshot_work *w, uint32_t index, cv_buf *s, uint32_t *count) {
  const cv_memory *memory = cv_instance_memory(w->instance, index);
  uint64_t size = cv_memory_size(memory), gap = SHORTEST_GAP, bytes;
  uint32_t runs;
  while ((runs = count_runs(memory->base, size, gap, &bytes)) > MOST_SEGMENTS)
    gap *= 2;
  if (bytes > CV_MAX_MODULE_SIZE)
    return cv_fail(w->diag, CV_ELIMIT, CV_NO_OFFSET, "memory %u holds %llu bytes, which is more than a module may have",
                   index, (unsigned long long)bytes);
  *count += runs;
  for (uint64_t at = skip_zeros(memory->base, 0, size); at < size;) {
    uint64_t end = run_end(memory->base, at, size, gap);
    cv_buf_byte(s, index == 0 ? 0 : 2);
    if (index != 0)
      cv_buf_uleb(s, index);
    cv_snapshot_put_offset(s, &w->module->memories[index].limits, at);
    cv_buf_uleb(s, end - at);
    cv_buf_bytes(s, memory->base + at, (size_t)(end - at));
    at = skip_zeros(memory->base, end, size);
  }
  return CV_OK;
}

static void put_old(const cv_snapshot_work *w, uint32_t index, cv_buf *s) {
  const cv_data_decl *data = &w->module->datas[index];
  cv_buf_byte(s, 1);
  if (data->mode == CV_SEGMENT_PASSIVE && !w->instance->dropped_datas[index]) {
    cv_buf_uleb(s, data->bytes.size);
    cv_buf_bytes(s, cv_span_start(w->module, data->bytes), data->bytes.size);
  } else {
    cv_buf_uleb(s, 0);
  }
}

cv_status cv_snapshot_datas(cv_snapshot_work *w, cv_buf *s, uint32_t *count) {
  const cv_module *m = w->module;
  *count = w->names_datas ? m->data_count : 0;
  for (uint32_t i = 0; i < *count; i++)
    put_old(w, i, s);
  for (uint32_t i = m->imported_memories; i < m->memory_count; i++)
    CV_TRY(put_memory(w, i, s, count));
  if (*count > CV_MAX_DATA_SEGMENTS)
    return cv_fail(w->diag, CV_ELIMIT, CV_NO_OFFSET, "the state takes more data segments than a module may have");
  return CV_OK;
}
