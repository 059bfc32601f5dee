// SPDX-License-Identifier: MIT
// Losses kept in a file: nothing is asked for twice, a kill loses nothing that was finished, damage is refused.
#include <pickmix/io/remembered_losses.hpp>

#include <pickmix/delift/select_by_utility.hpp>
#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/scratch_directory.hpp>
#include <support/thrown.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#if __has_include(<sys/resource.h>)
#include <signal.h>
#include <sys/resource.h>
#endif

namespace io_remembered_losses_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<Example> some(Index count, Index context = no_context) {
  std::vector<Example> examples;
  for (Index row = 0; row < count; ++row) examples.push_back({.dataset = 1, .row = row, .context = context});
  return examples;
}

std::vector<float> ask(const Callbacks& callbacks, const std::vector<Example>& examples) {
  std::vector<float> losses(examples.size());
  callbacks.loss(examples, losses);
  return losses;
}

}  // namespace

TEST_CASE("Losses that were asked for are answered from the file, to the bit, also in another run") {
  const support::ScratchDirectory scratch;
  FailingTrainer trainer;
  const auto direct = ask(trainer.callbacks(), some(9, 4));
  {
    const Callbacks kept = remembered(trainer.callbacks(), scratch / "losses.bin");
    CHECK(ask(kept, some(9, 4)) == direct);
    CHECK(trainer.calls == 2);
  }
  const Callbacks again = remembered(trainer.callbacks(), scratch / "losses.bin");
  CHECK(ask(again, some(9, 4)) == direct);
  CHECK(trainer.calls == 2);
  CHECK(ask(again, some(9)) == ask(trainer.callbacks(), some(9)));  // another context is another loss
  CHECK(trainer.calls == 4);
}

TEST_CASE("Only what is new is asked of the trainer, and the other callbacks stay") {
  const support::ScratchDirectory scratch;
  std::vector<Index> asked;
  Callbacks callbacks = loss_callback([&](const Example& e) { return asked.push_back(e.row), 0.5 * double(e.row); });
  callbacks.embedding_size = 7;
  callbacks.concurrent = true;
  ask(remembered(callbacks, scratch / "losses.bin"), {{.row = 3}, {.row = 5}});
  const Callbacks again = remembered(callbacks, scratch / "losses.bin");
  CHECK(again.embedding_size == 7);
  CHECK(again.concurrent);
  CHECK(ask(again, {{.row = 2}, {.row = 3}, {.row = 4}, {.row = 5}}) == std::vector<float>{1.0f, 1.5f, 2.0f, 2.5f});
  CHECK(asked == std::vector<Index>{3, 5, 2, 4});
}

TEST_CASE("What was asked for in the same run is not asked for again, and the file does not grow") {
  const support::ScratchDirectory scratch;
  FailingTrainer trainer;
  const Callbacks kept = remembered(trainer.callbacks(), scratch / "losses.bin");
  const auto first = ask(kept, some(4));
  const std::string before = support::bytes_of(scratch / "losses.bin");
  CHECK(ask(kept, some(4)) == first);
  CHECK(trainer.calls == 1);
  CHECK(support::bytes_of(scratch / "losses.bin") == before);
  CHECK(ask(kept, some(6))[5] == ask(trainer.callbacks(), some(6))[5]);
  CHECK(support::bytes_of(scratch / "losses.bin").size() == before.size() + 16 + 2 * 28);
}

TEST_CASE("An example that is asked for twice at the same time is in the file once") {
  const support::ScratchDirectory scratch;
  Callbacks nested;
  FailingTrainer trainer;
  int depth = 0;
  nested.loss = [&](std::span<const Example> examples, std::span<float> losses) {
    if (++depth == 1) ask(nested, some(2));  // as another thread would, while this one waits
    trainer.callbacks().loss(examples, losses);
  };
  nested = remembered(nested, scratch / "losses.bin");
  ask(nested, some(3));
  CHECK(trainer.calls == 2);
  CHECK(support::bytes_of(scratch / "losses.bin").size() == 12 + (16 + 2 * 28) + (16 + 28));
  const std::vector<Example> twice{{.row = 7}, {.row = 7}};
  CHECK(ask(nested, twice)[0] == ask(nested, twice)[1]);
  CHECK(support::bytes_of(scratch / "losses.bin").size() == 12 + (16 + 2 * 28) + 2 * (16 + 28));
}

TEST_CASE("A larger selection on the same examples in the same run asks nothing") {
  const support::ScratchDirectory scratch;
  FailingTrainer trainer;
  const Callbacks kept = remembered(trainer.callbacks(), scratch / "losses.bin");
  const Selection small = delift::select(20, kept, delift::InstructionTuning{}, Fraction{0.1});
  const int calls = trainer.calls;
  const Selection large = delift::select(20, kept, delift::InstructionTuning{}, Fraction{0.3});
  CHECK(trainer.calls == calls);
  CHECK((small.indices.size() == 2 && large.indices.size() == 6));
}

TEST_CASE("A file cut anywhere keeps its whole records, and is whole again after the next run") {
  const support::ScratchDirectory scratch;
  FailingTrainer trainer;
  std::string whole;
  {
    const Callbacks kept = remembered(trainer.callbacks(), scratch / "losses.bin");
    for (Index context = 0; context < 3; ++context) ask(kept, some(2, context));
    whole = support::bytes_of(scratch / "losses.bin");
  }
  REQUIRE(whole.size() == 12 + 3 * (16 + 2 * 28));
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const auto path = scratch.file("cut.bin", whole.substr(0, length));
    trainer.calls = 0;
    {
      const Callbacks kept = remembered(trainer.callbacks(), path);
      for (Index context = 0; context < 3; ++context) ask(kept, some(2, context));
    }
    CHECK(trainer.calls == 3 - static_cast<int>(length < 12 ? 0 : (length - 12) / 72));
    CHECK(support::bytes_of(path) == whole);
  }
}

TEST_CASE("Every damaged byte of a whole file is noticed") {
  const support::ScratchDirectory scratch;
  FailingTrainer trainer;
  ask(remembered(trainer.callbacks(), scratch / "losses.bin"), some(3, 0));
  ask(remembered(trainer.callbacks(), scratch / "losses.bin"), some(3, 1));
  const std::string whole = support::bytes_of(scratch / "losses.bin");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const auto path = scratch.file("damaged.bin", damaged);
    CHECK_THROWS_AS(remembered(trainer.callbacks(), path), FileError);
    CHECK(support::bytes_of(path) == damaged);  // and it is left alone
  }
  const auto path = scratch.file("damaged.bin", whole.substr(0, 30) + "?" + whole.substr(31));
  CHECK_THAT(thrown<FileError>([&] { remembered(trainer.callbacks(), path); }),
             ContainsSubstring("damaged.bin' is damaged at byte 12") && ContainsSubstring("cut it to 12 bytes"));
}

TEST_CASE("A loss that is no number is damage, whatever its checksum") {
  const support::ScratchDirectory scratch;
  FailingTrainer trainer;
  ask(remembered(trainer.callbacks(), scratch / "losses.bin"), some(3));
  const std::string whole = support::bytes_of(scratch / "losses.bin");
  for (float loss : {std::nanf(""), std::numeric_limits<float>::infinity(), 1.0f}) {
    std::string record;
    for (std::uint32_t count : {1u, ~1u}) detail::put(record, count);
    for (std::uint64_t part : {1u, 2u, 3u}) detail::put(record, part);
    detail::put(record, std::bit_cast<std::uint32_t>(loss));
    detail::put(record, crc64(record));
    const auto path = scratch.file("other.bin", whole + record);
    if (std::isfinite(loss))
      CHECK_NOTHROW(remembered(trainer.callbacks(), path));
    else
      CHECK_THAT(thrown<FileError>([&] { remembered(trainer.callbacks(), path); }),
                 ContainsSubstring("damaged at byte " + std::to_string(whole.size())));
    CHECK(support::bytes_of(path) == whole + record);
  }
}

TEST_CASE("A callback that throws, or gives no number, leaves the file as it was") {
  const support::ScratchDirectory scratch;
  FailingTrainer trainer{.fail_at = 2};
  const Callbacks kept = remembered(trainer.callbacks(), scratch / "losses.bin");
  ask(kept, some(4, 0));
  const std::string before = support::bytes_of(scratch / "losses.bin");
  CHECK_THROWS_AS(ask(kept, some(4, 1)), std::runtime_error);
  CHECK(support::bytes_of(scratch / "losses.bin") == before);

  trainer.loss = [](const Example&) { return std::numeric_limits<double>::quiet_NaN(); };
  CHECK(std::isnan(ask(kept, some(4, 2))[0]));
  const Callbacks silent =
      remembered({.loss = [](std::span<const Example>, std::span<float>) {}}, scratch / "none.bin");
  CHECK(std::isnan(ask(silent, some(1, 0))[0]));
  CHECK(support::bytes_of(scratch / "losses.bin") == before);
}

TEST_CASE("Of a call with one answer that is no number the others are kept") {
  const support::ScratchDirectory scratch;
  Index asked = 0;
  const auto callbacks = loss_callback([&](const Example& e) {
    ++asked;
    return e.row == 2 ? std::numeric_limits<double>::infinity() : double(e.row);
  });
  ask(remembered(callbacks, scratch / "losses.bin"), some(4));
  CHECK(asked == 4);
  CHECK(ask(remembered(callbacks, scratch / "losses.bin"), some(4))[3] == 3.0f);
  CHECK(asked == 5);
}

#if __has_include(<sys/file.h>)
TEST_CASE("A file that is being written is refused, and stays whole") {
  const support::ScratchDirectory scratch;
  FailingTrainer trainer;
  {
    const Callbacks one = remembered(trainer.callbacks(), scratch / "losses.bin");
    CHECK_THAT(thrown<FileError>([&] { remembered(trainer.callbacks(), scratch / "losses.bin"); }),
               ContainsSubstring("losses.bin' is held by another `remembered`, or by a process that such a run began"));
    ask(one, some(3));
    CHECK_THROWS_AS(remembered(trainer.callbacks(), scratch / "losses.bin"), FileError);
  }
  trainer.calls = 0;
  ask(remembered(trainer.callbacks(), scratch / "losses.bin"), some(3));
  CHECK(trainer.calls == 0);
}

TEST_CASE("A program that a run started and that outlives it does not hold the file") {
  const support::ScratchDirectory scratch;
  FailingTrainer trainer;
  {
    const Callbacks kept = remembered(trainer.callbacks(), scratch / "losses.bin");
    ask(kept, some(3));
    REQUIRE(std::system("sleep 2 >/dev/null 2>&1 &") == 0);
  }
  trainer.calls = 0;
  ask(remembered(trainer.callbacks(), scratch / "losses.bin"), some(3));
  CHECK(trainer.calls == 0);
}
#endif

TEST_CASE("Several threads may ask at the same time") {
  const support::ScratchDirectory scratch;
  {
    const Callbacks kept = remembered(loss_callback(plain_loss), scratch / "losses.bin");
    std::vector<std::jthread> threads;
    for (Index t = 0; t < 3; ++t)
      threads.emplace_back([&, t] {
        for (Index context = 0; context < 20; ++context) ask(kept, some(5, 3 * context + t));
      });
  }
  FailingTrainer never{.fail_at = 1};
  const Callbacks kept = remembered(never.callbacks(), scratch / "losses.bin");
  for (Index context = 0; context < 60; ++context) ask(kept, some(5, context));
  CHECK(never.calls == 0);
}

TEST_CASE("What cannot be a file of losses is refused") {
  const support::ScratchDirectory scratch;
  const Callbacks callbacks = loss_callback(plain_loss);
  CHECK_THAT(thrown<ValueError>([&] { remembered({}, scratch / "losses.bin"); }),
             ContainsSubstring("Callbacks::loss is empty"));
  CHECK(scratch.names().empty());
  for (const char* other : {"{\"rank\": 0}", "x"})
    CHECK_THAT(thrown<FileError>([&] { remembered(callbacks, scratch.file("other", other)); }),
               ContainsSubstring("other' is not a file of losses"));
  CHECK_THROWS_AS(remembered(callbacks, scratch / "no folder" / "losses.bin"), FileError);
  CHECK_THROWS_AS(remembered(callbacks, scratch.path()), FileError);
  CHECK_THROWS_AS(remembered(callbacks, scratch / std::string(5000, 'x')), FileError);  // no file can have this name
}

#if __has_include(<sys/mman.h>) && __has_include(<sys/resource.h>)
TEST_CASE("A large file of something else is refused without being read") {
  const auto most_memory = [] {
    ::rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const support::ScratchDirectory scratch;
  const auto path = scratch.file("other", "something else");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 28);  // zeros that take no room on the disk
  const auto before = most_memory();
  CHECK_THAT(thrown<FileError>([&] { remembered(loss_callback(plain_loss), path); }),
             ContainsSubstring("other' is not a file of losses"));
  CHECK(most_memory() < 2 * before);
}
#endif

#if __has_include(<sys/resource.h>)
TEST_CASE("A full disk is an error, and what is in the file then stays good") {
  const support::ScratchDirectory scratch;
  FailingTrainer trainer;
  ::signal(SIGXFSZ, SIG_IGN);
  ::rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  {
    const Callbacks kept = remembered(trainer.callbacks(), scratch / "losses.bin");
    ask(kept, some(2, 0));
    const ::rlimit room{.rlim_cur = 12 + 72 + 30, .rlim_max = before.rlim_max};  // the second record does not fit
    ::setrlimit(RLIMIT_FSIZE, &room);
    const std::string first = thrown<FileError>([&] { ask(kept, some(2, 1)); });
    ::setrlimit(RLIMIT_FSIZE, &before);
    CHECK_THAT(first, ContainsSubstring("losses.bin' cannot be written"));
    CHECK_THAT(thrown<FileError>([&] { ask(kept, some(2, 2)); }), ContainsSubstring("could not be written before"));
  }
  trainer.calls = 0;
  const Callbacks again = remembered(trainer.callbacks(), scratch / "losses.bin");
  ask(again, some(2, 0));
  CHECK(trainer.calls == 0);
  ask(again, some(2, 1));
  CHECK(trainer.calls == 1);
}
#endif

}
