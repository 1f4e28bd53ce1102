# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of Go, Rust and AssemblyScript, built by their own toolchains, and the test runners of Go and cargo."""
import os
import shutil

from harness import HERE, Failure, Skip, case

GO = os.path.join(HERE, "go")
RUST = os.path.join(HERE, "rust")
WASIP1 = {"GOOS": "wasip1", "GOARCH": "wasm"}


def go_pair(ctx, name):
    """A package of tests/guests/go as (guest, native twin)."""
    ctx.need("go")
    source = os.path.join(GO, name, "main.go")
    command = ["go", "build", "-trimpath"]
    native = native_go(ctx, command, name, source)
    target = os.path.join(ctx.bin, f"go-{name}.wasm")
    if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(source):
        done = ctx.process(command + ["-o", target, "./" + name], cwd=GO, env=WASIP1, timeout=900)
        if done.status != 0:
            raise Skip("go build for wasip1: " + done.err.decode(errors="replace").strip()[-200:])
    return target, native


def native_go(ctx, command, name, source):
    target = os.path.join(ctx.bin, f"go-{name}")
    if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(source):
        done = ctx.process(command + ["-o", target, "./" + name], cwd=GO, timeout=900)
        if done.status != 0:
            raise Failure("go build: " + done.err.decode(errors="replace").strip()[-300:])
    return target


@case("go/goroutines", "heavy")
def goroutines(ctx):
    guest, native = go_pair(ctx, "goroutines")
    ctx.same(ctx.guest(guest), ctx.process([native]))


@case("go/host", "heavy")
def host(ctx):
    guest, native = go_pair(ctx, "host")
    env = {"COVE_A": "b c", "COVE_EMPTY": ""}
    mine = ctx.guest(guest, "one", "two words", env=env, stdin=b"x\ny\nlast without newline")
    twin = ctx.process([native, "one", "two words"], env=env, stdin=b"x\ny\nlast without newline")
    ctx.same(mine, twin)
    if mine.err != twin.err:
        raise Failure(f"standard error: {mine.err!r}, want {twin.err!r}")


@case("go/files", "heavy")
def files(ctx):
    guest, native = go_pair(ctx, "files")
    mine, theirs = ctx.empty_dir("guest"), ctx.empty_dir("native")
    ctx.same(ctx.guest(guest, "/w", dirs=[(mine, "/w")]), ctx.process([native, theirs]))


@case("go/library", "heavy")
def library(ctx):
    guest, native = go_pair(ctx, "library")
    ctx.same(ctx.guest(guest), ctx.process([native]))


def go_test(ctx, *arguments, timeout=900):
    """`go test` for wasip1, in tests/guests/go, through the exec wrapper."""
    ctx.need("go")
    wrapper, env = ctx.exec_wrapper("go_wasip1_wasm_exec")
    env = dict(env, PATH=wrapper + os.pathsep + os.environ["PATH"], **WASIP1)
    return ctx.process(["go", "test", *arguments], cwd=GO, env=env, timeout=timeout)


@case("go/test-runner", "heavy")
def test_runner(ctx):
    ctx.contains(go_test(ctx, "-count=1", "-v", "-bench=.", "-benchtime=20x", "./mathx"), "--- PASS: TestParallel/three",
                 "--- PASS: TestTemporaryFiles", "BenchmarkGcd", "\nPASS\n")
    ctx.contains(go_test(ctx, "-count=1", "./mathx", "-args", "fail-please"), "failing as asked", status=1)


@case("go/test-std-small", "heavy")
def test_std_small(ctx):
    packages = ["strings", "sort", "strconv", "container/list", "container/heap", "errors", "path", "unicode/utf8",
                "bufio", "hash/crc32"]
    ctx.contains(go_test(ctx, "-count=1", "-short", *packages), *[f"ok  \t{package}\t" for package in packages])


@case("go/test-std-json", "heavy")
def test_std_json(ctx):
    """Nests deeply: Go's own wrappers ask other runtimes for a stack of 8 MiB."""
    ctx.contains(go_test(ctx, "-count=1", "-short", "encoding/json"), "ok  \tencoding/json\t")


@case("go/test-std-time", "heavy")
def test_std_time(ctx):
    """Package time: timers, tickers, clocks. It reads the zones from GOROOT, so the wrapper's whole-disk grant matters."""
    ctx.contains(go_test(ctx, "-count=1", "-short", "time"), "ok  \ttime\t")


@case("go/test-std-os", "heavy")
def test_std_os(ctx):
    ctx.contains(go_test(ctx, "-count=1", "-short", "os", "io/fs", "path/filepath"), "ok  \tos\t", "ok  \tio/fs\t",
                 "ok  \tpath/filepath\t")


def rust_target(ctx):
    ctx.need("cargo", "rustc")
    done = ctx.process(["rustc", "--print", "target-libdir", "--target", "wasm32-wasip1"], cwd=RUST)
    if done.status != 0 or not os.path.isdir(done.out.decode().strip()):
        if ctx.options.offline or not shutil.which("rustup"):
            raise Skip("rustc has no wasm32-wasip1 (rustup target add wasm32-wasip1)")
        added = ctx.process(["rustup", "target", "add", "wasm32-wasip1"], cwd=RUST, timeout=300)
        if added.status != 0:
            raise Skip("rustup target add wasm32-wasip1: " + added.err.decode(errors="replace").strip()[-200:])


def cargo(ctx, *arguments, env=None):
    full = {"CARGO_TARGET_DIR": os.path.join(ctx.work, "cargo")}
    full.update(env or {})
    return ctx.process(["cargo", *arguments, "--offline"], cwd=RUST, env=full, timeout=900)


@case("rust/std", "heavy")
def rust_std(ctx):
    rust_target(ctx)
    for extra in ([], ["--target", "wasm32-wasip1"]):
        done = cargo(ctx, "build", "-q", "--release", *extra)
        if done.status != 0:
            raise Failure("cargo build: " + done.err.decode(errors="replace")[-400:])
    out = os.path.join(ctx.work, "cargo")
    mine, theirs = ctx.empty_dir("guest"), ctx.empty_dir("native")
    env = {"COVE_A": "1"}
    ctx.same(ctx.guest(os.path.join(out, "wasm32-wasip1", "release", "guest.wasm"), "/w", "x", env=env, stdin=b"a\nb\n",
                       dirs=[(mine, "/w")]),
             ctx.process([os.path.join(out, "release", "guest"), theirs, "x"], env=env, stdin=b"a\nb\n"))


@case("rust/cargo-test", "heavy")
def cargo_test(ctx):
    """`cargo test` and `cargo run` through the runner."""
    rust_target(ctx)
    if ctx.engine.name == "cove":
        wrapper, env = ctx.exec_wrapper("cargo_wasip1_exec")
        runner = os.path.join(wrapper, "cargo_wasip1_exec")
    else:
        runner, env = " ".join(ctx.engine.prefix + ["--dir", RUST + "::."]), {}
    env = dict(env, CARGO_TARGET_WASM32_WASIP1_RUNNER=runner)
    ctx.contains(cargo(ctx, "test", "--lib", "--target", "wasm32-wasip1", env=env), "3 passed; 0 failed; 1 ignored")
    done = cargo(ctx, "test", "--lib", "--target", "wasm32-wasip1", "fails_if_asked", env=env)
    ctx.contains(done, "0 passed; 0 failed; 1 ignored")


@case("assemblyscript/program", "heavy")
def assemblyscript(ctx):
    """AssemblyScript through its WASI shim; what it prints is recorded here."""
    compiler = ctx.npm("assemblyscript", "bin/asc.js")
    shim = ctx.npm("@assemblyscript/wasi-shim", "asconfig.json")
    ctx.need("node")
    source = os.path.join(HERE, "scripts", "program.ts")
    base = os.path.join(ctx.work, "npm")
    target = os.path.join(ctx.bin, "assemblyscript.wasm")
    # The compiler wants its inputs below its base directory.
    shutil.copy(source, os.path.join(base, "program.ts"))
    done = ctx.process(["node", compiler, "program.ts", "--config", os.path.relpath(shim, base), "-O2", "-o",
                        os.path.relpath(target, base)], cwd=base, timeout=300)
    if done.status != 0:
        raise Skip("asc: " + (done.err or done.out).decode(errors="replace").strip()[-200:])
    ctx.same(ctx.guest(target, "x", env={"COVE_A": "1"}),
             b"sum 333833500\nsorted 1,2,3,5,8\nmap 3 two\nargs 1\nclock true\nfloat 0.3333333333333333\n")
