// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// graph.h: a component made of components: instances that are given each other's exports.
//
//   cv_graph_new  ->  cv_graph_instantiate, cv_graph_access, cv_graph_export in any order  ->  cv_graph_encode
//
// Terms
//   package  a component that is given; it may be instantiated any number of times.
//   node     an item of the composition: an import, an instance, an export of an instance.
//   import   what no node gives an instance, the composition imports under the same name. Instances that import the
//            same name, or compatible versions of an interface, share one import: it has the highest of the versions
//            and everything that any of them asks for. What they both ask for must have the same type.
//
// Types are those of component validation (component/validate/validator.h): all packages are validated as nested
// components of one component, so that their types and resources can be compared and substituted.
#ifndef COVE_COMPOSE_GRAPH_H
#define COVE_COMPOSE_GRAPH_H

#include "base/buf.h"
#include "component/validate/validator.h"

typedef struct cv_graph_package {
  cv_bytes name;     // "ns:pkg@1.0.0", or empty
  const char *title; // for messages: a file name, or the name
  cv_bytes bytes;    // borrowed: a component; outlives the graph
  // filled by cv_graph_new
  const cv_ccomponenttype *type;
  uint32_t start; // where it is among the bytes of all
} cv_graph_package;

typedef enum cv_graph_kind { CV_GRAPH_IMPORT, CV_GRAPH_INSTANCE, CV_GRAPH_ACCESS } cv_graph_kind;

typedef struct cv_graph_arg {
  cv_bytes name;
  uint32_t node;
} cv_graph_arg;

typedef struct cv_graph_node {
  cv_graph_kind kind;
  cv_cextern external; // name with attributes, and type. Import: of the import; access: of the export
  uint32_t package;    // instance; import: who asked first
  cv_graph_arg *args;  // instance: one for each import of the package
  uint32_t source;     // access: the node
  bool is_explicit;    // import: written down, so that its name stays
  cv_bytes path;       // import that is written down: the interface that it is, whatever it is called
  bool has_type;       // import: somebody has asked for it
  // encoding (graph_encode.c)
  uint8_t state;
  uint32_t index; // in the index space of its sort
} cv_graph_node;

typedef struct cv_graph_export {
  cv_bytes name;
  const cv_cextern *like; // the attributes; or NULL
  uint32_t node;
  uint32_t place; // cv_graph.place when it was made
} cv_graph_export;

typedef struct cv_graph {
  cv_mem *mem;
  cv_diag *diag;
  cv_arena arena;
  cv_graph_package *packages; // borrowed
  uint32_t package_count;
  cv_buf binary; // of all packages, as sections of a component
  cv_component *component;
  cv_type_registry *registry;
  cv_cvalidator v;
  cv_scope scope; // of resources of the composition
  bool has_scope;
  CV_VEC(cv_graph_node) nodes;
  CV_VEC(uint32_t) imports; // those nodes that are imports
  cv_map accesses;          // node of the instance and name of its export -> node
  CV_VEC(cv_graph_export) exports;
  cv_map export_names;
  uint32_t place; // where the user is in what it reads; after a failure of cv_graph_encode, of the export to blame
  cv_map owners;  // id of a resource -> the import that introduces it
  cv_map origins; // of a type -> address of the origin of the same type in an import that was there before
} cv_graph;

// Validates the packages. On failure too, the graph is to be freed.
CV_MUST_USE cv_status cv_graph_new(cv_graph *g, cv_graph_package *packages, uint32_t count, cv_mem *mem, cv_diag *diag);
void cv_graph_free(cv_graph *g);

// An import that is written down: the interface `path`, under a name. What is in it is what those ask for that it is
// given to.
CV_MUST_USE cv_status cv_graph_import(cv_graph *g, cv_bytes name, cv_bytes path, uint32_t *node);
// An instance of a package. `args` has a node for each of its imports, or CV_NO_INDEX for what the composition imports.
CV_MUST_USE cv_status cv_graph_instantiate(cv_graph *g, uint32_t package, const uint32_t *args, uint32_t *node);
// An export of a node that is an instance. CV_EINVALID when there is none of this name.
CV_MUST_USE cv_status cv_graph_access(cv_graph *g, uint32_t instance, cv_bytes name, uint32_t *node);
// `like` has the attributes of the name, and may be NULL.
CV_MUST_USE cv_status cv_graph_export_node(cv_graph *g, uint32_t node, cv_bytes name, const cv_cextern *like);
bool cv_graph_is_exported(const cv_graph *g, cv_bytes name);
// The component; validated.
CV_MUST_USE cv_status cv_graph_encode(cv_graph *g, cv_buf *out);

// The same name, or a compatible version of the same interface, whichever of the two is older.
bool cv_graph_same_name(cv_bytes a, cv_bytes b);
const cv_cinstancetype *cv_graph_instance_type(const cv_graph *g, uint32_t node); // NULL for what is none
const char *cv_graph_node_title(const cv_graph *g, uint32_t node);                // for messages

// ---- graph_types.c: types in the binary format ----

typedef struct cv_graph_encoder cv_graph_encoder;
CV_MUST_USE cv_status cv_graph_encoder_new(cv_graph_encoder **out, cv_graph *g);
void cv_graph_encoder_delete(cv_graph_encoder *x); // NULL is allowed
struct cv_wit_encoder *cv_graph_encoder_root(cv_graph_encoder *x);
// An import of the composition, and those that it needs before it.
CV_MUST_USE cv_status cv_graph_put_import(cv_graph_encoder *x, uint32_t node);
void cv_graph_put_name(cv_buf *out, const cv_cextern *external);
void cv_graph_put_sort(cv_buf *out, cv_csort sort);

// ---- graph_core.c ----
// Appends a core module type. CV_EUNSUPPORTED when it has types that cannot be written alone.
CV_MUST_USE cv_status cv_graph_put_module_type(cv_graph *g, const cv_coremoduletype *type, cv_buf *out);

#endif
