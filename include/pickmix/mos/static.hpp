// SPDX-License-Identifier: MIT
// The baselines: a mixture that stays as it is.
#pragma once

namespace pickmix::inline v0 {

/// No rewards and no updates: every batch is drawn from the state's distribution as it is: the prior, unless something was
/// learnt or set. With `MosOptions::prior_temperature` 1, 10 and infinity that is proportional, temperature and uniform
/// sampling.
///
/// \cite wu2024mos (§ 4.1, the baselines)
struct Static {};

}  // namespace pickmix::inline v0
