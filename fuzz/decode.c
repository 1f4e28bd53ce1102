// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decoding any bytes: with all features and with those of WebAssembly 1.0, then the names, which may be malformed.
// A quota keeps an input from asking for more than a fixed multiple of its size.
#include <stdlib.h>

#include "target.h"
#include "wasm/binary/decode.h"
#include "wasm/canon.h"

static void read_names(const cv_module *m) {
  for (uint32_t id = 0; id < 16; id++) {
    cv_name_cursor cursor;
    cv_name_cursor_init(&cursor, m, id);
    while (cv_name_cursor_next(&cursor))
      if (cursor.name.size > m->size)
        abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const cv_features sets[] = {CV_FEATURES_ALL, CV_FEATURES_WASM1};
  cv_binary_kind_of(data, size, NULL);
  for (size_t i = 0; i < CV_COUNT(sets); i++) {
    cv_mem mem;
    cv_mem_init(&mem, (1 << 20) + (uint64_t)size * 256);
    cv_type_registry *registry = cv_type_registry_new(&mem);
    if (registry == NULL)
      return 0;
    cv_diag diag;
    cv_diag_init(&diag);
    cv_module *m;
    cv_status status = cv_module_decode(&m, &mem, registry, sets[i], data, size, CV_DECODE_BORROW, &diag);
    if (status == CV_ENOMEM || (status != CV_OK) != (m == NULL) || status != diag.status)
      abort();
    if (m != NULL)
      read_names(m);
    cv_module_delete(m);
    cv_type_registry_delete(registry);
    if (mem.used != 0)
      abort();
  }
  return 0;
}
