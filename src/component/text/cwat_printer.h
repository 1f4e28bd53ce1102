// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_printer.h: what the files of the component printer share. A component is printed definition by definition, each
// in its long form, with nothing left to be made up by the parser: the same sections come out again.
//
// Names come from the component-name section and are identifiers where they can be, as in modules
// (wasm/text/printer.h). Types have index spaces of their own, without names.
#ifndef COVE_COMPONENT_TEXT_CWAT_PRINTER_H
#define COVE_COMPONENT_TEXT_CWAT_PRINTER_H

#include "component/binary/syntax.h"
#include "wasm/binary/reader.h"
#include "wasm/text/printer.h"

// A component or a type of one, while it is printed.
typedef struct cv_cprint_scope {
  const struct cv_cprint_scope *outer;
  cv_ids ids[CV_CS_COUNT];
  uint32_t met[CV_CS_COUNT]; // items of each index space so far: only those have their identifier already
} cv_cprint_scope;

typedef struct cv_cprinter {
  cv_printer w; // output, arenas, core types; w.depth is the current indentation
  const cv_component *c;
  cv_cprint_scope *scope;
} cv_cprinter;

// ---- cwat_print.c --------------------------------------------------------------------------------------------------

// " $x (;3;)" for the next item of an index space, which is counted.
void cv_cprint_define(cv_cprinter *p, cv_cspace space);
// "$x" or "3"
void cv_cprint_use(cv_cprinter *p, cv_cspace space, uint32_t index);
// "(func $x)", "(core module 3)"; within `core_only` without `core`.
void cv_cprint_item(cv_cprinter *p, bool core_only, cv_csortidx item);
// "func", "core module"
const char *cv_cprint_sort(cv_cspace space);
// A name and its attributes, as they stand in the binary.
CV_MUST_USE cv_status cv_cprint_extern_name(cv_cprinter *p, const cv_syn_extern *external);
// "(alias ...)" with what it defines.
void cv_cprint_alias(cv_cprinter *p, const cv_syn_alias *alias);
// A line at the current depth.
void cv_cprint_line(cv_cprinter *p);

static inline cv_reader cv_cprint_reader(const cv_cprinter *p, uint32_t entry) {
  return (cv_reader){.start = p->c->bytes,
                     .at = p->c->bytes + entry,
                     .end = p->c->bytes + p->c->size,
                     .features = p->c->features,
                     .diag = p->w.diag};
}

// ---- cwat_print_types.c --------------------------------------------------------------------------------------------

void cv_cprint_ref(cv_cprinter *p, cv_syn_ref type);
// "(type $t (;0;) ...)" as a line.
CV_MUST_USE cv_status cv_cprint_type(cv_cprinter *p, const cv_syn_type *type);
CV_MUST_USE cv_status cv_cprint_core_type(cv_cprinter *p, const cv_syn_core_type *type);
// "(func $f (;0;) (type 1))"; without a definition when `defines` is false.
void cv_cprint_extern_type(cv_cprinter *p, const cv_syn_externtype *type, bool defines);

#endif
