// Outer-product memories, backward: the products of matrices for a chunk of sixteen writes.
//
// With S the state at the start of a chunk, G, H, g, h as in chunk_decays.h, and u = v − p, for writes t and i:
//
//   u(t) = v(t) − h(t) S r(t) − Σ H(t, i) (r(t)·w(i)) u(i)
//   y(t) = g(t) S q(t) + Σ G(t, i) (q(t)·w(i)) u(i)
//   S′ = g S + Σ G(i) u(i) w(i)ᵀ   at the end, with g and G of the last t
//
// Queries are q, below them r, and answers y, below them −u: backward, both are read in the same way. D is the
// cotangent of S′, then of S.
#pragma once

#include <array>
#include <numeric>

#include "chunk_decays.h"

namespace fastweights {

// Matrices by rows, which are whole lines with zeros at the end; 16 rows, or 32 for queries and answers.
template <class T>
class ChunkProducts {
 public:
  const int keys, values;  // in whole lines
  T *queries, *d_queries, *d_answers, *key, *d_key, *u, *d_u;
  T *d_state;  // D, (values, keys)
  bool is_zero;  // whether D is 0, whatever stands there
  ChunkDecays<T> decays;
  T d_decay[kChunk];

  ChunkProducts(int keys, int values, bool erases)
      : keys(in_lines(keys)), values(in_lines(values)), erases_(erases), rows_(erases ? 2 * kChunk : kChunk) {}

  int64_t size() const { return int64_t(keys) * values; }
  int64_t room() {
    int64_t sum = 0;
    for (auto [piece, size] : pieces()) sum += size;
    return sum;
  }
  void place(T* memory) {
    for (auto [piece, size] : pieces()) *piece = memory, memory += size;
    d_u = d_answers + kChunk * values;
  }

  // `after` = S′; S is null where it is 0.
  void write(const T* state, T* after) {
    scale_rows(key, decays.last(), kChunk, keys, d_key);
    multiply<T>({u, 1, values}, d_key, keys, values, keys, kChunk, after, keys, state ? decays.whole() : 0, state);
  }

  // All cotangents, but those of the keys within D where nothing goes `further` back; d_u is of −u, where that is an
  // answer. It changes the queries.
  void differentiate(const T* state, bool further, bool decayed) {
    T *weights = scores_ + 2 * kChunk * kChunk, *d_weights = d_scores_ + 2 * kChunk * kChunk;
    transpose(key, kChunk, keys, keys, turned_key_, kChunk);
    transpose(u, kChunk, values, values, turned_u_, kChunk);
    // Each query beside each key.
    multiply<T>({queries, keys, 1}, turned_key_, kChunk, rows_, kChunk, keys, scores_, kChunk);
    times(scores_, decays.since, rows_ * kChunk, weights);
    // Of u: from the last state, from the answers to q, and from those to r.
    if (!is_zero) {
      multiply<T>({d_state, keys, 1}, turned_key_, kChunk, values, kChunk, keys, turned_d_u_, kChunk);
      transpose(turned_d_u_, values, kChunk, kChunk, d_u, values);
      scale_rows(d_u, decays.last(), kChunk, values, d_u);
    }
    multiply<T>({weights, 1, kChunk}, d_answers, values, kChunk, values, kChunk, d_u, values, is_zero ? 0 : 1);
    if (erases_) solve(weights + kChunk * kChunk);
    // Of what the answers are sums of, then of the keys and queries in it.
    multiply<T>({d_answers, values, 1}, turned_u_, kChunk, rows_, kChunk, values, d_scores_, kChunk);
    times(d_scores_, decays.since, rows_ * kChunk, d_weights);
    if (!is_zero) multiply<T>({u, values, 1}, d_state, keys, kChunk, keys, values, d_key, keys);
    if (state) multiply<T>({d_answers, values, 1}, state, keys, rows_, keys, values, d_queries, keys);
    if (decayed) differentiate_decays(state);
    if (!is_zero) scale_rows(d_key, decays.last(), kChunk, keys, d_key);
    multiply<T>({d_weights, 1, kChunk}, queries, keys, kChunk, keys, rows_, d_key, keys, is_zero ? 0 : 1);
    if (state) scale_rows(d_queries, decays.start, rows_, keys, d_queries);
    multiply<T>({d_weights, kChunk, 1}, key, keys, rows_, keys, kChunk, d_queries, keys, state ? 1 : 0);
    if (further) {
      scale_rows(queries, decays.start, rows_, keys, queries);
      multiply<T>({d_answers, 1, values}, queries, keys, values, keys, rows_, d_state, keys,
                  is_zero ? 0 : decays.whole());
    }
    is_zero = !further;
  }

 private:
  static int in_lines(int size) { return (size + kChunk - 1) / kChunk * kChunk; }

  std::array<std::pair<T**, int64_t>, 12> pieces() {
    const int64_t key_rows = kChunk * keys, value_rows = kChunk * values, pairs = 2 * kChunk * kChunk;
    return {{{&d_state, size()},
             {&queries, 2 * key_rows},
             {&d_queries, 2 * key_rows},
             {&d_answers, 2 * value_rows},
             {&key, key_rows},
             {&d_key, key_rows},
             {&turned_key_, key_rows},
             {&u, value_rows},
             {&turned_u_, value_rows},
             {&turned_d_u_, value_rows},
             {&scores_, 2 * pairs},
             {&d_scores_, 2 * pairs}}};
  }

  // Of the decays, from cotangents that are still without them.
  void differentiate_decays(const T* state) {
    T d_start[2 * kChunk]{}, sums[kChunk];
    for (int t = 0; state && t < rows_; t += kChunk) dots(d_queries + t * keys, queries + t * keys, keys, d_start + t);
    if (state && !is_zero) {
      dots(state, d_state, size() / kChunk, sums);
      d_start[kChunk - 1] = std::accumulate(sums, sums + kChunk, d_start[kChunk - 1]);
    }
    if (!erases_) std::fill_n(d_scores_ + kChunk * kChunk, kChunk * kChunk, T(0));
    times(d_scores_, scores_, rows_ * kChunk, d_scores_);
    if (!is_zero) {
      dots(d_key, key, keys, sums);
      for (int i = 0; i < kChunk; ++i) d_scores_[(kChunk - 1) * kChunk + i] += sums[i];
    }
    decays.differentiate(d_scores_, d_start, d_decay);
  }

  // From what precedes writes to all of −du, the last write first: du(t) −= Σ H(i, t) (r(i)·w(t)) du(i) for i > t.
  void solve(const T* weights) const {
    constexpr int half = kChunk / 2;
    solve_half(weights + half * kChunk + half, d_u + half * values);
    multiply<T>({weights + half * kChunk, 1, kChunk}, d_u + half * values, values, half, values, half, d_u, values, 1);
    solve_half(weights, d_u);
  }
  void solve_half(const T* weights, T* to) const {
    constexpr int half = kChunk / 2;
    for (int v = 0; v < values; v += kWidth<T>) {
      Vector<T> row[half];
#pragma GCC unroll 8
      for (int t = 0; t < half; ++t) row[t] = *(Vector<T>*)(to + t * values + v);
#pragma GCC unroll 8
      for (int t = half - 1; t >= 0; --t) {
#pragma GCC unroll 8
        for (int i = 0; i < t; ++i) row[i] -= row[t] * weights[t * kChunk + i];
        *(Vector<T>*)(to + t * values + v) = -row[t];
      }
    }
  }

  static void scale_rows(const T* from, const T* factors, int rows, int size, T* to) {
    for (int t = 0; t < rows; ++t)
      for (int k = 0; k < size; ++k) to[t * size + k] = from[t * size + k] * factors[t];
  }
  static void times(const T* a, const T* b, int size, T* to) {
    for (int i = 0; i < size; ++i) to[i] = a[i] * b[i];
  }

  const bool erases_;
  const int rows_;
  T *turned_key_, *turned_u_, *turned_d_u_, *scores_, *d_scores_;
};

}  // namespace fastweights
