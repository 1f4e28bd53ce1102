// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_print.c: a component as text: its definitions in the order of the binary.
#include "component/text/cwat.h"
#include "component/text/cwat_parser.h"
#include "component/text/cwat_printer.h"

// ---- identifiers and references ------------------------------------------------------------------------------------

const char *cv_cprint_sort(cv_cspace space) {
  static const char *const sorts[CV_CS_COUNT] = {
      [CV_CS_CORE_FUNC] = "core func",
      [CV_CS_CORE_TABLE] = "core table",
      [CV_CS_CORE_MEMORY] = "core memory",
      [CV_CS_CORE_GLOBAL] = "core global",
      [CV_CS_CORE_TAG] = "core tag",
      [CV_CS_CORE_TYPE] = "core type",
      [CV_CS_CORE_MODULE] = "core module",
      [CV_CS_CORE_INSTANCE] = "core instance",
      [CV_CS_FUNC] = "func",
      [CV_CS_VALUE] = "value",
      [CV_CS_TYPE] = "type",
      [CV_CS_COMPONENT] = "component",
      [CV_CS_INSTANCE] = "instance",
  };
  return sorts[space];
}

void cv_cprint_line(cv_cprinter *p) {
  cv_print_newline(&p->w, 0);
}

void cv_cprint_define(cv_cprinter *p, cv_cspace space) {
  cv_print_definition(&p->w, &p->scope->ids[space], p->scope->met[space]);
  p->scope->met[space]++;
}

static void print_use(cv_cprinter *p, const cv_cprint_scope *scope, cv_cspace space, uint32_t index) {
  if (scope != NULL && index < scope->met[space])
    cv_print_use(&p->w, &scope->ids[space], index);
  else
    cv_buf_printf(p->w.out, "%u", index);
}

void cv_cprint_use(cv_cprinter *p, cv_cspace space, uint32_t index) {
  print_use(p, p->scope, space, index);
}

void cv_cprint_item(cv_cprinter *p, bool core_only, cv_csortidx item) {
  cv_buf_printf(p->w.out, "(%s ", cv_cprint_sort(item.space) + (core_only ? strlen("core ") : 0));
  cv_cprint_use(p, item.space, item.index);
  cv_buf_byte(p->w.out, ')');
}

// The index space that a subsection of names is for; false for bytes that are no sort.
static bool read_name_sort(cv_reader *r, uint32_t *space) {
  uint8_t codes[2] = {0, 0};
  if (cv_read_byte(r, &codes[0]) != CV_OK || (codes[0] == 0 && cv_read_byte(r, &codes[1]) != CV_OK))
    return false;
  for (*space = 0; *space < CV_CS_COUNT; ++*space) {
    bool is_core = *space <= CV_CS_CORE_INSTANCE;
    if (is_core == (codes[0] == 0) && cv_cwat_sort_code((cv_cspace)*space) == codes[is_core])
      return true;
  }
  return false;
}

// The names of one index space: every index is there, each once and in order. Some tools write a space twice, which
// loses nothing when it says the same.
static bool read_space_names(const cv_component *c, cv_reader *r, cv_bytes seen[CV_CS_COUNT]) {
  uint32_t space, count, index, next = 0;
  cv_bytes name;
  if (!read_name_sort(r, &space))
    return false;
  cv_bytes contents = {r->at, cv_reader_left(r)};
  if (seen[space].data != NULL)
    return cv_bytes_equal(seen[space], contents);
  seen[space] = contents;
  if (cv_read_u32(r, &count) != CV_OK || count == 0)
    return false;
  for (uint32_t i = 0; i < count; i++) {
    if (cv_read_u32(r, &index) != CV_OK || index < next || index >= c->space_counts[space] ||
        cv_read_name(r, &name) != CV_OK)
      return false;
    next = index + 1;
  }
  return r->at == r->end;
}

// Whether identifiers and annotations can say all that a name section says.
static bool are_plain_names(const cv_component *c, cv_bytes section) {
  cv_reader r = {.start = section.data, .at = section.data, .end = section.data + section.size};
  cv_bytes seen[CV_CS_COUNT] = {{NULL, 0}};
  bool is_first = true;
  for (; r.at < r.end; is_first = false) {
    uint8_t id;
    cv_bytes bytes, name;
    if (cv_read_byte(&r, &id) != CV_OK || cv_read_byte_vector(&r, &bytes) != CV_OK)
      return false;
    cv_reader sub = {.start = bytes.data, .at = bytes.data, .end = bytes.data + bytes.size};
    if (id == 1 ? !read_space_names(c, &sub, seen)
                : id != 0 || !is_first || cv_read_name(&sub, &name) != CV_OK || name.size == 0 || sub.at != sub.end)
      return false;
  }
  return !is_first;
}

// The custom section that becomes identifiers, or custom_count: the last of its name, when it can.
static uint32_t names_section(const cv_cprinter *p) {
  const cv_component *c = p->c;
  for (uint32_t i = c->custom_count; i-- > 0 && !p->w.options->no_names;) {
    const cv_custom_section *custom = &c->customs[i];
    if (cv_bytes_equal(custom->name, CV_BYTES_LITERAL("component-name")))
      return are_plain_names(c, (cv_bytes){c->bytes + custom->bytes.offset, custom->bytes.size}) ? i : c->custom_count;
  }
  return c->custom_count;
}

// Identifiers of every index space, by the name section.
static cv_status make_ids(cv_cprinter *p, cv_cprint_scope *scope) {
  cv_name_map *map = &p->w.names.maps[CV_NAMES_FUNCTION];
  for (unsigned space = 0; space < CV_CS_COUNT; space++) {
    cv_cname_cursor cursor;
    map->count = 0;
    cv_cname_cursor_init(&cursor, p->c, (cv_cspace)space);
    while (cv_cname_cursor_next(&cursor))
      CV_TRY(cv_vec_push(p->w.mem, map, (cv_name_entry){0, cursor.index, cursor.name}));
    CV_TRY(cv_print_make_ids(&p->w, &p->w.arena, CV_NAMES_FUNCTION, 0, p->c->space_counts[space], &scope->ids[space]));
  }
  map->count = 0;
  return CV_OK;
}

// ---- imports, exports, aliases -------------------------------------------------------------------------------------

cv_status cv_cprint_extern_name(cv_cprinter *p, const cv_syn_extern *external) {
  static const char *const words[] = {[CV_SYN_IMPLEMENTS] = "implements",
                                      [CV_SYN_VERSION_SUFFIX] = "versionsuffix",
                                      [CV_SYN_EXTERNAL_ID] = "external-id"};
  cv_buf *out = p->w.out;
  cv_buf_byte(out, ' ');
  cv_print_string(out, external->name, true);
  if (external->form != 2)
    return CV_OK;
  cv_reader r = cv_cprint_reader(p, external->entry + 1);
  cv_bytes text;
  uint32_t count;
  CV_TRY(cv_read_name(&r, &text));
  CV_TRY(cv_read_u32(&r, &count));
  for (uint32_t i = 0; i < count; i++) {
    uint8_t code;
    CV_TRY(cv_read_byte(&r, &code));
    CV_TRY(cv_read_name(&r, &text));
    cv_buf_printf(out, " (%s ", words[code]);
    cv_print_string(out, text, true);
    cv_buf_byte(out, ')');
  }
  return CV_OK;
}

void cv_cprint_alias(cv_cprinter *p, const cv_syn_alias *a) {
  cv_buf *out = p->w.out;
  if (a->kind == CV_SYN_ALIAS_OUTER) {
    const cv_cprint_scope *target = p->scope;
    for (uint32_t i = 0; i < a->outer && target != NULL; i++)
      target = target->outer;
    cv_buf_printf(out, "(alias outer %u ", a->outer);
    print_use(p, target, a->space, a->source);
  } else {
    bool is_core = a->kind == CV_SYN_ALIAS_CORE_EXPORT;
    cv_buf_text(out, is_core ? "(alias core export " : "(alias export ");
    cv_cprint_use(p, is_core ? CV_CS_CORE_INSTANCE : CV_CS_INSTANCE, a->source);
    cv_buf_byte(out, ' ');
    cv_print_string(out, a->name, true);
  }
  cv_buf_printf(out, " (%s", cv_cprint_sort(a->space));
  cv_cprint_define(p, a->space);
  cv_buf_text(out, "))");
}

static void print_alias_def(cv_cprinter *p, const cv_cdef *d) {
  cv_syn_alias alias = {.space = d->space, .source = d->source, .outer = d->outer, .name = d->name};
  alias.kind = d->kind == CV_CDEF_ALIAS_EXPORT        ? CV_SYN_ALIAS_EXPORT
               : d->kind == CV_CDEF_ALIAS_CORE_EXPORT ? CV_SYN_ALIAS_CORE_EXPORT
                                                      : CV_SYN_ALIAS_OUTER;
  cv_cprint_alias(p, &alias);
}

static cv_status print_import(cv_cprinter *p, const cv_syn_extern *external) {
  cv_buf_text(p->w.out, "(import");
  CV_TRY(cv_cprint_extern_name(p, external));
  cv_buf_byte(p->w.out, ' ');
  cv_cprint_extern_type(p, &external->type, true);
  cv_buf_byte(p->w.out, ')');
  return CV_OK;
}

static cv_status print_export(cv_cprinter *p, const cv_cdef *d) {
  const cv_syn_extern *external = d->syntax;
  cv_buf_text(p->w.out, "(export");
  cv_print_definition(&p->w, &p->scope->ids[d->space], p->scope->met[d->space]);
  CV_TRY(cv_cprint_extern_name(p, external));
  cv_buf_byte(p->w.out, ' ');
  cv_cprint_item(p, false, d->item);
  if (external->has_type) {
    cv_buf_byte(p->w.out, ' ');
    cv_cprint_extern_type(p, &external->type, false);
  }
  p->scope->met[d->space]++;
  cv_buf_byte(p->w.out, ')');
  return CV_OK;
}

// ---- instances -----------------------------------------------------------------------------------------------------

// Each argument or export of an instance on a line of its own.
static cv_status print_args(cv_cprinter *p, const char *word, bool is_core, const cv_cdef *d) {
  cv_buf *out = p->w.out;
  p->w.depth++;
  for (uint32_t i = 0; i < d->arg_count; i++) {
    const cv_carg *a = &d->args[i];
    cv_cprint_line(p);
    cv_buf_printf(out, "(%s", word);
    if (a->syntax != NULL)
      CV_TRY(cv_cprint_extern_name(p, a->syntax));
    else {
      cv_buf_byte(out, ' ');
      cv_print_string(out, a->name, true);
    }
    cv_buf_byte(out, ' ');
    cv_cprint_item(p, is_core, a->item);
    cv_buf_byte(out, ')');
  }
  p->w.depth--;
  return CV_OK;
}

static cv_status print_instance(cv_cprinter *p, const cv_cdef *d, bool is_core, bool is_bundle) {
  cv_buf_text(p->w.out, is_core ? "(core instance" : "(instance");
  // Its arguments come before it: an instance is not among them.
  cv_print_definition(&p->w, &p->scope->ids[d->space], p->scope->met[d->space]);
  if (is_bundle)
    CV_TRY(print_args(p, "export", is_core, d));
  else {
    cv_buf_text(p->w.out, " (instantiate ");
    cv_cprint_use(p, is_core ? CV_CS_CORE_MODULE : CV_CS_COMPONENT, d->source);
    CV_TRY(print_args(p, "with", is_core, d));
    cv_buf_byte(p->w.out, ')');
  }
  p->scope->met[d->space]++;
  cv_buf_byte(p->w.out, ')');
  return CV_OK;
}

// ---- canonical definitions -----------------------------------------------------------------------------------------

static cv_status print_ref_from(cv_cprinter *p, cv_reader *r, const char *word, cv_cspace space) {
  uint32_t index;
  CV_TRY(cv_read_u32(r, &index));
  cv_buf_printf(p->w.out, " (%s ", word);
  cv_cprint_use(p, space, index);
  cv_buf_byte(p->w.out, ')');
  return CV_OK;
}

// The options in the order in which they stand in the binary.
static cv_status print_options(cv_cprinter *p, cv_reader *r) {
  static const struct {
    const char *word;
    cv_cspace space; // CV_CS_COUNT for a word alone
  } options[] = {{"string-encoding=utf8", CV_CS_COUNT},
                 {"string-encoding=utf16", CV_CS_COUNT},
                 {"string-encoding=latin1+utf16", CV_CS_COUNT},
                 {"memory", CV_CS_CORE_MEMORY},
                 {"realloc", CV_CS_CORE_FUNC},
                 {"post-return", CV_CS_CORE_FUNC},
                 {"async", CV_CS_COUNT},
                 {"callback", CV_CS_CORE_FUNC}};
  uint32_t count;
  CV_TRY(cv_read_u32(r, &count));
  for (uint32_t i = 0; i < count; i++) {
    uint8_t code;
    CV_TRY(cv_read_byte(r, &code));
    if (options[code].space == CV_CS_COUNT)
      cv_buf_printf(p->w.out, " %s", options[code].word);
    else
      CV_TRY(print_ref_from(p, r, options[code].word, options[code].space));
  }
  return CV_OK;
}

static cv_status print_index_from(cv_cprinter *p, cv_reader *r, bool bare, cv_cspace space) {
  uint32_t index;
  CV_TRY(cv_read_u32(r, &index));
  cv_buf_byte(p->w.out, ' ');
  if (bare)
    cv_cprint_use(p, space, index);
  else
    cv_cprint_item(p, false, (cv_csortidx){space, index});
  return CV_OK;
}

static cv_status print_word_from(cv_cprinter *p, cv_reader *r, const char *word) {
  uint8_t given;
  CV_TRY(cv_read_byte(r, &given));
  cv_buf_text(p->w.out, given != 0 ? word : "");
  return CV_OK;
}

static cv_status print_result_from(cv_cprinter *p, cv_reader *r, const cv_syn_result *result) {
  if (result->type.code == CV_SYN_NONE) {
    r->at += 2;
    return CV_OK;
  }
  int64_t type;
  r->at++;
  cv_buf_text(p->w.out, " (result ");
  cv_cprint_ref(p, result->type);
  cv_buf_byte(p->w.out, ')');
  return cv_read_s33(r, &type);
}

static cv_status print_immediate(cv_cprinter *p, cv_reader *r, char what, const cv_cdef *d) {
  cv_valtype type;
  uint32_t n;
  switch (what) {
  case 'f':
    r->at++;
    return print_index_from(p, r, false, CV_CS_CORE_FUNC);
  case 'F':
    r->at++;
    return print_index_from(p, r, false, CV_CS_FUNC);
  case 'o':
    return print_options(p, r);
  case 'T':
    return print_index_from(p, r, true, CV_CS_TYPE);
  case 'y':
    return print_index_from(p, r, true, CV_CS_CORE_TYPE);
  case 'b':
    return print_index_from(p, r, false, CV_CS_CORE_TABLE);
  case 'm':
    return print_ref_from(p, r, "memory", CV_CS_CORE_MEMORY);
  case 'a':
    return print_word_from(p, r, " async");
  case 'c':
    return print_word_from(p, r, " cancellable");
  case 's':
    return print_word_from(p, r, " shared");
  case 'r':
    return print_result_from(p, r, d->syntax);
  case 'v':
    CV_TRY(cv_read_val_type(r, &type));
    cv_buf_byte(p->w.out, ' ');
    cv_print_val_type(&p->w, type);
    return CV_OK;
  default: // i
    CV_TRY(cv_read_u32(r, &n));
    cv_buf_printf(p->w.out, " %u", n);
    return CV_OK;
  }
}

static cv_status print_canon(cv_cprinter *p, const cv_cdef *d) {
  cv_buf *out = p->w.out;
  const cv_canon *canon = d->as.canon;
  cv_reader r = cv_cprint_reader(p, d->entry + 1);
  bool is_lift = canon->kind == CV_CANON_LIFT;
  cv_buf_text(out, is_lift ? "(func" : "(core func");
  cv_print_definition(&p->w, &p->scope->ids[d->space], p->scope->met[d->space]);
  if (is_lift) {
    cv_buf_text(out, " (type ");
    cv_cprint_use(p, CV_CS_TYPE, canon->type);
    cv_buf_byte(out, ')');
  }
  cv_buf_printf(out, " (canon %s", cv_canon_text(canon->kind));
  for (const char *at = cv_canon_immediates(canon->kind); *at != '\0'; at++)
    if (!is_lift || *at != 'T') // a lift's type has been printed
      CV_TRY(print_immediate(p, &r, *at, d));
  cv_buf_text(out, "))");
  p->scope->met[d->space]++;
  return CV_OK;
}

// ---- modules, components, start, values ----------------------------------------------------------------------------

static void print_bytes(cv_cprinter *p, const uint8_t *bytes, uint32_t size) {
  enum { LINE = 1024 };
  if (size <= LINE) {
    cv_buf_byte(p->w.out, ' ');
    cv_print_string(p->w.out, (cv_bytes){bytes, size}, false);
    return;
  }
  for (uint32_t at = 0; at < size; at += LINE) {
    cv_print_newline(&p->w, 1);
    cv_print_string(p->w.out, (cv_bytes){bytes + at, CV_MIN(size - at, (uint32_t)LINE)}, false);
  }
}

static cv_wat_nesting nesting_of(const cv_cprinter *p, cv_cspace space) {
  uint32_t index = p->scope->met[space];
  const cv_ids *ids = &p->scope->ids[space];
  cv_wat_nesting nesting = {.depth = p->w.depth, .index = index};
  if (ids->ids != NULL && index < ids->count) {
    nesting.id = ids->ids[index];
    nesting.name = ids->names[index];
  }
  return nesting;
}

// A module that has been validated as text, another one as its bytes.
static cv_status print_core_module(cv_cprinter *p, const cv_cdef *d) {
  cv_wat_nesting nesting = nesting_of(p, d->space);
  p->scope->met[d->space]++;
  if (d->as.module != NULL)
    return cv_wat_print_nested(d->as.module, p->w.options, &nesting, p->w.mem, p->w.out, p->w.diag);
  cv_buf_text(p->w.out, "(core module");
  cv_print_nesting(p->w.out, &nesting, nesting.name.data != NULL ? nesting.name : nesting.id);
  cv_buf_text(p->w.out, " binary");
  print_bytes(p, p->c->bytes + d->span.offset, d->span.size);
  cv_buf_byte(p->w.out, ')');
  return CV_OK;
}

static void print_start(cv_cprinter *p, const cv_syn_start *s) {
  cv_buf_text(p->w.out, "(start ");
  cv_cprint_use(p, CV_CS_FUNC, s->func);
  for (uint32_t i = 0; i < s->arg_count; i++) {
    cv_buf_byte(p->w.out, ' ');
    cv_cprint_item(p, false, (cv_csortidx){CV_CS_VALUE, s->args[i]});
  }
  for (uint32_t i = 0; i < s->result_count; i++) {
    cv_buf_text(p->w.out, " (result (value");
    cv_cprint_define(p, CV_CS_VALUE);
    cv_buf_text(p->w.out, "))");
  }
  cv_buf_byte(p->w.out, ')');
}

static void print_value(cv_cprinter *p, const cv_syn_value *v) {
  cv_buf_text(p->w.out, "(value");
  cv_print_definition(&p->w, &p->scope->ids[CV_CS_VALUE], p->scope->met[CV_CS_VALUE]++);
  cv_buf_byte(p->w.out, ' ');
  cv_cprint_ref(p, v->type);
  cv_buf_text(p->w.out, " (binary");
  print_bytes(p, p->c->bytes + v->bytes.offset, v->bytes.size);
  cv_buf_text(p->w.out, "))");
}

static cv_status print_component(cv_cprinter *p, const cv_component *c, const cv_wat_nesting *nesting);

static cv_status print_nested_component(cv_cprinter *p, const cv_cdef *d) {
  cv_wat_nesting nesting = nesting_of(p, d->space);
  CV_TRY(print_component(p, d->as.component, &nesting));
  p->scope->met[d->space]++;
  return CV_OK;
}

// ---- the component -------------------------------------------------------------------------------------------------

static cv_status print_def(cv_cprinter *p, const cv_cdef *d) {
  if (d->kind == CV_CDEF_TYPE)
    return cv_cprint_type(p, d->syntax);
  if (d->kind == CV_CDEF_CORE_TYPE)
    return cv_cprint_core_type(p, d->syntax);
  cv_cprint_line(p);
  switch (d->kind) {
  case CV_CDEF_CORE_MODULE:
    return print_core_module(p, d);
  case CV_CDEF_CORE_INSTANTIATE:
    return print_instance(p, d, true, false);
  case CV_CDEF_CORE_BUNDLE:
    return print_instance(p, d, true, true);
  case CV_CDEF_COMPONENT:
    return print_nested_component(p, d);
  case CV_CDEF_INSTANTIATE:
    return print_instance(p, d, false, false);
  case CV_CDEF_BUNDLE:
    return print_instance(p, d, false, true);
  case CV_CDEF_ALIAS_EXPORT:
  case CV_CDEF_ALIAS_CORE_EXPORT:
  case CV_CDEF_ALIAS_OUTER:
    print_alias_def(p, d);
    return CV_OK;
  case CV_CDEF_CANON:
    return print_canon(p, d);
  case CV_CDEF_START:
    print_start(p, d->syntax);
    return CV_OK;
  case CV_CDEF_IMPORT:
    return print_import(p, d->syntax);
  case CV_CDEF_EXPORT:
    return print_export(p, d);
  default:
    print_value(p, d->syntax);
    return CV_OK;
  }
}

// Custom sections before the definition `at`, from *next on. The name section becomes identifiers, and leaves a mark
// where it is not the last section.
static void print_customs(cv_cprinter *p, uint32_t at, uint32_t names, uint32_t *next) {
  for (; *next < p->c->custom_count && p->c->customs[*next].after <= at; ++*next) {
    const cv_custom_section *custom = &p->c->customs[*next];
    bool is_name = cv_bytes_equal(custom->name, CV_BYTES_LITERAL("component-name"));
    if (*next == names && (*next + 1 < p->c->custom_count || at < p->c->def_count)) {
      cv_cprint_line(p);
      cv_buf_text(p->w.out, "(@component-name)");
    }
    if (*next == names || (is_name && p->w.options->no_names))
      continue;
    cv_cprint_line(p);
    cv_buf_text(p->w.out, "(@custom ");
    cv_print_string(p->w.out, custom->name, true);
    print_bytes(p, p->c->bytes + custom->bytes.offset, custom->bytes.size);
    cv_buf_byte(p->w.out, ')');
  }
}

static cv_status print_defs(cv_cprinter *p, uint32_t names) {
  uint32_t next = 0;
  for (uint32_t i = 0; i < p->c->def_count; i++) {
    print_customs(p, i, names, &next);
    CV_TRY(print_def(p, &p->c->defs[i]));
  }
  print_customs(p, UINT32_MAX, names, &next);
  return CV_OK;
}

static cv_status print_component(cv_cprinter *p, const cv_component *c, const cv_wat_nesting *nesting) {
  cv_cprint_scope scope = {.outer = p->scope}, *outer = p->scope;
  const cv_component *back = p->c;
  cv_ids core_types = p->w.spaces[CV_PRINT_TYPE];
  cv_arena_mark mark = cv_arena_save(&p->w.arena);
  p->c = c;
  p->scope = &scope;
  uint32_t names = names_section(p);
  bool has_names = names != c->custom_count;
  if (has_names)
    CV_TRY(make_ids(p, &scope));
  p->w.spaces[CV_PRINT_TYPE] = scope.ids[CV_CS_CORE_TYPE];
  cv_buf_text(p->w.out, "(component");
  cv_bytes name = has_names && c->name.size != 0 ? c->name : (cv_bytes){NULL, 0};
  if (nesting != NULL)
    cv_print_nesting(p->w.out, nesting, name);
  else if (name.data != NULL) {
    cv_buf_byte(p->w.out, ' ');
    cv_print_id(p->w.out, name);
  }
  p->w.depth++;
  CV_TRY(print_defs(p, names));
  p->w.depth--;
  cv_buf_byte(p->w.out, ')');
  p->w.spaces[CV_PRINT_TYPE] = core_types;
  p->scope = outer;
  p->c = back;
  cv_arena_restore(&p->w.arena, mark);
  return cv_buf_status(p->w.out);
}

cv_status cv_cwat_print(const cv_component *component, const cv_wat_print_options *options, cv_mem *mem, cv_buf *out,
                        cv_diag *diag) {
  static const cv_wat_print_options defaults;
  cv_cprinter p = {
      .w = {
          .options = options != NULL ? options : &defaults, .mem = mem, .out = out, .diag = diag, .func = UINT32_MAX}};
  cv_arena_init(&p.w.arena, mem);
  cv_arena_init(&p.w.func_arena, mem);
  cv_status status = print_component(&p, component, NULL);
  cv_buf_byte(out, '\n');
  if (status == CV_OK)
    status = cv_buf_status(out);
  if (status == CV_ENOMEM)
    status = cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory while printing a component");
  cv_names_free(&p.w.names, mem);
  cv_arena_free(&p.w.func_arena);
  cv_arena_free(&p.w.arena);
  return status;
}
