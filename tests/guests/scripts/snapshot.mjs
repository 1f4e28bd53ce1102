// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// node snapshot.mjs FILE: runs a snapshot as a WASI program, without directories.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const wasi = new WASI({ version: "preview1", args: ["program"] });
const module = await WebAssembly.compile(await readFile(process.argv[2]));
wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
