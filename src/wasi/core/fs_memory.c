// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fs_memory.c: a tree of files in memory, with a limit on its bytes.
//
// A node is counted by the directory entries that name it, the open files on it, and (the root) the file system. A
// directory knows its parent, which is how ".." is walked; the walk never goes above the directory it started from.
// Every entry of a directory has a number that only grows; it is the cookie of what follows, so a listing goes on
// correctly whatever was added or removed since.
#include "base/map.h"
#include "wasi/core/fs.h"

enum {
  NODE_COST = 160,   // bytes charged for a node or an entry, beside names and data
  MAX_PATH = 4096,   // text of a path while links are put into it
  MAX_LINKS = 40,    // symbolic links followed in one path
  COOKIE_DOT = 1,    // what follows "."
  COOKIE_DOTDOT = 2, // what follows ".."
  FIRST_ENTRY = 3,
};

typedef struct mem_node mem_node;

typedef struct mem_entry {
  char *name; // owned, not terminated
  size_t name_size;
  uint32_t hash;
  uint64_t number; // ascending in the vector
  mem_node *node;  // counted
} mem_entry;

struct mem_node {
  cv_filetype type;
  uint32_t refs;
  uint64_t nlink, ino;
  uint64_t atim, mtim, ctim;
  mem_node *parent;      // directories: not counted; NULL at the root and when removed. Dead nodes: the next dead one
  uint8_t *data;         // contents of a file, text of a link
  size_t size, capacity; // of `data`
  CV_VEC(mem_entry) entries;
  uint64_t next_number;
};

typedef struct mem_fs {
  cv_fs base;
  mem_node *root;
  uint64_t used, limit; // bytes
  uint64_t next_ino;
  cv_now_fn *now;
  void *now_env;
} mem_fs;

typedef struct mem_file {
  cv_file base;
  mem_node *node; // counted
} mem_file;

static mem_fs *fs_of(const cv_file *file) {
  return (mem_fs *)file->fs;
}

static mem_node *node_of(const cv_file *file) {
  return ((const mem_file *)file)->node;
}

static uint64_t now(const mem_fs *fs) {
  return fs->now != NULL ? fs->now(fs->now_env) : 0;
}

// ---- room ----

static cv_err charge(mem_fs *fs, uint64_t bytes) {
  if (bytes > fs->limit - fs->used)
    return CV_ERR_NOSPC;
  fs->used += bytes;
  return CV_ERR_OK;
}

static void credit(mem_fs *fs, uint64_t bytes) {
  fs->used -= bytes;
}

// ---- nodes ----

static cv_err node_new(mem_fs *fs, cv_filetype type, mem_node **out) {
  CV_ERR_TRY(charge(fs, NODE_COST));
  mem_node *n = cv_mem_zalloc(fs->base.mem, sizeof *n);
  if (n == NULL) {
    credit(fs, NODE_COST);
    return CV_ERR_NOMEM;
  }
  n->type = type;
  n->refs = 1;
  n->ino = fs->next_ino++;
  n->atim = n->mtim = n->ctim = now(fs);
  n->next_number = FIRST_ENTRY;
  *out = n;
  return CV_ERR_OK;
}

// Frees what is no longer counted, and what only that counted, without recursion: a guest decides how deep a tree is.
static void node_release(mem_fs *fs, mem_node *node) {
  if (--node->refs != 0)
    return;
  cv_mem *mem = fs->base.mem;
  node->parent = NULL;
  for (mem_node *dead = node; dead != NULL;) {
    mem_node *n = dead;
    dead = n->parent;
    for (size_t i = 0; i < n->entries.count; i++) {
      mem_entry *e = &n->entries.data[i];
      mem_node *child = e->node;
      credit(fs, NODE_COST + e->name_size);
      cv_mem_free(mem, e->name, e->name_size);
      if (child->type == CV_FILE_DIR)
        child->parent = NULL;
      if (--child->refs == 0) {
        child->parent = dead;
        dead = child;
      }
    }
    credit(fs, NODE_COST + n->size);
    cv_vec_free(mem, &n->entries);
    cv_mem_free(mem, n->data, n->capacity);
    cv_mem_free(mem, n, sizeof *n);
  }
}

// Sets the size, zero-filling.
static cv_err node_resize(mem_fs *fs, mem_node *node, uint64_t size) {
  if (size > node->size) {
    CV_ERR_TRY(charge(fs, size - node->size));
    if (size > node->capacity) {
      size_t capacity = CV_MAX((size_t)size, node->capacity + node->capacity / 2);
      uint8_t *data = cv_mem_realloc(fs->base.mem, node->data, node->capacity, capacity);
      if (data == NULL) {
        credit(fs, size - node->size);
        return CV_ERR_NOMEM;
      }
      node->data = data;
      node->capacity = capacity;
    }
    memset(node->data + node->size, 0, (size_t)size - node->size);
  } else {
    credit(fs, node->size - size);
  }
  node->size = (size_t)size;
  return CV_ERR_OK;
}

// ---- entries ----

static mem_entry *entry_find(const mem_node *dir, const char *name, size_t size) {
  uint32_t hash = cv_hash_bytes(name, size);
  for (size_t i = 0; i < dir->entries.count; i++) {
    mem_entry *e = &dir->entries.data[i];
    if (e->hash == hash && e->name_size == size && memcmp(e->name, name, size) == 0)
      return e;
  }
  return NULL;
}

// Names `node` in `dir`; counts it.
static cv_err entry_add(mem_fs *fs, mem_node *dir, const char *name, size_t size, mem_node *node) {
  cv_mem *mem = fs->base.mem;
  CV_ERR_TRY(charge(fs, NODE_COST + size));
  char *copy = cv_mem_alloc(mem, size);
  if (copy == NULL || cv_vec_reserve(mem, &dir->entries, 1) != CV_OK) {
    cv_mem_free(mem, copy, size);
    credit(fs, NODE_COST + size);
    return CV_ERR_NOMEM;
  }
  memcpy(copy, name, size);
  dir->entries.data[dir->entries.count++] = (mem_entry){
      .name = copy, .name_size = size, .hash = cv_hash_bytes(name, size), .number = dir->next_number++, .node = node};
  node->refs++;
  node->nlink++;
  node->ctim = dir->mtim = dir->ctim = now(fs);
  if (node->type == CV_FILE_DIR)
    node->parent = dir;
  return CV_ERR_OK;
}

static void entry_remove(mem_fs *fs, mem_node *dir, mem_entry *entry) {
  mem_node *node = entry->node;
  credit(fs, NODE_COST + entry->name_size);
  cv_mem_free(fs->base.mem, entry->name, entry->name_size);
  size_t index = (size_t)(entry - dir->entries.data);
  memmove(entry, entry + 1, (dir->entries.count - index - 1) * sizeof *entry);
  dir->entries.count--;
  node->nlink--;
  node->ctim = dir->mtim = dir->ctim = now(fs);
  if (node->type == CV_FILE_DIR)
    node->parent = NULL;
  node_release(fs, node);
}

// ---- paths ----

typedef enum follow_last {
  FOLLOW_YES,   // a link at the end is followed
  FOLLOW_SLASH, // only when a slash comes after it
  FOLLOW_PLAIN, // only when no slash comes after it: to create a file there
  FOLLOW_NEVER, // the path is a name to be acted on
} follow_last;

typedef struct place {
  mem_node *dir;    // holds the last component; NULL when that is "." or ".."
  mem_node *node;   // what is there, NULL when nothing is
  bool slash;       // the path ended in a slash
  bool dot, dotdot; // the last component
  const char *name; // of the last component, in `text`
  size_t name_size;
  char text[MAX_PATH];
} place;

// Puts a link's text in front of what is left of the path at *rest.
static cv_err expand(place *p, const mem_node *link, char **rest, bool slash, unsigned *links) {
  if (++*links > MAX_LINKS)
    return CV_ERR_LOOP;
  if (link->size == 0)
    return CV_ERR_NOENT;
  if (link->data[0] == '/')
    return CV_ERR_ESCAPE;
  if (link->size + slash > (size_t)(*rest - p->text))
    return CV_ERR_NAMETOOLONG;
  if (slash)
    *--*rest = '/';
  *rest -= link->size;
  memcpy(*rest, link->data, link->size);
  return CV_ERR_OK;
}

static cv_err find(mem_node *start, const char *path, follow_last follow, place *p) {
  *p = (place){.dir = NULL};
  size_t size = strlen(path);
  if (size == 0)
    return CV_ERR_NOENT;
  if (size >= MAX_PATH)
    return CV_ERR_NAMETOOLONG;
  if (path[0] == '/')
    return CV_ERR_ESCAPE;
  char *rest = memcpy(p->text + MAX_PATH - size - 1, path, size + 1);
  unsigned links = 0;
  for (mem_node *cur = start;;) {
    char *name = rest;
    size_t n = strcspn(name, "/");
    rest += n;
    bool slash = *rest == '/';
    while (*rest == '/')
      rest++;
    bool last = *rest == '\0';
    p->dot = n == 0 || (n == 1 && name[0] == '.');
    p->dotdot = n == 2 && name[0] == '.' && name[1] == '.';
    if (p->dotdot) {
      if (cur == start)
        return CV_ERR_ESCAPE;
      cur = cur->parent;
    }
    if (p->dot || p->dotdot) {
      p->node = cur;
      p->slash = slash;
      if (last)
        return CV_ERR_OK;
      continue;
    }
    if (n > 255)
      return CV_ERR_NAMETOOLONG;
    mem_entry *e = entry_find(cur, name, n);
    bool is_link = e != NULL && e->node->type == CV_FILE_SYMLINK;
    if (is_link && (!last || follow == FOLLOW_YES || follow == (slash ? FOLLOW_SLASH : FOLLOW_PLAIN))) {
      CV_ERR_TRY(expand(p, e->node, &rest, slash, &links));
      continue;
    }
    if (last) {
      p->dir = cur;
      p->node = e != NULL ? e->node : NULL;
      p->slash = slash;
      p->name = name;
      p->name_size = n;
      return CV_ERR_OK;
    }
    if (e == NULL)
      return CV_ERR_NOENT;
    if (e->node->type != CV_FILE_DIR)
      return CV_ERR_NOTDIR;
    cur = e->node;
  }
}

// The node at the path, which must be there, and be a directory when a slash says so.
static cv_err find_node(mem_node *start, const char *path, bool follow, mem_node **out) {
  place p;
  CV_ERR_TRY(find(start, path, follow ? FOLLOW_YES : FOLLOW_SLASH, &p));
  if (p.node == NULL)
    return CV_ERR_NOENT;
  if (p.slash && p.node->type != CV_FILE_DIR)
    return CV_ERR_NOTDIR;
  *out = p.node;
  return CV_ERR_OK;
}

// ---- the interface: directories ----

static cv_err file_new(mem_fs *fs, mem_node *node, cv_file **out) {
  mem_file *f = cv_mem_zalloc(fs->base.mem, sizeof *f);
  if (f == NULL)
    return CV_ERR_NOMEM;
  f->base = (cv_file){.fs = &fs->base, .refs = 1, .type = node->type};
  f->node = node;
  node->refs++;
  cv_fs_retain(&fs->base);
  *out = &f->base;
  return CV_ERR_OK;
}

static void mem_fs_delete(cv_fs *base) {
  mem_fs *fs = (mem_fs *)base;
  node_release(fs, fs->root);
  cv_mem_free(base->mem, fs, sizeof *fs);
}

static cv_err mem_root(cv_fs *base, cv_file **out) {
  mem_fs *fs = (mem_fs *)base;
  return file_new(fs, fs->root, out);
}

static void mem_close(cv_file *file) {
  node_release(fs_of(file), node_of(file));
  cv_mem_free(file->fs->mem, file, sizeof(mem_file));
}

// Makes a node and names it at `p`, which has nothing there. *out is borrowed.
static cv_err make(mem_fs *fs, const place *p, cv_filetype type, const char *link_text, mem_node **out) {
  mem_node *node;
  // A directory that was removed while it is open takes nothing new.
  if (p->dir->parent == NULL && p->dir != fs->root)
    return CV_ERR_NOENT;
  CV_ERR_TRY(node_new(fs, type, &node));
  cv_err err = link_text != NULL ? node_resize(fs, node, strlen(link_text)) : CV_ERR_OK;
  if (err == CV_ERR_OK && link_text != NULL)
    memcpy(node->data, link_text, node->size);
  if (err == CV_ERR_OK)
    err = entry_add(fs, p->dir, p->name, p->name_size, node);
  node_release(fs, node);
  *out = node;
  return err;
}

static cv_err mem_open(cv_file *dir, const char *path, const cv_open_how *how, cv_file **out) {
  mem_fs *fs = fs_of(dir);
  place p;
  if (how->create && how->directory)
    return CV_ERR_INVAL;
  follow_last follow = how->follow ? FOLLOW_YES : FOLLOW_SLASH;
  if (how->create)
    follow = how->follow && !how->exclusive ? FOLLOW_PLAIN : FOLLOW_NEVER;
  CV_ERR_TRY(find(node_of(dir), path, follow, &p));
  if (how->create && p.slash)
    return CV_ERR_ISDIR;
  mem_node *node = p.node;
  if (node != NULL && how->create && how->exclusive)
    return CV_ERR_EXIST;
  if (node == NULL && !how->create)
    return CV_ERR_NOENT;
  if (node == NULL)
    CV_ERR_TRY(make(fs, &p, CV_FILE_REGULAR, NULL, &node));
  if (node->type == CV_FILE_SYMLINK)
    return CV_ERR_LOOP;
  if (node->type == CV_FILE_DIR && (how->write || how->truncate))
    return CV_ERR_ISDIR;
  if (node->type != CV_FILE_DIR && (how->directory || p.slash))
    return CV_ERR_NOTDIR;
  if (how->truncate) {
    CV_ERR_TRY(node_resize(fs, node, 0));
    node->mtim = node->ctim = now(fs);
  }
  CV_ERR_TRY(file_new(fs, node, out));
  (*out)->readable = how->read && node->type != CV_FILE_DIR;
  (*out)->writable = how->write;
  return CV_ERR_OK;
}

static void stat_of(const mem_node *n, cv_stat *out) {
  *out = (cv_stat){.dev = 1,
                   .ino = n->ino,
                   .nlink = n->nlink,
                   .size = n->size,
                   .atim = n->atim,
                   .mtim = n->mtim,
                   .ctim = n->ctim,
                   .type = n->type};
}

static cv_err mem_stat_at(cv_file *dir, const char *path, bool follow, cv_stat *out) {
  mem_node *node;
  CV_ERR_TRY(find_node(node_of(dir), path, follow, &node));
  stat_of(node, out);
  return CV_ERR_OK;
}

static cv_err set_node_times(mem_fs *fs, mem_node *n, const cv_set_times *t) {
  uint64_t at = now(fs);
  if (t->atim_mode != CV_TIME_KEEP)
    n->atim = t->atim_mode == CV_TIME_NOW ? at : t->atim;
  if (t->mtim_mode != CV_TIME_KEEP)
    n->mtim = t->mtim_mode == CV_TIME_NOW ? at : t->mtim;
  n->ctim = at;
  return CV_ERR_OK;
}

static cv_err mem_set_times_at(cv_file *dir, const char *path, bool follow, const cv_set_times *times) {
  mem_node *node;
  CV_ERR_TRY(find_node(node_of(dir), path, follow, &node));
  return set_node_times(fs_of(dir), node, times);
}

static cv_err mem_mkdir(cv_file *dir, const char *path) {
  place p;
  mem_node *node;
  CV_ERR_TRY(find(node_of(dir), path, FOLLOW_NEVER, &p));
  return p.node != NULL ? CV_ERR_EXIST : make(fs_of(dir), &p, CV_FILE_DIR, NULL, &node);
}

static cv_err mem_rmdir(cv_file *dir, const char *path) {
  place p;
  CV_ERR_TRY(find(node_of(dir), path, FOLLOW_NEVER, &p));
  if (p.node == NULL)
    return CV_ERR_NOENT;
  if (p.dir == NULL)
    return p.dot ? CV_ERR_INVAL : CV_ERR_NOTEMPTY;
  if (p.node->type != CV_FILE_DIR)
    return CV_ERR_NOTDIR;
  if (p.node->entries.count != 0)
    return CV_ERR_NOTEMPTY;
  entry_remove(fs_of(dir), p.dir, entry_find(p.dir, p.name, p.name_size));
  return CV_ERR_OK;
}

static cv_err mem_unlink(cv_file *dir, const char *path) {
  place p;
  CV_ERR_TRY(find(node_of(dir), path, FOLLOW_NEVER, &p));
  if (p.node == NULL)
    return CV_ERR_NOENT;
  if (p.node->type == CV_FILE_DIR)
    return CV_ERR_ISDIR;
  if (p.slash)
    return CV_ERR_NOTDIR;
  entry_remove(fs_of(dir), p.dir, entry_find(p.dir, p.name, p.name_size));
  return CV_ERR_OK;
}

// For a name that is to be made with a slash after it, which only a directory could have.
static cv_err new_name(const place *p) {
  if (p->node != NULL)
    return p->slash && p->node->type != CV_FILE_DIR ? CV_ERR_NOTDIR : CV_ERR_EXIST;
  return p->slash ? CV_ERR_NOENT : CV_ERR_OK;
}

static cv_err mem_symlink(cv_file *dir, const char *target, const char *path) {
  place p;
  mem_node *node;
  if (target[0] == '/')
    return CV_ERR_ESCAPE;
  CV_ERR_TRY(find(node_of(dir), path, FOLLOW_NEVER, &p));
  CV_ERR_TRY(new_name(&p));
  return make(fs_of(dir), &p, CV_FILE_SYMLINK, target, &node);
}

static cv_err mem_readlink(cv_file *dir, const char *path, char *buf, size_t size, size_t *done) {
  mem_node *node;
  CV_ERR_TRY(find_node(node_of(dir), path, false, &node));
  if (node->type != CV_FILE_SYMLINK)
    return CV_ERR_INVAL;
  *done = CV_MIN(size, node->size);
  if (*done != 0)
    memcpy(buf, node->data, *done);
  return CV_ERR_OK;
}

static cv_err mem_link(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to) {
  place a, b;
  CV_ERR_TRY(find(node_of(from_dir), from, FOLLOW_NEVER, &a));
  CV_ERR_TRY(find(node_of(to_dir), to, FOLLOW_NEVER, &b));
  if (a.node == NULL)
    return CV_ERR_NOENT;
  if (a.slash && a.node->type != CV_FILE_DIR)
    return CV_ERR_NOTDIR;
  CV_ERR_TRY(new_name(&b));
  if (a.node->type == CV_FILE_DIR)
    return CV_ERR_PERM;
  if (b.dir->parent == NULL && b.dir != fs_of(to_dir)->root)
    return CV_ERR_NOENT;
  return entry_add(fs_of(to_dir), b.dir, b.name, b.name_size, a.node);
}

static bool is_inside(const mem_node *node, const mem_node *dir) {
  for (; node != NULL; node = node->parent)
    if (node == dir)
      return true;
  return false;
}

static cv_err check_rename(mem_fs *fs, const place *a, const place *b) {
  if (a->dot || a->dotdot || b->dot || b->dotdot)
    return CV_ERR_BUSY;
  if (a->node == NULL)
    return CV_ERR_NOENT;
  bool is_dir = a->node->type == CV_FILE_DIR;
  if ((a->slash || b->slash) && !is_dir)
    return CV_ERR_NOTDIR;
  if (is_dir && is_inside(b->dir, a->node))
    return CV_ERR_INVAL;
  if (b->node != NULL && is_inside(a->dir, b->node))
    return CV_ERR_NOTEMPTY;
  if (b->dir->parent == NULL && b->dir != fs->root)
    return CV_ERR_NOENT;
  if (b->node == NULL || b->node == a->node)
    return CV_ERR_OK;
  if (b->node->type == CV_FILE_DIR)
    return !is_dir ? CV_ERR_ISDIR : b->node->entries.count != 0 ? CV_ERR_NOTEMPTY : CV_ERR_OK;
  return is_dir ? CV_ERR_NOTDIR : CV_ERR_OK;
}

static cv_err mem_rename(cv_file *from_dir, const char *from, cv_file *to_dir, const char *to) {
  mem_fs *fs = fs_of(from_dir);
  place a, b;
  CV_ERR_TRY(find(node_of(from_dir), from, FOLLOW_NEVER, &a));
  CV_ERR_TRY(find(node_of(to_dir), to, FOLLOW_NEVER, &b));
  CV_ERR_TRY(check_rename(fs, &a, &b));
  if (a.node == b.node)
    return CV_ERR_OK;
  // The new name is made first, beside the old one at the target, so that a failure leaves all as it was.
  mem_entry *old = b.node != NULL ? entry_find(b.dir, b.name, b.name_size) : NULL;
  uint64_t old_number = old != NULL ? old->number : 0;
  uint64_t from_number = entry_find(a.dir, a.name, a.name_size)->number;
  CV_ERR_TRY(entry_add(fs, b.dir, b.name, b.name_size, a.node));
  for (size_t i = 0; i < b.dir->entries.count; i++)
    if (old_number != 0 && b.dir->entries.data[i].number == old_number) {
      entry_remove(fs, b.dir, &b.dir->entries.data[i]);
      break;
    }
  for (size_t i = 0; i < a.dir->entries.count; i++)
    if (a.dir->entries.data[i].number == from_number) {
      entry_remove(fs, a.dir, &a.dir->entries.data[i]);
      break;
    }
  if (a.node->type == CV_FILE_DIR)
    a.node->parent = b.dir; // removing the old name took it away
  return CV_ERR_OK;
}

static cv_err mem_read_dir(cv_file *file, uint64_t cookie, cv_dirent_fn *fn, void *env) {
  const mem_node *dir = node_of(file);
  cv_dirent dot = {".", 1, dir->ino, COOKIE_DOT, CV_FILE_DIR};
  cv_dirent dotdot = {"..", 2, dir->ino, COOKIE_DOTDOT, CV_FILE_DIR};
  if ((cookie < COOKIE_DOT && !fn(env, &dot)) || (cookie < COOKIE_DOTDOT && !fn(env, &dotdot)))
    return CV_ERR_OK;
  for (size_t i = 0; i < dir->entries.count; i++) {
    const mem_entry *e = &dir->entries.data[i];
    cv_dirent entry = {e->name, e->name_size, e->node->ino, e->number, e->node->type};
    if (e->number > cookie && !fn(env, &entry))
      return CV_ERR_OK;
  }
  return CV_ERR_OK;
}

// ---- the interface: files ----

static cv_err mem_stat(cv_file *file, cv_stat *out) {
  stat_of(node_of(file), out);
  return CV_ERR_OK;
}

static cv_err mem_set_times(cv_file *file, const cv_set_times *times) {
  return set_node_times(fs_of(file), node_of(file), times);
}

static cv_err mem_sync(cv_file *file, bool data_only) {
  return CV_ERR_OK;
}

static cv_err mem_read(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  mem_node *node = node_of(file);
  *done = 0;
  for (size_t i = 0; i < count && offset < node->size; i++) {
    size_t n = CV_MIN(iov[i].size, node->size - (size_t)offset);
    if (n != 0)
      memcpy(iov[i].data, node->data + offset, n);
    offset += n;
    *done += n;
  }
  node->atim = now(fs_of(file));
  return CV_ERR_OK;
}

static cv_err mem_write(cv_file *file, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  mem_node *node = node_of(file);
  uint64_t total = 0, end;
  *done = 0;
  for (size_t i = 0; i < count; i++)
    if (cv_add_overflows(total, iov[i].size, &total))
      return CV_ERR_INVAL;
  if (total == 0)
    return CV_ERR_OK;
  if (cv_add_overflows(offset, total, &end) || end > INT64_MAX)
    return CV_ERR_FBIG;
  if (end > node->size)
    CV_ERR_TRY(node_resize(fs_of(file), node, end));
  for (size_t i = 0; i < count; i++) {
    if (iov[i].size != 0)
      memcpy(node->data + offset + *done, iov[i].data, iov[i].size);
    *done += iov[i].size;
  }
  node->mtim = node->ctim = now(fs_of(file));
  return CV_ERR_OK;
}

static cv_err mem_append(cv_file *file, const cv_iovec *iov, size_t count, size_t *done, uint64_t *end) {
  cv_err err = mem_write(file, iov, count, node_of(file)->size, done);
  *end = node_of(file)->size;
  return err;
}

static cv_err mem_set_size(cv_file *file, uint64_t size) {
  mem_node *node = node_of(file);
  if (size > INT64_MAX)
    return CV_ERR_INVAL;
  CV_ERR_TRY(node_resize(fs_of(file), node, size));
  node->mtim = node->ctim = now(fs_of(file));
  return CV_ERR_OK;
}

static cv_err mem_advise(cv_file *file, uint64_t offset, uint64_t size, cv_advice advice) {
  return CV_ERR_OK;
}

static cv_err mem_allocate(cv_file *file, uint64_t offset, uint64_t size) {
  uint64_t end = offset + size; // checked by the caller
  return end > node_of(file)->size ? mem_set_size(file, end) : CV_ERR_OK;
}

static const cv_fs_ops mem_ops = {
    .name = "memory",
    .fs_delete = mem_fs_delete,
    .root = mem_root,
    .open = mem_open,
    .stat_at = mem_stat_at,
    .set_times_at = mem_set_times_at,
    .mkdir = mem_mkdir,
    .rmdir = mem_rmdir,
    .unlink = mem_unlink,
    .symlink = mem_symlink,
    .readlink = mem_readlink,
    .link = mem_link,
    .rename = mem_rename,
    .read_dir = mem_read_dir,
    .stat = mem_stat,
    .set_times = mem_set_times,
    .sync = mem_sync,
    .close = mem_close,
    .read = mem_read,
    .write = mem_write,
    .append = mem_append,
    .set_size = mem_set_size,
    .advise = mem_advise,
    .allocate = mem_allocate,
};

cv_err cv_fs_memory_new(cv_mem *mem, uint64_t byte_limit, cv_now_fn *now_fn, void *now_env, cv_fs **out) {
  *out = NULL;
  mem_fs *fs = cv_mem_zalloc(mem, sizeof *fs);
  if (fs == NULL)
    return CV_ERR_NOMEM;
  fs->base = (cv_fs){.ops = &mem_ops, .mem = mem, .refs = 1};
  fs->base.volume = fs;
  fs->limit = byte_limit;
  fs->next_ino = 1;
  fs->now = now_fn;
  fs->now_env = now_env;
  cv_err err = node_new(fs, CV_FILE_DIR, &fs->root);
  if (err != CV_ERR_OK) {
    cv_mem_free(mem, fs, sizeof *fs);
    return err;
  }
  fs->root->nlink = 1;
  *out = &fs->base;
  return CV_ERR_OK;
}

void cv_fs_memory_set_clock(cv_fs *base, cv_now_fn *now_fn, void *now_env) {
  if (base->ops != &mem_ops)
    return;
  mem_fs *fs = (mem_fs *)base;
  fs->now = now_fn;
  fs->now_env = now_env;
}
