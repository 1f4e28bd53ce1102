// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// memory.c: the arena of a call, and copies to and from the program's memory.
#include "adapter.h"

extern u8 __heap_base; // by the linker: the first byte after static data and stack

static u32 base; // where the arena begins; what is kept for good is below
static u32 top;  // its first free byte

enum { PAGE = 65536 };

void arena_reset(void) {
  if (base == 0)
    base = (u32)&__heap_base;
  top = base;
}

void *arena_alloc(u32 size, u32 align) {
  if (base == 0)
    arena_reset();
  u64 start = ((u64)top + align - 1) & ~(u64)(align - 1), end = start + size;
  u64 have = (u64)__builtin_wasm_memory_size(0) * PAGE;
  if (end > have) {
    u64 pages = (end - have + PAGE - 1) / PAGE;
    if (end > 0xffffffffull || __builtin_wasm_memory_grow(0, (u32)pages) == (u32)-1)
      __builtin_trap();
  }
  top = (u32)end;
  return (void *)(u32)start;
}

void *keep_alloc(u32 size, u32 align) {
  void *p = arena_alloc(size, align);
  base = top;
  return p;
}

u32 arena_mark(void) {
  return top;
}

void arena_release(u32 mark) {
  top = mark < base ? base : mark;
}

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, u32 old_size, u32 align, u32 size) {
  u8 *p = arena_alloc(size, align);
  const u8 *from = old;
  for (u32 i = 0; i < old_size && i < size; i++)
    p[i] = from[i];
  return p;
}

void main_read(void *to, u32 at, u32 size) {
  u8 *p = to;
  u32 i = 0;
  for (; size - i >= 8; i += 8) {
    u64 word = main_load64(at + i);
    __builtin_memcpy(p + i, &word, 8);
  }
  for (; i < size; i++)
    p[i] = (u8)main_load8(at + i);
}

void main_write(u32 at, const void *from, u32 size) {
  const u8 *p = from;
  u32 i = 0;
  for (; size - i >= 8; i += 8) {
    u64 word;
    __builtin_memcpy(&word, p + i, 8);
    main_store64(at + i, word);
  }
  for (; i < size; i++)
    main_store8(at + i, p[i]);
}

// The next buffer that is not empty.
static void advance(cursor *c) {
  while (c->size == 0 && c->count > 0) {
    c->at = main_load32(c->list);
    c->size = main_load32(c->list + 4);
    c->list += 8;
    c->count--;
  }
}

err cursor_init(cursor *c, u32 list, u32 count) {
  if (count > MAX_IOVECS)
    return INVAL;
  *c = (cursor){.list = list, .count = count};
  advance(c);
  return OK;
}

u32 cursor_gather(cursor *c, u8 *to, u32 size) {
  u32 done_size = 0;
  while (done_size < size && c->size > 0) {
    u32 n = c->size < size - done_size ? c->size : size - done_size;
    main_read(to + done_size, c->at, n);
    done_size += n;
    c->at += n;
    c->size -= n;
    advance(c);
  }
  return done_size;
}

void cursor_scatter(cursor *c, const u8 *from, u32 size) {
  while (size > 0 && c->size > 0) {
    u32 n = c->size < size ? c->size : size;
    main_write(c->at, from, n);
    from += n;
    size -= n;
    c->at += n;
    c->size -= n;
    advance(c);
  }
}

u64 cursor_left(const cursor *c) {
  u64 left = c->size;
  for (u32 i = 0; i < c->count; i++)
    left += main_load32(c->list + 8 * i + 4);
  return left;
}
