# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What tools/gen_stencils refuses, and that it takes the like that is right."""
import importlib.machinery, importlib.util, os, subprocess, sys, tempfile, unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("gen_stencils", os.path.join(ROOT, "tools/gen_stencils"))
gen = importlib.util.module_from_spec(importlib.util.spec_from_loader("gen_stencils", loader))
loader.exec_module(gen)

# name, source, part of the complaint (None: accepted)
CASES = [
    ("plain", "STENCIL(T, ii_i, a = (u32)(a * b))", None),
    ("constant", "STENCIL(T, v_v, x = (v128)((f32x4)x * 3.0f))", None),
    ("trap", "STENCIL(T, i_i, if (!(u32)a) TRAP(DIVIDE))", None),
    ("register moved aside and back", "STENCIL(T, II_I, a = (u64)(((u128)a * b) >> 64))", None),
    ("stack frame", "STENCIL(T, i_i, volatile u32 t = (u32)a; a = t)", "rsp"),
    ("call", "u64 other(u64); STENCIL(T, I_I, a = other(a))", "refused"),
    ("foreign symbol", "extern u64 elsewhere; STENCIL(T, I_I, a = elsewhere)", "symbol elsewhere"),
    ("table", "static const u64 t[] = {1, 5, 9, 11, 12, 3, 8, 7, 6}; STENCIL(T, I_I, a = t[a & 7])", "refused"),
    ("kept integer register", 'STENCIL(T, I_I, asm volatile("xorl %r11d, %r11d"))', "writes r11"),
    ("kept vector register", 'STENCIL(T, v_v, asm volatile("xorps %xmm5, %xmm5"))', "writes xmm5"),
    ("operand that is no result", 'STENCIL(T, II_I, asm volatile("incq %rcx"))', "writes rcx"),
    ("wide vectors", 'STENCIL(T, v_v, asm volatile("vpxor %%ymm9, %%ymm9, %%ymm9" ::: "xmm9"))', "ymm9"),
    ("frame pointer", 'STENCIL(T, I_I, asm volatile("leaq (%%rbp), %%rax" ::: "rax"))', "rbp"),
]


class Refusals(unittest.TestCase):
    def extract(self, source):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "t.c")
            with open(path, "w") as f:
                f.write('#include "source.h"\n' + source + "\n")
            flags = [f for f in gen.FLAGS if not f.startswith("-W")] + ["-w", "-msse4.1", "-I", gen.ROOM]
            subprocess.run([gen.CC, *flags, "-c", path, "-o", path + ".o"], check=True)
            return dict(gen.stencils_of(path + ".o"))

    def test_cases(self):
        for name, source, complaint in CASES:
            with self.subTest(name):
                if complaint is None:
                    self.assertEqual(len(self.extract(source)), 1)
                    continue
                with self.assertRaises(SystemExit) as refused:
                    self.extract(source)
                self.assertIn(complaint, str(refused.exception))

    def test_jumps_to_the_end_stay_inside(self):
        (code, holes, _, _, _), = self.extract("STENCIL(T, f_f, if (f32_of(x) != f32_of(x)) x = (v128){1, 2})").values()
        self.assertEqual([kind for _, kind, _ in holes], [gen.HOLE_POOL])
        self.assertNotEqual(code[-5], 0xe9)


if __name__ == "__main__":
    unittest.main()
