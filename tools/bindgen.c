// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindgen.c: the host bindings of our own WASI 0.2 host, written while cove is built. `cove bindgen host` is the same
// generator for everybody else.
//
// usage: bindgen WIT-FOLDER WORLD PREFIX HEADER SOURCE
#include "wit/bindgen.h"
#include "wit/load.h"

#include <stdio.h>

static int write_file(const char *path, const cv_buf *contents) {
  FILE *file = fopen(path, "wb");
  bool good = file && fwrite(contents->data, 1, contents->size, file) == contents->size;
  if (file)
    good &= fclose(file) == 0;
  if (!good)
    fprintf(stderr, "bindgen: cannot write %s\n", path);
  return good ? 0 : 1;
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: bindgen WIT-FOLDER WORLD PREFIX HEADER SOURCE\n");
    return 2;
  }
  cv_mem mem;
  cv_diag diag;
  cv_buf header, source;
  cv_wit_world *world;
  cv_mem_init(&mem, UINT64_MAX);
  cv_diag_init(&diag);
  cv_buf_init(&header, &mem);
  cv_buf_init(&source, &mem);
  cv_bindgen_options options = {.prefix = argv[3], .header = base_name(argv[4])};
  cv_wit *wit = cv_wit_new(&mem);
  cv_status status = wit ? cv_wit_load(wit, argv[1], &mem, &diag) : CV_ENOMEM;
  if (status == CV_OK)
    status = cv_wit_resolve(wit, &(cv_wit_options){.all_features = true}, &diag);
  if (status == CV_OK)
    status = cv_wit_find_world(wit, argv[2], &world, &diag);
  if (status == CV_OK)
    status = cv_bindgen_host(world, &options, &mem, &header, &source, &diag);
  int code = 1;
  if (status == CV_OK) {
    code = write_file(argv[4], &header) | write_file(argv[5], &source);
  } else {
    char text[700];
    const char *file = wit ? cv_wit_error_file(wit) : NULL;
    fprintf(stderr, "bindgen: %s%s%s\n", file ? file : "", file ? ": " : "", cv_diag_message(&diag, text, sizeof text));
  }
  cv_buf_free(&header);
  cv_buf_free(&source);
  cv_wit_delete(wit);
  return code;
}
