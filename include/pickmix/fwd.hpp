// SPDX-License-Identifier: MIT
// Most public types, declared.
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
class FileError;
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
struct DenseEntries;
struct HalfEntries;
struct SparseEntries;
struct ApproximateNeighborsOptions;
struct NeighborGraph;
class StreamedEntries;
struct Cosine;
struct ShiftedCosine;
struct Dot;
struct Rbf;
enum class Storage;
struct SimilarityOptions;
struct Reference;
class Cells;
struct ClipAtZero;
struct MinMax;
struct RowMinMax;
struct RowWeights;

// submodular
struct Count;
struct Fraction;
struct Cost;
struct Quotas;
enum class StopReason;
struct Selection;
struct SelectionStep;
class SelectionObservers;
struct Representation;
struct NearestEarlier;
struct NaiveGreedy;
struct LazyGreedy;
struct StochasticGreedy;
struct LazierThanLazyGreedy;
struct BruteForce;
struct SieveStreaming;
struct DistributedGreedy;
struct SampledStart;
enum class TargetForm;
struct FacilityLocation;
struct FacilityLocationTerms;
class FacilityLocationObjective;
struct GraphCut;
struct LogDeterminant;
struct FeatureBased;
struct SetCover;
struct ProbabilisticSetCover;
struct Mixture;
struct ConcaveOverModular;
struct SaturatedCoverage;
struct SumRedundancy;
struct DisparitySum;
struct DisparityMin;

// mos
enum class Optimizer;
enum class Draw;
enum class EpochEnd;
struct MosOptions;
struct AscentStep;
struct LearningState;
class Adam;
class LogitScorer;
class MlpScorer;
class FeatureScorer;
struct RunView;
class RewardContext;
struct MixtureView;
struct Drift;
struct PolicyGradient;
struct ExponentiatedGradient;
struct Exp3;
struct Boltzmann;
struct ClosedForm;
class AliasTable;
class RowSubset;
class Positions;
class Reported;
struct Shard;
struct Static;
struct Schedule;
struct Difficulty;
struct Transferability;
struct GradientAlignment;
struct Uncertainty;
struct Odm;
struct DoReMi;
struct SkillIt;
struct Hbo;
struct DynamixSft;
struct Batch;

// delift
namespace delift {
struct InstructionTuning;
struct TaskSpecific;
struct Continual;
struct Composite;
struct Rows;
enum class UtilityStrategy;
struct UtilityOptions;
struct UtilityForm;
class ModelLosses;
struct Options;
}  // namespace delift

// observe
class MixtureHistory;
class PrintProgress;
class StopBelowGain;
class StopAfter;
class TimeLeft;

// io
class NpyMatrix;
enum class NpyFormat;
struct SelectionDetails;

}  // namespace pickmix::inline v0
