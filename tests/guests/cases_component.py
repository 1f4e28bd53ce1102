# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Components of several toolchains: the world of component/world.wit in C, Rust, JavaScript and Python, each called with
the same arguments; commands; and both directions with jco (npm): it takes what cove makes, cove what it makes."""
import os
import shutil
import sys

from harness import BENCH, C, HERE, ROOT, Failure, Skip, case

SOURCES = os.path.join(HERE, "component")
WORLD = os.path.join(SOURCES, "world.wit")

CALLS = [
    ('greet("Žofie 🦉")', '"hello Žofie 🦉"'),
    ("sum([1, -2, 30])", "29"),
    ("area(circle({radius: 2}))", "12"),
    ("area(rectangle((2.5, 3)))", "7.5"),
    ("area(nothing)", "0"),
    ('people([{name: "ann", age: 3, tags: ["x"]}, {name: "", age: 0, tags: []}])',
     '[{name: "ANN", age: 4, tags: ["x", "seen"]}, {name: "", age: 1, tags: ["seen"]}]'),
    ("divide(-8, 2)", "ok(-4)"),
    ("divide(7, 0)", 'err("division by zero")'),
    ('find(["a", "b"], "b")', "some(1)"),
    ('find([], "b")', "none"),
]

# The same through jco: values as JavaScript has them.
NODE_CALLS = """
import { greet, sum, area, people, divide, find } from "./shapes.js";
let refused;
try { divide(7, 0); } catch (e) { refused = e.payload; }
console.log(JSON.stringify([greet("x"), sum(Int32Array.of(1, -2, 30)), area({ tag: "rectangle", val: [2.5, 3] }),
  people([{ name: "ann", age: 3, tags: ["x"] }]), divide(-8, 2), refused, find(["a", "b"], "b"), find([], "b") ?? null]));
"""
NODE_SAYS = '["hello x",29,7.5,[{"name":"ANN","age":4,"tags":["x","seen"]}],-4,"division by zero",1,null]\n'

COMPONENTIZE = """
import { componentize } from "@bytecodealliance/componentize-js";
import { readFile, writeFile } from "node:fs/promises";
const [source, witPath, worldName, target] = process.argv.slice(2);
const made = await componentize(await readFile(source, "utf8"),
  { witPath, worldName, disableFeatures: ["http", "fetch-event"] });
await writeFile(target, made.component);
"""


def cove(ctx, *arguments):
    if ctx.engine.name != "cove" or ctx.options.components:
        raise Skip("about cove itself")
    return ctx.process([os.path.abspath(shutil.which(ctx.options.cove)), *arguments])


def must(ctx, *arguments):
    done = cove(ctx, *arguments)
    if done.status != 0:
        raise Failure(f"cove {' '.join(arguments[:2])}: {done.err.decode(errors='replace').strip()[-400:]}")
    return done


def check_shapes(ctx, component, *options):
    """Looked at, printed and parsed again, and called."""
    must(ctx, "validate", component)
    ctx.contains(must(ctx, "inspect", component), "find: func(xs: list<string>, x: string) -> option<u32>")
    text, again, twice = (os.path.join(ctx.scratch, name) for name in ("one.wat", "again.wasm", "two.wat"))
    must(ctx, "print", component, "-o", text)
    must(ctx, "parse", text, "-o", again)
    must(ctx, "validate", again)
    must(ctx, "print", again, "-o", twice)
    ctx.same(ctx.process(["cmp", text, twice]), b"", "print, parse, print")
    for call, answer in CALLS:
        ctx.same(ctx.process(ctx.engine.prefix + [*options, "--invoke", call, component]), answer + "\n", call)


def made(ctx, target, sources, *arguments):
    """What `cove component ... -o target` makes."""
    cove(ctx, "--version")
    return ctx.build(target, [*sources, ctx.options.cove],
                     [os.path.abspath(shutil.which(ctx.options.cove)), "component", *arguments])


def c_module(ctx):
    """By clang alone, with bindings that carry the world."""
    ctx.need(ctx.options.clang)
    folder = ctx.empty_dir("shapes")
    must(ctx, "bindgen", "guest", WORLD, "-w", "shapes", "-o", folder)
    source, bindings = os.path.join(SOURCES, "shapes.c"), os.path.join(folder, "shapes.c")
    return ctx.build("shapes-c.core.wasm", [source, bindings],
                     [ctx.options.clang, "-O2", "--target=wasm32", "-nostdlib", "-Wl,--no-entry", "-I", folder, source,
                      bindings])


def c_component(ctx):
    core = c_module(ctx)
    return made(ctx, "shapes-c.wasm", [core], "new", core)


def rust_module(ctx, source=os.path.join(SOURCES, "rust"), name="shapes"):
    ctx.need("cargo")
    target = os.path.join(ctx.work, "component-rust")
    command = ["cargo", "build", "--release", "--locked", "--target", "wasm32-wasip1", "--target-dir", target]
    done = ctx.process(command + (["--offline"] if ctx.options.offline else []), cwd=source, timeout=900)
    if done.status != 0:
        raise Skip("cargo build for wasm32-wasip1: " + done.err.decode(errors="replace").strip()[-200:])
    return os.path.join(target, "wasm32-wasip1", "release", name + ".wasm")


def jco(ctx, *arguments):
    """Runs jco, which is put among the tests' npm packages."""
    package = os.path.dirname(ctx.npm("@bytecodealliance/jco", "package.json"))
    return ctx.process([os.path.join(package, "..", "..", ".bin", "jco"), *arguments], timeout=300)


def jco_must(ctx, *arguments):
    done = jco(ctx, *arguments)
    if done.status != 0:
        raise Failure(f"jco {arguments[0]}: {(done.err + done.out).decode(errors='replace').strip()[-400:]}")
    return done


def check_with_node(ctx, component):
    """Transpiled by jco and called in node."""
    packages = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
        ctx.npm("@bytecodealliance/jco", "package.json")))))
    # Under the packages, where node finds what the transpiled code imports.
    out = os.path.join(packages, "out", os.path.basename(ctx.scratch))
    jco_must(ctx, "transpile", component, "--name", "shapes", "-o", out)
    script = os.path.join(out, "calls.mjs")
    with open(script, "w", encoding="utf-8") as file:
        file.write(NODE_CALLS)
    ctx.same(ctx.process(["node", "--no-warnings", script]), NODE_SAYS)


def javascript(ctx, target, source, wit, world):
    """componentize-js, which puts the source beside its engine."""
    library = ctx.npm("@bytecodealliance/componentize-js", "package.json")
    base = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(library))))
    script = os.path.join(base, "componentize.mjs")
    with open(script, "w", encoding="utf-8") as file:
        file.write(COMPONENTIZE)
    full = os.path.join(ctx.bin, target)
    if not os.path.exists(full) or os.path.getmtime(source) > os.path.getmtime(full):
        done = ctx.process(["node", "--no-warnings", script, source, wit, world, full], timeout=900)
        if done.status != 0:
            raise Skip("componentize-js: " + done.err.decode(errors="replace").strip()[-200:])
    return full


def python(ctx, target, *options, source=os.path.join(SOURCES, "app.py"), wit=WORLD, world="shapes"):
    """componentize-py from PyPI, in an environment of its own."""
    home = os.path.join(ctx.work, "componentize-py")
    tool = os.path.join(home, "bin", "componentize-py")
    if not os.path.exists(tool):
        if ctx.options.offline:
            raise Skip("componentize-py is not here, and --offline")
        ctx.process([sys.executable, "-m", "venv", home], timeout=300)
        done = ctx.process([os.path.join(home, "bin", "pip"), "install", "-q", "componentize-py"], timeout=600)
        if not os.path.exists(tool):
            raise Skip("componentize-py: " + done.err.decode(errors="replace").strip()[-200:])
    full, module = os.path.join(ctx.bin, target), os.path.splitext(os.path.basename(source))[0]
    if not os.path.exists(full) or os.path.getmtime(source) > os.path.getmtime(full):
        # A copy, since Python leaves compiled files beside its sources.
        shutil.copy(source, ctx.scratch)
        done = ctx.process([tool, "-d", wit, "-w", world, "componentize", *options, module, "-o", full],
                           cwd=ctx.scratch, timeout=900)
        if done.status != 0:
            raise Skip("componentize-py: " + done.err.decode(errors="replace").strip()[:200])
    return full


@case("component/c", "own")
def shapes_c(ctx):
    check_shapes(ctx, c_component(ctx))


def tables_snapshot(ctx):
    """A component that starts with its tables built, and the one that builds them."""
    ctx.need(ctx.options.clang)
    wit, source, folder = (os.path.join(C, "tables.wit"), os.path.join(C, "tables.c"), ctx.empty_dir("tables"))
    ctx.same(cove(ctx, "bindgen", "guest", wit, "-w", "tables", "-o", folder), b"", "bindgen")
    module = ctx.c_guest("tables", [source, os.path.join(folder, "tables.c")],
                         flags=["-mexec-model=reactor", "-I", folder])
    whole = made(ctx, "tables.component.wasm", [module], "new", module, "--wasi-reactor")
    out = os.path.join(ctx.scratch, "tables.wasm")
    ctx.same(cove(ctx, "snapshot", whole, "-o", out), b"", "snapshot")
    return out, whole


TABLES_SAY = "37831 of 25994, constructed 1, built 1"


@case("component/snapshot", "own")
def snapshot(ctx):
    for component in tables_snapshot(ctx):
        ctx.same(ctx.process(ctx.engine.prefix + ["--invoke", "answer(4000)", component]),
                 f'asked for 4000\n"{TABLES_SAY}"\n'.encode())


@case("component/snapshot-jco")
def snapshot_jco(ctx):
    packages = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
        ctx.npm("@bytecodealliance/jco", "package.json")))))
    out = os.path.join(packages, "out", os.path.basename(ctx.scratch))
    jco_must(ctx, "transpile", tables_snapshot(ctx)[0], "--name", "tables", "-o", out)
    script = os.path.join(out, "calls.mjs")
    with open(script, "w", encoding="utf-8") as file:
        file.write('import { answer } from "./tables.js"; console.log(answer(4000));')
    ctx.same(ctx.process(["node", "--no-warnings", script]), f"asked for 4000\n{TABLES_SAY}\n".encode())


@case("component/c-jco")
def shapes_c_jco(ctx):
    check_with_node(ctx, c_component(ctx))
    # Of what has the world from bindings, and of what has it by `cove component embed`, jco makes a component.
    core, theirs = c_module(ctx), os.path.join(ctx.scratch, "theirs.wasm")
    for module in (core, made(ctx, "shapes-c.embedded.wasm", [core, WORLD], "embed", core, "--wit", WORLD)):
        jco_must(ctx, "new", module, "-o", theirs)
        check_shapes(ctx, theirs)


@case("component/rust")
def shapes_rust(ctx):
    core = rust_module(ctx)
    check_shapes(ctx, made(ctx, "shapes-rust.wasm", [core], "new", core, "--wasi-reactor"))


@case("component/rust-jco")
def shapes_rust_jco(ctx):
    core = rust_module(ctx)
    check_with_node(ctx, made(ctx, "shapes-rust.wasm", [core], "new", core, "--wasi-reactor"))
    theirs = os.path.join(ctx.scratch, "theirs.wasm")
    jco_must(ctx, "new", core, "--wasi-reactor", "-o", theirs)
    check_shapes(ctx, theirs)


@case("component/javascript", "heavy")
def shapes_javascript(ctx):
    check_shapes(ctx, javascript(ctx, "shapes-js.wasm", os.path.join(SOURCES, "app.js"), WORLD, "shapes"))


def javascript_command(ctx):
    wit = ctx.empty_dir("wit")
    shutil.copytree(os.path.join(ROOT, "wit", "deps"), os.path.join(wit, "deps"))
    shutil.copy(os.path.join(SOURCES, "command.wit"), wit)
    return javascript(ctx, "command-js.wasm", os.path.join(SOURCES, "command.js"), wit, "command")


@case("component/javascript-command", "heavy")
def command_javascript(ctx):
    cove(ctx, "--version")
    command = javascript_command(ctx)
    done = ctx.process(ctx.engine.command(command))
    ctx.same(done, 'hello from JavaScript {"a":[1,2.5,null,"ü"]}\n')
    ctx.contains(done, "1,2,3 number")


@case("component/python", "heavy")
def shapes_python(ctx):
    # Its C library imports more of WASI than a host need grant, here or at all.
    check_shapes(ctx, python(ctx, "shapes-py.wasm"), "--deny=error")


@case("component/python-alone", "heavy")
def shapes_python_alone(ctx):
    check_shapes(ctx, python(ctx, "shapes-py-alone.wasm", "--stub-wasi"))


@case("component/hello-jco")
def hello_jco(ctx):
    text, component = os.path.join(BENCH, "hello.component.wat"), os.path.join(ctx.scratch, "hello.wasm")
    must(ctx, "parse", text, "-o", component)
    ctx.same(jco_must(ctx, "run", component), "hello, world\n")
    ctx.same(ctx.process(ctx.engine.command(component)), "hello, world\n")


def foreign_adapter(ctx, core, kind):
    """A component with jco's adapter, which works in the memory of the program."""
    adapter = ctx.npm("@bytecodealliance/jco", f"lib/wasi_snapshot_preview1.{kind}.wasm")
    target = os.path.basename(core).replace(".wasm", f".{kind}-jco.wasm")
    return made(ctx, target, [core, adapter], "new", core, "--adapt", adapter)


def same_as_core(ctx, component, core, *arguments, **options):
    """The component does what the program does that it is made of; all that fails is status 1 in WASI 0.2.0."""
    got = ctx.process(ctx.engine.command(component, arguments, options.get("dirs", ()), options.get("env")),
                      stdin=options.get("stdin", b""))
    want = ctx.process(ctx.engine.command(core, arguments, options.get("dirs", ()), options.get("env")),
                       stdin=options.get("stdin", b""))
    if (got.out, got.err, got.status != 0) != (want.out, want.err, want.status != 0):
        ctx.same(got, want.out, os.path.basename(component))
        raise Failure(f"{os.path.basename(component)}: {got.status} {got.err!r}, want {want.status} {want.err!r}")


@case("component/adapter-jco")
def adapter_jco(ctx):
    """Programs through an adapter of others, which gets its stack in their memory."""
    for name, arguments in (("args", ["one", "two words"]), ("env", ["COVE_A", "COVE_B"]), ("exit", ["0"]),
                            ("exit", ["3", "inside"]), ("cat", [])):
        core, _ = ctx.c_pair(name, [os.path.join(HERE, "c", name + ".c")])
        same_as_core(ctx, foreign_adapter(ctx, core, "command"), core, *arguments, env={"COVE_A": "b c"},
                     stdin=b"x\ny\nlast without newline")
    core, native = ctx.c_pair("files", [os.path.join(HERE, "c", "files.c")])
    mine, theirs = ctx.empty_dir("guest"), ctx.empty_dir("native")
    ctx.same(ctx.process(ctx.engine.command(foreign_adapter(ctx, core, "command"), ["/w"], [(mine, "/w")])),
             ctx.process([native, theirs]))


@case("component/adapter-jco-on-jco")
def adapter_jco_on_jco(ctx):
    core, _ = ctx.c_pair("args", [os.path.join(HERE, "c", "args.c")])
    ctx.same(jco_must(ctx, "run", foreign_adapter(ctx, core, "command"), "one", "two words"), "2\n[one]\n[two words]\n")


@case("component/adapter-jco-rust")
def adapter_jco_rust(ctx):
    """A library, whose own cabi_realloc gives the adapter its stack at the first call."""
    core = rust_module(ctx)
    component = foreign_adapter(ctx, core, "reactor")
    check_shapes(ctx, component)
    ctx.contains(ctx.process(ctx.engine.prefix + ["--invoke", 'greet("x")', component]), "greet was called")
    check_with_node(ctx, component)


@case("component/adapter-jco-go")
def adapter_jco_go(ctx):
    """Go's allocator does not share its memory."""
    ctx.need("go")
    core = os.path.join(ctx.scratch, "goroutines.wasm")
    done = ctx.process(["go", "build", "-trimpath", "-o", core, "./goroutines"], cwd=os.path.join(HERE, "go"),
                       env={"GOOS": "wasip1", "GOARCH": "wasm"}, timeout=900)
    if done.status != 0:
        raise Skip("go build for wasip1: " + done.err.decode(errors="replace").strip()[-200:])
    adapter = ctx.npm("@bytecodealliance/jco", "lib/wasi_snapshot_preview1.command.wasm")
    done = cove(ctx, "component", "new", core, "--adapt", adapter, "-o", os.path.join(ctx.scratch, "out.wasm"))
    if done.status != 65 or b"Go's allocator" not in done.err:
        raise Failure(f"a Go program was taken: {done.status} {done.err!r}")


@case("component/command-jco")
def command_jco(ctx):
    """A preview 1 program through the adapter of either, on either."""
    core, native = ctx.c_pair("args", [os.path.join(HERE, "c", "args.c")])
    mine = made(ctx, "args.component.wasm", [core], "new", core, "--wasi-command")
    theirs = os.path.join(ctx.scratch, "theirs.wasm")
    jco_must(ctx, "new", core, "--wasi-command", "-o", theirs)
    want = ctx.process(ctx.engine.command(core, ["one", "two words"]))
    ctx.same(ctx.process(ctx.engine.command(theirs, ["one", "two words"])), want.out, "jco's on cove")
    ctx.same(ctx.process(ctx.engine.command(mine, ["one", "two words"])), want.out, "cove's on cove")
    jco_must(ctx, "run", mine, "one", "two words")
