// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// path.c: granted directories, operations on paths, and listings. Left out of the adapter without files.
#include "adapter.h"

enum {
  LOOKUP_FOLLOW = 1,
  // open-flags of 0.2 have the bits of preview 1's.
  OFLAG_CREAT = 1,
  OFLAG_DIRECTORY = 2,
  OFLAG_TRUNC = 8,
  OFLAGS = 15,
  // descriptor-flags of 0.2
  FLAG_READ = 1,
  FLAG_WRITE = 2,
  FLAG_FILE_SYNC = 4,
  FLAG_DATA_SYNC = 8,
  FLAG_REQUESTED_SYNC = 16,
};

static const u64 file_rights = CAN(FD_DATASYNC) | CAN(FD_READ) | CAN(FD_SEEK) | CAN(FD_SET_FLAGS) | CAN(FD_SYNC) |
                               CAN(FD_TELL) | CAN(FD_WRITE) | CAN(FD_ADVISE) | CAN(FD_ALLOCATE) | CAN(FD_STAT) |
                               CAN(FD_SET_SIZE) | CAN(FD_SET_TIMES) | CAN(POLL);
static const u64 size_rights = CAN(FD_ALLOCATE) | CAN(FD_SET_SIZE);

// ---- granted directories ----

static err granted(u32 fd, descriptor **d) {
  arena_reset();
  TRY(get_fd(fd, 0, d));
  return (*d)->is_preopen ? OK : BADF;
}

EXPORT(fd_prestat_get)(u32 fd, u32 out) {
  descriptor *d;
  TRY(granted(fd, &d));
  main_store64(out, (u64)d->name.size << 32); // a directory, and the length of its name
  return OK;
}

EXPORT(fd_prestat_dir_name)(u32 fd, u32 path, u32 size) {
  descriptor *d;
  TRY(granted(fd, &d));
  if (size < d->name.size)
    return NAMETOOLONG;
  main_write(path, d->name.data, d->name.size);
  return OK;
}

// ---- paths ----

static int is_continuation(u8 byte) {
  return (byte & 0xc0) == 0x80;
}

// A string that is no UTF-8 cannot be handed over.
static int is_utf8(const text *t) {
  for (u32 i = 0; i < t->size;) {
    const u8 *p = t->data + i;
    u32 left = t->size - i, n = p[0] < 0x80   ? 1
                                : p[0] < 0xc2 ? 0
                                : p[0] < 0xe0 ? 2
                                : p[0] < 0xf0 ? 3
                                : p[0] < 0xf5 ? 4
                                              : 0;
    if (n == 0 || n > left)
      return 0;
    for (u32 k = 1; k < n; k++)
      if (!is_continuation(p[k]))
        return 0;
    // Overlong forms, surrogates, and what is beyond U+10FFFF.
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
      return 0;
    i += n;
  }
  return 1;
}

static err get_path(u32 at, u32 size, text *out) {
  enum { LONGEST = 65536 };
  if (size > LONGEST)
    return NAMETOOLONG;
  *out = (text){arena_alloc(size, 1), size};
  main_read(out->data, at, size);
  return is_utf8(out) ? OK : ILSEQ;
}

static err dir_and_path(u32 fd, u64 rights, u32 at, u32 size, descriptor **d, text *path) {
  TRY(get_fd(fd, 0, d));
  if (!is_file(*d) || (*d)->type != TYPE_DIR)
    return NOTDIR;
  if (((*d)->rights & rights) != rights)
    return NOTCAPABLE;
  return get_path(at, size, path);
}

#define CHANGE(name, right, change)                                                                                    \
  EXPORT(name)(u32 fd, u32 at, u32 size) {                                                                             \
    descriptor *d;                                                                                                     \
    text path;                                                                                                         \
    done_result result;                                                                                                \
    arena_reset();                                                                                                     \
    TRY(dir_and_path(fd, CAN(right), at, size, &d, &path));                                                            \
    change(d->handle, path.data, path.size, &result);                                                                  \
    return done(&result);                                                                                              \
  }
CHANGE(path_create_directory, PATH_CREATE_DIRECTORY, fs_create_directory_at)
CHANGE(path_remove_directory, PATH_REMOVE_DIRECTORY, fs_remove_directory_at)
CHANGE(path_unlink_file, PATH_UNLINK_FILE, fs_unlink_file_at)
#undef CHANGE

EXPORT(path_filestat_get)(u32 fd, u32 flags, u32 at, u32 size, u32 out) {
  descriptor *d;
  text path;
  stat_result stat;
  hash_result hash;
  arena_reset();
  TRY(dir_and_path(fd, CAN(PATH_STAT), at, size, &d, &path));
  fs_stat_at(d->handle, flags & LOOKUP_FOLLOW, path.data, path.size, &stat);
  if (stat.is_error)
    return err_of_code(stat.code);
  fs_metadata_hash_at(d->handle, flags & LOOKUP_FOLLOW, path.data, path.size, &hash);
  if (hash.is_error)
    return err_of_code(hash.code);
  put_filestat(out, &stat.stat, hash.lower);
  return OK;
}

EXPORT(path_filestat_set_times)
(u32 fd, u32 flags, u32 at, u32 size, u64 access, u64 modification, u32 time_flags) {
  descriptor *d;
  text path;
  new_time a, m;
  done_result result;
  arena_reset();
  TRY(dir_and_path(fd, CAN(PATH_SET_TIMES), at, size, &d, &path));
  TRY(times_of(access, modification, time_flags, &a, &m));
  fs_set_times_at(d->handle, flags & LOOKUP_FOLLOW, path.data, path.size, a.kind, a.seconds, a.nanoseconds, m.kind,
                  m.seconds, m.nanoseconds, &result);
  return done(&result);
}

EXPORT(path_link)(u32 old_fd, u32 flags, u32 old_at, u32 old_size, u32 new_fd, u32 new_at, u32 new_size) {
  descriptor *from, *to;
  text old_path, new_path;
  done_result result;
  arena_reset();
  TRY(dir_and_path(old_fd, CAN(PATH_LINK_SOURCE), old_at, old_size, &from, &old_path));
  TRY(dir_and_path(new_fd, CAN(PATH_LINK_TARGET), new_at, new_size, &to, &new_path));
  if (flags != 0)
    return INVAL;
  fs_link_at(from->handle, 0, old_path.data, old_path.size, to->handle, new_path.data, new_path.size, &result);
  return done(&result);
}

EXPORT(path_rename)(u32 old_fd, u32 old_at, u32 old_size, u32 new_fd, u32 new_at, u32 new_size) {
  descriptor *from, *to;
  text old_path, new_path;
  done_result result;
  arena_reset();
  TRY(dir_and_path(old_fd, CAN(PATH_RENAME_SOURCE), old_at, old_size, &from, &old_path));
  TRY(dir_and_path(new_fd, CAN(PATH_RENAME_TARGET), new_at, new_size, &to, &new_path));
  fs_rename_at(from->handle, old_path.data, old_path.size, to->handle, new_path.data, new_path.size, &result);
  return done(&result);
}

EXPORT(path_symlink)(u32 target_at, u32 target_size, u32 fd, u32 at, u32 size) {
  descriptor *d;
  text target, path;
  done_result result;
  arena_reset();
  TRY(get_path(target_at, target_size, &target));
  TRY(dir_and_path(fd, CAN(PATH_SYMLINK), at, size, &d, &path));
  fs_symlink_at(d->handle, target.data, target.size, path.data, path.size, &result);
  return done(&result);
}

EXPORT(path_readlink)(u32 fd, u32 at, u32 size, u32 buf, u32 buf_size, u32 used) {
  descriptor *d;
  text path;
  text_result result;
  arena_reset();
  TRY(dir_and_path(fd, CAN(PATH_READLINK), at, size, &d, &path));
  fs_readlink_at(d->handle, path.data, path.size, &result);
  if (result.is_error)
    return err_of_code(result.code);
  u32 n = result.text.size < buf_size ? result.text.size : buf_size;
  main_write(buf, result.text.data, n);
  main_store32(used, n);
  return OK;
}

// ---- open ----

// The right that each flag needs of the directory. `base`: what the new descriptor will be able to do.
static u64 rights_to_open(const descriptor *dir, u32 oflags, u64 base) {
  u64 rights = CAN(PATH_OPEN);
  if (oflags & OFLAG_CREAT)
    rights |= CAN(PATH_CREATE_FILE);
  // Who may write the file and set its size afterwards may as well empty it now.
  int could_anyway = (base & CAN(FD_WRITE)) && (dir->inheriting & CAN(FD_SET_SIZE));
  if ((oflags & OFLAG_TRUNC) && !could_anyway)
    rights |= CAN(PATH_SET_SIZE);
  return rights;
}

// To have writes synchronized, a directory must have the right to synchronize, or be able to pass it on.
static err check_sync(const descriptor *dir, u32 flags) {
  u64 need = (flags & FDFLAG_DSYNC ? CAN(FD_DATASYNC) : 0) | (flags & (FDFLAG_RSYNC | FDFLAG_SYNC) ? CAN(FD_SYNC) : 0);
  return need & ~(dir->rights | dir->inheriting) ? NOTCAPABLE : OK;
}

static u32 descriptor_flags(u32 oflags, u64 base, u32 flags) {
  // A directory that is asked to be writable is an error; one that may be resized has that right dropped.
  u64 writes = oflags & OFLAG_DIRECTORY ? CAN(FD_WRITE) : CAN(FD_WRITE) | size_rights;
  return (base & CAN(FD_READ) ? FLAG_READ : 0u) | (base & writes ? FLAG_WRITE : 0u) |
         (flags & FDFLAG_SYNC ? FLAG_FILE_SYNC : 0u) | (flags & FDFLAG_DSYNC ? FLAG_DATA_SYNC : 0u) |
         (flags & FDFLAG_RSYNC ? FLAG_REQUESTED_SYNC : 0u);
}

static err open_path(u32 dir, u32 follow, const text *path, u32 oflags, u64 *base, u32 flags, u32 *handle) {
  handle_result result;
  fs_open_at(dir, follow, path->data, path->size, oflags, descriptor_flags(oflags, *base, flags), &result);
  if (!result.is_error) {
    *handle = result.handle;
    return OK;
  }
  err answer = err_of_code(result.code);
  int only_sizes = !(*base & CAN(FD_WRITE)) && (*base & size_rights);
  if (!only_sizes || (answer != ISDIR && answer != ROFS && answer != ACCES && answer != PERM))
    return answer;
  // Only the size was to be changed: what cannot be written is opened without that right.
  *base &= ~size_rights;
  return open_path(dir, follow, path, oflags, base, flags, handle);
}

EXPORT(path_open)
(u32 fd, u32 dirflags, u32 at, u32 size, u32 oflags, u64 base, u64 inheriting, u32 flags, u32 opened) {
  descriptor *dir;
  text path;
  u32 handle, number;
  byte_result type;
  arena_reset();
  if ((oflags & ~(u32)OFLAGS) != 0 || (flags & ~(u32)FDFLAGS) != 0)
    return INVAL;
  TRY(dir_and_path(fd, 0, at, size, &dir, &path));
  base &= dir->inheriting;
  u64 need = rights_to_open(dir, oflags, base);
  if ((dir->rights & need) != need)
    return NOTCAPABLE;
  TRY(check_sync(dir, flags));
  TRY(open_path(dir->handle, dirflags & LOOKUP_FOLLOW, &path, oflags, &base, flags, &handle));
  fs_get_type(handle, &type);
  if (type.is_error) {
    fs_descriptor_drop(handle);
    return err_of_code(type.value);
  }
  descriptor d = {.kind = KIND_FILE,
                  .type = type_of_code(type.value),
                  .flags = (u8)flags,
                  .handle = handle,
                  .inheriting = inheriting & dir->inheriting};
  d.rights = base & (d.type == TYPE_DIR ? dir_rights : file_rights);
  TRY(new_fd(&d, &number));
  main_store32(opened, number);
  return OK;
}

// ---- listing ----
//
// A cookie is the number of entries before: "." and ".." are 0 and 1, those of the host follow. The stream of a
// directory stays open between calls. A call often ends in the middle of an entry, which is asked for again by the
// next: the last one is remembered.

enum { COOKIE_DOT = 0, COOKIE_DOTDOT = 1, COOKIE_FIRST = 2, DIRENT_SIZE = 24, REMEMBERED_NAME = 256 };

typedef struct entry {
  u64 inode;
  u8 type;
  text name;
} entry;

static struct {
  u32 stream; // of a directory that has entries open
  u64 cookie; // 0 for none
  u8 type;
  u32 size;
  u8 name[REMEMBERED_NAME];
} last;

static void remember(u32 stream, u64 cookie, const entry *e) {
  last.cookie = 0;
  if (e->name.size > REMEMBERED_NAME)
    return;
  last.stream = stream;
  last.cookie = cookie;
  last.type = e->type;
  last.size = e->name.size;
  for (u32 i = 0; i < e->name.size; i++)
    last.name[i] = e->name.data[i];
}

static err open_entries(descriptor *d) {
  handle_result result;
  if (d->has_entries) {
    fs_entries_drop(d->entries);
    d->has_entries = 0;
  }
  last.cookie = 0;
  fs_read_directory(d->handle, &result);
  if (result.is_error)
    return err_of_code(result.code);
  d->entries = result.handle;
  d->has_entries = 1;
  d->next = COOKIE_FIRST;
  return OK;
}

// The entry of a cookie; no name at the end.
static err read_entry(descriptor *d, u64 cookie, entry *e) {
  entry_result result;
  if (d->has_entries && last.cookie == cookie && last.stream == d->entries) {
    *e = (entry){.type = last.type, .name = {last.name, last.size}};
    return OK;
  }
  if (!d->has_entries || cookie < d->next)
    TRY(open_entries(d));
  do {
    fs_read_directory_entry(d->entries, &result);
    if (result.is_error)
      return err_of_code(result.code);
    *e = (entry){.name = {0, 0}};
    if (!result.has)
      return OK;
    *e = (entry){.type = type_of_code(result.type), .name = result.name};
  } while (d->next++ < cookie);
  remember(d->entries, cookie, e);
  return OK;
}

static err entry_of(descriptor *d, u64 cookie, entry *e) {
  static const u8 dots[] = {'.', '.'};
  hash_result hash;
  if (cookie < COOKIE_FIRST) {
    // What is above a granted directory is not the program's business: both are the directory.
    *e = (entry){.type = TYPE_DIR, .name = {(u8 *)dots, cookie == COOKIE_DOT ? 1 : 2}};
    fs_metadata_hash(d->handle, &hash);
  } else {
    TRY(read_entry(d, cookie, e));
    if (!e->name.data)
      return OK;
    fs_metadata_hash_at(d->handle, 0, e->name.data, e->name.size, &hash);
  }
  // An entry that has gone since is told without one.
  e->inode = hash.is_error ? 0 : hash.lower;
  return OK;
}

typedef struct listing {
  u32 at, left; // what is left of the program's buffer
} listing;

static void put_part(listing *l, const void *data, u32 size) {
  u32 n = size < l->left ? size : l->left;
  main_write(l->at, data, n);
  l->at += n;
  l->left -= n;
}

// A record (next 0, inode 8, name length 16, type 20) and the name; cut where the buffer ends.
static void put_entry(listing *l, u64 next, const entry *e) {
  struct {
    u64 next, inode;
    u32 size, type;
  } head = {next, e->inode, e->name.size, e->type};
  _Static_assert(sizeof head == DIRENT_SIZE, "dirent of preview 1");
  put_part(l, &head, sizeof head);
  put_part(l, e->name.data, e->name.size);
}

EXPORT(fd_readdir)(u32 fd, u32 buf, u32 size, u64 cookie, u32 used) {
  descriptor *d;
  listing l = {buf, size};
  arena_reset();
  TRY(get_fd(fd, 0, &d));
  if (!is_file(d) || d->type != TYPE_DIR)
    return NOTDIR;
  if (!(d->rights & CAN(FD_READDIR)))
    return NOTCAPABLE;
  u32 mark = arena_mark();
  while (l.left > 0) {
    entry e;
    TRY(entry_of(d, cookie, &e));
    if (!e.name.data)
      break;
    put_entry(&l, ++cookie, &e);
    arena_release(mark);
  }
  main_store32(used, size - l.left);
  return OK;
}
