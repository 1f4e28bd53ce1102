// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// invoke.c: cove run --invoke: arguments by the types of the function, results one on a line.
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool parse_integer(const char *text, unsigned bits, uint64_t *out) {
  char *end;
  errno = 0;
  bool negative = text[0] == '-';
  uint64_t value = strtoull(negative ? text + 1 : text, &end, 0);
  if (errno != 0 || end == text || *end != '\0' || text[negative] == '-' || text[negative] == '+')
    return false;
  uint64_t top = UINT64_C(1) << (bits - 1);
  if (negative ? value > top : bits < 64 && value >> bits != 0)
    return false;
  *out = negative ? 0 - value : value;
  return true;
}

// A vector as hexadecimal digits, the most significant first: 0x, then up to 32 of them.
static bool parse_vector(const char *text, cove_value *out) {
  size_t size = strlen(text);
  if (size < 3 || size > 34 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
    return false;
  memset(out->v128, 0, sizeof out->v128);
  for (size_t i = 0; i < size - 2; i++) {
    char digit[2] = {text[size - 1 - i], '\0'}, *end;
    unsigned long value = strtoul(digit, &end, 16);
    if (*end != '\0' || end == digit)
      return false;
    out->v128[i / 2] |= (uint8_t)(value << (i % 2 * 4));
  }
  return true;
}

static bool parse_argument(const char *text, cove_valtype type, cove_value *out) {
  char *end;
  uint64_t bits;
  memset(out, 0, sizeof *out);
  switch (type) {
  case COVE_I32:
    if (!parse_integer(text, 32, &bits))
      return false;
    out->u32 = (uint32_t)bits;
    return true;
  case COVE_I64:
    return parse_integer(text, 64, &out->u64);
  case COVE_F32:
    out->f32 = strtof(text, &end);
    return end != text && *end == '\0';
  case COVE_F64:
    out->f64 = strtod(text, &end);
    return end != text && *end == '\0';
  case COVE_V128:
    return parse_vector(text, out);
  default:
    return strcmp(text, "null") == 0;
  }
}

// The fewest digits that read back as the same number.
static void print_shortest(double value, int digits) {
  char text[40];
  for (int precision = 1; precision <= digits; precision++) {
    snprintf(text, sizeof text, "%.*g", precision, value);
    double back = strtod(text, NULL);
    if (digits == 9 ? (float)back == (float)value : back == value)
      break;
  }
  puts(text);
}

static void print_float(double value, int digits) {
  if (isnan(value))
    puts(signbit(value) ? "-nan" : "nan");
  else if (isinf(value))
    puts(value < 0 ? "-inf" : "inf");
  else
    print_shortest(value, digits);
}

static void print_result(cove_valtype type, const cove_value *value) {
  switch (type) {
  case COVE_I32:
    printf("%d\n", (int)value->i32);
    break;
  case COVE_I64:
    printf("%lld\n", (long long)value->i64);
    break;
  case COVE_F32:
    print_float((double)value->f32, 9);
    break;
  case COVE_F64:
    print_float(value->f64, 17);
    break;
  case COVE_V128:
    fputs("0x", stdout);
    for (int i = 15; i >= 0; i--)
      printf("%02x", value->v128[i]);
    puts("");
    break;
  default:
    puts(value->ref == NULL ? "null" : "reference");
  }
}

typedef struct names {
  const cove_module *module;
  char (*buffer)[64];
} names;

static const char *next_function(size_t index, const void *env) {
  const names *n = env;
  cove_export item;
  for (size_t i = 0; cove_module_export(n->module, i, &item); i++)
    if (item.type.kind == COVE_EXTERN_FUNC && index-- == 0) {
      snprintf(*n->buffer, sizeof *n->buffer, "%.*s", (int)item.name.size, item.name.data);
      return *n->buffer;
    }
  return NULL;
}

static int no_function(const cove_module *module, const char *name) {
  cove_export item;
  char buffer[64], best[64];
  if (cove_module_find_export(module, name, &item)) {
    cli_error("the export \"%s\" is a %s, not a function", name, cove_extern_kind_name(item.type.kind));
    return CLI_EXIT_USAGE;
  }
  cli_error("there is no export \"%s\"", name);
  const names env = {module, &buffer};
  // The candidates share one buffer: keep the nearest by asking again for the one that matched.
  best[0] = '\0';
  for (size_t i = 0; best[0] == '\0' && next_function(i, &env) != NULL; i++) {
    char candidate[64];
    snprintf(candidate, sizeof candidate, "%s", buffer);
    const char *only[] = {candidate, NULL};
    if (cli_nearest(name, cli_next_word, only) != NULL)
      snprintf(best, sizeof best, "%s", candidate);
  }
  if (strchr(name, '(') != NULL)
    cli_hint(
        "of a core module it is --invoke NAME, with the arguments after the file: cove run --invoke NAME FILE 1 2");
  else if (best[0] != '\0')
    cli_hint("did you mean %s?", best);
  else
    cli_hint("its exports are listed by: cove inspect FILE");
  return CLI_EXIT_USAGE;
}

static int call(cove_func *func, const cove_functype *type, cove_value *values) {
  cove_error *error = NULL;
  cove_status status = cove_func_call_in_place(func, values, &error);
  if (status == COVE_EXIT) {
    int code = cove_error_exit_status(error);
    cove_error_delete(error);
    return code;
  }
  if (status != COVE_OK)
    return cli_report(NULL, error);
  for (size_t i = 0; i < type->result_count; i++)
    print_result(type->results[i], &values[i]);
  return fflush(stdout) == 0 ? 0 : CLI_EXIT_FAILED;
}

int cli_invoke(cove_instance *instance, const cove_module *module, const char *name, char **args, int arg_count) {
  cove_func *func = cove_instance_func(instance, name);
  if (func == NULL)
    return no_function(module, name);
  const cove_functype type = cove_func_type(func);
  if ((size_t)arg_count != type.param_count) {
    cli_error("%s takes %zu argument%s, %d given", name, type.param_count, type.param_count == 1 ? "" : "s", arg_count);
    if (type.param_count != 0) {
      char shown[64];
      fputs("  hint: their types are:", stderr);
      for (size_t i = 0; i < type.param_count; i++)
        fprintf(stderr, " %s", cove_valtype_name(type.params[i], shown, sizeof shown));
      fputs("\n", stderr);
    }
    return CLI_EXIT_USAGE;
  }
  size_t count = type.param_count > type.result_count ? type.param_count : type.result_count;
  cove_value *values = aligned_alloc(sizeof *values, (count + 1) * sizeof *values);
  if (values == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  int status = 0;
  for (size_t i = 0; i < type.param_count && status == 0; i++)
    if (!parse_argument(args[i], type.params[i], &values[i])) {
      char shown[64];
      cli_error("argument %zu, \"%s\", is not %s", i + 1, args[i],
                cove_valtype_name(type.params[i], shown, sizeof shown));
      if (type.params[i] == COVE_V128)
        cli_hint("a v128 is 0x and up to 32 hexadecimal digits");
      else if (type.params[i] != COVE_I32 && type.params[i] != COVE_I64 && type.params[i] != COVE_F32 &&
               type.params[i] != COVE_F64)
        cli_hint("the only reference that can be written is null");
      status = CLI_EXIT_USAGE;
    }
  if (status == 0)
    status = call(func, &type, values);
  free(values);
  return status;
}
