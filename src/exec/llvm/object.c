// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// object.c: the object file of one function (System V ABI, ELF-64 and its x86-64 supplement). Structures are read
// field by field, by their offsets.
#include "exec/llvm/object.h"

#include <stdlib.h>

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
  R_X86_64_PC32 = 2,
  R_X86_64_PLT32 = 4,
  R_X86_64_32 = 10,
  R_X86_64_32S = 11,
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

typedef struct maker {
  const llvm_object *o;
  cv_mem *mem;
  uint8_t *code; // of the parts
  CV_VEC(cv_code_reloc) relocs;
  const char *what;
} maker;

// What a symbol that the file does not define stands for (plugin.h).
static bool known_symbol(const char *name, cv_code_reloc *out) {
  static const struct {
    char letter;
    uint32_t kind, most;
  } numbered[] = {
      {'f', CV_RELOC_FUNC, 1 << 28}, {'h', CV_RELOC_HELPER, CV_NATIVE_HELPER_COUNT}, {'t', CV_RELOC_TYPE, 1 << 28}};
  *out = (cv_code_reloc){.kind = CV_RELOC_POOL};
  if (strcmp(name, "jump") == 0)
    return true;
  char *end;
  unsigned long number = name[0] != '\0' ? strtoul(name + 1, &end, 10) : 0;
  for (size_t i = 0; i < CV_COUNT(numbered); i++) {
    if (name[0] != numbered[i].letter || end == name + 1 || *end != '\0' || number >= numbered[i].most)
      continue;
    out->kind = numbered[i].kind & 0xf;
    out->value = (uint32_t)number & 0xfffffff;
    return true;
  }
  return false;
}

static cv_status unknown(maker *m, const char *what) {
  m->what = what;
  return CV_EUNSUPPORTED;
}

// A symbol of another file: a call or a jump, whose field is four bytes before where it is counted from; or a number.
static cv_status relocate_outside(maker *m, const uint8_t *rela, uint32_t kind, const char *name, uint64_t at) {
  cv_code_reloc r;
  if (name == NULL)
    return unknown(m, NULL);
  if (!known_symbol(name, &r))
    return unknown(m, name);
  bool is_call = (kind == R_X86_64_PC32 || kind == R_X86_64_PLT32) && (int64_t)cv_load_le64(rela + 16) == -4;
  bool is_number = (kind == R_X86_64_32 || kind == R_X86_64_32S) && cv_load_le64(rela + 16) == 0;
  if (r.kind == CV_RELOC_TYPE ? !is_number : !is_call)
    return unknown(m, name);
  r.at = (uint32_t)at;
  return cv_vec_push(m->mem, &m->relocs, r);
}

// The distance from one place in the code to another, which is the same wherever the code is.
static cv_status relocate_inside(maker *m, const uint8_t *rela, uint32_t kind, uint64_t target, uint64_t at) {
  int64_t distance = (int64_t)(target + cv_load_le64(rela + 16) - at);
  if (kind == R_X86_64_PC64) {
    cv_store_le64(m->code + at, (uint64_t)distance);
    return CV_OK;
  }
  if ((kind != R_X86_64_PC32 && kind != R_X86_64_PLT32) || distance != (int32_t)distance)
    return unknown(m, "an unknown relocation");
  cv_store_le32(m->code + at, (uint32_t)distance);
  return CV_OK;
}

static cv_status relocate(maker *m, const section *symbols, const uint8_t *rela, const llvm_part *part, uint64_t size) {
  const llvm_object *o = m->o;
  uint64_t offset = cv_load_le64(rela), at = part->at + offset;
  uint32_t kind = (uint32_t)cv_load_le64(rela + 8), index = cv_load_le32(rela + 12);
  if (!cv_range_fits(offset, kind == R_X86_64_PC64 ? 8 : 4, size) || index >= symbols->size / SYM_SIZE)
    return unknown(m, NULL);
  const uint8_t *s = o->bytes + symbols->offset + (size_t)index * SYM_SIZE;
  uint32_t in = cv_load_le16(s + ST_SHNDX);
  if (in == 0)
    return relocate_outside(m, rela, kind, string_at(o, symbols->link, cv_load_le32(s + ST_NAME)), at);
  const llvm_part *to = part_of(o, in);
  if (to == NULL)
    return unknown(m, NULL);
  return relocate_inside(m, rela, kind, to->at + cv_load_le64(s + ST_VALUE), at);
}

static cv_status relocate_part(maker *m, const section *relocations, const llvm_part *part) {
  section target, symbols;
  if (!read_section(m->o, part->section, &target) || !read_section(m->o, relocations->link, &symbols))
    return unknown(m, NULL);
  for (uint64_t i = 0; i < relocations->size / RELA_SIZE; i++)
    CV_TRY(relocate(m, &symbols, m->o->bytes + relocations->offset + i * RELA_SIZE, part, target.size));
  return CV_OK;
}

static cv_status copy_and_relocate(maker *m) {
  const llvm_object *o = m->o;
  section s;
  for (uint32_t i = 0; i < o->part_count; i++) {
    if (!read_section(o, o->parts[i].section, &s))
      return unknown(m, NULL);
    memcpy(m->code + o->parts[i].at, o->bytes + s.offset, s.size);
  }
  for (uint32_t i = 1; i < o->section_count; i++) {
    if (cv_load_le32(header(o, i) + SH_TYPE) != SHT_RELA)
      continue;
    if (!read_section(o, i, &s))
      return unknown(m, NULL);
    const llvm_part *part = part_of(o, s.info);
    if (part != NULL)
      CV_TRY(relocate_part(m, &s, part));
  }
  return CV_OK;
}

cv_status llvm_object_make(const llvm_object *o, cv_mem *mem, cv_arena *arena, cv_code_object *out, const char **what) {
  // The external entry: loads r14 from the cv_func in rax, r15 from the instance.
  static const uint8_t entry[CV_EXTERNAL_ENTRY] = {0x4c, 0x8b, 0x70, offsetof(cv_func, instance),
                                                   0x4d, 0x8b, 0x7e, offsetof(cv_instance, memory0_base)};
  maker m = {.o = o, .mem = mem, .code = cv_arena_calloc(arena, o->placed_size, 1)};
  *what = NULL;
  *out = (cv_code_object){.text = m.code, .text_size = o->placed_size};
  if (m.code == NULL)
    return CV_ENOMEM;
  memcpy(m.code + LLVM_ENTRY_AT, entry, sizeof entry);
  cv_status status = copy_and_relocate(&m);
  if (status == CV_OK && m.relocs.count > 0) {
    out->relocs = cv_arena_copy(arena, m.relocs.data, m.relocs.count * sizeof *m.relocs.data);
    out->reloc_count = (uint32_t)m.relocs.count;
    status = out->relocs == NULL ? CV_ENOMEM : CV_OK;
  }
  cv_vec_free(mem, &m.relocs);
  *what = m.what;
  if (status == CV_OK)
    status = llvm_map_make(o, mem, arena, out);
  return status == CV_OK ? llvm_pads_make(o, mem, arena, out) : status;
}
