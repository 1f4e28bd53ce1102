// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions of the port: see core_portme.h. The last line of the output is that of this suite's kernels, ns WALL
// CPU.
#include "../kernels/kernel.h"
#include <coremark.h>

static uint64_t wall, cpu;

ee_u32 default_num_contexts = 1;

void start_time(void) {
  wall = clock_ns(0), cpu = clock_ns(1);
}

void stop_time(void) {
  cpu = clock_ns(1) - cpu, wall = clock_ns(0) - wall;
}

CORE_TICKS get_time(void) {
  return wall;
}

secs_ret time_in_secs(CORE_TICKS ticks) {
  return (secs_ret)ticks / 1e9;
}

void *portable_malloc(ee_size_t size) {
  return malloc(size);
}

void portable_free(void *p) {
  free(p);
}

void portable_init(core_portable *p, int *argc, char *argv[]) {
  (void)argc, (void)argv;
  p->portable_id = 1;
}

void portable_fini(core_portable *p) {
  p->portable_id = 0;
  printf("ns %llu %llu\n", (unsigned long long)wall, (unsigned long long)cpu);
}
