# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs works on engines in turns, and compares their answers.

Engines take turns inside one run, pinned to one core where they have one thread, so that a noisy minute hurts all
alike. A slow engine runs a part of the work, and is compared with a twin that did as little ("native-few").
"""
import os
import shutil
import statistics
import subprocess

import build
import report

FEW = "native-few"


class Sample:
    """One run: the amount of work, what it answered, wall and CPU ns inside the kernel
    (or None) and of the whole process, its peak KiB."""

    def __init__(self, amount, answer, inside, process):
        self.amount, self.answer, self.inside = amount, answer, inside
        self.wall, self.cpu, self.peak, self.status = process


def pinned(options, command, threads=False):
    if threads or not shutil.which("taskset"):
        return command
    return ["taskset", "-c", str(options.core)] + command


def environment(options, engine):
    """Caches of engines go to a folder of ours, which is empty unless the engine is there to show its cache."""
    cache = os.path.join(options.out, "cache", engine.name)
    if not engine.cached:
        shutil.rmtree(cache, ignore_errors=True)
    env = dict(os.environ, XDG_CACHE_HOME=cache)
    env.pop("COVE_CACHE_SIZE", None)  # tests/guests, which programs.py asks for programs, turns the cache off
    return env


def run(options, engine, work, amount):
    """One run as a Sample, or as a sentence that says why there is none."""
    record = os.path.join(options.out, "measure.record")
    command = engine.command(work, work.arguments(amount))
    command = pinned(options, [os.path.join(options.out, "measure"), "-o", record, "1"] + command, engine.threads)
    stdin = work.stdin(amount) or os.devnull
    try:
        with open(stdin, "rb") as given:
            done = subprocess.run(command, stdin=given, capture_output=True, timeout=options.timeout,
                                  env=environment(options, engine))
    except subprocess.TimeoutExpired:
        return f"no end within {options.timeout} s"
    with open(record, encoding="utf-8") as file:
        process = [int(x) for x in file.read().split()]
    got = work.answer(done.stdout) if len(process) == 4 and process[3] == 0 else None
    if got is None:
        words = done.stderr.decode(errors="replace").strip().splitlines() or \
            done.stdout.decode(errors="replace").strip().splitlines() or ["no output"]
        return f"exit status {process[3] if len(process) == 4 else '?'}: {words[0].strip()[:160]}"
    return Sample(amount, got[0], got[1], process)


class Comparison:
    """All samples of some works on some engines, what failed, and what was not to be had."""

    def __init__(self, options, engines):
        self.options, self.engines = options, engines
        self.samples, self.failures, self.notes = {}, [], []

    def plan(self, work):
        """(label, engine, amount) for all who can run the work."""
        few, plan = max(1, work.amount // self.options.slow), []
        for engine in self.engines:
            if not engine.runs(work):
                continue
            why = build.ahead(self.options, engine, work)
            if why:
                self.refuse(work, engine, why)
                continue
            if engine.cached:
                run(self.options, engine, work, work.amount)  # fills its cache
            plan.append((engine.name, engine, few if engine.slow else work.amount))
        if any(p[1].slow for p in plan) and self.engines[0].runs(work):
            plan.append((FEW, self.engines[0], few))
        return plan

    def refuse(self, work, engine, why):
        """An engine of ours must run everything; that another lacks something is said, and no failure."""
        mine = engine.ours or engine.native is not None
        (self.failures if mine else self.notes).append(f"{work.name}: {engine.name}: {why}")

    def add(self, work):
        """Runs one work on every engine, in turns."""
        truth, samples, out = {}, {}, set()
        plan = self.plan(work)
        for _ in range(self.options.rounds):
            for label, engine, amount in plan:
                if label in out:
                    continue
                got = run(self.options, engine, work, amount)
                if isinstance(got, str):
                    self.refuse(work, engine, got)
                    out.add(label)
                elif got.answer != truth.setdefault(amount, got.answer):
                    self.failures.append(f"{work.name}: {label}: answers {shown(got.answer)}, where "
                                         f"{self.engines[0].name} answers {shown(truth[amount])}")
                    out.add(label)
                else:
                    samples.setdefault(label, []).append(got)
        self.samples[work.name] = {label: s for label, s in samples.items() if label not in out}

    def data(self, works):
        """What goes into the JSON file: for each work and engine, figures inside the kernel and of the process."""
        clock = 0 if self.options.clock == "wall" else 1
        out = {}
        for work in works:
            entry = {"group": work.group, "amount": work.amount, "inside": {}, "process": {}, "cpu": {}, "peak_kib": {}}
            for label, samples in self.samples.get(work.name, {}).items():
                if samples[0].inside:
                    entry["inside"][label] = report.figures([s.inside[clock] for s in samples])
                entry["process"][label] = report.figures([s.cpu if clock else s.wall for s in samples])
                entry["cpu"][label] = report.figures([s.cpu for s in samples])
                entry["peak_kib"][label] = int(statistics.median(s.peak for s in samples))
            out[work.name] = entry
        return out


def shown(answer):
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
    return text if len(text) <= 40 else text[:37] + "..."
