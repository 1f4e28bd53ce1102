// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse_fields.c: module fields but for types (core specification, 6.6), each into its section. Inline imports, exports
// and segments are expanded here.
#include "wasm/text/number.h"
#include "wasm/text/parser.h"

typedef struct import_names {
  bool given;
  cv_bytes module, name;
} import_names;

static cv_buf *section(cv_wat *p, cv_wat_section s) {
  return &p->sections[s];
}

// A new item of a section.
static cv_buf *add_item(cv_wat *p, cv_wat_section s) {
  p->section_items[s]++;
  return &p->sections[s];
}

static void put_bytes(cv_buf *out, cv_bytes b) {
  cv_buf_uleb(out, b.size);
  cv_buf_bytes(out, b.data, b.size);
}

// ---- inline exports and imports ------------------------------------------------------------------------------------

static void put_export(cv_wat *p, cv_bytes name, cv_extern_kind kind, uint32_t index) {
  cv_buf *out = add_item(p, CV_SECTION_EXPORT);
  put_bytes(out, name);
  cv_buf_byte(out, (uint8_t)kind);
  cv_buf_uleb(out, index);
}

static cv_status inline_exports(cv_wat *p, cv_extern_kind kind, uint32_t index) {
  cv_bytes name;
  while (cv_wat_accept_open(p, "export")) {
    CV_TRY(cv_wat_name(p, &name));
    put_export(p, name, kind, index);
    CV_TRY(cv_wat_close(p));
  }
  return CV_OK;
}

static cv_status inline_import(cv_wat *p, import_names *names) {
  names->given = cv_wat_accept_open(p, "import");
  if (!names->given)
    return CV_OK;
  CV_TRY(cv_wat_name(p, &names->module));
  CV_TRY(cv_wat_name(p, &names->name));
  return cv_wat_close(p);
}

static cv_buf *put_import_names(cv_wat *p, const import_names *names) {
  cv_buf *out = add_item(p, CV_SECTION_IMPORT);
  put_bytes(out, names->module);
  put_bytes(out, names->name);
  return out;
}

// The start of an entry of the import section, which ends with its type.
static cv_buf *put_import(cv_wat *p, const import_names *names, cv_extern_kind kind) {
  cv_buf *out = put_import_names(p, names);
  cv_buf_byte(out, (uint8_t)kind);
  return out;
}

// ---- limits --------------------------------------------------------------------------------------------------------

enum { LIMITS_MAX = 1, LIMITS_SHARED = 2, LIMITS_64 = 4, LIMITS_PAGE_SIZE = 8 };

static void put_limits(cv_buf *out, const cv_limits *l, unsigned page_log2) {
  cv_buf_byte(out, (uint8_t)((l->has_max ? LIMITS_MAX : 0) | (l->is_shared ? LIMITS_SHARED : 0) |
                             (l->is_64 ? LIMITS_64 : 0) | (page_log2 != 16 ? LIMITS_PAGE_SIZE : 0)));
  cv_buf_uleb(out, l->min);
  if (l->has_max)
    cv_buf_uleb(out, l->max);
  if (page_log2 != 16)
    cv_buf_uleb(out, page_log2);
}

// (pagesize n), a power of two.
static cv_status page_size(cv_wat *p, unsigned *log2) {
  *log2 = 16;
  if (!cv_wat_accept_open(p, "pagesize"))
    return CV_OK;
  uint32_t token = p->at;
  uint64_t size;
  CV_TRY(cv_wat_u64(p, &size));
  if (size == 0 || (size & (size - 1)) != 0)
    return cv_wat_fail_at(p, token, "invalid custom page size");
  *log2 = (unsigned)__builtin_ctzll(size);
  return cv_wat_close(p);
}

// ---- functions -----------------------------------------------------------------------------------------------------

static void reset_locals(cv_wat *p) {
  cv_map_free(&p->locals.names);
  p->locals.count = 0;
}

// (local ...)*, as runs of equal types.
static cv_status put_locals(cv_wat *p) {
  uint32_t count, runs = 0;
  p->scratch.count = 0;
  while (cv_wat_accept_open(p, "local"))
    CV_TRY(cv_wat_declaration(p, &p->locals, true, &count));
  const cv_valtype *types = p->scratch.data;
  for (size_t i = 0; i < p->scratch.count; i++)
    runs += i == 0 || types[i] != types[i - 1];
  cv_buf_uleb(&p->body, runs);
  for (size_t i = 0, end; i < p->scratch.count; i = end) {
    for (end = i + 1; end < p->scratch.count && types[end] == types[i];)
      end++;
    cv_buf_uleb(&p->body, end - i);
    cv_wat_encode_val_type(&p->body, types[i]);
  }
  return CV_OK;
}

static cv_status put_body(cv_wat *p) {
  p->body.size = p->pending.size = p->labels.count = 0;
  p->label_count = 0;
  cv_map_free(&p->label_names);
  // The function itself is the outermost label; names of labels count from the first block.
  if (cv_vec_push(p->mem, &p->labels, (cv_wat_block_label){.shadowed = 0}) != CV_OK)
    return cv_wat_no_memory(p);
  CV_TRY(put_locals(p));
  CV_TRY(cv_wat_expression(p, &p->body));
  put_bytes(add_item(p, CV_SECTION_CODE), (cv_bytes){p->body.data, p->body.size});
  return CV_OK;
}

static cv_status func_rest(cv_wat *p, uint32_t index) {
  import_names names;
  uint32_t type;
  CV_TRY(inline_exports(p, CV_EXTERN_FUNC, index));
  CV_TRY(inline_import(p, &names));
  CV_TRY(cv_wat_type_use(p, &p->locals, true, &type));
  if (names.given) {
    cv_buf_uleb(put_import(p, &names, CV_EXTERN_FUNC), type);
    return CV_OK;
  }
  cv_buf_uleb(add_item(p, CV_SECTION_FUNC), type);
  return put_body(p);
}

static cv_status func_field(cv_wat *p) {
  uint32_t index = p->met[CV_SPACE_FUNC]++;
  CV_TRY(cv_wat_note_name(p, CV_NAMES_FUNCTION, 0, index));
  reset_locals(p);
  p->func = index;
  cv_status status = func_rest(p, index);
  p->func = UINT32_MAX;
  reset_locals(p);
  return status;
}

static cv_status tag_field(cv_wat *p) {
  uint32_t index = p->met[CV_SPACE_TAG]++, type;
  import_names names;
  CV_TRY(cv_wat_note_name(p, CV_NAMES_TAG, 0, index));
  CV_TRY(inline_exports(p, CV_EXTERN_TAG, index));
  CV_TRY(inline_import(p, &names));
  CV_TRY(cv_wat_type_use(p, NULL, true, &type));
  cv_buf *out = names.given ? put_import(p, &names, CV_EXTERN_TAG) : add_item(p, CV_SECTION_TAG);
  cv_buf_byte(out, 0);
  cv_buf_uleb(out, type);
  return CV_OK;
}

// ---- globals -------------------------------------------------------------------------------------------------------

static void put_global_type(cv_buf *out, const cv_globaltype *type) {
  cv_wat_encode_val_type(out, type->type);
  cv_buf_byte(out, type->is_mutable);
}

static cv_status global_field(cv_wat *p) {
  uint32_t index = p->met[CV_SPACE_GLOBAL]++;
  import_names names;
  cv_globaltype type;
  CV_TRY(cv_wat_note_name(p, CV_NAMES_GLOBAL, 0, index));
  CV_TRY(inline_exports(p, CV_EXTERN_GLOBAL, index));
  CV_TRY(inline_import(p, &names));
  CV_TRY(cv_wat_global_type(p, &type));
  put_global_type(names.given ? put_import(p, &names, CV_EXTERN_GLOBAL) : add_item(p, CV_SECTION_GLOBAL), &type);
  return names.given ? CV_OK : cv_wat_expression(p, section(p, CV_SECTION_GLOBAL));
}

// ---- element segments ----------------------------------------------------------------------------------------------

// An element segment under construction.
typedef struct segment {
  bool is_active, is_declared;
  bool has_exprs; // or function indices
  uint32_t target, count;
  cv_valtype type;
  cv_buf offset, items;
} segment;

static void free_segment(segment *s) {
  cv_buf_free(&s->offset);
  cv_buf_free(&s->items);
}

static cv_status function_items(cv_wat *p, segment *s) {
  for (; cv_wat_at_index(p); s->count++) {
    uint32_t index;
    CV_TRY(cv_wat_index(p, CV_SPACE_FUNC, &index));
    cv_buf_uleb(&s->items, index);
  }
  return CV_OK;
}

static cv_status expression_items(cv_wat *p, segment *s) {
  s->has_exprs = true;
  for (; cv_wat_kind(p) == CV_TOK_LPAR; s->count++) {
    if (cv_wat_accept_open(p, "item")) {
      CV_TRY(cv_wat_expression(p, &s->items));
      CV_TRY(cv_wat_close(p));
    } else
      CV_TRY(cv_wat_folded_expression(p, &s->items));
  }
  return CV_OK;
}

// "func x*", "reftype expr*", or, after an offset of table 0, "x*".
static cv_status element_list(cv_wat *p, segment *s, bool bare_allowed) {
  if (cv_wat_accept_word(p, "func") || (bare_allowed && (cv_wat_at_index(p) || cv_wat_kind(p) == CV_TOK_RPAR)))
    return function_items(p, s);
  CV_TRY(cv_wat_ref_type(p, &s->type));
  return expression_items(p, s);
}

static cv_status offset_of(cv_wat *p, cv_buf *out) {
  if (!cv_wat_accept_open(p, "offset"))
    return cv_wat_folded_expression(p, out);
  CV_TRY(cv_wat_expression(p, out));
  return cv_wat_close(p);
}

static cv_status put_element_segment(cv_wat *p, const segment *s) {
  bool is_plain = s->type == CV_FUNCREF; // the type that the short form stands for
  bool short_form = s->is_active && s->target == 0 && (is_plain || !s->has_exprs);
  cv_buf *out = add_item(p, CV_SECTION_ELEM);
  unsigned flags = s->has_exprs ? 4 : 0;
  flags |= s->is_active ? (short_form ? 0 : 2) : (s->is_declared ? 3 : 1);
  cv_buf_byte(out, (uint8_t)flags);
  if ((flags & 3) == 2)
    cv_buf_uleb(out, s->target);
  if (s->is_active)
    cv_buf_bytes(out, s->offset.data, s->offset.size);
  if ((flags & 3) != 0) {
    if (s->has_exprs)
      cv_wat_encode_val_type(out, s->type);
    else
      cv_buf_byte(out, 0); // elemkind: functions
  }
  cv_buf_uleb(out, s->count);
  cv_buf_bytes(out, s->items.data, s->items.size);
  out->failed |= s->offset.failed || s->items.failed;
  return CV_OK;
}

static cv_status element_rest(cv_wat *p, segment *s) {
  if (cv_wat_accept_word(p, "declare")) {
    s->is_declared = true;
    return element_list(p, s, false);
  }
  // A bare number is an older way to name the table.
  bool old_style = cv_wat_kind(p) == CV_TOK_NAT, explicit_table = cv_wat_accept_open(p, "table");
  if (explicit_table || old_style) {
    CV_TRY(cv_wat_index(p, CV_SPACE_TABLE, &s->target));
    if (explicit_table)
      CV_TRY(cv_wat_close(p));
  }
  s->is_active = explicit_table || old_style || (cv_wat_kind(p) == CV_TOK_LPAR && !cv_wat_at_open(p, "ref"));
  if (s->is_active)
    CV_TRY(offset_of(p, &s->offset));
  return element_list(p, s, s->is_active && !explicit_table);
}

static cv_status elem_field(cv_wat *p) {
  CV_TRY(cv_wat_note_name(p, CV_NAMES_ELEM, 0, p->met[CV_SPACE_ELEM]++));
  segment s = {.type = CV_FUNCREF, .offset = {.mem = p->mem}, .items = {.mem = p->mem}};
  cv_status status = element_rest(p, &s);
  if (status == CV_OK)
    status = put_element_segment(p, &s);
  free_segment(&s);
  return status;
}

static void put_zero_offset(cv_buf *out, bool is_64) {
  cv_buf_byte(out, is_64 ? CV_OPC_I64_CONST : CV_OPC_I32_CONST);
  cv_buf_byte(out, 0);
  cv_buf_byte(out, CV_OPC_END);
}

// ---- tables --------------------------------------------------------------------------------------------------------

static void put_table_type(cv_buf *out, const cv_tabletype *type) {
  cv_wat_encode_val_type(out, type->elem);
  put_limits(out, &type->limits, 16);
}

// Function indices as expressions, for a table whose type is not that of the short form.
static cv_status function_expressions(cv_wat *p, segment *s) {
  s->has_exprs = true;
  for (; cv_wat_at_index(p); s->count++) {
    uint32_t index;
    CV_TRY(cv_wat_index(p, CV_SPACE_FUNC, &index));
    cv_buf_byte(&s->items, CV_OPC_REF_FUNC);
    cv_buf_uleb(&s->items, index);
    cv_buf_byte(&s->items, CV_OPC_END);
  }
  return CV_OK;
}

// (elem ...) inside a table: its elements, and with them the table's size.
static cv_status table_elements(cv_wat *p, segment *s, cv_tabletype *type, uint32_t table) {
  if (cv_wat_kind(p) == CV_TOK_LPAR)
    CV_TRY(expression_items(p, s));
  else if (type->elem == CV_FUNCREF)
    CV_TRY(function_items(p, s));
  else
    CV_TRY(function_expressions(p, s));
  CV_TRY(cv_wat_close(p));
  s->is_active = true;
  s->target = table;
  s->type = type->elem;
  put_zero_offset(&s->offset, type->limits.is_64);
  type->limits.min = type->limits.max = s->count;
  type->limits.has_max = true;
  put_table_type(add_item(p, CV_SECTION_TABLE), type);
  p->met[CV_SPACE_ELEM]++;
  return put_element_segment(p, s);
}

static cv_status table_definition(cv_wat *p, cv_tabletype *type, uint32_t index) {
  if (cv_wat_kind(p) != CV_TOK_NAT) {
    CV_TRY(cv_wat_ref_type(p, &type->elem));
    if (!cv_wat_accept_open(p, "elem"))
      return cv_wat_unexpected(p);
    segment s = {.offset = {.mem = p->mem}, .items = {.mem = p->mem}};
    cv_status status = table_elements(p, &s, type, index);
    free_segment(&s);
    return status;
  }
  CV_TRY(cv_wat_limits(p, &type->limits));
  CV_TRY(cv_wat_ref_type(p, &type->elem));
  cv_buf *out = add_item(p, CV_SECTION_TABLE);
  bool has_init = cv_wat_kind(p) != CV_TOK_RPAR;
  if (has_init)
    cv_buf_bytes(out, "\x40\0", 2);
  put_table_type(out, type);
  return has_init ? cv_wat_expression(p, out) : CV_OK;
}

static cv_status table_type(cv_wat *p, cv_tabletype *type, cv_buf *out) {
  CV_TRY(cv_wat_limits(p, &type->limits));
  CV_TRY(cv_wat_ref_type(p, &type->elem));
  put_table_type(out, type);
  return CV_OK;
}

static cv_status table_field(cv_wat *p) {
  uint32_t index = p->met[CV_SPACE_TABLE]++;
  import_names names;
  cv_tabletype type = {.elem = CV_FUNCREF};
  CV_TRY(cv_wat_note_name(p, CV_NAMES_TABLE, 0, index));
  CV_TRY(inline_exports(p, CV_EXTERN_TABLE, index));
  CV_TRY(inline_import(p, &names));
  type.limits.is_64 = cv_wat_address_type(p);
  if (!names.given)
    return table_definition(p, &type, index);
  return table_type(p, &type, put_import(p, &names, CV_EXTERN_TABLE));
}

// ---- memories and data segments ------------------------------------------------------------------------------------

static cv_status memory_type(cv_wat *p, cv_limits *limits, cv_buf *out) {
  unsigned page_log2;
  CV_TRY(cv_wat_limits(p, limits));
  limits->is_shared = cv_wat_accept_word(p, "shared");
  CV_TRY(page_size(p, &page_log2));
  put_limits(out, limits, page_log2);
  return CV_OK;
}

static void put_active_data(cv_wat *p, uint32_t memory, const cv_buf *offset, const cv_buf *bytes) {
  cv_buf *out = add_item(p, CV_SECTION_DATA);
  cv_buf_byte(out, memory == 0 ? 0 : 2);
  if (memory != 0)
    cv_buf_uleb(out, memory);
  cv_buf_bytes(out, offset->data, offset->size);
  cv_buf_uleb(out, bytes->size);
  cv_buf_bytes(out, bytes->data, bytes->size);
  out->failed |= offset->failed || bytes->failed;
}

// (memory (data "...")): as many pages as the bytes need.
static cv_status memory_with_data(cv_wat *p, cv_limits *limits, uint32_t index) {
  unsigned page_log2;
  CV_TRY(page_size(p, &page_log2));
  if (!cv_wat_accept_open(p, "data"))
    return cv_wat_unexpected(p);
  cv_buf bytes = {.mem = p->mem}, offset = {.mem = p->mem};
  cv_status status = cv_wat_strings(p, &bytes);
  if (status == CV_OK)
    status = cv_wat_close(p);
  if (status == CV_OK) {
    uint64_t page = page_log2 < 64 ? (uint64_t)1 << page_log2 : 1;
    limits->min = limits->max = bytes.size / page + (bytes.size % page != 0);
    limits->has_max = true;
    put_limits(add_item(p, CV_SECTION_MEMORY), limits, page_log2);
    put_zero_offset(&offset, limits->is_64);
    put_active_data(p, index, &offset, &bytes);
    p->met[CV_SPACE_DATA]++;
  }
  cv_buf_free(&bytes);
  cv_buf_free(&offset);
  return status;
}

static cv_status memory_field(cv_wat *p) {
  uint32_t index = p->met[CV_SPACE_MEMORY]++;
  import_names names;
  cv_limits limits = {.min = 0};
  CV_TRY(cv_wat_note_name(p, CV_NAMES_MEMORY, 0, index));
  CV_TRY(inline_exports(p, CV_EXTERN_MEMORY, index));
  CV_TRY(inline_import(p, &names));
  limits.is_64 = cv_wat_address_type(p);
  if (!names.given && cv_wat_kind(p) == CV_TOK_LPAR)
    return memory_with_data(p, &limits, index);
  return memory_type(p, &limits,
                     names.given ? put_import(p, &names, CV_EXTERN_MEMORY) : add_item(p, CV_SECTION_MEMORY));
}

static cv_status data_rest(cv_wat *p, cv_buf *offset, cv_buf *bytes) {
  uint32_t memory = 0;
  // A bare number is an older way to name the memory.
  bool old_style = cv_wat_kind(p) == CV_TOK_NAT, is_active = old_style || cv_wat_kind(p) == CV_TOK_LPAR;
  if (old_style) {
    CV_TRY(cv_wat_index(p, CV_SPACE_MEMORY, &memory));
  } else if (cv_wat_accept_open(p, "memory")) {
    CV_TRY(cv_wat_index(p, CV_SPACE_MEMORY, &memory));
    CV_TRY(cv_wat_close(p));
  }
  if (is_active)
    CV_TRY(offset_of(p, offset));
  CV_TRY(cv_wat_strings(p, bytes));
  if (is_active) {
    put_active_data(p, memory, offset, bytes);
    return CV_OK;
  }
  cv_buf *out = add_item(p, CV_SECTION_DATA);
  cv_buf_byte(out, 1);
  put_bytes(out, (cv_bytes){bytes->data, bytes->size});
  return CV_OK;
}

static cv_status data_field(cv_wat *p) {
  CV_TRY(cv_wat_note_name(p, CV_NAMES_DATA, 0, p->met[CV_SPACE_DATA]++));
  cv_buf offset = {.mem = p->mem}, bytes = {.mem = p->mem};
  cv_status status = data_rest(p, &offset, &bytes);
  cv_buf_free(&offset);
  cv_buf_free(&bytes);
  return status;
}

// ---- imports, exports, start ---------------------------------------------------------------------------------------

static cv_status extern_func(cv_wat *p, cv_buf *out) {
  uint32_t index = p->met[CV_SPACE_FUNC]++, type;
  CV_TRY(cv_wat_note_name(p, CV_NAMES_FUNCTION, 0, index));
  reset_locals(p);
  p->func = index;
  cv_status status = cv_wat_type_use(p, &p->locals, true, &type);
  p->func = UINT32_MAX;
  reset_locals(p);
  if (status != CV_OK)
    return status;
  cv_buf_byte(out, CV_EXTERN_FUNC);
  cv_buf_uleb(out, type);
  return CV_OK;
}

static cv_status extern_table(cv_wat *p, cv_buf *out) {
  cv_tabletype type = {.elem = CV_FUNCREF};
  CV_TRY(cv_wat_note_name(p, CV_NAMES_TABLE, 0, p->met[CV_SPACE_TABLE]++));
  type.limits.is_64 = cv_wat_address_type(p);
  cv_buf_byte(out, CV_EXTERN_TABLE);
  return table_type(p, &type, out);
}

static cv_status extern_memory(cv_wat *p, cv_buf *out) {
  cv_limits limits = {.min = 0};
  CV_TRY(cv_wat_note_name(p, CV_NAMES_MEMORY, 0, p->met[CV_SPACE_MEMORY]++));
  limits.is_64 = cv_wat_address_type(p);
  cv_buf_byte(out, CV_EXTERN_MEMORY);
  return memory_type(p, &limits, out);
}

static cv_status extern_global(cv_wat *p, cv_buf *out) {
  cv_globaltype type;
  CV_TRY(cv_wat_note_name(p, CV_NAMES_GLOBAL, 0, p->met[CV_SPACE_GLOBAL]++));
  CV_TRY(cv_wat_global_type(p, &type));
  cv_buf_byte(out, CV_EXTERN_GLOBAL);
  put_global_type(out, &type);
  return CV_OK;
}

static cv_status extern_tag(cv_wat *p, cv_buf *out) {
  uint32_t type;
  CV_TRY(cv_wat_note_name(p, CV_NAMES_TAG, 0, p->met[CV_SPACE_TAG]++));
  CV_TRY(cv_wat_type_use(p, NULL, true, &type));
  cv_buf_bytes(out, (uint8_t[]){CV_EXTERN_TAG, 0}, 2);
  cv_buf_uleb(out, type);
  return CV_OK;
}

cv_status cv_wat_extern_type(cv_wat *p, cv_buf *out) {
  static const struct {
    const char *word;
    cv_status (*parse)(cv_wat *p, cv_buf *out);
  } kinds[] = {{"func", extern_func},
               {"table", extern_table},
               {"memory", extern_memory},
               {"global", extern_global},
               {"tag", extern_tag}};
  for (size_t i = 0; i < CV_COUNT(kinds); i++) {
    if (cv_wat_accept_open(p, kinds[i].word)) {
      CV_TRY(kinds[i].parse(p, out));
      return cv_wat_close(p);
    }
  }
  p->at += cv_wat_kind(p) == CV_TOK_LPAR;
  return cv_wat_unexpected(p);
}

static cv_status import_field(cv_wat *p) {
  import_names names = {.given = true};
  CV_TRY(cv_wat_name(p, &names.module));
  CV_TRY(cv_wat_name(p, &names.name));
  return cv_wat_extern_type(p, put_import_names(p, &names));
}

static cv_status export_field(cv_wat *p) {
  static const struct {
    const char *word;
    cv_wat_space space;
    cv_extern_kind kind;
  } kinds[] = {{"func", CV_SPACE_FUNC, CV_EXTERN_FUNC},
               {"table", CV_SPACE_TABLE, CV_EXTERN_TABLE},
               {"memory", CV_SPACE_MEMORY, CV_EXTERN_MEMORY},
               {"global", CV_SPACE_GLOBAL, CV_EXTERN_GLOBAL},
               {"tag", CV_SPACE_TAG, CV_EXTERN_TAG}};
  cv_bytes name;
  CV_TRY(cv_wat_name(p, &name));
  for (size_t i = 0; i < CV_COUNT(kinds); i++) {
    if (cv_wat_accept_open(p, kinds[i].word)) {
      uint32_t index;
      CV_TRY(cv_wat_index(p, kinds[i].space, &index));
      put_export(p, name, kinds[i].kind, index);
      return cv_wat_close(p);
    }
  }
  p->at += cv_wat_kind(p) == CV_TOK_LPAR;
  return cv_wat_unexpected(p);
}

static cv_status start_field(cv_wat *p) {
  if (p->has_start)
    return cv_wat_fail(p, "multiple start sections");
  p->has_start = true;
  return cv_wat_index(p, CV_SPACE_FUNC, &p->start);
}

cv_status cv_wat_field(cv_wat *p) {
  static const struct {
    const char *word;
    cv_status (*parse)(cv_wat *p);
  } fields[] = {{"func", func_field},     {"global", global_field}, {"table", table_field}, {"memory", memory_field},
                {"elem", elem_field},     {"data", data_field},     {"tag", tag_field},     {"import", import_field},
                {"export", export_field}, {"start", start_field}};
  if (cv_wat_at_open(p, "type") || cv_wat_at_open(p, "rec")) {
    p->at = p->text->tokens.data[p->at].extent + 1; // read already
    return CV_OK;
  }
  for (size_t i = 0; i < CV_COUNT(fields); i++) {
    if (cv_wat_accept_open(p, fields[i].word)) {
      CV_TRY(fields[i].parse(p));
      return cv_wat_close(p);
    }
  }
  p->at += cv_wat_kind(p) == CV_TOK_LPAR;
  return cv_wat_unexpected(p);
}
