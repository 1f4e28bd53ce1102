// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cpp_include.cc: the same headers from C++: owners by std::unique_ptr.
#include <cove/cove.h>

#include <cstdio>
#include <memory>

struct deleter {
  void operator()(cove_engine *e) const {
    cove_engine_delete(e);
  }
  void operator()(cove_module *m) const {
    cove_module_delete(m);
  }
  void operator()(cove_store *s) const {
    cove_store_delete(s);
  }
  void operator()(cove_linker *l) const {
    cove_linker_delete(l);
  }
  void operator()(cove_error *e) const {
    cove_error_delete(e);
  }
};
template <typename T> using owner = std::unique_ptr<T, deleter>;

int main() {
  // (module (func (export "answer") (result i32) i32.const 42))
  static const unsigned char binary[] = {0,   'a',  's', 'm', 1, 0,  0, 0,  1, 5, 1,    0x60, 0,
                                         1,   0x7f, 3,   2,   1, 0,  7, 10, 1, 6, 'a',  'n',  's',
                                         'w', 'e',  'r', 0,   0, 10, 6, 1,  4, 0, 0x41, 42,   0x0b};
  cove_error *error = nullptr;
  cove_engine *engine;
  cove_module *module;
  cove_store *store;
  cove_instance *instance;
  if (cove_engine_new(nullptr, &engine, &error) != COVE_OK)
    return 1;
  owner<cove_engine> engine_owner(engine);
  if (cove_module_new(engine, binary, sizeof binary, &module, &error) != COVE_OK) {
    owner<cove_error> error_owner(error);
    std::fprintf(stderr, "%s\n", cove_error_message(error));
    return 1;
  }
  owner<cove_module> module_owner(module);
  if (cove_store_new(engine, nullptr, &store, &error) != COVE_OK)
    return 1;
  owner<cove_store> store_owner(store);
  owner<cove_linker> linker(cove_linker_new(store));
  if (!linker || cove_linker_instantiate(linker.get(), module, &instance, &error) != COVE_OK)
    return 1;
  cove_value value;
  if (cove_func_call(cove_instance_func(instance, "answer"), nullptr, 0, &value, 1, &error) != COVE_OK)
    return 1;
  std::printf("the answer is %d\n", static_cast<int>(value.i32));
  return value.i32 == 42 ? 0 : 1;
}
