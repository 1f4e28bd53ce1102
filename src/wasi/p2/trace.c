// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// trace.c: what the program calls, for --trace=wasi. The generated table is copied with functions of this file in it:
// each knows only its number, finds its row by that, reads arguments and result by the row's signature (cove/glue.h),
// and calls the row's own function between. Without a trace none of this is in the way.
#include "wasi/p2/trace_value.h"

#include <stdio.h>

enum { MAX_TRACED = 256, MAX_INTERFACES = 48, MAX_FLAT = 16, LABEL_SIZE = 96 };

// ---- calls ----

typedef struct traced_call {
  cv_trace_call t;
  cv_p2 *p2;
  cove_call *call;
  p2_text texts[CV_MAX_TRACE_ARGS + 1];           // of each value
  char labels[CV_MAX_TRACE_ARGS + 1][LABEL_SIZE]; // of handles
  cove_value args[MAX_FLAT + 1];                  // and the place for the result
  uint32_t flat;                                  // of the parameters
  const char *result;                             // its type, NULL for none
  char outcome[48];
} traced_call;

static const cove_glue_resource *resource_of(const char *handle) {
  const char *name = strchr(handle, '<') + 1;
  size_t size = strcspn(name, ">");
  for (size_t i = 0; i < p2_world.interface_count; i++)
    for (size_t k = 0; k < p2_world.interfaces[i]->resource_count; k++) {
      const cove_glue_resource *r = p2_world.interfaces[i]->resources[k];
      if (strlen(r->full_name) == size && memcmp(r->full_name, name, size) == 0)
        return r;
    }
  return NULL;
}

// What all of the list of living resources begin with; NULL for those that there is only one of.
static p2_resource *base_of(const cove_glue_resource *resource, void *rep) {
  const cove_glue_resource *const listed[] = {
      &wasi_io_poll_pollable_resource,
      &wasi_io_streams_input_stream_resource,
      &wasi_io_streams_output_stream_resource,
      &wasi_filesystem_types_descriptor_resource,
      &wasi_filesystem_types_directory_entry_stream_resource,
      &wasi_keyvalue_store_bucket_resource,
      &wasi_keyvalue_atomics_cas_resource,
  };
  for (size_t i = 0; i < CV_COUNT(listed); i++)
    if (resource == listed[i])
      return rep;
  return NULL;
}

// What is known of a resource besides its number: a descriptor's path, an error's sentence.
static const char *label_of(const cove_glue_resource *resource, const void *rep) {
  if (resource == &wasi_filesystem_types_descriptor_resource)
    return ((const wasi_filesystem_types_descriptor *)rep)->d.label;
  if (resource == &wasi_io_error_error_resource)
    return cv_err_text(((const wasi_io_error_error *)rep)->err);
  return NULL;
}

// Names the resource of a handle. It is borrowed for that, which ends with the call.
static cove_host_result name_handle(traced_call *c, const char *type, cv_trace_value *v, char *room) {
  const cove_glue_resource *resource = v->kind == CV_TRACE_DESCRIPTOR ? resource_of(type) : NULL;
  void *rep;
  if (resource == NULL)
    return COVE_HOST_OK;
  COVE_GLUE_TRY(cove_glue_lift_borrow(c->call, resource, (uint32_t)v->number, &rep));
  p2_resource *base = base_of(resource, rep);
  if (base != NULL)
    base->handle = (uint32_t)v->number;
  const char *label = label_of(resource, rep);
  if (label != NULL) {
    v->text = p2_cut((const uint8_t *)label, strlen(label), LABEL_SIZE);
    memcpy(room, v->text.data, v->text.size); // the call may end the resource
    v->text.data = (const uint8_t *)room;
  }
  return COVE_HOST_OK;
}

static cove_host_result take_args(traced_call *c, const cove_glue_func *f, char *names, size_t names_size) {
  const char *at = f->signature + 1;
  char *name = names;
  (void)snprintf(names, names_size, "%s", f->params);
  while (*at != ')') {
    char *space = name + strcspn(name, " ");
    const char *type = at;
    p2_shape s = p2_measure(&at);
    if (*space == ' ')
      *space++ = '\0';
    if (c->t.arg_count < CV_MAX_TRACE_ARGS) {
      cv_trace_value *v = &c->t.args[c->t.arg_count];
      *v = (cv_trace_value){.name = name};
      p2_show_flat(c->call, type, c->args + c->flat, &c->texts[c->t.arg_count], v);
      if (p2_type_is(type, "borrow")) // what is given away cannot be lent
        COVE_GLUE_TRY(name_handle(c, type, v, c->labels[c->t.arg_count]));
      c->t.arg_count++;
    }
    name = space;
    c->flat += s.flat;
    at += *at == ',';
  }
  c->result = at[1] == '-' ? at + 3 : NULL;
  return COVE_HOST_OK;
}

static cove_host_result add_result(traced_call *c, const char *name, const char *type, const cove_value *flat,
                                   const uint8_t *at) {
  cv_trace_value *v = &c->t.results[c->t.result_count++];
  *v = (cv_trace_value){.name = name};
  if (at != NULL)
    p2_show_stored(c->call, type, at, &c->texts[CV_MAX_TRACE_ARGS], v);
  else
    p2_show_flat(c->call, type, flat, &c->texts[CV_MAX_TRACE_ARGS], v);
  return name_handle(c, type, v, c->labels[CV_MAX_TRACE_ARGS]);
}

// The name of the error, and what it carries.
static cove_host_result take_error(traced_call *c, const char *type, const uint8_t *at) {
  p2_case_info info = {.label = "error", .label_size = 5};
  bool has_cases = type != NULL && (p2_type_is(type, "enum") || p2_type_is(type, "variant"));
  bool known = has_cases && p2_case(type, *at, &info);
  (void)snprintf(c->outcome, sizeof c->outcome, "%.*s", (int)info.label_size, info.label);
  c->t.failed = true;
  return known && info.payload != NULL ? add_result(c, "error", info.payload, NULL, at + info.payload_offset)
                                       : COVE_HOST_OK;
}

static cove_host_result take_result(traced_call *c, const cove_value *values) {
  const char *end = c->result;
  if (c->result == NULL)
    return COVE_HOST_OK;
  p2_shape s = p2_measure(&end);
  const cove_glue_memory *m = c->call->memory;
  uint32_t place = c->args[c->flat].u32;
  const uint8_t *at = s.flat > 1 && m != NULL && cv_range_fits(place, s.size, m->size) ? m->base + place : NULL;
  if (s.flat > 1 && at == NULL)
    return COVE_HOST_OK;
  if (!p2_type_is(c->result, "result") || at == NULL)
    return add_result(c, "result", c->result, values, at);
  p2_case_info info = {.payload = NULL};
  (void)p2_case(c->result, *at, &info);
  if (*at != 0)
    return take_error(c, info.payload, at + info.payload_offset);
  return info.payload != NULL ? add_result(c, "result", info.payload, NULL, at + info.payload_offset) : COVE_HOST_OK;
}

static const cove_glue_func *row_at(size_t number, const cove_glue_interface **interface) {
  for (size_t i = 0; i < p2_world.interface_count; i++) {
    *interface = p2_world.interfaces[i];
    if (number < (*interface)->func_count)
      return &(*interface)->funcs[number];
    number -= (*interface)->func_count;
  }
  return NULL;
}

// "descriptor.open-at" of "[method]descriptor.open-at".
static const char *name_of(const cove_glue_func *f) {
  const char *end = strchr(f->name, ']');
  return end != NULL ? end + 1 : f->name;
}

static cove_host_result traced(void *host, cove_call *call, cove_value *values, size_t number) {
  cv_p2 *p2 = host;
  const cove_glue_interface *interface = NULL;
  const cove_glue_func *f = row_at(number, &interface);
  traced_call c = {.t = {.interface = interface->name, .name = name_of(f)}, .p2 = p2, .call = call};
  char names[160];
  const char *end = f->signature;
  // Flat parameters, and the place for the result when it is in memory: not more was given.
  uint32_t count = 0;
  for (end++; *end != ')'; end += *end == ',')
    count += p2_measure(&end).flat;
  if (end[1] == '-') {
    const char *result = end + 3;
    count += p2_measure(&result).flat > 1;
  }
  if (count > CV_COUNT(c.args) || p2->w->trace == NULL) // who listened is gone
    return f->fn(host, call, values);
  memcpy(c.args, values, count * sizeof *values);
  for (size_t i = 0; i < CV_COUNT(c.texts); i++)
    c.texts[i].mem = p2->mem;
  p2->is_over = false;
  COVE_GLUE_TRY(take_args(&c, f, names, sizeof names));
  (void)snprintf(c.outcome, sizeof c.outcome, "success");
  uint64_t start = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC);
  cove_host_result done = f->fn(host, call, values);
  c.t.duration = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC) - start;
  c.t.start = start - p2->w->clock.start[CV_CLOCK_MONOTONIC];
  if (done == COVE_HOST_OK)
    COVE_GLUE_TRY(take_result(&c, values));
  c.t.outcome = done == COVE_HOST_OK ? c.outcome : p2->w->exited ? "exit" : "trap";
  c.t.failed |= done != COVE_HOST_OK;
  p2->w->trace(p2->w->trace_env, &c.t);
  return done;
}

// ---- drops ----

void cv_p2_trace_drop(cv_p2 *p2, const cove_glue_resource *resource, const void *rep) {
  char name[80], interface[80];
  if (p2->w->trace == NULL || p2->is_over)
    return;
  (void)snprintf(name, sizeof name, "%s.drop", resource->name);
  (void)snprintf(interface, sizeof interface, "%.*s", (int)(strlen(resource->full_name) - strlen(resource->name) - 1),
                 resource->full_name);
  cv_trace_call t = {.interface = interface, .name = name, .outcome = "success", .arg_count = 1};
  const p2_resource *base = base_of(resource, (void *)rep);
  const char *label = label_of(resource, rep);
  t.args[0] = (cv_trace_value){.name = "self", .kind = CV_TRACE_TEXT};
  if (base != NULL && base->handle != 0)
    t.args[0] = (cv_trace_value){.name = "self", .kind = CV_TRACE_DESCRIPTOR, .number = base->handle};
  else
    t.arg_count = label != NULL;
  if (label != NULL)
    t.args[0].text = (cv_bytes){(const uint8_t *)label, strlen(label)};
  t.start = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC) - p2->w->clock.start[CV_CLOCK_MONOTONIC];
  p2->w->trace(p2->w->trace_env, &t);
}

// ---- the table ----

#define EIGHT(X, n) X(n##0) X(n##1) X(n##2) X(n##3) X(n##4) X(n##5) X(n##6) X(n##7)
#define SIXTY_FOUR(X, n)                                                                                               \
  EIGHT(X, n##0)                                                                                                       \
  EIGHT(X, n##1) EIGHT(X, n##2) EIGHT(X, n##3) EIGHT(X, n##4) EIGHT(X, n##5) EIGHT(X, n##6) EIGHT(X, n##7)
#define ALL(X) SIXTY_FOUR(X, 0) SIXTY_FOUR(X, 01) SIXTY_FOUR(X, 02) SIXTY_FOUR(X, 03) // octal

#define TRACED(n)                                                                                                      \
  static cove_host_result traced_##n(void *host, cove_call *call, cove_value *values) {                                \
    return traced(host, call, values, n);                                                                              \
  }
ALL(TRACED)

static cove_glue_fn *const all_traced[] = {
#define TRACED_NAME(n) traced_##n,
    ALL(TRACED_NAME)};
static_assert(CV_COUNT(all_traced) == MAX_TRACED, "four times sixty-four");

#undef TRACED_NAME
#undef TRACED
#undef ALL
#undef SIXTY_FOUR
#undef EIGHT

struct p2_traced_world {
  cove_glue_world world;
  cove_glue_interface interfaces[MAX_INTERFACES];
  const cove_glue_interface *list[MAX_INTERFACES];
  cove_glue_func funcs[MAX_TRACED];
};

static size_t func_count(void) {
  size_t count = 0;
  for (size_t i = 0; i < p2_world.interface_count; i++)
    count += p2_world.interfaces[i]->func_count;
  return count;
}

const cove_glue_world *cv_p2_traced_world(cv_p2 *p2) {
  size_t count = 0;
  if (p2->traced != NULL)
    return &p2->traced->world;
  if (p2_world.interface_count > MAX_INTERFACES || func_count() > MAX_TRACED)
    return NULL;
  struct p2_traced_world *t = p2->traced = cv_mem_zalloc(p2->mem, sizeof *t);
  if (t == NULL)
    return NULL;
  for (size_t i = 0; i < p2_world.interface_count; i++) {
    t->interfaces[i] = *p2_world.interfaces[i];
    t->interfaces[i].funcs = t->funcs + count;
    t->list[i] = &t->interfaces[i];
    for (size_t k = 0; k < t->interfaces[i].func_count; k++, count++) {
      t->funcs[count] = p2_world.interfaces[i]->funcs[k];
      t->funcs[count].fn = all_traced[count];
    }
  }
  t->world = (cove_glue_world){p2_world.name, t->list, p2_world.interface_count};
  return &t->world;
}

void cv_p2_traced_world_delete(cv_p2 *p2) {
  cv_mem_free(p2->mem, p2->traced, sizeof *p2->traced);
}
