// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// name_section.c: names for people, from the custom section "component-name" (Binary.md, "Name Section"). Nothing
// malformed here fails a component: what cannot be read is as if it were absent.
#include "component/binary/sections.h"

enum { NAMES_COMPONENT = 0, NAMES_SORT = 1 };

static cv_reader quiet_reader(const uint8_t *at, const uint8_t *end) {
  return (cv_reader){.start = at, .at = at, .end = end};
}

// The last section of the name, since tools append.
static bool find_section(const cv_component *c, cv_reader *out) {
  for (uint32_t i = c->custom_count; i-- > 0;) {
    const cv_custom_section *custom = &c->customs[i];
    if (cv_bytes_equal(custom->name, CV_BYTES_LITERAL("component-name"))) {
      const uint8_t *start = c->bytes + custom->bytes.offset;
      *out = quiet_reader(start, start + custom->bytes.size);
      return true;
    }
  }
  return false;
}

static bool next_subsection(cv_reader *r, uint8_t *id, cv_reader *contents) {
  cv_bytes bytes;
  if (r->at >= r->end || cv_read_byte(r, id) != CV_OK || cv_read_byte_vector(r, &bytes) != CV_OK)
    return false;
  *contents = quiet_reader(bytes.data, bytes.data + bytes.size);
  return true;
}

void cv_cdecode_names(cv_component *c) {
  cv_reader r, contents;
  uint8_t id;
  if (!find_section(c, &r))
    return;
  while (next_subsection(&r, &id, &contents))
    if (id == NAMES_COMPONENT && cv_read_name(&contents, &c->name) != CV_OK)
      c->name = (cv_bytes){0};
}

static bool read_space(cv_reader *r, cv_cspace *out) {
  static const cv_cspace spaces[] = {CV_CS_COUNT, CV_CS_FUNC, CV_CS_VALUE, CV_CS_TYPE, CV_CS_COMPONENT, CV_CS_INSTANCE};
  cv_sort_bytes bytes;
  if (cv_cread_sort_bytes(r, &bytes) != CV_OK || bytes.sort >= CV_COUNT(spaces))
    return false;
  *out = spaces[bytes.sort];
  if (bytes.sort != 0)
    return true;
  switch (bytes.core) {
  case 0x10:
    *out = CV_CS_CORE_TYPE;
    return true;
  case 0x11:
    *out = CV_CS_CORE_MODULE;
    return true;
  case 0x12:
    *out = CV_CS_CORE_INSTANCE;
    return true;
  default:
    return cv_csort_core(r, bytes, out) == CV_OK;
  }
}

void cv_cname_cursor_init(cv_cname_cursor *cursor, const cv_component *component, cv_cspace space) {
  *cursor = (cv_cname_cursor){0};
  cv_reader r, contents;
  uint8_t id;
  if (!find_section(component, &r))
    return;
  while (next_subsection(&r, &id, &contents)) {
    cv_cspace found;
    if (id != NAMES_SORT || !read_space(&contents, &found) || found != space)
      continue;
    if (cv_read_u32(&contents, &cursor->left) != CV_OK)
      return;
    cursor->at = contents.at;
    cursor->end = contents.end;
    return;
  }
}

bool cv_cname_cursor_next(cv_cname_cursor *c) {
  if (c->at == NULL || c->left == 0)
    return false;
  cv_reader r = quiet_reader(c->at, c->end);
  bool found = cv_read_u32(&r, &c->index) == CV_OK && cv_read_name(&r, &c->name) == CV_OK;
  c->at = found ? r.at : NULL;
  c->left--;
  return found;
}
