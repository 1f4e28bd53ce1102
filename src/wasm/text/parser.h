// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parser.h: what the files of the core WAT parser share. A module goes from tokens to the binary format in three walks
// over its fields, because a field may use what a later one defines:
//
//   declare   counts and names the index spaces (parse_module.c)
//   types     reads the type definitions (parse_types.c)
//   fields    encodes everything else into one buffer per section (parse_fields.c, parse_instr.c)
//
// The binary is then put together from the buffers, the name section and the custom annotations (parse_module.c).
// Whatever the text format leaves to validation is left to the validator, which reads the result.
#ifndef COVE_WASM_TEXT_PARSER_H
#define COVE_WASM_TEXT_PARSER_H

#include "base/buf.h"
#include "base/map.h"
#include "wasm/features.h"
#include "wasm/text/lex.h"
#include "wasm/text/names.h"
#include "wasm/text/words.h"
#include "wasm/types.h"

// The index spaces of a module.
typedef enum cv_wat_space {
  CV_SPACE_FUNC,
  CV_SPACE_TABLE,
  CV_SPACE_MEMORY,
  CV_SPACE_GLOBAL,
  CV_SPACE_TAG,
  CV_SPACE_ELEM,
  CV_SPACE_DATA,
  CV_SPACE_TYPE,
  CV_SPACE_COUNT,
} cv_wat_space;

// One index space: how many it has, and which index a name stands for. Also used for locals and fields.
typedef struct cv_wat_scope {
  const char *what; // "function", for messages
  uint32_t count;
  cv_map names;
} cv_wat_scope;

// A type definition, explicit or appended for a type use.
typedef struct cv_wat_type {
  cv_composite kind;
  bool is_final;
  uint32_t group_start, group_size;
  const uint32_t *supers;
  uint32_t super_count;
  const cv_valtype *types; // of a function: parameters, then results
  uint32_t param_count, result_count;
  const cv_fieldtype *fields;
  uint32_t field_count;
  cv_wat_scope field_names;
} cv_wat_type;

// Parameters and results under construction; the types are the scratch vector's.
typedef struct cv_wat_functype {
  const cv_valtype *types;
  uint32_t param_count, result_count;
} cv_wat_functype;

// A label of the innermost function body.
typedef struct cv_wat_block_label {
  cv_bytes name;     // empty when it has none
  uint64_t shadowed; // what the name meant outside, 0 for nothing
} cv_wat_block_label;

// An instruction that waits for its operands or its end; see parse_instr.c.
typedef struct cv_wat_frame {
  uint8_t kind;
  uint8_t state;
  uint32_t pending; // where its bytes start in cv_wat.pending
  uint32_t hint;    // 1 + index of its branch hint in cv_wat.hints, 0 for none
  cv_bytes label;   // of an `if` whose label is not in scope yet
} cv_wat_frame;

typedef struct cv_wat_hint {
  uint32_t func;
  uint32_t offset; // in the body
  bool likely;
} cv_wat_hint;

// A custom section from an annotation.
typedef struct cv_wat_custom {
  uint8_t place; // among the sections, see below
  bool is_names; // no section, but the place of the name section of a component
  cv_bytes name, contents;
} cv_wat_custom;

// Places in the binary: twice the rank of a section in the order of sections, from 1, plus 1 for after it. Before the
// first is 0, after the last CV_WAT_LAST.
enum { CV_WAT_LAST = 255 };

typedef enum cv_wat_section {
  CV_SECTION_IMPORT,
  CV_SECTION_FUNC,
  CV_SECTION_TABLE,
  CV_SECTION_MEMORY,
  CV_SECTION_TAG,
  CV_SECTION_GLOBAL,
  CV_SECTION_EXPORT,
  CV_SECTION_ELEM,
  CV_SECTION_CODE,
  CV_SECTION_DATA,
  CV_SECTION_COUNT,
} cv_wat_section;

typedef struct cv_wat {
  cv_text *text;
  uint32_t at; // current token
  cv_mem *mem;
  cv_arena arena;
  cv_diag *diag;
  cv_features features;
  bool plain_words; // of another grammar, so that words.h does not say which words are known

  cv_wat_scope spaces[CV_SPACE_COUNT];
  CV_VEC(cv_wat_type) types;
  cv_map signatures; // of final function types in groups of their own: bytes of the signature -> type index
  CV_VEC(cv_valtype) scratch;

  // Fields: how many of each kind the walk has met, so that it knows the index of the current one.
  uint32_t met[CV_SPACE_COUNT];
  cv_buf sections[CV_SECTION_COUNT]; // contents without the count
  uint32_t section_items[CV_SECTION_COUNT];
  bool has_start;
  uint32_t start;
  bool needs_data_count;

  // The function being parsed.
  cv_wat_scope locals;
  uint32_t func; // its index; UINT32_MAX outside of functions
  cv_buf body, pending;
  cv_buf *code; // where instructions go: body, or the section of a constant expression
  CV_VEC(cv_wat_block_label) labels;
  cv_map label_names;   // -> 1 + index in labels
  uint32_t label_count; // labelled instructions of this function so far
  CV_VEC(cv_wat_frame) frames;
  cv_buf scratch_bytes;

  cv_names names;
  CV_VEC(cv_wat_hint) hints;
  CV_VEC(cv_wat_custom) customs;
} cv_wat;

// ---- the whole (parse_module.c) ------------------------------------------------------------------------------------

void cv_wat_init(cv_wat *p, cv_text *text, cv_mem *mem, cv_diag *diag);
void cv_wat_free(cv_wat *p);

// ---- tokens (parse_util.c) -----------------------------------------------------------------------------------------

static inline const cv_token *cv_wat_peek(const cv_wat *p) {
  return &p->text->tokens.data[p->at];
}
static inline cv_token_kind cv_wat_kind(const cv_wat *p) {
  return (cv_token_kind)cv_wat_peek(p)->kind;
}
static inline cv_bytes cv_wat_bytes(const cv_wat *p) {
  return cv_token_bytes(p->text, cv_wat_peek(p));
}
static inline bool cv_wat_at_id(const cv_wat *p) {
  return cv_wat_kind(p) == CV_TOK_ID || cv_wat_kind(p) == CV_TOK_QUOTED;
}
static inline bool cv_wat_at_index(const cv_wat *p) {
  return cv_wat_kind(p) == CV_TOK_NAT || cv_wat_at_id(p);
}
bool cv_wat_is_word(const cv_wat *p, uint32_t token, const char *word);
// At the word; accept also steps over it.
bool cv_wat_at_word(const cv_wat *p, const char *word);
bool cv_wat_accept_word(cv_wat *p, const char *word);
// At "(word".
bool cv_wat_at_open(const cv_wat *p, const char *word);
bool cv_wat_accept_open(cv_wat *p, const char *word);
CV_MUST_USE cv_status cv_wat_close(cv_wat *p); // the closing parenthesis

CV_COLD CV_PRINTF(2, 3) cv_status cv_wat_fail(cv_wat *p, const char *fmt, ...);
CV_COLD CV_PRINTF(3, 4) cv_status cv_wat_fail_at(cv_wat *p, uint32_t token, const char *fmt, ...);
// "unexpected token", or "unknown operator" for a word that no grammar has.
CV_COLD cv_status cv_wat_unexpected(cv_wat *p);
CV_COLD cv_status cv_wat_no_memory(cv_wat *p);

// The identifier at the current token, without its dollar sign, then steps over it.
CV_MUST_USE cv_status cv_wat_id(cv_wat *p, cv_bytes *name);
CV_MUST_USE cv_status cv_wat_u32(cv_wat *p, uint32_t *value);
CV_MUST_USE cv_status cv_wat_u64(cv_wat *p, uint64_t *value);
// One string that is valid UTF-8.
CV_MUST_USE cv_status cv_wat_name(cv_wat *p, cv_bytes *name);
// Strings up to the first other token, one after the other.
CV_MUST_USE cv_status cv_wat_strings(cv_wat *p, cv_buf *out);

// ---- scopes --------------------------------------------------------------------------------------------------------

// Gives the next index a name. "duplicate function $x" when it is taken.
CV_MUST_USE cv_status cv_wat_bind(cv_wat *p, cv_wat_scope *scope, cv_bytes name, uint32_t token);
// A number or a name; "unknown function $x".
CV_MUST_USE cv_status cv_wat_index_in(cv_wat *p, cv_wat_scope *scope, uint32_t *index);
static inline CV_MUST_USE cv_status cv_wat_index(cv_wat *p, cv_wat_space space, uint32_t *index) {
  return cv_wat_index_in(p, &p->spaces[space], index);
}
// An optional identifier and an optional (@name "x") annotation: *named and *name are what the name section shall say.
// Does not bind.
CV_MUST_USE cv_status cv_wat_binding_name(cv_wat *p, cv_bytes *name, bool *named);
// The same, and into the name section.
CV_MUST_USE cv_status cv_wat_note_name(cv_wat *p, uint32_t kind, uint32_t outer, uint32_t index);

// ---- annotations (parse_annot.c) -----------------------------------------------------------------------------------

// Takes the custom annotations before the current token, which is at the start of a field or the end of the module.
CV_MUST_USE cv_status cv_wat_field_annots(cv_wat *p);
// The (@name) at the current token, if any.
CV_MUST_USE cv_status cv_wat_name_annot(cv_wat *p, cv_bytes *name, bool *named);
// The same for the module's own name.
CV_MUST_USE cv_status cv_wat_module_name_annot(cv_wat *p, cv_bytes *name, bool *named);
// (@own-name "x"), of a module or component inside a component: its own name, where it is not its identifier there. An
// empty one says that it has none.
CV_MUST_USE cv_status cv_wat_own_name_annot(cv_wat *p, cv_bytes *name, bool *named);
// The branch hint that stands before the token, if any: *hint becomes 1 + its index. Only a branch may have one.
CV_MUST_USE cv_status cv_wat_hint_annot(cv_wat *p, uint32_t token, bool is_branch, uint32_t *hint);
// After the module: every known annotation before a token in (first, last] must have been used.
CV_MUST_USE cv_status cv_wat_check_annots(cv_wat *p, uint32_t first, uint32_t last);

// ---- types (parse_types.c) -----------------------------------------------------------------------------------------

CV_MUST_USE cv_status cv_wat_heap_type(cv_wat *p, uint32_t *heap);
CV_MUST_USE cv_status cv_wat_ref_type(cv_wat *p, cv_valtype *type);
CV_MUST_USE cv_status cv_wat_val_type(cv_wat *p, cv_valtype *type);
bool cv_wat_at_val_type(const cv_wat *p);
// An optional i32 or i64.
bool cv_wat_address_type(cv_wat *p);
CV_MUST_USE cv_status cv_wat_limits(cv_wat *p, cv_limits *limits); // min and max only
CV_MUST_USE cv_status cv_wat_global_type(cv_wat *p, cv_globaltype *type);
// (param ...)* (result ...)*. With `locals`, names of parameters are allowed and each parameter becomes a local.
CV_MUST_USE cv_status cv_wat_signature(cv_wat *p, cv_wat_scope *locals, bool names_allowed, cv_wat_functype *out);
// What follows the keyword of one (param ...) or (local ...), with its parenthesis: types are added to the scratch.
CV_MUST_USE cv_status cv_wat_declaration(cv_wat *p, cv_wat_scope *locals, bool names_allowed, uint32_t *count);
// (type x)? and a signature. *index is the type's.
CV_MUST_USE cv_status cv_wat_type_use(cv_wat *p, cv_wat_scope *locals, bool names_allowed, uint32_t *index);
CV_MUST_USE cv_status cv_wat_block_type(cv_wat *p); // encodes it into `pending`
// Declares and names, then reads, the definitions of one (type) or (rec) field.
CV_MUST_USE cv_status cv_wat_declare_types(cv_wat *p);
CV_MUST_USE cv_status cv_wat_read_types(cv_wat *p);
void cv_wat_encode_val_type(cv_buf *out, cv_valtype type);
void cv_wat_encode_heap_type(cv_buf *out, uint32_t heap);
// The definitions from index `first` on, which is the start of a group.
void cv_wat_encode_types(cv_wat *p, size_t first, cv_buf *out, uint32_t *groups);
// Components (component/text) have type definitions outside of modules: declares and reads one definition after its
// word `type`, or those of a group after `rec`, up to the closing parenthesis.
CV_MUST_USE cv_status cv_wat_lone_types(cv_wat *p, bool is_group);
// A type index whose definition is elsewhere.
CV_MUST_USE cv_status cv_wat_opaque_type(cv_wat *p);
// Forgets the definitions, not their names.
void cv_wat_drop_types(cv_wat *p);

// ---- instructions (parse_instr.c) ----------------------------------------------------------------------------------

// The immediates of a plain instruction, with its opcode, into `pending`; the word is already passed (parse_imm.c).
CV_MUST_USE cv_status cv_wat_plain(cv_wat *p, const cv_op_info *op);
// The catch clauses of a try_table, likewise.
CV_MUST_USE cv_status cv_wat_catches(cv_wat *p);
CV_MUST_USE cv_status cv_wat_label(cv_wat *p, uint32_t *depth);
void cv_wat_encode_opcode(cv_buf *out, uint32_t code);
// A const instruction's literal of an i32, i64, f32, f64 or v128, little-endian; also used for script values.
CV_MUST_USE cv_status cv_wat_number(cv_wat *p, bool is_float, unsigned bits, uint64_t *value);
CV_MUST_USE cv_status cv_wat_v128(cv_wat *p, uint8_t value[16]);

// Instructions up to the closing parenthesis of what is around them, and the final `end`, into `out`.
CV_MUST_USE cv_status cv_wat_expression(cv_wat *p, cv_buf *out);
// One folded instruction, and `end`.
CV_MUST_USE cv_status cv_wat_folded_expression(cv_wat *p, cv_buf *out);

// ---- fields (parse_fields.c) ---------------------------------------------------------------------------------------

CV_MUST_USE cv_status cv_wat_field(cv_wat *p);
// "(func $x (param i32))" as the type of an import: its kind and type are appended.
CV_MUST_USE cv_status cv_wat_extern_type(cv_wat *p, cv_buf *out);

#endif
