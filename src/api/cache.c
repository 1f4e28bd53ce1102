// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cache.c: programs whose code is kept from one run to the next.
#include <cove/cache.h>

#include <stdio.h>

#include "aot/aot.h"
#include "api/component.h"
#include "base/digest.h"

static bool can_keep(const cv_engine *engine) {
  const cv_object_maker *maker = cv_engine_tier(engine)->maker;
  return cv_digest_available() && maker != NULL && maker->can_place() && cv_engine_compile_options(engine)->lazy;
}

// What the code depends on besides the program.
static uint64_t digest_of_engine(const cv_engine *engine) {
  const cv_compile_options *options = cv_engine_compile_options(engine);
  const cv_tier *tier = cv_engine_tier(engine);
  uint8_t facts[8 * 4 + CV_ARCHIVE_TIER_SIZE] = {0};
  cv_store_le64(facts, cv_archive_stamp());
  cv_store_le64(facts + 8, cv_archive_entry_cpu(options));
  cv_store_le64(facts + 16, cv_engine_features(engine));
  cv_store_le64(facts + 24, cv_archive_flags(options));
  memcpy(facts + 32, tier->name, CV_MIN(strlen(tier->name), (size_t)CV_ARCHIVE_TIER_SIZE));
  return cv_digest(facts, sizeof facts);
}

// Of one page in eight: whoever uses an entry compares the whole program, so a name that two programs share costs no
// more than that they take turns in the cache.
static uint64_t digest_of_program(const uint8_t *data, size_t size) {
  enum { PAGE = 4096, DISTANCE = 8 * PAGE };
  uint64_t digest = size;
  for (size_t at = 0; at < size; at += DISTANCE)
    digest = digest * 31 + cv_digest(data + at, CV_MIN(size - at, (size_t)PAGE));
  return digest * 31 + cv_digest(data + (size > PAGE ? size - PAGE : 0), CV_MIN(size, (size_t)PAGE));
}

bool cove_cache_name(const cove_engine *engine, const void *data, size_t size, char name[COVE_CACHE_NAME_SIZE]) {
  const cv_engine *e = (const cv_engine *)engine;
  if (!can_keep(e))
    return false;
  snprintf(name, COVE_CACHE_NAME_SIZE, "%016llx%016llx", (unsigned long long)digest_of_program(data, size),
           (unsigned long long)digest_of_engine(e));
  return true;
}

// Whether the code in an entry is what the engine would make.
static bool is_of(const cv_engine *e, const cv_archive *archive) {
  uint32_t flags = archive->flags & ~(uint32_t)(CV_ARCHIVE_COMPONENT | CV_ARCHIVE_ENTRY);
  return archive->tier == cv_engine_tier(e) && archive->features == cv_engine_features(e) &&
         flags == cv_archive_flags(cv_engine_compile_options(e));
}

cove_status cv_api_source_cached(cove_engine *engine, cv_bytes program, cv_bytes entry, cv_archive *archive,
                                 cv_api_source *out, bool *fits, cove_error **error) {
  const cv_engine *e = (const cv_engine *)engine;
  cv_diag diag;
  cv_diag_init(&diag);
  if (!can_keep(e))
    return cv_api_fail(error, COVE_USAGE, "this engine cannot keep code: cove_cache_name");
  *fits = true;
  if (entry.data != NULL)
    *fits = cv_archive_open_entry(archive, entry.data, entry.size, program, &diag) == CV_OK && is_of(e, archive);
  else
    *archive =
        (cv_archive){.program = program, .features = cv_engine_features(e), .tier = cv_engine_tier(e), .keeps = true};
  out->bytes = program.data;
  out->size = program.size;
  out->archive = archive;
  return COVE_OK;
}

static bool entry_of_module(const cove_module *module, cv_aot_entry *out) {
  if (module->code == NULL || module->code->options.kept == NULL)
    return false;
  *out = (cv_aot_entry){.program = {module->bytes, module->size}, .code = module->code};
  return true;
}

static bool entry_of_component(const cove_component *c, cv_aot_entry *out) {
  if (!c->keeps_code)
    return false;
  *out = (cv_aot_entry){.program = {c->component->bytes, c->size}, .component = c->component};
  return true;
}

bool cove_module_wants_entry(const cove_module *module) {
  cv_aot_entry entry;
  return entry_of_module(module, &entry) && cv_aot_entry_is_worth_it(&entry);
}

bool cove_component_wants_entry(const cove_component *component) {
  cv_aot_entry entry;
  return entry_of_component(component, &entry) && cv_aot_entry_is_worth_it(&entry);
}

typedef struct output {
  cove_write_fn *write;
  void *env;
  bool failed;
} output;

static bool put(void *env, const void *data, size_t size) {
  output *o = env;
  o->failed = o->failed || !o->write(o->env, data, size);
  return !o->failed;
}

static cove_status write_entry(cv_engine *engine, const cv_aot_entry *entry, cove_write_fn *write, void *env,
                               cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  output out = {write, env, false};
  cv_status status = cv_aot_write_entry(engine, entry, &(cv_aot_sink){put, &out}, &diag);
  if (out.failed)
    return cv_api_fail(error, COVE_IO, "the entry could not be written");
  return status == CV_OK ? COVE_OK : cv_api_diag(error, status, &diag);
}

cove_status cove_module_write_entry(const cove_module *module, cove_write_fn *write, void *env, cove_error **error) {
  cv_aot_entry entry;
  if (!entry_of_module(module, &entry))
    return cv_api_fail(error, COVE_USAGE, "this module keeps no code: cove_module_new_cached");
  return write_entry(module->engine, &entry, write, env, error);
}

cove_status cove_component_write_entry(const cove_component *component, cove_write_fn *write, void *env,
                                       cove_error **error) {
  cv_aot_entry entry;
  if (!entry_of_component(component, &entry))
    return cv_api_fail(error, COVE_USAGE, "this component keeps no code: cove_component_new_cached");
  return write_entry(component->engine, &entry, write, env, error);
}
