# SPDX-License-Identifier: MIT
# Compiles SOURCE, and requires that it fails with the phrase of its `// expected:` line, or compiles if it has none.
cmake_minimum_required(VERSION 3.25)
list(TRANSFORM INCLUDES PREPEND -I)
set(ENV{LC_ALL} C)   # a compiler puts plain quotes around names
execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only ${INCLUDES} ${SOURCE}
                RESULT_VARIABLE status ERROR_VARIABLE diagnostic)
file(STRINGS ${SOURCE} expected REGEX "^// expected: ")
string(REPLACE "// expected: " "" expected "${expected}")
string(FIND "${diagnostic}" "${expected}" at)

if(expected STREQUAL "" AND NOT status STREQUAL "0")
  message("${diagnostic}")
  message(FATAL_ERROR "This control case must compile.")
elseif(NOT expected STREQUAL "" AND status STREQUAL "0")
  message(FATAL_ERROR "It compiled, and must not.")
elseif(at EQUAL -1)
  message("${diagnostic}")
  message(FATAL_ERROR "The diagnostic does not say \"${expected}\".")
endif()
