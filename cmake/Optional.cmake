# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Optional parts. Each is a set of whole files that are left out when its library's headers are absent. The library
# itself is never linked: the file loads it by its name when it is first needed (base: a start of cove pays nothing),
# so a machine without it runs the same binary and gets "unsupported: ...".
#
# A file belongs to an optional part by its name: *_libarchive.c, *_libdw.c, *_libsqlite3.c, *_libxxhash.c. Where the part
# is left out, the file *_no_libarchive.c (and so on) beside it stands in, so callers need no #ifdef. xxhash is its header
# alone: nothing of it is loaded.
# A static file of one C library cannot load what was built for another, so a static command has none of them.
if(COVE_STATIC)
  set(COVE_LIBARCHIVE OFF)
  set(COVE_LIBDW OFF)
  set(COVE_SQLITE OFF)
endif()
set(COVE_OPTIONAL_DEFINITIONS)
set(COVE_OPTIONAL_INCLUDES)
# option, part, header
set(parts
    LIBARCHIVE libarchive archive.h
    LIBDW libdw elfutils/libdw.h
    SQLITE libsqlite3 sqlite3.h
    XXHASH libxxhash xxhash.h)
while(parts)
  list(POP_FRONT parts option part header)
  string(TOUPPER ${part} upper)
  set(COVE_HAVE_${upper} OFF)
  if(COVE_${option})
    find_path(COVE_${upper}_INCLUDE ${header})
    if(COVE_${upper}_INCLUDE)
      set(COVE_HAVE_${upper} ON)
      list(APPEND COVE_OPTIONAL_DEFINITIONS COVE_HAVE_${upper}=1)
      list(APPEND COVE_OPTIONAL_INCLUDES ${COVE_${upper}_INCLUDE})
    endif()
  endif()
endwhile()
message(STATUS "cove: libarchive ${COVE_HAVE_LIBARCHIVE}, libdw ${COVE_HAVE_LIBDW}, SQLite ${COVE_HAVE_LIBSQLITE3}, "
               "xxhash ${COVE_HAVE_LIBXXHASH}")

function(cove_leave_out list_name)
  set(files ${${list_name}})
  foreach(part libarchive libdw libsqlite3 libxxhash)
    string(TOUPPER ${part} upper)
    if(COVE_HAVE_${upper})
      list(FILTER files EXCLUDE REGEX "_no_${part}\\.c$")
    else()
      set(kept)
      foreach(file IN LISTS files)
        if(NOT file MATCHES "_${part}\\.c$" OR file MATCHES "_no_${part}\\.c$")
          list(APPEND kept ${file})
        endif()
      endforeach()
      set(files ${kept})
    endif()
  endforeach()
  set(${list_name} ${files} PARENT_SCOPE)
endfunction()
