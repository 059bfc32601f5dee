# SPDX-License-Identifier: MIT
# The version in version.hpp is that of the top entry of docs/changelog.md, `## 0.1.0`.
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${ROOT}/include/pickmix/version.hpp version REGEX "^#define PICKMIX_VERSION_(MAJOR|MINOR|PATCH) [0-9]+$")
list(TRANSFORM version REPLACE "^.* " "")
list(JOIN version "." version)
file(STRINGS ${ROOT}/docs/changelog.md entry REGEX "^## " LIMIT_COUNT 1)

if(NOT entry STREQUAL "## ${version}")
  message("version.hpp says ${version}, and the top entry of docs/changelog.md is '${entry}'")
  message(FATAL_ERROR "The version is not that of the changelog.")
endif()
