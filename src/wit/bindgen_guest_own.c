// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindgen_guest_own.c: what values own in a guest's bindings: functions that free them, and those of resources.
//
// A type T that owns memory or handles gets T_free, which frees everything; one that owns both gets T_free_memory too,
// for values whose handles were given away.
#include "wit/gen_guest.h"

#include <stdio.h>

#define PRINT cv_buf_printf

static unsigned owns_def(const cv_gen *g, const cv_wit_typedef *def) {
  unsigned owned = 0;
  for (const cv_wit_part *part = def->kind == CV_WIT_RECORD || def->kind == CV_WIT_VARIANT ? def->parts : NULL; part;
       part = part->next)
    owned |= cv_guest_owns(g, part->type);
  return owned;
}

unsigned cv_guest_owns(const cv_gen *g, const cv_wit_type *given) {
  if (!given || given->is_absent)
    return 0;
  const cv_wit_type *type = cv_gen_behind_alias(given);
  unsigned owned = 0;
  if (type->kind == CV_CT_STRING || type->kind == CV_CT_LIST || type->kind == CV_CT_MAP)
    owned = CV_GUEST_MEMORY;
  if (type->kind == CV_WIT_NAMED)
    return owns_def(g, cv_wit_definition(type->def));
  if (cv_gen_is_handle(type))
    return type->kind == CV_CT_BORROW && cv_gen_is_own_resource(g, type->def) ? 0 : CV_GUEST_HANDLES;
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    owned |= cv_guest_owns(g, part);
  return owned;
}

static void find_handles(const cv_gen *g, const cv_wit_type *given, bool *own, bool *borrow, bool *rep) {
  if (!given || given->is_absent)
    return;
  const cv_wit_type *type = cv_gen_behind_alias(given);
  const cv_wit_typedef *def = type->kind == CV_WIT_NAMED ? cv_wit_definition(type->def) : NULL;
  *own |= type->kind == CV_CT_OWN;
  if (type->kind == CV_CT_BORROW)
    *(cv_gen_is_own_resource(g, type->def) ? rep : borrow) = true;
  for (const cv_wit_part *part = def ? def->parts : NULL; part; part = part->next)
    find_handles(g, part->type, own, borrow, rep);
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    find_handles(g, part, own, borrow, rep);
}

const char *cv_guest_handle_note(const cv_gen *g, const cv_wit_type *type, bool is_export) {
  bool own = false, borrow = false, rep = false;
  find_handles(g, type, &own, &borrow, &rep);
  // What comes to an export is dropped there; what stands for its own resource is no handle.
  if (borrow && is_export)
    return own ? "/* own and borrow: drop the latter */ " : "/* borrow: drop it */ ";
  return own && (borrow || rep) ? "/* own and borrow */ " : own ? "/* own */ " : borrow || rep ? "/* borrow */ " : "";
}

const char *cv_guest_helper(cv_gen *g, const char *cname, const char *suffix) {
  return cv_gen_unique(g, cv_gen_join(g, cv_gen_join(g, "helper:", cname), suffix), cv_gen_join(g, cname, suffix));
}

void cv_guest_put_free(cv_gen *g, const cv_wit_type *given, const char *at, bool only_memory, unsigned indent,
                       cv_buf *out) {
  unsigned owned = cv_guest_owns(g, given);
  if ((owned & (only_memory ? CV_GUEST_MEMORY : CV_GUEST_MEMORY | CV_GUEST_HANDLES)) == 0)
    return;
  const cv_wit_type *type = cv_gen_behind_alias(given);
  const char *address = at[0] == '*' ? at + 1 : cv_gen_join(g, "&", at);
  PRINT(out, "%*s", (int)indent, "");
  if (type->kind == CV_CT_STRING)
    PRINT(out, "cove_string_free(%s);\n", address);
  else if (cv_gen_is_handle(type))
    PRINT(out, "%s(%s);\n", cv_guest_helper(g, cv_gen_def_name(g, type->def).text, "_drop"), at);
  else
    PRINT(out, "%s(%s);\n",
          cv_guest_helper(g, cv_gen_c_type(g, type).text,
                          only_memory && (owned & CV_GUEST_HANDLES) ? "_free_memory" : "_free"),
          address);
}

// One case of a variant, an option or a result: freed when `condition` holds.
static void put_free_case(cv_gen *g, const cv_wit_type *type, const char *condition, const char *at, bool only_memory,
                          cv_buf *out) {
  cv_buf inner;
  cv_buf_init(&inner, g->mem);
  cv_guest_put_free(g, type, at, only_memory, 4, &inner);
  if (inner.size)
    PRINT(out, "  if (%s)\n", condition);
  cv_buf_bytes(out, inner.data, inner.size);
  out->failed |= inner.failed;
  cv_buf_free(&inner);
}

static void put_free_def(cv_gen *g, const cv_wit_typedef *def, bool only_memory, cv_buf *out) {
  uint32_t number = 0;
  if (def->kind == CV_WIT_ALIAS)
    cv_guest_put_free(g, def->type, "*x", only_memory, 2, out);
  for (const cv_wit_part *part = def->parts; part; part = part->next, number++) {
    const char *name = cv_gen_member_name(g, part->head.name).text;
    if (def->kind == CV_WIT_RECORD)
      cv_guest_put_free(g, part->type, cv_gen_join(g, "x->", name), only_memory, 2, out);
    else
      put_free_case(g, part->type, cv_guest_text(g, "x->tag == %u", number), cv_gen_join(g, "x->as.", name),
                    only_memory, out);
  }
}

static void put_free_parts(cv_gen *g, const cv_wit_type *type, bool only_memory, cv_buf *out) {
  const cv_wit_type *part = type->parts;
  cv_buf inner;
  uint32_t i = 0;
  switch (type->kind) {
  case CV_CT_LIST:
  case CV_CT_MAP:
  case CV_CT_FIXED_LIST: {
    bool is_fixed = type->kind == CV_CT_FIXED_LIST;
    cv_buf_init(&inner, g->mem);
    cv_guest_put_free(g, cv_gen_element(g, type), is_fixed ? "x->items[i]" : "x->data[i]", only_memory, 4, &inner);
    if (inner.size && !is_fixed)
      PRINT(out, "  for (size_t i = 0; i < x->count; i++)\n");
    else if (inner.size)
      PRINT(out, "  for (size_t i = 0; i < %u; i++)\n", type->length);
    cv_buf_bytes(out, inner.data, inner.size);
    out->failed |= inner.failed;
    cv_buf_free(&inner);
    if (!is_fixed)
      PRINT(out, "  if (x->count != 0)\n    free(x->data);\n");
    return;
  }
  case CV_CT_OPTION:
    put_free_case(g, part, "x->has", "x->value", only_memory, out);
    return;
  case CV_CT_RESULT:
    put_free_case(g, part, "!x->is_error", "x->as.ok", only_memory, out);
    if (part)
      put_free_case(g, part->next, "x->is_error", "x->as.error", only_memory, out);
    return;
  default:
    for (; part; part = part->next)
      cv_guest_put_free(g, part, cv_guest_text(g, "x->f%u", i++), only_memory, 2, out);
  }
}

static void put_free_function(cv_gen *g, const cv_wit_typedef *def, const cv_wit_type *type, const char *cname,
                              bool only_memory) {
  const char *name = cv_guest_helper(g, cname, only_memory ? "_free_memory" : "_free");
  PRINT(g->types, "void %s(%s *x);\n", name, cname);
  PRINT(&g->steps, "COVE_WEAK void %s(%s *x) {\n", name, cname);
  if (def)
    put_free_def(g, def, only_memory, &g->steps);
  else
    put_free_parts(g, type, only_memory, &g->steps);
  cv_buf_text(&g->steps, "}\n\n");
}

// "ns:pkg/iface", of a resource that the guest defines "[export]ns:pkg/iface": the module of a resource's functions. An
// interface that is there twice has two resources, which one type in C cannot tell apart.
static cv_status module_of(cv_gen *g, const cv_wit_typedef *resource, const char **out) {
  bool is_own = cv_gen_is_own_resource(g, resource);
  *out = NULL;
  if (!resource->interface)
    *out = "$root";
  for (const cv_wit_item *item = is_own ? g->world->exports : g->world->imports; item; item = item->next) {
    if (!item->interface || item->interface != resource->interface)
      continue;
    if (*out)
      return cv_fail(g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                     "unsupported: one interface with resources under two names in guest bindings: `%s` and `%s`", *out,
                     cv_gen_label_of_item(g, item));
    *out = cv_gen_label_of_item(g, item);
  }
  if (*out && is_own)
    *out = cv_gen_join(g, "[export]", *out);
  return *out ? CV_OK : cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET, "a resource is of no interface of the world");
}

// A built-in function of a resource: declared as it is imported.
static void put_builtin(cv_gen *g, const cv_wit_typedef *resource, const char *module, const char *which,
                        const char *cname, const char *result) {
  PRINT(&g->tables, "COVE_IMPORT(\"%s\", \"[resource-%s]%.*s\")\n%s cove_import_%s_%s(int32_t);\n\n", module, which,
        CV_BYTES_ARG(resource->head.name), result, cname, which);
}

static void put_own_resource(cv_gen *g, const cv_wit_typedef *def, const char *module, const char *cname) {
  const char *rep = cv_gen_rep_name(g, def), *from = cv_guest_helper(g, cname, "_from_rep"),
             *to = cv_guest_helper(g, cname, "_to_rep"), *drop = cv_guest_helper(g, cname, "_drop"),
             *destroy = cv_guest_helper(g, cname, "_destroy");
  const char *interface = strchr(module, ']'); // the module is empty when memory ran out
  interface = interface != NULL ? interface + 1 : module;
  PRINT(g->types,
        "// What such a resource is here: yours to define.\ntypedef struct %s %s;\n"
        "// An owned handle for it.\n/* own */ %s %s(%s *rep);\n// What a handle stands for.\n%s *%s(%s self);\n"
        "// Gives the handle up; this calls %s.\nvoid %s(%s self);\n"
        "// Yours to write: the owned handle is gone.\nvoid %s(%s *rep);\n\n",
        rep, rep, cname, from, rep, rep, to, cname, destroy, drop, cname, destroy, rep);
  put_builtin(g, def, module, "new", cname, "int32_t");
  put_builtin(g, def, module, "rep", cname, "int32_t");
  PRINT(&g->steps,
        "COVE_WEAK %s %s(%s *rep) {\n  return (%s){cove_import_%s_new((int32_t)rep)};\n}\n\n"
        "COVE_WEAK %s *%s(%s self) {\n  return (void *)cove_import_%s_rep(self.handle);\n}\n\n",
        cname, from, rep, cname, cname, rep, to, cname, cname);
  PRINT(&g->calls,
        "COVE_EXPORT(\"%s#[dtor]%.*s\")\nvoid cove_lift_%s_dtor(%s *rep);\n\n"
        "void cove_lift_%s_dtor(%s *rep) {\n  %s(rep);\n}\n\n",
        interface, CV_BYTES_ARG(def->head.name), cname, rep, cname, rep, destroy);
}

static cv_status put_resource(cv_gen *g, const cv_wit_typedef *def, const char *cname) {
  const char *module, *drop = cv_guest_helper(g, cname, "_drop");
  CV_TRY(module_of(g, def, &module));
  put_builtin(g, def, module, "drop", cname, "void");
  PRINT(&g->steps, "COVE_WEAK void %s(%s self) {\n  cove_import_%s_drop(self.handle);\n}\n\n", drop, cname, cname);
  if (cv_gen_is_own_resource(g, def))
    put_own_resource(g, def, module, cname);
  else
    PRINT(g->types, "// Gives the handle up, owned or borrowed.\nvoid %s(%s self);\n\n", drop, cname);
  return CV_OK;
}

// A structure has the layout that values in memory have.
static void put_check(cv_gen *g, cv_wit_layout layout, const char *cname) {
  PRINT(&g->tables, "_Static_assert(sizeof(%s) == %u && _Alignof(%s) == %u, \"layout\");\n", cname, layout.size, cname,
        layout.align);
}

static void put_checks(cv_gen *g, const cv_wit_typedef *def, const cv_wit_type *type, const char *cname) {
  cv_wit_layout layout = def ? cv_wit_layout_of_def(def) : cv_wit_layout_of(type);
  if (def && def->kind == CV_WIT_ALIAS)
    return;
  put_check(g, layout, cname);
  const char *payload = NULL;
  if (def)
    payload = def->kind == CV_WIT_VARIANT && cv_gen_has_payload(def->parts) ? "as" : NULL;
  else if (type->kind == CV_CT_OPTION)
    payload = "value";
  else if (type->kind == CV_CT_RESULT && layout.flat > 1)
    payload = "as";
  if (payload)
    PRINT(&g->tables, "_Static_assert(offsetof(%s, %s) == %u, \"layout\");\n", cname, payload, layout.payload);
}

cv_status cv_guest_after_type(cv_gen *g, const cv_wit_typedef *def, const cv_wit_type *type, const char *cname) {
  put_checks(g, def, type, cname);
  if (def && def->kind == CV_WIT_RESOURCE)
    return put_resource(g, def, cname);
  if (def && def->kind == CV_WIT_ALIAS && cv_gen_is_handle(cv_gen_behind_alias(def->type)))
    return CV_OK;
  unsigned owned =
      def ? def->kind == CV_WIT_ALIAS ? cv_guest_owns(g, def->type) : owns_def(g, def) : cv_guest_owns(g, type);
  if (owned == 0)
    return CV_OK;
  put_free_function(g, def, type, cname, false);
  if (owned == (CV_GUEST_MEMORY | CV_GUEST_HANDLES))
    put_free_function(g, def, type, cname, true);
  cv_buf_byte(g->types, '\n');
  return CV_OK;
}
