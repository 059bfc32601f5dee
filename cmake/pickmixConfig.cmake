# SPDX-License-Identifier: MIT
# What find_package(pickmix) reads: the packages pickmix needs, then the target pickmix::pickmix.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
foreach(pickmix_component IN LISTS pickmix_FIND_COMPONENTS)
  if(pickmix_FIND_REQUIRED_${pickmix_component})
    string(APPEND pickmix_NOT_FOUND_MESSAGE "pickmix has no component ${pickmix_component}; it has none at all.\n")
  endif()
endforeach()
if(pickmix_NOT_FOUND_MESSAGE)
  set(pickmix_FOUND FALSE)
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/pickmixTargets.cmake)
