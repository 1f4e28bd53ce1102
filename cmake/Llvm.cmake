# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# libcove-llvm.so: the only part that is linked with LLVM (src/exec/llvm/plugin). cove loads it by its name, which carries
# the version: the two are of one build. Without LLVM's headers it is left out, and --tier=llvm says what is missing.
set(COVE_HAVE_LLVM OFF)
if(COVE_LLVM AND NOT COVE_STATIC)
  find_program(COVE_LLVM_CONFIG NAMES llvm-config-19)
  if(COVE_LLVM_CONFIG)
    execute_process(COMMAND ${COVE_LLVM_CONFIG} --includedir OUTPUT_VARIABLE llvm_includes OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND ${COVE_LLVM_CONFIG} --libdir OUTPUT_VARIABLE llvm_libs OUTPUT_STRIP_TRAILING_WHITESPACE)
    find_library(COVE_LLVM_LIBRARY NAMES LLVM-19 HINTS ${llvm_libs})
    if(EXISTS ${llvm_includes}/llvm-c/Core.h AND COVE_LLVM_LIBRARY)
      set(COVE_HAVE_LLVM ON)
    endif()
  endif()
endif()
message(STATUS "cove: LLVM ${COVE_HAVE_LLVM}")

if(COVE_HAVE_LLVM)
  file(GLOB COVE_LLVM_SOURCES CONFIGURE_DEPENDS src/exec/llvm/plugin/*.c)
  # What it shares with the library it has a copy of: functions without state.
  add_library(cove_llvm SHARED ${COVE_LLVM_SOURCES} src/base/arena.c src/base/mem.c src/base/vec.c src/wasm/opcodes.c
              src/wasm/binary/skip.c)
  set_target_properties(cove_llvm PROPERTIES OUTPUT_NAME cove-llvm PREFIX lib SUFFIX .so.${PROJECT_VERSION}
                        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_include_directories(cove_llvm PRIVATE src ${COVE_GENERATED})
  add_dependencies(cove_llvm cove_stamp)
  target_include_directories(cove_llvm SYSTEM PRIVATE ${llvm_includes})
  target_link_libraries(cove_llvm PRIVATE cove_flags ${COVE_LLVM_LIBRARY})
  target_link_options(cove_llvm PRIVATE -Wl,--gc-sections)
endif()
