# SPDX-License-Identifier: MIT
# Runs PROGRAM and requires exit status 0 and exactly the standard output EXPECTED, or the text of EXPECTED_FILE.
cmake_minimum_required(VERSION 3.25)
if(EXPECTED_FILE)
  file(READ ${EXPECTED_FILE} EXPECTED)
endif()
execute_process(COMMAND ${PROGRAM} RESULT_VARIABLE status OUTPUT_VARIABLE output)
if(NOT status STREQUAL "0")
  message("${output}")
  message(FATAL_ERROR "It ended with status ${status}.")
elseif(NOT output STREQUAL EXPECTED)
  message("--- printed\n${output}--- expected\n${EXPECTED}---")
  message(FATAL_ERROR "It printed something else.")
endif()
