// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile.c: the tier (runtime/tier.h): makes the function objects of a module (exec/code/native.h), and tells what
// machine addresses mean.
#include "exec/code/cpu.h"
#include "exec/jit/code.h"
#include "exec/jit/plan.h"
#include "exec/jit/stencil.h"
#include "runtime/tier_up.h"

enum { FIRST_BUFFER = 16 << 10, KEPT_BUFFER = 1 << 20 };

// What this tier uses: of the second level of its stencils, and each by itself.
static const uint64_t USED = CV_CPU_BIT(SSE4_1) | CV_CPU_BIT(AVX) | CV_CPU_BIT(AVX2) | CV_CPU_BIT(BMI1) |
                             CV_CPU_BIT(BMI2) | CV_CPU_BIT(LZCNT) | CV_CPU_BIT(POPCNT);

// Not the compiler's builtins: cpu.c says why.
static uint64_t cpu_needs(cv_cpu_level level) {
  if (level == CV_CPU_LEAST)
    return CV_CPU_BIT(SSE4_1);
  return level == CV_CPU_COMMON ? USED : cv_cpu_detect() & USED;
}

static cv_jit_cpu cpu_of(cv_cpu_level level) {
  uint64_t has = cpu_needs(level);
  return (cv_jit_cpu){
      .avx = cv_cpu_has(has, CV_CPU_BIT(AVX)),
      .bmi2 = cv_cpu_has(has, CV_CPU_BIT(BMI2)),
      .lzcnt = cv_cpu_has(has, CV_CPU_BIT(LZCNT)),
      .tzcnt = cv_cpu_has(has, CV_CPU_BIT(BMI1)),
      .popcnt = cv_cpu_has(has, CV_CPU_BIT(POPCNT)),
      .avx2_level = cv_cpu_has(has, USED),
  };
}

// The arena's copy of the stencils' constants.
static const uint8_t *stencil_pool;

static bool jit_ready(void) {
  static cv_lock lock;
  static bool tried;
  cv_lock_take(&lock);
  if (!tried && cv_native_stubs_ready())
    stencil_pool = cv_native_place_forever(cv_stencil_pool, cv_stencil_pool_size);
  tried = true;
  bool ready = stencil_pool != NULL;
  cv_lock_release(&lock);
  return ready;
}

static bool jit_available(void) {
  return cv_cpu_has(cv_cpu_detect(), CV_CPU_BIT(SSE4_1)) && jit_ready();
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
  cv_vec_free(j->mem, &j->polls);
  cv_vec_free(j->mem, &j->poll_loops);
  cv_vec_free(j->mem, &j->poll_table);
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

cv_status jit_init(jit *j, const jit_code *code, cv_mem *mem) {
  const cv_code *base = &code->native.base;
  *j = (jit){.mem = mem,
             .module = base->module,
             .layout = &base->layout,
             .cpu = code->cpu,
             .fuel = base->options.fuel,
             .canonical_nan = base->options.canonical_nan,
             .tier_up = base->up != NULL,
             .module_has_vectors = has_vectors(base->module),
             .reload_after_calls = code->reload_after_calls};
  j->buffer_size = FIRST_BUFFER;
  j->buffer = cv_mem_alloc(j->mem, j->buffer_size);
  if (j->buffer == NULL)
    return CV_ENOMEM;
  j->e = (cv_emit){
      .p = j->buffer, .start = j->buffer, .end = j->buffer + j->buffer_size - CV_EMIT_SLACK, .avx = code->cpu.avx};
  return CV_OK;
}

static cv_status compiler_new(const cv_code *code, cv_mem *mem, void **compiler) {
  jit *j = cv_mem_alloc(mem, sizeof *j);
  if (j == NULL)
    return CV_ENOMEM;
  cv_status status = jit_init(j, (const jit_code *)code, mem);
  if (status != CV_OK) {
    cv_mem_free(mem, j, sizeof *j);
    return status;
  }
  *compiler = j;
  return CV_OK;
}

static void compiler_delete(void *compiler) {
  jit *j = compiler;
  jit_free(j);
  cv_mem_free(j->mem, j, sizeof *j);
}

static bool compiler_keep(const void *compiler) {
  return ((const jit *)compiler)->buffer_size <= KEPT_BUFFER;
}

// Loops are entered in upper tiers only.
static cv_status compile(void *compiler, uint32_t func, uint32_t loop, cv_code_object *out, cv_diag *diag) {
  (void)loop;
  jit *j = compiler;
  j->no_memory = false;
  const cv_poll_table *polls = NULL;
  bool ok = jit_function(j, func);
  if (ok)
    polls = jit_poll_table(j);
  if (ok && !j->no_memory) {
    *out = (cv_code_object){.text = j->e.start,
                            .text_size = cv_emit_at(&j->e),
                            .relocs = j->relocs.data,
                            .reloc_count = (uint32_t)j->relocs.count,
                            .map = j->map.data,
                            .map_size = (uint32_t)j->map.count,
                            .pads = j->handlers.data,
                            .pads_size = (uint32_t)(j->handlers.count * sizeof(handler)),
                            .polls = polls,
                            .polls_size = polls != NULL ? (uint32_t)cv_poll_table_size(polls) : 0};
    return CV_OK;
  }
  if (!j->unsupported)
    return CV_ENOMEM;
  return cv_fail(diag, CV_EUNSUPPORTED, j->module->funcs[func].code.offset + j->op_at,
                 "unsupported: instruction 0x%x in this tier", j->unsupported_op);
}

static const cv_object_maker maker = {
    .compiler_new = compiler_new,
    .compile = compile,
    .keep = compiler_keep,
    .compiler_delete = compiler_delete,
    .can_place = jit_available,
    .cpu_needs = cpu_needs,
    .cpu_lacks = cv_cpu_lacks,
};

static const cv_native_kind kind = {
    .alignment = 16,
    .entry_at = 0,
    .plain_frames = true,
    .pool = &stencil_pool,
    .pool_size = &cv_stencil_pool_size,
};

static void jit_code_delete(cv_code *base, cv_mem *mem) {
  jit_code *code = (jit_code *)base;
  cv_tier_up_delete(base->up);
  cv_native_end(&code->native);
  cv_poll_flag_delete(code->native.flag);
  cv_mem_free(mem, code, sizeof *code);
}

// Polls, and what replacing functions takes: calls through stubs, which the upper tier may answer.
static cv_status make_ready_to_tier_up(jit_code *code) {
  cv_native_code *native = &code->native;
  uint32_t *flag = cv_poll_flag_new(&native->flag);
  if (flag == NULL)
    return CV_ENOMEM;
  native->base.up = cv_tier_up_new(&native->base, native->mem, flag);
  native->through_stubs = true;
  code->reload_after_calls = true; // the upper tier does not keep r14 and r15
  return native->base.up != NULL ? CV_OK : CV_ENOMEM;
}

static cv_status jit_compile(cv_code **out, cv_mem *mem, const cv_module *module, const cv_compile_options *options,
                             cv_diag *diag) {
  if (!jit_available())
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: generated code on this machine");
  jit_code *code = cv_mem_zalloc(mem, sizeof *code);
  if (code == NULL)
    return CV_ENOMEM;
  code->cpu = cpu_of(options->cpu);
  code->reload_after_calls = options->kept != NULL; // the facts may be those of some functions only
  for (uint32_t i = 0; i < cv_module_defined(module); i++)
    code->reload_after_calls |= (module->facts[i].flags & CV_FACT_TAIL_CALLS) != 0;
  cv_status status = cv_native_begin(&code->native, &cv_tier_jit, &kind, mem, module, options, diag);
  if (status == CV_OK && options->tier_up != CV_TIER_UP_NEVER && options->lazy)
    status = make_ready_to_tier_up(code);
  if (status == CV_OK && !options->lazy)
    status = cv_native_compile_all(&code->native, diag);
  if (status != CV_OK) {
    jit_code_delete(&code->native.base, mem);
    return status;
  }
  *out = &code->native.base;
  return CV_OK;
}

// ---- what an address means ----

static bool jit_place(const cv_code *base, uintptr_t pc, cv_code_place *out) {
  uint32_t index, at;
  const cv_native_func *f = cv_native_find((const cv_native_code *)base, pc, &index, &at);
  if (f == NULL)
    return false;
  const cv_module *m = base->module;
  out->func = index + m->imported_funcs;
  jit_map_find(f->map, f->map + f->map_size, at, false, out);
  out->offset += cv_native_code_offset(base, index);
  return true;
}

const cv_tier cv_tier_jit = {
    .name = "jit",
    .available = jit_available,
    .guard_pages = true,
    .compile = jit_compile,
    .code_delete = jit_code_delete,
    .bind = cv_native_bind,
    .thunk = cv_native_thunk_for,
    .place = jit_place,
    .pad = jit_pad,
    .maker = &maker,
    .compile_late = cv_native_compile_late,
    .lead = cv_native_lead_to,
    .frames_tell_instance = true,
};
