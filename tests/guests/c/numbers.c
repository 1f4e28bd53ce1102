// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions and corner cases of arithmetic, printed with printf: what a guest's libc and the engine must agree on.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void print_math(double x) {
  printf("%.17g: sqrt %.17g floor %g ceil %g trunc %g nearest %g abs %g copysign %g\n", x, sqrt(fabs(x)), floor(x),
         ceil(x), trunc(x), rint(x), fabs(x), copysign(3.0, x));
}

int main(void) {
  static const double values[] = {0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e300, -1e-300, 4503599627370497.5, 123456.789};
  volatile int64_t big = INT64_MIN;
  volatile uint64_t mask = 0x8000000000000001u;
  volatile int shift = 33;
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    print_math(values[i]);
  printf("%" PRId64 " %" PRIu64 " %" PRIx64 "\n", big, mask, mask >> shift);
  printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", big / 7, big % 7, (int64_t)mask >> shift);
  printf("%g %g %g\n", (double)mask, (double)(float)mask, (double)(int32_t)strtod("-123.99", NULL));
  printf("%.10e %a %s\n", strtod("1.7976931348623157e308", NULL), 0.1, INFINITY > 1e308 ? "inf" : "?");
  printf("%d %d\n", NAN == NAN, !(NAN < 1.0));
  for (double x = 1e-5; x < 1e7; x *= 10)
    printf("%g %.3f %.0e|", x, x, x);
  putchar('\n');
  return 0;
}
