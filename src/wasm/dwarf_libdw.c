// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dwarf_libdw.c: puts the .debug_* custom sections into an ELF file in memory, which is what libdw reads.
#include "wasm/dwarf.h"

#include <elf.h>
#include <elfutils/libdw.h>

#include "sys/dl.h"

enum { NO_LIBELF_VERSION = 0 };

// What is used of libelf and libdw; libdw brings libelf.
typedef struct library {
  unsigned (*elf_version)(unsigned);
  Elf *(*elf_memory)(char *, size_t);
  int (*elf_end)(Elf *);
  Dwarf *(*dwarf_begin_elf)(Elf *, Dwarf_Cmd, Elf_Scn *);
  int (*dwarf_end)(Dwarf *);
  int (*dwarf_nextcu)(Dwarf *, Dwarf_Off, Dwarf_Off *, size_t *, Dwarf_Off *, uint8_t *, uint8_t *);
  Dwarf_Die *(*dwarf_offdie)(Dwarf *, Dwarf_Off, Dwarf_Die *);
  int (*dwarf_haspc)(Dwarf_Die *, Dwarf_Addr);
  Dwarf_Line *(*dwarf_getsrc_die)(Dwarf_Die *, Dwarf_Addr);
  const char *(*dwarf_linesrc)(Dwarf_Line *, Dwarf_Word *, Dwarf_Word *);
  int (*dwarf_lineno)(Dwarf_Line *, int *);
  int (*dwarf_linecol)(Dwarf_Line *, int *);
} library;

struct cv_dwarf {
  cv_mem *mem;
  library lib;
  Elf *elf;
  Dwarf *dwarf;
  uint32_t code_start; // of the code section's contents, in module bytes
  uint8_t *image;      // the ELF file
  size_t image_size;
};

static bool load_library(library *lib) {
  void *handle = cv_dl_open("libdw.so.1");
  if (handle == NULL)
    return false;
#define LOAD(name)                                                                                                     \
  *(void **)&lib->name = cv_dl_symbol(handle, #name);                                                                  \
  if (lib->name == NULL)                                                                                               \
    return false;
  LOAD(elf_version)
  LOAD(elf_memory)
  LOAD(elf_end)
  LOAD(dwarf_begin_elf)
  LOAD(dwarf_end)
  LOAD(dwarf_nextcu)
  LOAD(dwarf_offdie)
  LOAD(dwarf_haspc)
  LOAD(dwarf_getsrc_die)
  LOAD(dwarf_linesrc)
  LOAD(dwarf_lineno)
  LOAD(dwarf_linecol)
#undef LOAD
  return lib->elf_version(EV_CURRENT) != NO_LIBELF_VERSION;
}

static bool is_debug(const cv_custom_section *c) {
  static const char prefix[] = ".debug_";
  return c->name.size > sizeof prefix - 1 && memcmp(c->name.data, prefix, sizeof prefix - 1) == 0;
}

// Layout: file header, section headers (null, .debug_*..., .shstrtab), section contents, names.
static cv_status build_image(cv_dwarf *d, const cv_module *m) {
  size_t sections = 2, contents = 0, names = 1;
  for (uint32_t i = 0; i < m->custom_count; i++)
    if (is_debug(&m->customs[i])) {
      sections++;
      contents += m->customs[i].bytes.size;
      names += m->customs[i].name.size + 1;
    }
  if (sections == 2 || sections >= SHN_LORESERVE)
    return CV_ENOTFOUND;
  static const char table_name[] = ".shstrtab";
  names += sizeof table_name;
  size_t headers = sizeof(Elf32_Ehdr) + sections * sizeof(Elf32_Shdr);
  d->image_size = headers + contents + names;
  if (d->image_size > UINT32_MAX)
    return CV_ELIMIT;
  d->image = cv_mem_zalloc(d->mem, d->image_size);
  if (d->image == NULL)
    return CV_ENOMEM;
  *(Elf32_Ehdr *)d->image =
      (Elf32_Ehdr){.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_386, // libdw wants some 32-bit machine; only the debug sections are read
                   .e_version = EV_CURRENT,
                   .e_shoff = sizeof(Elf32_Ehdr),
                   .e_ehsize = sizeof(Elf32_Ehdr),
                   .e_shentsize = sizeof(Elf32_Shdr),
                   .e_shnum = (Elf32_Half)sections,
                   .e_shstrndx = (Elf32_Half)(sections - 1)};
  Elf32_Shdr *header = (Elf32_Shdr *)(d->image + sizeof(Elf32_Ehdr)) + 1;
  size_t at = headers, names_start = headers + contents, name_at = names_start + 1;
  for (uint32_t i = 0; i < m->custom_count; i++) {
    const cv_custom_section *c = &m->customs[i];
    if (!is_debug(c))
      continue;
    *header++ = (Elf32_Shdr){.sh_name = (Elf32_Word)(name_at - names_start),
                             .sh_type = SHT_PROGBITS,
                             .sh_offset = (Elf32_Off)at,
                             .sh_size = c->bytes.size,
                             .sh_addralign = 1};
    memcpy(d->image + at, cv_span_start(m, c->bytes), c->bytes.size);
    at += c->bytes.size;
    memcpy(d->image + name_at, c->name.data, c->name.size);
    name_at += c->name.size + 1;
  }
  memcpy(d->image + name_at, table_name, sizeof table_name);
  *header = (Elf32_Shdr){.sh_name = (Elf32_Word)(name_at - names_start),
                         .sh_type = SHT_STRTAB,
                         .sh_offset = (Elf32_Off)names_start,
                         .sh_size = (Elf32_Word)names,
                         .sh_addralign = 1};
  return CV_OK;
}

cv_status cv_dwarf_open(cv_dwarf **out, cv_mem *mem, const cv_module *module) {
  cv_dwarf *d = cv_mem_zalloc(mem, sizeof *d);
  if (d == NULL)
    return CV_ENOMEM;
  d->mem = mem;
  d->code_start = module->code_section.offset;
  cv_status status = build_image(d, module);
  if (status != CV_OK)
    goto fail;
  status = CV_ENOTFOUND;
  if (!load_library(&d->lib))
    goto fail;
  d->elf = d->lib.elf_memory((char *)d->image, d->image_size);
  if (d->elf == NULL)
    goto fail;
  d->dwarf = d->lib.dwarf_begin_elf(d->elf, DWARF_C_READ, NULL);
  if (d->dwarf == NULL)
    goto fail;
  *out = d;
  return CV_OK;
fail:
  cv_dwarf_close(d);
  return status;
}

void cv_dwarf_close(cv_dwarf *d) {
  if (d == NULL)
    return;
  if (d->dwarf != NULL)
    d->lib.dwarf_end(d->dwarf);
  if (d->elf != NULL)
    d->lib.elf_end(d->elf);
  cv_mem_free(d->mem, d->image, d->image_size);
  cv_mem_free(d->mem, d, sizeof *d);
}

bool cv_dwarf_find(cv_dwarf *d, uint32_t offset, cv_dwarf_place *out) {
  if (offset < d->code_start)
    return false;
  Dwarf_Addr address = offset - d->code_start;
  Dwarf_Off at = 0, next;
  size_t header_size;
  while (d->lib.dwarf_nextcu(d->dwarf, at, &next, &header_size, NULL, NULL, NULL) == 0) {
    Dwarf_Die unit;
    bool here =
        d->lib.dwarf_offdie(d->dwarf, at + header_size, &unit) != NULL && d->lib.dwarf_haspc(&unit, address) > 0;
    at = next;
    if (!here)
      continue;
    Dwarf_Line *line = d->lib.dwarf_getsrc_die(&unit, address);
    const char *file = line != NULL ? d->lib.dwarf_linesrc(line, NULL, NULL) : NULL;
    int number = 0, column = 0;
    if (file == NULL || d->lib.dwarf_lineno(line, &number) != 0 || number <= 0)
      return false;
    if (d->lib.dwarf_linecol(line, &column) != 0 || column < 0)
      column = 0;
    *out = (cv_dwarf_place){.file = file, .line = (uint32_t)number, .column = (uint32_t)column};
    return true;
  }
  return false;
}
