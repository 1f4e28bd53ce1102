// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_fs.c: one table of operations on paths, run on every file system: the host by the kernel's resolver, the host by
// the walk, and memory; and again through the read-only wrapper, where nothing may change.
#include "wasi_tree.h"

typedef enum op {
  OPEN,     // for reading, following
  OPEN_NF,  // not following
  OPEN_DIR, // must be a directory
  OPEN_W,   // for writing
  CREATE,   // for writing, following
  CREATE_NF,
  CREATE_X, // exclusively
  TRUNC,
  STAT,
  LSTAT,
  READLINK,
  TIMES,
  LTIMES,
  MKDIR,
  RMDIR,
  UNLINK,
  SYMLINK, // `two` is the text
  LINK,    // `path` gets a second name `two`
  RENAME,
} op;

static bool is_change(op o) {
  return o == OPEN_W || o == CREATE || o == CREATE_NF || o == CREATE_X || o == TRUNC || o >= TIMES;
}

typedef struct row {
  const char *name;
  op op;
  const char *path, *two;
  cv_err expect;
  bool host_only;
} row;

static const row rows[] = {
    // Plain.
    {"open a file", OPEN, "file", NULL, CV_ERR_OK, false},
    {"open a file in a directory", OPEN, "dir/inner", NULL, CV_ERR_OK, false},
    {"open the directory itself", OPEN, ".", NULL, CV_ERR_OK, false},
    {"open nothing", OPEN, "", NULL, CV_ERR_NOENT, false},
    {"open what is not there", OPEN, "none", NULL, CV_ERR_NOENT, false},
    {"open below a file", OPEN, "file/x", NULL, CV_ERR_NOTDIR, false},
    {"open a file with a slash", OPEN, "file/", NULL, CV_ERR_NOTDIR, false},
    {"open a directory with slashes", OPEN, "dir///", NULL, CV_ERR_OK, false},
    {"open with odd dots and slashes", OPEN, "dir/.//sub/../../dir/./inner", NULL, CV_ERR_OK, false},
    {"open a file as a directory", OPEN_DIR, "file", NULL, CV_ERR_NOTDIR, false},
    {"open a directory for writing", OPEN_W, "dir", NULL, CV_ERR_ISDIR, false},
    {"open a file for writing", OPEN_W, "file", NULL, CV_ERR_OK, false},
    {"a name that is too long", OPEN,
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     NULL, CV_ERR_NAMETOOLONG, false},
    // Leaving by name.
    {"open the parent", OPEN, "..", NULL, CV_ERR_ESCAPE, false},
    {"open out by dots", OPEN, "../outside/secret", NULL, CV_ERR_ESCAPE, false},
    {"open out by dots behind a directory", OPEN, "dir/../../outside/secret", NULL, CV_ERR_ESCAPE, false},
    {"open out and in again", OPEN, "../root/file", NULL, CV_ERR_ESCAPE, false},
    {"open an absolute path", OPEN, "/etc/passwd", NULL, CV_ERR_ESCAPE, false},
    {"stat an absolute path", STAT, "/", NULL, CV_ERR_ESCAPE, false},
    {"stat the parent with a slash", STAT, "../", NULL, CV_ERR_ESCAPE, false},
    {"create outside", CREATE, "../made", NULL, CV_ERR_ESCAPE, false},
    {"create below an absolute path", CREATE, "/tmp/made", NULL, CV_ERR_ESCAPE, false},
    {"make a directory outside", MKDIR, "../made", NULL, CV_ERR_ESCAPE, false},
    {"make a directory at an absolute path", MKDIR, "/tmp/made", NULL, CV_ERR_ESCAPE, false},
    {"remove a directory outside", RMDIR, "../outside", NULL, CV_ERR_ESCAPE, false},
    {"remove the parent", RMDIR, "..", NULL, CV_ERR_ESCAPE, false},
    {"unlink outside", UNLINK, "../outside/secret", NULL, CV_ERR_ESCAPE, false},
    {"unlink an absolute path", UNLINK, "/tmp/none", NULL, CV_ERR_ESCAPE, false},
    {"symlink outside", SYMLINK, "../made", "file", CV_ERR_ESCAPE, false},
    {"symlink with an absolute text", SYMLINK, "made", "/etc", CV_ERR_ESCAPE, false},
    {"link from outside", LINK, "../outside/secret", "made", CV_ERR_ESCAPE, false},
    {"link to outside", LINK, "file", "../made", CV_ERR_ESCAPE, false},
    {"rename from outside", RENAME, "../outside/secret", "made", CV_ERR_ESCAPE, false},
    {"rename to outside", RENAME, "file", "../made", CV_ERR_ESCAPE, false},
    {"rename to an absolute path", RENAME, "file", "/tmp/made", CV_ERR_ESCAPE, false},
    {"times outside", TIMES, "../outside", NULL, CV_ERR_ESCAPE, false},
    {"read a link outside", READLINK, "../outside/secret", NULL, CV_ERR_ESCAPE, false},
    // Symbolic links inside.
    {"open by a link", OPEN, "link", NULL, CV_ERR_OK, false},
    {"open a link itself", OPEN_NF, "link", NULL, CV_ERR_LOOP, false},
    {"open below a linked directory", OPEN_NF, "dirlink/inner", NULL, CV_ERR_OK, false},
    {"open a linked directory as one", OPEN_DIR, "dirlink", NULL, CV_ERR_OK, false},
    {"open a link with a slash", OPEN_NF, "dirlink/", NULL, CV_ERR_OK, false},
    {"open a link to a file with a slash", OPEN, "link/", NULL, CV_ERR_NOTDIR, false},
    {"open by a link whose text ends in a slash", OPEN, "slashlink", NULL, CV_ERR_OK, false},
    {"open below it", OPEN, "slashlink/inner", NULL, CV_ERR_OK, false},
    {"open by a link that goes up inside", OPEN, "dir/back", NULL, CV_ERR_OK, false},
    {"open by a link that goes down and up", OPEN, "inout", NULL, CV_ERR_OK, false},
    {"open a dangling link", OPEN, "dangling", NULL, CV_ERR_NOENT, false},
    {"open a loop", OPEN, "loop", NULL, CV_ERR_LOOP, false},
    {"open below a loop", OPEN, "loop/x", NULL, CV_ERR_LOOP, false},
    {"stat by a link", STAT, "link", NULL, CV_ERR_OK, false},
    {"stat a dangling link", STAT, "dangling", NULL, CV_ERR_NOENT, false},
    {"lstat a dangling link", LSTAT, "dangling", NULL, CV_ERR_OK, false},
    {"lstat a loop", LSTAT, "loop", NULL, CV_ERR_OK, false},
    {"lstat a link with a slash", LSTAT, "link/", NULL, CV_ERR_NOTDIR, false},
    {"read a link", READLINK, "link", NULL, CV_ERR_OK, false},
    {"read a link that leads out", READLINK, "up", NULL, CV_ERR_OK, false},
    {"read what is no link", READLINK, "file", NULL, CV_ERR_INVAL, false},
    {"read a link with a slash", READLINK, "dirlink/", NULL, CV_ERR_INVAL, false},
    {"create through a dangling link", CREATE, "dangling", NULL, CV_ERR_OK, false},
    {"create at a link, not following", CREATE_NF, "link", NULL, CV_ERR_LOOP, false},
    {"create exclusively at a dangling link", CREATE_X, "dangling", NULL, CV_ERR_EXIST, false},
    // Symbolic links that lead out.
    {"open a link to the parent", OPEN, "up", NULL, CV_ERR_ESCAPE, false},
    {"open below a link to the parent", OPEN, "up/outside/secret", NULL, CV_ERR_ESCAPE, false},
    {"open by a link that goes out by dots", OPEN, "upup", NULL, CV_ERR_ESCAPE, false},
    {"open a link to a file outside", OPEN, "upfile", NULL, CV_ERR_ESCAPE, false},
    {"open below a deep link out", OPEN, "dir/sub/deep/secret", NULL, CV_ERR_ESCAPE, false},
    {"open dots behind a link", OPEN, "dirlink/../../outside/secret", NULL, CV_ERR_ESCAPE, false},
    {"stat a link to a file outside", STAT, "upfile", NULL, CV_ERR_ESCAPE, false},
    {"stat a link out with a slash", LSTAT, "up/", NULL, CV_ERR_ESCAPE, false},
    {"create through a link out", CREATE, "upfile", NULL, CV_ERR_ESCAPE, false},
    {"truncate through a link out", TRUNC, "upfile", NULL, CV_ERR_ESCAPE, false},
    {"create below a link out", CREATE, "up/made", NULL, CV_ERR_ESCAPE, false},
    {"make a directory below a link out", MKDIR, "up/made", NULL, CV_ERR_ESCAPE, false},
    {"make a directory at a link with a slash", MKDIR, "dangling/", NULL, CV_ERR_EXIST, false},
    {"remove below a link out", UNLINK, "dir/sub/deep/secret", NULL, CV_ERR_ESCAPE, false},
    {"remove a directory below a link out", RMDIR, "up/outside", NULL, CV_ERR_ESCAPE, false},
    {"symlink below a link out", SYMLINK, "up/made", "file", CV_ERR_ESCAPE, false},
    {"link below a link out", LINK, "file", "up/made", CV_ERR_ESCAPE, false},
    {"link from below a link out", LINK, "up/outside/secret", "made", CV_ERR_ESCAPE, false},
    {"rename below a link out", RENAME, "file", "up/made", CV_ERR_ESCAPE, false},
    {"rename from below a link out", RENAME, "up/outside", "made", CV_ERR_ESCAPE, false},
    {"times through a link out", TIMES, "upfile", NULL, CV_ERR_ESCAPE, false},
    {"times of a link that leads out", LTIMES, "upfile", NULL, CV_ERR_OK, false},
    {"unlink a link that leads out", UNLINK, "up", NULL, CV_ERR_OK, false},
    {"rename a link that leads out", RENAME, "up", "dir/moved", CV_ERR_OK, false},
    {"link a link that leads out", LINK, "upfile", "made", CV_ERR_OK, false},
    {"open an absolute link", OPEN, "abs", NULL, CV_ERR_ESCAPE, true},
    {"stat an absolute link", STAT, "abs", NULL, CV_ERR_ESCAPE, true},
    {"open an absolute link to the inside", OPEN, "absin", NULL, CV_ERR_ESCAPE, true},
    {"create through an absolute link", CREATE, "abs", NULL, CV_ERR_ESCAPE, true},
    {"truncate through an absolute link", TRUNC, "abs", NULL, CV_ERR_ESCAPE, true},
    // Special files neither block nor open.
    {"open a pipe", OPEN, "fifo", NULL, CV_ERR_ACCESS, true},
    {"open a pipe for writing", OPEN_W, "fifo", NULL, CV_ERR_ACCESS, true},
    {"create over a pipe", CREATE, "fifo", NULL, CV_ERR_ACCESS, true},
    {"open a socket", OPEN, "sock", NULL, CV_ERR_ACCESS, true},
    {"stat a pipe", STAT, "fifo", NULL, CV_ERR_OK, true},
    {"remove a pipe", UNLINK, "fifo", NULL, CV_ERR_OK, true},
    // Creating.
    {"create", CREATE, "made", NULL, CV_ERR_OK, false},
    {"create what is there", CREATE, "file", NULL, CV_ERR_OK, false},
    {"create exclusively", CREATE_X, "made", NULL, CV_ERR_OK, false},
    {"create exclusively what is there", CREATE_X, "file", NULL, CV_ERR_EXIST, false},
    {"create with a slash", CREATE, "made/", NULL, CV_ERR_ISDIR, false},
    {"create at a directory", CREATE, "dir", NULL, CV_ERR_ISDIR, false},
    {"create in nothing", CREATE, "none/made", NULL, CV_ERR_NOENT, false},
    {"truncate", TRUNC, "file", NULL, CV_ERR_OK, false},
    {"make a directory", MKDIR, "made", NULL, CV_ERR_OK, false},
    {"make a directory with slashes", MKDIR, "made//", NULL, CV_ERR_OK, false},
    {"make what is there", MKDIR, "dir", NULL, CV_ERR_EXIST, false},
    {"make the directory itself", MKDIR, ".", NULL, CV_ERR_EXIST, false},
    {"make dots inside", MKDIR, "dir/..", NULL, CV_ERR_EXIST, false},
    {"symlink", SYMLINK, "made", "anything", CV_ERR_OK, false},
    {"symlink with a slash", SYMLINK, "made/", "anything", CV_ERR_NOENT, false},
    {"symlink over a file with a slash", SYMLINK, "file/", "anything", CV_ERR_NOTDIR, false},
    {"symlink over a directory with a slash", SYMLINK, "dir/", "anything", CV_ERR_EXIST, false},
    {"symlink over a link", SYMLINK, "dangling", "anything", CV_ERR_EXIST, false},
    {"symlink with no text", SYMLINK, "made", "", CV_ERR_NOENT, false},
    {"link", LINK, "file", "dir/made", CV_ERR_OK, false},
    {"link what is not there", LINK, "none", "made", CV_ERR_NOENT, false},
    {"link over a file", LINK, "file", "dir/inner", CV_ERR_EXIST, false},
    {"link a directory", LINK, "dir", "made", CV_ERR_PERM, false},
    {"link with a slash", LINK, "file", "made/", CV_ERR_NOENT, false},
    {"link a file with a slash", LINK, "file/", "made", CV_ERR_NOTDIR, false},
    {"link a linked directory with a slash", LINK, "dirlink/", "made", CV_ERR_NOTDIR, false},
    // Removing.
    {"unlink", UNLINK, "file", NULL, CV_ERR_OK, false},
    {"unlink a link", UNLINK, "link", NULL, CV_ERR_OK, false},
    {"unlink a directory", UNLINK, "dir", NULL, CV_ERR_ISDIR, false},
    {"unlink a directory with a slash", UNLINK, "dir/", NULL, CV_ERR_ISDIR, false},
    {"unlink a file with a slash", UNLINK, "file/", NULL, CV_ERR_NOTDIR, false},
    {"unlink a linked directory with a slash", UNLINK, "dirlink/", NULL, CV_ERR_NOTDIR, false},
    {"unlink the directory itself", UNLINK, ".", NULL, CV_ERR_ISDIR, false},
    {"unlink nothing", UNLINK, "none", NULL, CV_ERR_NOENT, false},
    {"remove a directory", RMDIR, "dir/sub/../sub/none", NULL, CV_ERR_NOENT, false},
    {"remove one that is not empty", RMDIR, "dir", NULL, CV_ERR_NOTEMPTY, false},
    {"remove a file as a directory", RMDIR, "file", NULL, CV_ERR_NOTDIR, false},
    {"remove a linked directory", RMDIR, "dirlink", NULL, CV_ERR_NOTDIR, false},
    {"remove the directory itself", RMDIR, ".", NULL, CV_ERR_INVAL, false},
    {"remove dots inside", RMDIR, "dir/sub/..", NULL, CV_ERR_NOTEMPTY, false},
    // Renaming.
    {"rename a file", RENAME, "file", "dir/made", CV_ERR_OK, false},
    {"rename over a file", RENAME, "file", "dir/inner", CV_ERR_OK, false},
    {"rename onto itself", RENAME, "file", "file", CV_ERR_OK, false},
    {"rename a directory", RENAME, "dir", "made", CV_ERR_OK, false},
    {"rename a directory with slashes", RENAME, "dir//", "made//", CV_ERR_OK, false},
    {"rename a file with a slash", RENAME, "file/", "made", CV_ERR_NOTDIR, false},
    {"rename a file to a name with a slash", RENAME, "file", "made/", CV_ERR_NOTDIR, false},
    {"rename a linked directory with a slash", RENAME, "dirlink/", "made", CV_ERR_NOTDIR, false},
    {"rename a directory into itself", RENAME, "dir", "dir/sub/made", CV_ERR_INVAL, false},
    {"rename a file over a directory", RENAME, "file", "dir", CV_ERR_ISDIR, false},
    {"rename a directory over a file", RENAME, "dir", "file", CV_ERR_NOTDIR, false},
    {"rename over a full directory", RENAME, "dir/sub", "dir", CV_ERR_NOTEMPTY, false},
    {"rename the directory itself", RENAME, ".", "made", CV_ERR_BUSY, false},
    {"rename to dots", RENAME, "file", "dir/..", CV_ERR_BUSY, false},
    {"rename nothing", RENAME, "none", "made", CV_ERR_NOENT, false},
    // Times.
    {"times", TIMES, "file", NULL, CV_ERR_OK, false},
    {"times by a link", TIMES, "link", NULL, CV_ERR_OK, false},
    {"times of a dangling link", TIMES, "dangling", NULL, CV_ERR_NOENT, false},
    {"times of the link itself", LTIMES, "dangling", NULL, CV_ERR_OK, false},
};

static cv_err open_and_close(cv_file *root, const char *path, const cv_open_how *how) {
  cv_file *f;
  cv_err err = cv_file_open(root, path, how, &f);
  cv_file_release(f);
  return err;
}

static cv_err run(const row *r, cv_file *root) {
  cv_stat st;
  char buf[64];
  size_t done;
  cv_set_times times = {CV_TIME_SET, CV_TIME_SET, 1000000000, 2000000000};
  switch (r->op) {
  case OPEN:
    return open_and_close(root, r->path, &(cv_open_how){.read = true, .follow = true});
  case OPEN_NF:
    return open_and_close(root, r->path, &(cv_open_how){.read = true});
  case OPEN_DIR:
    return open_and_close(root, r->path, &(cv_open_how){.directory = true, .follow = true});
  case OPEN_W:
    return open_and_close(root, r->path, &(cv_open_how){.write = true, .follow = true});
  case CREATE:
    return open_and_close(root, r->path, &(cv_open_how){.write = true, .create = true, .follow = true});
  case CREATE_NF:
    return open_and_close(root, r->path, &(cv_open_how){.write = true, .create = true});
  case CREATE_X:
    return open_and_close(root, r->path,
                          &(cv_open_how){.write = true, .create = true, .exclusive = true, .follow = true});
  case TRUNC:
    return open_and_close(root, r->path, &(cv_open_how){.truncate = true, .follow = true});
  case STAT:
    return cv_file_stat_at(root, r->path, true, &st);
  case LSTAT:
    return cv_file_stat_at(root, r->path, false, &st);
  case READLINK:
    return cv_file_readlink(root, r->path, buf, sizeof buf, &done);
  case TIMES:
    return cv_file_set_times_at(root, r->path, true, &times);
  case LTIMES:
    return cv_file_set_times_at(root, r->path, false, &times);
  case MKDIR:
    return cv_file_mkdir(root, r->path);
  case RMDIR:
    return cv_file_rmdir(root, r->path);
  case UNLINK:
    return cv_file_unlink(root, r->path);
  case SYMLINK:
    return cv_file_symlink(root, r->two, r->path);
  case LINK:
    return cv_file_link(root, r->path, root, r->two);
  case RENAME:
    return cv_file_rename(root, r->path, root, r->two);
  }
  return CV_ERR_NOSYS;
}

static void check_outside(const tree *t) {
  char path[128], text[16] = "";
  if (t->kind == TREE_MEMORY)
    return;
  (void)snprintf(path, sizeof path, "%s/outside/secret", t->base);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  assert_non_null(fgets(text, sizeof text, f));
  (void)fclose(f);
  assert_string_equal(text, "secret");
  (void)snprintf(path, sizeof path, "%s/made", t->base);
  assert_int_equal(access(path, F_OK), -1);
}

static void test_rows(void **state) {
  unsigned failed = 0;
  for (int kind = 0; kind < TREE_KINDS; kind++) {
    if (kind == TREE_KERNEL && !cv_sys_has_kernel_resolver())
      continue;
    for (size_t i = 0; i < CV_COUNT(rows); i++) {
      const row *r = &rows[i];
      if (kind == TREE_MEMORY && r->host_only)
        continue;
      tree t;
      tree_make(&t, (tree_kind)kind);
      cv_err err = run(r, t.root);
      if (err != r->expect) {
        print_error("%s: %s: %s, expected %s\n", tree_names[kind], r->name, cv_err_name(err), cv_err_name(r->expect));
        failed++;
      }
      check_outside(&t);
      tree_drop(&t);
    }
  }
  assert_int_equal(failed, 0);
}

typedef struct sum {
  cv_file *dir;
  uint64_t value;
  unsigned entries;
} sum;

static bool add_entry(void *env, const cv_dirent *e) {
  sum *s = env;
  if (e->name[0] == '.')
    return true;
  char name[256];
  memcpy(name, e->name, e->name_size);
  name[e->name_size] = '\0';
  cv_stat st;
  if (cv_file_stat_at(s->dir, name, false, &st) == CV_ERR_OK)
    s->value += st.ino * 31 + st.size * 7 + st.mtim + st.nlink * 131 + (uint64_t)st.type;
  s->entries++;
  return true;
}

// Something that differs when anything in the root directory, or a name in it, was changed.
static uint64_t fingerprint(cv_file *root) {
  sum s = {.dir = root};
  assert_int_equal(cv_file_read_dir(root, 0, add_entry, &s), CV_ERR_OK);
  return s.value + s.entries * 1000003u;
}

static void test_read_only(void **state) {
  unsigned failed = 0;
  for (int kind = 0; kind < TREE_KINDS; kind++) {
    if (kind == TREE_KERNEL && !cv_sys_has_kernel_resolver())
      continue;
    for (size_t i = 0; i < CV_COUNT(rows); i++) {
      const row *r = &rows[i];
      if (kind == TREE_MEMORY && r->host_only)
        continue;
      tree t;
      cv_fs *ro;
      cv_file *root;
      tree_make(&t, (tree_kind)kind);
      uint64_t before = fingerprint(t.root);
      assert_int_equal(cv_fs_read_only_new(&t.mem, t.fs, &ro), CV_ERR_OK);
      assert_int_equal(cv_fs_root(ro, &root), CV_ERR_OK);
      cv_err err = run(r, root);
      bool right = is_change(r->op) ? err != CV_ERR_OK : err == r->expect;
      if (!right || fingerprint(t.root) != before) {
        print_error("%s, read-only: %s: %s\n", tree_names[kind], r->name, cv_err_name(err));
        failed++;
      }
      cv_file_release(root);
      cv_fs_release(ro);
      tree_drop(&t);
    }
  }
  assert_int_equal(failed, 0);
}

// What an open file of a read-only grant refuses.
static void test_read_only_file(void **state) {
  tree t;
  cv_fs *ro;
  cv_file *root, *f;
  size_t done;
  uint64_t end;
  tree_make(&t, TREE_WALK);
  assert_int_equal(cv_fs_read_only_new(&t.mem, t.fs, &ro), CV_ERR_OK);
  assert_int_equal(cv_fs_root(ro, &root), CV_ERR_OK);
  assert_int_equal(cv_file_open(root, "file", &(cv_open_how){.read = true}, &f), CV_ERR_OK);
  cv_iovec iov = {(void *)(uintptr_t)"x", 1};
  cv_set_times times = {CV_TIME_NOW, CV_TIME_NOW, 0, 0};
  assert_int_equal(cv_file_write(f, &iov, 1, 0, &done), CV_ERR_ROFS);
  assert_int_equal(cv_file_append(f, &iov, 1, &done, &end), CV_ERR_ROFS);
  assert_int_equal(cv_file_set_size(f, 0), CV_ERR_ROFS);
  assert_int_equal(cv_file_set_times(f, &times), CV_ERR_ROFS);
  assert_int_equal(cv_file_set_times(root, &times), CV_ERR_ROFS);
  assert_int_equal(cv_file_allocate(f, 0, 100), CV_ERR_ROFS);
  // Neither a hard link into a writable grant of the same files nor a move out of the read-only one.
  assert_int_equal(cv_file_link(root, "file", t.root, "made"), CV_ERR_ROFS);
  assert_int_equal(cv_file_rename(root, "file", t.root, "made"), CV_ERR_ROFS);
  assert_int_equal(cv_file_rename(t.root, "file", root, "made"), CV_ERR_ROFS);
  assert_string_equal(tree_read(root, "file"), "hello");
  cv_file_release(f);
  cv_file_release(root);
  cv_fs_release(ro);
  tree_drop(&t);
}

static void test_subdirectory_is_a_root(void **state) {
  for (int kind = 0; kind < TREE_KINDS; kind++) {
    tree t;
    cv_file *dir;
    tree_make(&t, (tree_kind)kind);
    assert_int_equal(cv_file_open(t.root, "dir", &(cv_open_how){.directory = true}, &dir), CV_ERR_OK);
    assert_string_equal(tree_read(dir, "inner"), "inner");
    assert_string_equal(tree_read(dir, "sub/../inner"), "inner");
    assert_int_equal(open_and_close(dir, "../file", &(cv_open_how){.read = true}), CV_ERR_ESCAPE);
    assert_int_equal(open_and_close(dir, "back", &(cv_open_how){.read = true, .follow = true}), CV_ERR_ESCAPE);
    cv_file_release(dir);
    tree_drop(&t);
  }
}

static void test_files(void **state) {
  for (int kind = 0; kind < TREE_KINDS; kind++) {
    tree t;
    cv_file *f;
    size_t done;
    uint64_t end;
    char a[4] = "", b[8] = "";
    cv_stat st;
    tree_make(&t, (tree_kind)kind);
    cv_open_how how = {.read = true, .write = true, .create = true};
    assert_int_equal(cv_file_open(t.root, "data", &how, &f), CV_ERR_OK);
    cv_iovec out[] = {{(void *)(uintptr_t)"abc", 3}, {NULL, 0}, {(void *)(uintptr_t)"defg", 4}};
    assert_int_equal(cv_file_write(f, out, 3, 2, &done), CV_ERR_OK);
    assert_int_equal(done, 7);
    cv_iovec in[] = {{a, 3}, {b, 8}};
    assert_int_equal(cv_file_read(f, in, 2, 0, &done), CV_ERR_OK);
    assert_int_equal(done, 9);
    assert_memory_equal(a, "\0\0a", 3);
    assert_memory_equal(b, "bcdefg", 6);
    assert_int_equal(cv_file_read(f, in, 2, 9, &done), CV_ERR_OK);
    assert_int_equal(done, 0);
    assert_int_equal(cv_file_append(f, out, 1, &done, &end), CV_ERR_OK);
    assert_int_equal(end, 12);
    assert_int_equal(cv_file_set_size(f, 4), CV_ERR_OK);
    assert_int_equal(cv_file_set_size(f, 6), CV_ERR_OK);
    assert_int_equal(cv_file_read(f, in, 2, 0, &done), CV_ERR_OK);
    assert_int_equal(done, 6);
    assert_memory_equal(b, "b\0\0", 3);
    assert_int_equal(cv_file_allocate(f, 0, 100), CV_ERR_OK);
    assert_int_equal(cv_file_allocate(f, 0, 10), CV_ERR_OK);
    assert_int_equal(cv_file_allocate(f, 0, 0), CV_ERR_INVAL);
    assert_int_equal(cv_file_allocate(f, UINT64_MAX, 10), CV_ERR_FBIG);
    assert_int_equal(cv_file_set_size(f, UINT64_MAX), CV_ERR_INVAL);
    assert_int_equal(cv_file_advise(f, 0, 10, CV_ADVICE_RANDOM), CV_ERR_OK);
    assert_int_equal(cv_file_advise(f, UINT64_MAX, 10, CV_ADVICE_RANDOM), CV_ERR_INVAL);
    cv_set_times times = {CV_TIME_SET, CV_TIME_KEEP, 5000000007, 0};
    assert_int_equal(cv_file_set_times(f, &times), CV_ERR_OK);
    assert_int_equal(cv_file_stat(f, &st), CV_ERR_OK);
    assert_int_equal(st.size, 100);
    assert_int_equal(st.atim, 5000000007);
    assert_int_equal(st.nlink, 1);
    assert_int_equal(cv_file_sync(f, false), CV_ERR_OK);
    assert_int_equal(cv_file_sync(f, true), CV_ERR_OK);
    // Open and removed: still usable.
    assert_int_equal(cv_file_unlink(t.root, "data"), CV_ERR_OK);
    assert_int_equal(cv_file_read(f, in, 2, 0, &done), CV_ERR_OK);
    assert_int_equal(done, 11);
    cv_file_release(f);
    // The way it was opened counts.
    assert_int_equal(cv_file_open(t.root, "file", &(cv_open_how){.read = true}, &f), CV_ERR_OK);
    assert_int_equal(cv_file_write(f, out, 1, 0, &done), CV_ERR_BADF);
    assert_int_equal(cv_file_set_size(f, 0), CV_ERR_BADF);
    cv_file_release(f);
    assert_int_equal(cv_file_open(t.root, "file", &(cv_open_how){.write = true}, &f), CV_ERR_OK);
    assert_int_equal(cv_file_read(f, in, 1, 0, &done), CV_ERR_BADF);
    cv_file_release(f);
    assert_int_equal(cv_file_read(t.root, in, 1, 0, &done), CV_ERR_ISDIR);
    assert_int_equal(cv_file_open(t.root, "dir/inner", &(cv_open_how){.read = true}, &f), CV_ERR_OK);
    assert_int_equal(open_and_close(f, "x", &(cv_open_how){.read = true}), CV_ERR_NOTDIR);
    cv_file_release(f);
    tree_drop(&t);
  }
}

typedef struct names {
  char text[4096];
  uint64_t last;
  unsigned left;
  unsigned count;
} names;

static bool collect(void *env, const cv_dirent *e) {
  names *n = env;
  if (n->left == 0)
    return false;
  n->left--;
  n->count++;
  n->last = e->next;
  size_t at = strlen(n->text);
  (void)snprintf(n->text + at, sizeof n->text - at, "[%.*s]", (int)e->name_size, e->name);
  return true;
}

// A listing in pieces of every size, with files made and removed between, tells each file that stayed exactly once.
static void test_cookies(void **state) {
  for (int kind = 0; kind < TREE_KINDS; kind++)
    for (unsigned piece = 1; piece <= 7; piece++) {
      tree t;
      cv_file *dir;
      names n = {.last = 0};
      char name[32];
      tree_make(&t, (tree_kind)kind);
      assert_int_equal(cv_file_open(t.root, "dir/sub", &(cv_open_how){.directory = true}, &dir), CV_ERR_OK);
      for (int i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof name, "dir/sub/f%02d", i);
        tree_put(&t, name, "x");
      }
      for (int round = 0;; round++) {
        unsigned before = n.count;
        n.left = piece;
        assert_int_equal(cv_file_read_dir(dir, n.last, collect, &n), CV_ERR_OK);
        if (n.count == before)
          break;
        (void)snprintf(name, sizeof name, "dir/sub/x%02d", round);
        tree_put(&t, name, "x");
        assert_int_equal(cv_file_unlink(t.root, name), CV_ERR_OK);
      }
      for (int i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof name, "[f%02d]", i);
        const char *first = strstr(n.text, name);
        assert_non_null(first);
        assert_null(strstr(first + 1, name));
      }
      assert_non_null(strstr(n.text, "[.]"));
      assert_non_null(strstr(n.text, "[..]"));
      assert_int_equal(cv_file_read_dir(dir, UINT64_MAX, collect, &n), kind == TREE_MEMORY ? CV_ERR_OK : CV_ERR_INVAL);
      cv_file_release(dir);
      tree_drop(&t);
    }
}

// Names of the host that are no text, links of /proc that lead anywhere, and devices.
static void test_odd_host_places(void **state) {
  static const struct {
    const char *name, *dir, *path;
    bool write;
    int expect; // a cv_err, or -1: any but success
  } places[] = {
      {"the root of the process", "/proc", "self/root/etc/passwd", false, -1},
      {"the directory of the process", "/proc", "self/cwd", false, -1},
      {"a descriptor of the process", "/proc", "self/fd/0", false, -1},
      {"its program", "/proc", "self/exe", false, -1},
      {"a file of the process", "/proc", "self/status", false, CV_ERR_OK},
      {"null", "/dev", "null", true, CV_ERR_OK},
      {"zero", "/dev", "zero", false, CV_ERR_OK},
      {"a device that waits", "/dev", "tty", false, CV_ERR_ACCESS},
      {"a device that makes others", "/dev", "ptmx", true, CV_ERR_ACCESS},
  };
  for (int kind = TREE_KERNEL; kind <= TREE_WALK; kind++)
    for (size_t i = 0; i < CV_COUNT(places); i++) {
      cv_mem mem;
      cv_fs *fs;
      cv_file *root;
      struct stat st;
      char path[64];
      (void)snprintf(path, sizeof path, "%s/%s", places[i].dir, places[i].path);
      if (lstat(path, &st) != 0 || (kind == TREE_KERNEL && !cv_sys_has_kernel_resolver()))
        continue; // not every system has each of them
      cv_mem_init(&mem, UINT64_MAX);
      assert_int_equal(
          cv_fs_host_new(&mem, places[i].dir, kind == TREE_WALK ? CV_RESOLVE_WALK : CV_RESOLVE_KERNEL, &fs), CV_ERR_OK);
      assert_int_equal(cv_fs_root(fs, &root), CV_ERR_OK);
      cv_open_how how = {.read = !places[i].write, .write = places[i].write, .follow = true};
      cv_err err = open_and_close(root, places[i].path, &how);
      if (places[i].expect < 0 ? err == CV_ERR_OK : (int)err != places[i].expect)
        fail_msg("%s, %s: %s", tree_names[kind], places[i].name, cv_err_name(err));
      cv_file_release(root);
      cv_fs_release(fs);
      assert_int_equal(mem.used, 0);
    }
}

// A disk without room is an error of the write, by position and at the end alike.
static void test_full_disk(void **state) {
  cv_mem mem;
  cv_fs *fs;
  cv_file *root, *f;
  size_t done;
  uint64_t end;
  if (access("/dev/full", W_OK) != 0)
    skip();
  cv_mem_init(&mem, UINT64_MAX);
  assert_int_equal(cv_fs_host_new(&mem, "/dev", CV_RESOLVE_AUTO, &fs), CV_ERR_OK);
  assert_int_equal(cv_fs_root(fs, &root), CV_ERR_OK);
  assert_int_equal(cv_file_open(root, "full", &(cv_open_how){.write = true}, &f), CV_ERR_OK);
  cv_iovec iov = {(void *)(uintptr_t)"x", 1};
  assert_int_equal(cv_file_write(f, &iov, 1, 0, &done), CV_ERR_NOSPC);
  assert_int_equal(done, 0);
  assert_int_equal(cv_file_append(f, &iov, 1, &done, &end), CV_ERR_NOSPC);
  cv_file_release(f);
  cv_file_release(root);
  cv_fs_release(fs);
  assert_int_equal(mem.used, 0);
}

// A host that closed its standard streams: no file of a guest takes their numbers.
static void test_closed_standard_streams(void **state) {
  int keep = fcntl(0, F_DUPFD_CLOEXEC, 10);
  for (int kind = TREE_KERNEL; kind <= TREE_WALK; kind++) {
    tree t;
    cv_file *f;
    cv_stat st;
    tree_make(&t, (tree_kind)kind);
    close(0);
    cv_err err = cv_file_open(t.root, "file", &(cv_open_how){.read = true}, &f);
    cv_err gone = cv_sys_stat(0, &st);
    assert_int_equal(dup2(keep, 0), 0);
    assert_int_equal(err, CV_ERR_OK);
    assert_int_equal(gone, CV_ERR_BADF);
    cv_file_release(f);
    tree_drop(&t);
  }
  close(keep);
}

// More directories than the walk keeps handles of.
static void test_depth(void **state) {
  char path[1024] = "";
  for (int kind = 0; kind < TREE_KINDS; kind++) {
    tree t;
    cv_stat st;
    tree_make(&t, (tree_kind)kind);
    path[0] = '\0';
    for (int i = 0; i < 100; i++) {
      strcat(path, i == 0 ? "e" : "/e");
      assert_int_equal(cv_file_mkdir(t.root, path), CV_ERR_OK);
    }
    assert_int_equal(cv_file_stat_at(t.root, path, true, &st), CV_ERR_OK);
    for (int i = 0; i < 101; i++)
      strcat(path, "/..");
    assert_int_equal(cv_file_stat_at(t.root, path, true, &st), CV_ERR_ESCAPE);
    path[strlen(path) - 3] = '\0';
    assert_int_equal(cv_file_stat_at(t.root, path, true, &st), CV_ERR_OK);
    assert_int_equal(cv_file_stat_at(t.root, "dir", true, &st), CV_ERR_OK);
    tree_drop(&t);
  }
}

static void test_memory_limit(void **state) {
  cv_mem mem;
  cv_fs *fs;
  cv_file *root, *f;
  size_t done;
  static char data[4096];
  cv_mem_init(&mem, UINT64_MAX);
  assert_int_equal(cv_fs_memory_new(&mem, 10000, NULL, NULL, &fs), CV_ERR_OK);
  assert_int_equal(cv_fs_root(fs, &root), CV_ERR_OK);
  assert_int_equal(cv_file_open(root, "f", &(cv_open_how){.write = true, .create = true}, &f), CV_ERR_OK);
  cv_iovec iov = {data, sizeof data};
  assert_int_equal(cv_file_write(f, &iov, 1, 0, &done), CV_ERR_OK);
  assert_int_equal(cv_file_write(f, &iov, 1, 4096, &done), CV_ERR_OK);
  assert_int_equal(cv_file_write(f, &iov, 1, 8192, &done), CV_ERR_NOSPC);
  assert_int_equal(cv_file_write(f, &iov, 1, INT64_MAX - 10, &done), CV_ERR_FBIG);
  assert_int_equal(cv_file_set_size(f, 1ull << 40), CV_ERR_NOSPC);
  // What was freed can be used again, a thousand times.
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(cv_file_set_size(f, 0), CV_ERR_OK);
    assert_int_equal(cv_file_set_size(f, 8192), CV_ERR_OK);
    assert_int_equal(cv_file_mkdir(root, "d"), CV_ERR_OK);
    assert_int_equal(cv_file_rmdir(root, "d"), CV_ERR_OK);
  }
  cv_err err = CV_ERR_OK;
  char name[16];
  for (int i = 0; i < 100 && err == CV_ERR_OK; i++) {
    (void)snprintf(name, sizeof name, "d%d", i);
    err = cv_file_mkdir(root, name);
  }
  assert_int_equal(err, CV_ERR_NOSPC);
  cv_file_release(f);
  cv_file_release(root);
  cv_fs_release(fs);
  assert_int_equal(mem.used, 0);
}

// A tree deeper than any stack is taken apart; a directory that was removed while open takes nothing new.
static void test_memory_depth(void **state) {
  cv_mem mem;
  cv_fs *fs;
  cv_file *dir, *next;
  cv_mem_init(&mem, UINT64_MAX);
  assert_int_equal(cv_fs_memory_new(&mem, UINT64_MAX, NULL, NULL, &fs), CV_ERR_OK);
  assert_int_equal(cv_fs_root(fs, &dir), CV_ERR_OK);
  for (int i = 0; i < 200000; i++) {
    assert_int_equal(cv_file_mkdir(dir, "d"), CV_ERR_OK);
    assert_int_equal(cv_file_open(dir, "d", &(cv_open_how){.directory = true}, &next), CV_ERR_OK);
    cv_file_release(dir);
    dir = next;
  }
  cv_file_release(dir);
  assert_int_equal(cv_fs_root(fs, &dir), CV_ERR_OK);
  assert_int_equal(cv_file_mkdir(dir, "gone"), CV_ERR_OK);
  assert_int_equal(cv_file_open(dir, "gone", &(cv_open_how){.directory = true}, &next), CV_ERR_OK);
  assert_int_equal(cv_file_rmdir(dir, "gone"), CV_ERR_OK);
  assert_int_equal(cv_file_mkdir(next, "x"), CV_ERR_NOENT);
  assert_int_equal(cv_file_rename(dir, "d", next, "x"), CV_ERR_NOENT);
  cv_stat st;
  assert_int_equal(cv_file_stat_at(next, ".", true, &st), CV_ERR_OK);
  assert_int_equal(cv_file_stat_at(next, "..", true, &st), CV_ERR_ESCAPE);
  cv_file_release(next);
  cv_file_release(dir);
  cv_fs_release(fs);
  assert_int_equal(mem.used, 0);
}

// Every allocation of every row fails once: nothing leaks, nothing crashes, the tree stays sound.
static void test_out_of_memory(void **state) {
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (int kind = TREE_WALK; kind < TREE_KINDS; kind++) {
      if (kind == TREE_MEMORY && rows[i].host_only)
        continue;
      cv_err err = CV_ERR_NOMEM;
      for (uint64_t n = 1; err == CV_ERR_NOMEM; n++) {
        tree t;
        tree_make(&t, (tree_kind)kind);
        t.mem.fail_at = t.mem.calls + n;
        err = run(&rows[i], t.root);
        t.mem.fail_at = 0;
        assert_true(err == CV_ERR_NOMEM || err == rows[i].expect);
        tree_drop(&t);
        assert_true(n < 100);
      }
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_read_only),
      cmocka_unit_test(test_read_only_file),
      cmocka_unit_test(test_subdirectory_is_a_root),
      cmocka_unit_test(test_files),
      cmocka_unit_test(test_cookies),
      cmocka_unit_test(test_odd_host_places),
      cmocka_unit_test(test_full_disk),
      cmocka_unit_test(test_closed_standard_streams),
      cmocka_unit_test(test_depth),
      cmocka_unit_test(test_memory_limit),
      cmocka_unit_test(test_memory_depth),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests_name("wasi_fs", tests, NULL, NULL);
}
