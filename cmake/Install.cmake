# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs library, headers, pkg-config and CMake package files, the command, its manual and its completions.
include(CMakePackageConfigHelpers)
install(TARGETS ${COVE_LIBRARIES} EXPORT cove-targets)
install(DIRECTORY include/cove DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT cove-targets NAMESPACE cove:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/cove)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cove-config-version.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/cove-config.cmake.in cove-config.cmake @ONLY)
# Relative to the file itself, so that `cmake --install --prefix` may choose another place.
file(RELATIVE_PATH COVE_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/cove.pc.in cove.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cove-config.cmake ${PROJECT_BINARY_DIR}/cove-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/cove)
install(FILES ${PROJECT_BINARY_DIR}/cove.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(TARGET cove)
  install(TARGETS cove)
  install(TARGETS cove-app RUNTIME DESTINATION ${CMAKE_INSTALL_LIBDIR}/cove)
endif()
if(TARGET cove_llvm)
  install(TARGETS cove_llvm LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(FILES ${PROJECT_BINARY_DIR}/share/cove.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_BINARY_DIR}/share/bash/cove DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${PROJECT_BINARY_DIR}/share/zsh/_cove DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${PROJECT_BINARY_DIR}/share/fish/cove.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
# Not into bin: a directory for PATH when these, rather than the toolchain's own, are wanted.
install(PROGRAMS share/go_wasip1_wasm_exec share/cargo_wasip1_exec share/binfmt_exec
        DESTINATION ${CMAKE_INSTALL_DATADIR}/cove)
# The WIT of WASI 0.2, for worlds that import it.
install(DIRECTORY wit DESTINATION ${CMAKE_INSTALL_DATADIR}/cove)
