// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gdb.c: gdb's JIT interface (gdb manual, "JIT Compilation Interface"): an ELF file in memory with a symbol table and
// call frame information for code that is already in place. All frames have one shape: a function begins with
// `push rbp; mov rbp, rsp` and keeps rbp, so three rules tell of any (DWARF 5, 6.4, and the LSB's .eh_frame). They hold
// up to the return: between `leave` and `ret` gdb is wrong for one instruction. Code is mapped shared and never
// writable where it runs, so the kernel lets no debugger write there: breakpoints in it are hardware ones (hbreak).
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

enum { SECTION_NULL, SECTION_TEXT, SECTION_SYMTAB, SECTION_STRTAB, SECTION_FRAMES, SECTION_COUNT };
static const char section_names[] = "\0.text\0.symtab\0.strtab\0.eh_frame";
enum { NAME_TEXT = 1, NAME_SYMTAB = 7, NAME_STRTAB = 15, NAME_FRAMES = 23, UNNAMED_MAX = 32 };

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#else
#define HOST_MACHINE EM_NONE
#endif

// ---- call frame information (x86-64: rbp is register 6, rsp 7, the return address 16) ----

enum {
  CFA_NOP = 0x00,
  CFA_DEF_CFA = 0x0c,          // register, offset
  CFA_DEF_CFA_REGISTER = 0x0d, // register
  CFA_DEF_CFA_OFFSET = 0x0e,   // offset
  CFA_ADVANCE = 0x40,          // | bytes of code
  CFA_OFFSET = 0x80,           // | register; multiple of -8 from the CFA
  REG_RBP = 6,
  REG_RSP = 7,
  REG_RETURN = 16,
};

typedef struct frame_common {
  uint32_t length, id;
  uint8_t version, augmentation, code_align, data_align, return_register;
  uint8_t rules[7];
} frame_common;
static_assert(sizeof(frame_common) == 20, "no padding");

typedef struct frame_range {
  uint32_t length, common; // distance back to the frame_common
  uint64_t start, size;
  uint8_t rules[12];
} __attribute__((packed)) frame_range;
static_assert(sizeof(frame_range) == 36, "no padding");

// Before a function has done anything: the CFA is rsp + 8, the return address below it.
static const frame_common common_rules = {
    .length = sizeof(frame_common) - 4,
    .version = 1,
    .code_align = 1,
    .data_align = 0x78, // -8
    .return_register = REG_RETURN,
    .rules = {CFA_DEF_CFA, REG_RSP, 8, CFA_OFFSET | REG_RETURN, 1, CFA_NOP, CFA_NOP},
};
// push rbp (1 byte); mov rbp, rsp (3 bytes).
static const uint8_t function_rules[12] = {CFA_ADVANCE | 1, CFA_DEF_CFA_OFFSET,   16,     CFA_OFFSET | REG_RBP, 2,
                                           CFA_ADVANCE | 3, CFA_DEF_CFA_REGISTER, REG_RBP};
// Many small pieces, all of whose frames have been made when they call anything.
static const uint8_t piece_rules[12] = {CFA_DEF_CFA, REG_RBP, 16, CFA_OFFSET | REG_RBP, 2};

static void put_frames(uint8_t *at, const cv_code_symbol *symbols, size_t count, bool pieces) {
  memcpy(at, &common_rules, sizeof common_rules);
  size_t offset = sizeof common_rules;
  for (size_t i = 0; i < count; i++, offset += sizeof(frame_range)) {
    frame_range range = {.length = sizeof(frame_range) - 4,
                         .common = (uint32_t)offset + 4,
                         .start = symbols[i].start,
                         .size = symbols[i].size};
    memcpy(range.rules, pieces ? piece_rules : function_rules, sizeof range.rules);
    memcpy(at + offset, &range, sizeof range);
  }
}

// ---- the file ----

typedef struct object {
  Elf64_Ehdr header;
  Elf64_Shdr sections[SECTION_COUNT];
} object;

static size_t frames_size(size_t count) {
  return sizeof(frame_common) + count * sizeof(frame_range);
}

// In the file: headers, symbols, frames, strings.
static void fill_headers(object *o, uintptr_t low, uintptr_t high, size_t count, size_t strings_size) {
  size_t symbols_at = sizeof *o, frames_at = symbols_at + (count + 1) * sizeof(Elf64_Sym);
  size_t strings_at = frames_at + frames_size(count);
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
  o->sections[SECTION_FRAMES] = (Elf64_Shdr){.sh_name = NAME_FRAMES,
                                             .sh_type = SHT_PROGBITS,
                                             .sh_flags = SHF_ALLOC,
                                             .sh_addr = (uintptr_t)o + frames_at,
                                             .sh_offset = frames_at,
                                             .sh_size = frames_size(count),
                                             .sh_addralign = 4};
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

cv_gdb_entry *cv_gdb_register(cv_mem *mem, const cv_code_symbol *symbols, size_t count, bool pieces) {
  uintptr_t low = UINTPTR_MAX, high = 0;
  size_t strings = sizeof section_names;
  for (size_t i = 0; i < count; i++) {
    low = CV_MIN(low, symbols[i].start);
    high = CV_MAX(high, symbols[i].start + symbols[i].size);
    strings += name_size(&symbols[i]);
  }
  if (count == 0)
    low = high;
  size_t file_size = sizeof(object) + (count + 1) * sizeof(Elf64_Sym) + frames_size(count) + strings;
  cv_gdb_entry *entry = cv_mem_zalloc(mem, sizeof *entry + file_size);
  if (entry == NULL)
    return NULL;
  entry->size = sizeof *entry + file_size;
  object *o = (object *)(entry + 1);
  fill_headers(o, low, high, count, strings);
  Elf64_Sym *symbol = (Elf64_Sym *)(o + 1) + 1; // the first is the null symbol
  put_frames((uint8_t *)(symbol + count), symbols, count, pieces);
  char *names = (char *)(symbol + count) + frames_size(count);
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
