// Reading what was stored: columns by attention, or a matrix for each lane; and the derivatives.
#pragma once

#include "sequences.h"

namespace fastweights {

using One = std::make_index_sequence<1>;
using Four = std::make_index_sequence<4>;

// scores[i] = Σ_unit stored[i][unit] query[unit] for columns i that follow one another.
template <class T, size_t... i>
inline void match_some(const T* stored, int64_t column, const T* query, int units, T* scores,
                       std::index_sequence<i...>) {
  Line<T> sum[] = {(void(i), Line<T>::all(0))...};
  for (int unit = 0; unit < units; ++unit) {
    const Line<T> line = get(query, unit);
    ((sum[i] = sum[i] + line * get(stored + i * column, unit)), ...);
  }
  (put(scores, i, sum[i]), ...);
}

// total += Σ_i factors[i] stored[i]; with `skip`, what a factor of 0 stands before is not looked at
template <class T, bool skip, size_t... i>
inline void add_some(const T* stored, int64_t column, const T* factors, int units, T* total,
                     std::index_sequence<i...>) {
  const Line<T> factor[] = {get(factors, i)...};
  const auto counted = [&](const Line<T>& one, Line<T> line) {
    if constexpr (skip)
      for (int p = 0; p < kParts; ++p) line.part[p] = one.part[p] == 0 ? Vector<T>{} : line.part[p];
    return one * line;
  };
  for (int unit = 0; unit < units; ++unit) {
    Line<T> sum = get(total, unit);
    ((sum = sum + counted(factor[i], get(stored + i * column, unit))), ...);
    put(total, unit, sum);
  }
}

template <class T>
void match(const T* stored, int count, const T* query, int units, T* scores) {
  const int64_t column = int64_t(units) * kLanes<T>;
  int i = 0;
  for (; i + 4 <= count; i += 4)
    match_some(stored + i * column, column, query, units, scores + i * kLanes<T>, Four());
  for (; i < count; ++i) match_some(stored + i * column, column, query, units, scores + i * kLanes<T>, One());
}

template <class T, bool skip>
void add_weighted(const T* stored, int count, const T* factors, int units, T* total) {
  const int64_t column = int64_t(units) * kLanes<T>;
  int i = 0;
  for (; i + 4 <= count; i += 4)
    add_some<T, skip>(stored + i * column, column, factors + i * kLanes<T>, units, total, Four());
  for (; i < count; ++i) add_some<T, skip>(stored + i * column, column, factors + i * kLanes<T>, units, total, One());
}

template <class T>
void add_weighted(const T* stored, int count, const T* factors, int units, T* total, const Seen<T>& seen) {
  if (seen.begins)
    add_weighted<T, true>(stored, count, factors, units, total);
  else
    add_weighted<T, false>(stored, count, factors, units, total);
}

// to[i] = weights[i] scores[i] where a lane sees the i-th column, the weights and the scores each so many numbers apart
template <class T>
void weigh(const T* weights, int64_t weight_stride, const T* scores, int64_t score_stride, int count,
           const Seen<T>& seen, T* to) {
  for (int i = 0; i < count; ++i)
    put(to, i, seen(i, get(scores + i * score_stride, 0) * weights[i * weight_stride]));
}

// total += factor M query where a lane sees the memory M, which has a matrix [units][units] for each lane. `answer` is a
// column to work with.
template <class T>
void read_memory(const T* memory, T factor, const T* query, int units, const Seen<T>& seen, T* answer, T* total) {
  match(memory, units, query, units, answer);
  for (int i = 0; i < units; ++i) put(total, i, get(total, i) + seen(0, get(answer, i) * factor));
}

// From the cotangent of that sum: adds to those of query and factor.
template <class T>
void read_memory_backward(const T* memory, T factor, const T* query, const T* cotangent, int units,
                          const Seen<T>& seen, T* answer, T* d_query, T* d_factor) {
  std::fill_n(answer, int64_t(units) * kLanes<T>, T(0));
  add_weighted<T, false>(memory, units, cotangent, units, answer);
  for (int j = 0; j < units; ++j) {
    put(d_query, j, get(d_query, j) + seen(0, get(answer, j) * factor));
    put(d_factor, 0, get(d_factor, 0) + seen(0, get(answer, j) * get(query, j)));
  }
}

// to[i] = weights[i] columns[i] where a lane sees the i-th column, 0 elsewhere
template <class T>
void weigh_columns(const T* weights, int64_t weight_stride, const T* columns, int count, int units,
                   const Seen<T>& seen, T* to) {
  for (int i = 0; i < count; ++i)
    for (int unit = 0; unit < units; ++unit, columns += kLanes<T>, to += kLanes<T>)
      put(to, 0, seen(i, get(columns, 0) * weights[i * weight_stride]));
}

// The columns, with 0 in lanes that do not see them: as they are where every lane sees all, else written to `to`.
template <class T>
const T* only_seen(const T* columns, int count, int units, const Seen<T>& seen, T* to) {
  constexpr T one = 1;
  if (!seen.begins) return columns;
  weigh_columns(&one, 0, columns, count, units, seen, to);
  return to;
}

}  // namespace fastweights
