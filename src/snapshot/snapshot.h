// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// snapshot.h: the present state of an instance as a module: instantiated, it goes on where the instance stood.
//
// The module is the instance's own one, with these changes:
//
//   tables, memories   their present sizes are the minimum
//   globals            initial values are the present ones
//   exports            some left out, some renamed
//   start function     gone: it has run
//   elements, data     active segments write the present contents; segments that are applied or dropped are empty;
//                      passive ones that are left stay
//   custom sections    `name` loses the names of segments, `sourceMappingURL` goes: its offsets count from the start
//                      of the file. The code section is the same to the byte, so that DWARF stays true.
//
// What a module cannot say is refused by name (CV_EUNSUPPORTED): state that is imported (memories, tables, globals),
// and references to anything but functions of the instance itself and its imports.
#ifndef COVE_SNAPSHOT_SNAPSHOT_H
#define COVE_SNAPSHOT_SNAPSHOT_H

#include "base/buf.h"
#include "component/instance.h"

// The function that is exported as `from` is to be exported as `to`; what function was exported as `to` no longer is.
typedef struct cv_snapshot_rename {
  cv_bytes to, from;
} cv_snapshot_rename;

typedef struct cv_snapshot_options {
  const cv_bytes *without; // exported functions that are left out; a name that is not exported is no error
  uint32_t without_count;
  const cv_snapshot_rename *renames;
  uint32_t rename_count;
} cv_snapshot_options;

// None of the instance's code may be running. CV_EINVALID says which renaming does not fit, CV_ELIMIT that the state is
// too large for a module.
CV_MUST_USE cv_status cv_snapshot(cv_instance *instance, const cv_snapshot_options *options, cv_mem *mem, cv_buf *out,
                                  cv_diag *diag);

// Instances whose states are kept together, in the order in which they were made.
typedef struct cv_snapshot_group {
  cv_instance *const *instances; // borrowed
  uint32_t count;
  struct cv_snapshot_import *imports; // the functions that they import, for cv_snapshot_can_name
  size_t import_count;
} cv_snapshot_group;
CV_MUST_USE cv_status cv_snapshot_group_init(cv_snapshot_group *group, cv_instance *const *instances, uint32_t count,
                                             cv_mem *mem, cv_diag *diag);
void cv_snapshot_group_free(cv_snapshot_group *group, cv_mem *mem);
// The same for one of a group.
CV_MUST_USE cv_status cv_snapshot_one(const cv_snapshot_group *group, uint32_t which,
                                      const cv_snapshot_options *options, cv_mem *mem, cv_buf *out, cv_diag *diag);

// The component of an instance that no other one made, with its present state; its imports and exports are the same.
// CV_EUNSUPPORTED also when a resource is alive, or a module with state has several instances.
CV_MUST_USE cv_status cv_snapshot_component(const cv_cinstance *instance, cv_mem *mem, cv_buf *out, cv_diag *diag);

#endif
