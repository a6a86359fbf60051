// Products of small matrices that fit the second-level cache, by tiles of which the sums stay in registers.
#pragma once

#include <utility>

#include "lanes.h"

namespace fastweights {

constexpr int kMatrixRows = kVectorBytes == 64 ? 8 : 4;  // two vectors wide: half the registers, and a few for operands

// A left factor: its element of row i and column k is at[i row + k column].
template <class T>
struct Left {
  const T* at;
  int64_t row, column;
};

template <class T, int vectors, size_t... i>
inline void multiply_tile(const Left<T>& a, const T* b, int64_t b_stride, int length, T scale, const T* from, T* to,
                          int64_t stride, std::index_sequence<i...>) {
  const auto place = [&](size_t n) { return n / vectors * stride + n % vectors * kWidth<T>; };
  Vector<T> sum[sizeof...(i)]{};
  if (scale != 0) ((sum[i] = *(const Vector<T>*)(from + place(i)) * scale), ...);
  const T* left = a.at;
  for (int k = 0; k < length; ++k, left += a.column, b += b_stride)
    ((sum[i] += left[i / vectors * a.row] * *(const Vector<T>*)(b + i % vectors * kWidth<T>)), ...);
  ((*(Vector<T>*)(to + place(i)) = sum[i]), ...);
}

template <class T, int vectors>
inline void multiply_columns(const Left<T>& a, const T* b, int64_t b_stride, int rows, int length, T scale,
                             const T* from, T* to, int64_t stride) {
  for (int row = 0; row < rows; row += kMatrixRows) {
    const auto tile = [&](int64_t row_stride, int64_t column_stride) {
      multiply_tile<T, vectors>({a.at + row * a.row, row_stride, column_stride}, b, b_stride, length, scale,
                                from + row * stride, to + row * stride, stride,
                                std::make_index_sequence<kMatrixRows * vectors>());
    };
    // A stride that is known costs no register.
    a.row == 1 ? tile(1, a.column) : tile(a.row, 1);
  }
}

// to = scale · from + A B, where `from` is `to` if it is not given; for A (rows, length), one of whose strides is 1,
// and row-major B, `from` and `to`; rows in whole tiles, columns in whole vectors. With scale 0, `from` is not read.
template <class T>
void multiply(const Left<T>& a, const T* b, int64_t b_stride, int rows, int columns, int length, T* to, int64_t stride,
              T scale = 0, const T* from = nullptr) {
  if (!from) from = to;
  int first = 0;
  const auto some = [&](auto function) {
    function(a, b + first, b_stride, rows, length, scale, from + first, to + first, stride);
  };
  for (; first + 2 * kWidth<T> <= columns; first += 2 * kWidth<T>) some(multiply_columns<T, 2>);
  if (first < columns) some(multiply_columns<T, 1>);
}

}  // namespace fastweights
