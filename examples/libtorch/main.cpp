// SPDX-License-Identifier: MIT
// Fine-tunes a language model on several datasets, and lets pickmix choose what it is trained on.
#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "experiment.hpp"
#include "processor.hpp"
#include "report.hpp"

namespace {

constexpr const char* usage = R"(Usage: finetune --model FILE --data DIR [options]
       finetune --report DIR                         (only the page of an earlier --out)

Fine-tunes a language model on several datasets, once for each method and seed, for the same number of response tokens.

  --model FILE        weights, as prepare.py writes them
  --data DIR          token files, as prepare.py writes them: DIR/train/NAME.safetensors and DIR/test/NAME.safetensors
  --experiment NAME   mix (of whole datasets), controls (mix, with a dataset of noise and one of repeated rows added), pick
                      (rows of a pool), task (for the dataset --target), continual (--known is known), both (pick
                      rows of each dataset anew five times, as many as a mixture says)
  --method NAME       may be given several times; of
                        mix, controls: proportional, temperature 3, temperature 10, uniform, cossim, cossim ema, diff,
                                       diff ema (from uniform shares), diff ema from proportional, odm, doremi
                                       (proportional, uniform, diff ema)
                        pick, task:    all, random, similarity, graph cut, log-determinant, utility
                        task:          also random of target: any rows of --target
                        continual:     all, random, similarity, graph cut   (all, random, similarity)
                        both:          proportional, diff ema: rows that represent their dataset; proportional random,
                                       diff ema random: any rows            (diff ema, diff ema random)
  --part P            of the pool that is picked, 0 to 1; may be given several times (0.1; both: 0.3)
  --seeds N           repetitions (1)             --seed N         the first of them (1)
  --steps N           fix the response tokens (150) --batch N      examples in a batch (16)
  --pool N            rows that are picked from (1000)
  --held-out N        rows of each dataset that the end is measured on (100)
  --question N, --answer N   tokens that are kept of a question and an answer (128, 128)
  --rate R            the highest learning rate (0.0001)
  --target NAME, --known NAME   datasets (math; math, code and tools); --known may be given several times
  --checkpoint N      steps between checkpoints (50)
  --device NAME       cpu or cuda (cpu)           --products NAME  fp32 or bf16 (what the processor is good at)
  --out DIR           runs.csv, points.csv, and index.html, a report; runs that are there are not made again, and one that
                      was killed goes on from its checkpoint (finetune_results)
)";

struct Arguments {
  std::filesystem::path model, data, report, out = "finetune_results";
  std::string experiment = "mix";
  std::vector<std::string> methods;
  std::vector<double> parts;
  int seeds = 1, seed = 1;
  Machine machine;
  Settings settings;
  bool help = false;
};

template <class T>
T number(std::string_view name, std::string_view text, T least, T most) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most))
    throw std::runtime_error(fmt::format("{} is '{}'; needs a number from {} to {}", name, text, least, most));
  return value;
}

Arguments parse(int count, char** values) {
  Arguments a;
  std::string products;
  bool known = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (name == "--help" || name == "-h") {
      a.help = true;
      return a;
    }
    if (i + 1 == count)
      throw std::runtime_error(fmt::format("{} needs a value, or is unknown; --help lists all", name));
    const std::string value = values[++i];
    const auto whole = [&](long most) { return number<long>(name, value, 1, most); };
    if (name == "--model")
      a.model = value;
    else if (name == "--data")
      a.data = value;
    else if (name == "--report")
      a.report = value;
    else if (name == "--out")
      a.out = value;
    else if (name == "--experiment")
      a.experiment = value;
    else if (name == "--method")
      a.methods.push_back(value);
    else if (name == "--part")
      a.parts.push_back(number(name, value, 0.0001, 1.0));
    else if (name == "--seeds")
      a.seeds = static_cast<int>(whole(1000));
    else if (name == "--seed")
      a.seed = static_cast<int>(whole(1'000'000));
    else if (name == "--steps")
      a.settings.steps = whole(10'000'000);
    else if (name == "--batch")
      a.settings.batch = whole(100'000);
    else if (name == "--pool")
      a.settings.pool = whole(1'000'000);
    else if (name == "--held-out")
      a.settings.held_out = static_cast<std::size_t>(whole(1'000'000));
    else if (name == "--question")
      a.settings.form.question = static_cast<std::size_t>(whole(100'000));
    else if (name == "--answer")
      a.settings.form.answer = static_cast<std::size_t>(whole(100'000));
    else if (name == "--rate")
      a.settings.peak_rate = number(name, value, 1e-9, 1.0);
    else if (name == "--target")
      a.settings.target = value;
    else if (name == "--known") {
      if (!known) a.settings.known.clear();
      known = true;
      a.settings.known.push_back(value);
    } else if (name == "--checkpoint")
      a.settings.checkpoint = whole(10'000'000);
    else if (name == "--device")
      a.machine.device = torch::Device(value);
    else if (name == "--products")
      products = value;
    else
      throw std::runtime_error(fmt::format("unknown argument '{}'; --help lists them", name));
  }
  if (a.machine.device.is_cuda()) a.machine.padded = 8192;
  if (!products.empty() && products != "fp32" && products != "bf16")
    throw std::runtime_error(fmt::format("--products is '{}'; needs fp32 or bf16", products));
  a.machine.products = products.empty()     ? fast_products(a.machine.device)
                       : products == "bf16" ? torch::kBFloat16
                                            : torch::kFloat32;
  if (a.report.empty() && (a.model.empty() || a.data.empty()))
    throw std::runtime_error("--model and --data are needed; --help lists all");
  return a;
}

std::vector<Job> jobs(const Arguments& a) {
  const auto& e = a.experiment;
  std::vector<std::string> known, methods = a.methods;
  if (e == "mix" || e == "controls")
    for (const auto& [name, method] : mixtures()) known.push_back(name);
  else if (e == "pick")
    known = {"all", "random", "similarity", "graph cut", "log-determinant", "utility"};
  else if (e == "task")
    known = {"all", "random", "random of target", "similarity", "graph cut", "log-determinant", "utility"};
  else if (e == "continual")
    known = {"all", "random", "similarity", "graph cut"};
  else if (e == "both")
    known = {"proportional", "proportional random", "diff ema", "diff ema random"};
  else
    throw std::runtime_error(fmt::format("--experiment is '{}'; --help lists them", e));
  if (methods.empty()) {
    if (e == "mix" || e == "controls")
      methods = {"proportional", "uniform", "diff ema"};
    else if (e == "both")
      methods = {"diff ema", "diff ema random"};
    else
      methods = {"all", "random", "similarity"};
  }
  std::vector<Job> all;
  for (int seed = a.seed; seed < a.seed + a.seeds; ++seed)
    for (const std::string& method : methods) {
      if (std::ranges::count(known, method) == 0)
        throw std::runtime_error(fmt::format("--method '{}' is none of {}; --help lists them", method, e));
      if (e == "mix" || e == "controls" || method == "all") {
        all.push_back({e, method, 1.0, seed});
        continue;
      }
      const auto parts = a.parts.empty() ? std::vector<double>{e == "both" ? 0.3 : 0.1} : a.parts;
      for (const double part : parts) all.push_back({e, method, part, seed});
    }
  return all;
}

void run(const Arguments& a) {
  const std::vector<Job> wanted = jobs(a);
  const Settings& s = a.settings;
  const Safetensors model = read_safetensors(a.model);
  const Shape shape(model);
  std::vector<Dataset> datasets = read_datasets(a.data, model.text("vocabulary"), shape.vocabulary);
  std::string data;  // results of another model or of other data are results of other settings
  for (const Dataset& dataset : datasets)
    data += fmt::format(" {} {}+{} {:.8}+{:.8}", dataset.name, dataset.train.size(), dataset.test.size(),
                        dataset.train.source(), dataset.test.source());
  ResultsFolder results(a.out,
                        fmt::format("steps {} batch {} pool {} held-out {} question {} answer {} rate {} target {} "
                                    "known {} model {:.8} data{}\n",
                                    s.steps, s.batch, s.pool, s.held_out, s.form.question, s.form.answer, s.peak_rate,
                                    s.target, fmt::join(s.known, " "), model.text("source"), data),
                        fmt::format("{} {}", a.machine.device.is_cuda() ? "cuda" : "cpu",
                                    a.machine.products == torch::kBFloat16 ? "bf16" : "fp32"));
  Experiment experiment(model, std::move(datasets), a.machine, s, results);
  for (const Job& job : wanted) experiment.run(job);
  fmt::print("report: {}\n", report::write(a.out).string());
}

}  // namespace

int main(int count, char** values) {
  try {
    use_the_whole_processor();
    const Arguments arguments = parse(count, values);
    if (arguments.help)
      fmt::print("{}", usage);
    else if (!arguments.report.empty())
      fmt::print("report: {}\n", report::write(arguments.report).string());
    else
      run(arguments);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    const std::string what = error.what();
    fmt::print(stderr, "finetune: {}\n", what.substr(0, what.find("\nException raised")));
    return 2;
  }
}
