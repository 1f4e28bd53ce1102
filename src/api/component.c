// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component.c: making components, and looking into them and their types.
#include "api/component.h"
#include "base/leb.h"
#include "component/graph.h"
#include "component/link.h"
#include "wasm/binary/decode.h"
#include "wasm/limits.h"
#include "wasm/validate/validate.h"

// ---- making --------------------------------------------------------------------------------------------------------

static cv_status load(cove_component *c, const cv_api_source *from, bool compile, cv_diag *diag) {
  CV_TRY(cv_component_decode(&c->component, cv_engine_mem(c->engine), from->bytes, from->size, from->copy,
                             from->archive != NULL ? from->archive->features : cv_engine_features(c->engine), diag));
  unsigned flags = cv_engine_validation(c->engine, from->archive);
  CV_TRY(cv_component_validate(c->component, cv_engine_registry(c->engine), compile ? flags : 0, diag));
  c->names = cv_resource_names(c->component, &c->arena);
  if (c->names == NULL)
    return CV_ENOMEM;
  if (compile)
    CV_TRY(cv_component_compile(c->component, c->engine, from->archive, diag));
  c->compiled = compile;
  return CV_OK;
}

static void release(cove_component *c) {
  cv_component_delete(c->component);
  cv_arena_free(&c->arena);
  if (c->owns_bytes)
    cv_mem_free(&cv_api_mem, (void *)c->bytes, c->size);
  if (c->release != NULL)
    c->release(c->release_env);
  cv_engine_release(c->engine);
  cv_mem_free(&cv_api_mem, c, sizeof *c);
}

static cove_status make(cove_engine *engine, const cv_api_source *from, bool compile, cove_component **out,
                        cove_error **error) {
  const char *looks_like = NULL;
  cv_binary_kind kind = cv_binary_kind_of(from->bytes, from->size, &looks_like);
  if (kind == CV_BINARY_MODULE)
    return cv_api_fail(error, COVE_USAGE, "this is a core module, not a component");
  if (kind == CV_BINARY_COMPILED)
    return cv_api_fail(error, COVE_UNSUPPORTED, "this is a compiled program: cove_component_load_compiled");
  cv_diag diag;
  cv_diag_init(&diag);
  cove_component *c = cv_mem_zalloc(&cv_api_mem, sizeof *c);
  if (c == NULL)
    return cv_api_no_memory(error);
  c->refs = 1;
  c->engine = (cv_engine *)engine;
  cv_engine_retain(c->engine);
  cv_arena_init(&c->arena, &cv_api_mem);
  cv_status status = load(c, from, compile, &diag);
  if (status != CV_OK) {
    release(c);
    return cv_api_diag(error, status, &diag);
  }
  c->size = from->size;
  c->release = from->release;
  c->release_env = from->env;
  *out = c;
  return COVE_OK;
}

cove_status cove_component_new(cove_engine *engine, const void *data, size_t size, cove_component **out,
                               cove_error **error) {
  return make(engine, &(cv_api_source){.bytes = data, .size = size, .copy = true}, true, out, error);
}

cove_status cove_component_new_borrowed(cove_engine *engine, const void *data, size_t size,
                                        void (*release_fn)(void *env), void *env, cove_component **out,
                                        cove_error **error) {
  return make(engine, &(cv_api_source){.bytes = data, .size = size, .release = release_fn, .env = env}, true, out,
              error);
}

cove_status cove_component_load_compiled(cove_engine *engine, const void *data, size_t size,
                                         void (*release_fn)(void *env), void *env, cove_component **out,
                                         cove_error **error) {
  cv_archive archive;
  cv_api_source from = {.release = release_fn, .env = env};
  cove_status status = cv_api_source_compiled(engine, data, size, true, &archive, &from, error);
  return status == COVE_OK ? make(engine, &from, true, out, error) : status;
}

cove_status cove_component_new_cached(cove_engine *engine, const void *data, size_t size, const void *entry,
                                      size_t entry_size, void (*release_fn)(void *env), void *env, cove_component **out,
                                      cove_error **error) {
  cv_archive archive;
  cv_api_source from = {.release = release_fn, .env = env};
  bool fits;
  *out = NULL;
  cove_status status = cv_api_source_cached(engine, (cv_bytes){data, size}, (cv_bytes){entry, entry_size}, &archive,
                                            &from, &fits, error);
  if (status != COVE_OK || !fits)
    return status;
  status = make(engine, &from, true, out, error);
  if (status == COVE_OK)
    (*out)->keeps_code = true;
  return status;
}

cove_status cove_component_open(cove_engine *engine, const char *path, cove_component **out, cove_error **error) {
  uint8_t *bytes;
  size_t size;
  cove_status status = cv_api_read_binary((cv_engine *)engine, path, &bytes, &size, error);
  if (status != COVE_OK)
    return status;
  status = make(engine, &(cv_api_source){.bytes = bytes, .size = size}, true, out, error);
  if (status != COVE_OK) {
    cv_mem_free(&cv_api_mem, bytes, size);
    return status;
  }
  (*out)->owns_bytes = true;
  (*out)->bytes = bytes;
  return COVE_OK;
}

cove_status cove_component_inspect(cove_engine *engine, const void *data, size_t size, cove_component **out,
                                   cove_error **error) {
  return make(engine, &(cv_api_source){.bytes = data, .size = size, .copy = true}, false, out, error);
}

cove_status cove_component_validate(cove_engine *engine, const void *data, size_t size, cove_error **error) {
  cove_component *c;
  cove_status status = make(engine, &(cv_api_source){.bytes = data, .size = size}, false, &c, error);
  if (status == COVE_OK)
    cove_component_delete(c);
  return status;
}

void cove_component_delete(cove_component *c) {
  if (c != NULL && __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0)
    release(c);
}

cv_status cv_api_keep_component(cove_store *store, cove_component *component) {
  for (size_t i = store->components.count; i-- != 0;)
    if (store->components.data[i] == component)
      return CV_OK;
  CV_TRY(cv_vec_push(&cv_api_mem, &store->components, component));
  __atomic_add_fetch(&component->refs, 1, __ATOMIC_RELAXED);
  return CV_OK;
}

// ---- value types ---------------------------------------------------------------------------------------------------

static_assert(COVE_COMPONENT_BOOL == (int)CV_CT_BOOL && COVE_COMPONENT_MAP == (int)CV_CT_MAP &&
                  COVE_COMPONENT_RECORD == (int)CV_CT_RECORD && COVE_COMPONENT_OWN == (int)CV_CT_OWN &&
                  COVE_COMPONENT_FIXED_LIST == (int)CV_CT_FIXED_LIST && COVE_COMPONENT_ENUM == (int)CV_CT_ENUM,
              "same numbers");
static_assert((int)COVE_SORT_MODULE == CV_SORT_MODULE && (int)COVE_SORT_INSTANCE == CV_SORT_INSTANCE, "same numbers");

static const cv_ctype *type_of(const cove_component_type *type) {
  return (const cv_ctype *)type;
}

cove_component_kind cove_component_type_kind(const cove_component_type *type) {
  return (cove_component_kind)type_of(type)->kind;
}

size_t cove_component_type_part_count(const cove_component_type *type) {
  return type_of(type)->count;
}

bool cove_component_type_part(const cove_component_type *type, size_t index, cove_bytes *name,
                              const cove_component_type **part) {
  const cv_ctype *t = type_of(type);
  if (index >= t->count)
    return false;
  if (name != NULL)
    *name = cv_api_bytes(t->fields[index].name);
  if (part != NULL)
    *part = (const cove_component_type *)t->fields[index].type;
  return true;
}

uint32_t cove_component_type_length(const cove_component_type *type) {
  return type_of(type)->length;
}

cove_status cove_component_type_text(const cove_component_type *type, cove_buffer *out, cove_error **error) {
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  cv_ctype_print(&buf, type_of(type));
  return cv_api_hand_over(&buf, out, error);
}

// ---- function types ------------------------------------------------------------------------------------------------

static const cv_cfunctype *functype_of(const cove_component_functype *type) {
  return (const cv_cfunctype *)type;
}

size_t cove_component_functype_param_count(const cove_component_functype *type) {
  return functype_of(type)->param_count;
}

bool cove_component_functype_param(const cove_component_functype *type, size_t index, cove_bytes *name,
                                   const cove_component_type **param) {
  const cv_cfunctype *t = functype_of(type);
  if (index >= t->param_count)
    return false;
  if (name != NULL)
    *name = cv_api_bytes(t->params[index].name);
  if (param != NULL)
    *param = (const cove_component_type *)t->params[index].type;
  return true;
}

const cove_component_type *cove_component_functype_result(const cove_component_functype *type) {
  return (const cove_component_type *)functype_of(type)->result;
}

bool cove_component_functype_is_async(const cove_component_functype *type) {
  return functype_of(type)->is_async;
}

cove_status cove_component_functype_text(const cove_component_functype *type, cove_buffer *out, cove_error **error) {
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  cv_cfunctype_print(&buf, functype_of(type));
  return cv_api_hand_over(&buf, out, error);
}

// ---- for people ---------------------------------------------------------------------------------------------------

// Looked for each time: who describes a component does it once.
static cv_status type_names(const cove_component *c, cv_arena *arena, cv_type_names *out) {
  cv_arena_init(arena, &cv_api_mem);
  return cv_type_names_of(&c->component->type, arena, out);
}

static cove_status describe(const cove_component *c, const cv_cfunctype *func, const cv_ctype *type, cove_buffer *out,
                            cove_error **error) {
  cv_arena arena;
  cv_type_names names;
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  cv_status status = type_names(c, &arena, &names);
  if (status == CV_OK && func != NULL)
    cv_cfunctype_print_named(&buf, func, &names);
  else if (status == CV_OK)
    cv_ctype_print_named(&buf, type, &names, true);
  cv_arena_free(&arena);
  return status == CV_OK ? cv_api_hand_over(&buf, out, error) : cv_api_no_memory(error);
}

cove_status cove_component_describe_func(const cove_component *c, const cove_component_functype *type, cove_buffer *out,
                                         cove_error **error) {
  return describe(c, functype_of(type), NULL, out, error);
}

cove_status cove_component_describe_type(const cove_component *c, const cove_component_type *type, cove_buffer *out,
                                         cove_error **error) {
  return describe(c, NULL, type_of(type), out, error);
}

cove_bytes cove_component_type_name(const cove_component *c, const cove_component_type *type) {
  cv_arena arena;
  cv_type_names names;
  cv_bytes name = {NULL, 0};
  if (type_names(c, &arena, &names) == CV_OK && !cv_ctype_kind_is_simple(type_of(type)->kind))
    name = cv_type_names_find(&names, type_of(type));
  cv_arena_free(&arena);
  return name.size != 0 ? cv_api_bytes(name) : (cove_bytes){"", 0};
}

cove_status cove_component_graph(const cove_component *c, cove_buffer *out, cove_error **error) {
  cv_diag diag;
  cv_buf buf;
  cv_diag_init(&diag);
  cv_buf_init(&buf, &cv_api_mem);
  cv_status status = cv_component_graph(c->component, &cv_api_mem, &buf, &diag);
  if (status == CV_OK)
    return cv_api_hand_over(&buf, out, error);
  cv_buf_free(&buf);
  return cv_api_diag(error, status, &diag);
}

// ---- imports and exports -------------------------------------------------------------------------------------------

const char *cove_component_sort_text(cove_component_sort sort) {
  return cv_csort_text((cv_csort)sort);
}

static const cv_cextern *extern_of(const cove_component_extern *item) {
  return (const cv_cextern *)item;
}

static const cove_component_extern *extern_at(const cv_cextern *externs, uint32_t count, size_t index) {
  return index < count ? (const cove_component_extern *)&externs[index] : NULL;
}

size_t cove_component_import_count(const cove_component *c) {
  return c->component->type.import_count;
}

const cove_component_extern *cove_component_import(const cove_component *c, size_t index) {
  return extern_at(c->component->type.imports, c->component->type.import_count, index);
}

size_t cove_component_export_count(const cove_component *c) {
  return c->component->type.export_count;
}

const cove_component_extern *cove_component_export(const cove_component *c, size_t index) {
  return extern_at(c->component->type.exports, c->component->type.export_count, index);
}

cove_bytes cove_component_extern_name(const cove_component_extern *item) {
  return cv_api_bytes(extern_of(item)->name);
}

cove_component_sort cove_component_extern_sort(const cove_component_extern *item) {
  return (cove_component_sort)extern_of(item)->type.sort;
}

const cove_component_functype *cove_component_extern_func(const cove_component_extern *item) {
  const cv_cexterntype *t = &extern_of(item)->type;
  return t->sort == CV_SORT_FUNC ? (const cove_component_functype *)t->as.func : NULL;
}

const cove_component_type *cove_component_extern_type(const cove_component_extern *item, bool *is_resource) {
  const cv_cexterntype *t = &extern_of(item)->type;
  bool is_type = t->sort == CV_SORT_TYPE;
  if (is_resource != NULL)
    *is_resource = is_type && t->as.type.kind == CV_DEF_RESOURCE;
  return is_type && t->as.type.kind == CV_DEF_VALUE ? (const cove_component_type *)t->as.type.as.value : NULL;
}

static const cv_cextern *items_of(const cove_component_extern *item, uint32_t *count) {
  const cv_cexterntype *t = &extern_of(item)->type;
  *count = 0;
  if (t->sort == CV_SORT_INSTANCE) {
    *count = t->as.instance->export_count;
    return t->as.instance->exports;
  }
  if (t->sort == CV_SORT_COMPONENT) {
    *count = t->as.component->export_count;
    return t->as.component->exports;
  }
  return NULL;
}

size_t cove_component_extern_item_count(const cove_component_extern *item) {
  uint32_t count;
  items_of(item, &count);
  return count;
}

const cove_component_extern *cove_component_extern_item(const cove_component_extern *item, size_t index) {
  uint32_t count;
  const cv_cextern *items = items_of(item, &count);
  return extern_at(items, count, index);
}

// ---- parts ---------------------------------------------------------------------------------------------------------

static const cv_module *module_of(const cv_cdef *def) {
  return def->code != NULL ? def->code->module : def->as.module;
}

// Counts the parts from *index down to 0; true when it has been reached.
static bool find_part(const cv_component *c, uint32_t depth, size_t *index, cove_component_part *out) {
  for (uint32_t i = 0; i < c->def_count; i++) {
    const cv_cdef *def = &c->defs[i];
    bool is_module = def->kind == CV_CDEF_CORE_MODULE;
    if (!is_module && def->kind != CV_CDEF_COMPONENT)
      continue;
    if ((*index)-- == 0) {
      *out = (cove_component_part){.is_module = is_module, .depth = depth};
      if (is_module) {
        const cv_module *m = module_of(def);
        out->name = cv_api_bytes(m->name);
        out->size = m->size;
        out->code_size = m->code_section.size;
        out->func_count = cv_module_defined(m);
      } else {
        out->name = cv_api_bytes(def->as.component->name);
        out->size = def->as.component->span.size;
      }
      return true;
    }
    if (!is_module && find_part(def->as.component, depth + 1, index, out))
      return true;
  }
  return false;
}

bool cove_component_part_at(const cove_component *c, size_t index, cove_component_part *out) {
  return find_part(c->component, 0, &index, out);
}

size_t cove_component_part_count(const cove_component *c) {
  cove_component_part part;
  size_t left = SIZE_MAX;
  find_part(c->component, 0, &left, &part);
  return SIZE_MAX - left;
}

cove_bytes cove_component_name(const cove_component *c) {
  return cv_api_bytes(c->component->name);
}

uint64_t cove_component_size(const cove_component *c) {
  return c->component->span.size;
}

// ---- producers -----------------------------------------------------------------------------------------------------

static bool same_line(const cove_producer *a, const cove_producer *b) {
  const cove_bytes *x[] = {&a->field, &a->name, &a->version}, *y[] = {&b->field, &b->name, &b->version};
  for (unsigned i = 0; i < 3; i++)
    if (x[i]->size != y[i]->size || memcmp(x[i]->data, y[i]->data, x[i]->size) != 0)
      return false;
  return true;
}

typedef CV_VEC(cove_producer) producer_lines;

static void add_section(producer_lines *lines, const uint8_t *data, size_t size) {
  cove_producer line;
  for (size_t i = 0; cv_api_producer(data, size, i, &line); i++) {
    bool known = false;
    for (size_t k = 0; k < lines->count && !known; k++)
      known = same_line(&lines->data[k], &line);
    if (!known && cv_vec_push(&cv_api_mem, lines, line) != CV_OK)
      return; // fewer lines to look at
  }
}

static void add_customs(producer_lines *lines, const cv_custom_section *customs, uint32_t count, const uint8_t *bytes) {
  for (uint32_t i = 0; i < count; i++)
    if (cv_bytes_equal(customs[i].name, CV_BYTES_LITERAL("producers")))
      add_section(lines, bytes + customs[i].bytes.offset, customs[i].bytes.size);
}

static void collect(producer_lines *lines, const cv_component *c) {
  add_customs(lines, c->customs, c->custom_count, c->bytes);
  for (uint32_t i = 0; i < c->def_count; i++) {
    const cv_cdef *def = &c->defs[i];
    if (def->kind == CV_CDEF_COMPONENT)
      collect(lines, def->as.component);
    else if (def->kind == CV_CDEF_CORE_MODULE)
      add_customs(lines, module_of(def)->customs, module_of(def)->custom_count, module_of(def)->bytes);
  }
}

bool cove_component_producer(const cove_component *c, size_t index, cove_producer *out) {
  producer_lines lines = {0};
  collect(&lines, c->component);
  bool found = index < lines.count;
  if (found)
    *out = lines.data[index];
  cv_vec_free(&cv_api_mem, &lines);
  return found;
}

size_t cove_component_producer_count(const cove_component *c) {
  producer_lines lines = {0};
  collect(&lines, c->component);
  size_t count = lines.count;
  cv_vec_free(&cv_api_mem, &lines);
  return count;
}
