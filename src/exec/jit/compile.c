// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile.c: the tier (runtime/tier.h): compiles a module's functions, places their code, and tells what machine
// addresses mean.
//
// Code of a module lies in blocks of the code arena. A direct call to a function that is not placed yet is linked into
// a chain through its 32-bit field (the place of the next field, counted from the arena's start), which is resolved
// when the callee is placed.
#include "exec/jit/announce.h"
#include "exec/jit/plan.h"
#include "exec/jit/stencil.h"
#include "sys/thread.h"

enum { FIRST_BUFFER = 64 << 10, BLOCK = 1 << 20, EXTERNAL_ENTRY = 8 };

static cv_jit_cpu cpu_now(void) {
  cv_jit_cpu cpu = {0};
  __builtin_cpu_init();
  cpu.avx = __builtin_cpu_supports("avx");
  cpu.bmi2 = __builtin_cpu_supports("bmi2");
  cpu.lzcnt = __builtin_cpu_supports("lzcnt");
  cpu.tzcnt = __builtin_cpu_supports("bmi");
  cpu.popcnt = __builtin_cpu_supports("popcnt");
  cpu.avx2_level = cpu.avx && cpu.bmi2 && cpu.lzcnt && cpu.tzcnt && cpu.popcnt && __builtin_cpu_supports("avx2");
  return cpu;
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
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.1") && jit_ready();
}

// ---- placing ----

// Room for `size` bytes; a new block when the present one is full.
static cv_status room_for(jit_code *code, size_t size, uint8_t **run) {
  if (code->blocks.count > 0) {
    cv_code_block *last = &cv_vec_last(&code->blocks);
    if (last->size - code->used >= size) {
      *run = last->run + code->used;
      return CV_OK;
    }
  }
  cv_code_block block;
  CV_TRY(cv_vec_reserve(code->mem, &code->blocks, 1));
  size_t wanted = CV_MAX(size, code->next_block);
  if (!cv_code_block_new(&block, wanted) && !cv_code_block_new(&block, size))
    return CV_ENOMEM;
  cv_status status = cv_code_map_add((uintptr_t)block.run, (uintptr_t)block.run + block.size, &code->base);
  if (status != CV_OK) {
    cv_code_block_delete(&block);
    return status;
  }
  code->blocks.data[code->blocks.count++] = block;
  code->used = 0;
  *run = block.run;
  return CV_OK;
}

CV_MUST_USE static bool relocate(jit_code *code, const jit *j, uint8_t *run) {
  for (size_t i = 0; i < j->relocs.count; i++) {
    const reloc *r = &j->relocs.data[i];
    uint8_t *field = run + r->at, *write = field + code->write_delta;
    uintptr_t target;
    if (r->kind == RELOC_HELPER) {
      target = (uintptr_t)cv_native_helper_stub((cv_native_helper)r->value);
    } else if (r->kind == RELOC_POOL) {
      if (!cv_stencil_patch_place(write, (uintptr_t)field, (uintptr_t)stencil_pool + r->value))
        return false;
      continue;
    } else {
      jit_func_code *callee = &code->funcs[r->value - code->base.module->imported_funcs];
      if (callee->size == 0) { // at holds the chain
        cv_store_le32(write, callee->at);
        callee->at = (uint32_t)(field - cv_code_arena_base());
        continue;
      }
      target = (uintptr_t)cv_code_arena_base() + callee->at + EXTERNAL_ENTRY;
    }
    cv_store_le32(write, (uint32_t)(target - ((uintptr_t)field + 4)));
  }
  return true;
}

static cv_status append_map(jit_code *code, const jit *j, jit_func_code *f) {
  f->map = (uint32_t)code->map.count;
  f->map_size = (uint32_t)j->map.count;
  if (j->map.count > 0) {
    CV_TRY(cv_vec_reserve(code->mem, &code->map, j->map.count));
    memcpy(code->map.data + code->map.count, j->map.data, j->map.count);
    code->map.count += j->map.count;
  }
  f->handlers = (uint32_t)code->handlers.count;
  f->handler_count = (uint32_t)j->handlers.count;
  if (j->handlers.count > 0) {
    CV_TRY(cv_vec_reserve(code->mem, &code->handlers, j->handlers.count));
    memcpy(code->handlers.data + code->handlers.count, j->handlers.data, j->handlers.count * sizeof(handler));
    code->handlers.count += j->handlers.count;
  }
  return CV_OK;
}

static cv_status place_function(jit_code *code, const jit *j, uint32_t index) {
  uint8_t *run;
  size_t size = cv_emit_at(&j->e);
  CV_TRY(room_for(code, size, &run));
  memcpy(run + code->write_delta, j->e.start, size);
  jit_func_code *f = &code->funcs[index];
  uint32_t chain = f->at;
  CV_TRY(append_map(code, j, f));
  f->at = (uint32_t)(run - cv_code_arena_base());
  f->size = (uint32_t)size;
  code->order[code->placed++] = index;
  if (!relocate(code, j, run))
    return CV_ENOMEM;
  // Callers that were placed before. Their code may be in another block.
  while (chain != 0) {
    uint8_t *field = cv_code_arena_base() + chain;
    uint8_t *write = field + code->write_delta;
    uint32_t next = cv_load_le32(write);
    cv_store_le32(write, (uint32_t)((uintptr_t)run + EXTERNAL_ENTRY - ((uintptr_t)field + 4)));
    chain = next;
  }
  code->used = cv_align_up((size_t)(run - cv_vec_last(&code->blocks).run) + size, 16);
  return CV_OK;
}

// ---- compiling ----

static void jit_free(jit *j) {
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
  cv_vec_free(j->mem, &j->pad_frames);
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

static cv_status jit_init(jit *j, const jit_code *code) {
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

static cv_status compile_all(jit_code *code, cv_diag *diag) {
  const cv_module *m = code->base.module;
  jit j;
  CV_TRY(jit_init(&j, code));
  cv_status status = CV_OK;
  for (uint32_t i = m->imported_funcs; i < m->func_count && status == CV_OK; i++) {
    if (jit_function(&j, i))
      status = place_function(code, &j, i - m->imported_funcs);
    else if (j.unsupported)
      status = cv_fail(diag, CV_EUNSUPPORTED, m->funcs[i].code.offset + j.op_at,
                       "unsupported: instruction 0x%x in this tier", j.unsupported_op);
    else
      status = CV_ENOMEM;
  }
  jit_free(&j);
  return status;
}

static void jit_code_delete(cv_code *base, cv_mem *mem) {
  jit_code *code = (jit_code *)base;
  jit_announce_end(code);
  uint32_t defined = code->base.module->func_count - code->base.module->imported_funcs;
  for (size_t i = 0; i < code->blocks.count; i++) {
    cv_code_map_remove((uintptr_t)code->blocks.data[i].run);
    cv_code_block_delete(&code->blocks.data[i]);
  }
  cv_vec_free(mem, &code->blocks);
  cv_vec_free(mem, &code->map);
  cv_vec_free(mem, &code->handlers);
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
  code->write_delta = cv_code_arena_write_delta();
  code->cpu = cpu_now();
  code->next_block = CV_MIN((size_t)BLOCK, 4096 + (size_t)module->code_section.size * 8);
  for (uint32_t i = 0; i < defined; i++)
    code->reload_after_calls |= (module->facts[i].flags & CV_FACT_TAIL_CALLS) != 0;
  cv_status status = cv_layout_of(module, &code->base.layout, diag);
  code->funcs = cv_mem_calloc(mem, defined, sizeof *code->funcs);
  code->order = cv_mem_calloc(mem, defined, sizeof *code->order);
  if (status == CV_OK && (code->funcs == NULL || code->order == NULL))
    status = CV_ENOMEM;
  if (status == CV_OK)
    status = compile_all(code, diag);
  if (status == CV_OK)
    status = jit_announce(code, 0);
  if (status != CV_OK) {
    jit_code_delete(&code->base, mem);
    return status;
  }
  for (size_t i = 0; i < code->blocks.count; i++)
    cv_code_block_written(&code->blocks.data[i]);
  *out = &code->base;
  return CV_OK;
}

static void jit_bind(cv_code *base, cv_func *func) {
  jit_code *code = (jit_code *)base;
  const jit_func_code *f = &code->funcs[func->index - base->module->imported_funcs];
  func->code = cv_code_arena_base() + f->at;
  func->invoke = cv_native_entry(cv_module_func_type(base->module, func->index));
}

static void *jit_thunk(const cv_functype *signature, cv_typeid type) {
  (void)type;
  return cv_native_thunk(signature);
}

// ---- what an address means ----

// The function whose code holds `pc`. Functions of a block are in the order in which they were placed, and so are the
// blocks in `order`, so the search first finds the run of functions of the block.
const jit_func_code *jit_code_function(const jit_code *code, uintptr_t pc, uint32_t *index) {
  uint32_t at = (uint32_t)(pc - (uintptr_t)cv_code_arena_base());
  uint32_t low = 0, high = code->placed;
  // Blocks are taken first fit, so a later block may lie before an earlier one.
  if (code->sorted) {
    while (low < high) {
      uint32_t middle = low + (high - low) / 2;
      if (code->funcs[code->order[middle]].at <= at)
        low = middle + 1;
      else
        high = middle;
    }
    if (low == 0)
      return NULL;
    low--;
    high = low + 1;
  }
  for (; low < high; low++) {
    const jit_func_code *f = &code->funcs[code->order[low]];
    if (at - f->at < f->size) {
      *index = code->order[low];
      return f;
    }
  }
  return NULL;
}

static bool jit_place(const cv_code *base, uintptr_t pc, cv_code_place *out) {
  const jit_code *code = (const jit_code *)base;
  uint32_t index;
  const jit_func_code *f = jit_code_function(code, pc, &index);
  if (f == NULL)
    return false;
  const cv_module *m = base->module;
  out->func = index + m->imported_funcs;
  const uint8_t *map = code->map.data + f->map;
  jit_map_find(map, map + f->map_size, (uint32_t)(pc - (uintptr_t)cv_code_arena_base() - f->at), false, out);
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
};
