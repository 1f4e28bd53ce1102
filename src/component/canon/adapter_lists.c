// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter_lists.c: writes the code that moves what has memory of its own, strings and lists, and what is an entry of a
// table, handles.
#include "component/canon/adapter_emit.h"

// Elements at two addresses, which are moved along; `bytes` is a local with their size together.
void cv_adapter_move_elements(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to,
                              uint32_t bytes) {
  place f = {.side = from->side, .in_memory = true, .base = new_local(g, CV_KIND_I32)};
  place t = {.side = to->side, .in_memory = true, .base = new_local(g, CV_KIND_I32)};
  uint32_t stop = new_local(g, CV_KIND_I32), size = ts->layout[CV_PTR32].size;
  const place *ends[2] = {from, to};
  const uint32_t bases[2] = {f.base, t.base};
  for (int i = 0; i < 2; i++) {
    get(g, ends[i]->base);
    i32(g, ends[i]->offset);
    op(g, CV_OPC_I32_ADD);
    set(g, bases[i]);
  }
  get(g, f.base);
  get(g, bytes);
  op(g, CV_OPC_I32_ADD);
  set(g, stop);
  block(g, CV_OPC_BLOCK);
  block(g, CV_OPC_LOOP);
  get(g, f.base);
  get(g, stop);
  op(g, CV_OPC_I32_EQ);
  op_u(g, CV_OPC_BR_IF, 1);
  cv_adapter_move(g, ts, tt, &f, &t);
  add_to(g, f.base, size);
  add_to(g, t.base, size);
  op_u(g, CV_OPC_BR, 0);
  end(g);
  end(g);
}

void cv_adapter_move_list(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  const cv_ctype *es = ts->kind == CV_CT_MAP ? ts->entry : ts->fields[0].type;
  const cv_ctype *et = tt->kind == CV_CT_MAP ? tt->entry : tt->fields[0].type;
  const cv_clayout *layout = &es->layout[CV_PTR32];
  uint32_t address = new_local(g, CV_KIND_I32), count = new_local(g, CV_KIND_I32), bytes = new_local(g, CV_KIND_I32);
  uint32_t there = new_local(g, CV_KIND_I32);
  read_core(g, from, 0, 4, CV_KIND_I32, 0);
  set(g, address);
  read_core(g, from, 1, 4, CV_KIND_I32, 4);
  set(g, count);
  get(g, count);
  i32(g, CV_MAX_VALUE_BYTES / layout->size);
  op(g, CV_OPC_I32_GT_U);
  trap_if(g, CV_ADAPTER_TRAP_LIST_SIZE);
  get(g, count);
  i32(g, layout->size);
  op(g, CV_OPC_I32_MUL);
  set(g, bytes);
  get(g, address);
  get(g, bytes);
  i32(g, layout->align - 1);
  i32(g, CV_ADAPTER_TRAP_LIST);
  call_local(g, FUNC_CHECK, from->side);
  i32(g, layout->align);
  get(g, bytes);
  i32(g, CV_ADAPTER_TRAP_LIST);
  call_local(g, FUNC_ALLOC, to->side);
  set(g, there);
  place f = {.side = from->side, .in_memory = true, .base = address};
  place t = {.side = to->side, .in_memory = true, .base = there};
  if (es->is_plain) {
    get(g, there);
    get(g, address);
    get(g, bytes);
    call_local(g, FUNC_COPY, from->side);
  } else {
    cv_adapter_move_elements(g, es, et, &f, &t, bytes);
  }
  write_local(g, to, 0, 0, there);
  write_local(g, to, 1, 4, count);
}

static bool same_encoding(const gen *g) {
  const cv_lowered *l = g->plan->lowered;
  return l->options.encoding == l->func->options.encoding && l->options.encoding != CV_LATIN1_UTF16;
}

void cv_adapter_move_string(gen *g, const place *from, const place *to) {
  uint32_t address = new_local(g, CV_KIND_I32), units = new_local(g, CV_KIND_I32);
  read_core(g, from, 0, 4, CV_KIND_I32, 0);
  set(g, address);
  read_core(g, from, 1, 4, CV_KIND_I32, 4);
  set(g, units);
  if (same_encoding(g)) {
    get(g, address);
    get(g, units);
    call_local(g, FUNC_STRING, from->side);
    set(g, address);
  } else {
    uint32_t both = new_local(g, CV_KIND_I64);
    i32(g, from->side);
    get(g, address);
    get(g, units);
    call_import(g, CV_ADAPTER_STRING);
    set(g, both);
    get(g, both);
    op(g, CV_OPC_I32_WRAP_I64);
    set(g, address);
    get(g, both);
    i64(g, 32);
    op(g, CV_OPC_I64_SHR_U);
    op(g, CV_OPC_I32_WRAP_I64);
    set(g, units);
  }
  write_local(g, to, 0, 0, address);
  write_local(g, to, 1, 4, units);
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
