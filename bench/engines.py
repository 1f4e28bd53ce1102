# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The engines that a benchmark can run: what each is called, how it is started, whether it is here.

An engine's command takes a module and arguments. `native` engines run the twin instead, so theirs ignores the module.
`slow` engines (interpreters) get less work and a twin that gets as little.
"""
import json
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

# V8 keeps "dynamic tiering" apart from "tier up"; both must be off, or hot functions leave the tier under test.
V8_COMMON = ["--no-warnings", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering", "--no-wasm-lazy-compilation"]
V8_LIFTOFF = V8_COMMON + ["--liftoff"]
V8_TURBOFAN = V8_COMMON + ["--no-liftoff"]


class Engine:
    def __init__(self, name, prefix, version, native=False, slow=False, dashes=False, twin=""):
        self.name, self.prefix, self.version = name, prefix, version
        self.native, self.slow, self.dashes, self.twin = native, slow, dashes, twin

    def command(self, module, twin, args):
        """The command line that runs `module` (or the native `twin`) with `args`."""
        if self.native:
            return [twin + self.twin] + args
        return self.prefix + [module] + (["--"] if self.dashes and args else []) + args


def first_line(command):
    """The first line a command prints, or None if it cannot run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else None


def python_wasmtime(python):
    """The version of the PyPI package wasmtime, if `python` can import it."""
    return first_line([python, "-c", "import wasmtime, importlib.metadata as m; print(m.version('wasmtime'))"])


def has_tier(cove, tier):
    """Whether this build of cove has the tier and can run it here."""
    done = subprocess.run([cove, "help", "tiers"], capture_output=True, text=True)
    return any(line.split()[:1] == [tier] and "not on this machine" not in line for line in done.stdout.splitlines())


def find(options):
    """Every engine on this machine, in the order of the tables."""
    clang = first_line([options.clang, "--version"]) or ""
    clang = clang[clang.find("clang version"):].split(" (")[0]
    found = [Engine("native", [], clang, native=True),
             Engine("native-scalar", [], clang + " -fno-vectorize -fno-slp-vectorize", native=True, twin=".scalar")]
    cove = shutil.which(options.cove)
    if cove:
        version = first_line([cove, "--version"]) or "cove"
        found.append(Engine("cove-jit", [cove, "run", "--tier=jit"], version))
        if has_tier(cove, "llvm"):
            found.append(Engine("cove-llvm", [cove, "run", "--tier=llvm", "--eager"], version))
        found.append(Engine("cove-interp", [cove, "run", "--tier=interp"], version, slow=True))
    static = getattr(options, "cove_static", None)
    if static and shutil.which(static):
        version = first_line([static, "--version"]) or "cove"
        found.append(Engine("cove-static-jit", [static, "run", "--tier=jit"], version))
        found.append(Engine("cove-static-interp", [static, "run", "--tier=interp"], version, slow=True))
    if shutil.which(options.node):
        text = first_line([options.node, "-p", "JSON.stringify(process.versions)"])
        versions = json.loads(text) if text else {"node": "?", "v8": "?"}
        version = f"node {versions['node']} (V8 {versions['v8']})"
        wrapper = os.path.join(HERE, "node_wasi.mjs")
        found.append(Engine("v8-liftoff", [options.node] + V8_LIFTOFF + [wrapper], version))
        found.append(Engine("v8-turbofan", [options.node] + V8_TURBOFAN + [wrapper], version))
    package = python_wasmtime(options.python)
    if shutil.which("wasmtime"):
        found.append(Engine("wasmtime", ["wasmtime", "run"], first_line(["wasmtime", "--version"])))
    elif package:
        wrapper = os.path.join(HERE, "wasmtime_wasi.py")
        found.append(Engine("wasmtime", [options.python, wrapper], f"wasmtime {package} (PyPI)"))
    if shutil.which("wazero"):
        found.append(Engine("wazero", ["wazero", "run"], first_line(["wazero", "version"])))
    if shutil.which("iwasm"):
        found.append(Engine("wamr", ["iwasm"], first_line(["iwasm", "--version"]), slow=True))
    if shutil.which("wasm3"):
        found.append(Engine("wasm3", ["wasm3"], first_line(["wasm3", "--version"]), slow=True))
    return found


def select(found, only, skip):
    """The engines named by --only less those named by --skip; native always stays, it is the base of every ratio."""
    known = {engine.name for engine in found}
    for name in only + skip:
        if name not in known:
            raise SystemExit(f"bench: no engine {name} here; there are: {', '.join(sorted(known))}")
    return [e for e in found if e.name == "native" or ((not only or e.name in only) and e.name not in skip)]


def cpu():
    """The processor's family and the extensions that matter to these programs; no names of machines."""
    model, flags = "unknown", set()
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = " ".join(value.split())
            elif key.strip() == "flags":
                flags = set(value.split())
                break
    wanted = ["sse4_1", "sse4_2", "avx", "avx2", "bmi1", "bmi2", "popcnt", "fma", "avx512f"]
    return f"{model}; {' '.join(f for f in wanted if f in flags)}"
