# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Starts of whole processes, from fork to exit: hello world from C and as a component, and the start of Python and of a
JavaScript component where they are here. Time, and peak resident memory."""
import os
import statistics
import subprocess

import build
import programs
import report
import turns
from engines import HERE

COMPONENTS = {"hello-component", "javascript-component"}
BATCH = 10


def hello_component(options):
    """Hello world as a component, which cove makes of its text."""
    text, path = os.path.join(HERE, "hello.component.wat"), os.path.join(options.out, "hello-component")
    build.compile_one(path + ".wasm", [text], [options.cove, "parse", text])
    return build.Work(options, "hello-component", "hello", path, 0, arguments=lambda n: [], twin=False,
                      answer=lambda out: (out, None) if out else None)


def batch(options, engine, work, count):
    """Samples of a whole process: lists of wall ns, CPU ns, peak KiB and status; none if one of them fails."""
    command = engine.command(work, work.arguments(0))
    command = turns.pinned(options, [os.path.join(options.out, "measure"), str(count)] + command, engine.threads)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=options.timeout,
                              env=turns.environment(options, engine))
    except subprocess.TimeoutExpired:
        return []
    lines = [[int(x) for x in line.split()] for line in done.stdout.splitlines()]
    return lines if all(line[3] == 0 for line in lines) else []


def able(options, engines, work, comparison):
    """(engine, size of a batch, a first sample) for those that run the work and agree on what it says."""
    truth, out = None, []
    for engine in engines:
        kinds = {True} if engine.components == "only" else {True, False} if engine.components else {False}
        if (work.name in COMPONENTS) not in kinds or not engine.runs(work):
            continue
        got = build.ahead(options, engine, work) or turns.run(options, engine, work, 0)
        if isinstance(got, str):
            comparison.refuse(work, engine, got)
            continue
        truth = truth or got.answer
        if got.answer != truth:
            comparison.failures.append(f"{work.name}: {engine.name}: answers {turns.shown(got.answer)}, where "
                                       f"{out[0][0].name} answers {turns.shown(truth)}")
            continue
        first = [got.wall, got.cpu, got.peak, got.status]
        out.append((engine, 1 if got.wall > 0.02e9 else BATCH, first))
    return out


def measured(options, engines, work, comparison):
    """All samples of one work: in turns, until an engine has had its runs or its share of time."""
    ready = able(options, engines, work, comparison)
    long = {engine.name: [first] for engine, _, first in ready if first[0] > options.share * 1e9}
    samples = {engine.name: [] for engine, _, _ in ready if engine.name not in long}
    spent = dict.fromkeys(samples, 0)
    for _ in range(max(1, options.runs // BATCH)):
        for engine, count, _ in ready:
            if engine.name in samples and spent[engine.name] <= options.share * 1e9:
                got = batch(options, engine, work, count)
                samples[engine.name] += got
                spent[engine.name] += sum(line[0] for line in got)
    return {name: got for name, got in {**samples, **long}.items() if got}


def startup(options, engines):
    """What goes into the JSON file, and the failures."""
    build.measure(options)
    comparison = turns.Comparison(options, engines)
    data = {}
    for work in [build.hello(options), hello_component(options)] + programs.Programs(options).starts():
        data[work.name] = {
            name: {"wall": report.figures([s[0] for s in got]), "cpu": report.figures([s[1] for s in got]),
                   "peak_kib": int(statistics.median(s[2] for s in got))}
            for name, got in measured(options, engines, work, comparison).items()}
        print(f"{work.name:22}", "   ".join(f"{name} {entry['wall'][0] / 1e6:.2f}"
                                            for name, entry in data[work.name].items()), "ms", flush=True)
    return {"runs": options.runs, "works": data, "notes": comparison.notes}, comparison.failures
