// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// graph_text.h: compositions that are written down: what graph_text.c makes of the text and graph_eval.c evaluates.
#ifndef COVE_COMPOSE_GRAPH_TEXT_H
#define COVE_COMPOSE_GRAPH_TEXT_H

#include "base/arena.h"
#include "compose/parts.h"

typedef struct cv_gt_expr cv_gt_expr;

typedef enum cv_gt_arg_kind {
  CV_GT_ARG_NAME,   // name
  CV_GT_ARG_VALUE,  // name: value
  CV_GT_ARG_SPREAD, // ...name
} cv_gt_arg_kind;

typedef struct cv_gt_arg {
  cv_gt_arg_kind kind;
  cv_bytes name;
  bool is_exact; // a string: the name as it stands
  const cv_gt_expr *value;
  uint32_t at;
  struct cv_gt_arg *next;
} cv_gt_arg;

// `.name` or `["name"]`
typedef struct cv_gt_access {
  cv_bytes name;
  bool is_exact;
  uint32_t at;
  struct cv_gt_access *next;
} cv_gt_access;

// A local name or `new package { args }`, and what is accessed of it.
struct cv_gt_expr {
  bool is_new;
  cv_bytes name;    // local, or package with version
  cv_gt_arg *args;  // new
  bool has_implied; // new: the list ends with `...`
  uint32_t at;
  const cv_gt_expr *inner; // in parentheses, instead of all above
  cv_gt_access *accesses;
};

typedef enum cv_gt_statement_kind { CV_GT_IMPORT, CV_GT_LET, CV_GT_EXPORT } cv_gt_statement_kind;

typedef struct cv_gt_statement {
  cv_gt_statement_kind kind;
  cv_bytes name; // import, let: the local name; export: the name after `as`, or empty
  cv_bytes path; // import: the interface that it is
  cv_bytes as;   // import: what it is called outside
  const cv_gt_expr *value;
  bool is_spread; // export
  uint32_t at;
  struct cv_gt_statement *next;
} cv_gt_statement;

// A package that the text names, where it does so first.
typedef struct cv_gt_package {
  cv_bytes name;
  uint32_t at;
  struct cv_gt_package *next;
} cv_gt_package;

typedef struct cv_gt_document {
  const char *text;
  uint32_t size;
  cv_gt_statement *statements;
  cv_gt_package *packages;
  uint32_t package_count;
} cv_gt_document;

// All that is made lives in the arena, and refers to the text.
CV_MUST_USE cv_status cv_gt_parse(const char *text, size_t size, cv_arena *arena, cv_gt_document *out, cv_diag *diag);
// Line and column of a place in the text, into a diagnostic that has none yet.
void cv_gt_place(const cv_gt_document *document, uint32_t at, cv_diag *diag);

#endif
