# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Components in C with the bindings of `cove bindgen guest`, compiled by clang alone: no C library, no other tool."""
import os
import re
import shutil

from harness import HERE, ROOT, Failure, Skip, case

SOURCES = os.path.join(HERE, "bindgen")
# What people may have on, as errors: the bindings are clean.
WARNINGS = ["-Wall", "-Wextra", "-Wmissing-prototypes", "-Wstrict-prototypes", "-Wshadow", "-Wundef", "-Wvla", "-Werror"]


def cove(ctx, *arguments):
    if ctx.engine.name != "cove" or ctx.options.components:
        raise Skip("about cove itself")
    done = ctx.process([os.path.abspath(shutil.which(ctx.options.cove)), *arguments])
    if done.status != 0:
        raise Failure(f"cove {' '.join(arguments[:2])}: {done.err.decode(errors='replace').strip()[-400:]}")
    return done


def bindings(ctx, wit, world, prefix):
    folder = ctx.empty_dir("bindings-" + world)
    cove(ctx, "bindgen", "guest", wit, "-w", world, "--prefix", prefix, "-o", folder)
    return folder


def component(ctx, wit, world, prefix, source=None, flags=("--target=wasm32", "-nostdlib"), options=()):
    """The component of one source, whose world is in the module that clang makes."""
    ctx.need(ctx.options.clang)
    folder = bindings(ctx, wit, world, prefix)
    core, out = (os.path.join(ctx.scratch, world + suffix) for suffix in (".core.wasm", ".wasm"))
    done = ctx.process([ctx.options.clang, *WARNINGS, "-O2", *flags, "-I", folder,
                        source or os.path.join(SOURCES, world + ".c"), os.path.join(folder, prefix + ".c"), "-o", core])
    if done.status != 0:
        raise Failure(f"clang: {done.err.decode(errors='replace')[:600]}")
    cove(ctx, "component", "new", core, *options, "-o", out)
    cove(ctx, "validate", out)
    return out


ALONE = ("--target=wasm32", "-nostdlib", "-Wl,--no-entry")


def program(ctx, name):
    path = os.path.join(ctx.options.programs or "", name)
    if not ctx.options.programs or not os.path.exists(path):
        raise Skip(f"the program {name} is built with the tests: name its folder with --programs")
    return path


VALUES = os.path.join(SOURCES, "values.wit")
CALLS = [
    ("echo-char('🦉')", "'🦉'"),
    ("echo-f32(-0.5)", "-0.5"),
    ("echo-s64(-9223372036854775808)", "-9223372036854775808"),
    ('echo-string("ünï")', '"ünï"'),
    ("echo-bits32({a0, b15})", "{a0, b15}"),
    ("echo-small(blue)", "blue"),
    ("echo-joined(f((1.5, -2.25, 200)))", "f((1.5, -2.25, 200))"),
    ("echo-joined(g((18446744073709551615, 0.25, -3)))", "g((18446744073709551615, 0.25, -3))"),
    ("echo-nested(tried(err(green)))", "tried(err(green))"),
    ('echo-nested(many([%none, e("x"), b(-1)]))', 'many([%none, e("x"), b(-1)])'),
    ("echo-option(some(none))", "some(none)"),
    ("echo-result(err)", "err"),
    ('echo-result-both(err("no"))', 'err("no")'),
    ("echo-list-result([ok(1), err(2)])", "[ok(1), err(2)]"),
    ('spilled((1, 2, 3, 4), c(0.5), "s", (1, 2, \'x\'), true, 5, -6)',
     '((1, 2, 3, 4), c(0.5), "s", (1, 2, \'x\'), true, 5, -6)'),
]


@case("bindgen/values", "own")
def values(ctx):
    """Every kind of value, by hand."""
    leaf = component(ctx, VALUES, "leaf", "values", flags=ALONE)
    for call, answer in CALLS:
        ctx.same(ctx.process(ctx.engine.prefix + ["--invoke", "test:values/values#" + call, leaf]), answer + "\n", call)


@case("bindgen/random-values", "own")
def random_values(ctx):
    """Every kind of value at random, as parameters and results of exports and, from inside, of imports."""
    echo = program(ctx, "echo")
    leaf = component(ctx, VALUES, "leaf", "values", flags=ALONE)
    relay = component(ctx, VALUES, "relay", "values", flags=ALONE)
    ctx.same(ctx.process([echo, leaf, "300"]), "16500 calls, 0 answers\n")
    ctx.same(ctx.process([echo, relay, "300"]), "16500 calls, 16500 answers\n")
    # One asks the other, which answers itself.
    both = os.path.join(ctx.scratch, "both.wasm")
    cove(ctx, "component", "compose", relay, "--plug", leaf, "-o", both)
    ctx.same(ctx.process([echo, both, "300"]), "16500 calls, 0 answers\n")


@case("bindgen/levels", "own", "heavy")
def levels(ctx):
    """Without optimisation, for the smallest size, and by the linker: what a compiler assumes of the bindings holds."""
    echo = program(ctx, "echo")
    for level in (["-O0", "-g"], ["-Oz"], ["-flto"]):
        relay = component(ctx, VALUES, "relay", "values", flags=[*ALONE, *level])
        ctx.same(ctx.process([echo, relay, "20"]), "1100 calls, 1100 answers\n", level[0])


@case("bindgen/c-library", "own")
def with_library(ctx):
    """With the C library's memory."""
    echo = program(ctx, "echo")
    if not os.path.exists("/usr/include/wasm32-wasi"):
        raise Skip("no wasi-libc (Debian: wasi-libc, libclang-rt-19-dev-wasm32)")
    relay = component(ctx, VALUES, "relay", "values", flags=["--target=wasm32-wasi", "-mexec-model=reactor"],
                      options=["--wasi-reactor"])
    ctx.same(ctx.process([echo, relay, "100"]), "5500 calls, 5500 answers\n")
    # The same target without its library.
    relay = component(ctx, VALUES, "relay", "values",
                      flags=["--target=wasm32-wasi", "-DCOVE_NO_LIBC", "-nostdlib", "-Wl,--no-entry"])
    ctx.same(ctx.process([echo, relay, "100"]), "5500 calls, 5500 answers\n")


# "/* own */ T *exports_f(U x, const V *y);"
PROTOTYPE = re.compile(r"^(?:/\*.*?\*/ )?(\w+) exports_(\w+)\((.*)\);$", re.MULTILINE)


def relay_source(header, own):
    """C for a world that imports and exports an interface: with `own` each export gives back what it was given, else it
    asks the import."""
    lines = ['#include "names.h"']
    for result, name, params in PROTOTYPE.findall(header):
        params = [] if params == "void" else [p.rsplit(" ", 1) for p in params.split(", ")]
        names = [p[1].lstrip("*") for p in params]
        values = ["*" + n if p[1].startswith("*") else n for p, n in zip(params, names)]
        if own:
            answer = values[0] if len(values) == 1 else f"({result}){{{', '.join(values)}}}"
            body = f"return {answer};" if result != "void" else " ".join(f"(void){n};" for n in names)
        else:
            body = f"{'return ' if result != 'void' else ''}{name}({', '.join(names)});"
        lines.append(f"{result} exports_{name}({', '.join(' '.join(p) for p in params) or 'void'}) {{ {body} }}")
    return "\n".join(lines) + "\n"


def random_world(ctx, seed, tool):
    wit = os.path.join(ctx.scratch, f"seed{seed}.wit")
    with open(wit, "wb") as out:
        out.write(ctx.process([tool, str(seed)]).out)
    with open(os.path.join(bindings(ctx, wit, "w", "names"), "names.h"), encoding="utf-8") as file:
        header = file.read()
    for own in (True, False):
        source = os.path.join(ctx.scratch, "source.c")
        with open(source, "w", encoding="utf-8") as out:
            out.write(relay_source(header, own))
        yield component(ctx, wit, "w", "names", source=source, flags=ALONE)


@case("bindgen/random-worlds", "own", "heavy")
def random_worlds(ctx):
    """Worlds of random types, whose labels mean something in C."""
    echo, tool = program(ctx, "echo"), program(ctx, "random_wit")
    for seed in range(1, 9):
        for made, answers in zip(random_world(ctx, seed, tool), (0, 14 * 12)):
            ctx.same(ctx.process([echo, made, "12"]), f"{14 * 12} calls, {answers} answers\n", f"seed {seed}")


LARGE = """
package test:large;
interface large {
  enum many { %s }
  variant more { %s }
  echo-many: func(x: many) -> many;
  echo-list: func(x: list<many>) -> list<many>;
  echo-more: func(x: more) -> more;
  echo-mores: func(x: list<more>) -> list<more>;
}
world w { import large; export large; }
"""


@case("bindgen/large", "own")
def large(ctx):
    """More cases than a byte counts."""
    echo, wit = program(ctx, "echo"), os.path.join(ctx.scratch, "large.wit")
    with open(wit, "w", encoding="utf-8") as out:
        out.write(LARGE % (", ".join(f"c{i}" for i in range(300)),
                           ", ".join(f"c{i}({('u8', 'f32', 's64', 'string')[i % 4]})" for i in range(257))))
    with open(os.path.join(bindings(ctx, wit, "w", "names"), "names.h"), encoding="utf-8") as file:
        header = file.read()
    source = os.path.join(ctx.scratch, "source.c")
    with open(source, "w", encoding="utf-8") as out:
        out.write(relay_source(header, False))
    ctx.same(ctx.process([echo, component(ctx, wit, "w", "names", source=source, flags=ALONE), "300"]),
             "1200 calls, 1200 answers\n")


@case("bindgen/resources", "own")
def resources(ctx):
    """A resource of one component, used by another: directly, and through components that both import and export it."""
    chain = program(ctx, "chain")
    wit = os.path.join(SOURCES, "things.wit")
    maker, middle, user = (component(ctx, wit, world, "things", flags=ALONE) for world in ("maker", "middle", "user"))
    ctx.same(ctx.process([chain, "200", maker, user]), b"")
    ctx.same(ctx.process([chain, "200", maker, middle, user]), b"")
    ctx.same(ctx.process([chain, "20", maker, middle, middle, user]), b"")


@case("bindgen/worlds", "own")
def worlds(ctx):
    """Functions, types and interfaces of a world itself; borrowed handles of others; names that C has other uses for."""
    chain = program(ctx, "chain")
    wit = os.path.join(SOURCES, "odd.wit")
    parts = [component(ctx, wit, world, "odd", flags=ALONE) for world in ("provider", "odd", "caller")]
    ctx.same(ctx.process([chain, "200", *parts]), b"")


@case("bindgen/plugin", "own")
def plugin(ctx):
    """The plugin of examples/, in C, in the host that its other plugins run in."""
    host = program(ctx, "../../examples/example_plugin_typed")
    upper = component(ctx, os.path.join(ROOT, "examples", "plugin.wit"), "plugin", "plugin",
                      source=os.path.join(ROOT, "examples", "plugin_guest", "upper.c"), flags=ALONE)
    ctx.same(ctx.process([host, upper]), "log: quiet words\nanswer: QUIET WORDS\nrefused: nothing to do\n")


TWO = """
package test:two;
interface shared { note: func(text: string); }
world one { import shared; export first: func() -> list<u8>; }
world other { import shared; export second: func() -> list<u8>; }
"""
TWO_C = """
#include "%s.h"
%s_list_u8 exports_%s_%s(void) {
  test_two_shared_note(cove_string_of("%s"));
  return (%s_list_u8){malloc(1), 1};
}
"""


@case("bindgen/two-worlds", "own")
def two_worlds(ctx):
    """The bindings of two worlds in one module."""
    ctx.need(ctx.options.clang)
    wit, core = os.path.join(ctx.scratch, "two.wit"), os.path.join(ctx.scratch, "two.core.wasm")
    with open(wit, "w", encoding="utf-8") as out:
        out.write(TWO)
    sources = []
    for world, func in (("one", "first"), ("other", "second")):
        folder = bindings(ctx, wit, world, world)
        sources += [os.path.join(folder, "own.c"), os.path.join(folder, world + ".c")]
        with open(sources[-2], "w", encoding="utf-8") as out:
            out.write(TWO_C % (world, world, world, func, world, world))
    done = ctx.process([ctx.options.clang, *WARNINGS, *ALONE, *sources, "-o", core])
    if done.status != 0:
        raise Failure(f"clang: {done.err.decode(errors='replace')[:600]}")
    cove(ctx, "component", "new", core, "-o", core + ".wasm")
    ctx.contains(cove(ctx, "inspect", core + ".wasm"), "first: func() -> list<u8>", "second: func() -> list<u8>")


@case("bindgen/cxx", "own")
def cxx(ctx):
    """The header in C++."""
    compiler = ctx.options.clang.replace("clang", "clang++")
    ctx.need(compiler)
    for wit, world in (("values.wit", "relay"), ("things.wit", "middle"), ("odd.wit", "odd")):
        folder = bindings(ctx, os.path.join(SOURCES, wit), world, "names")
        source = os.path.join(ctx.scratch, "use.cc")
        with open(source, "w", encoding="utf-8") as out:
            out.write('#include "names.h"\n')
        done = ctx.process([compiler, "-Wall", "-Wextra", "-Werror", "--target=wasm32", "-I", folder, "-c", source, "-o",
                            source + ".o"])
        if done.status != 0:
            raise Failure(f"{world}: {done.err.decode(errors='replace')[:600]}")


GUIDE = os.path.join(ROOT, "docs", "c-components.md")


def steps(text):
    """What a reader of the guide does: ("file", name, contents) and ("command", line, output), in order."""
    named, language, block = None, None, []
    for line in text.splitlines():
        if line.startswith("```"):
            if language is None:
                language, block = line[3:], []
                continue
            if language == "console":
                for part in ("\n" + "\n".join(block)).split("\n$ ")[1:]:
                    command, _, output = part.partition("\n")
                    yield "command", command, output + "\n" if output else ""
            else:
                yield "file", named, "\n".join(block) + "\n"
            language = None
        elif language is not None:
            block.append(line)
        elif line.endswith("`:"):
            named = line.split("`")[-2]


@case("bindgen/guide", "own")
def guide(ctx):
    """docs/c-components.md, followed to the letter."""
    ctx.need(ctx.options.clang)
    cove(ctx, "--version")
    tools = ctx.empty_dir("tools")
    os.symlink(os.path.abspath(shutil.which(ctx.options.cove)), os.path.join(tools, "cove"))
    os.symlink(shutil.which(ctx.options.clang), os.path.join(tools, "clang"))
    where = ctx.empty_dir("guide")
    env = {"PATH": tools + ":" + os.environ["PATH"], "COVE_WIT": os.path.join(ROOT, "wit")}
    commands = 0
    with open(GUIDE, encoding="utf-8") as file:
        text = file.read()
    for kind, name, contents in steps(text):
        if kind == "file":
            os.makedirs(os.path.dirname(os.path.join(where, name)) or where, exist_ok=True)
            with open(os.path.join(where, name), "w", encoding="utf-8") as out:
                out.write(contents)
        else:
            done = ctx.process(["sh", "-c", name], env=env, cwd=where)
            ctx.same(done, contents.encode(), name)
            commands += 1
    if commands < 10:
        raise Failure(f"only {commands} commands in the guide")
