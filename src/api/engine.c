// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// engine.c: configuration and engine.
#include "api/api.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/tier_up.h"

const char *cove_version(void) {
  return COVE_VERSION;
}

void cove_buffer_delete(cove_buffer *buffer) {
  if (buffer->data != NULL)
    cv_mem_free(&cv_api_mem, buffer->data, buffer->size + 1);
  *buffer = (cove_buffer){0};
}

cove_status cv_api_hand_over(cv_buf *buf, cove_buffer *out, cove_error **error) {
  size_t size = buf->size;
  cv_buf_byte(buf, 0);
  char *block = cv_buf_status(buf) == CV_OK ? cv_mem_realloc(&cv_api_mem, buf->data, buf->capacity, size + 1) : NULL;
  if (block == NULL) {
    cv_buf_free(buf);
    return cv_api_no_memory(error);
  }
  *out = (cove_buffer){block, size};
  return COVE_OK;
}

cove_config *cove_config_new(void) {
  cove_config *config = cv_mem_zalloc(&cv_api_mem, sizeof *config);
  if (config != NULL) {
    config->options.features = CV_FEATURES_DEFAULT;
    config->options.compile.lazy = true;
  }
  return config;
}

void cove_config_delete(cove_config *config) {
  cv_mem_free(&cv_api_mem, config, sizeof *config);
}

cove_status cove_config_set_tier(cove_config *config, const char *tier, cove_error **error) {
  if (strcmp(tier, "auto") == 0) {
    config->options.tier = NULL;
    return COVE_OK;
  }
  for (size_t i = 0; cv_tiers[i] != NULL; i++)
    if (strcmp(cv_tiers[i]->name, tier) == 0) {
      config->options.tier = cv_tiers[i]->name;
      return COVE_OK;
    }
  return cv_api_fail(error, COVE_USAGE, "there is no tier \"%s\"", tier);
}

cove_status cove_config_set_features(cove_config *config, const char *list, cove_error **error) {
  cv_features features = config->options.features;
  cv_bytes bad;
  if (!cv_features_parse(list, &features, &bad))
    return cv_api_fail(error, COVE_USAGE, "there is no feature \"%.*s\"", (int)CV_MIN(bad.size, 64),
                       (const char *)bad.data);
  config->options.features = features;
  return COVE_OK;
}

void cove_config_set_lazy(cove_config *config, bool lazy) {
  config->options.compile.lazy = lazy;
}

void cove_config_set_fuel(cove_config *config, bool fuel) {
  config->options.compile.fuel = fuel;
}

void cove_config_set_canonical_nan(cove_config *config, bool canonical) {
  config->options.compile.canonical_nan = canonical;
}

cove_status cove_config_set_profile(cove_config *config, const char *profile, cove_error **error) {
  if (profile == NULL)
    config->options.compile.profile = NULL;
  else if (strcmp(profile, "perfmap") == 0)
    config->options.compile.profile = "perfmap";
  else if (strcmp(profile, "jitdump") == 0)
    config->options.compile.profile = "jitdump";
  else
    return cv_api_fail(error, COVE_USAGE, "there is no profile \"%s\": perfmap or jitdump", profile);
  return COVE_OK;
}

cove_status cove_config_set_cpu(cove_config *config, const char *cpu, cove_error **error) {
  static const char *const words[] = {[CV_CPU_HOST] = "host", [CV_CPU_LEAST] = "least", [CV_CPU_COMMON] = "common"};
  for (size_t i = 0; i < CV_COUNT(words); i++)
    if (strcmp(words[i], cpu) == 0) {
      config->options.compile.cpu = (cv_cpu_level)i;
      return COVE_OK;
    }
  return cv_api_fail(error, COVE_USAGE, "there is no CPU \"%s\": host, common or least", cpu);
}

void cove_config_set_debug(cove_config *config, bool debug) {
  config->options.compile.debug_frames = debug;
}

void cove_config_set_memory_limit(cove_config *config, uint64_t bytes) {
  config->options.memory_limit = bytes;
}

void cove_config_set_stack_size(cove_config *config, uint64_t bytes) {
  config->options.stack_bytes = bytes;
}

void cove_config_set_pool(cove_config *config, cove_pool *pool) {
  config->options.pool = (struct cv_pool *)pool;
}

const char *cove_tier_name(size_t index) {
  for (size_t i = 0; cv_tiers[i] != NULL; i++)
    if (i == index)
      return cv_tiers[i]->name;
  return NULL;
}

bool cove_tier_available(size_t index) {
  return cove_tier_name(index) != NULL && cv_tiers[index]->available();
}

const char *cove_feature_name(size_t index, const char **text, bool *is_default) {
  const char *name = index < 64 ? cv_feature_name((unsigned)index) : NULL;
  if (name == NULL)
    return NULL;
  if (text != NULL)
    *text = cv_feature_text((unsigned)index);
  if (is_default != NULL)
    *is_default = (CV_FEATURES_DEFAULT >> index & 1) != 0;
  return name;
}

cove_status cove_engine_new(const cove_config *config, cove_engine **out, cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT, .compile = {.lazy = true}};
  if (config != NULL)
    options = config->options;
  cv_engine *engine;
  cv_status status = cv_engine_new(&engine, &options, &diag);
  if (status != CV_OK)
    return cv_api_diag(error, status, &diag);
  *out = (cove_engine *)engine;
  return COVE_OK;
}

void cove_engine_delete(cove_engine *engine) {
  cv_engine_release((cv_engine *)engine);
}

void cove_exit(int status) {
  if (!cv_tier_up_busy())
    exit(status);
  (void)fflush(NULL);
  _Exit(status);
}

const char *cove_engine_tier(const cove_engine *engine) {
  return cv_engine_tier((const cv_engine *)engine)->name;
}
