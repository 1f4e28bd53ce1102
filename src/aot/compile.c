// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile.c: the functions of a program, compiled by several threads.
//
// A unit is one function. Units are in the order of modules, the largest functions of each first, so that none of them
// is what everybody waits for at the end. A thread takes the next unit, and has a compiler for its module and a
// buffer for the objects that it makes.
#include "aot/aot.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/vec.h"
#include "component/component.h"
#include "sys/thread.h"
#include "wasm/binary/decode.h"
#include "wasm/validate/validate.h"

enum { MOST_JOBS = 256 };

typedef struct unit {
  uint32_t module, index, size;
} unit;

struct work;
typedef struct worker {
  struct work *work;
  cv_buf objects;
  cv_status status;
  cv_diag diag;
} worker;

typedef struct work {
  cv_engine *engine;
  cv_mem *mem;
  const cv_aot_options *options;
  cv_diag *diag;
  cv_component *component;
  CV_VEC(cv_aot_module) modules;
  CV_VEC(unit) units;
  uint64_t total; // bytes of bodies
  worker *workers;
  uint32_t worker_count;
  uint32_t next;    // atomic: unit
  uint64_t done;    // atomic: bytes of bodies
  bool stop;        // atomic: somebody has failed
  uint32_t running; // atomic: threads besides the calling one
} work;

// ---- what there is to compile ----

static cv_status add_module(work *w, uint64_t key, cv_module *module, bool owned) {
  cv_compile_options options = *cv_engine_compile_options(w->engine);
  options.lazy = true;
  options.profile = NULL;
  options.debug_frames = false;
  options.tier_up = CV_TIER_UP_NEVER;
  cv_aot_module m = {.key = key, .func_count = cv_module_defined(module), .owned = owned ? module : NULL};
  cv_status status = cv_engine_tier(w->engine)->compile(&m.code, w->mem, module, &options, w->diag);
  m.pieces = cv_mem_calloc(w->mem, m.func_count, sizeof *m.pieces);
  if (status == CV_OK && m.pieces == NULL)
    status = CV_ENOMEM;
  if (status == CV_OK)
    status = cv_vec_reserve(w->mem, &w->modules, 1);
  if (status != CV_OK) {
    if (m.code != NULL)
      m.code->tier->code_delete(m.code, w->mem);
    cv_mem_free(w->mem, m.pieces, m.func_count * sizeof *m.pieces);
    if (owned)
      cv_module_delete(module);
    return status;
  }
  w->modules.data[w->modules.count++] = m;
  for (uint32_t i = 0; i < m.func_count; i++) {
    uint32_t size = module->funcs[module->imported_funcs + i].code.size;
    CV_TRY(cv_vec_push(w->mem, &w->units, (unit){(uint32_t)w->modules.count - 1, i, size}));
    w->total += size;
  }
  return CV_OK;
}

static cv_status add_part(void *env, cv_cdef *def) {
  return add_module(env, def->span.offset, def->as.module, false);
}

static int by_module_and_size(const void *a, const void *b) {
  const unit *x = a, *y = b;
  if (x->module != y->module)
    return x->module < y->module ? -1 : 1;
  if (x->size != y->size)
    return x->size > y->size ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static cv_status load(work *w, const uint8_t *bytes, size_t size) {
  cv_module *module;
  if (cv_binary_kind_of(bytes, size, NULL) == CV_BINARY_COMPONENT) {
    CV_TRY(cv_component_decode(&w->component, w->mem, bytes, size, false, cv_engine_features(w->engine), w->diag));
    CV_TRY(cv_component_validate(w->component, cv_engine_registry(w->engine), 0, w->diag));
    CV_TRY(cv_component_each_module(w->component, add_part, w));
  } else {
    CV_TRY(cv_engine_load(w->engine, bytes, size, false, &module, w->diag));
    CV_TRY(add_module(w, 0, module, true));
  }
  if (w->units.count > 0)
    qsort(w->units.data, w->units.count, sizeof *w->units.data, by_module_and_size);
  return CV_OK;
}

// ---- compiling ----

static bool append(void *env, const void *data, size_t size) {
  cv_buf_bytes(env, data, size);
  return cv_buf_status(env) == CV_OK;
}

static cv_status keep(worker *k, const cv_code_object *object, cv_aot_piece *piece) {
  static const uint8_t none[CV_ARCHIVE_ALIGNMENT];
  cv_buf *out = &k->objects;
  cv_buf_bytes(out, none, cv_align_up(out->size, CV_ARCHIVE_ALIGNMENT) - out->size);
  *piece = (cv_aot_piece){.in = out, .at = out->size, .object = cv_code_piece_of(object)};
  cv_code_object_write(object, append, out);
  return cv_buf_status(out);
}

// The compiler of the module that the thread is at.
typedef struct present {
  const cv_code *code;
  void *compiler;
} present;

static void leave(const cv_object_maker *maker, present *p) {
  if (p->compiler != NULL)
    maker->compiler_delete(p->compiler);
  *p = (present){0};
}

static cv_status compile_unit(worker *k, present *p, const unit *u) {
  const cv_object_maker *maker = cv_engine_tier(k->work->engine)->maker;
  cv_aot_module *m = &k->work->modules.data[u->module];
  cv_code_object object = {0};
  if (p->code != m->code || (p->compiler != NULL && !maker->keep(p->compiler)))
    leave(maker, p);
  p->code = m->code;
  if (p->compiler == NULL)
    CV_TRY(maker->compiler_new(m->code, k->work->mem, &p->compiler));
  CV_TRY(maker->compile(p->compiler, u->index + m->code->module->imported_funcs, CV_NO_LOOP, &object, &k->diag));
  return keep(k, &object, &m->pieces[u->index]);
}

static void compile_units(worker *k, bool tells) {
  work *w = k->work;
  present p = {0};
  while (k->status == CV_OK && !__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
    uint32_t next = __atomic_fetch_add(&w->next, 1, __ATOMIC_RELAXED);
    if (next >= w->units.count)
      break;
    k->status = compile_unit(k, &p, &w->units.data[next]);
    uint64_t done = __atomic_add_fetch(&w->done, w->units.data[next].size, __ATOMIC_RELAXED);
    if (tells && w->options->progress != NULL)
      w->options->progress(w->options->env, done, w->total);
  }
  leave(cv_engine_tier(w->engine)->maker, &p);
  if (k->status != CV_OK)
    __atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
}

static void *run_worker(void *arg) {
  worker *k = arg;
  uint32_t *running = &k->work->running;
  compile_units(k, false);
  // What it points at may be gone as soon as it says that it has ended: a wake of a word that is gone does no harm.
  if (__atomic_sub_fetch(running, 1, __ATOMIC_ACQ_REL) == 0)
    cv_word_wake(running, 1);
  return NULL;
}

// Fewer threads than wanted do as well.
static cv_status compile_all(work *w) {
  uint32_t jobs = w->options->jobs != 0 ? w->options->jobs : cv_thread_cores();
  jobs = CV_MAX(1, CV_MIN(CV_MIN(jobs, MOST_JOBS), (uint32_t)w->units.count));
  w->workers = cv_mem_calloc(w->mem, jobs, sizeof *w->workers);
  if (w->workers == NULL)
    return CV_ENOMEM;
  w->worker_count = jobs;
  for (uint32_t i = 0; i < jobs; i++) {
    worker *k = &w->workers[i];
    k->work = w;
    cv_buf_init(&k->objects, w->mem);
    cv_diag_init(&k->diag);
  }
  for (uint32_t i = 1; i < jobs; i++) {
    __atomic_add_fetch(&w->running, 1, __ATOMIC_RELAXED);
    if (!cv_thread_start(run_worker, &w->workers[i]))
      __atomic_sub_fetch(&w->running, 1, __ATOMIC_RELAXED);
  }
  compile_units(&w->workers[0], true);
  for (uint32_t left; (left = __atomic_load_n(&w->running, __ATOMIC_ACQUIRE)) != 0;)
    (void)cv_word_wait(&w->running, left, UINT64_MAX);
  for (uint32_t i = 0; i < jobs; i++)
    if (w->workers[i].status != CV_OK) {
      *w->diag = w->workers[i].diag;
      return w->workers[i].status;
    }
  return CV_OK;
}

static void end(work *w) {
  for (size_t i = 0; i < w->modules.count; i++) {
    cv_aot_module *m = &w->modules.data[i];
    m->code->tier->code_delete(m->code, w->mem);
    cv_mem_free(w->mem, m->pieces, m->func_count * sizeof *m->pieces);
    cv_module_delete(m->owned);
  }
  for (uint32_t i = 0; i < w->worker_count; i++)
    cv_buf_free(&w->workers[i].objects);
  cv_mem_free(w->mem, w->workers, w->worker_count * sizeof *w->workers);
  cv_vec_free(w->mem, &w->modules);
  cv_vec_free(w->mem, &w->units);
  cv_component_delete(w->component);
}

cv_status cv_aot_compile(cv_engine *engine, const uint8_t *bytes, size_t size, const cv_aot_options *options,
                         cv_buf *out, cv_diag *diag) {
  static const cv_aot_options plain = {0};
  if (!cv_digest_available())
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                   "unsupported: compiled programs (cove was built without xxhash's header)");
  if (cv_engine_tier(engine)->maker == NULL)
    return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: the tier \"%s\" makes no machine code",
                   cv_engine_tier(engine)->name);
  work w = {
      .engine = engine, .mem = cv_engine_mem(engine), .options = options != NULL ? options : &plain, .diag = diag};
  cv_status status = load(&w, bytes, size);
  if (status == CV_OK)
    status = compile_all(&w);
  if (status == CV_OK) {
    const cv_aot_program program = {.bytes = bytes,
                                    .size = size,
                                    .is_component = w.component != NULL,
                                    .modules = w.modules.data,
                                    .module_count = (uint32_t)w.modules.count};
    status = cv_aot_write(engine, &program, &(cv_aot_sink){append, out}, diag);
  }
  end(&w);
  return status;
}
