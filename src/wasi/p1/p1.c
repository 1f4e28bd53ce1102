// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// p1.c: the table of functions, the way into them, and tracing.
#include "wasi/p1/p1.h"

#include "base/text.h"
#include "runtime/interrupt.h"
#include "wasi/p1/call.h"

#include <stdio.h>

// ---- the table ----

typedef enum param_kind {
  PARAM_U32,
  PARAM_U64,
  PARAM_S64,
  PARAM_FD,
  PARAM_PTR,
  PARAM_FLAGS, // their names are in `set`
  PARAM_RIGHTS,
  PARAM_TEXT, // a path; its length is the next parameter, which is not shown
  PARAM_TEXT_SIZE,
  PARAM_DATA, // buffers to be taken from; their number is the next parameter
  PARAM_OUT,  // where a record is left
  PARAM_OUT16,
  PARAM_OUT32,
  PARAM_OUT64,
  PARAM_END,
} param_kind;

// Sets of flags: names from bit 0 on, then "".
typedef enum flag_set {
  SET_none,
  SET_fdflags,
  SET_fstflags,
  SET_lookup,
  SET_oflags,
  SET_riflags,
  SET_sdflags
} flag_set;
static const char flag_names[][6][16] = {
    [SET_none] = {""},
    [SET_fdflags] = {"append", "dsync", "nonblock", "rsync", "sync"},
    [SET_fstflags] = {"atim", "atim_now", "mtim", "mtim_now"},
    [SET_lookup] = {"symlink_follow"},
    [SET_oflags] = {"creat", "directory", "excl", "trunc"},
    [SET_riflags] = {"recv_peek", "recv_waitall"},
    [SET_sdflags] = {"rd", "wr"},
};

// Neither this nor the table of functions holds a pointer: every start of a program would have to relocate it.
typedef struct param {
  char name[16];
  uint8_t kind; // param_kind
  uint8_t set;  // of flags: flag_set
} param;

// How many parameters each function has.
#define U32(n) +1
#define U64(n) +1
#define S64(n) +1
#define FD(n) +1
#define PTR(n) +1
#define FLAGS(n, set) +1
#define RIGHTS(n) +1
#define PATH(n) +2
#define IOVS(n) +2
#define DATA(n) +2
#define OUT(n) +1
#define OUT16(n) +1
#define OUT32(n) +1
#define OUT64(n) +1
#define CV_P1(name, in_unstable, ...) name##_COUNT = 0 __VA_ARGS__,
enum {
#include "wasi/p1/p1.def"
};

// The parameters of all functions, one function after the other, each with an end.
typedef struct all_params {
#define CV_P1(name, in_unstable, ...) param name[name##_COUNT + 1];
#include "wasi/p1/p1.def"
} all_params;

#define U32(n) {#n, PARAM_U32, SET_none},
#define U64(n) {#n, PARAM_U64, SET_none},
#define S64(n) {#n, PARAM_S64, SET_none},
#define FD(n) {#n, PARAM_FD, SET_none},
#define PTR(n) {#n, PARAM_PTR, SET_none},
#define FLAGS(n, set) {#n, PARAM_FLAGS, SET_##set},
#define RIGHTS(n) {#n, PARAM_RIGHTS, SET_none},
#define PATH(n) {#n, PARAM_TEXT, SET_none}, {#n "_len", PARAM_TEXT_SIZE, SET_none},
#define IOVS(n) {#n, PARAM_PTR, SET_none}, {#n "_len", PARAM_U32, SET_none},
#define DATA(n) {#n, PARAM_DATA, SET_none}, {#n "_len", PARAM_U32, SET_none},
#define OUT(n) {#n, PARAM_OUT, SET_none},
#define OUT16(n) {#n, PARAM_OUT16, SET_none},
#define OUT32(n) {#n, PARAM_OUT32, SET_none},
#define OUT64(n) {#n, PARAM_OUT64, SET_none},
#define CV_P1(name, in_unstable, ...) {__VA_ARGS__{"", PARAM_END, SET_none}},
static const all_params params = {
#include "wasi/p1/p1.def"
};

// Their types in the same way, each function's ended by the i32 of the errno (which proc_exit does not use).
typedef struct all_types {
#define CV_P1(name, in_unstable, ...) cv_valtype name[name##_COUNT + 1];
#include "wasi/p1/p1.def"
} all_types;

#define U32(n) CV_I32,
#define U64(n) CV_I64,
#define S64(n) CV_I64,
#define FD(n) CV_I32,
#define PTR(n) CV_I32,
#define FLAGS(n, set) CV_I32,
#define RIGHTS(n) CV_I64,
#define PATH(n) CV_I32, CV_I32,
#define IOVS(n) CV_I32, CV_I32,
#define DATA(n) CV_I32, CV_I32,
#define OUT(n) CV_I32,
#define OUT16(n) CV_I32,
#define OUT32(n) CV_I32,
#define OUT64(n) CV_I32,
#define CV_P1(name, in_unstable, ...) {__VA_ARGS__ CV_I32},
static const all_types types = {
#include "wasi/p1/p1.def"
};

enum { FUNCTION_NAME_SIZE = 24 };

typedef struct function {
  char name[FUNCTION_NAME_SIZE];
  uint16_t params; // bytes from the start of `params`
  uint16_t types;  // bytes from the start of `types`
  uint8_t param_count;
  bool in_unstable;
} function;

static const function functions[] = {
#define CV_P1(name, in_unstable, ...)                                                                                  \
  {#name, offsetof(all_params, name), offsetof(all_types, name), name##_COUNT, in_unstable},
#include "wasi/p1/p1.def"
};

static cv_p1_handler *const handlers[] = {
#define CV_P1(name, in_unstable, ...) cv_p1_##name,
#include "wasi/p1/p1.def"
};

#define CV_P1(name, in_unstable, ...) static_assert(sizeof #name <= FUNCTION_NAME_SIZE, "no room for " #name);
#include "wasi/p1/p1.def"

static const param *params_of(const function *f) {
  return (const param *)((const char *)&params + f->params);
}

static const cv_valtype *types_of(const function *f) {
  return (const cv_valtype *)((const char *)&types + f->types);
}

enum { FUNCTIONS = CV_COUNT(functions) };
static_assert(FUNCTIONS == 46, "preview 1 has 46 functions");

static const char *const modules[] = {"wasi_snapshot_preview1", "wasi_unstable"};

// What a host function gets as its environment.
typedef struct bound {
  cv_p1 *p1;
  const function *f;
  cv_p1_handler *handler;
  bool unstable;
} bound;

struct cv_p1 {
  cv_mem *mem;
  cv_wasi *w;
  cv_context *context; // of the last caller
  bound bound[2][FUNCTIONS];
};

// ---- errors ----

static const struct {
  uint16_t number;
  char name[16];
} errnos[] = {
#define CV_P1_ERRNO(core, number, name) [CV_ERR_##core] = {number, #name},
#include "wasi/p1/errno.def"
};
static_assert(CV_COUNT(errnos) == CV_ERR_COUNT, "every error of the core has an errno");

uint16_t cv_p1_errno(cv_err err) {
  return (unsigned)err < CV_ERR_COUNT ? errnos[err].number : errnos[CV_ERR_IO].number;
}

// ---- tracing ----

// Texts of a call that are made for its trace: names of descriptors (which the call may take away: fd_close), of flags,
// and the first bytes of data.
typedef struct trace_texts {
  char text[6][64];
  unsigned count;
} trace_texts;

static cv_bytes keep_text(trace_texts *texts, const char *text, size_t size) {
  if (text == NULL || texts->count == CV_COUNT(texts->text))
    return (cv_bytes){NULL, 0};
  char *out = texts->text[texts->count++];
  size = CV_MIN(size, sizeof texts->text[0]);
  memcpy(out, text, size);
  return (cv_bytes){(const uint8_t *)out, size};
}

// "creat|trunc", "0" for none, "append|0x40" for one that has no name.
static cv_bytes name_flags(trace_texts *texts, unsigned set, uint32_t flags) {
  char out[64];
  size_t n = 0;
  for (unsigned i = 0; flag_names[set][i][0] != 0; i++)
    if ((flags >> i & 1) != 0) {
      n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n != 0 ? "|" : "", flag_names[set][i]); // all names fit
      flags &= ~(1u << i);
    }
  if (flags != 0 || n == 0)
    n += (size_t)snprintf(out + n, sizeof out - n, flags != 0 ? "%s0x%x" : "%s%x", n != 0 ? "|" : "", flags);
  return keep_text(texts, out, n);
}

// The first bytes that buffers hold, across their limits.
static cv_bytes first_bytes(const p1_call *c, trace_texts *texts, uint32_t list, uint32_t count, bool *is_cut) {
  char out[64];
  size_t n = 0;
  uint8_t *pair, *data;
  for (uint64_t i = 0; i < count && !*is_cut; i++) {
    if (list + i * 8 > UINT32_MAX || p1_mem(c, (uint32_t)(list + i * 8), 8, &pair) != CV_ERR_OK)
      break;
    uint64_t v = cv_load_le64(pair);
    size_t size = CV_MIN((size_t)(v >> 32), sizeof out - n);
    *is_cut = v >> 32 > size;
    if (p1_mem(c, (uint32_t)v, size, &data) != CV_ERR_OK)
      break;
    memcpy(out + n, data, size);
    n += size;
  }
  return keep_text(texts, out, n);
}

static void trace_arg(const p1_call *c, const param *p, unsigned i, cv_trace_call *t, trace_texts *texts) {
  cv_trace_value *v = &t->args[t->arg_count];
  *v = (cv_trace_value){.name = p->name, .kind = CV_TRACE_UNSIGNED, .number = c->a[i].u32};
  uint8_t *text;
  switch ((param_kind)p->kind) {
  case PARAM_U64:
    v->number = c->a[i].u64;
    break;
  case PARAM_S64:
    v->kind = CV_TRACE_SIGNED;
    v->number = c->a[i].u64;
    break;
  case PARAM_RIGHTS:
    v->kind = CV_TRACE_HEX;
    v->number = c->a[i].u64;
    break;
  case PARAM_FLAGS:
    v->kind = CV_TRACE_FLAGS;
    v->text = name_flags(texts, p->set, c->a[i].u32);
    break;
  case PARAM_DATA:
    v->kind = CV_TRACE_TEXT;
    v->text = first_bytes(c, texts, c->a[i].u32, c->a[i + 1].u32, &v->is_cut);
    break;
  case PARAM_PTR:
  case PARAM_OUT:
    v->kind = CV_TRACE_HEX;
    break;
  case PARAM_FD: {
    v->kind = CV_TRACE_DESCRIPTOR;
    cv_descriptor *d;
    if (cv_descriptors_get(&c->w->descriptors, c->a[i].u32, 0, &d) == CV_ERR_OK)
      v->text = keep_text(texts, d->label, d->label != NULL ? strlen(d->label) : 0);
    break;
  }
  case PARAM_TEXT:
    v->kind = CV_TRACE_TEXT;
    if (p1_mem(c, c->a[i].u32, c->a[i + 1].u32, &text) == CV_ERR_OK)
      v->text = (cv_bytes){text, c->a[i + 1].u32};
    break;
  case PARAM_TEXT_SIZE: // shown with the text
  case PARAM_OUT16:     // shown as results
  case PARAM_OUT32:
  case PARAM_OUT64:
    return;
  case PARAM_U32:
  case PARAM_END:
    break;
  }
  t->arg_count++;
}

static void trace_result(const p1_call *c, const param *p, unsigned i, cv_trace_call *t) {
  uint64_t size = p->kind == PARAM_OUT64 ? 8 : p->kind == PARAM_OUT32 ? 4 : p->kind == PARAM_OUT16 ? 2 : 0;
  uint8_t *at;
  uint64_t number = 0;
  if (size == 0 || t->result_count == CV_MAX_TRACE_RESULTS || p1_mem(c, c->a[i].u32, size, &at) != CV_ERR_OK)
    return;
  memcpy(&number, at, size);
  t->results[t->result_count++] = (cv_trace_value){.name = p->name, .kind = CV_TRACE_UNSIGNED, .number = number};
}

static cv_err run_traced(const bound *b, p1_call *c) {
  cv_trace_call t = {.interface = modules[b->unstable], .name = b->f->name};
  trace_texts texts = {.count = 0};
  cv_value args[CV_MAX_TRACE_ARGS]; // the handler's results do not disturb them
  for (unsigned i = 0; i < b->f->param_count; i++)
    args[i] = c->a[i];
  c->a = args;
  for (unsigned i = 0; i < b->f->param_count; i++)
    trace_arg(c, &params_of(b->f)[i], i, &t, &texts);
  uint64_t start = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC);
  cv_err err = b->handler(c);
  t.duration = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC) - start;
  t.start = start - c->w->clock.start[CV_CLOCK_MONOTONIC];
  for (unsigned i = 0; i < b->f->param_count && err == CV_ERR_OK; i++)
    trace_result(c, &params_of(b->f)[i], i, &t);
  t.outcome = c->exits ? "exit" : err == CV_ERR_STOPPED || err == CV_ERR_OUTPUT_LIMIT ? "trap" : errnos[err].name;
  t.failed = err != CV_ERR_OK;
  c->w->trace(c->w->trace_env, &t);
  return err;
}

// ---- the way in ----

// `fd` is the first argument, which of every function that writes is where to.
static cv_run trap(const p1_call *c, cv_err err, uint32_t fd) {
  if (err == CV_ERR_STOPPED && cv_context_interrupted(c->context))
    return cv_context_interrupt_trap(c->context);
  if (err == CV_ERR_STOPPED)
    return cv_trap_set(c->context, CV_TRAP_CANCELLED, NULL);
  static const char *const names[] = {"", "standard output", "standard error"};
  char limit[CV_TEXT_SIZE], number[CV_TEXT_SIZE + 16];
  snprintf(number, sizeof number, "descriptor %u", fd);
  cv_run run =
      cv_trap_set(c->context, CV_TRAP_OUTPUT_LIMIT, "output limit %s reached writing to %s",
                  cv_bytes_text(c->w->limits.output, limit, sizeof limit), fd == 1 || fd == 2 ? names[fd] : number);
  c->context->trap.limit = c->w->limits.output;
  return run;
}

static cv_run enter(void *env, cv_instance *caller, cv_value *values) {
  const bound *b = env;
  p1_call c = {.w = b->p1->w, .context = b->p1->context, .a = values, .unstable = b->unstable};
  if (caller != NULL) {
    c.context = b->p1->context = caller->context;
    const cv_memory *memory = cv_instance_wasi_memory(caller);
    if (memory != NULL) {
      c.base = memory->base;
      c.size = cv_memory_size(memory);
    }
  }
  cv_err err = CV_UNLIKELY(c.w->trace != NULL) ? run_traced(b, &c) : b->handler(&c);
  if (CV_UNLIKELY(c.exits)) {
    cv_run run = cv_trap_set(c.context, CV_TRAP_EXIT, NULL);
    c.context->trap.exit_status = (int32_t)c.w->exit_status;
    return run;
  }
  if (CV_UNLIKELY(err == CV_ERR_STOPPED || err == CV_ERR_OUTPUT_LIMIT))
    return trap(&c, err, values[0].u32);
  values[0].u64 = errnos[err].number;
  return CV_RUN_OK;
}

static bool interrupted(void *env) {
  const cv_p1 *p1 = env;
  return p1->context != NULL && cv_context_interrupted(p1->context);
}

// ---- making and finding ----

cv_status cv_p1_new(cv_mem *mem, cv_wasi *wasi, cv_context *context, cv_p1 **out) {
  cv_p1 *p1 = *out = cv_mem_zalloc(mem, sizeof *p1);
  if (p1 == NULL)
    return CV_ENOMEM;
  p1->mem = mem;
  p1->w = wasi;
  p1->context = context;
  for (unsigned m = 0; m < 2; m++)
    for (size_t i = 0; i < FUNCTIONS; i++)
      p1->bound[m][i] = (bound){.p1 = p1, .f = &functions[i], .handler = handlers[i], .unstable = m == 1};
  if (wasi->should_stop == NULL) {
    wasi->should_stop = interrupted;
    wasi->should_stop_env = p1;
  }
  cv_clock_start_cpu(&wasi->clock);
  return CV_OK;
}

void cv_p1_delete(cv_p1 *p1) {
  if (p1 == NULL)
    return;
  if (p1->w->should_stop_env == p1)
    p1->w->should_stop = NULL;
  cv_mem_free(p1->mem, p1, sizeof *p1);
}

static bool is_function(size_t module, size_t i) {
  return module == 0 || functions[i].in_unstable;
}

static cv_p1_function describe(cv_p1 *p1, size_t module, size_t i) {
  const function *f = &functions[i];
  return (cv_p1_function){
      .module = modules[module],
      .name = f->name,
      .type = {f->param_count, handlers[i] == cv_p1_proc_exit ? 0 : 1, types_of(f)},
      .fn = enter,
      .env = &p1->bound[module][i],
  };
}

size_t cv_p1_count(void) {
  size_t count = FUNCTIONS;
  for (size_t i = 0; i < FUNCTIONS; i++)
    count += functions[i].in_unstable;
  return count;
}

cv_p1_function cv_p1_at(cv_p1 *p1, size_t index) {
  if (index < FUNCTIONS)
    return describe(p1, 0, index);
  size_t left = index - FUNCTIONS, i = 0;
  while (!is_function(1, i) || left-- != 0)
    i++;
  return describe(p1, 1, i);
}

static bool find(cv_bytes module, cv_bytes name, size_t *m, size_t *i) {
  for (*m = 0; *m < 2; ++*m)
    if (cv_bytes_equal(module, cv_bytes_of(modules[*m])))
      for (*i = 0; *i < FUNCTIONS; ++*i)
        if (is_function(*m, *i) && cv_bytes_equal(name, cv_bytes_of(functions[*i].name)))
          return true;
  return false;
}

bool cv_p1_find(cv_p1 *p1, cv_bytes module, cv_bytes name, cv_p1_function *out) {
  size_t m, i;
  if (!find(module, name, &m, &i))
    return false;
  *out = describe(p1, m, i);
  return true;
}

bool cv_p1_has(cv_bytes module, cv_bytes name) {
  size_t m, i;
  return find(module, name, &m, &i);
}
