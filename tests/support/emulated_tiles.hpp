// SPDX-License-Identifier: MIT
// AMX's tiles on processors without them: the compiled instructions are executed one by one, as Intel's manual says, by
// the handler of the signal that an unknown instruction raises. Any other one ends the program with a message.
#pragma once

#include <pickmix/core/instruction_set.hpp>

#if defined(__x86_64__) && defined(__linux__)

#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace support {

/// A thread's tiles.
struct TileMachine {
  struct Configuration {
    std::uint8_t palette, start_row, reserved[14];
    std::uint16_t bytes_a_row[16];
    std::uint8_t rows[16];
  };
  static_assert(sizeof(Configuration) == 64);
  Configuration config;  ///< all zero: there are no tiles
  std::uint8_t tile[8][16][64];

  /// What one instruction did.
  struct Step {
    const char* problem;  ///< nothing, or why it was not executed
    std::uint64_t next;   ///< where the next one begins
  };

  /// The bytes of an instruction that it names its operands with.
  struct Operands {
    bool in_memory, by_sib;
    unsigned reg, rm, vvvv;
    std::uint64_t address, stride;
  };

  /// \param general  the registers rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 to r15
  Step step(std::uint64_t at, const std::uint64_t (&general)[16]) {
    const auto* code = reinterpret_cast<const std::uint8_t*>(at);
    if (code[0] != 0xC4 || (code[1] & 0x1F) != 2) return {"not a VEX instruction of map 2", at};
    if ((code[2] & 0x84) != 0) return {"W1 or L1", at};
    const bool r = (code[1] & 0x80) == 0, x = (code[1] & 0x40) == 0, b = (code[1] & 0x20) == 0;
    if (r) return {"a tile above 7", at};
    Operands to{};
    to.vvvv = ~(code[2] >> 3) & 15u;
    const unsigned prefix = code[2] & 3u, opcode = code[3], modrm = code[4], mod = modrm >> 6;
    to.reg = modrm >> 3 & 7;
    to.rm = modrm & 7;
    to.in_memory = mod != 3;
    to.by_sib = to.in_memory && to.rm == 4;
    std::uint64_t next = at + 5;
    if (!to.in_memory && (b || x)) return {"a tile above 7", at};
    if (to.in_memory) {
      bool based = true, relative = false;
      unsigned base = to.rm | (b ? 8u : 0u);
      if (to.by_sib) {
        const unsigned sib = code[5], index = (sib >> 3 & 7) | (x ? 8u : 0u);
        ++next;
        base = (sib & 7) | (b ? 8u : 0u);
        based = (sib & 7) != 5 || mod != 0;
        if (index != 4) to.stride = general[index] << (sib >> 6);
      } else if (to.rm == 5 && mod == 0) {
        relative = true;
      }
      std::int32_t displacement = 0;
      if (mod == 1) {
        displacement = *reinterpret_cast<const std::int8_t*>(next);
        next += 1;
      } else if (mod == 2 || !based || relative) {
        std::memcpy(&displacement, reinterpret_cast<const void*>(next), 4);
        next += 4;
      }
      to.address = (relative ? next
                    : based  ? general[base]
                             : 0) +
                   static_cast<std::uint64_t>(std::int64_t{displacement});
    }
    const char* const problem = execute(prefix, opcode, to);
    return {problem, problem == nullptr ? next : at};
  }

 private:
  const char* execute(unsigned prefix, unsigned opcode, const Operands& to) {
    enum { none, x66, xF3, xF2 };
    const bool one = to.vvvv == 0;  // no third operand
    if (opcode == 0x49 && prefix == none && one && to.in_memory && to.reg == 0)
      return ldtilecfg(to.address + to.stride);
    if (opcode == 0x49 && prefix == x66 && one && to.in_memory && to.reg == 0) return sttilecfg(to.address + to.stride);
    if (opcode == 0x49 && prefix == none && one && !to.in_memory && to.reg == 0 && to.rm == 0) return tilerelease();
    if (opcode == 0x49 && prefix == xF2 && one && !to.in_memory && to.rm == 0) return tilezero(to.reg);
    if (opcode == 0x4B && prefix == xF2 && one && to.by_sib) return tileloadd(to.reg, to.address, to.stride);
    if (opcode == 0x4B && prefix == xF3 && one && to.by_sib) return tilestored(to.reg, to.address, to.stride);
    if (opcode == 0x5E && prefix == xF3 && !to.in_memory) return tdpbsud(to.reg, to.rm, to.vvvv);
    return "no instruction that is known here";
  }

  const char* ldtilecfg(std::uint64_t address) {
    Configuration wanted;
    std::memcpy(&wanted, reinterpret_cast<const void*>(address), sizeof wanted);
    const Configuration nothing{};
    std::memset(tile, 0, sizeof tile);
    config = nothing;
    if (wanted.palette == 0) return nullptr;
    if (wanted.palette != 1 || wanted.start_row != 0) return "a configuration that is not of palette 1, from row 0";
    if (std::memcmp(wanted.reserved, nothing.reserved, sizeof nothing.reserved) != 0) return "a reserved byte is not 0";
    for (int t = 0; t < 16; ++t) {
      const bool there = wanted.rows[t] != 0;
      if (there != (wanted.bytes_a_row[t] != 0)) return "a tile of rows without bytes, or of none with bytes";
      if (wanted.rows[t] > 16 || wanted.bytes_a_row[t] > 64 || (t > 7 && there)) return "more than tiles can hold";
    }
    config = wanted;
    return nullptr;
  }

  const char* sttilecfg(std::uint64_t address) const {
    std::memcpy(reinterpret_cast<void*>(address), &config, sizeof config);
    return nullptr;
  }

  const char* tilerelease() {
    config = Configuration{};
    std::memset(tile, 0, sizeof tile);
    return nullptr;
  }

  bool there(unsigned t) const { return t < 8 && config.rows[t] != 0; }

  const char* tilezero(unsigned t) {
    if (!there(t)) return "a tile that is not there";
    std::memset(tile[t], 0, sizeof tile[t]);
    return nullptr;
  }

  const char* tileloadd(unsigned t, std::uint64_t address, std::uint64_t stride) {
    if (const char* problem = tilezero(t)) return problem;
    for (unsigned row = 0; row < config.rows[t]; ++row)
      std::memcpy(tile[t][row], reinterpret_cast<const void*>(address + row * stride), config.bytes_a_row[t]);
    return nullptr;
  }

  const char* tilestored(unsigned t, std::uint64_t address, std::uint64_t stride) const {
    if (!there(t)) return "a tile that is not there";
    for (unsigned row = 0; row < config.rows[t]; ++row)
      std::memcpy(reinterpret_cast<void*>(address + row * stride), tile[t][row], config.bytes_a_row[t]);
    return nullptr;
  }

  /// Signed bytes of `a` by unsigned bytes of `b`, added to `out`.
  const char* tdpbsud(unsigned out, unsigned a, unsigned b) {
    if (!there(out) || !there(a) || !there(b)) return "a tile that is not there";
    if (out == a || out == b || a == b) return "a tile is named twice";
    if (config.rows[out] != config.rows[a] || config.bytes_a_row[out] != config.bytes_a_row[b] ||
        config.bytes_a_row[a] != 4 * config.rows[b] || config.bytes_a_row[b] % 4 != 0)
      return "tiles whose shapes do not fit";
    for (unsigned m = 0; m < config.rows[out]; ++m)
      for (unsigned n = 0; n < config.bytes_a_row[out] / 4u; ++n) {
        std::uint32_t sum = 0;  // wraps around
        std::memcpy(&sum, &tile[out][m][4 * n], 4);
        for (unsigned k = 0; k < config.bytes_a_row[a]; ++k) {
          const int product = static_cast<std::int8_t>(tile[a][m][k]) * int{tile[b][k / 4][4 * n + k % 4]};
          sum += static_cast<std::uint32_t>(product);
        }
        std::memcpy(&tile[out][m][4 * n], &sum, 4);
      }
    return nullptr;
  }
};

/// While it lives, all threads can use tiles: those of the processor if it has them, else emulated ones. One at a time.
class Tiles {
 public:
  Tiles() : emulated_(!pickmix::detail::processor_has_tiles()) {
    if (!emulated_) return;
    struct sigaction action {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    sigaction(SIGILL, &action, &previous_);
  }
  ~Tiles() {
    if (emulated_) sigaction(SIGILL, &previous_, nullptr);
  }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

  /// Not where the processor has tiles that the system does not let the program use.
  bool there() const { return emulated_ || pickmix::has(pickmix::InstructionSet::amx); }

  /// What the processor says is this thread's configuration.
  [[gnu::target("amx-tile")]] static TileMachine::Configuration configuration() {
    TileMachine::Configuration config;
    asm volatile("sttilecfg %0" : "=m"(config));
    return config;
  }

 private:
  static TileMachine& machine() {
    static thread_local TileMachine of_this_thread{};
    return of_this_thread;
  }

  static void handle(int, siginfo_t*, void* context) {
    auto& state = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    constexpr int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                               REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    std::uint64_t general[16];
    for (int i = 0; i < 16; ++i) general[i] = static_cast<std::uint64_t>(state[order[i]]);
    const auto at = static_cast<std::uint64_t>(state[REG_RIP]);
    const TileMachine::Step step = machine().step(at, general);
    if (step.problem != nullptr) stop(at, step.problem);
    state[REG_RIP] = static_cast<greg_t>(step.next);
  }

  [[noreturn]] static void stop(std::uint64_t at, const char* problem) {
    char text[256];
    int length = std::snprintf(text, sizeof text, "emulated tiles: %s:", problem);
    for (std::uint64_t i = 0; i < 8; ++i)
      length += std::snprintf(text + length, sizeof text - static_cast<std::size_t>(length), " %02X",
                              unsigned{*reinterpret_cast<const std::uint8_t*>(at + i)});
    text[length++] = '\n';
    if (write(STDERR_FILENO, text, static_cast<std::size_t>(length)) < 0) std::abort();
    std::abort();
  }

  bool emulated_;
  struct sigaction previous_ {};
};

}  // namespace support

#else

namespace support {

class Tiles {
 public:
  bool there() const { return false; }
};

}  // namespace support

#endif
