// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instructions.c: what the hot loop of func.c does not do itself: the plain instructions in general, and the ones with
// a rule of their own (core specification, 3.4).
#include "wasm/validate/opcode_table.h"
#include "wasm/validate/validator.h"

// ---- plain instructions ----

static cv_status find_memory(cv_validator *v, uint32_t index, const cv_limits **out) {
  if (index >= v->m->memory_count)
    return cv_invalid(v, "unknown memory %u", index);
  *out = &v->m->memories[index].limits;
  v->fact_flags |= CV_FACT_MEMORY;
  return CV_OK;
}

// Checks a memory argument and gives the type of its addresses.
static cv_status check_memarg(cv_validator *v, const cv_memarg *arg, unsigned natural, bool atomic,
                              cv_valtype *address) {
  const cv_limits *limits;
  CV_TRY(find_memory(v, arg->memory, &limits));
  if (arg->align > natural)
    return cv_invalid(v, "alignment must not be larger than natural");
  if (atomic && arg->align != natural)
    return cv_invalid(v, "atomic alignment must be natural");
  if (!limits->is_64 && arg->offset > UINT32_MAX)
    return cv_invalid(v, "offset out of range");
  *address = cv_limits_index_type(limits);
  return CV_OK;
}

static cv_status apply_memory_op(cv_validator *v, const cv_plain *op) {
  cv_memarg arg;
  cv_valtype address;
  CV_TRY(cv_read_memarg(&v->r, &arg));
  bool lane = op->shape == CV_SHAPE_LOAD_LANE || op->shape == CV_SHAPE_STORE_LANE;
  if (lane) {
    uint8_t index;
    CV_TRY(cv_read_byte(&v->r, &index));
    if (index >= op->lanes)
      return cv_invalid(v, "invalid lane index");
  }
  CV_TRY(check_memarg(v, &arg, op->align, op->shape >= CV_SHAPE_ATOMIC_LOAD, &address));
  for (unsigned i = 3; i-- > 0;)
    if (op->in[i] != 0)
      CV_TRY(cv_pop(v, op->in[i]));
  CV_TRY(cv_pop(v, address));
  return op->out != 0 ? cv_push(v, op->out) : CV_OK;
}

static cv_status apply_plain(cv_validator *v, const cv_plain *op) {
  switch ((cv_shape)op->shape) {
  case CV_SHAPE_LANE1:
  case CV_SHAPE_LANE2: {
    uint8_t lane;
    CV_TRY(cv_read_byte(&v->r, &lane));
    if (lane >= op->lanes)
      return cv_invalid(v, "invalid lane index");
    break;
  }
  case CV_SHAPE_OTHER:
  case CV_SHAPE_UNARY:
  case CV_SHAPE_BINARY:
  case CV_SHAPE_TERNARY:
    break;
  default:
    return apply_memory_op(v, op);
  }
  for (unsigned i = 3; i-- > 0;)
    if (op->in[i] != 0)
      CV_TRY(cv_pop(v, op->in[i]));
  return cv_push(v, op->out);
}

// ---- select and references ----

static bool is_number_or_vector(cv_valtype t) {
  return !cv_type_is_ref(t);
}

static cv_status on_select(cv_validator *v) {
  cv_valtype a, b;
  CV_TRY(cv_pop(v, CV_I32));
  CV_TRY(cv_pop_any(v, &b));
  CV_TRY(cv_pop_any(v, &a));
  char text[2][CV_VALTYPE_TEXT_SIZE];
  if (!is_number_or_vector(a) || !is_number_or_vector(b))
    return cv_invalid(v, "type mismatch: instruction requires numeric or vector type but stack has [%s %s]",
                      cv_valtype_text(a, text[0]), cv_valtype_text(b, text[1]));
  if (a != b && a != CV_BOT && b != CV_BOT)
    return cv_invalid(v, "type mismatch: instruction requires two values of one type but stack has [%s %s]",
                      cv_valtype_text(a, text[0]), cv_valtype_text(b, text[1]));
  return cv_push(v, a != CV_BOT ? a : b);
}

static cv_status on_select_types(cv_validator *v, const cv_instr *in) {
  if (in->count != 1)
    return cv_invalid(v, "invalid result arity");
  cv_reader r = v->r;
  r.at = in->bytes;
  cv_valtype type;
  CV_TRY(cv_read_val_type(&r, &type));
  CV_TRY(cv_check_type(v->m, type, in->offset, v->diag));
  CV_TRY(cv_pop(v, CV_I32));
  CV_TRY(cv_pop(v, type));
  CV_TRY(cv_pop(v, type));
  return cv_push(v, type);
}

static cv_status on_ref_func(cv_validator *v, uint32_t func) {
  if (func >= v->m->func_count)
    return cv_invalid(v, "unknown function %u", func);
  if (!v->m->funcs[func].is_declared)
    return cv_invalid(v, "undeclared function reference %u", func);
  return cv_push(v, CV_REF_TYPE(false, v->m->funcs[func].type));
}

static cv_status on_reference(cv_validator *v, const cv_instr *in) {
  cv_valtype ref;
  switch (in->code) {
  case CV_OPC_REF_NULL:
    CV_TRY(cv_check_heap(v->m, in->heap[0], in->offset, v->diag));
    return cv_push(v, CV_REF_TYPE(true, in->heap[0]));
  case CV_OPC_REF_IS_NULL:
    CV_TRY(cv_pop_ref(v, &ref));
    return cv_push(v, CV_I32);
  case CV_OPC_REF_AS_NON_NULL:
    CV_TRY(cv_pop_ref(v, &ref));
    return cv_push(v, CV_REF_TYPE(false, cv_type_heap(ref)));
  default:
    return on_ref_func(v, in->index);
  }
}

// ---- tables ----

static cv_status find_table(cv_validator *v, uint32_t index, const cv_tabletype **out, cv_valtype *address) {
  if (index >= v->m->table_count)
    return cv_invalid(v, "unknown table %u", index);
  *out = &v->m->tables[index].type;
  *address = cv_limits_index_type(&(*out)->limits);
  return CV_OK;
}

static cv_status find_elem(cv_validator *v, uint32_t index) {
  return index < v->m->elem_count ? CV_OK : cv_invalid(v, "unknown elem segment %u", index);
}

static cv_status elements_mismatch(cv_validator *v, const char *from, cv_valtype have, cv_valtype want) {
  char text[2][CV_VALTYPE_TEXT_SIZE];
  return cv_invalid(v, "type mismatch: %s type %s does not match the table's element type %s", from,
                    cv_valtype_text(have, text[0]), cv_valtype_text(want, text[1]));
}

static cv_valtype narrower(cv_valtype a, cv_valtype b) {
  return a == CV_I32 ? a : b;
}

static cv_status on_table_init(cv_validator *v, const cv_instr *in) {
  const cv_tabletype *table;
  cv_valtype address;
  CV_TRY(find_table(v, in->index2, &table, &address));
  CV_TRY(find_elem(v, in->index));
  cv_valtype type = v->m->elems[in->index].type;
  if (!cv_module_type_matches(v->m, type, table->elem))
    return elements_mismatch(v, "element segment's", type, table->elem);
  CV_TRY(cv_pop(v, CV_I32));
  CV_TRY(cv_pop(v, CV_I32));
  return cv_pop(v, address);
}

static cv_status on_table_copy(cv_validator *v, const cv_instr *in) {
  const cv_tabletype *to, *from;
  cv_valtype to_address, from_address;
  CV_TRY(find_table(v, in->index, &to, &to_address));
  CV_TRY(find_table(v, in->index2, &from, &from_address));
  if (!cv_module_type_matches(v->m, from->elem, to->elem))
    return elements_mismatch(v, "source's element", from->elem, to->elem);
  CV_TRY(cv_pop(v, narrower(to_address, from_address)));
  CV_TRY(cv_pop(v, from_address));
  return cv_pop(v, to_address);
}

static cv_status on_table(cv_validator *v, const cv_instr *in) {
  const cv_tabletype *table;
  cv_valtype address;
  CV_TRY(find_table(v, in->index, &table, &address));
  switch (in->code) {
  case CV_OPC_TABLE_GET:
    CV_TRY(cv_pop(v, address));
    return cv_push(v, table->elem);
  case CV_OPC_TABLE_SET:
    CV_TRY(cv_pop(v, table->elem));
    return cv_pop(v, address);
  case CV_OPC_TABLE_SIZE:
    return cv_push(v, address);
  case CV_OPC_TABLE_GROW:
    CV_TRY(cv_pop(v, address));
    CV_TRY(cv_pop(v, table->elem));
    return cv_push(v, address);
  default: // table.fill
    CV_TRY(cv_pop(v, address));
    CV_TRY(cv_pop(v, table->elem));
    return cv_pop(v, address);
  }
}

// ---- memories ----

// The count of segments comes from the data count section, since the data section follows the code.
static cv_status find_data(cv_validator *v, uint32_t index) {
  if (!v->m->has_data_count)
    return cv_fail(v->diag, CV_EMALFORMED, (uint64_t)(v->pc - v->r.start), "data count section required");
  return index < v->m->data_count ? CV_OK : cv_invalid(v, "unknown data segment %u", index);
}

static cv_status on_memory_init(cv_validator *v, const cv_instr *in) {
  const cv_limits *limits;
  CV_TRY(find_memory(v, in->index2, &limits));
  CV_TRY(find_data(v, in->index));
  CV_TRY(cv_pop(v, CV_I32));
  CV_TRY(cv_pop(v, CV_I32));
  return cv_pop(v, cv_limits_index_type(limits));
}

static cv_status on_memory_copy(cv_validator *v, const cv_instr *in) {
  const cv_limits *to, *from;
  CV_TRY(find_memory(v, in->index, &to));
  CV_TRY(find_memory(v, in->index2, &from));
  CV_TRY(cv_pop(v, narrower(cv_limits_index_type(to), cv_limits_index_type(from))));
  CV_TRY(cv_pop(v, cv_limits_index_type(from)));
  return cv_pop(v, cv_limits_index_type(to));
}

static cv_status on_memory(cv_validator *v, const cv_instr *in) {
  const cv_limits *limits;
  CV_TRY(find_memory(v, in->index, &limits));
  cv_valtype address = cv_limits_index_type(limits);
  switch (in->code) {
  case CV_OPC_MEMORY_SIZE:
    return cv_push(v, address);
  case CV_OPC_MEMORY_GROW:
    CV_TRY(cv_pop(v, address));
    return cv_push(v, address);
  default: // memory.fill
    CV_TRY(cv_pop(v, address));
    CV_TRY(cv_pop(v, CV_I32));
    return cv_pop(v, address);
  }
}

// memory.atomic.notify, wait32, wait64
static cv_status on_wait(cv_validator *v, const cv_instr *in) {
  cv_valtype address;
  CV_TRY(check_memarg(v, &in->memarg, in->info->align, true, &address));
  if (in->code == CV_OPC_MEMORY_ATOMIC_NOTIFY) {
    CV_TRY(cv_pop(v, CV_I32));
  } else {
    CV_TRY(cv_pop(v, CV_I64));
    CV_TRY(cv_pop(v, in->code == CV_OPC_MEMORY_ATOMIC_WAIT32 ? CV_I32 : CV_I64));
  }
  CV_TRY(cv_pop(v, address));
  return cv_push(v, CV_I32);
}

// ---- vectors and wide arithmetic ----

static cv_status on_shuffle(cv_validator *v, const cv_instr *in) {
  for (unsigned i = 0; i < 16; i++)
    if (in->bytes[i] >= 32)
      return cv_invalid(v, "invalid lane index");
  CV_TRY(cv_pop(v, CV_V128));
  CV_TRY(cv_pop(v, CV_V128));
  return cv_push(v, CV_V128);
}

static cv_status on_wide(cv_validator *v, unsigned operands) {
  for (unsigned i = 0; i < operands; i++)
    CV_TRY(cv_pop(v, CV_I64));
  CV_TRY(cv_push(v, CV_I64));
  return cv_push(v, CV_I64);
}

// ---- dispatch ----

// Instructions with one byte for a code.
static cv_status apply_one_byte(cv_validator *v, const cv_instr *in) {
  switch (in->code) {
  case CV_OPC_SELECT:
    return on_select(v);
  case CV_OPC_SELECT_T:
    return on_select_types(v, in);
  case CV_OPC_TABLE_GET:
  case CV_OPC_TABLE_SET:
    return on_table(v, in);
  case CV_OPC_MEMORY_SIZE:
  case CV_OPC_MEMORY_GROW:
    return on_memory(v, in);
  case CV_OPC_REF_NULL:
  case CV_OPC_REF_IS_NULL:
  case CV_OPC_REF_FUNC:
  case CV_OPC_REF_AS_NON_NULL:
    return on_reference(v, in);
  case CV_OPC_BR_TABLE:
    return cv_on_br_table(v, in);
  case CV_OPC_BR_ON_NULL:
    return cv_on_br_on_null(v, in->index);
  case CV_OPC_BR_ON_NON_NULL:
    return cv_on_br_on_non_null(v, in->index);
  case CV_OPC_CALL_INDIRECT:
  case CV_OPC_RETURN_CALL:
  case CV_OPC_RETURN_CALL_INDIRECT:
  case CV_OPC_CALL_REF:
  case CV_OPC_RETURN_CALL_REF:
    return cv_on_call_instr(v, in);
  case CV_OPC_THROW:
  case CV_OPC_THROW_REF:
  case CV_OPC_TRY_TABLE:
  case CV_OPC_TRY:
  case CV_OPC_CATCH:
  case CV_OPC_CATCH_ALL:
  case CV_OPC_DELEGATE:
  case CV_OPC_RETHROW:
    return cv_on_exception_instr(v, in);
  default:
    return cv_fail(v->diag, CV_EUNSUPPORTED, in->offset, "unsupported: %s", cv_op_mnemonic(in->info));
  }
}

static cv_status apply_prefixed(cv_validator *v, const cv_instr *in) {
  switch (in->code) {
  case CV_OPC_MEMORY_INIT:
    return on_memory_init(v, in);
  case CV_OPC_DATA_DROP:
    return find_data(v, in->index);
  case CV_OPC_MEMORY_COPY:
    return on_memory_copy(v, in);
  case CV_OPC_MEMORY_FILL:
    return on_memory(v, in);
  case CV_OPC_TABLE_INIT:
    return on_table_init(v, in);
  case CV_OPC_ELEM_DROP:
    return find_elem(v, in->index);
  case CV_OPC_TABLE_COPY:
    return on_table_copy(v, in);
  case CV_OPC_TABLE_GROW:
  case CV_OPC_TABLE_SIZE:
  case CV_OPC_TABLE_FILL:
    return on_table(v, in);
  case CV_OPC_V128_CONST:
    return cv_push(v, CV_V128);
  case CV_OPC_I8X16_SHUFFLE:
    return on_shuffle(v, in);
  case CV_OPC_MEMORY_ATOMIC_NOTIFY:
  case CV_OPC_MEMORY_ATOMIC_WAIT32:
  case CV_OPC_MEMORY_ATOMIC_WAIT64:
    return on_wait(v, in);
  case CV_OPC_ATOMIC_FENCE:
    return CV_OK;
  case CV_OPC_I64_ADD128:
  case CV_OPC_I64_SUB128:
    return on_wide(v, 4);
  case CV_OPC_I64_MUL_WIDE_S:
  case CV_OPC_I64_MUL_WIDE_U:
    return on_wide(v, 2);
  default:
    return cv_fail(v->diag, CV_EUNSUPPORTED, in->offset, "unsupported: %s", cv_op_mnemonic(in->info));
  }
}

cv_status cv_on_other(cv_validator *v) {
  uint32_t code;
  v->r.at = v->pc;
  CV_TRY(cv_read_opcode(&v->r, &code));
  const cv_plain *op = &cv_plain_ops[cv_op_index(code)];
  if (code >> 12 == 0xfd)
    v->fact_flags |= CV_FACT_SIMD;
  if (op->shape != CV_SHAPE_OTHER)
    return apply_plain(v, op);
  cv_instr in;
  v->r.at = v->pc;
  CV_TRY(cv_read_instr(&v->r, &in));
  if (in.info->feature == CV_FEATURE_BIT_GC)
    return cv_fail(v->diag, CV_EUNSUPPORTED, in.offset, "unsupported: garbage collection (%s)",
                   cv_op_mnemonic(in.info));
  return code >= 0x100 ? apply_prefixed(v, &in) : apply_one_byte(v, &in);
}
