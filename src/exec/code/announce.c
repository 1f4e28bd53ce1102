// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// announce.c: tells profilers and debuggers of compiled functions (native.h).
#include "exec/code/native.h"

cv_status cv_native_announce(cv_native_code *code, uint32_t first) {
  const cv_compile_options *options = &code->base.options;
  bool frames = options->debug_frames && code->kind->plain_frames;
  if ((options->profile == NULL && !frames) || first == code->placed)
    return CV_OK;
  const cv_module *m = code->base.module;
  uint32_t count = code->placed - first;
  cv_code_symbol *symbols = cv_mem_calloc(code->mem, count, sizeof *symbols);
  if (symbols == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++) {
    const cv_native_func *f = &code->funcs[code->order[first + i]];
    uint32_t index = cv_native_func_index(code, code->order[first + i]) + m->imported_funcs;
    symbols[i] = (cv_code_symbol){
        .start = (uintptr_t)cv_native_entry_of(f), .size = f->size, .name = m->funcs[index].name, .index = index};
  }
  cv_status status = CV_OK;
  // Whether a file can be written is no concern of the program: it runs without.
  if (options->profile != NULL)
    (void)!cv_profile_symbols(options->profile, symbols, count);
  if (frames) {
    // Direct calls enter behind the external entry, and gdb looks for `push rbp` where a function starts.
    for (uint32_t i = 0; i < count; i++) {
      symbols[i].start += CV_EXTERNAL_ENTRY;
      symbols[i].size -= CV_EXTERNAL_ENTRY;
    }
    cv_gdb_entry *entry = cv_gdb_register(code->mem, symbols, count, false);
    cv_native_stubs_announce();
    status = entry != NULL ? cv_vec_push(code->mem, &code->debug_entries, entry) : CV_ENOMEM;
    if (entry != NULL && status != CV_OK)
      cv_gdb_unregister(code->mem, entry);
  }
  cv_mem_free(code->mem, symbols, count * sizeof *symbols);
  return status;
}

void cv_native_announce_end(cv_native_code *code) {
  for (size_t i = 0; i < code->debug_entries.count; i++)
    cv_gdb_unregister(code->mem, code->debug_entries.data[i]);
  cv_vec_free(code->mem, &code->debug_entries);
}
