// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fs_archive_libarchive.c: a tar or zip file as a tree in memory, read through libarchive, which is loaded when the
// first archive is granted. Entries are made through the interface of the in-memory file system, so that a hostile
// archive is held by the same rules as a hostile guest: an entry that would lie outside is an error. Devices, pipes and
// links to absolute paths are left out.
#include "sys/dl.h"
#include "wasi/core/fs.h"

#include <archive.h>
#include <archive_entry.h>

// The functions used, by name: once for the table, once for loading.
#define LIBARCHIVE(F)                                                                                                  \
  F(archive_read_new)                                                                                                  \
  F(archive_read_support_filter_all)                                                                                   \
  F(archive_read_support_format_tar)                                                                                   \
  F(archive_read_support_format_zip)                                                                                   \
  F(archive_read_open_filename)                                                                                        \
  F(archive_read_next_header)                                                                                          \
  F(archive_read_data)                                                                                                 \
  F(archive_read_free)                                                                                                 \
  F(archive_error_string)                                                                                              \
  F(archive_entry_pathname)                                                                                            \
  F(archive_entry_filetype)                                                                                            \
  F(archive_entry_symlink)                                                                                             \
  F(archive_entry_hardlink)                                                                                            \
  F(archive_entry_mtime)                                                                                               \
  F(archive_entry_mtime_nsec)

typedef struct libarchive {
#define DECLARE(name) __typeof__(name) *name;
  LIBARCHIVE(DECLARE)
#undef DECLARE
} libarchive;

static bool load(libarchive *lib) {
  void *handle = cv_dl_open("libarchive.so.13");
  if (handle == NULL)
    return false;
#define LOAD(name)                                                                                                     \
  lib->name = (__typeof__(name) *)cv_dl_symbol(handle, #name);                                                         \
  if (lib->name == NULL)                                                                                               \
    return false;
  LIBARCHIVE(LOAD)
#undef LOAD
  return true;
}

typedef struct loader {
  libarchive lib;
  struct archive *archive;
  cv_file *root;
  const char *host_path;
  cv_diag *diag;
} loader;

static cv_status entry_failed(const loader *l, const char *path, cv_err err) {
  return cv_fail(l->diag,
                 err == CV_ERR_NOMEM   ? CV_ENOMEM
                 : err == CV_ERR_NOSPC ? CV_ELIMIT
                                       : CV_EINVALID,
                 CV_NO_OFFSET, "archive \"%s\", entry \"%s\": %s", l->host_path, path, cv_err_text(err));
}

static cv_status library_failed(const loader *l) {
  const char *text = l->archive != NULL ? l->lib.archive_error_string(l->archive) : NULL;
  return cv_fail(l->diag, CV_EIO, CV_NO_OFFSET, "cannot read archive \"%s\": %s", l->host_path,
                 text != NULL ? text : "no reason given");
}

// Makes the directories above the last component. `path` is changed meanwhile and put back.
static cv_err make_parents(const loader *l, char *path) {
  for (char *p = path; (p = strchr(p, '/')) != NULL; p++) {
    *p = '\0';
    cv_err err = cv_file_mkdir(l->root, path);
    *p = '/';
    if (err != CV_ERR_OK && err != CV_ERR_EXIST)
      return err;
  }
  return CV_ERR_OK;
}

static cv_status copy_data(const loader *l, cv_file *file, const char *path) {
  uint64_t offset = 0;
  uint8_t buf[8192];
  for (;;) {
    la_ssize_t n = l->lib.archive_read_data(l->archive, buf, sizeof buf);
    if (n < 0)
      return library_failed(l);
    if (n == 0)
      return CV_OK;
    size_t done;
    cv_err err = cv_file_write(file, &(cv_iovec){buf, (size_t)n}, 1, offset, &done);
    if (err != CV_ERR_OK)
      return entry_failed(l, path, err);
    offset += done;
  }
}

static cv_status add_file(const loader *l, const char *path, const cv_set_times *times) {
  cv_file *file;
  cv_open_how how = {.write = true, .create = true, .truncate = true};
  cv_err err = cv_file_open(l->root, path, &how, &file);
  if (err != CV_ERR_OK)
    return entry_failed(l, path, err);
  cv_status status = copy_data(l, file, path);
  if (status == CV_OK && cv_file_set_times(file, times) != CV_ERR_OK)
    status = entry_failed(l, path, CV_ERR_IO);
  cv_file_release(file);
  return status;
}

static cv_status add_entry(const loader *l, struct archive_entry *entry, char *path) {
  const char *hard = l->lib.archive_entry_hardlink(entry), *soft = l->lib.archive_entry_symlink(entry);
  int64_t seconds = l->lib.archive_entry_mtime(entry);
  uint64_t mtime = seconds < 0 ? 0 : (uint64_t)seconds * 1000000000u + (uint64_t)l->lib.archive_entry_mtime_nsec(entry);
  cv_set_times times = {CV_TIME_SET, CV_TIME_SET, mtime, mtime};
  cv_err err = make_parents(l, path);
  if (err != CV_ERR_OK)
    return entry_failed(l, path, err);
  unsigned type = l->lib.archive_entry_filetype(entry);
  if (hard != NULL) {
    err = cv_file_link(l->root, hard, l->root, path);
  } else if (type == AE_IFREG) {
    return add_file(l, path, &times);
  } else if (type == AE_IFDIR) {
    err = cv_file_mkdir(l->root, path);
    if (err == CV_ERR_OK || err == CV_ERR_EXIST)
      err = cv_file_set_times_at(l->root, path, false, &times);
  } else if (type == AE_IFLNK && soft != NULL && soft[0] != '/') {
    err = cv_file_symlink(l->root, soft, path);
  }
  return err == CV_ERR_OK ? CV_OK : entry_failed(l, path, err);
}

static cv_status load_entries(const loader *l) {
  struct archive_entry *entry;
  char path[4096];
  for (;;) {
    int rc = l->lib.archive_read_next_header(l->archive, &entry);
    if (rc == ARCHIVE_EOF)
      return CV_OK;
    const char *name = rc >= ARCHIVE_WARN ? l->lib.archive_entry_pathname(entry) : NULL;
    if (name == NULL)
      return library_failed(l);
    while (*name == '/')
      name++;
    size_t size = strlen(name);
    while (size != 0 && name[size - 1] == '/')
      size--;
    if (size == 0 || (size == 1 && name[0] == '.'))
      continue;
    if (size >= sizeof path)
      return entry_failed(l, name, CV_ERR_NAMETOOLONG);
    memcpy(path, name, size);
    path[size] = '\0';
    CV_TRY(add_entry(l, entry, path));
  }
}

cv_status cv_fs_archive_new(cv_mem *mem, const char *host_path, uint64_t byte_limit, cv_fs **out, cv_diag *diag) {
  loader l = {.host_path = host_path, .diag = diag};
  cv_fs *fs = NULL;
  *out = NULL;
  if (!load(&l.lib))
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                   "unsupported: archives as directories (libarchive is not installed)");
  cv_status status = CV_OK;
  if (cv_fs_memory_new(mem, byte_limit, NULL, NULL, &fs) != CV_ERR_OK || cv_fs_root(fs, &l.root) != CV_ERR_OK ||
      (l.archive = l.lib.archive_read_new()) == NULL)
    status = cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  if (status == CV_OK && (l.lib.archive_read_support_filter_all(l.archive) < ARCHIVE_WARN ||
                          l.lib.archive_read_support_format_tar(l.archive) < ARCHIVE_WARN ||
                          l.lib.archive_read_support_format_zip(l.archive) < ARCHIVE_WARN ||
                          l.lib.archive_read_open_filename(l.archive, host_path, 65536) != ARCHIVE_OK))
    status = library_failed(&l);
  if (status == CV_OK)
    status = load_entries(&l);
  if (l.archive != NULL)
    (void)l.lib.archive_read_free(l.archive);
  cv_file_release(l.root);
  if (status != CV_OK) {
    cv_fs_release(fs);
    return status;
  }
  *out = fs;
  return CV_OK;
}
