// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// snapshot.c: instances as modules.
#include "snapshot/snapshot.h"

#include "api/component.h"
#include "wasi/core/wasi.h"

// What the program has open is known to the host only: no other one could go on with it.
static cove_status check_open(const cv_instance *instance, cove_error **error) {
  const cv_wasi *wasi = instance->host_data;
  uint32_t number = wasi != NULL ? cv_descriptors_own(&wasi->descriptors) : CV_NO_INDEX;
  if (number == CV_NO_INDEX)
    return COVE_OK;
  const char *label = wasi->descriptors.all.data[number].label;
  return cv_api_fail(error, COVE_UNSUPPORTED,
                     "unsupported: snapshot of a program that has a file open (descriptor %u%s%s)", number,
                     label != NULL ? ": " : "", label != NULL ? label : "");
}

static cove_status check_idle(const cv_context *context, cove_error **error) {
  if (context->top == NULL)
    return COVE_OK;
  return cv_api_fail(error, COVE_USAGE, "a snapshot is taken between calls, not in one");
}

// Of an instance, or of a component's.
static cove_status take(cv_instance *instance, const cv_snapshot_options *options, const cv_cinstance *component,
                        cove_buffer *out, cove_error **error) {
  cv_diag diag;
  cv_buf buf;
  cv_diag_init(&diag);
  cv_buf_init(&buf, &cv_api_mem);
  cv_status status = component != NULL ? cv_snapshot_component(component, &cv_api_mem, &buf, &diag)
                                       : cv_snapshot(instance, options, &cv_api_mem, &buf, &diag);
  if (status == CV_OK)
    return cv_api_hand_over(&buf, out, error);
  cv_buf_free(&buf);
  return cv_api_diag(error, status, &diag);
}

cove_status cove_instance_snapshot(cove_instance *instance, const cove_snapshot_options *options, cove_buffer *out,
                                   cove_error **error) {
  cv_instance *i = (cv_instance *)instance;
  static const cove_snapshot_options none;
  const cove_snapshot_options *o = options != NULL ? options : &none;
  if (o->without_count > UINT32_MAX || o->rename_count > UINT32_MAX)
    return cv_api_fail(error, COVE_LIMIT, "too many names");
  cove_status status = check_idle(i->context, error);
  if (status == COVE_OK)
    status = check_open(i, error);
  if (status != COVE_OK)
    return status;
  cv_bytes *without = cv_mem_calloc(&cv_api_mem, o->without_count + 1, sizeof *without);
  cv_snapshot_rename *renames = cv_mem_calloc(&cv_api_mem, o->rename_count + 1, sizeof *renames);
  if (without == NULL || renames == NULL) {
    status = cv_api_no_memory(error);
  } else {
    for (size_t n = 0; n < o->without_count; n++)
      without[n] = cv_bytes_of(o->without[n]);
    for (size_t n = 0; n < o->rename_count; n++)
      renames[n] = (cv_snapshot_rename){cv_bytes_of(o->renames[n].to), cv_bytes_of(o->renames[n].from)};
    const cv_snapshot_options plain = {without, (uint32_t)o->without_count, renames, (uint32_t)o->rename_count};
    status = take(i, &plain, NULL, out, error);
  }
  cv_mem_free(&cv_api_mem, without, (o->without_count + 1) * sizeof *without);
  cv_mem_free(&cv_api_mem, renames, (o->rename_count + 1) * sizeof *renames);
  return status;
}

cove_status cove_component_instance_snapshot(cove_component_instance *instance, cove_buffer *out, cove_error **error) {
  const cv_cinstance *i = cv_api_exports(instance)->instance;
  if (i == NULL || i->parent != NULL)
    return cv_api_fail(error, COVE_USAGE, "this instance was not made of a component by the host");
  cove_status status = check_idle(i->context, error);
  return status == COVE_OK ? take(NULL, NULL, i, out, error) : status;
}
