// SPDX-License-Identifier: MIT
// A stream buffer that fails as disks do: it fills up, or it takes the bytes and loses them.
#pragma once

#include <algorithm>
#include <streambuf>

namespace support {

class FullDisk : public std::streambuf {
 public:
  /// Takes `room` bytes. Whether a flush succeeds is said by `flushes`.
  FullDisk(std::streamsize room, bool flushes) : room_(room), flushes_(flushes) {}

 private:
  std::streamsize xsputn(const char*, std::streamsize n) override {
    const std::streamsize taken = std::min(n, room_);
    room_ -= taken;
    return taken;
  }
  int sync() override { return flushes_ ? 0 : -1; }

  std::streamsize room_;
  bool flushes_;
};

}  // namespace support
