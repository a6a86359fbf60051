// Columns of complex numbers: the real parts of all units first, then as many imaginary parts.
#pragma once

#include <cmath>
#include <vector>

#include "lanes.h"

namespace fastweights {

// A complex number for each lane.
template <class T>
struct Complex {
  Line<T> real, imaginary;
};

template <class T>
inline Complex<T> get(const T* column, int unit, int units) {
  return {get(column, unit), get(column, units + unit)};
}

template <class T>
inline void put(T* column, int unit, int units, const Complex<T>& z) {
  put(column, unit, z.real);
  put(column, units + unit, z.imaginary);
}

template <class T>
inline Complex<T> operator*(const Complex<T>& z, const Line<T>& factor) {
  return {z.real * factor, z.imaginary * factor};
}

// The real part of a times the conjugate of b: from the cotangent a of x b to that of a real x.
template <class T>
inline Line<T> along(const Complex<T>& a, const Complex<T>& b) {
  return a.real * b.real + a.imaginary * b.imaginary;
}

template <class T>
void add_along(const T* a, const T* b, int units, T* to) {
  for (int i = 0; i < units; ++i) put(to, i, get(to, i) + along(get(a, i, units), get(b, i, units)));
}

// to = factor · z, a real factor for each unit
template <class T>
void scale(const T* z, const T* factor, int units, T* to) {
  for (int i = 0; i < units; ++i) put(to, i, units, get(z, i, units) * get(factor, i));
}

// to += factor · z
template <class T>
void add_scaled(const T* z, const T* factor, int units, T* to) {
  for (int i = 0; i < units; ++i) {
    const Complex<T> more = get(z, i, units) * get(factor, i), sum = get(to, i, units);
    put(to, i, units, {sum.real + more.real, sum.imaginary + more.imaginary});
  }
}

// Two columns; unit i of their product is unit a_units[i] of a times unit b_units[i] of b.
template <class T>
struct Product {
  const T* a;
  const int* a_units;
  const T* b;
  const int* b_units;
};

template <class T, bool conjugate, int count>
inline void add_some_products(const Product<T>* products, int units, T* to) {
  for (int i = 0; i < units; ++i) {
    Complex<T> sum = get(to, i, units);
    for (int j = 0; j < count; ++j) {
      const Complex<T> a = get(products[j].a, products[j].a_units[i], units);
      const Complex<T> b = get(products[j].b, products[j].b_units[i], units);
      // Each of these is one fused multiply-add.
      sum.real = sum.real + a.real * b.real;
      sum.imaginary = sum.imaginary + a.imaginary * b.real;
      if constexpr (conjugate) {
        sum.real = sum.real + a.imaginary * b.imaginary;
        sum.imaginary = sum.imaginary - a.real * b.imaginary;
      } else {
        sum.real = sum.real - a.imaginary * b.imaginary;
        sum.imaginary = sum.imaginary + a.real * b.imaginary;
      }
    }
    put(to, i, units, sum);
  }
}

// to += Σ a b; or Σ a times the conjugate of b: from the cotangents a of products x b to that of x. Four at a
// time, so that their sum stays in registers.
template <class T, bool conjugate = false>
void add_products(const std::vector<Product<T>>& products, int units, T* to) {
  const Product<T>* next = products.data();
  int left = int(products.size());
  for (; left >= 4; left -= 4, next += 4) add_some_products<T, conjugate, 4>(next, units, to);
  if (left == 3) add_some_products<T, conjugate, 3>(next, units, to);
  if (left == 2) add_some_products<T, conjugate, 2>(next, units, to);
  if (left == 1) add_some_products<T, conjugate, 1>(next, units, to);
}

// z ← factor · z with factor = 1 / max(1, |z|); what is not a number stays so.
template <class T>
void bound(T* z, int units, T* factor) {
  for (int i = 0; i < units; ++i) {
    const Complex<T> number = get(z, i, units);
    Line<T> square = along(number, number);
    for (int p = 0; p < kParts; ++p) square.part[p] = square.part[p] < T(1) ? Vector<T>{} + T(1) : square.part[p];
    put(factor, i, square);
  }
  for (int64_t j = 0; j < int64_t(units) * kLanes<T>; ++j) factor[j] = 1 / std::sqrt(factor[j]);
  scale(z, factor, units, z);
}

// From the cotangent of y = bound(z) to that of z, in place: outside the unit disc, only what is along the circle.
template <class T>
void bound_backward(const T* y, const T* factor, int units, T* cotangent) {
  for (int i = 0; i < units; ++i) {
    const Complex<T> value = get(y, i, units), d = get(cotangent, i, units);
    const Line<T> by = get(factor, i);
    Line<T> outwards = along(d, value);
    for (int p = 0; p < kParts; ++p) outwards.part[p] = by.part[p] < T(1) ? outwards.part[p] : Vector<T>{};
    const Complex<T> lost = value * outwards;
    put(cotangent, i, units, Complex<T>{d.real - lost.real, d.imaginary - lost.imaginary} * by);
  }
}

}  // namespace fastweights
