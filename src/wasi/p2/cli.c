// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cli.c: wasi:cli: arguments, variables, exit, standard streams, terminals.
#include "wasi/p2/host.h"

// ---- environment ----

static cove_host_result out_of_memory(cove_call *call) {
  return cove_call_trap(call, "out of memory");
}

cove_host_result wasi_cli_environment_get_environment(void *host, cove_call *call,
                                                      p2_list_tuple2_string_string *result) {
  const cv_wasi *w = ((cv_p2 *)host)->w;
  result->data = cove_call_alloc(call, (w->env_count + 1) * sizeof *result->data);
  if (result->data == NULL)
    return out_of_memory(call);
  for (size_t i = 0; i < w->env_count; i++) {
    cove_string whole;
    if (!cv_p2_string(call, w->env[i], &whole))
      return out_of_memory(call);
    size_t key = (size_t)((const char *)memchr(whole.data, '=', whole.size) - whole.data); // each has one
    result->data[i].f0 = (cove_string){whole.data, key};
    result->data[i].f1 = (cove_string){whole.data + key + 1, whole.size - key - 1};
  }
  result->count = w->env_count;
  return COVE_HOST_OK;
}

cove_host_result wasi_cli_environment_get_arguments(void *host, cove_call *call, p2_list_string *result) {
  const cv_wasi *w = ((cv_p2 *)host)->w;
  result->data = cove_call_alloc(call, (w->arg_count + 1) * sizeof *result->data);
  if (result->data == NULL)
    return out_of_memory(call);
  for (size_t i = 0; i < w->arg_count; i++)
    if (!cv_p2_string(call, w->args[i], &result->data[i]))
      return out_of_memory(call);
  result->count = w->arg_count;
  return COVE_HOST_OK;
}

// Where the host process stands means nothing to the program: no directory is granted for that.
cove_host_result wasi_cli_environment_initial_cwd(void *host, cove_call *call, p2_option_string *result) {
  result->has = false;
  return COVE_HOST_OK;
}

// ---- exit ----

static cove_host_result end(cv_p2 *p2, cove_call *call, uint8_t status) {
  cv_wasi_exit(p2->w, status);
  return cove_call_exit(call, status);
}

cove_host_result wasi_cli_exit_exit(void *host, cove_call *call, const p2_result *status) {
  return end(host, call, status->is_error ? 1 : 0);
}

cove_host_result wasi_cli_exit_exit_with_code(void *host, cove_call *call, uint8_t status_code) {
  return end(host, call, status_code);
}

// ---- standard streams ----

cove_host_result wasi_cli_stdin_get_stdin(void *host, cove_call *call, wasi_io_streams_input_stream **result) {
  cv_p2 *p2 = host;
  cv_input *input;
  *result = cv_input_of_stream(p2->w, p2->stdio[0], &input) == CV_ERR_OK ? cv_p2_input(p2, input) : NULL;
  return *result != NULL ? COVE_HOST_OK : cv_p2_trap(p2, call, CV_ERR_NOMEM);
}

static cove_host_result get_output(cv_p2 *p2, cove_call *call, unsigned which, wasi_io_streams_output_stream **result) {
  cv_output **shared = &p2->outputs[which];
  if (*shared == NULL && cv_output_of_stream(p2->w, p2->stdio[which], shared) != CV_ERR_OK)
    return out_of_memory(call);
  cv_output_retain(*shared);
  *result = cv_p2_output(p2, *shared);
  return *result != NULL ? COVE_HOST_OK : cv_p2_trap(p2, call, CV_ERR_NOMEM);
}

cove_host_result wasi_cli_stdout_get_stdout(void *host, cove_call *call, wasi_io_streams_output_stream **result) {
  return get_output(host, call, 1, result);
}

cove_host_result wasi_cli_stderr_get_stderr(void *host, cove_call *call, wasi_io_streams_output_stream **result) {
  return get_output(host, call, 2, result);
}

// ---- terminals: all that is known of one is that it is one ----

struct wasi_cli_terminal_input_terminal_input {
  char none;
};
struct wasi_cli_terminal_output_terminal_output {
  char none;
};
static wasi_cli_terminal_input_terminal_input terminal_input;
static wasi_cli_terminal_output_terminal_output terminal_output;

void wasi_cli_terminal_input_terminal_input_drop(void *host, wasi_cli_terminal_input_terminal_input *self) {
  cv_p2_trace_drop(host, &wasi_cli_terminal_input_terminal_input_resource, self);
}

void wasi_cli_terminal_output_terminal_output_drop(void *host, wasi_cli_terminal_output_terminal_output *self) {
  cv_p2_trace_drop(host, &wasi_cli_terminal_output_terminal_output_resource, self);
}

static bool is_terminal(const cv_p2 *p2, unsigned which) {
  const cv_stream *s = p2->stdio[which];
  return s->type == CV_FILE_CHAR && s->handle != CV_NO_HANDLE && cv_sys_is_terminal(s->handle);
}

cove_host_result wasi_cli_terminal_stdin_get_terminal_stdin(void *host, cove_call *call,
                                                            p2_option_wasi_cli_terminal_input_terminal_input *result) {
  *result = (p2_option_wasi_cli_terminal_input_terminal_input){is_terminal(host, 0), &terminal_input};
  return COVE_HOST_OK;
}

cove_host_result
wasi_cli_terminal_stdout_get_terminal_stdout(void *host, cove_call *call,
                                             p2_option_wasi_cli_terminal_output_terminal_output *result) {
  *result = (p2_option_wasi_cli_terminal_output_terminal_output){is_terminal(host, 1), &terminal_output};
  return COVE_HOST_OK;
}

cove_host_result
wasi_cli_terminal_stderr_get_terminal_stderr(void *host, cove_call *call,
                                             p2_option_wasi_cli_terminal_output_terminal_output *result) {
  *result = (p2_option_wasi_cli_terminal_output_terminal_output){is_terminal(host, 2), &terminal_output};
  return COVE_HOST_OK;
}
