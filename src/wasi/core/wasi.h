// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi.h: the resource context: everything of the host that one instance can reach, in one object. It knows nothing of
// WebAssembly: no linear memory, no numbers of any interface. The adapters of the generations of WASI (wasi/p1 and
// those to come) take arguments apart, call what is here, and map cv_err to their own numbers.
//
// Files: io.c transfers and positions, path.c operations on paths, poll.c waiting, explain.c refusals. For interfaces
// with typed handles: flow.h streams and pollables, listing.h directories, kv.h buckets of keys and values.
//
// Threads: a context belongs to one thread at a time.
#ifndef COVE_WASI_CORE_WASI_H
#define COVE_WASI_CORE_WASI_H

#include "sys/polling.h"
#include "wasi/core/config.h"
#include "wasi/core/descriptor.h"

// Something that was asked for and not granted. Equal ones are counted.
typedef struct cv_refusal {
  char *what;   // "open \"/etc/passwd\": no granted directory holds it"; owned
  char *grant;  // "--dir HOST::/etc", "" when none would help; owned
  bool is_path; // of a file or directory
  uint64_t times;
} cv_refusal;

typedef struct cv_bucket cv_bucket; // kv.h

typedef struct cv_wasi {
  cv_mem *mem; // borrowed; outlives the context
  cv_arena arena;
  // Frozen: copies of the configuration.
  size_t arg_count, env_count;
  const char **args, **env;
  cv_wasi_limits limits;
  cv_net_policy net;
  size_t dir_count;
  cv_dir *dirs; // as granted, in the order of their descriptors
  cv_setting *settings;
  size_t setting_count;
  bool has_settings;
  cv_log log;
  cv_trace_fn *trace;
  void *trace_env;
  bool (*should_stop)(void *env);
  void *should_stop_env;
  // State.
  cv_descriptors descriptors;
  cv_clock clock;
  cv_random random;
  cv_buf output[3]; // what CV_STDIO_BUFFER collected
  uint64_t output_used;
  bool exited;
  uint32_t exit_status;
  bool asked_for_dirs; // the program looked at its granted directories
  CV_VEC(cv_refusal) refusals;
  uint64_t refusals_lost; // beyond the limit
  size_t bucket_count;
  cv_bucket **buckets; // as granted
  uint64_t kv_used;    // bytes of those in memory
  uint32_t held;       // what interfaces with typed handles have open: cv_wasi_hold
  // Scratch of one call.
  cv_iovec *iov;       // CV_MAX_IOVECS
  char *path[2];       // limits.path_size + 1 bytes each
  size_t scratch_size; // of the block that these are
} cv_wasi;

// Opens what the configuration names. On failure *out is NULL and the diagnostic says which grant could not be made.
CV_MUST_USE cv_status cv_wasi_new(cv_mem *mem, const cv_wasi_config *config, cv_wasi **out, cv_diag *diag);
void cv_wasi_delete(cv_wasi *w); // closes all; NULL is allowed

// What a CV_STDIO_BUFFER stream (1 or 2) collected; borrowed until the context runs again or is deleted.
cv_bytes cv_wasi_output(const cv_wasi *w, unsigned which);
void cv_wasi_exit(cv_wasi *w, uint32_t status);
// For what keeps a file open without being in the table of descriptors: CV_ERR_MFILE when the limit on descriptors is
// reached.
CV_MUST_USE cv_err cv_wasi_hold(cv_wasi *w);
void cv_wasi_let_go(cv_wasi *w);

// ---- io.c: transfers on descriptors; they wait unless the descriptor is non-blocking (CV_ERR_AGAIN) ----
CV_MUST_USE cv_err cv_io_read(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, size_t *done);
CV_MUST_USE cv_err cv_io_write(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, size_t *done);
CV_MUST_USE cv_err cv_io_pread(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, uint64_t offset,
                               size_t *done);
CV_MUST_USE cv_err cv_io_pwrite(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, uint64_t offset,
                                size_t *done);
typedef enum cv_whence { CV_WHENCE_START, CV_WHENCE_HERE, CV_WHENCE_END } cv_whence;
CV_MUST_USE cv_err cv_io_seek(cv_descriptor *d, int64_t delta, cv_whence whence, uint64_t *offset);
CV_MUST_USE cv_err cv_io_stat(cv_descriptor *d, cv_stat *out);
CV_MUST_USE cv_err cv_io_receive(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, bool peek,
                                 bool wait_all, size_t *done, bool *truncated);
// The new socket is put in the table with the rights that the listener lets it inherit.
CV_MUST_USE cv_err cv_io_accept(cv_wasi *w, cv_descriptor *listener, bool nonblock, uint32_t *number);
cv_filetype cv_io_type(const cv_descriptor *d);

// ---- path.c: operations on a path relative to a directory descriptor ----
// The path is copied first (a guest may change it meanwhile), then checked: CV_ERR_INVAL for a zero byte,
// CV_ERR_NAMETOOLONG, CV_ERR_ILSEQ. Refusals are recorded.
CV_MUST_USE cv_err cv_path_open(cv_wasi *w, const cv_descriptor *dir, cv_bytes path, const cv_open_how *how,
                                cv_file **out);
CV_MUST_USE cv_err cv_path_stat(cv_wasi *w, const cv_descriptor *dir, cv_bytes path, bool follow, cv_stat *out);
CV_MUST_USE cv_err cv_path_set_times(cv_wasi *w, const cv_descriptor *dir, cv_bytes path, bool follow,
                                     const cv_set_times *times);
CV_MUST_USE cv_err cv_path_mkdir(cv_wasi *w, const cv_descriptor *dir, cv_bytes path);
CV_MUST_USE cv_err cv_path_rmdir(cv_wasi *w, const cv_descriptor *dir, cv_bytes path);
CV_MUST_USE cv_err cv_path_unlink(cv_wasi *w, const cv_descriptor *dir, cv_bytes path);
CV_MUST_USE cv_err cv_path_symlink(cv_wasi *w, cv_bytes target, const cv_descriptor *dir, cv_bytes path);
CV_MUST_USE cv_err cv_path_readlink(cv_wasi *w, const cv_descriptor *dir, cv_bytes path, char *buf, size_t size,
                                    size_t *done);
CV_MUST_USE cv_err cv_path_link(cv_wasi *w, const cv_descriptor *from_dir, cv_bytes from, const cv_descriptor *to_dir,
                                cv_bytes to);
CV_MUST_USE cv_err cv_path_rename(cv_wasi *w, const cv_descriptor *from_dir, cv_bytes from, const cv_descriptor *to_dir,
                                  cv_bytes to);
// The name, for people, of a path under a directory: allocated with its terminator, NULL when out of memory.
char *cv_path_label(cv_wasi *w, const cv_descriptor *dir, cv_bytes path);

// ---- poll.c ----
typedef enum cv_interest { CV_INTEREST_CLOCK, CV_INTEREST_READ, CV_INTEREST_WRITE } cv_interest;
typedef struct cv_subscription {
  cv_interest interest;
  cv_clock_id clock;
  uint64_t timeout; // nanoseconds; a moment of the clock when `absolute`
  bool absolute;
  const cv_descriptor *descriptor;
  cv_err err; // given: an error found before, told at once
  // Filled in.
  bool fired, hangup;
  uint32_t item;  // of those that the host waits for, or CV_NO_INDEX
  bool retry;     // nothing tells when it is ready: after a while it is tried
  uint64_t delay; // clocks: nanoseconds from the start of the wait
  uint64_t bytes; // that can be read, or written without waiting, as far as known
} cv_subscription;
// Waits until at least one fires.
CV_MUST_USE cv_err cv_poll(cv_wasi *w, cv_subscription *subs, size_t count, size_t *fired);
// Only looks; none may be ready.
CV_MUST_USE cv_err cv_poll_now(cv_wasi *w, cv_subscription *subs, size_t count, size_t *fired);
// Whether the host wants the program to end. What takes long, or may be repeated by one call, asks.
static inline bool cv_wasi_is_stopped(const cv_wasi *w) {
  return w->should_stop != NULL && w->should_stop(w->should_stop_env);
}
// Waits for handles; ends with CV_ERR_STOPPED when the host wants that, with CV_ERR_TIMEDOUT after `timeout`.
CV_MUST_USE cv_err cv_wasi_wait(cv_wasi *w, cv_poll_item *items, size_t count, uint64_t timeout);

// ---- explain.c ----
// Records a refusal of a file or directory: what was asked (a sentence) and the grant that would have allowed it (""
// for none).
CV_PRINTF(3, 4) void cv_wasi_refuse(cv_wasi *w, const char *grant, const char *fmt, ...);
// The same for what is neither.
CV_PRINTF(3, 4) void cv_wasi_refuse_other(cv_wasi *w, const char *grant, const char *fmt, ...);
// The same for a clock (one that there is), and for random numbers.
void cv_wasi_refuse_clock(cv_wasi *w, cv_clock_id id);
void cv_wasi_refuse_random(cv_wasi *w);
// Records the limit that an error stands for, when it is one: too many open; `file` (may be NULL) is in a directory in
// memory that is full. Is the error.
CV_MUST_USE cv_err cv_wasi_note_limit(cv_wasi *w, const cv_file *file, cv_err err);
// What was refused and what would grant it, as text for people. Nothing when nothing was refused.
void cv_wasi_explain(const cv_wasi *w, cv_buf *out);

#endif
