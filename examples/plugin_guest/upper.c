// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// upper.c: a plugin for plugin_typed.c in C, as upper.wat is one in the text format.
//
//   cove bindgen guest plugin.wit -w plugin -o plugin_guest
//   clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry plugin_guest/upper.c plugin_guest/plugin.c -o upper.core.wasm
//   cove component new upper.core.wasm -o upper.wasm
//   example_plugin_typed upper.wasm
#include "plugin.h"

plugin_result_string_string exports_example_plugin_filter_apply(cove_string text) {
  plugin_result_string_string result = {.is_error = text.size == 0};
  if (result.is_error) {
    result.as.error = cove_string_copy("nothing to do");
    return result;
  }
  example_plugin_log_write(text);
  // The text is ours, and becomes the result.
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] >= 'a' && text.data[i] <= 'z')
      text.data[i] -= 'a' - 'A';
  result.as.ok = text;
  return result;
}
