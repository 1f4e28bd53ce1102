// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// string.c: strings in and out of a guest's memory (CanonicalABI.md, "Loading": load_string, "Storing": store_string).
// Outside of memory a string is UTF-8. How it was encoded where it came from travels with it, because the sizes that
// the guest's realloc is asked for depend on that, in a way that the specification prescribes.
//
// Terms
//   units   code units: bytes of UTF-8 and Latin-1, 16-bit words of UTF-16
//   tag     the highest bit of a length in latin1+utf16: the string is UTF-16
#include "base/utf8.h"
#include "component/canon/access.h"

static const uint32_t SOURCE_TAG = (uint32_t)1 << 31; // in cv_cval.source_units

// ---- UTF-16 ----

// The code point at units[*at], which moves behind it; UINT32_MAX for a surrogate without its partner.
static uint32_t next_utf16(const uint8_t *units, size_t count, size_t *at) {
  uint32_t a = cv_load_le16(units + 2 * (*at)++);
  if (a < 0xd800 || a > 0xdfff)
    return a;
  if (a > 0xdbff || *at == count)
    return UINT32_MAX;
  uint32_t b = cv_load_le16(units + 2 * *at);
  if (b < 0xdc00 || b > 0xdfff)
    return UINT32_MAX;
  (*at)++;
  return 0x10000 + ((a - 0xd800) << 10) + (b - 0xdc00);
}

static size_t put_utf16(uint8_t *out, uint32_t code_point) {
  if (code_point < 0x10000) {
    cv_store_le16(out, (uint16_t)code_point);
    return 2;
  }
  cv_store_le16(out, (uint16_t)(0xd800 + ((code_point - 0x10000) >> 10)));
  cv_store_le16(out + 2, (uint16_t)(0xdc00 + ((code_point - 0x10000) & 0x3ff)));
  return 4;
}

static size_t utf8_size(uint32_t code_point) {
  return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}

// ---- lifting ----

// True when the string ends inside of a sequence that could have been completed.
static bool is_cut(const uint8_t *from, size_t left) {
  static const uint8_t pads[] = {0x80, 0xbf}; // one of them may follow any first byte
  uint8_t whole[4];
  uint32_t unused;
  for (size_t i = 0; left < sizeof whole && i < CV_COUNT(pads); i++) {
    memset(whole, pads[i], sizeof whole);
    memcpy(whole, from, left);
    if (cv_utf8_decode(whole, sizeof whole, &unused) > left)
      return true;
  }
  return false;
}

static cv_run check_utf8(const cv_canon_context *cx, const uint8_t *from, size_t size) {
  size_t valid = cv_utf8_valid_prefix(from, size);
  if (valid == size)
    return CV_RUN_OK;
  bool cut = is_cut(from + valid, size - valid);
  return cv_canon_trap(cx, cut ? "incomplete utf-8 byte sequence at byte %zu" : "invalid utf-8 sequence at byte %zu",
                       valid);
}

// *size is that of the string as UTF-8.
static cv_run check_utf16(const cv_canon_context *cx, const uint8_t *from, size_t units, size_t *size) {
  *size = 0;
  for (size_t at = 0; at < units;) {
    size_t start = at;
    uint32_t code_point = next_utf16(from, units, &at);
    if (code_point == UINT32_MAX)
      return cv_canon_trap(cx, "unpaired surrogate in utf-16 at code unit %zu", start);
    *size += utf8_size(code_point);
  }
  return CV_RUN_OK;
}

cv_run cv_check_utf8(const cv_canon_context *cx, uint64_t address, uint64_t size) {
  return check_utf8(cx, cv_canon_at(cx, address), size);
}

cv_run cv_check_utf16(const cv_canon_context *cx, uint64_t address, uint64_t units) {
  size_t unused;
  return check_utf16(cx, cv_canon_at(cx, address), units, &unused);
}

static cv_run lift_utf8(cv_canon_context *cx, const uint8_t *from, size_t size, bool in_place, cv_cval *out) {
  // Another thread may write to a shared memory: what is checked must be what is used.
  if (!in_place || cx->options->memory->shared != NULL) {
    uint8_t *copy = cv_arena_copy(cx->arena, from, size);
    if (copy == NULL)
      return cv_trap_set(cx->instance->context, CV_TRAP_OUT_OF_MEMORY, "no host memory for a string of %zu bytes",
                         size);
    from = copy;
  }
  if (check_utf8(cx, from, size) != CV_RUN_OK)
    return CV_RUN_TRAP;
  out->as.string.data = (const char *)from;
  out->as.string.size = size;
  out->source_encoding = CV_UTF8;
  return CV_RUN_OK;
}

static cv_run lift_utf16(cv_canon_context *cx, const uint8_t *from, size_t units, cv_cval *out) {
  if (cx->options->memory->shared != NULL) {
    from = cv_arena_copy(cx->arena, from, 2 * units);
    if (from == NULL)
      return cv_trap_set(cx->instance->context, CV_TRAP_OUT_OF_MEMORY, "no host memory for a string");
  }
  size_t size;
  if (check_utf16(cx, from, units, &size) != CV_RUN_OK)
    return CV_RUN_TRAP;
  uint8_t *to = cv_canon_array(cx, size, 1);
  if (to == NULL)
    return CV_RUN_TRAP;
  out->as.string.data = (const char *)to;
  out->as.string.size = size;
  for (size_t at = 0; at < units;)
    to += cv_utf8_encode(next_utf16(from, units, &at), to);
  return CV_RUN_OK;
}

static cv_run lift_latin1(cv_canon_context *cx, const uint8_t *from, size_t size, cv_cval *out) {
  uint8_t *to = cv_canon_array(cx, size, 2);
  if (to == NULL)
    return CV_RUN_TRAP;
  out->as.string.data = (const char *)to;
  uint8_t *start = to;
  for (size_t i = 0; i < size; i++)
    to += cv_utf8_encode(from[i], to);
  out->as.string.size = (size_t)(to - start);
  return CV_RUN_OK;
}

cv_run cv_lift_string(cv_canon_context *cx, uint64_t address, uint64_t units, bool in_place, cv_cval *out) {
  uint64_t tag = cx->options->is_64 ? (uint64_t)1 << 63 : (uint64_t)1 << 31;
  cv_string_encoding encoding = cx->options->encoding;
  bool tagged = encoding == CV_LATIN1_UTF16 && (units & tag) != 0;
  if (tagged)
    units ^= tag;
  bool wide = encoding == CV_UTF16 || tagged;
  if (units > (wide ? CV_MAX_VALUE_BYTES / 2 : CV_MAX_VALUE_BYTES))
    return cv_canon_trap(cx, "string of %llu code units: at most 268435455 bytes are allowed",
                         (unsigned long long)units);
  uint64_t size = wide ? 2 * units : units;
  if (!cv_is_aligned(address, encoding == CV_UTF8 ? 1 : 2))
    return cv_canon_trap(cx, "unaligned pointer");
  if (!cv_canon_fits(cx, address, size))
    return cv_canon_trap(cx, cx->host_side ? "string pointer/length out of bounds of memory"
                                           : "string content out-of-bounds");
  if (cv_canon_count(cx, size) != CV_RUN_OK)
    return CV_RUN_TRAP;
  *out = (cv_cval){.kind = CV_CT_STRING, .source_encoding = encoding, .source_units = (uint32_t)units};
  const uint8_t *from = cv_canon_at(cx, address);
  if (encoding == CV_UTF8)
    return lift_utf8(cx, from, size, in_place, out);
  if (!wide)
    return lift_latin1(cx, from, size, out);
  out->source_units |= tagged ? SOURCE_TAG : 0;
  return lift_utf16(cx, from, units, out);
}

// ---- lowering ----

// What a string was before it was UTF-8, which it is now. Never trusted: counted anew.
typedef struct source {
  const uint8_t *data; // UTF-8
  size_t size;
  cv_string_encoding encoding; // of memory that it came from
  bool is_latin1, is_utf16;    // how it was there; neither: UTF-8
  uint64_t units;              // there
} source;

static uint32_t next_utf8(const source *s, size_t *at) {
  uint32_t code_point = 0;
  *at += cv_utf8_decode(s->data + *at, s->size - *at, &code_point);
  return code_point;
}

static cv_run source_of(cv_canon_context *cx, const cv_cval *v, source *s) {
  *s = (source){.data = (const uint8_t *)v->as.string.data, .size = v->as.string.size};
  if (CV_UNLIKELY(s->size > 0 && cv_memory_holds(cx->options->memory, s->data))) {
    s->data = cv_arena_copy(cx->arena, s->data, s->size);
    if (s->data == NULL)
      return cv_trap_set(cx->instance->context, CV_TRAP_OUT_OF_MEMORY, "no host memory for a string of %zu bytes",
                         s->size);
  }
  if (s->size > 0 && cv_utf8_valid_prefix(s->data, s->size) != s->size)
    return cv_canon_trap(cx, "invalid utf-8 in a string of the host");
  uint64_t points = 0, utf16_units = 0;
  bool narrow = true; // all below 256
  for (size_t at = 0; v->source_encoding != CV_UTF8 && at < s->size;) {
    uint32_t code_point = next_utf8(s, &at);
    points++;
    utf16_units += code_point < 0x10000 ? 1 : 2;
    narrow &= code_point < 0x100;
  }
  uint32_t claimed = v->source_units & ~SOURCE_TAG;
  bool tagged = (v->source_units & SOURCE_TAG) != 0;
  bool wide = v->source_encoding == CV_UTF16 || (v->source_encoding == CV_LATIN1_UTF16 && tagged);
  if (wide && claimed == utf16_units) {
    s->is_utf16 = true;
  } else if (v->source_encoding == CV_LATIN1_UTF16 && !tagged && narrow && claimed == points) {
    s->is_latin1 = true;
  } else {
    s->units = s->size;
    if (s->size > CV_MAX_VALUE_BYTES)
      return cv_canon_trap(cx, "string of %zu bytes: at most 268435455 are allowed", s->size);
    return CV_RUN_OK;
  }
  s->encoding = (cv_string_encoding)v->source_encoding;
  s->units = claimed;
  return CV_RUN_OK;
}

static cv_run ask(cv_canon_context *cx, uint64_t old, uint64_t old_size, uint32_t align, uint64_t size, uint64_t *out) {
  cx->content = "string";
  return cv_canon_realloc(cx, old, old_size, align, size, out);
}

// Code units are the same on both sides, or wider here: one allocation, filled.
static cv_run store_utf8_copy(cv_canon_context *cx, const source *s, uint64_t *address, uint64_t *units) {
  if (ask(cx, 0, 0, 1, s->size, address) != CV_RUN_OK)
    return CV_RUN_TRAP;
  if (s->size != 0)
    memcpy(cv_canon_at(cx, *address), s->data, s->size);
  *units = s->size;
  return CV_RUN_OK;
}

static cv_run store_latin1_copy(cv_canon_context *cx, const source *s, uint64_t *address, uint64_t *units) {
  if (ask(cx, 0, 0, 2, s->units, address) != CV_RUN_OK)
    return CV_RUN_TRAP;
  uint8_t *to = cv_canon_at(cx, *address);
  for (size_t at = 0; at < s->size;)
    *to++ = (uint8_t)next_utf8(s, &at);
  *units = s->units;
  return CV_RUN_OK;
}

// From code point s->data[at] on. Returns the end.
static uint8_t *fill_utf16(const source *s, size_t at, uint8_t *to) {
  while (at < s->size)
    to += put_utf16(to, next_utf8(s, &at));
  return to;
}

static cv_run store_utf16_copy(cv_canon_context *cx, const source *s, uint64_t *address, uint64_t *units) {
  if (ask(cx, 0, 0, 2, 2 * s->units, address) != CV_RUN_OK)
    return CV_RUN_TRAP;
  fill_utf16(s, 0, cv_canon_at(cx, *address));
  *units = s->units;
  return CV_RUN_OK;
}

// Hoping for ASCII first, then for the worst, then cut to size.
static cv_run store_to_utf8(cv_canon_context *cx, const source *s, uint64_t worst, uint64_t *address, uint64_t *units) {
  if (ask(cx, 0, 0, 1, s->units, address) != CV_RUN_OK)
    return CV_RUN_TRAP;
  size_t ascii = 0;
  while (ascii < s->size && s->data[ascii] < 0x80)
    ascii++;
  if (ascii != 0)
    memcpy(cv_canon_at(cx, *address), s->data, ascii);
  *units = s->units;
  if (ascii == s->size)
    return CV_RUN_OK;
  if (ask(cx, *address, s->units, 1, worst, address) != CV_RUN_OK)
    return CV_RUN_TRAP;
  // What was before stays as the guest's realloc left it.
  memcpy(cv_canon_at(cx, *address) + ascii, s->data + ascii, s->size - ascii);
  *units = s->size;
  return worst > s->size ? ask(cx, *address, worst, 1, s->size, address) : CV_RUN_OK;
}

static cv_run store_utf8_to_utf16(cv_canon_context *cx, const source *s, uint64_t *address, uint64_t *units) {
  uint64_t worst = 2 * s->units;
  if (ask(cx, 0, 0, 2, worst, address) != CV_RUN_OK)
    return CV_RUN_TRAP;
  uint8_t *start = cv_canon_at(cx, *address);
  uint64_t size = (uint64_t)(fill_utf16(s, 0, start) - start);
  *units = size / 2;
  return size < worst ? ask(cx, *address, worst, 2, size, address) : CV_RUN_OK;
}

// Hoping for Latin-1; the first code point that is none makes all of it UTF-16.
static cv_run store_to_latin1_or_utf16(cv_canon_context *cx, const source *s, uint64_t tag, uint64_t *address,
                                       uint64_t *units) {
  if (ask(cx, 0, 0, 2, s->units, address) != CV_RUN_OK)
    return CV_RUN_TRAP;
  uint8_t *to = cv_canon_at(cx, *address);
  uint64_t done = 0;
  for (size_t at = 0; at < s->size;) {
    size_t before = at;
    uint32_t code_point = next_utf8(s, &at);
    if (code_point < 0x100) {
      to[done++] = (uint8_t)code_point;
      continue;
    }
    uint64_t worst = 2 * s->units;
    if (ask(cx, *address, s->units, 2, worst, address) != CV_RUN_OK)
      return CV_RUN_TRAP;
    to = cv_canon_at(cx, *address);
    for (uint64_t j = done; j-- > 0;)
      cv_store_le16(to + 2 * j, to[j]);
    uint64_t size = (uint64_t)(fill_utf16(s, before, to + 2 * done) - to);
    *units = size / 2 | tag;
    return worst > size ? ask(cx, *address, worst, 2, size, address) : CV_RUN_OK;
  }
  *units = done;
  return done < s->units ? ask(cx, *address, s->units, 2, done, address) : CV_RUN_OK;
}

// It was UTF-16 where the encoding allows Latin-1: probably because it must be.
static cv_run store_probably_utf16(cv_canon_context *cx, const source *s, uint64_t tag, uint64_t *address,
                                   uint64_t *units) {
  uint64_t size = 2 * s->units;
  if (ask(cx, 0, 0, 2, size, address) != CV_RUN_OK)
    return CV_RUN_TRAP;
  uint8_t *to = cv_canon_at(cx, *address);
  fill_utf16(s, 0, to);
  for (size_t at = 0; at < s->size;)
    if (next_utf8(s, &at) >= 0x100) {
      *units = s->units | tag;
      return CV_RUN_OK;
    }
  for (uint64_t i = 0; i < s->units; i++)
    to[i] = to[2 * i];
  *units = s->units;
  return ask(cx, *address, size, 1, s->units, address);
}

cv_run cv_lower_string(cv_canon_context *cx, const cv_cval *v, uint64_t *address, uint64_t *units) {
  source s;
  if (source_of(cx, v, &s) != CV_RUN_OK)
    return CV_RUN_TRAP;
  uint64_t tag = cx->options->is_64 ? (uint64_t)1 << 63 : (uint64_t)1 << 31;
  switch (cx->options->encoding) {
  case CV_UTF8:
    if (s.is_utf16)
      return store_to_utf8(cx, &s, 3 * s.units, address, units);
    if (s.is_latin1)
      return store_to_utf8(cx, &s, 2 * s.units, address, units);
    return store_utf8_copy(cx, &s, address, units);
  case CV_UTF16:
    if (s.is_utf16 || s.is_latin1)
      return store_utf16_copy(cx, &s, address, units);
    return store_utf8_to_utf16(cx, &s, address, units);
  case CV_LATIN1_UTF16:
    break;
  }
  if (s.is_latin1)
    return store_latin1_copy(cx, &s, address, units);
  if (s.is_utf16 && s.encoding == CV_LATIN1_UTF16)
    return store_probably_utf16(cx, &s, tag, address, units);
  return store_to_latin1_or_utf16(cx, &s, tag, address, units);
}
