// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// name_section.c: names for people (core specification, appendix A.6.4). Nothing malformed here fails a module: what
// cannot be read is as if it were absent.
#include "base/utf8.h"
#include "wasm/binary/decode.h"
#include "wasm/binary/sections.h"

// Every read below goes through a reader without diagnostic; its failure ends the names.
static cv_reader quiet_reader(const uint8_t *at, const uint8_t *end) {
  return (cv_reader){.start = at, .at = at, .end = end};
}

// The contents of the last name section, since tools append.
static bool find_section(const cv_module *m, cv_bytes *out) {
  for (uint32_t i = m->custom_count; i-- > 0;) {
    const cv_custom_section *custom = &m->customs[i];
    if (cv_bytes_equal(custom->name, CV_BYTES_LITERAL("name"))) {
      *out = (cv_bytes){m->bytes + custom->bytes.offset, custom->bytes.size};
      return true;
    }
  }
  return false;
}

static bool find_subsection(const cv_module *m, uint32_t wanted, cv_bytes *out) {
  cv_bytes section;
  if (!find_section(m, &section))
    return false;
  cv_reader r = quiet_reader(section.data, section.data + section.size);
  while (r.at < r.end) {
    uint8_t id;
    if (cv_read_byte(&r, &id) != CV_OK || cv_read_byte_vector(&r, out) != CV_OK)
      return false;
    if (id == wanted)
      return true;
  }
  return false;
}

void cv_name_cursor_init(cv_name_cursor *cursor, const cv_module *module, uint32_t subsection) {
  *cursor = (cv_name_cursor){0};
  cv_bytes contents;
  if (subsection == CV_NAMES_MODULE || !find_subsection(module, subsection, &contents))
    return;
  cursor->is_indirect = subsection == CV_NAMES_LOCAL || subsection == CV_NAMES_LABEL || subsection == CV_NAMES_FIELD;
  cv_reader r = quiet_reader(contents.data, contents.data + contents.size);
  if (cv_read_u32(&r, cursor->is_indirect ? &cursor->outer_left : &cursor->left) != CV_OK)
    return;
  cursor->at = r.at;
  cursor->end = r.end;
}

static bool next_name(cv_name_cursor *c, cv_reader *r) {
  while (c->left == 0) {
    if (c->outer_left == 0)
      return false;
    c->outer_left--;
    if (cv_read_u32(r, &c->outer) != CV_OK || cv_read_u32(r, &c->left) != CV_OK)
      return false;
  }
  c->left--;
  return cv_read_u32(r, &c->index) == CV_OK && cv_read_name(r, &c->name) == CV_OK;
}

bool cv_name_cursor_next(cv_name_cursor *c) {
  if (c->at == NULL)
    return false;
  cv_reader r = quiet_reader(c->at, c->end);
  bool found = next_name(c, &r);
  c->at = found ? r.at : NULL;
  return found;
}

cv_status cv_decode_names(cv_decoder *d) {
  cv_module *m = d->m;
  cv_bytes contents;
  if (find_subsection(m, CV_NAMES_MODULE, &contents)) {
    cv_reader r = quiet_reader(contents.data, contents.data + contents.size);
    if (cv_read_name(&r, &m->name) != CV_OK)
      m->name = (cv_bytes){0};
  }
  cv_name_cursor cursor;
  cv_name_cursor_init(&cursor, m, CV_NAMES_FUNCTION);
  while (cv_name_cursor_next(&cursor))
    if (cursor.index < d->funcs.count)
      d->funcs.data[cursor.index].name = cursor.name;
  return CV_OK;
}
