// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wit.c: WIT, bindings, and components out of core modules.
#include <cove/wit.h>

#include "api/api.h"
#include "api/wit.h"
#include "component/component.h"
#include "compose/compose.h"
#include "wasm/binary/decode.h"
#include "wasm/canon.h"
#include "wit/bindgen.h"
#include "wit/decode.h"
#include "wit/encode.h"
#include "wit/load.h"
#include "wit/print.h"

struct cove_wit {
  cv_wit *wit;
};

// The failure of `wit`'s parser or resolver with its file.
static CV_COLD cove_status wit_fail(const cv_wit *wit, cove_error **error, cv_status status, const cv_diag *diag) {
  const char *file = wit ? cv_wit_error_file(wit) : NULL;
  if (!file)
    return cv_api_diag(error, status, diag);
  return cv_api_fail(error, (cove_status)status, "%s:%u:%u: %s", file, diag->line, diag->column, diag->text);
}

static cove_status new_wit(cove_wit **out, cove_error **error) {
  cove_wit *wit = cv_mem_zalloc(&cv_api_mem, sizeof *wit);
  if (wit)
    wit->wit = cv_wit_new(&cv_api_mem);
  *out = wit;
  if (wit && wit->wit)
    return COVE_OK;
  cove_wit_delete(wit);
  return cv_api_no_memory(error);
}

const cv_wit *cv_api_wit(const cove_wit *wit) {
  return wit->wit;
}

void cove_wit_delete(cove_wit *wit) {
  if (wit == NULL)
    return;
  cv_wit_delete(wit->wit);
  cv_mem_free(&cv_api_mem, wit, sizeof *wit);
}

// `status` of filling *out: resolves, or takes it apart again.
static cove_status finish(cove_wit **out, cv_status status, const cove_wit_options *options, cv_diag *diag,
                          cove_error **error) {
  const cv_wit_options resolve = {.features = options ? options->features : NULL,
                                  .feature_count = options ? (uint32_t)options->feature_count : 0,
                                  .all_features = options && options->all_features};
  if (status == CV_OK)
    status = cv_wit_resolve((*out)->wit, &resolve, diag);
  if (status == CV_OK)
    return COVE_OK;
  cove_status failed = wit_fail((*out)->wit, error, status, diag);
  cove_wit_delete(*out);
  *out = NULL;
  return failed;
}

cove_status cove_wit_open(const char *path, const cove_wit_options *options, cove_wit **out, cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  cove_status made = new_wit(out, error);
  if (made != COVE_OK)
    return made;
  return finish(out, cv_wit_load((*out)->wit, path, &cv_api_mem, &diag), options, &diag, error);
}

cove_status cove_wit_parse(const char *text, size_t size, const cove_wit_options *options, cove_wit **out,
                           cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  cove_status made = new_wit(out, error);
  if (made != COVE_OK)
    return made;
  return finish(out, cv_wit_add_text((*out)->wit, 0, "text", text, size, &diag), options, &diag, error);
}

// ---- from binaries -------------------------------------------------------------------------------------------------

static cv_status of_component(cv_wit *wit, cv_bytes bytes, cv_type_registry *registry, bool is_package, cv_diag *diag) {
  cv_component *component = NULL;
  cv_wit_world *world;
  CV_TRY(cv_component_decode(&component, &cv_api_mem, bytes.data, bytes.size, false, CV_FEATURES_ALL, diag));
  cv_status status = cv_component_validate(component, registry, 0, diag);
  if (status == CV_OK) {
    status = is_package ? cv_wit_from_package(wit, component, &world, diag)
                        : cv_wit_from_type(wit, &component->type, (cv_bytes){NULL, 0}, &world, diag);
  }
  cv_component_delete(component);
  return status;
}

static cv_status of_module(cv_wit *wit, cv_bytes bytes, cv_type_registry *registry, cv_diag *diag) {
  cv_module *module;
  CV_TRY(cv_module_decode(&module, &cv_api_mem, registry, CV_FEATURES_ALL, bytes.data, bytes.size, CV_DECODE_BORROW,
                          diag));
  cv_status status = CV_OK;
  bool found = false;
  for (uint32_t i = 0; i < module->custom_count && status == CV_OK; i++) {
    const cv_custom_section *custom = &module->customs[i];
    if (!cv_compose_is_world(custom->name))
      continue;
    found = true;
    status =
        of_component(wit, (cv_bytes){cv_span_start(module, custom->bytes), custom->bytes.size}, registry, true, diag);
  }
  cv_module_delete(module);
  if (status == CV_OK && !found)
    return cv_fail(diag, CV_EINVALID, CV_NO_OFFSET,
                   "this core module carries no world (custom section component-type)");
  return status;
}

cove_status cove_wit_of_binary(const void *data, size_t size, cove_wit **out, cove_error **error) {
  cv_diag diag;
  cv_diag_init(&diag);
  cove_status made = new_wit(out, error);
  if (made != COVE_OK)
    return made;
  cv_bytes bytes = {data, size};
  cv_type_registry *registry = cv_type_registry_new(&cv_api_mem);
  cv_binary_kind kind = cv_binary_kind_of(data, size, NULL);
  cv_status status = !registry                     ? CV_ENOMEM
                     : kind == CV_BINARY_COMPONENT ? of_component((*out)->wit, bytes, registry, false, &diag)
                                                   : of_module((*out)->wit, bytes, registry, &diag);
  if (registry)
    cv_type_registry_delete(registry);
  if (status == CV_OK)
    return COVE_OK;
  cove_wit_delete(*out);
  *out = NULL;
  return cv_api_diag(error, status, &diag);
}

// ---- what is made of it --------------------------------------------------------------------------------------------

cove_status cove_wit_text(const cove_wit *wit, cove_buffer *out, cove_error **error) {
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  cv_wit_print(wit->wit, cv_wit_root(wit->wit), &buf);
  return cv_api_hand_over(&buf, out, error);
}

typedef cv_status bindgen_fn(const cv_wit_world *world, const cv_bindgen_options *options, cv_mem *mem, cv_buf *header,
                             cv_buf *source, cv_diag *diag);

// What names in C can begin with; a hyphen becomes an underscore.
static bool is_prefix(const char *text) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  size_t first = strspn(text, letters),
         more = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-0123456789");
  return first > 0 && text[more] == '\0';
}

static cove_status bindgen(bindgen_fn *generate, const cove_wit *wit, const char *world,
                           const cv_bindgen_options *options, cove_buffer *header, cove_buffer *source,
                           cove_error **error) {
  cv_diag diag;
  cv_buf head, body;
  cv_wit_world *found;
  if (options->prefix && !is_prefix(options->prefix))
    return cv_api_fail(error, COVE_USAGE, "`%.100s` is no prefix: letters, digits, `-` and `_`, a letter first",
                       options->prefix);
  cv_diag_init(&diag);
  cv_buf_init(&head, &cv_api_mem);
  cv_buf_init(&body, &cv_api_mem);
  cv_status status = cv_wit_find_world(wit->wit, world, &found, &diag);
  if (status == CV_OK)
    status = generate(found, options, &cv_api_mem, &head, &body, &diag);
  if (status == CV_OK) {
    cove_status given = cv_api_hand_over(&head, header, error);
    if (given == COVE_OK) {
      given = cv_api_hand_over(&body, source, error);
      if (given != COVE_OK)
        cove_buffer_delete(header);
      return given;
    }
    cv_buf_free(&body);
    return given;
  }
  cv_buf_free(&head);
  cv_buf_free(&body);
  return cv_api_diag(error, status, &diag);
}

cove_status cove_wit_bindgen_host(const cove_wit *wit, const char *world, const char *prefix, const char *header_name,
                                  cove_buffer *header, cove_buffer *source, cove_error **error) {
  const cv_bindgen_options options = {.prefix = prefix, .header = header_name};
  return bindgen(cv_bindgen_host, wit, world, &options, header, source, error);
}

cove_status cove_wit_bindgen_guest(const cove_wit *wit, const char *world, const char *prefix, const char *header_name,
                                   cove_buffer *header, cove_buffer *source, cove_error **error) {
  const cv_bindgen_options options = {.prefix = prefix, .header = header_name};
  return bindgen(cv_bindgen_guest, wit, world, &options, header, source, error);
}

// Hands `buf` over when `status` is CV_OK.
static cove_status give(cv_buf *buf, cv_status status, const cv_diag *diag, cove_buffer *out, cove_error **error) {
  if (status == CV_OK)
    return cv_api_hand_over(buf, out, error);
  cv_buf_free(buf);
  return cv_api_diag(error, status, diag);
}

cove_status cove_wit_encode(const cove_wit *wit, const char *world, cove_buffer *out, cove_error **error) {
  cv_diag diag;
  cv_buf buf;
  cv_wit_world *found;
  cv_diag_init(&diag);
  cv_buf_init(&buf, &cv_api_mem);
  cv_status status = cv_wit_find_world(wit->wit, world, &found, &diag);
  if (status == CV_OK)
    status = cv_wit_encode_world(found, &cv_api_mem, &buf, &diag);
  return give(&buf, status, &diag, out, error);
}

cove_status cove_module_embed(const void *module, size_t size, const cove_wit *wit, const char *world, cove_buffer *out,
                              cove_error **error) {
  cv_diag diag;
  cv_buf buf;
  cv_wit_world *found;
  cv_diag_init(&diag);
  cv_buf_init(&buf, &cv_api_mem);
  cv_status status = cv_wit_find_world(wit->wit, world, &found, &diag);
  if (status == CV_OK)
    status = cv_compose_embed((cv_bytes){module, size}, found, &cv_api_mem, &buf, &diag);
  return give(&buf, status, &diag, out, error);
}

cove_status cove_module_componentize(const void *module, size_t size, const cove_componentize_options *options,
                                     cove_buffer *out, cove_error **error) {
  static const cove_componentize_options none = {0};
  cv_diag diag;
  cv_buf buf;
  cv_adapter adapters[16];
  const cove_componentize_options *o = options ? options : &none;
  cv_new_options made = {
      .adapters = adapters, .adapter_count = (uint32_t)o->adapter_count, .preview1 = (cv_preview1_kind)o->preview1};
  cv_diag_init(&diag);
  cv_buf_init(&buf, &cv_api_mem);
  if (o->adapter_count > CV_COUNT(adapters))
    return cv_api_fail(error, COVE_LIMIT, "more than %zu adapters", CV_COUNT(adapters));
  for (size_t i = 0; i < o->adapter_count; i++)
    adapters[i] = (cv_adapter){o->adapters[i].name, {o->adapters[i].module, o->adapters[i].size}};
  cv_status status = CV_OK;
  if (o->wit) {
    cv_wit_world *world = NULL;
    status = cv_wit_find_world(o->wit->wit, o->world, &world, &diag);
    made.world = world;
  }
  if (status == CV_OK)
    status = cv_compose_new((cv_bytes){module, size}, &made, &cv_api_mem, &buf, &diag);
  return give(&buf, status, &diag, out, error);
}
