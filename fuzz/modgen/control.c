// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// control.c: blocks, branches, calls, exceptions.
#include "gen.h"

// ---- labels and block types ----
void gen_push_label(generator *g, const uint8_t *kinds, unsigned count) {
  label *l = &g->labels[g->label_count++];
  *l = (label){.count = (uint8_t)count};
  if (count != 0)
    memcpy(l->kinds, kinds, count);
}

static void pop_label(generator *g) {
  g->label_count--;
}

static bool has_kinds(const label *l, const uint8_t *kinds, unsigned count) {
  return l->count == count && memcmp(l->kinds, kinds, count) == 0;
}

static void block_type(generator *g, const shape *s) {
  if (s->type != NO_TYPE)
    cv_buf_sleb(g->out, s->type);
  else
    byte(g, s->result_count == 0 ? 0x40 : gen_kind_code(s->results[0]));
}

static shape simple_shape(unsigned kind) {
  shape s = {.type = NO_TYPE, .result_count = kind != NO_KIND};
  s.results[0] = (uint8_t)kind;
  return s;
}

// Opens a block whose branches carry its results, or its parameters when it is a loop.
static void open(generator *g, uint32_t code, const shape *s) {
  op(g, code);
  block_type(g, s);
  if (code == CV_OPC_LOOP)
    gen_push_label(g, s->params, s->param_count);
  else
    gen_push_label(g, s->results, s->result_count);
}

static void close(generator *g) {
  op(g, CV_OPC_END);
  pop_label(g);
}

static void open_void(generator *g, uint32_t code) {
  shape s = simple_shape(NO_KIND);
  open(g, code, &s);
}

// Types behind those of functions: [] -> results of type i; then, for each tag, [] -> payload, [] -> payload exnref.
static shape results_shape(const generator *g, const shape *s) {
  shape r = *s;
  r.param_count = 0;
  if (s->type != NO_TYPE)
    r.type = (int)g->type_count + s->type;
  return r;
}

static shape handler_shape(const generator *g, unsigned kind, unsigned tag) {
  shape r = {.type = NO_TYPE};
  const shape *payload = &g->types[g->tag_type[tag]];
  bool with_exn = kind == CV_CATCH_REF || kind == CV_CATCH_ALL_REF;
  if (kind == CV_CATCH || kind == CV_CATCH_REF) {
    r.type = (int)(2 * g->type_count + 2 * tag + with_exn);
    r.result_count = payload->param_count;
    memcpy(r.results, payload->params, payload->param_count);
  }
  if (with_exn)
    r.results[r.result_count++] = EXN;
  return r;
}

// A shape whose first result is of this kind, or any shape for NO_KIND.
static shape shape_for(generator *g, unsigned kind) {
  if (chance(g, 3)) {
    unsigned start = pick(g, g->type_count);
    for (unsigned i = 0; i < g->type_count; i++) {
      const shape *s = &g->types[(start + i) % g->type_count];
      if (kind == NO_KIND || (s->result_count != 0 && s->results[0] == kind))
        return *s;
    }
  }
  return simple_shape(kind);
}

// Takes the counter down; ends the run when it is used up.
void gen_count_turn(generator *g) {
  op_u32(g, CV_OPC_GLOBAL_GET, 0);
  i32_const(g, 1);
  op(g, CV_OPC_I32_SUB);
  op_u32(g, CV_OPC_GLOBAL_SET, 0);
  op_u32(g, CV_OPC_GLOBAL_GET, 0);
  i32_const(g, 0);
  op(g, CV_OPC_I32_LT_S);
  op(g, CV_OPC_IF);
  byte(g, 0x40);
  op(g, CV_OPC_UNREACHABLE);
  op(g, CV_OPC_END);
}

// ---- blocks ----

// `params` are on the stack, where they stay for a while; then the results.
static void body(generator *g, const shape *s, const uint8_t *params, unsigned param_count, unsigned depth) {
  gen_statements(g, 2, depth + 1);
  gen_consume(g, params, param_count);
  if (param_count != 0)
    gen_statements(g, 1, depth + 1);
  gen_expressions(g, s->results, s->result_count, depth + 1);
}

static void block(generator *g, const shape *s, unsigned depth) {
  gen_expressions(g, s->params, s->param_count, depth + 1);
  open(g, CV_OPC_BLOCK, s);
  body(g, s, s->params, s->param_count, depth);
  close(g);
}

static void loop(generator *g, const shape *s, unsigned depth) {
  gen_expressions(g, s->params, s->param_count, depth + 1);
  open(g, CV_OPC_LOOP, s);
  gen_count_turn(g);
  gen_statements(g, 2, depth + 1);
  gen_consume(g, s->params, s->param_count);
  gen_statements(g, 1, depth + 1);
  if (chance(g, 2)) { // goes round while a condition holds
    gen_expressions(g, s->params, s->param_count, depth + 1);
    gen_expression(g, I32, depth + 1);
    op_u32(g, CV_OPC_BR_IF, 0);
    gen_consume(g, s->params, s->param_count);
  }
  gen_expressions(g, s->results, s->result_count, depth + 1);
  close(g);
}

static bool same_kinds(const shape *s) {
  return s->param_count == s->result_count && memcmp(s->params, s->results, s->param_count) == 0;
}

static void if_else(generator *g, const shape *s, unsigned depth) {
  gen_expressions(g, s->params, s->param_count, depth + 1);
  gen_expression(g, I32, depth + 1);
  open(g, CV_OPC_IF, s);
  body(g, s, s->params, s->param_count, depth);
  if (!same_kinds(s) || chance(g, 2)) {
    op(g, CV_OPC_ELSE);
    body(g, s, s->params, s->param_count, depth);
  }
  close(g);
}

// ---- exceptions ----

static void throw_tag(generator *g, unsigned depth) {
  unsigned tag = pick(g, TAGS);
  const shape *payload = &g->types[g->tag_type[tag]];
  gen_expressions(g, payload->params, payload->param_count, depth + 1);
  op_u32(g, CV_OPC_THROW, tag);
}

// Of the arms that are around.
static bool rethrow(generator *g) {
  unsigned start = pick(g, g->label_count);
  for (unsigned i = 0; i < g->label_count; i++) {
    unsigned at = (start + i) % g->label_count;
    if (!g->labels[at].catches)
      continue;
    op_u32(g, CV_OPC_RETHROW, g->label_count - 1 - at);
    return true;
  }
  return false;
}

// The payload is on the stack.
static void catch_arm(generator *g, const shape *s, const shape *payload, unsigned depth) {
  if (chance(g, 2)) {
    gen_atomic(g, depth + 1);
    if (chance(g, 2)) {
      rethrow(g);
      return;
    }
  }
  body(g, s, payload->params, payload->param_count, depth);
}

static void legacy_try(generator *g, const shape *s, unsigned depth) {
  static const shape nothing;
  gen_expressions(g, s->params, s->param_count, depth + 1);
  open(g, CV_OPC_TRY, s);
  body(g, s, s->params, s->param_count, depth);
  if (has(g, CV_FEATURE_BIT_EXCEPTIONS) && chance(g, 2))
    throw_tag(g, depth);
  if (chance(g, 5)) {
    pop_label(g);
    op_u32(g, CV_OPC_DELEGATE, pick(g, g->label_count));
    return;
  }
  g->labels[g->label_count - 1].catches = true;
  for (unsigned n = pick(g, 3); n-- > 0;) {
    unsigned tag = pick(g, TAGS);
    const shape *payload = &g->types[g->tag_type[tag]];
    op_u32(g, CV_OPC_CATCH, tag);
    catch_arm(g, s, payload, depth);
  }
  if (!chance(g, 3)) {
    op(g, CV_OPC_CATCH_ALL);
    catch_arm(g, s, &nothing, depth);
  }
  close(g);
}

typedef struct clause {
  unsigned kind, tag;
  bool elsewhere; // goes to a label that is there anyhow, and not to a block of its own
  unsigned at;    // of that label
} clause;

static void choose_clause(generator *g, clause *c) {
  c->kind = pick(g, 4);
  c->tag = pick(g, TAGS);
  shape s = handler_shape(g, c->kind, c->tag);
  c->elsewhere = false;
  if (!chance(g, 3))
    return;
  unsigned start = pick(g, g->label_count);
  for (unsigned i = 0; i < g->label_count && !c->elsewhere; i++) {
    c->at = (start + i) % g->label_count;
    c->elsewhere = has_kinds(&g->labels[c->at], s.results, s.result_count);
  }
}

// block $out
//   block $handler1 (result payload) block $handler2...
//     try_table (catch tag $handler1)... body end
//     br $out
//   end (payload) values, br $out end...
// end
static void try_table(generator *g, const shape *s, unsigned depth) {
  enum { MAX_CLAUSES = 4 };
  clause clauses[MAX_CLAUSES];
  unsigned count = pick(g, MAX_CLAUSES + 1);
  shape out = results_shape(g, s);
  open(g, CV_OPC_BLOCK, &out);
  for (unsigned i = 0; i < count; i++) {
    choose_clause(g, &clauses[i]);
    if (clauses[i].elsewhere)
      continue;
    shape h = handler_shape(g, clauses[i].kind, clauses[i].tag);
    clauses[i].at = g->label_count;
    open(g, CV_OPC_BLOCK, &h);
  }
  gen_expressions(g, s->params, s->param_count, depth + 1);
  op(g, CV_OPC_TRY_TABLE);
  block_type(g, s);
  u32(g, count);
  for (unsigned i = 0; i < count; i++) {
    byte(g, clauses[i].kind);
    if (clauses[i].kind == CV_CATCH || clauses[i].kind == CV_CATCH_REF)
      u32(g, clauses[i].tag);
    u32(g, g->label_count - 1 - clauses[i].at);
  }
  gen_push_label(g, s->results, s->result_count);
  body(g, s, s->params, s->param_count, depth);
  close(g);
  unsigned handlers = 0;
  for (unsigned i = 0; i < count; i++)
    handlers += !clauses[i].elsewhere;
  for (unsigned i = count; i-- > 0;) {
    if (clauses[i].elsewhere)
      continue;
    op_u32(g, CV_OPC_BR, handlers--);
    close(g);
    shape h = handler_shape(g, clauses[i].kind, clauses[i].tag);
    gen_statements(g, 1, depth + 1);
    gen_consume(g, h.results, h.result_count);
    gen_expressions(g, s->results, s->result_count, depth + 1);
  }
  close(g);
}

void gen_structured(generator *g, unsigned kind, unsigned depth) {
  shape s = shape_for(g, kind);
  unsigned how = pick(g, 8);
  if (how >= 6 && has(g, CV_FEATURE_BIT_LEGACY_EXCEPTIONS))
    legacy_try(g, &s, depth);
  else if (how >= 5 && has(g, CV_FEATURE_BIT_EXCEPTIONS))
    try_table(g, &s, depth);
  else if (how >= 3)
    if_else(g, &s, depth);
  else if (how >= 2)
    loop(g, &s, depth);
  else
    block(g, &s, depth);
  unsigned keep = kind != NO_KIND;
  gen_consume(g, s.results + keep, s.result_count - keep);
}

// ---- calls ----

// Puts the target of a call by reference or by table on the stack and writes the call.
static void call_instruction(generator *g, unsigned func, bool tail, unsigned depth) {
  unsigned how = pick(g, 3), type = g->func_type[func], table = pick(g, g->table_count);
  if (how == 1) {
    if (chance(g, 10))
      gen_expression(g, g->table_is_64[table] ? I64 : I32, depth + 1);
    else
      index_const(g, g->table_is_64[table], func); // element i of a table is function i
    op_u32(g, tail ? CV_OPC_RETURN_CALL_INDIRECT : CV_OPC_CALL_INDIRECT, type);
    u32(g, table);
  } else if (how == 2 && has(g, CV_FEATURE_BIT_FUNCTION_REFERENCES)) {
    op_u32(g, CV_OPC_REF_FUNC, func);
    op_u32(g, tail ? CV_OPC_RETURN_CALL_REF : CV_OPC_CALL_REF, type);
  } else {
    op_u32(g, tail ? CV_OPC_RETURN_CALL : CV_OPC_CALL, func);
  }
}

bool gen_call(generator *g, unsigned kind, unsigned depth) {
  unsigned start = pick(g, g->func_count);
  for (unsigned i = 0; i < g->func_count; i++) {
    unsigned func = (start + i) % g->func_count, keep = kind != NO_KIND;
    const shape *s = &g->types[g->func_type[func]];
    if (kind != NO_KIND && (s->result_count == 0 || s->results[0] != kind))
      continue;
    gen_expressions(g, s->params, s->param_count, depth + 1);
    call_instruction(g, func, false, depth);
    gen_consume(g, s->results + keep, s->result_count - keep);
    return true;
  }
  return false;
}

// ---- branches ----

static void br_table(generator *g, unsigned depth) {
  unsigned at[MAX_LABELS], same = 0;
  const label l = g->labels[pick(g, g->label_count)];
  for (unsigned i = 0; i < g->label_count; i++)
    if (has_kinds(&g->labels[i], l.kinds, l.count))
      at[same++] = i;
  unsigned count = chance(g, 6) ? pick(g, 300) : pick(g, 8);
  gen_expressions(g, l.kinds, l.count, depth + 1);
  gen_expression(g, I32, depth + 1);
  i32_const(g, count < 8 ? 7 : 255);
  op(g, CV_OPC_I32_AND);
  op_u32(g, CV_OPC_BR_TABLE, count);
  for (unsigned i = 0; i <= count; i++)
    u32(g, g->label_count - 1 - at[pick(g, same)]);
}

// br_if that leaves one value, of this kind.
bool gen_br_if(generator *g, unsigned kind, unsigned depth) {
  unsigned start = pick(g, g->label_count);
  for (unsigned i = 0; i < g->label_count; i++) {
    unsigned at = (start + i) % g->label_count;
    const label l = g->labels[at];
    if (l.count == 0 || l.kinds[0] != kind)
      continue;
    gen_expressions(g, l.kinds, l.count, depth + 1);
    gen_expression(g, I32, depth + 1);
    op_u32(g, CV_OPC_BR_IF, g->label_count - 1 - at);
    gen_consume(g, l.kinds + 1, l.count - 1u);
    return true;
  }
  return false;
}

static void br_on_null(generator *g, unsigned at, unsigned depth) {
  const label l = g->labels[at];
  static const uint8_t ref[] = {REF};
  unsigned relative = g->label_count - 1 - at;
  if (l.count != 0 && l.kinds[l.count - 1] == REF) {
    gen_expressions(g, l.kinds, l.count, depth + 1);
    op_u32(g, CV_OPC_BR_ON_NON_NULL, relative);
    gen_consume(g, l.kinds, l.count - 1u);
    return;
  }
  gen_expressions(g, l.kinds, l.count, depth + 1);
  gen_expression(g, REF, depth + 1);
  op_u32(g, CV_OPC_BR_ON_NULL, relative);
  gen_consume(g, ref, 1);
  gen_consume(g, l.kinds, l.count);
}

void gen_branch(generator *g, unsigned depth) {
  unsigned at = pick(g, g->label_count);
  const label l = g->labels[at];
  switch (pick(g, 5)) {
  case 0:
  case 1:
    gen_expressions(g, l.kinds, l.count, depth + 1);
    gen_expression(g, I32, depth + 1);
    op_u32(g, CV_OPC_BR_IF, g->label_count - 1 - at);
    gen_consume(g, l.kinds, l.count);
    return;
  case 2:
    if (has(g, CV_FEATURE_BIT_FUNCTION_REFERENCES))
      br_on_null(g, at, depth);
    return;
  case 3: // what follows goes on when a label of the table is the block's
    open_void(g, CV_OPC_BLOCK);
    gen_statements(g, 1, depth + 1);
    br_table(g, depth);
    close(g);
    return;
  default:
    gen_expression(g, I32, depth + 1);
    open_void(g, CV_OPC_IF);
    at = pick(g, g->label_count);
    const label to = g->labels[at];
    gen_expressions(g, to.kinds, to.count, depth + 1);
    op_u32(g, CV_OPC_BR, g->label_count - 1 - at);
    close(g);
  }
}

// ---- what leaves for good ----

static bool tail_call(generator *g, unsigned depth) {
  unsigned start = pick(g, g->func_count);
  for (unsigned i = 0; i < g->func_count; i++) {
    unsigned func = (start + i) % g->func_count;
    const shape *s = &g->types[g->func_type[func]];
    if (s->result_count != g->sig->result_count || memcmp(s->results, g->sig->results, s->result_count) != 0)
      continue;
    gen_expressions(g, s->params, s->param_count, depth + 1);
    call_instruction(g, func, true, depth);
    return true;
  }
  return false;
}

static void leave(generator *g, unsigned how, unsigned depth) {
  if (how == 0) {
    gen_expressions(g, g->sig->results, g->sig->result_count, depth + 1);
    op(g, CV_OPC_RETURN);
    return;
  }
  if (how <= 2 && has(g, CV_FEATURE_BIT_TAIL_CALL) && tail_call(g, depth))
    return;
  if (how <= 4 && rethrow(g))
    return;
  if (how == 5 && g->exnref) {
    gen_expression(g, EXN, depth + 1);
    op(g, CV_OPC_THROW_REF);
    return;
  }
  if (has(g, CV_FEATURE_BIT_EXCEPTIONS))
    throw_tag(g, depth);
}

void gen_leave(generator *g, unsigned depth) {
  bool guarded = !chance(g, 4);
  if (guarded) {
    gen_expression(g, I32, depth + 1);
    open_void(g, CV_OPC_IF);
  }
  leave(g, pick(g, 8), depth);
  if (guarded)
    close(g);
}
