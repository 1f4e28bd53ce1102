// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// engine.c: what stores share, and the way from bytes to code.
#include "runtime/internal.h"

#include <stdlib.h>

#include "runtime/kept.h"
#include "sys/signal.h"
#include "wasm/binary/decode.h"
#include "wasm/validate/validate.h"

static const uint64_t DEFAULT_STACK = 8 << 20;
enum { DEFAULT_SLOTS = 64 };

// Polls cost a little, so code has them only where there is something to move up to.
static bool is_upper_tier_likely(void) {
  for (const cv_tier *const *t = cv_tiers; *t != NULL; t++)
    if ((*t)->may_be_available != NULL && (*t)->may_be_available())
      return true;
  return false;
}

// Of the tier that is chosen when none is asked for. COVE_TIER_UP=off, =random:SEED is for tests.
static void choose_tier_up(cv_compile_options *options) {
  const char *wanted = getenv("COVE_TIER_UP");
  static const char random[] = "random:";
  if (options->tier_up != CV_TIER_UP_NEVER || !options->lazy || options->debug_frames)
    return;
  if ((wanted != NULL && strcmp(wanted, "off") == 0) || !is_upper_tier_likely())
    return;
  options->tier_up = CV_TIER_UP_BACKGROUND;
  if (wanted != NULL && strncmp(wanted, random, sizeof random - 1) == 0) {
    options->tier_up = CV_TIER_UP_RANDOM;
    options->tier_up_seed = (uint32_t)strtoul(wanted + sizeof random - 1, NULL, 10);
  }
}

static const cv_tier *choose_tier(const char *name, cv_diag *diag) {
  for (const cv_tier *const *t = cv_tiers; *t != NULL; t++) {
    if (name != NULL && strcmp((*t)->name, name) != 0)
      continue;
    if ((*t)->available())
      return *t;
    if (name != NULL) {
      const char *missing = (*t)->missing != NULL ? (*t)->missing() : NULL;
      (void)cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: the tier \"%s\" cannot run on this machine%s%s",
                    name, missing != NULL ? ": " : "", missing != NULL ? missing : "");
      return NULL;
    }
  }
  (void)cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: there is no tier \"%s\"", name != NULL ? name : "");
  return NULL;
}

cv_status cv_engine_new(cv_engine **out, const cv_engine_options *options, cv_diag *diag) {
  cv_engine_options o = options != NULL ? *options : (cv_engine_options){0};
  *out = NULL;
  const cv_tier *tier = choose_tier(o.tier, diag);
  if (tier == NULL)
    return CV_EUNSUPPORTED;
  int interrupt = o.interrupt_signal != 0 ? o.interrupt_signal : cv_signal_default_interrupt();
  if (!cv_fault_install(interrupt))
    return cv_fail(diag, CV_EIO, CV_NO_OFFSET, "signal handlers cannot be installed");
  cv_watcher_signal_number(cv_signal_interrupt());
  cv_mem first;
  cv_mem_init(&first, o.memory_limit != 0 ? o.memory_limit : UINT64_MAX);
  cv_engine *e = cv_mem_zalloc(&first, sizeof *e);
  if (e == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory for an engine");
  *e = (cv_engine){.mem = first, // the engine is charged to its own quota
                   .references = 1,
                   .tier = tier,
                   .features = o.features != 0 ? o.features : CV_FEATURES_DEFAULT,
                   .compile = o.compile,
                   .stack_bytes = o.stack_bytes != 0 ? o.stack_bytes : DEFAULT_STACK};
  if (o.tier == NULL)
    choose_tier_up(&e->compile);
  uint32_t slots = o.pool_slots != 0 ? o.pool_slots : DEFAULT_SLOTS;
  cv_pool_options own = {.memories = slots, .stacks = slots, .keep_bytes = CV_POOL_KEEP};
  cv_status status = cv_pool_init(&e->own_pool, &e->mem, &own);
  e->pool = &e->own_pool;
  if (o.pool != NULL) {
    e->pool = o.pool;
    cv_pool_retain(o.pool);
  }
  e->registry = cv_type_registry_new(&e->mem);
  if (status != CV_OK || e->registry == NULL) {
    cv_engine_release(e);
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory for an engine");
  }
  *out = e;
  return CV_OK;
}

void cv_engine_retain(cv_engine *e) {
  __atomic_add_fetch(&e->references, 1, __ATOMIC_RELAXED);
}

void cv_engine_release(cv_engine *e) {
  if (e == NULL || __atomic_sub_fetch(&e->references, 1, __ATOMIC_ACQ_REL) != 0)
    return;
  if (e->pool != &e->own_pool)
    cv_pool_release(e->pool);
  cv_pool_free(&e->own_pool);
  cv_type_registry_delete(e->registry);
  cv_mem mem = e->mem;
  cv_mem_free(&mem, e, sizeof *e);
}

const cv_tier *cv_engine_tier(const cv_engine *e) {
  return e->tier;
}

cv_features cv_engine_features(const cv_engine *e) {
  return e->features;
}

const cv_compile_options *cv_engine_compile_options(const cv_engine *e) {
  return &e->compile;
}

cv_type_registry *cv_engine_registry(cv_engine *e) {
  return e->registry;
}

cv_mem *cv_engine_mem(cv_engine *e) {
  return &e->mem;
}

unsigned cv_engine_validation(const cv_engine *e, const cv_archive *archive) {
  if (archive != NULL && !archive->keeps)
    return CV_VALIDATE_WITHOUT_BODIES;
  if (archive != NULL && archive->bytes != NULL)
    return CV_VALIDATE_BODIES_LATE;
  return e->tier->side_tables ? CV_VALIDATE_SIDE_TABLES : 0;
}

cv_status cv_engine_load(cv_engine *e, const uint8_t *bytes, size_t size, bool copy, cv_module **out, cv_diag *diag) {
  cv_module *module;
  *out = NULL;
  CV_TRY(cv_module_decode(&module, &e->mem, e->registry, e->features, bytes, size,
                          copy ? CV_DECODE_COPY : CV_DECODE_BORROW, diag));
  cv_status status = cv_module_validate(module, cv_engine_validation(e, NULL), diag);
  if (status != CV_OK) {
    cv_module_delete(module);
    return status;
  }
  *out = module;
  return CV_OK;
}

static cv_status compile_by(cv_engine *e, const cv_tier *tier, cv_module *module, const cv_compile_options *options,
                            cv_code **out, cv_diag *diag) {
  *out = NULL;
  cv_code *code;
  CV_TRY(tier->compile(&code, &e->mem, module, options, diag));
  code->engine = e;
  cv_engine_retain(e);
  code->owned = module;
  code->references = 1;
  *out = code;
  return CV_OK;
}

cv_status cv_engine_compile(cv_engine *e, cv_module *module, cv_code **out, cv_diag *diag) {
  return compile_by(e, e->tier, module, &e->compile, out, diag);
}

cv_status cv_engine_compile_from(cv_engine *e, const cv_archive *archive, uint64_t key, cv_module *module,
                                 cv_code **out, cv_diag *diag) {
  cv_compile_options options = e->compile;
  options.lazy = true;
  *out = NULL;
  if (!archive->keeps)
    options.tier_up = CV_TIER_UP_NEVER; // the code does not ask for it, and the bodies were not validated
  if (!cv_archive_find(archive, key, &options.objects, &options.upper_objects))
    return cv_fail(diag, CV_EMALFORMED, CV_NO_OFFSET, "a module is missing in the compiled program");
  const bool tiers_up = options.tier_up != CV_TIER_UP_NEVER;
  const uint32_t func_count = cv_module_defined(module);
  options.kept = archive->keeps ? cv_kept_new(&e->mem, func_count) : NULL;
  options.upper_kept = archive->keeps && tiers_up ? cv_kept_new(&e->mem, func_count) : NULL;
  cv_status status = CV_OK;
  if (archive->keeps && (options.kept == NULL || (tiers_up && options.upper_kept == NULL)))
    status = CV_ENOMEM;
  if (status == CV_OK)
    status = compile_by(e, archive->tier, module, &options, out, diag);
  if (status != CV_OK) {
    cv_kept_delete(options.kept);
    cv_kept_delete(options.upper_kept);
  }
  return status;
}

bool cv_engine_is_native(const cv_engine *e) {
  return e->tier->thunk != NULL;
}

cv_status cv_engine_check_archive(const cv_engine *e, const cv_archive *archive, cv_diag *diag) {
  if (e->compile.fuel && (archive->flags & CV_ARCHIVE_FUEL) == 0)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET,
                   "this program was compiled without counting fuel; compile it with --count-fuel");
  if (e->compile.canonical_nan && (archive->flags & CV_ARCHIVE_CANONICAL_NAN) == 0)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET,
                   "this program was compiled without canonical NaNs; compile it with --canonical-nan");
  return CV_OK;
}

cv_status cv_engine_load_archive(cv_engine *e, const cv_archive *archive, cv_module **out, cv_diag *diag) {
  cv_module *module;
  *out = NULL;
  CV_TRY(cv_module_decode(&module, &e->mem, e->registry, archive->features, archive->program.data,
                          archive->program.size, archive->keeps ? CV_DECODE_BORROW : CV_DECODE_WITHOUT_BODIES, diag));
  cv_status status = cv_module_validate(module, cv_engine_validation(e, archive), diag);
  if (status != CV_OK) {
    cv_module_delete(module);
    return status;
  }
  *out = module;
  return CV_OK;
}

void cv_code_retain(cv_code *code) {
  __atomic_add_fetch(&code->references, 1, __ATOMIC_RELAXED);
}

void cv_code_release(cv_code *code) {
  if (code == NULL || __atomic_sub_fetch(&code->references, 1, __ATOMIC_ACQ_REL) != 0)
    return;
  cv_engine *e = code->engine;
  cv_module *module = code->owned;
  struct cv_kept *kept = code->options.kept, *upper_kept = code->options.upper_kept;
  cv_images_delete(code);
  cv_parked_delete(code);
  code->tier->code_delete(code, &e->mem);
  cv_kept_delete(kept);
  cv_kept_delete(upper_kept);
  cv_module_delete(module);
  cv_engine_release(e);
}

cv_typeid cv_engine_functype(cv_engine *e, const cv_valtype *params, uint32_t param_count, const cv_valtype *results,
                             uint32_t result_count) {
  size_t count = (size_t)param_count + result_count;
  cv_valtype *types = cv_mem_calloc(&e->mem, count, sizeof *types);
  if (types == NULL)
    return CV_NO_TYPE;
  if (param_count != 0)
    memcpy(types, params, param_count * sizeof *types);
  if (result_count != 0)
    memcpy(types + param_count, results, result_count * sizeof *types);
  cv_functype type = {param_count, result_count, types};
  // The reference is never dropped: the type lives as long as the engine, and asking again adds none.
  cv_typeid id = cv_type_registry_func(e->registry, &type);
  cv_mem_free(&e->mem, types, count * sizeof *types);
  return id;
}
