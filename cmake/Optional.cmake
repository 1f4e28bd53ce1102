# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Optional parts. Each is a set of whole files that are left out when its library's headers are absent. The library
# itself is never linked: the file loads it by its name when it is first needed (base: a start of cove pays nothing),
# so a machine without it runs the same binary and gets "unsupported: ...".
#
# A file belongs to an optional part by its name: *_libarchive.c, *_libdw.c. Where the part is left out, the
# file *_no_libarchive.c, *_no_libdw.c beside it stands in, so callers need no #ifdef.
# A static file of one C library cannot load what was built for another, so a static command has none of them.
if(COVE_STATIC)
  set(COVE_LIBARCHIVE OFF)
  set(COVE_LIBDW OFF)
endif()
set(COVE_OPTIONAL_DEFINITIONS)
set(COVE_OPTIONAL_INCLUDES)
set(COVE_HAVE_LIBARCHIVE OFF)
set(COVE_HAVE_LIBDW OFF)

if(COVE_LIBARCHIVE)
  find_path(COVE_LIBARCHIVE_INCLUDE archive.h)
  if(COVE_LIBARCHIVE_INCLUDE)
    set(COVE_HAVE_LIBARCHIVE ON)
    list(APPEND COVE_OPTIONAL_DEFINITIONS COVE_HAVE_LIBARCHIVE=1)
  endif()
endif()
if(COVE_LIBDW)
  find_path(COVE_LIBDW_INCLUDE elfutils/libdw.h)
  if(COVE_LIBDW_INCLUDE)
    set(COVE_HAVE_LIBDW ON)
    list(APPEND COVE_OPTIONAL_DEFINITIONS COVE_HAVE_LIBDW=1)
  endif()
endif()
message(STATUS "cove: libarchive ${COVE_HAVE_LIBARCHIVE}, libdw ${COVE_HAVE_LIBDW}")

function(cove_leave_out list_name)
  set(files ${${list_name}})
  foreach(part libarchive libdw)
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
