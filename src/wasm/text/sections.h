// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sections.h: the known sections in the order in which they stand in a binary (core specification, 5.5.2), with the
// words that placements of custom annotations use for them.
#ifndef COVE_WASM_TEXT_SECTIONS_H
#define COVE_WASM_TEXT_SECTIONS_H

#include "base/base.h"

typedef struct cv_section_place {
  const char *word;
  uint8_t id;
} cv_section_place;

// Rank of a section: 1 + its index here.
static const cv_section_place cv_section_places[] = {
    {"type", 1},   {"import", 2}, {"func", 3}, {"table", 4},      {"memory", 5}, {"tag", 13},  {"global", 6},
    {"export", 7}, {"start", 8},  {"elem", 9}, {"datacount", 12}, {"code", 10},  {"data", 11},
};

// 0 when it is none.
static inline unsigned cv_section_rank_of_word(cv_bytes word) {
  for (unsigned i = 0; i < CV_COUNT(cv_section_places); i++)
    if (cv_bytes_equal(cv_bytes_of(cv_section_places[i].word), word))
      return i + 1;
  return 0;
}
static inline unsigned cv_section_rank_of_id(uint32_t id) {
  for (unsigned i = 0; i < CV_COUNT(cv_section_places); i++)
    if (cv_section_places[i].id == id)
      return i + 1;
  return 0;
}

#endif
