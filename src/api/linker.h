// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linker.h: the linker, for those who fill it from inside the library.
#ifndef COVE_API_LINKER_H
#define COVE_API_LINKER_H

#include "api/api.h"
#include "base/map.h"
#include "wasi/p1/p1.h"

struct cove_linker {
  cove_store *store; // borrowed
  cv_arena arena;    // keys
  cv_map map;        // to indices of `items`
  CV_VEC(cv_extern) items;
  cv_p1 *p1;       // asked for names that the table does not have; NULL without WASI
  void *host_data; // of the instances that it makes: for WASI the resource context
};

// Defines one item. Names are copied.
CV_MUST_USE cv_status cv_linker_put(cove_linker *linker, cv_bytes module, cv_bytes name, cv_extern item);

#endif
