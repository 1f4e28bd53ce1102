// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// host.c: a host with plugins in several languages. Each file on its command line is a plugin, a component of the world
// in plugins.wit; each gets a store of its own, with limits, and of this host nothing but `services`. Two messages go
// through all of them, in the order of the files.
//
// pipeline.h and pipeline.c are what `cove bindgen host plugins.wit --prefix pipeline` writes: the host writes the
// functions of `services` below, and calls example_pipeline_filter_call_describe and ..._apply.
//
//   host [--expect TEXT] PLUGIN...    --expect: what the messages must have become
#include <cove/cove.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

enum { MAX_PLUGINS = 8, MAX_COUNTERS = 8, MAX_TEXT = 4096 };

typedef example_pipeline_types_message message;

// What a handle of the guest's stands for. Counters belong to the host and outlive their handles.
struct example_pipeline_services_counter {
  char name[32];
  uint32_t value;
};

typedef struct host {
  example_pipeline_services_counter counters[MAX_COUNTERS];
  unsigned counter_count;
} host;

// One plugin. It is what the functions below get as `env`.
typedef struct plugin {
  host *host;
  char name[32];
  cove_component *component;
  cove_store *store;
  cove_component_linker *linker;
  pipeline_exports exports;
} plugin;

// ---- services ------------------------------------------------------------------------------------------------------

cove_host_result example_pipeline_services_log(void *env, cove_call *call, example_pipeline_services_level level,
                                               cove_string line) {
  const plugin *p = env;
  (void)call;
  printf("[%s] %s%.*s\n", p->name, level == EXAMPLE_PIPELINE_SERVICES_LEVEL_WARNING ? "warning: " : "", (int)line.size,
         line.data);
  return COVE_HOST_OK;
}

cove_host_result example_pipeline_services_counter_new(void *env, cove_call *call, cove_string name,
                                                       example_pipeline_services_counter **result) {
  host *h = ((plugin *)env)->host;
  for (unsigned i = 0; i < h->counter_count; i++)
    if (strlen(h->counters[i].name) == name.size && memcmp(h->counters[i].name, name.data, name.size) == 0) {
      *result = &h->counters[i];
      return COVE_HOST_OK;
    }
  if (h->counter_count == MAX_COUNTERS || name.size >= sizeof h->counters[0].name)
    return cove_call_trap(call, "too many counters, or one with a long name");
  *result = &h->counters[h->counter_count++];
  memcpy((*result)->name, name.data, name.size);
  return COVE_HOST_OK;
}

cove_host_result example_pipeline_services_counter_add(void *env, cove_call *call,
                                                       example_pipeline_services_counter *self, uint32_t n,
                                                       uint32_t *result) {
  (void)env, (void)call;
  *result = self->value += n;
  return COVE_HOST_OK;
}

void example_pipeline_services_counter_drop(void *env, example_pipeline_services_counter *self) {
  (void)env, (void)self;
}

// ---- plugins -------------------------------------------------------------------------------------------------------

static cove_status load(plugin *p, host *h, cove_engine *engine, const char *path, cove_error **error) {
  p->host = h;
  snprintf(p->name, sizeof p->name, "?");
  cove_component_instance *instance = NULL;
  cove_status status = cove_component_open(engine, path, &p->component, error);
  cove_limits *limits = cove_limits_new();
  if (limits == NULL)
    return COVE_NO_MEMORY;
  cove_limits_set_memory(limits, 16 << 20);
  if (status == COVE_OK)
    status = cove_store_new(engine, limits, &p->store, error);
  cove_limits_delete(limits);
  if (status == COVE_OK && (p->linker = cove_component_linker_new(p->store)) == NULL)
    status = COVE_NO_MEMORY;
  if (status == COVE_OK)
    status = cove_component_linker_define_world(p->linker, &pipeline_world, p, error);
  // The standard libraries of some languages import WASI. They may, but not call it.
  if (status == COVE_OK)
    status = cove_component_linker_deny_rest(p->linker, "wasi:", "a host that grants WASI", error);
  if (status == COVE_OK)
    status = cove_component_linker_instantiate(p->linker, p->component, &instance, error);
  if (status == COVE_OK)
    status = pipeline_exports_find(instance, &p->exports, error);
  return status;
}

static cove_status describe(plugin *p, cove_error **error) {
  example_pipeline_filter_description d;
  cove_results results = {0};
  cove_status status = example_pipeline_filter_call_describe(&p->exports, &d, &results, error);
  if (status == COVE_OK) {
    snprintf(p->name, sizeof p->name, "%.*s", (int)d.name.size, d.name.data);
    printf("%s, written in %.*s\n", p->name, (int)d.language.size, d.language.data);
  }
  cove_results_free(&results);
  return status;
}

static void unload(plugin *p) {
  cove_component_linker_delete(p->linker);
  cove_store_delete(p->store);
  cove_component_delete(p->component);
}

// Through all plugins; what becomes of it is appended to `out`. The memory of each result stays until the end, since
// the next plugin reads it.
static cove_status pass(plugin *plugins, int count, message m, char *out, cove_error **error) {
  cove_results results[MAX_PLUGINS] = {{0}};
  cove_status status = COVE_OK;
  cove_string refused = {0};
  const char *by = NULL;
  for (int i = 0; i < count && status == COVE_OK && by == NULL; i++) {
    example_pipeline_types_verdict verdict;
    status = example_pipeline_filter_call_apply(&plugins[i].exports, &m, &verdict, &results[i], error);
    if (status != COVE_OK)
      break;
    if (verdict.tag == EXAMPLE_PIPELINE_TYPES_VERDICT_CHANGE)
      m = verdict.as.change;
    else if (verdict.tag == EXAMPLE_PIPELINE_TYPES_VERDICT_REFUSE)
      by = plugins[i].name, refused = verdict.as.refuse;
  }
  size_t used = strlen(out);
  if (status == COVE_OK && by != NULL)
    snprintf(out + used, MAX_TEXT - used, "%.*s: refused by %s: %.*s\n", (int)m.subject.size, m.subject.data, by,
             (int)refused.size, refused.data);
  else if (status == COVE_OK) {
    snprintf(out + used, MAX_TEXT - used, "%.*s: %.*s", (int)m.subject.size, m.subject.data, (int)m.body.size,
             m.body.data);
    for (size_t i = 0; i < m.tags.count; i++) {
      used = strlen(out);
      snprintf(out + used, MAX_TEXT - used, " #%.*s", (int)m.tags.data[i].size, m.tags.data[i].data);
    }
    strncat(out, "\n", MAX_TEXT - strlen(out) - 1);
  }
  for (int i = 0; i < count; i++)
    cove_results_free(&results[i]);
  return status;
}

static cove_string text(const char *words) {
  return (cove_string){words, strlen(words)};
}

int main(int argc, char **argv) {
  host h = {.counter_count = 0};
  plugin plugins[MAX_PLUGINS] = {{0}};
  cove_error *error = NULL;
  cove_engine *engine = NULL;
  char out[MAX_TEXT] = "";
  const char *expected = argc > 2 && strcmp(argv[1], "--expect") == 0 ? argv[2] : NULL;
  char **files = argv + (expected != NULL ? 3 : 1);
  int count = argc - (int)(files - argv);
  if (count < 1 || count > MAX_PLUGINS) {
    fprintf(stderr, "usage: host [--expect TEXT] PLUGIN...\n");
    return 2;
  }
  cove_status status = cove_engine_new(NULL, &engine, &error);
  for (int i = 0; i < count && status == COVE_OK; i++) {
    status = load(&plugins[i], &h, engine, files[i], &error);
    if (status == COVE_OK)
      status = describe(&plugins[i], &error);
  }
  cove_string tags[] = {text("new")};
  const message first = {text("greeting"), text("good morning"), {tags, 1}}, second = {text("empty"), {0}, {NULL, 0}};
  if (status == COVE_OK)
    status = pass(plugins, count, first, out, &error);
  if (status == COVE_OK)
    status = pass(plugins, count, second, out, &error);
  fputs(out, stdout);
  for (unsigned i = 0; i < h.counter_count; i++)
    printf("%s: %u\n", h.counters[i].name, (unsigned)h.counters[i].value);
  if (status != COVE_OK)
    fprintf(stderr, "host: %s\n", error != NULL ? cove_error_message(error) : "out of memory");
  cove_error_delete(error);
  for (int i = 0; i < count; i++)
    unload(&plugins[i]);
  cove_engine_delete(engine);
  return status == COVE_OK && (expected == NULL || strcmp(out, expected) == 0) ? 0 : 1;
}
