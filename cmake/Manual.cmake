# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The manual page and the shell completions are printed from the option table of the command (src/cli/options.def), so
# that they cannot say anything else than --help does.
