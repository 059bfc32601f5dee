// SPDX-License-Identifier: MIT
// A second translation unit with everything in it, linked into every test: a definition that is not inline fails the link.
#include <pickmix/fwd.hpp>
#include <pickmix/pickmix.hpp>
