// Many sequences side by side: a block is as many as fit 64 bytes, and a quantity with R units is an array
// [R][lanes], one cache line a unit. Every loop runs over units; the compiler's vectors run over the lanes.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace fastweights {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

constexpr int kBlockBytes = 64;
constexpr int kParts = kBlockBytes / kVectorBytes;  // vectors in one line of a block
constexpr int kRows = 12 / kParts;                  // rows of a product whose sums stay in registers

template <class T>
constexpr int kLanes = kBlockBytes / int(sizeof(T));
template <class T>
constexpr int kWidth = kVectorBytes / int(sizeof(T));

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias));
};
template <class T>
using Vector = typename VectorOf<T>::type;

// One line of a block: a number for each lane.
template <class T>
struct Line {
  Vector<T> part[kParts];

  static Line load(const T* from) {
    Line line;
    for (int p = 0; p < kParts; ++p) line.part[p] = *(const Vector<T>*)(from + p * kWidth<T>);
    return line;
  }
  static Line all(T value) {
    Line line;
    for (int p = 0; p < kParts; ++p) line.part[p] = value - Vector<T>{};
    return line;
  }
  void store(T* to) const {
    for (int p = 0; p < kParts; ++p) *(Vector<T>*)(to + p * kWidth<T>) = part[p];
  }
};

#define FASTWEIGHTS_LINEWISE(op)                                    \
  template <class T>                                                \
  inline Line<T> operator op(Line<T> a, const Line<T>& b) {         \
    for (int p = 0; p < kParts; ++p) a.part[p] = a.part[p] op b.part[p]; \
    return a;                                                       \
  }                                                                 \
  template <class T>                                                \
  inline Line<T> operator op(Line<T> a, T b) {                      \
    for (int p = 0; p < kParts; ++p) a.part[p] = a.part[p] op b;    \
    return a;                                                       \
  }
FASTWEIGHTS_LINEWISE(+)
FASTWEIGHTS_LINEWISE(-)
FASTWEIGHTS_LINEWISE(*)
#undef FASTWEIGHTS_LINEWISE

// max(x, 0); what is not a number stays so, or a diverged run would look well.
template <class T>
inline Line<T> relu(Line<T> x) {
  for (int p = 0; p < kParts; ++p) x.part[p] = x.part[p] < 0 ? Vector<T>{} : x.part[p];
  return x;
}

// x where y > 0, and 0 elsewhere: the derivative of y = relu(·), from its result.
template <class T>
inline Line<T> where_positive(const Line<T>& y, Line<T> x) {
  for (int p = 0; p < kParts; ++p) x.part[p] = y.part[p] > 0 ? x.part[p] : Vector<T>{};
  return x;
}

}  // namespace fastweights
