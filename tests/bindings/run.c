// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// run.c: values of every type through the C that `cove bindgen host` writes. Each function of a world (make.c) is
// called over values, and its arguments come back by way of
//
//   values -> first instance -> host function of the bindings -> its copy as the result
//   values -> first instance -> host function of the bindings -> call of the bindings -> second instance
//          -> host function over values -> and back
//
// so that each step of the bindings, in either direction, is compared with the generic form. The instances take strings
// in each encoding.
#include "bindings.h"

#include <stdio.h>
#include <stdlib.h>

#define WORLD(name) extern const echo_world name##_echo;
#include "worlds.inc"
#undef WORLD
#define WORLD(name) &name##_echo,
static const echo_world *const worlds[] = {
#include "worlds.inc"
};
#undef WORLD

static const char *const encodings[] = {"utf8", "utf16", "latin1+utf16"};
enum { ENCODINGS = 3, ROUNDS = 12 };

static uint64_t seed;

static uint32_t below(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((seed >> 33) % n);
}

static void die(const char *what, cove_error *error) {
  fprintf(stderr, "%s: %s\n", what, error != NULL ? cove_error_message(error) : "failed");
  exit(1);
}

// By address: it is read after the call that sets it.
static void must(cove_status status, const char *what, cove_error *const *error) {
  if (status != COVE_OK)
    die(what, *error);
}

// ---- values --------------------------------------------------------------------------------------------------------

// Memory of values, until the round ends.
typedef struct block {
  struct block *next;
} block;
static block *blocks;

static void *keep(size_t size) {
  block *b = calloc(1, sizeof *b + 16 + size);
  if (b == NULL)
    die("memory", NULL);
  b->next = blocks;
  blocks = b;
  return (char *)b + 16;
}

static void free_blocks(void) {
  for (block *b = blocks, *next; b != NULL; b = next) {
    next = b->next;
    free(b);
  }
  blocks = NULL;
}

static const uint64_t numbers[] = {
    0,      1,          2,           0x7f,        0x80,  0xff,       0x7fff,     0x8000,
    0xffff, 0x7fffffff, 0x80000000u, 0xffffffffu, ~0ull, 1ull << 63, ~0ull >> 1, 0x0123456789abcdefu};
static const float floats[] = {0.0f, -0.0f, 1.5f, -3.25e-30f, 3.4e38f, 1e-45f, __builtin_inff(), -__builtin_inff()};
static const uint32_t characters[] = {0,     'a',    0x7f,   0x80,   0xff,    0x100,
                                      0x7ff, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};
static const char *const strings[] = {"",
                                      "a",
                                      "plain words",
                                      "caf\xc3\xa9",
                                      "\xc5\xbd"
                                      "ofie",
                                      "\xf0\x9f\xa6\x89",
                                      "mixed \xc3\xa9\xc5\xbd\xf0\x9f\xa6\x89 and more, until it is long"};

#define PICK(table) ((table)[below(sizeof(table) / sizeof((table)[0]))])

static void make_value(const cove_component_type *type, cove_component_value *out);

static void make_items(const cove_component_type *type, size_t count, cove_component_value *out) {
  size_t parts = cove_component_type_part_count(type);
  bool is_map = out->kind == COVE_COMPONENT_MAP;
  size_t all = is_map ? 2 * count : count;
  out->as.list.items = keep(all * sizeof *out->as.list.items);
  out->as.list.count = count;
  for (size_t i = 0; i < all; i++) {
    const cove_component_type *part;
    if (!cove_component_type_part(type, i % parts, NULL, &part))
      die("a part", NULL);
    make_value(part, &out->as.list.items[i]);
  }
}

static void make_case(const cove_component_type *type, cove_component_value *out) {
  const cove_component_type *part = NULL;
  size_t count = cove_component_type_part_count(type);
  out->which = below((uint32_t)count);
  cove_component_type_part(type, out->which, NULL, &part);
  if (part != NULL) {
    out->as.payload = keep(sizeof *out->as.payload);
    make_value(part, out->as.payload);
  }
}

static void make_integer(unsigned bits, bool is_signed, cove_component_value *out) {
  uint64_t n = PICK(numbers);
  if (is_signed)
    out->as.s64 = (int64_t)(n << (64 - bits)) >> (64 - bits);
  else
    out->as.u64 = n << (64 - bits) >> (64 - bits);
}

static void make_value(const cove_component_type *type, cove_component_value *out) {
  *out = (cove_component_value){.kind = cove_component_type_kind(type)};
  switch ((cove_component_kind)out->kind) {
  case COVE_COMPONENT_BOOL:
    out->as.boolean = below(2) != 0;
    break;
  case COVE_COMPONENT_S8:
  case COVE_COMPONENT_U8:
    make_integer(8, out->kind == COVE_COMPONENT_S8, out);
    break;
  case COVE_COMPONENT_S16:
  case COVE_COMPONENT_U16:
    make_integer(16, out->kind == COVE_COMPONENT_S16, out);
    break;
  case COVE_COMPONENT_S32:
  case COVE_COMPONENT_U32:
    make_integer(32, out->kind == COVE_COMPONENT_S32, out);
    break;
  case COVE_COMPONENT_S64:
  case COVE_COMPONENT_U64:
    make_integer(64, out->kind == COVE_COMPONENT_S64, out);
    break;
  case COVE_COMPONENT_F32:
    out->as.f32 = below(9) == 0 ? __builtin_nanf("") : PICK(floats);
    break;
  case COVE_COMPONENT_F64:
    out->as.f64 = below(9) == 0 ? __builtin_nan("") : below(4) == 0 ? 4.9e-324 : (double)PICK(floats) / 3;
    break;
  case COVE_COMPONENT_CHAR:
    out->as.character = PICK(characters);
    break;
  case COVE_COMPONENT_STRING:
    out->as.string.data = PICK(strings);
    out->as.string.size = strlen(out->as.string.data);
    break;
  case COVE_COMPONENT_FLAGS: {
    size_t count = cove_component_type_part_count(type);
    out->as.flags = (uint32_t)PICK(numbers) & (uint32_t)((1ull << count) - 1);
    break;
  }
  case COVE_COMPONENT_LIST:
  case COVE_COMPONENT_MAP:
    make_items(type, below(4), out);
    break;
  case COVE_COMPONENT_FIXED_LIST:
    make_items(type, cove_component_type_length(type), out);
    break;
  case COVE_COMPONENT_RECORD:
  case COVE_COMPONENT_TUPLE:
    make_items(type, cove_component_type_part_count(type), out);
    break;
  default:
    make_case(type, out);
  }
}

static char *text_of(const cove_component_type *type, const cove_component_value *value) {
  cove_buffer text = {0};
  cove_error *error = NULL;
  must(cove_component_value_text(type, value, &text, &error), "text of a value", &error);
  char *copy = keep(text.size + 1);
  memcpy(copy, text.data, text.size);
  cove_buffer_delete(&text);
  return copy;
}

// ---- the second host -----------------------------------------------------------------------------------------------

static cove_host_result answer(void *env, cove_call *call, const cove_component_value *args, size_t count,
                               cove_component_value *result) {
  (void)env;
  if (result == NULL)
    return COVE_HOST_OK;
  uint32_t kind = result->kind;
  *result = args[0];
  if (count > 1) {
    *result = (cove_component_value){.kind = kind};
    result->as.list.items = cove_call_alloc(call, count * sizeof *args);
    result->as.list.count = count;
    if (result->as.list.items == NULL)
      return cove_call_trap(call, "out of memory");
    memcpy(result->as.list.items, args, count * sizeof *args);
  }
  return COVE_HOST_OK;
}

// ---- components ----------------------------------------------------------------------------------------------------

// The component's text, with this encoding wherever a function has a memory.
static void with_encoding(const cove_buffer *text, const char *encoding, char *out) {
  static const char memory[] = "(memory 0)";
  const char *at = (const char *)text->data, *end = at + text->size;
  while (at < end) {
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    line_end = line_end != NULL ? line_end : end - 1;
    size_t size = (size_t)(line_end + 1 - at);
    memcpy(out, at, size);
    out[size] = '\0';
    char *canon = strstr(out, "(canon l"), *found = canon != NULL ? strstr(canon, memory) : NULL;
    out += size;
    if (found != NULL) {
      char rest[400];
      snprintf(rest, sizeof rest, " string-encoding=%s%s", encoding, found + sizeof memory - 1);
      strcpy(found + sizeof memory - 1, rest);
      out += strlen(out);
    }
    at = line_end + 1;
  }
}

static cove_component *component_of(cove_engine *engine, const echo_world *world, const char *encoding) {
  cove_error *error = NULL;
  cove_buffer core = {0}, binary = {0}, text = {0}, again = {0};
  cove_wit *wit = NULL;
  cove_component *first = NULL, *component = NULL;
  must(cove_wit_parse(world->wit, strlen(world->wit), NULL, &wit, &error), "wit", &error);
  must(cove_text_parse(engine, world->core, strlen(world->core), &core, &error), "core module", &error);
  must(cove_module_componentize(core.data, core.size, &(cove_componentize_options){.wit = wit}, &binary, &error),
       "componentize", &error);
  must(cove_component_inspect(engine, binary.data, binary.size, &first, &error), "look at the component", &error);
  must(cove_text_print_component(first, 0, &text, &error), "print", &error);
  char *changed = calloc(2, text.size + 65536);
  if (changed == NULL)
    die("memory", NULL);
  with_encoding(&text, encoding, changed);
  must(cove_text_parse(engine, changed, strlen(changed), &again, &error), "parse", &error);
  must(cove_component_new(engine, again.data, again.size, &component, &error), "component", &error);
  free(changed);
  cove_component_delete(first);
  cove_buffer_delete(&again);
  cove_buffer_delete(&text);
  cove_buffer_delete(&binary);
  cove_buffer_delete(&core);
  cove_wit_delete(wit);
  return component;
}

// The instance that the component exports.
static const cove_component_extern *exported(const cove_component *component) {
  for (size_t i = 0; i < cove_component_export_count(component); i++)
    if (cove_component_extern_sort(cove_component_export(component, i)) == COVE_SORT_INSTANCE)
      return cove_component_export(component, i);
  die("no export", NULL);
  return NULL;
}

static void name_of(const cove_component_extern *item, char *out, size_t room) {
  cove_bytes name = cove_component_extern_name(item);
  snprintf(out, room, "%.*s", (int)name.size, (const char *)name.data);
}

// ---- rounds --------------------------------------------------------------------------------------------------------

static void round_of(const char *world, const char *name, cove_component_func *func, const echo *host) {
  enum { MOST = 32 };
  const cove_component_functype *type = cove_component_func_type(func);
  const cove_component_type *result_type = cove_component_functype_result(type);
  size_t count = cove_component_functype_param_count(type);
  cove_component_value args[MOST], result = {0}, expected = {.kind = COVE_COMPONENT_TUPLE, .as.list = {args, count}};
  cove_error *error = NULL;
  for (size_t i = 0; i < count; i++) {
    const cove_component_type *param;
    if (i == MOST || !cove_component_functype_param(type, i, NULL, &param))
      die(name, NULL);
    make_value(param, &args[i]);
  }
  if (cove_component_func_call(func, args, count, &result, &error) != COVE_OK) {
    if (host->error != NULL)
      fprintf(stderr, "%s\n", cove_error_message(host->error));
    fprintf(stderr, "%s: ", world);
    die(name, error);
  }
  if (result_type != NULL) {
    const char *there = text_of(result_type, count == 1 ? &args[0] : &expected), *back = text_of(result_type, &result);
    if (strcmp(there, back) != 0) {
      fprintf(stderr, "%s: %s: went as %s, came back as %s\n", world, name, there, back);
      exit(1);
    }
    cove_component_value_delete(&result);
  }
  free_blocks();
}

static unsigned run_pair(cove_engine *engine, const echo_world *world, cove_component *first, cove_component *second,
                         bool ask_second) {
  cove_error *error = NULL;
  cove_store *store = NULL;
  cove_component_instance *a = NULL, *b = NULL;
  echo host = {0};
  char interface[200], name[200];
  unsigned calls = 0;
  must(cove_store_new(engine, NULL, &store, &error), "store", &error);
  cove_component_linker *linker = cove_component_linker_new(store), *other = cove_component_linker_new(store);
  if (linker == NULL || other == NULL)
    die("linker", NULL);
  const cove_component_extern *instance = exported(first);
  size_t count = cove_component_extern_item_count(instance);
  name_of(instance, interface, sizeof interface);
  for (size_t i = 0; i < count && ask_second; i++) {
    const cove_component_extern *item = cove_component_extern_item(instance, i);
    name_of(item, name, sizeof name);
    if (cove_component_extern_func(item) != NULL)
      must(cove_component_linker_define_func(other, interface, name, NULL, answer, NULL, NULL, &error), name, &error);
  }
  if (ask_second) {
    must(cove_component_linker_instantiate(other, second, &b, &error), "second instance", &error);
    must(world->find(b, &host.exports, &error), "exports of the second instance", &error);
  }
  must(cove_component_linker_define_world(linker, world->world, &host, &error), "world", &error);
  must(cove_component_linker_instantiate(linker, first, &a, &error), "first instance", &error);
  for (size_t i = 0; i < count; i++) {
    const cove_component_extern *item = cove_component_extern_item(instance, i);
    name_of(item, name, sizeof name);
    for (int k = 0; k < ROUNDS && cove_component_extern_func(item) != NULL; k++, calls++)
      round_of(world->name, name, cove_component_instance_func(a, interface, name), &host);
  }
  cove_results_free(&host.results);
  free(host.exports);
  cove_component_linker_delete(linker);
  cove_component_linker_delete(other);
  cove_store_delete(store);
  return calls;
}

int main(void) {
  cove_error *error = NULL;
  cove_engine *engine = NULL;
  must(cove_engine_new(NULL, &engine, &error), "engine", &error);
  for (size_t w = 0; w < sizeof worlds / sizeof worlds[0]; w++) {
    cove_component *components[ENCODINGS];
    unsigned calls = 0;
    seed = w + 1;
    for (int i = 0; i < ENCODINGS; i++)
      components[i] = component_of(engine, worlds[w], encodings[i]);
    for (int i = 0; i < ENCODINGS; i++) {
      calls += run_pair(engine, worlds[w], components[i], NULL, false);
      calls += run_pair(engine, worlds[w], components[i], components[(i + 1) % ENCODINGS], true);
    }
    for (int i = 0; i < ENCODINGS; i++)
      cove_component_delete(components[i]);
    printf("%s: %u calls\n", worlds[w]->name, calls);
    if (calls == 0)
      return 1;
  }
  cove_engine_delete(engine);
  return 0;
}
