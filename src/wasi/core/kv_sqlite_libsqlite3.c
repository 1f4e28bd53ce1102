// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv_sqlite_libsqlite3.c: a bucket in a file that SQLite keeps, which is loaded when the first such bucket is granted.
// One file may hold several buckets; other processes may use it at the same time.
//
//   cove_keyvalue(bucket TEXT, key TEXT, value BLOB, version INTEGER), a key once in a bucket
//   cove_keyvalue_versions(last INTEGER), one row: the version that was given last
//
// What is in the file is not trusted: no schema of its own may call functions, and cells are checked.
#include "sys/dl.h"
#include "wasi/core/kv.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  STEP_NS = 10000000, // between attempts when another process has the file
  MAX_ATTEMPTS = 500, // of them
  LEAST_PAGES = 16,   // that a file may have, whatever the limit
  CHECK_STEPS = 1000, // of SQLite's machine between two looks whether the program is to stop
};

// The functions used, by name: once for the table, once for loading.
#define SQLITE(F)                                                                                                      \
  F(sqlite3_open_v2)                                                                                                   \
  F(sqlite3_close_v2)                                                                                                  \
  F(sqlite3_exec)                                                                                                      \
  F(sqlite3_prepare_v2)                                                                                                \
  F(sqlite3_finalize)                                                                                                  \
  F(sqlite3_bind_text64)                                                                                               \
  F(sqlite3_bind_blob64)                                                                                               \
  F(sqlite3_step)                                                                                                      \
  F(sqlite3_reset)                                                                                                     \
  F(sqlite3_column_blob)                                                                                               \
  F(sqlite3_column_bytes)                                                                                              \
  F(sqlite3_column_int64)                                                                                              \
  F(sqlite3_busy_handler)                                                                                              \
  F(sqlite3_progress_handler)                                                                                          \
  F(sqlite3_system_errno)                                                                                              \
  F(sqlite3_errmsg)

// The statements that are kept.
#define STATEMENTS(S)                                                                                                  \
  S(GET, "SELECT value, version FROM cove_keyvalue WHERE bucket = ?1 AND key = ?2")                                    \
  S(NEW_VERSION, "UPDATE cove_keyvalue_versions SET last = last + 1")                                                  \
  S(SET, "INSERT INTO cove_keyvalue VALUES (?1, ?2, ?3, (SELECT last FROM cove_keyvalue_versions))"                    \
         " ON CONFLICT DO UPDATE SET value = excluded.value, version = excluded.version")                              \
  S(REMOVE, "DELETE FROM cove_keyvalue WHERE bucket = ?1 AND key = ?2")                                                \
  S(FIRST, "SELECT key FROM cove_keyvalue WHERE bucket = ?1 ORDER BY key")                                             \
  S(NEXT, "SELECT key FROM cove_keyvalue WHERE bucket = ?1 AND key > ?2 ORDER BY key")                                 \
  S(BEGIN, "BEGIN IMMEDIATE")                                                                                          \
  S(COMMIT, "COMMIT")                                                                                                  \
  S(ROLLBACK, "ROLLBACK")

typedef enum statement {
#define S(name, text) name,
  STATEMENTS(S)
#undef S
      STATEMENT_COUNT
} statement;

typedef struct sqlite_bucket {
  cv_bucket base;
#define DECLARE(name) __typeof__(name) *name;
  SQLITE(DECLARE)
#undef DECLARE
  cv_mem *mem;
  sqlite3 *db;
  sqlite3_stmt *statements[STATEMENT_COUNT];
  const char *name;
  cv_buf value; // the last that was read
  bool inside;  // begun, not ended
} sqlite_bucket;

static bool load(sqlite_bucket *s) {
  void *handle = cv_dl_open("libsqlite3.so.0");
  if (handle == NULL)
    return false;
#define LOAD(name)                                                                                                     \
  s->name = (__typeof__(name) *)cv_dl_symbol(handle, #name);                                                           \
  if (s->name == NULL)                                                                                                 \
    return false;
  SQLITE(LOAD)
#undef LOAD
  return true;
}

static sqlite_bucket *of(cv_bucket *b) {
  return (sqlite_bucket *)b;
}

// Another process has the file: wait, unless the program is to stop or it has taken too long.
static int wait_for_file(void *env, int attempts) {
  sqlite_bucket *s = env;
  return attempts < MAX_ATTEMPTS && cv_wasi_wait(s->base.w, NULL, 0, STEP_NS) == CV_ERR_TIMEDOUT;
}

// What is in the file may make a statement as long as it likes.
static int ask_to_stop(void *env) {
  return cv_wasi_is_stopped(((sqlite_bucket *)env)->base.w);
}

static cv_err failed(sqlite_bucket *s, int code) {
  const cv_wasi *w = s->base.w;
  switch (code & 0xff) {
  case SQLITE_INTERRUPT:
    return CV_ERR_STOPPED;
  case SQLITE_NOMEM:
    return CV_ERR_NOMEM;
  case SQLITE_BUSY:
    if (cv_wasi_is_stopped(w))
      return CV_ERR_STOPPED;
    return cv_bucket_fail(&s->base, CV_ERR_BUSY, "another process has the bucket's file in use");
  case SQLITE_FULL:
    return cv_bucket_fail(&s->base, CV_ERR_NOSPC,
                          "the bucket's file is full: the limit is %" PRIu64
                          " bytes (--max-keyvalue SIZE gives it more)",
                          w->limits.kv_bytes);
  case SQLITE_READONLY:
    return CV_ERR_ROFS;
  default:
    return cv_bucket_fail(&s->base, CV_ERR_IO, "SQLite: %s", s->sqlite3_errmsg(s->db));
  }
}

// Starts a statement: the bucket's name, and a key and a value where they are asked for.
static sqlite3_stmt *bound(sqlite_bucket *s, statement which, const cv_bytes *key, const cv_bytes *value) {
  sqlite3_stmt *stmt = s->statements[which];
  int code = s->sqlite3_bind_text64(stmt, 1, s->name, strlen(s->name), SQLITE_STATIC, SQLITE_UTF8);
  if (code == SQLITE_OK && key != NULL)
    code = s->sqlite3_bind_text64(stmt, 2, key->size != 0 ? (const char *)key->data : "", key->size, SQLITE_STATIC,
                                  SQLITE_UTF8);
  if (code == SQLITE_OK && value != NULL)
    code =
        s->sqlite3_bind_blob64(stmt, 3, value->size != 0 ? (const void *)value->data : "", value->size, SQLITE_STATIC);
  return code == SQLITE_OK ? stmt : NULL;
}

// Runs a statement that answers nothing.
static cv_err execute(sqlite_bucket *s, sqlite3_stmt *stmt) {
  if (stmt == NULL)
    return CV_ERR_NOMEM;
  int code = s->sqlite3_step(stmt);
  cv_err err = code == SQLITE_DONE ? CV_ERR_OK : failed(s, code);
  (void)s->sqlite3_reset(stmt); // says the same once more
  return err;
}

static cv_bytes column(sqlite_bucket *s, sqlite3_stmt *stmt, int index) {
  const void *data = s->sqlite3_column_blob(stmt, index);
  return (cv_bytes){data, data != NULL ? (size_t)s->sqlite3_column_bytes(stmt, index) : 0};
}

static cv_err sqlite_get(cv_bucket *b, cv_bytes key, cv_kv_value *out) {
  sqlite_bucket *s = of(b);
  sqlite3_stmt *stmt = bound(s, GET, &key, NULL);
  *out = (cv_kv_value){.version = 0};
  if (stmt == NULL)
    return CV_ERR_NOMEM;
  int code = s->sqlite3_step(stmt);
  cv_err err = code == SQLITE_ROW || code == SQLITE_DONE ? CV_ERR_OK : failed(s, code);
  if (code == SQLITE_ROW) {
    cv_bytes value = column(s, stmt, 0);
    s->value.size = 0;
    if (value.size > b->w->limits.kv_value)
      err = cv_bucket_fail(b, CV_ERR_TOOBIG, "a value of %zu bytes: the limit is %" PRIu64, value.size,
                           b->w->limits.kv_value);
    else
      cv_buf_bytes(&s->value, value.data, value.size);
    if (cv_buf_status(&s->value) != CV_OK)
      err = CV_ERR_NOMEM;
    out->bytes = (cv_bytes){s->value.data, s->value.size};
    out->version = (uint64_t)s->sqlite3_column_int64(stmt, 1);
    out->version += out->version == 0; // whoever else wrote it
  }
  (void)s->sqlite3_reset(stmt);
  return err;
}

static cv_err sqlite_begin(cv_bucket *b) {
  sqlite_bucket *s = of(b);
  CV_ERR_TRY(execute(s, s->statements[BEGIN]));
  s->inside = true;
  return CV_ERR_OK;
}

static cv_err sqlite_end(cv_bucket *b, bool keep) {
  sqlite_bucket *s = of(b);
  cv_err err = keep ? execute(s, s->statements[COMMIT]) : CV_ERR_OK;
  if (!keep || err != CV_ERR_OK) {
    sqlite3_stmt *stmt = s->statements[ROLLBACK];
    (void)s->sqlite3_step(stmt); // SQLite may have done so itself
    (void)s->sqlite3_reset(stmt);
  }
  s->inside = false;
  return err;
}

static cv_err set(sqlite_bucket *s, cv_bytes key, cv_bytes value) {
  CV_ERR_TRY(execute(s, s->statements[NEW_VERSION]));
  return execute(s, bound(s, SET, &key, &value));
}

static cv_err sqlite_set(cv_bucket *b, cv_bytes key, cv_bytes value) {
  sqlite_bucket *s = of(b);
  if (s->inside)
    return set(s, key, value);
  CV_ERR_TRY(sqlite_begin(b));
  cv_err err = set(s, key, value), ended = sqlite_end(b, err == CV_ERR_OK);
  return err != CV_ERR_OK ? err : ended;
}

static cv_err sqlite_remove(cv_bucket *b, cv_bytes key) {
  sqlite_bucket *s = of(b);
  return execute(s, bound(s, REMOVE, &key, NULL));
}

static cv_err sqlite_list(cv_bucket *b, const cv_bytes *after, cv_kv_key_fn *fn, void *env) {
  sqlite_bucket *s = of(b);
  sqlite3_stmt *stmt = bound(s, after != NULL ? NEXT : FIRST, after, NULL);
  int code;
  if (stmt == NULL)
    return CV_ERR_NOMEM;
  do
    code = s->sqlite3_step(stmt);
  while (code == SQLITE_ROW && fn(env, column(s, stmt, 0)));
  cv_err err = code == SQLITE_ROW || code == SQLITE_DONE ? CV_ERR_OK : failed(s, code);
  (void)s->sqlite3_reset(stmt);
  return err;
}

static void sqlite_close(cv_bucket *b) {
  sqlite_bucket *s = of(b);
  for (int i = 0; i < STATEMENT_COUNT && s->db != NULL; i++)
    (void)s->sqlite3_finalize(s->statements[i]); // says how it last ended
  if (s->db != NULL)
    (void)s->sqlite3_close_v2(s->db);
  cv_buf_free(&s->value);
  cv_mem_free(s->mem, s, sizeof *s);
}

static int take_page_size(void *env, int count, char **values, char **names) {
  (void)count, (void)names;
  *(uint64_t *)env = values[0] != NULL ? strtoull(values[0], NULL, 10) : 0;
  return 0;
}

// The file's tables, the limit of its size, and the statements. An answer of SQLite.
static int prepare(sqlite_bucket *s, bool read_only) {
  static const char *const texts[] = {
#define S(name, text) [name] = text,
      STATEMENTS(S)
#undef S
  };
  uint64_t page = 0;
  char limit[64];
  int code = s->sqlite3_exec(s->db, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", NULL, NULL, NULL);
  if (code == SQLITE_OK && !read_only)
    code = s->sqlite3_exec(s->db,
                           "BEGIN IMMEDIATE;"
                           "CREATE TABLE IF NOT EXISTS cove_keyvalue (bucket TEXT NOT NULL, key TEXT NOT NULL,"
                           " value BLOB NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (bucket, key)) WITHOUT ROWID;"
                           "CREATE TABLE IF NOT EXISTS cove_keyvalue_versions (last INTEGER NOT NULL);"
                           "INSERT INTO cove_keyvalue_versions SELECT 0"
                           " WHERE NOT EXISTS (SELECT 1 FROM cove_keyvalue_versions);"
                           "COMMIT",
                           NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = s->sqlite3_exec(s->db, "PRAGMA page_size", take_page_size, &page, NULL);
  if (code == SQLITE_OK && page != 0) {
    uint64_t pages = CV_MAX(s->base.w->limits.kv_bytes / page, (uint64_t)LEAST_PAGES);
    (void)snprintf(limit, sizeof limit, "PRAGMA max_page_count = %" PRIu64, CV_MIN(pages, (uint64_t)UINT32_MAX - 1));
    code = s->sqlite3_exec(s->db, limit, NULL, NULL, NULL);
  }
  for (int i = 0; i < STATEMENT_COUNT && code == SQLITE_OK; i++)
    code = s->sqlite3_prepare_v2(s->db, texts[i], -1, &s->statements[i], NULL);
  return code;
}

// A name is the name of a file, also where SQLite is built to take it for a URI.
static int open_named(sqlite_bucket *s, const char *file, int flags) {
  cv_buf path;
  cv_buf_init(&path, s->mem);
  cv_buf_printf(&path, "%s%s", strncmp(file, "file:", 5) == 0 ? "./" : "", file);
  const char *text = cv_buf_cstr(&path);
  int code = cv_buf_status(&path) == CV_OK ? s->sqlite3_open_v2(text, &s->db, flags, NULL) : SQLITE_NOMEM;
  cv_buf_free(&path);
  return code;
}

static const char *why_not_opened(sqlite_bucket *s, int code) {
  if (s->db == NULL)
    return "out of memory";
  int os = (code & 0xff) == SQLITE_CANTOPEN ? s->sqlite3_system_errno(s->db) : 0;
  return os != 0 ? cv_err_text(cv_sys_error(os)) : s->sqlite3_errmsg(s->db);
}

static cv_status open_file(sqlite_bucket *s, const char *file, bool read_only, cv_diag *diag) {
  int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
  int code = open_named(s, file, flags);
  if (code == SQLITE_OK)
    code = s->sqlite3_busy_handler(s->db, wait_for_file, s);
  if (code == SQLITE_OK) {
    s->sqlite3_progress_handler(s->db, CHECK_STEPS, ask_to_stop, s);
    code = prepare(s, read_only);
  }
  if (code == SQLITE_OK)
    return CV_OK;
  return cv_fail(diag, code == SQLITE_NOMEM ? CV_ENOMEM : CV_EIO, CV_NO_OFFSET,
                 "cannot open the bucket's file \"%s\": %s", file, why_not_opened(s, code));
}

cv_status cv_bucket_sqlite_new(cv_wasi *w, const char *file, const char *name, bool read_only, cv_bucket **out,
                               cv_diag *diag) {
  static const cv_bucket_ops ops = {
      .name = "sqlite",
      .get = sqlite_get,
      .set = sqlite_set,
      .remove = sqlite_remove,
      .list = sqlite_list,
      .begin = sqlite_begin,
      .end = sqlite_end,
      .close = sqlite_close,
  };
  sqlite_bucket *s = cv_mem_zalloc(w->mem, sizeof *s);
  *out = NULL;
  if (s == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  s->base = (cv_bucket){.ops = &ops, .w = w};
  s->mem = w->mem;
  s->name = name;
  cv_buf_init(&s->value, w->mem);
  cv_status status = load(s) ? open_file(s, file, read_only, diag)
                             : cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                                       "unsupported: buckets in files (libsqlite3.so.0 is not on this machine)");
  if (status != CV_OK) {
    sqlite_close(&s->base);
    return status;
  }
  *out = &s->base;
  return CV_OK;
}
