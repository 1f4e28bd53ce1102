// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// load.c: WIT from files (WIT.md, "Filesystem structure"). A file is a root package with its dependencies in braces. A
// folder is a root package of all its *.wit files, with dependencies in deps/: each file and each folder there is one.
#include "wit/load.h"

#include "base/vec.h"
#include "sys/fs.h"
#include "sys/handle.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_FILE = 16 << 20, MAX_PATH = 4096 };

typedef struct listing {
  cv_mem *mem;
  CV_VEC(char *) names; // each of MAX_NAME bytes at most, ended by a zero
  bool failed;
} listing;

static CV_COLD cv_status cannot(cv_diag *diag, const char *path, cv_err err) {
  return cv_fail(diag, err == CV_ERR_NOMEM ? CV_ENOMEM : CV_EIO, CV_NO_OFFSET, "cannot read %s: %s", path,
                 cv_err_text(err));
}

// ---- one file ------------------------------------------------------------------------------------------------------

static cv_err read_all(cv_handle handle, cv_buf *out) {
  uint8_t chunk[16384];
  for (;;) {
    cv_iovec iov = {chunk, sizeof chunk};
    size_t done = 0;
    CV_ERR_TRY(cv_sys_read(handle, &iov, 1, &done));
    if (done == 0)
      return CV_ERR_OK;
    if (out->size + done > MAX_FILE)
      return CV_ERR_FBIG;
    cv_buf_bytes(out, chunk, done);
  }
}

static cv_status load_file(cv_wit *wit, uint32_t group, const char *path, cv_mem *mem, cv_diag *diag) {
  cv_handle handle;
  cv_buf text;
  cv_err err = cv_sys_open_host_file(path, false, &handle);
  if (err != CV_ERR_OK)
    return cannot(diag, path, err);
  cv_buf_init(&text, mem);
  err = read_all(handle, &text);
  cv_sys_close(handle);
  cv_status status = err == CV_ERR_OK ? cv_buf_status(&text) : cannot(diag, path, err);
  if (status == CV_OK)
    status = cv_wit_add_text(wit, group, path, text.data ? (const char *)text.data : "", text.size, diag);
  cv_buf_free(&text);
  return status;
}

// ---- folders -------------------------------------------------------------------------------------------------------

static bool note_name(void *env, const cv_dirent *entry) {
  listing *list = env;
  if (entry->name_size == 0 || entry->name[0] == '.')
    return true;
  char *name = cv_mem_alloc(list->mem, entry->name_size + 1);
  if (name) {
    memcpy(name, entry->name, entry->name_size);
    name[entry->name_size] = 0;
  }
  list->failed = !name || cv_vec_push(list->mem, &list->names, name) != CV_OK;
  if (list->failed && name)
    cv_mem_free(list->mem, name, entry->name_size + 1);
  return !list->failed;
}

static void free_listing(listing *list) {
  for (size_t i = 0; i < list->names.count; i++)
    cv_mem_free(list->mem, list->names.data[i], strlen(list->names.data[i]) + 1);
  cv_vec_free(list->mem, &list->names);
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

// The names in a folder, sorted, so that what is read does not depend on the file system.
static cv_status list_folder(const char *path, listing *list, cv_diag *diag) {
  cv_handle dir;
  cv_err err = cv_sys_open_root(path, &dir);
  if (err != CV_ERR_OK)
    return cannot(diag, path, err);
  err = cv_sys_read_dir(dir, 0, note_name, list);
  cv_sys_close(dir);
  if (err == CV_ERR_OK && list->failed)
    err = CV_ERR_NOMEM;
  if (err != CV_ERR_OK)
    return cannot(diag, path, err);
  if (list->names.count)
    qsort(list->names.data, list->names.count, sizeof *list->names.data, by_name);
  return CV_OK;
}

static bool is_wit(const char *name) {
  size_t size = strlen(name);
  return size > 4 && strcmp(name + size - 4, ".wit") == 0;
}

static bool is_folder(const char *path) {
  cv_handle dir;
  if (cv_sys_open_root(path, &dir) != CV_ERR_OK)
    return false;
  cv_sys_close(dir);
  return true;
}

static cv_status join_path(char out[MAX_PATH], const char *folder, const char *name, cv_diag *diag) {
  int size = snprintf(out, MAX_PATH, "%s/%s", folder, name);
  if (size < 0 || size >= MAX_PATH)
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "this path is too long: %s/%s", folder, name);
  return CV_OK;
}

// The *.wit files of one folder are one package.
static cv_status load_package(cv_wit *wit, uint32_t group, const char *folder, cv_mem *mem, uint32_t *files,
                              cv_diag *diag) {
  listing list = {.mem = mem};
  char path[MAX_PATH];
  cv_status status = list_folder(folder, &list, diag);
  for (size_t i = 0; i < list.names.count && status == CV_OK; i++) {
    if (!is_wit(list.names.data[i]))
      continue;
    status = join_path(path, folder, list.names.data[i], diag);
    if (status == CV_OK)
      status = load_file(wit, group, path, mem, diag);
    ++*files;
  }
  free_listing(&list);
  return status;
}

static cv_status load_dependencies(cv_wit *wit, const char *folder, cv_mem *mem, cv_diag *diag) {
  listing list = {.mem = mem};
  char path[MAX_PATH];
  cv_status status = list_folder(folder, &list, diag);
  for (size_t i = 0; i < list.names.count && status == CV_OK; i++) {
    uint32_t files = 0, group = (uint32_t)i + 1;
    status = join_path(path, folder, list.names.data[i], diag);
    if (status == CV_OK && is_wit(list.names.data[i]))
      status = load_file(wit, group, path, mem, diag);
    else if (status == CV_OK && is_folder(path))
      status = load_package(wit, group, path, mem, &files, diag);
  }
  free_listing(&list);
  return status;
}

cv_status cv_wit_load(cv_wit *wit, const char *path, cv_mem *mem, cv_diag *diag) {
  char deps[MAX_PATH];
  uint32_t files = 0;
  if (!is_folder(path))
    return load_file(wit, 0, path, mem, diag);
  CV_TRY(load_package(wit, 0, path, mem, &files, diag));
  if (files == 0)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "there is no *.wit file in %s", path);
  CV_TRY(join_path(deps, path, "deps", diag));
  return is_folder(deps) ? load_dependencies(wit, deps, mem, diag) : CV_OK;
}
