// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// poll.c: poll_oneoff.
#include "adapter.h"

enum {
  // A subscription: userdata 0, tag 8, then a clock (id 16, timeout 24, flags 40) or a descriptor at 16.
  SUBSCRIPTION_SIZE = 48,
  // An event: userdata 0, error 8, type 10, bytes 16, flags 24.
  EVENT_SIZE = 32,
  TAG_CLOCK = 0,
  TAG_READ = 1,
  TAG_WRITE = 2,
  CLOCK_WALL = 0,
  CLOCK_MONOTONIC = 1,
  CLOCK_THREAD = 3,
  CLOCK_ABSOLUTE = 1,
  MAX_SUBSCRIPTIONS = 4096,
};

typedef struct subscription {
  u64 userdata, bytes;
  u8 tag;
  u8 fired;
  err error;
  u32 pollable; // unless it has fired
} subscription;

static void fire(subscription *s, err error, u64 bytes) {
  s->fired = 1;
  s->error = error;
  s->bytes = bytes;
}

static void subscribe_clock(subscription *s, u32 id, u64 timeout, int is_absolute) {
  if (id > CLOCK_MONOTONIC) {
    fire(s, id <= CLOCK_THREAD ? NOTSUP : INVAL, 0);
  } else if (!is_absolute) {
    s->pollable = monotonic_subscribe_duration(timeout);
  } else if (id == CLOCK_MONOTONIC) {
    s->pollable = monotonic_subscribe_instant(timeout);
  } else {
    // 0.2 has no timer of the wall clock: how long it is until then, by now.
    datetime t;
    wall_now(&t);
    u64 now = t.seconds * 1000000000ull + t.nanoseconds;
    if (timeout <= now)
      fire(s, OK, 0);
    else
      s->pollable = monotonic_subscribe_duration(timeout - now);
  }
}

static void subscribe_fd(subscription *s, u32 fd) {
  descriptor *d;
  err error = get_fd(fd, CAN(POLL) | CAN(s->tag == TAG_READ ? FD_READ : FD_WRITE), &d);
  if (error != OK) {
    fire(s, error, 0);
    return;
  }
  if (is_file(d)) {
    u64 bytes = 1;
    stat_result stat;
    if (s->tag == TAG_READ) {
      fs_stat(d->handle, &stat);
      bytes = !stat.is_error && stat.stat.size > d->offset ? stat.stat.size - d->offset : 0;
    }
    fire(s, d->type == TYPE_DIR ? BADF : OK, bytes);
    return;
  }
  if (s->tag == TAG_READ)
    s->pollable = input_stream_subscribe(input_of(d));
  else
    s->pollable = output_stream_subscribe(output_of(d));
}

static void subscribe(subscription *s, u32 at) {
  s->userdata = main_load64(at);
  s->tag = (u8)main_load8(at + 8);
  if (s->tag == TAG_CLOCK)
    subscribe_clock(s, main_load32(at + 16), main_load64(at + 24), main_load32(at + 40) & CLOCK_ABSOLUTE);
  else if (s->tag <= TAG_WRITE)
    subscribe_fd(s, main_load32(at + 16));
  else
    fire(s, INVAL, 0);
}

// Waits, unless something has fired: then it is only looked at the rest.
static void wait(subscription *subs, u32 count, u32 fired) {
  if (fired > 0) {
    for (u32 i = 0; i < count; i++)
      if (!subs[i].fired && pollable_ready(subs[i].pollable)) {
        pollable_drop(subs[i].pollable);
        fire(&subs[i], OK, subs[i].tag != TAG_CLOCK);
      }
    return;
  }
  list ready;
  u32 *handles = arena_alloc(count * sizeof *handles, 4);
  for (u32 i = 0; i < count; i++)
    handles[i] = subs[i].pollable;
  io_poll(handles, count, &ready);
  const u32 *which = ready.data;
  for (u32 i = 0; i < ready.count; i++) {
    subscription *s = &subs[which[i]];
    pollable_drop(s->pollable);
    fire(s, OK, s->tag != TAG_CLOCK);
  }
}

EXPORT(poll_oneoff)(u32 in, u32 out, u32 count, u32 nevents) {
  u32 fired = 0;
  arena_reset();
  if (count == 0 || count > MAX_SUBSCRIPTIONS)
    return INVAL;
  // The table of descriptors comes first: what it keeps is below the subscriptions.
  descriptor *d;
  (void)get_fd(0, 0, &d);
  subscription *subs = arena_alloc(count * sizeof *subs, 8);
  for (u32 i = 0; i < count; i++) {
    subs[i] = (subscription){.fired = 0};
    subscribe(&subs[i], in + i * SUBSCRIPTION_SIZE);
    fired += subs[i].fired;
  }
  wait(subs, count, fired);
  fired = 0;
  for (u32 i = 0; i < count; i++) {
    if (!subs[i].fired) {
      pollable_drop(subs[i].pollable);
      continue;
    }
    u32 event = out + EVENT_SIZE * fired++;
    main_store64(event, subs[i].userdata);
    main_store64(event + 8, (u64)subs[i].error | (u64)subs[i].tag << 16);
    main_store64(event + 16, subs[i].error == OK ? subs[i].bytes : 0);
    main_store64(event + 24, 0);
  }
  main_store32(nevents, fired);
  return OK;
}
