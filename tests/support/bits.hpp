// SPDX-License-Identifier: MIT
// Equal to the last bit: tells 0 from -0 and finds a NaN equal to itself.
#pragma once

#include <bit>
#include <cstdint>

namespace support {

inline bool same_bits(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }
inline bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

}  // namespace support
