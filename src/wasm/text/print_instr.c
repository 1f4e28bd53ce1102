// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// print_instr.c: instructions in the flat form, one on each line (core specification, 6.5).
#include "base/leb.h"
#include "wasm/text/number.h"
#include "wasm/text/printer.h"

static cv_reader reader_of(const cv_printer *p, cv_span code) {
  const uint8_t *start = cv_span_start(p->m, code);
  return (cv_reader){
      .start = p->m->bytes, .at = start, .end = start + code.size, .features = p->m->features, .diag = p->diag};
}

static cv_status fail_structure(cv_printer *p, const cv_instr *in) {
  return cv_fail(p->diag, CV_EMALFORMED, in->offset, "%s does not fit the blocks around it", cv_op_mnemonic(in->info));
}

// ---- labels --------------------------------------------------------------------------------------------------------

static cv_status push_label(cv_printer *p, uint32_t code) {
  cv_bytes name = {NULL, 0};
  const cv_name_entry *e = cv_names_find(&p->names, CV_NAMES_LABEL, p->func, p->label_count++);
  if (e != NULL && e->name.size != 0) {
    name = e->name;
    CV_TRY(cv_map_put(&p->label_names, name, p->labels.count + 1, NULL));
  }
  return cv_vec_push(p->mem, &p->labels, (cv_print_block){name, (uint8_t)code});
}

// A name that shadowed an outer one hides it to the end of the function: the outer one is then used by its number.
static void pop_label(cv_printer *p) {
  cv_bytes name = cv_vec_pop(&p->labels).name;
  if (name.size != 0)
    *cv_map_get(&p->label_names, name) = 0;
}

static void print_label(cv_printer *p, uint32_t depth) {
  cv_buf_byte(p->out, ' ');
  if (depth < p->labels.count) {
    size_t i = p->labels.count - 1 - depth;
    cv_bytes name = p->labels.data[i].name;
    const uint64_t *innermost = name.size != 0 ? cv_map_get(&p->label_names, name) : NULL;
    if (innermost != NULL && *innermost == i + 1) {
      cv_print_id(p->out, name);
      return;
    }
  }
  cv_buf_printf(p->out, "%u", depth);
}

// ---- immediates ----------------------------------------------------------------------------------------------------

static void print_index(cv_printer *p, cv_print_space space, uint32_t index) {
  cv_buf_byte(p->out, ' ');
  cv_print_space_use(p, space, index);
}

static void print_index_unless_zero(cv_printer *p, cv_print_space space, uint32_t index) {
  if (index != 0)
    print_index(p, space, index);
}

static void print_pair(cv_printer *p, cv_print_space space, const cv_instr *in) {
  if (in->index != 0 || in->index2 != 0) {
    print_index(p, space, in->index);
    print_index(p, space, in->index2);
  }
}

static void print_block_type(cv_printer *p, const cv_block_type *type) {
  if (type->index != CV_NO_TYPE) {
    cv_buf_text(p->out, " (type ");
    cv_print_space_use(p, CV_PRINT_TYPE, type->index);
    cv_buf_byte(p->out, ')');
  } else if (type->result != CV_BOT) {
    cv_buf_text(p->out, " (result ");
    cv_print_val_type(p, type->result);
    cv_buf_byte(p->out, ')');
  }
}

static void print_memarg(cv_printer *p, const cv_instr *in) {
  print_index_unless_zero(p, CV_PRINT_MEMORY, in->memarg.memory);
  if (in->memarg.offset != 0)
    cv_buf_printf(p->out, " offset=%llu", (unsigned long long)in->memarg.offset);
  if (in->memarg.align != in->info->align)
    cv_buf_printf(p->out, " align=%llu", 1ull << (in->memarg.align & 63));
}

static void print_v128(cv_printer *p, const uint8_t *bytes) {
  cv_buf_text(p->out, " i32x4");
  for (unsigned i = 0; i < 4; i++)
    cv_buf_printf(p->out, " 0x%08x", cv_load_le32(bytes + 4 * i));
}

static void print_float(cv_printer *p, uint64_t value, unsigned bits) {
  cv_buf_byte(p->out, ' ');
  cv_text_print_float(p->out, value, bits);
}

static void print_ref_type(cv_printer *p, bool nullable, uint32_t heap) {
  cv_buf_byte(p->out, ' ');
  cv_print_val_type(p, CV_REF_TYPE(nullable, heap));
}

static void print_labels(cv_printer *p, const cv_instr *in) {
  const uint8_t *at = in->bytes;
  for (uint64_t i = 0; i <= in->count; i++)
    print_label(p, cv_leb_u32(&at));
}

static cv_status print_select_types(cv_printer *p, const cv_instr *in) {
  cv_reader r = {.start = p->m->bytes,
                 .at = in->bytes,
                 .end = p->m->bytes + p->m->size,
                 .features = p->m->features,
                 .diag = p->diag};
  cv_buf_text(p->out, " (result");
  for (uint32_t i = 0; i < in->count; i++) {
    cv_valtype type;
    CV_TRY(cv_read_val_type(&r, &type));
    cv_buf_byte(p->out, ' ');
    cv_print_val_type(p, type);
  }
  cv_buf_byte(p->out, ')');
  return CV_OK;
}

static cv_status print_catches(cv_printer *p, const cv_instr *in) {
  static const char *const words[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
  cv_reader r = {.start = p->m->bytes,
                 .at = in->bytes,
                 .end = p->m->bytes + p->m->size,
                 .features = p->m->features,
                 .diag = p->diag};
  for (uint32_t i = 0; i < in->count; i++) {
    cv_catch_clause c;
    CV_TRY(cv_read_catch(&r, &c));
    cv_buf_printf(p->out, " (%s", words[c.kind & 3]);
    if (c.kind == CV_CATCH || c.kind == CV_CATCH_REF)
      print_index(p, CV_PRINT_TAG, c.tag);
    print_label(p, c.label);
    cv_buf_byte(p->out, ')');
  }
  return CV_OK;
}

// How the immediates that are nothing but indices are printed, in order: an index space each, and which of the two
// indices. One that is left out when it is 0 is marked.
typedef struct index_form {
  bool is_form, left_out;
  cv_print_space first;
  uint8_t first_of; // 1: index, 2: index2
  cv_print_space second;
  uint8_t second_of; // 0: none
} index_form;

static const index_form index_forms[CV_IMM_COUNT] = {
    [CV_IMM_FUNC] = {true, false, CV_PRINT_FUNC, 1, 0, 0},
    [CV_IMM_TYPE] = {true, false, CV_PRINT_TYPE, 1, 0, 0},
    [CV_IMM_GLOBAL] = {true, false, CV_PRINT_GLOBAL, 1, 0, 0},
    [CV_IMM_TABLE] = {true, true, CV_PRINT_TABLE, 1, 0, 0},
    [CV_IMM_MEMORY] = {true, true, CV_PRINT_MEMORY, 1, 0, 0},
    [CV_IMM_TAG] = {true, false, CV_PRINT_TAG, 1, 0, 0},
    [CV_IMM_DATA] = {true, false, CV_PRINT_DATA, 1, 0, 0},
    [CV_IMM_ELEM] = {true, false, CV_PRINT_ELEM, 1, 0, 0},
    [CV_IMM_DATA_MEM] = {true, true, CV_PRINT_MEMORY, 2, CV_PRINT_DATA, 1},
    [CV_IMM_ELEM_TABLE] = {true, true, CV_PRINT_TABLE, 2, CV_PRINT_ELEM, 1},
    [CV_IMM_TYPE_DATA] = {true, false, CV_PRINT_TYPE, 1, CV_PRINT_DATA, 2},
    [CV_IMM_TYPE_ELEM] = {true, false, CV_PRINT_TYPE, 1, CV_PRINT_ELEM, 2},
    [CV_IMM_TYPE_TYPE] = {true, false, CV_PRINT_TYPE, 1, CV_PRINT_TYPE, 2},
};

static void print_index_form(cv_printer *p, const index_form *form, const cv_instr *in) {
  uint32_t first = form->first_of == 1 ? in->index : in->index2;
  if (form->left_out)
    print_index_unless_zero(p, form->first, first);
  else
    print_index(p, form->first, first);
  if (form->second_of != 0)
    print_index(p, form->second, form->second_of == 1 ? in->index : in->index2);
}

static cv_status print_immediates(cv_printer *p, const cv_instr *in) {
  const index_form *form = &index_forms[in->info->imm];
  if (form->is_form) {
    print_index_form(p, form, in);
    return CV_OK;
  }
  switch (in->info->imm) {
  case CV_IMM_LABEL:
    print_label(p, in->index);
    break;
  case CV_IMM_LABELS:
    print_labels(p, in);
    break;
  case CV_IMM_CALL_INDIRECT:
    print_index_unless_zero(p, CV_PRINT_TABLE, in->index2);
    cv_buf_text(p->out, " (type ");
    cv_print_space_use(p, CV_PRINT_TYPE, in->index);
    cv_buf_byte(p->out, ')');
    break;
  case CV_IMM_LOCAL:
    cv_buf_byte(p->out, ' ');
    cv_print_use(p, &p->locals, in->index);
    break;
  case CV_IMM_I32:
  case CV_IMM_I64:
    cv_buf_printf(p->out, " %lld", (long long)in->bits);
    break;
  case CV_IMM_F32:
  case CV_IMM_F64:
    print_float(p, in->bits, in->info->imm == CV_IMM_F32 ? 32 : 64);
    break;
  case CV_IMM_V128:
    print_v128(p, in->bytes);
    break;
  case CV_IMM_SHUFFLE:
    for (unsigned i = 0; i < 16; i++)
      cv_buf_printf(p->out, " %u", in->bytes[i]);
    break;
  case CV_IMM_LANE:
    cv_buf_printf(p->out, " %u", in->lane);
    break;
  case CV_IMM_MEMARG:
  case CV_IMM_MEMARG_LANE:
    print_memarg(p, in);
    if (in->info->imm == CV_IMM_MEMARG_LANE)
      cv_buf_printf(p->out, " %u", in->lane);
    break;
  case CV_IMM_MEM_MEM:
    print_pair(p, CV_PRINT_MEMORY, in);
    break;
  case CV_IMM_TABLE_TABLE:
    print_pair(p, CV_PRINT_TABLE, in);
    break;
  case CV_IMM_HEAP:
    if (in->code == CV_OPC_REF_NULL) {
      cv_buf_byte(p->out, ' ');
      cv_print_heap_type(p, in->heap[0]);
    } else
      print_ref_type(p, in->code == CV_OPC_REF_TEST_NULL || in->code == CV_OPC_REF_CAST_NULL, in->heap[0]);
    break;
  case CV_IMM_SELECT_TYPES:
    return print_select_types(p, in);
  case CV_IMM_TYPE_FIELD:
  case CV_IMM_TYPE_COUNT:
    print_index(p, CV_PRINT_TYPE, in->index);
    cv_buf_printf(p->out, " %u", in->index2);
    break;
  case CV_IMM_CAST:
    print_label(p, in->index);
    print_ref_type(p, (in->lane & 1) != 0, in->heap[0]);
    print_ref_type(p, (in->lane & 2) != 0, in->heap[1]);
    break;
  default:
    break; // none; blocks are printed by their own function
  }
  return CV_OK;
}

// ---- instructions --------------------------------------------------------------------------------------------------

static bool opens_block(uint32_t code) {
  return code == CV_OPC_BLOCK || code == CV_OPC_LOOP || code == CV_OPC_IF || code == CV_OPC_TRY ||
         code == CV_OPC_TRY_TABLE;
}

static cv_status print_block(cv_printer *p, const cv_instr *in) {
  const cv_name_entry *e = cv_names_find(&p->names, CV_NAMES_LABEL, p->func, p->label_count);
  if (e != NULL && e->name.size != 0) {
    cv_buf_byte(p->out, ' ');
    cv_print_id(p->out, e->name);
  }
  print_block_type(p, &in->block);
  if (in->code == CV_OPC_TRY_TABLE)
    CV_TRY(print_catches(p, in));
  return push_label(p, in->code);
}

static bool is_delimiter(uint32_t code) {
  return code == CV_OPC_ELSE || code == CV_OPC_CATCH || code == CV_OPC_CATCH_ALL || code == CV_OPC_END ||
         code == CV_OPC_DELEGATE;
}

// Where the line of an instruction starts: `end` and the like stand with the block they belong to.
static size_t depth_of(const cv_printer *p, uint32_t code) {
  return p->labels.count + 1 - is_delimiter(code);
}

// The annotation that stands before an instruction, or NULL.
static const char *take_hint(cv_printer *p, const cv_instr *in) {
  if (!p->print_hints || p->hint >= p->hint_end || p->m->hints[p->hint].offset != in->offset - p->body_start)
    return NULL;
  return p->m->hints[p->hint++].likely ? "(@metadata.code.branch_hint \"\\01\")"
                                       : "(@metadata.code.branch_hint \"\\00\")";
}

// Whether a delimiter may stand in the innermost block; labels.data[0] is the body itself. An arm is noted.
static bool delimiter_fits(cv_printer *p, uint32_t code) {
  cv_print_block *b = &cv_vec_last(&p->labels);
  switch (code) {
  case CV_OPC_END:
    return p->labels.count > 1;
  case CV_OPC_DELEGATE:
    return b->code == CV_OPC_TRY;
  case CV_OPC_ELSE:
    if (b->code != CV_OPC_IF)
      return false;
    break;
  case CV_OPC_CATCH:
  case CV_OPC_CATCH_ALL:
    if (b->code != CV_OPC_TRY && b->code != CV_OPC_CATCH)
      return false;
    break;
  default:
    return true;
  }
  b->code = (uint8_t)code;
  return true;
}

static void print_mnemonic(cv_printer *p, const cv_instr *in) {
  if (p->options->offsets)
    cv_buf_printf(p->out, "(;@%x;) ", in->offset);
  cv_buf_text(p->out, cv_op_mnemonic(in->info));
}

// Puts the text of a plain instruction where it can become an operand.
static cv_status fold_instruction(cv_printer *p, const cv_instr *in) {
  const char *hint = take_hint(p, in);
  cv_buf *out = p->out;
  size_t start = p->fold.text.size;
  p->out = &p->fold.text;
  print_mnemonic(p, in);
  cv_status status = print_immediates(p, in);
  p->out = out;
  return status == CV_OK ? cv_print_fold_add(p, in, (uint32_t)start, hint) : status;
}

static cv_status print_instruction(cv_printer *p, const cv_instr *in) {
  bool closes = in->code == CV_OPC_END || in->code == CV_OPC_DELEGATE;
  if (!delimiter_fits(p, in->code))
    return fail_structure(p, in);
  size_t depth = depth_of(p, in->code);
  if (p->options->fold) {
    if (!is_delimiter(in->code) && !opens_block(in->code))
      return fold_instruction(p, in);
    CV_TRY(cv_print_fold_flush(p));
  }
  const char *hint = take_hint(p, in);
  if (hint != NULL) {
    cv_print_newline(p, depth);
    cv_buf_text(p->out, hint);
  }
  cv_print_newline(p, depth);
  print_mnemonic(p, in);
  if (closes)
    pop_label(p);
  if (opens_block(in->code))
    return print_block(p, in);
  return print_immediates(p, in);
}

cv_status cv_print_body(cv_printer *p, cv_span code) {
  cv_reader r = reader_of(p, code);
  p->labels.count = 0;
  p->label_count = 0;
  p->fold.items.count = p->fold.nodes.count = p->fold.text.size = 0;
  cv_map_free(&p->label_names);
  CV_TRY(cv_vec_push(p->mem, &p->labels, (cv_print_block){.code = 0}));
  for (;;) {
    cv_instr in;
    CV_TRY(cv_read_instr(&r, &in));
    if (r.at == r.end) {
      CV_TRY(cv_print_fold_flush(p));
      return p->labels.count == 1 && in.code == CV_OPC_END ? CV_OK : fail_structure(p, &in);
    }
    CV_TRY(print_instruction(p, &in));
  }
}

cv_status cv_print_const_expr(cv_printer *p, cv_span code) {
  cv_reader r = reader_of(p, code);
  cv_instr in;
  p->labels.count = 0;
  CV_TRY(cv_read_instr(&r, &in));
  bool alone = in.code != CV_OPC_END && r.end - r.at == 1;
  while (r.at < r.end) {
    if (opens_block(in.code) || is_delimiter(in.code))
      return fail_structure(p, &in);
    cv_buf_text(p->out, alone ? " (" : " ");
    cv_buf_text(p->out, cv_op_mnemonic(in.info));
    CV_TRY(print_immediates(p, &in));
    if (alone)
      cv_buf_byte(p->out, ')');
    CV_TRY(cv_read_instr(&r, &in));
  }
  return CV_OK;
}

// ---- hints ---------------------------------------------------------------------------------------------------------

// Counts the hints of one function that stand at an `if` or `br_if`.
static cv_status count_hints(cv_printer *p, const cv_func_decl *f, uint32_t first, uint32_t end, uint32_t *count) {
  cv_reader r = reader_of(p, f->code);
  while (r.at < r.end && first < end) {
    cv_instr in;
    CV_TRY(cv_read_instr(&r, &in));
    uint32_t offset = in.offset - f->body.offset;
    while (first < end && p->m->hints[first].offset < offset)
      first++;
    if (first < end && p->m->hints[first].offset == offset)
      *count += in.code == CV_OPC_IF || in.code == CV_OPC_BR_IF;
  }
  return CV_OK;
}

cv_status cv_print_check_hints(cv_printer *p, bool *good) {
  const cv_module *m = p->m;
  uint32_t count = 0;
  for (uint32_t i = 0, end; i < m->hint_count; i = end) {
    for (end = i + 1; end < m->hint_count && m->hints[end].func == m->hints[i].func;)
      end++;
    uint32_t func = m->hints[i].func;
    if (func >= m->imported_funcs && func < m->func_count)
      CV_TRY(count_hints(p, &m->funcs[func], i, end, &count));
  }
  *good = count == m->hint_count;
  return CV_OK;
}
