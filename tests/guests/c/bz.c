// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compresses (c) or decompresses (d) standard input to standard output with libbz2, in blocks through its stream
// interface.
#include "bzlib.h"
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  static char in[65536], out[65536];
  int packing = argc > 1 && argv[1][0] == 'c', state = BZ_OK, ended = 0;
  bz_stream stream;
  memset(&stream, 0, sizeof stream);
  if ((packing ? BZ2_bzCompressInit(&stream, 9, 0, 0) : BZ2_bzDecompressInit(&stream, 0, 0)) != BZ_OK)
    return 1;
  while (state != BZ_STREAM_END) {
    if (stream.avail_in == 0 && !ended) {
      stream.next_in = in;
      stream.avail_in = (unsigned)fread(in, 1, sizeof in, stdin);
      ended = stream.avail_in == 0;
    }
    stream.next_out = out, stream.avail_out = sizeof out;
    state = packing ? BZ2_bzCompress(&stream, ended ? BZ_FINISH : BZ_RUN) : BZ2_bzDecompress(&stream);
    if (state < 0 || (!packing && ended && stream.avail_out == sizeof out && state != BZ_STREAM_END))
      return 1;
    fwrite(out, 1, sizeof out - stream.avail_out, stdout);
  }
  return 0;
}
