// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fit.c: every place where a component does not fit a world (component/fit.h). Whether an item fits is decided by
// cv_match_extern; where it does not, both types are walked to the first difference, whose path is told.
//
// A difference is told once: types that differ where they are defined are taken for equal in the functions that use
// them, and so are resources of an interface that is missing.
#include <stdarg.h>
#include <stdio.h>

#include "component/fit.h"
#include "component/link.h"
#include "component/validate/validator.h"

typedef struct type_pair {
  uint32_t component, world; // cv_ctraits.origin
} type_pair;

typedef struct fitter {
  cv_cvalidator *v;
  bool is_import; // what is looked at; then the world has what is given, and the component wants it
  cv_type_names of_component, of_world;
  cv_buf where, what, world, component;
  cv_misfit_kind kind;
  CV_VEC(cv_misfit) misfits;
  CV_VEC(type_pair) told;
  bool cut;
} fitter;

// ---- what is told --------------------------------------------------------------------------------------------------

static const char *keep_text(fitter *f, cv_buf *text) {
  return text->size != 0 && !text->failed ? cv_arena_copy(f->v->arena, cv_buf_cstr(text), text->size + 1) : NULL;
}

// Adds the misfit that is in the buffers, and empties them but for `where`.
static cv_status tell(fitter *f) {
  cv_misfit m = {f->kind, keep_text(f, &f->where), keep_text(f, &f->what), keep_text(f, &f->world),
                 keep_text(f, &f->component)};
  f->what.size = f->world.size = f->component.size = 0;
  f->cut = f->misfits.count == CV_MAX_MISFITS;
  if (m.where == NULL || m.what == NULL)
    return CV_ENOMEM;
  return f->cut ? CV_OK : cv_vec_push(f->v->mem, &f->misfits, m);
}

CV_PRINTF(2, 3) static bool say(fitter *f, const char *fmt, ...) {
  char text[400];
  va_list args;
  va_start(args, fmt);
  (void)vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  f->kind = CV_MISFIT_TYPE;
  cv_buf_text(&f->what, text);
  return true;
}

// One step inwards; returns what f->where goes back to.
CV_PRINTF(2, 3) static size_t step(fitter *f, const char *fmt, ...) {
  char text[200];
  size_t size = f->where.size;
  va_list args;
  va_start(args, fmt);
  (void)vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  cv_buf_printf(&f->where, "%s%s", size != 0 ? ", " : "", text);
  return size;
}

// ---- the first difference ------------------------------------------------------------------------------------------

// `c` is the component's side. NULL where there is no type.
static bool types_differ(fitter *f, const cv_ctype *c, const cv_ctype *w) {
  const struct {
    cv_buf *out;
    const cv_type_names *names;
    const cv_ctype *type;
  } sides[] = {{&f->world, &f->of_world, w}, {&f->component, &f->of_component, c}};
  for (size_t i = 0; i < CV_COUNT(sides); i++) {
    if (sides[i].type == NULL) {
      cv_buf_text(sides[i].out, "nothing");
      continue;
    }
    cv_ctype_print_named(sides[i].out, sides[i].type, sides[i].names, false);
    if (cv_type_names_find(sides[i].names, sides[i].type).size != 0)
      cv_buf_printf(sides[i].out, " (%s)", cv_ctype_kind_text(sides[i].type->kind));
  }
  return say(f, "the types differ");
}

static void print_labels(cv_buf *out, const cv_ctype *type) {
  cv_buf_printf(out, "%s { ", cv_ctype_kind_text(type->kind));
  for (uint32_t i = 0; i < type->count; i++)
    cv_buf_printf(out, "%s%.*s", i != 0 ? ", " : "", CV_NAME(type->fields[i].name));
  cv_buf_text(out, " }");
}

static bool was_told(const fitter *f, const cv_ctype *c, const cv_ctype *w) {
  for (size_t i = 0; i < f->told.count; i++)
    if (f->told.data[i].component == c->traits.origin && f->told.data[i].world == w->traits.origin)
      return true;
  return false;
}

static bool is_unbound(const cv_rframe *frame, const cv_cresource *resource) {
  const cv_cresource **slot = cv_rframe_find(frame, resource);
  return slot != NULL && *slot == NULL;
}

static bool resources_differ(fitter *f, const cv_rframe *frame, const cv_ctype *c, const cv_ctype *w) {
  if (is_unbound(frame, c->resource) || is_unbound(frame, w->resource) ||
      cv_rframe_resolve(frame, c->resource)->id == cv_rframe_resolve(frame, w->resource)->id)
    return false;
  (void)types_differ(f, c, w);
  f->what.size = 0;
  return say(f, cv_bytes_equal(c->resource->name, w->resource->name)
                    ? "the resources have the same name, but they are not the same resource: one is of an interface "
                      "that is imported, the other of one that is exported"
                    : "the resources differ");
}

// Fields, cases, labels: the same names in the same order.
static bool labels_differ(fitter *f, const cv_ctype *c, const cv_ctype *w) {
  static const char *const words[] = {"field", "case", "label"};
  const char *word = words[w->kind == CV_CT_RECORD ? 0 : w->kind == CV_CT_FLAGS ? 2 : 1];
  const cv_ctype *sides[] = {c, w};
  uint32_t at = 0;
  while (at < c->count && at < w->count && cv_bytes_equal(c->fields[at].name, w->fields[at].name))
    at++;
  if (at == c->count && at == w->count)
    return false;
  print_labels(&f->component, c);
  print_labels(&f->world, w);
  for (unsigned side = 0; side < 2; side++) { // what one has and the other lacks, if it is that
    for (uint32_t i = 0; i < sides[side]->count; i++) {
      bool found = false;
      for (uint32_t k = 0; k < sides[!side]->count && !found; k++)
        found = cv_bytes_equal(sides[side]->fields[i].name, sides[!side]->fields[k].name);
      if (!found)
        return say(f, "%s `%.*s` is not in the %s", word, CV_NAME(sides[side]->fields[i].name),
                   side == 0 ? "world" : "component");
    }
  }
  return say(f, "the order of the %ss differs", word);
}

static bool find(fitter *f, const cv_rframe *frame, const cv_ctype *c, const cv_ctype *w);

static bool parts_differ(fitter *f, const cv_rframe *frame, const cv_ctype *c, const cv_ctype *w) {
  for (uint32_t i = 0; i < w->count; i++) {
    const cv_cfield *field = &w->fields[i];
    size_t back = w->kind == CV_CT_TUPLE || (w->kind == CV_CT_MAP && i != 0) ? step(f, "%s %u", "part", i + 1)
                  : w->kind == CV_CT_RECORD  ? step(f, "field `%.*s`", CV_NAME(field->name))
                  : w->kind == CV_CT_VARIANT ? step(f, "case `%.*s`", CV_NAME(field->name))
                  : w->kind == CV_CT_RESULT  ? step(f, "%s", i == 0 ? "the result's `ok`" : "the result's `err`")
                  : w->kind == CV_CT_OPTION  ? step(f, "in option")
                                             : step(f, "element of %s", cv_ctype_kind_text(w->kind));
    if (find(f, frame, c->fields[i].type, field->type))
      return true;
    f->where.size = back;
  }
  return false;
}

// Depth is bounded by validation (CV_MAX_TYPE_DEPTH), and the number of parts by cv_cvalidator_step.
static bool find(fitter *f, const cv_rframe *frame, const cv_ctype *c, const cv_ctype *w) {
  if (c == w || (c != NULL && w != NULL && was_told(f, c, w)) || cv_cvalidator_step(f->v, 1) != CV_OK)
    return false;
  if (c == NULL || w == NULL || c->kind != w->kind || c->length != w->length)
    return types_differ(f, c, w);
  switch (w->kind) {
  case CV_CT_RECORD:
  case CV_CT_VARIANT:
  case CV_CT_FLAGS:
  case CV_CT_ENUM:
    if (labels_differ(f, c, w))
      return true;
    break;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    return resources_differ(f, frame, c, w);
  default:
    break;
  }
  return c->count != w->count ? types_differ(f, c, w) : parts_differ(f, frame, c, w);
}

static bool find_in_func(fitter *f, const cv_rframe *frame, const cv_cfunctype *c, const cv_cfunctype *w) {
  bool names = c->param_count == w->param_count;
  for (uint32_t i = 0; i < w->param_count && names; i++)
    names = cv_bytes_equal(c->params[i].name, w->params[i].name);
  if (!names || c->is_async != w->is_async || (c->result == NULL) != (w->result == NULL)) {
    cv_cfunctype_print_named(&f->component, c, &f->of_component);
    cv_cfunctype_print_named(&f->world, w, &f->of_world);
    return say(f, c->is_async != w->is_async                   ? "one is async, the other is not"
                  : c->param_count != w->param_count           ? "the number of parameters differs"
                  : (c->result == NULL) != (w->result == NULL) ? "one has a result, the other has none"
                                                               : "the names of the parameters differ");
  }
  for (uint32_t i = 0; i < w->param_count; i++) {
    size_t back = step(f, "parameter `%.*s`", CV_NAME(w->params[i].name));
    if (find(f, frame, c->params[i].type, w->params[i].type))
      return true;
    f->where.size = back;
  }
  size_t back = step(f, "result");
  if (find(f, frame, c->result, w->result))
    return true;
  f->where.size = back;
  return false;
}

// ---- items ---------------------------------------------------------------------------------------------------------

static const char *word_of(const cv_cexterntype *type) {
  return type->sort == CV_SORT_FUNC                                            ? "function"
         : type->sort == CV_SORT_TYPE && type->as.type.kind == CV_DEF_RESOURCE ? "resource"
         : type->sort == CV_SORT_INSTANCE                                      ? "interface"
                                                                               : cv_csort_text(type->sort);
}

static const char *article(const cv_cexterntype *type) {
  return type->sort == CV_SORT_INSTANCE ? "an" : "a";
}

static bool find_in_item(fitter *f, const cv_rframe *frame, const cv_cexterntype *c, const cv_cexterntype *w) {
  if (c->sort != w->sort || strcmp(word_of(c), word_of(w)) != 0)
    return say(f, "it is %s %s in the world and %s %s in the component", article(w), word_of(w), article(c),
               word_of(c));
  if (w->sort == CV_SORT_FUNC)
    return find_in_func(f, frame, c->as.func, w->as.func);
  if (w->sort != CV_SORT_TYPE || w->as.type.kind != CV_DEF_VALUE)
    return false;
  if (!find(f, frame, c->as.type.as.value, w->as.type.as.value))
    return false;
  // What cannot be noted is told again where it is used.
  const type_pair pair = {c->as.type.as.value->traits.origin, w->as.type.as.value->traits.origin};
  if (cv_vec_push(f->v->mem, &f->told, pair) != CV_OK)
    f->where.failed = true;
  return true;
}

static void print_wanted(fitter *f, const cv_cfunctype *func) {
  cv_cfunctype_print_named(f->is_import ? &f->component : &f->world, func,
                           f->is_import ? &f->of_component : &f->of_world);
}

static cv_status fit_item(fitter *f, const cv_rframe *frame, const cv_cexterntype *given, const cv_cexterntype *wanted);

// What an instance lacks, and what is of another type in it.
static cv_status fit_instance(fitter *f, const cv_rframe *outer, const cv_cinstancetype *given,
                              const cv_cinstancetype *wanted) {
  cv_rframe frame;
  CV_TRY(cv_rframe_init(f->v, &frame, outer, wanted->resources, wanted->resource_count, wanted->resource_count));
  for (uint32_t i = 0; i < wanted->export_count && !f->cut; i++) {
    const cv_cextern *e = &wanted->exports[i];
    const cv_cextern *found = cv_cextern_find(given->sorted, given->export_count, e->name);
    size_t back = step(f, "%s `%.*s`", word_of(&e->type), CV_NAME(e->name));
    if (found != NULL) {
      CV_TRY(fit_item(f, &frame, &found->type, &e->type));
    } else {
      f->kind = f->is_import ? CV_MISFIT_UNKNOWN_IMPORT : CV_MISFIT_MISSING_EXPORT;
      cv_buf_text(&f->what, f->is_import ? "the component needs it, the world's interface does not have it"
                                         : "the world demands it, the component's interface does not have it");
      if (e->type.sort == CV_SORT_FUNC)
        print_wanted(f, e->type.as.func);
      CV_TRY(tell(f));
    }
    f->where.size = back;
  }
  return CV_OK;
}

static cv_status fit_item(fitter *f, const cv_rframe *frame, const cv_cexterntype *given,
                          const cv_cexterntype *wanted) {
  if (given->sort == CV_SORT_INSTANCE && wanted->sort == CV_SORT_INSTANCE)
    return fit_instance(f, frame, given->as.instance, wanted->as.instance);
  cv_diag diag, *before = f->v->diag;
  cv_diag_init(&diag);
  f->v->diag = &diag;
  cv_status status = cv_match_extern(f->v, frame, given, wanted);
  f->v->diag = before;
  if (status != CV_EINVALID) {
    *before = diag;
    return status;
  }
  size_t back = f->where.size;
  bool found = f->is_import ? find_in_item(f, frame, wanted, given) : find_in_item(f, frame, given, wanted);
  if (!found && f->misfits.count == 0) // otherwise it follows from one that was told
    found = say(f, "%s", diag.text);
  status = found ? tell(f) : CV_OK;
  f->where.size = back;
  return status;
}

// ---- imports and exports by version --------------------------------------------------------------------------------

// The item that serves `wanted`: of its name, or of a compatible version that is not older; the nearest for messages.
static const cv_cextern *serving(const cv_cextern *externs, uint32_t count, const cv_cextern *wanted,
                                 const cv_cextern **nearest) {
  const cv_cextern *found = NULL;
  cv_bytes base, version, other_base, other_version;
  *nearest = NULL;
  cv_cname_split(wanted->name, &base, &version);
  for (uint32_t i = 0; i < count; i++) {
    const cv_cextern *e = &externs[i];
    if (cv_bytes_equal(e->name, wanted->name))
      return e;
    cv_cname_split(e->name, &other_base, &other_version);
    if (version.size == 0 || other_version.size == 0 || !cv_bytes_equal(base, other_base))
      continue;
    cv_version_fit fit = cv_version_fits(version, wanted->version_suffix, other_version);
    if (fit == CV_VERSION_FITS)
      found = e;
    if (*nearest == NULL || fit == CV_VERSION_NEWER)
      *nearest = e;
  }
  return found;
}

static cv_status missing(fitter *f, const cv_cextern *wanted, const cv_cextern *nearest) {
  const char *side = f->is_import ? "world" : "component", *has = f->is_import ? "offers" : "exports";
  cv_bytes base, version, there;
  f->kind = f->is_import ? CV_MISFIT_UNKNOWN_IMPORT : CV_MISFIT_MISSING_EXPORT;
  if (nearest != NULL) {
    cv_cname_split(wanted->name, &base, &version);
    cv_cname_split(nearest->name, &base, &there);
    bool older = cv_version_fits(version, wanted->version_suffix, there) == CV_VERSION_NEWER;
    cv_buf_printf(&f->what, "the %s %s version %.*s of it, which is %s", side, has, CV_NAME(there),
                  older ? "older" : "not compatible");
  } else {
    cv_buf_printf(&f->what, f->is_import ? "the world does not offer it" : "the component does not export it");
  }
  if (wanted->type.sort == CV_SORT_FUNC)
    print_wanted(f, wanted->type.as.func);
  return tell(f);
}

static cv_status fit_all(fitter *f, const cv_rframe *frame, const cv_cextern *given, uint32_t given_count,
                         const cv_cextern *wanted, uint32_t wanted_count) {
  for (uint32_t i = 0; i < wanted_count && !f->cut; i++) {
    const cv_cextern *nearest, *found = serving(given, given_count, &wanted[i], &nearest);
    f->where.size = 0;
    bool is_interface = wanted[i].type.sort == CV_SORT_INSTANCE;
    (void)step(f, "%s %s%s`%.*s`", f->is_import ? "import" : "export", is_interface ? "" : word_of(&wanted[i].type),
               is_interface ? "" : " ", CV_NAME(wanted[i].name));
    if (found == NULL)
      CV_TRY(missing(f, &wanted[i], nearest));
    else
      CV_TRY(fit_item(f, frame, &found->type, &wanted[i].type));
  }
  return CV_OK;
}

static cv_status fit_component(fitter *f, const cv_ccomponenttype *component, const cv_ccomponenttype *world) {
  cv_rframe imports, exports;
  uint32_t bound = component->imported_resource_count;
  CV_TRY(cv_type_names_of(component, f->v->arena, &f->of_component));
  CV_TRY(cv_type_names_of(world, f->v->arena, &f->of_world));
  f->is_import = true;
  CV_TRY(cv_rframe_init(f->v, &imports, NULL, component->resources, bound, bound));
  CV_TRY(fit_all(f, &imports, world->imports, world->import_count, component->imports, component->import_count));
  f->is_import = false;
  bound = world->resource_count - world->imported_resource_count;
  CV_TRY(cv_rframe_init(f->v, &exports, &imports, world->resources + world->imported_resource_count, bound, bound));
  return fit_all(f, &exports, component->exports, component->export_count, world->exports, world->export_count);
}

cv_status cv_component_fit(cv_component *root, const cv_ccomponenttype *component, const cv_ccomponenttype *world,
                           cv_fit *out, cv_diag *diag) {
  cv_cvalidator v = {.root = root, .mem = root->mem, .arena = &root->arena, .registry = root->registry, .diag = diag};
  fitter f = {.v = &v};
  cv_buf *const buffers[] = {&f.where, &f.what, &f.world, &f.component};
  for (size_t i = 0; i < CV_COUNT(buffers); i++)
    cv_buf_init(buffers[i], root->mem);
  cv_status status = fit_component(&f, component, world);
  *out = (cv_fit){.count = (uint32_t)f.misfits.count, .cut = f.cut};
  for (size_t i = 0; i < CV_COUNT(buffers); i++) {
    if (status == CV_OK)
      status = cv_buf_status(buffers[i]);
    cv_buf_free(buffers[i]);
  }
  if (status == CV_OK && f.misfits.count != 0) {
    out->misfits = cv_arena_copy(&root->arena, f.misfits.data, f.misfits.count * sizeof *f.misfits.data);
    status = out->misfits != NULL ? CV_OK : CV_ENOMEM;
  }
  cv_vec_free(root->mem, &f.misfits);
  cv_vec_free(root->mem, &f.told);
  return status == CV_ENOMEM ? cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory") : status;
}
