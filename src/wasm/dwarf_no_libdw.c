// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dwarf_no_libdw.c: stands in for dwarf_libdw.c where the headers of libdw were not there when cove was built.
#include "wasm/dwarf.h"

cv_status cv_dwarf_open(cv_dwarf **out, cv_mem *mem, const cv_module *module) {
  *out = NULL;
  return CV_ENOTFOUND;
}

void cv_dwarf_close(cv_dwarf *dwarf) {
}

bool cv_dwarf_find(cv_dwarf *dwarf, uint32_t offset, cv_dwarf_place *out) {
  return false;
}
