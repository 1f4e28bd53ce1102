// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter_values.c: writes the code that moves a value from one side of a call to the other: what lifting and lowering
// make of scalars (scalar.h), and what values are made of.
#include "component/canon/adapter_emit.h"
#include "component/canon/scalar.h"

// ---- scalars ----

// What lifting makes of the core value on the stack: cut to its width, or checked.
static void normalise(gen *g, const cv_ctype *t, bool from_memory) {
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_BOOL:
    i32(g, 0);
    op(g, CV_OPC_I32_NE);
    break;
  case CV_CT_S8:
    op(g, CV_OPC_I32_EXTEND8_S); // of memory too: it was loaded without sign
    break;
  case CV_CT_S16:
    op(g, CV_OPC_I32_EXTEND16_S);
    break;
  case CV_CT_U8:
  case CV_CT_U16:
    if (!from_memory) {
      i32(g, t->kind == CV_CT_U8 ? 0xff : 0xffff);
      op(g, CV_OPC_I32_AND);
    }
    break;
  case CV_CT_FLAGS:
    if (t->count != 32 && !(from_memory && (t->count == 8 || t->count == 16))) {
      i32(g, cv_flags_mask(t->count));
      op(g, CV_OPC_I32_AND);
    }
    break;
  case CV_CT_CHAR: {
    // A scalar value is below 0xd800, or from 0xe000 on and below 0x110000.
    uint32_t c = new_local(g, CV_KIND_I32);
    set(g, c);
    get(g, c);
    i32(g, 0x110000);
    op(g, CV_OPC_I32_GE_U);
    get(g, c);
    i32(g, 0xd800);
    op(g, CV_OPC_I32_SUB);
    i32(g, 0x800);
    op(g, CV_OPC_I32_LT_U);
    op(g, CV_OPC_I32_OR);
    trap_if(g, CV_ADAPTER_TRAP_CHAR);
    get(g, c);
    break;
  }
  default: // every bit pattern is a value; NaNs may become any NaN
    break;
  }
}

static void move_scalar(gen *g, const cv_ctype *t, const place *from, const place *to) {
  uint32_t size = t->layout[CV_PTR32].size;
  uint8_t kind = t->flat[CV_PTR32][0];
  begin_write(g, to);
  read_core(g, from, 0, size, kind, 0);
  normalise(g, t, from->in_memory);
  end_write(g, to, 0, size, kind, 0);
}

// ---- compound values ----

// The next part of a record; *offset and *slots move behind it.
static place next_part(gen *g, const place *p, const cv_ctype *t, uint64_t *offset, uint32_t *slots) {
  place part = *p;
  const cv_clayout *layout = layout_of(g, p->side, t);
  *offset = cv_align_up(*offset, layout->align);
  if (p->in_memory)
    part.offset += (uint32_t)*offset;
  else
    part.slots += *slots;
  *offset += layout->size;
  *slots += t->flat_count;
  return part;
}

void cv_adapter_move_fields(gen *g, const cv_cfield *fs, const cv_cfield *ft, uint32_t count, const place *from,
                            const place *to) {
  uint64_t offsets[2] = {0, 0};
  uint32_t slots[2] = {0, 0};
  for (uint32_t i = 0; i < count && !g->failed; i++) {
    place f = next_part(g, from, fs[i].type, &offsets[0], &slots[0]);
    place t = next_part(g, to, ft[i].type, &offsets[1], &slots[1]);
    cv_adapter_move(g, fs[i].type, ft[i].type, &f, &t);
  }
}

static void move_case(gen *g, const cv_ctype *ts, const cv_ctype *tt, uint32_t which, const place *from,
                      const place *to) {
  place f = *from, t = *to;
  if (f.in_memory) {
    f.offset += layout_of(g, f.side, ts)->payload_offset;
    t.offset += layout_of(g, t.side, tt)->payload_offset;
  } else {
    f.slots++;
    t.slots++;
  }
  cv_adapter_move(g, ts->fields[which].type, tt->fields[which].type, &f, &t);
}

// One after another where few cases have payloads, else by a table: block N ... block 0, br_table; case i is what
// follows the end of block i.
static void move_cases(gen *g, const cv_ctype *ts, const cv_ctype *tt, uint32_t which, const place *from,
                       const place *to) {
  uint32_t with_payload = 0;
  for (uint32_t i = 0; i < ts->count; i++)
    with_payload += ts->fields[i].type != NULL;
  if (with_payload <= UNROLL) {
    for (uint32_t i = 0; i < ts->count && !g->failed; i++)
      if (ts->fields[i].type != NULL) {
        get(g, which);
        i32(g, i);
        op(g, CV_OPC_I32_EQ);
        block(g, CV_OPC_IF);
        move_case(g, ts, tt, i, from, to);
        end(g);
      }
    return;
  }
  block(g, CV_OPC_BLOCK);
  for (uint32_t i = 0; i < ts->count; i++)
    block(g, CV_OPC_BLOCK);
  get(g, which);
  op_u(g, CV_OPC_BR_TABLE, ts->count - 1);
  for (uint32_t i = 0; i < ts->count; i++)
    cv_buf_uleb(&g->code, i);
  for (uint32_t i = 0; i < ts->count && !g->failed; i++) {
    end(g);
    if (ts->fields[i].type != NULL)
      move_case(g, ts, tt, i, from, to);
    op_u(g, CV_OPC_BR, ts->count - 1 - i);
  }
  end(g);
}

// The slots that a case leaves alone are zero: locals begin so, and flat values are moved once in a call.
static void move_variant(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  uint32_t which = new_local(g, CV_KIND_I32);
  read_core(g, from, 0, ts->discriminant, CV_KIND_I32, 0);
  set(g, which);
  get(g, which);
  i32(g, ts->count);
  op(g, CV_OPC_I32_GE_U);
  trap_if(g, CV_ADAPTER_TRAP_DISCRIMINANT);
  begin_write(g, to);
  get(g, which);
  end_write(g, to, 0, ts->discriminant, CV_KIND_I32, 0);
  move_cases(g, ts, tt, which, from, to);
}

static void move_fixed_list(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  const cv_ctype *es = ts->fields[0].type, *et = tt->fields[0].type;
  if (from->in_memory && ts->length > UNROLL) {
    uint32_t bytes = new_local(g, CV_KIND_I32);
    i32(g, ts->length * layout_of(g, from->side, es)->size);
    set(g, bytes);
    cv_adapter_move_elements(g, es, et, from, to, bytes);
    return;
  }
  uint64_t offsets[2] = {0, 0};
  uint32_t slots[2] = {0, 0};
  for (uint32_t i = 0; i < ts->length && !g->failed; i++) {
    place f = next_part(g, from, es, &offsets[0], &slots[0]), t = next_part(g, to, et, &offsets[1], &slots[1]);
    cv_adapter_move(g, es, et, &f, &t);
  }
}

void cv_adapter_move(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  if (g->code.size > MAX_CODE || g->depth >= MAX_DEPTH)
    g->failed = true;
  if (g->failed)
    return;
  g->depth++;
  switch ((cv_ctype_kind)ts->kind) {
  case CV_CT_STRING:
    cv_adapter_move_string(g, from, to);
    break;
  case CV_CT_LIST:
  case CV_CT_MAP:
    cv_adapter_move_list(g, ts, tt, from, to);
    break;
  case CV_CT_FIXED_LIST:
    move_fixed_list(g, ts, tt, from, to);
    break;
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    cv_adapter_move_fields(g, ts->fields, tt->fields, ts->count, from, to);
    break;
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    move_variant(g, ts, tt, from, to);
    break;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    cv_adapter_move_handle(g, ts, tt, from, to);
    break;
  case CV_CT_STREAM:
  case CV_CT_FUTURE:
  case CV_CT_ERROR_CONTEXT:
    g->failed = true;
    break;
  default:
    move_scalar(g, ts, from, to);
  }
  g->depth--;
}
