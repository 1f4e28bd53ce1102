// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dl.c: dlopen.
#include "sys/dl.h"

#include <dlfcn.h>

void *cv_dl_open(const char *soname) {
  return dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
}

void *cv_dl_symbol(void *library, const char *name) {
  return dlsym(library, name);
}
