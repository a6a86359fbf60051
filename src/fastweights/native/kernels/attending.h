// Attending (attending_steps.h, attending_steps_backward.h) over whole sequences, as one chunk or as many.
//
// Of one chunk forward keeps the tape. Of many it keeps the state before each segment of so many chunks, and backward
// has the steps of a segment done again, with all their tapes, before it goes through them: the recurrence is never run
// backwards. With as many segments as chunks in one, what is kept grows with the root of the length.
#pragma once

#include "attending_steps_backward.h"

namespace fastweights {

// Where the cotangents go of all floating-point numbers that forward was given.
template <class T>
struct AttendCotangents {
  T *table, *given, *recurrent, *gains, *biases, *read;
};

// A given state is h, then M if there are inner steps; the last one is h.
//
// `tapes` is one tape a block, or one for all where `keep` is false.
template <class T>
void attend_forward(const Sequences& all, const Attending& cell, const T* table, const T* given,
                    const AttendWeights<T>& weights, bool keep, T* out, T* last, T* tapes) {
  const int64_t column = int64_t(all.units) * kLanes<T>, state_size = all.given * int64_t(kLanes<T>);
  Scratch<T> scratch{state_size, AttendSteps<T>::size(all, cell)};
  T* state = scratch.take(state_size);
  const AttendSteps<T> steps(all, cell, table, weights, scratch);
  all.clear(out, last);

  Block<T> block(all);
  for (int number = 0; number < all.blocks<T>(); ++number) {
    block.move_to(number);
    const T* first = block.read_state(given, state);
    block.write_last(first, -1, last);
    const Tape<T> tape(all.units, cell, tapes + (keep ? number * Tape<T>::size(all.units, cell) : 0));
    const Chunk<T> whole{0, block.length(), first, first && cell.steps ? first + column : nullptr};
    steps.run(block, whole, tape, [&](const T* hidden, int t) {
      block.write_output(hidden, t, out);
      block.write_last(hidden, t, last);
    });
  }
}

template <class T>
void attend_backward(const Sequences& all, const Attending& cell, const T* d_out, const T* d_last, const T* given,
                     const AttendWeights<T>& weights, T* tapes, const AttendCotangents<T>& d) {
  const int64_t column = int64_t(all.units) * kLanes<T>;
  const int64_t state_size = std::max(all.given, all.units) * int64_t(kLanes<T>);  // M only where one is given
  Scratch<T> scratch{state_size, state_size, AttendStepsBackward<T>::size(all, cell, weights.sets)};
  T *state = scratch.take(state_size), *d_state = scratch.take(state_size);
  AttendStepsBackward<T> steps(all, cell, weights, scratch);
  std::fill_n(d.table, int64_t(all.symbols) * all.units, T(0));

  Block<T> block(all);
  for (int number = 0; number < all.blocks<T>(); ++number) {
    block.move_to(number);
    const T* first = block.read_state(given, state);
    const Tape<T> tape(all.units, cell, tapes + number * Tape<T>::size(all.units, cell));
    const Chunk<T> whole{0, block.length(), first, first && cell.steps ? first + column : nullptr};
    std::fill_n(d_state, state_size, T(0));
    steps.run(block, whole, true, tape, d_out, d_last, d_state, d.table);
    block.write_state_cotangent(d_state, d.given);
  }
  steps.write(all.length, d.recurrent, d.gains, d.biases, d.read);
}

// The chunks of a sequence of many, and the segments of chunks.
template <class T>
class Cut {
 public:
  Cut(const Sequences& all, const Attending& cell)
      : cell_(cell), column_(int64_t(all.units) * kLanes<T>), state_(cell.state(all.units) * int64_t(kLanes<T>)) {}

  int64_t state() const { return state_; }
  // There is one, without a step, where all sequences of a block have ended before they begin.
  int chunks(int length) const { return std::max(1, (length + cell_.chunk - 1) / cell_.chunk); }
  int segments(int length) const { return (chunks(length) + cell_.segment - 1) / cell_.segment; }
  // What a block leaves for its backward pass.
  int64_t kept(int length) const { return segments(length) * state_; }

  Chunk<T> chunk(int n, int length, const T* state) const {
    const int start = n * cell_.chunk;
    return {start, std::min(cell_.chunk, length - start), state, cell_.steps ? state + column_ : nullptr};
  }

 private:
  const Attending& cell_;
  int64_t column_, state_;
};

template <class T>
int64_t attend_state_size(const Sequences& all, const Attending& cell) {
  return std::max(all.given, cell.state(all.units)) * int64_t(kLanes<T>);
}

// `kept` has the states before the segments of each block, or room for those of one where `keep` is false.
template <class T>
void attend_chunks_forward(const Sequences& all, const Attending& cell, const T* table, const T* given,
                           const AttendWeights<T>& weights, bool keep, T* out, T* last, T* kept) {
  const Cut<T> cut(all, cell);
  const int64_t state_size = attend_state_size<T>(all, cell), tape_size = Tape<T>::size(all.units, cell);
  Scratch<T> scratch{state_size, tape_size, AttendSteps<T>::size(all, cell)};
  T* state = scratch.take(state_size);
  const Tape<T> tape(all.units, cell, scratch.take(tape_size));
  const AttendSteps<T> steps(all, cell, table, weights, scratch);
  all.clear(out, last);

  Block<T> block(all);
  for (int number = 0; number < all.blocks<T>(); ++number) {
    block.move_to(number);
    T* own = kept + (keep ? number * cut.kept(all.length) : 0);
    const T* first = block.read_state(given, state);
    block.write_last(first, -1, last);
    if (!first) std::fill_n(state, state_size, T(0));
    for (int n = 0; n < cut.chunks(block.length()); ++n) {
      if (n % cell.segment == 0) std::copy_n(state, cut.state(), own + n / cell.segment * cut.state());
      const Chunk<T> chunk = cut.chunk(n, block.length(), state);
      steps.run(block, chunk, tape, [&](const T* hidden, int t) {
        block.write_output(hidden, t, out);
        block.write_last(hidden, t, last);
      });
      if (n + 1 < cut.chunks(block.length())) steps.advance(block, chunk, tape, state);
    }
  }
}

template <class T>
void attend_chunks_backward(const Sequences& all, const Attending& cell, const T* d_out, const T* d_last,
                            const T* table, const AttendWeights<T>& weights, const T* kept, const AttendCotangents<T>& d) {
  const Cut<T> cut(all, cell);
  const int64_t state_size = attend_state_size<T>(all, cell), tape_size = Tape<T>::size(all.units, cell);
  Scratch<T> scratch{state_size, AttendSteps<T>::size(all, cell),
                     AttendStepsBackward<T>::size(all, cell, weights.sets)};
  T* d_state = scratch.take(state_size);
  const AttendSteps<T> steps(all, cell, table, weights, scratch);
  AttendStepsBackward<T> steps_backward(all, cell, weights, scratch);
  std::fill_n(d.table, int64_t(all.symbols) * all.units, T(0));
  // Of each chunk in a segment, the state before it and its tape; too much for a thread to keep from call to call.
  Owned<T> segment(cell.segment * (cut.state() + tape_size));
  const auto state = [&](int i) { return segment.start() + i * (cut.state() + tape_size); };
  const auto tape = [&](int i) { return Tape<T>(all.units, cell, state(i) + cut.state()); };

  Block<T> block(all);
  for (int number = 0; number < all.blocks<T>(); ++number) {
    block.move_to(number);
    const T* own = kept + number * cut.kept(all.length);
    std::fill_n(d_state, state_size, T(0));
    const int chunks = cut.chunks(block.length());
    for (int s = cut.segments(block.length()) - 1; s >= 0; --s) {
      const int first = s * cell.segment, count = std::min(cell.segment, chunks - first);
      const auto chunk = [&](int i) { return cut.chunk(first + i, block.length(), state(i)); };
      std::copy_n(own + s * cut.state(), cut.state(), state(0));
      for (int i = 0; i < count; ++i) {
        steps.run(block, chunk(i), tape(i), [](const T*, int) {});
        if (i + 1 < count) steps.advance(block, chunk(i), tape(i), state(i + 1));
      }
      for (int i = count - 1; i >= 0; --i)
        steps_backward.run(block, chunk(i), first + i + 1 == chunks, tape(i), d_out, d_last, d_state, d.table);
    }
    block.write_state_cotangent(d_state, d.given);
  }
  steps_backward.write(cell.chunk + 1, d.recurrent, d.gains, d.biases, d.read);
}

}  // namespace fastweights
