// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// encode.h: WIT in the binary format of components: a world as a component type (WIT.md, "Package Format"; the custom
// section `component-type` of a core module holds one), and worlds' imports and types inside of a component that is
// being built.
#ifndef COVE_WIT_ENCODE_H
#define COVE_WIT_ENCODE_H

#include "base/map.h"
#include "base/vec.h"
#include "wit/wit.h"

// What definitions are added to.
typedef enum cv_wit_scope_kind {
  CV_WIT_SCOPE_COMPONENT,      // sections of a component
  CV_WIT_SCOPE_COMPONENT_TYPE, // declarators
  CV_WIT_SCOPE_INSTANCE_TYPE,  // declarators
} cv_wit_scope_kind;

typedef struct cv_wit_encoder {
  cv_wit_scope_kind kind;
  cv_mem *mem;
  cv_arena *arena; // of keys; shared with the scopes inside
  cv_diag *diag;
  struct cv_wit_encoder *outer;
  cv_buf body;            // declarators, or finished sections
  uint32_t count;         // declarators
  cv_buf section;         // the open section's items
  uint32_t section_id;    // 0 for none
  uint32_t section_count; //
  uint32_t counts[13];    // items of each index space: cv_cspace (component/component.h)
  cv_map types;           // structure, as encoded -> type index
  cv_map defs;            // address of a cv_wit_typedef -> type index
  cv_map instances;       // address of a cv_wit_interface -> instance index; exports win over imports
  cv_status status;       // the first failure
} cv_wit_encoder;

void cv_wit_encoder_init(cv_wit_encoder *e, cv_wit_scope_kind kind, cv_mem *mem, cv_arena *arena, cv_diag *diag);
void cv_wit_encoder_free(cv_wit_encoder *e);
// Adds an item to section `id` of a component (one vector element), or a declarator whose first byte is `declarator`.
void cv_wit_encode_item(cv_wit_encoder *e, uint32_t id, int declarator, const cv_buf *item);
// Ends the open section. A component's sections are then in `body`.
void cv_wit_encode_flush(cv_wit_encoder *e);

// True for what shall be encoded; NULL takes all.
typedef bool cv_wit_filter(void *env, const cv_wit_interface *interface, const cv_wit_func *func);

// Imports an item of a world under its name. An interface gets the types that its functions need, and the functions
// that the filter takes.
CV_MUST_USE cv_status cv_wit_encode_import(cv_wit_encoder *e, const cv_wit_item *item, cv_wit_filter *filter,
                                           void *env);
// Imports a type of a world itself.
CV_MUST_USE cv_status cv_wit_encode_world_type(cv_wit_encoder *e, const cv_wit_typedef *def);
// The index of a type for a function, in this scope; the types that it names are known here.
CV_MUST_USE cv_status cv_wit_encode_func(cv_wit_encoder *e, const cv_wit_func *func, uint32_t *index);
// A value type as it stands in other types: appended to `out`.
CV_MUST_USE cv_status cv_wit_encode_valtype(cv_wit_encoder *e, const cv_wit_type *type, cv_buf *out);
// The structure of a definition as a type of this scope, and its index.
CV_MUST_USE cv_status cv_wit_encode_def(cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index);
// What a type is called in this scope from now on.
void cv_wit_encode_bind(cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t index);
bool cv_wit_encode_lookup(const cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index);
// A type of an interface whose instance is here, by an alias.
CV_MUST_USE cv_status cv_wit_encode_alias(cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index);
// The instance that was made last exports this interface: its types are those of the export from now on.
CV_MUST_USE cv_status cv_wit_encode_exported(cv_wit_encoder *e, const cv_wit_interface *interface);
// The instance type of an interface, added to the scope; its index. Types that it uses are aliased first.
CV_MUST_USE cv_status cv_wit_encode_interface(cv_wit_encoder *e, const cv_wit_interface *interface,
                                              cv_wit_filter *filter, void *env, uint32_t *type);
// nameattributes (Binary.md)
void cv_wit_encode_name(cv_buf *out, cv_bytes name, cv_bytes external_id);
// "[method]r.f", "[constructor]r", "f"
void cv_wit_func_label(const cv_wit_func *func, cv_buf *out);
void cv_wit_item_name(const cv_wit_item *item, cv_buf *out);

// A component with the world's type: what the custom section `component-type` holds.
CV_MUST_USE cv_status cv_wit_encode_world(const cv_wit_world *world, cv_mem *mem, cv_buf *out, cv_diag *diag);

#endif
