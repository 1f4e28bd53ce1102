# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from componentize_py_types import Err
from wit_world import exports
from wit_world.imports.store import Shelf
from wit_world.imports.types import Event_Added, Event_Refused


class Report(exports.Report):
    def describe(self, what):
        items = ", ".join(f"{i.count} {i.name} {i.tags}" for i in what.items())
        return f"{what.label()}: {items}"

    def join(self, a, b):
        if not a.items() and not b.items():
            raise Err("nothing to join")
        return Shelf.merge(a, b)

    def tell(self, what):
        def one(e):
            if isinstance(e, Event_Added):
                return f"added {e.value.name}"
            return f"refused: {e.value}" if isinstance(e, Event_Refused) else "nothing"
        return [one(e) for e in what]
