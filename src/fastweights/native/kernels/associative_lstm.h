// The associative LSTM (cells/associative_lstm.py), forward and backward, for one block of sequences at a time.
//
//   [f; i^n; o^n; u^n; k^n; q^n] = W h(t−1) + projection(t), then σ of the gates f, i, o and bound of u, k, q
//   c_s(t) = f c_s(t−1) + Σ_n (P_s k^n) (i^n u^n)
//   a^n = bound[1/C Σ_s (P_s q^n) c_s(t)],   h(t) = w Σ_n o^n a^n
//
// The products are complex, unit by unit. Backward computes cotangents of the gates and the bounded vectors
// where those of their sums will stand, and takes all of them through σ and bound at the end.
#pragma once

#include "complex.h"
#include "layers.h"
#include "sequences.h"

namespace fastweights {

struct Associative {
  const int32_t* permutations;  // (copies, half): P_s puts unit permutations[s][i] into place i
  int copies, half, heads;
  double answer_weight;  // w

  // In the rows of a sum, the first of each kind for a head; the forget gate is row 0.
  int input_gate(int head) const { return (1 + head) * half; }
  int output_gate(int head) const { return input_gate(heads + head); }
  int gates() const { return output_gate(heads); }
  int value(int head) const { return gates() + 2 * head * half; }
  int key(int head) const { return value(heads + head); }
  int query(int head) const { return key(heads + head); }
  int vectors() const { return 3 * heads; }
};

// The units in their own order, in a copy's, and in the inverse of that.
class Units {
 public:
  explicit Units(const Associative& cell) : cell_(cell), table_((1 + 2 * cell.copies) * cell.half) {
    for (int i = 0; i < cell.half; ++i) table_[i] = i;
    for (int s = 0; s < cell.copies; ++s)
      for (int i = 0; i < cell.half; ++i) {
        const int unit = std::clamp(cell.permutations[s * cell.half + i], 0, cell.half - 1);
        table_[(1 + s) * cell.half + i] = unit;
        table_[(1 + cell.copies + s) * cell.half + unit] = i;
      }
  }
  const int* own() const { return table_.data(); }
  const int* permuted(int copy) const { return own() + (1 + copy) * cell_.half; }
  const int* returned(int copy) const { return permuted(cell_.copies + copy); }

 private:
  Associative cell_;
  std::vector<int> table_;
};

// What a block leaves for its backward pass. Of each step: the gates and bounded vectors, the factors that
// bounded them, those of the answers, the answers, the copies of the memory, and the state.
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
  T* row(int first, int t) const { return start_ + t * step_ + first * kLanes<T>; }
  T* factor(int vector, int t) const { return row(0, t) + rows_ + vector * column_ / 2; }
  T* answer_factor(int head, int t) const { return factor(3 * heads_ + head, t); }
  T* answer(int head, int t) const { return answer_factor(heads_, t) + head * column_; }
  T* memory(int copy, int t) const { return answer(heads_ + copy, t); }
  // The copies of the memory, then h(t).
  T* state(int t) const { return memory(0, t); }

 private:
  int64_t column_, rows_, heads_, step_;
  T* start_;
};

// The products that a sum has, one for each head or copy.
template <class T, class Number>
const std::vector<Product<T>>& products(int count, Number number) {
  thread_local std::vector<Product<T>> list;
  list.clear();
  for (int i = 0; i < count; ++i) list.push_back(number(i));
  return list;
}

// `tapes` is one tape a block, or one for all where `keep` is false. A state is the copies of the memory, then h.
template <class T>
void associate_forward(const Sequences& all, const Associative& cell, const T* table, const T* given,
                       const T* recurrent, bool keep, T* out, T* last, T* tapes) {
  const int units = all.units, width = all.width, half = cell.half;
  const int64_t column = int64_t(units) * kLanes<T>, matrix = int64_t(width) * units;
  const int64_t copies = cell.copies * column;
  Scratch<T> scratch{matrix, cell.heads * column, copies + column, copies + column};
  T *packed = scratch.take(matrix), *gated = scratch.take(cell.heads * column), *start = scratch.take(copies + column),
    *masked = scratch.take(copies + column);
  const Units order(cell);
  pack(recurrent, width, units, units, 1, packed);
  all.clear(out, last);

  Block<T> block(all);
  for (int number = 0; number < all.blocks<T>(); ++number) {
    block.move_to(number);
    const AssociativeTape<T> tape(all, cell, tapes + (keep ? number * AssociativeTape<T>::size(all, cell) : 0));
    const T* state = block.read_state(given, start);
    block.write_last(state, -1, last);
    for (int t = 0; t < block.length(); ++t) {
      T *rows = tape.row(0, t), *hidden = tape.state(t) + copies;
      const T* before = block.before(t, state, (cell.copies + 1) * units, masked);
      block.gather(table, t, rows);
      if (before) multiply_add(packed, width, units, before + copies, rows);
      for (int i = 0; i < cell.gates(); ++i) put(rows, i, sigmoid(get(rows, i)));
      for (int v = 0; v < cell.vectors(); ++v) bound(tape.row(cell.value(v), t), half, tape.factor(v, t));

      for (int n = 0; n < cell.heads; ++n)
        scale(tape.row(cell.value(n), t), tape.row(cell.input_gate(n), t), half, gated + n * column);
      for (int s = 0; s < cell.copies; ++s) {
        T* memory = tape.memory(s, t);
        if (before)
          scale(before + s * column, rows, half, memory);
        else
          std::fill_n(memory, column, T(0));
        const auto written = [&](int n) -> Product<T> {
          return {tape.row(cell.key(n), t), order.permuted(s), gated + n * column, order.own()};
        };
        add_products(products<T>(cell.heads, written), half, memory);
      }

      std::fill_n(hidden, column, T(0));
      for (int n = 0; n < cell.heads; ++n) {
        T* answer = tape.answer(n, t);
        std::fill_n(answer, column, T(0));
        const auto read = [&](int s) -> Product<T> {
          return {tape.row(cell.query(n), t), order.permuted(s), tape.memory(s, t), order.own()};
        };
        add_products(products<T>(cell.copies, read), half, answer);
        for (int i = 0; i < units; ++i) put(answer, i, get(answer, i) * (T(1) / cell.copies));
        bound(answer, half, tape.answer_factor(n, t));
        add_scaled(answer, tape.row(cell.output_gate(n), t), half, hidden);
      }
      for (int i = 0; i < units; ++i) put(hidden, i, get(hidden, i) * T(cell.answer_weight));
      block.write_output(hidden, t, out);
      block.write_last(tape.state(t), t, last);
      state = tape.state(t);
    }
  }
}

// The cotangents of the table, of the given state and of W.
template <class T>
void associate_backward(const Sequences& all, const Associative& cell, const T* d_out, const T* d_last,
                        const T* given, const T* recurrent, T* tapes, T* d_table, T* d_given, T* d_recurrent) {
  const int units = all.units, width = all.width, half = cell.half;
  const int64_t column = int64_t(units) * kLanes<T>, lines = int64_t(width) * kLanes<T>;
  const int64_t matrix = int64_t(width) * units, copies = cell.copies * column;
  Scratch<T> scratch{matrix, lines, column, column, cell.heads * column, copies + column, copies + column,
                     copies + column, Rows<T>::size(all)};
  T *packed = scratch.take(matrix), *d_rows = scratch.take(lines), *gated = scratch.take(column),
    *d_gated = scratch.take(column), *d_answers = scratch.take(cell.heads * column),
    *d_memory = scratch.take(copies + column), *d_hidden = d_memory + copies, *start = scratch.take(copies + column),
    *masked = scratch.take(copies + column);
  Rows<T> collected_rows(all, scratch);
  const Units order(cell);
  pack(recurrent, units, width, 1, units, packed);
  std::fill_n(d_table, int64_t(all.symbols) * width, T(0));

  Block<T> block(all);
  for (int number = 0; number < all.blocks<T>(); ++number) {
    block.move_to(number);
    const AssociativeTape<T> tape(all, cell, tapes + number * AssociativeTape<T>::size(all, cell));
    const T* first_state = block.read_state(given, start);
    std::fill_n(d_memory, copies, T(0));
    for (int t = block.length() - 1; t >= block.earliest(); --t) {
      const auto d_row = [&](int first) { return d_rows + first * kLanes<T>; };
      block.read_cotangent(d_out, t, d_hidden);
      if (t + 1 < block.length()) multiply_add(packed, units, width, d_rows, d_hidden);
      block.add_last_cotangent(d_last, t, d_memory);
      if (t < 0) break;
      const T* before = block.before(t, t > 0 ? tape.state(t - 1) : first_state, (cell.copies + 1) * units, masked);
      std::fill_n(d_rows, lines, T(0));

      for (int i = 0; i < units; ++i) put(d_hidden, i, get(d_hidden, i) * T(cell.answer_weight));
      for (int n = 0; n < cell.heads; ++n) {
        T* d_answer = d_answers + n * column;
        add_along(d_hidden, tape.answer(n, t), half, d_row(cell.output_gate(n)));
        scale(d_hidden, tape.row(cell.output_gate(n), t), half, d_answer);
        bound_backward(tape.answer(n, t), tape.answer_factor(n, t), half, d_answer);
        for (int i = 0; i < units; ++i) put(d_answer, i, get(d_answer, i) * (T(1) / cell.copies));
      }
      for (int s = 0; s < cell.copies; ++s) {
        T* d_copy = d_memory + s * column;
        const auto read = [&](int n) -> Product<T> {
          return {d_answers + n * column, order.own(), tape.row(cell.query(n), t), order.permuted(s)};
        };
        add_products<T, true>(products<T>(cell.heads, read), half, d_copy);
        if (before) add_along(d_copy, before + s * column, half, d_row(0));
      }
      for (int n = 0; n < cell.heads; ++n) {
        const T *value = tape.row(cell.value(n), t), *gate = tape.row(cell.input_gate(n), t);
        const auto of_value = [&](int s) -> Product<T> {
          return {d_memory + s * column, order.own(), tape.row(cell.key(n), t), order.permuted(s)};
        };
        const auto of_key = [&](int s) -> Product<T> {
          return {d_memory + s * column, order.returned(s), gated, order.returned(s)};
        };
        const auto of_query = [&](int s) -> Product<T> {
          return {d_answers + n * column, order.returned(s), tape.memory(s, t), order.returned(s)};
        };
        std::fill_n(d_gated, column, T(0));
        add_products<T, true>(products<T>(cell.copies, of_value), half, d_gated);
        add_along(d_gated, value, half, d_row(cell.input_gate(n)));
        scale(d_gated, gate, half, d_row(cell.value(n)));
        scale(value, gate, half, gated);
        add_products<T, true>(products<T>(cell.copies, of_key), half, d_row(cell.key(n)));
        add_products<T, true>(products<T>(cell.copies, of_query), half, d_row(cell.query(n)));
      }

      for (int i = 0; i < cell.gates(); ++i) {
        const Line<T> gate = get(tape.row(0, t), i);
        put(d_rows, i, get(d_rows, i) * gate * (Line<T>::all(1) - gate));
      }
      for (int v = 0; v < cell.vectors(); ++v)
        bound_backward(tape.row(cell.value(v), t), tape.factor(v, t), half, d_row(cell.value(v)));
      for (int s = 0; s < cell.copies; ++s) scale(d_memory + s * column, tape.row(0, t), half, d_memory + s * column);
      collected_rows.store(t, d_rows, before ? before + copies : nullptr);
      block.cut(t, width, d_rows);
      block.cut(t, cell.copies * units, d_memory);
    }
    block.write_state_cotangent(d_memory, d_given);
    collected_rows.add(block, d_table);
  }
  collected_rows.write(d_recurrent);
}

}  // namespace fastweights
