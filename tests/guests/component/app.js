// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
export const greet = (name) => `hello ${name}`;
export const sum = (xs) => xs.reduce((a, b) => a + b, 0);
export function area(s) {
  if (s.tag === "circle") return 3 * s.val.radius ** 2;
  return s.tag === "rectangle" ? s.val[0] * s.val[1] : 0;
}
export const people = (xs) => xs.map((p) => ({ name: p.name.toUpperCase(), age: p.age + 1, tags: [...p.tags, "seen"] }));
export function divide(a, b) {
  if (b === 0) throw "division by zero";
  return Math.trunc(a / b);
}
export function find(xs, x) {
  const i = xs.indexOf(x);
  return i < 0 ? undefined : i;
}
