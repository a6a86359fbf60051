// What kernels are called with, from whatever framework: arrays, each as a pointer and its sizes, and whole numbers.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace fastweights {

struct Array {
  void* data;
  int64_t bytes;  // of a number
  int64_t rank;
  const int64_t* shape;

  int size(int axis) const { return int(shape[axis]); }
  int last_size() const { return size(int(rank) - 1); }
  bool is_empty() const { return std::any_of(shape, shape + rank, [](int64_t size) { return size == 0; }); }
  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
  // Where an empty array stands for none.
  template <class T>
  T* or_null() const {
    return is_empty() ? nullptr : as<T>();
  }
};

// A kernel takes its arrays, given ones before those that it writes, and numbers. It returns what is wrong, or null.
extern "C" {
typedef const char* Kernel(const Array* arrays, const int64_t* numbers);
}

// The first so many arrays, each to have a name.
template <size_t count>
std::array<Array, count> take(const Array* arrays) {
  std::array<Array, count> taken;
  std::copy_n(arrays, count, taken.begin());
  return taken;
}

}  // namespace fastweights
