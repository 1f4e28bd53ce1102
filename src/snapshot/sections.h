// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sections.h: the contents of the sections that a snapshot changes, each written by one function.
//
// Terms
//   zero run   bytes of a memory between two segments: an instance starts with zeros there
//   old        a segment of the instance's module. Code names segments by number, so that old ones keep theirs, as
//              empty ones, where code names any; the new ones follow.
#ifndef COVE_SNAPSHOT_SECTIONS_H
#define COVE_SNAPSHOT_SECTIONS_H

#include "base/vec.h"
#include "snapshot/snapshot.h"

typedef struct cv_snapshot_work {
  cv_instance *instance;
  const cv_snapshot_group *group;
  uint32_t number; // of `instance` in the group
  const cv_module *module;
  const cv_snapshot_options *options;
  cv_mem *mem;
  cv_diag *diag;
  bool names_elems, names_datas; // code names element or data segments
  bool *referenced;              // by function: code makes a reference to it (ref.func); func_count of them
  uint32_t referenced_count;
} cv_snapshot_work;

// The entries of a section, and how many; none when the section is not needed. `s` is empty before.
typedef cv_status cv_snapshot_section(cv_snapshot_work *w, cv_buf *s, uint32_t *count);
CV_MUST_USE cv_snapshot_section cv_snapshot_tables, cv_snapshot_memories, cv_snapshot_globals, cv_snapshot_exports,
    cv_snapshot_elems, cv_snapshot_datas;

// The number of a function in an instance of the group; false when it is neither its own nor imported.
bool cv_snapshot_can_name(const cv_snapshot_group *group, uint32_t instance, const cv_func *func, uint32_t *index);

// (i32.const at) or (i64.const at) by the index type of a memory or a table, with its end.
void cv_snapshot_put_offset(cv_buf *s, const cv_limits *limits, uint64_t at);

#endif
