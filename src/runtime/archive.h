// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// archive.h: compiled programs in files (.cwasm): a module or a component with the function objects of its core
// modules. aot/ writes them.
//
// A file is trusted as a native program is: whoever writes one can do in this process what he likes. What is checked
// is for mistakes: another version, another build, another machine, damage. Nothing that is read before the digests
// were compared leads outside of the file; an object is looked at when its function is first called, and its digest
// then. The program's code sections are not looked at where their machine code runs; whoever takes the program out
// compares the digest of all of it.
//
// An entry of a cache is such a file, too, with a flag; it has objects of some functions only, those that former runs
// of the program have called (runtime/kept.h). Who uses one has the program himself, and compares.
//
// Numbers are little-endian; offsets count from the file's start. The head is the header, the modules and the indices.
//
//   header, 128 bytes
//     0 magic             8 format u64        16 stamp u64
//    24 digest of the head behind this field  32 size of the file   40 size of the head
//    48 program: offset, 56 size, 64 digest (but for code sections)   72 CPU features that the code needs
//    80 features of WebAssembly               88 modules u32   92 flags u32   96 name of the tier, 8 bytes, zeros
//    behind it                               104 digest of the whole program (0 in entries of a cache)
//   module, 48 bytes each: 0 key u64   8 offset of its index u64   16 functions u32   24 code section: offset in the
//     program, 32 size   40 offset of a second index, for objects of the tier above (runtime/tier_up.h), or 0. In the
//     order of the program; the key is the offset of the module's binary in the program, 0 where the program is the
//     module
//   index, 40 bytes for each defined function
//     0 offset of the object   8 digest of the object   16 text  20 relocations  24 map  28 pads: sizes u32, of the
//     relocations their number   32 offset of its instructions in the module u32   36 size of the polls u32. Text of no
//     bytes: there is no object
//   object, aligned to 8: relocations (cv_code_reloc), pads, polls (in entries of a cache), text, map
#ifndef COVE_RUNTIME_ARCHIVE_H
#define COVE_RUNTIME_ARCHIVE_H

#include "runtime/object.h"
#include "runtime/runtime.h"
#include "runtime/tier.h"

#define CV_ARCHIVE_MAGIC "\0cwasm\r\n"

enum { CV_ARCHIVE_FORMAT = 2, CV_ARCHIVE_ALIGNMENT = 8, CV_ARCHIVE_TIER_SIZE = 8 };

// Offsets and sizes as above.
enum {
  CV_ARCHIVE_AT_FORMAT = 8,
  CV_ARCHIVE_AT_STAMP = 16,
  CV_ARCHIVE_AT_DIGEST = 24,
  CV_ARCHIVE_AT_SIZE = 32,
  CV_ARCHIVE_AT_HEAD_SIZE = 40,
  CV_ARCHIVE_AT_PROGRAM = 48,
  CV_ARCHIVE_AT_CPU = 72,
  CV_ARCHIVE_AT_FEATURES = 80,
  CV_ARCHIVE_AT_MODULES = 88,
  CV_ARCHIVE_AT_FLAGS = 92,
  CV_ARCHIVE_AT_TIER = 96,
  CV_ARCHIVE_AT_WHOLE = 104,
  CV_ARCHIVE_HEADER_SIZE = 128,
  CV_ARCHIVE_MODULE_SIZE = 48,
  CV_ARCHIVE_INDEX_SIZE = 40,
};

// Flags.
enum {
  CV_ARCHIVE_COMPONENT = 1 << 0,
  CV_ARCHIVE_FUEL = 1 << 1,
  CV_ARCHIVE_CANONICAL_NAN = 1 << 2,
  CV_ARCHIVE_ENTRY = 1 << 3, // of a cache
  CV_ARCHIVE_POLLS = 1 << 4, // entries: the code can be left for the tier above
};

typedef struct cv_archive {
  const uint8_t *bytes; // aligned to CV_ARCHIVE_ALIGNMENT
  size_t size;
  cv_bytes program; // in the binary format
  uint32_t flags;
  uint64_t features;
  const cv_tier *tier; // made the code
  uint32_t module_count;
  bool keeps; // an entry of a cache: what is not in it is compiled, and kept; `bytes` is NULL when there is none yet
} cv_archive;

// Whether the bytes are, or begin, such a file.
bool cv_archive_is(const uint8_t *bytes, size_t size);
// Checks all but the objects and the program's code sections. CV_EUNSUPPORTED: of another build or for another CPU;
// CV_EMALFORMED: damaged.
CV_MUST_USE cv_status cv_archive_open(cv_archive *out, const uint8_t *bytes, size_t size, cv_diag *diag);
// The same for an entry of a cache, which is to be one of this very program. CV_EINVALID: it is of another one.
CV_MUST_USE cv_status cv_archive_open_entry(cv_archive *out, const uint8_t *bytes, size_t size, cv_bytes program,
                                            cv_diag *diag);
// The program alone, all of which is compared with its digest: also of a file that cannot run here.
CV_MUST_USE cv_status cv_archive_program(const uint8_t *bytes, size_t size, cv_bytes *program, bool *is_component,
                                         cv_diag *diag);
// What the head says of it, before anything is compared: whoever then takes the code or the program out finds damage.
CV_MUST_USE cv_status cv_archive_facts(const uint8_t *bytes, size_t size, uint32_t *flags, uint64_t *features,
                                       cv_diag *diag);
// False when the module is not in it, and would not be kept. `upper` gets the objects of the tier above.
CV_MUST_USE bool cv_archive_find(const cv_archive *archive, uint64_t key, cv_code_objects *out, cv_code_objects *upper);
// The flags of code that is compiled with these options (all but CV_ARCHIVE_COMPONENT and CV_ARCHIVE_ENTRY), and the
// CPU features that an entry of a cache may need: of all tiers.
uint32_t cv_archive_flags(const cv_compile_options *options);
uint64_t cv_archive_entry_cpu(const cv_compile_options *options);

// The digest of a program but for the code sections, whose bytes are not looked at where there is machine code for
// them. `modules` are the head's entries. False when these are not in order, or lead outside.
CV_MUST_USE bool cv_archive_program_digest(cv_bytes program, const uint8_t *modules, uint32_t count, uint64_t *out);

// What changes with whatever generated code depends on: made when cove is built.
uint64_t cv_archive_stamp(void);

#endif
