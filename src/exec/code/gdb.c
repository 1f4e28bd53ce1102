// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gdb.c: gdb's JIT interface (gdb manual, "JIT Compilation Interface"): an ELF file in memory that has nothing but a
// symbol table over code that is already in place. Generated functions keep the frame pointer chain and begin with
// `push rbp; mov rbp, rsp`, which gdb unwinds from the prologue alone, so no call frame information is needed. Code is
// mapped shared and never writable where it runs, so the kernel lets no debugger write there: breakpoints in it are
// hardware ones (hbreak).
#include "exec/code/profile.h"

#include <elf.h>
#include <pthread.h>
#include <stdio.h>

enum { JIT_NOACTION = 0, JIT_REGISTER = 1, JIT_UNREGISTER = 2 };

// The structures and the two names are the debugger's.
struct jit_code_entry {
  struct jit_code_entry *next, *prev;
  const char *symfile_addr;
  uint64_t symfile_size;
};

struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag;
  struct jit_code_entry *relevant_entry, *first_entry;
};

__attribute__((visibility("default"))) void __jit_debug_register_code(void);
__attribute__((visibility("default"), noinline)) void __jit_debug_register_code(void) {
  __asm__ volatile("" ::: "memory");
}
extern struct jit_descriptor __jit_debug_descriptor;
__attribute__((visibility("default"))) struct jit_descriptor __jit_debug_descriptor = {1, JIT_NOACTION, NULL, NULL};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct cv_gdb_entry {
  struct jit_code_entry link;
  size_t size; // of the whole block, object file included
};

enum { SECTION_NULL, SECTION_TEXT, SECTION_SYMTAB, SECTION_STRTAB, SECTION_COUNT };
static const char section_names[] = "\0.text\0.symtab\0.strtab";
enum { NAME_TEXT = 1, NAME_SYMTAB = 7, NAME_STRTAB = 15, UNNAMED_MAX = 32 };

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#else
#define HOST_MACHINE EM_NONE
#endif

typedef struct object {
  Elf64_Ehdr header;
  Elf64_Shdr sections[SECTION_COUNT];
} object;

static void fill_headers(object *o, uintptr_t low, uintptr_t high, size_t count, size_t strings_size) {
  size_t symbols_at = sizeof *o, strings_at = symbols_at + (count + 1) * sizeof(Elf64_Sym);
  o->header = (Elf64_Ehdr){.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                           .e_type = ET_EXEC,
                           .e_machine = HOST_MACHINE,
                           .e_version = EV_CURRENT,
                           .e_shoff = offsetof(object, sections),
                           .e_ehsize = sizeof(Elf64_Ehdr),
                           .e_shentsize = sizeof(Elf64_Shdr),
                           .e_shnum = SECTION_COUNT,
                           .e_shstrndx = SECTION_STRTAB};
  o->sections[SECTION_TEXT] = (Elf64_Shdr){.sh_name = NAME_TEXT,
                                           .sh_type = SHT_NOBITS,
                                           .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                                           .sh_addr = low,
                                           .sh_size = high - low,
                                           .sh_addralign = 16};
  o->sections[SECTION_SYMTAB] = (Elf64_Shdr){.sh_name = NAME_SYMTAB,
                                             .sh_type = SHT_SYMTAB,
                                             .sh_offset = symbols_at,
                                             .sh_size = (count + 1) * sizeof(Elf64_Sym),
                                             .sh_link = SECTION_STRTAB,
                                             .sh_info = 1,
                                             .sh_addralign = 8,
                                             .sh_entsize = sizeof(Elf64_Sym)};
  o->sections[SECTION_STRTAB] = (Elf64_Shdr){.sh_name = NAME_STRTAB,
                                             .sh_type = SHT_STRTAB,
                                             .sh_offset = strings_at,
                                             .sh_size = strings_size,
                                             .sh_addralign = 1};
}

// Size of the name with its zero.
static size_t name_size(const cv_code_symbol *s) {
  return s->name.size != 0 ? s->name.size + 1 : UNNAMED_MAX;
}

static size_t put_name(const cv_code_symbol *s, char *at) {
  if (s->name.size == 0) {
    snprintf(at, UNNAMED_MAX, "wasm-function[%u]", s->index);
    return UNNAMED_MAX;
  }
  for (size_t i = 0; i < s->name.size; i++)
    at[i] = s->name.data[i] != 0 ? (char)s->name.data[i] : '_';
  at[s->name.size] = '\0';
  return s->name.size + 1;
}

cv_gdb_entry *cv_gdb_register(cv_mem *mem, const cv_code_symbol *symbols, size_t count) {
  uintptr_t low = UINTPTR_MAX, high = 0;
  size_t strings = sizeof section_names;
  for (size_t i = 0; i < count; i++) {
    low = CV_MIN(low, symbols[i].start);
    high = CV_MAX(high, symbols[i].start + symbols[i].size);
    strings += name_size(&symbols[i]);
  }
  if (count == 0)
    low = high;
  size_t file_size = sizeof(object) + (count + 1) * sizeof(Elf64_Sym) + strings;
  cv_gdb_entry *entry = cv_mem_zalloc(mem, sizeof *entry + file_size);
  if (entry == NULL)
    return NULL;
  entry->size = sizeof *entry + file_size;
  object *o = (object *)(entry + 1);
  fill_headers(o, low, high, count, strings);
  Elf64_Sym *symbol = (Elf64_Sym *)(o + 1) + 1; // the first is the null symbol
  char *names = (char *)(symbol + count);
  memcpy(names, section_names, sizeof section_names);
  size_t at = sizeof section_names;
  for (size_t i = 0; i < count; i++, symbol++) {
    *symbol = (Elf64_Sym){.st_name = (Elf64_Word)at,
                          .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                          .st_shndx = SECTION_TEXT,
                          .st_value = symbols[i].start,
                          .st_size = symbols[i].size};
    at += put_name(&symbols[i], names + at);
  }
  entry->link.symfile_addr = (const char *)o;
  entry->link.symfile_size = file_size;
  pthread_mutex_lock(&lock);
  entry->link.next = __jit_debug_descriptor.first_entry;
  if (entry->link.next != NULL)
    entry->link.next->prev = &entry->link;
  __jit_debug_descriptor.first_entry = __jit_debug_descriptor.relevant_entry = &entry->link;
  __jit_debug_descriptor.action_flag = JIT_REGISTER;
  __jit_debug_register_code();
  pthread_mutex_unlock(&lock);
  return entry;
}

void cv_gdb_unregister(cv_mem *mem, cv_gdb_entry *entry) {
  if (entry == NULL)
    return;
  pthread_mutex_lock(&lock);
  if (entry->link.prev != NULL)
    entry->link.prev->next = entry->link.next;
  else
    __jit_debug_descriptor.first_entry = entry->link.next;
  if (entry->link.next != NULL)
    entry->link.next->prev = entry->link.prev;
  __jit_debug_descriptor.relevant_entry = &entry->link;
  __jit_debug_descriptor.action_flag = JIT_UNREGISTER;
  __jit_debug_register_code();
  pthread_mutex_unlock(&lock);
  cv_mem_free(mem, entry, entry->size);
}
