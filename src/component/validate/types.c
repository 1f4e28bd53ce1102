// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// types.c: value types and function types (Binary.md, "Type Definitions"), and what all types have in common.
#include <stdlib.h>

#include "component/canon/canon.h"
#include "component/validate/validator.h"

// ---- traits ----

static void add_traits(cv_ctraits *sum, cv_ctraits part) {
  sum->size = part.size > UINT32_MAX - sum->size ? UINT32_MAX : sum->size + part.size;
  sum->depth = CV_MAX(sum->depth, part.depth);
  sum->has_resource |= part.has_resource;
}

static cv_status finish_traits(cv_cvalidator *v, cv_ctraits *t) {
  t->serial = t->origin = ++v->next_serial;
  if (t->size >= CV_MAX_CTYPE_SIZE)
    return cv_cinvalid(v, "effective type size exceeds the limit of %u", CV_MAX_CTYPE_SIZE);
  t->size++;
  if (t->depth > CV_MAX_CTYPE_DEPTH)
    return cv_cinvalid(v, "types nested too deeply: at most %u", CV_MAX_CTYPE_DEPTH);
  return CV_OK;
}

cv_ctraits cv_deftype_traits(cv_cdeftype type) {
  switch (type.kind) {
  case CV_DEF_VALUE:
    return type.as.value->traits;
  case CV_DEF_FUNC:
    return type.as.func->traits;
  case CV_DEF_COMPONENT:
    return type.as.component->traits;
  case CV_DEF_INSTANCE:
    return type.as.instance->traits;
  case CV_DEF_RESOURCE:
    break;
  }
  return (cv_ctraits){.serial = type.as.resource->serial, .size = 1, .has_resource = true};
}

const uint32_t *cv_deftype_serial(cv_cdeftype type) {
  switch (type.kind) {
  case CV_DEF_VALUE:
    return &type.as.value->traits.serial;
  case CV_DEF_FUNC:
    return &type.as.func->traits.serial;
  case CV_DEF_COMPONENT:
    return &type.as.component->traits.serial;
  case CV_DEF_INSTANCE:
    return &type.as.instance->traits.serial;
  case CV_DEF_RESOURCE:
    break;
  }
  return &type.as.resource->serial;
}

cv_ctraits cv_externtype_traits(const cv_cexterntype *type) {
  switch (type->sort) {
  case CV_SORT_MODULE:
    return (cv_ctraits){.size = 1};
  case CV_SORT_FUNC:
    return type->as.func->traits;
  case CV_SORT_VALUE:
    return type->as.value->traits;
  case CV_SORT_TYPE:
    return cv_deftype_traits(type->as.type);
  case CV_SORT_COMPONENT:
    return type->as.component->traits;
  case CV_SORT_INSTANCE:
    break;
  }
  return type->as.instance->traits;
}

cv_status cv_type_finish(cv_cvalidator *v, cv_ctype *type) {
  type->traits = (cv_ctraits){.has_resource = type->resource != NULL};
  for (uint32_t i = 0; i < type->count; i++)
    if (type->fields[i].type != NULL)
      add_traits(&type->traits, type->fields[i].type->traits);
    else
      add_traits(&type->traits, (cv_ctraits){.size = 1});
  const char *fault = cv_ctype_lay_out(type);
  if (fault != NULL)
    return cv_cinvalid(v, "%s", fault);
  return finish_traits(v, &type->traits);
}

cv_status cv_functype_finish(cv_cvalidator *v, cv_cfunctype *type) {
  type->traits = (cv_ctraits){0};
  for (uint32_t i = 0; i < type->param_count; i++)
    add_traits(&type->traits, type->params[i].type->traits);
  if (type->result != NULL)
    add_traits(&type->traits, type->result->traits);
  return finish_traits(v, &type->traits);
}

static void add_externs(cv_ctraits *sum, const cv_cextern *externs, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    add_traits(sum, cv_externtype_traits(&externs[i].type));
}

cv_status cv_externs_sort(cv_cvalidator *v, const cv_cextern *externs, uint32_t count, const cv_cextern *const **out) {
  const cv_cextern **sorted = CV_ARENA_ARRAY(v->arena, const cv_cextern *, count);
  if (sorted == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++)
    sorted[i] = &externs[i];
  qsort(sorted, count, sizeof *sorted, cv_cextern_compare);
  *out = sorted;
  return CV_OK;
}

cv_status cv_instancetype_new(cv_cvalidator *v, const cv_cextern *exports, uint32_t count,
                              const cv_cresource *const *resources, uint32_t resource_count,
                              const cv_cinstancetype **out) {
  cv_cinstancetype *type = CV_ARENA_NEW(v->arena, cv_cinstancetype);
  if (type == NULL)
    return CV_ENOMEM;
  *type = (cv_cinstancetype){
      .exports = exports, .export_count = count, .resources = resources, .resource_count = resource_count};
  add_externs(&type->traits, exports, count);
  type->traits.depth++;
  *out = type;
  CV_TRY(cv_externs_sort(v, exports, count, &type->sorted));
  return finish_traits(v, &type->traits);
}

cv_status cv_componenttype_finish(cv_cvalidator *v, cv_ccomponenttype *type) {
  type->traits = (cv_ctraits){0};
  add_externs(&type->traits, type->imports, type->import_count);
  add_externs(&type->traits, type->exports, type->export_count);
  type->traits.depth++;
  CV_TRY(cv_externs_sort(v, type->imports, type->import_count, &type->sorted_imports));
  CV_TRY(cv_externs_sort(v, type->exports, type->export_count, &type->sorted_exports));
  return finish_traits(v, &type->traits);
}

const char *cv_deftype_text(cv_cdeftype type) {
  switch (type.kind) {
  case CV_DEF_VALUE:
    return "defined type";
  case CV_DEF_FUNC:
    return "func";
  case CV_DEF_COMPONENT:
    return "component";
  case CV_DEF_INSTANCE:
    return "instance";
  case CV_DEF_RESOURCE:
    break;
  }
  return "resource";
}

// ---- copies with a name of their own ----

// Copies a type, whose serial is at `serial`, and puts the copy in its place.
#define RENAME(member, serial_member)                                                                                  \
  do {                                                                                                                 \
    void *copy = cv_arena_copy(v->arena, type.as.member, sizeof *type.as.member);                                      \
    if (copy == NULL)                                                                                                  \
      return CV_ENOMEM;                                                                                                \
    out->as.member = copy;                                                                                             \
    *(uint32_t *)(uintptr_t)&out->as.member->serial_member = ++v->next_serial; /* still ours to write */               \
  } while (0)

cv_status cv_type_rename(cv_cvalidator *v, cv_cdeftype type, cv_bytes name, cv_cdeftype *out) {
  *out = type;
  switch (type.kind) {
  case CV_DEF_VALUE:
    RENAME(value, traits.serial);
    break;
  case CV_DEF_FUNC:
    RENAME(func, traits.serial);
    break;
  case CV_DEF_COMPONENT:
    RENAME(component, traits.serial);
    break;
  case CV_DEF_INSTANCE:
    RENAME(instance, traits.serial);
    break;
  case CV_DEF_RESOURCE:
    RENAME(resource, serial);
    if (name.size != 0)
      ((cv_cresource *)(uintptr_t)out->as.resource)->name = name;
    break;
  }
  return CV_OK;
}
#undef RENAME

// ---- value types ----

const cv_ctype *cv_type_primitive(cv_cvalidator *v, uint8_t kind) {
  if (v->primitives[kind] != NULL)
    return v->primitives[kind];
  cv_ctype *type = CV_ARENA_NEW(v->arena, cv_ctype);
  if (type == NULL)
    return NULL;
  type->kind = kind;
  if (cv_type_finish(v, type) != CV_OK)
    return NULL;
  v->primitives[kind] = type;
  return type;
}

cv_status cv_type_ref(cv_cvalidator *v, const cv_scope *scope, cv_syn_ref ref, const cv_ctype **out) {
  *out = NULL;
  if (ref.code == CV_SYN_NONE)
    return CV_OK;
  if (ref.code != CV_SYN_INDEX) {
    *out = cv_type_primitive(v, ref.code);
    return *out == NULL ? CV_ENOMEM : CV_OK;
  }
  cv_cdeftype type;
  CV_TRY(cv_scope_type(v, scope, ref.index, &type));
  if (type.kind != CV_DEF_VALUE)
    return cv_cinvalid(v, "type index %u is not a defined type", ref.index);
  *out = type.as.value;
  return CV_OK;
}

// What the parts of each kind are called in messages.
typedef struct part_words {
  const char *what, *previous;
  const char *none; // when there are no parts
} part_words;

static part_words words_of(uint8_t code) {
  switch (code) {
  case CV_CT_RECORD:
    return (part_words){"record field", "field", "record type must have at least one field"};
  case CV_CT_VARIANT:
    return (part_words){"variant case", "case", "variant type must have at least one case"};
  case CV_CT_FLAGS:
    return (part_words){"flag", "flag", "flags must have at least one entry"};
  case CV_CT_ENUM:
    return (part_words){"enum tag", "tag", "enum type must have at least one variant"};
  case CV_CT_TUPLE:
    return (part_words){NULL, NULL, "tuple type must have at least one type"};
  default:
    return (part_words){"function parameter", "parameter", NULL};
  }
}

static cv_status check_label(cv_cvalidator *v, cv_map *seen, const cv_syn_field *field, part_words words) {
  v->offset = field->entry;
  if (field->name.size == 0)
    return cv_cinvalid(v, "%s name cannot be empty", words.what);
  if (!cv_name_is_kebab(field->name))
    return cv_cinvalid(v, "%s name `%.*s` is not in kebab case", words.what, CV_NAME(field->name));
  cv_bytes key = cv_name_canonical(v, field->name);
  if (key.data == NULL)
    return CV_ENOMEM;
  const uint64_t *previous = cv_map_get(seen, key);
  if (previous != NULL) {
    const cv_syn_field *other = (const cv_syn_field *)(uintptr_t)*previous;
    return cv_cinvalid(v, "%s name `%.*s` conflicts with previous %s name `%.*s`", words.what, CV_NAME(field->name),
                       words.previous, CV_NAME(other->name));
  }
  return cv_map_put(seen, key, (uint64_t)(uintptr_t)field, NULL);
}

static cv_status check_labels(cv_cvalidator *v, const cv_syn_type *syntax) {
  part_words words = words_of(syntax->code);
  if (syntax->count == 0 && words.none != NULL)
    return cv_cinvalid(v, "%s", words.none);
  if (syntax->code == CV_CT_FLAGS && syntax->count > 32)
    return cv_cinvalid(v, "cannot have more than 32 flags");
  if (words.what == NULL)
    return CV_OK;
  cv_map seen;
  cv_map_init(&seen, v->mem);
  cv_status status = CV_OK;
  for (uint32_t i = 0; i < syntax->count && status == CV_OK; i++)
    status = check_label(v, &seen, &syntax->fields[i], words);
  cv_map_free(&seen);
  v->offset = syntax->entry;
  return status;
}

static cv_status make_fields(cv_cvalidator *v, const cv_scope *scope, const cv_syn_type *syntax,
                             const cv_cfield **out) {
  cv_cfield *fields = CV_ARENA_ARRAY(v->arena, cv_cfield, syntax->count);
  if (fields == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < syntax->count; i++) {
    v->offset = syntax->fields[i].entry;
    fields[i].name = syntax->fields[i].name;
    CV_TRY(cv_type_ref(v, scope, syntax->fields[i].type, &fields[i].type));
  }
  v->offset = syntax->entry;
  *out = fields;
  return CV_OK;
}

// Option and result are variants with cases of fixed names.
static cv_status make_cases(cv_cvalidator *v, cv_ctype *type) {
  cv_cfield *cases = CV_ARENA_ARRAY(v->arena, cv_cfield, 2);
  if (cases == NULL)
    return CV_ENOMEM;
  if (type->kind == CV_CT_OPTION) {
    cases[0].name = CV_BYTES_LITERAL("none");
    cases[1] = (cv_cfield){CV_BYTES_LITERAL("some"), type->fields[0].type};
  } else {
    cases[0] = (cv_cfield){CV_BYTES_LITERAL("ok"), type->fields[0].type};
    cases[1] = (cv_cfield){CV_BYTES_LITERAL("error"), type->fields[1].type};
  }
  type->fields = cases;
  type->count = 2;
  return CV_OK;
}

static cv_status make_map(cv_cvalidator *v, cv_ctype *type) {
  uint8_t key = type->fields[0].type->kind;
  if (!((key >= CV_CT_U64 && key <= CV_CT_BOOL) || key == CV_CT_CHAR || key == CV_CT_STRING))
    return cv_cinvalid(v, "map key type must be an integer, a bool, a char or a string");
  cv_ctype *entry = CV_ARENA_NEW(v->arena, cv_ctype);
  if (entry == NULL)
    return CV_ENOMEM;
  entry->kind = CV_CT_TUPLE;
  entry->fields = type->fields;
  entry->count = 2;
  type->entry = entry;
  // The limits are those of types that are written; this one is not, and at most twice as large.
  entry->traits = (cv_ctraits){.serial = ++v->next_serial, .size = 1};
  const char *fault = cv_ctype_lay_out(entry);
  (void)fault;
  return CV_OK;
}

static cv_status make_handle(cv_cvalidator *v, const cv_scope *scope, uint32_t index, cv_ctype *type) {
  cv_cdeftype resource;
  CV_TRY(cv_scope_type(v, scope, index, &resource));
  if (resource.kind != CV_DEF_RESOURCE)
    return cv_cinvalid(v, "type index %u is not a resource type", index);
  type->resource = resource.as.resource;
  return CV_OK;
}

static cv_status check_element(cv_cvalidator *v, const cv_ctype *type, const char *what) {
  const cv_ctype *element = type->fields[0].type;
  if (element == NULL)
    return CV_OK;
  if (element->has_borrow)
    return cv_cinvalid(v, "%s element type cannot contain a `borrow` type", what);
  if (type->kind == CV_CT_STREAM && element->kind == CV_CT_CHAR)
    return cv_cinvalid(v, "`stream<char>` is not valid at this time");
  return CV_OK;
}

static cv_status make_value(cv_cvalidator *v, const cv_scope *scope, const cv_syn_type *syntax, cv_ctype *type) {
  type->kind = syntax->code;
  switch (syntax->code) {
  case CV_CT_RECORD:
  case CV_CT_VARIANT:
  case CV_CT_FLAGS:
  case CV_CT_ENUM:
  case CV_CT_TUPLE:
    CV_TRY(check_labels(v, syntax));
    break;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    return make_handle(v, scope, syntax->index, type);
  default:
    break;
  }
  CV_TRY(make_fields(v, scope, syntax, &type->fields));
  type->count = syntax->count;
  type->length = syntax->length;
  switch (syntax->code) {
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    return make_cases(v, type);
  case CV_CT_MAP:
    return make_map(v, type);
  case CV_CT_FIXED_LIST:
    return type->length == 0 ? cv_cinvalid(v, "fixed-length list type must have more than 0 elements") : CV_OK;
  case CV_CT_STREAM:
    return check_element(v, type, "stream");
  case CV_CT_FUTURE:
    return check_element(v, type, "future");
  default:
    return CV_OK;
  }
}

static cv_status define_value(cv_cvalidator *v, const cv_scope *scope, const cv_syn_type *syntax, cv_cdeftype *out) {
  cv_ctype *type = CV_ARENA_NEW(v->arena, cv_ctype);
  if (type == NULL)
    return CV_ENOMEM;
  CV_TRY(make_value(v, scope, syntax, type));
  out->kind = CV_DEF_VALUE;
  out->as.value = type;
  return cv_type_finish(v, type);
}

static cv_status define_func(cv_cvalidator *v, const cv_scope *scope, const cv_syn_type *syntax, cv_cdeftype *out) {
  cv_cfunctype *type = CV_ARENA_NEW(v->arena, cv_cfunctype);
  if (type == NULL)
    return CV_ENOMEM;
  CV_TRY(check_labels(v, syntax));
  CV_TRY(make_fields(v, scope, syntax, &type->params));
  type->param_count = syntax->count;
  CV_TRY(cv_type_ref(v, scope, syntax->result, &type->result));
  if (type->result != NULL && type->result->has_borrow)
    return cv_cinvalid(v, "function result cannot contain a `borrow` type");
  type->is_async = syntax->code == CV_SYN_ASYNC_FUNC;
  out->kind = CV_DEF_FUNC;
  out->as.func = type;
  return cv_functype_finish(v, type);
}

static cv_status define_resource(cv_cvalidator *v, cv_scope *scope, const cv_syn_type *syntax, cv_cdeftype *out) {
  if (scope->kind != CV_SCOPE_COMPONENT)
    return cv_cinvalid(v, "resources can only be defined within a concrete component");
  if (syntax->rep != CV_I32)
    return cv_cinvalid(v, "resources can only be represented by `i32`");
  if (syntax->dtor != CV_NO_INDEX) {
    const cv_functype *type;
    CV_TRY(cv_scope_core_func_type(v, scope, syntax->dtor, &type));
    if (type->param_count != 1 || type->result_count != 0 || type->types[0] != CV_I32)
      return cv_cinvalid(v, "wrong signature for a destructor: core function %u is not (func (param i32))",
                         syntax->dtor);
  }
  cv_cresource *resource = cv_scope_resource(v, scope, (cv_bytes){0});
  if (resource == NULL)
    return CV_ENOMEM;
  resource->is_local = true;
  resource->definition = (uint32_t)scope->resource_definitions.count;
  out->kind = CV_DEF_RESOURCE;
  out->as.resource = resource;
  return CV_OK;
}

cv_status cv_type_define(cv_cvalidator *v, cv_scope *scope, const cv_syn_type *syntax, cv_cdeftype *out) {
  *out = (cv_cdeftype){0};
  v->offset = syntax->entry;
  switch (syntax->code) {
  case CV_SYN_RESOURCE:
    return define_resource(v, scope, syntax, out);
  case CV_SYN_FUNC:
  case CV_SYN_ASYNC_FUNC:
    return define_func(v, scope, syntax, out);
  case CV_SYN_COMPONENT:
  case CV_SYN_INSTANCE:
    return cv_type_decls(v, scope, syntax, out);
  default:
    return define_value(v, scope, syntax, out);
  }
}
