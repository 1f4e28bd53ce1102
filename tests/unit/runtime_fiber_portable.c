// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tests of runtime_fiber.c on the portable switch, which takes the place of the assembly one in this program.
#define COVE_PORTABLE_STACKS 1
#include "sys/linux/fiber.c"

#include "runtime_fiber.c"
