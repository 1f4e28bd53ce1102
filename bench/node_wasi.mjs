// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a preview 1 module on node's V8, for comparison: node [V8 flags] node_wasi.mjs [--dir HOST::GUEST]...
// [--env K=V]... FILE [args]. The whole module is compiled before it starts if V8 is told so by its flags.
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const preopens = {}, env = {};
let rest = process.argv.slice(2);
while (rest[0]?.startsWith('--')) {
  const [option, value] = rest;
  rest = rest.slice(2);
  if (option === '--dir') {
    const [host, guest] = value.split('::');
    preopens[guest ?? host] = host;
  } else if (option === '--env') {
    const at = value.indexOf('=');
    env[value.slice(0, at)] = value.slice(at + 1);
  } else {
    throw new Error(`unknown option ${option}`);
  }
}
const module = new WebAssembly.Module(readFileSync(rest[0]));
const old = WebAssembly.Module.imports(module).some((i) => i.module === 'wasi_unstable');
const wasi = new WASI({ version: old ? 'unstable' : 'preview1', args: rest, env, preopens, returnOnExit: true });
const instance = new WebAssembly.Instance(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
