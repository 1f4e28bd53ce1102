// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// limits.h: implementation limits of the Component Model's formats. Each number has its home here.
#ifndef COVE_COMPONENT_LIMITS_H
#define COVE_COMPONENT_LIMITS_H

enum {
  CV_MAX_COMPONENT_DEPTH = 100, // components in components
  CV_MAX_CTYPE_DEPTH = 100,     // component and instance types in each other
  CV_MAX_CDEFS = 1000000,       // definitions of one component, items of one index space
  CV_MAX_CTYPE_PARTS = 10000,   // fields, cases, members, parameters of one type
  CV_MAX_CTYPE_DECLS = 100000,  // declarations of one component, instance or module type
  CV_MAX_CARGS = 10000,         // arguments of one instantiation, inline exports of one instance
  CV_MAX_CANON_OPTIONS = 32,    // of one canonical definition
  CV_MAX_NAME_ATTRIBUTES = 16,  // of one import or export
  CV_MAX_CTYPE_SIZE = 1000000,  // nodes of one type when written out
  CV_MAX_CTYPE_BYTES = 1 << 28, // a value in memory is smaller (Binary.md, "Type Definitions")
  CV_MAX_TYPE_STEPS = 1 << 23,  // steps of comparing and substituting types in one validation
};

#endif
