// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import { Shelf, alive } from "demo:stock/store@1.0.0";
import { describe, join, tell } from "demo:stock/report@1.0.0";

export function run(names) {
  const left = new Shelf("left"), right = new Shelf("right");
  const events = names.map((name, i) => (i % 2 ? right : left).add({ name, count: name.length % 4, tags: [`n${i}`, "ž"] }));
  const said = [...tell(events), describe(left), describe(right), `${alive()} alive`];
  let both;
  try {
    both = join(left, right);
  } catch (e) {
    throw e.payload;
  }
  said.push(`${both.label()}: ${both.items().map((i) => i.name)}`, `${alive()} alive`);
  both[Symbol.dispose]();
  said.push(`${alive()} alive`);
  return said;
}
