// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// resources.c: resources through host bindings, in both directions: the component's items (resources.wat) stand for the
// host's, so that every call goes in by a call of the bindings and out by a host function of the bindings.
#include "resources.h"

#include <cove/cove.h>

#include <stdio.h>
#include <stdlib.h>

struct test_resources_items_item {
  char name[40];
};

typedef test_resources_items_item item;

static unsigned alive;
static const char *step = "start";

static void check(bool good, const char *what) {
  if (good)
    return;
  fprintf(stderr, "%s: %s\n", step, what);
  exit(1);
}

static item *new_item(const char *name, size_t size) {
  item *made = calloc(1, sizeof *made);
  check(made != NULL && size < sizeof made->name, "memory");
  memcpy(made->name, name, size);
  alive++;
  return made;
}

// ---- what the component imports ----

void test_resources_items_item_drop(void *host, item *self) {
  (void)host;
  free(self);
  alive--;
}

cove_host_result test_resources_items_item_new(void *host, cove_call *call, cove_string name, item **result) {
  (void)host, (void)call;
  *result = new_item(name.data, name.size);
  return COVE_HOST_OK;
}

cove_host_result test_resources_items_item_name(void *host, cove_call *call, item *self, cove_string *result) {
  (void)host, (void)call;
  *result = (cove_string){self->name, strlen(self->name)};
  return COVE_HOST_OK;
}

cove_host_result test_resources_items_item_drop_(void *host, cove_call *call, item *self, uint32_t *result) {
  (void)host, (void)call;
  *result = (uint32_t)strlen(self->name);
  return COVE_HOST_OK;
}

cove_host_result test_resources_items_item_merge(void *host, cove_call *call, item *a, item *b, item **result) {
  (void)call;
  char both[80];
  snprintf(both, sizeof both, "%.30s+%.8s", a->name, b->name);
  test_resources_items_item_drop(host, a);
  *result = new_item(both, strlen(both));
  return COVE_HOST_OK;
}

cove_host_result test_resources_items_exchange(void *host, cove_call *call, const test_resources_items_pair *p,
                                               test_resources_items_pair *result) {
  (void)host, (void)call;
  *result = (test_resources_items_pair){new_item(p->note.data, p->note.size), {"changed", 7}};
  test_resources_items_item_drop(host, p->first);
  return COVE_HOST_OK;
}

cove_host_result test_resources_items_reverse(void *host, cove_call *call,
                                              const resources_list_test_resources_items_item *xs,
                                              resources_list_test_resources_items_item *result) {
  (void)host;
  result->count = xs->count;
  result->data = cove_call_alloc(call, xs->count * sizeof *xs->data + 1);
  if (result->data == NULL)
    return cove_call_trap(call, "out of memory");
  for (size_t i = 0; i < xs->count; i++)
    result->data[i] = xs->data[xs->count - 1 - i];
  return COVE_HOST_OK;
}

cove_host_result test_resources_items_names(void *host, cove_call *call,
                                            const resources_list_test_resources_items_item *xs,
                                            resources_list_string *result) {
  (void)host;
  result->count = xs->count;
  result->data = cove_call_alloc(call, xs->count * sizeof *result->data + 1);
  if (result->data == NULL)
    return cove_call_trap(call, "out of memory");
  for (size_t i = 0; i < xs->count; i++)
    result->data[i] = (cove_string){xs->data[i]->name, strlen(xs->data[i]->name)};
  return COVE_HOST_OK;
}

cove_host_result test_resources_items_choose(void *host, cove_call *call, const test_resources_items_choice *c,
                                             resources_option_test_resources_items_item *result) {
  (void)host, (void)call;
  switch (c->tag) {
  case TEST_RESOURCES_ITEMS_CHOICE_ONE:
    *result = (resources_option_test_resources_items_item){true, c->as.one};
    break;
  case TEST_RESOURCES_ITEMS_CHOICE_NUMBER:
    *result = (resources_option_test_resources_items_item){true, new_item("number", c->as.number > 1.25 ? 6 : 3)};
    break;
  default:
    result->has = false;
  }
  return COVE_HOST_OK;
}

cove_host_result test_resources_items_many(void *host, cove_call *call, item *a, const resources_list_u64 *b,
                                           const resources_list_u64 *c, const resources_list_u64 *d,
                                           const resources_list_u64 *e, const resources_list_u64 *f,
                                           const resources_list_u64 *g, const resources_list_u64 *h, item *i, uint8_t j,
                                           resources_tuple2_test_resources_items_item_u32 *result) {
  (void)host, (void)call;
  check(strcmp(a->name, "borrowed") == 0, "the borrowed item");
  size_t count = b->count + c->count + d->count + e->count + f->count + g->count + h->count;
  *result = (resources_tuple2_test_resources_items_item_u32){i, (uint32_t)(count * 100 + (size_t)h->data[1] + j)};
  return COVE_HOST_OK;
}

cove_host_result test_resources_items_fail(void *host, cove_call *call, item *a,
                                           const resources_list_test_resources_items_item *b) {
  test_resources_items_item_drop(host, a);
  for (size_t i = 0; i < b->count; i++)
    test_resources_items_item_drop(host, b->data[i]);
  return cove_call_trap(call, "refused");
}

// ---- what the host calls ----

static resources_exports exports;
static cove_results results;
static cove_error *error;

static void must(cove_status status) {
  check(status == COVE_OK, error != NULL ? cove_error_message(error) : "no memory");
}

static bool is(cove_string string, const char *text) {
  return string.size == strlen(text) && memcmp(string.data, text, string.size) == 0;
}

static cove_handle make(const char *name) {
  cove_handle made;
  must(test_resources_items_call_item_new(&exports, (cove_string){name, strlen(name)}, &made, &results, &error));
  return made;
}

static void expect_name(const cove_handle *handle, const char *name) {
  cove_string there;
  uint32_t size;
  must(test_resources_items_call_item_name(&exports, handle, &there, &results, &error));
  check(is(there, name), "the name");
  must(test_resources_items_call_item_drop(&exports, handle, &size, NULL, &error));
  check(size == strlen(name), "the size of the name");
  cove_results_free(&results);
}

static void drop(cove_store *store, cove_handle *handle) {
  must(cove_handle_drop(store, handle, &error));
  check(handle->type == NULL, "a dropped handle is empty");
}

static void call_with_one(cove_store *store) {
  step = "constructor, method, static";
  cove_handle a = make("caf\xc3\xa9"), b = make("b"), c;
  check(alive == 2, "two are alive");
  expect_name(&a, "caf\xc3\xa9");
  must(test_resources_items_call_item_merge(&exports, &a, &b, &c, &results, &error));
  check(a.type == NULL && b.type != NULL, "the owned argument is given away, the borrowed one is not");
  expect_name(&c, "caf\xc3\xa9+b");
  check(alive == 2, "two are alive again");
  drop(store, &b);
  drop(store, &c);
  drop(store, &a); // empty
  check(alive == 0, "none is alive");
}

static void call_with_structures(cove_store *store) {
  step = "record";
  exports_test_resources_items_pair there = {make("first"), {"note", 4}}, back;
  must(test_resources_items_call_exchange(&exports, &there, &back, &results, &error));
  check(is(back.note, "changed") && there.first.type == NULL, "a pair of its own");
  expect_name(&back.first, "note");
  drop(store, &back.first);

  step = "lists";
  cove_handle three[] = {make("x"), make("y"), make("z")};
  const resources_list_exports_test_resources_items_item list = {three, 3}, none = {NULL, 0};
  resources_list_exports_test_resources_items_item reversed;
  resources_list_string names;
  must(test_resources_items_call_names(&exports, &list, &names, &results, &error));
  check(names.count == 3 && is(names.data[0], "x") && is(names.data[2], "z"), "names of borrowed ones");
  must(test_resources_items_call_reverse(&exports, &list, &reversed, &results, &error));
  check(reversed.count == 3 && three[0].type == NULL && three[2].type == NULL, "owned ones in a list are given away");
  must(test_resources_items_call_names(&exports, &reversed, &names, &results, &error));
  check(is(names.data[0], "z") && is(names.data[2], "x"), "names in reverse");
  for (size_t i = 0; i < 3; i++)
    drop(store, &reversed.data[i]);
  must(test_resources_items_call_names(&exports, &none, &names, &results, &error));
  check(names.count == 0, "an empty list");
  cove_results_free(&results);

  step = "variant and option";
  exports_test_resources_items_choice choice = {.tag = EXPORTS_TEST_RESOURCES_ITEMS_CHOICE_ONE, .as.one = make("one")};
  resources_option_exports_test_resources_items_item chosen;
  must(test_resources_items_call_choose(&exports, &choice, &chosen, &results, &error));
  check(chosen.has && choice.as.one.type == NULL, "the item of a case");
  expect_name(&chosen.value, "one");
  drop(store, &chosen.value);
  choice = (exports_test_resources_items_choice){.tag = EXPORTS_TEST_RESOURCES_ITEMS_CHOICE_NUMBER, .as.number = 1.5};
  must(test_resources_items_call_choose(&exports, &choice, &chosen, &results, &error));
  check(chosen.has, "an item for a number");
  expect_name(&chosen.value, "number");
  drop(store, &chosen.value);
  choice.tag = EXPORTS_TEST_RESOURCES_ITEMS_CHOICE_NONE;
  must(test_resources_items_call_choose(&exports, &choice, &chosen, &results, &error));
  check(!chosen.has && alive == 0, "no item");

  step = "parameters in memory";
  uint64_t numbers[] = {1, 23};
  const resources_list_u64 two = {numbers, 2}, empty = {NULL, 0};
  resources_tuple2_exports_test_resources_items_item_u32 answer;
  cove_handle borrowed = make("borrowed"), owned = make("owned");
  must(test_resources_items_call_many(&exports, &borrowed, &two, &empty, &two, &empty, &two, &empty, &two, &owned, 4,
                                      &answer, &results, &error));
  check(answer.f1 == 827 && owned.type == NULL && borrowed.type != NULL, "what came back");
  expect_name(&answer.f0, "owned");
  drop(store, &answer.f0);
  drop(store, &borrowed);
  check(alive == 0, "none is alive");
}

int main(int argc, char **argv) {
  cove_engine *engine = NULL;
  cove_wit *wit = NULL;
  cove_buffer binary = {0};
  cove_component *component = NULL;
  cove_store *store = NULL;
  cove_component_instance *instance = NULL;
  check(argc == 3, "usage: resources WAT WIT");
  must(cove_engine_new(NULL, &engine, &error));
  must(cove_wit_open(argv[2], NULL, &wit, &error));
  FILE *file = fopen(argv[1], "rb");
  static char text[65536];
  check(file != NULL, argv[1]);
  size_t size = fread(text, 1, sizeof text, file);
  fclose(file);
  cove_buffer core = {0};
  must(cove_text_parse(engine, text, size, &core, &error));
  must(cove_module_componentize(core.data, core.size, &(cove_componentize_options){.wit = wit}, &binary, &error));
  must(cove_component_new(engine, binary.data, binary.size, &component, &error));
  must(cove_store_new(engine, NULL, &store, &error));
  cove_component_linker *linker = cove_component_linker_new(store);
  check(linker != NULL, "linker");
  must(cove_component_linker_define_world(linker, &resources_world, NULL, &error));
  must(cove_component_linker_instantiate(linker, component, &instance, &error));
  must(resources_exports_find(instance, &exports, &error));
  call_with_one(store);
  call_with_structures(store);

  step = "a trap of the host";
  cove_handle kept = make("kept"), first = make("first"), two[] = {make("a"), make("b")};
  const resources_list_exports_test_resources_items_item list = {two, 2};
  check(test_resources_items_call_fail(&exports, &first, &list, &error) == COVE_TRAP, "it traps");
  check(strstr(cove_error_message(error), "refused") != NULL, cove_error_message(error));
  check(first.type == NULL && two[1].type == NULL && kept.type != NULL && alive == 1, "what was given away is gone");
  cove_error_delete(error);

  step = "the end";
  cove_results_free(&results);
  cove_component_linker_delete(linker);
  cove_store_delete(store); // with what the component holds
  check(alive == 0, "the store drops what is left");
  cove_component_delete(component);
  cove_buffer_delete(&core);
  cove_buffer_delete(&binary);
  cove_wit_delete(wit);
  cove_engine_delete(engine);
  printf("resources: good\n");
  return 0;
}
