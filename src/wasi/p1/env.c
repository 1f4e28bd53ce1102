// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// env.c: arguments, environment, clocks, randomness, the process.
#include "wasi/p1/call.h"

// Strings one after another at `buf`, each with its zero, and their addresses at `list`.
static cv_err put_list(const p1_call *c, const char *const *items, size_t count, uint32_t list, uint32_t buf) {
  uint8_t *pointers, *text;
  CV_ERR_TRY(p1_mem(c, list, (uint64_t)count * 4, &pointers));
  uint64_t at = buf;
  for (size_t i = 0; i < count; i++) {
    size_t size = strlen(items[i]) + 1;
    CV_ERR_TRY(at <= UINT32_MAX ? p1_mem(c, (uint32_t)at, size, &text) : CV_ERR_FAULT);
    memcpy(text, items[i], size);
    cv_store_le32(pointers + 4 * i, (uint32_t)at);
    at += size;
  }
  return CV_ERR_OK;
}

static cv_err put_sizes(const p1_call *c, const char *const *items, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++)
    total += strlen(items[i]) + 1;
  if (count > UINT32_MAX || total > UINT32_MAX)
    return CV_ERR_OVERFLOW;
  CV_ERR_TRY(p1_put32(c, c->a[0].u32, (uint32_t)count));
  return p1_put32(c, c->a[1].u32, (uint32_t)total);
}

cv_err cv_p1_args_get(p1_call *c) {
  return put_list(c, c->w->args, c->w->arg_count, c->a[0].u32, c->a[1].u32);
}

cv_err cv_p1_args_sizes_get(p1_call *c) {
  return put_sizes(c, c->w->args, c->w->arg_count);
}

cv_err cv_p1_environ_get(p1_call *c) {
  return put_list(c, c->w->env, c->w->env_count, c->a[0].u32, c->a[1].u32);
}

cv_err cv_p1_environ_sizes_get(p1_call *c) {
  return put_sizes(c, c->w->env, c->w->env_count);
}

// The core numbers its clocks as preview 1 does.
static_assert(CV_CLOCK_WALL == 0 && CV_CLOCK_MONOTONIC == 1 && CV_CLOCK_PROCESS == 2 && CV_CLOCK_THREAD == 3,
              "clock ids of preview 1");

static cv_err clock_refused(p1_call *c, cv_err err) {
  if (err == CV_ERR_NOTCAPABLE)
    cv_wasi_refuse_clock(c->w, (cv_clock_id)c->a[0].u32);
  return err;
}

cv_err cv_p1_clock_res_get(p1_call *c) {
  uint64_t ns;
  CV_ERR_TRY(clock_refused(c, cv_clock_resolution(&c->w->clock, (cv_clock_id)c->a[0].u32, &ns)));
  return p1_put64(c, c->a[1].u32, ns);
}

cv_err cv_p1_clock_time_get(p1_call *c) {
  uint64_t ns;
  CV_ERR_TRY(clock_refused(c, cv_clock_now(&c->w->clock, (cv_clock_id)c->a[0].u32, &ns)));
  return p1_put64(c, c->a[2].u32, ns);
}

cv_err cv_p1_random_get(p1_call *c) {
  enum { RANDOM_PIECE = 1 << 20 };
  uint8_t *out;
  CV_ERR_TRY(p1_mem(c, c->a[0].u32, c->a[1].u32, &out));
  cv_err err = CV_ERR_OK;
  // In pieces, so that a request for gigabytes can be ended.
  for (size_t left = c->a[1].u32; left != 0 && err == CV_ERR_OK;) {
    size_t n = CV_MIN(left, (size_t)RANDOM_PIECE);
    err = cv_wasi_is_stopped(c->w) ? CV_ERR_STOPPED : cv_random_fill(&c->w->random, out, n);
    out += n;
    left -= n;
  }
  if (err == CV_ERR_NOTCAPABLE)
    cv_wasi_refuse_random(c->w);
  return err;
}

cv_err cv_p1_sched_yield(p1_call *c) {
  cv_sys_yield();
  return CV_ERR_OK;
}

cv_err cv_p1_proc_exit(p1_call *c) {
  cv_wasi_exit(c->w, c->a[0].u32);
  c->exits = true;
  return CV_ERR_OK;
}

// Signals of preview 1, in its order: the status that a program ended by it has in a shell (128 and the number that the
// signal has on Linux); 0 for those that are ignored by default, 1 for those that would stop a process.
cv_err cv_p1_proc_raise(p1_call *c) {
  enum { IGNORED = 0, STOPS = 1 };
  static const uint8_t statuses[] = {
      IGNORED,  // none
      128 + 1,  // hup
      128 + 2,  // int
      128 + 3,  // quit
      128 + 4,  // ill
      128 + 5,  // trap
      128 + 6,  // abrt
      128 + 7,  // bus
      128 + 8,  // fpe
      128 + 9,  // kill
      128 + 10, // usr1
      128 + 11, // segv
      128 + 12, // usr2
      128 + 13, // pipe
      128 + 14, // alrm
      128 + 15, // term
      IGNORED,  // chld
      IGNORED,  // cont
      STOPS,    // stop
      STOPS,    // tstp
      STOPS,    // ttin
      STOPS,    // ttou
      IGNORED,  // urg
      128 + 24, // xcpu
      128 + 25, // xfsz
      128 + 26, // vtalrm
      128 + 27, // prof
      IGNORED,  // winch
      128 + 29, // poll
      128 + 30, // pwr
      128 + 31, // sys
  };
  if (c->a[0].u32 >= CV_COUNT(statuses))
    return CV_ERR_INVAL;
  uint8_t status = statuses[c->a[0].u32];
  if (status <= STOPS)
    return status == STOPS ? CV_ERR_NOTSUP : CV_ERR_OK;
  cv_wasi_exit(c->w, status);
  c->exits = true;
  return CV_ERR_OK;
}
