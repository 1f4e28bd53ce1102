// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tier.c: the tier (runtime/tier.h) that compiles with LLVM: loads the library that knows LLVM when it is first wanted,
// makes function objects (exec/code/native.h), and tells what machine addresses mean.
//
//   plugin.h         what is said between here and that library; the convention of calls
//   object.c map.c   the object file of a function and its tables
//   plugin/          that library
//
// LLVM needs more stack than a guest may have left, so it runs on a stack of its own.
#include "exec/code/cpu.h"
#include "exec/llvm/object.h"
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

// The pool: "jump" of plugin.h, where cv_func.code leads.
static const uint8_t *jump;

static bool place_jump(void) {
  static cv_lock lock;
  cv_lock_take(&lock);
  static const uint8_t code[] = {0xff, 0x20}; // jmp [rax]
  static_assert(offsetof(cv_func, code) == 0, "without a displacement");
  if (jump == NULL && cv_native_stubs_ready())
    jump = cv_native_place_forever(code, sizeof code);
  bool ready = jump != NULL;
  cv_lock_release(&lock);
  return ready;
}

// Without LLVM, what was compiled before can still run.
static bool can_place(void) {
  return cv_cpu_has(cv_cpu_detect(), CV_CPU_BIT(SSE4_1)) && place_jump();
}

static bool can_place_here(void) {
  if (can_place())
    return true;
  missing_text = "it needs an x86-64 processor with SSE4.1, and memory that may hold code";
  return false;
}

static bool llvm_available(void) {
  return can_place_here() && plugin() != NULL;
}

static uint64_t cpu_needs(cv_cpu_level level) {
  if (level == CV_CPU_LEAST)
    return CV_CPU_BIT(SSE3) | CV_CPU_BIT(SSSE3) | CV_CPU_BIT(SSE4_1);
  return level == CV_CPU_COMMON ? CV_CPU_V3 : cv_cpu_detect();
}

static bool llvm_may_be_available(void) {
  return COVE_LOADS_LLVM_BY_ITSELF && cv_dl_may_open(LIBRARY);
}

static const char *llvm_missing(void) {
  return missing_text;
}

// ---- compiling ----

typedef struct compiler {
  cv_mem *mem;
  const cv_module *module;
  cv_llvm_compiler *llvm;
  cv_stack stack;
  cv_arena object; // the last function's
} compiler;

static void compiler_delete(void *arg) {
  compiler *c = arg;
  if (c->llvm != NULL)
    plugin()->compiler_delete(c->llvm);
  cv_arena_free(&c->object);
  cv_stack_delete(&c->stack);
  cv_mem_free(c->mem, c, sizeof *c);
}

static cv_status compiler_new(const cv_code *code, cv_mem *mem, void **out) {
  compiler *c = cv_mem_zalloc(mem, sizeof *c);
  if (c == NULL)
    return CV_ENOMEM;
  c->mem = mem;
  c->module = code->module;
  cv_arena_init(&c->object, mem);
  if (!cv_stack_new(&c->stack, COMPILER_STACK)) {
    cv_mem_free(mem, c, sizeof *c);
    return CV_ENOMEM;
  }
  c->llvm = plugin()->compiler_new(code->module, &code->layout, &code->options);
  if (c->llvm == NULL) {
    compiler_delete(c);
    return CV_ENOMEM;
  }
  *out = c;
  return CV_OK;
}

static bool compiler_keep(const void *arg) {
  (void)arg;
  return true;
}

typedef struct job {
  compiler *compiler;
  uint32_t func, loop;
  cv_code_object *out;
  cv_diag *diag;
  cv_status status;
} job;

static cv_status make_object(const job *j, const cv_llvm_object *file) {
  llvm_object o;
  compiler *c = j->compiler;
  if (!llvm_object_read(&o, file->bytes, file->size))
    return cv_fail(j->diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "function %u: LLVM's object file is not as expected",
                   j->func);
  const char *what;
  cv_status status = llvm_object_make(&o, c->mem, &c->object, j->out, &what);
  if (status == CV_EUNSUPPORTED)
    return cv_fail(j->diag, status, CV_NO_OFFSET, "function %u: LLVM wants %s", j->func,
                   what != NULL ? what : "what its object file does not have");
  return status;
}

static int run_job(void *arg) {
  job *j = arg;
  cv_llvm_object file = {0};
  const char *why;
  if (plugin()->compile(j->compiler->llvm, j->func, j->loop, &file, &why)) {
    j->status = make_object(j, &file);
    plugin()->object_free(&file);
  } else {
    j->status = cv_fail(j->diag, CV_EUNSUPPORTED, j->compiler->module->funcs[j->func].code.offset, "function %u: %s",
                        j->func, why);
  }
  return 0;
}

static cv_status compile(void *arg, uint32_t func, uint32_t loop, cv_code_object *out, cv_diag *diag) {
  job j = {.compiler = arg, .func = func, .loop = loop, .out = out, .diag = diag};
  cv_arena_free(&j.compiler->object);
  (void)cv_stack_run(&j.compiler->stack, run_job, &j);
  return j.status;
}

static const cv_object_maker maker = {
    .compiler_new = compiler_new,
    .compile = compile,
    .keep = compiler_keep,
    .compiler_delete = compiler_delete,
    .can_place = can_place,
    .cpu_needs = cpu_needs,
    .cpu_lacks = cv_cpu_lacks,
};

static const size_t jump_size = 1; // it is only entered at its first byte

static const cv_native_kind kind = {
    .alignment = LLVM_ALIGNMENT,
    .entry_at = LLVM_ENTRY_AT,
    .pool = &jump,
    .pool_size = &jump_size,
};

static void llvm_code_delete(cv_code *base, cv_mem *mem) {
  cv_native_code *code = (cv_native_code *)base;
  cv_native_end(code);
  cv_mem_free(mem, code, sizeof *code);
}

static cv_status llvm_compile(cv_code **out, cv_mem *mem, const cv_module *module, const cv_compile_options *options,
                              cv_diag *diag) {
  if (options->objects.index != NULL ? !can_place_here() : !llvm_available())
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: the tier \"llvm\": %s", missing_text);
  cv_native_code *code = cv_mem_zalloc(mem, sizeof *code);
  if (code == NULL)
    return CV_ENOMEM;
  cv_status status = cv_native_begin(code, &cv_tier_llvm, &kind, mem, module, options, diag);
  if (status == CV_OK && !options->lazy)
    status = cv_native_compile_all(code, diag);
  if (status != CV_OK) {
    llvm_code_delete(&code->base, mem);
    return status;
  }
  *out = &code->base;
  return CV_OK;
}

// ---- above a lower tier ----

static cv_status llvm_upper_new(cv_code **out, cv_mem *mem, cv_code *lower, cv_diag *diag) {
  enum { MOST_LOOPS = 1024 };
  cv_native_code *code = cv_mem_zalloc(mem, sizeof *code);
  if (code == NULL)
    return CV_ENOMEM;
  cv_compile_options options = lower->options;
  options.tier_up = CV_TIER_UP_NEVER;
  options.only_optimized = true; // tier 1's code is better than what LLVM makes without its passes
  options.objects = options.upper_objects;
  options.kept = options.upper_kept;
  options.upper_objects = (cv_code_objects){0};
  options.upper_kept = NULL;
  code->stubs_of = (cv_native_code *)lower;
  code->most_loops = MOST_LOOPS;
  cv_status status = cv_native_begin(code, &cv_tier_llvm, &kind, mem, lower->module, &options, diag);
  if (status != CV_OK) {
    llvm_code_delete(&code->base, mem);
    return status;
  }
  code->base.lower = lower;
  *out = &code->base;
  return CV_OK;
}

// ---- what an address means ----

// Traps are ud1 instructions with the kind in their last byte; what else faults on a memory is an access of it.
static cv_trap_kind trap_at(const uint8_t *pc) {
  static const uint8_t ud1[] = {0x67, 0x0f, 0xb9, 0x40};
  return memcmp(pc, ud1, sizeof ud1) == 0 ? (cv_trap_kind)pc[sizeof ud1] : CV_TRAP_MEMORY_BOUNDS;
}

// As an offset in the text, which is behind the external entry.
static const cv_native_func *find(const cv_code *base, uintptr_t pc, uint32_t *index, uint32_t *at) {
  const cv_native_func *f = cv_native_find((const cv_native_code *)base, pc, index, at);
  *at = f == NULL || *at < CV_EXTERNAL_ENTRY ? 0 : *at - CV_EXTERNAL_ENTRY;
  return f;
}

static bool llvm_place_of(const cv_code *base, uintptr_t pc, cv_code_place *out) {
  uint32_t index, at;
  const cv_native_func *f = find(base, pc, &index, &at);
  if (f == NULL)
    return false;
  const cv_module *m = base->module;
  out->func = index + m->imported_funcs;
  uint32_t callee, place = llvm_map_find(f->map, f->map_size, at, &callee);
  out->is_inlined = (place & CV_LLVM_INLINED) != 0 && callee - m->imported_funcs < cv_module_defined(m);
  if (out->is_inlined) {
    out->inlined_func = callee;
    out->inlined_offset =
        cv_native_code_offset(base, callee - m->imported_funcs) + (place & ((1u << CV_LLVM_INNER_BITS) - 1));
    place = (place & ~(uint32_t)CV_LLVM_INLINED) >> CV_LLVM_INNER_BITS;
  }
  out->offset = cv_native_code_offset(base, index) + place;
  out->trap = trap_at((const uint8_t *)pc);
  return true;
}

static const uint8_t *llvm_pad_of(const cv_code *base, uintptr_t pc, const cv_instance *instance,
                                  const cv_exception *exception) {
  (void)instance, (void)exception; // the pad looks for itself
  uint32_t index, at;
  const cv_native_func *f = find(base, pc, &index, &at);
  if (f == NULL)
    return NULL;
  const llvm_pad *pads = f->pads;
  for (uint32_t i = 0; i < f->pads_size / sizeof *pads; i++)
    if (at - pads[i].start < pads[i].end - pads[i].start)
      return cv_native_entry_of(f) + CV_EXTERNAL_ENTRY + pads[i].pad;
  return NULL;
}

const cv_tier cv_tier_llvm = {
    .name = "llvm",
    .available = llvm_available,
    .missing = llvm_missing,
    .guard_pages = true,
    .compile = llvm_compile,
    .code_delete = llvm_code_delete,
    .bind = cv_native_bind,
    .thunk = cv_native_thunk_for,
    .place = llvm_place_of,
    .pad = llvm_pad_of,
    .maker = &maker,
    .compile_late = cv_native_compile_late,
    .may_be_available = llvm_may_be_available,
    .upper_new = llvm_upper_new,
    .upper_compile = cv_native_upper_compile,
    .upper_take = cv_native_upper_take,
};
