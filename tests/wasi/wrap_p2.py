# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a component of a guest that calls WASI 0.2 by hand: component text around the text of a core module.

The guest is a core module that imports its memory ("env" "memory", at most 1 MiB of which is its own) and functions by
their names in the canonical ABI, and exports "run". What the functions' types are is read from the table that the
binding generator wrote for the host: names with signatures (cove/glue.h). Results of functions are put into the second
MiB of the memory, over and over.
"""
import argparse
import pathlib
import re
import subprocess

LIBC = """
  (core module $libc
    (memory (export "memory") 32)
    (global $at (mut i32) (i32.const 0x100000))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $new i32)
      (if (i32.gt_u (local.get 3) (i32.const 0x80000)) (then (return (i32.const 0x180000))))
      (local.set $new (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
      (if (i32.gt_u (i32.add (local.get $new) (local.get 3)) (i32.const 0x180000))
        (then (local.set $new (i32.const 0x100000))))
      (global.set $at (i32.add (local.get $new) (local.get 3)))
      (local.get $new)))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
"""


class Parser:
    """Reads one signature and writes the types that it needs, named ones as exports, as a component must."""

    def __init__(self, interface):
        self.interface = interface
        self.lines = []
        self.count = 0
        self.known = {}

    def define(self, key, text, named):
        if key not in self.known:
            name = f"$t{self.count}"
            self.count += 1
            self.lines.append(f"(type {name} {text})")
            if named:
                self.lines.append(f'(export "t{name[2:]}" (type {name}x (eq {name})))')
                name += "x"
            self.known[key] = name
        return self.known[key]

    def parse(self, text):
        self.text, self.at = text, 0
        is_async = self.take("async")
        assert not is_async
        params = self.items("(", ")", self.type)
        result = self.type() if self.take("->") else None
        assert self.at == len(text), text[self.at:]
        return params, result

    def take(self, word):
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def name(self):
        m = re.compile(r"[a-z0-9:/.@_-]+", re.I).match(self.text, self.at)
        self.at = m.end()
        return m.group()

    def items(self, first, last, read):
        assert self.take(first), self.text[self.at:]
        out = []
        while not self.take(last):
            out.append(read())
            self.take(",")
        return out

    def member(self):
        label = self.name_of_member()
        return label, self.type() if self.take(":") else None

    def name_of_member(self):
        m = re.compile(r"[a-z0-9-]+", re.I).match(self.text, self.at)
        self.at = m.end()
        return m.group()

    def type(self):
        start = self.at
        if self.take("_"):
            return None
        word = self.name_of_member()
        key = lambda: self.text[start:self.at]
        if word in ("own", "borrow"):
            assert self.take("<")
            name = self.name()
            assert self.take(">")
            return self.define(key(), f"({word} {self.interface.resource(name)})", False)
        if word in ("list", "option", "tuple"):
            inner = self.items("<", ">", self.type)
            return self.define(key(), f"({word} {' '.join(inner)})", False)
        if word == "result":
            inner = self.items("<", ">", self.type) if self.text.startswith("<", self.at) else []
            inner += [None, None]
            text = f" {inner[0]}" if inner[0] else ""
            text += f" (error {inner[1]})" if inner[1] else ""
            return self.define(key(), f"(result{text})", False)
        if word == "record":
            fields = self.items("{", "}", self.member)
            return self.define(key(), "(record " + " ".join(f'(field "{n}" {t})' for n, t in fields) + ")", True)
        if word == "variant":
            cases = self.items("{", "}", self.member)
            return self.define(key(), "(variant " + " ".join(f'(case "{n}"{" " + t if t else ""})' for n, t in cases) + ")", True)
        if word in ("enum", "flags"):
            labels = self.items("{", "}", self.name_of_member)
            return self.define(key(), f"({word} " + " ".join(f'"{n}"' for n in labels) + ")", True)
        return word


class Interface:
    def __init__(self, wrap, name):
        self.wrap, self.name = wrap, name
        self.id = "$i_" + re.sub(r"[^a-z0-9]", "_", name)
        self.parser = Parser(self)
        self.local = {}  # resources by full name
        self.funcs = []
        self.imported = []

    def resource(self, full):
        owner, name = full.rsplit("/", 1)
        if full not in self.local:
            here = f"$r_{name}"
            if owner == self.name.split("@")[0]:
                self.parser.lines.append(f'(export "{name}" (type {here} (sub resource)))')
            else:
                outer = self.wrap.outer_resource(full)
                self.parser.lines.append(f"(alias outer $C {outer} (type {here}o))")
                self.parser.lines.append(f'(export "{name}" (type {here} (eq {here}o)))')
            self.local[full] = here
        return self.local[full]

    def add(self, func, signature):
        params, result = self.parser.parse(signature)
        text = " ".join(f'(param "p{i}" {t})' for i, t in enumerate(params))
        text += f" (result {result})" if result else ""
        if func.startswith("[method]"):
            text = text.replace('"p0"', '"self"', 1)
        self.parser.lines.append(f'(export "{func}" (func {text}))')


class Wrap:
    def __init__(self, bindings, version):
        self.signatures = {}
        self.versions = {}  # of interfaces
        self.version = version
        text = bindings.read_text()
        for table in re.finditer(r"static const cove_glue_func (\w+)_funcs\[\] = \{(.*?)\n\};", text, re.S):
            owner, version_of = re.search(re.escape(table.group(1)) + r'_interface = \{"([^"]+)"', text).group(1).split("@")
            self.versions[owner] = version_of
            for row in re.finditer(r'\{\s*"([^"]+)",\s*"([^"]+)",', table.group(2)):
                self.signatures[owner, row.group(1)] = row.group(2)
        self.interfaces = {}
        self.out = []
        self.resources = {}

    def interface(self, name):
        if name not in self.interfaces:
            self.interfaces[name] = Interface(self, name)
        return self.interfaces[name]

    def outer_resource(self, full):
        """The name, outside, of a resource that another interface exports; that interface is written first."""
        if full not in self.resources:
            owner, name = full.rsplit("/", 1)
            self.write(owner)
            if full not in self.resources:
                self.declare(owner, full)
        return self.resources[full]

    def declare(self, owner, full):
        interface = self.interface(owner)
        alias = "$x_" + re.sub(r"[^a-z0-9]", "_", full)
        self.resources[full] = alias
        self.out.append(f'  (alias export {interface.id} "{full.rsplit("/", 1)[1]}" (type {alias}))')

    def write(self, name):
        interface = self.interface(name)
        if interface.imported is None:
            return
        wanted, interface.imported = interface.imported, None
        for full in self.needed.get(name, ()):  # resources that others use
            interface.resource(full)
        for func in wanted:
            interface.add(func, self.signatures[name, func])
        body = "\n    ".join(interface.parser.lines)
        self.out.append(f'  (import "{name}@{self.versions.get(name, self.version)}" (instance {interface.id}\n    {body}))')
        for full in interface.local:
            if full.rsplit("/", 1)[0] == name:
                self.declare(name, full)

    def component(self, core):
        """`core`: the text of the guest."""
        version = self.version
        imports = re.findall(r'\(import "([^"]+)" "([^"]+)" \(func', core)
        drops = []
        self.needed = {}
        for module, func in imports:
            owner = module.split("@")[0]
            if func.startswith("[resource-drop]"):
                drops.append((owner, func[len("[resource-drop]"):]))
            else:
                self.interface(owner).imported.append(func)
        texts = [self.signatures[o, f] for o, i in self.interfaces.items() for f in i.imported]
        for full in {f"{o}/{n}" for o, n in drops} | set(re.findall(r"(?:own|borrow)<([^<>]+)>", " ".join(texts))):
            self.needed.setdefault(full.rsplit("/", 1)[0], []).append(full)
            self.interface(full.rsplit("/", 1)[0])
        for name in sorted(self.interfaces):
            self.write(name)
        lines = [LIBC]
        instances = {}
        for n, (module, func) in enumerate(imports):
            owner = module.split("@")[0]
            if func.startswith("[resource-drop]"):
                lines.append(f"  (core func $f{n} (canon resource.drop {self.resources[owner + '/' + func[15:]]}))")
            else:
                lines.append(f'  (alias export {self.interface(owner).id} "{func}" (func $h{n}))')
                lines.append(f"  (core func $f{n} (canon lower (func $h{n}) (memory $memory) (realloc $realloc)))")
            instances.setdefault(module, []).append(f'(export "{func}" (func $f{n}))')
        withs = []
        for n, (module, exports) in enumerate(instances.items()):
            lines.append(f"  (core instance $n{n} {' '.join(exports)})")
            withs.append(f'(with "{module}" (instance $n{n}))')
        lines.append("  " + re.sub(r"^\(module( \$\S+)?", "(core module $guest", core).rstrip())
        lines.append(f"  (core instance $guest (instantiate $guest (with \"env\" (instance $libc)) {' '.join(withs)}))")
        lines.append('  (alias core export $guest "run" (core func $start))')
        lines.append("  (func $run (result (result)) (canon lift (core func $start)))")
        lines.append('  (instance $run (export "run" (func $run)))')
        lines.append(f'  (export "wasi:cli/run@{version}" (instance $run))')
        return "(component $C\n" + "\n".join(self.out) + "\n".join(lines) + ")\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cove", required=True)
    parser.add_argument("--bindings", required=True, type=pathlib.Path, help="p2_bindings.c")
    parser.add_argument("core", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    options = parser.parse_args()
    core = subprocess.run([options.cove, "print", options.core], capture_output=True, check=True).stdout.decode()
    options.out.write_text(Wrap(options.bindings, "0.2.12").component(core))


if __name__ == "__main__":
    main()
