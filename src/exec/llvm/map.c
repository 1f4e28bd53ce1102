// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// map.c: what the machine addresses of a function mean, from LLVM's tables: the line number program (DWARF 4, 6.2),
// whose lines are places plus one, and the exception table (the "language-specific data area" of the Itanium C++ ABI's
// implementations), whose call sites tell the landing pads.
#include "exec/llvm/object.h"

// A reader of a table; `failed` once it would leave it.
typedef struct reader {
  const uint8_t *at, *end;
  bool failed;
} reader;

static unsigned byte(reader *r) {
  if (r->at == r->end) {
    r->failed = true;
    return 0;
  }
  return *r->at++;
}

static uint64_t fixed(reader *r, unsigned size) {
  uint64_t v = 0;
  for (unsigned i = 0; i < size; i++)
    v |= (uint64_t)byte(r) << (8 * i);
  return v;
}

static uint64_t leb(reader *r, bool is_signed) {
  uint64_t v = 0;
  unsigned shift = 0, b;
  do {
    b = byte(r);
    v |= shift < 64 ? (uint64_t)(b & 0x7f) << shift : 0;
    shift += 7;
  } while ((b & 0x80) && !r->failed);
  if (is_signed && (b & 0x40) && shift < 64)
    v |= ~0ull << shift;
  return v;
}

static void skip(reader *r, uint64_t size) {
  if ((uint64_t)(r->end - r->at) < size)
    r->failed = true;
  else
    r->at += size;
}

// ---- the map ----

typedef CV_VEC(uint8_t) bytes;

typedef struct writer {
  cv_mem *mem;
  bytes out;
  uint64_t address, line, column; // of the last entry
  bool no_memory;
} writer;

static void put_varint(writer *w, uint64_t v) {
  do {
    uint8_t b = (uint8_t)((v & 0x7f) | (v >= 0x80 ? 0x80 : 0));
    if (cv_vec_push(w->mem, &w->out, b) != CV_OK)
      w->no_memory = true;
    v >>= 7;
  } while (v != 0);
}

static bool is_inlined(uint64_t line) {
  return line > CV_LLVM_INLINED;
}

// One row of the line table. Rows without a line belong to the place before them.
static void row(writer *w, uint64_t address, uint64_t line, uint64_t column) {
  if (line == 0 || (line == w->line && column == w->column) || address < w->address)
    return;
  int64_t moved = (int64_t)(line - w->line);
  put_varint(w, address - w->address);
  put_varint(w, (uint64_t)moved << 1 ^ (uint64_t)(moved >> 63));
  if (is_inlined(line))
    put_varint(w, column);
  w->address = address;
  w->line = line;
  w->column = column;
}

typedef struct line_program {
  unsigned least_length, line_range, opcode_base;
  int line_base;
  uint8_t lengths[256]; // operands of the standard opcodes
} line_program;

static void read_program_header(reader *r, line_program *p) {
  uint64_t length = fixed(r, 4);
  if (length < (uint64_t)(r->end - r->at))
    r->end = r->at + length;
  unsigned version = (unsigned)fixed(r, 2);
  uint64_t header = fixed(r, 4);
  reader program = *r;
  skip(&program, header);
  p->least_length = byte(r);
  if (version >= 4)
    skip(r, 1); // operations in an instruction
  skip(r, 1);   // default is_stmt
  p->line_base = (int8_t)byte(r);
  p->line_range = byte(r);
  p->opcode_base = byte(r);
  for (unsigned i = 1; i < p->opcode_base; i++)
    p->lengths[i] = (uint8_t)byte(r);
  r->failed |= program.failed || version < 2 || version > 4 || p->line_range == 0 || p->opcode_base < 10;
  r->at = program.at;
}

enum {
  DW_LNS_COPY = 1,
  DW_LNS_ADVANCE_PC = 2,
  DW_LNS_ADVANCE_LINE = 3,
  DW_LNS_SET_COLUMN = 5,
  DW_LNS_CONST_ADD_PC = 8,
  DW_LNS_FIXED_ADVANCE_PC = 9,
  DW_LNE_END_SEQUENCE = 1,
};

static void run_program(reader *r, const line_program *p, writer *w) {
  uint64_t address = 0, line = 1, column = 0;
  while (r->at != r->end && !r->failed) {
    unsigned op = byte(r);
    if (op >= p->opcode_base) {
      address += (uint64_t)((op - p->opcode_base) / p->line_range) * p->least_length;
      line += (uint64_t)(p->line_base + (int)((op - p->opcode_base) % p->line_range));
      row(w, address, line, column);
      continue;
    }
    switch (op) {
    case 0: { // extended; the address that one sets is that of the function
      uint64_t size = leb(r, false);
      if (size == 1 && byte(r) == DW_LNE_END_SEQUENCE)
        return;
      if (size > 1)
        skip(r, size);
      break;
    }
    case DW_LNS_COPY:
      row(w, address, line, column);
      break;
    case DW_LNS_ADVANCE_PC:
      address += leb(r, false) * p->least_length;
      break;
    case DW_LNS_ADVANCE_LINE:
      line += leb(r, true);
      break;
    case DW_LNS_SET_COLUMN:
      column = leb(r, false);
      break;
    case DW_LNS_CONST_ADD_PC:
      address += (uint64_t)((255 - p->opcode_base) / p->line_range) * p->least_length;
      break;
    case DW_LNS_FIXED_ADVANCE_PC:
      address += fixed(r, 2);
      break;
    default:
      for (unsigned i = 0; i < p->lengths[op]; i++)
        leb(r, false);
      break;
    }
  }
}

cv_status llvm_map_make(const llvm_object *o, cv_mem *mem, cv_arena *arena, cv_code_object *out) {
  if (o->lines == NULL)
    return CV_OK;
  writer w = {.mem = mem, .line = 1};
  reader r = {o->lines, o->lines + o->lines_size, false};
  line_program p = {0};
  read_program_header(&r, &p);
  if (!r.failed)
    run_program(&r, &p, &w);
  cv_status status = w.no_memory ? CV_ENOMEM : CV_OK;
  if (status == CV_OK && w.out.count > 0) {
    out->map = cv_arena_copy(arena, w.out.data, w.out.count);
    out->map_size = (uint32_t)w.out.count;
    status = out->map == NULL ? CV_ENOMEM : CV_OK;
  }
  cv_vec_free(mem, &w.out);
  return status;
}

uint32_t llvm_map_find(const uint8_t *map, uint32_t map_size, uint32_t at, uint32_t *callee) {
  uint64_t address = 0, line = 1;
  reader r = {map, map + map_size, false};
  *callee = 0;
  while (r.at != r.end) {
    address += leb(&r, false);
    uint64_t zigzag = leb(&r, false);
    if (address > at)
      break;
    line += (zigzag >> 1) ^ (0 - (zigzag & 1));
    if (is_inlined(line))
      *callee = (uint32_t)leb(&r, false);
  }
  return (uint32_t)(line - 1);
}

// ---- landing pads ----

enum { DW_EH_PE_ULEB128 = 1, DW_EH_PE_UDATA4 = 3, DW_EH_PE_OMIT = 0xff };

static uint64_t encoded(reader *r, unsigned encoding) {
  return encoding == DW_EH_PE_ULEB128 ? leb(r, false) : fixed(r, 4);
}

cv_status llvm_pads_make(const llvm_object *o, cv_mem *mem, cv_arena *arena, cv_code_object *out) {
  if (o->pads == NULL)
    return CV_OK;
  reader r = {o->pads, o->pads + o->pads_size, false};
  unsigned start_encoding = byte(&r), type_encoding = byte(&r);
  if (type_encoding != DW_EH_PE_OMIT)
    leb(&r, false);
  unsigned encoding = byte(&r);
  uint64_t size = leb(&r, false);
  if (start_encoding != DW_EH_PE_OMIT || (encoding != DW_EH_PE_ULEB128 && encoding != DW_EH_PE_UDATA4) ||
      size > (uint64_t)(r.end - r.at))
    return CV_EUNSUPPORTED;
  r.end = r.at + size;
  CV_VEC(llvm_pad) all = {0};
  cv_status status = CV_OK;
  while (r.at != r.end && !r.failed && status == CV_OK) {
    uint64_t start = encoded(&r, encoding), length = encoded(&r, encoding), pad = encoded(&r, encoding);
    leb(&r, false); // action
    if (pad != 0)
      status = cv_vec_push(mem, &all, (llvm_pad){(uint32_t)start, (uint32_t)(start + length), (uint32_t)pad});
  }
  if (status == CV_OK && all.count > 0) {
    out->pads_size = (uint32_t)(all.count * sizeof *all.data);
    out->pads = cv_arena_copy(arena, all.data, out->pads_size);
    status = out->pads == NULL ? CV_ENOMEM : CV_OK;
  }
  if (r.failed)
    status = CV_EUNSUPPORTED;
  cv_vec_free(mem, &all);
  return status;
}
