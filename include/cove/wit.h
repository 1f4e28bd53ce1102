// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wit.h: WIT packages, and what is made of them: C bindings, component types, components out of core modules.
#ifndef COVE_WIT_H
#define COVE_WIT_H

#include <cove/engine.h>

COVE_BEGIN

// Packages that were parsed and resolved. Immutable, so threads may share it.
typedef struct cove_wit cove_wit;

typedef struct cove_wit_options {
  const char *const *features; // unstable features that are on
  size_t feature_count;
  bool all_features;
} cove_wit_options;

// A *.wit file, or a folder of them with dependencies in its deps/ folder. Errors name file, line and column. `options`
// may be NULL.
COVE_API COVE_MUST_USE cove_status cove_wit_open(const char *path, const cove_wit_options *options, cove_wit **out,
                                                 cove_error **error);
// One document in memory.
COVE_API COVE_MUST_USE cove_status cove_wit_parse(const char *text, size_t size, const cove_wit_options *options,
                                                  cove_wit **out, cove_error **error);
// The world of a component, or the one that a core module carries in its custom section `component-type`. COVE_INVALID
// when the module carries none.
COVE_API COVE_MUST_USE cove_status cove_wit_of_binary(const void *data, size_t size, cove_wit **out,
                                                      cove_error **error);
COVE_API void cove_wit_delete(cove_wit *wit); // NULL is allowed
// All packages as text.
COVE_API COVE_MUST_USE cove_status cove_wit_text(const cove_wit *wit, cove_buffer *out, cove_error **error);

// `world` below: a name in the root package, "ns:pkg/name@1.0.0", or NULL for the only one.

// C for a host that serves the world's imports. `prefix` names types without a name of their own and the table (NULL:
// the world's name); `header_name` is how the source includes the header.
COVE_API COVE_MUST_USE cove_status cove_wit_bindgen_host(const cove_wit *wit, const char *world, const char *prefix,
                                                         const char *header_name, cove_buffer *header,
                                                         cove_buffer *source, cove_error **error);
// C for a component of the world, which clang compiles alone: calls of imports, prototypes of exports, and the world
// itself, so that the module becomes a component without its WIT. Arguments as above.
COVE_API COVE_MUST_USE cove_status cove_wit_bindgen_guest(const cove_wit *wit, const char *world, const char *prefix,
                                                          const char *header_name, cove_buffer *header,
                                                          cove_buffer *source, cove_error **error);
// A component that packages the world: what the custom section `component-type` holds.
COVE_API COVE_MUST_USE cove_status cove_wit_encode(const cove_wit *wit, const char *world, cove_buffer *out,
                                                   cove_error **error);

// ---- whether a component fits a world ----

// What does not fit. Strings live as long as the cove_wit_fit.
typedef enum cove_misfit_kind {
  COVE_MISFIT_MISSING_EXPORT =
      1, // the world demands an export that the component does not have, or not in this version
  COVE_MISFIT_UNKNOWN_IMPORT = 2, // the component imports what the world does not offer, or not in this version
  COVE_MISFIT_TYPE = 3,           // both have it, with different types
} cove_misfit_kind;

typedef struct cove_misfit {
  cove_misfit_kind kind;
  const char *where;     // "export `docs:kv/store@0.1.0`, function `get`, parameter `key`"
  const char *what;      // "the types differ"
  const char *world;     // the type in the world as WIT writes it; NULL where there is nothing to compare
  const char *component; // likewise in the component
} cove_misfit;

typedef struct cove_wit_fit cove_wit_fit;

// Whether a component (in the binary format) can stand where `world` is wanted: it exports all that the world exports,
// and imports no more than the world imports, each of the same type. A newer compatible version serves who wants an
// older one. COVE_OK says that the question was answered: the component fits when there is no misfit. COVE_USAGE for a
// core module.
COVE_API COVE_MUST_USE cove_status cove_wit_check(const cove_wit *wit, const char *world, const void *component,
                                                  size_t size, cove_wit_fit **out, cove_error **error);
COVE_API void cove_wit_fit_delete(cove_wit_fit *fit); // NULL is allowed
// "docs:kv/plugin@0.1.0": the world that was meant.
COVE_API const char *cove_wit_fit_world(const cove_wit_fit *fit);
// All places, imports first; at most 200, and *more (may be NULL) says that there are others.
COVE_API size_t cove_wit_fit_count(const cove_wit_fit *fit, bool *more);
// False when `index` is out of range.
COVE_API bool cove_wit_fit_misfit(const cove_wit_fit *fit, size_t index, cove_misfit *out);

// A core module with the world in its custom section.
COVE_API COVE_MUST_USE cove_status cove_module_embed(const void *module, size_t size, const cove_wit *wit,
                                                     const char *world, cove_buffer *out, cove_error **error);

// A core module that provides what another one imports from the module `name`, in terms of component imports: for
// instance wasi_snapshot_preview1.
typedef struct cove_adapter {
  const char *name;
  const void *module;
  size_t size;
} cove_adapter;

// What a module of WASI preview 1 becomes with the adapter that is built in, for any host of WASI 0.2.
typedef enum cove_preview1 {
  COVE_PREVIEW1_NONE = 0,    // the adapter is not added
  COVE_PREVIEW1_COMMAND = 1, // a program: its start is exported as wasi:cli/run
  COVE_PREVIEW1_REACTOR = 2, // a library: it is initialised when the component is instantiated
} cove_preview1;

typedef struct cove_componentize_options {
  const cove_adapter *adapters;
  size_t adapter_count;
  cove_preview1 preview1;
  const cove_wit *wit; // where the world is when the module does not carry it; may be NULL
  const char *world;
} cove_componentize_options;

// A component around a core module. `options` may be NULL. COVE_INVALID says what does not fit the world.
COVE_API COVE_MUST_USE cove_status cove_module_componentize(const void *module, size_t size,
                                                            const cove_componentize_options *options, cove_buffer *out,
                                                            cove_error **error);

COVE_END

#endif
