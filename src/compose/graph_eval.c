// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// graph_eval.c: a composition that is written down becomes a graph: statements in their order.
//
// Where the text has a word for an import or an export, it stands for the one whose path ends with it
// (`streams` for "wasi:io/streams@0.2.0") when there is exactly one, else for itself. A string stands for itself.
#include "compose/graph.h"
#include "compose/graph_text.h"
#include "compose/parts.h"

#include "component/link.h"

#include <stdio.h>

typedef struct evaluator {
  cv_graph g;
  cv_gt_document document;
  cv_arena arena;
  cv_mem *mem;
  cv_diag *diag;
  cv_map locals; // name -> node
} evaluator;

static CV_COLD cv_status no_memory(evaluator *v) {
  return cv_fail(v->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// A failure of the graph is told with the place in the text that led to it.
static cv_status at(evaluator *v, uint32_t place, cv_status status) {
  if (status != CV_OK && status != CV_ENOMEM)
    cv_gt_place(&v->document, place, v->diag);
  return status;
}

#define FAIL(v, place, ...) at((v), (place), cv_fail((v)->diag, CV_EINVALID, CV_NO_OFFSET, __VA_ARGS__))

// ---- names ---------------------------------------------------------------------------------------------------------

// "ns:pkg/name@1.0.0" ends with "name".
static bool ends_with(cv_bytes path, cv_bytes word) {
  cv_bytes base, version;
  cv_cname_split(path, &base, &version);
  for (size_t i = base.size; i-- > 0;)
    if (base.data[i] == '/')
      return cv_bytes_equal((cv_bytes){base.data + i + 1, base.size - i - 1}, word);
  return false;
}

typedef struct names {
  const cv_cextern *list;
  uint32_t count;
} names;

static uint32_t index_of(names n, cv_bytes name) {
  for (uint32_t i = 0; i < n.count; i++)
    if (cv_bytes_equal(n.list[i].name, name))
      return i;
  return CV_NO_INDEX;
}

// The import or export that a word or a string stands for, or CV_NO_INDEX. *several is set when a word could be
// more than one.
static uint32_t resolve(names n, cv_bytes word, bool is_exact, bool *several) {
  uint32_t found = CV_NO_INDEX, count = 0;
  for (uint32_t i = 0; i < n.count && !is_exact; i++)
    if (ends_with(n.list[i].name, word)) {
      found = i;
      count++;
    }
  *several = count > 1;
  return count == 1 ? found : index_of(n, word);
}

static CV_COLD cv_status no_such(evaluator *v, uint32_t place, const char *title, const char *what, names n,
                                 cv_bytes word, bool several) {
  if (several)
    return FAIL(v, place, "several %ss of %s end with `%.*s`: write the whole name as a string", what, title,
                CV_NAME(word));
  if (n.count == 0)
    return FAIL(v, place, "%s has no %s `%.*s`: it has none at all", title, what, CV_NAME(word));
  return FAIL(v, place, "%s has no %s `%.*s`; it has `%.*s`%s", title, what, CV_NAME(word), CV_NAME(n.list[0].name),
              n.count > 1 ? " and others" : "");
}

static names exports_of(const cv_graph *g, uint32_t node) {
  const cv_cinstancetype *type = cv_graph_instance_type(g, node);
  return type ? (names){type->exports, type->export_count} : (names){NULL, 0};
}

// ---- expressions ---------------------------------------------------------------------------------------------------

static cv_status evaluate(evaluator *v, const cv_gt_expr *e, uint32_t *node);

static cv_status find_local(evaluator *v, cv_bytes name, uint32_t place, uint32_t *node) {
  const uint64_t *found = cv_map_get(&v->locals, name);
  if (!found)
    return FAIL(v, place, "there is no `%.*s`: names are bound by `let` and `import`, before they are used",
                CV_NAME(name));
  *node = (uint32_t)*found;
  return CV_OK;
}

static cv_status check_instance(evaluator *v, uint32_t node, uint32_t place) {
  const cv_graph_node *n = &v->g.nodes.data[node];
  if (n->kind == CV_GRAPH_IMPORT)
    return at(v, place, cv_fail(v->diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: exports of an import"));
  if (!cv_graph_instance_type(&v->g, node))
    return FAIL(v, place, "a %s has no exports: only an instance has", cv_csort_text(n->external.type.sort));
  return CV_OK;
}

static cv_status access(evaluator *v, const cv_gt_access *a, uint32_t *node) {
  bool several = false;
  CV_TRY(check_instance(v, *node, a->at));
  names n = exports_of(&v->g, *node);
  uint32_t i = resolve(n, a->name, a->is_exact, &several);
  if (i == CV_NO_INDEX)
    return no_such(v, a->at, cv_graph_node_title(&v->g, *node), "export", n, a->name, several);
  return at(v, a->at, cv_graph_access(&v->g, *node, n.list[i].name, node));
}

// Which import an argument without a name is for.
static uint32_t infer(const evaluator *v, names imports, cv_bytes local, uint32_t node, bool *several) {
  const cv_graph_node *n = &v->g.nodes.data[node];
  if (n->kind != CV_GRAPH_INSTANCE) {
    cv_bytes name = n->path.size != 0 ? n->path : n->external.name;
    uint32_t exact = index_of(imports, name);
    for (uint32_t i = 0; i < imports.count && exact == CV_NO_INDEX; i++)
      if (cv_graph_same_name(imports.list[i].name, name))
        exact = i;
    if (exact != CV_NO_INDEX)
      return exact;
  }
  return resolve(imports, local, false, several);
}

static cv_status give(evaluator *v, const cv_gt_expr *e, const cv_gt_arg *arg, names imports, uint32_t *args) {
  uint32_t node, i;
  bool several = false;
  if (arg->kind == CV_GT_ARG_VALUE) {
    CV_TRY(evaluate(v, arg->value, &node));
    i = resolve(imports, arg->name, arg->is_exact, &several);
  } else {
    CV_TRY(find_local(v, arg->name, arg->at, &node));
    i = infer(v, imports, arg->name, node, &several);
  }
  if (i == CV_NO_INDEX) {
    char title[128];
    snprintf(title, sizeof title, "%.*s", CV_NAME(e->name));
    return no_such(v, arg->at, title, "import", imports, arg->name, several);
  }
  if (args[i] != CV_NO_INDEX)
    return FAIL(v, arg->at, "the import `%.*s` is given twice", CV_NAME(imports.list[i].name));
  args[i] = node;
  return CV_OK;
}

// What an instance exports, for the imports that nothing else was given for.
static cv_status spread(evaluator *v, const cv_gt_arg *arg, names imports, uint32_t *args) {
  uint32_t node;
  bool any = false;
  CV_TRY(find_local(v, arg->name, arg->at, &node));
  CV_TRY(check_instance(v, node, arg->at));
  for (uint32_t i = 0; i < imports.count; i++) {
    names n = exports_of(&v->g, node);
    uint32_t found = args[i] == CV_NO_INDEX ? index_of(n, imports.list[i].name) : CV_NO_INDEX;
    for (uint32_t k = 0; k < n.count && args[i] == CV_NO_INDEX && found == CV_NO_INDEX; k++)
      if (cv_graph_same_name(n.list[k].name, imports.list[i].name))
        found = k;
    if (found == CV_NO_INDEX)
      continue;
    any = true;
    CV_TRY(at(v, arg->at, cv_graph_access(&v->g, node, n.list[found].name, &args[i])));
  }
  if (!any)
    return FAIL(v, arg->at, "`...%.*s` gives nothing: none of its exports is an import that is still to be given",
                CV_NAME(arg->name));
  return CV_OK;
}

static cv_status give_all(evaluator *v, const cv_gt_expr *e, names imports, uint32_t *args) {
  for (const cv_gt_arg *arg = e->args; arg; arg = arg->next)
    if (arg->kind != CV_GT_ARG_SPREAD)
      CV_TRY(give(v, e, arg, imports, args));
  for (const cv_gt_arg *arg = e->args; arg; arg = arg->next)
    if (arg->kind == CV_GT_ARG_SPREAD)
      CV_TRY(spread(v, arg, imports, args));
  for (uint32_t i = 0; i < imports.count && !e->has_implied; i++)
    if (args[i] == CV_NO_INDEX)
      return FAIL(v, e->at, "the import `%.*s` of %.*s is not given: give it, or end the list with `...` to import it",
                  CV_NAME(imports.list[i].name), CV_NAME(e->name));
  return CV_OK;
}

static cv_status instantiate(evaluator *v, const cv_gt_expr *e, uint32_t *node) {
  uint32_t package = 0;
  while (!cv_bytes_equal(v->g.packages[package].name, e->name)) // each was noted by the parser
    package++;
  const cv_ccomponenttype *type = v->g.packages[package].type;
  names imports = {type->imports, type->import_count};
  uint32_t *args = CV_ARENA_ARRAY(&v->arena, uint32_t, type->import_count + 1);
  if (!args)
    return no_memory(v);
  for (uint32_t i = 0; i < type->import_count; i++)
    args[i] = CV_NO_INDEX;
  CV_TRY(give_all(v, e, imports, args));
  return at(v, e->at, cv_graph_instantiate(&v->g, package, args, node));
}

static cv_status evaluate(evaluator *v, const cv_gt_expr *e, uint32_t *node) {
  if (e->inner)
    CV_TRY(evaluate(v, e->inner, node));
  else if (e->is_new)
    CV_TRY(instantiate(v, e, node));
  else
    CV_TRY(find_local(v, e->name, e->at, node));
  for (const cv_gt_access *a = e->accesses; a; a = a->next)
    CV_TRY(access(v, a, node));
  return CV_OK;
}

// ---- statements ----------------------------------------------------------------------------------------------------

static cv_status bind(evaluator *v, const cv_gt_statement *s, uint32_t node) {
  bool existed;
  if (cv_map_put(&v->locals, s->name, node, &existed) != CV_OK)
    return no_memory(v);
  return existed ? FAIL(v, s->at, "`%.*s` is bound twice", CV_NAME(s->name)) : CV_OK;
}

static cv_status export_all(evaluator *v, const cv_gt_statement *s, uint32_t instance) {
  CV_TRY(check_instance(v, instance, s->at));
  names n = exports_of(&v->g, instance);
  if (n.count == 0)
    return FAIL(v, s->at, "%s has no exports to be exported", cv_graph_node_title(&v->g, instance));
  for (uint32_t i = 0; i < n.count; i++) {
    uint32_t node;
    if (cv_graph_is_exported(&v->g, n.list[i].name))
      continue;
    CV_TRY(at(v, s->at, cv_graph_access(&v->g, instance, n.list[i].name, &node)));
    CV_TRY(at(v, s->at, cv_graph_export_node(&v->g, node, n.list[i].name, &n.list[i])));
  }
  return CV_OK;
}

static cv_status export_one(evaluator *v, const cv_gt_statement *s) {
  uint32_t node;
  v->g.place = s->at;
  CV_TRY(evaluate(v, s->value, &node));
  if (s->is_spread)
    return export_all(v, s, node);
  const cv_graph_node *n = &v->g.nodes.data[node];
  if (n->kind == CV_GRAPH_IMPORT && !n->has_type)
    return at(v, s->at,
              cv_fail(v->diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                      "unsupported: export of an import that no instance was given before"));
  if (s->name.size != 0)
    return at(v, s->at, cv_graph_export_node(&v->g, node, s->name, NULL));
  if (n->kind == CV_GRAPH_INSTANCE)
    return FAIL(v, s->at, "an instance has no name of its own: export it `as \"name\"`, or its exports with `...`");
  const cv_cextern *like = cv_arena_copy(&v->arena, &n->external, sizeof n->external);
  if (!like)
    return no_memory(v);
  return at(v, s->at, cv_graph_export_node(&v->g, node, like->name, like));
}

static cv_status run(evaluator *v) {
  for (const cv_gt_statement *s = v->document.statements; s; s = s->next) {
    uint32_t node;
    if (s->kind == CV_GT_EXPORT) {
      CV_TRY(export_one(v, s));
      continue;
    }
    if (s->kind == CV_GT_IMPORT)
      CV_TRY(at(v, s->at, cv_graph_import(&v->g, s->as, s->path, &node)));
    else
      CV_TRY(evaluate(v, s->value, &node));
    CV_TRY(bind(v, s, node));
  }
  for (const cv_gt_statement *s = v->document.statements; s; s = s->next) {
    const uint64_t *node = s->kind == CV_GT_IMPORT ? cv_map_get(&v->locals, s->name) : NULL;
    if (node && !v->g.nodes.data[*node].has_type)
      return FAIL(v, s->at, "the import `%.*s` is given to no instance, so that nobody says what it is",
                  CV_NAME(s->path));
  }
  return CV_OK;
}

static cv_status find_packages(evaluator *v, cv_compose_find *find, void *env, cv_graph_package *packages) {
  uint32_t i = 0;
  for (const cv_gt_package *p = v->document.packages; p; p = p->next) {
    cv_compose_part part = {.title = NULL};
    bool found = false;
    CV_TRY(find(env, p->name, &part, &found, v->diag));
    if (!found)
      return FAIL(v, p->at, "there is no component `%.*s`", CV_NAME(p->name));
    packages[i++] = (cv_graph_package){.name = p->name, .title = part.title, .bytes = part.bytes};
  }
  return CV_OK;
}

static cv_status compose(evaluator *v, cv_compose_find *find, void *env, cv_buf *out) {
  uint32_t count = v->document.package_count;
  cv_graph_package *packages = CV_ARENA_ARRAY(&v->arena, cv_graph_package, count + 1);
  if (!packages)
    return no_memory(v);
  CV_TRY(find_packages(v, find, env, packages));
  cv_status status = cv_graph_new(&v->g, packages, count, v->mem, v->diag);
  if (status == CV_OK)
    status = run(v);
  if (status == CV_OK) {
    v->g.place = CV_NO_INDEX;
    status = cv_graph_encode(&v->g, out);
    if (v->g.place != CV_NO_INDEX)
      status = at(v, v->g.place, status);
  }
  cv_graph_free(&v->g);
  return status;
}

cv_status cv_compose_text(const char *text, size_t size, cv_compose_find *find, void *env, cv_mem *mem, cv_buf *out,
                          cv_diag *diag) {
  evaluator v = {.mem = mem, .diag = diag};
  cv_arena_init(&v.arena, mem);
  cv_map_init(&v.locals, mem);
  cv_status status = cv_gt_parse(text, size, &v.arena, &v.document, diag);
  if (status == CV_OK)
    status = compose(&v, find, env, out);
  cv_map_free(&v.locals);
  cv_arena_free(&v.arena);
  return status;
}
