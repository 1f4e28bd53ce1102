# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Statistics, and where results go: a JSON file that everything else is made from, and Markdown between markers.

A figure in the JSON file is a list: median, first and last quartile, and how many samples there were.
"""
import json
import math
import os
import statistics


def figures(values):
    """Median and quartiles of samples, and their number."""
    middle = statistics.median(values)
    low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (middle,) * 3
    return [round(middle, 2), round(low, 2), round(high, 2), len(values)]


def spread(figure):
    """Half the distance between the quartiles, as a share of the median: how much the runs disagree."""
    return (figure[2] - figure[1]) / 2 / figure[0] if figure[0] else 0.0


def geomean(values):
    values = list(values)
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else math.nan


def with_spread(figure, divisor=1.0, digits=2):
    return f"{figure[0] / divisor:,.{digits}f} ±{100 * spread(figure):.0f} %"


def table(header, rows):
    """A Markdown table, columns padded so that it reads well as plain text; all but the first column to the right."""
    cells = [[str(c) for c in row] for row in [header] + rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]

    def line(row):
        padded = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    return "\n".join([line(cells[0]), rule] + [line(row) for row in cells[1:]])


def read_json(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_json(path, data):
    """Objects over lines, lists of numbers on one: the file is read by people and by diff too."""
    def text(value, indent):
        if not isinstance(value, dict) or not value or all(not isinstance(v, (dict, list)) for v in value.values()):
            return json.dumps(value, ensure_ascii=False)
        inner = ",\n".join(f"{indent} {json.dumps(key)}: {text(v, indent + ' ')}" for key, v in value.items())
        return "{\n" + inner + "\n" + indent + "}"

    with open(path, "w", encoding="utf-8") as out:
        out.write(text(data, "") + "\n")


def between_markers(path, section, content):
    """Replaces what stands between this section's markers in a page."""
    begin, end = f"<!-- bench:{section} -->", f"<!-- /bench:{section} -->"
    if not os.path.exists(path):
        raise SystemExit(f"bench: {path} does not exist")
    with open(path, encoding="utf-8") as page:
        old = page.read()
    if begin not in old or end not in old:
        raise SystemExit(f"bench: {path} has no markers {begin} and {end}")
    head, tail = old[:old.index(begin) + len(begin)], old[old.index(end):]
    with open(path, "w", encoding="utf-8") as page:
        page.write(f"{head}\n{content}\n{tail}")
