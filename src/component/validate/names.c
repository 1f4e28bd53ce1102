// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// names.c: names of imports and exports: their grammar, versions, attributes, what an annotation such as [method]
// demands, and strong uniqueness (Explainer.md, "Import and Export Definitions", "Name Uniqueness").
#include "component/validate/names.h"

#include <stdarg.h>
#include <stdio.h>

#include "component/validate/validator.h"

// ---- grammar ----

static bool is_lower(uint8_t c) {
  return c >= 'a' && c <= 'z';
}
static bool is_upper(uint8_t c) {
  return c >= 'A' && c <= 'Z';
}
static bool is_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

// Fragments of one case each, with hyphens between; the first begins with a letter.
static bool is_fragments(cv_bytes s, bool upper_allowed) {
  if (s.size == 0 || is_digit(s.data[0]))
    return false;
  bool lower = false, upper = false, any = false;
  for (size_t i = 0; i < s.size; i++) {
    uint8_t c = s.data[i];
    if (c == '-') {
      if (!any)
        return false;
      lower = upper = any = false;
      continue;
    }
    lower |= is_lower(c);
    upper |= is_upper(c);
    any = true;
    if (!(is_lower(c) || is_upper(c) || is_digit(c)) || (lower && upper) || (upper && !upper_allowed))
      return false;
  }
  return any;
}

bool cv_name_is_kebab(cv_bytes name) {
  return is_fragments(name, true);
}

static cv_bytes sub(cv_bytes s, size_t from, size_t to) {
  return (cv_bytes){s.data + from, to - from};
}
static size_t find(cv_bytes s, uint8_t c) {
  size_t i = 0;
  while (i < s.size && s.data[i] != c)
    i++;
  return i;
}
static bool starts_with(cv_bytes s, const char *prefix) {
  size_t size = strlen(prefix);
  return s.size >= size && memcmp(s.data, prefix, size) == 0;
}

CV_PRINTF(2, 3) static bool fault(cv_name *n, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vsnprintf(n->fault, sizeof n->fault, fmt, args);
  va_end(args);
  return false;
}

static bool want_kebab(cv_name *n, cv_bytes label, bool upper_allowed) {
  return is_fragments(label, upper_allowed) || fault(n, "`%.*s` is not in kebab case", CV_NAME(label));
}

// ---- versions (semver.org 2.0.0) ----

static bool read_number(cv_name *n, cv_bytes s, size_t *at, const char *what) {
  size_t start = *at;
  while (*at < s.size && is_digit(s.data[*at]))
    ++*at;
  if (*at == start) {
    if (*at == s.size)
      return fault(n, "unexpected end of input while parsing %s version number", what);
    return fault(n, "unexpected character '%c' while parsing %s version number", s.data[*at], what);
  }
  if (s.data[start] == '0' && *at - start > 1)
    return fault(n, "invalid leading zero in %s version number", what);
  // A number has to fit in 64 bits.
  uint64_t value = 0;
  for (size_t i = start; i < *at; i++)
    if (cv_mul_overflows(value, (uint64_t)10, &value) || cv_add_overflows(value, s.data[i] - (uint64_t)'0', &value))
      return fault(n, "value of %s version number is too large", what);
  return true;
}

static bool read_identifiers(cv_name *n, cv_bytes s, size_t *at, bool is_prerelease) {
  const char *what = is_prerelease ? "pre-release identifier" : "build metadata";
  do {
    size_t start = ++*at;
    bool digits = true;
    while (*at < s.size &&
           (is_digit(s.data[*at]) || is_lower(s.data[*at]) || is_upper(s.data[*at]) || s.data[*at] == '-'))
      digits &= is_digit(s.data[(*at)++]);
    if (*at == start)
      return fault(n, "empty identifier segment in %s", what);
    if (is_prerelease && digits && s.data[start] == '0' && *at - start > 1)
      return fault(n, "invalid leading zero in %s", what);
  } while (*at < s.size && s.data[*at] == '.');
  return true;
}

static bool read_semver(cv_name *n, cv_bytes s) {
  static const char *const parts[] = {"major", "minor", "patch"};
  size_t at = 0;
  if (s.size == 0)
    return fault(n, "empty string, expected a semver version");
  for (unsigned i = 0; i < 3; i++) {
    if (!read_number(n, s, &at, parts[i]))
      return false;
    if (i == 2)
      break;
    if (at == s.size)
      return fault(n, "unexpected end of input while parsing %s version number", parts[i]);
    if (s.data[at] != '.')
      return fault(n, "unexpected character '%c' after %s version number", s.data[at], parts[i]);
    at++;
  }
  if (at < s.size && s.data[at] == '-' && !read_identifiers(n, s, &at, true))
    return false;
  if (at < s.size && s.data[at] == '+' && !read_identifiers(n, s, &at, false))
    return false;
  return at == s.size || fault(n, "unexpected character '%c' after version", s.data[at]);
}

// "1", "0.2", "0.0.3", "0.0.0": the part of a version that says what is compatible.
static bool is_canon_version(cv_bytes s) {
  size_t at = 0;
  for (unsigned i = 0; i < 3; i++) {
    size_t start = at;
    while (at < s.size && is_digit(s.data[at]))
      at++;
    bool is_zero = at - start == 1 && s.data[start] == '0';
    if (at == start || (s.data[start] == '0' && !is_zero))
      return false;
    if (!is_zero || i == 2)
      return at == s.size;
    if (at == s.size || s.data[at++] != '.')
      return false;
  }
  return false;
}

// ---- names ----

static bool read_annotated(cv_name *n, cv_bytes rest, cv_name_kind kind) {
  n->kind = kind;
  if (kind == CV_NAME_CONSTRUCTOR) {
    n->resource = rest;
    return want_kebab(n, rest, true);
  }
  size_t dot = find(rest, '.');
  if (dot == rest.size)
    return fault(n, "failed to find `.` character");
  n->resource = sub(rest, 0, dot);
  n->label = sub(rest, dot + 1, rest.size);
  return want_kebab(n, n->resource, true) && want_kebab(n, n->label, true);
}

// The run of characters that may be in words or labels.
static size_t word_end(cv_bytes s, size_t at) {
  while (at < s.size && (is_lower(s.data[at]) || is_upper(s.data[at]) || is_digit(s.data[at]) || s.data[at] == '-'))
    at++;
  return at;
}

static bool read_interface(cv_name *n, cv_bytes s, size_t colon) {
  n->kind = CV_NAME_INTERFACE;
  n->name_space = sub(s, 0, colon);
  size_t at = word_end(s, colon + 1);
  n->package = sub(s, colon + 1, at);
  if (!want_kebab(n, n->name_space, false) || !want_kebab(n, n->package, false))
    return false;
  if (at == s.size || s.data[at] != '/')
    return fault(n, "expected `/` after package name");
  size_t end = word_end(s, at + 1);
  n->label = sub(s, at + 1, end);
  if (!want_kebab(n, n->label, true))
    return false;
  n->without_version = sub(s, 0, end);
  if (end == s.size)
    return true;
  if (s.data[end] != '@')
    return fault(n, "trailing characters found: `%.*s`", CV_NAME(sub(s, end, s.size)));
  n->version = sub(s, end + 1, s.size);
  n->is_canon_version = is_canon_version(n->version);
  // "0.0.0" is both.
  return n->is_canon_version || read_semver(n, n->version);
}

bool cv_name_parse(cv_bytes s, cv_name *out) {
  static const struct {
    const char *prefix;
    cv_name_kind kind;
  } annotations[] = {
      {"[constructor]", CV_NAME_CONSTRUCTOR}, {"[method]", CV_NAME_METHOD}, {"[static]", CV_NAME_STATIC}};
  *out = (cv_name){.kind = CV_NAME_LABEL};
  for (size_t i = 0; i < CV_COUNT(annotations); i++)
    if (starts_with(s, annotations[i].prefix))
      return read_annotated(out, sub(s, strlen(annotations[i].prefix), s.size), annotations[i].kind);
  size_t colon = find(s, ':');
  if (colon != s.size)
    return read_interface(out, s, colon);
  out->label = s;
  return want_kebab(out, s, true);
}

bool cv_version_is_semver(cv_bytes version) {
  cv_name n;
  return read_semver(&n, version);
}

cv_bytes cv_name_canonical(cv_cvalidator *v, cv_bytes name) {
  if (starts_with(name, "[method]") || starts_with(name, "[static]")) {
    name = sub(name, strlen("[static]"), name.size);
    size_t dot = find(name, '.');
    if (dot < name.size && cv_bytes_equal(sub(name, 0, dot), sub(name, dot + 1, name.size)))
      name = sub(name, 0, dot);
  }
  uint8_t *copy = cv_arena_alloc(v->arena, name.size + 1);
  if (copy == NULL)
    return (cv_bytes){0};
  for (size_t i = 0; i < name.size; i++)
    copy[i] = is_upper(name.data[i]) ? (uint8_t)(name.data[i] + ('a' - 'A')) : name.data[i];
  return (cv_bytes){copy, name.size};
}

// ---- rules ----

static cv_status check_attributes(cv_cvalidator *v, const cv_syn_extern *e, const cv_name *name,
                                  const cv_cexterntype *type) {
  static const char *const texts[] = {"implements", "versionsuffix", "external-id"};
  for (unsigned i = 0; i < CV_COUNT(texts); i++)
    if (e->duplicate >> i & 1)
      return cv_cinvalid(v, "duplicate '%s' option in name", texts[i]);
  if (e->has_implements) {
    cv_name interface;
    if (!cv_name_parse(e->implements, &interface))
      return cv_cinvalid(v, "`%.*s` is not a valid name: %s", CV_NAME(e->implements), interface.fault);
    if (interface.kind != CV_NAME_INTERFACE)
      return cv_cinvalid(v, "`implements` value `%.*s` must be an interface name", CV_NAME(e->implements));
    if (type->sort != CV_SORT_INSTANCE)
      return cv_cinvalid(v, "only instances can have an `implements`");
    if (name->kind != CV_NAME_LABEL)
      return cv_cinvalid(v, "name `%.*s` is not valid with `implements`", CV_NAME(e->name));
  }
  if (!e->has_version_suffix)
    return CV_OK;
  if (name->kind != CV_NAME_INTERFACE || !name->is_canon_version)
    return cv_cinvalid(v, "`versionsuffix` needs a name with a canonical version: `%.*s`", CV_NAME(e->name));
  char whole[256];
  if (name->version.size + e->version_suffix.size > sizeof whole)
    return cv_cinvalid(v, "`versionsuffix` is too long");
  memcpy(whole, name->version.data, name->version.size);
  if (e->version_suffix.size != 0)
    memcpy(whole + name->version.size, e->version_suffix.data, e->version_suffix.size);
  cv_name n;
  if (!read_semver(&n, (cv_bytes){(const uint8_t *)whole, name->version.size + e->version_suffix.size}))
    return cv_cinvalid(v, "`versionsuffix` does not make a valid version: %s", n.fault);
  return CV_OK;
}

// The resource must have been imported or exported under the name that the annotation has.
static cv_status check_resource(cv_cvalidator *v, const cv_map *names, const cv_cresource *resource, cv_bytes label) {
  const uint64_t *found = cv_map_get(names, (cv_bytes){(const uint8_t *)&resource->serial, sizeof resource->serial});
  if (found == NULL)
    return cv_cinvalid(v, "resource used in function does not have a name in this context");
  const cv_bytes *name = (const cv_bytes *)(uintptr_t)*found;
  if (!cv_bytes_equal(*name, label))
    return cv_cinvalid(v, "function does not match expected resource name `%.*s`", CV_NAME(*name));
  return CV_OK;
}

static cv_status check_constructor(cv_cvalidator *v, const cv_map *names, const cv_cfunctype *func, cv_bytes label) {
  const cv_ctype *result = func->result;
  if (result == NULL)
    return cv_cinvalid(v, "function should return one value");
  if (result->kind == CV_CT_RESULT && result->fields[0].type != NULL)
    result = result->fields[0].type;
  if (result->kind != CV_CT_OWN)
    return cv_cinvalid(v, "function should return `(own $T)` or `(result (own $T))`");
  return check_resource(v, names, result->resource, label);
}

static cv_status check_method(cv_cvalidator *v, const cv_map *names, const cv_cfunctype *func, cv_bytes label) {
  if (func->param_count == 0)
    return cv_cinvalid(v, "function should have at least one argument");
  if (!cv_bytes_equal(func->params[0].name, CV_BYTES_LITERAL("self")))
    return cv_cinvalid(v, "function should have a first argument called `self`");
  if (func->params[0].type->kind != CV_CT_BORROW)
    return cv_cinvalid(v, "function should take a first argument of `(borrow $T)`");
  return check_resource(v, names, func->params[0].type->resource, label);
}

static cv_status check_annotation(cv_cvalidator *v, const cv_scope *scope, bool is_import, cv_bytes text,
                                  const cv_name *name, const cv_cexterntype *type) {
  if (name->kind == CV_NAME_LABEL || name->kind == CV_NAME_INTERFACE)
    return CV_OK;
  if (type->sort != CV_SORT_FUNC)
    return cv_cinvalid(v, "item `%.*s` is not a func", CV_NAME(text));
  const cv_map *resources = is_import ? &scope->import_resources : &scope->export_resources;
  if (name->kind == CV_NAME_CONSTRUCTOR)
    return check_constructor(v, resources, type->as.func, name->resource);
  if (name->kind == CV_NAME_METHOD)
    return check_method(v, resources, type->as.func, name->resource);
  cv_bytes key = cv_name_canonical(v, name->resource);
  if (key.data == NULL)
    return CV_ENOMEM;
  const uint64_t *found = cv_map_get(is_import ? &scope->import_names : &scope->export_names, key);
  if (found != NULL && scope->kind != CV_SCOPE_BUNDLE) {
    const cv_cextern *e = is_import ? &scope->imports.data[*found] : &scope->exports.data[*found];
    if (cv_bytes_equal(e->name, name->resource) && e->type.sort == CV_SORT_TYPE &&
        e->type.as.type.kind == CV_DEF_RESOURCE)
      return CV_OK;
  }
  return cv_cinvalid(v, "static resource name is not known in this context");
}

static cv_status enter_name(cv_cvalidator *v, cv_scope *scope, bool is_import, cv_bytes name) {
  cv_map *names = is_import ? &scope->import_names : &scope->export_names;
  const cv_cextern *externs = is_import ? scope->imports.data : scope->exports.data;
  cv_bytes key = cv_name_canonical(v, name);
  if (key.data == NULL)
    return CV_ENOMEM;
  const uint64_t *found = cv_map_get(names, key);
  if (found != NULL)
    return cv_cinvalid(v, "%s name `%.*s` conflicts with previous name `%.*s`", is_import ? "import" : "export",
                       CV_NAME(name), CV_NAME(externs[*found].name));
  return cv_map_put(names, key, is_import ? scope->imports.count : scope->exports.count, NULL);
}

cv_status cv_extern_name_check(cv_cvalidator *v, cv_scope *scope, bool is_import, const cv_syn_extern *e,
                               const cv_cexterntype *type) {
  cv_name name;
  const char *what = is_import ? "import" : "export";
  if (!cv_name_parse(e->name, &name))
    return cv_cinvalid(v, "%s name `%.*s` is not a valid extern name: %s", what, CV_NAME(e->name), name.fault);
  CV_TRY(check_attributes(v, e, &name, type));
  CV_TRY(cv_in_context(v, check_annotation(v, scope, is_import, e->name, &name, type), "%s name `%.*s` is not valid",
                       what, CV_NAME(e->name)));
  return enter_name(v, scope, is_import, e->name);
}
