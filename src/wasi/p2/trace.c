// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// trace.c: what the program calls, for --trace=wasi. The generated table is copied with functions of this file in it:
// each knows only its number, finds its row by that, reads arguments and result by the row's signature (cove/glue.h),
// and calls the row's own function between. Without a trace none of this is in the way.
#include "wasi/p2/host.h"

#include <stdio.h>

enum { MAX_TRACED = 256, MAX_INTERFACES = 48, MAX_FLAT = 16, MAX_TEXTS = 8, TEXT_SIZE = 96 };

// ---- signatures ----

// Sizes in memory, and the number of flat values.
typedef struct shape {
  uint32_t size, align, flat;
} shape;

static size_t word_size(const char *at) {
  return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
}

static bool is_word(const char *at, const char *word) {
  size_t n = word_size(at);
  return n == strlen(word) && memcmp(at, word, n) == 0;
}

static uint32_t align_up(uint32_t n, uint32_t align) {
  return (n + align - 1) & ~(align - 1);
}

static shape measure(const char **at);

// Adds a member of a record, or (`cases`) of a variant. *size of a variant is that of its largest case.
static void add_member(shape *sum, shape one, bool cases) {
  sum->size = cases ? CV_MAX(sum->size, one.size) : align_up(sum->size, one.align) + one.size;
  sum->flat = cases ? CV_MAX(sum->flat, one.flat) : sum->flat + one.flat;
  sum->align = CV_MAX(sum->align, one.align);
}

// The members in brackets: labels with or without types in {}, types or "_" in <>.
static shape measure_members(const char **at, bool cases) {
  shape sum = {0, 1, 0};
  bool labels = **at == '{';
  for (++*at; **at != '>' && **at != '}'; *at += **at == ',') {
    if (labels)
      *at += word_size(*at);
    bool has_type = labels ? **at == ':' : **at != '_';
    *at += labels == has_type; // the colon, or the "_"
    if (has_type)
      add_member(&sum, measure(at), cases);
  }
  ++*at;
  return sum;
}

static shape as_variant(shape payload) {
  uint32_t align = CV_MAX(payload.align, 1u);
  return (shape){align_up(align_up(1, align) + payload.size, align), align, payload.flat + 1};
}

// The type at *at, which moves behind it. Every variant has fewer than 256 cases.
static shape measure(const char **at) {
  static const struct {
    const char *name;
    shape shape;
  } plain[] = {{"bool", {1, 1, 1}}, {"u8", {1, 1, 1}},   {"s8", {1, 1, 1}},    {"u16", {2, 2, 1}}, {"s16", {2, 2, 1}},
               {"u32", {4, 4, 1}},  {"s32", {4, 4, 1}},  {"u64", {8, 8, 1}},   {"s64", {8, 8, 1}}, {"f32", {4, 4, 1}},
               {"f64", {8, 8, 1}},  {"char", {4, 4, 1}}, {"string", {8, 4, 2}}};
  const char *start = *at;
  *at += word_size(start);
  for (size_t i = 0; i < CV_COUNT(plain); i++)
    if (is_word(start, plain[i].name))
      return plain[i].shape;
  if (is_word(start, "own") || is_word(start, "borrow")) {
    *at = strchr(*at, '>') + 1;
    return (shape){4, 4, 1};
  }
  if (is_word(start, "enum") || is_word(start, "flags")) {
    *at = strchr(*at, '}') + 1;
    return (shape){1, 1, 1}; // at most eight flags
  }
  if (is_word(start, "list")) {
    (void)measure_members(at, false);
    return (shape){8, 4, 2};
  }
  if (is_word(start, "record") || is_word(start, "tuple")) {
    shape s = measure_members(at, false);
    s.size = align_up(s.size, s.align);
    return s;
  }
  // variant, option, result
  shape payload = {0, 1, 0};
  if (**at == '<' || **at == '{')
    payload = measure_members(at, true);
  return as_variant(payload);
}

static const char *behind(const char *type) {
  (void)measure(&type);
  return type;
}

// ---- values ----

typedef struct printer {
  const cove_call *call;
  cv_p2 *p2;
  char texts[MAX_TEXTS][TEXT_SIZE]; // made for this trace
  unsigned text_count;
} printer;

static cv_bytes keep_text(printer *p, const char *text, size_t size) {
  if (p->text_count == MAX_TEXTS)
    return (cv_bytes){NULL, 0};
  char *out = p->texts[p->text_count++];
  size = CV_MIN(size, (size_t)TEXT_SIZE);
  memcpy(out, text, size);
  return (cv_bytes){(const uint8_t *)out, size};
}

static const uint8_t *memory_at(const printer *p, uint64_t at, uint64_t size) {
  const cove_glue_memory *m = p->call->memory;
  return m != NULL && cv_range_fits(at, size, m->size) ? m->base + at : NULL;
}

// The label with this number in "enum{a,b}" or "variant{a:T,b}"; *size 0 when there is none.
static const char *label_at(const char *type, uint32_t number, size_t *size) {
  const char *at = type + word_size(type) + 1;
  *size = 0;
  while (*at != '}') {
    size_t n = word_size(at);
    if (number-- == 0) {
      *size = n;
      return at;
    }
    at += n;
    if (*at == ':')
      at = behind(at + 1);
    at += *at == ',';
  }
  return at;
}

// "create|truncate", "0" for none.
static cv_bytes name_flags(printer *p, const char *type, uint32_t flags) {
  char out[TEXT_SIZE] = "0";
  size_t n = 0, size;
  for (uint32_t i = 0; i < 8; i++) {
    if ((flags >> i & 1) == 0)
      continue;
    const char *label = label_at(type, i, &size);
    if (size != 0 && n + size + 1 < sizeof out)
      n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s", n != 0 ? "|" : "", (int)size, label);
  }
  return keep_text(p, out, n != 0 ? n : 1);
}

static void show_label(printer *p, const char *label, size_t size, cv_trace_value *out) {
  out->kind = CV_TRACE_FLAGS;
  out->text = keep_text(p, label, size);
}

// A value in its flat form.
static void show(printer *p, const char *type, const cove_value *v, cv_trace_value *out) {
  size_t size;
  const char *label;
  out->kind = CV_TRACE_UNSIGNED;
  out->number = v->u32;
  if (is_word(type, "u64")) {
    out->number = v->u64;
  } else if (type[0] == 's' && type[1] >= '0' && type[1] <= '9') {
    out->kind = CV_TRACE_SIGNED;
    out->number = is_word(type, "s64") ? v->u64 : (uint64_t)(int64_t)v->i32;
  } else if (is_word(type, "string") || strncmp(type, "list<u8>", 8) == 0) {
    uint32_t length = type[0] == 's' ? v[1].u32 : CV_MIN(v[1].u32, (uint32_t)TEXT_SIZE);
    const uint8_t *data = memory_at(p, v[0].u32, length);
    out->kind = CV_TRACE_TEXT;
    out->text = (cv_bytes){data, data != NULL ? length : 0};
  } else if (is_word(type, "list")) {
    out->number = v[1].u32;
  } else if (is_word(type, "flags")) {
    out->kind = CV_TRACE_FLAGS;
    out->text = name_flags(p, type, v->u32);
  } else if (is_word(type, "enum") || is_word(type, "variant")) {
    label = label_at(type, v->u32, &size);
    show_label(p, label, size, out);
  } else if (is_word(type, "result")) {
    show_label(p, v->u32 == 0 ? "ok" : "error", v->u32 == 0 ? 2 : 5, out);
  } else if (is_word(type, "record") || is_word(type, "tuple")) {
    show_label(p, "...", 3, out);
  } else if (is_word(type, "own") || is_word(type, "borrow")) {
    out->kind = CV_TRACE_DESCRIPTOR;
  }
}

// The same from memory, where `at` has room for the type: of a tuple its first member, of an option what it holds.
static void show_stored(printer *p, const char *type, const uint8_t *at, cv_trace_value *out) {
  const char *inner = type + word_size(type) + 1, *rest = type;
  cove_value v[2] = {{.u64 = 0}, {.u64 = 0}};
  if (is_word(type, "option") && *at == 0) {
    show_label(p, "none", 4, out);
  } else if (is_word(type, "option")) {
    const char *end = inner;
    show_stored(p, inner, at + align_up(1, measure(&end).align), out);
  } else if (is_word(type, "tuple")) {
    show_stored(p, inner, at, out);
  } else {
    shape s = measure(&rest);
    memcpy(&v[0], at, s.flat == 2 && s.size == 8 ? 4 : CV_MIN(s.size, 8u));
    if (s.flat == 2 && s.size == 8)
      memcpy(&v[1], at + 4, 4);
    show(p, type, v, out);
  }
}

// ---- calls ----

typedef struct traced_call {
  cv_trace_call t;
  printer p;
  cove_value args[MAX_FLAT + 1]; // and the place for the result
  uint32_t flat;                 // of the parameters
  const char *result;            // its type, NULL for none
  char outcome[48];
} traced_call;

// The path of a descriptor. It is borrowed a second time, which the call itself does in any case.
static cove_host_result name_descriptor(traced_call *c, cove_call *call, cv_trace_value *v) {
  void *rep;
  COVE_GLUE_TRY(cove_glue_lift_borrow(call, &wasi_filesystem_types_descriptor_resource, (uint32_t)v->number, &rep));
  const char *label = ((const wasi_filesystem_types_descriptor *)rep)->d.label;
  if (label != NULL)
    v->text = keep_text(&c->p, label, strlen(label));
  return COVE_HOST_OK;
}

static cove_host_result take_args(traced_call *c, cove_call *call, const cove_glue_func *f, char *names,
                                  size_t names_size) {
  const char *at = f->signature + 1;
  char *name = names;
  (void)snprintf(names, names_size, "%s", f->params);
  while (*at != ')') {
    char *space = name + strcspn(name, " ");
    cv_trace_value v = {.name = name};
    const char *type = at;
    shape s = measure(&at);
    if (*space == ' ')
      *space++ = '\0';
    name = space;
    show(&c->p, type, c->args + c->flat, &v);
    if (strncmp(type, "borrow<wasi:filesystem/types/descriptor>", 40) == 0)
      COVE_GLUE_TRY(name_descriptor(c, call, &v));
    if (c->t.arg_count < CV_MAX_TRACE_ARGS)
      c->t.args[c->t.arg_count++] = v;
    c->flat += s.flat;
    at += *at == ',';
  }
  c->result = at[1] == '-' ? at + 3 : NULL;
  return COVE_HOST_OK;
}

static void take_error(traced_call *c, const char *type, const uint8_t *at) {
  size_t size = 0;
  const char *label = is_word(type, "enum") || is_word(type, "variant") ? label_at(type, *at, &size) : "";
  (void)snprintf(c->outcome, sizeof c->outcome, "%.*s", size != 0 ? (int)size : 5, size != 0 ? label : "error");
  c->t.failed = true;
}

static void take_result(traced_call *c, const cove_value *values) {
  const char *end = c->result;
  if (c->result == NULL)
    return;
  shape s = measure(&end);
  cv_trace_value v = {.name = "result"};
  const uint8_t *at = s.flat > 1 ? memory_at(&c->p, c->args[c->flat].u32, s.size) : NULL;
  if (s.flat <= 1) {
    show(&c->p, c->result, values, &v);
  } else if (at == NULL) {
    return;
  } else if (is_word(c->result, "result")) {
    const char *ok = c->result + word_size(c->result) + 1, *error = *ok == '_' ? ok + 1 : behind(ok);
    at += align_up(1, s.align);
    if (at[-(ptrdiff_t)align_up(1, s.align)] != 0) {
      take_error(c, *error == ',' ? error + 1 : "", at);
      return;
    }
    if (*ok == '_')
      return;
    show_stored(&c->p, ok, at, &v);
  } else {
    show_stored(&c->p, c->result, at, &v);
  }
  c->t.results[c->t.result_count++] = v;
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
  traced_call c = {.t = {.interface = interface->name, .name = name_of(f)}, .p = {.call = call, .p2 = p2}};
  char names[160];
  const char *end = f->signature;
  // Flat parameters, and the place for the result when it is in memory: not more was given.
  uint32_t count = 0;
  for (end++; *end != ')'; end += *end == ',')
    count += measure(&end).flat;
  if (end[1] == '-') {
    const char *result = end + 3;
    count += measure(&result).flat > 1;
  }
  if (count > CV_COUNT(c.args))
    return f->fn(host, call, values);
  memcpy(c.args, values, count * sizeof *values);
  COVE_GLUE_TRY(take_args(&c, call, f, names, sizeof names));
  (void)snprintf(c.outcome, sizeof c.outcome, "success");
  uint64_t start = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC);
  cove_host_result done = f->fn(host, call, values);
  c.t.duration = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC) - start;
  c.t.start = start - p2->w->clock.start[CV_CLOCK_MONOTONIC];
  if (done == COVE_HOST_OK)
    take_result(&c, values);
  c.t.outcome = done == COVE_HOST_OK ? c.outcome : p2->w->exited ? "exit" : "trap";
  c.t.failed |= done != COVE_HOST_OK;
  p2->w->trace(p2->w->trace_env, &c.t);
  return done;
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

const cove_glue_world *cv_p2_traced_world(cv_p2 *p2) {
  size_t count = 0;
  if (p2->traced != NULL)
    return &p2->traced->world;
  struct p2_traced_world *t = p2->traced = cv_mem_zalloc(p2->mem, sizeof *t);
  if (t == NULL || p2_world.interface_count > CV_COUNT(t->interfaces))
    return NULL;
  for (size_t i = 0; i < p2_world.interface_count; i++) {
    t->interfaces[i] = *p2_world.interfaces[i];
    t->interfaces[i].funcs = t->funcs + count;
    t->list[i] = &t->interfaces[i];
    for (size_t k = 0; k < t->interfaces[i].func_count; k++, count++) {
      if (count == MAX_TRACED)
        return NULL;
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
