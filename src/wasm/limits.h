// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// limits.h: implementation limits (core specification, appendix A.2). Each number has its home here.
#ifndef COVE_WASM_LIMITS_H
#define COVE_WASM_LIMITS_H

enum {
  CV_MAX_MODULE_SIZE = 1 << 30, // bytes
  CV_MAX_TYPES = 1000000,
  CV_MAX_RECURSIVE_GROUP = 1000000,
  CV_MAX_SUBTYPE_DEPTH = 63,
  CV_MAX_FUNCTIONS = 1000000,
  CV_MAX_IMPORTS = 1000000,
  CV_MAX_EXPORTS = 1000000,
  CV_MAX_GLOBALS = 1000000,
  CV_MAX_TAGS = 1000000,
  CV_MAX_TABLES = 100000,
  CV_MAX_MEMORIES = 100000,
  CV_MAX_DATA_SEGMENTS = 1000000,
  CV_MAX_ELEM_SEGMENTS = 1000000,
  CV_MAX_TABLE_INIT = 10000000, // elements of one table at creation
  CV_MAX_PARAMS = 1000,
  CV_MAX_RESULTS = 1000,
  CV_MAX_STRUCT_FIELDS = 10000,
  CV_MAX_LOCALS = 50000,            // of one function, parameters included
  CV_MAX_LOCALS_IN_ALL = 20000000,  // of the defined functions of a module together
  CV_MAX_OPERANDS = 1000000,        // on the operand stack of one function
  CV_MAX_FUNCTION_SIZE = 128 << 20, // bytes of one body
  CV_MAX_BLOCK_DEPTH = 100000,
  CV_MAX_BR_TABLE = 1000000,
  CV_MAX_STRING = 100000, // bytes of one name
  CV_MAX_CONST_EXPR_STACK = 1000,
};

#endif
