// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Times V8 compiling a module: node [V8 flags] node_compile.mjs REPS FILE. One line per compile: wall ns, CPU ns.
// With lazy compilation off, `new WebAssembly.Module` validates and compiles the whole module before it returns.
import { readFileSync } from 'node:fs';

const [reps, file] = process.argv.slice(2);
const bytes = readFileSync(file);
for (let i = 0; i < Number(reps); i++) {
  // V8 remembers modules it has compiled by their bytes: a custom section that differs keeps each compile a real one.
  const fresh = Buffer.concat([bytes, Buffer.from([0, 3, 1, 0x78, i])]);
  const cpu = process.cpuUsage(), wall = process.hrtime.bigint();
  new WebAssembly.Module(fresh);
  const passed = process.hrtime.bigint() - wall, used = process.cpuUsage(cpu);
  console.log(`${passed} ${(used.user + used.system) * 1000}`);
}
