// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter.h: wasi_snapshot_preview1 in terms of WASI 0.2.0: what the files of the adapter share.
//
// The adapter is a core module with a memory of its own; the program that it serves has another, which is reached
// through the functions of __main_memory__ (imports.h). Two memories, two kinds of address: `u32 at` and the parameters
// of the exported functions are addresses of the program; pointers are the adapter's own.
//
// Terms
//   arena     memory for one call: what results of 0.2 functions are put into. Emptied when the next call begins
//   stdio     a descriptor that is one of the three standard streams, which are fetched when they are first used
//
// The adapter is built twice: with files, and (HAS_FILES 0) without, for programs that import no function that could
// open one. The second asks its host for no file system.
#ifndef ADAPTER_H
#define ADAPTER_H

#include "imports.h"

#ifndef HAS_FILES
#define HAS_FILES 1
#endif

typedef enum err {
  OK = 0,
  ACCES = 2,
  AGAIN = 6,
  ALREADY = 7,
  BADF = 8,
  BUSY = 10,
  DEADLK = 16,
  DQUOT = 19,
  EXIST = 20,
  FBIG = 22,
  ILSEQ = 25,
  INPROGRESS = 26,
  INTR = 27,
  INVAL = 28,
  IO = 29,
  ISDIR = 31,
  LOOP = 32,
  MLINK = 34,
  MSGSIZE = 35,
  NAMETOOLONG = 37,
  NODEV = 43,
  NOENT = 44,
  NOLCK = 46,
  NOMEM = 48,
  NOSPC = 51,
  NOTDIR = 54,
  NOTEMPTY = 55,
  NOTRECOVERABLE = 56,
  NOTSOCK = 57,
  NOTSUP = 58,
  NOTTY = 59,
  NXIO = 60,
  OVERFLOW = 61,
  PERM = 63,
  PIPE = 64,
  ROFS = 69,
  SPIPE = 70,
  TXTBSY = 74,
  XDEV = 75,
  NOTCAPABLE = 76,
} err;

#define TRY(call)                                                                                                      \
  do {                                                                                                                 \
    err try_err = (call);                                                                                              \
    if (try_err != OK)                                                                                                 \
      return try_err;                                                                                                  \
  } while (0)

// A function of preview 1. Each begins with arena_reset.
#define EXPORT(name) __attribute__((export_name(#name))) err name

enum {
  TYPE_UNKNOWN = 0,
  TYPE_CHAR = 2,
  TYPE_DIR = 3,
  TYPE_REGULAR = 4,

  FDFLAG_APPEND = 1,
  FDFLAG_DSYNC = 2,
  FDFLAG_NONBLOCK = 4,
  FDFLAG_RSYNC = 8,
  FDFLAG_SYNC = 16,
  FDFLAGS = 31,

  ADVICE_NOREUSE = 5,
  MAX_IOVECS = 1024,
  PIECE = 65536,      // of one transfer to or from a file
  WRITE_PIECE = 4096, // what blocking-write-and-flush takes at most
};

// Rights of preview 1.
#define CAN(bit) (1ull << (bit))
enum {
  FD_DATASYNC = 0,
  FD_READ = 1,
  FD_SEEK = 2,
  FD_SET_FLAGS = 3,
  FD_SYNC = 4,
  FD_TELL = 5,
  FD_WRITE = 6,
  FD_ADVISE = 7,
  FD_ALLOCATE = 8,
  PATH_CREATE_DIRECTORY = 9,
  PATH_CREATE_FILE = 10,
  PATH_LINK_SOURCE = 11,
  PATH_LINK_TARGET = 12,
  PATH_OPEN = 13,
  FD_READDIR = 14,
  PATH_READLINK = 15,
  PATH_RENAME_SOURCE = 16,
  PATH_RENAME_TARGET = 17,
  PATH_STAT = 18,
  PATH_SET_SIZE = 19,
  PATH_SET_TIMES = 20,
  FD_STAT = 21,
  FD_SET_SIZE = 22,
  FD_SET_TIMES = 23,
  PATH_SYMLINK = 24,
  PATH_REMOVE_DIRECTORY = 25,
  PATH_UNLINK_FILE = 26,
  POLL = 27,
  SOCK_ACCEPT = 29,
  RIGHT_COUNT = 30,
};

// ---- memory.c ----

void arena_reset(void);
void *arena_alloc(u32 size, u32 align); // never NULL: a trap when there is no memory
// Memory that stays for good. What the arena holds stays as well.
void *keep_alloc(u32 size, u32 align);
u32 arena_mark(void);
void arena_release(u32 mark);
void main_read(void *to, u32 at, u32 size);
void main_write(u32 at, const void *from, u32 size);

// The buffers that a call names, and how far it has come in them.
typedef struct cursor {
  u32 list, count; // what is left of the program's array of (address, size)
  u32 at, size;    // what is left of the current buffer
} cursor;
err cursor_init(cursor *c, u32 list, u32 count);
u32 cursor_gather(cursor *c, u8 *to, u32 size);           // bytes copied
void cursor_scatter(cursor *c, const u8 *from, u32 size); // into buffers that have the room
u64 cursor_left(const cursor *c);

// ---- table.c: descriptors ----

typedef enum kind { KIND_NONE = 0, KIND_STDIO = 1, KIND_FILE = 2 } kind;

typedef struct descriptor {
  kind kind;
  u8 type;   // of a file: TYPE_*
  u8 number; // of stdio: 0, 1, 2
  u8 flags;  // FDFLAG_*
  u8 is_preopen;
  u8 has_stream, has_entries;
  u32 handle;  // of a file
  u32 stream;  // stdio: the stream. File: to append
  u32 entries; // directory: the stream of its entries
  u64 next;    // directory: cookie of the entry that comes next from `entries`
  u64 offset;
  u64 rights, inheriting;
  text name; // of a preopen
} descriptor;

err get_fd(u32 fd, u64 rights, descriptor **out); // BADF, NOTCAPABLE
err new_fd(const descriptor *d, u32 *fd);
void release(descriptor *d); // what it holds; the place is free
err move_fd(u32 from, u32 to);
u32 input_of(descriptor *stdio);
u32 output_of(descriptor *stdio);
static inline int is_file(const descriptor *d) {
  return HAS_FILES && d->kind == KIND_FILE;
}
extern const u64 dir_rights; // what a directory can be used for
u8 type_of(descriptor *d);   // asks whether stdio is a terminal

// ---- errors.c ----

err err_of_code(u8 code);
err err_of_stream(const stream_error *e); // drops what it holds
err done(const done_result *result);

// ---- fd.c ----

typedef struct new_time { // new-timestamp
  u32 kind;               // 0: no change, 1: now, 2: the time
  u64 seconds;
  u32 nanoseconds;
} new_time;
err times_of(u64 access, u64 modification, u32 flags, new_time *a, new_time *m);
void put_filestat(u32 at, const descriptor_stat *s, u64 inode);
u8 type_of_code(u8 type);

#endif
