// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// run.c: runs the specifications' test scripts in one tier and compares the failures with the list of expected ones
// (expected-failures.txt in tests/spec and tests/component): one that is not listed fails the run, and so does a listed
// one that passes.
//
//   spec_run [--tier=interp|jit|llvm] [--suite=core|component] [--eager] [--ahead] [--canonical-nan] [--cpu=least]
//   [--list]
//            [--tier-up=SEED] [--folder=PATH] [FILE...]
//
// FILE is relative to the suite ("proposals/threads/atomic.wast"); without any, the whole suite runs. --list prints the
// failures in the form of the list. --folder is another place to take scripts from, with no list: none may fail.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "api/wast.h"
#include "base/map.h"

enum { SKIPPED = 77, MAX_FILES = 4096 };

// The features that a folder of proposals is written for; the default set otherwise.
static const struct {
  const char *folder;
  cv_features features;
} folders[] = {
    // Written before reference types and 64-bit memories, which some of its assertions deny.
    {"proposals/threads/", CV_FEATURES_WASM1 | CV_FEAT(THREADS)},
    {"proposals/custom-page-sizes/", CV_FEATURES_DEFAULT | CV_FEAT(CUSTOM_PAGE_SIZES)},
    {"proposals/wide-arithmetic/", CV_FEATURES_DEFAULT | CV_FEAT(WIDE_ARITHMETIC)},
};

typedef struct run {
  const char *tier;
  bool list;
  bool ahead; // every module is compiled ahead of time
  cv_compile_options compile;
  char root[2048];
  char *files[MAX_FILES];
  size_t file_count;
  cv_mem mem;
  cv_arena arena;
  cv_map expected; // "file:line" -> whether it failed in this run
  cv_map skipped;  // folders
  cv_map ran;      // files
  cove_wast_counts counts;
  uint64_t unexpected_failures, unexpected_passes, expected_failures;
} run;

static void die(const char *what, const char *why) {
  fprintf(stderr, "spec_run: %s: %s\n", what, why);
  exit(2);
}

static cv_bytes keep(run *r, const char *text) {
  char *copy = cv_arena_copy(&r->arena, text, strlen(text) + 1);
  if (copy == NULL)
    die(text, "out of memory");
  return (cv_bytes){(const uint8_t *)copy, strlen(copy)};
}

static void put(run *r, cv_map *map, const char *key) {
  if (cv_map_put(map, keep(r, key), 0, NULL) != CV_OK)
    die(key, "out of memory");
}

// ---- the list ------------------------------------------------------------------------------------------------------

// Lines "TIER FILE:LINE", "all FILE:LINE", "skip FOLDER"; # starts a comment.
static void read_list(run *r, const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL)
    die(path, strerror(errno));
  char line[1024], tier[64], key[900];
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "#")] = '\0';
    if (sscanf(line, "%63s %899s", tier, key) != 2)
      continue;
    if (strcmp(tier, "skip") == 0)
      put(r, &r->skipped, key);
    else if (strcmp(tier, "all") == 0 || strcmp(tier, r->tier) == 0)
      put(r, &r->expected, key);
  }
  fclose(file);
}

static void on_report(void *env, const char *name, uint32_t line, const char *message) {
  run *r = env;
  char key[1024];
  snprintf(key, sizeof key, "%s:%u", name, line);
  if (r->list) {
    printf("%s %s # %s\n", r->tier, key, message);
    return;
  }
  uint64_t *entry = cv_map_get(&r->expected, cv_bytes_of(key));
  if (entry != NULL) {
    *entry = 1;
    r->expected_failures++;
    return;
  }
  r->unexpected_failures++;
  printf("%s: %s\n", key, message);
}

// Entries of the list whose file ran, and that did not fail.
static void check_passes(run *r) {
  for (size_t i = 0; i < r->expected.capacity; i++) {
    const cv_map_entry *e = &r->expected.entries[i];
    if (!e->taken || e->value != 0)
      continue;
    const uint8_t *colon = memchr(e->key.data, ':', e->key.size);
    size_t size = colon != NULL ? (size_t)(colon - e->key.data) : e->key.size;
    if (cv_map_get(&r->ran, (cv_bytes){e->key.data, size}) == NULL)
      continue;
    r->unexpected_passes++;
    printf("%.*s: listed as an expected failure, and passes\n", (int)e->key.size, (const char *)e->key.data);
  }
}

// ---- files ---------------------------------------------------------------------------------------------------------

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n >= k && strcmp(text + n - k, end) == 0;
}

// Collects the scripts below root/folder, sorted; `folder` is "" or ends in a slash.
static void collect(run *r, const char *folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", r->root, folder);
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, alphasort);
  if (count < 0)
    die(path, strerror(errno));
  for (int i = 0; i < count; i++) {
    char name[2048];
    snprintf(name, sizeof name, "%s%s", folder, entries[i]->d_name);
    if (ends_with(name, ".wast") && r->file_count < MAX_FILES) {
      r->files[r->file_count++] = (char *)(uintptr_t)keep(r, name).data;
    } else if (entries[i]->d_name[0] != '.') {
      struct stat st;
      snprintf(path, sizeof path, "%s/%s", r->root, name);
      if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        if (cv_map_get(&r->skipped, cv_bytes_of(name)) != NULL) {
          printf("skipped, as listed: %s\n", name);
        } else {
          snprintf(path, sizeof path, "%s/", name);
          collect(r, path);
        }
      }
    }
    free(entries[i]);
  }
  free(entries);
}

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    die(path, strerror(errno));
  fseek(file, 0, SEEK_END);
  long length = ftell(file);
  rewind(file);
  char *text = malloc((size_t)length + 1);
  if (text == NULL || fread(text, 1, (size_t)length, file) != (size_t)length)
    die(path, "cannot be read");
  fclose(file);
  *size = (size_t)length;
  return text;
}

static void run_file(run *r, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", r->root, name);
  size_t size;
  char *text = read_file(path, &size);
  cv_engine_options options = {.tier = r->tier, .features = CV_FEATURES_DEFAULT, .compile = r->compile};
  for (size_t i = 0; i < CV_COUNT(folders); i++)
    if (strncmp(name, folders[i].folder, strlen(folders[i].folder)) == 0)
      options.features = folders[i].features;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_engine *engine;
  if (cv_engine_new(&engine, &options, &diag) != CV_OK)
    die(name, diag.text);
  put(r, &r->ran, name);
  if ((r->ahead ? cv_wast_run_ahead : cv_wast_run)(engine, name, text, size, on_report, r, &r->counts, &diag) !=
      CV_OK) {
    char message[700];
    on_report(r, name, diag.line, cv_diag_message(&diag, message, sizeof message));
  }
  cv_engine_release(engine);
  free(text);
}

// ---- main ----------------------------------------------------------------------------------------------------------

static bool tier_exists(const char *name) {
  for (size_t i = 0; cv_tiers[i] != NULL; i++)
    if (strcmp(cv_tiers[i]->name, name) == 0 && cv_tiers[i]->available())
      return true;
  return false;
}

static void set_root(run *r, const char *folder, const char *suite) {
  if (folder != NULL) {
    snprintf(r->root, sizeof r->root, "%s", folder);
    return;
  }
  const char *root = getenv("COVE_CONFORMANCE");
  snprintf(r->root, sizeof r->root, "%s/%s", root != NULL ? root : COVE_SOURCE_DIR "/../shared/conformance", suite);
  struct stat st;
  if (stat(r->root, &st) != 0) {
    printf("skipped: no test suite at %s (COVE_CONFORMANCE names its folder)\n", r->root);
    exit(SKIPPED);
  }
}

int main(int argc, char **argv) {
  static run r;
  r.tier = "interp";
  r.compile.lazy = true;
  const char *folder = NULL, *suite = "core";
  int at = 1;
  for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
    if (strncmp(argv[at], "--tier=", 7) == 0)
      r.tier = argv[at] + 7;
    else if (strncmp(argv[at], "--folder=", 9) == 0)
      folder = argv[at] + 9;
    else if (strcmp(argv[at], "--suite=core") == 0 || strcmp(argv[at], "--suite=component") == 0)
      suite = argv[at] + 8;
    else if (strcmp(argv[at], "--eager") == 0)
      r.compile.lazy = false;
    else if (strcmp(argv[at], "--ahead") == 0)
      r.ahead = true;
    else if (strcmp(argv[at], "--cpu=least") == 0)
      r.compile.cpu = CV_CPU_LEAST;
    else if (strncmp(argv[at], "--tier-up=", 10) == 0) {
      // Functions and loops move from tier 1 to the LLVM tier at random places.
      r.tier = "jit";
      r.compile.tier_up = CV_TIER_UP_RANDOM;
      r.compile.tier_up_seed = (uint32_t)strtoul(argv[at] + 10, NULL, 10);
    } else if (strcmp(argv[at], "--canonical-nan") == 0)
      r.compile.canonical_nan = true;
    else if (strcmp(argv[at], "--list") == 0)
      r.list = true;
    else
      die(argv[at], "unknown option");
  }
  set_root(&r, folder, suite);
  if (r.compile.tier_up != CV_TIER_UP_NEVER && !tier_exists("llvm")) {
    printf("skipped: this build has no tier to move up to\n");
    return SKIPPED;
  }
  if (!tier_exists(r.tier)) {
    printf("skipped: this build has no tier \"%s\" that can run here\n", r.tier);
    return SKIPPED;
  }
  cv_mem_init(&r.mem, UINT64_MAX);
  cv_arena_init(&r.arena, &r.mem);
  cv_map_init(&r.expected, &r.mem);
  cv_map_init(&r.skipped, &r.mem);
  cv_map_init(&r.ran, &r.mem);
  if (folder == NULL)
    read_list(&r, strcmp(suite, "component") == 0 ? COVE_SOURCE_DIR "/tests/component/expected-failures.txt"
                                                  : COVE_SOURCE_DIR "/tests/spec/expected-failures.txt");
  if (at == argc)
    collect(&r, "");
  for (; at < argc && r.file_count < MAX_FILES; at++)
    r.files[r.file_count++] = argv[at];
  for (size_t i = 0; i < r.file_count; i++)
    run_file(&r, r.files[i]);
  check_passes(&r);
  printf("%zu files: %llu passed, %llu failed; %llu of the failures are not expected, %llu expected ones passed\n",
         r.file_count, (unsigned long long)r.counts.passed, (unsigned long long)r.counts.failed,
         (unsigned long long)r.unexpected_failures, (unsigned long long)r.unexpected_passes);
  bool good = r.unexpected_failures == 0 && r.unexpected_passes == 0 && r.counts.passed != 0;
  cv_map_free(&r.expected);
  cv_map_free(&r.skipped);
  cv_map_free(&r.ran);
  cv_arena_free(&r.arena);
  return good ? 0 : 1;
}
