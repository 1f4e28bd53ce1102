// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindings.h: what the generated part of a world's test (make.c) and the program that runs it (run.c) share.
#ifndef COVE_TESTS_BINDINGS_H
#define COVE_TESTS_BINDINGS_H

#include <cove/cove.h>

// `host` of a world's functions.
typedef struct echo {
  void *exports; // of the instance that is asked (the world's PREFIX_exports); NULL: the host answers itself
  cove_results results;
  cove_error *error;
} echo;

typedef struct echo_world {
  const char *name, *wit, *core; // core: the text of a module that passes each call on
  const cove_glue_world *world;
  cove_status (*find)(cove_component_instance *instance, void **exports, cove_error **error); // freed by the caller
} echo_world;

#endif
