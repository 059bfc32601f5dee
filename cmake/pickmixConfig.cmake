# SPDX-License-Identifier: MIT
# What find_package(pickmix) reads: the packages pickmix needs, then the target pickmix::pickmix.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
if(pickmix_NOT_FOUND_MESSAGE)
  set(pickmix_FOUND FALSE)
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/pickmixTargets.cmake)
