// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WAVE from any text, by types of every kind: what is read is printed, and reads back as what prints the same. The
// first byte chooses the type; with the highest bit set, all of them are arguments of one call.
#include <stdlib.h>
#include <string.h>

#include <cove/cove.h>

#include "target.h"

// Every parameter is a type; records and the like have names, as validation wants.
static const char world[] =
    "(component"
    " (type $r (record (field \"a\" u8) (field \"b\" (option string)) (field \"some\" (list s64)))) (import \"r\" "
    "(type $R (eq $r)))"
    " (type $v (variant (case \"x\") (case \"y\" $R) (case \"none\" (tuple f32 char)))) (import \"v\" (type $V (eq "
    "$v)))"
    " (type $e (enum \"red\" \"true\" \"inf\")) (import \"e\" (type $E (eq $e)))"
    " (type $f (flags \"r\" \"w\" \"ok\")) (import \"f\" (type $F (eq $f)))"
    " (import \"all\" (func (param \"p0\" bool) (param \"p1\" s8) (param \"p2\" u64) (param \"p3\" f32) (param \"p4\" "
    "f64)"
    " (param \"p5\" char) (param \"p6\" string) (param \"p7\" $R) (param \"p8\" $V) (param \"p9\" $E) (param \"p10\" "
    "$F)"
    " (param \"p11\" (list $V)) (param \"p12\" (option (option u16))) (param \"p13\" (result (list u8) (error $E)))"
    " (param \"p14\" (tuple s16 (result) (option $F))) (param \"p15\" (result (option (result u8)) (error string))))))";
enum { TYPES = 16, ALL = 0x80 };

static const cove_component_functype *functype(void) {
  static const cove_component_functype *type;
  static cove_engine *engine; // kept, as the type is
  static cove_component *component;
  cove_buffer binary;
  cove_error *error = NULL;
  if (type != NULL)
    return type;
  if (cove_engine_new(NULL, &engine, &error) != COVE_OK ||
      cove_text_parse(engine, world, strlen(world), &binary, &error) != COVE_OK ||
      cove_component_inspect(engine, binary.data, binary.size, &component, &error) != COVE_OK)
    abort();
  cove_buffer_delete(&binary);
  for (size_t i = 0; type == NULL; i++)
    type = cove_component_extern_func(cove_component_import(component, i));
  if (cove_component_functype_param_count(type) != TYPES)
    abort();
  return type;
}

static void round_trip(const cove_component_type *type, const cove_component_value *value) {
  cove_buffer first, second;
  cove_component_value again;
  cove_error *error = NULL;
  if (cove_component_value_text(type, value, &first, &error) != COVE_OK ||
      cove_component_value_parse(type, first.data, first.size, &again, &error) != COVE_OK ||
      cove_component_value_text(type, &again, &second, &error) != COVE_OK)
    abort();
  if (first.size != second.size || memcmp(first.data, second.data, first.size) != 0)
    abort();
  cove_component_value_delete(&again);
  cove_buffer_delete(&first);
  cove_buffer_delete(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const cove_component_functype *all = functype();
  const cove_component_type *type;
  cove_component_value values[TYPES];
  cove_error *error = NULL;
  if (size == 0 || size > 4096)
    return 0;
  size_t first = data[0] % TYPES, count = data[0] & ALL ? TYPES : 1;
  const char *text = (const char *)data + 1;
  first = count == TYPES ? 0 : first;
  if (!cove_component_functype_param(all, first, NULL, &type))
    abort();
  cove_status status = count == TYPES ? cove_component_functype_parse_args(all, text, size - 1, values, &error)
                                      : cove_component_value_parse(type, text, size - 1, &values[0], &error);
  if (status != COVE_OK) {
    if (cove_error_text(error)[0] == '\0')
      abort();
    cove_error_delete(error);
    return 0;
  }
  for (size_t i = 0; i < count; i++) {
    if (!cove_component_functype_param(all, first + i, NULL, &type))
      abort();
    round_trip(type, &values[i]);
    cove_component_value_delete(&values[i]);
  }
  return 0;
}
