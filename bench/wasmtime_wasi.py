# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a preview 1 module on the PyPI package `wasmtime`, for comparison.

wasmtime_wasi.py [--dir HOST::GUEST]... [--env K=V]... FILE [args]
"""
import sys

import wasmtime


def main(rest):
    wasi = wasmtime.WasiConfig()
    env = []
    while rest and rest[0].startswith("--"):
        option, value, rest = rest[0], rest[1], rest[2:]
        if option == "--dir":
            host, _, guest = value.partition("::")
            wasi.preopen_dir(host, guest or host)
        elif option == "--env":
            env.append(tuple(value.split("=", 1)))
        else:
            sys.exit("unknown option " + option)
    wasi.argv = rest
    wasi.env = env
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    config = wasmtime.Config()
    config.max_wasm_stack = 1 << 20
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    store.set_wasi(wasi)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, wasmtime.Module.from_file(engine, rest[0]))
    try:
        instance.exports(store)["_start"](store)
    except wasmtime.ExitTrap as end:
        sys.exit(end.code)


main(sys.argv[1:])
