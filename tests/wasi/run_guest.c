// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// run_guest.c: runs one preview 1 program through the library's inner interfaces, with the options of `cove run` that
// the WASI tests need. The command itself is tested elsewhere; this keeps the adapter's tests free of it.
//   run_guest [--dir HOST[::GUEST][:ro]] [--tmpfs GUEST] [--archive FILE::GUEST] [--env K=V] [--clock virtual]
//             [--seed N] [--stdin TEXT] [--tcp-listen ADDRESS] [--max-output N] [--walk] [--trace] [--explain]
//             [--timeout MS] FILE [ARGS]
#include "runtime/engine.h"
#include "runtime/interrupt.h"
#include "wasi/p1/p1.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const cv_diag *diag) {
  char text[700];
  (void)fprintf(stderr, "run_guest: %s\n", cv_diag_message(diag, text, sizeof text));
  return 125;
}

static void print_trace(void *env, const cv_trace_call *call) {
  cv_buf line;
  cv_buf_init(&line, env);
  cv_trace_print_text(&line, call);
  (void)fwrite(line.data, 1, line.size, stderr);
  cv_buf_free(&line);
}

static cv_status add_dir(cv_wasi_config *config, cv_dir_kind kind, char *spec) {
  cv_dir dir = {.kind = kind, .host = spec, .guest = spec};
  size_t size = strlen(spec);
  if (size > 3 && strcmp(spec + size - 3, ":ro") == 0) {
    dir.read_only = true;
    spec[size - 3] = '\0';
  }
  char *split = strstr(spec, "::");
  if (split != NULL) {
    *split = '\0';
    dir.guest = split + 2;
  }
  return cv_wasi_config_dir(config, &dir);
}

typedef struct options {
  int first; // index of the file's name
  bool trace, explain;
  uint64_t timeout; // nanoseconds, 0 for none
} options;

static cv_status parse(int argc, char **argv, cv_wasi_config *c, options *o, cv_diag *diag) {
  cv_status status = CV_OK;
  int i = 1;
  for (; i < argc && strncmp(argv[i], "--", 2) == 0 && status == CV_OK; i++) {
    const char *name = argv[i] + 2;
    char *value = i + 1 < argc ? argv[i + 1] : argv[0];
    if (strcmp(name, "walk") == 0) {
      c->resolver = CV_RESOLVE_WALK;
      continue;
    }
    if (strcmp(name, "trace") == 0) {
      o->trace = true;
      continue;
    }
    if (strcmp(name, "explain") == 0) {
      o->explain = true;
      continue;
    }
    i++;
    if (strcmp(name, "dir") == 0) {
      status = add_dir(c, CV_DIR_HOST, value);
    } else if (strcmp(name, "tmpfs") == 0) {
      status = cv_wasi_config_dir(c, &(cv_dir){.kind = CV_DIR_MEMORY, .guest = value});
    } else if (strcmp(name, "archive") == 0) {
      status = add_dir(c, CV_DIR_ARCHIVE, value);
    } else if (strcmp(name, "env") == 0) {
      char *split = strchr(value, '=');
      *split = '\0';
      status = cv_wasi_config_env(c, value, split + 1);
    } else if (strcmp(name, "clock") == 0) {
      cv_wasi_config_clocks(c, CV_CLOCK_VIRTUAL, CV_CLOCK_VIRTUAL, 1000000000000000000u);
    } else if (strcmp(name, "seed") == 0) {
      cv_wasi_config_random(c, CV_RANDOM_SEEDED, strtoull(value, NULL, 10));
    } else if (strcmp(name, "stdin") == 0) {
      status = cv_wasi_config_stdio(c, 0, &(cv_stdio){.kind = CV_STDIO_BUFFER, .text = cv_bytes_of(value)});
    } else if (strcmp(name, "tcp-listen") == 0) {
      status = cv_wasi_config_tcp_listen(c, value, diag);
    } else if (strcmp(name, "max-output") == 0) {
      c->limits.output = strtoull(value, NULL, 10);
    } else if (strcmp(name, "timeout") == 0) {
      o->timeout = strtoull(value, NULL, 10) * 1000000;
    } else {
      status = cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "unknown option --%s", name);
    }
  }
  o->first = i;
  if (status == CV_OK && i >= argc)
    status = cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "no file given");
  for (; i < argc && status == CV_OK; i++)
    status = cv_wasi_config_arg(c, argv[i]);
  return status;
}

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  if (f == NULL)
    return NULL;
  (void)fseek(f, 0, SEEK_END);
  long n = ftell(f);
  rewind(f);
  uint8_t *data = malloc((size_t)n + 1);
  *size = data != NULL ? fread(data, 1, (size_t)n, f) : 0;
  (void)fclose(f);
  return data;
}

// One import after another, from preview 1.
static cv_status link_imports(cv_engine *engine, cv_store *store, cv_p1 *p1, const cv_module *module,
                              cv_extern *imports, cv_diag *diag) {
  for (uint32_t i = 0; i < module->import_count; i++) {
    const cv_import *import = &module->imports[i];
    cv_p1_function f;
    if (import->kind != CV_EXTERN_FUNC || !cv_p1_find(p1, import->module, import->name, &f))
      return cv_fail(diag, CV_EUNLINKABLE, CV_NO_OFFSET, "unknown import %.*s.%.*s", (int)import->module.size,
                     (const char *)import->module.data, (int)import->name.size, (const char *)import->name.data);
    cv_typeid type = cv_engine_functype(engine, cv_functype_params(&f.type), f.type.param_count,
                                        cv_functype_results(&f.type), f.type.result_count);
    imports[i].kind = CV_EXTERN_FUNC;
    imports[i].as.func = type != CV_NO_TYPE ? cv_store_func_new(store, type, f.fn, f.env, NULL) : NULL;
    if (imports[i].as.func == NULL)
      return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  }
  return CV_OK;
}

static int run(cv_engine *engine, cv_store *store, cv_code *code, cv_p1 *p1, const options *o, cv_diag *diag) {
  cv_context *context = cv_store_context(store);
  cv_extern imports[128] = {0};
  cv_instance *instance;
  if (code->module->import_count > CV_COUNT(imports) ||
      link_imports(engine, store, p1, code->module, imports, diag) != CV_OK ||
      cv_instantiate(store, code, imports, code->module->import_count, NULL, &instance, diag) != CV_OK)
    return fail(diag);
  const cv_export *start = cv_instance_export(instance, CV_BYTES_LITERAL("_start"), CV_EXTERN_FUNC);
  if (start == NULL) {
    (void)cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "no _start");
    return fail(diag);
  }
  if (o->timeout != 0 && cv_context_set_deadline(context, o->timeout) != CV_OK)
    return 125;
  cv_value values[1] = {0};
  if (cv_call(context, cv_instance_func(instance, start->index), values) == CV_RUN_OK)
    return 0;
  if (context->trap.kind == CV_TRAP_EXIT)
    return context->trap.exit_status & 255;
  (void)fprintf(stderr, "trap: %s %s\n", cv_trap_text(context->trap.kind), context->trap.text);
  return 134;
}

int main(int argc, char **argv) {
  cv_mem mem;
  cv_diag diag;
  cv_mem_init(&mem, UINT64_MAX);
  cv_diag_init(&diag);
  options o = {0};
  cv_wasi_config *config = cv_wasi_config_new(&mem);
  if (config == NULL)
    return 125;
  cv_wasi_config_grant_basics(config);
  cv_wasi *wasi = NULL;
  cv_p1 *p1 = NULL;
  cv_engine *engine = NULL;
  cv_store *store = NULL;
  cv_module *module = NULL;
  cv_code *code = NULL;
  uint8_t *bytes = NULL;
  size_t size;
  int status = 125;
  cv_engine_options engine_options = {.tier = getenv("COVE_TIER")};
  if (cv_wasi_config_inherit_stdio(config) != CV_OK || parse(argc, argv, config, &o, &diag) != CV_OK) {
    status = fail(&diag);
    goto done;
  }
  if (o.trace) {
    config->trace = print_trace;
    config->trace_env = &mem;
  }
  bytes = read_file(argv[o.first], &size);
  if (bytes == NULL || cv_wasi_new(&mem, config, &wasi, &diag) != CV_OK ||
      cv_engine_new(&engine, &engine_options, &diag) != CV_OK ||
      cv_engine_load(engine, bytes, size, false, &module, &diag) != CV_OK ||
      cv_engine_compile(engine, module, &code, &diag) != CV_OK || cv_store_new(engine, NULL, &store, &diag) != CV_OK ||
      cv_p1_new(&mem, wasi, NULL, &p1) != CV_OK) {
    status = fail(&diag);
    goto done;
  }
  status = run(engine, store, code, p1, &o, &diag);
  if (o.explain) {
    cv_buf text;
    cv_buf_init(&text, &mem);
    cv_wasi_explain(wasi, &text);
    (void)fwrite(text.data, 1, text.size, stderr);
    cv_buf_free(&text);
  }
done:
  cv_store_delete(store);
  cv_code_release(code);
  cv_engine_release(engine);
  cv_p1_delete(p1);
  cv_wasi_delete(wasi);
  cv_wasi_config_delete(config);
  free(bytes);
  return status;
}
