// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// names.c: names and layouts that the binding generators share.
#include "wit/bindgen.h"
#include "wit/syntax.h"

// Keywords of C and C++, lower-case macros, types of the C library, and at the end what generated functions have.
static const char *const reserved[] = {
    "alignas",       "alignof",      "and",
    "and_eq",        "asm",          "auto",
    "bitand",        "bitor",        "bool",
    "break",         "case",         "catch",
    "char",          "char16_t",     "char32_t",
    "char8_t",       "class",        "co_await",
    "co_return",     "co_yield",     "compl",
    "complex",       "concept",      "const",
    "const_cast",    "consteval",    "constexpr",
    "constinit",     "continue",     "decltype",
    "default",       "delete",       "do",
    "double",        "dynamic_cast", "else",
    "enum",          "errno",        "explicit",
    "export",        "extern",       "false",
    "float",         "for",          "friend",
    "goto",          "if",           "inline",
    "int",           "int16_t",      "int32_t",
    "int64_t",       "int8_t",       "intmax_t",
    "intptr_t",      "linux",        "long",
    "mutable",       "namespace",    "new",
    "noexcept",      "noreturn",     "not",
    "not_eq",        "null",         "nullptr",
    "operator",      "or",           "or_eq",
    "private",       "protected",    "ptrdiff_t",
    "public",        "register",     "reinterpret_cast",
    "requires",      "restrict",     "return",
    "short",         "signed",       "size_t",
    "sizeof",        "ssize_t",      "static",
    "static_assert", "static_cast",  "stderr",
    "stdin",         "stdout",       "struct",
    "switch",        "template",     "this",
    "thread_local",  "throw",        "true",
    "try",           "typedef",      "typeid",
    "typename",      "typeof",       "typeof_unqual",
    "uint16_t",      "uint32_t",     "uint64_t",
    "uint8_t",       "uintmax_t",    "uintptr_t",
    "union",         "unix",         "unsigned",
    "using",         "virtual",      "void",
    "volatile",      "wchar_t",      "while",
    "xor",           "xor_eq",       "call",
    "host",          "result",       "values",
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

bool cv_bindgen_is_reserved(cv_bytes name) {
  for (size_t i = 0; i < CV_COUNT(reserved); i++)
    if (cv_bytes_equal(name, cv_bytes_of(reserved[i])))
      return true;
  return false;
}

void cv_bindgen_member(cv_bytes name, cv_buf *out) {
  size_t start = out->size;
  cv_bindgen_snake(name, out);
  if (!out->failed && cv_bindgen_is_reserved((cv_bytes){out->data + start, out->size - start}))
    cv_buf_byte(out, '_');
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

// A line of a comment. It stays one in C: of control characters some end a line, and a backslash at its end, a trigraph
// for one too, would go on in the next one.
static void put_comment(const uint8_t *text, size_t size, cv_buf *out) {
  while (size > 0 && text[size - 1] <= ' ')
    size--;
  cv_buf_text(out, size > 0 ? " " : "");
  for (size_t i = 0; i < size; i++)
    cv_buf_byte(out, text[i] < ' ' && text[i] != '\t' ? ' ' : text[i]);
  if (size > 0 && (text[size - 1] == '\\' || text[size - 1] == '/'))
    cv_buf_text(out, text[size - 1] == '\\' || (size > 2 && text[size - 2] == '?') ? "." : "");
}

void cv_bindgen_docs(cv_bytes docs, unsigned indent, cv_buf *out) {
  for (size_t at = 0; at < docs.size;) {
    size_t end = at;
    while (end < docs.size && docs.data[end] != '\n')
      end++;
    cv_buf_printf(out, "%*s//", (int)indent, "");
    put_comment(docs.data + at, end - at, out);
    cv_buf_byte(out, '\n');
    at = end + 1;
  }
}
