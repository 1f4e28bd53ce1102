// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AssemblyScript with its WASI shim: numbers, arrays, maps, strings, arguments, the clock.
let sum: i64 = 0;
for (let i: i64 = 0; i <= 1000; i++) sum += i * i;
console.log("sum " + sum.toString());

const list: i32[] = [5, 3, 8, 1, 2];
list.sort((a, b) => a - b);
console.log("sorted " + list.join(","));

const map = new Map<i32, string>();
map.set(1, "one");
map.set(2, "two");
map.set(3, "three");
console.log("map " + map.size.toString() + " " + map.get(2));

console.log("args " + (process.argv.length - 1).toString());
console.log("clock " + (Date.now() > 1577836800000 ? "true" : "false"));
console.log("float " + (1.0 / 3.0).toString());
