// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canons.c: canonical definitions: what lift, lower and the built-ins demand, and the core functions that they make
// (CanonicalABI.md, "Canonical Definitions").
#include "base/buf.h"
#include "component/canon/canon.h"
#include "component/validate/validator.h"

// ---- core functions that are made ----

static cv_status push_func(cv_cvalidator *v, cv_scope *scope, cv_canon *canon, const cv_valtype *params,
                           uint32_t param_count, const cv_valtype *results, uint32_t result_count) {
  cv_valtype types[CV_MAX_FLAT_PARAMS + 4];
  memcpy(types, params, param_count * sizeof *types);
  memcpy(types + param_count, results, result_count * sizeof *types);
  cv_functype type = {.param_count = param_count, .result_count = result_count, .types = types};
  cv_typeid id = cv_type_registry_func(v->registry, &type);
  if (id == CV_NO_TYPE)
    return CV_ENOMEM;
  CV_TRY(cv_scope_hold(v, scope, id));
  canon->core_type = id;
  return cv_vec_push(v->mem, &scope->core_funcs, id);
}

static cv_status push_builtin(cv_cvalidator *v, cv_scope *scope, cv_canon *canon, cv_valtype address,
                              cv_valtype other) {
  cv_valtype types[2][4];
  uint32_t counts[2] = {0, 0}, which = 0;
  for (const char *at = cv_canon_signature(canon->kind); *at != 0; at++) {
    if (*at == ':')
      which = 1;
    else
      types[which][counts[which]++] = *at == 'i' ? CV_I32 : *at == 'I' ? CV_I64 : *at == 'p' ? address : other;
  }
  return push_func(v, scope, canon, types[0], counts[0], types[1], counts[1]);
}

// ---- options ----

// What a definition allows and demands.
typedef struct option_rules {
  bool is_lift, is_lower; // lift and lower themselves
  bool allow_async, allow_realloc;
  bool need_memory, need_realloc;
} option_rules;

static cv_valtype address_type(const cv_canon_options *o) {
  return o->memory != CV_NO_INDEX && o->memory_is_64 ? CV_I64 : CV_I32;
}

static bool has_type(const cv_functype *type, const char *params, const char *results, cv_valtype address) {
  size_t param_count = strlen(params), result_count = strlen(results);
  if (type->param_count != param_count || type->result_count != result_count)
    return false;
  for (size_t i = 0; i < param_count + result_count; i++) {
    char c = i < param_count ? params[i] : results[i - param_count];
    if (type->types[i] != (c == 'p' ? address : CV_I32))
      return false;
  }
  return true;
}

static cv_status wrong_signature(cv_cvalidator *v, const char *option) {
  return cv_cinvalid(v, "canonical option `%s` uses a core function with an incorrect signature", option);
}

static cv_status check_memory(cv_cvalidator *v, const cv_scope *scope, uint32_t index, bool *is_64) {
  CV_TRY(cv_scope_check(v, scope, CV_CS_CORE_MEMORY, index));
  const cv_memtype *memory = &scope->memories.data[index];
  if (memory->limits.is_shared)
    return cv_cinvalid(v, "mismatch in the shared flag for memories: canonical option `memory` needs one that is not");
  if (memory->page_log2 != 16)
    return cv_cinvalid(v, "mismatch in custom page size for memories: canonical option `memory`");
  *is_64 = memory->limits.is_64;
  return CV_OK;
}

static cv_status check_realloc(cv_cvalidator *v, const cv_scope *scope, const cv_canon_options *o) {
  const cv_functype *type;
  if (o->realloc == CV_NO_INDEX)
    return CV_OK;
  CV_TRY(cv_scope_core_func_type(v, scope, o->realloc, &type));
  if (o->memory == CV_NO_INDEX)
    return cv_cinvalid(v, "canonical option `realloc` requires `memory` to also be specified");
  return has_type(type, "pppp", "p", address_type(o)) ? CV_OK : wrong_signature(v, "realloc");
}

static cv_status check_async(cv_cvalidator *v, const cv_scope *scope, const cv_canon_options *o, option_rules rules) {
  const cv_functype *type;
  if (o->is_async && !rules.allow_async)
    return cv_cinvalid(v, "canonical option `async` is not allowed here");
  if (o->post_return != CV_NO_INDEX) {
    if (!rules.is_lift)
      return cv_cinvalid(v, "canonical option `post-return` cannot be specified for lowerings");
    if (o->is_async)
      return cv_cinvalid(v, "canonical option `post-return` cannot be specified with `async`");
  }
  if (o->callback == CV_NO_INDEX)
    return CV_OK;
  if (!rules.is_lift)
    return cv_cinvalid(v, "canonical option `callback` cannot be specified for lowerings");
  if (!o->is_async)
    return cv_cinvalid(v, "cannot specify callback without async");
  CV_TRY(cv_scope_core_func_type(v, scope, o->callback, &type));
  return has_type(type, "iii", "i", CV_I32) ? CV_OK : wrong_signature(v, "callback");
}

static cv_status check_options(cv_cvalidator *v, const cv_scope *scope, cv_canon_options *o, option_rules rules) {
  if (o->memory != CV_NO_INDEX)
    CV_TRY(check_memory(v, scope, o->memory, &o->memory_is_64));
  if (o->realloc != CV_NO_INDEX && !rules.allow_realloc)
    return cv_cinvalid(v, "canonical option `realloc` is not allowed here");
  CV_TRY(check_realloc(v, scope, o));
  CV_TRY(check_async(v, scope, o, rules));
  if (rules.need_memory && o->memory == CV_NO_INDEX)
    return cv_cinvalid(v, "canonical option `memory` is required");
  if (rules.need_realloc && o->realloc == CV_NO_INDEX)
    return cv_cinvalid(v, "canonical option `realloc` is required");
  return CV_OK;
}

static bool params_need_memory(const cv_cfunctype *type) {
  for (uint32_t i = 0; i < type->param_count; i++)
    if (type->params[i].type->has_pointer)
      return true;
  return false;
}

static unsigned pointer_of(const cv_canon_options *o) {
  return address_type(o) == CV_I64 ? CV_PTR64 : CV_PTR32;
}

// ---- lift ----

static void put_flat(cv_buf *buf, const cv_valtype *types, uint32_t count) {
  cv_buf_text(buf, "`[");
  for (uint32_t i = 0; i < count; i++) {
    char text[CV_VALTYPE_TEXT_SIZE];
    cv_valtype_text(types[i], text);
    if (text[0] == 'i' || text[0] == 'f')
      text[0] = (char)(text[0] - ('a' - 'A'));
    cv_buf_printf(buf, "%s%s", i == 0 ? "" : ", ", text);
  }
  cv_buf_text(buf, "]`");
}

static cv_status check_flat(cv_cvalidator *v, const char *what, const cv_valtype *wanted, uint32_t wanted_count,
                            const cv_valtype *found, uint32_t found_count) {
  if (wanted_count == found_count && memcmp(wanted, found, found_count * sizeof *found) == 0)
    return CV_OK;
  cv_buf buf;
  cv_buf_init(&buf, v->mem);
  cv_buf_printf(&buf, "lowered %s types ", what);
  put_flat(&buf, wanted, wanted_count);
  cv_buf_printf(&buf, " do not match %s types ", what);
  put_flat(&buf, found, CV_MIN(found_count, 20u));
  const char *text = cv_buf_cstr(&buf);
  cv_status status = cv_cinvalid(v, "%s of core function", text == NULL ? "lowered types do not match those" : text);
  cv_buf_free(&buf);
  return status;
}

static cv_status check_post_return(cv_cvalidator *v, const cv_scope *scope, const cv_canon_options *o,
                                   const cv_flat_functype *flat) {
  const cv_functype *type;
  if (o->post_return == CV_NO_INDEX)
    return CV_OK;
  CV_TRY(cv_scope_core_func_type(v, scope, o->post_return, &type));
  bool right = type->result_count == 0 && type->param_count == flat->result_count &&
               (flat->result_count == 0 || type->types[0] == flat->results[0]);
  return right ? CV_OK : wrong_signature(v, "post-return");
}

static cv_status define_lift(cv_cvalidator *v, cv_scope *scope, cv_canon *canon, cv_cdef *def) {
  cv_cdeftype deftype;
  const cv_functype *core;
  CV_TRY(cv_scope_type(v, scope, canon->type, &deftype));
  if (deftype.kind != CV_DEF_FUNC)
    return cv_cinvalid(v, "type index %u is not a function type", canon->type);
  CV_TRY(cv_scope_core_func_type(v, scope, canon->core_func, &core));
  const cv_cfunctype *type = deftype.as.func;
  CV_TRY(cv_cvalidator_step(v, type->param_count));
  canon->func_type = type;
  if (canon->options.is_async && !type->is_async)
    return cv_cinvalid(v, "the `async` canonical option requires an async function type");
  uint32_t params = cv_flat_count(type->params, type->param_count);
  uint32_t results = type->result == NULL ? 0 : type->result->flat_count;
  option_rules rules = {.is_lift = true, .allow_async = true, .allow_realloc = true};
  rules.need_realloc = params > CV_MAX_FLAT_PARAMS || params_need_memory(type);
  rules.need_memory = rules.need_realloc || (type->result != NULL && type->result->has_pointer) ||
                      results > (canon->options.is_async ? CV_MAX_FLAT_PARAMS : CV_MAX_FLAT_RESULTS);
  CV_TRY(check_options(v, scope, &canon->options, rules));
  cv_flat_functype flat;
  cv_flatten_functype(type, canon->options.is_async, canon->options.callback != CV_NO_INDEX,
                      pointer_of(&canon->options), true, &flat);
  CV_TRY(check_flat(v, "parameter", flat.params, flat.param_count, cv_functype_params(core), core->param_count));
  CV_TRY(check_flat(v, "result", flat.results, flat.result_count, cv_functype_results(core), core->result_count));
  CV_TRY(check_post_return(v, scope, &canon->options, &flat));
  def->type = (cv_cexterntype){.sort = CV_SORT_FUNC, .as.func = type};
  return cv_scope_push(v, scope, &def->type);
}

// ---- lower ----

static cv_status define_lower(cv_cvalidator *v, cv_scope *scope, cv_canon *canon) {
  CV_TRY(cv_scope_check(v, scope, CV_CS_FUNC, canon->func));
  const cv_cfunctype *type = scope->funcs.data[canon->func];
  CV_TRY(cv_cvalidator_step(v, type->param_count));
  canon->func_type = type;
  cv_canon_options *o = &canon->options;
  if (o->is_async && !type->is_async)
    return cv_cinvalid(v, "the `async` canonical option requires an async function type");
  uint32_t params = cv_flat_count(type->params, type->param_count);
  uint32_t results = type->result == NULL ? 0 : type->result->flat_count;
  option_rules rules = {.is_lower = true, .allow_async = true, .allow_realloc = true};
  rules.need_realloc = type->result != NULL && type->result->has_pointer;
  rules.need_memory = rules.need_realloc || params_need_memory(type) ||
                      params > (o->is_async ? CV_MAX_FLAT_ASYNC_PARAMS : CV_MAX_FLAT_PARAMS) ||
                      results > (o->is_async ? 0u : CV_MAX_FLAT_RESULTS);
  CV_TRY(check_options(v, scope, o, rules));
  cv_flat_functype flat;
  cv_flatten_functype(type, o->is_async, false, pointer_of(o), false, &flat);
  return push_func(v, scope, canon, flat.params, flat.param_count, flat.results, flat.result_count);
}

// ---- built-ins ----

static cv_status define_resource(cv_cvalidator *v, cv_scope *scope, cv_canon *canon) {
  cv_cdeftype type;
  CV_TRY(cv_scope_type(v, scope, canon->type, &type));
  if (type.kind != CV_DEF_RESOURCE)
    return cv_cinvalid(v, "type index %u is not a resource type", canon->type);
  canon->resource = type.as.resource;
  if (canon->kind != CV_CANON_RESOURCE_DROP && !canon->resource->is_local)
    return cv_cinvalid(v, "type index %u is not a local resource", canon->type);
  return push_builtin(v, scope, canon, CV_I32, CV_I32);
}

static bool is_future(cv_canon_kind kind) {
  return kind >= CV_CANON_FUTURE_NEW && kind <= CV_CANON_FUTURE_DROP_WRITABLE;
}
static bool reads(cv_canon_kind kind) {
  return kind == CV_CANON_STREAM_READ || kind == CV_CANON_FUTURE_READ;
}
static bool writes(cv_canon_kind kind) {
  return kind == CV_CANON_STREAM_WRITE || kind == CV_CANON_FUTURE_WRITE;
}

static cv_status define_stream(cv_cvalidator *v, cv_scope *scope, cv_canon *canon) {
  cv_cdeftype type;
  CV_TRY(cv_scope_type(v, scope, canon->type, &type));
  uint8_t wanted = is_future(canon->kind) ? CV_CT_FUTURE : CV_CT_STREAM;
  const char *name = cv_canon_text(canon->kind);
  if (type.kind != CV_DEF_VALUE || type.as.value->kind != wanted)
    return cv_cinvalid(v, "`%s` requires a %s type: type index %u is none", name, cv_ctype_kind_text(wanted),
                       canon->type);
  canon->element = type.as.value->fields[0].type;
  if (reads(canon->kind) || writes(canon->kind)) {
    option_rules rules = {.allow_async = true, .allow_realloc = true, .need_memory = canon->element != NULL};
    rules.need_realloc = reads(canon->kind) && canon->element != NULL && canon->element->has_pointer;
    CV_TRY(check_options(v, scope, &canon->options, rules));
  }
  return push_builtin(v, scope, canon, address_type(&canon->options), CV_I32);
}

static cv_status define_task_return(cv_cvalidator *v, cv_scope *scope, cv_canon *canon, const cv_cdef *def) {
  const cv_syn_result *syntax = def->syntax;
  cv_cfunctype *type = CV_ARENA_NEW(v->arena, cv_cfunctype);
  cv_cfield *param = CV_ARENA_NEW(v->arena, cv_cfield);
  if (type == NULL || param == NULL)
    return CV_ENOMEM;
  CV_TRY(cv_type_ref(v, scope, syntax->type, &param->type));
  param->name = CV_BYTES_LITERAL("result");
  type->params = param;
  type->param_count = param->type != NULL;
  if (param->type != NULL && param->type->has_borrow)
    return cv_cinvalid(v, "function result cannot contain a `borrow` type");
  CV_TRY(cv_functype_finish(v, type));
  canon->func_type = type;
  option_rules rules = {0};
  rules.need_memory = params_need_memory(type) || cv_flat_count(param, type->param_count) > CV_MAX_FLAT_PARAMS;
  CV_TRY(check_options(v, scope, &canon->options, rules));
  cv_flat_functype flat;
  cv_flatten_functype(type, false, false, pointer_of(&canon->options), false, &flat);
  return push_func(v, scope, canon, flat.params, flat.param_count, flat.results, flat.result_count);
}

static cv_status define_context(cv_cvalidator *v, cv_scope *scope, cv_canon *canon) {
  if (canon->context_type != CV_I32 && canon->context_type != CV_I64)
    return cv_cinvalid(v, "`%s` is of i32 or i64", cv_canon_text(canon->kind));
  if (canon->operand >= 2)
    return cv_cinvalid(v, "immediate must be zero or one: slot %u of `%s`", canon->operand, cv_canon_text(canon->kind));
  return push_builtin(v, scope, canon, CV_I32, canon->context_type);
}

static cv_status define_error_context(cv_cvalidator *v, cv_scope *scope, cv_canon *canon) {
  option_rules rules = {.need_memory = true, .allow_realloc = true};
  rules.need_realloc = canon->kind == CV_CANON_ERROR_CONTEXT_DEBUG_MESSAGE;
  CV_TRY(check_options(v, scope, &canon->options, rules));
  return push_builtin(v, scope, canon, address_type(&canon->options), CV_I32);
}

// Memories are named by index here and not by an option.
static cv_status define_wait(cv_cvalidator *v, cv_scope *scope, cv_canon *canon) {
  bool is_64;
  CV_TRY(check_memory(v, scope, canon->operand, &is_64));
  return push_builtin(v, scope, canon, is_64 ? CV_I64 : CV_I32, CV_I32);
}

static cv_status define_thread(cv_cvalidator *v, cv_scope *scope, cv_canon *canon) {
  if (canon->flag)
    return cv_fail(v->diag, CV_EUNSUPPORTED, v->offset, "unsupported: shared-everything threads");
  CV_TRY(cv_scope_check(v, scope, CV_CS_CORE_TYPE, canon->operand));
  const cv_type *type = &scope->core_types.data[canon->operand];
  const cv_functype *func = NULL;
  if (type->kind == CV_COMP_FUNC && type->id != CV_NO_TYPE)
    func = &cv_canon_type_of(v->registry, type->id)->as.func;
  if (func == NULL || func->param_count != 1 || func->result_count != 0 ||
      (func->types[0] != CV_I32 && func->types[0] != CV_I64))
    return cv_cinvalid(v, "start function of `%s` must take a single `i32` argument: core type %u",
                       cv_canon_text(canon->kind), canon->operand);
  if (canon->kind == CV_CANON_THREAD_SPAWN_REF) {
    cv_valtype params[2] = {CV_REF_TYPE(true, type->id), func->types[0]}, result = CV_I32;
    return push_func(v, scope, canon, params, 2, &result, 1);
  }
  CV_TRY(cv_scope_check(v, scope, CV_CS_CORE_TABLE, canon->operand2));
  const cv_tabletype *table = &scope->tables.data[canon->operand2];
  if (!cv_canon_matches(v->registry, table->elem, CV_FUNCREF))
    return cv_cinvalid(v, "`%s` needs a table of funcref", cv_canon_text(canon->kind));
  return push_builtin(v, scope, canon, cv_limits_index_type(&table->limits), func->types[0]);
}

cv_status cv_canon_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def) {
  cv_canon *canon = (cv_canon *)(uintptr_t)def->as.canon; // still ours to write
  switch (canon->kind) {
  case CV_CANON_LIFT:
    return define_lift(v, scope, canon, def);
  case CV_CANON_LOWER:
    return define_lower(v, scope, canon);
  case CV_CANON_RESOURCE_NEW:
  case CV_CANON_RESOURCE_DROP:
  case CV_CANON_RESOURCE_REP:
    return define_resource(v, scope, canon);
  case CV_CANON_TASK_RETURN:
    return define_task_return(v, scope, canon, def);
  case CV_CANON_CONTEXT_GET:
  case CV_CANON_CONTEXT_SET:
    return define_context(v, scope, canon);
  case CV_CANON_ERROR_CONTEXT_NEW:
  case CV_CANON_ERROR_CONTEXT_DEBUG_MESSAGE:
    return define_error_context(v, scope, canon);
  case CV_CANON_WAITABLE_SET_WAIT:
  case CV_CANON_WAITABLE_SET_POLL:
    return define_wait(v, scope, canon);
  case CV_CANON_THREAD_NEW_INDIRECT:
  case CV_CANON_THREAD_SPAWN_REF:
  case CV_CANON_THREAD_SPAWN_INDIRECT:
    return define_thread(v, scope, canon);
  default:
    break;
  }
  if (canon->kind >= CV_CANON_STREAM_NEW && canon->kind <= CV_CANON_FUTURE_DROP_WRITABLE)
    return define_stream(v, scope, canon);
  return push_builtin(v, scope, canon, CV_I32, CV_I32);
}
