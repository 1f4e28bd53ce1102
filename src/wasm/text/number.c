// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// number.c: exact reading and writing of numbers. A decimal float is a ratio of two big integers, of which 64 bits and
// a sticky bit (is anything left?) are computed by long division; that decides every rounding.
#include "wasm/text/number.h"

// ---- integers ------------------------------------------------------------------------------------------------------

static unsigned digit_value(uint8_t c) {
  return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

// Magnitude of the digits at [p, end), with underscores. False when it exceeds `max`.
static bool magnitude(const uint8_t *p, const uint8_t *end, uint64_t max, uint64_t *value) {
  unsigned base = 10;
  if (end - p > 2 && p[1] == 'x') {
    base = 16;
    p += 2;
  }
  uint64_t v = 0;
  for (; p < end; p++) {
    if (*p == '_')
      continue;
    if (cv_mul_overflows(v, base, &v) || cv_add_overflows(v, digit_value(*p), &v) || v > max)
      return false;
  }
  *value = v;
  return true;
}

bool cv_text_nat(cv_bytes literal, uint64_t max, uint64_t *value) {
  return magnitude(literal.data, literal.data + literal.size, max, value);
}

bool cv_text_int(cv_bytes literal, unsigned bits, uint64_t *value) {
  const uint8_t *p = literal.data, *end = p + literal.size;
  uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
  bool negative = *p == '-';
  p += negative || *p == '+';
  uint64_t v;
  if (!magnitude(p, end, negative ? mask / 2 + 1 : mask, &v))
    return false;
  *value = (negative ? 0 - v : v) & mask;
  return true;
}

// ---- floats: rounding ----------------------------------------------------------------------------------------------

typedef struct float_format {
  unsigned bits, fraction; // width, bits of the fraction field
  int min_exponent;        // of the smallest normal number, and 1 - it is the largest exponent
} float_format;

static float_format format_of(unsigned bits) {
  return bits == 32 ? (float_format){32, 23, -126} : (float_format){64, 52, -1022};
}

// mantissa * 2^exponent, plus something smaller than one unit of the mantissa if `sticky`; mantissa has bit 63 set.
// False on overflow.
static bool round_float(float_format f, uint64_t mantissa, int exponent, bool sticky, uint64_t *value) {
  int top = exponent + 63; // exponent of the leading bit
  int drop = 63 - (int)f.fraction;
  if (top < f.min_exponent)
    drop += f.min_exponent - top;
  uint64_t kept, half;
  if (drop > 64) {
    *value = 0;
    return true;
  }
  kept = drop == 64 ? 0 : mantissa >> drop;
  half = (uint64_t)1 << (drop - 1);
  uint64_t rest = mantissa & (half - 1);
  if ((mantissa & half) != 0 && (rest != 0 || sticky || (kept & 1) != 0))
    kept++;
  if (top >= f.min_exponent) {
    // `kept` has the hidden bit, which carries into the exponent field; so does a carry out of rounding.
    kept += (uint64_t)(top - f.min_exponent) << f.fraction;
  }
  uint64_t infinity = (((uint64_t)1 << (f.bits - 1 - f.fraction)) - 1) << f.fraction;
  if (top > 1 - f.min_exponent || kept >= infinity)
    return false;
  *value = kept;
  return true;
}

// ---- floats: hexadecimal -------------------------------------------------------------------------------------------

// Exponent digits, held within +-1,000,000,000 so that later sums do not overflow.
static int64_t read_exponent(const uint8_t *p, const uint8_t *end) {
  bool negative = *p == '-';
  p += negative || *p == '+';
  int64_t e = 0;
  for (; p < end; p++)
    if (*p != '_' && e < 1000000000)
      e = e * 10 + (*p - '0');
  e = CV_MIN(e, 1000000000);
  return negative ? -e : e;
}

static bool read_hex(float_format f, const uint8_t *p, const uint8_t *end, uint64_t *value) {
  uint64_t mantissa = 0;
  int64_t exponent = 0;
  bool sticky = false, point = false;
  for (; p < end && (*p | 0x20) != 'p'; p++) {
    if (*p == '_')
      continue;
    if (*p == '.') {
      point = true;
      continue;
    }
    if (mantissa >> 60 == 0) {
      mantissa = mantissa << 4 | digit_value(*p);
      exponent -= point ? 4 : 0;
    } else {
      sticky |= *p != '0';
      exponent += point ? 0 : 4;
    }
  }
  if (p < end)
    exponent += read_exponent(p + 1, end);
  if (mantissa == 0) {
    *value = 0;
    return true;
  }
  int shift = __builtin_clzll(mantissa);
  exponent -= shift;
  if (exponent > 2000)
    return false;
  return round_float(f, mantissa << shift, (int)CV_MAX(exponent, -3000), sticky, value);
}

// ---- floats: decimal -----------------------------------------------------------------------------------------------

enum {
  DIGITS = 800, // 767 decide every double; one more that is not zero stands for all that follow
  WORDS = 200,  // 6,400 bits: 10^(800 + 400) has 3,987, and a shift by its length doubles nothing
};

typedef struct big {
  unsigned count; // words in use, the last one is not zero
  uint32_t words[WORDS];
} big;

static void big_mul_add(big *b, uint32_t factor, uint32_t addend) {
  uint64_t carry = addend;
  for (unsigned i = 0; i < b->count; i++) {
    carry += (uint64_t)b->words[i] * factor;
    b->words[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry != 0)
    b->words[b->count++] = (uint32_t)carry;
}

static void big_mul_power10(big *b, unsigned power) {
  for (; power >= 9; power -= 9)
    big_mul_add(b, 1000000000, 0);
  for (; power > 0; power--)
    big_mul_add(b, 10, 0);
}

static unsigned big_length(const big *b) {
  return b->count == 0 ? 0 : b->count * 32 - (unsigned)__builtin_clz(b->words[b->count - 1]);
}

static void big_shift_left(big *b, unsigned bits) {
  unsigned words = bits / 32, rest = bits % 32;
  if (rest != 0)
    big_mul_add(b, (uint32_t)1 << rest, 0);
  if (words != 0) {
    memmove(b->words + words, b->words, b->count * sizeof *b->words);
    memset(b->words, 0, words * sizeof *b->words);
    b->count += words;
  }
}

static int big_compare(const big *a, const big *b) {
  if (a->count != b->count)
    return a->count < b->count ? -1 : 1;
  for (unsigned i = a->count; i-- > 0;)
    if (a->words[i] != b->words[i])
      return a->words[i] < b->words[i] ? -1 : 1;
  return 0;
}

// a -= b; a is at least b.
static void big_sub(big *a, const big *b) {
  int64_t borrow = 0;
  for (unsigned i = 0; i < a->count; i++) {
    borrow += (int64_t)a->words[i] - (i < b->count ? b->words[i] : 0);
    a->words[i] = (uint32_t)borrow;
    borrow >>= 32;
  }
  while (a->count > 0 && a->words[a->count - 1] == 0)
    a->count--;
}

// numerator / denominator, both positive, to 64 bits: the quotient has bit 63 set.
static bool divide(float_format f, big *numerator, big *denominator, uint64_t *value) {
  // Scale so that 1 <= numerator / denominator < 2.
  int exponent = (int)big_length(numerator) - (int)big_length(denominator);
  if (exponent > 0)
    big_shift_left(denominator, (unsigned)exponent);
  else
    big_shift_left(numerator, (unsigned)-exponent);
  if (big_compare(numerator, denominator) < 0) {
    big_shift_left(numerator, 1);
    exponent--;
  }
  uint64_t quotient = 0;
  for (int bit = 63; bit >= 0; bit--) {
    if (big_compare(numerator, denominator) >= 0) {
      quotient |= (uint64_t)1 << bit;
      big_sub(numerator, denominator);
    }
    big_shift_left(numerator, 1);
  }
  return round_float(f, quotient, exponent - 63, numerator->count != 0, value);
}

// Collects the significant digits; the value is digits * 10^*exponent.
static unsigned read_digits(const uint8_t *p, const uint8_t *end, uint8_t *digits, int64_t *exponent) {
  unsigned count = 0;
  bool point = false, more = false;
  int64_t e = 0;
  for (; p < end && (*p | 0x20) != 'e'; p++) {
    if (*p == '.')
      point = true;
    if (*p == '.' || *p == '_')
      continue;
    if (count < DIGITS) {
      if (count != 0 || *p != '0')
        digits[count++] = *p - '0';
      e -= point;
    } else {
      more |= *p != '0';
      e += !point;
    }
  }
  if (p < end)
    e += read_exponent(p + 1, end);
  if (more)
    digits[DIGITS - 1] |= 1; // beyond what can decide, and now surely not zero
  while (count > 0 && digits[count - 1] == 0) {
    count--;
    e++;
  }
  *exponent = e;
  return count;
}

static bool read_decimal(float_format f, const uint8_t *p, const uint8_t *end, uint64_t *value) {
  uint8_t digits[DIGITS];
  int64_t exponent;
  unsigned count = read_digits(p, end, digits, &exponent);
  int64_t magnitude10 = exponent + count; // the value is in [10^(it - 1), 10^it)
  if (count == 0 || magnitude10 < -400) {
    *value = 0;
    return true;
  }
  if (magnitude10 > 310)
    return false;
  big numerator = {.count = 0}, denominator = {.count = 1, .words = {1}};
  for (unsigned i = 0; i < count; i++)
    big_mul_add(&numerator, 10, digits[i]);
  if (exponent >= 0)
    big_mul_power10(&numerator, (unsigned)exponent);
  else
    big_mul_power10(&denominator, (unsigned)-exponent);
  return divide(f, &numerator, &denominator, value);
}

bool cv_text_float(cv_bytes literal, unsigned bits, uint64_t *value) {
  float_format f = format_of(bits);
  const uint8_t *p = literal.data, *end = p + literal.size;
  uint64_t sign = (uint64_t)(*p == '-') << (bits - 1);
  p += *p == '-' || *p == '+';
  uint64_t infinity = (((uint64_t)1 << (bits - 1 - f.fraction)) - 1) << f.fraction, v = 0;
  bool ok = true;
  if (*p == 'i')
    v = infinity;
  else if (*p == 'n' && end - p == 3)
    v = infinity | (uint64_t)1 << (f.fraction - 1);
  else if (*p == 'n') {
    ok = magnitude(p + 4, end, ((uint64_t)1 << f.fraction) - 1, &v) && v != 0;
    v |= infinity;
  } else if (end - p > 2 && p[1] == 'x')
    ok = read_hex(f, p + 2, end, &v);
  else
    ok = read_decimal(f, p, end, &v);
  if (ok)
    *value = v | sign;
  return ok;
}

// ---- printing ------------------------------------------------------------------------------------------------------

static double to_double(uint64_t magnitude_bits, unsigned bits) {
  if (bits == 64) {
    double d;
    memcpy(&d, &magnitude_bits, sizeof d);
    return d;
  }
  uint32_t narrow = (uint32_t)magnitude_bits;
  float s;
  memcpy(&s, &narrow, sizeof s);
  return (double)s;
}

// A decimal of few digits that reads back exactly, if there is one.
static bool print_short(cv_buf *out, uint64_t value, unsigned bits) {
  double d = to_double(value, bits), scale = 1;
  for (unsigned places = 0; places <= 9; places++, scale *= 10) {
    double scaled = d * scale;
    if (scaled >= 1e15)
      return false;
    uint64_t whole = (uint64_t)(scaled + 0.5);
    uint64_t unit = (uint64_t)scale;
    uint8_t text[48];
    cv_buf probe = {.data = text, .capacity = sizeof text}; // never grows: at most 16 + 1 + 9 characters
    cv_buf_printf(&probe, "%llu", (unsigned long long)(whole / unit));
    if (places > 0)
      cv_buf_printf(&probe, ".%0*llu", (int)places, (unsigned long long)(whole % unit));
    uint64_t back;
    if (cv_text_float((cv_bytes){text, probe.size}, bits, &back) && back == value) {
      cv_buf_bytes(out, text, probe.size);
      return true;
    }
  }
  return false;
}

void cv_text_print_float(cv_buf *out, uint64_t value, unsigned bits) {
  float_format f = format_of(bits);
  uint64_t sign = (uint64_t)1 << (bits - 1), fraction_mask = ((uint64_t)1 << f.fraction) - 1;
  if ((value & sign) != 0)
    cv_buf_byte(out, '-');
  value &= ~sign;
  uint64_t fraction = value & fraction_mask;
  int field = (int)(value >> f.fraction);
  if (field == 3 - 2 * f.min_exponent) {
    if (fraction == 0)
      cv_buf_text(out, "inf");
    else if (fraction == (fraction_mask + 1) / 2)
      cv_buf_text(out, "nan");
    else
      cv_buf_printf(out, "nan:0x%llx", (unsigned long long)fraction);
    return;
  }
  if (print_short(out, value, bits))
    return;
  int exponent = field == 0 ? f.min_exponent : field - 1 + f.min_exponent;
  unsigned digits = (f.fraction + 3) / 4;
  fraction <<= digits * 4 - f.fraction;
  while (digits > 1 && (fraction & 15) == 0) {
    fraction >>= 4;
    digits--;
  }
  cv_buf_printf(out, "0x%d", field != 0);
  if (fraction != 0)
    cv_buf_printf(out, ".%0*llx", (int)digits, (unsigned long long)fraction);
  cv_buf_printf(out, "p%+d", exponent);
}
