// SPDX-License-Identifier: MIT
// Vectors that begin where a line of the cache begins.
#pragma once

#include <pickmix/backend/large_array.hpp>

#include <cstddef>
#include <new>
#include <vector>

namespace pickmix::inline v0::backend {

namespace detail {

template <class Entry>
struct LineAllocator {
  using value_type = Entry;
  LineAllocator() = default;
  template <class Other>
  constexpr LineAllocator(const LineAllocator<Other>&) {}

  /// Large ones begin with a page of the system's large ones, as those of `large_array` do.
  static constexpr bool large(std::size_t count) { return count >= 2 * large_page / sizeof(Entry); }
  static constexpr std::align_val_t alignment(std::size_t count) {
    return std::align_val_t{large(count) ? large_page : 64};
  }

  Entry* allocate(std::size_t count) {
    void* const memory = ::operator new(count * sizeof(Entry), alignment(count));  // the vector has seen that it fits
    if (large(count)) ask_for_large_pages(memory, count * sizeof(Entry));
    return static_cast<Entry*>(memory);
  }
  void deallocate(Entry* entries, std::size_t count) { ::operator delete(entries, alignment(count)); }

  /// Of an entry that is given no value; one that is comes about as in any vector.
  template <class Other>
  void construct(Other* place) {
    ::new (static_cast<void*>(place)) Other;
  }

  friend constexpr bool operator==(const LineAllocator&, const LineAllocator&) { return true; }
};

}  // namespace detail

/// For what is read by 64 bytes: if it began elsewhere, each of them would be in two lines and take twice as long. Entries that
/// are given no value have none: those who write them come first to their memory, on all threads.
template <class Entry>
using LineVector = std::vector<Entry, detail::LineAllocator<Entry>>;

}  // namespace pickmix::inline v0::backend
