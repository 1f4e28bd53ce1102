// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// native.c: the machine code of a module from its beginning to its end, and the entries of its functions (native.h).
#include "exec/code/native.h"

#include "runtime/kept.h"
#include "runtime/tier_up.h"
#include "wasm/validate/validate.h"

enum { MOST_BLOCK = 1 << 20, LEAST_BLOCK = 4096, CODE_PER_BYTE = 8 };

cv_status cv_native_begin(cv_native_code *code, const cv_tier *tier, const cv_native_kind *kind, cv_mem *mem,
                          const cv_module *module, const cv_compile_options *options, cv_diag *diag) {
  uint32_t defined = cv_module_defined(module);
  code->base.tier = tier;
  code->base.module = module;
  code->base.options = *options;
  code->kind = kind;
  code->mem = mem;
  code->write_delta = cv_code_arena_write_delta();
  code->next_block = CV_MIN((size_t)MOST_BLOCK, LEAST_BLOCK + (size_t)module->code_section.size * CODE_PER_BYTE);
  cv_arena_init(&code->tables, mem);
  CV_TRY(cv_layout_of(module, &code->base.layout, diag));
  code->funcs = cv_mem_calloc(mem, defined + code->most_loops, sizeof *code->funcs);
  code->order = cv_mem_calloc(mem, defined + code->most_loops, sizeof *code->order);
  if (code->most_loops != 0)
    code->loop_func = cv_mem_calloc(mem, code->most_loops, sizeof *code->loop_func);
  if (options->objects.index != NULL && (options->objects.count != defined || !options->lazy))
    return cv_fail(diag, CV_EMALFORMED, CV_NO_OFFSET, "the compiled functions are not those of the module");
  bool ok = code->funcs != NULL && code->order != NULL && (code->most_loops == 0 || code->loop_func != NULL);
  return ok ? CV_OK : CV_ENOMEM;
}

static void compiler_delete(cv_native_code *code) {
  if (code->compiler != NULL)
    code->base.tier->maker->compiler_delete(code->compiler);
  code->compiler = NULL;
}

void cv_native_end(cv_native_code *code) {
  size_t most = (size_t)cv_module_defined(code->base.module) + code->most_loops;
  cv_native_announce_end(code);
  while (code->blocks != NULL) {
    cv_native_block *b = code->blocks;
    code->blocks = b->older;
    cv_code_map_remove((uintptr_t)b->block.run);
    cv_code_block_delete(&b->block);
    cv_mem_free(code->mem, b, sizeof *b);
  }
  compiler_delete(code);
  cv_arena_free(&code->tables);
  cv_mem_free(code->mem, code->funcs, most * sizeof *code->funcs);
  cv_mem_free(code->mem, code->order, most * sizeof *code->order);
  cv_mem_free(code->mem, code->loop_func, code->most_loops * sizeof *code->loop_func);
}

// ---- compiling ----

// With `compiling` held, where the code is shared. The object is good until the next one.
static cv_status make(cv_native_code *code, uint32_t func, uint32_t loop, cv_code_object *out, cv_diag *diag) {
  const cv_object_maker *maker = code->base.tier->maker;
  *out = (cv_code_object){0};
  if (code->compiler == NULL)
    CV_TRY(maker->compiler_new(&code->base, code->mem, &code->compiler));
  CV_TRY(cv_func_facts_late(code->base.module, func, diag));
  CV_TRY(maker->compile(code->compiler, func, loop, out, diag));
  if (code->base.options.kept != NULL && loop == CV_NO_LOOP)
    cv_kept_add(code->base.options.kept, func - code->base.module->imported_funcs, out);
  return CV_OK;
}

// Places what is not there yet, while others run in the code.
static cv_status place_late(cv_native_code *code, uint32_t index, const cv_code_object *object) {
  cv_lock_take(&code->lock);
  cv_status status = CV_OK;
  if (code->funcs[index].size == 0) {
    status = cv_native_place(code, index, object);
    if (status == CV_OK)
      status = cv_native_announce(code, code->placed - 1);
  }
  cv_lock_release(&code->lock);
  return status;
}

// Relocations lead to what is there, in their own text; the table of polls is whole.
static bool fits(const cv_native_code *code, const cv_code_object *object) {
  const cv_module *m = code->base.module;
  const uint64_t most[] = {[CV_RELOC_FUNC] = m->func_count,
                           [CV_RELOC_HELPER] = CV_NATIVE_HELPER_COUNT,
                           [CV_RELOC_POOL] = *code->kind->pool_size,
                           [CV_RELOC_TYPE] = m->type_count,
                           [CV_RELOC_FLAG] = code->flag != NULL ? 1 : 0,
                           [CV_RELOC_SLOT] = code->through_stubs ? m->func_count : 0};
  const cv_poll_table *polls = object->polls;
  if (polls != NULL && (object->polls_size < sizeof *polls || object->polls_size != cv_poll_table_size(polls)))
    return false;
  for (uint32_t i = 0; i < object->reloc_count; i++) {
    const cv_code_reloc *r = &object->relocs[i];
    if (r->kind >= CV_COUNT(most) || r->value >= most[r->kind] || !cv_range_fits(r->at, 4, object->text_size) ||
        ((r->kind == CV_RELOC_FUNC || r->kind == CV_RELOC_SLOT) && r->value < m->imported_funcs))
      return false;
  }
  return object->text_size > code->kind->entry_at + CV_EXTERNAL_ENTRY;
}

static bool is_in_file(const cv_native_code *code, uint32_t index, cv_code_object *out) {
  return cv_code_objects_get(&code->base.options.objects, index, out) == CV_OK && fits(code, out);
}

cv_status cv_native_compile_all(cv_native_code *code, cv_diag *diag) {
  const cv_module *m = code->base.module;
  cv_status status = CV_OK;
  for (uint32_t i = m->imported_funcs; i < m->func_count && status == CV_OK; i++) {
    cv_code_object object;
    status = make(code, i, CV_NO_LOOP, &object, diag);
    if (status == CV_OK)
      status = cv_native_place(code, i - m->imported_funcs, &object);
  }
  compiler_delete(code);
  for (const cv_native_block *b = code->blocks; b != NULL; b = b->older)
    cv_code_block_written(&b->block);
  return status == CV_OK ? cv_native_announce(code, 0) : status;
}

// From the file, if there is one. What an entry of a cache does not have, or not any more, is compiled.
static cv_status make_late(cv_native_code *code, uint32_t func, cv_diag *diag) {
  uint32_t index = func - code->base.module->imported_funcs;
  bool has_file = code->base.options.objects.index != NULL;
  cv_code_object object;
  if (!has_file || !is_in_file(code, index, &object)) {
    if (has_file && code->base.options.kept == NULL)
      return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                     "the compiled program is damaged: function %u; make it again: cove compile", func);
    CV_TRY(make(code, func, CV_NO_LOOP, &object, diag));
  }
  cv_status status = place_late(code, index, &object);
  if (code->compiler != NULL && !code->base.tier->maker->keep(code->compiler))
    compiler_delete(code);
  return status;
}

cv_status cv_native_compile_late(cv_instance *instance, uint32_t func, const uint8_t **entry, cv_diag *diag) {
  cv_native_code *code = (cv_native_code *)instance->code;
  uint32_t index = func - code->base.module->imported_funcs;
  const cv_native_func *f = &code->funcs[index];
  if (!__atomic_load_n(&f->ready, __ATOMIC_ACQUIRE) &&
      (code->base.up == NULL || !cv_tier_up_take(code->base.up, func))) {
    cv_lock_take(&code->compiling);
    // another thread may have been here
    cv_status status = __atomic_load_n(&f->ready, __ATOMIC_ACQUIRE) ? CV_OK : make_late(code, func, diag);
    cv_lock_release(&code->compiling);
    CV_TRY(status);
  }
  *entry = cv_native_entry_of(f) + CV_EXTERNAL_ENTRY;
  if (code->through_stubs) {
    const uint8_t *stub;
    cv_lock_take(&code->lock);
    cv_status status = cv_native_stub(code, index, &stub);
    cv_lock_release(&code->lock);
    CV_TRY(status);
    *entry = stub + CV_EXTERNAL_ENTRY;
  }
  return CV_OK;
}

static cv_status upper_compile(cv_native_code *code, uint32_t func, uint32_t loop, uint32_t *at, cv_diag *diag) {
  uint32_t defined = cv_module_defined(code->base.module), index = func - code->base.module->imported_funcs;
  *at = loop == CV_NO_LOOP ? index : defined + code->loop_count;
  if (loop == CV_NO_LOOP) {
    if (__atomic_load_n(&code->funcs[index].ready, __ATOMIC_ACQUIRE))
      return CV_OK;
  } else {
    if (code->loop_count == code->most_loops)
      return CV_ELIMIT;
    code->loop_func[code->loop_count] = index; // nobody reads it before the entry is placed
  }
  cv_code_object object;
  CV_TRY(make(code, func, loop, &object, diag));
  CV_TRY(place_late(code, *at, &object));
  code->loop_count += loop != CV_NO_LOOP;
  return CV_OK;
}

cv_status cv_native_upper_compile(cv_code *upper, uint32_t func, uint32_t loop, const uint8_t **entry, cv_diag *diag) {
  cv_native_code *code = (cv_native_code *)upper;
  uint32_t at;
  cv_lock_take(&code->compiling);
  cv_status status = upper_compile(code, func, loop, &at, diag);
  cv_lock_release(&code->compiling);
  if (status == CV_OK)
    *entry = cv_native_entry_of(&code->funcs[at]) + CV_EXTERNAL_ENTRY;
  return status;
}

cv_status cv_native_upper_take(cv_code *upper, uint32_t func, const uint8_t **entry, cv_diag *diag) {
  (void)diag;
  cv_native_code *code = (cv_native_code *)upper;
  uint32_t index = func - code->base.module->imported_funcs;
  cv_code_object object;
  if (!is_in_file(code, index, &object))
    return CV_EUNSUPPORTED;
  CV_TRY(place_late(code, index, &object));
  *entry = cv_native_entry_of(&code->funcs[index]) + CV_EXTERNAL_ENTRY;
  return CV_OK;
}

cv_status cv_native_lead_to(cv_code *lower, uint32_t func, const uint8_t *entry) {
  return cv_native_lead((cv_native_code *)lower, func - lower->module->imported_funcs, entry);
}

// ---- entries ----

// Of a function whose entry could not be made: there may be memory now, and the function object may outlive the
// instance.
static cv_run no_entry(cv_context *context, cv_func *func, cv_instance *caller, cv_value *values) {
  cv_invoke_fn *entry = cv_native_entry(cv_module_func_type(func->instance->module, func->index));
  if (entry != NULL) {
    func->invoke = entry;
    return entry(context, func, caller, values);
  }
  return cv_trap_set(context, CV_TRAP_OUT_OF_MEMORY, "no memory for the entry of a function");
}

// Where cv_func.code leads. A stub that could not be made is tried again by who compiles late.
static const uint8_t *code_of(cv_native_code *code, uint32_t index) {
  const cv_native_func *f = &code->funcs[index];
  const uint8_t *entry = cv_native_lazy_entry(true);
  if (code->through_stubs) {
    cv_lock_take(&code->lock);
    if (cv_native_stub(code, index, &entry) != CV_OK)
      entry = cv_native_lazy_entry(true);
    cv_lock_release(&code->lock);
  } else if (__atomic_load_n(&f->ready, __ATOMIC_ACQUIRE)) {
    entry = cv_native_entry_of(f);
  }
  return entry;
}

void cv_native_bind(cv_code *base, cv_func *func) {
  func->code = (void *)(uintptr_t)code_of((cv_native_code *)base, func->index - base->module->imported_funcs);
  cv_invoke_fn *entry = cv_native_entry(cv_module_func_type(base->module, func->index));
  func->invoke = entry != NULL ? entry : no_entry;
}

void *cv_native_thunk_for(const cv_functype *signature, cv_typeid type) {
  (void)type;
  return cv_native_thunk(signature);
}
