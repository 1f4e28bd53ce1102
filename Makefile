# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The front door. CMake does the work (CMakePresets.json); `make demo` and `make test` also install what is missing.
PREFIX ?= /usr/local

help:
	@echo 'make demo      install what is missing, build, run a real program'
	@echo 'make test      install what is missing, build, run all tests, with sanitizers as well'
	@echo 'make build     build the library and the command: build/release/cove'
	@echo 'make install   build, and install under PREFIX ($(PREFIX)); DESTDIR is respected'
	@echo 'make check     check formatting, layers and the manual'
	@echo 'make format    format the sources with clang-format-19'
	@echo 'make fuzz      fuzz each target for FUZZ_SECONDS (60) with sanitizers; needs clang-19'
	@echo 'make bench     measure; see docs/performance.md'

demo:
	@tools/setup build
	@tools/build release
	@tools/demo

test:
	@tools/setup test
	@tools/run_tests

build:
	@tools/build release

install: build
	cmake --install build/release --prefix '$(PREFIX)'

check:
	@tools/build release
	cmake --build build/release --target check-layers check-format

format:
	@clang-format-19 -i $$(git ls-files '*.c' '*.h' '*.cc')

FUZZ_SECONDS ?= 60
fuzz:
	cmake --preset fuzz -DCOVE_FUZZ_SECONDS=$(FUZZ_SECONDS) >/dev/null
	cmake --build build/fuzz
	ctest --test-dir build/fuzz -L fuzz --output-on-failure

bench: build
	bench/run

.PHONY: help demo test build install check format fuzz bench
