// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_classes.c: classes of fault that canonical ABIs have had, each against every form of it here: the generic one,
// generated adapters, and the glue of host functions. Tests are named after their class.
#include "api/component.h"
#include "canon_pair.h"

enum {
  TEXT = 1024, // where a row's bytes are in the caller's memory
  ROOM = 4096, // where realloc begins
  USUAL = 1,   // realloc's answer: that of an allocator
};
static const uint32_t TAG = (uint32_t)1 << 31;

// What a host function does with its one argument, as bindings do.
typedef cove_host_result glue_step(cove_call *call, cove_value *values);

typedef enum form { FORM_GENERIC, FORM_ADAPTER, FORM_GLUE, FORM_COUNT } form;
static const char *const FORM_NAMES[FORM_COUNT] = {"generic", "adapter", "glue"};

typedef struct stage {
  pair p;
  cv_cfunc func;
  cv_lowered lowered;
  glue_step *step;
  uint32_t seen; // by who is called: the first core value
  uint32_t calls;
  const uint8_t *lifted; // by glue: bytes, and how many
  size_t lifted_size;
} stage;

static cv_run look(void *env, cv_instance *caller, cv_value *values) {
  stage *s = env;
  (void)caller;
  s->calls++;
  s->seen = values[0].u32;
  return CV_RUN_OK;
}

static cv_run glue(void *env, cv_canon_call *call, cv_value *values) {
  stage *s = env;
  cove_host_result run = s->step((cove_call *)call, (cove_value *)values);
  if (run == COVE_HOST_OK) {
    s->calls++;
    s->seen = values[0].u32;
  }
  return (cv_run)run;
}

static void stage_init(stage *s) {
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT};
  *s = (stage){.seen = 0};
  pair_init(&s->p, world_new(&options, NULL));
}

static void stage_free(stage *s) {
  world w = s->p.w;
  pair_free(&s->p);
  world_delete(&w);
}

// The core function that the caller calls, with both sides as new; NULL when the form has nothing for the row.
static cv_func *stage_func(stage *s, const char *type, form f, glue_step *step) {
  pair *p = &s->p;
  guest_reset(&p->caller);
  guest_reset(&p->callee);
  p->parent.may_enter.value.u64 = 1;
  s->seen = s->calls = 0;
  p->type = parse_functype(&p->arena, type, RESOURCES);
  s->func = (cv_cfunc){.kind = CV_CFUNC_LIFTED,
                       .type = p->type,
                       .instance = &p->callee.instance,
                       .options = p->callee.options,
                       .core = new_func(p, true, look, s)};
  if (f == FORM_GLUE) {
    if (step == NULL)
      return NULL;
    s->func = (cv_cfunc){.kind = CV_CFUNC_HOST, .type = p->type, .flat = glue, .env = s};
    s->step = step;
  }
  s->lowered =
      (cv_lowered){.func = &s->func, .instance = &p->caller.instance, .type = p->type, .options = p->caller.options};
  cv_func *func =
      f == FORM_ADAPTER ? cv_adapter_func(p->w.store, &s->lowered) : new_func(p, false, cv_lowered_call, &s->lowered);
  assert_non_null(func);
  return func;
}

static cv_run call(stage *s, cv_func *func, uint64_t a, uint64_t b) {
  cv_value flat[CV_MAX_FLAT_PARAMS + 1] = {{.u64 = a}, {.u64 = b}};
  return cv_call(s->p.w.context, func, flat);
}

// One of the sentences, which differ with who is told.
static void expect_one_of(stage *s, const char *name, form f, cv_run run, const char *a, const char *b) {
  const char *text = s->p.w.context->trap.text;
  if (run != CV_RUN_TRAP || (strncmp(text, a, strlen(a)) != 0 && (b == NULL || strncmp(text, b, strlen(b)) != 0)))
    fail_msg("%s, %s: \"%s\" instead of \"%s\"", name, FORM_NAMES[f], run == CV_RUN_TRAP ? text : "no trap", a);
  if (s->calls != 0)
    fail_msg("%s, %s: was called all the same", name, FORM_NAMES[f]);
}

// ---- steps of glue ----

static cove_host_result take_string(cove_call *call, cove_value *values) {
  cove_string text;
  return cove_glue_lift_string(call, values[0].u32, values[1].u32, &text);
}

static cove_host_result take_bytes(cove_call *call, cove_value *values) {
  uint8_t *at;
  return cove_glue_list(call, values[0].u32, values[1].u32, 1, 1, &at);
}

static cove_host_result take_words(cove_call *call, cove_value *values) {
  uint8_t *at;
  return cove_glue_list(call, values[0].u32, values[1].u32, 4, 4, &at);
}

static cove_host_result take_char(cove_call *call, cove_value *values) {
  return cove_glue_char(call, values[0].u32);
}

static cove_host_result take_case(cove_call *call, cove_value *values) {
  return values[0].u32 >= 2 ? cove_glue_case_trap(call, values[0].u32, "a case of two") : COVE_HOST_OK;
}

static cove_host_result give_words(cove_call *call, cove_value *values) {
  uint32_t address;
  uint8_t *to;
  (void)values;
  COVE_GLUE_TRY(cove_glue_alloc(call, 8, 4, &address, &to));
  memset(to, 7, 8);
  return COVE_HOST_OK;
}

static const char WORDS[] = "sm\xc3\xb6rg\xc3\xa5s \xe2\x98\x83";

static cove_host_result give_string(cove_call *call, cove_value *values) {
  return cove_glue_lower_string(call, (cove_string){WORDS, sizeof WORDS - 1}, &values[0].u32, &values[1].u32);
}

// ---- string transcoding: out of bounds, misaligned UTF-16, size doubling, invalid surrogates ----

static void string_transcoding(void **state) {
  (void)state;
  static const struct {
    const char *name;
    cv_string_encoding from;
    const char *bytes; // hexadecimal, at TEXT
    uint32_t address, units;
    const char *text, *host;
  } rows[] = {
      {"one past the end", CV_UTF8, "", 0x3ffff, 2, "string content out-of-bounds", "string pointer/length"},
      {"address and size overflow", CV_UTF8, "", 0xffffffff, 0xfffffff, "string content", "string pointer/length"},
      {"empty past the end", CV_UTF8, "", 0x40001, 0, "string content", "string pointer/length"},
      {"half behind the end", CV_UTF16, "", 0x3fffe, 2, "string content", "string pointer/length"},
      {"half behind the end", CV_LATIN1_UTF16, "", 0x3fffe, TAG | 2, "string content", "string pointer/length"},
      {"misaligned", CV_UTF16, "4141", TEXT + 1, 1, "unaligned pointer", NULL},
      {"misaligned and empty", CV_UTF16, "", TEXT + 1, 0, "unaligned pointer", NULL},
      {"misaligned", CV_LATIN1_UTF16, "4141", TEXT + 1, 1, "unaligned pointer", NULL},
      {"misaligned", CV_LATIN1_UTF16, "4141", TEXT + 1, TAG | 1, "unaligned pointer", NULL},
      {"too long", CV_UTF8, "", 0, 0x10000000, "string", NULL},
      {"twice the size is too long", CV_UTF16, "", 0, 0x8000000, "string", NULL},
      {"twice the size overflows", CV_UTF16, "", 0, 0x80000001, "string", NULL},
      {"twice the size overflows", CV_UTF16, "", 0, 0xffffffff, "string", NULL},
      {"twice the size is too long", CV_LATIN1_UTF16, "", 0, TAG | 0x8000000, "string", NULL},
      {"twice the size overflows", CV_LATIN1_UTF16, "", 0, 0xffffffff, "string", NULL},
      {"first half alone", CV_UTF16, "00d8", TEXT, 1, "unpaired surrogate", NULL},
      {"first half before a letter", CV_UTF16, "00d84100", TEXT, 2, "unpaired surrogate", NULL},
      {"second half first", CV_UTF16, "00dc00d8", TEXT, 2, "unpaired surrogate", NULL},
      {"its partner is behind the end", CV_UTF16, "410000d800dc", TEXT, 2, "unpaired surrogate", NULL},
      {"first half twice", CV_LATIN1_UTF16, "00d800d8", TEXT, TAG | 2, "unpaired surrogate", NULL},
      {"a surrogate in UTF-8", CV_UTF8, "eda080", TEXT, 3, "invalid utf-8", NULL},
      {"longer than need be", CV_UTF8, "c080", TEXT, 2, "invalid utf-8", NULL},
      {"above the last code point", CV_UTF8, "f4908080", TEXT, 4, "invalid utf-8", NULL},
      {"cut", CV_UTF8, "e298", TEXT, 2, "incomplete utf-8", NULL},
      {"not UTF-8 behind much that is", CV_UTF8, "6161616161616161616161616161616161ff", TEXT, 18, "invalid utf-8",
       NULL},
  };
  stage s;
  stage_init(&s);
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (unsigned f = 0; f < FORM_COUNT; f++)
      for (unsigned to = CV_UTF8; to <= CV_LATIN1_UTF16; to++) {
        s.p.caller.options.encoding = rows[i].from;
        s.p.callee.options.encoding = (cv_string_encoding)to;
        cv_func *func = stage_func(&s, "string->", (form)f, take_string);
        for (const char *c = rows[i].bytes; *c != '\0'; c += 2) {
          char pair_of[3] = {c[0], c[1], '\0'};
          *guest_at(&s.p.caller, TEXT + (uint64_t)(c - rows[i].bytes) / 2) = (uint8_t)strtoul(pair_of, NULL, 16);
        }
        cv_run run = call(&s, func, rows[i].address, rows[i].units);
        expect_one_of(&s, rows[i].name, (form)f, run, rows[i].text, rows[i].host);
      }
  stage_free(&s);
}

// Each growth step asks for room that is looked at: the second and third answers of realloc are not trusted either.
static void string_transcoding_growth(void **state) {
  (void)state;
  static const struct {
    cv_string_encoding from, to;
    uint32_t units;
    const char *bytes;
    size_t size;
    uint32_t first; // bytes that the first realloc is asked for
  } rows[] = {
      {CV_UTF8, CV_UTF16, 9, "sm\xc3\xb6rg\xe2\x98\x83", 9, 18},
      {CV_UTF8, CV_LATIN1_UTF16, 9, "sm\xc3\xb6rg\xe2\x98\x83", 9, 9},
      {CV_UTF16, CV_UTF8, 4, "a\0\xf6\0\x03\x26z\0", 8, 4},
      {CV_UTF16, CV_LATIN1_UTF16, 4, "a\0\xf6\0\x03\x26z\0", 8, 4},
      {CV_LATIN1_UTF16, CV_UTF8, 4, "a\xf6\xf6z", 4, 4},
  };
  stage s;
  stage_init(&s);
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (unsigned f = 0; f < FORM_GLUE; f++)
      for (uint32_t lacks = 2; lacks <= rows[i].first; lacks += 2) {
        s.p.caller.options.encoding = rows[i].from;
        s.p.callee.options.encoding = rows[i].to;
        cv_func *func = stage_func(&s, "string->", (form)f, NULL);
        memcpy(guest_at(&s.p.caller, TEXT), rows[i].bytes, rows[i].size);
        guest_answer(&s.p.callee, (0x40000 - rows[i].first + lacks) & ~1u);
        cv_run run = call(&s, func, TEXT, rows[i].units);
        expect_one_of(&s, "the first answer lacks room", (form)f, run, "string content out-of-bounds", NULL);
        // The first piece fits to the byte: a later, larger one does not.
        if (i == 0 || lacks != 2)
          continue;
        func = stage_func(&s, "string->", (form)f, NULL);
        guest_answer(&s.p.callee, (0x40000 - rows[i].first) & ~1u);
        run = call(&s, func, TEXT, rows[i].units);
        expect_one_of(&s, "a later answer lacks room", (form)f, run, "string content out-of-bounds", NULL);
      }
  for (unsigned to = CV_UTF8; to <= CV_LATIN1_UTF16; to++) {
    s.p.caller.options.encoding = (cv_string_encoding)to;
    cv_func *func = stage_func(&s, "->u32", FORM_GLUE, give_string);
    guest_answer(&s.p.caller, 0x40000 - (to == CV_UTF16 ? 2 : 1) * (uint32_t)(sizeof WORDS - 1) + 2);
    expect_one_of(&s, "a string of the host lacks room", FORM_GLUE, call(&s, func, 0, 0), "realloc return", NULL);
  }
  stage_free(&s);
}

// A function of the host gives back what lies in the memory that it goes to.
static stage *echo_stage;

static cove_host_result echo_bytes(cove_call *call, cove_value *values) {
  uint8_t *at;
  uint32_t size = values[1].u32;
  COVE_GLUE_TRY(cove_glue_list(call, values[0].u32, size, 1, 1, &at));
  COVE_GLUE_TRY(cove_glue_lower_string(call, (cove_string){(const char *)at, size}, &values[0].u32, &values[1].u32));
  echo_stage->lifted = call->memory->base + values[0].u32;
  echo_stage->lifted_size = values[1].u32;
  return COVE_HOST_OK;
}

// A realloc that spoils the argument.
static cv_run spoil(void *env, cv_instance *caller, cv_value *values) {
  stage *s = env;
  (void)caller;
  memset(guest_at(&s->p.caller, TEXT), 0xf0, 32);
  values[0].u64 = ROOM;
  return CV_RUN_OK;
}

static void string_transcoding_of_aliases(void **state) {
  (void)state;
  static const struct {
    cv_string_encoding to;
    const char *out;
    size_t size;
    uint32_t units;
  } rows[] = {
      {CV_UTF8, WORDS, sizeof WORDS - 1, sizeof WORDS - 1},
      {CV_UTF16, "s\0m\0\xf6\0r\0g\0\xe5\0s\0 \0\x03\x26", 18, 9},
      {CV_LATIN1_UTF16, "s\0m\0\xf6\0r\0g\0\xe5\0s\0 \0\x03\x26", 18, 9},
  };
  static const uint32_t answers[] = {USUAL, TEXT, TEXT + 2, TEXT - 2, TEXT + 8, 0};
  stage s;
  stage_init(&s);
  echo_stage = &s;
  const cv_valtype types[4] = {CV_I32, CV_I32, CV_I32, CV_I32};
  cv_func *usual = s.p.caller.options.realloc, *spoils = host_func(&s.p.w, types, 4, types, 1, spoil, &s).as.func;
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (size_t k = 0; k < CV_COUNT(answers); k++) {
      s.p.caller.options.encoding = rows[i].to;
      s.p.caller.options.realloc = answers[k] == 0 ? spoils : usual;
      cv_func *func = stage_func(&s, "list<u8>->u32", FORM_GLUE, echo_bytes);
      memcpy(guest_at(&s.p.caller, TEXT), WORDS, sizeof WORDS - 1);
      if (answers[k] > USUAL)
        guest_answer(&s.p.caller, answers[k]);
      if (call(&s, func, TEXT, sizeof WORDS - 1) != CV_RUN_OK)
        fail_msg("%s", s.p.w.context->trap.text);
      assert_int_equal(s.lifted_size & ~TAG, rows[i].units);
      assert_memory_equal(s.lifted, rows[i].out, rows[i].size);
    }
  stage_free(&s);
}

// ---- lift and intrinsics: flags padding, discriminants, characters, booleans ----

static void lift_discriminants(void **state) {
  (void)state;
  static const struct {
    const char *type;
    uint32_t slot, count; // with a count, the address of bytes at TEXT and the length of a list
    uint8_t byte;         // of each element's first
    const char *text, *host;
    glue_step *step;
  } rows[] = {
      {"enum<2>->", 2, 0, 0, "invalid variant discriminant", "invalid discriminant", take_case},
      {"enum<2>->", 0xffffffff, 0, 0, "invalid variant discriminant", "invalid discriminant", take_case},
      {"option<u8>->", 2, 0, 0, "invalid variant discriminant", "invalid discriminant", take_case},
      {"result<u8,u8>->", 0x80000000, 0, 0, "invalid variant discriminant", "invalid discriminant", take_case},
      {"variant<_,u8>->", 0x100, 0, 0, "invalid variant discriminant", "invalid discriminant", take_case},
      {"enum<300>->", 300, 0, 0, "invalid variant discriminant", NULL, NULL},
      {"list<enum<2>>->", TEXT, 3, 2, "invalid variant discriminant", NULL, NULL},
      {"list<option<u8>>->", TEXT, 3, 255, "invalid variant discriminant", NULL, NULL},
      {"list<variant<u8,string>>->", TEXT, 2, 2, "invalid variant discriminant", NULL, NULL},
      {"char->", 0xd800, 0, 0, "invalid `char`", "invalid character", take_char},
      {"char->", 0xdfff, 0, 0, "invalid `char`", "invalid character", take_char},
      {"char->", 0x110000, 0, 0, "invalid `char`", "invalid character", take_char},
      {"char->", 0xffffffff, 0, 0, "invalid `char`", "invalid character", take_char},
  };
  stage s;
  stage_init(&s);
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (unsigned f = 0; f < FORM_COUNT; f++) {
      cv_func *func = stage_func(&s, rows[i].type, (form)f, rows[i].step);
      memset(guest_at(&s.p.caller, TEXT), rows[i].byte, 64);
      if (func != NULL)
        expect_one_of(&s, rows[i].type, (form)f, call(&s, func, rows[i].slot, rows[i].count), rows[i].text,
                      rows[i].host);
    }
  stage_free(&s);
}

static void lift_lists(void **state) {
  (void)state;
  static const struct {
    const char *type;
    uint32_t address, count;
    const char *text, *host;
    glue_step *step;
  } rows[] = {
      {"list<u8>->", 0x40000, 1, "list content out-of-bounds", "pointer out of bounds", take_bytes},
      {"list<u8>->", 0xffffffff, 0xfffffff, "list content out-of-bounds", "pointer out of bounds", take_bytes},
      {"list<u8>->", 0, 0x10000000, "list", NULL, take_bytes},
      {"list<u8>->", 0x40001, 0, "list content out-of-bounds", "pointer out of bounds", take_bytes},
      {"list<u32>->", 2, 0, "unaligned pointer", NULL, take_words},
      {"list<u32>->", 0x3fffc, 2, "list content out-of-bounds", "pointer out of bounds", take_words},
      {"list<u32>->", 0, 0x40000001, "list", NULL, take_words}, // four bytes in 32 bits
      {"list<u32>->", 0, 0xffffffff, "list", NULL, take_words},
  };
  stage s;
  stage_init(&s);
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (unsigned f = 0; f < FORM_COUNT; f++) {
      cv_func *func = stage_func(&s, rows[i].type, (form)f, rows[i].step);
      expect_one_of(&s, rows[i].type, (form)f, call(&s, func, rows[i].address, rows[i].count), rows[i].text,
                    rows[i].host);
    }
  stage_free(&s);
}

static void lift_padding(void **state) {
  (void)state;
  static const struct {
    const char *type;
    uint64_t slot;
    uint32_t seen;
  } rows[] = {
      {"flags<3>->", 0xffffffff, 7},
      {"flags<8>->", 0xffffff00, 0},
      {"flags<9>->", 0xffff, 0x1ff},
      {"flags<17>->", 0xffffffff, 0x1ffff},
      {"flags<32>->", 0xffffffff, 0xffffffff},
      {"bool->", 2, 1},
      {"bool->", 0x100, 1},
      {"u8->", 0xffffff01, 1},
      {"s8->", 0x1ff, 0xffffffff},
      {"u16->", 0xabcd0001, 1},
      {"s16->", 0x18000, 0xffff8000},
  };
  stage s;
  stage_init(&s);
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (unsigned f = 0; f < FORM_GLUE; f++) {
      cv_func *func = stage_func(&s, rows[i].type, (form)f, NULL);
      assert_int_equal(call(&s, func, rows[i].slot, 0), CV_RUN_OK);
      if (s.calls != 1 || s.seen != rows[i].seen)
        fail_msg("%s, %s: 0x%x arrives as 0x%x", rows[i].type, FORM_NAMES[f], (unsigned)rows[i].slot, s.seen);
    }
  stage_free(&s);
}

// ---- realloc: bad, misaligned and overlapping pointers, re-entrance ----

static void realloc_bad_pointer(void **state) {
  (void)state;
  static const struct {
    const char *type;
    uint32_t count, answer;
    const char *text;
    glue_step *gives; // glue goes the other way: what it gives asks the caller's realloc
  } rows[] = {
      {"list<u32>->", 2, 2, "unaligned pointer", give_words},
      {"list<u32>->", 2, ROOM + 1, "unaligned pointer", give_words},
      {"list<u32>->", 2, 0x3fffc, "list content out-of-bounds", give_words},
      {"list<u32>->", 2, 0xfffffffc, "list content out-of-bounds", give_words},
      {"list<u32>->", 2, 0x80000000, "list content out-of-bounds", give_words},
      {"string->", 14, 0x3fff4, "string content out-of-bounds", give_string},
      {"string->", 14, 0xffffffff, "string content out-of-bounds", give_string},
      {"string->", 0, 0x40001, "string content out-of-bounds", NULL},
      {"list<string>->", 2, 0x3fffc, "list content out-of-bounds", NULL},
  };
  stage s;
  stage_init(&s);
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (unsigned f = 0; f < FORM_COUNT; f++) {
      cv_func *func = stage_func(&s, rows[i].type, (form)f, rows[i].gives);
      if (func == NULL)
        continue;
      memset(guest_at(&s.p.caller, TEXT), 0, 64);
      guest_answer(f == FORM_GLUE ? &s.p.caller : &s.p.callee, rows[i].answer);
      expect_one_of(&s, rows[i].type, (form)f, call(&s, func, TEXT, rows[i].count), rows[i].text, "realloc return");
    }
  stage_free(&s);
}

// All in one place: what arrives is the guest's own loss, and nothing else is written.
static void realloc_overlapping_pointer(void **state) {
  (void)state;
  static const char *const types[] = {"list<list<u8>>->", "list<string>->", "list<list<u32>>->"};
  static uint8_t before[LOOK], after[2][LOOK];
  stage s;
  stage_init(&s);
  for (size_t i = 0; i < CV_COUNT(types); i++)
    for (unsigned from = CV_UTF8; from <= CV_UTF16; from++) {
      for (unsigned f = 0; f < FORM_GLUE; f++) {
        s.p.caller.options.encoding = (cv_string_encoding)from;
        s.p.callee.options.encoding = CV_UTF8;
        cv_func *func = stage_func(&s, types[i], (form)f, NULL);
        for (uint32_t k = 0; k < 4; k++) { // each has 4 elements of whatever, at TEXT + 64
          cv_store_le32(guest_at(&s.p.caller, TEXT + 8 * k), TEXT + 64);
          cv_store_le32(guest_at(&s.p.caller, TEXT + 8 * k + 4), 4);
        }
        memset(guest_at(&s.p.caller, TEXT + 64), 0x21, 16);
        memset(guest_at(&s.p.callee, 0), 0xee, LOOK);
        memcpy(before, guest_at(&s.p.callee, 0), LOOK);
        guest_answer(&s.p.callee, ROOM);
        assert_int_equal(call(&s, func, TEXT, 4), CV_RUN_OK);
        assert_int_equal(s.seen, ROOM);
        memcpy(after[f], guest_at(&s.p.callee, 0), LOOK);
        assert_memory_equal(after[f], before, ROOM);
        assert_memory_equal(after[f] + ROOM + 64, before + ROOM + 64, LOOK - ROOM - 64);
      }
    }
  stage_free(&s);
}

static cv_func *leads_out;

// Not called again: the instance may not leave while its realloc runs.
static cv_run leave(void *env, cv_instance *caller, cv_value *values) {
  stage *s = env;
  (void)caller, (void)values;
  cv_value none[1] = {{.u64 = 0}};
  return cv_call(s->p.w.context, leads_out, none);
}

static void realloc_reentrance(void **state) {
  (void)state;
  stage s;
  stage_init(&s);
  const cv_valtype types[4] = {CV_I32, CV_I32, CV_I32, CV_I32};
  cv_func *leaves = host_func(&s.p.w, types, 4, types, 1, leave, &s).as.func;
  const cv_cfunc nothing = {.kind = CV_CFUNC_HOST, .type = parse_functype(&s.p.arena, "->", NULL)};
  for (unsigned f = 0; f < FORM_COUNT; f++) {
    guest *asked = f == FORM_GLUE ? &s.p.caller : &s.p.callee;
    cv_func *usual = asked->options.realloc;
    cv_lowered out = {.func = &nothing, .instance = &asked->instance, .type = nothing.type};
    asked->options.realloc = leaves;
    cv_func *func = stage_func(&s, "list<u32>->", (form)f, give_words);
    leads_out = host_func(&s.p.w, NULL, 0, NULL, 0, cv_lowered_call, &out).as.func;
    expect_one_of(&s, "realloc", (form)f, call(&s, func, TEXT, 2), "cannot leave component instance", NULL);
    asked->options.realloc = usual;
  }
  stage_free(&s);
}

// Nor is an instance entered that is entered already.
static cv_run again(void *env, cv_instance *caller, cv_value *values) {
  stage *s = env;
  (void)caller, (void)values;
  cv_value flat[1] = {{.u64 = 1}};
  return cv_call(s->p.w.context, leads_out, flat);
}

static void reentrance(void **state) {
  (void)state;
  stage s;
  stage_init(&s);
  for (unsigned f = 0; f < FORM_GLUE; f++) {
    leads_out = stage_func(&s, "u32->", (form)f, NULL);
    s.func.core = new_func(&s.p, true, again, &s);
    if (f == FORM_ADAPTER) // imports its callee when it is made
      leads_out = cv_adapter_func(s.p.w.store, &s.lowered);
    expect_one_of(&s, "twice", (form)f, call(&s, leads_out, 1, 0), "cannot enter component instance", NULL);
    expect_one_of(&s, "after a trap", (form)f, call(&s, leads_out, 1, 0), "cannot enter component instance", NULL);
  }
  stage_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(string_transcoding),
      cmocka_unit_test(string_transcoding_growth),
      cmocka_unit_test(string_transcoding_of_aliases),
      cmocka_unit_test(lift_discriminants),
      cmocka_unit_test(lift_lists),
      cmocka_unit_test(lift_padding),
      cmocka_unit_test(realloc_bad_pointer),
      cmocka_unit_test(realloc_overlapping_pointer),
      cmocka_unit_test(realloc_reentrance),
      cmocka_unit_test(reentrance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
