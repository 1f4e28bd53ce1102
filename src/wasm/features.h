// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// features.h: WebAssembly features as bits of a word, and the sets that --features names.
#ifndef COVE_WASM_FEATURES_H
#define COVE_WASM_FEATURES_H

#include "base/base.h"

typedef uint64_t cv_features;

enum {
#define CV_FEATURE(name, bit, option, text) CV_FEATURE_BIT_##name = bit,
#include "wasm/features.def"
};
#define CV_FEAT(name) ((cv_features)1 << CV_FEATURE_BIT_##name)

// WebAssembly 1.0, 2.0, 3.0, and the default: 3.0 with threads and legacy exceptions.
#define CV_FEATURES_WASM1 (CV_FEAT(MVP) | CV_FEAT(MUTABLE_GLOBALS))
#define CV_FEATURES_WASM2                                                                                              \
  (CV_FEATURES_WASM1 | CV_FEAT(SIGN_EXTENSION) | CV_FEAT(SATURATING_FLOAT_TO_INT) | CV_FEAT(MULTI_VALUE) |             \
   CV_FEAT(BULK_MEMORY) | CV_FEAT(REFERENCE_TYPES) | CV_FEAT(SIMD))
#define CV_FEATURES_WASM3                                                                                              \
  (CV_FEATURES_WASM2 | CV_FEAT(TAIL_CALL) | CV_FEAT(EXTENDED_CONST) | CV_FEAT(MULTI_MEMORY) | CV_FEAT(MEMORY64) |      \
   CV_FEAT(EXCEPTIONS) | CV_FEAT(FUNCTION_REFERENCES) | CV_FEAT(RELAXED_SIMD) | CV_FEAT(GC))
#define CV_FEATURES_DEFAULT (CV_FEATURES_WASM3 | CV_FEAT(THREADS) | CV_FEAT(LEGACY_EXCEPTIONS))
#define CV_FEATURES_ALL (CV_FEATURES_DEFAULT | CV_FEAT(CUSTOM_PAGE_SIZES) | CV_FEAT(WIDE_ARITHMETIC))

// "simd" and the like; NULL for a bit that is no feature.
const char *cv_feature_name(unsigned bit);
const char *cv_feature_text(unsigned bit);
// Applies a comma-separated list to *features, from left to right: a set ("wasm1", "wasm2", "wasm3", "default", "all",
// "none") replaces what was there, a feature ("simd", "+gc") is added, "-threads" taken away; sets may have signs too.
// False when a word is unknown, which is then *bad.
bool cv_features_parse(const char *list, cv_features *features, cv_bytes *bad);

#endif
