// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wit.h: WIT documents (WIT.md of the Component Model): packages of interfaces and worlds, parsed from text, resolved,
// and read by the printer, the binding generators and the encoder of component types.
//
//   cv_wit_new -> cv_wit_add_text for each file -> cv_wit_resolve -> packages, interfaces, worlds
//
// All of it lives in one arena and is immutable after cv_wit_resolve. Lists are linked by `next`, in the order of the
// files, but for types, of which those that others need come first. Names are without the `%` that a keyword needs.
// Texts that were added are copied.
#ifndef COVE_WIT_WIT_H
#define COVE_WIT_WIT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "component/types.h"

typedef struct cv_wit cv_wit;
typedef struct cv_wit_package cv_wit_package;
typedef struct cv_wit_interface cv_wit_interface;
typedef struct cv_wit_world cv_wit_world;
typedef struct cv_wit_typedef cv_wit_typedef;
typedef struct cv_wit_type cv_wit_type;
typedef struct cv_wit_func cv_wit_func;

// Where something stands, for messages.
typedef struct cv_wit_place {
  const struct cv_wit_file *file;
  uint32_t at; // byte offset
} cv_wit_place;

// @since, @unstable, @deprecated. Empty where absent.
typedef struct cv_wit_gate {
  cv_bytes since, deprecated; // versions
  cv_bytes unstable;          // feature
} cv_wit_gate;

// What every item begins with.
typedef struct cv_wit_head {
  cv_bytes name;
  cv_bytes docs; // text of the documentation comment, lines ended by '\n', without comment marks
  cv_bytes external_id;
  cv_wit_gate gate;
  cv_wit_place place;
} cv_wit_head;

enum {
  CV_WIT_NAMED = 0x100, // a type by name: `def`
};

struct cv_wit_type {
  uint16_t kind;      // cv_ctype_kind, or CV_WIT_NAMED; a resource by name is CV_CT_OWN after resolution
  bool is_absent;     // the `_` of a result
  uint32_t length;    // fixed list
  cv_wit_type *parts; // list, option, stream, future: one or none; map: two; tuple: all; result: none, or ok and error
  cv_wit_type *next;  // in `parts` of another
  cv_bytes name;      // named, own and borrow: as written
  cv_wit_place place; //
  cv_wit_typedef *local; // resolved: what the name stands for where it is written
  cv_wit_typedef *def;   // behind every `use`; own and borrow: the resource, behind aliases too
};

// Record field, variant case, enum case, flag, parameter.
typedef struct cv_wit_part {
  cv_wit_head head;
  cv_wit_type *type; // NULL where there is none
  struct cv_wit_part *next;
} cv_wit_part;

// A path to an interface or world: "name", "ns:pkg/name@1.2.3".
typedef struct cv_wit_path {
  cv_bytes ns, package, name, version; // ns and package empty for the same package
  cv_wit_place place;
} cv_wit_path;

typedef enum cv_wit_typedef_kind {
  CV_WIT_ALIAS,
  CV_WIT_RECORD,
  CV_WIT_VARIANT,
  CV_WIT_ENUM,
  CV_WIT_FLAGS,
  CV_WIT_RESOURCE,
  CV_WIT_USE, // `use path.{source as name}`: `target` after resolution
} cv_wit_typedef_kind;

struct cv_wit_typedef {
  cv_wit_typedef_kind kind;
  cv_wit_head head;
  cv_wit_interface *interface; // where it stands; one of the two
  cv_wit_world *world;
  cv_wit_part *parts; // record, variant, enum, flags
  cv_wit_type *type;  // alias
  cv_wit_func *funcs; // resource
  cv_wit_path path;   // use
  cv_bytes source;    // use
  cv_wit_typedef *target;
  uint8_t state;         // of resolution
  uint32_t weight;       // of resolution: how many types it is made of, written out
  uint16_t depth;        // of resolution: how many definitions name each other up to this one
  cv_wit_typedef *after; // of resolution: the next in the order in which types can be defined
  cv_wit_typedef *next;
};

typedef enum cv_wit_func_kind { CV_WIT_FREE, CV_WIT_METHOD, CV_WIT_STATIC, CV_WIT_CONSTRUCTOR } cv_wit_func_kind;

struct cv_wit_func {
  cv_wit_func_kind kind;
  bool is_async;
  cv_wit_head head;
  cv_wit_typedef *resource; // of a method, static or constructor
  cv_wit_part *params;      // without self
  cv_wit_type *result;      // NULL when there is none; of a constructor: NULL, or as written
  cv_wit_func *next;
};

struct cv_wit_interface {
  cv_wit_head head; // of an inline one: the label of its import or export
  bool is_inline;
  cv_wit_package *package;
  cv_wit_typedef *types;
  cv_wit_func *funcs;
  uint8_t state;
  uint16_t depth;                 // of resolution: how many interfaces use each other up to this one
  uint32_t visit;                 // of resolution: the last walk that came by
  const struct cv_wit_file *file; // whose top-level `use` names it sees
  cv_wit_interface *next;
};

typedef enum cv_wit_item_kind {
  CV_WIT_ITEM_INTERFACE, // a named interface: import ns:pkg/name; or import label: path
  CV_WIT_ITEM_INLINE,    // import label: interface {...}
  CV_WIT_ITEM_FUNC,      // import label: func(...)
} cv_wit_item_kind;

typedef struct cv_wit_item {
  cv_wit_item_kind kind;
  bool is_export;
  bool is_implied;  // an interface that another one uses; not written in the world
  cv_wit_head head; // name: the label; empty for an interface under its own name
  cv_wit_path path;
  cv_wit_interface *interface;
  cv_wit_func *func;
  struct cv_wit_item *next;
} cv_wit_item;

typedef struct cv_wit_rename {
  cv_bytes from, to;
  struct cv_wit_rename *next;
} cv_wit_rename;

typedef struct cv_wit_include {
  cv_wit_gate gate;
  cv_wit_path path;
  cv_wit_rename *renames;
  cv_wit_world *world;
  struct cv_wit_include *next;
} cv_wit_include;

struct cv_wit_world {
  cv_wit_head head;
  cv_wit_package *package;
  cv_wit_typedef *types; // of the world itself
  cv_wit_item *items;    // as written
  cv_wit_include *includes;
  // After resolution: with what is included and what the interfaces use, each once, users after used.
  cv_wit_item *imports, *exports;
  uint8_t state;
  const struct cv_wit_file *file;
  cv_wit_world *next;
};

struct cv_wit_package {
  cv_bytes ns, name, version; // version may be empty
  cv_bytes docs;
  cv_wit_interface *interfaces;
  cv_wit_world *worlds;
  cv_wit_place place;
  uint32_t group; // which call of cv_wit_add_text groups it came from
  cv_wit_package *next;
};

typedef struct cv_wit_options {
  const char *const *features; // unstable features that are on
  uint32_t feature_count;
  bool all_features;
} cv_wit_options;

CV_MUST_USE cv_wit *cv_wit_new(cv_mem *mem);
void cv_wit_delete(cv_wit *wit); // NULL is allowed
// Parses one file. Files of one `group` are one package, whose name at least one of them gives; packages in braces
// stand for themselves. Group 0 is the root package. `path` is for messages. CV_EMALFORMED with line and column;
// cv_wit_error_file tells the file.
CV_MUST_USE cv_status cv_wit_add_text(cv_wit *wit, uint32_t group, const char *path, const char *text, size_t size,
                                      cv_diag *diag);
// After the last file: names become pointers, gated items that are not on are dropped, worlds are completed.
// CV_EINVALID with line and column. `options` may be NULL.
CV_MUST_USE cv_status cv_wit_resolve(cv_wit *wit, const cv_wit_options *options, cv_diag *diag);
const char *cv_wit_error_file(const cv_wit *wit); // NULL when no file is to blame

cv_wit_package *cv_wit_packages(const cv_wit *wit);
cv_wit_package *cv_wit_root(const cv_wit *wit); // NULL without group 0
cv_arena *cv_wit_arena(cv_wit *wit);
// By name in the root package, by "ns:pkg/name[@version]", or with name NULL the only world of the root package.
// CV_EUSAGE with a sentence that lists what there is.
CV_MUST_USE cv_status cv_wit_find_world(const cv_wit *wit, const char *name, cv_wit_world **out, cv_diag *diag);

// Behind `use` and behind `type` aliases of named types: the definition that has the structure.
const cv_wit_typedef *cv_wit_definition(const cv_wit_typedef *def);
// Appends "ns:pkg/name@version" of an interface, or its label for an inline one.
void cv_wit_interface_name(const cv_wit_interface *interface, bool with_version, cv_buf *out);
bool cv_wit_is_keyword(cv_bytes word);

#endif
