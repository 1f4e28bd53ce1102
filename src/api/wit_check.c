// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wit_check.c: whether a component fits a world. Both are put into one component that is never instantiated, the world
// encoded as a type, and validated together: then resources of both have identities of their own.
#include <cove/wit.h>

#include "api/api.h"
#include "api/wit.h"
#include "component/component.h"
#include "component/fit.h"
#include "wasm/binary/decode.h"
#include "wasm/canon.h"
#include "wit/encode.h"
#include "wit/syntax.h"

struct cove_wit_fit {
  cv_type_registry *registry;
  cv_component *pair;
  cv_buf bytes; // of `pair`
  cv_buf world; // its name
  cv_fit fit;
};

static_assert((int)COVE_MISFIT_MISSING_EXPORT == CV_MISFIT_MISSING_EXPORT &&
                  (int)COVE_MISFIT_UNKNOWN_IMPORT == CV_MISFIT_UNKNOWN_IMPORT &&
                  (int)COVE_MISFIT_TYPE == CV_MISFIT_TYPE,
              "same numbers");

// The component by itself, for messages with its own offsets.
static cv_status validate(cv_bytes bytes, cv_type_registry *registry, cv_diag *diag) {
  cv_component *component = NULL;
  CV_TRY(cv_component_decode(&component, &cv_api_mem, bytes.data, bytes.size, false, CV_FEATURES_ALL, diag));
  cv_status status = cv_component_validate(component, registry, 0, diag);
  cv_component_delete(component);
  return status;
}

static void put_nested(cv_buf *out, const void *data, size_t size) {
  enum { SECTION_COMPONENT = 4 };
  cv_buf_byte(out, SECTION_COMPONENT);
  cv_buf_uleb(out, size);
  cv_buf_bytes(out, data, size);
}

// The world's type: inside of a component that packages it (cv_wit_encode_world).
static const cv_ccomponenttype *packaged(const cv_component *component) {
  const cv_cexterntype *type = &component->type.exports[0].type;
  return type->as.type.as.component->exports[0].type.as.component;
}

static cv_status check(cove_wit_fit *fit, const cv_wit_world *world, cv_bytes bytes, cv_diag *diag) {
  static const uint8_t preamble[] = {0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};
  const cv_component *nested[2] = {NULL, NULL};
  size_t count = 0;
  cv_buf encoded;
  fit->registry = cv_type_registry_new(&cv_api_mem);
  if (fit->registry == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  CV_TRY(validate(bytes, fit->registry, diag));
  cv_buf_init(&encoded, &cv_api_mem);
  cv_status status = cv_wit_encode_world(world, &cv_api_mem, &encoded, diag);
  if (status == CV_OK) {
    cv_buf_bytes(&fit->bytes, preamble, sizeof preamble);
    put_nested(&fit->bytes, encoded.data, encoded.size);
    put_nested(&fit->bytes, bytes.data, bytes.size);
    status = cv_buf_status(&fit->bytes);
  }
  cv_buf_free(&encoded);
  CV_TRY(status);
  CV_TRY(cv_component_decode(&fit->pair, &cv_api_mem, fit->bytes.data, fit->bytes.size, false, CV_FEATURES_ALL, diag));
  CV_TRY(cv_component_validate(fit->pair, fit->registry, 0, diag));
  for (uint32_t i = 0; i < fit->pair->def_count && count < CV_COUNT(nested); i++)
    if (fit->pair->defs[i].kind == CV_CDEF_COMPONENT)
      nested[count++] = fit->pair->defs[i].as.component;
  return cv_component_fit(fit->pair, &nested[1]->type, packaged(nested[0]), &fit->fit, diag);
}

static void name_world(const cv_wit_world *world, cv_buf *out) {
  const cv_wit_package *package = world->package;
  cv_buf_printf(out, "%.*s:%.*s/%.*s%s%.*s", CV_BYTES_ARG(package->ns), CV_BYTES_ARG(package->name),
                CV_BYTES_ARG(world->head.name), package->version.size != 0 ? "@" : "", CV_BYTES_ARG(package->version));
  (void)cv_buf_cstr(out);
}

cove_status cove_wit_check(const cove_wit *wit, const char *world, const void *component, size_t size,
                           cove_wit_fit **out, cove_error **error) {
  cv_diag diag;
  cv_wit_world *found;
  cv_diag_init(&diag);
  *out = NULL;
  if (cv_binary_kind_of(component, size, NULL) == CV_BINARY_MODULE)
    return cv_api_fail(error, COVE_USAGE, "this is a core module: worlds are for components");
  cove_wit_fit *fit = cv_mem_zalloc(&cv_api_mem, sizeof *fit);
  if (fit == NULL)
    return cv_api_no_memory(error);
  cv_buf_init(&fit->bytes, &cv_api_mem);
  cv_buf_init(&fit->world, &cv_api_mem);
  cv_status status = cv_wit_find_world(cv_api_wit(wit), world, &found, &diag);
  if (status == CV_OK) {
    name_world(found, &fit->world);
    status = cv_buf_status(&fit->world);
  }
  if (status == CV_OK)
    status = check(fit, found, (cv_bytes){component, size}, &diag);
  if (status == CV_OK) {
    *out = fit;
    return COVE_OK;
  }
  cove_wit_fit_delete(fit);
  return cv_api_diag(error, status, &diag);
}

void cove_wit_fit_delete(cove_wit_fit *fit) {
  if (fit == NULL)
    return;
  cv_component_delete(fit->pair);
  if (fit->registry != NULL)
    cv_type_registry_delete(fit->registry);
  cv_buf_free(&fit->bytes);
  cv_buf_free(&fit->world);
  cv_mem_free(&cv_api_mem, fit, sizeof *fit);
}

const char *cove_wit_fit_world(const cove_wit_fit *fit) {
  return (const char *)fit->world.data;
}

size_t cove_wit_fit_count(const cove_wit_fit *fit, bool *more) {
  if (more != NULL)
    *more = fit->fit.cut;
  return fit->fit.count;
}

bool cove_wit_fit_misfit(const cove_wit_fit *fit, size_t index, cove_misfit *out) {
  if (index >= fit->fit.count)
    return false;
  const cv_misfit *m = &fit->fit.misfits[index];
  *out = (cove_misfit){(cove_misfit_kind)m->kind, m->where, m->what, m->world, m->component};
  return true;
}
