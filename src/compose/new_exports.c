// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// new_exports.c: functions of units as exports of the component.
#include "compose/modules.h"
#include "compose/new.h"

#include "component/component.h"

// The function is there, with the type that the world gives it.
static cv_status check_lifted(cv_new_builder *b, const cv_new_unit *u, const cv_wit_func *func, cv_bytes core_name) {
  cv_new_signature wanted;
  const cv_export *export = cv_new_export_named(u->module, core_name);
  if (!export || export->kind != CV_EXTERN_FUNC)
    return CV_NEW_FAIL(b,
                       "%s does not export a function `%.*s`, which its world `%.*s` exports: it is to be written, or "
                       "another world to be named (--world)",
                       cv_new_unit_title(u), CV_BYTES_ARG(core_name), CV_BYTES_ARG(u->world->head.name));
  cv_new_signature_of(func, true, &wanted);
  return cv_new_check_export(b, u, export, &wanted.type, "for its world", CV_NEW_OTHER_BINDINGS);
}

// The function that frees what a result points to, when there is one: it gets the core result.
static cv_status post_return(cv_new_builder *b, const cv_new_unit *u, const cv_wit_func *func, cv_bytes core_name,
                             uint32_t *index) {
  cv_buf buf;
  cv_new_signature lifted;
  cv_buf_init(&buf, b->mem);
  cv_buf_printf(&buf, "cabi_post_%.*s", CV_BYTES_ARG(core_name));
  const cv_export *export = cv_new_export_named(u->module, cv_new_text_of(b, &buf));
  if (!export || export->kind != CV_EXTERN_FUNC)
    return CV_OK;
  cv_new_signature_of(func, true, &lifted);
  const cv_functype wanted = {.param_count = lifted.type.result_count, .types = cv_functype_results(&lifted.type)};
  CV_TRY(cv_new_check_export(b, u, export, &wanted, "for its world", CV_NEW_OTHER_BINDINGS));
  *index = cv_new_alias_core_func(b, u->core_instance, export->name);
  return CV_OK;
}

// (canon lift core-func (memory m) (realloc f) (post-return f))
static cv_status lift(cv_new_builder *b, const cv_new_unit *u, const cv_wit_func *func, cv_bytes core_name,
                      uint32_t *index) {
  cv_buf item;
  uint32_t type, core, realloc = CV_NO_INDEX, post = CV_NO_INDEX;
  cv_new_needs needs = cv_new_needs_of(func);
  CV_TRY(check_lifted(b, u, func, core_name));
  if (needs.memory)
    CV_TRY(cv_new_need_memory(b, u, "exports", core_name));
  CV_TRY(cv_wit_encode_func(&b->e, func, &type));
  core = cv_new_alias_core_func(b, u->core_instance, core_name);
  if (needs.param_pointers || needs.spills) {
    realloc = cv_new_realloc_of(b, u, "cabi_export_realloc");
    if (realloc == CV_NO_INDEX)
      return CV_NEW_FAIL(b, "%s exports `%.*s`, which takes values in memory: export \"cabi_realloc\"",
                         cv_new_unit_title(u), CV_BYTES_ARG(core_name));
  }
  CV_TRY(post_return(b, u, func, core_name, &post));
  cv_buf_init(&item, b->mem);
  cv_buf_byte(&item, 0x00);
  cv_buf_byte(&item, 0x00);
  cv_buf_uleb(&item, core);
  cv_buf_uleb(&item, needs.memory + (realloc != CV_NO_INDEX) + (post != CV_NO_INDEX));
  if (needs.memory) {
    cv_buf_byte(&item, 0x03);
    cv_buf_uleb(&item, u->memory);
  }
  if (realloc != CV_NO_INDEX) {
    cv_buf_byte(&item, 0x04);
    cv_buf_uleb(&item, realloc);
  }
  if (post != CV_NO_INDEX) {
    cv_buf_byte(&item, 0x05);
    cv_buf_uleb(&item, post);
  }
  cv_buf_uleb(&item, type);
  cv_new_add_item(b, CV_CSECT_CANON, &item);
  *index = b->e.counts[CV_CS_FUNC]++;
  return CV_OK;
}

static void put_export(cv_new_builder *b, const cv_wit_item *item, uint8_t sort, uint32_t index) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_wit_encode_name(&out, cv_new_item_name(b, item), item->head.external_id);
  cv_buf_byte(&out, sort);
  cv_buf_uleb(&out, index);
  cv_buf_byte(&out, 0x00);
  cv_new_add_item(b, CV_CSECT_EXPORT, &out);
}

// Types of an exported interface as the component knows them before the export.
static cv_status bind_export_types(cv_new_builder *b, const cv_wit_interface *interface) {
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    uint32_t index;
    if (def->kind == CV_WIT_USE)
      CV_TRY(cv_new_imported_type(b, def->target, &index));
    else if (def->kind == CV_WIT_RESOURCE)
      index = cv_new_own_type(b, def);
    else
      CV_TRY(cv_wit_encode_def(&b->e, def, &index));
    cv_wit_encode_bind(&b->e, def, index);
  }
  return CV_OK;
}

// What an exported interface's instance is made from: each type and function goes in under a name and comes out under
// its own, so that functions speak of the types as exported.
typedef struct passage {
  cv_wit_encoder inner;
  cv_buf args;
  uint32_t arg_count;
} passage;

// An import of the inner component and the argument for it, without its type. The number keeps names apart that are
// made of several, and those of types of other interfaces: "import-method-r-f-3".
static void pass_arg(cv_new_builder *b, passage *p, const char *prefix, cv_bytes name, uint8_t sort, uint32_t index,
                     cv_buf *item) {
  cv_buf unique;
  cv_buf_init(&unique, b->mem);
  cv_buf_printf(&unique, "%s%.*s-%u", prefix, CV_BYTES_ARG(name), p->arg_count++);
  cv_bytes text = cv_new_text_of(b, &unique);
  cv_compose_put_name(&p->args, text);
  cv_buf_byte(&p->args, sort);
  cv_buf_uleb(&p->args, index);
  cv_buf_byte(item, 0x00);
  cv_compose_put_name(item, text);
  cv_buf_byte(item, sort);
}

// (import "import-type-NAME" (type (eq index))) or (sub resource), and what is given for it.
static void pass_type(cv_new_builder *b, passage *p, cv_bytes name, bool is_resource, uint32_t index, uint32_t outer,
                      const cv_wit_typedef *def) {
  cv_buf item;
  cv_buf_init(&item, b->mem);
  pass_arg(b, p, "import-type-", name, CV_NEW_SORT_TYPE, outer, &item);
  cv_buf_byte(&item, is_resource);
  if (!is_resource)
    cv_buf_uleb(&item, index);
  cv_wit_encode_item(&p->inner, CV_CSECT_IMPORT, 0, &item);
  cv_buf_free(&item);
  cv_wit_encode_bind(&p->inner, def, p->inner.counts[CV_CS_TYPE]++);
}

static cv_status pass_foreign(cv_new_builder *b, passage *p, const cv_wit_typedef *def);

static cv_status pass_foreign_refs(cv_new_builder *b, passage *p, const cv_wit_type *type) {
  if (type->local)
    CV_TRY(pass_foreign(b, p, type->local));
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    if (!part->is_absent)
      CV_TRY(pass_foreign_refs(b, p, part));
  return CV_OK;
}

// A type of another interface: itself and what it is made of.
static cv_status pass_foreign(cv_new_builder *b, passage *p, const cv_wit_typedef *def) {
  uint32_t index = 0, outer;
  if (cv_wit_encode_lookup(&p->inner, def, &index))
    return CV_OK;
  if (def->kind == CV_WIT_USE) {
    CV_TRY(pass_foreign(b, p, def->target));
    if (!cv_wit_encode_lookup(&p->inner, def->target, &index))
      return cv_new_no_memory(b);
    cv_wit_encode_bind(&p->inner, def, index);
    return CV_OK;
  }
  CV_TRY(cv_new_imported_type(b, def, &outer));
  if (def->type)
    CV_TRY(pass_foreign_refs(b, p, def->type));
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    if (part->type)
      CV_TRY(pass_foreign_refs(b, p, part->type));
  if (def->kind != CV_WIT_RESOURCE)
    CV_TRY(cv_wit_encode_def(&p->inner, def, &index));
  pass_type(b, p, def->head.name, def->kind == CV_WIT_RESOURCE, index, outer, def);
  return CV_OK;
}

static cv_status pass_types(cv_new_builder *b, passage *p, const cv_wit_interface *interface) {
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    uint32_t index = 0, outer;
    if (!cv_wit_encode_lookup(&b->e, def, &outer))
      return cv_new_no_memory(b);
    if (def->kind == CV_WIT_USE) {
      CV_TRY(pass_foreign(b, p, def));
    } else if (def->kind == CV_WIT_ALIAS && cv_wit_definition(def)->kind == CV_WIT_RESOURCE) {
      // Another name of a resource is the same type.
      CV_TRY(cv_wit_encode_def(&p->inner, def, &index));
      cv_wit_encode_bind(&p->inner, def, index);
    } else {
      if (def->kind != CV_WIT_RESOURCE)
        CV_TRY(cv_wit_encode_def(&p->inner, def, &index));
      pass_type(b, p, def->head.name, def->kind == CV_WIT_RESOURCE, index, outer, def);
    }
  }
  return CV_OK;
}

typedef cv_status func_visitor(cv_new_builder *b, passage *p, const cv_new_unit *u, const cv_wit_item *item,
                               const cv_wit_func *func, uint32_t number);

static cv_status each_func(cv_new_builder *b, passage *p, const cv_new_unit *u, const cv_wit_item *item,
                           func_visitor *visit) {
  uint32_t number = 0;
  for (const cv_wit_typedef *def = item->interface->types; def; def = def->next)
    for (const cv_wit_func *func = def->funcs; func; func = func->next)
      CV_TRY(visit(b, p, u, item, func, number++));
  for (const cv_wit_func *func = item->interface->funcs; func; func = func->next)
    CV_TRY(visit(b, p, u, item, func, number++));
  return CV_OK;
}

static const char *passage_prefix(const cv_wit_func *func) {
  static const char *const prefixes[] = {[CV_WIT_FREE] = "import-func-",
                                         [CV_WIT_METHOD] = "import-method-",
                                         [CV_WIT_STATIC] = "import-static-",
                                         [CV_WIT_CONSTRUCTOR] = "import-constructor-"};
  return prefixes[func->kind];
}

// A plain name: "import-method-r-f".
static cv_bytes passage_name(cv_new_builder *b, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  if (func->resource)
    cv_buf_bytes(&out, func->resource->head.name.data, func->resource->head.name.size);
  if (func->resource && func->kind != CV_WIT_CONSTRUCTOR)
    cv_buf_byte(&out, '-');
  if (func->kind != CV_WIT_CONSTRUCTOR)
    cv_buf_bytes(&out, func->head.name.data, func->head.name.size);
  return cv_new_text_of(b, &out);
}

// Lifts it outside, and imports it inside.
static cv_status pass_func(cv_new_builder *b, passage *p, const cv_new_unit *u, const cv_wit_item *item,
                           const cv_wit_func *func, uint32_t number) {
  cv_buf name, out;
  uint32_t lifted, type;
  (void)number;
  cv_buf_init(&name, b->mem);
  cv_wit_item_name(item, &name);
  cv_buf_byte(&name, '#');
  cv_wit_func_label(func, &name);
  CV_TRY(lift(b, u, func, cv_new_text_of(b, &name), &lifted));
  CV_TRY(cv_wit_encode_func(&p->inner, func, &type));
  cv_buf_init(&out, b->mem);
  pass_arg(b, p, passage_prefix(func), passage_name(b, func), CV_NEW_SORT_FUNC, lifted, &out);
  cv_buf_uleb(&out, type);
  cv_wit_encode_item(&p->inner, CV_CSECT_IMPORT, 0, &out);
  cv_buf_free(&out);
  p->inner.counts[CV_CS_FUNC]++;
  return CV_OK;
}

static cv_status pass_out_types(cv_new_builder *b, passage *p, const cv_wit_interface *interface) {
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    uint32_t index;
    cv_buf item;
    // Written again, of what was exported before it: the types that came in have no name outside.
    if (def->kind != CV_WIT_RESOURCE && def->kind != CV_WIT_USE && cv_wit_definition(def)->kind != CV_WIT_RESOURCE)
      CV_TRY(cv_wit_encode_def(&p->inner, def, &index));
    else if (!cv_wit_encode_lookup(&p->inner, def, &index))
      return cv_new_no_memory(b);
    cv_buf_init(&item, b->mem);
    cv_wit_encode_name(&item, def->head.name, def->head.external_id);
    cv_buf_byte(&item, CV_NEW_SORT_TYPE);
    cv_buf_uleb(&item, index);
    cv_buf_byte(&item, 0x00);
    cv_wit_encode_item(&p->inner, CV_CSECT_EXPORT, 0, &item);
    cv_buf_free(&item);
    cv_wit_encode_bind(&p->inner, def, p->inner.counts[CV_CS_TYPE]++);
  }
  return CV_OK;
}

static cv_status pass_out_func(cv_new_builder *b, passage *p, const cv_new_unit *u, const cv_wit_item *item,
                               const cv_wit_func *func, uint32_t number) {
  cv_buf out;
  uint32_t type;
  (void)u;
  (void)item;
  CV_TRY(cv_wit_encode_func(&p->inner, func, &type));
  cv_buf_init(&out, b->mem);
  cv_wit_encode_name(&out, cv_new_func_label(b, func), func->head.external_id);
  cv_buf_byte(&out, CV_NEW_SORT_FUNC);
  cv_buf_uleb(&out, number);
  cv_buf_byte(&out, 0x01);
  cv_buf_byte(&out, CV_NEW_SORT_FUNC);
  cv_buf_uleb(&out, type);
  cv_wit_encode_item(&p->inner, CV_CSECT_EXPORT, 0, &out);
  cv_buf_free(&out);
  p->inner.counts[CV_CS_FUNC]++;
  return CV_OK;
}

static cv_status fill_passage(cv_new_builder *b, passage *p, const cv_new_unit *u, const cv_wit_item *item) {
  CV_TRY(bind_export_types(b, item->interface));
  CV_TRY(pass_types(b, p, item->interface));
  CV_TRY(each_func(b, p, u, item, pass_func));
  CV_TRY(pass_out_types(b, p, item->interface));
  return each_func(b, p, u, item, pass_out_func);
}

static cv_status export_interface(cv_new_builder *b, const cv_new_unit *u, const cv_wit_item *item) {
  static const uint8_t preamble[] = {0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};
  passage p = {.arg_count = 0};
  cv_wit_encoder_init(&p.inner, CV_WIT_SCOPE_COMPONENT, b->mem, &b->arena, b->diag);
  cv_buf_init(&p.args, b->mem);
  cv_buf_bytes(&p.inner.body, preamble, sizeof preamble);
  cv_status status = fill_passage(b, &p, u, item);
  if (status == CV_OK) {
    cv_buf out;
    cv_wit_encode_flush(&p.inner);
    b->e.body.failed |= p.inner.body.failed | p.args.failed;
    cv_new_add_binary(b, CV_CSECT_COMPONENT, (cv_bytes){p.inner.body.data, p.inner.body.size});
    cv_buf_init(&out, b->mem);
    cv_buf_byte(&out, 0x00);
    cv_buf_uleb(&out, b->e.counts[CV_CS_COMPONENT]++);
    cv_buf_uleb(&out, p.arg_count);
    cv_buf_bytes(&out, p.args.data, p.args.size);
    cv_new_add_item(b, CV_CSECT_INSTANCE, &out);
    put_export(b, item, CV_NEW_SORT_INSTANCE, b->e.counts[CV_CS_INSTANCE]++);
    // The export is an instance of its own, with types that later exports use.
    b->e.counts[CV_CS_INSTANCE]++;
    status = cv_wit_encode_exported(&b->e, item->interface);
  }
  cv_buf_free(&p.args);
  cv_wit_encoder_free(&p.inner);
  return status;
}

cv_status cv_new_put_exports(cv_new_builder *b) {
  for (const cv_wit_item *item = b->exports; item; item = item->next) {
    const cv_new_unit *u = cv_new_owner_of(b, item);
    uint32_t index;
    if (item->interface) {
      CV_TRY(export_interface(b, u, item));
    } else {
      CV_TRY(lift(b, u, item->func, cv_new_func_label(b, item->func), &index));
      put_export(b, item, CV_NEW_SORT_FUNC, index);
      b->e.counts[CV_CS_FUNC]++;
    }
  }
  return CV_OK;
}
