// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compresses (c LEVEL) or decompresses (d) standard input to standard output with libzstd's streaming interface.
#include "zstd.h"
#include <stdio.h>
#include <stdlib.h>

static char in[1 << 17], out[1 << 17];

static int pack(int level) {
  ZSTD_CCtx *ctx = ZSTD_createCCtx();
  size_t left;
  ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
  for (;;) {
    ZSTD_inBuffer from = {in, fread(in, 1, sizeof in, stdin), 0};
    ZSTD_EndDirective mode = from.size == 0 ? ZSTD_e_end : ZSTD_e_continue;
    do {
      ZSTD_outBuffer to = {out, sizeof out, 0};
      left = ZSTD_compressStream2(ctx, &to, &from, mode);
      if (ZSTD_isError(left))
        return 1;
      fwrite(out, 1, to.pos, stdout);
    } while (mode == ZSTD_e_end ? left != 0 : from.pos < from.size);
    if (mode == ZSTD_e_end)
      return (int)ZSTD_freeCCtx(ctx);
  }
}

static int unpack(void) {
  ZSTD_DCtx *ctx = ZSTD_createDCtx();
  size_t n, state = 0;
  while ((n = fread(in, 1, sizeof in, stdin)) > 0) {
    ZSTD_inBuffer from = {in, n, 0};
    while (from.pos < from.size) {
      ZSTD_outBuffer to = {out, sizeof out, 0};
      state = ZSTD_decompressStream(ctx, &to, &from);
      if (ZSTD_isError(state))
        return 1;
      fwrite(out, 1, to.pos, stdout);
    }
  }
  ZSTD_freeDCtx(ctx);
  return state != 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && argv[1][0] == 'c')
    return pack(atoi(argv[2]));
  return argc == 2 && argv[1][0] == 'd' ? unpack() : 2;
}
