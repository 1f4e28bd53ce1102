// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// names.c: names and layouts that the binding generators share.
#include "wit/bindgen.h"
#include "wit/syntax.h"

static const char *const c_keywords[] = {
    "alignas",  "alignof", "and",      "asm",       "auto",     "bool",    "break",     "case",      "catch",
    "char",     "class",   "const",    "constexpr", "continue", "default", "delete",    "do",        "double",
    "else",     "enum",    "errno",    "explicit",  "export",   "extern",  "false",     "float",     "for",
    "friend",   "goto",    "if",       "inline",    "int",      "long",    "mutable",   "namespace", "new",
    "not",      "null",    "nullptr",  "operator",  "or",       "private", "protected", "public",    "register",
    "restrict", "return",  "short",    "signed",    "sizeof",   "static",  "stderr",    "stdin",     "stdout",
    "struct",   "switch",  "template", "this",      "throw",    "true",    "try",       "typedef",   "typename",
    "typeof",   "union",   "unsigned", "using",     "virtual",  "void",    "volatile",  "while",     "xor",
    "call",     "host",    "result",   "values",
};

static uint8_t lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

void cv_bindgen_snake(cv_bytes name, cv_buf *out) {
  for (size_t i = 0; i < name.size; i++)
    cv_buf_byte(out, name.data[i] == '-' ? '_' : lower(name.data[i]));
}

void cv_bindgen_upper(cv_bytes name, cv_buf *out) {
  for (size_t i = 0; i < name.size; i++) {
    uint8_t c = lower(name.data[i]);
    cv_buf_byte(out, c == '-' ? '_' : c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c);
  }
}

void cv_bindgen_member(cv_bytes name, cv_buf *out) {
  size_t start = out->size;
  cv_bindgen_snake(name, out);
  for (size_t i = 0; i < CV_COUNT(c_keywords) && !out->failed; i++)
    if (cv_bytes_equal((cv_bytes){out->data + start, out->size - start}, cv_bytes_of(c_keywords[i]))) {
      cv_buf_byte(out, '_');
      return;
    }
}

void cv_bindgen_interface(const cv_wit_interface *interface, cv_buf *out) {
  if (interface->is_inline) {
    cv_bindgen_snake(interface->head.name, out);
    return;
  }
  cv_bindgen_snake(interface->package->ns, out);
  cv_buf_byte(out, '_');
  cv_bindgen_snake(interface->package->name, out);
  cv_buf_byte(out, '_');
  cv_bindgen_snake(interface->head.name, out);
}

// A line of a comment: a backslash at its end would go on in the next line of C.
static void put_comment(const uint8_t *text, size_t size, cv_buf *out) {
  cv_buf_bytes(out, text, size);
  if (size > 0 && text[size - 1] == '\\')
    cv_buf_byte(out, '.');
}

void cv_bindgen_docs(cv_bytes docs, unsigned indent, cv_buf *out) {
  for (size_t at = 0; at < docs.size;) {
    size_t end = at;
    while (end < docs.size && docs.data[end] != '\n')
      end++;
    cv_buf_printf(out, "%*s//%s", (int)indent, "", end > at ? " " : "");
    put_comment(docs.data + at, end - at, out);
    cv_buf_byte(out, '\n');
    at = end + 1;
  }
}
