// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// features.c: names of features and the lists that --features takes.
#include "wasm/features.h"

const char *cv_feature_name(unsigned bit) {
  switch (bit) {
#define CV_FEATURE(name, value, option, text)                                                                          \
  case value:                                                                                                          \
    return option;
#include "wasm/features.def"
  default:
    return NULL;
  }
}

const char *cv_feature_text(unsigned bit) {
  switch (bit) {
#define CV_FEATURE(name, value, option, text)                                                                          \
  case value:                                                                                                          \
    return text;
#include "wasm/features.def"
  default:
    return NULL;
  }
}

// The bits that a word stands for, 0 when it is unknown. "none" is no feature beyond 1.0, which is always there.
static bool find_set(cv_bytes word, cv_features *set) {
  static const struct {
    const char *name;
    cv_features set;
  } sets[] = {
#define CV_FEATURE(name, bit, option, text) {option, CV_FEAT(name)},
#include "wasm/features.def"
      {"wasm1", CV_FEATURES_WASM1},     {"wasm2", CV_FEATURES_WASM2}, {"wasm3", CV_FEATURES_WASM3},
      {"default", CV_FEATURES_DEFAULT}, {"none", CV_FEAT(MVP)},       {"all", CV_FEATURES_ALL},
  };
  for (size_t i = 0; i < CV_COUNT(sets); i++) {
    if (cv_bytes_equal(word, cv_bytes_of(sets[i].name))) {
      *set = sets[i].set;
      return true;
    }
  }
  return false;
}

static bool is_whole_set(cv_bytes word) {
  return word.size != 0 &&
         (cv_bytes_equal(word, CV_BYTES_LITERAL("wasm1")) || cv_bytes_equal(word, CV_BYTES_LITERAL("wasm2")) ||
          cv_bytes_equal(word, CV_BYTES_LITERAL("wasm3")) || cv_bytes_equal(word, CV_BYTES_LITERAL("default")) ||
          cv_bytes_equal(word, CV_BYTES_LITERAL("none")) || cv_bytes_equal(word, CV_BYTES_LITERAL("all")));
}

bool cv_features_parse(const char *list, cv_features *features, cv_bytes *bad) {
  cv_features result = *features;
  for (const char *at = list; *at != '\0';) {
    size_t size = strcspn(at, ",");
    cv_bytes word = {(const uint8_t *)at, size};
    char sign = size != 0 && (*at == '-' || *at == '+') ? *at : '\0';
    if (sign != '\0')
      word = (cv_bytes){word.data + 1, word.size - 1};
    cv_features set;
    if (!find_set(word, &set)) {
      *bad = word;
      return false;
    }
    if (sign == '-')
      result &= ~set;
    else if (sign == '\0' && is_whole_set(word))
      result = set; // a named set alone replaces what came before
    else
      result |= set;
    at += size + (at[size] == ',');
  }
  *features = result | CV_FEAT(MVP);
  return true;
}
