// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sys.h: the whole surface of the operating system, one facility per header.
#ifndef COVE_SYS_SYS_H
#define COVE_SYS_SYS_H

#include "sys/clock.h"
#include "sys/dl.h"
#include "sys/entropy.h"
#include "sys/fs.h"
#include "sys/net.h"
#include "sys/polling.h"

#endif
