// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// poll.c: poll_oneoff.
#include "wasi/p1/call.h"

enum {
  // A subscription: userdata 0, tag 8, then a clock (id, timeout, precision, flags) or a descriptor at 16.
  // wasi_unstable puts an identifier of 64 bits before the clock's id.
  SUBSCRIPTION_SIZE = 48,
  UNSTABLE_SUBSCRIPTION_SIZE = 56,
  // An event: userdata 0, error 8, type 10, bytes 16, flags 24.
  EVENT_SIZE = 32,
  EVENT_HANGUP = 1,
  CLOCK_ABSOLUTE = 1,
};

// One subscription, from a copy of its bytes.
static void read_one(const p1_call *c, const uint8_t *p, cv_subscription *s) {
  unsigned tag = p[8];
  *s = (cv_subscription){.interest = (cv_interest)tag};
  if (tag == CV_INTEREST_CLOCK) {
    const uint8_t *clock = p + (c->unstable ? 24 : 16);
    s->clock = (cv_clock_id)cv_load_le32(clock);
    s->timeout = cv_load_le64(clock + 8);
    s->absolute = (cv_load_le16(clock + 24) & CLOCK_ABSOLUTE) != 0;
    return;
  }
  if (tag > CV_INTEREST_WRITE) {
    s->err = CV_ERR_INVAL;
    return;
  }
  cv_descriptor *d;
  uint64_t rights = CV_CAN(POLL) | (tag == CV_INTEREST_READ ? CV_CAN(FD_READ) : CV_CAN(FD_WRITE));
  s->err = cv_descriptors_get(&c->w->descriptors, cv_load_le32(p + 16), 0, &d);
  // A listener is not read from, but it is waited for.
  if (s->err == CV_ERR_OK && d->kind == CV_DESCRIPTOR_STREAM && d->stream->is_listener)
    rights = CV_CAN(POLL);
  if (s->err == CV_ERR_OK && (d->rights & rights) != rights)
    s->err = CV_ERR_NOTCAPABLE;
  s->descriptor = d;
}

static void write_event(uint8_t *p, const cv_subscription *s, uint64_t userdata) {
  memset(p, 0, EVENT_SIZE);
  cv_store_le64(p, userdata);
  cv_store_le16(p + 8, cv_p1_errno(s->err));
  p[10] = (uint8_t)s->interest;
  if (s->interest != CV_INTEREST_CLOCK && s->err == CV_ERR_OK) {
    cv_store_le64(p + 16, s->bytes);
    cv_store_le16(p + 24, s->hangup ? EVENT_HANGUP : 0);
  }
}

static cv_err poll_all(p1_call *c, const uint8_t *in, uint8_t *out, uint32_t count, cv_subscription *subs,
                       uint64_t *userdata, uint32_t *events) {
  size_t size = c->unstable ? UNSTABLE_SUBSCRIPTION_SIZE : SUBSCRIPTION_SIZE, fired;
  for (uint32_t i = 0; i < count; i++) {
    uint8_t copy[UNSTABLE_SUBSCRIPTION_SIZE];
    memcpy(copy, in + i * size, size);
    userdata[i] = cv_load_le64(copy);
    read_one(c, copy, &subs[i]);
  }
  CV_ERR_TRY(cv_poll(c->w, subs, count, &fired));
  for (uint32_t i = 0; i < count; i++)
    if (subs[i].fired)
      write_event(out + (size_t)EVENT_SIZE * (*events)++, &subs[i], userdata[i]);
  return CV_ERR_OK;
}

cv_err cv_p1_poll_oneoff(p1_call *c) {
  uint32_t count = c->a[2].u32, events = 0;
  uint64_t size = c->unstable ? UNSTABLE_SUBSCRIPTION_SIZE : SUBSCRIPTION_SIZE;
  uint8_t *in, *out;
  if (count == 0 || count > c->w->limits.subscriptions)
    return CV_ERR_INVAL;
  CV_ERR_TRY(p1_mem(c, c->a[0].u32, count * size, &in));
  CV_ERR_TRY(p1_mem(c, c->a[1].u32, (uint64_t)count * EVENT_SIZE, &out));
  CV_ERR_TRY(p1_put32(c, c->a[3].u32, 0));
  cv_mem *mem = c->w->mem;
  cv_subscription *subs = cv_mem_calloc(mem, count, sizeof *subs);
  uint64_t *userdata = cv_mem_calloc(mem, count, sizeof *userdata);
  cv_err err = subs != NULL && userdata != NULL ? poll_all(c, in, out, count, subs, userdata, &events) : CV_ERR_NOMEM;
  cv_mem_free(mem, subs, count * sizeof *subs);
  cv_mem_free(mem, userdata, count * sizeof *userdata);
  CV_ERR_TRY(err);
  return p1_put32(c, c->a[3].u32, events);
}
