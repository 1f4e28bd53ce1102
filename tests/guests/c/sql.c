// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs SQL from standard input on the database file named by the argument and prints every row: a shell in small for
// SQLite, the same program natively and as a guest. The last line is the library's version and integrity check.
#include "sqlite3.h"
#include <stdio.h>
#include <stdlib.h>

static int print_row(void *unused, int count, char **values, char **names) {
  (void)unused, (void)names;
  for (int i = 0; i < count; i++)
    printf("%s%s", i > 0 ? "|" : "", values[i] != NULL ? values[i] : "NULL");
  putchar('\n');
  return 0;
}

int main(int argc, char **argv) {
  static char script[1 << 16];
  sqlite3 *db;
  char *message = NULL;
  if (argc != 2)
    return 2;
  size_t n = fread(script, 1, sizeof script - 1, stdin);
  script[n] = 0;
  // No advisory locks: preview 1 has none, and the native twin should do the same.
  if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix-none") != SQLITE_OK) {
    printf("open: %s\n", sqlite3_errmsg(db));
    return 1;
  }
  if (sqlite3_exec(db, script, print_row, NULL, &message) != SQLITE_OK) {
    printf("error: %s\n", message);
    return 1;
  }
  sqlite3_exec(db, "select sqlite_version(); pragma integrity_check", print_row, NULL, NULL);
  return sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}
