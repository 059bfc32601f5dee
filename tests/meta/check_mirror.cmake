# SPDX-License-Identifier: MIT
# Each header has a test of the same path, and each test a header. Tests of laws and of stored bytes belong to no header.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE headers RELATIVE ${ROOT}/include/pickmix ${ROOT}/include/pickmix/*.hpp)
list(REMOVE_ITEM headers pickmix.hpp fwd.hpp version.hpp)   # nothing of their own to test; see odr.cpp and check_version
list(TRANSFORM headers REPLACE "[.]hpp$" "")
file(GLOB_RECURSE tests RELATIVE ${ROOT}/tests ${ROOT}/tests/*.test.cpp)
list(FILTER tests EXCLUDE REGEX "^(property|golden|fuzz)/")
list(TRANSFORM tests REPLACE "[.]test[.]cpp$" "")

set(problems "")
foreach(name IN LISTS headers)
  if(NOT name IN_LIST tests)
    string(APPEND problems "include/pickmix/${name}.hpp has no tests/${name}.test.cpp\n")
  endif()
endforeach()
foreach(name IN LISTS tests)
  if(NOT name IN_LIST headers)
    string(APPEND problems "tests/${name}.test.cpp has no include/pickmix/${name}.hpp\n")
  endif()
endforeach()

if(problems OR NOT headers)
  message("${problems}")
  message(FATAL_ERROR "Headers and tests do not mirror each other.")
endif()
