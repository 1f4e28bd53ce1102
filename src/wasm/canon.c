// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon.c: hash-consing of recursive groups.
//
// A group's key is its types as words, in which a reference into the group is written relative to it and any other as
// the id of its target, so that equal keys mean equal types (Rossberg, "Mutually iso-recursive subtyping", 2023). The
// hash is seeded by the place of the registry in memory, so that a module cannot choose types that collide.
//
// Slots of ids lie in chunks that never move, each twice as large as the one before, published with release order: a
// reader that was given an id reads its slot without the lock.
#include "wasm/canon.h"

#include "base/vec.h"
#include "sys/thread.h"
#include "wasm/limits.h"

enum {
  FIRST_CHUNK_BITS = 5,
  FIRST_CHUNK = 1 << FIRST_CHUNK_BITS, // slots
  CHUNK_COUNT = 24 - FIRST_CHUNK_BITS, // ids stay below the abstract heap types
  RELATIVE = 0xc00000,                 // heap index in a key: RELATIVE + position in the group
  FIRST_BUCKETS = 64,
};

typedef struct group group;

// One allocation: the header, then the keys, then what the canonical types point to.
struct group {
  group *next; // in its bucket; in a list of dead groups while these are freed
  uint64_t hash;
  uint32_t references;
  uint32_t count; // types
  uint32_t key_words;
  size_t size;         // of the allocation
  const uint32_t *key; // key_words
  const cv_typeid *ids;
};

typedef struct slot {
  cv_canon_type type;
  group *group;
} slot;

typedef CV_VEC(uint32_t) word_vec;

struct cv_type_registry {
  cv_mem *mem;
  cv_lock lock;
  uint64_t seed;
  group **buckets; // bucket_count, a power of two
  size_t bucket_count, group_count;
  uint32_t used;     // ids ever given out: the slots below have chunks
  word_vec free_ids; // with room for all of `used`, so that a release needs no memory
  word_vec scratch;  // key being built
  slot *chunks[CHUNK_COUNT];
};

// ---- slots ----

// Chunk k has FIRST_CHUNK << k slots and begins with the id FIRST_CHUNK * (2^k - 1).
static unsigned chunk_of(cv_typeid id) {
  return (unsigned)(31 - __builtin_clz(id + FIRST_CHUNK)) - FIRST_CHUNK_BITS;
}

static size_t chunk_slots(unsigned chunk) {
  return (size_t)FIRST_CHUNK << chunk;
}

static slot *slot_of(const cv_type_registry *r, cv_typeid id) {
  unsigned chunk = chunk_of(id);
  slot *slots = __atomic_load_n(&r->chunks[chunk], __ATOMIC_ACQUIRE);
  return &slots[id + FIRST_CHUNK - chunk_slots(chunk)];
}

// ---- life ----

cv_type_registry *cv_type_registry_new(cv_mem *mem) {
  cv_type_registry *r = cv_mem_zalloc(mem, sizeof *r);
  if (r == NULL)
    return NULL;
  r->mem = mem;
  r->seed = (uint64_t)(uintptr_t)r * 0x9e3779b97f4a7c15ull | 1;
  r->bucket_count = FIRST_BUCKETS;
  r->buckets = cv_mem_calloc(mem, r->bucket_count, sizeof *r->buckets);
  if (r->buckets == NULL) {
    cv_mem_free(mem, r, sizeof *r);
    return NULL;
  }
  return r;
}

void cv_type_registry_delete(cv_type_registry *r) {
  if (r == NULL)
    return;
  for (size_t i = 0; i < r->bucket_count; i++) {
    for (group *g = r->buckets[i], *next; g != NULL; g = next) {
      next = g->next;
      cv_mem_free(r->mem, g, g->size);
    }
  }
  for (unsigned i = 0; i < CHUNK_COUNT && r->chunks[i] != NULL; i++)
    cv_mem_free(r->mem, r->chunks[i], chunk_slots(i) * sizeof(slot));
  cv_mem_free(r->mem, r->buckets, r->bucket_count * sizeof *r->buckets);
  cv_vec_free(r->mem, &r->free_ids);
  cv_vec_free(r->mem, &r->scratch);
  cv_mem_free(r->mem, r, sizeof *r);
}

const cv_canon_type *cv_canon_type_of(const cv_type_registry *registry, cv_typeid id) {
  return &slot_of(registry, id)->type;
}

uint32_t cv_type_registry_count(const cv_type_registry *r) {
  return r->used - (uint32_t)r->free_ids.count;
}

// ---- keys ----

// How the types of a group to be added name others.
typedef struct source {
  const cv_type *types; // of the module
  uint32_t start, size; // the group in it
} source;

static cv_valtype key_type(const source *s, cv_valtype t) {
  if (!cv_type_is_ref(t) || !cv_heap_is_index(cv_type_heap(t)))
    return t;
  uint32_t index = cv_type_heap(t);
  uint32_t heap = index >= s->start ? RELATIVE + (index - s->start) : s->types[index].id;
  return heap << 8 | cv_type_kind(t);
}

static size_t type_words(const cv_type *t) {
  return 4 + (t->kind == CV_COMP_FUNC ? (size_t)t->as.func.param_count + t->as.func.result_count
                                      : (size_t)t->as.aggregate.count * 2);
}

static cv_status build_key(cv_type_registry *r, const source *s) {
  size_t words = 0;
  for (uint32_t i = 0; i < s->size; i++)
    words += type_words(&s->types[s->start + i]);
  r->scratch.count = 0;
  CV_TRY(cv_vec_reserve(r->mem, &r->scratch, words));
  uint32_t *out = r->scratch.data;
  for (uint32_t i = 0; i < s->size; i++) {
    const cv_type *t = &s->types[s->start + i];
    uint32_t super = t->super == CV_NO_TYPE ? CV_NO_TYPE
                     : t->super >= s->start ? RELATIVE + (t->super - s->start)
                                            : s->types[t->super].id;
    *out++ = (uint32_t)t->kind | (uint32_t)t->is_final << 8;
    *out++ = super;
    if (t->kind == CV_COMP_FUNC) {
      *out++ = t->as.func.param_count;
      *out++ = t->as.func.result_count;
      for (uint32_t k = 0; k < t->as.func.param_count + t->as.func.result_count; k++)
        *out++ = key_type(s, t->as.func.types[k]);
    } else {
      *out++ = t->as.aggregate.count;
      *out++ = 0;
      for (uint32_t k = 0; k < t->as.aggregate.count; k++) {
        *out++ = key_type(s, t->as.aggregate.fields[k].type);
        *out++ = t->as.aggregate.fields[k].is_mutable;
      }
    }
  }
  r->scratch.count = words;
  return CV_OK;
}

static uint64_t hash_key(const cv_type_registry *r) {
  uint64_t h = r->seed;
  for (size_t i = 0; i < r->scratch.count; i++) {
    __extension__ unsigned __int128 product =
        (unsigned __int128)(h ^ r->scratch.data[i]) * (r->seed ^ 0xff51afd7ed558ccdull);
    h = (uint64_t)product ^ (uint64_t)(product >> 64);
  }
  return h;
}

static group *find(const cv_type_registry *r, uint64_t hash) {
  for (group *g = r->buckets[hash & (r->bucket_count - 1)]; g != NULL; g = g->next)
    if (g->hash == hash && g->key_words == r->scratch.count &&
        (g->key_words == 0 || memcmp(g->key, r->scratch.data, g->key_words * sizeof(uint32_t)) == 0))
      return g;
  return NULL;
}

// ---- new groups ----

static cv_status grow_buckets(cv_type_registry *r) {
  size_t count = r->bucket_count * 2;
  group **buckets = cv_mem_calloc(r->mem, count, sizeof *buckets);
  if (buckets == NULL)
    return CV_ENOMEM;
  for (size_t i = 0; i < r->bucket_count; i++) {
    for (group *g = r->buckets[i], *next; g != NULL; g = next) {
      next = g->next;
      g->next = buckets[g->hash & (count - 1)];
      buckets[g->hash & (count - 1)] = g;
    }
  }
  cv_mem_free(r->mem, r->buckets, r->bucket_count * sizeof *r->buckets);
  r->buckets = buckets;
  r->bucket_count = count;
  return CV_OK;
}

// Makes `count` ids available in free_ids.
static cv_status make_ids(cv_type_registry *r, uint32_t count) {
  while (r->free_ids.count < count) {
    if (r->used == CV_HEAP_ABSTRACT)
      return CV_ELIMIT;
    unsigned chunk = chunk_of(r->used);
    if (r->chunks[chunk] == NULL) {
      slot *slots = cv_mem_calloc(r->mem, chunk_slots(chunk), sizeof *slots);
      if (slots == NULL)
        return CV_ENOMEM;
      __atomic_store_n(&r->chunks[chunk], slots, __ATOMIC_RELEASE);
    }
    if (r->free_ids.capacity <= r->used)
      CV_TRY(cv_vec_grow(r->mem, (void **)&r->free_ids.data, &r->free_ids.capacity, r->free_ids.count,
                         (size_t)r->used + 1 - r->free_ids.count, sizeof *r->free_ids.data));
    r->free_ids.data[r->free_ids.count++] = r->used++;
  }
  return CV_OK;
}

// Depth of the type at `position` whose supertype is `super` in the key; depths of earlier types of the group are in
// `depths`.
static uint32_t depth_of(const cv_type_registry *r, uint32_t super, const uint32_t *depths) {
  if (super == CV_NO_TYPE)
    return 0;
  return 1 + (super >= RELATIVE ? depths[super - RELATIVE] : cv_canon_type_of(r, super)->depth);
}

static cv_valtype resolve(const cv_typeid *ids, cv_valtype t) {
  uint32_t heap = cv_type_heap(t);
  return cv_type_is_ref(t) && heap >= RELATIVE ? ids[heap - RELATIVE] << 8 | cv_type_kind(t) : t;
}

// Where the parts of a group's allocation begin.
typedef struct layout {
  size_t key, ids, depths, displays, types, fields, size;
} layout;

static cv_status lay_out(const cv_type_registry *r, const source *s, uint32_t *depths, layout *out) {
  size_t displays = 0, types = 0, fields = 0;
  const uint32_t *key = r->scratch.data;
  for (uint32_t i = 0; i < s->size; i++) {
    const cv_type *t = &s->types[s->start + i];
    depths[i] = depth_of(r, key[1], depths);
    if (depths[i] > CV_MAX_SUBTYPE_DEPTH) // displays grow with it
      return CV_ELIMIT;
    displays += depths[i] + 1;
    if (t->kind == CV_COMP_FUNC)
      types += (size_t)t->as.func.param_count + t->as.func.result_count;
    else
      fields += t->as.aggregate.count;
    key += type_words(t);
  }
  out->key = sizeof(group);
  out->ids = out->key + r->scratch.count * sizeof(uint32_t);
  out->displays = out->ids + s->size * sizeof(cv_typeid);
  out->types = out->displays + displays * sizeof(cv_typeid);
  out->fields = out->types + types * sizeof(cv_valtype);
  return cv_add_overflows(out->fields, fields * sizeof(cv_fieldtype), &out->size) ? CV_ENOMEM : CV_OK;
}

static void fill_display(cv_type_registry *r, slot *self, cv_typeid id, uint32_t super, const cv_typeid *ids,
                         cv_typeid *display) {
  if (super != CV_NO_TYPE) {
    const cv_canon_type *above = cv_canon_type_of(r, super >= RELATIVE ? ids[super - RELATIVE] : super);
    memcpy(display, above->display, (above->depth + 1) * sizeof *display);
    self->type.depth = above->depth + 1;
  }
  display[self->type.depth] = id;
  self->type.display = display;
}

static bool any_ref(const cv_valtype *types, uint32_t count) {
  uint32_t i = 0;
  while (i < count && !cv_type_is_ref(types[i]))
    i++;
  return i < count;
}

// Fills the slots of the new group's types from its key.
static void fill_slots(cv_type_registry *r, group *g, const layout *l) {
  const uint32_t *key = g->key;
  cv_typeid *displays = (cv_typeid *)((char *)g + l->displays);
  cv_valtype *types = (cv_valtype *)((char *)g + l->types);
  cv_fieldtype *fields = (cv_fieldtype *)((char *)g + l->fields);
  for (uint32_t i = 0; i < g->count; i++) {
    slot *self = slot_of(r, g->ids[i]);
    *self = (slot){.type = {.kind = (cv_composite)(key[0] & 0xff), .is_final = key[0] >> 8 & 1}, .group = g};
    fill_display(r, self, g->ids[i], key[1], g->ids, displays);
    displays += self->type.depth + 1;
    if (self->type.kind == CV_COMP_FUNC) {
      uint32_t count = key[2] + key[3];
      self->type.as.func = (cv_functype){key[2], key[3], types};
      for (uint32_t k = 0; k < count; k++)
        *types++ = resolve(g->ids, key[4 + k]);
      self->type.checks_params = any_ref(types - count, key[2]);
      self->type.checks_results = any_ref(types - key[3], key[3]);
      key += 4 + (size_t)count;
    } else {
      self->type.as.aggregate.fields = fields;
      self->type.as.aggregate.count = key[2];
      for (uint32_t k = 0; k < key[2]; k++)
        *fields++ = (cv_fieldtype){resolve(g->ids, key[4 + 2 * k]), key[5 + 2 * k] != 0};
      key += 4 + (size_t)key[2] * 2;
    }
  }
}

// Visits the group of each type that `id` mentions, other than its own group.
static void each_mention(cv_type_registry *r, cv_typeid id, void (*visit)(cv_type_registry *, group *, group **),
                         group **dead) {
  const slot *self = slot_of(r, id);
  const cv_canon_type *t = &self->type;
  if (t->depth != 0) {
    group *above = slot_of(r, t->display[t->depth - 1])->group;
    if (above != self->group)
      visit(r, above, dead);
  }
  uint32_t count = t->kind == CV_COMP_FUNC ? t->as.func.param_count + t->as.func.result_count : t->as.aggregate.count;
  for (uint32_t i = 0; i < count; i++) {
    cv_valtype v = t->kind == CV_COMP_FUNC ? t->as.func.types[i] : t->as.aggregate.fields[i].type;
    if (!cv_type_is_ref(v) || !cv_heap_is_index(cv_type_heap(v)))
      continue;
    group *target = slot_of(r, cv_type_heap(v))->group;
    if (target != self->group)
      visit(r, target, dead);
  }
}

static void take_reference(cv_type_registry *r, group *g, group **dead) {
  g->references++;
}

static cv_status new_group(cv_type_registry *r, const source *s, uint64_t hash, group **out) {
  uint32_t *depths = cv_mem_calloc(r->mem, s->size, sizeof *depths);
  layout l;
  if (depths == NULL)
    return CV_ENOMEM;
  cv_status status = lay_out(r, s, depths, &l);
  cv_mem_free(r->mem, depths, s->size * sizeof *depths);
  CV_TRY(status);
  CV_TRY(make_ids(r, s->size));
  if (r->group_count >= r->bucket_count)
    CV_TRY(grow_buckets(r));
  group *g = cv_mem_zalloc(r->mem, l.size);
  if (g == NULL)
    return CV_ENOMEM;
  uint32_t *key = (uint32_t *)((char *)g + l.key);
  cv_typeid *ids = (cv_typeid *)((char *)g + l.ids);
  memcpy(key, r->scratch.data, r->scratch.count * sizeof *key);
  for (uint32_t i = 0; i < s->size; i++)
    ids[i] = cv_vec_pop(&r->free_ids);
  *g = (group){
      .hash = hash, .count = s->size, .key_words = (uint32_t)r->scratch.count, .size = l.size, .key = key, .ids = ids};
  fill_slots(r, g, &l);
  for (uint32_t i = 0; i < g->count; i++)
    each_mention(r, ids[i], take_reference, NULL);
  group **bucket = &r->buckets[hash & (r->bucket_count - 1)];
  g->next = *bucket;
  *bucket = g;
  r->group_count++;
  *out = g;
  return CV_OK;
}

static cv_status add(cv_type_registry *r, const source *s, group **out) {
  CV_TRY(build_key(r, s));
  uint64_t hash = hash_key(r);
  *out = find(r, hash);
  if (*out == NULL)
    CV_TRY(new_group(r, s, hash, out));
  (*out)->references++;
  return CV_OK;
}

cv_status cv_type_registry_add(cv_type_registry *registry, cv_type *types, uint32_t start, uint32_t size) {
  group *g;
  source s = {types, start, size};
  cv_lock_take(&registry->lock);
  cv_status status = add(registry, &s, &g);
  if (status == CV_OK)
    for (uint32_t i = 0; i < size; i++)
      types[start + i].id = g->ids[i];
  cv_lock_release(&registry->lock);
  return status;
}

cv_typeid cv_type_registry_func(cv_type_registry *registry, const cv_functype *type) {
  cv_type one = {.kind = CV_COMP_FUNC, .is_final = true, .super = CV_NO_TYPE, .group_size = 1, .as = {.func = *type}};
  group *g = NULL;
  cv_lock_take(&registry->lock);
  size_t count = (size_t)type->param_count + type->result_count;
  registry->scratch.count = 0;
  cv_status status = cv_vec_reserve(registry->mem, &registry->scratch, 4 + count);
  if (status == CV_OK) {
    uint32_t *out = registry->scratch.data;
    *out++ = CV_COMP_FUNC | 1u << 8;
    *out++ = CV_NO_TYPE;
    *out++ = type->param_count;
    *out++ = type->result_count;
    if (count != 0)
      memcpy(out, type->types, count * sizeof *out);
    registry->scratch.count = 4 + count;
    uint64_t hash = hash_key(registry);
    source s = {&one, 0, 1};
    g = find(registry, hash);
    if (g == NULL)
      status = new_group(registry, &s, hash, &g);
  }
  if (status == CV_OK)
    g->references++;
  cv_typeid id = status == CV_OK ? g->ids[0] : CV_NO_TYPE;
  cv_lock_release(&registry->lock);
  return id;
}

// ---- release ----

static void drop_reference(cv_type_registry *r, group *g, group **dead) {
  if (--g->references != 0)
    return;
  group **link = &r->buckets[g->hash & (r->bucket_count - 1)];
  while (*link != g)
    link = &(*link)->next;
  *link = g->next;
  g->next = *dead;
  *dead = g;
  r->group_count--;
}

void cv_type_registry_release(cv_type_registry *r, cv_typeid id) {
  group *dead = NULL;
  cv_lock_take(&r->lock);
  drop_reference(r, slot_of(r, id)->group, &dead);
  while (dead != NULL) {
    group *g = dead;
    dead = g->next;
    for (uint32_t i = 0; i < g->count; i++)
      each_mention(r, g->ids[i], drop_reference, &dead);
    for (uint32_t i = 0; i < g->count; i++)
      r->free_ids.data[r->free_ids.count++] = g->ids[i];
    cv_mem_free(r->mem, g, g->size);
  }
  cv_lock_release(&r->lock);
}

// ---- matching ----

bool cv_type_is_subtype(const cv_type_registry *r, cv_typeid a, cv_typeid b) {
  if (a == b)
    return true;
  const cv_canon_type *below = cv_canon_type_of(r, a), *above = cv_canon_type_of(r, b);
  return above->depth < below->depth && below->display[above->depth] == b;
}

// The abstract type right above a defined type.
static uint32_t heap_of_composite(cv_composite kind) {
  return kind == CV_COMP_FUNC ? CV_HEAP_FUNC : kind == CV_COMP_STRUCT ? CV_HEAP_STRUCT : CV_HEAP_ARRAY;
}

static bool abstract_matches(uint32_t a, uint32_t b) {
  if (a == b || a == CV_HEAP_BOT)
    return true;
  switch (a) {
  case CV_HEAP_NOFUNC:
    return b == CV_HEAP_FUNC;
  case CV_HEAP_NOEXTERN:
    return b == CV_HEAP_EXTERN;
  case CV_HEAP_NOEXN:
    return b == CV_HEAP_EXN;
  case CV_HEAP_NONE:
    return b == CV_HEAP_I31 || b == CV_HEAP_STRUCT || b == CV_HEAP_ARRAY || b == CV_HEAP_EQ || b == CV_HEAP_ANY;
  case CV_HEAP_I31:
  case CV_HEAP_STRUCT:
  case CV_HEAP_ARRAY:
    return b == CV_HEAP_EQ || b == CV_HEAP_ANY;
  case CV_HEAP_EQ:
    return b == CV_HEAP_ANY;
  default:
    return false;
  }
}

bool cv_canon_heap_matches(const cv_type_registry *r, uint32_t a, uint32_t b) {
  if (a == b)
    return true;
  if (!cv_heap_is_index(b)) {
    uint32_t abstract = cv_heap_is_index(a) ? heap_of_composite(cv_canon_type_of(r, a)->kind) : a;
    return abstract_matches(abstract, b);
  }
  if (cv_heap_is_index(a))
    return cv_type_is_subtype(r, a, b);
  cv_composite kind = cv_canon_type_of(r, b)->kind; // only bottoms are below a defined type
  return a == CV_HEAP_BOT || (kind == CV_COMP_FUNC ? a == CV_HEAP_NOFUNC : a == CV_HEAP_NONE);
}

bool cv_canon_matches(const cv_type_registry *r, cv_valtype a, cv_valtype b) {
  if (a == b || a == CV_BOT)
    return true;
  if (!cv_type_is_ref(a) || !cv_type_is_ref(b) || (cv_type_is_nullable(a) && !cv_type_is_nullable(b)))
    return false;
  return cv_canon_heap_matches(r, cv_type_heap(a), cv_type_heap(b));
}

static bool field_matches(const cv_type_registry *r, cv_fieldtype a, cv_fieldtype b) {
  if (a.is_mutable != b.is_mutable || !cv_canon_matches(r, a.type, b.type))
    return false;
  return !a.is_mutable || cv_canon_matches(r, b.type, a.type);
}

bool cv_canon_composite_matches(const cv_type_registry *r, const cv_canon_type *a, const cv_canon_type *b) {
  if (a->kind != b->kind)
    return false;
  if (a->kind != CV_COMP_FUNC) {
    uint32_t count = b->as.aggregate.count; // a structure may have more fields, an array has one
    if (a->as.aggregate.count < count)
      return false;
    for (uint32_t i = 0; i < count; i++)
      if (!field_matches(r, a->as.aggregate.fields[i], b->as.aggregate.fields[i]))
        return false;
    return true;
  }
  const cv_functype *f = &a->as.func, *g = &b->as.func;
  if (f->param_count != g->param_count || f->result_count != g->result_count)
    return false;
  for (uint32_t i = 0; i < f->param_count; i++)
    if (!cv_canon_matches(r, cv_functype_params(g)[i], cv_functype_params(f)[i]))
      return false;
  for (uint32_t i = 0; i < f->result_count; i++)
    if (!cv_canon_matches(r, cv_functype_results(f)[i], cv_functype_results(g)[i]))
      return false;
  return true;
}
