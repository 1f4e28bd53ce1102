// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// raw.c: what each function of preview 1 answers, right or wrong, in both of its old shapes. Granted: descriptor 3 is
// "/data", empty and writable. Clocks are virtual. Prints what differs; exit status 0 when nothing does.
#include "raw.h"

static u8 buf[512];
static u32 out;
static u64 out64;

static u32 open_file(const char *name, u32 oflags, u64 rights, u32 flags) {
  out = 99;
  u32 rc = path_open(3, 1, name, text_size(name), oflags, rights, R_ALL, flags, &out);
  return rc == SUCCESS ? out : 1000 + rc;
}

static u32 write_text(u32 fd, const char *s) {
  iovec v = {s, text_size(s)};
  u32 rc = fd_write(fd, &v, 1, &out);
  return rc == SUCCESS ? out : 1000 + rc;
}

static u64 position(u32 fd, s64 delta, u32 whence) {
  u32 rc = fd_seek(fd, delta, whence, &out64);
  return rc == SUCCESS ? out64 : 1000 + rc;
}

#ifndef ADAPTED
static void addresses(void) {
  iovec far = {FAR, 32}, wrap = {buf, 0xffffffffu}, good = {buf, 4};
  CHECK(fd_write(1, FAR, 1, &out), FAULT);
  CHECK(fd_write(1, &far, 1, &out), FAULT);
  CHECK(fd_write(1, &wrap, 1, &out), FAULT);
  CHECK(fd_write(1, &good, 0x20000000, &out), INVAL);
  CHECK(fd_write(1, &good, 0xffffffffu, &out), INVAL);
  CHECK(fd_write(1, &good, 0, FAR), FAULT);
  CHECK(fd_read(0, &far, 1, &out), FAULT);
  CHECK(args_get(FAR, buf), FAULT);
  CHECK(args_get(buf, FAR), FAULT);
  CHECK(args_sizes_get(FAR, &out), FAULT);
  CHECK(environ_get(FAR, buf), FAULT);
  CHECK(environ_sizes_get(&out, FAR), FAULT);
  CHECK(clock_time_get(0, 0, FAR), FAULT);
  CHECK(clock_res_get(0, FAR), FAULT);
  CHECK(random_get(FAR, 64), FAULT);
  CHECK(random_get(buf, 0xffffffffu), FAULT);
  CHECK(fd_fdstat_get(1, FAR), FAULT);
  CHECK(fd_filestat_get(1, FAR), FAULT);
  CHECK(fd_prestat_get(3, FAR), FAULT);
  CHECK(fd_prestat_dir_name(3, FAR, 64), FAULT);
  CHECK(fd_readdir(3, FAR, 64, 0, &out), FAULT);
  CHECK(fd_readdir(3, buf, 64, 0, FAR), FAULT);
  CHECK(fd_readdir(3, buf, 0xffffffffu, 0, &out), FAULT);
  CHECK(path_create_directory(3, FAR, 64), FAULT);
  CHECK(path_create_directory(3, "x", 0xffffffffu), FAULT);
  CHECK(path_filestat_get(3, 0, STR("."), FAR), FAULT);
  CHECK(path_readlink(3, STR("x"), FAR, 64, &out), FAULT);
  CHECK(path_symlink(FAR, 64, 3, STR("x")), FAULT);
  CHECK(poll_oneoff(FAR, buf, 1, &out), FAULT);
  CHECK(poll_oneoff(buf, FAR, 1, &out), FAULT);
  CHECK(poll_oneoff(buf, buf, 0, &out), INVAL);
  CHECK(poll_oneoff(buf, buf, 0xffffffffu, &out), INVAL);
  // A place for the result that is out of bounds leaves no descriptor behind.
  CHECK(path_open(3, 0, STR("made"), CREAT, R_ALL, R_ALL, 0, FAR), FAULT);
  CHECK(path_filestat_get(3, 0, STR("made"), buf), NOENT);
}
#endif

static void descriptors(void) {
  CHECK(fd_close(99), BADF);
  CHECK(fd_close(0xffffffffu), BADF);
  CHECK(fd_sync(99), BADF);
  CHECK(fd_fdstat_get(99, buf), BADF);
  CHECK(fd_prestat_get(1, buf), BADF);
  CHECK(fd_prestat_get(4, buf), BADF);
  CHECK(fd_prestat_get(3, buf), SUCCESS);
  CHECK(load64(buf), 5ull << 32); // a directory, 5 bytes of name
  CHECK(fd_prestat_dir_name(3, buf, 4), NAMETOOLONG);
  CHECK(fd_prestat_dir_name(3, buf, 5), SUCCESS);
  CHECK(buf[0] == '/' && buf[4] == 'a', 1);
  CHECK(open_file("a", CREAT, R_ALL, 0), 4);
  CHECK(open_file("b", CREAT, R_ALL, 0), 5);
  CHECK(write_text(4, "aaa"), 3);
  CHECK(fd_renumber(4, 4), SUCCESS);
  CHECK(fd_renumber(4, 9), BADF);
  CHECK(fd_renumber(9, 4), BADF);
  CHECK(fd_renumber(4, 5), SUCCESS);
  CHECK(position(5, 0, WHENCE_CUR), 3); // the position came along
  CHECK(fd_close(4), BADF);
  CHECK(open_file("b", 0, R_READ, 0), 4); // the lowest free number
  CHECK(fd_close(4), SUCCESS);
  CHECK(fd_close(5), SUCCESS);
}

static void rights_and_flags(void) {
  iovec v = {buf, 3};
  CHECK(open_file("a", 0, R_READ | R_SEEK, 0), 4);
  CHECK(fd_write(4, &v, 1, &out), NOTCAPABLE);
  CHECK(fd_fdstat_get(4, buf), SUCCESS);
  CHECK(buf[0], 4); // a regular file
  CHECK(load64(buf + 8), R_READ | R_SEEK);
  CHECK(fd_fdstat_set_rights(4, R_READ | R_WRITE, 0), NOTCAPABLE);
  CHECK(fd_fdstat_set_rights(4, R_SEEK, 0), SUCCESS);
  CHECK(fd_read(4, &v, 1, &out), NOTCAPABLE);
  CHECK(fd_fdstat_set_flags(4, 0), NOTCAPABLE);
  CHECK(fd_close(4), SUCCESS);
  // Bits that mean nothing are asked for by real programs.
  CHECK(open_file("a", 0, R_ALL, APPEND), 4);
  CHECK(write_text(4, "bb"), 2);
  CHECK(position(4, 0, WHENCE_CUR), 5);
  CHECK(fd_fdstat_get(4, buf), SUCCESS);
  CHECK(buf[2], APPEND);
  CHECK(fd_fdstat_set_flags(4, 64), INVAL);
  CHECK(fd_fdstat_set_flags(4, SYNC), NOTSUP);
  CHECK(fd_fdstat_set_flags(4, NONBLOCK), SUCCESS);
  CHECK(position(4, 1, WHENCE_SET), 1);
  CHECK(write_text(4, "X"), 1);
  CHECK(fd_pread(4, &v, 1, 0, &out), SUCCESS);
  CHECK(out == 3 && buf[0] == 'a' && buf[1] == 'X', 1);
  v.data = "Y";
  v.size = 1;
  CHECK(fd_pwrite(4, &v, 1, 4, &out), SUCCESS);
  CHECK(position(4, 0, WHENCE_CUR), 2);
  CHECK(position(4, 0, WHENCE_END), 5);
  CHECK(position(4, -6, WHENCE_END), 1000 + INVAL);
  CHECK(fd_seek(4, 0, 3, &out64), INVAL);
  CHECK(fd_tell(4, &out64), SUCCESS);
  CHECK(out64, 5);
  CHECK(fd_close(4), SUCCESS);
  CHECK(path_open(3, 0, STR("a"), 16, R_ALL, R_ALL, 0, &out), INVAL);
  CHECK(path_open(3, 0, STR("a"), 0, R_ALL, R_ALL, 32, &out), INVAL);
  CHECK(path_open(3, 0, STR("a"), CREAT | EXCL, R_ALL, R_ALL, 0, &out), EXIST);
  CHECK(path_open(3, 0, STR("."), DIRECTORY, R_READ | R_WRITE, R_ALL, 0, &out), ISDIR);
  CHECK(open_file("a", TRUNC, R_READ, 0), 4);
  CHECK(position(4, 0, WHENCE_END), 1000 + NOTCAPABLE);
  CHECK(fd_close(4), SUCCESS);
}

static void attributes(void) {
  CHECK(open_file("a", 0, R_ALL, 0), 4);
  CHECK(fd_filestat_set_size(4, 7), SUCCESS);
  CHECK(fd_filestat_set_size(4, R_ALL), INVAL);
  CHECK(fd_filestat_set_times(4, 11, 22, 1 | 4), SUCCESS);
  CHECK(fd_filestat_set_times(4, 11, 22, 1 | 2), INVAL);
  CHECK(fd_filestat_set_times(4, 11, 22, 4 | 8), INVAL);
  CHECK(fd_filestat_set_times(4, 11, 22, 16), INVAL);
  for (u32 i = 0; i < FILESTAT_SIZE + 8; i++)
    buf[i] = 0xee;
  CHECK(fd_filestat_get(4, buf), SUCCESS);
  CHECK(buf[16], 4);
#ifdef UNSTABLE
  CHECK(load32(buf + 20), 1); // links
#else
  CHECK(load64(buf + 24), 1);
#endif
  CHECK(load64(buf + FILESTAT_SIZE_AT), 7);
  CHECK(load64(buf + FILESTAT_SIZE_AT + 8), 11);
  CHECK(load64(buf + FILESTAT_SIZE_AT + 16), 22);
  CHECK(buf[FILESTAT_SIZE], 0xee); // and no byte more
  CHECK(path_filestat_get(3, 0, STR("a"), buf + 128), SUCCESS);
  CHECK(load64(buf + 128 + FILESTAT_SIZE_AT), 7);
  CHECK(load64(buf + 8) == load64(buf + 128 + 8), 1); // the same file
  CHECK(fd_advise(4, 0, 4, 6), INVAL);
  CHECK(fd_advise(4, R_ALL, 4, 0), INVAL);
  CHECK(fd_advise(4, 0, 4, 5), SUCCESS);
  CHECK(fd_advise(1, 0, 4, 0), SPIPE);
  CHECK(fd_allocate(4, 0, 0), INVAL);
  CHECK(fd_allocate(4, R_ALL, 10), FBIG);
  CHECK(fd_allocate(4, 0, 20), SUCCESS);
  CHECK(fd_filestat_get(4, buf), SUCCESS);
  CHECK(load64(buf + FILESTAT_SIZE_AT), 20);
  CHECK(fd_sync(4), SUCCESS);
  CHECK(fd_datasync(4), SUCCESS);
  CHECK(fd_close(4), SUCCESS);
  CHECK(fd_seek(1, 0, WHENCE_CUR, &out64), SPIPE);
  CHECK(fd_tell(1, &out64), SPIPE);
  CHECK(fd_seek(3, 0, WHENCE_CUR, &out64), BADF);
}

static void paths(void) {
  iovec v = {buf, 3};
  CHECK(path_open(3, 0, STR(""), 0, R_ALL, R_ALL, 0, &out), NOENT);
  CHECK(path_open(3, 0, STR("a\0"), 0, R_ALL, R_ALL, 0, &out), INVAL);
  CHECK(path_open(3, 0, STR("\xff"), 0, R_ALL, R_ALL, 0, &out), ILSEQ);
  CHECK(path_open(3, 0, STR("/a"), 0, R_ALL, R_ALL, 0, &out), ESCAPES);
  CHECK(path_open(3, 0, STR("../a"), 0, R_ALL, R_ALL, 0, &out), ESCAPES);
  CHECK(path_open(1, 0, STR("a"), 0, R_ALL, R_ALL, 0, &out), NOTDIR);
  CHECK(path_open(99, 0, STR("a"), 0, R_ALL, R_ALL, 0, &out), BADF);
  CHECK(path_symlink(STR("/a"), 3, STR("l")), ESCAPES);
  CHECK(path_symlink(STR("abcdef"), 3, STR("l")), SUCCESS);
  CHECK(path_readlink(3, STR("l"), buf, 4, &out), SUCCESS);
  CHECK(out == 4 && buf[3] == 'd', 1); // what fits
  CHECK(path_readlink(3, STR("l"), buf, 100, &out), SUCCESS);
  CHECK(out, 6);
  CHECK(path_readlink(3, STR("a"), buf, 100, &out), INVAL);
  CHECK(path_filestat_get(3, 0, STR("l"), buf), SUCCESS);
  CHECK(buf[16], 7); // a link
  CHECK(path_filestat_get(3, 1, STR("l"), buf), NOENT);
  CHECK(path_link(3, 1, STR("a"), 3, STR("h")), INVAL);
  CHECK(path_link(3, 0, STR("a"), 3, STR("h")), SUCCESS);
  CHECK(path_link(3, 0, STR("a"), 3, STR("h")), EXIST);
  CHECK(path_filestat_set_times(3, 0, STR("a"), 33, 44, 1 | 4), SUCCESS);
  CHECK(path_filestat_set_times(3, 0, STR("a"), 33, 44, 3), INVAL);
  CHECK(path_filestat_get(3, 0, STR("h"), buf), SUCCESS);
  CHECK(load64(buf + FILESTAT_SIZE_AT + 16), 44);
  CHECK(path_create_directory(3, STR("d")), SUCCESS);
  CHECK(path_create_directory(3, STR("d")), EXIST);
  CHECK(path_rename(3, STR("h"), 3, STR("d/h")), SUCCESS);
  CHECK(path_unlink_file(3, STR("d")), ISDIR);
  CHECK(path_remove_directory(3, STR("d/h")), NOTDIR);
  CHECK(open_file("d", DIRECTORY, R_ALL & ~R_WRITE, 0), 4);
  CHECK(path_open(4, 0, STR("../a"), 0, R_READ, 0, 0, &out), ESCAPES);
  CHECK(path_open(4, 0, STR("h"), 0, R_READ, 0, 0, &out), SUCCESS);
  CHECK(fd_close(out), SUCCESS);
  CHECK(fd_read(4, &v, 1, &out), ISDIR);
  // What a directory may not pass on, nothing below it has.
  CHECK(fd_fdstat_set_rights(4, (1ull << 13) | (1ull << 14), R_READ), SUCCESS);
  CHECK(path_open(4, 0, STR("h"), 0, R_READ | R_WRITE, R_ALL, 0, &out), SUCCESS);
  CHECK(fd_fdstat_get(out, buf), SUCCESS);
  CHECK(load64(buf + 8), R_READ);
  CHECK(fd_close(out), SUCCESS);
  CHECK(path_open(4, 0, STR("new"), CREAT, R_READ, R_ALL, 0, &out), NOTCAPABLE);
  CHECK(path_open(4, 0, STR("h"), TRUNC, R_READ, R_ALL, 0, &out), NOTCAPABLE);
  CHECK(path_filestat_get(4, 0, STR("h"), buf), NOTCAPABLE);
  CHECK(fd_close(4), SUCCESS);
}

// Entries of /data/d by pieces of `size` bytes; each name is there once.
static void listing(void) {
  CHECK(path_create_directory(3, STR("d/sub")), SUCCESS);
  CHECK(open_file("d", DIRECTORY, R_ALL & ~R_WRITE, 0), 4);
  for (u32 size = 24 + 3; size < 120; size += 13) {
    u32 seen_h = 0, seen_sub = 0, seen_dots = 0;
    u64 cookie = 0;
    for (u32 round = 0; round < 20; round++) {
      CHECK(fd_readdir(4, buf, size, cookie, &out), SUCCESS);
      u32 at = 0;
      while (at + 24 <= out && at + 24 + load32(buf + at + 16) <= out) {
        const u8 *name = buf + at + 24;
        u32 n = load32(buf + at + 16);
        cookie = load64(buf + at);
        seen_h += n == 1 && name[0] == 'h' && buf[at + 20] == 4;
        seen_sub += n == 3 && name[0] == 's' && buf[at + 20] == 3;
        seen_dots += name[0] == '.' && buf[at + 20] == 3;
        at += 24 + n;
      }
      if (out < size)
        break;
    }
    check("d/h listed", seen_h, 1);
    check("d/sub listed", seen_sub, 1);
    check("dots listed", seen_dots, 2);
  }
  CHECK(fd_readdir(4, buf, 10, 0, &out), SUCCESS);
  CHECK(out, 10); // cut in the middle of a record
  CHECK(fd_readdir(4, buf, 0, 0, &out), SUCCESS);
  CHECK(out, 0);
  CHECK(fd_readdir(1, buf, 100, 0, &out), NOTDIR);
  CHECK(fd_close(4), SUCCESS);
}

static void put_clock(u8 *p, u64 userdata, u32 id, u64 timeout, u32 flags) {
  for (u32 i = 0; i < SUBSCRIPTION_SIZE; i++)
    p[i] = 0;
  *(volatile u64 *)p = userdata;
  *(volatile u32 *)(p + CLOCK_AT) = id;
  *(volatile u64 *)(p + CLOCK_AT + 8) = timeout;
  *(volatile u16 *)(p + CLOCK_AT + 24) = (u16)flags;
}

static void put_fd(u8 *p, u64 userdata, u32 type, u32 fd) {
  for (u32 i = 0; i < SUBSCRIPTION_SIZE; i++)
    p[i] = 0;
  *(volatile u64 *)p = userdata;
  p[8] = (u8)type;
  *(volatile u32 *)(p + 16) = fd;
}

static void clocks_and_polling(void) {
  static u8 events[128];
  u64 before, after;
  CHECK(clock_time_get(4, 0, &out64), INVAL);
  CHECK(clock_res_get(4, &out64), INVAL);
  CHECK(clock_res_get(1, &out64), SUCCESS);
  CHECK(out64 != 0, 1);
  CHECK(clock_time_get(1, 0, &before), SUCCESS);
  put_clock(buf, 77, 1, 5000000000ull, 0);
  CHECK(poll_oneoff(buf, events, 1, &out), SUCCESS);
  CHECK(clock_time_get(1, 0, &after), SUCCESS);
  CHECK(after - before, 5000000000ull); // of a virtual clock
  CHECK(out, 1);
  CHECK(load64(events), 77);
  CHECK(load32(events + 8), 0); // no error, a clock
  // An absolute moment that is past; a descriptor that is not open; a file; a type that there is not.
  put_clock(buf, 1, 0, 5, 1);
  put_fd(buf + SUBSCRIPTION_SIZE, 2, 1, 99);
  CHECK(open_file("a", 0, R_ALL, 0), 4);
  put_fd(buf + 2 * SUBSCRIPTION_SIZE, 3, 1, 4);
  put_fd(buf + 3 * SUBSCRIPTION_SIZE, 4, 9, 4);
  CHECK(poll_oneoff(buf, events, 4, &out), SUCCESS);
  CHECK(out, 4);
  CHECK(load64(events), 1);
  CHECK(load64(events + 32), 2);
  CHECK(events[32 + 8], BADF);
  CHECK(load64(events + 64 + 16), 20); // bytes that can be read
  CHECK(events[96 + 8], INVAL);
  CHECK(clock_time_get(1, 0, &before), SUCCESS);
  CHECK(before, after);
  CHECK(fd_close(4), SUCCESS);
}

static void the_rest(void) {
  static u8 a[64], b[64];
  iovec v = {buf, 4};
  CHECK(random_get(a, 64), SUCCESS);
  CHECK(random_get(b, 64), SUCCESS);
  u32 same = 0;
  for (u32 i = 0; i < 64; i++)
    same += a[i] == b[i];
  CHECK(same < 32, 1);
  CHECK(random_get(a, 0), SUCCESS);
  CHECK(sched_yield(), SUCCESS);
  CHECK(proc_raise(0), SUCCESS);
  CHECK(proc_raise(16), SUCCESS); // a child's end is ignored
  CHECK(proc_raise(18), NOTSUP);  // stop
  CHECK(proc_raise(31), INVAL);
  CHECK(sock_recv(1, &v, 1, 0, &out, buf + 64), NOTSOCK);
  CHECK(sock_recv(1, &v, 1, 4, &out, buf + 64), INVAL);
  CHECK(sock_send(1, &v, 1, 0, &out), NOTSOCK);
  CHECK(sock_send(1, &v, 1, 1, &out), INVAL);
  CHECK(sock_shutdown(99, 1), BADF);
  CHECK(sock_shutdown(1, 1), NOTSOCK);
#ifndef UNSTABLE
  CHECK(sock_accept(1, 0, &out), NOTSOCK);
  CHECK(sock_accept(1, 1, &out), INVAL);
#endif
  // Losing a granted directory is for good.
  CHECK(fd_close(3), SUCCESS);
  CHECK(fd_prestat_get(3, buf), BADF);
  CHECK(path_create_directory(3, STR("x")), BADF);
}

void _start(void) {
#ifndef ADAPTED // there, such an address is a trap
  addresses();
#endif
  descriptors();
  rights_and_flags();
  attributes();
  paths();
  listing();
  clocks_and_polling();
  the_rest();
  proc_exit(failures != 0);
}
