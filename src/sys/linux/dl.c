// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dl.c: dlopen.
#include "sys/dl.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *cv_dl_open(const char *soname) {
  return dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
}

static bool is_in(const char *folder, const char *soname) {
  char path[4096];
  int size = snprintf(path, sizeof path, "%s/%s", folder, soname);
  return size > 0 && (size_t)size < sizeof path && access(path, R_OK) == 0;
}

// The folders that a call of dlopen from this object searches: LD_LIBRARY_PATH, its own list, the system's.
static bool is_in_search_path(void *object, const char *soname) {
  Dl_serinfo size, *paths = NULL;
  bool found = false;
  if (dlinfo(object, RTLD_DI_SERINFOSIZE, &size) == 0 && (paths = malloc(size.dls_size)) != NULL) {
    *paths = size;
    if (dlinfo(object, RTLD_DI_SERINFOSIZE, paths) == 0 && dlinfo(object, RTLD_DI_SERINFO, paths) == 0)
      for (unsigned i = 0; i < paths->dls_cnt && !found; i++)
        found = is_in(paths->dls_serpath[i].dls_name, soname);
  }
  free(paths);
  return found;
}

// By the program's list, then by that of the object that this code is in.
bool cv_dl_may_open(const char *soname) {
  static const char *const usual[] = {"/usr/local/lib", "/usr/local/lib/x86_64-linux-gnu"};
  for (size_t i = 0; i < CV_COUNT(usual); i++)
    if (is_in(usual[i], soname))
      return true;
  Dl_info own;
  void *program = dlopen(NULL, RTLD_LAZY), *object = NULL;
  bool found = program != NULL && is_in_search_path(program, soname);
  if (!found && dladdr((const void *)(uintptr_t)&cv_dl_may_open, &own) != 0)
    object = dlopen(own.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  found = found || (object != NULL && is_in_search_path(object, soname));
  if (object != NULL)
    dlclose(object);
  if (program != NULL)
    dlclose(program);
  return found;
}

void *cv_dl_symbol(void *library, const char *name) {
  return dlsym(library, name);
}
