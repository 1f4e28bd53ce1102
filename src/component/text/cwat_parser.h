// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_parser.h: what the files of the component text parser share. A component goes from tokens to the binary format
// in one walk, because a definition refers only to what stands before it:
//
//   cwat_component.c  components and their definitions
//   cwat_instance.c   instances, aliases, imports, exports
//   cwat_types.c      types of components
//   cwat_core_types.c core types, types of modules
//   cwat_canon.c      canonical definitions
//   cwat_value.c      value definitions
//   cwat_scope.c      index spaces, names, references, and where encoded definitions go
//
// Syntactic sugar (inline types, inline aliases, outer aliases for identifiers of enclosing scopes, inline instances)
// becomes definitions of its own right before the definition that it stands in: its types first, then its aliases.
//
// Terms
//   scope  what has index spaces: a component, a component type, an instance type, a module type.
//   item   an encoded definition, or declarator of a type. Items under construction are a stack of bytes in one buffer
//          (cv_cwat.items), because one may have to be finished inside another.
#ifndef COVE_COMPONENT_TEXT_CWAT_PARSER_H
#define COVE_COMPONENT_TEXT_CWAT_PARSER_H

#include "component/component.h"
#include "wasm/text/parser.h"

// Scopes and value types may be nested this deep, because the parser calls itself.
enum { CV_CWAT_MAX_DEPTH = 100 };

// Kinds of items: the section ids of a component.
typedef enum cv_cwat_item {
  CV_CITEM_CUSTOM = 0,
  CV_CITEM_CORE_MODULE = 1,
  CV_CITEM_CORE_INSTANCE = 2,
  CV_CITEM_CORE_TYPE = 3,
  CV_CITEM_COMPONENT = 4,
  CV_CITEM_INSTANCE = 5,
  CV_CITEM_ALIAS = 6,
  CV_CITEM_TYPE = 7,
  CV_CITEM_CANON = 8,
  CV_CITEM_START = 9,
  CV_CITEM_IMPORT = 10,
  CV_CITEM_EXPORT = 11,
  CV_CITEM_VALUE = 12,
} cv_cwat_item;

typedef enum cv_cwat_scope_kind {
  CV_SCOPE_COMPONENT,
  CV_SCOPE_COMPONENT_TYPE,
  CV_SCOPE_INSTANCE_TYPE,
  CV_SCOPE_MODULE_TYPE,
} cv_cwat_scope_kind;

// A name with attributes, of an import or export.
typedef struct cv_cwat_extern_name {
  cv_bytes name;
  struct {
    uint8_t code; // of the binary format
    cv_bytes text;
  } attributes[3];
  uint32_t attribute_count;
} cv_cwat_extern_name;

// (func (export "x") ...): an export at the end of the component.
typedef struct cv_cwat_inline_export {
  cv_cwat_extern_name name;
  cv_csortidx item;
} cv_cwat_inline_export;

// What an identifier and a @name annotation say of a definition.
typedef struct cv_cwat_binding {
  bool bound, named;
  uint32_t token;
  cv_bytes id;   // when bound
  cv_bytes name; // when named: what the name section says
} cv_cwat_binding;

typedef struct cv_cwat_scope {
  cv_cwat_scope_kind kind;
  struct cv_cwat_scope *outer;
  bool has_id;
  cv_bytes id;
  cv_bytes name; // components: for the name section; empty for none
  cv_wat_scope spaces[CV_CS_COUNT];
  cv_name_map names[CV_CS_COUNT]; // components: for the name section
  cv_buf out;                     // components: finished sections; types: declarators
  cv_buf section;                 // components: items of the section that is open
  cv_cwat_item open;              // its kind; CV_CITEM_CUSTOM for none
  uint32_t count;                 // its items; types: declarators
  size_t names_at;                // components: where in `out` the name section goes; 0 for the end
  CV_VEC(cv_cwat_inline_export) exports;
  CV_VEC(uint32_t) type_tokens; // components: where the text of each type begins, 0 where there is none
} cv_cwat_scope;

// A value type that stands inside another definition and has been made a type of its own.
typedef struct cv_cwat_inlined {
  uint32_t token; // its parenthesis
  uint32_t index;
} cv_cwat_inlined;

typedef struct cv_cwat {
  cv_wat hand; // tokens, arena, diagnostic; core types
  cv_cwat_scope *scope;
  uint32_t depth;
  cv_buf items;
  CV_VEC(cv_cwat_inlined) inlined; // a stack: those of the definition being read are the last ones
  size_t next_inlined;             // the first of them that has not been met again
} cv_cwat;

// ---- cwat_scope.c --------------------------------------------------------------------------------------------------

void cv_cwat_scope_init(cv_cwat *p, cv_cwat_scope *scope, cv_cwat_scope_kind kind);
void cv_cwat_scope_free(cv_cwat *p, cv_cwat_scope *scope);
// Makes it the current scope, and back. Fails when scopes are nested too deep.
CV_MUST_USE cv_status cv_cwat_enter(cv_cwat *p, cv_cwat_scope *scope);
void cv_cwat_leave(cv_cwat *p);

// Takes what was appended to p->items since it had `start` bytes as an item of the current scope.
CV_MUST_USE cv_status cv_cwat_emit(cv_cwat *p, cv_cwat_item kind, size_t start);
// The type that was just defined begins at this token.
void cv_cwat_note_type(cv_cwat *p, uint32_t token);
// Ends the open section of a component.
void cv_cwat_flush(cv_cwat_scope *scope);
// Puts the name section into a component, when it has names.
CV_MUST_USE cv_status cv_cwat_put_names(cv_cwat *p, cv_cwat_scope *scope);

// An optional identifier and @name.
CV_MUST_USE cv_status cv_cwat_binding_of(cv_cwat *p, cv_cwat_binding *binding);
// The next index of a space of the current scope, with its name. `binding` may be NULL.
CV_MUST_USE cv_status cv_cwat_define(cv_cwat *p, cv_cspace space, const cv_cwat_binding *binding, uint32_t *index);

// A number, or an identifier; one of an enclosing scope becomes an outer alias.
CV_MUST_USE cv_status cv_cwat_index(cv_cwat *p, cv_cspace space, uint32_t *index);
// What follows the words of "(sort x "name"*)", up to the parenthesis: names make aliases.
CV_MUST_USE cv_status cv_cwat_reference(cv_cwat *p, cv_cspace space, uint32_t *index);
// An index, or "(sort x "name"*)". Core sorts have the prefix `core` when `prefixed`.
CV_MUST_USE cv_status cv_cwat_index_or_reference(cv_cwat *p, cv_cspace space, bool prefixed, uint32_t *index);
// The words of a sort: "func", "core module". Within `core_only` core sorts have no prefix, and there are no others.
CV_MUST_USE cv_status cv_cwat_sort(cv_cwat *p, bool core_only, cv_cspace *space);
// "(func x "name"*)" of any sort.
CV_MUST_USE cv_status cv_cwat_externidx(cv_cwat *p, bool core_only, cv_csortidx *item);
void cv_cwat_put_sort(cv_buf *out, cv_cspace space); // with `core` sorts after 0x00
uint8_t cv_cwat_sort_code(cv_cspace space);          // of the binary format
void cv_cwat_put_text(cv_buf *out, cv_bytes text);   // with its length
// How many of something there are comes first: the count is put at `at` of the items afterwards.
void cv_cwat_put_count(cv_cwat *p, size_t at, uint32_t count);

static inline const cv_token *cv_cwat_token(const cv_cwat *p, uint32_t token) {
  return &p->hand.text->tokens.data[token];
}

// The token after a list, or after a token that begins none. A list that is not closed ends with the last token of all.
static inline uint32_t cv_cwat_after(const cv_cwat *p, uint32_t token) {
  const cv_token *t = cv_cwat_token(p, token);
  return CV_MIN((t->kind == CV_TOK_LPAR ? t->extent : token) + 1, (uint32_t)p->hand.text->tokens.count - 1);
}

// ---- cwat_types.c --------------------------------------------------------------------------------------------------

// A value type: a code of a primitive type, or an index.
typedef struct cv_cwat_valtype {
  bool is_index;
  uint32_t value;
} cv_cwat_valtype;
bool cv_cwat_at_valtype(const cv_cwat *p);
CV_MUST_USE cv_status cv_cwat_val_type(cv_cwat *p, cv_cwat_valtype *type);
void cv_cwat_put_valtype(cv_buf *out, cv_cwat_valtype type);
// Makes types of the value types that stand inside the list at `open`. `is_func`: its results are parts too.
CV_MUST_USE cv_status cv_cwat_inline_types(cv_cwat *p, uint32_t open, bool is_func, size_t *mark);
void cv_cwat_end_inline(cv_cwat *p, size_t mark);
// (result t)? and its encoding as a result list.
CV_MUST_USE cv_status cv_cwat_result_list(cv_cwat *p);

// What follows the word of a sort in an external type: (type x), or a type that stands inline and is defined then.
CV_MUST_USE cv_status cv_cwat_type_use(cv_cwat *p, cv_cspace space, uint32_t *index);
// "(func $x (type 1))"
typedef struct cv_cwat_externtype {
  cv_cspace space;
  uint8_t bound; // of a type or value: 0 for (eq x)
  uint32_t index;
  cv_cwat_valtype value;
} cv_cwat_externtype;
// `binding` is NULL where no identifier may be.
CV_MUST_USE cv_status cv_cwat_extern_type(cv_cwat *p, cv_cwat_binding *binding, cv_cwat_externtype *type);
void cv_cwat_put_externtype(cv_buf *out, const cv_cwat_externtype *type);
// What follows the word `type` of a definition; the parenthesis that closes it is not passed.
CV_MUST_USE cv_status cv_cwat_type_field(cv_cwat *p);
// One definition of a scope that is a type.
CV_MUST_USE cv_status cv_cwat_declarator(cv_cwat *p);

// ---- cwat_core_types.c ---------------------------------------------------------------------------------------------

// What follows "(core type" or "(core rec".
CV_MUST_USE cv_status cv_cwat_core_type_field(cv_cwat *p, bool is_group);
// The declarators of a module type, as a core type of the current scope.
CV_MUST_USE cv_status cv_cwat_module_type(cv_cwat *p, const cv_cwat_binding *binding, uint32_t *index);

// ---- cwat_canon.c --------------------------------------------------------------------------------------------------

// What follows "(canon", outside of other definitions.
CV_MUST_USE cv_status cv_cwat_canon_field(cv_cwat *p);
// What follows "(func $x" or "(core func $x" when it is a canonical definition.
CV_MUST_USE cv_status cv_cwat_lifted_func(cv_cwat *p, const cv_cwat_binding *binding, uint32_t *index);
CV_MUST_USE cv_status cv_cwat_core_func(cv_cwat *p, const cv_cwat_binding *binding);

// ---- cwat_instance.c -----------------------------------------------------------------------------------------------

// A name and its attributes.
CV_MUST_USE cv_status cv_cwat_extern_name_of(cv_cwat *p, cv_cwat_extern_name *name);
void cv_cwat_put_extern_name(cv_buf *out, const cv_cwat_extern_name *name);
// At "(export "x")" or "(import "x")" inside another definition.
bool cv_cwat_at_inline(const cv_cwat *p, const char *word);
// (export "x")*, kept until the definition is there: then `exported` is told which item it is. `first` is how many
// there were before.
CV_MUST_USE cv_status cv_cwat_inline_exports(cv_cwat *p);
void cv_cwat_inline_exported(cv_cwat *p, size_t first, cv_csortidx item);
CV_MUST_USE cv_status cv_cwat_import_field(cv_cwat *p);
CV_MUST_USE cv_status cv_cwat_export_field(cv_cwat *p);
// (export name type) in a type.
CV_MUST_USE cv_status cv_cwat_export_declarator(cv_cwat *p);
CV_MUST_USE cv_status cv_cwat_alias_field(cv_cwat *p);
// How many scopes outwards, and which index there: two numbers, or identifiers.
CV_MUST_USE cv_status cv_cwat_outer_target(cv_cwat *p, cv_cspace space, uint32_t *depth, uint32_t *index);
// "(alias ...)" as the contents of a definition of this sort.
CV_MUST_USE cv_status cv_cwat_inverted_alias(cv_cwat *p, cv_cspace space, const cv_cwat_binding *binding,
                                             uint32_t *index);
CV_MUST_USE cv_status cv_cwat_put_import(cv_cwat *p, const cv_cwat_extern_name *name, const cv_cwat_externtype *type,
                                         const cv_cwat_binding *binding, uint32_t *index);
// `type` and `binding` may be NULL.
CV_MUST_USE cv_status cv_cwat_put_export(cv_cwat *p, const cv_cwat_extern_name *name, cv_csortidx item,
                                         const cv_cwat_externtype *type, const cv_cwat_binding *binding);
// The contents of a definition of an instance.
CV_MUST_USE cv_status cv_cwat_instance(cv_cwat *p, bool is_core, const cv_cwat_binding *binding, uint32_t *index);
CV_MUST_USE cv_status cv_cwat_put_alias(cv_cwat *p, cv_cspace space, uint8_t target, uint32_t first, cv_bytes name,
                                        uint32_t second, const cv_cwat_binding *binding, uint32_t *index);

// ---- cwat_value.c --------------------------------------------------------------------------------------------------

// What follows "(value".
CV_MUST_USE cv_status cv_cwat_value_field(cv_cwat *p);

// The targets of aliases.
enum { CV_ALIAS_EXPORT = 0, CV_ALIAS_CORE_EXPORT = 1, CV_ALIAS_OUTER = 2 };

#endif
