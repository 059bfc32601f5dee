# SPDX-License-Identifier: MIT
# CMake marks all that is precompiled as a system header, which would silence the warnings of our headers.
set(CMAKE_PCH_PROLOGUE "")

# For programs that begin with `#include <pickmix/pickmix.hpp>`, which takes longer to parse than they take to compile:
# it is parsed once for all of them; they have the same options.
function(pickmix_precompile_library target)
  get_property(first GLOBAL PROPERTY pickmix_precompiled_for)
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    target_precompile_headers(${target} PRIVATE <pickmix/pickmix.hpp>)
    set_property(GLOBAL PROPERTY pickmix_precompiled_for ${target})
  endif()
endfunction()
