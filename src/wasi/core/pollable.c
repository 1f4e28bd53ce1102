// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pollable.c: pollables: subscriptions (poll.c) that are kept.
#include "wasi/core/flow.h"

static cv_pollable *pollable_new(cv_wasi *w) {
  cv_pollable *p = cv_mem_zalloc(w->mem, sizeof *p);
  if (p != NULL)
    p->w = w;
  return p;
}

cv_pollable *cv_pollable_of_input(cv_input *in) {
  cv_pollable *p = pollable_new(in->w);
  if (p == NULL)
    return NULL;
  cv_input_retain(in);
  p->input = in;
  return p;
}

cv_pollable *cv_pollable_of_output(cv_output *out) {
  cv_pollable *p = pollable_new(out->w);
  if (p == NULL)
    return NULL;
  cv_output_retain(out);
  p->output = out;
  return p;
}

cv_pollable *cv_pollable_of_moment(cv_wasi *w, uint64_t when) {
  cv_pollable *p = pollable_new(w);
  if (p != NULL)
    p->when = when;
  return p;
}

void cv_pollable_delete(cv_pollable *p) {
  if (p == NULL)
    return;
  cv_input_release(p->input);
  cv_output_release(p->output);
  cv_mem_free(p->w->mem, p, sizeof *p);
}

static cv_subscription subscription_of(const cv_pollable *p) {
  if (p->input != NULL)
    return (cv_subscription){
        .interest = CV_INTEREST_READ, .descriptor = &p->input->d, .err = p->input->closed ? CV_ERR_END : CV_ERR_OK};
  if (p->output != NULL)
    return (cv_subscription){
        .interest = CV_INTEREST_WRITE, .descriptor = &p->output->d, .err = p->output->closed ? CV_ERR_END : CV_ERR_OK};
  return (cv_subscription){
      .interest = CV_INTEREST_CLOCK, .clock = CV_CLOCK_MONOTONIC, .absolute = true, .timeout = p->when};
}

// An output is ready when nothing is held any more, and there is room besides: what was held may have filled the pipe.
static cv_err is_ready(const cv_pollable *p, const cv_subscription *s, bool *ready) {
  *ready = s->fired;
  if (p->output == NULL || !s->fired || p->output->closed || p->output->held_start == p->output->held_end)
    return CV_ERR_OK;
  uint64_t room;
  cv_err err = cv_output_room(p->output, &room);
  *ready = p->output->closed || room != 0;
  // An error is told by the next operation: the output is closed.
  return err == CV_ERR_STOPPED || err == CV_ERR_OUTPUT_LIMIT ? err : CV_ERR_OK;
}

static cv_err poll_with(cv_wasi *w, cv_pollable *const *list, cv_subscription *subs, size_t count, bool wait,
                        bool *ready) {
  for (;;) {
    size_t fired, found = 0;
    for (size_t i = 0; i < count; i++)
      subs[i] = subscription_of(list[i]);
    CV_ERR_TRY(wait ? cv_poll(w, subs, count, &fired) : cv_poll_now(w, subs, count, &fired));
    for (size_t i = 0; i < count; i++) {
      CV_ERR_TRY(is_ready(list[i], &subs[i], &ready[i]));
      found += ready[i];
    }
    if (found != 0 || !wait)
      return CV_ERR_OK;
  }
}

cv_err cv_pollables_poll(cv_wasi *w, cv_pollable *const *list, size_t count, bool wait, bool *ready) {
  if (count == 0 || count > w->limits.subscriptions)
    return CV_ERR_INVAL;
  cv_subscription few[8];
  if (count <= CV_COUNT(few))
    return poll_with(w, list, few, count, wait, ready);
  cv_subscription *subs = cv_mem_calloc(w->mem, count, sizeof *subs);
  if (subs == NULL)
    return CV_ERR_NOMEM;
  cv_err err = poll_with(w, list, subs, count, wait, ready);
  cv_mem_free(w->mem, subs, count * sizeof *subs);
  return err;
}
