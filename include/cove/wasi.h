// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi.h: WASI preview 1 for instances of modules, and WASI 0.2 for those of components: what a program is granted, and
// what it did. A new configuration grants nothing: no arguments, no environment, null streams, no clocks, no
// randomness, no directory, no network.
#ifndef COVE_WASI_H
#define COVE_WASI_H

#include <cove/component.h>
#include <cove/instance.h>

COVE_BEGIN

typedef struct cove_wasi_config cove_wasi_config;

// Strings are copied by all setters. NULL when out of memory.
COVE_API cove_wasi_config *cove_wasi_config_new(void);
COVE_API void cove_wasi_config_delete(cove_wasi_config *config);

// Real clocks and the host's randomness: what nearly every program needs, and what names nothing of the host.
COVE_API void cove_wasi_config_grant_basics(cove_wasi_config *config);
// The first argument is the program's name.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_arg(cove_wasi_config *config, const char *arg, cove_error **error);
// COVE_USAGE when the key is empty or has a "=". Of a key given twice the later value counts.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_env(cove_wasi_config *config, const char *key, const char *value,
                                                        cove_error **error);

// ---- standard streams: `which` is 0, 1 or 2 ----
// The process's own.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_stdio_inherit(cove_wasi_config *config, unsigned which,
                                                                  cove_error **error);
// A file of the host: read from its start, or created and emptied. Opened by cove_wasi_new.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_stdio_file(cove_wasi_config *config, unsigned which,
                                                               const char *path, cove_error **error);
COVE_API COVE_MUST_USE cove_status cove_wasi_config_stdio_null(cove_wasi_config *config, unsigned which,
                                                               cove_error **error);
// Standard input from these bytes, which are copied.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_stdin_bytes(cove_wasi_config *config, const void *data, size_t size,
                                                                cove_error **error);
// Standard output or error collected in memory: cove_wasi_output.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_stdio_collect(cove_wasi_config *config, unsigned which,
                                                                  cove_error **error);

// ---- directories: `guest` is the path that the program uses ----
COVE_API COVE_MUST_USE cove_status cove_wasi_config_dir(cove_wasi_config *config, const char *host, const char *guest,
                                                        bool read_only, cove_error **error);
// Empty, in memory.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_tmpfs(cove_wasi_config *config, const char *guest,
                                                          cove_error **error);
// A tar or zip file of the host, read-only. COVE_UNSUPPORTED (from cove_wasi_new) without libarchive.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_archive(cove_wasi_config *config, const char *file,
                                                            const char *guest, cove_error **error);

// ---- sockets that already listen ----
// A descriptor of this process; it is duplicated.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_listen_fd(cove_wasi_config *config, int fd, cove_error **error);
// "127.0.0.1:8080", "[::1]:0". Bound by cove_wasi_new.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_tcp_listen(cove_wasi_config *config, const char *address,
                                                               cove_error **error);

// ---- clocks and randomness ----
// The same sequence of random bytes for the same seed.
COVE_API void cove_wasi_config_seed(cove_wasi_config *config, uint64_t seed);
typedef enum cove_clock {
  COVE_CLOCK_DENIED = 0,
  COVE_CLOCK_REAL = 1,
  COVE_CLOCK_FIXED = 2,   // always `wall_time`; the monotonic clock runs, so that timeouts work
  COVE_CLOCK_VIRTUAL = 3, // starts at `wall_time` and moves by what the program sleeps
} cove_clock;
// Both clocks. `wall_time` in nanoseconds since 1970.
COVE_API void cove_wasi_config_clock(cove_wasi_config *config, cove_clock clock, uint64_t wall_time);
// Each clock by itself: for instance a monotonic one for timers, without the time of day. Clocks of CPU time go with
// the monotonic one. Reading a denied clock is ENOTCAPABLE in preview 1; in WASI 0.2 see cove_deny.
COVE_API void cove_wasi_config_clocks(cove_wasi_config *config, cove_clock wall, cove_clock monotonic,
                                      uint64_t wall_time);
typedef enum cove_random {
  COVE_RANDOM_DENIED = 0, // of WASI 0.2, insecure numbers are there: the same in every run
  COVE_RANDOM_SYSTEM = 1,
} cove_random;
COVE_API void cove_wasi_config_random(cove_wasi_config *config, cove_random random);

// ---- settings, logging, and buckets of keys and values (wasi:config, wasi:logging, wasi:keyvalue) ----
// A value by its name. Of a name given twice the later value counts. COVE_USAGE for an empty name; NULL grants the
// interface without a value.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_setting(cove_wasi_config *config, const char *name,
                                                            const char *value, cove_error **error);
typedef enum cove_log_level {
  COVE_LOG_TRACE = 0,
  COVE_LOG_DEBUG = 1,
  COVE_LOG_INFO = 2,
  COVE_LOG_WARN = 3,
  COVE_LOG_ERROR = 4,
  COVE_LOG_CRITICAL = 5,
} cove_log_level;
// Gets a message in the thread of the store; the texts are UTF-8, may hold control characters, and are borrowed.
typedef void cove_wasi_log_fn(void *env, cove_log_level level, cove_string context, cove_string message);
// Messages of `least` and above. What is logged counts against the limit on output.
COVE_API void cove_wasi_config_log(cove_wasi_config *config, cove_log_level least, cove_wasi_log_fn *fn, void *env);
// The bucket that the program opens as `name`: in memory, empty, and gone with the cove_wasi; or (`file` not NULL) in a
// file of the host that SQLite keeps, made when it is not there, which may hold other buckets and be in use by others.
// COVE_USAGE for a name that is granted already. Files are opened by cove_wasi_new: COVE_UNSUPPORTED without SQLite.
COVE_API COVE_MUST_USE cove_status cove_wasi_config_bucket(cove_wasi_config *config, const char *name, const char *file,
                                                           bool read_only, cove_error **error);

// ---- limits ----
// Bytes to standard output and error together; more traps with COVE_TRAP_OUTPUT_LIMIT. Default: none, but 256 MiB when
// one of them is collected in memory.
COVE_API void cove_wasi_config_max_output(cove_wasi_config *config, uint64_t bytes);
// What a program can make the host hold or do at once, with the defaults.
typedef enum cove_wasi_limit {
  COVE_WASI_DESCRIPTORS = 0,    // files, directories, listings and streams of files open at the same time: 1,024
  COVE_WASI_RESOURCES = 1,      // WASI 0.2: streams, pollables, descriptors, buckets... alive: 100,000
  COVE_WASI_POLL = 2,           // things that one poll waits for: 4,096
  COVE_WASI_CALL_BYTES = 3,     // bytes that one read or write moves, or one call answers: 64 MiB
  COVE_WASI_RANDOM_BYTES = 4,   // WASI 0.2: random bytes of one call: 64 MiB
  COVE_WASI_TMPFS_BYTES = 5,    // of each directory in memory, and of an archive: 1 GiB
  COVE_WASI_KEYVALUE_BYTES = 6, // of all buckets in memory, and of each file of buckets: 256 MiB
  COVE_WASI_KEYVALUE_KEYS = 7,  // of one bucket in memory: 100,000
  COVE_WASI_KEY_BYTES = 8,      // of one key: 1,024
  COVE_WASI_VALUE_BYTES = 9,    // of one value: 16 MiB
} cove_wasi_limit;
// Beyond the range of what is counted the largest number counts.
COVE_API void cove_wasi_config_limit(cove_wasi_config *config, cove_wasi_limit which, uint64_t value);

// ---- interfaces that are not granted (WASI 0.2) ----
typedef enum cove_deny {
  COVE_DENY_MISSING = 0, // are absent: a component that imports one is not instantiated; the default
  COVE_DENY_ERROR = 1,   // are there, and trap when they are called
} cove_deny;
COVE_API void cove_wasi_config_deny(cove_wasi_config *config, cove_deny deny);

// ---- trace ----
typedef enum cove_trace_format { COVE_TRACE_TEXT = 0, COVE_TRACE_JSON = 1 } cove_trace_format;
// Gets a line, with its end of line, after each host call. The line is borrowed for the call.
typedef void cove_wasi_trace_fn(void *env, const char *line, size_t size);
COVE_API void cove_wasi_config_trace(cove_wasi_config *config, cove_trace_format format, cove_wasi_trace_fn *fn,
                                     void *env);

// ---- the grants of one program ----
typedef struct cove_wasi cove_wasi;

// Copies the configuration and opens what it names. COVE_IO and COVE_USAGE say which grant failed. The store's
// instances may use it until it is deleted: delete it after the last call, before or after the store.
COVE_API COVE_MUST_USE cove_status cove_wasi_new(const cove_wasi_config *config, cove_wasi **out, cove_error **error);
COVE_API void cove_wasi_delete(cove_wasi *wasi);
// Waits until standard output and error have taken what a program wrote without a flush: a stream of WASI 0.2 holds up
// to 64 KiB when its reader is slow. For the end of a program; deleting waits for nothing.
COVE_API void cove_wasi_flush(cove_wasi *wasi);
// Defines all functions of wasi_snapshot_preview1 and wasi_unstable. One cove_wasi serves one store: COVE_USAGE
// for a linker of another.
COVE_API COVE_MUST_USE cove_status cove_linker_define_wasi(cove_linker *linker, cove_wasi *wasi, cove_error **error);

// Defines the interfaces of WASI 0.2 for components: wasi:io, cli, clocks, filesystem, random, sockets, and those of
// wasi:config, wasi:logging and wasi:keyvalue. The same rule.
COVE_API COVE_MUST_USE cove_status cove_component_linker_define_wasi(cove_component_linker *linker, cove_wasi *wasi,
                                                                     cove_error **error);

// What was collected from stream 1 or 2; borrowed until the next call into the store. Empty when it was not collected.
COVE_API cove_bytes cove_wasi_output(const cove_wasi *wasi, unsigned which);

// Something that the program asked for and did not get.
typedef struct cove_refusal {
  const char *what;  // "open /etc/passwd for reading"
  const char *grant; // what would allow it: "--dir HOST::/etc"
  uint64_t count;    // how often
} cove_refusal;
COVE_API size_t cove_wasi_refusal_count(const cove_wasi *wasi);
// Strings live until the next call into the store.
COVE_API bool cove_wasi_refusal(const cove_wasi *wasi, size_t index, cove_refusal *out);
// All of it as lines for people, with the directories that the program can reach where it looked for some. Empty when
// there is nothing to say.
COVE_API COVE_MUST_USE cove_status cove_wasi_explain(const cove_wasi *wasi, cove_buffer *out, cove_error **error);

COVE_END

#endif
