// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// resolve.h: private to sys/linux: opening a path beneath a directory.
#ifndef COVE_SYS_LINUX_RESOLVE_H
#define COVE_SYS_LINUX_RESOLVE_H

#include "sys/fs.h"

#include <limits.h>

enum { CV_MAX_SYMLINKS = 40, CV_MAX_WALK_DEPTH = 128 };

// Like openat(dir, path, flags | O_CLOEXEC, mode), but never leaves `dir`.
CV_MUST_USE cv_err cv_resolve_open(cv_handle dir, cv_resolver r, const char *path, int flags, unsigned mode,
                                   cv_handle *out);

// A path taken apart: the directory that holds its last component, and that component.
typedef struct cv_resolved {
  cv_handle parent; // O_PATH, or the directory itself
  bool owned;       // close `parent` afterwards
  bool slash;       // the path ended in a slash: the object must be a directory
  bool dot, dotdot; // the last component is "." or ".."
  char name[NAME_MAX + 1];
} cv_resolved;
CV_MUST_USE cv_err cv_resolve_parent(cv_handle dir, cv_resolver r, const char *path, cv_resolved *out);
void cv_resolved_done(cv_resolved *resolved);

#endif
