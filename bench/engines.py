# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The engines that a benchmark can run: what each is called, how it is started, whether it is here.

An engine's command takes a module and arguments. Native engines run the twin instead, so theirs ignores the module.
Terms: a slow engine (an interpreter) gets less work, and a twin that gets as little; an engine with threads of its own
may use every core, all others are pinned to one; an engine with `aot` runs a file that it made of the module before.
"""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

# V8 keeps "dynamic tiering" apart from "tier up"; both must be off, or hot functions leave the tier under test.
V8_COMMON = ["--no-warnings", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering", "--no-wasm-lazy-compilation"]
V8_LIFTOFF = V8_COMMON + ["--liftoff"]
V8_TURBOFAN = V8_COMMON + ["--no-liftoff"]

# Every name that `find` can give, in the order of the tables; what is not here is said.
NAMES = ["native", "native-host", "native-scalar", "cove", "cove-cached", "cove-llvm", "cove-llvm-lazy", "cove-cwasm",
         "cove-cwasm-jit", "cove-jit", "cove-interp", "cove-static-jit", "cove-static-interp", "v8", "v8-turbofan",
         "v8-liftoff", "wasmtime", "wasmtime-cwasm", "wazero", "wazero-cache", "wamr-aot", "wamr", "wasm3", "jco"]

# What is run only where it is named, by section: of no use in every table. Where whole processes are measured, tier 2
# from the first call on is left to files compiled before, and for the starts of large programs those take minutes.
ELSEWHERE = {"cove-llvm-lazy", "cove-cwasm-jit", "cove-static-jit", "cove-static-interp", "wasmtime-cwasm",
             "wazero-cache", "jco"}
UNASKED = {"startup": {"native-host", "native-scalar", "cove-llvm", "cove-llvm-lazy", "cove-cwasm"},
           "programs": {"native-host", "native-scalar", "cove-llvm"} | ELSEWHERE,
           None: ELSEWHERE | {"cove-cached"}}


class Engine:
    def __init__(self, name, version, prefix=(), native=None, slow=False, threads=False, dashes=False, aot=None,
                 components=False, cached=False):
        self.name, self.version, self.prefix = name, version, list(prefix)
        self.native = native          # the ending of the twin that it runs, for the native ones
        self.slow, self.threads = slow, threads
        self.dashes = dashes          # wants -- before the guest's arguments
        self.aot = aot                # (ending, function from module and target to a command that makes the target)
        self.components = components  # runs components too, or "only" components
        self.cached = cached          # finds what it kept of earlier runs; others' caches are emptied before each

    @property
    def ours(self):
        return self.name == "cove" or self.name.startswith("cove-")

    def command(self, work, args):
        """The command line that runs a work's guest, its twin, or the file made of the guest, with `args`."""
        if self.native is not None:
            return [work.twin + self.native] + args
        file = work.made + self.aot[0] if self.aot else work.guest
        return self.prefix + [file] + (["--"] if self.dashes and args else []) + args

    def runs(self, work):
        """Whether a native engine has a twin to run; true of the others."""
        return self.native is None or (work.twin is not None and os.path.exists(work.twin + self.native))


def usage_error(text):
    """Ends the program because of what its user asked for."""
    print("bench: " + text, file=sys.stderr)
    raise SystemExit(2)


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


def natives(options):
    clang = first_line([options.clang, "--version"])
    if clang is None:
        usage_error(f"no {options.clang}: name clang with --clang")
    clang = clang[clang.find("clang version"):].split(" (")[0] + " -O2"
    return [Engine("native", clang, native=""),
            Engine("native-host", clang + " -march=native", native=".host"),
            Engine("native-scalar", clang + " -fno-vectorize -fno-slp-vectorize", native=".scalar")]


def compiler(cove, tier):
    return lambda module, out: [cove, "compile", "--tier=" + tier, module, "-o", out]


def coves(options):
    cove, found = shutil.which(options.cove), []
    if cove:
        cove = os.path.abspath(cove)
        version, run = first_line([cove, "--version"]) or "cove", [cove, "run"]
        found.append(Engine("cove", version, run, threads=True, components=True))
        found.append(Engine("cove-cached", version, run + ["--cache"], threads=True, components=True, cached=True))
        if has_tier(cove, "llvm"):
            found.append(Engine("cove-llvm", version, run + ["--tier=llvm", "--eager"], components=True))
            found.append(Engine("cove-llvm-lazy", version, run + ["--tier=llvm"], components=True))
        found += [Engine(name, version, run, components=True, aot=(ending, compiler(cove, tier)))
                  for name, ending, tier in (("cove-cwasm", ".cwasm", "auto"), ("cove-cwasm-jit", ".jit.cwasm", "jit"))]
        found.append(Engine("cove-jit", version, run + ["--tier=jit"], components=True))
        found.append(Engine("cove-interp", version, run + ["--tier=interp"], slow=True, components=True))
    static = shutil.which(options.cove_static)
    if static:
        version = first_line([static, "--version"]) or "cove"
        found.append(Engine("cove-static-jit", version, [static, "run", "--tier=jit"], components=True))
        found.append(Engine("cove-static-interp", version, [static, "run", "--tier=interp"], slow=True,
                            components=True))
    return found


def v8s(options):
    if not shutil.which(options.node):
        return []
    text = first_line([options.node, "-p", "JSON.stringify(process.versions)"])
    versions = json.loads(text) if text else {"node": "?", "v8": "?"}
    version, wrapper = f"node {versions['node']} (V8 {versions['v8']})", os.path.join(HERE, "node_wasi.mjs")
    return [Engine(name, version, [options.node] + flags + [wrapper], threads=True)
            for name, flags in (("v8", ["--no-warnings"]), ("v8-turbofan", V8_TURBOFAN), ("v8-liftoff", V8_LIFTOFF))]


def wasmtimes(options):
    if shutil.which("wasmtime"):
        version, run = first_line(["wasmtime", "--version"]), ["wasmtime", "run", "-C", "cache=n"]
        aot = (".wasmtime", lambda module, out: ["wasmtime", "compile", module, "-o", out])
        return [Engine("wasmtime", version, run, threads=True, components=True),
                Engine("wasmtime-cwasm", version, run + ["--allow-precompiled"], threads=True, components=True,
                       aot=aot)]
    package, wrapper = python_wasmtime(options.python), os.path.join(HERE, "wasmtime_wasi.py")
    if not package:
        return []
    return [Engine("wasmtime", f"wasmtime {package} (PyPI)", [options.python, wrapper], threads=True)]


def others(options):
    found = []
    if shutil.which("wazero"):
        version = "wazero " + (first_line(["wazero", "version"]) or "?")
        cache = os.path.join(options.out, "wazero")
        found.append(Engine("wazero", version, ["wazero", "run"], threads=True))
        found.append(Engine("wazero-cache", version, ["wazero", "run", "-cachedir", cache], threads=True, cached=True))
    if shutil.which("iwasm"):
        version = first_line(["iwasm", "--version"])
        if shutil.which("wamrc"):
            found.append(Engine("wamr-aot", f"{version}, wamrc", ["iwasm"],
                                aot=(".aot", lambda module, out: ["wamrc", "-o", out, module])))
        found.append(Engine("wamr", version, ["iwasm"], slow=True))
    if shutil.which("wasm3"):
        found.append(Engine("wasm3", first_line(["wasm3", "--version"]), ["wasm3"], slow=True))
    if shutil.which(options.jco):
        found.append(Engine("jco", f"jco {first_line([options.jco, '--version'])}", [options.jco, "run"], threads=True,
                            components="only"))
    return found


def named(text):
    """An engine of the user's own: NAME=COMMAND, which gets the module and its arguments appended."""
    name, _, command = text.partition("=")
    if not name or not command or name in NAMES:
        usage_error(f"--engine wants NAME=COMMAND, a name that is not taken: {text}")
    return Engine(name, command, command.split())


def find(options):
    """Every engine on this machine, in the order of the tables."""
    for folder in options.peers:
        os.environ["PATH"] = os.path.abspath(folder) + os.pathsep + os.environ["PATH"]
    found = natives(options) + coves(options) + v8s(options) + wasmtimes(options) + others(options)
    return found + [named(text) for text in options.engine]


def select(found, section, only, skip):
    """The engines that --engines asks for, or all of use in the section, less --skip; native stays: it is the base."""
    known = {engine.name for engine in found}
    for name in only + skip:
        if name not in known:
            why = "is not on this machine" if name in NAMES else "is not known"
            usage_error(f"no engine {name}: it {why}; there are: {', '.join(e.name for e in found)}")
    unasked = UNASKED.get(section, UNASKED[None])
    return [e for e in found if e.name == "native" or
            ((e.name in only if only else e.name not in unasked) and e.name not in skip)]


def missing(found):
    known = {engine.name for engine in found}
    return [name for name in NAMES if name not in known]


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
    return f"{model}; {' '.join(f for f in wanted if f in flags)}; {os.cpu_count()} cores"
