// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile.c: the tier (runtime/tier.h): compiles a module's functions, all at once or each when it is first called, and
// tells what machine addresses mean.
#include "exec/code/cpu.h"
#include "exec/jit/announce.h"
#include "exec/jit/plan.h"
#include "exec/jit/stencil.h"
#include "sys/thread.h"

enum { FIRST_BUFFER = 16 << 10, KEPT_BUFFER = 1 << 20, BLOCK = 1 << 20 };

static cv_jit_cpu cpu_of(cv_cpu_level level) {
  if (level == CV_CPU_LEAST)
    return (cv_jit_cpu){0};
  if (level == CV_CPU_COMMON)
    return (cv_jit_cpu){true, true, true, true, true, true};
  cv_cpu found = cv_cpu_detect(); // not the compiler's builtins: cpu.c says why
  return (cv_jit_cpu){
      .avx = found.avx,
      .bmi2 = found.bmi2,
      .lzcnt = found.lzcnt,
      .tzcnt = found.bmi1,
      .popcnt = found.popcnt,
      .avx2_level = found.avx && found.avx2 && found.bmi1 && found.bmi2 && found.lzcnt && found.popcnt,
  };
}

const uint8_t *jit_stencil_pool;

static bool jit_ready(void) {
  static cv_lock lock;
  static bool tried;
  cv_lock_take(&lock);
  if (!tried && cv_native_stubs_ready())
    jit_stencil_pool = cv_native_place_forever(cv_stencil_pool, cv_stencil_pool_size);
  tried = true;
  bool ready = jit_stencil_pool != NULL;
  cv_lock_release(&lock);
  return ready;
}

static bool jit_available(void) {
  return cv_cpu_detect().sse41 && jit_ready();
}

// ---- compiling ----

void jit_free(jit *j) {
  cv_mem_free(j->mem, j->buffer, j->buffer_size);
  cv_mem_free(j->mem, j->stack, j->stack_capacity * sizeof *j->stack);
  cv_mem_free(j->mem, j->ctls, j->ctl_capacity * sizeof *j->ctls);
  cv_mem_free(j->mem, j->pin, j->pin_capacity * sizeof *j->pin);
  cv_vec_free(j->mem, &j->consts);
  cv_vec_free(j->mem, &j->pool);
  cv_vec_free(j->mem, &j->const_uses);
  cv_vec_free(j->mem, &j->relocs);
  cv_vec_free(j->mem, &j->traps);
  cv_vec_free(j->mem, &j->handlers);
  cv_vec_free(j->mem, &j->frame_leas);
  cv_vec_free(j->mem, &j->map);
}

static bool has_vectors(const cv_module *m) {
  for (uint32_t i = 0; i < m->type_count; i++) {
    const cv_type *t = &m->types[i];
    if (t->kind != CV_COMP_FUNC)
      continue;
    for (uint32_t k = 0; k < t->as.func.param_count + t->as.func.result_count; k++)
      if (t->as.func.types[k] == CV_V128)
        return true;
  }
  for (uint32_t i = 0; i < m->global_count; i++)
    if (m->globals[i].type.type == CV_V128)
      return true;
  return false;
}

cv_status jit_init(jit *j, const jit_code *code) {
  *j = (jit){.mem = code->mem,
             .module = code->base.module,
             .layout = &code->base.layout,
             .cpu = code->cpu,
             .fuel = code->base.options.fuel,
             .canonical_nan = code->base.options.canonical_nan,
             .module_has_vectors = has_vectors(code->base.module),
             .reload_after_calls = code->reload_after_calls};
  j->buffer_size = FIRST_BUFFER;
  j->buffer = cv_mem_alloc(j->mem, j->buffer_size);
  if (j->buffer == NULL)
    return CV_ENOMEM;
  j->e = (cv_emit){
      .p = j->buffer, .start = j->buffer, .end = j->buffer + j->buffer_size - CV_EMIT_SLACK, .avx = code->cpu.avx};
  return CV_OK;
}

static cv_status compile_one(jit_code *code, jit *j, uint32_t func, cv_diag *diag) {
  const cv_module *m = code->base.module;
  if (jit_function(j, func))
    return jit_place_function(code, j, func - m->imported_funcs);
  if (!j->unsupported)
    return CV_ENOMEM;
  return cv_fail(diag, CV_EUNSUPPORTED, m->funcs[func].code.offset + j->op_at,
                 "unsupported: instruction 0x%x in this tier", j->unsupported_op);
}

static cv_status compile_all(jit_code *code, cv_diag *diag) {
  const cv_module *m = code->base.module;
  jit j;
  CV_TRY(jit_init(&j, code));
  cv_status status = CV_OK;
  for (uint32_t i = m->imported_funcs; i < m->func_count && status == CV_OK; i++)
    status = compile_one(code, &j, i, diag);
  jit_free(&j);
  for (const jit_block *b = code->blocks; b != NULL; b = b->older)
    cv_code_block_written(&b->block);
  return status == CV_OK ? jit_announce(code, 0) : status;
}

// ---- compiling late ----

static void compiler_delete(jit_code *code) {
  if (code->compiler != NULL)
    jit_free(code->compiler);
  cv_mem_free(code->mem, code->compiler, sizeof *code->compiler);
  code->compiler = NULL;
}

// With the lock held.
static cv_status compile_late(jit_code *code, uint32_t func, cv_diag *diag) {
  if (code->compiler == NULL) {
    jit *j = cv_mem_alloc(code->mem, sizeof *j);
    if (j == NULL)
      return CV_ENOMEM;
    cv_status status = jit_init(j, code);
    if (status != CV_OK) {
      cv_mem_free(code->mem, j, sizeof *j);
      return status;
    }
    code->compiler = j;
  }
  code->compiler->no_memory = false;
  cv_status status = compile_one(code, code->compiler, func, diag);
  if (code->compiler->buffer_size > KEPT_BUFFER) // after a very large function
    compiler_delete(code);
  return status == CV_OK ? jit_announce(code, code->placed - 1) : status;
}

static cv_status jit_compile_late(cv_instance *instance, uint32_t func, const uint8_t **entry, cv_diag *diag) {
  jit_code *code = (jit_code *)instance->code;
  const jit_func_code *f = &code->funcs[func - code->base.module->imported_funcs];
  if (!__atomic_load_n(&f->ready, __ATOMIC_ACQUIRE)) {
    cv_status status = CV_OK;
    cv_lock_take(&code->lock);
    if (!f->ready) // another thread may have been here
      status = compile_late(code, func, diag);
    cv_lock_release(&code->lock);
    CV_TRY(status);
  }
  *entry = cv_code_arena_base() + f->at + JIT_EXTERNAL_ENTRY;
  return CV_OK;
}

static void jit_code_delete(cv_code *base, cv_mem *mem) {
  jit_code *code = (jit_code *)base;
  jit_announce_end(code);
  uint32_t defined = code->base.module->func_count - code->base.module->imported_funcs;
  while (code->blocks != NULL) {
    jit_block *b = code->blocks;
    code->blocks = b->older;
    cv_code_map_remove((uintptr_t)b->block.run);
    cv_code_block_delete(&b->block);
    cv_mem_free(mem, b, sizeof *b);
  }
  compiler_delete(code);
  cv_arena_free(&code->tables);
  cv_mem_free(mem, code->funcs, defined * sizeof *code->funcs);
  cv_mem_free(mem, code->order, defined * sizeof *code->order);
  cv_mem_free(mem, code, sizeof *code);
}

static cv_status jit_compile(cv_code **out, cv_mem *mem, const cv_module *module, const cv_compile_options *options,
                             cv_diag *diag) {
  if (!jit_available())
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: generated code on this machine");
  jit_code *code = cv_mem_zalloc(mem, sizeof *code);
  if (code == NULL)
    return CV_ENOMEM;
  uint32_t defined = module->func_count - module->imported_funcs;
  code->base = (cv_code){.tier = &cv_tier_jit, .module = module, .options = *options};
  code->mem = mem;
  cv_arena_init(&code->tables, mem);
  code->write_delta = cv_code_arena_write_delta();
  code->cpu = cpu_of(options->cpu);
  code->next_block = CV_MIN((size_t)BLOCK, 4096 + (size_t)module->code_section.size * 8);
  for (uint32_t i = 0; i < defined; i++)
    code->reload_after_calls |= (module->facts[i].flags & CV_FACT_TAIL_CALLS) != 0;
  cv_status status = cv_layout_of(module, &code->base.layout, diag);
  code->funcs = cv_mem_calloc(mem, defined, sizeof *code->funcs);
  code->order = cv_mem_calloc(mem, defined, sizeof *code->order);
  if (status == CV_OK && (code->funcs == NULL || code->order == NULL))
    status = CV_ENOMEM;
  if (status == CV_OK && !options->lazy)
    status = compile_all(code, diag);
  if (status != CV_OK) {
    jit_code_delete(&code->base, mem);
    return status;
  }
  *out = &code->base;
  return CV_OK;
}

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

static void jit_bind(cv_code *base, cv_func *func) {
  jit_code *code = (jit_code *)base;
  const jit_func_code *f = &code->funcs[func->index - base->module->imported_funcs];
  func->code = __atomic_load_n(&f->ready, __ATOMIC_ACQUIRE) ? cv_code_arena_base() + f->at
                                                            : (void *)(uintptr_t)cv_native_lazy_entry(true);
  cv_invoke_fn *entry = cv_native_entry(cv_module_func_type(base->module, func->index));
  func->invoke = entry != NULL ? entry : no_entry;
}

static void *jit_thunk(const cv_functype *signature, cv_typeid type) {
  (void)type;
  return cv_native_thunk(signature);
}

// ---- what an address means ----

static bool jit_place(const cv_code *base, uintptr_t pc, cv_code_place *out) {
  const jit_code *code = (const jit_code *)base;
  uint32_t index;
  const jit_func_code *f = jit_code_function(code, pc, &index);
  if (f == NULL)
    return false;
  const cv_module *m = base->module;
  out->func = index + m->imported_funcs;
  jit_map_find(f->map, f->map + f->map_size, (uint32_t)(pc - (uintptr_t)cv_code_arena_base() - f->at), false, out);
  out->offset += m->funcs[out->func].code.offset;
  return true;
}

const cv_tier cv_tier_jit = {
    .name = "jit",
    .available = jit_available,
    .guard_pages = true,
    .compile = jit_compile,
    .code_delete = jit_code_delete,
    .bind = jit_bind,
    .thunk = jit_thunk,
    .place = jit_place,
    .pad = jit_pad,
    .compile_late = jit_compile_late,
    .frames_tell_instance = true,
};
