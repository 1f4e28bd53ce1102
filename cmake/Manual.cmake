# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The manual page and the shell completions are printed from the tables of the command (src/cli/*.def), so that they
# cannot say anything else than --help does.
add_executable(cove-manual tools/manual/manual.c)
target_include_directories(cove-manual PRIVATE src/cli)
target_link_libraries(cove-manual PRIVATE cove_flags)
set(COVE_MANUALS)
function(cove_manual file)
  set(output ${PROJECT_BINARY_DIR}/share/${file})
  get_filename_component(folder ${output} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${output} COMMAND cove-manual ${ARGN} > ${output} DEPENDS cove-manual VERBATIM)
  set(COVE_MANUALS ${COVE_MANUALS} ${output} PARENT_SCOPE)
endfunction()
cove_manual(cove.1 man ${PROJECT_VERSION})
cove_manual(bash/cove bash)
cove_manual(zsh/_cove zsh)
cove_manual(fish/cove.fish fish)
add_custom_target(manuals ALL DEPENDS ${COVE_MANUALS})
