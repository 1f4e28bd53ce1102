// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// names.h: the parts of a name of an import or export (Explainer.md, "Import and Export Definitions"): for validation,
// for linking by version, for messages.
#ifndef COVE_COMPONENT_VALIDATE_NAMES_H
#define COVE_COMPONENT_VALIDATE_NAMES_H

#include "base/base.h"

typedef enum cv_name_kind {
  CV_NAME_LABEL,       // label
  CV_NAME_CONSTRUCTOR, // [constructor]resource
  CV_NAME_METHOD,      // [method]resource.label
  CV_NAME_STATIC,      // [static]resource.label
  CV_NAME_INTERFACE,   // name_space:package/label@version
} cv_name_kind;

// The parts lie in the name that was parsed.
typedef struct cv_name {
  cv_name_kind kind;
  cv_bytes label, resource;
  cv_bytes name_space, package;
  cv_bytes without_version; // interface: all before the "@"
  cv_bytes version;         // interface: behind the "@", or empty
  bool is_canon_version;    // "1", "0.2", "0.0.3"
  char fault[192];          // why it is none
} cv_name;

// False when it is no name, and out->fault says why.
bool cv_name_parse(cv_bytes text, cv_name *out);
bool cv_version_is_semver(cv_bytes version);

#endif
