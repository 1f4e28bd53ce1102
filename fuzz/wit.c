// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WIT from any text: what resolves is printed, and parses to what prints the same; its worlds are encoded, the encoding
// decodes, and where it validates it becomes WIT again; bindings are written. Nothing is left allocated.
#include <stdlib.h>

#include "component/component.h"
#include "target.h"
#include "wasm/canon.h"
#include "wit/bindgen.h"
#include "wit/decode.h"
#include "wit/encode.h"
#include "wit/print.h"

// A document of which every package can be printed alone: the root is named.
static cv_wit *read_wit(cv_mem *mem, const char *text, size_t size) {
  static const cv_wit_options all = {.all_features = true};
  cv_wit *wit = cv_wit_new(mem);
  cv_diag diag;
  cv_diag_init(&diag);
  if (wit != NULL && cv_wit_add_text(wit, 0, "fuzz", text, size, &diag) == CV_OK &&
      cv_wit_resolve(wit, &all, &diag) == CV_OK)
    return wit;
  if (diag.status == CV_OK)
    abort();
  cv_wit_delete(wit);
  return NULL;
}

static void decode_world(const cv_buf *binary, cv_mem *mem) {
  cv_component *component = NULL;
  cv_wit_world *world;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_type_registry *registry = cv_type_registry_new(mem);
  if (registry == NULL)
    return;
  if (cv_component_decode(&component, mem, binary->data, binary->size, false, CV_FEATURES_ALL, &diag) != CV_OK &&
      diag.status == CV_EMALFORMED)
    abort();
  if (component != NULL && cv_component_validate(component, registry, 0, &diag) == CV_OK) {
    cv_wit *again = cv_wit_new(mem);
    if (again != NULL && cv_wit_from_package(again, component, &world, &diag) == CV_OK) {
      cv_buf text;
      cv_buf_init(&text, mem);
      cv_wit_print(again, NULL, &text);
      cv_buf_free(&text);
    }
    cv_wit_delete(again);
  }
  cv_component_delete(component);
  cv_type_registry_delete(registry);
}

static void use_world(const cv_wit_world *world, cv_mem *mem) {
  static const cv_bindgen_options options = {.prefix = "fuzz", .header = "fuzz.h"};
  cv_buf binary, header, source, guest_header, guest_source;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_buf_init(&binary, mem);
  cv_buf_init(&header, mem);
  cv_buf_init(&source, mem);
  cv_buf_init(&guest_header, mem);
  cv_buf_init(&guest_source, mem);
  if (cv_wit_encode_world(world, mem, &binary, &diag) == CV_OK)
    decode_world(&binary, mem);
  cv_diag_init(&diag);
  if (cv_bindgen_host(world, &options, mem, &header, &source, &diag) != CV_OK && diag.status == CV_OK)
    abort();
  cv_diag_init(&diag);
  if (cv_bindgen_guest(world, &options, mem, &guest_header, &guest_source, &diag) != CV_OK && diag.status == CV_OK)
    abort();
  cv_buf_free(&binary);
  cv_buf_free(&header);
  cv_buf_free(&source);
  cv_buf_free(&guest_header);
  cv_buf_free(&guest_source);
}

// The text of `wit`, read and printed again: true, and *out the second text, when there is memory for it.
static bool reprint(const cv_buf *text, cv_mem *mem, cv_buf *out) {
  cv_buf_init(out, mem);
  cv_wit *wit = read_wit(mem, (const char *)text->data, text->size);
  if (wit == NULL)
    abort();
  cv_wit_print(wit, cv_wit_root(wit), out);
  cv_wit_delete(wit);
  return cv_buf_status(out) == CV_OK;
}

// A world is printed with what it includes, in an order that may change once; from then on nothing does.
static void round_trip(const cv_wit *wit, cv_mem *mem) {
  cv_buf first, second, third;
  cv_buf_init(&first, mem);
  cv_wit_print(wit, cv_wit_root(wit), &first);
  if (cv_buf_status(&first) == CV_OK) {
    if (reprint(&first, mem, &second)) {
      if (reprint(&second, mem, &third) &&
          (second.size != third.size || memcmp(second.data, third.data, second.size) != 0))
        abort();
      cv_buf_free(&third);
    }
    cv_buf_free(&second);
  }
  cv_buf_free(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cv_mem mem;
  if (size > 4096)
    return 0;
  cv_mem_init(&mem, UINT64_MAX);
  cv_wit *wit = read_wit(&mem, (const char *)data, size);
  if (wit != NULL) {
    round_trip(wit, &mem);
    for (const cv_wit_package *package = cv_wit_packages(wit); package != NULL; package = package->next)
      for (const cv_wit_world *world = package->worlds; world != NULL; world = world->next)
        use_world(world, &mem);
  }
  cv_wit_delete(wit);
  if (mem.used != 0)
    abort();
  return 0;
}
