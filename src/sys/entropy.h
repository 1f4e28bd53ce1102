// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// entropy.h: unpredictable bytes of the host.
// The name is not that of a system header: <poll.h> and others look under sys/ too.
#ifndef COVE_SYS_ENTROPY_H
#define COVE_SYS_ENTROPY_H

#include "sys/error.h"

CV_MUST_USE cv_err cv_sys_random(void *out, size_t size);

#endif
