// SPDX-License-Identifier: MIT
// The baselines: a mixture that stays as it starts.
#pragma once

namespace pickmix::inline v0 {

/// No rewards and no updates: every batch is drawn from the prior. With `MosOptions::prior_temperature` 1, 10 and
/// infinity it is proportional, temperature and uniform sampling.
///
/// \cite wu2024mos (§ 4.1, the baselines)
struct Static {};

}  // namespace pickmix::inline v0
