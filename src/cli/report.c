// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// report.c: everything that cove says on standard error.
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool cli_stderr_is_terminal(void) {
  return isatty(STDERR_FILENO) != 0;
}

static bool colour(void) {
  const char *no_color = getenv("NO_COLOR");
  const char *term = getenv("TERM");
  return cli_stderr_is_terminal() && (no_color == NULL || no_color[0] == '\0') &&
         !(term != NULL && term[0] == 'd' && term[1] == 'u'); // "dumb"
}

#define RED "\033[31;1m"
#define BLUE "\033[34;1m"
#define PLAIN "\033[0m"

// ---- text of programs and their files ----

// The size of the control character at `text`, 0 when there is none. C1 controls are two bytes in UTF-8; terminals obey
// them as well.
static size_t control_at(const char *text, size_t size) {
  unsigned char c = (unsigned char)text[0];
  if (c == 0xc2 && size > 1 && ((unsigned char)text[1] & 0xe0) == 0x80)
    return 2;
  return c < 0x20 || c == 0x7f;
}

// In whole pieces, as standard error has no buffer.
void cli_put(FILE *out, cove_bytes text) {
  size_t from = 0;
  for (size_t i = 0, n; i < text.size; i += n != 0 ? n : 1) {
    char c = text.data[i];
    n = control_at(text.data + i, text.size - i);
    if (n == 0)
      continue;
    fwrite(text.data + from, 1, i - from, out);
    from = i + n;
    if (c == '\n' || c == '\t' || c == '\r')
      fprintf(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
    else
      fprintf(out, "\\x%02x", (unsigned char)text.data[i + n - 1]);
  }
  fwrite(text.data + from, 1, text.size - from, out);
}

// ---- messages ----

static void say(const char *before, const char *paint, const char *label, const char *fmt, va_list args) {
  bool painted = colour() && paint != NULL;
  char room[1024], *text = room;
  va_list again;
  va_copy(again, args);
  int size = vsnprintf(room, sizeof room, fmt, args);
  if (size >= (int)sizeof room && (text = malloc((size_t)size + 1)) != NULL)
    size = vsnprintf(text, (size_t)size + 1, fmt, again);
  va_end(again);
  fprintf(stderr, "%s%s%s%s", before, painted ? paint : "", label, painted ? PLAIN : "");
  if (text == NULL) // out of memory: what there is room for
    cli_put(stderr, (cove_bytes){room, sizeof room - 1});
  else if (size > 0)
    cli_put(stderr, (cove_bytes){text, (size_t)size});
  fputc('\n', stderr);
  if (text != room)
    free(text);
}

void cli_error(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  say("cove: ", RED, "error: ", fmt, args);
  va_end(args);
}

void cli_hint(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  say("  ", BLUE, "hint: ", fmt, args);
  va_end(args);
}

bool cli_is_app;

void cli_hint_app(void) {
  static bool told;
  if (cli_is_app && !told)
    cli_hint("this native program got its options when it was made: cove compile --executable FILE -o APP -- "
             "[OPTION]...");
  told = true;
}

void cli_note(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  say("cove: ", NULL, "", fmt, args);
  va_end(args);
}

// ---- messages of the program ----

void cli_log(cove_log_level level, cove_string context, cove_string message) {
  static const struct {
    const char *name, *paint;
  } levels[] = {{"trace", "\033[2m"}, {"debug", "\033[36m"}, {"info", "\033[32m"},
                {"warn", "\033[33m"}, {"error", RED},        {"critical", "\033[37;41;1m"}};
  bool painted = colour();
  flockfile(stderr);
  fprintf(stderr, "%s%s%s: ", painted ? levels[level].paint : "", levels[level].name, painted ? PLAIN : "");
  if (context.size != 0) {
    cli_put(stderr, (cove_bytes){context.data, context.size});
    fputs(": ", stderr);
  }
  cli_put(stderr, (cove_bytes){message.data, message.size});
  fputc('\n', stderr);
  funlockfile(stderr);
}

// ---- traps ----

static void print_frame(size_t index, const cove_frame *frame) {
  fprintf(stderr, "  %2zu: ", index);
  if (frame->func_name.size != 0)
    cli_put(stderr, frame->func_name);
  else
    fprintf(stderr, "function %u", frame->func);
  if (frame->offset != 0)
    fprintf(stderr, " at offset 0x%x", frame->offset);
  if (frame->file != NULL) {
    fputs(", ", stderr);
    cli_put(stderr, (cove_bytes){frame->file, strlen(frame->file)});
    fprintf(stderr, ":%u", frame->line);
  }
  fputc('\n', stderr);
}

// A run of equal frames, as recursion leaves them, is printed once and counted.
static void print_frames(const cove_trap *trap, size_t count) {
  cove_frame frame, next;
  for (size_t i = 0; i < count && cove_trap_frame(trap, i, &frame); i++) {
    size_t same = 0;
    print_frame(i, &frame);
    while (cove_trap_frame(trap, i + 1, &next) && next.func == frame.func && next.offset == frame.offset &&
           next.module_name.size == frame.module_name.size) {
      i++;
      same++;
    }
    if (same != 0)
      fprintf(stderr, "      ... and the same %zu more time%s\n", same, same == 1 ? "" : "s");
  }
}

static int report_trap(const cove_trap *trap) {
  cove_trap_kind kind = cove_trap_kind_of(trap);
  bool limit = cove_trap_kind_is_limit(kind);
  cli_error("%s%s", limit ? "" : "trap: ", cove_trap_message(trap));
  size_t total, count = cove_trap_frame_count(trap, &total);
  print_frames(trap, count);
  if (total > count)
    fprintf(stderr, "      ... and %zu more\n", total - count);
  switch ((int)kind) {
  case COVE_TRAP_DEADLINE:
    cli_hint("--timeout TIME gives it more");
    cli_hint_app();
    return CLI_EXIT_TIMEOUT;
  case COVE_TRAP_OUT_OF_FUEL:
    cli_hint("--fuel N gives it more");
    break;
  case COVE_TRAP_MEMORY_LIMIT:
    cli_hint("--max-memory SIZE gives it more");
    break;
  case COVE_TRAP_TABLE_LIMIT:
    cli_hint("--max-table N gives it more");
    break;
  case COVE_TRAP_HANDLE_LIMIT:
    cli_hint("--max-handles N gives it more");
    break;
  case COVE_TRAP_VALUE_LIMIT:
    cli_hint("--max-values SIZE gives it more");
    break;
  case COVE_TRAP_OUTPUT_LIMIT:
    cli_hint("--max-output SIZE gives it more");
    break;
  case COVE_TRAP_STACK_OVERFLOW:
    cli_hint("--max-stack SIZE gives calls more room");
    break;
  default:
    return limit ? CLI_EXIT_LIMIT : CLI_EXIT_TRAP;
  }
  cli_hint_app();
  return limit ? CLI_EXIT_LIMIT : CLI_EXIT_TRAP;
}

// ---- failures ----

// What could provide an import that nobody provides.
static void hint_import(cove_bytes module, cove_bytes name) {
  static const struct {
    const char *module, *hint;
  } known[] = {
      {"wasi_snapshot_preview1", "preview 1 has no function of that name: a newer or private extension?"},
      {"wasi_unstable", "the first WASI snapshot has no function of that name"},
      {"wasi", "unsupported: wasi-threads. Build the program without threads"},
      {"env", "\"env\" is what a C compiler calls functions that were declared and not defined: link the library that "
              "has it, or, for Emscripten, build with -sSTANDALONE_WASM"},
      {"go", "built with GOOS=js: build with GOOS=wasip1 instead"},
      {"gojs", "built with GOOS=js: build with GOOS=wasip1 instead"},
      {"wbg", "made by wasm-bindgen for a browser: build for the target wasm32-wasip1 instead"},
      {"__wbindgen_placeholder__", "made by wasm-bindgen for a browser: build for the target wasm32-wasip1 instead"},
  };
  if (module.size == 3 && memcmp(module.data, "env", 3) == 0 && name.size == 6 && memcmp(name.data, "memory", 6) == 0) {
    cli_hint("the program was linked to take its memory from the host: link it without --import-memory");
    return;
  }
  if (name.size == 0 && module.size > 5 && memcmp(module.data, "wasi:", 5) == 0) { // of a component
    cli_hint(
        "cove run provides WASI 0.2's cli, clocks, filesystem, io and random, and config, logging and keyvalue; with "
        "--deny error the component runs until it calls a function of \"%.*s\"",
        (int)module.size, module.data);
    cli_hint_app();
    return;
  }
  if (name.size == 0) {
    cli_hint("another component (cove component compose), or a host with libcove, may provide \"%.*s\"",
             (int)module.size, module.data);
    return;
  }
  if (module.size > 5 && memcmp(module.data, "wasi:", 5) == 0) {
    cli_hint("this is an interface of WASI 0.2 or later, which components use: build for wasm32-wasip1 instead");
    return;
  }
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (module.size == strlen(known[i].module) && memcmp(module.data, known[i].module, module.size) == 0) {
      cli_hint("%s", known[i].hint);
      return;
    }
  cli_hint("cove provides WASI preview 1 only; a host that has \"%.*s\" \"%.*s\" defines it with libcove",
           (int)module.size, module.data, (int)name.size, name.data);
}

// Instantiation was refused by a limit: which one is in the words of the message.
static void hint_limit(const char *text) {
  static const struct {
    const char *begins, *hint;
  } known[] = {
      {"memory limit", "--max-memory SIZE gives it more"},
      {"limit of all memories", "--max-memory SIZE gives it more"},
      {"table limit", "--max-table N gives it more"},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strncmp(text, known[i].begins, strlen(known[i].begins)) == 0) {
      cli_hint("%s", known[i].hint);
      cli_hint_app();
    }
}

static int exit_status_of(cove_status status) {
  switch (status) {
  case COVE_IO:
  case COVE_NOT_FOUND:
    return CLI_EXIT_INPUT;
  case COVE_USAGE:
    return CLI_EXIT_USAGE;
  case COVE_UNLINKABLE:
    return CLI_EXIT_LINK;
  case COVE_NO_MEMORY:
    return CLI_EXIT_INTERNAL;
  case COVE_LIMIT:
    return CLI_EXIT_LIMIT;
  default:
    return CLI_EXIT_DATA;
  }
}

int cli_report(const char *what, cove_error *error) {
  int result;
  const cove_trap *trap = cove_error_trap(error);
  cove_bytes module, name;
  if (trap != NULL) {
    result = report_trap(trap);
  } else {
    cove_status status = cove_error_status(error);
    const char *kind = status == COVE_MALFORMED ? "malformed: " : status == COVE_INVALID ? "invalid: " : "";
    uint32_t line, column;
    if (cove_error_line(error, &line, &column))
      cli_error("%s:%u:%u: %s%s", what, line, column, kind, cove_error_text(error));
    else if (what != NULL)
      cli_error("%s: %s%s", what, kind, cove_error_message(error));
    else
      cli_error("%s%s", kind, cove_error_message(error));
    if (cove_error_import(error, &module, &name) && strncmp(cove_error_text(error), "unknown", 7) == 0)
      hint_import(module, name);
    if (status == COVE_UNLINKABLE && strstr(cove_error_text(error), " is not granted: ") != NULL) {
      cli_hint("with --deny error the component starts, and ends when it calls a function of that interface");
      cli_hint_app();
    }
    if (status == COVE_LIMIT)
      hint_limit(cove_error_text(error));
    result = exit_status_of(status);
  }
  cove_error_delete(error);
  return result;
}

// Everything that was printed has to arrive.
int cli_finish(int status) {
  if (fflush(stdout) == 0 && ferror(stdout) == 0)
    return status;
  cli_error("cannot write standard output");
  return status == 0 ? CLI_EXIT_FAILED : status;
}
