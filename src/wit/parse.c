// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse.c: interfaces, worlds, packages: see parse.h.
#include "wit/parse.h"

#include "base/utf8.h"

// ---- interfaces ----------------------------------------------------------------------------------------------------

static cv_status read_methods(cv_wit_parser *p, cv_wit_typedef *resource) {
  cv_wit_func **last = &resource->funcs;
  while (!cv_wit_accept_punct(p, '}')) {
    cv_wit_head head;
    cv_wit_func *func;
    CV_TRY(cv_wit_read_head(p, &head));
    CV_TRY(cv_wit_new_func(p, &head, last, &func));
    last = &func->next;
    func->resource = resource;
    if (cv_wit_accept_word(p, "constructor")) {
      func->kind = CV_WIT_CONSTRUCTOR;
      CV_TRY(cv_wit_expect_punct(p, '('));
      CV_TRY(cv_wit_read_parts(p, CV_WIT_PART_TYPED, ')', &func->params));
      if (p->lex.token.kind == CV_WT_ARROW) {
        cv_wit_next(&p->lex);
        CV_TRY(cv_wit_read_type(p, &func->result));
      }
    } else {
      CV_TRY(cv_wit_read_id(p, &func->head.name));
      CV_TRY(cv_wit_expect_punct(p, ':'));
      func->kind = cv_wit_accept_word(p, "static") ? CV_WIT_STATIC : CV_WIT_METHOD;
      CV_TRY(cv_wit_read_func_type(p, func));
    }
    CV_TRY(cv_wit_expect_punct(p, ';'));
  }
  return CV_OK;
}

// One `use path.{a, b as c};`: a typedef for each name.
static cv_status read_use(cv_wit_parser *p, const cv_wit_head *head, cv_wit_typedef ***last) {
  cv_wit_path path;
  CV_TRY(cv_wit_read_path(p, &path));
  CV_TRY(cv_wit_expect_punct(p, '.'));
  CV_TRY(cv_wit_expect_punct(p, '{'));
  do {
    if (cv_wit_at_punct(p, '}'))
      break;
    cv_wit_typedef *def = **last = CV_WIT_NEW(p, cv_wit_typedef);
    if (!def)
      return cv_wit_parse_no_memory(p);
    def->kind = CV_WIT_USE;
    def->head = *head;
    def->head.place = cv_wit_here(p);
    def->path = path;
    CV_TRY(cv_wit_read_id(p, &def->source));
    def->head.name = def->source;
    if (cv_wit_accept_word(p, "as"))
      CV_TRY(cv_wit_read_id(p, &def->head.name));
    *last = &def->next;
  } while (cv_wit_accept_punct(p, ','));
  CV_TRY(cv_wit_expect_punct(p, '}'));
  return cv_wit_expect_punct(p, ';');
}

static cv_status read_typedef_body(cv_wit_parser *p, cv_wit_typedef *def) {
  def->head.place = cv_wit_here(p);
  CV_TRY(cv_wit_read_id(p, &def->head.name));
  switch (def->kind) {
  case CV_WIT_ALIAS:
    CV_TRY(cv_wit_expect_punct(p, '='));
    CV_TRY(cv_wit_read_type(p, &def->type));
    return cv_wit_expect_punct(p, ';');
  case CV_WIT_RESOURCE:
    if (cv_wit_accept_punct(p, ';'))
      return CV_OK;
    CV_TRY(cv_wit_expect_punct(p, '{'));
    return read_methods(p, def);
  case CV_WIT_RECORD:
  case CV_WIT_VARIANT:
  case CV_WIT_ENUM:
  case CV_WIT_FLAGS:
  case CV_WIT_USE:
    break;
  }
  CV_TRY(cv_wit_expect_punct(p, '{'));
  cv_wit_part_form form = def->kind == CV_WIT_RECORD    ? CV_WIT_PART_TYPED
                          : def->kind == CV_WIT_VARIANT ? CV_WIT_PART_CASE
                                                        : CV_WIT_PART_BARE;
  return cv_wit_read_parts(p, form, '}', &def->parts);
}

// A type definition or a `use`, when the current word begins one: *found.
static cv_status read_typedef(cv_wit_parser *p, const cv_wit_head *head, cv_wit_typedef ***last, bool *found) {
  static const struct {
    const char *word;
    cv_wit_typedef_kind kind;
  } forms[] = {
      {"type", CV_WIT_ALIAS}, {"record", CV_WIT_RECORD}, {"variant", CV_WIT_VARIANT},
      {"enum", CV_WIT_ENUM},  {"flags", CV_WIT_FLAGS},   {"resource", CV_WIT_RESOURCE},
  };
  *found = true;
  if (cv_wit_accept_word(p, "use"))
    return read_use(p, head, last);
  for (size_t i = 0; i < CV_COUNT(forms); i++)
    if (cv_wit_accept_word(p, forms[i].word)) {
      cv_wit_typedef *def = **last = CV_WIT_NEW(p, cv_wit_typedef);
      if (!def)
        return cv_wit_parse_no_memory(p);
      *last = &def->next;
      def->kind = forms[i].kind;
      def->head = *head;
      return read_typedef_body(p, def);
    }
  *found = false;
  return CV_OK;
}

// The items between braces; the opening one is passed.
static cv_status read_interface_body(cv_wit_parser *p, cv_wit_interface *interface) {
  cv_wit_typedef **last_type = &interface->types;
  cv_wit_func **last_func = &interface->funcs;
  while (!cv_wit_accept_punct(p, '}')) {
    cv_wit_head head;
    bool found;
    CV_TRY(cv_wit_read_head(p, &head));
    CV_TRY(read_typedef(p, &head, &last_type, &found));
    if (found)
      continue;
    cv_wit_func *func;
    CV_TRY(cv_wit_new_func(p, &head, last_func, &func));
    last_func = &func->next;
    CV_TRY(cv_wit_read_id(p, &func->head.name));
    CV_TRY(cv_wit_expect_punct(p, ':'));
    CV_TRY(cv_wit_read_func_type(p, func));
    CV_TRY(cv_wit_expect_punct(p, ';'));
  }
  for (cv_wit_typedef *def = interface->types; def; def = def->next)
    def->interface = interface;
  return CV_OK;
}

static cv_wit_interface *new_interface(cv_wit_parser *p, const cv_wit_head *head) {
  cv_wit_interface *interface = CV_WIT_NEW(p, cv_wit_interface);
  if (interface) {
    interface->head = *head;
    interface->package = p->package;
    interface->file = p->file;
  }
  return interface;
}

// ---- worlds --------------------------------------------------------------------------------------------------------

// label ':' func-type ';' | label ':' 'interface' '{' ... '}'; the colon is passed.
static cv_status read_inline_item(cv_wit_parser *p, cv_wit_item *item) {
  if (cv_wit_accept_word(p, "interface")) {
    item->kind = CV_WIT_ITEM_INLINE;
    item->interface = new_interface(p, &item->head);
    if (!item->interface)
      return cv_wit_parse_no_memory(p);
    item->interface->is_inline = true;
    CV_TRY(cv_wit_expect_punct(p, '{'));
    return read_interface_body(p, item->interface);
  }
  item->kind = CV_WIT_ITEM_FUNC;
  item->func = CV_WIT_NEW(p, cv_wit_func);
  if (!item->func)
    return cv_wit_parse_no_memory(p);
  item->func->head = item->head;
  CV_TRY(cv_wit_read_func_type(p, item->func));
  return cv_wit_expect_punct(p, ';');
}

// What follows `import` or `export`. `a:b` without a space is the start of a path, `a: b` is a label and a path.
static cv_status read_world_item(cv_wit_parser *p, cv_wit_item *item) {
  cv_wit_lexer saved = p->lex;
  cv_bytes label;
  item->kind = CV_WIT_ITEM_INTERFACE;
  CV_TRY(cv_wit_read_id(p, &label));
  uint32_t colon = p->lex.token.at;
  if (cv_wit_accept_punct(p, ':')) {
    bool is_inline = cv_wit_at_word(p, "interface") || cv_wit_at_word(p, "func") || cv_wit_at_word(p, "async");
    if (is_inline || p->lex.token.at > colon + 1)
      item->head.name = label;
    if (is_inline)
      return read_inline_item(p, item);
  }
  if (item->head.name.size == 0)
    p->lex = saved;
  CV_TRY(cv_wit_read_path(p, &item->path));
  return cv_wit_expect_punct(p, ';');
}

static cv_status read_include(cv_wit_parser *p, const cv_wit_head *head, cv_wit_include **last) {
  cv_wit_include *include = *last = CV_WIT_NEW(p, cv_wit_include);
  if (!include)
    return cv_wit_parse_no_memory(p);
  include->gate = head->gate;
  CV_TRY(cv_wit_read_path(p, &include->path));
  if (cv_wit_accept_word(p, "with")) {
    cv_wit_rename **tail = &include->renames;
    uint32_t count = 0;
    CV_TRY(cv_wit_expect_punct(p, '{'));
    do {
      if (cv_wit_at_punct(p, '}'))
        break;
      cv_wit_rename *rename = *tail = CV_WIT_NEW(p, cv_wit_rename);
      if (!rename)
        return cv_wit_parse_no_memory(p);
      tail = &rename->next;
      CV_TRY(cv_wit_count_name(p->wit, cv_wit_here(p), &count, p->diag));
      CV_TRY(cv_wit_read_id(p, &rename->from));
      CV_TRY(cv_wit_expect_word(p, "as"));
      CV_TRY(cv_wit_read_id(p, &rename->to));
    } while (cv_wit_accept_punct(p, ','));
    CV_TRY(cv_wit_expect_punct(p, '}'));
    cv_wit_accept_punct(p, ';');
    return CV_OK;
  }
  return cv_wit_expect_punct(p, ';');
}

static cv_status read_world_body(cv_wit_parser *p, cv_wit_world *world) {
  cv_wit_typedef **last_type = &world->types;
  cv_wit_item **last_item = &world->items;
  cv_wit_include **last_include = &world->includes;
  while (!cv_wit_accept_punct(p, '}')) {
    cv_wit_head head;
    bool found;
    CV_TRY(cv_wit_read_head(p, &head));
    CV_TRY(read_typedef(p, &head, &last_type, &found));
    if (found)
      continue;
    if (cv_wit_accept_word(p, "include")) {
      CV_TRY(read_include(p, &head, last_include));
      last_include = &(*last_include)->next;
      continue;
    }
    if (!cv_wit_at_word(p, "import") && !cv_wit_at_word(p, "export"))
      return cv_wit_unexpected(p, "import, export, include, use, a type or `}`");
    cv_wit_item *item = *last_item = CV_WIT_NEW(p, cv_wit_item);
    if (!item)
      return cv_wit_parse_no_memory(p);
    last_item = &item->next;
    item->head = head;
    item->is_export = cv_wit_at_word(p, "export");
    cv_wit_next(&p->lex);
    CV_TRY(read_world_item(p, item));
  }
  for (cv_wit_typedef *def = world->types; def; def = def->next)
    def->world = world;
  return CV_OK;
}

// ---- packages ------------------------------------------------------------------------------------------------------

static cv_wit_package *find_package(const cv_wit *wit, const cv_wit_package *like) {
  for (cv_wit_package *package = wit->packages; package; package = package->next)
    if (cv_bytes_equal(package->ns, like->ns) && cv_bytes_equal(package->name, like->name) &&
        cv_bytes_equal(package->version, like->version))
      return package;
  return NULL;
}

static cv_status add_package(cv_wit_parser *p, const cv_wit_package *like, cv_wit_package **out) {
  CV_TRY(cv_wit_count_name(p->wit, like->place, &p->wit->package_count, p->diag));
  cv_wit_package *package = *out = cv_arena_copy(&p->wit->arena, like, sizeof *like);
  if (!package)
    return cv_wit_parse_no_memory(p);
  package->next = NULL;
  *p->wit->last_package = package;
  p->wit->last_package = &package->next;
  return CV_OK;
}

// id ':' id ('@' version)?; the keyword is passed.
static cv_status read_package_name(cv_wit_parser *p, cv_wit_package *like) {
  *like = (cv_wit_package){.group = p->file->group, .place = cv_wit_here(p)};
  CV_TRY(cv_wit_read_id(p, &like->ns));
  CV_TRY(cv_wit_expect_punct(p, ':'));
  CV_TRY(cv_wit_read_id(p, &like->name));
  if (cv_wit_at_punct(p, ':') || cv_wit_at_punct(p, '/'))
    return cv_wit_fail(p->wit, cv_wit_here(p), CV_EUNSUPPORTED, p->diag, "unsupported: nested package namespaces");
  if (cv_wit_accept_punct(p, '@'))
    CV_TRY(cv_wit_read_version(p, &like->version));
  return CV_OK;
}

static cv_status read_top_use(cv_wit_parser *p) {
  cv_wit_top_use *use = CV_WIT_NEW(p, cv_wit_top_use);
  if (!use)
    return cv_wit_parse_no_memory(p);
  CV_TRY(cv_wit_read_path(p, &use->path));
  use->name = use->path.name;
  if (cv_wit_accept_word(p, "as"))
    CV_TRY(cv_wit_read_id(p, &use->name));
  CV_TRY(cv_wit_count_name(p->wit, use->path.place, &p->file->use_count, p->diag));
  use->next = p->file->uses;
  p->file->uses = use;
  return cv_wit_expect_punct(p, ';');
}

// An interface, a world or a `use`.
static cv_status read_package_item(cv_wit_parser *p, const cv_wit_head *given) {
  cv_wit_head head = *given;
  if (cv_wit_accept_word(p, "use"))
    return read_top_use(p);
  bool is_world = cv_wit_at_word(p, "world");
  if (!is_world && !cv_wit_at_word(p, "interface"))
    return cv_wit_unexpected(p, "package, interface, world or use");
  cv_wit_next(&p->lex);
  head.place = cv_wit_here(p);
  CV_TRY(cv_wit_read_id(p, &head.name));
  CV_TRY(cv_wit_expect_punct(p, '{'));
  if (!is_world) {
    cv_wit_interface *interface = new_interface(p, &head), **last = &p->package->interfaces;
    if (!interface)
      return cv_wit_parse_no_memory(p);
    for (uint32_t count = 0; *last; last = &(*last)->next)
      CV_TRY(cv_wit_count_name(p->wit, head.place, &count, p->diag));
    *last = interface;
    return read_interface_body(p, interface);
  }
  cv_wit_world *world = CV_WIT_NEW(p, cv_wit_world), **last = &p->package->worlds;
  if (!world)
    return cv_wit_parse_no_memory(p);
  world->head = head;
  world->package = p->package;
  world->file = p->file;
  for (uint32_t count = 0; *last; last = &(*last)->next)
    CV_TRY(cv_wit_count_name(p->wit, head.place, &count, p->diag));
  *last = world;
  return read_world_body(p, world);
}

// package a:b { ... }
static cv_status read_nested_package(cv_wit_parser *p, const cv_wit_package *like) {
  cv_wit_package *outer = p->package;
  if (find_package(p->wit, like))
    return cv_wit_fail(p->wit, like->place, CV_EINVALID, p->diag, "package %.*s:%.*s is defined twice",
                       CV_BYTES_ARG(like->ns), CV_BYTES_ARG(like->name));
  CV_TRY(add_package(p, like, &p->package));
  p->package->group = CV_NO_INDEX;
  while (!cv_wit_accept_punct(p, '}')) {
    cv_wit_head head;
    CV_TRY(cv_wit_read_head(p, &head));
    CV_TRY(read_package_item(p, &head));
  }
  p->package = outer;
  return CV_OK;
}

// The package of a group whose files have not named it yet.
static cv_wit_package *group_package(const cv_wit *wit, uint32_t group) {
  for (cv_wit_package *package = wit->packages; package; package = package->next)
    if (package->group == group)
      return package;
  return NULL;
}

// package a:b@1.2.3; the name of the group's package.
static cv_status name_package(cv_wit_parser *p, const cv_wit_package *like, const cv_wit_head *head) {
  cv_wit_package *package = p->package;
  if (package->ns.size == 0) {
    if (find_package(p->wit, like))
      return cv_wit_fail(p->wit, like->place, CV_EINVALID, p->diag, "package %.*s:%.*s is defined twice",
                         CV_BYTES_ARG(like->ns), CV_BYTES_ARG(like->name));
    package->ns = like->ns;
    package->name = like->name;
    package->version = like->version;
    package->place = like->place;
  } else if (!cv_bytes_equal(package->ns, like->ns) || !cv_bytes_equal(package->name, like->name) ||
             !cv_bytes_equal(package->version, like->version)) {
    return cv_wit_fail(p->wit, like->place, CV_EINVALID, p->diag,
                       "this file names another package than the files beside it, which are %.*s:%.*s",
                       CV_BYTES_ARG(package->ns), CV_BYTES_ARG(package->name));
  }
  if (head->docs.size)
    package->docs = head->docs;
  return CV_OK;
}

static cv_status read_file(cv_wit_parser *p) {
  bool first = true;
  while (p->lex.token.kind != CV_WT_END) {
    cv_wit_head head;
    CV_TRY(cv_wit_read_head(p, &head));
    if (cv_wit_accept_word(p, "package")) {
      cv_wit_package like;
      CV_TRY(read_package_name(p, &like));
      if (cv_wit_accept_punct(p, '{')) {
        CV_TRY(read_nested_package(p, &like));
      } else {
        if (!first)
          return cv_wit_fail(p->wit, like.place, CV_EMALFORMED, p->diag, "the package's name comes first in the file");
        CV_TRY(name_package(p, &like, &head));
        CV_TRY(cv_wit_expect_punct(p, ';'));
      }
    } else {
      CV_TRY(read_package_item(p, &head));
    }
    first = false;
  }
  return CV_OK;
}

cv_status cv_wit_add_text(cv_wit *wit, uint32_t group, const char *path, const char *text, size_t size, cv_diag *diag) {
  cv_wit_file *file = CV_ARENA_NEW(&wit->arena, cv_wit_file);
  char *copy = size < UINT32_MAX / 2 ? cv_arena_alloc(&wit->arena, size + 2) : NULL;
  const char *path_copy = cv_arena_copy(&wit->arena, path, strlen(path) + 1);
  if (!file || !copy || !path_copy)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  memcpy(copy, text, size);
  copy[size] = copy[size + 1] = 0;
  *file = (cv_wit_file){.path = path_copy, .text = copy, .size = (uint32_t)size, .group = group};
  cv_wit_parser p = {.wit = wit, .file = file, .diag = diag};
  size_t good = cv_utf8_valid_prefix((const uint8_t *)text, size);
  if (good < size)
    return cv_wit_fail(wit, (cv_wit_place){file, (uint32_t)good}, CV_EMALFORMED, diag, "this is not UTF-8");
  p.package = group_package(wit, group);
  if (!p.package)
    CV_TRY(add_package(&p, &(cv_wit_package){.group = group, .place = {file, 0}}, &p.package));
  file->package = p.package;
  cv_wit_lexer_init(&p.lex, file);
  return read_file(&p);
}
