# SPDX-License-Identifier: MIT
# pickmix_dev_warnings: linked PRIVATE by our own executables only, never exported. Whether a warning is an error is said
# by the presets (CMAKE_COMPILE_WARNING_AS_ERROR), so that a new compiler breaks nobody's build.
add_library(pickmix_dev_warnings INTERFACE)
target_compile_options(pickmix_dev_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wsign-conversion)
