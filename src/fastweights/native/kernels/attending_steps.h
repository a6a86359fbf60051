// A recurrence that attends to its own past (cells/fast_weights.py), forward, for one block of sequences at a time: all
// that a block needs stays in the first-level caches. attending_steps_backward.h has the way back, attending.h both
// for sequences of any length.
//
//   u(t) = W h(t−1) + projection(t)
//   h_0 = f(LN?[u]),   r_s = LN?[u or h_s] + Σ_{τ<t} w(t, τ) h(τ) [h(τ)ᵀ h_s] + m(t) M h_s,   h_{s+1} = f(LN?[r_s])
//
// A long sequence is cut into chunks of C steps. The sum begins at τ = −1, which is the state before the chunk, and M
// is the memory before that state is written; both are left out where a sequence starts from the zero state. A row of
// the weights is m(t), then w(t, τ) from τ = −1 on, for the C steps; one row more has those of the next chunk's memory,
// m(C) M + Σ_{τ<C−1} w(C, τ) h(τ) h(τ)ᵀ. So a step costs C R multiply-adds for what the chunk stored, and 2 R² for
// M h_s and the next M, however long the sequence is.
//
// Forward keeps h, h_s, each normalised sum and the matches h(τ)ᵀ h_s on a tape.
#pragma once

#include "lane_products.h"
#include "layers.h"
#include "reading.h"

namespace fastweights {

struct Attending {
  Activation activation;
  int steps;
  int preliminary;         // the gain and bias of h_0's normalisation, or −1
  const int64_t* inside;   // those of LN[r_s] for each s, or −1
  const int64_t* outside;  // those of LN[u or h_s] for each s, or −1
  bool sustained;          // u enters r_s (method 1), or h_s (method 2)
  int chunk;               // C
  int segment;             // chunks from one to the next of which forward keeps the state before

  int norms() const {
    int count = preliminary >= 0;
    for (int s = 0; s < steps; ++s) count += (inside[s] >= 0) + (outside[s] >= 0);
    return count;
  }
  int sources() const { return chunk + 2; }
  // The columns that are written to a memory, if there ever is a next one.
  int written(const Sequences& all) const { return steps && all.length > chunk ? chunk : 0; }
  // A column for h, and the rows of M behind it if it is ever read.
  int state(int units) const { return steps ? units + units * units : units; }
};

// The arrays of a cell.
template <class T>
struct AttendWeights {
  const T *recurrent, *gains, *biases;
  int sets;
  const T* read;  // (C + 1, sources); (C, sources) where there is but one chunk

  const T* row(int t, const Attending& cell) const { return read + int64_t(t) * cell.sources(); }
};

// Steps from `start` on, and the state before them, null where all sequences start from the zero state.
template <class T>
struct Chunk {
  int start, count;
  const T *hidden, *memory;

  // The number of the first stored column, h(−1) or h(0).
  int oldest() const { return hidden ? 0 : 1; }
};

// What the steps of a chunk leave for their backward pass, normalisations counted as they come.
template <class T>
class Tape {
 public:
  static int64_t size(int units, const Attending& cell) {
    return (int64_t(cell.chunk) * units * (1 + cell.steps + cell.norms()) + units + cell.norms() * cell.chunk +
            int64_t(cell.steps) * cell.chunk * (cell.chunk + 1)) *
           kLanes<T>;
  }
  Tape(int units, const Attending& cell, T* start) : length_(cell.chunk), column_(units * kLanes<T>) {
    hidden_ = start + column_;
    queries_ = hidden_ + length_ * column_;
    normalised_ = queries_ + cell.steps * length_ * column_;
    scales_ = normalised_ + cell.norms() * length_ * column_;
    matches_ = scales_ + cell.norms() * length_ * kLanes<T>;
  }
  // from t = −1 on
  T* hidden(int t) const { return hidden_ + t * column_; }
  T* query(int s, int t) const { return queries_ + (s * length_ + t) * column_; }
  T* normalised(int n, int t) const { return normalised_ + (n * length_ + t) * column_; }
  T* scale(int n, int t) const { return scales_ + (n * length_ + t) * kLanes<T>; }
  // with h(τ) as number τ + 1
  T* matches(int s, int t) const { return matches_ + (s * length_ + t) * (length_ + 1) * kLanes<T>; }

 private:
  int64_t length_, column_;
  T *hidden_, *queries_, *normalised_, *scales_, *matches_;
};

// The steps of a chunk, and the state after them.
template <class T>
class AttendSteps {
 public:
  static int64_t size(const Sequences& all, const Attending& cell) {
    const int64_t column = int64_t(all.units) * kLanes<T>;
    return int64_t(all.units) * all.units + (4 + 2 * cell.written(all)) * column + kLanes<T> * cell.sources();
  }
  AttendSteps(const Sequences& all, const Attending& cell, const T* table, const AttendWeights<T>& weights,
              Scratch<T>& scratch)
      : all_(all),
        cell_(cell),
        table_(table),
        weights_(weights),
        column_(int64_t(all.units) * kLanes<T>),
        packed_(scratch.take(int64_t(all.units) * all.units)),
        summed_(scratch.take(column_)),
        total_(scratch.take(column_)),
        masked_(scratch.take(column_)),
        factors_(scratch.take(kLanes<T> * cell.sources())),
        answer_(scratch.take(column_)),
        written_(scratch.take(column_ * cell.written(all))),
        seen_(scratch.take(column_ * cell.written(all))) {
    pack(weights.recurrent, all.units, all.units, all.units, 1, packed_);
  }

  // `leave` is told every h(t).
  template <class Leave>
  void run(const Block<T>& block, const Chunk<T>& chunk, const Tape<T>& tape, Leave leave) const {
    const int units = all_.units, oldest = chunk.oldest();
    if (chunk.hidden) std::copy_n(chunk.hidden, column_, tape.hidden(-1));
    for (int t = 0; t < chunk.count; ++t) {
      int n = 0;
      auto norm = [&](const T* x, int64_t chosen, T* to) {
        normalise(x, units, tape.normalised(n, t), tape.scale(n, t));
        scale_and_shift(tape.normalised(n++, t), weights_.gains + chosen * units, weights_.biases + chosen * units,
                        units, to);
      };
      // h_s goes to the tape; the last one is h(t).
      auto state = [&](int s) { return s == cell_.steps ? tape.hidden(t) : tape.query(s, t); };

      const int now = chunk.start + t;
      const T* before = block.before(now, t > 0 ? tape.hidden(t - 1) : chunk.hidden, units, masked_);
      block.gather(table_, now, summed_);
      if (before) multiply_add(packed_, units, units, before, summed_);
      const T* sum = summed_;
      if (cell_.preliminary >= 0) norm(summed_, cell_.preliminary, total_), sum = total_;
      activate(cell_.activation, sum, units, state(0));
      const T* row = weights_.row(t, cell_);
      for (int s = 0; s < cell_.steps; ++s) {
        const T* base = cell_.sustained ? summed_ : state(s);
        if (cell_.outside[s] >= 0)
          norm(base, cell_.outside[s], total_);
        else
          std::copy_n(base, column_, total_);
        const int count = t + 1 - oldest;
        const T* stored = tape.hidden(oldest - 1);
        T* matches = tape.matches(s, t) + oldest * kLanes<T>;
        const Seen<T> seen = block.seen_at(now, chunk.start + oldest);
        match(stored, count, state(s), units, matches);
        weigh(row + 1 + oldest, 1, matches, kLanes<T>, count, seen, factors_);
        add_weighted(stored, count, factors_, units, total_, seen);
        if (chunk.memory) read_memory(chunk.memory, row[0], state(s), units, seen, answer_, total_);
        if (cell_.inside[s] >= 0) norm(total_, cell_.inside[s], total_);
        activate(cell_.activation, total_, units, state(s + 1));
      }
      leave(tape.hidden(t), now);
    }
  }

  // The state after a whole chunk, which may take the place of the one before it.
  void advance(const Block<T>& block, const Chunk<T>& chunk, const Tape<T>& tape, T* state) const {
    const int units = all_.units;
    std::copy_n(tape.hidden(chunk.count - 1), column_, state);
    if (!cell_.steps) return;
    const T* row = weights_.row(cell_.chunk, cell_);
    const Seen<T> seen = block.seen_at(chunk.start + chunk.count - 1, chunk.start);
    T* memory = state + column_;
    for (int i = 0; i < units * units; ++i) put(memory, i, seen(0, get(chunk.memory, i) * row[0]));
    const T* stored = tape.hidden(-1);
    weigh_columns(row + 1, 1, stored, chunk.count, units, seen, written_);
    stored = only_seen(stored, chunk.count, units, seen, seen_);
    multiply_lanes<T>({written_, 1, units}, {stored, 1, units}, units, units, chunk.count, {memory, units, 1});
  }

 private:
  const Sequences& all_;
  const Attending& cell_;
  const T* table_;
  AttendWeights<T> weights_;
  int64_t column_;
  T *packed_, *summed_, *total_, *masked_, *factors_, *answer_, *written_, *seen_;
};

}  // namespace fastweights
