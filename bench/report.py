# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Statistics, tables, and where results go: JSON under build/bench, Markdown between markers in docs/performance.md."""
import json
import math
import os
import statistics


def geomean(values):
    values = list(values)
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else math.nan


def spread(values):
    """Half the distance from the first to the last quartile, as a share of the median: how much the runs disagree."""
    if len(values) < 3:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2 / statistics.median(values)


def table(header, rows):
    """A Markdown table, columns padded so that it reads well as plain text; all but the first column to the right."""
    cells = [[str(c) for c in row] for row in [header] + rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]

    def line(row):
        padded = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    return "\n".join([line(cells[0]), rule] + [line(row) for row in cells[1:]])


def write_json(path, data):
    with open(path, "w", encoding="utf-8") as out:
        json.dump(data, out, indent=1)
        out.write("\n")


def write_markdown(path, section, text):
    """Replaces what stands between this section's markers; a page without the markers is left alone, and said so."""
    begin, end = f"<!-- bench:{section} -->", f"<!-- /bench:{section} -->"
    if not os.path.exists(path):
        raise SystemExit(f"bench: {path} does not exist")
    with open(path, encoding="utf-8") as page:
        old = page.read()
    if begin not in old or end not in old:
        raise SystemExit(f"bench: {path} has no markers {begin} and {end}")
    head, tail = old[:old.index(begin) + len(begin)], old[old.index(end):]
    with open(path, "w", encoding="utf-8") as page:
        page.write(f"{head}\n{text}\n{tail}")
