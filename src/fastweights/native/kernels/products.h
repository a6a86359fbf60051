// Matrix products for blocks of lanes, and the ways between lanes and rows. Sums stay in registers.
#pragma once

#include <utility>

#include "lanes.h"

namespace fastweights {

constexpr int kRows = 12 / kParts;  // rows of a product at a time: twelve registers of sums

// A matrix (rows, columns) cut into panels of kRows rows, each stored column by column; the last panel
// has the rows that are left.
template <class T>
void pack(const T* matrix, int rows, int columns, int row_stride, int column_stride, T* packed) {
  for (int start = 0; start < rows; start += kRows)
    for (int k = 0; k < columns; ++k)
      for (int r = start; r < std::min(start + kRows, rows); ++r)
        *packed++ = matrix[int64_t(r) * row_stride + int64_t(k) * column_stride];
}

template <class T, size_t... r>
inline void multiply_panel(const T* panel, int columns, const T* x, T* y, std::index_sequence<r...>) {
  Line<T> sum[] = {get(y, r)...};
  for (int k = 0; k < columns; ++k) {
    const Line<T> line = get(x, k);
    ((sum[r] = sum[r] + line * panel[k * sizeof...(r) + r]), ...);
  }
  (put(y, r, sum[r]), ...);
}

template <class T, int rows = kRows>
inline void multiply_rows(int count, const T* panel, int columns, const T* x, T* y) {
  if constexpr (rows > 0) {
    if (count == rows)
      multiply_panel(panel, columns, x, y, std::make_index_sequence<rows>());
    else
      multiply_rows<T, rows - 1>(count, panel, columns, x, y);
  }
}

// y += W x for a packed W (rows, columns), x [columns][lanes] and y [rows][lanes].
template <class T>
void multiply_add(const T* packed, int rows, int columns, const T* x, T* y) {
  for (int start = 0; start < rows; start += kRows)
    multiply_rows(std::min(kRows, rows - start), packed + int64_t(start) * columns, columns, x,
                  y + start * kLanes<T>);
}

// The number of columns rounded up to whole vectors.
template <class T>
constexpr int padded(int columns) {
  return (columns + kWidth<T> - 1) / kWidth<T> * kWidth<T>;
}

// The i-th sum is of row i / vectors and vector i % vectors.
template <class T, int vectors, size_t... i>
inline void outer_tile(const T* a, const T* b, int length, int a_stride, int b_stride, T* c, int c_stride,
                       std::index_sequence<i...>) {
  const auto place = [&](size_t n) { return (Vector<T>*)(c + n / vectors * c_stride + n % vectors * kWidth<T>); };
  Vector<T> sum[] = {*place(i)...};
  for (int k = 0; k < length; ++k) {
    const T *left = a + int64_t(k) * a_stride, *right = b + int64_t(k) * b_stride;
    ((sum[i] += left[i / vectors] * *(const Vector<T>*)(right + i % vectors * kWidth<T>)), ...);
  }
  ((*place(i) = sum[i]), ...);
}

template <class T, int vectors, int rows = vectors == 3 ? 4 : 6>
inline void outer_columns(const T* a, const T* b, int length, int units, int a_stride, int b_stride, T* c,
                          int c_stride) {
  int start = 0;
  for (; start + rows <= units; start += rows)
    outer_tile<T, vectors>(a + start, b, length, a_stride, b_stride, c + start * c_stride, c_stride,
                           std::make_index_sequence<rows * vectors>());
  if constexpr (rows > 1)
    if (start < units)
      outer_columns<T, vectors, rows / 2>(a + start, b, length, units - start, a_stride, b_stride,
                                          c + start * c_stride, c_stride);
}

// C += Aᵀ B for row-major A (length, rows) and B (length, columns). The rows of B and C are padded to whole
// vectors; what stands there is not looked at.
template <class T>
void outer_add(const T* a, int rows, int a_stride, const T* b, int columns, int b_stride, int length, T* c,
               int c_stride) {
  constexpr int chunk = 12;  // so few columns of A stay in the first-level cache while all of B goes by
  const int whole = padded<T>(columns);
  for (int row = 0; row < rows; row += chunk) {
    const int count = std::min(chunk, rows - row);
    T* to = c + int64_t(row) * c_stride;
    int start = 0, vectors = whole / kWidth<T>;
    // Two vectors at a time; three are better than two and one.
    for (; vectors == 2 || vectors > 3; vectors -= 2, start += 2 * kWidth<T>)
      outer_columns<T, 2>(a + row, b + start, length, count, a_stride, b_stride, to + start, c_stride);
    if (vectors == 3) outer_columns<T, 3>(a + row, b + start, length, count, a_stride, b_stride, to + start, c_stride);
    if (vectors == 1) outer_columns<T, 1>(a + row, b + start, length, count, a_stride, b_stride, to + start, c_stride);
  }
}

// Stage d of a transposition: of two rows d apart, what stays and what changes places.
template <class T, int d, size_t... j>
inline void exchange(Vector<T>& a, Vector<T>& b, std::index_sequence<j...>) {
  const Vector<T> first = __builtin_shufflevector(a, b, (j & d ? int(kWidth<T> + j) - d : int(j))...);
  b = __builtin_shufflevector(a, b, (j & d ? int(kWidth<T> + j) : int(j) + d)...);
  a = first;
}

template <class T, int d = kWidth<T> / 2>
inline void transpose_tile(Vector<T>* tile) {
  if constexpr (d > 0) {
    for (int i = 0; i < kWidth<T>; ++i)
      if (!(i & d)) exchange<T, d>(tile[i], tile[i + d], std::make_index_sequence<kWidth<T>>());
    transpose_tile<T, d / 2>(tile);
  }
}

// A square as wide as a vector: to(j)[i] = from(i)[j].
template <class T, class From, class To>
inline void transpose_square(From from, To to) {
  Vector<T> tile[kWidth<T>];
  for (int i = 0; i < kWidth<T>; ++i) tile[i] = *(const Vector<T>*)from(i);
  transpose_tile<T>(tile);
  for (int j = 0; j < kWidth<T>; ++j) *(Vector<T>*)to(j) = tile[j];
}

// column[unit][lane] = rows[lane][unit]
template <class T>
void gather(const T* const* rows, int units, T* column) {
  int unit = 0;
  for (; unit + kWidth<T> <= units; unit += kWidth<T>)
    for (int lane = 0; lane < kLanes<T>; lane += kWidth<T>)
      transpose_square<T>([&](int i) { return rows[lane + i] + unit; },
                          [&](int j) { return column + (unit + j) * kLanes<T> + lane; });
  for (; unit < units; ++unit)
    for (int lane = 0; lane < kLanes<T>; ++lane) column[unit * kLanes<T> + lane] = rows[lane][unit];
}

// rows[lane][unit] = column[unit][lane]
template <class T>
void scatter(const T* column, int units, T* const* rows) {
  int unit = 0;
  for (; unit + kWidth<T> <= units; unit += kWidth<T>)
    for (int lane = 0; lane < kLanes<T>; lane += kWidth<T>)
      transpose_square<T>([&](int i) { return column + (unit + i) * kLanes<T> + lane; },
                          [&](int j) { return rows[lane + j] + unit; });
  for (; unit < units; ++unit)
    for (int lane = 0; lane < kLanes<T>; ++lane) rows[lane][unit] = column[unit * kLanes<T> + lane];
}

}  // namespace fastweights
