# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compile speed on whole modules, validation included, one thread where the engine can be told so: CPU seconds, MB of
code section a second, and the peak resident memory of the compiling process."""
import os
import shutil
import statistics
import subprocess

import build
import engines
import programs
import report
import turns

LONG = 5e9  # ns: a compilation that takes longer is not done again


def code_section_bytes(path):
    """The size of a core module's code section (id 10), read from its section headers."""
    with open(path, "rb") as file:
        data = file.read()
    at = 8
    while at < len(data):
        section, at = data[at], at + 1
        size = shift = 0
        while True:
            byte, at = data[at], at + 1
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        if section == 10:
            return size
        at += size
    raise SystemExit(f"bench: {path} has no code section")


def ways(options):
    """(name, function from a file to a command): first those that print `wall cpu` of the compilation alone."""
    embed, node = os.path.join(os.path.dirname(options.cove), "bench_embed"), shutil.which(options.node)
    script, out = os.path.join(engines.HERE, "node_compile.mjs"), os.path.join(options.out, "compiled")
    alone = ["--wasm-num-compilation-tasks=0", "--single-threaded"]
    found = {}
    found["cove-cwasm"] = lambda file: [options.cove, "compile", "-j", "1", file, "-o", out]
    if os.path.exists(embed):
        found["cove-jit"] = lambda file: [embed, "compile", "1", file, "jit"]
    else:
        print(f"not here: {embed} (cmake --build BUILD --target bench_embed)", flush=True)
    if node:
        found["v8-liftoff"] = lambda file: [node] + engines.V8_LIFTOFF + alone + [script, "1", file]
        found["v8-turbofan"] = lambda file: [node] + engines.V8_TURBOFAN + alone + [script, "1", file]
    if shutil.which("wasmtime"):
        found["wasmtime"] = lambda file: ["wasmtime", "compile", "-C", "parallel-compilation=n", file, "-o", out]
    if shutil.which("wazero"):
        found["wazero"] = lambda file: ["wazero", "compile", "-cachedir", out + ".wazero", file]
    if shutil.which("wamrc"):
        found["wamr-aot"] = lambda file: ["wamrc", "-o", out, file]
    return found


def once(options, command):
    """(wall ns, CPU ns, peak KiB) of one compilation, or a sentence that says why there is none."""
    shutil.rmtree(os.path.join(options.out, "compiled.wazero"), ignore_errors=True)
    record = os.path.join(options.out, "measure.record")
    full = turns.pinned(options, [os.path.join(options.out, "measure"), "-o", record, "1"] + command)
    try:
        done = subprocess.run(full, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=options.timeout)
    except subprocess.TimeoutExpired:
        return f"no end within {options.timeout} s"
    with open(record, encoding="utf-8") as file:
        wall, cpu, peak, status = (int(x) for x in file.read().split())
    if status != 0:
        return f"exit status {status}: {(done.stderr.strip().splitlines() or ['?'])[-1][:160]}"
    printed = done.stdout.split()
    if len(printed) >= 2 and all(x.isdigit() for x in printed[:2]):
        wall, cpu = int(printed[0]), int(printed[1])
    return wall, cpu, peak


def modules(options):
    """The files of --module, or the programs that are here; the small ones first."""
    files = [file for file in options.module if programs.is_core(file)]
    if not options.module:
        here = programs.Programs(options)
        files = [work.guest for work in here.pairs() + here.starts() if programs.is_core(work.guest)]
    return sorted(files, key=os.path.getsize)


def one_module(options, chosen, file, given_up, notes):
    samples, done = {}, set()
    for _ in range(min(3, options.rounds)):
        for name, command in chosen.items():
            if name in done or name in given_up:
                continue
            got = once(options, command(file))
            if isinstance(got, str):
                notes.append(f"{os.path.basename(file)}: {name}: {got}")
                (given_up if got.startswith("no end") else done).add(name)
                continue
            samples.setdefault(name, []).append(got)
            if got[1] > LONG:
                done.add(name)
    return {name: {"cpu": report.figures([s[1] for s in got]), "peak_kib": int(statistics.median(s[2] for s in got))}
            for name, got in samples.items()}


def compile_speed(options, chosen):
    """What goes into the JSON file, and failures. An engine that does not end on a module gets no larger ones."""
    build.measure(options)
    wanted = {e.name for e in chosen}
    found = {name: command for name, command in ways(options).items() if name in wanted}
    works, notes, given_up = {}, [], set()
    for file in modules(options):
        name, code = os.path.basename(file), code_section_bytes(file)
        works[name] = {"code_bytes": code, "file_bytes": os.path.getsize(file),
                       "engines": one_module(options, found, file, given_up, notes)}
        print(f"{name:22}", "   ".join(f"{engine} {entry['cpu'][0] / 1e9:.3f}"
                                       for engine, entry in works[name]["engines"].items()), "s", flush=True)
    failures = [note for note in notes if ": cove" in note and "no end within" not in note]
    return {"works": works, "notes": [n for n in notes if n not in failures]}, failures
