# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import wit_world
from componentize_py_types import Err
from wit_world import Person, Shape_Circle, Shape_Rectangle


class WitWorld(wit_world.WitWorld):
    def greet(self, name):
        return f"hello {name}"

    def sum(self, xs):
        return sum(xs)

    def area(self, s):
        if isinstance(s, Shape_Circle):
            return 3 * s.value.radius ** 2
        return s.value[0] * s.value[1] if isinstance(s, Shape_Rectangle) else 0.0

    def people(self, xs):
        return [Person(p.name.upper(), p.age + 1, p.tags + ["seen"]) for p in xs]

    def divide(self, a, b):
        if b == 0:
            raise Err("division by zero")
        return a // b

    def find(self, xs, x):
        return xs.index(x) if x in xs else None
