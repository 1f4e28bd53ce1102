# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What an embedder of cove pays, through include/cove: calls, instances, components. The programs bench_embed,
bench_components and bench_instances print lines `NAME NS`; each runs several times, and medians are taken."""
import os
import subprocess

import programs
import report
import turns
from engines import HERE


def tool(options, name):
    path = os.path.join(os.path.dirname(os.path.abspath(options.cove)), name)
    if not os.path.exists(path):
        raise SystemExit(f"bench: {path} is not built: cmake --build BUILD --target {name}")
    return path


def lines(options, command):
    """The (name, value) pairs that a measuring program prints."""
    done = subprocess.run(turns.pinned(options, command), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: {os.path.basename(command[0])}: {done.stderr.strip()}")
    for line in done.stdout.splitlines():
        name, value = line.rsplit(None, 1)
        yield name, float(value)


def repeated(options, command):
    samples = {}
    for _ in range(options.rounds):
        for name, value in lines(options, command):
            samples.setdefault(name, []).append(value)
    return {name: report.figures(values) for name, values in samples.items()}


def embed(options, _engines):
    return {"works": repeated(options, [tool(options, "bench_embed"), "calls"])}, []


def components(options, _engines):
    files = [os.path.join(HERE, f"{name}.component.wat") for name in ("calls", "hello")]
    return {"works": repeated(options, [tool(options, "bench_components")] + files)}, []


def instances(options, _engines):
    """Lives of instances (a module, hello world, real components) and idle ones, without and with a bounded pool."""
    bench, hello = tool(options, "bench_instances"), os.path.join(HERE, "hello.component.wat")
    files = options.module or [work.guest for work in programs.Programs(options).starts()]
    plans = [["--idle", str(options.idle)], ["--idle", str(options.idle), hello]]
    plans += [[file] for file in files if not programs.is_core(file)]
    samples = {}
    for _ in range(options.rounds):
        for plan in plans:
            for column, pool in (("own", []), ("bounded", ["--pool", str(options.idle)])):
                for name, value in lines(options, [bench] + pool + plan):
                    samples.setdefault(name, {}).setdefault(column, []).append(value)
    works = {name: {column: report.figures(values) for column, values in columns.items()}
             for name, columns in samples.items()}
    return {"works": works, "idle": options.idle}, []
