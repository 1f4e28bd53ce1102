// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// filesystem.c: wasi:filesystem. A descriptor is one of the core's that is in no table; paths, positions and policies
// are the core's.
//
// mutate-directory: a directory has what the one that it was opened through has, whether it was asked for or not:
// C libraries do not ask for it, and go on to change directories that they opened.
#include "base/utf8.h"
#include "wasi/p2/host.h"

typedef wasi_filesystem_types_descriptor descriptor;
typedef wasi_filesystem_types_error_code error_code;

#define FLAG(name) WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_##name

// ---- errors ----

static error_code code_of(cv_err err) {
  static const uint8_t codes[] = {
#define P2_ERROR(core, code) [CV_ERR_##core] = WASI_FILESYSTEM_TYPES_ERROR_CODE_##code,
#include "wasi/p2/error.def"
  };
  static_assert(CV_COUNT(codes) == CV_ERR_COUNT, "every error of the core has a code");
  return (error_code)codes[err];
}

// What an operation answers: `is_error` and `error` are of its result.
static cove_host_result finish(cv_p2 *p2, cove_call *call, cv_err err, bool *is_error, error_code *error) {
  if (err == CV_ERR_OK)
    return COVE_HOST_OK;
  if (p2_ends_program(err))
    return cv_p2_trap(p2, call, err);
  *is_error = true;
  *error = code_of(err);
  return COVE_HOST_OK;
}
#define DONE(host, call, err, result) finish(host, call, err, &(result)->is_error, &(result)->as.error)

cove_host_result wasi_filesystem_types_filesystem_error_code(void *host, cove_call *call, wasi_io_error_error *err,
                                                             p2_option_wasi_filesystem_types_error_code *result) {
  *result = (p2_option_wasi_filesystem_types_error_code){true, code_of(err->err)};
  return COVE_HOST_OK;
}

// ---- descriptors ----

static void end_descriptor(cv_p2 *p2, p2_resource *r) {
  cv_descriptor *d = &((descriptor *)r)->d;
  cv_file_release(d->file);
  cv_mem_free(p2->w->mem, d->label, strlen(d->label) + 1);
  cv_wasi_let_go(p2->w);
}

// A descriptor for `file`, whose reference it takes over, also on failure.
static cv_err descriptor_new(cv_p2 *p2, cv_file *file, char *label, uint32_t grant, uint8_t flags, descriptor **out) {
  *out = NULL;
  cv_err err = label != NULL ? cv_wasi_hold(p2->w) : CV_ERR_NOMEM;
  if (err == CV_ERR_OK) {
    *out = cv_p2_resource_new(p2, sizeof **out, end_descriptor);
    if (*out == NULL) {
      cv_wasi_let_go(p2->w);
      err = CV_ERR_NOMEM;
    }
  }
  if (err != CV_ERR_OK) {
    cv_file_release(file);
    if (label != NULL)
      cv_mem_free(p2->w->mem, label, strlen(label) + 1);
    return err;
  }
  (*out)->d = (cv_descriptor){.kind = CV_DESCRIPTOR_FILE, .file = file, .label = label, .grant = grant};
  (*out)->flags = flags;
  return CV_ERR_OK;
}

void wasi_filesystem_types_descriptor_drop(void *host, descriptor *self) {
  cv_p2_resource_drop(host, &wasi_filesystem_types_descriptor_resource, &self->base);
}

// ---- preopens ----

static cv_err preopen(cv_p2 *p2, cove_call *call, const cv_descriptor *d,
                      p2_tuple2_wasi_filesystem_types_descriptor_string *out) {
  size_t size = strlen(d->label) + 1;
  char *label = cv_mem_alloc(p2->w->mem, size);
  if (label != NULL)
    memcpy(label, d->label, size);
  uint8_t flags = FLAG(READ) | (d->file->fs->read_only ? 0 : FLAG(MUTATE_DIRECTORY));
  cv_file_retain(d->file);
  CV_ERR_TRY(descriptor_new(p2, d->file, label, d->grant, flags, &out->f0));
  return cv_p2_string(call, d->label, &out->f1) ? CV_ERR_OK : CV_ERR_NOMEM;
}

cove_host_result
wasi_filesystem_preopens_get_directories(void *host, cove_call *call,
                                         p2_list_tuple2_wasi_filesystem_types_descriptor_string *result) {
  cv_p2 *p2 = host;
  const cv_descriptors *t = &p2->w->descriptors;
  p2->w->asked_for_dirs = true;
  result->data = cove_call_alloc(call, (p2->w->dir_count + 1) * sizeof *result->data);
  if (result->data == NULL)
    return cv_p2_trap(p2, call, CV_ERR_NOMEM);
  for (size_t i = 0; i < t->all.count && result->count < p2->w->dir_count; i++) {
    const cv_descriptor *d = &t->all.data[i];
    if (d->kind != CV_DESCRIPTOR_FILE || !d->preopen)
      continue;
    cv_err err = preopen(p2, call, d, &result->data[result->count++]);
    if (err != CV_ERR_OK)
      return cv_p2_trap(p2, call, err); // descriptors that were made stay in the list of resources
  }
  return COVE_HOST_OK;
}

// ---- streams ----

cove_host_result wasi_filesystem_types_descriptor_read_via_stream(
    void *host, cove_call *call, descriptor *self, uint64_t offset,
    p2_result_wasi_io_streams_input_stream_wasi_filesystem_types_error_code *result) {
  cv_p2 *p2 = host;
  cv_input *input;
  cv_err err = cv_input_of_file(p2->w, self->d.file, offset, &input);
  if (err == CV_ERR_OK && (result->as.ok = cv_p2_input(p2, input)) == NULL)
    err = CV_ERR_NOMEM;
  return DONE(p2, call, err, result);
}

typedef p2_result_wasi_io_streams_output_stream_wasi_filesystem_types_error_code output_result;

static cove_host_result give_output(cv_p2 *p2, cove_call *call, cv_err err, cv_output *output, output_result *result) {
  if (err == CV_ERR_OK && (result->as.ok = cv_p2_output(p2, output)) == NULL)
    err = CV_ERR_NOMEM;
  return DONE(p2, call, err, result);
}

cove_host_result wasi_filesystem_types_descriptor_write_via_stream(void *host, cove_call *call, descriptor *self,
                                                                   uint64_t offset, output_result *result) {
  cv_p2 *p2 = host;
  cv_output *output;
  cv_err err = cv_output_of_file(p2->w, self->d.file, offset, &output);
  return give_output(p2, call, err, output, result);
}

cove_host_result wasi_filesystem_types_descriptor_append_via_stream(void *host, cove_call *call, descriptor *self,
                                                                    output_result *result) {
  cv_p2 *p2 = host;
  cv_output *output;
  cv_err err = cv_output_of_append(p2->w, self->d.file, &output);
  return give_output(p2, call, err, output, result);
}

// ---- data ----

typedef p2_result_void_wasi_filesystem_types_error_code void_result;

cove_host_result
wasi_filesystem_types_descriptor_read(void *host, cove_call *call, descriptor *self, uint64_t length, uint64_t offset,
                                      p2_result_tuple2_list_u8_bool_wasi_filesystem_types_error_code *result) {
  cv_p2 *p2 = host;
  size_t size = (size_t)CV_MIN(length, (uint64_t)P2_SCRATCH), n = 0;
  uint8_t *scratch = cv_p2_scratch(p2);
  cv_err err = CV_ERR_NOMEM;
  if (scratch != NULL)
    err = cv_io_pread(p2->w, &self->d, &(cv_iovec){scratch, size}, 1, offset, &n);
  result->as.ok = (p2_tuple2_list_u8_bool){{scratch, n}, n == 0 && size != 0};
  return DONE(p2, call, err, result);
}

cove_host_result wasi_filesystem_types_descriptor_write(
    void *host, cove_call *call, descriptor *self, const p2_list_u8 *buffer, uint64_t offset,
    p2_result_wasi_filesystem_types_filesize_wasi_filesystem_types_error_code *result) {
  cv_p2 *p2 = host;
  size_t n;
  cv_err err = cv_io_pwrite(p2->w, &self->d, &(cv_iovec){buffer->data, buffer->count}, 1, offset, &n);
  result->as.ok = n;
  return DONE(p2, call, err, result);
}

cove_host_result wasi_filesystem_types_descriptor_advise(void *host, cove_call *call, descriptor *self, uint64_t offset,
                                                         uint64_t length, wasi_filesystem_types_advice advice,
                                                         void_result *result) {
  static_assert((int)WASI_FILESYSTEM_TYPES_ADVICE_NORMAL == CV_ADVICE_NORMAL &&
                    (int)WASI_FILESYSTEM_TYPES_ADVICE_WILL_NEED == CV_ADVICE_WILLNEED &&
                    (int)WASI_FILESYSTEM_TYPES_ADVICE_NO_REUSE == CV_ADVICE_NOREUSE,
                "advice of 0.2");
  return DONE(host, call, cv_file_advise(self->d.file, offset, length, (cv_advice)advice), result);
}

cove_host_result wasi_filesystem_types_descriptor_sync_data(void *host, cove_call *call, descriptor *self,
                                                            void_result *result) {
  return DONE(host, call, cv_file_sync(self->d.file, true), result);
}

cove_host_result wasi_filesystem_types_descriptor_sync(void *host, cove_call *call, descriptor *self,
                                                       void_result *result) {
  return DONE(host, call, cv_file_sync(self->d.file, false), result);
}

cove_host_result wasi_filesystem_types_descriptor_set_size(void *host, cove_call *call, descriptor *self, uint64_t size,
                                                           void_result *result) {
  cv_p2 *p2 = host;
  return DONE(p2, call, cv_wasi_note_limit(p2->w, self->d.file, cv_file_set_size(self->d.file, size)), result);
}

// ---- attributes ----

static wasi_filesystem_types_descriptor_type type_of(cv_filetype type) {
#define TYPE(name) WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_##name
  static const uint8_t types[] = {
      [CV_FILE_UNKNOWN] = TYPE(UNKNOWN),
      [CV_FILE_BLOCK] = TYPE(BLOCK_DEVICE),
      [CV_FILE_CHAR] = TYPE(CHARACTER_DEVICE),
      [CV_FILE_DIR] = TYPE(DIRECTORY),
      [CV_FILE_REGULAR] = TYPE(REGULAR_FILE),
      [CV_FILE_SOCKET_DGRAM] = TYPE(SOCKET),
      [CV_FILE_SOCKET_STREAM] = TYPE(SOCKET),
      [CV_FILE_SYMLINK] = TYPE(SYMBOLIC_LINK),
      [CV_FILE_FIFO] = TYPE(FIFO),
  };
#undef TYPE
  return (wasi_filesystem_types_descriptor_type)types[type];
}

static p2_option_wasi_clocks_wall_clock_datetime time_of(uint64_t ns) {
  return (p2_option_wasi_clocks_wall_clock_datetime){true, {ns / 1000000000u, (uint32_t)(ns % 1000000000u)}};
}

static wasi_filesystem_types_descriptor_stat stat_of(const cv_stat *st) {
  return (wasi_filesystem_types_descriptor_stat){
      .type = type_of(st->type),
      .link_count = st->nlink,
      .size = st->size,
      .data_access_timestamp = time_of(st->atim),
      .data_modification_timestamp = time_of(st->mtim),
      .status_change_timestamp = time_of(st->ctim),
  };
}

static wasi_filesystem_types_metadata_hash_value hash_of(const cv_stat *st) {
  uint64_t hash[2];
  cv_stat_hash(st, hash);
  return (wasi_filesystem_types_metadata_hash_value){hash[0], hash[1]};
}

cove_host_result wasi_filesystem_types_descriptor_get_flags(
    void *host, cove_call *call, descriptor *self,
    p2_result_wasi_filesystem_types_descriptor_flags_wasi_filesystem_types_error_code *result) {
  result->as.ok = self->flags;
  return COVE_HOST_OK;
}

cove_host_result wasi_filesystem_types_descriptor_get_type(
    void *host, cove_call *call, descriptor *self,
    p2_result_wasi_filesystem_types_descriptor_type_wasi_filesystem_types_error_code *result) {
  result->as.ok = type_of(self->d.file->type);
  return COVE_HOST_OK;
}

typedef p2_result_wasi_filesystem_types_descriptor_stat_wasi_filesystem_types_error_code stat_result;

cove_host_result wasi_filesystem_types_descriptor_stat_(void *host, cove_call *call, descriptor *self,
                                                        stat_result *result) {
  cv_stat st = {0};
  cv_err err = cv_file_stat(self->d.file, &st);
  result->as.ok = stat_of(&st);
  return DONE(host, call, err, result);
}

static bool follows(wasi_filesystem_types_path_flags flags) {
  return (flags & WASI_FILESYSTEM_TYPES_PATH_FLAGS_SYMLINK_FOLLOW) != 0;
}

cove_host_result wasi_filesystem_types_descriptor_stat_at(void *host, cove_call *call, descriptor *self,
                                                          wasi_filesystem_types_path_flags path_flags, cove_string path,
                                                          stat_result *result) {
  cv_p2 *p2 = host;
  cv_stat st = {0};
  cv_err err = cv_path_stat(p2->w, &self->d, p2_bytes(path), follows(path_flags), &st);
  result->as.ok = stat_of(&st);
  return DONE(p2, call, err, result);
}

typedef wasi_filesystem_types_new_timestamp new_timestamp;

static cv_err one_time(const new_timestamp *t, cv_time_mode *mode, uint64_t *ns) {
  *mode = t->tag == WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NO_CHANGE ? CV_TIME_KEEP
          : t->tag == WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NOW     ? CV_TIME_NOW
                                                                  : CV_TIME_SET;
  *ns = 0;
  if (*mode != CV_TIME_SET)
    return CV_ERR_OK;
  if (t->as.timestamp.nanoseconds >= 1000000000u)
    return CV_ERR_INVAL;
  if (t->as.timestamp.seconds > (UINT64_MAX - t->as.timestamp.nanoseconds) / 1000000000u)
    return CV_ERR_OVERFLOW;
  *ns = t->as.timestamp.seconds * 1000000000u + t->as.timestamp.nanoseconds;
  return CV_ERR_OK;
}

static cv_err times_of(const new_timestamp *atim, const new_timestamp *mtim, cv_set_times *out) {
  CV_ERR_TRY(one_time(atim, &out->atim_mode, &out->atim));
  return one_time(mtim, &out->mtim_mode, &out->mtim);
}

cove_host_result wasi_filesystem_types_descriptor_set_times(void *host, cove_call *call, descriptor *self,
                                                            const new_timestamp *atim, const new_timestamp *mtim,
                                                            void_result *result) {
  cv_set_times times;
  cv_err err = times_of(atim, mtim, &times);
  if (err == CV_ERR_OK)
    err = cv_file_set_times(self->d.file, &times);
  return DONE(host, call, err, result);
}

cove_host_result wasi_filesystem_types_descriptor_set_times_at(void *host, cove_call *call, descriptor *self,
                                                               wasi_filesystem_types_path_flags path_flags,
                                                               cove_string path, const new_timestamp *atim,
                                                               const new_timestamp *mtim, void_result *result) {
  cv_p2 *p2 = host;
  cv_set_times times;
  cv_err err = times_of(atim, mtim, &times);
  if (err == CV_ERR_OK)
    err = cv_path_set_times(p2->w, &self->d, p2_bytes(path), follows(path_flags), &times);
  return DONE(p2, call, err, result);
}

cove_host_result wasi_filesystem_types_descriptor_is_same_object(void *host, cove_call *call, descriptor *self,
                                                                 descriptor *other, bool *result) {
  if (cv_file_is_same(self->d.file, other->d.file, result) != CV_ERR_OK)
    *result = false;
  return COVE_HOST_OK;
}

typedef p2_result_wasi_filesystem_types_metadata_hash_value_wasi_filesystem_types_error_code hash_result;

cove_host_result wasi_filesystem_types_descriptor_metadata_hash(void *host, cove_call *call, descriptor *self,
                                                                hash_result *result) {
  cv_stat st = {0};
  cv_err err = cv_file_stat(self->d.file, &st);
  result->as.ok = hash_of(&st);
  return DONE(host, call, err, result);
}

cove_host_result wasi_filesystem_types_descriptor_metadata_hash_at(void *host, cove_call *call, descriptor *self,
                                                                   wasi_filesystem_types_path_flags path_flags,
                                                                   cove_string path, hash_result *result) {
  cv_p2 *p2 = host;
  cv_stat st = {0};
  cv_err err = cv_path_stat(p2->w, &self->d, p2_bytes(path), follows(path_flags), &st);
  result->as.ok = hash_of(&st);
  return DONE(p2, call, err, result);
}

// ---- paths ----

cove_host_result wasi_filesystem_types_descriptor_create_directory_at(void *host, cove_call *call, descriptor *self,
                                                                      cove_string path, void_result *result) {
  cv_p2 *p2 = host;
  return DONE(p2, call, cv_path_mkdir(p2->w, &self->d, p2_bytes(path)), result);
}

cove_host_result wasi_filesystem_types_descriptor_remove_directory_at(void *host, cove_call *call, descriptor *self,
                                                                      cove_string path, void_result *result) {
  cv_p2 *p2 = host;
  return DONE(p2, call, cv_path_rmdir(p2->w, &self->d, p2_bytes(path)), result);
}

cove_host_result wasi_filesystem_types_descriptor_unlink_file_at(void *host, cove_call *call, descriptor *self,
                                                                 cove_string path, void_result *result) {
  cv_p2 *p2 = host;
  return DONE(p2, call, cv_path_unlink(p2->w, &self->d, p2_bytes(path)), result);
}

cove_host_result wasi_filesystem_types_descriptor_symlink_at(void *host, cove_call *call, descriptor *self,
                                                             cove_string old_path, cove_string new_path,
                                                             void_result *result) {
  cv_p2 *p2 = host;
  return DONE(p2, call, cv_path_symlink(p2->w, p2_bytes(old_path), &self->d, p2_bytes(new_path)), result);
}

cove_host_result wasi_filesystem_types_descriptor_link_at(void *host, cove_call *call, descriptor *self,
                                                          wasi_filesystem_types_path_flags old_path_flags,
                                                          cove_string old_path, descriptor *new_descriptor,
                                                          cove_string new_path, void_result *result) {
  cv_p2 *p2 = host;
  // A link to what a symbolic link leads to cannot be made without a race.
  cv_err err = follows(old_path_flags)
                   ? CV_ERR_INVAL
                   : cv_path_link(p2->w, &self->d, p2_bytes(old_path), &new_descriptor->d, p2_bytes(new_path));
  return DONE(p2, call, err, result);
}

cove_host_result wasi_filesystem_types_descriptor_rename_at(void *host, cove_call *call, descriptor *self,
                                                            cove_string old_path, descriptor *new_descriptor,
                                                            cove_string new_path, void_result *result) {
  cv_p2 *p2 = host;
  cv_err err = cv_path_rename(p2->w, &self->d, p2_bytes(old_path), &new_descriptor->d, p2_bytes(new_path));
  return DONE(p2, call, err, result);
}

static cv_err readlink(cv_p2 *p2, descriptor *d, cove_string path, cove_string *out) {
  char *text = (char *)cv_p2_scratch(p2);
  size_t n;
  if (text == NULL)
    return CV_ERR_NOMEM;
  CV_ERR_TRY(cv_path_readlink(p2->w, &d->d, p2_bytes(path), text, P2_SCRATCH, &n));
  *out = (cove_string){text, n};
  if (n != 0 && text[0] == '/')
    return CV_ERR_PERM;
  return cv_utf8_is_valid(p2_bytes(*out)) ? CV_ERR_OK : CV_ERR_ILSEQ;
}

cove_host_result
wasi_filesystem_types_descriptor_readlink_at(void *host, cove_call *call, descriptor *self, cove_string path,
                                             p2_result_string_wasi_filesystem_types_error_code *result) {
  cove_string target = {NULL, 0};
  cv_err err = readlink(host, self, path, &target);
  result->as.ok = target;
  return DONE(host, call, err, result);
}

// ---- open ----

#define OPEN(name) WASI_FILESYSTEM_TYPES_OPEN_FLAGS_##name

static cv_err open_at(cv_p2 *p2, descriptor *dir, bool follow, cove_string path, uint8_t open_flags, uint8_t flags,
                      descriptor **out) {
  cv_open_how how = {
      .read = (flags & FLAG(READ)) != 0,
      .write = (flags & FLAG(WRITE)) != 0,
      .create = (open_flags & OPEN(CREATE)) != 0,
      .exclusive = (open_flags & OPEN(EXCLUSIVE)) != 0,
      .truncate = (open_flags & OPEN(TRUNCATE)) != 0,
      .directory = (open_flags & OPEN(DIRECTORY)) != 0,
      .follow = follow,
      .sync = (flags & (FLAG(FILE_INTEGRITY_SYNC) | FLAG(REQUESTED_WRITE_SYNC))) != 0,
      .dsync = (flags & FLAG(DATA_INTEGRITY_SYNC)) != 0,
  };
  if (dir->d.file->type != CV_FILE_DIR)
    return CV_ERR_NOTDIR;
  if ((flags & FLAG(MUTATE_DIRECTORY)) != 0 && (dir->flags & FLAG(MUTATE_DIRECTORY)) == 0)
    return CV_ERR_ROFS;
  cv_file *file;
  CV_ERR_TRY(cv_path_open(p2->w, &dir->d, p2_bytes(path), &how, &file));
  if (file->type == CV_FILE_DIR)
    flags = (uint8_t)((flags & ~FLAG(MUTATE_DIRECTORY)) | (dir->flags & FLAG(MUTATE_DIRECTORY)));
  else
    flags = (uint8_t)(flags & ~FLAG(MUTATE_DIRECTORY));
  char *label = cv_path_label(p2->w, &dir->d, p2_bytes(path));
  return descriptor_new(p2, file, label, dir->d.grant, flags, out);
}

cove_host_result wasi_filesystem_types_descriptor_open_at(
    void *host, cove_call *call, descriptor *self, wasi_filesystem_types_path_flags path_flags, cove_string path,
    wasi_filesystem_types_open_flags open_flags, wasi_filesystem_types_descriptor_flags flags,
    p2_result_wasi_filesystem_types_descriptor_wasi_filesystem_types_error_code *result) {
  descriptor *opened = NULL;
  cv_err err = open_at(host, self, follows(path_flags), path, open_flags, flags, &opened);
  result->as.ok = opened;
  return DONE(host, call, err, result);
}

// ---- directories ----

static void end_entries(cv_p2 *p2, p2_resource *r) {
  cv_listing_delete(((wasi_filesystem_types_directory_entry_stream *)r)->listing);
}

void wasi_filesystem_types_directory_entry_stream_drop(void *host, wasi_filesystem_types_directory_entry_stream *self) {
  cv_p2_resource_drop(host, &wasi_filesystem_types_directory_entry_stream_resource, &self->base);
}

static cv_err read_directory(cv_p2 *p2, descriptor *d, wasi_filesystem_types_directory_entry_stream **out) {
  cv_listing *listing;
  CV_ERR_TRY(cv_listing_new(p2->w, d->d.file, &listing));
  *out = cv_p2_resource_new(p2, sizeof **out, end_entries);
  if (*out == NULL) {
    cv_listing_delete(listing);
    return CV_ERR_NOMEM;
  }
  (*out)->listing = listing;
  return CV_ERR_OK;
}

cove_host_result wasi_filesystem_types_descriptor_read_directory(
    void *host, cove_call *call, descriptor *self,
    p2_result_wasi_filesystem_types_directory_entry_stream_wasi_filesystem_types_error_code *result) {
  wasi_filesystem_types_directory_entry_stream *entries = NULL;
  cv_err err = read_directory(host, self, &entries);
  result->as.ok = entries;
  return DONE(host, call, err, result);
}

cove_host_result wasi_filesystem_types_directory_entry_stream_read_directory_entry(
    void *host, cove_call *call, wasi_filesystem_types_directory_entry_stream *self,
    p2_result_option_wasi_filesystem_types_directory_entry_wasi_filesystem_types_error_code *result) {
  cv_bytes name = {NULL, 0};
  cv_filetype type = CV_FILE_UNKNOWN;
  cv_err err = cv_listing_next(self->listing, &name, &type);
  result->as.ok.has = err == CV_ERR_OK;
  result->as.ok.value = (wasi_filesystem_types_directory_entry){type_of(type), {(const char *)name.data, name.size}};
  return DONE(host, call, err == CV_ERR_END ? CV_ERR_OK : err, result);
}
