// The LSTM (cells/lstm.py), forward and backward, for one block of sequences at a time.
//
//   [i; f; o; g] = W h(t−1) + projection(t), each of the four normalised where asked for,
//   c(t) = σ(f) c(t−1) + σ(i) tanh(g),   h(t) = σ(o) tanh(LN?[c(t)])
#pragma once

#include "layers.h"
#include "sequences.h"

namespace fastweights {

constexpr int kGates = 4;           // input, forget and output gate, candidate: the rows of W in this order
constexpr int kNorms = kGates + 1;  // theirs, then the cell's

template <class T>
class LstmTape {
 public:
  static int64_t size(const Sequences& all, bool norm) {
    const int64_t norms = norm ? kNorms : 0;
    return int64_t(all.length) * (int64_t(all.units) * (3 + kGates + norms) + norms) * kLanes<T>;
  }
  LstmTape(const Sequences& all, T* start) : length_(all.length), column_(all.units * kLanes<T>), start_(start) {}
  // c(t), then h(t)
  T* state(int t) const { return start_ + 2 * t * column_; }
  // tanh of the cell, normalised where asked for
  T* tanh_cell(int t) const { return start_ + (2 * length_ + t) * column_; }
  // σ or tanh of the four summed inputs, one after the other
  T* gates(int t) const { return start_ + (3 * length_ + kGates * t) * column_; }
  T* normalised(int n, int t) const { return start_ + ((3 + kGates + n) * length_ + t) * column_; }
  T* scale(int n, int t) const {
    return start_ + (3 + kGates + kNorms) * length_ * column_ + (n * length_ + t) * kLanes<T>;
  }

 private:
  int64_t length_, column_;
  T* start_;
};

// `gains` and `biases` are those of the five normalisations, looked at where `norm` is true. `tapes` is one
// tape a block, or one for all where `keep` is false. A state is c, then h.
template <class T>
void lstm_forward(const Sequences& all, bool norm, const T* table, const T* given, const T* recurrent, const T* gains,
                  const T* biases, bool keep, T* out, T* last, T* tapes) {
  const int units = all.units, width = kGates * units;
  const int64_t column = int64_t(units) * kLanes<T>, matrix = int64_t(width) * units;
  Scratch<T> scratch{matrix, column, 2 * column, 2 * column};
  T *packed = scratch.take(matrix), *normalised_cell = scratch.take(column), *start = scratch.take(2 * column),
    *masked = scratch.take(2 * column);
  pack(recurrent, width, units, units, 1, packed);
  all.clear(out, last);

  Block<T> block(all);
  for (int number = 0; number < all.blocks<T>(); ++number) {
    block.move_to(number);
    const LstmTape<T> tape(all, tapes + (keep ? number * LstmTape<T>::size(all, norm) : 0));
    const T* state = block.read_state(given, start);
    block.write_last(state, -1, last);
    for (int t = 0; t < block.length(); ++t) {
      auto normalised = [&](int n, const T* x, T* to) {
        normalise(x, units, tape.normalised(n, t), tape.scale(n, t));
        scale_and_shift(tape.normalised(n, t), gains + n * units, biases + n * units, units, to);
      };
      T *gates = tape.gates(t), *cell = tape.state(t), *tanh_cell = tape.tanh_cell(t), *hidden = cell + column;
      T *input_gate = gates, *forget_gate = gates + column, *output_gate = gates + 2 * column,
        *candidate = gates + 3 * column;
      const T* before = block.before(t, state, 2 * units, masked);
      block.gather(table, t, gates);
      if (before) multiply_add(packed, width, units, before + column, gates);
      if (norm)
        for (int n = 0; n < kGates; ++n) normalised(n, gates + n * column, gates + n * column);
      for (int i = 0; i < units; ++i) {
        put(input_gate, i, sigmoid(get(input_gate, i)));
        put(forget_gate, i, sigmoid(get(forget_gate, i)));
        put(output_gate, i, sigmoid(get(output_gate, i)));
        put(candidate, i, tanh(get(candidate, i)));
        Line<T> now = get(input_gate, i) * get(candidate, i);
        if (before) now = now + get(forget_gate, i) * get(before, i);
        put(cell, i, now);
      }
      if (norm) normalised(kGates, cell, normalised_cell);
      for (int i = 0; i < units; ++i) {
        put(tanh_cell, i, tanh(get(norm ? normalised_cell : cell, i)));
        put(hidden, i, get(output_gate, i) * get(tanh_cell, i));
      }
      block.write_output(hidden, t, out);
      block.write_last(cell, t, last);
      state = cell;
    }
  }
}

// The cotangents of all floating-point numbers that forward was given.
template <class T>
void lstm_backward(const Sequences& all, bool norm, const T* d_out, const T* d_last, const T* given,
                   const T* recurrent, const T* gains, T* tapes, T* d_table, T* d_given, T* d_recurrent, T* d_gains,
                   T* d_biases) {
  const int units = all.units, width = kGates * units, norms = norm ? kNorms : 0;
  const int64_t column = int64_t(units) * kLanes<T>, matrix = int64_t(width) * units;
  Scratch<T> scratch{matrix, kGates * column, 2 * column, column, 2 * column, 2 * column, norms * column,
                     norms * column, Rows<T>::size(all)};
  T *packed = scratch.take(matrix), *d_gates = scratch.take(kGates * column), *d_cell = scratch.take(2 * column),
    *d_hidden = d_cell + column, *d_normalised_cell = scratch.take(column), *start = scratch.take(2 * column),
    *masked = scratch.take(2 * column), *d_gain = scratch.take(norms * column), *d_bias = scratch.take(norms * column);
  Rows<T> rows(all, scratch);
  pack(recurrent, units, width, 1, units, packed);
  std::fill_n(d_table, int64_t(all.symbols) * width, T(0));
  std::fill_n(d_gain, norms * column, T(0));
  std::fill_n(d_bias, norms * column, T(0));

  Block<T> block(all);
  for (int number = 0; number < all.blocks<T>(); ++number) {
    block.move_to(number);
    const LstmTape<T> tape(all, tapes + number * LstmTape<T>::size(all, norm));
    const T* first = block.read_state(given, start);
    std::fill_n(d_cell, column, T(0));
    for (int t = block.length() - 1; t >= block.earliest(); --t) {
      auto norm_backward = [&](int n, T* cotangent) {
        normalise_backward(tape.normalised(n, t), tape.scale(n, t), gains + n * units, units, cotangent,
                           d_gain + n * column, d_bias + n * column);
      };
      block.read_cotangent(d_out, t, d_hidden);
      if (t + 1 < block.length()) multiply_add(packed, units, width, d_gates, d_hidden);
      block.add_last_cotangent(d_last, t, d_cell);
      if (t < 0) break;
      const T *gates = tape.gates(t), *tanh_cell = tape.tanh_cell(t);
      const T* before = block.before(t, t > 0 ? tape.state(t - 1) : first, 2 * units, masked);
      const Line<T> one = Line<T>::all(1);
      for (int i = 0; i < units; ++i) {
        const Line<T> output_gate = get(gates, 2 * units + i), y = get(tanh_cell, i), d = get(d_hidden, i);
        put(d_gates, 2 * units + i, d * y * output_gate * (one - output_gate));
        put(d_normalised_cell, i, d * output_gate * (one - y * y));
      }
      if (norm) norm_backward(kGates, d_normalised_cell);
      for (int i = 0; i < units; ++i) {
        const Line<T> input_gate = get(gates, i), forget_gate = get(gates, units + i),
                      candidate = get(gates, 3 * units + i);
        const Line<T> d = get(d_cell, i) + get(d_normalised_cell, i);
        const Line<T> old = before ? get(before, i) : Line<T>::all(0);
        put(d_gates, i, d * candidate * input_gate * (one - input_gate));
        put(d_gates, units + i, d * old * forget_gate * (one - forget_gate));
        put(d_gates, 3 * units + i, d * input_gate * (one - candidate * candidate));
        put(d_cell, i, d * forget_gate);
      }
      if (norm)
        for (int n = 0; n < kGates; ++n) norm_backward(n, d_gates + n * column);
      rows.store(t, d_gates, before ? before + column : nullptr);
      block.cut(t, width, d_gates);
      block.cut(t, units, d_cell);
    }
    block.write_state_cotangent(d_cell, d_given);
    rows.add(block, d_table);
  }

  rows.write(d_recurrent);
  sum_lanes(d_gain, norms * units, d_gains);
  sum_lanes(d_bias, norms * units, d_biases);
}

}  // namespace fastweights
