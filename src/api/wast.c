// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast.c: the script runner. A script has one store; each of its threads has a script of its own, with a store of its
// own, that sees the shared memories of one instance.
#include "api/wast.h"
#include "aot/aot.h"

#include <stdarg.h>
#include <stdio.h>

#include <cove/wast.h>

#include "base/map.h"
#include "runtime/internal.h"
#include "sys/thread.h"

// A module or a component that was defined: one of the two.
typedef struct definition {
  cv_code *code;
  cv_component *component;
} definition;

// What a name stands for in imports and actions: an instance of a module or of a component, or objects without one.
typedef struct provider {
  cv_cexports *component;
  cv_instance *instance;
  const cv_wast_item *items;
  size_t item_count;
} provider;

// How reports leave a runner; shared by a script and its threads.
typedef struct reporter {
  cv_lock lock;
  const char *name;
  cove_wast_report_fn *report;
  void *env;
  bool ahead; // modules are compiled ahead of time
} reporter;

typedef struct thread thread;

typedef struct script {
  cv_engine *engine;
  cv_mem *mem;
  reporter *reporter;
  cove_wast_counts counts;
  cv_wast wast;
  cv_store *store;
  cv_arena arena; // names and providers
  provider spectest, *current;
  cv_wast_item spectest_items[CV_SPECTEST_COUNT];
  cv_map registered;   // import module name -> provider *
  cv_map instances;    // $name -> provider *
  cv_map definitions;  // $name -> definition *
  definition *defined; // the last one
  CV_VEC(cv_code *) codes;
  CV_VEC(cv_buf) files; // that codes are from
  CV_VEC(cv_component *) components;
  CV_VEC(thread *) threads;
  cv_buf message;
} script;

struct thread {
  script script;
  cv_bytes name;
  uint32_t done; // waited for
  bool joined;
};

// ---- reports -------------------------------------------------------------------------------------------------------

static void report(script *s, uint32_t line) {
  s->counts.failed++;
  const char *text = cv_buf_cstr(&s->message);
  cv_lock_take(&s->reporter->lock);
  if (s->reporter->report != NULL)
    s->reporter->report(s->reporter->env, s->reporter->name, line, text != NULL ? text : "out of memory");
  cv_lock_release(&s->reporter->lock);
}

// The message that `report` gives is put together in s->message.
static CV_PRINTF(3, 4) bool failed(script *s, uint32_t line, const char *fmt, ...) {
  char text[600];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  cv_buf_text(&s->message, text);
  report(s, line);
  return false;
}

static bool passed(script *s) {
  s->counts.passed++;
  return true;
}

// The core suite compares texts by their beginnings, either way around: "unknown label" and "unknown label 3". That of
// components has pieces of sentences, some behind "wasm trap: ".
static bool text_matches(cv_bytes expected, bool is_component, const char *actual) {
  static const char before[] = "wasm trap: ";
  if (!is_component) {
    size_t n = CV_MIN(expected.size, strlen(actual));
    return n != 0 && memcmp(expected.data, actual, n) == 0;
  }
  if (expected.size > sizeof before && memcmp(expected.data, before, sizeof before - 1) == 0)
    expected = (cv_bytes){expected.data + sizeof before - 1, expected.size - (sizeof before - 1)};
  for (size_t at = 0, size = strlen(actual); at + expected.size <= size; at++)
    if (expected.size == 0 || memcmp(actual + at, expected.data, expected.size) == 0)
      return true;
  return false;
}

// ---- names ---------------------------------------------------------------------------------------------------------

static cv_status keep_name(script *s, cv_map *map, cv_bytes name, void *value) {
  uint8_t *copy = cv_arena_copy(&s->arena, name.size != 0 ? name.data : (const uint8_t *)"", name.size);
  if (copy == NULL)
    return CV_ENOMEM;
  return cv_map_put(map, (cv_bytes){copy, name.size}, (uintptr_t)value, NULL);
}

static void *find_name(const cv_map *map, cv_bytes name) {
  const uint64_t *found = cv_map_get(map, name);
  return found != NULL ? (void *)(uintptr_t)*found : NULL;
}

// The instance that a command names, or the current one.
static provider *find_instance(script *s, bool has_name, cv_bytes name) {
  return has_name ? find_name(&s->instances, name) : s->current;
}

static cv_extern find_export(const provider *p, cv_bytes name, cv_extern_kind kind) {
  cv_extern none = {.kind = kind};
  if (p->instance != NULL) {
    const cv_export *e = cv_instance_export(p->instance, name, kind);
    return e != NULL ? cv_instance_extern(p->instance, e) : none;
  }
  for (size_t i = 0; i < p->item_count; i++)
    if (p->items[i].item.kind == kind && cv_bytes_equal(p->items[i].name, name))
      return p->items[i].item;
  return none;
}

// ---- modules -------------------------------------------------------------------------------------------------------

static cv_status compile_component(script *s, const cv_wast_module *m, cv_component **out, cv_diag *diag) {
  CV_TRY(cv_wast_component_compile(s->engine, &s->wast, m, out, diag));
  cv_status status = cv_vec_push(s->mem, &s->components, *out);
  if (status != CV_OK)
    cv_component_delete(*out);
  return status;
}

// Makes a file of the module and takes the code from there.
static cv_status compile_ahead(script *s, const cv_buf *bytes, cv_code **out, cv_diag *diag) {
  cv_buf file;
  cv_archive archive;
  cv_module *module;
  cv_buf_init(&file, s->mem);
  cv_status status = cv_vec_reserve(s->mem, &s->files, 1);
  if (status == CV_OK)
    status = cv_aot_compile(s->engine, bytes->data, bytes->size, NULL, &file, diag);
  if (status != CV_OK) {
    cv_buf_free(&file);
    return status;
  }
  s->files.data[s->files.count++] = file;
  CV_TRY(cv_archive_open(&archive, file.data, file.size, diag));
  CV_TRY(cv_engine_load_archive(s->engine, &archive, &module, diag));
  status = cv_engine_compile_from(s->engine, &archive, 0, module, out, diag);
  if (status != CV_OK)
    cv_module_delete(module);
  return status;
}

static cv_status compile_now(script *s, const cv_buf *bytes, cv_code **out, cv_diag *diag) {
  cv_module *module;
  CV_TRY(cv_engine_load(s->engine, bytes->data, bytes->size, true, &module, diag));
  cv_status status = cv_engine_compile(s->engine, module, out, diag);
  if (status != CV_OK)
    cv_module_delete(module);
  return status;
}

static cv_status compile_code(script *s, const cv_wast_module *m, cv_code **out, cv_diag *diag) {
  cv_buf bytes;
  cv_buf_init(&bytes, s->mem);
  cv_status status = cv_wast_module_bytes(&s->wast, m, cv_engine_features(s->engine), &bytes, diag);
  if (status == CV_OK)
    status = cv_buf_status(&bytes);
  if (status == CV_OK)
    status = s->reporter->ahead ? compile_ahead(s, &bytes, out, diag) : compile_now(s, &bytes, out, diag);
  cv_buf_free(&bytes);
  if (status != CV_OK)
    return status;
  status = cv_vec_push(s->mem, &s->codes, *out);
  if (status != CV_OK)
    cv_code_release(*out);
  return status;
}

// From the script to something that can be instantiated. On failure *diag says why.
static cv_status compile_module(script *s, const cv_wast_module *m, definition *out, cv_diag *diag) {
  *out = (definition){NULL, NULL};
  return m->is_component ? compile_component(s, m, &out->component, diag) : compile_code(s, m, &out->code, diag);
}

static cv_cexports *find_component(void *env, cv_bytes name) {
  const provider *p = find_name(&((script *)env)->registered, name);
  return p != NULL ? p->component : NULL;
}

static cv_status instantiate_code(script *s, cv_code *code, cv_instance **out, cv_diag *diag) {
  const cv_module *m = code->module;
  cv_extern *imports = cv_mem_calloc(s->mem, m->import_count, sizeof *imports);
  if (imports == NULL && m->import_count != 0)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  cv_status status = CV_OK;
  for (uint32_t i = 0; i < m->import_count && status == CV_OK; i++) {
    const cv_import *import = &m->imports[i];
    const provider *p = find_name(&s->registered, import->module);
    // An export of another kind than the import's is an incompatible type, not an unknown import.
    bool known = false;
    for (int kind = CV_EXTERN_FUNC; kind <= CV_EXTERN_TAG && p != NULL; kind++) {
      cv_extern e = find_export(p, import->name, (cv_extern_kind)kind);
      known |= e.as.object != NULL;
      if (kind == (int)import->kind)
        imports[i] = e;
    }
    if (!known)
      status = cv_fail(diag, CV_EUNLINKABLE, CV_NO_OFFSET, "unknown import \"%.*s\" \"%.*s\"",
                       (int)CV_MIN(import->module.size, 80), (const char *)import->module.data,
                       (int)CV_MIN(import->name.size, 80), (const char *)import->name.data);
    else if (!cv_extern_matches(&imports[i], m, import)) {
      char why[CV_MISMATCH_TEXT_SIZE] = "an export of that name is of another kind";
      if (imports[i].as.object != NULL)
        cv_extern_mismatch(&imports[i], m, import, why);
      status = cv_fail(diag, CV_EUNLINKABLE, CV_NO_OFFSET, "incompatible import type for \"%.*s\" \"%.*s\": %s",
                       (int)CV_MIN(import->module.size, 40), (const char *)import->module.data,
                       (int)CV_MIN(import->name.size, 40), (const char *)import->name.data, why);
    }
  }
  if (status == CV_OK)
    status = cv_instantiate(s->store, code, imports, m->import_count, NULL, out, diag);
  cv_mem_free(s->mem, imports, m->import_count * sizeof *imports);
  return status;
}

static cv_status instantiate(script *s, const definition *d, provider *out, cv_diag *diag) {
  *out = (provider){.instance = NULL};
  return d->component != NULL
             ? cv_wast_component_instantiate(s->store, d->component, find_component, s, &out->component, diag)
             : instantiate_code(s, d->code, &out->instance, diag);
}

// A new current instance, under its name if it has one.
static bool enter_instance(script *s, const cv_wast_command *c, const definition *d, bool has_name, cv_bytes name) {
  cv_diag diag;
  cv_diag_init(&diag);
  char text[700];
  provider *p = CV_ARENA_NEW(&s->arena, provider);
  if (p == NULL)
    return failed(s, c->line, "out of memory");
  if (instantiate(s, d, p, &diag) != CV_OK)
    return failed(s, c->line, "expected an instance, got: %s", cv_diag_message(&diag, text, sizeof text));
  s->current = p;
  if (has_name && keep_name(s, &s->instances, name, p) != CV_OK)
    return failed(s, c->line, "out of memory");
  return passed(s);
}

static bool define_module(script *s, const cv_wast_command *c) {
  cv_diag diag;
  cv_diag_init(&diag);
  char text[700];
  definition *d = CV_ARENA_NEW(&s->arena, definition);
  if (d == NULL)
    return failed(s, c->line, "out of memory");
  if (compile_module(s, &c->module, d, &diag) != CV_OK)
    return failed(s, c->line, "expected a %s, got: %s", c->module.is_component ? "component" : "module",
                  cv_diag_message(&diag, text, sizeof text));
  s->defined = d;
  if (c->module.has_name && keep_name(s, &s->definitions, c->module.name, d) != CV_OK)
    return failed(s, c->line, "out of memory");
  return true;
}

static bool run_module(script *s, const cv_wast_command *c) {
  s->current = NULL; // what follows a module that failed must not reach the one before it
  return define_module(s, c) && enter_instance(s, c, s->defined, c->module.has_name, c->module.name);
}

static bool run_instance(script *s, const cv_wast_command *c) {
  const definition *d = c->has_text ? find_name(&s->definitions, c->text) : s->defined;
  s->current = NULL;
  if (d == NULL)
    return failed(s, c->line, "no such definition");
  return enter_instance(s, c, d, c->has_name, c->name);
}

static bool run_register(script *s, const cv_wast_command *c) {
  provider *p = find_instance(s, c->has_name, c->name);
  if (p == NULL)
    return failed(s, c->line, "register: no such instance");
  return keep_name(s, &s->registered, c->text, p) == CV_OK ? passed(s) : failed(s, c->line, "out of memory");
}

// ---- assertions about modules --------------------------------------------------------------------------------------

static bool check_failure(script *s, const cv_wast_command *c, const char *what, bool right_kind, cv_status status,
                          const cv_diag *diag) {
  char text[700];
  if (right_kind && text_matches(c->text, c->module.is_component, diag->text))
    return passed(s);
  if (status == CV_OK)
    return failed(s, c->line, "expected %s module: %.*s, but it is accepted", what, (int)c->text.size,
                  (const char *)c->text.data);
  return failed(s, c->line, "expected %s module: %.*s, got: %s", what, (int)c->text.size, (const char *)c->text.data,
                cv_diag_message(diag, text, sizeof text));
}

static bool assert_bad_module(script *s, const cv_wast_command *c, const char *what, cv_status expected) {
  cv_diag diag;
  cv_diag_init(&diag);
  definition d;
  cv_status status = compile_module(s, &c->module, &d, &diag);
  return check_failure(s, c, what, status == expected, status, &diag);
}

static cv_status find_definition(script *s, const cv_wast_module *m, definition *out, cv_diag *diag) {
  const definition *d = m->has_name ? find_name(&s->definitions, m->name) : s->defined;
  if (d == NULL)
    return cv_fail(diag, CV_ENOTFOUND, CV_NO_OFFSET, "no such definition");
  *out = *d;
  return CV_OK;
}

static bool assert_no_instance(script *s, const cv_wast_command *c, const char *what, cv_status expected) {
  cv_diag diag;
  cv_diag_init(&diag);
  definition d;
  provider made;
  cv_status status = c->module.form == CV_WAST_DEFINED ? find_definition(s, &c->module, &d, &diag)
                                                       : compile_module(s, &c->module, &d, &diag);
  bool compiled = status == CV_OK;
  if (compiled)
    status = instantiate(s, &d, &made, &diag);
  return check_failure(s, c, what, compiled && status == expected, status, &diag);
}

// ---- actions -------------------------------------------------------------------------------------------------------

typedef struct outcome {
  bool is_component;
  bool done; // or it could not be carried out, and s->message says why
  cv_run run;
  const cv_valtype *types;
  uint32_t count;
  cv_value *values; // of the script's memory, `slots` of them
  size_t slots;
} outcome;

static outcome cannot(script *s, const char *why, cv_bytes name) {
  cv_buf_printf(&s->message, "%s \"%.*s\"", why, (int)CV_MIN(name.size, 100), (const char *)name.data);
  return (outcome){.done = false};
}

static outcome run_get(script *s, provider *p, const cv_wast_action *a) {
  cv_extern e = find_export(p, a->name, CV_EXTERN_GLOBAL);
  if (e.as.global == NULL)
    return cannot(s, "there is no exported global", a->name);
  outcome o = {.done = true, .types = &e.as.global->type.type, .count = 1, .slots = 1};
  o.values = cv_mem_calloc(s->mem, 1, sizeof *o.values);
  if (o.values == NULL)
    return cannot(s, "out of memory for", a->name);
  *o.values = e.as.global->value;
  return o;
}

static outcome run_invoke(script *s, provider *p, const cv_wast_action *a) {
  cv_extern e = find_export(p, a->name, CV_EXTERN_FUNC);
  if (e.as.func == NULL)
    return cannot(s, "there is no exported function", a->name);
  const cv_functype *type = e.as.func->signature;
  if (type->param_count != a->arg_count)
    return cannot(s, "wrong number of arguments for", a->name);
  outcome o = {.types = cv_functype_results(type), .count = type->result_count};
  o.slots = CV_MAX(CV_MAX(type->param_count, type->result_count), 1u);
  o.values = cv_mem_calloc(s->mem, o.slots, sizeof *o.values);
  if (o.values == NULL)
    return cannot(s, "out of memory for", a->name);
  for (uint32_t i = 0; i < a->arg_count; i++)
    if (!cv_wast_to_value(s->store, &a->args[i], type->types[i], &o.values[i], &s->message))
      return o;
  o.done = true;
  o.run = cv_call(cv_store_context(s->store), e.as.func, o.values);
  return o;
}

static outcome run_action(script *s, const cv_wast_action *a) {
  provider *p = find_instance(s, a->has_instance, a->instance);
  if (p == NULL)
    return cannot(s, "there is no instance for", a->name);
  return a->is_get ? run_get(s, p, a) : run_invoke(s, p, a);
}

static void free_outcome(script *s, outcome *o) {
  cv_mem_free(s->mem, o->values, o->slots * sizeof *o->values);
}

static const char *trap_text(const script *s) {
  return cv_trap_sentence(cv_store_context(s->store));
}

// "the trap: unreachable", "an uncaught exception" or the values.
static void print_outcome(script *s, const outcome *o) {
  if (o->run == CV_RUN_TRAP)
    cv_buf_printf(&s->message, "the trap: %s", trap_text(s));
  else if (o->run == CV_RUN_EXCEPTION)
    cv_buf_text(&s->message, "an uncaught exception");
  else if (o->count == 0)
    cv_buf_text(&s->message, "no values");
  for (uint32_t i = 0; i < o->count && o->run == CV_RUN_OK; i++) {
    cv_buf_text(&s->message, i != 0 ? " " : "");
    cv_wast_print_value(&s->message, o->types[i], &o->values[i]);
  }
}

static bool results_match(const cv_wast_command *c, const outcome *o) {
  if (o->run != CV_RUN_OK || o->count != c->result_count)
    return false;
  for (uint32_t i = 0; i < o->count; i++)
    if (!cv_wast_matches(&c->results[i], c->patterns, o->types[i], &o->values[i]))
      return false;
  return true;
}

static void print_results(script *s, const cv_wast_command *c) {
  for (uint32_t i = 0; i < c->result_count; i++) {
    cv_buf_text(&s->message, i != 0 ? " " : "");
    cv_wast_print_pattern(&s->message, &c->results[i], c->patterns);
  }
  if (c->result_count == 0)
    cv_buf_text(&s->message, "no values");
}

// Whether the outcome is what the command wants; otherwise s->message says what it wants.
static bool outcome_fits(script *s, const cv_wast_command *c, const outcome *o) {
  int size = (int)c->text.size;
  const char *text = (const char *)c->text.data;
  switch (c->kind) {
  case CV_WAST_ASSERT_RETURN:
    if (results_match(c, o))
      return true;
    print_results(s, c);
    return false;
  case CV_WAST_ASSERT_TRAP:
  case CV_WAST_ASSERT_EXHAUSTION:
    if (o->run == CV_RUN_TRAP && text_matches(c->text, o->is_component, trap_text(s)))
      return true;
    cv_buf_printf(&s->message, "the trap: %.*s", size, text);
    return false;
  case CV_WAST_ASSERT_EXCEPTION:
    if (o->run == CV_RUN_EXCEPTION)
      return true;
    cv_buf_text(&s->message, "an uncaught exception");
    return false;
  default:
    if (o->run == CV_RUN_OK)
      return true;
    cv_buf_text(&s->message, "success");
    return false;
  }
}

// What the outcome of a component's function is to the rest: how it ended, and no core values.
static outcome without_values(const cv_wast_component_outcome *o) {
  return (outcome){.is_component = true, .done = true, .run = o->run};
}

static bool run_component_action(script *s, const cv_wast_command *c, const provider *p) {
  cv_wast_component_outcome o;
  cv_arena arena;
  cv_arena_init(&arena, s->mem);
  bool good = cv_wast_component_call(p->component, &c->action, &arena, &o, &s->message);
  if (good) {
    outcome core = without_values(&o);
    cv_buf_text(&s->message, "expected ");
    good = c->kind == CV_WAST_ASSERT_RETURN ? cv_wast_component_matches(c, &o) : outcome_fits(s, c, &core);
    if (!good && c->kind == CV_WAST_ASSERT_RETURN && c->result_count != 0 && c->results[0].component != NULL)
      cv_wast_print_component_pattern(&s->message, c->results[0].component);
    if (!good) {
      cv_buf_text(&s->message, ", got ");
      if (o.run == CV_RUN_OK && o.type != NULL)
        cv_wave_print(&s->message, o.type, &o.value);
      else
        print_outcome(s, &core);
    }
  }
  if (good)
    passed(s);
  else
    report(s, c->line);
  cv_arena_free(&arena);
  return true;
}

static bool run_action_command(script *s, const cv_wast_command *c) {
  const provider *p = find_instance(s, c->action.has_instance, c->action.instance);
  if (p != NULL && p->component != NULL)
    return run_component_action(s, c, p);
  outcome o = run_action(s, &c->action);
  if (!o.done)
    report(s, c->line);
  else {
    cv_buf_text(&s->message, "expected ");
    if (outcome_fits(s, c, &o))
      passed(s);
    else {
      cv_buf_text(&s->message, ", got ");
      print_outcome(s, &o);
      report(s, c->line);
    }
  }
  free_outcome(s, &o);
  return true;
}

// ---- threads -------------------------------------------------------------------------------------------------------

static cv_status init_script(script *s, cv_engine *engine, reporter *r, cv_mem *mem, cv_diag *diag);
static void free_script(script *s);
static cv_status run_script(script *s, cv_diag *diag);

static void *run_thread(void *arg) {
  thread *t = arg;
  cv_diag diag;
  cv_diag_init(&diag);
  if (run_script(&t->script, &diag) != CV_OK) {
    t->script.message.size = 0;
    (void)failed(&t->script, diag.line, "the thread's script: %s", diag.text);
  }
  __atomic_store_n(&t->done, 1, __ATOMIC_RELEASE);
  cv_word_wake(&t->done, UINT32_MAX);
  return NULL;
}

// Shows the shared memories that `from` exports to a thread's script, under the same name.
static cv_status share_instance(script *to, const provider *from, cv_bytes name, cv_diag *diag) {
  const cv_module *m = from->instance->module;
  provider *p = CV_ARENA_NEW(&to->arena, provider);
  cv_wast_item *items = CV_ARENA_ARRAY(&to->arena, cv_wast_item, m->export_count);
  if (p == NULL || items == NULL)
    return CV_ENOMEM;
  p->items = items;
  for (uint32_t i = 0; i < m->export_count; i++) {
    cv_extern e = cv_instance_extern(from->instance, &m->exports[i]);
    if (e.kind != CV_EXTERN_MEMORY || e.as.memory == NULL || e.as.memory->shared == NULL)
      continue;
    cv_wast_item *item = &items[p->item_count++];
    *item = (cv_wast_item){m->exports[i].name, {.kind = CV_EXTERN_MEMORY}};
    CV_TRY(cv_store_memory_share(to->store, e.as.memory, &item->item.as.memory, diag));
  }
  to->current = p;
  return keep_name(to, &to->instances, name, p);
}

static cv_status start_thread(script *s, const cv_wast_command *c, thread *t, cv_diag *diag) {
  if (c->shared.size != 0) {
    provider *p = find_name(&s->instances, c->shared);
    if (p == NULL || p->instance == NULL)
      return cv_fail(diag, CV_ENOTFOUND, CV_NO_OFFSET, "thread: no such instance");
    CV_TRY(share_instance(&t->script, p, c->shared, diag));
  }
  t->name = (cv_bytes){cv_arena_copy(&s->arena, c->name.data, c->name.size), c->name.size};
  if (t->name.data == NULL)
    return CV_ENOMEM;
  cv_wast_open_thread(&t->script.wast, &s->wast, c);
  if (cv_vec_push(s->mem, &s->threads, t) != CV_OK)
    return CV_ENOMEM;
  if (!cv_thread_start(run_thread, t)) {
    s->threads.count--;
    return cv_fail(diag, CV_EIO, CV_NO_OFFSET, "a thread cannot be started");
  }
  return CV_OK;
}

static bool run_thread_command(script *s, const cv_wast_command *c) {
  cv_diag diag;
  cv_diag_init(&diag);
  thread *t = cv_mem_zalloc(s->mem, sizeof *t);
  if (t == NULL)
    return failed(s, c->line, "out of memory");
  cv_status status = init_script(&t->script, s->engine, s->reporter, s->mem, &diag);
  if (status == CV_OK)
    status = start_thread(s, c, t, &diag);
  if (status == CV_OK)
    return passed(s);
  free_script(&t->script);
  cv_mem_free(s->mem, t, sizeof *t);
  return failed(s, c->line, "thread: %s", diag.text[0] != '\0' ? diag.text : cv_status_text(status));
}

static void join(script *s, thread *t) {
  while (__atomic_load_n(&t->done, __ATOMIC_ACQUIRE) == 0)
    (void)cv_word_wait(&t->done, 0, UINT64_MAX);
  t->joined = true;
  s->counts.passed += t->script.counts.passed;
  s->counts.failed += t->script.counts.failed;
}

static bool run_wait(script *s, const cv_wast_command *c) {
  for (size_t i = 0; i < s->threads.count; i++) {
    thread *t = s->threads.data[i];
    if (!t->joined && cv_bytes_equal(t->name, c->name)) {
      join(s, t);
      return passed(s);
    }
  }
  return failed(s, c->line, "wait: no such thread");
}

// ---- scripts -------------------------------------------------------------------------------------------------------

static bool run_command(script *s, const cv_wast_command *c) {
  switch (c->kind) {
  case CV_WAST_MODULE:
    return run_module(s, c);
  case CV_WAST_DEFINITION:
    return define_module(s, c) && passed(s);
  case CV_WAST_INSTANCE:
    return run_instance(s, c);
  case CV_WAST_REGISTER:
    return run_register(s, c);
  case CV_WAST_ACTION:
  case CV_WAST_ASSERT_RETURN:
  case CV_WAST_ASSERT_TRAP:
  case CV_WAST_ASSERT_EXHAUSTION:
  case CV_WAST_ASSERT_EXCEPTION:
    return run_action_command(s, c);
  case CV_WAST_ASSERT_UNINSTANTIABLE:
    return assert_no_instance(s, c, "a trapping", CV_ETRAP);
  case CV_WAST_ASSERT_UNLINKABLE:
    return assert_no_instance(s, c, "an unlinkable", CV_EUNLINKABLE);
  case CV_WAST_ASSERT_INVALID:
  case CV_WAST_ASSERT_INVALID_CUSTOM:
    return assert_bad_module(s, c, "an invalid", CV_EINVALID);
  case CV_WAST_ASSERT_MALFORMED:
  case CV_WAST_ASSERT_MALFORMED_CUSTOM:
    return assert_bad_module(s, c, "a malformed", CV_EMALFORMED);
  case CV_WAST_THREAD:
    return run_thread_command(s, c);
  case CV_WAST_WAIT:
    return run_wait(s, c);
  case CV_WAST_UNSUPPORTED:
    return failed(s, c->line, "unsupported: %.*s", (int)c->text.size, (const char *)c->text.data);
  }
  return false;
}

// Runs every command. Fails only when there is no command at all that could be read.
static cv_status run_script(script *s, cv_diag *diag) {
  uint64_t read = 0;
  for (bool more = true; more;) {
    cv_wast_command c;
    cv_diag command_diag;
    cv_diag_init(&command_diag);
    s->message.size = 0;
    cv_status status = cv_wast_next(&s->wast, &c, &more, &command_diag);
    if (status != CV_OK && read == 0 && !more) {
      *diag = command_diag;
      return status;
    }
    if (status != CV_OK)
      (void)failed(s, command_diag.line != 0 ? command_diag.line : c.line, "%s", command_diag.text);
    else if (more)
      (void)run_command(s, &c);
    read++;
  }
  return CV_OK;
}

static cv_status init_script(script *s, cv_engine *engine, reporter *r, cv_mem *mem, cv_diag *diag) {
  *s = (script){.engine = engine, .mem = mem, .reporter = r};
  cv_arena_init(&s->arena, mem);
  cv_map_init(&s->registered, mem);
  cv_map_init(&s->instances, mem);
  cv_map_init(&s->definitions, mem);
  cv_buf_init(&s->message, mem);
  CV_TRY(cv_store_new(engine, NULL, &s->store, diag));
  CV_TRY(cv_wast_spectest(s->store, s->spectest_items, diag));
  s->spectest = (provider){.items = s->spectest_items, .item_count = CV_SPECTEST_COUNT};
  return keep_name(s, &s->registered, CV_BYTES_LITERAL("spectest"), &s->spectest);
}

static void free_script(script *s) {
  for (size_t i = 0; i < s->threads.count; i++) {
    thread *t = s->threads.data[i];
    if (!t->joined)
      join(s, t);
    free_script(&t->script);
    cv_mem_free(s->mem, t, sizeof *t);
  }
  cv_vec_free(s->mem, &s->threads);
  cv_store_delete(s->store);
  for (size_t i = 0; i < s->codes.count; i++)
    cv_code_release(s->codes.data[i]);
  cv_vec_free(s->mem, &s->codes);
  for (size_t i = 0; i < s->files.count; i++)
    cv_buf_free(&s->files.data[i]);
  cv_vec_free(s->mem, &s->files);
  for (size_t i = 0; i < s->components.count; i++)
    cv_component_delete(s->components.data[i]);
  cv_vec_free(s->mem, &s->components);
  cv_map_free(&s->registered);
  cv_map_free(&s->instances);
  cv_map_free(&s->definitions);
  cv_buf_free(&s->message);
  if (s->wast.text != NULL)
    cv_wast_free(&s->wast);
  cv_arena_free(&s->arena);
}

static cv_status run(cv_engine *engine, reporter *r, const char *text, size_t size, cove_wast_counts *counts,
                     cv_diag *diag) {
  cv_mem *mem = cv_engine_mem(engine);
  cv_text tokens;
  CV_TRY(cv_text_init(&tokens, mem, text, size, diag));
  script s;
  cv_status status = init_script(&s, engine, r, mem, diag);
  if (status == CV_OK) {
    cv_wast_init(&s.wast, &tokens, mem);
    status = run_script(&s, diag);
  }
  free_script(&s);
  cv_text_free(&tokens);
  counts->passed += s.counts.passed;
  counts->failed += s.counts.failed;
  return status;
}

cv_status cv_wast_run(cv_engine *engine, const char *name, const char *text, size_t size,
                      cove_wast_report_fn *report_fn, void *env, cove_wast_counts *counts, cv_diag *diag) {
  return run(engine, &(reporter){.name = name, .report = report_fn, .env = env}, text, size, counts, diag);
}

cv_status cv_wast_run_ahead(cv_engine *engine, const char *name, const char *text, size_t size,
                            cove_wast_report_fn *report_fn, void *env, cove_wast_counts *counts, cv_diag *diag) {
  reporter r = {.name = name, .report = report_fn, .env = env, .ahead = true};
  return run(engine, &r, text, size, counts, diag);
}
