// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fd.c: operations on descriptors.
#include "adapter.h"

// ---- transfers ----

// The largest total that fits into the result.
static u64 transfer_size(const cursor *c) {
  u64 left = cursor_left(c);
  return left < 0xffffffffull ? left : 0xffffffffull;
}

// To a stream, in pieces. What was written before an error counts.
static err write_stream(u32 stream, cursor *c, u32 *written) {
  u32 mark = arena_mark();
  u8 *buf = arena_alloc(WRITE_PIECE, 1);
  err answer = OK;
  for (u64 left = transfer_size(c); answer == OK && left > 0;) {
    stream_done result;
    u32 n = cursor_gather(c, buf, left < WRITE_PIECE ? (u32)left : WRITE_PIECE);
    left -= n;
    output_stream_blocking_write_and_flush(stream, buf, n, &result);
    if (result.is_error)
      answer = err_of_stream(&result.error);
    else
      *written += n;
  }
  arena_release(mark);
  return *written > 0 ? OK : answer;
}

static err read_stream(descriptor *d, cursor *c, u32 *got) {
  stream_read result;
  u64 left = cursor_left(c), size = left < PIECE ? left : PIECE;
  if (size == 0)
    return OK;
  if (d->flags & FDFLAG_NONBLOCK)
    input_stream_read(input_of(d), size, &result);
  else
    input_stream_blocking_read(input_of(d), size, &result);
  if (result.is_error)
    return result.error.is_closed ? OK : err_of_stream(&result.error);
  if (result.data.size == 0 && (d->flags & FDFLAG_NONBLOCK))
    return AGAIN;
  cursor_scatter(c, result.data.data, result.data.size);
  *got = result.data.size;
  return OK;
}

static err read_file(descriptor *d, cursor *c, u64 offset, u32 *got) {
  u64 left = transfer_size(c);
  u32 mark = arena_mark();
  for (;;) {
    read_result result;
    u64 size = left < PIECE ? left : PIECE;
    fs_read(d->handle, size, offset + *got, &result);
    if (result.is_error)
      return *got > 0 ? OK : err_of_code(result.code);
    cursor_scatter(c, result.data.data, result.data.size);
    *got += result.data.size;
    left -= result.data.size;
    arena_release(mark);
    if (left == 0 || result.at_end || result.data.size == 0)
      return OK;
  }
}

static err write_file(descriptor *d, cursor *c, u64 offset, u32 *written) {
  u64 left = transfer_size(c);
  u8 *buf = arena_alloc(left < PIECE ? (u32)left : PIECE, 1);
  do {
    size_result result;
    u32 n = cursor_gather(c, buf, left < PIECE ? (u32)left : PIECE);
    fs_write(d->handle, buf, n, offset + *written, &result);
    if (result.is_error)
      return *written > 0 ? OK : err_of_code(result.code);
    *written += (u32)result.size;
    left -= n;
    if (result.size != n)
      return OK;
  } while (left > 0);
  return OK;
}

static err append_file(descriptor *d, cursor *c, u32 *written) {
  stat_result stat;
  if (!d->has_stream) {
    handle_result stream;
    fs_append_via_stream(d->handle, &stream);
    if (stream.is_error)
      return err_of_code(stream.code);
    d->stream = stream.handle;
    d->has_stream = 1;
  }
  TRY(write_stream(d->stream, c, written));
  fs_stat(d->handle, &stat);
  if (!stat.is_error)
    d->offset = stat.stat.size;
  return OK;
}

static err get_open(u32 fd, u64 right, u32 list, u32 count, descriptor **d, cursor *c) {
  TRY(get_fd(fd, 0, d));
  if (is_file(*d) && (*d)->type == TYPE_DIR)
    return ISDIR;
  if (((*d)->rights & right) != right)
    return NOTCAPABLE;
  return cursor_init(c, list, count);
}

EXPORT(fd_read)(u32 fd, u32 list, u32 count, u32 nread) {
  descriptor *d;
  cursor c;
  u32 got = 0;
  arena_reset();
  TRY(get_open(fd, CAN(FD_READ), list, count, &d, &c));
  if (is_file(d)) {
    TRY(read_file(d, &c, d->offset, &got));
    d->offset += got;
    main_store32(nread, got);
    return OK;
  }
  TRY(read_stream(d, &c, &got));
  main_store32(nread, got);
  return OK;
}

EXPORT(fd_write)(u32 fd, u32 list, u32 count, u32 nwritten) {
  descriptor *d;
  cursor c;
  u32 written = 0;
  arena_reset();
  TRY(get_open(fd, CAN(FD_WRITE), list, count, &d, &c));
  if (is_file(d)) {
    if (d->flags & FDFLAG_APPEND) {
      TRY(append_file(d, &c, &written));
    } else {
      TRY(write_file(d, &c, d->offset, &written));
      d->offset += written;
    }
    main_store32(nwritten, written);
    return OK;
  }
  TRY(write_stream(output_of(d), &c, &written));
  main_store32(nwritten, written);
  return OK;
}

static inline __attribute__((always_inline)) err get_placed(u32 fd, u64 right, u32 list, u32 count, descriptor **d,
                                                            cursor *c) {
  TRY(get_fd(fd, 0, d));
  if (!is_file(*d))
    return SPIPE;
  return get_open(fd, right | CAN(FD_SEEK), list, count, d, c);
}

EXPORT(fd_pread)(u32 fd, u32 list, u32 count, u64 offset, u32 nread) {
  descriptor *d;
  cursor c;
  u32 got = 0;
  arena_reset();
  TRY(get_placed(fd, CAN(FD_READ), list, count, &d, &c));
  TRY(read_file(d, &c, offset, &got));
  main_store32(nread, got);
  return OK;
}

EXPORT(fd_pwrite)(u32 fd, u32 list, u32 count, u64 offset, u32 nwritten) {
  descriptor *d;
  cursor c;
  u32 written = 0;
  arena_reset();
  TRY(get_placed(fd, CAN(FD_WRITE), list, count, &d, &c));
  TRY(write_file(d, &c, offset, &written));
  main_store32(nwritten, written);
  return OK;
}

// ---- positions ----

enum { WHENCE_SET = 0, WHENCE_CUR = 1, WHENCE_END = 2 };

static err lacks(const descriptor *d) {
  return d->type == TYPE_DIR ? BADF : NOTCAPABLE;
}

static err seek(descriptor *d, s64 delta, u32 whence) {
  u64 from = whence == WHENCE_CUR ? d->offset : 0;
  if (whence == WHENCE_END) {
    stat_result result;
    fs_stat(d->handle, &result);
    if (result.is_error)
      return err_of_code(result.code);
    from = result.stat.size;
  }
  s64 to;
  if (__builtin_add_overflow((s64)from, delta, &to) || to < 0)
    return INVAL;
  d->offset = (u64)to;
  return OK;
}

EXPORT(fd_seek)(u32 fd, s64 delta, u32 whence, u32 out) {
  descriptor *d;
  arena_reset();
  TRY(get_fd(fd, 0, &d));
  if (whence > WHENCE_END)
    return INVAL;
  if (!is_file(d))
    return SPIPE;
  // Asking where one is needs only the right to tell.
  int tells = whence == WHENCE_CUR && delta == 0 && (d->rights & CAN(FD_TELL));
  if (!tells && !(d->rights & CAN(FD_SEEK)))
    return lacks(d);
  TRY(seek(d, delta, whence));
  main_store64(out, d->offset);
  return OK;
}

EXPORT(fd_tell)(u32 fd, u32 out) {
  descriptor *d;
  arena_reset();
  TRY(get_fd(fd, 0, &d));
  if (!is_file(d))
    return SPIPE;
  if (!(d->rights & (CAN(FD_SEEK) | CAN(FD_TELL))))
    return lacks(d);
  main_store64(out, d->offset);
  return OK;
}

// ---- the table ----

EXPORT(fd_close)(u32 fd) {
  descriptor *d;
  arena_reset();
  TRY(get_fd(fd, 0, &d));
  release(d);
  return OK;
}

EXPORT(fd_renumber)(u32 fd, u32 to) {
  arena_reset();
  return move_fd(fd, to);
}

EXPORT(fd_fdstat_get)(u32 fd, u32 out) {
  descriptor *d;
  arena_reset();
  TRY(get_fd(fd, 0, &d));
  main_store64(out, type_of(d) | (u32)d->flags << 16);
  main_store64(out + 8, d->rights);
  main_store64(out + 16, d->inheriting);
  return OK;
}

EXPORT(fd_fdstat_set_flags)(u32 fd, u32 flags) {
  enum { FIXED = FDFLAG_DSYNC | FDFLAG_RSYNC | FDFLAG_SYNC };
  descriptor *d;
  arena_reset();
  TRY(get_fd(fd, CAN(FD_SET_FLAGS), &d));
  if ((flags & ~(u32)FDFLAGS) != 0)
    return INVAL;
  if (((flags ^ d->flags) & FIXED) != 0)
    return NOTSUP; // decided when a file is opened
  d->flags = (u8)flags;
  return OK;
}

EXPORT(fd_fdstat_set_rights)(u32 fd, u64 base, u64 inheriting) {
  descriptor *d;
  arena_reset();
  TRY(get_fd(fd, 0, &d));
  if ((base & ~d->rights) != 0 || (inheriting & ~d->inheriting) != 0)
    return NOTCAPABLE;
  d->rights = base;
  d->inheriting = inheriting;
  return OK;
}

// ---- attributes ----

static u64 nanoseconds(const maybe_time *t) {
  return t->has ? t->value.seconds * 1000000000ull + t->value.nanoseconds : 0;
}

u8 type_of_code(u8 type) {
  // unknown, block device, character device, directory, fifo, symbolic link, regular file, socket
  static const u8 types[] = {TYPE_UNKNOWN, 1, TYPE_CHAR, TYPE_DIR, TYPE_UNKNOWN, 7, TYPE_REGULAR, 6};
  return type < sizeof types ? types[type] : TYPE_UNKNOWN;
}

void put_filestat(u32 at, const descriptor_stat *s, u64 inode) {
  // One device: the hash that stands for the inode tells devices apart as well.
  main_store64(at, 1);
  main_store64(at + 8, inode);
  main_store64(at + 16, type_of_code(s->type));
  main_store64(at + 24, s->links);
  main_store64(at + 32, s->size);
  main_store64(at + 40, nanoseconds(&s->access));
  main_store64(at + 48, nanoseconds(&s->modification));
  main_store64(at + 56, nanoseconds(&s->change));
}

EXPORT(fd_filestat_get)(u32 fd, u32 out) {
  descriptor *d;
  arena_reset();
  TRY(get_fd(fd, CAN(FD_STAT), &d));
  if (is_file(d)) {
    stat_result stat;
    hash_result hash;
    fs_stat(d->handle, &stat);
    if (stat.is_error)
      return err_of_code(stat.code);
    fs_metadata_hash(d->handle, &hash);
    if (hash.is_error)
      return err_of_code(hash.code);
    put_filestat(out, &stat.stat, hash.lower);
    return OK;
  }
  for (u32 i = 0; i < 64; i += 8)
    main_store64(out + i, 0);
  main_store8(out + 16, type_of(d));
  return OK;
}

err times_of(u64 access, u64 modification, u32 flags, new_time *a, new_time *m) {
  enum { ATIM = 1, ATIM_NOW = 2, MTIM = 4, MTIM_NOW = 8 };
  if (flags > 15 || (flags & (ATIM | ATIM_NOW)) == (ATIM | ATIM_NOW) ||
      (flags & (MTIM | MTIM_NOW)) == (MTIM | MTIM_NOW))
    return INVAL;
  *a = (new_time){flags & ATIM ? 2 : flags & ATIM_NOW ? 1 : 0, access / 1000000000, (u32)(access % 1000000000)};
  *m = (new_time){flags & MTIM       ? 2
                  : flags & MTIM_NOW ? 1
                                     : 0,
                  modification / 1000000000, (u32)(modification % 1000000000)};
  return OK;
}

// A descriptor of a file, with the right; `other` is the error for a stream. Inlined, so that without files nothing is
// left of what would come after it.
static inline __attribute__((always_inline)) err file_of(u32 fd, u32 right, err other, descriptor **d) {
  arena_reset();
  TRY(get_fd(fd, 0, d));
  if (!is_file(*d))
    return other;
  return (*d)->rights & CAN(right) ? OK : NOTCAPABLE;
}

EXPORT(fd_filestat_set_size)(u32 fd, u64 size) {
  descriptor *d;
  TRY(file_of(fd, FD_SET_SIZE, INVAL, &d));
  done_result result;
  if ((s64)size < 0)
    return INVAL;
  fs_set_size(d->handle, size, &result);
  return done(&result);
}

EXPORT(fd_filestat_set_times)(u32 fd, u64 access, u64 modification, u32 flags) {
  descriptor *d;
  new_time a, m;
  TRY(file_of(fd, FD_SET_TIMES, BADF, &d));
  TRY(times_of(access, modification, flags, &a, &m));
  done_result result;
  fs_set_times(d->handle, a.kind, a.seconds, a.nanoseconds, m.kind, m.seconds, m.nanoseconds, &result);
  return done(&result);
}

EXPORT(fd_advise)(u32 fd, u64 offset, u64 size, u32 advice) {
  descriptor *d;
  TRY(file_of(fd, FD_ADVISE, SPIPE, &d));
  if (advice > ADVICE_NOREUSE || (s64)offset < 0 || (s64)size < 0)
    return INVAL;
  done_result result;
  fs_advise(d->handle, offset, size, advice, &result);
  return done(&result);
}

// 0.2 has no such function: the file is made as large as is asked for, if it is smaller.
EXPORT(fd_allocate)(u32 fd, u64 offset, u64 size) {
  descriptor *d;
  u64 end;
  TRY(file_of(fd, FD_ALLOCATE, SPIPE, &d));
  if (size == 0)
    return INVAL;
  if (__builtin_add_overflow(offset, size, &end) || (s64)end < 0)
    return FBIG;
  stat_result stat;
  done_result result;
  fs_stat(d->handle, &stat);
  if (stat.is_error)
    return err_of_code(stat.code);
  if (stat.stat.size >= end)
    return OK;
  fs_set_size(d->handle, end, &result);
  return done(&result);
}

EXPORT(fd_sync)(u32 fd) {
  descriptor *d;
  TRY(file_of(fd, FD_SYNC, INVAL, &d));
  done_result result;
  fs_sync(d->handle, &result);
  return done(&result);
}

EXPORT(fd_datasync)(u32 fd) {
  descriptor *d;
  TRY(file_of(fd, FD_DATASYNC, INVAL, &d));
  done_result result;
  fs_sync_data(d->handle, &result);
  return done(&result);
}
