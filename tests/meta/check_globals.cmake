# SPDX-License-Identifier: MIT
# No global state, no printing, nothing whose results another standard library would change: as far as regexes can see.
cmake_minimum_required(VERSION 3.25)
set(forbidden
  "std::(cout|cerr|clog)" "[^a-z_](printf|fprintf|puts|putchar)[ ]*[(]" "fmt::print"
  "std::[a-z_]+_distribution" "std::(shuffle|sample|random_device|mt19937|default_random_engine)" "[^a-z_]s?rand[ ]*[(]"
  "getenv" "thread_local")

set(problems "")
file(GLOB_RECURSE headers RELATIVE ${ROOT}/include/pickmix ${ROOT}/include/pickmix/*.hpp)
foreach(header IN LISTS headers)
  file(READ ${ROOT}/include/pickmix/${header} text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  foreach(pattern IN LISTS forbidden)
    if(text MATCHES "${pattern}")
      string(APPEND problems "${header}: ${CMAKE_MATCH_0}\n")
    endif()
  endforeach()

  # Variables: `static` or `inline` anywhere, or nothing indented (so at namespace scope), and neither const nor a function.
  string(REGEX REPLACE "[][]" " " text "${text}")   # brackets and semicolons mean something in CMake's lists
  string(REPLACE ";" "$" text "${text}")
  string(REPLACE "\n" ";" lines "${text}")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "[={$].*$" "" declaration "${line}")
    if(line MATCHES "[={$]"
       AND declaration MATCHES "^([ ]*(static|inline)[ ]+[A-Za-z].*|[A-Za-z][A-Za-z0-9_:<>, *]*[ >*][a-z][a-z0-9_]*[ ]*)$"
       AND NOT declaration MATCHES "[(]|(^|[ ])(const|constexpr|constinit const|using|namespace|struct|class|enum|concept|return|typedef|template|extern|friend|else|do)([ ]|$)")
      string(REPLACE "$" ";" line "${line}")
      string(APPEND problems "${header}: ${line}\n")
    endif()
  endforeach()
endforeach()

if(problems OR NOT headers)
  message("${problems}")
  message(FATAL_ERROR "Global state, printing or unportable randomness.")
endif()
