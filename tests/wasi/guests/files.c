// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// files.c: files and directories through the C library, in the directory that its first argument names, and a look at
// those that the further arguments name.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[512];
static const char *base;

static const char *in(const char *name) {
  snprintf(path, sizeof path, "%s/%s", base, name);
  return path;
}

#define CHECK(x)                                                                                                       \
  do {                                                                                                                 \
    if (!(x)) {                                                                                                        \
      printf("line %d: %s (%s)\n", __LINE__, #x, strerror(errno));                                                     \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

static void write_and_read(void) {
  char text[64] = "";
  struct stat st;
  FILE *f = fopen(in("f"), "w+");
  CHECK(f != NULL);
  CHECK(fprintf(f, "%s %d", "hello", 42) == 8);
  CHECK(fseek(f, 6, SEEK_SET) == 0);
  CHECK(fgets(text, sizeof text, f) != NULL && strcmp(text, "42") == 0);
  CHECK(fclose(f) == 0);
  CHECK(stat(in("f"), &st) == 0 && st.st_size == 8 && S_ISREG(st.st_mode));
  f = fopen(in("f"), "a");
  CHECK(f != NULL && fputs("!", f) >= 0 && fclose(f) == 0);
  CHECK(truncate(in("f"), 20) == 0 && stat(in("f"), &st) == 0 && st.st_size == 20);
  int fd = open(in("f"), O_RDONLY);
  CHECK(fd >= 0 && pread(fd, text, 3, 6) == 3 && memcmp(text, "42!", 3) == 0);
  CHECK(write(fd, "x", 1) == -1);
  CHECK(lseek(fd, -1, SEEK_END) == 19 && read(fd, text, 9) == 1 && text[0] == 0);
  CHECK(close(fd) == 0);
}

static void directories(void) {
  int files = 0;
  char name[32], link[64];
  ssize_t n;
  CHECK(mkdir(in("d"), 0777) == 0);
  for (int i = 0; i < 200; i++) {
    snprintf(name, sizeof name, "d/file%03d", i);
    int fd = open(in(name), O_CREAT | O_EXCL | O_WRONLY, 0666);
    CHECK(fd >= 0 && close(fd) == 0);
  }
  DIR *d = opendir(in("d"));
  CHECK(d != NULL);
  for (struct dirent *e; (e = readdir(d)) != NULL;)
    if (strncmp(e->d_name, "file", 4) == 0) {
      files++;
      CHECK(e->d_type == DT_REG);
      snprintf(name, sizeof name, "d/%s", e->d_name);
      CHECK(unlink(in(name)) == 0); // while it is being listed
    }
  CHECK(closedir(d) == 0);
  CHECK(files == 200);
  CHECK(symlink("../f", in("d/l")) == 0);
  CHECK((n = readlink(in("d/l"), link, sizeof link)) == 4 && memcmp(link, "../f", 4) == 0);
  CHECK(access(in("d/l"), R_OK) == 0);
  CHECK(rmdir(in("d")) == -1 && errno == ENOTEMPTY);
  CHECK(unlink(in("d/l")) == 0 && rmdir(in("d")) == 0);
  char to[512];
  snprintf(to, sizeof to, "%s/g", base);
  CHECK(rename(in("f"), to) == 0 && access(in("f"), F_OK) == -1 && errno == ENOENT);
  CHECK(unlink(in("g")) == 0);
}

int main(int argc, char **argv) {
  base = argv[1];
  write_and_read();
  directories();
  for (int i = 2; i < argc; i++) {
    FILE *f = fopen(argv[i], "r");
    char text[64] = "";
    if (f != NULL)
      fgets(text, sizeof text, f);
    printf("%s: %s\n", argv[i], f != NULL ? text : strerror(errno));
  }
  puts("ok");
  return 0;
}
