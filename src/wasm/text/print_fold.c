// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// print_fold.c: the folded form: "(i32.add (local.get 0) (i32.const 1))". Reading a folded instruction emits operands
// first and then the instruction, so any split of a sequence into operands keeps its order: folding never changes a
// module. What is folded is what is certain to be an operand: instructions that push one value each, right before the
// instruction that pops that many. Blocks and whatever has no fixed effect on the stack stay flat.
#include "wasm/text/printer.h"

enum { NONE = UINT32_MAX, LINE_WIDTH = 72 };

// How many values an instruction pops and pushes. False when that depends on more than the module.
static bool call_effect(const cv_printer *p, uint32_t type, uint32_t extra, uint32_t *pops, uint32_t *pushes) {
  if (type >= p->m->type_count || p->m->types[type].kind != CV_COMP_FUNC)
    return false;
  *pops = p->m->types[type].as.func.param_count + extra;
  *pushes = p->m->types[type].as.func.result_count;
  return true;
}

static bool effect(const cv_printer *p, const cv_instr *in, uint32_t *pops, uint32_t *pushes) {
  static const struct {
    uint16_t code;
    uint8_t pops, pushes;
  } known[] = {
      {CV_OPC_LOCAL_GET, 0, 1},  {CV_OPC_LOCAL_SET, 1, 0}, {CV_OPC_LOCAL_TEE, 1, 1}, {CV_OPC_GLOBAL_GET, 0, 1},
      {CV_OPC_GLOBAL_SET, 1, 0}, {CV_OPC_DROP, 1, 0},      {CV_OPC_SELECT, 3, 1},    {CV_OPC_SELECT_T, 3, 1},
      {CV_OPC_TABLE_GET, 1, 1},  {CV_OPC_TABLE_SET, 2, 0}, {CV_OPC_REF_NULL, 0, 1},  {CV_OPC_REF_IS_NULL, 1, 1},
      {CV_OPC_REF_FUNC, 0, 1},   {CV_OPC_BR_IF, 1, 0}, // with a value that stays, less is folded than could be
  };
  for (size_t i = 0; i < CV_COUNT(known); i++) {
    if (known[i].code == in->code) {
      *pops = known[i].pops;
      *pushes = known[i].pushes;
      return true;
    }
  }
  if (in->code == CV_OPC_CALL && in->index < p->m->func_count)
    return call_effect(p, p->m->funcs[in->index].type, 0, pops, pushes);
  if (in->code == CV_OPC_CALL_INDIRECT)
    return call_effect(p, in->index, 1, pops, pushes);
  const char *colon = strchr(in->info->sig, ':');
  if (colon == NULL)
    return false;
  *pops = (uint32_t)(colon - in->info->sig);
  *pushes = (uint32_t)strlen(colon + 1);
  return true;
}

// ---- building ------------------------------------------------------------------------------------------------------

cv_status cv_print_fold_add(cv_printer *p, const cv_instr *in, uint32_t text, const char *hint) {
  cv_print_fold *f = &p->fold;
  uint32_t pops = 0, pushes = 0;
  if (!effect(p, in, &pops, &pushes))
    pops = pushes = 0;
  cv_print_node node = {.text = text, .size = (uint32_t)f->text.size - text, .hint = hint, .child = NONE, .next = NONE};
  node.is_operand = pushes == 1;
  node.width = node.size + 2 + (hint != NULL ? LINE_WIDTH : 0);
  for (; pops > 0 && f->items.count > 0; pops--) {
    uint32_t last = cv_vec_last(&f->items);
    cv_print_node *operand = &f->nodes.data[last];
    if (!operand->is_operand)
      break;
    operand->next = node.child;
    node.child = last;
    node.width = CV_MIN(node.width + operand->width + 1, (uint32_t)LINE_WIDTH * 2);
    f->items.count--;
  }
  CV_TRY(cv_vec_push(p->mem, &f->nodes, node));
  CV_TRY(cv_vec_push(p->mem, &f->items, (uint32_t)f->nodes.count - 1));
  return node.is_operand ? CV_OK : cv_print_fold_flush(p);
}

// ---- printing ------------------------------------------------------------------------------------------------------

// The start of a node on its line: a statement without operands needs no parentheses.
static void open_node(cv_printer *p, const cv_print_node *n, bool is_operand) {
  if (n->hint != NULL)
    cv_buf_printf(p->out, "%s ", n->hint);
  if (is_operand || n->child != NONE)
    cv_buf_byte(p->out, '(');
  cv_buf_bytes(p->out, p->fold.text.data + n->text, n->size);
}

// One statement and its operands, without recursion: `path` has the nodes that are open.
static cv_status print_statement(cv_printer *p, uint32_t root, size_t depth) {
  cv_print_fold *f = &p->fold;
  f->path.count = 0;
  size_t flat_from = SIZE_MAX; // nodes on the path from here on go on one line
  open_node(p, &f->nodes.data[root], false);
  if (f->nodes.data[root].child == NONE)
    return CV_OK;
  CV_TRY(cv_vec_push(p->mem, &f->path, (cv_print_step){root, f->nodes.data[root].child}));
  if (f->nodes.data[root].width <= LINE_WIDTH)
    flat_from = 0;
  while (f->path.count != 0) {
    cv_print_step *top = &cv_vec_last(&f->path);
    if (top->child == NONE) {
      cv_buf_byte(p->out, ')');
      f->path.count--;
      flat_from = f->path.count <= flat_from ? SIZE_MAX : flat_from;
      continue;
    }
    uint32_t child = top->child;
    const cv_print_node *n = &f->nodes.data[child];
    top->child = n->next;
    if (f->path.count > flat_from)
      cv_buf_byte(p->out, ' ');
    else
      cv_print_newline(p, depth + f->path.count);
    open_node(p, n, true);
    CV_TRY(cv_vec_push(p->mem, &f->path, (cv_print_step){child, n->child}));
    if (flat_from == SIZE_MAX && n->width <= LINE_WIDTH)
      flat_from = f->path.count - 1;
  }
  return CV_OK;
}

cv_status cv_print_fold_flush(cv_printer *p) {
  cv_print_fold *f = &p->fold;
  if (f->text.failed)
    return CV_ENOMEM;
  for (size_t i = 0; i < f->items.count; i++) {
    cv_print_newline(p, p->labels.count + 1);
    CV_TRY(print_statement(p, f->items.data[i], p->labels.count + 1));
  }
  f->items.count = f->nodes.count = 0;
  f->text.size = 0;
  return CV_OK;
}

void cv_print_fold_free(cv_printer *p) {
  cv_vec_free(p->mem, &p->fold.nodes);
  cv_vec_free(p->mem, &p->fold.items);
  cv_vec_free(p->mem, &p->fold.path);
  cv_buf_free(&p->fold.text);
}
