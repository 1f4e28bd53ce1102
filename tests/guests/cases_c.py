# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs in C and C++: our own small ones, and SQLite, Lua, zstd and bzip2 from Debian's sources."""
import glob
import os
import shutil

from harness import C, HERE, Failure, Skip, case


def text_sample():
    """Some 200 kB of text that every checkout has: the sources of these tests, repeated."""
    parts = []
    for path in sorted(glob.glob(os.path.join(C, "*.c"))):
        with open(path, "rb") as file:
            parts.append(file.read())
    return b"".join(parts) * 6


def own(name):
    return [os.path.join(C, name + ".c")]


def same_plain(ctx, name, *args, stdin=b""):
    """The guest and its twin, without grants, say the same."""
    guest, native = ctx.c_pair(name, own(name))
    ctx.same(ctx.guest(guest, *args, stdin=stdin), ctx.process([native, *args], stdin=stdin))


@case("c/hello", "own")
def hello(ctx):
    same_plain(ctx, "hello")


@case("c/library", "own")
def library(ctx):
    """A library with a world of its own, made into a component with the adapter for preview 1."""
    if ctx.engine.name != "cove":
        raise Skip("of cove only")
    cove, wit, folder = ctx.engine.prefix[0], os.path.join(C, "library.wit"), ctx.empty_dir("bindings")
    ctx.same(ctx.process([cove, "bindgen", "guest", wit, "-w", "library", "-o", folder]), b"", "bindgen")
    module = ctx.c_guest("library", own("library") + [os.path.join(folder, "library.c")],
                         flags=["-mexec-model=reactor", "-I", folder])
    out = os.path.join(ctx.scratch, "library.wasm")
    made = ctx.process([cove, "component", "new", module, "--wasi-reactor", "-o", out])
    ctx.same(made, b"", "component new")
    ctx.same(ctx.process([cove, "run", "--invoke", "twice(4)", out]), b"initialised\ntwice 4\n108\n")
    ctx.same(ctx.process([cove, "run", "--invoke", 'greet("you")', out]), b'initialised\n"hello, you"\n')


@case("c/snapshot", "own")
def snapshot(ctx):
    """A snapshot says what the program says that builds its tables first, here and in another engine."""
    if ctx.engine.name != "cove":
        raise Skip("of cove only")
    cove, run = ctx.engine.prefix[0], ctx.engine.prefix
    guest, native = ctx.c_pair("snapshot", own("snapshot"), guest_flags=["-mexec-model=reactor"])
    folder, out = ctx.empty_dir("data"), os.path.join(ctx.scratch, "snapshot.wasm")
    whole = ctx.process([native])
    ctx.same(ctx.process(run + ["--invoke", "resume", guest]), whole, "not initialised")
    ctx.same(ctx.process([cove, "snapshot", guest, "--rename-func", "_start=resume", "-o", out]), b"", "snapshot")
    ctx.same(ctx.process(run + [out]), whole, "snapshot")
    ctx.contains(ctx.process([cove, "validate", "--features=wasm2", out]), status=0)
    if shutil.which("node"):
        script = os.path.join(HERE, "scripts", "snapshot.mjs")
        ctx.same(ctx.process(["node", "--no-warnings", script, out]), whole, "snapshot in node")
    # What was read is fixed.
    with open(os.path.join(folder, "text"), "w") as file:
        file.write("as it was")
    ctx.same(ctx.process([cove, "snapshot", guest, "--dir", folder + "::/data", "--rename-func", "_start=resume", "-o",
                          out]), b"", "snapshot with a file")
    os.remove(os.path.join(folder, "text"))
    ctx.same(ctx.process(run + [out]), whole.out.replace(b'text ""', b'text "as it was"'), "snapshot with a file")


@case("c/args", "own")
def args(ctx):
    same_plain(ctx, "args", "one", "", "three four", "ünïcode", "--dir", "-x", "a=b")


@case("c/env", "own")
def env(ctx):
    guest, _ = ctx.c_pair("env", own("env"))
    ctx.same(ctx.guest(guest, "A", "B", "PATH", env={"A": "1 2", "B": ""}), b"A=1 2\nB=\nPATH=(unset)\n")
    ctx.same(ctx.guest(guest), b"", "an environment that nothing was granted to")


@case("c/cat", "own")
def cat(ctx):
    guest, _ = ctx.c_pair("cat", own("cat"))
    data = bytes(range(256)) * 1000
    with open(os.path.join(ctx.scratch, "data"), "wb") as out:
        out.write(data)
    ctx.same(ctx.guest(guest, stdin=data), data, "standard input")
    ctx.same(ctx.guest(guest, "/d/data", dirs=[(ctx.scratch, "/d")]), data, "a granted file")
    refused = ctx.guest(guest, "/d/../../etc/passwd", "/etc/passwd", dirs=[(ctx.scratch, "/d")])
    if refused.out or refused.status != 1:
        raise Failure(f"a path outside the grant: {len(refused.out)} bytes, status {refused.status}")


@case("c/ls", "own")
def ls(ctx):
    guest, native = ctx.c_pair("ls", own("ls"))
    tree = ctx.empty_dir("tree")
    for i in range(700):
        with open(os.path.join(tree, f"{i:03}-" + "x" * (i % 90)), "w", encoding="utf-8") as out:
            out.write("y" * i)
    os.mkdir(os.path.join(tree, "directory"))
    os.symlink("directory", os.path.join(tree, "link"))
    ctx.same(ctx.guest(guest, "/t", dirs=[(tree, "/t")]), ctx.process([native, tree]))
    ctx.same(ctx.guest(guest, ".", dirs=[(tree, ".")]), ctx.process([native, tree]), "the same as `.`")


@case("c/exit", "own")
def exit_status(ctx):
    for how in ([], ["0"], ["1"], ["42"], ["7", "exit"]):
        same_plain(ctx, "exit", *how)


@case("c/files", "own")
def files(ctx):
    guest, native = ctx.c_pair("files", own("files"))
    mine, theirs = ctx.empty_dir("guest"), ctx.empty_dir("native")
    ctx.same(ctx.guest(guest, "/w", dirs=[(mine, "/w")]), ctx.process([native, theirs]))
    if os.listdir(mine):
        raise Failure(f"left behind: {os.listdir(mine)}")


@case("c/memory", "own")
def memory(ctx):
    same_plain(ctx, "memory")


@case("c/clock", "own")
def clock(ctx):
    same_plain(ctx, "clock")


@case("c/deep", "own")
def deep(ctx):
    same_plain(ctx, "deep")


@case("c/numbers", "own")
def numbers(ctx):
    same_plain(ctx, "numbers")


@case("c/trap", "own")
def trap(ctx):
    """A trap ends the program with a status that is not the program's own, after what it had printed."""
    guest, _ = ctx.c_pair("trap", own("trap"))
    for how in ("unreachable", "divide", "load", "recurse", "call"):
        done = ctx.guest(guest, how)
        if done.out != b"before\n" or done.status == 0 or done.status < 0 or not done.err:
            raise Failure(f"{how}: status {done.status}, printed {done.out!r}{ctx.last_words(done)}")


@case("cxx/words", "own")
def words(ctx):
    """The C++ library; its twin is built with the machine's own library, so hash order must not show."""
    source = os.path.join(C, "words.cc")
    guest, native = ctx.c_pair("words", [source], flags=["-std=c++17", "-fno-exceptions"],
                               compiler=ctx.options.clang.replace("clang", "clang++"))
    text = text_sample()
    ctx.same(ctx.guest(guest, stdin=text), ctx.process([native], stdin=text))


@case("c/bzip2", "heavy")
def bzip2(ctx):
    source = ctx.debian_source("bzip2")
    library = ["blocksort", "huffman", "crctable", "randtable", "compress", "decompress", "bzlib"]
    guest, native = ctx.c_pair("bz", own("bz") + [os.path.join(source, name + ".c") for name in library],
                               flags=["-I", source])
    text = text_sample()
    packed = ctx.process([native, "c"], stdin=text)
    ctx.same(ctx.guest(guest, "c", stdin=text), packed, "compressed")
    ctx.same(ctx.guest(guest, "d", stdin=packed.out), text, "decompressed")


def zstd_pair(ctx):
    lib = os.path.join(ctx.debian_source("libzstd"), "lib")
    sources = [f for part in ("common", "compress", "decompress")
               for f in sorted(glob.glob(os.path.join(lib, part, "*.c")))]
    return ctx.c_pair("zst", own("zst") + sources, flags=["-I", lib, "-DZSTD_DISABLE_ASM"])


@case("c/zstd", "heavy")
def zstd(ctx):
    guest, native = zstd_pair(ctx)
    text = text_sample()
    for level in ("1", "3", "9", "19"):
        packed = ctx.process([native, "c", level], stdin=text)
        ctx.same(ctx.guest(guest, "c", level, stdin=text), packed, f"level {level}")
        ctx.same(ctx.guest(guest, "d", stdin=packed.out), text, f"level {level} back")


SQL = b"""
pragma temp_store = memory;
pragma journal_mode;
create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
  insert into t select i, printf('%05d', i * 7919 % 10007), i / 3.0 from n;
create index tb on t(b);
select count(*), min(b), max(b), round(sum(c), 6) from t;
begin; update t set c = -c where a % 3 = 0; delete from t where b like '%13%'; rollback;
update t set b = upper(hex(b)) where a <= 100;
select a, b from t where b between '00500' and '00510' order by b;
select group_concat(a, ',') from (select a from t where a % 997 = 0 order by a desc);
select json_extract('{"a":[1,{"b":"x"}]}', '$.a[1].b'), strftime('%Y-%m-%d', 1700000000, 'unixepoch');
create temp table u as select b, count(*) n from t group by substr(b, 1, 2) order by n desc, b limit 5;
select * from u;
delete from t where a > 2500; vacuum;
select count(*) from t; pragma page_count;
"""


def sqlite_pair(ctx):
    """SQLite's amalgamation, which its own build makes of its sources."""
    ctx.need("make", "tclsh", "gcc")
    source = ctx.debian_source("sqlite3")
    made = os.path.join(ctx.work, "sqlite-amalgamation")
    if not os.path.exists(os.path.join(made, "sqlite3.c")):
        os.makedirs(made, exist_ok=True)
        for command in ([os.path.join(source, "configure"), "--disable-tcl"], ["make", "sqlite3.c"]):
            done = ctx.process(command, cwd=made, timeout=600)
            if done.status != 0:
                raise Failure("SQLite's own build: " + done.err.decode(errors="replace")[-300:])
    shim = os.path.join(C, "shim")
    omit = ["-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_OMIT_WAL", "-DSQLITE_MAX_MMAP_SIZE=0"]
    return ctx.c_pair(
        "sql", own("sql") + [os.path.join(made, "sqlite3.c")], flags=["-I", made] + omit,
        guest_sources=[os.path.join(shim, "posix.c")],
        guest_flags=["-include", os.path.join(shim, "posix.h"), "-D_WASI_EMULATED_MMAN", "-lwasi-emulated-mman"])


@case("c/sqlite", "heavy")
def sqlite(ctx):
    """The same answers, and the same database file byte for byte."""
    guest, native = sqlite_pair(ctx)
    mine, theirs = ctx.empty_dir("guest"), ctx.empty_dir("native")
    ctx.same(ctx.guest(guest, "/w/x.db", stdin=SQL, dirs=[(mine, "/w")]),
             ctx.process([native, os.path.join(theirs, "x.db")], stdin=SQL))
    with open(os.path.join(mine, "x.db"), "rb") as a, open(os.path.join(theirs, "x.db"), "rb") as b:
        if a.read() != b.read():
            raise Failure("the database files differ")


def lua_pair(ctx):
    """Lua: errors go through setjmp, which clang turns into the legacy exception instructions."""
    source = os.path.join(ctx.debian_source("lua5.4"), "src")
    extra = os.path.join(ctx.work, "lua-include")
    os.makedirs(extra, exist_ok=True)
    with open(os.path.join(extra, "lua5.4-deb-multiarch.h"), "w", encoding="utf-8") as out:
        out.write('#define DEB_HOST_MULTIARCH "guest"\n')
    sources = [f for f in sorted(glob.glob(os.path.join(source, "*.c"))) if os.path.basename(f) != "luac.c"]
    shim = os.path.join(C, "shim")
    return ctx.c_pair(
        "lua", sources, flags=["-I", extra, "-I", source],
        guest_sources=[os.path.join(shim, "sjlj.c"), os.path.join(shim, "posix.c")],
        guest_flags=["-mllvm", "-wasm-enable-sjlj", "-mexception-handling", "-I", shim, "-include",
                     os.path.join(shim, "posix.h"), "-D_WASI_EMULATED_SIGNAL", "-D_WASI_EMULATED_PROCESS_CLOCKS",
                     "-lwasi-emulated-signal", "-lwasi-emulated-process-clocks"])


@case("c/lua", "heavy")
def lua(ctx):
    guest, native = lua_pair(ctx)
    script = os.path.join(ctx.scratch, "script.lua")
    shutil.copy(os.path.join(HERE, "scripts", "script.lua"), script)
    ctx.same(ctx.guest(guest, "/s/script.lua", "an argument", dirs=[(ctx.scratch, "/s")]),
             ctx.process([native, script, "an argument"]))


def quickjs_pair(ctx):
    """JavaScript: QuickJS, whose sources a crate carries."""
    source = os.path.join(ctx.crate("rquickjs-sys", "0.14.0"), "quickjs")
    sources = [os.path.join(source, name + ".c") for name in ("quickjs", "libregexp", "libunicode", "dtoa")]
    return ctx.c_pair("js", own("js") + sources, flags=["-I", source, "-D_GNU_SOURCE"],
                      guest_flags=["-D_WASI_EMULATED_PROCESS_CLOCKS", "-lwasi-emulated-process-clocks"],
                      native_flags=["-lpthread"])


@case("c/quickjs", "heavy")
def quickjs(ctx):
    guest, native = quickjs_pair(ctx)
    script = os.path.join(ctx.scratch, "script.js")
    shutil.copy(os.path.join(HERE, "scripts", "script.js"), script)
    ctx.same(ctx.guest(guest, "/s/script.js", dirs=[(ctx.scratch, "/s")]), ctx.process([native, script]))
