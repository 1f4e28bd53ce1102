// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Closures, classes, generators, promises, exceptions, regular expressions, maps, typed arrays, big integers, sorting.
"use strict";
class Shape { constructor(n) { this.n = n; } get area() { return this.n ** 2; } toString() { return `Shape(${this.n})`; } }
class Cube extends Shape { get area() { return super.area * 6; } static of(n) { return new Cube(n); } }
print(Cube.of(3).area, String(new Shape(2)), Cube.of(1) instanceof Shape);
function* naturals() { for (let i = 0; ; i++) if (yield i) return "stopped"; }
const g = naturals();
print(g.next().value, g.next().value, JSON.stringify(g.next(true)));
print([5, 3, 8, 1].sort((a, b) => a - b), [..."héllo"].reverse().join(""), [1, [2, [3]]].flat(Infinity));
try { null.x; } catch (e) { print(e.name, e.message); } finally { print("finally"); }
try { (function f() { throw new RangeError("bad"); })(); } catch ({ name, message }) { print(name, message); }
print("2024-02-29".replace(/(\d+)-(\d+)-(\d+)/, "$3.$2.$1"), /(?<word>\w+)$/u.exec("the end").groups.word, "aXbX".split("X").length);
const m = new Map([["a", 1], ["b", 2]]);
m.set(NaN, "nan");
print(m.size, m.get(NaN), [...new Set([1, 1, 2])], JSON.stringify({ a: [1, null, "\u20ac"], b: undefined, d: new Date(0) }));
print(2n ** 200n, (10n ** 30n) / 7n, BigInt.asUintN(64, -1n), 0.1 + 0.2, (255).toString(16), (1234.5678).toFixed(2), 1e21, -0 === 0);
const bytes = new Uint8Array(new Float64Array([Math.PI]).buffer);
print(bytes.join(), new DataView(bytes.buffer).getInt16(2, true), new Int8Array([200])[0]);
let sum = 0;
for (let i = 0; i < 300000; i++) sum = (sum * 31 + i) | 0;
print(sum, Math.imul(0x7fffffff, 3), Math.clz32(1), Math.hypot(3, 4), Math.trunc(-1.5), Math.fround(0.1));
const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
print(fib(20), [1, 2, 3].map((x) => x * 2).reduce((a, b) => a + b), Object.entries({ x: 1, y: [2] }).join(";"));
Promise.resolve(1).then((x) => { print("then", x); return Promise.reject(new Error("later")); }).catch((e) => print("caught", e.message));
(async () => { for (const x of [1, 2]) print("async", await x); })();
const proxy = new Proxy({}, { get: (_, key) => `<${String(key)}>` });
print(proxy.name, Reflect.ownKeys({ b: 1, a: 2, 1: 3 }).join(), Symbol("s").toString(), typeof Symbol.iterator);
print("end of the script");
