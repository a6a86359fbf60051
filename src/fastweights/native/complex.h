// Complex numbers in lanes: a column of units has its real parts first, then as many imaginary parts.
#pragma once

#include <cmath>

#include "lanes.h"

namespace fastweights {

// A complex number for each lane.
template <class T>
struct Complex {
  Line<T> real, imaginary;

  static Complex zero() { return {Line<T>::all(0), Line<T>::all(0)}; }
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
inline Complex<T> operator+(const Complex<T>& a, const Complex<T>& b) {
  return {a.real + b.real, a.imaginary + b.imaginary};
}

template <class T>
inline Complex<T> operator*(const Complex<T>& a, const Complex<T>& b) {
  return {a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real};
}

template <class T>
inline Complex<T> operator*(const Complex<T>& a, const Line<T>& b) {
  return {a.real * b, a.imaginary * b};
}

// The conjugate of b times a: from the cotangent a of a product x b to that of x.
template <class T>
inline Complex<T> times_conjugate(const Complex<T>& a, const Complex<T>& b) {
  return {a.real * b.real + a.imaginary * b.imaginary, a.imaginary * b.real - a.real * b.imaginary};
}

// Its real part: from the cotangent a of a product x b to that of a real x.
template <class T>
inline Line<T> along(const Complex<T>& a, const Complex<T>& b) {
  return a.real * b.real + a.imaginary * b.imaginary;
}

// z ← z scale with scale = 1 / max(1, |z|); what is not a number stays so.
template <class T>
void bound(T* z, int units, T* scale) {
  for (int i = 0; i < units; ++i) {
    const Complex<T> number = get(z, i, units);
    Line<T> square = along(number, number);
    for (int p = 0; p < kParts; ++p) square.part[p] = square.part[p] < T(1) ? Vector<T>{} + T(1) : square.part[p];
    put(scale, i, square);
  }
  for (int64_t j = 0; j < int64_t(units) * kLanes<T>; ++j) scale[j] = 1 / std::sqrt(scale[j]);
  for (int i = 0; i < units; ++i) put(z, i, units, get(z, i, units) * get(scale, i));
}

// From the cotangent of y = bound(z) to that of z: outside the unit disc, only what lies along the circle.
template <class T>
inline Complex<T> bound_backward(const Complex<T>& d, const Complex<T>& y, const Line<T>& scale) {
  Line<T> outwards = along(d, y);
  for (int p = 0; p < kParts; ++p) outwards.part[p] = scale.part[p] < T(1) ? outwards.part[p] : Vector<T>{};
  const Complex<T> away = y * outwards;
  return Complex<T>{d.real - away.real, d.imaginary - away.imaginary} * scale;
}

}  // namespace fastweights
