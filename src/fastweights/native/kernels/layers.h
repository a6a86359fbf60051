// What cells share beside products: activations, layer normalisation, and their derivatives. Columns in,
// columns out.
#pragma once

#include <array>
#include <cmath>
#include <type_traits>

#include "lanes.h"

namespace fastweights {

// e^x − 1, to rounding near 0 and far from it: 2^n (e^r − 1) + (2^n − 1) with |r| <= ln 2 / 2, and e^r − 1 by
// its Taylor series, whose first neglected term is below half a unit in the last place.
template <class T>
inline Vector<T> expm1(Vector<T> x) {
  constexpr bool single = sizeof(T) == 4;
  using Whole = std::conditional_t<single, int32_t, int64_t>;
  typedef Whole Wholes __attribute__((vector_size(kVectorBytes)));
  constexpr int mantissa = single ? 23 : 52, terms = single ? 7 : 13;
  constexpr std::array<T, terms + 1> inverse_factorials = [] {
    std::array<T, terms + 1> inverse{};
    T factorial = 1;
    for (int k = 1; k <= terms; ++k) inverse[k] = 1 / (factorial *= k);
    return inverse;
  }();
  // ln 2 in two parts, so that n times the first is exact.
  constexpr T high = single ? T(0x1.62e4p-1) : T(0x1.62e42fefap-1);
  constexpr T low = T(0x1.62e42fefa39ef35793c7673007e6p-1L - high);
  constexpr T limit = single ? 87 : 708;
  const Vector<T> zero = {};

  x = x < -limit ? zero - limit : x > limit ? zero + limit : x;
  // Adding and taking away 1.5 · 2^mantissa rounds to a whole number.
  constexpr T shift = T(1.5) * T(int64_t(1) << mantissa);
  const Vector<T> n = (x * T(0x1.71547652b82fep0) + shift) - shift;
  const Vector<T> r = (x - n * high) - n * low;
  Vector<T> sum = zero + inverse_factorials[terms];
  for (int k = terms - 1; k >= 1; --k) sum = sum * r + inverse_factorials[k];
  const Vector<T> power =
      (Vector<T>)((__builtin_convertvector(n, Wholes) << mantissa) + (Wholes)(zero + T(1)));
  return power * (sum * r) + (power - T(1));
}

template <class T>
inline Line<T> tanh(Line<T> x) {
  for (int p = 0; p < kParts; ++p) {
    constexpr T limit = sizeof(T) == 4 ? 10 : 20;  // beyond it, ± 1 to rounding
    const Vector<T> zero = {};
    Vector<T> y = x.part[p];
    y = y < -limit ? zero - limit : y > limit ? zero + limit : y;
    y = expm1<T>(y + y);
    x.part[p] = y / (y + T(2));
  }
  return x;
}

// 1 / (1 + e^{−x})
template <class T>
inline Line<T> sigmoid(Line<T> x) {
  for (int p = 0; p < kParts; ++p) x.part[p] = T(1) / (expm1<T>(-x.part[p]) + T(2));
  return x;
}

// max(x, 0); what is not a number stays so, or a diverged run would look well.
template <class T>
inline Line<T> relu(Line<T> x) {
  for (int p = 0; p < kParts; ++p) x.part[p] = x.part[p] < 0 ? Vector<T>{} : x.part[p];
  return x;
}

enum class Activation : int64_t { relu, tanh };

// to = f(x)
template <class T>
void activate(Activation f, const T* x, int units, T* to) {
  if (f == Activation::relu)
    for (int i = 0; i < units; ++i) put(to, i, relu(get(x, i)));
  else
    for (int i = 0; i < units; ++i) put(to, i, tanh(get(x, i)));
}

// From the cotangent of y = f(x) to that of x, in place.
template <class T>
void activate_backward(Activation f, const T* y, int units, T* cotangent) {
  for (int i = 0; i < units; ++i) {
    Line<T> result = get(y, i), d = get(cotangent, i);
    for (int p = 0; p < kParts; ++p) {
      const Vector<T> value = result.part[p];
      const Vector<T> masked = value > 0 ? d.part[p] : Vector<T>{};
      d.part[p] = f == Activation::relu ? masked : d.part[p] * (T(1) - value * value);
    }
    put(cotangent, i, d);
  }
}

// normalised = (x − μ) scale and scale = 1 / √(σ² + ε), with μ and σ² over the units of each lane.
template <class T>
void normalise(const T* x, int units, T* normalised, T* scale) {
  constexpr T epsilon = T(1e-5);  // as in cells/layers.py
  Line<T> mean = Line<T>::all(0), variance = Line<T>::all(0);
  for (int i = 0; i < units; ++i) mean = mean + get(x, i);
  mean = mean * (T(1) / units);
  for (int i = 0; i < units; ++i) {
    const Line<T> centred = get(x, i) - mean;
    variance = variance + centred * centred;
  }
  put(scale, 0, variance * (T(1) / units) + epsilon);
  for (int lane = 0; lane < kLanes<T>; ++lane) scale[lane] = 1 / std::sqrt(scale[lane]);
  const Line<T> by = get(scale, 0);
  for (int i = 0; i < units; ++i) put(normalised, i, (get(x, i) - mean) * by);
}

// to = gain · normalised + bias
template <class T>
void scale_and_shift(const T* normalised, const T* gain, const T* bias, int units, T* to) {
  for (int i = 0; i < units; ++i) put(to, i, get(normalised, i) * gain[i] + bias[i]);
}

// From the cotangent of gain · normalised + bias to that of x, in place; adds to the columns d_gain, d_bias.
template <class T>
void normalise_backward(const T* normalised, const T* scale, const T* gain, int units, T* cotangent, T* d_gain,
                        T* d_bias) {
  Line<T> mean = Line<T>::all(0), along = Line<T>::all(0);
  for (int i = 0; i < units; ++i) {
    Line<T> d = get(cotangent, i), x = get(normalised, i);
    put(d_gain, i, get(d_gain, i) + d * x);
    put(d_bias, i, get(d_bias, i) + d);
    d = d * gain[i];
    mean = mean + d;
    along = along + d * x;
  }
  mean = mean * (T(1) / units);
  along = along * (T(1) / units);
  const Line<T> by = get(scale, 0);
  for (int i = 0; i < units; ++i)
    put(cotangent, i, (get(cotangent, i) * gain[i] - mean - get(normalised, i) * along) * by);
}

template <class T>
void add_into(const T* x, int units, T* to) {
  for (int i = 0; i < units; ++i) put(to, i, get(to, i) + get(x, i));
}

// The sum over the lanes of each line.
template <class T>
void sum_lanes(const T* column, int64_t units, T* to) {
  for (int64_t i = 0; i < units; ++i) {
    to[i] = 0;
    for (int lane = 0; lane < kLanes<T>; ++lane) to[i] += column[i * kLanes<T> + lane];
  }
}

}  // namespace fastweights
