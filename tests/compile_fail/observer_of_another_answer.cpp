// SPDX-License-Identifier: MIT
// An observer that returns a bool might mean "stop" by true or by false; it is not guessed.
// expected: an observer returns nothing or a pickmix::Flow
#include <pickmix/core/events.hpp>

int main() {
  const auto observer = [](const pickmix::Progress&) { return true; };
  (void)pickmix::notify(pickmix::Progress{"reading", 1, 2}, observer);
}
