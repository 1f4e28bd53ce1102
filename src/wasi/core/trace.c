// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// trace.c: printers of host calls.
#include "wasi/core/trace.h"

#include "base/utf8.h"

#include <inttypes.h>

enum { MAX_TEXT = 256 };

void cv_json_string(cv_buf *out, cv_bytes s) {
  cv_buf_byte(out, '"');
  for (size_t i = 0; i < s.size;) {
    uint32_t c = 0;
    size_t n = cv_utf8_decode(s.data + i, s.size - i, &c);
    if (n == 0) {
      cv_buf_text(out, "\\ufffd");
      i++;
      continue;
    }
    if (c == '"' || c == '\\') {
      cv_buf_byte(out, '\\');
      cv_buf_byte(out, (uint8_t)c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      cv_buf_printf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) { // controls, which terminals may obey
      cv_buf_printf(out, "\\u%04x", (unsigned)c);
    } else {
      cv_buf_bytes(out, s.data + i, n);
    }
    i += n;
  }
  cv_buf_byte(out, '"');
}

static cv_bytes cut(cv_bytes s) {
  return (cv_bytes){s.data, CV_MIN(s.size, (size_t)MAX_TEXT)};
}

static void print_value(cv_buf *out, const cv_trace_value *v) {
  cv_buf_printf(out, "%s=", v->name);
  switch (v->kind) {
  case CV_TRACE_UNSIGNED:
    cv_buf_printf(out, "%" PRIu64, v->number);
    break;
  case CV_TRACE_SIGNED:
    cv_buf_printf(out, "%" PRId64, (int64_t)v->number);
    break;
  case CV_TRACE_HEX:
    cv_buf_printf(out, "0x%" PRIx64, v->number);
    break;
  case CV_TRACE_TEXT:
    cv_json_string(out, cut(v->text));
    if (v->text.size > MAX_TEXT || v->is_cut)
      cv_buf_text(out, "...");
    break;
  case CV_TRACE_FLAGS:
  case CV_TRACE_VALUE:
    cv_buf_bytes(out, v->text.data, v->text.size);
    break;
  case CV_TRACE_DESCRIPTOR:
    cv_buf_printf(out, "%" PRIu64, v->number);
    if (v->text.size != 0) {
      cv_buf_text(out, " <");
      cv_json_string(out, cut(v->text));
      cv_buf_byte(out, '>');
    }
    break;
  }
}

// "wall-clock." of "wasi:clocks/wall-clock@0.2.0" before a function that belongs to no resource.
static void print_interface(cv_buf *out, const cv_trace_call *call) {
  const char *slash = strchr(call->interface, '/');
  if (slash != NULL && strchr(call->name, '.') == NULL)
    cv_buf_printf(out, "%.*s.", (int)strcspn(slash + 1, "@"), slash + 1);
}

void cv_trace_print_text(cv_buf *out, const cv_trace_call *call) {
  print_interface(out, call);
  cv_buf_printf(out, "%s(", call->name);
  for (size_t i = 0; i < call->arg_count; i++) {
    if (i != 0)
      cv_buf_text(out, ", ");
    print_value(out, &call->args[i]);
  }
  cv_buf_printf(out, ") = %s", call->outcome);
  for (size_t i = 0; i < call->result_count; i++) {
    cv_buf_byte(out, ' ');
    print_value(out, &call->results[i]);
  }
  cv_buf_printf(out, " [%" PRIu64 ".%" PRIu64 " us]\n", call->duration / 1000, call->duration % 1000 / 100);
}

static void json_value(cv_buf *out, const cv_trace_value *v) {
  cv_json_string(out, cv_bytes_of(v->name));
  cv_buf_byte(out, ':');
  if (v->kind == CV_TRACE_TEXT || v->kind == CV_TRACE_VALUE)
    cv_json_string(out, cut(v->text));
  else if (v->kind == CV_TRACE_SIGNED)
    cv_buf_printf(out, "%" PRId64, (int64_t)v->number);
  else
    cv_buf_printf(out, "%" PRIu64, v->number);
}

static void json_values(cv_buf *out, const char *name, const cv_trace_value *values, size_t count) {
  cv_buf_printf(out, ",\"%s\":{", name);
  for (size_t i = 0; i < count; i++) {
    if (i != 0)
      cv_buf_byte(out, ',');
    json_value(out, &values[i]);
  }
  cv_buf_byte(out, '}');
}

void cv_trace_print_json(cv_buf *out, const cv_trace_call *call) {
  cv_buf_printf(out, "{\"interface\":\"%s\",\"call\":\"%s\"", call->interface, call->name);
  json_values(out, "args", call->args, call->arg_count);
  cv_buf_printf(out, ",\"result\":\"%s\"", call->outcome);
  json_values(out, "out", call->results, call->result_count);
  cv_buf_printf(out, ",\"start_ns\":%" PRIu64 ",\"duration_ns\":%" PRIu64 "}\n", call->start, call->duration);
}
