// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// main.c: a C program with a WebAssembly module linked in, as an object file and a header that cove made of it:
//
//   cove compile --object --header sums.h sums.wat -o sums.o
//   cc main.c sums.o $(pkg-config --cflags --libs cove)
#include "sums.h"

#include <inttypes.h>
#include <stdio.h>

static cove_host_result tell(void *env, cove_caller *caller, cove_value *values) {
  (void)caller;
  *(int64_t *)env = values[0].i64;
  return COVE_HOST_OK;
}

int main(void) {
  sums guest;
  cove_error *error = NULL;
  int64_t told = 0, product = 0;
  int32_t ready = 0, quotient = 0, rest = 0;
  double half = 0;
  int result = 1;
  const cove_valtype takes[] = {COVE_I64};
  const cove_functype type = {takes, 1, NULL, 0};

  if (sums_open(&guest, NULL, &error) != COVE_OK) {
    fprintf(stderr, "%s\n", cove_error_message(error));
    cove_error_delete(error);
    return 1;
  }
  if (cove_linker_define_func(guest.linker, "env", "tell", &type, tell, &told, NULL, &error) != COVE_OK ||
      sums_start(&guest, &error) != COVE_OK || sums_ready(&guest, &ready, &error) != COVE_OK ||
      sums_factorial(&guest, 20, &product, &error) != COVE_OK ||
      sums_div_mod(&guest, 47, 5, &quotient, &rest, &error) != COVE_OK ||
      sums_div_mod_5(&guest, 1, 2, &half, &error) != COVE_OK)
    goto done;
  printf("20! is %" PRId64 "; 47 / 5 is %d, and %d is left; 1 / 2 is %g\n", product, (int)quotient, (int)rest, half);
  // A trap is a status, here as everywhere.
  if (sums_div_mod(&guest, 1, 0, &quotient, &rest, &error) != COVE_TRAP)
    goto done;
  printf("1 / 0 traps: %s\n", cove_error_message(error));
  cove_error_delete(error);
  error = NULL;
  result =
      !(ready == 1 && product == 2432902008176640000 && told == product && quotient == 9 && rest == 2 && half == 0.5);

done:
  if (error != NULL)
    fprintf(stderr, "%s\n", cove_error_message(error));
  cove_error_delete(error);
  sums_close(&guest);
  return result;
}
