// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// imports.h: what the adapter imports: functions of WASI 0.2.0 as the canonical ABI lowers them, and the memory of the
// program that it serves.
//
// A result that does not fit into one core value is left where the last argument, `ret`, says. Its layout is that of
// CanonicalABI.md; the structures below are those layouts.
#ifndef ADAPTER_IMPORTS_H
#define ADAPTER_IMPORTS_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

typedef struct text {
  u8 *data;
  u32 size;
} text; // a string, or a list of bytes

// ---- layouts of results ----

typedef struct done_result { // result<_, error-code>
  u8 is_error, code;
} done_result;
typedef struct byte_result { // result<T, error-code> of a T of one byte
  u8 is_error, value;        // or the error code
} byte_result;
typedef struct handle_result { // result<own<R>, error-code>
  u8 is_error;
  union {
    u32 handle;
    u8 code;
  };
} handle_result;
typedef struct size_result { // result<u64, error-code>
  u8 is_error;
  union {
    u64 size;
    u8 code;
  };
} size_result;
typedef struct text_result { // result<string, error-code>
  u8 is_error;
  union {
    text text;
    u8 code;
  };
} text_result;
typedef struct read_result { // result<tuple<list<u8>, bool>, error-code>
  u8 is_error;
  union {
    struct {
      text data;
      u8 at_end;
    };
    u8 code;
  };
} read_result;
typedef struct hash_result { // result<metadata-hash-value, error-code>
  u8 is_error;
  union {
    struct {
      u64 lower, upper;
    };
    u8 code;
  };
} hash_result;
typedef struct datetime {
  u64 seconds;
  u32 nanoseconds;
} datetime;
typedef struct maybe_time {
  u8 has;
  datetime value;
} maybe_time;
typedef struct descriptor_stat {
  u8 type;
  u64 links, size;
  maybe_time access, modification, change;
} descriptor_stat;
typedef struct stat_result { // result<descriptor-stat, error-code>
  u8 is_error;
  union {
    descriptor_stat stat;
    u8 code;
  };
} stat_result;
typedef struct entry_result { // result<option<directory-entry>, error-code>
  u8 is_error;
  union {
    struct {
      u8 has;
      u8 pad[3];
      u8 type;
      text name;
    };
    u8 code;
  };
} entry_result;
typedef struct stream_error { // variant: last-operation-failed(error), closed
  u8 is_closed;
  u32 error;
} stream_error;
typedef struct stream_done { // result<_, stream-error>
  u8 is_error;
  stream_error error;
} stream_done;
typedef struct stream_read { // result<list<u8>, stream-error>
  u8 is_error;
  union {
    text data;
    stream_error error;
  };
} stream_read;
typedef struct maybe_handle { // option<own<R>>
  u8 has;
  u32 handle;
} maybe_handle;
typedef struct maybe_code { // option<error-code>
  u8 has, code;
} maybe_code;
typedef struct text_pair { // tuple<string, string>
  text name, value;
} text_pair;
typedef struct preopen { // tuple<own<descriptor>, string>
  u32 handle;
  text name;
} preopen;
typedef struct list { // a list of any of these
  void *data;
  u32 count;
} list;

_Static_assert(sizeof(stat_result) == 104 && sizeof(entry_result) == 20 && sizeof(read_result) == 16 &&
                   sizeof(stream_read) == 12 && sizeof(hash_result) == 24 && sizeof(preopen) == 12,
               "layouts of the canonical ABI");

// ---- functions ----

#define IMPORT(from, name) __attribute__((import_module(from), import_name(name)))

#define CLI_ENVIRONMENT "wasi:cli/environment@0.2.0"
IMPORT(CLI_ENVIRONMENT, "get-environment") void get_environment(list *ret);
IMPORT(CLI_ENVIRONMENT, "get-arguments") void get_arguments(list *ret);
IMPORT("wasi:cli/exit@0.2.0", "exit") void cli_exit(u32 is_error);
IMPORT("wasi:cli/stdin@0.2.0", "get-stdin") u32 get_stdin(void);
IMPORT("wasi:cli/stdout@0.2.0", "get-stdout") u32 get_stdout(void);
IMPORT("wasi:cli/stderr@0.2.0", "get-stderr") u32 get_stderr(void);
IMPORT("wasi:cli/terminal-stdin@0.2.0", "get-terminal-stdin") void get_terminal_stdin(maybe_handle *ret);
IMPORT("wasi:cli/terminal-stdout@0.2.0", "get-terminal-stdout") void get_terminal_stdout(maybe_handle *ret);
IMPORT("wasi:cli/terminal-stderr@0.2.0", "get-terminal-stderr") void get_terminal_stderr(maybe_handle *ret);
IMPORT("wasi:cli/terminal-input@0.2.0", "[resource-drop]terminal-input") void terminal_input_drop(u32 self);
IMPORT("wasi:cli/terminal-output@0.2.0", "[resource-drop]terminal-output") void terminal_output_drop(u32 self);

#define IO_STREAMS "wasi:io/streams@0.2.0"
IMPORT(IO_STREAMS, "[method]input-stream.read") void input_stream_read(u32 self, u64 size, stream_read *ret);
IMPORT(IO_STREAMS, "[method]input-stream.blocking-read")
void input_stream_blocking_read(u32 self, u64 size, stream_read *ret);
IMPORT(IO_STREAMS, "[method]input-stream.subscribe") u32 input_stream_subscribe(u32 self);
IMPORT(IO_STREAMS, "[resource-drop]input-stream") void input_stream_drop(u32 self);
IMPORT(IO_STREAMS, "[method]output-stream.blocking-write-and-flush")
void output_stream_blocking_write_and_flush(u32 self, const u8 *data, u32 size, stream_done *ret);
IMPORT(IO_STREAMS, "[method]output-stream.subscribe") u32 output_stream_subscribe(u32 self);
IMPORT(IO_STREAMS, "[resource-drop]output-stream") void output_stream_drop(u32 self);
IMPORT("wasi:io/error@0.2.0", "[resource-drop]error") void io_error_drop(u32 self);
IMPORT("wasi:io/poll@0.2.0", "poll") void io_poll(const u32 *pollables, u32 count, list *ret);
IMPORT("wasi:io/poll@0.2.0", "[method]pollable.ready") u32 pollable_ready(u32 self);
IMPORT("wasi:io/poll@0.2.0", "[resource-drop]pollable") void pollable_drop(u32 self);

#define CLOCKS_MONOTONIC "wasi:clocks/monotonic-clock@0.2.0"
IMPORT(CLOCKS_MONOTONIC, "now") u64 monotonic_now(void);
IMPORT(CLOCKS_MONOTONIC, "resolution") u64 monotonic_resolution(void);
IMPORT(CLOCKS_MONOTONIC, "subscribe-instant") u32 monotonic_subscribe_instant(u64 when);
IMPORT(CLOCKS_MONOTONIC, "subscribe-duration") u32 monotonic_subscribe_duration(u64 when);
IMPORT("wasi:clocks/wall-clock@0.2.0", "now") void wall_now(datetime *ret);
IMPORT("wasi:clocks/wall-clock@0.2.0", "resolution") void wall_resolution(datetime *ret);
IMPORT("wasi:random/random@0.2.0", "get-random-bytes") void get_random_bytes(u64 size, text *ret);

#define FS_TYPES "wasi:filesystem/types@0.2.0"
#define FS_METHOD(name) IMPORT(FS_TYPES, "[method]descriptor." name) void
IMPORT("wasi:filesystem/preopens@0.2.0", "get-directories") void get_directories(list *ret);
FS_METHOD("append-via-stream") fs_append_via_stream(u32 self, handle_result *ret);
FS_METHOD("advise") fs_advise(u32 self, u64 offset, u64 size, u32 advice, done_result *ret);
FS_METHOD("sync-data") fs_sync_data(u32 self, done_result *ret);
FS_METHOD("sync") fs_sync(u32 self, done_result *ret);
FS_METHOD("get-flags") fs_get_flags(u32 self, byte_result *ret);
FS_METHOD("get-type") fs_get_type(u32 self, byte_result *ret);
FS_METHOD("set-size") fs_set_size(u32 self, u64 size, done_result *ret);
FS_METHOD("set-times")
fs_set_times(u32 self, u32 access, u64 access_s, u32 access_ns, u32 modification, u64 modification_s,
             u32 modification_ns, done_result *ret);
FS_METHOD("read") fs_read(u32 self, u64 size, u64 offset, read_result *ret);
FS_METHOD("write") fs_write(u32 self, const u8 *data, u32 size, u64 offset, size_result *ret);
FS_METHOD("read-directory") fs_read_directory(u32 self, handle_result *ret);
FS_METHOD("create-directory-at") fs_create_directory_at(u32 self, const u8 *path, u32 size, done_result *ret);
FS_METHOD("stat") fs_stat(u32 self, stat_result *ret);
FS_METHOD("stat-at") fs_stat_at(u32 self, u32 flags, const u8 *path, u32 size, stat_result *ret);
FS_METHOD("set-times-at")
fs_set_times_at(u32 self, u32 flags, const u8 *path, u32 size, u32 access, u64 access_s, u32 access_ns,
                u32 modification, u64 modification_s, u32 modification_ns, done_result *ret);
FS_METHOD("link-at")
fs_link_at(u32 self, u32 flags, const u8 *from, u32 from_size, u32 dir, const u8 *to, u32 to_size, done_result *ret);
FS_METHOD("open-at")
fs_open_at(u32 self, u32 path_flags, const u8 *path, u32 size, u32 open_flags, u32 flags, handle_result *ret);
FS_METHOD("readlink-at") fs_readlink_at(u32 self, const u8 *path, u32 size, text_result *ret);
FS_METHOD("remove-directory-at") fs_remove_directory_at(u32 self, const u8 *path, u32 size, done_result *ret);
FS_METHOD("rename-at")
fs_rename_at(u32 self, const u8 *from, u32 from_size, u32 dir, const u8 *to, u32 to_size, done_result *ret);
FS_METHOD("symlink-at")
fs_symlink_at(u32 self, const u8 *target, u32 target_size, const u8 *path, u32 size, done_result *ret);
FS_METHOD("unlink-file-at") fs_unlink_file_at(u32 self, const u8 *path, u32 size, done_result *ret);
FS_METHOD("metadata-hash") fs_metadata_hash(u32 self, hash_result *ret);
FS_METHOD("metadata-hash-at")
fs_metadata_hash_at(u32 self, u32 flags, const u8 *path, u32 size, hash_result *ret);
IMPORT(FS_TYPES, "[method]directory-entry-stream.read-directory-entry")
void fs_read_directory_entry(u32 self, entry_result *ret);
IMPORT(FS_TYPES, "filesystem-error-code") void fs_error_code(u32 error, maybe_code *ret);
IMPORT(FS_TYPES, "[resource-drop]descriptor") void fs_descriptor_drop(u32 self);
IMPORT(FS_TYPES, "[resource-drop]directory-entry-stream") void fs_entries_drop(u32 self);

// The program's start, and its memory (an address out of bounds is a trap).
IMPORT("__main_module__", "_start") void main_start(void);
#define MAIN_MEMORY "__main_memory__"
IMPORT(MAIN_MEMORY, "load8") u32 main_load8(u32 at);
IMPORT(MAIN_MEMORY, "load32") u32 main_load32(u32 at);
IMPORT(MAIN_MEMORY, "load64") u64 main_load64(u32 at);
IMPORT(MAIN_MEMORY, "store8") void main_store8(u32 at, u32 value);
IMPORT(MAIN_MEMORY, "store16") void main_store16(u32 at, u32 value);
IMPORT(MAIN_MEMORY, "store32") void main_store32(u32 at, u32 value);
IMPORT(MAIN_MEMORY, "store64") void main_store64(u32 at, u64 value);

#endif
