# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Run speed: the kernels (ours, CoreMark, PolyBench), and real programs, on every engine beside their native twins."""
import fnmatch

import build
import pages
import programs
import turns
from engines import usage_error


def choose(options):
    """The names that --kernels asks for; * and ? stand for what they do in a shell."""
    every, few = build.names(options)
    if not options.kernels:
        return few
    chosen = []
    for pattern in options.kernels:
        fitting = [name for name in every if fnmatch.fnmatchcase(name, pattern)]
        if not fitting:
            hint = "" if options.polybench and options.coremark else \
                "; coremark and polybench-* are here with --coremark and --polybench"
            usage_error(f"no kernel {pattern}; there are: {', '.join(every)}{hint}")
        chosen += [name for name in fitting if name not in chosen]
    return chosen


def progress(name, entry, slow):
    """A line with each engine's ratio to native."""
    kind = "inside" if entry["inside"] else "process"
    native = entry[kind].get("native")
    cells = [f"{name:24}", f"native {native[0] / 1e6:4.0f} ms" if native else "no native"]
    for engine in entry[kind]:
        value = pages.ratio(entry, kind, engine, slow)
        if value and engine not in ("native", turns.FEW):
            cells.append(f"{engine} {value:.2f}")
    print("  ".join(cells), flush=True)


def compared(options, engines, works):
    """Runs all works; what goes into the JSON file, and the failures."""
    comparison = turns.Comparison(options, engines)
    build.measure(options)
    for work in works:
        comparison.add(work)
        progress(work.name, comparison.data([work])[work.name], {e.name for e in engines if e.slow})
    return {"rounds": options.rounds, "clock": options.clock, "scale": options.scale, "slow": options.slow,
            "simd": options.simd, "works": comparison.data(works), "notes": comparison.notes}, comparison.failures


def kernels(options, engines):
    return compared(options, engines, [build.one(options, name) for name in choose(options)])


def real_programs(options, engines):
    return compared(options, engines, programs.Programs(options).pairs())
