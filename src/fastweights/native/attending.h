// A recurrence that attends to its own past (cells/attending.py), forward and backward, for one block of
// sequences at a time: all that a block needs stays in the first-level caches.
//
//   u(t) = W h(t−1) + projection(t)
//   h_0 = f(LN?[u]),   r_s = LN?[u or h_s] + Σ_{τ<t} w(t, τ) h(τ) [h(τ)ᵀ h_s],   h_{s+1} = f(LN?[r_s])
//
// Forward keeps h, h_s, each normalised sum and the matches h(τ)ᵀ h_s on a tape. Backward needs one more kind
// of match, that of h(τ) with the cotangent of r_s, which serves twice: for the cotangent of h_s now and
// for that of h(τ) when its turn comes. So a pair (t, τ) costs 2 R multiply-adds forward and 4 R backward.
#pragma once

#include "layers.h"
#include "sequences.h"

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
    return (int64_t(all.length) * all.units * (1 + cell.steps + cell.norms()) + cell.norms() * all.length +
            int64_t(cell.steps) * all.length * all.length) *
           kLanes<T>;
  }
  Tape(const Sequences& all, const Attending& cell, T* start) : length_(all.length), column_(all.units * kLanes<T>) {
    hidden_ = start;
    queries_ = hidden_ + length_ * column_;
    normalised_ = queries_ + cell.steps * length_ * column_;
    scales_ = normalised_ + cell.norms() * length_ * column_;
    matches_ = scales_ + cell.norms() * length_ * kLanes<T>;
  }
  T* hidden(int t) const { return hidden_ + t * column_; }
  T* query(int s, int t) const { return queries_ + (s * length_ + t) * column_; }
  T* normalised(int n, int t) const { return normalised_ + (n * length_ + t) * column_; }
  T* scale(int n, int t) const { return scales_ + (n * length_ + t) * kLanes<T>; }
  T* matches() const { return matches_; }

 private:
  int64_t length_, column_;
  T *hidden_, *queries_, *normalised_, *scales_, *matches_;
};

// scores[i] = Σ_unit stored[i][unit] query[unit] for `count` columns that follow one another.
template <class T, int count>
inline void match_some(const T* stored, int64_t column, const T* query, int units, T* scores) {
  Line<T> sum[count];
  for (int i = 0; i < count; ++i) sum[i] = Line<T>::all(0);
  for (int unit = 0; unit < units; ++unit) {
    const Line<T> line = get(query, unit);
    for (int i = 0; i < count; ++i) sum[i] = sum[i] + line * get(stored + i * column, unit);
  }
  for (int i = 0; i < count; ++i) put(scores, i, sum[i]);
}

// total += Σ_i factors[i] stored[i]
template <class T, int count>
inline void add_some(const T* stored, int64_t column, const T* factors, int units, T* total) {
  Line<T> factor[count];
  for (int i = 0; i < count; ++i) factor[i] = get(factors, i);
  for (int unit = 0; unit < units; ++unit) {
    Line<T> sum = get(total, unit);
    for (int i = 0; i < count; ++i) sum = sum + factor[i] * get(stored + i * column, unit);
    put(total, unit, sum);
  }
}

template <class T>
void match(const T* stored, int count, const T* query, int units, T* scores) {
  const int64_t column = int64_t(units) * kLanes<T>;
  int i = 0;
  for (; i + 4 <= count; i += 4)
    match_some<T, 4>(stored + i * column, column, query, units, scores + i * kLanes<T>);
  for (; i < count; ++i) match_some<T, 1>(stored + i * column, column, query, units, scores + i * kLanes<T>);
}

template <class T>
void add_weighted(const T* stored, int count, const T* factors, int units, T* total) {
  const int64_t column = int64_t(units) * kLanes<T>;
  int i = 0;
  for (; i + 4 <= count; i += 4)
    add_some<T, 4>(stored + i * column, column, factors + i * kLanes<T>, units, total);
  for (; i < count; ++i) add_some<T, 1>(stored + i * column, column, factors + i * kLanes<T>, units, total);
}

// to[i] = weights[i] scores[i], the weights and the scores each so many numbers apart
template <class T>
void weigh(const T* weights, int64_t weight_stride, const T* scores, int64_t score_stride, int count, T* to) {
  for (int i = 0; i < count; ++i) put(to, i, get(scores + i * score_stride, 0) * weights[i * weight_stride]);
}

// `tapes` is one tape a block, or one for all where `keep` is false.
template <class T>
void attend_forward(const Sequences& all, const Attending& cell, const T* table, const T* recurrent, const T* gains,
                    const T* biases, const T* weights, bool keep, T* out, T* tapes) {
  const int units = all.units, length = all.length;
  const int64_t column = int64_t(units) * kLanes<T>, square = int64_t(units) * units;
  Scratch<T> scratch{square, column, column, length * kLanes<T>};
  T *packed = scratch.take(square), *summed = scratch.take(column), *total = scratch.take(column),
    *factors = scratch.take(length * kLanes<T>);
  pack(recurrent, units, units, units, 1, packed);

  for (int number = 0; number < all.blocks<T>(); ++number) {
    const Block<T> block(all, number);
    const Tape<T> tape(all, cell, tapes + (keep ? number * Tape<T>::size(all, cell) : 0));
    for (int t = 0; t < length; ++t) {
      int n = 0;
      auto norm = [&](const T* x, int64_t chosen, T* to) {
        normalise(x, units, tape.normalised(n, t), tape.scale(n, t));
        scale_and_shift(tape.normalised(n++, t), gains + chosen * units, biases + chosen * units, units, to);
      };
      // h_s goes to the tape; the last one is h(t).
      auto state = [&](int s) { return s == cell.steps ? tape.hidden(t) : tape.query(s, t); };

      block.gather(table, t, summed);
      if (t > 0) multiply_add(packed, units, units, tape.hidden(t - 1), summed);
      const T* first = summed;
      if (cell.preliminary >= 0) norm(summed, cell.preliminary, total), first = total;
      activate(cell.activation, first, units, state(0));
      for (int s = 0; s < cell.steps; ++s) {
        const T* base = cell.sustained ? summed : state(s);
        if (cell.outside[s] >= 0)
          norm(base, cell.outside[s], total);
        else
          std::copy_n(base, column, total);
        T* matches = tape.matches() + (int64_t(s) * length + t) * length * kLanes<T>;
        match(tape.hidden(0), t, state(s), units, matches);
        weigh(weights + t * length, 1, matches, kLanes<T>, t, factors);
        add_weighted(tape.hidden(0), t, factors, units, total);
        if (cell.inside[s] >= 0) norm(total, cell.inside[s], total);
        activate(cell.activation, total, units, state(s + 1));
      }
      block.write_output(tape.hidden(t), t, out);
    }
  }
}

// The cotangents of all that forward was given but the tokens.
template <class T>
void attend_backward(const Sequences& all, const Attending& cell, const T* d_out, const T* recurrent, const T* gains,
                     int sets, const T* weights, T* tapes, T* d_table, T* d_recurrent, T* d_gains, T* d_biases,
                     T* d_weights) {
  const int units = all.units, length = all.length;
  const int64_t column = int64_t(units) * kLanes<T>, square = int64_t(units) * units;
  const int64_t reads = cell.steps * length * column, row = length * kLanes<T>, pairs = cell.steps * length * row;
  Scratch<T> scratch{square, column, column, reads, pairs, row, length * row, sets * column, sets * column,
                     Rows<T>::size(all)};
  T *packed = scratch.take(square), *d_hidden = scratch.take(column), *d_summed = scratch.take(column),
    *d_reads = scratch.take(reads), *d_matches = scratch.take(pairs), *factors = scratch.take(row),
    *d_weight = scratch.take(length * row), *d_gain = scratch.take(sets * column),
    *d_bias = scratch.take(sets * column);
  Rows<T> rows(all, scratch);
  pack(recurrent, units, units, 1, units, packed);
  std::fill_n(d_table, int64_t(all.symbols) * units, T(0));
  std::fill_n(d_weight, length * row, T(0));
  std::fill_n(d_gain, sets * column, T(0));
  std::fill_n(d_bias, sets * column, T(0));

  for (int number = 0; number < all.blocks<T>(); ++number) {
    const Block<T> block(all, number);
    const Tape<T> tape(all, cell, tapes + number * Tape<T>::size(all, cell));
    for (int t = length - 1; t >= 0; --t) {
      int n = cell.norms();
      auto norm_backward = [&](int64_t chosen, T* cotangent) {
        --n;
        normalise_backward(tape.normalised(n, t), tape.scale(n, t), gains + chosen * units, units, cotangent,
                           d_gain + chosen * column, d_bias + chosen * column);
      };
      block.read_cotangent(d_out, t, d_hidden);
      if (t + 1 < length) multiply_add(packed, units, units, d_summed, d_hidden);
      // The cotangents of h(t) from every later reading: as the state that was matched, and as the one that was added.
      for (int s = 0; s < cell.steps; ++s) {
        const int64_t next = int64_t(s) * length + t + 1;
        const int later = length - 1 - t;
        auto add_cotangent = [&](const T* matches, const T* given) {
          weigh(weights + (t + 1) * length + t, length, matches + next * row + t * kLanes<T>, row, later, factors);
          add_weighted(given + next * column, later, factors, units, d_hidden);
        };
        add_cotangent(tape.matches(), d_reads);
        add_cotangent(d_matches, tape.query(0, 0));
      }

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
        match(tape.hidden(0), t, d_read, units, d_match);
        weigh(weights + t * length, 1, d_match, kLanes<T>, t, factors);
        add_weighted(tape.hidden(0), t, factors, units, d_hidden);
        const T* matches = tape.matches() + (int64_t(s) * length + t) * row;
        for (int tau = 0; tau < t; ++tau)
          put(d_weight + t * row, tau, get(d_weight + t * row, tau) + get(matches, tau) * get(d_match, tau));
      }
      activate_backward(cell.activation, cell.steps ? tape.query(0, t) : tape.hidden(t), units, d_hidden);
      if (cell.preliminary >= 0) norm_backward(cell.preliminary, d_hidden);
      add_into(d_hidden, units, d_summed);
      rows.store(t, d_summed, t > 0 ? tape.hidden(t - 1) : nullptr);
    }
    rows.add(block, d_table);
  }

  rows.write(d_recurrent);
  sum_lanes(d_gain, sets * units, d_gains);
  sum_lanes(d_bias, sets * units, d_biases);
  sum_lanes(d_weight, length * length, d_weights);
}

}  // namespace fastweights
