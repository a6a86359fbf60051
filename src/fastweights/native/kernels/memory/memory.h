// Outer-product memories over sequences (cells/programmers/recurrence.py): what the two directions share.
//
//   S ← S Diag(a) − p eᵀ + v wᵀ  with  p = S r,   and after the last write of a step  y = S q
//
// Each row of S is a recurrence of its own: values are cut into strips of a few vectors, and of one sequence, head
// and strip at a time S stays in the first-level cache, as [keys][values of the strip].
#pragma once

#include "memory_passes.h"

namespace fastweights {

// Arrays are (batch, steps, heads, size), with `writes` steps for each query. After its length a sequence stays as it
// is, and its outputs are 0; before a step with a reset it starts anew, from the zero state.
struct Memories {
  const int32_t* lengths;  // (batch), or null where all are as long as that
  const uint8_t* resets;   // (batch, time), or null where there are none
  int batch, time, heads, keys, values, writes;
  int kept;  // forward keeps the state before every write, but the first, whose number is a multiple of this
  Rule rule;
  Decay decay;

  int gates() const { return decay == Decay::each ? keys : decay == Decay::one; }
  int64_t steps() const { return int64_t(time) * writes; }
  int64_t states() const { return steps() ? (steps() - 1) / kept : 0; }
};

// Numbers, or their cotangents, by what they are. Those that a rule does not have are null; so is a state of zeros.
template <class T>
struct MemoryArrays {
  T *query, *key, *value, *decay, *lookup, *erase, *state;
};

// Inline in any case: GCC takes a function that only prefetches for one without an effect, and leaves out its calls.
template <class T>
[[gnu::always_inline]] inline void fetch(const T* row, int size) {
  for (int i = 0; row && i < size; i += kLanes<T>) __builtin_prefetch(row + i);
}

constexpr int kAhead = 2;   // writes
constexpr int kChunk = 16;  // writes; of sixteen numbers, every kind of vector has a whole number

// One sequence, one head, and some of the values, for which there are n vectors.
struct Strip {
  const Memories& m;
  int sequence, head, first, values, vectors;

  // The writes until the sequence ends, and before which of them it starts anew.
  int64_t end() const {
    return int64_t(m.lengths ? std::clamp(m.lengths[sequence], 0, m.time) : m.time) * m.writes;
  }
  bool starts(int64_t write) const {
    return m.resets && write % m.writes == 0 && m.resets[int64_t(sequence) * m.time + write / m.writes];
  }
  // The end of the chunk that begins with a write: one has no start within.
  int64_t chunk_end(int64_t write, int64_t stop) const {
    const int64_t last = std::min(stop, write + kChunk);
    while (++write < last && !starts(write)) {
    }
    return write;
  }
  bool reads(int64_t write) const { return (write + 1) % m.writes == 0; }

  // A row of an array; null where there is no array.
  template <class T>
  T* of_step(T* array, int64_t t, int size) const {
    return array ? array + ((int64_t(sequence) * m.time + t) * m.heads + head) * size : nullptr;
  }
  template <class T>
  T* of_write(T* array, int64_t write, int size) const {
    return array ? array + ((sequence * m.steps() + write) * m.heads + head) * size : nullptr;
  }
  // The strip's rows of a state (value, key), and the i-th kept state, (key, value), counted from 1.
  template <class T>
  T* of_state(T* array) const {
    return array + ((int64_t(sequence) * m.heads + head) * m.values + first) * m.keys;
  }
  template <class T>
  T* of_kept(T* array, int64_t i) const {
    return array + ((int64_t(sequence) * m.heads + head) * m.states() + i - 1) * m.keys * m.values + first;
  }
  template <class T>
  WriteRows<T> rows(const MemoryArrays<const T>& given, int64_t write) const {
    return {of_write(given.key, write, m.keys), of_write(given.decay, write, m.gates()),
            of_write(given.lookup, write, m.keys), of_write(given.erase, write, m.keys)};
  }
  // Asks for rows of a write that a pass will read or write soon: it takes as long as memory is slow.
  template <class T>
  [[gnu::always_inline]] void fetch(const MemoryArrays<T>& arrays, int64_t write) const {
    if (write < 0 || write >= end()) return;
    for (T* array : {arrays.key, arrays.lookup, arrays.erase})
      fastweights::fetch(of_write(array, write, m.keys), m.keys);
    fastweights::fetch(of_write(arrays.value, write, m.values), m.values);
    fastweights::fetch(of_write(arrays.decay, write, m.gates()), m.gates());
    fastweights::fetch(of_step(arrays.query, write / m.writes, m.keys), m.keys);
  }
  // Zeros for what comes after the sequence's end.
  template <class T>
  void clear_rest(const MemoryArrays<T>& to) const {
    for (int64_t t = end() / m.writes; t < m.time; ++t) std::fill_n(of_step(to.query, t, m.keys), m.keys, T(0));
    for (int64_t i = end(); i < m.steps(); ++i) {
      for (T* array : {to.key, to.lookup, to.erase})
        if (array) std::fill_n(of_write(array, i, m.keys), m.keys, T(0));
      std::fill_n(of_write(to.value, i, m.values), m.values, T(0));
      std::fill_n(of_write(to.decay, i, m.gates()), m.gates(), T(0));
    }
  }
  template <class T>
  [[gnu::always_inline]] void fetch(const T* array, int64_t write) const {
    if (write >= 0 && write < end()) fastweights::fetch(of_write(array, write, m.values) + first, values);
  }
};

// to[column][row] = from[row][column]
template <class T>
void transpose(const T* from, int rows, int columns, int64_t from_stride, T* to, int64_t to_stride) {
  for (int i = 0; i < rows; i += kWidth<T>)
    for (int j = 0; j < columns; j += kWidth<T>) {
      if (i + kWidth<T> <= rows && j + kWidth<T> <= columns) {
        transpose_square<T>([&](int r) { return from + (i + r) * from_stride + j; },
                            [&](int c) { return to + (j + c) * to_stride + i; });
        continue;
      }
      for (int r = i; r < std::min(rows, i + kWidth<T>); ++r)
        for (int c = j; c < std::min(columns, j + kWidth<T>); ++c) to[c * to_stride + r] = from[r * from_stride + c];
    }
}

// The values of a strip as a pass reads and writes them, in whole vectors: where they stand, if they fill these; else
// copied, with zeros behind the last one.
template <class T>
class Column {
 public:
  Column(const Strip& at, Scratch<T>& scratch)
      : values_(at.values), width_(at.vectors * kWidth<T>), numbers_(scratch.take(width_)) {
    clear();
  }
  T* data() const { return numbers_; }
  void clear() const { std::fill_n(numbers_, width_, T(0)); }
  const T* read(const T* from) const {
    return values_ == width_ ? from : (std::copy_n(from, values_, numbers_), numbers_);
  }
  // Where a pass is to write what `wrote` then brings to its place.
  T* place(T* to) const { return values_ == width_ ? to : numbers_; }
  void wrote(T* to) const {
    if (values_ < width_) copy(to);
  }
  void copy(T* to) const { std::copy_n(numbers_, values_, to); }

 private:
  int values_, width_;
  T* numbers_;
};

template <class T>
void copy_rows(const T* from, int64_t from_stride, int rows, int columns, T* to, int64_t to_stride) {
  if (from_stride == columns && to_stride == columns) {
    std::copy_n(from, int64_t(rows) * columns, to);
    return;
  }
  for (int i = 0; i < rows; ++i) std::copy_n(from + i * from_stride, columns, to + i * to_stride);
}

// Rows that change nothing, and a place for what nobody asks for.
template <class T>
struct Neutral {
  T *zeros, *ones, *lost;

  Neutral(int keys, Scratch<T>& scratch)
      : zeros(scratch.take(keys)), ones(scratch.take(keys)), lost(scratch.take(keys)) {
    std::fill_n(zeros, keys, T(0));
    std::fill_n(ones, keys, T(1));
  }
  WriteRows<T> rows() const { return {zeros, ones, zeros, zeros}; }
};

// Calls a function with all values of each sequence and head.
template <class Function>
void each_head(const Memories& m, Function function) {
  for (int sequence = 0; sequence < m.batch; ++sequence)
    for (int head = 0; head < m.heads; ++head) function(Strip{m, sequence, head, 0, m.values, 0});
}

constexpr int kStateBytes = 16384;  // half of a first-level cache

// Calls a function with strips of as many vectors as are best.
template <class T, class Function>
void each_strip(const Strip& whole, Function function) {
  int most = kMostVectors;
  while (most > 1 && int64_t(whole.m.keys) * most * kVectorBytes > kStateBytes) most /= 2;
  for (int first = 0, n; first < whole.values; first += n * kWidth<T>) {
    // A quarter of a strip may be empty: one pass is less than two.
    const int left = whole.values - first;
    for (n = most; n > 1 && left <= n * kWidth<T> / 2;) n /= 2;
    function(Strip{whole.m, whole.sequence, whole.head, first, std::min(left, n * kWidth<T>), n});
  }
}

}  // namespace fastweights
