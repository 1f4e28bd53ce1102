#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the guests beside this file under `cove run` and compares what they do with the rows below.

usage: tests/wasi/run_tests.py --cove build/release/cove --guests DIRECTORY_OF_WASM_FILES [ROW...]

In a row, {tmp} is a fresh directory of the host that holds "file" (with the text "hello") and a link "out" to
"../secret", and a file whose name is no UTF-8; {raw} an empty one. `out` and `err` are the whole text, or, in a list, parts that must be there.
"""
import argparse
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

os.environ["COVE_CACHE_SIZE"] = "0"  # the user's cache is no concern of tests

VIRTUAL = ["--clock", "virtual:1000000000"]
LONG = "".join(f"line {i}\n" for i in range(100000))
P2 = [*VIRTUAL, "--env", "A=1", "--env", "B=x=y"]

SERVICES = ["--config", "a=1", "--config", "b c=x=y", "--log=debug", "--keyvalue", "b"]
MESSAGES = ("debug: here: a fine point\ninfo: without context\nwarn: a\\tb: two\\nlines, \\x1b[31mred\\x1b[0m, \\x9b, "
            "\u00e9\\r\nerror: x: \ncritical: x: y\n")

ROWS = [
    # name, guest, options, arguments, {expectations}
    ("raw calls, host directory", "raw", ["--dir", "{raw}::/data", *VIRTUAL], [], {"out": ""}),
    ("raw calls, memory", "raw", ["--tmpfs", "/data", *VIRTUAL], [], {"out": ""}),
    ("raw calls, old module, host directory", "raw_unstable", ["--dir", "{raw}::/data", *VIRTUAL], [], {"out": ""}),
    ("raw calls, old module, memory", "raw_unstable", ["--tmpfs", "/data", *VIRTUAL], [], {"out": ""}),
    ("raw calls, traced", "raw", ["--tmpfs", "/data", "--trace=wasi", *VIRTUAL], [],
     {"out": "", "err": ['path_open(fd=3 <"/data">, dirflags=symlink_follow, path="a", oflags=creat, ',
                         "= success opened=4", "flags=0)", "flags=0x40)", "fst_flags=atim|atim_now)",
                         'fd_write(fd=4 <"/data/a">, iovs="bb", iovs_len=1) = success nwritten=2', 'fd_close(fd=4 <"/data/a">) = success', "= notcapable",
                         "sched_yield() = success", "proc_exit(rval=0) = exit", "offset=-6"]}),
    ("raw calls, traced as JSON", "raw", ["--tmpfs", "/data", "--trace=wasi:json", *VIRTUAL], [],
     {"out": "", "err": ['{"interface":"wasi_snapshot_preview1","call":"fd_renumber","args":{"fd":4,"to":9},'
                         '"result":"badf"', '"path":"\\ufffd"']}),
    ("return from main", "exit", [], ["return"], {"status": 3}),
    ("exit", "exit", [], ["exit"], {"status": 33}),
    ("the largest status", "exit", [], ["large"], {"status": 255}),
    ("no argument", "exit", [], [], {"status": 0}),
    ("abort", "exit", [], ["abort"], {"status": 134, "err": ["unreachable"]}),
    ("trap", "exit", [], ["trap"], {"status": 134, "err": ["unreachable"]}),
    ("output limit", "exit", ["--max-output", "25"], ["write"],
     {"fails": True, "out": "0123456789\n0123456789\n012", "err": ["output limit 25 bytes reached"]}),
    ("a sleep ends at the deadline", "exit", ["--timeout", "200ms"], ["sleep"], {"fails": True, "err": ["deadline"]}),
    ("a read ends at the deadline", "exit", ["--timeout", "200ms"], ["read"],
     {"fails": True, "err": ["deadline"], "open_stdin": True}),
    ("input at its end", "exit", [], ["read"], {"status": 7}),
    ("arguments, environment, input", "env", ["--env", "A=1", "--env", "B=x=y", "--env", "C="], ["one", "", "t w o"],
     {"in": "l1\nl2", "out": "arg 1: [one]\narg 2: []\narg 3: [t w o]\nenv: [A=1]\nenv: [B=x=y]\nenv: [C=]\n"
                             "in: l1\nin: l2", "err": "err\n"}),
    ("nothing is inherited", "env", [], [], {"out": "", "err": "err\n"}),
    ("files, host directory", "files", ["--dir", "{tmp}::/data"], ["/data", "/data/file"],
     {"out": "/data/file: hello\nok\n"}),
    ("files, directory named .", "files", ["--dir", "{tmp}::."], [".", "file"], {"out": "file: hello\nok\n"}),
    ("files, memory", "files", ["--tmpfs", "/data"], ["/data"], {"out": "ok\n"}),
    ("files, the root", "files", ["--dir", "{tmp}::/"], ["", "/file"], {"out": "/file: hello\nok\n"}),
    ("two directories", "files", ["--tmpfs", "/t", "--dir", "{tmp}::/data"], ["/t", "/data/file"],
     {"out": "/data/file: hello\nok\n"}),
    ("a link out is refused", "look", ["--dir", "{tmp}::/data", "--explain"], ["/data/out", "/data/../secret"],
     {"out": ["/data/out: Capabilities insufficient"],
      "err": ["a symbolic link in it leads outside", "--dir HOST::/"]}),
    ("read-only", "look", ["--dir", "{tmp}::/data:ro", "--explain"], ["/data/file", "+/data/file", "+/data/new"],
     {"out": "/data/file: hello\n+/data/file: Read-only file system\n+/data/new: Read-only file system\n",
      "err": ["granted read-only"]}),
    ("a listing leaves out names that are no text", "look", ["--dir", "{tmp}::/data"], ["/data/"],
     {"out": "/data/: . .. file out\n"}),
    ("no directory", "look", ["--explain"], ["/etc/passwd"], {"out": ["/etc/passwd: "], "err": ["--dir"]}),
    ("another name", "look", ["--dir", "{tmp}::/data", "--tmpfs", "/", "--explain"], ["{tmp}/file"],
     {"out": ["No such file or directory"], "err": ['the program finds it as "/data"']}),
    ("0.2: calls, host directory", "p2.wat", ["--dir", "{raw}::/data", *P2], ["one", ""], {"in": "0123456789", "out": "567ab\n"}),
    ("0.2: calls, memory", "p2.wat", ["--tmpfs", "/data", *P2], ["one", ""], {"in": "0123456789", "out": "567ab\n"}),
    ("0.2: calls, traced", "p2.wat", ["--tmpfs", "/data", "--trace=wasi", *P2], ["one", ""],
     {"in": "0123456789", "out": "567ab\n",
      "err": ['descriptor.open-at(self=', ' <"/data">, path-flags=symlink-follow, path="a", open-flags=create, '
              'flags=read|write|mutate-directory) = success result=', "= bad-descriptor", "= last-operation-failed", "= closed",
              'descriptor.write(self=', 'buffer="hello", offset=3) = success result=5', 'result="abcdef"',
              'output-stream.check-write(', "get-type(", "result=regular-file", "data-access-timestamp=timestamp",
              'get-random-u64() = success result=', 'subscribe-duration(when=5000000000)', "advice=no-reuse",
              # records, options, lists, tuples, resources in lists
              'result={type: regular-file, link-count: 1, size: 7, data-access-timestamp: some({seconds: 11, nanoseconds: 12})',
              'data-access-timestamp=timestamp({seconds: 11, nanoseconds: 12}), data-modification-timestamp=',
              'environment.get-environment() = success result=[("A", "1"), ("B", "x=y")]', "initial-cwd() = success result=none",
              'preopens.get-directories() = success result=[(', 'result=some({type: regular-file, name: "a"})', "poll.poll(in=[",
              # what an error carries, and who is dropped
              ' <"invalid argument"> [', "= last-operation-failed error=", 'error.drop(self="invalid argument")', "pollable.drop(self=",
              'descriptor.drop(self=', ' <"/data/a">) = success']}),
    ("0.2: no network", "p2.wat", ["--tmpfs", "/data", "--explain", *P2], ["one", ""],
     {"in": "0123456789", "out": "567ab\n", "err": ["refused: make a TCP socket", 'refused: look up "localhost"']}),
    ("0.2: calls, traced as JSON", "p2.wat", ["--tmpfs", "/data", "--trace=wasi:json", *P2], ["one", ""],
     {"in": "0123456789", "out": "567ab\n",
      "err": ['{"interface":"wasi:filesystem/types@0.2.12","call":"descriptor.write","args":{"self":',
              '"out":{"result":"[(\\"A\\", \\"1\\"), (\\"B\\", \\"x=y\\")]"}',
              '{"interface":"wasi:io/streams","call":"output-stream.drop","args":{"self":']}),
    ("0.2: exit", "p2_misuse.wat", [], ["exit"], {"status": 0}),
    ("0.2: exit with an error", "p2_misuse.wat", [], ["exit error"], {"status": 1}),
    ("0.2: exit with a code", "p2_misuse.wat", [], ["exit code"], {"status": 255}),
    ("0.2: run returns an error", "p2_misuse.wat", [], ["nothing"], {"status": 1, "err": ""}),
    ("0.2: a write without check-write", "p2_misuse.wat", [], ["unchecked write"],
     {"fails": True, "err": ["write of 1 bytes where check-write has allowed 0"]}),
    ("0.2: a write beyond check-write", "p2_misuse.wat", [], ["write beyond"],
     {"fails": True, "err": ["write of 65537 bytes where check-write has allowed 65536"]}),
    ("0.2: two writes for one check-write", "p2_misuse.wat", [], ["write twice"],
     {"fails": True, "err": ["write of 65536 bytes where check-write has allowed 65531"]}),
    ("0.2: a large blocking write", "p2_misuse.wat", [], ["large blocking write"], {"fails": True, "err": ["at most 4096"]}),
    ("0.2: large blocking zeroes", "p2_misuse.wat", [], ["large blocking zeroes"], {"fails": True, "err": ["at most 4096"]}),
    ("0.2: a poll of nothing", "p2_misuse.wat", [], ["empty poll"], {"fails": True, "err": ["poll of an empty list"]}),
    ("0.2: a poll of too many", "p2_misuse.wat", [], ["large poll"],
     {"fails": True, "err": ["poll of 5000 pollables: the limit is 4096"]}),
    ("0.2: too many random bytes", "p2_misuse.wat", [], ["random bytes"], {"fails": True, "err": ["the limit is 67108864"]}),
    ("0.2: open descriptors", "p2_misuse.wat", ["--tmpfs", "/"], ["many"], {"status": 1, "out": "1023 then error 22\n"}),
    ("0.2: what is dropped does not count", "p2_misuse.wat", ["--tmpfs", "/"], ["open and drop"], {"status": 0}),
    ("0.2: open listings", "p2_misuse.wat", ["--tmpfs", "/"], ["listings"], {"status": 1, "out": "1023 then error 22\n"}),
    ("0.2: handles", "p2_misuse.wat", [], ["pollables"], {"fails": True, "err": ["the limit is 100000"]}),
    ("0.2: output limit", "p2_misuse.wat", ["--max-output", "25"], ["flood"],
     {"fails": True, "out": "0123456789012345678901234", "err": ["output limit"]}),
    ("0.2: a sleep ends at the deadline", "p2_misuse.wat", ["--timeout", "200ms"], ["sleep"],
     {"fails": True, "err": ["deadline"]}),
    ("0.2: a read ends at the deadline", "p2_misuse.wat", ["--timeout", "200ms"], ["read"],
     {"fails": True, "err": ["deadline"], "open_stdin": True}),
    ("0.2: input that does not come", "p2_misuse.wat", [], ["wait for input"], {"open_stdin": True, "out": ""}),
    ("0.2: as many pollables as may be", "p2_misuse.wat", [], ["poll many"], {"open_stdin": True, "out": ""}),
    ("0.2: input to output", "p2_misuse.wat", [], ["copy"], {"in": LONG, "out": LONG}),
    ("0.2: input to output, promptly", "p2_misuse.wat", [], ["copy promptly"], {"in": LONG, "out": LONG}),
    ("0.2: input to output, a slow reader", "p2_misuse.wat", [], ["copy"], {"in": LONG, "out": LONG, "slow_stdout": True}),
    ("0.2: input to output, promptly, a slow reader", "p2_misuse.wat", [], ["copy promptly"],
     {"in": LONG, "out": LONG, "slow_stdout": True}),
    ("0.2: written without a flush, a slow reader", "p2_misuse.wat", [], ["write and end"],
     {"out": "\0" * 120000, "slow_stdout": True}),
    ("0.2: a path that leads out", "p2_misuse.wat", ["--dir", "{tmp}::/data", "--explain"], ["escape"],
     {"err": ['open "/data/../secret": it lies outside the granted directory', "--dir HOST::/"]}),
    ("0.2: read-only", "p2_misuse.wat", ["--dir", "{tmp}::/data:ro", "--explain"], ["change"],
     {"err": ['open for writing "/data/file": "/data" is granted read-only']}),
    ("0.2: a reader that goes", "p2_misuse.wat", [], ["closed"], {"status": 0, "err": "closed\n", "closed_stdout": True}),
    ("0.2: settings, messages, buckets", "p2_services.wat", SERVICES, ["all"], {"out": "", "err": MESSAGES}),
    ("0.2: settings, messages, buckets, in a file", "p2_services.wat",
     [*SERVICES[:-2], "--keyvalue", "b={tmp}/kv.db"], ["all"], {"out": "", "err": MESSAGES}),
    ("0.2: settings, messages, buckets, traced", "p2_services.wat", ["--trace=wasi", "--explain", *SERVICES], ["all"],
     {"out": "", "err": ['bucket.set(self=', 'key="k", value="value") = success', 'open(identifier="absent") = no-such-store',
                         'get(key="a") = success', "swap(", "= cas-failed", 'refused: open the bucket "absent"',
                         "--keyvalue absent"]}),
    ("0.2: no settings", "p2_services.wat", SERVICES[4:], ["open"],
     {"fails": True, "err": ["\"wasi:config/store@0.2.0-draft\" is not granted: it needs configuration values (--config"]}),
    ("0.2: no settings, when they are read", "p2_services.wat", ["--deny=error"], ["read settings"],
     {"fails": True, "err": ["wasi:config/store is not granted: it needs configuration values (--config"]}),
    ("0.2: nowhere to log", "p2_services.wat", [*SERVICES[:4], *SERVICES[-2:]], ["open"],
     {"fails": True, "err": ["is not granted: it needs a place to log to (--log)"]}),
    ("0.2: nowhere to log, when that is done", "p2_services.wat", ["--deny=error"], ["log"],
     {"fails": True, "err": ["wasi:logging/logging is not granted: it needs a place to log to (--log)"]}),
    ("0.2: no bucket", "p2_services.wat", SERVICES[:-2], ["open"],
     {"fails": True, "err": ["is not granted: it needs a bucket (--keyvalue BUCKET[=FILE])"]}),
    ("0.2: no bucket, when it is opened", "p2_services.wat", ["--deny=error"], ["open"],
     {"fails": True, "err": ["wasi:keyvalue/store is not granted: it needs a bucket (--keyvalue"]}),
    ("0.2: what a bucket holds", "p2_services.wat", [*SERVICES, "--max-keyvalue=3M"], ["limits"],
     {"out": ["a key of 2000 bytes: the limit is 1024\n4 values\nbuckets in memory hold 2800268 bytes: the limit is "
              "3145728 (--max-keyvalue SIZE gives them more)\n"]}),
    ("0.2: what a bucket in a file holds", "p2_services.wat",
     [*SERVICES[:-2], "--keyvalue", "b={tmp}/kv.db", "--max-keyvalue=3M"], ["limits"],
     {"out": ["a key of 2000 bytes: the limit is 1024\n4 values\nthe bucket's file is full: the limit is 3145728 bytes "
              "(--max-keyvalue SIZE gives it more)\n"]}),
    ("0.2: buckets open", "p2_services.wat", [*SERVICES, "--max-resources=100"], ["open many"],
     {"status": 125, "err": ["the limit is 100 (--max-resources N gives it more)"]}),
    ("0.2: cas alive", "p2_services.wat", SERVICES, ["make many"], {"status": 125, "err": ["the limit is 100000"]}),
    ("0.2: much logged", "p2_services.wat", [*SERVICES, "--max-output=40"], ["log much"],
     {"status": 125, "err": ["error: here: 0123456789\nerror: here: 0123456789\n", "output limit"]}),
    ("0.2: class: read-only not honoured, host directories", "p2_bounds.wat",
     ["--dir", "{tmp}::/data:ro", "--dir", "{raw}::/w"], ["read-only"], {"out": "", "untouched": True}),
    ("0.2: class: read-only not honoured, beside memory", "p2_bounds.wat",
     ["--dir", "{tmp}::/data:ro", "--tmpfs", "/w"], ["read-only"], {"out": "", "untouched": True}),
    ("0.2: class: read-only not honoured, the same directory twice", "p2_bounds.wat",
     ["--dir", "{tmp}::/data:ro", "--dir", "{tmp}::/w"], ["read-only"], {"out": "", "untouched": True}),
    ("0.2: class: read-only not honoured, descriptors", "p2_bounds.wat",
     ["--dir", "{tmp}::/data:ro", "--dir", "{raw}::/w"], ["opened for less"], {"out": "", "untouched": True}),
    ("0.2: class: read-only not honoured, descriptors in memory", "p2_bounds.wat",
     ["--dir", "{tmp}::/data:ro", "--tmpfs", "/w"], ["opened for less"], {"out": "", "untouched": True}),
    ("0.2: class: path escape", "p2_bounds.wat", ["--dir", "{tmp}::/data"], ["escape"], {"out": "", "untouched": True}),
    ("0.2: class: device names", "p2_bounds.wat", ["--dir", "{tmp}::/data"], ["devices"],
     {"out": "", "untouched": True, "devices": True}),
    ("0.2: limit of polls", "p2_misuse.wat", ["--max-poll=3"], ["large poll"],
     {"status": 125, "err": ["poll of 5000 pollables: the limit is 3 (--max-poll N gives it more)"]}),
    ("0.2: limit of random bytes", "p2_misuse.wat", ["--max-random=1KiB"], ["random bytes"],
     {"status": 125, "err": ["the limit is 1024 (--max-random SIZE gives it more)"]}),
    ("0.2: limit of resources", "p2_misuse.wat", ["--max-resources=50"], ["pollables"],
     {"status": 125, "err": ["50 streams, pollables and descriptors are open: the limit is 50 (--max-resources N gives it more)"]}),
    ("0.2: limit of descriptors", "p2_misuse.wat", ["--max-descriptors=9", "--explain", "--tmpfs", "/"], ["many"],
     {"status": 1, "out": "8 then error 22\n", "err": ["have more than 9 files and directories", "--max-descriptors N"]}),
    ("0.2: limit of handles", "p2_misuse.wat", ["--max-handles=50"], ["pollables"],
     {"status": 125, "err": ["limit of 50 handles", "--max-handles N gives it more"]}),
    ("0.2: limit of lists", "p2_misuse.wat", ["--max-values=1000"], ["large poll"],
     {"status": 125, "err": ["more than 1000 bytes of lists and strings", "--max-values SIZE gives it more"]}),
    ("0.2: limit of files in memory", "p2_misuse.wat", ["--max-tmpfs=64KiB", "--explain", "--tmpfs", "/"], ["fill"],
     {"status": 0, "err": ["write more than 65536 bytes to a directory in memory", "--max-tmpfs SIZE"]}),
    ("limit of descriptors", "look", ["--max-descriptors=4", "--explain", "--tmpfs", "/d"], ["+/d/x"],
     {"out": "+/d/x: No file descriptors available\n",
      "err": ["have more than 4 files and directories", "--max-descriptors N"]}),
    ("a virtual clock, a seed", "time", [*VIRTUAL, "--seed", "7"], [],
     {"out": "1000000000.000000000 1.000000000\n1000003600.000000005 3601.000000005\nf19ee3b965429844\n"}),
]

# With --components, the programs of preview 1 run as components, through the adapter of `cove component new`. What
# differs, and why: expectations that take the place of those above, or None for rows that are left out.
FAILED = {"status": 1}  # 0.2.0 has no other status than success and failure
AS_COMPONENTS = {
    "raw calls, old module, host directory": None,  # the adapter serves wasi_snapshot_preview1 only
    "raw calls, old module, memory": None,
    "raw calls, traced": None,  # the calls that are traced are those of 0.2
    "raw calls, traced as JSON": None,
    "limit of descriptors": None,  # standard streams are no descriptors of 0.2
    "return from main": FAILED,
    "exit": FAILED,
    "the largest status": FAILED,
    "input at its end": FAILED,
    "output limit": {"fails": True, "out": "0123456789\n0123456789\n012", "err": ["output limit reached"]},
    # One code for all that is not permitted.
    "a link out is refused": {"out": ["/data/out: Operation not permitted"],
                              "err": ["a symbolic link in it leads outside", "--dir HOST::/"]},
}
# Guests that are built otherwise to run through the adapter.
ADAPTED_GUESTS = {"raw": "raw_adapted"}


def component_rows(cove, guests, folder):
    """The rows of programs of preview 1, with components for guests."""
    rows = []
    for name, guest, options, arguments, expect in ROWS:
        expect = AS_COMPONENTS.get(name, expect)
        if "." in guest or expect is None:
            continue
        out = folder / f"{guest}.wasm"
        if not out.exists():
            subprocess.run([cove, "component", "new", str(guests / f"{ADAPTED_GUESTS.get(guest, guest)}.wasm"), "--wasi-command",
                            "-o", str(out)], check=True)
        rows.append((name, guest, options, arguments, expect))
    return rows


def compile_guests(cove, guests, folder, tier):
    """Each guest compiled, named so that its machine code is used."""
    for guest in [*guests.glob("*.wasm"), *guests.glob("*.wat")]:
        subprocess.run([cove, "compile", "--tier", tier, str(guest), "-o", str(folder / f"{guest.name}.cwasm")],
                       check=True)


def path_of(guests, guest):
    name = guest if "." in guest else f"{guest}.wasm"
    compiled = guests / f"{name}.cwasm"
    return str(compiled if compiled.exists() else guests / name)


def fill(texts, scratch):
    return [t.replace("{tmp}", f"{scratch}/tmp").replace("{raw}", f"{scratch}/raw") for t in texts]


def prepare(scratch):
    for name in ("tmp", "raw"):
        (scratch / name).mkdir()
    (scratch / "secret").write_text("secret")
    (scratch / "tmp" / "file").write_text("hello")
    os.symlink("../secret", scratch / "tmp" / "out")
    with open(os.fsencode(scratch / "tmp") + b"/\xff\xfe", "w", encoding="ascii") as odd:
        odd.write("odd")


def differs(name, got, expected):
    if isinstance(expected, list):
        missing = [part for part in expected if part not in got]
        return f"{name} lacks {missing}: {got!r}" if missing else None
    return f"{name} is {got!r}, expected {expected!r}" if got != expected else None


def untouched(scratch, devices):
    """What a program must not have changed: what lies beside its directory, and the files in it."""
    wrong = []
    beside = sorted(os.listdir(scratch))
    inside = sorted(os.fsencode(n) for n in os.listdir(scratch / "tmp"))
    if beside != ["raw", "secret", "tmp"] or (scratch / "secret").read_text() != "secret":
        wrong.append(f"beside the directory: {beside}")
    # The same directory may have been granted a second time, to be changed: "mine" is made there.
    if [n for n in inside if n != b"mine"] != ([b"fifo"] if devices else []) + [b"file", b"out"] + (
            [b"socket"] if devices else []) + [b"\xff\xfe"]:
        wrong.append(f"in the directory: {inside}")
    if (scratch / "tmp" / "file").read_text() != "hello" or (scratch / "tmp" / "file").stat().st_nlink != 1:
        wrong.append("the file was changed")
    return wrong


def run_row(cove, guests, row, scratch):
    _, guest, options, arguments, expect = row
    wrong = []
    if expect.get("devices"):
        os.mkfifo(scratch / "tmp" / "fifo")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(scratch / "tmp" / "socket"))
    argv = [cove, "run", *fill(options, scratch), path_of(guests, guest), *fill(arguments, scratch)]
    if expect.get("open_stdin"):
        reader, writer = os.pipe()
        done = subprocess.run(argv, stdin=reader, capture_output=True, timeout=60, check=False)
        os.close(reader)
        os.close(writer)
    elif expect.get("slow_stdout"):
        with tempfile.TemporaryFile() as given:
            given.write(expect.get("in", "").encode())
            given.seek(0)
            with subprocess.Popen(argv, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                time.sleep(0.2)
                done = subprocess.CompletedProcess(argv, 0, *process.communicate(timeout=60))
                done.returncode = process.returncode
    elif expect.get("closed_stdout"):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(writer)
    else:
        done = subprocess.run(argv, input=expect.get("in", "").encode(), capture_output=True, timeout=60, check=False)
    if expect.get("untouched"):
        wrong += untouched(scratch, expect.get("devices", False))
    out, err = (done.stdout or b"").decode(), done.stderr.decode(errors="replace")
    if expect.get("fails"):
        if done.returncode == 0:
            wrong.append("it succeeded")
    elif done.returncode != expect.get("status", 0):
        wrong.append(f"exit status {done.returncode}, expected {expect.get('status', 0)}: {out}{err}")
    for name, got in (("out", out), ("err", err)):
        if name in expect:
            wrong.append(differs(name, got, expect[name]))
    return [w for w in wrong if w]


def run_socket_row(cove, guests, inherited):
    """A client of the guest that serves one connection: on a port that cove opens, or on a socket that it is given."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    if inherited:
        listener.listen()
        grant, keep = ["--listen-fd", str(listener.fileno())], (listener.fileno(),)
    else:
        listener.close()
        grant, keep = ["--tcp-listen", f"127.0.0.1:{port}"], ()
    process = subprocess.Popen([cove, "run", *grant, path_of(guests, "serve")], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, pass_fds=keep)
    listener.close()
    client = None
    for _ in range(500):
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=30)
            break
        except ConnectionRefusedError:
            time.sleep(0.02)
    wrong = []
    if client is None:
        process.kill()
        return ["nothing listens", process.communicate()[1].decode()]
    with client:
        for text in (b"hello", b"x" * 1000):
            client.sendall(text)
            got = b""
            while len(got) < len(text):
                part = client.recv(4096)
                if not part:
                    break
                got += part
            if got != text.upper():
                wrong.append(f"sent {text!r}, got {got!r}")
        client.shutdown(socket.SHUT_WR)
        if client.recv(10) != b"":
            wrong.append("something came after the end")
    out, err = process.communicate(timeout=60)
    if process.returncode != 0 or out != b"served\n":
        wrong.append(f"exit status {process.returncode}: {out!r} {err!r}")
    return wrong


def run_kept_bucket(cove, guests, scratch):
    """A bucket in a file: what one run puts, another takes; two that count at the same time lose nothing."""
    file = scratch / "kept.db"
    wrong = []

    def command(word, grant):
        return [cove, "run", "--config", "a=1", "--log", "--keyvalue", grant, path_of(guests, "p2_services.wat"), word]

    def run(word, grant, status, expected):
        done = subprocess.run(command(word, grant), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        if done.returncode != status or expected not in done.stdout + done.stderr:
            wrong.append(f"{word}, {grant}: {done}")

    run("take", f"b={file}:ro", 66, b"cannot open the bucket's file")
    run("put", f"b={file}", 0, b"")
    run("take", f"b={file}", 0, b"")
    run("take", f"b={file}:ro", 0, b"")
    run("put read-only", f"b={file}:ro", 0, b"")
    several = [subprocess.Popen(command("count", f"b={file}"), stdout=subprocess.PIPE) for _ in range(2)]
    for process in several:
        out = process.communicate(timeout=60)[0]
        if process.returncode != 0:
            wrong.append(f"count: {out!r}")
    run("say", f"b={file}", 0, b"400\n")
    (scratch / "text.db").write_text("this is no database, whatever its name says, and is not made into one " * 20)
    run("take", f"b={scratch}/text.db", 66, b"file is not a database")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cove", required=True)
    parser.add_argument("--guests", required=True, type=pathlib.Path)
    parser.add_argument("--components", action="store_true", help="programs of preview 1 as components")
    parser.add_argument("--compiled", metavar="TIER", help="guests that this tier compiled ahead of time")
    parser.add_argument("--cached", action="store_true", help="each row twice, with a cache of what was compiled")
    parser.add_argument("--no-sqlite", action="store_true", help="leave out what needs SQLite: cove is built without it")
    parser.add_argument("rows", nargs="*", help="names of rows; default: all")
    options = parser.parse_args()
    failed = 0
    rows, guests = ROWS, options.guests
    if options.components:
        unknown = set(AS_COMPONENTS) - {row[0] for row in ROWS}
        if unknown:
            sys.exit(f"no such rows: {unknown}")
        folder = tempfile.TemporaryDirectory(prefix="cove-components-")
        guests = pathlib.Path(folder.name)
        rows = component_rows(options.cove, options.guests, guests)
    if options.compiled:
        folder = tempfile.TemporaryDirectory(prefix="cove-compiled-")
        guests = pathlib.Path(folder.name)
        compile_guests(options.cove, options.guests, guests, options.compiled)
    if options.cached:
        cache = tempfile.TemporaryDirectory(prefix="cove-cache-")
        os.environ.update(COVE_CACHE_DIR=cache.name, COVE_CACHE_SIZE="1G")
        rows = [(name, guest, ["--cache", *given], *rest) for name, guest, given, *rest in ROWS * 2]
    if options.no_sqlite:
        rows = [row for row in rows if not any(".db" in option for option in row[2])]
    jobs = [(row[0], lambda scratch, row=row: run_row(options.cove, guests, row, scratch)) for row in rows]
    if not options.components:  # 0.2 hands out no sockets as descriptors
        if not options.no_sqlite:
            jobs.append(("0.2: a bucket that stays", lambda scratch: run_kept_bucket(options.cove, guests, scratch)))
        jobs.append(("serve a connection", lambda scratch: run_socket_row(options.cove, guests, False)))
        jobs.append(("serve on an inherited socket", lambda scratch: run_socket_row(options.cove, guests, True)))
    for name, job in jobs:
        if options.rows and name not in options.rows:
            continue
        # A database waits for the disk at each write; what is kept in memory does not.
        memory = "/dev/shm" if "bucket" in name and os.access("/dev/shm", os.W_OK) else None
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="cove-wasi-", dir=memory))
        prepare(scratch)
        wrong = job(scratch)
        shutil.rmtree(scratch)
        if wrong:
            failed += 1
            print(f"FAILED {name}: " + "\n  ".join(wrong))
    print(f"{len(jobs) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
