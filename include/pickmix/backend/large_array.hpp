// SPDX-License-Identifier: MIT
// Memory for matrices of gigabytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pickmix::inline v0::backend {

namespace detail {

constexpr std::size_t large_page = std::size_t{2} << 20;

/// Asks the system for large pages in memory that begins at one: a wish, without which everything works as well.
inline void ask_for_large_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__)
  (void)madvise(memory, bytes, MADV_HUGEPAGE);
#endif
}

}  // namespace detail

/// Memory for `count` entries, not initialised. Large arrays ask the system for its large pages, if it gives them: fresh
/// memory then comes in a fraction of the time, and columns far from each other are found without a walk through the page
/// table.
///
/// \shape count ≥ 1, and count · sizeof(Entry) is at most the largest std::ptrdiff_t
/// \throws std::bad_alloc
template <class Entry>
std::shared_ptr<Entry[]> large_array(std::size_t count) {
  constexpr std::size_t page = detail::large_page;
  const std::size_t bytes = count * sizeof(Entry);
  if (bytes < 2 * page) return std::make_shared_for_overwrite<Entry[]>(count);
  if (bytes > static_cast<std::size_t>(PTRDIFF_MAX) - page) throw std::bad_alloc();
  const std::size_t rounded = (bytes + page - 1) / page * page;
  void* const memory = std::aligned_alloc(page, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  detail::ask_for_large_pages(memory, rounded);
  return std::shared_ptr<Entry[]>(static_cast<Entry*>(memory), [](Entry* array) { std::free(array); });
}

}  // namespace pickmix::inline v0::backend
