// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// widen.c: after LLVM's passes, before code generation: addresses without zero extensions.
//
// An instruction of x86-64 that writes a 32-bit register clears the upper half, so the extension of an i32 to an index
// costs nothing beside the instruction that computes it. LLVM selects instructions block by block, and an i32 that
// comes from another block, or is a phi, is extended again by a move, at each use. So extensions go to where the i32 is
// computed, and a phi that is extended becomes a phi of i64s, of which its other users take the lower half.
#include "exec/llvm/plugin/gen.h"

enum { MOST_WIDENED = 4096 };

typedef struct widening {
  gen *g;
  // Open hashing: an i32 and what it is as an i64.
  value narrow[2 * MOST_WIDENED], wide[2 * MOST_WIDENED];
  uint32_t phi_count;
  value phis[MOST_WIDENED]; // new ones, to be filled
} widening;

static value *find(widening *w, value narrow) {
  uint32_t at = (uint32_t)((uintptr_t)narrow >> 4) * 2654435761u % CV_COUNT(w->narrow);
  while (w->narrow[at] != NULL && w->narrow[at] != narrow)
    at = (at + 1) % CV_COUNT(w->narrow);
  w->narrow[at] = narrow;
  return &w->wide[at];
}

static bool is_extension(const gen *g, value v) {
  return LLVMIsAInstruction(v) && LLVMGetInstructionOpcode(v) == LLVMZExt && LLVMTypeOf(v) == g->t.i64 &&
         LLVMTypeOf(LLVMGetOperand(v, 0)) == g->t.i32;
}

static bool is_phi(value v) {
  return LLVMIsAPHINode(v) != NULL;
}

// The first instruction behind `v` that is no phi; of the function, where `v` is no instruction.
static value behind(const gen *g, value v) {
  value next =
      LLVMIsAInstruction(v) ? LLVMGetNextInstruction(v) : LLVMGetFirstInstruction(LLVMGetEntryBasicBlock(g->function));
  while (next != NULL && is_phi(next))
    next = LLVMGetNextInstruction(next);
  return next;
}

// ---- one value ----

static value new_phi(widening *w, value narrow) {
  LLVMPositionBuilderBefore(w->g->b, narrow);
  w->phis[w->phi_count++] = narrow;
  return LLVMBuildPhi(w->g->b, w->g->t.i64, "");
}

// `v`, an i32, extended where it is computed.
static value wide_of(widening *w, value v) {
  gen *g = w->g;
  if (LLVMIsUndef(v))
    return gen_const64(g, 0);
  if (LLVMIsAConstantInt(v))
    return gen_const64(g, LLVMConstIntGetZExtValue(v));
  value *known = find(w, v);
  if (*known != NULL)
    return *known;
  if (is_phi(v)) {
    *known = new_phi(w, v);
  } else {
    LLVMPositionBuilderBefore(g->b, behind(g, v));
    *known = LLVMBuildZExt(g->b, v, g->t.i64, "");
  }
  return *known;
}

static void fill_phi(widening *w, value narrow) {
  value wide = *find(w, narrow);
  for (unsigned i = 0; i < LLVMCountIncoming(narrow); i++) {
    value v = wide_of(w, LLVMGetIncomingValue(narrow, i));
    block from = LLVMGetIncomingBlock(narrow, i);
    LLVMAddIncoming(wide, &v, &from, 1);
  }
}

static void replace_phi(widening *w, value narrow) {
  LLVMPositionBuilderBefore(w->g->b, behind(w->g, narrow));
  LLVMReplaceAllUsesWith(narrow, LLVMBuildTrunc(w->g->b, *find(w, narrow), w->g->t.i32, ""));
  LLVMInstructionEraseFromParent(narrow);
}

// ---- the function ----

// Whether the extension can be had for less where its operand is computed.
static bool is_misplaced(value extension) {
  value v = LLVMGetOperand(extension, 0);
  return LLVMIsAInstruction(v) && !LLVMIsATerminatorInst(v) &&
         (is_phi(v) || LLVMGetInstructionParent(v) != LLVMGetInstructionParent(extension));
}

// Counts what can be widened at most, and the misplaced extensions; keeps the latter when there is room for them.
static uint32_t look(const gen *g, value *extensions, uint32_t *count) {
  uint32_t most = 0;
  *count = 0;
  for (block b = LLVMGetFirstBasicBlock(g->function); b != NULL; b = LLVMGetNextBasicBlock(b))
    for (value v = LLVMGetFirstInstruction(b); v != NULL; v = LLVMGetNextInstruction(v)) {
      most += LLVMTypeOf(v) == g->t.i32;
      if (!is_extension(g, v) || !is_misplaced(v))
        continue;
      if (extensions != NULL)
        extensions[*count] = v;
      ++*count;
    }
  return most;
}

void gen_widen(gen *g) {
  uint32_t count;
  if ((g->facts->flags & CV_FACT_HANDLERS) || look(g, NULL, &count) > MOST_WIDENED || count == 0)
    return;
  widening *w = gen_alloc(g, sizeof *w);
  value *extensions = gen_alloc(g, count * sizeof *extensions);
  if (w == NULL || extensions == NULL)
    return;
  memset(w, 0, sizeof *w);
  w->g = g;
  look(g, extensions, &count);
  LLVMSetCurrentDebugLocation2(g->b, NULL);
  for (uint32_t i = 0; i < count; i++) {
    LLVMReplaceAllUsesWith(extensions[i], wide_of(w, LLVMGetOperand(extensions[i], 0)));
    LLVMInstructionEraseFromParent(extensions[i]);
  }
  for (uint32_t i = 0; i < w->phi_count; i++)
    fill_phi(w, w->phis[i]);
  for (uint32_t i = 0; i < w->phi_count; i++)
    replace_phi(w, w->phis[i]);
}
