// Outer-product memories, forward: one pass over S for every write.
#pragma once

#include "memory.h"

namespace fastweights {

// `kept` gets states, and `found` the p of every write; both are null where nothing is to be kept.
template <class T>
void write_strip(const Strip& at, const MemoryArrays<const T>& given, T* out, T* last, T* kept, T* found) {
  const Memories& m = at.m;
  const bool erases = m.rule != Rule::add;
  const int width = at.vectors * kWidth<T>;
  const int64_t end = at.end(), size = int64_t(m.keys) * width;
  Scratch<T> scratch{size, width, width, width, m.keys, m.keys, m.keys};
  T* state = scratch.take(size);
  const Column<T> value(at, scratch), answer(at, scratch), output(at, scratch);
  const Neutral<T> neutral(m.keys, scratch);
  const Passes<T> passes = passes_of<T>(m.rule, m.decay, at.vectors);
  if (at.values < width || !given.state) std::fill_n(state, size, T(0));
  if (given.state) transpose(at.of_state(given.state), at.values, m.keys, m.keys, state, width);

  WriteColumns<T> columns{value.data(), answer.data(), neutral.zeros, nullptr, output.data(), answer.data()};
  const auto lookup = [&](int64_t i) { return erases && i < end ? at.rows(given, i).lookup : neutral.zeros; };
  columns.next = lookup(0);
  passes.write(state, state, m.keys, neutral.rows(), columns);
  for (int64_t i = 0; i < end; ++i) {
    if (kept && i && i % m.kept == 0)
      copy_rows(state, width, m.keys, at.values, at.of_kept(kept, i / m.kept), m.values);
    if (at.starts(i)) {
      std::fill_n(state, size, T(0));
      answer.clear();
    }
    if (found) answer.copy(at.of_write(found, i, m.values) + at.first);
    columns.value = value.read(at.of_write(given.value, i, m.values) + at.first);
    columns.query = at.reads(i) ? at.of_step(given.query, i / m.writes, m.keys) : neutral.zeros;
    columns.next = lookup(i + 1);
    T* place = at.of_step(out, i / m.writes, m.values) + at.first;
    columns.output = output.place(place);
    passes.write(state, state, m.keys, at.rows(given, i), columns);
    output.wrote(place);
  }
  for (int64_t t = end / m.writes; t < m.time; ++t)
    std::fill_n(at.of_step(out, t, m.values) + at.first, at.values, T(0));
  transpose(state, m.keys, at.values, width, at.of_state(last), m.keys);
}

template <class T>
void write_forward(const Memories& m, const MemoryArrays<const T>& given, T* out, T* last, T* kept, T* found) {
  each_head(m, [&](const Strip& whole) {
    each_strip<T>(whole, [&](const Strip& at) { write_strip(at, given, out, last, kept, found); });
  });
}

}  // namespace fastweights
