// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cli.h: what the files of the command share: exit statuses, messages, reading files, and the subcommands. The command
// is built on <cove/cove.h> and nothing else of the library.
#ifndef COVE_CLI_CLI_H
#define COVE_CLI_CLI_H

#include "options.h"

#include <cove/cove.h>

#define CLI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

// What cove ends with when it is not the program's own status (cove help exit-status; exit_status.def has the words).
enum {
#define CLI_EXIT(name, value, text) CLI_EXIT_##name = value,
#include "exit_status.def"
};

// ---- report.c: messages to standard error, in colour on a terminal unless NO_COLOR is set ----
CLI_PRINTF(1, 2) void cli_error(const char *fmt, ...); // "cove: error: ..."
CLI_PRINTF(1, 2) void cli_hint(const char *fmt, ...);  // "  hint: ..."
// What runs is a native program (app.h), whose options were given when it was made. Behind hints that speak of options,
// this says so, once.
extern bool cli_is_app;
void cli_hint_app(void);
CLI_PRINTF(1, 2) void cli_note(const char *fmt, ...); // "cove: ..."
bool cli_stderr_is_terminal(void);
// Text of a program or its file, which terminals must not obey: control characters as \n, \t, \x1b. The three above do
// so by themselves.
void cli_put(FILE *out, cove_bytes text);
// A message of the program's own: "warn: context: message", on one line, control characters as \n, \t, \x1b.
void cli_log(cove_log_level level, cove_string context, cove_string message);
// Prints a failure of `what` (a file name), and what to do about it; returns the exit status. Deletes the error.
int cli_report(const char *what, cove_error *error);
// The last step of a command: the status, or another when standard output could not be written.
int cli_finish(int status);

// ---- input.c ----
// A module file in memory: the binary format, parsed from text when that is what it was.
typedef struct cli_input {
  const char *path;
  cove_buffer file;   // as read
  cove_buffer parsed; // from text, or empty
  const char *data;   // the binary
  size_t size;
  bool is_component;    // or a core module
  const char *compiled; // NULL, or a compiled program to be run with its machine code; `data` is all of it then
  size_t compiled_size;
  bool mapped; // `file` is a mapping
} cli_input;
// Reads `path` ("-" is standard input). Returns 0, or an exit status after a message.
int cli_read_file(const char *path, cove_buffer *out);
// The same for text, which has no zero byte.
int cli_read_lines(const char *path, cove_buffer *out);
void cli_free_file(cove_buffer *file);
// Reads a module or a component in either format, or that in a compiled program. `engine` (may be NULL) is for text.
// Refuses, with a hint, what is neither.
int cli_read_input(const char *path, const cove_engine *engine, cli_input *out);
// The same for cove run, which uses the machine code of a compiled program, but only of a file that is named so:
// whoever runs a .wasm has not chosen to trust it.
int cli_read_program(const char *path, const cove_engine *engine, cli_input *out);
// Maps a file in the binary format of at least so many bytes. It may change while it is mapped. False: it is to be
// read.
bool cli_map_program(const char *path, size_t least, cli_input *out);
// The same for what only modules have.
int cli_read_module(const char *path, const cove_engine *engine, cli_input *out);
// The same for what only components have.
int cli_read_component(const char *path, const cove_engine *engine, cli_input *out);
// A compiled program in memory, which outlives the input, with its machine code.
int cli_compiled_input(const char *path, char *data, size_t size, cli_input *out);
void cli_input_free(cli_input *input);
// An engine by the options of the line (tier, features and the like), and by what its file was compiled with if that is
// a compiled program. 0, or an exit status after a message.
int cli_make_engine(const cli_line *line, cove_engine **out);
// The same with this tier, whatever the line says.
int cli_make_engine_with(const cli_line *line, const char *tier, cove_engine **out);
// Only whether the options for it are right: the values, whatever this machine has. As above.
int cli_check_engine(const cli_line *line);

// ---- output.c: 0, or an exit status after a message ----
// Writes to --output or standard output.
int cli_write_output(const cli_line *line, const void *data, size_t size);
// Writes a file; "-" is standard output. A regular file is replaced when all of the new one is there, and keeps its
// mode; behind a link it is what the link leads to. Devices, pipes and the like are written to.
int cli_write_file(const char *path, const void *data, size_t size);
// The same for a file that may be in use: it is not written to even where none can take its place.
int cli_replace_file(const char *path, const void *data, size_t size, bool executable);
// Whether these will be able to, as far as that can be known before.
int cli_check_output(const char *path);
// Whether both lead to the same file, there or not.
bool cli_same_output(const char *a, const char *b);

// ---- new_file.c: a file that is made, and takes its place when it is whole; one at a time ----
enum { CLI_NEW_NAME_SIZE = 32 };
typedef struct cli_new_file {
  int folder; // borrowed
  int fd;     // to write to
  bool named; // as it is called below; else it has no name yet
  char name[CLI_NEW_NAME_SIZE];
  void (*limit_signal)(int); // what SIGXFSZ did
} cli_new_file;
// Its name, while it has one, is the prefix and 16 hexadecimal digits. False: errno, and there is nothing to drop.
bool cli_new_file_make(cli_new_file *file, int folder, const char *prefix);
// Closes it. False: errno, and nothing is left of it.
bool cli_new_file_place(cli_new_file *file, const char *name);
void cli_new_file_drop(cli_new_file *file); // also after the above

// ---- parse numbers: false when `text` is not one ----
bool cli_parse_count(const char *text, uint64_t *out);    // 1000, 10k, 5M, 0x3e8
bool cli_parse_size(const char *text, uint64_t *out);     // 65536, 64KiB, 1G
bool cli_parse_duration(const char *text, uint64_t *out); // 500ms, 2s, 1m; nanoseconds
bool cli_parse_time(const char *text, uint64_t *out);     // seconds since 1970, or 2026-01-31T12:00:00Z; nanoseconds

// ---- progress.c: a line on a terminal when a step takes more than a second ----
void cli_progress_begin(const char *doing, const char *what);
void cli_progress_end(void);
// The same with how far it is. `total` 0 begins, `what` NULL ends.
void cli_progress_part(const char *what, uint64_t done, uint64_t total);

// ---- grants.c: from options to what a program is granted; 0, or an exit status after a message ----
int cli_make_wasi(const cli_line *line, cove_wasi **out);
// Only whether the options are right in themselves: nothing of this machine is looked at.
int cli_check_grants(const cli_line *line);
// ---- grants_services.c: --config, --config-file, --log, --keyvalue; as above ----
int cli_grant_service(cove_wasi_config *config, const cli_given *given);
// The two names of a granted directory or archive: HOST[::GUEST][:ro].
typedef struct cli_mapping {
  char *host; // owned; holds both names
  const char *guest;
  bool read_only;
} cli_mapping;
// False when `value` has an empty name, or memory is out (then host is NULL). Free `host` in either case.
bool cli_parse_mapping(const char *value, cli_mapping *out);
// What a preview 1 import is for: "files", with the option that grants it. NULL for an unknown name.
typedef struct cli_need {
  const char *what, *option;
} cli_need;
const cli_need *cli_need_of(const char *import_name, size_t size);
// The same for an interface of WASI 0.2, with or without its version.
const cli_need *cli_need_of_interface(const char *name, size_t size);

// ---- invoke.c: calls an export with arguments as they were typed ----
int cli_invoke(cove_instance *instance, const cove_module *module, const char *name, char **args, int arg_count);

// ---- inspect_component.c ----
int cli_inspect_component(cove_engine *engine, const cli_input *input, const cli_line *line);

// ---- inspect.c ----
// Lines of the report in words: "Name: ..." when there is one, "Made by: ...".
void cli_print_name(cove_bytes name);
void cli_print_producer(const cove_producer *line);
void cli_print_json(cove_bytes text); // a string with its quotes

// ---- explain.c ----
// Prints which arguments name files of this machine that the program cannot reach by that name, and what would help.
void cli_explain_arguments(const cli_line *line);

// ---- wit.c ----
// WIT from a file or folder, by the options of the line. 0, or an exit status after a message.
int cli_open_wit(const cli_line *line, const char *path, cove_wit **out);
// A folder, or a name that ends in ".wit".
bool cli_is_wit_path(const char *path);

// ---- wit_check.c ----
int cli_wit_check(const cli_line *line);

// ---- component_compose.c, component_split.c: actions of cove component ----
int cli_component_compose(const cli_line *line);
int cli_component_split(const cli_line *line);

// ---- help.c ----
void cli_print_overview(FILE *out);

// ---- subcommands: each returns the exit status ----
int cli_run(const cli_line *line);
int cli_validate(const cli_line *line);
int cli_inspect(const cli_line *line);
int cli_parse_text(const cli_line *line);
int cli_print(const cli_line *line);
int cli_wast(const cli_line *line);
int cli_wit(const cli_line *line);
int cli_bindgen(const cli_line *line);
int cli_component(const cli_line *line);
int cli_snapshot(const cli_line *line);
int cli_compile(const cli_line *line);
int cli_cache_command(const cli_line *line);
int cli_help(const cli_line *line);

#endif
