// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_flow.c: inputs, outputs, pollables and listings of the resource core, over files, pipes and memory.
#include "wasi_context.h"

#include "wasi/core/flow.h"
#include "wasi/core/listing.h"

static cv_wasi *plain_context(cv_mem *mem) {
  cv_wasi_config *c = config_new(mem);
  cv_wasi_config_grant_basics(c);
  return context_new(mem, c);
}

static cv_file *open_file(cv_file *dir, const char *path, const cv_open_how *how) {
  cv_file *f;
  assert_int_equal(cv_file_open(dir, path, how, &f), CV_ERR_OK);
  return f;
}

// ---- files ----

static void test_read_file(void **state) {
  cv_mem mem;
  tree t;
  char text[16];
  size_t n;
  uint64_t skipped;
  cv_input *in, *other;
  tree_make(&t, TREE_MEMORY);
  cv_wasi *w = plain_context(&mem);
  cv_file *f = open_file(t.root, "file", &(cv_open_how){.read = true});
  assert_int_equal(cv_input_of_file(w, f, 1, &in), CV_ERR_OK);
  assert_int_equal(cv_input_of_file(w, f, 9, &other), CV_ERR_OK);
  cv_file_release(f); // the inputs keep it
  assert_int_equal(cv_input_read(in, text, 2, false, &n), CV_ERR_OK);
  assert_int_equal(n, 2);
  assert_memory_equal(text, "el", 2);
  assert_int_equal(cv_input_skip(in, 1, false, text, sizeof text, &skipped), CV_ERR_OK);
  assert_int_equal(skipped, 1);
  assert_int_equal(cv_input_read(in, text, 0, false, &n), CV_ERR_OK);
  assert_int_equal(cv_input_read(in, text, sizeof text, true, &n), CV_ERR_OK);
  assert_int_equal(n, 1);
  assert_memory_equal(text, "o", 1);
  assert_int_equal(cv_input_read(in, text, 0, false, &n), CV_ERR_OK); // the end was not seen yet
  assert_int_equal(cv_input_read(in, text, 1, false, &n), CV_ERR_END);
  assert_int_equal(cv_input_read(in, text, 0, false, &n), CV_ERR_END);
  assert_int_equal(cv_input_skip(in, 1, false, text, sizeof text, &skipped), CV_ERR_END);
  assert_int_equal(cv_input_skip(other, 4, true, text, sizeof text, &skipped), CV_ERR_END); // begins beyond the end
  cv_input_release(other);
  cv_input_release(in);
  finish(w, &mem);
  tree_drop(&t);
}

static void test_write_file(void **state) {
  cv_mem mem;
  tree t;
  uint64_t room;
  cv_output *out, *end;
  tree_make(&t, TREE_MEMORY);
  cv_wasi *w = plain_context(&mem);
  cv_file *f = open_file(t.root, "file", &(cv_open_how){.write = true});
  assert_int_equal(cv_output_of_file(w, f, 3, &out), CV_ERR_OK);
  assert_int_equal(cv_output_of_append(w, f, &end), CV_ERR_OK);
  cv_file_release(f);
  assert_int_equal(cv_output_room(out, &room), CV_ERR_OK);
  assert_int_equal(room, CV_PROMPT_ROOM);
  assert_int_equal(cv_output_write(out, "p", 1, false), CV_ERR_OK);
  assert_int_equal(cv_output_write(end, "!", 1, false), CV_ERR_OK);
  assert_int_equal(cv_output_write(out, "!?", 2, true), CV_ERR_OK);
  assert_int_equal(cv_output_write(end, ".", 1, true), CV_ERR_OK);
  assert_int_equal(cv_output_flush(end, true), CV_ERR_OK);
  assert_string_equal(tree_read(t.root, "file"), "help!?.");
  cv_output_release(out);
  cv_output_release(end);
  finish(w, &mem);
  tree_drop(&t);
}

// What cannot be read or written this way.
static void test_refused_files(void **state) {
  cv_mem mem;
  tree t;
  cv_input *in;
  cv_output *out;
  cv_fs *ro;
  cv_file *ro_root;
  tree_make(&t, TREE_MEMORY);
  cv_wasi *w = plain_context(&mem);
  cv_file *r = open_file(t.root, "file", &(cv_open_how){.read = true});
  cv_file *wr = open_file(t.root, "file", &(cv_open_how){.write = true});
  assert_int_equal(cv_input_of_file(w, t.root, 0, &in), CV_ERR_ISDIR);
  assert_int_equal(cv_input_of_file(w, wr, 0, &in), CV_ERR_BADF);
  assert_int_equal(cv_output_of_file(w, t.root, 0, &out), CV_ERR_ISDIR);
  assert_int_equal(cv_output_of_append(w, t.root, &out), CV_ERR_ISDIR);
  assert_int_equal(cv_output_of_file(w, r, 0, &out), CV_ERR_BADF);
  assert_int_equal(cv_fs_read_only_new(&t.mem, t.fs, &ro), CV_ERR_OK);
  assert_int_equal(cv_fs_root(ro, &ro_root), CV_ERR_OK);
  cv_file *rof = open_file(ro_root, "file", &(cv_open_how){.read = true});
  assert_int_equal(cv_output_of_append(w, rof, &out), CV_ERR_ROFS);
  bool same;
  assert_int_equal(cv_file_is_same(r, rof, &same), CV_ERR_OK);
  assert_true(same);
  assert_int_equal(cv_file_is_same(r, t.root, &same), CV_ERR_OK);
  assert_false(same);
  cv_file_release(rof);
  cv_file_release(ro_root);
  cv_fs_release(ro);
  cv_file_release(r);
  cv_file_release(wr);
  finish(w, &mem);
  tree_drop(&t);
}

// Inputs, outputs and listings of files count against the limit on descriptors; those of streams keep nothing open.
static void test_limit(void **state) {
  cv_mem mem;
  tree t;
  cv_input *in, *more, *from_stream;
  cv_output *out;
  cv_listing *l;
  tree_make(&t, TREE_MEMORY);
  cv_wasi_config *c = config_new(&mem);
  c->limits.descriptors = 3; // the standard streams fill the table
  cv_wasi *w = context_new(&mem, c);
  cv_file *f = open_file(t.root, "file", &(cv_open_how){.read = true, .write = true});
  assert_int_equal(cv_input_of_file(w, f, 0, &in), CV_ERR_OK);
  assert_int_equal(cv_output_of_file(w, f, 0, &out), CV_ERR_OK);
  assert_int_equal(cv_listing_new(w, t.root, &l), CV_ERR_OK);
  assert_int_equal(cv_input_of_file(w, f, 0, &more), CV_ERR_MFILE);
  assert_int_equal(cv_input_of_stream(w, w->descriptors.all.data[0].stream, &from_stream), CV_ERR_OK);
  cv_listing_delete(l);
  assert_int_equal(cv_input_of_file(w, f, 0, &more), CV_ERR_OK);
  assert_int_equal(cv_listing_new(w, t.root, &l), CV_ERR_MFILE);
  cv_input_release(more);
  cv_input_release(in);
  cv_input_release(from_stream);
  cv_output_release(out);
  cv_file_release(f);
  finish(w, &mem);
  tree_drop(&t);
}

// ---- pipes ----

static cv_input *pipe_input(cv_wasi *w, int fds[2]) {
  cv_input *in;
  assert_int_equal(pipe(fds), 0);
  cv_stream *s = cv_stream_handle_new(w->mem, fds[0], true);
  assert_non_null(s);
  assert_int_equal(cv_input_of_stream(w, s, &in), CV_ERR_OK);
  cv_stream_release(s);
  return in;
}

static cv_output *pipe_output(cv_wasi *w, int fds[2]) {
  cv_output *out;
  assert_int_equal(pipe(fds), 0);
  cv_stream *s = cv_stream_handle_new(w->mem, fds[1], true);
  assert_non_null(s);
  assert_int_equal(cv_output_of_stream(w, s, &out), CV_ERR_OK);
  cv_stream_release(s);
  return out;
}

static bool is_ready(cv_pollable *p) {
  bool ready;
  assert_int_equal(cv_pollables_poll(p->w, &p, 1, false, &ready), CV_ERR_OK);
  return ready;
}

static void test_read_pipe(void **state) {
  cv_mem mem;
  int fds[2];
  char text[8];
  size_t n;
  uint64_t skipped;
  cv_wasi *w = plain_context(&mem);
  cv_input *in = pipe_input(w, fds);
  cv_pollable *p = cv_pollable_of_input(in);
  assert_non_null(p);
  assert_false(is_ready(p));
  assert_int_equal(cv_input_read(in, text, sizeof text, false, &n), CV_ERR_OK);
  assert_int_equal(n, 0);
  assert_int_equal(write(fds[1], "abcd", 4), 4);
  assert_true(is_ready(p));
  assert_int_equal(cv_input_skip(in, 2, true, text, 1, &skipped), CV_ERR_OK);
  assert_int_equal(skipped, 1);
  assert_int_equal(cv_input_read(in, text, sizeof text, true, &n), CV_ERR_OK);
  assert_int_equal(n, 3);
  assert_memory_equal(text, "bcd", 3);
  assert_false(is_ready(p));
  close(fds[1]);
  assert_true(is_ready(p));
  assert_int_equal(cv_input_read(in, text, sizeof text, true, &n), CV_ERR_END);
  assert_true(is_ready(p));
  cv_input_release(in); // the pollable keeps it
  assert_true(is_ready(p));
  cv_pollable_delete(p);
  finish(w, &mem);
}

// A write never waits: what the pipe does not take is held, in order, and goes when there is room.
static void test_write_pipe(void **state) {
  static char sent[CV_OUTPUT_ROOM], got[16 * CV_OUTPUT_ROOM];
  cv_mem mem;
  int fds[2];
  uint64_t room;
  size_t total = 0, read_total = 0;
  cv_wasi *w = plain_context(&mem);
  cv_output *out = pipe_output(w, fds);
  cv_pollable *p = cv_pollable_of_output(out);
  assert_non_null(p);
  for (;;) {
    assert_int_equal(cv_output_room(out, &room), CV_ERR_OK);
    assert_int_equal(is_ready(p), room != 0);
    if (room == 0)
      break;
    assert_true(room <= sizeof sent);
    for (size_t i = 0; i < room; i++)
      sent[i] = (char)((total + i) % 251);
    assert_int_equal(cv_output_write(out, sent, (size_t)room, false), CV_ERR_OK);
    total += (size_t)room;
    assert_true(total <= sizeof got);
  }
  assert_int_equal(cv_output_flush(out, false), CV_ERR_OK);
  while (read_total < total) {
    ssize_t n = read(fds[0], got + read_total, 1024);
    assert_true(n > 0);
    read_total += (size_t)n;
    (void)is_ready(p); // moves on what is held
  }
  for (size_t i = 0; i < total; i++)
    if (got[i] != (char)(i % 251))
      fail_msg("byte %zu", i);
  assert_true(is_ready(p));
  close(fds[0]);
  assert_int_equal(cv_output_write(out, "x", 1, true), CV_ERR_END); // the reader has gone
  assert_int_equal(cv_output_room(out, &room), CV_ERR_END);
  assert_int_equal(cv_output_flush(out, true), CV_ERR_END);
  assert_true(is_ready(p));
  cv_pollable_delete(p);
  cv_output_release(out);
  finish(w, &mem);
}

static bool stop(void *env) {
  return true;
}

// The host can end a wait; the stream is as good as before.
static void test_stop(void **state) {
  cv_mem mem;
  int fds[2];
  char text[4];
  size_t n;
  bool ready;
  cv_wasi *w = plain_context(&mem);
  cv_input *in = pipe_input(w, fds);
  cv_pollable *p = cv_pollable_of_input(in);
  assert_non_null(p);
  w->should_stop = stop;
  assert_int_equal(cv_pollables_poll(w, &p, 1, true, &ready), CV_ERR_STOPPED);
  assert_int_equal(cv_input_read(in, text, sizeof text, true, &n), CV_ERR_STOPPED);
  w->should_stop = NULL;
  assert_int_equal(write(fds[1], "abc", 3), 3);
  assert_int_equal(cv_input_read(in, text, sizeof text, true, &n), CV_ERR_OK);
  assert_int_equal(n, 3);
  cv_pollable_delete(p);
  cv_input_release(in);
  close(fds[1]);
  finish(w, &mem);
}

// The limit on output is the same whatever the program writes through.
static void test_output_limit(void **state) {
  cv_mem mem;
  cv_output *out;
  uint64_t room;
  cv_wasi_config *c = config_new(&mem);
  c->limits.output = 5;
  assert_int_equal(cv_wasi_config_stdio(c, 1, &(cv_stdio){.kind = CV_STDIO_BUFFER}), CV_OK);
  cv_wasi *w = context_new(&mem, c);
  assert_int_equal(cv_output_of_stream(w, w->descriptors.all.data[1].stream, &out), CV_ERR_OK);
  assert_int_equal(cv_output_room(out, &room), CV_ERR_OK);
  assert_int_equal(cv_output_write(out, "abc", 3, false), CV_ERR_OK);
  assert_int_equal(cv_output_write(out, "def", 3, false), CV_ERR_OUTPUT_LIMIT);
  assert_int_equal(cv_wasi_output(w, 1).size, 5);
  cv_output_release(out);
  finish(w, &mem);
}

// ---- pollables ----

static void test_moments(void **state) {
  cv_mem mem;
  uint64_t now, later;
  bool ready[3];
  int fds[2];
  cv_wasi_config *c = config_new(&mem);
  cv_wasi_config_clocks(c, CV_CLOCK_DENIED, CV_CLOCK_VIRTUAL, 0);
  c->limits.subscriptions = 3;
  cv_wasi *w = context_new(&mem, c);
  assert_int_equal(cv_clock_now(&w->clock, CV_CLOCK_MONOTONIC, &now), CV_ERR_OK);
  cv_pollable *list[] = {cv_pollable_of_moment(w, now + 50), cv_pollable_of_moment(w, now + 20), NULL};
  cv_input *in = pipe_input(w, fds);
  list[2] = cv_pollable_of_input(in);
  assert_true(list[0] != NULL && list[1] != NULL && list[2] != NULL);
  assert_false(is_ready(list[1])); // to look moves no clock
  assert_int_equal(cv_pollables_poll(w, list, 3, true, ready), CV_ERR_OK);
  assert_true(!ready[0] && ready[1] && !ready[2]);
  assert_int_equal(cv_clock_now(&w->clock, CV_CLOCK_MONOTONIC, &later), CV_ERR_OK);
  assert_int_equal(later - now, 20);
  assert_true(is_ready(list[1]));
  assert_int_equal(write(fds[1], "x", 1), 1);
  assert_int_equal(cv_pollables_poll(w, list, 3, true, ready), CV_ERR_OK);
  assert_true(!ready[0] && ready[1] && ready[2]);
  assert_int_equal(cv_pollables_poll(w, list, 0, true, ready), CV_ERR_INVAL);
  assert_int_equal(cv_pollables_poll(w, list, 4, true, ready), CV_ERR_INVAL); // before it looks at any
  for (size_t i = 0; i < 3; i++)
    cv_pollable_delete(list[i]);
  cv_input_release(in);
  close(fds[1]);
  finish(w, &mem);
}

// Files never make anybody wait, nor does what has failed.
static void test_always_ready(void **state) {
  cv_mem mem;
  tree t;
  cv_input *in;
  cv_output *out;
  bool ready[16];
  cv_pollable *list[16];
  tree_make(&t, TREE_MEMORY);
  cv_wasi *w = plain_context(&mem);
  cv_file *f = open_file(t.root, "file", &(cv_open_how){.read = true, .write = true});
  assert_int_equal(cv_input_of_file(w, f, 0, &in), CV_ERR_OK);
  assert_int_equal(cv_output_of_file(w, f, 0, &out), CV_ERR_OK);
  out->closed = true;
  for (size_t i = 0; i < CV_COUNT(list); i++)
    assert_non_null(list[i] = i % 2 == 0 ? cv_pollable_of_input(in) : cv_pollable_of_output(out));
  assert_int_equal(cv_pollables_poll(w, list, CV_COUNT(list), true, ready), CV_ERR_OK);
  for (size_t i = 0; i < CV_COUNT(list); i++) {
    assert_true(ready[i]);
    cv_pollable_delete(list[i]);
  }
  cv_input_release(in);
  cv_output_release(out);
  cv_file_release(f);
  finish(w, &mem);
  tree_drop(&t);
}

// ---- listings ----

static void test_listing(void **state) {
  enum { FILES = 1500 }; // more than one batch
  for (int kind = TREE_KERNEL; kind < TREE_KINDS; kind++) {
    static bool seen[FILES];
    cv_mem mem;
    tree t;
    cv_listing *l;
    cv_bytes name;
    cv_filetype type;
    cv_file *f;
    size_t dirs = 0;
    cv_err err;
    tree_make(&t, (tree_kind)kind);
    memset(seen, 0, sizeof seen);
    cv_wasi *w = plain_context(&mem);
    for (int i = 0; i < FILES; i++) {
      char path[32];
      (void)snprintf(path, sizeof path, "dir/sub/file-%d", i);
      cv_file_release(open_file(t.root, path, &(cv_open_how){.write = true, .create = true}));
    }
    cv_file *dir = open_file(t.root, "dir/sub", &(cv_open_how){.read = true, .directory = true});
    assert_int_equal(cv_listing_new(w, dir, &l), CV_ERR_OK);
    cv_file_release(dir);
    while ((err = cv_listing_next(l, &name, &type)) == CV_ERR_OK) {
      char text[64] = "";
      memcpy(text, name.data, CV_MIN(name.size, sizeof text - 1));
      int number;
      if (strcmp(text, "deep") == 0) {
        assert_int_equal(type, CV_FILE_SYMLINK);
        dirs++;
        continue;
      }
      assert_int_equal(sscanf(text, "file-%d", &number), 1);
      assert_true(number >= 0 && number < FILES && !seen[number]);
      assert_int_equal(type, CV_FILE_REGULAR);
      seen[number] = true;
    }
    assert_int_equal(err, CV_ERR_END);
    assert_int_equal(cv_listing_next(l, &name, &type), CV_ERR_END);
    assert_int_equal(dirs, 1);
    for (int i = 0; i < FILES; i++)
      assert_true(seen[i]);
    cv_listing_delete(l);
    f = open_file(t.root, "file", &(cv_open_how){.read = true});
    assert_int_equal(cv_listing_new(w, f, &l), CV_ERR_NOTDIR);
    cv_file_release(f);
    finish(w, &mem);
    tree_drop(&t);
  }
}

// ---- identity ----

static void test_hash(void **state) {
  static const cv_stat base = {.dev = 1, .ino = 2, .size = 3, .mtim = 4, .type = CV_FILE_REGULAR};
  cv_stat changed[] = {base, base, base, base, base};
  changed[0].dev++;
  changed[1].ino++;
  changed[2].size++;
  changed[3].mtim++;
  changed[4].type = CV_FILE_DIR;
  cv_stat read_since = base;
  read_since.atim = read_since.ctim = read_since.nlink = 9;
  uint64_t first[2], other[2];
  cv_stat_hash(&base, first);
  cv_stat_hash(&read_since, other);
  assert_memory_equal(first, other, sizeof first);
  for (size_t i = 0; i < CV_COUNT(changed); i++) {
    cv_stat_hash(&changed[i], other);
    assert_true(first[0] != other[0] && first[1] != other[1]);
  }
}

// ---- out of memory ----

// Makes one of everything; the first error. Nothing is left.
static cv_err make_all(cv_wasi *w, cv_file *f, cv_file *dir, int pipe_end) {
  cv_input *in = NULL;
  cv_output *out = NULL, *pipe_out = NULL;
  cv_listing *l = NULL;
  cv_pollable *list[10] = {NULL};
  bool ready[10];
  cv_bytes name;
  cv_filetype type;
  static const uint8_t data[CV_OUTPUT_ROOM];
  cv_err err = cv_input_of_file(w, f, 0, &in);
  if (err == CV_ERR_OK)
    err = cv_output_of_append(w, f, &out);
  if (err == CV_ERR_OK)
    err = cv_listing_new(w, dir, &l);
  if (err == CV_ERR_OK)
    err = cv_listing_next(l, &name, &type);
  cv_stream *s = err == CV_ERR_OK ? cv_stream_handle_new(w->mem, pipe_end, false) : NULL;
  if (err == CV_ERR_OK)
    err = s != NULL ? cv_output_of_stream(w, s, &pipe_out) : CV_ERR_NOMEM;
  cv_stream_release(s);
  for (int i = 0; i < 2 && err == CV_ERR_OK; i++) // the pipe takes a part of it
    err = cv_output_write(pipe_out, data, sizeof data, false);
  for (size_t i = 0; i < CV_COUNT(list) && err == CV_ERR_OK; i++) {
    list[i] = i % 2 == 0 ? cv_pollable_of_input(in) : cv_pollable_of_moment(w, 0);
    err = list[i] != NULL ? CV_ERR_OK : CV_ERR_NOMEM;
  }
  if (err == CV_ERR_OK)
    err = cv_pollables_poll(w, list, CV_COUNT(list), true, ready);
  for (size_t i = 0; i < CV_COUNT(list); i++)
    cv_pollable_delete(list[i]);
  cv_listing_delete(l);
  cv_output_release(pipe_out);
  cv_output_release(out);
  cv_input_release(in);
  return err;
}

// ---- a stream of the embedder that has nothing for a while, and no handle to wait on ----

typedef struct slow {
  uint64_t until; // of the host's monotonic clock
  unsigned calls, stop_after;
} slow;

static cv_err slow_answer(slow *s, size_t size, size_t *done) {
  s->calls++;
  if (cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC) < s->until)
    return CV_ERR_AGAIN;
  *done = CV_MIN(size, (size_t)2);
  return CV_ERR_OK;
}

static cv_err slow_read(void *env, void *data, size_t size, size_t *done) {
  cv_err err = slow_answer(env, size, done);
  memcpy(data, "ok", *done);
  return err;
}

static cv_err slow_write(void *env, const void *data, size_t size, size_t *done) {
  return slow_answer(env, size, done);
}

static bool stop_slow(void *env) {
  const slow *s = env;
  return s->stop_after != 0 && s->calls >= s->stop_after;
}

static void be_slow(slow *s) {
  *s = (slow){.until = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC) + 20 * CV_RETRY_NS};
}

// Who waits for it sleeps between the attempts: there are not more of them than fit in the time.
static void test_waits_for_callback(void **state) {
  cv_mem mem;
  slow s;
  char text[4];
  size_t n;
  bool ready;
  cv_input *in;
  cv_output *out;
  cv_wasi_config *c = config_new(&mem);
  c->should_stop = stop_slow;
  c->should_stop_env = &s;
  be_slow(&s);
  cv_stdio input = {.kind = CV_STDIO_CALLBACK, .read = slow_read, .env = &s};
  cv_stdio output = {.kind = CV_STDIO_CALLBACK, .write = slow_write, .env = &s};
  assert_int_equal(cv_wasi_config_stdio(c, 0, &input), CV_OK);
  assert_int_equal(cv_wasi_config_stdio(c, 1, &output), CV_OK);
  cv_wasi *w = context_new(&mem, c);
  assert_int_equal(cv_input_of_stream(w, w->descriptors.all.data[0].stream, &in), CV_ERR_OK);
  assert_int_equal(cv_output_of_stream(w, w->descriptors.all.data[1].stream, &out), CV_ERR_OK);
  assert_int_equal(cv_input_read(in, text, sizeof text, true, &n), CV_ERR_OK);
  assert_memory_equal(text, "ok", n);
  assert_true(s.calls <= 22);
  be_slow(&s);
  assert_int_equal(cv_output_write(out, "ab", 2, true), CV_ERR_OK);
  assert_true(s.calls <= 22);
  // A pollable of one that had nothing is ready after a while; of one that was not asked yet, at once.
  cv_pollable *p = cv_pollable_of_input(in);
  be_slow(&s);
  do {
    assert_int_equal(cv_pollables_poll(w, &p, 1, true, &ready), CV_ERR_OK);
    assert_true(ready);
    assert_int_equal(cv_input_read(in, text, sizeof text, false, &n), CV_ERR_OK);
  } while (n == 0);
  assert_true(s.calls > 1 && s.calls <= 22);
  // The host may end any of these waits.
  s = (slow){.until = UINT64_MAX, .stop_after = 3};
  assert_int_equal(cv_input_read(in, text, sizeof text, true, &n), CV_ERR_STOPPED);
  assert_int_equal(s.calls, 3);
  s = (slow){.until = UINT64_MAX, .stop_after = 3};
  assert_int_equal(cv_output_write(out, "ab", 2, true), CV_ERR_STOPPED);
  assert_int_equal(s.calls, 3);
  s.stop_after = 0; // the output's last bytes go when it is let go
  s.until = 0;
  cv_pollable_delete(p);
  cv_input_release(in);
  cv_output_release(out);
  finish(w, &mem);
}

static void test_out_of_memory(void **state) {
  tree t;
  int fds[2];
  cv_err err = CV_ERR_NOMEM;
  tree_make(&t, TREE_MEMORY);
  cv_file *f = open_file(t.root, "file", &(cv_open_how){.read = true, .write = true});
  unsigned rounds = 0;
  for (; err != CV_ERR_OK; rounds++) {
    cv_mem mem;
    cv_wasi *w = plain_context(&mem);
    assert_int_equal(pipe(fds), 0);
    mem.fail_at = mem.calls + 1 + rounds;
    err = make_all(w, f, t.root, fds[1]);
    assert_true(err == CV_ERR_OK || err == CV_ERR_NOMEM);
    mem.fail_at = 0;
    close(fds[0]);
    close(fds[1]);
    finish(w, &mem);
    assert_true(rounds < 100);
  }
  assert_true(rounds > 10);
  cv_file_release(f);
  tree_drop(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_read_file),     cmocka_unit_test(test_write_file),
      cmocka_unit_test(test_refused_files), cmocka_unit_test(test_limit),
      cmocka_unit_test(test_read_pipe),     cmocka_unit_test(test_write_pipe),
      cmocka_unit_test(test_stop),          cmocka_unit_test(test_output_limit),
      cmocka_unit_test(test_moments),       cmocka_unit_test(test_always_ready),
      cmocka_unit_test(test_listing),       cmocka_unit_test(test_hash),
      cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_waits_for_callback),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
