// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plug.c: plugs in a socket: one component gets what others export, as far as it asks for it.
//
// An export of a plug satisfies an import of the socket when the names are the same, or name compatible versions of one
// interface with the export not older, and its type is what the import asks for. What no plug satisfies, and what the
// plugs import themselves, the composition imports; it exports what the socket exports.
#include "compose/graph.h"
#include "compose/parts.h"

#include "component/link.h"

typedef enum fit {
  FIT_NONE,
  FIT_OLDER, // a version that is older than what is asked for
  FIT_VERSION,
  FIT_NAME,
} fit;

static fit fits(const cv_cextern *import, cv_bytes name) {
  cv_bytes base, version, there_base, there_version;
  if (cv_bytes_equal(import->name, name))
    return FIT_NAME;
  cv_cname_split(import->name, &base, &version);
  cv_cname_split(name, &there_base, &there_version);
  if (version.size == 0 || there_version.size == 0 || !cv_bytes_equal(base, there_base))
    return FIT_NONE;
  cv_version_fit by = cv_version_fits(version, import->version_suffix, there_version);
  return by == CV_VERSION_FITS ? FIT_VERSION : by == CV_VERSION_NEWER ? FIT_OLDER : FIT_NONE;
}

// The best export of a plug for an import; FIT_NONE and FIT_OLDER are for messages.
static fit best_export(const cv_ccomponenttype *plug, const cv_cextern *import, const cv_cextern **out) {
  fit best = FIT_NONE;
  for (uint32_t i = 0; i < plug->export_count; i++) {
    fit by = fits(import, plug->exports[i].name);
    if (by > best) {
      best = by;
      *out = &plug->exports[i];
    }
  }
  return best;
}

typedef struct board {
  cv_graph g;
  uint32_t *args;      // one for each import of the socket
  uint32_t *instances; // of each plug
} board;

enum { SOCKET = 0 }; // the first package; plugs follow

static cv_status instance_of(board *b, uint32_t plug, uint32_t *out) {
  cv_graph *g = &b->g;
  if (b->instances[plug] == CV_NO_INDEX) {
    uint32_t count = g->packages[plug].type->import_count;
    uint32_t *none = CV_ARENA_ARRAY(&g->arena, uint32_t, count + 1);
    if (!none)
      return cv_fail(g->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
    for (uint32_t i = 0; i < count; i++)
      none[i] = CV_NO_INDEX;
    CV_TRY(cv_graph_instantiate(g, plug, none, &b->instances[plug]));
  }
  *out = b->instances[plug];
  return CV_OK;
}

// What plugs give for one import.
static cv_status plug_import(board *b, uint32_t index) {
  cv_graph *g = &b->g;
  const cv_cextern *import = &g->packages[SOCKET].type->imports[index], *found = NULL;
  uint32_t by = CV_NO_INDEX, instance;
  for (uint32_t i = SOCKET + 1; i < g->package_count; i++) {
    const cv_cextern *e = NULL;
    if (best_export(g->packages[i].type, import, &e) < FIT_VERSION)
      continue;
    if (by != CV_NO_INDEX)
      return cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET,
                     "%s and %s both offer `%.*s`, which %s imports: leave one of them out, or say which in a graph",
                     g->packages[by].title, g->packages[i].title, CV_NAME(import->name), g->packages[SOCKET].title);
    by = i;
    found = e;
  }
  if (by == CV_NO_INDEX)
    return CV_OK;
  CV_TRY(instance_of(b, by, &instance));
  return cv_graph_access(g, instance, found->name, &b->args[index]);
}

// A plug that fits nowhere is a mistake: which import may have been meant is said.
static cv_status check_used(board *b, uint32_t plug) {
  cv_graph *g = &b->g;
  const cv_graph_package *socket = &g->packages[SOCKET], *p = &g->packages[plug];
  if (b->instances[plug] != CV_NO_INDEX)
    return CV_OK;
  for (uint32_t i = 0; i < socket->type->import_count; i++) {
    const cv_cextern *e = NULL, *import = &socket->type->imports[i];
    if (best_export(p->type, import, &e) == FIT_OLDER)
      return cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET,
                     "%s plugs nothing: it offers `%.*s`, and %s asks for the newer "
                     "`%.*s`",
                     p->title, CV_NAME(e->name), socket->title, CV_NAME(import->name));
  }
  if (p->type->export_count == 0)
    return cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET, "%s plugs nothing: it has no exports", p->title);
  if (socket->type->import_count == 0)
    return cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET, "%s plugs nothing: %s has no imports", p->title, socket->title);
  return cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET,
                 "%s plugs nothing: no import of %s has the name of one of its exports (`%.*s`%s)", p->title,
                 socket->title, CV_NAME(p->type->exports[0].name), p->type->export_count > 1 ? " and others" : "");
}

static cv_status plug_all(board *b) {
  cv_graph *g = &b->g;
  const cv_ccomponenttype *socket = g->packages[SOCKET].type;
  uint32_t instance, node;
  b->args = CV_ARENA_ARRAY(&g->arena, uint32_t, socket->import_count + 1);
  b->instances = CV_ARENA_ARRAY(&g->arena, uint32_t, g->package_count);
  if (!b->args || !b->instances)
    return cv_fail(g->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  for (uint32_t i = 0; i < g->package_count; i++)
    b->instances[i] = CV_NO_INDEX;
  for (uint32_t i = 0; i < socket->import_count; i++) {
    b->args[i] = CV_NO_INDEX;
    CV_TRY(plug_import(b, i));
  }
  for (uint32_t i = SOCKET + 1; i < g->package_count; i++)
    CV_TRY(check_used(b, i));
  CV_TRY(cv_graph_instantiate(g, SOCKET, b->args, &instance));
  for (uint32_t i = 0; i < socket->export_count; i++) {
    CV_TRY(cv_graph_access(g, instance, socket->exports[i].name, &node));
    CV_TRY(cv_graph_export_node(g, node, socket->exports[i].name, &socket->exports[i]));
  }
  return CV_OK;
}

cv_status cv_compose_plug(const cv_compose_part *parts, uint32_t count, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  board b = {.args = NULL};
  cv_graph_package *packages = cv_mem_zalloc(mem, count * sizeof *packages);
  if (!packages)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  for (uint32_t i = 0; i < count; i++)
    packages[i] = (cv_graph_package){.name = parts[i].name, .title = parts[i].title, .bytes = parts[i].bytes};
  cv_status status = cv_graph_new(&b.g, packages, count, mem, diag);
  if (status == CV_OK)
    status = plug_all(&b);
  if (status == CV_OK)
    status = cv_graph_encode(&b.g, out);
  cv_graph_free(&b.g);
  cv_mem_free(mem, packages, count * sizeof *packages);
  return status;
}
