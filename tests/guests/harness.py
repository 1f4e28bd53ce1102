# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the cases of tests/guests share: engines, fetching, building, comparing.

Terms: a case is a named function that takes a Context; it returns if all is well, raises Failure with what differed, or
raises Skip with what is missing. The truth a case compares with is the native build of the same source, or text written
down in the case, which was checked against another engine.
"""
import glob
import os
import shutil
import subprocess
import sys

os.environ["COVE_CACHE_SIZE"] = "0"  # the user's cache is no concern of tests

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BENCH = os.path.join(ROOT, "bench")
C = os.path.join(HERE, "c")


class Skip(Exception):
    """What a case needs is not to be had on this machine."""


class Failure(Exception):
    """The engine did not do what it should."""


class Case:
    def __init__(self, name, function, tags):
        self.name, self.function, self.tags = name, function, set(tags)


CASES = []


def case(name, *tags):
    """Registers a case. Tags: `own` needs no network, `heavy` is too much for an interpreter."""

    def register(function):
        CASES.append(Case(name, function, tags))
        return function

    return register


class Engine:
    """How to run a module: `command` gives the whole command line."""

    def __init__(self, name, prefix, tail=()):
        self.name, self.prefix, self.tail = name, list(prefix), list(tail)

    def command(self, module, args=(), dirs=(), env=None):
        out = list(self.prefix)
        for host, guest in dirs:
            out += ["--dir", f"{host}::{guest}"]
        for name, value in (env or {}).items():
            out += ["--env", f"{name}={value}"]
        return out + [module] + list(args)


def make_engine(options):
    if options.engine == "cove":
        if not shutil.which(options.cove):
            raise SystemExit(f"guests: {options.cove} is not there: build it, or name it with --cove")
        tier = [f"--tier={options.tier}"] if options.tier else []
        return Engine("cove", [os.path.abspath(shutil.which(options.cove)), "run"] + tier)
    if options.engine == "node":
        return Engine("node", ["node", "--no-warnings", "--stack-size=4000", os.path.join(BENCH, "node_wasi.mjs")])
    return Engine("wasmtime", [options.python, os.path.join(BENCH, "wasmtime_wasi.py")])


class Done:
    """How a process ended: status (negative: by that signal), out and err as bytes."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err


def first_difference(got, want):
    """Where two byte strings part, shown by line."""
    got_lines, want_lines = got.splitlines(), want.splitlines()
    for n, (a, b) in enumerate(zip(got_lines, want_lines), 1):
        if a != b:
            return f"line {n}: got {a[:200]!r}, want {b[:200]!r}"
    return f"got {len(got)} bytes in {len(got_lines)} lines, want {len(want)} bytes in {len(want_lines)} lines"


class Context:
    def __init__(self, options, engine, name):
        self.options, self.engine = options, engine
        self.work = os.path.abspath(options.work)
        self.bin = os.path.join(self.work, "bin")
        self.scratch = os.path.join(self.work, "run", name.replace("/", "-"))
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.makedirs(self.scratch)
        os.makedirs(self.bin, exist_ok=True)

    # Running.

    def process(self, command, stdin=b"", env=None, cwd=None, timeout=None):
        limit = timeout or self.options.timeout
        full = dict(os.environ, **env) if env else None
        try:
            done = subprocess.run(command, input=stdin, capture_output=True, env=full, cwd=cwd, timeout=limit)
        except subprocess.TimeoutExpired:
            raise Failure(f"no end within {limit} s: {' '.join(command[:6])}") from None
        if self.options.verbose:
            print("+", " ".join(command), "->", done.returncode, file=sys.stderr)
        return Done(done.returncode, done.stdout, done.stderr)

    def guest(self, module, *args, dirs=(), env=None, stdin=b"", cwd=None, timeout=None):
        """Runs a module on the engine under test."""
        if self.options.components:
            module = self.component(module)
        return self.process(self.engine.command(module, args, dirs, env), stdin=stdin, cwd=cwd, timeout=timeout)

    def component(self, module):
        """A component made of a preview 1 program, in the place of the module."""
        out = os.path.join(self.scratch, os.path.basename(module))
        cove = os.path.abspath(shutil.which(self.options.cove))
        done = self.process([cove, "component", "new", module, "--wasi-command", "-o", out])
        if done.status != 0:
            raise Failure(f"no component of {os.path.basename(module)}: {done.err.decode(errors='replace').strip()}")
        return out

    def status(self, status):
        """What a status becomes: WASI 0.2.0 has failure (1) and success only; a trap is above 128 in both."""
        return 1 if self.options.components and 0 < status < 128 else status

    def same(self, got, want, what="output"):
        """Fails unless two runs (or a run and recorded bytes) agree on status and standard output."""
        if not isinstance(want, Done):
            want = Done(0, want if isinstance(want, bytes) else want.encode(), b"")
        want = Done(self.status(want.status), want.out, want.err)
        if got.out != want.out:
            raise Failure(f"{what}: {first_difference(got.out, want.out)}{self.last_words(got)}")
        if got.status != want.status:
            raise Failure(f"{what}: exit status {got.status}, want {want.status}{self.last_words(got)}")

    def contains(self, got, *texts, status=0):
        """Fails unless the run ended with `status` and its output has each text."""
        both = got.out + got.err
        for text in texts:
            if text.encode() not in both:
                raise Failure(f"no {text!r} in the output (exit status {got.status}){self.last_words(got)}")
        if got.status != self.status(status):
            raise Failure(f"exit status {got.status}, want {self.status(status)}{self.last_words(got)}")

    @staticmethod
    def last_words(got):
        lines = got.err.decode(errors="replace").strip().splitlines()
        return "; standard error: " + " / ".join(lines[:4]) if lines else ""

    # Making.

    def need(self, *tools):
        for tool in tools:
            if not shutil.which(tool):
                raise Skip(f"{tool} is not on PATH")

    def build(self, target, sources, command, cwd=None, env=None):
        """Runs `command + -o target` if the target is missing or older than a source; the target's path."""
        target = os.path.join(self.bin, target)
        if os.path.exists(target) and all(os.path.getmtime(s) <= os.path.getmtime(target) for s in sources):
            return target
        done = self.process(command + ["-o", target], cwd=cwd, env=env, timeout=900)
        if done.status != 0:
            raise Failure(f"building {os.path.basename(target)}: {done.err.decode(errors='replace')[-600:]}")
        return target

    def c_guest(self, name, sources, flags=(), compiler=None):
        """Builds C sources for WASI preview 1, with the C library."""
        cc = compiler or self.options.clang
        self.need(cc)
        if not os.path.exists("/usr/include/wasm32-wasi") and not os.path.exists("/usr/lib/wasm32-wasi"):
            raise Skip("no wasi-libc (Debian: wasi-libc, libclang-rt-19-dev-wasm32)")
        return self.build(name + ".wasm", sources,
                          [cc, "-O2", "-w", "--target=wasm32-wasi"] + list(sources) + list(flags))

    def c_pair(self, name, sources, flags=(), guest_flags=(), guest_sources=(), native_flags=(), compiler=None):
        """Builds C sources as (guest, native twin)."""
        cc = compiler or self.options.clang
        guest = self.c_guest(name, list(sources) + list(guest_sources), list(flags) + list(guest_flags), compiler)
        native = self.build(name, sources, [cc, "-O2", "-w"] + list(flags) + list(sources) + list(native_flags) + ["-lm"])
        return guest, native

    def empty_dir(self, name):
        path = os.path.join(self.scratch, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    # Fetching, with the ordinary clients of this machine.

    def debian_source(self, package):
        """The unpacked, patched source of a Debian package."""
        self.need("apt-get", "dpkg-source")
        base = os.path.join(self.work, "debian")
        tree = os.path.join(base, package)
        found = [d for d in glob.glob(os.path.join(tree, "*")) if os.path.isdir(d)]
        if found:
            return found[0]
        if self.options.offline:
            raise Skip(f"source of {package} is not here, and --offline")
        for path in ("parts", "lists/partial", "archives/partial"):
            os.makedirs(os.path.join(base, path), exist_ok=True)
        self.debian_sources_list(os.path.join(base, "parts", "guests.sources"))
        apt = ["apt-get", "-qq", "-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={base}/parts",
               "-o", f"Dir::State::Lists={base}/lists", "-o", f"Dir::Cache={base}", "-o", "APT::Sandbox::User=root"]
        if not glob.glob(os.path.join(base, "lists", "*_Sources*")):
            self.process(apt + ["update"], timeout=300)
        os.makedirs(tree, exist_ok=True)
        done = self.process(apt + ["source", package], cwd=tree, timeout=600)
        found = [d for d in glob.glob(os.path.join(tree, "*")) if os.path.isdir(d)]
        if done.status != 0 or not found:
            raise Skip(f"no source of {package}: {done.err.decode(errors='replace').strip()[-200:]}")
        return found[0]

    @staticmethod
    def debian_sources_list(path):
        """The machine's own list of archives, asking for sources instead of packages."""
        text = []
        for name in glob.glob("/etc/apt/sources.list.d/*.sources"):
            with open(name, encoding="utf-8") as file:
                stanza = file.read()
            if "debian" in os.path.basename(name):
                text.append(stanza.replace("Types: deb\n", "Types: deb-src\n"))
        if not text:
            raise Skip("the machine lists no Debian archive in /etc/apt/sources.list.d/debian.sources")
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(text))

    def npm(self, package, path):
        """A file out of an npm package."""
        base = os.path.join(self.work, "npm")
        full = os.path.join(base, "node_modules", package, path)
        if os.path.exists(full):
            return full
        self.need("npm")
        if self.options.offline:
            raise Skip(f"{package} is not here, and --offline")
        os.makedirs(base, exist_ok=True)
        if not os.path.exists(os.path.join(base, "package.json")):
            with open(os.path.join(base, "package.json"), "w", encoding="utf-8") as out:
                out.write('{"private": true}\n')
        done = self.process(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", package], cwd=base,
                            timeout=600)
        if not os.path.exists(full):
            raise Skip(f"{package} has no {path}: {done.err.decode(errors='replace').strip()[-200:]}")
        return full

    def crate(self, name, version):
        """The unpacked source of a crate."""
        base = os.path.join(self.work, "crates", name)
        full = os.path.join(base, "vendor", name)
        if os.path.isdir(full):
            return full
        self.need("cargo")
        if self.options.offline:
            raise Skip(f"crate {name} is not here, and --offline")
        os.makedirs(base, exist_ok=True)
        with open(os.path.join(base, "Cargo.toml"), "w", encoding="utf-8") as out:
            out.write(f'[package]\nname = "wants"\nversion = "0.1.0"\n[lib]\npath = "lib.rs"\n'
                      f'[dependencies]\n{name} = "={version}"\n[workspace]\n')
        with open(os.path.join(base, "lib.rs"), "w", encoding="utf-8"):
            pass
        done = self.process(["cargo", "vendor", "-q"], cwd=base, timeout=300)
        if not os.path.isdir(full):
            raise Skip(f"no crate {name}: {done.err.decode(errors='replace').strip()[-200:]}")
        return full

    def exec_wrapper(self, name):
        """A directory with an executable `name` that runs its first argument as go's exec wrapper would be asked to.

        For cove it is the wrapper that the project ships; for other engines one is written for the occasion.
        """
        if self.engine.name == "cove":
            return os.path.join(ROOT, "share"), {"COVE": self.engine.prefix[0],
                                                 "COVE_RUN": " ".join(self.engine.prefix[2:])}
        path = self.empty_dir("wrapper")
        command = " ".join(self.engine.prefix)
        with open(os.path.join(path, name), "w", encoding="utf-8") as out:
            out.write(f'#!/bin/sh\nexec {command} --dir /::/ --env "PWD=$PWD" --env "PATH=$PATH" "$@"\n')
        os.chmod(os.path.join(path, name), 0o755)
        return path, {}
