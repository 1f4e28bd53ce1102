// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// object.c: the object file of one function (System V ABI, ELF-64 and its x86-64 supplement). Structures are read
// field by field, by their offsets.
#include "exec/llvm/object.h"

// Offsets of fields and values that are used.
enum {
  EHDR_SIZE = 64,
  E_SHOFF = 40,
  E_SHENTSIZE = 58,
  E_SHNUM = 60,
  E_SHSTRNDX = 62,
  SHDR_SIZE = 64,
  SH_NAME = 0,
  SH_TYPE = 4,
  SH_FLAGS = 8,
  SH_OFFSET = 24,
  SH_SIZE = 32,
  SH_LINK = 40,
  SH_INFO = 44,
  SH_ALIGN = 48,
  SHT_PROGBITS = 1,
  SHT_SYMTAB = 2,
  SHT_RELA = 4,
  SHF_ALLOC = 2,
  SHF_EXECINSTR = 4,
  SYM_SIZE = 24,
  ST_NAME = 0,
  ST_SHNDX = 6,
  ST_VALUE = 8,
  RELA_SIZE = 24,
  R_X86_64_64 = 1,
  R_X86_64_PC32 = 2,
  R_X86_64_PLT32 = 4,
  R_X86_64_PC64 = 24,
  MOST_PLACED = 64 << 20,
};

typedef struct section {
  const char *name;
  uint32_t type, link, info;
  uint64_t flags, offset, size, align;
} section;

static const uint8_t *header(const llvm_object *o, uint32_t index) {
  return o->sections + (size_t)index * SHDR_SIZE;
}

// A string of a string table, NULL when it does not end in it.
static const char *string_at(const llvm_object *o, uint32_t table, uint32_t at) {
  if (table >= o->section_count)
    return NULL;
  const uint8_t *h = header(o, table);
  uint64_t offset = cv_load_le64(h + SH_OFFSET), size = cv_load_le64(h + SH_SIZE);
  if (!cv_range_fits(offset, size, o->size) || at >= size || memchr(o->bytes + offset + at, 0, size - at) == NULL)
    return NULL;
  return (const char *)o->bytes + offset + at;
}

static bool read_section(const llvm_object *o, uint32_t index, section *s) {
  if (index >= o->section_count)
    return false;
  const uint8_t *h = header(o, index);
  *s = (section){
      .name = string_at(o, cv_load_le16(o->bytes + E_SHSTRNDX), cv_load_le32(h + SH_NAME)),
      .type = cv_load_le32(h + SH_TYPE),
      .link = cv_load_le32(h + SH_LINK),
      .info = cv_load_le32(h + SH_INFO),
      .flags = cv_load_le64(h + SH_FLAGS),
      .offset = cv_load_le64(h + SH_OFFSET),
      .size = cv_load_le64(h + SH_SIZE),
      .align = CV_MAX(cv_load_le64(h + SH_ALIGN), 1),
  };
  return s->name != NULL && cv_range_fits(s->offset, s->size, o->size);
}

static bool is_constants(const section *s) {
  return (s->flags & SHF_ALLOC) && strncmp(s->name, ".rodata", 7) == 0;
}

static bool add_part(llvm_object *o, uint32_t index, const section *s) {
  if (s->size == 0)
    return true;
  uint64_t at = cv_align_up(o->placed_size, s->align);
  if (o->part_count == LLVM_MOST_PARTS || s->size > MOST_PLACED || at + s->size > MOST_PLACED ||
      s->align > LLVM_ALIGNMENT)
    return false;
  o->parts[o->part_count++] = (llvm_part){index, (uint32_t)at};
  o->placed_size = (uint32_t)(at + s->size);
  return true;
}

bool llvm_object_read(llvm_object *o, const uint8_t *bytes, size_t size) {
  static const uint8_t magic[] = {0x7f, 'E', 'L', 'F', 2, 1};
  *o = (llvm_object){.bytes = bytes, .size = size, .placed_size = LLVM_TEXT_AT};
  if (size < EHDR_SIZE || memcmp(bytes, magic, sizeof magic) != 0 || cv_load_le16(bytes + E_SHENTSIZE) != SHDR_SIZE)
    return false;
  uint64_t at = cv_load_le64(bytes + E_SHOFF);
  o->section_count = cv_load_le16(bytes + E_SHNUM);
  if (!cv_range_fits(at, (uint64_t)o->section_count * SHDR_SIZE, size))
    return false;
  o->sections = bytes + at;
  section s;
  for (unsigned constants = 0; constants < 2; constants++) // the text first
    for (uint32_t i = 1; i < o->section_count; i++) {
      if (cv_load_le32(header(o, i) + SH_TYPE) != SHT_PROGBITS)
        continue;
      if (!read_section(o, i, &s))
        return false;
      bool is_text = (s.flags & SHF_EXECINSTR) && s.size > 0;
      if (is_text && !constants && (o->part_count > 0 || strcmp(s.name, ".text") != 0))
        return false; // one function, one piece of code
      if (constants ? is_constants(&s) : is_text)
        if (!add_part(o, i, &s))
          return false;
      if (is_text)
        o->text_size = (uint32_t)s.size;
      if (strcmp(s.name, ".debug_line") == 0) {
        o->lines = bytes + s.offset;
        o->lines_size = (uint32_t)s.size;
      } else if (strcmp(s.name, ".gcc_except_table") == 0) {
        o->pads = bytes + s.offset;
        o->pads_size = (uint32_t)s.size;
      }
    }
  return o->text_size > 0;
}

// ---- relocations ----

static const llvm_part *part_of(const llvm_object *o, uint32_t index) {
  for (uint32_t i = 0; i < o->part_count; i++)
    if (o->parts[i].section == index)
      return &o->parts[i];
  return NULL;
}

// The address that symbol `index` of the symbol table has when the code runs.
static bool symbol_address(const llvm_object *o, const section *symbols, uint32_t index, const uint8_t *run,
                           uintptr_t field, const llvm_resolver *resolver, uintptr_t *address, const char **name) {
  if ((uint64_t)index >= symbols->size / SYM_SIZE)
    return false;
  const uint8_t *s = o->bytes + symbols->offset + (size_t)index * SYM_SIZE;
  uint32_t in = cv_load_le16(s + ST_SHNDX);
  if (in == 0) {
    const char *wanted = string_at(o, symbols->link, cv_load_le32(s + ST_NAME));
    if (wanted != NULL && resolver->resolve(resolver->arg, wanted, field, address))
      return true;
    *name = wanted;
    return false;
  }
  const llvm_part *part = part_of(o, in);
  if (part == NULL)
    return false;
  *address = (uintptr_t)run + part->at + cv_load_le64(s + ST_VALUE);
  return true;
}

static bool relocate(const uint8_t *rela, uint8_t *field, uint64_t room, uintptr_t at, uintptr_t symbol) {
  uint32_t kind = (uint32_t)cv_load_le64(rela + 8);
  uint64_t target = symbol + cv_load_le64(rela + 16);
  bool is_wide = kind == R_X86_64_64 || kind == R_X86_64_PC64;
  if (room < (is_wide ? 8 : 4))
    return false;
  if (kind == R_X86_64_PC32 || kind == R_X86_64_PLT32) {
    int64_t distance = (int64_t)(target - at);
    if (distance != (int32_t)distance)
      return false;
    cv_store_le32(field, (uint32_t)distance);
    return true;
  }
  if (!is_wide)
    return false;
  cv_store_le64(field, kind == R_X86_64_64 ? target : target - at);
  return true;
}

static bool relocate_part(const llvm_object *o, const section *relocations, const llvm_part *part, uint8_t *write,
                          const uint8_t *run, const llvm_resolver *resolver, const char **symbol) {
  section target, symbols;
  if (!read_section(o, part->section, &target) || !read_section(o, relocations->link, &symbols))
    return false;
  for (uint64_t i = 0; i < relocations->size / RELA_SIZE; i++) {
    const uint8_t *rela = o->bytes + relocations->offset + i * RELA_SIZE;
    uint64_t offset = cv_load_le64(rela);
    uintptr_t address;
    uint64_t at = part->at + offset;
    if (offset > target.size ||
        !symbol_address(o, &symbols, cv_load_le32(rela + 12), run, (uintptr_t)run + at, resolver, &address, symbol))
      return false;
    if (!relocate(rela, write + at, target.size - offset, (uintptr_t)run + at, address))
      return false;
  }
  return true;
}

bool llvm_object_place(const llvm_object *o, uint8_t *write, const uint8_t *run, const llvm_resolver *resolver,
                       const char **symbol) {
  section s;
  *symbol = NULL;
  for (uint32_t i = 0; i < o->part_count; i++) {
    if (!read_section(o, o->parts[i].section, &s))
      return false;
    memcpy(write + o->parts[i].at, o->bytes + s.offset, s.size);
  }
  for (uint32_t i = 1; i < o->section_count; i++) {
    if (cv_load_le32(header(o, i) + SH_TYPE) != SHT_RELA)
      continue;
    if (!read_section(o, i, &s))
      return false;
    const llvm_part *part = part_of(o, s.info);
    if (part != NULL && !relocate_part(o, &s, part, write, run, resolver, symbol))
      return false;
  }
  return true;
}
