// SPDX-License-Identifier: MIT
// Losses that a trainer reports as it goes, for those that cannot be asked.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

/// The mean loss of each dataset since the last update.
class Reported {
 public:
  explicit Reported(std::size_t datasets) : sum_(datasets, 0.0), count_(datasets, 0) {}

  /// \units loss: nats per response token
  /// \throws ValueError if there is no such dataset, or the loss, or with it the dataset's sum of losses, is not finite
  void add(Index dataset, double loss) {
    check(dataset, loss);
    sum_[static_cast<std::size_t>(dataset)] += loss;
    ++count_[static_cast<std::size_t>(dataset)];
  }

  /// One loss for each example, whatever datasets they are of. Nothing is added if anything is wrong.
  ///
  /// \throws ShapeError if there are not as many losses as examples; ValueError as above
  void add(std::span<const Example> examples, std::span<const float> losses) {
    if (examples.size() != losses.size())
      raise<ShapeError>("MosState::report: {} losses for {} examples; needs one each", losses.size(), examples.size());
    for (std::size_t i = 0; i < losses.size(); ++i) check(examples[i].dataset, static_cast<double>(losses[i]));
    // Floats do not add up to the end of doubles: what is finite one by one is finite together.
    for (std::size_t i = 0; i < losses.size(); ++i) add(examples[i].dataset, static_cast<double>(losses[i]));
  }

  /// NaN for a dataset of which nothing was reported.
  std::vector<double> means() const {
    std::vector<double> out(sum_.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t d = 0; d < out.size(); ++d)
      if (count_[d] > 0) out[d] = sum_[d] / static_cast<double>(count_[d]);
    return out;
  }

  void clear() { *this = Reported(sum_.size()); }
  void add_dataset() {
    sum_.push_back(0.0);
    count_.push_back(0);
  }

  void save(ArchiveWriter& file) const {
    file.write("reported.sum", sum_);
    file.write("reported.count", count_);
  }
  /// \throws CheckpointError if there is not one finite sum and one possible count for each dataset
  static Reported load(ArchiveReader& file, std::size_t datasets) {
    Reported out(datasets);
    out.sum_ = file.read_all<double>("reported.sum");
    out.count_ = file.read_all<Index>("reported.count");
    if (out.sum_.size() != datasets || out.count_.size() != datasets)
      raise<CheckpointError>(
          "checkpoint: fields 'reported.sum' and 'reported.count' have {} and {} values; expected {}", out.sum_.size(),
          out.count_.size(), datasets);
    for (std::size_t d = 0; d < datasets; ++d)
      if (!std::isfinite(out.sum_[d]) || out.count_[d] < 0 || out.count_[d] > most_losses ||
          (out.count_[d] == 0 && out.sum_[d] != 0.0))
        raise<CheckpointError>(
            "checkpoint: fields 'reported.sum' and 'reported.count' [{}] are {} and {}; need to be finite, 0 where "
            "nothing was reported, and in [0, {}]",
            d, out.sum_[d], out.count_[d], most_losses);
    return out;
  }

 private:
  static constexpr Index most_losses = Index{1} << 53;

  void check(Index dataset, double loss) const {
    if (dataset < 0 || dataset >= std::ssize(sum_))
      raise<ValueError>("MosState::report: dataset is {}; there are {}", dataset, sum_.size());
    if (!std::isfinite(loss))
      raise<ValueError>("MosState::report: the loss of dataset {} is {}; needs to be finite", dataset, loss);
    if (const double sum = sum_[static_cast<std::size_t>(dataset)]; !std::isfinite(sum + loss))
      raise<ValueError>(
          "MosState::report: the loss of dataset {} is {}, those before it add up to {}; the sum needs to be finite",
          dataset, loss, sum);
  }

  std::vector<double> sum_;
  std::vector<Index> count_;
};

}  // namespace pickmix::inline v0
