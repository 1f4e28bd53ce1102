// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse_instr.c: sequences of instructions, flat and folded (core specification, 6.5), without recursion.
//
// A folded instruction is emitted after its operands. Its bytes wait in cv_wat.pending, a stack of bytes, and a frame
// on cv_wat.frames says where they start. Blocks that wait for their end have frames too.
#include "wasm/limits.h"
#include "wasm/text/parser.h"

typedef enum frame_kind {
  FLAT_BLOCK, // block, loop, try_table ... end
  FLAT_IF,    // state: 0 then, 1 else
  FLAT_TRY,   // state: 0 body, 1 catch, 2 catch_all
  PLAIN,      // (op operand*)
  FOLDED,     // (block ...), (loop ...), (try_table ...)
  FOLDED_IF,  // state: 0 condition, 1 after (then), 2 after (else)
  FOLDED_TRY, // state: 0 before (do), 1 after it, 2 after (catch), 3 after (catch_all), 4 after (delegate)
  ARM,        // (then ...), (else ...), (do ...), (catch ...), (catch_all ...)
} frame_kind;

// ---- labels --------------------------------------------------------------------------------------------------------

cv_status cv_wat_label(cv_wat *p, uint32_t *depth) {
  if (cv_wat_kind(p) == CV_TOK_NAT)
    return cv_wat_u32(p, depth);
  cv_bytes name;
  uint32_t token = p->at;
  CV_TRY(cv_wat_id(p, &name));
  const uint64_t *found = cv_map_get(&p->label_names, name);
  if (found == NULL || *found == 0)
    return cv_wat_fail_at(p, token, "unknown label $%.*s", (int)CV_MIN(name.size, 100), (const char *)name.data);
  *depth = (uint32_t)(p->labels.count - *found);
  return CV_OK;
}

static cv_status push_label(cv_wat *p, cv_bytes name) {
  if (p->labels.count >= CV_MAX_BLOCK_DEPTH)
    return cv_fail(p->diag, CV_ELIMIT, CV_NO_OFFSET, "blocks are nested deeper than %d", CV_MAX_BLOCK_DEPTH);
  cv_wat_block_label label = {.name = name};
  if (name.size != 0) {
    const uint64_t *outer = cv_map_get(&p->label_names, name);
    label.shadowed = outer != NULL ? *outer : 0;
    if (cv_map_put(&p->label_names, name, p->labels.count + 1, NULL) != CV_OK)
      return cv_wat_no_memory(p);
    if (p->func != UINT32_MAX &&
        cv_names_add(&p->names, p->mem, CV_NAMES_LABEL, p->func, p->label_count, name) != CV_OK)
      return cv_wat_no_memory(p);
  }
  p->label_count++;
  return cv_vec_push(p->mem, &p->labels, label) == CV_OK ? CV_OK : cv_wat_no_memory(p);
}

static void pop_label(cv_wat *p) {
  cv_wat_block_label label = cv_vec_pop(&p->labels);
  if (label.name.size != 0)
    *cv_map_get(&p->label_names, label.name) = label.shadowed;
}

// The identifier after `end` and `else` repeats the block's.
static cv_status check_label(cv_wat *p) {
  if (!cv_wat_at_id(p))
    return CV_OK;
  uint32_t token = p->at;
  cv_bytes name;
  CV_TRY(cv_wat_id(p, &name));
  cv_bytes want = cv_vec_last(&p->labels).name;
  if (want.size == 0 || !cv_bytes_equal(want, name))
    return cv_wat_fail_at(p, token, "mismatching label $%.*s", (int)CV_MIN(name.size, 100), (const char *)name.data);
  return CV_OK;
}

// ---- frames --------------------------------------------------------------------------------------------------------

static cv_status push_frame(cv_wat *p, frame_kind kind, size_t pending, uint32_t hint, cv_bytes label) {
  cv_wat_frame f = {.kind = (uint8_t)kind, .pending = (uint32_t)pending, .hint = hint, .label = label};
  return cv_vec_push(p->mem, &p->frames, f) == CV_OK ? CV_OK : cv_wat_no_memory(p);
}

// Emits what is pending from `start` on.
static cv_status flush(cv_wat *p, size_t start, uint32_t hint) {
  if (hint != 0)
    p->hints.data[hint - 1].offset = (uint32_t)p->code->size;
  cv_buf_bytes(p->code, p->pending.data + start, p->pending.size - start);
  p->pending.size = start;
  return p->code->failed || p->pending.failed ? cv_wat_no_memory(p) : CV_OK;
}

static cv_status emit(cv_wat *p, uint8_t byte) {
  cv_buf_byte(p->code, byte);
  return p->code->failed ? cv_wat_no_memory(p) : CV_OK;
}

// ---- blocks --------------------------------------------------------------------------------------------------------

// The head of a block: word, label, type and catch clauses. A flat or folded one starts at once, but for a folded if.
static cv_status open_block(cv_wat *p, const cv_op_info *op, bool folded, uint32_t hint) {
  p->at++;
  cv_bytes label = {NULL, 0};
  if (cv_wat_at_id(p))
    CV_TRY(cv_wat_id(p, &label));
  size_t start = p->pending.size;
  cv_wat_encode_opcode(&p->pending, op->code);
  CV_TRY(cv_wat_block_type(p));
  if (op->code == CV_OPC_TRY_TABLE)
    CV_TRY(cv_wat_catches(p));
  frame_kind kind = folded ? FOLDED : FLAT_BLOCK;
  if (op->code == CV_OPC_IF)
    kind = folded ? FOLDED_IF : FLAT_IF;
  else if (op->code == CV_OPC_TRY)
    kind = folded ? FOLDED_TRY : FLAT_TRY;
  CV_TRY(push_frame(p, kind, start, hint, label));
  if (kind == FOLDED_IF)
    return p->pending.failed ? cv_wat_no_memory(p) : CV_OK;
  CV_TRY(flush(p, start, hint));
  return push_label(p, label);
}

static cv_status end_block(cv_wat *p) {
  p->at++;
  CV_TRY(check_label(p));
  pop_label(p);
  p->frames.count--;
  return emit(p, CV_OPC_END);
}

// else, catch, catch_all, delegate and end of flat blocks; `top` is the innermost frame or NULL.
static cv_status flat_delimiter(cv_wat *p, cv_wat_frame *top, uint32_t code) {
  frame_kind kind = top != NULL ? (frame_kind)top->kind : ARM;
  bool in_try = kind == FLAT_TRY;
  if (code == CV_OPC_END && (kind == FLAT_BLOCK || kind == FLAT_IF || in_try))
    return end_block(p);
  if (code == CV_OPC_ELSE && kind == FLAT_IF && top->state == 0) {
    top->state = 1;
    p->at++;
    CV_TRY(check_label(p));
    return emit(p, CV_OPC_ELSE);
  }
  if ((code == CV_OPC_CATCH || code == CV_OPC_CATCH_ALL) && in_try && top->state < 2) {
    top->state = code == CV_OPC_CATCH ? 1 : 2;
    p->at++;
    CV_TRY(emit(p, (uint8_t)code));
    uint32_t tag;
    if (code == CV_OPC_CATCH) {
      CV_TRY(cv_wat_index(p, CV_SPACE_TAG, &tag));
      cv_buf_uleb(p->code, tag);
    }
    return CV_OK;
  }
  if (code == CV_OPC_DELEGATE && in_try && top->state == 0) {
    p->at++;
    // The label counts from outside of the try.
    pop_label(p);
    p->frames.count--;
    uint32_t depth;
    CV_TRY(cv_wat_label(p, &depth));
    CV_TRY(emit(p, CV_OPC_DELEGATE));
    cv_buf_uleb(p->code, depth);
    return CV_OK;
  }
  return cv_wat_unexpected(p);
}

static bool is_delimiter(uint32_t code) {
  return code == CV_OPC_END || code == CV_OPC_ELSE || code == CV_OPC_CATCH || code == CV_OPC_CATCH_ALL ||
         code == CV_OPC_DELEGATE;
}

static bool is_block(uint32_t code) {
  return code == CV_OPC_BLOCK || code == CV_OPC_LOOP || code == CV_OPC_IF || code == CV_OPC_TRY ||
         code == CV_OPC_TRY_TABLE;
}

// ---- one instruction -----------------------------------------------------------------------------------------------

static cv_status find_op(cv_wat *p, const cv_op_info **op) {
  const cv_word *word = cv_wat_kind(p) == CV_TOK_WORD ? cv_word_find(cv_wat_bytes(p)) : NULL;
  if (word == NULL || word->op == NULL)
    return cv_wat_unexpected(p);
  *op = word->op;
  return CV_OK;
}

static bool takes_hint(const cv_op_info *op) {
  return op->code == CV_OPC_IF || op->code == CV_OPC_BR_IF;
}

static cv_status flat_instruction(cv_wat *p, cv_wat_frame *top) {
  const cv_op_info *op = NULL;
  CV_TRY(find_op(p, &op));
  if (top != NULL && (top->kind == PLAIN || top->kind == FOLDED_IF || top->kind == FOLDED_TRY))
    return cv_wat_unexpected(p); // only operands in parentheses stand there
  uint32_t hint = 0;
  CV_TRY(cv_wat_hint_annot(p, p->at, takes_hint(op), &hint));
  if (is_delimiter(op->code))
    return flat_delimiter(p, top, op->code);
  if (is_block(op->code))
    return open_block(p, op, false, hint);
  size_t start = p->pending.size;
  p->at++;
  CV_TRY(cv_wat_plain(p, op));
  return flush(p, start, hint);
}

// (then ...) and (else ...) of a folded if. *done when the token was one of them.
static cv_status if_arm(cv_wat *p, cv_wat_frame *top, bool *done) {
  if (top->state == 0 && cv_wat_accept_open(p, "then")) {
    top->state = 1;
    cv_bytes label = top->label;
    CV_TRY(flush(p, top->pending, top->hint));
    CV_TRY(push_label(p, label));
  } else if (top->state == 1 && cv_wat_accept_open(p, "else")) {
    top->state = 2;
    CV_TRY(emit(p, CV_OPC_ELSE));
  } else {
    *done = false;
    if (top->state == 0)
      return CV_OK;
    p->at++;
    return cv_wat_unexpected(p);
  }
  *done = true;
  return push_frame(p, ARM, p->pending.size, 0, (cv_bytes){NULL, 0});
}

// (do ...), (catch ...), (catch_all ...) and (delegate ...) of a folded try; nothing else stands there.
static cv_status try_arm(cv_wat *p, cv_wat_frame *top) {
  uint32_t index;
  if (top->state == 0 && cv_wat_accept_open(p, "do")) {
    top->state = 1;
  } else if ((top->state == 1 || top->state == 2) && cv_wat_accept_open(p, "catch")) {
    top->state = 2;
    CV_TRY(emit(p, CV_OPC_CATCH));
    CV_TRY(cv_wat_index(p, CV_SPACE_TAG, &index));
    cv_buf_uleb(p->code, index);
  } else if ((top->state == 1 || top->state == 2) && cv_wat_accept_open(p, "catch_all")) {
    top->state = 3;
    CV_TRY(emit(p, CV_OPC_CATCH_ALL));
  } else if (top->state == 1 && cv_wat_accept_open(p, "delegate")) {
    top->state = 4;
    pop_label(p);
    CV_TRY(cv_wat_label(p, &index));
    CV_TRY(emit(p, CV_OPC_DELEGATE));
    cv_buf_uleb(p->code, index);
    return cv_wat_close(p);
  } else {
    p->at++;
    return cv_wat_unexpected(p);
  }
  return push_frame(p, ARM, p->pending.size, 0, (cv_bytes){NULL, 0});
}

static cv_status folded_instruction(cv_wat *p, cv_wat_frame *top) {
  if (top != NULL && top->kind == FOLDED_TRY)
    return try_arm(p, top);
  bool done = false;
  if (top != NULL && top->kind == FOLDED_IF)
    CV_TRY(if_arm(p, top, &done));
  if (done)
    return CV_OK;
  uint32_t open = p->at++, hint = 0;
  const cv_op_info *op = NULL;
  CV_TRY(find_op(p, &op));
  CV_TRY(cv_wat_hint_annot(p, open, takes_hint(op), &hint));
  CV_TRY(cv_wat_hint_annot(p, p->at, takes_hint(op), &hint));
  if (is_delimiter(op->code))
    return cv_wat_unexpected(p);
  if (is_block(op->code))
    return open_block(p, op, true, hint);
  size_t start = p->pending.size;
  p->at++;
  CV_TRY(cv_wat_plain(p, op));
  return push_frame(p, PLAIN, start, hint, (cv_bytes){NULL, 0});
}

// The parenthesis that closes a folded instruction or an arm of one.
static cv_status close_frame(cv_wat *p) {
  cv_wat_frame f = cv_vec_last(&p->frames);
  bool complete = true, ends_block = false;
  switch ((frame_kind)f.kind) {
  case FLAT_BLOCK:
  case FLAT_IF:
  case FLAT_TRY:
    complete = false;
    break;
  case PLAIN:
    CV_TRY(flush(p, f.pending, f.hint));
    break;
  case ARM:
    break;
  case FOLDED:
    ends_block = true;
    break;
  case FOLDED_IF:
    complete = f.state != 0;
    ends_block = true;
    break;
  case FOLDED_TRY:
    complete = f.state != 0;
    ends_block = f.state != 4; // delegate ended it
    break;
  }
  if (!complete)
    return cv_wat_unexpected(p);
  if (ends_block) {
    pop_label(p);
    CV_TRY(emit(p, CV_OPC_END));
  }
  p->frames.count--;
  p->at++;
  return CV_OK;
}

// ---- sequences -----------------------------------------------------------------------------------------------------

static cv_status sequence(cv_wat *p, cv_buf *out, bool one) {
  p->code = out;
  p->frames.count = 0;
  for (;;) {
    cv_wat_frame *top = p->frames.count != 0 ? &cv_vec_last(&p->frames) : NULL;
    cv_token_kind kind = cv_wat_kind(p);
    if (kind == CV_TOK_LPAR) {
      CV_TRY(folded_instruction(p, top));
    } else if (kind == CV_TOK_RPAR && top != NULL) {
      CV_TRY(close_frame(p));
      if (one && p->frames.count == 0)
        break;
    } else if (kind == CV_TOK_RPAR && !one) {
      break;
    } else if (one && top == NULL) {
      return cv_wat_unexpected(p);
    } else
      CV_TRY(flat_instruction(p, top));
  }
  return emit(p, CV_OPC_END);
}

cv_status cv_wat_expression(cv_wat *p, cv_buf *out) {
  return sequence(p, out, false);
}

cv_status cv_wat_folded_expression(cv_wat *p, cv_buf *out) {
  return sequence(p, out, true);
}
