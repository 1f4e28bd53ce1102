# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The picture of docs/performance.md: an SVG file made from the JSON data alone, the same data always the same bytes.

Panels stand below each other, each with a row for an engine. In a panel of ratios a dot is a kernel and a bar ends at
their geometric mean; in a panel of times the bar ends at the median, with its quartiles drawn in. All scales are
logarithmic. Colours come from a style sheet with two sets of them, for light and dark pages; the background
is the page's.
"""
import math
from xml.sax.saxutils import escape

import pages
import report

WIDTH, LEFT, RIGHT, ROW, HEAD, FOOT = 860, 150, 70, 22, 46, 34
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 15px; }
.small, .tick { font-size: 11px; fill: #57606a; }
.grid { stroke: #d0d7de; stroke-width: 1; }
.one { stroke: #57606a; stroke-width: 1.5; }
.ours { fill: #0969da; } .peer { fill: #bc4c00; } .native { fill: #6e7781; }
.bar { opacity: 0.35; } .dot { opacity: 0.65; }
.whisker { stroke: #24292f; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
 text { fill: #e6edf3; } .small, .tick { fill: #9198a1; }
 .grid { stroke: #30363d; } .one { stroke: #9198a1; }
 .ours { fill: #4493f8; } .peer { fill: #f0883e; } .native { fill: #9198a1; }
 .whisker { stroke: #e6edf3; }
}
"""


class Scale:
    """A logarithmic axis from `low` to `high`, widened to whole steps of `ticks`."""

    def __init__(self, values, ticks):
        self.ticks = [t for t in ticks if t >= max([t for t in ticks if t <= min(values)], default=ticks[0])]
        over = [t for t in self.ticks if t >= max(values)]
        self.ticks = [t for t in self.ticks if not over or t <= over[0]]
        self.low, self.high = self.ticks[0], self.ticks[-1]

    def x(self, value):
        value = min(max(value, self.low), self.high)
        part = math.log(value / self.low) / math.log(self.high / self.low) if self.high > self.low else 0
        return LEFT + part * (WIDTH - LEFT - RIGHT)


def kind(name):
    return "native" if name in pages.NATIVES else "ours" if pages.ours(name) else "peer"


def number(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def frame(top, title, subtitle, rows, scale, unit, mark):
    """Title, grid and axis of a panel with as many rows; `mark` is the tick that is drawn heavier."""
    bottom = top + HEAD + rows * ROW
    out = [f'<text class="title" x="8" y="{top + 16}">{escape(title)}</text>',
           f'<text class="small" x="8" y="{top + 33}">{escape(subtitle)}</text>']
    for tick in scale.ticks:
        x = scale.x(tick)
        style = "one" if tick == mark else "grid"
        out.append(f'<line class="{style}" x1="{x:.1f}" y1="{top + HEAD}" x2="{x:.1f}" y2="{bottom}"/>')
        out.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{tick:g}{unit}</text>')
    return out


def row(y, name, value):
    return [f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<text class="small" x="{WIDTH - RIGHT + 8}" y="{y + 15}">{number(value)}</text>']


def bar(y, name, scale, value):
    x0, x1 = sorted((scale.x(max(scale.low, 1.0) if scale.low < 1 < scale.high else scale.low), scale.x(value)))
    return f'<rect class="bar {kind(name)}" x="{x0:.1f}" y="{y + 4}" width="{max(x1 - x0, 1):.1f}" height="{ROW - 8}"/>'


def ratios(top, title, subtitle, data, what):
    """A panel of ratios to native; its SVG and its height."""
    works, slow = data["works"], pages.slow_of(data)
    found = {}
    for name in pages.order(data, works, what):
        values = [(work, pages.ratio(w, what, name, slow)) for work, w in works.items()]
        found[name] = [(work, v) for work, v in values if v]
    found = {name: values for name, values in found.items() if values}
    if not found:
        return [], 0
    scale = Scale([1.0] + [v for values in found.values() for _, v in values],
                  [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])
    out = frame(top, title, subtitle, len(found), scale, "", 1)
    for i, (name, values) in enumerate(found.items()):
        y, mean = top + HEAD + i * ROW, report.geomean(v for _, v in values)
        out += row(y, name, mean) + [bar(y, name, scale, mean)]
        out += [f'<circle class="dot {kind(name)}" cx="{scale.x(v):.1f}" cy="{y + ROW / 2:g}" r="3">'
                f'<title>{escape(work)}: {v:.2f}</title></circle>' for work, v in values]
    return out, HEAD + len(found) * ROW + FOOT


def times(top, title, subtitle, data, work):
    """A panel of milliseconds; its SVG and its height."""
    found = {name: data["works"][work][name]["wall"] for name in data["engines"] if name in data["works"][work]}
    if not found:
        return [], 0
    scale = Scale([v / 1e6 for figure in found.values() for v in figure[1:3]],
                  [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000])
    out = frame(top, title, subtitle, len(found), scale, " ms", None)
    for i, (name, figure) in enumerate(found.items()):
        y, middle = top + HEAD + i * ROW, figure[0] / 1e6
        x0, x1 = scale.x(figure[1] / 1e6), scale.x(figure[2] / 1e6)
        out += row(y, name, middle)
        width = max(scale.x(middle) - LEFT, 1)
        out.append(f'<rect class="bar {kind(name)}" x="{LEFT}" y="{y + 4}" width="{width:.1f}" height="{ROW - 8}"/>')
        out.append(f'<line class="whisker" x1="{x0:.1f}" y1="{y + ROW / 2:g}" x2="{x1:.1f}" y2="{y + ROW / 2:g}"/>')
    return out, HEAD + len(found) * ROW + FOOT


def panels(data):
    """(function, arguments) for each panel that there are data for."""
    plan = []
    if "kernels" in data:
        count = len(data["kernels"]["works"])
        plan.append((ratios, ("Run speed", f"time inside the kernel over that of native clang -O2; {count} kernels, a "
                              "dot each, the bar and the number their geometric mean", data["kernels"], "inside")))
    if "programs" in data and data["programs"]["works"]:
        plan.append((ratios, ("Real programs", "the whole process over the native one: " +
                              ", ".join(data["programs"]["works"]), data["programs"], "process")))
    titles = {"hello": "Start of hello world", "hello-component": "Start of hello world, as a component",
              "python": "Start of Python", "javascript-component": "Start of a JavaScript component"}
    for work in data.get("startup", {}).get("works", {}):
        plan.append((times, (titles.get(work, work), "the whole process, median and quartiles", data["startup"], work)))
    return plan


def svg(data):
    """The whole picture as text."""
    top, out = 8, []
    for panel, arguments in panels(data):
        part, height = panel(top, *arguments)
        out += part
        top += height + (16 if height else 0)
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}" '
            f'role="img" aria-label="Benchmarks of cove and other engines">\n<style>{STYLE}</style>\n')
    return head + "\n".join(out) + "\n</svg>\n"
