// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_path.c: operations on paths, made from the input, on three file systems at once: a directory of the host by the
// kernel's resolver, one by the walk, and memory. Each operation must end alike on all three, and nothing beside the
// directories of the host may change or be read.
#include "wasi_input.h"

#include "wasi/core/fs.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KINDS = 3, MAX_OPS = 40, MAX_TOKENS = 12, READLINK = 11 };

static const char *const names[KINDS] = {"kernel", "walk", "memory"};
static const char *const tokens[] = {"a", "b",   "c",  "d",  "..",     ".",   "/",    "/",
                                     "/", "../", "./", "//", "secret", "a/b", "../.."};

static void make_path(input *in, char *out, size_t size) {
  unsigned count = next(in) % MAX_TOKENS;
  out[0] = '\0';
  for (unsigned i = 0; i < count; i++)
    (void)strncat(out, tokens[next(in) % CV_COUNT(tokens)], size - strlen(out) - 1);
}

typedef struct op {
  unsigned code;
  bool follow;
  char path[128], two[128];
} op;

static cv_err open_one(cv_file *root, const op *o, const cv_open_how *how, char *text, size_t size) {
  cv_file *f;
  size_t done = 0;
  cv_err err = cv_file_open(root, o->path, how, &f);
  if (err != CV_ERR_OK)
    return err;
  if (how->read && f->type == CV_FILE_REGULAR && cv_file_read(f, &(cv_iovec){text, size - 1}, 1, 0, &done) != CV_ERR_OK)
    abort();
  text[done] = '\0';
  if (how->write && cv_file_write(f, &(cv_iovec){(void *)(uintptr_t)"new", 3}, 1, 0, &done) != CV_ERR_OK)
    abort();
  cv_file_release(f);
  return CV_ERR_OK;
}

// `text`: what the operation told, to be compared.
static cv_err run(cv_file *root, const op *o, char *text, size_t size) {
  cv_stat st;
  size_t done = 0;
  cv_err err;
  text[0] = '\0';
  switch (o->code) {
  case 0:
    return open_one(root, o, &(cv_open_how){.read = true, .follow = o->follow}, text, size);
  case 1:
    return open_one(root, o, &(cv_open_how){.write = true, .create = true, .follow = o->follow}, text, size);
  case 2:
    return open_one(root, o, &(cv_open_how){.write = true, .create = true, .exclusive = true, .follow = o->follow},
                    text, size);
  case 3:
    return open_one(root, o, &(cv_open_how){.read = true, .truncate = true, .follow = o->follow}, text, size);
  case 4:
    return open_one(root, o, &(cv_open_how){.directory = true, .follow = o->follow}, text, size);
  case 5:
    err = cv_file_stat_at(root, o->path, o->follow, &st);
    if (err == CV_ERR_OK)
      (void)snprintf(text, size, "type %d", (int)st.type);
    return err;
  case 6:
    return cv_file_mkdir(root, o->path);
  case 7:
    return cv_file_rmdir(root, o->path);
  case 8:
    return cv_file_unlink(root, o->path);
  case 9:
  case 10:
    return cv_file_symlink(root, o->two, o->path);
  case READLINK:
    err = cv_file_readlink(root, o->path, text, size - 1, &done);
    text[done] = '\0';
    return err;
  case 12:
    return cv_file_link(root, o->path, root, o->two);
  case 13:
    return cv_file_rename(root, o->path, root, o->two);
  default:
    return cv_file_set_times_at(root, o->path, o->follow, &(cv_set_times){CV_TIME_SET, CV_TIME_SET, 1, 2});
  }
}

// To create at a link whose text ends in a slash is "is a directory"; a host that looked there first may have met
// another error behind the link.
static bool both_refuse(const op *o, cv_err a, cv_err b) {
  return (o->code == 1 || o->code == 2) && a != CV_ERR_OK && b != CV_ERR_OK && (a == CV_ERR_ISDIR || b == CV_ERR_ISDIR);
}

static void put_file(const char *base, const char *name, const char *text) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", base, name);
  FILE *f = fopen(path, "w");
  if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
    abort();
}

// base/secret and nothing more beside base/root.
static void check_base(const char *base) {
  char path[128], text[16] = "";
  (void)snprintf(path, sizeof path, "%s/secret", base);
  FILE *f = fopen(path, "r");
  if (f == NULL || fgets(text, sizeof text, f) == NULL || strcmp(text, "secret") != 0)
    abort();
  (void)fclose(f);
  static const char *const never[] = {"a", "b", "c", "d"};
  for (size_t i = 0; i < CV_COUNT(never); i++) {
    (void)snprintf(path, sizeof path, "%s/%s", base, never[i]);
    struct stat st;
    if (lstat(path, &st) == 0)
      abort();
  }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  return remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cv_mem mem;
  cv_fs *fs[KINDS] = {NULL};
  cv_file *root[KINDS] = {NULL};
  char base[2][64];
  cv_mem_init(&mem, UINT64_MAX);
  unsigned first = cv_sys_has_kernel_resolver() ? 0 : 1;
  for (unsigned k = first; k < 2; k++) {
    char path[80];
    (void)snprintf(base[k], sizeof base[k], "%s/cove-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(base[k]) == NULL)
      return 0;
    put_file(base[k], "secret", "secret");
    (void)snprintf(path, sizeof path, "%s/root", base[k]);
    if (mkdir(path, 0700) != 0 ||
        cv_fs_host_new(&mem, path, k == 0 ? CV_RESOLVE_KERNEL : CV_RESOLVE_WALK, &fs[k]) != CV_ERR_OK)
      abort();
  }
  if (cv_fs_memory_new(&mem, UINT64_MAX, NULL, NULL, &fs[2]) != CV_ERR_OK)
    abort();
  for (unsigned k = first; k < KINDS; k++)
    if (cv_fs_root(fs[k], &root[k]) != CV_ERR_OK)
      abort();
  input in = {data, data + size};
  for (unsigned n = 0; n < MAX_OPS && in.at != in.end; n++) {
    op o;
    uint8_t code = next(&in);
    o.code = (code & 127) % 15;
    o.follow = code >> 7;
    make_path(&in, o.path, sizeof o.path);
    make_path(&in, o.two, sizeof o.two);
    cv_err err[KINDS];
    char text[KINDS][160];
    for (unsigned k = first; k < KINDS; k++) {
      err[k] = run(root[k], &o, text[k], sizeof text[k]);
      if (o.code != READLINK && strcmp(text[k], "secret") == 0) // a link may well say "secret" itself
        abort();
    }
    for (unsigned k = first + 1; k < KINDS; k++)
      if ((err[k] != err[first] && !both_refuse(&o, err[k], err[first])) || strcmp(text[k], text[first]) != 0) {
        (void)fprintf(stderr, "operation %u, follow %d, \"%s\", \"%s\": %s says %s %s, %s says %s %s\n", o.code,
                      o.follow, o.path, o.two, names[first], cv_err_name(err[first]), text[first], names[k],
                      cv_err_name(err[k]), text[k]);
        abort();
      }
  }
  for (unsigned k = first; k < KINDS; k++) {
    cv_file_release(root[k]);
    cv_fs_release(fs[k]);
  }
  for (unsigned k = first; k < 2; k++) {
    check_base(base[k]);
    if (nftw(base[k], remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
      abort();
  }
  if (mem.used != 0)
    abort();
  return 0;
}
