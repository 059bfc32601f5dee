// SPDX-License-Identifier: MIT
// Tests of observe/mixture_history.hpp.
#include <pickmix/observe/mixture_history.hpp>

#include <pickmix/mos/sampler.hpp>
#include <support/catch.hpp>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

using namespace pickmix;
using Doubles = std::vector<double>;

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
