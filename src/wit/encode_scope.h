// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// encode_scope.h: what the files of the encoder share: the numbers of the binary format, and what a scope knows.
//
//   encode_scope.c  scopes: sections or declarators, names, definitions that have an index
//   encode.c        types, functions, interfaces
//   encode_world.c  worlds, and the component that holds one
#ifndef COVE_WIT_ENCODE_SCOPE_H
#define COVE_WIT_ENCODE_SCOPE_H

#include "component/component.h"
#include "wit/encode.h"
#include "wit/syntax.h"

enum {
  SECTION_ALIAS = 6,
  SECTION_TYPE = 7,
  SECTION_IMPORT = 10,
  SECTION_EXPORT = 11,
  DECL_TYPE = 0x01,
  DECL_ALIAS = 0x02,
  DECL_IMPORT = 0x03,
  DECL_EXPORT = 0x04,
  SORT_FUNC = 0x01,
  SORT_TYPE = 0x03,
  SORT_COMPONENT = 0x04,
  SORT_INSTANCE = 0x05,
};

CV_COLD cv_status cv_wit_encode_no_memory(cv_wit_encoder *e);
// A vector of bytes; a name that is in a buffer.
void cv_wit_encode_bytes(cv_buf *out, cv_bytes bytes);
void cv_wit_encode_name_buf(cv_buf *out, const cv_buf *name, cv_bytes external_id);
// The index of a definition that this scope has.
CV_MUST_USE cv_status cv_wit_encode_local(cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index);
// Where an interface's instance is from now on.
void cv_wit_encode_bind_instance(cv_wit_encoder *e, const cv_wit_interface *interface, uint32_t index);

#endif
