// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// p2_misuse.c: what ends a program of WASI 0.2, by its first argument; and what a program may not make the host hold.
// Returns an error when nothing ended it.
#include "p2.h"

static char word[32];

static int is(const char *s) {
  u32 n = text_size(s);
  return text_size(word) == n && same((const u8 *)word, s, n);
}

static u32 directory(void) {
  get_directories(ret);
  return load32(ret + 4) ? load32((PTR)load32(ret)) : 0;
}

// Opens until an error comes; prints how many were open, and the error.
static void open_many(void) {
  u32 dir = directory(), count = 0;
  do
    open_at(dir, 0, STR("."), 0, READ, ret);
  while (!ret[0] && ++count < 100000);
  print_number(1, count);
  print(1, " then error ");
  print_number(1, ret[4]);
  print(1, "\n");
}

// What is dropped does not count.
static u32 open_and_drop(void) {
  u32 dir = directory();
  for (u32 i = 0; i < 5000; i++) {
    open_at(dir, 0, STR("."), 0, READ, ret);
    if (ret[0])
      return 1;
    u32 d = load32(ret + 4);
    read_directory(d, ret);
    if (ret[0])
      return 1;
    drop_entries(load32(ret + 4));
    drop_descriptor(d);
    u32 p = subscribe_instant(0);
    for (u32 k = 0; k < 30; k++) {
      drop_pollable(p);
      p = subscribe_instant(0);
    }
    drop_pollable(p);
  }
  return 0;
}

static void listings(void) {
  u32 dir = directory(), count = 0;
  do
    read_directory(dir, ret);
  while (!ret[0] && ++count < 100000);
  print_number(1, count);
  print(1, " then error ");
  print_number(1, ret[4]);
  print(1, "\n");
}

// Standard input gives nothing, and does not end: only the timer is ready.
static u32 wait_for_input(void) {
  u32 in = get_stdin(), list[2] = {in_subscribe(in), subscribe_duration(20000000)};
  poll(list, 2, ret);
  CHECK(load32(ret + 4), 1);
  CHECK(load32((PTR)load32(ret)), 1);
  CHECK(pollable_ready(list[0]), 0);
  in_read(in, 10, ret);
  CHECK(ret[0], 0);
  CHECK(load32(ret + 8), 0);
  in_skip(in, 10, ret);
  CHECK(ret[0], 0);
  CHECK(load64(ret + 8), 0);
  return failures != 0;
}

// Moves all of standard input to standard output.
static u32 copy(void) {
  u32 in = get_stdin(), out = get_stdout();
  do
    out_blocking_splice(out, in, ~0ull, ret);
  while (!ret[0]);
  if (ret[8] != 1)
    return 1;
  out_blocking_flush(out, ret);
  return ret[0];
}

// More than a pipe takes, without a flush: the host holds the rest when the program ends.
static u32 write_and_end(void) {
  static u8 zeroes[60000];
  u32 out = get_stdout();
  for (u32 i = 0; i < 2; i++) {
    out_check_write(out, ret);
    if (ret[0] || load32(ret + 8) < sizeof zeroes)
      return 1;
    out_write(out, zeroes, sizeof zeroes, ret);
    if (ret[0])
      return 1;
  }
  return 0;
}

// The same with check-write, write and subscribe, as asynchronous programs do it.
static u32 copy_promptly(void) {
  u32 in = get_stdin(), out = get_stdout(), readable = in_subscribe(in), writable = out_subscribe(out);
  for (;;) {
    pollable_block(writable);
    out_check_write(out, ret);
    if (ret[0] || load64(ret + 8) == 0)
      return 1;
    u64 room = load64(ret + 8);
    pollable_block(readable);
    in_read(in, room, ret);
    if (ret[0])
      break;
    out_write(out, (PTR)load32(ret + 4), load32(ret + 8), ret);
    if (ret[0])
      return 1;
    out_flush(out, ret);
  }
  u32 end = ret[4];
  out_blocking_flush(out, ret);
  return end != 1 || ret[0];
}

static void write_too_much(void) {
  static u8 data[5000];
  u32 out = get_stdout();
  if (is("unchecked write"))
    out_write(out, data, 1, ret);
  out_check_write(out, ret);
  u64 room = load64(ret + 8);
  if (is("write beyond"))
    out_write_zeroes(out, room + 1, ret);
  if (is("write twice")) {
    out_write(out, data, 5, ret);
    out_write_zeroes(out, room, ret);
  }
  if (is("large blocking write"))
    out_blocking_write(out, data, 4097, ret);
  if (is("large blocking zeroes"))
    out_blocking_zeroes(out, ~0ull, ret);
}

// As many as a poll may have, on a pipe that has nothing, and on one timer.
static u32 poll_many(void) {
  static u32 list[4096];
  u32 in = get_stdin();
  for (u32 i = 0; i < 4095; i++)
    list[i] = in_subscribe(in);
  list[4095] = subscribe_duration(1000000);
  poll(list, 4096, ret);
  return load32(ret + 4) != 1 || load32((PTR)load32(ret)) != 4095;
}

static void poll_wrongly(void) {
  static u32 list[5000];
  if (is("empty poll"))
    poll(list, 0, ret);
  list[0] = subscribe_instant(0);
  for (u32 i = 1; i < 5000; i++)
    list[i] = list[0];
  if (is("large poll"))
    poll(list, 5000, ret);
}

__attribute__((export_name("run"))) u32 run(void) {
  get_arguments(ret);
  u32 row = load32(ret) + 8, n = load32((PTR)(row + 4));
  for (u32 i = 0; i < n && i < sizeof word - 1; i++)
    word[i] = ((const char *)load32((PTR)row))[i];
  if (is("exit"))
    exit_(0);
  if (is("exit error"))
    exit_(1);
  if (is("exit code"))
    exit_with_code(255);
  if (is("wall clock"))
    wall_now(ret);
  if (is("monotonic clock"))
    monotonic_now();
  if (is("timer"))
    subscribe_duration(1);
  if (is("random"))
    get_random_u64();
  if (is("random bytes"))
    get_random_bytes(~0ull, ret);
  if (is("sleep"))
    pollable_block(subscribe_duration(~0ull));
  if (is("many"))
    open_many();
  if (is("open and drop"))
    return open_and_drop();
  if (is("listings"))
    listings();
  if (is("pollables"))
    for (;;)
      subscribe_instant(0);
  if (is("flood"))
    for (;;)
      print(1, "0123456789");
  if (is("closed")) {
    u32 out = get_stdout(), rounds = 0;
    do
      out_blocking_write(out, "x", 1, ret);
    while (!ret[0] && ++rounds < 1000000);
    print(2, ret[0] && ret[4] == 1 ? "closed\n" : "something else\n");
    return 0;
  }
  if (is("read")) {
    in_blocking_read(get_stdin(), 1, ret);
    return ret[0];
  }
  if (is("wait for input"))
    return wait_for_input();
  if (is("poll many"))
    return poll_many();
  if (is("copy"))
    return copy();
  if (is("copy promptly"))
    return copy_promptly();
  if (is("write and end"))
    return write_and_end();
  if (is("escape")) {
    open_at(directory(), FOLLOW, STR("../secret"), 0, READ, ret);
    return ret[4] != NOT_PERMITTED;
  }
  if (is("fill")) { // a directory in memory, by every way to write
    enum { INSUFFICIENT_SPACE = 23 };
    static u8 data[60000];
    open_at(directory(), 0, STR("a"), CREATE, READ | WRITE, ret);
    u32 f = load32(ret + 4);
    write(f, data, sizeof data, 0, ret);
    CHECK(ret[0], 0);
    write(f, data, sizeof data, 60000, ret);
    CHECK(ret[0] && ret[8] == INSUFFICIENT_SPACE, 1);
    CHECK((set_size(f, 1 << 20, ret), code(1)), INSUFFICIENT_SPACE);
    append_via_stream(f, ret);
    u32 out = load32(ret + 4);
    for (u32 i = 0; i < 30 && !ret[0]; i++)
      out_blocking_write(out, data, 4096, ret);
    CHECK(ret[0] && ret[4] == 0, 1);
    return failures != 0;
  }
  if (is("change")) {
    open_at(directory(), FOLLOW, STR("file"), TRUNCATE, WRITE, ret);
    return ret[4] != READ_ONLY;
  }
  write_too_much();
  poll_wrongly();
  return 1;
}
