// Many sequences side by side: a block is as many as fit 64 bytes, and a quantity with R units is a column
// [R][lanes], one cache line a unit. Every loop runs over units; the compiler's vectors run over the lanes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

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

  static Line all(T value) {
    Line line;
    for (int p = 0; p < kParts; ++p) line.part[p] = value - Vector<T>{};
    return line;
  }
};

// The line of one unit in a column.
template <class T>
inline Line<T> get(const T* column, int unit) {
  Line<T> line;
  for (int p = 0; p < kParts; ++p) line.part[p] = *(const Vector<T>*)(column + unit * kLanes<T> + p * kWidth<T>);
  return line;
}

template <class T>
inline void put(T* column, int unit, const Line<T>& line) {
  for (int p = 0; p < kParts; ++p) *(Vector<T>*)(column + unit * kLanes<T> + p * kWidth<T>) = line.part[p];
}

#define FASTWEIGHTS_LINEWISE(op)                                         \
  template <class T>                                                     \
  inline Line<T> operator op(Line<T> a, const Line<T>& b) {              \
    for (int p = 0; p < kParts; ++p) a.part[p] = a.part[p] op b.part[p]; \
    return a;                                                            \
  }                                                                      \
  template <class T>                                                     \
  inline Line<T> operator op(Line<T> a, T b) {                           \
    for (int p = 0; p < kParts; ++p) a.part[p] = a.part[p] op b;         \
    return a;                                                            \
  }
FASTWEIGHTS_LINEWISE(+)
FASTWEIGHTS_LINEWISE(-)
FASTWEIGHTS_LINEWISE(*)
#undef FASTWEIGHTS_LINEWISE

// The first line of some memory, which begins up to a line later.
template <class T>
T* first_line(T* memory) {
  return memory + (-reinterpret_cast<uintptr_t>(memory) % kBlockBytes) / sizeof(T);
}

// Memory for one call.
template <class T>
class Owned {
 public:
  explicit Owned(int64_t size) : memory_(new T[size + kLanes<T>]) {}
  T* start() const { return first_line(memory_.get()); }

 private:
  std::unique_ptr<T[]> memory_;
};

// Memory that a thread keeps from call to call, aligned to lines, given out piece by piece.
template <class T>
class Scratch {
 public:
  // Room for all the pieces that will be asked for; their contents are what is left from earlier.
  Scratch(std::initializer_list<int64_t> sizes) {
    int64_t whole = kLanes<T>;
    for (int64_t size : sizes) whole += lines(size);
    thread_local std::vector<T> memory;
    if (int64_t(memory.size()) < whole) memory.assign(whole, 0);
    next_ = first_line(memory.data());
  }
  T* take(int64_t size) { return (next_ += lines(size)) - lines(size); }

 private:
  static int64_t lines(int64_t size) { return (size + kLanes<T> - 1) / kLanes<T> * kLanes<T>; }
  T* next_;
};

}  // namespace fastweights
