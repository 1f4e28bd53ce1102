// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// numbers.c: numbers with units, as people type them.
#include "cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct unit {
  const char *name;
  uint64_t factor;
} unit;

static const unit counts[] = {{"", 1}, {"k", 1000}, {"K", 1000}, {"M", 1000000}, {"G", 1000000000}, {NULL, 0}};
static const unit sizes[] = {{"", 1},
                             {"B", 1},
                             {"k", 1 << 10},
                             {"K", 1 << 10},
                             {"KB", 1000},
                             {"KiB", 1 << 10},
                             {"M", 1 << 20},
                             {"MB", 1000000},
                             {"MiB", 1 << 20},
                             {"G", 1 << 30},
                             {"GB", 1000000000},
                             {"GiB", 1 << 30},
                             {"T", 1ull << 40},
                             {"TB", 1000000000000},
                             {"TiB", 1ull << 40},
                             {NULL, 0}};
static const unit durations[] = {{"", 1000000000}, {"s", 1000000000},   {"ms", 1000000},       {"us", 1000},
                                 {"ns", 1},        {"m", 60000000000u}, {"min", 60000000000u}, {"h", 3600000000000u},
                                 {NULL, 0}};

// Digits, a fraction, a unit.
static bool parse(const char *text, const unit *units, uint64_t *out) {
  uint64_t whole = 0, fraction = 0, scale = 1;
  const char *at = text;
  for (; isdigit((unsigned char)*at); at++)
    if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, (uint64_t)(*at - '0'), &whole))
      return false;
  if (at == text)
    return false;
  if (*at == '.')
    for (at++; isdigit((unsigned char)*at); at++)
      if (scale < 1000000000) {
        fraction = fraction * 10 + (uint64_t)(*at - '0');
        scale *= 10;
      }
  for (; units->name != NULL; units++)
    if (strcmp(units->name, at) == 0) {
      uint64_t part = (uint64_t)((double)fraction / (double)scale * (double)units->factor);
      return !__builtin_mul_overflow(whole, units->factor, out) && !__builtin_add_overflow(*out, part, out);
    }
  return false;
}

bool cli_parse_count(const char *text, uint64_t *out) {
  if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
    return parse(text, counts, out);
  size_t digits = strspn(text + 2, "0123456789abcdefABCDEF");
  *out = strtoull(text + 2, NULL, 16);
  return digits != 0 && digits <= 16 && text[2 + digits] == '\0';
}

bool cli_parse_size(const char *text, uint64_t *out) {
  return parse(text, sizes, out);
}

bool cli_parse_duration(const char *text, uint64_t *out) {
  return parse(text, durations, out);
}

// Days from 1970-01-01 in the Gregorian calendar, for years from 1970 on.
static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day) {
  // March is the first month, so that the leap day is the last of its year.
  unsigned y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
  uint64_t era_days = (uint64_t)y * 365 + y / 4 - y / 100 + y / 400;
  return era_days + (153 * m + 2) / 5 + day - 1 - 719468;
}

static unsigned days_of_month(unsigned year, unsigned month) {
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

bool cli_parse_time(const char *text, uint64_t *out) {
  unsigned year, month, day, hour = 0, minute = 0, second = 0;
  int used = 0;
  if (strchr(text, '-') == NULL)
    return parse(text, durations, out);
  int fields = sscanf(text, "%4u-%2u-%2u%nT%2u:%2u:%2u%n", &year, &month, &day, &used, &hour, &minute, &second, &used);
  if ((fields != 3 && fields != 6) || (text[used] != '\0' && strcmp(text + used, "Z") != 0))
    return false;
  if (year < 1970 || year > 2500 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
      hour > 23 || minute > 59 || second > 59)
    return false;
  *out = (((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000000000u;
  return true;
}
