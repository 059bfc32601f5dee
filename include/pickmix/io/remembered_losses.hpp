// SPDX-License-Identifier: MIT
// Losses that are kept in a file as they come, so that work on them survives a kill.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/io/file_bytes.hpp>

#if __has_include(<sys/file.h>)
#include <sys/file.h>
#endif

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// Holds `file` for as long as it is open, here or in a child process.
///
/// \return false if it is held already; true as well where files cannot be held
inline bool try_lock([[maybe_unused]] std::FILE* file) {
#if __has_include(<sys/file.h>)
  return ::flock(::fileno(file), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
#else
  return true;
#endif
}

/// What a model has answered, in a file that only grows.
///
/// Layout: magic (8) | version u32 | then one record for each answered call: count u32 | ~count u32 | count times
/// {dataset i64 | row i64 | context i64 | loss f32} | CRC-64 of the record. Little-endian. A record that the file's end cuts
/// off is what a kill leaves: it is dropped. Any other damage is refused.
class LossFile {
 public:
  explicit LossFile(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    const auto what = std::filesystem::status(path_, error).type();
    if (what == std::filesystem::file_type::none) refuse("cannot be looked at: {}", error.message());
    if (what != std::filesystem::file_type::regular && what != std::filesystem::file_type::not_found)
      refuse("is not a regular file");
    out_.reset(std::fopen(path_.string().c_str(), append_only));
    if (!out_) refuse("cannot be opened for writing: {}", system_reason());
    if (!try_lock(out_.get()))
      refuse(
          "is held by another `remembered`, or by a process that such a run began; end it, or give each its own file");
    const std::size_t whole = read();
    std::filesystem::resize_file(path_, whole, error);
    if (error) refuse("cannot be cut back to its whole records: {}", error.message());
    if (whole == 0) {
      std::string beginning{magic};
      put(beginning, version);
      write(beginning);
    }
  }

  /// The answer for `example`, read at the start or appended since.
  std::optional<float> find(const Example& example) const {
    if (const auto loss = at_start(key(example))) return loss;
    const std::lock_guard lock(mutex_);
    const auto at = appended_.find(key(example));
    return at == appended_.end() ? std::nullopt : std::optional(at->second);
  }

  /// Keeps what is finite and not known yet: two callers may have asked for the same at the same time.
  void append(std::span<const Example> examples, std::span<const float> losses) {
    const std::lock_guard lock(mutex_);
    Appended added;
    std::string entries;
    for (std::size_t k = 0; k < examples.size(); ++k) {
      if (!std::isfinite(losses[k]) || at_start(key(examples[k])) || appended_.contains(key(examples[k]))) continue;
      if (!added.emplace(key(examples[k]), losses[k]).second) continue;
      for (Index part : {examples[k].dataset, examples[k].row, examples[k].context})
        put(entries, static_cast<std::uint64_t>(part));
      put(entries, std::bit_cast<std::uint32_t>(losses[k]));
    }
    if (added.empty()) return;
    std::string record;
    const auto count = static_cast<std::uint32_t>(added.size());
    put(record, count);
    put(record, static_cast<std::uint32_t>(~count));
    record += entries;
    put(record, crc64(record));
    write(record);
    appended_.merge(added);
  }

 private:
  using Key = std::tuple<Index, Index, Index>;
  using Appended = std::map<Key, float>;
  static constexpr std::string_view magic{"pickmixL", 8};
  static constexpr std::uint32_t version = 1;
  static constexpr std::size_t header = 12, entry = 28;

  // a: another writer's file is never emptied. e: a program that is started from here does not inherit it, and so does not
  // hold it longer than we do; a child that only forks still does.
#if __has_include(<sys/file.h>)
  static constexpr const char* append_only = "abe";
#else
  static constexpr const char* append_only = "ab";
#endif

  static Key key(const Example& e) { return {e.dataset, e.row, e.context}; }

  std::optional<float> at_start(const Key& wanted) const {
    const auto at = std::lower_bound(known_.begin(), known_.end(), wanted,
                                     [](const auto& have, const Key& key) { return have.first < key; });
    return at != known_.end() && at->first == wanted ? std::optional(at->second) : std::nullopt;
  }

  template <class... Values>
  [[noreturn]] void refuse(MessageText<sizeof...(Values)> reason, const Values&... values) const {
    raise<FileError>("remembered: '{}' {}", path_.string(), message(reason, values...));
  }

  /// After a failure nothing is written any more: a record behind half a record would be damage.
  void write(std::string_view bytes) {
    if (!out_) refuse("could not be written before");
    if (std::fwrite(bytes.data(), 1, bytes.size(), out_.get()) == bytes.size() && std::fflush(out_.get()) == 0) return;
    const std::string reason = system_reason();
    out_.reset();
    refuse("cannot be written: {}", reason);
  }

  /// Takes in all whole records. \return how many bytes they and the header are
  std::size_t read() {
    const FileBytes file = map_file(path_, "remembered");  // for this function only: the file is cut afterwards
    const std::string_view bytes = file.view();
    if (bytes.size() < header) {
      if (!magic.starts_with(bytes.substr(0, magic.size()))) refuse("is not a file of losses");
      return 0;  // killed before the first record
    }
    if (!bytes.starts_with(magic)) refuse("is not a file of losses");
    if (const auto found = get<std::uint32_t>(bytes.substr(magic.size())); found != version)
      refuse("is of version {}; this library reads version {}", found, version);
    known_.reserve((bytes.size() - header) / entry);
    std::size_t at = header;
    while (bytes.size() - at >= 8) {
      const auto count = get<std::uint32_t>(bytes.substr(at));
      const std::size_t length = 8 + std::size_t{count} * entry + 8;
      if (get<std::uint32_t>(bytes.substr(at + 4)) != static_cast<std::uint32_t>(~count)) refuse_damage(at);
      if (length > bytes.size() - at) break;
      const std::string_view record = bytes.substr(at, length - 8);
      if (get<std::uint64_t>(bytes.substr(at + length - 8)) != crc64(record)) refuse_damage(at);
      for (std::size_t e = 8; e < record.size(); e += entry) {
        const auto part = [&](std::size_t p) {
          return static_cast<Index>(get<std::uint64_t>(record.substr(e + 8 * p)));
        };
        const auto loss = std::bit_cast<float>(get<std::uint32_t>(record.substr(e + 24)));
        if (!std::isfinite(loss)) refuse_damage(at);  // `append` keeps none
        known_.emplace_back(Key{part(0), part(1), part(2)}, loss);
      }
      at += length;
    }
    std::stable_sort(known_.begin(), known_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return at;
  }

  [[noreturn]] void refuse_damage(std::size_t at) const {
    refuse("is damaged at byte {}; delete it, or cut it to {} bytes to keep the losses before that", at, at);
  }

  std::filesystem::path path_;
  std::vector<std::pair<Key, float>> known_;  // those that were there at the start, in order
  Appended appended_;                         // those since
  File out_;
  mutable std::mutex mutex_;  // of appended_ and out_
};

}  // namespace detail

/// The same callbacks, whose losses are kept in a file: what was asked for before, in this run or another, is answered from
/// it, everything else is asked of the trainer and appended. A run that was killed, and is begun again with the same file,
/// so goes on where it was; a larger one on the same examples pays only for what is new.
///
///     const Callbacks kept = remembered(callbacks, "losses.bin");
///     const Selection s = delift::select(n, kept, delift::InstructionTuning{}, Fraction{0.1});
///
/// For a model that stays as it is: losses of another model or other examples must have another file. Losses that are not
/// finite are not kept. The file is open as long as a copy of the callbacks lives; a second `remembered` on it, here or in
/// another process, is refused until then (where the system has flock), and while a process lives that was forked meanwhile
/// and runs no other program. Threads that ask for the same example at the same time may both ask the trainer; the file takes
/// one answer.
///
/// \complexity 28 bytes a loss and 16 a call in the file; in memory 32 bytes for a loss that was in the file at the start (48
///             while the file is opened; 104 where files cannot be mapped), and about 80 for one that is new
/// \throws     FileError if the file cannot be read or written, is damaged, is in use, or is something else; a record that was
///             cut off at the end is dropped. ValueError if there is no loss callback
inline Callbacks remembered(Callbacks callbacks, const std::filesystem::path& path) {
  if (!callbacks.loss) raise<ValueError>("remembered: Callbacks::loss is empty; there is nothing to keep");
  const auto file = std::make_shared<detail::LossFile>(path);
  callbacks.loss = [file, ask = std::move(callbacks.loss)](std::span<const Example> examples, std::span<float> losses) {
    std::vector<Example> unknown;
    std::vector<std::size_t> place;
    for (std::size_t k = 0; k < examples.size(); ++k) {
      if (const auto loss = file->find(examples[k])) {
        losses[k] = *loss;
      } else {
        unknown.push_back(examples[k]);
        place.push_back(k);
      }
    }
    if (unknown.empty()) return;
    std::vector<float> answers(unknown.size(), std::nanf(""));
    ask(unknown, answers);
    for (std::size_t k = 0; k < unknown.size(); ++k) losses[place[k]] = answers[k];
    file->append(unknown, answers);
  };
  return callbacks;
}

}  // namespace pickmix::inline v0
