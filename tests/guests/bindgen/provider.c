// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The world `provider` of odd.wit.
#include "odd.h"

struct exports_test_odd_shared_thing_rep {
  uint32_t id;
};

exports_test_odd_shared_thing exports_test_odd_shared_thing_new(uint32_t id) {
  exports_test_odd_shared_thing_rep *made = malloc(sizeof *made);
  made->id = id;
  return exports_test_odd_shared_thing_from_rep(made);
}

exports_test_odd_shared_thing exports_test_odd_shared_thing_new_(void) {
  return exports_test_odd_shared_thing_new(1000);
}

uint32_t exports_test_odd_shared_thing_id(exports_test_odd_shared_thing_rep *self) {
  return self->id;
}

void exports_test_odd_shared_thing_destroy(exports_test_odd_shared_thing_rep *self) {
  free(self);
}

struct exports_local_thing_rep {
  cove_string name;
};

exports_local_thing exports_local_find(cove_string name) {
  exports_local_thing_rep *made = malloc(sizeof *made);
  made->name = name;
  return exports_local_thing_from_rep(made);
}

cove_string exports_local_thing_name(exports_local_thing_rep *self) {
  cove_string copy = {malloc(self->name.size), self->name.size};
  memcpy(copy.data, self->name.data, copy.size);
  return copy;
}

void exports_local_thing_destroy(exports_local_thing_rep *self) {
  cove_string_free(&self->name);
  free(self);
}
