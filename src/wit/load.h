// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// load.h: WIT from files and folders.
#ifndef COVE_WIT_LOAD_H
#define COVE_WIT_LOAD_H

#include "wit/wit.h"

// Adds a root package and its dependencies: a file, or a folder with a deps/ folder in it. To be followed by
// cv_wit_resolve. CV_EIO names the file that cannot be read; the errors of cv_wit_add_text.
CV_MUST_USE cv_status cv_wit_load(cv_wit *wit, const char *path, cv_mem *mem, cv_diag *diag);

#endif
