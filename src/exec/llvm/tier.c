// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tier.c: the tier (runtime/tier.h) that compiles with LLVM: loads the library that knows LLVM when it is first wanted,
// compiles functions, all at once or each when it is first called, and tells what machine addresses mean.
//
//   plugin.h    what is said between here and that library; the convention of calls
//   code.h place.c   where the code of a module's functions is
//   object.c map.c   the object file of a function and its tables
//   plugin/     that library
//
// LLVM needs more stack than a guest may have left, so it runs on a stack of its own.
#include "exec/code/cpu.h"
#include "exec/llvm/code.h"
#include "sys/dl.h"
#include "sys/fiber.h"

static const char LIBRARY[] = "libcove-llvm.so." COVE_VERSION;
static const size_t COMPILER_STACK = 64 << 20;

// ---- the library ----

static const char *missing_text;

static const cv_llvm_plugin *load(void) {
  void *library = cv_dl_open(LIBRARY);
  if (library == NULL) {
    missing_text = "the library libcove-llvm.so is not found, or not the LLVM that it needs: build cove where LLVM's "
                   "headers are (Debian: llvm-19-dev) and install both";
    return NULL;
  }
  cv_llvm_plugin_fn *face;
  *(void **)&face = cv_dl_symbol(library, "cove_llvm_plugin");
  const cv_llvm_plugin *found = face != NULL ? face() : NULL;
  if (found == NULL || found->abi != CV_LLVM_ABI || found->stamp != CV_LLVM_STAMP) {
    missing_text = "libcove-llvm.so is of another build of cove: install the two together";
    return NULL;
  }
  return found;
}

static const cv_llvm_plugin *plugin(void) {
  static cv_lock lock;
  static bool tried;
  static const cv_llvm_plugin *found;
  cv_lock_take(&lock);
  if (!tried)
    found = load();
  tried = true;
  cv_lock_release(&lock);
  return found;
}

static bool llvm_available(void) {
  if (!cv_cpu_detect().sse41 || !llvm_place_ready()) {
    missing_text = "it needs an x86-64 processor with SSE4.1, and memory that may hold code";
    return false;
  }
  return plugin() != NULL;
}

static const char *llvm_missing(void) {
  return missing_text;
}

// ---- compiling ----

typedef struct job {
  llvm_code *code;
  uint32_t func;
  cv_status status;
  cv_diag *diag;
} job;

static void compile_one(job *j) {
  llvm_code *code = j->code;
  const cv_llvm_plugin *p = plugin();
  if (code->compiler == NULL)
    code->compiler = p->compiler_new(code->base.module, &code->base.layout, &code->base.options);
  if (code->compiler == NULL) {
    j->status = CV_ENOMEM;
    return;
  }
  cv_llvm_object object = {0};
  const char *why;
  if (p->compile(code->compiler, j->func, &object, &why)) {
    j->status = llvm_place(code, j->func - code->base.module->imported_funcs, &object, j->diag);
    p->object_free(&object);
  } else {
    j->status = cv_fail(j->diag, CV_EUNSUPPORTED, code->base.module->funcs[j->func].code.offset, "function %u: %s",
                        j->func, why);
  }
}

static int run_one(void *arg) {
  compile_one(arg);
  return 0;
}

static int run_all(void *arg) {
  job *j = arg;
  const cv_module *m = j->code->base.module;
  for (j->func = m->imported_funcs; j->func < m->func_count && j->status == CV_OK; j->func++)
    compile_one(j);
  return 0;
}

static cv_status on_own_stack(int (*run)(void *), job *j) {
  cv_stack stack;
  if (!cv_stack_new(&stack, COMPILER_STACK))
    return CV_ENOMEM;
  (void)cv_stack_run(&stack, run, j);
  cv_stack_delete(&stack);
  return j->status;
}

static cv_status llvm_compile_late(cv_instance *instance, uint32_t func, const uint8_t **entry, cv_diag *diag) {
  llvm_code *code = (llvm_code *)instance->code;
  const llvm_func_code *f = &code->funcs[func - code->base.module->imported_funcs];
  if (!__atomic_load_n(&f->ready, __ATOMIC_ACQUIRE)) {
    cv_status status = CV_OK;
    cv_lock_take(&code->lock);
    if (!f->ready) // another thread may have been here
      status = on_own_stack(run_one, &(job){.code = code, .func = func, .diag = diag});
    cv_lock_release(&code->lock);
    CV_TRY(status);
  }
  *entry = cv_code_arena_base() + f->at + LLVM_EXTERNAL_ENTRY;
  return CV_OK;
}

static void llvm_code_delete(cv_code *base, cv_mem *mem) {
  llvm_code *code = (llvm_code *)base;
  if (code->compiler != NULL)
    plugin()->compiler_delete(code->compiler);
  llvm_place_end(code);
  cv_mem_free(mem, code, sizeof *code);
}

static cv_status llvm_compile(cv_code **out, cv_mem *mem, const cv_module *module, const cv_compile_options *options,
                              cv_diag *diag) {
  if (!llvm_available())
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: the tier \"llvm\": %s", missing_text);
  llvm_code *code = cv_mem_zalloc(mem, sizeof *code);
  if (code == NULL)
    return CV_ENOMEM;
  code->base = (cv_code){.tier = &cv_tier_llvm, .module = module, .options = *options};
  code->mem = mem;
  cv_status status = cv_layout_of(module, &code->base.layout, diag);
  if (status == CV_OK)
    status = llvm_place_begin(code);
  if (status == CV_OK && !options->lazy) {
    status = on_own_stack(run_all, &(job){.code = code, .diag = diag});
    if (status == CV_OK)
      llvm_place_all(code);
    if (code->compiler != NULL)
      plugin()->compiler_delete(code->compiler);
    code->compiler = NULL;
  }
  if (status != CV_OK) {
    llvm_code_delete(&code->base, mem);
    return status;
  }
  *out = &code->base;
  return CV_OK;
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

static void llvm_bind(cv_code *base, cv_func *func) {
  llvm_code *code = (llvm_code *)base;
  const llvm_func_code *f = &code->funcs[func->index - base->module->imported_funcs];
  func->code = __atomic_load_n(&f->ready, __ATOMIC_ACQUIRE) ? cv_code_arena_base() + f->at
                                                            : (void *)(uintptr_t)cv_native_lazy_entry(true);
  cv_invoke_fn *entry = cv_native_entry(cv_module_func_type(base->module, func->index));
  func->invoke = entry != NULL ? entry : no_entry;
}

static void *llvm_thunk(const cv_functype *signature, cv_typeid type) {
  (void)type;
  return cv_native_thunk(signature);
}

// ---- what an address means ----

// Traps are ud1 instructions with the kind in their last byte; what else faults on a memory is an access of it.
static cv_trap_kind trap_at(const uint8_t *pc) {
  static const uint8_t ud1[] = {0x67, 0x0f, 0xb9, 0x40};
  return memcmp(pc, ud1, sizeof ud1) == 0 ? (cv_trap_kind)pc[sizeof ud1] : CV_TRAP_MEMORY_BOUNDS;
}

static bool llvm_place_of(const cv_code *base, uintptr_t pc, cv_code_place *out) {
  const llvm_code *code = (const llvm_code *)base;
  uint32_t index, at;
  const llvm_func_code *f = llvm_code_function(code, pc, &index, &at);
  if (f == NULL)
    return false;
  const cv_module *m = base->module;
  out->func = index + m->imported_funcs;
  out->offset = m->funcs[out->func].code.offset + llvm_map_find(f->map, f->map_size, at);
  out->trap = trap_at((const uint8_t *)pc);
  return true;
}

static const uint8_t *llvm_pad_of(const cv_code *base, uintptr_t pc, const cv_instance *instance,
                                  const cv_exception *exception) {
  (void)instance, (void)exception; // the pad looks for itself
  uint32_t index, at;
  const llvm_func_code *f = llvm_code_function((const llvm_code *)base, pc, &index, &at);
  if (f == NULL)
    return NULL;
  for (uint32_t i = 0; i < f->pad_count; i++)
    if (at - f->pads[i].start < f->pads[i].end - f->pads[i].start)
      return (const uint8_t *)pc - at + f->pads[i].pad;
  return NULL;
}

const cv_tier cv_tier_llvm = {
    .name = "llvm",
    .available = llvm_available,
    .missing = llvm_missing,
    .guard_pages = true,
    .compile = llvm_compile,
    .code_delete = llvm_code_delete,
    .bind = llvm_bind,
    .thunk = llvm_thunk,
    .place = llvm_place_of,
    .pad = llvm_pad_of,
    .compile_late = llvm_compile_late,
};
