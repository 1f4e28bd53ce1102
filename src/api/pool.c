// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool.c: bounded pools of memories and stacks. A cove_pool is a cv_pool.
#include "runtime/pool.h"
#include "api/api.h"

struct cove_pool_config {
  cv_pool_options options;
  bool has_stacks;
};

static cv_pool_options defaults(void) {
  return (cv_pool_options){.memories = 1000,
                           .stacks = 1000,
                           .memory_reach = CV_GUARDED_RESERVATION,
                           .keep_bytes = CV_POOL_KEEP,
                           .is_bounded = true};
}

cove_pool_config *cove_pool_config_new(void) {
  cove_pool_config *config = cv_mem_zalloc(&cv_api_mem, sizeof *config);
  if (config != NULL)
    config->options = defaults();
  return config;
}

void cove_pool_config_delete(cove_pool_config *config) {
  cv_mem_free(&cv_api_mem, config, sizeof *config);
}

void cove_pool_config_set_memories(cove_pool_config *config, uint32_t count) {
  config->options.memories = count;
  if (!config->has_stacks)
    config->options.stacks = count;
}

void cove_pool_config_set_stacks(cove_pool_config *config, uint32_t count) {
  config->options.stacks = count;
  config->has_stacks = true;
}

void cove_pool_config_set_keep(cove_pool_config *config, uint64_t bytes) {
  config->options.keep_bytes = bytes;
}

void cove_pool_config_set_fallback(cove_pool_config *config, bool fallback) {
  config->options.fallback = fallback;
}

cove_status cove_pool_new(const cove_pool_config *config, cove_pool **out, cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_pool *pool;
  cv_pool_options options = config != NULL ? config->options : defaults();
  cv_status status = cv_pool_new(&options, &pool, &diag);
  if (status != CV_OK)
    return cv_api_diag(error, status, &diag);
  *out = (cove_pool *)pool;
  return COVE_OK;
}

void cove_pool_delete(cove_pool *pool) {
  cv_pool_release((cv_pool *)pool);
}

uint32_t cove_pool_memories(const cove_pool *pool, uint32_t *most) {
  cv_pool_use use = cv_pool_in_use((cv_pool *)pool);
  if (most != NULL)
    *most = use.memories_most;
  return use.memories;
}

uint32_t cove_pool_stacks(const cove_pool *pool, uint32_t *most) {
  cv_pool_use use = cv_pool_in_use((cv_pool *)pool);
  if (most != NULL)
    *most = use.stacks_most;
  return use.stacks;
}
