// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_value.c: values of components: ownership, and their shape against a type.
#include "api/component.h"

#define SAME_PLACE(ours, theirs) (offsetof(cv_cval, ours) == offsetof(cove_component_value, theirs))
static_assert(SAME_PLACE(kind, kind) && SAME_PLACE(which, which) && SAME_PLACE(as.u64, as.u64) &&
                  SAME_PLACE(as.string.data, as.string.data) && SAME_PLACE(as.string.size, as.string.size) &&
                  SAME_PLACE(as.list.items, as.list.items) && SAME_PLACE(as.list.count, as.list.count) &&
                  SAME_PLACE(as.payload, as.payload) && SAME_PLACE(as.flags, as.flags) &&
                  SAME_PLACE(as.handle.type, as.handle.type) && SAME_PLACE(as.handle.rep, as.handle.rep) &&
                  SAME_PLACE(source_encoding, private_[0]) && SAME_PLACE(source_units, private_[1]),
              "cove_component_value is a cv_cval under another name");
#undef SAME_PLACE

// Items behind as.list; 0 for kinds without.
static size_t item_count(uint32_t kind, size_t count) {
  switch ((cv_ctype_kind)kind) {
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
  case CV_CT_LIST:
  case CV_CT_FIXED_LIST:
    return count;
  case CV_CT_MAP:
    return 2 * count;
  default:
    return 0;
  }
}

static bool has_payload(uint32_t kind) {
  return kind == CV_CT_VARIANT || kind == CV_CT_OPTION || kind == CV_CT_RESULT;
}

void cove_component_value_delete(cove_component_value *v) {
  size_t count = item_count(v->kind, v->as.list.count);
  if (v->kind == CV_CT_STRING && v->as.string.data != NULL) {
    cv_mem_free(&cv_api_mem, (void *)(uintptr_t)v->as.string.data, v->as.string.size + 1);
  } else if (count != 0 && v->as.list.items != NULL) {
    for (size_t i = 0; i < count; i++)
      cove_component_value_delete(&v->as.list.items[i]);
    cv_mem_free(&cv_api_mem, v->as.list.items, count * sizeof *v);
  } else if (has_payload(v->kind) && v->as.payload != NULL) {
    cove_component_value_delete(v->as.payload);
    cv_mem_free(&cv_api_mem, v->as.payload, sizeof *v);
  }
  *v = (cove_component_value){.kind = 0};
}

// On failure *out holds what was copied so far, and is to be deleted.
static cv_status copy(const cv_cval *from, cove_component_value *out) {
  memcpy(out, from, sizeof *out);
  size_t count = item_count(from->kind, from->as.list.count);
  if (from->kind == CV_CT_STRING) {
    char *text = cv_mem_alloc(&cv_api_mem, from->as.string.size + 1);
    out->as.string.data = text;
    if (text == NULL)
      return CV_ENOMEM;
    if (from->as.string.size != 0)
      memcpy(text, from->as.string.data, from->as.string.size);
    text[from->as.string.size] = '\0';
  } else if (count != 0) {
    out->as.list.items = cv_mem_calloc(&cv_api_mem, count, sizeof *out);
    if (out->as.list.items == NULL)
      return CV_ENOMEM;
    for (size_t i = 0; i < count; i++)
      CV_TRY(copy(&from->as.list.items[i], &out->as.list.items[i]));
  } else if (has_payload(from->kind) && from->as.payload != NULL) {
    out->as.payload = cv_mem_zalloc(&cv_api_mem, sizeof *out);
    if (out->as.payload == NULL)
      return CV_ENOMEM;
    return copy(from->as.payload, out->as.payload);
  }
  return CV_OK;
}

cv_status cv_api_value_copy(const cv_cval *from, cove_component_value *out) {
  cv_status status = copy(from, out);
  if (status != CV_OK)
    cove_component_value_delete(out);
  return status;
}

// ---- shape ---------------------------------------------------------------------------------------------------------

static bool items_fit(const cv_ctype *type, const cove_component_value *v, size_t count, unsigned depth) {
  if (v->as.list.items == NULL && count != 0)
    return false;
  for (size_t i = 0; i < count; i++) {
    size_t field = type->kind == CV_CT_LIST || type->kind == CV_CT_FIXED_LIST ? 0 : type->kind == CV_CT_MAP ? i & 1 : i;
    if (!cv_api_value_fits(type->fields[field].type, &v->as.list.items[i], depth))
      return false;
  }
  return true;
}

bool cv_api_value_fits(const cv_ctype *type, const cove_component_value *v, unsigned depth) {
  if (v->kind != type->kind || depth > CV_MAX_TYPE_DEPTH)
    return false;
  switch ((cv_ctype_kind)type->kind) {
  case CV_CT_STRING:
    return v->as.string.size == 0 || v->as.string.data != NULL;
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    return v->as.list.count == type->count && items_fit(type, v, type->count, depth + 1);
  case CV_CT_FIXED_LIST:
    return v->as.list.count == type->length && items_fit(type, v, type->length, depth + 1);
  case CV_CT_LIST:
    return items_fit(type, v, v->as.list.count, depth + 1);
  case CV_CT_MAP:
    return v->as.list.count <= SIZE_MAX / 2 && items_fit(type, v, 2 * v->as.list.count, depth + 1);
  case CV_CT_ENUM:
    return v->which < type->count;
  case CV_CT_VARIANT:
  case CV_CT_OPTION:
  case CV_CT_RESULT: {
    if (v->which >= type->count)
      return false;
    const cv_ctype *payload = type->fields[v->which].type;
    if (payload == NULL)
      return true;
    return v->as.payload != NULL && cv_api_value_fits(payload, v->as.payload, depth + 1);
  }
  case CV_CT_OWN:
  case CV_CT_BORROW:
    return v->as.handle.type != NULL;
  default:
    return true;
  }
}
