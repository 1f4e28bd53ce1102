// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindgen_host.c: host bindings in C: what `cove bindgen host` writes (bindgen.h has the naming rules).
//
// The header gets the types and the prototypes of what the host provides; the source gets the glue: for each imported
// function a static function over flat core values that lifts its parameters, calls the host's function and lowers its
// result. Each type gets the steps that are needed, once:
//
//   load_T(call, at, out)     lifts from memory that was checked      (CanonicalABI.md, "Loading")
//   flat_T(call, values, out) lifts from flat values                  ("Lifting Flat Values")
//   store_T(call, in, at)     lowers into memory that was checked     ("Storing")
//
// For each exported function there is one that calls it: it lowers the parameters and lifts the result, with store_T
// and
//
//   push_T(call, in, values)  lowers into flat values                 ("Lowering Flat Values")
//   keep_T(call, at, out)     lifts as load_T, with copies of strings and lists
//
// A resource that an exported interface defines is a cove_handle in C.
//
// A flat value is read through the union member of its own type, which is right whatever type it was joined to: the
// narrower type is in the low bits of the slot.
#include "base/map.h"
#include "wit/bindgen.h"
#include "wit/syntax.h"

#include <stdio.h>

typedef enum step {
  STEP_TYPE,
  STEP_LOAD,  // memory to C, for parameters of host functions: what can stay in guest memory stays there
  STEP_FLAT,  // flat values to C
  STEP_STORE, // C to memory
  STEP_KEEP,  // memory to C, for results of exports: everything is copied
  STEP_PUSH,  // C to flat values
} step;

static bool is_flat(step way) {
  return way == STEP_FLAT || way == STEP_PUSH;
}

static bool is_lower(step way) {
  return way == STEP_STORE || way == STEP_PUSH;
}

typedef struct gen {
  cv_mem *mem;
  cv_arena arena;
  cv_diag *diag;
  const cv_wit_world *world;
  const char *prefix;
  cv_buf *types;  // header: types
  cv_buf protos;  // header: prototypes
  cv_buf steps;   // source: steps
  cv_buf glue;    // source: glue functions
  cv_buf calls;   // source: functions that call exports
  cv_buf members; // header: members of the structure of exports
  cv_buf finds;   // source: looking them up
  cv_buf tables;  // source: tables
  cv_map done;    // names of what was written: "kind:name"
} gen;

enum { MAX_FLAT_PARAMS = 16 };

#define PRINT cv_buf_printf

static CV_COLD cv_status no_memory(gen *g) {
  return cv_fail(g->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// ---- names ---------------------------------------------------------------------------------------------------------

// A piece of text that lives as long as the generator.
typedef struct name {
  const char *text;
} name;

static name keep(gen *g, cv_buf *buf) {
  const char *text = cv_buf_cstr(buf);
  const char *copy = text ? cv_arena_copy(&g->arena, text, strlen(text) + 1) : NULL;
  cv_buf_free(buf);
  return (name){copy ? copy : ""};
}

static name def_name(gen *g, const cv_wit_typedef *def) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (def->interface)
    cv_bindgen_interface(def->interface, &out);
  else
    cv_buf_text(&out, g->prefix);
  cv_buf_byte(&out, '_');
  cv_bindgen_snake(def->head.name, &out);
  return keep(g, &out);
}

static const char *scalar_mangle(uint16_t kind) {
  static const char *const names[] = {
      [CV_CT_BOOL] = "bool", [CV_CT_S8] = "s8",     [CV_CT_U8] = "u8",        [CV_CT_S16] = "s16", [CV_CT_U16] = "u16",
      [CV_CT_S32] = "s32",   [CV_CT_U32] = "u32",   [CV_CT_S64] = "s64",      [CV_CT_U64] = "u64", [CV_CT_F32] = "f32",
      [CV_CT_F64] = "f64",   [CV_CT_CHAR] = "char", [CV_CT_STRING] = "string"};
  return kind < CV_COUNT(names) ? names[kind] : NULL;
}

static const char *scalar_type(uint16_t kind) {
  static const char *const names[] = {
      [CV_CT_BOOL] = "bool",         [CV_CT_S8] = "int8_t",   [CV_CT_U8] = "uint8_t",   [CV_CT_S16] = "int16_t",
      [CV_CT_U16] = "uint16_t",      [CV_CT_S32] = "int32_t", [CV_CT_U32] = "uint32_t", [CV_CT_S64] = "int64_t",
      [CV_CT_U64] = "uint64_t",      [CV_CT_F32] = "float",   [CV_CT_F64] = "double",   [CV_CT_CHAR] = "uint32_t",
      [CV_CT_STRING] = "cove_string"};
  return kind < CV_COUNT(names) ? names[kind] : NULL;
}

static bool is_handle(const cv_wit_type *type) {
  return type->kind == CV_CT_OWN || type->kind == CV_CT_BORROW;
}

// Defined by an interface that the world exports, and does not import.
static bool is_guest_resource(const gen *g, const cv_wit_typedef *resource) {
  for (const cv_wit_item *item = g->world->imports; item; item = item->next)
    if (item->interface && item->interface == resource->interface)
      return false;
  for (const cv_wit_item *item = g->world->exports; item; item = item->next)
    if (item->interface && item->interface == resource->interface)
      return true;
  return false;
}

// What a type is called inside names. Steps tell own from borrow, C types do not.
static void put_mangled(gen *g, const cv_wit_type *type, bool for_step, cv_buf *out) {
  if (!type || type->is_absent) {
    cv_buf_text(out, "void");
    return;
  }
  const char *simple = scalar_mangle(type->kind);
  if (simple) {
    cv_buf_text(out, simple);
    return;
  }
  switch (type->kind) {
  case CV_WIT_NAMED:
    cv_buf_text(out, def_name(g, type->def).text);
    return;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    cv_buf_text(out, for_step ? type->kind == CV_CT_OWN ? "own_" : "borrow_" : "");
    cv_buf_text(out, def_name(g, type->def).text);
    return;
  case CV_CT_LIST:
    cv_buf_text(out, "list_");
    break;
  case CV_CT_FIXED_LIST:
    PRINT(out, "list%u_", type->length);
    break;
  case CV_CT_OPTION:
    cv_buf_text(out, "option_");
    break;
  case CV_CT_RESULT:
    cv_buf_text(out, type->parts ? "result_" : "result");
    if (type->parts && !type->parts->next) {
      put_mangled(g, type->parts, for_step, out);
      cv_buf_text(out, "_void");
      return;
    }
    break;
  default: {
    uint32_t count = 0;
    for (const cv_wit_type *part = type->parts; part; part = part->next)
      count++;
    PRINT(out, "tuple%u_", count);
  }
  }
  for (const cv_wit_type *part = type->parts; part; part = part->next) {
    put_mangled(g, part, for_step, out);
    if (part->next)
      cv_buf_byte(out, '_');
  }
}

static name type_mangle(gen *g, const cv_wit_type *type, bool for_step) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  put_mangled(g, type, for_step, &out);
  return keep(g, &out);
}

// The C type: "uint32_t", "wasi_io_poll_pollable *", "p2_list_u8".
static name c_type(gen *g, const cv_wit_type *type) {
  const char *simple = scalar_type(type->kind);
  if (simple)
    return (name){simple};
  if (type->kind == CV_WIT_NAMED)
    return def_name(g, type->def);
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (is_handle(type) && is_guest_resource(g, type->def))
    cv_buf_text(&out, "cove_handle");
  else if (is_handle(type))
    PRINT(&out, "%s *", def_name(g, type->def).text);
  else
    PRINT(&out, "%s_%s", g->prefix, type_mangle(g, type, false).text);
  return keep(g, &out);
}

// "T name" with the space where C wants it.
static void put_member(gen *g, const cv_wit_type *type, const char *member, cv_buf *out) {
  name t = c_type(g, type);
  size_t size = strlen(t.text);
  PRINT(out, "%s%s%s", t.text, size && t.text[size - 1] == '*' ? "" : " ", member);
}

static name member_name(gen *g, cv_bytes label) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  cv_bindgen_member(label, &out);
  return keep(g, &out);
}

static const char *written_key(gen *g, step kind, const char *text) {
  cv_buf key;
  cv_buf_init(&key, g->mem);
  PRINT(&key, "%d:%s", (int)kind, text);
  return keep(g, &key).text;
}

static bool is_written(gen *g, step kind, const char *text) {
  return cv_map_get(&g->done, cv_bytes_of(written_key(g, kind, text))) != NULL;
}

// True when it was not written before; it counts as written from now on.
static bool is_new(gen *g, step kind, const char *text, cv_status *status) {
  const char *kept = written_key(g, kind, text);
  bool existed = false;
  *status = cv_map_put(&g->done, cv_bytes_of(kept), 1, &existed);
  return *status == CV_OK && !existed;
}

// ---- types ---------------------------------------------------------------------------------------------------------

static cv_status need_type(gen *g, const cv_wit_type *type);
static cv_status need_def(gen *g, const cv_wit_typedef *def);

static cv_status need_parts(gen *g, const cv_wit_part *parts) {
  for (const cv_wit_part *part = parts; part; part = part->next)
    if (part->type)
      CV_TRY(need_type(g, part->type));
  return CV_OK;
}

static void put_constants(gen *g, const cv_wit_typedef *def, const char *cname, bool is_flags) {
  uint32_t i = 0;
  cv_buf upper;
  cv_buf_init(&upper, g->mem);
  cv_bindgen_upper(cv_bytes_of(cname), &upper);
  const char *prefix = keep(g, &upper).text;
  for (const cv_wit_part *part = def->parts; part; part = part->next, i++) {
    cv_bindgen_docs(part->head.docs, 2, g->types);
    PRINT(g->types, "  %s_", prefix);
    cv_bindgen_upper(part->head.name, g->types);
    if (is_flags)
      PRINT(g->types, " = 1%s << %u,\n", i == 31 ? "u" : "", i);
    else
      PRINT(g->types, " = %u,\n", i);
  }
}

static void put_payloads(gen *g, const cv_wit_part *parts, unsigned indent) {
  for (const cv_wit_part *part = parts; part; part = part->next) {
    if (!part->type)
      continue;
    PRINT(g->types, "%*s", (int)indent, "");
    put_member(g, part->type, member_name(g, part->head.name).text, g->types);
    cv_buf_text(g->types, ";\n");
  }
}

static bool has_payload(const cv_wit_part *parts) {
  for (; parts; parts = parts->next)
    if (parts->type)
      return true;
  return false;
}

static uint32_t flags_bits(const cv_wit_typedef *def) {
  return cv_wit_layout_of_def(def).size * 8;
}

static cv_status put_def(gen *g, const cv_wit_typedef *def, const char *cname) {
  cv_buf *out = g->types;
  cv_bindgen_docs(def->head.docs, 0, out);
  switch (def->kind) {
  case CV_WIT_ALIAS:
    cv_buf_text(out, "typedef ");
    put_member(g, def->type, cname, out);
    cv_buf_text(out, ";\n\n");
    break;
  case CV_WIT_RECORD:
    PRINT(out, "typedef struct %s {\n", cname);
    for (const cv_wit_part *part = def->parts; part; part = part->next) {
      cv_bindgen_docs(part->head.docs, 2, out);
      cv_buf_text(out, "  ");
      put_member(g, part->type, member_name(g, part->head.name).text, out);
      cv_buf_text(out, ";\n");
    }
    PRINT(out, "} %s;\n\n", cname);
    break;
  case CV_WIT_VARIANT:
    cv_buf_text(out, "enum {\n");
    put_constants(g, def, cname, false);
    PRINT(out, "};\ntypedef struct %s {\n  uint%u_t tag; // one of the above\n", cname,
          cv_wit_layout_of_def(def).discriminant * 8);
    if (has_payload(def->parts)) {
      cv_buf_text(out, "  union {\n");
      put_payloads(g, def->parts, 4);
      cv_buf_text(out, "  } as;\n");
    }
    PRINT(out, "} %s;\n\n", cname);
    break;
  case CV_WIT_ENUM:
    PRINT(out, "typedef enum %s {\n", cname);
    put_constants(g, def, cname, false);
    PRINT(out, "} %s;\n\n", cname);
    break;
  case CV_WIT_FLAGS:
    PRINT(out, "typedef uint%u_t %s;\nenum {\n", flags_bits(def), cname);
    put_constants(g, def, cname, true);
    cv_buf_text(out, "};\n\n");
    break;
  case CV_WIT_RESOURCE:
    if (is_guest_resource(g, def))
      PRINT(out, "// %s: a cove_handle\n\n", cname);
    else
      PRINT(out, "typedef struct %s %s; // defined by the host\n\n", cname, cname);
    break;
  case CV_WIT_USE:
    break;
  }
  return CV_OK;
}

static cv_status need_def(gen *g, const cv_wit_typedef *def) {
  cv_status status;
  while (def->kind == CV_WIT_USE)
    def = def->target;
  const char *cname = def_name(g, def).text;
  if (!is_new(g, STEP_TYPE, cname, &status))
    return status;
  if (def->type)
    CV_TRY(need_type(g, def->type));
  CV_TRY(need_parts(g, def->parts));
  return put_def(g, def, cname);
}

static void put_anonymous(gen *g, const cv_wit_type *type, const char *cname) {
  cv_buf *out = g->types;
  const cv_wit_type *part = type->parts;
  PRINT(out, "typedef struct %s {\n", cname);
  switch (type->kind) {
  case CV_CT_LIST:
    cv_buf_text(out, "  ");
    put_member(g, part, "*data", out);
    cv_buf_text(out, ";\n  size_t count;\n");
    break;
  case CV_CT_FIXED_LIST:
    cv_buf_text(out, "  ");
    put_member(g, part, "items", out);
    PRINT(out, "[%u];\n", type->length);
    break;
  case CV_CT_OPTION:
    cv_buf_text(out, "  bool has;\n  ");
    put_member(g, part, "value", out);
    cv_buf_text(out, "; // when it has one\n");
    break;
  case CV_CT_RESULT: {
    const cv_wit_type *ok = part && !part->is_absent ? part : NULL, *error = part ? part->next : NULL;
    cv_buf_text(out, "  bool is_error;\n");
    if (ok || error) {
      cv_buf_text(out, "  union {\n");
      if (ok) {
        cv_buf_text(out, "    ");
        put_member(g, ok, "ok", out);
        cv_buf_text(out, ";\n");
      }
      if (error) {
        cv_buf_text(out, "    ");
        put_member(g, error, "error", out);
        cv_buf_text(out, ";\n");
      }
      cv_buf_text(out, "  } as;\n");
    }
    break;
  }
  default:
    for (unsigned i = 0; part; part = part->next, i++) {
      char member[16];
      snprintf(member, sizeof member, "f%u", i);
      cv_buf_text(out, "  ");
      put_member(g, part, member, out);
      cv_buf_text(out, ";\n");
    }
  }
  PRINT(out, "} %s;\n\n", cname);
}

static cv_status need_type(gen *g, const cv_wit_type *type) {
  cv_status status;
  if (type->is_absent || scalar_type(type->kind))
    return CV_OK;
  if (type->kind == CV_WIT_NAMED || is_handle(type))
    return need_def(g, type->def);
  if (type->kind == CV_CT_STREAM || type->kind == CV_CT_FUTURE || type->kind == CV_CT_MAP ||
      type->kind == CV_CT_ERROR_CONTEXT)
    return cv_fail(g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                   "unsupported: streams, futures, maps and error contexts in host "
                   "bindings");
  const char *cname = c_type(g, type).text;
  if (!is_new(g, STEP_TYPE, cname, &status))
    return status;
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    CV_TRY(need_type(g, part));
  put_anonymous(g, type, cname);
  return CV_OK;
}

// ---- steps ---------------------------------------------------------------------------------------------------------
// A step is written as a static function, or, for a scalar, as an expression or call in place. `put_*` appends the
// statements that move one value; `need_step` writes the functions that these statements call.

static cv_status need_step(gen *g, const cv_wit_type *type, step kind);

static const char *step_prefix(step kind) {
  static const char *const prefixes[] = {
      [STEP_LOAD] = "load", [STEP_FLAT] = "flat", [STEP_STORE] = "store", [STEP_KEEP] = "keep", [STEP_PUSH] = "push"};
  return prefixes[kind];
}

static const char *resource_def(gen *g, const cv_wit_typedef *resource) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, "%s_resource", def_name(g, resource).text);
  return keep(g, &out).text;
}

// Structures and unions have a function of their own.
static const cv_wit_type *behind_alias(const cv_wit_type *type) {
  while (type->kind == CV_WIT_NAMED) {
    const cv_wit_typedef *def = cv_wit_definition(type->def);
    if (def->kind != CV_WIT_ALIAS)
      return type;
    type = def->type;
  }
  return type;
}

static const char *load_fn(uint32_t size) {
  return size == 1   ? "cove_glue_load8"
         : size == 2 ? "cove_glue_load16"
         : size == 4 ? "cove_glue_load32"
                     : "cove_glue_load64";
}

static const char *store_fn(uint32_t size) {
  return size == 1   ? "cove_glue_store8"
         : size == 2 ? "cove_glue_store16"
         : size == 4 ? "cove_glue_store32"
                     : "cove_glue_store64";
}

// Moves the 32 or 64 bits of a float.
static void put_float(cv_buf *out, uint16_t kind, step way, const char *at, const char *to) {
  unsigned bits = kind == CV_CT_F32 ? 32 : 64;
  const char *type = kind == CV_CT_F32 ? "float" : "double";
  if (way == STEP_FLAT) {
    PRINT(out, "  %s = cove_glue_f%u((%s)->f%u);\n", to, bits, at, bits);
  } else if (way == STEP_PUSH) {
    PRINT(out, "  (%s)->u64 = 0;\n  (%s)->f%u = cove_glue_f%u(%s);\n", at, at, bits, bits, to);
  } else if (!is_lower(way)) {
    PRINT(out,
          "  {\n    %s number_;\n    memcpy(&number_, %s, sizeof number_);\n    %s = cove_glue_f%u(number_);\n  }\n",
          type, at, to, bits);
  } else {
    PRINT(out, "  {\n    %s number_ = cove_glue_f%u(%s);\n    memcpy(%s, &number_, sizeof number_);\n  }\n", type, bits,
          to, at);
  }
}

static void put_scalar(gen *g, const cv_wit_type *type, step way, const char *at, const char *to, cv_buf *out) {
  uint32_t size = cv_wit_layout_of(type).size;
  if (type->kind == CV_CT_F32 || type->kind == CV_CT_F64) {
    put_float(out, type->kind, way, at, to);
    return;
  }
  const char *ctype = c_type(g, type).text;
  if (way == STEP_STORE) {
    PRINT(out, "  %s(%s, (uint%u_t)%s);\n", store_fn(size), at, size * 8, to);
    return;
  }
  if (way == STEP_PUSH) { // an i32 is extended by its sign, and is the low half of a joined slot
    bool is_signed = type->kind == CV_CT_S8 || type->kind == CV_CT_S16 || type->kind == CV_CT_S32;
    PRINT(out, "  (%s)->u64 = %s%s;\n", at,
          size == 8   ? "(uint64_t)"
          : is_signed ? "(uint32_t)(int32_t)"
                      : "(uint32_t)",
          to);
    return;
  }
  if (way != STEP_FLAT)
    PRINT(out, "  %s = (%s)%s(%s)%s;\n", to, ctype, load_fn(size), at, type->kind == CV_CT_BOOL ? " != 0" : "");
  else if (type->kind == CV_CT_BOOL)
    PRINT(out, "  %s = (%s)->u32 != 0;\n", to, at);
  else
    PRINT(out, "  %s = (%s)(%s)->u%u;\n", to, ctype, at, size == 8 ? 64 : 32);
  if (type->kind == CV_CT_CHAR)
    PRINT(out, "  COVE_GLUE_TRY(cove_glue_char(call, %s));\n", to);
}

static void put_string(step way, const char *at, const char *to, cv_buf *out) {
  if (is_lower(way)) {
    PRINT(out,
          "  {\n    uint32_t address_, units_;\n    COVE_GLUE_TRY(cove_glue_lower_string(call, %s, &address_, "
          "&units_));\n",
          to);
    if (way == STEP_STORE)
      PRINT(out, "    cove_glue_store32(%s, address_);\n    cove_glue_store32((%s) + 4, units_);\n  }\n", at, at);
    else
      PRINT(out, "    (%s)[0].u64 = address_;\n    (%s)[1].u64 = units_;\n  }\n", at, at);
    return;
  }
  const char *lift = way == STEP_KEEP ? "cove_glue_keep_string" : "cove_glue_lift_string";
  if (way == STEP_FLAT)
    PRINT(out, "  COVE_GLUE_TRY(%s(call, (%s)[0].u32, (%s)[1].u32, &%s));\n", lift, at, at, to);
  else
    PRINT(out, "  COVE_GLUE_TRY(%s(call, cove_glue_load32(%s), cove_glue_load32((%s) + 4), &%s));\n", lift, at, at, to);
}

// The index of a handle at `at`.
static void put_handle_index(step way, const char *at, cv_buf *out) {
  PRINT(out, way == STEP_FLAT ? "(%s)->u32" : "cove_glue_load32(%s)", at);
}

static void put_guest_handle(gen *g, const cv_wit_type *type, step way, const char *at, const char *to, cv_buf *out) {
  if (is_lower(way)) {
    PRINT(out,
          "  {\n    uint32_t handle_;\n    COVE_GLUE_TRY(cove_glue_%s_handle(call, (cove_handle *)&%s, &handle_));\n",
          type->kind == CV_CT_OWN ? "lower" : "lend", to);
    PRINT(out, way == STEP_PUSH ? "    (%s)->u64 = handle_;\n  }\n" : "    cove_glue_store32(%s, handle_);\n  }\n", at);
    return;
  }
  PRINT(out, "  COVE_GLUE_TRY(cove_glue_lift_handle(call, ((const %s_exports *)call->host)->%s_type, ", g->prefix,
        def_name(g, type->def).text);
  put_handle_index(way, at, out);
  PRINT(out, ", &%s));\n", to);
}

static void put_handle(gen *g, const cv_wit_type *type, step way, const char *at, const char *to, cv_buf *out) {
  const char *word = type->kind == CV_CT_OWN ? "own" : "borrow", *def = resource_def(g, type->def);
  if (is_guest_resource(g, type->def)) {
    put_guest_handle(g, type, way, at, to, out);
    return;
  }
  if (is_lower(way)) {
    PRINT(out, "  {\n    uint32_t handle_;\n    COVE_GLUE_TRY(cove_glue_lower_%s(call, &%s, %s, &handle_));\n", word,
          def, to);
    PRINT(out, way == STEP_PUSH ? "    (%s)->u64 = handle_;\n  }\n" : "    cove_glue_store32(%s, handle_);\n  }\n", at);
    return;
  }
  PRINT(out, "  {\n    void *rep_;\n    COVE_GLUE_TRY(cove_glue_lift_%s(call, &%s, ", word, def);
  put_handle_index(way, at, out);
  PRINT(out, ", &rep_));\n    %s = rep_;\n  }\n", to);
}

// Statements that move one value between `at` (guest memory, or flat values) and `to` (an lvalue of the C type).
static cv_status put_move(gen *g, const cv_wit_type *given, step way, const char *at, const char *to, cv_buf *out) {
  const cv_wit_type *type = behind_alias(given);
  if (type->kind == CV_CT_STRING) {
    put_string(way, at, to, out);
  } else if (scalar_type(type->kind)) {
    put_scalar(g, type, way, at, to, out);
  } else if (is_handle(type)) {
    put_handle(g, type, way, at, to, out);
  } else {
    const char *mangled = type_mangle(g, type, true).text;
    CV_TRY(need_step(g, type, way));
    if (is_lower(way))
      PRINT(out, "  COVE_GLUE_TRY(%s_%s(call, &%s, %s));\n", step_prefix(way), mangled, to, at);
    else
      PRINT(out, "  COVE_GLUE_TRY(%s_%s(call, %s, &%s));\n", step_prefix(way), mangled, at, to);
  }
  return CV_OK;
}

// "at + 8", "values + 2"
static const char *offset_text(gen *g, const char *base, uint32_t offset) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, offset ? "%s + %u" : "%s", base, offset);
  return keep(g, &out).text;
}

static const char *join(gen *g, const char *a, const char *b) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, "%s%s", a, b);
  return keep(g, &out).text;
}

static const char *place_name(step way) {
  return is_flat(way) ? "values" : "at";
}

static const char *value_name(step way) {
  return is_lower(way) ? "in->" : "out->";
}

// The next part of a record: its place, and the place after it.
static uint32_t next_place(step way, uint32_t *place, cv_wit_layout layout) {
  uint32_t here = is_flat(way) ? *place : (*place + layout.align - 1) & ~(layout.align - 1);
  *place = here + (is_flat(way) ? layout.flat : layout.size);
  return here;
}

static cv_status put_record(gen *g, const cv_wit_part *parts, step way, cv_buf *out) {
  uint32_t place = 0;
  for (const cv_wit_part *part = parts; part; part = part->next) {
    uint32_t at = next_place(way, &place, cv_wit_layout_of(part->type));
    CV_TRY(put_move(g, part->type, way, offset_text(g, place_name(way), at),
                    join(g, value_name(way), member_name(g, part->head.name).text), out));
  }
  return CV_OK;
}

static cv_status put_tuple(gen *g, const cv_wit_type *parts, step way, cv_buf *out) {
  uint32_t place = 0, i = 0;
  for (const cv_wit_type *part = parts; part; part = part->next, i++) {
    uint32_t at = next_place(way, &place, cv_wit_layout_of(part));
    char member[16];
    snprintf(member, sizeof member, "f%u", i);
    CV_TRY(put_move(g, part, way, offset_text(g, place_name(way), at), join(g, value_name(way), member), out));
  }
  return CV_OK;
}

static void put_discriminant(step way, const char *to, cv_wit_layout layout, cv_buf *out) {
  uint32_t bytes = layout.discriminant;
  if (way == STEP_STORE)
    PRINT(out, "  %s(at, (uint%u_t)%s);\n", store_fn(bytes), bytes * 8, to);
  else if (way == STEP_PUSH)
    PRINT(out, "  for (int i = 1; i < %u; i++)\n    values[i].u64 = 0;\n  values->u64 = (uint32_t)%s;\n", layout.flat,
          to);
  else if (way == STEP_FLAT)
    cv_buf_text(out, "  uint32_t which = values->u32;\n");
  else
    PRINT(out, "  uint32_t which = %s(at);\n", load_fn(bytes));
}

static const char *payload_place(gen *g, step way, cv_wit_layout layout) {
  return offset_text(g, place_name(way), is_flat(way) ? 1 : layout.payload);
}

static cv_status put_variant(gen *g, const cv_wit_typedef *def, step way, const char *cname, cv_buf *out) {
  cv_wit_layout layout = cv_wit_layout_of_def(def);
  uint32_t count = 0;
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    count++;
  put_discriminant(way, def->kind == CV_WIT_ENUM ? "*in" : "in->tag", layout, out);
  if (!is_lower(way)) {
    // Set before the check: compilers warn of a value that the trap leaves as it was.
    if (def->kind == CV_WIT_ENUM)
      PRINT(out, "  *out = (%s)which;\n", cname);
    else
      PRINT(out, "  out->tag = (uint%u_t)which;\n", layout.discriminant * 8);
    PRINT(out, "  if (which >= %u)\n    return cove_glue_case_trap(call, which, \"%.*s\");\n", count,
          CV_BYTES_ARG(def->head.name));
  }
  if (!has_payload(def->parts))
    return CV_OK;
  PRINT(out, "  switch (%s) {\n", is_lower(way) ? "in->tag" : "which");
  uint32_t i = 0;
  for (const cv_wit_part *part = def->parts; part; part = part->next, i++) {
    if (!part->type)
      continue;
    PRINT(out, "  case %u:\n", i);
    CV_TRY(put_move(g, part->type, way, payload_place(g, way, layout),
                    join(g, join(g, value_name(way), "as."), member_name(g, part->head.name).text), out));
    cv_buf_text(out, "    break;\n");
  }
  cv_buf_text(out, "  default:\n    break;\n  }\n");
  return CV_OK;
}

static cv_status put_option(gen *g, const cv_wit_type *type, step way, cv_buf *out) {
  cv_wit_layout layout = cv_wit_layout_of(type);
  put_discriminant(way, "in->has", layout, out);
  if (!is_lower(way))
    cv_buf_text(
        out, "  if (which > 1)\n    return cove_glue_case_trap(call, which, \"option\");\n  out->has = which != 0;\n");
  PRINT(out, "  if (%s) {\n", is_lower(way) ? "in->has" : "out->has");
  CV_TRY(put_move(g, type->parts, way, payload_place(g, way, layout), join(g, value_name(way), "value"), out));
  cv_buf_text(out, "  }\n");
  return CV_OK;
}

static cv_status put_result(gen *g, const cv_wit_type *type, step way, cv_buf *out) {
  cv_wit_layout layout = cv_wit_layout_of(type);
  const cv_wit_type *ok = type->parts && !type->parts->is_absent ? type->parts : NULL;
  const cv_wit_type *error = type->parts ? type->parts->next : NULL;
  const char *place = payload_place(g, way, layout);
  put_discriminant(way, "in->is_error", layout, out);
  if (!is_lower(way))
    cv_buf_text(
        out,
        "  if (which > 1)\n    return cove_glue_case_trap(call, which, \"result\");\n  out->is_error = which != 0;\n");
  if (ok) {
    PRINT(out, "  if (!%sis_error) {\n", value_name(way));
    CV_TRY(put_move(g, ok, way, place, join(g, value_name(way), "as.ok"), out));
    cv_buf_text(out, "  }\n");
  }
  if (error) {
    PRINT(out, "  if (%sis_error) {\n", value_name(way));
    CV_TRY(put_move(g, error, way, place, join(g, value_name(way), "as.error"), out));
    cv_buf_text(out, "  }\n");
  }
  return CV_OK;
}

// Elements whose bytes in a guest's memory are their bytes in C.
static bool is_plain(const cv_wit_type *given) {
  const cv_wit_type *type = behind_alias(given);
  switch (type->kind) {
  case CV_CT_U8:
  case CV_CT_S8:
  case CV_CT_U16:
  case CV_CT_S16:
  case CV_CT_U32:
  case CV_CT_S32:
  case CV_CT_U64:
  case CV_CT_S64:
    return true;
  default:
    return false;
  }
}

static cv_status put_list_lower(gen *g, const cv_wit_type *elem, cv_wit_layout layout, step way, cv_buf *out) {
  PRINT(out,
        "  uint32_t address;\n  uint8_t *to;\n"
        "  if (in->count > UINT32_MAX)\n    return cove_call_trap(call, \"a list is too long for the guest\");\n"
        "  COVE_GLUE_TRY(cove_glue_alloc(call, (uint64_t)in->count * %u, %u, &address, &to));\n",
        layout.size, layout.align);
  if (is_plain(elem)) {
    PRINT(out, "  if (in->count > 0)\n    memcpy(to, in->data, in->count * %u);\n", layout.size);
  } else {
    PRINT(out, "  for (size_t i = 0; i < in->count; i++, to += %u) {\n", layout.size);
    CV_TRY(put_move(g, elem, STEP_STORE, "to", "in->data[i]", out));
    cv_buf_text(out, "  }\n");
  }
  cv_buf_text(out, way == STEP_STORE
                       ? "  cove_glue_store32(at, address);\n  cove_glue_store32(at + 4, (uint32_t)in->count);\n"
                       : "  values[0].u64 = address;\n  values[1].u64 = in->count;\n");
  return CV_OK;
}

static cv_status put_list(gen *g, const cv_wit_type *type, step way, cv_buf *out) {
  const cv_wit_type *elem = type->parts;
  cv_wit_layout layout = cv_wit_layout_of(elem);
  if (is_lower(way))
    return put_list_lower(g, elem, layout, way, out);
  cv_buf_text(out,
              way != STEP_FLAT
                  ? "  uint32_t address = cove_glue_load32(at), count = cove_glue_load32(at + 4);\n  uint8_t *from;\n"
                  : "  uint32_t address = values[0].u32, count = values[1].u32;\n  uint8_t *from;\n");
  PRINT(out, "  COVE_GLUE_TRY(cove_glue_list(call, address, count, %u, %u, &from));\n  out->count = count;\n",
        layout.size, layout.align);
  name ctype = c_type(g, elem);
  if (is_plain(elem) && way != STEP_KEEP) {
    PRINT(out, "  out->data = (%s *)(void *)from;\n", ctype.text);
    return CV_OK;
  }
  if (way == STEP_KEEP) {
    cv_buf_text(out, "  void *kept_;\n  COVE_GLUE_TRY(cove_glue_keep(call, count * sizeof *out->data, &kept_));\n"
                     "  out->data = kept_;\n");
    if (is_plain(elem)) {
      cv_buf_text(out, "  if (count > 0)\n    memcpy(out->data, from, count * sizeof *out->data);\n");
      return CV_OK;
    }
    PRINT(out, "  for (uint32_t i = 0; i < count; i++, from += %u) {\n", layout.size);
    CV_TRY(put_move(g, elem, STEP_KEEP, "from", "out->data[i]", out));
    cv_buf_text(out, "  }\n");
    return CV_OK;
  }
  PRINT(out,
        "  out->data = cove_call_alloc(call, count * sizeof *out->data);\n"
        "  if (!out->data)\n    return cove_call_trap(call, \"out of memory\");\n"
        "  for (uint32_t i = 0; i < count; i++, from += %u) {\n",
        layout.size);
  CV_TRY(put_move(g, elem, STEP_LOAD, "from", "out->data[i]", out));
  cv_buf_text(out, "  }\n");
  return CV_OK;
}

static cv_status put_fixed_list(gen *g, const cv_wit_type *type, step way, cv_buf *out) {
  cv_wit_layout layout = cv_wit_layout_of(type->parts);
  PRINT(out, "  for (uint32_t i = 0; i < %u; i++) {\n", type->length);
  cv_buf place;
  cv_buf_init(&place, g->mem);
  PRINT(&place, "%s + i * %u", place_name(way), is_flat(way) ? layout.flat : layout.size);
  CV_TRY(put_move(g, type->parts, way, keep(g, &place).text, join(g, value_name(way), "items[i]"), out));
  cv_buf_text(out, "  }\n");
  return CV_OK;
}

static void put_flags(const cv_wit_typedef *def, step way, cv_buf *out) {
  uint32_t size = cv_wit_layout_of_def(def).size, count = 0;
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    count++;
  unsigned mask = count >= 32 ? 0xffffffffu : (1u << count) - 1;
  if (way == STEP_STORE)
    PRINT(out, "  %s(at, *in & 0x%xu);\n", store_fn(size), mask);
  else if (way == STEP_PUSH)
    PRINT(out, "  values->u64 = *in & 0x%xu;\n", mask);
  else if (way != STEP_FLAT)
    PRINT(out, "  *out = %s(at) & 0x%xu;\n", load_fn(size), mask);
  else
    PRINT(out, "  *out = (uint%u_t)(values->u32 & 0x%xu);\n", size * 8, mask);
}

static cv_status put_step_body(gen *g, const cv_wit_type *type, step way, const char *ctype, cv_buf *out) {
  switch (type->kind) {
  case CV_CT_OPTION:
    return put_option(g, type, way, out);
  case CV_CT_RESULT:
    return put_result(g, type, way, out);
  case CV_CT_LIST:
    return put_list(g, type, way, out);
  case CV_CT_FIXED_LIST:
    return put_fixed_list(g, type, way, out);
  case CV_CT_TUPLE:
    return put_tuple(g, type->parts, way, out);
  default:
    break;
  }
  const cv_wit_typedef *def = cv_wit_definition(type->def);
  if (def->kind == CV_WIT_RECORD)
    return put_record(g, def->parts, way, out);
  if (def->kind == CV_WIT_FLAGS)
    put_flags(def, way, out);
  else
    return put_variant(g, def, way, ctype, out);
  return CV_OK;
}

static cv_status need_step(gen *g, const cv_wit_type *type, step kind) {
  cv_status status;
  const char *mangled = type_mangle(g, type, true).text, *ctype = c_type(g, type).text;
  if (!is_new(g, kind, mangled, &status))
    return status;
  cv_buf body;
  cv_buf_init(&body, g->mem);
  status = put_step_body(g, type, kind, ctype, &body);
  cv_buf *out = &g->steps;
  PRINT(out, "static cove_host_result %s_%s(cove_call *call, ", step_prefix(kind), mangled);
  if (kind == STEP_STORE)
    PRINT(out, "const %s *in, uint8_t *at) {\n", ctype);
  else if (kind == STEP_PUSH)
    PRINT(out, "const %s *in, cove_value *values) {\n", ctype);
  else if (kind == STEP_FLAT)
    PRINT(out, "const cove_value *values, %s *out) {\n", ctype);
  else
    PRINT(out, "const uint8_t *at, %s *out) {\n", ctype);
  cv_buf_text(out, "  (void)call;\n");
  cv_buf_bytes(out, body.data, body.size);
  cv_buf_text(out, "  return COVE_HOST_OK;\n}\n\n");
  cv_buf_free(&body);
  return status;
}

// ---- functions -----------------------------------------------------------------------------------------------------

static name func_name(gen *g, const cv_wit_interface *interface, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (func->resource) {
    cv_buf_text(&out, def_name(g, func->resource).text);
  } else if (interface) {
    cv_bindgen_interface(interface, &out);
  } else {
    cv_buf_text(&out, g->prefix);
  }
  cv_buf_byte(&out, '_');
  if (func->kind == CV_WIT_CONSTRUCTOR)
    cv_buf_text(&out, "new");
  else
    cv_bindgen_snake(func->head.name, &out);
  // descriptor.stat beside descriptor-stat: the types were written first.
  const char *text = cv_buf_cstr(&out);
  if (text && is_written(g, STEP_TYPE, text))
    cv_buf_byte(&out, '_');
  return keep(g, &out);
}

// By pointer: what is a structure in C.
static bool by_pointer(const cv_wit_type *given) {
  const cv_wit_type *type = behind_alias(given);
  if (scalar_type(type->kind) || is_handle(type))
    return false;
  if (type->kind != CV_WIT_NAMED)
    return true;
  const cv_wit_typedef *def = cv_wit_definition(type->def);
  return def->kind == CV_WIT_RECORD || def->kind == CV_WIT_VARIANT;
}

// The parameters with `self`, and the result with a constructor's, as types.
typedef struct shape {
  const cv_wit_type *params[1000];
  const char *names[1000];
  uint32_t count;
  const cv_wit_type *result;
  cv_wit_layout tuple; // of all parameters
  cv_wit_layout out;   // of the result
} shape;

static cv_status func_shape(gen *g, const cv_wit_func *func, shape *s) {
  s->count = 0;
  s->tuple = (cv_wit_layout){.align = 1};
  s->result = func->result;
  cv_wit_type *self = NULL;
  if (func->kind == CV_WIT_METHOD || (func->kind == CV_WIT_CONSTRUCTOR && !func->result)) {
    self = CV_ARENA_NEW(&g->arena, cv_wit_type);
    if (!self)
      return no_memory(g);
    self->kind = func->kind == CV_WIT_METHOD ? CV_CT_BORROW : CV_CT_OWN;
    self->def = func->resource;
    self->name = func->resource->head.name;
    if (func->kind == CV_WIT_CONSTRUCTOR)
      s->result = self;
  }
  if (func->kind == CV_WIT_METHOD) {
    s->params[0] = self;
    s->names[s->count++] = "self";
  }
  for (const cv_wit_part *part = func->params; part; part = part->next) {
    if (s->count == CV_COUNT(s->params))
      return cv_fail(g->diag, CV_ELIMIT, CV_NO_OFFSET, "function %.*s has too many parameters",
                     CV_BYTES_ARG(func->head.name));
    s->params[s->count] = part->type;
    s->names[s->count++] = member_name(g, part->head.name).text;
  }
  for (uint32_t i = 0; i < s->count; i++) {
    cv_wit_layout l = cv_wit_layout_of(s->params[i]);
    s->tuple.size = ((s->tuple.size + l.align - 1) & ~(l.align - 1)) + l.size;
    s->tuple.align = CV_MAX(s->tuple.align, l.align);
    s->tuple.flat += l.flat;
    CV_TRY(need_type(g, s->params[i]));
  }
  s->out = cv_wit_layout_of(s->result);
  return s->result ? need_type(g, s->result) : CV_OK;
}

static void put_prototype(gen *g, const cv_wit_func *func, const char *cname, const shape *s) {
  cv_buf *out = &g->protos;
  cv_bindgen_docs(func->head.docs, 0, out);
  PRINT(out, "cove_host_result %s(void *host, cove_call *call", cname);
  for (uint32_t i = 0; i < s->count; i++) {
    cv_buf_text(out, ", ");
    if (by_pointer(s->params[i]))
      PRINT(out, "const %s *%s", c_type(g, s->params[i]).text, s->names[i]);
    else
      put_member(g, s->params[i], s->names[i], out);
  }
  if (s->result) {
    cv_buf_text(out, ", ");
    put_member(g, s->result, "*result", out);
  }
  cv_buf_text(out, ");\n");
}

static cv_status put_params(gen *g, const shape *s, cv_buf *out) {
  bool spilled = s->tuple.flat > MAX_FLAT_PARAMS;
  for (uint32_t i = 0; i < s->count; i++) {
    cv_buf_text(out, "  ");
    put_member(g, s->params[i], s->names[i], out);
    cv_buf_text(out, ";\n");
  }
  if (spilled)
    PRINT(out, "  uint8_t *from;\n  COVE_GLUE_TRY(cove_glue_range(call, values[0].u32, %u, %u, &from));\n",
          s->tuple.size, s->tuple.align);
  uint32_t place = 0;
  for (uint32_t i = 0; i < s->count; i++) {
    uint32_t at = next_place(spilled ? STEP_LOAD : STEP_FLAT, &place, cv_wit_layout_of(s->params[i]));
    CV_TRY(put_move(g, s->params[i], spilled ? STEP_LOAD : STEP_FLAT, offset_text(g, spilled ? "from" : "values", at),
                    s->names[i], out));
  }
  return CV_OK;
}

// The only flat value of `type`, which `from` is: a scalar, a handle, a discriminant, or a structure around one.
static cv_status put_flat_result(gen *g, const cv_wit_type *given, const char *from, cv_buf *out) {
  const cv_wit_type *type = behind_alias(given);
  uint32_t bits = cv_wit_layout_of(type).size * 8;
  switch (type->kind) {
  case CV_CT_F32:
  case CV_CT_F64:
    PRINT(out, "  values[0].f%u = cove_glue_f%u(%s);\n", bits, bits, from);
    return CV_OK;
  case CV_CT_S8:
  case CV_CT_S16:
  case CV_CT_S32:
    PRINT(out, "  values[0].i32 = %s;\n", from);
    return CV_OK;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    PRINT(out, "  COVE_GLUE_TRY(cove_glue_lower_%s(call, &%s, %s, &values[0].u32));\n",
          type->kind == CV_CT_OWN ? "own" : "borrow", resource_def(g, type->def), from);
    return CV_OK;
  case CV_CT_TUPLE:
    return put_flat_result(g, type->parts, join(g, from, ".f0"), out);
  case CV_CT_FIXED_LIST:
    return put_flat_result(g, type->parts, join(g, from, ".items[0]"), out);
  case CV_CT_OPTION:
    PRINT(out, "  values[0].u32 = %s.has;\n", from);
    return CV_OK;
  case CV_CT_RESULT:
    PRINT(out, "  values[0].u32 = %s.is_error;\n", from);
    return CV_OK;
  default:
    break;
  }
  const cv_wit_typedef *def = type->kind == CV_WIT_NAMED ? cv_wit_definition(type->def) : NULL;
  if (def && def->kind == CV_WIT_RECORD)
    return put_flat_result(g, def->parts->type, join(g, join(g, from, "."), member_name(g, def->parts->head.name).text),
                           out);
  if (def && def->kind == CV_WIT_VARIANT)
    PRINT(out, "  values[0].u32 = %s.tag;\n", from);
  else
    PRINT(out, "  values[0].u%u = %s;\n", bits == 64 ? 64 : 32, from);
  return CV_OK;
}

static cv_status put_glue(gen *g, const cv_wit_func *func, const char *cname, const shape *s) {
  (void)func;
  cv_buf body;
  cv_buf_init(&body, g->mem);
  uint32_t slot = s->tuple.flat > MAX_FLAT_PARAMS ? 1 : s->tuple.flat;
  bool in_memory = s->result && s->out.flat > 1;
  cv_status status = put_params(g, s, &body);
  if (in_memory)
    PRINT(&body, "  uint8_t *to;\n  COVE_GLUE_TRY(cove_glue_range(call, values[%u].u32, %u, %u, &to));\n", slot,
          s->out.size, s->out.align);
  if (s->result) {
    cv_buf_text(&body, "  ");
    put_member(g, s->result, "result = {0}", &body);
    cv_buf_text(&body, ";\n");
  }
  PRINT(&body, "  COVE_GLUE_TRY(%s(host, call", cname);
  for (uint32_t i = 0; i < s->count; i++)
    PRINT(&body, ", %s%s", by_pointer(s->params[i]) ? "&" : "", s->names[i]);
  PRINT(&body, "%s));\n", s->result ? ", &result" : "");
  if (status == CV_OK && in_memory)
    status = put_move(g, s->result, STEP_STORE, "to", "result", &body);
  else if (status == CV_OK && s->result)
    status = put_flat_result(g, s->result, "result", &body);
  cv_buf *out = &g->glue;
  PRINT(out, "static cove_host_result glue_%s(void *host, cove_call *call, cove_value *values) {\n  (void)values;\n",
        cname);
  cv_buf_bytes(out, body.data, body.size);
  cv_buf_text(out, "  return COVE_HOST_OK;\n}\n\n");
  cv_buf_free(&body);
  return status;
}

static const char *label_of(gen *g, const cv_wit_func *func);
static const char *label_of_item(gen *g, const cv_wit_item *item);

// ---- calls of exports ----------------------------------------------------------------------------------------------

// The only flat value of a result, into `to`: as put_flat_result, the other way round.
static cv_status put_flat_lift(gen *g, const cv_wit_type *type, const char *to, cv_buf *out) {
  return put_move(g, type, STEP_FLAT, "values", to, out);
}

static void put_call_prototype(gen *g, const char *cname, const shape *s, cv_buf *out) {
  PRINT(out, "cove_status %s(const %s_exports *exports", cname, g->prefix);
  for (uint32_t i = 0; i < s->count; i++) {
    const cv_wit_type *type = behind_alias(s->params[i]);
    cv_buf_text(out, ", ");
    if (is_handle(type) && is_guest_resource(g, type->def))
      PRINT(out, "%scove_handle *%s", type->kind == CV_CT_BORROW ? "const " : "", s->names[i]);
    else if (by_pointer(s->params[i]))
      PRINT(out, "const %s *%s", c_type(g, s->params[i]).text, s->names[i]);
    else
      put_member(g, s->params[i], s->names[i], out);
  }
  if (s->result) {
    cv_buf_text(out, ", ");
    put_member(g, s->result, "*result", out);
    cv_buf_text(out, ", cove_results *results");
  }
  cv_buf_text(out, ", cove_error **error)");
}

// Lowers the parameters into `values`, or into memory when they are many.
static cv_status put_call_params(gen *g, const shape *s, cv_buf *out) {
  bool spilled = s->tuple.flat > MAX_FLAT_PARAMS;
  step way = spilled ? STEP_STORE : STEP_PUSH;
  uint32_t place = 0;
  if (spilled)
    PRINT(out,
          "  uint32_t address;\n  uint8_t *to;\n  COVE_GLUE_TRY(cove_glue_alloc(call, %u, %u, &address, &to));\n"
          "  values[0].u64 = address;\n",
          s->tuple.size, s->tuple.align);
  for (uint32_t i = 0; i < s->count; i++) {
    const cv_wit_type *type = behind_alias(s->params[i]);
    bool pointer = by_pointer(s->params[i]) || (is_handle(type) && is_guest_resource(g, type->def));
    uint32_t at = next_place(way, &place, cv_wit_layout_of(s->params[i]));
    const char *from = pointer ? join(g, join(g, "(*", s->names[i]), ")") : s->names[i];
    CV_TRY(put_move(g, s->params[i], way, offset_text(g, spilled ? "to" : "values", at), from, out));
  }
  return CV_OK;
}

static cv_status put_call_result(gen *g, const shape *s, cv_buf *out) {
  if (!s->result)
    return CV_OK;
  if (s->out.flat <= 1)
    return put_flat_lift(g, s->result, "(*result)", out);
  PRINT(out, "  uint8_t *from;\n  COVE_GLUE_TRY(cove_glue_range(call, values[0].u32, %u, %u, &from));\n", s->out.size,
        s->out.align);
  return put_move(g, s->result, STEP_KEEP, "from", "(*result)", out);
}

// The names of the parameters, each after a comma; with their types for the inner functions.
static void put_inner_params(gen *g, const shape *s, bool with_types, cv_buf *out) {
  for (uint32_t i = 0; i < s->count; i++) {
    const cv_wit_type *type = behind_alias(s->params[i]);
    cv_buf_text(out, ", ");
    if (!with_types)
      cv_buf_text(out, s->names[i]);
    else if (is_handle(type) && is_guest_resource(g, type->def))
      PRINT(out, "%scove_handle *%s", type->kind == CV_CT_BORROW ? "const " : "", s->names[i]);
    else if (by_pointer(s->params[i]))
      PRINT(out, "const %s *%s", c_type(g, s->params[i]).text, s->names[i]);
    else
      put_member(g, s->params[i], s->names[i], out);
  }
}

static cv_status put_call_body(gen *g, const char *cname, const shape *s, cv_buf *out) {
  PRINT(out, "static cove_host_result lower_%s(cove_call *call, cove_value *values", cname);
  put_inner_params(g, s, true, out);
  cv_buf_text(out, ") {\n  (void)call, (void)values;\n");
  CV_TRY(put_call_params(g, s, out));
  cv_buf_text(out, "  return COVE_HOST_OK;\n}\n\n");
  if (!s->result)
    return CV_OK;
  PRINT(out, "static cove_host_result lift_%s(cove_call *call, const cove_value *values, ", cname);
  put_member(g, s->result, "*result", out);
  cv_buf_text(out, ") {\n  (void)call;\n");
  CV_TRY(put_call_result(g, s, out));
  cv_buf_text(out, "  return COVE_HOST_OK;\n}\n\n");
  return CV_OK;
}

static cv_status add_call(gen *g, const cv_wit_item *item, const cv_wit_func *func) {
  shape *s = CV_ARENA_NEW(&g->arena, shape);
  cv_buf name_buf, body, signature;
  if (!s)
    return no_memory(g);
  if (func->is_async)
    return cv_fail(g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: async function %.*s in host bindings",
                   CV_BYTES_ARG(func->head.name));
  CV_TRY(func_shape(g, func, s));
  cv_buf_init(&name_buf, g->mem);
  if (item->interface)
    cv_bindgen_interface(item->interface, &name_buf);
  else
    cv_buf_text(&name_buf, g->prefix);
  cv_buf_text(&name_buf, "_call_");
  if (func->resource) {
    cv_bindgen_snake(func->resource->head.name, &name_buf);
    cv_buf_byte(&name_buf, '_');
  }
  if (func->kind == CV_WIT_CONSTRUCTOR)
    cv_buf_text(&name_buf, "new");
  else
    cv_bindgen_snake(func->head.name, &name_buf);
  const char *cname = keep(g, &name_buf).text;
  cv_buf_init(&body, g->mem);
  cv_buf_init(&signature, g->mem);
  cv_bindgen_signature(func, &signature);
  cv_status status = put_call_body(g, cname, s, &body);
  cv_buf *out = &g->calls;
  cv_buf_bytes(out, body.data, body.size);
  put_call_prototype(g, cname, s, out);
  PRINT(out,
        " {\n  cove_call call;\n  cove_value values[COVE_GLUE_SLOTS];\n"
        "  cove_host_result run = cove_glue_enter(&call, exports->%s, %s);\n  call.host = (void *)exports;\n"
        "  if (run == COVE_HOST_OK)\n    run = lower_%s(&call, values",
        cname, s->result ? "results" : "NULL", cname);
  put_inner_params(g, s, false, out);
  cv_buf_text(out, ");\n  if (run == COVE_HOST_OK)\n    run = cove_glue_invoke(&call, values);\n");
  if (s->result)
    PRINT(out, "  if (run == COVE_HOST_OK)\n    run = lift_%s(&call, values, result);\n", cname);
  cv_buf_text(out, "  return cove_glue_leave(&call, run, error);\n}\n\n");
  cv_bindgen_docs(func->head.docs, 0, &g->protos);
  put_call_prototype(g, cname, s, &g->protos);
  cv_buf_text(&g->protos, ";\n");
  PRINT(&g->members, "  cove_component_func *%s;\n", cname);
  PRINT(&g->finds, "      {{\"%s\", \"%s\",\n        \"%s\"},\n       &out->%s},\n",
        item->interface ? label_of_item(g, item) : "", label_of(g, func), keep(g, &signature).text, cname);
  cv_buf_free(&body);
  return status;
}

static cv_status add_export(gen *g, const cv_wit_item *item) {
  if (item->kind == CV_WIT_ITEM_FUNC)
    return add_call(g, item, item->func);
  const char *label = label_of_item(g, item);
  PRINT(g->types, "// ---- %s ----\n\n", label);
  PRINT(&g->protos, "\n// ---- %s: calls ----\n\n", label);
  for (const cv_wit_typedef *def = item->interface->types; def; def = def->next)
    if (def->kind != CV_WIT_USE)
      CV_TRY(need_def(g, def));
  for (const cv_wit_typedef *def = item->interface->types; def; def = def->next) {
    if (def->kind == CV_WIT_RESOURCE && !is_guest_resource(g, def))
      return cv_fail(g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                     "unsupported: interface %s is imported and exported, and defines a resource", label);
    if (def->kind == CV_WIT_RESOURCE) {
      PRINT(&g->members, "  const cove_resource_type *%s_type;\n", def_name(g, def).text);
      PRINT(&g->tables, "// %s %.*s\n", label, CV_BYTES_ARG(def->head.name));
    }
    for (const cv_wit_func *func = def->funcs; func; func = func->next)
      CV_TRY(add_call(g, item, func));
  }
  for (const cv_wit_func *func = item->interface->funcs; func; func = func->next)
    CV_TRY(add_call(g, item, func));
  return CV_OK;
}

// Resources of exported interfaces, looked up after the functions.
static void put_resource_finds(gen *g, cv_buf *out) {
  for (const cv_wit_item *item = g->world->exports; item; item = item->next)
    for (const cv_wit_typedef *def = item->interface ? item->interface->types : NULL; def; def = def->next)
      if (def->kind == CV_WIT_RESOURCE)
        PRINT(
            out,
            "  if (status == COVE_OK)\n    status = cove_glue_find_resource(instance, \"%s\", \"%.*s\", &out->%s_type, "
            "error);\n",
            label_of_item(g, item), CV_BYTES_ARG(def->head.name), def_name(g, def).text);
}

static cv_status add_exports(gen *g) {
  if (!g->world->exports)
    return CV_OK;
  for (const cv_wit_item *item = g->world->exports; item; item = item->next)
    CV_TRY(add_export(g, item));
  cv_buf *out = &g->calls;
  PRINT(out, "cove_status %s_exports_find(cove_component_instance *instance, %s_exports *out, cove_error **error) {\n",
        g->prefix, g->prefix);
  cv_buf_text(out, "  const struct {\n    cove_glue_export what;\n    cove_component_func **to;\n  } exports[] = {\n");
  cv_buf_bytes(out, g->finds.data, g->finds.size);
  cv_buf_text(out, "  };\n  cove_status status = COVE_OK;\n"
                   "  for (size_t i = 0; i < sizeof exports / sizeof exports[0] && status == COVE_OK; i++)\n"
                   "    status = cove_glue_find_export(instance, &exports[i].what, exports[i].to, error);\n");
  put_resource_finds(g, out);
  cv_buf_text(out, "  return status;\n}\n\n");
  return CV_OK;
}

// ---- tables --------------------------------------------------------------------------------------------------------

typedef struct row {
  const char *label; // "[method]input-stream.read"
  const char *signature;
  const char *params; // their names, with spaces between
  const char *cname;
  struct row *next;
} row;

static const char *label_of(gen *g, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (func->kind == CV_WIT_CONSTRUCTOR)
    PRINT(&out, "[constructor]%.*s", CV_BYTES_ARG(func->resource->head.name));
  else if (func->resource)
    PRINT(&out, "[%s]%.*s.%.*s", func->kind == CV_WIT_METHOD ? "method" : "static",
          CV_BYTES_ARG(func->resource->head.name), CV_BYTES_ARG(func->head.name));
  else
    PRINT(&out, "%.*s", CV_BYTES_ARG(func->head.name));
  return keep(g, &out).text;
}

static const char *params_of(gen *g, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (func->kind == CV_WIT_METHOD)
    cv_buf_text(&out, "self");
  for (const cv_wit_part *part = func->params; part; part = part->next)
    PRINT(&out, "%s%.*s", out.size != 0 ? " " : "", CV_BYTES_ARG(part->head.name));
  return keep(g, &out).text;
}

// Inserts in the order of the labels.
static cv_status add_row(gen *g, row **rows, const cv_wit_func *func, const char *cname) {
  row *r = CV_ARENA_NEW(&g->arena, row);
  if (!r)
    return no_memory(g);
  cv_buf signature;
  cv_buf_init(&signature, g->mem);
  cv_bindgen_signature(func, &signature);
  *r = (row){label_of(g, func), keep(g, &signature).text, params_of(g, func), cname, NULL};
  while (*rows && strcmp((*rows)->label, r->label) < 0)
    rows = &(*rows)->next;
  r->next = *rows;
  *rows = r;
  return CV_OK;
}

static cv_status add_func(gen *g, const cv_wit_interface *interface, const cv_wit_func *func, row **rows) {
  shape *s = CV_ARENA_NEW(&g->arena, shape);
  if (!s)
    return no_memory(g);
  if (func->is_async)
    return cv_fail(g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: async function %.*s in host bindings",
                   CV_BYTES_ARG(func->head.name));
  const char *cname = func_name(g, interface, func).text;
  CV_TRY(func_shape(g, func, s));
  put_prototype(g, func, cname, s);
  CV_TRY(put_glue(g, func, cname, s));
  return add_row(g, rows, func, cname);
}

static cv_status add_resource(gen *g, const cv_wit_typedef *resource, row **rows) {
  const char *cname = def_name(g, resource).text;
  cv_buf full;
  cv_buf_init(&full, g->mem);
  if (resource->interface) {
    cv_wit_interface_name(resource->interface, false, &full);
    cv_buf_byte(&full, '/');
  }
  PRINT(&full, "%.*s", CV_BYTES_ARG(resource->head.name));
  CV_TRY(need_def(g, resource));
  PRINT(&g->protos,
        "// Identity of the resource type; what it stands for is %s.\nextern const cove_glue_resource %s_resource;\n"
        "// An owned one goes.\nvoid %s_drop(void *host, %s *self);\n",
        cname, cname, cname, cname);
  PRINT(&g->tables,
        "static void drop_%s(void *host, void *rep) {\n  %s_drop(host, rep);\n}\n\n"
        "const cove_glue_resource %s_resource = {\"%.*s\", \"%s\", drop_%s};\n\n",
        cname, cname, cname, CV_BYTES_ARG(resource->head.name), keep(g, &full).text, cname);
  for (const cv_wit_func *func = resource->funcs; func; func = func->next)
    CV_TRY(add_func(g, resource->interface, func, rows));
  return CV_OK;
}

static void put_interface_table(gen *g, const char *cname, const char *label, const row *rows,
                                const cv_wit_typedef *types) {
  cv_buf *out = &g->tables;
  size_t resources = 0, funcs = 0;
  for (const cv_wit_typedef *def = types; def; def = def->next)
    resources += def->kind == CV_WIT_RESOURCE;
  for (const row *r = rows; r; r = r->next)
    funcs++;
  if (funcs) {
    PRINT(out, "static const cove_glue_func %s_funcs[] = {\n", cname);
    for (const row *r = rows; r; r = r->next)
      PRINT(out, "    {\"%s\",\n     \"%s\",\n     glue_%s, \"%s\"},\n", r->label, r->signature, r->cname, r->params);
    cv_buf_text(out, "};\n\n");
  }
  if (resources) {
    PRINT(out, "static const cove_glue_resource *const %s_resources[] = {\n", cname);
    for (const cv_wit_typedef *def = types; def; def = def->next)
      if (def->kind == CV_WIT_RESOURCE)
        PRINT(out, "    &%s_resource,\n", def_name(g, def).text);
    cv_buf_text(out, "};\n\n");
  }
  PRINT(out, "static const cove_glue_interface %s_interface = {\"%s\", ", cname, label);
  PRINT(out, funcs ? "%s_funcs, %zu, " : "NULL, 0, ", cname, funcs);
  PRINT(out, resources ? "%s_resources, %zu};\n\n" : "NULL, 0};\n\n", cname, resources);
}

static const char *label_of_item(gen *g, const cv_wit_item *item) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (item->head.name.size)
    PRINT(&out, "%.*s", CV_BYTES_ARG(item->head.name));
  else
    cv_wit_interface_name(item->interface, true, &out);
  return keep(g, &out).text;
}

static cv_status add_interface(gen *g, const cv_wit_item *item) {
  row *rows = NULL;
  const cv_wit_interface *interface = item->interface;
  cv_buf name_buf;
  cv_buf_init(&name_buf, g->mem);
  cv_bindgen_interface(interface, &name_buf);
  const char *cname = keep(g, &name_buf).text, *label = label_of_item(g, item);
  PRINT(g->types, "// ---- %s ----\n", label);
  cv_bindgen_docs(interface->head.docs, 0, g->types);
  cv_buf_byte(g->types, '\n');
  PRINT(&g->protos, "\n// ---- %s ----\n\n", label);
  for (const cv_wit_typedef *def = interface->types; def; def = def->next)
    if (def->kind != CV_WIT_RESOURCE && def->kind != CV_WIT_USE)
      CV_TRY(need_def(g, def));
  for (const cv_wit_typedef *def = interface->types; def; def = def->next)
    if (def->kind == CV_WIT_RESOURCE)
      CV_TRY(add_resource(g, def, &rows));
  for (const cv_wit_func *func = interface->funcs; func; func = func->next)
    CV_TRY(add_func(g, interface, func, &rows));
  put_interface_table(g, cname, label, rows, interface->types);
  return CV_OK;
}

// Functions and types that the world has outside of interfaces.
static cv_status add_world_items(gen *g, bool *any) {
  row *rows = NULL;
  for (const cv_wit_typedef *def = g->world->types; def; def = def->next) {
    if (def->kind == CV_WIT_RESOURCE)
      CV_TRY(add_resource(g, def, &rows));
    else if (def->kind != CV_WIT_USE)
      CV_TRY(need_def(g, def));
    *any |= def->kind == CV_WIT_RESOURCE;
  }
  for (const cv_wit_item *item = g->world->imports; item; item = item->next)
    if (item->kind == CV_WIT_ITEM_FUNC) {
      *any = true;
      CV_TRY(add_func(g, NULL, item->func, &rows));
    }
  if (*any)
    put_interface_table(g, g->prefix, "", rows, g->world->types);
  return CV_OK;
}

static cv_status put_world_table(gen *g, bool own_items) {
  // In the order of their labels.
  row *rows = NULL;
  size_t count = own_items;
  for (const cv_wit_item *item = g->world->imports; item; item = item->next) {
    if (item->kind == CV_WIT_ITEM_FUNC)
      continue;
    row *r = CV_ARENA_NEW(&g->arena, row);
    if (!r)
      return no_memory(g);
    cv_buf out;
    cv_buf_init(&out, g->mem);
    cv_bindgen_interface(item->interface, &out);
    *r = (row){.label = label_of_item(g, item), .cname = keep(g, &out).text};
    row **at = &rows;
    while (*at && strcmp((*at)->label, r->label) < 0)
      at = &(*at)->next;
    r->next = *at;
    *at = r;
    count++;
  }
  cv_buf *out = &g->tables;
  const cv_wit_package *package = g->world->package;
  if (count) {
    PRINT(out, "static const cove_glue_interface *const interfaces[] = {\n");
    if (own_items)
      PRINT(out, "    &%s_interface,\n", g->prefix);
    for (const row *r = rows; r; r = r->next)
      PRINT(out, "    &%s_interface,\n", r->cname);
    cv_buf_text(out, "};\n\n");
  }
  PRINT(out, "const cove_glue_world %s_world = {\"%.*s:%.*s/%.*s", g->prefix, CV_BYTES_ARG(package->ns),
        CV_BYTES_ARG(package->name), CV_BYTES_ARG(g->world->head.name));
  if (package->version.size)
    PRINT(out, "@%.*s", CV_BYTES_ARG(package->version));
  PRINT(out, "\", %s, %zu};\n", count ? "interfaces" : "NULL", count);
  return CV_OK;
}

// ---- the whole -----------------------------------------------------------------------------------------------------

static cv_status generate(gen *g) {
  bool own_items = false;
  for (const cv_wit_item *item = g->world->imports; item; item = item->next)
    if (item->kind != CV_WIT_ITEM_FUNC)
      CV_TRY(add_interface(g, item));
  CV_TRY(add_world_items(g, &own_items));
  CV_TRY(add_exports(g));
  return put_world_table(g, own_items);
}

static void put_header(const gen *g, const cv_buf *types, cv_buf *out) {
  cv_buf guard;
  cv_buf_init(&guard, g->mem);
  cv_bindgen_upper(cv_bytes_of(g->prefix), &guard);
  const char *upper = cv_buf_cstr(&guard);
  PRINT(out, "// Written by `cove bindgen host` for world %.*s. Do not edit.\n", CV_BYTES_ARG(g->world->head.name));
  cv_buf_text(
      out,
      "//\n// The host provides the functions below. Parameters are the function's until it returns, but for owned\n"
      "// resources, which become the host's. What a result points to lives until it was lowered: make it static\n"
      "// or with cove_call_alloc. Owned resources in a result become the guest's. `host` is what was given when\n"
      "// the world was defined.\n");
  PRINT(out, "#ifndef %s_BINDINGS_H\n#define %s_BINDINGS_H\n\n#include <cove/glue.h>\n\nCOVE_BEGIN\n\n",
        upper ? upper : "", upper ? upper : "");
  cv_buf_bytes(out, types->data, types->size);
  if (g->world->exports) {
    PRINT(out,
          "// ---- what an instance exports ----\n//\n// Each function below calls one export. Strings and lists of a "
          "result are "
          "of `results`, which the host frees with\n// cove_results_free. Owned handles among the parameters go to the "
          "instance.\n\ntypedef struct %s_exports {\n",
          g->prefix);
    cv_buf_bytes(out, g->members.data, g->members.size);
    PRINT(out,
          "} %s_exports;\n// COVE_NOT_FOUND or COVE_UNLINKABLE when the instance does not fit the world.\n"
          "cove_status %s_exports_find(cove_component_instance *instance, %s_exports *out, cove_error **error);\n\n",
          g->prefix, g->prefix, g->prefix);
  }
  cv_buf_bytes(out, g->protos.data, g->protos.size);
  PRINT(out,
        "\n// All of it, for cove_component_linker_define_world.\nextern const cove_glue_world "
        "%s_world;\n\nCOVE_END\n\n#endif\n",
        g->prefix);
  cv_buf_free(&guard);
}

static void put_source(const gen *g, const char *header, cv_buf *out) {
  PRINT(out, "// Written by `cove bindgen host` for world %.*s. Do not edit.\n#include \"%s\"\n\n",
        CV_BYTES_ARG(g->world->head.name), header);
  cv_buf_bytes(out, g->steps.data, g->steps.size);
  cv_buf_bytes(out, g->glue.data, g->glue.size);
  cv_buf_bytes(out, g->calls.data, g->calls.size);
  cv_buf_bytes(out, g->tables.data, g->tables.size);
}

cv_status cv_bindgen_host(const cv_wit_world *world, const cv_bindgen_options *options, cv_mem *mem, cv_buf *header,
                          cv_buf *source, cv_diag *diag) {
  cv_buf types, prefix;
  gen g = {.mem = mem, .diag = diag, .world = world, .types = &types};
  cv_arena_init(&g.arena, mem);
  cv_map_init(&g.done, mem);
  cv_buf_init(&types, mem);
  cv_buf *buffers[] = {&g.protos, &g.steps, &g.glue, &g.tables, &g.calls, &g.members, &g.finds};
  for (size_t i = 0; i < CV_COUNT(buffers); i++)
    cv_buf_init(buffers[i], mem);
  cv_buf_init(&prefix, mem);
  cv_bindgen_snake(options->prefix ? cv_bytes_of(options->prefix) : world->head.name, &prefix);
  g.prefix = keep(&g, &prefix).text;
  // Resources are known to the steps before they are defined among the tables: prototypes in the header declare them.
  cv_status status = generate(&g);
  if (status == CV_OK) {
    put_header(&g, &types, header);
    put_source(&g, options->header ? options->header : "bindings.h", source);
    for (size_t i = 0; i < CV_COUNT(buffers) && status == CV_OK; i++)
      status = cv_buf_status(buffers[i]);
  }
  if (status == CV_OK)
    status = cv_buf_status(header) == CV_OK ? cv_buf_status(source) : CV_ENOMEM;
  for (size_t i = 0; i < CV_COUNT(buffers); i++)
    cv_buf_free(buffers[i]);
  cv_buf_free(&types);
  cv_map_free(&g.done);
  cv_arena_free(&g.arena);
  return status;
}
