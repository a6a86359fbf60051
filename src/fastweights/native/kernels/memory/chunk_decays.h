// Outer-product memories: what has decayed between the writes of a chunk, and the way back.
#pragma once

#include "matrices.h"
#include "memory.h"

namespace fastweights {

// to[t] = a(t)·b(t), for the rows of a chunk, whole lines.
template <class T>
void dots(const T* a, const T* b, int64_t size, T* to) {
  constexpr int together = std::min(4, kWidth<T>);  // sums that don't wait for each other
  for (int first = 0; first < kChunk; first += kWidth<T>) {
    Vector<T> tile[kWidth<T>]{};
    for (int t = 0; t < kWidth<T>; t += together)
      for (int64_t i = (first + t) * size; i < (first + t + 1) * size; i += kWidth<T>)
        for (int other = 0; other < together; ++other)
          tile[t + other] += *(const Vector<T>*)(a + i + other * size) * *(const Vector<T>*)(b + i + other * size);
    *(Vector<T>*)(to + first) = sums<T>(tile);
  }
}

// Decays are multiplied and never divided by, so that they may be 0. Two matrices stand one below the other: G(t, i),
// that after write i until just after write t, 1 where these are one, 0 where i is later; and H(t, i), that until just
// before write t, where i is earlier. So do g(t) and h(t), the decays from the start of the chunk.
template <class T>
struct ChunkDecays {
  T each[kChunk];
  T since[2 * kChunk * kChunk];
  T start[2 * kChunk];

  // G(t, i) and g(t) for the last t: what is left at the end.
  const T* last() const { return since + (kChunk - 1) * kChunk; }
  T whole() const { return start[kChunk - 1]; }

  void multiply() {
    T factors[kChunk]{}, from_start = 1;
    for (int t = 0; t < kChunk; ++t) {
      std::copy_n(factors, kChunk, since + (kChunk + t) * kChunk);
      start[kChunk + t] = from_start;
      for (T& factor : factors) factor *= each[t];
      factors[t] = 1;
      std::copy_n(factors, kChunk, since + t * kChunk);
      start[t] = from_start *= each[t];
    }
  }

  // From the cotangents of all products, which it changes, to those of the decays.
  void differentiate(T* d_since, T* d_start, T* d_each) const {
    for (int t = kChunk - 1; t > 0; --t) {
      T *d_after = d_since + t * kChunk, *d_before = d_after + kChunk * kChunk;
      for (int i = 0; i < kChunk; ++i) d_after[i - kChunk] += d_before[i] + d_after[i] * each[t];
      d_start[t - 1] += d_start[kChunk + t] + d_start[t] * each[t];
    }
    dots(d_since, since + kChunk * kChunk, kChunk, d_each);
    for (int t = 0; t < kChunk; ++t) d_each[t] += d_start[t] * start[kChunk + t];
  }
};

}  // namespace fastweights
