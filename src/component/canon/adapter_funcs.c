// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter_funcs.c: writes the functions that the adapter function calls, each for a side: checks of addresses, memory
// from a guest's realloc, strings of the same encoding on both sides, copies.
#include "component/canon/adapter_emit.h"

// (address, bytes, mask, trap). In 64 bits the sum could overflow: bytes > size or address > size - bytes.
static void write_check(gen *g, unsigned side) {
  bool wide = g->is_64[side];
  uint32_t size = new_local(g, CV_KIND_I64);
  get(g, 0);
  narrow(g, side);
  get(g, 2);
  op(g, CV_OPC_I32_AND);
  trap_if(g, CV_ADAPTER_TRAP_UNALIGNED);
  op_u(g, CV_OPC_MEMORY_SIZE, g->memory_index[side]);
  if (!wide)
    op(g, CV_OPC_I64_EXTEND_I32_U);
  i64(g, 16);
  op(g, CV_OPC_I64_SHL);
  set(g, size);
  if (wide) {
    get(g, 1);
    op(g, CV_OPC_I64_EXTEND_I32_U);
    get(g, size);
    op(g, CV_OPC_I64_GT_U);
    get(g, 0);
    get(g, size);
    get(g, 1);
    op(g, CV_OPC_I64_EXTEND_I32_U);
    op(g, CV_OPC_I64_SUB);
    op(g, CV_OPC_I64_GT_U);
    op(g, CV_OPC_I32_OR);
  } else {
    for (uint32_t i = 0; i < 2; i++) {
      get(g, i);
      op(g, CV_OPC_I64_EXTEND_I32_U);
    }
    op(g, CV_OPC_I64_ADD);
    get(g, size);
    op(g, CV_OPC_I64_GT_U);
  }
  block(g, CV_OPC_IF);
  get(g, 3);
  call_import(g, CV_ADAPTER_TRAP);
  op(g, CV_OPC_UNREACHABLE);
  end(g);
}

// (alignment, bytes, trap) -> address
static void write_alloc(gen *g, unsigned side) {
  uint32_t at = new_local(g, address_kind(g, side));
  set_flag(g, GLOBAL_MAY_LEAVE + side, false);
  address(g, side, 0);
  address(g, side, 0);
  for (uint32_t i = 0; i < 2; i++) {
    get(g, i);
    widen(g, side);
  }
  call_import(g, side == CV_SIDE_CALLER ? CV_ADAPTER_REALLOC_CALLER : CV_ADAPTER_REALLOC_CALLEE);
  set(g, at);
  set_flag(g, GLOBAL_MAY_LEAVE + side, true);
  get(g, at);
  get(g, 1);
  get(g, 0);
  i32(g, 1);
  op(g, CV_OPC_I32_SUB);
  get(g, 2);
  call_local(g, FUNC_CHECK, side);
  get(g, at);
}

// while (at < stop) { body; at += step; } around what `body` writes. Open: close_while. Byte by byte it ends where they
// are equal: the end of 4 GiB is address 0.
static void open_while(gen *g, unsigned side, uint32_t at, uint32_t stop, bool by_byte) {
  block(g, CV_OPC_BLOCK);
  block(g, CV_OPC_LOOP);
  get(g, at);
  get(g, stop);
  if (by_byte)
    address_op(g, side, CV_OPC_I32_EQ, CV_OPC_I64_EQ);
  else
    address_op(g, side, CV_OPC_I32_GE_U, CV_OPC_I64_GE_U);
  op_u(g, CV_OPC_BR_IF, 1);
}

static void close_while(gen *g, unsigned side, uint32_t at, int32_t step) {
  add_to(g, side, at, step);
  op_u(g, CV_OPC_BR, 0);
  end(g);
  end(g);
}

// All bytes of a short string at the address in local 0, or-ed together, into the local `all`. Eight at a time, the
// last eight overlapping those before; fewer than eight one by one.
static void or_bytes(gen *g, unsigned side, uint32_t bytes, uint32_t all) {
  uint32_t at = new_local(g, address_kind(g, side)), stop = new_local(g, address_kind(g, side));
  get(g, 0);
  set(g, at);
  set_sum(g, side, at, bytes, stop);
  get(g, bytes);
  i32(g, 8);
  op(g, CV_OPC_I32_LT_U);
  block(g, CV_OPC_IF);
  for (int wide = 0; wide < 2; wide++) {
    if (wide) {
      op(g, CV_OPC_ELSE);
      add_to(g, side, stop, -8);
      get(g, stop);
      access(g, CV_OPC_I64_LOAD, 0, side, 0);
      set(g, all);
    }
    open_while(g, side, at, stop, !wide);
    get(g, all);
    get(g, at);
    access(g, wide ? CV_OPC_I64_LOAD : CV_OPC_I64_LOAD8_U, 0, side, 0);
    op(g, CV_OPC_I64_OR);
    set(g, all);
    close_while(g, side, at, wide ? 8 : 1);
  }
  end(g);
}

// The check of a whole string by C: (side, address, units)
static void check_by_c(gen *g, unsigned side, cv_adapter_import check) {
  i32(g, side);
  for (uint32_t i = 0; i < 2; i++) {
    get(g, i);
    if (!g->is_64[side])
      op(g, CV_OPC_I64_EXTEND_I32_U);
  }
  call_import(g, check);
}

// Leaves out the call of C for a short string of ASCII.
static void check_utf8(gen *g, unsigned side, uint32_t bytes) {
  uint32_t all = new_local(g, CV_KIND_I64);
  block(g, CV_OPC_BLOCK);
  get(g, bytes);
  i32(g, INLINE_BYTES);
  op(g, CV_OPC_I32_LE_U);
  block(g, CV_OPC_IF);
  or_bytes(g, side, bytes, all);
  get(g, all);
  i64(g, 0x8080808080808080);
  op(g, CV_OPC_I64_AND);
  op(g, CV_OPC_I64_EQZ);
  op_u(g, CV_OPC_BR_IF, 1);
  end(g);
  check_by_c(g, side, CV_ADAPTER_UTF8);
  end(g);
}

// (address, units) -> address on the other side
static void write_string(gen *g, unsigned side) {
  unsigned wide = g->plan->lowered->options.encoding == CV_UTF16; // log2 of a unit's size
  uint32_t bytes = new_local(g, CV_KIND_I32), there = new_local(g, address_kind(g, !side));
  get(g, 1);
  address(g, side, CV_MAX_VALUE_BYTES >> wide);
  address_op(g, side, CV_OPC_I32_GT_U, CV_OPC_I64_GT_U);
  trap_if(g, CV_ADAPTER_TRAP_STRING_SIZE);
  get(g, 1);
  narrow(g, side);
  i32(g, wide);
  op(g, CV_OPC_I32_SHL);
  set(g, bytes);
  get(g, 0);
  get(g, bytes);
  i32(g, wide);
  i32(g, CV_ADAPTER_TRAP_STRING);
  call_local(g, FUNC_CHECK, side);
  if (wide)
    check_by_c(g, side, CV_ADAPTER_UTF16);
  else
    check_utf8(g, side, bytes);
  i32(g, 1 + wide);
  get(g, bytes);
  i32(g, CV_ADAPTER_TRAP_STRING);
  call_local(g, FUNC_ALLOC, !side);
  set(g, there);
  get(g, there);
  get(g, 0);
  get(g, bytes);
  call_local(g, FUNC_COPY, side);
  get(g, there);
}

// (to, from, bytes). Short runs as in or_bytes.
static void write_copy(gen *g, unsigned side) {
  uint32_t stop = new_local(g, address_kind(g, side));
  get(g, 2);
  i32(g, INLINE_BYTES);
  op(g, CV_OPC_I32_GT_U);
  block(g, CV_OPC_IF);
  get(g, 0);
  get(g, 1);
  get(g, 2);
  if (g->is_64[0] && g->is_64[1]) // the length is as wide as the narrower addresses
    op(g, CV_OPC_I64_EXTEND_I32_U);
  cv_buf_byte(&g->code, 0xfc);
  cv_buf_uleb(&g->code, CV_OPC_MEMORY_COPY & 0xfff);
  cv_buf_uleb(&g->code, g->memory_index[!side]);
  cv_buf_uleb(&g->code, g->memory_index[side]);
  op(g, CV_OPC_RETURN);
  end(g);
  set_sum(g, side, 1, 2, stop);
  get(g, 2);
  i32(g, 8);
  op(g, CV_OPC_I32_GE_U);
  block(g, CV_OPC_IF);
  get(g, 0);
  get(g, 2);
  i32(g, 8);
  op(g, CV_OPC_I32_SUB);
  widen(g, !side);
  address_op(g, !side, CV_OPC_I32_ADD, CV_OPC_I64_ADD);
  add_to(g, side, stop, -8);
  get(g, stop);
  access(g, CV_OPC_I64_LOAD, 0, side, 0);
  access(g, CV_OPC_I64_STORE, 0, !side, 0);
  for (int wide = 1; wide >= 0; wide--) {
    open_while(g, side, 1, stop, !wide);
    get(g, 0);
    get(g, 1);
    access(g, wide ? CV_OPC_I64_LOAD : CV_OPC_I32_LOAD8_U, 0, side, 0);
    access(g, wide ? CV_OPC_I64_STORE : CV_OPC_I32_STORE8, 0, !side, 0);
    add_to(g, !side, 0, wide ? 8 : 1);
    close_while(g, side, 1, wide ? 8 : 1);
    if (wide)
      op(g, CV_OPC_ELSE);
  }
  end(g);
}

const cv_adapter_local cv_adapter_funcs[FUNC_COUNT] = {
    [FUNC_CHECK] = {"piii:", write_check},
    [FUNC_ALLOC] = {"iii:p", write_alloc},
    [FUNC_STRING] = {"pp:q", write_string},
    [FUNC_COPY] = {"qpi:", write_copy},
};
