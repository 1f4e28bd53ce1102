// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// path.c: operations on paths.
#include "wasi/p1/call.h"

enum { LOOKUP_FOLLOW = 1 };

// The directory in argument `fd` and the path in arguments `path` and `path` + 1.
static cv_err dir_and_path(p1_call *c, unsigned fd, uint64_t rights, unsigned path, cv_descriptor **d, cv_bytes *out) {
  CV_ERR_TRY(p1_fd(c, fd, 0, d));
  if (cv_io_type(*d) != CV_FILE_DIR)
    return CV_ERR_NOTDIR;
  CV_ERR_TRY(((*d)->rights & rights) == rights ? CV_ERR_OK : CV_ERR_NOTCAPABLE);
  return p1_path(c, path, out);
}

// Arguments: fd, path, its size.
static cv_err change(p1_call *c, uint64_t right, cv_err (*how)(cv_wasi *w, const cv_descriptor *d, cv_bytes path)) {
  cv_descriptor *d;
  cv_bytes path;
  CV_ERR_TRY(dir_and_path(c, 0, right, 1, &d, &path));
  return how(c->w, d, path);
}

cv_err cv_p1_path_create_directory(p1_call *c) {
  return change(c, CV_CAN(PATH_CREATE_DIRECTORY), cv_path_mkdir);
}

cv_err cv_p1_path_remove_directory(p1_call *c) {
  return change(c, CV_CAN(PATH_REMOVE_DIRECTORY), cv_path_rmdir);
}

cv_err cv_p1_path_unlink_file(p1_call *c) {
  return change(c, CV_CAN(PATH_UNLINK_FILE), cv_path_unlink);
}

cv_err cv_p1_path_filestat_get(p1_call *c) {
  cv_descriptor *d;
  cv_bytes path;
  cv_stat stat;
  CV_ERR_TRY(dir_and_path(c, 0, CV_CAN(PATH_STAT), 2, &d, &path));
  CV_ERR_TRY(cv_path_stat(c->w, d, path, (c->a[1].u32 & LOOKUP_FOLLOW) != 0, &stat));
  return cv_p1_put_filestat(c, c->a[4].u32, &stat);
}

cv_err cv_p1_path_filestat_set_times(p1_call *c) {
  cv_descriptor *d;
  cv_bytes path;
  cv_set_times times;
  CV_ERR_TRY(dir_and_path(c, 0, CV_CAN(PATH_SET_TIMES), 2, &d, &path));
  CV_ERR_TRY(cv_p1_times(c, 4, &times));
  return cv_path_set_times(c->w, d, path, (c->a[1].u32 & LOOKUP_FOLLOW) != 0, &times);
}

cv_err cv_p1_path_link(p1_call *c) {
  cv_descriptor *from, *to;
  cv_bytes old_path, new_path;
  CV_ERR_TRY(dir_and_path(c, 0, CV_CAN(PATH_LINK_SOURCE), 2, &from, &old_path));
  CV_ERR_TRY(dir_and_path(c, 4, CV_CAN(PATH_LINK_TARGET), 5, &to, &new_path));
  if (c->a[1].u32 != 0)
    return CV_ERR_INVAL; // a link to what a symbolic link leads to cannot be made without a race
  return cv_path_link(c->w, from, old_path, to, new_path);
}

cv_err cv_p1_path_rename(p1_call *c) {
  cv_descriptor *from, *to;
  cv_bytes old_path, new_path;
  CV_ERR_TRY(dir_and_path(c, 0, CV_CAN(PATH_RENAME_SOURCE), 1, &from, &old_path));
  CV_ERR_TRY(dir_and_path(c, 3, CV_CAN(PATH_RENAME_TARGET), 4, &to, &new_path));
  return cv_path_rename(c->w, from, old_path, to, new_path);
}

cv_err cv_p1_path_symlink(p1_call *c) {
  cv_descriptor *d;
  cv_bytes target, path;
  CV_ERR_TRY(p1_path(c, 0, &target));
  CV_ERR_TRY(dir_and_path(c, 2, CV_CAN(PATH_SYMLINK), 3, &d, &path));
  return cv_path_symlink(c->w, target, d, path);
}

cv_err cv_p1_path_readlink(p1_call *c) {
  cv_descriptor *d;
  cv_bytes path;
  uint8_t *buf;
  size_t done;
  CV_ERR_TRY(dir_and_path(c, 0, CV_CAN(PATH_READLINK), 1, &d, &path));
  CV_ERR_TRY(p1_mem(c, c->a[3].u32, c->a[4].u32, &buf));
  CV_ERR_TRY(cv_path_readlink(c->w, d, path, (char *)buf, c->a[4].u32, &done));
  return p1_put32(c, c->a[5].u32, (uint32_t)done);
}

// ---- open ----

enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8, OFLAGS = 15 };

// What a directory, and what any other file, can be used for.
static const uint64_t dir_rights =
    CV_CAN(FD_SET_FLAGS) | CV_CAN(FD_SYNC) | CV_CAN(FD_DATASYNC) | CV_CAN(FD_ADVISE) | CV_CAN(PATH_CREATE_DIRECTORY) |
    CV_CAN(PATH_CREATE_FILE) | CV_CAN(PATH_LINK_SOURCE) | CV_CAN(PATH_LINK_TARGET) | CV_CAN(PATH_OPEN) |
    CV_CAN(FD_READDIR) | CV_CAN(PATH_READLINK) | CV_CAN(PATH_RENAME_SOURCE) | CV_CAN(PATH_RENAME_TARGET) |
    CV_CAN(PATH_STAT) | CV_CAN(PATH_SET_SIZE) | CV_CAN(PATH_SET_TIMES) | CV_CAN(FD_STAT) | CV_CAN(FD_SET_TIMES) |
    CV_CAN(PATH_SYMLINK) | CV_CAN(PATH_REMOVE_DIRECTORY) | CV_CAN(PATH_UNLINK_FILE) | CV_CAN(POLL);
static const uint64_t file_rights = CV_CAN(FD_DATASYNC) | CV_CAN(FD_READ) | CV_CAN(FD_SEEK) | CV_CAN(FD_SET_FLAGS) |
                                    CV_CAN(FD_SYNC) | CV_CAN(FD_TELL) | CV_CAN(FD_WRITE) | CV_CAN(FD_ADVISE) |
                                    CV_CAN(FD_ALLOCATE) | CV_CAN(FD_STAT) | CV_CAN(FD_SET_SIZE) | CV_CAN(FD_SET_TIMES) |
                                    CV_CAN(POLL);
static const uint64_t size_rights = CV_CAN(FD_ALLOCATE) | CV_CAN(FD_SET_SIZE);

// The right that each flag needs of the directory. `base`: what the new descriptor will be able to do.
static uint64_t rights_to_open(const cv_descriptor *dir, uint32_t oflags, uint64_t base) {
  uint64_t rights = CV_CAN(PATH_OPEN);
  rights |= oflags & OFLAG_CREAT ? CV_CAN(PATH_CREATE_FILE) : 0;
  // Who may write the file and set its size afterwards may as well empty it now: Go opens its directories without the
  // right to, and empties files in them.
  bool could_anyway = (base & CV_CAN(FD_WRITE)) != 0 && (dir->inheriting & CV_CAN(FD_SET_SIZE)) != 0;
  rights |= (oflags & OFLAG_TRUNC) != 0 && !could_anyway ? CV_CAN(PATH_SET_SIZE) : 0;
  return rights;
}

// To have writes synchronized, a directory must have the right to synchronize, or be able to pass it on.
static cv_err check_sync(const cv_descriptor *dir, uint32_t fdflags) {
  uint64_t need = fdflags & P1_FDFLAG_DSYNC ? CV_CAN(FD_DATASYNC) : 0;
  need |= fdflags & (P1_FDFLAG_RSYNC | P1_FDFLAG_SYNC) ? CV_CAN(FD_SYNC) : 0;
  return (need & ~(dir->rights | dir->inheriting)) == 0 ? CV_ERR_OK : CV_ERR_NOTCAPABLE;
}

cv_err cv_p1_path_open(p1_call *c) {
  cv_descriptor *dir;
  cv_bytes path;
  uint32_t oflags = c->a[4].u32, flags = c->a[7].u32;
  if ((oflags & ~(uint32_t)OFLAGS) != 0 || (flags & ~(uint32_t)P1_FDFLAGS) != 0)
    return CV_ERR_INVAL;
  CV_ERR_TRY(dir_and_path(c, 0, 0, 2, &dir, &path));
  // Programs ask for more than they need, some for every bit there is: they get what the directory lets them have.
  uint64_t base = c->a[5].u64 & dir->inheriting, need = rights_to_open(dir, oflags, base);
  CV_ERR_TRY((dir->rights & need) == need ? CV_ERR_OK : CV_ERR_NOTCAPABLE);
  CV_ERR_TRY(check_sync(dir, flags));
  CV_ERR_TRY(p1_put32(c, c->a[8].u32, 0));
  bool is_dir = (oflags & OFLAG_DIRECTORY) != 0;
  bool only_sizes = (base & CV_CAN(FD_WRITE)) == 0;
  cv_open_how how = {
      .read = (base & CV_CAN(FD_READ)) != 0,
      // A directory that is asked to be writable is an error; one that may be resized has that right dropped.
      .write = (base & (is_dir ? CV_CAN(FD_WRITE) : CV_CAN(FD_WRITE) | size_rights)) != 0,
      .create = (oflags & OFLAG_CREAT) != 0,
      .exclusive = (oflags & OFLAG_EXCL) != 0,
      .truncate = (oflags & OFLAG_TRUNC) != 0,
      .directory = is_dir,
      .follow = (c->a[1].u32 & LOOKUP_FOLLOW) != 0,
      .sync = (flags & (P1_FDFLAG_RSYNC | P1_FDFLAG_SYNC)) != 0,
      .dsync = (flags & P1_FDFLAG_DSYNC) != 0,
  };
  cv_file *file;
  cv_err err = cv_path_open(c->w, dir, path, &how, &file);
  if (how.write && only_sizes && (err == CV_ERR_ISDIR || err == CV_ERR_ROFS || err == CV_ERR_ACCESS)) {
    // Only the size was to be changed: what cannot be written is opened without that right.
    how.write = false;
    base &= ~size_rights;
    err = cv_path_open(c->w, dir, path, &how, &file);
  }
  CV_ERR_TRY(err);
  bool opened_dir = file->type == CV_FILE_DIR;
  cv_descriptor d = {
      .kind = CV_DESCRIPTOR_FILE,
      .file = file,
      .append = (flags & P1_FDFLAG_APPEND) != 0,
      .dsync = how.dsync,
      .nonblock = (flags & P1_FDFLAG_NONBLOCK) != 0,
      .rsync = (flags & P1_FDFLAG_RSYNC) != 0,
      .sync = (flags & P1_FDFLAG_SYNC) != 0,
      .rights = base & (opened_dir ? dir_rights : file_rights),
      .inheriting = c->a[6].u64 & dir->inheriting,
      .grant = dir->grant,
      .label = cv_path_label(c->w, dir, path),
  };
  uint32_t number;
  CV_ERR_TRY(cv_wasi_note_limit(c->w, NULL, cv_descriptors_open(&c->w->descriptors, &d, &number)));
  return p1_put32(c, c->a[8].u32, number);
}
