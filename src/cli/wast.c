// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast.c: cove wast: runs test scripts and prints what failed.
#include "cli.h"

static void failed(void *env, const char *name, uint32_t line, const char *message) {
  (void)env;
  printf("%s:%u: %s\n", name, line, message);
}

static int run_script(cove_engine *engine, const char *path, bool verbose, cove_wast_counts *total) {
  cove_buffer text;
  int status = cli_read_file(path, &text);
  if (status != 0)
    return status;
  cove_wast_counts counts = {0};
  cove_error *error = NULL;
  cli_progress_begin("running", path);
  if (cove_wast_run(engine, path, text.data, text.size, failed, NULL, &counts, &error) != COVE_OK)
    status = cli_report(path, error);
  cli_progress_end();
  if (verbose)
    printf("%s: %llu passed, %llu failed\n", path, (unsigned long long)counts.passed,
           (unsigned long long)counts.failed);
  total->passed += counts.passed;
  total->failed += counts.failed;
  cli_free_file(&text);
  return status;
}

int cli_wast(const cli_line *line) {
  if (line->operand_count == 0) {
    cli_error("which script? cove wast FILE...");
    return CLI_EXIT_USAGE;
  }
  cove_engine *engine;
  int status = cli_make_engine(line, &engine);
  if (status != 0)
    return status;
  cove_wast_counts total = {0};
  for (int i = 0; i < line->operand_count; i++) {
    int one = run_script(engine, line->operands[i], cli_has(line, OPT_VERBOSE), &total);
    status = status == 0 ? one : status;
  }
  cove_engine_delete(engine);
  printf("%llu passed, %llu failed\n", (unsigned long long)total.passed, (unsigned long long)total.failed);
  return status != 0 ? status : total.failed != 0 ? CLI_EXIT_FAILED : 0;
}
