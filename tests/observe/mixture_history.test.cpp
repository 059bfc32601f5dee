// SPDX-License-Identifier: MIT
// Tests of observe/mixture_history.hpp.
#include <pickmix/observe/mixture_history.hpp>

#include <pickmix/mos/sampler.hpp>
#include <support/catch.hpp>

#include <algorithm>
#include <cmath>
#include <ios>
#include <limits>
#include <ostream>
#include <sstream>
#include <streambuf>
#include <string>
#include <vector>

namespace observe_mixture_history_test {

using namespace pickmix;
using Doubles = std::vector<double>;

namespace {

/// Takes `room` bytes, and more when there is more room.
struct Disk : std::streambuf {
  std::string taken;
  std::streamsize room = std::numeric_limits<std::streamsize>::max();

  std::streamsize xsputn(const char* bytes, std::streamsize n) override {
    const std::streamsize fit = std::min(n, room);
    taken.append(bytes, static_cast<std::size_t>(fit));
    room -= fit;
    return fit;
  }
  int_type overflow(int_type c) override {
    const char byte = traits_type::to_char_type(c);
    return xsputn(&byte, 1) == 1 ? c : traits_type::eof();
  }
};

}  // namespace

TEST_CASE("Entropy is largest where all are equal, and nothing where one has all") {
  CHECK(entropy(Doubles{0.25, 0.25, 0.25, 0.25}) == Approx(std::log(4.0)));
  CHECK(entropy(Doubles{1.0, 0.0}) == 0.0);
}

TEST_CASE("Realised shares are of examples, or of tokens") {
  MosState state({.sizes = {5, 5}, .batch_size = 4});
  CHECK(realised_shares(state).empty());
  (void)state.draw();
  const bool first = state.drawn(0) == 4;
  CHECK(realised_shares(state) == (first ? Doubles{1.0, 0.0} : Doubles{0.0, 1.0}));
  MosState tokens({.sizes = {50, 50}, .batch_size = 8, .draw = Draw::example, .tokens = {1.0, 3.0}});
  (void)tokens.draw();
  const double a = static_cast<double>(tokens.drawn(0)), b = 3.0 * static_cast<double>(tokens.drawn(1));
  CHECK(realised_shares(tokens)[1] == Approx(b / (a + b)));
}

TEST_CASE("A line is written at first and after each update, with numbers that read back") {
  MosState state({.sizes = {8, 8}, .batch_size = 4});
  std::ostringstream out;
  MixtureHistory history(out);
  history(state);
  (void)state.draw();
  history(state);
  state.learn(Doubles{0.5, 1.5});
  history(state);
  history(state);
  std::istringstream lines(out.str());
  std::string first, second, none;
  std::getline(lines, first);
  std::getline(lines, second);
  CHECK(first == R"({"step":0,"updates":0,"probabilities":[0.5,0.5],"entropy":)" + fmt::format("{}", std::log(2.0)) +
                     R"(,"rewards":[],"drawn":[0,0],"realised":[]})");
  CHECK(second.find(R"("step":1,"updates":1,)") != std::string::npos);
  CHECK(second.find(R"("rewards":[0.5,1.5])") != std::string::npos);
  CHECK_FALSE(std::getline(lines, none));
}

TEST_CASE("What the stream did not take whole is written again, on a line of its own") {
  MosState state({.sizes = {8, 8}, .batch_size = 4});
  std::ostringstream whole;
  MixtureHistory{whole}(state);
  for (bool throws : {false, true})
    for (std::streamsize room : {std::streamsize{0}, std::streamsize{10}, std::ssize(whole.str()) - 1}) {
      CAPTURE(throws, room);
      Disk disk;
      disk.room = room;
      std::ostream out(&disk);
      if (throws) out.exceptions(std::ios_base::badbit);
      MixtureHistory history(out);
      if (throws)
        CHECK_THROWS_AS(history(state), std::ios_base::failure);
      else
        history(state);
      CHECK(out.bad());
      disk.room = std::numeric_limits<std::streamsize>::max();
      out.clear();
      history(state);
      history(state);
      const std::string line = whole.str();
      CHECK(disk.taken == line.substr(0, static_cast<std::size_t>(room)) + "\n" + line);
      (void)state.draw();
      state.learn(Doubles{0.5, 1.5});
      history(state);
      CHECK(disk.taken.find(line + "{\"step\":") != std::string::npos);
      state = MosState({.sizes = {8, 8}, .batch_size = 4});
    }
}

TEST_CASE("The table has a line for each dataset") {
  MosState state({.sizes = {8, 4}, .batch_size = 4, .prior_temperature = 1.0});
  const std::vector<std::string> names{"math", "code"};
  CHECK(mixture_table(state, names) ==
        "         dataset   requested   realised   passes\n"
        "            math      0.6667     0.0000     0.00\n"
        "            code      0.3333     0.0000     0.00\n");
  CHECK(mixture_table(state).find("               1      0.3333") != std::string::npos);
  CHECK_THROWS_AS(mixture_table(state, std::vector<std::string>{"math"}), ShapeError);
}

}
