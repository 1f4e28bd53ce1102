// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_race.c: an attacker on the host changes the tree while paths are resolved in it. Whatever the moment, nothing
// outside the root is ever read, made or removed.
//
//   base/secret, base/outside/secret ("secret")    what must never be seen
//   base/root/a/d/...                              a directory that is moved out to base/d and back
//   base/root/s                                    a directory that is exchanged with a link to ../outside
#include "wasi_tree.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { ROUNDS = 4000 };

typedef struct attack {
  const char *base;
  atomic_bool stop;
  atomic_uint swaps;
} attack;

static int exchange(const char *a, const char *b) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

static void *attacker(void *env) {
  attack *at = env;
  char in[128], out[128], dir[128], link[128];
  (void)snprintf(in, sizeof in, "%s/root/a/d", at->base);
  (void)snprintf(out, sizeof out, "%s/d", at->base);
  (void)snprintf(dir, sizeof dir, "%s/root/s", at->base);
  (void)snprintf(link, sizeof link, "%s/root/t", at->base);
  while (!atomic_load(&at->stop)) {
    unsigned done = 0;
    done += rename(in, out) == 0;
    done += exchange(dir, link) == 0;
    done += rename(out, in) == 0;
    atomic_fetch_add(&at->swaps, done);
  }
  return NULL;
}

static void make(const char *base, const char *path, bool dir, const char *text) {
  char full[160];
  (void)snprintf(full, sizeof full, "%s/%s", base, path);
  if (dir)
    assert_int_equal(mkdir(full, 0700), 0);
  else
    host_file(base, path, text);
}

static bool absent(const char *base, const char *path) {
  char full[160];
  (void)snprintf(full, sizeof full, "%s/%s", base, path);
  return access(full, F_OK) != 0;
}

// The paths that an attacker aims at; each is right in the tree at rest.
static const char *const targets[] = {
    "a/d/../../secret",      // with a/d moved out, ".." of it is base
    "a/d/e/../../../secret", //
    "s/secret",              // with s exchanged, a link to outside
    "s/../secret",           //
    "a/d/e/../../d/e/../../../secret",
};

static void check_round(cv_file *root, unsigned round) {
  const char *path = targets[round % CV_COUNT(targets)];
  const char *text = tree_read(root, path);
  if (strcmp(text, "secret") == 0)
    fail_msg("%s gave the secret in round %u", path, round);
  // Changes must not land outside either.
  cv_stat st;
  cv_file *f;
  (void)!cv_file_stat_at(root, path, true, &st);
  if (cv_file_open(root, "a/d/../../made", &(cv_open_how){.write = true, .create = true, .follow = true}, &f) ==
      CV_ERR_OK)
    cv_file_release(f);
  (void)!cv_file_mkdir(root, "s/made");
  (void)!cv_file_unlink(root, "s/victim");
  (void)!cv_file_unlink(root, "a/d/../../victim");
  (void)!cv_file_symlink(root, "x", "s/made2");
  (void)!cv_file_rename(root, "a/d/../../made", root, "s/made3");
}

static void run(cv_resolver resolver) {
  char base[] = "/tmp/cove-race-XXXXXX", path[64], link[96];
  cv_mem mem;
  cv_fs *fs;
  cv_file *root;
  pthread_t thread;
  assert_non_null(mkdtemp(base));
  make(base, "secret", false, "secret");
  make(base, "victim", false, "secret");
  make(base, "outside", true, NULL);
  make(base, "outside/secret", false, "secret");
  make(base, "outside/victim", false, "secret");
  make(base, "root", true, NULL);
  make(base, "root/secret", false, "safe");
  make(base, "root/a", true, NULL);
  make(base, "root/a/d", true, NULL);
  make(base, "root/a/d/e", true, NULL);
  make(base, "root/s", true, NULL);
  make(base, "root/s/secret", false, "safe");
  (void)snprintf(link, sizeof link, "%s/root/t", base);
  assert_int_equal(symlink("../outside", link), 0);
  cv_mem_init(&mem, UINT64_MAX);
  (void)snprintf(path, sizeof path, "%s/root", base);
  assert_int_equal(cv_fs_host_new(&mem, path, resolver, &fs), CV_ERR_OK);
  assert_int_equal(cv_fs_root(fs, &root), CV_ERR_OK);
  attack at = {.base = base};
  assert_int_equal(pthread_create(&thread, NULL, attacker, &at), 0);
  while (atomic_load(&at.swaps) == 0) {
  }
  for (unsigned i = 0; i < ROUNDS; i++)
    check_round(root, i);
  atomic_store(&at.stop, true);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_true(atomic_load(&at.swaps) > 100); // there was an attack
  static const char *const must_not_be[] = {"made", "outside/made", "outside/made2", "outside/made3"};
  static const char *const must_be[] = {"victim", "outside/victim", "secret", "outside/secret"};
  for (size_t i = 0; i < CV_COUNT(must_not_be); i++)
    assert_true(absent(base, must_not_be[i]));
  for (size_t i = 0; i < CV_COUNT(must_be); i++)
    assert_false(absent(base, must_be[i]));
  cv_file_release(root);
  cv_fs_release(fs);
  assert_int_equal(mem.used, 0);
  assert_int_equal(nftw(base, tree_unlink_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void test_kernel(void **state) {
  if (!cv_sys_has_kernel_resolver())
    skip();
  run(CV_RESOLVE_KERNEL);
}

static void test_walk(void **state) {
  run(CV_RESOLVE_WALK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_kernel), cmocka_unit_test(test_walk)};
  return cmocka_run_group_tests_name("wasi_race", tests, NULL, NULL);
}
