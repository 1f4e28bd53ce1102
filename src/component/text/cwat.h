// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat.h: components between text and binary (Explainer.md), and texts of either kind.
#ifndef COVE_COMPONENT_TEXT_CWAT_H
#define COVE_COMPONENT_TEXT_CWAT_H

#include "component/component.h"
#include "wasm/text/lex.h"
#include "wasm/text/wat.h"

// The definitions of a component inside a larger text: *at is the token after `component`, and then the one after the
// definitions. When `open` is the index of the component's parenthesis, an identifier may come first, and the
// definitions end at the closing parenthesis, which is passed; UINT32_MAX for bare definitions, which end with the
// text. Appends the component's binary, with a name section for its identifiers. As for modules, only what the text
// format itself forbids is an error here.
CV_MUST_USE cv_status cv_cwat_parse_fields(cv_text *text, uint32_t open, uint32_t *at, cv_features features,
                                           cv_mem *mem, cv_buf *out, cv_diag *diag);

// A text of either kind: "(component ...)", "(module ...)" or the bare fields of a module.
CV_MUST_USE cv_status cv_cwat_parse(const char *text, size_t size, cv_features features, cv_mem *mem, cv_buf *out,
                                    cv_diag *diag);

// Appends the text of a component that has been decoded. Parsing it again gives the same definitions in the same order,
// with their names and custom sections. Core modules are text when the component has been validated, else bytes.
CV_MUST_USE cv_status cv_cwat_print(const cv_component *component, const cv_wat_print_options *options, cv_mem *mem,
                                    cv_buf *out, cv_diag *diag);

#endif
