// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi.c: the grants of a WASI program, over the resource core (wasi/core) and its preview 1 adapter (wasi/p1).
#include "wasi/core/wasi.h"
#include "api/linker.h"
#include "component/instance.h"
#include "runtime/internal.h"
#include "wasi/p2/p2.h"

struct cove_wasi_config {
  cv_wasi_config *config;
  bool deny_when_called;
  cove_trace_format format;
  cove_wasi_trace_fn *trace;
  void *trace_env;
  cove_wasi_log_fn *log;
  void *log_env;
};

struct cove_wasi {
  cv_wasi *wasi;
  cv_p1 *p1;       // NULL before the first use
  cv_p2 *p2;       // likewise; owns `wasi` once it is there
  bool p2_is_kept; // by the store, too
  bool deny_when_called;
  uint64_t store; // the id of the one that it serves, 0 before
  cove_trace_format format;
  cove_wasi_trace_fn *trace;
  void *trace_env;
  cv_buf line;
  cove_wasi_log_fn *log;
  void *log_env;
};

cove_wasi_config *cove_wasi_config_new(void) {
  cove_wasi_config *config = cv_mem_zalloc(&cv_api_mem, sizeof *config);
  if (config == NULL)
    return NULL;
  config->config = cv_wasi_config_new(&cv_api_mem);
  if (config->config == NULL) {
    cv_mem_free(&cv_api_mem, config, sizeof *config);
    return NULL;
  }
  return config;
}

void cove_wasi_config_delete(cove_wasi_config *config) {
  if (config == NULL)
    return;
  cv_wasi_config_delete(config->config);
  cv_mem_free(&cv_api_mem, config, sizeof *config);
}

// `what` says what was refused with CV_EUSAGE.
static cove_status done(cv_status status, const char *what, cove_error **error) {
  if (status == CV_OK)
    return COVE_OK;
  if (status == CV_ENOMEM)
    return cv_api_no_memory(error);
  return cv_api_fail(error, (cove_status)status, "%s", what);
}

void cove_wasi_config_grant_basics(cove_wasi_config *config) {
  cv_wasi_config_grant_basics(config->config);
}

cove_status cove_wasi_config_arg(cove_wasi_config *config, const char *arg, cove_error **error) {
  return done(cv_wasi_config_arg(config->config, arg), "not an argument", error);
}

cove_status cove_wasi_config_env(cove_wasi_config *config, const char *key, const char *value, cove_error **error) {
  return done(cv_wasi_config_env(config->config, key, value), "not the name of an environment variable", error);
}

static cove_status stdio(cove_wasi_config *config, unsigned which, const cv_stdio *stream, cove_error **error) {
  return done(cv_wasi_config_stdio(config->config, which, stream), "there is no such standard stream", error);
}

cove_status cove_wasi_config_stdio_inherit(cove_wasi_config *config, unsigned which, cove_error **error) {
  return stdio(config, which, &(cv_stdio){.kind = CV_STDIO_INHERIT}, error);
}

cove_status cove_wasi_config_stdio_file(cove_wasi_config *config, unsigned which, const char *path,
                                        cove_error **error) {
  return stdio(config, which, &(cv_stdio){.kind = CV_STDIO_FILE, .path = path}, error);
}

cove_status cove_wasi_config_stdio_null(cove_wasi_config *config, unsigned which, cove_error **error) {
  return stdio(config, which, &(cv_stdio){.kind = CV_STDIO_NULL}, error);
}

cove_status cove_wasi_config_stdin_bytes(cove_wasi_config *config, const void *data, size_t size, cove_error **error) {
  return stdio(config, 0, &(cv_stdio){.kind = CV_STDIO_BUFFER, .text = {data, size}}, error);
}

cove_status cove_wasi_config_stdio_collect(cove_wasi_config *config, unsigned which, cove_error **error) {
  if (which != 1 && which != 2)
    return cv_api_fail(error, COVE_USAGE, "only streams 1 and 2 can be collected");
  return stdio(config, which, &(cv_stdio){.kind = CV_STDIO_BUFFER}, error);
}

static cove_status dir(cove_wasi_config *config, const cv_dir *grant, cove_error **error) {
  return done(cv_wasi_config_dir(config->config, grant), "not a directory grant", error);
}

cove_status cove_wasi_config_dir(cove_wasi_config *config, const char *host, const char *guest, bool read_only,
                                 cove_error **error) {
  return dir(config, &(cv_dir){.kind = CV_DIR_HOST, .host = host, .guest = guest, .read_only = read_only}, error);
}

cove_status cove_wasi_config_tmpfs(cove_wasi_config *config, const char *guest, cove_error **error) {
  return dir(config, &(cv_dir){.kind = CV_DIR_MEMORY, .guest = guest}, error);
}

cove_status cove_wasi_config_archive(cove_wasi_config *config, const char *file, const char *guest,
                                     cove_error **error) {
  return dir(config, &(cv_dir){.kind = CV_DIR_ARCHIVE, .host = file, .guest = guest, .read_only = true}, error);
}

static cove_status done_diag(cv_status status, const cv_diag *diag, cove_error **error) {
  return status == CV_OK ? COVE_OK : cv_api_diag(error, status, diag);
}

cove_status cove_wasi_config_listen_fd(cove_wasi_config *config, int fd, cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  return done_diag(cv_wasi_config_listen_handle(config->config, fd, &diag), &diag, error);
}

cove_status cove_wasi_config_tcp_listen(cove_wasi_config *config, const char *address, cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  return done_diag(cv_wasi_config_tcp_listen(config->config, address, &diag), &diag, error);
}

void cove_wasi_config_seed(cove_wasi_config *config, uint64_t seed) {
  cv_wasi_config_random(config->config, CV_RANDOM_SEEDED, seed);
}

static_assert((int)COVE_CLOCK_DENIED == CV_CLOCK_DENIED && (int)COVE_CLOCK_REAL == CV_CLOCK_REAL &&
                  (int)COVE_CLOCK_FIXED == CV_CLOCK_FIXED && (int)COVE_CLOCK_VIRTUAL == CV_CLOCK_VIRTUAL,
              "same numbers");

void cove_wasi_config_clock(cove_wasi_config *config, cove_clock clock, uint64_t wall_time) {
  cv_wasi_config_clocks(config->config, (cv_clock_mode)clock, (cv_clock_mode)clock, wall_time);
}

void cove_wasi_config_clocks(cove_wasi_config *config, cove_clock wall, cove_clock monotonic, uint64_t wall_time) {
  cv_wasi_config_clocks(config->config, (cv_clock_mode)wall, (cv_clock_mode)monotonic, wall_time);
}

static_assert((int)COVE_RANDOM_DENIED == CV_RANDOM_DENIED && (int)COVE_RANDOM_SYSTEM == CV_RANDOM_SYSTEM,
              "same numbers");

void cove_wasi_config_random(cove_wasi_config *config, cove_random random) {
  cv_wasi_config_random(config->config, (cv_random_mode)random, 0);
}

void cove_wasi_config_max_output(cove_wasi_config *config, uint64_t bytes) {
  config->config->limits.output = config->config->limits.collected = bytes;
}

void cove_wasi_config_limit(cove_wasi_config *config, cove_wasi_limit which, uint64_t value) {
  cv_wasi_limits *l = &config->config->limits;
  uint32_t count = (uint32_t)CV_MIN(value, (uint64_t)UINT32_MAX);
  switch (which) {
  case COVE_WASI_DESCRIPTORS:
    l->descriptors = count;
    break;
  case COVE_WASI_RESOURCES:
    l->resources = count;
    break;
  case COVE_WASI_POLL:
    l->subscriptions = count;
    break;
  case COVE_WASI_CALL_BYTES:
    l->call_bytes = value;
    break;
  case COVE_WASI_RANDOM_BYTES:
    l->random_bytes = value;
    break;
  case COVE_WASI_TMPFS_BYTES:
    l->memory_fs = value;
    break;
  case COVE_WASI_KEYVALUE_BYTES:
    l->kv_bytes = value;
    break;
  case COVE_WASI_KEYVALUE_KEYS:
    l->kv_keys = count;
    break;
  case COVE_WASI_KEY_BYTES:
    l->kv_key = count;
    break;
  case COVE_WASI_VALUE_BYTES:
    l->kv_value = value;
    break;
  }
}

// ---- settings, logging, buckets ----

cove_status cove_wasi_config_setting(cove_wasi_config *config, const char *name, const char *value,
                                     cove_error **error) {
  return done(cv_wasi_config_setting(config->config, name, value), "the name of a setting is empty", error);
}

static_assert((int)COVE_LOG_TRACE == CV_LOG_TRACE && (int)COVE_LOG_CRITICAL == CV_LOG_CRITICAL, "same numbers");

void cove_wasi_config_log(cove_wasi_config *config, cove_log_level least, cove_wasi_log_fn *fn, void *env) {
  config->config->log.least = (cv_log_level)least;
  config->log = fn;
  config->log_env = env;
}

static void pass_on_message(void *env, cv_log_level level, cv_bytes context, cv_bytes message) {
  const cove_wasi *wasi = env;
  wasi->log(wasi->log_env, (cove_log_level)level, (cove_string){(const char *)context.data, context.size},
            (cove_string){(const char *)message.data, message.size});
}

cove_status cove_wasi_config_bucket(cove_wasi_config *config, const char *name, const char *file, bool read_only,
                                    cove_error **error) {
  const cv_bucket_grant grant = {.name = name, .file = file, .read_only = read_only};
  cv_status status = cv_wasi_config_bucket(config->config, &grant);
  if (status != CV_EUSAGE)
    return done(status, "", error);
  return cv_api_fail(error, COVE_USAGE,
                     file != NULL && file[0] == '\0' ? "the file of the bucket \"%s\" has no name"
                     : file == NULL && read_only     ? "the bucket \"%s\" is in memory, and cannot be read-only"
                                                     : "the bucket \"%s\" is granted twice",
                     name);
}

// ---- trace ----

void cove_wasi_config_trace(cove_wasi_config *config, cove_trace_format format, cove_wasi_trace_fn *fn, void *env) {
  config->format = format;
  config->trace = fn;
  config->trace_env = env;
}

static void trace(void *env, const cv_trace_call *call) {
  cove_wasi *wasi = env;
  wasi->line.size = 0;
  if (wasi->format == COVE_TRACE_JSON)
    cv_trace_print_json(&wasi->line, call);
  else
    cv_trace_print_text(&wasi->line, call);
  if (cv_buf_status(&wasi->line) == CV_OK)
    wasi->trace(wasi->trace_env, (const char *)wasi->line.data, wasi->line.size);
}

cove_status cove_wasi_new(const cove_wasi_config *config, cove_wasi **out, cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  cove_wasi *wasi = cv_mem_zalloc(&cv_api_mem, sizeof *wasi);
  if (wasi == NULL)
    return cv_api_no_memory(error);
  cv_status status = cv_wasi_new(&cv_api_mem, config->config, &wasi->wasi, &diag);
  if (status != CV_OK) {
    cv_mem_free(&cv_api_mem, wasi, sizeof *wasi);
    return cv_api_diag(error, status, &diag);
  }
  cv_buf_init(&wasi->line, &cv_api_mem);
  wasi->deny_when_called = config->deny_when_called;
  if (config->trace != NULL) {
    wasi->format = config->format;
    wasi->trace = config->trace;
    wasi->trace_env = config->trace_env;
    wasi->wasi->trace = trace;
    wasi->wasi->trace_env = wasi;
  }
  if (config->log != NULL) {
    wasi->log = config->log;
    wasi->log_env = config->log_env;
    wasi->wasi->log.fn = pass_on_message;
    wasi->wasi->log.env = wasi;
  }
  *out = wasi;
  return COVE_OK;
}

void cove_wasi_flush(cove_wasi *wasi) {
  if (wasi->p2 != NULL)
    cv_p2_flush(wasi->p2);
}

void cove_wasi_delete(cove_wasi *wasi) {
  if (wasi == NULL)
    return;
  wasi->wasi->trace = NULL; // what goes with the store's tables later is not told
  wasi->wasi->log.fn = NULL;
  cv_p1_delete(wasi->p1);
  if (wasi->p2 != NULL)
    cv_p2_release(wasi->p2);
  else
    cv_wasi_delete(wasi->wasi);
  cv_buf_free(&wasi->line);
  cv_mem_free(&cv_api_mem, wasi, sizeof *wasi);
}

cove_status cove_linker_define_wasi(cove_linker *linker, cove_wasi *wasi, cove_error **error) {
  if (wasi->store != 0 && wasi->store != linker->store->id)
    return cv_api_fail(error, COVE_USAGE, "these grants serve another store");
  if (wasi->p1 == NULL &&
      cv_p1_new(&cv_api_mem, wasi->wasi, cv_store_context(linker->store->store), &wasi->p1) != CV_OK)
    return cv_api_no_memory(error);
  wasi->store = linker->store->id;
  linker->p1 = wasi->p1;
  linker->host_data = wasi->wasi;
  return COVE_OK;
}

// ---- WASI 0.2 ----

void cove_wasi_config_deny(cove_wasi_config *config, cove_deny deny) {
  config->deny_when_called = deny == COVE_DENY_ERROR;
}

static cv_context *context_of(cove_call *call) {
  return ((cv_canon_call *)call)->instance->context;
}

static cove_host_result stopped(cove_call *call) {
  cv_context *context = context_of(call);
  if (cv_context_interrupted(context))
    return (cove_host_result)cv_context_interrupt_trap(context);
  return (cove_host_result)cv_trap_set(context, CV_TRAP_CANCELLED, NULL);
}

static cove_host_result output_limit(cove_call *call) {
  return (cove_host_result)cv_trap_set(context_of(call), CV_TRAP_OUTPUT_LIMIT, NULL);
}

static cove_host_result other_limit(cove_call *call, const char *text) {
  return (cove_host_result)cv_trap_set(context_of(call), CV_TRAP_RESOURCE_LIMIT, "%s", text);
}

static bool is_interrupted(void *env) {
  return cv_context_interrupted(env);
}

static void release_p2(void *env) {
  cv_p2 *p2 = env;
  cv_p2_detach(p2); // what was asked whether to stop is going
  cv_p2_release(p2);
}

// The second reference is the store's, whose tables of handles may go after the cove_wasi.
static cv_status make_p2(cove_wasi *wasi, cove_store *store) {
  static const cv_p2_ends ends = {.stopped = stopped, .output_limit = output_limit, .limit = other_limit};
  if (wasi->p2_is_kept)
    return CV_OK;
  if (wasi->p2 == NULL)
    CV_TRY(cv_p2_new(&cv_api_mem, wasi->wasi, &ends, &wasi->p2));
  CV_TRY(cv_store_on_delete(store->store, release_p2, wasi->p2));
  cv_p2_retain(wasi->p2);
  wasi->p2_is_kept = true;
  if (wasi->wasi->should_stop == NULL) {
    wasi->wasi->should_stop = is_interrupted;
    wasi->wasi->should_stop_env = cv_store_context(store->store);
  }
  return CV_OK;
}

static const char *missing_grant(const void *p2, const char *interface) {
  return cv_p2_missing_grant(p2, interface);
}

cove_status cove_component_linker_define_wasi(cove_component_linker *linker, cove_wasi *wasi, cove_error **error) {
  cove_store *store = cv_api_component_linker_store(linker);
  if (wasi->store != 0 && wasi->store != store->id)
    return cv_api_fail(error, COVE_USAGE, "these grants serve another store");
  if (make_p2(wasi, store) != CV_OK)
    return cv_api_no_memory(error);
  wasi->store = store->id;
  const cove_glue_world *world = cv_p2_world(wasi->p2);
  if (world == NULL)
    return cv_api_no_memory(error);
  // What is denied when it is called, the host's own functions refuse, and record.
  cv_api_component_linker_define_late(
      linker, &(cv_api_late_world){world, wasi->p2, wasi->deny_when_called ? NULL : missing_grant});
  return wasi->deny_when_called
             ? cove_component_linker_deny_rest(linker, "wasi:", "a host that provides this interface", error)
             : COVE_OK;
}

cove_bytes cove_wasi_output(const cove_wasi *wasi, unsigned which) {
  return which == 1 || which == 2 ? cv_api_bytes(cv_wasi_output(wasi->wasi, which)) : (cove_bytes){"", 0};
}

size_t cove_wasi_refusal_count(const cove_wasi *wasi) {
  return wasi->wasi->refusals.count;
}

bool cove_wasi_refusal(const cove_wasi *wasi, size_t index, cove_refusal *out) {
  if (index >= wasi->wasi->refusals.count)
    return false;
  const cv_refusal *r = &wasi->wasi->refusals.data[index];
  *out = (cove_refusal){.what = r->what, .grant = r->grant, .count = r->times};
  return true;
}

cove_status cove_wasi_explain(const cove_wasi *wasi, cove_buffer *out, cove_error **error) {
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  cv_wasi_explain(wasi->wasi, &buf);
  return cv_api_hand_over(&buf, out, error);
}
