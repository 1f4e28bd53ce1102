// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// p2.c: what each function of WASI 0.2 answers, right or wrong; the rows are those of raw.c where the behaviour is the
// same. Granted: "/data", empty and writable; virtual clocks; standard input is "0123456789".
// Prints what differs; fails when something does.
#include "p2.h"

static u32 root;
static u32 big[2048];

static u32 open_file(u32 dir, const char *name, u32 how, u32 flags) {
  open_at(dir, FOLLOW, name, text_size(name), how, flags, ret);
  return ret[0] ? OK + 1 + ret[4] : load32(ret + 4);
}
#define REFUSED(error) (OK + 1 + (error))

// Statement and error code in one: the functions write to `ret`.
#define VOID(call) (call, code(1))
#define AT4(call) (call, code(4))
#define AT8(call) (call, code(8))

// ---- wasi:io ----

// 0: it went well, 1: the last operation failed, 2: closed. `at`: where the error is.
static u32 stream_state(u32 at) {
  if (!ret[0])
    return 0;
  if (ret[at] == 0)
    drop_error(load32(ret + at + 4));
  return ret[at] == 0 ? 1 : 2;
}

static u32 read_text(u32 in, u64 size, const char *expected) {
  in_blocking_read(in, size, ret);
  u32 state = stream_state(4);
  if (state)
    return state;
  u32 n = load32(ret + 8);
  return n == text_size(expected) && same((const u8 *)load32(ret + 4), expected, n) ? 100 : 200 + n;
}

static u32 write_text(u32 out, const char *s) {
  out_check_write(out, ret);
  u32 state = stream_state(8);
  if (state || load64(ret + 8) < text_size(s))
    return state ? state : 99;
  out_write(out, s, text_size(s), ret);
  return stream_state(4);
}

static void standard_streams(void) {
  u32 in = get_stdin(), out = get_stdout(), again = get_stdout();
  CHECK(read_text(in, 0, ""), 100);
  CHECK(read_text(in, 3, "012"), 100);
  CHECK(AT8(in_skip(in, 2, ret)), OK);
  CHECK(load64(ret + 8), 2);
  out_splice(out, in, 2, ret);
  CHECK(stream_state(8), 0);
  CHECK(load64(ret + 8), 2);
  out_blocking_splice(again, in, 1, ret);
  CHECK(load64(ret + 8), 1);
  out_write_zeroes(out, 0, ret);
  CHECK(stream_state(4), 0);
  CHECK(write_text(out, "a"), 0);
  CHECK(write_text(again, "b"), 0);
  out_flush(out, ret);
  CHECK(stream_state(4), 0);
  out_blocking_flush(again, ret);
  CHECK(stream_state(4), 0);
  u32 readable = in_subscribe(in), writable = out_subscribe(out);
  CHECK(pollable_ready(readable), 1);
  CHECK(pollable_ready(writable), 1);
  pollable_block(writable);
  CHECK(read_text(in, 1000000000000ull, "89"), 100);
  CHECK(read_text(in, 5, ""), 2);
  in_read(in, 5, ret);
  CHECK(stream_state(4), 2);
  in_blocking_skip(in, 5, ret);
  CHECK(stream_state(8), 2);
  out_splice(out, in, 5, ret);
  CHECK(stream_state(8), 2);
  CHECK(pollable_ready(readable), 1);
  u32 list[2] = {readable, writable};
  poll(list, 2, ret);
  CHECK(load32(ret + 4), 2);
  drop_pollable(readable);
  drop_pollable(writable);
  drop_input(in);
  drop_output(out);
  drop_output(again);
  out_blocking_write(out = get_stdout(), "\n", 1, ret);
  CHECK(stream_state(4), 0);
  drop_output(out);
  get_terminal_stdin(ret);
  CHECK(ret[0], 0);
  get_terminal_stdout(ret);
  CHECK(ret[0], 0);
  get_terminal_stderr(ret);
  CHECK(ret[0], 0);
}

// ---- files through streams ----

static void file_streams(void) {
  u32 f = open_file(root, "a", CREATE, READ | WRITE | MUTATE); // as C libraries ask
  CHECK(AT4(write_via_stream(f, 2, ret)), OK);
  u32 out = load32(ret + 4);
  CHECK(write_text(out, "bcd"), 0);
  CHECK(AT4(append_via_stream(f, ret)), OK);
  u32 end = load32(ret + 4);
  CHECK(write_text(end, "e"), 0);
  out_blocking_zeroes(end, 2, ret);
  CHECK(stream_state(4), 0);
  out_blocking_write(end, "f", 1, ret);
  CHECK(stream_state(4), 0);
  CHECK(AT4(read_via_stream(f, 0, ret)), OK);
  u32 in = load32(ret + 4);
  in_read(in, 100, ret);
  CHECK(load32(ret + 8), 9);
  CHECK(same((const u8 *)load32(ret + 4), "\0\0bcde\0\0f", 9), 1);
  // A stream is as good without its descriptor.
  drop_descriptor(f);
  CHECK(write_text(out, "XY"), 0);
  CHECK(read_text(in, 5, ""), 2);
  u32 p = in_subscribe(in);
  CHECK(pollable_ready(p), 1);
  drop_pollable(p);
  drop_input(in);
  drop_output(out);
  drop_output(end);
  CHECK(AT4(read_via_stream(root, 0, ret)), IS_DIRECTORY);
  CHECK(AT4(write_via_stream(root, 0, ret)), IS_DIRECTORY);
  CHECK(AT4(append_via_stream(root, ret)), IS_DIRECTORY);
  f = open_file(root, "a", 0, READ);
  CHECK(AT4(write_via_stream(f, 0, ret)), BAD_DESCRIPTOR);
  drop_descriptor(f);
  f = open_file(root, "a", 0, WRITE);
  CHECK(AT4(read_via_stream(f, 0, ret)), BAD_DESCRIPTOR);
  // An operation that fails: what it was is in the error.
  CHECK(AT4(write_via_stream(f, 1ull << 63, ret)), OK);
  out = load32(ret + 4);
  out_blocking_write(out, "x", 1, ret);
  CHECK(ret[0] == 1 && ret[4] == 0, 1);
  u32 error = load32(ret + 8);
  filesystem_error_code(error, ret);
  CHECK(ret[0], 1);
  to_debug_string(error, ret);
  CHECK(load32(ret + 4) != 0, 1);
  drop_error(error);
  CHECK(write_text(out, "x"), 2);
  drop_output(out);
  drop_descriptor(f);
}

// ---- descriptors ----

static u64 read_at(u32 f, u64 size, u64 offset) {
  read(f, size, offset, ret);
  return ret[0] ? REFUSED(ret[4]) : load32(ret + 8) + (ret[12] ? 10000u : 0);
}

static u64 write_at(u32 f, const char *s, u64 offset) {
  write(f, s, text_size(s), offset, ret);
  return ret[0] ? REFUSED(ret[8]) : load64(ret + 8);
}

static void descriptors(void) {
  u32 f = open_file(root, "b", CREATE | EXCLUSIVE, READ | WRITE);
  CHECK(open_file(root, "b", CREATE | EXCLUSIVE, READ), REFUSED(EXIST));
  CHECK(write_at(f, "hello", 3), 5);
  CHECK(read_at(f, 4, 2), 4);
  CHECK(same((const u8 *)load32(ret + 4), "\0hel", 4), 1);
  CHECK(read_at(f, 0, 2), 0);
  CHECK(read_at(f, 10, 8), 10000);
  CHECK(read_at(f, ~0ull, 0), 8);
  CHECK(read_at(f, 1, ~0ull), REFUSED(INVALID));
  CHECK(write_at(f, "x", ~0ull), REFUSED(INVALID));
  CHECK(read_at(root, 1, 0), REFUSED(IS_DIRECTORY));
  CHECK(write_at(root, "x", 0), REFUSED(IS_DIRECTORY));
  CHECK(VOID(get_flags(f, ret)), OK);
  CHECK(ret[1], READ | WRITE);
  CHECK(VOID(get_flags(root, ret)), OK);
  CHECK(ret[1], READ | MUTATE);
  CHECK(VOID(get_type(f, ret)), OK);
  CHECK(ret[1], TYPE_FILE);
  CHECK(VOID(get_type(root, ret)), OK);
  CHECK(ret[1], TYPE_DIRECTORY);
  CHECK(VOID(set_size(f, 7, ret)), OK);
  CHECK(VOID(set_size(f, ~0ull, ret)), INVALID);
  CHECK(VOID(set_size(root, 7, ret)), IS_DIRECTORY);
  CHECK(VOID(set_times(f, TIMESTAMP, 11, 12, TIMESTAMP, 22, 999999999, ret)), OK);
  CHECK(VOID(set_times(f, TIMESTAMP, 1, 1000000000, NO_CHANGE, 0, 0, ret)), INVALID);
  CHECK(VOID(set_times(f, NO_CHANGE, 0, 0, TIMESTAMP, ~0ull, 0, ret)), OVERFLOW);
  CHECK(AT8(stat_(f, ret)), OK);
  CHECK(ret[8], TYPE_FILE);
  CHECK(load64(ret + 16), 1); // links
  CHECK(load64(ret + 24), 7);
  CHECK(ret[32] == 1 && load64(ret + 40) == 11 && load32(ret + 48) == 12, 1);
  CHECK(ret[56] == 1 && load64(ret + 64) == 22 && load32(ret + 72) == 999999999, 1);
  CHECK(VOID(advise(f, 0, 4, 5, ret)), OK);
  CHECK(VOID(advise(f, ~0ull, 4, 0, ret)), INVALID);
  CHECK(VOID(advise(root, 0, 4, 0, ret)), BAD_DESCRIPTOR);
  CHECK(VOID(sync_(f, ret)), OK);
  CHECK(VOID(sync_data(f, ret)), OK);
  u32 other = open_file(root, "b", 0, READ | FILE_SYNC | DATA_SYNC | READ_SYNC);
  CHECK(VOID(get_flags(other, ret)), OK);
  CHECK(ret[1], READ | FILE_SYNC | DATA_SYNC | READ_SYNC);
  CHECK(is_same_object(f, other), 1);
  CHECK(is_same_object(f, root), 0);
  u64 hash[2];
  CHECK(AT8(metadata_hash(f, ret)), OK);
  hash[0] = load64(ret + 8);
  hash[1] = load64(ret + 16);
  CHECK(AT8(metadata_hash_at(root, 0, STR("b"), ret)), OK);
  CHECK(hash[0] == load64(ret + 8) && hash[1] == load64(ret + 16), 1);
  CHECK(write_at(f, "longer than it was", 0), 18);
  CHECK(AT8(metadata_hash(other, ret)), OK);
  CHECK(hash[0] == load64(ret + 8), 0);
  CHECK(write_at(other, "x", 0), REFUSED(BAD_DESCRIPTOR));
  CHECK(VOID(set_size(other, 1, ret)), BAD_DESCRIPTOR);
  drop_descriptor(other);
  drop_descriptor(f);
  f = open_file(root, "b", TRUNCATE, WRITE);
  CHECK(AT8(stat_(f, ret)), OK);
  CHECK(load64(ret + 24), 0);
  drop_descriptor(f);
  CHECK(open_file(root, ".", DIRECTORY, READ | WRITE), REFUSED(IS_DIRECTORY));
  CHECK(open_file(root, "b", DIRECTORY, READ), REFUSED(NOT_DIRECTORY));
}

// ---- paths ----

#define OPEN(path) AT4(open_at(root, 0, STR(path), 0, READ, ret))
static void paths(void) {
  CHECK(OPEN(""), NO_ENTRY);
  CHECK(OPEN("a\0"), INVALID);
  CHECK(OPEN("/a"), NOT_PERMITTED);
  CHECK(OPEN("../a"), NOT_PERMITTED);
  CHECK(OPEN("nowhere"), NO_ENTRY);
  CHECK(OPEN("a/b"), NOT_DIRECTORY);
  for (u32 i = 0; i < sizeof big / 4; i++)
    big[i] = 0x61616161;
  CHECK(AT4(open_at(root, 0, big, sizeof big, 0, READ, ret)), NAME_TOO_LONG);
  CHECK(VOID(symlink_at(root, STR("/a"), STR("l"), ret)), NOT_PERMITTED);
  CHECK(VOID(symlink_at(root, STR("abcdef"), STR("l"), ret)), OK);
  CHECK(AT4(readlink_at(root, STR("l"), ret)), OK);
  CHECK(load32(ret + 8), 6);
  CHECK(same((const u8 *)load32(ret + 4), "abcdef", 6), 1);
  CHECK(AT4(readlink_at(root, STR("a"), ret)), INVALID);
  CHECK(AT8(stat_at(root, 0, STR("l"), ret)), OK);
  CHECK(ret[8], TYPE_LINK);
  CHECK(AT8(stat_at(root, FOLLOW, STR("l"), ret)), NO_ENTRY);
  CHECK(OPEN("l"), LOOP);
  CHECK(VOID(link_at(root, FOLLOW, STR("a"), root, STR("h"), ret)), INVALID);
  CHECK(VOID(link_at(root, 0, STR("a"), root, STR("h"), ret)), OK);
  CHECK(VOID(link_at(root, 0, STR("a"), root, STR("h"), ret)), EXIST);
  CHECK(VOID(set_times_at(root, 0, STR("a"), NO_CHANGE, 0, 0, TIMESTAMP, 44, 5, ret)), OK);
  CHECK(AT8(stat_at(root, 0, STR("h"), ret)), OK);
  CHECK(load64(ret + 16), 2); // links
  CHECK(load64(ret + 64) == 44 && load32(ret + 72) == 5, 1);
  CHECK(VOID(create_directory_at(root, STR("d"), ret)), OK);
  CHECK(VOID(create_directory_at(root, STR("d"), ret)), EXIST);
  CHECK(VOID(rename_at(root, STR("h"), root, STR("d/h"), ret)), OK);
  CHECK(VOID(unlink_file_at(root, STR("d"), ret)), IS_DIRECTORY);
  CHECK(VOID(remove_directory_at(root, STR("d/h"), ret)), NOT_DIRECTORY);
  CHECK(VOID(remove_directory_at(root, STR("d"), ret)), NOT_EMPTY);
  u32 d = open_file(root, "d", DIRECTORY, READ); // and C libraries go on to change it
  CHECK(VOID(get_flags(d, ret)), OK);
  CHECK(ret[1], READ | MUTATE);
  CHECK(AT4(open_at(d, 0, STR("../a"), 0, READ, ret)), NOT_PERMITTED);
  u32 h = open_file(d, "h", 0, READ);
  CHECK(AT4(open_at(h, 0, STR("x"), 0, READ, ret)), NOT_DIRECTORY);
  CHECK(VOID(create_directory_at(h, STR("x"), ret)), NOT_DIRECTORY);
  CHECK(AT4(read_directory(h, ret)), NOT_DIRECTORY);
  drop_descriptor(h);
  CHECK(VOID(create_directory_at(d, STR("sub"), ret)), OK);
  CHECK(VOID(rename_at(d, STR("h"), root, STR("h"), ret)), OK);
  CHECK(VOID(unlink_file_at(root, STR("h"), ret)), OK);
  drop_descriptor(d);
}

// What /data holds by now, each once.
static void listing(void) {
  u32 seen_a = 0, seen_b = 0, seen_d = 0, seen_l = 0, seen = 0;
  CHECK(AT4(read_directory(root, ret)), OK);
  u32 entries = load32(ret + 4);
  for (;;) {
    CHECK(AT4(read_directory_entry(entries, ret)), OK);
    if (ret[0] || !ret[4])
      break;
    const u8 *name = (const u8 *)load32(ret + 12);
    CHECK(load32(ret + 16), 1);
    seen_a += name[0] == 'a' && ret[8] == TYPE_FILE;
    seen_b += name[0] == 'b' && ret[8] == TYPE_FILE;
    seen_d += name[0] == 'd' && ret[8] == TYPE_DIRECTORY;
    seen_l += name[0] == 'l' && ret[8] == TYPE_LINK;
    seen++;
  }
  CHECK(seen_a == 1 && seen_b == 1 && seen_d == 1 && seen_l == 1 && seen == 4, 1);
  CHECK(AT4(read_directory_entry(entries, ret)), OK);
  CHECK(ret[4], 0); // none
  drop_entries(entries);
  CHECK(VOID(remove_directory_at(root, STR("d/sub"), ret)), OK);
  CHECK(VOID(remove_directory_at(root, STR("d"), ret)), OK);
}

// ---- clocks, random numbers ----

static void clocks(void) {
  u64 start = monotonic_now();
  CHECK(monotonic_resolution() != 0, 1);
  u32 later = subscribe_duration(5000000000ull), never = subscribe_duration(~0ull), past = subscribe_instant(1);
  CHECK(pollable_ready(later), 0);
  CHECK(pollable_ready(past), 1);
  pollable_block(later);
  CHECK(monotonic_now() - start, 5000000000ull);
  CHECK(pollable_ready(later), 1);
  CHECK(pollable_ready(never), 0);
  u32 list[3] = {never, past, later};
  poll(list, 3, ret);
  CHECK(load32(ret + 4), 2);
  CHECK(load32((PTR)load32(ret)) == 1 && load32((PTR)(load32(ret) + 4)) == 2, 1);
  CHECK(monotonic_now() - start, 5000000000ull);
  drop_pollable(later);
  drop_pollable(never);
  drop_pollable(past);
  wall_resolution(ret);
  CHECK(load64(ret) != 0 || load32(ret + 8) != 0, 1);
  wall_now(ret);
  CHECK(load64(ret), 1000000005);
  timezone_display(0, 0, ret);
  CHECK(load32(ret), 0);
  CHECK(load32(ret + 8), 3);
  CHECK(same((const u8 *)load32(ret + 4), "UTC", 3), 1);
  CHECK(utc_offset(0, 0), 0);
}

static void random_numbers(void) {
  u8 first[64];
  get_random_bytes(64, ret);
  CHECK(load32(ret + 4), 64);
  for (u32 i = 0; i < 64; i++)
    first[i] = ((const u8 *)load32(ret))[i];
  get_random_bytes(64, ret);
  u32 equal = 0;
  for (u32 i = 0; i < 64; i++)
    equal += first[i] == ((const u8 *)load32(ret))[i];
  CHECK(equal < 32, 1);
  CHECK(get_random_u64() != get_random_u64(), 1);
  get_insecure_random_bytes(300000, ret);
  CHECK(load32(ret + 4), 300000);
  CHECK(get_insecure_random_u64() != get_insecure_random_u64(), 1);
  insecure_seed(ret);
  CHECK(load64(ret) != load64(ret + 8), 1);
  u64 seed = load64(ret);
  insecure_seed(ret);
  CHECK(load64(ret) == seed, 1);
  get_random_bytes(0, ret);
  CHECK(load32(ret + 4), 0);
}

static void sockets(void) {
  u32 network = instance_network();
  CHECK(AT4(create_tcp_socket(0, ret)), 1); // access-denied
  CHECK(AT4(create_udp_socket(1, ret)), 1);
  CHECK(AT4(resolve_addresses(network, STR("localhost"), ret)), 1);
  drop_network(network);
  if (failures == 1000000)
    tcp_start_listen(0, ret);
}

static void program(void) {
  get_arguments(ret);
  CHECK(load32(ret + 4), 3);
  const u8 *second = (const u8 *)load32((PTR)(load32(ret) + 8));
  CHECK(load32((PTR)(load32(ret) + 12)) == 3 && same(second, "one", 3), 1);
  CHECK(load32((PTR)(load32(ret) + 20)), 0);
  get_environment(ret);
  CHECK(load32(ret + 4), 2);
  u32 row = load32(ret) + 16;
  CHECK(load32((PTR)(row + 4)), 1);
  CHECK(same((const u8 *)load32((PTR)row), "B", 1), 1);
  CHECK(load32((PTR)(row + 12)), 3);
  CHECK(same((const u8 *)load32((PTR)(row + 8)), "x=y", 3), 1);
  initial_cwd(ret);
  CHECK(ret[0], 0);
}

__attribute__((export_name("run"))) u32 run(void) {
  get_directories(ret);
  CHECK(load32(ret + 4), 1);
  root = load32((PTR)load32(ret));
  CHECK(load32((PTR)(load32(ret) + 8)), 5);
  program();
  standard_streams();
  file_streams();
  descriptors();
  paths();
  listing();
  clocks();
  random_numbers();
  sockets();
  drop_descriptor(root);
  return failures != 0;
}
