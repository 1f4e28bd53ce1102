// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// map.c: what the machine addresses of a function mean. Entries are in the order of addresses, each relative to the one
// before, two bytes for most:
//
//   byte     bits 0-1 map_class, bits 2-7 distance from the last address; 63: a varint follows with the rest
//   varint   zigzag distance of the offset in the function's code from the last one
//   byte     cv_trap_kind, MAP_TRAP only
#include "base/leb.h"
#include "exec/jit/jit.h"

static void put(jit *j, unsigned byte) {
  j->map.data[j->map.count++] = (uint8_t)byte;
}

static void put_varint(jit *j, uint32_t v) {
  for (; v >= 0x80; v >>= 7)
    put(j, v | 0x80);
  put(j, v);
}

void jit_map_add(jit *j, map_class class, uint32_t pc, cv_trap_kind kind) {
  if (cv_vec_reserve(j->mem, &j->map, 16) != CV_OK) {
    j->no_memory = true;
    return;
  }
  if (CV_UNLIKELY(pc < j->map_pc)) // only after the buffer was full
    pc = j->map_pc;
  uint32_t distance = pc - j->map_pc;
  put(j, (unsigned)class | CV_MIN(distance, 63) << 2);
  if (distance >= 63)
    put_varint(j, distance - 63);
  int32_t moved = (int32_t)(j->op_at - j->map_offset);
  put_varint(j, ((uint32_t)moved << 1) ^ (uint32_t)(moved >> 31));
  if (class == MAP_TRAP)
    put(j, (unsigned)kind);
  j->map_pc = pc;
  j->map_offset = j->op_at;
}

// The entry for `pc` (an offset in the function), in *out (func left alone, offset in the function's code). Without one
// for this very address: that of the call that `pc` is the last byte of, else the nearest before, without trap.
bool jit_map_find(const uint8_t *map, const uint8_t *end, uint32_t pc, bool exact, cv_code_place *out) {
  uint32_t at = 0, offset = 0;
  bool found = false;
  out->offset = 0;
  out->trap = CV_TRAP_NONE;
  while (map < end) {
    unsigned byte = *map++, class = byte & 3;
    uint32_t distance = byte >> 2;
    if (distance == 63)
      distance += cv_leb_u32(&map);
    uint32_t zigzag = cv_leb_u32(&map);
    at += distance;
    offset += (zigzag >> 1) ^ (0u - (zigzag & 1));
    cv_trap_kind kind = class == MAP_TRAP ? (cv_trap_kind)*map++ : CV_TRAP_NONE;
    if (class == MAP_CALL && at == pc + 1) {
      *out = (cv_code_place){.func = out->func, .offset = offset};
      return true;
    }
    if (at > pc)
      break;
    if (exact && at != pc)
      continue;
    found = true;
    out->offset = offset;
    if (class == MAP_REGION || (class == MAP_MEMORY && at == pc))
      out->trap = CV_TRAP_MEMORY_BOUNDS;
    else
      out->trap = at == pc ? kind : CV_TRAP_NONE;
  }
  return found;
}
