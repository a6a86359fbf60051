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
  T* hidden(int t) const { return start_ + t * column_; }
  T* cell(int t) const { return start_ + (length_ + t) * column_; }
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
// tape a block, or one for all where `keep` is false.
template <class T>
void lstm_forward(const Sequences& all, bool norm, const T* table, const T* recurrent, const T* gains,
                  const T* biases, bool keep, T* out, T* tapes) {
  const int units = all.units, width = kGates * units;
  const int64_t column = int64_t(units) * kLanes<T>, matrix = int64_t(width) * units;
  Scratch<T> scratch{matrix, column};
  T *packed = scratch.take(matrix), *normalised_cell = scratch.take(column);
  pack(recurrent, width, units, units, 1, packed);

  for (int number = 0; number < all.blocks<T>(); ++number) {
    const Block<T> block(all, number);
    const LstmTape<T> tape(all, tapes + (keep ? number * LstmTape<T>::size(all, norm) : 0));
    for (int t = 0; t < all.length; ++t) {
      auto normalised = [&](int n, const T* x, T* to) {
        normalise(x, units, tape.normalised(n, t), tape.scale(n, t));
        scale_and_shift(tape.normalised(n, t), gains + n * units, biases + n * units, units, to);
      };
      T *gates = tape.gates(t), *cell = tape.cell(t), *tanh_cell = tape.tanh_cell(t), *hidden = tape.hidden(t);
      T *input_gate = gates, *forget_gate = gates + column, *output_gate = gates + 2 * column,
        *candidate = gates + 3 * column;
      block.gather(table, t, gates);
      if (t > 0) multiply_add(packed, width, units, tape.hidden(t - 1), gates);
      if (norm)
        for (int n = 0; n < kGates; ++n) normalised(n, gates + n * column, gates + n * column);
      for (int i = 0; i < units; ++i) {
        put(input_gate, i, sigmoid(get(input_gate, i)));
        put(forget_gate, i, sigmoid(get(forget_gate, i)));
        put(output_gate, i, sigmoid(get(output_gate, i)));
        put(candidate, i, tanh(get(candidate, i)));
        Line<T> now = get(input_gate, i) * get(candidate, i);
        if (t > 0) now = now + get(forget_gate, i) * get(tape.cell(t - 1), i);
        put(cell, i, now);
      }
      if (norm) normalised(kGates, cell, normalised_cell);
      for (int i = 0; i < units; ++i) {
        put(tanh_cell, i, tanh(get(norm ? normalised_cell : cell, i)));
        put(hidden, i, get(output_gate, i) * get(tanh_cell, i));
      }
      block.write_output(hidden, t, out);
    }
  }
}

// The cotangents of all that forward was given but the tokens.
template <class T>
void lstm_backward(const Sequences& all, bool norm, const T* d_out, const T* recurrent, const T* gains, T* tapes,
                   T* d_table, T* d_recurrent, T* d_gains, T* d_biases) {
  const int units = all.units, width = kGates * units, norms = norm ? kNorms : 0;
  const int64_t column = int64_t(units) * kLanes<T>, matrix = int64_t(width) * units;
  Scratch<T> scratch{matrix, kGates * column, column, column, column, norms * column, norms * column,
                     Rows<T>::size(all)};
  T *packed = scratch.take(matrix), *d_gates = scratch.take(kGates * column), *d_hidden = scratch.take(column),
    *d_cell = scratch.take(column), *d_normalised_cell = scratch.take(column), *d_gain = scratch.take(norms * column),
    *d_bias = scratch.take(norms * column);
  Rows<T> rows(all, scratch);
  pack(recurrent, units, width, 1, units, packed);
  std::fill_n(d_table, int64_t(all.symbols) * width, T(0));
  std::fill_n(d_gain, norms * column, T(0));
  std::fill_n(d_bias, norms * column, T(0));

  for (int number = 0; number < all.blocks<T>(); ++number) {
    const Block<T> block(all, number);
    const LstmTape<T> tape(all, tapes + number * LstmTape<T>::size(all, norm));
    std::fill_n(d_cell, column, T(0));
    for (int t = all.length - 1; t >= 0; --t) {
      auto norm_backward = [&](int n, T* cotangent) {
        normalise_backward(tape.normalised(n, t), tape.scale(n, t), gains + n * units, units, cotangent,
                           d_gain + n * column, d_bias + n * column);
      };
      const T *gates = tape.gates(t), *tanh_cell = tape.tanh_cell(t);
      const Line<T> one = Line<T>::all(1);
      block.read_cotangent(d_out, t, d_hidden);
      if (t + 1 < all.length) multiply_add(packed, units, width, d_gates, d_hidden);
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
        const Line<T> before = t > 0 ? get(tape.cell(t - 1), i) : Line<T>::all(0);
        put(d_gates, i, d * candidate * input_gate * (one - input_gate));
        put(d_gates, units + i, d * before * forget_gate * (one - forget_gate));
        put(d_gates, 3 * units + i, d * input_gate * (one - candidate * candidate));
        put(d_cell, i, d * forget_gate);
      }
      if (norm)
        for (int n = 0; n < kGates; ++n) norm_backward(n, d_gates + n * column);
      rows.store(t, d_gates, t > 0 ? tape.hidden(t - 1) : nullptr);
    }
    rows.add(block, d_table);
  }

  rows.write(d_recurrent);
  sum_lanes(d_gain, norms * units, d_gains);
  sum_lanes(d_bias, norms * units, d_biases);
}

}  // namespace fastweights
