// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// raw.h: the imports of preview 1 as a guest sees them, without a C library. With UNSTABLE the imports are those of
// wasi_unstable, and the layouts its own.
#ifndef RAW_H
#define RAW_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#ifdef UNSTABLE
#define MODULE "wasi_unstable"
#define WHENCE_SET 2
#define WHENCE_CUR 0
#define WHENCE_END 1
#define FILESTAT_SIZE 56
#define FILESTAT_SIZE_AT 24
#define SUBSCRIPTION_SIZE 56
#define CLOCK_AT 24
#else
#define MODULE "wasi_snapshot_preview1"
#define WHENCE_SET 0
#define WHENCE_CUR 1
#define WHENCE_END 2
#define FILESTAT_SIZE 64
#define FILESTAT_SIZE_AT 32
#define SUBSCRIPTION_SIZE 48
#define CLOCK_AT 16
#endif

// How an attempt to leave a directory is answered: 0.2 has one code for all that is not permitted, and an adapter cannot
// tell the reason.
#ifdef ADAPTED
#define ESCAPES 63 // perm
#else
#define ESCAPES NOTCAPABLE
#endif

#define IMPORT(name) __attribute__((import_module(MODULE), import_name(#name))) u32 name
#define PTR const volatile void *

IMPORT(args_get)(PTR, PTR);
IMPORT(args_sizes_get)(PTR, PTR);
IMPORT(environ_get)(PTR, PTR);
IMPORT(environ_sizes_get)(PTR, PTR);
IMPORT(clock_res_get)(u32, PTR);
IMPORT(clock_time_get)(u32, u64, PTR);
IMPORT(fd_advise)(u32, u64, u64, u32);
IMPORT(fd_allocate)(u32, u64, u64);
IMPORT(fd_close)(u32);
IMPORT(fd_datasync)(u32);
IMPORT(fd_fdstat_get)(u32, PTR);
IMPORT(fd_fdstat_set_flags)(u32, u32);
IMPORT(fd_fdstat_set_rights)(u32, u64, u64);
IMPORT(fd_filestat_get)(u32, PTR);
IMPORT(fd_filestat_set_size)(u32, u64);
IMPORT(fd_filestat_set_times)(u32, u64, u64, u32);
IMPORT(fd_pread)(u32, PTR, u32, u64, PTR);
IMPORT(fd_prestat_get)(u32, PTR);
IMPORT(fd_prestat_dir_name)(u32, PTR, u32);
IMPORT(fd_pwrite)(u32, PTR, u32, u64, PTR);
IMPORT(fd_read)(u32, PTR, u32, PTR);
IMPORT(fd_readdir)(u32, PTR, u32, u64, PTR);
IMPORT(fd_renumber)(u32, u32);
IMPORT(fd_seek)(u32, s64, u32, PTR);
IMPORT(fd_sync)(u32);
IMPORT(fd_tell)(u32, PTR);
IMPORT(fd_write)(u32, PTR, u32, PTR);
IMPORT(path_create_directory)(u32, PTR, u32);
IMPORT(path_filestat_get)(u32, u32, PTR, u32, PTR);
IMPORT(path_filestat_set_times)(u32, u32, PTR, u32, u64, u64, u32);
IMPORT(path_link)(u32, u32, PTR, u32, u32, PTR, u32);
IMPORT(path_open)(u32, u32, PTR, u32, u32, u64, u64, u32, PTR);
IMPORT(path_readlink)(u32, PTR, u32, PTR, u32, PTR);
IMPORT(path_remove_directory)(u32, PTR, u32);
IMPORT(path_rename)(u32, PTR, u32, u32, PTR, u32);
IMPORT(path_symlink)(PTR, u32, u32, PTR, u32);
IMPORT(path_unlink_file)(u32, PTR, u32);
IMPORT(poll_oneoff)(PTR, PTR, u32, PTR);
IMPORT(proc_raise)(u32);
IMPORT(random_get)(PTR, u32);
IMPORT(sched_yield)(void);
IMPORT(sock_recv)(u32, PTR, u32, u32, PTR, PTR);
IMPORT(sock_send)(u32, PTR, u32, u32, PTR);
IMPORT(sock_shutdown)(u32, u32);
#ifndef UNSTABLE
IMPORT(sock_accept)(u32, u32, PTR);
#endif
__attribute__((import_module(MODULE), import_name("proc_exit"), noreturn)) void proc_exit(u32);

enum {
  SUCCESS = 0,
  ACCES = 2,
  AGAIN = 6,
  BADF = 8,
  EXIST = 20,
  FAULT = 21,
  FBIG = 22,
  ILSEQ = 25,
  INVAL = 28,
  ISDIR = 31,
  NAMETOOLONG = 37,
  NOENT = 44,
  NOTDIR = 54,
  NOTSOCK = 57,
  NOTSUP = 58,
  SPIPE = 70,
  NOTCAPABLE = 76,
};

enum { CREAT = 1, DIRECTORY = 2, EXCL = 4, TRUNC = 8 };
enum { APPEND = 1, DSYNC = 2, NONBLOCK = 4, RSYNC = 8, SYNC = 16 };
#define R_DATASYNC 1ull
#define R_READ 2ull
#define R_SEEK 4ull
#define R_SET_FLAGS 8ull
#define R_TELL 32ull
#define R_WRITE 64ull
#define R_ALL ~0ull

typedef struct iovec {
  PTR data;
  u32 size;
} iovec;

static u32 text_size(const char *s) {
  u32 n = 0;
  while (s[n] != 0)
    n++;
  return n;
}

static void say(const char *s) {
  u32 done;
  iovec v = {s, text_size(s)};
  fd_write(1, &v, 1, &done);
}

static void say_number(u64 v) {
  char text[24];
  int at = 23;
  text[at] = 0;
  do
    text[--at] = (char)('0' + v % 10);
  while ((v /= 10) != 0);
  say(text + at);
}

static u32 failures;

static void check(const char *what, u64 got, u64 expected) {
  if (got == expected)
    return;
  failures++;
  say(what);
  say(": ");
  say_number(got);
  say(", expected ");
  say_number(expected);
  say("\n");
}
#define CHECK(call, expected) check(#call, (call), (expected))

static u64 load64(const volatile u8 *p) {
  return *(const volatile u64 *)p;
}
static u32 load32(const volatile u8 *p) {
  return *(const volatile u32 *)p;
}
#define STR(s) (s), (u32)(sizeof(s) - 1)
// An address that no memory of these guests has.
#define FAR ((PTR)0xfffffff0u)

#endif
