// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// config.h: what the host grants to one instance, or to many alike. Built by the functions below, then handed to
// cv_wasi_new, which copies all of it: changing or deleting a configuration never touches a running instance.
//
// A new configuration grants nothing: no arguments, no environment, null streams, no clock, no randomness, no
// directory, no network. Everything is added by name.
#ifndef COVE_WASI_CORE_CONFIG_H
#define COVE_WASI_CORE_CONFIG_H

#include "base/arena.h"
#include "wasi/core/clock.h"
#include "wasi/core/fs.h"
#include "wasi/core/log.h"
#include "wasi/core/net_policy.h"
#include "wasi/core/random.h"
#include "wasi/core/stream.h"
#include "wasi/core/trace.h"

typedef struct cv_wasi_limits {
  uint32_t descriptors;   // open at the same time
  uint64_t output;        // bytes written to standard output and standard error together
  uint64_t collected;     // as `output`, when one of the two is collected in memory
  uint64_t call_bytes;    // moved by one read or write: more is done in several; answered by one call: more is refused
  uint64_t random_bytes;  // in one call
  uint32_t path_size;     // bytes of a path
  uint32_t subscriptions; // in one poll
  uint32_t resources;     // of interfaces with typed handles: streams, pollables, descriptors... alive
  uint64_t memory_fs;     // bytes of each in-memory file system that the configuration makes
  uint32_t refusals;      // recorded
  uint64_t kv_bytes;      // of all buckets in memory; of each file of buckets
  uint64_t kv_value;      // bytes of one value
  uint32_t kv_key;        // bytes of one key
  uint32_t kv_keys;       // of one bucket in memory
} cv_wasi_limits;

typedef enum cv_stdio_kind {
  CV_STDIO_NULL,
  CV_STDIO_INHERIT,  // the host process's own
  CV_STDIO_FILE,     // `path`: read from the start, or created and truncated
  CV_STDIO_BUFFER,   // input: `text`; output: collected, see cv_wasi_output
  CV_STDIO_CALLBACK, // `read` or `write` with `env`
} cv_stdio_kind;

typedef struct cv_stdio {
  cv_stdio_kind kind;
  const char *path;
  cv_bytes text;
  cv_read_fn *read;
  cv_write_fn *write;
  void *env;
} cv_stdio;

typedef enum cv_dir_kind {
  CV_DIR_HOST,    // `host` is a directory
  CV_DIR_MEMORY,  // empty
  CV_DIR_ARCHIVE, // `host` is a tar or zip file; always read-only
  CV_DIR_CUSTOM,  // `fs`
} cv_dir_kind;

// A directory grant.
typedef struct cv_dir {
  cv_dir_kind kind;
  const char *guest; // where the program finds it: "/data", "."
  const char *host;
  bool read_only;
  cv_fs *fs; // CV_DIR_CUSTOM, kept by the configuration and by each context
} cv_dir;

// A bucket of keys and values (kv.h).
typedef struct cv_bucket_grant {
  const char *name;
  const char *file; // NULL: in memory, empty at first
  bool read_only;   // of files
} cv_bucket_grant;

typedef struct cv_setting {
  const char *name, *value;
} cv_setting;

typedef struct cv_wasi_config {
  cv_mem *mem; // borrowed
  cv_arena arena;
  CV_VEC(const char *) args, env; // env as "KEY=value"
  cv_stdio stdio[3];
  CV_VEC(cv_dir) dirs;
  CV_VEC(cv_bucket_grant) buckets;
  CV_VEC(cv_setting) settings; // wasi:config
  bool has_settings;           // granted, if only as an empty set
  cv_log log;
  CV_VEC(cv_handle) listeners;   // owned
  CV_VEC(cv_address) tcp_listen; // bound when a context is made
  cv_net_policy net;
  cv_clock_mode wall, monotonic;
  uint64_t wall_time; // fixed and virtual clocks
  cv_random_mode random;
  uint64_t seed;
  cv_resolver resolver;
  cv_wasi_limits limits;
  cv_trace_fn *trace;
  void *trace_env;
  // Asked before a host call waits, and whenever a signal interrupts the wait: true ends it with CV_ERR_STOPPED. Who
  // wants a wait to end makes this true, then sends signals to the thread until it has ended.
  bool (*should_stop)(void *env);
  void *should_stop_env;
} cv_wasi_config;

CV_MUST_USE cv_wasi_config *cv_wasi_config_new(cv_mem *mem);
void cv_wasi_config_delete(cv_wasi_config *config); // NULL is allowed

// Strings are copied. An argument or variable with a zero byte cannot be written as a C string and so cannot be given.
CV_MUST_USE cv_status cv_wasi_config_arg(cv_wasi_config *config, const char *arg);
// CV_EUSAGE when the key is empty or has a "=". A key given twice: the later value counts.
CV_MUST_USE cv_status cv_wasi_config_env(cv_wasi_config *config, const char *key, const char *value);
// `which`: 0, 1, 2.
CV_MUST_USE cv_status cv_wasi_config_stdio(cv_wasi_config *config, unsigned which, const cv_stdio *stdio);
CV_MUST_USE cv_status cv_wasi_config_inherit_stdio(cv_wasi_config *config);
CV_MUST_USE cv_status cv_wasi_config_dir(cv_wasi_config *config, const cv_dir *dir);
// CV_EUSAGE for a name that is granted already, an empty file name, and a bucket in memory that is read-only.
CV_MUST_USE cv_status cv_wasi_config_bucket(cv_wasi_config *config, const cv_bucket_grant *bucket);
// A value by a name, which is not empty (CV_EUSAGE). A name given twice: the later value counts. `name` NULL grants the
// settings as they are.
CV_MUST_USE cv_status cv_wasi_config_setting(cv_wasi_config *config, const char *name, const char *value);
// A listening stream socket that the host has already; the configuration takes its own copy of the handle.
CV_MUST_USE cv_status cv_wasi_config_listen_handle(cv_wasi_config *config, cv_handle listener, cv_diag *diag);
CV_MUST_USE cv_status cv_wasi_config_tcp_listen(cv_wasi_config *config, const char *address, cv_diag *diag);
CV_MUST_USE cv_status cv_wasi_config_net(cv_wasi_config *config, const cv_net_rule *rule);
void cv_wasi_config_clocks(cv_wasi_config *config, cv_clock_mode wall, cv_clock_mode monotonic, uint64_t wall_time);
void cv_wasi_config_random(cv_wasi_config *config, cv_random_mode mode, uint64_t seed);
// Real clocks and the host's randomness: what nearly every program needs and what names nothing of the host.
void cv_wasi_config_grant_basics(cv_wasi_config *config);

#endif
