# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds what is measured: guests and their native twins, from this folder's kernels, and from the sources of CoreMark
and PolyBench where the user names their folders. Everything lands in build/bench.

A Work is something to run: a guest, its twin, how much of it, and how its answer is read. Its amount is a number that
the work grows with in proportion, so that slow engines can be given less.
"""
import glob
import os
import re
import subprocess

from engines import HERE, ROOT, usage_error

KERNELS = sorted(os.path.basename(f)[:-2] for f in glob.glob(os.path.join(HERE, "kernels", "*.c")))
SHIM = os.path.join(ROOT, "tests", "guests", "c", "shim")  # setjmp for a wasi-libc that has none
GUEST_FLAGS = {
    "bulk": ["-mbulk-memory"],
    "exceptions": ["-mllvm", "-wasm-enable-sjlj", "-mexception-handling", "-I", SHIM, os.path.join(SHIM, "sjlj.c")],
    "simd": ["-msimd128"],
    "simdbytes": ["-msimd128"],
    "tables": ["-mreference-types"],
}
TWINS = {"": [], ".host": ["-march=native", "-ffp-contract=off"], ".scalar": ["-fno-vectorize", "-fno-slp-vectorize"]}
BY_HAND = {"simd", "simdbytes"}  # vectors that no option of the compiler takes out
POLYBENCH_FEW = ["2mm", "adi", "cholesky", "correlation", "deriche", "floyd-warshall", "gemm", "gramschmidt", "heat-3d",
                 "jacobi-2d", "lu", "nussinov"]


class Work:
    def __init__(self, options, name, group, path, amount, arguments=lambda n: [str(n)], stdin=None, answer=None,
                 twin=True):
        self.name, self.group, self.amount = name, group, amount
        self.guest, self.twin = path + ".wasm", path if twin else None
        self.made = os.path.join(options.out, name)  # what engines make of it: this and an ending
        self.arguments = arguments                # of an amount
        self.stdin = stdin or (lambda n: None)    # a path, of an amount
        self.answer = answer or kernel_answer     # of the output's bytes: (answer, (wall ns, CPU ns) inside or None)


def kernel_answer(out):
    """What kernel.h says that a kernel prints; None if it is something else."""
    fields = dict(line.split(None, 1) for line in out.decode(errors="replace").splitlines() if " " in line)
    if "checksum" not in fields or "ns" not in fields:
        return None
    wall, cpu = (int(x) for x in fields["ns"].split())
    return fields["checksum"], (wall, cpu or wall)


def coremark_answer(out):
    text = out.decode(errors="replace")
    sums, times = re.findall(r"\w*crc\w*\s*: (0x\w+)", text), re.findall(r"^ns (\d+) (\d+)$", text, re.M)
    if len(sums) != 5 or not times:
        return None
    return " ".join(sums), (int(times[0][0]), int(times[0][1]) or int(times[0][0]))


def compile_one(target, sources, command):
    """Runs the compiler if `target` is older than its sources or was made by another command."""
    command = command + ["-o", target]
    record = target + ".command"
    if os.path.exists(target) and os.path.exists(record) and \
            all(os.path.getmtime(s) <= os.path.getmtime(target) for s in sources):
        with open(record, encoding="utf-8") as file:
            if file.read() == "\n".join(command):
                return
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)}\n{done.stderr}")
    with open(record, "w", encoding="utf-8") as file:
        file.write("\n".join(command))


def pair(options, name, sources, flags=(), guest_flags=(), twins=TWINS):
    """Builds a guest and its twins; the path that they share."""
    out = os.path.join(options.out, name)
    guest = [options.clang, "-O2", "--target=wasm32-wasi"] + (["-msimd128"] if options.simd else [])
    compile_one(out + ".wasm", sources, guest + list(flags) + list(guest_flags) + sources[:1])
    for ending in twins:
        compile_one(out + ending, sources, [options.clang, "-O2"] + TWINS[ending] + list(flags) + sources[:1] + ["-lm"])
    return out


def kernel(options, name):
    source, header = os.path.join(HERE, "kernels", name + ".c"), os.path.join(HERE, "kernels", "kernel.h")
    with open(source, encoding="utf-8") as file:
        text = file.read()
    rounds = int(text[text.rindex("KERNEL_MAIN(") + len("KERNEL_MAIN("):].split(")")[0])
    twins = [t for t in TWINS if t != ".scalar"] if name in BY_HAND else TWINS
    path = pair(options, name, [source, header], guest_flags=GUEST_FLAGS.get(name, []), twins=twins)
    return Work(options, name, "kernels", path, max(1, int(rounds * options.scale)))


def hello(options):
    return Work(options, "hello", "hello", pair(options, "hello", [os.path.join(HERE, "hello.c")], twins=[""]), 0,
                arguments=lambda n: [], answer=lambda out: (out, None))


def calibrated(options, work, probe):
    """Sets the amount so that the twin takes about as long as a kernel of our own."""
    out = subprocess.run([work.twin] + work.arguments(probe), capture_output=True).stdout
    got = work.answer(out)
    if got is None:
        raise SystemExit(f"bench: {work.name} says nothing that is understood")
    work.amount = max(1, round(0.3e9 * options.scale * probe / max(got[1][1], 1)))
    return work


def coremark(options):
    port = os.path.join(HERE, "coremark")
    sources = [os.path.join(port, "core_portme.c")] + sorted(glob.glob(os.path.join(options.coremark, "core_*.c")))
    if len(sources) < 6:
        usage_error(f"{options.coremark} has no core_main.c and what belongs to it: --coremark wants the folder of "
                    f"CoreMark's sources")
    flags = ["-w", "-I", port, "-I", options.coremark] + sources[1:]
    path = pair(options, "coremark", sources, flags)
    # Seeds 0, 0 and 0x66, iterations, all three algorithms, one context, 2,000 bytes: the performance run.
    work = Work(options, "coremark", "coremark", path, 1, answer=coremark_answer,
                arguments=lambda n: ["0", "0", "0x66", str(n), "7", "1", "2000"])
    return calibrated(options, work, 500)


def polybench_sources(options):
    """Names of PolyBench's programs and their sources, from the list that it carries."""
    listing = os.path.join(options.polybench, "utilities", "benchmark_list")
    if not os.path.exists(listing):
        usage_error(f"no {listing}: --polybench wants the folder of PolyBench/C")
    with open(listing, encoding="utf-8") as file:
        paths = [os.path.join(options.polybench, line.strip()) for line in file if line.strip()]
    return {os.path.basename(p)[:-2]: p for p in paths}


def polybench(options, name):
    source, driver = polybench_sources(options)[name], os.path.join(HERE, "polybench.c")
    flags = ["-w", f'-DPROGRAM="{name}.c"', "-DMEDIUM_DATASET", "-DPOLYBENCH_DUMP_ARRAYS", "-I",
             os.path.dirname(source), "-I", os.path.join(options.polybench, "utilities")]
    path = pair(options, "polybench-" + name, [driver, source, os.path.join(HERE, "kernels", "kernel.h")], flags)
    return calibrated(options, Work(options, "polybench-" + name, "polybench", path, 1), 1)


def names(options):
    """Every kernel that can be built here, and those of them that are run where none is named."""
    every, few = list(KERNELS), list(KERNELS)
    if options.coremark:
        every.append("coremark")
        few.append("coremark")
    if options.polybench:
        every += ["polybench-" + name for name in sorted(polybench_sources(options))]
        few += ["polybench-" + name for name in POLYBENCH_FEW]
    return every, few


def one(options, name):
    if name == "coremark":
        return coremark(options)
    if name.startswith("polybench-"):
        return polybench(options, name[len("polybench-"):])
    return kernel(options, name)


def measure(options):
    """Builds the program that times whole processes; its path."""
    path, source = os.path.join(options.out, "measure"), os.path.join(HERE, "measure.c")
    compile_one(path, [source], [options.clang, "-O2", "-static", source])
    return path


def ahead(options, engine, work):
    """Makes the file that an engine with `aot` runs, if it is older than the guest; why not, or None."""
    if not engine.aot:
        return None
    target = work.made + engine.aot[0]
    newest = max(os.path.getmtime(work.guest), os.path.getmtime(options.cove) if engine.ours else 0)
    refused = target + ".refused"
    if os.path.exists(refused) and os.path.getmtime(refused) >= newest:
        with open(refused, encoding="utf-8") as file:
            return file.read().strip()
    if os.path.exists(target) and os.path.getmtime(target) >= newest:
        return None
    try:
        done = subprocess.run(engine.aot[1](work.guest, target), capture_output=True, text=True,
                              timeout=None if engine.ours else options.ahead)
        if done.returncode == 0:
            return None
        why = "not compiled ahead: " + (done.stderr or done.stdout).strip()[-160:]
    except subprocess.TimeoutExpired:
        why = f"not compiled ahead within {options.ahead} s"
    with open(refused, "w", encoding="utf-8") as file:  # not tried again until the guest is newer
        file.write(why + "\n")
    return why
