// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// p2_bounds.c: what a program of WASI 0.2 cannot reach and cannot change, by every method that takes a path or changes
// something; the first argument names the class of fault (docs/security.md). The first directory holds "file" ("hello")
// and a link "out" to "../secret".
#include "p2.h"

static char word[32];

static int is(const char *s) {
  u32 n = text_size(s);
  return text_size(word) == n && same((const u8 *)word, s, n);
}

static u32 dirs[2];

static void open_directories(void) {
  get_directories(ret);
  u32 n = load32(ret + 4);
  for (u32 i = 0; i < n && i < 2; i++)
    dirs[i] = load32((PTR)(load32(ret) + 12 * i));
}

#define PATH(s) s, text_size(s)
#define VOID(call) (call, code(1)) // the error code lies where the value would
#define AT4(call) (call, code(4))
#define AT8(call) (call, code(8))
#define OPENED(dir, follow, path, how, flags) AT4(open_at(dir, follow, PATH(path), how, flags, ret))

// ---- read-only is not honoured ----

static void read_only(void) {
  u32 ro = dirs[0], rw = dirs[1];
  CHECK(OPENED(ro, FOLLOW, "file", 0, READ), OK);
  u32 f = load32(ret + 4);
  CHECK(OPENED(ro, FOLLOW, "file", 0, WRITE), READ_ONLY);
  CHECK(OPENED(ro, FOLLOW, "file", 0, READ | WRITE), READ_ONLY);
  CHECK(OPENED(ro, FOLLOW, "file", TRUNCATE, READ), READ_ONLY);
  CHECK(OPENED(ro, FOLLOW, "file", TRUNCATE, 0), READ_ONLY);
  CHECK(OPENED(ro, FOLLOW, "new", CREATE, READ), READ_ONLY);
  CHECK(OPENED(ro, FOLLOW, "new", CREATE | EXCLUSIVE, READ | WRITE), READ_ONLY);
  CHECK(OPENED(ro, FOLLOW, ".", DIRECTORY, READ | MUTATE), READ_ONLY);
  CHECK(OPENED(ro, FOLLOW, ".", DIRECTORY, READ), OK);
  u32 again = load32(ret + 4); // what is opened through it is as read-only
  CHECK(VOID(create_directory_at(again, PATH("d"), ret)), READ_ONLY);
  CHECK(VOID(set_size(f, 0, ret)) != OK, 1);
  CHECK(AT8(write(f, "x", 1, 0, ret)) != OK, 1);
  CHECK(AT4(write_via_stream(f, 0, ret)), READ_ONLY);
  CHECK(AT4(append_via_stream(f, ret)), READ_ONLY);
  CHECK(VOID(set_times(f, NOW, 0, 0, NOW, 0, 0, ret)), READ_ONLY);
  CHECK(VOID(set_times(ro, TIMESTAMP, 1, 0, TIMESTAMP, 1, 0, ret)), READ_ONLY);
  CHECK(VOID(set_times_at(ro, FOLLOW, PATH("file"), NOW, 0, 0, NO_CHANGE, 0, 0, ret)), READ_ONLY);
  CHECK(VOID(create_directory_at(ro, PATH("d"), ret)), READ_ONLY);
  CHECK(VOID(remove_directory_at(ro, PATH("file"), ret)), READ_ONLY);
  CHECK(VOID(unlink_file_at(ro, PATH("file"), ret)), READ_ONLY);
  CHECK(VOID(symlink_at(ro, PATH("file"), PATH("new"), ret)), READ_ONLY);
  CHECK(VOID(rename_at(ro, PATH("file"), ro, PATH("new"), ret)), READ_ONLY);
  CHECK(VOID(rename_at(ro, PATH("file"), rw, PATH("new"), ret)), READ_ONLY);
  CHECK(OPENED(rw, FOLLOW, "mine", CREATE, READ | WRITE), OK);
  CHECK(VOID(rename_at(rw, PATH("mine"), ro, PATH("new"), ret)), READ_ONLY);
  CHECK(VOID(rename_at(rw, PATH("mine"), ro, PATH("file"), ret)), READ_ONLY);
  CHECK(VOID(link_at(ro, 0, PATH("file"), ro, PATH("new"), ret)), READ_ONLY);
  // A second name in a directory that can be changed would be a way to write it.
  CHECK(VOID(link_at(ro, 0, PATH("file"), rw, PATH("new"), ret)), READ_ONLY);
  CHECK(VOID(link_at(rw, 0, PATH("mine"), ro, PATH("new"), ret)), READ_ONLY);
  CHECK(AT4(read(f, 10, 0, ret)), OK);
  CHECK(load32(ret + 8) == 5 && same((const u8 *)load32(ret + 4), "hello", 5), 1);
}

// ---- a descriptor that was opened for less ----

static void opened_for_less(void) {
  u32 rw = dirs[1];
  CHECK(OPENED(rw, 0, "f", CREATE, READ | WRITE), OK);
  u32 both = load32(ret + 4);
  CHECK(AT8(write(both, "hello", 5, 0, ret)), OK);
  CHECK(OPENED(rw, 0, "f", 0, READ), OK);
  u32 r = load32(ret + 4);
  CHECK(OPENED(rw, 0, "f", 0, WRITE), OK);
  u32 w = load32(ret + 4);
  CHECK(VOID(set_size(r, 0, ret)) != OK, 1);
  CHECK(AT8(write(r, "x", 1, 0, ret)) != OK, 1);
  CHECK(AT4(write_via_stream(r, 0, ret)), BAD_DESCRIPTOR);
  CHECK(AT4(append_via_stream(r, ret)), BAD_DESCRIPTOR);
  CHECK(AT4(read(w, 1, 0, ret)), BAD_DESCRIPTOR);
  CHECK(AT4(read_via_stream(w, 0, ret)), BAD_DESCRIPTOR);
  CHECK(AT4(read(both, 10, 0, ret)), OK);
  CHECK(load32(ret + 8), 5);
}

// ---- paths that lead out ----

static const char *const outside[] = {
    "..",     "../",         "../secret",         "./../secret",  "../tmp/../secret",
    "/",      "/etc/passwd", "//etc/passwd",      "out",          "out/",
    "out/..", "../raw/new",  "file/../../secret", "\\..\\secret", "..\\secret",
    "",
};

// Every method refuses, whichever error it has for that, and takes nothing else for it.
static void refused(const char *what, const char *path, u32 result) {
  if (result != OK)
    return;
  failures++;
  print(1, what);
  print(1, " of ");
  print(1, path);
  print(1, "\n");
}

static void escape(void) {
  u32 d = dirs[0];
  for (u32 i = 0; i < sizeof outside / sizeof *outside; i++) {
    const char *p = outside[i];
#define REFUSED(what, call) refused(what, p, AT4(call))
    REFUSED("open", open_at(d, FOLLOW, PATH(p), 0, READ, ret));
    REFUSED("open directory", open_at(d, FOLLOW, PATH(p), DIRECTORY, READ, ret));
    REFUSED("truncate", open_at(d, FOLLOW, PATH(p), TRUNCATE, WRITE, ret));
    refused("stat", p, (stat_at(d, FOLLOW, PATH(p), ret), code(8)));
    refused("hash", p, (metadata_hash_at(d, FOLLOW, PATH(p), ret), code(8)));
    REFUSED("set times", set_times_at(d, FOLLOW, PATH(p), NOW, 0, 0, NOW, 0, 0, ret));
    REFUSED("remove directory", remove_directory_at(d, PATH(p), ret));
    REFUSED("link", link_at(d, FOLLOW, PATH(p), d, PATH("l"), ret));
    // A link itself is inside; with backslashes it is only an odd name.
    if (same((const u8 *)p, "out", 3) || same((const u8 *)p, "\\", 1) || same((const u8 *)p, "..\\", 3))
      continue;
    REFUSED("create", open_at(d, FOLLOW, PATH(p), CREATE, READ | WRITE, ret));
    REFUSED("create alone", open_at(d, 0, PATH(p), CREATE | EXCLUSIVE, READ | WRITE, ret));
    REFUSED("make directory", create_directory_at(d, PATH(p), ret));
    REFUSED("unlink", unlink_file_at(d, PATH(p), ret));
    REFUSED("symlink", symlink_at(d, PATH("file"), PATH(p), ret));
    REFUSED("readlink", readlink_at(d, PATH(p), ret));
    REFUSED("rename from", rename_at(d, PATH(p), d, PATH("r"), ret));
    REFUSED("rename to", rename_at(d, PATH("file"), d, PATH(p), ret));
    REFUSED("link to", link_at(d, 0, PATH("file"), d, PATH(p), ret));
#undef REFUSED
  }
  // A link that is made here and leads out is no way out.
  refused("absolute link", "/etc", AT4(symlink_at(d, PATH("/etc"), PATH("a"), ret)));
  symlink_at(d, PATH(".."), PATH("up"), ret);
  refused("open", "up", AT4(open_at(d, FOLLOW, PATH("up"), DIRECTORY, READ, ret)));
  refused("open", "up/secret", AT4(open_at(d, FOLLOW, PATH("up/secret"), 0, READ, ret)));
  refused("create", "up/new", AT4(open_at(d, 0, PATH("up/new"), CREATE, WRITE, ret)));
  refused("rename", "up/new", AT4(rename_at(d, PATH("file"), d, PATH("up/new"), ret)));
  unlink_file_at(d, PATH("up"), ret);
  // A directory that is moved while it is open stays inside.
  CHECK(VOID(create_directory_at(d, PATH("x"), ret)), OK);
  CHECK(VOID(create_directory_at(d, PATH("x/y"), ret)), OK);
  CHECK(OPENED(d, 0, "x/y", DIRECTORY, READ), OK);
  u32 y = load32(ret + 4);
  CHECK(VOID(rename_at(d, PATH("x/y"), d, PATH("y"), ret)), OK);
  refused("open", "../../secret", AT4(open_at(y, FOLLOW, PATH("../../secret"), 0, READ, ret)));
  refused("open", "..", AT4(open_at(y, FOLLOW, PATH(".."), DIRECTORY, READ, ret)));
  CHECK(VOID(remove_directory_at(d, PATH("x"), ret)), OK);
  CHECK(VOID(remove_directory_at(d, PATH("y"), ret)), OK);
}

// ---- devices and streams of the host ----

static void devices(void) {
  static const char *const names[] = {"CON", "nul", "COM1.txt", "file:stream", "LPT\xc2\xb9"};
  u32 d = dirs[0];
  CHECK(OPENED(d, FOLLOW, "fifo", 0, READ), ACCESS); // and does not wait for who opens the other end
  CHECK(OPENED(d, FOLLOW, "fifo", 0, WRITE), ACCESS);
  CHECK(OPENED(d, FOLLOW, "fifo", TRUNCATE, READ | WRITE), ACCESS);
  CHECK(OPENED(d, FOLLOW, "fifo", CREATE, READ | WRITE), ACCESS);
  CHECK(OPENED(d, FOLLOW, "socket", 0, READ | WRITE), ACCESS);
  CHECK((stat_at(d, 0, PATH("fifo"), ret), code(8)), OK);
  // What other systems take for devices are names like any other, and not there.
  for (u32 i = 0; i < sizeof names / sizeof *names; i++) {
    CHECK(OPENED(d, FOLLOW, names[i], 0, READ), NO_ENTRY);
    CHECK(OPENED(d, FOLLOW, names[i], CREATE, READ | WRITE), OK);
    CHECK(VOID(get_type(load32(ret + 4), ret)), OK);
    CHECK(ret[1], TYPE_FILE);
    CHECK(VOID(unlink_file_at(d, PATH(names[i]), ret)), OK);
  }
}

__attribute__((export_name("run"))) u32 run(void) {
  get_arguments(ret);
  u32 row = load32(ret) + 8, n = load32((PTR)(row + 4));
  for (u32 i = 0; i < n && i < sizeof word - 1; i++)
    word[i] = ((const char *)load32((PTR)row))[i];
  open_directories();
  if (is("read-only"))
    read_only();
  if (is("opened for less"))
    opened_for_less();
  if (is("escape"))
    escape();
  if (is("devices"))
    devices();
  return failures != 0;
}
