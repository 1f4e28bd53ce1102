// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose.h: components made of components, and components taken apart.
#ifndef COVE_COMPOSE_H
#define COVE_COMPOSE_H

#include <cove/status.h>

COVE_BEGIN

// A component in the binary format. All is borrowed until the function that takes it returns.
typedef struct cove_component_file {
  const char *name; // what messages call it: a file name
  const void *data;
  size_t size;
} cove_component_file;

// `socket` with its imports plugged: each import that an export of a plug satisfies (by name, or by a compatible
// version that is not older, and by type) is given that export. Other imports, and those of the plugs, become imports
// of the result, once for each name; it exports what the socket exports. COVE_INVALID when a plug plugs nothing, when
// two offer one import, or when an import and what has its name differ in type: the message says where. The buffer is
// to be ended with cove_buffer_delete.
COVE_API COVE_MUST_USE cove_status cove_component_plug(const cove_component_file *socket,
                                                       const cove_component_file *plugs, size_t plug_count,
                                                       cove_buffer *out, cove_error **error);

// Finds the component "namespace:package" or "namespace:package@version" for a text. False when there is none.
typedef bool cove_component_find(void *env, const char *name, cove_component_file *out);

// The composition that `text` describes, in the part of the WAC language that docs/compose.md documents. Failures of
// the text have a line and a column (cove_error_line); what of WAC is not built answers COVE_UNSUPPORTED. What `find`
// gives is borrowed until this returns.
COVE_API COVE_MUST_USE cove_status cove_component_compose(const char *text, size_t size, cove_component_find *find,
                                                          void *env, cove_buffer *out, cove_error **error);

// A core module or a component inside of a component. Borrowed until `each` returns; the bytes are those that
// cove_component_split was given.
typedef struct cove_component_piece {
  const char *path; // where it is: "module-0", "component-1.module-0"; with names where the binary has some
  bool is_component;
  const void *data;
  size_t size;
} cove_component_piece;

// Calls `each` for all that is inside of a component, what is outside before what is inside of it. When it returns
// something else than COVE_OK, that is returned.
COVE_API COVE_MUST_USE cove_status cove_component_split(const void *data, size_t size,
                                                        cove_status (*each)(void *env,
                                                                            const cove_component_piece *piece),
                                                        void *env, cove_error **error);

COVE_END

#endif
