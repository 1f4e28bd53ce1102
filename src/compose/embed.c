// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// embed.c: a world in a custom section of the module that is built for it.
#include "compose/compose.h"
#include "compose/modules.h"

#include "wasm/binary/decode.h"
#include "wit/encode.h"

cv_status cv_compose_embed(cv_bytes module, const cv_wit_world *world, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  cv_buf type, section;
  cv_module *decoded = NULL;
  CV_TRY(cv_module_decode(&decoded, mem, NULL, CV_FEATURES_ALL, module.data, module.size, CV_DECODE_BORROW, diag));
  cv_buf_init(&type, mem);
  cv_buf_init(&section, mem);
  cv_status status = cv_wit_encode_world(world, mem, &type, diag);
  if (status == CV_OK) {
    cv_compose_put_module(decoded, NULL, mem, out);
    cv_compose_put_name(&section, CV_BYTES_LITERAL("component-type"));
    cv_buf_bytes(&section, type.data, type.size);
    cv_compose_put_section(out, 0, &section);
    status = cv_buf_status(out);
  }
  cv_buf_free(&section);
  cv_buf_free(&type);
  cv_module_delete(decoded);
  return status;
}
