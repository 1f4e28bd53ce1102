// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// app.h: native programs made by `cove compile --executable`: cove-app, a program that runs what is behind it in its
// own file. From the end of cove-app's ELF file, padded to a multiple of CLI_APP_ALIGNMENT:
//
//   the compiled program        aligned, so that it can be mapped
//   the options                 of cove run, each with a zero behind it
//   trailer, CLI_APP_TRAILER    0 magic, 16 offset in the file of the compiled program u64, 24 its size u64,
//                               32 offset of the options u64, 40 their size u64; little-endian
#ifndef COVE_CLI_APP_H
#define COVE_CLI_APP_H

#include <stdint.h>

#define CLI_APP_MAGIC "cove application" // and no zero: 16 bytes
enum { CLI_APP_ALIGNMENT = 4096, CLI_APP_TRAILER = 48 };

static inline void cli_app_put(unsigned char *at, uint64_t value) {
  for (unsigned i = 0; i < 8; i++)
    at[i] = (unsigned char)(value >> 8 * i);
}
static inline uint64_t cli_app_get(const unsigned char *at) {
  uint64_t value = 0;
  for (unsigned i = 0; i < 8; i++)
    value |= (uint64_t)at[i] << 8 * i;
  return value;
}

#endif
