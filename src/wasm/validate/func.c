// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// func.c: validation of one function: its locals, the loop over its instructions, and the facts it leaves.
#include <stdio.h>

#include "wasm/limits.h"
#include "wasm/validate/opcode_table.h"
#include "wasm/validate/validator.h"

enum { FIRST_OPERANDS = 256 }; // room on a new operand stack

// ---- life ----

cv_validator *cv_validator_new(const cv_module *module, cv_mem *mem, unsigned flags) {
  cv_validator *v = cv_mem_zalloc(mem, sizeof *v);
  if (v == NULL)
    return NULL;
  v->m = module;
  v->mem = mem;
  v->flags = flags;
  v->stack = cv_mem_alloc(mem, FIRST_OPERANDS * sizeof *v->stack);
  if (v->stack == NULL) {
    cv_mem_free(mem, v, sizeof *v);
    return NULL;
  }
  v->limit = v->stack + FIRST_OPERANDS;
  v->memory0_is_32 = module->memory_count != 0 && !module->memories[0].limits.is_64;
  for (unsigned i = 0; i < CV_COUNT(v->plain); i++)
    if (module->features >> cv_op_infos[i].feature & 1)
      v->plain[i] = cv_plain_ops[i].shape;
  return v;
}

void cv_validator_delete(cv_validator *v) {
  if (v == NULL)
    return;
  cv_mem_free(v->mem, v->stack, (size_t)(v->limit - v->stack) * sizeof *v->stack);
  cv_vec_free(v->mem, &v->frames);
  cv_vec_free(v->mem, &v->initialised);
  cv_vec_free(v->mem, &v->is_set);
  cv_vec_free(v->mem, &v->side);
  cv_vec_free(v->mem, &v->clauses);
  cv_vec_free(v->mem, &v->handlers);
  cv_vec_free(v->mem, &v->handler_entries);
  cv_mem_free(v->mem, v, sizeof *v);
}

// ---- locals ----

cv_status cv_mark_initialised(cv_validator *v, uint32_t local) {
  if (v->is_set.data[local])
    return CV_OK;
  v->is_set.data[local] = 1;
  return cv_vec_push(v->mem, &v->initialised, local);
}

void cv_forget_initialised(cv_validator *v, uint32_t mark) {
  while (v->initialised.count > mark)
    v->is_set.data[cv_vec_pop(&v->initialised)] = 0;
}

// Locals without default start unset; parameters are set.
static cv_status prepare_initialisation(cv_validator *v) {
  v->is_set.count = 0;
  CV_TRY(cv_vec_reserve(v->mem, &v->is_set, v->local_count));
  v->is_set.count = v->local_count;
  memset(v->is_set.data, 0, v->local_count);
  memset(v->is_set.data, 1, v->param_count);
  return CV_OK;
}

// Expands the local declarations, whose form the decoder checked, into the caller's arena.
static cv_status read_locals(cv_validator *v, const cv_func_decl *func, cv_arena *arena) {
  v->param_count = v->type->param_count;
  v->local_count = v->param_count + func->local_count;
  v->locals = NULL;
  v->local_weight = NULL;
  if (v->local_count == 0)
    return CV_OK;
  v->locals = cv_arena_alloc(arena, v->local_count * sizeof *v->locals);
  v->local_weight = cv_arena_calloc(arena, v->local_count, sizeof *v->local_weight);
  if (v->locals == NULL || v->local_weight == NULL)
    return CV_ENOMEM;
  if (v->param_count != 0)
    memcpy(v->locals, cv_functype_params(v->type), v->param_count * sizeof *v->locals);
  bool all_default = true;
  uint32_t runs, at = v->param_count;
  cv_reader r = v->r;
  r.at = r.start + func->body.offset;
  CV_TRY(cv_read_u32(&r, &runs));
  for (uint32_t i = 0; i < runs; i++) {
    uint32_t count, offset;
    cv_valtype type;
    CV_TRY(cv_read_u32(&r, &count));
    offset = cv_reader_offset(&r);
    CV_TRY(cv_read_val_type(&r, &type));
    CV_TRY(cv_check_type(v->m, type, offset, v->diag));
    all_default = all_default && cv_type_is_defaultable(type);
    if (type == CV_V128)
      v->fact_flags |= CV_FACT_SIMD;
    for (uint32_t k = 0; k < count; k++)
      v->locals[at++] = type;
  }
  for (uint32_t i = 0; i < v->param_count; i++)
    all_default = all_default && cv_type_is_defaultable(v->locals[i]);
  return all_default ? CV_OK : prepare_initialisation(v);
}

// ---- the loop ----

// The loop keeps the reader's place and the top of the stack in registers; FLUSH writes them back for a function that
// reads or moves them, REFILL takes them again.
#define FLUSH() (v->r.at = p, v->sp = sp)
#define REFILL() (p = v->r.at, sp = v->sp, base = v->base)
#define CALL(expr)                                                                                                     \
  do {                                                                                                                 \
    FLUSH();                                                                                                           \
    CV_TRY(expr);                                                                                                      \
    REFILL();                                                                                                          \
  } while (0)
#define READ_U32(out)                                                                                                  \
  do {                                                                                                                 \
    if (CV_LIKELY(p < limit && *p < 0x80)) {                                                                           \
      (out) = *p++;                                                                                                    \
    } else {                                                                                                           \
      v->r.at = p;                                                                                                     \
      CV_TRY(cv_read_u32_slow(&v->r, &(out)));                                                                         \
      p = v->r.at;                                                                                                     \
    }                                                                                                                  \
  } while (0)
#define CASE(code, statement)                                                                                          \
  case code:                                                                                                           \
    statement;                                                                                                         \
    break
#define VARIABLE(code) CV_TRY(on_variable(v, code, &p, &sp, &base))
#define PUSH(type)                                                                                                     \
  do {                                                                                                                 \
    if (CV_LIKELY(sp != v->water))                                                                                     \
      *sp++ = (type);                                                                                                  \
    else                                                                                                               \
      CALL(cv_push_slow(v, (type)));                                                                                   \
  } while (0)
#define POP(type)                                                                                                      \
  do {                                                                                                                 \
    if (CV_LIKELY(sp != base && sp[-1] == (type)))                                                                     \
      sp--;                                                                                                            \
    else                                                                                                               \
      CALL(cv_pop_slow(v, (type)));                                                                                    \
  } while (0)

static inline void weigh_local(cv_validator *v, uint32_t local) {
  uint32_t sum = v->local_weight[local] + v->weight;
  v->local_weight[local] = (uint16_t)CV_MIN(sum, (uint32_t)UINT16_MAX);
}

static cv_status unknown_local(cv_validator *v, uint32_t local) {
  return cv_invalid(v, "unknown local %u", local);
}

// A local.get of a non-null reference.
static cv_status check_initialised(cv_validator *v, uint32_t local) {
  return v->is_set.data[local] ? CV_OK : cv_invalid(v, "uninitialized local %u", local);
}

// A memory argument in its common form: memory 0, addressed by i32, one byte each for alignment and offset or a longer
// offset that fits. NULL when it is not that; the place after it otherwise.
static inline const uint8_t *plain_memarg(const cv_validator *v, const uint8_t *p, const uint8_t *end, unsigned align) {
  if (CV_UNLIKELY(end - p < 6 || p[0] > align || !v->memory0_is_32))
    return NULL;
  if (p[1] < 0x80)
    return p + 2;
  if (p[2] < 0x80)
    return p + 3;
  if (p[3] < 0x80)
    return p + 4;
  return p[4] < 0x80 ? p + 5 : NULL;
}

static cv_status skip_s32(cv_validator *v) {
  int32_t value;
  return cv_read_s32(&v->r, &value);
}

static cv_status skip_s64(cv_validator *v) {
  int64_t value;
  return cv_read_s64(&v->r, &value);
}

static cv_status skip_bytes(cv_validator *v, size_t size) {
  const uint8_t *bytes;
  return cv_read_bytes(&v->r, size, &bytes);
}

static cv_status begin_block(cv_validator *v, cv_frame_kind kind) {
  cv_block_type type;
  CV_TRY(cv_read_block_type(&v->r, &type));
  return cv_on_block(v, kind, type);
}

static cv_status drop(cv_validator *v) {
  cv_valtype type;
  return cv_pop_any(v, &type);
}

// No `end` inside the body. The text is what the grammar gives when it reads on: the instructions end beyond the body,
// or something else follows, or nothing.
static cv_status body_ended(cv_validator *v, const uint8_t *p, const uint8_t *end) {
  v->r.at = p;
  if (p == v->r.end)
    return cv_read_end(&v->r);
  if (p > end || *p == CV_OPC_END)
    return cv_reader_fail(&v->r, "section size mismatch: the body ends without END opcode");
  return cv_reader_fail(&v->r, "END opcode expected");
}

// Locals and globals, for the loop below, whose variables are given: inlined, they stay in registers.
__attribute__((always_inline)) static inline cv_status on_variable(cv_validator *v, uint8_t byte, const uint8_t **at,
                                                                   cv_valtype **top, cv_valtype **bottom) {
  const uint8_t *p = *at, *const limit = v->r.end;
  cv_valtype *sp = *top, *base = *bottom;
  uint32_t index;
  switch (byte) {
  case CV_OPC_LOCAL_GET:
    READ_U32(index);
    if (CV_UNLIKELY(index >= v->local_count))
      return unknown_local(v, index);
    if (CV_UNLIKELY(!cv_type_is_defaultable(v->locals[index])))
      CV_TRY(check_initialised(v, index));
    weigh_local(v, index);
    PUSH(v->locals[index]);
    break;
  case CV_OPC_LOCAL_SET:
  case CV_OPC_LOCAL_TEE:
    READ_U32(index);
    if (CV_UNLIKELY(index >= v->local_count))
      return unknown_local(v, index);
    weigh_local(v, index);
    POP(v->locals[index]);
    if (CV_UNLIKELY(!cv_type_is_defaultable(v->locals[index])))
      CV_TRY(cv_mark_initialised(v, index));
    if (byte == CV_OPC_LOCAL_TEE)
      PUSH(v->locals[index]);
    break;
  case CV_OPC_GLOBAL_GET:
  case CV_OPC_GLOBAL_SET: {
    READ_U32(index);
    if (CV_UNLIKELY(index >= v->m->global_count))
      return cv_invalid(v, "unknown global %u", index);
    const cv_globaltype *global = &v->m->globals[index].type;
    if (byte == CV_OPC_GLOBAL_GET)
      PUSH(global->type);
    else if (CV_UNLIKELY(!global->is_mutable))
      return cv_invalid(v, "immutable global %u", index);
    else
      POP(global->type);
    break;
  }
  }
  *at = p;
  *top = sp;
  *bottom = base;
  return CV_OK;
}

// Immediates are read up to the end of the module, so that a malformed one is told as such; the loop then finds that
// the body ended in the instruction.
static cv_status validate_code(cv_validator *v) {
  const uint8_t *p = v->r.at, *const end = v->end, *const limit = v->r.end;
  cv_valtype *sp = v->sp, *base = v->base;
  for (;;) {
    uint32_t index;
    bool done;
    v->pc = p;
    if (CV_UNLIKELY(p >= end))
      return body_ended(v, p, end);
    uint8_t byte = *p++;
    switch (byte) {
      CASE(CV_OPC_LOCAL_GET, VARIABLE(CV_OPC_LOCAL_GET));
      CASE(CV_OPC_LOCAL_SET, VARIABLE(CV_OPC_LOCAL_SET));
      CASE(CV_OPC_LOCAL_TEE, VARIABLE(CV_OPC_LOCAL_TEE));
      CASE(CV_OPC_GLOBAL_GET, VARIABLE(CV_OPC_GLOBAL_GET));
      CASE(CV_OPC_GLOBAL_SET, VARIABLE(CV_OPC_GLOBAL_SET));
    case CV_OPC_I32_CONST:
    case CV_OPC_I64_CONST: {
      const uint8_t *next = cv_short_leb(p, limit);
      if (CV_LIKELY(next != NULL))
        p = next;
      else
        CALL(byte == CV_OPC_I32_CONST ? skip_s32(v) : skip_s64(v));
      PUSH(byte == CV_OPC_I32_CONST ? CV_I32 : CV_I64);
      break;
    }
    case CV_OPC_F32_CONST:
      CALL(skip_bytes(v, 4));
      PUSH(CV_F32);
      break;
    case CV_OPC_F64_CONST:
      CALL(skip_bytes(v, 8));
      PUSH(CV_F64);
      break;
      CASE(CV_OPC_BLOCK, CALL(begin_block(v, CV_FRAME_BLOCK)));
      CASE(CV_OPC_LOOP, CALL(begin_block(v, CV_FRAME_LOOP)));
      CASE(CV_OPC_IF, CALL(begin_block(v, CV_FRAME_IF)));
    case CV_OPC_ELSE:
      CALL(cv_on_else(v));
      break;
    case CV_OPC_END:
      CALL(cv_on_end(v, &done));
      if (CV_UNLIKELY(done))
        return CV_OK;
      break;
    case CV_OPC_BR:
      READ_U32(index);
      CALL(cv_on_br(v, index));
      break;
    case CV_OPC_BR_IF:
      READ_U32(index);
      CALL(cv_on_br_if(v, index));
      break;
    case CV_OPC_RETURN:
      CALL(cv_on_return(v));
      break;
    case CV_OPC_CALL:
      READ_U32(index);
      CALL(cv_on_call(v, index));
      break;
    case CV_OPC_DROP:
      if (CV_LIKELY(sp != base))
        sp--;
      else
        CALL(drop(v));
      break;
    case CV_OPC_UNREACHABLE:
      v->sp = sp;
      cv_set_unreachable(v);
      sp = v->sp;
      break;
    case CV_OPC_NOP:
      break;
    default: {
      const cv_plain *op = &cv_plain_ops[byte];
      const uint8_t *next;
      switch (v->plain[byte]) {
      case CV_SHAPE_UNARY:
        POP(op->in[0]);
        PUSH(op->out);
        break;
      case CV_SHAPE_BINARY:
        POP(op->in[1]);
        POP(op->in[0]);
        PUSH(op->out);
        break;
      case CV_SHAPE_LOAD:
        next = plain_memarg(v, p, limit, op->align);
        if (CV_UNLIKELY(next == NULL)) {
          CALL(cv_on_other(v));
          break;
        }
        p = next;
        v->fact_flags |= CV_FACT_MEMORY;
        POP(CV_I32);
        PUSH(op->out);
        break;
      case CV_SHAPE_STORE:
        next = plain_memarg(v, p, limit, op->align);
        if (CV_UNLIKELY(next == NULL)) {
          CALL(cv_on_other(v));
          break;
        }
        p = next;
        v->fact_flags |= CV_FACT_MEMORY;
        POP(op->in[0]);
        POP(CV_I32);
        break;
      default:
        CALL(cv_on_other(v));
        break;
      }
    }
    }
  }
}

#undef FLUSH
#undef REFILL
#undef CALL
#undef CASE
#undef VARIABLE
#undef READ_U32
#undef PUSH
#undef POP

// ---- facts ----

static cv_status keep_facts(cv_validator *v, cv_arena *arena) {
  cv_func_facts *f = v->facts;
  f->local_count = v->local_count;
  f->max_height = (uint32_t)(v->water - v->stack);
  f->max_depth = v->max_depth;
  f->flags = v->fact_flags;
  f->locals = v->locals;
  f->local_weight = v->local_weight;
  for (size_t i = 0; i < v->handlers.count; i++)
    if (v->handler_entries.data[i] != CV_NO_ENTRY)
      v->handlers.data[i].target = v->side.data[v->handler_entries.data[i]];
  if (v->handlers.count != 0) {
    f->handlers = cv_arena_copy(arena, v->handlers.data, v->handlers.count * sizeof *v->handlers.data);
    f->handler_count = (uint32_t)v->handlers.count;
    if (f->handlers == NULL)
      return CV_ENOMEM;
  }
  if ((v->flags & CV_VALIDATE_SIDE_TABLES) != 0) {
    f->side = cv_arena_copy(arena, v->side.data, v->side.count * sizeof *v->side.data);
    f->side_count = (uint32_t)v->side.count;
    if (f->side == NULL)
      return CV_ENOMEM;
  }
  return CV_OK;
}

static void reset(cv_validator *v, const cv_func_decl *func, cv_func_facts *facts, cv_diag *diag) {
  const cv_module *m = v->m;
  *facts = (cv_func_facts){0};
  v->facts = facts;
  v->diag = diag;
  v->type = &m->types[func->type].as.func;
  v->start = cv_span_start(m, func->code);
  v->pc = v->start;
  v->end = v->start + func->code.size;
  v->r =
      (cv_reader){.start = m->bytes, .at = v->start, .end = m->bytes + m->size, .features = m->features, .diag = diag};
  v->weight = 1;
  v->loops = 0;
  v->loop_count = 0;
  v->fact_flags = 0;
  v->sp = v->base = v->water = v->stack;
  v->frames.count = 0;
  v->max_depth = 0;
  v->initialised.count = 0;
  v->side.count = 0;
  v->clauses.count = 0;
  v->handlers.count = 0;
  v->handler_entries.count = 0;
}

static cv_status validate(cv_validator *v, const cv_func_decl *func, cv_arena *arena) {
  CV_TRY(read_locals(v, func, arena));
  CV_TRY(cv_push_frame(v, CV_FRAME_FUNC, &v->m->types[func->type], CV_BOT));
  CV_TRY(validate_code(v));
  if (v->r.at != v->end)
    return cv_reader_fail(&v->r, "section size mismatch: instructions after the end of the function");
  return keep_facts(v, arena);
}

cv_status cv_func_validate(cv_validator *v, uint32_t func, cv_arena *arena, cv_func_facts *facts, cv_diag *diag) {
  const cv_func_decl *decl = cv_module_func(v->m, func);
  reset(v, decl, facts, diag);
  cv_status status = validate(v, decl, arena);
  if (status == CV_ENOMEM)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  if (status != CV_OK && diag != NULL && diag->func == CV_NO_INDEX) {
    diag->func = func;
    snprintf(diag->func_name, sizeof diag->func_name, "%.*s", (int)CV_MIN(decl->name.size, (size_t)63),
             decl->name.size != 0 ? (const char *)decl->name.data : "");
  }
  return status;
}
