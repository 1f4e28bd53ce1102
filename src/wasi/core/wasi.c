// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi.c: making a context from a configuration.
#include "wasi/core/kv.h"

#include <inttypes.h>

static const uint64_t stream_rights =
    CV_CAN(FD_READ) | CV_CAN(FD_WRITE) | CV_CAN(FD_SET_FLAGS) | CV_CAN(FD_STAT) | CV_CAN(POLL);
static const uint64_t socket_rights =
    CV_CAN(FD_READ) | CV_CAN(FD_WRITE) | CV_CAN(FD_SET_FLAGS) | CV_CAN(FD_STAT) | CV_CAN(POLL) | CV_CAN(SOCK_SHUTDOWN);
static const uint64_t dir_rights =
    CV_CAN(FD_SET_FLAGS) | CV_CAN(FD_SYNC) | CV_CAN(FD_DATASYNC) | CV_CAN(FD_ADVISE) | CV_CAN(PATH_CREATE_DIRECTORY) |
    CV_CAN(PATH_CREATE_FILE) | CV_CAN(PATH_LINK_SOURCE) | CV_CAN(PATH_LINK_TARGET) | CV_CAN(PATH_OPEN) |
    CV_CAN(FD_READDIR) | CV_CAN(PATH_READLINK) | CV_CAN(PATH_RENAME_SOURCE) | CV_CAN(PATH_RENAME_TARGET) |
    CV_CAN(PATH_STAT) | CV_CAN(PATH_SET_SIZE) | CV_CAN(PATH_SET_TIMES) | CV_CAN(FD_STAT) | CV_CAN(FD_SET_TIMES) |
    CV_CAN(PATH_SYMLINK) | CV_CAN(PATH_REMOVE_DIRECTORY) | CV_CAN(PATH_UNLINK_FILE) | CV_CAN(POLL);

static uint64_t wall_now(void *env) {
  uint64_t now;
  return cv_clock_now(env, CV_CLOCK_WALL, &now) == CV_ERR_OK ? now : 0;
}

static char *copy_text(cv_mem *mem, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = cv_mem_alloc(mem, size);
  return copy != NULL ? memcpy(copy, text, size) : NULL;
}

static cv_status open_failed(cv_diag *diag, cv_err err, const char *what, const char *name) {
  return cv_fail(diag, err == CV_ERR_NOMEM ? CV_ENOMEM : CV_EIO, CV_NO_OFFSET, "cannot open %s \"%s\": %s", what, name,
                 cv_err_text(err));
}

static cv_status out_of_memory(cv_diag *diag) {
  return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// A descriptor that the table did not take.
static cv_status not_added(const cv_wasi *w, cv_err err, const char *what, const char *name, cv_diag *diag) {
  if (err != CV_ERR_MFILE)
    return out_of_memory(diag);
  return cv_fail(diag, CV_EIO, CV_NO_OFFSET,
                 "cannot open %s \"%s\": the limit is %" PRIu32 " descriptors (--max-descriptors N gives it more)",
                 what, name, w->limits.descriptors);
}

// ---- copies of what is frozen ----

static const char *freeze_text(cv_wasi *w, const char *text, cv_status *status) {
  const char *copy = text != NULL ? cv_arena_copy(&w->arena, text, strlen(text) + 1) : NULL;
  if (text != NULL && copy == NULL)
    *status = CV_ENOMEM;
  return copy;
}

static cv_status freeze_list(cv_wasi *w, const char *const *list, size_t count, const char ***out) {
  cv_status status = CV_OK;
  *out = CV_ARENA_ARRAY(&w->arena, const char *, count + 1);
  if (*out == NULL)
    return CV_ENOMEM;
  for (size_t i = 0; i < count; i++)
    (*out)[i] = freeze_text(w, list[i], &status);
  return status;
}

static cv_status freeze(cv_wasi *w, const cv_wasi_config *c) {
  w->limits = c->limits;
  w->limits.path_size = CV_MIN(w->limits.path_size, 4095u);
  // What is collected is held: it has a limit also when none was set.
  for (unsigned i = 1; i < 3; i++)
    if (c->stdio[i].kind == CV_STDIO_BUFFER)
      w->limits.output = CV_MIN(w->limits.output, c->limits.collected);
  w->arg_count = c->args.count;
  w->env_count = c->env.count;
  CV_TRY(freeze_list(w, c->args.data, c->args.count, &w->args));
  CV_TRY(freeze_list(w, c->env.data, c->env.count, &w->env));
  if (cv_net_policy_copy(w->mem, &w->net, &c->net) != CV_ERR_OK)
    return CV_ENOMEM;
  w->trace = c->trace;
  w->trace_env = c->trace_env;
  w->should_stop = c->should_stop;
  w->should_stop_env = c->should_stop_env;
  w->dirs = CV_ARENA_ARRAY(&w->arena, cv_dir, c->dirs.count + 1);
  if (w->dirs == NULL)
    return CV_ENOMEM;
  cv_status status = CV_OK;
  w->log = c->log;
  w->has_settings = c->has_settings;
  w->settings = CV_ARENA_ARRAY(&w->arena, cv_setting, c->settings.count + 1);
  if (w->settings == NULL)
    return CV_ENOMEM;
  for (size_t i = 0; i < c->settings.count; i++)
    w->settings[w->setting_count++] = (cv_setting){freeze_text(w, c->settings.data[i].name, &status),
                                                   freeze_text(w, c->settings.data[i].value, &status)};
  for (size_t i = 0; i < c->dirs.count; i++) {
    w->dirs[i] = c->dirs.data[i];
    w->dirs[i].guest = freeze_text(w, c->dirs.data[i].guest, &status);
    w->dirs[i].host = freeze_text(w, c->dirs.data[i].host, &status);
    w->dirs[i].fs = NULL;
  }
  // Scratch of calls, not in the arena, since it is large beside the rest. Its pages are touched when they are used.
  size_t path_size = w->limits.path_size + (size_t)1;
  w->scratch_size = CV_MAX_IOVECS * sizeof(cv_iovec) + 2 * path_size;
  char *scratch = cv_mem_alloc(w->mem, w->scratch_size);
  if (scratch == NULL)
    return CV_ENOMEM;
  w->iov = (cv_iovec *)scratch;
  w->path[0] = scratch + CV_MAX_IOVECS * sizeof(cv_iovec);
  w->path[1] = w->path[0] + path_size;
  return status;
}

// ---- standard streams ----

static cv_status open_stdio(cv_wasi *w, unsigned which, const cv_stdio *s, cv_diag *diag) {
  static const char *const labels[] = {"stdin", "stdout", "stderr"};
  cv_stream *stream = NULL;
  cv_handle handle;
  cv_err err;
  switch (s->kind) {
  case CV_STDIO_NULL:
    stream = cv_stream_null_new(w->mem);
    break;
  case CV_STDIO_INHERIT:
    stream = cv_stream_handle_new(w->mem, cv_sys_stdio(which), false);
    break;
  case CV_STDIO_FILE:
    err = cv_sys_open_host_file(s->path, which != 0, &handle);
    if (err != CV_ERR_OK)
      return open_failed(diag, err, labels[which], s->path);
    stream = cv_stream_handle_new(w->mem, handle, true);
    if (stream == NULL)
      cv_sys_close(handle);
    break;
  case CV_STDIO_BUFFER:
    stream = which == 0 ? cv_stream_input_new(w->mem, s->text) : cv_stream_output_new(w->mem, &w->output[which]);
    break;
  case CV_STDIO_CALLBACK:
    stream = cv_stream_callback_new(w->mem, s->read, s->write, s->env);
    break;
  }
  if (stream == NULL)
    return out_of_memory(diag);
  stream->counts = which != 0;
  uint64_t no = which == 0 ? CV_CAN(FD_WRITE) : CV_CAN(FD_READ);
  cv_descriptor d = {.kind = CV_DESCRIPTOR_STREAM, .granted = true, .stream = stream, .grant = CV_NO_INDEX};
  // A terminal may be read and written through any of the three, as on every Unix.
  d.rights = stream->type == CV_FILE_CHAR && s->kind == CV_STDIO_INHERIT ? stream_rights : stream_rights & ~no;
  d.label = copy_text(w->mem, labels[which]);
  uint32_t number;
  err = cv_descriptors_open(&w->descriptors, &d, &number);
  return err == CV_ERR_OK ? CV_OK : not_added(w, err, "stream", labels[which], diag);
}

// ---- directories ----

static cv_status make_fs(cv_wasi *w, const cv_wasi_config *c, const cv_dir *dir, cv_fs **out, cv_diag *diag) {
  cv_err err = CV_ERR_OK;
  switch (dir->kind) {
  case CV_DIR_HOST:
    err = cv_fs_host_new(w->mem, dir->host, c->resolver, out);
    break;
  case CV_DIR_MEMORY:
    err = cv_fs_memory_new(w->mem, w->limits.memory_fs, wall_now, &w->clock, out);
    break;
  case CV_DIR_ARCHIVE:
    return cv_fs_archive_new(w->mem, dir->host, w->limits.memory_fs, out, diag);
  case CV_DIR_CUSTOM:
    cv_fs_retain(dir->fs);
    *out = dir->fs;
    break;
  }
  return err == CV_ERR_OK ? CV_OK : open_failed(diag, err, "directory", dir->host != NULL ? dir->host : dir->guest);
}

static cv_status open_dir(cv_wasi *w, const cv_wasi_config *c, const cv_dir *dir, cv_diag *diag) {
  for (size_t i = 0; i < w->dir_count; i++)
    if (strcmp(w->dirs[i].guest, dir->guest) == 0)
      return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "two directories are granted as \"%s\"", dir->guest);
  cv_fs *fs = NULL;
  CV_TRY(make_fs(w, c, dir, &fs, diag));
  bool read_only = dir->read_only || dir->kind == CV_DIR_ARCHIVE;
  cv_err err = CV_ERR_OK;
  if (read_only) {
    cv_fs *wrapped;
    err = cv_fs_read_only_new(w->mem, fs, &wrapped);
    cv_fs_release(fs);
    fs = wrapped;
  }
  cv_descriptor d = {.kind = CV_DESCRIPTOR_FILE, .preopen = true, .granted = true, .grant = (uint32_t)w->dir_count};
  if (err == CV_ERR_OK)
    err = cv_fs_root(fs, &d.file);
  cv_fs_release(fs);
  if (err != CV_ERR_OK)
    return open_failed(diag, err, "directory", dir->guest);
  d.rights = dir_rights;
  d.inheriting = CV_ALL_RIGHTS & ~CV_CAN(SOCK_ACCEPT);
  d.label = copy_text(w->mem, dir->guest);
  uint32_t number;
  bool labelled = d.label != NULL;
  err = cv_descriptors_open(&w->descriptors, &d, &number);
  if (err != CV_ERR_OK || !labelled)
    return not_added(w, err, "directory", dir->guest, diag);
  w->dirs[w->dir_count].read_only = read_only;
  w->dir_count++;
  return CV_OK;
}

// ---- listening sockets ----

static cv_status add_listener(cv_wasi *w, cv_handle owned, cv_diag *diag) {
  cv_descriptor d = {.kind = CV_DESCRIPTOR_STREAM, .granted = true, .grant = CV_NO_INDEX};
  d.stream = cv_stream_socket_new(w->mem, owned, true);
  if (d.stream == NULL) {
    cv_sys_close(owned);
    return out_of_memory(diag);
  }
  d.rights = (socket_rights & ~CV_CAN(FD_WRITE)) | CV_CAN(SOCK_ACCEPT);
  d.inheriting = socket_rights;
  d.label = copy_text(w->mem, "listener");
  uint32_t number;
  cv_err err = cv_descriptors_open(&w->descriptors, &d, &number);
  return err == CV_ERR_OK ? CV_OK : not_added(w, err, "socket", "listener", diag);
}

static cv_status open_listeners(cv_wasi *w, const cv_wasi_config *c, cv_diag *diag) {
  cv_handle handle;
  for (size_t i = 0; i < c->listeners.count; i++) {
    cv_err err = cv_sys_dup(c->listeners.data[i], &handle);
    if (err != CV_ERR_OK)
      return open_failed(diag, err, "socket", "listener");
    CV_TRY(add_listener(w, handle, diag));
  }
  for (size_t i = 0; i < c->tcp_listen.count; i++) {
    cv_err err = cv_sys_tcp_listen(&c->tcp_listen.data[i], &handle);
    if (err != CV_ERR_OK)
      return cv_fail(diag, CV_EIO, CV_NO_OFFSET, "cannot listen on port %u: %s", c->tcp_listen.data[i].port,
                     cv_err_text(err));
    CV_TRY(add_listener(w, handle, diag));
  }
  return CV_OK;
}

cv_status cv_wasi_new(cv_mem *mem, const cv_wasi_config *c, cv_wasi **out, cv_diag *diag) {
  *out = NULL;
  cv_wasi *w = cv_mem_zalloc(mem, sizeof *w);
  if (w == NULL)
    return out_of_memory(diag);
  w->mem = mem;
  cv_arena_init(&w->arena, mem);
  for (unsigned i = 0; i < 3; i++)
    cv_buf_init(&w->output[i], mem);
  cv_clock_init(&w->clock, c->wall, c->monotonic, c->wall_time);
  cv_random_init(&w->random, c->random, c->seed);
  cv_descriptors_init(&w->descriptors, mem, c->limits.descriptors);
  cv_status status = freeze(w, c);
  if (status != CV_OK)
    status = out_of_memory(diag);
  for (unsigned i = 0; i < 3 && status == CV_OK; i++)
    status = open_stdio(w, i, &c->stdio[i], diag);
  for (size_t i = 0; i < c->dirs.count && status == CV_OK; i++)
    status = open_dir(w, c, &c->dirs.data[i], diag);
  if (status == CV_OK)
    status = open_listeners(w, c, diag);
  if (status == CV_OK)
    status = cv_buckets_open(w, c, diag);
  if (status != CV_OK) {
    cv_wasi_delete(w);
    return status;
  }
  *out = w;
  return CV_OK;
}

void cv_wasi_delete(cv_wasi *w) {
  if (w == NULL)
    return;
  cv_descriptors_close_all(&w->descriptors);
  cv_buckets_close(w);
  for (unsigned i = 0; i < 3; i++)
    cv_buf_free(&w->output[i]);
  for (size_t i = 0; i < w->refusals.count; i++) {
    cv_refusal *r = &w->refusals.data[i];
    cv_mem_free(w->mem, r->what, strlen(r->what) + 1);
    cv_mem_free(w->mem, r->grant, strlen(r->grant) + 1);
  }
  cv_vec_free(w->mem, &w->refusals);
  cv_net_policy_free(w->mem, &w->net);
  cv_arena_free(&w->arena);
  cv_mem_free(w->mem, w->iov, w->scratch_size);
  cv_mem_free(w->mem, w, sizeof *w);
}

cv_bytes cv_wasi_output(const cv_wasi *w, unsigned which) {
  return which == 1 || which == 2 ? (cv_bytes){w->output[which].data, w->output[which].size} : (cv_bytes){NULL, 0};
}

cv_err cv_wasi_hold(cv_wasi *w) {
  if (w->held >= w->limits.descriptors)
    return cv_wasi_note_limit(w, NULL, CV_ERR_MFILE);
  w->held++;
  return CV_ERR_OK;
}

void cv_wasi_let_go(cv_wasi *w) {
  w->held--;
}

void cv_wasi_exit(cv_wasi *w, uint32_t status) {
  w->exited = true;
  w->exit_status = status;
}
