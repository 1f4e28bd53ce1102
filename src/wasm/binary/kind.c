// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kind.c: what a file is that was given where a module was wanted.
#include "wasm/binary/decode.h"

// Skips white space and comments of the text format.
static const uint8_t *skip_space(const uint8_t *at, const uint8_t *end) {
  while (at < end) {
    if (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') {
      at++;
    } else if (end - at >= 2 && at[0] == ';' && at[1] == ';') {
      while (at < end && *at != '\n')
        at++;
    } else if (end - at >= 2 && at[0] == '(' && at[1] == ';') {
      unsigned depth = 1;
      for (at += 2; at < end && depth != 0; at++) {
        if (end - at >= 2 && at[0] == '(' && at[1] == ';') {
          depth++;
          at++;
        } else if (end - at >= 2 && at[0] == ';' && at[1] == ')') {
          depth--;
          at++;
        }
      }
    } else {
      break;
    }
  }
  return at;
}

static bool is_text(const uint8_t *bytes, size_t size) {
  const uint8_t *end = bytes + size;
  const uint8_t *at = skip_space(bytes, end);
  // "(" and a word: a module field or "module" itself, or an annotation.
  return end - at >= 2 && at[0] == '(' && ((at[1] >= 'a' && at[1] <= 'z') || at[1] == '@' || at[1] == ' ');
}

static const char *find_signature(const uint8_t *bytes, size_t size) {
  static const struct {
    const char *bytes;
    uint8_t size;
    const char *phrase;
  } signatures[] = {
      {"\x7f"
       "ELF",
       4, "an ELF program or library"},
      {"MZ", 2, "a Windows program or library"},
      {"\xfe\xed\xfa\xce", 4, "a Mach-O program or library"},
      {"\xfe\xed\xfa\xcf", 4, "a Mach-O program or library"},
      {"\xce\xfa\xed\xfe", 4, "a Mach-O program or library"},
      {"\xcf\xfa\xed\xfe", 4, "a Mach-O program or library"},
      {"\xca\xfe\xba\xbe", 4, "a Java class or universal Mach-O file"},
      {"!<arch>\n", 8, "an archive of object files"},
      {"BC\xc0\xde", 4, "LLVM bitcode"},
      {"\x1f\x8b", 2, "a gzip file: decompress it first"},
      {"\x28\xb5\x2f\xfd", 4, "a zstd file: decompress it first"},
      {"\xfd"
       "7zXZ",
       5, "an xz file: decompress it first"},
      {"BZh", 3, "a bzip2 file: decompress it first"},
      {"PK\x03\x04", 4, "a zip archive"},
      {"#!", 2, "a script"},
      {"<!DOCTYPE", 9, "an HTML page, perhaps of a failed download"},
      {"<!doctype", 9, "an HTML page, perhaps of a failed download"},
      {"<html", 5, "an HTML page, perhaps of a failed download"},
      {"<?xml", 5, "an XML document"},
      {"version https://git-lfs", 23, "a Git LFS pointer: fetch the file it stands for"},
      {"asm\0", 4, "WebAssembly that lost its first byte"},
  };
  for (size_t i = 0; i < CV_COUNT(signatures); i++)
    if (size >= signatures[i].size && memcmp(bytes, signatures[i].bytes, signatures[i].size) == 0)
      return signatures[i].phrase;
  return NULL;
}

// Characters that no text has: the controls below the space, but for white space, backspace and escape.
static bool has_controls(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (bytes[i] < 0x08 || (bytes[i] > 0x0d && bytes[i] < 0x20 && bytes[i] != 0x1b))
      return true;
  return false;
}

cv_binary_kind cv_binary_kind_of(const uint8_t *bytes, size_t size, const char **looks_like) {
  const char *ignored;
  if (looks_like == NULL)
    looks_like = &ignored;
  if (size >= 4 && memcmp(bytes, "\0asm", 4) == 0) {
    bool component = size >= 8 && cv_load_le16(bytes + 6) == 1;
    *looks_like = component ? "a WebAssembly component" : "a WebAssembly module";
    return component ? CV_BINARY_COMPONENT : CV_BINARY_MODULE;
  }
  if (size >= 8 && memcmp(bytes, "\0cwasm\r\n", 8) == 0) {
    *looks_like = "a compiled program";
    return CV_BINARY_COMPILED;
  }
  if (size == 0) {
    *looks_like = "an empty file";
    return CV_BINARY_OTHER;
  }
  *looks_like = find_signature(bytes, size);
  if (*looks_like != NULL)
    return CV_BINARY_OTHER;
  if (is_text(bytes, size)) {
    *looks_like = "WebAssembly text";
    return CV_BINARY_TEXT;
  }
  *looks_like = has_controls(bytes, CV_MIN(size, (size_t)512)) ? "a binary file of an unknown kind"
                                                               : "a text file of an unknown kind";
  return CV_BINARY_OTHER;
}
