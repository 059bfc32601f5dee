// SPDX-License-Identifier: MIT
// Every public name, declared.
#pragma once

#include <cstdint>

namespace pickmix::inline v0 {

// core
using Index = std::int64_t;
struct Example;
struct Callbacks;
template <class T>
class MatrixView;
class Error;
class ShapeError;
class ValueError;
class CapacityError;
class CheckpointError;
class BackendError;
class CallbackError;
class RandomStream;
class Permutation;
enum class Flow;
struct Progress;
class Cpu;
class ArchiveWriter;
class ArchiveReader;

// kernel
class Kernel;

// submodular
struct Count;
struct Fraction;
enum class StopReason;
struct Selection;
struct SelectionStep;
struct NaiveGreedy;
struct LazyGreedy;
struct FacilityLocation;
class FacilityLocationObjective;

// mos
struct MosOptions;
class Adam;
class LogitScorer;
class RewardContext;
struct Static;
struct Difficulty;
struct Batch;

// delift
namespace delift {
struct InstructionTuning;
struct Options;
}  // namespace delift

// observe
class PrintProgress;

}  // namespace pickmix::inline v0
