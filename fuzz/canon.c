// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon.c: a function type, values and damage from the input; the call is made by the generic form of the canonical ABI
// and by a generated adapter, which must agree (tests/unit/canon_pair.h).
#define COVE_CANON_FUZZ
#include "../tests/unit/canon_pair.h"

#include "target.h"

enum { MAX_DEPTH = 4, MAX_PARTS = 5, MAX_TYPES = 48, ROUNDS = 4 };

typedef struct input {
  const uint8_t *at, *end;
  cv_arena *arena;
  uint32_t types; // made so far
  bool lends;     // types are of parameters
} input;

static uint8_t next(input *in) {
  return in->at != in->end ? *in->at++ : 0;
}

static const cv_ctype *make_type(input *in, unsigned depth);

static void make_parts(input *in, cv_ctype *t, uint32_t count, bool optional, unsigned depth) {
  cv_cfield *fields = CV_ARENA_ARRAY(in->arena, cv_cfield, count);
  assert_non_null(fields);
  t->fields = fields;
  t->count = count;
  for (uint32_t i = 0; i < count; i++)
    if (!optional || next(in) % 4 != 0)
      fields[i].type = make_type(in, depth + 1);
}

static void make_map(input *in, cv_ctype *t, unsigned depth) {
  static const uint8_t keys[] = {CV_CT_U8, CV_CT_STRING, CV_CT_U64, CV_CT_CHAR};
  cv_cfield *fields = CV_ARENA_ARRAY(in->arena, cv_cfield, 2);
  cv_ctype *key = CV_ARENA_NEW(in->arena, cv_ctype), *entry = CV_ARENA_NEW(in->arena, cv_ctype);
  assert_true(fields != NULL && key != NULL && entry != NULL);
  key->kind = keys[next(in) % CV_COUNT(keys)];
  assert_null(cv_ctype_lay_out(key));
  fields[0].type = key;
  fields[1].type = make_type(in, depth + 1);
  *entry = (cv_ctype){.kind = CV_CT_TUPLE, .fields = fields, .count = 2};
  assert_null(cv_ctype_lay_out(entry));
  t->fields = fields;
  t->count = 2;
  t->entry = entry;
}

static const cv_ctype *make_type(input *in, unsigned depth) {
  static const uint8_t scalars[] = {CV_CT_BOOL, CV_CT_S8,  CV_CT_U8,  CV_CT_S16, CV_CT_U16,  CV_CT_S32,    CV_CT_U32,
                                    CV_CT_S64,  CV_CT_U64, CV_CT_F32, CV_CT_F64, CV_CT_CHAR, CV_CT_STRING, CV_CT_OWN};
  static const uint8_t compounds[] = {CV_CT_RECORD,     CV_CT_TUPLE, CV_CT_LIST,   CV_CT_LIST,
                                      CV_CT_VARIANT,    CV_CT_ENUM,  CV_CT_OPTION, CV_CT_RESULT,
                                      CV_CT_FIXED_LIST, CV_CT_MAP,   CV_CT_FLAGS};
  cv_ctype *t = CV_ARENA_NEW(in->arena, cv_ctype);
  assert_non_null(t);
  uint8_t choice = next(in);
  bool scalar = depth >= MAX_DEPTH || ++in->types > MAX_TYPES || choice < 128;
  t->kind = scalar ? scalars[choice % CV_COUNT(scalars)] : compounds[choice % CV_COUNT(compounds)];
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_OWN: {
    uint8_t which = next(in);
    t->resource = &RESOURCES[which % 2];
    t->kind = in->lends && which >= 128 ? CV_CT_BORROW : CV_CT_OWN;
    break;
  }
  case CV_CT_FLAGS:
    t->count = 1 + next(in) % 32;
    t->fields = CV_ARENA_ARRAY(in->arena, cv_cfield, t->count);
    break;
  case CV_CT_ENUM:
    t->count = 1 + (uint32_t)next(in) * 2;
    t->fields = CV_ARENA_ARRAY(in->arena, cv_cfield, t->count);
    break;
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    make_parts(in, t, 1 + next(in) % MAX_PARTS, false, depth);
    break;
  case CV_CT_VARIANT:
    make_parts(in, t, 1 + next(in) % (2 * MAX_PARTS + 3), true, depth);
    break;
  case CV_CT_RESULT:
    make_parts(in, t, 2, true, depth);
    break;
  case CV_CT_OPTION: {
    cv_cfield *fields = CV_ARENA_ARRAY(in->arena, cv_cfield, 2);
    assert_non_null(fields);
    fields[1].type = make_type(in, depth + 1);
    t->fields = fields;
    t->count = 2;
    break;
  }
  case CV_CT_FIXED_LIST:
    t->length = 1 + next(in) % 12;
    make_parts(in, t, 1, false, depth);
    break;
  case CV_CT_LIST:
    make_parts(in, t, 1, false, depth);
    break;
  case CV_CT_MAP:
    make_map(in, t, depth);
    break;
  default:
    break;
  }
  assert_null(cv_ctype_lay_out(t));
  return t;
}

static void run_pair(pair *p, input *in) {
  cv_cfield params[3] = {{.name = {0}}};
  cv_cfunctype type = {.params = params, .param_count = next(in) % 4};
  in->lends = true;
  for (uint32_t i = 0; i < type.param_count; i++)
    params[i].type = make_type(in, 0);
  in->lends = false;
  type.result = next(in) % 4 != 0 ? make_type(in, 0) : NULL;
  p->type = &type;
  uint8_t encodings = next(in);
  p->caller.options.encoding = (cv_string_encoding)(encodings % 3);
  p->callee.options.encoding = (cv_string_encoding)(encodings / 3 % 3);
  cv_cfunc func = {
      .kind = CV_CFUNC_LIFTED, .type = &type, .instance = &p->callee.instance, .options = p->callee.options};
  func.core = new_func(p, true, callee_core, p);
  cv_lowered lowered = {.func = &func, .instance = &p->caller.instance, .type = &type, .options = p->caller.options};
  cv_func *generic = new_func(p, false, cv_lowered_call, &lowered), *adapter = cv_adapter_func(p->w.store, &lowered);
  uint64_t seed = 0x9e3779b97f4a7c15;
  for (int i = 0; i < 8; i++)
    seed = (seed ^ next(in)) * 0x100000001b3;
  seed |= 1;
  for (int round = 0; round < ROUNDS; round++) {
    cv_cval args[3];
    for (uint32_t i = 0; i < type.param_count; i++)
      random_value(&p->arena, &seed, params[i].type, p->caller.resources, &args[i]);
    if (type.result != NULL)
      random_value(&p->arena, &seed, type.result, p->caller.resources, &p->result);
    p->damage = round != 0 ? next_random(&seed) : 0;
    (void)check_call(p, "the call", generic, adapter, args);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static cv_engine *engine;
  cv_diag diag;
  cv_diag_init(&diag);
  if (engine == NULL)
    assert_true(cv_engine_new(&engine, NULL, &diag) == CV_OK);
  world w = {.engine = engine};
  assert_true(cv_store_new(engine, NULL, &w.store, &diag) == CV_OK);
  w.context = cv_store_context(w.store);
  pair p;
  pair_init_wide(&p, w, size & 1, size & 2); // addresses of 64 bits
  input in = {.at = data, .end = data + size, .arena = &p.arena};
  run_pair(&p, &in);
  pair_free(&p);
  cv_store_delete(w.store);
  return 0;
}
