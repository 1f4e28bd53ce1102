// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exceptions.c: throw, try_table, and the legacy instructions (core specification, 3.4.2; exception handling proposal,
// document/legacy).
#include "wasm/validate/validator.h"

static cv_status find_tag(cv_validator *v, uint32_t tag, const cv_functype **out) {
  if (tag >= v->m->tag_count)
    return cv_invalid(v, "unknown tag %u", tag);
  *out = &v->m->types[v->m->tags[tag].type].as.func;
  return CV_OK;
}

static cv_status on_throw(cv_validator *v, uint32_t tag) {
  const cv_functype *type;
  CV_TRY(find_tag(v, tag, &type));
  CV_TRY(cv_pop_types(v, cv_functype_params(type), type->param_count));
  cv_set_unreachable(v);
  return CV_OK;
}

// ---- try_table ----

// The values that a clause gives must be what its label takes.
static cv_status check_clause(cv_validator *v, const cv_catch_clause *c, const cv_frame *target) {
  const cv_functype *type = NULL;
  if (c->kind <= CV_CATCH_REF)
    CV_TRY(find_tag(v, c->tag, &type));
  bool with_ref = c->kind == CV_CATCH_REF || c->kind == CV_CATCH_ALL_REF;
  uint32_t count, given = type != NULL ? type->param_count : 0;
  const cv_valtype *types = cv_frame_label(target, &count);
  bool same = count == given + with_ref;
  for (uint32_t i = 0; same && i < given; i++)
    same = cv_module_type_matches(v->m, cv_functype_params(type)[i], types[i]);
  if (same && with_ref)
    same = cv_module_type_matches(v->m, CV_REF_TYPE(false, CV_HEAP_EXN), types[given]);
  if (!same) {
    char needs[CV_TYPES_TEXT_SIZE], has[CV_TYPES_TEXT_SIZE];
    return cv_invalid(v, "type mismatch: catch handler requires %s but label has %s%s",
                      cv_types_text(type != NULL ? cv_functype_params(type) : NULL, given, needs),
                      cv_types_text(types, count, has), with_ref ? " (and an exception reference)" : "");
  }
  return CV_OK;
}

// Labels of the clauses count from outside the block.
static cv_status on_try_table(cv_validator *v, const cv_instr *in) {
  uint32_t first = (uint32_t)v->clauses.count;
  cv_reader r = v->r;
  r.at = in->bytes;
  for (uint32_t i = 0; i < in->count; i++) {
    cv_catch_clause c;
    cv_frame *target;
    CV_TRY(cv_read_catch(&r, &c));
    CV_TRY(cv_find_label(v, c.label, &target));
    CV_TRY(check_clause(v, &c, target));
    cv_clause clause = {.kind = (cv_handler_kind)c.kind, .tag = c.tag};
    CV_TRY(cv_side_branch(v, target, true, &clause.entry));
    CV_TRY(cv_vec_push(v->mem, &v->clauses, clause));
  }
  CV_TRY(cv_on_block(v, CV_FRAME_TRY_TABLE, in->block));
  cv_vec_last(&v->frames).clauses = first;
  return CV_OK;
}

cv_status cv_end_handlers(cv_validator *v, const cv_frame *f, uint32_t end_pc) {
  v->fact_flags |= CV_FACT_HANDLERS;
  for (size_t i = f->clauses; i < v->clauses.count; i++) {
    const cv_clause *c = &v->clauses.data[i];
    cv_handler handler = {
        .start_pc = f->start_pc,
        .end_pc = end_pc,
        .kind = c->kind,
        .tag = c->tag,
        .depth = (uint32_t)(f - v->frames.data),
        .delegate_to = c->delegate_to,
        .target = c->target,
    };
    CV_TRY(cv_vec_push(v->mem, &v->handlers, handler));
    CV_TRY(cv_vec_push(v->mem, &v->handler_entries, c->entry));
  }
  v->clauses.count = f->clauses;
  return CV_OK;
}

// ---- legacy ----

static cv_status misplaced(cv_validator *v, const char *what) {
  return cv_fail(v->diag, CV_EMALFORMED, (uint64_t)(v->pc - v->r.start), "misplaced %s opcode", what);
}

// catch and catch_all: the end of the arm before, and the start of the next.
static cv_status on_legacy_catch(cv_validator *v, const cv_instr *in, bool all) {
  cv_frame *f = &cv_vec_last(&v->frames);
  const cv_functype *type = NULL;
  if (f->kind != CV_FRAME_TRY && f->kind != CV_FRAME_CATCH)
    return misplaced(v, all ? "CATCH_ALL" : "CATCH");
  if (!all)
    CV_TRY(find_tag(v, in->index, &type));
  CV_TRY(cv_end_arm(v, f));
  if (f->kind == CV_FRAME_TRY)
    f->end_pc = cv_validator_pc(v, v->pc);
  CV_TRY(cv_side_branch(v, f, false, NULL));
  f->kind = all ? CV_FRAME_CATCH_ALL : CV_FRAME_CATCH;
  cv_restart_frame(v, f);
  cv_clause clause = {
      .kind = all ? CV_HANDLER_LEGACY_CATCH_ALL : CV_HANDLER_LEGACY_CATCH,
      .tag = in->index,
      .entry = CV_NO_ENTRY,
      .target = {cv_validator_pc(v, v->r.at), (uint32_t)v->side.count, all ? 0 : type->param_count, f->height},
  };
  CV_TRY(cv_vec_push(v->mem, &v->clauses, clause));
  return all ? CV_OK : cv_push_types(v, cv_functype_params(type), type->param_count);
}

static cv_status on_delegate(cv_validator *v, const cv_instr *in) {
  if (cv_vec_last(&v->frames).kind != CV_FRAME_TRY)
    return misplaced(v, "DELEGATE");
  // The label counts from outside the try.
  if (in->index >= v->frames.count - 1)
    return cv_invalid(v, "unknown label %u", in->index);
  cv_clause clause = {
      .kind = CV_HANDLER_LEGACY_DELEGATE,
      .entry = CV_NO_ENTRY,
      .delegate_to = (uint32_t)v->frames.count - 2 - in->index,
  };
  cv_vec_last(&v->frames).end_pc = cv_validator_pc(v, v->pc);
  CV_TRY(cv_vec_push(v->mem, &v->clauses, clause));
  bool done; // a try is never the frame of the function
  return cv_on_end(v, &done);
}

static cv_status on_rethrow(cv_validator *v, const cv_instr *in) {
  cv_frame *target;
  CV_TRY(cv_find_label(v, in->index, &target));
  if (target->kind != CV_FRAME_CATCH && target->kind != CV_FRAME_CATCH_ALL)
    return cv_invalid(v, "invalid rethrow label %u", in->index);
  CV_TRY(cv_side_raw(v, (cv_side_entry){.height = (uint32_t)(target - v->frames.data)}));
  cv_set_unreachable(v);
  return CV_OK;
}

cv_status cv_on_exception_instr(cv_validator *v, const cv_instr *in) {
  switch (in->code) {
  case CV_OPC_THROW:
    return on_throw(v, in->index);
  case CV_OPC_THROW_REF:
    CV_TRY(cv_pop(v, CV_EXNREF));
    cv_set_unreachable(v);
    return CV_OK;
  case CV_OPC_TRY_TABLE:
    return on_try_table(v, in);
  case CV_OPC_TRY:
    return cv_on_block(v, CV_FRAME_TRY, in->block);
  case CV_OPC_CATCH:
    return on_legacy_catch(v, in, false);
  case CV_OPC_CATCH_ALL:
    return on_legacy_catch(v, in, true);
  case CV_OPC_DELEGATE:
    return on_delegate(v, in);
  default:
    return on_rethrow(v, in);
  }
}
