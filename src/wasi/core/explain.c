// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// explain.c: the record of what was refused.
#include "wasi/core/wasi.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static char *copy_text(cv_mem *mem, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = cv_mem_alloc(mem, size);
  return copy != NULL ? memcpy(copy, text, size) : NULL;
}

// Words of the program are in the text: no character of them may be one that terminals obey, or begin a line.
static void make_plain(char *text) {
  for (; *text != '\0'; text++) {
    bool c1 = (uint8_t)text[0] == 0xc2 && ((uint8_t)text[1] & 0xe0) == 0x80;
    if ((uint8_t)*text < 0x20 || *text == 0x7f || c1) {
      text[c1] = '?';
      *text = '?';
    }
  }
}

static void record(cv_wasi *w, const char *grant, bool is_path, const char *what) {
  for (size_t i = 0; i < w->refusals.count; i++)
    if (strcmp(w->refusals.data[i].what, what) == 0) {
      w->refusals.data[i].times++;
      return;
    }
  cv_refusal r = {.is_path = is_path, .times = 1};
  if (w->refusals.count < w->limits.refusals) {
    r.what = copy_text(w->mem, what);
    r.grant = copy_text(w->mem, grant);
  }
  if (r.what != NULL && r.grant != NULL && cv_vec_push(w->mem, &w->refusals, r) == CV_OK) {
    make_plain(r.grant);
    return;
  }
  // A record that does not fit is counted: explaining never makes a program fail.
  w->refusals_lost++;
  if (r.what != NULL)
    cv_mem_free(w->mem, r.what, strlen(r.what) + 1);
  if (r.grant != NULL)
    cv_mem_free(w->mem, r.grant, strlen(r.grant) + 1);
}

// What was asked for may have names of the guest's in it.
static void recordf(cv_wasi *w, const char *grant, bool is_path, const char *fmt, va_list args) {
  char what[512];
  (void)vsnprintf(what, sizeof what, fmt, args);
  make_plain(what);
  record(w, grant, is_path, what);
}

void cv_wasi_refuse(cv_wasi *w, const char *grant, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  recordf(w, grant, true, fmt, args);
  va_end(args);
}

void cv_wasi_refuse_clock(cv_wasi *w, cv_clock_id id) {
  static const char *const names[] = {
      [CV_CLOCK_WALL] = "read the wall clock",
      [CV_CLOCK_MONOTONIC] = "read the monotonic clock",
      [CV_CLOCK_PROCESS] = "read the CPU time of the process",
      [CV_CLOCK_THREAD] = "read the CPU time of the thread",
  };
  record(w, id == CV_CLOCK_WALL ? "--clock real" : "--clock monotonic, or --clock real", false, names[id]);
}

void cv_wasi_refuse_random(cv_wasi *w) {
  record(w, "--random real, or --seed N", false, "take random numbers");
}

void cv_wasi_refuse_other(cv_wasi *w, const char *grant, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  recordf(w, grant, false, fmt, args);
  va_end(args);
}

cv_err cv_wasi_note_limit(cv_wasi *w, const cv_file *file, cv_err err) {
  if (err == CV_ERR_MFILE)
    cv_wasi_refuse_other(w, "--max-descriptors N",
                         "have more than %" PRIu32 " files and directories open at the same time",
                         w->limits.descriptors);
  else if (err == CV_ERR_NOSPC && file != NULL && strcmp(file->fs->ops->name, "memory") == 0)
    cv_wasi_refuse_other(w, "--max-tmpfs SIZE", "write more than %" PRIu64 " bytes to a directory in memory",
                         w->limits.memory_fs);
  return err;
}

static void explain_dirs(const cv_wasi *w, cv_buf *out) {
  if (w->dir_count == 0) {
    cv_buf_text(out, "The program looked for directories, and none is granted. To grant one: --dir HOST::GUEST\n");
    return;
  }
  cv_buf_text(out, "Directories that the program can reach:\n");
  for (size_t i = 0; i < w->dir_count; i++) {
    const cv_dir *d = &w->dirs[i];
    cv_buf_printf(out, "  %s%s%s%s\n", d->guest, d->host != NULL ? "  (the host's " : "",
                  d->host != NULL ? d->host : "",
                  d->host == NULL ? ""
                  : d->read_only  ? ", read-only)"
                                  : ")");
  }
}

void cv_wasi_explain(const cv_wasi *w, cv_buf *out) {
  for (size_t i = 0; i < w->refusals.count; i++) {
    const cv_refusal *r = &w->refusals.data[i];
    cv_buf_printf(out, "refused: %s", r->what);
    if (r->times > 1)
      cv_buf_printf(out, " (%" PRIu64 " times)", r->times);
    if (r->grant[0] != '\0')
      cv_buf_printf(out, "\n  would be allowed by: %s", r->grant);
    cv_buf_byte(out, '\n');
  }
  if (w->refusals_lost != 0)
    cv_buf_printf(out, "and %" PRIu64 " more that were not recorded\n", w->refusals_lost);
  bool files = w->asked_for_dirs; // or a path was refused
  for (size_t i = 0; i < w->refusals.count; i++)
    files |= w->refusals.data[i].is_path;
  if (files)
    explain_dirs(w, out);
}
