// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// echo.c: calls every function that a component exports in an instance with random values of its types, and compares
// the result with them: one parameter is the result, several are the members of a tuple. What the component imports
// answers in the same way. Memories are small, so that what a call leaves behind ends the run.
//
// usage: echo COMPONENT ROUNDS
#include <cove/cove.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARAMS = 32, MAX_DEPTH = 12, MEMORY_LIMIT = 2 << 20, CHUNK = 64 << 20 };

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static size_t below(size_t count) {
  return (size_t)(random_bits() >> 33) % count;
}

// Of one round of values; given back all at once.
static char *chunk;
static size_t chunk_used;

static void *take(size_t size) {
  void *at = chunk + chunk_used;
  chunk_used += (size + 15) & ~(size_t)15;
  if (chunk_used > CHUNK) {
    fprintf(stderr, "echo: values are too large\n");
    exit(1);
  }
  return memset(at, 0, size);
}

// ---- random values -------------------------------------------------------------------------------------------------

static uint64_t random_integer(unsigned bits) {
  static const uint64_t edges[] = {0, 1, 127, 128, 255, 32767, 32768, 65535, INT32_MAX, UINT32_MAX, INT64_MAX};
  uint64_t x = below(3) != 0 ? random_bits() : edges[below(sizeof edges / sizeof *edges)];
  x = below(4) == 0 ? 0 - x : x;
  return bits == 64 ? x : x & (((uint64_t)1 << bits) - 1);
}

static int64_t sign_extended(uint64_t x, unsigned bits) {
  return bits == 64 ? (int64_t)x : (int64_t)(x << (64 - bits)) >> (64 - bits);
}

static uint32_t random_char(void) {
  static const uint32_t edges[] = {0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};
  uint32_t c = below(2) != 0 ? edges[below(sizeof edges / sizeof *edges)] : (uint32_t)below(0x110000);
  return c >= 0xd800 && c < 0xe000 ? 'x' : c;
}

static size_t put_utf8(uint32_t c, char *out) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  for (unsigned i = more; i > 0; i--, c >>= 6)
    out[i] = (char)(0x80 | (c & 0x3f));
  out[0] = (char)((0xf0 << (3 - more)) | c);
  return more + 1;
}

static cove_string random_string(void) {
  size_t count = below(below(16) == 0 ? 3000 : 12), size = 0;
  char *text = take(count * 4 + 1);
  for (size_t i = 0; i < count; i++)
    size += put_utf8(random_char(), text + size);
  return (cove_string){text, size};
}

static const cove_component_type *part_type(const cove_component_type *type, size_t index) {
  const cove_component_type *part = NULL;
  cove_component_type_part(type, index, NULL, &part);
  return part;
}

static cove_component_value random_value(const cove_component_type *type, unsigned depth);

static void random_items(cove_component_value *v, const cove_component_type *type, size_t count, bool same,
                         unsigned depth) {
  v->as.list.count = count;
  v->as.list.items = take(count * sizeof *v);
  for (size_t i = 0; i < count; i++)
    v->as.list.items[i] = random_value(part_type(type, same ? 0 : i), depth);
}

static void random_case(cove_component_value *v, const cove_component_type *type, unsigned depth) {
  v->which = (uint32_t)below(cove_component_type_part_count(type));
  const cove_component_type *payload = part_type(type, v->which);
  if (payload == NULL)
    return;
  v->as.payload = take(sizeof *v);
  *v->as.payload = random_value(payload, depth);
}

static cove_component_value random_value(const cove_component_type *type, unsigned depth) {
  cove_component_value v = {.kind = cove_component_type_kind(type)};
  switch (v.kind) {
  case COVE_COMPONENT_BOOL:
    v.as.boolean = below(2) != 0;
    break;
  case COVE_COMPONENT_S8:
    v.as.s64 = sign_extended(random_integer(8), 8);
    break;
  case COVE_COMPONENT_S16:
    v.as.s64 = sign_extended(random_integer(16), 16);
    break;
  case COVE_COMPONENT_S32:
    v.as.s64 = sign_extended(random_integer(32), 32);
    break;
  case COVE_COMPONENT_S64:
  case COVE_COMPONENT_U64:
    v.as.u64 = random_integer(64);
    break;
  case COVE_COMPONENT_U8:
    v.as.u64 = random_integer(8);
    break;
  case COVE_COMPONENT_U16:
    v.as.u64 = random_integer(16);
    break;
  case COVE_COMPONENT_U32:
    v.as.u64 = random_integer(32);
    break;
  case COVE_COMPONENT_F32: {
    uint32_t bits = (uint32_t)random_integer(32);
    memcpy(&v.as.f32, &bits, sizeof bits);
    break;
  }
  case COVE_COMPONENT_F64: {
    uint64_t bits = random_integer(64);
    memcpy(&v.as.f64, &bits, sizeof bits);
    break;
  }
  case COVE_COMPONENT_CHAR:
    v.as.character = random_char();
    break;
  case COVE_COMPONENT_STRING:
    v.as.string = random_string();
    break;
  case COVE_COMPONENT_FLAGS: {
    size_t count = cove_component_type_part_count(type);
    v.as.flags = (uint32_t)(random_bits() >> 32) & (uint32_t)(((uint64_t)1 << count) - 1);
    break;
  }
  case COVE_COMPONENT_LIST:
    random_items(&v, type, depth > MAX_DEPTH ? 0 : below(below(8) == 0 ? 40 : 4), true, depth + 3);
    break;
  case COVE_COMPONENT_FIXED_LIST:
    random_items(&v, type, cove_component_type_length(type), true, depth + 1);
    break;
  case COVE_COMPONENT_MAP:
    v.as.list.count = below(5);
    v.as.list.items = take(2 * v.as.list.count * sizeof v);
    for (size_t i = 0; i < 2 * v.as.list.count; i++)
      v.as.list.items[i] = random_value(part_type(type, i % 2), depth + 3);
    break;
  case COVE_COMPONENT_RECORD:
  case COVE_COMPONENT_TUPLE:
    random_items(&v, type, cove_component_type_part_count(type), false, depth + 1);
    break;
  case COVE_COMPONENT_ENUM:
    v.which = (uint32_t)below(cove_component_type_part_count(type));
    break;
  case COVE_COMPONENT_VARIANT:
  case COVE_COMPONENT_OPTION:
  case COVE_COMPONENT_RESULT:
    random_case(&v, type, depth + 1);
    break;
  default:
    fprintf(stderr, "echo: no values of kind 0x%x\n", (unsigned)v.kind);
    exit(1);
  }
  return v;
}

// ---- copies and comparisons ----------------------------------------------------------------------------------------

static bool is_list(uint32_t kind) {
  return kind == COVE_COMPONENT_LIST || kind == COVE_COMPONENT_FIXED_LIST || kind == COVE_COMPONENT_RECORD ||
         kind == COVE_COMPONENT_TUPLE || kind == COVE_COMPONENT_MAP;
}

static bool has_payload(const cove_component_value *v) {
  return (v->kind == COVE_COMPONENT_VARIANT || v->kind == COVE_COMPONENT_OPTION || v->kind == COVE_COMPONENT_RESULT) &&
         v->as.payload != NULL;
}

static size_t item_count(const cove_component_value *v) {
  return v->kind == COVE_COMPONENT_MAP ? 2 * v->as.list.count : v->as.list.count;
}

// NaNs are one.
static bool equal(const cove_component_value *a, const cove_component_value *b) {
  if (a->kind != b->kind || a->which != b->which)
    return false;
  if (is_list(a->kind)) {
    bool same = a->as.list.count == b->as.list.count;
    for (size_t i = 0; same && i < item_count(a); i++)
      same = equal(&a->as.list.items[i], &b->as.list.items[i]);
    return same;
  }
  if (has_payload(a) || has_payload(b))
    return has_payload(a) && has_payload(b) && equal(a->as.payload, b->as.payload);
  switch (a->kind) {
  case COVE_COMPONENT_BOOL:
    return a->as.boolean == b->as.boolean;
  case COVE_COMPONENT_F32:
    return memcmp(&a->as.f32, &b->as.f32, sizeof(float)) == 0 || (a->as.f32 != a->as.f32 && b->as.f32 != b->as.f32);
  case COVE_COMPONENT_F64:
    return memcmp(&a->as.f64, &b->as.f64, sizeof(double)) == 0 || (a->as.f64 != a->as.f64 && b->as.f64 != b->as.f64);
  case COVE_COMPONENT_CHAR:
    return a->as.character == b->as.character;
  case COVE_COMPONENT_STRING:
    return a->as.string.size == b->as.string.size &&
           memcmp(a->as.string.data, b->as.string.data, a->as.string.size) == 0;
  case COVE_COMPONENT_FLAGS:
    return a->as.flags == b->as.flags;
  case COVE_COMPONENT_ENUM:
  case COVE_COMPONENT_VARIANT:
  case COVE_COMPONENT_OPTION:
  case COVE_COMPONENT_RESULT:
    return true;
  default:
    return a->as.u64 == b->as.u64;
  }
}

// What the copy points to lives until the call ends.
static bool copy(cove_call *call, const cove_component_value *from, cove_component_value *to) {
  *to = *from;
  if (is_list(from->kind)) {
    to->as.list.items = cove_call_alloc(call, item_count(from) * sizeof *to + 1);
    bool good = to->as.list.items != NULL;
    for (size_t i = 0; good && i < item_count(from); i++)
      good = copy(call, &from->as.list.items[i], &to->as.list.items[i]);
    return good;
  }
  if (has_payload(from)) {
    to->as.payload = cove_call_alloc(call, sizeof *to);
    return to->as.payload != NULL && copy(call, from->as.payload, to->as.payload);
  }
  if (from->kind == COVE_COMPONENT_STRING) {
    char *data = cove_call_alloc(call, from->as.string.size + 1);
    if (data == NULL)
      return false;
    memcpy(data, from->as.string.data, from->as.string.size);
    to->as.string.data = data;
  }
  return true;
}

// ---- both sides ----------------------------------------------------------------------------------------------------

static unsigned long answered;

// What an imported function answers.
static cove_host_result answer(void *env, cove_call *call, const cove_component_value *args, size_t arg_count,
                               cove_component_value *result) {
  cove_component_value all = {.kind = COVE_COMPONENT_TUPLE};
  (void)env;
  answered++;
  if (result == NULL)
    return COVE_HOST_OK;
  all.as.list.items = (cove_component_value *)(uintptr_t)args;
  all.as.list.count = arg_count;
  return copy(call, arg_count == 1 ? args : &all, result) ? COVE_HOST_OK : cove_call_trap(call, "out of memory");
}

static bool define_imports(const cove_component *component, cove_component_linker *linker, cove_error **error) {
  for (size_t i = 0; i < cove_component_import_count(component); i++) {
    const cove_component_extern *import = cove_component_import(component, i);
    cove_bytes interface = cove_component_extern_name(import);
    char *name = take(interface.size + 1);
    memcpy(name, interface.data, interface.size);
    for (size_t k = 0; k < cove_component_extern_item_count(import); k++) {
      const cove_component_extern *item = cove_component_extern_item(import, k);
      cove_bytes label = cove_component_extern_name(item);
      char *func = take(label.size + 1);
      memcpy(func, label.data, label.size);
      if (cove_component_extern_sort(item) == COVE_SORT_FUNC &&
          cove_component_linker_define_func(linker, name, func, NULL, answer, NULL, NULL, error) != COVE_OK)
        return false;
    }
  }
  return true;
}

static bool show(const cove_component_type *type, const char *what, const cove_component_value *value) {
  cove_buffer text;
  cove_error *error = NULL;
  if (type != NULL && cove_component_value_text(type, value, &text, &error) == COVE_OK) {
    fprintf(stderr, "  %s: %s\n", what, (const char *)text.data);
    cove_buffer_delete(&text);
  }
  cove_error_delete(error);
  return false;
}

static bool call_once(cove_component_func *func, const char *name, cove_error **error) {
  const cove_component_functype *type = cove_component_func_type(func);
  const cove_component_type *result_type = cove_component_functype_result(type);
  size_t count = cove_component_functype_param_count(type);
  cove_component_value args[MAX_PARAMS], result = {0}, all = {.kind = COVE_COMPONENT_TUPLE};
  if (count > MAX_PARAMS)
    return false;
  for (size_t i = 0; i < count; i++) {
    const cove_component_type *param;
    cove_component_functype_param(type, i, NULL, &param);
    args[i] = random_value(param, 0);
  }
  all.as.list.items = args;
  all.as.list.count = count;
  const cove_component_value *want = count == 1 ? &args[0] : &all;
  if (cove_component_func_call(func, args, count, result_type != NULL ? &result : NULL, error) != COVE_OK) {
    fprintf(stderr, "echo: %s\n", name);
    return show(result_type, "given", want);
  }
  bool good = result_type == NULL || equal(want, &result);
  if (!good) {
    fprintf(stderr, "echo: %s: another value came back\n", name);
    show(result_type, "given", want);
    show(result_type, "came", &result);
  }
  if (result_type != NULL)
    cove_component_value_delete(&result);
  return good;
}

static bool call_all(const cove_component *component, cove_component_instance *instance, unsigned long rounds,
                     unsigned long *calls, cove_error **error) {
  for (size_t i = 0; i < cove_component_export_count(component); i++) {
    const cove_component_extern *export = cove_component_export(component, i);
    char interface[200], label[200];
    cove_bytes name = cove_component_extern_name(export);
    snprintf(interface, sizeof interface, "%.*s", (int)name.size, (const char *)name.data);
    for (size_t k = 0; k < cove_component_extern_item_count(export); k++) {
      const cove_component_extern *item = cove_component_extern_item(export, k);
      if (cove_component_extern_sort(item) != COVE_SORT_FUNC)
        continue;
      name = cove_component_extern_name(item);
      snprintf(label, sizeof label, "%.*s", (int)name.size, (const char *)name.data);
      cove_component_func *func = cove_component_instance_func(instance, interface, label);
      for (unsigned long round = 0; round < rounds; round++, ++*calls) {
        size_t mark = chunk_used;
        if (func == NULL || !call_once(func, label, error))
          return false;
        chunk_used = mark;
      }
    }
  }
  return true;
}

int main(int argc, char **argv) {
  cove_error *error = NULL;
  cove_engine *engine = NULL;
  cove_component *component = NULL;
  cove_store *store = NULL;
  cove_component_linker *linker = NULL;
  cove_component_instance *instance;
  cove_limits *limits = cove_limits_new();
  unsigned long calls = 0;
  bool good = false;
  chunk = malloc(CHUNK);
  if (argc != 3 || limits == NULL || chunk == NULL) {
    fprintf(stderr, "usage: echo COMPONENT ROUNDS\n");
    return 2;
  }
  cove_limits_set_memory(limits, MEMORY_LIMIT);
  if (cove_engine_new(NULL, &engine, &error) == COVE_OK &&
      cove_component_open(engine, argv[1], &component, &error) == COVE_OK &&
      cove_store_new(engine, limits, &store, &error) == COVE_OK &&
      (linker = cove_component_linker_new(store)) != NULL && define_imports(component, linker, &error) &&
      cove_component_linker_instantiate(linker, component, &instance, &error) == COVE_OK)
    good = call_all(component, instance, strtoul(argv[2], NULL, 10), &calls, &error);
  if (error != NULL)
    fprintf(stderr, "echo: %s\n", cove_error_message(error));
  if (good)
    printf("%lu calls, %lu answers\n", calls, answered);
  cove_error_delete(error);
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  cove_component_delete(component);
  cove_engine_delete(engine);
  cove_limits_delete(limits);
  free(chunk);
  return good ? 0 : 1;
}
