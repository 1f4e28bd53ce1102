# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks of the source itself: `cmake --build build/release --target check-format check-tidy check-layers`.
find_package(Python3 QUIET COMPONENTS Interpreter)
find_program(COVE_CLANG_FORMAT NAMES clang-format-19)
find_program(COVE_CLANG_TIDY NAMES clang-tidy-19 clang-tidy)
file(GLOB_RECURSE COVE_OWN_FILES CONFIGURE_DEPENDS src/*.c src/*.h include/*.h tests/unit/*.c tests/unit/*.h
     fuzz/*.c examples/*.c examples/*.cc tools/*.c)
# What tools/gen_stencils writes is laid out by it; the macros that it reads are laid out by hand.
list(FILTER COVE_OWN_FILES EXCLUDE REGEX "/exec/jit/stencils/(x64|source)")

if(Python3_Interpreter_FOUND)
  add_custom_target(check-layers COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tools/check_layers
                    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
endif()
if(COVE_CLANG_FORMAT)
  add_custom_target(check-format COMMAND ${COVE_CLANG_FORMAT} --dry-run --Werror ${COVE_OWN_FILES}
                    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
endif()
if(COVE_CLANG_TIDY)
  # A file at a time on each processor: what one processor would need is more than anybody waits for.
  add_custom_target(check-tidy
    COMMAND ${PROJECT_SOURCE_DIR}/tools/check_tidy ${COVE_CLANG_TIDY} ${PROJECT_BINARY_DIR} ${COVE_SOURCES} ${COVE_CLI_SOURCES}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
endif()
