# SPDX-License-Identifier: MIT
# Includes point down. A header of ROOT may include its own folder and what this table allows, and name a third party only
# where that party has its place.
cmake_minimum_required(VERSION 3.25)
set(base version config fwd)
set(under_core ${base})
set(under_backend ${base} core)
set(under_kernel ${base} core backend)
set(under_submodular ${base} core backend)   # and what a kernel is, see below
set(under_mos ${base} core backend)
set(under_delift ${base} core backend kernel submodular mos)
foreach(top observe adapt io mpi cuda)
  set(under_${top} ${under_delift} delift)
endforeach()
set(under_pickmix ${under_delift} delift observe io)   # the umbrella: nothing that needs an optional package

# Third parties: what their includes look like, and the files that may name them.
set(party "^Eigen/" "^fmt/" "^(xtensor|xtl)/" "^mpi.h$" "^cuda" "^(immintrin|arm_neon).h$" "^sys/(file|mman|stat).h$"
          "^(cpuid|unistd|sys/syscall|sys/auxv|asm/hwcap).h$")
set(place "^(backend/.*|kernel/.*|submodular/log_determinant[a-z_]*.hpp|mos/[a-z_]*scorer.*)$"
          "^(core/error.hpp|observe/.*|io/.*)$" "^adapt/" "^mpi/" "^cuda/" "^backend/" "^(io/(file_bytes|remembered_losses)|backend/large_array).hpp$"
          "^core/instruction_set.hpp$")

set(problems "")
file(GLOB_RECURSE headers RELATIVE ${ROOT}/include/pickmix ${ROOT}/include/pickmix/*.hpp)
foreach(header IN LISTS headers)
  string(REGEX MATCH "^[a-z_]+" module ${header})
  file(STRINGS ${ROOT}/include/pickmix/${header} includes REGEX "^[ \t]*#[ \t]*include")
  foreach(include IN LISTS includes)
    if(NOT include MATCHES "<([^>]+)>")
      string(APPEND problems "${header}: ${include}: includes are written <pickmix/...>\n")
      continue()
    endif()
    set(name ${CMAKE_MATCH_1})
    if(name MATCHES "^pickmix/(([a-z_]+)[/.].*)$")
      set(file ${CMAKE_MATCH_1})
      set(folder ${CMAKE_MATCH_2})
      if(folder STREQUAL module OR (module STREQUAL "submodular" AND file MATCHES "^kernel/(kernel|streamed|screened|reference|above|above_each|nearest_columns|cells|columns|column_sums|diagonal|symmetry)[.]hpp$"))
        continue()
      elseif(NOT folder IN_LIST under_${module})
        string(APPEND problems "${header}: ${module} may not include <${name}>\n")
      elseif(file MATCHES "/detail/")
        string(APPEND problems "${header}: <${name}> is a detail of ${folder}\n")
      endif()
    elseif(NOT name MATCHES "^[a-z_]+$")   # a standard header has no extension and no folder
      set(known FALSE)
      foreach(names files IN ZIP_LISTS party place)
        if(name MATCHES "${names}")
          set(known TRUE)
          if(NOT header MATCHES "${files}")
            string(APPEND problems "${header}: <${name}> has no place here\n")
          endif()
        endif()
      endforeach()
      if(NOT known)
        string(APPEND problems "${header}: <${name}> is of no package that pickmix knows\n")
      endif()
    endif()
  endforeach()
endforeach()

if(problems OR NOT headers)
  message("${problems}")
  message(FATAL_ERROR "Includes that the layers do not allow.")
endif()
