// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// p2.h: the functions of WASI 0.2 as a guest sees them in the canonical ABI, without a C library or bindings. A result
// that is more than one number is written to the place that the last parameter names.
#ifndef P2_H
#define P2_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
#define PTR const volatile void *

#define IMPORT(interface, name, result, c_name)                                                                        \
  __attribute__((import_module("wasi:" interface "@0.2.12"), import_name(name))) result c_name

IMPORT("cli/environment", "get-environment", void, get_environment)(PTR);
IMPORT("cli/environment", "get-arguments", void, get_arguments)(PTR);
IMPORT("cli/environment", "initial-cwd", void, initial_cwd)(PTR);
IMPORT("cli/exit", "exit", void, exit_)(u32);
IMPORT("cli/exit", "exit-with-code", void, exit_with_code)(u32);
IMPORT("cli/stdin", "get-stdin", u32, get_stdin)(void);
IMPORT("cli/stdout", "get-stdout", u32, get_stdout)(void);
IMPORT("cli/stderr", "get-stderr", u32, get_stderr)(void);
IMPORT("cli/terminal-stdin", "get-terminal-stdin", void, get_terminal_stdin)(PTR);
IMPORT("cli/terminal-stdout", "get-terminal-stdout", void, get_terminal_stdout)(PTR);
IMPORT("cli/terminal-stderr", "get-terminal-stderr", void, get_terminal_stderr)(PTR);

IMPORT("io/error", "[method]error.to-debug-string", void, to_debug_string)(u32, PTR);
IMPORT("io/error", "[resource-drop]error", void, drop_error)(u32);
IMPORT("io/poll", "[method]pollable.ready", u32, pollable_ready)(u32);
IMPORT("io/poll", "[method]pollable.block", void, pollable_block)(u32);
IMPORT("io/poll", "poll", void, poll)(PTR, u32, PTR);
IMPORT("io/poll", "[resource-drop]pollable", void, drop_pollable)(u32);
IMPORT("io/streams", "[method]input-stream.read", void, in_read)(u32, u64, PTR);
IMPORT("io/streams", "[method]input-stream.blocking-read", void, in_blocking_read)(u32, u64, PTR);
IMPORT("io/streams", "[method]input-stream.skip", void, in_skip)(u32, u64, PTR);
IMPORT("io/streams", "[method]input-stream.blocking-skip", void, in_blocking_skip)(u32, u64, PTR);
IMPORT("io/streams", "[method]input-stream.subscribe", u32, in_subscribe)(u32);
IMPORT("io/streams", "[resource-drop]input-stream", void, drop_input)(u32);
IMPORT("io/streams", "[method]output-stream.check-write", void, out_check_write)(u32, PTR);
IMPORT("io/streams", "[method]output-stream.write", void, out_write)(u32, PTR, u32, PTR);
IMPORT("io/streams", "[method]output-stream.blocking-write-and-flush", void, out_blocking_write)(u32, PTR, u32, PTR);
IMPORT("io/streams", "[method]output-stream.flush", void, out_flush)(u32, PTR);
IMPORT("io/streams", "[method]output-stream.blocking-flush", void, out_blocking_flush)(u32, PTR);
IMPORT("io/streams", "[method]output-stream.subscribe", u32, out_subscribe)(u32);
IMPORT("io/streams", "[method]output-stream.write-zeroes", void, out_write_zeroes)(u32, u64, PTR);
IMPORT("io/streams", "[method]output-stream.blocking-write-zeroes-and-flush", void, out_blocking_zeroes)(u32, u64, PTR);
IMPORT("io/streams", "[method]output-stream.splice", void, out_splice)(u32, u32, u64, PTR);
IMPORT("io/streams", "[method]output-stream.blocking-splice", void, out_blocking_splice)(u32, u32, u64, PTR);
IMPORT("io/streams", "[resource-drop]output-stream", void, drop_output)(u32);

IMPORT("clocks/monotonic-clock", "now", u64, monotonic_now)(void);
IMPORT("clocks/monotonic-clock", "resolution", u64, monotonic_resolution)(void);
IMPORT("clocks/monotonic-clock", "subscribe-instant", u32, subscribe_instant)(u64);
IMPORT("clocks/monotonic-clock", "subscribe-duration", u32, subscribe_duration)(u64);
IMPORT("clocks/wall-clock", "now", void, wall_now)(PTR);
IMPORT("clocks/wall-clock", "resolution", void, wall_resolution)(PTR);
IMPORT("clocks/timezone", "display", void, timezone_display)(u64, u32, PTR);
IMPORT("clocks/timezone", "utc-offset", u32, utc_offset)(u64, u32);

IMPORT("random/random", "get-random-bytes", void, get_random_bytes)(u64, PTR);
IMPORT("random/random", "get-random-u64", u64, get_random_u64)(void);
IMPORT("random/insecure", "get-insecure-random-bytes", void, get_insecure_random_bytes)(u64, PTR);
IMPORT("random/insecure", "get-insecure-random-u64", u64, get_insecure_random_u64)(void);
IMPORT("random/insecure-seed", "insecure-seed", void, insecure_seed)(PTR);

IMPORT("filesystem/preopens", "get-directories", void, get_directories)(PTR);
IMPORT("filesystem/types", "filesystem-error-code", void, filesystem_error_code)(u32, PTR);
#define METHOD(name, c_name) IMPORT("filesystem/types", "[method]descriptor." name, void, c_name)
METHOD("read-via-stream", read_via_stream)(u32, u64, PTR);
METHOD("write-via-stream", write_via_stream)(u32, u64, PTR);
METHOD("append-via-stream", append_via_stream)(u32, PTR);
METHOD("advise", advise)(u32, u64, u64, u32, PTR);
METHOD("sync-data", sync_data)(u32, PTR);
METHOD("get-flags", get_flags)(u32, PTR);
METHOD("get-type", get_type)(u32, PTR);
METHOD("set-size", set_size)(u32, u64, PTR);
METHOD("set-times", set_times)(u32, u32, u64, u32, u32, u64, u32, PTR);
METHOD("read", read)(u32, u64, u64, PTR);
METHOD("write", write)(u32, PTR, u32, u64, PTR);
METHOD("read-directory", read_directory)(u32, PTR);
METHOD("sync", sync_)(u32, PTR);
METHOD("create-directory-at", create_directory_at)(u32, PTR, u32, PTR);
METHOD("stat", stat_)(u32, PTR);
METHOD("stat-at", stat_at)(u32, u32, PTR, u32, PTR);
METHOD("set-times-at", set_times_at)(u32, u32, PTR, u32, u32, u64, u32, u32, u64, u32, PTR);
METHOD("link-at", link_at)(u32, u32, PTR, u32, u32, PTR, u32, PTR);
METHOD("open-at", open_at)(u32, u32, PTR, u32, u32, u32, PTR);
METHOD("readlink-at", readlink_at)(u32, PTR, u32, PTR);
METHOD("remove-directory-at", remove_directory_at)(u32, PTR, u32, PTR);
METHOD("rename-at", rename_at)(u32, PTR, u32, u32, PTR, u32, PTR);
METHOD("symlink-at", symlink_at)(u32, PTR, u32, PTR, u32, PTR);
METHOD("unlink-file-at", unlink_file_at)(u32, PTR, u32, PTR);
METHOD("metadata-hash", metadata_hash)(u32, PTR);
METHOD("metadata-hash-at", metadata_hash_at)(u32, u32, PTR, u32, PTR);
IMPORT("filesystem/types", "[method]descriptor.is-same-object", u32, is_same_object)(u32, u32);
IMPORT("filesystem/types", "[resource-drop]descriptor", void, drop_descriptor)(u32);
IMPORT("filesystem/types", "[method]directory-entry-stream.read-directory-entry", void, read_directory_entry)(u32, PTR);
IMPORT("filesystem/types", "[resource-drop]directory-entry-stream", void, drop_entries)(u32);

IMPORT("sockets/instance-network", "instance-network", u32, instance_network)(void);
IMPORT("sockets/network", "[resource-drop]network", void, drop_network)(u32);
IMPORT("sockets/network", "network-error-code", void, network_error_code)(u32, PTR);
IMPORT("sockets/tcp-create-socket", "create-tcp-socket", void, create_tcp_socket)(u32, PTR);
IMPORT("sockets/udp-create-socket", "create-udp-socket", void, create_udp_socket)(u32, PTR);
IMPORT("sockets/ip-name-lookup", "resolve-addresses", void, resolve_addresses)(u32, PTR, u32, PTR);
// Of a socket that there never is.
IMPORT("sockets/tcp", "[method]tcp-socket.start-listen", void, tcp_start_listen)(u32, PTR);

enum { READ = 1, WRITE = 2, FILE_SYNC = 4, DATA_SYNC = 8, READ_SYNC = 16, MUTATE = 32 };
enum { CREATE = 1, DIRECTORY = 2, EXCLUSIVE = 4, TRUNCATE = 8 };
enum { FOLLOW = 1 };
enum { NO_CHANGE, NOW, TIMESTAMP };
enum { TYPE_DIRECTORY = 3, TYPE_LINK = 5, TYPE_FILE = 6 };
// Error codes of wasi:filesystem, and OK for none.
enum {
  ACCESS = 0,
  BAD_DESCRIPTOR = 3,
  EXIST = 7,
  ILLEGAL_BYTES = 9,
  INVALID = 12,
  IS_DIRECTORY = 14,
  LOOP = 15,
  NAME_TOO_LONG = 18,
  NO_ENTRY = 20,
  NOT_DIRECTORY = 24,
  NOT_EMPTY = 25,
  OVERFLOW = 30,
  NOT_PERMITTED = 31,
  READ_ONLY = 33,
  OK = 1000,
};

// ---- results, and telling what is wrong ----
static u8 ret[128] __attribute__((aligned(8)));
static u32 failures;

static u32 load32(PTR p) {
  return *(const volatile u32 *)p;
}

static u64 load64(PTR p) {
  return *(const volatile u64 *)p;
}

static u32 text_size(const char *s) {
  u32 n = 0;
  while (s[n])
    n++;
  return n;
}
#define STR(s) s, (sizeof(s) - 1)

static void print(u32 to, const char *s) {
  u8 ignored[16] __attribute__((aligned(8)));
  u32 stream = to == 1 ? get_stdout() : get_stderr();
  out_blocking_write(stream, s, text_size(s), ignored);
  drop_output(stream);
}

static void print_number(u32 to, u64 value) {
  char text[24];
  u32 at = sizeof text;
  text[--at] = 0;
  do
    text[--at] = (char)('0' + value % 10);
  while (value /= 10);
  print(to, text + at);
}

static void check(const char *what, u64 got, u64 expected) {
  if (got == expected)
    return;
  failures++;
  print(1, what);
  print(1, ": ");
  print_number(1, got);
  print(1, " instead of ");
  print_number(1, expected);
  print(1, "\n");
}
#define CHECK(what, expected) check(#what, what, expected)

// The error code in `ret`, or OK; `at`: where the payload is.
static u32 code(u32 at) {
  return ret[0] ? ret[at] : OK;
}

static int same(const u8 *a, const char *b, u32 size) {
  for (u32 i = 0; i < size; i++)
    if (a[i] != (u8)b[i])
      return 0;
  return 1;
}

#endif
