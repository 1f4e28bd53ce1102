// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// env.c: arguments, environment, clocks, randomness, the process; and the start of a command.
#include "adapter.h"

// Where the next string goes: its address is put into `list`, its bytes at `at`.
typedef struct strings {
  u32 list, at;
} strings;

static void put_bytes(strings *s, const text *t) {
  main_write(s->at, t->data, t->size);
  s->at += t->size;
}

static void put_start(strings *s) {
  main_store32(s->list, s->at);
  s->list += 4;
}

static void put_byte(strings *s, char byte) {
  main_store8(s->at++, (u8)byte);
}

EXPORT(args_sizes_get)(u32 count, u32 size) {
  list args;
  u32 total = 0;
  arena_reset();
  get_arguments(&args);
  const text *each = args.data;
  for (u32 i = 0; i < args.count; i++)
    total += each[i].size + 1;
  main_store32(count, args.count);
  main_store32(size, total);
  return OK;
}

EXPORT(args_get)(u32 argv, u32 buf) {
  list args;
  strings s = {argv, buf};
  arena_reset();
  get_arguments(&args);
  const text *each = args.data;
  for (u32 i = 0; i < args.count; i++) {
    put_start(&s);
    put_bytes(&s, &each[i]);
    put_byte(&s, 0);
  }
  return OK;
}

EXPORT(environ_sizes_get)(u32 count, u32 size) {
  list env;
  u32 total = 0;
  arena_reset();
  get_environment(&env);
  const text_pair *each = env.data;
  for (u32 i = 0; i < env.count; i++)
    total += each[i].name.size + each[i].value.size + 2;
  main_store32(count, env.count);
  main_store32(size, total);
  return OK;
}

EXPORT(environ_get)(u32 environ, u32 buf) {
  list env;
  strings s = {environ, buf};
  arena_reset();
  get_environment(&env);
  const text_pair *each = env.data;
  for (u32 i = 0; i < env.count; i++) {
    put_start(&s);
    put_bytes(&s, &each[i].name);
    put_byte(&s, '=');
    put_bytes(&s, &each[i].value);
    put_byte(&s, 0);
  }
  return OK;
}

// ---- clocks ----

enum { CLOCK_WALL = 0, CLOCK_MONOTONIC = 1, CLOCK_THREAD = 3 };

static u64 nanoseconds(const datetime *t) {
  return t->seconds * 1000000000ull + t->nanoseconds;
}

EXPORT(clock_res_get)(u32 id, u32 out) {
  datetime t;
  arena_reset();
  if (id > CLOCK_MONOTONIC)
    return id <= CLOCK_THREAD ? NOTSUP : INVAL;
  if (id == CLOCK_MONOTONIC) {
    main_store64(out, monotonic_resolution());
  } else {
    wall_resolution(&t);
    main_store64(out, nanoseconds(&t));
  }
  return OK;
}

EXPORT(clock_time_get)(u32 id, u64 precision, u32 out) {
  datetime t;
  (void)precision;
  arena_reset();
  if (id > CLOCK_MONOTONIC)
    return id <= CLOCK_THREAD ? NOTSUP : INVAL;
  if (id == CLOCK_MONOTONIC) {
    main_store64(out, monotonic_now());
  } else {
    wall_now(&t);
    main_store64(out, nanoseconds(&t));
  }
  return OK;
}

EXPORT(random_get)(u32 buf, u32 size) {
  while (size > 0) {
    text bytes;
    u32 n = size < PIECE ? size : PIECE;
    arena_reset();
    get_random_bytes(n, &bytes);
    main_write(buf, bytes.data, bytes.size);
    buf += bytes.size;
    size -= bytes.size;
  }
  return OK;
}

// ---- the process ----

EXPORT(sched_yield)(void) {
  return OK;
}

// 0.2.0 knows success and failure only.
__attribute__((export_name("proc_exit"), noreturn)) void proc_exit(u32 status) {
  cli_exit(status != 0);
  __builtin_trap();
}

// Signals of preview 1 in its order. A program that one of them ends has failed.
EXPORT(proc_raise)(u32 sig) {
  enum { SIG_CHLD = 16, SIG_CONT = 17, SIG_STOP = 18, SIG_TTOU = 21, SIG_URG = 22, SIG_WINCH = 27, SIG_COUNT = 31 };
  arena_reset();
  if (sig >= SIG_COUNT)
    return INVAL;
  if (sig == 0 || sig == SIG_CHLD || sig == SIG_CONT || sig == SIG_URG || sig == SIG_WINCH)
    return OK; // ignored
  if (sig >= SIG_STOP && sig <= SIG_TTOU)
    return NOTSUP;
  proc_exit(1);
}

__attribute__((export_name("wasi:cli/run@0.2.0#run"))) u32 run(void) {
  main_start();
  return 0;
}
