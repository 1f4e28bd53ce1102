// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "exec/jit/stencil.h"

#include <cpuid.h>

#include "wasm/opcodes.h"

typedef struct entry {
  uint32_t offset; // of the code
  uint16_t hole;   // first
  uint16_t size;
  uint16_t clobbers;
  uint8_t hole_count;
  uint16_t insn; // 0 is none
} entry;

#include "exec/jit/stencils/x64.h"

const uint8_t *const cv_stencil_pool = pool;
const size_t cv_stencil_pool_size = POOL_SIZE;

// ---- levels ----
static bool os_saves_ymm(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & 6) == 6;
}

static cv_stencil_level detect(void) {
  enum {
    ECX1_POPCNT_OSXSAVE_AVX = 1 << 23 | 1 << 27 | 1 << 28,
    EBX7_BMI1_AVX2_BMI2 = 1 << 3 | 1 << 5 | 1 << 8,
    ECX80000001_LZCNT = 1 << 5,
  };
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & ECX1_POPCNT_OSXSAVE_AVX) != ECX1_POPCNT_OSXSAVE_AVX ||
      !os_saves_ymm())
    return CV_LEVEL_SSE41;
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || (ebx & EBX7_BMI1_AVX2_BMI2) != EBX7_BMI1_AVX2_BMI2)
    return CV_LEVEL_SSE41;
  if (!__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) || !(ecx & ECX80000001_LZCNT))
    return CV_LEVEL_SSE41;
  return CV_LEVEL_AVX2;
}

cv_stencil_level cv_stencil_cpu_level(void) {
  // Racing threads find the same; 0 is "not yet known".
  static _Atomic int known;
  int level = known;
  if (level == 0)
    known = level = 1 + (int)detect();
  return (cv_stencil_level)(level - 1);
}

cv_stencil_code cv_stencil_get(cv_stencil_level level, uint32_t id) {
  const entry *e = level == CV_LEVEL_AVX2 ? &entries_AVX2[id] : &entries_SSE41[id];
  const uint8_t *code = level == CV_LEVEL_AVX2 ? code_AVX2 : code_SSE41;
  return (cv_stencil_code){code + e->offset, holes + e->hole, e->size, e->hole_count, e->clobbers};
}

const cv_stencil_insn *cv_stencil_single(cv_stencil_level level, uint32_t id) {
  uint16_t insn = level == CV_LEVEL_AVX2 ? entries_AVX2[id].insn : entries_SSE41[id].insn;
  return insn != 0 ? &insns[insn] : NULL;
}

// ---- which stencil ----
typedef struct opcode_row {
  uint16_t first; // stencil + 1; 0 is none
  uint16_t lanes; // 0 when the instruction has no lane immediate
} opcode_row;
static const opcode_row opcode_rows[CV_OP_INDEX_COUNT + 1] = {
#define ROW(name, signature, lanes) [CV_OP_INDEX(CV_OPC_##name)] = {CV_STENCIL_##name + 1, lanes},
    CV_STENCIL_OPCODES(ROW)
#undef ROW
};

bool cv_stencil_of_opcode(uint32_t opcode, unsigned lane, uint32_t *id) {
  const opcode_row *row = &opcode_rows[cv_op_index(opcode)];
  if (row->first == 0 || (row->lanes != 0 && lane >= row->lanes))
    return false;
  *id = row->first - 1u + (row->lanes != 0 ? lane : 0);
  return true;
}

typedef struct shift_row {
  uint32_t opcode;
  uint16_t stencil;
  uint8_t width;
  bool by_lane; // one stencil for each count rather than an immediate
} shift_row;
static const shift_row shift_rows[] = {
    {CV_OPC_I8X16_SHL, CV_STENCIL_X_I8X16_SHL_CONST, 8, true},
    {CV_OPC_I8X16_SHR_S, CV_STENCIL_X_I8X16_SHR_S_CONST, 8, true},
    {CV_OPC_I8X16_SHR_U, CV_STENCIL_X_I8X16_SHR_U_CONST, 8, true},
    {CV_OPC_I16X8_SHL, CV_STENCIL_X_I16X8_SHL_CONST, 16, false},
    {CV_OPC_I16X8_SHR_S, CV_STENCIL_X_I16X8_SHR_S_CONST, 16, false},
    {CV_OPC_I16X8_SHR_U, CV_STENCIL_X_I16X8_SHR_U_CONST, 16, false},
    {CV_OPC_I32X4_SHL, CV_STENCIL_X_I32X4_SHL_CONST, 32, false},
    {CV_OPC_I32X4_SHR_S, CV_STENCIL_X_I32X4_SHR_S_CONST, 32, false},
    {CV_OPC_I32X4_SHR_U, CV_STENCIL_X_I32X4_SHR_U_CONST, 32, false},
    {CV_OPC_I64X2_SHL, CV_STENCIL_X_I64X2_SHL_CONST, 64, false},
    {CV_OPC_I64X2_SHR_S, CV_STENCIL_X_I64X2_SHR_S_CONST, 64, true},
    {CV_OPC_I64X2_SHR_U, CV_STENCIL_X_I64X2_SHR_U_CONST, 64, false},
};

bool cv_stencil_shift_const(uint32_t opcode, uint32_t count, uint32_t *id, cv_stencil_values *values) {
  for (size_t i = 0; i < CV_COUNT(shift_rows); i++) {
    const shift_row *row = &shift_rows[i];
    if (row->opcode != opcode)
      continue;
    count &= row->width - 1u;
    *id = row->stencil + (row->by_lane ? count : 0);
    values->imm8 = count;
    return true;
  }
  return false;
}

// ---- shuffles ----
// Lanes as a selection of larger elements: sel[i] is the element of the pair (x, y) that element i of the result is.
static bool group_lanes(const uint8_t lanes[16], unsigned bytes, uint8_t sel[16]) {
  for (unsigned i = 0; i < 16; i++) {
    if (lanes[i] % bytes != i % bytes || lanes[i] / bytes != lanes[i - i % bytes] / bytes)
      return false;
    sel[i / bytes] = (uint8_t)(lanes[i] / bytes);
  }
  return true;
}

// Interleaving of the low or the high halves, elements of `bytes`; the row of stencils is XY, YX low, XY, YX high.
static bool match_unpack(const uint8_t *sel, unsigned bytes, uint32_t first, uint32_t *id) {
  unsigned n = 16 / bytes;
  for (unsigned variant = 0; variant < 4; variant++) {
    unsigned start = variant & 2 ? n / 2 : 0, x = variant & 1 ? n : 0;
    unsigned i = 0;
    while (i < n && sel[i] == start + i / 2 + (i % 2 ? n - x : x))
      i++;
    if (i == n) {
      *id = first + variant;
      return true;
    }
  }
  return false;
}

static bool match_unpacks(const uint8_t lanes[16], uint32_t *id) {
  static const struct {
    uint8_t bytes;
    uint16_t first;
  } rows[] = {
      {8, CV_STENCIL_X_SHUFFLE_UNPACKL_64_XY},
      {4, CV_STENCIL_X_SHUFFLE_UNPACKL_32_XY},
      {2, CV_STENCIL_X_SHUFFLE_UNPACKL_16_XY},
      {1, CV_STENCIL_X_SHUFFLE_UNPACKL_8_XY},
  };
  uint8_t sel[16];
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    if (group_lanes(lanes, rows[i].bytes, sel) && match_unpack(sel, rows[i].bytes, rows[i].first, id))
      return true;
  }
  return false;
}

// Selections of 32-bit elements: of one operand, or two of each.
static bool match_elements(const uint8_t lanes[16], uint32_t *id, cv_stencil_values *values) {
  uint8_t sel[16];
  if (!group_lanes(lanes, 4, sel))
    return false;
  unsigned from_y = 0;
  values->imm8 = 0;
  for (unsigned i = 0; i < 4; i++) {
    values->imm8 |= (uint64_t)(sel[i] & 3) << (2 * i);
    from_y |= (unsigned)(sel[i] >> 2) << i;
  }
  switch (from_y) {
  case 0x0:
    *id = CV_STENCIL_X_SHUFFLE_PSHUFD_X;
    return true;
  case 0xf:
    *id = CV_STENCIL_X_SHUFFLE_PSHUFD_Y;
    return true;
  case 0xc:
    *id = CV_STENCIL_X_SHUFFLE_SHUFPS_XY;
    return true;
  case 0x3:
    *id = CV_STENCIL_X_SHUFFLE_SHUFPS_YX;
    return true;
  default:
    return false;
  }
}

static bool match_blend(const uint8_t lanes[16], uint32_t *id, cv_stencil_values *values) {
  uint8_t sel[16];
  if (!group_lanes(lanes, 2, sel))
    return false;
  values->imm8 = 0;
  for (unsigned i = 0; i < 8; i++) {
    if ((sel[i] & 7) != i)
      return false;
    values->imm8 |= (uint64_t)(sel[i] >> 3) << i;
  }
  *id = CV_STENCIL_X_SHUFFLE_PBLENDW;
  return true;
}

// Sixteen bytes in a row of x and y one behind the other, as a ring.
static bool match_window(const uint8_t lanes[16], uint32_t *id, cv_stencil_values *values) {
  for (unsigned i = 1; i < 16; i++) {
    if (lanes[i] != ((lanes[0] + i) & 31))
      return false;
  }
  values->imm8 = lanes[0] & 15;
  *id = lanes[0] < 16 ? CV_STENCIL_X_SHUFFLE_PALIGNR_XY : CV_STENCIL_X_SHUFFLE_PALIGNR_YX;
  return true;
}

uint32_t cv_stencil_shuffle(const uint8_t lanes[16], cv_stencil_values *values) {
  uint32_t id;
  if (match_unpacks(lanes, &id) || match_elements(lanes, &id, values) || match_blend(lanes, &id, values) ||
      match_window(lanes, &id, values))
    return id;
  uint8_t of_x[16], of_y[16];
  bool uses_x = false, uses_y = false;
  for (unsigned i = 0; i < 16; i++) {
    bool is_y = lanes[i] >= 16;
    of_x[i] = is_y ? 0x80 : lanes[i];
    of_y[i] = is_y ? lanes[i] & 15 : 0x80;
    uses_x |= !is_y;
    uses_y |= is_y;
  }
  const uint8_t *one = uses_x ? of_x : of_y;
  *values = (cv_stencil_values){
      .imm64 = {cv_load_le64(one), cv_load_le64(one + 8), cv_load_le64(of_y), cv_load_le64(of_y + 8)}};
  return !uses_y ? CV_STENCIL_X_SHUFFLE_X : !uses_x ? CV_STENCIL_X_SHUFFLE_Y : CV_STENCIL_I8X16_SHUFFLE;
}

// ---- holes ----
bool cv_stencil_patch_imm8(uint8_t *field, uint64_t value) {
  if (value > UINT8_MAX)
    return false;
  *field = (uint8_t)value;
  return true;
}

void cv_stencil_patch_imm64(uint8_t *field, uint64_t value) {
  cv_store_le64(field, value);
}

bool cv_stencil_patch_place(uint8_t *field, uint64_t runs_at, uint64_t target) {
  int64_t distance = (int64_t)(target - (runs_at + 4)); // wraps to the true distance, which is below 2^63
  int32_t extra = (int32_t)cv_load_le32(field);
  if (cv_add_overflows(distance, (int64_t)extra, &distance))
    return false;
  if (distance != (int32_t)distance)
    return false;
  cv_store_le32(field, (uint32_t)distance);
  return true;
}

uint8_t *cv_stencil_copy(uint8_t *at, const cv_stencil_code *code, const cv_stencil_values *values) {
  memcpy(at, code->bytes, code->size);
  for (uint32_t i = 0; i < code->hole_count; i++) {
    const cv_stencil_hole *hole = &code->holes[i];
    uint8_t *field = at + hole->at;
    switch ((cv_hole)hole->kind) {
    case CV_HOLE_IMM8:
      if (!cv_stencil_patch_imm8(field, values->imm8))
        return NULL;
      break;
    case CV_HOLE_IMM64_A:
    case CV_HOLE_IMM64_B:
    case CV_HOLE_IMM64_C:
    case CV_HOLE_IMM64_D:
      cv_stencil_patch_imm64(field, values->imm64[hole->kind - CV_HOLE_IMM64_A]);
      break;
    case CV_HOLE_POOL:
    case CV_HOLE_TRAP_CONVERSION:
    case CV_HOLE_TRAP_OVERFLOW:
    case CV_HOLE_TRAP_DIVIDE:
      break; // the caller's
    }
  }
  return at + code->size;
}
