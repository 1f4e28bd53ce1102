// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// table.c: the descriptors: three standard streams, the granted directories, and what is opened.
#include "adapter.h"

static descriptor *table;
static u32 size, room;

static const u64 stream_rights = CAN(FD_SET_FLAGS) | CAN(FD_STAT) | CAN(POLL);
const u64 dir_rights = CAN(FD_SET_FLAGS) | CAN(FD_SYNC) | CAN(FD_DATASYNC) | CAN(FD_ADVISE) |
                       CAN(PATH_CREATE_DIRECTORY) | CAN(PATH_CREATE_FILE) | CAN(PATH_LINK_SOURCE) |
                       CAN(PATH_LINK_TARGET) | CAN(PATH_OPEN) | CAN(FD_READDIR) | CAN(PATH_READLINK) |
                       CAN(PATH_RENAME_SOURCE) | CAN(PATH_RENAME_TARGET) | CAN(PATH_STAT) | CAN(PATH_SET_SIZE) |
                       CAN(PATH_SET_TIMES) | CAN(FD_STAT) | CAN(FD_SET_TIMES) | CAN(PATH_SYMLINK) |
                       CAN(PATH_REMOVE_DIRECTORY) | CAN(PATH_UNLINK_FILE) | CAN(POLL);
static const u64 inheritable = (CAN(RIGHT_COUNT) - 1) & ~CAN(SOCK_ACCEPT);

static void add(const descriptor *d) {
  if (size == room) {
    u32 more = room == 0 ? 8 : room * 2;
    descriptor *larger = keep_alloc(more * sizeof *larger, 8);
    for (u32 i = 0; i < size; i++)
      larger[i] = table[i];
    table = larger;
    room = more;
  }
  table[size++] = *d;
}

static void start(void) {
  for (u8 i = 0; i < 3; i++)
    add(&(descriptor){.kind = KIND_STDIO, .number = i, .rights = stream_rights | CAN(i == 0 ? FD_READ : FD_WRITE)});
  if (!HAS_FILES)
    return;
  list dirs;
  get_directories(&dirs);
  const preopen *granted = dirs.data;
  // The names stay: they are in the arena, below what is kept from now on.
  (void)keep_alloc(0, 1);
  for (u32 i = 0; i < dirs.count; i++)
    add(&(descriptor){.kind = KIND_FILE,
                      .type = TYPE_DIR,
                      .is_preopen = 1,
                      .handle = granted[i].handle,
                      .rights = dir_rights,
                      .inheriting = inheritable,
                      .name = granted[i].name});
}

err get_fd(u32 fd, u64 rights, descriptor **out) {
  if (room == 0)
    start();
  if (fd >= size || table[fd].kind == KIND_NONE)
    return BADF;
  *out = &table[fd];
  return (table[fd].rights & rights) == rights ? OK : NOTCAPABLE;
}

err new_fd(const descriptor *d, u32 *fd) {
  u32 i = 0;
  while (i < size && table[i].kind != KIND_NONE)
    i++;
  if (i == size)
    add(d);
  else
    table[i] = *d;
  *fd = i;
  return OK;
}

void release(descriptor *d) {
  if (d->kind == KIND_STDIO && d->has_stream) {
    if (d->number == 0)
      input_stream_drop(d->stream);
    else
      output_stream_drop(d->stream);
  }
  if (is_file(d)) {
    if (d->has_entries)
      fs_entries_drop(d->entries);
    if (d->has_stream)
      output_stream_drop(d->stream);
    fs_descriptor_drop(d->handle);
  }
  *d = (descriptor){.kind = KIND_NONE};
}

err move_fd(u32 from, u32 to) {
  descriptor *a, *b;
  TRY(get_fd(from, 0, &a));
  TRY(get_fd(to, 0, &b));
  if (from == to)
    return OK;
  release(b);
  *b = *a;
  a->kind = KIND_NONE;
  return OK;
}

u32 input_of(descriptor *d) {
  if (!d->has_stream)
    d->stream = get_stdin();
  d->has_stream = 1;
  return d->stream;
}

u32 output_of(descriptor *d) {
  if (!d->has_stream)
    d->stream = d->number == 1 ? get_stdout() : get_stderr();
  d->has_stream = 1;
  return d->stream;
}

u8 type_of(descriptor *d) {
  if (is_file(d))
    return d->type;
  maybe_handle terminal;
  if (d->number == 0)
    get_terminal_stdin(&terminal);
  else if (d->number == 1)
    get_terminal_stdout(&terminal);
  else
    get_terminal_stderr(&terminal);
  if (!terminal.has)
    return TYPE_UNKNOWN;
  if (d->number == 0)
    terminal_input_drop(terminal.handle);
  else
    terminal_output_drop(terminal.handle);
  return TYPE_CHAR;
}
