// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// decode.h: WIT from the types of components: the world of a component, and the world that a core module carries in its
// custom section `component-type`.
#ifndef COVE_WIT_DECODE_H
#define COVE_WIT_DECODE_H

#include "component/component.h"
#include "wit/wit.h"

// Adds to `wit` the packages that a component type names, and a world with its imports and exports. `id` is the world's
// name, "ns:pkg/name@1.0.0", or empty for root:component/root. Names are copied. The result is resolved.
CV_MUST_USE cv_status cv_wit_from_type(cv_wit *wit, const cv_ccomponenttype *type, cv_bytes id, cv_wit_world **out,
                                       cv_diag *diag);
// The world of a validated component that packages WIT, as cv_wit_encode_world makes it. CV_EINVALID when it is none.
CV_MUST_USE cv_status cv_wit_from_package(cv_wit *wit, const cv_component *component, cv_wit_world **out,
                                          cv_diag *diag);

#endif
