// SPDX-License-Identifier: MIT
// Adam, with moments that are kept from one update to the next.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/scorer.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

/// Gradient ascent with running averages of the gradient and of its square: β = (0.9, 0.999), ε = 1e-8.
///
/// \cite kingma2015 (Adam, Algorithm 1)
class Adam {
 public:
  explicit Adam(std::size_t parameters) : mean_(parameters, 0.0), square_(parameters, 0.0) {}

  /// Moves `parameters` up `gradient`; a plain gradient step (`Optimizer::sgd`) leaves the moments as they are.
  /// \shape both: as many entries as the constructor was told
  void ascend(std::span<double> parameters, std::span<const double> gradient, const AscentStep& step) {
    if (step.optimizer == Optimizer::sgd) {
      for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] += step.rate * gradient[i];
      return;
    }
    ++steps_;
    const double mean_scale = 1.0 - std::pow(beta1, static_cast<double>(steps_));
    const double square_scale = 1.0 - std::pow(beta2, static_cast<double>(steps_));
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      mean_[i] = beta1 * mean_[i] + (1.0 - beta1) * gradient[i];
      square_[i] = beta2 * square_[i] + (1.0 - beta2) * gradient[i] * gradient[i];
      parameters[i] += step.rate * (mean_[i] / mean_scale) / (std::sqrt(square_[i] / square_scale) + epsilon);
    }
  }

  /// Whether `parameters` and the moments are finite, as those that are loaded need to be.
  /// \shape parameters: as for `ascend`
  bool finite(std::span<const double> parameters) const {
    for (std::size_t i = 0; i < parameters.size(); ++i)
      if (!(std::isfinite(parameters[i]) && std::isfinite(mean_[i]) && std::isfinite(square_[i]))) return false;
    return true;
  }

  void save(ArchiveWriter& out) const {
    out.write("adam.steps", steps_);
    out.write("adam.mean", mean_);
    out.write("adam.square", square_);
  }

  /// \throws CheckpointError if a field does not fit `parameters` or has an impossible value
  static Adam load(ArchiveReader& in, std::size_t parameters) {
    Adam adam(parameters);
    adam.steps_ = in.read<Index>("adam.steps");
    adam.mean_ = in.read_all<double>("adam.mean");
    adam.square_ = in.read_all<double>("adam.square");
    if (adam.steps_ < 0 || adam.steps_ > most_steps)
      raise<CheckpointError>("checkpoint: field 'adam.steps' is {}; needs to be in [0, {}]", adam.steps_, most_steps);
    if (adam.mean_.size() != parameters || adam.square_.size() != parameters)
      raise<CheckpointError>("checkpoint: fields 'adam.mean' and 'adam.square' have {} and {} values; expected {}",
                             adam.mean_.size(), adam.square_.size(), parameters);
    for (std::size_t i = 0; i < parameters; ++i)
      if (!std::isfinite(adam.mean_[i]) || !(adam.square_[i] >= 0.0 && std::isfinite(adam.square_[i])))
        raise<CheckpointError>(
            "checkpoint: Adam's moments [{}] are {} and {}; need to be finite, the second not negative", i,
            adam.mean_[i], adam.square_[i]);
    return adam;
  }

 private:
  static constexpr Index most_steps = Index{1} << 53;
  static constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

  Index steps_ = 0;
  std::vector<double> mean_;
  std::vector<double> square_;
};

}  // namespace pickmix::inline v0
