// Products of matrices that differ from lane to lane. Sums stay in registers.
#pragma once

#include <utility>

#include "lanes.h"

namespace fastweights {

// Sums at a time: sixteen registers of thirty-two, or twelve of sixteen.
constexpr int kTileRows = kParts == 1 ? 4 : 3;
constexpr int kTileColumns = 4 / kParts;

// A matrix of lines, from one row and from one column to the next so many lines.
template <class T>
struct Lines {
  T* start;
  int64_t row, column;

  T* at(int64_t i, int64_t k) const { return start + (i * row + k * column) * kLanes<T>; }
  Lines from(int64_t i, int64_t k) const { return {at(i, k), row, column}; }
};

// The n-th sum is of row n / columns and column n % columns.
template <class T, int columns, size_t... n>
inline void lane_tile(const Lines<const T>& a, const Lines<const T>& b, int length, const Lines<T>& to,
                      std::index_sequence<n...>) {
  Line<T> sum[] = {get(to.at(n / columns, n % columns), 0)...};
  for (int k = 0; k < length; ++k)
    ((sum[n] = sum[n] + get(a.at(n / columns, k), 0) * get(b.at(n % columns, k), 0)), ...);
  (put(to.at(n / columns, n % columns), 0, sum[n]), ...);
}

template <class T, int rows>
inline void lane_rows(const Lines<const T>& a, const Lines<const T>& b, int width, int length, const Lines<T>& to) {
  int j = 0;
  for (; j + kTileColumns <= width; j += kTileColumns)
    lane_tile<T, kTileColumns>(a, b.from(j, 0), length, to.from(0, j),
                               std::make_index_sequence<rows * kTileColumns>());
  for (; j < width; ++j)
    lane_tile<T, 1>(a, b.from(j, 0), length, to.from(0, j), std::make_index_sequence<rows>());
}

// to(i, j) += Σ_k a(i, k) b(j, k) in each lane, for i < height, j < width and k < length
template <class T>
void multiply_lanes(const Lines<const T>& a, const Lines<const T>& b, int height, int width, int length,
                    const Lines<T>& to) {
  int i = 0;
  for (; i + kTileRows <= height; i += kTileRows)
    lane_rows<T, kTileRows>(a.from(i, 0), b, width, length, to.from(i, 0));
  for (; i < height; ++i) lane_rows<T, 1>(a.from(i, 0), b, width, length, to.from(i, 0));
}

}  // namespace fastweights
