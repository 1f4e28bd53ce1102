// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// flatten.c: what the canonical ABI makes of types (CanonicalABI.md, "Alignment", "Element Size", "Flattening"): their
// layout in memory and the core values that they become. Computed once, when a type is made, from its parts; so the
// cost does not depend on how often a part is repeated.
#include "component/canon/canon.h"

// Tuples of parts, flags and variants are laid out for both sizes of pointers at a time.
typedef struct layouts {
  uint64_t size[CV_PTR_SIZES];
  uint32_t align[CV_PTR_SIZES];
} layouts;

static const uint32_t TOO_MANY = 65535;

static uint32_t pointer_size(unsigned ptr) {
  return ptr == CV_PTR64 ? 8 : 4;
}

static void set_layout(cv_ctype *t, uint32_t size, uint32_t align) {
  for (unsigned p = 0; p < CV_PTR_SIZES; p++)
    t->layout[p] = (cv_clayout){size, align, 0};
}

static void set_scalar(cv_ctype *t, uint32_t size, uint8_t kind) {
  set_layout(t, size, size);
  t->flat_count = 1;
  t->flat[CV_PTR32][0] = t->flat[CV_PTR64][0] = kind;
}

// A string, list or map: an address and a length.
static void set_range(cv_ctype *t) {
  t->has_pointer = true;
  t->flat_count = 2;
  for (unsigned p = 0; p < CV_PTR_SIZES; p++) {
    t->layout[p] = (cv_clayout){2 * pointer_size(p), pointer_size(p), 0};
    t->flat[p][0] = t->flat[p][1] = p == CV_PTR64 ? CV_KIND_I64 : CV_KIND_I32;
  }
}

static void add_flags_of(cv_ctype *t, const cv_ctype *part) {
  t->has_borrow |= part->has_borrow;
  t->has_handle |= part->has_handle;
  t->has_async |= part->has_async;
  t->has_pointer |= part->has_pointer;
  if (part->depth >= t->depth)
    t->depth = (uint8_t)(part->depth + 1);
}

static bool is_plain(const cv_ctype *t) {
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_S8:
  case CV_CT_U8:
  case CV_CT_S16:
  case CV_CT_U16:
  case CV_CT_S32:
  case CV_CT_U32:
  case CV_CT_S64:
  case CV_CT_U64:
  case CV_CT_F32:
  case CV_CT_F64:
    return true;
  case CV_CT_FLAGS:
    return t->count == 8 || t->count == 16 || t->count == 32;
  case CV_CT_FIXED_LIST:
    return t->fields[0].type->is_plain;
  case CV_CT_RECORD:
  case CV_CT_TUPLE: {
    uint64_t size = 0;
    for (uint32_t i = 0; i < t->count; i++) {
      if (!t->fields[i].type->is_plain)
        return false;
      size += t->fields[i].type->layout[CV_PTR32].size; // plain parts have one layout for both pointer sizes
    }
    return size == t->layout[CV_PTR32].size;
  }
  default:
    return false;
  }
}

static uint32_t add_counts(uint32_t a, uint32_t b) {
  return a > TOO_MANY || b > TOO_MANY || a + b > TOO_MANY ? UINT32_MAX : a + b;
}

// Appends the flat values of a part to those of a record or a fixed list.
static void append_flat(cv_ctype *t, const cv_ctype *part) {
  uint32_t count = add_counts(t->flat_count, part->flat_count);
  if (count <= CV_MAX_FLAT)
    for (unsigned p = 0; p < CV_PTR_SIZES; p++)
      memcpy(&t->flat[p][t->flat_count], part->flat[p], part->flat_count);
  t->flat_count = count;
}

static void lay_out_record(cv_ctype *t, layouts *l) {
  for (uint32_t i = 0; i < t->count; i++) {
    const cv_ctype *part = t->fields[i].type;
    append_flat(t, part);
    for (unsigned p = 0; p < CV_PTR_SIZES; p++) {
      l->align[p] = CV_MAX(l->align[p], part->layout[p].align);
      // Each size is below 2^28 and there are below 2^32 parts: no overflow.
      l->size[p] = cv_align_up(l->size[p], part->layout[p].align) + part->layout[p].size;
    }
  }
}

static uint8_t join(uint8_t a, uint8_t b) {
  if (a == b)
    return a;
  bool both_32 = (a == CV_KIND_I32 || a == CV_KIND_F32) && (b == CV_KIND_I32 || b == CV_KIND_F32);
  return both_32 ? CV_KIND_I32 : CV_KIND_I64;
}

// The payload's core values are shared by all cases: `most` of them so far.
static void join_flat(cv_ctype *t, const cv_ctype *part, uint32_t *most) {
  for (unsigned p = 0; p < CV_PTR_SIZES; p++)
    for (uint32_t i = 0; i < part->flat_count && i + 1 < CV_MAX_FLAT; i++)
      t->flat[p][i + 1] = i < *most ? join(t->flat[p][i + 1], part->flat[p][i]) : part->flat[p][i];
  *most = CV_MAX(*most, part->flat_count);
}

static void lay_out_variant(cv_ctype *t, layouts *l) {
  t->discriminant = t->count <= 1u << 8 ? 1 : t->count <= 1u << 16 ? 2 : 4;
  t->flat[CV_PTR32][0] = t->flat[CV_PTR64][0] = CV_KIND_I32;
  uint64_t payload[CV_PTR_SIZES] = {0};
  uint32_t align[CV_PTR_SIZES] = {1, 1}, most = 0;
  for (uint32_t i = 0; i < t->count; i++) {
    const cv_ctype *part = t->fields[i].type;
    if (part == NULL)
      continue;
    if (part->flat_count <= CV_MAX_FLAT)
      join_flat(t, part, &most);
    else
      most = UINT32_MAX;
    for (unsigned p = 0; p < CV_PTR_SIZES; p++) {
      align[p] = CV_MAX(align[p], part->layout[p].align);
      payload[p] = CV_MAX(payload[p], part->layout[p].size);
    }
  }
  t->flat_count = add_counts(1, most);
  for (unsigned p = 0; p < CV_PTR_SIZES; p++) {
    uint64_t offset = cv_align_up(t->discriminant, align[p]);
    t->layout[p].payload_offset = (uint32_t)offset;
    l->align[p] = CV_MAX(align[p], t->discriminant);
    l->size[p] = offset + payload[p];
  }
}

static void lay_out_fixed_list(cv_ctype *t, layouts *l) {
  const cv_ctype *part = t->fields[0].type;
  for (unsigned p = 0; p < CV_PTR_SIZES; p++) {
    l->align[p] = part->layout[p].align;
    l->size[p] = (uint64_t)t->length * part->layout[p].size;
  }
  uint64_t count = part->flat_count > TOO_MANY ? UINT32_MAX : (uint64_t)t->length * part->flat_count;
  for (uint32_t i = 0; i < t->length && count <= CV_MAX_FLAT; i++)
    append_flat(t, part);
  t->flat_count = count > TOO_MANY ? UINT32_MAX : (uint32_t)count;
}

static const char *lay_out_compound(cv_ctype *t) {
  layouts l = {.align = {1, 1}};
  bool too_large = false;
  if (cv_ctype_is_record(t))
    lay_out_record(t, &l);
  else if (t->kind == CV_CT_FIXED_LIST)
    lay_out_fixed_list(t, &l);
  else
    lay_out_variant(t, &l);
  for (unsigned p = 0; p < CV_PTR_SIZES; p++) {
    uint64_t size = cv_align_up(l.size[p], l.align[p]);
    too_large |= size > CV_MAX_TYPE_SIZE;
    t->layout[p].size = (uint32_t)CV_MIN(size, UINT32_MAX);
    t->layout[p].align = l.align[p];
  }
  t->is_plain = is_plain(t);
  return too_large ? "the type exceeds maximum byte size 268435455" : NULL;
}

const char *cv_ctype_lay_out(cv_ctype *t) {
  t->depth = 1;
  t->flat_count = 0;
  for (uint32_t i = 0; i < t->count; i++)
    if (t->fields[i].type != NULL)
      add_flags_of(t, t->fields[i].type);
  if (t->kind == CV_CT_MAP)
    add_flags_of(t, t->entry);
  if (t->depth > CV_MAX_TYPE_DEPTH)
    return "type nesting is too deep: more than 100 value types inside each other";
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_BOOL:
  case CV_CT_S8:
  case CV_CT_U8:
    set_scalar(t, 1, CV_KIND_I32);
    break;
  case CV_CT_S16:
  case CV_CT_U16:
    set_scalar(t, 2, CV_KIND_I32);
    break;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    t->has_handle = true;
    t->has_borrow = t->kind == CV_CT_BORROW;
    set_scalar(t, 4, CV_KIND_I32);
    break;
  case CV_CT_STREAM:
  case CV_CT_FUTURE:
    t->has_handle = t->has_async = true;
    set_scalar(t, 4, CV_KIND_I32);
    t->has_pointer = false; // of what is sent, not of the handle
    break;
  case CV_CT_S32:
  case CV_CT_U32:
  case CV_CT_CHAR:
  case CV_CT_ERROR_CONTEXT:
    set_scalar(t, 4, CV_KIND_I32);
    break;
  case CV_CT_F32:
    set_scalar(t, 4, CV_KIND_F32);
    break;
  case CV_CT_S64:
  case CV_CT_U64:
    set_scalar(t, 8, CV_KIND_I64);
    break;
  case CV_CT_F64:
    set_scalar(t, 8, CV_KIND_F64);
    break;
  case CV_CT_FLAGS:
    set_scalar(t, t->count <= 8 ? 1 : t->count <= 16 ? 2 : 4, CV_KIND_I32);
    break;
  case CV_CT_STRING:
  case CV_CT_LIST:
  case CV_CT_MAP:
    set_range(t);
    break;
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
  case CV_CT_FIXED_LIST:
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    return lay_out_compound(t);
  }
  t->is_plain = is_plain(t);
  return NULL;
}

bool cv_flatten_type(const cv_ctype *t, unsigned ptr, cv_valtype *out, uint32_t *count, uint32_t limit) {
  if (t->flat_count > CV_MAX_FLAT || *count > limit || t->flat_count > limit - *count)
    return false;
  for (uint32_t i = 0; i < t->flat_count; i++)
    out[(*count)++] = t->flat[ptr][i];
  return true;
}

uint32_t cv_flat_count(const cv_cfield *fields, uint32_t count) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < count; i++)
    sum = add_counts(sum, fields[i].type->flat_count);
  return sum;
}

void cv_flatten_functype(const cv_cfunctype *type, bool is_async, bool has_callback, unsigned ptr, bool is_lift,
                         cv_flat_functype *out) {
  *out = (cv_flat_functype){0};
  cv_valtype address = ptr == CV_PTR64 ? CV_I64 : CV_I32;
  uint32_t max_params = is_async && !is_lift ? CV_MAX_FLAT_ASYNC_PARAMS : CV_MAX_FLAT_PARAMS;
  for (uint32_t i = 0; i < type->param_count && !out->params_spilled; i++)
    out->params_spilled = !cv_flatten_type(type->params[i].type, ptr, out->params, &out->param_count, max_params);
  if (out->params_spilled) {
    out->params[0] = address;
    out->param_count = 1;
  }
  if (is_async && is_lift) { // the result comes by task.return
    out->result_count = has_callback ? 1 : 0;
    out->results[0] = CV_I32;
    return;
  }
  uint32_t max_results = is_async ? 0 : CV_MAX_FLAT_RESULTS;
  if (type->result != NULL)
    out->results_spilled = !cv_flatten_type(type->result, ptr, out->results, &out->result_count, max_results);
  if (out->results_spilled && is_lift) {
    out->results[0] = address;
    out->result_count = 1;
  } else if (out->results_spilled) {
    out->params[out->param_count++] = address;
  }
  if (is_async) {
    out->results[0] = CV_I32;
    out->result_count = 1;
  }
}
