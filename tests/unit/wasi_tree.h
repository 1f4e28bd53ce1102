// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_tree.h: a small tree of files with every kind of link in it, made anew for each row of a table, in a directory
// of the host or in memory.
//
//   outside/secret            beside the root
//   root/file "hello"         root/dir/inner "inner"        root/dir/sub/
//   root/link -> file         root/dirlink -> dir           root/slashlink -> dir/
//   root/dangling -> nowhere  root/loop -> loop             root/dir/back -> ../file
//   root/inout -> dir/sub/../../file                        root/up -> ..
//   root/upup -> dir/../..    root/upfile -> ../outside/secret
//   root/dir/sub/deep -> ../../../outside
//   hosts only: root/abs -> /.../outside/secret, root/absin -> /.../root/file, root/fifo, root/sock
#ifndef COVE_TESTS_WASI_TREE_H
#define COVE_TESTS_WASI_TREE_H

#include "wasi/core/fs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef enum tree_kind { TREE_KERNEL, TREE_WALK, TREE_MEMORY, TREE_KINDS } tree_kind;
static const char *const tree_names[] = {"kernel", "walk", "memory"};

typedef struct tree {
  tree_kind kind;
  cv_mem mem;
  char base[64]; // hosts: holds root and outside
  cv_fs *fs;
  cv_file *root;
} tree;

static const struct {
  const char *target, *path;
} tree_links[] = {
    {"file", "link"},
    {"dir", "dirlink"},
    {"dir/", "slashlink"},
    {"nowhere", "dangling"},
    {"loop", "loop"},
    {"../file", "dir/back"},
    {"dir/sub/../../file", "inout"},
    {"..", "up"},
    {"dir/../..", "upup"},
    {"../outside/secret", "upfile"},
    {"../../../outside", "dir/sub/deep"},
};

static inline void tree_put(tree *t, const char *path, const char *text) {
  cv_file *f;
  size_t done;
  cv_open_how how = {.write = true, .create = true};
  assert_int_equal(cv_file_open(t->root, path, &how, &f), CV_ERR_OK);
  assert_int_equal(cv_file_write(f, &(cv_iovec){(void *)(uintptr_t)text, strlen(text)}, 1, 0, &done), CV_ERR_OK);
  cv_file_release(f);
}

static inline void host_file(const char *base, const char *name, const char *text) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/%s", base, name);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  (void)fputs(text, f);
  assert_int_equal(fclose(f), 0);
}

static inline void tree_special(const char *base) {
  char path[256], target[256];
  (void)snprintf(path, sizeof path, "%s/root/abs", base);
  (void)snprintf(target, sizeof target, "%s/outside/secret", base);
  assert_int_equal(symlink(target, path), 0);
  (void)snprintf(path, sizeof path, "%s/root/absin", base);
  (void)snprintf(target, sizeof target, "%s/root/file", base);
  assert_int_equal(symlink(target, path), 0);
  (void)snprintf(path, sizeof path, "%s/root/fifo", base);
  assert_int_equal(mkfifo(path, 0600), 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/root/sock", base);
  int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(s >= 0);
  assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
  close(s);
}

static inline void tree_make(tree *t, tree_kind kind) {
  *t = (tree){.kind = kind};
  cv_mem_init(&t->mem, UINT64_MAX);
  if (kind == TREE_MEMORY) {
    assert_int_equal(cv_fs_memory_new(&t->mem, 1 << 20, NULL, NULL, &t->fs), CV_ERR_OK);
  } else {
    char path[128];
    // Thousands of small trees: in memory where the system has such a place.
    const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(t->base, sizeof t->base, "%s/cove-tree-XXXXXX", place);
    assert_non_null(mkdtemp(t->base));
    (void)snprintf(path, sizeof path, "%s/outside", t->base);
    assert_int_equal(mkdir(path, 0700), 0);
    host_file(t->base, "outside/secret", "secret");
    (void)snprintf(path, sizeof path, "%s/root", t->base);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(cv_fs_host_new(&t->mem, path, kind == TREE_WALK ? CV_RESOLVE_WALK : CV_RESOLVE_KERNEL, &t->fs),
                     CV_ERR_OK);
  }
  assert_int_equal(cv_fs_root(t->fs, &t->root), CV_ERR_OK);
  tree_put(t, "file", "hello");
  assert_int_equal(cv_file_mkdir(t->root, "dir"), CV_ERR_OK);
  assert_int_equal(cv_file_mkdir(t->root, "dir/sub"), CV_ERR_OK);
  tree_put(t, "dir/inner", "inner");
  for (size_t i = 0; i < CV_COUNT(tree_links); i++)
    assert_int_equal(cv_file_symlink(t->root, tree_links[i].target, tree_links[i].path), CV_ERR_OK);
  if (kind != TREE_MEMORY)
    tree_special(t->base);
}

static inline int tree_unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  return remove(path);
}

static inline void tree_drop(tree *t) {
  cv_file_release(t->root);
  cv_fs_release(t->fs);
  assert_int_equal(t->mem.used, 0);
  if (t->kind != TREE_MEMORY)
    assert_int_equal(nftw(t->base, tree_unlink_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

// The first bytes of a file, "" when it cannot be read.
static inline const char *tree_read(cv_file *dir, const char *path) {
  static char text[64];
  cv_file *f;
  size_t done = 0;
  text[0] = '\0';
  if (cv_file_open(dir, path, &(cv_open_how){.read = true, .follow = true}, &f) != CV_ERR_OK)
    return text;
  if (cv_file_read(f, &(cv_iovec){text, sizeof text - 1}, 1, 0, &done) != CV_ERR_OK)
    done = 0;
  text[done] = '\0';
  cv_file_release(f);
  return text;
}

#endif
