// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fd.c: operations on descriptors.
#include "base/utf8.h"
#include "wasi/p1/call.h"

// Rights of the core are those of preview 1, bit for bit.
static_assert(CV_RIGHT_BIT_FD_DATASYNC == 0 && CV_RIGHT_BIT_FD_WRITE == 6 && CV_RIGHT_BIT_FD_READDIR == 14 &&
                  CV_RIGHT_BIT_PATH_SYMLINK == 24 && CV_RIGHT_BIT_SOCK_SHUTDOWN == 28 && CV_RIGHT_BIT_SOCK_ACCEPT == 29,
              "rights of preview 1");

uint8_t cv_p1_filetype(cv_filetype type) {
  static const uint8_t numbers[] = {
      [CV_FILE_UNKNOWN] = 0,       [CV_FILE_BLOCK] = 1,   [CV_FILE_CHAR] = 2,
      [CV_FILE_DIR] = 3,           [CV_FILE_REGULAR] = 4, [CV_FILE_SOCKET_DGRAM] = 5,
      [CV_FILE_SOCKET_STREAM] = 6, [CV_FILE_SYMLINK] = 7, [CV_FILE_FIFO] = 0, // preview 1 has no name for it
  };
  return numbers[type];
}

cv_err cv_p1_put_filestat(const p1_call *c, uint32_t at, const cv_stat *s) {
  // dev 0, ino 8, filetype 16; then nlink in 64 bits at 24, or (wasi_unstable) in 32 bits at 20.
  uint8_t *p;
  unsigned rest = c->unstable ? 24 : 32;
  CV_ERR_TRY(p1_mem(c, at, rest + 32, &p));
  memset(p, 0, rest);
  cv_store_le64(p, s->dev);
  cv_store_le64(p + 8, s->ino);
  p[16] = cv_p1_filetype(s->type);
  if (c->unstable)
    cv_store_le32(p + 20, (uint32_t)CV_MIN(s->nlink, (uint64_t)UINT32_MAX));
  else
    cv_store_le64(p + 24, s->nlink);
  cv_store_le64(p + rest, s->size);
  cv_store_le64(p + rest + 8, s->atim);
  cv_store_le64(p + rest + 16, s->mtim);
  cv_store_le64(p + rest + 24, s->ctim);
  return CV_ERR_OK;
}

cv_err cv_p1_times(const p1_call *c, unsigned i, cv_set_times *out) {
  enum { ATIM = 1, ATIM_NOW = 2, MTIM = 4, MTIM_NOW = 8 };
  uint32_t flags = c->a[i + 2].u32;
  if (flags > 15 || (flags & (ATIM | ATIM_NOW)) == (ATIM | ATIM_NOW) ||
      (flags & (MTIM | MTIM_NOW)) == (MTIM | MTIM_NOW))
    return CV_ERR_INVAL;
  *out = (cv_set_times){
      .atim_mode = flags & ATIM       ? CV_TIME_SET
                   : flags & ATIM_NOW ? CV_TIME_NOW
                                      : CV_TIME_KEEP,
      .mtim_mode = flags & MTIM       ? CV_TIME_SET
                   : flags & MTIM_NOW ? CV_TIME_NOW
                                      : CV_TIME_KEEP,
      .atim = c->a[i].u64,
      .mtim = c->a[i + 1].u64,
  };
  return CV_ERR_OK;
}

cv_err cv_p1_iovecs(const p1_call *c, unsigned i, size_t *count) {
  uint32_t n = c->a[i + 1].u32;
  uint8_t *list;
  *count = 0;
  if (n > CV_MAX_IOVECS)
    return CV_ERR_INVAL;
  CV_ERR_TRY(p1_mem(c, c->a[i].u32, (uint64_t)n * 8, &list));
  for (uint32_t k = 0; k < n; k++) {
    uint64_t pair = cv_load_le64(list + 8 * k); // address and length at once
    uint8_t *data;
    CV_ERR_TRY(p1_mem(c, (uint32_t)pair, pair >> 32, &data));
    c->w->iov[k] = (cv_iovec){data, (size_t)(pair >> 32)};
  }
  *count = n;
  return CV_ERR_OK;
}

// ---- transfers ----

typedef cv_err transfer_fn(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, size_t *done);
typedef cv_err transfer_at_fn(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, uint64_t offset,
                              size_t *done);

static cv_err transfer(p1_call *c, uint64_t right, transfer_fn *fn) {
  cv_descriptor *d;
  size_t count, done;
  CV_ERR_TRY(p1_fd(c, 0, 0, &d));
  if (cv_io_type(d) == CV_FILE_DIR)
    return CV_ERR_ISDIR;
  CV_ERR_TRY((d->rights & right) == right ? CV_ERR_OK : CV_ERR_NOTCAPABLE);
  CV_ERR_TRY(cv_p1_iovecs(c, 1, &count));
  CV_ERR_TRY(p1_put32(c, c->a[3].u32, 0));
  CV_ERR_TRY(fn(c->w, d, c->w->iov, count, &done));
  return p1_put32(c, c->a[3].u32, (uint32_t)done);
}

static cv_err transfer_at(p1_call *c, uint64_t right, transfer_at_fn *fn) {
  cv_descriptor *d;
  size_t count, done;
  CV_ERR_TRY(p1_fd(c, 0, 0, &d));
  if (cv_io_type(d) == CV_FILE_DIR)
    return CV_ERR_ISDIR;
  if (d->kind == CV_DESCRIPTOR_STREAM)
    return CV_ERR_SPIPE;
  right |= CV_CAN(FD_SEEK);
  CV_ERR_TRY((d->rights & right) == right ? CV_ERR_OK : CV_ERR_NOTCAPABLE);
  CV_ERR_TRY(cv_p1_iovecs(c, 1, &count));
  CV_ERR_TRY(p1_put32(c, c->a[4].u32, 0));
  CV_ERR_TRY(fn(c->w, d, c->w->iov, count, c->a[3].u64, &done));
  return p1_put32(c, c->a[4].u32, (uint32_t)done);
}

cv_err cv_p1_fd_read(p1_call *c) {
  return transfer(c, CV_CAN(FD_READ), cv_io_read);
}

cv_err cv_p1_fd_write(p1_call *c) {
  return transfer(c, CV_CAN(FD_WRITE), cv_io_write);
}

cv_err cv_p1_fd_pread(p1_call *c) {
  return transfer_at(c, CV_CAN(FD_READ), cv_io_pread);
}

cv_err cv_p1_fd_pwrite(p1_call *c) {
  return transfer_at(c, CV_CAN(FD_WRITE), cv_io_pwrite);
}

// ---- positions ----

cv_err cv_p1_fd_seek(p1_call *c) {
  static const cv_whence stable[] = {CV_WHENCE_START, CV_WHENCE_HERE, CV_WHENCE_END};
  static const cv_whence unstable[] = {CV_WHENCE_HERE, CV_WHENCE_END, CV_WHENCE_START};
  cv_descriptor *d;
  uint64_t offset;
  CV_ERR_TRY(p1_fd(c, 0, 0, &d));
  if (c->a[2].u32 > 2)
    return CV_ERR_INVAL;
  if (d->kind == CV_DESCRIPTOR_STREAM)
    return CV_ERR_SPIPE;
  cv_whence whence = (c->unstable ? unstable : stable)[c->a[2].u32];
  // Asking where one is needs only the right to tell.
  bool tells = whence == CV_WHENCE_HERE && c->a[1].i64 == 0 && (d->rights & CV_CAN(FD_TELL)) != 0;
  if (!tells && (d->rights & CV_CAN(FD_SEEK)) == 0)
    return cv_io_type(d) == CV_FILE_DIR ? CV_ERR_BADF : CV_ERR_NOTCAPABLE;
  CV_ERR_TRY(p1_put64(c, c->a[3].u32, d->offset));
  CV_ERR_TRY(cv_io_seek(d, c->a[1].i64, whence, &offset));
  return p1_put64(c, c->a[3].u32, offset);
}

cv_err cv_p1_fd_tell(p1_call *c) {
  cv_descriptor *d;
  uint64_t offset;
  CV_ERR_TRY(p1_fd(c, 0, 0, &d));
  if (d->kind == CV_DESCRIPTOR_STREAM)
    return CV_ERR_SPIPE;
  if ((d->rights & (CV_CAN(FD_SEEK) | CV_CAN(FD_TELL))) == 0) // to seek includes to tell
    return cv_io_type(d) == CV_FILE_DIR ? CV_ERR_BADF : CV_ERR_NOTCAPABLE;
  CV_ERR_TRY(cv_io_seek(d, 0, CV_WHENCE_HERE, &offset));
  return p1_put64(c, c->a[1].u32, offset);
}

// ---- the table ----

cv_err cv_p1_fd_close(p1_call *c) {
  return cv_descriptors_close(&c->w->descriptors, c->a[0].u32);
}

cv_err cv_p1_fd_renumber(p1_call *c) {
  return cv_descriptors_renumber(&c->w->descriptors, c->a[0].u32, c->a[1].u32);
}

static uint32_t fdflags(const cv_descriptor *d) {
  return (d->append ? P1_FDFLAG_APPEND : 0u) | (d->dsync ? P1_FDFLAG_DSYNC : 0u) |
         (d->nonblock ? P1_FDFLAG_NONBLOCK : 0u) | (d->rsync ? P1_FDFLAG_RSYNC : 0u) | (d->sync ? P1_FDFLAG_SYNC : 0u);
}

cv_err cv_p1_fd_fdstat_get(p1_call *c) {
  cv_descriptor *d;
  uint8_t *p;
  CV_ERR_TRY(p1_fd(c, 0, 0, &d));
  CV_ERR_TRY(p1_mem(c, c->a[1].u32, 24, &p));
  memset(p, 0, 24);
  p[0] = cv_p1_filetype(cv_io_type(d));
  cv_store_le16(p + 2, (uint16_t)fdflags(d));
  cv_store_le64(p + 8, d->rights);
  cv_store_le64(p + 16, d->inheriting);
  return CV_ERR_OK;
}

cv_err cv_p1_fd_fdstat_set_flags(p1_call *c) {
  enum { FIXED = P1_FDFLAG_DSYNC | P1_FDFLAG_RSYNC | P1_FDFLAG_SYNC };
  cv_descriptor *d;
  uint32_t flags = c->a[1].u32;
  CV_ERR_TRY(p1_fd(c, 0, CV_CAN(FD_SET_FLAGS), &d));
  if ((flags & ~(uint32_t)P1_FDFLAGS) != 0)
    return CV_ERR_INVAL;
  if (((flags ^ fdflags(d)) & FIXED) != 0)
    return CV_ERR_NOTSUP; // decided when a file is opened
  d->append = (flags & P1_FDFLAG_APPEND) != 0;
  d->nonblock = (flags & P1_FDFLAG_NONBLOCK) != 0;
  return CV_ERR_OK;
}

cv_err cv_p1_fd_fdstat_set_rights(p1_call *c) {
  cv_descriptor *d;
  CV_ERR_TRY(p1_fd(c, 0, 0, &d));
  return cv_descriptor_set_rights(d, c->a[1].u64, c->a[2].u64);
}

// ---- attributes ----

cv_err cv_p1_fd_filestat_get(p1_call *c) {
  cv_descriptor *d;
  cv_stat stat;
  CV_ERR_TRY(p1_fd(c, 0, CV_CAN(FD_STAT), &d));
  CV_ERR_TRY(cv_io_stat(d, &stat));
  return cv_p1_put_filestat(c, c->a[1].u32, &stat);
}

// A descriptor of a file, with the rights; `other` is the error for a stream.
static cv_err file_of(p1_call *c, uint64_t rights, cv_err other, cv_descriptor **out) {
  CV_ERR_TRY(p1_fd(c, 0, 0, out));
  if ((*out)->kind != CV_DESCRIPTOR_FILE)
    return other;
  return ((*out)->rights & rights) == rights ? CV_ERR_OK : CV_ERR_NOTCAPABLE;
}

cv_err cv_p1_fd_filestat_set_size(p1_call *c) {
  cv_descriptor *d;
  CV_ERR_TRY(file_of(c, CV_CAN(FD_SET_SIZE), CV_ERR_INVAL, &d));
  return cv_wasi_note_limit(c->w, d->file, cv_file_set_size(d->file, c->a[1].u64));
}

cv_err cv_p1_fd_filestat_set_times(p1_call *c) {
  cv_descriptor *d;
  cv_set_times times;
  CV_ERR_TRY(file_of(c, CV_CAN(FD_SET_TIMES), CV_ERR_BADF, &d));
  CV_ERR_TRY(cv_p1_times(c, 1, &times));
  return cv_file_set_times(d->file, &times);
}

cv_err cv_p1_fd_advise(p1_call *c) {
  cv_descriptor *d;
  CV_ERR_TRY(file_of(c, CV_CAN(FD_ADVISE), CV_ERR_SPIPE, &d));
  if (c->a[3].u32 > CV_ADVICE_NOREUSE)
    return CV_ERR_INVAL;
  return cv_file_advise(d->file, c->a[1].u64, c->a[2].u64, (cv_advice)c->a[3].u32);
}

cv_err cv_p1_fd_allocate(p1_call *c) {
  cv_descriptor *d;
  CV_ERR_TRY(file_of(c, CV_CAN(FD_ALLOCATE), CV_ERR_SPIPE, &d));
  return cv_wasi_note_limit(c->w, d->file, cv_file_allocate(d->file, c->a[1].u64, c->a[2].u64));
}

cv_err cv_p1_fd_sync(p1_call *c) {
  cv_descriptor *d;
  CV_ERR_TRY(file_of(c, CV_CAN(FD_SYNC), CV_ERR_INVAL, &d));
  return cv_file_sync(d->file, false);
}

cv_err cv_p1_fd_datasync(p1_call *c) {
  cv_descriptor *d;
  CV_ERR_TRY(file_of(c, CV_CAN(FD_DATASYNC), CV_ERR_INVAL, &d));
  return cv_file_sync(d->file, true);
}

// ---- granted directories ----

static cv_err preopen(p1_call *c, cv_descriptor **d) {
  c->w->asked_for_dirs = true;
  CV_ERR_TRY(p1_fd(c, 0, 0, d));
  return (*d)->preopen && (*d)->label != NULL ? CV_ERR_OK : CV_ERR_BADF;
}

cv_err cv_p1_fd_prestat_get(p1_call *c) {
  cv_descriptor *d;
  CV_ERR_TRY(preopen(c, &d));
  // Tag 0 (a directory) at 0, length of the name at 4.
  return p1_put64(c, c->a[1].u32, (uint64_t)strlen(d->label) << 32);
}

cv_err cv_p1_fd_prestat_dir_name(p1_call *c) {
  cv_descriptor *d;
  uint8_t *out;
  CV_ERR_TRY(preopen(c, &d));
  size_t size = strlen(d->label);
  if (c->a[2].u32 < size)
    return CV_ERR_NAMETOOLONG;
  CV_ERR_TRY(p1_mem(c, c->a[1].u32, size, &out));
  memcpy(out, d->label, size);
  return CV_ERR_OK;
}

// ---- listing ----

typedef struct listing {
  uint8_t *at, *end;
} listing;

static void put_part(listing *l, const void *data, size_t size) {
  size_t n = CV_MIN(size, (size_t)(l->end - l->at));
  memcpy(l->at, data, n);
  l->at += n;
}

// A record of 24 bytes (next 0, ino 8, name length 16, type 20) and the name; cut where the buffer ends.
static bool put_entry(void *env, const cv_dirent *e) {
  listing *l = env;
  // A name that is no text cannot be said in preview 1, nor opened by it.
  if (!cv_utf8_is_valid((cv_bytes){(const uint8_t *)e->name, e->name_size}))
    return true;
  uint8_t head[24] = {0};
  cv_store_le64(head, e->next);
  cv_store_le64(head + 8, e->ino);
  cv_store_le32(head + 16, (uint32_t)e->name_size);
  head[20] = cv_p1_filetype(e->type);
  put_part(l, head, sizeof head);
  put_part(l, e->name, e->name_size);
  return l->at != l->end;
}

cv_err cv_p1_fd_readdir(p1_call *c) {
  cv_descriptor *d;
  uint8_t *buf;
  CV_ERR_TRY(file_of(c, CV_CAN(FD_READDIR), CV_ERR_NOTDIR, &d));
  CV_ERR_TRY(p1_mem(c, c->a[1].u32, c->a[2].u32, &buf));
  CV_ERR_TRY(p1_put32(c, c->a[4].u32, 0));
  listing l = {.at = buf, .end = buf + c->a[2].u32};
  if (l.at != l.end)
    CV_ERR_TRY(cv_file_read_dir(d->file, c->a[3].u64, put_entry, &l));
  return p1_put32(c, c->a[4].u32, (uint32_t)(l.at - buf));
}
