// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// stat.h: private to sys/linux: between the kernel's structures and ours.
#ifndef COVE_SYS_LINUX_STAT_H
#define COVE_SYS_LINUX_STAT_H

#include "sys/fs.h"

#include <sys/stat.h>

void cv_stat_of(const struct stat *st, cv_stat *out);
// Moves a descriptor away from the numbers 0 to 2; keeps errno when it is negative.
int cv_above_stdio(int fd);
void cv_timespecs_of(const cv_set_times *times, struct timespec out[2]);

#endif
