// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// config.c: wasi:config: the values that the host names.
#include "wasi/p2/host.h"

static cove_host_result refuse(cv_p2 *p2, cove_call *call) {
  cv_wasi_refuse_other(p2->w, "--config NAME=VALUE", "read configuration values");
  return cv_p2_refuse(p2, call, "wasi:config/store");
}

cove_host_result wasi_config_store_get(void *host, cove_call *call, cove_string key,
                                       p2_result_option_string_wasi_config_store_error *result) {
  const cv_wasi *w = ((cv_p2 *)host)->w;
  if (!w->has_settings)
    return refuse(host, call);
  for (size_t i = 0; i < w->setting_count; i++) {
    const cv_setting *s = &w->settings[i];
    if (strlen(s->name) != key.size || memcmp(s->name, key.data, key.size) != 0)
      continue;
    result->as.ok.has = true;
    if (!cv_p2_string(call, s->value, &result->as.ok.value))
      return cv_p2_trap(host, call, CV_ERR_NOMEM);
  }
  return COVE_HOST_OK;
}

cove_host_result wasi_config_store_get_all(void *host, cove_call *call,
                                           p2_result_list_tuple2_string_string_wasi_config_store_error *result) {
  const cv_wasi *w = ((cv_p2 *)host)->w;
  if (!w->has_settings)
    return refuse(host, call);
  p2_list_tuple2_string_string *all = &result->as.ok;
  all->data = cove_call_alloc(call, (w->setting_count + 1) * sizeof *all->data);
  if (all->data == NULL)
    return cv_p2_trap(host, call, CV_ERR_NOMEM);
  for (all->count = 0; all->count < w->setting_count; all->count++) {
    const cv_setting *s = &w->settings[all->count];
    if (!cv_p2_string(call, s->name, &all->data[all->count].f0) ||
        !cv_p2_string(call, s->value, &all->data[all->count].f1))
      return cv_p2_trap(host, call, CV_ERR_NOMEM);
  }
  return COVE_HOST_OK;
}
