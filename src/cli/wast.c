// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast.c: cove wast.
#include "cli.h"

int cli_wast(const cli_line *line) {
  (void)line;
  cli_error("unsupported: wast");
  return CLI_EXIT_DATA;
}
