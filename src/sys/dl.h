// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dl.h: shared libraries that are loaded when first wanted, so that the command starts without them.
#ifndef COVE_SYS_DL_H
#define COVE_SYS_DL_H

#include "base/base.h"

// The library of that name (a soname, searched as the system does), or NULL. It stays loaded for the process.
void *cv_dl_open(const char *soname);
// False: cv_dl_open would hardly find it. Looks where the system would, without loading anything; of the folders that
// the system has in a cache it knows the usual ones only.
bool cv_dl_may_open(const char *soname);
// The address of a symbol of the library or of what it depends on, or NULL.
void *cv_dl_symbol(void *library, const char *name);

#endif
