// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// place.c: brings the code of one function to the arena, with its tables, and finds the function of an address.
//
// A direct call to a function that is not placed yet:
//   eager  is linked into a chain through its 32-bit field (the place of the next field, counted from the arena's
//          start), which is resolved when the callee is placed
//   lazy   goes to the callee's stub, which jumps through its slot. Code that runs is never changed: placing the callee
//          writes the slot, and calls that are compiled from then on go straight to it.
//
// A stub is 24 bytes, aligned to 8:
//   0  jmp [slot]    6  call to the lazy entry (exec/code/stubs.h)    11  padding    12  function index
//   16 the slot: at first the address of byte 6
#include "exec/jit/code.h"
#include "exec/jit/stencil.h"

enum { STUB_SIZE = 24, STUB_CALL = 6, STUB_INDEX = 12, STUB_SLOT = 16, STUBS_AT_ONCE = 64 };
static_assert(CV_LAZY_INDEX == STUB_INDEX - (STUB_CALL + 5), "the lazy entry finds the index behind the call");

static uint32_t offset_of(const uint8_t *run) {
  return (uint32_t)(run - cv_code_arena_base());
}

// Room for `size` bytes, aligned to 16; a new block when the present one is full.
static cv_status room_for(jit_code *code, size_t size, uint8_t **run) {
  jit_block *last = code->blocks;
  if (last != NULL && last->block.size - code->used >= size) {
    *run = last->block.run + code->used;
    code->used = CV_MIN(cv_align_up(code->used + size, 16), last->block.size);
    return CV_OK;
  }
  jit_block *b = cv_mem_alloc(code->mem, sizeof *b);
  if (b == NULL)
    return CV_ENOMEM;
  size_t wanted = CV_MAX(size, code->next_block);
  cv_status status = CV_ENOMEM;
  if (cv_code_block_new(&b->block, wanted) || cv_code_block_new(&b->block, size)) {
    uintptr_t start = (uintptr_t)b->block.run;
    status = cv_code_map_add(start, start + b->block.size, &code->base);
    if (status != CV_OK)
      cv_code_block_delete(&b->block);
  }
  if (status != CV_OK) {
    cv_mem_free(code->mem, b, sizeof *b);
    return status;
  }
  if (last != NULL) // hardly written any more
    cv_code_block_written(&last->block);
  b->first = code->placed;
  b->older = last;
  __atomic_store_n(&code->blocks, b, __ATOMIC_RELEASE);
  code->used = CV_MIN(cv_align_up(size, 16), b->block.size);
  *run = b->block.run;
  return CV_OK;
}

// ---- stubs ----

static cv_status stub_new(jit_code *code, uint32_t index) {
  if (code->stub_at == code->stub_last) {
    uint8_t *run;
    CV_TRY(room_for(code, (size_t)STUB_SIZE * STUBS_AT_ONCE, &run));
    code->stub_at = offset_of(run);
    code->stub_last = code->stub_at + STUB_SIZE * STUBS_AT_ONCE;
  }
  uint8_t *run = cv_code_arena_base() + code->stub_at, *write = run + code->write_delta;
  static const uint8_t jump[STUB_CALL] = {0xff, 0x25, STUB_SLOT - STUB_CALL, 0, 0, 0};
  memcpy(write, jump, sizeof jump);
  write[STUB_CALL] = 0xe8;
  cv_store_le32(write + STUB_CALL + 1, (uint32_t)(cv_native_lazy_entry(false) - (run + STUB_CALL + 5)));
  write[STUB_CALL + 5] = 0xcc;
  cv_store_le32(write + STUB_INDEX, index + code->base.module->imported_funcs);
  cv_store_le64(write + STUB_SLOT, (uint64_t)(uintptr_t)(run + STUB_CALL));
  code->funcs[index].waits = code->stub_at;
  code->stub_at += STUB_SIZE;
  return CV_OK;
}

// Stubs for the functions that `j` calls and that are not placed; `index` is the caller itself.
static cv_status stubs_for(jit_code *code, const jit *j, uint32_t index) {
  for (size_t i = 0; i < j->relocs.count; i++) {
    const reloc *r = &j->relocs.data[i];
    if (r->kind != RELOC_FUNC)
      continue;
    uint32_t callee = r->value - code->base.module->imported_funcs;
    if (callee != index && code->funcs[callee].size == 0 && code->funcs[callee].waits == 0)
      CV_TRY(stub_new(code, callee));
  }
  return CV_OK;
}

// ---- relocations ----

// Where a direct call in `field` goes; 0 when it was linked into the callee's chain.
static uintptr_t callee_of(jit_code *code, uint32_t func, const uint8_t *field) {
  jit_func_code *callee = &code->funcs[func - code->base.module->imported_funcs];
  if (callee->size != 0)
    return (uintptr_t)cv_code_arena_base() + callee->at + JIT_EXTERNAL_ENTRY;
  if (code->base.options.lazy)
    return (uintptr_t)cv_code_arena_base() + callee->waits;
  cv_store_le32((uint8_t *)(uintptr_t)field + code->write_delta, callee->waits);
  callee->waits = offset_of(field);
  return 0;
}

CV_MUST_USE static bool relocate(jit_code *code, const jit *j, uint8_t *run) {
  for (size_t i = 0; i < j->relocs.count; i++) {
    const reloc *r = &j->relocs.data[i];
    uint8_t *field = run + r->at, *write = field + code->write_delta;
    uintptr_t target;
    if (r->kind == RELOC_HELPER) {
      target = (uintptr_t)cv_native_helper_stub((cv_native_helper)r->value);
    } else if (r->kind == RELOC_POOL) {
      if (!cv_stencil_patch_place(write, (uintptr_t)field, (uintptr_t)jit_stencil_pool + r->value))
        return false;
      continue;
    } else {
      target = callee_of(code, r->value, field);
      if (target == 0)
        continue;
    }
    cv_store_le32(write, (uint32_t)(target - ((uintptr_t)field + 4)));
  }
  return true;
}

// Eager: the calls that waited. Their code may be in another block.
static void resolve(const jit_code *code, jit_func_code *f) {
  const uint8_t *entry = cv_code_arena_base() + f->at + JIT_EXTERNAL_ENTRY;
  for (uint32_t at = f->waits; at != 0;) {
    uint8_t *field = cv_code_arena_base() + at, *write = field + code->write_delta;
    at = cv_load_le32(write);
    cv_store_le32(write, (uint32_t)(entry - (field + 4)));
  }
  f->waits = 0;
}

// ---- placing ----

static cv_status copy_tables(jit_code *code, const jit *j, jit_func_code *f) {
  f->map = cv_arena_copy(&code->tables, j->map.data, j->map.count);
  f->map_size = (uint32_t)j->map.count;
  f->handler_count = (uint32_t)j->handlers.count;
  if (j->handlers.count > 0)
    f->handlers = cv_arena_copy(&code->tables, j->handlers.data, j->handlers.count * sizeof(handler));
  return f->map == NULL || (f->handler_count > 0 && f->handlers == NULL) ? CV_ENOMEM : CV_OK;
}

cv_status jit_place_function(jit_code *code, const jit *j, uint32_t index) {
  uint8_t *run;
  size_t size = cv_emit_at(&j->e);
  jit_func_code *f = &code->funcs[index];
  if (code->base.options.lazy)
    CV_TRY(stubs_for(code, j, index));
  CV_TRY(copy_tables(code, j, f));
  CV_TRY(room_for(code, size, &run));
  memcpy(run + code->write_delta, j->e.start, size);
  f->at = offset_of(run);
  f->size = (uint32_t)size;
  if (!relocate(code, j, run)) {
    f->size = 0;
    return CV_ENOMEM;
  }
  code->order[code->placed] = index;
  __atomic_store_n(&code->placed, code->placed + 1, __ATOMIC_RELEASE);
  __atomic_store_n(&f->ready, true, __ATOMIC_RELEASE);
  if (!code->base.options.lazy) {
    resolve(code, f);
  } else if (f->waits != 0) {
    uint64_t *slot = (uint64_t *)(void *)(cv_code_arena_base() + f->waits + STUB_SLOT + code->write_delta);
    __atomic_store_n(slot, (uint64_t)(uintptr_t)(run + JIT_EXTERNAL_ENTRY), __ATOMIC_RELEASE);
  }
  return CV_OK;
}

// ---- finding ----

const jit_func_code *jit_code_function(const jit_code *code, uintptr_t pc, uint32_t *index) {
  uint32_t high = __atomic_load_n(&code->placed, __ATOMIC_ACQUIRE), low;
  const jit_block *b = __atomic_load_n(&code->blocks, __ATOMIC_ACQUIRE);
  for (; b != NULL && pc - (uintptr_t)b->block.run >= b->block.size; b = b->older)
    high = CV_MIN(high, b->first);
  if (b == NULL)
    return NULL;
  uint32_t at = offset_of((const uint8_t *)pc), first = b->first;
  for (low = first; low < high;) {
    uint32_t middle = low + (high - low) / 2;
    if (code->funcs[code->order[middle]].at <= at)
      low = middle + 1;
    else
      high = middle;
  }
  if (low <= first)
    return NULL;
  *index = code->order[low - 1];
  const jit_func_code *f = &code->funcs[*index];
  return at - f->at < f->size ? f : NULL;
}
