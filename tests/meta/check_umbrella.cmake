# SPDX-License-Identifier: MIT
# <pickmix/pickmix.hpp> is the whole CPU library: it includes every header of these folders by name, and nothing optional.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE headers RELATIVE ${ROOT}/include ${ROOT}/include/pickmix/*.hpp)
list(FILTER headers INCLUDE REGEX "^pickmix/(core|backend|kernel|submodular|mos|delift|observe|io)/")
file(STRINGS ${ROOT}/include/pickmix/pickmix.hpp included REGEX "^#include <")
list(TRANSFORM included REPLACE "^#include <([^>]+)>.*$" "\\1")

set(problems "")
foreach(header IN LISTS headers)
  if(NOT header IN_LIST included)
    string(APPEND problems "pickmix.hpp does not include <${header}>\n")
  endif()
endforeach()
foreach(header IN LISTS included)
  if(header MATCHES "^pickmix/(adapt|mpi|cuda)[/.]")
    string(APPEND problems "pickmix.hpp includes <${header}>, which needs an optional package\n")
  endif()
endforeach()

if(problems OR NOT headers)
  message("${problems}")
  message(FATAL_ERROR "The umbrella header is not what it says.")
endif()
