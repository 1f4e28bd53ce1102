// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// place.c: brings the code of one function to the arena, with its tables, and finds the function of an address.
//
// A direct call of a function that is not placed yet:
//   eager  is kept in a list, and filled in when all are placed
//   lazy   goes to the callee's stub, which jumps through its slot. Code that runs is never changed: placing the callee
//          writes the slot, and calls that are compiled from then on go straight to it.
//
// A stub is 24 bytes, aligned to 8:
//   0  jmp [slot]    6  call to the lazy entry (exec/code/stubs.h)    11  padding    12  function index
//   16 the slot: at first the address of byte 6
#include <stdlib.h>

#include "exec/llvm/code.h"

enum {
  STUB_SIZE = 24,
  STUB_CALL = 6,
  STUB_INDEX = 12,
  STUB_SLOT = 16,
  STUBS_AT_ONCE = 64,
  BLOCK = 1 << 20,
  ENTRY_AT = LLVM_TEXT_AT - LLVM_EXTERNAL_ENTRY,
};
static_assert(CV_LAZY_INDEX == STUB_INDEX - (STUB_CALL + 5), "the lazy entry finds the index behind the call");

// Where cv_func.code leads: "jump" of plugin.h.
static const uint8_t *jump;

bool llvm_place_ready(void) {
  static cv_lock lock;
  cv_lock_take(&lock);
  static const uint8_t code[] = {0xff, 0x20}; // jmp [rax]
  static_assert(offsetof(cv_func, code) == 0, "without a displacement");
  if (jump == NULL && cv_native_stubs_ready())
    jump = cv_native_place_forever(code, sizeof code);
  bool ready = jump != NULL;
  cv_lock_release(&lock);
  return ready;
}

static uint32_t offset_of(const uint8_t *run) {
  return (uint32_t)(run - cv_code_arena_base());
}

static uint8_t *writable(uint8_t *run) {
  return run + cv_code_arena_write_delta();
}

cv_status llvm_place_begin(llvm_code *code) {
  uint32_t defined = code->base.module->func_count - code->base.module->imported_funcs;
  cv_arena_init(&code->tables, code->mem);
  code->funcs = cv_mem_calloc(code->mem, defined, sizeof *code->funcs);
  code->order = cv_mem_calloc(code->mem, defined, sizeof *code->order);
  return code->funcs == NULL || code->order == NULL ? CV_ENOMEM : CV_OK;
}

void llvm_place_end(llvm_code *code) {
  uint32_t defined = code->base.module->func_count - code->base.module->imported_funcs;
  while (code->blocks != NULL) {
    llvm_block *b = code->blocks;
    code->blocks = b->older;
    cv_code_map_remove((uintptr_t)b->block.run);
    cv_code_block_delete(&b->block);
    cv_mem_free(code->mem, b, sizeof *b);
  }
  cv_vec_free(code->mem, &code->calls);
  cv_arena_free(&code->tables);
  cv_mem_free(code->mem, code->funcs, defined * sizeof *code->funcs);
  cv_mem_free(code->mem, code->order, defined * sizeof *code->order);
}

// Room for `size` bytes, aligned; a new block when the present one is full.
static cv_status room_for(llvm_code *code, size_t size, uint8_t **run) {
  llvm_block *last = code->blocks;
  size_t rounded = cv_align_up(size, LLVM_ALIGNMENT);
  if (last != NULL && last->block.size - code->used >= rounded) {
    *run = last->block.run + code->used;
    code->used += rounded;
    return CV_OK;
  }
  llvm_block *b = cv_mem_alloc(code->mem, sizeof *b);
  if (b == NULL)
    return CV_ENOMEM;
  size_t wanted = CV_MIN((size_t)BLOCK, 4096 + (size_t)code->base.module->code_section.size * 8);
  cv_status status = CV_ENOMEM;
  if (cv_code_block_new(&b->block, CV_MAX(rounded, wanted)) || cv_code_block_new(&b->block, rounded)) {
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
  code->used = rounded;
  *run = b->block.run;
  return CV_OK;
}

// ---- stubs ----

static cv_status stub_new(llvm_code *code, uint32_t index) {
  if (code->stub_at == code->stub_last) {
    uint8_t *run;
    CV_TRY(room_for(code, (size_t)STUB_SIZE * STUBS_AT_ONCE, &run));
    code->stub_at = offset_of(run);
    code->stub_last = code->stub_at + STUB_SIZE * STUBS_AT_ONCE;
  }
  uint8_t *run = cv_code_arena_base() + code->stub_at, *write = writable(run);
  static const uint8_t jump_slot[STUB_CALL] = {0xff, 0x25, STUB_SLOT - STUB_CALL, 0, 0, 0};
  memcpy(write, jump_slot, sizeof jump_slot);
  write[STUB_CALL] = 0xe8;
  cv_store_le32(write + STUB_CALL + 1, (uint32_t)(cv_native_lazy_entry(false) - (run + STUB_CALL + 5)));
  write[STUB_CALL + 5] = 0xcc;
  cv_store_le32(write + STUB_INDEX, index + code->base.module->imported_funcs);
  cv_store_le64(write + STUB_SLOT, (uint64_t)(uintptr_t)(run + STUB_CALL));
  code->funcs[index].stub = code->stub_at;
  code->stub_at += STUB_SIZE;
  return CV_OK;
}

static void fill_slot(const llvm_func_code *f) {
  if (f->stub == 0)
    return;
  const uint8_t *entry = cv_code_arena_base() + f->at + LLVM_EXTERNAL_ENTRY;
  uint64_t *slot = (uint64_t *)(void *)writable(cv_code_arena_base() + f->stub + STUB_SLOT);
  __atomic_store_n(slot, (uint64_t)(uintptr_t)entry, __ATOMIC_RELEASE);
}

// ---- symbols ----

typedef struct resolving {
  llvm_code *code;
  uint32_t self; // the function being placed
  const uint8_t *text;
  bool no_memory;
} resolving;

static bool function_address(resolving *r, uint32_t func, uintptr_t field, uintptr_t *address) {
  llvm_code *code = r->code;
  const cv_module *m = code->base.module;
  if (func < m->imported_funcs || func >= m->func_count)
    return false;
  uint32_t index = func - m->imported_funcs;
  llvm_func_code *callee = &code->funcs[index];
  if (index == r->self) {
    *address = (uintptr_t)r->text;
  } else if (callee->size != 0) {
    *address = (uintptr_t)cv_code_arena_base() + callee->at + LLVM_EXTERNAL_ENTRY;
  } else if (!code->base.options.lazy) {
    llvm_call call = {offset_of((const uint8_t *)field), index};
    r->no_memory = cv_vec_push(code->mem, &code->calls, call) != CV_OK;
    *address = field;
    return !r->no_memory;
  } else {
    if (callee->stub == 0 && stub_new(code, index) != CV_OK) {
      r->no_memory = true;
      return false;
    }
    *address = (uintptr_t)cv_code_arena_base() + callee->stub;
  }
  return true;
}

static bool resolve(void *arg, const char *name, uintptr_t field, uintptr_t *address) {
  resolving *r = arg;
  if (strcmp(name, "jump") == 0) {
    *address = (uintptr_t)jump;
    return true;
  }
  char *end;
  unsigned long number = name[0] != '\0' ? strtoul(name + 1, &end, 10) : 0;
  if (name[0] == '\0' || end == name + 1 || *end != '\0')
    return false;
  if (name[0] == 'f')
    return number <= UINT32_MAX && function_address(r, (uint32_t)number, field, address);
  if (name[0] != 'h' || number >= CV_NATIVE_HELPER_COUNT)
    return false;
  *address = (uintptr_t)cv_native_helper_stub((cv_native_helper)number);
  return true;
}

// ---- placing ----

// The external entry: loads r14 from the cv_func in rax, r15 from the instance.
static void write_entry(uint8_t *write) {
  static const uint8_t entry[LLVM_EXTERNAL_ENTRY] = {0x4c, 0x8b, 0x70, offsetof(cv_func, instance),
                                                     0x4d, 0x8b, 0x7e, offsetof(cv_instance, memory0_base)};
  memcpy(write, entry, sizeof entry);
}

static cv_status make_tables(llvm_code *code, const llvm_object *o, llvm_func_code *f) {
  CV_TRY(llvm_map_make(o, code->mem, &code->tables, &f->map, &f->map_size));
  return llvm_pads_make(o, code->mem, &code->tables, &f->pads, &f->pad_count);
}

cv_status llvm_place(llvm_code *code, uint32_t index, const cv_llvm_object *object, cv_diag *diag) {
  llvm_object o;
  llvm_func_code *f = &code->funcs[index];
  uint32_t func = index + code->base.module->imported_funcs;
  if (!llvm_object_read(&o, object->bytes, object->size))
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "function %u: LLVM's object file is not as expected", func);
  uint8_t *run;
  CV_TRY(make_tables(code, &o, f));
  CV_TRY(room_for(code, o.placed_size, &run));
  resolving r = {.code = code, .self = index, .text = run + LLVM_TEXT_AT};
  const char *symbol;
  if (!llvm_object_place(&o, writable(run), run, &(llvm_resolver){resolve, &r}, &symbol)) {
    if (r.no_memory)
      return CV_ENOMEM;
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "function %u: LLVM wants %s", func,
                   symbol != NULL ? symbol : "an unknown relocation");
  }
  write_entry(writable(run) + ENTRY_AT);
  f->at = offset_of(run) + ENTRY_AT;
  f->size = o.placed_size - ENTRY_AT;
  code->order[code->placed] = index;
  __atomic_store_n(&code->placed, code->placed + 1, __ATOMIC_RELEASE);
  __atomic_store_n(&f->ready, true, __ATOMIC_RELEASE);
  fill_slot(f);
  return CV_OK;
}

void llvm_place_all(llvm_code *code) {
  for (size_t i = 0; i < code->calls.count; i++) {
    const llvm_call *c = &code->calls.data[i];
    uint8_t *field = cv_code_arena_base() + c->field;
    const uint8_t *entry = cv_code_arena_base() + code->funcs[c->callee].at + LLVM_EXTERNAL_ENTRY;
    cv_store_le32(writable(field), (uint32_t)(entry - (field + 4)));
  }
  cv_vec_free(code->mem, &code->calls);
  for (const llvm_block *b = code->blocks; b != NULL; b = b->older)
    cv_code_block_written(&b->block);
}

// ---- finding ----

const llvm_func_code *llvm_code_function(const llvm_code *code, uintptr_t pc, uint32_t *index, uint32_t *text_at) {
  uint32_t high = __atomic_load_n(&code->placed, __ATOMIC_ACQUIRE), low;
  const llvm_block *b = __atomic_load_n(&code->blocks, __ATOMIC_ACQUIRE);
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
  const llvm_func_code *f = &code->funcs[*index];
  if (at - f->at >= f->size)
    return NULL;
  *text_at = at - f->at < LLVM_EXTERNAL_ENTRY ? 0 : at - f->at - LLVM_EXTERNAL_ENTRY;
  return f;
}
