# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The rows of tests/cli/run. name: of the golden file; args: what is typed after cove; stdin, env, terminal (standard
error is a terminal); files: whose contents are shown afterwards; any_offset: the call is stopped wherever it is."""
import pathlib
import tarfile


def make_files(folder):
    """Files that are not kept as text."""
    folder = pathlib.Path(folder)
    (folder / "component.wasm").write_bytes(b"\0asm\x0d\0\1\0")
    (folder / "truncated.wasm").write_bytes(b"\0asm\1\0\0\0\1\x05\1")
    (folder / "random.bin").write_bytes(b"\xc3\x01\x9e\x7f\x10")
    (folder / "empty.wasm").write_bytes(b"")
    (folder / "program.elf").write_bytes(b"\x7fELF\2\1\1" + b"\0" * 64)
    (folder / "program.py").write_text("#!/usr/bin/env python3\nprint('no')\n")
    (folder / "script.wat").write_text("#!/usr/bin/env -S cove run\n" + (folder / "hello.wat").read_text())
    with tarfile.open(folder / "site.tar", "w") as tar:
        tar.add(folder / "data", arcname=".")


def row(name, *args, **more):
    return {"name": name, "args": list(args), **more}


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
    row("wast", "wast", "script.wast"),
    row("wast-fails", "wast", "-v", "fails.wast"),
]
