// A batch of sequences of symbols, cut into blocks of lanes: what every kernel reads and writes.
#pragma once

#include "products.h"

namespace fastweights {

// Projections are rows of a table (symbols, width); outputs are the last `outputs` states (batch, outputs, units).
// A state is a row for each sequence. After its length a sequence stays as it is, and its outputs are 0; before a
// step with a reset it starts anew, from the zero state.
struct Sequences {
  const int32_t* tokens;   // (batch, length)
  const int32_t* lengths;  // (batch), or null where all are as long as that
  const uint8_t* resets;   // (batch, length), or null where there are none
  int symbols, width, units, length, batch, outputs;
  int given, ended;  // numbers of a state that a sequence starts from, or 0 for the zero state; that it ends in

  template <class T>
  int blocks() const {
    return (batch + kLanes<T> - 1) / kLanes<T>;
  }
  int symbol(int t, int sequence) const {
    // Tokens come from the caller: none may point outside the table.
    return std::clamp(tokens[int64_t(sequence) * length + t], 0, symbols - 1);
  }
  // The index of h(t) among the outputs; negative if it is not wanted.
  int place(int t) const { return t - (length - outputs); }

  // Where sequences end early: zeros, for what no step will write.
  template <class T>
  void clear(T* out, T* last) const {
    if (!lengths) return;
    std::fill_n(out, int64_t(batch) * outputs * units, T(0));
    std::fill_n(last, int64_t(batch) * ended, T(0));
  }
};

// What lanes see of columns that were stored one after the other, h(τ) as number τ + 1: those from a lane's begin
// on, where it last started anew.
template <class T>
struct Seen {
  const T* begins;  // a line for each reading, or null where every lane sees all
  int64_t stride;
  int number, step;  // the column that the first reading reads, and from one reading to the next

  // The line where the i-th reading sees its column, 0 elsewhere.
  Line<T> operator()(int i, Line<T> line) const {
    if (!begins) return line;
    const Line<T> begin = get(begins + i * stride, 0);
    for (int p = 0; p < kParts; ++p)
      line.part[p] = begin.part[p] <= T(number + i * step) ? line.part[p] : Vector<T>{};
    return line;
  }
};

// One block. Lanes beyond the batch are sequences of length 0. To a step after its end a lane comes anew with a
// projection of 0, and nothing that it computes there leaves the block.
template <class T>
class Block {
 public:
  explicit Block(const Sequences& all)
      : all_(all), zeros_(std::max({all.width, all.units, all.given, all.ended})), spare_(zeros_) {}

  void move_to(int number) {
    first_ = number * kLanes<T>;
    length_ = 0;
    for (int lane = 0; lane < kLanes<T>; ++lane) {
      const int sequence = first_ + lane;
      end_[lane] = sequence >= all_.batch ? 0 : all_.length;
      if (all_.lengths && end_[lane]) end_[lane] = std::clamp(all_.lengths[sequence], 0, all_.length);
      length_ = std::max(length_, end_[lane]);
    }
    if (!all_.lengths && !all_.resets) return;
    begins_.resize(int64_t(length_) * kLanes<T>);
    for (int lane = 0; lane < kLanes<T>; ++lane)
      for (int t = 0, begin = 0; t < length_; ++t) {
        if (!runs(t, lane) || (all_.resets && all_.resets[int64_t(first_ + lane) * all_.length + t])) begin = t + 1;
        begins_[t * kLanes<T> + lane] = T(begin);
      }
  }

  // The steps until its last sequence ends; and how far back cotangents go, −1 being the given state.
  int length() const { return length_; }
  int earliest() const { return all_.given ? -1 : 0; }
  bool runs(int t, int lane) const { return t < end_[lane]; }
  int symbol(int t, int lane) const { return all_.symbol(t, first_ + lane); }

  // What step t sees of columns from this number on, and what the steps from t on see of this one.
  Seen<T> seen_at(int t, int number) const { return {begins(t), 0, number, 1}; }
  Seen<T> seen_from(int t, int number) const { return {begins(t), kLanes<T>, number, 0}; }

  // What step t starts from: the state before it, or 0 in lanes that start anew; null where all are 0.
  const T* before(int t, const T* state, int lines, T* column) const {
    if (!state || begins_.empty()) return state;
    std::copy_n(state, int64_t(lines) * kLanes<T>, column);
    cut(t, lines, column);
    return column;
  }
  // Zeros in lanes that start anew at t, so that no cotangent goes further back.
  void cut(int t, int lines, T* column) const {
    if (begins_.empty()) return;
    const Seen<T> seen{begins(t), 0, t, 0};
    for (int i = 0; i < lines; ++i) put(column, i, seen(0, get(column, i)));
  }

  // projection[unit][lane] at time t
  void gather(const T* table, int t, T* projection) const {
    read(all_.width, projection,
         [&](int lane) { return runs(t, lane) ? table + int64_t(symbol(t, lane)) * all_.width : nullptr; });
  }
  void write_output(const T* hidden, int t, T* out) const {
    if (all_.place(t) >= 0)
      write(hidden, all_.units, [&](int lane) { return runs(t, lane) ? output(out, t, lane) : nullptr; });
  }
  // The cotangent of h(t) as an output.
  void read_cotangent(const T* d_out, int t, T* d_hidden) const {
    if (t >= 0 && all_.place(t) >= 0)
      read(all_.units, d_hidden, [&](int lane) { return runs(t, lane) ? output(d_out, t, lane) : nullptr; });
    else
      std::fill_n(d_hidden, int64_t(all_.units) * kLanes<T>, T(0));
  }

  // The state that sequences start from, read into the column; null where all start from 0.
  const T* read_state(const T* given, T* column) const {
    if (!all_.given) return nullptr;
    read(all_.given, column, [&](int lane) { return used(lane) ? row(given, all_.given, lane) : nullptr; });
    return column;
  }
  void write_state_cotangent(const T* d_state, T* d_given) const {
    if (all_.given) write(d_state, all_.given, [&](int lane) { return used(lane) ? row(d_given, all_.given, lane) : nullptr; });
  }
  // The state after step t, of the sequences that end there; not of those that never left the zero state.
  void write_last(const T* state, int t, T* last) const {
    if (state && some_end(t))
      write(state, all_.ended, [&](int lane) { return ends(t, lane) ? row(last, all_.ended, lane) : nullptr; });
  }
  // Adds the cotangent of that to the one of the state after step t.
  void add_last_cotangent(const T* d_last, int t, T* d_state) const {
    if (!all_.ended || !some_end(t)) return;
    std::vector<T> column(int64_t(all_.ended) * kLanes<T>);
    read(all_.ended, column.data(),
         [&](int lane) { return ends(t, lane) ? row(d_last, all_.ended, lane) : nullptr; });
    for (int i = 0; i < all_.ended; ++i) put(d_state, i, get(d_state, i) + get(column.data(), i));
  }

 private:
  bool used(int lane) const { return first_ + lane < all_.batch; }
  bool ends(int t, int lane) const { return used(lane) && end_[lane] == t + 1; }
  bool some_end(int t) const {
    if (!all_.lengths) return t + 1 == length_;
    for (int lane = 0; lane < kLanes<T>; ++lane)
      if (ends(t, lane)) return true;
    return false;
  }
  const T* begins(int t) const { return begins_.empty() ? nullptr : begins_.data() + t * kLanes<T>; }

  template <class Number>
  Number* row(Number* rows, int size, int lane) const {
    return rows + int64_t(first_ + lane) * size;
  }
  template <class Number>
  Number* output(Number* out, int t, int lane) const {
    return out + (int64_t(first_ + lane) * all_.outputs + all_.place(t)) * all_.units;
  }
  // From and to the rows of lanes. Where one has none, zeros come, and what goes there is lost.
  template <class Row>
  void read(int units, T* column, Row row) const {
    const T* rows[kLanes<T>];
    for (int lane = 0; lane < kLanes<T>; ++lane) {
      const T* own = row(lane);
      rows[lane] = own ? own : zeros_.data();
    }
    fastweights::gather(rows, units, column);
  }
  template <class Row>
  void write(const T* column, int units, Row row) const {
    T* rows[kLanes<T>];
    for (int lane = 0; lane < kLanes<T>; ++lane) {
      T* own = row(lane);
      rows[lane] = own ? own : spare_.data();
    }
    fastweights::scatter(column, units, rows);
  }

  const Sequences& all_;
  int first_, length_, end_[kLanes<T>];
  std::vector<T> begins_;  // for each step and lane; empty where no sequence ends early or starts anew
  std::vector<T> zeros_;
  mutable std::vector<T> spare_;
};

// Collects, for some steps of one block, the cotangents of the projections and the states before them, as rows
// (time · lane), and adds the products and sums over them that the weights and the table need.
template <class T>
class Rows {
 public:
  static int64_t size(const Sequences& all, int steps) {
    return int64_t(steps) * kLanes<T> * (all.width + padded<T>(all.units)) +
           int64_t(all.width) * padded<T>(all.units) + 2 * kLanes<T>;
  }
  static int64_t size(const Sequences& all) { return size(all, all.length); }
  Rows(const Sequences& all, int steps, Scratch<T>& scratch)
      : all_(all),
        stride_(padded<T>(all.units)),
        d_projections_(scratch.take(int64_t(steps) * kLanes<T> * all.width)),
        states_(scratch.take(int64_t(steps) * kLanes<T> * stride_)),
        d_recurrent_(scratch.take(int64_t(all.width) * stride_)) {
    std::fill_n(d_recurrent_, int64_t(all.width) * stride_, T(0));
  }
  Rows(const Sequences& all, Scratch<T>& scratch) : Rows(all, all.length, scratch) {}

  // Of the t-th of the steps: the cotangent of the projection, and the state before, or null where it is 0.
  void store(int t, const T* d_projection, const T* before) {
    auto store_rows = [&](const T* column, int units, T* start, int stride) {
      T* rows[kLanes<T>];
      for (int lane = 0; lane < kLanes<T>; ++lane) rows[lane] = start + (int64_t(t) * kLanes<T> + lane) * stride;
      scatter(column, units, rows);
    };
    store_rows(d_projection, all_.width, d_projections_, all_.width);
    if (before) store_rows(before, all_.units, states_, stride_);
  }
  // The `count` steps from `start` on, of which the first `zeros` have no state before them.
  void add(const Block<T>& block, int start, int count, int zeros, T* d_table) {
    for (int t = 0; t < count; ++t)
      for (int lane = 0; lane < kLanes<T>; ++lane) {
        if (!block.runs(start + t, lane)) continue;
        const T* row = d_projections_ + (int64_t(t) * kLanes<T> + lane) * all_.width;
        T* to = d_table + int64_t(block.symbol(start + t, lane)) * all_.width;
        for (int i = 0; i < all_.width; ++i) to[i] += row[i];
      }
    outer_add(d_projections_ + zeros * kLanes<T> * all_.width, all_.width, all_.width,
              states_ + zeros * kLanes<T> * stride_, all_.units, stride_, (count - zeros) * kLanes<T>, d_recurrent_,
              stride_);
  }
  void add(const Block<T>& block, T* d_table) { add(block, 0, block.length(), all_.given ? 0 : 1, d_table); }
  void write(T* d_recurrent) const {
    for (int i = 0; i < all_.width; ++i)
      std::copy_n(d_recurrent_ + int64_t(i) * stride_, all_.units, d_recurrent + int64_t(i) * all_.units);
  }

 private:
  const Sequences& all_;
  int stride_;
  T *d_projections_, *states_, *d_recurrent_;
};

}  // namespace fastweights
