# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The rows of tests/cli/run. name: of the golden file; args: what is typed after cove; stdin, env, terminal (standard
error is a terminal); files: whose contents are shown afterwards; then: what is typed after it, if anything (./a: a program that was made; <a: standard input); any_offset: the call is stopped wherever it is."""
import pathlib
import tarfile


def make_files(folder):
    """Files that are not kept as text."""
    folder = pathlib.Path(folder)
    (folder / "component.wasm").write_bytes(b"\0asm\x0d\0\1\0")
    (folder / "truncated.wasm").write_bytes(b"\0asm\1\0\0\0\1\x05\1")
    (folder / "random.bin").write_bytes(b"\xc3\x01\x9e\x7f\x10")
    (folder / "empty.wasm").write_bytes(b"")
    shapes = (folder / "shapes.wat").read_text()
    (folder / "shapes-other.wat").write_text(shapes.replace("log@1.0.0", "log@1.1.0").replace('"y" s32', '"y" u32'))
    math = (folder / "math.wat").read_text()
    (folder / "math-wrong.wat").write_text(math.replace('"b" u32', '"b" s32'))
    (folder / "other" / "test").mkdir(parents=True)
    (folder / "other" / "test" / "math.wat").write_text(math)
    magic = b"\0cwasm\r\n"
    (folder / "cut.cwasm").write_bytes(magic + b"\2\0\0\0")
    (folder / "version.cwasm").write_bytes(magic + b"\xff\0\0\0" + b"\0" * 200)
    (folder / "shorter.cwasm").write_bytes(magic + b"\2\0\0\0" + b"\0" * 200)
    (folder / "build.cwasm").write_bytes(magic + b"\2\0\0\0" + b"\0" * 20 + b"\x80" + b"\0" * 95)
    (folder / "damage").write_text(DAMAGE)
    (folder / "damage").chmod(0o755)
    (folder / "there").mkdir()
    (folder / "there" / "code.wasm").write_bytes(b"")
    (folder / "program.elf").write_bytes(b"\x7fELF\2\1\1" + b"\0" * 64)
    (folder / "program.py").write_text("#!/usr/bin/env python3\nprint('no')\n")
    (folder / "script.wat").write_text("#!/usr/bin/env -S cove run\n" + (folder / "hello.wat").read_text())
    for name, text in ADAPTERS.items():
        (folder / f"adapter-{name}.wat").write_text(text)
    with tarfile.open(folder / "site.tar", "w") as tar:
        tar.add(folder / "data", arcname=".")


# Changes a byte of a file: the last of those that are given in hexadecimal digits, where they are first.
DAMAGE = """#!/usr/bin/env python3
import sys
data, bytes_ = bytearray(open(sys.argv[1], "rb").read()), bytes.fromhex(sys.argv[2])
data[data.index(bytes_) + len(bytes_) - 1] ^= 1
open(sys.argv[1], "wb").write(data)
"""

# A program with a number that is not to be found elsewhere, in the digits that DAMAGE wants.
NUMBER, NUMBER_DIGITS = '(module (func (export "get") (result i32) (i32.const 305419896)))', "f8acd19101"
# What has to be asked for by --features.
WIDE = '''(module (func (export "get") (result i64 i64)
  (i64.add128 (i64.const -1) (i64.const 0) (i64.const 1) (i64.const 0))))'''


# Adapters of others, and what is wrong with them.
ADAPTERS = {
    "good": '(module (import "env" "memory" (memory 0)) (func (export "fd_write") (param i32 i32 i32 i32) (result i32)'
            ' (i32.const 0)) (func (export "proc_exit") (param i32)))',
    "type": '(module (func (export "fd_write") (param i32 i32 i32 i64) (result i32) (i32.const 0)))',
    "less": '(module (func (export "fd_read") (param i32 i32 i32 i32) (result i32) (i32.const 0)))',
    "data": '(module (import "env" "memory" (memory 0)) (data (i32.const 16) "x")'
            ' (func (export "fd_write") (param i32 i32 i32 i32) (result i32) (i32.const 0)))',
    "large": '(module (import "env" "memory" (memory 100)) (func (export "fd_write") (param i32 i32 i32 i32) (result i32)'
             ' (i32.const 0)) (func (export "proc_exit") (param i32)))',
    "table": '(module (import "env" "table" (table 1 funcref)) (func (export "fd_write") (param i32 i32 i32 i32)'
             ' (result i32) (i32.const 0)) (func (export "proc_exit") (param i32)))',
    "caller": '(module (import "__main_module__" "cabi_realloc" (func $f (param i32) (result i32)))'
              ' (func (export "fd_write") (param i32 i32 i32 i32) (result i32) (call $f (i32.const 0)))'
              ' (func (export "proc_exit") (param i32)))',
    "invalid": '(module (func (export "fd_write") (param i32 i32 i32 i32) (result i32)))',
}

# Parts of modules for the world `plugin` of the folder wit.
LOG = '(import "test:shapes/log@1.0.0" "write" (func (param i32 i32)))'
AREA = '(func (export "test:shapes/shapes@1.0.0#area") (param i32 i32 i32) (result i32) (i32.const 0))'
REALLOC = '(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 256))'
MEMORY = '(memory (export "memory") 1)'
WRITES = '(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))'


# A component of the module with this contents.
def new(name, parts, *options):
    return row("component-new-" + name, "component", "new", "-", *options, "-o", "out.wasm", stdin=f"(module {parts})")


# One for the world `plugin`.
def plugin(name, parts):
    return new(name, parts, "--wit", "wit")


# A component of a program of preview 1 with an adapter.
def adapted(name, adapter):
    return row("component-adapt-" + name, "component", "new", "hello.wat", "--adapt", adapter, "-o", "out.wasm")


# A component whose function `get` says whether an interface gives anything but 0.
def asks(interface, function):
    return f'''(component
  (import "{interface}@0.2.0" (instance $i (export "{function}" (func (result u64)))))
  (core func $f (canon lower (func $i "{function}")))
  (core module $m (import "" "f" (func $f (result i64)))
    (func (export "f") (result i32) (i64.ne (call $f) (i64.const 0))))
  (core instance $c (instantiate $m (with "" (instance (export "f" (func $f))))))
  (func (export "get") (result bool) (canon lift (core func $c "f"))))'''


WALL_CLOCK = '''(component
  (import "wasi:clocks/wall-clock@0.2.0" (instance $i
    (type $d (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $d)))
    (export "now" (func (result $datetime)))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $f (canon lower (func $i "now") (memory (core memory $memory "memory"))))
  (core module $m (import "" "f" (func $f (param i32))) (import "memory" "memory" (memory 1))
    (func (export "f") (result i64) (call $f (i32.const 0)) (i64.load (i32.const 0))))
  (core instance $c (instantiate $m (with "" (instance (export "f" (func $f)))) (with "memory" (instance $memory))))
  (func (export "get") (result u64) (canon lift (core func $c "f"))))'''
MONOTONIC_CLOCK = asks("wasi:clocks/monotonic-clock", "now")
RANDOM = asks("wasi:random/random", "get-random-u64")
INSECURE = asks("wasi:random/insecure", "get-insecure-random-u64")


# A function that does nothing.
F = '''(core module $m (func (export "f"))) (core instance $c (instantiate $m))
  (func (export "f") (canon lift (core func $c "f")))'''


# A component that counts what initialised it.
COUNTS = '''(component
  (type $r (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core module $m (import "" "new" (func $new (param i32) (result i32))) (memory 1)
    (func $add (param i32) (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get 0))))
    (func (export "init") (call $add (i32.const 1)))
    (func (export "more") (call $add (i32.const 10)))
    (func (export "get") (result i32) (i32.load (i32.const 8)))
    (func (export "trap") unreachable)
    (func (export "keep") (drop (call $new (i32.const 1)))))
  (core instance $c (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func (export "wizer-initialize") (canon lift (core func $c "init")))
  (func $more (canon lift (core func $c "more")))
  (instance (export "test:a/b") (export "more" (func $more)))
  (func (export "get") (result u32) (canon lift (core func $c "get")))
  (func (export "trap") (canon lift (core func $c "trap")))
  (func (export "keep") (canon lift (core func $c "keep"))))'''


def row(name, *args, **more):
    return {"name": name, "args": list(args), **more}


# A snapshot of the file, and what is asked of it then.
GET = ["run", "--invoke", "get", "out.wasm"]
EXPORTS = ["inspect", "out.wasm"]


def snapshot(name, file, *options, **more):
    return row("snapshot-" + name, "snapshot", file, *options, "-o", "out.wasm", **more)


# A file compiled, and run.
RUN = ["run", "out.cwasm"]


def compiled(name, file, *options, **more):
    return row("compile-" + name, "compile", "--tier", "jit", file, *options, "-o", "out.cwasm", **more)


def app(name, file, *options, **more):
    return row("executable-" + name, "compile", "--executable", "--tier", "jit", file, "-o", "app", "--", *options, **more)


# Where runs leave code for each other.
CACHE = {"COVE_CACHE_DIR": "cache/cove"}


CASES = [
    # ---- the front of the house ----
    row("no-arguments"),
    row("help", "help"),
    row("help-run", "help", "run"),
    row("help-option", "validate", "--help"),
    row("help-exit-status", "help", "exit-status"),
    row("help-features", "help", "features"),
    row("help-grants", "help", "grants"),
    row("help-limits", "help", "limits"),
    row("help-unknown", "help", "exit-statu"),
    row("version", "--version"),
    row("unknown-command", "rum", "hello.wat"),
    row("unknown-command-far", "frobnicate"),
    row("file-instead-of-command", "hello.wat"),
    row("option-before-command", "--dir", ".", "hello.wat"),
    row("unknown-option", "run", "--dirs", ".", "hello.wat"),
    row("option-of-another-command", "validate", "--dir", ".", "hello.wat"),
    row("option-without-argument", "run", "--dir"),
    row("option-with-needless-argument", "run", "--explain=yes", "hello.wat"),
    row("run-no-file", "run"),
    # ---- running ----
    row("run-hello", "run", "hello.wat"),
    row("run-arguments", "run", "args.wat", "a", "--dir", "b c"),
    row("run-double-dash", "run", "--", "args.wat", "-x"),
    row("run-arg0", "run", "--arg0", "other", "args.wat"),
    row("run-script", "run", "script.wat"),
    row("run-standard-input", "run", "-", stdin="(module (func (export \"_start\")))"),
    row("run-exit-status", "run", "exit.wat"),
    row("run-env-none", "run", "env.wat", env={"SECRET": "1"}),
    row("run-env", "run", "--env", "A=1", "--env", "PASSED", "--env", "A=2", "env.wat", env={"PASSED": "through"}),
    row("run-env-missing", "run", "--env", "ABSENT", "env.wat"),
    row("run-env-bad", "run", "--env", "=x", "env.wat"),
    row("run-env-empty", "run", "--env", "", "env.wat"),
    row("run-env-file", "run", "--env-file", "vars.env", "env.wat"),
    row("run-env-file-bad", "run", "--env-file", "hello.wat", "env.wat"),
    row("run-stdin", "run", "--stdin", "data/text.txt", "cat.wat"),
    row("run-stdin-pipe", "run", "cat.wat", stdin="from the pipe\n"),
    row("run-stdin-null", "run", "--stdin", "null", "cat.wat", stdin="not seen"),
    row("run-stdout-file", "run", "--stdout", "out.txt", "hello.wat", files=["out.txt"]),
    row("run-stdout-null", "run", "--stdout=null", "hello.wat"),
    row("run-stdin-missing", "run", "--stdin", "absent.txt", "cat.wat"),
    row("run-two-tiers-interp", "run", "--tier", "interp", "hello.wat"),
    row("run-eager", "run", "--eager", "hello.wat"),
    row("run-tier-unknown", "run", "--tier=fast", "hello.wat"),
    row("run-features-unknown", "run", "--features=sind", "hello.wat"),
    row("run-features-off", "run", "--features=-simd", "simd.wat"),
    # ---- grants ----
    row("dir", "run", "--dir", "data", "read.wat"),
    row("dir-mapped", "run", "--dir", "data::/somewhere:ro", "read.wat"),
    row("dir-missing", "run", "--dir", "absent", "read.wat"),
    row("dir-bad", "run", "--dir", "::x", "read.wat"),
    row("dir-none", "run", "read.wat"),
    row("dir-none-explained", "run", "--explain", "read.wat"),
    row("dir-none-terminal", "run", "read.wat", terminal=True, env={"NO_COLOR": "1"}),
    row("dir-argument-none", "run", "--explain", "read.wat", "data/text.txt"),
    row("dir-argument-mapped", "run", "--explain", "--dir", "data::/x", "read.wat", "data/text.txt"),
    row("dir-argument-other", "run", "--explain", "--tmpfs", "/tmp", "read.wat", "./hello.wat", "/tmp"),
    row("dir-argument-covered", "run", "--explain", "--dir", ".", "read.wat", "data/text.txt"),
    row("dir-read-only", "run", "--explain", "--dir", "data:ro", "write.wat", files=["data/new.txt"]),
    row("dir-write", "run", "--dir", "data", "write.wat", files=["data/new.txt"]),
    row("tmpfs", "run", "--tmpfs", "/tmp", "write.wat"),
    row("archive", "run", "--archive", "site.tar::/site", "read.wat"),
    row("archive-bad", "run", "--archive", "site.tar", "read.wat"),
    row("explain-nothing", "run", "--explain", "hello.wat"),
    row("escape", "run", "--dir", "data", "--explain", "escape.wat"),
    # ---- deterministic runs ----
    row("seed", "run", "--seed", "7", "random.wat"),
    row("clock-fixed", "run", "--clock", "fixed:2026-01-31T12:00:00Z", "clock.wat"),
    row("clock-virtual", "run", "--clock", "virtual:10", "clock.wat"),
    row("clock-no-such-day", "run", "--clock", "fixed:2026-02-29", "clock.wat"),
    # The same for programs of preview 1 and for components.
    row("clock-none", "run", "--clock", "none", "--explain", "clock.wat"),
    row("clock-monotonic", "run", "--clock", "monotonic", "--explain", "clock.wat"),
    row("clock-none-sleep", "run", "--clock", "none", "--explain", "sleep.wat"),
    row("clock-monotonic-sleep", "run", "--clock", "monotonic", "--explain", "sleep.wat"),
    row("random-none", "run", "--random", "none", "--explain", "random.wat"),
    row("random-bad", "run", "--random", "some", "random.wat"),
    row("component-clock-none", "run", "--clock", "none", "--explain", "--invoke", "get()", "-", stdin=MONOTONIC_CLOCK),
    row("component-clock-none-error", "run", "--clock", "none", "--deny", "error", "--explain", "--invoke", "get()", "-",
        stdin=MONOTONIC_CLOCK),
    row("component-clock-monotonic", "run", "--clock", "monotonic", "--explain", "--invoke", "get()", "-",
        stdin=MONOTONIC_CLOCK),
    row("component-wall-clock", "run", "--clock", "monotonic", "--invoke", "get()", "-", stdin=WALL_CLOCK),
    row("component-wall-clock-error", "run", "--clock", "monotonic", "--deny=error", "--explain", "--invoke", "get()",
        "-", stdin=WALL_CLOCK),
    row("component-wall-clock-fixed", "run", "--clock", "fixed:77", "--invoke", "get()", "-", stdin=WALL_CLOCK),
    row("component-random-none", "run", "--random", "none", "--invoke", "get()", "-", stdin=RANDOM),
    row("component-random-none-error", "run", "--random", "none", "--deny", "error", "--explain", "--invoke", "get()",
        "-", stdin=RANDOM),
    row("component-random-seed", "run", "--random", "none", "--seed", "7", "--invoke", "get()", "-", stdin=RANDOM),
    row("component-insecure", "run", "--random", "none", "--explain", "--invoke", "get()", "-", stdin=INSECURE),
    row("component-deny-bad", "run", "--deny", "some", "--invoke", "get()", "-", stdin=RANDOM),
    row("clock-bad", "run", "--clock", "sundial", "clock.wat"),
    # ---- limits ----
    row("timeout", "run", "--timeout", "100ms", "loop.wat", any_offset=True),
    row("timeout-bad", "run", "--timeout", "soon", "loop.wat"),
    row("fuel", "run", "--fuel", "100k", "loop.wat"),
    row("max-memory", "run", "--max-memory", "1MiB", "grow.wat"),
    row("max-memory-start", "run", "--max-memory", "64KiB", "-", stdin='(module (memory 2) (func (export "_start")))'),
    row("max-table", "run", "--max-table", "1000", "-",
        stdin='(module (table 1 funcref) (func (export "_start") (loop (br_if 0 (i32.ne (i32.const -1)'
              ' (table.grow (ref.null func) (i32.const 100)))))))'),
    row("max-table-start", "run", "--max-table=10", "-",
        stdin='(module (table 11 funcref) (func (export "_start")))'),
    row("max-table-bad", "run", "--max-table", "0", "hello.wat"),
    row("max-instances", "run", "--max-instances", "1", "hello.wat"),
    row("max-instances-bad", "run", "--max-instances", "5G", "hello.wat"),
    row("max-stack-too-large", "run", "--max-stack", "2000G", "hello.wat"),
    row("max-stack-too-small", "run", "--max-stack", "64KiB", "hello.wat"),
    row("seed-hexadecimal", "run", "--seed", "0x2a", "random.wat"),
    row("seed-decimal", "run", "--seed", "42", "random.wat"),
    row("seed-bad", "run", "--seed", "0x2g", "random.wat"),
    row("max-output", "run", "--max-output", "100", "chatter.wat"),
    row("max-output-one-write", "run", "--max-output", "3", "hello.wat"),
    row("max-descriptors-bad", "run", "--max-descriptors", "many", "hello.wat"),
    row("max-random-bad", "run", "--max-random", "-1", "hello.wat"),
    # ---- services of components ----
    row("config", "run", "--config", "color=blue", "--config-file", "vars.env", "config-component.wat"),
    row("config-not-given", "run", "config-component.wat"),
    row("config-bad", "run", "--config", "=x", "config-component.wat"),
    row("config-no-value", "run", "--config", "color", "config-component.wat"),
    row("config-file-bad", "run", "--config-file", "hello.wat", "config-component.wat"),
    row("config-file-binary", "run", "--config-file", "component.wasm", "config-component.wat"),
    row("env-file-binary", "run", "--env-file", "component.wasm", "env.wat"),
    row("config-file-missing", "run", "--config-file", "absent", "config-component.wat"),
    row("log", "run", "--log", "log-component.wat"),
    row("log-level", "run", "--log=error", "log-component.wat"),
    row("log-colour", "run", "--log=trace", "log-component.wat", terminal=True),
    row("log-no-colour", "run", "--log", "log-component.wat", terminal=True, env={"NO_COLOR": "1"}),
    row("component-invoke-other-version", "run", "--invoke", "first@2.0.0#nine()", "values-component.wat"),
    row("wit-garbage", "wit", "random.bin"),
    row("wit-misspelled", "wit", "chek", "wit"),
    row("descriptors-none", "run", "--max-descriptors", "2", "hello.wat"),
    row("descriptors-few", "run", "--max-descriptors", "3", "--dir", "data", "hello.wat"),
    row("log-level-apart", "run", "--log", "info", "log-component.wat"),
    row("log-level-unknown", "run", "--log=loud", "log-component.wat"),
    row("log-not-given", "run", "log-component.wat"),
    row("log-limit", "run", "--log", "--max-output=30", "log-component.wat"),
    row("keyvalue", "run", "--keyvalue", "cache", "keyvalue-component.wat"),
    row("keyvalue-file", "run", "--keyvalue", "cache=c.db", "keyvalue-component.wat"),
    row("keyvalue-not-given", "run", "keyvalue-component.wat"),
    row("keyvalue-other", "run", "--explain", "--keyvalue", "users", "keyvalue-component.wat"),
    row("socket-not-granted", "run", "--explain", "wants-socket-component.wat"),
    row("keyvalue-no-name", "run", "--keyvalue", "=f.db", "hello.wat"),
    row("keyvalue-no-file", "run", "--keyvalue", "b=", "hello.wat"),
    row("keyvalue-no-file-ro", "run", "--keyvalue", "b=:ro", "hello.wat"),
    row("keyvalue-folder", "run", "--keyvalue", "b=data", "hello.wat"),
    row("keyvalue-not-a-database", "run", "--keyvalue", "b=hello.wat:ro", "hello.wat"),
    row("keyvalue-no-url", "run", "--keyvalue", "cache=file:absent/c.db?mode=memory", "keyvalue-component.wat"),
    row("keyvalue-twice", "run", "--keyvalue", "b", "--keyvalue", "b=f.db", "hello.wat"),
    row("keyvalue-file-missing", "run", "--keyvalue", "b=absent/f.db", "hello.wat"),
    row("inspect-controls", "inspect", "controls.wat"),
    row("print-controls", "print", "controls.wat"),
    row("inspect-controls-json", "inspect", "--json", "controls.wat"),
    row("run-controls-import", "run", "controls.wat"),
    row("run-controls-trap", "run", "controls-trap.wat"),
    row("inspect-services", "inspect", "log-component.wat"),
    # ---- traps ----
    row("trap", "run", "trap.wat"),
    row("trap-colour", "run", "trap.wat", terminal=True),
    row("trap-stack", "run", "--tier=interp", "recurse.wat"),
    # ---- calling exports ----
    row("invoke", "run", "--invoke", "add", "functions.wat", "2", "0x28"),
    row("invoke-many", "run", "--invoke", "many", "functions.wat"),
    row("invoke-float", "run", "--invoke", "half", "functions.wat", "3"),
    row("invoke-reactor", "run", "--invoke", "get", "reactor.wat"),
    row("invoke-unknown", "run", "--invoke", "ad", "functions.wat"),
    row("invoke-not-a-function", "run", "--invoke", "memory", "functions.wat"),
    row("invoke-count", "run", "--invoke", "add", "functions.wat", "2"),
    row("invoke-type", "run", "--invoke", "add", "functions.wat", "2", "two"),
    row("invoke-vector", "run", "--invoke", "f", "-", "1", stdin='(module (func (export "f") (param v128)))'),
    row("invoke-reference", "run", "--invoke", "f", "-", "1", stdin='(module (func (export "f") (param externref)))'),
    row("invoke-range", "run", "--invoke", "add", "functions.wat", "2", "4294967296"),
    row("reactor-as-command", "run", "reactor.wat"),
    row("library-as-command", "run", "functions.wat"),
    # ---- files that are no modules ----
    row("file-no-name", "run", ""),
    row("file-missing", "run", "absent.wasm"),
    row("file-directory", "run", "data"),
    row("file-empty", "run", "empty.wasm"),
    row("file-component", "run", "component.wasm"),
    row("component-run", "run", "hello-component.wat"),
    row("component-run-fails", "run", "hello-component.wat", "argument"),
    row("component-nothing-to-run", "run", "calls-component.wat"),
    row("component-invoke", "run", "--invoke", "add(1, 2)", "calls-component.wat"),
    row("component-invoke-operands", "run", "--invoke", "add", "calls-component.wat", "3", "4"),
    row("component-invoke-string", "run", "--invoke", 'same("h\\u{e9}llo\\n")', "calls-component.wat"),
    row("component-invoke-interface", "run", "--invoke", "test:calls/echo@1.0.0#points([(1, 2.5), (-3, nan)])",
        "calls-component.wat"),
    row("component-invoke-range", "run", "--invoke", "add(1, 256)", "calls-component.wat"),
    row("component-invoke-few", "run", "--invoke", "add(1)", "calls-component.wat"),
    row("component-invoke-open", "run", "--invoke", "add(1", "calls-component.wat"),
    row("component-invoke-unknown", "run", "--invoke", "nope", "calls-component.wat"),
    *[row("values-" + name, "run", "--invoke", *args[:1], "values-component.wat", *args[1:]) for name, *args in (
        ("enum", "paint(red)"), ("enum-unknown", "paint(blue)"), ("flags", "allow({read, run})"),
        ("flags-unknown", "allow({reed})"), ("char", "letter('x')"), ("char-bare", "letter(x)"), ("bool", "flip(true)"),
        ("bool-number", "flip(1)"), ("string-bare", "echo(a)"), ("string-operand", "echo", 'a "b"'),
        ("option", "maybe(some(3))"), ("option-bare", "maybe(3)"), ("option-none", "maybe(none)"),
        ("result-ok", "either(ok)"), ("result-err", "either(err(4))"), ("result-without", "either(err)"),
        ("constructor", "cursor()"), ("borrow", "cursor.peek(1)"), ("ambiguous", "nine()"), ("short", "first.nine()"),
        ("no-version", "test:values/second#nine()"), ("version", "test:values/second@1.0.0#nine()"),
        ("other-version", "test:values/second@2.0.0#nine()"), ("other-interface", "third#ten()"), ("typo", "ech(\"x\")"),
        ("typo-interface", "first#nin()"), ("no-name", "(1)"), ("empty", ""), ("after", 'echo("x") y'),
        ("twice", 'echo("x")', "z"), ("more", "paint(red, green)"), ("operands-many", "paint", "red", "green"),
        ("space", 'echo ("x")'))],
    row("invoke-parentheses", "run", "--invoke", "add(1, 2)", "functions.wat"),
    row("component-invoke-trap", "run", "--invoke", "fail()", "calls-component.wat"),
    row("component-newer", "run", "--invoke", "f()", "wants-component.wat"),
    row("component-unknown-import", "run", "--invoke", "f()", "-",
        stdin='(component (import "example:x/y@1.0.0" (instance (export "f" (func)))) ' + F + ")"),
    row("component-other-type", "run", "--invoke", "f()", "-",
        stdin='(component (import "wasi:clocks/monotonic-clock@0.2.0" (instance (export "now" (func (result u32))))) ' +
        F + ")"),
    row("component-validate", "validate", "hello-component.wat", "calls-component.wat"),
    row("component-inspect", "inspect", "hello-component.wat"),
    row("component-inspect-names", "inspect", "shapes.wat"),
    row("component-inspect-graph", "inspect", "--graph", "shapes.wat"),
    row("component-inspect-graph-imports", "inspect", "--graph", "calls-component.wat"),
    row("inspect-graph-module", "inspect", "--graph", "hello.wat"),
    row("inspect-graph-json", "inspect", "--graph", "--json", "shapes.wat"),
    row("component-inspect-json", "inspect", "--json", "calls-component.wat"),
    row("file-elf", "run", "program.elf"),
    row("file-python", "run", "program.py"),
    row("file-text", "run", "data/text.txt"),
    row("file-truncated", "run", "truncated.wasm"),
    row("text-malformed", "run", "malformed.wat"),
    row("module-invalid", "run", "invalid.wat"),
    row("import-unknown", "run", "import.wat"),
    row("import-wasi-unknown", "run", "import-wasi.wat"),
    row("import-env", "run", "import-env.wat"),
    row("import-type", "run", "import-type.wat"),
    row("uncaught-exception", "run", "uncaught.wat"),
    row("uncaught-exception-interp", "run", "--tier=interp", "uncaught.wat"),
    row("import-memory", "run", "-", stdin='(module (import "env" "memory" (memory 1)))'),
    row("import-component", "run", "-", stdin='(module (import "wasi:cli/run@0.2.0" "run" (func)))'),
    row("nothing-to-call", "run", "-", stdin="(module)"),
    row("start-with-parameters", "run", "-", stdin='(module (func (export "_start") (param i32)))'),
    row("standard-input-empty", "run", "-", stdin=""),
    row("file-random", "run", "random.bin"),
    # ---- insight ----
    row("trace", "run", "--trace=wasi", "hello.wat"),
    row("trace-json", "run", "--trace=wasi:json", "--stdout=null", "hello.wat"),
    row("component-trace", "run", "--trace=wasi", "--stdout=null", "hello-component.wat", "one", "two", "three", "four"),
    row("component-trace-json", "run", "--trace=wasi:json", "--stdout=null", "hello-component.wat"),
    row("trace-bad", "run", "--trace=everything", "hello.wat"),
    row("timing", "run", "--timing", "hello.wat"),
    row("inspect-program", "inspect", "read.wat"),
    row("inspect-library", "inspect", "functions.wat"),
    row("inspect-import", "inspect", "import.wat"),
    row("inspect-throw", "inspect", "-", stdin='(module (tag $e) (func (export "f") (throw $e)))'),
    row("inspect-simd", "inspect", "simd.wat"),
    row("inspect-json", "inspect", "--json", "functions.wat"),
    # ---- the other commands ----
    row("validate", "validate", "hello.wat", "functions.wat"),
    row("validate-invalid", "validate", "hello.wat", "invalid.wat", "malformed.wat"),
    row("parse-terminal", "parse", "hello.wat", "-o", "out.wasm"),
    row("print", "print", "functions.wat"),
    row("print-no-names", "print", "--no-names", "functions.wat"),
    row("print-folded", "print", "--folded", "functions.wat"),
    row("print-to-file", "print", "-o", "out.wat", "functions.wat", files=["out.wat"]),
    row("print-component", "print", "greeter.wat"),
    row("print-component-invalid", "print", "-", stdin="(component (export \"f\" (func 0)))"),
    row("parse-component-malformed", "parse", "-o", "out.wasm", "-", stdin="(component\n  (func (canon lift (core func $f))))"),
    row("validate-component-text", "validate", "greeter.wat"),
    row("wast", "wast", "script.wast"),
    row("wast-fails", "wast", "-v", "fails.wast"),
    # ---- WIT and components ----
    row("wit-folder", "wit", "wit"),
    row("wit-component", "wit", "shapes.wat"),
    row("wit-wrong", "wit", "wit-wrong.wit"),
    row("wit-none", "wit", "plugin.wat"),
    row("wit-check", "wit", "check", "wit", "-w", "plugin", "shapes.wat"),
    row("wit-check-differs", "wit", "check", "wit", "shapes-other.wat"),
    row("wit-check-module", "wit", "check", "wit", "-w", "plugin", "plugin.wat"),
    row("wit-check-world", "wit", "check", "wit", "-w", "plugins", "shapes.wat"),
    row("wit-check-what", "wit", "check", "wit"),
    row("wit-check-turned", "wit", "check", "shapes.wat", "wit"),
    row("wit-check-missing", "wit", "check", "wit", "absent.wasm"),
    row("wit-check-wasi", "wit", "check", "wit", "hello-component.wat"),
    row("wit-world", "wit", "-w", "plugin", "wit"),
    row("bindgen-host", "bindgen", "host", "wit", "--world", "plugin", files=["plugin.h"]),
    row("bindgen-names", "bindgen", "host", "names.wit", "--prefix", "names", files=["names.h"]),
    row("bindgen-flags", "bindgen", "host", "many-flags.wit"),
    row("bindgen-prefix", "bindgen", "guest", "--prefix", "a/../b", "door.wit", "--world", "door"),
    row("bindgen-long", "bindgen", "host", "long-list.wit"),
    row("bindgen-world", "bindgen", "host", "wit", "--world", "plugins"),
    row("bindgen-what", "bindgen", "wit"),
    row("bindgen-who", "bindgen", "client", "wit"),
    row("bindgen-guest", "bindgen", "guest", "door.wit", "--world", "door", files=["door.h", "door.c"]),
    row("bindgen-guest-prefix", "bindgen", "guest", "wit", "--prefix", "names", "-o", "data", files=["data/names.h"]),
    row("bindgen-guest-world", "bindgen", "guest", "door.wit", "--world", "window"),
    row("bindgen-guest-folder", "bindgen", "guest", "door.wit", "-o", "nowhere"),
    row("bindgen-guest-nothing", "bindgen", "guest", "nowhere.wit"),
    row("bindgen-guest-clash", "bindgen", "guest", "clash.wit", "--world", "clash", files=["clash.h"]),
    row("bindgen-guest-async", "bindgen", "guest", "clash.wit", "--world", "later"),
    row("bindgen-guest-streams", "bindgen", "guest", "clash.wit", "--world", "streams"),
    row("component-new", "component", "new", "plugin.wat", "--wit", "wit", "-o", "plugin.wasm"),
    row("component-no-world", "component", "new", "plugin.wat", "-o", "plugin.wasm"),
    row("component-wrong", "component", "new", "plugin-wrong.wat", "--wit", "wit", "-o", "plugin.wasm"),
    row("component-command", "component", "new", "hello.wat", "--wasi-command", "-o", "hello.wasm"),
    row("component-reactor", "component", "new", "clock.wat", "--wasi-reactor", "-o", "clock.wasm"),
    row("component-preview1", "component", "new", "hello.wat", "-o", "hello.wasm"),
    row("component-no-start", "component", "new", "reactor.wat", "--wasi-command", "-o", "reactor.wasm"),
    plugin("good", LOG + AREA + REALLOC + MEMORY),
    new("nothing", '(func (export "f"))'),
    plugin("import-type", '(import "test:shapes/log@1.0.0" "write" (func (param i32)))' + AREA + REALLOC + MEMORY),
    plugin("import-other", '(import "test:other/log" "write" (func (param i32 i32)))' + AREA + REALLOC + MEMORY),
    plugin("import-root", '(import "$root" "now" (func (result i64)))' + AREA + REALLOC + MEMORY),
    plugin("import-memory", '(import "env" "memory" (memory 1))' + AREA + REALLOC),
    plugin("import-drop", '(import "test:shapes/log@1.0.0" "[resource-drop]file" (func (param i32)))'),
    plugin("export-missing", REALLOC + MEMORY),
    plugin("export-type", AREA.replace("(param i32 i32 i32) ", "(param i32) ") + REALLOC + MEMORY),
    plugin("export-global", '(global (export "test:shapes/shapes@1.0.0#area") i32 (i32.const 0))' + REALLOC + MEMORY),
    plugin("post-type", AREA + REALLOC + MEMORY +
           '(func (export "cabi_post_test:shapes/shapes@1.0.0#area") (param i64))'),
    plugin("no-memory", LOG + AREA + REALLOC),
    plugin("no-memory-export", AREA + REALLOC),
    plugin("no-realloc", AREA + MEMORY),
    plugin("realloc-type", AREA + MEMORY + '(func (export "cabi_realloc") (param i32))'),
    plugin("initialize-type", AREA + MEMORY + REALLOC + '(func (export "_initialize") (param i32))'),
    plugin("memory-64", AREA + REALLOC + MEMORY.replace(" 1", " i64 1")),
    plugin("memory-shared", AREA + REALLOC + MEMORY.replace(" 1", " 1 1 shared")),
    new("section", '(@custom "component-type:x" "\\00asm\\0d\\00\\01\\00\\07\\05")'),
    new("section-other", '(@custom "component-type" "\\00asm\\0d\\00\\01\\00")'),
    new("preview1-type", WRITES.replace("i32 i32) (", "i32 i64) (") + MEMORY + '(func (export "_start"))',
        "--wasi-command"),
    new("preview1-name", WRITES.replace("fd_write", "fd_wrote") + MEMORY + '(func (export "_start"))', "--wasi-command"),
    new("preview1-memory", WRITES + '(func (export "_start"))', "--wasi-command"),
    new("start-type", '(func (export "_start") (param i32))', "--wasi-command"),
    row("component-new-component", "component", "new", "hello-component.wat", "-o", "out.wasm"),
    row("component-new-truncated", "component", "new", "truncated.wasm", "-o", "out.wasm"),
    row("component-new-invalid", "component", "new", "invalid.wat", "--wit", "wit", "-o", "out.wasm"),
    row("component-new-world", "component", "new", "plugin.wat", "--wit", "wit", "--world", "plugins", "-o", "out.wasm"),
    row("component-new-wit", "component", "new", "plugin.wat", "--wit", "wit-wrong.wit", "-o", "out.wasm"),
    adapted("good", "wasi_snapshot_preview1=adapter-good.wat"),
    adapted("name", "adapter-good.wat"),
    adapted("no-file", "wasi_snapshot_preview1=nowhere.wasm"),
    adapted("component", "wasi_snapshot_preview1=hello-component.wat"),
    adapted("truncated", "wasi_snapshot_preview1=truncated.wasm"),
    *[adapted(name, f"wasi_snapshot_preview1=adapter-{name}.wat")
      for name in ("type", "less", "data", "large", "table", "caller", "invalid")],
    row("component-adapt-twice", "component", "new", "hello.wat", "--adapt", "a=adapter-good.wat", "--adapt",
        "a=adapter-less.wat", "-o", "out.wasm"),
    row("component-embed-component", "component", "embed", "hello-component.wat", "--wit", "wit", "-o", "out.wasm"),
    row("component-embed-truncated", "component", "embed", "truncated.wasm", "--wit", "wit", "-o", "out.wasm"),
    row("component-alone", "component"),
    row("component-new-of-nothing", "component", "new"),
    row("component-new-of-two", "component", "new", "hello.wat", "plugin.wat"),
    row("component-what", "component", "frobnicate", "plugin.wat"),
    row("component-embed-no-world", "component", "embed", "plugin.wat", "-o", "plugin.wasm"),
    row("compose-plug", "component", "compose", "socket.wat", "--plug", "math.wat", "-o", "out.wasm"),
    row("compose-plug-type", "component", "compose", "socket.wat", "--plug", "math-wrong.wat", "-o", "out.wasm"),
    row("compose-plug-twice", "component", "compose", "socket.wat", "--plug", "math.wat", "--plug", "math.wat", "-o",
        "out.wasm"),
    row("compose-plug-nothing", "component", "compose", "socket.wat", "--plug", "greeter.wat", "-o", "out.wasm"),
    row("compose-plug-module", "component", "compose", "socket.wat", "--plug", "hello.wat", "-o", "out.wasm"),
    row("compose-plug-missing", "component", "compose", "socket.wat", "--plug", "nope.wasm", "-o", "out.wasm"),
    row("compose-no-plug", "component", "compose", "socket.wat", "-o", "out.wasm"),
    row("compose-what", "component", "compose"),
    row("compose-two-sockets", "component", "compose", "socket.wat", "math.wat"),
    row("compose-plug-and-dep", "component", "compose", "socket.wat", "--plug", "math.wat", "--dep", "a:b=math.wat"),
    row("compose-graph", "component", "compose", "graph.wac", "--dep", "test:math=math.wat", "-o", "out.wasm"),
    row("compose-graph-deps", "component", "compose", "graph.wac", "--deps", "other", "-o", "out.wasm"),
    row("compose-graph-no-dep", "component", "compose", "graph.wac", "-o", "out.wasm"),
    row("compose-graph-bad-dep", "component", "compose", "graph.wac", "--dep", "test:math", "-o", "out.wasm"),
    row("compose-graph-type", "component", "compose", "graph.wac", "--dep", "test:math=math-wrong.wat", "-o", "out.wasm"),
    row("compose-graph-malformed", "component", "compose", "graph-wrong.wac", "-o", "out.wasm"),
    row("compose-graph-unsupported", "component", "compose", "-", "-o", "out.wasm",
        stdin="package test:a;\n\nworld w {\n}\n"),
    row("compose-graph-not-text", "component", "compose", "random.bin", "-o", "out.wasm"),
    row("split", "component", "split", "socket.wat", "-o", "parts"),
    row("split-named", "component", "split", "-", "-o", "parts",
        stdin="(component (core module $hello.wasm) (core module $lib.wasm (memory 1)) (core module $hello))"),
    row("split-alias", "component", "unbundle", "shapes.wat", "-o", "parts"),
    row("split-there", "component", "split", "socket.wat", "-o", "there"),
    row("split-force", "component", "split", "socket.wat", "--force", "-o", "there"),
    row("split-nothing", "component", "split", "component.wasm", "-o", "parts"),
    row("split-module", "component", "split", "hello.wat", "-o", "parts"),
    row("split-where", "component", "split", "socket.wat"),
    row("split-what", "component", "split"),
    row("split-no-folder", "component", "split", "socket.wat", "-o", "data/text.txt"),
    # ---- snapshots ----
    snapshot("twice", "snapshot.wat", then=[GET]),
    snapshot("init", "snapshot.wat", "--init", "other", then=[GET, EXPORTS]),
    snapshot("init-library", "snapshot.wat", "--init", "_initialize", "--keep-init", then=[GET, EXPORTS]),
    snapshot("keep-init", "snapshot.wat", "--keep-init", then=[EXPORTS]),
    snapshot("rename", "snapshot.wat", "--rename-func", "_start=resume", then=[["run", "out.wasm"], EXPORTS]),
    snapshot("random-none", "snapshot.wat", "--init", "random", "--explain", then=[GET]),
    snapshot("random", "snapshot.wat", "--init", "random", "--random", "real", then=[GET]),
    *[snapshot(name, "snapshot.wat", *options) for name, options in {
        "rename-none": ["--rename-func", "_start=none"],
        "rename-bad": ["--rename-func", "_start"],
        "rename-empty": ["--rename-func", "=resume"],
        "rename-memory": ["--rename-func", "memory=resume"],
        "no-such-init": ["--init", "others"],
        "init-memory": ["--init", "memory"],
        "init-takes": ["--init", "takes"],
        "init-leaves": ["--init", "leaves"],
        "init-traps": ["--init", "traps"],
        "open": ["--init", "open", "--dir", "data"],
        "invoke": ["--invoke", "get"],
    }.items()],
    snapshot("library", "reactor.wat"),
    snapshot("no-init", "hello.wat"),
    snapshot("import", "import.wat"),
    snapshot("state", "-", stdin='(module (memory (export "m") 1) (table 2 4 funcref) (global (mut i64) (i64.const 1))'
             ' (data (i32.const 9) "first") (func $f (export "wizer.initialize") (i32.store (i32.const 30) (i32.const 65))'
             ' (global.set 0 (i64.const -7)) (table.set 0 (i32.const 1) (ref.func $f))))', then=[["print", "out.wasm"]]),
    snapshot("imported-memory", "-", stdin='(module (import "env" "memory" (memory 1)) (func (export "_initialize")))'),
    snapshot("invalid", "invalid.wat"),
    snapshot("malformed", "random.bin"),
    snapshot("component", "hello-component.wat", then=[["run", "out.wasm"]]),
    snapshot("component-init", "-", stdin=COUNTS, then=[["run", "--invoke", "get()", "out.wasm"]]),
    snapshot("component-init-named", "-", "--init", "test:a/b#more", stdin=COUNTS,
             then=[["run", "--invoke", "get()", "out.wasm"]]),
    snapshot("component-clock", "-", stdin=MONOTONIC_CLOCK,
             then=[["run", "--clock", "monotonic", "--invoke", "get()", "out.wasm"]]),
    snapshot("component-no-such-init", "-", "--init", "test:a/b#most", stdin=COUNTS),
    snapshot("component-init-takes", "-", "--init", "get", stdin=COUNTS),
    snapshot("component-init-traps", "-", "--init", "trap", stdin=COUNTS),
    snapshot("component-rename", "-", "--rename-func", "get=trap", stdin=COUNTS),
    snapshot("component-resource", "-", "--init", "keep", stdin=COUNTS),
    snapshot("missing", "absent.wasm"),
    snapshot("start-leaves", "-", stdin='(module (import "wasi_snapshot_preview1" "proc_exit" (func $x (param i32)))'
             ' (func $s (call $x (i32.const 0))) (start $s) (func (export "_initialize")))'),
    row("snapshot-to-standard-output", "snapshot", "snapshot.wat", "-o", "-"),
    row("snapshot-no-folder", "snapshot", "snapshot.wat", "-o", "absent/out.wasm"),
    row("snapshot-what", "snapshot"),
    row("snapshot-where", "snapshot", "snapshot.wat"),
    row("snapshot-two", "snapshot", "snapshot.wat", "hello.wat", "-o", "out.wasm"),
    row("help-snapshot", "help", "snapshot"),
    # ---- compiling ahead of time ----
    row("compile-default", "compile", "hello.wat", "-o", "out.cwasm", then=[RUN]),
    compiled("hello", "hello.wat", then=[RUN, ["run", "--tier", "interp", "out.cwasm"], ["validate", "out.cwasm"]]),
    compiled("component", "hello-component.wat", then=[RUN, ["run", "--tier", "interp", "out.cwasm"]]),
    compiled("invoke", "functions.wat", then=[["inspect", "out.cwasm"], ["run", "--invoke", "add", "out.cwasm", "1", "2"]]),
    compiled("trap", "trap.wat", then=[RUN]),
    compiled("uncaught", "uncaught.wat", then=[RUN]),
    compiled("exit", "exit.wat", "--jobs", "3", "--cpu", "least", then=[RUN]),
    compiled("print", "reactor.wat", then=[["print", "out.cwasm"]]),
    compiled("snapshot", "snapshot.wat", then=[["snapshot", "out.cwasm", "-o", "out.wasm"], GET]),
    compiled("again", "hello.wat", then=[["compile", "--tier", "jit", "out.cwasm", "-o", "again.cwasm"], ["run", "again.cwasm"]]),
    *[compiled("damaged-" + name, "-", stdin=NUMBER, then=[["./damage", "out.cwasm", digits], *[
        [*command, "out.cwasm", *options] for command, *options in (
            [["run", "--invoke", "get"]], [["run", "--tier", "interp", "--invoke", "get"]],
            [["compile", "--tier", "jit"], "-o", "again.cwasm"], [["print"]], [["inspect"]], [["validate"]],
            [["parse", "-o", "out.wasm"]], [["snapshot", "-o", "out.wasm"]])]])
      for name, digits in {"code": NUMBER_DIGITS, "program": "0367657400"}.items()],
    row("compile-as-wasm", "compile", "--tier", "jit", "hello.wat", "-o", "hello.wasm", env=CACHE,
        then=[["run", "hello.wasm"], *[["run", "--cache", "hello.wasm"]] * 2, ["cache", "stat"]]),
    row("compile-as-wasm-component", "compile", "--tier", "jit", "hello-component.wat", "-o", "hello.wasm",
        then=[["run", "hello.wasm"]]),
    row("compile-as-wasm-damaged", "compile", "--tier", "jit", "-", "-o", "out.wasm", stdin=NUMBER,
        then=[["./damage", "out.wasm", NUMBER_DIGITS], ["run", "--invoke", "get", "out.wasm"]]),
    row("compile-as-wasm-features", "compile", "--tier", "jit", "--features", "all", "-", "-o", "out.wasm", stdin=WIDE,
        then=[["run", "--invoke", "get", "out.wasm"]]),
    row("compile-pipe", "compile", "--tier", "jit", "hello.wat", "-o", "out.cwasm", then=[["<out.cwasm", "run", "-"]]),
    compiled("features", "-", "--features", "all", stdin=WIDE, then=[
        ["run", "--invoke", "get", "out.cwasm"], ["run", "--tier", "interp", "--invoke", "get", "out.cwasm"],
        ["inspect", "out.cwasm"], ["validate", "out.cwasm", "hello.wat"], ["print", "out.cwasm"],
        ["compile", "--tier", "jit", "out.cwasm", "-o", "again.cwasm"], ["run", "--invoke", "get", "again.cwasm"],
        ["print", "--features", "-wide-arithmetic", "again.cwasm"]]),
    compiled("features-component", "-", "--features", "all", stdin=f'(component (core {WIDE[1:]})', then=[
        ["validate", "out.cwasm"], ["component", "split", "out.cwasm", "-o", "parts"]]),
    compiled("keeps-rules", "loop.wat", "--count-fuel", "--canonical-nan", then=[
        ["compile", "--tier", "jit", "out.cwasm", "-o", "again.cwasm"],
        ["run", "--fuel", "1000", "--canonical-nan", "again.cwasm"], ["run", "--tier", "interp", "--fuel", "9", "again.cwasm"],
        ["compile", "--executable", "--tier", "jit", "out.cwasm", "-o", "app", "--", "--fuel", "1000"], ["./app"]]),
    compiled("fuel", "loop.wat", "--count-fuel", then=[["run", "--fuel", "1000", "out.cwasm"]]),
    compiled("no-fuel", "loop.wat", then=[["run", "--fuel", "1000", "out.cwasm"]]),
    compiled("nan", "hello.wat", "--canonical-nan", then=[["run", "--canonical-nan", "out.cwasm"]]),
    compiled("no-nan", "hello.wat", then=[["run", "--canonical-nan", "out.cwasm"]]),
    compiled("cpu-unknown", "hello.wat", "--cpu", "pentium"),
    compiled("jobs-none", "hello.wat", "--jobs", "0"),
    compiled("jobs-word", "hello.wat", "--jobs", "all"),
    compiled("invalid", "invalid.wat"),
    compiled("malformed", "random.bin"),
    compiled("missing", "absent.wasm"),
    row("compile-no-folder", "compile", "--tier", "jit", "hello.wat", "-o", "absent/out.cwasm"),
    row("compile-no-folder-first", "compile", "--tier", "jit", "invalid.wat", "-o", "absent/out.cwasm"),
    row("compile-interp", "compile", "--tier", "interp", "hello.wat", "-o", "out.cwasm"),
    row("compile-tier-unknown", "compile", "--tier", "fast", "hello.wat", "-o", "out.cwasm"),
    row("compile-what", "compile"),
    row("compile-where", "compile", "hello.wat"),
    row("compile-two", "compile", "hello.wat", "exit.wat", "-o", "out.cwasm"),
    row("help-compile", "help", "compile"),
    app("hello", "hello.wat", then=[["./app"]]),
    app("component", "hello-component.wat", then=[["./app"]]),
    app("arguments", "args.wat", then=[["./app"], ["./app", "--dir", "-x"]]),
    app("end-of-options", "args.wat", "--", then=[["./app", "one"]]),
    app("options", "env.wat", "--env", "A=1", "--env", "B=x y", then=[["./app"]]),
    app("refused", "read.wat", then=[["./app"]]),
    app("exit", "exit.wat", then=[["./app"]]),
    app("trap", "trap.wat", then=[["./app"]]),
    app("no-program", "reactor.wat", then=[["./app"]]),
    app("no-program-component", "values-component.wat", then=[["./app"]]),
    app("rules", "loop.wat", "--fuel", "1000", "--canonical-nan", then=[["./app"]]),
    app("timeout", "loop.wat", "--timeout", "50ms", any_offset=True, then=[["./app"]]),
    app("explain", "read.wat", "--explain", then=[["./app"]]),
    app("bad-option", "hello.wat", "--dirs", "."),
    app("operand", "hello.wat", "data"),
    compiled("object", "functions.wat", "--object", "--header", "functions.h", files=["functions.h"]),
    row("compile-object-names", "compile", "--tier", "jit", "names.wat", "--object", "--header", "main.h", "-o", "main.o",
        files=["main.h"]),
    compiled("object-component", "hello-component.wat", "--object"),
    compiled("object-component-header", "hello-component.wat", "--object", "--header", "a.h"),
    compiled("object-header-alone", "functions.wat", "--header", "a.h"),
    compiled("object-header-same", "functions.wat", "--object", "--header", "out.cwasm"),
    compiled("object-executable", "functions.wat", "--object", "--executable"),
    compiled("object-no-folder", "functions.wat", "--object", "--header", "absent/a.h"),
    *[app("bad-" + name, "hello.wat", *options) for name, options in {
        "timeout": ["--timeout", "xx"],
        "fuel": ["--fuel", "xx"],
        "tier": ["--tier=foo"],
        "features": ["--features", "foo"],
        "max-memory": ["--max-memory", "0"],
        "max-stack": ["--max-stack", "1"],
        "dir": ["--dir", ""],
        "env": ["--env", ""],
        "clock": ["--clock", "noon"],
        "listen-fd": ["--listen-fd", "x"],
        "tcp-listen": ["--tcp-listen", "here"],
        "log": ["--log=loud"],
        "help": ["--help"],
    }.items()],
    row("executable-fuel", "compile", "--executable", "--tier", "jit", "loop.wat", "-o", "app", "--",
        "--fuel", "1000", then=[["./app"]]),
    app("fuel-interp", "loop.wat", "--tier", "interp", "--fuel", "1000", then=[["./app"]]),
    app("later", "hello.wat", "--dir", "absent", "--env", "ABSENT", "--env-file", "absent", "--listen-fd", "99",
        then=[["./app"]]),
    app("import", "import.wat", then=[["./app"]]),
    app("import-wasi", "import-wasi.wat", then=[["./app"]]),
    app("invoke", "functions.wat", "--invoke", "add", then=[["./app", "1", "2"]]),
    app("invoke-unknown", "functions.wat", "--invoke", "ad", then=[["./app", "1", "2"]]),
    app("component-config", "config-component.wat", then=[["./app"]]),
    app("component-config-later", "config-component.wat", "--deny", "error"),
    app("component-config-given", "config-component.wat", "--config", "a=b"),
    app("component-nothing", "greeter.wat", then=[["./app"]]),
    app("component-wants", "wants-component.wat", then=[["./app"]]),
    row("compile-object-header-same-file", "compile", "--object", "functions.wat", "--header", "./out.o", "-o", "out.o"),
    row("compile-object-header-same-folder", "compile", "--object", "functions.wat", "--header", "there/../out.o", "-o", "out.o"),
    row("compile-object-header-program", "compile", "--object", "functions.wat", "--header", "./functions.wat", "-o", "out.o",
        then=[["validate", "functions.wat"]]),
    row("executable-what", "compile", "--executable", "-o", "app"),
    row("executable-where", "compile", "--executable", "hello.wat"),
    row("executable-no-folder", "compile", "--executable", "--tier", "jit", "hello.wat", "-o", "absent/app"),

    # ---- the cache ----
    row("run-max-stack-most", "run", "--max-stack", "2TiB", "hello.wat"),
    row("run-max-memory-tebi", "run", "--max-memory", "1TiB", "hello.wat"),
    row("help-cache", "help", "cache"),
    row("cache-what", "cache"),
    row("cache-unknown", "cache", "prune"),
    row("cache-two", "cache", "stat", "clear"),
    row("cache-no-folder", "cache", "stat"),
    row("cache-no-folder-run", "run", "--cache", "hello.wat"),
    row("cache-empty", "cache", "stat", env={"XDG_CACHE_HOME": "/nowhere/at/all", "HOME": "/home"}),
    row("cache-clear-empty", "cache", "clear", env={"HOME": "/nowhere/at/all", "COVE_CACHE_SIZE": "10MiB"}),
    row("cache-size", "cache", "stat", env={"COVE_CACHE_DIR": "cache", "COVE_CACHE_SIZE": "much"}),
    row("cache-size-run", "run", "--cache", "hello.wat", env={"COVE_CACHE_DIR": "cache", "COVE_CACHE_SIZE": "much"},
        then=[["cache", "clear"]]),
    row("cache-size-none", "run", "--cache", "hello.wat", env={"COVE_CACHE_DIR": "cache", "COVE_CACHE_SIZE": "0"},
        then=[["cache", "stat"]]),
    row("cache-size-small", "run", "--cache", "hello.wat", env={"COVE_CACHE_DIR": "cache", "COVE_CACHE_SIZE": "100"},
        then=[["cache", "stat"]]),
    row("cache-file", "cache", "clear", env={"COVE_CACHE_DIR": "hello.wat"}),
    row("cache-file-run", "run", "--cache", "hello.wat", env={"COVE_CACHE_DIR": "hello.wat"}),
    row("cache-run", "run", "--cache", "hello.wat", env=CACHE,
        then=[["run", "--cache", "hello.wat"], ["cache", "stat"], ["cache", "clear"], ["cache", "stat"]]),
    row("cache-run-component", "run", "--cache", "hello-component.wat", env=CACHE,
        then=[["run", "--cache", "hello-component.wat"], ["cache", "stat"]]),
    row("cache-run-trap", "run", "--cache", "trap.wat", env=CACHE, then=[["run", "--cache", "trap.wat"], ["cache", "stat"]]),
    row("cache-run-exit", "run", "--cache", "exit.wat", env=CACHE, then=[["run", "--cache", "exit.wat"], ["cache", "stat"]]),
    row("cache-run-fuel", "run", "--cache", "--fuel", "1000", "loop.wat", env=CACHE,
        then=[["run", "--cache", "--fuel", "1000", "loop.wat"], ["cache", "stat"]]),
    row("cache-run-timeout", "run", "--cache", "--timeout", "50ms", "loop.wat", env=CACHE, any_offset=True,
        then=[["cache", "stat"]]),
    row("cache-run-small", "run", "hello.wat", env=CACHE, then=[["cache", "stat"]]),
    row("cache-run-not", "run", "--cache", "--no-cache", "hello.wat", env=CACHE, then=[["cache", "stat"]]),
    row("cache-run-interp", "run", "--cache", "--tier", "interp", "hello.wat", env=CACHE, then=[["cache", "stat"]]),
    row("cache-run-eager", "run", "--cache", "--eager", "hello.wat", env=CACHE, then=[["cache", "stat"]]),
    row("cache-run-compiled", "compile", "--tier", "jit", "hello.wat", "-o", "out.cwasm", env=CACHE,
        then=[["run", "--cache", "out.cwasm"], ["cache", "stat"]]),
    *[row(f"compiled-{name}", "run", f"{name}.cwasm") for name in ("cut", "version", "shorter", "build")],
    row("compiled-cut-inspect", "inspect", "cut.cwasm"),
]
