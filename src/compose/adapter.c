// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter.c: rewriting an adapter. Indices stay as they are: functions that are not reached become short ones that
// trap, and what is added comes last.
//
//   added functions   the one that allocates the stack; with a cabi_realloc to allocate from, one for each exported
//                     function, which is exported in its place: it sees to the stack, and calls it
#include "compose/adapter.h"

#include "compose/modules.h"
#include "wasm/binary/decode.h"
#include "wasm/binary/reader.h"
#include "wasm/binary/walk.h"
#include "wasm/opcodes.h"

enum { STACK_SIZE = 65536, PAGE_BITS = 16, STATE_ALLOCATING = 1, STATE_ALLOCATED = 2 };

typedef struct rewrite {
  const cv_module *m;
  const cv_bytes *names;
  const bool *reached;
  cv_adapter_stack stack;
  cv_buf *out;
  cv_buf s;    // the section at hand
  cv_buf body; // the function at hand
} rewrite;

static bool is_state_global(const cv_module *m, uint32_t index) {
  return index < m->global_count && m->globals[index].type.is_mutable &&
         cv_type_kind(m->globals[index].type.type) == CV_I32;
}

static uint32_t imported_realloc(const cv_module *m) {
  static const cv_valtype want[] = {CV_I32, CV_I32, CV_I32, CV_I32, CV_I32};
  for (uint32_t i = 0; i < m->import_count; i++) {
    const cv_import *import = &m->imports[i];
    if (import->kind == CV_EXTERN_FUNC && cv_bytes_equal(import->module, CV_BYTES_LITERAL("__main_module__")) &&
        cv_bytes_equal(import->name, CV_BYTES_LITERAL("cabi_realloc"))) {
      const cv_functype *type = cv_module_func_type(m, import->index);
      if (type->param_count == 4 && type->result_count == 1 && memcmp(type->types, want, sizeof want) == 0)
        return import->index;
    }
  }
  return CV_NO_INDEX;
}

cv_adapter_stack cv_adapter_stack_of(const cv_module *m) {
  cv_adapter_stack stack = {CV_NO_INDEX, CV_NO_INDEX, CV_NO_INDEX};
  cv_name_cursor names;
  // Without a memory, or with one of its own, it has its stack already; without functions it needs none.
  if (m->imported_memories != 1 || m->memory_count != 1 || m->memories[0].limits.is_64 ||
      m->func_count == m->imported_funcs)
    return stack;
  cv_name_cursor_init(&names, m, CV_NAMES_GLOBAL);
  while (cv_name_cursor_next(&names)) {
    if (!is_state_global(m, names.index))
      continue;
    if (cv_bytes_equal(names.name, CV_BYTES_LITERAL("__stack_pointer")))
      stack.pointer = names.index;
    else if (cv_bytes_equal(names.name, CV_BYTES_LITERAL("allocation_state")))
      stack.state = names.index;
  }
  // A start function would run before the module may be asked for memory.
  if (stack.pointer != CV_NO_INDEX && stack.state != CV_NO_INDEX && !m->has_start)
    stack.realloc = imported_realloc(m);
  return stack;
}

// ---- parts ----------------------------------------------------------------------------------------------------------

static bool has_stack(const rewrite *w) {
  return w->stack.pointer != CV_NO_INDEX;
}

// The stack is allocated at the first call, which takes functions in place of the exported ones.
static bool is_lazy(const rewrite *w) {
  return w->stack.realloc != CV_NO_INDEX;
}

static bool is_kept(const rewrite *w, const cv_export *export) {
  return export->kind != CV_EXTERN_FUNC || w->reached[export->index];
}

static bool is_replaced(const rewrite *w, const cv_export *export) {
  return is_lazy(w) && export->kind == CV_EXTERN_FUNC && is_kept(w, export);
}

static void op(rewrite *w, uint8_t code) {
  cv_buf_byte(&w->body, code);
}

static void op_index(rewrite *w, uint8_t code, uint32_t index) {
  op(w, code);
  cv_buf_uleb(&w->body, index);
}

static void op_const(rewrite *w, int32_t value) {
  op(w, CV_OPC_I32_CONST);
  cv_buf_sleb(&w->body, value);
}

static void op_if(rewrite *w) {
  op(w, CV_OPC_IF);
  op(w, 0x40); // no values
}

// A function of the code section: its locals are the first bytes of the body.
static void end_body(rewrite *w) {
  op(w, CV_OPC_END);
  cv_buf_uleb(&w->s, w->body.size);
  cv_buf_bytes(&w->s, w->body.data, w->body.size);
  w->s.failed |= w->body.failed;
  w->body.size = 0;
}

// memory.grow by the size of the stack, in the start function.
static void put_eager_allocation(rewrite *w) {
  cv_buf_bytes(&w->body, (const uint8_t[]){1, 1, 0x7f}, 3); // a local of type i32
  op_const(w, STACK_SIZE >> PAGE_BITS);
  op_index(w, CV_OPC_MEMORY_GROW, 0);
  op_index(w, CV_OPC_LOCAL_TEE, 0);
  op_const(w, -1);
  op(w, CV_OPC_I32_EQ);
  op_if(w);
  op(w, CV_OPC_UNREACHABLE);
  op(w, CV_OPC_END);
  op_index(w, CV_OPC_LOCAL_GET, 0);
  op_const(w, PAGE_BITS);
  op(w, CV_OPC_I32_SHL);
  op_const(w, STACK_SIZE);
  op(w, CV_OPC_I32_ADD);
  op_index(w, CV_OPC_GLOBAL_SET, w->stack.pointer);
  if (w->stack.state != CV_NO_INDEX) {
    op_const(w, STATE_ALLOCATED);
    op_index(w, CV_OPC_GLOBAL_SET, w->stack.state);
  }
  if (w->m->has_start)
    op_index(w, CV_OPC_CALL, w->m->start);
  end_body(w);
}

// In state 0: cabi_realloc(0, 0, 8, size).
static void put_lazy_allocation(rewrite *w) {
  cv_buf_uleb(&w->body, 0); // no locals
  op_index(w, CV_OPC_GLOBAL_GET, w->stack.state);
  op(w, CV_OPC_I32_EQZ);
  op_if(w);
  op_const(w, STATE_ALLOCATING);
  op_index(w, CV_OPC_GLOBAL_SET, w->stack.state);
  op_const(w, 0);
  op_const(w, 0);
  op_const(w, 8);
  op_const(w, STACK_SIZE);
  op_index(w, CV_OPC_CALL, w->stack.realloc);
  op_const(w, STACK_SIZE);
  op(w, CV_OPC_I32_ADD);
  op_index(w, CV_OPC_GLOBAL_SET, w->stack.pointer);
  op_const(w, STATE_ALLOCATED);
  op_index(w, CV_OPC_GLOBAL_SET, w->stack.state);
  op(w, CV_OPC_END);
  end_body(w);
}

// Sees to the stack, and calls the function.
static void put_replacement(rewrite *w, uint32_t func) {
  cv_buf_uleb(&w->body, 0); // no locals
  op_index(w, CV_OPC_CALL, w->m->func_count);
  for (uint32_t i = 0; i < cv_module_func_type(w->m, func)->param_count; i++)
    op_index(w, CV_OPC_LOCAL_GET, i);
  op_index(w, CV_OPC_CALL, func);
  end_body(w);
}

// ---- sections -------------------------------------------------------------------------------------------------------

static uint32_t added_functions(const rewrite *w) {
  uint32_t count = has_stack(w);
  for (uint32_t i = 0; i < w->m->export_count; i++)
    count += is_replaced(w, &w->m->exports[i]);
  return count;
}

// The vector in a section with `more` elements: the caller appends those.
static void put_longer_vector(rewrite *w, const cv_section *section, uint32_t more) {
  cv_reader r = {.start = section->contents, .at = section->contents, .end = section->contents + section->size};
  uint32_t count = 0;
  if (cv_read_u32(&r, &count) != CV_OK)
    w->s.failed = true;
  cv_buf_uleb(&w->s, (uint64_t)count + more);
  cv_buf_bytes(&w->s, r.at, cv_reader_left(&r));
}

static void put_types(rewrite *w, const cv_section *section) {
  put_longer_vector(w, section, has_stack(w));
  if (has_stack(w))
    cv_buf_bytes(&w->s, (const uint8_t[]){0x60, 0, 0}, 3); // func, no parameters, no results
}

static void put_functions(rewrite *w, const cv_section *section) {
  put_longer_vector(w, section, added_functions(w));
  if (has_stack(w))
    cv_buf_uleb(&w->s, w->m->type_count);
  for (uint32_t i = 0; i < w->m->export_count; i++)
    if (is_replaced(w, &w->m->exports[i]))
      cv_buf_uleb(&w->s, w->m->funcs[w->m->exports[i].index].type);
}

static void put_exports(rewrite *w) {
  uint32_t count = 0, added = w->m->func_count + 1;
  for (uint32_t i = 0; i < w->m->export_count; i++)
    count += is_kept(w, &w->m->exports[i]);
  cv_buf_uleb(&w->s, count);
  for (uint32_t i = 0; i < w->m->export_count; i++) {
    const cv_export *export = &w->m->exports[i];
    if (!is_kept(w, export))
      continue;
    cv_compose_put_name(&w->s, export->name);
    cv_buf_byte(&w->s, (uint8_t)export->kind);
    cv_buf_uleb(&w->s, is_replaced(w, export) ? added++ : export->index);
  }
}

static void put_code(rewrite *w) {
  const cv_module *m = w->m;
  cv_buf_uleb(&w->s, (uint64_t)cv_module_defined(m) + added_functions(w));
  for (uint32_t i = m->imported_funcs; i < m->func_count; i++) {
    if (w->reached[i]) {
      cv_compose_put_name(&w->s, (cv_bytes){cv_span_start(m, m->funcs[i].body), m->funcs[i].body.size});
    } else {
      cv_buf_uleb(&w->body, 0); // no locals
      op(w, CV_OPC_UNREACHABLE);
      end_body(w);
    }
  }
  if (is_lazy(w))
    put_lazy_allocation(w);
  else if (has_stack(w))
    put_eager_allocation(w);
  for (uint32_t i = 0; i < m->export_count; i++)
    if (is_replaced(w, &m->exports[i]))
      put_replacement(w, m->exports[i].index);
}

// The names of functions alone.
static void put_names(rewrite *w) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < w->m->func_count; i++)
    count += w->reached[i] && w->m->funcs[i].name.size > 0;
  cv_buf_uleb(&w->body, count);
  for (uint32_t i = 0; i < w->m->func_count; i++)
    if (w->reached[i] && w->m->funcs[i].name.size > 0) {
      cv_buf_uleb(&w->body, i);
      cv_compose_put_name(&w->body, w->m->funcs[i].name);
    }
  cv_compose_put_name(&w->s, CV_BYTES_LITERAL("name"));
  cv_buf_byte(&w->s, CV_NAMES_FUNCTION);
  cv_compose_put_name(&w->s, (cv_bytes){w->body.data, w->body.size});
  w->s.failed |= w->body.failed;
  w->body.size = 0;
  if (count > 0)
    cv_compose_put_section(w->out, CV_SECT_CUSTOM, &w->s);
  w->s.size = 0;
}

static void put_start(rewrite *w) {
  cv_buf_uleb(&w->s, w->m->func_count);
  cv_compose_put_section(w->out, CV_SECT_START, &w->s);
}

static void put_section(rewrite *w, const cv_section *section) {
  switch (section->id) {
  case CV_SECT_CUSTOM:
    return;
  case CV_SECT_TYPE:
    put_types(w, section);
    break;
  case CV_SECT_IMPORT:
    cv_compose_put_imports(w->m, w->names, section->contents + section->size, &w->s);
    break;
  case CV_SECT_FUNCTION:
    put_functions(w, section);
    break;
  case CV_SECT_EXPORT:
    put_exports(w);
    break;
  case CV_SECT_CODE:
    put_code(w);
    break;
  default:
    cv_buf_bytes(&w->s, section->contents, section->size);
    break;
  }
  cv_compose_put_section(w->out, section->id, &w->s);
}

// The start section comes before these.
static bool is_after_start(uint8_t id) {
  return id == CV_SECT_ELEMENT || id == CV_SECT_DATA_COUNT || id == CV_SECT_CODE || id == CV_SECT_DATA;
}

void cv_compose_put_adapter(const cv_module *adapter, const cv_bytes *names, const bool *reached,
                            const cv_adapter_stack *stack, cv_mem *mem, cv_buf *out) {
  rewrite w = {.m = adapter, .names = names, .reached = reached, .stack = *stack, .out = out};
  cv_section section = cv_section_before(adapter->bytes);
  bool needs_start = has_stack(&w) && !is_lazy(&w);
  cv_buf_init(&w.s, mem);
  cv_buf_init(&w.body, mem);
  cv_buf_bytes(out, adapter->bytes, CV_PREAMBLE_SIZE);
  while (cv_section_next(&section, adapter->bytes + adapter->size)) {
    if (needs_start && (section.id == CV_SECT_START || is_after_start(section.id))) {
      put_start(&w);
      needs_start = false;
      if (section.id == CV_SECT_START)
        continue;
    }
    put_section(&w, &section);
  }
  put_names(&w);
  cv_buf_free(&w.body);
  cv_buf_free(&w.s);
}
