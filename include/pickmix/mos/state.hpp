// SPDX-License-Identifier: MIT
// Everything a mixture has learnt, and where it is.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/apply_update.hpp>
#include <pickmix/mos/batch.hpp>
#include <pickmix/mos/draw_table.hpp>
#include <pickmix/mos/epoch.hpp>
#include <pickmix/mos/learning_state.hpp>
#include <pickmix/mos/logit_scorer.hpp>
#include <pickmix/mos/mixture.hpp>
#include <pickmix/mos/options.hpp>
#include <pickmix/mos/options_file.hpp>
#include <pickmix/mos/prior.hpp>
#include <pickmix/mos/reward.hpp>
#include <pickmix/mos/row_subset.hpp>
#include <pickmix/mos/run.hpp>
#include <pickmix/mos/scorer.hpp>
#include <pickmix/mos/shares.hpp>
#include <pickmix/mos/update.hpp>

#include <cstddef>
#include <istream>
#include <optional>
#include <ostream>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// A mixture of datasets in the course of a run: the distribution over datasets and its scorer, how far each dataset
/// has been read, what the rewards remember. It outlives the samplers of the single epochs, and is saved whole.
///
/// What is drawn is a function of the seed, the step and this state: two states that are equal go on equally, on every rank
/// and at every later time (on the same kind of processor, see docs/determinism.md). A call that throws leaves the
/// state as it was. Copies are independent. One state is for one thread at a time.
template <Scorer S = LogitScorer>
class MosState {
 public:
  /// \throws ShapeError, ValueError if an option is out of its range (names it)
  explicit MosState(const MosOptions& options)
      : MosState(options, (validate(options), S(log_prior(options.sizes, options.prior_temperature)))) {
    refresh();
  }

  const MosOptions& options() const { return options_; }

  /// The distribution over datasets: shares of examples, or of tokens where `MosOptions::tokens` is given. Sums to 1.
  const std::vector<double>& probabilities() const { return table_.probabilities(); }
  /// The shares of examples by which the next is drawn: 0 of datasets that have no rows left, whatever their probability.
  const std::vector<double>& shares() const { return table_.shares(); }

  /// Batches drawn so far.
  Index step() const { return run_.step; }

  /// Updates of the distribution so far, and the rewards of the last one: empty before the first, valid until the state is
  /// next changed.
  Index updates() const { return run_.updates; }
  std::span<const double> rewards() const { return run_.rewards; }

  /// True if the distribution should be updated before the next batch is drawn: every `update_interval` steps.
  bool update_due() const {
    return run_.step > 0 && run_.step % options_.update_interval == 0 && run_.updated_at != run_.step;
  }

  /// Rows drawn from each dataset so far, or from one; divided by its size, the passes over it if it was never restricted. The
  /// span is valid until the state is next changed. \throws ValueError if there is no such dataset
  std::span<const Index> drawn() const { return run_.positions.drawn(); }
  Index drawn(Index dataset) const { return run_.positions.drawn()[checked(dataset)]; }

  /// Whether `dataset` is out of the mixture. \throws ValueError if there is no such dataset
  bool retired(Index dataset) const { return run_.masked[checked(dataset)]; }

  /// Whether every dataset in the mixture with rows and a share above 0 has been read `most_passes` times: nothing is left.
  bool exhausted() const { return table_.empty(); }
  /// Whether batches of an epoch were drawn that is not over: the next sampler goes on with it, and begins one otherwise.
  bool epoch_under_way() const { return epoch().begin < run_.step; }

  /// For samplers: the epoch under way, or the one that begins now; whether one is over; one begins; ends if none began since.
  detail::Epoch epoch() const { return detail::epoch_after(run_.epoch, epoch_run()); }
  bool over(const detail::Epoch& epoch) const { return detail::over(epoch, epoch_run()); }
  void epoch(detail::Epoch epoch) { run_.epoch = std::move(epoch); }
  void end(const detail::Epoch& epoch) {
    if (run_.epoch == epoch) run_.epoch.reset();
  }

  /// The distribution without what was learnt: the prior over datasets that are not retired; 0 for retired ones alone.
  std::vector<double> prior() const {
    return detail::positive_softmax(log_prior(options_.sizes, options_.prior_temperature), run_.masked);
  }

  /// What the reward policies remember. \throws ValueError as `RewardContext::remember`
  const RewardMemory& memory() const { return run_.memory; }
  void memory(RewardMemory memory) {
    for (const auto& [name, values] : memory) detail::check_memory(name, values);
    run_.memory = std::move(memory);
  }

  /// Draws the next batch: datasets from the distribution, of each its next rows.
  ///
  /// \throws ValueError if there is nothing more to draw
  /// \complexity a few ns to choose a dataset, however many there are; about 50 ns a row. Memory is asked for only if
  ///             `batch` has not room enough
  void draw(Batch& batch) {
    if (exhausted())
      raise<ValueError>("MosState::draw: no dataset has rows, a share above 0, and fewer than most_passes = {} passes",
                        options_.most_passes);
    table_.draw(options_, run_.step, run_.positions, batch);
    ++run_.step;
  }
  Batch draw() {
    Batch batch;
    draw(batch);
    return batch;
  }

  /// Tells of a loss seen in training, for policies that live on that. On several ranks: the same calls on all of them.
  /// \throws ValueError, ShapeError as `Reported::add`
  void report(Index dataset, double loss) { run_.reported.add(dataset, loss); }
  void report(std::span<const Example> examples, std::span<const float> losses) { run_.reported.add(examples, losses); }
  /// Mean loss of each dataset reported since the last update; NaN where there is none.
  std::vector<double> reported() const { return run_.reported.means(); }

  /// Updates the distribution with one reward per dataset, larger for what should be sampled more. That of a retired
  /// dataset is not looked at.
  ///
  /// \param update  the rule; left out, `MosOptions::update`
  /// \throws ShapeError if there are not as many rewards as datasets; ValueError if one is not in [0, largest_reward], if a
  ///         parameter of the rule is out of its range (names it), if the rule needs a scorer whose logits can be set and
  ///         this is none, or if the learning rate is so large that a number of the scorer (names it) is no longer finite
  void learn(std::span<const double> rewards, const std::optional<Update>& update = {}) {
    std::vector<double> next_rewards = detail::checked_rewards(rewards, run_.masked);
    MosState next(*this);
    if constexpr (requires(const LearningState& seen) { next.scorer_.see(seen); }) {
      const std::vector<double> losses = reported();
      next.scorer_.see({options_.sizes, run_.positions.drawn(), probabilities(), run_.rewards, losses, run_.step});
    }
    const Update& how = update ? *update : options_.update;
    next.run_.learn_by(name(how));
    detail::apply_update(next.scorer_, how, next_rewards, {options_, run_.masked, run_.updates, table_.shares()},
                         next.run_.update_memory);
    next.run_.learnt(std::move(next_rewards));
    next.refresh();
    *this = std::move(next);
  }

  /// Sets the distribution, before the floor of `least_probability`. What scorer and rule have learnt is gone; later updates
  /// start there, but for rules that do not look at the present distribution: Exp3, Boltzmann, and ClosedForm with rate 1
  /// (hence Odm, DynamixSft, SkillIt and Schedule). With these the shares last until the next update.
  ///
  /// \shape shares: one for each dataset; those of retired ones, which keep their proportion, are not looked at
  /// \throws ShapeError, ValueError if they are no shares
  void set_probabilities(std::span<const double> shares) {
    MosState next(*this);
    next.scorer_ = S(detail::logits_beside({shares.begin(), shares.end()}, scorer_.logits(), run_.masked,
                                           "MosState::set_probabilities"));
    next.run_.update_memory.clear();
    next.refresh();
    *this = std::move(next);
  }

  /// Takes a dataset out of the mixture: its probability is exactly 0, and it takes no part in updates. The others share
  /// what it had. Where it was read to is kept. Rules that set the distribution keep its proportion to the others together;
  /// those that give a gradient leave its logit (see `ascend_update`).
  ///
  /// \throws ValueError if there is no such dataset, or it is the last one in the mixture, or the last that has any rows,
  ///         read or not
  void retire(Index dataset) { mask(dataset, true); }
  /// Takes it in again, with the probability that what was learnt gives it.
  void restore(Index dataset) { mask(dataset, false); }

  /// Draws only these rows of a dataset from here on. Passes begin anew, in an order of their own: `most_passes` and epochs
  /// by passes count passes over these rows, a pass that this breaks off is not completed; an epoch of steps under way keeps
  /// its length. Rewards are measured on these rows (but see `Difficulty`; a function of the dataset chooses by itself). The
  /// prior and what was learnt stay. Give every rank the same rows. In a callback: rewards under way are of the rows before.
  ///
  /// Without any rows, nothing of the dataset is drawn until it is given others; the rest share what it would have had. It is
  /// not retired: it keeps its probability, which goes on learning, from rewards measured on all its rows (Exp3 gives it no
  /// gain while it cannot be drawn).
  ///
  /// \param rows  in any order; or, for all datasets at once, the rows of each. Where a dataset is retired they wait
  /// \complexity O(rows · log rows), and 8 bytes a row, also in checkpoints
  /// \throws ShapeError if there are not rows for each dataset; ValueError if there is no such dataset, a row is out of range
  ///         or there twice, or no dataset in the mixture has any. The state is then as it was
  void restrict_rows(Index dataset, std::span<const Index> rows) {
    const std::size_t d = checked(dataset);
    restrict_to({{d, RowSubset(rows, dataset, options_.sizes[d])}});
  }
  void restrict_rows(std::span<const std::vector<Index>> rows) {
    if (rows.size() != options_.sizes.size())
      raise<ShapeError>("MosState::restrict_rows: rows of {} datasets, and there are {}; needs them of each",
                        rows.size(), options_.sizes.size());
    std::vector<std::pair<std::size_t, RowSubset>> of_all;
    for (std::size_t d = 0; d < rows.size(); ++d)
      of_all.emplace_back(d, RowSubset(rows[d], static_cast<Index>(d), options_.sizes[d]));
    restrict_to(of_all);
  }
  /// Draws all rows of a dataset again; passes over it begin anew. \throws ValueError if there is no such dataset
  void lift_restriction(Index dataset) { restrict_to({{checked(dataset), RowSubset()}}); }
  /// The rows of `dataset` that are drawn. \throws ValueError if there is no such dataset
  RowSubset rows(Index dataset) const { return run_.positions.rows(checked(dataset)); }
  /// Of all datasets; no entries if none was ever restricted. Valid until the state is next changed.
  std::span<const RowSubset> rows() const { return run_.positions.rows(); }

  /// Adds a dataset of `size` rows behind the others, with a share of the distribution; the others keep their proportions
  /// and their places. The scorer starts anew from there; what policies and the rule remember of the others is kept, and the
  /// rule remembers of this one what it starts with: Exp3 and Boltzmann, and ClosedForm with rate 1, give it at the next
  /// update a share of their own, wherever it began.
  ///
  /// \param tokens  mean tokens of an example; needed where `MosOptions::tokens` is given, and only there
  /// \throws ValueError if share is not in (0, 1), size or tokens are out of range, or `least_probability` is above one in the
  ///         datasets there would be, retired ones too; ShapeError if tokens are given and the others have none
  void add_dataset(Index size, double share, double tokens = 0.0) {
    if (!(share > 0.0 && share < 1.0))
      raise<ValueError>("MosState::add_dataset: share is {}; needs to be above 0 and below 1", share);
    MosState next(*this);
    next.options_.sizes.push_back(size);
    if (options_.tokens.empty() && tokens != 0.0)
      raise<ShapeError>("MosState::add_dataset: tokens is {}, and the other datasets have none; leave it out", tokens);
    if (!options_.tokens.empty()) next.options_.tokens.push_back(tokens);
    validate(next.options_);
    next.scorer_ = S(detail::logits_with(scorer_.logits(), run_.masked, share));
    next.run_.add_dataset();
    next.refresh();
    *this = std::move(next);
  }

  /// Writes everything, options included. \throws CheckpointError if the stream does not take it
  void save(std::ostream& out) const {
    ArchiveWriter file(archive_kind, run_.version());
    detail::save_options(file, options_);
    run_.save(file);
    file.write("scorer", S::kind);
    scorer_.save(file);
    file.finish(out);
  }

  /// Reads what this or an earlier version of the library wrote: the options are those of the file.
  /// \throws CheckpointError if the stream ends early, is damaged, holds another kind of state or scorer, or a
  ///         field has an impossible value (names it)
  static MosState load(std::istream& in) {
    ArchiveReader file(in, archive_kind, detail::MosRun::newest_version);
    const MosOptions options = detail::load_options(file, file.version());
    auto run = detail::MosRun::load(file, options);
    if (const auto kind = file.read_text("scorer"); kind != S::kind)
      raise<CheckpointError>("checkpoint: holds a '{}' scorer; expected '{}'", kind, S::kind);
    MosState state(options, S::load(file, options.sizes.size()));
    file.finish();
    state.run_ = std::move(run);
    state.refresh();
    return state;
  }

 private:
  static constexpr std::string_view archive_kind = "mos.state";

  MosState(MosOptions options, S scorer) : options_(std::move(options)), scorer_(std::move(scorer)), run_(options_) {}

  detail::EpochRun epoch_run() const { return {options_, probabilities(), run_.positions, run_.step}; }

  std::size_t checked(Index dataset) const {
    if (dataset < 0 || dataset >= std::ssize(run_.masked))
      raise<ValueError>("MosState: dataset is {}; there are {}", dataset, run_.masked.size());
    return static_cast<std::size_t>(dataset);
  }

  void mask(Index dataset, bool masked) {
    MosState next(*this);
    next.run_.masked[checked(dataset)] = masked;
    if (!next.run_.any_rows(options_.sizes))
      raise<ValueError>("MosState::retire: dataset {} is the last one in the mixture that has rows to draw", dataset);
    next.refresh();
    *this = std::move(next);
  }

  void restrict_to(const std::vector<std::pair<std::size_t, RowSubset>>& rows) {
    MosState next(*this);
    for (const auto& [d, of_dataset] : rows) next.run_.positions.restrict_to(d, options_.sizes[d], of_dataset);
    if (!next.run_.any_rows(options_.sizes))
      raise<ValueError>("MosState::restrict_rows: no dataset in the mixture has any rows; needs one that has");
    next.refresh();
    *this = std::move(next);
  }

  void refresh() { table_.refresh(scorer_.logits(), run_.masked, options_, run_.positions); }

  MosOptions options_;
  S scorer_;
  detail::MosRun run_;
  detail::DrawTable table_;  // derived, not saved
};

MosState(MosOptions)->MosState<LogitScorer>;

}  // namespace pickmix::inline v0
