// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Works through the calls on files and directories below the directory given, and prints what each answered. Natively
// and as a guest the transcript is the same.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int step;

// The name of an error that this program can meet; C libraries word them differently.
static const char *reason(int error) {
  switch (error) {
  case EBADF:
    return "EBADF";
  case EEXIST:
    return "EEXIST";
  case EINVAL:
    return "EINVAL";
  case EISDIR:
    return "EISDIR";
  case ELOOP:
    return "ELOOP";
  case ENOENT:
    return "ENOENT";
  case ENOTDIR:
    return "ENOTDIR";
  case ENOTEMPTY:
    return "ENOTEMPTY";
  default:
    return strerror(error);
  }
}

static void say(const char *what, long long result) {
  int error = errno;
  printf("%2d %-28s %lld%s%s\n", ++step, what, result, result < 0 ? " " : "", result < 0 ? reason(error) : "");
  errno = 0;
}

static void say_file(const char *path) {
  struct stat st;
  char what[64];
  snprintf(what, sizeof what, "size of %s", path);
  say(what, lstat(path, &st) == 0 ? (long long)st.st_size * (S_ISREG(st.st_mode) != 0) : -1);
}

static long long count_entries(const char *path) {
  DIR *dir = opendir(path);
  if (dir == NULL)
    return -1;
  long long count = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
    count += entry->d_name[0] != '.';
  closedir(dir);
  return count;
}

static void work_on_one_file(void) {
  char buffer[64] = {0};
  int fd = open("a.txt", O_RDWR | O_CREAT | O_EXCL, 0644);
  say("create", fd >= 0 ? 0 : -1);
  say("create again, exclusive", open("a.txt", O_RDWR | O_CREAT | O_EXCL, 0644));
  say("write", write(fd, "0123456789abcdef", 16));
  say("seek", lseek(fd, -6, SEEK_END));
  say("read", read(fd, buffer, 3));
  say("what was read", strcmp(buffer, "abc"));
  say("pwrite past the end", pwrite(fd, "tail", 4, 30));
  say("pread of the hole", pread(fd, buffer, 8, 26));
  say("the hole is zeros, then tail", memcmp(buffer, "\0\0\0\0tail", 8));
  say("position unchanged", lseek(fd, 0, SEEK_CUR));
  say("seek before the start", lseek(fd, -1, SEEK_SET));
  say("truncate", ftruncate(fd, 12));
  say("sync", fsync(fd));
  say("close", close(fd));
  say("close again", close(fd));
  say_file("a.txt");
  fd = open("a.txt", O_WRONLY | O_APPEND);
  say("append", write(fd, "XYZ", 3));
  say("read from write-only", read(fd, buffer, 1));
  close(fd);
  say_file("a.txt");
  fd = open("a.txt", O_RDONLY);
  say("write to read-only", write(fd, "x", 1));
  close(fd);
  fd = open("a.txt", O_WRONLY | O_TRUNC);
  close(fd);
  say_file("a.txt");
}

static void work_on_names(void) {
  char target[64] = {0};
  say("mkdir", mkdir("dir", 0755));
  say("mkdir again", mkdir("dir", 0755));
  say("mkdir below nothing", mkdir("none/dir", 0755));
  say("rename into it", rename("a.txt", "dir/b.txt"));
  say_file("a.txt");
  say_file("dir/b.txt");
  say("symlink", symlink("b.txt", "dir/link"));
  say("readlink", readlink("dir/link", target, sizeof target));
  say("its target", strcmp(target, "b.txt"));
  say("open through the link", open("dir/link", O_RDONLY) >= 0 ? 0 : -1);
  say("open the link itself", open("dir/link", O_RDONLY | O_NOFOLLOW));
  say("hard link", link("dir/b.txt", "dir/c.txt"));
  say("entries", count_entries("dir"));
  say("rmdir of a full one", rmdir("dir"));
  say("unlink", unlink("dir/b.txt"));
  say("dangling link", open("dir/link", O_RDONLY));
  say("unlink of a directory", unlink("dir") == 0 ? 0 : -(errno == EISDIR || errno == EPERM));
  say("open below a file", open("dir/c.txt/x", O_RDONLY));
  say("directory for writing", open("dir", O_WRONLY));
  say("O_DIRECTORY on a file", open("dir/c.txt", O_RDONLY | O_DIRECTORY));
  unlink("dir/link");
  unlink("dir/c.txt");
  say("rmdir", rmdir("dir"));
  say("entries of nothing", count_entries("dir"));
}

static void work_on_many(void) {
  char name[64];
  mkdir("many", 0755);
  for (int i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "many/%d-%.*s", i, i % 40, "a-name-of-some-length-to-fill-the-buffer");
    FILE *file = fopen(name, "w");
    if (file != NULL) {
      fprintf(file, "%d\n", i);
      fclose(file);
    }
  }
  say("entries of many", count_entries("many"));
  for (int i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "many/%d-%.*s", i, i % 40, "a-name-of-some-length-to-fill-the-buffer");
    unlink(name);
  }
  say("and none after", count_entries("many"));
  say("rmdir", rmdir("many"));
}

int main(int argc, char **argv) {
  if (argc != 2 || chdir(argv[1]) != 0)
    return 2;
  errno = 0;
  work_on_one_file();
  work_on_names();
  work_on_many();
  return 0;
}
