// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_p2.c: sequences of calls of every function of the WASI 0.2 host and drops of its resources, through the glue
// that `cove bindgen` wrote, on behalf of a component instance that is made by hand around a memory and a realloc. The
// input decides the order, the arguments (handles right and wrong, places in and out of memory, hostile paths), what
// realloc answers, and where the files are: in memory or in a directory of the host. Whatever is asked: no fault, no
// access outside of the guest's memory, nothing leaked, no waiting, and nothing of the host read or changed that was
// not granted.
#include "wasi_input.h"

#include "component/canon/canon.h"
#include "runtime/engine.h"
#include "wasi/p2/host.h"
#include "wasm/text/wat.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_CALLS = 80, MAX_FUNCS = 256, MAX_RESOURCES = 64 };
// The guest's memory: what the calls write to, texts, lists, and from 64 KiB on
// what realloc hands out.
enum { ANSWER = 8, RESULTS = 64, TEXTS = 4096, LISTS = 16384 };

// At ANSWER: what realloc answers instead, unless it is 0.
static const char GUEST[] = "(module (memory (export \"memory\") 4)"
                            " (global $at (mut i32) (i32.const 65536))"
                            " (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (local $new i32)"
                            "  (if (i32.load (i32.const 8)) (then (return (i32.load (i32.const 8)))))"
                            "  (local.set $new (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))"
                            "  (if (i32.gt_u (i32.add (local.get $new) (local.get 3)) (i32.const 0x40000))"
                            "   (then (local.set $new (i32.const 65536))))"
                            "  (global.set $at (i32.add (local.get $new) (local.get 3)))"
                            "  (local.get $new)))";

static void require(bool condition) {
  if (!condition)
    abort();
}

// ---- a directory of the host: "root" and "ro" are granted, "secret" lies beside them ----

static const char SECRET[] = "what no program may read";
static char base[64];

static void in_base(char *out, size_t size, const char *name) {
  (void)snprintf(out, size, "%s/%s", base, name);
}

static void write_file(const char *name, const char *text) {
  char path[128];
  in_base(path, sizeof path, name);
  FILE *f = fopen(path, "w");
  require(f != NULL && fputs(text, f) >= 0);
  require(fclose(f) == 0);
}

static void remove_below(int dir) {
  DIR *d = fdopendir(dir);
  require(d != NULL);
  for (struct dirent *e; (e = readdir(d)) != NULL;) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
      continue;
    if (unlinkat(dirfd(d), e->d_name, 0) == 0)
      continue;
    int inner = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    require(inner >= 0);
    remove_below(inner);
    require(unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR) == 0);
  }
  require(closedir(d) == 0);
}

static void fill_root(void) {
  char path[128];
  in_base(path, sizeof path, "root");
  int dir = open(path, O_RDONLY | O_DIRECTORY);
  require(dir >= 0);
  require(mkdirat(dir, "d", 0700) == 0 && symlinkat("../secret", dir, "out") == 0 &&
          symlinkat("/etc/passwd", dir, "abs") == 0 && symlinkat("loop", dir, "loop") == 0 &&
          symlinkat("file", dir, "in") == 0 && symlinkat("d", dir, "dl") == 0 &&
          symlinkat("../../ro", dir, "d/up") == 0 && mkfifoat(dir, "fifo", 0600) == 0);
  require(close(dir) == 0);
  write_file("root/file", "hello");
}

static uint32_t count_entries(const char *name, const char *const *known, size_t count) {
  char path[128];
  uint32_t found = 0;
  in_base(path, sizeof path, name);
  DIR *d = opendir(path);
  require(d != NULL);
  for (struct dirent *e; (e = readdir(d)) != NULL; found++) {
    bool is_known = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    for (size_t i = 0; i < count; i++)
      is_known |= strcmp(e->d_name, known[i]) == 0;
    require(is_known);
  }
  require(closedir(d) == 0);
  return found - 2;
}

static void check_file(const char *name, const char *text) {
  char path[128], there[64] = "";
  struct stat st;
  in_base(path, sizeof path, name);
  FILE *f = fopen(path, "r");
  require(f != NULL && fread(there, 1, sizeof there - 1, f) == strlen(text) && strcmp(there, text) == 0);
  require(fstat(fileno(f), &st) == 0 && st.st_nlink == 1 && st.st_mtime == 1000000000);
  require(fclose(f) == 0);
}

// What was not granted, and what was granted read-only, is as it was.
static void check_host(const uint8_t *memory, size_t size) {
  static const char *const all[] = {"root", "ro", "secret"}, *const ro[] = {"file"};
  require(count_entries(".", all, 3) == 3 && count_entries("ro", ro, 1) == 1);
  check_file("secret", SECRET);
  check_file("ro/file", "fixed");
  require(memmem(memory, size, SECRET, strlen(SECRET)) == NULL);
}

static void remove_base(void) {
  int dir = open(base, O_RDONLY | O_DIRECTORY);
  if (dir >= 0)
    remove_below(dir);
  (void)rmdir(base);
}

static void make_base(void) {
  static const char *const old[] = {"secret", "ro/file"};
  const char *tmp = getenv("TMPDIR");
  char path[128];
  (void)snprintf(base, sizeof base, "%s/cove-fuzz-XXXXXX", tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
  require(mkdtemp(base) != NULL);
  (void)atexit(remove_base);
  in_base(path, sizeof path, "root");
  require(mkdir(path, 0700) == 0);
  in_base(path, sizeof path, "ro");
  require(mkdir(path, 0700) == 0);
  write_file("secret", SECRET);
  write_file("ro/file", "fixed");
  for (size_t i = 0; i < CV_COUNT(old); i++) {
    in_base(path, sizeof path, old[i]);
    require(utimensat(AT_FDCWD, path, (struct timespec[2]){{1000000000, 0}, {1000000000, 0}}, 0) == 0);
  }
}

// ---- the engine, once ----

static cv_engine *engine;
static cv_code *code;

static void start(void) {
  cv_mem mem;
  cv_buf binary;
  cv_module *module;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf_init(&binary, &mem);
  require(cv_engine_new(&engine, NULL, NULL) == CV_OK);
  require(cv_wat_parse(GUEST, strlen(GUEST), cv_engine_features(engine), &mem, &binary, NULL) == CV_OK);
  require(cv_engine_load(engine, binary.data, binary.size, true, &module, NULL) == CV_OK);
  require(cv_engine_compile(engine, module, &code, NULL) == CV_OK);
  cv_buf_free(&binary);
  make_base();
}

// ---- the grants ----

typedef struct resource {
  cv_resource_type type;
  const cove_glue_resource *definition;
  struct run *run;
} resource;

typedef struct run {
  input in;
  cv_mem mem;
  cv_store *store;
  cv_wasi *w;
  cv_p2 *p2;
  const cove_glue_world *world;
  cv_cinstance instance;
  cv_canon_env options;
  cv_component component; // its number of resources counts
  resource all[MAX_RESOURCES];
  const cv_resource_type *resources[MAX_RESOURCES];
  const cove_glue_func *funcs[MAX_FUNCS];
  uint32_t func_count, resource_count;
  uint32_t again, asked; // callbacks
  bool stops, trapped;
} run;

// At most a few times in turn: a stream that never has anything would be waited for for ever.
static cv_err read_callback(void *env, void *data, size_t size, size_t *done) {
  run *r = env;
  if (r->again++ % 4 == 1)
    return CV_ERR_AGAIN;
  *done = CV_MIN(size, (size_t)3);
  memset(data, 'x', *done);
  return r->again > 40 ? CV_ERR_IO : CV_ERR_OK;
}

static cv_err write_callback(void *env, const void *data, size_t size, size_t *done) {
  run *r = env;
  if (r->again++ % 5 == 2)
    return CV_ERR_AGAIN;
  *done = CV_MIN(size, (size_t)5000);
  return r->again > 200 ? CV_ERR_PIPE : CV_ERR_OK;
}

static bool should_stop(void *env) {
  run *r = env;
  return r->stops && r->asked++ > 20;
}

static void ignore_message(void *env, cv_log_level level, cv_bytes context, cv_bytes message) {
  run *r = env;
  require(level <= CV_LOG_CRITICAL && context.size + message.size <= r->w->limits.output);
}

// A bucket in memory and one of SQLite, which is in memory as well.
static void grant_services(run *r, cv_wasi_config *c) {
  c->limits.kv_bytes = 20000;
  c->limits.kv_value = 9000;
  c->limits.kv_key = 40;
  c->limits.kv_keys = 5;
  c->log = (cv_log){ignore_message, r, CV_LOG_DEBUG};
  require(cv_wasi_config_setting(c, "a", "value") == CV_OK && cv_wasi_config_setting(c, "d", "x\xffy") == CV_OK);
  require(cv_wasi_config_bucket(c, &(cv_bucket_grant){.name = "a"}) == CV_OK);
#ifdef COVE_HAVE_LIBSQLITE3
  require(cv_wasi_config_bucket(c, &(cv_bucket_grant){.name = "d", .file = ":memory:"}) == CV_OK);
#endif
}

static cv_wasi *context_new(run *r, uint8_t how) {
  cv_wasi *w = NULL;
  cv_wasi_config *c = cv_wasi_config_new(&r->mem);
  require(c != NULL);
  char root[128], ro[128];
  in_base(root, sizeof root, "root");
  in_base(ro, sizeof ro, "ro");
  bool host = (how & 1) != 0, callbacks = (how & 2) != 0, basics = (how & 4) == 0;
  cv_stdio text = {.kind = CV_STDIO_BUFFER, .text = CV_BYTES_LITERAL("some input, some more")};
  cv_stdio in = {.kind = CV_STDIO_CALLBACK, .read = read_callback, .env = r};
  cv_stdio out = {.kind = CV_STDIO_CALLBACK, .write = write_callback, .env = r};
  cv_dir dirs[] = {
      {.kind = host ? CV_DIR_HOST : CV_DIR_MEMORY, .guest = "/data", .host = host ? root : NULL},
      {.kind = host ? CV_DIR_HOST : CV_DIR_MEMORY, .guest = "ro", .host = host ? ro : NULL, .read_only = true}};
  c->limits.memory_fs = 1 << 20;
  c->limits.output = 200000;
  c->limits.descriptors = 24;
  c->limits.resources = 40;
  c->limits.subscriptions = 12;
  c->limits.call_bytes = 300000;
  c->limits.random_bytes = 300000;
  if (basics) {
    cv_wasi_config_clocks(c, CV_CLOCK_VIRTUAL, CV_CLOCK_VIRTUAL, 1000);
    cv_wasi_config_random(c, CV_RANDOM_SEEDED, 1);
    grant_services(r, c);
  }
  require(cv_wasi_config_arg(c, "pro\xffgram") == CV_OK && cv_wasi_config_env(c, "K", "V") == CV_OK);
  require(cv_wasi_config_stdio(c, 0, callbacks ? &in : &text) == CV_OK);
  require(cv_wasi_config_stdio(c, 1, callbacks ? &out : &(cv_stdio){.kind = CV_STDIO_BUFFER}) == CV_OK);
  require(cv_wasi_config_dir(c, &dirs[0]) == CV_OK && cv_wasi_config_dir(c, &dirs[1]) == CV_OK);
  require(cv_wasi_new(&r->mem, c, &w, NULL) == CV_OK);
  cv_wasi_config_delete(c);
  r->stops = (how & 8) != 0;
  w->should_stop = should_stop;
  w->should_stop_env = r;
  if ((how & 16) != 0) {
    w->trace = ignore_trace;
    w->trace_env = &r->mem;
  }
  return w;
}

// ---- the component instance ----

static void drop(void *env, uint64_t rep) {
  const resource *r = env;
  if (r->definition->drop != NULL)
    r->definition->drop(r->run->p2, (void *)(uintptr_t)rep);
}

static void open_instance(run *r) {
  cv_instance *core;
  require(cv_instantiate(r->store, code, NULL, 0, NULL, &core, NULL) == CV_OK);
  for (size_t i = 0; i < r->world->interface_count; i++) {
    const cove_glue_interface *interface = r->world->interfaces[i];
    for (size_t k = 0; k < interface->func_count; k++)
      r->funcs[r->func_count++] = &interface->funcs[k];
    for (size_t k = 0; k < interface->resource_count; k++) {
      resource *one = &r->all[r->resource_count];
      *one = (resource){.definition = interface->resources[k], .run = r};
      one->type = (cv_resource_type){.key = one->definition, .drop = drop, .env = one};
      one->type.name = cv_bytes_of(one->definition->full_name);
      r->resources[r->resource_count++] = &one->type;
    }
    require(r->func_count < MAX_FUNCS - 64 && r->resource_count < MAX_RESOURCES - 8);
  }
  r->component.resource_count = r->resource_count;
  cv_cinstance_init(&r->instance, r->store, &r->component, NULL);
  r->instance.resources = r->resources;
  r->instance.handles.limit = 60;
  r->instance.value_limit = 1 << 20;
  const cv_export *e = cv_instance_export(core, CV_BYTES_LITERAL("realloc"), CV_EXTERN_FUNC);
  r->options.memory = cv_instance_memory(core, 0);
  r->options.realloc = cv_instance_func(core, e->index);
}

// ---- arguments, by the signature ----

// Among them names of devices that other systems open whatever the directory.
#define T(text) CV_BYTES_LITERAL(text)
static const cv_bytes texts[] = {T("."),         T(".."),
                                 T("a"),         T("file"),
                                 T("d"),         T("d/a"),
                                 T("in"),        T("dl/b"),
                                 T("out"),       T("abs"),
                                 T("loop"),      T("d/up/file"),
                                 T("../secret"), T("/etc/passwd"),
                                 T("/"),         T("a/"),
                                 T("file/"),     T("d/../../secret"),
                                 T("d/.."),      T("./d//a"),
                                 T(""),          T("fifo"),
                                 T("/data/a"),   T("a\0b"),
                                 T("\xff\xfe"),  T("dl"),
                                 T("new"),       T("d/..a"),
                                 T("CON"),       T("nul.txt"),
                                 T("/dev/null"), T("/proc/self/root"),
                                 T("C:\\x"),     T("file:stream")};
#undef T

static uint32_t put_text(run *r, input *in, uint32_t *size) {
  uint8_t which = next(in);
  uint8_t *memory = r->options.memory->base;
  if (which >= 0xe0) { // anything
    *size = (uint32_t)number(in);
    return (uint32_t)number(in);
  }
  if (which >= 0xd8) { // long, plain or deep
    *size = 3000 + 500u * (which & 7);
    for (uint32_t i = 0; i < *size; i++)
      memory[TEXTS + i] = which % 2 != 0 && i % 2 != 0 ? '/' : 'l';
    return TEXTS;
  }
  cv_bytes text = texts[which % CV_COUNT(texts)];
  uint32_t at = TEXTS + 64 * (which % (uint32_t)CV_COUNT(texts));
  *size = (uint32_t)text.size;
  memcpy(memory + at, text.data, text.size);
  return at;
}

static size_t word_size(const char *at) {
  return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
}

static bool is_word(const char *at, const char *word) {
  size_t n = word_size(at);
  return n == strlen(word) && memcmp(at, word, n) == 0;
}

static uint32_t pick_handle(run *r, input *in, const char *full_name, size_t size) {
  const cv_handles *h = &r->instance.handles;
  uint8_t which = next(in);
  if (which >= 0xf0)
    return which == 0xff ? (uint32_t)number(in) : which - 0xf0u;
  for (uint32_t i = 0, at = which; i < h->count; i++, at++) {
    const cv_handle_entry *e = &h->entries[at % h->count];
    const cove_glue_resource *definition = e->kind != CV_HANDLE_FREE ? e->type->key : NULL;
    if (definition != NULL && strlen(definition->full_name) == size &&
        memcmp(definition->full_name, full_name, size) == 0)
      return at % h->count;
  }
  return which;
}

typedef struct slots {
  cove_value values[64];
  uint32_t count;
} slots;

static void push(slots *s, uint64_t v) {
  if (s->count < CV_COUNT(s->values))
    s->values[s->count++].u64 = v;
}

static const char *generate(run *r, input *in, const char *type, slots *out);

// Members in brackets, all of them, or the flat values of a variant's largest case.
static const char *members(run *r, input *in, const char *at, bool cases, slots *out) {
  bool labels = *at == '{';
  uint32_t start = out->count, most = start;
  for (at++; *at != '>' && *at != '}'; at += *at == ',') {
    bool has_type = true;
    if (labels) {
      at += word_size(at);
      has_type = *at == ':';
      at += has_type;
    } else if (*at == '_') {
      has_type = false;
      at++;
    }
    if (cases)
      out->count = start;
    if (has_type)
      at = generate(r, in, at, out);
    most = CV_MAX(most, out->count);
  }
  out->count = most;
  return at + 1;
}

static void push_list(run *r, input *in, const char *element, slots *out) {
  uint32_t count = next(in) % 20, at = LISTS;
  uint8_t *memory = r->options.memory->base;
  if (strncmp(element, "borrow<", 7) == 0) {
    for (uint32_t i = 0; i < count; i++)
      cv_store_le32(memory + LISTS + 4 * i, pick_handle(r, in, element + 7, strcspn(element + 7, ">")));
  } else {
    count = count == 19 ? 4096u + next(in) : count * 8;
  }
  if (next(in) >= 0xf0) {
    count = (uint32_t)number(in);
    at = (uint32_t)number(in);
  }
  push(out, at);
  push(out, count);
}

// Pushes the flat values of the type, and returns what follows it.
static const char *generate(run *r, input *in, const char *type, slots *out) {
  const char *behind = type + word_size(type);
  if (is_word(type, "borrow") || is_word(type, "own")) {
    size_t size = strcspn(behind + 1, ">");
    push(out, pick_handle(r, in, behind + 1, size));
    return behind + size + 2;
  }
  if (is_word(type, "list")) {
    slots element = {.count = 0};
    input none = {NULL, NULL};
    push_list(r, in, behind + 1, out);
    return members(r, &none, behind, false, &element);
  }
  if (is_word(type, "string")) {
    uint32_t size, at = put_text(r, in, &size);
    push(out, at);
    push(out, size);
    return behind;
  }
  if (is_word(type, "enum") || is_word(type, "flags")) {
    push(out, next(in));
    return strchr(behind, '}') + 1;
  }
  if (is_word(type, "record") || is_word(type, "tuple"))
    return members(r, in, behind, false, out);
  if (is_word(type, "variant") || is_word(type, "option") || is_word(type, "result")) {
    push(out, next(in) % 5);
    return *behind == '{' || *behind == '<' ? members(r, in, behind, true, out) : behind;
  }
  uint64_t v = is_word(type, "u64") || is_word(type, "s64") ? number(in) : (uint32_t)number(in);
  push(out, v);
  return behind;
}

// ---- calls ----

static void call(run *r, const cove_glue_func *f) {
  slots s = {.count = 0};
  cv_context *context = cv_store_context(r->store);
  const char *at = f->signature + 1;
  while (*at != ')') {
    at = generate(r, &r->in, at, &s);
    at += *at == ',';
  }
  uint8_t place = next(&r->in);
  uint32_t answer = place == 0xfe ? (uint32_t)number(&r->in) : 0;
  cv_store_le32(r->options.memory->base + ANSWER, answer);
  s.values[s.count].u64 = place == 0xff ? number(&r->in) : RESULTS + 8u * (place % 64);
  s.values[s.count].u64 = s.values[s.count].u32;
  cv_canon_call c;
  cv_canon_call_begin(&c, &r->instance, &r->options, NULL, r->p2);
  cove_host_result result = f->fn(r->p2, (cove_call *)&c, s.values);
  cv_canon_call_end(&c);
  require(result == COVE_HOST_OK || context->trap.kind != CV_TRAP_NONE);
  r->trapped |= result != COVE_HOST_OK;
  context->trap.kind = CV_TRAP_NONE;
}

static void drop_one(run *r) {
  const resource *one = &r->all[next(&r->in) % r->resource_count];
  const char *name = one->definition->full_name;
  uint32_t handle = pick_handle(r, &r->in, name, strlen(name));
  (void)(cv_resource_drop(&r->instance, &one->type, handle) == CV_RUN_OK); // a handle that is wrong is a trap
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (engine == NULL)
    start();
  run *r = calloc(1, sizeof *r);
  require(r != NULL);
  r->in = (input){data, data + size};
  cv_mem_init(&r->mem, UINT64_MAX);
  uint8_t how = next(&r->in);
  if ((how & 1) != 0)
    fill_root();
  r->w = context_new(r, how);
  require(cv_p2_new(&r->mem, r->w, NULL, &r->p2) == CV_OK);
  require(cv_store_new(engine, NULL, &r->store, NULL) == CV_OK);
  r->world = cv_p2_world(r->p2);
  require(r->world != NULL);
  open_instance(r);
  for (int i = 0; i < MAX_CALLS && r->in.at != r->in.end && !r->w->exited; i++) {
    uint8_t which = next(&r->in);
    if (which >= 0xe0)
      drop_one(r);
    else
      call(r, r->funcs[which % r->func_count]);
    require(r->w->held <= r->w->limits.descriptors && r->p2->alive_count <= r->w->limits.resources);
  }
  cv_buf text;
  cv_buf_init(&text, &r->mem);
  cv_wasi_explain(r->w, &text);
  cv_buf_free(&text);
  cv_p2_flush(r->p2);
  cv_handles_free(&r->instance);
  // A trap may come between the making of a resource and its handle: the end of the host drops it.
  require(r->trapped || (r->p2->alive_count == 0 && r->w->held == 0));
  const cv_memory *memory = r->options.memory;
  if ((how & 1) != 0)
    check_host(memory->base, (size_t)memory->size);
  cv_p2_release(r->p2);
  cv_store_delete(r->store);
  require(r->mem.used == 0);
  free(r);
  if ((how & 1) != 0) {
    char path[128];
    in_base(path, sizeof path, "root");
    int dir = open(path, O_RDONLY | O_DIRECTORY);
    require(dir >= 0);
    remove_below(dir);
  }
  return 0;
}
