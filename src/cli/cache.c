// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cache.c: the code that former runs of a program have left, and what this one leaves (cache.h). Whatever goes wrong
// here, the program runs: without the cache.
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Smaller programs start about as fast without.
static const size_t LEAST_SIZE = 256 << 10;
enum { BUFFER_SIZE = 256 << 10 };

static void tell(const cli_cache *cache, const char *path, const char *why) {
  if (cache->tells && path != NULL)
    cli_note("--cache: %s is not used: %s", path, why);
  else if (cache->tells)
    cli_note("--cache: %s", why);
}

// ---- before the run ----

// The size from which on a program is wanted; false for none.
static bool is_wanted(const cli_line *line, size_t *least) {
  *least = LEAST_SIZE;
  for (size_t i = 0; i < line->given_count; i++) // the last one counts
    if (line->given[i].option == OPT_CACHE)
      *least = 1;
    else if (line->given[i].option == OPT_NO_CACHE)
      *least = 0;
  return *least != 0;
}

static void map_entry(cli_cache *cache, int folder) {
  struct stat st;
  int fd = openat(folder, cache->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && cli_cache_is_ours(&st)) {
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at != MAP_FAILED) {
      cache->entry = at;
      cache->entry_size = (size_t)st.st_size;
      (void)futimens(fd, NULL); // its last use; not every file system lets one
    }
  }
  close(fd);
}

// Whether it was found or not, the cache is on when it could be.
static void find_entry(cli_cache *cache, const cove_engine *engine, const cli_input *input) {
  uint64_t limit;
  const char *why;
  if (!cove_cache_name(engine, input->data, input->size, cache->name)) {
    tell(cache, NULL, "there is no cache for the interpreter, and none with --eager");
    return;
  }
  if (!cli_cache_limit(&limit)) { // not only for who has asked: it was to be held to something
    cli_note("COVE_CACHE_SIZE: \"%s\" is not a size: 500MiB, 2G; the cache is not used", getenv("COVE_CACHE_SIZE"));
    return;
  }
  if (limit == 0) {
    tell(cache, NULL, "there is none: COVE_CACHE_SIZE is 0");
    return;
  }
  char *path = cli_cache_path();
  if (path == NULL) {
    tell(cache, NULL, "there is no folder for it: none of COVE_CACHE_DIR, XDG_CACHE_HOME and HOME is set");
    return;
  }
  int folder = cli_cache_open(path, false, &why);
  if (folder >= 0) {
    map_entry(cache, folder);
    close(folder);
  } else if (why != NULL) {
    tell(cache, path, why);
  }
  cache->is_on = folder >= 0 || why == NULL;
  free(path);
}

int cli_cache_load(cli_cache *cache, const cli_line *line, const cove_engine *engine, const char *path,
                   cli_input *input) {
  size_t least;
  *cache = (cli_cache){.tells = cli_has(line, OPT_CACHE)};
  if (!is_wanted(line, &least))
    return cli_read_program(path, engine, input);
  if (!cli_map_program(path, least, input)) {
    int status = cli_read_program(path, engine, input);
    if (status != 0 || input->size < least || input->compiled != NULL)
      return status;
  }
  find_entry(cache, engine, input);
  return cache->entry == NULL ? cli_cache_miss(cache, engine, input) : 0;
}

int cli_cache_miss(cli_cache *cache, const cove_engine *engine, cli_input *input) {
  cli_cache_free(cache);
  if (!input->mapped) // else it may change while it is used
    return 0;
  const char *path = input->path;
  cli_input_free(input);
  return cli_read_input(path, engine, input);
}

// ---- behind it ----

static bool put(void *env, const void *data, size_t size) {
  return fwrite(data, 1, size, env) == size;
}

// Into the file, and through a descriptor of its own, as that is needed afterwards. NULL, or why not.
static const char *write_entry(int fd, const cove_module *module, const cove_component *component) {
  cove_error *error = NULL;
  int again = dup(fd);
  FILE *file = again >= 0 ? fdopen(again, "wb") : NULL;
  if (file == NULL) {
    const char *why = strerror(errno);
    if (again >= 0)
      close(again);
    return why;
  }
  setvbuf(file, NULL, _IOFBF, BUFFER_SIZE);
  errno = 0;
  cove_status status = module != NULL ? cove_module_write_entry(module, put, file, &error)
                                      : cove_component_write_entry(component, put, file, &error);
  const char *why = NULL;
  if (fflush(file) != 0 || status != COVE_OK)
    why = errno != 0 ? strerror(errno) : "out of memory";
  if (fclose(file) != 0 && why == NULL)
    why = strerror(errno);
  cove_error_delete(error);
  return why;
}

static const char *store(const cli_cache *cache, int folder, const cove_module *module,
                         const cove_component *component) {
  cli_new_file file;
  cli_cache_total removed;
  struct stat st;
  uint64_t limit = 0;
  (void)cli_cache_limit(&limit); // it is a size: the cache is on
  if (!cli_new_file_make(&file, folder, CLI_CACHE_NEW))
    return strerror(errno);
  const char *why = write_entry(file.fd, module, component);
  if (why == NULL && fstat(file.fd, &st) != 0)
    why = strerror(errno);
  if (why == NULL && (uint64_t)st.st_size > limit)
    why = "the program is larger than the cache may be";
  if (why == NULL) {
    (void)cli_cache_shrink(folder, limit - (uint64_t)st.st_size, file.name, &removed); // as far as it goes
    if (!cli_new_file_place(&file, cache->name))
      why = strerror(errno);
  }
  cli_new_file_drop(&file);
  return why;
}

void cli_cache_end(const cli_cache *cache, const cove_module *module, const cove_component *component) {
  bool wanted =
      module != NULL ? cove_module_wants_entry(module) : component != NULL && cove_component_wants_entry(component);
  char *path = cache->is_on && wanted ? cli_cache_path() : NULL;
  if (path == NULL)
    return;
  const char *why;
  int folder = cli_cache_open(path, true, &why);
  if (folder >= 0) {
    why = store(cache, folder, module, component);
    close(folder);
  }
  if (why != NULL)
    tell(cache, path, why);
  free(path);
}

void cli_cache_free(cli_cache *cache) {
  if (cache->entry != NULL)
    munmap(cache->entry, cache->entry_size);
  cache->entry = NULL;
}
