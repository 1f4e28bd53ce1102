// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast.h: test scripts (core specification repository, interpreter/README.md), read command by command. Nothing is
// executed here: a runner asks for commands and for the bytes of their modules. Scripts about components are the same,
// with `component` where a core script has `module`, and values of their own.
#ifndef COVE_COMPONENT_TEXT_WAST_H
#define COVE_COMPONENT_TEXT_WAST_H

#include "component/types.h"
#include "wasm/text/parser.h"

typedef enum cv_wast_kind {
  // A module, definition or instance is a component's when module.is_component is set.
  CV_WAST_MODULE,     // define and instantiate
  CV_WAST_DEFINITION, // define only
  CV_WAST_INSTANCE,   // instantiate a definition: `name` of the instance, `text` of the definition
  CV_WAST_REGISTER,   // `text` becomes the import name of `name`
  CV_WAST_ACTION,
  CV_WAST_ASSERT_RETURN,
  CV_WAST_ASSERT_TRAP,
  CV_WAST_ASSERT_EXHAUSTION,
  CV_WAST_ASSERT_EXCEPTION,
  CV_WAST_ASSERT_UNINSTANTIABLE, // (assert_trap (module ...) ...)
  CV_WAST_ASSERT_INVALID,
  CV_WAST_ASSERT_MALFORMED,
  CV_WAST_ASSERT_INVALID_CUSTOM,
  CV_WAST_ASSERT_MALFORMED_CUSTOM,
  CV_WAST_ASSERT_UNLINKABLE,
  CV_WAST_THREAD,      // `name`, `shared` module, commands from cv_wast_open_thread
  CV_WAST_WAIT,        // `name`
  CV_WAST_UNSUPPORTED, // `text` says what of: "assert_suspension"
} cv_wast_kind;

typedef enum cv_wast_form {
  CV_WAST_TEXT,
  CV_WAST_BINARY,
  CV_WAST_QUOTE,
  CV_WAST_DEFINED, // (module instance $x $m) in an assertion: `name` is the definition's, or the last one
} cv_wast_form;

// A module or a component as it stands in the script.
typedef struct cv_wast_module {
  cv_wast_form form;
  bool is_component;
  bool has_name;
  cv_bytes name;
  uint32_t open, body; // tokens: its parenthesis (UINT32_MAX for bare fields), and what follows its head
} cv_wast_module;

typedef enum cv_wast_value_kind {
  CV_WAST_NUMBER,    // type, bits
  CV_WAST_VECTOR,    // bytes, lane_bits
  CV_WAST_NULL,      // heap, or CV_HEAP_BOT for a null of any type
  CV_WAST_HOST,      // (ref.host n): bits; an internal reference of the host
  CV_WAST_EXTERN,    // (ref.extern n): bits
  CV_WAST_REF,       // any reference that is not null and in `heap`; results only
  CV_WAST_EITHER,    // one of `count` patterns from `first` on in the command's `patterns`; results only
  CV_WAST_COMPONENT, // only a component's function has it: `component`
} cv_wast_value_kind;

typedef enum cv_wast_nan { CV_WAST_NAN_NONE, CV_WAST_NAN_CANONICAL, CV_WAST_NAN_ARITHMETIC } cv_wast_nan;

typedef struct cv_wast_cval cv_wast_cval;

// A value of a component-level type: "(record.const (field "x" u8.const 1))". What the script says, without a type: the
// function's decides whether it fits.
struct cv_wast_cval {
  uint8_t kind;   // cv_ctype_kind
  uint8_t which;  // option: 0 none, 1 some; result: 0 ok, 1 error
  uint8_t nan;    // cv_wast_nan; f32, f64 in results
  uint64_t bits;  // bool, integers (in two's complement of 64 bits), char (its scalar value), f32, f64
  cv_bytes text;  // string: its contents; variant, enum: the label of the case
  cv_bytes label; // of this part of a record; a part of flags is nothing else, with `kind` bool
  // Parts of a list, tuple, record, flags; the payload of a variant, option or result: 0 or 1. A map has keys and
  // values in turn.
  const cv_wast_cval *parts;
  uint32_t count;
};

// An argument, or the pattern of a result.
typedef struct cv_wast_value {
  uint8_t kind;      // cv_wast_value_kind
  uint8_t lane_bits; // VECTOR: 8, 16, 32, 64
  uint8_t nan[4];    // cv_wast_nan of each float lane; [0] of a float number
  cv_valtype type;   // NUMBER
  uint32_t heap;
  uint64_t bits;
  uint8_t bytes[16];
  uint32_t first, count;
  const cv_wast_cval *component; // what a component's function makes of it; NULL when it cannot be one of its values
} cv_wast_value;

typedef struct cv_wast_action {
  bool is_get;
  bool has_instance;
  cv_bytes instance, name;
  const cv_wast_value *args;
  uint32_t arg_count;
} cv_wast_action;

// Everything in it lives until the next command is read.
typedef struct cv_wast_command {
  cv_wast_kind kind;
  uint32_t line;
  cv_wast_module module;
  cv_wast_action action;
  const cv_wast_value *results;
  uint32_t result_count;
  const cv_wast_value *patterns; // of EITHER
  cv_bytes text;                 // expected message, or see the kinds
  bool has_name, has_text;
  cv_bytes name, shared;
  uint32_t thread_first, thread_end;
} cv_wast_command;

typedef struct cv_wast {
  cv_text *text;
  cv_wat hand; // only its token reading, arena and diagnostic are used
  uint32_t end;
  uint32_t depth;        // of the component value that is being read
  cv_text_cursor cursor; // the last command
  bool bare_done;        // the script was the fields of one module
  CV_VEC(cv_wast_value) values, patterns;
} cv_wast;

// The text outlives the reader. Cannot fail; cv_wast_next reports lexical errors where they are.
void cv_wast_init(cv_wast *w, cv_text *text, cv_mem *mem);
void cv_wast_free(cv_wast *w);
// The next command; *more is false at the end. On CV_EMALFORMED the command is passed (its line is in the diagnostic),
// and reading can go on; after a lexical error there is no more.
CV_MUST_USE cv_status cv_wast_next(cv_wast *w, cv_wast_command *command, bool *more, cv_diag *diag);
// A reader of the commands inside a thread; to be freed.
void cv_wast_open_thread(cv_wast *w, const cv_wast *parent, const cv_wast_command *command);

// Appends the binary of a module or component: as given, or parsed. Not for CV_WAST_DEFINED.
CV_MUST_USE cv_status cv_wast_module_bytes(cv_wast *w, const cv_wast_module *module, cv_features features, cv_buf *out,
                                           cv_diag *diag);

// Values up to a parenthesis; they are added to w->values (wast_value.c).
CV_MUST_USE cv_status cv_wast_values(cv_wast *w, bool is_result, uint32_t *count);

#endif
