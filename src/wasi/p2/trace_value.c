// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// trace_value.c: values in the trace of WASI 0.2, read by the signatures of the functions (cove/glue.h, "Signature"),
// in their flat form or where they are in the program's memory. What is inside of other values is written as in WAVE,
// with strings and lists cut.
#include "wasi/p2/trace_value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { MAX_ITEMS = 4 }; // of a list

// ---- signatures ----

static size_t word_size(const char *at) {
  return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
}

bool p2_type_is(const char *type, const char *word) {
  size_t n = word_size(type);
  return n == strlen(word) && memcmp(type, word, n) == 0;
}

static uint32_t align_up(uint32_t n, uint32_t align) {
  return (n + align - 1) & ~(align - 1);
}

// Adds a member of a record, or (`cases`) of a variant. *size of a variant is that of its largest case.
static void add_member(p2_shape *sum, p2_shape one, bool cases) {
  sum->size = cases ? CV_MAX(sum->size, one.size) : align_up(sum->size, one.align) + one.size;
  sum->flat = cases ? CV_MAX(sum->flat, one.flat) : sum->flat + one.flat;
  sum->align = CV_MAX(sum->align, one.align);
}

// A member of what stands in brackets: its label ({} only), and its type, NULL for none. Moves *at to the next.
typedef struct member {
  const char *label;
  size_t label_size;
  const char *type;
} member;

static bool next_member(const char **at, bool labels, member *out) {
  if (**at == '>' || **at == '}') {
    ++*at;
    return false;
  }
  *out = (member){.label = *at, .label_size = labels ? word_size(*at) : 0};
  *at += out->label_size;
  bool has_type = labels ? **at == ':' : **at != '_';
  *at += labels == has_type; // the colon, or the "_"
  if (has_type) {
    out->type = *at;
    (void)p2_measure(at);
  }
  *at += **at == ',';
  return true;
}

// The members in brackets: labels with or without types in {}, types or "_" in <>.
static p2_shape measure_members(const char **at, bool cases) {
  p2_shape sum = {0, 1, 0};
  bool labels = *(*at)++ == '{';
  for (member m; next_member(at, labels, &m);)
    if (m.type != NULL)
      add_member(&sum, p2_measure(&m.type), cases);
  return sum;
}

static p2_shape as_variant(p2_shape payload) {
  uint32_t align = CV_MAX(payload.align, 1u);
  return (p2_shape){align_up(align_up(1, align) + payload.size, align), align, payload.flat + 1};
}

// Every variant has fewer than 256 cases.
p2_shape p2_measure(const char **at) {
  static const struct {
    const char *name;
    p2_shape shape;
  } plain[] = {{"bool", {1, 1, 1}}, {"u8", {1, 1, 1}},   {"s8", {1, 1, 1}},    {"u16", {2, 2, 1}}, {"s16", {2, 2, 1}},
               {"u32", {4, 4, 1}},  {"s32", {4, 4, 1}},  {"u64", {8, 8, 1}},   {"s64", {8, 8, 1}}, {"f32", {4, 4, 1}},
               {"f64", {8, 8, 1}},  {"char", {4, 4, 1}}, {"string", {8, 4, 2}}};
  const char *start = *at;
  *at += word_size(start);
  for (size_t i = 0; i < CV_COUNT(plain); i++)
    if (p2_type_is(start, plain[i].name))
      return plain[i].shape;
  if (p2_type_is(start, "own") || p2_type_is(start, "borrow")) {
    *at = strchr(*at, '>') + 1;
    return (p2_shape){4, 4, 1};
  }
  if (p2_type_is(start, "enum") || p2_type_is(start, "flags")) {
    *at = strchr(*at, '}') + 1;
    return (p2_shape){1, 1, 1}; // at most eight flags
  }
  if (p2_type_is(start, "list")) {
    (void)measure_members(at, false);
    return (p2_shape){8, 4, 2};
  }
  if (p2_type_is(start, "record") || p2_type_is(start, "tuple")) {
    p2_shape s = measure_members(at, false);
    s.size = align_up(s.size, s.align);
    return s;
  }
  // variant, option, result
  p2_shape payload = {0, 1, 0};
  if (**at == '<' || **at == '{')
    payload = measure_members(at, true);
  return as_variant(payload);
}

// Payloads start here in memory.
static uint32_t payload_offset(const char *type) {
  const char *at = type + word_size(type);
  return *at == '<' || *at == '{' ? align_up(1, measure_members(&at, true).align) : 1;
}

// The member with this number in brackets; false when there is none.
static bool member_at(const char *type, uint32_t number, member *out) {
  const char *at = type + word_size(type);
  bool labels = *at == '{';
  if (*at != '<' && *at != '{')
    return false;
  for (at++; next_member(&at, labels, out); number--)
    if (number == 0)
      return true;
  return false;
}

// ---- text ----

static CV_PRINTF(2, 3) void say(p2_text *out, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(out->text + out->size, sizeof out->text - out->size, fmt, args);
  va_end(args);
  out->size = CV_MIN(out->size + (size_t)CV_MAX(n, 0), sizeof out->text - 1);
}

static const uint8_t *memory_at(const cove_call *call, uint64_t at, uint64_t size) {
  const cove_glue_memory *m = call->memory;
  return m != NULL && cv_range_fits(at, size, m->size) ? m->base + at : NULL;
}

cv_bytes p2_cut(const uint8_t *data, size_t size, size_t most) {
  if (size <= most)
    return (cv_bytes){data, size};
  while (most > 0 && (data[most] & 0xc0) == 0x80) // in the middle of a character
    most--;
  return (cv_bytes){data, most};
}

// A string, or a list of bytes.
static void say_string(p2_text *out, const cove_call *call, uint32_t at, uint32_t size) {
  const uint8_t *data = memory_at(call, at, size);
  cv_bytes text = p2_cut(data, data != NULL ? size : 0, P2_TRACE_STRING);
  cv_buf buf;
  cv_buf_init(&buf, out->mem);
  cv_json_string(&buf, text);
  if (cv_buf_status(&buf) == CV_OK)
    say(out, "%.*s%s", (int)buf.size, (const char *)buf.data, text.size < size ? "..." : "");
  cv_buf_free(&buf);
}

typedef struct place {
  const cove_value *flat; // or
  const uint8_t *at;      // in memory
} place;

static void put(p2_text *out, const cove_call *call, const char *type, place from);

static bool is_signed(const char *type) {
  return type[0] == 's' && type[1] >= '0' && type[1] <= '9';
}

// An integer; a signed one in 64 bits.
static uint64_t load_number(const char *type, place from) {
  const char *behind = type;
  uint32_t size = p2_measure(&behind).size;
  uint64_t value = 0;
  if (from.at != NULL)
    memcpy(&value, from.at, size);
  else
    value = size == 8 ? from.flat->u64 : from.flat->u32;
  if (is_signed(type) && size < 8) // the upper bits, from the sign
    value = (uint64_t)((int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size));
  return value;
}

static void put_number(p2_text *out, const char *type, place from) {
  if (is_signed(type))
    say(out, "%" PRId64, (int64_t)load_number(type, from));
  else
    say(out, "%" PRIu64, load_number(type, from));
}

static void put_members(p2_text *out, const cove_call *call, const char *type, place from) {
  const char *at = type + word_size(type);
  bool labels = *at++ == '{', first = true;
  uint32_t offset = 0;
  say(out, labels ? "{" : "(");
  for (member m; next_member(&at, labels, &m); first = false) {
    const char *behind = m.type;
    if (m.type == NULL)
      continue;
    p2_shape shape = p2_measure(&behind);
    offset = align_up(offset, shape.align);
    say(out, "%s%.*s%s", first ? "" : ", ", (int)m.label_size, m.label, labels ? ": " : "");
    put(out, call, m.type, from.at != NULL ? (place){.at = from.at + offset} : from);
    offset += shape.size;
    if (from.flat != NULL)
      from.flat += shape.flat;
  }
  say(out, labels ? "}" : ")");
}

static void put_flags(p2_text *out, const char *type, uint32_t flags) {
  bool any = false;
  member m;
  for (uint32_t i = 0; i < 8; i++) {
    if ((flags >> i & 1) == 0 || !member_at(type, i, &m))
      continue;
    say(out, "%s%.*s", any ? "|" : "", (int)m.label_size, m.label);
    any = true;
  }
  say(out, "%s", any ? "" : "0");
}

static void put_case(p2_text *out, const cove_call *call, const char *type, place from) {
  uint32_t which = from.at != NULL ? *from.at : from.flat->u32;
  bool is_option = p2_type_is(type, "option"), is_result = p2_type_is(type, "result");
  member m = {.label = "?", .label_size = 1};
  // An option has one member, which is that of its second case.
  bool known = is_option ? which == 1 && member_at(type, 0, &m) : member_at(type, which, &m);
  if (is_option || is_result)
    say(out, "%s", is_option ? (which == 0 ? "none" : "some") : (which == 0 ? "ok" : "err"));
  else
    say(out, "%.*s", (int)m.label_size, m.label);
  if (!known || m.type == NULL)
    return;
  say(out, "(");
  put(out, call, m.type,
      from.at != NULL ? (place){.at = from.at + payload_offset(type)} : (place){.flat = from.flat + 1});
  say(out, ")");
}

static void put_list(p2_text *out, const cove_call *call, const char *type, uint32_t at, uint32_t count) {
  const char *element = type + word_size(type) + 1, *behind = element;
  p2_shape shape = p2_measure(&behind);
  const uint8_t *data = memory_at(call, at, (uint64_t)count * shape.size);
  say(out, "[");
  for (uint32_t i = 0; i < count && i < MAX_ITEMS && data != NULL; i++) {
    say(out, "%s", i != 0 ? ", " : "");
    put(out, call, element, (place){.at = data + (size_t)i * shape.size});
  }
  if (count > MAX_ITEMS)
    say(out, ", ... %" PRIu32 " in all", count);
  say(out, "]");
}

static void put(p2_text *out, const cove_call *call, const char *type, place from) {
  if (out->size + 1 == sizeof out->text)
    return;
  if (p2_type_is(type, "string") || p2_type_is(type, "list")) {
    uint32_t pair[2];
    if (from.at != NULL)
      memcpy(pair, from.at, sizeof pair);
    else
      pair[0] = from.flat[0].u32, pair[1] = from.flat[1].u32;
    if (type[0] == 's' || p2_type_is(type + 5, "u8"))
      say_string(out, call, pair[0], pair[1]);
    else
      put_list(out, call, type, pair[0], pair[1]);
  } else if (p2_type_is(type, "record") || p2_type_is(type, "tuple")) {
    put_members(out, call, type, from);
  } else if (p2_type_is(type, "flags")) {
    put_flags(out, type, from.at != NULL ? *from.at : from.flat->u32);
  } else if (p2_type_is(type, "bool")) {
    say(out, "%s", (from.at != NULL ? *from.at : from.flat->u32) != 0 ? "true" : "false");
  } else if (p2_type_is(type, "own") || p2_type_is(type, "borrow")) {
    put_number(out, "u32", from);
  } else if (p2_type_is(type, "variant") || p2_type_is(type, "enum") || p2_type_is(type, "option") ||
             p2_type_is(type, "result")) {
    put_case(out, call, type, from);
  } else {
    put_number(out, type, from);
  }
}

// ---- values of a call ----

static uint32_t load32(place from) {
  uint32_t value;
  if (from.at == NULL)
    return from.flat->u32;
  memcpy(&value, from.at, sizeof value);
  return value;
}

static void show(const cove_call *call, const char *type, place from, p2_text *room, cv_trace_value *out) {
  room->size = 0;
  room->text[0] = '\0';
  if (p2_type_is(type, "string") || strncmp(type, "list<u8>", 8) == 0) {
    uint32_t size = from.at != NULL ? load32((place){.at = from.at + 4}) : from.flat[1].u32;
    const uint8_t *data = memory_at(call, load32(from), size);
    size_t most = type[0] == 's' ? 256 : P2_TRACE_STRING;
    out->kind = CV_TRACE_TEXT;
    out->text = p2_cut(data, data != NULL ? size : 0, most);
    out->is_cut = out->text.size < size;
    return;
  }
  if (p2_type_is(type, "own") || p2_type_is(type, "borrow")) {
    out->kind = CV_TRACE_DESCRIPTOR;
    out->number = load32(from);
    return;
  }
  if (is_signed(type) || (type[0] == 'u' && type[1] >= '0' && type[1] <= '9')) {
    out->kind = is_signed(type) ? CV_TRACE_SIGNED : CV_TRACE_UNSIGNED;
    out->number = load_number(type, from);
    return;
  }
  put(room, call, type, from);
  out->text = (cv_bytes){(const uint8_t *)room->text, room->size};
  out->kind = CV_TRACE_VALUE;
  if (p2_type_is(type, "flags")) {
    out->kind = CV_TRACE_FLAGS;
    out->number = from.at != NULL ? *from.at : from.flat->u32;
  }
}

void p2_show_flat(const cove_call *call, const char *type, const cove_value *flat, p2_text *room, cv_trace_value *out) {
  show(call, type, (place){.flat = flat}, room, out);
}

void p2_show_stored(const cove_call *call, const char *type, const uint8_t *at, p2_text *room, cv_trace_value *out) {
  show(call, type, (place){.at = at}, room, out);
}

bool p2_case(const char *type, uint32_t which, p2_case_info *out) {
  member m;
  if (!member_at(type, which, &m))
    return false;
  *out = (p2_case_info){m.label, m.label_size, m.type, payload_offset(type)};
  return true;
}
