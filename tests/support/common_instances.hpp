// SPDX-License-Identifier: MIT
// Templates that several tests use and that work long: precompiled with this, their code is made once, and optimised.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/delift/select_by_utility.hpp>
#include <pickmix/delift/stage.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/reference.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/log_determinant.hpp>

namespace common_instances {

inline void select(const pickmix::Callbacks& callbacks, const pickmix::delift::TaskSpecific& task,
                   pickmix::Count count) {
  (void)pickmix::delift::select(pickmix::cpu, pickmix::Index{1}, callbacks, pickmix::delift::InstructionTuning{},
                                count);
  (void)pickmix::delift::select(pickmix::cpu, pickmix::Index{1}, callbacks, task, count);
}

inline void decompose(const pickmix::LogDeterminant& family, const pickmix::Kernel& kernel,
                      const pickmix::Reference& reference) {
  (void)family.mutual_information(kernel, reference);
  (void)family.conditional_gain(kernel, reference);
  (void)family.conditional_mutual_information(kernel, reference, reference, kernel);
}

}  // namespace common_instances
