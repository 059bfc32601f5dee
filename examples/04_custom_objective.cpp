// SPDX-License-Identifier: MIT
// An objective of one's own: four members and a promise. Here: how many different words a set of sentences uses.
#include <pickmix/pickmix.hpp>

#include <cstddef>
#include <cstdio>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

class Vocabulary {
 public:
  static constexpr bool diminishing_returns = true;  // a word is new only once; this lets LazyGreedy in
  static constexpr bool monotone = true;             // and no sentence takes words away; this tightens the certificate

  explicit Vocabulary(std::vector<std::string> sentences) : sentences_(std::move(sentences)) {}

  pickmix::Index size() const { return static_cast<pickmix::Index>(sentences_.size()); }
  double gain(pickmix::Index j) const {
    std::set<std::string> fresh = words(j);
    for (const std::string& word : known_) fresh.erase(word);
    return static_cast<double>(fresh.size());
  }
  void add(pickmix::Index j) { known_.merge(words(j)); }
  void reset() { known_.clear(); }

 private:
  std::set<std::string> words(pickmix::Index j) const {
    std::istringstream in(sentences_[static_cast<std::size_t>(j)]);
    std::set<std::string> found;
    for (std::string word; in >> word;) found.insert(word);
    return found;
  }

  std::vector<std::string> sentences_;
  std::set<std::string> known_;
};
static_assert(pickmix::SubmodularObjective<Vocabulary>);

}  // namespace

int main() {
  const std::vector<std::string> sentences{"add the two numbers", "add the three numbers", "translate the word",
                                           "write a short poem about the sea", "write a short story"};
  Vocabulary objective(sentences);
  const auto selection = pickmix::maximize(objective, pickmix::Count{3}, pickmix::LazyGreedy{});
  for (std::size_t k = 0; k < selection.indices.size(); ++k)
    std::printf("%2.0f new words: %s\n", selection.gains[k],
                sentences[static_cast<std::size_t>(selection.indices[k])].c_str());
}
