// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast_component.c: components in test scripts: from the script to instances, values of scripts as values of
// components, and back into comparisons.
#include "api/wast.h"
#include "base/utf8.h"
#include "component/link.h"
#include "wasm/validate/validate.h"

// ---- components ----------------------------------------------------------------------------------------------------

cv_status cv_wast_component_compile(cv_engine *engine, cv_wast *wast, const cv_wast_module *m, cv_component **out,
                                    cv_diag *diag) {
  cv_buf bytes;
  cv_buf_init(&bytes, cv_engine_mem(engine));
  cv_component *component = NULL;
  cv_status status = cv_wast_module_bytes(wast, m, cv_engine_features(engine), &bytes, diag);
  if (status == CV_OK)
    status = cv_buf_status(&bytes);
  if (status == CV_OK)
    status = cv_component_decode(&component, cv_engine_mem(engine), bytes.data, bytes.size, true,
                                 cv_engine_features(engine), diag);
  cv_buf_free(&bytes);
  if (status != CV_OK)
    return status;
  unsigned flags = cv_engine_tier(engine)->side_tables ? CV_VALIDATE_SIDE_TABLES : 0;
  status = cv_component_validate(component, cv_engine_registry(engine), flags, diag);
  if (status == CV_OK)
    status = cv_component_compile(component, engine, NULL, diag);
  if (status == CV_OK)
    *out = component;
  else
    cv_component_delete(component);
  return status;
}

cv_status cv_wast_component_instantiate(cv_store *store, const cv_component *component, cv_wast_find_fn *find,
                                        void *env, cv_cexports **out, cv_diag *diag) {
  const cv_ccomponenttype *type = &component->type;
  cv_citem *imports = cv_store_alloc(store, (type->import_count + 1u) * sizeof *imports);
  cv_binding binding = {.component = component};
  binding.resources = cv_store_alloc(store, (component->resource_count + 1u) * sizeof *binding.resources);
  if (imports == NULL || binding.resources == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  cv_buf why;
  cv_buf_init(&why, cv_store_mem(store));
  cv_status status = CV_OK;
  for (uint32_t i = 0; i < type->import_count && status == CV_OK; i++) {
    const cv_cextern *import = &type->imports[i];
    imports[i] = (cv_citem){.sort = CV_SORT_INSTANCE, .as.instance = find(env, import->name)};
    if (imports[i].as.instance == NULL)
      status = cv_fail(
          diag, CV_EUNLINKABLE, CV_NO_OFFSET, "component imports %s `%.*s`, but nothing of that name was registered",
          cv_csort_text(import->type.sort), (int)CV_MIN(import->name.size, 80), (const char *)import->name.data);
    else if (!cv_citem_fits(&binding, &import->type, import->name, &imports[i], &why))
      status = cv_fail(diag, CV_EUNLINKABLE, CV_NO_OFFSET, "%s", cv_buf_cstr(&why) != NULL ? cv_buf_cstr(&why) : "");
  }
  cv_buf_free(&why);
  return status == CV_OK ? cv_component_instantiate(store, component, imports, out, diag) : status;
}

// ---- values of scripts as values -----------------------------------------------------------------------------------

typedef struct converter {
  cv_arena *arena;
  bool no_memory;
} converter;

static bool convert(converter *c, const cv_wast_cval *v, const cv_ctype *type, cv_cval *out);

static cv_cval *new_values(converter *c, size_t count) {
  cv_cval *values = CV_ARENA_ARRAY(c->arena, cv_cval, count + 1);
  c->no_memory |= values == NULL;
  return values;
}

static bool convert_list(converter *c, const cv_wast_cval *v, const cv_ctype *type, cv_cval *out) {
  bool is_map = type->kind == CV_CT_MAP;
  if (type->kind == CV_CT_FIXED_LIST && v->count != type->length)
    return false;
  out->as.list.items = new_values(c, v->count);
  out->as.list.count = is_map ? v->count / 2 : v->count;
  for (uint32_t i = 0; i < v->count && out->as.list.items != NULL; i++)
    if (!convert(c, &v->parts[i], type->fields[is_map ? i & 1 : 0].type, &out->as.list.items[i]))
      return false;
  return out->as.list.items != NULL;
}

static bool convert_record(converter *c, const cv_wast_cval *v, const cv_ctype *type, cv_cval *out) {
  if (v->count != type->count || (out->as.list.items = new_values(c, v->count)) == NULL)
    return false;
  out->as.list.count = v->count;
  for (uint32_t i = 0; i < v->count; i++)
    if ((type->kind == CV_CT_RECORD && !cv_bytes_equal(v->parts[i].label, type->fields[i].name)) ||
        !convert(c, &v->parts[i], type->fields[i].type, &out->as.list.items[i]))
      return false;
  return true;
}

static uint32_t find_label(const cv_ctype *type, cv_bytes label) {
  uint32_t i = 0;
  while (i < type->count && !cv_bytes_equal(type->fields[i].name, label))
    i++;
  return i;
}

static bool convert_variant(converter *c, const cv_wast_cval *v, const cv_ctype *type, cv_cval *out) {
  bool by_label = type->kind == CV_CT_VARIANT || type->kind == CV_CT_ENUM;
  out->which = by_label ? find_label(type, v->text) : v->which;
  if (out->which >= type->count || (type->fields[out->which].type != NULL) != (v->count == 1))
    return false;
  if (v->count == 0)
    return true;
  out->as.payload = new_values(c, 1);
  return out->as.payload != NULL && convert(c, v->parts, type->fields[out->which].type, out->as.payload);
}

static bool convert_flags(const cv_wast_cval *v, const cv_ctype *type, cv_cval *out) {
  for (uint32_t i = 0; i < v->count; i++) {
    uint32_t bit = find_label(type, v->parts[i].label);
    if (bit == type->count)
      return false;
    out->as.flags |= UINT32_C(1) << bit;
  }
  return true;
}

// Depth is that of the script's value, which its reader bounds.
static bool convert(converter *c, const cv_wast_cval *v, const cv_ctype *type, cv_cval *out) {
  bool list = v->kind == CV_CT_LIST && (type->kind == CV_CT_FIXED_LIST || type->kind == CV_CT_MAP);
  if (v->kind != type->kind && !list)
    return false;
  *out = (cv_cval){.kind = type->kind};
  switch ((cv_ctype_kind)type->kind) {
  case CV_CT_BOOL:
    out->as.boolean = v->bits != 0;
    return true;
  case CV_CT_CHAR:
    out->as.character = (uint32_t)v->bits;
    return true;
  case CV_CT_STRING:
    out->as.string.data = (const char *)v->text.data;
    out->as.string.size = v->text.size;
    return true;
  case CV_CT_LIST:
  case CV_CT_FIXED_LIST:
  case CV_CT_MAP:
    return convert_list(c, v, type, out);
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    return convert_record(c, v, type, out);
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    return convert_variant(c, v, type, out);
  case CV_CT_FLAGS:
    return convert_flags(v, type, out);
  case CV_CT_OWN:
  case CV_CT_BORROW:
  case CV_CT_STREAM:
  case CV_CT_FUTURE:
  case CV_CT_ERROR_CONTEXT:
    return false;
  default:
    out->as.u64 = v->bits; // integers; the bits of a float are its own
    return true;
  }
}

bool cv_wast_component_call(cv_cexports *exports, const cv_wast_action *a, cv_arena *arena,
                            cv_wast_component_outcome *out, cv_buf *why) {
  const cv_cnamed *found = cv_cexports_find(exports, a->name);
  if (a->is_get || found == NULL || found->item.sort != CV_SORT_FUNC || found->item.as.func->instance == NULL) {
    cv_buf_printf(why, "there is no exported function \"%.*s\"", (int)CV_MIN(a->name.size, 100),
                  (const char *)a->name.data);
    return false;
  }
  const cv_cfunc *func = found->item.as.func;
  const cv_cfunctype *type = func->type;
  converter c = {.arena = arena};
  cv_cval *args = new_values(&c, a->arg_count);
  bool good = args != NULL && a->arg_count == type->param_count;
  for (uint32_t i = 0; i < a->arg_count && good; i++)
    good = a->args[i].component != NULL && convert(&c, a->args[i].component, type->params[i].type, &args[i]);
  if (!good) {
    cv_buf_printf(why, "%s for \"%.*s\"", c.no_memory ? "out of memory" : "arguments of other types",
                  (int)CV_MIN(a->name.size, 100), (const char *)a->name.data);
    return false;
  }
  out->type = type->result;
  out->run = cv_cfunc_call(func->instance->context, func, NULL, args, &out->value, arena);
  return true;
}

// ---- comparing -----------------------------------------------------------------------------------------------------

static bool float_matches(const cv_wast_cval *want, const cv_cval *have) {
  bool single = have->kind == CV_CT_F32;
  uint64_t bits = single ? have->as.u64 & UINT32_MAX : have->as.u64;
  uint64_t quiet = single ? UINT64_C(0x7fc00000) : UINT64_C(0x7ff8000000000000);
  if (want->nan == CV_WAST_NAN_NONE)
    return bits == want->bits;
  return (bits & quiet) == quiet; // the canonical ABI lets only canonical ones through, of either sign
}

static bool matches(const cv_wast_cval *want, const cv_ctype *type, const cv_cval *have);

static bool parts_match(const cv_wast_cval *want, const cv_ctype *type, const cv_cval *have) {
  bool is_map = type->kind == CV_CT_MAP, is_record = cv_ctype_is_record(type);
  if (want->count != have->as.list.count * (is_map ? 2 : 1))
    return false;
  for (uint32_t i = 0; i < want->count; i++) {
    const cv_cfield *field = &type->fields[is_record ? i : is_map ? i & 1 : 0];
    if (type->kind == CV_CT_RECORD && !cv_bytes_equal(want->parts[i].label, field->name))
      return false;
    if (!matches(&want->parts[i], field->type, &have->as.list.items[i]))
      return false;
  }
  return true;
}

static bool case_matches(const cv_wast_cval *want, const cv_ctype *type, const cv_cval *have) {
  bool by_label = type->kind == CV_CT_VARIANT || type->kind == CV_CT_ENUM;
  const cv_cfield *field = &type->fields[have->which];
  if (by_label ? !cv_bytes_equal(want->text, field->name) : want->which != have->which)
    return false;
  if ((field->type != NULL) != (want->count == 1))
    return false;
  return field->type == NULL || matches(want->parts, field->type, have->as.payload);
}

static bool flags_match(const cv_wast_cval *want, const cv_ctype *type, const cv_cval *have) {
  cv_cval wanted = {.kind = CV_CT_FLAGS};
  return convert_flags(want, type, &wanted) && wanted.as.flags == have->as.flags;
}

static bool matches(const cv_wast_cval *want, const cv_ctype *type, const cv_cval *have) {
  bool list = want->kind == CV_CT_LIST && (type->kind == CV_CT_FIXED_LIST || type->kind == CV_CT_MAP);
  if (want->kind != type->kind && !list)
    return false;
  switch ((cv_ctype_kind)type->kind) {
  case CV_CT_BOOL:
    return have->as.boolean == (want->bits != 0);
  case CV_CT_CHAR:
    return have->as.character == want->bits;
  case CV_CT_F32:
  case CV_CT_F64:
    return float_matches(want, have);
  case CV_CT_STRING:
    return cv_bytes_equal(want->text, (cv_bytes){(const uint8_t *)have->as.string.data, have->as.string.size});
  case CV_CT_LIST:
  case CV_CT_FIXED_LIST:
  case CV_CT_MAP:
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    return parts_match(want, type, have);
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    return case_matches(want, type, have);
  case CV_CT_FLAGS:
    return flags_match(want, type, have);
  case CV_CT_OWN:
  case CV_CT_BORROW:
  case CV_CT_STREAM:
  case CV_CT_FUTURE:
  case CV_CT_ERROR_CONTEXT:
    return false;
  default:
    return have->as.u64 == want->bits;
  }
}

bool cv_wast_component_matches(const cv_wast_command *c, const cv_wast_component_outcome *o) {
  if (o->run != CV_RUN_OK || c->result_count != (o->type != NULL))
    return false;
  return o->type == NULL || (c->results[0].component != NULL && matches(c->results[0].component, o->type, &o->value));
}

// ---- printing ------------------------------------------------------------------------------------------------------

void cv_wast_print_component_pattern(cv_buf *out, const cv_wast_cval *v) {
  static const struct {
    uint8_t kind;
    const char *name;
  } names[] = {{CV_CT_BOOL, "bool"},       {CV_CT_S8, "s8"},     {CV_CT_U8, "u8"},         {CV_CT_S16, "s16"},
               {CV_CT_U16, "u16"},         {CV_CT_S32, "s32"},   {CV_CT_U32, "u32"},       {CV_CT_S64, "s64"},
               {CV_CT_U64, "u64"},         {CV_CT_F32, "f32"},   {CV_CT_F64, "f64"},       {CV_CT_CHAR, "char"},
               {CV_CT_STRING, "str"},      {CV_CT_LIST, "list"}, {CV_CT_RECORD, "record"}, {CV_CT_TUPLE, "tuple"},
               {CV_CT_VARIANT, "variant"}, {CV_CT_ENUM, "enum"}, {CV_CT_OPTION, "option"}, {CV_CT_RESULT, "result"},
               {CV_CT_FLAGS, "flags"}};
  const char *name = "value";
  for (size_t i = 0; i < CV_COUNT(names); i++)
    if (names[i].kind == v->kind)
      name = names[i].name;
  cv_buf_printf(out, "(%s.const", name);
  if (v->label.size != 0)
    cv_buf_printf(out, " %.*s:", (int)CV_MIN(v->label.size, 80), (const char *)v->label.data);
  if (v->text.size != 0 || v->kind == CV_CT_STRING)
    cv_buf_printf(out, " \"%.*s\"", (int)CV_MIN(v->text.size, 200), (const char *)v->text.data);
  else if (v->count == 0 && v->kind != CV_CT_LIST && v->kind != CV_CT_TUPLE && v->kind != CV_CT_RECORD)
    cv_buf_printf(out, v->kind == CV_CT_F32 || v->kind == CV_CT_F64 ? " 0x%llx" : " %lld",
                  v->kind == CV_CT_OPTION || v->kind == CV_CT_RESULT ? (long long)v->which : (long long)v->bits);
  for (uint32_t i = 0; i < v->count && i < 20; i++) {
    cv_buf_byte(out, ' ');
    cv_wast_print_component_pattern(out, &v->parts[i]);
  }
  cv_buf_byte(out, ')');
}
