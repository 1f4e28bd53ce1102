// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wit.c: the packages that were read, and what is asked of them afterwards.
#include "wit/resolve.h"

#include <stdio.h>

cv_wit *cv_wit_new(cv_mem *mem) {
  cv_wit *wit = cv_mem_zalloc(mem, sizeof *wit);
  if (wit) {
    wit->mem = mem;
    cv_arena_init(&wit->arena, mem);
    wit->last_package = &wit->packages;
  }
  return wit;
}

void cv_wit_delete(cv_wit *wit) {
  if (!wit)
    return;
  cv_arena_free(&wit->arena);
  cv_mem_free(wit->mem, wit, sizeof *wit);
}

cv_status cv_wit_count_name(cv_wit *wit, cv_wit_place place, uint32_t *count, cv_diag *diag) {
  if (++*count <= CV_WIT_MAX_NAMES)
    return CV_OK;
  return cv_wit_fail(wit, place, CV_ELIMIT, diag, "there are more than %d names here", CV_WIT_MAX_NAMES);
}

cv_wit_package *cv_wit_packages(const cv_wit *wit) {
  return wit->packages;
}

cv_wit_package *cv_wit_root(const cv_wit *wit) {
  cv_wit_package *package = wit->packages;
  while (package && package->group != 0)
    package = package->next;
  return package;
}

cv_arena *cv_wit_arena(cv_wit *wit) {
  return &wit->arena;
}

const char *cv_wit_error_file(const cv_wit *wit) {
  return wit->error_file ? wit->error_file->path : NULL;
}

void cv_wit_interface_name(const cv_wit_interface *interface, bool with_version, cv_buf *out) {
  const cv_wit_package *package = interface->package;
  if (interface->is_inline) {
    cv_buf_bytes(out, interface->head.name.data, interface->head.name.size);
    return;
  }
  cv_buf_printf(out, "%.*s:%.*s/%.*s", CV_BYTES_ARG(package->ns), CV_BYTES_ARG(package->name),
                CV_BYTES_ARG(interface->head.name));
  if (with_version && package->version.size)
    cv_buf_printf(out, "@%.*s", CV_BYTES_ARG(package->version));
}

// The worlds of a package in a sentence.
static void list_worlds(const cv_wit_package *package, char *out, size_t size) {
  size_t used = 0;
  out[0] = 0;
  for (const cv_wit_world *world = package->worlds; world && used + world->head.name.size + 3 < size;
       world = world->next) {
    used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? ", " : "", CV_BYTES_ARG(world->head.name));
  }
}

// "ns:pkg/name@version" into its parts; false when it is not of that form.
static bool split_path(cv_bytes text, cv_wit_path *path) {
  const uint8_t *colon = memchr(text.data, ':', text.size), *slash = memchr(text.data, '/', text.size);
  if (!colon || !slash || slash < colon)
    return false;
  const uint8_t *end = text.data + text.size, *at = memchr(slash, '@', (size_t)(end - slash));
  const uint8_t *name_end = at ? at : end;
  path->ns = (cv_bytes){text.data, (size_t)(colon - text.data)};
  path->package = (cv_bytes){colon + 1, (size_t)(slash - colon - 1)};
  path->name = (cv_bytes){slash + 1, (size_t)(name_end - slash - 1)};
  path->version = at ? (cv_bytes){at + 1, (size_t)(end - at - 1)} : (cv_bytes){NULL, 0};
  return true;
}

cv_status cv_wit_find_world(const cv_wit *wit, const char *name, cv_wit_world **out, cv_diag *diag) {
  const cv_wit_package *package = cv_wit_root(wit);
  cv_wit_path path = {.name = name ? cv_bytes_of(name) : (cv_bytes){NULL, 0}};
  char there[300];
  if (name && split_path(path.name, &path)) {
    cv_wit_resolver r = {.wit = (cv_wit *)wit, .diag = diag};
    CV_TRY(cv_wit_find_package(&r, &path, &package));
  }
  if (!package)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "there is no root package");
  list_worlds(package, there, sizeof there);
  *out = name ? cv_wit_world_named(package, path.name) : package->worlds;
  if (*out && (name || !(*out)->next))
    return CV_OK;
  if (!package->worlds)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "package %.*s:%.*s has no world", CV_BYTES_ARG(package->ns),
                   CV_BYTES_ARG(package->name));
  return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "%s%s%s: package %.*s:%.*s has the worlds %s", name ? "no world `" : "",
                 name ? name : "which world", name ? "`" : "", CV_BYTES_ARG(package->ns), CV_BYTES_ARG(package->name),
                 there);
}
