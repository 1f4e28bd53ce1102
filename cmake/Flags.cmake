# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# How our own code is compiled: cove_flags carries warnings and code generation, and every target of ours links it.
add_library(cove_flags INTERFACE)
set(c $<COMPILE_LANGUAGE:C>)
target_compile_definitions(cove_flags INTERFACE _GNU_SOURCE)
target_compile_options(cove_flags INTERFACE
  $<${c}:-Wall> $<${c}:-Wextra> $<${c}:-Wshadow> $<${c}:-Wstrict-prototypes> $<${c}:-Wmissing-prototypes>
  $<${c}:-Wvla> $<${c}:-Wundef> $<${c}:-Wno-unused-parameter>
  $<${c}:-fno-strict-aliasing> $<${c}:-fno-math-errno> $<${c}:-ffp-contract=off>
  $<${c}:-fno-plt> $<${c}:-ffunction-sections> $<${c}:-fdata-sections>)
if(COVE_WERROR)
  target_compile_options(cove_flags INTERFACE $<${c}:-Werror>)
endif()
# An assembler file says nothing about its stack; the linker must not take that for "executable".
target_link_options(cove_flags INTERFACE -Wl,-z,noexecstack)
