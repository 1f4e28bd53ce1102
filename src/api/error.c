// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// error.c: errors and traps. An error is one block that holds all its text, so that it outlives store and module.
#include "api/api.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct frame {
  uint32_t func, offset, line, column;
  cove_bytes func_name, module_name;
  const char *file;
} frame;

struct cove_trap {
  cv_trap_kind kind;
  char message[192];
  uint64_t limit;
  uint32_t frame_count, frames_total;
  frame frames[CV_MAX_BACKTRACE];
};

struct cove_error {
  cove_status status;
  cv_diag diag;
  char message[768];
  cove_bytes import_module, import_name;
  int32_t exit_status;
  cove_trap *trap;
  cv_arena arena; // names, the trap
};

cv_mem cv_api_mem = {.limit = UINT64_MAX};

// Given when not even an error can be allocated; never freed.
static const cove_error no_memory = {
    .status = COVE_NO_MEMORY,
    .diag = {.status = CV_ENOMEM, .offset = CV_NO_OFFSET, .func = CV_NO_INDEX, .text = "out of memory"},
    .message = "out of memory",
};

static_assert((int)COVE_NO_MEMORY == CV_ENOMEM && (int)COVE_MALFORMED == CV_EMALFORMED &&
                  (int)COVE_INVALID == CV_EINVALID && (int)COVE_UNSUPPORTED == CV_EUNSUPPORTED &&
                  (int)COVE_LIMIT == CV_ELIMIT && (int)COVE_UNLINKABLE == CV_EUNLINKABLE && (int)COVE_IO == CV_EIO &&
                  (int)COVE_NOT_FOUND == CV_ENOTFOUND && (int)COVE_USAGE == CV_EUSAGE && (int)COVE_TRAP == CV_ETRAP,
              "a public status has the number of the internal one");

static cove_error *error_new(cove_status status) {
  cove_error *e = cv_mem_zalloc(&cv_api_mem, sizeof *e);
  if (e == NULL)
    return (cove_error *)&no_memory;
  e->status = status;
  cv_diag_init(&e->diag);
  cv_arena_init(&e->arena, &cv_api_mem);
  return e;
}

void cove_error_delete(cove_error *error) {
  if (error == NULL || error == &no_memory)
    return;
  cv_arena_free(&error->arena);
  cv_mem_free(&cv_api_mem, error, sizeof *error);
}

cove_status cv_api_diag(cove_error **error, cv_status status, const cv_diag *diag) {
  cove_status result = (cove_status)status;
  if (error == NULL)
    return result;
  cove_error *e = error_new(result);
  if (e != &no_memory) {
    e->diag = *diag;
    e->diag.status = status;
    cv_diag_message(&e->diag, e->message, sizeof e->message);
    if (e->diag.text[0] == '\0')
      snprintf(e->diag.text, sizeof e->diag.text, "%s", cv_status_text(status));
  }
  *error = e;
  return result;
}

cove_status cv_api_fail(cove_error **error, cove_status status, const char *fmt, ...) {
  if (error == NULL)
    return status;
  cv_diag diag;
  cv_diag_init(&diag);
  va_list args;
  va_start(args, fmt);
  vsnprintf(diag.text, sizeof diag.text, fmt, args);
  va_end(args);
  return cv_api_diag(error, (cv_status)status, &diag);
}

cove_status cv_api_no_memory(cove_error **error) {
  if (error != NULL)
    *error = (cove_error *)&no_memory;
  return COVE_NO_MEMORY;
}

// An empty run when out of memory: the error is then shorter, not lost.
static cove_bytes keep(cove_error *e, cv_bytes bytes) {
  void *copy = bytes.size != 0 ? cv_arena_copy(&e->arena, bytes.data, bytes.size) : NULL;
  return copy != NULL ? (cove_bytes){copy, bytes.size} : (cove_bytes){"", 0};
}

cove_status cv_api_unlinkable(cove_error **error, cv_bytes module, cv_bytes name, const char *text, const char *why) {
  size_t most = why[0] != '\0' ? 40 : 128; // of a name; so that the reason fits
  char sentence[512];
  snprintf(sentence, sizeof sentence, "%s: \"%.*s\" \"%.*s\"%s%s", text, (int)CV_MIN(module.size, most),
           (const char *)module.data, (int)CV_MIN(name.size, most), (const char *)name.data, why[0] != '\0' ? ": " : "",
           why);
  return cv_api_unlinkable_text(error, module, name, sentence);
}

cove_status cv_api_unlinkable_text(cove_error **error, cv_bytes module, cv_bytes name, const char *text) {
  cove_status status = cv_api_fail(error, COVE_UNLINKABLE, "%s", text);
  if (error != NULL && *error != &no_memory) {
    (*error)->import_module = keep(*error, module);
    (*error)->import_name = keep(*error, name);
  }
  return status;
}

// The reader of a module's source lines; made once for each module of a store that traps.
static cv_dwarf *dwarf_of(cove_store *store, const cv_module *module) {
  for (size_t i = 0; i < store->dwarfs.count; i++)
    if (store->dwarfs.data[i].module == module)
      return store->dwarfs.data[i].dwarf;
  cv_dwarf *dwarf = NULL;
  if (cv_dwarf_open(&dwarf, &cv_api_mem, module) != CV_OK)
    dwarf = NULL;
  if (cv_vec_push(&cv_api_mem, &store->dwarfs, (cv_api_dwarf){module, dwarf}) != CV_OK) {
    cv_dwarf_close(dwarf);
    return NULL;
  }
  return dwarf;
}

static void keep_frame(cove_error *e, cove_store *store, const cv_frame *from, frame *to) {
  const cv_module *module = from->instance != NULL ? from->instance->module : NULL;
  *to = (frame){.func = from->func, .offset = from->offset};
  to->func_name = to->module_name = (cove_bytes){"", 0};
  if (module == NULL)
    return;
  if (from->func < module->func_count)
    to->func_name = keep(e, module->funcs[from->func].name);
  to->module_name = keep(e, module->name);
  cv_dwarf *dwarf = from->offset != 0 ? dwarf_of(store, module) : NULL;
  cv_dwarf_place place;
  if (dwarf != NULL && cv_dwarf_find(dwarf, from->offset, &place)) {
    to->file = cv_arena_copy(&e->arena, place.file, strlen(place.file) + 1);
    to->line = place.line;
    to->column = place.column;
  }
}

cove_status cv_api_trap(cove_error **error, cove_store *store, cv_run run) {
  cv_context *context = cv_store_context(store->store);
  const cv_trap *trap = &context->trap;
  if (run == CV_RUN_EXCEPTION)
    cv_trap_uncaught(context);
  bool exited = trap->kind == CV_TRAP_EXIT;
  cove_status status = exited ? COVE_EXIT : COVE_TRAP;
  if (error == NULL)
    return status;
  cove_error *e = error_new(status);
  *error = e;
  if (e == &no_memory)
    return status;
  if (exited) {
    e->exit_status = trap->exit_status;
    snprintf(e->diag.text, sizeof e->diag.text, "exit with status %d", (int)trap->exit_status);
    snprintf(e->message, sizeof e->message, "%s", e->diag.text);
    return status;
  }
  cove_trap *t = cv_arena_calloc(&e->arena, 1, sizeof *t);
  if (t == NULL) {
    cove_error_delete(e);
    *error = (cove_error *)&no_memory;
    return status;
  }
  e->trap = t;
  const char *text = cv_trap_sentence(context);
  t->kind = trap->kind;
  t->limit = trap->limit;
  snprintf(t->message, sizeof t->message, "%s", text);
  snprintf(e->message, sizeof e->message, "%s", text);
  snprintf(e->diag.text, sizeof e->diag.text, "%s", text);
  t->frame_count = CV_MIN(trap->frame_count, (uint32_t)CV_MAX_BACKTRACE);
  t->frames_total = trap->frames_total;
  for (uint32_t i = 0; i < t->frame_count; i++)
    keep_frame(e, store, &trap->frames[i], &t->frames[i]);
  return status;
}

const char *cove_status_text(cove_status status) {
  return status == COVE_EXIT ? "exit" : cv_status_text((cv_status)status);
}

cove_status cove_error_status(const cove_error *error) {
  return error->status;
}

const char *cove_error_message(const cove_error *error) {
  return error->message;
}

const char *cove_error_text(const cove_error *error) {
  return error->diag.text;
}

bool cove_error_offset(const cove_error *error, uint64_t *offset) {
  *offset = error->diag.offset;
  return error->diag.line == 0 && error->diag.offset != CV_NO_OFFSET;
}

bool cove_error_line(const cove_error *error, uint32_t *line, uint32_t *column) {
  *line = error->diag.line;
  *column = error->diag.column;
  return error->diag.line != 0;
}

bool cove_error_func(const cove_error *error, uint32_t *index, const char **name) {
  *index = error->diag.func;
  *name = error->diag.func_name;
  return error->diag.func != CV_NO_INDEX;
}

bool cove_error_import(const cove_error *error, cove_bytes *module, cove_bytes *name) {
  *module = error->import_module;
  *name = error->import_name;
  return error->import_module.data != NULL;
}

const cove_trap *cove_error_trap(const cove_error *error) {
  return error->trap;
}

int32_t cove_error_exit_status(const cove_error *error) {
  return error->exit_status;
}

const char *cove_trap_kind_text(cove_trap_kind kind) {
  return cv_trap_text((cv_trap_kind)kind);
}

bool cove_trap_kind_is_limit(cove_trap_kind kind) {
  return kind >= COVE_TRAP_OUT_OF_FUEL && kind <= COVE_TRAP_RESOURCE_LIMIT;
}

cove_trap_kind cove_trap_kind_of(const cove_trap *trap) {
  return (cove_trap_kind)trap->kind;
}

const char *cove_trap_message(const cove_trap *trap) {
  return trap->message;
}

bool cove_trap_limit(const cove_trap *trap, uint64_t *limit) {
  *limit = trap->limit;
  return trap->limit != 0;
}

size_t cove_trap_frame_count(const cove_trap *trap, size_t *total) {
  if (total != NULL)
    *total = trap->frames_total;
  return trap->frame_count;
}

bool cove_trap_frame(const cove_trap *trap, size_t index, cove_frame *out) {
  if (index >= trap->frame_count)
    return false;
  const frame *f = &trap->frames[index];
  *out = (cove_frame){.func = f->func,
                      .offset = f->offset,
                      .func_name = f->func_name,
                      .module_name = f->module_name,
                      .file = f->file,
                      .line = f->line,
                      .column = f->column};
  return true;
}
