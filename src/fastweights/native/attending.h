// A recurrence that attends to its own past (cells/fast_weights.py), forward and backward, for one block of
// sequences at a time: all that a block needs stays in the first-level caches.
//
//   u(t) = W h(t−1) + projection(t)
//   h_0 = f(LN?[u]),   r_s = LN?[u or h_s] + Σ_{τ<t} w(t, τ) h(τ) [h(τ)ᵀ h_s] + m(t) M h_s,   h_{s+1} = f(LN?[r_s])
//
// The sum begins at τ = −1, which is the given state, and M is the given memory; both are left out where a sequence
// starts from the zero state. A row of the weights is m(t), then w(t, τ) from τ = −1 on.
//
// Forward keeps h, h_s, each normalised sum and the matches h(τ)ᵀ h_s on a tape. Backward needs one more kind
// of match, that of h(τ) with the cotangent of r_s, which serves twice: for the cotangent of h_s now and
// for that of h(τ) when its turn comes. So a pair (t, τ) costs 2 R multiply-adds forward and 4 R backward.
#pragma once

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

  int norms() const {
    int count = preliminary >= 0;
    for (int s = 0; s < steps; ++s) count += (inside[s] >= 0) + (outside[s] >= 0);
    return count;
  }
};

// What a block leaves for its backward pass, normalisations counted as they come.
template <class T>
class Tape {
 public:
  static int64_t size(const Sequences& all, const Attending& cell) {
    return (int64_t(all.length) * all.units * (1 + cell.steps + cell.norms()) + all.units + cell.norms() * all.length +
            int64_t(cell.steps) * all.length * (all.length + 1)) *
           kLanes<T>;
  }
  Tape(const Sequences& all, const Attending& cell, T* start) : length_(all.length), column_(all.units * kLanes<T>) {
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

// `tapes` is one tape a block, or one for all where `keep` is false. A given state is h, then M if there are inner
// steps; the last one is h.
template <class T>
void attend_forward(const Sequences& all, const Attending& cell, const T* table, const T* given, const T* recurrent,
                    const T* gains, const T* biases, const T* weights, bool keep, T* out, T* last, T* tapes) {
  const int units = all.units, sources = all.length + 2;
  // The stored columns, by number, begin with h(−1) or h(0).
  const int oldest = all.given ? 0 : 1;
  const int64_t column = int64_t(units) * kLanes<T>, square = int64_t(units) * units, start = all.given * kLanes<T>;
  Scratch<T> scratch{square, column, column, column, start, sources * kLanes<T>};
  T *packed = scratch.take(square), *summed = scratch.take(column), *total = scratch.take(column),
    *masked = scratch.take(column), *initial = scratch.take(start), *factors = scratch.take(sources * kLanes<T>);
  pack(recurrent, units, units, units, 1, packed);
  all.clear(out, last);

  Block<T> block(all);
  for (int number = 0; number < all.blocks<T>(); ++number) {
    block.move_to(number);
    const Tape<T> tape(all, cell, tapes + (keep ? number * Tape<T>::size(all, cell) : 0));
    const T* first = block.read_state(given, initial);
    if (first) std::copy_n(first, column, tape.hidden(-1));
    block.write_last(first, -1, last);
    for (int t = 0; t < block.length(); ++t) {
      int n = 0;
      auto norm = [&](const T* x, int64_t chosen, T* to) {
        normalise(x, units, tape.normalised(n, t), tape.scale(n, t));
        scale_and_shift(tape.normalised(n++, t), gains + chosen * units, biases + chosen * units, units, to);
      };
      // h_s goes to the tape; the last one is h(t).
      auto state = [&](int s) { return s == cell.steps ? tape.hidden(t) : tape.query(s, t); };

      const T* before = block.before(t, t > 0 ? tape.hidden(t - 1) : first, units, masked);
      block.gather(table, t, summed);
      if (before) multiply_add(packed, units, units, before, summed);
      const T* sum = summed;
      if (cell.preliminary >= 0) norm(summed, cell.preliminary, total), sum = total;
      activate(cell.activation, sum, units, state(0));
      const T* row = weights + int64_t(t) * sources;
      for (int s = 0; s < cell.steps; ++s) {
        const T* base = cell.sustained ? summed : state(s);
        if (cell.outside[s] >= 0)
          norm(base, cell.outside[s], total);
        else
          std::copy_n(base, column, total);
        const int count = t + 1 - oldest;
        const T* stored = tape.hidden(oldest - 1);
        T* matches = tape.matches(s, t) + oldest * kLanes<T>;
        const Seen<T> seen = block.seen_at(t, oldest);
        match(stored, count, state(s), units, matches);
        weigh(row + 1 + oldest, 1, matches, kLanes<T>, count, seen, factors);
        add_weighted(stored, count, factors, units, total, seen);
        if (first) read_memory(initial + column, row[0], state(s), units, seen, total);
        if (cell.inside[s] >= 0) norm(total, cell.inside[s], total);
        activate(cell.activation, total, units, state(s + 1));
      }
      block.write_output(tape.hidden(t), t, out);
      block.write_last(tape.hidden(t), t, last);
    }
  }
}

// The cotangents of all floating-point numbers that forward was given.
template <class T>
void attend_backward(const Sequences& all, const Attending& cell, const T* d_out, const T* d_last, const T* given,
                     const T* recurrent, const T* gains, int sets, const T* weights, T* tapes, T* d_table, T* d_given,
                     T* d_recurrent, T* d_gains, T* d_biases, T* d_weights) {
  const int units = all.units, length = all.length, sources = length + 2, oldest = all.given ? 0 : 1;
  const int64_t column = int64_t(units) * kLanes<T>, square = int64_t(units) * units, start = all.given * kLanes<T>;
  const int64_t reads = cell.steps * length * column, row = (length + 1) * kLanes<T>, pairs = cell.steps * length * row;
  const int64_t read_weights = cell.steps ? int64_t(length) * sources * kLanes<T> : 0;
  Scratch<T> scratch{square, column, column, column, start + column, start, reads, pairs, row, read_weights,
                     sets * column, sets * column, Rows<T>::size(all)};
  // The cotangent of h stands before that of M, as in a state.
  T *packed = scratch.take(square), *d_summed = scratch.take(column), *masked = scratch.take(column),
    *answer = scratch.take(column), *d_hidden = scratch.take(start + column), *d_memory = d_hidden + column,
    *initial = scratch.take(start), *d_reads = scratch.take(reads), *d_matches = scratch.take(pairs),
    *factors = scratch.take(row), *d_weight = scratch.take(read_weights), *d_gain = scratch.take(sets * column),
    *d_bias = scratch.take(sets * column);
  Rows<T> rows(all, scratch);
  pack(recurrent, units, units, 1, units, packed);
  std::fill_n(d_table, int64_t(all.symbols) * units, T(0));
  std::fill_n(d_weight, read_weights, T(0));
  std::fill_n(d_gain, sets * column, T(0));
  std::fill_n(d_bias, sets * column, T(0));

  Block<T> block(all);
  for (int number = 0; number < all.blocks<T>(); ++number) {
    block.move_to(number);
    const Tape<T> tape(all, cell, tapes + number * Tape<T>::size(all, cell));
    const T* first = block.read_state(given, initial);
    std::fill_n(d_memory, start, T(0));
    for (int t = block.length() - 1; t >= block.earliest(); --t) {
      int n = cell.norms();
      auto norm_backward = [&](int64_t chosen, T* cotangent) {
        --n;
        normalise_backward(tape.normalised(n, t), tape.scale(n, t), gains + chosen * units, units, cotangent,
                           d_gain + chosen * column, d_bias + chosen * column);
      };
      block.read_cotangent(d_out, t, d_hidden);
      if (t + 1 < block.length()) multiply_add(packed, units, units, d_summed, d_hidden);
      block.add_last_cotangent(d_last, t, d_hidden);
      // The cotangents of h(t) from every later reading: as the state that was matched, and as the one that was added.
      for (int s = 0; s < cell.steps; ++s) {
        const int64_t next = int64_t(s) * length + t + 1;
        const int later = block.length() - 1 - t;
        const Seen<T> seen = block.seen_from(t + 1, t + 1);
        auto add_cotangent = [&](const T* matches, const T* values) {
          weigh(weights + (t + 1) * sources + t + 2, sources, matches + next * row + (t + 1) * kLanes<T>, row, later,
                seen, factors);
          add_weighted(values + next * column, later, factors, units, d_hidden, seen);
        };
        add_cotangent(tape.matches(0, 0), d_reads);
        add_cotangent(d_matches, tape.query(0, 0));
      }
      if (t < 0) break;

      std::fill_n(d_summed, column, T(0));
      for (int s = cell.steps - 1; s >= 0; --s) {
        T *d_read = d_reads + (int64_t(s) * length + t) * column, *d_match = d_matches + (int64_t(s) * length + t) * row;
        activate_backward(cell.activation, s + 1 == cell.steps ? tape.hidden(t) : tape.query(s + 1, t), units,
                          d_hidden);
        if (cell.inside[s] >= 0) norm_backward(cell.inside[s], d_hidden);
        std::copy_n(d_hidden, column, d_read);
        if (cell.outside[s] >= 0) norm_backward(cell.outside[s], d_hidden);
        if (cell.sustained) {
          add_into(d_hidden, units, d_summed);
          std::fill_n(d_hidden, column, T(0));
        }
        const int count = t + 1 - oldest;
        const T *stored = tape.hidden(oldest - 1), *weight = weights + int64_t(t) * sources;
        const T* matches = tape.matches(s, t) + oldest * kLanes<T>;
        const Seen<T> seen = block.seen_at(t, oldest);
        T *d_row = d_weight + int64_t(t) * sources * kLanes<T>, *d_slot = d_row + (1 + oldest) * kLanes<T>;
        d_match += oldest * kLanes<T>;
        match(stored, count, d_read, units, d_match);
        weigh(weight + 1 + oldest, 1, d_match, kLanes<T>, count, seen, factors);
        add_weighted(stored, count, factors, units, d_hidden, seen);
        for (int i = 0; i < count; ++i)
          put(d_slot, i, get(d_slot, i) + seen(i, get(matches, i) * get(d_match, i)));
        if (first)
          read_memory_backward(initial + column, weight[0], tape.query(s, t), d_read, units, seen, answer, d_hidden,
                               d_row, d_memory);
      }
      activate_backward(cell.activation, cell.steps ? tape.query(0, t) : tape.hidden(t), units, d_hidden);
      if (cell.preliminary >= 0) norm_backward(cell.preliminary, d_hidden);
      add_into(d_hidden, units, d_summed);
      rows.store(t, d_summed, block.before(t, t > 0 ? tape.hidden(t - 1) : first, units, masked));
      block.cut(t, units, d_summed);
    }
    block.write_state_cotangent(d_hidden, d_given);
    rows.add(block, d_table);
  }

  rows.write(d_recurrent);
  sum_lanes(d_gain, sets * units, d_gains);
  sum_lanes(d_bias, sets * units, d_biases);
  if (cell.steps) sum_lanes(d_weight, int64_t(length) * sources, d_weights);
}

}  // namespace fastweights
