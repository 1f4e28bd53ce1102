// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// shout.c: a plugin in C: it writes greetings in capital letters. plugin.h and plugin.c are what
// `cove bindgen guest plugins.wit --prefix plugin` writes.
//
//   clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry shout.c plugin.c -o shout.core.wasm
//   cove component new shout.core.wasm -o shout.wasm
#include "plugin.h"

example_pipeline_filter_description exports_example_pipeline_filter_describe(void) {
  return (example_pipeline_filter_description){cove_string_copy("shout"), cove_string_copy("C")};
}

static bool is_greeting(cove_string subject) {
  static const char word[] = "greeting";
  return subject.size == sizeof word - 1 && memcmp(subject.data, word, subject.size) == 0;
}

// The parameter is ours: its parts go on into the result, or are freed.
example_pipeline_types_verdict exports_example_pipeline_filter_apply(example_pipeline_types_message *m) {
  if (!is_greeting(m->subject)) {
    example_pipeline_services_log(EXAMPLE_PIPELINE_SERVICES_LEVEL_INFO, cove_string_of("nothing to shout"));
    example_pipeline_types_message_free(m);
    return (example_pipeline_types_verdict){.tag = EXAMPLE_PIPELINE_TYPES_VERDICT_PASS};
  }
  for (size_t i = 0; i < m->body.size; i++)
    if (m->body.data[i] >= 'a' && m->body.data[i] <= 'z')
      m->body.data[i] = (char)(m->body.data[i] - 'a' + 'A');
  example_pipeline_services_counter counter = example_pipeline_services_counter_new(cove_string_of("messages"));
  example_pipeline_services_counter_add(counter, 1);
  example_pipeline_services_counter_drop(counter);
  return (example_pipeline_types_verdict){.tag = EXAMPLE_PIPELINE_TYPES_VERDICT_CHANGE, .as.change = *m};
}
