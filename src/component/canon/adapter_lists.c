// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter_lists.c: writes the code that moves what has memory of its own, strings and lists, and what is an entry of a
// table, handles.
#include "component/canon/adapter_emit.h"

// A place of elements behind the start of another.
static place elements_of(gen *g, const place *p) {
  place first = {.side = p->side, .in_memory = true, .base = new_local(g, address_kind(g, p->side))};
  get(g, p->base);
  set(g, first.base);
  add_to(g, p->side, first.base, (int32_t)p->offset);
  return first;
}

void cv_adapter_move_elements(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to,
                              uint32_t bytes) {
  place f = elements_of(g, from), t = elements_of(g, to);
  uint32_t stop = new_local(g, address_kind(g, from->side));
  set_sum(g, from->side, f.base, bytes, stop);
  block(g, CV_OPC_BLOCK);
  block(g, CV_OPC_LOOP);
  get(g, f.base);
  get(g, stop);
  address_op(g, from->side, CV_OPC_I32_EQ, CV_OPC_I64_EQ);
  op_u(g, CV_OPC_BR_IF, 1);
  cv_adapter_move(g, ts, tt, &f, &t);
  add_to(g, from->side, f.base, (int32_t)layout_of(g, from->side, ts)->size);
  add_to(g, to->side, t.base, (int32_t)layout_of(g, to->side, tt)->size);
  op_u(g, CV_OPC_BR, 0);
  end(g);
  end(g);
}

// The length of a list, checked, as an i32; elements are never larger than twice what they are on the other side, so
// that no size overflows.
static uint32_t read_count(gen *g, const place *from, uint32_t size) {
  uint32_t length = new_local(g, address_kind(g, from->side)), count = new_local(g, CV_KIND_I32);
  read_pointer(g, from, 1, length);
  get(g, length);
  address(g, from->side, CV_MAX_VALUE_BYTES / size);
  address_op(g, from->side, CV_OPC_I32_GT_U, CV_OPC_I64_GT_U);
  trap_if(g, CV_ADAPTER_TRAP_LIST_SIZE);
  get(g, length);
  narrow(g, from->side);
  set(g, count);
  return count;
}

static uint32_t times(gen *g, uint32_t count, uint32_t size) {
  uint32_t bytes = new_local(g, CV_KIND_I32);
  get(g, count);
  i32(g, size);
  op(g, CV_OPC_I32_MUL);
  set(g, bytes);
  return bytes;
}

void cv_adapter_move_list(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  const cv_ctype *es = ts->kind == CV_CT_MAP ? ts->entry : ts->fields[0].type;
  const cv_ctype *et = tt->kind == CV_CT_MAP ? tt->entry : tt->fields[0].type;
  const cv_clayout *layout = layout_of(g, from->side, es), *layout_there = layout_of(g, to->side, et);
  uint32_t here = new_local(g, address_kind(g, from->side)), there = new_local(g, address_kind(g, to->side));
  uint32_t length = new_local(g, address_kind(g, to->side));
  read_pointer(g, from, 0, here);
  uint32_t count = read_count(g, from, layout->size), bytes = times(g, count, layout->size);
  uint32_t bytes_there = layout_there->size == layout->size ? bytes : times(g, count, layout_there->size);
  get(g, here);
  get(g, bytes);
  i32(g, layout->align - 1);
  i32(g, CV_ADAPTER_TRAP_LIST);
  call_local(g, FUNC_CHECK, from->side);
  i32(g, layout_there->align);
  get(g, bytes_there);
  i32(g, CV_ADAPTER_TRAP_LIST);
  call_local(g, FUNC_ALLOC, to->side);
  set(g, there);
  place f = {.side = from->side, .in_memory = true, .base = here};
  place t = {.side = to->side, .in_memory = true, .base = there};
  if (es->is_plain) {
    get(g, there);
    get(g, here);
    get(g, bytes);
    call_local(g, FUNC_COPY, from->side);
  } else {
    cv_adapter_move_elements(g, es, et, &f, &t, bytes);
  }
  get(g, count);
  widen(g, to->side);
  set(g, length);
  write_pointer(g, to, 0, there);
  write_pointer(g, to, 1, length);
}

static bool same_encoding(const gen *g) {
  const cv_lowered *l = g->plan->lowered;
  return l->options.encoding == l->func->options.encoding && l->options.encoding != CV_LATIN1_UTF16;
}

void cv_adapter_move_string(gen *g, const place *from, const place *to) {
  uint32_t here = new_local(g, address_kind(g, from->side)), units = new_local(g, address_kind(g, from->side));
  uint32_t there = new_local(g, address_kind(g, to->side)), units_there = new_local(g, address_kind(g, to->side));
  read_pointer(g, from, 0, here);
  read_pointer(g, from, 1, units);
  if (same_encoding(g)) {
    get(g, here);
    get(g, units);
    call_local(g, FUNC_STRING, from->side);
    set(g, there);
    get(g, units);
    narrow(g, from->side);
    widen(g, to->side);
    set(g, units_there);
  } else {
    const uint32_t parts[2] = {here, units}, results[2] = {units_there, there};
    i32(g, from->side);
    for (int i = 0; i < 2; i++) {
      get(g, parts[i]);
      if (!g->is_64[from->side])
        op(g, CV_OPC_I64_EXTEND_I32_U);
    }
    call_import(g, CV_ADAPTER_STRING);
    for (int i = 0; i < 2; i++) {
      if (!g->is_64[to->side])
        op(g, CV_OPC_I32_WRAP_I64);
      set(g, results[i]);
    }
  }
  write_pointer(g, to, 0, there);
  write_pointer(g, to, 1, units_there);
}

void cv_adapter_move_handle(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  bool own = ts->kind == CV_CT_OWN;
  begin_write(g, to);
  if (own)
    i32(g, from->side);
  i32(g, ts->resource->index);
  i32(g, tt->resource->index);
  read_core(g, from, 0, 4, CV_KIND_I32, 0);
  call_import(g, own ? CV_ADAPTER_OWN : CV_ADAPTER_LEND);
  end_write(g, to, 0, 4, CV_KIND_I32, 0);
}
