# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Markdown for each section, from the JSON data alone."""
import statistics

from report import geomean, spread, table, with_spread

NATIVES = ("native", "native-host", "native-scalar", "native-few")
GROUPS = [("kernels", "ours"), ("coremark", "CoreMark"), ("polybench", "PolyBench")]


def ours(name):
    return name == "cove" or name.startswith("cove-")


def base_of(entry, kind, engine, slow, base="native"):
    """The figure that an engine's is compared with: native's, or that of the twin that did as little."""
    return entry[kind].get("native-few" if engine in slow else base)


def ratio(entry, kind, engine, slow, base="native"):
    """Median over the base's median, or None."""
    mine, other = entry[kind].get(engine), base_of(entry, kind, engine, slow, base)
    return mine[0] / other[0] if mine and other else None


def slow_of(data):
    return {name for name, engine in data["engines"].items() if engine["slow"]}


def order(data, works, kind):
    """The engines that have a figure anywhere, as they were listed, less native itself."""
    return [name for name in data["engines"] if name != "native" and any(name in w[kind] for w in works.values())]


def made(data, section):
    return f"Made by `bench/run {section} --write` on {data['made']}"


def ratio_table(data, works, kind, names):
    """Rows of ratios with their spread, native in ms first."""
    slow, rows = slow_of(data), []
    for name, entry in works.items():
        native = entry[kind].get("native")
        cells = [name, f"{native[0] / 1e6:.0f}" if native else "-"]
        for engine in names:
            value = ratio(entry, kind, engine, slow)
            cells.append(f"{value:.2f} ±{100 * spread(entry[kind][engine]):.0f} %" if value else "-")
        rows.append(cells)
    means = ["geometric mean", ""]
    for engine in names:
        values = [v for v in (ratio(w, kind, engine, slow) for w in works.values()) if v]
        means.append(f"{geomean(values):.2f}" if values else "-")
    return table(["", "native ms"] + names, rows + [means])


def two_tables(data, works, kind):
    """Cove and native in one table, the others in a second: one of all is too wide to read."""
    names = order(data, works, kind)
    mine, others = [n for n in names if ours(n) or n in NATIVES], [n for n in names if not ours(n) and n not in NATIVES]
    return "\n\n".join(ratio_table(data, works, kind, part) for part in (mine, others) if part)


def common(works, names, kind="inside"):
    """The works that every engine of `names` has run."""
    return {name: w for name, w in works.items() if all(n in w[kind] for n in names)}


def summary(data, works):
    """One row for each engine: geometric means over the kernels that all engines ran."""
    names, slow = order(data, works, "inside"), slow_of(data)
    shared = common(works, names + ["native"])
    groups = [(group, title) for group, title in GROUPS if any(w["group"] == group for w in shared.values())]

    def mean(engine, kind, group=None, base="native"):
        values = [ratio(w, kind, engine, slow, base) for w in shared.values() if group in (None, w["group"])]
        return f"{geomean(v for v in values if v):.2f}" if any(values) else "-"

    rows = []
    for engine in names:
        host = mean(engine, "inside", base="native-host") if engine not in slow else "-"
        peak = statistics.median(w["peak_kib"][engine] for w in shared.values()) / 1024 if shared else 0
        rows.append([engine, mean(engine, "inside"), host] + [mean(engine, "inside", g) for g, _ in groups] +
                    [mean(engine, "process"), f"{peak:.1f}"])
    head = ["geometric means", "all", "to native-host"] + [title for _, title in groups] + ["whole process", "peak MiB"]
    return f"Over the {len(shared)} kernels that all of these engines ran:\n\n" + table(head, rows)


def against_peers(data, works):
    """How an engine of ours stands against the best peer of each kernel."""
    names, slow = order(data, works, "inside"), slow_of(data)
    peers = [n for n in names if not ours(n) and n not in NATIVES and n not in slow]
    rows = []
    for engine in [n for n in names if ours(n) and n not in slow]:
        found = []
        for name, entry in works.items():
            others = {p: entry["inside"][p][0] for p in peers if p in entry["inside"]}
            if engine in entry["inside"] and others:
                best = min(others, key=others.get)
                found.append((entry["inside"][engine][0] / others[best], f"{name}, {best}"))
        if found:
            worst = max(found)
            rows.append([engine, f"{geomean(f[0] for f in found):.2f}", f"{worst[0]:.2f} ({worst[1]})",
                         str(sum(f[0] > 1.3 for f in found)), str(len(found))])
    if not rows:
        return ""
    return ("Time over that of the best peer in each kernel, interpreters apart:\n\n" +
            table(["", "geometric mean", "worst", "over 1.3", "kernels"], rows) + "\n\n")


def first_runs(data, works):
    """The whole process of cove as it comes, over that of tier 2 alone: compiled in the process, and before it."""
    rows = []
    for other in ("cove-llvm", "cove-llvm-lazy", "cove-cwasm", "cove-jit"):
        found = [(w["process"]["cove"][0] / w["process"][other][0], name) for name, w in works.items()
                 if "cove" in w["process"] and other in w["process"]]
        if found:
            worst = max(found)
            rows.append([other, f"{geomean(f[0] for f in found):.2f}", f"{worst[0]:.2f} ({worst[1]})"])
    if not rows:
        return ""
    return ("A first run: the whole process of cove as it comes over that of\n\n" +
            table(["", "geometric mean", "worst"], rows) + "\n\n")


def engine_list(data, names):
    return "\n".join(f"- {name}: {data['engines'][name]['version']}" for name in data["engines"] if name in names)


def notes(data):
    if not data["notes"]:
        return ""
    return "\n\nNot run, for want of a feature or otherwise:\n\n" + "\n".join(f"- {note}" for note in data["notes"])


def how(data):
    clock = "wall time" if data["clock"] == "wall" else \
        "CPU time of all threads (wall time where an engine gives its guests no CPU clock)"
    text = f"{clock}, medians of {data['rounds']}, ± is half the range between quartiles"
    if slow_of(data):
        text += f"; interpreters did 1/{data['slow']} of the work, against twins that did the same"
    return text + ("; guests with SIMD" if data["simd"] else "")


def kernels(data):
    works = data["works"]
    names = set(order(data, works, "inside")) | {"native"}
    return (f"{made(data, 'kernels')}: ratios of time inside the kernel to native (lower is better), {how(data)}. "
            f"Engines with threads of their own (V8, wasmtime, wazero, cove by default) may use every core, the others "
            f"one.\n\nProcessor: {data['cpu']}\n\n{engine_list(data, names)}\n\n{summary(data, works)}\n\n"
            f"{against_peers(data, works)}{first_runs(data, works)}{two_tables(data, works, 'inside')}\n\n"
            f"The whole process, from fork to exit, compilation included:\n\n{two_tables(data, works, 'process')}"
            f"{notes(data)}")


def programs(data):
    works = data["works"]
    names = order(data, works, "process")
    rows = [[name] + [f"{w['peak_kib'][n] / 1024:.0f}" if n in w["peak_kib"] else "-" for n in ["native"] + names]
            for name, w in works.items()]
    return (f"{made(data, 'programs')}: ratios of whole processes to native, from fork to exit, compilation included, "
            f"{how(data)}.\n\n{two_tables(data, works, 'process')}\n\nPeak resident memory, MiB:\n\n"
            f"{table([''] + ['native'] + names, rows)}{notes(data)}")


def startup(data):
    works = data["works"]
    engines = [n for n in data["engines"] if any(n in w for w in works.values())]
    titles = list(works)
    rows = []
    for engine in engines:
        cells = [engine]
        for title in titles:
            entry = works[title].get(engine)
            cells += [with_spread(entry["wall"], 1e6), f"{entry['peak_kib'] / 1024:.1f}"] if entry else ["-", "-"]
        rows.append(cells)
    head = ["wall ms, peak MiB"] + [text for title in titles for text in (title, "MiB")]
    native = works.get("hello", {}).get("native")
    against = ""
    if native:
        parts = [f"{n} {works['hello'][n]['wall'][0] / native['wall'][0]:.2f}" for n in engines
                 if n != "native" and n in works["hello"]]
        against = "\n\nHello world, ratios to native: " + ", ".join(parts) + "."
    return (f"{made(data, 'startup')}: the whole process from fork to exit, medians of up to {data['runs']} runs "
            f"(fewer for the slow ones).\n\n{table(head, rows)}{against}{notes(data)}")


def compile_speed(data):
    works = data["works"]
    engines = [n for n in data["engines"] if any(n in w["engines"] for w in works.values())]
    speeds, peaks = [], []
    for name, work in works.items():
        code = work["code_bytes"]
        cells, memory = [name, f"{code / 1e6:.2f}"], [name, f"{work['file_bytes'] / 1e6:.2f}"]
        for engine in engines:
            entry = work["engines"].get(engine)
            cells.append(f"{entry['cpu'][0] / 1e9:.3f} s, {code / 1e6 / (entry['cpu'][0] / 1e9):.1f} MB/s" if entry
                         else "-")
            memory.append(f"{entry['peak_kib'] / 1024:.0f}" if entry else "-")
        speeds.append(cells)
        peaks.append(memory)
    return (f"{made(data, 'compile')}: CPU time to compile whole modules, validation included, one thread, and MB of "
            f"code section a second; fresh processes.\n\n{table(['module', 'code MB'] + engines, speeds)}\n\n"
            f"Peak resident memory of the compiling process, MiB:\n\n"
            f"{table(['module', 'file MB'] + engines, peaks)}{notes(data)}")


def embed(data):
    rows = [[name, with_spread(figure, digits=1)] for name, figure in data["works"].items()]
    return (f"{made(data, 'embed')}: through include/cove, medians of {data['rounds']} processes, one core.\n\n" +
            table(["", "ns"], rows))


def components(data):
    rows = [[name, with_spread(figure, digits=1)] for name, figure in data["works"].items()]
    return (f"{made(data, 'components')}: through include/cove, medians of {data['rounds']} processes, one core.\n\n" +
            table(["", "ns"], rows))


def instances(data):
    rows = [[name] + [with_spread(columns[c], digits=1) for c in ("own", "bounded")]
            for name, columns in data["works"].items()]
    return (f"{made(data, 'instances')}: through include/cove, ns where nothing else is said, medians of "
            f"{data['rounds']} processes, one core.\n\n" + table(["", "own pool", "bounded pool"], rows))
