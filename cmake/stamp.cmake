# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake -DOUT=FILE -DLIST=FILE -P stamp.cmake: writes a header with a digest of the files that LIST names.
file(STRINGS ${LIST} files)
set(digests)
foreach(file IN LISTS files)
  file(SHA256 ${file} digest)
  string(APPEND digests ${digest})
endforeach()
string(SHA256 stamp "${digests}")
string(SUBSTRING ${stamp} 0 16 stamp)
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define CV_CODE_STAMP 0x${stamp}u\n" @ONLY)
