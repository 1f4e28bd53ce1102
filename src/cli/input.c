// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// input.c: reading modules, and the engine that the options ask for.
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// No module is larger than 1 GiB (appendix A.2 of the specification); an endless device is no file.
static const size_t FILE_LIMIT = (size_t)1 << 30;

static const char *shown(const char *path) {
  return strcmp(path, "-") == 0 ? "standard input" : path[0] == '\0' ? "\"\"" : path;
}

static int cannot_read(const char *path, int error) {
  cli_error("cannot read %s: %s", shown(path), strerror(error));
  if (error == ENOENT && strchr(path, '.') == NULL && strchr(path, '/') == NULL &&
      cli_find_command(path) != CLI_COMMAND_COUNT)
    cli_hint("the subcommand comes first: cove %s", path);
  return CLI_EXIT_INPUT;
}

// Reads all of it into *data, which the caller frees in any case. 0, or what went wrong (errno).
static int read_all(int fd, char **data, size_t *size) {
  struct stat st;
  if (fstat(fd, &st) != 0)
    return errno;
  if (S_ISDIR(st.st_mode))
    return EISDIR;
  // Room for one byte more, so that the end is found without growing, and for the zero.
  size_t capacity = S_ISREG(st.st_mode) && (uint64_t)st.st_size <= FILE_LIMIT ? (size_t)st.st_size + 2 : 65536;
  *size = 0;
  for (;;) {
    if (*data == NULL || *size + 1 == capacity) {
      if (*size > FILE_LIMIT)
        return EFBIG;
      capacity = *data == NULL ? capacity : capacity * 2;
      char *bigger = realloc(*data, capacity);
      if (bigger == NULL)
        return ENOMEM;
      *data = bigger;
    }
    ssize_t got = read(fd, *data + *size, capacity - *size - 1);
    if (got < 0 && errno != EINTR)
      return errno;
    if (got == 0)
      break;
    *size += got > 0 ? (size_t)got : 0;
  }
  (*data)[*size] = '\0';
  return 0;
}

int cli_read_file(const char *path, cove_buffer *out) {
  *out = (cove_buffer){0};
  bool standard = strcmp(path, "-") == 0;
  int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return cannot_read(path, errno);
  int error = read_all(fd, &out->data, &out->size);
  if (!standard)
    close(fd);
  if (error == 0)
    return 0;
  cli_free_file(out);
  return cannot_read(path, error);
}

int cli_read_lines(const char *path, cove_buffer *out) {
  int status = cli_read_file(path, out);
  if (status != 0 || memchr(out->data, '\0', out->size) == NULL)
    return status;
  cli_error("%s is not a file of lines: there is a zero byte in it", shown(path));
  cli_free_file(out);
  return CLI_EXIT_USAGE;
}

void cli_free_file(cove_buffer *file) {
  free(file->data);
  *file = (cove_buffer){0};
}

void cli_input_free(cli_input *input) {
  cove_buffer_delete(&input->parsed);
  if (input->mapped)
    munmap(input->file.data, input->file.size);
  else
    cli_free_file(&input->file);
}

// Maps a file of one of two kinds. False when it is another one, or cannot be mapped.
static bool map(const char *path, size_t least, cove_input_kind kind, cove_input_kind other, cli_input *out) {
  char start[16];
  struct stat st;
  // A pipe is not even opened: who writes into it would see it closed.
  if (strcmp(path, "-") == 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
    return false;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return false;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size >= least &&
      pread(fd, start, sizeof start, 0) == (ssize_t)sizeof start) {
    cove_input_kind found = cove_input_kind_of(start, sizeof start, NULL);
    void *at = MAP_FAILED;
    if (found == kind || found == other)
      at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    out->mapped = at != MAP_FAILED;
    if (out->mapped)
      out->file = (cove_buffer){at, (size_t)st.st_size};
  }
  close(fd);
  return out->mapped;
}

// A compiled program is mapped, so that only what runs of it is read.
static bool map_compiled(const char *path, cli_input *out) {
  return map(path, 0, COVE_INPUT_COMPILED, COVE_INPUT_COMPILED, out);
}

bool cli_map_program(const char *path, size_t least, cli_input *out) {
  *out = (cli_input){.path = path};
  if (!map(path, least, COVE_INPUT_MODULE, COVE_INPUT_COMPONENT, out))
    return false;
  out->data = out->file.data;
  out->size = out->file.size;
  out->is_component = cove_input_kind_of(out->data, out->size, NULL) == COVE_INPUT_COMPONENT;
  return true;
}

// With its machine code.
static int use_compiled(cli_input *out) {
  cove_error *error = NULL;
  if (cove_compiled_is_component(out->file.data, out->file.size, &out->is_component, &error) != COVE_OK)
    return cli_report(out->path, error);
  out->compiled = out->data = out->file.data;
  out->compiled_size = out->size = out->file.size;
  return 0;
}

// The program in it.
static int take_compiled(cli_input *out) {
  cove_bytes program;
  cove_error *error = NULL;
  if (cove_compiled_program(out->data, out->size, &program, &out->is_component, &error) != COVE_OK)
    return cli_report(out->path, error);
  out->data = program.data;
  out->size = program.size;
  return 0;
}

int cli_compiled_input(const char *path, char *data, size_t size, cli_input *out) {
  *out = (cli_input){.path = path, .file = {data, size}, .mapped = true};
  return use_compiled(out);
}

static int refuse(const char *path, const char *looks_like, size_t size) {
  if (size == 0)
    cli_error("%s is empty", shown(path));
  else
    cli_error("%s is not WebAssembly: it looks like %s", shown(path),
              looks_like != NULL ? looks_like : "something else");
  return CLI_EXIT_DATA;
}

int cli_read_input(const char *path, const cove_engine *engine, cli_input *out) {
  *out = (cli_input){.path = path};
  int status = cli_read_file(path, &out->file);
  if (status != 0)
    return status;
  const char *looks_like = NULL;
  cove_input_kind kind = cove_input_kind_of(out->file.data, out->file.size, &looks_like);
  // A script's first line; what follows is a module.
  size_t skip = 0;
  if (out->file.size > 2 && memcmp(out->file.data, "#!", 2) == 0) {
    const char *end = memchr(out->file.data, '\n', out->file.size);
    skip = end != NULL ? (size_t)(end - out->file.data) + 1 : out->file.size;
    kind = cove_input_kind_of(out->file.data + skip, out->file.size - skip, &looks_like);
    if (kind == COVE_INPUT_OTHER)
      looks_like = "a script of another program";
  }
  out->data = out->file.data + skip;
  out->size = out->file.size - skip;
  if (kind == COVE_INPUT_COMPILED && skip == 0) {
    status = take_compiled(out);
  } else if (kind == COVE_INPUT_TEXT) {
    cove_error *error = NULL;
    if (cove_text_parse(engine, out->data, out->size, &out->parsed, &error) != COVE_OK) {
      status = cli_report(path, error);
    } else {
      out->data = out->parsed.data;
      out->size = out->parsed.size;
      kind = cove_input_kind_of(out->data, out->size, &looks_like);
    }
  } else if (kind != COVE_INPUT_MODULE && kind != COVE_INPUT_COMPONENT) {
    status = refuse(path, looks_like, out->size);
  }
  if (kind != COVE_INPUT_COMPILED)
    out->is_component = kind == COVE_INPUT_COMPONENT;
  if (status != 0)
    cli_input_free(out);
  return status;
}

static bool is_named_compiled(const char *path) {
  static const char ending[] = ".cwasm";
  size_t size = strlen(path), least = sizeof ending - 1;
  return size >= least && strcmp(path + size - least, ending) == 0;
}

int cli_read_program(const char *path, const cove_engine *engine, cli_input *out) {
  *out = (cli_input){.path = path};
  if (is_named_compiled(path) && map_compiled(path, out)) {
    int status = use_compiled(out);
    if (status != 0)
      cli_input_free(out);
    return status;
  }
  int status = cli_read_input(path, engine, out);
  if (status == 0 && cove_input_kind_of(out->file.data, out->file.size, NULL) == COVE_INPUT_COMPILED) {
    const char *why = is_named_compiled(path) || strcmp(path, "-") == 0 ? "no regular file" : "not named .cwasm";
    cli_note("%s is a compiled program but is %s: its machine code is not used", shown(path), why);
    cli_hint("machine code is trusted as a native program is: if you trust it, have it in a file named *.cwasm");
  }
  return status;
}

int cli_read_module(const char *path, const cove_engine *engine, cli_input *out) {
  int status = cli_read_input(path, engine, out);
  if (status != 0 || !out->is_component)
    return status;
  cli_error("%s is a component; this wants a core module", shown(path));
  cli_hint("what is in a component is listed by: cove inspect %s", path);
  cli_input_free(out);
  return CLI_EXIT_DATA;
}

int cli_read_component(const char *path, const cove_engine *engine, cli_input *out) {
  int status = cli_read_input(path, engine, out);
  if (status != 0 || out->is_component)
    return status;
  cli_error("%s is a core module; this wants a component", shown(path));
  cli_hint("a component around a module is made by: cove component new %s -o OUT", path);
  cli_input_free(out);
  return CLI_EXIT_DATA;
}

static int set_tier(cove_config *config, const char *tier) {
  cove_error *error = NULL;
  if (cove_config_set_tier(config, tier, &error) == COVE_OK)
    return 0;
  cove_error_delete(error);
  cli_error("--tier: there is no tier \"%s\"", tier);
  fputs("  hint: tiers are auto", stderr);
  for (size_t i = 0; cove_tier_name(i) != NULL; i++)
    fprintf(stderr, ", %s", cove_tier_name(i));
  fputs("\n", stderr);
  return CLI_EXIT_USAGE;
}

static const char *next_feature(size_t index, const void *env) {
  (void)env;
  return cove_feature_name(index, NULL, NULL);
}

static int set_features(cove_config *config, const char *list) {
  cove_error *error = NULL;
  if (cove_config_set_features(config, list, &error) == COVE_OK)
    return 0;
  cli_error("--features: %s", cove_error_text(error));
  const char *quote = strchr(cove_error_text(error), '"');
  char word[64] = "";
  if (quote != NULL)
    snprintf(word, sizeof word, "%.*s", (int)strcspn(quote + 1, "\""), quote + 1);
  const char *nearest = cli_nearest(word + strspn(word, "+-"), next_feature, NULL);
  if (nearest != NULL)
    cli_hint("did you mean %s?", nearest);
  else
    cli_hint("the features are listed by: cove help features");
  cove_error_delete(error);
  return CLI_EXIT_USAGE;
}

// What the library takes without changing it, and more than any machine has memory for.
static const uint64_t LEAST_STACK = 128 << 10, MOST_STACK = 1ull << 40;

// Applies one option to the configuration; those of no concern to an engine do nothing.
static int apply(cove_config *config, const cli_given *given) {
  cove_error *error = NULL;
  uint64_t number;
  switch ((int)given->option) {
  case OPT_TIER:
    return set_tier(config, given->value);
  case OPT_FEATURES:
    return set_features(config, given->value);
  case OPT_LAZY:
  case OPT_EAGER:
    cove_config_set_lazy(config, given->option == OPT_LAZY);
    return 0;
  case OPT_CANONICAL_NAN:
    cove_config_set_canonical_nan(config, true);
    return 0;
  case OPT_CPU:
    if (cove_config_set_cpu(config, given->value, &error) != COVE_OK)
      return cli_report("--cpu", error);
    return 0;
  case OPT_COUNT_FUEL:
    cove_config_set_fuel(config, true);
    return 0;
  case OPT_GDB:
    cove_config_set_debug(config, true);
    return 0;
  case OPT_FUEL:
    cove_config_set_fuel(config, true);
    return 0;
  case OPT_MAX_STACK:
    if (!cli_parse_size(given->value, &number) || number < LEAST_STACK || number > MOST_STACK) {
      cli_error("--max-stack: \"%s\" is not a size from 128KiB to 1TiB: 512KiB, 8MiB, 1G", given->value);
      return CLI_EXIT_USAGE;
    }
    cove_config_set_stack_size(config, number);
    return 0;
  case OPT_PROFILE:
    if (cove_config_set_profile(config, given->value, &error) != COVE_OK)
      return cli_report("--profile", error);
    return 0;
  default:
    return 0;
  }
}

// What a compiled program was compiled with is what the options begin with. Whoever reads it tells what is wrong with
// it.
static void begin_with_input(cove_config *config, const cli_line *line) {
  int at = line->command == CLI_COMPONENT ? 1 : 0;
  cli_input input = {0};
  if (at >= line->operand_count || !map_compiled(line->operands[at], &input))
    return;
  cove_error *error = NULL;
  if (cove_config_set_compiled(config, input.file.data, input.file.size, &error) != COVE_OK)
    cove_error_delete(error);
  else if (line->command != CLI_COMPILE)
    cove_config_set_fuel(config, false); // no part of what the program does: --fuel wants it
  cli_input_free(&input);
}

// 0, or an exit status after a message; *out is to be deleted in either case.
static int make_config(const cli_line *line, const char *tier, cove_config **out) {
  *out = cove_config_new();
  if (*out == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  int status = 0;
  begin_with_input(*out, line);
  for (size_t i = 0; i < line->given_count && status == 0; i++)
    status = apply(*out, &line->given[i]);
  return status == 0 && tier != NULL ? set_tier(*out, tier) : status;
}

int cli_make_engine_with(const cli_line *line, const char *tier, cove_engine **out) {
  cove_config *config;
  cove_error *error = NULL;
  int status = make_config(line, tier, &config);
  if (status == 0 && cove_engine_new(config, out, &error) != COVE_OK)
    status = cli_report("engine", error);
  cove_config_delete(config);
  return status;
}

int cli_check_engine(const cli_line *line) {
  cove_config *config;
  int status = make_config(line, NULL, &config);
  cove_config_delete(config);
  return status;
}

int cli_make_engine(const cli_line *line, cove_engine **out) {
  return cli_make_engine_with(line, NULL, out);
}
