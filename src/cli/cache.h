// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cache.h: the folder where cove run keeps the machine code of large programs, for their next run (cove/cache.h).
//
// An entry is a file of its own, written beside and renamed, never changed: any number of processes may read, replace
// and remove entries at the same time. Its time of change is that of its last use; the oldest ones go when all are
// larger than the limit. What is in the folder is machine code that will be run, so that a folder or file that somebody
// else owns or may write is not used.
#ifndef COVE_CLI_CACHE_H
#define COVE_CLI_CACHE_H

#include "cli.h"

#include <sys/stat.h>

// ---- cache_folder.c ----

// The folder's path, to be freed: $COVE_CACHE_DIR, else cove in $XDG_CACHE_HOME, else in ~/.cache. NULL: none of them
// is set, or out of memory.
char *cli_cache_path(void);
// Opens it, and makes it before when `make` says so. A descriptor, or -1: *why is a clause ("it belongs to somebody
// else"), NULL when there is no such folder and none was to be made.
int cli_cache_open(const char *path, bool make, const char **why);
// Whether this user alone decides what is in the file or folder.
bool cli_cache_is_ours(const struct stat *st);
// $COVE_CACHE_SIZE, or the default, in bytes. False when it is no size; *out is not set then.
bool cli_cache_limit(uint64_t *out);

typedef struct cli_cache_total {
  uint64_t entries, unfinished, bytes; // unfinished: files that a run is writing, or has left when it was killed
} cli_cache_total;
// What is in it: regular files of this user that begin as compiled programs do and have a name of an entry's form, and
// those with the name of a new one. Other files are no concern of the cache. False: errno; *out is what was found.
bool cli_cache_count(int folder, cli_cache_total *out);
// Removes what unfinished writing has left an hour ago or earlier, and entries, the ones that were not used for longest
// first, until at most `bytes` are left. `new_name` (or NULL) is a new file of the caller's own, which does not count.
// *out is what was removed; false when something could not be: errno.
bool cli_cache_shrink(int folder, uint64_t bytes, const char *new_name, cli_cache_total *out);
// Removes everything, also what is being written.
bool cli_cache_clear(int folder, cli_cache_total *out);
#define CLI_CACHE_NEW ".new-" // before 16 hexadecimal digits

// ---- cache.c: one program's entry ----

typedef struct cli_cache {
  bool is_on;
  char name[COVE_CACHE_NAME_SIZE];
  void *entry; // NULL: there is none
  size_t entry_size;
  bool tells; // somebody wants to know why it is not used
} cli_cache;

// Reads the program as cli_read_input, and looks for its entry when the line and the program's size say so. With an
// entry, which has the program, too, the input may be only mapped: it is compared, and then of no concern.
int cli_cache_load(cli_cache *cache, const cli_line *line, const cove_engine *engine, const char *path,
                   cli_input *input);
// The entry does not fit: goes on without. 0, or an exit status after a message.
int cli_cache_miss(cli_cache *cache, const cove_engine *engine, cli_input *input);
// Leaves an entry for the next run. Both may be NULL.
void cli_cache_end(const cli_cache *cache, const cove_module *module, const cove_component *component);
void cli_cache_free(cli_cache *cache); // after the module or the component

#endif
