// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// invoke_component.c: cove run --invoke of a component: which exported function is meant, its arguments and its result
// in WAVE.
//
//   add(1, 2)                          a function of the component itself, or of the one interface that has it
//   shapes.area(dot)                   of an interface by its short name
//   test:shapes/shapes#area(dot)       by its full name, with or without its version
//   cursor.next(...)                   a function of a resource, or by what it is exported as: [method]cursor.next
#include "run.h"

#include <stdlib.h>
#include <string.h>

typedef struct found {
  cove_bytes interface; // empty for one of the component itself
  const cove_component_extern *item;
} found;

// "INTERFACE#NAME(ARGUMENTS)" taken apart. The strings are owned by `text`.
typedef struct invocation {
  char *text;
  const char *interface; // NULL when none was given apart from the name
  const char *name;
  const char *arguments; // NULL when none were given there
  size_t arguments_size;
} invocation;

static cove_bytes bytes_of(const char *text) {
  return (cove_bytes){text, strlen(text)};
}

static bool equal(cove_bytes a, cove_bytes b) {
  return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

// ---- what it exports -----------------------------------------------------------------------------------------------

// The exported function number *index, counted down; those by themselves first, then those of interfaces.
static bool function_at(const cove_component *component, size_t index, found *out) {
  for (size_t i = 0; i < cove_component_export_count(component); i++) {
    const cove_component_extern *item = cove_component_export(component, i);
    *out = (found){{"", 0}, item};
    if (cove_component_extern_func(item) != NULL && index-- == 0)
      return true;
  }
  for (size_t i = 0; i < cove_component_export_count(component); i++) {
    const cove_component_extern *item = cove_component_export(component, i);
    for (size_t k = 0;
         cove_component_extern_sort(item) == COVE_SORT_INSTANCE && k < cove_component_extern_item_count(item); k++) {
      *out = (found){cove_component_extern_name(item), cove_component_extern_item(item, k)};
      if (cove_component_extern_func(out->item) != NULL && index-- == 0)
        return true;
    }
  }
  return false;
}

static void print_function(const cove_component *component, const found *f, const char *before) {
  cove_buffer text;
  cove_bytes name = cove_component_extern_name(f->item);
  if (cove_component_describe_func(component, cove_component_extern_func(f->item), &text, NULL) != COVE_OK)
    return;
  fputs(before, stderr);
  cli_put(stderr, f->interface);
  fprintf(stderr, "%s%.*s: %s\n", f->interface.size != 0 ? "#" : "", (int)name.size, name.data, text.data);
  cove_buffer_delete(&text);
}

size_t cli_list_component_functions(const cove_component *component) {
  enum { MOST = 10 };
  size_t count = 0;
  for (found f; function_at(component, count, &f); count++)
    if (count < MOST)
      print_function(component, &f, count == 0 ? "  it exports: " : "              ");
  if (count > MOST)
    fprintf(stderr, "              and %zu more: cove inspect FILE\n", count - MOST);
  return count;
}

// ---- which one is meant --------------------------------------------------------------------------------------------

// "[method]cursor.next" is also called cursor.next, and "[constructor]cursor" cursor.
static bool is_called(cove_bytes name, cove_bytes by) {
  const char *end = name.size != 0 && name.data[0] == '[' ? memchr(name.data, ']', name.size) : NULL;
  size_t mark = end != NULL ? (size_t)(end + 1 - name.data) : 0;
  return equal(name, by) || (mark != 0 && equal((cove_bytes){name.data + mark, name.size - mark}, by));
}

static cove_bytes without_version(cove_bytes name) {
  const char *at = name.size != 0 ? memchr(name.data, '@', name.size) : NULL;
  return at != NULL ? (cove_bytes){name.data, (size_t)(at - name.data)} : name;
}

// "test:shapes/shapes@1.0.0" is also called test:shapes/shapes, and shapes. Versions are looked at by who calls it.
static bool is_interface(cove_bytes name, cove_bytes by) {
  cove_bytes base = without_version(name), last = base;
  for (const char *slash; (slash = memchr(last.data, '/', last.size)) != NULL;)
    last = (cove_bytes){slash + 1, (size_t)(base.data + base.size - slash - 1)};
  return equal(name, by) || equal(base, without_version(by)) || equal(last, by);
}

// Counts those that are meant; *out is the first. `interface` NULL: any.
static size_t look(const cove_component *component, const cove_bytes *interface, cove_bytes name, found *out) {
  size_t count = 0;
  found f;
  for (size_t i = 0; function_at(component, i, &f); i++) {
    if (!is_called(cove_component_extern_name(f.item), name))
      continue;
    if (interface != NULL ? !is_interface(f.interface, *interface) : count != 0 && out->interface.size == 0)
      continue; // without an interface, one of the component itself is meant rather than others
    if (count++ == 0)
      *out = f;
  }
  return count;
}

// The function by its name, or by interface and name with a "." between.
static size_t look_all(const cove_component *component, const invocation *call, found *out) {
  cove_bytes name = bytes_of(call->name);
  if (call->interface != NULL) {
    cove_bytes interface = bytes_of(call->interface);
    return look(component, &interface, name, out);
  }
  size_t count = look(component, NULL, name, out);
  for (const char *dot = strchr(call->name, '.'); count == 0 && dot != NULL; dot = strchr(dot + 1, '.')) {
    cove_bytes interface = {call->name, (size_t)(dot - call->name)};
    count = look(component, &interface, bytes_of(dot + 1), out);
  }
  return count;
}

static int ambiguous(const cove_component *component, const invocation *call) {
  found f;
  cli_error("--invoke: several exported functions are called \"%s\"", call->name);
  const char *before = "  name one:   ";
  for (size_t i = 0; function_at(component, i, &f); i++) {
    cove_bytes interface = bytes_of(call->interface != NULL ? call->interface : "");
    if (!is_called(cove_component_extern_name(f.item), bytes_of(call->name)) ||
        (call->interface != NULL && !is_interface(f.interface, interface)))
      continue;
    print_function(component, &f, before);
    before = "              ";
  }
  return CLI_EXIT_USAGE;
}

// The name that is most like the one that was typed.
static bool suggest(const cove_component *component, const char *typed) {
  found f;
  char candidate[200], best[200] = "";
  for (size_t i = 0; best[0] == '\0' && function_at(component, i, &f); i++) {
    cove_bytes name = cove_component_extern_name(f.item);
    const char *end = name.size != 0 && name.data[0] == '[' ? memchr(name.data, ']', name.size) : NULL;
    size_t mark = end != NULL ? (size_t)(end + 1 - name.data) : 0;
    const char *only[] = {candidate, NULL};
    snprintf(candidate, sizeof candidate, "%.*s", (int)(name.size - mark), name.data + mark);
    if (strcmp(candidate, typed) != 0 && cli_nearest(typed, cli_next_word, only) != NULL)
      snprintf(best, sizeof best, "%s", candidate);
  }
  if (best[0] != '\0')
    cli_hint("did you mean %s?", best);
  return best[0] != '\0';
}

static bool has_interface(const cove_component *component, const char *interface) {
  found f;
  for (size_t i = 0; function_at(component, i, &f); i++)
    if (f.interface.size != 0 && is_interface(f.interface, bytes_of(interface)))
      return true;
  return false;
}

static int unknown(const cove_component *component, const invocation *call) {
  const char *name = call->name, *dot = strrchr(name, '.');
  if (call->interface != NULL && !has_interface(component, call->interface))
    cli_error("--invoke: there is no exported interface \"%s\"", call->interface);
  else if (call->interface != NULL)
    cli_error("--invoke: there is no exported function \"%s\" in \"%s\"", name, call->interface);
  else if (name[0] == '\0')
    cli_error("--invoke: which function? NAME(ARGUMENTS)");
  else
    cli_error("--invoke: there is no exported function \"%s\"", name);
  if (!suggest(component, call->interface == NULL && dot != NULL ? dot + 1 : name) &&
      cli_list_component_functions(component) == 0)
    cli_hint("it exports no function at all");
  return CLI_EXIT_USAGE;
}

// ---- the command line ----------------------------------------------------------------------------------------------

static int take_apart(const char *value, invocation *out) {
  *out = (invocation){.text = strdup(value)};
  if (out->text == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  out->name = out->text;
  char *open = strchr(out->text, '('), *end = out->text + strlen(out->text);
  if (open != NULL) {
    while (end > open && (end[-1] == ' ' || end[-1] == '\n'))
      end--;
    if (end[-1] != ')') {
      cli_error("--invoke: \"%s\" does not end with \")\"", value);
      cli_hint("the whole call is one word of the shell: --invoke 'NAME(ARGUMENTS)'");
      return CLI_EXIT_USAGE;
    }
    out->arguments = open + 1;
    out->arguments_size = (size_t)(end - 1 - out->arguments);
    while (open > out->text && open[-1] == ' ')
      open--;
    *open = '\0';
  }
  char *hash = strchr(out->text, '#');
  if (hash != NULL) {
    *hash = '\0';
    out->interface = out->text;
    out->name = hash + 1;
  }
  return 0;
}

// The first part of the type that cannot be written as text; NULL when there is none.
static const cove_component_type *find_handle(const cove_component_type *type) {
  cove_component_kind kind = cove_component_type_kind(type);
  const cove_component_type *part, *inner = NULL;
  if (kind == COVE_COMPONENT_OWN || kind == COVE_COMPONENT_BORROW || kind == COVE_COMPONENT_STREAM ||
      kind == COVE_COMPONENT_FUTURE || kind == COVE_COMPONENT_ERROR_CONTEXT)
    return type;
  for (size_t i = 0; inner == NULL && cove_component_type_part(type, i, NULL, &part); i++)
    inner = part != NULL ? find_handle(part) : NULL;
  return inner;
}

static int check_parameters(const cove_component_functype *type, const char *name) {
  cove_bytes param;
  const cove_component_type *t, *handle;
  cove_buffer text;
  for (size_t i = 0; cove_component_functype_param(type, i, &param, &t); i++) {
    if ((handle = find_handle(t)) == NULL || cove_component_type_text(handle, &text, NULL) != COVE_OK)
      continue;
    cli_error("--invoke: %s takes a resource, \"%.*s\" of %s, which cannot be written as text", name, (int)param.size,
              param.data, text.data);
    cli_hint("resources live in the component: only a host with libcove, or another component, can pass one on");
    cove_buffer_delete(&text);
    return CLI_EXIT_USAGE;
  }
  return 0;
}

// ---- arguments -----------------------------------------------------------------------------------------------------

typedef struct seen_names {
  cove_bytes names[32];
  size_t count;
} seen_names;

// The definitions of the types that an argument is made of, each once.
static void explain_type(const cove_component *component, const cove_component_type *type, seen_names *seen) {
  const cove_component_type *part;
  cove_bytes name = cove_component_type_name(component, type);
  cove_buffer text;
  for (size_t i = 0; i < seen->count && name.size != 0; i++)
    if (equal(seen->names[i], name))
      return;
  if (name.size != 0) {
    if (seen->count == sizeof seen->names / sizeof seen->names[0] ||
        cove_component_describe_type(component, type, &text, NULL) != COVE_OK)
      return;
    seen->names[seen->count++] = name;
    fprintf(stderr, "        %.*s: %s\n", (int)name.size, name.data, text.data);
    cove_buffer_delete(&text);
  }
  for (size_t i = 0; cove_component_type_part(type, i, NULL, &part); i++)
    if (part != NULL)
      explain_type(component, part, seen);
}

static void explain_arguments(const cove_component *component, const cove_component_functype *type, const char *name) {
  cove_buffer text;
  seen_names seen = {.count = 0};
  const cove_component_type *param;
  if (cove_component_describe_func(component, type, &text, NULL) != COVE_OK)
    return;
  cli_hint("%s: %s", name, text.data);
  cove_buffer_delete(&text);
  for (size_t i = 0; cove_component_functype_param(type, i, NULL, &param); i++)
    explain_type(component, param, &seen);
}

// An operand: a value in WAVE; a string may also be given bare, as shells take its quotes away.
static cove_status parse_operand(const cove_component_type *type, const char *text, cove_component_value *out,
                                 cove_error **error) {
  if (cove_component_type_kind(type) != COVE_COMPONENT_STRING || text[0] == '"')
    return cove_component_value_parse(type, text, strlen(text), out, error);
  char *quoted = malloc(2 * strlen(text) + 3), *at = quoted;
  if (quoted == NULL)
    return cove_component_value_parse(type, text, strlen(text), out, error);
  *at++ = '"';
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\')
      *at++ = '\\';
    *at++ = *text;
  }
  *at++ = '"';
  cove_status status = cove_component_value_parse(type, quoted, (size_t)(at - quoted), out, error);
  free(quoted);
  return status;
}

// Arguments from the parentheses, or each from an operand after the file.
static int parse_arguments(const cli_program *p, const invocation *call, const cove_component_functype *type,
                           cove_component_value *values) {
  cove_error *error = NULL;
  size_t count = cove_component_functype_param_count(type), given = (size_t)p->line->operand_count - 1;
  cove_status status = COVE_OK;
  if (call->arguments != NULL && given != 0) {
    cli_error("--invoke: arguments of %s are given in the parentheses and after the file", call->name);
    return CLI_EXIT_USAGE;
  }
  if (call->arguments != NULL || given == 0) {
    status = cove_component_functype_parse_args(type, call->arguments != NULL ? call->arguments : "",
                                                call->arguments_size, values, &error);
  } else if (given != count) {
    cli_error("%s takes %zu argument%s, %zu given", call->name, count, count == 1 ? "" : "s", given);
    explain_arguments(p->component, type, call->name);
    return CLI_EXIT_USAGE;
  }
  for (size_t i = 0; call->arguments == NULL && given != 0 && i < count && status == COVE_OK; i++) {
    const cove_component_type *param;
    if (cove_component_functype_param(type, i, NULL, &param))
      status = parse_operand(param, p->line->operands[1 + i], &values[i], &error);
  }
  if (status == COVE_OK)
    return 0;
  cli_error("--invoke: arguments of %s: %s", call->name, cove_error_text(error));
  explain_arguments(p->component, type, call->name);
  cove_error_delete(error);
  return CLI_EXIT_USAGE;
}

// ---- the call ------------------------------------------------------------------------------------------------------

// Resources in a result are nobody's after it was printed.
static int drop_handles(cli_program *p, cove_component_value *value) {
  cove_error *error = NULL;
  int status = 0;
  switch ((int)value->kind) {
  case COVE_COMPONENT_OWN:
    return cli_program_ended(p, cove_handle_drop(p->store, &value->as.handle, &error), error);
  case COVE_COMPONENT_RECORD:
  case COVE_COMPONENT_TUPLE:
  case COVE_COMPONENT_LIST:
  case COVE_COMPONENT_FIXED_LIST:
  case COVE_COMPONENT_MAP:
    for (size_t i = 0; i < value->as.list.count * (value->kind == COVE_COMPONENT_MAP ? 2 : 1) && status == 0; i++)
      status = drop_handles(p, &value->as.list.items[i]);
    return status;
  case COVE_COMPONENT_VARIANT:
  case COVE_COMPONENT_OPTION:
  case COVE_COMPONENT_RESULT:
    return value->as.payload != NULL ? drop_handles(p, value->as.payload) : 0;
  default:
    return 0;
  }
}

static int print_result(cli_program *p, const cove_component_functype *type, cove_component_value *result) {
  const cove_component_type *t = cove_component_functype_result(type);
  if (t == NULL)
    return 0;
  cove_buffer text;
  cove_error *error = NULL;
  if (cove_component_value_text(t, result, &text, &error) != COVE_OK)
    return cli_report("result", error);
  puts(text.data);
  cove_buffer_delete(&text);
  int status = fflush(stdout) == 0 ? 0 : CLI_EXIT_FAILED;
  if (status == 0 && find_handle(t) != NULL)
    status = drop_handles(p, result);
  cove_component_value_delete(result);
  return status;
}

static int call_it(cli_program *p, cove_component_func *func, const cove_component_functype *type,
                   cove_component_value *values, size_t count) {
  cove_component_value result = {.kind = 0};
  cove_error *error = NULL;
  cove_status called = cove_component_func_call(func, values, count, &result, &error);
  return called == COVE_OK ? print_result(p, type, &result) : cli_program_ended(p, called, error);
}

// Which function, and with what arguments, is known before any code runs.
struct cli_component_call {
  invocation call;
  found function;
  const cove_component_functype *type;
  cove_component_value *values;
  size_t count;
};

void cli_component_call_delete(cli_component_call *c) {
  if (c == NULL)
    return;
  for (size_t i = 0; c->values != NULL && i < c->count; i++)
    cove_component_value_delete(&c->values[i]);
  free(c->values);
  free(c->call.text);
  free(c);
}

int cli_component_call_new(const cli_program *p, const char *value, cli_component_call **out) {
  cli_component_call *c = *out = calloc(1, sizeof *c);
  if (c == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  int status = take_apart(value, &c->call);
  if (status != 0)
    return status;
  size_t count = look_all(p->component, &c->call, &c->function);
  if (count != 1)
    return count == 0 ? unknown(p->component, &c->call) : ambiguous(p->component, &c->call);
  c->type = cove_component_extern_func(c->function.item);
  status = check_parameters(c->type, c->call.name);
  if (status != 0)
    return status;
  c->count = cove_component_functype_param_count(c->type);
  c->values = calloc(c->count + 1, sizeof *c->values);
  if (c->values == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  return parse_arguments(p, &c->call, c->type, c->values);
}

int cli_component_call_run(cli_program *p, cli_component_call *c) {
  cove_bytes interface = c->function.interface, name = cove_component_extern_name(c->function.item);
  // An older compatible version may have been asked for.
  bool versioned = c->call.interface != NULL && strchr(c->call.interface, '@') != NULL;
  char *from = versioned ? strdup(c->call.interface) : strndup(interface.data, interface.size);
  char *function = strndup(name.data, name.size);
  int status = CLI_EXIT_INTERNAL;
  if (from != NULL && function != NULL) {
    cove_component_func *func = cove_component_instance_func(p->component_instance, from, function);
    if (func != NULL) {
      status = call_it(p, func, c->type, c->values, c->count);
    } else {
      cli_error("--invoke: there is no \"%s\": the component exports %.*s", from, (int)interface.size, interface.data);
      status = CLI_EXIT_USAGE;
    }
  } else {
    cli_error("out of memory");
  }
  free(from);
  free(function);
  return status;
}
