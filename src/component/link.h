// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// link.h: whether what is there fits what a component imports: names and versions, function types, whole items.
//
// Terms
//   signature  a function type as text (cove/glue.h, "Signature"), with resources by full name.
//   full name  of a resource: the interface that introduces it, without version, and its own: "wasi:io/poll/pollable".
#ifndef COVE_COMPONENT_LINK_H
#define COVE_COMPONENT_LINK_H

#include "base/buf.h"
#include "component/instantiate.h"

// ---- link_names.c ----
// An interface name without its version ("wasi:io/poll"), and the version ("0.2.3"), which may be empty.
void cv_cname_split(cv_bytes name, cv_bytes *base, cv_bytes *version);

typedef enum cv_version_fit {
  CV_VERSION_FITS,  // the same, or older than what is there and compatible
  CV_VERSION_NEWER, // compatible but for being newer
  CV_VERSION_OTHER, // incompatible, or no version
} cv_version_fit;
// Semantic versions, or canonical ones (Explainer.md, "Canonical Interface Name"), which any of their kind fits.
// `suffix` is the version suffix of what is wanted, or empty.
cv_version_fit cv_version_fits(cv_bytes wanted, cv_bytes suffix, cv_bytes there);
// Less than, equal to or greater than 0.
int cv_version_compare(cv_bytes a, cv_bytes b);

// ---- signature.c ----
// Names of the resources of a component by their number: those that its imports and exports introduce.
typedef struct cv_resource_name {
  cv_bytes interface, name; // both without version; empty for resources that have no name outside
} cv_resource_name;
// An array for component->resource_count resources, in `arena`; NULL when out of memory.
cv_resource_name *cv_resource_names(const cv_component *component, cv_arena *arena);
// Appends; errors stick to the buffer. `names` may be NULL when the type has no resources, or none with a name.
void cv_signature_write(cv_buf *out, const cv_cfunctype *type, const cv_resource_name *names);
// For people: "func(name: string) -> result<u32>"; "list<u8>".
void cv_cfunctype_print(cv_buf *out, const cv_cfunctype *type);
void cv_ctype_print(cv_buf *out, const cv_ctype *type);
// The names that imports and exports give to value types.
typedef struct cv_type_name {
  uint32_t origin; // cv_ctraits.origin
  uint32_t at;     // in the order of the component: of several names the first counts
  cv_bytes name;
} cv_type_name;
typedef struct cv_type_names {
  const cv_type_name *list; // by origin, then by `at`
  uint32_t count;
} cv_type_names;
// All of a component type and of the instances in it, in `arena`. CV_ENOMEM.
CV_MUST_USE cv_status cv_type_names_of(const cv_ccomponenttype *type, cv_arena *arena, cv_type_names *out);
// The name of a type, or empty.
cv_bytes cv_type_names_find(const cv_type_names *names, const cv_ctype *type);
// The same for people, with types called by their names: "func(of: shape) -> result<point, error-code>".
void cv_cfunctype_print_named(cv_buf *out, const cv_cfunctype *type, const cv_type_names *names);
// With `whole` the type itself is written out, and its parts by their names: a definition.
void cv_ctype_print_named(cv_buf *out, const cv_ctype *type, const cv_type_names *names, bool whole);

// ---- link.c ----
// A component's imports on their way to being matched: the resource types that were found so far, by number.
typedef struct cv_binding {
  const cv_component *component;
  const cv_resource_type **resources; // component->resource_count of them, NULL where not bound yet
} cv_binding;
// Whether types are the same, where the resources of each are those of the store that its array gives.
bool cv_cfunctype_same(const cv_cfunctype *a, const cv_resource_type *const *of_a, const cv_cfunctype *b,
                       const cv_resource_type *const *of_b);
// Whether an item may be what is wanted, by the subtyping of the specification; binds the resources that it brings.
// Otherwise `why` gets a sentence.
CV_MUST_USE bool cv_citem_fits(cv_binding *binding, const cv_cexterntype *wanted, cv_bytes name, const cv_citem *item,
                               cv_buf *why);

#endif
