// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fit.h: whether a component can stand where a component type is wanted, and all the places where it cannot. It is the
// subtyping of the validator (component/validate/match.c), but for two things: imports and exports are matched by
// semantic versions as the linker does it, and it goes on after the first difference.
//
// Terms
//   world   the component type that is wanted: what it imports is offered to the component, what it exports is demanded
#ifndef COVE_COMPONENT_FIT_H
#define COVE_COMPONENT_FIT_H

#include "base/buf.h"
#include "component/component.h"

typedef enum cv_misfit_kind {
  CV_MISFIT_MISSING_EXPORT = 1,
  CV_MISFIT_UNKNOWN_IMPORT = 2, // the world does not offer it, or offers another version
  CV_MISFIT_TYPE = 3,
} cv_misfit_kind;

typedef struct cv_misfit {
  cv_misfit_kind kind;
  const char *where;             // "export `a:b/c`, function `f`, parameter `x`"
  const char *what;              // "the types differ"
  const char *world, *component; // the types on both sides as WIT writes them; NULL where there is nothing to compare
} cv_misfit;

typedef struct cv_fit {
  const cv_misfit *misfits;
  uint32_t count;
  bool cut; // there are more than CV_MAX_MISFITS
} cv_fit;

enum { CV_MAX_MISFITS = 200 };

// The types of the two, which were validated as parts of one component (`root`), so that resources of both have
// identities of their own. The strings live in the arena of `root`. CV_ELIMIT for types of absurd sizes.
CV_MUST_USE cv_status cv_component_fit(cv_component *root, const cv_ccomponenttype *component,
                                       const cv_ccomponenttype *world, cv_fit *out, cv_diag *diag);

#endif
