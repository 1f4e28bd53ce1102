// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// link_names.c: names and versions of interfaces (Explainer.md, "Import and Export Definitions"; semver.org 2.0).
#include "component/link.h"

void cv_cname_split(cv_bytes name, cv_bytes *base, cv_bytes *version) {
  *base = name;
  *version = (cv_bytes){name.data, 0};
  const uint8_t *colon = name.size != 0 ? memchr(name.data, ':', name.size) : NULL;
  const uint8_t *at = name.size != 0 ? memchr(name.data, '@', name.size) : NULL;
  if (colon == NULL || at == NULL || memchr(name.data, '=', name.size) != NULL)
    return; // a plain name, a URL or a locked dependency
  base->size = (size_t)(at - name.data);
  *version = (cv_bytes){at + 1, name.size - base->size - 1};
}

typedef struct version {
  uint64_t number[3];
  unsigned count;       // numbers that were there
  cv_bytes pre_release; // without its dash
} version;

static bool is_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

// False when it is no version. Build metadata counts for nothing.
static bool parse(cv_bytes text, version *out) {
  *out = (version){{0}, 0, {text.data, 0}};
  size_t at = 0;
  while (out->count < 3) {
    size_t start = at;
    uint64_t number = 0;
    for (; at < text.size && is_digit(text.data[at]); at++)
      if (cv_mul_overflows(number, 10u, &number) || cv_add_overflows(number, (uint64_t)(text.data[at] - '0'), &number))
        return false;
    if (at == start)
      return false;
    out->number[out->count++] = number;
    if (at == text.size || text.data[at] != '.')
      break;
    at++;
  }
  if (at < text.size && text.data[at] == '-') {
    size_t start = ++at;
    while (at < text.size && text.data[at] != '+')
      at++;
    out->pre_release = (cv_bytes){text.data + start, at - start};
  }
  return at == text.size || text.data[at] == '+';
}

static int order(uint64_t a, uint64_t b) {
  return a < b ? -1 : a > b;
}

static bool is_numeric(cv_bytes s) {
  for (size_t i = 0; i < s.size; i++)
    if (!is_digit(s.data[i]))
      return false;
  return s.size != 0;
}

static cv_bytes next_identifier(cv_bytes *rest) {
  const uint8_t *dot = rest->size != 0 ? memchr(rest->data, '.', rest->size) : NULL;
  cv_bytes out = {rest->data, dot != NULL ? (size_t)(dot - rest->data) : rest->size};
  size_t used = dot != NULL ? out.size + 1 : out.size;
  *rest = (cv_bytes){rest->data + used, rest->size - used};
  return out;
}

static int compare_bytes(cv_bytes a, cv_bytes b) {
  size_t n = CV_MIN(a.size, b.size);
  int result = n != 0 ? memcmp(a.data, b.data, n) : 0;
  return result != 0 ? result : order(a.size, b.size);
}

// Semantic versions, 11: none is more than any; numbers by value and below words; more identifiers are more.
static int compare_pre_release(cv_bytes a, cv_bytes b) {
  if (a.size == 0 || b.size == 0)
    return order(b.size, a.size);
  while (a.size != 0 && b.size != 0) {
    cv_bytes x = next_identifier(&a), y = next_identifier(&b);
    bool x_number = is_numeric(x), y_number = is_numeric(y);
    int result;
    if (x_number != y_number)
      result = x_number ? -1 : 1;
    else if (x_number && x.size != y.size)
      result = order(x.size, y.size);
    else
      result = compare_bytes(x, y);
    if (result != 0)
      return result;
  }
  return order(a.size, b.size);
}

static int compare(const version *a, const version *b) {
  for (unsigned i = 0; i < 3; i++)
    if (a->number[i] != b->number[i])
      return order(a->number[i], b->number[i]);
  return compare_pre_release(a->pre_release, b->pre_release);
}

int cv_version_compare(cv_bytes a, cv_bytes b) {
  version x, y;
  bool has_a = parse(a, &x), has_b = parse(b, &y);
  return has_a && has_b ? compare(&x, &y) : order(has_a, has_b);
}

// How many of the numbers must be equal: up to the first that is not 0.
static unsigned track(const version *v) {
  return v->number[0] != 0 ? 1 : v->number[1] != 0 ? 2 : 3;
}

cv_version_fit cv_version_fits(cv_bytes wanted, cv_bytes suffix, cv_bytes there) {
  char joined[128];
  version w, t;
  if (wanted.size == 0 && there.size == 0)
    return CV_VERSION_FITS;
  if (suffix.size != 0 && wanted.size + suffix.size <= sizeof joined) {
    memcpy(joined, wanted.data, wanted.size);
    memcpy(joined + wanted.size, suffix.data, suffix.size);
    wanted = (cv_bytes){(const uint8_t *)joined, wanted.size + suffix.size};
  }
  if (!parse(wanted, &w) || !parse(there, &t))
    return CV_VERSION_OTHER;
  for (unsigned i = 0; i < track(&t); i++)
    if (i < w.count ? w.number[i] != t.number[i] : t.number[i] != 0)
      return CV_VERSION_OTHER;
  if (w.count < 3) // canonical: any of its kind
    return w.count == track(&t) && t.pre_release.size == 0 ? CV_VERSION_FITS : CV_VERSION_OTHER;
  int by = compare(&w, &t);
  if (w.pre_release.size != 0 || t.pre_release.size != 0)
    return by == 0 ? CV_VERSION_FITS : CV_VERSION_OTHER;
  return by <= 0 ? CV_VERSION_FITS : CV_VERSION_NEWER;
}
