// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// jit_stencil.c: runs every stencil, at each level that the CPU has, on edge cases and pseudo-random operands, and
// compares with what opcodes.def, numeric.h and simd.h say the instruction means. Every run also checks that no
// register changed that the contract (stencils/abi.h) keeps.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "exec/jit/stencil.h"
#include "wasm/opcodes.h"
#include "wasm/simd.h"

// ---- a machine: registers in, code, registers out ----
typedef struct machine {
  uint64_t gpr[16]; // by the CPU's numbers; rsp is not set
  uint8_t xmm[16][16];
} machine;
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10 };

void test_machine_run(machine *m, const void *code);
#define EACH_XMM(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15)
#define XMM_IN(n) "movups 128+16*" #n "(%rdi), %xmm" #n "\n"
#define XMM_OUT(n) "movups %xmm" #n ", 128+16*" #n "(%rax)\n"
#define EACH_HIGH(M) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15)
#define HIGH_IN(n) "movq 8*" #n "(%rdi), %r" #n "\n"
#define HIGH_OUT(n) "movq %r" #n ", 8*" #n "(%rax)\n"
__asm__(".text\n.globl test_machine_run\n.type test_machine_run, @function\ntest_machine_run:\n"
        "pushq %rbx\npushq %rbp\npushq %r12\npushq %r13\npushq %r14\npushq %r15\npushq %rdi\npushq %rsi\n" //
        EACH_XMM(XMM_IN) EACH_HIGH(HIGH_IN)                                                                //
        "movq 0(%rdi), %rax\nmovq 8(%rdi), %rcx\nmovq 16(%rdi), %rdx\nmovq 24(%rdi), %rbx\n"
        "movq 40(%rdi), %rbp\nmovq 48(%rdi), %rsi\nmovq 56(%rdi), %rdi\n"
        "call *(%rsp)\n"
        "pushq %rax\nmovq 16(%rsp), %rax\n"
        "movq %rcx, 8(%rax)\nmovq %rdx, 16(%rax)\nmovq %rbx, 24(%rax)\nmovq %rbp, 40(%rax)\nmovq %rsi, 48(%rax)\n"
        "movq %rdi, 56(%rax)\n" EACH_HIGH(HIGH_OUT) EACH_XMM(XMM_OUT) //
        "popq %rcx\nmovq %rcx, 0(%rax)\n"
        "popq %rsi\npopq %rdi\npopq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbp\npopq %rbx\n"
        "ret\n.size test_machine_run, .-test_machine_run\n");

// ---- operands ----
static uint64_t random_state = 0x9e3779b97f4a7c15;
static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state * 0x2545f4914f6cdd1d;
}

typedef union value {
  uint32_t i;
  uint64_t I;
  float f;
  double F;
  uint64_t a; // offset in the memory
  uint8_t v[16];
} value;

static const uint64_t edge_ints[] = {
    0,
    1,
    2,
    7,
    8,
    15,
    16,
    31,
    32,
    63,
    64,
    0x7e,
    0x7f,
    0x80,
    0x81,
    0xff,
    0x7fff,
    0x8000,
    0x8001,
    0xffff,
    0x7fffffff,
    0x80000000,
    0x80000001,
    0xffffffff,
    0x100000000,
    UINT64_MAX,
    INT64_MAX,
    UINT64_C(1) << 63,
    0xfffffffffffffffe,
    0x5555555555555555,
    0xaaaaaaaaaaaaaaaa,
    0xffffffff80000000,
};
static const double edge_floats[] = {
    0.0,
    0.5,
    0.99999994,
    1.0,
    1.5,
    2.5,
    3.5,
    127.0,
    8388607.5,
    16777217.0,
    2147483520.0,
    2147483647.0,
    2147483647.5,
    2147483648.0,
    2147483648.9,
    2147483649.0,
    4294967040.0,
    4294967295.0,
    4294967295.9,
    4294967296.0,
    9007199254740993.0,
    4503599627370497.5,
    9223371487098961920.0,
    9223372036854774784.0,
    9223372036854775808.0,
    9223372036854777856.0,
    18446742974197923840.0,
    18446744073709549568.0,
    18446744073709551616.0,
    1e30,
    1e300,
    3.4028234e38,
    1.1754944e-38,
    1e-40,
    1e-310,
    2.2250738585072014e-308,
    1.7976931348623157e308,
};
static const uint64_t edge_f64_bits[] = {0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001,
                                         0x7ff4000000000000, 0x7fffffffffffffff, 1};
static const uint32_t edge_f32_bits[] = {0x7f800000, 0x7fc00000, 0x7f800001, 0x7fa00000, 0x7fffffff, 1};

static uint64_t pick_int(void) {
  return next_random() & 1 ? next_random() : edge_ints[next_random() % CV_COUNT(edge_ints)];
}
static uint32_t pick_f32(void) {
  uint32_t sign = (uint32_t)next_random() & 0x80000000u;
  switch (next_random() % 8) {
  case 0:
    return (uint32_t)next_random();
  case 1:
    return sign;
  case 2:
    return sign | edge_f32_bits[next_random() % CV_COUNT(edge_f32_bits)];
  default: {
    double wide = edge_floats[next_random() % CV_COUNT(edge_floats)];
    return sign | cv_f32_bits(wide > 3.4028234e38 ? __builtin_inff() : (float)wide);
  }
  }
}
static uint64_t pick_f64(void) {
  uint64_t sign = next_random() & UINT64_C(1) << 63;
  switch (next_random() % 8) {
  case 0:
    return next_random();
  case 1:
    return sign;
  case 2:
    return sign | edge_f64_bits[next_random() % CV_COUNT(edge_f64_bits)];
  default:
    return sign | cv_f64_bits(edge_floats[next_random() % CV_COUNT(edge_floats)]);
  }
}

static void pick_v128(uint8_t out[16]) {
  uint64_t shape = next_random() % 6;
  for (unsigned i = 0; i < 16;) {
    uint64_t lane = shape == 4 ? pick_f32() : shape == 5 ? pick_f64() : pick_int();
    unsigned size = shape < 4 ? 1u << shape : shape == 4 ? 4 : 8;
    memcpy(out + i, &lane, size);
    i += size;
  }
}
static void pick_value(char type, unsigned align_log2, value *out) {
  for (unsigned i = 0; i < 16; i++)
    out->v[i] = (uint8_t)next_random();
  uint32_t f32 = pick_f32();
  switch (type) {
  case 'i': {
    uint32_t low = (uint32_t)pick_int();
    memcpy(out, &low, sizeof low);
    break;
  }
  case 'I':
    out->I = pick_int();
    break;
  case 'f':
    memcpy(out, &f32, sizeof f32);
    break;
  case 'F':
    out->I = pick_f64();
    break;
  case 'v':
    pick_v128(out->v);
    break;
  case 'a':
    out->a = (next_random() % 33) & ~((UINT64_C(1) << align_log2) - 1);
    break;
  }
}

// ---- what an instruction means ----
enum { MEMORY_SIZE = 64 };
typedef struct call {
  value in[4], out[2];
  uint8_t memory[MEMORY_SIZE] __attribute__((aligned(16)));
  unsigned lane;
  cv_num_status status;
} call;
typedef void oracle_fn(call *c);

typedef uint32_t type_I32;
typedef uint64_t type_I64;
typedef float type_F32;
typedef double type_F64;
typedef cv_v128 type_V128;
#define IN(type, n, name)                                                                                              \
  type_##type name;                                                                                                    \
  memcpy(&name, &c->in[n], sizeof name)
#define OUT(expr)                                                                                                      \
  do {                                                                                                                 \
    __typeof__(expr) out_ = (expr);                                                                                    \
    memcpy(&c->out[0], &out_, sizeof out_);                                                                            \
  } while (0)
// Comparisons of C are int, and so must a result be widened to what the instruction gives.
#define OUT_AS(type, expr)                                                                                             \
  do {                                                                                                                 \
    type_##type out_ = (type_##type)(expr);                                                                            \
    memcpy(&c->out[0], &out_, sizeof out_);                                                                            \
  } while (0)
// Not every instruction has a stencil.
#define ORACLE(name) __attribute__((unused)) static void oracle_##name(call *c)
#define LOADED(ctype, name)                                                                                            \
  ctype name;                                                                                                          \
  memcpy(&name, c->memory + c->in[0].a, sizeof name)

#define CV_OP(name, code, mnemonic, imm, sig, feature)
#define CV_UNARY(name, code, mnemonic, in_type, out_type, feature, expr)                                               \
  ORACLE(name) {                                                                                                       \
    IN(in_type, 0, a);                                                                                                 \
    OUT_AS(out_type, expr);                                                                                            \
  }
#define CV_BINARY(name, code, mnemonic, in_type, out_type, feature, expr)                                              \
  ORACLE(name) {                                                                                                       \
    IN(in_type, 0, a);                                                                                                 \
    IN(in_type, 1, b);                                                                                                 \
    OUT_AS(out_type, expr);                                                                                            \
  }
#define CV_UNARY_TRAP(name, code, mnemonic, in_type, out_type, feature, fn)                                            \
  ORACLE(name) {                                                                                                       \
    IN(in_type, 0, a);                                                                                                 \
    type_##out_type r = 0;                                                                                             \
    c->status = fn(a, &r);                                                                                             \
    OUT(r);                                                                                                            \
  }
#define CV_BINARY_TRAP(name, code, mnemonic, in_type, out_type, feature, fn)                                           \
  ORACLE(name) {                                                                                                       \
    IN(in_type, 0, a);                                                                                                 \
    IN(in_type, 1, b);                                                                                                 \
    type_##out_type r = 0;                                                                                             \
    c->status = fn(a, b, &r);                                                                                          \
    OUT(r);                                                                                                            \
  }
#define CV_LOAD(name, code, mnemonic, out_type, ctype, align, feature)                                                 \
  ORACLE(name) {                                                                                                       \
    LOADED(ctype, loaded);                                                                                             \
    OUT_AS(out_type, loaded);                                                                                          \
  }
#define CV_STORE(name, code, mnemonic, in_type, ctype, align, feature)                                                 \
  ORACLE(name) {                                                                                                       \
    IN(in_type, 1, b);                                                                                                 \
    ctype stored = (ctype)b;                                                                                           \
    memcpy(c->memory + c->in[0].a, &stored, sizeof stored);                                                            \
  }
#define CV_SIMD_UNARY(name, code, mnemonic, feature, fn)                                                               \
  ORACLE(name) {                                                                                                       \
    IN(V128, 0, a);                                                                                                    \
    OUT(fn(a));                                                                                                        \
  }
#define CV_SIMD_BINARY(name, code, mnemonic, feature, fn)                                                              \
  ORACLE(name) {                                                                                                       \
    IN(V128, 0, a);                                                                                                    \
    IN(V128, 1, b);                                                                                                    \
    OUT(fn(a, b));                                                                                                     \
  }
#define CV_SIMD_TERNARY(name, code, mnemonic, feature, fn)                                                             \
  ORACLE(name) {                                                                                                       \
    IN(V128, 0, a);                                                                                                    \
    IN(V128, 1, b);                                                                                                    \
    IN(V128, 2, third);                                                                                                \
    OUT(fn(a, b, third));                                                                                              \
  }
#define CV_SIMD_SHIFT(name, code, mnemonic, feature, fn)                                                               \
  ORACLE(name) {                                                                                                       \
    IN(V128, 0, a);                                                                                                    \
    OUT(fn(a, c->in[1].i));                                                                                            \
  }
#define CV_SIMD_TEST(name, code, mnemonic, feature, fn) CV_SIMD_UNARY(name, code, mnemonic, feature, fn)
#define CV_SIMD_SPLAT(name, code, mnemonic, in_type, feature, fn)                                                      \
  ORACLE(name) {                                                                                                       \
    IN(in_type, 0, a);                                                                                                 \
    OUT(fn(a));                                                                                                        \
  }
#define CV_SIMD_EXTRACT(name, code, mnemonic, out_type, vtype, lanes, feature)                                         \
  ORACLE(name) {                                                                                                       \
    vtype a;                                                                                                           \
    memcpy(&a, &c->in[0], sizeof a);                                                                                   \
    OUT_AS(out_type, a[c->lane]);                                                                                      \
  }
#define CV_SIMD_REPLACE(name, code, mnemonic, in_type, vtype, lanes, feature)                                          \
  ORACLE(name) {                                                                                                       \
    vtype a;                                                                                                           \
    memcpy(&a, &c->in[0], sizeof a);                                                                                   \
    IN(in_type, 1, b);                                                                                                 \
    __typeof__(a[0]) lane = (__typeof__(a[0]))b;                                                                       \
    memcpy(&c->out[0], &a, sizeof a);                                                                                  \
    memcpy(c->out[0].v + c->lane * sizeof lane, &lane, sizeof lane);                                                   \
  }
#define CV_SIMD_LOAD(name, code, mnemonic, ctype, align, feature, fn)                                                  \
  ORACLE(name) {                                                                                                       \
    LOADED(ctype, loaded);                                                                                             \
    OUT(fn(loaded));                                                                                                   \
  }
#define CV_SIMD_LOAD_LANE(name, code, mnemonic, ctype, vtype, lanes, align, feature)                                   \
  ORACLE(name) {                                                                                                       \
    c->out[0] = c->in[1];                                                                                              \
    memcpy(c->out[0].v + c->lane * sizeof(ctype), c->memory + c->in[0].a, sizeof(ctype));                              \
  }
#define CV_SIMD_STORE_LANE(name, code, mnemonic, ctype, vtype, lanes, align, feature)                                  \
  ORACLE(name) {                                                                                                       \
    memcpy(c->memory + c->in[0].a, c->in[1].v + c->lane * sizeof(ctype), sizeof(ctype));                               \
  }
#define CV_ATOMIC_LOAD(name, code, mnemonic, type, ctype, align, feature)                                              \
  CV_LOAD(name, code, mnemonic, type, ctype, align, feature)
#define CV_ATOMIC_STORE(name, code, mnemonic, type, ctype, align, feature)                                             \
  CV_STORE(name, code, mnemonic, type, ctype, align, feature)
#define CV_ATOMIC_RMW(name, code, mnemonic, type, ctype, align, feature, op)                                           \
  ORACLE(name) {                                                                                                       \
    IN(type, 1, b);                                                                                                    \
    OUT_AS(type, __atomic_##op((ctype *)(void *)(c->memory + c->in[0].a), (ctype)b, __ATOMIC_SEQ_CST));                \
  }
#define CV_ATOMIC_CMPXCHG(name, code, mnemonic, type, ctype, align, feature)                                           \
  ORACLE(name) {                                                                                                       \
    IN(type, 1, b);                                                                                                    \
    IN(type, 2, replacement);                                                                                          \
    ctype loaded, stored = (ctype)replacement;                                                                         \
    memcpy(&loaded, c->memory + c->in[0].a, sizeof loaded);                                                            \
    if (loaded == (ctype)b)                                                                                            \
      memcpy(c->memory + c->in[0].a, &stored, sizeof stored);                                                          \
    OUT_AS(type, loaded);                                                                                              \
  }
#include "wasm/opcodes.def"

#define WIDE(NAME, expr)                                                                                               \
  ORACLE(NAME) {                                                                                                       \
    cv_i128 r = (expr);                                                                                                \
    c->out[0].I = r.low;                                                                                               \
    c->out[1].I = r.high;                                                                                              \
  }
WIDE(I64_ADD128, cv_i64_add128(c->in[0].I, c->in[1].I, c->in[2].I, c->in[3].I))
WIDE(I64_SUB128, cv_i64_sub128(c->in[0].I, c->in[1].I, c->in[2].I, c->in[3].I))
WIDE(I64_MUL_WIDE_S, cv_i64_mul_wide_s(c->in[0].I, c->in[1].I))
WIDE(I64_MUL_WIDE_U, cv_i64_mul_wide_u(c->in[0].I, c->in[1].I))
ORACLE(ATOMIC_FENCE) {
  c->status = CV_NUM_OK;
}
// Lanes come from the selectors that the shuffle test draws.
static uint8_t shuffle_lanes[16];
ORACLE(I8X16_SHUFFLE) {
  IN(V128, 0, a);
  IN(V128, 1, b);
  OUT(cv_i8x16_shuffle(a, b, shuffle_lanes));
}

typedef struct row {
  const char *name;
  const char *sig; // as in opcodes.def
  uint32_t opcode, stencil;
  uint32_t lanes; // 0: no lane immediate
  oracle_fn *oracle;
} row;
static const row rows[] = {
#define ROW(name, signature, lane_count)                                                                               \
  {#name, #signature, CV_OPC_##name, CV_STENCIL_##name, lane_count, oracle_##name},
    CV_STENCIL_OPCODES(ROW)
#undef ROW
};

// ---- code ----
typedef struct code_region {
  uint8_t *start, *at, *end; // code, executable once sealed
  uint8_t *pool;
  uint8_t *status; // written by the trap exits
  uint8_t *exits[CV_HOLE_LIMIT];
} code_region;

static void region_open(code_region *r) {
  size_t size = 1 << 16;
  r->start = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(r->start != MAP_FAILED);
  r->end = r->start + size;
  r->status = r->end;
  r->pool = r->at = r->start;
  memcpy(r->pool, cv_stencil_pool, cv_stencil_pool_size);
  r->at += cv_stencil_pool_size;
  static const struct {
    uint8_t kind, status;
  } exits[] = {{CV_HOLE_TRAP_CONVERSION, CV_NUM_INVALID_CONVERSION},
               {CV_HOLE_TRAP_OVERFLOW, CV_NUM_OVERFLOW},
               {CV_HOLE_TRAP_DIVIDE, CV_NUM_DIV_ZERO}};
  for (size_t i = 0; i < CV_COUNT(exits); i++) {
    // mov byte ptr [rip + status], number; ret
    r->exits[exits[i].kind] = r->at;
    int32_t distance = (int32_t)(r->status - (r->at + 7));
    uint8_t code[8] = {0xc6, 0x05, 0, 0, 0, 0, exits[i].status, 0xc3};
    memcpy(code + 2, &distance, 4);
    memcpy(r->at, code, sizeof code);
    r->at += sizeof code;
  }
}
static uint8_t *region_add(code_region *r, cv_stencil_level level, uint32_t id, const cv_stencil_values *values) {
  cv_stencil_code code = cv_stencil_get(level, id);
  uint8_t *start = r->at;
  assert_true((size_t)(r->end - start) > code.size + 1u);
  r->at = cv_stencil_copy(start, &code, values);
  assert_ptr_equal(r->at, start + code.size);
  for (unsigned i = 0; i < code.hole_count; i++) {
    const cv_stencil_hole *hole = &code.holes[i];
    assert_true(hole->kind < CV_HOLE_LIMIT && hole->at < code.size);
    uint8_t *target = hole->kind == CV_HOLE_POOL ? r->pool + hole->pool : r->exits[hole->kind];
    if (hole->kind >= CV_HOLE_POOL)
      assert_true(cv_stencil_patch_place(start + hole->at, (uint64_t)(start + hole->at), (uint64_t)target));
  }
  *r->at++ = 0xc3;
  return start;
}
static void region_seal(code_region *r) {
  assert_int_equal(mprotect(r->start, (size_t)(r->end - r->start), PROT_READ | PROT_EXEC), 0);
}
static void region_close(code_region *r) {
  assert_int_equal(munmap(r->start, (size_t)(r->end - r->start) + 4096), 0);
}

// ---- running and comparing ----
static bool is_float_class(char type) {
  return type == 'f' || type == 'F' || type == 'v';
}

// Instructions whose NaNs may have any payload as long as they are quiet.
static bool makes_nans(const char *name) {
  static const char *const words[] = {"_ADD",  "_SUB",    "_MUL",     "_DIV",          "_SQRT",
                                      "_CEIL", "_FLOOR",  "_TRUNC",   "_NEAREST",      "_MIN",
                                      "_MAX",  "_DEMOTE", "_PROMOTE", "_RELAXED_MADD", "_RELAXED_NMADD"};
  if (name[0] != 'F')
    return false;
  const char *rest = strchr(name, '_');
  for (size_t i = 0; i < CV_COUNT(words); i++) {
    if (strncmp(rest, words[i], strlen(words[i])) == 0)
      return true;
  }
  return false;
}
static bool same_f32(uint32_t a, uint32_t b) {
  const uint32_t quiet = 0x7fc00000;
  return a == b || ((a & quiet) == quiet && (b & quiet) == quiet);
}
static bool same_f64(uint64_t a, uint64_t b) {
  const uint64_t quiet = 0x7ff8000000000000;
  return a == b || ((a & quiet) == quiet && (b & quiet) == quiet);
}
static bool same_value(const char *name, char type, const uint8_t *want, const uint8_t *got) {
  bool nans = makes_nans(name), wide = name[1] == '6';
  switch (type) {
  case 'i':
    return memcmp(want, got, 4) == 0;
  case 'I':
    return memcmp(want, got, 8) == 0;
  case 'f':
    return nans ? same_f32(cv_load_le32(want), cv_load_le32(got)) : memcmp(want, got, 4) == 0;
  case 'F':
    return nans ? same_f64(cv_load_le64(want), cv_load_le64(got)) : memcmp(want, got, 8) == 0;
  default:
    if (!nans)
      return memcmp(want, got, 16) == 0;
    for (unsigned i = 0; i < 16; i += wide ? 8 : 4) {
      if (wide ? !same_f64(cv_load_le64(want + i), cv_load_le64(got + i))
               : !same_f32(cv_load_le32(want + i), cv_load_le32(got + i)))
        return false;
    }
    return true;
  }
}

static void print_bytes(const char *what, const uint8_t *bytes) {
  print_error("  %s", what);
  for (unsigned i = 16; i-- > 0;)
    print_error("%s%02x", i % 4 == 3 ? " " : "", bytes[i]);
  print_error("\n");
}
static void complain(const char *name, const call *want, const machine *before, const machine *after) {
  print_error("%s lane %u, status %d\n", name, want->lane, (int)want->status);
  for (unsigned i = 0; i < 4; i++)
    print_bytes("in  ", want->in[i].v);
  print_bytes("want", want->out[0].v);
  print_bytes("xmm0", after->xmm[0]);
  print_error("  rax %016llx rcx %016llx\n", (unsigned long long)after->gpr[RAX], (unsigned long long)after->gpr[RCX]);
  for (unsigned i = 0; i < 16; i++) {
    if (before->gpr[i] != after->gpr[i])
      print_error("  general register %u changed\n", i);
    if (memcmp(before->xmm[i], after->xmm[i], 16) != 0)
      print_error("  xmm%u changed\n", i);
  }
}

// Where operands and results are: general registers by number, vector registers from XMM on.
enum { XMM = 16 };
typedef struct placement {
  uint8_t operand[4], result[2];
} placement;

// As the contract has it.
static placement fixed_placement(const char *sig) {
  static const uint8_t int_places[] = {RAX, RCX, RDX, R8};
  placement p;
  unsigned ints = 0, floats = 0, i = 0;
  for (; *sig != '_'; sig++)
    p.operand[i++] = is_float_class(*sig) ? (uint8_t)(XMM + floats++) : int_places[ints++ & 3];
  ints = floats = i = 0;
  while (*++sig)
    p.result[i++] = is_float_class(*sig) ? (uint8_t)(XMM + floats++) : int_places[ints++ & 3];
  return p;
}
static uint8_t *place_of(machine *m, unsigned place) {
  return place < XMM ? (uint8_t *)&m->gpr[place] : m->xmm[place - XMM];
}

// Nothing changed but the registers in `results` (a bit each) and what the mask says.
static bool kept(machine *before, machine *after, uint32_t results, unsigned clobbers) {
  uint32_t may = results | 1u << RSP | (clobbers & CV_CLOBBER_RBX ? 1u << RBX : 0) |
                 (clobbers & CV_CLOBBER_R10 ? 1u << R10 : 0) | (uint32_t)(clobbers >> 8) << (XMM + 8);
  for (unsigned i = 0; i < 32; i++) {
    if (!(may >> i & 1) && memcmp(place_of(before, i), place_of(after, i), i < XMM ? 8 : 16) != 0)
      return false;
  }
  return true;
}

static machine random_machine(void) {
  machine m;
  for (unsigned i = 0; i < 16; i++) {
    m.gpr[i] = next_random();
    uint64_t halves[2] = {next_random(), next_random()};
    memcpy(m.xmm[i], halves, 16);
  }
  return m;
}

// One run of `code` on operands by the signature; true when all is as it should be.
static bool run_placed(const row *r, const code_region *region, const uint8_t *code, unsigned clobbers, unsigned lane,
                       const placement *places) {
  uint8_t memory[MEMORY_SIZE] __attribute__((aligned(16)));
  call want = {.lane = lane};
  machine before = random_machine();
  for (unsigned i = 0; i < MEMORY_SIZE; i++)
    want.memory[i] = memory[i] = (uint8_t)next_random();
  unsigned align = strstr(r->name, "ATOMIC") ? 3 : 0;
  const char *p = r->sig;
  for (unsigned i = 0; *p != '_'; p++, i++) {
    if (*p == 'n')
      continue;
    pick_value(*p, align, &want.in[i]);
    // Equal operands, and an expected value that is there, are rare by chance.
    if (i > 0 && p[-1] == *p && next_random() % 4 == 0)
      want.in[i] = want.in[i - 1];
    if (i == 1 && align != 0 && next_random() % 2)
      memcpy(&want.in[1], memory + want.in[0].a, 8);
    value in = want.in[i];
    if (*p == 'a')
      in.a = (uint64_t)(memory + in.a);
    memcpy(place_of(&before, places->operand[i]), &in, is_float_class(*p) ? 16 : 8);
  }
  r->oracle(&want);
  machine after = before;
  *region->status = CV_NUM_OK;
  test_machine_run(&after, code);
  bool good = *region->status == want.status && memcmp(memory, want.memory, MEMORY_SIZE) == 0;
  uint32_t results = 0;
  if (want.status == CV_NUM_OK) {
    for (unsigned i = 0; *++p; i++) {
      if (*p == 'n')
        continue;
      const uint8_t *got = place_of(&after, places->result[i]);
      good &= same_value(r->name, *p, want.out[i].v, got);
      good &= *p != 'i' || cv_load_le32(got + 4) == 0;
      results |= 1u << places->result[i];
    }
  } else {
    results = 1u << places->result[0]; // a trap discards the operands, not the rest
  }
  good &= kept(&before, &after, results, clobbers);
  if (!good)
    complain(r->name, &want, &before, &after);
  return good;
}
static bool run_once(const row *r, const code_region *region, const uint8_t *code, unsigned clobbers, unsigned lane) {
  placement places = fixed_placement(r->sig);
  return run_placed(r, region, code, clobbers, lane, &places);
}

// ---- single instructions with registers of the test's choice ----
static unsigned field_of(unsigned role, const cv_stencil_insn *insn, const placement *p) {
  unsigned place = role == CV_ROLE_RESULT     ? p->result[0]
                   : role == CV_ROLE_DIGIT    ? insn->digit
                   : role >= CV_ROLE_OPERAND0 ? p->operand[role - CV_ROLE_OPERAND0]
                                              : 0;
  return place & 15;
}
// Encodes and adds a return.
static void region_encode(code_region *r, cv_stencil_level level, const cv_stencil_insn *insn, const placement *p,
                          uint8_t imm) {
  unsigned prefix = insn->op >> 16, map = insn->op >> 8 & 255, reg = field_of(insn->roles.reg, insn, p);
  unsigned rm = field_of(insn->roles.rm, insn, p), vvvv = field_of(insn->roles.vvvv, insn, p);
  uint8_t *at = r->at;
  if (level == CV_LEVEL_AVX2) {
    unsigned pp = prefix == 0x66 ? 1 : prefix == 0xf3 ? 2 : prefix == 0xf2 ? 3 : 0;
    *at++ = 0xc4;
    *at++ = (uint8_t)((reg < 8) << 7 | 1 << 6 | (rm < 8) << 5 | (int)map);
    *at++ = (uint8_t)(insn->w << 7 | (~vvvv & 15) << 3 | pp);
  } else {
    if (prefix)
      *at++ = (uint8_t)prefix;
    *at++ = (uint8_t)(0x40 | insn->w << 3 | (reg >> 3) << 2 | rm >> 3);
    *at++ = 0x0f;
    if (map > 1)
      *at++ = map == 2 ? 0x38 : 0x3a;
  }
  *at++ = (uint8_t)insn->op;
  *at++ = (uint8_t)(0xc0 | (reg & 7) << 3 | (rm & 7));
  if (insn->flags & CV_INSN_IMM)
    *at++ = insn->flags & CV_INSN_IMM_HOLE ? imm : insn->imm;
  *at++ = 0xc3;
  r->at = at;
}

static uint8_t pick_place(char type, uint32_t *taken) {
  for (;;) {
    unsigned place = (unsigned)next_random() % 16 + (is_float_class(type) ? XMM : 0);
    if (place == RSP || *taken >> place & 1)
      continue;
    *taken |= 1u << place;
    return (uint8_t)place;
  }
}
static bool run_single(const row *r, cv_stencil_level level, uint32_t id, unsigned lane, uint64_t imm) {
  const cv_stencil_insn *insn = cv_stencil_single(level, id);
  if (insn == NULL)
    return true;
  code_region region;
  region_open(&region);
  uint8_t *starts[12];
  placement places[12];
  for (unsigned i = 0; i < CV_COUNT(places); i++) {
    uint32_t taken = 0;
    const char *c = r->sig;
    for (unsigned n = 0; *c != '_'; c++, n++)
      places[i].operand[n] = pick_place(*c, &taken);
    places[i].result[0] = insn->overwrites >= 0 ? places[i].operand[insn->overwrites] : pick_place(c[1], &taken);
    starts[i] = region.at;
    region_encode(&region, level, insn, &places[i], (uint8_t)imm);
  }
  region_seal(&region);
  bool good = true;
  for (unsigned i = 0; i < CV_COUNT(places); i++)
    good &= run_placed(r, &region, starts[i], 0, lane, &places[i]);
  region_close(&region);
  return good;
}

enum { RUNS = 300 };

static void check_row(const row *r, cv_stencil_level level) {
  code_region region;
  region_open(&region);
  uint8_t *starts[16];
  unsigned lanes = r->lanes ? r->lanes : 1;
  cv_stencil_values none = {0};
  for (unsigned lane = 0; lane < lanes; lane++) {
    uint32_t id;
    assert_true(cv_stencil_of_opcode(r->opcode, lane, &id));
    assert_int_equal(id, r->stencil + lane);
    starts[lane] = region_add(&region, level, id, &none);
  }
  region_seal(&region);
  unsigned bad = 0;
  for (unsigned lane = 0; lane < lanes; lane++) {
    for (unsigned run = 0; run < RUNS && bad < 3; run++)
      bad += !run_once(r, &region, starts[lane], cv_stencil_get(level, r->stencil + lane).clobbers, lane);
  }
  region_close(&region);
  for (unsigned lane = 0; lane < lanes; lane++)
    bad += !run_single(r, level, r->stencil + lane, lane, 0);
  assert_int_equal(bad, 0);
}

static cv_stencil_level top_level(void) {
  return cv_stencil_cpu_level();
}

static void test_instructions(void **state) {
  for (unsigned level = 0; level <= top_level(); level++) {
    for (size_t i = 0; i < CV_COUNT(rows); i++) {
      if (rows[i].opcode != CV_OPC_I8X16_SHUFFLE)
        check_row(&rows[i], (cv_stencil_level)level);
    }
  }
}

// The table's signatures are those of opcodes.def, and its lanes end where the instruction's do.
static void test_table(void **state) {
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    const cv_op_info *info = cv_op_info_of(rows[i].opcode);
    assert_non_null(info);
    char sig[16];
    size_t n = 0;
    for (const char *p = rows[i].sig; *p; p++) {
      if (*p != 'n')
        sig[n++] = *p == '_' ? ':' : *p;
    }
    sig[n] = 0;
    assert_string_equal(sig, info->sig);
    uint32_t id;
    assert_int_equal(cv_stencil_of_opcode(rows[i].opcode, rows[i].lanes, &id), rows[i].lanes == 0);
  }
  uint32_t id;
  assert_false(cv_stencil_of_opcode(CV_OPC_BLOCK, 0, &id));
  assert_false(cv_stencil_of_opcode(0xfdfff, 0, &id));
}

// Every SIMD instruction but the constant has a stencil.
static void test_simd_is_complete(void **state) {
  for (uint32_t code = 0xfd000; code < 0xfd000 + CV_OP_FD_COUNT; code++) {
    uint32_t id;
    if (cv_op_info_of(code) != NULL && code != CV_OPC_V128_CONST && !cv_stencil_of_opcode(code, 0, &id))
      fail_msg("no stencil for %s", cv_op_mnemonic(cv_op_info_of(code)));
  }
}

static bool chosen[CV_STENCIL_COUNT];

static void check_shuffle(void) {
  static const row shuffle = {"I8X16_SHUFFLE", "vv_v", CV_OPC_I8X16_SHUFFLE, 0, 0, oracle_I8X16_SHUFFLE};
  for (unsigned level = 0; level <= top_level(); level++) {
    code_region region;
    region_open(&region);
    cv_stencil_values values = {0};
    uint32_t id = cv_stencil_shuffle(shuffle_lanes, &values);
    chosen[id] = true;
    uint8_t *start = region_add(&region, (cv_stencil_level)level, id, &values);
    region_seal(&region);
    bool good = true;
    for (unsigned run = 0; run < 3; run++)
      good &= run_once(&shuffle, &region, start, cv_stencil_get((cv_stencil_level)level, id).clobbers, 0);
    region_close(&region);
    assert_true(good && run_single(&shuffle, (cv_stencil_level)level, id, 0, values.imm8));
  }
}

static void test_shuffles(void **state) {
  // Interleavings, windows, and choices by element of every size from one operand, the other, or both.
  for (unsigned bytes = 1; bytes <= 8; bytes *= 2) {
    unsigned n = 16 / bytes;
    for (unsigned variant = 0; variant < 4; variant++) {
      for (unsigned i = 0; i < 16; i++) {
        unsigned element = i / bytes, from = (element % 2) ^ (variant & 1);
        shuffle_lanes[i] = (uint8_t)(((variant & 2 ? n / 2 : 0) + element / 2 + from * n) * bytes + i % bytes);
      }
      check_shuffle();
    }
    for (unsigned round = 0; round < 60; round++) {
      uint64_t which = next_random() % 5;
      for (unsigned i = 0; i < 16; i += bytes) {
        unsigned element = (unsigned)next_random() % n;
        if (which == 4)
          element = i / bytes;
        unsigned from = which == 0   ? 0
                        : which == 1 ? 1
                        : which == 2 ? i >= 8
                        : which == 3 ? i < 8
                                     : (unsigned)next_random() % 2;
        for (unsigned k = 0; k < bytes; k++)
          shuffle_lanes[i + k] = (uint8_t)((from * n + element) * bytes + k);
      }
      check_shuffle();
    }
  }
  for (unsigned first = 0; first < 32; first++) {
    for (unsigned i = 0; i < 16; i++)
      shuffle_lanes[i] = (first + i) & 31;
    check_shuffle();
  }
  for (unsigned round = 0; round < 60; round++) {
    for (unsigned i = 0; i < 16; i++)
      shuffle_lanes[i] = next_random() & 31;
    check_shuffle();
  }
}

static uint32_t const_count;
static oracle_fn *const_shift;
ORACLE(const_shift) {
  c->in[1].i = const_count;
  const_shift(c);
}

static void test_constant_shifts(void **state) {
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    if (strcmp(rows[i].sig, "vi_v") != 0 || rows[i].lanes != 0)
      continue;
    const_shift = rows[i].oracle;
    row constant = {rows[i].name, "v_v", rows[i].opcode, 0, 0, oracle_const_shift};
    for (unsigned level = 0; level <= top_level(); level++) {
      for (const_count = 0; const_count < 130; const_count++) {
        code_region region;
        region_open(&region);
        cv_stencil_values values = {0};
        uint32_t id;
        assert_true(cv_stencil_shift_const(rows[i].opcode, const_count, &id, &values));
        chosen[id] = true;
        uint8_t *start = region_add(&region, (cv_stencil_level)level, id, &values);
        region_seal(&region);
        bool good = true;
        for (unsigned run = 0; run < 10; run++)
          good &= run_once(&constant, &region, start, cv_stencil_get((cv_stencil_level)level, id).clobbers, 0);
        region_close(&region);
        assert_true(good && run_single(&constant, (cv_stencil_level)level, id, 0, values.imm8));
      }
    }
  }
  uint32_t id;
  cv_stencil_values values;
  assert_false(cv_stencil_shift_const(CV_OPC_I8X16_ADD, 1, &id, &values));
}

ORACLE(X_CANON_F32) {
  c->out[0] = c->in[0];
  if (c->in[0].f != c->in[0].f)
    c->out[0].i = 0x7fc00000;
}
ORACLE(X_CANON_F64) {
  c->out[0] = c->in[0];
  if (c->in[0].F != c->in[0].F)
    c->out[0].I = 0x7ff8000000000000;
}
ORACLE(X_CANON_F32X4) {
  for (unsigned i = 0; i < 16; i += 4) {
    uint32_t bits = cv_load_le32(c->in[0].v + i);
    cv_store_le32(c->out[0].v + i, (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits);
  }
}
ORACLE(X_CANON_F64X2) {
  for (unsigned i = 0; i < 16; i += 8) {
    uint64_t bits = cv_load_le64(c->in[0].v + i);
    cv_store_le64(c->out[0].v + i, (bits & INT64_MAX) > 0x7ff0000000000000 ? 0x7ff8000000000000 : bits);
  }
}

static void test_canonical_nans(void **state) {
  static const row canon[] = {
      {"X_CANON_F32", "f_f", 0, CV_STENCIL_X_CANON_F32, 0, oracle_X_CANON_F32},
      {"X_CANON_F64", "F_F", 0, CV_STENCIL_X_CANON_F64, 0, oracle_X_CANON_F64},
      {"X_CANON_F32X4", "v_v", 0, CV_STENCIL_X_CANON_F32X4, 0, oracle_X_CANON_F32X4},
      {"X_CANON_F64X2", "v_v", 0, CV_STENCIL_X_CANON_F64X2, 0, oracle_X_CANON_F64X2},
  };
  for (unsigned level = 0; level <= top_level(); level++) {
    for (size_t i = 0; i < CV_COUNT(canon); i++) {
      code_region region;
      region_open(&region);
      cv_stencil_values none = {0};
      uint8_t *start = region_add(&region, (cv_stencil_level)level, canon[i].stencil, &none);
      region_seal(&region);
      chosen[canon[i].stencil] = true;
      bool good = true;
      unsigned clobbers = cv_stencil_get((cv_stencil_level)level, canon[i].stencil).clobbers;
      for (unsigned run = 0; run < RUNS; run++)
        good &= run_once(&canon[i], &region, start, clobbers, 0);
      region_close(&region);
      assert_true(good);
    }
  }
}

// After the tests above every stencil of no instruction has run.
static void test_extras_were_chosen(void **state) {
#define ROW(name, signature, lanes)                                                                                    \
  for (unsigned lane = 0; lane < ((lanes) ? (lanes) : 1); lane++)                                                      \
    if (!chosen[CV_STENCIL_##name + lane])                                                                             \
      fail_msg("%s lane %u was never chosen", #name, lane);
  CV_STENCIL_EXTRAS(ROW)
#undef ROW
}

// ---- the patch functions, by their bytes ----
static void test_patch_immediates(void **state) {
  uint8_t bytes[10];
  memset(bytes, 0xaa, sizeof bytes);
  assert_true(cv_stencil_patch_imm8(bytes + 1, 0));
  assert_true(cv_stencil_patch_imm8(bytes + 3, 255));
  static const uint8_t want8[] = {0xaa, 0, 0xaa, 0xff, 0xaa};
  assert_memory_equal(bytes, want8, sizeof want8);
  assert_false(cv_stencil_patch_imm8(bytes + 1, 256));
  assert_false(cv_stencil_patch_imm8(bytes + 1, UINT64_MAX));
  assert_memory_equal(bytes, want8, sizeof want8);
  cv_stencil_patch_imm64(bytes + 1, 0x8877665544332211);
  static const uint8_t want64[] = {0xaa, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0xaa};
  assert_memory_equal(bytes, want64, sizeof want64);
}

static void test_patch_places(void **state) {
  static const struct {
    const char *name;
    int32_t before; // what the field holds
    uint64_t runs_at, target;
    bool fits;
    int32_t after;
  } cases[] = {
      {"the next instruction", 0, 0x1000, 0x1004, true, 0},
      {"back", 0, 0x1000, 0xf00, true, -0x104},
      {"an immediate follows", -1, 0x1000, 0x1010, true, 11},
      {"as far as can be", 0, 0x1000, 0x1004 + UINT64_C(0x7fffffff), true, INT32_MAX},
      {"one farther", 0, 0x1000, 0x1004 + UINT64_C(0x80000000), false, 0},
      {"as far but for the immediate", -1, 0x1000, 0x1004 + UINT64_C(0x80000000), true, INT32_MAX},
      {"as far back as can be", 0, 0x100000000, 0x80000004, true, INT32_MIN},
      {"one farther back", 0, 0x100000000, 0x80000003, false, 0},
      {"too far back for the immediate", -1, 0x100000000, 0x80000004, false, -1},
      {"high addresses", 0, 0xfffffffffffffff0, 0xffffffffffffff00, true, -0xf4},
  };
  for (size_t i = 0; i < CV_COUNT(cases); i++) {
    uint8_t bytes[6] = {0xaa, 0, 0, 0, 0, 0xaa};
    cv_store_le32(bytes + 1, (uint32_t)cases[i].before);
    bool fits = cv_stencil_patch_place(bytes + 1, cases[i].runs_at, cases[i].target);
    int32_t after = (int32_t)cv_load_le32(bytes + 1), want = cases[i].fits ? cases[i].after : cases[i].before;
    if (fits != cases[i].fits || after != want || bytes[0] != 0xaa || bytes[5] != 0xaa)
      fail_msg("%s: %d, %d", cases[i].name, fits, after);
  }
}

static void test_copy_refuses_values(void **state) {
  uint8_t buffer[64];
  cv_stencil_code code = cv_stencil_get(CV_LEVEL_SSE41, CV_STENCIL_X_I32X4_SHL_CONST);
  cv_stencil_values values = {.imm8 = 31};
  // pslld xmm0, 31
  static const uint8_t want[] = {0x66, 0x0f, 0x72, 0xf0, 0x1f};
  assert_ptr_equal(cv_stencil_copy(buffer, &code, &values), buffer + sizeof want);
  assert_memory_equal(buffer, want, sizeof want);
  values.imm8 = 256;
  assert_null(cv_stencil_copy(buffer, &code, &values));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_patch_immediates),
      cmocka_unit_test(test_patch_places),
      cmocka_unit_test(test_copy_refuses_values),
      cmocka_unit_test(test_table),
      cmocka_unit_test(test_simd_is_complete),
      cmocka_unit_test(test_instructions),
      cmocka_unit_test(test_shuffles),
      cmocka_unit_test(test_constant_shifts),
      cmocka_unit_test(test_canonical_nans),
      cmocka_unit_test(test_extras_were_chosen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
