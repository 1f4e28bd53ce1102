// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// random_wit.h: WIT documents of a seed. Labels are words that mean something in C, C++ or the generated code.
//
// One kind has a world that imports and exports an interface, whose functions give back their argument or the tuple of
// their arguments. The other has resources too, and imports under labels and inside of the world: it is only compiled.
#ifndef COVE_TESTS_RANDOM_WIT_H
#define COVE_TESTS_RANDOM_WIT_H

#include "base/buf.h"

static const char *const random_labels[] = {
    "int",          "register",   "errno",    "stdin",        "stdout",       "stderr",
    "null",         "eof",        "true",     "bool",         "unix",         "linux",
    "class",        "new",        "delete",   "this",         "template",     "list-u8",
    "result",       "call",       "host",     "values",       "out",          "in",
    "at",           "has",        "value",    "tag",          "as",           "f0",
    "data",         "count",      "items",    "from",         "to",           "address",
    "error",        "results",    "exports",  "run",          "self",         "i",
    "which",        "handle",     "drop",     "resource",     "size-t",       "uint8-t",
    "int32-t",      "main",       "memcpy",   "printf",       "interface",    "funcs",
    "resources",    "interfaces", "type",     "option-u8",    "tuple2-u8-u8", "glue",
    "load",         "store",      "co-await", "not-eq",       "char8-t",      "static-assert",
    "thread-local", "typeof",     "default",  "case",         "switch",       "auto",
    "restrict",     "inline",     "const",    "volatile",     "double",       "float",
    "signed",       "void",       "world",    "exports-find", "number",       "cove-call",
    "cove-value",   "instance",   "what",     "status",       "kept",         "rep",
};
enum { LABELS = sizeof random_labels / sizeof random_labels[0], MAX_NAMED = 20 };

typedef struct random_wit_state {
  uint64_t seed;
  cv_buf *out;
  const char *named[MAX_NAMED]; // types that can be used
  unsigned named_count;
  bool used[LABELS]; // in the interface that is being written
  bool with_resources, may_borrow;
  const char *resources[2]; // those that can be used, or NULL
} random_wit_state;

static uint32_t random_below(random_wit_state *r, uint32_t n) {
  r->seed = r->seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((r->seed >> 33) % n);
}

// A label that `used` does not have yet.
static const char *random_label(random_wit_state *r, bool *used) {
  uint32_t at = random_below(r, LABELS);
  while (used[at])
    at = (at + 1) % LABELS;
  used[at] = true;
  return random_labels[at];
}

static void random_type(random_wit_state *r, unsigned depth) {
  static const char *const simple[] = {"bool", "s8",  "u8",   "s16",    "u16", "s32", "u32",
                                       "s64",  "u64", "char", "string", "f32", "f64"};
  cv_buf *out = r->out;
  const char *resource = r->with_resources && random_below(r, 6) == 0 ? r->resources[random_below(r, 2)] : NULL;
  if (resource != NULL) {
    cv_buf_printf(out, r->may_borrow && random_below(r, 2) == 0 ? "borrow<%%%s>" : "%%%s", resource);
    return;
  }
  uint32_t which = random_below(r, depth > 0 ? 12 : 4);
  if (which < 3 || (which < 6 && r->named_count == 0)) {
    cv_buf_text(out, simple[random_below(r, CV_COUNT(simple))]);
    return;
  }
  switch (which) {
  case 3:
  case 4:
  case 5:
    if (r->named_count != 0)
      cv_buf_printf(out, "%%%s", r->named[random_below(r, r->named_count)]);
    else
      cv_buf_text(out, "string");
    return;
  case 6:
    cv_buf_text(out, "list<");
    break;
  case 7:
    cv_buf_text(out, "option<");
    break;
  case 8: {
    uint32_t form = random_below(r, 4);
    if (form == 0) {
      cv_buf_text(out, "result");
      return;
    }
    cv_buf_text(out, form == 1 ? "result<_, " : "result<");
    if (form == 3) {
      random_type(r, depth - 1);
      cv_buf_text(out, ", ");
    }
    break;
  }
  case 9:
    cv_buf_text(out, "list<");
    random_type(r, depth - 1);
    cv_buf_printf(out, ", %u>", 1 + random_below(r, 3));
    return;
  case 10:
    cv_buf_printf(out, "map<%s, ", simple[random_below(r, CV_COUNT(simple) - 2)]); // not by a float
    break;
  default:
    cv_buf_text(out, "tuple<");
    for (uint32_t n = random_below(r, 3); n > 0; n--) {
      random_type(r, depth - 1);
      cv_buf_text(out, ", ");
    }
  }
  random_type(r, depth - 1);
  cv_buf_byte(out, '>');
}

static void random_typedef(random_wit_state *r) {
  static const char *const words[] = {"record", "variant", "enum", "flags", "type"};
  bool used[LABELS] = {false};
  uint32_t kind = random_below(r, 5), count = 1 + random_below(r, kind == 3 ? 32 : 5);
  const char *name = random_label(r, r->used);
  cv_buf_printf(r->out, "  %s %%%s %s", words[kind], name, kind == 4 ? "= " : "{");
  for (uint32_t i = 0; i < count && kind != 4; i++) {
    cv_buf_printf(r->out, "%s%%%s", i != 0 ? ", " : " ", random_label(r, used));
    bool has_payload = kind == 0 || (kind == 1 && random_below(r, 4) != 0);
    if (!has_payload)
      continue;
    cv_buf_text(r->out, kind == 0 ? ": " : "(");
    random_type(r, 2);
    cv_buf_text(r->out, kind == 0 ? "" : ")");
  }
  if (kind == 4)
    random_type(r, 2);
  cv_buf_text(r->out, kind == 4 ? ";\n" : " }\n");
  r->named[r->named_count++] = name;
}

static void random_func(random_wit_state *r) {
  bool used[LABELS] = {false};
  uint32_t count = 1 + random_below(r, random_below(r, 4) == 0 ? 20 : 3);
  cv_buf *whole = r->out, types;
  cv_buf_init(&types, whole->mem);
  cv_buf_printf(whole, "  %%%s: func(", random_label(r, r->used));
  for (uint32_t i = 0; i < count; i++) {
    cv_buf one;
    cv_buf_init(&one, whole->mem);
    r->out = &one;
    random_type(r, 3);
    cv_buf_printf(whole, "%s%%%s: %s", i != 0 ? ", " : "", random_label(r, used), cv_buf_cstr(&one));
    cv_buf_printf(&types, "%s%s", i != 0 ? ", " : "", cv_buf_cstr(&one));
    cv_buf_free(&one);
  }
  r->out = whole;
  if (random_below(r, 12) == 0)
    cv_buf_text(whole, ");\n");
  else
    cv_buf_printf(whole, count == 1 ? ") -> %s;\n" : ") -> tuple<%s>;\n", cv_buf_cstr(&types));
  cv_buf_free(&types);
}

static inline void random_take(bool *used, const char *label) {
  for (unsigned i = 0; i < LABELS; i++)
    used[i] |= strcmp(random_labels[i], label) == 0;
}

// A function of anything: "(params) -> result".
static inline void random_signature(random_wit_state *r, bool is_method) {
  bool used[LABELS] = {false};
  if (is_method)
    random_take(used, "self");
  cv_buf_byte(r->out, '(');
  r->may_borrow = true;
  for (uint32_t n = random_below(r, 20), i = 0; i < n; i++) {
    cv_buf_printf(r->out, "%s%%%s: ", i != 0 ? ", " : "", random_label(r, used));
    random_type(r, 2);
  }
  r->may_borrow = false;
  cv_buf_text(r->out, ")");
  if (random_below(r, 3) == 0)
    return;
  cv_buf_text(r->out, " -> ");
  random_type(r, 2);
}

static inline void random_resource(random_wit_state *r, const char *name) {
  bool used[LABELS] = {false};
  random_take(used, name);
  cv_buf_printf(r->out, "  resource %%%s {\n", name);
  if (random_below(r, 2) == 0)
    cv_buf_text(r->out, "    constructor(%from: u8);\n");
  for (int i = 0; i < 5; i++) {
    cv_buf_printf(r->out, "    %%%s: %sfunc", random_label(r, used), random_below(r, 3) == 0 ? "static " : "");
    random_signature(r, true);
    cv_buf_text(r->out, ";\n");
  }
  cv_buf_text(r->out, "  }\n");
}

static inline void random_interface(random_wit_state *r) {
  memset(r->used, 0, sizeof r->used);
  r->named_count = 0;
  r->resources[0] = random_label(r, r->used);
  r->resources[1] = random_label(r, r->used);
  for (int i = 0; i < 8; i++)
    random_typedef(r);
  for (int i = 0; i < 2; i++)
    random_resource(r, r->resources[i]);
  for (int i = 0; i < 8; i++) {
    cv_buf_printf(r->out, "  %%%s: func", random_label(r, r->used));
    random_signature(r, false);
    cv_buf_text(r->out, ";\n");
  }
}

// Two versions of a package beside each other, an interface that is imported and exported, one inside of the world, and
// functions of the world itself.
static inline void random_wit_with_resources(uint64_t seed, cv_buf *out) {
  random_wit_state r = {.seed = seed * 2 + 1, .out = out, .with_resources = true};
  cv_buf_text(out, "package test:host@1.0.0;\n\ninterface %exports {\n");
  random_interface(&r);
  cv_buf_text(out, "}\n\nworld %call {\n  import %exports;\n  export %exports;\n"
                   "  import test:others/%exports@0.2.1;\n  import test:others/%exports@0.3.0;\n"
                   "  export test:others/%exports@0.2.1;\n  import %store: interface {\n");
  random_interface(&r);
  cv_buf_text(out, "  }\n  export %load: interface {\n");
  random_interface(&r);
  cv_buf_text(out, "  }\n");
  r.with_resources = false;
  r.named_count = 0;
  memset(r.used, 0, sizeof r.used);
  for (int i = 0; i < 6; i++) {
    cv_buf_printf(out, "  %s %%x-%s: func", i % 2 == 0 ? "import" : "export", random_label(&r, r.used));
    random_signature(&r, false);
    cv_buf_text(out, ";\n");
  }
  r.with_resources = true;
  cv_buf_text(out, "}\n\npackage test:others@0.2.1 {\n  interface %exports {\n");
  random_interface(&r);
  cv_buf_text(out, "  }\n}\n\npackage test:others@0.3.0 {\n  interface %exports {\n");
  random_interface(&r);
  cv_buf_text(out, "  }\n}\n");
}

static inline void random_wit(uint64_t seed, cv_buf *out) {
  random_wit_state r = {.seed = seed * 2 + 1, .out = out};
  cv_buf_printf(out, "package test:seed%u@1.2.0;\n\ninterface types {\n", (unsigned)seed);
  for (int i = 0; i < 8; i++)
    random_typedef(&r);
  cv_buf_text(out, "}\n\ninterface echo {\n");
  // Half of the types of the other interface, under their own name or another one.
  memset(r.used, 0, sizeof r.used);
  unsigned count = r.named_count;
  r.named_count = 0;
  for (unsigned i = 0; i < count; i += 2) {
    const char *name = r.named[i], *here = random_label(&r, r.used);
    cv_buf_printf(out, "  use types.{%%%s as %%%s};\n", name, here);
    r.named[r.named_count++] = here;
  }
  for (int i = 0; i < 10; i++)
    random_typedef(&r);
  for (int i = 0; i < 14; i++)
    random_func(&r);
  cv_buf_text(out, "}\n\nworld w {\n  import echo;\n  export echo;\n}\n");
}

#endif
