// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fiber_x86_64.S: stack switching, System V convention. A suspended side of a switch has on its stack, from low to
// high: r15 r14 r13 r12 rbx rbp, return address. cv_stack's fields: 0 outside, 8 top, 16 inside.
#if defined(__x86_64__)
  .text

  .macro save
  push %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rbp, 0
  mov %rsp, %rbp
  push %rbx
  .cfi_adjust_cfa_offset 8
  push %r12
  .cfi_adjust_cfa_offset 8
  push %r13
  .cfi_adjust_cfa_offset 8
  push %r14
  .cfi_adjust_cfa_offset 8
  push %r15
  .cfi_adjust_cfa_offset 8
  .endm

  .macro restore
  pop %r15
  .cfi_adjust_cfa_offset -8
  pop %r14
  .cfi_adjust_cfa_offset -8
  pop %r13
  .cfi_adjust_cfa_offset -8
  pop %r12
  .cfi_adjust_cfa_offset -8
  pop %rbx
  .cfi_adjust_cfa_offset -8
  pop %rbp
  .cfi_adjust_cfa_offset -8
  .endm

// int cv_stack_switch_run(cv_stack *stack, int (*fn)(void *), void *arg)
  .globl cv_stack_switch_run
  .hidden cv_stack_switch_run
  .type cv_stack_switch_run, @function
  .p2align 4
cv_stack_switch_run:
  .cfi_startproc
  save
  .cfi_def_cfa %rbp, 16
  mov %rdi, %rbx
  mov %rsp, (%rdi)
  mov 8(%rdi), %rsp
  mov %rdx, %rdi
  call *%rsi
  mov (%rbx), %rsp
  .cfi_def_cfa %rsp, 56
  restore
  ret
  .cfi_endproc
  .size cv_stack_switch_run, . - cv_stack_switch_run

// void cv_stack_switch_park(cv_stack *stack)
  .globl cv_stack_switch_park
  .hidden cv_stack_switch_park
  .type cv_stack_switch_park, @function
  .p2align 4
cv_stack_switch_park:
  .cfi_startproc
  save
  mov %rsp, 16(%rdi)
  mov (%rdi), %rsp
  mov $0x70, %eax
  restore
  ret
  .cfi_endproc
  .size cv_stack_switch_park, . - cv_stack_switch_park

// int cv_stack_switch_resume(cv_stack *stack)
  .globl cv_stack_switch_resume
  .hidden cv_stack_switch_resume
  .type cv_stack_switch_resume, @function
  .p2align 4
cv_stack_switch_resume:
  .cfi_startproc
  save
  mov %rsp, (%rdi)
  mov 16(%rdi), %rsp
  restore
  ret
  .cfi_endproc
  .size cv_stack_switch_resume, . - cv_stack_switch_resume

// void cv_stack_unwind_code(void *sp, int result)
  .globl cv_stack_unwind_code
  .hidden cv_stack_unwind_code
  .type cv_stack_unwind_code, @function
  .p2align 4
cv_stack_unwind_code:
  .cfi_startproc
  mov %esi, %eax
  mov %rdi, %rsp
  .cfi_def_cfa %rsp, 56
  cld
  restore
  ret
  .cfi_endproc
  .size cv_stack_unwind_code, . - cv_stack_unwind_code

// void cv_stack_scan(void *high, scan, void *arg): scan(arg, low, high)
  .globl cv_stack_scan
  .hidden cv_stack_scan
  .type cv_stack_scan, @function
  .p2align 4
cv_stack_scan:
  .cfi_startproc
  save
  sub $8, %rsp
  mov %rsi, %rax
  mov %rdx, %r8
  mov %rdi, %rdx
  mov %r8, %rdi
  mov %rsp, %rsi
  call *%rax
  add $8, %rsp
  .cfi_def_cfa %rsp, 56
  restore
  ret
  .cfi_endproc
  .size cv_stack_scan, . - cv_stack_scan
#endif
  .section .note.GNU-stack, "", @progbits
