// SPDX-License-Identifier: MIT
// PrintProgress: what it writes, and how often.
#include <pickmix/observe/print_progress.hpp>

#include <support/catch.hpp>

#include <chrono>
#include <sstream>
#include <string>
#include <thread>

namespace observe_print_progress_test {

using namespace pickmix;
using namespace std::chrono_literals;

static_assert(ObserverOf<PrintProgress, Progress> && ObserverOf<PrintProgress, SelectionStep>);

TEST_CASE("Progress is printed in per cent of the task") {
  std::ostringstream out;
  PrintProgress print(out, 0ms);
  print(Progress{"similarity", 0, 3});
  print(Progress{"similarity", 2, 3});
  print(Progress{"similarity", 3, 3});
  CHECK(out.str() == "similarity 0 %\nsimilarity 66 %\nsimilarity 100 %\n");
}

TEST_CASE("What takes long says how long") {
  std::ostringstream out;
  PrintProgress print(out, 0ms);
  print(Progress{"losses", 0, 1'000'000'000});
  std::this_thread::sleep_for(5ms);
  print(Progress{"losses", 1, 1'000'000'000});
  CHECK(out.str().find("losses 0 %\nlosses 0 %, ") == 0);
  CHECK(out.str().find(" h left\n") != std::string::npos);
}

TEST_CASE("A step of a selection is printed with the value so far") {
  std::ostringstream out;
  PrintProgress print(out, 0ms);
  print(SelectionStep{1200, 3000, 7, 0.5, 812.4});
  print(SelectionStep{3000, 3000, 8, 0.25, 1234567.8});
  CHECK(out.str() == "selection 1200/3000, value 812.4\nselection 3000/3000, value 1.23457e+06\n");
}

TEST_CASE("A task of nothing is complete") {
  std::ostringstream out;
  PrintProgress(out, 1h)(Progress{"similarity", 0, 0});
  CHECK(out.str() == "similarity 100 %\n");
}

TEST_CASE("Within the interval only the last line of a task is printed") {
  std::ostringstream out;
  PrintProgress print(out, 1h);
  for (Index done = 1; done <= 5; ++done) print(Progress{"similarity", done, 5});
  for (Index picked = 1; picked <= 3; ++picked) print(SelectionStep{picked, 3, 0, 1.0, 2.0});
  CHECK(out.str() == "similarity 100 %\nselection 3/3, value 2\n");
}

TEST_CASE("A selection that ends before its budget has no last line") {
  std::ostringstream out;
  PrintProgress print(out, 1h);
  for (Index picked = 1; picked <= 2; ++picked) print(SelectionStep{picked, 3, 0, 1.0, 2.0});
  CHECK(out.str().empty());
}

TEST_CASE("The longest interval there is does not overflow") {
  std::ostringstream out;
  PrintProgress(out, std::chrono::milliseconds::max())(Progress{"similarity", 1, 5});
  CHECK(out.str().empty());
}

TEST_CASE("An interval later the next line is printed") {
  std::ostringstream out;
  PrintProgress print(out, 200ms);
  std::this_thread::sleep_for(210ms);
  print(Progress{"similarity", 1, 5});
  CHECK(out.str() == "similarity 20 %\n");
}

}
