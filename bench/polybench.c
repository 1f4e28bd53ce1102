// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs one program of PolyBench/C 4.2.1 as a kernel of this suite: its main, as often as the argument says, the time
// between its own "start" and "stop" summed up, and the arrays that it would print folded into a checksum at the end.
//
//     clang -DPROGRAM='"gemm.c"' -I FOLDER_OF_THE_PROGRAM -I utilities -DMEDIUM_DATASET -DPOLYBENCH_DUMP_ARRAYS
//
// PolyBench is not part of this repository. Of its utilities only polybench.h is used.
#include "kernels/kernel.h"
#include <math.h>
#include <polybench.h>
#include <stdarg.h>

static uint64_t wall, cpu, sum;
static int last;

static void begin(void) {
  wall -= clock_ns(0), cpu -= clock_ns(1);
}

static void end(void) {
  cpu += clock_ns(1), wall += clock_ns(0);
}

// Takes the place of fprintf in the program. Numbers count as far as libraries of mathematics agree: two digits after
// the point, as PolyBench prints them, and of large numbers the leading ones.
static void take(FILE *to, const char *format, ...) {
  va_list values;
  (void)to;
  va_start(values, format);
  if (strstr(format, "%d") != NULL) {
    sum = fold(sum, (uint64_t)va_arg(values, int));
  } else if (strchr(format, '%') != NULL && strchr(format, 's') == NULL) {
    double x = va_arg(values, double);
    sum = fabs(x) < 1e12 ? fold(sum, (uint64_t)(int64_t)(x * 100.0)) : fold_f64(sum, (double)(float)x);
  }
  va_end(values);
}

void *polybench_alloc_data(unsigned long long count, int size) {
  return must_alloc((size_t)count * (size_t)size);
}

void polybench_free_data(void *p) {
  free(p);
}

#undef polybench_start_instruments
#undef polybench_stop_instruments
#undef polybench_print_instruments
#undef polybench_prevent_dce
#define polybench_start_instruments begin();
#define polybench_stop_instruments end();
#define polybench_print_instruments
#define polybench_prevent_dce(print)                                                                                   \
  if (last)                                                                                                            \
  print
#define fprintf take
#define main program
#include PROGRAM
#undef main
#undef fprintf

int main(int argc, char **argv) {
  uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
  for (uint32_t r = 1; r <= rounds; r++) {
    last = r == rounds;
    program(1, argv);
  }
  printf("checksum %016llx\nns %llu %llu\n", (unsigned long long)sum, (unsigned long long)wall,
         (unsigned long long)cpu);
  return 0;
}
