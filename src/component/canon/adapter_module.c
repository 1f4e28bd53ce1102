// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter_module.c: the core module around the functions of an adapter: types, imports, one export.
#include "component/canon/adapter_emit.h"

static bool is_64(const cv_adapter_plan *plan, unsigned side) {
  return side == CV_SIDE_CALLEE ? plan->lowered->func->options.is_64 : plan->lowered->options.is_64;
}

static cv_valtype type_of_letter(const cv_adapter_plan *plan, unsigned side, char letter) {
  bool wide = letter == 'p' ? is_64(plan, side) : letter == 'q' ? is_64(plan, !side) : letter == 'I';
  return wide ? CV_I64 : CV_I32;
}

// As in adapter_emit.h; of an import the side is that which it belongs to.
static void read_sig(const cv_adapter_plan *plan, unsigned side, const char *sig, cv_flat_functype *out) {
  *out = (cv_flat_functype){0};
  for (; *sig != ':'; sig++)
    out->params[out->param_count++] = type_of_letter(plan, side, *sig);
  for (sig++; *sig != '\0'; sig++)
    out->results[out->result_count++] = type_of_letter(plan, side, *sig);
}

static const char *const IMPORT_SIGS[CV_ADAPTER_IMPORT_COUNT] = {
    [CV_ADAPTER_TRAP] = "i:",
    [CV_ADAPTER_REALLOC_CALLER] = "pppp:p",
    [CV_ADAPTER_REALLOC_CALLEE] = "pppp:p",
    [CV_ADAPTER_UTF8] = "iII:",
    [CV_ADAPTER_UTF16] = "iII:",
    [CV_ADAPTER_STRING] = "iII:II",
    [CV_ADAPTER_OWN] = "iiii:i",
    [CV_ADAPTER_BORROW] = "ii:i",
    [CV_ADAPTER_GIVE_BACK] = "i:",
    [CV_ADAPTER_BEGIN] = ":i",
    [CV_ADAPTER_LEND] = "iii:i",
    [CV_ADAPTER_END] = "i:",
};

void cv_adapter_import_type(const cv_adapter_plan *plan, cv_adapter_import import, cv_flat_functype *out) {
  const cv_lowered *l = plan->lowered;
  *out = (cv_flat_functype){0};
  if (IMPORT_SIGS[import] != NULL) {
    read_sig(plan, import == CV_ADAPTER_REALLOC_CALLEE ? CV_SIDE_CALLEE : CV_SIDE_CALLER, IMPORT_SIGS[import], out);
    return;
  }
  cv_flatten_functype(l->func->type, false, false, l->func->options.is_64 ? CV_PTR64 : CV_PTR32, true, out);
  if (import == CV_ADAPTER_POST_RETURN) { // the results of the core function
    memcpy(out->params, out->results, sizeof out->results);
    out->param_count = out->result_count;
    out->result_count = 0;
  }
}

// Whether a function of the adapter is there: those that only what is imported can need.
static bool has_func(const cv_adapter_plan *plan, local_func func, unsigned side) {
  bool allocs[2] = {plan->imports[CV_ADAPTER_REALLOC_CALLER], plan->imports[CV_ADAPTER_REALLOC_CALLEE]};
  switch (func) {
  case FUNC_CHECK:
    return plan->memories[side];
  case FUNC_ALLOC:
    return allocs[side];
  case FUNC_COPY:
    return allocs[!side];
  default:
    return allocs[!side] && (plan->imports[CV_ADAPTER_UTF8] || plan->imports[CV_ADAPTER_UTF16]);
  }
}

static void put_functype(cv_buf *b, const cv_flat_functype *f) {
  cv_buf_byte(b, CV_COMP_FUNC);
  cv_buf_uleb(b, f->param_count);
  for (uint32_t i = 0; i < f->param_count; i++)
    cv_buf_byte(b, (uint8_t)f->params[i]);
  cv_buf_uleb(b, f->result_count);
  for (uint32_t i = 0; i < f->result_count; i++)
    cv_buf_byte(b, (uint8_t)f->results[i]);
}

static void put_section(cv_buf *out, uint8_t id, cv_buf *content) {
  cv_buf_byte(out, id);
  cv_buf_uleb(out, content->size);
  cv_buf_bytes(out, content->data, content->size);
  out->failed |= content->failed;
  content->size = 0;
}

// An import with empty names: what is imported is known by its place.
static void put_import(cv_buf *b, cv_extern_kind kind) {
  cv_buf_byte(b, 0);
  cv_buf_byte(b, 0);
  cv_buf_byte(b, (uint8_t)kind);
}

// The head: type, import, function and export sections. Types are in the order of functions, one for each.
static void put_head(gen *g, const cv_flat_functype *lower, cv_buf *out, cv_buf *section) {
  const cv_adapter_plan *plan = g->plan;
  uint32_t funcs = 0, imports = 0, memories = (uint32_t)plan->memories[0] + plan->memories[1];
  for (unsigned i = 0; i < CV_ADAPTER_IMPORT_COUNT; i++)
    if (plan->imports[i])
      g->import_index[i] = funcs++;
  imports = funcs++;
  for (unsigned side = 0; side < 2; side++)
    for (unsigned f = 0; f < FUNC_COUNT; f++)
      if (has_func(plan, (local_func)f, side))
        g->func_index[side][f] = funcs++;
  cv_buf_bytes(out, "\0asm\1\0\0\0", 8);
  cv_buf_uleb(section, funcs);
  for (unsigned i = 0; i < CV_ADAPTER_IMPORT_COUNT; i++)
    if (plan->imports[i]) {
      cv_flat_functype type;
      cv_adapter_import_type(plan, (cv_adapter_import)i, &type);
      put_functype(section, &type);
    }
  put_functype(section, lower);
  for (unsigned side = 0; side < 2; side++)
    for (unsigned f = 0; f < FUNC_COUNT; f++)
      if (has_func(plan, (local_func)f, side)) {
        cv_flat_functype type;
        read_sig(plan, side, cv_adapter_funcs[f].sig, &type);
        put_functype(section, &type);
      }
  put_section(out, 1, section);
  cv_buf_uleb(section, memories + 2 + plan->entered + imports);
  for (unsigned side = 0, index = 0; side < 2; side++)
    if (plan->memories[side]) {
      g->memory_index[side] = index++;
      put_import(section, CV_EXTERN_MEMORY);
      cv_buf_bytes(section, g->is_64[side] ? "\4\0" : "\0\0", 2); // its limits: width, minimum
    }
  for (uint32_t i = 0; i < 2 + plan->entered; i++) {
    put_import(section, CV_EXTERN_GLOBAL);
    cv_buf_byte(section, CV_KIND_I32);
    cv_buf_byte(section, 1);
  }
  for (uint32_t i = 0; i < imports; i++) {
    put_import(section, CV_EXTERN_FUNC);
    cv_buf_uleb(section, i);
  }
  put_section(out, 2, section);
  cv_buf_uleb(section, funcs - imports);
  for (uint32_t i = imports; i < funcs; i++)
    cv_buf_uleb(section, i);
  put_section(out, 3, section);
  cv_buf_bytes(section, "\1\0\0", 3); // one export, without a name: a function
  cv_buf_uleb(section, imports);
  put_section(out, 7, section);
}

static void begin_func(gen *g, uint32_t param_count) {
  g->param_count = param_count;
  g->locals.count = 0;
  g->code.size = 0;
}

static void put_func(gen *g, cv_buf *section) {
  end(g);
  cv_buf locals;
  cv_buf_init(&locals, g->mem);
  uint32_t runs = 0;
  for (size_t i = 0; i < g->locals.count; i++)
    runs += i == 0 || g->locals.data[i] != g->locals.data[i - 1];
  cv_buf_uleb(&locals, runs);
  for (size_t i = 0, start = 0; i < g->locals.count; i++)
    if (i + 1 == g->locals.count || g->locals.data[i + 1] != g->locals.data[i]) {
      cv_buf_uleb(&locals, i + 1 - start);
      cv_buf_byte(&locals, g->locals.data[i]);
      start = i + 1;
    }
  cv_buf_uleb(section, locals.size + g->code.size);
  cv_buf_bytes(section, locals.data, locals.size);
  cv_buf_bytes(section, g->code.data, g->code.size);
  section->failed |= locals.failed || g->code.failed;
  cv_buf_free(&locals);
}

bool cv_adapter_generate(const cv_adapter_plan *plan, cv_mem *mem, cv_buf *out) {
  gen g = {.plan = plan, .mem = mem, .is_64 = {is_64(plan, CV_SIDE_CALLER), is_64(plan, CV_SIDE_CALLEE)}};
  cv_flat_functype lower, lift;
  cv_flatten_functype(plan->lowered->type, false, false, g.is_64[CV_SIDE_CALLER] ? CV_PTR64 : CV_PTR32, false, &lower);
  cv_flatten_functype(plan->lowered->func->type, false, false, g.is_64[CV_SIDE_CALLEE] ? CV_PTR64 : CV_PTR32, true,
                      &lift);
  cv_buf section;
  cv_buf_init(&section, mem);
  cv_buf_init(&g.code, mem);
  put_head(&g, &lower, out, &section);
  uint32_t count = 1;
  for (unsigned side = 0; side < 2; side++)
    for (unsigned f = 0; f < FUNC_COUNT; f++)
      count += has_func(plan, (local_func)f, side);
  cv_buf_uleb(&section, count);
  begin_func(&g, lower.param_count);
  cv_adapter_write(&g, &lower, &lift);
  put_func(&g, &section);
  for (unsigned side = 0; side < 2; side++)
    for (unsigned f = 0; f < FUNC_COUNT; f++)
      if (has_func(plan, (local_func)f, side)) {
        begin_func(&g, (uint32_t)strcspn(cv_adapter_funcs[f].sig, ":"));
        cv_adapter_funcs[f].write(&g, side);
        put_func(&g, &section);
      }
  put_section(out, 10, &section);
  cv_buf_free(&section);
  cv_buf_free(&g.code);
  cv_vec_free(mem, &g.locals);
  return !g.failed;
}
