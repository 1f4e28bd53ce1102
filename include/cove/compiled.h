// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compiled.h: programs compiled ahead of time. A compiled program is a file (".cwasm") with the machine code of a
// module or component and the program itself. It starts without being compiled, and reads of the file what it runs.
//
// A compiled program is trusted as a native program is: it is not validated, and whoever wrote it can do what this
// process can. Load only what cove_compile made, from where nobody else can write. It fits the build of the library
// that made it, and CPUs that have what it was compiled for; anything else is refused with a sentence that says so.
#ifndef COVE_COMPILED_H
#define COVE_COMPILED_H

#include <cove/component.h>
#include <cove/module.h>

COVE_BEGIN

typedef struct cove_compile_options {
  unsigned jobs; // threads; 0 for one on each core
  // Called now and then in the calling thread: bytes of function bodies that are compiled, and all of them. May be
  // NULL.
  void (*progress)(void *env, uint64_t done, uint64_t total);
  void *env;
} cove_compile_options;

// Decodes, validates and compiles a binary module or component with the engine's tier, for the CPU and with the rules
// (fuel, NaNs) of its configuration. `options` may be NULL. The buffer is to be ended with cove_buffer_delete.
//   COVE_MALFORMED, COVE_INVALID, COVE_LIMIT, COVE_NO_MEMORY   as cove_module_new
//   COVE_UNSUPPORTED   likewise, and: the tier makes no machine code; it is a compiled program (cove_compiled_program)
COVE_API COVE_MUST_USE cove_status cove_compile(cove_engine *engine, const void *data, size_t size,
                                                const cove_compile_options *options, cove_buffer *out,
                                                cove_error **error);

// A module, or a component, from a compiled program. The bytes begin at a multiple of 8, and stay as they are until
// `release` (may be NULL) is called with `env`, which is when the module (the component) and all its instances are
// gone: map the file. On failure `release` is not called. An engine whose tier is "interp" takes the program alone, and
// validates it.
//   COVE_UNSUPPORTED  of another version or build, or for another CPU; the sentence says what to do
//   COVE_MALFORMED    damaged; but damage to the code of a function traps when the function is first called
//   COVE_USAGE        not compiled for what the engine's configuration wants (fuel, canonical NaNs); a component where
//                     a module is wanted, or the other way round
COVE_API COVE_MUST_USE cove_status cove_module_load_compiled(cove_engine *engine, const void *data, size_t size,
                                                             void (*release)(void *env), void *env, cove_module **out,
                                                             cove_error **error);
COVE_API COVE_MUST_USE cove_status cove_component_load_compiled(cove_engine *engine, const void *data, size_t size,
                                                                void (*release)(void *env), void *env,
                                                                cove_component **out, cove_error **error);

// The program that was compiled, in the binary format; it lies in `data`, and all of it was compared with its digest.
// Works for other builds and CPUs, too.
//   COVE_UNSUPPORTED  of another version
//   COVE_MALFORMED    it is damaged, too
COVE_API COVE_MUST_USE cove_status cove_compiled_program(const void *data, size_t size, cove_bytes *out,
                                                         bool *is_component, cove_error **error);

// What it is, as the file says, which is compared with its digest when it is loaded; statuses as above.
COVE_API COVE_MUST_USE cove_status cove_compiled_is_component(const void *data, size_t size, bool *is_component,
                                                              cove_error **error);

// Gives a configuration what the program was compiled with: its features of WebAssembly, and whether fuel is counted
// and NaNs are canonical; as the file says, likewise. For an engine that takes the program in it, or compiles it again.
COVE_API COVE_MUST_USE cove_status cove_config_set_compiled(cove_config *config, const void *data, size_t size,
                                                            cove_error **error);

COVE_END

#endif
