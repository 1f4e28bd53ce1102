// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_core.c: the resource core's objects, one after another: descriptors, clocks, randomness, network policy,
// streams, waiting, tracing, refusals, and the context with every allocation failing once.
#include "wasi_context.h"

#include "sys/net.h"
#include "wasi/core/wasi.h"

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>

// ---- descriptors ----

static cv_descriptor stream_descriptor(cv_mem *mem) {
  cv_descriptor d = {.kind = CV_DESCRIPTOR_STREAM, .rights = CV_CAN(FD_READ) | CV_CAN(POLL)};
  d.inheriting = CV_CAN(FD_READ);
  d.stream = cv_stream_null_new(mem);
  assert_non_null(d.stream);
  return d;
}

static void open_some(cv_descriptors *t, cv_mem *mem, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    cv_descriptor d = stream_descriptor(mem);
    uint32_t number;
    assert_int_equal(cv_descriptors_open(t, &d, &number), CV_ERR_OK);
    assert_int_equal(number, i);
  }
}

static void test_descriptors(void **state) {
  enum { CLOSE, RENUMBER, INVALIDATE, OPEN, GET, USE_WRITE, NARROW, WIDEN };
  static const struct {
    const char *name;
    int op;
    uint32_t a, b;
    cv_err expect;
  } steps[] = {
      {"get", GET, 0, 0, CV_ERR_OK},
      {"get beyond the end", GET, 4, 0, CV_ERR_BADF},
      {"get far beyond the end", GET, UINT32_MAX, 0, CV_ERR_BADF},
      {"use without the right", USE_WRITE, 0, 0, CV_ERR_NOTCAPABLE},
      {"renumber onto itself", RENUMBER, 1, 1, CV_ERR_OK},
      {"which stays open", GET, 1, 0, CV_ERR_OK},
      {"renumber a closed one onto itself", RENUMBER, 9, 9, CV_ERR_BADF},
      {"renumber onto a number that is not open", RENUMBER, 1, 9, CV_ERR_BADF},
      {"renumber from a number that is not open", RENUMBER, 9, 1, CV_ERR_BADF},
      {"renumber onto a number that could never be", RENUMBER, 1, UINT32_MAX, CV_ERR_BADF},
      {"renumber", RENUMBER, 1, 2, CV_ERR_OK},
      {"frees the old number", GET, 1, 0, CV_ERR_BADF},
      {"and closing it is an error", CLOSE, 1, 0, CV_ERR_BADF},
      {"the lowest free number is given out", OPEN, 1, 0, CV_ERR_OK},
      {"then the next one", OPEN, 4, 0, CV_ERR_OK},
      {"a full table", OPEN, 0, 0, CV_ERR_MFILE},
      {"close", CLOSE, 3, 0, CV_ERR_OK},
      {"close again", CLOSE, 3, 0, CV_ERR_BADF},
      {"its number comes back", OPEN, 3, 0, CV_ERR_OK},
      {"invalidate", INVALIDATE, 2, 0, CV_ERR_OK},
      {"makes every use fail", GET, 2, 0, CV_ERR_BADF},
      {"also as the source of a renumbering", RENUMBER, 2, 3, CV_ERR_BADF},
      {"keeps its number", OPEN, 0, 0, CV_ERR_MFILE},
      {"until it is closed", CLOSE, 2, 0, CV_ERR_OK},
      {"which frees it", OPEN, 2, 0, CV_ERR_OK},
      {"invalidate what is not open", INVALIDATE, 7, 0, CV_ERR_BADF},
      {"widen rights", WIDEN, 0, 0, CV_ERR_NOTCAPABLE},
      {"narrow rights", NARROW, 0, 0, CV_ERR_OK},
      {"and back is widening", WIDEN, 0, 0, CV_ERR_NOTCAPABLE},
  };
  cv_mem mem;
  cv_descriptors t;
  cv_descriptor *d;
  cv_mem_init(&mem, UINT64_MAX);
  cv_descriptors_init(&t, &mem, 5);
  open_some(&t, &mem, 4);
  for (size_t i = 0; i < CV_COUNT(steps); i++) {
    cv_err err = CV_ERR_OK;
    uint32_t number = steps[i].a;
    switch (steps[i].op) {
    case CLOSE:
      err = cv_descriptors_close(&t, number);
      break;
    case RENUMBER:
      err = cv_descriptors_renumber(&t, number, steps[i].b);
      break;
    case INVALIDATE:
      err = cv_descriptors_invalidate(&t, number);
      break;
    case OPEN: {
      cv_descriptor fresh = stream_descriptor(&mem);
      err = cv_descriptors_open(&t, &fresh, &number);
      break;
    }
    case GET:
      err = cv_descriptors_get(&t, number, CV_CAN(FD_READ), &d);
      break;
    case USE_WRITE:
      err = cv_descriptors_get(&t, number, CV_CAN(FD_WRITE), &d);
      break;
    case NARROW:
    case WIDEN:
      assert_int_equal(cv_descriptors_get(&t, number, 0, &d), CV_ERR_OK);
      err = cv_descriptor_set_rights(d, steps[i].op == NARROW ? CV_CAN(POLL) : CV_ALL_RIGHTS, 0);
      break;
    }
    if (err != steps[i].expect || number != steps[i].a)
      fail_msg("%s: %s, number %u", steps[i].name, cv_err_name(err), number);
  }
  cv_descriptors_close_all(&t);
  assert_int_equal(mem.used, 0);
}

// ---- clocks, randomness, network policy ----

static void test_clocks(void **state) {
  cv_clock c;
  uint64_t a, b;
  cv_clock_init(&c, CV_CLOCK_DENIED, CV_CLOCK_REAL, 0);
  assert_int_equal(cv_clock_now(&c, CV_CLOCK_WALL, &a), CV_ERR_NOTCAPABLE);
  assert_int_equal(cv_clock_resolution(&c, CV_CLOCK_WALL, &a), CV_ERR_NOTCAPABLE);
  assert_int_equal(cv_clock_now(&c, CV_CLOCK_MONOTONIC, &a), CV_ERR_OK);
  assert_int_equal(cv_clock_now(&c, CV_CLOCK_MONOTONIC, &b), CV_ERR_OK);
  assert_true(a >= CV_MONOTONIC_START && b >= a);
  assert_int_equal(cv_clock_now(&c, CV_CLOCK_PROCESS, &a), CV_ERR_OK);
  assert_int_equal(cv_clock_now(&c, CV_CLOCK_THREAD, &a), CV_ERR_OK);
  assert_int_equal(cv_clock_now(&c, (cv_clock_id)4, &a), CV_ERR_INVAL);
  assert_int_equal(cv_clock_resolution(&c, (cv_clock_id)77, &a), CV_ERR_INVAL);
  cv_clock_init(&c, CV_CLOCK_FIXED, CV_CLOCK_REAL, 1234);
  assert_int_equal(cv_clock_now(&c, CV_CLOCK_WALL, &a), CV_ERR_OK);
  assert_int_equal(a, 1234);
  cv_clock_init(&c, CV_CLOCK_VIRTUAL, CV_CLOCK_VIRTUAL, 1000);
  cv_clock_sleep(&c, 50);
  assert_int_equal(cv_clock_now(&c, CV_CLOCK_WALL, &a), CV_ERR_OK);
  assert_int_equal(a, 1050);
  assert_int_equal(cv_clock_now(&c, CV_CLOCK_MONOTONIC, &a), CV_ERR_OK);
  assert_int_equal(a, CV_MONOTONIC_START + 50);
  cv_clock_sleep(&c, UINT64_MAX);
  assert_int_equal(c.slept, UINT64_MAX);
}

// RFC 8439, 2.3.2.
static void test_chacha20(void **state) {
  uint32_t words[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  for (uint32_t i = 0; i < 8; i++)
    words[4 + i] = 0x03020100 + 0x04040404 * i;
  words[12] = 1;
  words[13] = 0x09000000;
  words[14] = 0x4a000000;
  static const uint8_t expect[64] = {0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
                                     0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
                                     0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
                                     0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
                                     0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
  uint8_t out[64];
  cv_chacha20_block(words, out);
  assert_memory_equal(out, expect, 64);
}

static void test_random(void **state) {
  cv_random a, b;
  uint8_t x[300], y[300], zero[64] = {0};
  cv_random_init(&a, CV_RANDOM_SEEDED, 42);
  cv_random_init(&b, CV_RANDOM_SEEDED, 42);
  assert_int_equal(cv_random_fill(&a, x, 300), CV_ERR_OK);
  for (size_t i = 0; i < 300; i += 3) // the same bytes, however they are asked for
    assert_int_equal(cv_random_fill(&b, y + i, 3), CV_ERR_OK);
  assert_memory_equal(x, y, 300);
  cv_random_init(&b, CV_RANDOM_SEEDED, 43);
  assert_int_equal(cv_random_fill(&b, y, 300), CV_ERR_OK);
  assert_memory_not_equal(x, y, 300);
  cv_random_init(&a, CV_RANDOM_SYSTEM, 0);
  memset(x, 0, sizeof x);
  assert_int_equal(cv_random_fill(&a, x, 64), CV_ERR_OK);
  assert_memory_not_equal(x, zero, 64);
  cv_random_init(&a, CV_RANDOM_DENIED, 0);
  assert_int_equal(cv_random_fill(&a, x, 1), CV_ERR_NOTCAPABLE);
}

static void test_net_policy(void **state) {
  static const struct {
    const char *name, *address;
    cv_net_use use;
    cv_err expect;
  } rows[] = {
      {"in the network", "10.1.2.3:80", CV_NET_CONNECT, CV_ERR_OK},
      {"another use", "10.1.2.3:80", CV_NET_LISTEN, CV_ERR_NOTCAPABLE},
      {"another port", "10.1.2.3:81", CV_NET_CONNECT, CV_ERR_NOTCAPABLE},
      {"last address of an odd prefix", "10.1.3.255:80", CV_NET_CONNECT, CV_ERR_OK},
      {"first address beyond it", "10.1.4.0:80", CV_NET_CONNECT, CV_ERR_NOTCAPABLE},
      {"another family", "[::ffff:10.1.2.3]:80", CV_NET_CONNECT, CV_ERR_NOTCAPABLE},
      {"any of version 6", "[2001:db8::1]:8000", CV_NET_LISTEN, CV_ERR_OK},
      {"below the ports", "[2001:db8::1]:7999", CV_NET_LISTEN, CV_ERR_NOTCAPABLE},
  };
  cv_mem mem;
  cv_net_policy p = {0}, copy = {0};
  cv_net_rule rule = {.uses = CV_NET_CONNECT, .prefix = 23, .first_port = 80, .last_port = 80};
  cv_address a;
  cv_mem_init(&mem, UINT64_MAX);
  assert_int_equal(cv_sys_parse_address("10.1.2.0:0", &rule.address), CV_ERR_OK);
  assert_int_equal(cv_net_policy_check(&p, CV_NET_CONNECT, &rule.address), CV_ERR_NOTCAPABLE);
  assert_int_equal(cv_net_policy_add(&mem, &p, &rule), CV_ERR_OK);
  rule = (cv_net_rule){.uses = CV_NET_LISTEN | CV_NET_UDP, .first_port = 8000, .last_port = 9000};
  rule.address.is_v6 = true;
  assert_int_equal(cv_net_policy_add(&mem, &p, &rule), CV_ERR_OK);
  rule.prefix = 129;
  assert_int_equal(cv_net_policy_add(&mem, &p, &rule), CV_ERR_INVAL);
  assert_int_equal(cv_net_policy_copy(&mem, &copy, &p), CV_ERR_OK);
  cv_net_policy_free(&mem, &p);
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    assert_int_equal(cv_sys_parse_address(rows[i].address, &a), CV_ERR_OK);
    if (cv_net_policy_check(&copy, rows[i].use, &a) != rows[i].expect)
      fail_msg("%s", rows[i].name);
  }
  cv_net_policy_free(&mem, &copy);
  static const char *const bad[] = {"",        "80",      "1.2.3.4", "1.2.3.4:",   "1.2.3.4:65536", "1.2.3:80",
                                    "host:80", "[::1:80", "::1:80",  "1.2.3.4:-1", "[]:1",          "1.2.3.4:8x"};
  for (size_t i = 0; i < CV_COUNT(bad); i++)
    assert_int_equal(cv_sys_parse_address(bad[i], &a), CV_ERR_INVAL);
}

// ---- contexts ----

static cv_descriptor *at(cv_wasi *w, uint32_t number) {
  cv_descriptor *d;
  assert_int_equal(cv_descriptors_get(&w->descriptors, number, 0, &d), CV_ERR_OK);
  return d;
}

// A configuration grants nothing until it is told to.
static void test_nothing_is_granted(void **state) {
  cv_mem mem;
  cv_wasi *w = context_new(&mem, config_new(&mem));
  uint64_t ns;
  uint8_t byte;
  char buf[4];
  size_t done;
  cv_iovec iov = {buf, sizeof buf};
  assert_int_equal(w->arg_count, 0);
  assert_int_equal(w->env_count, 0);
  assert_int_equal(w->descriptors.all.count, 3);
  assert_int_equal(cv_clock_now(&w->clock, CV_CLOCK_WALL, &ns), CV_ERR_NOTCAPABLE);
  assert_int_equal(cv_clock_now(&w->clock, CV_CLOCK_MONOTONIC, &ns), CV_ERR_NOTCAPABLE);
  assert_int_equal(cv_random_fill(&w->random, &byte, 1), CV_ERR_NOTCAPABLE);
  assert_int_equal(cv_io_read(w, at(w, 0), &iov, 1, &done), CV_ERR_OK);
  assert_int_equal(done, 0);
  assert_int_equal(cv_io_write(w, at(w, 1), &iov, 1, &done), CV_ERR_OK);
  assert_int_equal(done, 4);
  cv_address a = {.port = 80};
  assert_int_equal(cv_net_policy_check(&w->net, CV_NET_CONNECT, &a), CV_ERR_NOTCAPABLE);
  finish(w, &mem);
}

static void test_config_is_copied(void **state) {
  cv_mem mem;
  cv_wasi_config *c = config_new(&mem);
  char arg[] = "arg";
  assert_int_equal(cv_wasi_config_arg(c, arg), CV_OK);
  arg[0] = 'X';
  assert_int_equal(cv_wasi_config_env(c, "K", "1"), CV_OK);
  assert_int_equal(cv_wasi_config_env(c, "KK", "2"), CV_OK);
  assert_int_equal(cv_wasi_config_env(c, "K", "3"), CV_OK);
  assert_int_equal(cv_wasi_config_env(c, "", "3"), CV_EUSAGE);
  assert_int_equal(cv_wasi_config_env(c, "A=B", "3"), CV_EUSAGE);
  assert_int_equal(cv_wasi_config_stdio(c, 3, &(cv_stdio){0}), CV_EUSAGE);
  assert_int_equal(cv_wasi_config_dir(c, &(cv_dir){.guest = "", .host = "/tmp"}), CV_EUSAGE);
  assert_int_equal(cv_wasi_config_dir(c, &(cv_dir){.guest = "/x"}), CV_EUSAGE);
  assert_int_equal(cv_wasi_config_dir(c, &(cv_dir){.kind = CV_DIR_CUSTOM, .guest = "/x"}), CV_EUSAGE);
  cv_wasi *w = context_new(&mem, c); // and the configuration is gone
  assert_int_equal(w->arg_count, 1);
  assert_string_equal(w->args[0], "arg");
  assert_int_equal(w->env_count, 2);
  assert_string_equal(w->env[0], "K=3");
  assert_string_equal(w->env[1], "KK=2");
  finish(w, &mem);
}

static void test_grants_that_cannot_be_made(void **state) {
  static const struct {
    const char *name;
    cv_dir dir;
    const char *stdin_path;
    cv_status status;
    const char *says;
  } rows[] = {
      {"no such directory", {.guest = "/d", .host = "/nowhere/at/all"}, NULL, CV_EIO, "/nowhere/at/all"},
      {"a file", {.guest = "/d", .host = "/etc/passwd"}, NULL, CV_EIO, "not a directory"},
      {"no such input", {.kind = CV_DIR_MEMORY, .guest = "/d"}, "/nowhere/at/all", CV_EIO, "stdin"},
      {"the same name twice", {.kind = CV_DIR_MEMORY, .guest = "/twice"}, NULL, CV_EUSAGE, "/twice"},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_mem mem;
    cv_diag diag;
    cv_wasi *w;
    cv_wasi_config *c = config_new(&mem);
    cv_diag_init(&diag);
    if (rows[i].stdin_path != NULL)
      assert_int_equal(cv_wasi_config_stdio(c, 0, &(cv_stdio){.kind = CV_STDIO_FILE, .path = rows[i].stdin_path}),
                       CV_OK);
    assert_int_equal(cv_wasi_config_dir(c, &(cv_dir){.kind = CV_DIR_MEMORY, .guest = "/twice"}), CV_OK);
    assert_int_equal(cv_wasi_config_dir(c, &rows[i].dir), CV_OK);
    cv_status status = cv_wasi_new(&mem, c, &w, &diag);
    if (status != rows[i].status || strstr(diag.text, rows[i].says) == NULL)
      fail_msg("%s: %s", rows[i].name, diag.text);
    assert_null(w);
    cv_wasi_config_delete(c);
    assert_int_equal(mem.used, 0);
  }
}

static cv_err give(void *env, void *data, size_t size, size_t *done) {
  const char **text = env;
  *done = CV_MIN(size, strlen(*text));
  memcpy(data, *text, *done);
  *text += *done;
  return CV_ERR_OK;
}

static cv_err take_three(void *env, const void *data, size_t size, size_t *done) {
  cv_buf *out = env;
  *done = CV_MIN(size, (size_t)3);
  cv_buf_bytes(out, data, *done);
  return CV_ERR_OK;
}

static void test_streams(void **state) {
  cv_mem mem;
  cv_wasi_config *c = config_new(&mem);
  char text[16];
  size_t done;
  const char *source = "from callback";
  cv_buf taken;
  cv_buf_init(&taken, &mem);
  assert_int_equal(cv_wasi_config_stdio(c, 0, &(cv_stdio){.kind = CV_STDIO_BUFFER, .text = CV_BYTES_LITERAL("input")}),
                   CV_OK);
  assert_int_equal(cv_wasi_config_stdio(c, 1, &(cv_stdio){.kind = CV_STDIO_BUFFER}), CV_OK);
  assert_int_equal(
      cv_wasi_config_stdio(c, 2, &(cv_stdio){.kind = CV_STDIO_CALLBACK, .write = take_three, .env = &taken}), CV_OK);
  c->limits.output = 10;
  cv_wasi *w = context_new(&mem, c);
  cv_iovec in[] = {{text, 3}, {text + 3, 10}};
  assert_int_equal(cv_io_read(w, at(w, 0), in, 2, &done), CV_ERR_OK);
  assert_int_equal(done, 5);
  assert_memory_equal(text, "input", 5);
  assert_int_equal(cv_io_read(w, at(w, 0), in, 2, &done), CV_ERR_OK);
  assert_int_equal(done, 0);
  assert_int_equal(cv_io_write(w, at(w, 0), in, 1, &done), CV_ERR_BADF);
  cv_iovec out = {(void *)(uintptr_t)"abcdefgh", 8};
  assert_int_equal(cv_io_write(w, at(w, 2), &out, 1, &done), CV_ERR_OK);
  assert_int_equal(done, 3);
  // The limit counts both, falls on the exact byte, and then ends the program.
  assert_int_equal(cv_io_write(w, at(w, 1), &out, 1, &done), CV_ERR_OUTPUT_LIMIT);
  assert_int_equal(done, 7);
  assert_int_equal(cv_io_write(w, at(w, 1), &out, 1, &done), CV_ERR_OUTPUT_LIMIT);
  assert_int_equal(cv_io_write(w, at(w, 1), &(cv_iovec){text, 0}, 1, &done), CV_ERR_OK);
  assert_memory_equal(cv_wasi_output(w, 1).data, "abcdefg", 7);
  assert_int_equal(cv_wasi_output(w, 1).size, 7);
  assert_int_equal(cv_wasi_output(w, 0).size, 0);
  assert_memory_equal(taken.data, "abc", 3);
  assert_int_equal(cv_io_seek(at(w, 0), 0, CV_WHENCE_HERE, &(uint64_t){0}), CV_ERR_SPIPE);
  assert_int_equal(cv_io_pread(w, at(w, 0), in, 1, 0, &done), CV_ERR_SPIPE);
  cv_wasi_delete(w);
  cv_buf_free(&taken);
  assert_int_equal(mem.used, 0);
  c = config_new(&mem);
  assert_int_equal(cv_wasi_config_stdio(c, 0, &(cv_stdio){.kind = CV_STDIO_CALLBACK, .read = give, .env = &source}),
                   CV_OK);
  w = context_new(&mem, c);
  assert_int_equal(cv_io_read(w, at(w, 0), in, 2, &done), CV_ERR_OK);
  assert_int_equal(done, 3);
  assert_memory_equal(text, "fro", 3);
  finish(w, &mem);
}

// A closed pipe is an error, never a signal that ends the host.
static void test_closed_pipe(void **state) {
  cv_mem mem;
  int fds[2];
  size_t done;
  cv_mem_init(&mem, UINT64_MAX);
  assert_int_equal(pipe(fds), 0);
  cv_stream *s = cv_stream_handle_new(&mem, fds[1], true);
  assert_non_null(s);
  close(fds[0]);
  assert_int_equal(cv_stream_write(s, &(cv_iovec){fds, 1}, 1, &done), CV_ERR_PIPE);
  sigset_t pending;
  assert_int_equal(sigpending(&pending), 0);
  assert_int_equal(sigismember(&pending, SIGPIPE), 0);
  cv_stream_release(s);
  assert_int_equal(mem.used, 0);
}

static cv_wasi *tree_context(cv_mem *mem, const tree *t, bool read_only) {
  cv_wasi_config *c = config_new(mem);
  cv_dir dir = {.kind = CV_DIR_CUSTOM, .guest = "/data", .fs = t->fs, .read_only = read_only};
  assert_int_equal(cv_wasi_config_dir(c, &dir), CV_OK);
  cv_wasi_config_clocks(c, CV_CLOCK_VIRTUAL, CV_CLOCK_VIRTUAL, 0);
  return context_new(mem, c);
}

static void test_positions(void **state) {
  static const struct {
    const char *name;
    int64_t delta;
    cv_whence whence;
    cv_err expect;
    uint64_t offset;
  } rows[] = {
      {"to the end", 0, CV_WHENCE_END, CV_ERR_OK, 5},
      {"back", -2, CV_WHENCE_HERE, CV_ERR_OK, 3},
      {"before the start", -4, CV_WHENCE_HERE, CV_ERR_INVAL, 3},
      {"beyond the end", 10, CV_WHENCE_END, CV_ERR_OK, 15},
      {"to the start", 0, CV_WHENCE_START, CV_ERR_OK, 0},
      {"to a negative place", -1, CV_WHENCE_START, CV_ERR_INVAL, 0},
      {"to the last place", INT64_MAX, CV_WHENCE_START, CV_ERR_OK, INT64_MAX},
      {"beyond the last place", 1, CV_WHENCE_HERE, CV_ERR_OVERFLOW, INT64_MAX},
      {"by the least number", INT64_MIN, CV_WHENCE_HERE, CV_ERR_INVAL, INT64_MAX},
  };
  cv_mem mem;
  tree t;
  tree_make(&t, TREE_MEMORY);
  cv_wasi *w = tree_context(&mem, &t, false);
  cv_descriptor d = {.kind = CV_DESCRIPTOR_FILE};
  assert_int_equal(
      cv_path_open(w, at(w, 3), CV_BYTES_LITERAL("file"), &(cv_open_how){.read = true, .write = true}, &d.file),
      CV_ERR_OK);
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    uint64_t offset;
    cv_err err = cv_io_seek(&d, rows[i].delta, rows[i].whence, &offset);
    if (err != rows[i].expect || d.offset != rows[i].offset)
      fail_msg("%s: %s", rows[i].name, cv_err_name(err));
  }
  // Appending goes to the end whatever the position, and leaves the position there; a given position is obeyed.
  size_t done;
  cv_iovec iov = {(void *)(uintptr_t)"xyz", 3};
  d.offset = 0;
  d.append = true;
  assert_int_equal(cv_io_write(w, &d, &iov, 1, &done), CV_ERR_OK);
  assert_int_equal(d.offset, 8);
  assert_int_equal(cv_io_pwrite(w, &d, &iov, 1, 0, &done), CV_ERR_OK);
  assert_int_equal(d.offset, 8);
  assert_string_equal(tree_read(t.root, "file"), "xyzloxyz");
  // More than one call may move is done in several.
  w->limits.call_bytes = 2;
  d.append = false;
  assert_int_equal(cv_io_write(w, &d, &iov, 1, &done), CV_ERR_OK);
  assert_int_equal(done, 2);
  cv_file_release(d.file);
  finish(w, &mem);
  tree_drop(&t);
}

static void test_path_text(void **state) {
  static const struct {
    const char *name;
    cv_bytes path;
    cv_err expect;
  } rows[] = {
      {"plain", CV_BYTES_LITERAL("file"), CV_ERR_OK},
      {"empty", CV_BYTES_LITERAL(""), CV_ERR_NOENT},
      {"a zero at the end", CV_BYTES_LITERAL("file\0"), CV_ERR_INVAL},
      {"a zero inside", CV_BYTES_LITERAL("fi\0le"), CV_ERR_INVAL},
      {"no UTF-8", CV_BYTES_LITERAL("\xff"), CV_ERR_ILSEQ},
      {"a surrogate", CV_BYTES_LITERAL("\xed\xa0\x80"), CV_ERR_ILSEQ},
      {"too long", CV_BYTES_LITERAL("a/b/c/d/e/f/g/h/i/j"), CV_ERR_NAMETOOLONG},
  };
  cv_mem mem;
  tree t;
  tree_make(&t, TREE_MEMORY);
  cv_wasi *w = tree_context(&mem, &t, false);
  w->limits.path_size = 16;
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_stat st;
    cv_err err = cv_path_stat(w, at(w, 3), rows[i].path, true, &st);
    if (err != rows[i].expect)
      fail_msg("%s: %s", rows[i].name, cv_err_name(err));
  }
  finish(w, &mem);
  tree_drop(&t);
}

static void test_refusals(void **state) {
  cv_mem mem;
  cv_buf text;
  cv_file *f;
  cv_stat st;
  tree t;
  tree_make(&t, TREE_WALK);
  char host[128];
  (void)snprintf(host, sizeof host, "%s/root", t.base);
  cv_wasi_config *c = config_new(&mem);
  assert_int_equal(cv_wasi_config_dir(c, &(cv_dir){.guest = "/data", .host = host, .read_only = true}), CV_OK);
  assert_int_equal(cv_wasi_config_dir(c, &(cv_dir){.kind = CV_DIR_MEMORY, .guest = "/"}), CV_OK);
  c->limits.refusals = 6;
  cv_wasi *w = context_new(&mem, c);
  cv_descriptor *d = at(w, 3), *root = at(w, 4);
  assert_int_equal(cv_path_mkdir(w, d, CV_BYTES_LITERAL("new")), CV_ERR_ROFS);
  assert_int_equal(cv_path_mkdir(w, d, CV_BYTES_LITERAL("new")), CV_ERR_ROFS);
  assert_int_equal(cv_path_open(w, d, CV_BYTES_LITERAL("../etc/passwd"), &(cv_open_how){.read = true}, &f),
                   CV_ERR_ESCAPE);
  assert_int_equal(cv_path_stat(w, d, CV_BYTES_LITERAL("upfile"), true, &st), CV_ERR_ESCAPE);
  assert_int_equal(cv_path_open(w, d, CV_BYTES_LITERAL("fifo"), &(cv_open_how){.read = true}, &f), CV_ERR_ACCESS);
  char name[160];
  (void)snprintf(name, sizeof name, "%s/file", host + 1);
  assert_int_equal(cv_path_stat(w, root, cv_bytes_of(name), true, &st), CV_ERR_NOENT);
  assert_int_equal(cv_path_rename(w, root, CV_BYTES_LITERAL("x"), d, CV_BYTES_LITERAL("y")), CV_ERR_ROFS);
  assert_int_equal(cv_path_unlink(w, d, CV_BYTES_LITERAL("file")), CV_ERR_ROFS);
  static const struct {
    const char *what, *grant;
  } rows[] = {
      {"make directory \"/data/new\": \"/data\" is granted read-only", "::/data (without :ro)"},
      {"open \"/data/../etc/passwd\": it lies outside the granted directory \"/data\"", "--dir HOST::/etc"},
      {"look at \"/data/upfile\": a symbolic link in it leads outside the granted directory \"/data\"", ""},
      {"open \"/data/fifo\": the host's own permissions forbid it, or it is a device, pipe or socket", ""},
      {"is granted, but the program finds it as \"/data\"", "instead of --dir"},
      {"rename \"/data/y\": \"/data\" is granted read-only", "(without :ro)"},
  };
  assert_int_equal(w->refusals.count, CV_COUNT(rows));
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    const cv_refusal *r = &w->refusals.data[i];
    if (strstr(r->what, rows[i].what) == NULL || strstr(r->grant, rows[i].grant) == NULL)
      fail_msg("%s | %s", r->what, r->grant);
  }
  assert_int_equal(w->refusals.data[0].times, 2);
  assert_int_equal(w->refusals_lost, 1);
  cv_buf_init(&text, &mem);
  cv_wasi_explain(w, &text);
  const char *all = cv_buf_cstr(&text);
  assert_non_null(strstr(all, "(2 times)"));
  assert_non_null(strstr(all, "would be allowed by: --dir HOST::/etc"));
  assert_non_null(strstr(all, "and 1 more"));
  assert_non_null(strstr(all, "  /data  (the host's "));
  cv_buf_free(&text);
  finish(w, &mem);
  tree_drop(&t);
}

static void test_explain_without_directories(void **state) {
  cv_mem mem;
  cv_buf text;
  cv_wasi *w = context_new(&mem, config_new(&mem));
  cv_buf_init(&text, &mem);
  cv_wasi_explain(w, &text);
  assert_int_equal(text.size, 0); // nothing was asked
  w->asked_for_dirs = true;
  cv_wasi_explain(w, &text);
  assert_non_null(strstr(cv_buf_cstr(&text), "--dir HOST::GUEST"));
  cv_buf_free(&text);
  finish(w, &mem);
}

// ---- waiting ----

static bool stop_now(void *env) {
  return true;
}

static void test_poll(void **state) {
  cv_mem mem;
  int fds[2];
  size_t fired;
  cv_wasi_config *c = config_new(&mem);
  cv_wasi_config_clocks(c, CV_CLOCK_VIRTUAL, CV_CLOCK_VIRTUAL, 1000);
  assert_int_equal(cv_wasi_config_stdio(c, 0, &(cv_stdio){.kind = CV_STDIO_BUFFER, .text = CV_BYTES_LITERAL("abc")}),
                   CV_OK);
  cv_wasi *w = context_new(&mem, c);
  assert_int_equal(pipe(fds), 0);
  cv_descriptor end = {.kind = CV_DESCRIPTOR_STREAM, .stream = cv_stream_handle_new(&mem, fds[0], true)};
  assert_non_null(end.stream);
  assert_int_equal(cv_poll(w, NULL, 0, &fired), CV_ERR_INVAL);
  // An hour of a virtual clock takes no time; the earlier of two clocks fires.
  cv_subscription s[3] = {
      {.interest = CV_INTEREST_CLOCK, .clock = CV_CLOCK_MONOTONIC, .timeout = 3600ull * 1000000000},
      {.interest = CV_INTEREST_CLOCK, .clock = CV_CLOCK_WALL, .timeout = 7200ull * 1000000000, .absolute = true},
      {.interest = CV_INTEREST_READ, .descriptor = &end},
  };
  assert_int_equal(cv_poll(w, s, 3, &fired), CV_ERR_OK);
  assert_int_equal(fired, 1);
  assert_true(s[0].fired && !s[1].fired && !s[2].fired);
  assert_int_equal(w->clock.slept, 3600ull * 1000000000);
  // What can be read comes first, and moves no clock.
  assert_int_equal(write(fds[1], "xy", 2), 2);
  assert_int_equal(cv_poll(w, s, 3, &fired), CV_ERR_OK);
  assert_int_equal(fired, 1);
  assert_true(s[2].fired && s[2].bytes == 2 && !s[2].hangup);
  assert_int_equal(w->clock.slept, 3600ull * 1000000000);
  close(fds[1]);
  assert_int_equal(cv_poll(w, s + 2, 1, &fired), CV_ERR_OK);
  assert_true(s[2].fired && s[2].hangup);
  // A moment that has passed, a clock that cannot be waited for, an error known before, a buffer.
  s[0] = (cv_subscription){.interest = CV_INTEREST_CLOCK, .clock = CV_CLOCK_WALL, .timeout = 5, .absolute = true};
  s[1] = (cv_subscription){.interest = CV_INTEREST_CLOCK, .clock = CV_CLOCK_PROCESS, .timeout = 5};
  s[2] = (cv_subscription){.interest = CV_INTEREST_READ, .err = CV_ERR_BADF};
  assert_int_equal(cv_poll(w, s, 3, &fired), CV_ERR_OK);
  assert_int_equal(fired, 3);
  assert_int_equal(s[0].err, CV_ERR_OK);
  assert_int_equal(s[1].err, CV_ERR_NOTSUP);
  assert_int_equal(s[2].err, CV_ERR_BADF);
  s[0] = (cv_subscription){.interest = CV_INTEREST_READ, .descriptor = at(w, 0)};
  s[1] = (cv_subscription){.interest = CV_INTEREST_WRITE, .descriptor = at(w, 0)};
  assert_int_equal(cv_poll(w, s, 2, &fired), CV_ERR_OK);
  assert_int_equal(s[0].bytes, 3);
  assert_int_equal(s[1].err, CV_ERR_BADF);
  // The host wants an end.
  w->should_stop = stop_now;
  s[0] = (cv_subscription){.interest = CV_INTEREST_CLOCK, .clock = CV_CLOCK_MONOTONIC, .timeout = 1ull << 60};
  assert_int_equal(cv_poll(w, s, 1, &fired), CV_ERR_STOPPED);
  cv_stream_release(end.stream);
  finish(w, &mem);
}

static void test_nonblocking(void **state) {
  cv_mem mem;
  int fds[2];
  size_t done;
  static char block[65536];
  cv_wasi *w = context_new(&mem, config_new(&mem));
  assert_int_equal(pipe(fds), 0);
  cv_descriptor in = {.kind = CV_DESCRIPTOR_STREAM, .nonblock = true};
  cv_descriptor out = {.kind = CV_DESCRIPTOR_STREAM, .nonblock = true};
  in.stream = cv_stream_handle_new(&mem, fds[0], true);
  out.stream = cv_stream_handle_new(&mem, fds[1], true);
  cv_iovec iov = {block, sizeof block};
  assert_int_equal(cv_io_read(w, &in, &iov, 1, &done), CV_ERR_AGAIN);
  assert_int_equal(cv_io_write(w, &out, &(cv_iovec){block, 10}, 1, &done), CV_ERR_OK);
  assert_int_equal(cv_io_read(w, &in, &iov, 1, &done), CV_ERR_OK);
  assert_int_equal(done, 10);
  // A full pipe says so, and what went in comes out.
  size_t in_pipe = 0, out_of_pipe = 0;
  cv_err err;
  while ((err = cv_io_write(w, &out, &iov, 1, &done)) == CV_ERR_OK) {
    in_pipe += done;
    assert_true(in_pipe < (64u << 20));
  }
  assert_int_equal(err, CV_ERR_AGAIN);
  assert_true(in_pipe >= 4096);
  while ((err = cv_io_read(w, &in, &iov, 1, &done)) == CV_ERR_OK)
    out_of_pipe += done;
  assert_int_equal(err, CV_ERR_AGAIN);
  assert_int_equal(out_of_pipe, in_pipe);
  // The host's own descriptor was not changed: others may share it.
  assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
  cv_stream_release(in.stream);
  cv_stream_release(out.stream);
  finish(w, &mem);
}

static void test_sockets(void **state) {
  cv_mem mem;
  cv_diag diag;
  cv_address address;
  size_t done;
  bool truncated;
  uint32_t number;
  char buf[8];
  cv_wasi_config *c = config_new(&mem);
  cv_diag_init(&diag);
  assert_int_equal(cv_wasi_config_tcp_listen(c, "localhost:0", &diag), CV_EUSAGE);
  assert_int_equal(cv_wasi_config_tcp_listen(c, "127.0.0.1:0", &diag), CV_OK);
  assert_int_equal(cv_wasi_config_listen_handle(c, 0, &diag), CV_EUSAGE);
  cv_wasi *w = context_new(&mem, c);
  assert_true(at(w, 3)->stream->is_listener);
  assert_int_equal(cv_sys_local_address(at(w, 3)->stream->handle, &address), CV_ERR_OK);
  at(w, 3)->nonblock = true;
  assert_int_equal(cv_io_accept(w, at(w, 3), false, &number), CV_ERR_AGAIN);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in sa = {
      .sin_family = AF_INET, .sin_port = htons(address.port), .sin_addr.s_addr = htonl(0x7f000001)};
  assert_int_equal(connect(client, (struct sockaddr *)&sa, sizeof sa), 0);
  assert_int_equal(cv_io_accept(w, at(w, 3), true, &number), CV_ERR_OK);
  assert_int_equal(number, 4);
  assert_int_equal(at(w, 4)->rights & CV_CAN(SOCK_ACCEPT), 0);
  cv_iovec iov[] = {{buf, 2}, {buf + 2, 4}};
  assert_int_equal(cv_io_receive(w, at(w, 4), iov, 2, false, false, &done, &truncated), CV_ERR_AGAIN);
  assert_int_equal(send(client, "abcdefgh", 8, 0), 8);
  at(w, 4)->nonblock = false;
  assert_int_equal(cv_io_receive(w, at(w, 4), iov, 1, true, false, &done, &truncated), CV_ERR_OK);
  assert_int_equal(done, 2);
  assert_int_equal(cv_io_receive(w, at(w, 4), iov, 2, false, true, &done, &truncated), CV_ERR_OK);
  assert_int_equal(done, 6);
  assert_memory_equal(buf, "abcdef", 6);
  assert_int_equal(cv_io_read(w, at(w, 4), iov, 2, &done), CV_ERR_OK);
  assert_int_equal(done, 2);
  assert_int_equal(cv_io_write(w, at(w, 4), iov, 2, &done), CV_ERR_OK);
  assert_int_equal(recv(client, buf, 8, 0), 6);
  close(client);
  assert_int_equal(cv_io_read(w, at(w, 4), iov, 2, &done), CV_ERR_OK);
  assert_int_equal(done, 0);
  assert_int_equal(cv_io_accept(w, at(w, 4), false, &number), CV_ERR_INVAL);
  assert_int_equal(cv_io_accept(w, at(w, 0), false, &number), CV_ERR_NOTSOCK);
  assert_int_equal(cv_io_receive(w, at(w, 3), iov, 2, false, false, &done, &truncated), CV_ERR_NOTCONN);
  finish(w, &mem);
}

// ---- tracing ----

static void test_trace(void **state) {
  cv_mem mem;
  cv_buf out;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf_init(&out, &mem);
  cv_trace_call call = {
      .interface = "iface",
      .name = "call",
      .args = {{"fd", CV_TRACE_DESCRIPTOR, 3, CV_BYTES_LITERAL("/data")},
               {"path", CV_TRACE_TEXT, 0, CV_BYTES_LITERAL("a\"b\\\n\xff\xc3\xa9")},
               {"delta", CV_TRACE_SIGNED, (uint64_t)-5, {NULL, 0}},
               {"at", CV_TRACE_HEX, 255, {NULL, 0}}},
      .arg_count = 4,
      .results = {{"n", CV_TRACE_UNSIGNED, 7, {NULL, 0}}},
      .result_count = 1,
      .outcome = "success",
      .start = 5,
      .duration = 1234,
  };
  cv_trace_print_text(&out, &call);
  assert_string_equal(cv_buf_cstr(&out),
                      "call(fd=3 <\"/data\">, path=\"a\\\"b\\\\\\n\\ufffd\xc3\xa9\", delta=-5, at=0xff) = success "
                      "n=7 [1.2 us]\n");
  out.size = 0;
  cv_trace_print_json(&out, &call);
  assert_string_equal(
      cv_buf_cstr(&out),
      "{\"interface\":\"iface\",\"call\":\"call\",\"args\":{\"fd\":3,\"path\":\"a\\\"b\\\\\\n\\ufffd\xc3\xa9\","
      "\"delta\":-5,\"at\":255},\"result\":\"success\",\"out\":{\"n\":7},\"start_ns\":5,\"duration_ns\":1234}\n");
  cv_buf_free(&out);
  assert_int_equal(mem.used, 0);
}

// ---- failing allocations ----

static cv_status build(cv_mem *mem, const char *host, cv_wasi **w) {
  cv_diag diag;
  cv_diag_init(&diag);
  *w = NULL;
  cv_wasi_config *c = cv_wasi_config_new(mem);
  if (c == NULL)
    return CV_ENOMEM;
  cv_status status = cv_wasi_config_arg(c, "a");
  if (status == CV_OK)
    status = cv_wasi_config_env(c, "K", "V");
  if (status == CV_OK)
    status = cv_wasi_config_stdio(c, 0, &(cv_stdio){.kind = CV_STDIO_BUFFER, .text = CV_BYTES_LITERAL("in")});
  if (status == CV_OK)
    status = cv_wasi_config_stdio(c, 1, &(cv_stdio){.kind = CV_STDIO_BUFFER});
  if (status == CV_OK)
    status = cv_wasi_config_stdio(c, 2, &(cv_stdio){.kind = CV_STDIO_FILE, .path = "/dev/null"});
  if (status == CV_OK)
    status = cv_wasi_config_dir(c, &(cv_dir){.guest = "/d", .host = host, .read_only = true});
  if (status == CV_OK)
    status = cv_wasi_config_dir(c, &(cv_dir){.kind = CV_DIR_MEMORY, .guest = "/tmp"});
  if (status == CV_OK)
    status = cv_wasi_config_tcp_listen(c, "127.0.0.1:0", &diag);
  if (status == CV_OK)
    status = cv_wasi_config_net(c, &(cv_net_rule){.uses = CV_NET_CONNECT});
  if (status == CV_OK)
    status = cv_wasi_config_setting(c, "name", "value");
  if (status == CV_OK)
    status = cv_wasi_config_bucket(c, &(cv_bucket_grant){.name = "memory"});
#ifdef COVE_HAVE_LIBSQLITE3
  if (status == CV_OK)
    status = cv_wasi_config_bucket(c, &(cv_bucket_grant){.name = "file", .file = ":memory:"});
#endif
  if (status == CV_OK)
    status = cv_wasi_new(mem, c, w, &diag);
  cv_wasi_config_delete(c);
  return status;
}

static void test_every_allocation_fails(void **state) {
  tree t;
  tree_make(&t, TREE_WALK);
  cv_status status = CV_ENOMEM;
  unsigned n = 0;
  while (status == CV_ENOMEM) {
    cv_mem mem;
    cv_wasi *w;
    cv_mem_init(&mem, UINT64_MAX);
    mem.fail_at = ++n;
    status = build(&mem, t.base, &w);
    assert_true(status == CV_OK || (status == CV_ENOMEM && w == NULL));
    mem.fail_at = 0;
    if (status == CV_OK) {
      // The operations of a context, each with every allocation failing: what a guest sees is an error.
      mem.fail_at = mem.calls + 1;
      cv_file *f;
      uint32_t number;
      size_t fired;
      cv_subscription s = {.interest = CV_INTEREST_READ, .descriptor = at(w, 0)};
      assert_int_equal(cv_path_open(w, at(w, 3), CV_BYTES_LITERAL("root"), &(cv_open_how){.read = true}, &f),
                       CV_ERR_NOMEM);
      assert_int_equal(cv_poll(w, &s, 1, &fired), CV_ERR_NOMEM);
      at(w, 5)->nonblock = true;
      assert_int_equal(cv_io_accept(w, at(w, 5), false, &number), CV_ERR_AGAIN);
      cv_wasi_refuse(w, "grant", "what");
      assert_int_equal(w->refusals_lost, 1);
      mem.fail_at = 0;
    }
    cv_wasi_delete(w);
    assert_int_equal(mem.used, 0);
    assert_true(n < 1000);
  }
  assert_true(n > 20);
  tree_drop(&t);
}

// ---- archives ----

static void tar_entry(FILE *f, const char *name, char type, const char *link, const char *text) {
  char block[512] = {0};
  size_t size = strlen(text);
  unsigned sum = 0;
  (void)snprintf(block, 100, "%s", name);
  (void)snprintf(block + 100, 8, "0000644");
  (void)snprintf(block + 108, 8, "0000000");
  (void)snprintf(block + 116, 8, "0000000");
  (void)snprintf(block + 124, 12, "%011o", (unsigned)size % 512);
  (void)snprintf(block + 136, 12, "%011o", 1000);
  memset(block + 148, ' ', 8);
  block[156] = type;
  (void)snprintf(block + 157, 100, "%s", link);
  memcpy(block + 257, "ustar\00000", 8);
  for (size_t i = 0; i < sizeof block; i++)
    sum += (unsigned char)block[i];
  (void)snprintf(block + 148, 8, "%06o", sum);
  assert_int_equal(fwrite(block, 1, sizeof block, f), sizeof block);
  memset(block, 0, sizeof block);
  memcpy(block, text, size);
  if (size != 0)
    assert_int_equal(fwrite(block, 1, sizeof block, f), sizeof block);
}

static cv_status open_tar(cv_mem *mem, const char *path, uint64_t limit, cv_fs **fs, cv_diag *diag) {
  cv_diag_init(diag);
  return cv_fs_archive_new(mem, path, limit, fs, diag);
}

static void test_archive(void **state) {
  char path[] = "/tmp/cove-tar-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *f = fdopen(fd, "wb");
  tar_entry(f, "./top", '0', "", "top");
  tar_entry(f, "/a/b/deep", '0', "", "deep"); // directories that no entry makes
  tar_entry(f, "dir/", '5', "", "");
  tar_entry(f, "dir/link", '2', "../top", "");
  tar_entry(f, "abs", '2', "/etc/passwd", "");
  tar_entry(f, "pipe", '6', "", "");
  tar_entry(f, "hard", '1', "top", "");
  char zeros[1024] = {0};
  assert_int_equal(fwrite(zeros, 1, sizeof zeros, f), sizeof zeros);
  assert_int_equal(fclose(f), 0);
  cv_mem mem;
  cv_fs *fs;
  cv_file *root;
  cv_diag diag;
  cv_stat st;
  cv_mem_init(&mem, UINT64_MAX);
  cv_status status = open_tar(&mem, path, 1 << 20, &fs, &diag);
  if (status == CV_EUNSUPPORTED) {
    assert_non_null(strstr(diag.text, "unsupported"));
    unlink(path);
    return;
  }
  assert_int_equal(status, CV_OK);
  assert_int_equal(cv_fs_root(fs, &root), CV_ERR_OK);
  assert_string_equal(tree_read(root, "top"), "top");
  assert_string_equal(tree_read(root, "a/b/deep"), "deep");
  assert_string_equal(tree_read(root, "dir/link"), "top");
  assert_string_equal(tree_read(root, "hard"), "top");
  assert_int_equal(cv_file_stat_at(root, "abs", false, &st), CV_ERR_NOENT);
  assert_int_equal(cv_file_stat_at(root, "pipe", false, &st), CV_ERR_NOENT);
  assert_int_equal(cv_file_stat_at(root, "top", false, &st), CV_ERR_OK);
  assert_int_equal(st.mtim, 1000000000000);
  cv_file_release(root);
  cv_fs_release(fs);
  // Too large for its limit; then an entry that would lie outside; then no archive.
  assert_int_equal(open_tar(&mem, path, 500, &fs, &diag), CV_ELIMIT);
  f = fopen(path, "wb");
  tar_entry(f, "dir/../../out", '0', "", "out");
  assert_int_equal(fwrite(zeros, 1, sizeof zeros, f), sizeof zeros);
  assert_int_equal(fclose(f), 0);
  assert_int_equal(open_tar(&mem, path, 1 << 20, &fs, &diag), CV_EINVALID);
  assert_non_null(strstr(diag.text, "dir/../../out"));
  assert_int_equal(open_tar(&mem, "/nowhere/at/all.tar", 1 << 20, &fs, &diag), CV_EIO);
  assert_int_equal(mem.used, 0);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_descriptors),
      cmocka_unit_test(test_clocks),
      cmocka_unit_test(test_chacha20),
      cmocka_unit_test(test_random),
      cmocka_unit_test(test_net_policy),
      cmocka_unit_test(test_nothing_is_granted),
      cmocka_unit_test(test_config_is_copied),
      cmocka_unit_test(test_grants_that_cannot_be_made),
      cmocka_unit_test(test_streams),
      cmocka_unit_test(test_closed_pipe),
      cmocka_unit_test(test_positions),
      cmocka_unit_test(test_path_text),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_explain_without_directories),
      cmocka_unit_test(test_poll),
      cmocka_unit_test(test_nonblocking),
      cmocka_unit_test(test_sockets),
      cmocka_unit_test(test_trace),
      cmocka_unit_test(test_every_allocation_fails),
      cmocka_unit_test(test_archive),
  };
  return cmocka_run_group_tests_name("wasi_core", tests, NULL, NULL);
}
