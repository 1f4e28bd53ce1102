// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// config.c: building a configuration.
#include "wasi/core/config.h"

static const cv_wasi_limits default_limits = {
    .descriptors = 1024,
    .output = UINT64_MAX,
    .collected = 256u << 20,
    .call_bytes = 64u << 20,
    .random_bytes = 64u << 20,
    .path_size = 4095,
    .subscriptions = 4096,
    .resources = 100000,
    .memory_fs = 1u << 30,
    .refusals = 64,
    .kv_bytes = 256u << 20,
    .kv_value = 16u << 20,
    .kv_key = 1024,
    .kv_keys = 100000,
};

cv_wasi_config *cv_wasi_config_new(cv_mem *mem) {
  cv_wasi_config *c = cv_mem_zalloc(mem, sizeof *c);
  if (c == NULL)
    return NULL;
  c->mem = mem;
  c->limits = default_limits;
  cv_arena_init(&c->arena, mem);
  return c;
}

void cv_wasi_config_delete(cv_wasi_config *c) {
  if (c == NULL)
    return;
  for (size_t i = 0; i < c->dirs.count; i++)
    cv_fs_release(c->dirs.data[i].fs);
  for (size_t i = 0; i < c->listeners.count; i++)
    cv_sys_close(c->listeners.data[i]);
  cv_vec_free(c->mem, &c->args);
  cv_vec_free(c->mem, &c->env);
  cv_vec_free(c->mem, &c->dirs);
  cv_vec_free(c->mem, &c->buckets);
  cv_vec_free(c->mem, &c->settings);
  cv_vec_free(c->mem, &c->listeners);
  cv_vec_free(c->mem, &c->tcp_listen);
  cv_net_policy_free(c->mem, &c->net);
  cv_arena_free(&c->arena);
  cv_mem_free(c->mem, c, sizeof *c);
}

static cv_status copy_text(cv_wasi_config *c, const char *text, const char **out) {
  *out = NULL;
  if (text == NULL)
    return CV_OK;
  *out = cv_arena_copy(&c->arena, text, strlen(text) + 1);
  return *out != NULL ? CV_OK : CV_ENOMEM;
}

cv_status cv_wasi_config_arg(cv_wasi_config *c, const char *arg) {
  const char *copy;
  CV_TRY(copy_text(c, arg, &copy));
  return cv_vec_push(c->mem, &c->args, copy);
}

cv_status cv_wasi_config_env(cv_wasi_config *c, const char *key, const char *value) {
  size_t key_size = strlen(key), value_size = strlen(value);
  if (key_size == 0 || strchr(key, '=') != NULL)
    return CV_EUSAGE;
  char *text = cv_arena_alloc(&c->arena, key_size + value_size + 2);
  if (text == NULL)
    return CV_ENOMEM;
  memcpy(text, key, key_size);
  text[key_size] = '=';
  memcpy(text + key_size + 1, value, value_size + 1);
  for (size_t i = 0; i < c->env.count; i++)
    if (strncmp(c->env.data[i], text, key_size + 1) == 0) {
      c->env.data[i] = text;
      return CV_OK;
    }
  return cv_vec_push(c->mem, &c->env, text);
}

cv_status cv_wasi_config_stdio(cv_wasi_config *c, unsigned which, const cv_stdio *stdio) {
  if (which > 2 || (stdio->kind == CV_STDIO_FILE && stdio->path == NULL))
    return CV_EUSAGE;
  cv_stdio copy = *stdio;
  CV_TRY(copy_text(c, stdio->path, &copy.path));
  if (stdio->text.size != 0) {
    copy.text.data = cv_arena_copy(&c->arena, stdio->text.data, stdio->text.size);
    if (copy.text.data == NULL)
      return CV_ENOMEM;
  }
  c->stdio[which] = copy;
  return CV_OK;
}

cv_status cv_wasi_config_inherit_stdio(cv_wasi_config *c) {
  for (unsigned i = 0; i < 3; i++)
    CV_TRY(cv_wasi_config_stdio(c, i, &(cv_stdio){.kind = CV_STDIO_INHERIT}));
  return CV_OK;
}

// "/data/" is "/data" to every C library, but not to every other.
static cv_status copy_guest_path(cv_wasi_config *c, const char *path, const char **out) {
  size_t size = strlen(path);
  while (size > 1 && path[size - 1] == '/')
    size--;
  char *copy = cv_arena_alloc(&c->arena, size + 1);
  *out = copy;
  if (copy == NULL)
    return CV_ENOMEM;
  memcpy(copy, path, size);
  copy[size] = '\0';
  return CV_OK;
}

cv_status cv_wasi_config_dir(cv_wasi_config *c, const cv_dir *dir) {
  bool needs_host = dir->kind == CV_DIR_HOST || dir->kind == CV_DIR_ARCHIVE;
  if (dir->guest == NULL || dir->guest[0] == '\0' || (needs_host && (dir->host == NULL || dir->host[0] == '\0')) ||
      (dir->kind == CV_DIR_CUSTOM && dir->fs == NULL))
    return CV_EUSAGE;
  cv_dir copy = *dir;
  CV_TRY(copy_guest_path(c, dir->guest, &copy.guest));
  CV_TRY(copy_text(c, dir->host, &copy.host));
  CV_TRY(cv_vec_push(c->mem, &c->dirs, copy));
  if (copy.fs != NULL)
    cv_fs_retain(copy.fs);
  return CV_OK;
}

cv_status cv_wasi_config_bucket(cv_wasi_config *c, const cv_bucket_grant *bucket) {
  if (bucket->file != NULL ? bucket->file[0] == '\0' : bucket->read_only)
    return CV_EUSAGE;
  for (size_t i = 0; i < c->buckets.count; i++)
    if (strcmp(c->buckets.data[i].name, bucket->name) == 0)
      return CV_EUSAGE;
  cv_bucket_grant copy = {.read_only = bucket->read_only};
  CV_TRY(copy_text(c, bucket->name, &copy.name));
  CV_TRY(copy_text(c, bucket->file, &copy.file));
  return cv_vec_push(c->mem, &c->buckets, copy);
}

cv_status cv_wasi_config_setting(cv_wasi_config *c, const char *name, const char *value) {
  cv_setting copy;
  c->has_settings = true;
  if (name == NULL)
    return CV_OK;
  if (name[0] == '\0')
    return CV_EUSAGE;
  CV_TRY(copy_text(c, name, &copy.name));
  CV_TRY(copy_text(c, value, &copy.value));
  for (size_t i = 0; i < c->settings.count; i++)
    if (strcmp(c->settings.data[i].name, name) == 0) {
      c->settings.data[i] = copy;
      return CV_OK;
    }
  return cv_vec_push(c->mem, &c->settings, copy);
}

cv_status cv_wasi_config_listen_handle(cv_wasi_config *c, cv_handle listener, cv_diag *diag) {
  bool listens;
  cv_handle copy;
  cv_err err = cv_sys_is_listening_socket(listener, &listens);
  if (err != CV_ERR_OK || !listens)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "descriptor %d of the host is not a listening socket", (int)listener);
  CV_TRY(cv_vec_reserve(c->mem, &c->listeners, 1));
  err = cv_sys_dup(listener, &copy);
  if (err != CV_ERR_OK)
    return cv_fail(diag, CV_EIO, CV_NO_OFFSET, "cannot keep the listening socket: %s", cv_err_text(err));
  return cv_vec_push(c->mem, &c->listeners, copy);
}

cv_status cv_wasi_config_tcp_listen(cv_wasi_config *c, const char *address, cv_diag *diag) {
  cv_address a;
  if (cv_sys_parse_address(address, &a) != CV_ERR_OK)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "\"%s\" is not an address and port such as 127.0.0.1:8080", address);
  return cv_vec_push(c->mem, &c->tcp_listen, a);
}

cv_status cv_wasi_config_net(cv_wasi_config *c, const cv_net_rule *rule) {
  cv_err err = cv_net_policy_add(c->mem, &c->net, rule);
  return err == CV_ERR_OK ? CV_OK : err == CV_ERR_NOMEM ? CV_ENOMEM : CV_EUSAGE;
}

void cv_wasi_config_clocks(cv_wasi_config *c, cv_clock_mode wall, cv_clock_mode monotonic, uint64_t wall_time) {
  c->wall = wall;
  c->monotonic = monotonic;
  c->wall_time = wall_time;
}

void cv_wasi_config_random(cv_wasi_config *c, cv_random_mode mode, uint64_t seed) {
  c->random = mode;
  c->seed = seed;
}

void cv_wasi_config_grant_basics(cv_wasi_config *c) {
  cv_wasi_config_clocks(c, CV_CLOCK_REAL, CV_CLOCK_REAL, 0);
  cv_wasi_config_random(c, CV_RANDOM_SYSTEM, 0);
}
