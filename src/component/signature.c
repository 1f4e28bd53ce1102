// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// signature.c: component-level types as text: signatures, by which host functions and imports are compared, and the
// form that people read. Both are one walk; they differ in white space, in how a case's payload is written, and in how
// resources are called.
#include <stdlib.h>

#include "component/link.h"

typedef struct writer {
  cv_buf *out;
  bool for_people;
  const cv_resource_name *names;
  const cv_type_names *type_names; // NULL to write all out
  const cv_ctype *whole;           // a type that is written out although it has a name
} writer;

static void put(writer *w, const cv_ctype *type);

static void put_bytes(writer *w, cv_bytes bytes) {
  cv_buf_bytes(w->out, bytes.data, bytes.size);
}

static void put_separator(writer *w, uint32_t index) {
  if (index != 0)
    cv_buf_text(w->out, w->for_people ? ", " : ",");
}

// {a:T,b:U}, or { a: T, b: U }, or { a(T), b(U) }
static void put_parts(writer *w, const char *word, const cv_ctype *type) {
  cv_buf_text(w->out, word);
  cv_buf_text(w->out, w->for_people ? " { " : "{");
  for (uint32_t i = 0; i < type->count; i++) {
    const cv_cfield *field = &type->fields[i];
    bool call = w->for_people && type->kind == CV_CT_VARIANT;
    put_separator(w, i);
    put_bytes(w, field->name);
    if (field->type == NULL)
      continue;
    cv_buf_text(w->out, call ? "(" : w->for_people ? ": " : ":");
    put(w, field->type);
    cv_buf_text(w->out, call ? ")" : "");
  }
  cv_buf_text(w->out, w->for_people ? " }" : "}");
}

// list<T>, tuple<T,U>
static void put_arguments(writer *w, const char *word, const cv_cfield *fields, uint32_t count) {
  cv_buf_text(w->out, word);
  cv_buf_byte(w->out, '<');
  for (uint32_t i = 0; i < count; i++) {
    put_separator(w, i);
    put(w, fields[i].type);
  }
  cv_buf_byte(w->out, '>');
}

// result, result<T>, result<_,E>, result<T,E>
static void put_result(writer *w, const cv_ctype *type) {
  const cv_ctype *ok = type->fields[0].type, *error = type->fields[1].type;
  cv_buf_text(w->out, "result");
  if (ok == NULL && error == NULL)
    return;
  cv_buf_byte(w->out, '<');
  if (ok != NULL)
    put(w, ok);
  else
    cv_buf_byte(w->out, '_');
  if (error != NULL) {
    put_separator(w, 1);
    put(w, error);
  }
  cv_buf_byte(w->out, '>');
}

static void put_handle(writer *w, const cv_ctype *type) {
  const cv_cresource *resource = type->resource;
  const cv_resource_name *name = w->names != NULL ? &w->names[resource->index] : NULL;
  // For people, own<r> is r, as WIT has it.
  bool bare = w->for_people && type->kind == CV_CT_OWN;
  cv_buf_text(w->out, bare ? "" : type->kind == CV_CT_OWN ? "own<" : "borrow<");
  if (name == NULL || name->name.size == 0) {
    put_bytes(w, resource->name.size != 0 ? resource->name : CV_BYTES_LITERAL("resource"));
  } else {
    put_bytes(w, name->interface);
    cv_buf_text(w->out, name->interface.size != 0 ? "/" : "");
    put_bytes(w, name->name);
  }
  cv_buf_text(w->out, bare ? "" : ">");
}

static void put(writer *w, const cv_ctype *type) {
  const char *word = cv_ctype_kind_is_simple(type->kind) ? cv_ctype_kind_text(type->kind) : NULL;
  if (word != NULL) {
    cv_buf_text(w->out, word);
    return;
  }
  if (w->type_names != NULL && type != w->whole) {
    cv_bytes name = cv_type_names_find(w->type_names, type);
    put_bytes(w, name);
    if (name.size != 0)
      return;
  }
  switch ((cv_ctype_kind)type->kind) {
  case CV_CT_RECORD:
    put_parts(w, "record", type);
    break;
  case CV_CT_VARIANT:
    put_parts(w, "variant", type);
    break;
  case CV_CT_FLAGS:
    put_parts(w, "flags", type);
    break;
  case CV_CT_ENUM:
    put_parts(w, "enum", type);
    break;
  case CV_CT_TUPLE:
    put_arguments(w, "tuple", type->fields, type->count);
    break;
  case CV_CT_OPTION:
    put_arguments(w, "option", type->fields + 1, 1);
    break;
  case CV_CT_RESULT:
    put_result(w, type);
    break;
  case CV_CT_LIST:
    put_arguments(w, "list", type->fields, 1);
    break;
  case CV_CT_FIXED_LIST:
    cv_buf_text(w->out, "list<");
    put(w, type->fields[0].type);
    cv_buf_printf(w->out, "%s%u>", w->for_people ? ", " : ",", type->length);
    break;
  case CV_CT_MAP:
    put_arguments(w, "map", type->fields, 2);
    break;
  case CV_CT_STREAM:
  case CV_CT_FUTURE: {
    const char *name = type->kind == CV_CT_STREAM ? "stream" : "future";
    if (type->count != 0 && type->fields[0].type != NULL)
      put_arguments(w, name, type->fields, 1);
    else
      cv_buf_text(w->out, name);
    break;
  }
  default:
    put_handle(w, type);
  }
}

static void put_function(writer *w, const cv_cfunctype *type) {
  cv_buf_text(w->out, type->is_async ? (w->for_people ? "async " : "async") : "");
  cv_buf_text(w->out, w->for_people ? "func(" : "(");
  for (uint32_t i = 0; i < type->param_count; i++) {
    put_separator(w, i);
    if (w->for_people) {
      put_bytes(w, type->params[i].name);
      cv_buf_text(w->out, ": ");
    }
    put(w, type->params[i].type);
  }
  cv_buf_byte(w->out, ')');
  if (type->result != NULL) {
    cv_buf_text(w->out, w->for_people ? " -> " : "->");
    put(w, type->result);
  }
}

void cv_signature_write(cv_buf *out, const cv_cfunctype *type, const cv_resource_name *names) {
  put_function(&(writer){.out = out, .names = names}, type);
}

void cv_cfunctype_print(cv_buf *out, const cv_cfunctype *type) {
  put_function(&(writer){.out = out, .for_people = true}, type);
}

void cv_ctype_print(cv_buf *out, const cv_ctype *type) {
  put(&(writer){.out = out, .for_people = true}, type);
}

void cv_cfunctype_print_named(cv_buf *out, const cv_cfunctype *type, const cv_type_names *names) {
  put_function(&(writer){.out = out, .for_people = true, .type_names = names}, type);
}

void cv_ctype_print_named(cv_buf *out, const cv_ctype *type, const cv_type_names *names, bool whole) {
  put(&(writer){.out = out, .for_people = true, .type_names = names, .whole = whole ? type : NULL}, type);
}

// ---- names of types ----

// Counts on from `n`; writes them when `out` is not NULL.
static uint32_t list_names(const cv_cextern *externs, uint32_t count, uint32_t n, cv_type_name *out) {
  for (uint32_t i = 0; i < count; i++) {
    const cv_cexterntype *e = &externs[i].type;
    if (e->sort == CV_SORT_INSTANCE) {
      n = list_names(e->as.instance->exports, e->as.instance->export_count, n, out);
    } else if (e->sort == CV_SORT_TYPE && e->as.type.kind == CV_DEF_VALUE &&
               !cv_ctype_kind_is_simple(e->as.type.as.value->kind)) {
      if (out != NULL)
        out[n] = (cv_type_name){e->as.type.as.value->traits.origin, n, externs[i].name};
      n++;
    }
  }
  return n;
}

static int by_origin(const void *a, const void *b) {
  const cv_type_name *x = a, *y = b;
  int order = (x->origin > y->origin) - (x->origin < y->origin);
  return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

cv_status cv_type_names_of(const cv_ccomponenttype *type, cv_arena *arena, cv_type_names *out) {
  uint32_t imports = list_names(type->imports, type->import_count, 0, NULL);
  uint32_t count = list_names(type->exports, type->export_count, imports, NULL);
  cv_type_name *list = CV_ARENA_ARRAY(arena, cv_type_name, count + 1u);
  if (list == NULL)
    return CV_ENOMEM;
  (void)list_names(type->imports, type->import_count, 0, list);
  (void)list_names(type->exports, type->export_count, imports, list);
  qsort(list, count, sizeof *list, by_origin);
  *out = (cv_type_names){list, count};
  return CV_OK;
}

cv_bytes cv_type_names_find(const cv_type_names *names, const cv_ctype *type) {
  uint32_t low = 0, high = names->count;
  while (low < high) { // the first that is not below
    uint32_t middle = low + (high - low) / 2;
    if (names->list[middle].origin < type->traits.origin)
      low = middle + 1;
    else
      high = middle;
  }
  bool found = low < names->count && names->list[low].origin == type->traits.origin;
  return found ? names->list[low].name : (cv_bytes){NULL, 0};
}

// ---- names of resources ----

static void name_resources(const cv_cextern *externs, uint32_t count, cv_bytes interface, cv_resource_name *names) {
  for (uint32_t i = 0; i < count; i++) {
    const cv_cextern *e = &externs[i];
    if (e->type.sort == CV_SORT_TYPE && e->type.as.type.kind == CV_DEF_RESOURCE) {
      cv_resource_name *to = &names[e->type.as.type.as.resource->index];
      if (to->name.size == 0) // the first to bring it has introduced it
        *to = (cv_resource_name){interface, e->name};
    } else if (e->type.sort == CV_SORT_INSTANCE) {
      cv_bytes base, version;
      cv_cname_split(e->name, &base, &version);
      name_resources(e->type.as.instance->exports, e->type.as.instance->export_count, base, names);
    }
  }
}

cv_resource_name *cv_resource_names(const cv_component *component, cv_arena *arena) {
  cv_resource_name *names = CV_ARENA_ARRAY(arena, cv_resource_name, component->resource_count + 1u);
  if (names != NULL) {
    const cv_ccomponenttype *type = &component->type;
    name_resources(type->imports, type->import_count, (cv_bytes){0}, names);
    name_resources(type->exports, type->export_count, (cv_bytes){0}, names);
  }
  return names;
}
