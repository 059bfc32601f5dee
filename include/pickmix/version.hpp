// SPDX-License-Identifier: MIT
// The version, in the one place where it is written down; CMake reads it from here.
#pragma once

#define PICKMIX_VERSION_MAJOR 0
#define PICKMIX_VERSION_MINOR 1
#define PICKMIX_VERSION_PATCH 0
