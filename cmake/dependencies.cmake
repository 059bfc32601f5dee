# SPDX-License-Identifier: MIT
# The packages pickmix needs. Read by CMakeLists.txt and by the installed pickmixConfig.cmake, so that both want the same.
unset(pickmix_NOT_FOUND_MESSAGE)

# Asked for without a version and compared here: the version file that comes with Eigen 5 refuses a wish for "3.4".
# A macro, whose arguments are no variables: one would overwrite that of whoever calls find_package(pickmix).
macro(pickmix_find_dependency package target minimum)
  if(NOT TARGET ${target})   # or the project around us brings its own
    find_package(${package} QUIET CONFIG)
    if(NOT ${package}_FOUND)
      string(APPEND pickmix_NOT_FOUND_MESSAGE "pickmix needs ${package} ${minimum} or newer, which was not found. "
             "Install it, or name its place in CMAKE_PREFIX_PATH or ${package}_DIR.\n")
    elseif(${package}_VERSION VERSION_LESS ${minimum})
      string(APPEND pickmix_NOT_FOUND_MESSAGE
             "pickmix needs ${package} ${minimum} or newer; ${${package}_DIR} has ${${package}_VERSION}.\n")
    endif()
  endif()
endmacro()
pickmix_find_dependency(Eigen3 Eigen3::Eigen 3.4)
pickmix_find_dependency(fmt fmt::fmt 9)

find_package(Threads QUIET)
if(NOT Threads_FOUND)
  string(APPEND pickmix_NOT_FOUND_MESSAGE "pickmix needs the system's threads, which were not found.\n")
endif()
