// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plugin.c: the face of libcove-llvm.so (exec/llvm/plugin.h): compilers, LLVM's passes, code generation.
//
// One LLVM module for each function, so that memory is bounded by the largest function; one LLVM context for some
// hundred functions, since it keeps what was ever made in it.
//
// What costs LLVM more than it is worth is compiled without its passes, or refused (only_optimized):
// - a body of more than MOST_BYTES
// - more values that come to joins of control flow than GEN_MOST_JOINED (memory), or more locals, times blocks, than
//   MOST_SEARCHED: such a function's locals are not even made values
// - more than MOST_LOOPS loops, since that is a square
// - more than MOST_CONDITIONS branches on comparisons of one value: LLVM 19 looks at all of them wherever it asks what
// is
//   known of the value, which is a cube
// An interpreter's loop of 100 KB is none of this, and takes two to five seconds.
#include <stdio.h>
#include <stdlib.h>

#include <llvm-c/Error.h>
#include <llvm-c/Support.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include "exec/llvm/plugin/fatal.h"
#include "exec/llvm/plugin/gen.h"

enum {
  CONTEXT_USES = 256,
  MOST_BYTES = 128 << 10,
  MOST_SEARCHED = 4 << 20,
  MOST_LOOPS = 250,
  MOST_CONDITIONS = 500,
};

// Two thirds of the cost of O2. Without the SLP vectorizer, which joins accesses that are 4 GiB apart (LLVM 139202).
static const char first_passes[] = "function(sroa)";
static const char passes[] =
    "function(early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,loop-mssa(loop-rotate,licm),"
    "simplifycfg,instcombine<no-verify-fixpoint>,loop(loop-idiom,indvars,loop-deletion),gvn,"
    "instcombine<no-verify-fixpoint>,dse,adce,loop-simplify,lcssa,loop-vectorize,loop-load-elim,"
    "instcombine<no-verify-fixpoint>,simplifycfg,loop-unroll<O2>,instcombine<no-verify-fixpoint>,loop-mssa(licm),"
    "simplifycfg)";

// ---- the compiler of a module ----

// Of a host's features those that LLVM 19 would use by itself and that files of compiled code do not tell of
// (exec/code/cpu_features.def).
#define UNTOLD                                                                                                         \
  ",-egpr,-push2pop2,-ppx,-ndd,-ccmp,-nf,-cf,-zu,-avxvnniint8,-avxvnniint16,-avxifma,-avxneconvert,-avx10.1-256,"      \
  "-avx10.1-512,-raoint,-sha512,-sm3,-sm4,-cmpccxadd,-movdir64b"

static void choose_cpu(cv_llvm_compiler *c) {
  const char *cpu = "x86-64", *features = "+sse3,+ssse3,+sse4.1", *without = "";
  char *host_cpu = NULL, *host_features = NULL;
  if (c->options.cpu == CV_CPU_COMMON) {
    cpu = "x86-64-v3";
    features = "";
  } else if (c->options.cpu == CV_CPU_HOST) {
    cpu = host_cpu = LLVMGetHostCPUName();
    features = host_features = LLVMGetHostCPUFeatures();
    without = UNTOLD;
  }
  snprintf(c->cpu, sizeof c->cpu, "%s", cpu);
  snprintf(c->features, sizeof c->features, "%s%s", features, without);
  LLVMDisposeMessage(host_cpu);
  LLVMDisposeMessage(host_features);
}

static LLVMTargetMachineRef machine(const cv_llvm_compiler *c, LLVMCodeGenOptLevel level) {
  static const char triple[] = "x86_64-unknown-linux-gnu";
  LLVMTargetRef target;
  char *message = NULL;
  if (LLVMGetTargetFromTriple(triple, &target, &message) != 0) {
    LLVMDisposeMessage(message);
    return NULL;
  }
  return LLVMCreateTargetMachine(target, triple, c->cpu, c->features, level, LLVMRelocPIC, LLVMCodeModelSmall);
}

static void diagnostic(LLVMDiagnosticInfoRef info, void *arg) {
  cv_llvm_compiler *c = arg;
  if (LLVMGetDiagInfoSeverity(info) != LLVMDSError)
    return;
  char *text = LLVMGetDiagInfoDescription(info);
  snprintf(c->why, sizeof c->why, "LLVM: %s", text);
  LLVMDisposeMessage(text);
}

static void new_context(cv_llvm_compiler *c) {
  if (c->context != NULL)
    LLVMContextDispose(c->context);
  c->context = LLVMContextCreate();
  c->context_uses = 0;
  LLVMContextSetDiagnosticHandler(c->context, diagnostic, c);
}

static void compiler_delete(cv_llvm_compiler *c) {
  if (c == NULL)
    return;
  bool usable = !fatal_met();
  if (usable && c->context != NULL)
    LLVMContextDispose(c->context);
  if (usable && c->optimizing != NULL)
    LLVMDisposeTargetMachine(c->optimizing);
  if (usable && c->fast != NULL)
    LLVMDisposeTargetMachine(c->fast);
  free(c->stack);
  free(c->locals);
  free(c->ctls);
  free(c);
}

static cv_llvm_compiler *compiler_new(const cv_module *module, const cv_layout *layout,
                                      const cv_compile_options *options) {
  cv_llvm_compiler *c = fatal_met() ? NULL : calloc(1, sizeof *c);
  if (c == NULL)
    return NULL;
  c->module = module;
  c->layout = layout;
  c->options = *options;
  choose_cpu(c);
  c->optimizing = machine(c, LLVMCodeGenLevelDefault);
  c->fast = machine(c, LLVMCodeGenLevelNone);
  if (c->optimizing == NULL || c->fast == NULL) {
    compiler_delete(c);
    return NULL;
  }
  new_context(c);
  return c;
}

// ---- the module of a function ----

static void make_types(gen *g) {
  gen_types *t = &g->t;
  t->none = LLVMVoidTypeInContext(g->c);
  t->i1 = LLVMInt1TypeInContext(g->c);
  t->i8 = LLVMInt8TypeInContext(g->c);
  t->i16 = LLVMInt16TypeInContext(g->c);
  t->i32 = LLVMInt32TypeInContext(g->c);
  t->i64 = LLVMInt64TypeInContext(g->c);
  t->i128 = LLVMInt128TypeInContext(g->c);
  t->f32 = LLVMFloatTypeInContext(g->c);
  t->f64 = LLVMDoubleTypeInContext(g->c);
  t->ptr = LLVMPointerTypeInContext(g->c, 0);
  t->vector[I8X16] = LLVMVectorType(t->i8, 16);
  t->vector[I16X8] = LLVMVectorType(t->i16, 8);
  t->vector[I32X4] = LLVMVectorType(t->i32, 4);
  t->vector[I64X2] = LLVMVectorType(t->i64, 2);
  t->vector[F32X4] = LLVMVectorType(t->f32, 4);
  t->vector[F64X2] = LLVMVectorType(t->f64, 2);
}

static LLVMAttributeRef attribute(gen *g, const char *name) {
  return LLVMCreateEnumAttribute(g->c, LLVMGetEnumAttributeKindForName(name, strlen(name)), 0);
}

static void function_attributes(gen *g, LLVMValueRef f) {
  // Every frame is in the chain of rbp before anything can trap: sanitize_hwaddress is how shrink-wrapping is turned
  // off for one function.
  static const char *const strings[][2] = {
      {"frame-pointer", "all"}, {"no-realign-stack", ""}, {"probe-stack", "inline-asm"}};
  for (size_t i = 0; i < CV_COUNT(strings); i++)
    LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex,
                            LLVMCreateStringAttribute(g->c, strings[i][0], (unsigned)strlen(strings[i][0]),
                                                      strings[i][1], (unsigned)strlen(strings[i][1])));
  LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex, attribute(g, "sanitize_hwaddress"));
  LLVMAddTargetDependentFunctionAttr(f, "target-cpu", g->compiler->cpu);
  LLVMAddTargetDependentFunctionAttr(f, "target-features", g->compiler->features);
  LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex,
                          LLVMCreateStringAttribute(g->c, "no-builtins", 11, "", 0)); // there is no memcpy to call
  if (g->signature->result_count > 0 && cv_functype_results(g->signature)[0] == CV_I32)
    LLVMAddAttributeAtIndex(f, LLVMAttributeReturnIndex, g->a.i32_result);
}

static void debug_locations(gen *g, LLVMValueRef f) {
  enum { DIRECTIVES_ONLY = 3 }; // locations and nothing else: not in the enumeration of the C interface
  g->di = LLVMCreateDIBuilder(g->m);
  LLVMMetadataRef file = LLVMDIBuilderCreateFile(g->di, "wasm", 4, "", 0);
  LLVMDIBuilderCreateCompileUnit(g->di, LLVMDWARFSourceLanguageC99, file, "cove", 4, true, "", 0, 0, "", 0,
                                 (LLVMDWARFEmissionKind)DIRECTIVES_ONLY, 0, false, false, "", 0, "", 0);
  LLVMMetadataRef t = LLVMDIBuilderCreateSubroutineType(g->di, file, NULL, 0, LLVMDIFlagZero);
  g->scope = LLVMDIBuilderCreateFunction(g->di, file, "f", 1, "", 0, file, 1, t, false, true, 1, LLVMDIFlagZero, true);
  LLVMSetSubprogram(g->function, g->scope);
  if (g->recursive) { // the table of lines starts where the first function with lines does: that is to be f
    g->entry_scope =
        LLVMDIBuilderCreateFunction(g->di, file, "e", 1, "", 0, file, 1, t, false, true, 1, LLVMDIFlagZero, true);
    LLVMSetSubprogram(f, g->entry_scope);
  }
  static const struct {
    const char *name;
    unsigned value;
  } flags[] = {{"Debug Info Version", 3}, {"Dwarf Version", 4}};
  for (size_t i = 0; i < CV_COUNT(flags); i++)
    LLVMAddModuleFlag(g->m, LLVMModuleFlagBehaviorWarning, flags[i].name, strlen(flags[i].name),
                      LLVMValueAsMetadata(LLVMConstInt(g->t.i32, flags[i].value, false)));
}

static bool has_tail_calls(const gen *g) {
  return (g->facts->flags & CV_FACT_TAIL_CALLS) != 0;
}

static void begin(gen *g, cv_llvm_compiler *c, uint32_t func, uint32_t loop) {
  const cv_module *m = c->module;
  *g = (gen){.compiler = c,
             .module = m,
             .layout = c->layout,
             .facts = &m->facts[func - m->imported_funcs],
             .signature = cv_module_func_type(m, func),
             .index = func,
             .loop_at = loop,
             .c = c->context,
             .fuel = c->options.fuel,
             .canonical_nan = c->options.canonical_nan};
  cv_mem_init(&g->mem, UINT64_MAX);
  cv_arena_init(&g->arena, &g->mem);
  g->code = g->at = cv_span_start(m, m->funcs[func].code);
  g->m = LLVMModuleCreateWithNameInContext("f", g->c);
  g->b = LLVMCreateBuilderInContext(g->c);
  LLVMSetTarget(g->m, "x86_64-unknown-linux-gnu");
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(c->optimizing);
  LLVMSetModuleDataLayout(g->m, layout);
  LLVMDisposeTargetData(layout);
  make_types(g);
  g->a.nomerge = attribute(g, "nomerge");
  g->a.i32_result = LLVMCreateConstantRangeAttribute(g->c, LLVMGetEnumAttributeKindForName("range", 5), 64,
                                                     (uint64_t[]){0}, (uint64_t[]){1ull << 32});
  g->universal = has_tail_calls(g);
  LLVMValueRef f = LLVMAddFunction(g->m, "f", gen_function_type(g, g->signature, g->universal, false));
  LLVMSetFunctionCallConv(f, CALL_CONVENTION);
  function_attributes(g, f);
  LLVMAddAttributeAtIndex(f, 3, attribute(g, "noalias")); // the instance
  g->function = gen_recursive_begin(g, f);
  if (g->recursive) {
    function_attributes(g, g->function);
    LLVMAddAttributeAtIndex(g->function, 1, attribute(g, "noalias"));
  }
  debug_locations(g, f);
}

static void end(gen *g) {
  LLVMDisposeDIBuilder(g->di);
  LLVMDisposeBuilder(g->b);
  if (g->m != NULL)
    LLVMDisposeModule(g->m);
  cv_arena_free(&g->arena);
}

static bool grow(void *data, size_t *capacity, size_t count, size_t size) {
  void **at = data;
  if (*capacity >= count)
    return true;
  void *grown = realloc(*at, count * size);
  if (grown == NULL)
    return false;
  *at = grown;
  *capacity = count;
  return true;
}

static bool room(cv_llvm_compiler *c, gen *g) {
  if (!grow(&c->stack, &c->stack_capacity, (size_t)g->facts->max_height + GEN_INLINE_HEIGHT + 16, sizeof *c->stack) ||
      !grow(&c->locals, &c->local_capacity, (size_t)g->facts->local_count + 1, sizeof *c->locals) ||
      !grow(&c->ctls, &c->ctl_capacity, (size_t)g->facts->max_depth + 2 + GEN_INLINE_DEPTH, sizeof *c->ctls)) {
    gen_fail(g, "out of memory");
    return false;
  }
  g->stack = c->stack;
  g->locals = c->locals;
  g->ctls = c->ctls;
  return true;
}

// ---- passes and code ----

// COVE_LLVM_DUMP=ir, =opt: the module before, or after the passes, on standard error.
static const char *dumped;

static void dump(gen *g, const char *when) {
  if (dumped != NULL && strcmp(dumped, when) == 0)
    LLVMDumpModule(g->m);
}

static bool take_error(cv_llvm_compiler *c, LLVMErrorRef error) {
  if (error == NULL)
    return true;
  char *text = LLVMGetErrorMessage(error);
  snprintf(c->why, sizeof c->why, "LLVM: %s", text);
  LLVMDisposeErrorMessage(text);
  return false;
}

static bool run_passes(gen *g, const char *list) {
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMPassBuilderOptionsSetVerifyEach(options, false);
  bool ok = take_error(g->compiler, LLVMRunPasses(g->m, list, g->compiler->optimizing, options));
  LLVMDisposePassBuilderOptions(options);
  return ok;
}

// Of many uses only so many are looked at: they may be of any kind, and this is asked for every branch.
static bool has_many_comparisons(value v) {
  uint32_t count = 0, seen = 0;
  if (LLVMIsConstant(v))
    return false;
  for (LLVMUseRef use = LLVMGetFirstUse(v); use != NULL && seen < 4 * MOST_CONDITIONS;
       use = LLVMGetNextUse(use), seen++)
    count += LLVMIsAICmpInst(LLVMGetUser(use)) != NULL;
  return count > MOST_CONDITIONS;
}

static bool is_large(const gen *g) {
  return g->module->funcs[g->index].code.size > MOST_BYTES;
}

static bool can_have_values(const gen *g) {
  uint64_t searched = (uint64_t)LLVMCountBasicBlocks(g->function) * g->facts->local_count;
  return g->joined <= GEN_MOST_JOINED && searched <= MOST_SEARCHED;
}

// Asked when locals have become values.
static bool is_costly(const gen *g) {
  if (is_large(g) || g->loop_count > MOST_LOOPS)
    return true;
  for (block b = LLVMGetFirstBasicBlock(g->function); b != NULL; b = LLVMGetNextBasicBlock(b)) {
    value end = LLVMGetBasicBlockTerminator(b);
    if (end == NULL || LLVMGetInstructionOpcode(end) != LLVMBr || !LLVMIsConditional(end))
      continue;
    value condition = LLVMGetCondition(end);
    if (LLVMIsAICmpInst(condition) != NULL &&
        (has_many_comparisons(LLVMGetOperand(condition, 0)) || has_many_comparisons(LLVMGetOperand(condition, 1))))
      return true;
  }
  return false;
}

static bool refuse_costly(gen *g) {
  gen_fail(g, "unsupported: to optimize a function of this size and shape");
  return false;
}

static bool generate(gen *g, cv_llvm_object *out) {
  cv_llvm_compiler *c = g->compiler;
  dump(g, "ir");
  bool has_values = can_have_values(g); // or locals stay in memory
  if (has_values && !run_passes(g, first_passes))
    return false;
  LLVMTargetMachineRef tm = c->optimizing;
  if (!has_values || is_costly(g)) {
    tm = c->fast;
    if (c->options.only_optimized)
      return refuse_costly(g);
  } else {
    if (!run_passes(g, passes))
      return false;
    gen_widen(g);
  }
  dump(g, "opt");
  char *message = NULL;
  LLVMMemoryBufferRef buffer = NULL;
  if (LLVMTargetMachineEmitToMemoryBuffer(tm, g->m, LLVMObjectFile, &message, &buffer) != 0) {
    snprintf(c->why, sizeof c->why, "LLVM: %s", message);
    LLVMDisposeMessage(message);
    return false;
  }
  *out = (cv_llvm_object){
      .bytes = (const uint8_t *)LLVMGetBufferStart(buffer), .size = LLVMGetBufferSize(buffer), .owner = buffer};
  if (c->why[0] != '\0') { // a diagnostic of code generation
    LLVMDisposeMemoryBuffer(buffer);
    return false;
  }
  return true;
}

typedef struct request {
  cv_llvm_compiler *compiler;
  uint32_t func, loop;
  cv_llvm_object *out;
} request;

static bool compile_function(void *arg) {
  request *r = arg;
  cv_llvm_compiler *c = r->compiler;
  gen g;
  if (c->context_uses++ == CONTEXT_USES)
    new_context(c);
  begin(&g, c, r->func, r->loop);
  bool ok = c->options.only_optimized && is_large(&g) ? refuse_costly(&g) : room(c, &g) && gen_function(&g);
  if (ok) {
    LLVMDIBuilderFinalize(g.di);
    ok = generate(&g, r->out);
  }
  end(&g);
  return ok;
}

static bool compile(cv_llvm_compiler *c, uint32_t func, uint32_t loop, cv_llvm_object *out, const char **why) {
  *why = c->why;
  c->why[0] = '\0';
  return fatal_guard(compile_function, &(request){c, func, loop, out}, c->why, sizeof c->why);
}

static void object_free(cv_llvm_object *object) {
  if (object->owner != NULL)
    LLVMDisposeMemoryBuffer(object->owner);
  *object = (cv_llvm_object){0};
}

// Of LLVM as a whole, once for the process.
static void initialize(void) {
  // cmov: what the guest's compiler wrote as a select it took for unpredictable; LLVM, not knowing, would make branches
  // of the ones in loops. Tail merging: traps of different instructions would become one, without a place.
  // Domain reassignment moves values to the mask registers of AVX-512, and takes a quarter of all the time to compile.
  // Following variables by instruction takes a twentieth, and the debugging information has lines only.
  static const char *const options[] = {"cove", "-x86-cmov-converter=false", "-enable-tail-merge=false",
                                        "-disable-x86-domain-reassignment",
                                        "-experimental-debug-variable-locations=false"};
  static bool done;
  if (!__atomic_exchange_n(&done, true, __ATOMIC_ACQ_REL)) {
    dumped = getenv("COVE_LLVM_DUMP");
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMParseCommandLineOptions(CV_COUNT(options), options, "");
    fatal_install();
  }
}

__attribute__((visibility("default"))) const cv_llvm_plugin *cove_llvm_plugin(void);
const cv_llvm_plugin *cove_llvm_plugin(void) {
  static const cv_llvm_plugin plugin = {
      .abi = CV_LLVM_ABI,
      .stamp = CV_LLVM_STAMP,
      .version = LLVM_VERSION_STRING,
      .compiler_new = compiler_new,
      .compiler_delete = compiler_delete,
      .compile = compile,
      .object_free = object_free,
  };
  initialize();
  return &plugin;
}
