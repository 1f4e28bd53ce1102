// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// poll.c: waiting for clocks and streams together.
#include "wasi/core/wasi.h"

cv_err cv_wasi_wait(cv_wasi *w, cv_poll_item *items, size_t count, uint64_t timeout) {
  uint64_t start = timeout != 0 && timeout != CV_WAIT_FOREVER ? cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC) : 0;
  uint64_t left = timeout;
  for (;;) {
    if (cv_wasi_is_stopped(w))
      return CV_ERR_STOPPED;
    size_t ready;
    cv_err err = cv_sys_poll(items, count, left, &ready);
    if (err != CV_ERR_OK && err != CV_ERR_INTR)
      return err;
    if (err == CV_ERR_OK && ready != 0)
      return CV_ERR_OK;
    if (timeout == CV_WAIT_FOREVER)
      continue; // a signal came: ask again whether to go on
    uint64_t past = timeout != 0 ? cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC) - start : 0;
    if (past >= timeout)
      return CV_ERR_TIMEDOUT;
    left = timeout - past;
  }
}

static void fire(cv_subscription *s, cv_err err, uint64_t bytes) {
  s->fired = true;
  s->err = err;
  s->bytes = bytes;
}

// The clock that a subscription needs: a duration of the wall clock says nothing of the time of day.
static cv_clock_id needed_clock(const cv_subscription *s) {
  return s->clock == CV_CLOCK_WALL && !s->absolute ? CV_CLOCK_MONOTONIC : s->clock;
}

// Nanoseconds until the clock subscription is due.
static cv_err until(const cv_wasi *w, const cv_subscription *s, uint64_t *out) {
  uint64_t now;
  CV_ERR_TRY(cv_clock_now(&w->clock, needed_clock(s), &now));
  if (s->clock == CV_CLOCK_PROCESS || s->clock == CV_CLOCK_THREAD)
    return CV_ERR_NOTSUP;
  *out = !s->absolute ? s->timeout : s->timeout > now ? s->timeout - now : 0;
  return CV_ERR_OK;
}

// A subscription on a file, or on a stream that never waits, is ready now.
static bool is_ready_now(const cv_subscription *s, cv_err *err, uint64_t *bytes) {
  const cv_descriptor *d = s->descriptor;
  bool write = s->interest == CV_INTEREST_WRITE;
  *err = CV_ERR_OK;
  *bytes = write ? 1 : 0;
  if (d->kind == CV_DESCRIPTOR_FILE) {
    cv_stat st;
    if (d->file->type == CV_FILE_DIR)
      *err = CV_ERR_BADF;
    else if (!write && cv_file_stat(d->file, &st) == CV_ERR_OK && st.size > d->offset)
      *bytes = st.size - d->offset;
    return true;
  }
  cv_stream *stream = d->stream;
  if (write ? stream->ops->write == NULL : stream->ops->read == NULL)
    *err = CV_ERR_BADF;
  if (stream->handle != CV_NO_HANDLE && *err == CV_ERR_OK)
    return false;
  if (!write && stream->ops->readable != NULL)
    *bytes = stream->ops->readable(stream);
  return true;
}

// A stream without a handle that had nothing when it was last asked.
static bool is_for_retry(const cv_subscription *s) {
  const cv_descriptor *d = s->descriptor;
  if (d->kind != CV_DESCRIPTOR_STREAM || d->stream->handle != CV_NO_HANDLE)
    return false;
  return s->interest == CV_INTEREST_WRITE ? d->stream->none_to_write : d->stream->none_to_read;
}

// What the host waits for: each handle once, however many subscriptions are on it.
typedef struct poll_set {
  cv_poll_item items[CV_MAX_POLL_ITEMS];
  size_t count;
  bool retries;
} poll_set;

static cv_err add_item(poll_set *set, cv_subscription *s) {
  cv_handle handle = s->descriptor->stream->handle;
  uint32_t at = 0;
  while (at < set->count && set->items[at].handle != handle)
    at++;
  if (at == CV_MAX_POLL_ITEMS)
    return CV_ERR_INVAL;
  if (at == set->count)
    set->items[set->count++] = (cv_poll_item){.handle = handle};
  set->items[at].want_read |= s->interest == CV_INTEREST_READ;
  set->items[at].want_write |= s->interest == CV_INTEREST_WRITE;
  s->item = at;
  return CV_ERR_OK;
}

// Sorts the subscriptions: what fires at once, what to wait for, and how long until the first clock.
static cv_err prepare(cv_wasi *w, cv_subscription *subs, size_t count, poll_set *set, uint64_t *timeout,
                      size_t *fired) {
  for (size_t i = 0; i < count; i++) {
    cv_subscription *s = &subs[i];
    uint64_t value = 0;
    cv_err err = s->err;
    s->fired = s->hangup = s->retry = false;
    s->item = CV_NO_INDEX;
    if (err == CV_ERR_OK && s->interest == CV_INTEREST_CLOCK) {
      err = until(w, s, &value);
      if (err == CV_ERR_NOTCAPABLE)
        cv_wasi_refuse_clock(w, needed_clock(s));
      if (err == CV_ERR_OK) {
        s->delay = value;
        *timeout = CV_MIN(*timeout, value);
        continue;
      }
    } else if (err == CV_ERR_OK && is_for_retry(s)) {
      s->retry = set->retries = true;
      continue;
    } else if (err == CV_ERR_OK && !is_ready_now(s, &err, &value)) {
      CV_ERR_TRY(add_item(set, s));
      continue;
    }
    fire(s, err, value);
    ++*fired;
  }
  return CV_ERR_OK;
}

static void collect_handles(const poll_set *set, cv_subscription *subs, size_t count, size_t *fired) {
  for (size_t i = 0; i < count; i++) {
    cv_subscription *s = &subs[i];
    if (s->item == CV_NO_INDEX)
      continue;
    const cv_poll_item *item = &set->items[s->item];
    bool read = s->interest == CV_INTEREST_READ;
    if (!(read ? item->read_ready : item->write_ready))
      continue;
    cv_stream *stream = s->descriptor->stream;
    uint64_t bytes = read && stream->ops->readable != NULL ? stream->ops->readable(stream) : !read;
    fire(s, CV_ERR_OK, bytes);
    s->hangup = item->hangup;
    ++*fired;
  }
}

// Fires the clocks that are due after `passed` nanoseconds of the wait.
static void collect_clocks(const cv_wasi *w, cv_subscription *subs, size_t count, uint64_t passed, size_t *fired) {
  for (size_t i = 0; i < count; i++) {
    cv_subscription *s = &subs[i];
    if (s->fired || s->interest != CV_INTEREST_CLOCK)
      continue;
    // An absolute one may be due earlier than it seemed, when its clock was set forward.
    uint64_t left;
    bool due = s->delay <= passed || (s->absolute && until(w, s, &left) == CV_ERR_OK && left == 0);
    if (due) {
      fire(s, CV_ERR_OK, 0);
      ++*fired;
    }
  }
}

static void collect_retries(cv_subscription *subs, size_t count, size_t *fired) {
  for (size_t i = 0; i < count; i++)
    if (subs[i].retry) {
      fire(&subs[i], CV_ERR_OK, 0);
      ++*fired;
    }
}

static cv_err poll_once(cv_wasi *w, cv_subscription *subs, size_t count, bool wait, poll_set *set, size_t *fired) {
  uint64_t timeout = CV_WAIT_FOREVER;
  *fired = 0;
  set->count = 0;
  set->retries = false;
  CV_ERR_TRY(prepare(w, subs, count, set, &timeout, fired));
  // Something is ready: only look at the rest. A virtual clock takes no real time: look, then let it jump.
  bool is_virtual = cv_clock_is_virtual(&w->clock) && timeout != CV_WAIT_FOREVER;
  uint64_t start = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC);
  uint64_t real = !wait || *fired != 0 || is_virtual ? 0 : timeout;
  if (set->retries)
    real = CV_MIN(real, (uint64_t)CV_RETRY_NS);
  cv_err err = cv_wasi_wait(w, set->items, set->count, real);
  if (err == CV_ERR_OK)
    collect_handles(set, subs, count, fired);
  else if (err != CV_ERR_TIMEDOUT)
    return err;
  uint64_t passed = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC) - start;
  if (is_virtual) {
    passed = !wait || *fired != 0 ? 0 : timeout;
    cv_clock_sleep(&w->clock, passed);
  }
  collect_clocks(w, subs, count, passed, fired);
  // Who only looks, or waits for nothing else that has come, tries.
  if (set->retries && *fired == 0)
    collect_retries(subs, count, fired);
  return CV_ERR_OK;
}

static cv_err poll_all(cv_wasi *w, cv_subscription *subs, size_t count, bool wait, size_t *fired) {
  *fired = 0;
  if (count == 0)
    return CV_ERR_INVAL;
  poll_set *set = cv_mem_alloc(w->mem, sizeof *set);
  if (set == NULL)
    return CV_ERR_NOMEM;
  cv_err err = poll_once(w, subs, count, wait, set, fired);
  cv_mem_free(w->mem, set, sizeof *set);
  return err;
}

cv_err cv_poll(cv_wasi *w, cv_subscription *subs, size_t count, size_t *fired) {
  return poll_all(w, subs, count, true, fired);
}

cv_err cv_poll_now(cv_wasi *w, cv_subscription *subs, size_t count, size_t *fired) {
  return poll_all(w, subs, count, false, fired);
}
