// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse.c: the grammar of WIT, by recursive descent, one function for each production. Names stay names; resolve.c
// makes pointers of them.
#include "wit/syntax.h"

#include "base/utf8.h"

enum { MAX_TYPE_DEPTH = 100 };

typedef struct parser {
  cv_wit *wit;
  cv_wit_lexer lex;
  cv_wit_file *file;
  cv_diag *diag;
  cv_wit_package *package; // whose items are being read
  uint32_t depth;
} parser;

#define NEW(p, type) CV_ARENA_NEW(&(p)->wit->arena, type)

// ---- tokens --------------------------------------------------------------------------------------------------------

static cv_wit_place here(const parser *p) {
  return (cv_wit_place){p->file, p->lex.token.at};
}

static CV_COLD cv_status no_memory(parser *p) {
  return cv_fail(p->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// "expected WHAT, found TOKEN"
static CV_COLD cv_status unexpected(parser *p, const char *what) {
  const cv_wit_token *t = &p->lex.token;
  if (t->kind == CV_WT_ERROR)
    return cv_wit_fail(p->wit, here(p), CV_EMALFORMED, p->diag, "%s", p->lex.error);
  if (t->kind == CV_WT_END)
    return cv_wit_fail(p->wit, here(p), CV_EMALFORMED, p->diag, "expected %s, found the end of the file", what);
  uint32_t size = CV_MIN(t->end - t->at, 40u);
  return cv_wit_fail(p->wit, here(p), CV_EMALFORMED, p->diag, "expected %s, found `%.*s`", what, (int)size,
                     p->file->text + t->at);
}

static bool at_punct(const parser *p, char c) {
  return p->lex.token.kind == CV_WT_PUNCT && p->file->text[p->lex.token.at] == c;
}

static bool at_word(const parser *p, const char *word) {
  return p->lex.token.kind == CV_WT_WORD && cv_bytes_equal(p->lex.token.text, cv_bytes_of(word));
}

static bool accept_punct(parser *p, char c) {
  bool yes = at_punct(p, c);
  if (yes)
    cv_wit_next(&p->lex);
  return yes;
}

static bool accept_word(parser *p, const char *word) {
  bool yes = at_word(p, word);
  if (yes)
    cv_wit_next(&p->lex);
  return yes;
}

static cv_status expect_punct(parser *p, char c) {
  char what[] = {'`', c, '`', 0};
  return accept_punct(p, c) ? CV_OK : unexpected(p, what);
}

static cv_status expect_word(parser *p, const char *word) {
  return accept_word(p, word) ? CV_OK : unexpected(p, word);
}

static bool at_id(const parser *p) {
  return p->lex.token.kind == CV_WT_ID || (p->lex.token.kind == CV_WT_WORD && !cv_wit_is_keyword(p->lex.token.text));
}

static cv_status read_id(parser *p, cv_bytes *out) {
  const cv_wit_token *t = &p->lex.token;
  if (!at_id(p)) {
    if (t->kind == CV_WT_WORD)
      return cv_wit_fail(p->wit, here(p), CV_EMALFORMED, p->diag,
                         "`%.*s` is a keyword: write %%%.*s to use it as a name", CV_BYTES_ARG(t->text),
                         CV_BYTES_ARG(t->text));
    return unexpected(p, "an identifier");
  }
  *out = t->text;
  cv_wit_next(&p->lex);
  return CV_OK;
}

static cv_status read_version(parser *p, cv_bytes *out) {
  *out = cv_wit_version(&p->lex);
  return out->size ? CV_OK : unexpected(p, "a version such as 1.2.3");
}

// ---- heads: documentation, gates -----------------------------------------------------------------------------------

static cv_status string_text(parser *p, cv_bytes raw, cv_bytes *out) {
  uint8_t *to = cv_arena_alloc(&p->wit->arena, raw.size + 1);
  if (!to)
    return no_memory(p);
  size_t size = 0;
  for (size_t i = 0; i < raw.size; i++) {
    uint8_t c = raw.data[i];
    if (c == '\\' && i + 1 < raw.size) {
      c = raw.data[++i];
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
    }
    to[size++] = c;
  }
  *out = (cv_bytes){to, size};
  return CV_OK;
}

// @since(version = 1.2.3), @unstable(feature = name), @deprecated(version = 1.2.3), @external-id("text")
static cv_status read_annotation(parser *p, cv_wit_head *head) {
  cv_wit_place place = here(p);
  CV_TRY(expect_punct(p, '@'));
  cv_bytes word = p->lex.token.text, *version = NULL;
  if (accept_word(p, "external-id")) {
    CV_TRY(expect_punct(p, '('));
    if (p->lex.token.kind != CV_WT_STRING)
      return unexpected(p, "a string");
    CV_TRY(string_text(p, p->lex.token.text, &head->external_id));
    cv_wit_next(&p->lex);
    return expect_punct(p, ')');
  }
  if (accept_word(p, "unstable")) {
    CV_TRY(expect_punct(p, '('));
    CV_TRY(expect_word(p, "feature"));
    CV_TRY(expect_punct(p, '='));
    CV_TRY(read_id(p, &head->gate.unstable));
    return expect_punct(p, ')');
  }
  if (accept_word(p, "since"))
    version = &head->gate.since;
  else if (accept_word(p, "deprecated"))
    version = &head->gate.deprecated;
  else
    return cv_wit_fail(p->wit, place, CV_EMALFORMED, p->diag,
                       "unknown annotation @%.*s: there are @since, @unstable, @deprecated, @external-id",
                       CV_BYTES_ARG(word));
  CV_TRY(expect_punct(p, '('));
  CV_TRY(expect_word(p, "version"));
  CV_TRY(expect_punct(p, '='));
  CV_TRY(read_version(p, version));
  return expect_punct(p, ')');
}

static cv_status read_head(parser *p, cv_wit_head *head) {
  *head = (cv_wit_head){.place = here(p)};
  CV_TRY(cv_wit_docs(&p->lex, &p->wit->arena, &head->docs));
  while (at_punct(p, '@'))
    CV_TRY(read_annotation(p, head));
  if (head->gate.since.size && head->gate.unstable.size)
    return cv_wit_fail(p->wit, head->place, CV_EMALFORMED, p->diag, "an item is @since or @unstable, not both");
  if (head->gate.deprecated.size && !head->gate.since.size && !head->gate.unstable.size)
    return cv_wit_fail(p->wit, head->place, CV_EMALFORMED, p->diag, "@deprecated goes with @since or @unstable");
  head->place = here(p);
  return CV_OK;
}

// ---- paths ---------------------------------------------------------------------------------------------------------

// id | id ':' id '/' id ('@' version)?
static cv_status read_path(parser *p, cv_wit_path *path) {
  *path = (cv_wit_path){.place = here(p)};
  CV_TRY(read_id(p, &path->name));
  if (!accept_punct(p, ':'))
    return CV_OK;
  path->ns = path->name;
  CV_TRY(read_id(p, &path->package));
  if (at_punct(p, ':'))
    return cv_wit_fail(p->wit, path->place, CV_EUNSUPPORTED, p->diag, "unsupported: nested package namespaces");
  CV_TRY(expect_punct(p, '/'));
  CV_TRY(read_id(p, &path->name));
  if (accept_punct(p, '@'))
    CV_TRY(read_version(p, &path->version));
  return CV_OK;
}

// ---- types ---------------------------------------------------------------------------------------------------------

static cv_status read_type(parser *p, cv_wit_type **out);

// Up to `most` types between angle brackets; at least `least`. `_` stands for none where `absent_allowed`.
static cv_status read_type_args(parser *p, cv_wit_type *type, uint32_t least, uint32_t most, bool absent_allowed) {
  cv_wit_type **last = &type->parts;
  if (least == 0 && !at_punct(p, '<'))
    return CV_OK;
  CV_TRY(expect_punct(p, '<'));
  for (uint32_t n = 0; n < most; n++) {
    if (n >= least && at_punct(p, '>'))
      break;
    if (absent_allowed && n == 0 && at_punct(p, '_')) {
      *last = NEW(p, cv_wit_type);
      if (!*last)
        return no_memory(p);
      (*last)->is_absent = true;
      cv_wit_next(&p->lex);
    } else {
      CV_TRY(read_type(p, last));
    }
    last = &(*last)->next;
    if (!accept_punct(p, ','))
      break;
  }
  return expect_punct(p, '>');
}

// list<T> or list<T, 4>
static cv_status read_list(parser *p, cv_wit_type *type) {
  CV_TRY(expect_punct(p, '<'));
  CV_TRY(read_type(p, &type->parts));
  if (accept_punct(p, ',')) {
    uint64_t length = 0;
    cv_bytes digits = p->lex.token.text;
    if (p->lex.token.kind != CV_WT_INT)
      return unexpected(p, "a length");
    for (size_t i = 0; i < digits.size && length <= UINT32_MAX; i++)
      length = length * 10 + (digits.data[i] - '0');
    if (length == 0 || length > UINT32_MAX)
      return cv_wit_fail(p->wit, here(p), CV_EMALFORMED, p->diag, "the length of a list is from 1 to 4294967295");
    type->kind = CV_CT_FIXED_LIST;
    type->length = (uint32_t)length;
    cv_wit_next(&p->lex);
  }
  return expect_punct(p, '>');
}

static cv_status read_handle(parser *p, cv_wit_type *type) {
  CV_TRY(expect_punct(p, '<'));
  type->place = here(p);
  CV_TRY(read_id(p, &type->name));
  return expect_punct(p, '>');
}

static cv_status read_compound(parser *p, cv_wit_type *type) {
  static const struct {
    const char *word;
    uint8_t kind;
    uint32_t least, most;
  } forms[] = {
      {"option", CV_CT_OPTION, 1, 1}, {"result", CV_CT_RESULT, 0, 2}, {"tuple", CV_CT_TUPLE, 1, 1000},
      {"stream", CV_CT_STREAM, 0, 1}, {"future", CV_CT_FUTURE, 0, 1}, {"map", CV_CT_MAP, 2, 2},
  };
  for (size_t i = 0; i < CV_COUNT(forms); i++)
    if (accept_word(p, forms[i].word)) {
      type->kind = forms[i].kind;
      return read_type_args(p, type, forms[i].least, forms[i].most, type->kind == CV_CT_RESULT);
    }
  if (accept_word(p, "list")) {
    type->kind = CV_CT_LIST;
    return read_list(p, type);
  }
  if (accept_word(p, "borrow")) {
    type->kind = CV_CT_BORROW;
    return read_handle(p, type);
  }
  if (accept_word(p, "own")) {
    type->kind = CV_CT_OWN;
    return read_handle(p, type);
  }
  type->kind = CV_WIT_NAMED;
  if (!at_id(p))
    return unexpected(p, "a type");
  return read_id(p, &type->name);
}

static cv_status read_type(parser *p, cv_wit_type **out) {
  cv_wit_type *type = *out = NEW(p, cv_wit_type);
  if (!type)
    return no_memory(p);
  type->place = here(p);
  for (unsigned kind = CV_CT_BOOL; kind >= CV_CT_ERROR_CONTEXT; kind--)
    if (cv_ctype_kind_is_simple(kind) && accept_word(p, cv_ctype_kind_text(kind))) {
      type->kind = (uint16_t)kind;
      return CV_OK;
    }
  if (p->depth >= MAX_TYPE_DEPTH)
    return cv_wit_fail(p->wit, type->place, CV_ELIMIT, p->diag, "types are nested more than %d deep", MAX_TYPE_DEPTH);
  p->depth++;
  CV_TRY(read_compound(p, type));
  p->depth--;
  return CV_OK;
}

// ---- parts: fields, cases, parameters ------------------------------------------------------------------------------

typedef enum part_form { PART_TYPED, PART_CASE, PART_BARE } part_form; // a: T    a or a(T)    a

// Parts up to the closing punctuation, which is passed; separated by commas, of which one may end the list.
static cv_status read_parts(parser *p, part_form form, char close, cv_wit_part **last) {
  while (!at_punct(p, close)) {
    cv_wit_part *part = *last = NEW(p, cv_wit_part);
    if (!part)
      return no_memory(p);
    CV_TRY(read_head(p, &part->head));
    CV_TRY(read_id(p, &part->head.name));
    if (form == PART_TYPED) {
      CV_TRY(expect_punct(p, ':'));
      CV_TRY(read_type(p, &part->type));
    } else if (form == PART_CASE && accept_punct(p, '(')) {
      CV_TRY(read_type(p, &part->type));
      CV_TRY(expect_punct(p, ')'));
    }
    last = &part->next;
    if (!accept_punct(p, ','))
      break;
  }
  return expect_punct(p, close);
}

// 'async'? 'func' param-list result-list
static cv_status read_func_type(parser *p, cv_wit_func *func) {
  func->is_async = accept_word(p, "async");
  CV_TRY(expect_word(p, "func"));
  CV_TRY(expect_punct(p, '('));
  CV_TRY(read_parts(p, PART_TYPED, ')', &func->params));
  if (p->lex.token.kind != CV_WT_ARROW)
    return CV_OK;
  cv_wit_next(&p->lex);
  return read_type(p, &func->result);
}

static cv_status new_func(parser *p, const cv_wit_head *head, cv_wit_func **last, cv_wit_func **out) {
  *out = *last = NEW(p, cv_wit_func);
  if (!*out)
    return no_memory(p);
  (*out)->head = *head;
  return CV_OK;
}

// ---- interfaces ----------------------------------------------------------------------------------------------------

static cv_status read_methods(parser *p, cv_wit_typedef *resource) {
  cv_wit_func **last = &resource->funcs;
  while (!accept_punct(p, '}')) {
    cv_wit_head head;
    cv_wit_func *func;
    CV_TRY(read_head(p, &head));
    CV_TRY(new_func(p, &head, last, &func));
    last = &func->next;
    func->resource = resource;
    if (accept_word(p, "constructor")) {
      func->kind = CV_WIT_CONSTRUCTOR;
      CV_TRY(expect_punct(p, '('));
      CV_TRY(read_parts(p, PART_TYPED, ')', &func->params));
      if (p->lex.token.kind == CV_WT_ARROW) {
        cv_wit_next(&p->lex);
        CV_TRY(read_type(p, &func->result));
      }
    } else {
      CV_TRY(read_id(p, &func->head.name));
      CV_TRY(expect_punct(p, ':'));
      func->kind = accept_word(p, "static") ? CV_WIT_STATIC : CV_WIT_METHOD;
      CV_TRY(read_func_type(p, func));
    }
    CV_TRY(expect_punct(p, ';'));
  }
  return CV_OK;
}

// One `use path.{a, b as c};`: a typedef for each name.
static cv_status read_use(parser *p, const cv_wit_head *head, cv_wit_typedef ***last) {
  cv_wit_path path;
  CV_TRY(read_path(p, &path));
  CV_TRY(expect_punct(p, '.'));
  CV_TRY(expect_punct(p, '{'));
  do {
    if (at_punct(p, '}'))
      break;
    cv_wit_typedef *def = **last = NEW(p, cv_wit_typedef);
    if (!def)
      return no_memory(p);
    def->kind = CV_WIT_USE;
    def->head = *head;
    def->head.place = here(p);
    def->path = path;
    CV_TRY(read_id(p, &def->source));
    def->head.name = def->source;
    if (accept_word(p, "as"))
      CV_TRY(read_id(p, &def->head.name));
    *last = &def->next;
  } while (accept_punct(p, ','));
  CV_TRY(expect_punct(p, '}'));
  return expect_punct(p, ';');
}

static cv_status read_typedef_body(parser *p, cv_wit_typedef *def) {
  def->head.place = here(p);
  CV_TRY(read_id(p, &def->head.name));
  switch (def->kind) {
  case CV_WIT_ALIAS:
    CV_TRY(expect_punct(p, '='));
    CV_TRY(read_type(p, &def->type));
    return expect_punct(p, ';');
  case CV_WIT_RESOURCE:
    if (accept_punct(p, ';'))
      return CV_OK;
    CV_TRY(expect_punct(p, '{'));
    return read_methods(p, def);
  case CV_WIT_RECORD:
  case CV_WIT_VARIANT:
  case CV_WIT_ENUM:
  case CV_WIT_FLAGS:
  case CV_WIT_USE:
    break;
  }
  CV_TRY(expect_punct(p, '{'));
  part_form form = def->kind == CV_WIT_RECORD ? PART_TYPED : def->kind == CV_WIT_VARIANT ? PART_CASE : PART_BARE;
  return read_parts(p, form, '}', &def->parts);
}

// A type definition or a `use`, when the current word begins one: *found.
static cv_status read_typedef(parser *p, const cv_wit_head *head, cv_wit_typedef ***last, bool *found) {
  static const struct {
    const char *word;
    cv_wit_typedef_kind kind;
  } forms[] = {
      {"type", CV_WIT_ALIAS}, {"record", CV_WIT_RECORD}, {"variant", CV_WIT_VARIANT},
      {"enum", CV_WIT_ENUM},  {"flags", CV_WIT_FLAGS},   {"resource", CV_WIT_RESOURCE},
  };
  *found = true;
  if (accept_word(p, "use"))
    return read_use(p, head, last);
  for (size_t i = 0; i < CV_COUNT(forms); i++)
    if (accept_word(p, forms[i].word)) {
      cv_wit_typedef *def = **last = NEW(p, cv_wit_typedef);
      if (!def)
        return no_memory(p);
      *last = &def->next;
      def->kind = forms[i].kind;
      def->head = *head;
      return read_typedef_body(p, def);
    }
  *found = false;
  return CV_OK;
}

// The items between braces; the opening one is passed.
static cv_status read_interface_body(parser *p, cv_wit_interface *interface) {
  cv_wit_typedef **last_type = &interface->types;
  cv_wit_func **last_func = &interface->funcs;
  while (!accept_punct(p, '}')) {
    cv_wit_head head;
    bool found;
    CV_TRY(read_head(p, &head));
    CV_TRY(read_typedef(p, &head, &last_type, &found));
    if (found)
      continue;
    cv_wit_func *func;
    CV_TRY(new_func(p, &head, last_func, &func));
    last_func = &func->next;
    CV_TRY(read_id(p, &func->head.name));
    CV_TRY(expect_punct(p, ':'));
    CV_TRY(read_func_type(p, func));
    CV_TRY(expect_punct(p, ';'));
  }
  for (cv_wit_typedef *def = interface->types; def; def = def->next)
    def->interface = interface;
  return CV_OK;
}

static cv_wit_interface *new_interface(parser *p, const cv_wit_head *head) {
  cv_wit_interface *interface = NEW(p, cv_wit_interface);
  if (interface) {
    interface->head = *head;
    interface->package = p->package;
    interface->file = p->file;
  }
  return interface;
}

// ---- worlds --------------------------------------------------------------------------------------------------------

// label ':' func-type ';' | label ':' 'interface' '{' ... '}'; the colon is passed.
static cv_status read_inline_item(parser *p, cv_wit_item *item) {
  if (accept_word(p, "interface")) {
    item->kind = CV_WIT_ITEM_INLINE;
    item->interface = new_interface(p, &item->head);
    if (!item->interface)
      return no_memory(p);
    item->interface->is_inline = true;
    CV_TRY(expect_punct(p, '{'));
    return read_interface_body(p, item->interface);
  }
  item->kind = CV_WIT_ITEM_FUNC;
  item->func = NEW(p, cv_wit_func);
  if (!item->func)
    return no_memory(p);
  item->func->head = item->head;
  CV_TRY(read_func_type(p, item->func));
  return expect_punct(p, ';');
}

// What follows `import` or `export`. `a:b` without a space is the start of a path, `a: b` is a label and a path.
static cv_status read_world_item(parser *p, cv_wit_item *item) {
  cv_wit_lexer saved = p->lex;
  cv_bytes label;
  item->kind = CV_WIT_ITEM_INTERFACE;
  CV_TRY(read_id(p, &label));
  uint32_t colon = p->lex.token.at;
  if (accept_punct(p, ':')) {
    bool is_inline = at_word(p, "interface") || at_word(p, "func") || at_word(p, "async");
    if (is_inline || p->lex.token.at > colon + 1)
      item->head.name = label;
    if (is_inline)
      return read_inline_item(p, item);
  }
  if (item->head.name.size == 0)
    p->lex = saved;
  CV_TRY(read_path(p, &item->path));
  return expect_punct(p, ';');
}

static cv_status read_include(parser *p, const cv_wit_head *head, cv_wit_include **last) {
  cv_wit_include *include = *last = NEW(p, cv_wit_include);
  if (!include)
    return no_memory(p);
  include->gate = head->gate;
  CV_TRY(read_path(p, &include->path));
  if (accept_word(p, "with")) {
    cv_wit_rename **tail = &include->renames;
    CV_TRY(expect_punct(p, '{'));
    do {
      if (at_punct(p, '}'))
        break;
      cv_wit_rename *rename = *tail = NEW(p, cv_wit_rename);
      if (!rename)
        return no_memory(p);
      tail = &rename->next;
      CV_TRY(read_id(p, &rename->from));
      CV_TRY(expect_word(p, "as"));
      CV_TRY(read_id(p, &rename->to));
    } while (accept_punct(p, ','));
    CV_TRY(expect_punct(p, '}'));
    accept_punct(p, ';');
    return CV_OK;
  }
  return expect_punct(p, ';');
}

static cv_status read_world_body(parser *p, cv_wit_world *world) {
  cv_wit_typedef **last_type = &world->types;
  cv_wit_item **last_item = &world->items;
  cv_wit_include **last_include = &world->includes;
  while (!accept_punct(p, '}')) {
    cv_wit_head head;
    bool found;
    CV_TRY(read_head(p, &head));
    CV_TRY(read_typedef(p, &head, &last_type, &found));
    if (found)
      continue;
    if (accept_word(p, "include")) {
      CV_TRY(read_include(p, &head, last_include));
      last_include = &(*last_include)->next;
      continue;
    }
    if (!at_word(p, "import") && !at_word(p, "export"))
      return unexpected(p, "import, export, include, use, a type or `}`");
    cv_wit_item *item = *last_item = NEW(p, cv_wit_item);
    if (!item)
      return no_memory(p);
    last_item = &item->next;
    item->head = head;
    item->is_export = at_word(p, "export");
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

static cv_status add_package(parser *p, const cv_wit_package *like, cv_wit_package **out) {
  cv_wit_package *package = *out = cv_arena_copy(&p->wit->arena, like, sizeof *like);
  if (!package)
    return no_memory(p);
  package->next = NULL;
  *p->wit->last_package = package;
  p->wit->last_package = &package->next;
  return CV_OK;
}

// id ':' id ('@' version)?; the keyword is passed.
static cv_status read_package_name(parser *p, cv_wit_package *like) {
  *like = (cv_wit_package){.group = p->file->group, .place = here(p)};
  CV_TRY(read_id(p, &like->ns));
  CV_TRY(expect_punct(p, ':'));
  CV_TRY(read_id(p, &like->name));
  if (at_punct(p, ':') || at_punct(p, '/'))
    return cv_wit_fail(p->wit, here(p), CV_EUNSUPPORTED, p->diag, "unsupported: nested package namespaces");
  if (accept_punct(p, '@'))
    CV_TRY(read_version(p, &like->version));
  return CV_OK;
}

static cv_status read_top_use(parser *p) {
  cv_wit_top_use *use = NEW(p, cv_wit_top_use);
  if (!use)
    return no_memory(p);
  CV_TRY(read_path(p, &use->path));
  use->name = use->path.name;
  if (accept_word(p, "as"))
    CV_TRY(read_id(p, &use->name));
  use->next = p->file->uses;
  p->file->uses = use;
  return expect_punct(p, ';');
}

// An interface, a world or a `use`.
static cv_status read_package_item(parser *p, const cv_wit_head *given) {
  cv_wit_head head = *given;
  if (accept_word(p, "use"))
    return read_top_use(p);
  bool is_world = at_word(p, "world");
  if (!is_world && !at_word(p, "interface"))
    return unexpected(p, "package, interface, world or use");
  cv_wit_next(&p->lex);
  head.place = here(p);
  CV_TRY(read_id(p, &head.name));
  CV_TRY(expect_punct(p, '{'));
  if (!is_world) {
    cv_wit_interface *interface = new_interface(p, &head), **last = &p->package->interfaces;
    if (!interface)
      return no_memory(p);
    while (*last)
      last = &(*last)->next;
    *last = interface;
    return read_interface_body(p, interface);
  }
  cv_wit_world *world = NEW(p, cv_wit_world), **last = &p->package->worlds;
  if (!world)
    return no_memory(p);
  world->head = head;
  world->package = p->package;
  world->file = p->file;
  while (*last)
    last = &(*last)->next;
  *last = world;
  return read_world_body(p, world);
}

// package a:b { ... }
static cv_status read_nested_package(parser *p, const cv_wit_package *like) {
  cv_wit_package *outer = p->package;
  if (find_package(p->wit, like))
    return cv_wit_fail(p->wit, like->place, CV_EINVALID, p->diag, "package %.*s:%.*s is defined twice",
                       CV_BYTES_ARG(like->ns), CV_BYTES_ARG(like->name));
  CV_TRY(add_package(p, like, &p->package));
  p->package->group = CV_NO_INDEX;
  while (!accept_punct(p, '}')) {
    cv_wit_head head;
    CV_TRY(read_head(p, &head));
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
static cv_status name_package(parser *p, const cv_wit_package *like, const cv_wit_head *head) {
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

static cv_status read_file(parser *p) {
  bool first = true;
  while (p->lex.token.kind != CV_WT_END) {
    cv_wit_head head;
    CV_TRY(read_head(p, &head));
    if (accept_word(p, "package")) {
      cv_wit_package like;
      CV_TRY(read_package_name(p, &like));
      if (accept_punct(p, '{')) {
        CV_TRY(read_nested_package(p, &like));
      } else {
        if (!first)
          return cv_wit_fail(p->wit, like.place, CV_EMALFORMED, p->diag, "the package's name comes first in the file");
        CV_TRY(name_package(p, &like, &head));
        CV_TRY(expect_punct(p, ';'));
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
  parser p = {.wit = wit, .file = file, .diag = diag};
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
