// A batch of sequences of symbols, cut into blocks of lanes: what every kernel reads and writes.
#pragma once

#include "products.h"

namespace fastweights {

// Projections are rows of a table (symbols, width); outputs are the last `outputs` states (outputs, units, batch).
struct Sequences {
  const int32_t* tokens;  // (length, batch)
  int symbols, width, units, length, batch, outputs;

  template <class T>
  int blocks() const {
    return (batch + kLanes<T> - 1) / kLanes<T>;
  }
  int symbol(int t, int column) const {
    // Tokens come from the caller: none may point outside the table.
    return std::clamp(tokens[int64_t(t) * batch + column], 0, symbols - 1);
  }
  // The index of h(t) among the outputs; negative if it is not wanted.
  int place(int t) const { return t - (length - outputs); }
};

// One block: its first sequence, and how many of its lanes are in use.
template <class T>
struct Block {
  const Sequences& all;
  int first, filled;

  Block(const Sequences& all, int number)
      : all(all), first(number * kLanes<T>), filled(std::min(kLanes<T>, all.batch - first)) {}

  // projection[unit][lane] at time t; lanes that are not in use repeat the last sequence.
  void gather(const T* table, int t, T* projection) const {
    const T* rows[kLanes<T>];
    for (int lane = 0; lane < kLanes<T>; ++lane)
      rows[lane] = table + int64_t(all.symbol(t, first + std::min(lane, filled - 1))) * all.width;
    fastweights::gather(rows, all.width, projection);
  }
  void write_output(const T* hidden, int t, T* out) const {
    if (const int place = all.place(t); place >= 0)
      for (int i = 0; i < all.units; ++i)
        std::copy_n(hidden + i * kLanes<T>, filled, out + (int64_t(place) * all.units + i) * all.batch + first);
  }
  // The cotangent of h(t) as an output; 0 in lanes that are not in use.
  void read_cotangent(const T* d_out, int t, T* d_hidden) const {
    std::fill_n(d_hidden, int64_t(all.units) * kLanes<T>, T(0));
    if (const int place = all.place(t); place >= 0)
      for (int i = 0; i < all.units; ++i)
        std::copy_n(d_out + (int64_t(place) * all.units + i) * all.batch + first, filled,
                    d_hidden + i * kLanes<T>);
  }
};

// Collects, for one block, the cotangents of the projections and the states before them, as rows (time · lane), and
// adds the products and sums over them that the weights and the table need.
template <class T>
class Rows {
 public:
  static int64_t size(const Sequences& s) {
    return int64_t(s.length) * kLanes<T> * (s.width + padded<T>(s.units)) +
           int64_t(s.width) * padded<T>(s.units) + 2 * kLanes<T>;
  }
  Rows(const Sequences& all, Scratch<T>& scratch)
      : all_(all),
        stride_(padded<T>(all.units)),
        d_projections_(scratch.take(int64_t(all.length) * kLanes<T> * all.width)),
        states_(scratch.take(int64_t(all.length) * kLanes<T> * stride_)),
        d_recurrent_(scratch.take(int64_t(all.width) * stride_)) {
    std::fill_n(d_recurrent_, int64_t(all.width) * stride_, T(0));
  }

  // At time t: the cotangent of the projection, and h(t−1), or null before the first step, where it is 0.
  void store(int t, const T* d_projection, const T* before) {
    scatter(d_projection, all_.width, d_projections_ + int64_t(t) * kLanes<T> * all_.width, all_.width);
    if (before) scatter(before, all_.units, states_ + int64_t(t) * kLanes<T> * stride_, stride_);
  }
  void add(const Block<T>& block, T* d_table) {
    for (int t = 0; t < all_.length; ++t)
      for (int lane = 0; lane < block.filled; ++lane) {
        const T* row = d_projections_ + (int64_t(t) * kLanes<T> + lane) * all_.width;
        T* to = d_table + int64_t(all_.symbol(t, block.first + lane)) * all_.width;
        for (int i = 0; i < all_.width; ++i) to[i] += row[i];
      }
    outer_add(d_projections_ + kLanes<T> * all_.width, all_.width, all_.width, states_ + kLanes<T> * stride_,
              all_.units, stride_, (all_.length - 1) * kLanes<T>, d_recurrent_, stride_);
  }
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
