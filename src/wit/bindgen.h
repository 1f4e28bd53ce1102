// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindgen.h: C from WIT worlds.
//
// Host bindings (`cove bindgen host`): types, prototypes of what the host provides, and the glue between them and flat
// core values, built on <cove/glue.h>. Names:
//
//   interface wasi:io/streams       prefix wasi_io_streams_ (types, functions); inline ones by their label
//   type stream-error               struct wasi_io_streams_stream_error
//   case closed                     WASI_IO_STREAMS_STREAM_ERROR_CLOSED
//   list<u8> of a world             struct PREFIX_list_u8; so all types without a name
//   [method]input-stream.read       function wasi_io_streams_input_stream_read; constructors end in _new
//
// A name that C, C++ or something else has already gets a trailing underscore (the method descriptor.stat beside
// descriptor-stat). Of an interface in two versions both have theirs in their name: wasi_io_0_2_1_streams_. What an
// interface exports that is imported too, and that is made of its resources, begins with exports_.
#ifndef COVE_WIT_BINDGEN_H
#define COVE_WIT_BINDGEN_H

#include "wit/layout.h"
#include "wit/wit.h"

typedef struct cv_bindgen_options {
  const char *prefix; // of types without a name and of the table; NULL for the world's name
  const char *header; // how the source includes the header: "p2.h"
} cv_bindgen_options;

// Appends the header and the source. CV_EUNSUPPORTED for types that bindings cannot carry yet (streams, futures).
CV_MUST_USE cv_status cv_bindgen_host(const cv_wit_world *world, const cv_bindgen_options *options, cv_mem *mem,
                                      cv_buf *header, cv_buf *source, cv_diag *diag);

// Bindings for a guest (`cove bindgen guest`): types with the same names in the layout of the canonical ABI, functions
// that call imports, prototypes of exports, and the world in a custom section. Functions and resources of exports have
// `exports_` in front.
CV_MUST_USE cv_status cv_bindgen_guest(const cv_wit_world *world, const cv_bindgen_options *options, cv_mem *mem,
                                       cv_buf *header, cv_buf *source, cv_diag *diag);

// ---- names.c: what generators share ----

// kebab-case in lower snake case, or in upper snake case.
void cv_bindgen_snake(cv_bytes name, cv_buf *out);
void cv_bindgen_upper(cv_bytes name, cv_buf *out);
// The same as a name of its own: a C keyword gets a trailing underscore.
void cv_bindgen_member(cv_bytes name, cv_buf *out);
// A keyword, a macro, a type of the C library, or what generated functions call their own.
bool cv_bindgen_is_reserved(cv_bytes name);
// "wasi_io_streams"; of an inline interface its label.
void cv_bindgen_interface(const cv_wit_interface *interface, cv_buf *out);
// A documentation comment as lines of `//`, indented.
void cv_bindgen_docs(cv_bytes docs, unsigned indent, cv_buf *out);

// ---- signature.c ----
// The signature of a function as <cove/glue.h> defines it.
void cv_bindgen_signature(const cv_wit_func *func, cv_buf *out);

#endif
