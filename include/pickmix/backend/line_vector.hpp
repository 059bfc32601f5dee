// SPDX-License-Identifier: MIT
// Vectors that begin where a line of the cache begins.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace pickmix::inline v0::backend {

namespace detail {

template <class Entry>
struct LineAllocator {
  using value_type = Entry;
  static constexpr std::align_val_t line{64};

  LineAllocator() = default;
  template <class Other>
  constexpr LineAllocator(const LineAllocator<Other>&) {}

  Entry* allocate(std::size_t count) {
    return static_cast<Entry*>(::operator new(count * sizeof(Entry), line));  // the vector has seen that it fits
  }
  void deallocate(Entry* entries, std::size_t) { ::operator delete(entries, line); }

  friend constexpr bool operator==(const LineAllocator&, const LineAllocator&) { return true; }
};

}  // namespace detail

/// For what is read by 64 bytes: if it began elsewhere, each of them would be in two lines and take twice as long.
template <class Entry>
using LineVector = std::vector<Entry, detail::LineAllocator<Entry>>;

}  // namespace pickmix::inline v0::backend
