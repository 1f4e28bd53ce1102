// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// place.c: brings function objects to the arena and finds the function of an address (native.h).
#include "exec/code/native.h"

enum { STUB_JUMP = 8, STUB_CALL = 14, STUB_INDEX = 20, STUB_SLOT = 24, STUB_SIZE = 32, STUBS_AT_ONCE = 64 };
static_assert(CV_LAZY_INDEX == STUB_INDEX - (STUB_CALL + 5), "the lazy entry finds the index behind the call");
static_assert(STUB_JUMP == (int)CV_EXTERNAL_ENTRY, "a stub has the two entries of a function");

static uint32_t offset_of(const uint8_t *run) {
  return (uint32_t)(run - cv_code_arena_base());
}

static uint8_t *at_offset(uint32_t offset) {
  return cv_code_arena_base() + offset;
}

// Room for `size` bytes, aligned; a new block when the present one is full.
static cv_status room_for(cv_native_code *code, size_t size, uint8_t **run) {
  cv_native_block *last = code->blocks;
  size_t rounded = cv_align_up(size, code->kind->alignment);
  if (last != NULL && last->block.size - code->used >= size) {
    *run = last->block.run + code->used;
    code->used = CV_MIN(code->used + rounded, last->block.size);
    return CV_OK;
  }
  cv_native_block *b = cv_mem_alloc(code->mem, sizeof *b);
  if (b == NULL)
    return CV_ENOMEM;
  cv_status status = CV_ENOMEM;
  if (cv_code_block_new(&b->block, CV_MAX(size, code->next_block)) || cv_code_block_new(&b->block, size)) {
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
  code->used = CV_MIN(rounded, b->block.size);
  *run = b->block.run;
  return CV_OK;
}

// ---- stubs ----

static void set_slot(const cv_native_code *code, uint32_t stub, const uint8_t *entry) {
  uint64_t *slot = (uint64_t *)(void *)(at_offset(stub) + STUB_SLOT + code->write_delta);
  __atomic_store_n(slot, (uint64_t)(uintptr_t)entry, __ATOMIC_RELEASE);
}

cv_status cv_native_stub(cv_native_code *code, uint32_t index, const uint8_t **stub) {
  cv_native_func *f = &code->funcs[index];
  if (f->waits != 0) {
    *stub = at_offset(f->waits);
    return CV_OK;
  }
  if (code->stub_at == code->stub_last) {
    uint8_t *run;
    CV_TRY(room_for(code, (size_t)STUB_SIZE * STUBS_AT_ONCE, &run));
    code->stub_at = offset_of(run);
    code->stub_last = code->stub_at + STUB_SIZE * STUBS_AT_ONCE;
  }
  static const uint8_t start[STUB_CALL] = {0x4c,
                                           0x8b,
                                           0x70,
                                           offsetof(cv_func, instance), // mov r14, [rax + 8]
                                           0x4d,
                                           0x8b,
                                           0x7e,
                                           offsetof(cv_instance, memory0_base), // mov r15, [r14 + 8]
                                           0xff,
                                           0x25,
                                           STUB_SLOT - STUB_CALL}; // jmp [rip + 10]
  uint8_t *run = at_offset(code->stub_at), *write = run + code->write_delta;
  memcpy(write, start, sizeof start);
  write[STUB_CALL] = 0xe8;
  cv_store_le32(write + STUB_CALL + 1, (uint32_t)(cv_native_lazy_entry(false) - (run + STUB_CALL + 5)));
  write[STUB_CALL + 5] = 0xcc;
  cv_store_le32(write + STUB_INDEX, index + code->base.module->imported_funcs);
  set_slot(code, code->stub_at, f->size != 0 ? cv_native_entry_of(f) + CV_EXTERNAL_ENTRY : run + STUB_CALL);
  f->waits = code->stub_at;
  code->stub_at += STUB_SIZE;
  *stub = run;
  return CV_OK;
}

cv_status cv_native_lead(cv_native_code *code, uint32_t index, const uint8_t *entry) {
  const uint8_t *stub;
  cv_lock_take(&code->lock);
  cv_status status = cv_native_stub(code, index, &stub);
  if (status == CV_OK)
    set_slot(code, offset_of(stub), entry);
  cv_lock_release(&code->lock);
  return status;
}

// Whether a call of `callee` by the function `self`, made now, goes through a stub.
static bool wants_stub(const cv_native_code *code, uint32_t callee, uint32_t self) {
  if (!code->base.options.lazy)
    return false;
  return code->through_stubs || (callee != self && code->funcs[callee].size == 0);
}

static cv_status stub_for_call(cv_native_code *code, uint32_t callee, const uint8_t **stub) {
  cv_native_code *owner = code->stubs_of;
  if (owner == NULL)
    return cv_native_stub(code, callee, stub);
  cv_lock_take(&owner->lock);
  cv_status status = cv_native_stub(owner, callee, stub);
  cv_lock_release(&owner->lock);
  return status;
}

// The stubs of a code come before what it is that calls them.
static cv_status stubs_for(cv_native_code *code, const cv_code_object *object, uint32_t self) {
  for (uint32_t i = 0; i < object->reloc_count; i++) {
    const cv_code_reloc *r = &object->relocs[i];
    uint32_t callee = r->value - code->base.module->imported_funcs;
    const uint8_t *stub;
    if (r->kind == CV_RELOC_SLOT || (r->kind == CV_RELOC_FUNC && wants_stub(code, callee, self)))
      CV_TRY(stub_for_call(code, callee, &stub));
  }
  return CV_OK;
}

// ---- relocations ----

// Where a direct call in `field` goes; 0 when it was linked into the callee's chain.
static uintptr_t callee_of(cv_native_code *code, uint32_t index, uint32_t self, const uint8_t *field) {
  cv_native_func *callee = &code->funcs[index];
  if (wants_stub(code, index, self)) {
    const cv_native_code *owner = code->stubs_of != NULL ? code->stubs_of : code;
    return (uintptr_t)at_offset(owner->funcs[index].waits) + CV_EXTERNAL_ENTRY;
  }
  if (callee->size != 0)
    return (uintptr_t)cv_native_entry_of(callee) + CV_EXTERNAL_ENTRY;
  cv_store_le32((uint8_t *)(uintptr_t)field + code->write_delta, callee->waits);
  callee->waits = offset_of(field);
  return 0;
}

CV_MUST_USE static bool relocate(cv_native_code *code, const cv_code_object *object, uint32_t self, uint8_t *run) {
  for (uint32_t i = 0; i < object->reloc_count; i++) {
    const cv_code_reloc *r = &object->relocs[i];
    uint8_t *field = run + r->at, *write = field + code->write_delta;
    uintptr_t target;
    if (r->kind == CV_RELOC_TYPE) {
      cv_store_le32(write, cv_load_le32(write) + code->base.module->types[r->value].id);
      continue;
    }
    if (r->kind == CV_RELOC_HELPER)
      target = (uintptr_t)cv_native_helper_stub((cv_native_helper)r->value);
    else if (r->kind == CV_RELOC_POOL)
      target = (uintptr_t)*code->kind->pool + r->value;
    else if (r->kind == CV_RELOC_SLOT)
      target = (uintptr_t)at_offset(code->funcs[r->value - code->base.module->imported_funcs].waits) + STUB_SLOT;
    else if (r->kind == CV_RELOC_FLAG)
      target = (uintptr_t)code->flag;
    else
      target = callee_of(code, r->value - code->base.module->imported_funcs, self, field);
    if (target == 0)
      continue;
    int64_t distance = (int64_t)(target - ((uintptr_t)field + 4)) + (int32_t)cv_load_le32(write);
    if (distance != (int32_t)distance)
      return false;
    cv_store_le32(write, (uint32_t)distance);
  }
  return true;
}

// Eager: the calls that waited. Their code may be in another block.
static void resolve(const cv_native_code *code, cv_native_func *f) {
  const uint8_t *entry = cv_native_entry_of(f) + CV_EXTERNAL_ENTRY;
  for (uint32_t at = f->waits; at != 0;) {
    uint8_t *field = at_offset(at), *write = field + code->write_delta;
    at = cv_load_le32(write);
    cv_store_le32(write, (uint32_t)(entry - (field + 4)));
  }
  f->waits = 0;
}

// ---- placing ----

static cv_status keep_tables(cv_native_code *code, const cv_code_object *object, cv_native_func *f) {
  f->map_size = object->map_size;
  f->pads_size = object->pads_size;
  f->map = object->map;
  f->pads = object->pads;
  f->polls = object->polls;
  if (object->lasts)
    return CV_OK;
  if (f->map_size > 0)
    f->map = cv_arena_copy(&code->tables, object->map, object->map_size);
  if (f->pads_size > 0)
    f->pads = cv_arena_copy(&code->tables, object->pads, object->pads_size);
  if (f->polls != NULL && (f->polls = cv_arena_copy(&code->tables, f->polls, cv_poll_table_size(f->polls))) == NULL)
    return CV_ENOMEM;
  return (f->map_size > 0 && f->map == NULL) || (f->pads_size > 0 && f->pads == NULL) ? CV_ENOMEM : CV_OK;
}

cv_status cv_native_place(cv_native_code *code, uint32_t index, const cv_code_object *object) {
  uint8_t *run;
  cv_native_func *f = &code->funcs[index];
  CV_TRY(stubs_for(code, object, index));
  CV_TRY(keep_tables(code, object, f));
  CV_TRY(room_for(code, object->text_size, &run));
  memcpy(run + code->write_delta, object->text, object->text_size);
  f->at = offset_of(run) + code->kind->entry_at;
  f->size = object->text_size - code->kind->entry_at;
  if (!relocate(code, object, index, run)) {
    f->size = 0;
    return CV_ENOMEM;
  }
  code->order[code->placed] = index;
  __atomic_store_n(&code->placed, code->placed + 1, __ATOMIC_RELEASE);
  __atomic_store_n(&f->ready, true, __ATOMIC_RELEASE);
  if (!code->base.options.lazy)
    resolve(code, f);
  else if (f->waits != 0)
    set_slot(code, f->waits, cv_native_entry_of(f) + CV_EXTERNAL_ENTRY);
  return CV_OK;
}

// ---- finding ----

const cv_native_func *cv_native_find(const cv_native_code *code, uintptr_t pc, uint32_t *index, uint32_t *at) {
  uint32_t high = __atomic_load_n(&code->placed, __ATOMIC_ACQUIRE), low;
  const cv_native_block *b = __atomic_load_n(&code->blocks, __ATOMIC_ACQUIRE);
  for (; b != NULL && pc - (uintptr_t)b->block.run >= b->block.size; b = b->older)
    high = CV_MIN(high, b->first);
  if (b == NULL)
    return NULL;
  uint32_t offset = offset_of((const uint8_t *)pc), first = b->first;
  for (low = first; low < high;) {
    uint32_t middle = low + (high - low) / 2;
    if (code->funcs[code->order[middle]].at <= offset)
      low = middle + 1;
    else
      high = middle;
  }
  if (low <= first)
    return NULL;
  uint32_t found = code->order[low - 1];
  const cv_native_func *f = &code->funcs[found];
  *index = cv_native_func_index(code, found);
  *at = offset - f->at;
  return *at < f->size ? f : NULL;
}
