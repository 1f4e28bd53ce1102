# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compositions: components in Rust, Python and JavaScript that call each other with records, variants, lists, strings and
resources (compose/world.wit), put together by cove and by others, run by cove and by jco."""
import os
import re

from cases_component import cove, javascript, jco_must, made, must, python, rust_module
from harness import HERE, ROOT, Failure, case

SOURCES = os.path.join(HERE, "compose")
WORLD = os.path.join(SOURCES, "world.wit")

CALL = 'run(["apple", "fig", "", "plum", "kiwis"])'
SAYS = ["added apple", "added fig", "nothing", "refused: no plum", "added kiwis",
        "left: 1 apple ['n0', 'ž'], 1 kiwis ['n4', 'ž']", "right: 3 fig ['n1', 'ž']", "2 alive",
        "left+right: apple,kiwis,fig", "1 alive", "0 alive"]
ANSWER = "ok([" + ", ".join(f'"{line}"' for line in SAYS) + "])\n"

# Once: jco takes the handle of a resource for the resource itself in a component that has owned one before.
NODE_CALL = """
import { run } from "./whole.js";
console.log(run(["apple", "fig", "", "plum", "kiwis"]).join("\\n"));
"""

# Another tool's configuration for the same graph.
WASM_TOOLS = """
dependencies:
  storage: {storage}
  reporter: {reporter}
instantiations:
  root:
    arguments:
      demo:stock/store@1.0.0: storage
      demo:stock/report@1.0.0: reporter
  reporter:
    arguments:
      demo:stock/store@1.0.0: storage
"""


# An environment of its own, of a later version than the command asks for.
ARGUMENTS = r'''(component
  (core module $m (memory (export "memory") 1)
    (data (i32.const 8) "\10\00\00\00\02\00\00\00")
    (data (i32.const 16) "\20\00\00\00\01\00\00\00\24\00\00\00\07\00\00\00")
    (data (i32.const 32) "x   plugged")
    (func (export "f") (result i32) i32.const 8))
  (core instance $i (instantiate $m))
  (func $f (result (list string)) (canon lift (core func $i "f") (memory (core memory $i "memory"))))
  (instance $e (export "get-arguments" (func $f)))
  (export "wasi:cli/environment@0.2.6" (instance $e)))
'''


def components(ctx):
    """Storage in Rust, reporter in Python, app in JavaScript."""
    core = rust_module(ctx, os.path.join(SOURCES, "storage"), "storage")
    return (made(ctx, "storage.wasm", [core], "new", core, "--wasi-reactor"),
            python(ctx, "reporter.wasm", source=os.path.join(SOURCES, "reporter.py"), wit=WORLD, world="reporter"),
            javascript(ctx, "app.wasm", os.path.join(SOURCES, "app.js"), WORLD, "app"))


def composed(ctx):
    parts = components(ctx)
    names = zip(("storage", "reporter", "app"), parts)
    graph = os.path.join(SOURCES, "graph.wac")
    return made(ctx, "whole.wasm", [graph, *parts], "compose", graph, *(f"--dep=demo:{name}={file}" for name, file in names))


def check(ctx, component):
    must(ctx, "validate", component)
    for tier in ("jit", "interp"):
        # Python's library imports sockets, which nobody grants.
        done = must(ctx, "run", f"--tier={tier}", "--deny=error", "--invoke", CALL, component)
        ctx.same(done, ANSWER, tier)
    done = must(ctx, "run", "--deny=error", "--invoke", "run([])", component)
    ctx.same(done, 'err("nothing to join")\n')


@case("compose/languages", "heavy")
def compose_languages(ctx):
    whole = composed(ctx)
    check(ctx, whole)
    world = must(ctx, "wit", whole)
    ctx.contains(world, "export run: func(names: list<string>) -> result<list<string>, string>;")
    # What three of them import is one import, of the newest version.
    imports = re.findall(rb"import (wasi:io/streams@[0-9.]+);", world.out)
    if len(imports) != 1:
        raise Failure(f"imports of streams: {imports}")
    # The interfaces that they have for each other are not imported, but for the types that they all know.
    if b"import demo:stock/store@" in world.out:
        raise Failure("the composition imports what it has inside")


@case("compose/languages-jco", "heavy")
def compose_jco(ctx):
    whole = composed(ctx)
    packages = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
        ctx.npm("@bytecodealliance/jco", "package.json")))))
    out = os.path.join(packages, "out", os.path.basename(ctx.scratch))
    jco_must(ctx, "transpile", whole, "--name", "whole", "-o", out)
    script = os.path.join(out, "calls.mjs")
    with open(script, "w", encoding="utf-8") as file:
        file.write(NODE_CALL)
    ctx.same(ctx.process(["node", "--no-warnings", "--experimental-wasm-extended-const", script]),
             "\n".join(SAYS) + "\n")


@case("compose/languages-theirs", "heavy")
def compose_theirs(ctx):
    """The same graph by wasm-tools."""
    ctx.need("wasm-tools")
    storage, reporter, app = components(ctx)
    config, theirs = os.path.join(ctx.scratch, "graph.yml"), os.path.join(ctx.scratch, "theirs.wasm")
    with open(config, "w", encoding="utf-8") as file:
        file.write(WASM_TOOLS.format(storage=storage, reporter=reporter))
    ctx.same(ctx.process(["wasm-tools", "compose", "-q", "-c", config, app, "-o", theirs]), "")
    check(ctx, theirs)
    # And what cove made is valid to it.
    ctx.same(ctx.process(["wasm-tools", "validate", composed(ctx)]), "")


@case("compose/split", "heavy")
def split_languages(ctx):
    whole, folder = composed(ctx), os.path.join(ctx.scratch, "parts")
    listed = must(ctx, "component", "split", whole, "-o", folder)
    for part in ("storage.wasm", "reporter.wasm", "app.wasm", "reporter.libc.so.wasm"):
        ctx.contains(listed, part)
        must(ctx, "validate", os.path.join(folder, part))
    # The parts are what was given.
    for name, given in zip(("storage", "reporter", "app"), components(ctx)):
        ctx.same(ctx.process(["cmp", os.path.join(folder, name + ".wasm"), given]), "", name)
    again = cove(ctx, "component", "split", whole, "-o", folder)
    ctx.contains(again, "is there already", "--force", status=1)
    must(ctx, "component", "split", whole, "-o", folder, "--force")


@case("compose/plug", "own")
def compose_plug(ctx):
    """Two components as text, and what both tiers and jco make of the two as one."""
    files = os.path.join(ROOT, "tests", "cli", "files")
    out = os.path.join(ctx.scratch, "out.wasm")
    must(ctx, "component", "compose", os.path.join(files, "socket.wat"), "--plug", os.path.join(files, "math.wat"), "-o", out)
    for tier in ("jit", "interp"):
        ctx.same(must(ctx, "run", f"--tier={tier}", "--invoke", "twice(21)", out), "42\n", tier)


@case("compose/command")
def compose_command(ctx):
    """A command whose arguments are a plug's; the rest of WASI is the host's."""
    core, _ = ctx.c_pair("args", [os.path.join(HERE, "c", "args.c")])
    command = made(ctx, "args.component.wasm", [core], "new", core, "--wasi-command")
    plug, text = (os.path.join(ctx.scratch, name) for name in ("plug.wasm", "plug.wat"))
    with open(text, "w", encoding="utf-8") as file:
        file.write(ARGUMENTS)
    must(ctx, "parse", text, "-o", plug)
    whole = os.path.join(ctx.scratch, "whole.wasm")
    must(ctx, "component", "compose", command, "--plug", plug, "-o", whole)
    ctx.same(must(ctx, "run", whole, "not seen"), "1\n[plugged]\n")
    ctx.same(jco_must(ctx, "run", whole, "not seen"), "1\n[plugged]\n", "jco")
