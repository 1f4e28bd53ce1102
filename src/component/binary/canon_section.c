// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_section.c: canonical definitions with their options (Binary.md, "Canonical Definitions").
#include "component/binary/sections.h"

enum { CODE_MAX = 0x42 };
static const struct {
  char text[30], immediates[4], signature[6]; // no pointers, which a start would have to relocate
} canons[CODE_MAX + 1] = {
#define CV_CANON(name, code, text, immediates, signature) [code] = {text, immediates, signature},
#include "component/canon.def"
};

static bool is_canon(unsigned code) {
  return code <= CODE_MAX && canons[code].text[0] != 0;
}

const char *cv_canon_text(cv_canon_kind kind) {
  return is_canon((unsigned)kind) ? canons[kind].text : NULL;
}
const char *cv_canon_immediates(cv_canon_kind kind) {
  return is_canon((unsigned)kind) ? canons[kind].immediates : NULL;
}
const char *cv_canon_signature(cv_canon_kind kind) {
  return is_canon((unsigned)kind) && canons[kind].signature[0] != 0 ? canons[kind].signature : NULL;
}

enum {
  OPTION_UTF8 = 0x00,
  OPTION_UTF16 = 0x01,
  OPTION_LATIN1_UTF16 = 0x02,
  OPTION_MEMORY = 0x03,
  OPTION_REALLOC = 0x04,
  OPTION_POST_RETURN = 0x05,
  OPTION_ASYNC = 0x06,
  OPTION_CALLBACK = 0x07,
};

// An option that is there twice is well-formed, and invalid: it is told here, where it still can be seen.
static cv_status read_index_option(cv_reader *r, uint32_t offset, const char *name, uint32_t *out) {
  bool twice = *out != CV_NO_INDEX;
  CV_TRY(cv_read_u32(r, out));
  if (twice)
    return cv_fail(r->diag, CV_EINVALID, offset, "canonical option `%s` is specified more than once", name);
  if (*out == CV_NO_INDEX) // the one index that means none
    return cv_fail(r->diag, CV_EINVALID, offset, "index out of bounds: %u, of option `%s`", *out, name);
  return CV_OK;
}

static cv_status read_option(cv_reader *r, cv_canon_options *out) {
  static const char *const encodings[] = {"utf8", "utf16", "latin1-utf16"};
  uint32_t offset = cv_reader_offset(r);
  uint8_t code;
  CV_TRY(cv_read_byte(r, &code));
  switch (code) {
  case OPTION_UTF8:
  case OPTION_UTF16:
  case OPTION_LATIN1_UTF16:
    if (out->has_encoding)
      return cv_fail(r->diag, CV_EINVALID, offset, "canonical encoding option `%s` conflicts with option `%s`",
                     encodings[out->encoding], encodings[code]);
    out->has_encoding = true;
    out->encoding = (cv_string_encoding)code;
    return CV_OK;
  case OPTION_MEMORY:
    return read_index_option(r, offset, "memory", &out->memory);
  case OPTION_REALLOC:
    return read_index_option(r, offset, "realloc", &out->realloc);
  case OPTION_POST_RETURN:
    return read_index_option(r, offset, "post-return", &out->post_return);
  case OPTION_CALLBACK:
    return read_index_option(r, offset, "callback", &out->callback);
  case OPTION_ASYNC:
    if (out->is_async)
      return cv_fail(r->diag, CV_EINVALID, offset, "canonical option `async` is specified more than once");
    out->is_async = true;
    return CV_OK;
  default:
    return cv_cread_leading(r, code, "canonical option");
  }
}

static cv_status read_options(cv_reader *r, cv_canon_options *out) {
  uint32_t count;
  CV_TRY(cv_read_count(r, CV_MAX_CANON_OPTIONS, "canonical options", &count));
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(read_option(r, out));
  return CV_OK;
}

static cv_status read_task_result(cv_cdecoder *d, cv_cdef *def) {
  cv_syn_result *result = CV_ARENA_NEW(d->arena, cv_syn_result);
  if (result == NULL)
    return CV_ENOMEM;
  def->syntax = result;
  return cv_cread_result(&d->r, &result->type);
}

static cv_status read_immediate(cv_cdecoder *d, char what, cv_canon *canon, cv_cdef *def) {
  cv_reader *r = &d->r;
  switch (what) {
  case 'f':
    CV_TRY(cv_cread_expect(r, 0, "canonical function lift"));
    return cv_read_u32(r, &canon->core_func);
  case 'F':
    CV_TRY(cv_cread_expect(r, 0, "canonical function lower"));
    return cv_read_u32(r, &canon->func);
  case 'o':
    return read_options(r, &canon->options);
  case 'T':
    return cv_read_u32(r, &canon->type);
  case 'a':
  case 'c':
  case 's':
    return cv_cread_bool(r, &canon->flag);
  case 'r':
    return read_task_result(d, def);
  case 'v':
    return cv_read_val_type(r, &canon->context_type);
  case 'b':
    return cv_read_u32(r, &canon->operand2);
  default: // i, m, y
    return cv_read_u32(r, &canon->operand);
  }
}

cv_status cv_cdecode_canon(cv_cdecoder *d) {
  cv_cdef def = {.kind = CV_CDEF_CANON, .entry = cv_reader_offset(&d->r)};
  cv_canon *canon = CV_ARENA_NEW(d->arena, cv_canon);
  if (canon == NULL)
    return CV_ENOMEM;
  canon->options.memory = canon->options.realloc = CV_NO_INDEX;
  canon->options.post_return = canon->options.callback = CV_NO_INDEX;
  canon->core_type = CV_NO_TYPE;
  uint8_t code;
  CV_TRY(cv_read_byte(&d->r, &code));
  if (!is_canon(code))
    return cv_cread_leading(&d->r, code, "canonical function");
  canon->kind = (cv_canon_kind)code;
  for (const char *at = canons[code].immediates; *at != 0; at++)
    CV_TRY(read_immediate(d, *at, canon, &def));
  def.as.canon = canon;
  return cv_cdecoder_add(d, def, code == CV_CANON_LIFT ? CV_CS_FUNC : CV_CS_CORE_FUNC, 1);
}
