// SPDX-License-Identifier: MIT
// The text of an error has a field for each value.
// expected: the text needs a field for each value
#include <pickmix/core/error.hpp>

int main() { pickmix::raise<pickmix::ValueError>("Count: items is {}; needs at least {}", -1); }
