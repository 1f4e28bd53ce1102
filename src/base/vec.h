// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// vec.h: growable arrays of any type. A vector is { T *data; size_t count, capacity; } and remembers no allocator.
#ifndef COVE_BASE_VEC_H
#define COVE_BASE_VEC_H

#include "base/mem.h"
#include "base/status.h"

#define CV_VEC(type)                                                                                                   \
  struct {                                                                                                             \
    type *data;                                                                                                        \
    size_t count, capacity;                                                                                            \
  }

// Makes room for `extra` more elements. CV_ENOMEM leaves the vector as it was.
CV_MUST_USE cv_status cv_vec_grow(cv_mem *mem, void **data, size_t *capacity, size_t count, size_t extra, size_t size);

#define cv_vec_reserve(mem, v, extra)                                                                                  \
  ((v)->capacity - (v)->count >= (size_t)(extra)                                                                       \
       ? CV_OK                                                                                                         \
       : cv_vec_grow((mem), (void **)&(v)->data, &(v)->capacity, (v)->count, (extra), sizeof *(v)->data))

// Appends one value: a status to be checked.
#define cv_vec_push(mem, v, ...)                                                                                       \
  (cv_vec_reserve((mem), (v), 1) == CV_OK ? ((v)->data[(v)->count++] = (__VA_ARGS__), CV_OK) : CV_ENOMEM)

#define cv_vec_pop(v) ((v)->data[--(v)->count])
#define cv_vec_last(v) ((v)->data[(v)->count - 1])

#define cv_vec_free(mem, v)                                                                                            \
  do {                                                                                                                 \
    cv_mem_free((mem), (v)->data, (v)->capacity * sizeof *(v)->data);                                                  \
    (v)->data = NULL;                                                                                                  \
    (v)->count = (v)->capacity = 0;                                                                                    \
  } while (0)

#endif
