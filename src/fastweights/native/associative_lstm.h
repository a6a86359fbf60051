// The associative LSTM (cells/associative_lstm.py), forward and backward, for one block of sequences at a time.
//
//   [f; i^n; o^n; u^n; k^n; q^n] = W h(t−1) + drive(t), then σ of the gates f, i, o and bound of u, k, q
//   c_s(t) = f c_s(t−1) + Σ_n (P_s k^n) (i^n u^n)
//   a^n = bound[1/C Σ_s (P_s q^n) c_s(t)],   h(t) = Σ_n o^n a^n
//
// P_s takes unit orders[s][i] to place i. The products are complex, unit by unit.
#pragma once

#include "complex.h"
#include "layers.h"
#include "sequences.h"

namespace fastweights {

struct Associative {
  const int32_t* orders;  // (copies, half)
  int copies, half, heads;

  int order(int copy, int unit) const { return orders[copy * half + unit]; }
  int gates() const { return (1 + 2 * heads) * half; }
  // In the rows of a sum, the first of each kind for a head; the forget gate is row 0.
  int write_gate(int head) const { return (1 + head) * half; }
  int read_gate(int head) const { return (1 + heads + head) * half; }
  int value(int head) const { return gates() + 2 * head * half; }
  int key(int head) const { return value(heads + head); }
  int query(int head) const { return value(2 * heads + head); }
};

// What a block leaves for its backward pass: of each step the gates, values, keys and queries, the scales that
// bounded them, the answers, theirs, the copies of the memory, and the state.
template <class T>
class AssociativeTape {
 public:
  static int64_t size(const Sequences& all, const Associative& cell) {
    return int64_t(all.length) * (all.width + (6 * cell.heads + 2 * cell.copies + 2) * cell.half) * kLanes<T>;
  }
  AssociativeTape(const Sequences& all, const Associative& cell, T* start)
      : column_(2 * int64_t(cell.half) * kLanes<T>),
        rows_(int64_t(all.width) * kLanes<T>),
        heads_(cell.heads),
        step_(size(all, cell) / all.length),
        start_(start) {}
  T* rows(int t) const { return start_ + t * step_; }
  // Those of values, keys and queries, one head after the other; then those of the answers.
  T* scale(int vector, int t) const { return rows(t) + rows_ + vector * column_ / 2; }
  T* answer(int head, int t) const { return scale(4 * heads_, t) + head * column_; }
  T* memory(int copy, int t) const { return answer(heads_ + copy, t); }
  T* hidden(int t) const { return rows(t) + step_ - column_; }

 private:
  int64_t column_, rows_, heads_, step_;
  T* start_;
};

// `tapes` is one tape a block, or one for all where `keep` is false.
template <class T>
void associate_forward(const Sequences& all, const Associative& cell, const T* table, const T* recurrent, bool keep,
                       T* out, T* tapes) {
  const int units = all.units, width = all.width, half = cell.half;
  const int64_t column = int64_t(units) * kLanes<T>, matrix = int64_t(width) * units;
  Scratch<T> scratch{matrix, cell.heads * column};
  T *packed = scratch.take(matrix), *gated = scratch.take(cell.heads * column);
  pack(recurrent, width, units, units, 1, packed);

  for (int number = 0; number < all.blocks<T>(); ++number) {
    const Block<T> block(all, number);
    const AssociativeTape<T> tape(all, cell, tapes + (keep ? number * AssociativeTape<T>::size(all, cell) : 0));
    for (int t = 0; t < all.length; ++t) {
      T* rows = tape.rows(t);
      auto vector = [&](int first) { return rows + first * kLanes<T>; };
      block.look_up(table, t, rows);
      if (t > 0) multiply_add(packed, width, units, tape.hidden(t - 1), rows);
      for (int i = 0; i < cell.gates(); ++i) put(rows, i, sigmoid(get(rows, i)));
      for (int v = 0; v < 3 * cell.heads; ++v) bound(vector(cell.value(v)), half, tape.scale(v, t));

      for (int n = 0; n < cell.heads; ++n)
        for (int i = 0; i < half; ++i)
          put(gated + n * column, i, half, get(vector(cell.value(n)), i, half) * get(rows, cell.write_gate(n) + i));
      for (int s = 0; s < cell.copies; ++s)
        for (int i = 0; i < half; ++i) {
          Complex<T> now = Complex<T>::zero();
          if (t > 0) now = get(tape.memory(s, t - 1), i, half) * get(rows, i);
          for (int n = 0; n < cell.heads; ++n)
            now = now + get(vector(cell.key(n)), cell.order(s, i), half) * get(gated + n * column, i, half);
          put(tape.memory(s, t), i, half, now);
        }

      for (int n = 0; n < cell.heads; ++n) {
        for (int i = 0; i < half; ++i) {
          Complex<T> sum = Complex<T>::zero();
          for (int s = 0; s < cell.copies; ++s)
            sum = sum + get(vector(cell.query(n)), cell.order(s, i), half) * get(tape.memory(s, t), i, half);
          put(tape.answer(n, t), i, half, sum * Line<T>::all(T(1) / cell.copies));
        }
        bound(tape.answer(n, t), half, tape.scale(3 * cell.heads + n, t));
      }
      for (int i = 0; i < half; ++i) {
        Complex<T> sum = Complex<T>::zero();
        for (int n = 0; n < cell.heads; ++n)
          sum = sum + get(tape.answer(n, t), i, half) * get(rows, cell.read_gate(n) + i);
        put(tape.hidden(t), i, half, sum);
      }
      block.write_output(tape.hidden(t), t, out);
    }
  }
}

// The cotangents of the table and of W.
template <class T>
void associate_backward(const Sequences& all, const Associative& cell, const T* d_out, const T* recurrent, T* tapes,
                        T* d_table, T* d_recurrent) {
  const int units = all.units, width = all.width, half = cell.half;
  const int64_t column = int64_t(units) * kLanes<T>, matrix = int64_t(width) * units;
  Scratch<T> scratch{matrix,          width * int64_t(kLanes<T>), column, cell.heads * column, cell.heads * column,
                     cell.copies * column, Rows<T>::size(all)};
  T *packed = scratch.take(matrix), *d_rows = scratch.take(width * int64_t(kLanes<T>)), *d_hidden = scratch.take(column),
    *d_answers = scratch.take(cell.heads * column), *gated = scratch.take(cell.heads * column),
    *d_memory = scratch.take(cell.copies * column);
  Rows<T> collected(all, scratch);
  pack(recurrent, units, width, 1, units, packed);
  std::fill_n(d_table, int64_t(all.symbols) * width, T(0));
  std::vector<int> places(int64_t(cell.copies) * half);  // the inverse of the orders
  for (int s = 0; s < cell.copies; ++s)
    for (int i = 0; i < half; ++i) places[s * half + cell.order(s, i)] = i;

  for (int number = 0; number < all.blocks<T>(); ++number) {
    const Block<T> block(all, number);
    const AssociativeTape<T> tape(all, cell, tapes + number * AssociativeTape<T>::size(all, cell));
    for (int t = all.length - 1; t >= 0; --t) {
      const bool last = t + 1 == all.length;
      const T* rows = tape.rows(t);
      auto vector = [&](int first) { return rows + first * kLanes<T>; };
      // From the cotangent of a gate to that of its sum.
      auto gate_backward = [&](int row, const Line<T>& d) {
        const Line<T> gate = get(rows, row);
        put(d_rows, row, d * gate * (Line<T>::all(1) - gate));
      };
      // From the cotangent of unit i of the v-th bounded vector to that of its sum.
      auto vector_backward = [&](int v, int i, const Complex<T>& d) {
        const int row = cell.value(v);
        put(d_rows + row * kLanes<T>, i, half,
            bound_backward(d, get(vector(row), i, half), get(tape.scale(v, t), i)));
      };
      block.read_cotangent(d_out, t, d_hidden);
      if (!last) multiply_add(packed, units, width, d_rows, d_hidden);

      for (int n = 0; n < cell.heads; ++n)
        for (int i = 0; i < half; ++i) {
          const Complex<T> d = get(d_hidden, i, half), answer = get(tape.answer(n, t), i, half);
          const int row = cell.read_gate(n) + i;
          gate_backward(row, along(d, answer));
          const Complex<T> before = bound_backward(d * get(rows, row), answer, get(tape.scale(3 * cell.heads + n, t), i));
          put(d_answers + n * column, i, half, before * Line<T>::all(T(1) / cell.copies));
        }

      for (int i = 0; i < half; ++i) {
        Line<T> d_forget = Line<T>::all(0);
        for (int s = 0; s < cell.copies; ++s) {
          Complex<T> d = Complex<T>::zero();
          if (!last) d = get(d_memory + s * column, i, half) * get(tape.rows(t + 1), i);
          for (int n = 0; n < cell.heads; ++n)
            d = d + times_conjugate(get(d_answers + n * column, i, half),
                                    get(vector(cell.query(n)), cell.order(s, i), half));
          put(d_memory + s * column, i, half, d);
          if (t > 0) d_forget = d_forget + along(d, get(tape.memory(s, t - 1), i, half));
        }
        gate_backward(i, d_forget);
        for (int n = 0; n < cell.heads; ++n) {
          Complex<T> d = Complex<T>::zero();
          for (int s = 0; s < cell.copies; ++s)
            d = d + times_conjugate(get(d_memory + s * column, i, half),
                                    get(vector(cell.key(n)), cell.order(s, i), half));
          const Complex<T> value = get(vector(cell.value(n)), i, half);
          const Line<T> gate = get(rows, cell.write_gate(n) + i);
          gate_backward(cell.write_gate(n) + i, along(d, value));
          vector_backward(n, i, d * gate);
          put(gated + n * column, i, half, value * gate);
        }
      }

      for (int n = 0; n < cell.heads; ++n)
        for (int i = 0; i < half; ++i) {
          Complex<T> d_key = Complex<T>::zero(), d_query = Complex<T>::zero();
          for (int s = 0; s < cell.copies; ++s) {
            const int place = places[s * half + i];
            d_key = d_key + times_conjugate(get(d_memory + s * column, place, half),
                                            get(gated + n * column, place, half));
            d_query = d_query + times_conjugate(get(d_answers + n * column, place, half),
                                                get(tape.memory(s, t), place, half));
          }
          vector_backward(cell.heads + n, i, d_key);
          vector_backward(2 * cell.heads + n, i, d_query);
        }
      collected.keep(t, d_rows, t > 0 ? tape.hidden(t - 1) : nullptr);
    }
    collected.add(block, d_table);
  }
  collected.write(d_recurrent);
}

}  // namespace fastweights
