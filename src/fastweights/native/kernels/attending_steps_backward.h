// The way back through the steps of attending_steps.h.
//
// It needs one more kind of match, that of h(τ) with the cotangent of r_s, which serves twice: for the cotangent of h_s
// now and for that of h(τ) when its turn comes. So a pair (t, τ) costs 2 R multiply-adds forward and 4 R backward. The
// cotangents of M, and what h(τ) owes to the next chunk's memory, are products over all steps of a chunk at once.
#pragma once

#include "attending_steps.h"

namespace fastweights {

template <class T>
class AttendStepsBackward {
 public:
  static int64_t size(const Sequences& all, const Attending& cell, int sets) {
    const int64_t column = int64_t(all.units) * kLanes<T>, square = int64_t(all.units) * all.units;
    return square + (4 + 2 * sets + reads(cell) + 2 * products(cell) + both(all, cell)) * column +
           (cell.sources() + pairs(cell) + read_weights(cell)) * kLanes<T> + Rows<T>::size(all, cell.chunk) + kLanes<T>;
  }
  AttendStepsBackward(const Sequences& all, const Attending& cell, const AttendWeights<T>& weights, Scratch<T>& scratch)
      : all_(all),
        cell_(cell),
        weights_(weights),
        column_(int64_t(all.units) * kLanes<T>),
        packed_(scratch.take(int64_t(all.units) * all.units)),
        d_summed_(scratch.take(column_)),
        masked_(scratch.take(column_)),
        answer_(scratch.take(column_)),
        later_(scratch.take(column_)),
        d_reads_(scratch.take(reads(cell) * column_)),
        d_matches_(scratch.take(pairs(cell) * kLanes<T>)),
        factors_(scratch.take(cell.sources() * kLanes<T>)),
        d_weights_(scratch.take(read_weights(cell) * kLanes<T>)),
        d_gain_(scratch.take(weights.sets * column_)),
        d_bias_(scratch.take(weights.sets * column_)),
        rows_(all, cell.chunk, scratch),
        products_(scratch.take(products(cell) * column_)),
        seen_(scratch.take(products(cell) * column_)),
        both_(scratch.take(both(all, cell) * column_)) {
    pack(weights.recurrent, all.units, all.units, 1, all.units, packed_);
    std::fill_n(d_weights_, read_weights(cell) * kLanes<T>, T(0));
    std::fill_n(d_gain_, weights.sets * column_, T(0));
    std::fill_n(d_bias_, weights.sets * column_, T(0));
  }

  // From the cotangent of the state after a chunk, h and then M, to that of the state before it, in place; all zeros
  // where the sequences end with it.
  void run(const Block<T>& block, const Chunk<T>& chunk, bool last, const Tape<T>& tape, const T* d_out,
           const T* d_last, T* d_state, T* d_table) {
    const int units = all_.units, length = cell_.chunk, sources = cell_.sources(), oldest = chunk.oldest();
    const int64_t row = (length + 1) * kLanes<T>;
    const bool advances = cell_.steps && !last;
    T *d_hidden = d_state, *d_memory = d_state + column_;
    std::copy_n(d_hidden, column_, later_);
    if (advances) advance_backward(block, chunk, tape, d_memory);
    for (int t = chunk.count - 1; t >= oldest - 1; --t) {
      const int now = chunk.start + t;
      int n = cell_.norms();
      auto norm_backward = [&](int64_t chosen, T* cotangent) {
        --n;
        normalise_backward(tape.normalised(n, t), tape.scale(n, t), weights_.gains + chosen * units, units, cotangent,
                           d_gain_ + chosen * column_, d_bias_ + chosen * column_);
      };
      block.read_cotangent(d_out, t < 0 ? -1 : now, d_hidden);
      if (t + 1 < chunk.count)
        multiply_add(packed_, units, units, d_summed_, d_hidden);
      else
        add_into(later_, units, d_hidden);
      if (t >= 0 || now < 0) block.add_last_cotangent(d_last, now, d_hidden);
      // The cotangents of h(t) from every later reading: as the state that was matched, and as the one that was added.
      const int later = chunk.count - 1 - t;
      for (int s = 0; s < cell_.steps; ++s) {
        const int64_t next = int64_t(s) * length + t + 1;
        const Seen<T> seen = block.seen_from(now + 1, now + 1);
        auto add_cotangent = [&](const T* matches, const T* values) {
          weigh(weights_.row(t + 1, cell_) + t + 2, sources, matches + next * row + (t + 1) * kLanes<T>, row, later,
                seen, factors_);
          add_weighted(values + next * column_, later, factors_, units, d_hidden, seen);
        };
        add_cotangent(tape.matches(0, 0), d_reads_);
        add_cotangent(d_matches_, tape.query(0, 0));
      }
      if (advances && later) add_into(products_ + (t + 1) * column_, units, d_hidden);
      if (t < 0) break;

      std::fill_n(d_summed_, column_, T(0));
      for (int s = cell_.steps - 1; s >= 0; --s) {
        T *d_read = d_read_of(s) + t * column_, *d_match = d_matches_ + (int64_t(s) * length + t) * row;
        activate_backward(cell_.activation, s + 1 == cell_.steps ? tape.hidden(t) : tape.query(s + 1, t), units,
                          d_hidden);
        if (cell_.inside[s] >= 0) norm_backward(cell_.inside[s], d_hidden);
        std::copy_n(d_hidden, column_, d_read);
        if (cell_.outside[s] >= 0) norm_backward(cell_.outside[s], d_hidden);
        if (cell_.sustained) {
          add_into(d_hidden, units, d_summed_);
          std::fill_n(d_hidden, column_, T(0));
        }
        const int count = t + 1 - oldest;
        const T *stored = tape.hidden(oldest - 1), *weight = weights_.row(t, cell_);
        const T* matches = tape.matches(s, t) + oldest * kLanes<T>;
        const Seen<T> seen = block.seen_at(now, chunk.start + oldest);
        T *d_row = d_weight_row(t), *d_slot = d_row + (1 + oldest) * kLanes<T>;
        d_match += oldest * kLanes<T>;
        match(stored, count, d_read, units, d_match);
        weigh(weight + 1 + oldest, 1, d_match, kLanes<T>, count, seen, factors_);
        add_weighted(stored, count, factors_, units, d_hidden, seen);
        for (int i = 0; i < count; ++i)
          put(d_slot, i, get(d_slot, i) + seen(i, get(matches, i) * get(d_match, i)));
        if (chunk.memory)
          read_memory_backward(chunk.memory, weight[0], tape.query(s, t), d_read, units, seen, answer_, d_hidden,
                               d_row);
      }
      activate_backward(cell_.activation, cell_.steps ? tape.query(0, t) : tape.hidden(t), units, d_hidden);
      if (cell_.preliminary >= 0) norm_backward(cell_.preliminary, d_hidden);
      add_into(d_hidden, units, d_summed_);
      rows_.store(t, d_summed_, block.before(now, t > 0 ? tape.hidden(t - 1) : chunk.hidden, units, masked_));
      block.cut(now, units, d_summed_);
    }
    if (chunk.memory) memory_backward(block, chunk, tape, d_memory);
    rows_.add(block, chunk.start, chunk.count, oldest, d_table);
  }

  // The cotangents of the cell's arrays, and of so many rows of the weights.
  void write(int rows, T* d_recurrent, T* d_gains, T* d_biases, T* d_read) const {
    rows_.write(d_recurrent);
    sum_lanes(d_gain_, weights_.sets * all_.units, d_gains);
    sum_lanes(d_bias_, weights_.sets * all_.units, d_biases);
    if (cell_.steps) sum_lanes(d_weights_, int64_t(rows) * cell_.sources(), d_read);
  }

 private:
  // Columns
  static int64_t reads(const Attending& cell) { return int64_t(cell.steps) * cell.chunk; }
  static int64_t products(const Attending& cell) { return cell.steps ? cell.chunk : 0; }
  static int64_t both(const Sequences& all, const Attending& cell) { return cell.written(all) ? all.units : 0; }
  // Lines
  static int64_t pairs(const Attending& cell) { return reads(cell) * (cell.chunk + 1); }
  static int64_t read_weights(const Attending& cell) {
    return cell.steps ? int64_t(cell.chunk + 1) * cell.sources() : 0;
  }
  T* d_read_of(int s) const { return d_reads_ + int64_t(s) * cell_.chunk * column_; }
  T* d_weight_row(int t) const { return d_weights_ + int64_t(t) * cell_.sources() * kLanes<T>; }

  // Through the next chunk's memory: to the cotangent of M from that of the next one, in place, and what it adds to
  // those of the stored columns, to `products_`.
  void advance_backward(const Block<T>& block, const Chunk<T>& chunk, const Tape<T>& tape, T* d_memory) {
    const int units = all_.units;
    const T *row = weights_.row(cell_.chunk, cell_), *stored = tape.hidden(-1);
    const Seen<T> seen = block.seen_at(chunk.start + chunk.count - 1, chunk.start);
    T *d_factor = d_weight_row(cell_.chunk), *d_slot = d_factor + kLanes<T>;
    for (int i = 0; i < units; ++i) {
      Line<T> sum = Line<T>::all(0);
      for (int j = 0; j < units; ++j) {
        const Line<T> d = get(d_memory, i * units + j);
        put(both_, i * units + j, d + get(d_memory, j * units + i));
        sum = sum + d * get(chunk.memory, i * units + j);
      }
      put(d_factor, 0, get(d_factor, 0) + seen(0, sum));
    }
    for (int i = 0; i < units * units; ++i) put(d_memory, i, seen(0, get(d_memory, i) * row[0]));

    std::fill_n(products_, chunk.count * column_, T(0));
    multiply_lanes<T>({both_, units, 1}, {stored, units, 1}, units, chunk.count, units, {products_, 1, units});
    for (int k = 0; k < chunk.count; ++k) {
      // h(τ) stands on both sides of its product.
      match(stored + k * column_, 1, products_ + k * column_, units, answer_);
      put(d_slot, k, get(d_slot, k) + seen(k, get(answer_, 0) * T(0.5)));
    }
    weigh_columns(row + 1, 1, products_, chunk.count, units, seen, products_);
  }

  // Adds to the cotangent of M what comes from its readings.
  void memory_backward(const Block<T>& block, const Chunk<T>& chunk, const Tape<T>& tape, T* d_memory) {
    const int units = all_.units, count = chunk.count;
    const Seen<T> seen = block.seen_from(chunk.start, chunk.start);
    for (int s = 0; s < cell_.steps; ++s) {
      weigh_columns(weights_.read, cell_.sources(), d_read_of(s), count, units, seen, products_);
      const T* queries = only_seen(tape.query(s, 0), count, units, seen, seen_);
      multiply_lanes<T>({products_, 1, units}, {queries, 1, units}, units, units, count, {d_memory, units, 1});
    }
  }

  const Sequences& all_;
  const Attending& cell_;
  AttendWeights<T> weights_;
  int64_t column_;
  T *packed_, *d_summed_, *masked_, *answer_, *later_, *d_reads_, *d_matches_, *factors_, *d_weights_, *d_gain_,
      *d_bias_;
  Rows<T> rows_;
  T *products_, *seen_, *both_;
};

}  // namespace fastweights
