// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast.c: the grammar of scripts, over the same tokens as modules and components. Their values are in wast_value.c.
#include "component/text/wast.h"

#include "component/text/cwat.h"
#include "wasm/text/wat.h"

// ---- modules -------------------------------------------------------------------------------------------------------

static cv_status optional_id(cv_wat *p, bool *given, cv_bytes *name) {
  *given = cv_wat_at_id(p);
  return *given ? cv_wat_id(p, name) : CV_OK;
}

// "(module" or "(component", just passed at `open`, to its parenthesis. *is_definition when the word `definition` is
// there.
static cv_status read_module(cv_wat *p, uint32_t open, cv_wast_module *m, bool *is_definition) {
  m->is_component = cv_wat_is_word(p, open + 1, "component");
  *is_definition = cv_wat_accept_word(p, "definition");
  m->open = open;
  m->body = p->at; // of a text, with its identifier
  CV_TRY(optional_id(p, &m->has_name, &m->name));
  m->form = CV_WAST_TEXT;
  if (cv_wat_at_word(p, "binary") || cv_wat_at_word(p, "quote")) {
    m->form = cv_wat_at_word(p, "binary") ? CV_WAST_BINARY : CV_WAST_QUOTE;
    m->body = ++p->at;
    while (cv_wat_kind(p) == CV_TOK_STRING)
      p->at++;
  } else
    p->at = p->text->tokens.data[open].extent;
  return cv_wat_close(p);
}

// The quoted text of a component is what stands inside its parentheses, that of a module may be either.
static cv_status parse_quoted(const cv_wast_module *m, const cv_buf *quoted, cv_features features, cv_buf *out,
                              cv_diag *diag) {
  if (!m->is_component)
    return cv_wat_parse((const char *)quoted->data, quoted->size, features, quoted->mem, out, diag);
  cv_text text;
  uint32_t at = 0;
  CV_TRY(cv_text_init(&text, quoted->mem, (const char *)quoted->data, quoted->size, diag));
  cv_status status = cv_cwat_parse_fields(&text, UINT32_MAX, &at, features, quoted->mem, out, diag);
  cv_text_free(&text);
  return status;
}

cv_status cv_wast_module_bytes(cv_wast *w, const cv_wast_module *m, cv_features features, cv_buf *out, cv_diag *diag) {
  cv_wat *p = &w->hand;
  uint32_t at = m->body, back = p->at;
  if (m->form == CV_WAST_TEXT)
    return (m->is_component ? cv_cwat_parse_fields : cv_wat_parse_fields)(w->text, m->open, &at, features, p->mem, out,
                                                                          diag);
  cv_buf quoted;
  cv_buf_init(&quoted, p->mem);
  p->at = m->body;
  p->diag = diag;
  cv_status status = cv_wat_strings(p, m->form == CV_WAST_BINARY ? out : &quoted);
  p->at = back;
  if (status == CV_OK && m->form == CV_WAST_QUOTE)
    status = parse_quoted(m, &quoted, features, out, diag);
  cv_buf_free(&quoted);
  return status;
}

// ---- commands ------------------------------------------------------------------------------------------------------

static bool at_action(const cv_wat *p) {
  return cv_wat_at_open(p, "invoke") || cv_wat_at_open(p, "get");
}

static cv_status read_action(cv_wast *w, cv_wast_action *a) {
  cv_wat *p = &w->hand;
  a->is_get = cv_wat_at_open(p, "get");
  if (!at_action(p))
    return cv_wat_unexpected(p);
  p->at += 2;
  CV_TRY(optional_id(p, &a->has_instance, &a->instance));
  CV_TRY(cv_wat_name(p, &a->name));
  if (!a->is_get)
    CV_TRY(cv_wast_values(w, false, &a->arg_count));
  return cv_wat_close(p);
}

// The message of an assertion, and its parenthesis.
static cv_status read_message(cv_wat *p, cv_wast_command *c) {
  CV_TRY(cv_wat_name(p, &c->text));
  return cv_wat_close(p);
}

// A module, or an instance of a definition, in an assertion about instantiation.
static cv_status read_instance(cv_wat *p, uint32_t open, cv_wast_module *m) {
  bool is_definition, has_instance;
  cv_bytes instance;
  if (!cv_wat_accept_word(p, "instance"))
    return read_module(p, open, m, &is_definition);
  m->form = CV_WAST_DEFINED;
  m->is_component = cv_wat_is_word(p, open + 1, "component");
  CV_TRY(optional_id(p, &has_instance, &instance));
  CV_TRY(optional_id(p, &m->has_name, &m->name));
  if (has_instance && !m->has_name) { // one identifier alone is the definition's
    m->has_name = true;
    m->name = instance;
  }
  return cv_wat_close(p);
}

static bool accept_module(cv_wat *p) {
  return cv_wat_accept_open(p, "module") || cv_wat_accept_open(p, "component");
}

static cv_status read_assertion(cv_wast *w, cv_wast_command *c, bool allows_module) {
  cv_wat *p = &w->hand;
  uint32_t open = p->at;
  if (allows_module && accept_module(p)) {
    c->kind = CV_WAST_ASSERT_UNINSTANTIABLE;
    CV_TRY(read_instance(p, open, &c->module));
    return read_message(p, c);
  }
  CV_TRY(read_action(w, &c->action));
  if (c->kind == CV_WAST_ASSERT_RETURN) {
    CV_TRY(cv_wast_values(w, true, &c->result_count));
    return cv_wat_close(p);
  }
  return c->kind == CV_WAST_ASSERT_EXCEPTION ? cv_wat_close(p) : read_message(p, c);
}

static cv_status read_module_assertion(cv_wat *p, cv_wast_command *c) {
  uint32_t open = p->at;
  bool is_definition;
  if (!accept_module(p))
    return cv_wat_unexpected(p);
  if (c->kind == CV_WAST_ASSERT_UNLINKABLE)
    CV_TRY(read_instance(p, open, &c->module));
  else
    CV_TRY(read_module(p, open, &c->module, &is_definition));
  return read_message(p, c);
}

static cv_status read_module_command(cv_wat *p, uint32_t open, cv_wast_command *c) {
  if (cv_wat_accept_word(p, "instance")) {
    bool has_second = false;
    cv_bytes second;
    c->kind = CV_WAST_INSTANCE;
    c->module.is_component = cv_wat_is_word(p, open + 1, "component");
    CV_TRY(optional_id(p, &c->has_name, &c->name));
    CV_TRY(optional_id(p, &has_second, &second));
    c->has_text = has_second || c->has_name;
    c->text = has_second ? second : c->name; // one identifier alone is the definition's
    c->has_name = has_second;
    return cv_wat_close(p);
  }
  bool is_definition;
  CV_TRY(read_module(p, open, &c->module, &is_definition));
  c->kind = is_definition ? CV_WAST_DEFINITION : CV_WAST_MODULE;
  return CV_OK;
}

// (thread $T (shared (module $M)) command*)
static cv_status read_thread(cv_wat *p, uint32_t open, cv_wast_command *c) {
  CV_TRY(optional_id(p, &c->has_name, &c->name));
  if (cv_wat_accept_open(p, "shared")) {
    if (!cv_wat_accept_open(p, "module"))
      return cv_wat_unexpected(p);
    CV_TRY(cv_wat_id(p, &c->shared));
    CV_TRY(cv_wat_close(p));
    CV_TRY(cv_wat_close(p));
  }
  c->thread_first = p->at;
  c->thread_end = p->at = p->text->tokens.data[open].extent;
  return cv_wat_close(p);
}

static const struct {
  const char *word;
  cv_wast_kind kind;
} commands[] = {
    {"module", CV_WAST_MODULE},
    {"register", CV_WAST_REGISTER},
    {"assert_return", CV_WAST_ASSERT_RETURN},
    {"assert_trap", CV_WAST_ASSERT_TRAP},
    {"assert_exhaustion", CV_WAST_ASSERT_EXHAUSTION},
    {"assert_exception", CV_WAST_ASSERT_EXCEPTION},
    {"assert_invalid", CV_WAST_ASSERT_INVALID},
    {"assert_malformed", CV_WAST_ASSERT_MALFORMED},
    {"assert_invalid_custom", CV_WAST_ASSERT_INVALID_CUSTOM},
    {"assert_malformed_custom", CV_WAST_ASSERT_MALFORMED_CUSTOM},
    {"assert_unlinkable", CV_WAST_ASSERT_UNLINKABLE},
    {"thread", CV_WAST_THREAD},
    {"wait", CV_WAST_WAIT},
    {"component", CV_WAST_MODULE},
    {"assert_suspension", CV_WAST_UNSUPPORTED},
};

static cv_status read_command(cv_wast *w, cv_wast_command *c) {
  cv_wat *p = &w->hand;
  uint32_t open = p->at;
  if (at_action(p)) {
    c->kind = CV_WAST_ACTION;
    return read_action(w, &c->action);
  }
  size_t i = 0;
  while (i < CV_COUNT(commands) && !cv_wat_at_open(p, commands[i].word))
    i++;
  if (i == CV_COUNT(commands)) {
    p->at += cv_wat_kind(p) == CV_TOK_LPAR;
    return cv_wat_unexpected(p);
  }
  c->kind = commands[i].kind;
  p->at += 2;
  switch (c->kind) {
  case CV_WAST_MODULE:
    return read_module_command(p, open, c);
  case CV_WAST_REGISTER:
    CV_TRY(cv_wat_name(p, &c->text));
    CV_TRY(optional_id(p, &c->has_name, &c->name));
    return cv_wat_close(p);
  case CV_WAST_ASSERT_RETURN:
  case CV_WAST_ASSERT_EXHAUSTION:
  case CV_WAST_ASSERT_EXCEPTION:
    return read_assertion(w, c, false);
  case CV_WAST_ASSERT_TRAP:
    return read_assertion(w, c, true);
  case CV_WAST_THREAD:
    return read_thread(p, open, c);
  case CV_WAST_WAIT:
    CV_TRY(optional_id(p, &c->has_name, &c->name));
    return cv_wat_close(p);
  case CV_WAST_UNSUPPORTED:
    c->text = cv_bytes_of(commands[i].word);
    return CV_OK;
  default:
    return read_module_assertion(p, c);
  }
}

// A script may be the fields of one module, without (module).
static bool is_bare_module(const cv_wat *p) {
  static const char *const fields[] = {"type", "rec",    "import", "func",  "table", "memory",
                                       "tag",  "global", "export", "start", "elem",  "data"};
  if (p->at != 0)
    return false;
  if (cv_wat_kind(p) == CV_TOK_END)
    return p->text->annots.count != 0;
  for (size_t i = 0; i < CV_COUNT(fields); i++)
    if (cv_wat_at_open(p, fields[i]))
      return true;
  return false;
}

cv_status cv_wast_next(cv_wast *w, cv_wast_command *c, bool *more, cv_diag *diag) {
  cv_wat *p = &w->hand;
  *c = (cv_wast_command){.line = 0};
  p->diag = diag;
  cv_arena_free(&p->arena);
  w->values.count = w->patterns.count = 0;
  uint32_t column, open = p->at, last = (uint32_t)w->text->tokens.count - 1;
  cv_text_place(w->text, &w->cursor, cv_wat_peek(p)->at, &c->line, &column);
  if (!w->bare_done && is_bare_module(p)) {
    w->bare_done = true; // the text may have no token, so its place does not say so
    c->kind = CV_WAST_MODULE;
    c->module = (cv_wast_module){.form = CV_WAST_TEXT, .open = UINT32_MAX};
    p->at = last;
    *more = true;
    return CV_OK;
  }
  *more = p->at < w->end;
  if (!*more)
    return cv_wat_kind(p) == CV_TOK_ERROR ? cv_wat_unexpected(p) : CV_OK;
  cv_status status = read_command(w, c);
  // Whatever was read of it: the command ends where its parenthesis does.
  if (status != CV_OK || c->kind == CV_WAST_UNSUPPORTED)
    p->at = w->text->tokens.data[open].kind == CV_TOK_LPAR ? w->text->tokens.data[open].extent : open;
  if (p->at < w->end && (status != CV_OK || c->kind == CV_WAST_UNSUPPORTED))
    p->at++;
  c->action.args = w->values.data;
  c->results = w->values.count != 0 ? w->values.data + c->action.arg_count : NULL;
  c->patterns = w->patterns.data;
  return status;
}

void cv_wast_init(cv_wast *w, cv_text *text, cv_mem *mem) {
  *w = (cv_wast){.text = text, .end = (uint32_t)text->tokens.count - 1};
  w->hand.text = text;
  w->hand.mem = mem;
  w->hand.spaces[CV_SPACE_TYPE].what = "type";
  cv_arena_init(&w->hand.arena, mem);
}

void cv_wast_open_thread(cv_wast *w, const cv_wast *parent, const cv_wast_command *command) {
  cv_wast_init(w, parent->text, parent->hand.mem);
  w->hand.at = command->thread_first;
  w->end = command->thread_end;
}

void cv_wast_free(cv_wast *w) {
  cv_arena_free(&w->hand.arena);
  cv_vec_free(w->hand.mem, &w->values);
  cv_vec_free(w->hand.mem, &w->patterns);
}
