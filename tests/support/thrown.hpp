// SPDX-License-Identifier: MIT
// The message of an error, for tests of what it names.
#pragma once

#include <exception>
#include <string>
#include <typeinfo>

/// The message of the `E` that `work` throws; "(nothing was thrown)" or "(something else: …)" where it does not.
template <class E, class Work>
std::string thrown(Work&& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return typeid(error) == typeid(E) ? error.what() : std::string("(something else: ") + error.what() + ")";
  }
  return "(nothing was thrown)";
}
