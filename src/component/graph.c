// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// graph.c: the graph of a component (component/graph.h). The definitions are walked once, as instantiation does it;
// each item of an index space remembers the node that it comes from.
//
// Terms
//   bundle   an instance of inline exports: a node that is not shown. An edge from it is an edge from each of its
//   items.
#include "component/graph.h"

#include <inttypes.h>

#include "base/vec.h"

enum { NO_NODE = UINT32_MAX, MAX_STEPS = 10000000 };

typedef struct node {
  bool is_bundle;
  uint32_t first, count; // of a bundle: its items' nodes in `members`
  uint32_t mark;         // of the walk that was here last
} node;

typedef struct edge {
  uint32_t from, to;
  cv_bytes label;
} edge;

// What an index of an index space stands for.
typedef struct item {
  uint32_t node;
  const cv_cdef *def;        // modules, components and bundles: where they are defined
  const struct scope *scope; // of `def`
} item;

typedef struct scope {
  const struct scope *outer;
  const cv_component *component;
  item *items[CV_CS_COUNT];
  unsigned depth;
} scope;

typedef struct grapher {
  cv_mem *mem;
  cv_arena arena;
  cv_buf *out;
  cv_diag *diag;
  CV_VEC(node) nodes;
  CV_VEC(uint32_t) members;
  CV_VEC(edge) edges;
  CV_VEC(uint32_t) todo; // of the walk under way
  uint32_t mark, clusters;
  uint64_t steps;
} grapher;

// ---- text ----------------------------------------------------------------------------------------------------------

static void put_text(cv_buf *out, cv_bytes text) {
  for (size_t i = 0; i < text.size; i++) {
    uint8_t c = text.data[i];
    if (c == '"' || c == '\\')
      cv_buf_byte(out, '\\');
    cv_buf_byte(out, c < 0x20 || c == 0x7f ? '?' : c);
  }
}

static void indent(grapher *g, const scope *s) {
  cv_buf_printf(g->out, "%*s", (int)(2 * CV_MIN(s->depth, 20u) + 2), "");
}

// The name of an item in the name section.
static cv_bytes given_name(grapher *g, const scope *s, cv_cspace space, uint32_t index) {
  cv_cname_cursor cursor;
  cv_cname_cursor_init(&cursor, s->component, space);
  while (g->steps++ < MAX_STEPS && cv_cname_cursor_next(&cursor))
    if (cursor.index == index)
      return cursor.name;
  return (cv_bytes){NULL, 0};
}

// "core module main, 8742 bytes"
static void put_definition(grapher *g, const scope *s, const cv_cdef *def) {
  bool is_module = def->kind == CV_CDEF_CORE_MODULE;
  cv_bytes name = given_name(g, s, def->space, def->index);
  if (name.size == 0)
    name = is_module ? (def->code == NULL && def->as.module != NULL ? def->as.module->name : name)
                     : def->as.component->name;
  cv_buf_text(g->out, is_module ? "core module " : "component ");
  if (name.size != 0)
    put_text(g->out, name);
  else
    cv_buf_printf(g->out, "%" PRIu32, def->index);
  cv_buf_printf(g->out, ", %" PRIu64 " bytes", (uint64_t)def->span.size);
}

// ---- nodes and edges -----------------------------------------------------------------------------------------------

static cv_status add_node(grapher *g, uint32_t *out) {
  *out = (uint32_t)g->nodes.count;
  return cv_vec_push(g->mem, &g->nodes, (node){0});
}

// Begins a node's line; the caller writes the label and ends it with end_node.
static cv_status begin_node(grapher *g, const scope *s, uint32_t *out) {
  CV_TRY(add_node(g, out));
  indent(g, s);
  cv_buf_printf(g->out, "n%" PRIu32 " [label=\"", *out);
  return CV_OK;
}

static void end_node(grapher *g, const char *attributes) {
  cv_buf_printf(g->out, "\"%s];\n", attributes);
}

// A module or component that is passed on rather than instantiated gets a node when that happens.
static cv_status node_of(grapher *g, const scope *s, item *i) {
  if (i->node != NO_NODE || i->def == NULL ||
      (i->def->kind != CV_CDEF_CORE_MODULE && i->def->kind != CV_CDEF_COMPONENT))
    return CV_OK;
  CV_TRY(begin_node(g, s, &i->node));
  put_definition(g, i->scope, i->def);
  end_node(g, ", shape=note");
  return CV_OK;
}

// Edges to `to` from a node, or from all that a bundle has, each once.
static cv_status connect(grapher *g, uint32_t from, uint32_t to, cv_bytes label) {
  g->mark++;
  g->todo.count = 0;
  if (from != NO_NODE)
    CV_TRY(cv_vec_push(g->mem, &g->todo, from));
  while (g->todo.count != 0) {
    uint32_t at = g->todo.data[--g->todo.count];
    node *n = &g->nodes.data[at];
    if (++g->steps > MAX_STEPS)
      return cv_fail(g->diag, CV_ELIMIT, CV_NO_OFFSET, "more than %d connections: too many for a graph", MAX_STEPS);
    if (n->mark == g->mark)
      continue;
    n->mark = g->mark;
    if (!n->is_bundle)
      CV_TRY(cv_vec_push(g->mem, &g->edges, ((edge){at, to, label})));
    for (uint32_t i = 0; i < n->count; i++)
      CV_TRY(cv_vec_push(g->mem, &g->todo, g->members.data[n->first + i]));
  }
  return CV_OK;
}

// ---- definitions ---------------------------------------------------------------------------------------------------

static item *item_at(const scope *s, cv_cspace space, uint32_t index) {
  return &s->items[space][index];
}

static cv_status instantiate(grapher *g, const scope *s, const cv_cdef *def) {
  bool is_core = def->kind == CV_CDEF_CORE_INSTANTIATE;
  item *source = item_at(s, is_core ? CV_CS_CORE_MODULE : CV_CS_COMPONENT, def->source);
  item *made = item_at(s, def->space, def->index);
  cv_bytes name = given_name(g, s, def->space, def->index);
  CV_TRY(begin_node(g, s, &made->node));
  if (name.size != 0)
    put_text(g->out, name);
  else
    cv_buf_printf(g->out, "%sinstance %" PRIu32, is_core ? "core " : "", def->index);
  if (source->def != NULL) {
    cv_buf_text(g->out, "\\n");
    put_definition(g, source->scope, source->def);
  }
  end_node(g, is_core ? ", style=filled, fillcolor=\"#eef3fa\"" : ", style=filled, fillcolor=\"#f7f0e4\"");
  if (source->def == NULL)
    CV_TRY(connect(g, source->node, made->node, CV_BYTES_LITERAL("instantiates")));
  for (uint32_t i = 0; i < def->arg_count; i++) {
    const cv_carg *arg = &def->args[i];
    if (arg->item.space == CV_CS_TYPE)
      continue;
    item *given = item_at(s, arg->item.space, arg->item.index);
    CV_TRY(node_of(g, s, given));
    CV_TRY(connect(g, given->node, made->node, arg->name));
  }
  return CV_OK;
}

static cv_status bundle(grapher *g, const scope *s, const cv_cdef *def) {
  item *made = item_at(s, def->space, def->index);
  uint32_t first = (uint32_t)g->members.count;
  for (uint32_t i = 0; i < def->arg_count; i++) {
    const cv_csortidx *from = &def->args[i].item;
    if (from->space == CV_CS_TYPE)
      continue;
    item *member = item_at(s, from->space, from->index);
    CV_TRY(node_of(g, s, member));
    if (member->node != NO_NODE)
      CV_TRY(cv_vec_push(g->mem, &g->members, member->node));
  }
  CV_TRY(add_node(g, &made->node));
  g->nodes.data[made->node] = (node){.is_bundle = true, .first = first, .count = (uint32_t)g->members.count - first};
  made->def = def;
  made->scope = s;
  return CV_OK;
}

// What an instance exports under a name: of a bundle the very item, else the instance's.
static item exported(const item *instance, cv_bytes name) {
  bool is_bundle =
      instance->def != NULL && (instance->def->kind == CV_CDEF_BUNDLE || instance->def->kind == CV_CDEF_CORE_BUNDLE);
  for (uint32_t i = 0; is_bundle && i < instance->def->arg_count; i++) {
    const cv_carg *arg = &instance->def->args[i];
    if (cv_bytes_equal(arg->name, name))
      return *item_at(instance->scope, arg->item.space, arg->item.index);
  }
  return (item){.node = instance->node};
}

static cv_status alias(grapher *g, const scope *s, const cv_cdef *def) {
  item *made = item_at(s, def->space, def->index);
  if (def->kind == CV_CDEF_ALIAS_OUTER) {
    const scope *from = s;
    for (uint32_t i = 0; i < def->outer; i++)
      from = from->outer;
    if (def->space != CV_CS_CORE_TYPE && def->space != CV_CS_TYPE)
      *made = *item_at(from, def->space, def->source);
    return CV_OK;
  }
  cv_cspace of = def->kind == CV_CDEF_ALIAS_EXPORT ? CV_CS_INSTANCE : CV_CS_CORE_INSTANCE;
  if (def->space != CV_CS_TYPE)
    *made = exported(item_at(s, of, def->source), def->name);
  return CV_OK;
}

// A function comes from where the one comes from that it wraps; a built-in from nowhere.
static void canon(const scope *s, const cv_cdef *def) {
  const cv_canon *c = def->as.canon;
  item *made = item_at(s, def->space, def->index);
  if (c->kind == CV_CANON_LIFT)
    made->node = item_at(s, CV_CS_CORE_FUNC, c->core_func)->node;
  else if (c->kind == CV_CANON_LOWER)
    made->node = item_at(s, CV_CS_FUNC, c->func)->node;
}

static cv_status external(grapher *g, const scope *s, const cv_cdef *def) {
  bool is_import = def->kind == CV_CDEF_IMPORT;
  item *made = def->adds != 0 ? item_at(s, def->space, def->index) : NULL;
  uint32_t at;
  if (def->type.sort == CV_SORT_TYPE)
    return CV_OK;
  CV_TRY(begin_node(g, s, &at));
  cv_buf_printf(g->out, "%s %s%s", is_import ? "import" : "export",
                def->type.sort == CV_SORT_INSTANCE ? "" : cv_csort_text(def->type.sort),
                def->type.sort == CV_SORT_INSTANCE ? "" : " ");
  put_text(g->out, def->as.external->name);
  end_node(g, is_import ? ", shape=ellipse" : ", shape=ellipse, peripheries=2");
  if (is_import) {
    made->node = at;
    return CV_OK;
  }
  item *from = item_at(s, def->item.space, def->item.index);
  CV_TRY(node_of(g, s, from));
  if (made != NULL)
    *made = *from;
  return connect(g, from->node, at, (cv_bytes){NULL, 0});
}

static cv_status walk(grapher *g, const cv_component *c, const scope *outer, unsigned depth);

static cv_status nested(grapher *g, scope *s, const cv_cdef *def) {
  *item_at(s, def->space, def->index) = (item){NO_NODE, def, s};
  if (def->kind == CV_CDEF_CORE_MODULE)
    return CV_OK;
  indent(g, s);
  cv_buf_printf(g->out, "subgraph cluster_%" PRIu32 " {\n", g->clusters++);
  s->depth++;
  indent(g, s);
  cv_buf_text(g->out, "label=\"");
  put_definition(g, s, def);
  cv_buf_text(g->out, "\"; style=dashed;\n");
  s->depth--;
  CV_TRY(walk(g, def->as.component, s, s->depth + 1));
  indent(g, s);
  cv_buf_text(g->out, "}\n");
  return CV_OK;
}

static cv_status define(grapher *g, scope *s, const cv_cdef *def) {
  switch (def->kind) {
  case CV_CDEF_CORE_MODULE:
  case CV_CDEF_COMPONENT:
    return nested(g, s, def);
  case CV_CDEF_CORE_INSTANTIATE:
  case CV_CDEF_INSTANTIATE:
    return instantiate(g, s, def);
  case CV_CDEF_CORE_BUNDLE:
  case CV_CDEF_BUNDLE:
    return bundle(g, s, def);
  case CV_CDEF_ALIAS_EXPORT:
  case CV_CDEF_ALIAS_CORE_EXPORT:
  case CV_CDEF_ALIAS_OUTER:
    return alias(g, s, def);
  case CV_CDEF_CANON:
    canon(s, def);
    return CV_OK;
  case CV_CDEF_IMPORT:
  case CV_CDEF_EXPORT:
    return external(g, s, def);
  case CV_CDEF_CORE_TYPE:
  case CV_CDEF_TYPE:
  case CV_CDEF_START:
  case CV_CDEF_VALUE:
    break;
  }
  return CV_OK;
}

// Components nest as deeply as the decoder lets them.
static cv_status walk(grapher *g, const cv_component *c, const scope *outer, unsigned depth) {
  scope *s = CV_ARENA_NEW(&g->arena, scope);
  if (s == NULL)
    return CV_ENOMEM;
  *s = (scope){.outer = outer, .component = c, .depth = depth};
  for (unsigned i = 0; i < CV_CS_COUNT; i++) {
    s->items[i] = CV_ARENA_ARRAY(&g->arena, item, c->space_counts[i] + 1u);
    if (s->items[i] == NULL)
      return CV_ENOMEM;
    for (uint32_t k = 0; k < c->space_counts[i]; k++)
      s->items[i][k].node = NO_NODE;
  }
  for (uint32_t i = 0; i < c->def_count; i++)
    CV_TRY(define(g, s, &c->defs[i]));
  return CV_OK;
}

static void put_edges(grapher *g) {
  for (size_t i = 0; i < g->edges.count; i++) {
    const edge *e = &g->edges.data[i];
    cv_buf_printf(g->out, "  n%" PRIu32 " -> n%" PRIu32, e->from, e->to);
    if (e->label.size != 0) {
      cv_buf_text(g->out, " [label=\"");
      put_text(g->out, e->label);
      cv_buf_text(g->out, "\"]");
    }
    cv_buf_text(g->out, ";\n");
  }
}

cv_status cv_component_graph(const cv_component *component, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  grapher g = {.mem = mem, .out = out, .diag = diag};
  cv_arena_init(&g.arena, mem);
  cv_buf_text(out, "digraph component {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n"
                   "  edge [fontname=\"sans-serif\", fontsize=10];\n");
  cv_status status = walk(&g, component, NULL, 0);
  put_edges(&g);
  cv_buf_text(out, "}\n");
  cv_vec_free(mem, &g.nodes);
  cv_vec_free(mem, &g.members);
  cv_vec_free(mem, &g.edges);
  cv_vec_free(mem, &g.todo);
  cv_arena_free(&g.arena);
  return status == CV_OK ? cv_buf_status(out) : status;
}
